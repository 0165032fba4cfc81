/* verify.c: is a module well formed? Its structure here, the types of each op in verify_types.c.
 *
 * The whole tree is walked once, in order; `data` of every op is its place in that order while the verifier works, so
 * that "before" within a block is a comparison.
 */
#include "ir/internal.h"

#include <string.h>

/* ---- uses -------------------------------------------------------------------------------------------------------- */

static bool check_use_lists(Verifier *v, const Op *op) {
  for (int i = 0; i < op->noperands; i++) {
    const Use *u = &op->operands[i];
    if (!u->value) return ir_wrong(v, op, "operand %d is missing", i);
    if (u->op != op || u->index != i || !u->link || *u->link != u)
      return ir_wrong(v, op, "operand %d is not in the use list of its value", i);
    if (u->next && u->next->link != &u->next) return ir_wrong(v, op, "the use list of operand %d is broken", i);
    const Value *x = u->value;
    if (!x->op && !x->block) return ir_wrong(v, op, "operand %d is defined nowhere", i);
    if (x->block && (x->index >= x->block->nargs || x->block->args[x->index] != x))
      return ir_wrong(v, op, "operand %d is an argument that its block does not have", i);
    if (x->op && (x->index >= x->op->nresults || &x->op->results[x->index] != x))
      return ir_wrong(v, op, "operand %d is a result that its op does not have", i);
  }
  for (int i = 0; i < op->nresults; i++) {
    const Value *r = &op->results[i];
    if (!r->type) return ir_wrong(v, op, "result %d has no type", i);
    if (r->op != op || r->index != i) return ir_wrong(v, op, "result %d belongs to another op", i);
    for (const Use *u = r->uses; u; u = u->next)
      if (u->value != r) return ir_wrong(v, op, "the use list of result %d holds a use of another value", i);
  }
  return true;
}

static intptr_t place(const Op *op) { return (intptr_t)op->data; }

/* Does the definition of `value` dominate `op`? Climb from `op` to the region that the value is defined in. */
static bool check_dominance(Verifier *v, const Op *op, int i) {
  const Value *value = ir_operand(op, i);
  const Block *made = ir_defining_block(value);
  const Op *at = op;
  while (at->block && made && at->block->region != made->region) {
    at = ir_parent(at);
    if (!at || !at->block || ir_has(at, T_ISOLATED)) return ir_wrong(v, op, "operand %d is not visible here", i);
  }
  if (!made || !at->block) return ir_wrong(v, op, "operand %d belongs to an op that is in no block", i);
  if (at->block == made) {
    if (!value->op || place(value->op) < place(at)) return true;
    return ir_wrong(v, op, "operand %d is used before it is defined", i);
  }
  if (ir_block_dominates(made, at->block)) return true;
  return ir_wrong(v, op, "operand %d is not defined on every way to this use", i);
}

/* ---- blocks and regions ------------------------------------------------------------------------------------------ */

/* Ops with regions: how many they have, and which terminators end their blocks. */
static const struct Shape {
  Opcode code;
  int least, most;
  Opcode terminators[2][3]; /* per region; OPCODES: none further */
} shapes[] = {
    {OP_MODULE, 1, 1, {{OPCODES}}},
    {OP_FUNC, 1, 1, {{OP_RETURN, OP_BR, OP_COND_BR}}},
    {OP_FOR, 1, 1, {{OP_YIELD, OPCODES}}},
    {OP_IF, 1, 2, {{OP_YIELD, OPCODES}, {OP_YIELD, OPCODES}}},
    {OP_WHILE, 2, 2, {{OP_CONDITION, OPCODES}, {OP_YIELD, OPCODES}}},
    {OP_REDUCE, 1, 1, {{OP_REDUCE_RETURN, OPCODES}}},
    {OP_SCAN, 1, 1, {{OP_SCAN_RETURN, OPCODES}}},
    {OP_MAP_ELEMENTWISE, 1, 1, {{OP_MAP_RETURN, OP_BR, OP_COND_BR}}},
};

static const struct Shape *shape_of(Opcode code) {
  for (size_t i = 0; i < COUNT(shapes); i++)
    if (shapes[i].code == code) return &shapes[i];
  return NULL;
}

static bool check_successors(Verifier *v, const Op *op) {
  int want = op->code == OP_BR ? 1 : op->code == OP_COND_BR ? 2 : 0, first = op->noperands;
  if (op->nsuccessors != want) return ir_wrong(v, op, "it has %d successors, not %d", op->nsuccessors, want);
  for (int s = 0; s < want; s++) first -= op->nforward[s];
  if (want && first != (op->code == OP_COND_BR)) return ir_wrong(v, op, "its operands do not fit its successors");
  for (int s = 0; s < want; s++) {
    const Block *to = op->successors[s];
    if (to->region != op->block->region) return ir_wrong(v, op, "successor %d is in another region", s);
    if (to == to->region->first) return ir_wrong(v, op, "successor %d is the entry block", s);
    if (to->nargs != op->nforward[s])
      return ir_wrong(v, op, "successor %d takes %d arguments, not %d", s, to->nargs, op->nforward[s]);
    for (int i = 0; i < to->nargs; i++, first++)
      if (ir_operand(op, first)->type != to->args[i]->type)
        return ir_wrong(v, op, "argument %d of successor %d is of type %s, not %s", i, s,
                        ir_type_text(v->cx, to->args[i]->type), ir_type_text(v->cx, ir_operand(op, first)->type));
  }
  return true;
}

static bool allowed(const Opcode terminators[3], Opcode code) {
  for (int i = 0; i < 3 && terminators[i] != OPCODES; i++)
    if (terminators[i] == code) return true;
  return false;
}

static bool check_block(Verifier *v, const Op *op, const Block *b, const Opcode terminators[3]) {
  for (int i = 0; i < b->nargs; i++) {
    if (!b->args[i]->type || b->args[i]->block != b || b->args[i]->index != i)
      return ir_wrong(v, op, "argument %d of a block of it is not in order", i);
    for (const Use *u = b->args[i]->uses; u; u = u->next)
      if (u->value != b->args[i]) return ir_wrong(v, op, "the use list of argument %d of a block of it is broken", i);
  }
  const Op *prev = NULL;
  for (const Op *in = b->first; in; prev = in, in = in->next) {
    if (in->block != b || in->prev != prev) return ir_wrong(v, in, "it is not linked into its block");
    if (ir_has(in, T_TERMINATOR) && in->next) return ir_wrong(v, in, "a terminator in the middle of a block");
    if (in->code == OP_MODULE || (in->code == OP_FUNC) != (op->code == OP_MODULE))
      return ir_wrong(v, in, "it cannot stand in '%s'", ir_info(op)->name);
  }
  if (b->last != prev) return ir_wrong(v, op, "a block of it has lost its end");
  if (op->code == OP_MODULE) return true;
  if (!b->last || !ir_has(b->last, T_TERMINATOR))
    return ir_wrong(v, b->last ? b->last : op, "a block of '%s' has no terminator", ir_info(op)->name);
  if (!allowed(terminators, b->last->code))
    return ir_wrong(v, b->last, "it cannot end a block of '%s'", ir_info(op)->name);
  return true;
}

static bool check_regions(Verifier *v, const Op *op) {
  const struct Shape *shape = shape_of(op->code);
  int least = shape ? shape->least : 0, most = shape ? shape->most : 0;
  if (op->nregions < least || op->nregions > most)
    return ir_wrong(v, op, "it has %d regions, not %d", op->nregions, most);
  for (int i = 0; i < op->nregions; i++) {
    const Region *r = op->regions[i];
    bool may_be_empty = op->code == OP_FUNC || (op->code == OP_IF && i == 1);
    bool one_block = op->code != OP_FUNC && op->code != OP_MAP_ELEMENTWISE;
    if (r->op != op) return ir_wrong(v, op, "region %d belongs to another op", i);
    if (!r->first && !may_be_empty) return ir_wrong(v, op, "region %d is empty", i);
    if (one_block && r->first != r->last) return ir_wrong(v, op, "region %d has more than one block", i);
    for (const Block *b = r->first; b; b = b->next) {
      if (b->region != r) return ir_wrong(v, op, "a block of region %d belongs to another", i);
      if (!check_block(v, op, b, shape->terminators[i])) return false;
    }
  }
  return true;
}

/* ---- attributes and groups --------------------------------------------------------------------------------------- */

static bool check_attr(Verifier *v, const Op *op, const Item *item) {
  const Attr *a = ir_attr(op, item->text);
  if (!a) return ir_wrong(v, op, "attribute '%s' is missing", item->text);
  bool fits = true;
  switch (item->syntax) {
  case AS_STRING: fits = a->kind == ATTR_STRING; break;
  case AS_SYMBOL: fits = a->kind == ATTR_SYMBOL; break;
  case AS_INT: fits = a->kind == ATTR_INT; break;
  case AS_PARAMS: fits = a->kind == ATTR_DIALECT && !strcmp(a->text, item->dialect); break;
  case AS_ENUM:
    if (item->keywords->is_number)
      fits = a->kind == ATTR_INT && ir_enum_keyword(item->keywords, a->integer);
    else
      fits = a->kind == ATTR_ENUM && ir_enum_value(item->keywords, a->text) >= 0;
    break;
  default: break;
  }
  return fits || ir_wrong(v, op, "attribute '%s' is not of the right kind", item->text);
}

static bool check_shape(Verifier *v, const Op *op) {
  const Format *f = ir_format(v->cx, op->code);
  int sizes[MAX_GROUPS], single = 0;
  bool variadic = false;
  if (!op->nsuccessors && !ir_group_sizes(op, f->operands, f->noperands, sizes))
    return ir_wrong(v, op, "%d operands do not fit (%s)", op->noperands, ir_info(op)->operands);
  for (int i = 0; i < f->nresults; i++) {
    single += !f->results[i].kind;
    variadic |= f->results[i].kind == '*';
  }
  /* What a function or loop returns is not in the table's groups. */
  if (op->nresults < single || (!variadic && op->nresults != single))
    return ir_wrong(v, op, "it has %d results, not %d", op->nresults, single);
  for (int i = 0; i < f->nitems; i++) {
    const Item *item = &f->items[i];
    if (item->kind == F_OPTIONAL) {
      const Item *anchor = &f->items[item->anchor];
      if (anchor->kind == F_ATTR && ir_attr(op, anchor->text) && anchor->syntax != AS_UNIT &&
          !check_attr(v, op, anchor))
        return false;
      i = item->end - 1;
    } else if (item->kind == F_ATTR && !check_attr(v, op, item)) {
      return false;
    }
  }
  return true;
}

/* ---- the walk ---------------------------------------------------------------------------------------------------- */

static bool check_op(Verifier *v, const Op *op) {
  if (!check_use_lists(v, op) || !check_successors(v, op) || !check_regions(v, op) || !check_shape(v, op)) return false;
  for (int i = 0; i < op->noperands; i++)
    if (!check_dominance(v, op, i)) return false;
  return ir_verify_types(v, op);
}

/* The op after `op` in a walk of everything below `root`, children after their parent; NULL at the end. */
static Op *next_op(const Op *op, const Op *root) {
  Op *next = ir_first_below(op);
  while (!next && op != root) {
    next = ir_next_in_tree(op);
    op = ir_parent(op);
  }
  return next;
}

static bool check_module(Verifier *v, const Module *m) {
  if (m->op->code != OP_MODULE || m->op->nregions != 1 || m->op->regions[0] != m->body || m->body->op != m->op ||
      !m->body->first)
    return ir_wrong(v, m->op, "the module is not whole");
  intptr_t order = 0;
  for (Op *op = m->op; op; op = next_op(op, m->op)) op->data = (void *)order++;
  for (const Op *op = m->body->first->first; op; op = op->next) {
    const char *name = intern(v->cx, ir_func_name(op));
    if (op->code != OP_FUNC) continue;
    if (map_has(&v->functions, name)) return ir_wrong(v, op, "there are two functions called '%s'", name);
    map_put(v->cx, &v->functions, name, (void *)op);
  }
  if (!check_regions(v, m->op)) return false;
  for (const Op *op = next_op(m->op, m->op); op; op = next_op(op, m->op))
    if (!check_op(v, op)) return false;
  return true;
}

const char *ir_verify_at(Ctx *cx, const Module *m, const Op **where) {
  Verifier v = {.cx = cx, .module = m};
  if (check_module(&v, m)) return NULL;
  if (where) *where = v.where;
  return v.wrong;
}

static bool can_be_named(const Op *op) {
  for (const Op *p = op; p; p = ir_parent(p))
    if (p->code == OP_MODULE) return true;
  return false;
}

const char *ir_verify(Ctx *cx, const Module *m) {
  const Op *where = NULL;
  const char *wrong = ir_verify_at(cx, m, &where);
  if (!wrong) return NULL;
  Buf b = {.cx = cx};
  buf_puts(&b, wrong);
  const Op *func = where && where->code != OP_FUNC ? ir_enclosing(where, OP_FUNC) : NULL;
  if (func) buf_printf(&b, " (in function '%s')", ir_func_name(func));
  if (where && where->nregions == 0 && can_be_named(where)) {
    buf_puts(&b, "\n  ");
    ir_print_op(&b, where, (PrintOptions){.no_locations = true});
  }
  return b.s;
}

void ir_check(Ctx *cx, const Module *m, const char *when) {
  const Op *where = NULL;
  const char *wrong = ir_verify_at(cx, m, &where);
  if (!wrong) return;
  const Op *func = where && where->code != OP_FUNC ? ir_enclosing(where, OP_FUNC) : where;
  Buf b = {.cx = cx};
  if (func && can_be_named(func)) ir_print_op(&b, func, (PrintOptions){.no_locations = true});
  ctx_fail(cx, ERR_INTERNAL, "the IR is wrong %s: %s\n%s", when, wrong, buf_text(&b));
}
