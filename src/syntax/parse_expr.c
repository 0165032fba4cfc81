/* parse_expr.c: expressions, from lists of them down to the operators. The operands of operators are in
 * parse_atom.c. */
#include "syntax/internal.h"

/* ---- operators --------------------------------------------------------------------------------------------------- */

typedef struct Operator {
  uint8_t precedence, op; /* precedence from 1, loosest; 0: not a binary operator */
} Operator;

static Operator binary_operator(TokenKind kind) {
  static const Operator table[TOKEN_KINDS] = {
      [T_BAR] = {1, B_OR},      [T_CARET] = {2, B_XOR},
      [T_AMPER] = {3, B_AND},   [T_SHL] = {4, B_SHL},
      [T_SHR] = {4, B_SHR},     [T_PLUS] = {5, B_ADD},
      [T_MINUS] = {5, B_SUB},   [T_STAR] = {6, B_MUL},
      [T_SLASH] = {6, B_DIV},   [T_SLASH_SLASH] = {6, B_FLOORDIV},
      [T_PERCENT] = {6, B_MOD}, [T_AT] = {6, B_MATMUL},
  };
  return table[kind];
}

/* factor: ('+' | '-' | '~') factor | power
 * power:  primary ['**' factor] */
static Node *parse_factor(Parser *p) {
  uint32_t begin = p->tok.begin;
  if (at(p, T_PLUS) || at(p, T_MINUS) || at(p, T_TILDE)) {
    Node *n = node(p, N_UNARY, begin);
    n->op = at(p, T_PLUS) ? U_POS : at(p, T_MINUS) ? U_NEG : U_INVERT;
    enter(p);
    advance(p);
    n->a = parse_factor(p);
    leave(p);
    return finish(p, n);
  }
  Node *base = parse_primary(p);
  if (!at(p, T_STAR_STAR)) return base;
  Node *n = node(p, N_BINARY, begin);
  n->op = B_POW;
  n->a = base;
  enter(p);
  advance(p);
  n->b = parse_factor(p);
  leave(p);
  return finish(p, n);
}

/* bitwise_or, bitwise_xor, bitwise_and, shift_expr, sum, term: left-associative, by precedence */
static Node *parse_binary(Parser *p, unsigned least) {
  uint32_t begin = p->tok.begin;
  Node *left = parse_factor(p);
  for (;;) {
    Operator o = binary_operator(p->tok.kind);
    if (o.precedence < least || !o.precedence) return left;
    advance(p);
    Node *n = node(p, N_BINARY, begin);
    n->op = o.op;
    n->a = left;
    n->b = parse_binary(p, o.precedence + 1u);
    left = finish(p, n);
  }
}

Node *parse_bitwise_or(Parser *p) { return parse_binary(p, 1); }

/* The comparison operator at the next token, consumed; -1 if there is none. */
static int comparison_operator(Parser *p) {
  switch (p->tok.kind) {
  case T_EQ: advance(p); return C_EQ;
  case T_NE: advance(p); return C_NE;
  case T_LT: advance(p); return C_LT;
  case T_LE: advance(p); return C_LE;
  case T_GT: advance(p); return C_GT;
  case T_GE: advance(p); return C_GE;
  case T_IN: advance(p); return C_IN;
  case T_IS: advance(p); return accept(p, T_NOT) ? C_IS_NOT : C_IS;
  case T_NOT: /* after an operand, only `not in` can follow */
    advance(p);
    expect(p, T_IN, "after `not`");
    return C_NOT_IN;
  default: return -1;
  }
}

/* comparison: bitwise_or (('==' | '!=' | '<' | '<=' | '>' | '>=' | ['not'] 'in' | 'is' ['not']) bitwise_or)* */
static Node *parse_comparison(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *first = parse_bitwise_or(p);
  int op = comparison_operator(p);
  if (op < 0) return first;
  Node *n = node(p, N_COMPARE, begin);
  uint32_t operands = list_begin(p);
  Vec(uint8_t) ops = {0};
  list_push(p, first);
  for (; op >= 0; op = comparison_operator(p)) {
    vec_push(p->cx, &ops, (uint8_t)op);
    list_push(p, parse_bitwise_or(p));
  }
  n->items = list_end(p, operands);
  n->ops = ops.at;
  return finish(p, n);
}

/* inversion: 'not' inversion | comparison */
static Node *parse_inversion(Parser *p) {
  if (!at(p, T_NOT)) return parse_comparison(p);
  Node *n = node(p, N_UNARY, p->tok.begin);
  n->op = U_NOT;
  enter(p);
  advance(p);
  n->a = parse_inversion(p);
  leave(p);
  return finish(p, n);
}

/* conjunction: inversion ('and' inversion)* */
static Node *parse_conjunction(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *first = parse_inversion(p);
  if (!at(p, T_AND)) return first;
  Node *n = node(p, N_BOOL, begin);
  uint32_t operands = list_begin(p);
  list_push(p, first);
  while (accept(p, T_AND)) list_push(p, parse_inversion(p));
  n->items = list_end(p, operands);
  return finish(p, n);
}

/* disjunction: conjunction ('or' conjunction)* */
Node *parse_disjunction(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *first = parse_conjunction(p);
  if (!at(p, T_OR)) return first;
  Node *n = node(p, N_BOOL, begin);
  n->op = 1;
  uint32_t operands = list_begin(p);
  list_push(p, first);
  while (accept(p, T_OR)) list_push(p, parse_conjunction(p));
  n->items = list_end(p, operands);
  return finish(p, n);
}

/* ---- expressions ------------------------------------------------------------------------------------------------- */

/* lambdef: 'lambda' [parameters] ':' expression */
static Node *parse_lambda(Parser *p) {
  Node *n = node(p, N_LAMBDA, p->tok.begin);
  if (p->lx.depth && p->lx.brackets[p->lx.depth - 1].fstring)
    fail_at(p, token_span(p), NULL, "a `lambda` in an f-string must be in parentheses");
  advance(p);
  n->params = parse_parameters(p, true, T_COLON);
  expect(p, T_COLON, "after the parameters of the `lambda`");
  n->a = parse_expression(p);
  return finish(p, n);
}

/* expression: disjunction ['if' disjunction 'else' expression] | lambdef */
Node *parse_expression(Parser *p) {
  enter(p);
  uint32_t begin = p->tok.begin;
  Node *value;
  if (at(p, T_LAMBDA)) {
    value = parse_lambda(p);
  } else {
    value = parse_disjunction(p);
    if (at(p, T_IF)) {
      Node *n = node(p, N_IFEXP, begin);
      advance(p);
      n->a = value;
      n->b = parse_disjunction(p);
      if (!at(p, T_ELSE)) fail_unexpected(p, "`else` to complete the conditional expression");
      advance(p);
      n->c = parse_expression(p);
      value = finish(p, n);
    }
  }
  leave(p);
  return value;
}

/* named_expression: NAME ':=' expression | expression */
Node *parse_named_expression(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *target = parse_expression(p);
  if (!at(p, T_WALRUS)) return target;
  if (target->kind != N_NAME || target->span.end != p->prev_end || target->span.begin != begin)
    fail_at(p, span_from(p, begin), NULL, "`:=` assigns to a name only, not to %s", syn_kind_text(target->kind));
  advance(p);
  Node *n = node(p, N_NAMED, begin);
  n->a = target;
  n->b = parse_expression(p);
  return finish(p, n);
}

/* starred: '*' bitwise_or */
static Node *parse_starred(Parser *p) {
  Node *n = node(p, N_STARRED, p->tok.begin);
  advance(p);
  n->a = parse_bitwise_or(p);
  return finish(p, n);
}

/* star_expression: '*' bitwise_or | expression */
static Node *parse_star_expression(Parser *p) { return at(p, T_STAR) ? parse_starred(p) : parse_expression(p); }

/* star_named_expression: '*' bitwise_or | named_expression */
Node *parse_star_named_expression(Parser *p) { return at(p, T_STAR) ? parse_starred(p) : parse_named_expression(p); }

/* star_expressions: star_expression (',' star_expression)* [','] */
Node *parse_star_expressions(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *first = parse_star_expression(p);
  if (!at(p, T_COMMA)) {
    if (first->kind == N_STARRED && at(p, T_ASSIGN)) check_target(p, first, "assign to");
    if (first->kind == N_STARRED) fail_at(p, first->span, NULL, "a starred expression cannot stand alone");
    return first;
  }
  Node *n = node(p, N_TUPLE, begin);
  uint32_t items = list_begin(p);
  list_push(p, first);
  while (accept(p, T_COMMA) && starts_expression(p->tok.kind)) list_push(p, parse_star_expression(p));
  n->items = list_end(p, items);
  return finish(p, n);
}

/* yield_expr: 'yield' 'from' expression | 'yield' [star_expressions] */
static Node *parse_yield(Parser *p) {
  Node *n = node(p, N_YIELD, p->tok.begin);
  advance(p);
  if (accept(p, T_FROM)) {
    n->kind = N_YIELD_FROM;
    n->a = parse_expression(p);
  } else if (starts_expression(p->tok.kind)) {
    n->a = parse_star_expressions(p);
  }
  return finish(p, n);
}

Node *parse_yield_or_star_expressions(Parser *p) { return at(p, T_YIELD) ? parse_yield(p) : parse_star_expressions(p); }

/* NAME ('.' NAME)* */
Node *parse_attribute_chain(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *n = node(p, N_NAME, begin);
  n->name = expect_name(p, &n->name_span, "a name");
  n = finish(p, n);
  while (accept(p, T_DOT)) {
    Node *outer = node(p, N_ATTRIBUTE, begin);
    outer->a = n;
    outer->name = expect_name(p, &outer->name_span, "a name after `.`");
    n = finish(p, outer);
  }
  return n;
}
