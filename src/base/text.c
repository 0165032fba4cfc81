/* text.c: text under construction, and numbers as text. */
#include "base/internal.h"
#include "base/system.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more bytes and the NUL. */
static void buf_room(Buf *b, size_t n) {
  if (n > SIZE_MAX / 4 || b->len > SIZE_MAX / 4) ctx_throw(b->cx, ERR_MEMORY);
  size_t need = b->len + n + 1;
  if (need <= b->cap) return;
  size_t cap = b->cap ? b->cap * 2 : 64;
  while (cap < need) cap *= 2;
  b->s = arena_grow(b->cx, b->s, b->cap, cap);
  b->cap = cap;
}

void buf_putc(Buf *b, char c) {
  buf_room(b, 1);
  b->s[b->len++] = c;
  b->s[b->len] = 0;
}

void buf_write(Buf *b, const char *s, size_t n) {
  buf_room(b, n);
  if (n) memcpy(b->s + b->len, s, n);
  b->len += n;
  b->s[b->len] = 0;
}

void buf_puts(Buf *b, const char *s) { buf_write(b, s, strlen(s)); }

static void put_unsigned(Buf *b, uint64_t x, unsigned base) {
  char digits[24];
  int n = (int)sizeof digits;
  do digits[--n] = "0123456789abcdef"[x % base];
  while (x /= base);
  buf_write(b, digits + n, sizeof digits - (size_t)n);
}

static void put_signed(Buf *b, int64_t x) {
  if (x < 0) buf_putc(b, '-');
  put_unsigned(b, x < 0 ? 0 - (uint64_t)x : (uint64_t)x, 10);
}

/* Any format, by the C library. */
static PRINTF_LIKE(2, 0) void put_any(Buf *b, const char *fmt, va_list args) {
  va_list again;
  va_copy(again, args);
  size_t room = b->cap - b->len;
  int n = vsnprintf(room ? b->s + b->len : NULL, room, fmt, args);
  if (n > 0 && (size_t)n >= room) {
    buf_room(b, (size_t)n);
    vsnprintf(b->s + b->len, b->cap - b->len, fmt, again);
  }
  va_end(again);
  if (n > 0) b->len += (size_t)n;
}

/* Texts of a compile are tens of thousands of short pieces, and the C library's formatting is slow once something in
 * the process has registered a conversion of its own (the Fortran library that NumPy brings does). So the conversions that
 * nearly all pieces are made of are done here; from another one on, the rest is the library's. */
static PRINTF_LIKE(2, 0) void buf_vprintf(Buf *b, const char *fmt, va_list args) {
  va_list rest;
  va_copy(rest, args);
  for (;;) {
    size_t plain = strcspn(fmt, "%");
    buf_write(b, fmt, plain);
    fmt += plain;
    if (!*fmt) break;
    if (fmt[1] == 's') {
      const char *text = va_arg(rest, const char *);
      buf_puts(b, text ? text : "(null)");
    } else if (fmt[1] == 'd') {
      put_signed(b, va_arg(rest, int));
    } else if (fmt[1] == 'u') {
      put_unsigned(b, va_arg(rest, unsigned), 10);
    } else if (fmt[1] == 'x') {
      put_unsigned(b, va_arg(rest, unsigned), 16);
    } else if (fmt[1] == 'c') {
      buf_putc(b, (char)va_arg(rest, int));
    } else if (fmt[1] == '%') {
      buf_putc(b, '%');
    } else if (strncmp(fmt, "%lld", 4) == 0) {
      put_signed(b, va_arg(rest, long long));
      fmt += 2;
    } else if (strncmp(fmt, "%llu", 4) == 0) {
      put_unsigned(b, va_arg(rest, unsigned long long), 10);
      fmt += 2;
    } else {
      put_any(b, fmt, rest);
      break;
    }
    fmt += 2;
  }
  va_end(rest);
}

void buf_printf(Buf *b, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  buf_vprintf(b, fmt, args);
  va_end(args);
}

char *buf_text(Buf *b) {
  buf_room(b, 0);
  b->s[b->len] = 0;
  return b->s;
}

char *ctx_vprintf(Ctx *cx, const char *fmt, va_list args) {
  Buf b = {.cx = cx};
  buf_vprintf(&b, fmt, args);
  return buf_text(&b);
}

char *ctx_printf(Ctx *cx, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  char *text = ctx_vprintf(cx, fmt, args);
  va_end(args);
  return text;
}

/* ---- doubles ----------------------------------------------------------------------------------------------------- */

double text_to_double(const char *s, char **end) { return sys_strtod(s, end); }

/* The digits of "d.ddde-xx" with their point put back where the host's locale may have written something else. */
static void point(char *s) {
  if (s[1] && s[1] != 'e') s[1] = '.';
}

/* Add one to the last digit of a "d.ddde-xx"; false if that would carry out of the first digit. */
static bool last_digit_up(char *s) {
  char *e = strchr(s, 'e');
  for (char *d = e - 1; d >= s; d--) {
    if (*d == '.') continue;
    if (*d < '9') {
      ++*d;
      return true;
    }
    *d = '0';
  }
  return false;
}

/* Digits enough for x > 0, as few as will do, in "d.ddde-xx". Rounding to n digits correctly is not all there is to
 * try: below a power of two doubles lie twice as dense as above it, so that the next larger n-digit number may read
 * back as x where the nearest does not. */
static void shortest_digits(double x, char s[40]) {
  /* 15 digits always survive a round trip through double, except among the subnormals. */
  for (int digits = x < 2.2250738585072014e-308 ? 1 : 15; digits <= 17; digits++) {
    snprintf(s, 40, "%.*e", digits - 1, x);
    point(s);
    if (text_to_double(s, NULL) == x) return;
    if (last_digit_up(s) && text_to_double(s, NULL) == x) return;
  }
}

void buf_double(Buf *b, double x) {
  if (isnan(x)) {
    buf_puts(b, "nan");
    return;
  }
  if (signbit(x)) buf_putc(b, '-');
  if (isinf(x) || x == 0) {
    buf_puts(b, x == 0 ? "0.0" : "inf");
    return;
  }
  char s[40], digits[20];
  shortest_digits(fabs(x), s);
  int n = 0, exponent = atoi(strchr(s, 'e') + 1);
  for (const char *p = s; *p != 'e'; p++) {
    if (*p != '.') digits[n++] = *p;
  }
  while (n > 1 && digits[n - 1] == '0') n--;
  if (exponent < -4 || exponent >= 16) {
    buf_putc(b, digits[0]);
    if (n > 1) buf_putc(b, '.');
    buf_write(b, digits + 1, (size_t)n - 1);
    buf_printf(b, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    return;
  }
  if (exponent < 0) buf_puts(b, "0.");
  for (int i = exponent; i < -1; i++) buf_putc(b, '0');
  for (int i = 0; i < n || i <= exponent; i++) {
    buf_putc(b, i < n ? digits[i] : '0');
    if (i == exponent) buf_putc(b, '.');
  }
  if (n <= exponent + 1) buf_putc(b, '0');
}
