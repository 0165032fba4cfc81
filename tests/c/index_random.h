/* index_random.h: random programs over integers and pointers: arithmetic, shapes, loads, loops, conditionals, masks,
 * hints, assumptions. Products with large constants may overflow.
 */
#ifndef TRITONC_INDEX_RANDOM_H
#define TRITONC_INDEX_RANDOM_H

#include "index_run.h"

/* ---- random programs --------------------------------------------------------------------------------------------- */

enum { MOST_VALUES = 400 };

typedef struct Gen {
  Ctx *cx;
  uint64_t state, seed;
  Builder b;
  Value *pool[MOST_VALUES];
  int n, depth;
  Value *zero, *zeros; /* an argument that is 0, which the analysis does not know */
  bool lies;           /* hints promise what is not so: for the strict analysis, which ignores them */
} Gen;

static int below(Gen *g, int n) {
  g->state += 0x9E3779B97F4A7C15u;
  return (int)(mix(g->state) % (uint64_t)n);
}

static const int64_t shapes[][3] = {{1}, {16}, {8}, {8, 1}, {1, 16}, {8, 16}, {16, 8}, {2, 4, 16}};
static const int ranks[] = {0, 1, 1, 2, 2, 2, 2, 3};

static Type *shaped(Gen *g, Type *elem, int shape) {
  return ranks[shape] ? ir_tensor(g->cx, elem, ranks[shape], shapes[shape], NULL) : elem;
}

static Value *push(Gen *g, Value *v) {
  if (g->n < MOST_VALUES)
    g->pool[g->n++] = v;
  else
    g->pool[below(g, MOST_VALUES)] = v;
  return v;
}

/* A value of the pool of this type, rather a late one; made if there is none. */
static Value *any(Gen *g, Type *t);

static bool is_wanted(const Value *v, int bits, bool tensor) {
  const Type *e = elem_of(v->type);
  if (ir_is_tensor(v->type) != tensor) return false;
  return bits ? e->kind == TYPE_INT && e->bits == bits : e->kind == TYPE_PTR;
}

/* bits 0: a pointer */
static Value *pick(Gen *g, int bits, bool tensor) {
  Value *found = NULL;
  for (int tries = 0; tries < 60 && !found; tries++) {
    Value *v = g->pool[g->n - 1 - below(g, below(g, 2) && g->n > 12 ? 12 : g->n)];
    if (is_wanted(v, bits, tensor)) found = v;
  }
  for (int i = g->n; i-- > 0 && !found;)
    if (is_wanted(g->pool[i], bits, tensor)) found = g->pool[i];
  return found;
}

static int64_t small_constant(Gen *g) {
  static const int64_t some[] = {0, 1, 1, 2, 3, 4, 5, 7, 8, 8, 12, 16, 16, 32, 64, 100, -1, -4};
  return some[below(g, (int)COUNT(some))];
}

/* Programs of these seeds divide, and take the smaller, of numbers without a sign, too. */
#define UNSIGNED_SEEDS (UINT64_C(1) << 32)
/* Those of these have numbers at the ends of their types besides. */
#define END_SEEDS (UINT64_C(1) << 33)

static int64_t constant(Gen *g, int bits) {
  if (g->seed < END_SEEDS || below(g, 3)) return small_constant(g);
  int64_t top = (int64_t)(UINT64_MAX >> (65 - bits)), near = below(g, 3) ? 0 : below(g, 40);
  return below(g, 2) ? top - near : -top - 1 + near;
}

static Value *splatted(Gen *g, Value *x, Type *like) {
  return ir_is_tensor(like) ? ir_make(&g->b, OP_SPLAT, ir_tensor_like(g->cx, like, x->type), x, NULL) : x;
}

static Value *any(Gen *g, Type *t) {
  const Type *e = elem_of(t);
  for (int tries = 0; tries < 12; tries++) {
    Value *v = g->pool[below(g, g->n)];
    if (v->type == t) return v;
  }
  if (e->kind == TYPE_PTR) {
    Value *p = NULL;
    for (int i = 0; i < g->n && !p; i++)
      if (g->pool[i]->type == e) p = g->pool[i];
    return splatted(g, p, t);
  }
  if (e->bits == 1) return ir_const_int(&g->b, t, below(g, 2));
  if (!ir_is_tensor(t) || below(g, 3) == 0) return ir_const_int(&g->b, t, constant(g, e->bits));
  Value *x = pick(g, e->bits, false);
  return x ? splatted(g, x, t) : ir_const_int(&g->b, t, constant(g, e->bits));
}

static Opcode unsigned_of(Opcode code) {
  switch (code) {
  case OP_DIVSI: return OP_DIVUI;
  case OP_REMSI: return OP_REMUI;
  case OP_MINSI: return OP_MINUI;
  case OP_MAXSI: return OP_MAXUI;
  default: return code;
  }
}

static Value *binary(Gen *g) {
  static const Opcode codes[] = {OP_ADDI, OP_ADDI, OP_ADDI, OP_SUBI, OP_MULI,  OP_MULI,  OP_DIVSI, OP_REMSI, OP_REMSI,
                                 OP_ANDI, OP_ORI,  OP_XORI, OP_SHLI, OP_SHRSI, OP_SHRUI, OP_MINSI, OP_MAXSI};
  Value *x = pick(g, below(g, 3) ? 32 : 64, below(g, 4) != 0);
  if (!x) return NULL;
  Opcode code = codes[below(g, (int)COUNT(codes))];
  bool is_constant = below(g, 2) || code == OP_SHLI || code == OP_SHRSI || code == OP_SHRUI;
  int64_t k = code == OP_SHLI || code == OP_SHRSI || code == OP_SHRUI ? below(g, 5)
                                                                      : constant(g, elem_of(x->type)->bits);
  if ((code == OP_DIVSI || code == OP_REMSI) && k < 1) k = 8;
  if (g->seed >= UNSIGNED_SEEDS && below(g, 2)) code = unsigned_of(code);
  if (code == OP_ANDI && k > 0 && below(g, 2)) k = 7;
  if (code == OP_MULI && below(g, 12) == 0) k = 0x1E3779B1 + 2 * below(g, 1000); /* a hash */
  Value *y = is_constant ? ir_const_int(&g->b, x->type, k) : any(g, x->type);
  return below(g, 5) ? ir_make(&g->b, code, NULL, x, y, NULL) : ir_make(&g->b, code, NULL, y, x, NULL);
}

static Value *pointer(Gen *g) {
  Value *p = pick(g, 0, below(g, 3) != 0);
  if (!p) return NULL;
  if (below(g, 2)) {
    Value *i = pick(g, below(g, 3) ? 32 : 64, true);
    if (!i) return NULL;
    Type *t = ir_tensor_like(g->cx, i->type, elem_of(p->type) == p->type ? p->type : p->type->elem);
    return ir_make(&g->b, OP_ADDPTR, NULL, any(g, t), i, NULL);
  }
  return ir_make(&g->b, OP_ADDPTR, NULL, p,
                 any(g, ir_tensor_like(g->cx, p->type, ir_int(g->cx, below(g, 3) ? 32 : 64))), NULL);
}

static Value *cast(Gen *g) {
  switch (below(g, 7)) {
  case 0: {
    Value *x = pick(g, 64, true);
    return x ? ir_make(&g->b, OP_TRUNCI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 32)), x, NULL) : NULL;
  }
  case 1: {
    Value *p = pick(g, 0, below(g, 2));
    return p ? ir_make(&g->b, OP_PTR_TO_INT, ir_tensor_like(g->cx, p->type, ir_int(g->cx, 64)), p, NULL) : NULL;
  }
  case 2: {
    Value *x = pick(g, 64, below(g, 2));
    return x ? ir_make(&g->b, OP_INT_TO_PTR, ir_tensor_like(g->cx, x->type, ir_ptr(g->cx, ir_int(g->cx, 64), 1)), x,
                       NULL)
             : NULL;
  }
  case 3: {
    Value *p = pick(g, 0, true);
    return p ? ir_make(&g->b, OP_TT_BITCAST, ir_tensor_like(g->cx, p->type, ir_ptr(g->cx, ir_int(g->cx, 32), 1)), p,
                       NULL)
             : NULL;
  }
  case 4: {
    Value *x = pick(g, 1, true);
    return x ? ir_make(&g->b, OP_EXTUI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 32)), x, NULL) : NULL;
  }
  default: {
    Value *x = pick(g, 32, below(g, 2));
    return ir_make(&g->b, below(g, 3) ? OP_EXTSI : OP_EXTUI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 64)), x,
                   NULL);
  }
  }
}

static Value *rearranged(Gen *g) {
  Value *x = pick(g, (int[]){32, 32, 64, 0, 1}[below(g, 5)], true);
  if (!x) return NULL;
  Type *t = x->type, *i32 = ir_int(g->cx, 32);
  Builder *b = &g->b;
  if (t->rank == 1 && below(g, 2)) {
    int axis = t->shape[0] == 16 ? 0 : 1;
    Value *v = ir_make(b, OP_EXPAND_DIMS, shaped(g, t->elem, axis ? 3 : 4), x, NULL);
    ir_set_attr(g->cx, v->op, "axis", ir_attr_int(g->cx, i32, axis));
    return v;
  }
  if (t->rank == 2 && (t->shape[0] == 1 || t->shape[1] == 1))
    return ir_make(b, OP_BROADCAST, shaped(g, t->elem, 5), x, NULL);
  if (t->rank == 2 && below(g, 2)) {
    Value *v = ir_make(b, OP_TRANS, shaped(g, t->elem, t->shape[0] == 8 ? 6 : 5), x, NULL);
    ir_set_attr(g->cx, v->op, "order", ir_attr_ints(g->cx, i32, (int64_t[]){1, 0}, 2));
    return v;
  }
  if (ir_numel(t) == 128) return ir_make(b, OP_RESHAPE, shaped(g, t->elem, (int[]){5, 6, 7}[below(g, 3)]), x, NULL);
  if (ir_numel(t) == 16 && below(g, 2)) {
    Type *pair = ir_tensor(g->cx, t->elem, 2, (int64_t[]){8, 2}, NULL), *half = shaped(g, t->elem, 2);
    Value *v = ir_make(b, OP_RESHAPE, pair, x, NULL);
    Op *split = ir_op(b, OP_SPLIT, (Type *[]){half, half}, 2, &v, 1);
    push(g, &split->results[1]);
    return &split->results[0];
  }
  if (t->rank == 1 && t->shape[0] == 8) {
    Value *v = ir_make(b, OP_JOIN, ir_tensor(g->cx, t->elem, 2, (int64_t[]){8, 2}, NULL), x, any(g, t), NULL);
    return ir_make(b, OP_RESHAPE, shaped(g, t->elem, 1), v, NULL);
  }
  return NULL;
}

static Value *compared(Gen *g) {
  static const char *const names[] = {"slt", "slt", "slt", "sle", "sgt", "sge", "ult", "uge", "eq", "ne", "ule", "ugt"};
  Value *x = pick(g, below(g, 3) ? 32 : 64, below(g, 6) != 0);
  if (!x) return NULL;
  Value *y = any(g, x->type);
  bool swap = below(g, 2);
  Value *v =
      ir_make(&g->b, OP_CMPI, ir_tensor_like(g->cx, x->type, ir_int(g->cx, 1)), swap ? y : x, swap ? x : y, NULL);
  ir_set_attr(g->cx, v->op, "predicate", ir_attr_enum(g->cx, names[below(g, g->seed < END_SEEDS ? 10 : (int)COUNT(names))]));
  return v;
}

static Value *chosen(Gen *g) {
  Value *c = pick(g, 1, below(g, 3) != 0);
  if (!c) return NULL;
  Value *x = pick(g, (int[]){32, 32, 64, 0}[below(g, 4)], true);
  if (!x) return NULL;
  if (ir_is_tensor(c->type)) {
    Type *t = ir_tensor_like(g->cx, c->type, elem_of(x->type) == x->type ? x->type : x->type->elem);
    return ir_make(&g->b, OP_SELECT, t, c, any(g, t), any(g, t), NULL);
  }
  return ir_make(&g->b, OP_SELECT, x->type, c, x, any(g, x->type), NULL);
}

static Value *masks_joined(Gen *g) {
  Value *x = pick(g, 1, true);
  return x ? ir_make(&g->b, below(g, 5) ? OP_ANDI : OP_ORI, NULL, x, any(g, x->type), NULL) : NULL;
}

static Value *loaded(Gen *g) {
  Value *p = pick(g, 0, below(g, 4) != 0);
  if (!p) return NULL;
  Type *t = ir_tensor_like(g->cx, p->type, elem_of(p->type)->elem);
  if (below(g, 2)) return ir_make(&g->b, OP_LOAD, t, p, NULL);
  return ir_make(&g->b, OP_LOAD, t, p, any(g, ir_tensor_like(g->cx, p->type, ir_int(g->cx, 1))), any(g, t), NULL);
}

/* What only a hint says: x ^ 0, the 0 not known. */
static Value *hinted(Gen *g) {
  Type *i32 = ir_int(g->cx, 32), *t = shaped(g, i32, 1);
  Attr *sixteen = ir_attr_int(g->cx, i32, 16);
  Value *range = ir_make(&g->b, OP_MAKE_RANGE, t, NULL), *k = splatted(g, pick(g, 32, false), t);
  ir_set_attr(g->cx, range->op, "start", ir_attr_int(g->cx, i32, 0));
  ir_set_attr(g->cx, range->op, "end", sixteen);
  Value *x = below(g, 2) ? ir_make(&g->b, OP_MULI, NULL, k, ir_const_int(&g->b, t, 16), NULL) : NULL;
  bool run = !x || below(g, 2);
  Value *v = ir_make(&g->b, OP_XORI, NULL,
                     !x    ? range
                     : run ? ir_make(&g->b, OP_ADDI, NULL, x, range, NULL)
                           : x,
                     g->zeros, NULL);
  if (g->lies) v = ir_make(&g->b, OP_MULI, NULL, v, ir_const_int(&g->b, t, 3), NULL);
  if (run) ir_set_attr(g->cx, v->op, "tt.contiguity", sixteen);
  ir_set_attr(g->cx, v->op, "tt.divisibility", sixteen);
  if (!run) ir_set_attr(g->cx, v->op, "tt.constancy", sixteen);
  return v;
}

static void statements(Gen *g, int n);

/* Something of type t that a loop may yield for its argument. */
static Value *yielded(Gen *g, Value *arg) {
  Type *t = arg->type, *e = ir_elem(t);
  if (e->kind == TYPE_INT && e->bits == 1) return any(g, t);
  switch (below(g, 6)) {
  case 0: return any(g, t);
  case 1: return arg;
  default: {
    Type *i = ir_tensor_like(g->cx, t, e->kind == TYPE_PTR ? ir_int(g->cx, 32) : e);
    Value *by = below(g, 2) ? ir_const_int(&g->b, i, small_constant(g)) : splatted(g, any(g, ir_elem(i)), i);
    return ir_make(&g->b, e->kind == TYPE_PTR ? OP_ADDPTR : OP_ADDI, NULL, arg, by, NULL);
  }
  }
}

static void loop_or_choice(Gen *g) {
  Value *inits[8], *yields[8];
  Type *types[8];
  int n = 1 + below(g, 3), kind = below(g, 3), pool = g->n;
  for (int i = 0; i < n; i++) {
    do inits[3 + i] = g->pool[below(g, g->n)];
    while (kind == 2 && i == 0 && !is_wanted(inits[3], 32, false));
    types[i] = inits[3 + i]->type;
  }
  Type *i32 = ir_int(g->cx, 32);
  Builder outer = g->b;
  Loc *loc = ir_loc_unknown(g->cx);
  g->depth++;
  if (kind == 0) {
    Op *op = ir_op(&g->b, OP_IF, types, n, (Value *[]){any(g, ir_int(g->cx, 1))}, 1);
    outer = g->b;
    for (int r = 0; r < 2; r++) {
      g->b = ir_at_end(g->cx, ir_add_block(g->cx, ir_add_region(g->cx, op)));
      g->b.loc = loc;
      statements(g, 2 + below(g, 5));
      for (int i = 0; i < n; i++) yields[i] = below(g, 3) ? yielded(g, inits[3 + i]) : any(g, types[i]);
      ir_op(&g->b, OP_YIELD, NULL, 0, yields, n);
      g->n = pool;
    }
    g->b = outer;
    for (int i = 0; i < n; i++) push(g, &op->results[i]);
  } else if (kind == 1) {
    inits[0] = ir_const_int(&g->b, i32, below(g, 3) * 4);
    inits[1] = below(g, 2) ? ir_const_int(&g->b, i32, 20 + below(g, 9)) : any(g, i32);
    inits[2] = ir_const_int(&g->b, i32, 1 << below(g, 4));
    bool is_unsigned = g->seed >= UNSIGNED_SEEDS && below(g, 2);
    if (is_unsigned && below(g, 2)) { /* over the largest signed number, or to it */
      inits[0] = ir_const_int(&g->b, i32, INT32_MAX - below(g, 40));
      inits[1] = below(g, 2) ? ir_const_int(&g->b, i32, INT32_MIN + below(g, 40)) : any(g, i32);
    }
    Op *op = ir_op(&g->b, OP_FOR, types, n, inits, 3 + n);
    if (is_unsigned) ir_set_attr(g->cx, op, "unsignedCmp", ir_attr_unit(g->cx));
    outer = g->b;
    Block *body = ir_add_block(g->cx, ir_add_region(g->cx, op));
    push(g, ir_add_arg(g->cx, body, i32, loc));
    for (int i = 0; i < n; i++) push(g, ir_add_arg(g->cx, body, types[i], loc));
    g->b = ir_at_end(g->cx, body);
    g->b.loc = loc;
    statements(g, 3 + below(g, 8));
    for (int i = 0; i < n; i++) yields[i] = yielded(g, body->args[1 + i]);
    ir_op(&g->b, OP_YIELD, NULL, 0, yields, n);
    g->n = pool;
    g->b = outer;
    for (int i = 0; i < n; i++) push(g, &op->results[i]);
  } else {
    Op *op = ir_op(&g->b, OP_WHILE, types, n, inits + 3, n);
    outer = g->b;
    Block *before = ir_add_block(g->cx, ir_add_region(g->cx, op)),
          *after = ir_add_block(g->cx, ir_add_region(g->cx, op));
    for (int i = 0; i < n; i++) push(g, ir_add_arg(g->cx, before, types[i], loc));
    g->b = ir_at_end(g->cx, before);
    g->b.loc = loc;
    statements(g, below(g, 4));
    Value *more = ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), before->args[0], ir_const_int(&g->b, i32, 40), NULL);
    ir_set_attr(g->cx, more->op, "predicate", ir_attr_enum(g->cx, "slt"));
    yields[0] = more;
    for (int i = 0; i < n; i++) yields[1 + i] = below(g, 4) ? before->args[i] : any(g, types[i]);
    ir_op(&g->b, OP_CONDITION, NULL, 0, yields, n + 1);
    g->n = pool;
    for (int i = 0; i < n; i++) push(g, ir_add_arg(g->cx, after, types[i], loc));
    g->b = ir_at_end(g->cx, after);
    g->b.loc = loc;
    statements(g, 2 + below(g, 5));
    for (int i = 0; i < n; i++) yields[i] = yielded(g, after->args[i]);
    ir_op(&g->b, OP_YIELD, NULL, 0, yields, n);
    g->n = pool;
    g->b = outer;
    for (int i = 0; i < n; i++) push(g, &op->results[i]);
  }
  g->depth--;
}

static void statements(Gen *g, int n) {
  for (int i = 0; i < n; i++) {
    int k = below(g, 24);
    if (k == 0 && g->depth < 3) {
      loop_or_choice(g);
      continue;
    }
    Value *v = k < 7    ? binary(g)
               : k < 11 ? pointer(g)
               : k < 13 ? cast(g)
               : k < 18 ? rearranged(g)
               : k < 20 ? compared(g)
               : k < 21 ? chosen(g)
               : k < 22 ? masks_joined(g)
               : k < 23 ? loaded(g)
                        : hinted(g);
    if (v) push(g, v);
  }
}

enum { POINTERS = 3, INTEGERS = 5 };

static int64_t argument(uint64_t seed, int i) {
  if (i < POINTERS) return (int64_t)(mix(seed * 31 + (uint64_t)i) % 4096) * 16 + 65536;
  if (i == POINTERS) return 0; /* not known */
  int64_t x = (int64_t)(mix(seed * 37 + (uint64_t)i) % 12);
  return i == POINTERS + 1 ? x * 16 : i == POINTERS + 2 ? x * 4 + 1 : x;
}

static Module *random_module(Gen *g) {
  Type *i32 = ir_int(g->cx, 32), *types[POINTERS + INTEGERS];
  for (int i = 0; i < POINTERS; i++) types[i] = ir_ptr(g->cx, ir_int(g->cx, (int[]){32, 32, 64}[i]), 1);
  for (int i = 0; i < INTEGERS; i++) types[POINTERS + i] = i32;
  int n = POINTERS + INTEGERS;
  Module *m = ir_module_new(g->cx);
  Op *f = ir_func_new(m, "f", ir_func_type(g->cx, types, n, NULL, 0), true, ir_loc_unknown(g->cx));
  Attr *facts[POINTERS + INTEGERS];
  const char *name = intern(g->cx, "tt.divisibility");
  for (int i = 0; i < n; i++) {
    Attr *sixteen = ir_attr_int(g->cx, i32, 16);
    facts[i] = ir_attr_dict(g->cx, &name, &sixteen, i < POINTERS || i == POINTERS + 1);
  }
  ir_set_attr(g->cx, f, "arg_attrs", ir_attr_array(g->cx, facts, n));
  Block *entry = ir_entry(f, 0);
  g->b = ir_at_end(g->cx, entry);
  g->b.loc = ir_loc_unknown(g->cx);
  for (int i = 0; i < n; i++) push(g, entry->args[i]);
  g->zero = entry->args[POINTERS];
  g->zeros = splatted(g, g->zero, shaped(g, i32, 1));
  Value *pid = push(g, ir_make(&g->b, OP_PROGRAM_ID, i32, NULL));
  ir_set_attr(g->cx, pid->op, "axis", ir_attr_int(g->cx, i32, 0));
  for (int shape = 1; shape < 3; shape++) {
    Value *v = push(g, ir_make(&g->b, OP_MAKE_RANGE, shaped(g, i32, shape), NULL));
    int64_t start = below(g, 3) * 8;
    ir_set_attr(g->cx, v->op, "start", ir_attr_int(g->cx, i32, start));
    ir_set_attr(g->cx, v->op, "end", ir_attr_int(g->cx, i32, start + shapes[shape][0]));
  }
  Value *flag = push(g, ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), pid, entry->args[n - 1], NULL));
  ir_set_attr(g->cx, flag->op, "predicate", ir_attr_enum(g->cx, "slt"));
  /* What is known of the arguments, said as tl.assume does. */
  Value *odd = entry->args[POINTERS + 2], *one = ir_const_int(&g->b, i32, 0);
  Value *positive = ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), odd, one, NULL);
  ir_set_attr(g->cx, positive->op, "predicate", ir_attr_enum(g->cx, "sgt"));
  Value *tail = ir_make(&g->b, OP_REMSI, NULL, entry->args[POINTERS + 1], ir_const_int(&g->b, i32, 16), NULL);
  Value *whole = ir_make(&g->b, OP_CMPI, ir_int(g->cx, 1), tail, one, NULL);
  ir_set_attr(g->cx, whole->op, "predicate", ir_attr_enum(g->cx, "eq"));
  ir_effect(&g->b, OP_ASSUME, ir_make(&g->b, OP_ANDI, NULL, positive, whole, NULL), NULL);
  statements(g, 30 + below(g, 30));
  ir_effect(&g->b, OP_RETURN, NULL);
  return m;
}

#endif
