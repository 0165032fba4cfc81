/* parse_match.c: `match` statements.
 *
 * `match`, `case` and `_` are ordinary names elsewhere. Patterns are kept as expression trees: a class pattern is a
 * call, a mapping a dict, `p as x` a named expression, `a | b` a binary operation.
 */
#include "syntax/internal.h"

static Node *parse_pattern(Parser *p);

/* ---- patterns ---------------------------------------------------------------------------------------------------- */

/* star_pattern: '*' NAME */
static Node *parse_star_pattern(Parser *p) {
  Node *n = node(p, N_STARRED, p->tok.begin);
  advance(p);
  uint32_t begin = p->tok.begin;
  n->a = node(p, N_NAME, begin);
  n->a->name = expect_name(p, &n->a->name_span, "a name after `*`");
  finish(p, n->a);
  return finish(p, n);
}

/* maybe_star_pattern: star_pattern | pattern */
static Node *parse_item_pattern(Parser *p) { return at(p, T_STAR) ? parse_star_pattern(p) : parse_pattern(p); }

/* signed_number: ['-'] NUMBER      complex_number: signed_number ('+' | '-') NUMBER */
static Node *parse_number_pattern(Parser *p) {
  uint32_t begin = p->tok.begin;
  bool minus = accept(p, T_MINUS);
  if (!at(p, T_INT) && !at(p, T_FLOAT) && !at(p, T_IMAG)) fail_unexpected(p, "a number in the pattern");
  Node *left = parse_number(p);
  if (minus) {
    Node *n = node(p, N_UNARY, begin);
    n->op = U_NEG;
    n->a = left;
    left = finish(p, n);
  }
  if (!at(p, T_PLUS) && !at(p, T_MINUS)) return left;
  Node *n = node(p, N_BINARY, begin);
  n->op = at(p, T_PLUS) ? B_ADD : B_SUB;
  n->a = left;
  advance(p);
  if (!at(p, T_IMAG)) fail_unexpected(p, "an imaginary number in the pattern");
  n->b = parse_number(p);
  return finish(p, n);
}

/* group_pattern: '(' pattern ')'      sequence_pattern: '(' [items] ')' | '[' [items] ']' */
static Node *parse_sequence_pattern(Parser *p) {
  bool list = at(p, T_LSQB), comma = false;
  TokenKind close = list ? T_RSQB : T_RPAR;
  uint32_t open = p->tok.begin, items = list_begin(p);
  advance(p);
  while (!at(p, close)) {
    list_push(p, parse_item_pattern(p));
    if (!accept(p, T_COMMA)) break;
    comma = true;
  }
  expect_close(p, close);
  Nodes all = list_end(p, items);
  if (!list && !comma && all.len == 1 && all.at[0]->kind != N_STARRED) return all.at[0];
  Node *n = node(p, list ? N_LIST : N_TUPLE, open);
  n->items = all;
  return finish(p, n);
}

/* mapping_pattern: '{' ((literal | attr) ':' pattern | '**' NAME) % ',' '}' */
static Node *parse_mapping_pattern(Parser *p) {
  Node *n = node(p, N_DICT, p->tok.begin);
  Vec(Node *) keys = {0};
  uint32_t values = list_begin(p);
  advance(p);
  while (!at(p, T_RBRACE)) {
    if (accept(p, T_STAR_STAR)) {
      Node *rest = node(p, N_NAME, p->tok.begin);
      rest->name = expect_name(p, &rest->name_span, "a name after `**`");
      vec_push(p->cx, &keys, NULL);
      list_push(p, finish(p, rest));
    } else {
      vec_push(p->cx, &keys, parse_pattern(p));
      expect(p, T_COLON, "after the key of a mapping pattern");
      list_push(p, parse_pattern(p));
    }
    if (!accept(p, T_COMMA)) break;
  }
  expect_close(p, T_RBRACE);
  n->items = (Nodes){keys.at, keys.len};
  n->items2 = list_end(p, values);
  return finish(p, n);
}

/* class_pattern: name_or_attr '(' (pattern | NAME '=' pattern) % ',' ')' */
static Node *parse_class_pattern(Parser *p, Node *name, uint32_t begin) {
  Node *n = node(p, N_CALL, begin);
  Vec(Node *) keywords = {0};
  uint32_t items = list_begin(p);
  n->a = name;
  advance(p);
  while (!at(p, T_RPAR)) {
    Node *item = parse_pattern(p);
    if (at(p, T_ASSIGN) && item->kind == N_NAME) {
      advance(p);
      Node *keyword = node(p, N_KEYWORD, item->span.begin);
      keyword->name = item->name;
      keyword->name_span = item->span;
      keyword->a = parse_pattern(p);
      vec_push(p->cx, &keywords, finish(p, keyword));
    } else {
      if (keywords.len) fail_at(p, item->span, NULL, "a positional pattern cannot follow a keyword pattern");
      list_push(p, item);
    }
    if (!accept(p, T_COMMA)) break;
  }
  expect_close(p, T_RPAR);
  n->items = list_end(p, items);
  n->keywords = (Nodes){keywords.at, keywords.len};
  return finish(p, n);
}

/* closed_pattern: literal | capture | value | group | sequence | mapping | class */
static Node *parse_closed_pattern(Parser *p) {
  uint32_t begin = p->tok.begin;
  switch (p->tok.kind) {
  case T_NAME: {
    Node *name = parse_attribute_chain(p);
    return at(p, T_LPAR) ? parse_class_pattern(p, name, begin) : name;
  }
  case T_INT:
  case T_FLOAT:
  case T_IMAG:
  case T_MINUS: return parse_number_pattern(p);
  case T_STRING:
  case T_NONE:
  case T_TRUE:
  case T_FALSE: return parse_primary(p);
  case T_LPAR:
  case T_LSQB: return parse_sequence_pattern(p);
  case T_LBRACE: return parse_mapping_pattern(p);
  default: fail_unexpected(p, "a pattern");
  }
}

/* or_pattern: closed_pattern % '|' */
static Node *parse_or_pattern(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *left = parse_closed_pattern(p);
  while (accept(p, T_BAR)) {
    Node *n = node(p, N_BINARY, begin);
    n->op = B_OR;
    n->a = left;
    n->b = parse_closed_pattern(p);
    left = finish(p, n);
  }
  return left;
}

/* pattern: or_pattern ['as' NAME] */
static Node *parse_pattern(Parser *p) {
  enter(p);
  uint32_t begin = p->tok.begin;
  Node *pattern = parse_or_pattern(p);
  if (accept(p, T_AS)) {
    Node *n = node(p, N_NAMED, begin);
    n->b = pattern;
    n->a = node(p, N_NAME, p->tok.begin);
    n->a->name = expect_name(p, &n->a->name_span, "a name after `as`");
    finish(p, n->a);
    pattern = finish(p, n);
  }
  leave(p);
  return pattern;
}

/* patterns: maybe_star_pattern ',' [maybe_star_pattern % ','] | pattern */
static Node *parse_patterns(Parser *p) {
  uint32_t begin = p->tok.begin, items = list_begin(p);
  Node *first = parse_item_pattern(p);
  if (!at(p, T_COMMA) && first->kind != N_STARRED) return first;
  if (!at(p, T_COMMA)) fail_unexpected(p, "`,` after a starred pattern");
  list_push(p, first);
  while (accept(p, T_COMMA) && !at(p, T_COLON) && !at(p, T_IF)) list_push(p, parse_item_pattern(p));
  Node *n = node(p, N_TUPLE, begin);
  n->items = list_end(p, items);
  return finish(p, n);
}

/* ---- the statement ----------------------------------------------------------------------------------------------- */

/* case_block: "case" patterns ['if' named_expression] block */
static Node *parse_case(Parser *p) {
  Node *n = node(p, N_CASE, p->tok.begin);
  if (!at_word(p, "case")) fail_unexpected(p, "`case`");
  advance(p);
  n->a = parse_patterns(p);
  if (accept(p, T_IF)) n->b = parse_named_expression(p);
  n->body = parse_block(p, "`case`", n->span.begin);
  return finish(p, n);
}

/* Whether the word `match` at the next token begins a statement: it does if what follows can only be an operand, or if
 * the line ends in a colon, which no other statement that begins with a name does. */
static bool at_match(Parser *p) {
  Mark here = mark(p);
  advance(p);
  bool found = false;
  switch (p->tok.kind) {
  case T_LPAR:
  case T_LSQB:
  case T_PLUS:
  case T_MINUS:
  case T_STAR:
  case T_NOT: {
    TokenKind last = T_EOF;
    while (!at(p, T_NEWLINE) && !at(p, T_EOF)) {
      last = p->tok.kind;
      if (at(p, T_FSTRING))
        parse_strings(p);
      else
        advance(p);
    }
    found = last == T_COLON;
    break;
  }
  default: found = starts_expression(p->tok.kind);
  }
  rewind_to(p, here);
  return found;
}

/* subject_expr: star_named_expression ',' [star_named_expressions] | named_expression */
static Node *parse_subject(Parser *p) {
  uint32_t begin = p->tok.begin, items = list_begin(p);
  Node *first = parse_star_named_expression(p);
  if (!at(p, T_COMMA)) {
    if (first->kind == N_STARRED) fail_at(p, first->span, NULL, "a starred expression cannot stand alone");
    return first;
  }
  list_push(p, first);
  while (accept(p, T_COMMA) && starts_expression(p->tok.kind)) list_push(p, parse_star_named_expression(p));
  Node *n = node(p, N_TUPLE, begin);
  n->items = list_end(p, items);
  return finish(p, n);
}

/* match_stmt: "match" subject_expr ':' NEWLINE INDENT case_block+ DEDENT */
Node *parse_match(Parser *p) {
  if (!at_word(p, "match") || !at_match(p)) return NULL;
  Node *n = node(p, N_MATCH, p->tok.begin);
  advance(p);
  n->a = parse_subject(p);
  expect(p, T_COLON, "at the end of the `match` line");
  expect(p, T_NEWLINE, "after the `:` of `match`");
  if (!accept(p, T_INDENT)) fail_unexpected(p, "an indented block of `case`s");
  uint32_t cases = list_begin(p);
  enter(p);
  while (!accept(p, T_DEDENT)) list_push(p, parse_case(p));
  leave(p);
  n->items = list_end(p, cases);
  return finish(p, n);
}
