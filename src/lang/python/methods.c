/* methods.c: attributes and methods of compile-time strings, tuples, lists, dictionaries and constants. */
#include "base/system.h" /* memmem() */
#include "lang/python/python.h"

#include <string.h>

Val *py_attribute(Lang *L, Val *of, const char *name) {
  for (size_t i = 0; of->names && i < of->len; i++)
    if (of->names[i] && strcmp(of->names[i], name) == 0) return of->items[i];
  if (strcmp(name, "value") == 0 && of->kind <= V_DICT) return of; /* of a tl.constexpr */
  if (strcmp(name, "type") == 0 && of->kind <= V_DICT && of->kind != V_DTYPE && !of->type) return val_type_of(L, of);
  if (of->kind == V_TYPE && of->items && strcmp(name, "value") == 0) return of->items[0];
  if (of->kind == V_TYPE && of->items && strcmp(name, "types") == 0) return of->items[0];
  static const char *const parts[] = {"start", "stop", "step"};
  for (int i = 0; of->kind == V_SLICE && i < 3; i++)
    if (strcmp(name, parts[i]) == 0) return of->items[i] ? of->items[i] : val_none(L);
  if (of->kind == V_FUNCTION && strcmp(name, "__name__") == 0)
    return val_str(L, of->function->name, strlen(of->function->name));
  if (of->kind == V_FUNCTION && strcmp(name, "fn") == 0) return of;
  if (of->kind == V_RANGE) {
    if (strcmp(name, "start") == 0) return of->range->start;
    if (strcmp(name, "stop") == 0) return of->range->stop;
    if (strcmp(name, "step") == 0) return of->range->step;
  }
  return NULL;
}

typedef struct MethodCall {
  Lang *L;
  Val *self;
  const char *name;
  const Args *args;
} MethodCall;

static Val *string_arg(const MethodCall *c, size_t i) {
  Val *v = c->args->at[i];
  if (v->kind != V_STR)
    lang_fail_at(c->L, c->args->spans[i], NULL, "`%s` needs a string, not %s", c->name, val_kind_text(c->L, v));
  return v;
}

static bool starts(const Val *s, const Val *with) {
  return s->len >= with->len && memcmp(s->text, with->text, with->len) == 0;
}

static bool ends(const Val *s, const Val *with) {
  return s->len >= with->len && memcmp(s->text + s->len - with->len, with->text, with->len) == 0;
}

static Val *any_affix(const MethodCall *c) {
  bool at_end = c->name[0] == 'e';
  Val *v = c->args->at[0];
  size_t n = v->kind == V_TUPLE ? v->len : 1;
  for (size_t i = 0; i < n; i++) {
    Val *with = v->kind == V_TUPLE ? v->items[i] : string_arg(c, 0);
    if (with->kind == V_STR && (at_end ? ends(c->self, with) : starts(c->self, with))) return val_bool(c->L, true);
  }
  return val_bool(c->L, false);
}

static Val *change_case(const MethodCall *c) {
  char *s = ctx_strndup(c->L->cx, c->self->text, c->self->len);
  bool up = c->name[0] == 'u';
  for (size_t i = 0; i < c->self->len; i++) {
    if ((unsigned char)s[i] > 127) lang_fail(c->L, NULL, "`%s` works on ASCII only in a kernel", c->name);
    if (up && s[i] >= 'a' && s[i] <= 'z') s[i] = (char)(s[i] - 32);
    if (!up && s[i] >= 'A' && s[i] <= 'Z') s[i] = (char)(s[i] + 32);
  }
  return val_str(c->L, s, c->self->len);
}

static Val *strip(const MethodCall *c) {
  const char *set = c->args->n ? string_arg(c, 0)->text : " \t\r\n\f\v", *s = c->self->text;
  size_t from = 0, to = c->self->len;
  while (c->name[0] != 'r' && from < to && strchr(set, s[from])) from++;
  while (c->name[0] != 'l' && to > from && strchr(set, s[to - 1])) to--;
  return val_str(c->L, s + from, to - from);
}

static Val *replace(const MethodCall *c) {
  const Val *old = string_arg(c, 0), *with = string_arg(c, 1);
  Buf b = {.cx = c->L->cx};
  for (size_t i = 0; i < c->self->len;) {
    if (old->len && i + old->len <= c->self->len && memcmp(c->self->text + i, old->text, old->len) == 0) {
      buf_write(&b, with->text, with->len);
      i += old->len;
    } else {
      buf_putc(&b, c->self->text[i++]);
    }
  }
  return val_str(c->L, buf_text(&b), b.len);
}

static Val *split(const MethodCall *c) {
  Vec(Val *) out = {0};
  const char *s = c->self->text, *end = s + c->self->len;
  const Val *by = c->args->n ? string_arg(c, 0) : NULL;
  if (by && !by->len) lang_fail(c->L, NULL, "the separator is empty");
  while (by) {
    const char *at = memmem(s, (size_t)(end - s), by->text, by->len);
    vec_push(c->L->cx, &out, val_str(c->L, s, (size_t)((at ? at : end) - s)));
    if (!at) break;
    s = at + by->len;
  }
  while (!by && s < end) {
    while (s < end && strchr(" \t\r\n", *s)) s++;
    const char *from = s;
    while (s < end && !strchr(" \t\r\n", *s)) s++;
    if (s > from) vec_push(c->L->cx, &out, val_str(c->L, from, (size_t)(s - from)));
  }
  return val_list(c->L, out.at, out.len);
}

static Val *join_strings(const MethodCall *c) {
  Val **items;
  size_t n;
  if (!val_iterate(c->L, c->args->at[0], &items, &n))
    lang_fail_at(c->L, c->args->spans[0], NULL, "`join` needs strings, not %s", val_kind_text(c->L, c->args->at[0]));
  Buf b = {.cx = c->L->cx};
  for (size_t i = 0; i < n; i++) {
    if (items[i]->kind != V_STR)
      lang_fail_at(c->L, c->args->spans[0], NULL, "`join` needs strings, not %s", val_kind_text(c->L, items[i]));
    if (i) buf_write(&b, c->self->text, c->self->len);
    buf_write(&b, items[i]->text, items[i]->len);
  }
  return val_str(c->L, buf_text(&b), b.len);
}

static Val *find(const MethodCall *c) {
  const Val *x = string_arg(c, 0);
  const char *at = memmem(c->self->text, c->self->len, x->text, x->len);
  return val_int(c->L, at ? at - c->self->text : -1);
}

static Val *count(const MethodCall *c) {
  BigInt n = 0;
  if (c->self->kind == V_STR) {
    const Val *x = string_arg(c, 0);
    for (size_t i = 0; x->len && i + x->len <= c->self->len;) {
      bool here = memcmp(c->self->text + i, x->text, x->len) == 0;
      n += here;
      i += here ? x->len : 1;
    }
    return val_int(c->L, n);
  }
  for (size_t i = 0; i < c->self->len; i++) n += py_equal(c->L, c->self->items[i], c->args->at[0]);
  return val_int(c->L, n);
}

static Val *position(const MethodCall *c) {
  if (c->self->kind == V_STR) {
    Val *at = find(c);
    if (at->integer >= 0) return at;
  } else {
    for (size_t i = 0; i < c->self->len; i++)
      if (py_equal(c->L, c->self->items[i], c->args->at[0])) return val_int(c->L, (BigInt)i);
  }
  lang_fail(c->L, NULL, "%s is not in %s", val_repr(c->L, c->args->at[0]), val_kind_text(c->L, c->self));
}

static Val *get(const MethodCall *c) {
  for (size_t i = 0; i < c->self->len; i++)
    if (py_equal(c->L, c->self->items[i], c->args->at[0])) return c->self->items2[i];
  return c->args->n > 1 ? c->args->at[1] : val_none(c->L);
}

static Val *entries(const MethodCall *c) {
  Val **out = NEWN(c->L->cx, Val *, c->self->len);
  for (size_t i = 0; i < c->self->len; i++) {
    Val *pair[] = {c->self->items[i], c->self->items2[i]};
    out[i] = c->name[0] == 'k' ? pair[0] : c->name[0] == 'v' ? pair[1] : val_tuple(c->L, pair, 2, NULL);
  }
  return val_list(c->L, out, c->self->len);
}

#define STR (1u << V_STR)
#define SEQ (1u << V_TUPLE | 1u << V_LIST)
#define DICT (1u << V_DICT)
static const struct Method {
  const char *name;
  unsigned kinds;
  size_t least, most;
  Val *(*call)(const MethodCall *c);
} methods[] = {
    {"startswith", STR, 1, 1, any_affix}, {"endswith", STR, 1, 1, any_affix}, {"upper", STR, 0, 0, change_case},
    {"lower", STR, 0, 0, change_case},    {"strip", STR, 0, 1, strip},        {"lstrip", STR, 0, 1, strip},
    {"rstrip", STR, 0, 1, strip},         {"replace", STR, 2, 2, replace},    {"split", STR, 0, 1, split},
    {"join", STR, 1, 1, join_strings},    {"find", STR, 1, 1, find},          {"count", STR | SEQ, 1, 1, count},
    {"index", STR | SEQ, 1, 1, position}, {"get", DICT, 1, 2, get},           {"keys", DICT, 0, 0, entries},
    {"values", DICT, 0, 0, entries},      {"items", DICT, 0, 0, entries},
};

static const char *const changing[] = {"append", "extend", "insert",  "pop",    "remove",
                                       "clear",  "sort",   "reverse", "update", "setdefault"};

static const char *changing_hint(const Val *self) {
  if (self->kind != V_LIST) return "make a new one: `a + (x,)`";
  return "make a new list: `parts = parts + [x]`; in a loop this needs `for ... in tl.static_range(...)`";
}

Val *py_method_call(Lang *L, Val *self, const char *name, const Args *args) {
  const char *known[COUNT(methods)];
  size_t n = 0;
  for (size_t i = 0; i < COUNT(methods); i++) {
    if (!((methods[i].kinds >> self->kind) & 1)) continue;
    known[n++] = methods[i].name;
    if (strcmp(methods[i].name, name) != 0) continue;
    if (args->n < methods[i].least || args->n > methods[i].most || (args->n && args->names[0]))
      lang_fail(L, NULL, "`%s` takes %zu%s argument%s, given by position", name, methods[i].least,
                methods[i].most > methods[i].least ? " or more" : "", methods[i].least == 1 ? "" : "s");
    MethodCall c = {L, self, name, args};
    return methods[i].call(&c);
  }
  for (size_t i = 0; i < COUNT(changing); i++)
    if (strcmp(changing[i], name) == 0 && self->kind != V_STR)
      lang_fail(L, changing_hint(self), "`%s` would change %s, and compile-time values do not change", name,
                val_kind_text(L, self));
  const char *near = lang_near_name(name, known, n);
  lang_fail(L, hint_near(L->cx, ".", near), "%s has no method `%s`", val_kind_text(L, self), name);
}
