/* print_debug.c: line information of LLVM assembly: one compile unit, a file per file, a subprogram per function, and a
 * location per place and chain of calls.
 */
#include "ll/print.h"

#include <string.h>

static int new_metadata(LLPrinter *p) { return p->next_metadata++; }

static int numbered(LLPrinter *p, Map *map, const char *key, bool *is_new) {
  const char *k = intern(p->cx, key);
  void *v = map_get(map, k);
  *is_new = v == NULL;
  if (v) return (int)(intptr_t)v;
  int id = new_metadata(p);
  map_put(p->cx, map, k, (void *)(intptr_t)id);
  return id;
}

static int file_metadata(LLPrinter *p, const char *file) {
  bool is_new;
  int id = numbered(p, &p->files, file, &is_new);
  if (!is_new) return id;
  const char *slash = strrchr(file, '/');
  buf_printf(&p->metadata, "!%d = !DIFile(filename: ", id);
  ll_put_quoted(&p->metadata, slash ? slash + 1 : file, strlen(slash ? slash + 1 : file));
  buf_puts(&p->metadata, ", directory: ");
  ll_put_quoted(&p->metadata, slash ? file : ".", slash ? (size_t)(slash - file) : 1);
  buf_puts(&p->metadata, ")\n");
  return id;
}

/* The compile unit is !1 once locations are printed; see ll_put_debug_metadata(). */
static int unit_metadata(LLPrinter *p) {
  bool is_new;
  return numbered(p, &p->subprograms, "unit", &is_new);
}

static int subprogram(LLPrinter *p, const char *file, const char *name, int line) {
  bool is_new;
  int id = numbered(p, &p->subprograms, ctx_printf(p->cx, "%s\n%s", file, name), &is_new);
  if (!is_new) return id;
  int f = file_metadata(p, file), unit = unit_metadata(p), type = new_metadata(p);
  buf_printf(&p->metadata, "!%d = !DISubroutineType(types: !0)\n", type);
  buf_printf(&p->metadata, "!%d = distinct !DISubprogram(name: ", id);
  ll_put_quoted(&p->metadata, name, strlen(name));
  buf_printf(
      &p->metadata,
      ", scope: !%d, file: !%d, line: %d, type: !%d, scopeLine: %d, spFlags: DISPFlagDefinition | DISPFlagOptimized, "
      "unit: !%d)\n",
      f, f, line, type, line, unit);
  return id;
}

int ll_function_metadata(LLPrinter *p, const LLFunc *f) {
  return subprogram(p, f->loc->file, f->loc->function ? f->loc->function : f->name, f->loc->line);
}

/* The outermost place of a chain belongs to the kernel itself. */
static int location(LLPrinter *p, const LLLoc *l) {
  int outer = l->inlined_at ? location(p, l->inlined_at) : 0;
  const char *file = l->file ? l->file : p->func->loc->file;
  int scope =
      l->inlined_at ? subprogram(p, file, l->function ? l->function : "", l->line) : ll_function_metadata(p, p->func);
  bool is_new;
  int id = numbered(p, &p->locs, ctx_printf(p->cx, "%d:%d:%d:%d", scope, l->line, l->col, outer), &is_new);
  if (!is_new) return id;
  buf_printf(&p->metadata, "!%d = !DILocation(line: %d, column: %d, scope: !%d", id, l->line, l->col, scope);
  if (outer) buf_printf(&p->metadata, ", inlinedAt: !%d", outer);
  buf_puts(&p->metadata, ")\n");
  return id;
}

void ll_put_dbg(LLPrinter *p, const LLInst *i) {
  if (p->locations && p->func->loc && i->loc) buf_printf(p->out, ", !dbg !%d", location(p, i->loc));
}

void ll_put_debug_metadata(LLPrinter *p) {
  const LLFunc *f = p->module->first;
  while (f && !f->loc) f = f->next;
  if (!f) return;
  int unit = unit_metadata(p), flags = new_metadata(p);
  buf_printf(p->out, "!llvm.dbg.cu = !{!%d}\n!llvm.module.flags = !{!%d}\n", unit, flags);
  buf_printf(&p->metadata,
             "!%d = distinct !DICompileUnit(language: DW_LANG_C, file: !%d, producer: \"tritonc\", isOptimized: true, "
             "runtimeVersion: 0, emissionKind: LineTablesOnly)\n",
             unit, file_metadata(p, f->loc->file));
  buf_printf(&p->metadata, "!%d = !{i32 2, !\"Debug Info Version\", i32 3}\n", flags);
}
