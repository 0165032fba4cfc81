/* parse_target.c: what can be assigned to, bound by a loop, or deleted.
 *
 * Targets are parsed as expressions and checked afterwards, so that a mistake can be named: "cannot assign to a call".
 */
#include "syntax/internal.h"

static bool is_literal(NodeKind kind) { return kind >= N_INT && kind <= N_FSTRING; }

static _Noreturn void fail_target(Parser *p, const Node *n, const char *doing) {
  bool compared = n->kind == N_COMPARE || n->kind == N_CALL || is_literal(n->kind);
  const char *hint = compared && parse_at(p, T_ASSIGN) ? "did you mean `==`?" : NULL;
  parse_fail_at(p, n->span, hint, "cannot %s %s", doing, syn_kind_text(n->kind));
}

static void check(Parser *p, const Node *n, const char *doing, bool starred) {
  switch (n->kind) {
  case N_NAME:
  case N_ATTRIBUTE:
  case N_SUBSCRIPT: return;
  case N_TUPLE:
  case N_LIST: {
    const Node *star = NULL;
    for (uint32_t i = 0; i < n->items.len; i++) {
      const Node *item = n->items.at[i];
      if (item->kind == N_STARRED && star) parse_fail_at(p, item->span, NULL, "two starred targets in one assignment");
      if (item->kind == N_STARRED) star = item;
      check(p, item, doing, true);
    }
    return;
  }
  case N_STARRED:
    if (!starred) parse_fail_at(p, n->span, NULL, "a starred target must be in a list or tuple");
    check(p, n->a, doing, false);
    return;
  default: fail_target(p, n, doing);
  }
}

void parse_check_target(Parser *p, const Node *target, const char *doing) { check(p, target, doing, false); }

/* star_target: ['*'] bitwise_or, checked. An operator of comparison ends it, so the `in` of a loop does. */
static Node *parse_item(Parser *p) {
  uint32_t begin = p->tok.begin;
  if (!parse_accept(p, T_STAR)) return parse_bitwise_or(p);
  Node *n = parse_node(p, N_STARRED, begin);
  n->a = parse_bitwise_or(p);
  return parse_finish(p, n);
}

/* star_targets: star_target (',' star_target)* [','] */
Node *parse_target_list(Parser *p, const char *doing) {
  uint32_t begin = p->tok.begin;
  Node *target = parse_item(p);
  if (parse_at(p, T_COMMA)) {
    uint32_t items = parse_list_begin(p);
    parse_list_push(p, target);
    while (parse_accept(p, T_COMMA) && parse_starts_expression(p->tok.kind)) parse_list_push(p, parse_item(p));
    target = parse_node(p, N_TUPLE, begin);
    target->items = parse_list_end(p, items);
    parse_finish(p, target);
  }
  parse_check_target(p, target, doing);
  return target;
}

Node *parse_target(Parser *p, const char *doing) {
  Node *target = parse_item(p);
  parse_check_target(p, target, doing);
  return target;
}
