/* eval.c: what the evaluator's parts call each other by.
 *
 * Evaluation is recursive through all of them: a call executes statements, these evaluate expressions, and these call. So
 * that a file need not know the others, it asks here, and the table of handlers (nodes.def, by evaluator.c) says whose
 * turn it is.
 */
#include "lang/python/python.h"

_Noreturn void py_refuse(Lang *L, const Node *n, const char *hint) {
  lang_fail_at(L, n->span, hint, "%s cannot be used in a kernel", syn_kind_text(n->kind));
}

Val *py_eval(Lang *L, Node *e) {
  if (++L->depth > PY_MAX_DEPTH)
    lang_fail_at(L, e->span, "split it into several statements or functions", "this is nested too deeply to compile");
  EvalFn *eval = L->evaluator->expressions[e->kind];
  if (!eval) py_refuse(L, e, L->evaluator->hints[e->kind]);
  Span old = L->here;
  L->here = e->span;
  Val *v = eval(L, e);
  L->here = old;
  L->depth--;
  return v;
}

void py_exec_stmt(Lang *L, Node *s) {
  ExecFn *exec = L->evaluator->statements[s->kind];
  if (!exec) py_refuse(L, s, L->evaluator->hints[s->kind]);
  Span old = L->here;
  L->here = s->span;
  exec(L, s);
  L->here = old;
}

Val *py_eval_call(Lang *L, Val *callee, const Args *args) {
  CallFn *call = L->evaluator->callees[callee->kind];
  if (!call) lang_fail(L, NULL, "%s cannot be called", val_kind_text(L, callee));
  return call(L, callee, args);
}
