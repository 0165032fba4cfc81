/* dump.c: a syntax tree as an s-expression, driven by the field lists of kinds.def. */
#include "syntax/internal.h"

#include <string.h>

typedef struct Dump {
  Buf *out;
  bool spans;
} Dump;

static void dump_node(Dump *d, const Node *n);

static void dump_text(Dump *d, const char *s, size_t n) {
  buf_putc(d->out, '"');
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
      buf_printf(d->out, "\\x%02x", c);
    else
      buf_putc(d->out, (char)c);
  }
  buf_putc(d->out, '"');
}

static void dump_name(Dump *d, const char *s) {
  buf_putc(d->out, ' ');
  buf_puts(d->out, s ? s : "_");
}

static void dump_child(Dump *d, const Node *n) {
  buf_putc(d->out, ' ');
  if (n)
    dump_node(d, n);
  else
    buf_putc(d->out, '_');
}

static void dump_list(Dump *d, const Nodes *list) {
  buf_puts(d->out, " [");
  for (uint32_t i = 0; i < list->len; i++) {
    if (i) buf_putc(d->out, ' ');
    if (list->at[i])
      dump_node(d, list->at[i]);
    else
      buf_putc(d->out, '_');
  }
  buf_putc(d->out, ']');
}

static void dump_params(Dump *d, const Params *params) {
  static const char *const marks[] = {"", "/", "*", "*args", "**"};
  buf_puts(d->out, " (");
  for (uint32_t i = 0; i < params->len; i++) {
    const Param *param = &params->at[i];
    buf_printf(d->out, "%s(%s%s", i ? " " : "", marks[param->kind], *marks[param->kind] ? " " : "");
    buf_puts(d->out, param->name);
    dump_child(d, param->annotation);
    dump_child(d, param->fallback);
    buf_putc(d->out, ')');
  }
  buf_putc(d->out, ')');
}

static void dump_field(Dump *d, const Node *n, char field) {
  switch (field) {
  case 'o': buf_printf(d->out, " %u", n->op); break;
  case 'n': dump_name(d, n->name); break;
  case 'm': dump_name(d, n->name2); break;
  case 'M':
    buf_putc(d->out, ' ');
    if (n->name2)
      dump_text(d, n->name2, strlen(n->name2));
    else
      buf_putc(d->out, '_');
    break;
  case 'I': dump_name(d, n->name); break;
  case 'f': buf_putc(d->out, ' '), buf_double(d->out, n->number); break;
  case 'S': buf_putc(d->out, ' '), dump_text(d, n->name, n->integer); break;
  case 'a': dump_child(d, n->a); break;
  case 'b': dump_child(d, n->b); break;
  case 'c': dump_child(d, n->c); break;
  case 'i': dump_list(d, &n->items); break;
  case 'j': dump_list(d, &n->items2); break;
  case 'k': dump_list(d, &n->keywords); break;
  case 't': dump_list(d, &n->type_params); break;
  case 'B': dump_list(d, &n->body); break;
  case 'E': dump_list(d, &n->orelse); break;
  case 'F': dump_list(d, &n->final); break;
  case 'P': dump_params(d, &n->params); break;
  default: /* 'O' */
    for (uint32_t i = 0; i + 1 < n->items.len; i++)
      buf_printf(d->out, "%s%s", i ? "," : " ", syn_compare_text((CompareOp)n->ops[i]));
  }
}

static void dump_node(Dump *d, const Node *n) {
  static const char *const names[] = {
#define KIND(kind, name, fields, text) [kind] = name,
#include "syntax/kinds.def"
  };
  static const char *const fields[] = {
#define KIND(kind, name, fields, text) [kind] = fields,
#include "syntax/kinds.def"
  };
  buf_printf(d->out, "(%s", names[n->kind]);
  if (d->spans) {
    int line, col, end_line, end_col;
    span_line_col(n->span, &line, &col);
    span_line_col((Span){n->span.source, n->span.end, n->span.end}, &end_line, &end_col);
    buf_printf(d->out, "@%d:%d-%d:%d", line, col, end_line, end_col);
  }
  for (const char *f = fields[n->kind]; *f; f++) dump_field(d, n, *f);
  buf_putc(d->out, ')');
}

void syn_dump(Buf *out, const Node *n, bool spans) {
  Dump d = {out, spans};
  dump_node(&d, n);
}
