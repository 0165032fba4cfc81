/* json.c: writes JSON: fields of objects and elements of lists, with commas between them. */
#include "explore/internal.h"

#include <math.h>
#include <string.h>

static void put_comma(Facts *f) {
  char last = f->out->len ? f->out->s[f->out->len - 1] : '{';
  if (last != '{' && last != '[' && last != ' ') buf_puts(f->out, ", ");
}

void put_name(Facts *f, const char *name) {
  put_comma(f);
  buf_json(f->out, name, strlen(name));
  buf_puts(f->out, ": ");
}

void put_text(Facts *f, const char *name, const char *text) {
  put_name(f, name);
  if (text)
    buf_json(f->out, text, strlen(text));
  else
    buf_puts(f->out, "null");
}

void put_int(Facts *f, const char *name, int64_t x) {
  put_name(f, name);
  buf_printf(f->out, "%lld", (long long)x);
}

void put_bool(Facts *f, const char *name, bool x) {
  put_name(f, name);
  buf_puts(f->out, x ? "true" : "false");
}

void put_double(Facts *f, const char *name, double x) {
  put_name(f, name);
  if (isfinite(x))
    buf_double(f->out, x);
  else
    buf_puts(f->out, "null");
}

void put_open(Facts *f, const char *name, char bracket) {
  if (name)
    put_name(f, name);
  else
    put_comma(f);
  buf_putc(f->out, bracket);
}

void put_close(Facts *f, char bracket) { buf_putc(f->out, bracket); }
