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
  Node *n = parse_node(p, N_STARRED, p->tok.begin);
  parse_advance(p);
  uint32_t begin = p->tok.begin;
  n->a = parse_node(p, N_NAME, begin);
  n->a->name = parse_expect_name(p, &n->a->name_span, "a name after `*`");
  parse_finish(p, n->a);
  return parse_finish(p, n);
}

/* maybe_star_pattern: star_pattern | pattern */
static Node *parse_item_pattern(Parser *p) { return parse_at(p, T_STAR) ? parse_star_pattern(p) : parse_pattern(p); }

/* signed_number: ['-'] NUMBER      complex_number: signed_number ('+' | '-') NUMBER */
static Node *parse_number_pattern(Parser *p) {
  uint32_t begin = p->tok.begin;
  bool minus = parse_accept(p, T_MINUS);
  if (!parse_at(p, T_INT) && !parse_at(p, T_FLOAT) && !parse_at(p, T_IMAG))
    parse_fail_unexpected(p, "a number in the pattern");
  Node *left = parse_number(p);
  if (minus) {
    Node *n = parse_node(p, N_UNARY, begin);
    n->op = U_NEG;
    n->a = left;
    left = parse_finish(p, n);
  }
  if (!parse_at(p, T_PLUS) && !parse_at(p, T_MINUS)) return left;
  Node *n = parse_node(p, N_BINARY, begin);
  n->op = parse_at(p, T_PLUS) ? B_ADD : B_SUB;
  n->a = left;
  parse_advance(p);
  if (!parse_at(p, T_IMAG)) parse_fail_unexpected(p, "an imaginary number in the pattern");
  n->b = parse_number(p);
  return parse_finish(p, n);
}

/* group_pattern: '(' pattern ')'      sequence_pattern: '(' [items] ')' | '[' [items] ']' */
static Node *parse_sequence_pattern(Parser *p) {
  bool list = parse_at(p, T_LSQB), comma = false;
  TokenKind close = list ? T_RSQB : T_RPAR;
  uint32_t open = p->tok.begin, items = parse_list_begin(p);
  parse_advance(p);
  while (!parse_at(p, close)) {
    parse_list_push(p, parse_item_pattern(p));
    if (!parse_accept(p, T_COMMA)) break;
    comma = true;
  }
  parse_expect_close(p, close);
  Nodes all = parse_list_end(p, items);
  if (!list && !comma && all.len == 1 && all.at[0]->kind != N_STARRED) return all.at[0];
  Node *n = parse_node(p, list ? N_LIST : N_TUPLE, open);
  n->items = all;
  return parse_finish(p, n);
}

/* mapping_pattern: '{' ((literal | attr) ':' pattern | '**' NAME) % ',' '}' */
static Node *parse_mapping_pattern(Parser *p) {
  Node *n = parse_node(p, N_DICT, p->tok.begin);
  Vec(Node *) keys = {0};
  uint32_t values = parse_list_begin(p);
  parse_advance(p);
  while (!parse_at(p, T_RBRACE)) {
    if (parse_accept(p, T_STAR_STAR)) {
      Node *rest = parse_node(p, N_NAME, p->tok.begin);
      rest->name = parse_expect_name(p, &rest->name_span, "a name after `**`");
      vec_push(p->cx, &keys, NULL);
      parse_list_push(p, parse_finish(p, rest));
    } else {
      vec_push(p->cx, &keys, parse_pattern(p));
      parse_expect(p, T_COLON, "after the key of a mapping pattern");
      parse_list_push(p, parse_pattern(p));
    }
    if (!parse_accept(p, T_COMMA)) break;
  }
  parse_expect_close(p, T_RBRACE);
  n->items = (Nodes){keys.at, keys.len};
  n->items2 = parse_list_end(p, values);
  return parse_finish(p, n);
}

/* class_pattern: name_or_attr '(' (pattern | NAME '=' pattern) % ',' ')' */
static Node *parse_class_pattern(Parser *p, Node *name, uint32_t begin) {
  Node *n = parse_node(p, N_CALL, begin);
  Vec(Node *) keywords = {0};
  uint32_t items = parse_list_begin(p);
  n->a = name;
  parse_advance(p);
  while (!parse_at(p, T_RPAR)) {
    Node *item = parse_pattern(p);
    if (parse_at(p, T_ASSIGN) && item->kind == N_NAME) {
      parse_advance(p);
      Node *keyword = parse_node(p, N_KEYWORD, item->span.begin);
      keyword->name = item->name;
      keyword->name_span = item->span;
      keyword->a = parse_pattern(p);
      vec_push(p->cx, &keywords, parse_finish(p, keyword));
    } else {
      if (keywords.len) parse_fail_at(p, item->span, NULL, "a positional pattern cannot follow a keyword pattern");
      parse_list_push(p, item);
    }
    if (!parse_accept(p, T_COMMA)) break;
  }
  parse_expect_close(p, T_RPAR);
  n->items = parse_list_end(p, items);
  n->keywords = (Nodes){keywords.at, keywords.len};
  return parse_finish(p, n);
}

/* closed_pattern: literal | capture | value | group | sequence | mapping | class */
static Node *parse_closed_pattern(Parser *p) {
  uint32_t begin = p->tok.begin;
  switch (p->tok.kind) {
  case T_NAME: {
    Node *name = parse_attribute_chain(p);
    return parse_at(p, T_LPAR) ? parse_class_pattern(p, name, begin) : name;
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
  default: parse_fail_unexpected(p, "a pattern");
  }
}

/* or_pattern: closed_pattern % '|' */
static Node *parse_or_pattern(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *left = parse_closed_pattern(p);
  while (parse_accept(p, T_BAR)) {
    Node *n = parse_node(p, N_BINARY, begin);
    n->op = B_OR;
    n->a = left;
    n->b = parse_closed_pattern(p);
    left = parse_finish(p, n);
  }
  return left;
}

/* pattern: or_pattern ['as' NAME] */
static Node *parse_pattern(Parser *p) {
  parse_enter(p);
  uint32_t begin = p->tok.begin;
  Node *pattern = parse_or_pattern(p);
  if (parse_accept(p, T_AS)) {
    Node *n = parse_node(p, N_NAMED, begin);
    n->b = pattern;
    n->a = parse_node(p, N_NAME, p->tok.begin);
    n->a->name = parse_expect_name(p, &n->a->name_span, "a name after `as`");
    parse_finish(p, n->a);
    pattern = parse_finish(p, n);
  }
  parse_leave(p);
  return pattern;
}

/* patterns: maybe_star_pattern ',' [maybe_star_pattern % ','] | pattern */
static Node *parse_patterns(Parser *p) {
  uint32_t begin = p->tok.begin, items = parse_list_begin(p);
  Node *first = parse_item_pattern(p);
  if (!parse_at(p, T_COMMA) && first->kind != N_STARRED) return first;
  if (!parse_at(p, T_COMMA)) parse_fail_unexpected(p, "`,` after a starred pattern");
  parse_list_push(p, first);
  while (parse_accept(p, T_COMMA) && !parse_at(p, T_COLON) && !parse_at(p, T_IF))
    parse_list_push(p, parse_item_pattern(p));
  Node *n = parse_node(p, N_TUPLE, begin);
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* ---- the statement ----------------------------------------------------------------------------------------------- */

/* case_block: "case" patterns ['if' named_expression] block */
static Node *parse_case(Parser *p) {
  Node *n = parse_node(p, N_CASE, p->tok.begin);
  if (!parse_at_word(p, "case")) parse_fail_unexpected(p, "`case`");
  parse_advance(p);
  n->a = parse_patterns(p);
  if (parse_accept(p, T_IF)) n->b = parse_named_expression(p);
  n->body = parse_block(p, "`case`", n->span.begin);
  return parse_finish(p, n);
}

/* Whether the word `match` at the next token begins a statement: it does if what follows can only be an operand, or if
 * the line ends in a colon, which no other statement that begins with a name does. */
static bool at_match(Parser *p) {
  Mark here = parse_mark(p);
  parse_advance(p);
  bool found = false;
  switch (p->tok.kind) {
  case T_LPAR:
  case T_LSQB:
  case T_PLUS:
  case T_MINUS:
  case T_STAR:
  case T_NOT: {
    TokenKind last = T_EOF;
    while (!parse_at(p, T_NEWLINE) && !parse_at(p, T_EOF)) {
      last = p->tok.kind;
      if (parse_at(p, T_FSTRING))
        parse_strings(p);
      else
        parse_advance(p);
    }
    found = last == T_COLON;
    break;
  }
  default: found = parse_starts_expression(p->tok.kind);
  }
  parse_rewind_to(p, here);
  return found;
}

/* subject_expr: star_named_expression ',' [star_named_expressions] | named_expression */
static Node *parse_subject(Parser *p) {
  uint32_t begin = p->tok.begin, items = parse_list_begin(p);
  Node *first = parse_star_named_expression(p);
  if (!parse_at(p, T_COMMA)) {
    if (first->kind == N_STARRED) parse_fail_at(p, first->span, NULL, "a starred expression cannot stand alone");
    return first;
  }
  parse_list_push(p, first);
  while (parse_accept(p, T_COMMA) && parse_starts_expression(p->tok.kind))
    parse_list_push(p, parse_star_named_expression(p));
  Node *n = parse_node(p, N_TUPLE, begin);
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* match_stmt: "match" subject_expr ':' NEWLINE INDENT case_block+ DEDENT */
Node *parse_match(Parser *p) {
  if (!parse_at_word(p, "match") || !at_match(p)) return NULL;
  Node *n = parse_node(p, N_MATCH, p->tok.begin);
  parse_advance(p);
  n->a = parse_subject(p);
  parse_expect(p, T_COLON, "at the end of the `match` line");
  parse_expect(p, T_NEWLINE, "after the `:` of `match`");
  if (!parse_accept(p, T_INDENT)) parse_fail_unexpected(p, "an indented block of `case`s");
  uint32_t cases = parse_list_begin(p);
  parse_enter(p);
  while (!parse_accept(p, T_DEDENT)) parse_list_push(p, parse_case(p));
  parse_leave(p);
  n->items = parse_list_end(p, cases);
  return parse_finish(p, n);
}
