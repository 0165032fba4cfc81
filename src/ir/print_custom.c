/* print_custom.c: the syntax of modules, functions, loops and branches, as text. */
#include "ir/internal.h"

#include <string.h>

static const char *const hidden_in_module[] = {"sym_name"};
static const char *const hidden_in_func[] = {"sym_name", "function_type", "sym_visibility", "arg_attrs", "res_attrs"};

void ir_print_module_syntax(Printer *p, const Op *op) {
  const char *name = ir_attr_text_or(op, "sym_name", NULL);
  if (name) {
    ir_put_symbol(p, name);
    buf_putc(p->out, ' ');
  }
  size_t before = p->out->len;
  ir_put_attr_dict(p, op, "attributes {", hidden_in_module, COUNT(hidden_in_module));
  if (p->out->len != before) buf_putc(p->out, ' ');
  ir_put_region(p, op->regions[0], false, true);
}

static const Attr *nth_attrs(const Op *func, const char *list, int i) {
  const Attr *all = ir_attr(func, list);
  return all && i < all->n ? all->items[i] : NULL;
}

static void put_attrs_after(Printer *p, const Attr *attrs) {
  if (!attrs || !attrs->n) return;
  buf_putc(p->out, ' ');
  ir_put_attr(p, attrs, false);
}

static void put_func_results(Printer *p, const Op *op, const Type *t) {
  if (!t->nresults) return;
  const Attr *first = nth_attrs(op, "res_attrs", 0);
  bool parens = t->nresults > 1 || (first && first->n);
  buf_puts(p->out, parens ? " -> (" : " -> ");
  for (int i = 0; i < t->nresults; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_type(p, t->results[i]);
    put_attrs_after(p, nth_attrs(op, "res_attrs", i));
  }
  if (parens) buf_putc(p->out, ')');
}

void ir_print_func_syntax(Printer *p, const Op *op) {
  const Type *t = ir_func_signature(op);
  const char *visibility = ir_attr_text_or(op, "sym_visibility", NULL);
  const Block *entry = op->nregions ? op->regions[0]->first : NULL;
  if (visibility) buf_printf(p->out, "%s ", visibility);
  ir_put_symbol(p, ir_func_name(op));
  buf_putc(p->out, '(');
  for (int i = 0; t && i < t->ninputs; i++) {
    if (i) buf_puts(p->out, ", ");
    if (entry && i < entry->nargs) {
      ir_put_arg(p, entry->args[i], nth_attrs(op, "arg_attrs", i));
    } else {
      ir_put_type(p, t->inputs[i]);
      put_attrs_after(p, nth_attrs(op, "arg_attrs", i));
    }
  }
  buf_putc(p->out, ')');
  if (t) put_func_results(p, op, t);
  ir_put_attr_dict(p, op, " attributes {", hidden_in_func, COUNT(hidden_in_func));
  if (!entry) return;
  buf_putc(p->out, ' ');
  ir_put_region(p, op->regions[0], false, true);
}

static void put_result_type_list(Printer *p, const Op *op) {
  for (int i = 0; i < op->nresults; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_type(p, op->results[i].type);
  }
}

/* %a = %init, %b = %init2 */
static void put_bindings(Printer *p, const Op *op, const Block *b, int first_arg, int first_operand, int n) {
  for (int i = 0; i < n; i++) {
    if (i) buf_puts(p->out, ", ");
    if (first_arg + i < b->nargs) ir_put_value(p, b->args[first_arg + i]);
    buf_puts(p->out, " = ");
    ir_put_value(p, ir_operand(op, first_operand + i));
  }
}

void ir_print_for_syntax(Printer *p, const Op *op) {
  static const char *const hidden[] = {"unsignedCmp"};
  const Block *body = ir_entry(op, 0);
  if (ir_attr(op, "unsignedCmp")) buf_puts(p->out, "unsigned ");
  if (body->nargs) ir_put_value(p, body->args[0]);
  buf_puts(p->out, " = ");
  ir_put_value(p, ir_operand(op, 0));
  buf_puts(p->out, " to ");
  ir_put_value(p, ir_operand(op, 1));
  buf_puts(p->out, " step ");
  ir_put_value(p, ir_operand(op, 2));
  if (op->noperands > 3) {
    buf_puts(p->out, " iter_args(");
    put_bindings(p, op, body, 1, 3, op->noperands - 3);
    buf_puts(p->out, ") -> (");
    put_result_type_list(p, op);
    buf_putc(p->out, ')');
  }
  const Type *t = ir_operand(op, 0)->type;
  if (t->kind != TYPE_INDEX) {
    buf_puts(p->out, "  : ");
    ir_put_type(p, t);
  }
  buf_putc(p->out, ' ');
  ir_put_region(p, op->regions[0], false, op->nresults > 0);
  ir_put_attr_dict(p, op, " {", hidden, COUNT(hidden));
}

void ir_print_if_syntax(Printer *p, const Op *op) {
  ir_put_value(p, ir_operand(op, 0));
  if (op->nresults) {
    buf_puts(p->out, " -> (");
    put_result_type_list(p, op);
    buf_putc(p->out, ')');
  }
  buf_putc(p->out, ' ');
  ir_put_region(p, op->regions[0], false, op->nresults > 0);
  if (op->nregions > 1 && op->regions[1]->first) {
    buf_puts(p->out, " else ");
    ir_put_region(p, op->regions[1], false, op->nresults > 0);
  }
  ir_put_attr_dict(p, op, " {", NULL, 0);
}

void ir_print_while_syntax(Printer *p, const Op *op) {
  const Block *before = ir_entry(op, 0);
  if (op->noperands) {
    buf_putc(p->out, '(');
    put_bindings(p, op, before, 0, 0, op->noperands);
    buf_puts(p->out, ") ");
  }
  buf_puts(p->out, ": (");
  for (int i = 0; i < op->noperands; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_type(p, ir_operand(op, i)->type);
  }
  buf_puts(p->out, ") -> ");
  if (op->nresults != 1) buf_putc(p->out, '(');
  put_result_type_list(p, op);
  if (op->nresults != 1) buf_putc(p->out, ')');
  buf_putc(p->out, ' ');
  ir_put_region(p, op->regions[0], false, true);
  buf_puts(p->out, " do ");
  ir_put_region(p, op->regions[1], true, true);
  ir_put_attr_dict(p, op, " attributes {", NULL, 0);
}

void ir_print_select_types(Printer *p, const Op *op) {
  if (ir_is_tensor(ir_operand(op, 0)->type)) {
    ir_put_type(p, ir_operand(op, 0)->type);
    buf_puts(p->out, ", ");
  }
  ir_put_type(p, op->results[0].type);
}

void ir_print_custom(Printer *p, const Op *op, const char *name) {
#define CUSTOM(custom, function)                                                                                       \
  if (!strcmp(name, custom)) ir_print_##function(p, op);
#include "ir/custom.def"
#undef CUSTOM
}
