/* emit_lines.c: which line of the source each instruction is of: DWARF line tables, for debuggers and profilers.
 *
 * An op's location may be a chain of calls: an op of a library function that was inlined is a line of the library's source, called from
 * the kernel's. Shown is the innermost place that lies in the kernel's own file, which is the line that its author can
 * change; where none does, the innermost of all.
 */
#include "cpu/emit/emit.h"
#include "cpu/jit.h"

#include <llvm-c/DebugInfo.h>
#include <string.h>

struct Lines {
  LLVMDIBuilderRef builder;
  LLVMMetadataRef function;
  const char *file; /* the kernel's */
  Map scopes;       /* by file, interned: what a line in it belongs to */
};

/* The place that is shown; NULL: unknown. Innermost first: a callee's place, then its caller's. */
static const Loc *place(Ctx *cx, const Loc *loc, const char *file) {
  const Loc *innermost = NULL;
  Vec(const Loc *) callers = {0};
  for (;;) {
    if (loc && loc->kind == LOC_FILE) {
      if (!file || !strcmp(loc->file, file)) return loc;
      if (!innermost) innermost = loc;
      loc = NULL;
    } else if (loc && loc->kind == LOC_CALL) {
      vec_push(cx, &callers, loc->caller);
      loc = loc->child;
    } else if (loc) {
      loc = loc->kind == LOC_UNKNOWN ? NULL : loc->child;
    } else if (callers.len) {
      loc = callers.at[--callers.len];
    } else {
      return innermost;
    }
  }
}

static LLVMMetadataRef file_of(LLVMDIBuilderRef b, const char *path) {
  const char *slash = strrchr(path, '/');
  const char *name = slash ? slash + 1 : path;
  return LLVMDIBuilderCreateFile(b, name, strlen(name), path, slash ? (size_t)(slash - path) : 0);
}

static void add_flag(Emitter *e, const char *name, int64_t value) {
  LLVMAddModuleFlag(e->module, LLVMModuleFlagBehaviorWarning, name, strlen(name),
                    LLVMValueAsMetadata(emit_int(e->i32, value)));
}

static void dispose(void *builder) {
  if (!cpu_llvm_abandoned()) LLVMDisposeDIBuilder(builder);
}

void emit_lines_begin(Emitter *e, const Op *func) {
  static const char producer[] = "tritonc";
  const Loc *at = place(e->cx, func->loc, NULL);
  if (e->options->common.no_line_info || !at) return;
  LLVMDIBuilderRef b = LLVMCreateDIBuilder(e->module);
  ctx_defer(e->cx, dispose, b);
  add_flag(e, "Dwarf Version", 4);
  add_flag(e, "Debug Info Version", LLVMDebugMetadataVersion());
  LLVMMetadataRef file = file_of(b, at->file);
  /* Without a folder of the whole, the line table itself has every file's folder: it can be read alone. */
  const char *base = strrchr(at->file, '/') ? strrchr(at->file, '/') + 1 : at->file;
  LLVMMetadataRef whole = LLVMDIBuilderCreateFile(b, base, strlen(base), "", 0);
  LLVMDIBuilderCreateCompileUnit(b, LLVMDWARFSourceLanguagePython, whole, producer, sizeof producer - 1, true, "", 0, 0,
                                 "", 0, LLVMDWARFEmissionLineTablesOnly, 0, false, false, "", 0, "", 0);
  LLVMMetadataRef type = LLVMDIBuilderCreateSubroutineType(b, file, NULL, 0, LLVMDIFlagZero);
  const char *name = ir_func_name(func);
  unsigned line = at->line > 0 ? (unsigned)at->line : 0;
  e->lines = NEW(e->cx, Lines);
  *e->lines = (Lines){.builder = b, .file = intern(e->cx, at->file)};
  e->lines->function = LLVMDIBuilderCreateFunction(b, file, name, strlen(name), name, strlen(name), file, line, type,
                                                   false, true, line, LLVMDIFlagZero, true);
  map_put(e->cx, &e->lines->scopes, e->lines->file, e->lines->function);
  LLVMSetSubprogram(e->fn, e->lines->function);
  emit_lines_at(e, func->loc);
}

static LLVMMetadataRef scope_in(Emitter *e, const char *path) {
  const char *file = intern(e->cx, path);
  LLVMMetadataRef scope = map_get(&e->lines->scopes, file);
  if (scope) return scope;
  scope =
      LLVMDIBuilderCreateLexicalBlockFile(e->lines->builder, e->lines->function, file_of(e->lines->builder, file), 0);
  map_put(e->cx, &e->lines->scopes, file, scope);
  return scope;
}

void emit_lines_at(Emitter *e, const Loc *loc) {
  if (!e->lines) return;
  const Loc *at = place(e->cx, loc, e->lines->file);
  unsigned line = at && at->line > 0 ? (unsigned)at->line : 0, column = at && at->col > 0 ? (unsigned)at->col : 0;
  LLVMMetadataRef scope = at ? scope_in(e, at->file) : e->lines->function;
  LLVMSetCurrentDebugLocation2(e->b, LLVMDIBuilderCreateDebugLocation(e->llvm, line, column, scope, NULL));
}

void emit_lines_end(Emitter *e) {
  if (e->lines) LLVMDIBuilderFinalize(e->lines->builder);
}
