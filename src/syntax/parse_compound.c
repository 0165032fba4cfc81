/* parse_compound.c: statements that hold blocks: if, while, for, try, with, def, class. `match` is in parse_match.c. */
#include "syntax/internal.h"

/* block: ':' NEWLINE INDENT statement+ DEDENT | ':' simple_stmts
 * `what` is the statement the block belongs to, for messages; `header` is where that began. */
Nodes parse_block(Parser *p, const char *what, uint32_t header) {
  parse_expect(p, T_COLON, ctx_printf(p->cx, "at the end of the %s line", what));
  uint32_t body = parse_list_begin(p);
  parse_enter(p);
  if (parse_accept(p, T_NEWLINE)) {
    if (!parse_accept(p, T_INDENT)) {
      int line, col;
      span_line_col((Span){p->source, header, header}, &line, &col);
      Span here = parse_token_span(p);
      if (parse_at(p, T_DEDENT) || parse_at(p, T_EOF)) here = (Span){p->source, p->prev_end - 1, p->prev_end};
      parse_fail_at(p, here, NULL, "expected an indented block after %s on line %d", what, line);
    }
    while (!parse_accept(p, T_DEDENT)) parse_statement(p);
  } else {
    switch (p->tok.kind) {
    case T_IF:
    case T_WHILE:
    case T_FOR:
    case T_TRY:
    case T_WITH:
    case T_DEF:
    case T_CLASS:
    case T_ASYNC:
    case T_AT:
      parse_fail_at(p, parse_token_span(p), "put it on a line of its own", "%s cannot follow a `:` on the same line",
                    lex_token_text(p->tok.kind));
    default: parse_statement(p);
    }
  }
  parse_leave(p);
  return parse_list_end(p, body);
}

/* else_block: 'else' block */
static Nodes parse_else(Parser *p) {
  uint32_t begin = p->tok.begin;
  if (!parse_accept(p, T_ELSE)) return (Nodes){0};
  if (parse_at(p, T_IF))
    parse_fail_at(p, (Span){p->source, begin, p->tok.end}, "did you mean `elif`?", "expected `:` after `else`");
  return parse_block(p, "`else`", begin);
}

/* if_stmt: 'if' named_expression block ('elif' named_expression block)* [else_block]
 * A chain of `elif` is gathered first and nested from its end: no recursion, however long it is. */
static Node *parse_if(Parser *p) {
  uint32_t chain = parse_list_begin(p);
  do {
    Node *n = parse_node(p, N_IF, p->tok.begin);
    const char *what = parse_at(p, T_IF) ? "`if`" : "`elif`";
    parse_advance(p);
    n->a = parse_named_expression(p);
    n->body = parse_block(p, what, n->span.begin);
    parse_list_push(p, n);
  } while (parse_at(p, T_ELIF));
  Nodes last = parse_else(p);
  Nodes all = parse_list_end(p, chain);
  for (uint32_t i = all.len; i-- > 0;) {
    all.at[i]->orelse = last;
    parse_finish(p, all.at[i]);
    last = (Nodes){&all.at[i], 1};
  }
  return all.at[0];
}

/* while_stmt: 'while' named_expression block [else_block] */
static Node *parse_while(Parser *p) {
  Node *n = parse_node(p, N_WHILE, p->tok.begin);
  parse_advance(p);
  n->a = parse_named_expression(p);
  n->body = parse_block(p, "`while`", n->span.begin);
  n->orelse = parse_else(p);
  return parse_finish(p, n);
}

/* for_stmt: ['async'] 'for' star_targets 'in' star_expressions block [else_block] */
static Node *parse_for(Parser *p, uint32_t begin, bool async) {
  Node *n = parse_node(p, N_FOR, begin);
  n->op = async;
  parse_advance(p);
  n->a = parse_target_list(p, "assign to");
  parse_expect(p, T_IN, "after the target of `for`");
  n->b = parse_star_expressions(p);
  n->body = parse_block(p, "`for`", begin);
  n->orelse = parse_else(p);
  return parse_finish(p, n);
}

/* except_block: 'except' ['*'] [expression ['as' NAME] | expression (',' expression)+] block */
static Node *parse_handler(Parser *p, bool group) {
  Node *n = parse_node(p, N_HANDLER, p->tok.begin);
  parse_advance(p);
  if (group) parse_advance(p);
  if (!parse_at(p, T_COLON) || group) {
    uint32_t begin = p->tok.begin, types = parse_list_begin(p);
    n->a = parse_expression(p);
    if (parse_at(p, T_COMMA)) {
      parse_list_push(p, n->a);
      while (parse_accept(p, T_COMMA) && parse_starts_expression(p->tok.kind)) parse_list_push(p, parse_expression(p));
      n->a = parse_node(p, N_TUPLE, begin);
      n->a->items = parse_list_end(p, types);
      parse_finish(p, n->a);
      if (parse_at(p, T_AS))
        parse_fail_at(p, n->a->span, NULL, "several exception types before `as` must be in parentheses");
    }
    if (parse_accept(p, T_AS)) n->name = parse_expect_name(p, &n->name_span, "a name after `as`");
  }
  n->body = parse_block(p, "`except`", n->span.begin);
  return parse_finish(p, n);
}

/* Whether the `except` at the next token is an `except*`. */
static bool at_except_star(Parser *p) {
  Mark here = parse_mark(p);
  parse_advance(p);
  bool star = parse_at(p, T_STAR);
  parse_rewind_to(p, here);
  return star;
}

/* try_stmt: 'try' block (except_block+ [else_block] ['finally' block] | 'finally' block) */
static Node *parse_try(Parser *p) {
  Node *n = parse_node(p, N_TRY, p->tok.begin);
  parse_advance(p);
  n->body = parse_block(p, "`try`", n->span.begin);
  uint32_t handlers = parse_list_begin(p);
  if (parse_at(p, T_EXCEPT)) n->op = at_except_star(p);
  const Node *bare = NULL;
  while (parse_at(p, T_EXCEPT)) {
    if (bare)
      parse_fail_at(p, (Span){p->source, bare->span.begin, bare->span.begin + 6}, NULL,
                    "an `except` without a type must be the last one");
    if (at_except_star(p) != n->op)
      parse_fail_at(p, parse_token_span(p), NULL, "a `try` has either `except` or `except*`, not both");
    Node *handler = parse_handler(p, n->op);
    if (!handler->a) bare = handler;
    parse_list_push(p, handler);
  }
  n->items = parse_list_end(p, handlers);
  if (n->items.len) n->orelse = parse_else(p);
  uint32_t begin = p->tok.begin;
  if (parse_accept(p, T_FINALLY))
    n->final = parse_block(p, "`finally`", begin);
  else if (!n->items.len)
    parse_fail_unexpected(p, "`except` or `finally` after the block of `try`");
  return parse_finish(p, n);
}

/* ---- with -------------------------------------------------------------------------------------------------------- */

/* with_item: expression ['as' star_target] */
static Node *parse_with_item(Parser *p) {
  Node *n = parse_node(p, N_WITH_ITEM, p->tok.begin);
  n->a = parse_expression(p);
  if (parse_accept(p, T_AS)) n->b = parse_target(p, "assign to");
  return parse_finish(p, n);
}

/* Whether the parenthesis at the next token holds an `as`: then it is not an expression but a list of items. */
static bool at_with_items(Parser *p) {
  if (!parse_at(p, T_LPAR)) return false;
  Mark here = parse_mark(p);
  uint32_t depth = p->lx.brackets.len;
  bool items = false;
  parse_advance(p);
  while (p->lx.brackets.len >= depth && !items) {
    items = parse_at(p, T_AS) && p->lx.brackets.len == depth;
    if (parse_at(p, T_FSTRING))
      parse_strings(p);
    else
      parse_advance(p);
  }
  parse_rewind_to(p, here);
  return items;
}

/* `with (a, b):` has two items; the tuple they were parsed as is undone. */
static bool tuple_of_items(const Parser *p, const Node *item) {
  const Node *n = item->a;
  if (!parse_at(p, T_COLON) || item->b || n->kind != N_TUPLE || !n->items.len ||
      n->span.begin == n->items.at[0]->span.begin)
    return false;
  for (uint32_t i = 0; i < n->items.len; i++) {
    if (n->items.at[i]->kind == N_STARRED || n->items.at[i]->kind == N_NAMED) return false;
  }
  return true;
}

/* with_stmt: ['async'] 'with' ('(' with_item % ',' [','] ')' | with_item % ',') block */
static Node *parse_with(Parser *p, uint32_t begin, bool async) {
  Node *n = parse_node(p, N_WITH, begin);
  n->op = async;
  parse_advance(p);
  uint32_t items = parse_list_begin(p);
  if (at_with_items(p)) {
    parse_advance(p);
    do {
      if (p->stack.len > items && parse_at(p, T_RPAR)) break;
      parse_list_push(p, parse_with_item(p));
    } while (parse_accept(p, T_COMMA));
    parse_expect_close(p, T_RPAR);
  } else {
    do parse_list_push(p, parse_with_item(p));
    while (parse_accept(p, T_COMMA));
    Node *only = p->stack.at[items];
    if (p->stack.len == items + 1 && tuple_of_items(p, only)) {
      p->stack.len = items;
      for (uint32_t i = 0; i < only->a->items.len; i++) {
        Node *value = only->a->items.at[i], *item = parse_node(p, N_WITH_ITEM, value->span.begin);
        item->a = value;
        parse_finish(p, item)->span.end = value->span.end;
        parse_list_push(p, item);
      }
    }
  }
  n->items = parse_list_end(p, items);
  n->body = parse_block(p, "`with`", begin);
  return parse_finish(p, n);
}

/* ---- definitions ------------------------------------------------------------------------------------------------- */

/* function_def: ['async'] 'def' NAME [type_params] '(' [parameters] ')' ['->' expression] block */
static Node *parse_def(Parser *p, uint32_t begin, bool async, Nodes decorators) {
  Node *n = parse_node(p, N_FUNCTION, begin);
  n->op = async;
  n->items = decorators;
  parse_advance(p);
  n->name = parse_expect_name(p, &n->name_span, "the function's name");
  n->type_params = parse_type_parameters(p);
  parse_expect(p, T_LPAR, "after the function's name");
  n->params = parse_parameters(p, false, T_RPAR);
  parse_expect_close(p, T_RPAR);
  if (parse_accept(p, T_ARROW)) n->c = parse_star_expressions(p);
  n->body = parse_block(p, "`def`", begin);
  return parse_finish(p, n);
}

/* class_def: 'class' NAME [type_params] ['(' [args] ')'] block */
static Node *parse_class(Parser *p, Nodes decorators) {
  Node *n = parse_node(p, N_CLASS, p->tok.begin);
  n->items = decorators;
  parse_advance(p);
  n->name = parse_expect_name(p, &n->name_span, "the class's name");
  n->type_params = parse_type_parameters(p);
  uint32_t open = p->tok.begin;
  if (parse_accept(p, T_LPAR)) parse_arguments(p, open, &n->items2, &n->keywords);
  n->body = parse_block(p, "`class`", n->span.begin);
  return parse_finish(p, n);
}

/* decorators: ('@' named_expression NEWLINE)* */
static Nodes parse_decorators(Parser *p) {
  uint32_t items = parse_list_begin(p);
  while (parse_accept(p, T_AT)) {
    parse_list_push(p, parse_named_expression(p));
    if (!parse_accept(p, T_NEWLINE)) parse_fail_unexpected(p, "the end of the line after the decorator");
  }
  return parse_list_end(p, items);
}

/* 'async' (def | with | for) */
static Node *parse_async(Parser *p, Nodes decorators) {
  uint32_t begin = p->tok.begin;
  parse_advance(p);
  if (parse_at(p, T_DEF)) return parse_def(p, begin, true, decorators);
  if (parse_at(p, T_WITH) && !decorators.len) return parse_with(p, begin, true);
  if (parse_at(p, T_FOR) && !decorators.len) return parse_for(p, begin, true);
  parse_fail_unexpected(p, decorators.len ? "`def` after `async`" : "`def`, `with` or `for` after `async`");
}

/* decorators (function_def | class_def) */
static Node *parse_decorated(Parser *p) {
  Nodes decorators = parse_decorators(p);
  if (parse_at(p, T_DEF)) return parse_def(p, p->tok.begin, false, decorators);
  if (parse_at(p, T_CLASS)) return parse_class(p, decorators);
  if (parse_at(p, T_ASYNC)) return parse_async(p, decorators);
  parse_fail_unexpected(p, "a function or a class after its decorators");
}

static Node *parse_compound(Parser *p) {
  switch (p->tok.kind) {
  case T_IF: return parse_if(p);
  case T_WHILE: return parse_while(p);
  case T_FOR: return parse_for(p, p->tok.begin, false);
  case T_TRY: return parse_try(p);
  case T_WITH: return parse_with(p, p->tok.begin, false);
  case T_DEF: return parse_def(p, p->tok.begin, false, (Nodes){0});
  case T_CLASS: return parse_class(p, (Nodes){0});
  case T_AT: return parse_decorated(p);
  case T_ASYNC: return parse_async(p, (Nodes){0});
  default: return parse_match(p);
  }
}

/* compound_stmt: if_stmt | while_stmt | for_stmt | try_stmt | with_stmt | match_stmt | function_def | class_def */
bool parse_compound_statement(Parser *p) {
  Node *n = parse_compound(p);
  if (n) parse_list_push(p, n);
  return n;
}
