/* json.c: writes JSON: fields of objects and elements of lists, with commas between them. */
#include "explore/internal.h"

#include <math.h>
#include <string.h>

static void put_comma(Facts *f) {
  char last = f->out->len ? f->out->s[f->out->len - 1] : '{';
  if (last != '{' && last != '[' && last != ' ') buf_puts(f->out, ", ");
}

void explore_put_name(Facts *f, const char *name) {
  put_comma(f);
  buf_json(f->out, name, strlen(name));
  buf_puts(f->out, ": ");
}

void explore_put_text(Facts *f, const char *name, const char *text) {
  explore_put_name(f, name);
  if (text)
    buf_json(f->out, text, strlen(text));
  else
    buf_puts(f->out, "null");
}

void explore_put_int(Facts *f, const char *name, int64_t x) {
  explore_put_name(f, name);
  buf_printf(f->out, "%lld", (long long)x);
}

void explore_put_bool(Facts *f, const char *name, bool x) {
  explore_put_name(f, name);
  buf_puts(f->out, x ? "true" : "false");
}

void explore_put_double(Facts *f, const char *name, double x) {
  explore_put_name(f, name);
  if (isfinite(x))
    buf_double(f->out, x);
  else
    buf_puts(f->out, "null");
}

void explore_put_open(Facts *f, const char *name, char bracket) {
  if (name)
    explore_put_name(f, name);
  else
    put_comma(f);
  buf_putc(f->out, bracket);
}

void explore_put_close(Facts *f, char bracket) { buf_putc(f->out, bracket); }
