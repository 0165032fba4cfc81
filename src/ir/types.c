/* types.c: the types of a context: made once, then found again by what they consist of. */
#include "ir/internal.h"

#include <assert.h>
#include <string.h>

/* ---- types ------------------------------------------------------------------------------------------------------- */

static uint64_t type_hash(const Type *t) {
  uint64_t h =
      hash_mix(t->kind, ((uint64_t)t->fkind << 40) ^ ((uint64_t)(unsigned)t->bits << 32) ^ (unsigned)t->address_space);
  h = hash_mix(h, (uintptr_t)t->elem);
  h = hash_mix(h, (uintptr_t)t->encoding ^ (uintptr_t)t->memory_space ^ (uintptr_t)t->is_mutable ^
                      ((uintptr_t)t->sign << 8));
  for (int i = 0; i < t->rank; i++) h = hash_mix(h, (uint64_t)t->shape[i]);
  for (int i = 0; t->whole && i < t->rank; i++) h = hash_mix(h, (uint64_t)t->whole[i]);
  for (int i = 0; i < t->ninputs; i++) h = hash_mix(h, (uintptr_t)t->inputs[i]);
  for (int i = 0; i < t->nresults; i++) h = hash_mix(h, (uintptr_t)t->results[i] + 1);
  return h;
}

static bool type_same(const void *item, const void *key) {
  const Type *a = item, *b = key;
  if (a->kind != b->kind || a->fkind != b->fkind || a->bits != b->bits || a->address_space != b->address_space ||
      a->elem != b->elem || a->rank != b->rank || a->encoding != b->encoding || a->memory_space != b->memory_space ||
      a->is_mutable != b->is_mutable || a->sign != b->sign || a->ninputs != b->ninputs || a->nresults != b->nresults)
    return false;
  if (a->rank && memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape)) return false;
  if (!a->whole != !b->whole) return false;
  if (a->whole && memcmp(a->whole, b->whole, (size_t)a->rank * sizeof *a->whole)) return false;
  if (a->ninputs && memcmp(a->inputs, b->inputs, (size_t)a->ninputs * sizeof *a->inputs)) return false;
  return !a->nresults || !memcmp(a->results, b->results, (size_t)a->nresults * sizeof *a->results);
}

static Type *type_intern(Ctx *cx, const Type *key) {
  IrTables *tables = ir_tables(cx);
  uint64_t hash = type_hash(key);
  uint32_t at = 0;
  Type *found = ir_intern_find(cx, &tables->types, hash, type_same, key, &at);
  if (found) return found;
  Type *t = ctx_copy(cx, key, sizeof *key);
  if (t->rank) t->shape = ctx_copy(cx, key->shape, (size_t)key->rank * sizeof *key->shape);
  if (t->whole) t->whole = ctx_copy(cx, key->whole, (size_t)key->rank * sizeof *key->whole);
  if (t->ninputs) t->inputs = ctx_copy(cx, key->inputs, (size_t)key->ninputs * sizeof *key->inputs);
  if (t->nresults) t->results = ctx_copy(cx, key->results, (size_t)key->nresults * sizeof *key->results);
  ir_intern_add(&tables->types, hash, t, at);
  return t;
}

Type *ir_int(Ctx *cx, int bits) {
  assert(bits >= 1 && bits <= 64);
  Type **known = &ir_tables(cx)->ints[bits];
  return *known ? *known : (*known = type_intern(cx, &(Type){.kind = TYPE_INT, .bits = bits}));
}

Type *ir_float(Ctx *cx, FloatKind kind) {
  Type **known = &ir_tables(cx)->floats[kind];
  if (*known) return *known;
  return *known = type_intern(cx, &(Type){.kind = TYPE_FLOAT, .fkind = kind, .bits = ir_float_bits(kind)});
}

Type *ir_index(Ctx *cx) {
  Type **known = &ir_tables(cx)->index;
  return *known ? *known : (*known = type_intern(cx, &(Type){.kind = TYPE_INDEX}));
}

Type *ir_token(Ctx *cx) {
  Type **known = &ir_tables(cx)->token;
  return *known ? *known : (*known = type_intern(cx, &(Type){.kind = TYPE_TOKEN}));
}

Type *ir_ptr(Ctx *cx, Type *pointee, int address_space) {
  return type_intern(cx, &(Type){.kind = TYPE_PTR, .elem = pointee, .address_space = address_space});
}

Type *ir_tensor(Ctx *cx, Type *elem, int rank, const int64_t *shape, Attr *encoding) {
  return type_intern(cx,
                     &(Type){.kind = TYPE_TENSOR, .elem = elem, .rank = rank, .shape = shape, .encoding = encoding});
}

Type *ir_tensor_like(Ctx *cx, Type *shaped, Type *elem) {
  return shaped->kind == TYPE_TENSOR ? ir_tensor(cx, elem, shaped->rank, shaped->shape, shaped->encoding) : elem;
}

Type *ir_memdesc(Ctx *cx, Type *elem, int rank, const int64_t *shape, Attr *encoding, Attr *space, bool is_mutable) {
  return type_intern(cx, &(Type){.kind = TYPE_MEMDESC,
                                 .elem = elem,
                                 .rank = rank,
                                 .shape = shape,
                                 .encoding = encoding,
                                 .memory_space = space,
                                 .is_mutable = is_mutable});
}

Type *ir_memdesc_part(Ctx *cx, const Type *t, const int64_t *whole) {
  Type part = *t;
  part.whole = whole;
  return type_intern(cx, &part);
}

Type *ir_tensordesc(Ctx *cx, Type *block, char sign) {
  return type_intern(cx, &(Type){.kind = TYPE_TENSORDESC, .elem = block, .sign = sign});
}

Type *ir_func_type(Ctx *cx, Type *const *inputs, int ninputs, Type *const *results, int nresults) {
  return type_intern(
      cx, &(Type){.kind = TYPE_FUNC, .inputs = inputs, .ninputs = ninputs, .results = results, .nresults = nresults});
}

int64_t ir_numel(const Type *t) {
  if (t->kind != TYPE_TENSOR && t->kind != TYPE_MEMDESC) return 1;
  int64_t n = 1;
  for (int i = 0; i < t->rank; i++) n *= t->shape[i];
  return n;
}

bool ir_same_shape(const Type *a, const Type *b) {
  int rank = ir_is_tensor(a) ? a->rank : 0;
  if (rank != (ir_is_tensor(b) ? b->rank : 0)) return false;
  for (int i = 0; i < rank; i++)
    if (a->shape[i] != b->shape[i]) return false;
  return true;
}

int ir_elem_bytes(const Type *t) {
  if (t->kind == TYPE_TENSOR || t->kind == TYPE_MEMDESC) t = t->elem;
  if (t->kind == TYPE_INT || t->kind == TYPE_FLOAT) return (t->bits + 7) / 8;
  return 8;
}
