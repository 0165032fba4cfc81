/* attributes.c: `x.name` of any value: the language's, Python's, the host's and its classes'. */
#include "lang/python/python.h"

#include <string.h>

static const char *nearest_member(Lang *L, const char *prefix, bool methods, const char *wrong) {
  size_t n, plen = strlen(prefix);
  const char *const *all = lang_builtin_names(&n);
  Vec(const char *) known = {0};
  for (size_t i = 0; i < n; i++) {
    const char *last = strrchr(all[i], '.');
    last = last ? last + 1 : all[i];
    if (methods) {
      if (sem_is_method(L, last)) vec_push(L->cx, &known, last);
    } else if (strncmp(all[i], prefix, plen) == 0 && all[i][plen] == '.' && !strchr(all[i] + plen + 1, '.')) {
      vec_push(L->cx, &known, last);
    }
  }
  static const char *const attributes[] = {"dtype", "shape", "T", "type", "to", "numel"};
  if (methods)
    for (size_t i = 0; i < COUNT(attributes); i++) vec_push(L->cx, &known, attributes[i]);
  const char *near = lang_near_name(wrong, known.at, known.len);
  return hint_near(L->cx, methods ? "." : ctx_printf(L->cx, "%s.", prefix), near);
}

static Val *module_attribute(Lang *L, Val *of, const char *name) {
  if (of->host.kind == TTC_MODULE && !of->host.object) return lang_member(L, of->host.text, name);
  return py_host_attribute(L, &of->host, name);
}

Val *py_attribute_or_null(Lang *L, Val *of, const char *name, Span at) {
  if (of->kind == V_TENSOR || of->kind == V_DTYPE || (of->kind == V_TUPLE && of->type)) {
    lang_at(L, at);
    return sem_attribute(L, of, name);
  }
  if (of->kind == V_TYPE && strcmp(of->text, "tl.tensor") == 0 && sem_is_method(L, name))
    return lang_member(L, "tl", name); /* a method by its class: tl.tensor.sum(x, 0) */
  L->here = at;
  bool is_host = of->kind == V_HOST && of->host.kind != TTC_CLASS;
  Val *v = is_host ? module_attribute(L, of, name) : py_attribute(L, of, name);
  return v ? v : py_class_attribute(L, of, name);
}

Val *py_attribute_of(Lang *L, Val *of, const char *name, Span at) {
  Val *v = py_attribute_or_null(L, of, name, at);
  if (v) return v;
  if (of->kind == V_HOST && of->host.kind == TTC_MODULE) {
    const char *module = of->host.text ? of->host.text : "?";
    bool ours = strcmp(module, "triton.language") == 0;
    lang_fail_at(L, at, nearest_member(L, ours ? "tl" : module, false, name), "`%s` has no attribute `%s`",
                 ours ? "tl" : module, name);
  }
  lang_fail_at(L, at, of->kind == V_TENSOR ? nearest_member(L, "", true, name) : NULL, "%s has no attribute `%s`",
               val_kind_text(L, of), name);
}
