/* parse_atom.c: names, literals, displays, comprehensions; and what follows them: attributes, calls, subscripts. */
#include "syntax/internal.h"

/* ---- comprehensions ---------------------------------------------------------------------------------------------- */

static bool at_for(const Parser *p) { return at(p, T_FOR) || at(p, T_ASYNC); }

/* for_if_clause: ['async'] 'for' star_targets 'in' disjunction ('if' disjunction)* */
static Node *parse_for_clause(Parser *p) {
  Node *n = node(p, N_FOR_CLAUSE, p->tok.begin);
  n->op = accept(p, T_ASYNC);
  expect(p, T_FOR, "after `async`");
  n->a = parse_target_list(p, "assign to");
  expect(p, T_IN, "after the target of `for`");
  n->b = parse_disjunction(p);
  uint32_t conditions = list_begin(p);
  while (accept(p, T_IF)) list_push(p, parse_disjunction(p));
  n->items = list_end(p, conditions);
  return finish(p, n);
}

/* The clauses after an element that has been parsed. op: 0 list, 1 set, 2 dict, 3 generator. */
static Node *parse_comprehension(Parser *p, uint32_t begin, uint32_t op, Node *element, Node *value) {
  if (element->kind == N_STARRED)
    fail_at(p, element->span, NULL, "a starred expression cannot be the element of a comprehension");
  Node *n = node(p, N_COMPREHENSION, begin);
  n->op = op;
  n->a = element;
  n->b = value;
  uint32_t clauses = list_begin(p);
  while (at_for(p)) list_push(p, parse_for_clause(p));
  n->items = list_end(p, clauses);
  return n;
}

/* ---- displays ---------------------------------------------------------------------------------------------------- */

/* tuple:  '(' [star_named_expression ',' [star_named_expressions]] ')'
 * group:  '(' (yield_expr | named_expression) ')'
 * genexp: '(' named_expression for_if_clauses ')' */
static Node *parse_parenthesis(Parser *p) {
  uint32_t open = p->tok.begin;
  advance(p);
  Node *first = NULL, *n = NULL;
  uint32_t items = list_begin(p);
  if (at(p, T_YIELD)) {
    n = parse_yield_or_star_expressions(p);
    expect_close(p, T_RPAR);
    return n;
  }
  if (!at(p, T_RPAR)) {
    first = parse_star_named_expression(p);
    if (at_for(p)) {
      n = parse_comprehension(p, open, 3, first, NULL);
      expect_close(p, T_RPAR);
      return finish(p, n);
    }
    if (!at(p, T_COMMA)) {
      expect_close(p, T_RPAR);
      if (first->kind == N_STARRED)
        fail_at(p, first->span, "a tuple of one is written `(*x,)`", "a starred expression cannot stand alone");
      return first;
    }
    list_push(p, first);
    while (accept(p, T_COMMA) && starts_expression(p->tok.kind)) list_push(p, parse_star_named_expression(p));
  }
  expect_close(p, T_RPAR);
  n = node(p, N_TUPLE, open);
  n->items = list_end(p, items);
  return finish(p, n);
}

/* list: '[' [star_named_expressions] ']' | '[' named_expression for_if_clauses ']' */
static Node *parse_list(Parser *p) {
  uint32_t open = p->tok.begin, items = list_begin(p);
  advance(p);
  Node *n = NULL;
  if (!at(p, T_RSQB)) {
    Node *first = parse_star_named_expression(p);
    if (at_for(p)) {
      n = parse_comprehension(p, open, 0, first, NULL);
      expect_close(p, T_RSQB);
      return finish(p, n);
    }
    list_push(p, first);
    while (accept(p, T_COMMA) && starts_expression(p->tok.kind)) list_push(p, parse_star_named_expression(p));
  }
  expect_close(p, T_RSQB);
  n = node(p, N_LIST, open);
  n->items = list_end(p, items);
  return finish(p, n);
}

/* The rest of a dict whose first key (NULL: `**`) and value are parsed.
 * dict: '{' [kvpair (',' kvpair)* [',']] '}'      kvpair: '**' bitwise_or | expression ':' expression */
static Node *parse_dict(Parser *p, uint32_t open, Node *key, Node *value) {
  Vec(Node *) keys = {0}; /* the values go on the parser's stack */
  uint32_t values = list_begin(p);
  vec_push(p->cx, &keys, key);
  list_push(p, value);
  while (accept(p, T_COMMA) && (starts_expression(p->tok.kind) || at(p, T_STAR_STAR))) {
    if (accept(p, T_STAR_STAR)) {
      vec_push(p->cx, &keys, NULL);
      list_push(p, parse_bitwise_or(p));
      continue;
    }
    vec_push(p->cx, &keys, parse_expression(p));
    if (!at(p, T_COLON)) fail_unexpected(p, "`:` after the key");
    advance(p);
    list_push(p, parse_expression(p));
  }
  expect_close(p, T_RBRACE);
  Node *n = node(p, N_DICT, open);
  n->items = (Nodes){keys.at, keys.len};
  n->items2 = list_end(p, values);
  return finish(p, n);
}

/* set: '{' star_named_expressions '}'; dict; set and dict comprehensions */
static Node *parse_brace(Parser *p) {
  uint32_t open = p->tok.begin;
  advance(p);
  if (accept(p, T_RBRACE)) return finish(p, node(p, N_DICT, open));
  if (accept(p, T_STAR_STAR)) {
    Node *unpacked = parse_bitwise_or(p);
    if (at_for(p)) fail_at(p, unpacked->span, NULL, "`**` cannot be the element of a comprehension");
    return parse_dict(p, open, NULL, unpacked);
  }
  Node *n = NULL, *first = parse_star_named_expression(p), *value = NULL;
  if (at(p, T_COLON) && first->kind != N_STARRED) {
    advance(p);
    value = parse_expression(p);
    if (!at_for(p)) return parse_dict(p, open, first, value);
  }
  if (at_for(p)) {
    n = parse_comprehension(p, open, value ? 2 : 1, first, value);
    expect_close(p, T_RBRACE);
    return finish(p, n);
  }
  uint32_t items = list_begin(p);
  list_push(p, first);
  while (accept(p, T_COMMA) && starts_expression(p->tok.kind)) list_push(p, parse_star_named_expression(p));
  expect_close(p, T_RBRACE);
  n = node(p, N_SET, open);
  n->items = list_end(p, items);
  return finish(p, n);
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

/* kwarg: NAME '=' expression;  `n` is what was parsed as the name */
static Node *parse_keyword_argument(Parser *p, const Node *name, const Node *const *before, uint32_t nbefore) {
  if (name->kind != N_NAME || name->span.end != p->prev_end)
    fail_at(p, name->span, "did you mean `==`?", "only a name can stand before `=` in a call, not %s",
            syn_kind_text(name->kind));
  for (uint32_t i = 0; i < nbefore; i++) {
    if (before[i]->name == name->name) fail_at(p, name->span, NULL, "keyword argument `%s` is repeated", name->name);
  }
  advance(p);
  Node *n = node(p, N_KEYWORD, name->span.begin);
  n->name = name->name;
  n->name_span = name->span;
  n->a = parse_expression(p);
  return finish(p, n);
}

/* args: (('*' | '**') expression | NAME '=' expression | named_expression [for_if_clauses]) % ','      and the `)` */
void parse_arguments(Parser *p, uint32_t open, Nodes *positional, Nodes *keywords) {
  uint32_t items = list_begin(p);
  Vec(Node *) named = {0};
  bool unpacked = false;
  while (!at(p, T_RPAR)) {
    uint32_t begin = p->tok.begin;
    if (accept(p, T_STAR_STAR)) {
      Node *n = node(p, N_KEYWORD, begin);
      n->a = parse_expression(p);
      vec_push(p->cx, &named, finish(p, n));
      unpacked = true;
    } else if (accept(p, T_STAR)) {
      Node *n = node(p, N_STARRED, begin);
      n->a = parse_expression(p);
      list_push(p, finish(p, n));
      if (unpacked) fail_at(p, n->span, NULL, "a `*` argument cannot follow a `**` argument");
    } else {
      if (!starts_expression(p->tok.kind)) fail_unexpected(p, "an argument or `)`");
      Node *n = parse_named_expression(p);
      if (at(p, T_ASSIGN)) {
        n = parse_keyword_argument(p, n, (const Node *const *)named.at, named.len);
        vec_push(p->cx, &named, n);
      } else if (at_for(p)) {
        bool alone = p->stack.len == items && !named.len;
        n = parse_comprehension(p, alone ? open : begin, 3, n, NULL);
        if (!alone || !at(p, T_RPAR)) {
          finish(p, n);
          if (at(p, T_RPAR) || at(p, T_COMMA))
            fail_at(p, n->span, NULL, "a generator expression among other arguments must be in parentheses");
          expect_close(p, T_RPAR);
        }
        list_push(p, n);
      } else {
        if (named.len && (at(p, T_COMMA) || at(p, T_RPAR)))
          fail_at(p, n->span, NULL, "a positional argument cannot follow a %s",
                  unpacked ? "`**` argument" : "keyword argument");
        list_push(p, n);
      }
    }
    if (!accept(p, T_COMMA)) break;
  }
  expect_close(p, T_RPAR);
  *positional = list_end(p, items);
  *keywords = (Nodes){named.at, named.len};
  /* f(x for x in y): the call's parentheses are the generator's */
  if (positional->len == 1 && positional->at[0]->kind == N_COMPREHENSION && positional->at[0]->height == 0)
    finish(p, positional->at[0]);
}

/* ---- subscripts -------------------------------------------------------------------------------------------------- */

/* slice: [expression] ':' [expression] [':' [expression]] | star_named_expression */
static Node *parse_slice(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *lower = NULL;
  if (!at(p, T_COLON)) {
    if (!starts_expression(p->tok.kind)) fail_unexpected(p, "an index");
    lower = parse_star_named_expression(p);
    if (!at(p, T_COLON)) return lower;
  }
  Node *n = node(p, N_SLICE, begin);
  n->a = lower;
  advance(p);
  if (starts_expression(p->tok.kind)) n->b = parse_expression(p);
  if (accept(p, T_COLON) && starts_expression(p->tok.kind)) n->c = parse_expression(p);
  return finish(p, n);
}

/* slices: slice (',' slice)* [',']      and the `]` */
static Node *parse_slices(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *index = parse_slice(p);
  if (at(p, T_COMMA) || index->kind == N_STARRED) {
    uint32_t items = list_begin(p);
    list_push(p, index);
    while (accept(p, T_COMMA) && !at(p, T_RSQB)) list_push(p, parse_slice(p));
    index = node(p, N_TUPLE, begin);
    index->items = list_end(p, items);
    finish(p, index);
  }
  expect_close(p, T_RSQB);
  return index;
}

/* ---- atoms and primaries ----------------------------------------------------------------------------------------- */

static Node *parse_constant(Parser *p, NodeKind kind) {
  Node *n = node(p, kind, p->tok.begin);
  advance(p);
  return finish(p, n);
}

/* atom: NAME | 'True' | 'False' | 'None' | '...' | NUMBER | strings | tuple | group | genexp | list | set | dict */
static Node *parse_atom(Parser *p) {
  switch (p->tok.kind) {
  case T_NAME: {
    Node *n = node(p, N_NAME, p->tok.begin);
    n->name = expect_name(p, &n->name_span, "a name");
    return finish(p, n);
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
  case T_YIELD: fail_at(p, token_span(p), NULL, "a `yield` inside an expression must be in parentheses");
  case T_LAMBDA: fail_at(p, token_span(p), NULL, "a `lambda` after an operator must be in parentheses");
  default: fail_unexpected(p, "an expression");
  }
}

/* await_primary: ['await'] primary
 * primary: atom ('.' NAME | '(' [args] ')' | '[' slices ']')* */
Node *parse_primary(Parser *p) {
  uint32_t begin = p->tok.begin;
  if (at(p, T_AWAIT)) {
    Node *n = node(p, N_AWAIT, begin);
    advance(p);
    if (at(p, T_AWAIT)) fail_unexpected(p, "an expression after `await`");
    n->a = parse_primary(p);
    return finish(p, n);
  }
  Node *left = parse_atom(p);
  for (;;) {
    uint32_t open = p->tok.begin;
    Node *n = NULL;
    if (accept(p, T_DOT)) {
      n = node(p, N_ATTRIBUTE, begin);
      n->name = expect_name(p, &n->name_span, "a name after `.`");
    } else if (accept(p, T_LPAR)) {
      n = node(p, N_CALL, begin);
      parse_arguments(p, open, &n->items, &n->keywords);
    } else if (accept(p, T_LSQB)) {
      n = node(p, N_SUBSCRIPT, begin);
      n->b = parse_slices(p);
    } else {
      return left;
    }
    n->a = left;
    left = finish(p, n);
  }
}
