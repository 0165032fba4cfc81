/* custom.c: the functions that custom(name) in a format calls. */
#include "ir/internal.h"

#include <assert.h>
#include <string.h>

static const CustomSyntax table[] = {
    {"module", ir_print_module_syntax, ir_read_module_syntax},
    {"func", ir_print_func_syntax, ir_read_func_syntax},
    {"for", ir_print_for_syntax, ir_read_for_syntax},
    {"if", ir_print_if_syntax, ir_read_if_syntax},
    {"while", ir_print_while_syntax, ir_read_while_syntax},
    {"select_types", ir_print_select_types, ir_read_select_types},
};

const CustomSyntax *ir_custom(const char *name) {
  for (size_t i = 0; i < COUNT(table); i++)
    if (!strcmp(table[i].name, name)) return &table[i];
  assert(!"a format names a custom syntax that is not in the table");
  return &table[0];
}
