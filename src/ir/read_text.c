/* read_text.c: types, attributes and locations from text.
 *
 * A `#name = ...` or `!name = ...` line may stand before or after its uses: all of them are found beforehand, and each
 * is read where it is first used.
 */
#include "ir/reader.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- aliases ----------------------------------------------------------------------------------------------------- */

void ir_find_aliases(Reader *r) {
  for (uint32_t i = 0; i < r->len;) {
    uint32_t line = i;
    const char *newline = memchr(r->text + i, '\n', r->len - i);
    i = newline ? (uint32_t)(newline - r->text) + 1 : r->len;
    while (line < i && (r->text[line] == ' ' || r->text[line] == '\t')) line++;
    if (line == i) continue;
    if (r->text[line] != '#' && r->text[line] != '!') continue;
    uint32_t end = line + 1;
    while (end < i && (isalnum((unsigned char)r->text[end]) || (r->text[end] && strchr("_$.", r->text[end])))) end++;
    uint32_t at = end;
    while (at < i && r->text[at] == ' ') at++;
    if (at >= i || r->text[at] != '=') continue;
    const char *name = intern_n(r->cx, r->text + line, end - line);
    if (map_has(&r->aliases, name)) ir_read_fail(r, line, end, NULL, "'%s' is defined twice", name);
    AliasText *a = NEW(r->cx, AliasText);
    a->at = at + 1;
    map_put(r->cx, &r->aliases, name, a);
  }
}

/* The alias that the current token names, its definition read, or NULL. */
static AliasText *find_alias(Reader *r) {
  AliasText *a = map_get(&r->aliases, ir_token_text(r));
  if (!a) return NULL;
  if (a->busy) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "'%s' is defined by itself", ir_token_text(r));
  if (a->attr || a->type || a->loc) return a;
  bool is_type = r->tok.kind == TOK_BANG;
  IrToken here = r->tok;
  uint32_t pos = r->pos, last_end = r->last_end;
  a->busy = true;
  r->pos = a->at;
  ir_enter(r);
  ir_next(r);
  if (is_type)
    a->type = ir_read_type(r);
  else if (ir_is_word(r, "loc"))
    a->loc = ir_read_loc(r);
  else
    a->attr = ir_read_attr(r);
  ir_leave(r);
  a->busy = false;
  r->tok = here, r->pos = pos, r->last_end = last_end;
  return a;
}

_Noreturn static void unknown_alias(Reader *r) {
  ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "'%s' is not defined in this file", ir_token_text(r));
}

/* ---- types ------------------------------------------------------------------------------------------------------- */

typedef struct Shape {
  int64_t dims[IR_MAX_RANK];
  int rank;
} Shape;

/* 16x32x before an element type. The words of the text do not fall on the borders of dimensions, hence by characters.
 */
static Shape read_shape(Reader *r) {
  Shape s = {0};
  for (;;) {
    if (r->tok.kind != TOK_NUMBER) return s;
    uint32_t at = r->tok.begin;
    int64_t n = 0;
    for (; at < r->len && isdigit((unsigned char)r->text[at]); at++) {
      n = n * 10 + (r->text[at] - '0');
      if (n > INT32_MAX) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "this dimension is too large");
    }
    if (at >= r->len || r->text[at] != 'x') ir_read_fail(r, at, at + 1, NULL, "expected 'x' after a dimension");
    if (s.rank == COUNT(s.dims)) ir_read_fail(r, r->tok.begin, at, NULL, "more than %d dimensions", (int)COUNT(s.dims));
    s.dims[s.rank++] = n;
    if (s.rank > 1 && n && s.dims[0] > INT32_MAX / n)
      ir_read_fail(r, r->tok.begin, at, NULL, "this shape is too large");
    r->pos = at + 1;
    ir_next(r);
  }
}

static void check_numel(Reader *r, const Shape *s, uint32_t begin) {
  int64_t n = 1;
  for (int i = 0; i < s->rank; i++) {
    n *= s->dims[i];
    if (n > INT32_MAX) ir_read_fail(r, begin, r->tok.end, NULL, "this shape has too many elements");
  }
}

static Type *scalar_of(Reader *r, const char *word) {
  if (!strcmp(word, "index")) return ir_index(r->cx);
  for (int k = 0; k < FLOAT_KINDS; k++)
    if (!strcmp(word, ir_float_name((FloatKind)k))) return ir_float(r->cx, (FloatKind)k);
  if (word[0] != 'i' || !isdigit((unsigned char)word[1]) || strlen(word) > 3) return NULL;
  char *end;
  long bits = strtol(word + 1, &end, 10);
  return !*end && bits >= 1 && bits <= 64 ? ir_int(r->cx, (int)bits) : NULL;
}

/* `si32` and `ui32`, which occur in the type of a tensor descriptor only: the letter, and the type without it. */
static Type *read_signed(Reader *r, char *sign) {
  const char *word = r->tok.kind == TOK_WORD ? ir_token_text(r) : "";
  Type *t = (word[0] == 's' || word[0] == 'u') && word[1] == 'i' ? scalar_of(r, word + 1) : NULL;
  if (!t) return ir_read_type(r);
  *sign = word[0];
  ir_next(r);
  return t;
}

/* A tensor's type from its shape on, up to the closing bracket; `sign` may be NULL. */
static Type *read_tensor_body(Reader *r, char *sign) {
  uint32_t begin = r->tok.begin;
  Shape s = read_shape(r);
  check_numel(r, &s, begin);
  uint32_t elem_begin = r->tok.begin;
  Type *elem = sign ? read_signed(r, sign) : ir_read_type(r);
  if (elem->kind != TYPE_INT && elem->kind != TYPE_FLOAT && elem->kind != TYPE_PTR && elem->kind != TYPE_INDEX)
    ir_read_fail(r, elem_begin, r->last_end, NULL, "a tensor cannot have elements of type %s",
                 ir_type_text(r->cx, elem));
  Attr *encoding = ir_accept(r, ',') ? ir_read_attr(r) : NULL;
  return ir_tensor(r->cx, elem, s.rank, s.dims, encoding);
}

static Type *read_tensor(Reader *r, char *sign) {
  ir_expect(r, '<');
  Type *t = read_tensor_body(r, sign);
  ir_expect(r, '>');
  return t;
}

/* 128x32, the shape of the whole buffer: `rank` sizes that no type follows. */
static void read_whole(Reader *r, int rank, int64_t *dims) {
  for (int i = 0; i < rank; i++) {
    uint32_t at = r->tok.begin;
    dims[i] = 0;
    for (; at < r->len && isdigit((unsigned char)r->text[at]) && dims[i] <= INT32_MAX; at++)
      dims[i] = dims[i] * 10 + (r->text[at] - '0');
    bool last = i + 1 == rank;
    if (at == r->tok.begin || (!last && (at >= r->len || r->text[at] != 'x')))
      ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "the buffer's shape must have %d sizes", rank);
    r->pos = at + (last ? 0 : 1);
    ir_next(r);
  }
}

static Type *read_memdesc(Reader *r) {
  uint32_t begin = r->tok.begin;
  ir_expect(r, '<');
  Shape s = read_shape(r);
  check_numel(r, &s, begin);
  Type *elem = ir_read_type(r);
  ir_expect(r, ',');
  Attr *encoding = ir_read_attr(r), *space = NULL;
  bool is_mutable = false, is_part = false;
  int64_t whole[COUNT(s.dims)];
  while (ir_accept(r, ',')) {
    if (ir_accept_word(r, "mutable"))
      is_mutable = true;
    else if (r->tok.kind == TOK_NUMBER && s.rank)
      read_whole(r, s.rank, whole), is_part = true;
    else
      space = ir_read_attr(r);
  }
  ir_expect(r, '>');
  Type *t = ir_memdesc(r->cx, elem, s.rank, s.dims, encoding, space, is_mutable);
  return is_part ? ir_memdesc_part(r->cx, t, whole) : t;
}

/* A number; "constant", of later files: global memory that the kernel does not write. */
static int read_address_space(Reader *r) {
  if (r->tok.kind != TOK_STRING) return (int)(ir_read_integer(r, "an address space") & 0xFFFF);
  size_t len;
  if (strcmp(ir_unescape(r, &len), "constant") != 0) ir_read_expected(r, "an address space");
  ir_next(r);
  return 1;
}

static Type *read_ptr(Reader *r) {
  ir_expect(r, '<');
  Type *elem = ir_read_type(r);
  int space = 1;
  if (ir_accept(r, ',')) space = read_address_space(r);
  ir_expect(r, '>');
  return ir_ptr(r->cx, elem, space);
}

Type *ir_read_type_body(Reader *r, const char *name) {
  if (!strcmp(name, "tt.ptr")) return read_ptr(r);
  if (!strcmp(name, "ttg.memdesc")) return read_memdesc(r);
  char sign = 0; /* <tensor<32x64xsi32>>, or from 3.7 on <32x64xsi32> */
  ir_expect(r, '<');
  Type *block = ir_accept_word(r, "tensor") ? read_tensor(r, &sign) : read_tensor_body(r, &sign);
  ir_expect(r, '>');
  return ir_tensordesc(r->cx, block, sign);
}

static Type *read_dialect_type(Reader *r) {
  AliasText *alias = find_alias(r);
  const char *name = ir_token_text(r) + 1;
  if (alias) {
    ir_next(r);
    return alias->type;
  }
  if (!strcmp(name, "ttg.async.token")) {
    ir_next(r);
    return ir_token(r->cx);
  }
  if (strcmp(name, "tt.ptr") != 0 && strcmp(name, "ttg.memdesc") != 0 && strcmp(name, "tt.tensordesc") != 0)
    ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "unknown type '!%s'", name);
  ir_next(r);
  return ir_read_type_body(r, name);
}

typedef Vec(Type *) Types;

static void read_paren_types(Reader *r, Types *types) {
  ir_expect(r, '(');
  if (ir_accept(r, ')')) return;
  do {
    Type *t = ir_read_type(r);
    vec_push(r->cx, types, t);
  } while (ir_accept(r, ','));
  ir_expect(r, ')');
}

static Type *read_function_type(Reader *r) {
  Types inputs = {0}, results = {0};
  read_paren_types(r, &inputs);
  if (r->tok.kind != TOK_ARROW) ir_read_expected(r, "'->'");
  ir_next(r);
  if (ir_is_punct(r, '(')) {
    read_paren_types(r, &results);
  } else {
    Type *t = ir_read_type(r);
    vec_push(r->cx, &results, t);
  }
  return ir_func_type(r->cx, inputs.at, (int)inputs.len, results.at, (int)results.len);
}

static Type *scalar_type(Reader *r) { return scalar_of(r, ir_token_text(r)); }

static Type *read_type_inside(Reader *r) {
  if (r->tok.kind == TOK_BANG) return read_dialect_type(r);
  if (ir_is_punct(r, '(')) return read_function_type(r);
  if (r->tok.kind != TOK_WORD) ir_read_expected(r, "a type");
  if (ir_accept_word(r, "tensor")) return read_tensor(r, NULL);
  Type *t = scalar_type(r);
  if (!t) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "unknown type '%s'", ir_token_text(r));
  ir_next(r);
  return t;
}

Type *ir_read_type(Reader *r) {
  ir_enter(r);
  Type *t = read_type_inside(r);
  ir_leave(r);
  return t;
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* A number or truth value whose type may only be known later. */
typedef struct Literal {
  uint32_t begin, end;
  bool minus, is_bool;
} Literal;

static Literal read_literal(Reader *r) {
  Literal l = {.begin = r->tok.begin};
  l.minus = ir_accept(r, '-');
  l.is_bool = !l.minus && (ir_is_word(r, "true") || ir_is_word(r, "false"));
  if (!l.is_bool && r->tok.kind != TOK_NUMBER) ir_read_expected(r, "a number");
  l.end = r->tok.end;
  ir_next(r);
  return l;
}

static const char *literal_text(Reader *r, const Literal *l) {
  return ctx_strndup(r->cx, r->text + l->begin, l->end - l->begin);
}

static bool parse_integer(const char *s, bool minus, int bits, int64_t *x) {
  uint64_t n = 0;
  if (*s == '-') s++;
  while (*s == ' ') s++;
  char *end;
  if (strlen(s) > 20) return false;
  n = s[0] == '0' && s[1] == 'x' ? strtoull(s, &end, 16) : strtoull(s, &end, 10);
  if (*end) return false;
  if (n == UINT64_MAX && strcmp(s, "18446744073709551615") != 0 && s[1] != 'x') return false;
  uint64_t limit = bits >= 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
  if (minus ? n > (uint64_t)1 << (bits - 1) : n > limit) return false;
  *x = (int64_t)(minus ? 0 - n : n);
  return true;
}

static Attr *literal_attr(Reader *r, const Literal *l, Type *t) {
  const char *s = literal_text(r, l);
  if (l->is_bool) {
    if (!ir_is_int(t) || t->bits != 1)
      ir_read_fail(r, l->begin, l->end, NULL, "'%s' is an i1, not a %s", s, ir_type_text(r->cx, t));
    return ir_attr_bool(r->cx, *s == 't');
  }
  bool hex = strstr(s, "0x") != NULL, fraction = !hex && strchr(s, '.') != NULL;
  int64_t x = 0;
  if (ir_is_float(t)) {
    if (hex) {
      if (l->minus || !parse_integer(s, false, t->bits, &x))
        ir_read_fail(r, l->begin, l->end, NULL, "'%s' is not the bits of a %s", s, ir_type_text(r->cx, t));
      return ir_attr_float(r->cx, t, ir_float_decode(t->fkind, (uint64_t)x));
    }
    if (!fraction)
      ir_read_fail(r, l->begin, l->end, "write 1.0 for 1", "'%s' is an integer, not a %s", s, ir_type_text(r->cx, t));
    const char *digits = s + l->minus;
    while (*digits == ' ') digits++;
    double value = strtod(digits, NULL);
    return ir_attr_float(r->cx, t, l->minus ? -value : value);
  }
  if (t->kind != TYPE_INT && t->kind != TYPE_INDEX)
    ir_read_fail(r, l->begin, l->end, NULL, "a number cannot be of type %s", ir_type_text(r->cx, t));
  if (fraction || !parse_integer(s, l->minus, t->kind == TYPE_INDEX ? 64 : t->bits, &x))
    ir_read_fail(r, l->begin, l->end, NULL, "'%s' does not fit in %s", s, ir_type_text(r->cx, t));
  return ir_attr_int(r->cx, t, x);
}

static bool has_point(Reader *r, const Literal *l) {
  const char *s = r->text + l->begin;
  return memchr(s, '.', l->end - l->begin) != NULL;
}

static Attr *read_number(Reader *r) {
  Literal l = read_literal(r);
  Type *t = l.is_bool ? ir_int(r->cx, 1) : has_point(r, &l) ? ir_float(r->cx, F64) : ir_int(r->cx, 64);
  if (!l.is_bool && ir_accept(r, ':')) t = ir_read_type(r);
  return literal_attr(r, &l, t);
}

/* ---- dense and array --------------------------------------------------------------------------------------------- */

typedef struct Elements {
  Vec(Literal) at;
  int64_t dims[IR_MAX_RANK]; /* as the brackets have it; -1: not seen yet */
  int rank;
} Elements;

static void read_elements(Reader *r, Elements *e, int level) {
  if (!ir_is_punct(r, '[')) {
    if (e->rank >= 0 && e->rank != level)
      ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "the brackets of this list are not even");
    e->rank = level;
    Literal l = read_literal(r);
    vec_push(r->cx, &e->at, l);
    return;
  }
  uint32_t begin = r->tok.begin;
  if (level == (int)COUNT(e->dims))
    ir_read_fail(r, begin, begin + 1, NULL, "more than %d dimensions", (int)COUNT(e->dims));
  ir_next(r);
  int64_t n = 0;
  if (!ir_is_punct(r, ']')) {
    do {
      read_elements(r, e, level + 1);
      n++;
    } while (ir_accept(r, ','));
  }
  ir_expect(r, ']');
  if (e->dims[level] >= 0 && e->dims[level] != n)
    ir_read_fail(r, begin, r->last_end, NULL, "this list has %lld items, the one before it %lld", (long long)n,
                 (long long)e->dims[level]);
  e->dims[level] = n;
}

static Attr *read_dense(Reader *r) {
  Elements e = {.rank = -1};
  for (size_t i = 0; i < COUNT(e.dims); i++) e.dims[i] = -1;
  ir_expect(r, '<');
  uint32_t begin = r->tok.begin, end = begin;
  if (!ir_is_punct(r, '>')) {
    if (r->tok.kind == TOK_STRING)
      ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "elements as a string of hexadecimal digits are not supported");
    read_elements(r, &e, 0);
    end = r->last_end;
  }
  ir_expect(r, '>');
  ir_expect(r, ':');
  uint32_t type_begin = r->tok.begin;
  Type *t = ir_read_type(r);
  if (!ir_is_tensor(t)) ir_read_fail(r, type_begin, r->last_end, NULL, "a dense attribute is of a tensor type");
  int64_t numel = ir_numel(t);
  if (e.at.len == 1 && e.rank == 0 && numel > 0) return ir_attr_splat(r->cx, t, literal_attr(r, &e.at.at[0], t->elem));
  bool fits = numel == (int64_t)e.at.len && (!e.at.len || e.rank == t->rank);
  for (int i = 0; fits && i < e.rank; i++) fits = e.dims[i] == t->shape[i];
  if (!fits) ir_read_fail(r, begin, end, NULL, "these elements do not have the shape of %s", ir_type_text(r->cx, t));
  Attr **items = NEWN(r->cx, Attr *, numel);
  for (int64_t i = 0; i < numel; i++) items[i] = literal_attr(r, &e.at.at[i], t->elem);
  return ir_attr_dense(r->cx, t, items);
}

static Attr *read_ints(Reader *r) {
  ir_expect(r, '<');
  uint32_t begin = r->tok.begin;
  Type *t = ir_read_type(r);
  if (!ir_is_int(t)) ir_read_fail(r, begin, r->last_end, NULL, "only arrays of integers are supported");
  Vec(int64_t) ints = {0};
  if (ir_accept(r, ':')) {
    do {
      Literal l = read_literal(r);
      int64_t x = literal_attr(r, &l, t)->integer;
      vec_push(r->cx, &ints, x);
    } while (ir_accept(r, ','));
  }
  ir_expect(r, '>');
  return ir_attr_ints(r->cx, t, ints.at, (int)ints.len);
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

typedef struct Named {
  Vec(const char *) names;
  Vec(Attr *) items;
} Named;

static void put_named(Reader *r, void *arg, const char *name, Attr *a) {
  Named *d = arg;
  vec_push(r->cx, &d->names, name);
  vec_push(r->cx, &d->items, a);
}

void ir_read_dict(Reader *r, void (*put)(Reader *r, void *arg, const char *name, Attr *a), void *arg) {
  ir_expect(r, '{');
  if (ir_accept(r, '}')) return;
  do {
    if (r->tok.kind != TOK_WORD && r->tok.kind != TOK_STRING) ir_read_expected(r, "an attribute's name");
    size_t len = 0;
    const char *name = r->tok.kind == TOK_WORD ? ir_token_text(r) : ir_unescape(r, &len);
    ir_next(r);
    put(r, arg, name, ir_accept(r, '=') ? ir_read_attr(r) : ir_attr_unit(r->cx));
  } while (ir_accept(r, ','));
  ir_expect(r, '}');
}

static Attr *read_array(Reader *r, Attr *(*item)(Reader *r)) {
  Vec(Attr *) items = {0};
  ir_expect(r, '[');
  if (!ir_is_punct(r, ']')) {
    do {
      Attr *a = item(r);
      vec_push(r->cx, &items, a);
    } while (ir_accept(r, ','));
  }
  ir_expect(r, ']');
  return ir_attr_array(r->cx, items.at, (int)items.len);
}

static Attr *read_param_inside(Reader *r);

/* What may be in the <...> of a dialect's attribute: as elsewhere, but bare words too. */
static Attr *read_param(Reader *r) {
  ir_enter(r);
  Attr *a = read_param_inside(r);
  ir_leave(r);
  return a;
}

static Attr *read_param_inside(Reader *r) {
  if (ir_is_punct(r, '[')) return read_array(r, read_param);
  if (r->tok.kind != TOK_WORD || ir_is_word(r, "true") || ir_is_word(r, "false")) return ir_read_attr(r);
  Attr *a = ir_attr_enum(r->cx, ir_token_text(r));
  ir_next(r);
  return a;
}

/* Attributes whose parameters stand as name = value without braces. */
static bool names_without_braces(const char *name) {
  return !strncmp(name, "llvm.", 5) || !strcmp(name, "tt.cache_policy");
}

Attr *ir_read_params(Reader *r, const char *name) {
  Vec(const char *) names = {0};
  Vec(Attr *) items = {0};
  ir_expect(r, '<');
  bool braces = ir_accept(r, '{'), named = braces || names_without_braces(name);
  if (!ir_is_punct(r, braces ? '}' : '>')) {
    do {
      if (named) {
        if (r->tok.kind != TOK_WORD) ir_read_expected(r, "a parameter's name");
        const char *key = ir_token_text(r);
        ir_next(r);
        ir_expect(r, '=');
        vec_push(r->cx, &names, key);
      }
      Attr *a = read_param(r);
      vec_push(r->cx, &items, a);
    } while (ir_accept(r, ','));
  }
  if (braces) ir_expect(r, '}');
  ir_expect(r, '>');
  return ir_attr_dialect(r->cx, name, named ? names.at : NULL, items.at, (int)items.len);
}

static Attr *read_hash(Reader *r) {
  AliasText *alias = find_alias(r);
  const char *name = ir_token_text(r);
  if (alias) {
    if (!alias->attr) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "'%s' is a location, not an attribute", name);
    ir_next(r);
    return alias->attr;
  }
  if (!strchr(name, '.')) unknown_alias(r);
  ir_next(r);
  if (ir_is_punct(r, '<')) return ir_read_params(r, name + 1);
  return ir_attr_dialect(r->cx, name + 1, NULL, NULL, 0);
}

static Attr *read_word(Reader *r) {
  if (ir_is_word(r, "true") || ir_is_word(r, "false")) return read_number(r);
  if (ir_accept_word(r, "unit")) return ir_attr_unit(r->cx);
  if (ir_accept_word(r, "dense")) return read_dense(r);
  if (ir_accept_word(r, "array")) return read_ints(r);
  if (ir_is_word(r, "tensor") || scalar_type(r)) return ir_attr_type(r->cx, ir_read_type(r));
  ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "'%s' does not begin an attribute", ir_token_text(r));
}

static Attr *read_symbol(Reader *r) {
  size_t len = 0;
  const char *name = r->text[r->tok.begin + 1] == '"' ? ir_unescape(r, &len) : ir_token_text(r) + 1;
  ir_next(r);
  return ir_attr_symbol(r->cx, name);
}

static Attr *read_attr_inside(Reader *r) {
  size_t len;
  switch (r->tok.kind) {
  case TOK_NUMBER: return read_number(r);
  case TOK_WORD: return read_word(r);
  case TOK_SYMBOL: return read_symbol(r);
  case TOK_HASH: return read_hash(r);
  case TOK_BANG: return ir_attr_type(r->cx, ir_read_type(r));
  case TOK_STRING: {
    const char *s = ir_unescape(r, &len);
    ir_next(r);
    return ir_attr_string(r->cx, s, len);
  }
  default: break;
  }
  if (ir_is_punct(r, '-')) return read_number(r);
  if (ir_is_punct(r, '[')) return read_array(r, ir_read_attr);
  if (ir_is_punct(r, '(')) return ir_attr_type(r->cx, ir_read_type(r));
  if (!ir_is_punct(r, '{')) ir_read_expected(r, "an attribute");
  Named d = {0};
  ir_read_dict(r, put_named, &d);
  return ir_attr_dict(r->cx, d.names.at, d.items.at, (int)d.items.len);
}

Attr *ir_read_attr(Reader *r) {
  ir_enter(r);
  Attr *a = read_attr_inside(r);
  ir_leave(r);
  return a;
}

/* ---- locations --------------------------------------------------------------------------------------------------- */

static Loc *read_loc_inside(Reader *r);

static int read_position(Reader *r) {
  ir_expect(r, ':');
  int64_t n = ir_read_integer(r, "a line or column number");
  return (int)(n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : n);
}

static Loc *read_string_loc(Reader *r) {
  size_t len;
  const char *s = ir_unescape(r, &len);
  ir_next(r);
  if (ir_is_punct(r, ':')) {
    int line = read_position(r);
    return ir_loc_file(r->cx, s, line, read_position(r));
  }
  Loc *child = NULL;
  if (ir_accept(r, '(')) {
    child = read_loc_inside(r);
    ir_expect(r, ')');
  }
  return ir_loc_name(r->cx, s, child);
}

static Loc *read_fused(Reader *r) {
  if (ir_accept(r, '<')) {
    ir_read_attr(r);
    ir_expect(r, '>');
  }
  ir_expect(r, '[');
  Loc *all = read_loc_inside(r);
  while (ir_accept(r, ',')) all = ir_loc_fused(r->cx, all, read_loc_inside(r));
  ir_expect(r, ']');
  return all;
}

static Loc *read_one_loc(Reader *r) {
  if (r->tok.kind == TOK_STRING) return read_string_loc(r);
  if (r->tok.kind == TOK_HASH) {
    AliasText *alias = find_alias(r);
    if (!alias) unknown_alias(r);
    if (!alias->loc) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "'%s' is not a location", ir_token_text(r));
    ir_next(r);
    return alias->loc;
  }
  if (ir_accept_word(r, "unknown")) return ir_loc_unknown(r->cx);
  if (ir_accept_word(r, "fused")) return read_fused(r);
  if (!ir_accept_word(r, "callsite")) ir_read_expected(r, "a location");
  ir_expect(r, '(');
  Loc *callee = read_loc_inside(r);
  ir_expect_word(r, "at");
  Loc *caller = read_loc_inside(r);
  ir_expect(r, ')');
  return ir_loc_call(r->cx, callee, caller);
}

static Loc *read_loc_inside(Reader *r) {
  ir_enter(r);
  Loc *loc = read_one_loc(r);
  ir_leave(r);
  return loc;
}

Loc *ir_read_loc(Reader *r) {
  ir_expect_word(r, "loc");
  ir_expect(r, '(');
  Loc *loc = read_loc_inside(r);
  ir_expect(r, ')');
  return loc;
}

Loc *ir_read_trailing_loc(Reader *r) { return ir_is_word(r, "loc") ? ir_read_loc(r) : NULL; }
