/* split_pointers.c: loop-carried tensors of pointers that advance by a uniform step.
 *
 * Problem: kernels walk through memory by a loop-carried tensor of pointers, `p = p + step`. Carried as it is, p is
 * opaque inside the loop: its contiguity, and that it is one base with fixed strides, is lost, and 64 bits per element
 * have to be kept.
 *
 * Idea: if all that happens to the tensor in an iteration is adding the same number to every element, then
 *     p (this iteration) = p (at first) + splat(o),    o = sum of the steps so far.
 * So p at first becomes an invariant tensor, computed before the loop where everything about it is known, and the
 * scalar o is carried instead, in 64 bits (an offset of a pointer counts elements and may grow beyond 32 bits over the
 * loop though each step fits). The step may differ from one iteration to the next. Tensors of integers (offsets,
 * indices for masks) are treated likewise; there o has the width of the elements, so that it wraps around as they do.
 *
 * A slot qualifies when what is yielded is a chain of addptr (addi, for integers) with splat offsets that begins at the
 * slot's own block argument. Cost: linear in the length of the chains.
 *
 * A target whose threads hold a tensor in registers (split-indices) gains only where p at first is not held either: where
 * it is a base and constant strides, what a thread has of it is one number and constants. Then a column of 128 indices, of
 * which a thread holds 32, takes one register over the loop. Pointers stay: one is stepped as cheaply as computed.
 */
#include "index/index.h"
#include "opt/internal.h"

typedef struct CarriedSlot {
  Op *loop;
  int index;
} CarriedSlot;

typedef struct Split {
  Ctx *cx;
  Vec(CarriedSlot) slots;
} Split;

enum { MOST_STEPS = 16 }; /* in one iteration's chain */

typedef struct Chain {
  Value *steps[MOST_STEPS]; /* scalars */
  int n;
} Chain;

static bool qualifies(const Type *t) { return ir_is_tensor(t) && (ir_is_ptr(t->elem) || ir_is_int(t->elem)); }

/* The scalar that all elements of `v` are: the operand of a splat, or a new scalar constant before `at`. NULL if
 * there is none. */
static Value *uniform(Ctx *cx, Value *v, Op *at) {
  if (v->op && v->op->code == OP_SPLAT) return ir_operand(v->op, 0);
  const Attr *a = ir_const_value(v);
  if (!a || a->kind != ATTR_SPLAT) return NULL;
  Builder b = ir_before(cx, at);
  return ir_const_attr(&b, a->items[0]->type, a->items[0]);
}

/* Is `next` = arg + splat + splat …? Every link but the last step's may have other uses; they see arg + the steps so
 * far. */
static bool chain_of(Ctx *cx, Value *next, const Value *arg, Chain *chain) {
  Opcode step = ir_is_ptr(arg->type->elem) ? OP_ADDPTR : OP_ADDI;
  chain->n = 0;
  for (Value *v = next; v != arg; v = ir_operand(v->op, 0)) {
    if (!v->op || v->op->code != step || chain->n == MOST_STEPS) return false;
    Value *s = uniform(cx, ir_operand(v->op, 1), v->op);
    if (!s && step == OP_ADDI && ir_operand(v->op, 1) == arg && (s = uniform(cx, ir_operand(v->op, 0), v->op))) {
      chain->steps[chain->n++] = s;
      return true;
    }
    if (!s) return false;
    chain->steps[chain->n++] = s;
  }
  return chain->n > 0;
}

/* `x`, an integer, in `type`: extended as a signed number. */
static Value *widened(Builder *b, Value *x, Type *type) {
  return x->type == type ? x : ir_make(b, OP_EXTSI, type, x, NULL);
}

/* tensor + splat(offset) */
static Value *moved(Builder *b, Value *tensor, Value *offset) {
  Type *offsets = ir_tensor_like(b->cx, tensor->type, offset->type);
  Value *splat = ir_make(b, OP_SPLAT, offsets, offset, NULL);
  return ir_make(b, ir_is_ptr(tensor->type->elem) ? OP_ADDPTR : OP_ADDI, tensor->type, tensor, splat, NULL);
}

static void split_slot(Ctx *cx, Op *loop, int slot, const Chain *chain) {
  Block *body = ir_entry(loop, 0);
  Value *init = ir_loop_init(loop, slot);
  Type *type = ir_is_ptr(init->type->elem) ? ir_int(cx, 64) : init->type->elem;
  Builder before = ir_before(cx, loop);
  Value *zero = ir_const_int(&before, type, 0);
  opt_add_carried(cx, loop, &zero, 1);
  Value *arg = ir_loop_arg(loop, slot), *offset = body->args[body->nargs - 1];
  Op *yield = ir_terminator(body);
  Builder end = ir_before(cx, yield);
  Value *next = offset;
  for (int i = chain->n; i-- > 0;)
    next = ir_make(&end, OP_ADDI, type, next, widened(&end, chain->steps[i], type), NULL);
  ir_add_operand(cx, yield, next);
  /* The old slot stays for now and carries its initial value; opt_dce drops it. */
  ir_set_operand(yield, slot, init);
  Builder top = {cx, body, body->first, loop->loc};
  Value *now = moved(&top, init, offset);
  ir_move_hints(cx, arg, now);
  ir_replace_all(arg, now);
  Builder after = {cx, loop->block, loop->next, loop->loc};
  if (!ir_unused(&loop->results[slot]))
    ir_replace_all(&loop->results[slot], moved(&after, init, &loop->results[loop->nresults - 1]));
}

static void collect(Op *op, void *arg) {
  Split *s = arg;
  if (op->code != OP_FOR) return;
  for (int i = 0; i < op->nresults; i++)
    if (qualifies(op->results[i].type)) vec_push(s->cx, &s->slots, ((CarriedSlot){op, i}));
}

static bool split(Ctx *cx, Module *m, const Split *s) {
  bool changed = false;
  for (uint32_t i = 0; i < s->slots.len; i++) {
    Op *loop = s->slots.at[i].loop;
    int slot = s->slots.at[i].index;
    Chain chain;
    if (!chain_of(cx, ir_loop_yield(loop, slot), ir_loop_arg(loop, slot), &chain)) continue;
    split_slot(cx, loop, slot, &chain);
    changed = true;
  }
  if (changed) {
    opt_dce(cx, m);
    opt_fold(cx, m);
  }
  return changed;
}

bool opt_split_pointers(Ctx *cx, Module *m) {
  Split s = {.cx = cx};
  ir_walk(m->op, collect, &s); /* outer loops first: what they make invariant is uniform further in */
  return split(cx, m, &s);
}

/* Is a tensor of integers a base and constant strides? */
static bool has_constant_strides(IndexInfo *ix, const Value *v) {
  int64_t stride;
  for (int axis = 0; axis < v->type->rank; axis++)
    if (v->type->shape[axis] > 1 && !index_const_stride(index_of(ix, v), axis, &stride)) return false;
  return ir_is_int(v->type->elem);
}

bool opt_split_indices(Ctx *cx, Module *m) {
  Split all = {.cx = cx}, s = {.cx = cx};
  ir_walk(m->op, collect, &all);
  IndexInfo *ix = all.slots.len ? index_analyze(cx, m) : NULL;
  for (uint32_t i = 0; i < all.slots.len; i++)
    if (has_constant_strides(ix, ir_loop_init(all.slots.at[i].loop, all.slots.at[i].index)))
      vec_push(cx, &s.slots, all.slots.at[i]);
  return split(cx, m, &s);
}
