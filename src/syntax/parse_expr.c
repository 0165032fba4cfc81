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
  if (parse_at(p, T_PLUS) || parse_at(p, T_MINUS) || parse_at(p, T_TILDE)) {
    Node *n = parse_node(p, N_UNARY, begin);
    n->op = parse_at(p, T_PLUS) ? U_POS : parse_at(p, T_MINUS) ? U_NEG : U_INVERT;
    parse_enter(p);
    parse_advance(p);
    n->a = parse_factor(p);
    parse_leave(p);
    return parse_finish(p, n);
  }
  Node *base = parse_primary(p);
  if (!parse_at(p, T_STAR_STAR)) return base;
  Node *n = parse_node(p, N_BINARY, begin);
  n->op = B_POW;
  n->a = base;
  parse_enter(p);
  parse_advance(p);
  n->b = parse_factor(p);
  parse_leave(p);
  return parse_finish(p, n);
}

/* bitwise_or, bitwise_xor, bitwise_and, shift_expr, sum, term: left-associative, by precedence */
static Node *parse_binary(Parser *p, unsigned least) {
  uint32_t begin = p->tok.begin;
  Node *left = parse_factor(p);
  for (;;) {
    Operator o = binary_operator(p->tok.kind);
    if (o.precedence < least || !o.precedence) return left;
    parse_advance(p);
    Node *n = parse_node(p, N_BINARY, begin);
    n->op = o.op;
    n->a = left;
    n->b = parse_binary(p, o.precedence + 1u);
    left = parse_finish(p, n);
  }
}

Node *parse_bitwise_or(Parser *p) { return parse_binary(p, 1); }

/* The comparison operator at the next token, consumed; -1 if there is none. */
static int comparison_operator(Parser *p) {
  switch (p->tok.kind) {
  case T_EQ: parse_advance(p); return C_EQ;
  case T_NE: parse_advance(p); return C_NE;
  case T_LT: parse_advance(p); return C_LT;
  case T_LE: parse_advance(p); return C_LE;
  case T_GT: parse_advance(p); return C_GT;
  case T_GE: parse_advance(p); return C_GE;
  case T_IN: parse_advance(p); return C_IN;
  case T_IS: parse_advance(p); return parse_accept(p, T_NOT) ? C_IS_NOT : C_IS;
  case T_NOT: /* after an operand, only `not in` can follow */
    parse_advance(p);
    parse_expect(p, T_IN, "after `not`");
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
  Node *n = parse_node(p, N_COMPARE, begin);
  uint32_t operands = parse_list_begin(p);
  Vec(uint8_t) ops = {0};
  parse_list_push(p, first);
  for (; op >= 0; op = comparison_operator(p)) {
    vec_push(p->cx, &ops, (uint8_t)op);
    parse_list_push(p, parse_bitwise_or(p));
  }
  n->items = parse_list_end(p, operands);
  n->ops = ops.at;
  return parse_finish(p, n);
}

/* inversion: 'not' inversion | comparison */
static Node *parse_inversion(Parser *p) {
  if (!parse_at(p, T_NOT)) return parse_comparison(p);
  Node *n = parse_node(p, N_UNARY, p->tok.begin);
  n->op = U_NOT;
  parse_enter(p);
  parse_advance(p);
  n->a = parse_inversion(p);
  parse_leave(p);
  return parse_finish(p, n);
}

/* conjunction: inversion ('and' inversion)* */
static Node *parse_conjunction(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *first = parse_inversion(p);
  if (!parse_at(p, T_AND)) return first;
  Node *n = parse_node(p, N_BOOL, begin);
  uint32_t operands = parse_list_begin(p);
  parse_list_push(p, first);
  while (parse_accept(p, T_AND)) parse_list_push(p, parse_inversion(p));
  n->items = parse_list_end(p, operands);
  return parse_finish(p, n);
}

/* disjunction: conjunction ('or' conjunction)* */
Node *parse_disjunction(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *first = parse_conjunction(p);
  if (!parse_at(p, T_OR)) return first;
  Node *n = parse_node(p, N_BOOL, begin);
  n->op = 1;
  uint32_t operands = parse_list_begin(p);
  parse_list_push(p, first);
  while (parse_accept(p, T_OR)) parse_list_push(p, parse_conjunction(p));
  n->items = parse_list_end(p, operands);
  return parse_finish(p, n);
}

/* ---- expressions ------------------------------------------------------------------------------------------------- */

/* lambdef: 'lambda' [parameters] ':' expression */
static Node *parse_lambda(Parser *p) {
  Node *n = parse_node(p, N_LAMBDA, p->tok.begin);
  if (p->lx.brackets.len && p->lx.brackets.at[p->lx.brackets.len - 1].fstring)
    parse_fail_at(p, parse_token_span(p), NULL, "a `lambda` in an f-string must be in parentheses");
  parse_advance(p);
  n->params = parse_parameters(p, true, T_COLON);
  parse_expect(p, T_COLON, "after the parameters of the `lambda`");
  n->a = parse_expression(p);
  return parse_finish(p, n);
}

/* expression: disjunction ['if' disjunction 'else' expression] | lambdef */
Node *parse_expression(Parser *p) {
  parse_enter(p);
  uint32_t begin = p->tok.begin;
  Node *value;
  if (parse_at(p, T_LAMBDA)) {
    value = parse_lambda(p);
  } else {
    value = parse_disjunction(p);
    if (parse_at(p, T_IF)) {
      Node *n = parse_node(p, N_IFEXP, begin);
      parse_advance(p);
      n->a = value;
      n->b = parse_disjunction(p);
      if (!parse_at(p, T_ELSE)) parse_fail_unexpected(p, "`else` to complete the conditional expression");
      parse_advance(p);
      n->c = parse_expression(p);
      value = parse_finish(p, n);
    }
  }
  parse_leave(p);
  return value;
}

/* named_expression: NAME ':=' expression | expression */
Node *parse_named_expression(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *target = parse_expression(p);
  if (!parse_at(p, T_WALRUS)) return target;
  if (target->kind != N_NAME || target->span.end != p->prev_end || target->span.begin != begin)
    parse_fail_at(p, parse_span_from(p, begin), NULL, "`:=` assigns to a name only, not to %s",
                  syn_kind_text(target->kind));
  parse_advance(p);
  Node *n = parse_node(p, N_NAMED, begin);
  n->a = target;
  n->b = parse_expression(p);
  return parse_finish(p, n);
}

/* starred: '*' bitwise_or */
static Node *parse_starred(Parser *p) {
  Node *n = parse_node(p, N_STARRED, p->tok.begin);
  parse_advance(p);
  n->a = parse_bitwise_or(p);
  return parse_finish(p, n);
}

/* star_expression: '*' bitwise_or | expression */
static Node *parse_star_expression(Parser *p) { return parse_at(p, T_STAR) ? parse_starred(p) : parse_expression(p); }

/* star_named_expression: '*' bitwise_or | named_expression */
Node *parse_star_named_expression(Parser *p) {
  return parse_at(p, T_STAR) ? parse_starred(p) : parse_named_expression(p);
}

/* star_expressions: star_expression (',' star_expression)* [','] */
Node *parse_star_expressions(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *first = parse_star_expression(p);
  if (!parse_at(p, T_COMMA)) {
    if (first->kind == N_STARRED && parse_at(p, T_ASSIGN)) parse_check_target(p, first, "assign to");
    if (first->kind == N_STARRED) parse_fail_at(p, first->span, NULL, "a starred expression cannot stand alone");
    return first;
  }
  Node *n = parse_node(p, N_TUPLE, begin);
  uint32_t items = parse_list_begin(p);
  parse_list_push(p, first);
  while (parse_accept(p, T_COMMA) && parse_starts_expression(p->tok.kind)) parse_list_push(p, parse_star_expression(p));
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* yield_expr: 'yield' 'from' expression | 'yield' [star_expressions] */
static Node *parse_yield(Parser *p) {
  Node *n = parse_node(p, N_YIELD, p->tok.begin);
  parse_advance(p);
  if (parse_accept(p, T_FROM)) {
    n->kind = N_YIELD_FROM;
    n->a = parse_expression(p);
  } else if (parse_starts_expression(p->tok.kind)) {
    n->a = parse_star_expressions(p);
  }
  return parse_finish(p, n);
}

Node *parse_yield_or_star_expressions(Parser *p) {
  return parse_at(p, T_YIELD) ? parse_yield(p) : parse_star_expressions(p);
}

/* NAME ('.' NAME)* */
Node *parse_attribute_chain(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *n = parse_node(p, N_NAME, begin);
  n->name = parse_expect_name(p, &n->name_span, "a name");
  n = parse_finish(p, n);
  while (parse_accept(p, T_DOT)) {
    Node *outer = parse_node(p, N_ATTRIBUTE, begin);
    outer->a = n;
    outer->name = parse_expect_name(p, &outer->name_span, "a name after `.`");
    n = parse_finish(p, outer);
  }
  return n;
}
