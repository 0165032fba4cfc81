/* numbers.c: numbers as text, as Python writes them. */
#include "lang/internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void val_int_text(Buf *out, BigInt x, int base) {
  char digits[130];
  int n = 0;
  bool negative = x < 0;
  do {
    int d = (int)(x % base);
    digits[n++] = "0123456789abcdef"[d < 0 ? -d : d];
    x /= base;
  } while (x != 0);
  if (negative) buf_putc(out, '-');
  while (n > 0) buf_putc(out, digits[--n]);
}

const char *val_big_text(Lang *L, BigInt x) {
  Buf b = {.cx = L->cx};
  val_int_text(&b, x, 10);
  return buf_text(&b);
}

void val_fix_point(char *s) {
  for (; *s; s++)
    if (*s == ',') *s = '.';
}

/* The shortest digits that read back as x, written with an exponent below 1e-4 and from 1e16 on. */
void val_float_text(Buf *out, double x) {
  if (isnan(x) || isinf(x)) {
    buf_puts(out, isnan(x) ? "nan" : x < 0 ? "-inf" : "inf");
    return;
  }
  char text[64];
  int precision = 1;
  for (; precision <= 17; precision++) {
    snprintf(text, sizeof text, "%.*e", precision - 1, x);
    val_fix_point(text);
    char *end;
    if (text_to_double(text, &end) == x) break;
  }
  int exponent = atoi(strchr(text, 'e') + 1);
  if (exponent >= -4 && exponent < 16) {
    int decimals = precision - 1 - exponent;
    snprintf(text, sizeof text, "%.*f", decimals > 1 ? decimals : 1, x);
    val_fix_point(text);
  }
  buf_puts(out, text);
}
