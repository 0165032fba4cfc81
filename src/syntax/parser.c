/* parser.c: what the parser's functions share: tokens, lists, nodes, complaints.
 *
 * Recursive descent over Python's grammar, one function per rule, the rule above it. One token is looked at ahead; the
 * few places where that is not enough (a `match` that may be a name, a parenthesis after `with`) look over the tokens
 * of the line and come back with parse_mark() and parse_rewind_to().
 *
 * No input overflows the C stack: functions that recurse count their nesting (enter), and parse_finish() measures the height
 * of each tree, so that what walks the tree later may recurse as well.
 */
#include "syntax/internal.h"

#include <stdio.h>
#include <string.h>

/* ---- tokens ------------------------------------------------------------------------------------------------------ */

void parse_advance(Parser *p) {
  if (p->tok.end > p->tok.begin) p->prev_end = p->tok.end;
  p->tok = lex_next(&p->lx);
}

bool parse_accept(Parser *p, TokenKind kind) {
  if (!parse_at(p, kind)) return false;
  parse_advance(p);
  return true;
}

bool parse_at_word(const Parser *p, const char *word) {
  size_t n = strlen(word);
  return parse_at(p, T_NAME) && p->tok.end - p->tok.begin == n && memcmp(p->lx.text + p->tok.begin, word, n) == 0;
}

Mark parse_mark(const Parser *p) {
  const Lexer *lx = &p->lx;
  Mark m = {.tok = p->tok, .prev_end = p->prev_end, .pos = lx->pos, .depth = lx->brackets.len};
  m.line_start = lx->line_start;
  m.line_open = lx->line_open;
  if (lx->brackets.len) m.innermost = lx->brackets.at[lx->brackets.len - 1];
  return m;
}

void parse_rewind_to(Parser *p, Mark m) {
  Lexer *lx = &p->lx;
  p->tok = m.tok;
  p->prev_end = m.prev_end;
  lx->pos = m.pos;
  lx->brackets.len = m.depth;
  lx->line_start = m.line_start;
  lx->line_open = m.line_open;
  if (m.depth) lx->brackets.at[m.depth - 1] = m.innermost;
}

/* ---- complaints -------------------------------------------------------------------------------------------------- */

Span parse_token_span(const Parser *p) { return (Span){p->source, p->tok.begin, p->tok.end}; }
Span parse_span_from(const Parser *p, uint32_t begin) { return (Span){p->source, begin, p->prev_end}; }

bool parse_starts_expression(TokenKind kind) {
  switch (kind) {
  case T_NAME:
  case T_INT:
  case T_FLOAT:
  case T_IMAG:
  case T_STRING:
  case T_FSTRING:
  case T_LPAR:
  case T_LSQB:
  case T_LBRACE:
  case T_ELLIPSIS:
  case T_PLUS:
  case T_MINUS:
  case T_TILDE:
  case T_NOT:
  case T_LAMBDA:
  case T_AWAIT:
  case T_NONE:
  case T_TRUE:
  case T_FALSE:
  case T_STAR: return true;
  default: return false;
  }
}

void parse_fail_at(Parser *p, Span span, const char *hint, const char *fmt, ...) {
  va_list args;
  va_start(args, fmt);
  diag_vfail(p->cx, span, hint, fmt, args);
}

/* A bracket that is never closed swallows the lines after it, and the mistake shows only at some later token. If the
 * token is on a later line than the bracket, and the bracket does not close in the rest of the source, that is the
 * mistake. */
static void blame_bracket(Parser *p) {
  Lexer *lx = &p->lx;
  if (!lx->brackets.len || lx->brackets.at[lx->brackets.len - 1].fstring) return;
  Bracket b = lx->brackets.at[lx->brackets.len - 1];
  const char *between = lx->text + b.at;
  if (!memchr(between, '\n', p->tok.begin - b.at)) return;
  Mark here = parse_mark(p);
  uint32_t depth = lx->brackets.len;
  while (lx->brackets.len >= depth) { /* reaching the end complains about the bracket */
    if (parse_at(p, T_FSTRING))
      parse_strings(p);
    else
      parse_advance(p);
  }
  parse_rewind_to(p, here);
}

/* The next token as a message names it. */
static const char *found_text(Parser *p) {
  uint32_t n = p->tok.end - p->tok.begin;
  switch (p->tok.kind) {
  case T_NAME:
  case T_INT:
  case T_FLOAT:
  case T_IMAG:
    if (n <= 40) return ctx_printf(p->cx, "`%.*s`", (int)n, p->lx.text + p->tok.begin);
    return lex_token_text(p->tok.kind);
  default: return lex_token_text(p->tok.kind);
  }
}

/* Things that other languages write. */
static const char *habit_hint(const Parser *p) {
  const char *text = p->lx.text;
  uint32_t begin = p->tok.begin;
  bool doubled = begin > 0 && begin < p->lx.len && text[begin - 1] == text[begin];
  switch (p->tok.kind) {
  case T_BANG: return "negation is written `not`";
  case T_AMPER: return doubled ? "did you mean `and`?" : NULL;
  case T_BAR: return doubled ? "did you mean `or`?" : NULL;
  case T_GT: return begin > 0 && text[begin - 1] == '<' ? "did you mean `!=`?" : NULL;
  case T_NEWLINE:
    if (p->prev_end >= 2 && memcmp(text + p->prev_end - 2, "++", 2) == 0) return "did you mean `+= 1`?";
    if (p->prev_end >= 2 && memcmp(text + p->prev_end - 2, "--", 2) == 0) return "did you mean `-= 1`?";
    return NULL;
  default: return NULL;
  }
}

void parse_fail_unexpected(Parser *p, const char *wanted) {
  if (parse_at(p, T_INDENT)) parse_fail_at(p, parse_token_span(p), NULL, "unexpected indentation");
  blame_bracket(p);
  if (parse_at(p, T_ASSIGN)) {
    const char *hint = p->lx.brackets.len ? "did you mean `==`, or `:=`?" : "did you mean `==`?";
    parse_fail_at(p, parse_token_span(p), hint, "`=` cannot stand in an expression");
  }
  const char *hint = habit_hint(p);
  if (wanted) parse_fail_at(p, parse_token_span(p), hint, "expected %s, found %s", wanted, found_text(p));
  parse_fail_at(p, parse_token_span(p), hint, "unexpected %s", found_text(p));
}

void parse_expect(Parser *p, TokenKind kind, const char *where) {
  if (parse_accept(p, kind)) return;
  parse_fail_unexpected(p, ctx_printf(p->cx, "%s %s", lex_token_text(kind), where));
}

void parse_expect_close(Parser *p, TokenKind kind) {
  if (parse_accept(p, kind)) return;
  if (parse_starts_expression(p->tok.kind) && p->tok.kind != T_STAR) {
    blame_bracket(p);
    parse_fail_at(p, parse_token_span(p), "is a comma missing?", "expected `,` or %s, found %s", lex_token_text(kind),
                  found_text(p));
  }
  parse_fail_unexpected(p, lex_token_text(kind));
}

const char *parse_expect_name(Parser *p, Span *span, const char *what) {
  if (!parse_at(p, T_NAME)) {
    if (p->tok.kind >= T_AS && p->tok.kind <= T_NONLOCAL)
      parse_fail_at(p, parse_token_span(p), NULL, "expected %s, found the keyword %s", what,
                    lex_token_text(p->tok.kind));
    blame_bracket(p);
    parse_fail_at(p, parse_token_span(p), NULL, "expected %s, found %s", what, found_text(p));
  }
  if (span) *span = parse_token_span(p);
  const char *name = intern_n(p->cx, p->lx.text + p->tok.begin, p->tok.end - p->tok.begin);
  parse_advance(p);
  return name;
}

void parse_enter(Parser *p) {
  if (++p->nesting > MAX_NESTING) parse_fail_at(p, parse_token_span(p), NULL, "expression nested too deeply");
}

/* ---- nodes and lists --------------------------------------------------------------------------------------------- */

Node *parse_node(Parser *p, NodeKind kind, uint32_t begin) {
  Node *n = NEW(p->cx, Node);
  n->kind = kind;
  n->span = (Span){p->source, begin, begin};
  return n;
}

static uint32_t taller(uint32_t height, const Node *n) { return n && n->height > height ? n->height : height; }

static uint32_t tallest(uint32_t height, const Nodes *list) {
  for (uint32_t i = 0; i < list->len; i++) height = taller(height, list->at[i]);
  return height;
}

Node *parse_finish(Parser *p, Node *n) {
  n->span.end = p->prev_end;
  uint32_t height = taller(taller(taller(0, n->a), n->b), n->c);
  const Nodes *lists[] = {&n->items, &n->items2, &n->keywords, &n->body, &n->orelse, &n->final, &n->type_params};
  for (size_t i = 0; i < COUNT(lists); i++) height = tallest(height, lists[i]);
  for (uint32_t i = 0; i < n->params.len; i++)
    height = taller(taller(height, n->params.at[i].annotation), n->params.at[i].fallback);
  if (height >= SYN_MAX_HEIGHT)
    parse_fail_at(p, n->span, NULL, "%s nested too deeply", n->kind < N_EXPR ? "expression" : "statement");
  n->height = (uint16_t)(height + 1);
  return n;
}

void parse_list_push(Parser *p, Node *n) { vec_push(p->cx, &p->stack, n); }

Nodes parse_list_end(Parser *p, uint32_t begin) {
  uint32_t n = p->stack.len - begin;
  p->stack.len = begin;
  if (!n) return (Nodes){0};
  return (Nodes){ctx_copy(p->cx, p->stack.at + begin, n * sizeof *p->stack.at), n};
}
