/* util.c: queries and rewriting steps that several passes share. */
#include "opt/internal.h"

#include <assert.h>
#include <string.h>

const LangOptions opt_library_options = {
    .common = {.num_warps = 4, .num_stages = 3, .num_ctas = 1}, .default_dot_precision = "ieee", .target_name = "cpu"};

bool opt_is_closed(const Op *op) {
  return ir_has(op, T_ISOLATED) || op->code == OP_REDUCE || op->code == OP_SCAN || op->code == OP_MAP_ELEMENTWISE;
}

bool opt_is_pure(const Op *op) {
  switch (op->code) {
  case OP_EXTERN_ELEMENTWISE:
  case OP_INLINE_ASM: return ir_attr_int_or(op, "pure", 0) != 0;
  default: return ir_has(op, T_PURE) && (op->nregions == 0 || !ir_has_effects(op));
  }
}

bool opt_speculatable(const Op *op) {
  if (!opt_is_pure(op)) return false;
  int64_t d;
  switch (op->code) {
  case OP_DIVUI:
  case OP_REMUI: return ir_is_const_int(ir_operand(op, 1), &d) && d != 0;
  case OP_DIVSI:
  case OP_CEILDIVSI:
  case OP_REMSI: return ir_is_const_int(ir_operand(op, 1), &d) && d != 0 && d != -1;
  default: return true;
  }
}

bool opt_is_volatile(const Op *op) { return op->code == OP_LOAD && ir_attr_int_or(op, "isVolatile", 0) != 0; }

bool opt_acquires(const Op *op) {
  if (op->code == OP_LOAD) return opt_is_volatile(op);
  if (op->code != OP_ATOMIC_RMW && op->code != OP_ATOMIC_CAS) return false;
  const char *sem = ir_attr_text_or(op, "sem", "");
  return !strcmp(sem, "acquire") || !strcmp(sem, "acq_rel");
}

bool opt_only_tells(const Op *op) {
  return op->code == OP_ASSERT || op->code == OP_PRINT || op->code == OP_CHECK_ACCESS || op->code == OP_CHECK_ACQUIRE;
}

typedef struct Collect {
  Ctx *cx;
  bool (*wanted)(Ctx *cx, const Op *op);
  Vec(Op *) found;
} Collect;

static void collect(Op *op, void *arg) {
  Collect *c = arg;
  if (c->wanted(c->cx, op)) vec_push(c->cx, &c->found, op);
}

bool opt_rewrite_each(Ctx *cx, Module *m, bool (*wanted)(Ctx *cx, const Op *op), void (*rewrite)(Ctx *cx, Op *op)) {
  Collect c = {.cx = cx, .wanted = wanted};
  ir_walk(m->op, collect, &c);
  for (uint32_t i = 0; i < c.found.len; i++) rewrite(cx, c.found.at[i]);
  return c.found.len > 0;
}

static void note_clobber(Op *op, void *arg) {
  if (!ir_has(op, T_WRITE) || op->code == OP_MAP_ELEMENTWISE) return; /* the latter's body is looked at by itself */
  if (!opt_only_tells(op) && op->code != OP_ASSUME) *(bool *)arg = true;
}

bool opt_clobbers(const Op *op) {
  bool found = false;
  note_clobber((Op *)op, &found);
  if (op->nregions && !found) ir_walk((Op *)op, note_clobber, &found);
  return found;
}

bool opt_trip_count(const Op *loop, int64_t *trips) {
  assert(loop->code == OP_FOR);
  int64_t lower, upper, step;
  if (!ir_is_const_int(ir_loop_lower(loop), &lower) || !ir_is_const_int(ir_loop_upper(loop), &upper) ||
      !ir_is_const_int(ir_loop_step(loop), &step) || step <= 0)
    return false;
  if (ir_attr(loop, "unsignedCmp") && (lower < 0 || upper < 0)) return false;
  if (lower >= upper) return *trips = 0, true;
  *trips = (int64_t)(((uint64_t)upper - (uint64_t)lower - 1) / (uint64_t)step + 1);
  return *trips > 0;
}

/* upper - k * step, or the type's least value where that would be less; in a loop that begins at 0 or above it cannot be. */
Value *opt_bound_ahead(Builder *b, const Op *loop, int64_t k) {
  Value *upper = ir_loop_upper(loop), *step = ir_loop_step(loop);
  bool is_unsigned = ir_attr(loop, "unsignedCmp") != NULL;
  int bits = upper->type->bits;
  int64_t end, by, ahead, least = is_unsigned ? 0 : bits == 64 ? INT64_MIN : -(INT64_C(1) << (bits - 1));
  if (!k) return upper;
  Value *low = ir_const_int(b, upper->type, least);
  Opcode max = is_unsigned ? OP_MAXUI : OP_MAXSI;
  if (!ir_is_const_int(step, &by)) {
    for (int64_t i = 0; i < k; i++) {
      Value *safe = ir_make(b, max, upper->type, upper, ir_make(b, OP_ADDI, upper->type, low, step, NULL), NULL);
      upper = ir_make(b, OP_SUBI, upper->type, safe, step, NULL);
    }
    return upper;
  }
  int64_t most = bits == 64 ? INT64_MAX : (INT64_C(1) << (bits - 1)) - 1;
  if (__builtin_mul_overflow(by, k, &ahead) || ahead > most) return low;
  int64_t safe = least + ahead, begin;
  bool in_range = !is_unsigned && ir_is_const_int(ir_loop_lower(loop), &begin) && begin >= 0;
  if (ir_is_const_int(upper, &end) && !is_unsigned)
    return ir_const_int(b, upper->type, (end < safe ? safe : end) - ahead);
  Value *from = upper;
  if (!in_range) from = ir_make(b, max, upper->type, upper, ir_const_int(b, upper->type, safe), NULL);
  return ir_make(b, OP_SUBI, upper->type, from, ir_const_int(b, upper->type, ahead), NULL);
}

Value *opt_first_exists(Builder *b, const Op *loop, int64_t k) {
  Value *lower = ir_loop_lower(loop), *upper = ir_loop_upper(loop);
  int64_t begin, by, at;
  const char *predicate = ir_attr(loop, "unsignedCmp") ? "ult" : "slt";
  int64_t most = lower->type->bits == 64 ? INT64_MAX : (INT64_C(1) << (lower->type->bits - 1)) - 1;
  bool constant = ir_is_const_int(lower, &begin) && ir_is_const_int(ir_loop_step(loop), &by) && begin >= 0;
  if (constant && !__builtin_mul_overflow(by, k, &at) && at <= most - begin)
    lower = ir_const_int(b, lower->type, begin + at);
  else
    upper = opt_bound_ahead(b, loop, k);
  return ir_compare(b, predicate, lower, upper);
}

bool opt_loop_runs(const Op *loop) {
  int64_t trips;
  return opt_trip_count(loop, &trips) && trips > 0;
}

typedef struct Outside {
  const Op *op, *scope;
  bool all;
} Outside;

static void note_outside(Op *op, void *arg) {
  Outside *o = arg;
  for (int i = 0; o->all && i < op->noperands; i++) {
    const Value *v = ir_operand(op, i);
    if (op != o->op && !ir_defined_outside(v, o->op)) continue; /* the op's own inside */
    o->all = ir_defined_outside(v, o->scope);
  }
}

bool opt_operands_outside(const Op *op, const Op *scope) {
  Outside o = {op, scope, true};
  note_outside((Op *)op, &o);
  if (op->nregions && o.all) ir_walk((Op *)op, note_outside, &o);
  return o.all;
}

/* ---- rebuilding loops and conditionals --------------------------------------------------------------------------- */

void opt_copy_attrs(Ctx *cx, Op *to, const Op *from) {
  for (int i = 0; i < from->nattrs; i++) ir_set_attr(cx, to, from->attrs[i].name, from->attrs[i].attr);
}

void opt_take_regions(Op *to, Op *from) {
  to->regions = from->regions;
  to->nregions = from->nregions;
  for (int i = 0; i < to->nregions; i++) to->regions[i]->op = to;
  from->regions = NULL;
  from->nregions = 0;
}

/* Operands of a terminator, and arguments of a block, from `first` on go where keep says no, the last ones first. */
static void shrink_terminator(Op *op, int first, int n, const bool *keep) {
  for (int i = n; i-- > 0;)
    if (!keep[i]) ir_remove_operand(op, first + i);
}

static void shrink_args(Ctx *cx, Block *b, int first, int n, const bool *keep) {
  for (int i = n; i-- > 0;)
    if (!keep[i]) ir_remove_arg(cx, b, first + i);
}

static int fixed_operands(const Op *op) { return op->code == OP_FOR ? 3 : op->code == OP_IF ? 1 : 0; }

void opt_release_slots(Op *op, const bool *keep) {
  for (int r = 0; r < op->nregions; r++) {
    Block *b = op->regions[r]->first;
    Op *end = b ? ir_terminator(b) : NULL;
    if (end) shrink_terminator(end, ir_first_passed(end), op->nresults, keep);
  }
  if (op->code != OP_IF) shrink_terminator(op, fixed_operands(op), op->nresults, keep);
}

Op *opt_drop_slots(Ctx *cx, Op *op, const bool *keep) {
  int n = op->nresults, kept = 0;
  for (int r = 0; r < op->nregions && op->code != OP_IF; r++)
    shrink_args(cx, op->regions[r]->first, op->code == OP_FOR ? 1 : 0, n, keep);
  Value **operands = NEWN(cx, Value *, op->noperands + 1);
  Type **types = NEWN(cx, Type *, n + 1);
  for (int i = 0; i < op->noperands; i++) operands[i] = ir_operand(op, i);
  for (int i = 0; i < n; i++)
    if (keep[i]) types[kept++] = op->results[i].type;
  Builder b = ir_before(cx, op);
  Op *to = ir_op(&b, op->code, types, kept, operands, op->noperands);
  opt_copy_attrs(cx, to, op);
  opt_take_regions(to, op);
  for (int i = 0, k = 0; i < n; i++) {
    if (!keep[i]) continue;
    to->results[k].hint = op->results[i].hint;
    ir_replace_all(&op->results[i], &to->results[k++]);
  }
  ir_erase(op);
  return to;
}

Op *opt_add_carried(Ctx *cx, Op *loop, Value *const *inits, int n) {
  Type **types = NEWN(cx, Type *, n);
  for (int i = 0; i < n; i++) {
    types[i] = inits[i]->type;
    ir_add_operand(cx, loop, inits[i]);
    ir_add_arg(cx, ir_entry(loop, 0), types[i], loop->loc);
  }
  ir_add_result_types(cx, loop, types, n);
  return loop;
}
