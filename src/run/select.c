/* select.c: which function of a module is the kernel, and what text holds a module at all. */
#include "run/run.h"

#include <ctype.h>
#include <string.h>

static void public_name(Op *op, void *arg) {
  const char **name = arg;
  if (op->code == OP_FUNC && !*name && strcmp(ir_attr_text_or(op, "sym_visibility", "public"), "private") != 0)
    *name = ir_func_name(op);
}

const char *run_kernel_name(Ctx *cx, const Module *m) {
  const char *name = NULL;
  ir_walk(m->op, public_name, &name);
  if (!name) ctx_fail(cx, ERR_SOURCE, "the module has no public function to compile");
  return name;
}

typedef struct Reached {
  Ctx *cx;
  Module *module;
  Map functions; /* by name */
  Map kept;
} Reached;

static void keep_callee(Op *op, void *arg) {
  Reached *r = arg;
  if (op->code != OP_CALL) return;
  Op *callee = map_get(&r->functions, intern(r->cx, ir_attr_text_or(op, "callee", "")));
  if (!callee || map_has(&r->kept, callee)) return;
  map_put(r->cx, &r->kept, callee, callee);
  ir_walk(callee, keep_callee, r);
}

void run_keep_kernel(Ctx *cx, Module *m, const char *kernel) {
  Reached r = {.cx = cx, .module = m};
  Vec(const char *) names = {0};
  Op *first = m->body->first->first, *chosen = NULL;
  for (Op *op = first; op; op = op->next) {
    if (op->code != OP_FUNC) continue;
    const char *name = ir_func_name(op);
    vec_push(cx, &names, name);
    map_put(cx, &r.functions, intern(cx, name), op);
    if (!strcmp(name, kernel)) chosen = op;
  }
  if (!chosen) {
    ctx_fail(cx, ERR_SOURCE, "the module has no function `%s`%s", kernel,
             did_you_mean(cx, kernel, names.at, names.len));
  }
  map_put(cx, &r.kept, chosen, chosen);
  ir_walk(chosen, keep_callee, &r);
  for (Op *op = first, *next; op; op = next) {
    next = op->next;
    if (op->code == OP_FUNC && !map_has(&r.kept, op)) ir_erase(op);
  }
}

/* By the first words of a text. */
static bool is_ir_text(const char *s, size_t len) {
  static const char *const words[] = {"module", "#loc", "tt.func", "\"builtin.module\"", "builtin.module", "//"};
  const char *end = s + len;
  while (s < end && isspace((unsigned char)*s)) s++;
  size_t left = (size_t)(end - s);
  if (s < end &&
      *s == '#') { /* an alias of Triton GPU IR: `#blocked = #ttg.blocked<…>`; of Python, a strange comment */
    const char *p = s + 1;
    while (p < end && (isalnum((unsigned char)*p) || *p == '_')) p++;
    if (p > s + 1 && end - p > 4 && memcmp(p, " = #", 4) == 0) return true;
  }
  for (size_t i = 0; i < COUNT(words); i++) {
    size_t n = strlen(words[i]);
    if (left <= n || memcmp(s, words[i], n) != 0) continue;
    char next = s[n];
    if (strcmp(words[i], "//") == 0) return true; /* begins no Python */
    if (strcmp(words[i], "module") == 0) {        /* `module = 1` is Python */
      const char *p = s + n;
      while (p < end && (*p == ' ' || *p == '\n')) p++;
      return p < end && (*p == '{' || *p == '@' || (end - p > 10 && memcmp(p, "attributes", 10) == 0));
    }
    if (strcmp(words[i], "#loc") == 0) return next == ' ' || isdigit((unsigned char)next);
    return next == ' ' || next == '(' || next == '{';
  }
  return false;
}

bool run_is_ir(const char *file, const char *text, size_t len) {
  static const char *const ends[] = {".ttir", ".ttgir", ".mlir"};
  size_t n = file ? strlen(file) : 0;
  for (size_t i = 0; i < COUNT(ends); i++)
    if (n >= strlen(ends[i]) && strcmp(file + n - strlen(ends[i]), ends[i]) == 0) return true;
  return is_ir_text(text, len);
}
