/* read_lex.c: the words of the textual form. */
#include "ir/reader.h"

#include <ctype.h>
#include <string.h>

static bool is_word_char(char c) { return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '.'; }

void ir_read_fail(Reader *r, uint32_t begin, uint32_t end, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  diag_vfail(r->cx, (Span){r->source, begin, end}, hint, fmt, args);
}

void ir_read_expected(Reader *r, const char *what) {
  if (r->tok.kind == TOK_END)
    ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "expected %s, but the text ends here", what);
  ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "expected %s, found '%s'", what, ir_token_text(r));
}

static void skip_blanks(Reader *r) {
  while (r->pos < r->len) {
    char c = r->text[r->pos];
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      r->pos++;
    } else if (c == '/' && r->pos + 1 < r->len && r->text[r->pos + 1] == '/') {
      while (r->pos < r->len && r->text[r->pos] != '\n') r->pos++;
    } else {
      return;
    }
  }
}

static void lex_string(Reader *r) {
  uint32_t begin = r->pos++;
  while (r->pos < r->len && r->text[r->pos] != '"' && r->text[r->pos] != '\n') {
    if (r->text[r->pos] == '\\' && r->pos + 1 < r->len) r->pos++;
    r->pos++;
  }
  if (r->pos >= r->len || r->text[r->pos] != '"')
    ir_read_fail(r, begin, begin + 1, NULL, "this string has no end on its line");
  r->pos++;
}

static void skip_word(Reader *r) {
  while (r->pos < r->len && is_word_char(r->text[r->pos])) r->pos++;
}

static bool digit_at(const Reader *r, uint32_t at) { return at < r->len && isdigit((unsigned char)r->text[at]); }

static void skip_digits(Reader *r) {
  while (digit_at(r, r->pos)) r->pos++;
}

static void lex_number(Reader *r) {
  const char *t = r->text;
  if (t[r->pos] == '0' && r->pos + 2 < r->len && t[r->pos + 1] == 'x' && isxdigit((unsigned char)t[r->pos + 2])) {
    r->pos += 2;
    while (r->pos < r->len && isxdigit((unsigned char)t[r->pos])) r->pos++;
    return;
  }
  skip_digits(r);
  if (r->pos >= r->len || t[r->pos] != '.') return;
  r->pos++;
  skip_digits(r);
  if (r->pos >= r->len || (t[r->pos] | 32) != 'e') return;
  uint32_t exponent = r->pos + 1;
  if (exponent < r->len && (t[exponent] == '+' || t[exponent] == '-')) exponent++;
  if (!digit_at(r, exponent)) return;
  r->pos = exponent;
  skip_digits(r);
}

/* A name after % or ^: letters, digits and $._- */
static void skip_suffix_id(Reader *r) {
  while (r->pos < r->len && (is_word_char(r->text[r->pos]) || r->text[r->pos] == '-')) {
    if (r->text[r->pos] == '-' && r->pos + 1 < r->len && r->text[r->pos + 1] == '>') return;
    r->pos++;
  }
}

static IrTokenKind lex_prefixed(Reader *r, char c) {
  r->pos++;
  uint32_t start = r->pos;
  IrTokenKind kind = TOK_PUNCT;
  if (c == '@' && r->pos < r->len && r->text[r->pos] == '"') {
    lex_string(r);
    return TOK_SYMBOL;
  }
  switch (c) {
  case '%': skip_suffix_id(r), kind = TOK_VALUE; break;
  case '^': skip_suffix_id(r), kind = TOK_BLOCK; break;
  case '@': skip_word(r), kind = TOK_SYMBOL; break;
  case '#': skip_word(r), kind = TOK_HASH; break;
  default: skip_word(r), kind = TOK_BANG; break;
  }
  if (r->pos == start) return TOK_PUNCT;
  if (kind == TOK_VALUE && r->pos < r->len && r->text[r->pos] == '#' && digit_at(r, r->pos + 1)) {
    r->pos++;
    skip_digits(r);
  }
  return kind;
}

void ir_next(Reader *r) {
  r->last_end = r->tok.end;
  skip_blanks(r);
  IrToken *t = &r->tok;
  t->begin = r->pos;
  if (r->pos >= r->len) {
    t->kind = TOK_END;
    t->end = r->pos;
    return;
  }
  char c = r->text[r->pos];
  if (isalpha((unsigned char)c) || c == '_') {
    skip_word(r), t->kind = TOK_WORD;
  } else if (isdigit((unsigned char)c)) {
    lex_number(r), t->kind = TOK_NUMBER;
  } else if (c == '"') {
    lex_string(r), t->kind = TOK_STRING;
  } else if (strchr("%^@#!", c) && c) {
    t->kind = lex_prefixed(r, c);
  } else if (c == '-' && r->pos + 1 < r->len && r->text[r->pos + 1] == '>') {
    r->pos += 2, t->kind = TOK_ARROW;
  } else {
    do r->pos++;
    while (r->pos < r->len && ((unsigned char)r->text[r->pos] & 0xC0) == 0x80); /* all of a character */
    t->kind = TOK_PUNCT;
  }
  t->end = r->pos;
}

const char *ir_token_text(const Reader *r) {
  return intern_n(r->cx, r->text + r->tok.begin, r->tok.end - r->tok.begin);
}

bool ir_is_punct(const Reader *r, char c) {
  return r->tok.kind == TOK_PUNCT && r->tok.end == r->tok.begin + 1 && r->text[r->tok.begin] == c;
}

bool ir_is_word(const Reader *r, const char *word) {
  size_t n = strlen(word);
  return r->tok.kind == TOK_WORD && r->tok.end - r->tok.begin == n && !memcmp(r->text + r->tok.begin, word, n);
}

bool ir_accept(Reader *r, char c) {
  if (!ir_is_punct(r, c)) return false;
  ir_next(r);
  return true;
}

bool ir_accept_word(Reader *r, const char *word) {
  if (!ir_is_word(r, word)) return false;
  ir_next(r);
  return true;
}

void ir_expect(Reader *r, char c) {
  if (!ir_accept(r, c)) ir_read_expected(r, (char[]){'\'', c, '\'', 0});
}

void ir_expect_word(Reader *r, const char *word) {
  if (!ir_accept_word(r, word)) ir_read_expected(r, ctx_printf(r->cx, "'%s'", word));
}

static int hex_value(char c) {
  if (isdigit((unsigned char)c)) return c - '0';
  return isxdigit((unsigned char)c) ? (c | 32) - 'a' + 10 : -1;
}

const char *ir_unescape(Reader *r, size_t *len) {
  const char *s = r->text + r->tok.begin, *end = r->text + r->tok.end - 1;
  s += *s == '@' ? 2 : 1;
  char *out = ctx_alloc(r->cx, (size_t)(end - s) + 1);
  size_t n = 0;
  while (s < end) {
    if (*s != '\\') {
      out[n++] = *s++;
      continue;
    }
    s++;
    if (s + 1 < end && hex_value(s[0]) >= 0 && hex_value(s[1]) >= 0) {
      out[n++] = (char)(hex_value(s[0]) << 4 | hex_value(s[1]));
      s += 2;
    } else {
      out[n++] = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s;
      s++;
    }
  }
  *len = n;
  return intern_n(r->cx, out, n);
}

int64_t ir_read_integer(Reader *r, const char *what) {
  bool minus = ir_accept(r, '-');
  if (r->tok.kind != TOK_NUMBER) ir_read_expected(r, what);
  uint64_t x = 0;
  const char *s = r->text + r->tok.begin, *end = r->text + r->tok.end;
  bool hex = end - s > 2 && s[1] == 'x';
  for (s += hex ? 2 : 0; s < end; s++) {
    int digit = hex_value(*s);
    if (digit < 0) ir_read_expected(r, what);
    unsigned base = hex ? 16 : 10;
    if (x > (UINT64_MAX - (unsigned)digit) / base)
      ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "this number is too large");
    x = x * base + (unsigned)digit;
  }
  if (minus && x > (uint64_t)1 << 63) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "this number is too large");
  ir_next(r);
  return (int64_t)(minus ? 0 - x : x);
}

void ir_enter(Reader *r) {
  if (++r->depth > MAX_DEPTH)
    ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "nested too deeply (more than %d levels)", MAX_DEPTH);
}

void ir_leave(Reader *r) { r->depth--; }
