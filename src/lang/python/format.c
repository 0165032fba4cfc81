/* format.c: values as text by a format specification, and by `%`. */
#include "lang/python/python.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- format specifications: [[fill]align][sign][z][#][0][width][,|_][.precision][type] --------------------------- */

typedef struct Spec {
  const char *fill;
  size_t fill_len;
  char align, sign, type, group;
  bool alternate, zero;
  int width, precision; /* -1: none */
} Spec;

static int read_number(Lang *L, const char **s, const char *end) {
  int n = -1;
  for (; *s < end && **s >= '0' && **s <= '9'; (*s)++) {
    n = (n < 0 ? 0 : n) * 10 + (**s - '0');
    if (n > 10000) lang_fail(L, NULL, "the width or precision of a format specification is too large");
  }
  return n;
}

static Spec read_spec(Lang *L, const char *s, size_t len) {
  Spec f = {.fill = " ", .fill_len = 1, .precision = -1, .width = -1};
  const char *start = s, *end = s + len;
  size_t first = 1;
  while (first < len && ((unsigned char)s[first] & 0xC0) == 0x80) first++;
  if (len > first && strchr("<>=^", s[first])) {
    f.fill = s;
    f.fill_len = first;
    f.align = s[first];
    s += first + 1;
  } else if (len && strchr("<>=^", *s)) {
    f.align = *s++;
  }
  if (s < end && strchr("+- ", *s)) f.sign = *s++;
  if (s < end && *s == 'z') s++;
  if (s < end && *s == '#') f.alternate = true, s++;
  if (s < end && *s == '0') f.zero = true, s++;
  f.width = read_number(L, &s, end);
  if (s < end && (*s == ',' || *s == '_')) f.group = *s++;
  if (s < end && *s == '.') {
    s++;
    f.precision = read_number(L, &s, end);
    if (f.precision < 0)
      lang_fail(L, NULL, "the format specification `%.*s` has no precision after its point", (int)len, start);
  }
  if (s < end) f.type = *s++;
  if (s != end) lang_fail(L, NULL, "`%.*s` is not a format specification", (int)len, start);
  return f;
}

static size_t code_points(const char *s, size_t n) {
  size_t count = 0;
  for (size_t i = 0; i < n; i++) count += ((unsigned char)s[i] & 0xC0) != 0x80;
  return count;
}

static void pad(Buf *out, const Spec *f, size_t n) {
  while (n-- > 0) buf_write(out, f->fill, f->fill_len);
}

static void put_padded(Buf *out, const Spec *f, char natural, const char *sign, const char *body, size_t n) {
  size_t have = strlen(sign) + code_points(body, n);
  size_t missing = f->width > 0 && (size_t)f->width > have ? (size_t)f->width - have : 0;
  Spec g = *f;
  char align = f->align ? f->align : f->zero && natural == '>' ? '=' : natural;
  if (f->zero && !f->align) g.fill = "0", g.fill_len = 1;
  size_t left = align == '>' ? missing : align == '^' ? missing / 2 : 0;
  pad(out, &g, left);
  buf_puts(out, sign);
  if (align == '=') pad(out, &g, missing);
  buf_write(out, body, n);
  if (align != '=') pad(out, &g, missing - left);
}

static const char *group_digits(Lang *L, const char *digits, char group, int every) {
  size_t whole = strcspn(digits, ".e%");
  Buf b = {.cx = L->cx};
  for (size_t i = 0; i < whole; i++) {
    if (i && (whole - i) % (size_t)every == 0) buf_putc(&b, group);
    buf_putc(&b, digits[i]);
  }
  buf_puts(&b, digits + whole);
  return buf_text(&b);
}

static const char *sign_text(const Spec *f, bool negative) {
  return negative ? "-" : f->sign == '+' ? "+" : f->sign == ' ' ? " " : "";
}

static void format_float(Lang *L, Buf *out, const Spec *f, double x) {
  bool negative = signbit(x) && !isnan(x);
  double a = fabs(x);
  Buf body = {.cx = L->cx};
  char type = f->type;
  if (isnan(a) || isinf(a)) {
    buf_puts(&body, isnan(a) ? "nan" : "inf");
    if (type == '%') buf_putc(&body, '%');
  } else if (!type && f->precision < 0) {
    val_float_text(&body, a);
  } else {
    if (type == '%') a *= 100;
    char conversion = type == '%' ? 'f' : !type || type == 'n' ? 'g' : type;
    char *text = ctx_alloc(L->cx, 400 + (size_t)(f->precision > 0 ? f->precision : 6));
    char fmt[8] = {'%',
                   f->alternate ? '#' : '.',
                   f->alternate ? '.' : '*',
                   f->alternate ? '*' : conversion,
                   f->alternate ? conversion : '\0',
                   '\0'};
    int precision = f->precision < 0 ? 6 : f->precision;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(text, 400 + (size_t)(f->precision > 0 ? f->precision : 6), fmt, precision, a);
#pragma GCC diagnostic pop
    val_fix_point(text);
    buf_puts(&body, text);
    if (!type && !strpbrk(text, ".e")) buf_puts(&body, ".0");
    if (type == '%') buf_putc(&body, '%');
  }
  const char *digits = f->group ? group_digits(L, buf_text(&body), f->group, 3) : buf_text(&body);
  put_padded(out, f, '>', sign_text(f, negative), digits, strlen(digits));
}

static void format_int(Lang *L, Buf *out, const Spec *f, BigInt x) {
  int base = f->type == 'x' || f->type == 'X' ? 16 : f->type == 'o' ? 8 : f->type == 'b' ? 2 : 10;
  Buf body = {.cx = L->cx};
  if (f->precision >= 0) lang_fail(L, NULL, "a precision is not allowed when an integer is formatted");
  if (f->type == 'c') {
    if (x < 0 || x > 127) lang_fail(L, NULL, "`c` formats characters of ASCII only");
    buf_putc(&body, (char)x);
    put_padded(out, f, '<', "", buf_text(&body), body.len);
    return;
  }
  val_int_text(&body, x, base);
  char *digits = buf_text(&body) + (x < 0);
  if (f->type == 'X')
    for (char *c = digits; *c; c++) *c = *c >= 'a' ? (char)(*c - 32) : *c;
  const char *grouped = f->group ? group_digits(L, digits, f->group, base == 10 ? 3 : 4) : digits;
  const char *prefix = !f->alternate || base == 10 ? ""
                       : base == 16                ? (f->type == 'X' ? "0X" : "0x")
                       : base == 8                 ? "0o"
                                                   : "0b";
  const char *sign = ctx_printf(L->cx, "%s%s", sign_text(f, x < 0), prefix);
  put_padded(out, f, '>', sign, grouped, strlen(grouped));
}

static void format_text(Lang *L, Buf *out, const Spec *f, const Val *v) {
  Buf text = {.cx = L->cx};
  val_python_str(L, &text, v);
  size_t n = text.len;
  if (f->precision >= 0) {
    size_t points = 0, i = 0;
    for (; i < n; i++) {
      points += ((unsigned char)buf_text(&text)[i] & 0xC0) != 0x80;
      if (points > (size_t)f->precision) break;
    }
    n = i;
  }
  put_padded(out, f, '<', "", buf_text(&text), n);
}

void py_format(Lang *L, Buf *out, Val *v, char conversion, const char *spec, size_t len) {
  if (conversion == 'r' || conversion == 'a') {
    const char *r = val_repr(L, v);
    v = val_str(L, r, strlen(r));
  } else if (conversion == 's') {
    Buf b = {.cx = L->cx};
    val_python_str(L, &b, v);
    v = val_str(L, buf_text(&b), b.len);
  }
  if (len == 0) {
    val_python_str(L, out, v);
    return;
  }
  Spec f = read_spec(L, spec, len);
  bool integer = v->kind == V_INT || v->kind == V_BOOL;
  if (v->kind == V_FLOAT || (integer && f.type && strchr("eEfFgG%", f.type))) {
    if (f.type && !strchr("eEfFgGn%", f.type)) lang_fail(L, NULL, "`%c` cannot format a float", f.type);
    format_float(L, out, &f, v->kind == V_FLOAT ? v->number : (double)v->integer);
  } else if (integer) {
    if (f.type && !strchr("dxXobcn", f.type)) lang_fail(L, NULL, "`%c` cannot format an int", f.type);
    format_int(L, out, &f, v->integer);
  } else {
    if (f.type && f.type != 's') lang_fail(L, NULL, "`%c` cannot format %s", f.type, val_kind_text(L, v));
    format_text(L, out, &f, v);
  }
}

/* "…%d…" % args: each %[flags][width][.precision]type is equivalent to a format specification. */
Val *py_percent(Lang *L, Val *format, Val *args) {
  Buf out = {.cx = L->cx};
  size_t next = 0, n = args->kind == V_TUPLE ? args->len : 1;
  const char *s = format->text, *end = s + format->len;
  while (s < end) {
    if (*s != '%') {
      buf_putc(&out, *s++);
      continue;
    }
    s++;
    if (s < end && *s == '%') {
      buf_putc(&out, *s++);
      continue;
    }
    Spec f = {.fill = " ", .fill_len = 1, .width = -1, .precision = -1};
    for (; s < end && strchr("-+ #0", *s); s++) {
      if (*s == '-') f.align = '<';
      if (*s == '+' || *s == ' ') f.sign = *s;
      if (*s == '#') f.alternate = true;
      if (*s == '0') f.zero = true;
    }
    f.width = read_number(L, &s, end);
    if (s < end && *s == '.') s++, f.precision = read_number(L, &s, end);
    if (s == end || !strchr("diuxXoeEfFgGsrc", *s)) lang_fail(L, NULL, "`%%` without a conversion that Python knows");
    f.type = *s == 'i' || *s == 'u' ? 'd' : *s;
    s++;
    if (next >= n) lang_fail(L, NULL, "not enough values for the format string");
    Val *v = args->kind == V_TUPLE ? args->items[next] : args;
    next++;
    if (strchr("sr", f.type)) {
      const char *r = val_repr(L, v);
      if (f.type == 'r') v = val_str(L, r, strlen(r));
      if (!f.align) f.align = '>';
      format_text(L, &out, &f, v);
    } else if (!val_is_number(v)) {
      lang_fail(L, NULL, "`%%%c` needs a number, not %s", f.type, val_kind_text(L, v));
    } else if (strchr("eEfFgG", f.type)) {
      format_float(L, &out, &f, v->kind == V_FLOAT ? v->number : (double)v->integer);
    } else {
      f.precision = -1;
      format_int(L, &out, &f, v->kind == V_FLOAT ? (BigInt)v->number : v->integer);
    }
  }
  if (args->kind == V_TUPLE && next < n) lang_fail(L, NULL, "not all values were used by the format string");
  return val_str(L, buf_text(&out), out.len);
}
