/* print_text.c: types, attributes and locations as text, and the aliases that stand for them.
 *
 * Aliases are numbered as MLIR does: by depth of nesting, then by name, then in the order in which a printing of the
 * module meets them. An alias that is met anywhere but after an op is defined before the module, the others after it.
 */
#include "ir/internal.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ------------------------------------------------------------------------------------------------------- */

void ir_put_string(Printer *p, const char *s, size_t n) {
  static const char hex[] = "0123456789ABCDEF";
  buf_putc(p->out, '"');
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c == '\\') {
      buf_puts(p->out, "\\\\");
    } else if (c >= 0x20 && c < 0x7F && c != '"') {
      buf_putc(p->out, (char)c);
    } else {
      buf_putc(p->out, '\\');
      buf_putc(p->out, hex[c >> 4]);
      buf_putc(p->out, hex[c & 15]);
    }
  }
  buf_putc(p->out, '"');
}

static bool is_bare_word(const char *s) {
  if (!isalpha((unsigned char)*s) && *s != '_') return false;
  for (; *s; s++)
    if (!isalnum((unsigned char)*s) && *s != '_' && *s != '$' && *s != '.') return false;
  return true;
}

void ir_put_key(Printer *p, const char *name) {
  if (is_bare_word(name))
    buf_puts(p->out, name);
  else
    ir_put_string(p, name, strlen(name));
}

void ir_put_symbol(Printer *p, const char *name) {
  buf_putc(p->out, '@');
  ir_put_key(p, name);
}

/* ---- types ------------------------------------------------------------------------------------------------------- */

/* `sign`: of integers where the type around the shape says it, else 0. */
static void put_shape(Printer *p, const Type *t, char sign) {
  for (int i = 0; i < t->rank; i++) buf_printf(p->out, "%lldx", (long long)t->shape[i]);
  if (sign) buf_putc(p->out, sign);
  ir_put_type(p, t->elem);
}

static void put_type_list(Printer *p, Type *const *types, int n) {
  for (int i = 0; i < n; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_type(p, types[i]);
  }
}

static void put_func_type(Printer *p, const Type *t) {
  buf_putc(p->out, '(');
  put_type_list(p, t->inputs, t->ninputs);
  buf_puts(p->out, ") -> ");
  if (t->nresults != 1) buf_putc(p->out, '(');
  put_type_list(p, t->results, t->nresults);
  if (t->nresults != 1) buf_putc(p->out, ')');
}

static void put_comma_attr(Printer *p, const Attr *a) {
  if (!a) return;
  buf_puts(p->out, ", ");
  ir_put_attr(p, a, true);
}

static void put_tensor(Printer *p, const Type *t, char sign) {
  buf_puts(p->out, "tensor<");
  put_shape(p, t, sign);
  put_comma_attr(p, t->encoding);
  buf_putc(p->out, '>');
}

void ir_put_type(Printer *p, const Type *t) {
  Buf *out = p->out;
  switch (t->kind) {
  case TYPE_INT: buf_printf(out, "i%d", t->bits); break;
  case TYPE_FLOAT: buf_puts(out, ir_float_name(t->fkind)); break;
  case TYPE_INDEX: buf_puts(out, "index"); break;
  case TYPE_TOKEN: buf_puts(out, "!ttg.async.token"); break;
  case TYPE_FUNC: put_func_type(p, t); break;
  case TYPE_PTR:
    buf_puts(out, "!tt.ptr<");
    ir_put_type(p, t->elem);
    if (t->address_space != 1) buf_printf(out, ", %d", t->address_space);
    buf_putc(out, '>');
    break;
  case TYPE_TENSOR: put_tensor(p, t, 0); break;
  case TYPE_MEMDESC:
    buf_puts(out, "!ttg.memdesc<");
    put_shape(p, t, 0);
    put_comma_attr(p, t->encoding);
    put_comma_attr(p, t->memory_space);
    if (t->is_mutable) buf_puts(out, ", mutable");
    for (int i = 0; t->whole && i < t->rank; i++) buf_printf(out, "%s%lld", i ? "x" : ", ", (long long)t->whole[i]);
    buf_putc(out, '>');
    break;
  case TYPE_TENSORDESC:
    buf_puts(out, "!tt.tensordesc<");
    put_tensor(p, t->elem, t->sign);
    buf_putc(out, '>');
    break;
  }
}

void ir_put_types(Printer *p, Value *const *values, int n) {
  for (int i = 0; i < n; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_type(p, values[i]->type);
  }
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

/* How many decimal digits of a positive number MLIR looks at when `want` are requested. The number is an integer
 * times a power of ten; of that integer's digits as many are cut off as its surplus of bits allows, which may leave no
 * digit to round by. 196/59 stands for the logarithm of 10 to base 2. */
static int digits_looked_at(double x, int want, int exp10) {
  int exp2;
  double fraction = frexp(x, &exp2);
  uint64_t significand = (uint64_t)ldexp(fraction, 53);
  exp2 -= 53;
  while (!(significand & 1)) significand >>= 1, exp2++;
  int bits, low = exp2 < 0 ? exp2 : 0; /* the integer: significand * 2^exp2, or * 5^-exp2 with 10^exp2 left over */
  if (exp2 >= 0) {
    bits = ilogb((double)significand) + 1 + exp2;
  } else {
    bits = (int)floorl(log2l((long double)significand) - exp2 * log2l(5.0L)) + 1;
  }
  int needed = (want * 196 + 58) / 59;
  return exp10 - low - (bits > needed ? (bits - needed) * 59 / 196 : 0);
}

/* A positive number's first `want` decimal digits, rounded half up, without trailing zeros; value = 0.d1d2... * 10^exp.
 */
static int decimal_digits(double x, int want, char *digits, int *exp) {
  char text[80];
  int n = 0;
  snprintf(text, sizeof text, "%.50e", x); /* d.ddd...e+-x: far more digits than are kept, so cut off exactly enough */
  for (const char *s = text; *s != 'e'; s++)
    if (isdigit((unsigned char)*s) && n <= want) digits[n++] = *s;
  *exp = atoi(strchr(text, 'e') + 1) + 1;
  int seen = digits_looked_at(x, want, *exp);
  bool up = seen > want && digits[want] >= '5';
  n = seen < want ? seen : want;
  while (up && n > 0) {
    if (digits[n - 1] != '9') {
      digits[n - 1]++;
      up = false;
    } else {
      n--;
    }
  }
  if (up) {
    digits[0] = '1', n = 1;
    ++*exp;
  }
  while (n > 1 && digits[n - 1] == '0') n--;
  return n;
}

/* d.ddddde+xx with six digits after the point, the last always 0: six significant digits is what MLIR asks for. */
static void scientific(Buf *b, double x) {
  if (x == 0) {
    buf_puts(b, signbit(x) ? "-0.000000e+00" : "0.000000e+00");
    return;
  }
  char digits[64];
  int exp, n = decimal_digits(fabs(x), 6, digits, &exp);
  buf_printf(b, "%s%c.%.*s%.*se%c%02d", x < 0 ? "-" : "", digits[0], n - 1, digits + 1, 7 - n, "000000",
             exp < 1 ? '-' : '+', abs(exp - 1));
}

/* As many digits as distinguish all numbers of the format; plain where short, else with an exponent: 3.14159274,
 * 1.17549435E-38. False if that text would read as an integer. */
static bool full_digits(Buf *b, FloatKind kind, double x) {
  static const int precision[FLOAT_KINDS] = {
      [F8E4M3FN] = 4, [F8E5M2] = 3, [F8E4M3FNUZ] = 4, [F8E5M2FNUZ] = 3, [F8E4M3B11FNUZ] = 4,
      [F16] = 11,     [BF16] = 8,   [F32] = 24,       [F64] = 53};
  enum { PADDING = 3 };
  int want = 2 + precision[kind] * 59 / 196;
  char digits[64];
  int exp, n = decimal_digits(fabs(x), want, digits, &exp), low = exp - n;
  const char *sign = x < 0 ? "-" : "";
  bool with_exponent;
  if (low >= 0)
    with_exponent = low > PADDING || exp > want;
  else
    with_exponent = exp <= 0 && 1 - exp > PADDING;
  if (with_exponent) {
    int e = exp - 1;
    if (n == 1)
      buf_printf(b, "%s%c.0E%c%d", sign, digits[0], e < 0 ? '-' : '+', abs(e));
    else
      buf_printf(b, "%s%c.%.*sE%c%d", sign, digits[0], n - 1, digits + 1, e < 0 ? '-' : '+', abs(e));
    return true;
  }
  if (low >= 0) return false;
  if (exp > 0)
    buf_printf(b, "%s%.*s.%.*s", sign, exp, digits, n - exp, digits + exp);
  else
    buf_printf(b, "%s0.%.*s%.*s", sign, -exp, "000", n, digits);
  return true;
}

static void put_float(Printer *p, FloatKind kind, double x) {
  uint64_t bits = ir_float_encode(kind, x);
  if (isfinite(x)) {
    Buf text = {.cx = p->cx};
    scientific(&text, x);
    if (ir_float_encode(kind, strtod(text.s, NULL)) == bits) {
      buf_puts(p->out, text.s);
      return;
    }
    text.len = 0;
    if (full_digits(&text, kind, x)) {
      buf_puts(p->out, text.s);
      return;
    }
  }
  buf_printf(p->out, "0x%llX", (unsigned long long)bits);
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

void ir_put_attr_bare(Printer *p, const Attr *a) {
  switch (a->kind) {
  case ATTR_BOOL: buf_puts(p->out, a->integer ? "true" : "false"); break;
  case ATTR_INT: buf_printf(p->out, "%lld", (long long)a->integer); break;
  case ATTR_FLOAT: put_float(p, a->type->fkind, a->number); break;
  default: ir_put_attr(p, a, true);
  }
}

/* Row-major items as nested brackets: a bracket opens and closes wherever a dimension does. */
static void put_dense(Printer *p, const Attr *a) {
  const Type *t = a->type;
  buf_puts(p->out, "dense<");
  int64_t n = a->n;
  for (int64_t i = 0; i < n; i++) {
    if (i) buf_puts(p->out, ", ");
    int64_t block = 1;
    int opens = 0, closes = 0;
    for (int d = t->rank - 1; d >= 0; d--) {
      block *= t->shape[d];
      opens += i % block == 0;
      closes += (i + 1) % block == 0;
    }
    for (int k = 0; k < opens; k++) buf_putc(p->out, '[');
    ir_put_attr_bare(p, a->items[i]);
    for (int k = 0; k < closes; k++) buf_putc(p->out, ']');
  }
  buf_putc(p->out, '>');
}

static void put_ints(Printer *p, const Attr *a) {
  buf_puts(p->out, "array<");
  ir_put_type(p, a->type);
  for (int i = 0; i < a->n; i++) {
    buf_puts(p->out, i ? ", " : ": ");
    if (a->type->bits == 1)
      buf_puts(p->out, a->ints[i] ? "true" : "false");
    else
      buf_printf(p->out, "%lld", (long long)a->ints[i]);
  }
  buf_putc(p->out, '>');
}

/* Inside a dialect's <...> numbers stand without their types, in nested lists too. */
static void put_param(Printer *p, const Attr *a) {
  if (a->kind != ATTR_ARRAY) {
    ir_put_attr_bare(p, a);
    return;
  }
  buf_putc(p->out, '[');
  for (int i = 0; i < a->n; i++) {
    if (i) buf_puts(p->out, ", ");
    put_param(p, a->items[i]);
  }
  buf_putc(p->out, ']');
}

void ir_put_params(Printer *p, const Attr *a) {
  if (!a->n) return;
  const char *comma = !strcmp(a->text, "arith.fastmath") ? "," : ", "; /* flags of that one stand close */
  bool braces = a->names && strncmp(a->text, "llvm.", 5) != 0;         /* that dialect writes <name = value> */
  buf_puts(p->out, braces ? "<{" : "<");
  for (int i = 0; i < a->n; i++) {
    if (i) buf_puts(p->out, comma);
    if (a->names) buf_printf(p->out, "%s = ", a->names[i]);
    put_param(p, a->items[i]);
  }
  buf_puts(p->out, braces ? "}>" : ">");
}

void ir_put_named(Printer *p, const char *name, const Attr *a) {
  ir_put_key(p, name);
  if (a->kind == ATTR_UNIT) return;
  buf_puts(p->out, " = ");
  ir_put_attr(p, a, false);
}

static bool put_alias(Printer *p, const void *what) {
  const Alias *alias = map_get(&p->aliases, what);
  if (!alias) return false;
  buf_printf(p->out, "#%s", alias->base);
  if (alias->number) buf_printf(p->out, "%d", alias->number);
  return true;
}

static Alias *visit_attr(Printer *p, const Attr *a);

static void put_list(Printer *p, const Attr *a) {
  buf_putc(p->out, a->kind == ATTR_ARRAY ? '[' : '{');
  for (int i = 0; i < a->n; i++) {
    if (i) buf_puts(p->out, ", ");
    if (a->kind == ATTR_ARRAY)
      ir_put_attr(p, a->items[i], true);
    else
      ir_put_named(p, a->names[i], a->items[i]);
  }
  buf_putc(p->out, a->kind == ATTR_ARRAY ? ']' : '}');
}

void ir_put_attr(Printer *p, const Attr *a, bool may_elide_type) {
  Buf *out = p->out;
  switch (a->kind) {
  case ATTR_UNIT: buf_puts(out, "unit"); break;
  case ATTR_BOOL: ir_put_attr_bare(p, a); break;
  case ATTR_INT:
  case ATTR_FLOAT:
    ir_put_attr_bare(p, a);
    if (may_elide_type && (a->type->kind == TYPE_INT || a->type->kind == TYPE_FLOAT) && a->type->bits == 64) break;
    buf_puts(out, " : ");
    ir_put_type(p, a->type);
    break;
  case ATTR_STRING: ir_put_string(p, a->text, a->len); break;
  case ATTR_SYMBOL: ir_put_symbol(p, a->text); break;
  case ATTR_TYPE: ir_put_type(p, a->type); break;
  case ATTR_ENUM: buf_puts(out, a->text); break;
  case ATTR_ARRAY:
  case ATTR_DICT: put_list(p, a); break;
  case ATTR_INTS: put_ints(p, a); break;
  case ATTR_SPLAT:
    buf_puts(out, "dense<");
    ir_put_attr_bare(p, a->items[0]);
    buf_puts(out, "> : ");
    ir_put_type(p, a->type);
    break;
  case ATTR_DENSE:
    put_dense(p, a);
    buf_puts(out, " : ");
    ir_put_type(p, a->type);
    break;
  case ATTR_DIALECT:
    if (p->collecting) visit_attr(p, a);
    if (put_alias(p, a)) break;
    buf_printf(out, "#%s", a->text);
    ir_put_params(p, a);
    break;
  }
}

/* ---- locations --------------------------------------------------------------------------------------------------- */

static void put_nested_loc(Printer *p, const Loc *loc) {
  if (!put_alias(p, loc)) ir_put_loc(p, loc);
}

void ir_put_loc(Printer *p, const Loc *loc) {
  switch (loc->kind) {
  case LOC_TEXT: /* taken off before */
  case LOC_UNKNOWN: buf_puts(p->out, "unknown"); break;
  case LOC_FILE:
    ir_put_string(p, loc->file, strlen(loc->file));
    buf_printf(p->out, ":%d:%d", loc->line, loc->col);
    break;
  case LOC_NAME:
    ir_put_string(p, loc->name, strlen(loc->name));
    if (!loc->child) break;
    buf_putc(p->out, '(');
    put_nested_loc(p, loc->child);
    buf_putc(p->out, ')');
    break;
  case LOC_CALL:
    buf_puts(p->out, "callsite(");
    put_nested_loc(p, loc->child);
    buf_puts(p->out, " at ");
    put_nested_loc(p, loc->caller);
    buf_putc(p->out, ')');
    break;
  case LOC_FUSED:
    buf_puts(p->out, "fused[");
    put_nested_loc(p, loc->child);
    buf_puts(p->out, ", ");
    put_nested_loc(p, loc->caller);
    buf_putc(p->out, ']');
    break;
  }
}

/* ---- aliases ----------------------------------------------------------------------------------------------------- */

/* Layouts that get names of their own. */
static const char *const named_attrs[][2] = {
    {"ttg.blocked", "blocked"},      {"ttg.linear", "linear"},
    {"ttg.nvidia_mma", "mma"},       {"ttg.swizzled_shared", "shared"},
    {"ttg.nvmma_shared", "shared"},  {"ttg.shared_linear", "shared"},
    {"ttg.padded_shared", "shared"}, {"ttg.shared_memory", "smem"},
    {"ttng.tensor_memory", "tmem"},  {"ttng.tensor_memory_encoding", "tmem"},
    {"llvm.loop_licm", "loop_licm"}, {"llvm.loop_annotation", "loop_annotation"},
};

static Alias *alias_new(Printer *p, const void *what, const char *base, bool is_loc, bool deferred) {
  Alias *a = NEW(p->cx, Alias);
  *a = (Alias){.what = what, .is_loc = is_loc, .deferred = deferred, .base = base, .depth = 1};
  a->order = (int)p->order.len;
  map_put(p->cx, &p->aliases, what, a);
  vec_push(p->cx, &p->order, a);
  return a;
}

static void must_precede(Alias *a) {
  if (!a->deferred) return;
  a->deferred = false;
  for (uint32_t i = 0; i < a->children.len; i++) must_precede(a->children.at[i]);
}

static void add_child(Printer *p, Alias *a, Alias *child) {
  if (!child) return;
  vec_push(p->cx, &a->children, child);
  if (child->depth >= a->depth) a->depth = child->depth + 1;
}

static Alias *visit_loc(Printer *p, const Loc *loc, bool deferred) {
  Alias *a = map_get(&p->aliases, loc);
  if (a) {
    if (!deferred) must_precede(a);
    return a;
  }
  a = alias_new(p, loc, "loc", true, deferred);
  if (loc->child) add_child(p, a, visit_loc(p, loc->child, deferred));
  if (loc->caller) add_child(p, a, visit_loc(p, loc->caller, deferred));
  return a;
}

static void visit_items(Printer *p, Alias *of, const Attr *a) {
  for (int i = 0; i < a->n && a->items; i++) {
    if (a->items[i]->kind == ATTR_DIALECT)
      add_child(p, of, visit_attr(p, a->items[i]));
    else
      visit_items(p, of, a->items[i]);
  }
}

/* The alias of a dialect's attribute; one without a name of its own passes on the first of its nested ones. */
static Alias *visit_attr(Printer *p, const Attr *a) {
  Alias *known = map_get(&p->aliases, a);
  if (known) return known;
  for (size_t i = 0; i < COUNT(named_attrs); i++) {
    if (strcmp(a->text, named_attrs[i][0]) != 0) continue;
    Alias *alias = alias_new(p, a, named_attrs[i][1], false, false);
    visit_items(p, alias, a);
    return alias;
  }
  Alias nested = {.depth = 0};
  visit_items(p, &nested, a);
  return nested.children.len ? nested.children.at[0] : NULL;
}

static int by_depth_and_name(const void *a, const void *b) {
  const Alias *x = *(Alias *const *)a, *y = *(Alias *const *)b;
  if (x->depth != y->depth) return x->depth < y->depth ? -1 : 1;
  int names = strcmp(x->base, y->base);
  if (names) return names;
  return x->order < y->order ? -1 : x->order > y->order;
}

void ir_number_aliases(Printer *p) {
  Map counts = {0};
  if (p->order.len) qsort(p->order.at, p->order.len, sizeof *p->order.at, by_depth_and_name);
  for (uint32_t i = 0; i < p->order.len; i++) {
    Alias *a = p->order.at[i];
    const char *base = intern(p->cx, a->base);
    a->number = (int)(intptr_t)map_get(&counts, base);
    map_put(p->cx, &counts, base, (void *)(intptr_t)(a->number + 1));
  }
}

void ir_put_alias_definitions(Printer *p, bool deferred) {
  for (uint32_t i = 0; i < p->order.len; i++) {
    const Alias *a = p->order.at[i];
    if (a->deferred != deferred) continue;
    put_alias(p, a->what);
    buf_puts(p->out, " = ");
    if (a->is_loc) {
      buf_puts(p->out, "loc(");
      ir_put_loc(p, a->what);
      buf_putc(p->out, ')');
    } else {
      const Attr *attr = a->what;
      buf_printf(p->out, "#%s", attr->text);
      ir_put_params(p, attr);
    }
    buf_putc(p->out, '\n');
  }
}

void ir_put_trailing_loc(Printer *p, const Loc *loc, bool alias) {
  if (!p->locations) return;
  loc = ir_loc_printed(p->cx, loc);
  if (p->collecting) {
    if (!alias) visit_loc(p, loc, false); /* an op's was visited before its contents */
    return;
  }
  buf_puts(p->out, " loc(");
  if (!alias || !put_alias(p, loc)) ir_put_loc(p, loc);
  buf_putc(p->out, ')');
}

void ir_visit_op_loc(Printer *p, const Loc *loc) {
  if (p->locations) visit_loc(p, ir_loc_printed(p->cx, loc), true);
}

/* ---- one thing alone --------------------------------------------------------------------------------------------- */

void ir_print_type(Buf *out, const Type *t) {
  Printer p = {.cx = out->cx, .out = out};
  ir_put_type(&p, t);
}

void ir_print_attr(Buf *out, const Attr *a) {
  Printer p = {.cx = out->cx, .out = out};
  ir_put_attr(&p, a, false);
}

const char *ir_type_text(Ctx *cx, const Type *t) {
  Buf b = {.cx = cx};
  ir_print_type(&b, t);
  return buf_text(&b);
}
