/* axis.c: what is known of values along each dimension: contiguity, divisibility, constancy.
 *
 * Problem. A load can be wide only if neighbouring pointers are neighbouring addresses and the first of them is
 * aligned; which of a tensor's dimensions that holds for decides its layout.
 *
 * Idea. For every integer or pointer value and every dimension d keep three powers of two: the index along d is cut
 * into aligned runs of `contiguity` elements that grow by one, the first of each a multiple of `divisibility`; and into
 * aligned blocks of `constancy` equal elements. A rule per op gives the result's from the operands'. If runs are cut
 * shorter, their first elements are multiples of less: start_of(); every single element is one of elements_of().
 *
 * Loops. A block argument begins with what its initial value has and is met with what comes round, until nothing
 * changes. Each meet only takes factors away, so that this ends; a loop that has not settled after eight rounds is
 * given up as unknown.
 *
 * Negative numbers divided toward zero break blocks at zero; as the reference does, offsets are taken to be
 * non-negative.
 */
#include "gpu/passes/passes.h"

#include <assert.h>
#include <string.h>

#define MUCH ((int64_t)1 << 40)

static int64_t low_bit(int64_t x) { return x == 0 ? MUCH : min64(x & -x, MUCH); }

static int dims_of(const Type *t) { return ir_is_tensor(t) ? t->rank : 1; }

static int64_t size_of(const Type *t, int d) { return ir_is_tensor(t) ? t->shape[d] : 1; }

static AxisInfo nothing(const Type *t) {
  AxisInfo a = {.rank = dims_of(t)};
  for (int d = 0; d < a.rank; d++) a.contiguity[d] = a.divisibility[d] = a.constancy[d] = 1;
  return a;
}

static AxisInfo same_everywhere(const Type *t, int64_t divisibility) {
  AxisInfo a = nothing(t);
  for (int d = 0; d < a.rank; d++) {
    a.constancy[d] = low_bit(size_of(t, d));
    a.divisibility[d] = divisibility;
  }
  return a;
}

static AxisInfo constant(const Type *t, int64_t x) {
  AxisInfo a = same_everywhere(t, low_bit(x));
  a.is_const = true;
  a.value = x;
  return a;
}

const AxisInfo *axis_of(AxisInfos *a, const Value *v) {
  const AxisInfo *known = map_get(&a->of, v);
  if (known) return known;
  AxisInfo *fresh = NEW(a->cx, AxisInfo);
  int64_t x;
  *fresh = ir_is_const_int(v, &x) ? constant(v->type, x) : nothing(v->type);
  return fresh;
}

/* What the first elements are multiples of when runs are cut to `run`; `unit`: by how much neighbours differ. */
static int64_t start_of(const AxisInfo *a, int d, int64_t run, int64_t unit) {
  return run < a->contiguity[d] ? min64(a->divisibility[d], low_bit(run * unit)) : a->divisibility[d];
}

static int64_t elements_of(const AxisInfo *a, int d, int64_t unit) { return start_of(a, d, 1, unit); }

static int64_t pointee_bytes(const Type *t) {
  return ir_is_ptr(ir_elem((Type *)t)) ? ir_elem_bytes(ir_elem((Type *)t)->elem) : 1;
}

/* ---- rules ------------------------------------------------------------------------------------------------------- */

/* l + r * scale, where neighbours in l differ by `scale` (pointers: the element's bytes). */
static AxisInfo sum(const Type *t, const AxisInfo *l, const AxisInfo *r, int64_t scale) {
  AxisInfo a = nothing(t);
  for (int d = 0; d < a.rank; d++) {
    int64_t run_l = min64(l->contiguity[d], r->constancy[d]), run_r = min64(r->contiguity[d], l->constancy[d]);
    int64_t run = max64(run_l, run_r);
    a.contiguity[d] = run;
    if (run == 1)
      a.divisibility[d] = min64(elements_of(l, d, scale), elements_of(r, d, 1) * scale);
    else if (run_l >= run_r)
      a.divisibility[d] = min64(start_of(l, d, run, scale), elements_of(r, d, 1) * scale);
    else
      a.divisibility[d] = min64(elements_of(l, d, scale), start_of(r, d, run, 1) * scale);
    a.constancy[d] = min64(l->constancy[d], r->constancy[d]);
  }
  if (l->is_const && r->is_const) a.is_const = true, a.value = l->value + r->value * scale;
  return a;
}

static AxisInfo product(const Type *t, const AxisInfo *l, const AxisInfo *r) {
  if (l->is_const && l->value == 1) return *r;
  if (r->is_const && r->value == 1) return *l;
  AxisInfo a = nothing(t);
  for (int d = 0; d < a.rank; d++) {
    int64_t x = elements_of(l, d, 1), y = elements_of(r, d, 1);
    a.divisibility[d] = x >= MUCH || y >= MUCH ? MUCH : min64(x * y, MUCH);
    a.constancy[d] = min64(l->constancy[d], r->constancy[d]);
  }
  if (l->is_const && r->is_const) a.is_const = true, a.value = l->value * r->value;
  return a;
}

/* How long blocks [s, s + g) are that lie between two multiples of the divisor. */
static int64_t between_multiples(const AxisInfo *x, const AxisInfo *divisor, int d) {
  int64_t g = min64(x->contiguity[d], min64(x->divisibility[d], elements_of(divisor, d, 1)));
  return min64(g, divisor->constancy[d]);
}

static AxisInfo quotient(const Type *t, const AxisInfo *l, const AxisInfo *r) {
  if (r->is_const && r->value == 1) return *l;
  AxisInfo a = nothing(t);
  for (int d = 0; d < a.rank; d++) {
    a.constancy[d] = max64(min64(l->constancy[d], r->constancy[d]), between_multiples(l, r, d));
    if (r->is_const && r->value > 0 && is_pow2(r->value)) a.divisibility[d] = max64(1, elements_of(l, d, 1) / r->value);
  }
  return a;
}

static AxisInfo rest(const Type *t, const AxisInfo *l, const AxisInfo *r) {
  AxisInfo a = nothing(t);
  for (int d = 0; d < a.rank; d++) {
    int64_t run = between_multiples(l, r, d);
    a.contiguity[d] = run;
    a.divisibility[d] = min64(start_of(l, d, run, 1), elements_of(r, d, 1));
    a.constancy[d] = min64(l->constancy[d], r->constancy[d]);
  }
  return a;
}

static AxisInfo shifted_left(const Type *t, const AxisInfo *l, const AxisInfo *r) {
  if (!r->is_const || r->value < 0 || r->value > 40) return nothing(t);
  AxisInfo by = constant(t, (int64_t)1 << r->value);
  return product(t, l, &by);
}

static AxisInfo common(const Type *t, const AxisInfo *l, const AxisInfo *r) {
  AxisInfo a = nothing(t);
  for (int d = 0; d < a.rank; d++) {
    a.constancy[d] = min64(l->constancy[d], r->constancy[d]);
    a.divisibility[d] = min64(elements_of(l, d, 1), elements_of(r, d, 1));
  }
  return a;
}

/* x < n is the same for a run of x that lies between two multiples of what n is a multiple of. */
static AxisInfo comparison(const Op *op, const Type *t, const AxisInfo *l, const AxisInfo *r) {
  AxisInfo a = nothing(t);
  const char *p = ir_attr_text_or(op, "predicate", "eq");
  bool left = !strcmp(p, "slt") || !strcmp(p, "ult") || !strcmp(p, "sge") || !strcmp(p, "uge");
  bool right = !strcmp(p, "sgt") || !strcmp(p, "ugt") || !strcmp(p, "sle") || !strcmp(p, "ule");
  for (int d = 0; d < a.rank; d++) {
    a.constancy[d] = min64(l->constancy[d], r->constancy[d]);
    if (left) a.constancy[d] = max64(a.constancy[d], between_multiples(l, r, d));
    if (right) a.constancy[d] = max64(a.constancy[d], between_multiples(r, l, d));
  }
  return a;
}

static bool same(const AxisInfo *x, const AxisInfo *y) {
  size_t n = (size_t)x->rank * sizeof x->contiguity[0];
  return x->is_const == y->is_const && x->value == y->value && !memcmp(x->contiguity, y->contiguity, n) &&
         !memcmp(x->divisibility, y->divisibility, n) && !memcmp(x->constancy, y->constancy, n);
}

/* What holds of both. */
static AxisInfo meet(const AxisInfo *x, const AxisInfo *y, int64_t unit) {
  AxisInfo a = {.rank = x->rank};
  for (int d = 0; d < a.rank; d++) {
    int64_t run = min64(x->contiguity[d], y->contiguity[d]);
    a.contiguity[d] = run;
    a.divisibility[d] = min64(start_of(x, d, run, unit), start_of(y, d, run, unit));
    a.constancy[d] = min64(x->constancy[d], y->constancy[d]);
  }
  if (x->is_const && y->is_const && x->value == y->value) a.is_const = true, a.value = x->value;
  return a;
}

static AxisInfo selected(const Type *t, const AxisInfo *c, const AxisInfo *x, const AxisInfo *y,
                         bool scalar_condition) {
  AxisInfo a = meet(x, y, pointee_bytes(t));
  a.is_const = false;
  for (int d = 0; d < a.rank && !scalar_condition; d++) {
    int64_t run = min64(a.contiguity[d], c->constancy[d]);
    a.divisibility[d] = start_of(&a, d, run, pointee_bytes(t));
    a.contiguity[d] = run;
    a.constancy[d] = min64(a.constancy[d], c->constancy[d]);
  }
  return a;
}

static AxisInfo range(const Op *op, const Type *t) {
  AxisInfo a = nothing(t);
  a.contiguity[0] = low_bit(t->shape[0]);
  a.divisibility[0] = low_bit(ir_attr_int_or(op, "start", 0));
  return a;
}

static AxisInfo splat(const Type *t, const AxisInfo *x) {
  AxisInfo a = same_everywhere(t, x->divisibility[0]);
  a.is_const = x->is_const;
  a.value = x->value;
  return a;
}

static AxisInfo expanded(const Op *op, const Type *t, const AxisInfo *x) {
  AxisInfo a = nothing(t);
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  a.divisibility[axis] = MUCH;
  for (int d = 0, k = 0; d < a.rank; d++) {
    if (d == axis) continue;
    a.contiguity[d] = x->contiguity[k];
    a.divisibility[d] = x->divisibility[k];
    a.constancy[d] = x->constancy[k];
    k++;
  }
  /* Along the new dimension every single element stands alone. */
  for (int d = 0; d < a.rank; d++)
    if (d != axis) a.divisibility[axis] = min64(a.divisibility[axis], elements_of(&a, d, 1));
  a.is_const = x->is_const;
  a.value = x->value;
  return a;
}

static AxisInfo broadcast(const Type *from, const Type *t, const AxisInfo *x) {
  AxisInfo a = *x;
  for (int d = 0; d < a.rank; d++)
    if (from->shape[d] != t->shape[d]) a.constancy[d] = low_bit(t->shape[d]), a.contiguity[d] = 1;
  return a;
}

static AxisInfo transposed(const Op *op, const Type *t, const AxisInfo *x) {
  AxisInfo a = nothing(t);
  const Attr *order = ir_attr(op, "order");
  for (int d = 0; d < a.rank; d++) {
    int64_t from = order->ints[d];
    a.contiguity[d] = x->contiguity[from];
    a.divisibility[d] = x->divisibility[from];
    a.constancy[d] = x->constancy[from];
  }
  return a;
}

static AxisInfo by_rule(AxisInfos *infos, const Op *op) {
  const Type *t = op->results[0].type;
  const AxisInfo *x = op->noperands > 0 ? axis_of(infos, ir_operand(op, 0)) : NULL;
  const AxisInfo *y = op->noperands > 1 ? axis_of(infos, ir_operand(op, 1)) : NULL;
  int64_t value;
  switch (op->code) {
  case OP_CONSTANT: return ir_is_const_int(&op->results[0], &value) ? constant(t, value) : nothing(t);
  case OP_MAKE_RANGE: return range(op, t);
  case OP_SPLAT: return splat(t, x);
  case OP_EXPAND_DIMS: return expanded(op, t, x);
  case OP_BROADCAST: return broadcast(ir_operand(op, 0)->type, t, x);
  case OP_TRANS: return transposed(op, t, x);
  case OP_ADDI: return sum(t, x, y, 1);
  case OP_SUBI: {
    AxisInfo minus = *y; /* a falling run is no run */
    for (int d = 0; d < minus.rank; d++) minus.divisibility[d] = elements_of(y, d, 1), minus.contiguity[d] = 1;
    minus.value = -minus.value;
    return sum(t, x, &minus, 1);
  }
  case OP_ADDPTR: return sum(t, x, y, pointee_bytes(t));
  case OP_MULI: return product(t, x, y);
  case OP_SHLI: return shifted_left(t, x, y);
  case OP_DIVSI:
  case OP_DIVUI: return quotient(t, x, y);
  case OP_REMSI:
  case OP_REMUI: return rest(t, x, y);
  case OP_CMPI: return comparison(op, t, x, y);
  case OP_ANDI:
  case OP_ORI:
  case OP_XORI:
  case OP_MINSI:
  case OP_MAXSI:
  case OP_MINUI:
  case OP_MAXUI: return common(t, x, y);
  case OP_SELECT: return selected(t, x, y, axis_of(infos, ir_operand(op, 2)), !ir_is_tensor(ir_operand(op, 0)->type));
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_INDEX_CAST:
  case OP_TT_BITCAST:
  case OP_PTR_TO_INT:
  case OP_INT_TO_PTR:
  case OP_CONVERT_LAYOUT: {
    AxisInfo a = *x;
    if (op->code == OP_TT_BITCAST && pointee_bytes(t) != pointee_bytes(ir_operand(op, 0)->type))
      for (int d = 0; d < a.rank; d++) {
        a.divisibility[d] = elements_of(x, d, pointee_bytes(ir_operand(op, 0)->type));
        a.contiguity[d] = 1;
      }
    if (op->code == OP_PTR_TO_INT || op->code == OP_INT_TO_PTR)
      for (int d = 0; d < a.rank; d++) a.divisibility[d] = elements_of(x, d, 1), a.contiguity[d] = 1;
    return a;
  }
  case OP_TRUNCI: {
    AxisInfo a = *x;
    int bits = (ir_is_tensor(t) ? t->elem : t)->bits;
    a.is_const = false;
    for (int d = 0; d < a.rank && bits < 32; d++) /* few bits may wrap around within a tile */
      a.divisibility[d] = min64(elements_of(x, d, 1), INT64_C(1) << bits), a.contiguity[d] = 1;
    return a;
  }
  case OP_LOAD: {
    AxisInfo a = nothing(t); /* equal where pointers, mask and what stands in for masked elements are */
    for (int i = 0; i < op->noperands && ir_is_tensor(t); i++) {
      const AxisInfo *o = axis_of(infos, ir_operand(op, i));
      for (int d = 0; d < a.rank; d++) a.constancy[d] = i ? min64(a.constancy[d], o->constancy[d]) : o->constancy[d];
    }
    return a;
  }
  default: return nothing(t);
  }
}

/* What the programmer promised: tt.divisibility and the like, an integer or one per dimension. */
static void promised(const Attr *a, int64_t *out, int rank) {
  if (!a) return;
  for (int d = 0; d < rank; d++) {
    const Attr *item = a->kind == ATTR_INT ? a : a->n == 1 ? a->items[0] : d < a->n ? a->items[d] : NULL;
    if (item && item->integer > 0) out[d] = max64(out[d], low_bit(item->integer));
  }
}

static void put(AxisInfos *infos, const Value *v, AxisInfo a) {
  AxisInfo *kept = map_get(&infos->of, v);
  if (!kept) {
    kept = NEW(infos->cx, AxisInfo);
    map_put(infos->cx, &infos->of, v, kept);
  }
  *kept = a;
}

static bool is_tracked(const Type *t) {
  const Type *e = ir_elem((Type *)t);
  return (t->kind != TYPE_MEMDESC) && (e->kind == TYPE_INT || e->kind == TYPE_PTR);
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static void visit_block(AxisInfos *infos, const Block *b);

static void visit_region(AxisInfos *infos, const Op *op, int region) {
  if (region < op->nregions && op->regions[region]->first) visit_block(infos, op->regions[region]->first);
}

static const Op *ending(const Op *op, int region) {
  return region < op->nregions && op->regions[region]->first ? ir_terminator(op->regions[region]->first) : NULL;
}

/* Block arguments from their initial values and what comes round. `first`: where the carried ones begin. */
static void visit_loop(AxisInfos *infos, const Op *op, Block *head, int first, int skip, const Op *back,
                       int back_skip) {
  int n = head->nargs - first;
  for (int i = 0; i < n; i++)
    if (is_tracked(head->args[first + i]->type))
      put(infos, head->args[first + i], *axis_of(infos, ir_operand(op, skip + i)));
  for (int round = 0;; round++) {
    for (int r = 0; r < op->nregions; r++) visit_region(infos, op, r);
    bool changed = false;
    for (int i = 0; i < n; i++) {
      Value *arg = head->args[first + i];
      if (!is_tracked(arg->type)) continue;
      AxisInfo old = *axis_of(infos, arg),
               now = meet(&old, axis_of(infos, ir_operand(back, back_skip + i)), pointee_bytes(arg->type));
      if (round >= 8) now = nothing(arg->type);
      if (same(&old, &now)) continue;
      put(infos, arg, now);
      changed = true;
    }
    if (!changed) return;
  }
}

static void visit_for(AxisInfos *infos, const Op *op) {
  Block *body = ir_entry(op, 0);
  const AxisInfo *lower = axis_of(infos, ir_operand(op, 0)), *step = axis_of(infos, ir_operand(op, 2));
  AxisInfo iv = nothing(body->args[0]->type);
  iv.divisibility[0] = min64(lower->divisibility[0], step->divisibility[0]);
  put(infos, body->args[0], iv);
  const Op *yield = ir_terminator(body);
  visit_loop(infos, op, body, 1, 3, yield, 0);
  for (int i = 0; i < op->nresults; i++)
    if (is_tracked(op->results[i].type)) put(infos, &op->results[i], *axis_of(infos, body->args[1 + i]));
}

static void visit_while(AxisInfos *infos, const Op *op) {
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  const Op *condition = ir_terminator(before), *yield = ir_terminator(after);
  for (int i = 0; i < after->nargs; i++)
    if (is_tracked(after->args[i]->type)) put(infos, after->args[i], nothing(after->args[i]->type));
  visit_loop(infos, op, before, 0, 0, yield, 0);
  for (int i = 0; i < op->nresults; i++)
    if (is_tracked(op->results[i].type)) put(infos, &op->results[i], *axis_of(infos, ir_operand(condition, 1 + i)));
}

static void visit_if(AxisInfos *infos, const Op *op) {
  visit_region(infos, op, 0);
  visit_region(infos, op, 1);
  const Op *yes = ending(op, 0), *no = ending(op, 1);
  for (int i = 0; i < op->nresults; i++)
    if (is_tracked(op->results[i].type) && yes && no)
      put(infos, &op->results[i],
          meet(axis_of(infos, ir_operand(yes, i)), axis_of(infos, ir_operand(no, i)),
               pointee_bytes(op->results[i].type)));
}

static void visit_op(AxisInfos *infos, const Op *op) {
  if (op->code == OP_FOR) {
    visit_for(infos, op);
  } else if (op->code == OP_WHILE) {
    visit_while(infos, op);
  } else if (op->code == OP_IF) {
    visit_if(infos, op);
  } else if (op->nresults == 1 && is_tracked(op->results[0].type)) {
    AxisInfo a = by_rule(infos, op);
    promised(ir_attr(op, "tt.divisibility"), a.divisibility, a.rank);
    promised(ir_attr(op, "tt.contiguity"), a.contiguity, a.rank);
    promised(ir_attr(op, "tt.constancy"), a.constancy, a.rank);
    put(infos, &op->results[0], a);
  }
}

static void visit_block(AxisInfos *infos, const Block *b) {
  for (const Op *op = b->first; op; op = op->next) visit_op(infos, op);
}

static void visit_function(AxisInfos *infos, const Op *func) {
  if (!func->regions[0]->first) return;
  Block *entry = ir_entry(func, 0);
  const Attr *attrs = ir_attr(func, "arg_attrs");
  for (int i = 0; i < entry->nargs; i++) {
    AxisInfo a = nothing(entry->args[i]->type);
    const Attr *own = attrs && i < attrs->n ? attrs->items[i] : NULL;
    for (int k = 0; own && own->kind == ATTR_DICT && k < own->n; k++)
      if (!strcmp(own->names[k], "tt.divisibility")) promised(own->items[k], a.divisibility, a.rank);
    put(infos, entry->args[i], a);
  }
  visit_block(infos, entry);
}

AxisInfos *axis_analyze(Ctx *cx, const Module *m) {
  AxisInfos *infos = NEW(cx, AxisInfos);
  infos->cx = cx;
  for (const Op *op = m->body->first->first; op; op = op->next)
    if (op->code == OP_FUNC) visit_function(infos, op);
  return infos;
}

int64_t axis_vector(AxisInfos *a, const Value *ptr, const Value *mask, int dim) {
  const AxisInfo *p = axis_of(a, ptr);
  int64_t bytes = pointee_bytes(ptr->type);
  int64_t n = min64(p->contiguity[dim], max64(1, p->divisibility[dim] / bytes));
  n = min64(n, max64(1, 16 / bytes));
  if (mask) n = min64(n, axis_of(a, mask)->constancy[dim]);
  return n;
}
