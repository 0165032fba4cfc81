/* assemble.c: PTX to cubin, by the first assembler that is there: libnvptxcompiler (linked in), libnvJitLink (dlopen),
 * ptxas (a program). All get the same options and their logs are read the same way.
 */
#include "base/system.h"
#include "nvidia/assemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *nvidia_assembler_name(AssemblerKind kind) {
  static const char *const names[] = {"none", "libnvptxcompiler", "libnvJitLink", "ptxas", "any"};
  return names[kind];
}

bool nvidia_assembler_present(AssemblerKind kind) {
  switch (kind) {
  case ASSEMBLER_LIBRARY: return nvidia_nvptxcompiler_present();
  case ASSEMBLER_NVJITLINK: return nvidia_nvjitlink_present();
  case ASSEMBLER_PTXAS: return nvidia_ptxas_present();
  case ASSEMBLER_ANY: return nvidia_nvptxcompiler_present() || nvidia_nvjitlink_present() || nvidia_ptxas_present();
  default: return true;
  }
}

/* ---- what the assembler said ------------------------------------------------------------------------------------- */

/* The number before `word` in the log, or -1: "0 bytes spill stores", "Used 12 registers". */
static int number_before(const char *log, const char *word) {
  const char *at = strstr(log, word);
  if (!at) return -1;
  while (at > log && at[-1] == ' ') at--;
  const char *end = at;
  while (at > log && at[-1] >= '0' && at[-1] <= '9') at--;
  return at == end ? -1 : (int)strtol(at, NULL, 10);
}

/* The log tells of one entry after another; each begins with "Compiling entry function 'name'". */
static void read_log(Ctx *cx, Cubin *c, const char *entry) {
  const char *log = strstr(c->log, ctx_printf(cx, "'%s'", entry));
  if (!log) return;
  int regs = number_before(log, "registers"), smem = number_before(log, "bytes smem");
  c->spill_stores = number_before(log, "bytes spill stores");
  c->spill_loads = number_before(log, "bytes spill loads");
  int stack = number_before(log, "bytes stack frame");
  if (regs >= 0) c->regs = regs;
  if (stack >= 0) c->stack = stack;
  if (smem >= 0) c->shared = smem;
}

/* The refused text is kept in a file. */
static _Noreturn void refuse(Ctx *cx, AssemblerKind kind, const char *ptx, const char *log) {
  char *path = ctx_printf(cx, "%s/tritonc-XXXXXX.ptx", sys_temporary_place());
  FILE *out = sys_temporary_file(path, 4);
  bool kept = out && fputs(ptx, out) >= 0;
  if (out) kept &= fclose(out) == 0;
  ctx_fail(cx, ERR_INTERNAL, "%s refused the PTX%s%s:\n%s", nvidia_assembler_name(kind),
           kept ? ", which is kept in " : "", kept ? path : "", log);
}

/* ".target sm_90a" names the architecture. */
static const char *target_of(Ctx *cx, const char *ptx) {
  const char *t = strstr(ptx, ".target ");
  if (!t) ctx_fail(cx, ERR_INTERNAL, "PTX without a .target");
  t += strlen(".target ");
  return ctx_strndup(cx, t, strcspn(t, ", \n"));
}

static Arguments arguments(Ctx *cx, const char *ptx, AssembleOptions o) {
  Arguments a = {0};
  a.at[a.n++] = ctx_printf(cx, "-arch=%s", target_of(cx, ptx));
  a.at[a.n++] = "-v";
  if (o.line_info) a.at[a.n++] = "-lineinfo";
  if (o.debug) a.at[a.n++] = "-g";
  if (o.maxnreg) a.at[a.n++] = ctx_printf(cx, "-maxrregcount=%d", o.maxnreg);
  a.at[a.n++] = ctx_printf(cx, "-O%d", o.debug ? 0 : o.opt_level);
  return a;
}

Cubin nvidia_assemble(Ctx *cx, const char *ptx, const char *entry, AssembleOptions o) {
  static const struct {
    AssemblerKind kind;
    bool (*run)(Ctx *, const char *, const Arguments *, Cubin *);
  } all[] = {
      {ASSEMBLER_LIBRARY, nvidia_nvptxcompiler_run},
      {ASSEMBLER_NVJITLINK, nvidia_nvjitlink_run},
      {ASSEMBLER_PTXAS, nvidia_ptxas_run},
  };
  Cubin c = {.regs = -1, .spill_stores = -1, .spill_loads = -1, .stack = -1, .log = ""};
  Arguments a = arguments(cx, ptx, o);
  for (size_t i = 0; i < COUNT(all); i++) {
    if ((o.only != ASSEMBLER_ANY && o.only != all[i].kind) || !nvidia_assembler_present(all[i].kind)) continue;
    c.assembler = all[i].kind;
    if (!all[i].run(cx, ptx, &a, &c)) {
      if (!o.may_refuse) refuse(cx, all[i].kind, ptx, c.log);
      c.bytes = NULL;
      return c;
    }
    nvidia_cubin_resources(c.bytes, c.len, entry, &c);
    read_log(cx, &c, entry);
    return c;
  }
  return c;
}
