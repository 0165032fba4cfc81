/* query.c: questions about ops and values, and the walk over them. */
#include "ir/internal.h"

#include <assert.h>
#include <string.h>

bool ir_one_use(const Value *v) { return v->uses && !v->uses->next; }

Op *ir_parent(const Op *op) { return op->block ? op->block->region->op : NULL; }

Op *ir_enclosing(const Op *op, Opcode code) {
  for (Op *p = ir_parent(op); p; p = ir_parent(p))
    if (p->code == code) return p;
  return NULL;
}

bool ir_defined_outside(const Value *v, const Op *op) {
  for (const Block *b = ir_defining_block(v); b;) {
    const Op *holder = b->region->op;
    if (holder == op) return false;
    b = holder ? holder->block : NULL;
  }
  return true;
}

static int depth_of(const Op *op) {
  int n = 0;
  for (const Op *p = ir_parent(op); p; p = ir_parent(p)) n++;
  return n;
}

static bool before_in_block(const Op *a, const Op *b) {
  /* Searches in both directions at once: the cost is that of the nearer end. */
  const Op *down = a->next, *up = b->prev;
  for (;;) {
    if (!down || !up) return down ? up == a : false;
    if (down == b || up == a) return true;
    down = down->next, up = up->prev;
  }
}

/* Does every path from the region's entry to `b` pass through `a`? Remove `a` and see whether `b` is still reachable.
 * The worklist is a queue linked through the blocks themselves. */
bool ir_block_dominates(const Block *a, const Block *b) {
  Block *entry = a->region->first, *last = entry;
  if (a == b || a == entry) return true;
  if (b == entry) return false;
  for (Block *x = entry; x; x = x->next) x->queued = false, x->queue_next = NULL;
  entry->queued = true;
  for (Block *x = entry; x; x = x->queue_next) {
    for (int s = 0; x->last && s < x->last->nsuccessors; s++) {
      Block *to = x->last->successors[s];
      if (to == b) return false;
      if (to == a || to->queued) continue;
      to->queued = true;
      last->queue_next = to;
      last = to;
    }
  }
  return true;
}

bool ir_dominates(const Op *a, const Op *b) {
  int da = depth_of(a), db = depth_of(b);
  if (db < da) return false;
  for (; db > da; db--) {
    b = ir_parent(b);
    if (b == a) return false; /* an op's results are not available inside its own regions */
  }
  if (a == b || !a->block || !b->block || a->block->region != b->block->region) return false;
  if (a->block == b->block) return before_in_block(a, b);
  return ir_block_dominates(a->block, b->block);
}

Op *ir_terminator(const Block *b) { return b->last && ir_has(b->last, T_TERMINATOR) ? b->last : NULL; }

/* ---- walking ----------------------------------------------------------------------------------------------------- */

/* The first op in the first non-empty block at or after `b` or in a later region of the same op. */
static Op *first_from(Block *b, const Op *holder, int region) {
  for (;;) {
    for (; b; b = b->next)
      if (b->first) return b->first;
    if (++region >= holder->nregions) return NULL;
    b = holder->regions[region]->first;
  }
}

Op *ir_first_below(const Op *op) { return op->nregions ? first_from(op->regions[0]->first, op, 0) : NULL; }

Op *ir_next_in_tree(const Op *op) {
  if (op->next) return op->next;
  const Op *holder = ir_parent(op);
  if (!holder) return NULL;
  int region = 0;
  while (holder->regions[region] != op->block->region) region++;
  return first_from(op->block->next, holder, region);
}

Op *ir_op_after(const Op *op, const Op *root) {
  Op *inner = ir_first_below(op);
  if (inner) return inner;
  for (; op != root; op = ir_parent(op)) {
    Op *next = ir_next_in_tree(op);
    if (next) return next;
  }
  return NULL;
}

void ir_walk(Op *root, void (*fn)(Op *op, void *arg), void *arg) {
  /* `fn` may erase its op, so what comes after it is found first: the op's own first child cannot be. Hence the check
   * that the op is still in its block before going down. */
  Op *op = ir_first_below(root);
  while (op) {
    Op *parent = ir_parent(op), *beside = ir_next_in_tree(op);
    fn(op, arg);
    Op *next = op->block ? ir_first_below(op) : NULL;
    if (!next) next = op->block ? ir_next_in_tree(op) : beside;
    while (!next && parent && parent != root) {
      next = ir_next_in_tree(parent);
      parent = ir_parent(parent);
    }
    op = next;
  }
}

static Op *deepest_first(Op *op) {
  for (Op *down; (down = ir_first_below(op));) op = down;
  return op;
}

void ir_walk_post(Op *root, void (*fn)(Op *op, void *arg), void *arg) {
  Op *op = ir_first_below(root);
  if (!op) return;
  op = deepest_first(op);
  for (;;) {
    Op *parent = ir_parent(op), *beside = ir_next_in_tree(op);
    fn(op, arg);
    if (beside)
      op = deepest_first(beside);
    else if (parent == root || !parent)
      return;
    else
      op = parent;
  }
}

static bool any_has(const Op *op, unsigned trait) {
  if (ir_ops[op->code].traits & trait) return true;
  const Op *at = ir_first_below(op);
  while (at) {
    if (ir_ops[at->code].traits & trait) return true;
    const Op *next = ir_first_below(at);
    while (!next && at != op) {
      next = ir_next_in_tree(at);
      if (!next) at = ir_parent(at);
    }
    at = next;
  }
  return false;
}

bool ir_has_effects(const Op *op) { return any_has(op, T_WRITE); }
bool ir_reads_memory(const Op *op) { return any_has(op, T_READ); }

/* ---- constants --------------------------------------------------------------------------------------------------- */

bool ir_rearranges(const Op *op) {
  switch (op->code) {
  case OP_SPLAT:
  case OP_BROADCAST:
  case OP_EXPAND_DIMS:
  case OP_TRANS:
  case OP_RESHAPE:
  case OP_CONVERT_LAYOUT: return true;
  default: return false;
  }
}

Value *ir_moved_pointer(const Op *op) {
  bool moves = ir_rearranges(op) || op->code == OP_ADDPTR || op->code == OP_TT_BITCAST;
  return moves ? ir_operand(op, 0) : NULL;
}

Attr *ir_const_value(const Value *v) { return v->op && v->op->code == OP_CONSTANT ? ir_attr(v->op, "value") : NULL; }

/* The scalar attribute that all elements of `v` are equal to, looking through ops that only change the shape. */
static const Attr *uniform(const Value *v) {
  while (v->op && (ir_rearranges(v->op) || v->op->code == OP_UNSPLAT)) v = ir_operand(v->op, 0);
  const Attr *a = ir_const_value(v);
  return a && a->kind == ATTR_SPLAT ? a->items[0] : a;
}

bool ir_is_const_int(const Value *v, int64_t *x) {
  const Attr *a = uniform(v);
  if (!a || (a->kind != ATTR_INT && a->kind != ATTR_BOOL)) return false;
  if (x) *x = a->integer;
  return true;
}

bool ir_reshape_trivial(const Op *op) {
  const Type *a = ir_operand(op, 0)->type, *b = op->results[0].type;
  int i = 0, j = 0;
  for (;;) {
    while (i < a->rank && a->shape[i] == 1) i++;
    while (j < b->rank && b->shape[j] == 1) j++;
    if (i == a->rank || j == b->rank) return i == a->rank && j == b->rank;
    if (a->shape[i++] != b->shape[j++]) return false;
  }
}

/* The dimension of `to` in a trivial reshape that is `dim` of `from`; -1: a dimension of one element is none. */
static int reshaped_dim(const Type *from, const Type *to, int dim) {
  int before = 0, d = 0;
  if (from->shape[dim] == 1) return -1;
  for (int i = 0; i < dim; i++) before += from->shape[i] != 1;
  while (to->shape[d] == 1 || before-- > 0) d++;
  return d;
}

int ir_dim_to_result(const Op *op, int dim) {
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  switch (op->code) {
  case OP_BROADCAST:
  case OP_CONVERT_LAYOUT: return dim;
  case OP_EXPAND_DIMS: return dim + (dim >= axis);
  case OP_REDUCE: return dim == axis ? -1 : dim - (dim > axis);
  case OP_SCAN: return dim == axis ? -1 : dim;
  case OP_RESHAPE: return ir_reshape_trivial(op) ? reshaped_dim(ir_operand(op, 0)->type, op->results[0].type, dim) : -1;
  case OP_TRANS: {
    const Attr *order = ir_attr(op, "order");
    for (int d = 0; d < order->n; d++)
      if (order->ints[d] == dim) return d;
    return -1;
  }
  default: return -1;
  }
}

int ir_dim_to_operand(const Op *op, int dim) {
  int axis = (int)ir_attr_int_or(op, "axis", 0);
  switch (op->code) {
  case OP_BROADCAST:
  case OP_CONVERT_LAYOUT: return dim;
  case OP_EXPAND_DIMS: return dim - (dim > axis);
  case OP_REDUCE: return dim + (dim >= axis);
  case OP_SCAN: return dim == axis ? -1 : dim;
  case OP_RESHAPE: return ir_reshape_trivial(op) ? reshaped_dim(op->results[0].type, ir_operand(op, 0)->type, dim) : -1;
  case OP_TRANS: return (int)ir_attr(op, "order")->ints[dim];
  default: return -1;
  }
}

bool ir_is_const_float(const Value *v, double *x) {
  const Attr *a = uniform(v);
  if (!a || a->kind != ATTR_FLOAT) return false;
  if (x) *x = a->number;
  return true;
}

bool ir_is_zero(const Value *v) {
  double f;
  int64_t i;
  return (ir_is_const_float(v, &f) && f == 0) || (ir_is_const_int(v, &i) && i == 0);
}

/* ---- operand groups ---------------------------------------------------------------------------------------------- */

int ir_groups(const char *column, OperandGroup groups[MAX_GROUPS]) {
  int n = 0;
  for (const char *s = column; *s;) {
    int len = 0;
    while (s[len] && s[len] != ' ' && s[len] != '?' && s[len] != '*') len++;
    assert(n < MAX_GROUPS);
    char kind = s[len] == '?' || s[len] == '*' ? s[len] : 0;
    groups[n++] = (OperandGroup){s, len, kind};
    s += len + (kind != 0);
    while (*s == ' ') s++;
  }
  return n;
}

bool ir_group_sizes(const Op *op, const OperandGroup *groups, int n, int sizes[MAX_GROUPS]) {
  int single = 0, optional = 0, variadic = 0;
  for (int i = 0; i < n; i++) {
    single += !groups[i].kind;
    optional += groups[i].kind == '?';
    variadic += groups[i].kind == '*';
  }
  if (ir_has(op, T_MULTI_SEGMENT)) {
    const Attr *a = ir_attr(op, "operandSegmentSizes");
    if (!a || a->kind != ATTR_INTS || a->n != n) return false;
    int64_t sum = 0;
    for (int i = 0; i < n; i++) {
      int64_t size = a->ints[i];
      if (size < 0 || size > op->noperands || (!groups[i].kind && size != 1) || (groups[i].kind == '?' && size > 1))
        return false;
      sizes[i] = (int)size;
      sum += size;
    }
    return sum == op->noperands;
  }
  /* Without sizes: optional ones are present from the left; variadic ones share the remaining ones evenly. */
  int rest = op->noperands - single;
  if (rest < 0) return false;
  if (variadic && (optional || rest % variadic)) return false;
  if (!variadic && rest > optional) return false;
  for (int i = 0; i < n; i++) {
    if (!groups[i].kind)
      sizes[i] = 1;
    else if (groups[i].kind == '*')
      sizes[i] = rest / variadic;
    else if (rest > 0)
      sizes[i] = 1, rest--;
    else
      sizes[i] = 0;
  }
  return true;
}

int ir_operand_group(const Op *op, const char *name, int *first) {
  OperandGroup groups[MAX_GROUPS];
  int sizes[MAX_GROUPS], n = ir_groups(ir_ops[op->code].operands, groups), at = 0;
  if (first) *first = 0;
  if (!ir_group_sizes(op, groups, n, sizes)) return 0;
  for (int i = 0; i < n; at += sizes[i++]) {
    if ((int)strlen(name) != groups[i].len || strncmp(name, groups[i].name, (size_t)groups[i].len) != 0) continue;
    if (first) *first = at;
    return sizes[i];
  }
  return 0;
}

/* ---- predicates -------------------------------------------------------------------------------------------------- */

static const ComparePredicate predicates[] = {
    {"eq", "eq", "ne"},    {"ne", "ne", "eq"},    {"slt", "sgt", "sge"}, {"sle", "sge", "sgt"}, {"sgt", "slt", "sle"},
    {"sge", "sle", "slt"}, {"ult", "ugt", "uge"}, {"ule", "uge", "ugt"}, {"ugt", "ult", "ule"}, {"uge", "ule", "ult"},
};
static const ComparePredicate float_predicates[] = {
    {"oeq", "oeq", "une"}, {"ogt", "olt", "ule"}, {"oge", "ole", "ult"}, {"olt", "ogt", "uge"}, {"ole", "oge", "ugt"},
    {"one", "one", "ueq"}, {"ord", "ord", "uno"}, {"ueq", "ueq", "one"}, {"ugt", "ult", "ole"}, {"uge", "ule", "olt"},
    {"ult", "ugt", "oge"}, {"ule", "uge", "ogt"}, {"une", "une", "oeq"}, {"uno", "uno", "ord"},
};

const ComparePredicate *ir_predicate(Opcode code, const char *name) {
  const ComparePredicate *table = code == OP_CMPF ? float_predicates : predicates;
  size_t n = code == OP_CMPF ? COUNT(float_predicates) : COUNT(predicates);
  for (size_t i = 0; i < n; i++)
    if (!strcmp(table[i].name, name)) return &table[i];
  return NULL;
}
