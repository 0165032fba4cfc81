/* tma.c: which tensor descriptors become tensor maps, for the copy engine (TMA).
 *
 * Problem. From sm_90 on a tensor descriptor can be a tensor map: 128 bytes in memory that tell the copy engine where a
 * tensor lies, and one thread moves a whole block between global and shared memory. Not every descriptor can: the engine
 * has rules for types, sizes and strides, and knows no rows in any order on sm_90. The others stay base, shape and
 * strides: opt/descriptors.c. A map is an argument, or the launch makes it (tma_launch.c), or the program does, of what is
 * its own (tma_device.c), where index/ knows the base and the strides to be multiples of 16 bytes.
 *
 * Idea. Descriptors that control flow brings together must be of one kind, so values are joined into classes (union-find
 * over loops, branches and selections), and a class becomes tensor maps if all that it comes from and all that is done
 * with it can. Its type then says how a block lies in shared memory, as the reference's does:
 *
 *     !tt.tensordesc<tensor<128x64xbf16, #ttg.nvmma_shared<..>>>
 *
 * Rows of 32, 64 or 128 bytes and more are swizzled, so that tensor cores read the block as it lies; blocks of fewer than
 * eight rows are dense. A block wider than the swizzle is moved in several copies (messages), each of the map's box.
 *
 * The engine clips a load at the tensor's bounds element by element, but a store in steps of 16 bytes: a tensor that
 * it writes must have rows that end on such a step, or it would overwrite what follows them. The launch says so of its
 * descriptors (tt.divisibility of the last size), a program's own sizes are asked of index/.
 *
 * Along the last dimension it takes steps of 16 bytes, too: a coordinate between two is an illegal instruction (seen on
 * an H100; the manuals do not say so). Where index/ does not know the last coordinate to be such a multiple, the class
 * stays as it is. A store or reduction that begins at a negative coordinate is an illegal instruction as well (seen on an
 * H200; a load may): a class that is written where index/ knows of numbers below 0 stays as it is. A coordinate of which
 * it knows nothing, such as an argument, is taken not to be negative.
 *
 * Memory that a kernel reaches by ordinary loads and stores as well as by the engine, one of them writing, would need
 * fences between the two proxies: such a class stays as it is. Arguments of a kernel are assumed not to alias.
 *
 * Invariant: calls are inlined and control flow is structured. Cost: linear, but for the classes' inverse Ackermann.
 * Source: PTX ISA, "Tensors", "cp.async.bulk.tensor"; CUDA driver API, "Tensor Map Object Management".
 */
#include "gpu/passes/passes.h"

#include <string.h>

/* ---- how a block lies ------------------------------------------------------------------------------------------- */

enum { MAX_MESSAGES = 64, MAX_BLOCK_BYTES = 128 << 10 };

static bool can_be_element(const Type *t) {
  if (t->kind == TYPE_INT) return t->bits >= 8 && t->bits <= 64;
  return t->kind == TYPE_FLOAT;
}

static int64_t rows_of(const Type *block) {
  int64_t rows = 1;
  for (int d = 0; d + 1 < block->rank; d++) rows *= block->shape[d];
  return rows;
}

/* How a block lies in shared memory. */
static Attr *encoding_of(Ctx *cx, const Type *block) {
  int bytes = ir_elem_bytes(block->elem), order[LAYOUT_MAX_DIMS];
  int64_t line = block->shape[block->rank - 1] * bytes;
  if (rows_of(block) >= 8 && block->rank >= 2)
    return gpu_nvmma_shared(cx, line >= 128 ? 128 : line >= 32 ? (int)line : 0, false, 8 * bytes);
  for (int i = 0; i < block->rank; i++) order[i] = block->rank - 1 - i;
  return gpu_swizzled_shared(cx, 1, 1, 1, order, block->rank);
}

static Type *tma_type(Ctx *cx, Type *desc) {
  return ir_tensordesc(cx, gpu_with(cx, desc->elem, encoding_of(cx, desc->elem)), desc->sign);
}

static bool can_be_block(Ctx *cx, Type *desc) {
  const Type *t = desc->elem;
  if (t->rank < 1 || t->rank > TMA_MAX_RANK || t->encoding || !can_be_element(t->elem)) return false;
  int64_t line = t->shape[t->rank - 1] * ir_elem_bytes(t->elem), bytes = ir_numel(t) * ir_elem_bytes(t->elem);
  return line >= 16 && bytes <= MAX_BLOCK_BYTES && gpu_tma_messages(tma_type(cx, desc)->elem) <= MAX_MESSAGES;
}

/* Of the maps that a launch makes of one pointer, the first stands for all. */
const Value *gpu_tma_base(const Value *desc) {
  if (!desc->op) {
    const Op *func = desc->block->region->op;
    if (func->code != OP_FUNC) return NULL;
    int64_t pointer = gpu_tma_launch_pointer(func, desc->index);
    for (int i = 0; pointer >= 0 && i < desc->index; i++)
      if (gpu_tma_launch_pointer(func, i) == pointer) return desc->block->args[i];
    return desc;
  }
  if (desc->op->code == OP_MAKE_TENSOR_DESC) return gpu_base_of(ir_operand(desc->op, 0));
  if (desc->op->code != OP_REINTERPRET_DESC) return NULL;
  for (const Use *u = ir_operand(desc->op, 0)->uses; u; u = u->next)
    if (u->op->code == OP_TENSORMAP_CREATE && ir_operand(u->op, 0) == ir_operand(desc->op, 0))
      return gpu_base_of(ir_operand(u->op, 1));
  return NULL;
}

/* ---- classes ----------------------------------------------------------------------------------------------------- */

typedef struct Class {
  struct Class *parent; /* NULL: this is the representative */
  bool refused, writes;
  bool ragged; /* rows may end within 16 bytes */
  int again;   /* ops that make one of them in a loop */
} Class;

typedef struct ClassMember {
  Value *v;
  Class *class;
} ClassMember;

typedef struct Made {
  Op *op;
  Attr *code; /* tma_launch.c; NULL: the program makes it */
} Made;

typedef struct Base { /* what memory is accessed */
  const Value *base;
  bool writes;
  Class *class; /* NULL: an ordinary access */
} Base;

typedef struct Choose {
  Ctx *cx;
  Map classes; /* Value to Class */
  Vec(ClassMember) members;
  Vec(Base) bases;
  Op *func;
  IndexInfo *index;
  Vec(Made) made;
  Map order; /* Op to its number, from 1 */
  intptr_t nops;
} Choose;

static bool is_desc(const Value *v) { return v->type->kind == TYPE_TENSORDESC; }

static Class *find(Class *c) {
  while (c->parent) {
    if (c->parent->parent) c->parent = c->parent->parent;
    c = c->parent;
  }
  return c;
}

static Class *class_of(Choose *c, Value *v) {
  Class *k = map_get(&c->classes, v);
  if (k) return find(k);
  k = NEW(c->cx, Class);
  map_put(c->cx, &c->classes, v, k);
  vec_push(c->cx, &c->members, ((ClassMember){v, k}));
  k->refused = !can_be_block(c->cx, v->type);
  return k;
}

static void join(Choose *c, Value *a, Value *b) {
  if (!is_desc(a)) return;
  Class *x = class_of(c, a), *y = class_of(c, b);
  if (x == y) return;
  y->parent = x;
  x->refused |= y->refused;
  x->writes |= y->writes;
  x->ragged |= y->ragged;
  x->again += y->again;
}

static void refuse(Choose *c, Value *v) {
  if (is_desc(v)) class_of(c, v)->refused = true;
}

static void join_while(Choose *c, Op *op) {
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  Op *yield = ir_terminator(after);
  for (int i = 0; i < before->nargs; i++) {
    join(c, before->args[i], ir_operand(op, i));
    join(c, before->args[i], ir_operand(yield, i));
  }
  for (int i = 0; i < after->nargs; i++) {
    join(c, after->args[i], ir_while_passed(op, i));
    join(c, after->args[i], &op->results[i]);
  }
}

static void note_base(Choose *c, const Value *ptr, bool writes, Class *class) {
  Base b = {gpu_base_of(ptr), writes, class};
  vec_push(c->cx, &c->bases, b);
}

/* PTX ISA, cp.reduce.async.bulk.tensor: what is done to which types. */
static bool can_reduce(const Op *op) {
  const Type *t = ir_operand(op, 0)->type->elem->elem;
  const char *kind = ir_attr_text_or(op, "kind", "");
  bool is_unsigned = ir_operand(op, 0)->type->sign == 'u';
  if (t->kind == TYPE_FLOAT && t->bits == 32) return !strcmp(kind, "add");
  if (t->kind == TYPE_FLOAT) return t->bits == 16 && (!strcmp(kind, "add") || kind[0] == 'm');
  /* Of 64 bits, sums are of unsigned numbers; on an H100 `and` of signed ones is an illegal instruction. */
  return t->bits == 32 || (t->bits == 64 && (kind[0] == 'm' || (is_unsigned && !strcmp(kind, "add"))));
}

/* `size`: the last of the shape. */
static void note_size(Choose *c, Value *desc, const Value *size) {
  if (index_of(c->index, size)->axis[0].divisibility * ir_elem_bytes(desc->type->elem->elem) % 16 != 0)
    class_of(c, desc)->ragged = true;
}

/* Does the block's last coordinate lie on a step of 16 bytes? The last operand of all accesses. */
static void check_coordinate(Choose *c, Op *op) {
  Value *desc = ir_operand(op, 0), *last = ir_operand(op, op->noperands - 1);
  if (index_of(c->index, last)->axis[0].divisibility * ir_elem_bytes(desc->type->elem->elem) % 16 != 0) refuse(c, desc);
}

/* What writes has to begin inside: numbers that only an unknown one can reach do not count. */
static void check_beginning(Choose *c, Op *op) {
  const int64_t unknown = -(INT64_C(1) << 30);
  class_of(c, ir_operand(op, 0))->writes = true;
  for (int i = 2; i < op->noperands; i++) {
    int64_t lo = index_of(c->index, ir_operand(op, i))->lo;
    if (lo < 0 && lo > unknown) refuse(c, ir_operand(op, 0));
  }
  check_coordinate(c, op);
}

/* Can a program make the map? */
static bool can_be_made(Choose *c, const Op *make) {
  const Type *block = make->results[0].type->elem;
  int bytes = ir_elem_bytes(block->elem);
  int64_t last;
  if (!ir_is_const_int(ir_desc_stride(make, block->rank - 1), &last) || last != 1) return false;
  if (index_of(c->index, ir_operand(make, 0))->axis[0].divisibility % 16 != 0) return false;
  for (int d = 0; d + 1 < block->rank; d++)
    if (index_of(c->index, ir_desc_stride(make, d))->axis[0].divisibility * bytes % 16 != 0) return false;
  return true;
}

static void visit_make(Choose *c, Op *op) {
  Attr *code = gpu_tma_launch_code(c->cx, c->func, op);
  if (!code && !can_be_made(c, op)) refuse(c, &op->results[0]);
  if (!code && gpu_in_loop(op)) class_of(c, &op->results[0])->again++;
  note_size(c, &op->results[0], ir_operand(op, op->results[0].type->elem->rank));
  vec_push(c->cx, &c->made, ((Made){op, code}));
  note_base(c, ir_operand(op, 0), false, class_of(c, &op->results[0]));
}

static void visit(Op *op, void *arg) {
  Choose *c = arg;
  map_put(c->cx, &c->order, op, (void *)++c->nops);
  switch (op->code) {
  case OP_FOR:
    for (int i = 0; i < op->nresults; i++) {
      join(c, ir_loop_arg(op, i), ir_loop_init(op, i));
      join(c, ir_loop_arg(op, i), ir_loop_yield(op, i));
      join(c, ir_loop_arg(op, i), &op->results[i]);
    }
    return;
  case OP_IF:
    for (int i = 0; i < op->nresults; i++)
      for (int r = 0; r < 2; r++) join(c, &op->results[i], ir_operand(ir_terminator(ir_entry(op, r)), i));
    return;
  case OP_WHILE: join_while(c, op); return;
  case OP_SELECT:
    join(c, &op->results[0], ir_operand(op, 1));
    join(c, &op->results[0], ir_operand(op, 2));
    return;
  case OP_YIELD:
  case OP_CONDITION:
  case OP_FUNC: return;
  case OP_MAKE_TENSOR_DESC: visit_make(c, op); return;
  case OP_DESC_REDUCE:
    if (!can_reduce(op)) refuse(c, ir_operand(op, 0));
    check_beginning(c, op);
    return;
  case OP_DESC_LOAD: check_coordinate(c, op); return;
  case OP_DESC_STORE: check_beginning(c, op); return;
  case OP_LOAD: note_base(c, ir_operand(op, 0), false, NULL); break;
  case OP_STORE:
  case OP_ATOMIC_RMW:
  case OP_ATOMIC_CAS: note_base(c, ir_operand(op, 0), true, NULL); break;
  default: break;
  }
  for (int i = 0; i < op->noperands; i++) refuse(c, ir_operand(op, i));
  for (int i = 0; i < op->nresults; i++) refuse(c, &op->results[i]);
}

static void visit_arguments(Choose *c, const Op *func) {
  Block *entry = ir_entry(func, 0);
  bool is_kernel = strcmp(ir_attr_text_or(func, "sym_visibility", "public"), "private") != 0;
  for (int i = 0; i < entry->nargs; i++) {
    if (!is_desc(entry->args[i])) continue;
    int rank = is_kernel ? opt_kernel_descriptor(ir_func_signature(func), i) : 0;
    if (rank)
      note_size(c, entry->args[i], entry->args[i + rank]);
    else
      refuse(c, entry->args[i]);
  }
}

/* The same memory by ordinary accesses and by copies, one of them writing: not without fences. A refused class is
 * accessed in the ordinary way, so this is repeated to a fixed point. */
static bool refuse_mixed(Choose *c) {
  Map ordinary = {0}; /* base to whether it is written, plus one */
  for (uint32_t i = 0; i < c->bases.len; i++) {
    const Base *b = &c->bases.at[i];
    const Class *class = b->class ? find(b->class) : NULL;
    if (!b->base || (class && !class->refused)) continue;
    intptr_t old = (intptr_t)map_get(&ordinary, b->base);
    bool writes = class ? class->writes : b->writes;
    map_put(c->cx, &ordinary, b->base, (void *)(intptr_t)(writes || old == 2 ? 2 : 1));
  }
  bool changed = false;
  for (uint32_t i = 0; i < c->bases.len; i++) {
    const Base *b = &c->bases.at[i];
    Class *class = b->class && b->base ? find(b->class) : NULL;
    intptr_t other = class && !class->refused ? (intptr_t)map_get(&ordinary, b->base) : 0;
    if (other == 2 || (other && class->writes)) class->refused = changed = true;
  }
  return changed;
}

/* A map that a loop's program makes is written over that of the iteration before, which nothing may need by then. */
static void refuse_live(Choose *c) {
  Map makes = {0}; /* Class to the last such op, and on to the one before */
  for (uint32_t i = 0; i < c->made.len; i++) {
    Op *make = c->made.at[i].op;
    if (c->made.at[i].code || !gpu_in_loop(make)) continue;
    Class *k = find(class_of(c, &make->results[0]));
    if (k->again > TMA_MAX_MAKES) k->refused = true;
    map_put(c->cx, &makes, make, map_get(&makes, k));
    map_put(c->cx, &makes, k, make);
  }
  for (uint32_t i = 0; i < c->members.len; i++) {
    Class *k = find(c->members.at[i].class);
    for (const Op *make = map_get(&makes, k); make && !k->refused; make = map_get(&makes, make))
      if (c->members.at[i].v->op != make && gpu_tma_live_at(&c->order, c->members.at[i].v, make)) k->refused = true;
  }
}

static void make_maps(Choose *c) {
  for (uint32_t i = 0; i < c->made.len; i++) {
    const Made *made = &c->made.at[i];
    if (!gpu_tma_is_map(made->op->results[0].type)) continue;
    if (made->code)
      gpu_tma_pass_at_launch(c->cx, c->func, made->op, made->code);
    else
      gpu_tma_make_in_program(c->cx, made->op);
  }
}

bool gpu_choose_tma(Ctx *cx, Module *m) {
  bool changed = false;
  IndexInfo *index = index_analyze(cx, m);
  for (Op *func = m->body->first->first; func; func = func->next) {
    if (func->code != OP_FUNC || !func->regions[0]->first) continue;
    Choose c = {.cx = cx, .func = func, .index = index};
    visit_arguments(&c, func);
    ir_walk(func, visit, &c);
    Block *entry = ir_entry(func, 0);
    for (int i = 0; i < entry->nargs; i++)
      if (is_desc(entry->args[i])) class_of(&c, entry->args[i]);
    for (uint32_t i = 0; i < c.members.len; i++) {
      Class *k = find(c.members.at[i].class);
      k->refused |= k->writes && k->ragged;
    }
    refuse_live(&c);
    while (refuse_mixed(&c));
    for (uint32_t i = 0; i < c.members.len; i++) {
      Value *v = c.members.at[i].v;
      if (find(c.members.at[i].class)->refused) continue;
      v->type = tma_type(cx, v->type);
      changed = true;
    }
    make_maps(&c);
    if (changed) gpu_tma_set_inputs(cx, func);
  }
  gpu_place_maps(cx, m);
  return changed;
}
