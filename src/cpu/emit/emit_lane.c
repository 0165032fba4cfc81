/* emit_lane.c: a tensor's value at a point of a loop nest, evaluated on demand.
 *
 * A point is one coordinate per dimension, themselves lanes of i32. Rearranging ops change the coordinates and go on
 * to their operand; elementwise ops evaluate their operands and compute; loads compute a pointer. What form a result's
 * lanes have is said by forms.h. Three things keep the inner loop short:
 *   - a value that does not vary along the vector dimension stays a scalar (LANE_UNIFORM);
 *   - an index or pointer that moves by a constant amount stays a base and a step (LANE_AFFINE), so that an access
 *     is one instruction with the loop's counter as index; a comparison of such with a scalar stays a pair of bounds
 *     (LANE_RANGE);
 *   - code is placed at the level of the innermost loop that its operands depend on (Lane.depth), not where it is
 * used. Values evaluated at a point are memoized while the level they belong to is open.
 *
 * Evaluation recurses over operands, up to a depth; below that, a stack of our own evaluates operands before their
 * users, which then find them memoized. So expressions may be of any length.
 */
#include "cpu/emit/emit.h"

#include <string.h>

struct Memo {
  Memo *next;
  const Lane *at;
  Lane lane;
  unsigned serial;
};

static LLVMValueRef cast_int(Emitter *e, LLVMValueRef v, LLVMTypeRef t, bool is_signed) {
  return LLVMTypeOf(v) == t ? v : LLVMBuildIntCast2(e->b, v, t, is_signed, "");
}

/* ---- remembering ------------------------------------------------------------------------------------------------- */

static bool same_lane(const Lane *a, const Lane *b) { return a->kind == b->kind && a->v == b->v && a->step == b->step; }

static const Lane *recall(Emitter *e, const Value *v, const Lane *at) {
  for (Memo **m = &code_of(v)->memo; *m;) {
    Memo *x = *m;
    if (x->lane.depth > e->depth || x->serial != e->levels[x->lane.depth].serial) {
      *m = x->next; /* its level is closed */
      continue;
    }
    bool same = true;
    for (int i = 0; i < v->type->rank && same; i++) same = same_lane(&at[i], &x->at[i]);
    if (same) return &x->lane;
    m = &x->next;
  }
  return NULL;
}

void emit_lane_remember(Emitter *e, Value *v, const Lane *at, Lane lane) {
  Memo *m = NEW(e->cx, Memo);
  m->at = ctx_copy(e->cx, at, sizeof *at * (size_t)v->type->rank);
  m->lane = lane;
  m->serial = e->levels[lane.depth].serial;
  m->next = code_of(v)->memo;
  code_of(v)->memo = m;
}

/* ---- rearranging ------------------------------------------------------------------------------------------------- */

/* The row-major number of an element. */
static Lane linear(Emitter *e, const Type *t, const Lane *at) {
  Lane r = emit_lane_zero(e);
  int64_t stride = 1;
  for (int i = t->rank; i-- > 0; stride *= t->shape[i])
    if (t->shape[i] != 1) r = emit_lane_add(e, r, emit_lane_times(e, at[i], stride));
  return r;
}

/* (x / 2^shift) % size, which is a power of two; `top`: x is below 2^shift * size. */
static Lane digit(Emitter *e, Lane x, int shift, int64_t size, bool top) {
  static const Type i32 = {.kind = TYPE_INT, .bits = 32};
  const VectorLoop loop = emit_vector_loop(e);
  const LaneForm form = emit_lane_form(x);
  int depth = max_int(x.depth, e->inner);
  switch (cpu_digit_form(&loop, &form, shift, size)) {
  case DIGIT_UNIFORM: break;
  case DIGIT_FIRST:
    emit_at(e, depth);
    x = emit_lane_uniform(LLVMBuildAdd(e->b, x.v, e->index32, ""), depth);
    break;
  case DIGIT_AFFINE: {
    emit_at(e, depth);
    LLVMValueRef at = LLVMBuildAdd(e->b, x.v, e->index32, "");
    if (!top) at = LLVMBuildAnd(e->b, at, emit_int(e->i32, size - 1), "");
    return (Lane){.kind = LANE_AFFINE, .depth = depth, .v = LLVMBuildSub(e->b, at, e->index32, ""), .step = x.step};
  }
  case DIGIT_VECTOR:
    x = (Lane){.kind = LANE_VECTOR, .depth = emit_lane_vector_depth(e, x), .v = emit_lane_vector(e, x, (Type *)&i32)};
  }
  int lanes = x.kind == LANE_VECTOR ? e->lanes : 1;
  emit_at(e, x.depth);
  if (shift) x.v = LLVMBuildLShr(e->b, x.v, emit_splat(e, emit_int(e->i32, shift), lanes), "");
  if (!top) x.v = LLVMBuildAnd(e->b, x.v, emit_splat(e, emit_int(e->i32, size - 1), lanes), "");
  return x;
}

static void reshape_at(Emitter *e, const Op *op, const Lane *at, Lane *out) {
  const Type *from = ir_operand(op, 0)->type, *to = op->results[0].type;
  if (ir_reshape_trivial(op)) {
    for (int i = 0, j = 0; i < from->rank; i++) {
      out[i] = emit_lane_zero(e);
      if (from->shape[i] == 1) continue;
      while (to->shape[j] == 1) j++;
      out[i] = at[j++];
    }
    return;
  }
  Lane n = linear(e, to, at);
  int shift = 0;
  for (int i = from->rank; i-- > 0;) {
    bool top = true;
    for (int j = 0; j < i; j++) top = top && from->shape[j] == 1;
    out[i] = from->shape[i] == 1 ? emit_lane_zero(e) : digit(e, n, shift, from->shape[i], top);
    shift += log2_of(from->shape[i]);
  }
}

bool emit_lane_operand_at(Emitter *e, const Op *op, int i, const Lane *at, Lane *out) {
  const Value *x = ir_operand(op, i);
  int rank = x->type->rank;
  switch (op->code) {
  case OP_EXPAND_DIMS: {
    int axis = (int)ir_attr_int_or(op, "axis", 0);
    for (int d = 0; d < rank; d++) out[d] = at[d < axis ? d : d + 1];
    return true;
  }
  case OP_BROADCAST:
    for (int d = 0; d < rank; d++) out[d] = x->type->shape[d] == 1 ? emit_lane_zero(e) : at[d];
    return true;
  case OP_TRANS: {
    Attr *order = ir_attr(op, "order");
    for (int d = 0; d < rank; d++) out[order->ints[d]] = at[d];
    return true;
  }
  case OP_RESHAPE: reshape_at(e, op, at, out); return true;
  case OP_JOIN:
    for (int d = 0; d < rank; d++) out[d] = at[d];
    return true;
  case OP_SPLAT: return true;
  default:
    if (!(ir_info(op)->traits & T_ELEMENTWISE) && op->code != OP_LOAD && op->code != OP_MAP_ELEMENTWISE) return false;
    if (ir_is_tensor(x->type))
      for (int d = 0; d < rank; d++) out[d] = at[d];
    return true;
  }
}

/* ---- elementwise ------------------------------------------------------------------------------------------------- */

/* One op on elements, at a level; what branches belongs to the innermost one. */
static LLVMValueRef element_at(Emitter *e, Op *op, LLVMValueRef *in, int lanes, int *depth) {
  bool branches = op->code == OP_MAP_ELEMENTWISE && emit_element_branches(op);
  if (branches) *depth = e->depth;
  emit_at(e, *depth);
  LLVMValueRef v = emit_element_op(e, op, in, lanes);
  if (branches) e->levels[e->depth].block = LLVMGetInsertBlock(e->b);
  return v;
}

static Lane in_vectors(Emitter *e, Op *op, Lane *in) {
  LLVMValueRef *v = NEWN(e->cx, LLVMValueRef, op->noperands + 1);
  Lane r = {.kind = LANE_VECTOR};
  for (int i = 0; i < op->noperands; i++) {
    r.depth = max_int(r.depth, emit_lane_vector_depth(e, in[i]));
    v[i] = emit_lane_vector(e, in[i], ir_elem(ir_operand(op, i)->type));
  }
  r.v = element_at(e, op, v, e->lanes, &r.depth);
  return r;
}

static Lane in_scalars(Emitter *e, Op *op, Lane *in) {
  LLVMValueRef *v = NEWN(e->cx, LLVMValueRef, op->noperands + 1);
  int depth = 0;
  for (int i = 0; i < op->noperands; i++) {
    depth = max_int(depth, in[i].depth);
    v[i] = in[i].v;
  }
  LLVMValueRef r = element_at(e, op, v, 1, &depth);
  return emit_lane_uniform(r, depth);
}

/* A comparison of two that move alike: of their bases. */
static Lane compare_bases(Emitter *e, const Op *op, const Lane *in, int depth) {
  LLVMValueRef bases[2] = {in[0].v, in[1].v};
  emit_at(e, depth);
  return emit_lane_uniform(emit_element_op(e, op, bases, 1), depth);
}

static LLVMValueRef step_difference(Emitter *e, LLVMValueRef a, LLVMValueRef b) {
  if (!b) return a;
  return a ? LLVMBuildSub(e->b, a, b, "") : LLVMBuildNeg(e->b, b, "");
}

/* Bases and steps, each for itself. */
static Lane in_steps(Emitter *e, const Op *op, const Lane *in, int depth) {
  Lane a = in[0], b = op->noperands > 1 ? in[1] : in[0], r = {.kind = LANE_AFFINE, .depth = depth};
  LLVMTypeRef t = emit_element_type(e, ir_elem(op->results[0].type));
  emit_at(e, depth);
  switch (op->code) {
  case OP_ADDI: return emit_lane_add(e, a, b);
  case OP_SUBI:
    r.v = LLVMBuildSub(e->b, a.v, b.v, "");
    r.step = step_difference(e, a.step, b.step);
    return r;
  case OP_MULI:
    r.v = LLVMBuildMul(e->b, a.v, b.v, "");
    r.step = a.step ? LLVMBuildMul(e->b, a.step, b.v, "") : LLVMBuildMul(e->b, b.step, a.v, "");
    return r;
  case OP_SHLI:
    r.v = LLVMBuildShl(e->b, a.v, b.v, "");
    r.step = LLVMBuildShl(e->b, a.step, b.v, "");
    return r;
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_INDEX_CAST:
    r.v = op->code == OP_EXTUI ? LLVMBuildZExt(e->b, a.v, t, "") : LLVMBuildIntCast2(e->b, a.v, t, true, "");
    r.step = LLVMBuildIntCast2(e->b, a.step, t, true, "");
    return r;
  case OP_TRUNCI:
    r.v = LLVMBuildTrunc(e->b, a.v, t, "");
    r.step = LLVMBuildTrunc(e->b, a.step, t, "");
    return r;
  case OP_ADDPTR: {
    LLVMValueRef offset = cast_int(e, b.v, e->i64, true), step = b.step ? cast_int(e, b.step, e->i64, true) : NULL;
    r.v = LLVMBuildGEP2(e->b, emit_memory_type(e, ir_elem(op->results[0].type)->elem), a.v, &offset, 1, "");
    r.step = !step ? a.step : !a.step ? step : LLVMBuildAdd(e->b, a.step, step, "");
    return r;
  }
  default: return a; /* a cast of pointers */
  }
}

/* a / b for a scalar b that the loop does not change (emit_float.c). It branches, so it belongs to the innermost level. */
static Lane divide_by_scalar(Emitter *e, const Lane *in) {
  Lane r = {.kind = LANE_VECTOR, .depth = e->depth};
  emit_at(e, in[1].depth);
  LLVMValueRef inverse, usual;
  emit_float_inverse(e, in[1].v, &inverse, &usual);
  emit_at(e, e->depth);
  r.v = emit_float_divide_by(e, in[0].v, in[1].v, inverse, usual, e->lanes);
  e->levels[e->depth].block = LLVMGetInsertBlock(e->b);
  return r;
}

/* a / b or a % b for integers a within 32 bits and a scalar b, which is prepared where it is known. */
static Lane divide_int_by_scalar(Emitter *e, const Op *op, const Lane *in) {
  const Value *x = ir_operand(op, 0);
  Lane r = {.kind = LANE_VECTOR, .depth = max_int(emit_lane_vector_depth(e, in[0]), in[1].depth)};
  LLVMValueRef a = emit_lane_vector(e, in[0], ir_elem(x->type));
  emit_at(e, in[1].depth);
  IntDivisor by = emit_int_divisor(e, in[1].v, index_of(emit_vector_loop(e).index, x)->lo);
  emit_at(e, r.depth);
  r.v = emit_int_divide_by(e, op->code == OP_REMSI, a, &by, e->lanes);
  return r;
}

static Lane eval_elementwise(Emitter *e, Op *op, const Lane *at) {
  Lane *in = NEWN(e->cx, Lane, op->noperands + 2);
  LaneForm *forms = NEWN(e->cx, LaneForm, op->noperands + 2);
  for (int i = 0; i < op->noperands; i++) {
    in[i] = emit_lane_eval(e, ir_operand(op, i), at);
    forms[i] = emit_lane_form(in[i]);
  }
  const VectorLoop loop = emit_vector_loop(e);
  const char *predicate = ir_attr_text_or(op, "predicate", "");
  int depth = max_int(in[0].depth, op->noperands > 1 ? in[1].depth : 0);
  switch (cpu_element_form(&loop, op, forms)) {
  case ELEMENT_SCALARS: return in_scalars(e, op, in);
  case ELEMENT_AFFINE: return in_steps(e, op, in, depth);
  case ELEMENT_FIRST: return in[0];
  case ELEMENT_BASES: return compare_bases(e, op, in, depth);
  case ELEMENT_RANGE: return emit_compare_range(e, predicate, in[0].v, in[1].v, e->extent, depth);
  case ELEMENT_RANGE_SWAPPED:
    return emit_compare_range(e, ir_predicate(OP_CMPI, predicate)->swapped, in[1].v, in[0].v, e->extent, depth);
  case ELEMENT_MEET:
    return in[0].kind == LANE_RANGE ? emit_range_and(e, in[0], in[1]) : emit_range_and(e, in[1], in[0]);
  case ELEMENT_QUOTIENT: return divide_by_scalar(e, in);
  case ELEMENT_INT_QUOTIENT: return divide_int_by_scalar(e, op, in);
  case ELEMENT_VECTORS: break;
  }
  return in_vectors(e, op, in);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

static Lane eval_range(Emitter *e, Op *op, const Lane *at) {
  int64_t start = ir_attr_int_or(op, "start", 0);
  return emit_lane_add(e, at[0], emit_lane_uniform(emit_int(e->i32, start), 0));
}

static Lane choose_lane(Emitter *e, Lane c, Lane yes, Lane no, Type *elem) {
  if (c.kind == LANE_UNIFORM && LLVMIsAConstantInt(c.v)) return LLVMConstIntGetZExtValue(c.v) ? yes : no;
  Lane r = {.kind = LANE_VECTOR,
            .depth = max_int(emit_lane_vector_depth(e, c),
                             max_int(emit_lane_vector_depth(e, yes), emit_lane_vector_depth(e, no)))};
  if (c.kind == LANE_UNIFORM && yes.kind == LANE_UNIFORM && no.kind == LANE_UNIFORM) r.kind = LANE_UNIFORM;
  LLVMValueRef v[3] = {c.v, yes.v, no.v};
  if (r.kind == LANE_VECTOR) {
    static const Type i1 = {.kind = TYPE_INT, .bits = 1};
    v[0] = emit_lane_vector(e, c, (Type *)&i1);
    v[1] = emit_lane_vector(e, yes, elem);
    v[2] = emit_lane_vector(e, no, elem);
  }
  emit_at(e, r.depth);
  r.v = LLVMBuildSelect(e->b, v[0], v[1], v[2], "");
  return r;
}

static Lane compare_with(Emitter *e, LLVMIntPredicate p, Lane x, int64_t k) {
  static const Type i32 = {.kind = TYPE_INT, .bits = 32};
  int lanes = x.kind == LANE_UNIFORM ? 1 : e->lanes;
  Lane r = {.kind = x.kind == LANE_UNIFORM ? LANE_UNIFORM : LANE_VECTOR,
            .depth = x.kind == LANE_UNIFORM ? x.depth : emit_lane_vector_depth(e, x)};
  LLVMValueRef v = x.kind == LANE_UNIFORM ? x.v : emit_lane_vector(e, x, (Type *)&i32);
  emit_at(e, r.depth);
  r.v = LLVMBuildICmp(e->b, p, v, emit_splat(e, emit_int(e->i32, k), lanes), "");
  return r;
}

/* cat: the first tensor's elements, then the second's. Both are evaluated, at coordinates that exist. */
static Lane eval_cat(Emitter *e, Op *op, const Lane *at) {
  Lane a[MAX_RANK], b[MAX_RANK];
  int64_t n = ir_operand(op, 0)->type->shape[0];
  for (int i = 0; i < op->results[0].type->rank; i++) a[i] = b[i] = at[i];
  Lane first = compare_with(e, LLVMIntSLT, at[0], n),
       back = emit_lane_add(e, at[0], emit_lane_uniform(emit_int(e->i32, -n), 0));
  static const Type i32 = {.kind = TYPE_INT, .bits = 32};
  Lane zero = emit_lane_zero(e);
  a[0] = choose_lane(e, first, at[0], zero, (Type *)&i32);
  b[0] = choose_lane(e, first, zero, back, (Type *)&i32);
  Lane x = emit_lane_eval(e, ir_operand(op, 0), a), y = emit_lane_eval(e, ir_operand(op, 1), b);
  return choose_lane(e, first, x, y, op->results[0].type->elem);
}

static Lane eval_gather(Emitter *e, Op *op, const Lane *at) {
  Lane from[MAX_RANK];
  Value *src = ir_operand(op, 0), *indices = ir_operand(op, 1);
  for (int i = 0; i < src->type->rank; i++) from[i] = at[i];
  Lane index = emit_lane_eval(e, indices, at);
  if (indices->type->elem->bits != 32) {
    int lanes = index.kind == LANE_UNIFORM ? 1 : e->lanes;
    Lane r = {.kind = index.kind == LANE_UNIFORM ? LANE_UNIFORM : LANE_VECTOR,
              .depth = index.kind == LANE_UNIFORM ? index.depth : emit_lane_vector_depth(e, index)};
    LLVMValueRef v = lanes == 1 ? index.v : emit_lane_vector(e, index, indices->type->elem);
    emit_at(e, r.depth);
    r.v = LLVMBuildIntCast2(e->b, v, emit_wide(e->i32, lanes), true, "");
    index = r;
  }
  from[ir_attr_int_or(op, "axis", 0)] = index;
  return emit_slot_read(e, emit_slot(e, src), src->type, from);
}

static Lane eval_split(Emitter *e, const Value *v, const Lane *at) {
  Value *src = ir_operand(v->op, 0);
  Lane from[MAX_RANK];
  for (int i = 0; i < v->type->rank; i++) from[i] = at[i];
  from[v->type->rank] = emit_lane_uniform(emit_int(e->i32, v->index), 0);
  return emit_lane_eval(e, src, from);
}

static Lane eval_join(Emitter *e, Op *op, const Lane *at) {
  Lane second = compare_with(e, LLVMIntNE, at[op->results[0].type->rank - 1], 0);
  if (second.kind == LANE_UNIFORM && LLVMIsAConstantInt(second.v))
    return emit_lane_eval(e, ir_operand(op, LLVMConstIntGetZExtValue(second.v) ? 1 : 0), at);
  Lane a = emit_lane_eval(e, ir_operand(op, 0), at), b = emit_lane_eval(e, ir_operand(op, 1), at);
  return choose_lane(e, second, b, a, op->results[0].type->elem);
}

/* A constant with different elements: an array in the module. */
static Lane eval_dense(Emitter *e, Value *v, const Attr *a, const Lane *at) {
  int64_t n = ir_numel(v->type);
  LLVMTypeRef t = emit_memory_type(e, v->type->elem);
  LLVMValueRef *all = NEWN(e->cx, LLVMValueRef, n);
  for (int64_t i = 0; i < n; i++) {
    all[i] = emit_element_const(e, v->type->elem, a->items[i]);
    if (LLVMTypeOf(all[i]) != t) all[i] = LLVMConstInt(t, LLVMConstIntGetZExtValue(all[i]), false);
  }
  LLVMValueRef g = code_of(v)->scalar;
  if (!g) {
    g = LLVMAddGlobal(e->module, LLVMArrayType2(t, (uint64_t)n), "constant");
    LLVMSetInitializer(g, LLVMConstArray2(t, all, (uint64_t)n));
    LLVMSetGlobalConstant(g, true);
    LLVMSetLinkage(g, LLVMPrivateLinkage);
    code_of(v)->scalar = g;
  }
  return emit_array_read(e, g, v->type, at, 0);
}

static Lane eval_load(Emitter *e, const Op *op, const Lane *at) {
  Value *mask = cpu_access_mask(op), *other = cpu_access_other(op);
  Pointers p = emit_memory_pointers(e, op, emit_lane_eval(e, ir_operand(op, 0), at));
  const VectorLoop loop = emit_vector_loop(e);
  if (!mask) return emit_memory_read(e, op, &p, 0);
  if (!cpu_is_masked(&loop, op)) return emit_memory_read(e, op, &p, e->depth); /* where that is known */
  Lane m = emit_lane_eval(e, mask, at);
  if (emit_lane_is_true(e, m)) return emit_memory_read(e, op, &p, 0);
  LLVMValueRef zero = LLVMConstNull(emit_element_type(e, op->results[0].type->elem));
  return emit_memory_read_masked(e, op, &p, m, other ? emit_lane_eval(e, other, at) : emit_lane_uniform(zero, 0));
}

/* An affine lane (of coordinates, integers or pointers) where the innermost loop is at `by` times its index from `v`. */
static LLVMValueRef moved_by_index(Emitter *e, LLVMValueRef v, const Type *elem, int64_t by, int depth) {
  LLVMTypeRef t = ir_is_ptr(elem) ? e->i64 : LLVMTypeOf(v);
  emit_at(e, depth);
  LLVMValueRef index = cast_int(e, e->index64, t, true), moved = LLVMBuildMul(e->b, index, emit_int(t, by), "");
  if (!ir_is_ptr(elem)) return LLVMBuildAdd(e->b, v, moved, "");
  return LLVMBuildGEP2(e->b, emit_memory_type(e, elem->elem), v, &moved, 1, "");
}

/* A value that moves evenly: its element at a coordinate, and the step. The coordinate has to be one of the tensor's. Where
 * the loop begins is one, and is preferred since the loop does not change it; a lane that the loop's body made (digit) may
 * be none there, so it is taken where the vector begins; as it is where each vector is a run of its own. */
static Lane eval_evenly(Emitter *e, Value *v, const Lane *at, EvenForm form) {
  static const Type i32 = {.kind = TYPE_INT, .bits = 32};
  const Type *elem = v->type->elem;
  Lane from[MAX_RANK], moving = at[form.moving];
  bool made_inside = form.in_runs || (moving.depth >= e->inner && e->index64);
  int depth = form.in_runs ? max_int(moving.depth, e->inner) : moving.depth;
  for (int d = 0; d < v->type->rank; d++) from[d] = at[d];
  LLVMValueRef first = moving.v;
  if (made_inside) first = moved_by_index(e, first, &i32, LLVMConstIntGetSExtValue(moving.step), depth);
  from[form.moving] = emit_lane_uniform(first, depth);
  Lane r = emit_lane_eval(e, v, from);
  if (!form.step) return r;
  if (made_inside) {
    r.depth = max_int(r.depth, depth);
    r.v = moved_by_index(e, r.v, elem, -form.step, r.depth);
  }
  r.kind = LANE_AFFINE;
  r.step = emit_int(ir_is_ptr(elem) ? e->i64 : emit_element_type(e, elem), form.step);
  return r;
}

static EvenForm even_form(Emitter *e, const Value *v, const Lane *at) {
  const VectorLoop loop = emit_vector_loop(e);
  LaneForm forms[MAX_RANK];
  for (int d = 0; d < v->type->rank; d++) forms[d] = emit_lane_form(at[d]);
  return cpu_even_form(&loop, v, forms);
}

/* What `load` reads CPU_AHEAD bytes of elements later: beyond the tile's end that is what the next program reads. */
static void fetch_ahead(Emitter *e, const Op *load, const Lane *at) {
  Value *ptr = ir_operand(load, 0);
  int64_t bytes = ir_elem_bytes(ptr->type->elem->elem);
  int last = ptr->type->rank - 1;
  const VectorLoop loop = emit_vector_loop(e);
  const LaneForm form = emit_lane_form(at[last]);
  if (!e->index64 || !cpu_is_aligned(&loop, &form)) return;
  Lane from[MAX_RANK];
  for (int d = 0; d < last; d++) from[d] = at[d];
  static const Type i32 = {.kind = TYPE_INT, .bits = 32};
  int depth = max_int(at[last].depth, e->inner);
  LLVMValueRef first = moved_by_index(e, at[last].v, &i32, 1, depth);
  from[last] = emit_lane_uniform(LLVMBuildAdd(e->b, first, emit_int(e->i32, CPU_AHEAD / bytes), ""), depth);
  Lane p = emit_lane_eval(e, ptr, from);
  if (p.kind != LANE_UNIFORM) return;
  emit_at(e, e->depth);
  emit_prefetch(e, p.v, emit_int(e->i64, 0), e->lanes * bytes);
}

static Lane eval_op(Emitter *e, Value *v, const Lane *at) {
  Op *op = v->op;
  Lane from[MAX_RANK];
  EvenForm even = even_form(e, v, at);
  if (even.moving >= 0) return eval_evenly(e, v, at, even);
  if (op->code == OP_LOAD && e->nest && map_has(&e->nest->ahead, op)) fetch_ahead(e, op, at);
  switch (op->code) {
  case OP_CONSTANT: {
    Attr *a = ir_const_value(v);
    if (a->kind == ATTR_DENSE) return eval_dense(e, v, a, at);
    return emit_lane_uniform(emit_element_const(e, v->type->elem, a), 0);
  }
  case OP_POISON: return emit_lane_uniform(LLVMConstNull(emit_element_type(e, v->type->elem)), 0);
  case OP_SPLAT: return emit_lane_uniform(code_of(ir_operand(op, 0))->scalar, 0);
  case OP_MAKE_RANGE: return eval_range(e, op, at);
  case OP_RESHAPE: {
    Value *src = ir_operand(op, 0);
    if (cpu_is_stored(src) && !ir_reshape_trivial(op)) return emit_slot_read(e, emit_slot(e, src), v->type, at);
    reshape_at(e, op, at, from);
    return emit_lane_eval(e, src, from);
  }
  case OP_EXPAND_DIMS:
  case OP_BROADCAST:
  case OP_TRANS: emit_lane_operand_at(e, op, 0, at, from); return emit_lane_eval(e, ir_operand(op, 0), from);
  case OP_JOIN: return eval_join(e, op, at);
  case OP_SPLIT: return eval_split(e, v, at);
  case OP_CAT: return eval_cat(e, op, at);
  case OP_GATHER: return eval_gather(e, op, at);
  case OP_LOAD: return eval_load(e, op, at);
  default:
    if ((ir_info(op)->traits & T_ELEMENTWISE) || op->code == OP_MAP_ELEMENTWISE) return eval_elementwise(e, op, at);
    return emit_lane_uniform(emit_unplanned(emit_element_type(e, v->type->elem)), 0);
  }
}

/* Evaluate what `root` is made of at `root_at`, operands first, through ops that only pass on the coordinates. */
static void eval_operands(Emitter *e, Value *root, const Lane *root_at) {
  typedef struct Point {
    Value *v;
    const Lane *at;
    int next; /* operand */
  } Point;
  Vec(Point) work = {0};
  vec_push(e->cx, &work, ((Point){root, root_at, 0}));
  while (work.len) {
    Point *p = &work.at[work.len - 1];
    Op *op = p->v->op;
    bool plain = op->code != OP_RESHAPE || ir_reshape_trivial(op);
    if (!plain || p->next == op->noperands) {
      Point done = *p;
      if (--work.len) emit_lane_eval(e, done.v, done.at);
      continue;
    }
    int i = p->next++;
    Value *x = ir_operand(op, i);
    Lane from[MAX_RANK];
    if (!ir_is_tensor(x->type) || cpu_is_stored(x) || !emit_lane_operand_at(e, op, i, p->at, from)) continue;
    if (recall(e, x, from)) continue;
    vec_push(e->cx, &work, ((Point){x, ctx_copy(e->cx, from, sizeof *from * (size_t)x->type->rank), 0}));
  }
}

Lane emit_lane_define(Emitter *e, Value *v, const Lane *at) {
  const Lane *known = recall(e, v, at);
  if (known) return *known;
  Lane r = eval_op(e, v, at);
  emit_lane_remember(e, v, at, r);
  return r;
}

Lane emit_lane_eval(Emitter *e, Value *v, const Lane *at) {
  enum { DEEP = 40 };
  if (!ir_is_tensor(v->type)) return emit_lane_uniform(code_of(v)->scalar, 0);
  const Lane *known = recall(e, v, at);
  if (known) return *known;
  Lane r;
  /* The nest that fills a slot does not read it: a second version of its loops finds the slot there, but empty. */
  if (cpu_is_stored(v) && code_of(v)->slot && !cpu_is_expression(e->nest, v)) {
    r = emit_slot_read(e, code_of(v)->slot, v->type, at);
  } else {
    if (++e->nesting > DEEP) eval_operands(e, v, at);
    r = eval_op(e, v, at);
    e->nesting--;
  }
  if (r.depth > e->depth) r.depth = e->depth;
  emit_lane_remember(e, v, at, r);
  return r;
}
