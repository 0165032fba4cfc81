/* literal.c: what numbers and strings mean. */
#include "syntax/internal.h"

#include <string.h>

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static unsigned digit_of(char c) {
  if (c >= '0' && c <= '9') return (unsigned)(c - '0');
  return (unsigned)((c | 32) - 'a') + 10;
}

static void integer_value(Node *n) {
  for (const char *s = n->name; *s; s++) {
    unsigned d = digit_of(*s);
    if (n->integer > (UINT64_MAX - d) / n->op) {
      n->big = true;
      n->integer = 0;
      return;
    }
    n->integer = n->integer * n->op + d;
  }
}

/* NUMBER */
Node *parse_number(Parser *p) {
  TokenKind kind = p->tok.kind;
  const char *s = p->lx.text + p->tok.begin;
  uint32_t len = p->tok.end - p->tok.begin, digits = 0, base = 10;
  Node *n = parse_node(p, kind == T_INT ? N_INT : kind == T_FLOAT ? N_FLOAT : N_IMAG, p->tok.begin);
  if (kind == T_INT && len > 2 && s[0] == '0' && (s[1] | 32) >= 'b') {
    base = (s[1] | 32) == 'x' ? 16 : (s[1] | 32) == 'o' ? 8 : 2;
    s += 2;
    len -= 2;
  }
  char small[64], *text = len < sizeof small ? small : ctx_alloc(p->cx, len + 1);
  for (uint32_t i = 0; i < len; i++) {
    if (s[i] != '_') text[digits++] = s[i];
  }
  text[digits] = 0;
  if (kind == T_INT) {
    n->op = base;
    n->name = intern_n(p->cx, text, digits);
    integer_value(n);
  } else {
    n->number = text_to_double(text, NULL); /* stops at the `j` */
  }
  parse_advance(p);
  return parse_finish(p, n);
}

/* ---- strings ----------------------------------------------------------------------------------------------------- */

/* As UTF-8; a surrogate, which a Python string may hold, in the same manner. */
static void put_code_point(Buf *out, uint32_t c) {
  if (c < 0x80) {
    buf_putc(out, (char)c);
  } else if (c < 0x800) {
    buf_putc(out, (char)(0xc0 | c >> 6));
    buf_putc(out, (char)(0x80 | (c & 0x3f)));
  } else {
    if (c >= 0x10000) buf_putc(out, (char)(0xf0 | c >> 18));
    buf_putc(out, (char)(c >= 0x10000 ? 0x80 | (c >> 12 & 0x3f) : 0xe0 | c >> 12));
    buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
    buf_putc(out, (char)(0x80 | (c & 0x3f)));
  }
}

static bool is_hex(char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f'); }

/* \xhh \uhhhh \Uhhhhhhhh; at is the backslash. Returns where it ends. */
static uint32_t hex_escape(Lexer *lx, Buf *out, uint32_t at, uint32_t end, uint32_t digits, bool bytes) {
  uint32_t c = 0;
  for (uint32_t i = 0; i < digits; i++) {
    if (at + 2 + i >= end || !is_hex(lx->text[at + 2 + i]))
      lex_fail(lx, at, at + 2 + i, NULL, "`\\%c` must be followed by %u hexadecimal digits", lx->text[at + 1], digits);
    c = c << 4 | digit_of(lx->text[at + 2 + i]);
  }
  if (c > 0x10ffff) lex_fail(lx, at, at + 2 + digits, NULL, "there is no such Unicode character");
  if (bytes)
    buf_putc(out, (char)c);
  else
    put_code_point(out, c);
  return at + 2 + digits;
}

static uint32_t octal_escape(Lexer *lx, Buf *out, uint32_t at, uint32_t end, bool bytes) {
  uint32_t c = 0, i = at + 1;
  for (; i < end && i < at + 4 && lx->text[i] >= '0' && lx->text[i] <= '7'; i++) c = c * 8 + digit_of(lx->text[i]);
  if (bytes)
    buf_putc(out, (char)c);
  else
    put_code_point(out, c);
  return i;
}

/* The escape whose backslash is at `at`; returns where it ends. */
static uint32_t decode_escape(Lexer *lx, Buf *out, uint32_t at, uint32_t end, bool bytes, bool *named) {
  static const char from[] = "\\'\"abfnrtv", to[] = "\\'\"\a\b\f\n\r\t\v";
  if (at + 1 >= end) { /* before the `{` of an f-string */
    buf_putc(out, '\\');
    return at + 1;
  }
  char c = lx->text[at + 1];
  const char *simple = c ? strchr(from, c) : NULL;
  if (simple) {
    buf_putc(out, to[simple - from]);
    return at + 2;
  }
  if (c == '\n') return at + 2;
  if (c == '\r') return at + 2 < end && lx->text[at + 2] == '\n' ? at + 3 : at + 2;
  if (c >= '0' && c <= '7') return octal_escape(lx, out, at, end, bytes);
  if (c == 'x') return hex_escape(lx, out, at, end, 2, bytes);
  if (!bytes && c == 'u') return hex_escape(lx, out, at, end, 4, false);
  if (!bytes && c == 'U') return hex_escape(lx, out, at, end, 8, false);
  if (!bytes && c == 'N') {
    const char *close = at + 2 < end && lx->text[at + 2] == '{' ? memchr(lx->text + at, '}', end - at) : NULL;
    if (!close) lex_fail(lx, at, at + 2, NULL, "`\\N` must be followed by a character's name in braces");
    *named = true;
  }
  buf_putc(out, '\\'); /* not an escape: the backslash stands for itself */
  return at + 1;
}

bool lex_decode_string(Lexer *lx, Buf *out, uint32_t begin, uint32_t end, int prefix) {
  bool named = false, raw = prefix & STR_RAW, bytes = prefix & STR_BYTES;
  for (uint32_t i = begin; i < end;) {
    char c = lx->text[i];
    if (c == '\\' && !raw) {
      i = decode_escape(lx, out, i, end, bytes, &named);
    } else if (c == '\r') {
      buf_putc(out, '\n');
      i += i + 1 < end && lx->text[i + 1] == '\n' ? 2 : 1;
    } else if (c == 0) {
      lex_fail(lx, i, i + 1, NULL, "the source holds a NUL byte");
    } else if ((unsigned char)c >= 0x80) {
      if (bytes) lex_fail(lx, i, i + 1, "write it as \\x..", "a bytes literal can hold only ASCII characters");
      size_t n = utf8_len(lx->text + i, end - i);
      if (!n) lex_fail(lx, i, i + 1, NULL, "the source is not valid UTF-8: byte 0x%02x", (unsigned char)c);
      buf_write(out, lx->text + i, n);
      i += (uint32_t)n;
    } else {
      buf_putc(out, c);
      i++;
    }
  }
  return named;
}

/* The text between the quotes of a T_STRING, where it is exactly what the string means; else NULL. */
static const char *plain_string(const Parser *p, uint32_t begin, uint32_t end) {
  const char *s = p->lx.text + begin;
  for (uint32_t i = 0; i < end - begin; i++) {
    if (s[i] == '\\' || s[i] == '\r' || s[i] == 0 || (unsigned char)s[i] >= 0x80) return NULL;
  }
  return s;
}

typedef struct Pieces {
  Buf text;
  bool named, any_bytes, any_text, any_format, template;
} Pieces;

/* One STRING token: its contents onto the text so far. */
static void add_string(Parser *p, Pieces *all, int prefix, uint32_t quote) {
  char q = p->lx.text[quote];
  uint32_t n = p->tok.end - quote >= 6 && p->lx.text[quote + 1] == q && p->lx.text[quote + 2] == q ? 3 : 1;
  uint32_t begin = quote + n, end = p->tok.end - n;
  const char *plain = plain_string(p, begin, end);
  if (plain)
    buf_write(&all->text, plain, end - begin);
  else
    all->named |= lex_decode_string(&p->lx, &all->text, begin, end, prefix);
  parse_advance(p);
}

/* A piece of an f-string between two fields. */
void parse_push_string_part(Parser *p, Buf *literal, uint32_t begin, bool named) {
  if (!literal->len) return;
  Node *n = parse_node(p, N_STR, begin);
  n->name = intern_n(p->cx, literal->s, literal->len);
  n->integer = literal->len;
  n->op = named;
  literal->len = 0;
  parse_list_push(p, parse_finish(p, n));
}

/* strings: (STRING | fstring)+ */
Node *parse_strings(Parser *p) {
  uint32_t begin = p->tok.begin, parts = parse_list_begin(p);
  Pieces all = {.text = {.cx = p->cx}};
  while (parse_at(p, T_STRING) || parse_at(p, T_FSTRING)) {
    uint32_t quote = p->tok.begin;
    while (p->lx.text[quote] != '"' && p->lx.text[quote] != '\'') quote++;
    int prefix = lex_string_prefix(p->lx.text + p->tok.begin, quote - p->tok.begin);
    if (prefix & STR_BYTES)
      all.any_bytes = true;
    else
      all.any_text = true;
    if (all.any_bytes && all.any_text)
      parse_fail_at(p, parse_token_span(p), NULL, "cannot join a bytes literal and a string");
    if (begin != p->tok.begin && all.template != !!(prefix & STR_TEMPLATE))
      parse_fail_at(p, parse_token_span(p), NULL, "cannot join a t-string and another string");
    all.template = prefix & STR_TEMPLATE;
    if (parse_at(p, T_STRING)) {
      add_string(p, &all, prefix, quote);
    } else {
      all.any_format = true;
      parse_fstring_into(p, &all.text, &all.named);
    }
  }
  if (all.any_format) {
    parse_push_string_part(p, &all.text, begin, all.named);
    Node *n = parse_node(p, N_FSTRING, begin);
    n->op = all.template;
    n->items = parse_list_end(p, parts);
    return parse_finish(p, n);
  }
  Node *n = parse_node(p, all.any_bytes ? N_BYTES : N_STR, begin);
  n->name = intern_n(p->cx, buf_text(&all.text), all.text.len);
  n->integer = all.text.len;
  n->op = all.named;
  return parse_finish(p, n);
}
