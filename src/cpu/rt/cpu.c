/* cpu.c: the features of the CPU that this process runs on, for the run-time library and for "native".
 *
 * An instruction set counts when the processor has it and the operating system saves its registers (XCR0). The tile
 * registers of AMX must also be asked for, once per process: Linux gives them out on request because they make every
 * context switch of the process larger.
 */
#include "cpu/rt/rt.h"

#include <pthread.h>
#include <unistd.h>

#if defined(__x86_64__) && !defined(RT_EMULATED)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/auxv.h>
#include <sys/syscall.h>
#endif

static RtCpu host;

static int64_t cache_bytes(int name, int64_t otherwise) {
  long n = name < 0 ? -1 : sysconf(name);
  return n > 0 ? (int64_t)n : otherwise;
}

#if defined(__x86_64__) && !defined(RT_EMULATED)
static uint64_t xcr0(void) {
  uint32_t lo, hi;
  __asm__ volatile("xgetbv" : "=a"(lo), "=d"(hi) : "c"(0));
  return (uint64_t)hi << 32 | lo;
}

static bool claim_tiles(void) {
#if defined(__linux__) && defined(SYS_arch_prctl)
  enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
  return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
#else
  return false;
#endif
}

static void look_x86(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return;
  bool osxsave = c >> 27 & 1, fma = c >> 12 & 1, f16c = c >> 29 & 1;
  uint64_t saved = osxsave ? xcr0() : 0;
  bool ymm = (saved & 0x6) == 0x6, zmm = (saved & 0xe6) == 0xe6, tiles = (saved >> 17 & 3) == 3;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return;
  uint32_t subleaves = a;
  host.avx2 = ymm && fma && f16c && (b >> 5 & 1);
  bool f = b >> 16 & 1, dq = b >> 17 & 1, bw = b >> 30 & 1, vl = b >> 31 & 1;
  host.avx512 = host.avx2 && zmm && f && dq && bw && vl;
  host.avx512_vnni = host.avx512 && (c >> 11 & 1);
  host.avx512_fp16 = host.avx512 && (d >> 23 & 1);
  bool amx_tile = d >> 24 & 1, amx_bf16 = d >> 22 & 1, amx_int8 = d >> 25 & 1;
  if (subleaves >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d)) {
    host.avx_vnni = host.avx2 && (a >> 4 & 1);
    host.avx512_bf16 = host.avx512 && (a >> 5 & 1);
  }
  if (host.avx512 && tiles && amx_tile && (amx_bf16 || amx_int8) && claim_tiles()) {
    host.amx_bf16 = amx_bf16;
    host.amx_int8 = amx_int8;
  }
}
#endif

static void look(void) {
  int l1 = -1, l2 = -1;
#ifdef _SC_LEVEL1_DCACHE_SIZE
  l1 = _SC_LEVEL1_DCACHE_SIZE;
  l2 = _SC_LEVEL2_CACHE_SIZE;
#endif
  host.l1_bytes = cache_bytes(l1, 32 << 10);
  host.l2_bytes = cache_bytes(l2, 1 << 20);
#if defined(RT_EMULATED) /* tests: the intrinsics are plain C */
  host.avx2 = host.avx_vnni = host.avx512 = host.avx512_bf16 = host.avx512_vnni = true;
#elif defined(__x86_64__)
  look_x86();
#elif defined(__aarch64__)
  host.neon = true;
#if defined(__linux__)
  host.neon_dotprod = getauxval(AT_HWCAP) >> 20 & 1;
  host.neon_bf16 = getauxval(AT_HWCAP2) >> 14 & 1;
#endif
#endif
}

const RtCpu *rt_cpu(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, look);
  return &host;
}
