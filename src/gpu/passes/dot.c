/* dot.c: which machine operation a dot becomes, and the layout of its accumulator.
 *
 *   wgmma (sm_90)         64 rows per group of four warps, operands in shared memory, A also in registers
 *   mma.sync (sm_80 on)   16 x 8 per warp, operands in registers
 *   multiplications       anything else: f32 at full precision, inner dimensions of fewer than 32 bytes
 *
 * A result of fewer rows or columns than mma.sync has is held several times: the threads whose place is behind the last row
 * begin again with the first, for operands and result alike, and each computes the same.
 *
 * Warps are distributed over the result so that a warp's part is as square as possible, which is what it reads least
 * operands for. Where one dot's result is another's operand (attention), all warps stand below each other instead: then
 * a row belongs to one warp, reductions along it stay in the warp, and the result becomes the next dot's left operand
 * without leaving registers.
 */
#include "gpu/passes/passes.h"

#include "ir/watch.h"

#include <string.h>

/* Which values are computed from a dot's result, and which become a dot's matrix: everything in one go over the ops in
 * their order, and back. */
typedef struct Chains {
  Ctx *cx;
  Vec(Op *) ops;
  Map from_dot, to_dot;
} Chains;

static void look_back(Op *op, void *arg) {
  Chains *c = arg;
  vec_push(c->cx, &c->ops, op);
  bool from = op->code == OP_DOT;
  for (int i = 0; i < op->noperands && !from && op->code != OP_LOAD && !op->nregions; i++)
    from = map_has(&c->from_dot, ir_operand(op, i));
  for (int i = 0; i < op->nresults && from; i++) map_put(c->cx, &c->from_dot, &op->results[i], op);
}

static void look_ahead(Chains *c, const Op *op) {
  bool to = op->nresults == 1 && !op->nregions && op->code != OP_DOT && map_has(&c->to_dot, &op->results[0]);
  for (int i = 0; i < op->noperands; i++)
    if (to || (op->code == OP_DOT && i < 2)) map_put(c->cx, &c->to_dot, ir_operand(op, i), c);
}

static const Chains *chains_of(Coalesce *c) {
  if (c->chains) return c->chains;
  Chains *all = NEW(c->cx, Chains);
  all->cx = c->cx;
  ir_walk(c->module->op, look_back, all);
  for (uint32_t i = all->ops.len; i-- > 0;) look_ahead(all, all->ops.at[i]);
  return c->chains = all;
}

static bool is_chained(Coalesce *c, const Op *dot) {
  const Chains *all = chains_of(c);
  return map_has(&all->from_dot, ir_operand(dot, 0)) || map_has(&all->from_dot, ir_operand(dot, 1)) ||
         map_has(&all->to_dot, &dot->results[0]);
}

bool gpu_dot_is_tf32(const Op *dot) {
  return ir_elem(ir_operand(dot, 0)->type)->fkind == F32 &&
         !strcmp(ir_attr_text_or(dot, "inputPrecision", "ieee"), "tf32");
}

static bool is_fp8(const Type *t) { return t->kind == TYPE_FLOAT && (t->fkind == F8E4M3FN || t->fkind == F8E5M2); }

/* Does a tensor core multiply these, and into what? */
static bool multiplies(const Op *dot, int sm, bool wgmma) {
  const Type *a = ir_elem(ir_operand(dot, 0)->type), *b = ir_elem(ir_operand(dot, 1)->type),
             *d = ir_elem(dot->results[0].type);
  if (a->kind == TYPE_INT) return a->bits == 8 && a == b && d->kind == TYPE_INT && d->bits == 32;
  if (b->kind != TYPE_FLOAT || d->kind != TYPE_FLOAT) return false;
  if (is_fp8(a) && is_fp8(b)) return sm >= 89 && d->fkind == F32;
  if (a != b) return false;
  if (a->fkind == F16) return d->fkind == F32 || d->fkind == F16;
  if (a->fkind == BF16) return d->fkind == F32;
  if (a->fkind == F64) return !wgmma && d->fkind == F64;
  return gpu_dot_is_tf32(dot) && d->fkind == F32;
}

bool gpu_dot_lies_across(IndexInfo *index, const Op *dot, int operand) {
  const Value *v = ir_operand(dot, operand);
  int k_dim = operand == 0 ? 1 : 0;
  while (v->op && v->op->code != OP_LOAD) {
    if (v->op->noperands != 1 && !ir_attr(v->op, GPU_PIECE)) return false;
    if (v->op->code == OP_TRANS) k_dim = 1 - k_dim;
    v = ir_operand(v->op, 0);
  }
  if (!v->op || v->type->rank != 2) return false;
  const Index *a = index_of(index, ir_operand(v->op, 0));
  return a->axis[1 - k_dim].contiguity > a->axis[k_dim].contiguity;
}

const Op *gpu_dot_load(const Op *dot, int operand, bool alone) {
  const Value *v = ir_operand(dot, operand);
  while (v->op && v->op->code == OP_TRANS && (!alone || ir_one_use(v))) v = ir_operand(v->op, 0);
  bool is_loaded = v->op && v->op->code == OP_LOAD && v->op->block == dot->block;
  return is_loaded && (!alone || ir_one_use(v)) ? v->op : NULL;
}

/* A branch of the loop's body ends with a yield, too: that what it gives is carried says nothing of the dot's result. */
int gpu_dot_carried_slot(const Op *dot) {
  const Value *r = &dot->results[0];
  const Op *loop = ir_parent(dot);
  if (!loop || loop->code != OP_FOR || !ir_one_use(r) || r->uses->op != ir_terminator(dot->block)) return -1;
  const Value *arg = ir_loop_arg(loop, r->uses->index);
  return ir_operand(dot, 2) == arg && ir_one_use(arg) ? r->uses->index : -1;
}

/* Of a left operand in registers a group of warps holds its 64 rows, whatever columns are its own: groups side by side
 * hold the same. */
bool gpu_dot_holds_left(const Op *dot, int operand, int num_warps) {
  enum { MOST_REGISTERS = 160, GROUP_ROWS = 64, GROUP_WARPS = 4 }; /* of a thread, the accumulators among them */
  const Type *d = dot->results[0].type;
  int64_t threads = 32 * num_warps, groups = num_warps / GROUP_WARPS;
  int64_t k = ir_operand(dot, operand)->type->shape[operand == 0];
  int64_t registers = ir_numel(d) / threads + max64(d->shape[operand], GROUP_ROWS * groups) * k / threads;
  return gpu_dot_load(dot, operand, true) && registers <= MOST_REGISTERS;
}

/* wgmma reads operands of other than 16 bits along K only. Where memory has them along the other dimension, 8-bit ones are
 * turned on their way through registers; f32 ones stay there if they are the left operand (transpose.c sees to that), and
 * else are better off with mma.sync, whose registers are filled from any order. */
static bool reads_across(Coalesce *c, const Op *dot) {
  return gpu_dot_is_tf32(dot) && gpu_dot_lies_across(c->index, dot, 0) && gpu_dot_holds_left(dot, 0, c->num_warps);
}

static DotEncoding wgmma_plan(Coalesce *c, const Op *dot) {
  const Type *t = dot->results[0].type;
  int64_t warps[2] = {4, 1};
  while (warps[0] * warps[1] < c->num_warps) {
    if (t->shape[0] > 16 * warps[0])
      warps[0] *= 2;
    else
      warps[1] *= 2;
  }
  int elem_bits = ir_elem(ir_operand(dot, 0)->type)->bits;
  int64_t n = min64(256, t->shape[1] / warps[1]);
  int64_t instr[3] = {16, n, 256 / elem_bits};
  return (DotEncoding){gpu_mma(c->cx, 3, 0, 2, warps, instr, 3), DOT_WGMMA, 32 / elem_bits, reads_across(c, dot)};
}

/* How many bits each element has where an operand is loaded, before it is widened. */
static int loaded_bits(const Value *v) {
  int bits = ir_elem(v->type)->bits;
  while (v->op && v->op->code != OP_LOAD && v->op->noperands == 1) {
    v = ir_operand(v->op, 0);
    if (!ir_is_tensor(v->type)) break;
    bits = ir_elem(v->type)->bits;
  }
  return bits;
}

/* How many neighbours along K a thread holds: as many as fill a register. When 8-bit elements are widened to 16 bits, as
 * many as filled a register before: they are read from shared memory as they are. Any order of K will do, as long as it is
 * the same for both operands; but what a dot left in registers has its own. */
static int k_width(Coalesce *c, const Op *dot) {
  const Value *a = ir_operand(dot, 0), *b = ir_operand(dot, 1);
  const Chains *all = chains_of(c);
  int bits = ir_elem(a->type)->bits;
  bool narrow = bits == 16 && (loaded_bits(a) == 8 || loaded_bits(b) == 8);
  bool free = !map_has(&all->from_dot, a) && !map_has(&all->from_dot, b);
  return narrow && free ? 4 : bits > 32 ? 1 : 32 / bits;
}

/* What it takes to have a row of A, or a column of B, in registers: little if ldmatrix reads it, more if each warp that
 * needs it widens it for itself. */
static int64_t operand_cost(const Value *v) { return loaded_bits(v) < ir_elem(v->type)->bits ? 4 : 1; }

/* Warps divide a batch first, whose products share nothing; then the dimension along which each of them would otherwise
 * have more to read and widen. */
static DotEncoding mma_plan(Coalesce *c, const Op *dot, int num_warps) {
  const Type *t = dot->results[0].type;
  int rank = t->rank, m = rank - 2, n = rank - 1;
  int64_t warps[3] = {1, 1, 1}, instr[3] = {1, 1, 1};
  bool chained = is_chained(c, dot);
  int64_t row_cost = operand_cost(ir_operand(dot, 0)), column_cost = operand_cost(ir_operand(dot, 1));
  if (m) warps[0] = min64(t->shape[0], num_warps);
  while (warps[0] * warps[1] * warps[2] < num_warps) {
    int64_t rows = t->shape[m] / warps[m], columns = t->shape[n] / warps[n];
    bool taller = rows * row_cost >= columns * column_cost;
    bool down = columns <= 8 || (rows > 16 && (taller || chained));
    warps[down ? m : n] *= 2;
  }
  instr[m] = 16, instr[n] = 8;
  return (DotEncoding){gpu_mma(c->cx, 2, 0, rank, warps, instr, rank), DOT_MMA, k_width(c, dot), false};
}

/* A square piece for each thread: 4 x 4 if the tile has that many. */
static DotEncoding fma_plan(Ctx *cx, const Op *dot, int num_warps) {
  const Type *t = dot->results[0].type;
  int64_t per_thread[LAYOUT_MAX_DIMS], share = ir_numel(t) / (32 * num_warps);
  int order[LAYOUT_MAX_DIMS];
  for (int i = 0; i < t->rank; i++) per_thread[i] = 1, order[i] = t->rank - 1 - i;
  int64_t side = share >= 16 ? 4 : share >= 4 ? 2 : 1;
  per_thread[t->rank - 1] = min64(side, t->shape[t->rank - 1]);
  per_thread[t->rank - 2] = min64(side, t->shape[t->rank - 2]);
  return (DotEncoding){gpu_blocked(cx, t->rank, t->shape, per_thread, order, num_warps), DOT_FMA, 0, false};
}

bool gpu_dot_has_mma_shape(const Op *dot, int elem_bits, int sm) {
  const Type *t = dot->results[0].type;
  return sm >= 80 && ir_operand(dot, 0)->type->shape[t->rank - 1] * elem_bits >= (elem_bits == 64 ? 512 : 256);
}

/* Why no tensor core multiplies these; NULL: one does. */
static const char *no_product(const Op *dot, int sm, bool wgmma) {
  const Type *a = ir_elem(ir_operand(dot, 0)->type), *b = ir_elem(ir_operand(dot, 1)->type);
  if (multiplies(dot, sm, wgmma)) return NULL;
  if (a != b && !(is_fp8(a) && is_fp8(b))) return "the operands are of different types";
  if (a->kind == TYPE_FLOAT && a->fkind == F32) return "f32 operands at full precision (input_precision=\"ieee\")";
  if (a->kind == TYPE_FLOAT && a->fkind == F64) return "wgmma does not multiply f64";
  if (is_fp8(a) && sm < 89) return "8-bit floats need compute capability 8.9";
  return "no tensor core has this combination of element types";
}

static const char *no_wgmma_shape(const Op *dot, int64_t rows, int64_t columns, int num_warps) {
  const Type *a = ir_operand(dot, 0)->type;
  if (a->rank != 2) return "wgmma multiplies matrices, not batches of them";
  if (num_warps % 4) return "wgmma takes groups of four warps";
  if (rows < 64) return "fewer than 64 rows";
  if (columns < 16) return "fewer than 16 columns";
  if (rows * columns < 16 * 8 * num_warps) return "too few elements for so many warps";
  if (a->shape[1] * ir_elem((Type *)a)->bits < 256) return "the inner dimension has fewer than 32 bytes";
  return NULL;
}

bool gpu_dot_has_wgmma_shape(const Op *dot, int64_t rows, int64_t columns, int num_warps) {
  return !no_wgmma_shape(dot, rows, columns, num_warps);
}

/* Why it does not become wgmma, and why not mma.sync; NULL: it can. */
static const char *no_wgmma(Coalesce *c, const Op *dot, int sm) {
  const int64_t *shape = dot->results[0].type->shape;
  const char *why = no_wgmma_shape(dot, shape[0], shape[1], c->num_warps);
  if (sm < 90 || sm >= 100) return "wgmma is of compute capability 9.0 alone";
  if (why) return why;
  if (gpu_dot_is_tf32(dot) &&
      (gpu_dot_lies_across(c->index, dot, 1) || (gpu_dot_lies_across(c->index, dot, 0) && !reads_across(c, dot))))
    return "wgmma reads tf32 along the inner dimension only, and memory has an operand along the other";
  return no_product(dot, sm, true);
}

static const char *no_mma(const Op *dot, int sm) {
  if (sm < 80) return "mma.sync is used from compute capability 8.0 on";
  if (!gpu_dot_has_mma_shape(dot, ir_elem(ir_operand(dot, 0)->type)->bits, sm))
    return "the inner dimension has fewer than 32 bytes";
  return no_product(dot, sm, false);
}

/* Which it becomes, and why no faster one. */
DotEncoding gpu_dot_plan(Coalesce *c, const Op *dot, int sm) {
  const char *wgmma = no_wgmma(c, dot, sm), *mma = no_mma(dot, sm);
  Remark *r = watch_remark(c->cx, dot->loc, "dot");
  const Type *t = dot->results[0].type, *a = ir_operand(dot, 0)->type;
  remark_text(r, "unit", !wgmma ? "wgmma" : !mma ? "mma.sync" : "fma");
  remark_text(r, "not_wgmma", wgmma);
  remark_text(r, "not_mma_sync", !wgmma ? NULL : mma);
  remark_ints(r, "result", t->shape, t->rank);
  remark_int(r, "inner", a->shape[a->rank - 1]);
  if (r) remark_text(r, "operands", ir_type_text(c->cx, ir_elem((Type *)a)));
  if (!wgmma) return wgmma_plan(c, dot);
  if (!mma) return mma_plan(c, dot, c->num_warps);
  return fma_plan(c->cx, dot, c->num_warps);
}
