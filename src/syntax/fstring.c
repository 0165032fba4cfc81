/* fstring.c: f-strings (PEP 701).
 *
 * An f-string is text and replacement fields in alternation. The text is read here, character by character; a field's
 * expression is ordinary tokens, so that it may hold any expression, strings with the same quotes included. The
 * lexer knows only that the innermost bracket is a field's `{`, in which `:` and `!` end the expression. Format
 * specifications are text with fields once more.
 */
#include "syntax/internal.h"

typedef struct Quote {
  uint32_t begin, end; /* of the prefix and the opening quote */
  char c;
  bool triple;
  int prefix;
} Quote;

static char char_at(const Lexer *lx, uint32_t at) { return at < lx->len ? lx->text[at] : 0; }

static bool at_quote(const Lexer *lx, const Quote *q) {
  uint32_t i = lx->pos;
  return char_at(lx, i) == q->c && (!q->triple || (char_at(lx, i + 1) == q->c && char_at(lx, i + 2) == q->c));
}

/* Move past a backslash and the character it escapes. A brace cannot be escaped. */
static void skip_escape(Lexer *lx, const Quote *q) {
  bool raw = q->prefix & STR_RAW;
  char c = char_at(lx, lx->pos + 1);
  if (!raw && c == 'N' && char_at(lx, lx->pos + 2) == '{') {
    lx->pos += 3;
    while (lx->pos < lx->len && char_at(lx, lx->pos) != '}' && char_at(lx, lx->pos) != q->c) lx->pos++;
    if (char_at(lx, lx->pos) == '}') lx->pos++;
    return;
  }
  bool protects = c && c != '{' && c != '}' && (!raw || c == q->c || c == '\\' || c == '\n' || c == '\r');
  lx->pos += protects ? 2 : 1;
  if (protects && c == '\r' && char_at(lx, lx->pos) == '\n') lx->pos++;
}

/* Read text up to a `{` that opens a field, the closing quote, or in a format specification the `}` that ends it;
 * lx->pos is left there. */
static void read_text(Parser *p, const Quote *q, bool in_spec, Buf *out, bool *named) {
  Lexer *lx = &p->lx;
  uint32_t begin = lx->pos;
  for (;;) {
    char c = char_at(lx, lx->pos), next = char_at(lx, lx->pos + 1);
    if (lx->pos >= lx->len || (!q->triple && (c == '\n' || c == '\r')))
      lex_fail(lx, q->begin, q->end, NULL, "unterminated %sf-string", q->triple ? "triple-quoted " : "");
    if (at_quote(lx, q)) break;
    if (c == '{' || c == '}') {
      if (in_spec || (c == '{' && next != '{')) break;
      if (next != c)
        lex_fail(lx, lx->pos, lx->pos + 1, "a brace is written `}}`", "`}` opens nothing in this f-string");
      *named |= lex_decode_string(lx, out, begin, lx->pos + 1, q->prefix);
      lx->pos += 2;
      begin = lx->pos;
    } else if (c == '\\') {
      skip_escape(lx, q);
    } else {
      lx->pos++;
    }
  }
  *named |= lex_decode_string(lx, out, begin, lx->pos, q->prefix);
}

static Node *parse_field(Parser *p, const Quote *q);

/* fstring_format_spec: (text | fstring_replacement_field)*      up to the `}` */
static Node *parse_format_spec(Parser *p, const Quote *q) {
  Lexer *lx = &p->lx;
  uint32_t begin = lx->pos, parts = parse_list_begin(p);
  Buf text = {.cx = p->cx};
  bool named = false, any_field = false;
  for (;;) {
    read_text(p, q, true, &text, &named);
    char c = char_at(lx, lx->pos);
    if (c == '}') break;
    if (c != '{')
      lex_fail(lx, lx->brackets.at[lx->brackets.len - 1].at, lx->brackets.at[lx->brackets.len - 1].at + 1, NULL,
               "this `{` of an f-string is never closed");
    any_field = true;
    p->prev_end = lx->pos;
    parse_push_string_part(p, &text, begin, named);
    parse_list_push(p, parse_field(p, q));
  }
  p->prev_end = lx->pos;
  if (any_field) {
    parse_push_string_part(p, &text, begin, named);
    Node *n = parse_node(p, N_FSTRING, begin);
    n->items = parse_list_end(p, parts);
    return parse_finish(p, n);
  }
  Node *n = parse_node(p, N_STR, begin);
  n->name = intern_n(p->cx, buf_text(&text), text.len);
  n->integer = text.len;
  n->op = named;
  return parse_finish(p, n);
}

/* '!' ('r' | 's' | 'a') */
static const char *parse_conversion(Parser *p) {
  uint32_t bang = p->tok.begin;
  parse_advance(p);
  bool known = parse_at_word(p, "r") || parse_at_word(p, "s") || parse_at_word(p, "a");
  if (!known || p->tok.begin != bang + 1)
    parse_fail_at(p, parse_token_span(p), NULL, "expected `r`, `s` or `a` directly after the `!`");
  return parse_expect_name(p, NULL, "a conversion");
}

/* fstring_replacement_field: '{' (yield_expr | star_expressions) ['='] ['!' NAME] [':' format_spec] '}'
 * The lexer stands at the `{`, and after the `}` in the end. */
static Node *parse_field(Parser *p, const Quote *q) {
  Lexer *lx = &p->lx;
  uint32_t open = lx->pos++;
  parse_enter(p);
  lex_open_bracket(lx, '{', open, true);
  p->tok = lex_next(lx);
  Node *n = parse_node(p, N_FORMAT, open);
  if (parse_at(p, T_RBRACE) || parse_at(p, T_BANG) || parse_at(p, T_COLON) || parse_at(p, T_ASSIGN))
    parse_fail_at(p, parse_token_span(p), "a brace is written `{{`", "expected an expression in the f-string before %s",
                  lex_token_text(p->tok.kind));
  n->a = parse_yield_or_star_expressions(p);
  if (parse_accept(p, T_ASSIGN)) {
    n->op = 1;
    n->name2 = intern_n(p->cx, lx->text + open + 1, p->tok.begin - open - 1);
  }
  if (parse_at(p, T_BANG)) n->name = parse_conversion(p);
  if (parse_at(p, T_COLON)) {
    lx->pos = p->tok.end;
    n->b = parse_format_spec(p, q);
    lx->brackets.len--;
    lx->pos++;
  } else {
    if (!parse_at(p, T_RBRACE)) parse_fail_unexpected(p, "`}`, `!`, `:` or `=` in the f-string");
    lx->pos = p->tok.end;
  }
  if (n->op && !n->name && !n->b) n->name = intern(p->cx, "r");
  p->prev_end = lx->pos;
  parse_leave(p);
  return parse_finish(p, n);
}

/* fstring: FSTRING_START (text | fstring_replacement_field)* FSTRING_END
 * `literal` is text that adjacent literals before this one have left; what is left of this one stays in it. */
void parse_fstring_into(Parser *p, Buf *literal, bool *named) {
  Lexer *lx = &p->lx;
  Quote q = {.begin = p->tok.begin, .end = p->tok.end, .c = lx->text[p->tok.end - 1]};
  uint32_t quote = q.begin;
  while (lx->text[quote] != q.c) quote++;
  q.triple = q.end - quote == 3;
  q.prefix = lex_string_prefix(lx->text + q.begin, quote - q.begin);
  lx->pos = q.end;
  for (;;) {
    read_text(p, &q, false, literal, named);
    p->prev_end = lx->pos;
    if (char_at(lx, lx->pos) != '{') break;
    parse_push_string_part(p, literal, q.begin, *named);
    *named = false;
    parse_list_push(p, parse_field(p, &q));
  }
  lx->pos += q.triple ? 3 : 1;
  p->prev_end = lx->pos;
  p->tok = lex_next(lx);
}
