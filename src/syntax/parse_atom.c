/* parse_atom.c: names, literals, displays, comprehensions; and what follows them: attributes, calls, subscripts. */
#include "syntax/internal.h"

/* ---- comprehensions ---------------------------------------------------------------------------------------------- */

static bool at_for(const Parser *p) { return parse_at(p, T_FOR) || parse_at(p, T_ASYNC); }

/* for_if_clause: ['async'] 'for' star_targets 'in' disjunction ('if' disjunction)* */
static Node *parse_for_clause(Parser *p) {
  Node *n = parse_node(p, N_FOR_CLAUSE, p->tok.begin);
  n->op = parse_accept(p, T_ASYNC);
  parse_expect(p, T_FOR, "after `async`");
  n->a = parse_target_list(p, "assign to");
  parse_expect(p, T_IN, "after the target of `for`");
  n->b = parse_disjunction(p);
  uint32_t conditions = parse_list_begin(p);
  while (parse_accept(p, T_IF)) parse_list_push(p, parse_disjunction(p));
  n->items = parse_list_end(p, conditions);
  return parse_finish(p, n);
}

/* The clauses after an element that has been parsed. */
static Node *parse_comprehension(Parser *p, uint32_t begin, ComprehensionKind kind, Node *element, Node *value) {
  if (element->kind == N_STARRED)
    parse_fail_at(p, element->span, NULL, "a starred expression cannot be the element of a comprehension");
  Node *n = parse_node(p, N_COMPREHENSION, begin);
  n->op = kind;
  n->a = element;
  n->b = value;
  uint32_t clauses = parse_list_begin(p);
  while (at_for(p)) parse_list_push(p, parse_for_clause(p));
  n->items = parse_list_end(p, clauses);
  return n;
}

/* ---- displays ---------------------------------------------------------------------------------------------------- */

/* tuple:  '(' [star_named_expression ',' [star_named_expressions]] ')'
 * group:  '(' (yield_expr | named_expression) ')'
 * genexp: '(' named_expression for_if_clauses ')' */
static Node *parse_parenthesis(Parser *p) {
  uint32_t open = p->tok.begin;
  parse_advance(p);
  Node *first = NULL, *n = NULL;
  uint32_t items = parse_list_begin(p);
  if (parse_at(p, T_YIELD)) {
    n = parse_yield_or_star_expressions(p);
    parse_expect_close(p, T_RPAR);
    return n;
  }
  if (!parse_at(p, T_RPAR)) {
    first = parse_star_named_expression(p);
    if (at_for(p)) {
      n = parse_comprehension(p, open, OF_GENERATOR, first, NULL);
      parse_expect_close(p, T_RPAR);
      return parse_finish(p, n);
    }
    if (!parse_at(p, T_COMMA)) {
      parse_expect_close(p, T_RPAR);
      if (first->kind == N_STARRED)
        parse_fail_at(p, first->span, "a tuple of one is written `(*x,)`", "a starred expression cannot stand alone");
      return first;
    }
    parse_list_push(p, first);
    while (parse_accept(p, T_COMMA) && parse_starts_expression(p->tok.kind))
      parse_list_push(p, parse_star_named_expression(p));
  }
  parse_expect_close(p, T_RPAR);
  n = parse_node(p, N_TUPLE, open);
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* list: '[' [star_named_expressions] ']' | '[' named_expression for_if_clauses ']' */
static Node *parse_list(Parser *p) {
  uint32_t open = p->tok.begin, items = parse_list_begin(p);
  parse_advance(p);
  Node *n = NULL;
  if (!parse_at(p, T_RSQB)) {
    Node *first = parse_star_named_expression(p);
    if (at_for(p)) {
      n = parse_comprehension(p, open, OF_LIST, first, NULL);
      parse_expect_close(p, T_RSQB);
      return parse_finish(p, n);
    }
    parse_list_push(p, first);
    while (parse_accept(p, T_COMMA) && parse_starts_expression(p->tok.kind))
      parse_list_push(p, parse_star_named_expression(p));
  }
  parse_expect_close(p, T_RSQB);
  n = parse_node(p, N_LIST, open);
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* The rest of a dict whose first key (NULL: `**`) and value are parsed.
 * dict: '{' [kvpair (',' kvpair)* [',']] '}'      kvpair: '**' bitwise_or | expression ':' expression */
static Node *parse_dict(Parser *p, uint32_t open, Node *key, Node *value) {
  Vec(Node *) keys = {0}; /* the values go on the parser's stack */
  uint32_t values = parse_list_begin(p);
  vec_push(p->cx, &keys, key);
  parse_list_push(p, value);
  while (parse_accept(p, T_COMMA) && (parse_starts_expression(p->tok.kind) || parse_at(p, T_STAR_STAR))) {
    if (parse_accept(p, T_STAR_STAR)) {
      vec_push(p->cx, &keys, NULL);
      parse_list_push(p, parse_bitwise_or(p));
      continue;
    }
    vec_push(p->cx, &keys, parse_expression(p));
    if (!parse_at(p, T_COLON)) parse_fail_unexpected(p, "`:` after the key");
    parse_advance(p);
    parse_list_push(p, parse_expression(p));
  }
  parse_expect_close(p, T_RBRACE);
  Node *n = parse_node(p, N_DICT, open);
  n->items = (Nodes){keys.at, keys.len};
  n->items2 = parse_list_end(p, values);
  return parse_finish(p, n);
}

/* set: '{' star_named_expressions '}'; dict; set and dict comprehensions */
static Node *parse_brace(Parser *p) {
  uint32_t open = p->tok.begin;
  parse_advance(p);
  if (parse_accept(p, T_RBRACE)) return parse_finish(p, parse_node(p, N_DICT, open));
  if (parse_accept(p, T_STAR_STAR)) {
    Node *unpacked = parse_bitwise_or(p);
    if (at_for(p)) parse_fail_at(p, unpacked->span, NULL, "`**` cannot be the element of a comprehension");
    return parse_dict(p, open, NULL, unpacked);
  }
  Node *n = NULL, *first = parse_star_named_expression(p), *value = NULL;
  if (parse_at(p, T_COLON) && first->kind != N_STARRED) {
    parse_advance(p);
    value = parse_expression(p);
    if (!at_for(p)) return parse_dict(p, open, first, value);
  }
  if (at_for(p)) {
    n = parse_comprehension(p, open, value ? OF_DICT : OF_SET, first, value);
    parse_expect_close(p, T_RBRACE);
    return parse_finish(p, n);
  }
  uint32_t items = parse_list_begin(p);
  parse_list_push(p, first);
  while (parse_accept(p, T_COMMA) && parse_starts_expression(p->tok.kind))
    parse_list_push(p, parse_star_named_expression(p));
  parse_expect_close(p, T_RBRACE);
  n = parse_node(p, N_SET, open);
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* kwarg: NAME '=' expression;  `n` is what was parsed as the name */
static Node *parse_keyword_argument(Parser *p, const Node *name, const Node *const *before, uint32_t nbefore) {
  if (name->kind != N_NAME || name->span.end != p->prev_end)
    parse_fail_at(p, name->span, "did you mean `==`?", "only a name can stand before `=` in a call, not %s",
                  syn_kind_text(name->kind));
  for (uint32_t i = 0; i < nbefore; i++) {
    if (before[i]->name == name->name)
      parse_fail_at(p, name->span, NULL, "keyword argument `%s` is repeated", name->name);
  }
  parse_advance(p);
  Node *n = parse_node(p, N_KEYWORD, name->span.begin);
  n->name = name->name;
  n->name_span = name->span;
  n->a = parse_expression(p);
  return parse_finish(p, n);
}

/* args: (('*' | '**') expression | NAME '=' expression | named_expression [for_if_clauses]) % ','      and the `)` */
void parse_arguments(Parser *p, uint32_t open, Nodes *positional, Nodes *keywords) {
  uint32_t items = parse_list_begin(p);
  Vec(Node *) named = {0};
  bool unpacked = false;
  while (!parse_at(p, T_RPAR)) {
    uint32_t begin = p->tok.begin;
    if (parse_accept(p, T_STAR_STAR)) {
      Node *n = parse_node(p, N_KEYWORD, begin);
      n->a = parse_expression(p);
      vec_push(p->cx, &named, parse_finish(p, n));
      unpacked = true;
    } else if (parse_accept(p, T_STAR)) {
      Node *n = parse_node(p, N_STARRED, begin);
      n->a = parse_expression(p);
      parse_list_push(p, parse_finish(p, n));
      if (unpacked) parse_fail_at(p, n->span, NULL, "a `*` argument cannot follow a `**` argument");
    } else {
      if (!parse_starts_expression(p->tok.kind)) parse_fail_unexpected(p, "an argument or `)`");
      Node *n = parse_named_expression(p);
      if (parse_at(p, T_ASSIGN)) {
        n = parse_keyword_argument(p, n, (const Node *const *)named.at, named.len);
        vec_push(p->cx, &named, n);
      } else if (at_for(p)) {
        bool alone = p->stack.len == items && !named.len;
        n = parse_comprehension(p, alone ? open : begin, OF_GENERATOR, n, NULL);
        if (!alone || !parse_at(p, T_RPAR)) {
          parse_finish(p, n);
          if (parse_at(p, T_RPAR) || parse_at(p, T_COMMA))
            parse_fail_at(p, n->span, NULL, "a generator expression among other arguments must be in parentheses");
          parse_expect_close(p, T_RPAR);
        }
        parse_list_push(p, n);
      } else {
        if (named.len && (parse_at(p, T_COMMA) || parse_at(p, T_RPAR)))
          parse_fail_at(p, n->span, NULL, "a positional argument cannot follow a %s",
                        unpacked ? "`**` argument" : "keyword argument");
        parse_list_push(p, n);
      }
    }
    if (!parse_accept(p, T_COMMA)) break;
  }
  parse_expect_close(p, T_RPAR);
  *positional = parse_list_end(p, items);
  *keywords = (Nodes){named.at, named.len};
  /* f(x for x in y): the call's parentheses are the generator's */
  if (positional->len == 1 && positional->at[0]->kind == N_COMPREHENSION && positional->at[0]->height == 0)
    parse_finish(p, positional->at[0]);
}

/* ---- subscripts -------------------------------------------------------------------------------------------------- */

/* slice: [expression] ':' [expression] [':' [expression]] | star_named_expression */
static Node *parse_slice(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *lower = NULL;
  if (!parse_at(p, T_COLON)) {
    if (!parse_starts_expression(p->tok.kind)) parse_fail_unexpected(p, "an index");
    lower = parse_star_named_expression(p);
    if (!parse_at(p, T_COLON)) return lower;
  }
  Node *n = parse_node(p, N_SLICE, begin);
  n->a = lower;
  parse_advance(p);
  if (parse_starts_expression(p->tok.kind)) n->b = parse_expression(p);
  if (parse_accept(p, T_COLON) && parse_starts_expression(p->tok.kind)) n->c = parse_expression(p);
  return parse_finish(p, n);
}

/* slices: slice (',' slice)* [',']      and the `]` */
static Node *parse_slices(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *index = parse_slice(p);
  if (parse_at(p, T_COMMA) || index->kind == N_STARRED) {
    uint32_t items = parse_list_begin(p);
    parse_list_push(p, index);
    while (parse_accept(p, T_COMMA) && !parse_at(p, T_RSQB)) parse_list_push(p, parse_slice(p));
    index = parse_node(p, N_TUPLE, begin);
    index->items = parse_list_end(p, items);
    parse_finish(p, index);
  }
  parse_expect_close(p, T_RSQB);
  return index;
}

/* ---- atoms and primaries ----------------------------------------------------------------------------------------- */

static Node *parse_constant(Parser *p, NodeKind kind) {
  Node *n = parse_node(p, kind, p->tok.begin);
  parse_advance(p);
  return parse_finish(p, n);
}

/* atom: NAME | 'True' | 'False' | 'None' | '...' | NUMBER | strings | tuple | group | genexp | list | set | dict */
static Node *parse_atom(Parser *p) {
  switch (p->tok.kind) {
  case T_NAME: {
    Node *n = parse_node(p, N_NAME, p->tok.begin);
    n->name = parse_expect_name(p, &n->name_span, "a name");
    return parse_finish(p, n);
  }
  case T_INT:
  case T_FLOAT:
  case T_IMAG: return parse_number(p);
  case T_STRING:
  case T_FSTRING: return parse_strings(p);
  case T_TRUE: return parse_constant(p, N_TRUE);
  case T_FALSE: return parse_constant(p, N_FALSE);
  case T_NONE: return parse_constant(p, N_NONE);
  case T_ELLIPSIS: return parse_constant(p, N_ELLIPSIS);
  case T_LPAR: return parse_parenthesis(p);
  case T_LSQB: return parse_list(p);
  case T_LBRACE: return parse_brace(p);
  case T_YIELD: parse_fail_at(p, parse_token_span(p), NULL, "a `yield` inside an expression must be in parentheses");
  case T_LAMBDA: parse_fail_at(p, parse_token_span(p), NULL, "a `lambda` after an operator must be in parentheses");
  default: parse_fail_unexpected(p, "an expression");
  }
}

/* await_primary: ['await'] primary
 * primary: atom ('.' NAME | '(' [args] ')' | '[' slices ']')* */
Node *parse_primary(Parser *p) {
  uint32_t begin = p->tok.begin;
  if (parse_at(p, T_AWAIT)) {
    Node *n = parse_node(p, N_AWAIT, begin);
    parse_advance(p);
    if (parse_at(p, T_AWAIT)) parse_fail_unexpected(p, "an expression after `await`");
    n->a = parse_primary(p);
    return parse_finish(p, n);
  }
  Node *left = parse_atom(p);
  for (;;) {
    uint32_t open = p->tok.begin;
    Node *n = NULL;
    if (parse_accept(p, T_DOT)) {
      n = parse_node(p, N_ATTRIBUTE, begin);
      n->name = parse_expect_name(p, &n->name_span, "a name after `.`");
    } else if (parse_accept(p, T_LPAR)) {
      n = parse_node(p, N_CALL, begin);
      parse_arguments(p, open, &n->items, &n->keywords);
    } else if (parse_accept(p, T_LSQB)) {
      n = parse_node(p, N_SUBSCRIPT, begin);
      n->b = parse_slices(p);
    } else {
      return left;
    }
    n->a = left;
    left = parse_finish(p, n);
  }
}
