/* verify_types.c: the type rules of the ops: what is elementwise by a table of element classes, the rest by a rule
 * each. */
#include "ir/verify.h"

#include <string.h>

/* ---- small questions --------------------------------------------------------------------------------------------- */

static int rank_of(const Type *t) { return ir_is_tensor(t) ? t->rank : 0; }

static bool expect_shape(Verifier *v, const Op *op, const Type *t, int rank, const int64_t *shape, const char *what) {
  bool fits = rank_of(t) == rank;
  for (int i = 0; fits && i < rank; i++) fits = t->shape[i] == shape[i];
  if (fits) return true;
  Buf b = {.cx = v->cx};
  for (int i = 0; i < rank; i++) buf_printf(&b, i ? "x%lld" : "%lld", (long long)shape[i]);
  return ir_wrong(v, op, "%s is of type %s, but its shape should be %s", what, text(v, t),
                  rank ? b.s : "that of a scalar");
}

static bool expect_elem(Verifier *v, const Op *op, const Type *a, Type *b_elem, const char *what) {
  if (ir_elem((Type *)a) == b_elem) return true;
  return ir_wrong(v, op, "%s has elements of type %s, not %s", what, text(v, ir_elem((Type *)a)), text(v, b_elem));
}

/* ---- elementwise ops --------------------------------------------------------------------------------------------- */

/* Element classes of operands and result: i integer, f float, p pointer, x integer or index, * any. `width`: the
 * result's elements are < narrower, > wider, = as wide. */
static const struct Classes {
  Opcode first, last; /* a range of opcodes */
  char from, to, width;
} classes[] = {
    {OP_ADDI, OP_MINUI, 'x', 'x', '='},
    {OP_ADDF, OP_MINIMUMF, 'f', 'f', '='},
    {OP_CMPI, OP_CMPI, 'q', 'i', 0},
    {OP_CMPF, OP_CMPF, 'f', 'i', 0},
    {OP_EXTSI, OP_EXTUI, 'i', 'i', '>'},
    {OP_TRUNCI, OP_TRUNCI, 'i', 'i', '<'},
    {OP_EXTF, OP_EXTF, 'f', 'f', '>'},
    {OP_TRUNCF, OP_TRUNCF, 'f', 'f', '<'},
    {OP_SITOFP, OP_UITOFP, 'i', 'f', 0},
    {OP_FPTOSI, OP_FPTOUI, 'f', 'i', 0},
    {OP_BITCAST, OP_BITCAST, 'n', 'n', '='},
    {OP_INDEX_CAST, OP_INDEX_CAST, 'x', 'x', 0},
    {OP_EXP, OP_ABSF, 'f', 'f', '='},
    {OP_ABSI, OP_ABSI, 'i', 'i', '='},
    {OP_FMA, OP_FMA, 'f', 'f', '='},
    {OP_TT_BITCAST, OP_TT_BITCAST, '*', '*', '='},
    {OP_INT_TO_PTR, OP_INT_TO_PTR, 'i', 'p', '='},
    {OP_PTR_TO_INT, OP_PTR_TO_INT, 'p', 'i', '='},
    {OP_FP_TO_FP, OP_FP_TO_FP, 'f', 'f', 0},
    {OP_CLAMPF, OP_PRECISE_DIVF, 'f', 'f', '='},
    {OP_MULHIUI, OP_MULHIUI, 'i', 'i', '='},
};

static bool in_class(char c, const Type *elem) {
  switch (c) {
  case 'i': return elem->kind == TYPE_INT;
  case 'f': return elem->kind == TYPE_FLOAT;
  case 'p': return elem->kind == TYPE_PTR;
  case 'x': return elem->kind == TYPE_INT || elem->kind == TYPE_INDEX;
  case 'q': return elem->kind == TYPE_INT || elem->kind == TYPE_INDEX || elem->kind == TYPE_PTR;
  case 'n': return elem->kind == TYPE_INT || elem->kind == TYPE_FLOAT;
  default: return true;
  }
}

static const char *class_name(char c) {
  switch (c) {
  case 'i':
  case 'x':
  case 'q': return "an integer";
  case 'f': return "a floating-point number";
  case 'p': return "a pointer";
  default: return "a number";
  }
}

static int width_of(const Type *t) { return t->kind == TYPE_INT || t->kind == TYPE_FLOAT ? t->bits : 64; }

static bool check_classes(Verifier *v, const Op *op, const struct Classes *c) {
  const Type *to = ir_elem(result_type(op, 0)), *from = ir_elem(operand_type(op, 0));
  for (int i = 0; i < op->noperands; i++)
    if (!in_class(c->from, ir_elem(operand_type(op, i))))
      return ir_wrong(v, op, "operand %d is of type %s, not %s", i, text(v, operand_type(op, i)), class_name(c->from));
  if (!in_class(c->to, to)) return ir_wrong(v, op, "the result is of type %s, not %s", text(v, to), class_name(c->to));
  int a = width_of(from), b = width_of(to);
  if ((c->width == '<' && b >= a) || (c->width == '>' && b <= a) || (c->width == '=' && a != b))
    return ir_wrong(v, op, "from %s to %s is not %s", text(v, from), text(v, to),
                    c->width == '<'   ? "narrower"
                    : c->width == '>' ? "wider"
                                      : "of equal width");
  return true;
}

static bool check_elementwise(Verifier *v, const Op *op) {
  if (!op->nresults || !op->noperands) return true;
  const Type *shape = result_type(op, 0);
  for (int i = op->code == OP_SELECT; i < op->noperands; i++)
    if (!same_place(operand_type(op, i), shape))
      return ir_wrong(v, op, "operand %d is of type %s, which does not go with the result's %s", i,
                      text(v, operand_type(op, i)), text(v, shape));
  for (int i = 1; i < op->nresults; i++)
    if (!same_place(result_type(op, i), shape)) return ir_wrong(v, op, "its results differ in shape");
  if (!ir_has(op, T_SAME_TYPE)) return true;
  for (int i = 0; i < op->noperands && op->code != OP_ADDPTR; i++)
    if (operand_type(op, i) != shape)
      return ir_wrong(v, op, "operand %d is of type %s, not %s", i, text(v, operand_type(op, i)), text(v, shape));
  return true;
}

static bool rule_cmp(Verifier *v, const Op *op) {
  if (operand_type(op, 0) != operand_type(op, 1))
    return ir_wrong(v, op, "%s is compared with %s", text(v, operand_type(op, 0)), text(v, operand_type(op, 1)));
  return expect_elem(v, op, result_type(op, 0), ir_int(v->cx, 1), "the result");
}

static bool rule_select(Verifier *v, const Op *op) {
  const Type *condition = operand_type(op, 0), *result = result_type(op, 0);
  if (!is_i1(ir_elem((Type *)condition)) || (ir_is_tensor(condition) && !same_place(condition, result)))
    return ir_wrong(v, op, "the condition is of type %s, neither i1 nor a tensor of i1 shaped like %s",
                    text(v, condition), text(v, result));
  return expect(v, op, "operand 1", operand_type(op, 1), result) &&
         expect(v, op, "operand 2", operand_type(op, 2), result);
}

static bool rule_addptr(Verifier *v, const Op *op) {
  if (!ir_is_ptr(ir_elem(operand_type(op, 0))))
    return ir_wrong(v, op, "operand 0 is of type %s, not a pointer", text(v, operand_type(op, 0)));
  if (!ir_is_int(ir_elem(operand_type(op, 1))))
    return ir_wrong(v, op, "the offset is of type %s, not an integer", text(v, operand_type(op, 1)));
  return expect(v, op, "the result", result_type(op, 0), operand_type(op, 0));
}

/* ---- constants and indices --------------------------------------------------------------------------------------- */

static bool rule_constant(Verifier *v, const Op *op) {
  const Attr *a = ir_attr(op, "value");
  if (!a->type) return ir_wrong(v, op, "its value is neither a number nor dense");
  return expect(v, op, "the value", a->type, result_type(op, 0));
}

static bool rule_i32(Verifier *v, const Op *op) {
  return expect(v, op, "the result", result_type(op, 0), ir_int(v->cx, 32));
}

static bool rule_make_range(Verifier *v, const Op *op) {
  const Type *t = result_type(op, 0);
  const Attr *start = ir_attr(op, "start"), *end = ir_attr(op, "end");
  if (!start || !end || start->kind != ATTR_INT || end->kind != ATTR_INT)
    return ir_wrong(v, op, "attributes 'start' and 'end' are missing");
  int64_t n = end->integer - start->integer;
  if (n <= 0)
    return ir_wrong(v, op, "the range from %lld to %lld is empty", (long long)start->integer, (long long)end->integer);
  return expect_shape(v, op, t, 1, &n, "the result") && expect_elem(v, op, t, ir_int(v->cx, 32), "the result");
}

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

static bool rule_splat(Verifier *v, const Op *op) {
  return expect_tensor(v, op, "the result", result_type(op, 0)) &&
         expect(v, op, "the operand", operand_type(op, 0), result_type(op, 0)->elem);
}

static bool rule_unsplat(Verifier *v, const Op *op) {
  const Type *t = operand_type(op, 0);
  if (!expect_tensor(v, op, "the operand", t)) return false;
  if (ir_numel(t) != 1) return ir_wrong(v, op, "%s has more than one element", text(v, t));
  return expect(v, op, "the result", result_type(op, 0), t->elem);
}

static int64_t axis_of(const Op *op) { return ir_attr_int_or(op, "axis", -1); }

static bool rule_expand_dims(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  int64_t axis = axis_of(op), shape[IR_MAX_RANK];
  if (!expect_tensor(v, op, "the operand", from)) return false;
  if (axis < 0 || axis > from->rank || from->rank >= IR_MAX_RANK)
    return ir_wrong(v, op, "axis %lld is out of range for %s", (long long)axis, text(v, from));
  for (int i = 0, k = 0; i <= from->rank; i++) shape[i] = i == axis ? 1 : from->shape[k++];
  return expect_shape(v, op, to, from->rank + 1, shape, "the result") &&
         expect_elem(v, op, to, from->elem, "the result");
}

static bool rule_broadcast(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  bool fits = ir_is_tensor(from) && ir_is_tensor(to) && from->rank == to->rank && from->elem == to->elem;
  for (int i = 0; fits && i < from->rank; i++) fits = from->shape[i] == to->shape[i] || from->shape[i] == 1;
  return fits || ir_wrong(v, op, "%s cannot be broadcast to %s", text(v, from), text(v, to));
}

static bool rule_reshape(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  bool fits = ir_is_tensor(from) && ir_is_tensor(to) && from->elem == to->elem && ir_numel(from) == ir_numel(to);
  return fits || ir_wrong(v, op, "%s and %s do not have the same elements", text(v, from), text(v, to));
}

static bool rule_trans(Verifier *v, const Op *op) {
  const Type *from = operand_type(op, 0), *to = result_type(op, 0);
  const Attr *order = ir_attr(op, "order");
  if (!expect_tensor(v, op, "the operand", from)) return false;
  if (!order || order->kind != ATTR_INTS || order->n != from->rank || from->rank >= IR_MAX_RANK)
    return ir_wrong(v, op, "attribute 'order' does not name the %d dimensions of %s", from->rank, text(v, from));
  unsigned seen = 0;
  int64_t shape[IR_MAX_RANK];
  for (int i = 0; i < order->n; i++) {
    int64_t d = order->ints[i];
    if (d < 0 || d >= from->rank || (seen & 1u << d)) return ir_wrong(v, op, "attribute 'order' is not a permutation");
    seen |= 1u << d;
    shape[i] = from->shape[d];
  }
  return expect_shape(v, op, to, from->rank, shape, "the result") && expect_elem(v, op, to, from->elem, "the result");
}

static bool joined(Verifier *v, const Op *op, const Type *half, const Type *whole, const char *what) {
  int64_t shape[IR_MAX_RANK];
  int rank = rank_of(half);
  if (rank >= IR_MAX_RANK - 1) return ir_wrong(v, op, "too many dimensions");
  for (int i = 0; i < rank; i++) shape[i] = half->shape[i];
  shape[rank] = 2;
  return expect_shape(v, op, whole, rank + 1, shape, what) && expect_elem(v, op, whole, ir_elem((Type *)half), what);
}

static bool rule_join(Verifier *v, const Op *op) {
  return expect_tensor(v, op, "operand 0", operand_type(op, 0)) &&
         expect(v, op, "operand 1", operand_type(op, 1), operand_type(op, 0)) &&
         joined(v, op, operand_type(op, 0), result_type(op, 0), "the result");
}

static bool rule_split(Verifier *v, const Op *op) {
  return expect(v, op, "result 1", result_type(op, 1), result_type(op, 0)) &&
         joined(v, op, result_type(op, 0), operand_type(op, 0), "the operand");
}

static bool rule_cat(Verifier *v, const Op *op) {
  const Type *a = operand_type(op, 0), *b = operand_type(op, 1), *r = result_type(op, 0);
  if (!expect_tensor(v, op, "operand 0", a) || !expect_tensor(v, op, "operand 1", b) ||
      !expect_tensor(v, op, "the result", r))
    return false;
  bool fits = a->elem == b->elem && a->elem == r->elem && ir_numel(a) + ir_numel(b) == ir_numel(r);
  return fits || ir_wrong(v, op, "%s and %s do not make up %s", text(v, a), text(v, b), text(v, r));
}

static bool rule_gather(Verifier *v, const Op *op) {
  const Type *src = operand_type(op, 0), *index = operand_type(op, 1), *to = result_type(op, 0);
  int64_t axis = axis_of(op);
  if (!expect_tensor(v, op, "operand 0", src) || !expect_tensor(v, op, "the index", index)) return false;
  if (axis < 0 || axis >= src->rank) return ir_wrong(v, op, "axis %lld is out of range", (long long)axis);
  bool fits = src->rank == index->rank && ir_is_int(index->elem);
  for (int i = 0; fits && i < src->rank; i++) fits = i == axis || src->shape[i] == index->shape[i];
  if (!fits) return ir_wrong(v, op, "%s cannot index %s", text(v, index), text(v, src));
  return expect_shape(v, op, to, index->rank, index->shape, "the result") &&
         expect_elem(v, op, to, src->elem, "the result");
}

static bool rule_histogram(Verifier *v, const Op *op) {
  const Type *src = operand_type(op, 0), *to = result_type(op, 0);
  if (rank_of(src) != 1 || rank_of(to) != 1 || !ir_is_int(src->elem) || !ir_is_int(to->elem))
    return ir_wrong(v, op, "a histogram of %s is not a %s", text(v, src), text(v, to));
  if (op->noperands < 2) return true;
  const Type *mask = operand_type(op, 1);
  return (is_i1(ir_elem((Type *)mask)) && same_place(mask, src)) ||
         ir_wrong(v, op, "the mask is of type %s", text(v, mask));
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static bool rule_load(Verifier *v, const Op *op) {
  Type *value = pointed_to(v, operand_type(op, 0));
  if (!value) return ir_wrong(v, op, "operand 0 is of type %s, not a pointer", text(v, operand_type(op, 0)));
  int at, n = ir_operand_group(op, "other", &at);
  return expect(v, op, "the result", result_type(op, 0), value) && check_mask(v, op, value) &&
         (!n || expect(v, op, "'other'", operand_type(op, at), value));
}

static bool rule_store(Verifier *v, const Op *op) {
  Type *value = pointed_to(v, operand_type(op, 0));
  if (!value) return ir_wrong(v, op, "operand 0 is of type %s, not a pointer", text(v, operand_type(op, 0)));
  return expect(v, op, "the value", operand_type(op, 1), value) && check_mask(v, op, value);
}

static bool rule_atomic(Verifier *v, const Op *op) {
  return rule_store(v, op) && expect(v, op, "the result", result_type(op, 0), operand_type(op, 1)) &&
         (op->code != OP_ATOMIC_CAS || expect(v, op, "the value", operand_type(op, 2), operand_type(op, 1)));
}

static bool rule_atomic_load(Verifier *v, const Op *op) {
  Type *value = pointed_to(v, operand_type(op, 0));
  if (!value) return ir_wrong(v, op, "operand 0 is of type %s, not a pointer", text(v, operand_type(op, 0)));
  return expect(v, op, "the result", result_type(op, 0), value) && check_mask(v, op, value);
}

static bool rule_atomic_poll(Verifier *v, const Op *op) {
  Type *value = pointed_to(v, operand_type(op, 0));
  if (!value) return ir_wrong(v, op, "operand 0 is of type %s, not a pointer", text(v, operand_type(op, 0)));
  int at;
  if (ir_elem(value)->kind != TYPE_INT) return ir_wrong(v, op, "%s is not an integer", text(v, value));
  return expect(v, op, "the value", operand_type(op, 1), value) &&
         expect(v, op, "the result", result_type(op, 0), ir_tensor_like(v->cx, value, ir_int(v->cx, 1))) &&
         (!ir_operand_group(op, "timeout", &at) || expect(v, op, "'timeout'", operand_type(op, at), ir_int(v->cx, 64)));
}

static bool expect_ints(Verifier *v, const Op *op, const char *group, int bits, int n) {
  int at, have = ir_operand_group(op, group, &at);
  if (have != n) return ir_wrong(v, op, "'%s' has %d operands for %d dimensions", group, have, n);
  for (int i = 0; i < n; i++)
    if (operand_type(op, at + i) != ir_int(v->cx, bits))
      return ir_wrong(v, op, "'%s' %d is of type %s, not i%d", group, i, text(v, operand_type(op, at + i)), bits);
  return true;
}

static bool rule_make_tensor_ptr(Verifier *v, const Op *op) {
  const Type *t = result_type(op, 0), *base = operand_type(op, 0);
  if (!ir_is_ptr(t) || !ir_is_tensor(t->elem))
    return ir_wrong(v, op, "the result is a %s, not a block pointer", text(v, t));
  if (!ir_is_ptr(base) || base->elem != t->elem->elem)
    return ir_wrong(v, op, "the base is a %s, which does not go with %s", text(v, base), text(v, t));
  int n = t->elem->rank;
  return expect_ints(v, op, "shape", 64, n) && expect_ints(v, op, "strides", 64, n) &&
         expect_ints(v, op, "offsets", 32, n);
}

static bool rule_advance(Verifier *v, const Op *op) {
  const Type *t = operand_type(op, 0);
  if (!ir_is_ptr(t) || !ir_is_tensor(t->elem))
    return ir_wrong(v, op, "operand 0 is a %s, not a block pointer", text(v, t));
  return expect(v, op, "the result", result_type(op, 0), t) && expect_ints(v, op, "offsets", 32, t->elem->rank);
}

static bool rule_make_desc(Verifier *v, const Op *op) {
  const Type *t = result_type(op, 0), *base = operand_type(op, 0);
  if (t->kind != TYPE_TENSORDESC) return ir_wrong(v, op, "the result is a %s, not a tensor descriptor", text(v, t));
  if (!ir_is_ptr(base) || base->elem != t->elem->elem)
    return ir_wrong(v, op, "the base is a %s, which does not go with %s", text(v, base), text(v, t));
  return expect_ints(v, op, "shape", 32, t->elem->rank) && expect_ints(v, op, "strides", 64, t->elem->rank);
}

static bool rule_desc_access(Verifier *v, const Op *op) {
  const Type *t = operand_type(op, 0), *value = op->nresults ? result_type(op, 0) : operand_type(op, 1);
  if (t->kind != TYPE_TENSORDESC) return ir_wrong(v, op, "operand 0 is a %s, not a tensor descriptor", text(v, t));
  if (!ir_is_tensor(value) || value->elem != t->elem->elem || ir_numel(value) != ir_numel(t->elem))
    return ir_wrong(v, op, "%s does not go with %s", text(v, value), text(v, t));
  return expect_ints(v, op, "indices", 32, t->elem->rank);
}

static bool rule_desc_reduce(Verifier *v, const Op *op) {
  const char *kind = ir_attr_text_or(op, "kind", "");
  if (!rule_desc_access(v, op)) return false;
  bool bits = !strcmp(kind, "and") || !strcmp(kind, "or") || !strcmp(kind, "xor");
  return !bits || ir_is_int(operand_type(op, 0)->elem->elem) ||
         ir_wrong(v, op, "'%s' of %s is not defined", kind, text(v, operand_type(op, 0)->elem->elem));
}

/* Rows of a matrix: the descriptor's block is one row, the value has one for each of x_offsets. */
static bool rule_desc_rows(Verifier *v, const Op *op) {
  const Type *t = operand_type(op, 0), *x = operand_type(op, 1);
  const Type *value = op->nresults ? result_type(op, 0) : operand_type(op, 3);
  if (t->kind != TYPE_TENSORDESC) return ir_wrong(v, op, "operand 0 is a %s, not a tensor descriptor", text(v, t));
  if (t->elem->rank != 2 || t->elem->shape[0] != 1)
    return ir_wrong(v, op, "the block of %s is not one row", text(v, t));
  if (rank_of(x) != 1 || !ir_is_int(x->elem)) return ir_wrong(v, op, "the rows are a %s", text(v, x));
  int64_t shape[] = {x->shape[0], t->elem->shape[1]};
  return expect_shape(v, op, value, 2, shape, "the rows") && expect_elem(v, op, value, t->elem->elem, "the rows") &&
         expect(v, op, "the column", operand_type(op, 2), ir_int(v->cx, 32));
}

/* ---- whole-tensor ops -------------------------------------------------------------------------------------------- */

static bool rule_dot(Verifier *v, const Op *op) {
  const Type *a = operand_type(op, 0), *b = operand_type(op, 1), *c = operand_type(op, 2), *d = result_type(op, 0);
  if (!expect(v, op, "the result", d, c)) return false;
  int r = rank_of(a);
  bool fits = (r == 2 || r == 3) && rank_of(b) == r && rank_of(c) == r;
  fits = fits && (r == 2 || (a->shape[0] == b->shape[0] && a->shape[0] == c->shape[0]));
  fits = fits && a->shape[r - 1] == b->shape[r - 2] && a->shape[r - 2] == c->shape[r - 2] &&
         b->shape[r - 1] == c->shape[r - 1];
  return fits || ir_wrong(v, op, "%s times %s is not a %s", text(v, a), text(v, b), text(v, c));
}

/* Elements of an operand of dot_scaled along dimension `d`, of which `packed` has two in a byte. */
static int64_t scaled_extent(const Type *t, const char *format, int d, int packed) {
  return t->shape[d] * (d == packed && !strcmp(format, "e2m1") ? 2 : 1);
}

static bool scaled_elements(Verifier *v, const Op *op, const Type *t, const char *format) {
  static const struct {
    const char *name;
    int bits, fkind;
  } formats[] = {{"e2m1", 8, -1}, {"e4m3", 8, F8E4M3FN}, {"e5m2", 8, F8E5M2}, {"bf16", 16, BF16}, {"fp16", 16, F16}};
  for (size_t i = 0; i < COUNT(formats); i++) {
    if (strcmp(formats[i].name, format) != 0) continue;
    const Type *e = ir_elem((Type *)t);
    bool ok = e->bits == formats[i].bits &&
              (e->kind == TYPE_INT || (e->kind == TYPE_FLOAT && (int)e->fkind == formats[i].fkind));
    return ok || ir_wrong(v, op, "%s does not hold elements of %s", text(v, t), format);
  }
  return ir_wrong(v, op, "%s is none of e2m1, e4m3, e5m2, bf16, fp16", format);
}

static bool scaled_scale(Verifier *v, const Op *op, const char *name, const Type *of, int64_t rows, int64_t k) {
  int first, r = rank_of(of);
  if (!ir_operand_group(op, name, &first)) return true;
  const Type *t = operand_type(op, first);
  bool fits = rank_of(t) == r && ir_elem((Type *)t)->bits == 8 && t->shape[r - 2] == rows && t->shape[r - 1] > 0 &&
              k % t->shape[r - 1] == 0 && (r == 2 || t->shape[0] == of->shape[0]);
  return fits ||
         ir_wrong(v, op, "%s is not a scale for %lld rows of %lld elements", text(v, t), (long long)rows, (long long)k);
}

static bool rule_dot_scaled(Verifier *v, const Op *op) {
  const Type *a = operand_type(op, 0), *b = operand_type(op, 1), *c = operand_type(op, 2);
  int r = rank_of(a);
  if ((r != 2 && r != 3) || rank_of(b) != r || rank_of(c) != r)
    return ir_wrong(v, op, "its operands are not matrices of one rank");
  const char *fa = ir_attr_text_or(op, "a_elem_type", ""), *fb = ir_attr_text_or(op, "b_elem_type", "");
  if (!scaled_elements(v, op, a, fa) || !scaled_elements(v, op, b, fb)) return false;
  int pa = r - (ir_attr_int_or(op, "lhs_k_pack", 1) ? 1 : 2), pb = r - (ir_attr_int_or(op, "rhs_k_pack", 1) ? 2 : 1);
  int64_t m = scaled_extent(a, fa, r - 2, pa), k = scaled_extent(a, fa, r - 1, pa);
  int64_t n = scaled_extent(b, fb, r - 1, pb), kb = scaled_extent(b, fb, r - 2, pb);
  bool fits = k == kb && c->shape[r - 2] == m && c->shape[r - 1] == n;
  fits = fits && (r == 2 || (a->shape[0] == b->shape[0] && a->shape[0] == c->shape[0]));
  if (!fits) return ir_wrong(v, op, "%s times %s is not a %s", text(v, a), text(v, b), text(v, c));
  return scaled_scale(v, op, "a_scale", a, m, k) && scaled_scale(v, op, "b_scale", b, n, k) &&
         expect(v, op, "the result", result_type(op, 0), c);
}

/* `n` values starting at operand `first` have the types of `types`. */
static bool expect_operands(Verifier *v, const Op *op, int first, int n, const Value *const *to, const char *what) {
  if (op->noperands - first != n)
    return ir_wrong(v, op, "it passes %d values, but %d %s", op->noperands - first, n, what);
  for (int i = 0; i < n; i++)
    if (operand_type(op, first + i) != to[i]->type)
      return ir_wrong(v, op, "value %d is of type %s, not %s", i, text(v, operand_type(op, first + i)),
                      text(v, to[i]->type));
  return true;
}

static const Value *const *results_of(Verifier *v, const Op *op) {
  const Value **list = NEWN(v->cx, const Value *, op->nresults);
  for (int i = 0; i < op->nresults; i++) list[i] = &op->results[i];
  return list;
}

/* The region of a reduction or scan: scalars of the operands' element types, `times` over; it returns one set of them.
 */
static bool check_combine(Verifier *v, const Op *op, int times) {
  const Block *body = ir_entry(op, 0);
  int n = op->noperands;
  if (body->nargs != n * times) return ir_wrong(v, op, "its region takes %d arguments, not %d", body->nargs, n * times);
  for (int i = 0; i < body->nargs; i++)
    if (body->args[i]->type != ir_elem(operand_type(op, i % n)))
      return ir_wrong(v, op, "argument %d of its region is of type %s, not %s", i, text(v, body->args[i]->type),
                      text(v, ir_elem(operand_type(op, i % n))));
  const Op *ret = body->last;
  if (ret->noperands != n) return ir_wrong(v, ret, "it returns %d values, not %d", ret->noperands, n);
  for (int i = 0; i < n; i++)
    if (operand_type(ret, i) != ir_elem(operand_type(op, i)))
      return ir_wrong(v, ret, "value %d is of type %s, not %s", i, text(v, operand_type(ret, i)),
                      text(v, ir_elem(operand_type(op, i))));
  return true;
}

static bool check_axis(Verifier *v, const Op *op) {
  int64_t axis = axis_of(op);
  if (!op->noperands || op->noperands != op->nresults)
    return ir_wrong(v, op, "it has %d operands and %d results", op->noperands, op->nresults);
  for (int i = 0; i < op->noperands; i++) {
    if (!expect_tensor(v, op, "an operand", operand_type(op, i))) return false;
    if (!same_place(operand_type(op, i), operand_type(op, 0))) return ir_wrong(v, op, "its operands differ in shape");
  }
  if (axis >= 0 && axis < operand_type(op, 0)->rank) return true;
  return ir_wrong(v, op, "axis %lld is out of range for %s", (long long)axis, text(v, operand_type(op, 0)));
}

static bool rule_reduce(Verifier *v, const Op *op) {
  if (!check_axis(v, op)) return false;
  const Type *from = operand_type(op, 0);
  int64_t axis = axis_of(op), shape[IR_MAX_RANK];
  if (from->rank > IR_MAX_RANK) return ir_wrong(v, op, "too many dimensions");
  for (int i = 0, k = 0; i < from->rank; i++)
    if (i != axis) shape[k++] = from->shape[i];
  for (int i = 0; i < op->nresults; i++) {
    const Type *to = result_type(op, i);
    if (!expect_shape(v, op, to, from->rank - 1, shape, "a result") ||
        !expect_elem(v, op, to, operand_type(op, i)->elem, "a result"))
      return false;
  }
  return check_combine(v, op, 2);
}

static bool rule_scan(Verifier *v, const Op *op) {
  if (!check_axis(v, op)) return false;
  for (int i = 0; i < op->nresults; i++)
    if (!expect(v, op, "a result", result_type(op, i), operand_type(op, i))) return false;
  return check_combine(v, op, 2);
}

/* ---- functions and control flow ---------------------------------------------------------------------------------- */

static bool rule_func(Verifier *v, const Op *op) {
  const Type *t = ir_func_signature(op);
  if (!*ir_func_name(op)) return ir_wrong(v, op, "it has no name");
  if (!t || t->kind != TYPE_FUNC) return ir_wrong(v, op, "it has no function type");
  const Block *entry = op->regions[0]->first;
  if (!entry) return true;
  if (entry->nargs != t->ninputs)
    return ir_wrong(v, op, "its body takes %d arguments, its type has %d", entry->nargs, t->ninputs);
  for (int i = 0; i < t->ninputs; i++)
    if (entry->args[i]->type != t->inputs[i])
      return ir_wrong(v, op, "argument %d is of type %s, not %s", i, text(v, entry->args[i]->type),
                      text(v, t->inputs[i]));
  return true;
}

static bool rule_return(Verifier *v, const Op *op) {
  const Op *func = ir_parent(op);
  const Type *t = func && func->code == OP_FUNC ? ir_func_signature(func) : NULL;
  if (!t) return ir_wrong(v, op, "it is not in a function");
  if (t->nresults != op->noperands)
    return ir_wrong(v, op, "it returns %d values, but '%s' has %d results", op->noperands, ir_func_name(func),
                    t->nresults);
  for (int i = 0; i < t->nresults; i++)
    if (operand_type(op, i) != t->results[i])
      return ir_wrong(v, op, "value %d is of type %s, not %s", i, text(v, operand_type(op, i)), text(v, t->results[i]));
  return true;
}

static bool rule_call(Verifier *v, const Op *op) {
  const char *name = ir_attr_text_or(op, "callee", "");
  const Op *func = map_get(&v->functions, intern(v->cx, name));
  if (!func) return ir_wrong(v, op, "there is no function called '%s'", name);
  const Type *t = ir_func_signature(func);
  if (!t) return ir_wrong(v, func, "it has no function type");
  if (t->ninputs != op->noperands || t->nresults != op->nresults)
    return ir_wrong(v, op, "'%s' takes %d values and returns %d, not %d and %d", name, t->ninputs, t->nresults,
                    op->noperands, op->nresults);
  for (int i = 0; i < t->ninputs; i++)
    if (operand_type(op, i) != t->inputs[i])
      return ir_wrong(v, op, "argument %d of '%s' is of type %s, not %s", i, name, text(v, t->inputs[i]),
                      text(v, operand_type(op, i)));
  for (int i = 0; i < t->nresults; i++)
    if (result_type(op, i) != t->results[i])
      return ir_wrong(v, op, "result %d of '%s' is of type %s, not %s", i, name, text(v, t->results[i]),
                      text(v, result_type(op, i)));
  return true;
}

static bool rule_for(Verifier *v, const Op *op) {
  const Block *body = ir_entry(op, 0);
  const Type *t = operand_type(op, 0);
  if (t->kind != TYPE_INT && t->kind != TYPE_INDEX) return ir_wrong(v, op, "the lower bound is of type %s", text(v, t));
  if (!expect(v, op, "the upper bound", operand_type(op, 1), t) || !expect(v, op, "the step", operand_type(op, 2), t))
    return false;
  int n = op->noperands - IR_LOOP_INITS;
  if (op->nresults != n) return ir_wrong(v, op, "it carries %d values but has %d results", n, op->nresults);
  if (body->nargs != n + 1) return ir_wrong(v, op, "its body takes %d arguments, not %d", body->nargs, n + 1);
  if (!expect(v, op, "the induction variable", ir_loop_index(op)->type, t)) return false;
  for (int i = 0; i < n; i++)
    if (!expect(v, op, "a carried value", operand_type(op, IR_LOOP_INITS + i), result_type(op, i)) ||
        !expect(v, op, "an argument of its body", ir_loop_arg(op, i)->type, result_type(op, i)))
      return false;
  return true;
}

static bool rule_if(Verifier *v, const Op *op) {
  if (!expect(v, op, "the condition", operand_type(op, 0), ir_int(v->cx, 1))) return false;
  for (int i = 0; i < op->nregions; i++)
    if (op->regions[i]->first && ir_entry(op, i)->nargs) return ir_wrong(v, op, "its blocks take no arguments");
  return (op->nregions == 2 && op->regions[1]->first) || !op->nresults || ir_wrong(v, op, "it has results but no else");
}

static bool rule_while(Verifier *v, const Op *op) {
  const Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  if (!expect_operands(v, op, 0, before->nargs, (const Value *const *)before->args, "arguments of its condition"))
    return false;
  if (after->nargs != op->nresults)
    return ir_wrong(v, op, "its body takes %d arguments, but it has %d results", after->nargs, op->nresults);
  for (int i = 0; i < after->nargs; i++)
    if (!expect(v, op, "an argument of its body", after->args[i]->type, result_type(op, i))) return false;
  return true;
}

static bool rule_condition(Verifier *v, const Op *op) {
  const Op *loop = ir_parent(op);
  return expect(v, op, "the condition", operand_type(op, 0), ir_int(v->cx, 1)) &&
         expect_operands(v, op, 1, loop->nresults, results_of(v, loop), "results of the loop");
}

static bool rule_yield(Verifier *v, const Op *op) {
  const Op *holder = ir_parent(op);
  if (holder->code == OP_WHILE) {
    const Block *before = ir_entry(holder, 0);
    return expect_operands(v, op, 0, before->nargs, (const Value *const *)before->args, "values are carried");
  }
  return expect_operands(v, op, 0, holder->nresults, results_of(v, holder), "results are expected");
}

static bool rule_cond_br(Verifier *v, const Op *op) {
  return expect(v, op, "the condition", operand_type(op, 0), ir_int(v->cx, 1));
}

static bool rule_check_access(Verifier *v, const Op *op) {
  static const char *const kinds[] = {"load", "store", "atomic", "volatile"};
  const char *access = ir_attr_text_or(op, "access", "");
  bool known = false;
  for (size_t i = 0; i < COUNT(kinds); i++) known = known || !strcmp(access, kinds[i]);
  if (!known) return ir_wrong(v, op, "there is no access \"%s\"", access);
  const Type *value = pointed_to(v, operand_type(op, 0));
  if (!value) return ir_wrong(v, op, "operand 0 is of type %s, not a pointer", text(v, operand_type(op, 0)));
  return check_mask(v, op, value);
}

static bool rule_i1(Verifier *v, const Op *op) {
  return is_i1(ir_elem(operand_type(op, 0))) ||
         ir_wrong(v, op, "operand 0 is of type %s, not i1", text(v, operand_type(op, 0)));
}

/* ---- the table --------------------------------------------------------------------------------------------------- */

static TypeRule *const rules[OPCODES] = {
    [OP_FUNC] = rule_func,
    [OP_RETURN] = rule_return,
    [OP_CALL] = rule_call,
    [OP_CONSTANT] = rule_constant,
    [OP_CMPI] = rule_cmp,
    [OP_CMPF] = rule_cmp,
    [OP_SELECT] = rule_select,
    [OP_ASSUME] = rule_i1,
    [OP_PROGRAM_ID] = rule_i32,
    [OP_NUM_PROGRAMS] = rule_i32,
    [OP_MAKE_RANGE] = rule_make_range,
    [OP_SPLAT] = rule_splat,
    [OP_UNSPLAT] = rule_unsplat,
    [OP_EXPAND_DIMS] = rule_expand_dims,
    [OP_BROADCAST] = rule_broadcast,
    [OP_RESHAPE] = rule_reshape,
    [OP_TRANS] = rule_trans,
    [OP_JOIN] = rule_join,
    [OP_SPLIT] = rule_split,
    [OP_CAT] = rule_cat,
    [OP_ADDPTR] = rule_addptr,
    [OP_LOAD] = rule_load,
    [OP_STORE] = rule_store,
    [OP_ATOMIC_LOAD] = rule_atomic_load,
    [OP_ATOMIC_STORE] = rule_store,
    [OP_ATOMIC_POLL] = rule_atomic_poll,
    [OP_ATOMIC_RMW] = rule_atomic,
    [OP_ATOMIC_CAS] = rule_atomic,
    [OP_MAKE_TENSOR_PTR] = rule_make_tensor_ptr,
    [OP_ADVANCE] = rule_advance,
    [OP_MAKE_TENSOR_DESC] = rule_make_desc,
    [OP_DESC_LOAD] = rule_desc_access,
    [OP_DESC_STORE] = rule_desc_access,
    [OP_DESC_REDUCE] = rule_desc_reduce,
    [OP_DESC_GATHER] = rule_desc_rows,
    [OP_DESC_SCATTER] = rule_desc_rows,
    [OP_DOT] = rule_dot,
    [OP_DOT_SCALED] = rule_dot_scaled,
    [OP_REDUCE] = rule_reduce,
    [OP_SCAN] = rule_scan,
    [OP_HISTOGRAM] = rule_histogram,
    [OP_GATHER] = rule_gather,
    [OP_ASSERT] = rule_i1,
    [OP_CHECK_ACCESS] = rule_check_access,
    [OP_FOR] = rule_for,
    [OP_IF] = rule_if,
    [OP_WHILE] = rule_while,
    [OP_CONDITION] = rule_condition,
    [OP_YIELD] = rule_yield,
    [OP_COND_BR] = rule_cond_br,
};

bool ir_verify_types(Verifier *v, const Op *op) {
  if (ir_has(op, T_ELEMENTWISE) && !check_elementwise(v, op)) return false;
  for (size_t i = 0; i < COUNT(classes); i++)
    if (op->code >= classes[i].first && op->code <= classes[i].last && !check_classes(v, op, &classes[i])) return false;
  TypeRule *rule = rules[op->code] ? rules[op->code] : ir_gpu_rules[op->code];
  return !rule || rule(v, op);
}
