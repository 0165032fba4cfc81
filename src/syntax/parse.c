/* parse.c: the ways into the parser: a module, an expression; a function of a module by its name. */
#include "syntax/internal.h"

#include <string.h>

static Parser *parser_new(Ctx *cx, const Source *source) {
  if (source->len >= UINT32_MAX) ctx_fail(cx, ERR_SYSTEM, "%s: a source of 4 GiB or more", source->file);
  Parser *p = NEW(cx, Parser);
  p->cx = cx;
  p->source = source;
  lex_init(&p->lx, cx, source);
  parse_advance(p);
  return p;
}

/* file: statement* EOF */
Node *syn_parse_module(Ctx *cx, const Source *source) {
  Parser *p = parser_new(cx, source);
  Node *module = parse_node(p, N_MODULE, 0);
  uint32_t body = parse_list_begin(p);
  while (!parse_at(p, T_EOF)) parse_statement(p);
  module->body = parse_list_end(p, body);
  return parse_finish(p, module);
}

/* eval: star_expressions NEWLINE* EOF */
Node *syn_parse_expression(Ctx *cx, const Source *source) {
  Parser *p = parser_new(cx, source);
  Node *value = parse_star_expressions(p);
  while (parse_accept(p, T_NEWLINE)) continue;
  if (!parse_at(p, T_EOF)) parse_fail_unexpected(p, "the end of the expression");
  return value;
}

static Node *find_in(const Nodes *body, const char *name) {
  Node *found = NULL;
  for (uint32_t i = 0; i < body->len; i++) {
    Node *n = body->at[i], *inner = NULL;
    if (n->kind == N_FUNCTION && strcmp(n->name, name) == 0) inner = n;
    if (n->kind == N_IF || n->kind == N_CLASS) {
      inner = find_in(&n->body, name);
      if (!inner) inner = find_in(&n->orelse, name);
    }
    if (inner) found = inner; /* a later definition replaces an earlier one */
  }
  return found;
}

Node *syn_find_function(const Node *module, const char *name) { return find_in(&module->body, name); }
