/* attrs.c: attributes and locations, interned like types. */
#include "ir/internal.h"

#include <assert.h>
#include <string.h>

static uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static uint64_t attr_hash(const Attr *a) {
  uint64_t h = hash_mix(a->kind, (uint64_t)a->integer);
  h = hash_mix(h, bits_of(a->number));
  h = hash_mix(h, (uintptr_t)a->text);
  h = hash_mix(h, (uintptr_t)a->type);
  for (int i = 0; i < a->n; i++) {
    if (a->items) h = hash_mix(h, (uintptr_t)a->items[i]);
    if (a->names) h = hash_mix(h, (uintptr_t)a->names[i]);
    if (a->ints) h = hash_mix(h, (uint64_t)a->ints[i]);
  }
  return h;
}

static bool array_same(const void *a, const void *b, size_t bytes) {
  if (!a || !b) return a == b;
  return !memcmp(a, b, bytes);
}

static bool attr_same(const void *item, const void *key) {
  const Attr *a = item, *b = key;
  if (a->kind != b->kind || a->integer != b->integer || bits_of(a->number) != bits_of(b->number) ||
      a->text != b->text || a->len != b->len || a->type != b->type || a->n != b->n)
    return false;
  size_t n = (size_t)a->n;
  return !n ||
         (array_same(a->items, b->items, n * sizeof *a->items) &&
          array_same(a->names, b->names, n * sizeof *a->names) && array_same(a->ints, b->ints, n * sizeof *a->ints));
}

static Attr *attr_intern(Ctx *cx, const Attr *key) {
  IrTables *tables = ir_tables(cx);
  uint64_t hash = attr_hash(key);
  uint32_t at = 0;
  Attr *found = ir_intern_find(cx, &tables->attrs, hash, attr_same, key, &at);
  if (found) return found;
  Attr *a = ctx_copy(cx, key, sizeof *key);
  if (a->n) {
    size_t n = (size_t)a->n;
    if (a->items) a->items = ctx_copy(cx, key->items, n * sizeof *key->items);
    if (a->names) a->names = ctx_copy(cx, key->names, n * sizeof *key->names);
    if (a->ints) a->ints = ctx_copy(cx, key->ints, n * sizeof *key->ints);
  } else {
    a->items = NULL, a->names = NULL, a->ints = NULL;
  }
  ir_intern_add(&tables->attrs, hash, a, at);
  return a;
}

Attr *ir_attr_unit(Ctx *cx) {
  Attr **known = &ir_tables(cx)->unit;
  return *known ? *known : (*known = attr_intern(cx, &(Attr){.kind = ATTR_UNIT}));
}

Attr *ir_attr_bool(Ctx *cx, bool x) {
  Attr **known = &ir_tables(cx)->bools[x];
  return *known ? *known : (*known = attr_intern(cx, &(Attr){.kind = ATTR_BOOL, .integer = x, .type = ir_int(cx, 1)}));
}

static int64_t sign_extend(int64_t x, int bits) {
  return bits >= 64 ? x : (int64_t)((uint64_t)x << (64 - bits)) >> (64 - bits);
}

Attr *ir_attr_int(Ctx *cx, Type *type, int64_t x) {
  assert(type->kind == TYPE_INT || type->kind == TYPE_INDEX);
  if (type->kind == TYPE_INT && type->bits == 1) return ir_attr_bool(cx, x & 1);
  if (type->kind == TYPE_INT) x = sign_extend(x, type->bits);
  return attr_intern(cx, &(Attr){.kind = ATTR_INT, .type = type, .integer = x});
}

Attr *ir_attr_float(Ctx *cx, Type *type, double x) {
  assert(type->kind == TYPE_FLOAT);
  double rounded = ir_float_decode(type->fkind, ir_float_encode(type->fkind, x));
  return attr_intern(cx, &(Attr){.kind = ATTR_FLOAT, .type = type, .number = rounded});
}

Attr *ir_attr_string(Ctx *cx, const char *s, size_t n) {
  return attr_intern(cx, &(Attr){.kind = ATTR_STRING, .text = intern_n(cx, s, n), .len = n});
}

Attr *ir_attr_symbol(Ctx *cx, const char *name) {
  return attr_intern(cx, &(Attr){.kind = ATTR_SYMBOL, .text = intern(cx, name), .len = strlen(name)});
}

Attr *ir_attr_enum(Ctx *cx, const char *keyword) {
  return attr_intern(cx, &(Attr){.kind = ATTR_ENUM, .text = intern(cx, keyword), .len = strlen(keyword)});
}

Attr *ir_attr_type(Ctx *cx, Type *type) { return attr_intern(cx, &(Attr){.kind = ATTR_TYPE, .type = type}); }

Attr *ir_attr_array(Ctx *cx, Attr *const *items, int n) {
  return attr_intern(cx, &(Attr){.kind = ATTR_ARRAY, .items = items, .n = n});
}

Attr *ir_attr_ints(Ctx *cx, Type *elem, const int64_t *ints, int n) {
  return attr_intern(cx, &(Attr){.kind = ATTR_INTS, .type = elem, .ints = ints, .n = n});
}

/* Names and items in the order of the names, which is how equal dictionaries become equal pointers. */
static Attr *intern_sorted(Ctx *cx, Attr key, const char *const *names, Attr *const *items, int n) {
  const char **sorted_names = NEWN(cx, const char *, n);
  Attr **sorted = NEWN(cx, Attr *, n);
  for (int i = 0; i < n; i++) {
    int at = i;
    for (; at > 0 && strcmp(sorted_names[at - 1], names[i]) > 0; at--) {
      sorted_names[at] = sorted_names[at - 1];
      sorted[at] = sorted[at - 1];
    }
    sorted_names[at] = intern(cx, names[i]);
    sorted[at] = items[i];
  }
  key.names = sorted_names, key.items = sorted, key.n = n;
  return attr_intern(cx, &key);
}

Attr *ir_attr_dict(Ctx *cx, const char *const *names, Attr *const *items, int n) {
  return intern_sorted(cx, (Attr){.kind = ATTR_DICT}, names, items, n);
}

Attr *ir_attr_dialect(Ctx *cx, const char *name, const char *const *names, Attr *const *items, int n) {
  const char **copy = names ? NEWN(cx, const char *, n) : NULL;
  for (int i = 0; names && i < n; i++) copy[i] = names[i] ? intern(cx, names[i]) : NULL;
  return attr_intern(
      cx,
      &(Attr){
          .kind = ATTR_DIALECT, .text = intern(cx, name), .len = strlen(name), .names = copy, .items = items, .n = n});
}

Attr *ir_attr_splat(Ctx *cx, Type *tensor, Attr *item) {
  return attr_intern(cx, &(Attr){.kind = ATTR_SPLAT, .type = tensor, .items = &item, .n = 1});
}

Attr *ir_attr_dense(Ctx *cx, Type *tensor, Attr *const *items) {
  int64_t n = ir_numel(tensor);
  bool same = n > 0;
  for (int64_t i = 1; i < n && same; i++) same = items[i] == items[0];
  if (same) return ir_attr_splat(cx, tensor, items[0]);
  return attr_intern(cx, &(Attr){.kind = ATTR_DENSE, .type = tensor, .items = items, .n = (int)n});
}

/* ---- locations --------------------------------------------------------------------------------------------------- */

static bool loc_same(const void *item, const void *key) {
  const Loc *a = item, *b = key;
  return a->kind == b->kind && a->file == b->file && a->line == b->line && a->col == b->col && a->name == b->name &&
         a->child == b->child && a->caller == b->caller;
}

static Loc *loc_intern(Ctx *cx, const Loc *key) {
  IrTables *tables = ir_tables(cx);
  uint64_t hash = hash_mix(key->kind, (uintptr_t)key->file);
  hash = hash_mix(hash, (uint64_t)(unsigned)key->line << 32 | (unsigned)key->col);
  hash = hash_mix(hash, (uintptr_t)key->name);
  hash = hash_mix(hash_mix(hash, (uintptr_t)key->child), (uintptr_t)key->caller);
  uint32_t at = 0;
  Loc *found = ir_intern_find(cx, &tables->locs, hash, loc_same, key, &at);
  if (found) return found;
  Loc *loc = ctx_copy(cx, key, sizeof *key);
  ir_intern_add(&tables->locs, hash, loc, at);
  return loc;
}

Loc *ir_loc_unknown(Ctx *cx) {
  Loc **known = &ir_tables(cx)->unknown;
  return *known ? *known : (*known = loc_intern(cx, &(Loc){.kind = LOC_UNKNOWN}));
}

Loc *ir_loc_file(Ctx *cx, const char *file, int line, int col) {
  return loc_intern(cx, &(Loc){.kind = LOC_FILE, .file = intern(cx, file), .line = line, .col = col});
}

Loc *ir_loc_span(Ctx *cx, Span span) {
  int line, col;
  span_line_col(span, &line, &col);
  Loc *loc = ir_loc_file(cx, span.source->file, line, col - 1); /* the reference counts columns from 0 */
  if (!loc->span.source) loc->span = span;
  return loc;
}

Loc *ir_loc_text(Ctx *cx, Span span, Loc *child) {
  Loc *loc = NEW(cx, Loc);
  *loc = (Loc){.kind = LOC_TEXT, .child = child, .span = span};
  return loc;
}

const Loc *ir_loc_printed(Ctx *cx, const Loc *loc) {
  if (loc->kind == LOC_TEXT) return ir_loc_printed(cx, loc->child);
  const Loc *child = loc->child ? ir_loc_printed(cx, loc->child) : NULL;
  const Loc *caller = loc->caller ? ir_loc_printed(cx, loc->caller) : NULL;
  if (child == loc->child && caller == loc->caller) return loc;
  Loc copy = *loc;
  copy.child = (Loc *)child;
  copy.caller = (Loc *)caller;
  return loc_intern(cx, &copy);
}

Loc *ir_loc_name(Ctx *cx, const char *name, Loc *child) {
  if (child && child->kind == LOC_UNKNOWN) child = NULL;
  return loc_intern(cx, &(Loc){.kind = LOC_NAME, .name = intern(cx, name), .child = child});
}

Loc *ir_loc_call(Ctx *cx, Loc *callee, Loc *caller) {
  return loc_intern(cx, &(Loc){.kind = LOC_CALL, .child = callee, .caller = caller});
}

Loc *ir_loc_fused(Ctx *cx, Loc *a, Loc *b) {
  if (a == b) return a;
  return loc_intern(cx, &(Loc){.kind = LOC_FUSED, .child = a, .caller = b});
}
