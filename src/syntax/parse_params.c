/* parse_params.c: the parameters of functions and lambdas, and type parameters. */
#include "syntax/internal.h"

#include <string.h>

typedef struct ParamList {
  Vec(Param) list;
  bool keyword_only; /* after a `*` */
  bool any_default;  /* among the positional ones */
  bool done;         /* after `**` */
  bool slash;
  Span bare_star; /* a `*` alone that still needs a parameter after it */
} ParamList;

static void add_parameter(Parser *p, ParamList *all, Param param, Span name) {
  if (all->done) fail_at(p, name, NULL, "no parameter can follow the `**` parameter");
  for (uint32_t i = 0; i < all->list.len; i++) {
    if (all->list.at[i].name == param.name) fail_at(p, name, NULL, "parameter `%s` is repeated", param.name);
  }
  if (param.kind == P_NORMAL && !all->keyword_only) {
    if (param.fallback)
      all->any_default = true;
    else if (all->any_default)
      fail_at(p, name, NULL, "parameter `%s` without a default follows a parameter with one", param.name);
  }
  if (param.kind == P_NORMAL && all->keyword_only) param.kind = P_KEYWORD_ONLY;
  if (param.kind != P_STARSTAR) all->bare_star.source = NULL;
  if (param.kind == P_STARSTAR) all->done = true;
  vec_push(p->cx, &all->list, param);
}

/* param: NAME [':' expression] ['=' expression]      (a lambda's has no annotation, `*` and `**` ones no default) */
static void parse_parameter(Parser *p, ParamList *all, bool lambda, ParamKind kind, uint32_t begin) {
  Param param = {.kind = kind};
  Span name;
  param.name = expect_name(p, &name, "a parameter name");
  if (!lambda && accept(p, T_COLON)) {
    uint32_t star = p->tok.begin;
    if (kind == P_STAR && accept(p, T_STAR)) {
      Node *n = node(p, N_STARRED, star);
      n->a = parse_bitwise_or(p);
      param.annotation = finish(p, n);
    } else {
      param.annotation = parse_expression(p);
    }
  }
  if (at(p, T_ASSIGN)) {
    if (kind != P_NORMAL)
      fail_at(p, token_span(p), NULL, "a `%s` parameter cannot have a default", kind == P_STAR ? "*" : "**");
    advance(p);
    param.fallback = parse_expression(p);
  }
  param.span = span_from(p, begin);
  add_parameter(p, all, param, name);
}

/* '/' */
static void parse_slash(Parser *p, ParamList *all) {
  if (!all->list.len) fail_at(p, token_span(p), NULL, "`/` needs a parameter before it");
  if (all->slash) fail_at(p, token_span(p), NULL, "`/` can stand only once");
  if (all->keyword_only || all->done) fail_at(p, token_span(p), NULL, "`/` must stand before `*`");
  all->slash = true;
  for (uint32_t i = 0; i < all->list.len; i++) all->list.at[i].kind = P_POSITIONAL_ONLY;
  advance(p);
}

/* '*' [param] */
static void parse_star(Parser *p, ParamList *all, bool lambda, TokenKind close) {
  Span star = token_span(p);
  if (all->keyword_only) fail_at(p, star, NULL, "`*` can stand only once");
  if (all->done) fail_at(p, star, NULL, "no parameter can follow the `**` parameter");
  advance(p);
  if (at(p, T_COMMA) || at(p, close))
    all->bare_star = star;
  else
    parse_parameter(p, all, lambda, P_STAR, star.begin);
  all->keyword_only = true;
}

/* parameters: (param | '/' | '*' [param] | '**' param) % ','      up to `close`, which is not consumed */
Params parse_parameters(Parser *p, bool lambda, TokenKind close) {
  ParamList all = {0};
  while (!at(p, close)) {
    uint32_t begin = p->tok.begin;
    if (at(p, T_SLASH))
      parse_slash(p, &all);
    else if (at(p, T_STAR))
      parse_star(p, &all, lambda, close);
    else if (accept(p, T_STAR_STAR))
      parse_parameter(p, &all, lambda, P_STARSTAR, begin);
    else
      parse_parameter(p, &all, lambda, P_NORMAL, begin);
    if (!accept(p, T_COMMA)) break;
  }
  if (all.bare_star.source) fail_at(p, all.bare_star, NULL, "a `*` alone needs a named parameter after it");
  return (Params){all.list.at, all.list.len};
}

/* type_params: '[' (['*' | '**'] NAME [':' expression] ['=' star_expression]) % ',' ']' */
Nodes parse_type_parameters(Parser *p) {
  uint32_t items = list_begin(p);
  if (!accept(p, T_LSQB)) return (Nodes){0};
  do {
    if (at(p, T_RSQB) && p->stack.len > items) break;
    Node *n = node(p, N_TYPE_PARAM, p->tok.begin);
    n->op = accept(p, T_STAR) ? 1 : accept(p, T_STAR_STAR) ? 2 : 0;
    n->name = expect_name(p, &n->name_span, "a type parameter");
    if (n->op == 0 && accept(p, T_COLON)) n->a = parse_expression(p);
    if (accept(p, T_ASSIGN)) {
      uint32_t star = p->tok.begin;
      if (n->op == 1 && accept(p, T_STAR)) {
        n->b = node(p, N_STARRED, star);
        n->b->a = parse_bitwise_or(p);
        finish(p, n->b);
      } else {
        n->b = parse_expression(p);
      }
    }
    list_push(p, finish(p, n));
  } while (accept(p, T_COMMA));
  expect_close(p, T_RSQB);
  return list_end(p, items);
}
