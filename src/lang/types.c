/* types.c: the language's types: interned, parsed from the names that hosts and users write, printed, and lowered
 * to IR. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lang/internal.h"

/* One row per scalar kind: as IR and the reference's messages print it, as users write it, as signatures
 * abbreviate it. */
static const struct Scalar {
  const char *text, *name, *brief;
  int bits;
  int fkind; /* FloatKind, or -1 */
} scalars[] = {
    [L_VOID] = {"void", "void", "void", 0, -1},
    [L_INT1] = {"int1", "int1", "i1", 1, -1},
    [L_INT8] = {"int8", "int8", "i8", 8, -1},
    [L_INT16] = {"int16", "int16", "i16", 16, -1},
    [L_INT32] = {"int32", "int32", "i32", 32, -1},
    [L_INT64] = {"int64", "int64", "i64", 64, -1},
    [L_UINT8] = {"uint8", "uint8", "u8", 8, -1},
    [L_UINT16] = {"uint16", "uint16", "u16", 16, -1},
    [L_UINT32] = {"uint32", "uint32", "u32", 32, -1},
    [L_UINT64] = {"uint64", "uint64", "u64", 64, -1},
    [L_FP8E4NV] = {"fp8e4nv", "float8e4nv", "fp8e4nv", 8, F8E4M3FN},
    [L_FP8E5] = {"fp8e5", "float8e5", "fp8e5", 8, F8E5M2},
    [L_FP8E4B8] = {"fp8e4b8", "float8e4b8", "fp8e4b8", 8, F8E4M3FNUZ},
    [L_FP8E5B16] = {"fp8e5b16", "float8e5b16", "fp8e5b16", 8, F8E5M2FNUZ},
    [L_FP8E4B15] = {"fp8e4b15", "float8e4b15", "fp8e4b15", 8, -1}, /* its bits: no target knows it (cast.c) */
    [L_FP16] = {"fp16", "float16", "fp16", 16, F16},
    [L_BF16] = {"bf16", "bfloat16", "bf16", 16, BF16},
    [L_FP32] = {"fp32", "float32", "fp32", 32, F32},
    [L_FP64] = {"fp64", "float64", "fp64", 64, F64},
};

static const char descriptor_head[] = "tensordesc<";

/* ---- interning --------------------------------------------------------------------------------------------------- */

static const LType *interned(Lang *L, const char *key, const LType *model) {
  key = intern(L->cx, key);
  const LType *known = map_get(&L->types, key);
  if (known) return known;
  LType *t = NEW(L->cx, LType);
  *t = *model;
  if (t->rank) t->shape = ctx_copy(L->cx, model->shape, sizeof(int64_t) * (size_t)t->rank);
  map_put(L->cx, &L->types, key, t);
  return t;
}

const LType *lt_scalar(Lang *L, LKind kind) { return interned(L, scalars[kind].text, &(LType){.kind = kind}); }

static const LType *lt_pointer_in(Lang *L, const LType *elem, bool is_const, int address_space) {
  char key[64];
  snprintf(key, sizeof key, "*%d %p %d", is_const, (const void *)elem, address_space);
  return interned(L, key,
                  &(LType){.kind = L_POINTER, .elem = elem, .is_const = is_const, .address_space = address_space});
}

const LType *lt_pointer(Lang *L, const LType *elem, bool is_const) { return lt_pointer_in(L, elem, is_const, 1); }

const LType *lt_block(Lang *L, const LType *elem, int rank, const int64_t *shape) {
  if (rank == 0) return elem;
  Buf key = {.cx = L->cx};
  buf_printf(&key, "%p", (const void *)elem);
  for (int i = 0; i < rank; i++) buf_printf(&key, " %lld", (long long)shape[i]);
  return interned(L, buf_text(&key), &(LType){.kind = L_BLOCK, .elem = elem, .rank = rank, .shape = shape});
}

const LType *lt_descriptor(Lang *L, const LType *elem, int rank, const int64_t *shape) {
  const LType model = {.kind = L_DESCRIPTOR, .elem = elem, .rank = rank, .shape = shape};
  return interned(L, lt_text(L, &model), &model);
}

const LType *lt_with_elem(Lang *L, const LType *shaped, const LType *elem) {
  return shaped->kind == L_BLOCK ? lt_block(L, elem, shaped->rank, shaped->shape) : elem;
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static const LType *parse_scalar(Lang *L, const char *s, size_t n) {
  for (size_t k = 0; k < COUNT(scalars); k++) {
    const struct Scalar *row = &scalars[k];
    const char *spellings[] = {row->text, row->name, row->brief};
    for (size_t i = 0; i < COUNT(spellings); i++)
      if (strlen(spellings[i]) == n && memcmp(spellings[i], s, n) == 0) return lt_scalar(L, (LKind)k);
  }
  return NULL;
}

/* tensordesc<fp16[64,32]> */
static const LType *parse_descriptor(Lang *L, const char *s, size_t n) {
  size_t head = strlen(descriptor_head), elem = head;
  while (elem < n && s[elem] != '[') elem++;
  const LType *t = parse_scalar(L, s + head, elem - head);
  if (!t || elem == n || t->kind == L_VOID) return NULL;
  int64_t shape[DESCRIPTOR_RANK];
  int rank = 0;
  const char *at = s + elem, *end = s + n;
  while (end - at > 1 && (*at == '[' || *at == ',')) {
    char *after;
    long long x = strtoll(at + 1, &after, 10);
    if (after == at + 1 || x <= 0 || rank == DESCRIPTOR_RANK) return NULL;
    shape[rank++] = x;
    at = after;
  }
  return end - at == 2 && at[0] == ']' && rank ? lt_descriptor(L, t, rank, shape) : NULL;
}

static const LType *parse_type(Lang *L, const char *s, size_t n, int depth);

/* <['64', '32'], fp32> */
static const LType *parse_block(Lang *L, const char *s, size_t n, int depth) {
  enum { MOST = 1 << 20 };
  int64_t shape[IR_MAX_RANK], numel = 1;
  int rank = 0;
  const char *at = s + 1, *end = s + n - 1;
  while (end - at > 3 && (*at == '[' || *at == ',')) {
    at += *at == ',' ? 3 : 2; /* `, '` or `['` */
    char *after;
    long long x = strtoll(at, &after, 10);
    if (x <= 0 || x > MOST || rank == IR_MAX_RANK || after >= end || *after != '\'') return NULL;
    numel *= shape[rank++] = x;
    if (numel > MOST) return NULL;
    at = after + 1;
  }
  if (!rank || end - at < 4 || memcmp(at, "], ", 3) != 0) return NULL;
  const LType *elem = parse_type(L, at + 3, (size_t)(end - at) - 3, depth + 1);
  return elem && elem->kind != L_BLOCK && elem->kind != L_VOID ? lt_block(L, elem, rank, shape) : NULL;
}

static const LType *parse_type(Lang *L, const char *s, size_t n, int depth) {
  static const char pointer[] = "pointer<", const_pointer[] = "const_pointer<";
  if (n == 0 || depth > 16) return NULL;
  if (n > strlen(descriptor_head) && memcmp(s, descriptor_head, strlen(descriptor_head)) == 0 && s[n - 1] == '>')
    return parse_descriptor(L, s, n);
  if (s[0] == '<') return n > 2 && s[n - 1] == '>' ? parse_block(L, s, n, depth) : NULL;
  bool is_const = false;
  const LType *elem = NULL;
  if (s[0] == '*') {
    is_const = n > 1 && s[1] == 'k';
    elem = parse_type(L, s + 1 + is_const, n - 1 - is_const, depth + 1);
  } else if (s[n - 1] == '>') {
    is_const = strncmp(s, "const_", 6) == 0;
    const char *head = is_const ? const_pointer : pointer;
    size_t m = strlen(head);
    if (n <= m || memcmp(s, head, m) != 0) return NULL;
    elem = parse_type(L, s + m, n - m - 1, depth + 1);
  } else {
    return parse_scalar(L, s, n);
  }
  return elem ? lt_pointer(L, elem, is_const) : NULL;
}

const LType *lt_parse(Lang *L, const char *text) { return text ? parse_type(L, text, strlen(text), 0) : NULL; }

const char *lt_text(Lang *L, const LType *t) {
  if (t->kind == L_POINTER) return ctx_printf(L->cx, "%spointer<%s>", t->is_const ? "const_" : "", lt_text(L, t->elem));
  Buf b = {.cx = L->cx};
  if (t->kind == L_DESCRIPTOR) {
    buf_printf(&b, "%s%s[", descriptor_head, scalars[t->elem->kind].brief);
    for (int i = 0; i < t->rank; i++) buf_printf(&b, "%s%lld", i ? "," : "", (long long)t->shape[i]);
    buf_puts(&b, "]>");
    return buf_text(&b);
  }
  if (t->kind != L_BLOCK) return scalars[t->kind].text;
  buf_puts(&b, "<[");
  for (int i = 0; i < t->rank; i++) buf_printf(&b, "%s'%lld'", i ? ", " : "", (long long)t->shape[i]);
  buf_printf(&b, "], %s>", lt_text(L, t->elem));
  return buf_text(&b);
}

const char *lt_name(Lang *L, const LType *t) {
  if (t->kind == L_POINTER || t->kind == L_BLOCK || t->kind == L_DESCRIPTOR) return lt_text(L, t);
  return ctx_printf(L->cx, "tl.%s", scalars[t->kind].name);
}

const char *lt_shape_text(Lang *L, const LType *t) {
  Buf b = {.cx = L->cx};
  buf_putc(&b, '[');
  for (int i = 0; i < t->rank; i++) buf_printf(&b, "%s%lld", i ? ", " : "", (long long)t->shape[i]);
  buf_putc(&b, ']');
  return buf_text(&b);
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

int lt_bits(const LType *t) {
  return t->kind == L_POINTER                            ? 64
         : t->kind == L_BLOCK || t->kind == L_DESCRIPTOR ? lt_bits(t->elem)
                                                         : scalars[t->kind].bits;
}

int64_t lt_numel(const LType *t) {
  int64_t n = 1;
  for (int i = 0; i < lt_rank(t); i++) n *= t->shape[i];
  return n;
}

bool lt_same_shape(const LType *a, const LType *b) {
  int rank = lt_rank(a);
  return rank == lt_rank(b) && (rank == 0 || memcmp(a->shape, b->shape, sizeof(int64_t) * (size_t)rank) == 0);
}

LKind lt_kind_of_bits(int bits, bool is_unsigned) {
  switch (bits) {
  case 1: return L_INT1;
  case 8: return is_unsigned ? L_UINT8 : L_INT8;
  case 16: return is_unsigned ? L_UINT16 : L_INT16;
  case 32: return is_unsigned ? L_UINT32 : L_INT32;
  default: return is_unsigned ? L_UINT64 : L_INT64;
  }
}

void lt_int_range(const LType *t, BigInt *min, BigInt *max) {
  int bits = lt_bits(t);
  if (lt_is_unsigned(t)) {
    *min = 0;
    *max = ((BigInt)1 << bits) - 1;
  } else {
    *min = -((BigInt)1 << (bits - 1));
    *max = ((BigInt)1 << (bits - 1)) - 1;
  }
}

bool lt_int_fits(const LType *t, BigInt x) {
  BigInt min, max;
  lt_int_range(t, &min, &max);
  return x >= min && x <= max;
}

Type *lt_ir(Lang *L, const LType *t) {
  Ctx *cx = L->cx;
  if (t->kind == L_BLOCK) return ir_tensor(cx, lt_ir(L, t->elem), t->rank, t->shape, NULL);
  if (t->kind == L_POINTER) return ir_ptr(cx, lt_ir(L, t->elem), t->address_space);
  if (t->kind == L_DESCRIPTOR)
    return ir_tensordesc(cx, ir_tensor(cx, lt_ir(L, t->elem), t->rank, t->shape, NULL),
                         !lt_is_int(t->elem)       ? 0
                         : lt_is_unsigned(t->elem) ? 'u'
                                                   : 's');
  if (scalars[t->kind].fkind >= 0) return ir_float(cx, (FloatKind)scalars[t->kind].fkind);
  return ir_int(cx, t->kind == L_VOID ? 8 : scalars[t->kind].bits); /* a pointer to void is one to bytes */
}
