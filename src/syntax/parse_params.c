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
  if (all->done) parse_fail_at(p, name, NULL, "no parameter can follow the `**` parameter");
  for (uint32_t i = 0; i < all->list.len; i++) {
    if (all->list.at[i].name == param.name) parse_fail_at(p, name, NULL, "parameter `%s` is repeated", param.name);
  }
  if (param.kind == P_NORMAL && !all->keyword_only) {
    if (param.fallback)
      all->any_default = true;
    else if (all->any_default)
      parse_fail_at(p, name, NULL, "parameter `%s` without a default follows a parameter with one", param.name);
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
  param.name = parse_expect_name(p, &name, "a parameter name");
  if (!lambda && parse_accept(p, T_COLON)) {
    uint32_t star = p->tok.begin;
    if (kind == P_STAR && parse_accept(p, T_STAR)) {
      Node *n = parse_node(p, N_STARRED, star);
      n->a = parse_bitwise_or(p);
      param.annotation = parse_finish(p, n);
    } else {
      param.annotation = parse_expression(p);
    }
  }
  if (parse_at(p, T_ASSIGN)) {
    if (kind != P_NORMAL)
      parse_fail_at(p, parse_token_span(p), NULL, "a `%s` parameter cannot have a default",
                    kind == P_STAR ? "*" : "**");
    parse_advance(p);
    param.fallback = parse_expression(p);
  }
  param.span = parse_span_from(p, begin);
  add_parameter(p, all, param, name);
}

/* '/' */
static void parse_slash(Parser *p, ParamList *all) {
  if (!all->list.len) parse_fail_at(p, parse_token_span(p), NULL, "`/` needs a parameter before it");
  if (all->slash) parse_fail_at(p, parse_token_span(p), NULL, "`/` can stand only once");
  if (all->keyword_only || all->done) parse_fail_at(p, parse_token_span(p), NULL, "`/` must stand before `*`");
  all->slash = true;
  for (uint32_t i = 0; i < all->list.len; i++) all->list.at[i].kind = P_POSITIONAL_ONLY;
  parse_advance(p);
}

/* '*' [param] */
static void parse_star(Parser *p, ParamList *all, bool lambda, TokenKind close) {
  Span star = parse_token_span(p);
  if (all->keyword_only) parse_fail_at(p, star, NULL, "`*` can stand only once");
  if (all->done) parse_fail_at(p, star, NULL, "no parameter can follow the `**` parameter");
  parse_advance(p);
  if (parse_at(p, T_COMMA) || parse_at(p, close))
    all->bare_star = star;
  else
    parse_parameter(p, all, lambda, P_STAR, star.begin);
  all->keyword_only = true;
}

/* parameters: (param | '/' | '*' [param] | '**' param) % ','      up to `close`, which is not consumed */
Params parse_parameters(Parser *p, bool lambda, TokenKind close) {
  ParamList all = {0};
  while (!parse_at(p, close)) {
    uint32_t begin = p->tok.begin;
    if (parse_at(p, T_SLASH))
      parse_slash(p, &all);
    else if (parse_at(p, T_STAR))
      parse_star(p, &all, lambda, close);
    else if (parse_accept(p, T_STAR_STAR))
      parse_parameter(p, &all, lambda, P_STARSTAR, begin);
    else
      parse_parameter(p, &all, lambda, P_NORMAL, begin);
    if (!parse_accept(p, T_COMMA)) break;
  }
  if (all.bare_star.source) parse_fail_at(p, all.bare_star, NULL, "a `*` alone needs a named parameter after it");
  return (Params){all.list.at, all.list.len};
}

/* type_params: '[' (['*' | '**'] NAME [':' expression] ['=' star_expression]) % ',' ']' */
Nodes parse_type_parameters(Parser *p) {
  uint32_t items = parse_list_begin(p);
  if (!parse_accept(p, T_LSQB)) return (Nodes){0};
  do {
    if (parse_at(p, T_RSQB) && p->stack.len > items) break;
    Node *n = parse_node(p, N_TYPE_PARAM, p->tok.begin);
    n->op = parse_accept(p, T_STAR) ? 1 : parse_accept(p, T_STAR_STAR) ? 2 : 0;
    n->name = parse_expect_name(p, &n->name_span, "a type parameter");
    if (n->op == 0 && parse_accept(p, T_COLON)) n->a = parse_expression(p);
    if (parse_accept(p, T_ASSIGN)) {
      uint32_t star = p->tok.begin;
      if (n->op == 1 && parse_accept(p, T_STAR)) {
        n->b = parse_node(p, N_STARRED, star);
        n->b->a = parse_bitwise_or(p);
        parse_finish(p, n->b);
      } else {
        n->b = parse_expression(p);
      }
    }
    parse_list_push(p, parse_finish(p, n));
  } while (parse_accept(p, T_COMMA));
  parse_expect_close(p, T_RSQB);
  return parse_list_end(p, items);
}
