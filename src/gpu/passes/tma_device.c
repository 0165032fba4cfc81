/* tma_device.c: tensor maps that a program makes itself, and the memory they lie in.
 *
 * Problem. A descriptor of what only the program knows (a pointer that it loaded, a shape that depends on the program's
 * number) can be a tensor map, but the program has to write its 128 bytes to global memory, for the copy engine to read
 * them there. Idea. As the reference's IR says it:
 *
 *     ttg.global_scratch_alloc               memory of the program's own
 *     ttng.tensormap_create                  the map is put together in shared memory and copied there
 *     ttng.tensormap_fenceproxy_acquire      from here on the engine may read it
 *     ttng.reinterpret_tensor_descriptor     the memory as a descriptor
 *
 * The launch gives one piece of memory for all programs, as the kernel's last argument (TMA_SCRATCH: the bytes that each
 * program has of it), and an alloc is an offset into the program's part.
 *
 * One slot for one op. In a loop the op writes its slot again in each iteration, so no descriptor of earlier iterations
 * may be in use by then: none that joins the op's own (class, tma.c) may be live where the op stands. With structured
 * control flow a value is live there if the op is in a loop that the value is defined before and used in; or if the value
 * is used after the op, in a block that holds both. Copies that are still under way when the slot is written again are
 * waited for by the op itself (lower/tma.c).
 *
 * Cost: an op in a loop asks for each use of each value of its class, up the nesting; a class with more than
 * TMA_MAX_MAKES such ops stays pointers, so it is linear.
 */
#include "gpu/passes/passes.h"
#include "opt/internal.h"

enum { MAP_ALIGN = 128, MAP_BYTES = 128 };

/* ---- may the slot be written again? ------------------------------------------------------------------------------ */

/* The op of `block` that `op` is or lies in; NULL: it is outside. */
static const Op *within(const Block *block, const Op *op) {
  while (op && op->block != block) op = op->block ? op->block->region->op : NULL;
  return op;
}

static intptr_t number_of(const Map *order, const Op *op) { return (intptr_t)map_get(order, op); }

/* Is `user` reached after `make`, in the innermost block that holds both, without the next iteration of a loop? */
static bool is_behind(const Map *order, const Op *user, const Op *make) {
  for (const Op *at = make; at && at->block; at = at->block->region->op) {
    const Op *there = within(at->block, user);
    if (there) return there != at && number_of(order, there) > number_of(order, at);
  }
  return false;
}

bool gpu_in_loop(const Op *op) {
  for (op = op->block->region->op; op && op->code != OP_FUNC; op = op->block->region->op)
    if (op->code == OP_FOR || op->code == OP_WHILE) return true;
  return false;
}

/* The outermost loop around `make` that does not hold `v`'s definition. */
static const Op *loop_after(const Value *v, const Op *make) {
  const Op *loop = NULL;
  for (const Op *op = make->block->region->op; op && op->code != OP_FUNC; op = op->block->region->op) {
    if (!ir_defined_outside(v, op)) break;
    if (op->code == OP_FOR || op->code == OP_WHILE) loop = op;
  }
  return loop;
}

/* Is `v` in scope where `make` stands? */
static bool is_before(const Map *order, const Value *v, const Op *make) {
  const Op *there = within(ir_defining_block(v), make);
  return there && (!v->op || number_of(order, v->op) < number_of(order, there));
}

bool gpu_tma_live_at(const Map *order, const Value *v, const Op *make) {
  if (!is_before(order, v, make)) return false;
  const Op *loop = loop_after(v, make);
  for (const Use *u = v->uses; u; u = u->next) {
    for (int r = 0; loop && r < loop->nregions; r++)
      if (within(ir_entry((Op *)loop, r), u->op)) return true;
    if (is_behind(order, u->op, make)) return true;
  }
  return false;
}

/* ---- making it --------------------------------------------------------------------------------------------------- */

void gpu_tma_make_in_program(Ctx *cx, Op *make) {
  const Type *block = make->results[0].type->elem;
  Builder b = ir_before(cx, make);
  Type *i32 = ir_int(cx, 32), *i64 = ir_int(cx, 64), *memory = ir_ptr(cx, ir_int(cx, 8), 1);
  int rank = block->rank, n = 0;
  int64_t box[LAYOUT_MAX_DIMS];
  Value *operands[2 + 4 * LAYOUT_MAX_DIMS];
  gpu_tma_box(block, box);
  Op *scratch = ir_op(&b, OP_GLOBAL_SCRATCH, &memory, 1, NULL, 0);
  ir_set_int(cx, scratch, "alignment", MAP_ALIGN);
  ir_set_int(cx, scratch, "nbytes", MAP_BYTES);
  operands[n++] = &scratch->results[0];
  operands[n++] = ir_operand(make, 0);
  for (int d = rank - 1; d >= 0; d--) operands[n++] = ir_const_int(&b, i32, box[d]);
  for (int d = rank - 1; d >= 0; d--) operands[n++] = ir_desc_extent(make, d);
  Value *bytes = ir_const_int(&b, i64, ir_elem_bytes(block->elem));
  for (int d = rank - 2; d >= 0; d--) operands[n++] = ir_make(&b, OP_MULI, i64, ir_desc_stride(make, d), bytes, NULL);
  for (int d = 0; d < rank; d++) operands[n++] = ir_const_int(&b, i32, 1);
  Op *create = ir_op(&b, OP_TENSORMAP_CREATE, NULL, 0, operands, n);
  int64_t sizes[] = {1, 1, rank, rank, rank - 1, rank};
  ir_set_attr(cx, create, "operandSegmentSizes", ir_attr_ints(cx, i32, sizes, COUNT(sizes)));
  ir_set_int(cx, create, "elem_type", gpu_tma_elem_type(make->results[0].type));
  ir_set_int(cx, create, "fill_mode", ir_attr_int_or(make, "padding", 1) == 2);
  ir_set_int(cx, create, "interleave_layout", 0);
  ir_set_int(cx, create, "swizzle_mode", gpu_tma_swizzle(block));
  ir_effect(&b, OP_TENSORMAP_ACQUIRE, &scratch->results[0], NULL);
  Value *desc = ir_make(&b, OP_REINTERPRET_DESC, make->results[0].type, &scratch->results[0], NULL);
  desc->hint = make->results[0].hint;
  ir_replace_all(&make->results[0], desc);
  ir_erase(make);
}

/* ---- its memory -------------------------------------------------------------------------------------------------- */

typedef struct Scratches {
  Ctx *cx;
  Vec(Op *) at;
} Scratches;

static void collect(Op *op, void *arg) {
  Scratches *s = arg;
  if (op->code == OP_GLOBAL_SCRATCH) vec_push(s->cx, &s->at, op);
}

static Value *grid_value(Builder *b, Opcode code, int axis) {
  Value *v = ir_make(b, code, ir_int(b->cx, 32), NULL);
  ir_set_int(b->cx, v->op, "axis", axis);
  return ir_make(b, OP_EXTSI, ir_int(b->cx, 64), v, NULL);
}

/* x + nx * (y + ny * z) */
static Value *program_number(Builder *b) {
  Value *number = grid_value(b, OP_PROGRAM_ID, 2);
  for (int axis = 1; axis >= 0; axis--) {
    number = ir_make(b, OP_MULI, NULL, number, grid_value(b, OP_NUM_PROGRAMS, axis), NULL);
    number = ir_make(b, OP_ADDI, NULL, number, grid_value(b, OP_PROGRAM_ID, axis), NULL);
  }
  return number;
}

static void place(Ctx *cx, Op *func, const Scratches *s) {
  int64_t total = 0;
  for (uint32_t i = 0; i < s->at.len; i++) {
    int64_t align = max64(MAP_ALIGN, ir_attr_int_or(s->at.at[i], "alignment", 1));
    total = (total + align - 1) / align * align + ir_attr_int_or(s->at.at[i], "nbytes", MAP_BYTES);
  }
  total = (total + MAP_ALIGN - 1) / MAP_ALIGN * MAP_ALIGN;
  Type *memory = ir_ptr(cx, ir_int(cx, 8), 1), *i64 = ir_int(cx, 64);
  Value *all = gpu_tma_add_argument(cx, func, memory, func->loc, TMA_SCRATCH, ir_attr_int(cx, i64, total));
  Builder b = ir_before(cx, ir_entry(func, 0)->first);
  Value *own = ir_make(&b, OP_MULI, NULL, program_number(&b), ir_const_int(&b, i64, total), NULL);
  own = ir_make(&b, OP_ADDPTR, memory, all, own, NULL);
  int64_t at = 0;
  for (uint32_t i = 0; i < s->at.len; i++) {
    Op *op = s->at.at[i];
    int64_t align = max64(MAP_ALIGN, ir_attr_int_or(op, "alignment", 1));
    at = (at + align - 1) / align * align;
    Builder here = ir_before(cx, op);
    Value *slot = ir_make(&here, OP_ADDPTR, memory, own, ir_const_int(&here, i64, at), NULL);
    ir_replace_all(&op->results[0], slot);
    ir_erase(op);
    at += ir_attr_int_or(op, "nbytes", MAP_BYTES);
  }
}

void gpu_place_maps(Ctx *cx, Module *m) {
  for (Op *func = m->body->first->first; func; func = func->next) {
    if (func->code != OP_FUNC || !func->regions[0]->first) continue;
    Scratches s = {.cx = cx};
    ir_walk(func, collect, &s);
    if (!s.at.len) continue;
    place(cx, func, &s);
    gpu_tma_set_inputs(cx, func);
  }
}

int64_t gpu_map_memory(const Op *func) {
  int n = ir_entry((Op *)func, 0)->nargs;
  for (int i = n - 1; i >= 0; i--) {
    const Attr *own = gpu_tma_own_attr(func, i, TMA_SCRATCH);
    if (own && own->kind == ATTR_INT) return own->integer;
  }
  return 0;
}
