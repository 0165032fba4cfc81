/* fold.c: the driver of the fold rules.
 *
 * A worklist (fold_rewrite.c) holds every op once, to begin with in program order. An unused op is erased; an op whose operands
 * are constants becomes a constant; else the rules of its opcode are tried in the order of fold_rules.def until one
 * applies. Whatever a rewrite touches (new ops, users of what changed, makers of what lost a use) goes back on the
 * list. Every rule makes the program smaller or moves it along a fixed order (constants to the right, shape ops
 * outwards), so the list becomes empty.
 */
#include "opt/internal.h"

static const Rule rules[] = {
#define RULE(code, fn, what) {OP_##code, fn, what},
#include "opt/fold_rules.def"
#undef RULE
};

#define RULE(code, fn, what) _Static_assert(sizeof(what) > 1, #code ": what " #fn " does is not said");
#include "opt/fold_rules.def"
#undef RULE

/* The table is grouped by opcode; first_rule[c] is 1 + where the rules of c begin, 0 for none. */
static void index_rules(Fold *f) {
  for (size_t i = COUNT(rules); i-- > 0;) f->first_rule[rules[i].code] = (uint16_t)(i + 1);
}

/* ---- the loop ---------------------------------------------------------------------------------------------------- */

static bool unused(const Op *op) {
  for (int i = 0; i < op->nresults; i++)
    if (op->results[i].uses) return false;
  return op->nresults > 0;
}

static bool removable(const Op *op) {
  return opt_is_pure(op) || ((op->code == OP_LOAD || op->code == OP_DESC_LOAD) && !opt_is_volatile(op)) ||
         ((op->code == OP_IF || op->code == OP_FOR) && !ir_has_effects(op));
}

static void visit(Fold *f, Op *op) {
  if (ir_has(op, T_TERMINATOR)) {
    fold_push_holder(f, op);
    return;
  }
  if (unused(op) && removable(op)) {
    fold_erase(f, op);
    return;
  }
  if (op->code == OP_CONSTANT) {
    fold_settle_constant(f, op);
    return;
  }
  Attr *value = fold_constant(f->cx, op);
  if (value) {
    fold_replace(f, op, fold_attr(f, op, value));
    return;
  }
  unsigned first = f->first_rule[op->code];
  for (size_t i = first - 1; first && i < COUNT(rules) && rules[i].code == op->code; i++)
    if (rules[i].apply(f, op)) return;
  if (ir_has(op, T_PURE | T_ELEMENTWISE)) fold_elementwise(f, op);
}

static void clear(Op *op, void *arg) {
  (void)arg;
  op->mark = FOLD_IDLE;
}

static void push(Op *op, void *arg) { fold_push(arg, op); }

bool opt_fold(Ctx *cx, Module *m) {
  Fold f = {.cx = cx, .module = m};
  index_rules(&f);
  ir_walk(m->op, clear, NULL);
  ir_walk(m->op, push, &f);
  /* A stack gives the last one first: reversed once, so that definitions come before users. */
  for (uint32_t i = 0, k = f.work.len; i + 1 < k; i++) {
    Op *t = f.work.at[i];
    f.work.at[i] = f.work.at[--k];
    f.work.at[k] = t;
  }
  while (f.work.len) {
    Op *op = f.work.at[--f.work.len];
    if (op->mark == FOLD_GONE) continue;
    op->mark = FOLD_IDLE;
    visit(&f, op);
  }
  return f.changed;
}
