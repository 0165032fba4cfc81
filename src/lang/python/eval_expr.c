/* eval_expr.c: expressions. Each evaluates to a Val: by Python's rules while everything is known at compile time, by
 * the language's (tl/promote.c) as soon as a tensor takes part.
 */
#include "lang/python/python.h"

#include <string.h>

/* ---- names and literals ------------------------------------------------------------------------------------------ */

Val *py_eval_name(Lang *L, Node *e) { return py_scope_lookup(L, e->name, e->span); }
Val *py_eval_float(Lang *L, Node *e) { return val_float(L, e->number); }
Val *py_eval_string(Lang *L, Node *e) { return val_str(L, e->name, (size_t)e->integer); }

Val *py_eval_true(Lang *L, Node *e) {
  (void)e;
  return val_bool(L, true);
}

Val *py_eval_false(Lang *L, Node *e) {
  (void)e;
  return val_bool(L, false);
}

Val *py_eval_none(Lang *L, Node *e) {
  (void)e;
  return val_none(L);
}

Val *py_eval_ellipsis(Lang *L, Node *e) {
  (void)e;
  Val *v = NEW(L->cx, Val);
  v->kind = V_ELLIPSIS;
  return v;
}

Val *py_eval_int(Lang *L, Node *e) {
  if (!e->big) return val_int(L, (BigInt)e->integer);
  const char *s = e->name;
  unsigned base = e->op ? e->op : 10;
  if (s[0] == '0' && base != 10 && s[1] && strchr("xXoObB", s[1])) s += 2;
  BigInt x = 0;
  for (; *s; s++) {
    unsigned digit = *s <= '9' ? (unsigned)(*s - '0') : (unsigned)((*s | 32) - 'a' + 10);
    if (x > (BIG_MAX - digit) / (BigInt)base) lang_fail_at(L, e->span, NULL, "an integer of more than 127 bits");
    x = x * (BigInt)base + digit;
  }
  return val_int(L, x);
}

/* ---- displays ---------------------------------------------------------------------------------------------------- */

/* Elements of a display (a tuple, a list, arguments), starred ones spread. */
static Val **eval_items(Lang *L, Nodes items, size_t *n) {
  Vec(Val *) out = {0};
  for (uint32_t i = 0; i < items.len; i++) {
    Node *item = items.at[i];
    if (item->kind != N_STARRED) {
      vec_push(L->cx, &out, py_eval(L, item));
      continue;
    }
    Val *spread = py_eval(L, item->a);
    Val **each;
    size_t count;
    if (!val_iterate(L, spread, &each, &count))
      lang_fail_at(L, item->span, NULL, "%s cannot be spread with `*`", val_kind_text(L, spread));
    for (size_t k = 0; k < count; k++) vec_push(L->cx, &out, each[k]);
  }
  *n = out.len;
  return out.at;
}

Val *py_eval_tuple(Lang *L, Node *e) {
  size_t n;
  Val **items = eval_items(L, e->items, &n);
  return val_tuple(L, items, n, NULL);
}

Val *py_eval_list(Lang *L, Node *e) {
  size_t n;
  Val **items = eval_items(L, e->items, &n);
  return val_list(L, items, n);
}

/* Those that may have one are looked through by eval_items and call.c. */
Val *py_eval_starred(Lang *L, Node *e) {
  lang_fail_at(L, e->span, NULL, "`*` can spread values only in a call, a tuple or a list");
}

Val *py_eval_dict(Lang *L, Node *e) {
  Vec(Val *) keys = {0}, values = {0};
  for (uint32_t i = 0; i < e->items.len; i++) {
    Val *value;
    if (!e->items.at[i]) {
      value = py_eval(L, e->items2.at[i]);
      if (value->kind != V_DICT)
        lang_fail_at(L, e->items2.at[i]->span, NULL, "%s cannot be spread with `**`", val_kind_text(L, value));
      for (size_t k = 0; k < value->len; k++) {
        vec_push(L->cx, &keys, value->items[k]);
        vec_push(L->cx, &values, value->items2[k]);
      }
      continue;
    }
    Val *key = py_eval(L, e->items.at[i]);
    if (val_has_tensor(key))
      lang_fail_at(L, e->items.at[i]->span, NULL, "a dictionary's key must be known at compile time");
    value = py_eval(L, e->items2.at[i]);
    vec_push(L->cx, &keys, key);
    vec_push(L->cx, &values, value);
  }
  Val *v = NEW(L->cx, Val);
  v->kind = V_DICT;
  v->items = keys.at;
  v->items2 = values.at;
  v->len = keys.len;
  return v;
}

/* ---- operators --------------------------------------------------------------------------------------------------- */

Val *py_eval_binary(Lang *L, Node *e) {
  Val *a = py_eval(L, e->a);
  Val *b = py_eval(L, e->b);
  lang_at(L, e->span);
  Val *by_class = py_class_binary(L, (BinaryOp)e->op, a, b);
  if (by_class) return by_class;
  if (val_is_const(a) && val_is_const(b)) {
    L->here = e->span;
    return py_binary(L, (BinaryOp)e->op, a, b);
  }
  lang_at(L, e->span);
  return sem_binary(L, (BinaryOp)e->op, a, b);
}

Val *py_eval_unary(Lang *L, Node *e) {
  Val *a = py_eval(L, e->a);
  lang_at(L, e->span);
  Val *by_class = py_class_unary(L, (UnaryOp)e->op, a);
  if (by_class) return by_class;
  if (val_is_const(a)) {
    L->here = e->span;
    return e->op == U_NOT ? val_bool(L, !val_truth(L, a, e->a->span)) : py_unary(L, (UnaryOp)e->op, a);
  }
  lang_at(L, e->span);
  return sem_unary(L, (UnaryOp)e->op, a);
}

/* `and` and `or` do not skip their right side where that is a tensor: `&` and `|` say so. */
static void warn_of_tensor(Lang *L, const Node *e, const Val *operand) {
  if (operand->kind != V_TENSOR || operand->type->kind != L_BLOCK) return;
  const char *word = e->op == 1 ? "or" : "and", *sign = e->op == 1 ? "|" : "&";
  diag_warn(L->cx, e->span, ctx_printf(L->cx, "use `%s`, with parentheses around each side", sign),
            "`%s` on tensors is deprecated; both sides are always evaluated", word);
}

/* As in Python, the first operand that decides the result is the result, and those after it are not evaluated. */
Val *py_eval_bool(Lang *L, Node *e) {
  bool is_or = e->op == 1;
  Val *left = py_eval(L, e->items.at[0]);
  warn_of_tensor(L, e, left);
  for (uint32_t i = 1; i < e->items.len; i++) {
    if (val_is_const(left)) {
      if (val_truth(L, left, e->items.at[i - 1]->span) == is_or) return left;
      left = py_eval(L, e->items.at[i]);
      warn_of_tensor(L, e, left);
      continue;
    }
    Val *right = py_eval(L, e->items.at[i]);
    warn_of_tensor(L, e, right);
    lang_at(L, e->span);
    left = sem_logical(L, is_or, left, right);
  }
  return left;
}

static bool is_identical(Lang *L, const Val *a, const Val *b) {
  if (a->kind == V_TENSOR || b->kind == V_TENSOR) return a == b || (a->kind == b->kind && a->value == b->value);
  return val_same(L, a, b);
}

static Val *compare_pair(Lang *L, Node *e, CompareOp op, Val *a, Val *b) {
  switch (op) {
  case C_IS: return val_bool(L, is_identical(L, a, b));
  case C_IS_NOT: return val_bool(L, !is_identical(L, a, b));
  case C_IN: return val_bool(L, py_contains(L, b, a));
  case C_NOT_IN: return val_bool(L, !py_contains(L, b, a));
  default: break;
  }
  lang_at(L, e->span);
  Val *by_class = py_class_compare(L, op, a, b);
  if (by_class) return by_class;
  L->here = e->span;
  if (val_is_const(a) && val_is_const(b)) return py_compare(L, op, a, b);
  lang_at(L, e->span);
  return sem_compare(L, op, a, b);
}

/* `a < b < c` is `a < b and b < c`, with b evaluated once; on tensors the `and` is elementwise. */
Val *py_eval_compare(Lang *L, Node *e) {
  Val *left = py_eval(L, e->items.at[0]), *all = NULL;
  for (uint32_t i = 0; i + 1 < e->items.len; i++) {
    Val *right = py_eval(L, e->items.at[i + 1]);
    L->here = e->span;
    Val *one = compare_pair(L, e, (CompareOp)e->ops[i], left, right);
    if (!all) {
      all = one;
    } else if (val_is_const(all) && val_is_const(one)) {
      all = val_bool(L, val_truth(L, one, e->span));
    } else if (val_is_const(all)) {
      all = one;
    } else if (!val_is_const(one) || !val_truth(L, one, e->span)) {
      lang_at(L, e->span);
      all = val_is_const(one) ? one : sem_binary(L, B_AND, all, one);
    }
    if (val_is_const(all) && !val_truth(L, all, e->span)) return all;
    left = right;
  }
  return all;
}

Val *py_eval_attribute(Lang *L, Node *e) {
  Val *of = py_eval(L, e->a);
  return py_attribute_of(L, of, e->name, e->span);
}

/* ---- subscripts -------------------------------------------------------------------------------------------------- */

Val *py_eval_slice(Lang *L, Node *e) {
  Val **parts = NEWN(L->cx, Val *, 3);
  parts[0] = e->a ? py_eval(L, e->a) : NULL;
  parts[1] = e->b ? py_eval(L, e->b) : NULL;
  parts[2] = e->c ? py_eval(L, e->c) : NULL;
  Val *v = NEW(L->cx, Val);
  v->kind = V_SLICE;
  v->items = parts;
  v->len = 3;
  return v;
}

Val *py_eval_subscript(Lang *L, Node *e) {
  Val *of = py_eval(L, e->a);
  if (of->kind == V_FUNCTION)
    lang_fail_at(L, e->span, "call it without a grid: it becomes part of this kernel",
                 "a kernel cannot launch another kernel (`%s[...]`)", of->function->name);
  Val *index = py_eval(L, e->b);
  L->here = e->span;
  Val *by_class = py_class_method_call(L, of, "__getitem__", index);
  if (by_class) return by_class;
  if (of->kind == V_TENSOR) {
    lang_at(L, e->span);
    return sem_subscript(L, of, index);
  }
  bool sequence = of->kind == V_TUPLE || of->kind == V_LIST || of->kind == V_STR || of->kind == V_DICT;
  L->here = sequence ? e->b->span : e->span;
  return py_subscript(L, of, index);
}

/* ---- comprehensions ---------------------------------------------------------------------------------------------- */

typedef struct ValVec {
  Val **at;
  uint32_t len, cap;
} ValVec;

static void comprehend_into(Lang *L, const Node *e, uint32_t clause, ValVec *out) {
  if (clause == e->items.len) {
    vec_push(L->cx, out, py_eval(L, e->a));
    return;
  }
  Node *f = e->items.at[clause];
  if (f->op) py_refuse(L, e, NULL);
  Val *over = py_eval(L, f->b);
  Val **items;
  size_t n;
  if (!val_iterate(L, over, &items, &n))
    lang_fail_at(L, f->b->span, "a comprehension is unrolled: iterate over a tuple, a list or tl.static_range(...)",
                 "%s cannot be iterated at compile time", val_kind_text(L, over));
  for (size_t i = 0; i < n; i++) {
    py_assign_target(L, f->a, items[i], NULL);
    bool wanted = true;
    for (uint32_t k = 0; k < f->items.len && wanted; k++) {
      Val *condition = py_eval(L, f->items.at[k]);
      wanted = val_truth(L, condition, f->items.at[k]->span);
    }
    if (wanted) comprehend_into(L, e, clause + 1, out);
  }
}

Val *py_eval_comprehension(Lang *L, Node *e) {
  if (e->op == OF_SET || e->op == OF_DICT) py_refuse(L, e, "a list comprehension over compile-time values is fine");
  ValVec out = {0};
  uint32_t mark = py_scope_mark(L->fn->scope);
  comprehend_into(L, e, 0, &out);
  py_scope_take_back(L, L->fn->scope, mark);
  return e->op == OF_LIST ? val_list(L, out.at, out.len) : val_tuple(L, out.at, out.len, NULL);
}

/* ---- the rest ---------------------------------------------------------------------------------------------------- */

Val *py_eval_lambda(Lang *L, Node *e) {
  Val *v = NEW(L->cx, Val);
  v->kind = V_LAMBDA;
  v->node = e;
  v->scope = L->fn->scope;
  return v;
}

Val *py_eval_named(Lang *L, Node *e) {
  Val *v = py_eval(L, e->b);
  lang_at(L, e->span);
  v = py_assign_value(L, v, e->a->name);
  py_scope_bind(L, L->fn->scope, e->a->name, v, e->a->span);
  return v;
}
