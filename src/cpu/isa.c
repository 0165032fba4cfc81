/* isa.c: from the text after "cpu:" to what the compiler needs to know of that CPU.
 *
 * "native" is what the process runs on: LLVM's own name and feature list, sorted so that the text is the same each
 * time. A virtual machine may show a model number that LLVM takes for an older processor while the features are a newer
 * one's; the name is then raised to the oldest server processor that has them all, since scheduling follows the name.
 */
#include "cpu/jit.h"
#include "cpu/rt/rt.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>

enum {
  HAS_AVX2 = 1 << 0,
  HAS_AVX512 = 1 << 1,
  HAS_AVX512_BF16 = 1 << 2,
  HAS_AVX512_FP16 = 1 << 3,
  HAS_AMX_BF16 = 1 << 4,
  HAS_AMX_INT8 = 1 << 5,
  HAS_NEON = 1 << 6,
};
typedef enum Family { X86, ARM } Family;

static const struct NamedCpu {
  const char *name;
  Family family;
  int vector_bytes;
  unsigned facts;
} named_cpus[] = {
#define CPU(name, family, vector_bytes, facts) {name, family, vector_bytes, facts},
#include "cpu/cpus.def"
#undef CPU
};

/* ---- this machine ------------------------------------------------------------------------------------------------ */

static struct {
  char *cpu, *features, *triple, *key;
} native;

static int by_text(const void *a, const void *b) {
  /* By the feature's name, without its sign. */
  return strcmp(*(char *const *)a + 1, *(char *const *)b + 1);
}

/* LLVM's list in the order of names, 512-bit vectors allowed whatever the processor's tuning prefers. */
static char *sorted_features(const char *list) {
  size_t len = strlen(list), n = 0;
  char *copy = strdup(list), *out = malloc(len + 32), **items = malloc((len / 2 + 2) * sizeof *items);
  if (!copy || !out || !items) {
    free(copy), free(out), free(items);
    return NULL;
  }
  char *save = NULL;
  for (char *item = strtok_r(copy, ",", &save); item; item = strtok_r(NULL, ",", &save))
    if (strlen(item) > 1) items[n++] = item;
  qsort(items, n, sizeof *items, by_text);
  char *at = out;
  *at = 0; /* the list may be empty: an emulated processor */
  for (size_t i = 0; i < n; i++) at += sprintf(at, "%s%s", i ? "," : "", items[i]);
#if defined(__x86_64__)
  sprintf(at, "%s-prefer-256-bit", n ? "," : "");
#endif
  free(copy), free(items);
  return out;
}

static void look(void) {
  char *name = LLVMGetHostCPUName(), *features = LLVMGetHostCPUFeatures(), *triple = LLVMGetDefaultTargetTriple();
  const RtCpu *host = rt_cpu();
  const char *cpu = name;
  if (host->avx512_fp16 && strcmp(name, "graniterapids") && strcmp(name, "emeraldrapids")) cpu = "sapphirerapids";
  native.cpu = strdup(cpu);
  native.triple = strdup(triple);
  native.features = sorted_features(features);
  LLVMDisposeMessage(name), LLVMDisposeMessage(features), LLVMDisposeMessage(triple);
  if (!native.cpu || !native.features) return;
  size_t size = strlen(native.cpu) + 32;
  char *key = malloc(size);
  if (!key) return;
  uint64_t hash = hash_bytes(native.features, strlen(native.features), 0);
  snprintf(key, size, "%s+%016llx", native.cpu, (unsigned long long)hash);
  native.key = key;
}

static void native_isa(Ctx *cx, CpuIsa *isa) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look);
  if (!native.key || !native.triple) ctx_throw(cx, ERR_MEMORY);
  const RtCpu *host = rt_cpu();
  isa->cpu = native.cpu;
  isa->features = native.features;
  isa->triple = native.triple;
  isa->key = native.key;
  isa->avx2 = host->avx2;
  isa->avx512 = host->avx512;
  isa->avx512_bf16 = host->avx512_bf16;
  isa->avx512_fp16 = host->avx512_fp16;
  isa->amx_bf16 = host->amx_bf16;
  isa->amx_int8 = host->amx_int8;
  isa->neon = host->neon;
  isa->vector_bytes = host->avx512 ? 64 : host->avx2 ? 32 : 16;
  isa->l1_bytes = host->l1_bytes;
  isa->l2_bytes = host->l2_bytes;
}

/* ---- a named one ------------------------------------------------------------------------------------------------- */

static void fill_named(CpuIsa *isa, const struct NamedCpu *cpu) {
  isa->cpu = isa->key = cpu->name;
  isa->features = cpu->family == X86 && cpu->vector_bytes == 64 ? "-prefer-256-bit" : "";
  isa->triple = cpu->family == X86 ? "x86_64-unknown-linux-gnu" : "aarch64-unknown-linux-gnu";
  isa->avx2 = cpu->facts & HAS_AVX2;
  isa->avx512 = cpu->facts & HAS_AVX512;
  isa->avx512_bf16 = cpu->facts & HAS_AVX512_BF16;
  isa->avx512_fp16 = cpu->facts & HAS_AVX512_FP16;
  isa->amx_bf16 = cpu->facts & HAS_AMX_BF16;
  isa->amx_int8 = cpu->facts & HAS_AMX_INT8;
  isa->neon = cpu->facts & HAS_NEON;
  isa->vector_bytes = cpu->vector_bytes;
  isa->l1_bytes = 32 << 10;
  isa->l2_bytes = 1 << 20;
}

_Noreturn static void unknown_cpu(Ctx *cx, const char *arch) {
  const char *names[COUNT(named_cpus)];
  for (size_t i = 0; i < COUNT(named_cpus); i++) names[i] = named_cpus[i].name;
  const char *near = nearest_name(arch, names, COUNT(names));
  if (near) ctx_fail(cx, ERR_SYSTEM, "unknown processor `cpu:%s`; %s", arch, hint_near(cx, "cpu:", near));
  ctx_fail(cx, ERR_SYSTEM, "unknown processor `cpu:%s`; `cpu` is this machine's, `cpu:x86-64-v3` any with AVX2", arch);
}

const CpuIsa *cpu_isa(Ctx *cx, const char *arch) {
  CpuIsa *isa = NEW(cx, CpuIsa);
  native_isa(cx, isa);
  /* The resolved form of "native" is a name too, so that what was asked for from a cache can be asked for again. */
  if (!arch || !*arch || !strcmp(arch, "native") || !strcmp(arch, native.key)) return isa;
  for (size_t i = 0; i < COUNT(named_cpus); i++) {
    if (strcmp(named_cpus[i].name, arch)) continue;
    fill_named(isa, &named_cpus[i]);
    if (!cpu_llvm_has(isa->triple))
      ctx_fail(cx, ERR_SYSTEM, "\"cpu:%s\": this build's LLVM makes no code for %s", arch, isa->triple);
    return isa;
  }
  unknown_cpu(cx, arch);
}
