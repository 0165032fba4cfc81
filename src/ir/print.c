/* print.c: modules and ops as text, by the formats of ops.def.
 *
 * The shapes that a format cannot describe (modules, functions, loops) are in print_custom.c.
 */
#include "ir/internal.h"

#include <string.h>

/* ---- small pieces ------------------------------------------------------------------------------------------------ */

void ir_put_newline(Printer *p) {
  buf_putc(p->out, '\n');
  for (int i = 0; i < p->indent; i++) buf_puts(p->out, "  ");
}

void ir_put_value(Printer *p, const Value *v) {
  const char *name = map_get(&p->names, v);
  buf_puts(p->out, name ? name : "%<unknown>");
}

void ir_put_values(Printer *p, const Op *op, int first, int n) {
  for (int i = 0; i < n; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_value(p, ir_operand(op, first + i));
  }
}

static void put_operand_types(Printer *p, const Op *op, int first, int n) {
  for (int i = 0; i < n; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_type(p, ir_operand(op, first + i)->type);
  }
}

static void put_result_types(Printer *p, const Op *op, int first, int n) {
  for (int i = 0; i < n; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_type(p, op->results[first + i].type);
  }
}

void ir_put_attr_dict(Printer *p, const Op *op, const char *lead, const char *const *skip, int nskip) {
  const Format *f = ir_format(p->cx, op->code);
  bool any = false;
  for (int i = 0; i < op->nattrs; i++) {
    const NamedAttr *a = &op->attrs[i];
    bool hidden = ir_format_owns(f, a->name) || !strcmp(a->name, "operandSegmentSizes") ||
                  ir_is_default(p->cx, f, a->name, a->attr);
    for (int k = 0; k < nskip && !hidden; k++) hidden = !strcmp(a->name, skip[k]);
    if (hidden) continue;
    buf_puts(p->out, any ? ", " : lead);
    ir_put_named(p, a->name, a->attr);
    any = true;
  }
  if (any) buf_putc(p->out, '}');
}

/* ---- generic form ------------------------------------------------------------------------------------------------ */

static void put_inherent(Printer *p, const Op *op, const Format *f) {
  bool any = false;
  for (int i = 0; i < op->nattrs; i++) {
    if (!ir_format_owns(f, op->attrs[i].name)) continue;
    buf_puts(p->out, any ? ", " : " <{");
    ir_put_named(p, op->attrs[i].name, op->attrs[i].attr);
    any = true;
  }
  if (any) buf_puts(p->out, "}>");
}

static void put_generic(Printer *p, const Op *op, const Format *f) {
  buf_printf(p->out, "\"%s\"(", ir_info(op)->name);
  ir_put_values(p, op, 0, op->noperands);
  buf_putc(p->out, ')');
  if (!p->collecting) put_inherent(p, op, f);
  if (op->nregions) buf_puts(p->out, " (");
  for (int i = 0; i < op->nregions; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_region(p, op->regions[i], true, true);
  }
  if (op->nregions) buf_putc(p->out, ')');
  if (!p->collecting) ir_put_attr_dict(p, op, " {", NULL, 0);
  buf_puts(p->out, " : (");
  put_operand_types(p, op, 0, op->noperands);
  buf_puts(p->out, ") -> ");
  if (op->nresults != 1) buf_putc(p->out, '(');
  put_result_types(p, op, 0, op->nresults);
  if (op->nresults != 1) buf_putc(p->out, ')');
  if (!p->collecting) return;
  /* In the order in which MLIR looks for aliases: regions, types, attributes. */
  put_inherent(p, op, f);
  ir_put_attr_dict(p, op, " {", NULL, 0);
}

/* ---- by format --------------------------------------------------------------------------------------------------- */

/* The state of printing one op. */
typedef struct Walk {
  Printer *p;
  const Op *op;
  const Format *f;
  int sizes[MAX_GROUPS], first[MAX_GROUPS];
  int result_sizes[MAX_GROUPS], result_first[MAX_GROUPS];
  bool space; /* the next element has a space before it */
  bool after_punctuation;
} Walk;

static void result_groups(Walk *w) {
  int single = 0, n = w->f->nresults, at = 0;
  for (int i = 0; i < n; i++) single += !w->f->results[i].kind;
  for (int i = 0; i < n; i++) {
    w->result_first[i] = at;
    w->result_sizes[i] = w->f->results[i].kind ? w->op->nresults - single : 1;
    at += w->result_sizes[i];
  }
}

static bool group_is_empty(const Walk *w, const Item *item) {
  if (item->group < 0) return (item->of_results ? w->op->nresults : w->op->noperands) == 0;
  return (item->of_results ? w->result_sizes : w->sizes)[item->group] == 0;
}

static bool present(const Walk *w, const Item *anchor) {
  switch (anchor->kind) {
  case F_ATTR: {
    const Attr *a = ir_attr(w->op, anchor->text);
    return a && !ir_is_default(w->p->cx, w->f, anchor->text, a);
  }
  case F_SUCCESSOR: return anchor->group < w->op->nsuccessors;
  default: return !group_is_empty(w, anchor);
  }
}

static void before_element(Walk *w) {
  if (w->space || !w->after_punctuation) buf_putc(w->p->out, ' ');
  w->space = true;
  w->after_punctuation = false;
}

static void put_literal(Walk *w, const char *text) {
  bool lone = !text[1] || !strcmp(text, "->");
  const char *no_space = w->after_punctuation ? ">)}]," : "<>(){}[],";
  if (w->space && !(lone && strchr(no_space, text[0]))) buf_putc(w->p->out, ' ');
  buf_puts(w->p->out, text);
  w->space = text[1] || !strchr("<({[", text[0]);
  w->after_punctuation = text[0] != '_' && !((text[0] | 32) >= 'a' && (text[0] | 32) <= 'z');
}

static void put_attr(Walk *w, const Item *item) {
  const Attr *a = ir_attr(w->op, item->text);
  if (item->syntax == AS_UNIT) return;
  before_element(w);
  if (!a) {
    buf_puts(w->p->out, "<missing>");
    return;
  }
  switch (item->syntax) {
  case AS_PLAIN:
  case AS_TYPED: ir_put_attr(w->p, a, false); break;
  case AS_STRING: ir_put_string(w->p, a->text ? a->text : "", a->text ? a->len : 0); break;
  case AS_SYMBOL: ir_put_symbol(w->p, a->text ? a->text : ""); break;
  case AS_INT: ir_put_attr_bare(w->p, a); break;
  case AS_PARAMS: ir_put_params(w->p, a); break;
  case AS_ENUM: {
    const char *keyword = a->kind == ATTR_INT ? ir_enum_keyword(item->keywords, a->integer) : a->text;
    buf_puts(w->p->out, keyword ? keyword : "<unknown>");
    break;
  }
  case AS_UNIT: break;
  }
}

static void put_group_types(Walk *w, const Item *item) {
  Printer *p = w->p;
  if (item->group < 0) {
    if (item->of_results)
      put_result_types(p, w->op, 0, w->op->nresults);
    else
      put_operand_types(p, w->op, 0, w->op->noperands);
  } else if (item->of_results) {
    put_result_types(p, w->op, w->result_first[item->group], w->result_sizes[item->group]);
  } else {
    put_operand_types(p, w->op, w->first[item->group], w->sizes[item->group]);
  }
}

static void put_bare_type(Walk *w, const Item *item) {
  const Type *t = item->of_results ? w->op->results[w->result_first[item->group]].type
                                   : ir_operand(w->op, w->first[item->group])->type;
  Buf *real = w->p->out, text = {.cx = w->p->cx};
  w->p->out = &text;
  ir_put_type(w->p, t);
  w->p->out = real;
  const char *angle = strchr(buf_text(&text), '<');
  buf_puts(real, angle && *text.s == '!' ? angle : text.s);
}

static void put_functional(Walk *w, const Item *item) {
  Buf *out = w->p->out;
  buf_putc(out, '(');
  put_group_types(w, &(Item){.group = item->group});
  buf_puts(out, ") -> ");
  bool all = item->second < 0;
  int n = all ? w->op->nresults : w->result_sizes[item->second];
  if (n != 1) buf_putc(out, '(');
  put_result_types(w->p, w->op, all ? 0 : w->result_first[item->second], n);
  if (n != 1) buf_putc(out, ')');
}

static int first_forwarded(const Op *op, int successor) {
  int first = op->noperands;
  for (int i = op->nsuccessors - 1; i >= successor; i--) first -= op->nforward[i];
  return first;
}

static void put_block_name(Printer *p, const Block *b) {
  int number = (int)(intptr_t)map_get(&p->blocks, b);
  if (number)
    buf_printf(p->out, "^bb%d", number - 1);
  else
    buf_puts(p->out, "^<unknown>");
}

static void put_successor(Walk *w, int index) {
  const Op *op = w->op;
  if (index >= op->nsuccessors) {
    buf_puts(w->p->out, "^<missing>");
    return;
  }
  put_block_name(w->p, op->successors[index]);
  int n = op->nforward[index], first = first_forwarded(op, index);
  if (!n) return;
  buf_putc(w->p->out, '(');
  ir_put_values(w->p, op, first, n);
  buf_puts(w->p->out, " : ");
  put_operand_types(w->p, op, first, n);
  buf_putc(w->p->out, ')');
}

static void put_item(Walk *w, const Item *item) {
  switch (item->kind) {
  case F_LITERAL: put_literal(w, item->text); break;
  case F_GLUE: w->space = false, w->after_punctuation = true; break;
  case F_ATTR: put_attr(w, item); break;
  case F_ATTR_DICT: ir_put_attr_dict(w->p, w->op, " {", NULL, 0); break;
  case F_OPERANDS:
    if (group_is_empty(w, item) && w->f->operands[item->group].kind == '?') break;
    before_element(w);
    ir_put_values(w->p, w->op, w->first[item->group], w->sizes[item->group]);
    break;
  case F_TYPES: before_element(w), put_group_types(w, item); break;
  case F_BARE_TYPES: before_element(w), put_bare_type(w, item); break;
  case F_FUNCTIONAL: before_element(w), put_functional(w, item); break;
  case F_SUCCESSOR: before_element(w), put_successor(w, item->group); break;
  case F_CUSTOM: before_element(w), ir_print_custom(w->p, w->op, item->text); break;
  case F_OPTIONAL: break;
  }
}

static void put_by_format(Printer *p, const Op *op, const Format *f) {
  Walk w = {.p = p, .op = op, .f = f, .space = true};
  buf_puts(p->out, op->code == OP_MODULE ? "module" : ir_info(op)->name);
  if (!ir_group_sizes(op, f->operands, f->noperands, w.sizes)) {
    /* An op that the verifier will refuse; show what there is. */
    put_generic(p, op, f);
    return;
  }
  for (int i = 0, at = 0; i < f->noperands; at += w.sizes[i++]) w.first[i] = at;
  result_groups(&w);
  for (int i = 0; i < f->nitems; i++) {
    const Item *item = &f->items[i];
    if (item->kind == F_OPTIONAL && !present(&w, &f->items[item->anchor]))
      i = item->end - 1;
    else
      put_item(&w, item);
  }
}

/* ---- ops, blocks, regions ---------------------------------------------------------------------------------------- */

static void put_results(Printer *p, const Op *op) {
  if (!op->nresults) return;
  const char *group = op->nresults > 1 ? map_get(&p->names, op) : NULL;
  if (group) {
    buf_printf(p->out, "%s:%d", group, op->nresults);
  } else {
    for (int i = 0; i < op->nresults; i++) {
      if (i) buf_puts(p->out, ", ");
      ir_put_value(p, ir_result(op, i));
    }
  }
  buf_puts(p->out, " = ");
}

void ir_put_op(Printer *p, const Op *op) {
  const Format *f = ir_format(p->cx, op->code);
  if (p->collecting) ir_visit_op_loc(p, op->loc);
  if (p->locs && !p->collecting)
    vec_push(p->cx, p->locs, ((PrintedLoc){p->out->len, op, ir_loc_printed(p->cx, op->loc)}));
  put_results(p, op);
  if (f->generic)
    put_generic(p, op, f);
  else
    put_by_format(p, op, f);
  ir_put_trailing_loc(p, op->loc, true);
}

void ir_put_arg(Printer *p, const Value *arg, const Attr *attrs) {
  ir_put_value(p, arg);
  buf_puts(p->out, ": ");
  ir_put_type(p, arg->type);
  if (attrs && attrs->n) {
    buf_putc(p->out, ' ');
    ir_put_attr(p, attrs, false);
  }
  ir_put_trailing_loc(p, arg->loc, false);
}

/* Every branch to `b`, in the order of the blocks it comes from. */
static void put_predecessors(Printer *p, const Block *b) {
  Vec(const Block *) from = {0};
  for (const Block *other = b->region->first; other; other = other->next) {
    const Op *last = other->last;
    for (int i = 0; last && i < last->nsuccessors; i++)
      if (last->successors[i] == b) vec_push(p->cx, &from, other);
  }
  if (!from.len) {
    if (b != b->region->first) buf_puts(p->out, "  // no predecessors");
    return;
  }
  if (from.len == 1)
    buf_puts(p->out, "  // pred: ");
  else
    buf_printf(p->out, "  // %u preds: ", from.len);
  for (uint32_t i = 0; i < from.len; i++) {
    if (i) buf_puts(p->out, ", ");
    put_block_name(p, from.at[i]);
  }
}

static void put_block_header(Printer *p, const Block *b) {
  p->indent--;
  ir_put_newline(p);
  p->indent++;
  put_block_name(p, b);
  if (b->nargs) buf_putc(p->out, '(');
  for (int i = 0; i < b->nargs; i++) {
    if (i) buf_puts(p->out, ", ");
    ir_put_arg(p, b->args[i], NULL);
  }
  if (b->nargs) buf_putc(p->out, ')');
  buf_putc(p->out, ':');
  put_predecessors(p, b);
}

void ir_put_region(Printer *p, const Region *r, bool entry_args, bool terminators) {
  buf_putc(p->out, '{');
  p->indent++;
  for (const Block *b = r->first; b; b = b->next) {
    if (b != r->first || (entry_args && b->nargs)) put_block_header(p, b);
    for (const Op *op = b->first; op; op = op->next) {
      if (!terminators && !op->next && ir_has(op, T_TERMINATOR)) break;
      ir_put_newline(p);
      ir_put_op(p, op);
    }
  }
  p->indent--;
  ir_put_newline(p);
  buf_putc(p->out, '}');
}

/* ---- from outside ------------------------------------------------------------------------------------------------ */

void ir_print(Buf *out, const Module *m, PrintOptions options) {
  Buf nowhere = {.cx = out->cx};
  Printer p = {
      .cx = out->cx, .out = &nowhere, .locations = !options.no_locations, .locs = options.locs, .collecting = true};
  ir_name_values(&p, m->op);
  ir_put_op(&p, m->op);
  ir_number_aliases(&p);
  p.collecting = false;
  p.out = out;
  p.indent = 0;
  ir_put_alias_definitions(&p, false);
  ir_put_op(&p, m->op);
  buf_putc(out, '\n');
  ir_put_alias_definitions(&p, true);
}

/* The op's own function (or the op, outside of any) is named, so that the text agrees with that of the whole module. */
void ir_print_op(Buf *out, const Op *op, PrintOptions options) {
  Printer p = {.cx = out->cx, .out = out, .locations = !options.no_locations};
  const Op *root = op;
  while (root->code != OP_FUNC && root->code != OP_MODULE && ir_parent(root)) root = ir_parent(root);
  ir_name_values(&p, root);
  ir_put_op(&p, op);
}
