/* evaluator.c: the parts of the evaluator put together: the one table by which they reach each other, and a Lang that has
 * it.
 */
#include "lang/python/python.h"

#include <string.h>

static const Builtin *find_builtin(const char *name) {
  return strncmp(name, "builtins.", 9) == 0 ? py_builtin_find(name) : builtin_find(name);
}

static const Evaluator evaluator = {
    .expressions =
        {
#define EXPRESSION(node, function) [node] = function,
#include "lang/python/nodes.def"
        },
    .statements =
        {
#define STATEMENT(node, function) [node] = function,
#include "lang/python/nodes.def"
        },
    .hints =
        {
#define REFUSED(node, hint) [node] = hint,
#include "lang/python/nodes.def"
        },
    .callees =
        {
#define CALLEE(value, function) [value] = function,
#include "lang/python/nodes.def"
        },
    .find_builtin = find_builtin,
    .region_call = py_eval_region_call,
    .binary = py_binary,
};

Lang *lang_new(Ctx *cx, Module *module, const LangOptions *options) {
  Lang *L = NEW(cx, Lang);
  L->cx = cx;
  L->evaluator = &evaluator;
  L->options = *options;
  L->module = module;
  L->b.cx = cx;
  return L;
}
