/* inline.c: inlining.
 *
 * Functions are done callees first, so that what is copied into a caller holds no call any more and each body is walked
 * once. A copied op's location becomes "there, called from here". Functions marked noinline stay functions, and so does
 * the call, until a target that has no calls asks for all of them (opt_inline_all); private functions without callers
 * are dropped in the end.
 */
#include "opt/internal.h"

#include <assert.h>
#include <string.h>

enum { UNSEEN, OPEN, DONE }; /* Op.mark of a function: recursion meets an OPEN one */

typedef struct Inliner {
  Ctx *cx;
  Module *module;
  bool changed, all; /* all: noinline functions too */
  Map functions;     /* interned name to tt.func */
} Inliner;

typedef Vec(Op *) Ops;
typedef struct Collect {
  Ctx *cx;
  Opcode code;
  Ops ops;
} Collect;

static void collect(Op *op, void *arg) {
  Collect *c = arg;
  if (op->code == c->code) vec_push(c->cx, &c->ops, op);
}

static Ops ops_below(Ctx *cx, Op *root, Opcode code) {
  Collect c = {cx, code, {0}};
  ir_walk(root, collect, &c);
  return c.ops;
}

static Op *callee_of(const Inliner *in, const Op *call) {
  const char *name = ir_attr_text_or(call, "callee", "");
  Op *func = map_get(&in->functions, intern(in->cx, name));
  if (!func) ctx_fail(in->cx, ERR_SOURCE, "a call of @%s, which the module does not define", name);
  return func;
}

static bool stays(const Inliner *in, const Op *func) {
  return (ir_attr_int_or(func, "noinline", 0) != 0 && !in->all) || !func->regions[0]->first;
}

typedef struct Relocate {
  Ctx *cx;
  Loc *caller;
} Relocate;

static void relocate(Op *op, void *arg) {
  const Relocate *r = arg;
  op->loc = ir_loc_call(r->cx, op->loc, r->caller);
}

static void inline_call(Inliner *in, Op *call, const Op *func) {
  const Region *body = func->regions[0];
  if (body->first != body->last)
    ctx_fail(in->cx, ERR_SOURCE, "@%s has control flow that is not structured and cannot be inlined",
             ir_func_name(func));
  const Block *entry = body->first;
  if (entry->nargs != call->noperands)
    ctx_fail(in->cx, ERR_SOURCE, "a call of @%s with the wrong number of arguments", ir_func_name(func));
  Map map = {0};
  for (int i = 0; i < entry->nargs; i++) map_put(in->cx, &map, entry->args[i], ir_operand(call, i));
  Builder b = ir_before(in->cx, call);
  Relocate r = {in->cx, call->loc};
  for (const Op *op = entry->first; op; op = op->next) {
    if (op->code == OP_RETURN) {
      for (int i = 0; i < call->nresults; i++) {
        Value *v = ir_operand(op, i), *copy = map_get(&map, v);
        ir_replace_all(&call->results[i], copy ? copy : v);
      }
      break;
    }
    Op *copy = ir_clone(&b, op, &map);
    relocate(copy, &r);
    if (copy->nregions) ir_walk(copy, relocate, &r);
  }
  ir_erase(call);
  in->changed = true;
}

/* Depth first over callees. The chain of calls is short: the language forbids recursion. */
static void inline_into(Inliner *in, Op *func) {
  if (func->mark == DONE) return;
  if (func->mark == OPEN)
    ctx_fail(in->cx, ERR_SOURCE, "@%s calls itself: recursion is not allowed", ir_func_name(func));
  func->mark = OPEN;
  Ops calls = ops_below(in->cx, func, OP_CALL);
  for (uint32_t i = 0; i < calls.len; i++) {
    Op *callee = callee_of(in, calls.at[i]);
    inline_into(in, callee);
    if (!stays(in, callee)) inline_call(in, calls.at[i], callee);
  }
  func->mark = DONE;
}

static void drop_unused_functions(Inliner *in, Op *first) {
  Map called = {0};
  Ops calls = ops_below(in->cx, in->module->op, OP_CALL);
  for (uint32_t i = 0; i < calls.len; i++) map_put(in->cx, &called, callee_of(in, calls.at[i]), in->module);
  for (Op *op = first, *next; op; op = next) {
    next = op->next;
    if (op->code != OP_FUNC || map_has(&called, op)) continue;
    if (strcmp(ir_attr_text_or(op, "sym_visibility", "public"), "private") != 0) continue;
    ir_erase(op);
    in->changed = true;
  }
}

static bool inline_module(Ctx *cx, Module *m, bool all) {
  Inliner in = {.cx = cx, .module = m, .all = all};
  Op *first = m->body->first->first;
  bool several = false;
  for (Op *op = first; op; op = op->next) {
    if (op->code != OP_FUNC) continue;
    several |= in.functions.len > 0;
    map_put(cx, &in.functions, intern(cx, ir_func_name(op)), op);
    op->mark = UNSEEN;
  }
  for (Op *op = first; op; op = op->next)
    if (op->code == OP_FUNC) inline_into(&in, op);
  if (several) drop_unused_functions(&in, first);
  return in.changed;
}

bool opt_inline(Ctx *cx, Module *m) { return inline_module(cx, m, false); }

bool opt_inline_all(Ctx *cx, Module *m) { return inline_module(cx, m, true); }
