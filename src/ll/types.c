/* types.c: the types of ll/ and the tables of ops; vectors and structs are interned in their module. */
#include "ll/internal.h"

#include <string.h>

#define SCALAR(name, k, b, s) const LLType name = {.kind = k, .bits = b, .space = s, .n = 1}
SCALAR(ll_void, LLK_VOID, 0, 0);
SCALAR(ll_i1, LLK_I1, 1, 0);
SCALAR(ll_i8, LLK_I8, 8, 0);
SCALAR(ll_i16, LLK_I16, 16, 0);
SCALAR(ll_i32, LLK_I32, 32, 0);
SCALAR(ll_i64, LLK_I64, 64, 0);
SCALAR(ll_half, LLK_HALF, 16, 0);
SCALAR(ll_bfloat, LLK_BFLOAT, 16, 0);
SCALAR(ll_float, LLK_FLOAT, 32, 0);
SCALAR(ll_double, LLK_DOUBLE, 64, 0);
SCALAR(ll_ptr, LLK_PTR, 64, 0);
SCALAR(ll_ptr_global, LLK_PTR, 64, 1);
SCALAR(ll_ptr_shared, LLK_PTR, 32, 3);
SCALAR(ll_ptr_const, LLK_PTR, 32, 4);
SCALAR(ll_ptr_local, LLK_PTR, 32, 5);
#undef SCALAR
const LLType ll_half2 = {.kind = LLK_VECTOR, .bits = 32, .n = 2, .elem = &ll_half};
const LLType ll_bfloat2 = {.kind = LLK_VECTOR, .bits = 32, .n = 2, .elem = &ll_bfloat};

const LLOpInfo ll_ops[LL_OPS] = {
#define O(id, name, effects) {#id, name, effects, NULL, 0, 0, NULL, NULL},
#include "ll/ll_ops.def"
#undef O
#define I(id, signature, effects, sm, ptx, nvvm, text) {#id, NULL, effects, signature, sm, ptx, nvvm, text},
#include "ll/ll_intrinsics.def"
#undef I
};

const LLMmaInfo ll_mma[LLM_COUNT] = {
#define MMA(id, text, a, b, c, ctype, sm, ptx) {text, a, b, c, ctype, sm, ptx, 0, 0},
#define WGMMA(id, text, k, ctype, tail) {text, 4, 0, 0, ctype, 1090, 80, k, tail},
#include "ll/ll_mma.def"
#undef MMA
#undef WGMMA
};

const LLType *ll_int(int bits) {
  switch (bits) {
  case 1: return &ll_i1;
  case 8: return &ll_i8;
  case 16: return &ll_i16;
  case 32: return &ll_i32;
  default: return &ll_i64;
  }
}

const LLType *ll_ptr_in(int space) {
  static const LLType *const spaces[] = {&ll_ptr,        &ll_ptr_global, &ll_ptr,
                                         &ll_ptr_shared, &ll_ptr_const,  &ll_ptr_local};
  return spaces[space];
}

static const LLType *intern_type(LLModule *m, const LLType *key) {
  for (uint32_t i = 0; i < m->ntypes; i++) {
    const LLType *t = m->types[i];
    if (t->kind == key->kind && t->n == key->n &&
        (t->kind == LLK_VECTOR ? t->elem == key->elem
                               : memcmp(t->fields, key->fields, (size_t)t->n * sizeof *t->fields) == 0))
      return t;
  }
  LLType *t = ctx_copy(m->cx, key, sizeof *key);
  if (t->fields) t->fields = ctx_copy(m->cx, key->fields, (size_t)t->n * sizeof *t->fields);
  m->types = vec_room(m->cx, m->types, m->ntypes, &m->types_cap, sizeof *m->types);
  m->types[m->ntypes++] = t;
  return t;
}

const LLType *ll_vector(LLModule *m, const LLType *elem, int n) {
  if (n == 2 && elem == &ll_half) return &ll_half2;
  if (n == 2 && elem == &ll_bfloat) return &ll_bfloat2;
  return intern_type(m, &(LLType){.kind = LLK_VECTOR, .bits = elem->bits * n, .n = n, .elem = elem});
}

const LLType *ll_struct_of(LLModule *m, const LLType *const *fields, int n) {
  const LLType *elem = n ? fields[0] : NULL;
  for (int i = 1; i < n; i++)
    if (fields[i] != elem) elem = NULL;
  return intern_type(m, &(LLType){.kind = LLK_STRUCT, .n = n, .elem = elem, .fields = fields});
}

const LLType *ll_struct(LLModule *m, const LLType *elem, int n) {
  const LLType **fields = NEWN(m->cx, const LLType *, n + 1);
  for (int i = 0; i < n; i++) fields[i] = elem;
  return ll_struct_of(m, fields, n);
}

const LLType *ll_field(const LLType *t, int i) { return t->kind == LLK_VECTOR ? t->elem : t->fields[i]; }

int ll_type_bytes(const LLType *t) {
  if (t->kind != LLK_STRUCT) return (t->bits + 7) / 8;
  int sum = 0;
  for (int i = 0; i < t->n; i++) sum += ll_type_bytes(t->fields[i]);
  return sum;
}

int ll_nregs(const LLType *t) {
  if (t->kind == LLK_VOID) return 0;
  if (t->kind == LLK_VECTOR) return t->elem->bits >= 32 ? t->n : (t->bits + 31) / 32;
  if (t->kind != LLK_STRUCT) return 1;
  int sum = 0;
  for (int i = 0; i < t->n; i++) sum += ll_nregs(t->fields[i]);
  return sum;
}

int ll_reg_bits(const LLType *t, int i) {
  if (t->kind == LLK_STRUCT) {
    for (int f = 0; f < t->n; f++) {
      int n = ll_nregs(t->fields[f]);
      if (i < n) return ll_reg_bits(t->fields[f], i);
      i -= n;
    }
    return 0;
  }
  if (t->kind == LLK_VECTOR) {
    if (t->elem->bits >= 32) return t->elem->bits;
    return t->bits <= 16 ? 16 : 32;
  }
  return t->bits == 8 ? 16 : t->bits;
}

void ll_put_type(Buf *out, const LLType *t) {
  static const char *const names[] = {"void", "i1", "i8", "i16", "i32", "i64", "half", "bfloat", "float", "double"};
  if (t->kind < COUNT(names)) {
    buf_puts(out, names[t->kind]);
  } else if (t->kind == LLK_PTR) {
    buf_puts(out, "ptr");
    if (t->space) buf_printf(out, " addrspace(%d)", t->space);
  } else if (t->kind == LLK_VECTOR) {
    buf_printf(out, "<%d x ", t->n);
    ll_put_type(out, t->elem);
    buf_putc(out, '>');
  } else {
    buf_puts(out, "{ ");
    for (int i = 0; i < t->n; i++) {
      if (i) buf_puts(out, ", ");
      ll_put_type(out, t->fields[i]);
    }
    buf_puts(out, " }");
  }
}

const char *ll_type_text(Ctx *cx, const LLType *t) {
  Buf b = {.cx = cx};
  ll_put_type(&b, t);
  return buf_text(&b);
}
