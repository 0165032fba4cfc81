/* box.c: a tile of pointers as a box of a tensor that the kernel's arguments describe.
 *
 * Problem. A copy engine moves a box of a tensor: it wants to know where the tensor begins, how far its dimensions step,
 * where they end, and at which coordinates the box lies. A program has an address per element and a mask. Of
 *
 *     p + (i * 128 + rows) * stride + z * plane + k * 64 + columns   where k * 64 + columns < K
 *
 * the tensor begins at p, steps by `stride`, `plane` and one element, ends in its innermost dimension at K and nowhere
 * else, and the box lies at i * 128, z and k * 64.
 *
 * Idea. The base of the addresses is a sum of products. What is made of arguments alone belongs to the tensor's address.
 * Any other product goes to the dimension whose stride divides it, and what is left of it to that dimension's coordinate;
 * or, if there is an argument among its factors, to a dimension of its own, which has that stride and of which the box
 * has one index; or to the innermost dimension. A bound on an axis, counted from the box, plus the box's coordinate is where
 * the dimension ends: it has to be made of arguments alone as well, and that tells whether the program's idea of
 * the dimensions is the one found here. Where there is no bound the program promises that all elements are there.
 *
 * Loops. A carried pointer is its own base. Where it moves by the same in every iteration (index_step), it is what it
 * began with and that many steps: the sum in closed form, of the induction variable.
 *
 * An axis may wrap, x % n: then the dimension ends at n, and the box lies where x begins. It holds the same elements as far as
 * x < n; whether those beyond are looked at is for the caller to find out.
 *
 * Coordinates must not be negative, or the copy engine would take what is there for outside. So they are sums of products of what is known not to be: numbers of
 * programs, induction variables that begin so and step up, what has such an interval, sums, products, quotients, remainders and minima of
 * such; and integer arguments, whose signs the caller has to check. An argument by itself is no coordinate: it is part of the address.
 * A difference (how many rows of tiles a group still has, by which a number of programs is divided) becomes a condition, which
 * the caller has to check as well.
 *
 * Cost: linear in the sums' terms, which are few, for each loop around.
 */
#include "index/internal.h"

/* ---- closed forms ------------------------------------------------------------------------------------------------ */

static bool is_carried(const Value *v) {
  return v->block && v->block->region->op->code == OP_FOR && v->block == ir_entry(v->block->region->op, 0) &&
         v->index > 0;
}

/* How many iterations the loop has done when its induction variable is `iv`, times `step`; NULL: not a sum. */
static const IndexSum *progress(IndexInfo *ix, const Op *loop, const IndexSum *step) {
  const Value *iv = ir_entry(loop, 0)->args[0];
  int64_t by;
  const IndexSum *done = index_sub(ix, index_sum_value(ix, iv), index_operand(ix, loop, 0)->base);
  if (!index_const(index_operand(ix, loop, 2), &by) || by <= 0) return NULL;
  return index_sum_mul(ix, done, by == 1 ? step : index_sum_divide(ix, step, by));
}

static const IndexSum *closed_value(IndexInfo *ix, const Value *v) {
  const Op *loop = v->block->region->op;
  const IndexSum *step = index_step(ix, v);
  if (!step) return NULL;
  const IndexSum *began = index_of(ix, ir_loop_init(loop, v->index - 1))->base;
  return index_sum_add(ix, began, progress(ix, loop, step), 1);
}

/* The sum with its carried values in closed form. */
static const IndexSum *closed(IndexInfo *ix, const IndexSum *s) {
  enum { MOST_LOOPS = 8 };
  for (int round = 0; s && round < MOST_LOOPS; round++) {
    const IndexSum *now = index_sum_const(ix, s->constant);
    bool changed = false;
    for (int i = 0; i < s->n; i++) {
      const IndexSum *product = index_sum_const(ix, s->terms[i].times);
      for (int k = 0; k < s->terms[i].n; k++) {
        const Value *v = s->terms[i].factors[k];
        const IndexSum *form = is_carried(v) ? closed_value(ix, v) : NULL;
        changed |= form != NULL;
        product = index_sum_mul(ix, product, form ? form : index_sum_value(ix, v));
      }
      now = index_sum_add(ix, now, product, 1);
    }
    if (!changed) return s;
    s = now;
  }
  return s;
}

/* ---- products ---------------------------------------------------------------------------------------------------- */

static bool is_given(const Value *v) { return v->block && v->block->region->op->code == OP_FUNC; }
static bool is_argument(const Value *v) { return is_given(v) && ir_is_int(v->type) && v->type->bits >= 32; }

static bool is_fixed_term(const IndexTerm *t) {
  for (int k = 0; k < t->n; k++)
    if (!is_argument(t->factors[k])) return false;
  return true;
}

static bool is_fixed(const IndexSum *s) {
  for (int i = 0; i < s->n; i++)
    if (!is_fixed_term(&s->terms[i])) return false;
  return true;
}

static const IndexSum *sum_of(IndexInfo *ix, const IndexTerm *t) {
  const IndexSum *s = index_sum_const(ix, t->times);
  for (int k = 0; k < t->n; k++) s = index_sum_mul(ix, s, index_sum_value(ix, t->factors[k]));
  return s;
}

/* t / by, if it is a whole product. */
static bool divide_term(const IndexTerm *t, const IndexTerm *by, IndexTerm *out) {
  int left = 0;
  *out = (IndexTerm){.times = t->times / by->times};
  if (t->times % by->times) return false;
  for (int k = 0; k < t->n; k++) {
    if (left < by->n && t->factors[k] == by->factors[left])
      left++;
    else
      out->factors[out->n++] = t->factors[k];
  }
  return left == by->n;
}

/* A sum of one product, as such; a number is one without factors. */
static bool as_term(const IndexSum *s, IndexTerm *out) {
  if (s->n > 1 || (s->n == 1) == (s->constant != 0)) return false;
  *out = s->n ? s->terms[0] : (IndexTerm){.times = s->constant};
  return true;
}

/* ---- coordinates ------------------------------------------------------------------------------------------------- */

/* True, if the box has room for the condition. */
static bool demand(IndexBox *box, const Value *v) {
  for (int i = 0; i < box->nconditions; i++)
    if (box->conditions[i] == v) return true;
  if (box->nconditions == INDEX_BOX_CONDITIONS) return false;
  box->conditions[box->nconditions++] = v;
  return true;
}

/* Is it not negative, if no argument and no condition is? */
static bool counts_up(IndexInfo *ix, IndexBox *box, const Value *v, int *looks_left) {
  if (index_of(ix, v)->lo >= 0) return true;
  if (--*looks_left < 0 || ir_is_tensor(v->type) || !ir_is_int(v->type)) return false;
  const Op *op = v->op;
  if (!op) {
    const Op *loop = v->block->region->op;
    if (is_argument(v)) return true;
    return loop->code == OP_FOR && v->index == 0 && index_operand(ix, loop, 2)->lo >= 1 &&
           counts_up(ix, box, ir_operand(loop, 0), looks_left);
  }
  switch (op->code) {
  case OP_ADDI:
  case OP_MULI:
  case OP_DIVSI:
  case OP_MINSI:
    return counts_up(ix, box, ir_operand(op, 0), looks_left) && counts_up(ix, box, ir_operand(op, 1), looks_left);
  case OP_REMSI: return counts_up(ix, box, ir_operand(op, 0), looks_left); /* it has the dividend's sign */
  case OP_MAXSI:
    return counts_up(ix, box, ir_operand(op, 0), looks_left) || counts_up(ix, box, ir_operand(op, 1), looks_left);
  case OP_SELECT:
    return counts_up(ix, box, ir_operand(op, 1), looks_left) && counts_up(ix, box, ir_operand(op, 2), looks_left);
  case OP_EXTSI:
  case OP_TRUNCI: return counts_up(ix, box, ir_operand(op, 0), looks_left);
  case OP_SUBI: return demand(box, v);
  default: return false;
  }
}

/* Does it fit a coordinate, and is it computed from scalars? */
static bool can_be_coordinate(IndexInfo *ix, IndexBox *box, const IndexSum *s) {
  int looks = 100;
  if (s->constant < 0 || !index_sum_is_small(s)) return false;
  for (int i = 0; i < s->n; i++) {
    const IndexTerm *t = &s->terms[i];
    if (t->times < 0) return false;
    for (int k = 0; k < t->n; k++) {
      const Value *v = t->factors[k];
      if (!ir_is_int(v->type) || v->type->bits < 32 || !counts_up(ix, box, v, &looks)) return false;
      if (v->type->bits > 32 && index_of(ix, v)->hi > INT32_MAX) return false;
    }
  }
  return true;
}

/* ---- the box ----------------------------------------------------------------------------------------------------- */

enum { BOX_STEP = 16, MOST_IN_ROW = 1024 };

typedef struct Finder {
  IndexInfo *ix;
  const Type *type;
  const Index *ptr;
  int64_t bytes; /* of an element */
  IndexBox *box;
} Finder;

static bool add_to(Finder *f, IndexBoxDim *d, const IndexTerm *t) {
  d->at = index_sum_add(f->ix, d->at, sum_of(f->ix, t), 1);
  return d->at != NULL;
}

/* A dimension of which the box has one index: the stride is what of the product is known to all programs. */
static bool put_apart(Finder *f, const IndexTerm *t, bool large) {
  IndexTerm step = {.times = t->times}, rest = {.times = 1};
  for (int k = 0; k < t->n; k++) {
    IndexTerm *to = is_argument(t->factors[k]) ? &step : &rest;
    to->factors[to->n++] = t->factors[k];
  }
  if (!rest.n || (!step.n && !large)) return false;
  const IndexSum *stride = sum_of(f->ix, &step);
  if (!stride || step.times < 0 || index_divisor(f->ix, stride) < BOX_STEP) return false;
  IndexBox *b = f->box;
  for (int d = 2; d < b->rank; d++)
    if (b->dim[d].stride == stride) return add_to(f, &b->dim[d], &rest);
  if (b->rank == INDEX_BOX_RANK) return false;
  b->dim[b->rank] = (IndexBoxDim){.axis = -1, .stride = stride, .at = index_sum_const(f->ix, 0)};
  return add_to(f, &b->dim[b->rank++], &rest);
}

/* The remainder itself, x % n, at the tile's first element, times the stride of its axis. */
static bool is_wrapped_start(const IndexTerm *t, const IndexBoxDim *d, const IndexTerm *stride) {
  IndexTerm rest;
  return d->wrap && divide_term(t, stride, &rest) && rest.times == 1 && rest.n == 1 && rest.factors[0] == d->wrap;
}

static bool distribute(Finder *f, const IndexTerm *t) {
  IndexBox *b = f->box;
  IndexTerm outer, inner = {.times = f->bytes}, rest;
  if (!as_term(b->dim[1].stride, &outer)) return false;
  if (is_fixed_term(t)) {
    b->offset = index_sum_add(f->ix, b->offset, sum_of(f->ix, t), 1);
    return b->offset != NULL;
  }
  if (is_wrapped_start(t, &b->dim[1], &outer) || is_wrapped_start(t, &b->dim[0], &inner)) return true;
  if (divide_term(t, &outer, &rest)) return add_to(f, &b->dim[1], &rest);
  bool large = t->times >= MOST_IN_ROW * f->bytes;
  if (put_apart(f, t, large)) return true;
  return !large && divide_term(t, &inner, &rest) && add_to(f, &b->dim[0], &rest);
}

/* Where the dimension ends, and the coordinate of a box that wraps. */
static bool find_end(Finder *f, IndexBoxDim *d, const IndexMask *mask) {
  IndexInfo *ix = f->ix;
  if (d->wrap) {
    const Op *op = d->wrap->op;
    const Index *x = index_operand(ix, op, 0), *n = index_operand(ix, op, 1);
    if ((op->code != OP_REMSI && op->code != OP_REMUI) || !index_is_uniform(n)) return false;
    if (x->rank != 1 || !index_is_const(x->axis[0].stride, 1) || x->axis[0].wrap) return false;
    d->at = index_sum_add(ix, d->at, closed(ix, x->base), 1);
    d->end = n->base;
  }
  for (int i = 0; mask && i < mask->nbounds; i++) {
    if (mask->bounds[i].axis != d->axis) continue;
    const IndexSum *end = index_sum_add(ix, closed(ix, mask->bounds[i].sum), d->at, 1);
    if (mask->bounds[i].kind != INDEX_BELOW || (d->end && d->end != end)) return false;
    if (!end) return false;
    d->end = end;
  }
  return d->at && can_be_coordinate(ix, f->box, d->at) && (!d->end || is_fixed(d->end));
}

static bool find_axes(Finder *f) {
  const Index *x = f->ptr;
  int inner = -1;
  for (int d = x->rank - 1; d >= 0; d--) {
    if (!x->axis[d].stride || index_extent(f->type, d) == 1) return false;
    if (inner < 0 && index_is_const(x->axis[d].stride, f->bytes)) inner = d;
  }
  if (x->rank != 2 || inner < 0) return false;
  int outer = 1 - inner;
  IndexTerm stride;
  const IndexSum *s = x->axis[outer].stride;
  if (!as_term(s, &stride) || stride.times <= 0 || !is_fixed(s) || index_divisor(f->ix, s) < BOX_STEP) return false;
  for (int k = 0; k < 2; k++) {
    int axis = k ? outer : inner;
    const Value *wrap = x->axis[axis].wrap;
    f->box->dim[k] =
        (IndexBoxDim){.axis = axis, .stride = x->axis[axis].stride, .at = index_sum_const(f->ix, 0), .wrap = wrap};
    if (wrap && (!wrap->op || index_rank(wrap->type) != 1)) return false;
  }
  f->box->rank = 2;
  return true;
}

bool index_box(IndexInfo *ix, const Op *load, IndexBox *box) {
  IndexAccess a;
  if (!index_access(ix, load, &a) || !a.ptr->root || !is_given(a.ptr->root)) return false;
  const Value *other = index_group(load, "other");
  if ((a.mask && (a.mask->nrest || a.mask->never)) || (other && !ir_is_zero(other))) return false;
  Finder f = {.ix = ix, .type = ir_operand(load, 0)->type, .ptr = a.ptr, .bytes = a.elem_bytes, .box = box};
  *box = (IndexBox){.root = a.ptr->root, .offset = index_sum_const(ix, 0)};
  if (!find_axes(&f)) return false;
  const IndexSum *s = index_sub(ix, closed(ix, a.ptr->base), index_sum_value(ix, box->root));
  if (!s) return false;
  for (int i = 0; i < s->n; i++)
    if (!distribute(&f, &s->terms[i])) return false;
  box->offset = index_sum_add(ix, box->offset, index_sum_const(ix, s->constant), 1);
  for (int d = 0; d < box->rank; d++)
    if (!find_end(&f, &box->dim[d], a.mask)) return false;
  int64_t aligned = min64(index_of(ix, box->root)->align, index_divisor(ix, box->offset));
  return aligned >= BOX_STEP && index_divisor(ix, box->dim[0].at) * f.bytes % BOX_STEP == 0;
}
