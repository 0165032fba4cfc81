/* builtins.c: the table of the language's functions (builtins.def): finding a row. */
#include <string.h>

#include "lang/tl/tl.h"

static const Builtin table[] = {
#define BUILTIN(name, params, fn, flags, op) {name, params, fn, flags, op},
#include "lang/tl/builtins.def"
#undef BUILTIN
};

const Builtin *builtin_find(const char *name) {
  if (strncmp(name, "tl.math.", 8) == 0) { /* the same functions under a second name */
    name += 8;
    for (size_t i = 0; i < COUNT(table); i++)
      if (strncmp(table[i].name, "tl.", 3) == 0 && strcmp(table[i].name + 3, name) == 0) return &table[i];
    return NULL;
  }
  for (size_t i = 0; i < COUNT(table); i++)
    if (strcmp(table[i].name, name) == 0) return &table[i];
  return NULL;
}
