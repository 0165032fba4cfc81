/* list.c: a list of kernels as TOML or JSON.
 *
 * Both are read by one reader of values, for they differ in little: JSON is one table in braces; TOML begins without, has
 * `key = value` lines, [table] and [[table]] headers and comments. Of TOML there is what such lists need: no dates and no
 * dotted keys but in headers. Every value keeps its place in the text, for messages. Nesting is bounded. docs/aot.md says
 * what a list may hold; `keys` has it as a table.
 */
#include "aot/internal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef enum ListItemKind { V_TEXT, V_NUMBER, V_BOOL, V_LIST, V_TABLE } ListItemKind;
typedef struct ListItem ListItem;
struct ListItem {
  ListItemKind kind;
  const char *text; /* of a text, unescaped; of a number or boolean, as written */
  Span span;
  AotTexts keys; /* of a table */
  Vec(ListItem *) items;
};

typedef struct ListReader {
  Ctx *cx;
  const Source *source;
  const char *s; /* the text; NUL-terminated */
  size_t at;
  bool json;
} ListReader;

static Span span_at(const ListReader *r, size_t from, size_t to) {
  return (Span){r->source, (uint32_t)from, (uint32_t)to};
}

static _Noreturn void wrong(const ListReader *r, const char *expected) {
  size_t end = r->at + (r->s[r->at] != 0);
  diag_fail(r->cx, span_at(r, r->at, end), NULL, "%s is expected here", expected);
}

/* ---- values ------------------------------------------------------------------------------------------------------ */

/* Spaces and comments; lines end where `lines` says they matter. */
static void skip(ListReader *r, bool lines) {
  for (;;) {
    char c = r->s[r->at];
    if (c == ' ' || c == '\t' || c == '\r' || (c == '\n' && !lines))
      r->at++;
    else if (c == '#' && !r->json)
      r->at += strcspn(r->s + r->at, "\n");
    else
      return;
  }
}

static bool take(ListReader *r, char c) {
  if (r->s[r->at] != c) return false;
  r->at++;
  return true;
}

static const char *read_string(ListReader *r) {
  Buf b = {.cx = r->cx};
  char quote = r->s[r->at++];
  while (r->s[r->at] != quote) {
    char c = r->s[r->at];
    if (!c || c == '\n') wrong(r, "the end of the text");
    if (c == '\\' && quote == '"') {
      static const char from[] = "nt\"\\/", to[] = "\n\t\"\\/";
      const char *e = r->s[++r->at] ? strchr(from, r->s[r->at]) : NULL;
      if (!e) wrong(r, "one of n t \" \\ / after a backslash");
      c = to[e - from];
    }
    buf_putc(&b, c);
    r->at++;
  }
  r->at++;
  return buf_text(&b);
}

static bool is_bare(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

static const char *read_key(ListReader *r) {
  if (r->s[r->at] == '"' || (r->s[r->at] == '\'' && !r->json)) return read_string(r);
  size_t from = r->at;
  while (!r->json && is_bare(r->s[r->at])) r->at++;
  if (from == r->at) wrong(r, "a key");
  return ctx_strndup(r->cx, r->s + from, r->at - from);
}

static ListItem *new_value(ListReader *r, ListItemKind kind) {
  ListItem *v = NEW(r->cx, ListItem);
  v->kind = kind;
  v->span = span_at(r, r->at, r->at);
  return v;
}

static ListItem *member(const ListItem *t, const char *key) {
  for (uint32_t i = 0; t && i < t->keys.len; i++)
    if (!strcmp(t->keys.at[i], key)) return t->items.at[i];
  return NULL;
}

static void add_member(ListReader *r, ListItem *t, const char *key, ListItem *v) {
  if (member(t, key)) diag_fail(r->cx, v->span, NULL, "`%s` stands here twice", key);
  vec_push(r->cx, &t->keys, key);
  vec_push(r->cx, &t->items, v);
}

static ListItem *read_value(ListReader *r, int depth);

static void read_member(ListReader *r, ListItem *t, int depth) {
  const char *key = read_key(r);
  skip(r, !r->json);
  if (!take(r, r->json ? ':' : '=')) wrong(r, r->json ? "`:`" : "`=`");
  skip(r, !r->json);
  add_member(r, t, key, read_value(r, depth));
}

static ListItem *read_value(ListReader *r, int depth) {
  enum { DEEPEST = 20 };
  char c = r->s[r->at];
  size_t from = r->at;
  ListItem *v = new_value(r, c == '{' ? V_TABLE : c == '[' ? V_LIST : c == '"' || c == '\'' ? V_TEXT : V_NUMBER);
  if (depth > DEEPEST) wrong(r, "less nesting");
  if (v->kind == V_TEXT) {
    if (c == '\'' && r->json) wrong(r, "a value");
    v->text = read_string(r);
  } else if (v->kind == V_NUMBER) {
    while (is_bare(r->s[r->at]) || r->s[r->at] == '.' || r->s[r->at] == '+') r->at++;
    v->text = ctx_strndup(r->cx, r->s + from, r->at - from);
    if (!strcmp(v->text, "true") || !strcmp(v->text, "false"))
      v->kind = V_BOOL;
    else if (!strchr("0123456789-+.", c) || from == r->at)
      r->at = from, wrong(r, "a value: a text in quotes, a number, true, false, [...] or {...}");
  } else {
    char end = c == '{' ? '}' : ']';
    r->at++;
    for (skip(r, false); !take(r, end); skip(r, false)) {
      if (v->items.len && !take(r, ',')) wrong(r, end == '}' ? "`,` or `}`" : "`,` or `]`");
      skip(r, false);
      if (!r->json && take(r, end)) break; /* a comma after the last */
      if (c == '{')
        read_member(r, v, depth + 1);
      else
        vec_push(r->cx, &v->items, read_value(r, depth + 1));
    }
  }
  v->span = span_at(r, from, r->at);
  return v;
}

/* The table of a header [a.b] or [[a.b]]; of lists on the way, the last item. */
static ListItem *open_table(ListReader *r, ListItem *top) {
  size_t from = r->at++;
  bool is_list = take(r, '[');
  ListItem *t = top;
  for (bool last = false; !last;) {
    skip(r, true);
    const char *key = read_key(r);
    skip(r, true);
    last = !take(r, '.');
    ListItem *next = member(t, key);
    if (!next) {
      next = new_value(r, last && is_list ? V_LIST : V_TABLE);
      next->span = span_at(r, from, r->at);
      add_member(r, t, key, next);
    } else if (last && !is_list)
      diag_fail(r->cx, span_at(r, from, r->at), NULL, "`%s` stands here twice", key);
    if (last && is_list) {
      if (next->kind != V_LIST) wrong(r, "a list of tables");
      ListItem *item = new_value(r, V_TABLE);
      item->span = span_at(r, from, r->at);
      vec_push(r->cx, &next->items, item);
    }
    if (next->kind == V_LIST && next->items.len) next = next->items.at[next->items.len - 1];
    if (next->kind != V_TABLE) diag_fail(r->cx, span_at(r, from, r->at), NULL, "`%s` is no table", key);
    t = next;
  }
  if (!take(r, ']') || (is_list && !take(r, ']'))) wrong(r, "`]`");
  return t;
}

static ListItem *read_list(ListReader *r) {
  skip(r, false);
  if (r->json) {
    if (r->s[r->at] != '{') wrong(r, "`{`");
    ListItem *v = read_value(r, 0);
    skip(r, false);
    if (r->s[r->at]) wrong(r, "the end");
    return v;
  }
  ListItem *top = new_value(r, V_TABLE), *t = top;
  for (; r->s[r->at]; skip(r, false)) {
    if (r->s[r->at] == '[')
      t = open_table(r, top);
    else
      read_member(r, t, 0);
    skip(r, true);
    if (r->s[r->at] && r->s[r->at] != '\n') wrong(r, "the end of the line");
  }
  return top;
}

/* ---- what they mean ---------------------------------------------------------------------------------------------- */

enum { AT_TOP = 1, AT_KERNEL = 2, AT_CHOICE = 4 };
static const struct {
  const char *name;
  int places;
} keys[] = {
    {"kernel", AT_TOP | AT_KERNEL},
    {"targets", AT_TOP | AT_KERNEL},
    {"file", AT_TOP | AT_KERNEL},
    {"name", AT_KERNEL},
    {"choice", AT_KERNEL},
    {"signature", AT_KERNEL | AT_CHOICE},
    {"grid", AT_KERNEL | AT_CHOICE},
    {"constants", AT_KERNEL | AT_CHOICE},
    {"options", AT_TOP | AT_KERNEL | AT_CHOICE},
    {"when", AT_KERNEL | AT_CHOICE},
};

static void check_keys(Ctx *cx, const ListItem *t, int place) {
  for (uint32_t i = 0; i < t->keys.len; i++) {
    const char *names[COUNT(keys)];
    size_t n = 0;
    bool known = false;
    for (size_t k = 0; k < COUNT(keys); k++)
      if (keys[k].places & place) {
        names[n++] = keys[k].name;
        known |= !strcmp(keys[k].name, t->keys.at[i]);
      }
    if (!known)
      diag_fail(cx, t->items.at[i]->span, NULL, "there is no key `%s` here%s", t->keys.at[i],
                did_you_mean(cx, t->keys.at[i], names, n));
  }
}

static const ListItem *of_kind(Ctx *cx, const ListItem *t, const char *key, ListItemKind kind, const char *what) {
  const ListItem *v = member(t, key);
  if (v && v->kind != kind) diag_fail(cx, v->span, NULL, "`%s` is %s", key, what);
  return v;
}

static const char *text_of(Ctx *cx, const ListItem *t, const char *key, const char *otherwise) {
  const ListItem *v = of_kind(cx, t, key, V_TEXT, "a text");
  return v ? v->text : otherwise;
}

/* A text or several. */
static void read_texts(Ctx *cx, const ListItem *t, const char *key, AotTexts *out) {
  const ListItem *v = member(t, key);
  if (!v) return;
  *out = (AotTexts){0};
  if (v->kind == V_TEXT) vec_push(cx, out, v->text);
  if (v->kind != V_TEXT && v->kind != V_LIST) diag_fail(cx, v->span, NULL, "`%s` is a text or a list of texts", key);
  for (uint32_t i = 0; v->kind == V_LIST && i < v->items.len; i++) {
    if (v->items.at[i]->kind != V_TEXT) diag_fail(cx, v->items.at[i]->span, NULL, "`%s` is a list of texts", key);
    vec_push(cx, out, v->items.at[i]->text);
  }
}

static const char *scalar(Ctx *cx, const ListItem *v, bool python) {
  if (v->kind == V_LIST || v->kind == V_TABLE)
    diag_fail(cx, v->span, NULL, "a number, a boolean or a text is expected here");
  return v->kind == V_BOOL && python ? v->text[0] == 't' ? "True" : "False" : v->text;
}

static int64_t integer(Ctx *cx, const ListItem *v) {
  char *end = NULL;
  long long x = v->kind == V_NUMBER ? strtoll(v->text, &end, 10) : 0;
  if (v->kind != V_NUMBER || *end) diag_fail(cx, v->span, NULL, "an integer is expected here");
  return x;
}

/* M = 64, M = [1, 64], and [1] for one with no upper end. */
static void read_when(Ctx *cx, const ListItem *t, AotKernel *k) {
  const ListItem *w = of_kind(cx, t, "when", V_TABLE, "a table of parameters and their values, {M = [1, 64], N = 128}");
  for (uint32_t i = 0; w && i < w->keys.len; i++) {
    const ListItem *v = w->items.at[i];
    AotRange r = {w->keys.at[i], INT64_MIN, INT64_MAX};
    if (v->kind == V_LIST && (v->items.len == 1 || v->items.len == 2)) {
      r.low = integer(cx, v->items.at[0]);
      if (v->items.len == 2) r.high = integer(cx, v->items.at[1]);
    } else {
      r.low = r.high = integer(cx, v);
    }
    if (r.low > r.high) diag_fail(cx, v->span, NULL, "no number is from %" PRId64 " to %" PRId64, r.low, r.high);
    vec_push(cx, &k->when, r);
  }
}

static void read_options(Ctx *cx, const ListItem *t, AotKernel *k) {
  const ListItem *o = of_kind(cx, t, "options", V_TABLE, "a table, {num_warps = 4}");
  for (uint32_t i = 0; o && i < o->keys.len; i++)
    vec_push(cx, &k->options, ((ttc_option){o->keys.at[i], scalar(cx, o->items.at[i], false)}));
}

/* What a kernel and one of its choices may both say. The lists of `k` may be shared: they grow here in copies. */
static void read_common(Ctx *cx, const ListItem *t, AotKernel *k) {
  AotKernel from = *k;
  k->defines = (AotTexts){0};
  memset(&k->options, 0, sizeof k->options);
  memset(&k->when, 0, sizeof k->when);
  for (uint32_t i = 0; i < from.defines.len; i++) vec_push(cx, &k->defines, from.defines.at[i]);
  for (uint32_t i = 0; i < from.options.len; i++) vec_push(cx, &k->options, from.options.at[i]);
  for (uint32_t i = 0; i < from.when.len; i++) vec_push(cx, &k->when, from.when.at[i]);
  read_texts(cx, t, "signature", &k->signatures);
  k->grid = text_of(cx, t, "grid", k->grid);
  const ListItem *c = of_kind(cx, t, "constants", V_TABLE, "a table, {BLOCK = 64}");
  for (uint32_t i = 0; c && i < c->keys.len; i++)
    vec_push(cx, &k->defines, ctx_printf(cx, "%s=%s", c->keys.at[i], scalar(cx, c->items.at[i], true)));
  read_options(cx, t, k);
  read_when(cx, t, k);
}

static void read_kernel(Ctx *cx, const ListItem *t, AotKernel k, const char *folder, AotKernels *out) {
  if (t->kind != V_TABLE) diag_fail(cx, t->span, NULL, "a kernel is a table");
  check_keys(cx, t, AT_KERNEL);
  const char *file = text_of(cx, t, "file", k.file);
  if (!file) diag_fail(cx, t->span, NULL, "the kernel's `file` is missing");
  k.file = file[0] == '/' ? file : ctx_printf(cx, "%s%s", folder, file);
  k.kernel = text_of(cx, t, "kernel", NULL);
  k.name = text_of(cx, t, "name", NULL);
  read_texts(cx, t, "targets", &k.targets);
  read_common(cx, t, &k);
  const ListItem *choices = of_kind(cx, t, "choice", V_LIST, "a list of tables");
  for (uint32_t i = 0; choices && i < choices->items.len; i++) {
    const ListItem *c = choices->items.at[i];
    if (c->kind != V_TABLE) diag_fail(cx, c->span, NULL, "a choice is a table");
    check_keys(cx, c, AT_CHOICE);
    AotKernel one = k;
    read_common(cx, c, &one);
    if (!one.signatures.len) diag_fail(cx, c->span, NULL, "the kernel's `signature` is missing");
    vec_push(cx, out, one);
  }
  if (!choices && !k.signatures.len) diag_fail(cx, t->span, NULL, "the kernel's `signature` is missing");
  if (!choices) vec_push(cx, out, k);
}

void aot_read_list(Ctx *cx, const char *path, AotKernels *out) {
  size_t len, n = strlen(path);
  const char *text = file_read(cx, path, &len), *slash = strrchr(path, '/');
  text = ctx_strndup(cx, text, len);
  ListReader r = {.cx = cx,
                  .source = source_new(cx, path, text, len, 1),
                  .s = text,
                  .json = n > 5 && !strcmp(path + n - 5, ".json")};
  const ListItem *top = read_list(&r);
  check_keys(cx, top, AT_TOP);
  AotKernel k = {.file = text_of(cx, top, "file", NULL)};
  read_texts(cx, top, "targets", &k.targets);
  read_options(cx, top, &k);
  const ListItem *kernels = of_kind(cx, top, "kernel", V_LIST, "a list of tables");
  const char *folder = slash ? ctx_strndup(cx, path, (size_t)(slash - path) + 1) : "";
  for (uint32_t i = 0; kernels && i < kernels->items.len; i++) read_kernel(cx, kernels->items.at[i], k, folder, out);
  if (!out->len) diag_fail(cx, top->span, NULL, "the list has no kernel");
}
