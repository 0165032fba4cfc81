/* names.c: the names of the language's functions and of Python's, and what one of Python's means. */
#include "lang/python/python.h"

#include <string.h>

const char *const *lang_builtin_names(size_t *n) {
  static const char *const names[] = {
#define BUILTIN(name, params, fn, flags, op) name,
#include "lang/tl/builtins.def"
#undef BUILTIN
#define NAMED(name) "tl." name,
#include "lang/tl/names.def"
#undef NAMED
  };
  *n = COUNT(names);
  return names;
}

const char *const *lang_python_names(size_t *n) {
  static const char *const names[] = {
#define FUNCTION(name, params, function, op) name,
#define TYPE(name) name,
#include "lang/python/builtins.def"
  };
  *n = COUNT(names);
  return names;
}

Val *lang_python_value(Lang *L, const char *name) {
  static const char *const types[] = {
#define TYPE(name) name,
#include "lang/python/builtins.def"
  };
  const char *full = ctx_printf(L->cx, "builtins.%s", name);
  for (size_t i = 0; i < COUNT(types); i++)
    if (strcmp(types[i], name) == 0) return val_type(L, intern(L->cx, full));
  const Builtin *row = lang_find_builtin(L, full);
  return row ? val_builtin(L, row, NULL) : NULL;
}
