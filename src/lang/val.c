/* val.c: values of the evaluator: making and describing them, flattening them to tensors and rebuilding them,
 * converting them to and from the host's. */
#include "lang/python/python.h"

#include <string.h>

static Val *val_new(Lang *L, VKind kind) {
  Val *v = NEW(L->cx, Val);
  v->kind = kind;
  return v;
}

Val *val_none(Lang *L) { return val_new(L, V_NONE); }

Val *val_bool(Lang *L, bool x) {
  Val *v = val_new(L, V_BOOL);
  v->integer = x;
  return v;
}

Val *val_int(Lang *L, BigInt x) {
  Val *v = val_new(L, V_INT);
  v->integer = x;
  return v;
}

Val *val_float(Lang *L, double x) {
  Val *v = val_new(L, V_FLOAT);
  v->number = x;
  return v;
}

Val *val_str(Lang *L, const char *s, size_t n) {
  Val *v = val_new(L, V_STR);
  v->text = intern_n(L->cx, s, n);
  v->len = n;
  return v;
}

Val *val_dtype(Lang *L, const LType *t) {
  Val *v = val_new(L, V_DTYPE);
  v->type = t;
  return v;
}

static Val *val_sequence(Lang *L, VKind kind, Val *const *items, size_t n) {
  Val *v = val_new(L, kind);
  v->items = n ? ctx_copy(L->cx, items, n * sizeof *items) : NULL;
  v->len = n;
  return v;
}

Val *val_tuple(Lang *L, Val *const *items, size_t n, const char *const *names) {
  Val *v = val_sequence(L, V_TUPLE, items, n);
  v->names = names;
  return v;
}

Val *val_list(Lang *L, Val *const *items, size_t n) { return val_sequence(L, V_LIST, items, n); }

Val *val_like(Lang *L, const Val *like, Val *const *items) {
  Val *v = val_sequence(L, like->kind, items, like->len);
  v->names = like->names;
  v->type = like->type;
  return v;
}

Val *val_tensor(Lang *L, Value *value, const LType *t) {
  Val *v = val_new(L, V_TENSOR);
  v->value = value;
  v->type = t;
  return v;
}

Val *val_type(Lang *L, const char *name) {
  Val *v = val_new(L, V_TYPE);
  v->text = intern(L->cx, name);
  return v;
}

Val *val_type_with(Lang *L, const char *name, Val *of) {
  Val *v = val_type(L, name);
  Val **items = NEWN(L->cx, Val *, 1);
  items[0] = of;
  v->items = items;
  return v;
}

Val *val_type_of(Lang *L, const Val *v) {
  if (v->kind == V_TENSOR) return val_dtype(L, v->type);
  if (!val_has_tensor(v)) return val_type_with(L, "tl.constexpr_type", (Val *)v);
  Val **types = NEWN(L->cx, Val *, v->len);
  for (size_t i = 0; i < v->len; i++) types[i] = val_type_of(L, v->items[i]);
  return val_type_with(L, "tl.tuple_type", val_list(L, types, v->len));
}

Val *val_builtin(Lang *L, const Builtin *b, Val *self) {
  Val *v = val_new(L, V_BUILTIN);
  v->builtin = b;
  v->self = self;
  return v;
}

Val *val_constexpr(Lang *L, const Val *v) {
  Val *copy = NEW(L->cx, Val);
  *copy = *v;
  copy->constexpr_ = true;
  return copy;
}

Val *val_function(Lang *L, const ttc_function *f) {
  Val *v = val_new(L, V_FUNCTION);
  v->function = f;
  return v;
}

bool val_is_number(const Val *v) { return v->kind == V_BOOL || v->kind == V_INT || v->kind == V_FLOAT; }

/* ---- describing -------------------------------------------------------------------------------------------------- */

const char *val_kind_text(Lang *L, const Val *v) {
  switch (v->kind) {
  case V_NONE: return "None";
  case V_BOOL: return "a bool";
  case V_INT: return "an int";
  case V_FLOAT: return "a float";
  case V_STR: return "a string";
  case V_DTYPE: return "a dtype";
  case V_TUPLE:
    if (!v->type) return "a tuple";
    return ctx_printf(L->cx, "a tensor descriptor of %s with blocks of %s", lt_text(L, v->type->elem),
                      lt_shape_text(L, v->type));
  case V_LIST: return "a list";
  case V_DICT: return "a dictionary";
  case V_ELLIPSIS: return "`...`";
  case V_SLICE: return "a slice";
  case V_RANGE: return "a range";
  case V_FUNCTION: return ctx_printf(L->cx, "the @triton.jit function `%s`", v->function->name);
  case V_LAMBDA: return v->node && v->node->kind == N_LAMBDA ? "a lambda" : "a nested function";
  case V_BUILTIN: return ctx_printf(L->cx, "the function `%s`", v->builtin->name);
  case V_TYPE: return ctx_printf(L->cx, "the type `%s`", strncmp(v->text, "builtins.", 9) ? v->text : v->text + 9);
  case V_HOST:
    if (v->host.kind == TTC_CLASS) return ctx_printf(L->cx, "the class `%s`", v->host.text ? v->host.text : "?");
    if (v->host.kind == TTC_MODULE) return ctx_printf(L->cx, "the module `%s`", v->host.text ? v->host.text : "?");
    return v->host.text ? v->host.text : "a Python object";
  case V_TENSOR: break;
  }
  const LType *t = v->type;
  if (t->kind == L_POINTER && t->elem->kind == L_BLOCK)
    return ctx_printf(L->cx, "a block pointer to %s with blocks of %s", lt_text(L, t->elem->elem),
                      lt_shape_text(L, t->elem));
  if (t->kind == L_POINTER) return ctx_printf(L->cx, "a pointer to %s", lt_text(L, t->elem));
  if (t->kind != L_BLOCK) return ctx_printf(L->cx, "a scalar of %s", lt_text(L, t));
  Buf b = {.cx = L->cx};
  buf_printf(&b, "a tensor of %s with shape [", lt_text(L, t->elem));
  for (int i = 0; i < t->rank; i++) buf_printf(&b, "%s%lld", i ? ", " : "", (long long)t->shape[i]);
  buf_puts(&b, "]");
  return buf_text(&b);
}

static void repr_string(Buf *out, const char *s, size_t n) {
  char quote = memchr(s, '\'', n) && !memchr(s, '"', n) ? '"' : '\'';
  buf_putc(out, quote);
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c == (unsigned char)quote || c == '\\') {
      buf_putc(out, '\\');
      buf_putc(out, (char)c);
    } else if (c == '\n') {
      buf_puts(out, "\\n");
    } else if (c == '\t') {
      buf_puts(out, "\\t");
    } else if (c == '\r') {
      buf_puts(out, "\\r");
    } else if (c < 32 || c == 127) {
      buf_printf(out, "\\x%02x", c);
    } else {
      buf_putc(out, (char)c);
    }
  }
  buf_putc(out, quote);
}

static void repr_into(Lang *L, Buf *out, const Val *v);

static void repr_items(Lang *L, Buf *out, const Val *v, char open, char close) {
  buf_putc(out, open);
  for (size_t i = 0; i < v->len; i++) {
    if (i) buf_puts(out, ", ");
    if (v->names && v->names[i]) buf_printf(out, "%s=", v->names[i]);
    repr_into(L, out, v->items[i]);
  }
  if (v->len == 1 && v->kind == V_TUPLE) buf_putc(out, ',');
  buf_putc(out, close);
}

static void repr_range(Lang *L, Buf *out, const RangeVal *r) {
  buf_puts(out, r->is_static ? "static_range(" : "range(");
  repr_into(L, out, r->start);
  buf_puts(out, ", ");
  repr_into(L, out, r->stop);
  if (!(r->step->kind == V_INT && r->step->integer == 1)) {
    buf_puts(out, ", ");
    repr_into(L, out, r->step);
  }
  buf_putc(out, ')');
}

static void repr_into(Lang *L, Buf *out, const Val *v) {
  switch (v->kind) {
  case V_NONE: buf_puts(out, "None"); return;
  case V_BOOL: buf_puts(out, v->integer ? "True" : "False"); return;
  case V_INT: val_int_text(out, v->integer, 10); return;
  case V_FLOAT: val_float_text(out, v->number); return;
  case V_STR: repr_string(out, v->text, v->len); return;
  case V_DTYPE: buf_puts(out, lt_text(L, v->type)); return;
  case V_TUPLE:
    if (v->type)
      buf_puts(out, lt_text(L, v->type));
    else
      repr_items(L, out, v, '(', ')');
    return;
  case V_LIST: repr_items(L, out, v, '[', ']'); return;
  case V_DICT:
    buf_putc(out, '{');
    for (size_t i = 0; i < v->len; i++) {
      if (i) buf_puts(out, ", ");
      repr_into(L, out, v->items[i]);
      buf_puts(out, ": ");
      repr_into(L, out, v->items2[i]);
    }
    buf_putc(out, '}');
    return;
  case V_ELLIPSIS: buf_puts(out, "Ellipsis"); return;
  case V_SLICE: buf_puts(out, "slice(...)"); return;
  case V_RANGE: repr_range(L, out, v->range); return;
  case V_TENSOR: /* as the reference prints: its type, "int32[constexpr[64]]" and the like, in our words */
    buf_puts(out, lt_text(L, lt_elem(v->type)));
    buf_putc(out, '[');
    for (int i = 0; v->type->kind == L_BLOCK && i < v->type->rank; i++)
      buf_printf(out, "%sconstexpr[%lld]", i ? ", " : "", (long long)v->type->shape[i]);
    buf_putc(out, ']');
    return;
  case V_FUNCTION: buf_printf(out, "<function %s>", v->function->name); return;
  default: buf_printf(out, "<%s>", val_kind_text(L, v)); return;
  }
}

/* ("tensor", type), ("dtype", type), ("const", value), ("tuple", items), ("descriptor", type, items), ("other", what) */
static void describe_into(Lang *L, Buf *out, const Val *v) {
  switch (v->kind) {
  case V_TENSOR: buf_printf(out, "('tensor', \"%s\")", lt_text(L, v->type)); return;
  case V_DTYPE: buf_printf(out, "('dtype', \"%s\")", lt_text(L, v->type)); return;
  case V_NONE:
  case V_BOOL:
  case V_INT:
  case V_STR:
    buf_puts(out, "('const', ");
    repr_into(L, out, v);
    buf_putc(out, ')');
    return;
  case V_FLOAT:
    buf_puts(out, "('float', '");
    repr_into(L, out, v);
    buf_puts(out, "')");
    return;
  case V_TUPLE:
  case V_LIST:
    if (v->kind == V_TUPLE && v->type && v->type->kind == L_DESCRIPTOR)
      buf_printf(out, "('descriptor', \"%s\", [", lt_text(L, v->type));
    else
      buf_puts(out, v->kind == V_LIST ? "('list', [" : "('tuple', [");
    for (size_t i = 0; i < v->len; i++) {
      describe_into(L, out, v->items[i]);
      buf_putc(out, ',');
    }
    buf_puts(out, "])");
    return;
  default:
    buf_puts(out, "('other', ");
    repr_string(out, val_kind_text(L, v), strlen(val_kind_text(L, v)));
    buf_putc(out, ')');
    return;
  }
}

const char *val_description(Lang *L, const Val *v) {
  Buf b = {.cx = L->cx};
  describe_into(L, &b, v);
  return buf_text(&b);
}

const char *val_repr(Lang *L, const Val *v) {
  Buf b = {.cx = L->cx};
  repr_into(L, &b, v);
  return buf_text(&b);
}

void val_python_str(Lang *L, Buf *out, const Val *v) {
  if (v->kind == V_STR) {
    buf_write(out, v->text, v->len);
  } else {
    repr_into(L, out, v);
  }
}

/* ---- iteration --------------------------------------------------------------------------------------------------- */

static bool iterate_range(Lang *L, const RangeVal *r, Val ***items, size_t *n) {
  if (!val_is_integer(r->start) || !val_is_integer(r->stop) || !val_is_integer(r->step)) return false;
  BigInt start = r->start->integer, stop = r->stop->integer, step = r->step->integer, count = 0;
  if (step == 0) lang_fail(L, NULL, "the step of a range must not be 0");
  const BigInt most = (BigInt)1 << 100; /* so that the differences below cannot overflow */
  if (start > most || start < -most || stop > most || stop < -most || step > most || step < -most)
    lang_fail(L, NULL, "the bounds of a range are too large");
  if (step > 0 ? start < stop : start > stop)
    count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
  if (count > 1 << 20)
    lang_fail(L, "use tl.range, which is a loop at run time", "a range of this length cannot be unrolled");
  *n = (size_t)count;
  *items = NEWN(L->cx, Val *, *n);
  for (size_t i = 0; i < *n; i++) {
    (*items)[i] = val_int(L, start + (BigInt)i * step);
    (*items)[i]->constexpr_ = true;
  }
  return true;
}

bool val_iterate(Lang *L, Val *v, Val ***items, size_t *n) {
  switch (v->kind) {
  case V_TUPLE:
    if (v->type) return false; /* an object */
    /* fallthrough */
  case V_LIST:
  case V_DICT:
    *items = (Val **)(uintptr_t)v->items;
    *n = v->len;
    return true;
  case V_STR:
    *n = 0;
    *items = NEWN(L->cx, Val *, v->len);
    for (size_t i = 0; i < v->len;) {
      size_t k = i + 1;
      while (k < v->len && ((unsigned char)v->text[k] & 0xC0) == 0x80) k++;
      (*items)[(*n)++] = val_str(L, v->text + i, k - i);
      i = k;
    }
    return true;
  case V_RANGE: return iterate_range(L, v->range, items, n);
  default: return false;
  }
}

bool val_truth(Lang *L, const Val *v, Span at) {
  switch (v->kind) {
  case V_NONE: return false;
  case V_BOOL:
  case V_INT: return v->integer != 0;
  case V_FLOAT: return v->number != 0;
  case V_STR:
  case V_TUPLE:
  case V_LIST:
  case V_DICT: return v->len != 0;
  case V_RANGE: {
    Val **items;
    size_t n;
    if (!val_iterate(L, (Val *)v, &items, &n)) break;
    return n != 0;
  }
  case V_TENSOR: break;
  default: return true;
  }
  lang_fail_at(L, at, "use an `if` statement, tl.where, or make it a tl.constexpr",
               "%s is known only when the kernel runs, but a compile-time condition is needed here",
               val_kind_text(L, v));
}

int64_t val_index(Lang *L, const Val *v, const char *what) {
  if (v->kind != V_INT && v->kind != V_BOOL) {
    lang_fail(L, v->kind == V_TENSOR ? "make it a tl.constexpr" : NULL, "%s must be a compile-time integer, not %s",
              what, val_kind_text(L, v));
  }
  if (v->integer > INT64_MAX || v->integer < INT64_MIN) lang_fail(L, NULL, "%s does not fit in 64 bits", what);
  return (int64_t)v->integer;
}

/* ---- the tensors inside a value ---------------------------------------------------------------------------------- */

bool val_has_tensor(const Val *v) {
  if (v->kind == V_TENSOR) return true;
  if (v->kind != V_TUPLE && v->kind != V_LIST) return false;
  for (size_t i = 0; i < v->len; i++)
    if (val_has_tensor(v->items[i])) return true;
  return false;
}

void val_flatten(Lang *L, const Val *v, Values *out) {
  if (v->kind == V_TENSOR) {
    vec_push(L->cx, out, v->value);
  } else if (v->kind == V_TUPLE || v->kind == V_LIST) {
    for (size_t i = 0; i < v->len; i++) val_flatten(L, v->items[i], out);
  }
}

Val *val_rebuild(Lang *L, const Val *shape, Value *const *values, size_t *next) {
  if (shape->kind == V_TENSOR) return val_tensor(L, values[(*next)++], shape->type);
  if (!val_has_tensor(shape)) return (Val *)shape;
  Val **items = NEWN(L->cx, Val *, shape->len);
  for (size_t i = 0; i < shape->len; i++) items[i] = val_rebuild(L, shape->items[i], values, next);
  return val_like(L, shape, items);
}

bool val_same(Lang *L, const Val *a, const Val *b) {
  if (a == b) return true;
  if (a->kind != b->kind) return false;
  switch (a->kind) {
  case V_NONE:
  case V_ELLIPSIS: return true;
  case V_BOOL:
  case V_INT: return a->integer == b->integer;
  case V_FLOAT: return memcmp(&a->number, &b->number, sizeof a->number) == 0;
  case V_STR: return a->text == b->text && a->len == b->len;
  case V_DTYPE: return a->type == b->type;
  case V_TYPE:
    return a->text == b->text && !a->items == !b->items && (!a->items || val_same(L, a->items[0], b->items[0]));
  case V_TENSOR: return a->value == b->value && a->type == b->type;
  case V_FUNCTION: return a->function == b->function;
  case V_BUILTIN: return a->builtin == b->builtin && a->self == b->self;
  case V_HOST: return a->host.kind == b->host.kind && a->host.object == b->host.object && a->host.object;
  case V_TUPLE:
  case V_LIST:
    if (a->len != b->len || a->type != b->type) return false;
    for (size_t i = 0; i < a->len; i++)
      if (!val_same(L, a->items[i], b->items[i])) return false;
    return true;
  default: return false;
  }
}
