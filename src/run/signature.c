/* signature.c: `-s "*fp32:16,(i32,fp32),1024"` and `-D BLOCK=1024` as descriptions of a function's parameters. */
#include "run/run.h"

#include <stdlib.h>
#include <string.h>

/* The length of the next entry: up to a comma that is in no bracket and no string. */
static size_t entry_length(const char *s) {
  int depth = 0;
  char quote = 0;
  size_t i = 0;
  for (; s[i]; i++) {
    if (quote) {
      if (s[i] == '\\' && s[i + 1])
        i++;
      else if (s[i] == quote)
        quote = 0;
    } else if (s[i] == '"' || s[i] == '\'')
      quote = s[i];
    else if (strchr("([{", s[i]))
      depth++;
    else if (strchr(")]}", s[i]))
      depth--;
    else if (s[i] == ',' && depth <= 0)
      break;
  }
  return i;
}

static char *trimmed(Ctx *cx, const char *s, size_t n) {
  while (n && (*s == ' ' || *s == '\t' || *s == '\n')) s++, n--;
  while (n && (s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\n')) n--;
  return ctx_strndup(cx, s, n);
}

/* NAME of `NAME=value` (then *value is what follows), or NULL. */
static const char *split_name(Ctx *cx, const char *entry, const char **value) {
  size_t n = strspn(entry, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
  const char *p = entry + n + strspn(entry + n, " ");
  if (!n || *p != '=' || p[1] == '=') return NULL;
  *value = trimmed(cx, p + 1, strlen(p + 1));
  return ctx_strndup(cx, entry, n);
}

/* `name` is the parameter that it is of, or that it is an item of. */
static void constant(Ctx *cx, const char *text, const char *name, ttc_param *p) {
  if (text[0] == '*')
    ctx_fail(cx, ERR_SOURCE, "parameter `%s`: there is no type `%s` (pointers are \"*fp32\", \"*i8\" ...)", name, text);
  const Source *source = source_new(cx, "<signature>", text, strlen(text), 1);
  const Node *n = syn_parse_expression(cx, source);
  if (!run_literal(cx, n, &p->constant))
    diag_fail(
        cx, n->span,
        "types are written as in \"*fp32\" or \"i32\"; constants are numbers, strings, True, None, names of dtypes",
        "`%s` is neither a type nor a constant", text);
  p->type = "constexpr";
}

/* `type`, `type:16` or `type:1`; NULL: it is no type. */
static const char *type_and_hint(Ctx *cx, const char *text, const char *name, int *divisibility) {
  const char *colon = strrchr(text, ':');
  *divisibility = 0;
  if (!colon || !colon[1] || strspn(colon + 1, "0123456789") != strlen(colon + 1)) return run_type_name(cx, text);
  int hint = atoi(colon + 1);
  const char *type = run_type_name(cx, trimmed(cx, text, (size_t)(colon - text)));
  if (type && hint != 1 && hint != 16)
    ctx_fail(cx, ERR_SOURCE, "parameter `%s`: divisibility is 16 or 1, and `%s` says %d", name, text, hint);
  *divisibility = hint;
  return type;
}

typedef Vec(const char *) Entries;

/* The items of `(a, b)` or `(a,)`; false: it is no tuple. */
static bool tuple_items(Ctx *cx, const char *text, Entries *out) {
  size_t n = strlen(text), commas = 0;
  if (n < 2 || text[0] != '(' || text[n - 1] != ')') return false;
  const char *inside = ctx_strndup(cx, text + 1, n - 2);
  int depth = 0;
  for (const char *s = inside; *s; s++) { /* "(a) + (b)" */
    depth += *s == '(';
    depth -= *s == ')';
    if (depth < 0) return false;
  }
  for (const char *s = inside; *s;) {
    size_t length = entry_length(s);
    const char *item = trimmed(cx, s, length);
    commas += s[length] == ',';
    s += length + (s[length] == ',');
    if (*item || *s) vec_push(cx, out, item);
  }
  return commas > 0;
}

enum { DEEPEST = 100 }; /* tuples in tuples */

/* Is it a type, or a tuple with a type somewhere in it? */
static bool has_type(Ctx *cx, const char *text, const char *name, int depth) {
  Entries items = {0};
  int divisibility;
  if (depth > DEEPEST || !tuple_items(cx, text, &items)) return type_and_hint(cx, text, name, &divisibility) != NULL;
  for (uint32_t i = 0; i < items.len; i++) {
    const char *value;
    if (has_type(cx, split_name(cx, items.at[i], &value) ? value : items.at[i], name, depth + 1)) return true;
  }
  return false;
}

/* What an entry says of the parameter `name`, or of an item of it. */
static void describe(Ctx *cx, const char *text, const char *name, bool is_constexpr, int depth, ttc_param *p) {
  Entries entries = {0};
  const char *type = is_constexpr ? NULL : type_and_hint(cx, text, name, &p->divisibility);
  if (type) {
    p->type = type;
  } else if (is_constexpr || !has_type(cx, text, name, depth) || !tuple_items(cx, text, &entries)) {
    constant(cx, text, name, p);
  } else {
    ttc_param *items = NEWN(cx, ttc_param, entries.len);
    for (uint32_t i = 0; i < entries.len; i++) {
      const char *value = entries.at[i];
      items[i].name = split_name(cx, entries.at[i], &value);
      describe(cx, value, name, false, depth + 1, &items[i]);
    }
    p->type = "tuple";
    p->items = items;
    p->nitems = entries.len;
  }
}

size_t run_param_named(Ctx *cx, const LangParam *known, size_t n, const char *name, const ttc_function *f) {
  for (size_t i = 0; i < n; i++)
    if (strcmp(known[i].name, name) == 0) return i;
  const char **names = NEWN(cx, const char *, n + 1);
  for (size_t i = 0; i < n; i++) names[i] = known[i].name;
  ctx_fail(cx, ERR_SOURCE, "`%s` has no parameter `%s`%s", f->name, name, did_you_mean(cx, name, names, n));
}

ttc_param *run_signature(Ctx *cx, const ttc_function *f, const char *signature, const char *const *defines,
                         size_t ndefines, size_t *count) {
  size_t n, next = 0;
  const LangParam *known = lang_signature(cx, f, &n);
  ttc_param *params = NEWN(cx, ttc_param, n + 1);
  const char *s = signature ? signature : "";
  while (*s) {
    size_t length = entry_length(s);
    const char *entry = trimmed(cx, s, length), *value;
    s += length + (s[length] == ',');
    if (!*entry && !*s && !next) break;
    const char *name = split_name(cx, entry, &value);
    size_t at = name ? run_param_named(cx, known, n, name, f) : next++;
    if (at >= n) ctx_fail(cx, ERR_SOURCE, "the signature describes more than the %zu parameters of `%s`", n, f->name);
    if (params[at].type) ctx_fail(cx, ERR_SOURCE, "parameter `%s` is described twice", known[at].name);
    params[at].name = known[at].name;
    describe(cx, name ? value : entry, known[at].name, known[at].is_constexpr, 0, &params[at]);
  }
  for (size_t i = 0; i < ndefines; i++) {
    const char *value, *name = split_name(cx, defines[i], &value);
    if (!name) ctx_fail(cx, ERR_SOURCE, "-D takes NAME=VALUE, not `%s`", defines[i]);
    size_t at = run_param_named(cx, known, n, name, f);
    if (params[at].type) ctx_fail(cx, ERR_SOURCE, "parameter `%s` is described twice", known[at].name);
    params[at].name = known[at].name;
    constant(cx, value, known[at].name, &params[at]);
  }
  Buf missing = {.cx = cx};
  for (size_t i = 0; i < n; i++) {
    if (params[i].type) continue;
    params[i].name = known[i].name;
    params[i].type = "constexpr";
    if (known[i].has_default && run_default(cx, f, i, &params[i].constant)) continue;
    buf_printf(&missing, "%s`%s`", missing.len ? ", " : "", known[i].name);
  }
  if (missing.len)
    ctx_fail(cx, ERR_SOURCE, "the signature says nothing of %s of `%s` (as in -s \"*fp32,i32,1024\" or -D NAME=VALUE)",
             buf_text(&missing), f->name);
  *count = n;
  return params;
}
