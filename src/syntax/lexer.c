/* lexer.c: source text to tokens, one at a time, as the parser asks.
 *
 * A token is a kind and a range of the source; nothing is copied. The lexer keeps two stacks: the indentations of the
 * open blocks, and the open brackets, within which the ends of lines mean nothing. Of an f-string it hands out only
 * the opening quote: the parser (fstring.c) reads its text and comes back here for the tokens of each replacement
 * field.
 *
 * The indentation of the first line with a token on it counts as level 0, so that the source of a nested function
 * parses as it was cut out.
 */
#include "syntax/internal.h"

#include <string.h>

/* ---- characters -------------------------------------------------------------------------------------------------- */

static inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
static inline bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
static inline bool is_word(char c) { return is_word_start(c) || is_digit(c); }

/* The character k places on; 0 after the end. */
static inline char peek(const Lexer *lx, uint32_t k) { return k < lx->len - lx->pos ? lx->text[lx->pos + k] : 0; }
static inline bool at_end(const Lexer *lx) { return lx->pos >= lx->len; }
static inline bool at_newline(const Lexer *lx) {
  char c = peek(lx, 0);
  return c == '\n' || c == '\r';
}
/* "\n", "\r\n" and "\r" each end a line. */
static void skip_newline(Lexer *lx) { lx->pos += peek(lx, 0) == '\r' && peek(lx, 1) == '\n' ? 2 : 1; }

typedef struct CharRange {
  uint32_t low, high;
} CharRange;
#define FIRST(low, high) {low, high},
#define LATER(low, high)
static const CharRange FIRST_RANGES[] = {
#include "syntax/identifiers.def"
};
#define FIRST(low, high)
#define LATER(low, high) {low, high},
static const CharRange LATER_RANGES[] = {
#include "syntax/identifiers.def"
};

static bool in_ranges(const CharRange *ranges, size_t n, uint32_t c) {
  size_t low = 0;
  while (low < n) {
    size_t middle = low + (n - low) / 2;
    if (c < ranges[middle].low)
      n = middle;
    else if (c > ranges[middle].high)
      low = middle + 1;
    else
      return true;
  }
  return false;
}

/* The code point at s, of valid or invalid UTF-8; *bytes is 0 if invalid. */
static uint32_t decode_utf8(const char *s, size_t n, uint32_t *bytes) {
  const unsigned char *p = (const unsigned char *)s;
  uint32_t len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2, c = p[0] & (0xffu >> (len + 1));
  *bytes = 0;
  if (p[0] < 0xc2 || p[0] > 0xf4 || n < len) return 0;
  for (uint32_t i = 1; i < len; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
    c = c << 6 | (p[i] & 0x3f);
  }
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return 0;
  *bytes = len;
  return c;
}

void lex_fail(const Lexer *lx, uint32_t begin, uint32_t end, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  diag_vfail(lx->cx, (Span){lx->source, begin, end}, hint, fmt, args);
}

static _Noreturn void fail_character(const Lexer *lx) {
  unsigned char c = (unsigned char)lx->text[lx->pos];
  uint32_t bytes = 1, code = c;
  if (c >= 0x80) code = decode_utf8(lx->text + lx->pos, lx->len - lx->pos, &bytes);
  if (!bytes) lex_fail(lx, lx->pos, lx->pos + 1, NULL, "the source is not valid UTF-8: byte 0x%02x", c);
  if (c == 0) lex_fail(lx, lx->pos, lx->pos + 1, NULL, "the source holds a NUL byte");
  bool quote = code >= 0x2018 && code <= 0x201f;
  const char *hint = quote ? "strings are quoted with ' or \"" : NULL;
  if (c < 0x20 || c == 0x7f || (c >= 0x80 && code <= 0xa0))
    lex_fail(lx, lx->pos, lx->pos + bytes, hint, "invalid non-printable character U+%04X", (unsigned)code);
  lex_fail(lx, lx->pos, lx->pos + bytes, hint, "invalid character `%.*s` (U+%04X)", (int)bytes, lx->text + lx->pos,
           (unsigned)code);
}

/* ---- words ------------------------------------------------------------------------------------------------------- */

typedef struct Keyword {
  const char *text;
  TokenKind kind;
} Keyword;
static const Keyword KEYWORDS[] = {
#define TOKEN(kind, text)
#define OPERATOR(kind, text)
#define KEYWORD(kind, text) {text, kind},
#include "syntax/tokens.def"
};

TokenKind lex_keyword_of(const char *s, uint32_t len) {
  /* Where the keywords of each length begin. */
  static const uint8_t first[] = {0, 0, 0, 5, 11, 18, 26, 32, 33, 35};
  if (len < 2 || len > 8) return T_NAME;
  for (unsigned i = first[len]; i < first[len + 1] && i < COUNT(KEYWORDS); i++) {
    if (KEYWORDS[i].text[0] == s[0] && memcmp(KEYWORDS[i].text, s, len) == 0) return KEYWORDS[i].kind;
  }
  return T_NAME;
}

const char *lex_token_text(TokenKind kind) {
  static const char *const texts[] = {
#define TOKEN(kind, text) [kind] = text,
#define OPERATOR(kind, text) [kind] = "`" text "`",
#define KEYWORD(kind, text) [kind] = "`" text "`",
#include "syntax/tokens.def"
  };
  return texts[kind];
}

int lex_string_prefix(const char *s, uint32_t len) {
  int prefix = 0;
  if (len > 2) return STR_BAD;
  for (uint32_t i = 0; i < len; i++) {
    int flag = 0;
    switch (s[i]) {
    case 'r':
    case 'R': flag = STR_RAW; break;
    case 'b':
    case 'B': flag = STR_BYTES; break;
    case 'f':
    case 'F': flag = STR_FORMAT; break;
    case 't':
    case 'T': flag = STR_FORMAT | STR_TEMPLATE; break;
    case 'u':
    case 'U': return len == 1 ? 0 : STR_BAD;
    default: return STR_BAD;
    }
    if (prefix & flag) return STR_BAD;
    prefix |= flag;
  }
  return (prefix & STR_BYTES) && (prefix & STR_FORMAT) ? STR_BAD : prefix;
}

static _Noreturn void fail_unterminated(const Lexer *lx, uint32_t begin, uint32_t quote_end, bool triple) {
  const Bracket *b = lx->brackets.len ? &lx->brackets.at[lx->brackets.len - 1] : NULL;
  if (b && b->fstring) lex_fail(lx, b->at, b->at + 1, NULL, "this `{` of an f-string is never closed");
  lex_fail(lx, begin, quote_end, triple ? NULL : "a string that goes over several lines is quoted with three quotes",
           triple ? "unterminated triple-quoted string" : "unterminated string");
}

/* The string whose quote is at lx->pos and whose prefix began at `begin`. */
static Token lex_string(Lexer *lx, uint32_t begin, int prefix) {
  char quote = peek(lx, 0);
  bool triple = peek(lx, 1) == quote && peek(lx, 2) == quote;
  lx->pos += triple ? 3 : 1;
  uint32_t quote_end = lx->pos;
  if (prefix & STR_FORMAT) return (Token){T_FSTRING, begin, quote_end};
  for (;;) {
    while (!at_end(lx) && peek(lx, 0) != quote && peek(lx, 0) != '\\' && !at_newline(lx)) lx->pos++;
    if (at_end(lx)) fail_unterminated(lx, begin, quote_end, triple);
    if (peek(lx, 0) == quote) {
      if (!triple) break;
      if (peek(lx, 1) == quote && peek(lx, 2) == quote) break;
      lx->pos++;
    } else if (at_newline(lx)) {
      if (!triple) fail_unterminated(lx, begin, quote_end, false);
      lx->pos++;
    } else { /* a backslash and the character it escapes; "\r\n" counts as one */
      lx->pos++;
      if (at_end(lx)) fail_unterminated(lx, begin, quote_end, triple);
      if (at_newline(lx))
        skip_newline(lx);
      else
        lx->pos++;
    }
  }
  lx->pos += triple ? 3 : 1;
  return (Token){T_STRING, begin, lx->pos};
}

/* Move over a code point beyond ASCII if a name may hold it there. */
static bool skip_wide(Lexer *lx, bool first) {
  uint32_t bytes, c = decode_utf8(lx->text + lx->pos, lx->len - lx->pos, &bytes);
  if (!bytes) return false;
  if (!in_ranges(FIRST_RANGES, COUNT(FIRST_RANGES), c) && (first || !in_ranges(LATER_RANGES, COUNT(LATER_RANGES), c)))
    return false;
  lx->pos += bytes;
  return true;
}

/* A name, a keyword, or a string with a prefix. */
static Token lex_word(Lexer *lx) {
  uint32_t begin = lx->pos;
  if ((unsigned char)peek(lx, 0) >= 0x80 && !skip_wide(lx, true)) fail_character(lx);
  for (;;) {
    const char *s = lx->text;
    uint32_t pos = lx->pos;
    while (pos < lx->len && is_word(s[pos])) pos++;
    lx->pos = pos;
    if ((unsigned char)peek(lx, 0) < 0x80) break;
    if (!skip_wide(lx, false)) fail_character(lx);
  }
  uint32_t n = lx->pos - begin;
  if (n <= 2 && (peek(lx, 0) == '"' || peek(lx, 0) == '\'')) {
    int prefix = lex_string_prefix(lx->text + begin, n);
    if (prefix != STR_BAD) return lex_string(lx, begin, prefix);
  }
  return (Token){lex_keyword_of(lx->text + begin, n), begin, lx->pos};
}

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

static int digit_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 99;
}

/* Digits with single underscores between them. False if there is none. */
static bool skip_digits(Lexer *lx, int base) {
  bool any = false;
  while (digit_value(peek(lx, 0)) < base) {
    any = true;
    lx->pos++;
    if (peek(lx, 0) == '_' && digit_value(peek(lx, 1)) < base) lx->pos++;
  }
  return any;
}

/* "1if x else y" is Python: a keyword may follow a number directly. Any other letter is a mistake. */
static void end_number(Lexer *lx, uint32_t begin, const char *what) {
  char c = peek(lx, 0);
  if (!is_word(c) && (unsigned char)c < 0x80) return;
  uint32_t n = 0;
  while (is_word(peek(lx, n))) n++;
  switch (lex_keyword_of(lx->text + lx->pos, n)) {
  case T_AND:
  case T_ELSE:
  case T_FOR:
  case T_IF:
  case T_IN:
  case T_IS:
  case T_NOT:
  case T_OR: return;
  default: break;
  }
  if (c == '_') lex_fail(lx, begin, lx->pos + n, "underscores stand singly between digits", "invalid %s literal", what);
  lex_fail(lx, begin, lx->pos + (n ? n : 1), is_digit(c) ? NULL : "a name cannot begin with a digit",
           "invalid %s literal", what);
}

static Token lex_based(Lexer *lx, int base, const char *what) {
  uint32_t begin = lx->pos;
  lx->pos += 2;
  if (peek(lx, 0) == '_') lx->pos++;
  if (!skip_digits(lx, base))
    lex_fail(lx, begin, lx->pos, NULL, "a %s literal needs digits after `%.2s`", what, lx->text + begin);
  end_number(lx, begin, what);
  return (Token){T_INT, begin, lx->pos};
}

static Token lex_number(Lexer *lx) {
  uint32_t begin = lx->pos;
  if (peek(lx, 0) == '0') {
    switch (peek(lx, 1)) {
    case 'x':
    case 'X': return lex_based(lx, 16, "hexadecimal");
    case 'o':
    case 'O': return lex_based(lx, 8, "octal");
    case 'b':
    case 'B': return lex_based(lx, 2, "binary");
    default: break;
    }
  }
  TokenKind kind = T_INT;
  skip_digits(lx, 10);
  if (peek(lx, 0) == '.') {
    kind = T_FLOAT;
    lx->pos++;
    skip_digits(lx, 10);
  }
  char sign = peek(lx, 1);
  if ((peek(lx, 0) | 32) == 'e' && (is_digit(sign) || ((sign == '+' || sign == '-') && is_digit(peek(lx, 2))))) {
    kind = T_FLOAT;
    lx->pos += is_digit(sign) ? 1 : 2;
    skip_digits(lx, 10);
  }
  if ((peek(lx, 0) | 32) == 'j') {
    kind = T_IMAG;
    lx->pos++;
  }
  if (kind == T_INT && lx->text[begin] == '0') {
    for (uint32_t i = begin; i < lx->pos; i++) {
      if (lx->text[i] != '0' && lx->text[i] != '_')
        lex_fail(lx, begin, lx->pos, "an octal number is written 0o17", "a decimal number cannot begin with 0");
    }
  }
  end_number(lx, begin, kind == T_IMAG ? "imaginary" : "decimal");
  return (Token){kind, begin, lx->pos};
}

/* ---- operators and brackets -------------------------------------------------------------------------------------- */

void lex_open_bracket(Lexer *lx, char open, uint32_t at, bool fstring) {
  if (lx->brackets.len == MAX_BRACKETS) lex_fail(lx, at, at + 1, NULL, "expression nested too deeply");
  vec_push(lx->cx, &lx->brackets, ((Bracket){at, open, fstring}));
}

static void close_bracket(Lexer *lx, char close) {
  uint32_t at = lx->pos - 1;
  if (!lx->brackets.len) lex_fail(lx, at, lx->pos, NULL, "`%c` closes nothing", close);
  Bracket b = lx->brackets.at[lx->brackets.len - 1];
  char wanted = b.open == '(' ? ')' : b.open == '[' ? ']' : '}';
  if (close != wanted) {
    int line, col;
    span_line_col((Span){lx->source, b.at, b.at + 1}, &line, &col);
    lex_fail(lx, at, lx->pos, NULL, "`%c` does not match the `%c` opened on line %d", close, b.open, line);
  }
  lx->brackets.len--;
}

/* The operator that starts with c; lx->pos is after c. */
static TokenKind lex_operator(Lexer *lx, char c) {
  char d = peek(lx, 0), e = peek(lx, 1);
  bool field = lx->brackets.len && lx->brackets.at[lx->brackets.len - 1].fstring;
#define WITH_ASSIGN(plain, assign) return d == '=' ? (lx->pos++, assign) : plain
#define DOUBLED(plain, assign, twice, twice_assign)                                                                    \
  if (d == c) return e == '=' ? (lx->pos += 2, twice_assign) : (lx->pos++, twice);                                     \
  WITH_ASSIGN(plain, assign)
  switch (c) {
  case '(': lex_open_bracket(lx, c, lx->pos - 1, false); return T_LPAR;
  case '[': lex_open_bracket(lx, c, lx->pos - 1, false); return T_LSQB;
  case '{': lex_open_bracket(lx, c, lx->pos - 1, false); return T_LBRACE;
  case ')': close_bracket(lx, c); return T_RPAR;
  case ']': close_bracket(lx, c); return T_RSQB;
  case '}': close_bracket(lx, c); return T_RBRACE;
  case ',': return T_COMMA;
  case ';': return T_SEMICOLON;
  case '~': return T_TILDE;
  case '.': return d == '.' && e == '.' ? (lx->pos += 2, T_ELLIPSIS) : T_DOT;
  case ':': return d == '=' && !field ? (lx->pos++, T_WALRUS) : T_COLON;
  case '!': WITH_ASSIGN(T_BANG, T_NE);
  case '=': WITH_ASSIGN(T_ASSIGN, T_EQ);
  case '+': WITH_ASSIGN(T_PLUS, T_PLUS_ASSIGN);
  case '-': return d == '>' ? (lx->pos++, T_ARROW) : d == '=' ? (lx->pos++, T_MINUS_ASSIGN) : T_MINUS;
  case '%': WITH_ASSIGN(T_PERCENT, T_PERCENT_ASSIGN);
  case '@': WITH_ASSIGN(T_AT, T_AT_ASSIGN);
  case '&': WITH_ASSIGN(T_AMPER, T_AMPER_ASSIGN);
  case '|': WITH_ASSIGN(T_BAR, T_BAR_ASSIGN);
  case '^': WITH_ASSIGN(T_CARET, T_CARET_ASSIGN);
  case '*': DOUBLED(T_STAR, T_STAR_ASSIGN, T_STAR_STAR, T_STAR_STAR_ASSIGN);
  case '/': DOUBLED(T_SLASH, T_SLASH_ASSIGN, T_SLASH_SLASH, T_SLASH_SLASH_ASSIGN);
  case '<': DOUBLED(T_LT, T_LE, T_SHL, T_SHL_ASSIGN);
  case '>': DOUBLED(T_GT, T_GE, T_SHR, T_SHR_ASSIGN);
  default: lx->pos--; fail_character(lx);
  }
#undef WITH_ASSIGN
#undef DOUBLED
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void skip_comment(Lexer *lx) {
  while (!at_end(lx) && !at_newline(lx)) {
    if (peek(lx, 0) == 0) fail_character(lx);
    lx->pos++;
  }
}

/* A backslash that joins this line to the next. */
static void skip_continuation(Lexer *lx) {
  uint32_t at = lx->pos++;
  if (at_end(lx)) lex_fail(lx, at, at + 1, NULL, "the source ends after a line continuation");
  if (!at_newline(lx)) lex_fail(lx, at, at + 1, NULL, "unexpected character after the line continuation `\\`");
  skip_newline(lx);
}

/* Move over blank lines and the indentation of the next line with a token; returns how deep that is. */
static Indent measure_indent(Lexer *lx) {
  Indent in = {0, 0}, joined = {0, 0};
  bool is_joined = false;
  for (;;) {
    switch (peek(lx, 0)) {
    case ' ': in.wide++, in.narrow++, lx->pos++; continue;
    case '\t': in.wide = (in.wide / 8 + 1) * 8, in.narrow++, lx->pos++; continue;
    case '\f': in = (Indent){0, 0}, lx->pos++; continue;
    case '#': skip_comment(lx); continue;
    case '\n':
    case '\r':
      skip_newline(lx);
      in = (Indent){0, 0};
      is_joined = false;
      continue;
    case '\\': /* the indentation is what stands before the backslash */
      if (!is_joined) joined = in;
      is_joined = true;
      skip_continuation(lx);
      continue;
    default: return is_joined ? joined : in;
    }
  }
}

static _Noreturn void fail_tabs(const Lexer *lx) {
  lex_fail(lx, lx->pos, lx->pos + 1, "indent with spaces only",
           "inconsistent use of tabs and spaces in the indentation");
}

/* At the first token of a line: true if it opens a block; closed blocks are counted in lx->dedents. */
static bool compare_indent(Lexer *lx, Indent in) {
  if (!lx->indent_known) {
    lx->indent_known = true;
    lx->indents.at[0] = in;
    return false;
  }
  Indent top = lx->indents.at[lx->indents.len - 1];
  if (in.wide == top.wide) {
    if (in.narrow != top.narrow) fail_tabs(lx);
    return false;
  }
  if (in.wide > top.wide) {
    if (in.narrow <= top.narrow) fail_tabs(lx);
    if (lx->indents.len > MAX_INDENTS) lex_fail(lx, lx->pos, lx->pos + 1, NULL, "too many levels of indentation");
    vec_push(lx->cx, &lx->indents, in);
    return true;
  }
  while (lx->indents.len > 1 && lx->indents.at[lx->indents.len - 1].wide > in.wide) {
    lx->indents.len--;
    lx->dedents++;
  }
  top = lx->indents.at[lx->indents.len - 1];
  if (top.wide != in.wide) {
    if (lx->indents.len == 1 && top.wide > in.wide)
      lex_fail(lx, lx->pos, lx->pos + 1, NULL, "this line is indented less than the first one");
    lex_fail(lx, lx->pos, lx->pos + 1, NULL, "the indentation matches no block around it");
  }
  if (top.narrow != in.narrow) fail_tabs(lx);
  return false;
}

/* The tokens after the last character: the end of the line, of each block, of the source. */
static Token lex_end(Lexer *lx) {
  if (lx->brackets.len) {
    Bracket b = lx->brackets.at[lx->brackets.len - 1];
    lex_fail(lx, b.at, b.at + 1, NULL, "`%c` was never closed", b.open);
  }
  Token end = {T_EOF, lx->len, lx->len};
  if (lx->line_open) {
    lx->line_open = false;
    lx->line_start = true;
    end.kind = T_NEWLINE;
  } else if (lx->indents.len > 1) {
    lx->indents.len--;
    end.kind = T_DEDENT;
  }
  return end;
}

void lex_init(Lexer *lx, Ctx *cx, const Source *source) {
  *lx = (Lexer){.cx = cx, .source = source, .text = source->text, .len = (uint32_t)source->len, .line_start = true};
  if (source->len >= 3 && memcmp(source->text, "\xef\xbb\xbf", 3) == 0) lx->pos = 3; /* a byte order mark */
  vec_push(cx, &lx->indents, ((Indent){0, 0}));
}

Token lex_next(Lexer *lx) {
  if (lx->line_start && !lx->dedents) {
    Indent in = measure_indent(lx);
    lx->line_start = false;
    if (at_end(lx)) return lex_end(lx);
    if (compare_indent(lx, in)) return (Token){T_INDENT, lx->pos, lx->pos};
  }
  if (lx->dedents) {
    lx->dedents--;
    return (Token){T_DEDENT, lx->pos, lx->pos};
  }
  for (;;) {
    char c = peek(lx, 0);
    if (c == ' ' || c == '\t' || c == '\f')
      lx->pos++;
    else if (c == '#')
      skip_comment(lx);
    else if (c == '\\')
      skip_continuation(lx);
    else if (c == '\n' || c == '\r') {
      uint32_t begin = lx->pos;
      skip_newline(lx);
      if (lx->brackets.len) continue;
      lx->line_start = true;
      lx->line_open = false;
      return (Token){T_NEWLINE, begin, begin};
    } else
      break;
  }
  if (at_end(lx)) return lex_end(lx);
  lx->line_open = true;
  char c = peek(lx, 0);
  if (is_word_start(c) || (unsigned char)c >= 0x80) return lex_word(lx);
  if (is_digit(c) || (c == '.' && is_digit(peek(lx, 1)))) return lex_number(lx);
  if (c == '"' || c == '\'') return lex_string(lx, lx->pos, 0);
  uint32_t begin = lx->pos++;
  TokenKind kind = lex_operator(lx, c);
  return (Token){kind, begin, lx->pos};
}
