/* parse_stmt.c: simple statements, and lines of them. */
#include "syntax/internal.h"

#include <string.h>

/* ---- assignments ------------------------------------------------------------------------------------------------- */

static int augmented_operator(TokenKind kind) {
  switch (kind) {
  case T_PLUS_ASSIGN: return B_ADD;
  case T_MINUS_ASSIGN: return B_SUB;
  case T_STAR_ASSIGN: return B_MUL;
  case T_SLASH_ASSIGN: return B_DIV;
  case T_SLASH_SLASH_ASSIGN: return B_FLOORDIV;
  case T_PERCENT_ASSIGN: return B_MOD;
  case T_STAR_STAR_ASSIGN: return B_POW;
  case T_AT_ASSIGN: return B_MATMUL;
  case T_AMPER_ASSIGN: return B_AND;
  case T_BAR_ASSIGN: return B_OR;
  case T_CARET_ASSIGN: return B_XOR;
  case T_SHL_ASSIGN: return B_SHL;
  case T_SHR_ASSIGN: return B_SHR;
  default: return -1;
  }
}

static bool single_target(const Node *n) {
  return n->kind == N_NAME || n->kind == N_ATTRIBUTE || n->kind == N_SUBSCRIPT;
}

/* single_target ':' expression ['=' (yield_expr | star_expressions)] */
static Node *parse_annotated(Parser *p, uint32_t begin, Node *target) {
  if (!single_target(target)) {
    bool known = target->kind == N_TUPLE || target->kind == N_LIST;
    if (!known) parse_fail_unexpected(p, "the end of the statement");
    parse_fail_at(p, target->span, NULL, "only a single target can be annotated, not %s", syn_kind_text(target->kind));
  }
  Node *n = parse_node(p, N_ANNASSIGN, begin);
  n->a = target;
  parse_advance(p);
  n->c = parse_expression(p);
  if (parse_accept(p, T_ASSIGN)) n->b = parse_yield_or_star_expressions(p);
  return parse_finish(p, n);
}

/* (star_targets '=')+ (yield_expr | star_expressions) */
static Node *parse_assignment(Parser *p, uint32_t begin, Node *first) {
  Node *n = parse_node(p, N_ASSIGN, begin);
  uint32_t targets = parse_list_begin(p);
  n->b = first;
  while (parse_at(p, T_ASSIGN)) {
    parse_check_target(p, n->b, "assign to");
    parse_advance(p);
    parse_list_push(p, n->b);
    n->b = parse_yield_or_star_expressions(p);
  }
  n->items = parse_list_end(p, targets);
  return parse_finish(p, n);
}

/* assignment: single_target ':' expression ['=' rhs] | (star_targets '=')+ rhs | single_target augassign rhs
 * expression statement: star_expressions */
static Node *parse_expression_statement(Parser *p) {
  uint32_t begin = p->tok.begin;
  Node *left = parse_yield_or_star_expressions(p);
  if (parse_at(p, T_COLON)) return parse_annotated(p, begin, left);
  if (parse_at(p, T_ASSIGN)) return parse_assignment(p, begin, left);
  int op = augmented_operator(p->tok.kind);
  Node *n = parse_node(p, op < 0 ? N_EXPR : N_AUGASSIGN, begin);
  n->a = left;
  if (op < 0) return parse_finish(p, n);
  if (!single_target(left)) {
    if (left->kind == N_TUPLE || left->kind == N_LIST)
      parse_fail_at(p, left->span, NULL, "an augmented assignment has a single target, not %s",
                    syn_kind_text(left->kind));
    parse_check_target(p, left, "assign to");
  }
  n->op = (uint32_t)op;
  parse_advance(p);
  n->b = parse_yield_or_star_expressions(p);
  return parse_finish(p, n);
}

/* ---- imports ----------------------------------------------------------------------------------------------------- */

/* dotted_name: NAME ('.' NAME)*      as one interned text */
static const char *parse_dotted_name(Parser *p, Span *span) {
  uint32_t begin = p->tok.begin;
  Buf text = {.cx = p->cx};
  do {
    if (text.len) buf_putc(&text, '.');
    buf_puts(&text, parse_expect_name(p, NULL, "the name of a module"));
  } while (parse_accept(p, T_DOT));
  *span = parse_span_from(p, begin);
  return intern_n(p->cx, text.s, text.len);
}

/* ['as' NAME] */
static Node *finish_alias(Parser *p, Node *n) {
  if (parse_accept(p, T_AS)) n->name2 = parse_expect_name(p, NULL, "a name after `as`");
  return parse_finish(p, n);
}

/* import_name: 'import' (dotted_name ['as' NAME]) % ',' */
static Node *parse_import(Parser *p) {
  Node *n = parse_node(p, N_IMPORT, p->tok.begin);
  uint32_t items = parse_list_begin(p);
  do {
    parse_advance(p);
    Node *alias = parse_node(p, N_ALIAS, p->tok.begin);
    alias->name = parse_dotted_name(p, &alias->name_span);
    parse_list_push(p, finish_alias(p, alias));
  } while (parse_at(p, T_COMMA));
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* import_from: 'from' ('.' | '...')* dotted_name 'import' names | 'from' ('.' | '...')+ 'import' names
 * names: '*' | '(' (NAME ['as' NAME]) % ',' [','] ')' | (NAME ['as' NAME]) % ',' */
static Node *parse_import_from(Parser *p) {
  Node *n = parse_node(p, N_IMPORT_FROM, p->tok.begin);
  parse_advance(p);
  n->name = intern(p->cx, "");
  for (; parse_at(p, T_DOT) || parse_at(p, T_ELLIPSIS); parse_advance(p)) n->op += parse_at(p, T_DOT) ? 1 : 3;
  if (!n->op || !parse_at(p, T_IMPORT)) n->name = parse_dotted_name(p, &n->name_span);
  parse_expect(p, T_IMPORT, "after the name of the module");
  uint32_t open = p->tok.begin, items = parse_list_begin(p);
  if (parse_at(p, T_STAR)) {
    Node *all = parse_node(p, N_ALIAS, open);
    all->name = intern(p->cx, "*");
    parse_advance(p);
    parse_list_push(p, parse_finish(p, all));
  } else {
    bool parenthesis = parse_accept(p, T_LPAR);
    do {
      if (parenthesis && parse_at(p, T_RPAR) && p->stack.len > items) break;
      Node *alias = parse_node(p, N_ALIAS, p->tok.begin);
      alias->name = parse_expect_name(p, &alias->name_span, "a name to import");
      parse_list_push(p, finish_alias(p, alias));
    } while (parse_accept(p, T_COMMA));
    if (parenthesis) parse_expect_close(p, T_RPAR);
  }
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* ---- the others -------------------------------------------------------------------------------------------------- */

/* 'pass' | 'break' | 'continue' */
static Node *parse_word(Parser *p, NodeKind kind) {
  Node *n = parse_node(p, kind, p->tok.begin);
  parse_advance(p);
  return parse_finish(p, n);
}

/* return_stmt: 'return' [star_expressions] */
static Node *parse_return(Parser *p) {
  Node *n = parse_node(p, N_RETURN, p->tok.begin);
  parse_advance(p);
  if (parse_starts_expression(p->tok.kind)) n->a = parse_star_expressions(p);
  return parse_finish(p, n);
}

/* raise_stmt: 'raise' [expression ['from' expression]] */
static Node *parse_raise(Parser *p) {
  Node *n = parse_node(p, N_RAISE, p->tok.begin);
  parse_advance(p);
  if (parse_starts_expression(p->tok.kind)) {
    n->a = parse_expression(p);
    if (parse_accept(p, T_FROM)) n->b = parse_expression(p);
  }
  return parse_finish(p, n);
}

/* assert_stmt: 'assert' expression [',' expression] */
static Node *parse_assert(Parser *p) {
  Node *n = parse_node(p, N_ASSERT, p->tok.begin);
  parse_advance(p);
  n->a = parse_expression(p);
  if (parse_accept(p, T_COMMA)) n->b = parse_expression(p);
  return parse_finish(p, n);
}

/* del_stmt: 'del' del_target % ',' [','] */
static Node *parse_del(Parser *p) {
  Node *n = parse_node(p, N_DELETE, p->tok.begin);
  uint32_t items = parse_list_begin(p);
  parse_advance(p);
  do {
    if (p->stack.len > items && !parse_starts_expression(p->tok.kind)) break;
    Node *target = parse_bitwise_or(p);
    parse_check_target(p, target, "delete");
    parse_list_push(p, target);
  } while (parse_accept(p, T_COMMA));
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* global_stmt: 'global' NAME % ','      nonlocal_stmt: 'nonlocal' NAME % ',' */
static Node *parse_global(Parser *p, NodeKind kind) {
  Node *n = parse_node(p, kind, p->tok.begin);
  uint32_t items = parse_list_begin(p);
  do {
    parse_advance(p);
    Node *name = parse_node(p, N_NAME, p->tok.begin);
    name->name = parse_expect_name(p, &name->name_span, "a name");
    parse_list_push(p, parse_finish(p, name));
  } while (parse_at(p, T_COMMA));
  n->items = parse_list_end(p, items);
  return parse_finish(p, n);
}

/* type_alias: "type" NAME [type_params] '=' expression      where a name follows the soft keyword */
static Node *parse_type_alias(Parser *p) {
  if (!parse_at_word(p, "type")) return NULL;
  Mark start = parse_mark(p);
  Node *n = parse_node(p, N_TYPE_ALIAS, p->tok.begin);
  parse_advance(p);
  if (!parse_at(p, T_NAME)) {
    parse_rewind_to(p, start);
    return NULL;
  }
  n->name = parse_expect_name(p, &n->name_span, "a name");
  n->type_params = parse_type_parameters(p);
  parse_expect(p, T_ASSIGN, "after the name of the type");
  n->a = parse_expression(p);
  return parse_finish(p, n);
}

static Node *parse_simple_statement(Parser *p) {
  switch (p->tok.kind) {
  case T_PASS: return parse_word(p, N_PASS);
  case T_BREAK: return parse_word(p, N_BREAK);
  case T_CONTINUE: return parse_word(p, N_CONTINUE);
  case T_RETURN: return parse_return(p);
  case T_RAISE: return parse_raise(p);
  case T_ASSERT: return parse_assert(p);
  case T_DEL: return parse_del(p);
  case T_GLOBAL: return parse_global(p, N_GLOBAL);
  case T_NONLOCAL: return parse_global(p, N_NONLOCAL);
  case T_IMPORT: return parse_import(p);
  case T_FROM: return parse_import_from(p);
  case T_INDENT: parse_fail_at(p, parse_token_span(p), NULL, "unexpected indentation");
  case T_ELIF:
  case T_ELSE: parse_fail_at(p, parse_token_span(p), NULL, "%s belongs to no `if` here", lex_token_text(p->tok.kind));
  case T_EXCEPT:
  case T_FINALLY:
    parse_fail_at(p, parse_token_span(p), NULL, "%s belongs to no `try` here", lex_token_text(p->tok.kind));
  default: {
    Node *alias = parse_type_alias(p);
    if (alias) return alias;
    if (!parse_starts_expression(p->tok.kind) && !parse_at(p, T_YIELD)) parse_fail_unexpected(p, "a statement");
    return parse_expression_statement(p);
  }
  }
}

/* Something follows a complete statement on its line. */
static _Noreturn void fail_line_end(Parser *p, const Node *last) {
  const Node *value = last->kind == N_EXPR ? last->a : NULL;
  bool name = value && value->kind == N_NAME;
  if (name && parse_starts_expression(p->tok.kind)) {
    if (strcmp(value->name, "print") == 0 || strcmp(value->name, "exec") == 0)
      parse_fail_at(p, span_join(value->span, parse_token_span(p)), "its arguments go in parentheses",
                    "`%s` is a function", value->name);
    if (strcmp(value->name, "function") == 0 || strcmp(value->name, "func") == 0 || strcmp(value->name, "fn") == 0)
      parse_fail_at(p, value->span, "did you mean `def`?", "unexpected name after `%s`", value->name);
  }
  if (name && parse_at(p, T_WALRUS))
    parse_fail_at(p, parse_token_span(p), "did you mean `=`?",
                  "`:=` cannot stand outside parentheses in a statement of its own");
  parse_fail_unexpected(p, "the end of the statement");
}

/* statement: compound_stmt | simple_stmt % ';' [';'] NEWLINE */
void parse_statement(Parser *p) {
  if (parse_compound_statement(p)) return;
  for (;;) {
    Node *n = parse_simple_statement(p);
    parse_list_push(p, n);
    if (parse_accept(p, T_NEWLINE) || parse_at(p, T_EOF)) return;
    if (!parse_accept(p, T_SEMICOLON)) fail_line_end(p, n);
    if (parse_accept(p, T_NEWLINE) || parse_at(p, T_EOF)) return;
  }
}
