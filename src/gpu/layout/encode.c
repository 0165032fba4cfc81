/* encode.c: encodings of tensor types as layouts, and how an op's encodings follow from each other.
 *
 * An encoding is an attribute in the reference's syntax (#ttg.blocked<{…}>). Together with a shape it is a Layout. A
 * layout is made once per (encoding, shape) and kept in the attribute.
 */
#include "gpu/layout/encoding.h"

#include <string.h>

/* ---- reading and making attributes ------------------------------------------------------------------------------- */

Attr *gpu_int(Ctx *cx, int64_t x) { return ir_attr_int(cx, ir_int(cx, 64), x); }

Attr *gpu_ints(Ctx *cx, const int64_t *x, int n) {
  Attr **items = NEWN(cx, Attr *, n ? n : 1);
  for (int i = 0; i < n; i++) items[i] = gpu_int(cx, x[i]);
  return ir_attr_array(cx, items, n);
}

const Attr *gpu_param(const Attr *e, const char *name) {
  for (int i = 0; e && e->names && i < e->n; i++)
    if (!strcmp(e->names[i], name)) return e->items[i];
  return NULL;
}

int64_t gpu_param_int(const Attr *e, const char *name, int64_t otherwise) {
  const Attr *a = gpu_param(e, name);
  return a ? a->integer : otherwise;
}

int gpu_param_ints(const Attr *e, const char *name, int64_t *out) {
  const Attr *a = gpu_param(e, name);
  if (!a || a->kind != ATTR_ARRAY) return 0;
  for (int i = 0; i < a->n && i < LAYOUT_MAX_DIMS; i++) out[i] = a->items[i]->integer;
  return a->n;
}

bool gpu_is_mma(const Attr *e, int major) {
  return gpu_is(e, "ttg.nvidia_mma") && gpu_param_int(e, "versionMajor", 0) == major;
}

static Attr *make(Ctx *cx, const char *name, const char *const *names, Attr *const *items, int n) {
  return ir_attr_dialect(cx, name, names, items, n);
}

static void ints_of(const int *from, int64_t *to, int n) {
  for (int i = 0; i < n; i++) to[i] = from[i];
}

Attr *gpu_blocked(Ctx *cx, int rank, const int64_t *shape, const int64_t *per_thread, const int *order, int num_warps) {
  int64_t threads[LAYOUT_MAX_DIMS], warps[LAYOUT_MAX_DIMS], order64[LAYOUT_MAX_DIMS], lanes = 32, left = num_warps;
  for (int i = 0; i < rank; i++) {
    int d = order[i];
    int64_t held = max64(1, shape[d] / per_thread[d]);
    bool last = i == rank - 1;
    threads[d] = last ? lanes : min64(lanes, held);
    warps[d] = last ? left : min64(left, max64(1, held / threads[d]));
    lanes /= threads[d];
    left /= warps[d];
  }
  ints_of(order, order64, rank);
  static const char *const names[] = {"sizePerThread", "threadsPerWarp", "warpsPerCTA", "order"};
  Attr *items[] = {gpu_ints(cx, per_thread, rank), gpu_ints(cx, threads, rank), gpu_ints(cx, warps, rank),
                   gpu_ints(cx, order64, rank)};
  return make(cx, "ttg.blocked", names, items, 4);
}

Attr *gpu_default_blocked(Ctx *cx, const Type *t, int num_warps) {
  int64_t ones[LAYOUT_MAX_DIMS];
  int order[LAYOUT_MAX_DIMS];
  for (int i = 0; i < t->rank; i++) ones[i] = 1, order[i] = t->rank - 1 - i;
  return gpu_blocked(cx, t->rank, t->shape, ones, order, num_warps);
}

Attr *gpu_slice(Ctx *cx, int dim, Attr *parent) {
  static const char *const names[] = {"dim", "parent"};
  return make(cx, "ttg.slice", names, (Attr *[]){gpu_int(cx, dim), parent}, 2);
}

Attr *gpu_mma(Ctx *cx, int major, int minor, int rank, const int64_t *warps, const int64_t *instr, int ninstr) {
  static const char *const names[] = {"versionMajor", "versionMinor", "warpsPerCTA", "instrShape"};
  Attr *items[] = {gpu_int(cx, major), gpu_int(cx, minor), gpu_ints(cx, warps, rank), gpu_ints(cx, instr, ninstr)};
  return make(cx, "ttg.nvidia_mma", names, items, 4);
}

Attr *gpu_dot_op(Ctx *cx, int index, Attr *parent, int k_width) {
  static const char *const names[] = {"opIdx", "parent", "kWidth"};
  Attr *items[] = {gpu_int(cx, index), parent, gpu_int(cx, k_width)};
  return make(cx, "ttg.dot_op", names, items, k_width ? 3 : 2);
}

Attr *gpu_nvmma_shared(Ctx *cx, int swizzle_bytes, bool transposed, int elem_bits) {
  static const char *const names[] = {"swizzlingByteWidth", "transposed", "elementBitWidth"};
  Attr *items[] = {gpu_int(cx, swizzle_bytes), ir_attr_bool(cx, transposed), gpu_int(cx, elem_bits)};
  return make(cx, "ttg.nvmma_shared", names, items, 3);
}

Attr *gpu_swizzled_shared(Ctx *cx, int vec, int per_phase, int max_phase, const int *order, int rank) {
  static const char *const names[] = {"vec", "perPhase", "maxPhase", "order"};
  int64_t order64[LAYOUT_MAX_DIMS];
  ints_of(order, order64, rank);
  Attr *items[] = {gpu_int(cx, vec), gpu_int(cx, per_phase), gpu_int(cx, max_phase), gpu_ints(cx, order64, rank)};
  return make(cx, "ttg.swizzled_shared", names, items, 4);
}

Attr *gpu_smem(Ctx *cx) { return make(cx, "ttg.shared_memory", NULL, NULL, 0); }

Type *gpu_with(Ctx *cx, Type *t, Attr *encoding) {
  return ir_is_tensor(t) ? ir_tensor(cx, t->elem, t->rank, t->shape, encoding) : t;
}

Attr *gpu_linear(Ctx *cx, const Layout *l) {
  static const char *const names[] = {"register", "lane", "warp", "block"};
  Attr *items[4];
  for (int axis = AXIS_REGISTER; axis <= AXIS_BLOCK; axis++) {
    int n = layout_in_bits(l, (Axis)axis);
    Attr *rows[LAYOUT_MAX_BITS];
    for (int k = 0; k < n; k++) {
      uint64_t image = layout_basis(l, (Axis)axis, k);
      int64_t at[LAYOUT_MAX_DIMS];
      for (int d = 0; d < l->nout; d++) {
        Axis dim = (Axis)(AXIS_DIM0 + d);
        at[d] = (int64_t)(image >> layout_out_shift(l, dim) & (((uint64_t)1 << layout_out_bits(l, dim)) - 1));
      }
      rows[k] = gpu_ints(cx, at, l->nout);
    }
    items[axis] = ir_attr_array(cx, rows, n > 0 ? n : 0);
  }
  return make(cx, "ttg.linear", names, items, 4);
}

/* ---- layouts ----------------------------------------------------------------------------------------------------- */

typedef struct CachedLayout {
  int rank, bits[LAYOUT_MAX_DIMS];
  const Layout *layout;
  struct CachedLayout *next;
} CachedLayout;

static _Noreturn void not_understood(Ctx *cx, const Attr *e) {
  Buf b = {.cx = cx};
  if (e) ir_print_attr(&b, e);
  ctx_fail(cx, ERR_SOURCE, "the layout %s is not understood", e ? buf_text(&b) : "(none)");
}

static void logs(const int64_t *from, int *to, int n) {
  for (int i = 0; i < n; i++) to[i] = log2_of(from[i]);
}

static const Layout *raw_layout(Ctx *cx, const Attr *e, int rank, const int *bits);
static const Layout *layout_of_block(Ctx *cx, const Attr *e, int rank, const int *bits);

static const Layout *blocked_layout(Ctx *cx, const Attr *e, int rank, const int *bits) {
  int64_t raw[4][LAYOUT_MAX_DIMS];
  int per_thread[LAYOUT_MAX_DIMS], threads[LAYOUT_MAX_DIMS], warps[LAYOUT_MAX_DIMS], order[LAYOUT_MAX_DIMS];
  int n = gpu_param_ints(e, "sizePerThread", raw[0]);
  if (n != rank || gpu_param_ints(e, "threadsPerWarp", raw[1]) != n || gpu_param_ints(e, "warpsPerCTA", raw[2]) != n ||
      gpu_param_ints(e, "order", raw[3]) != n)
    not_understood(cx, e);
  logs(raw[0], per_thread, n), logs(raw[1], threads, n), logs(raw[2], warps, n);
  for (int i = 0; i < n; i++) {
    if (raw[3][i] < 0 || raw[3][i] >= n) not_understood(cx, e);
    order[i] = (int)raw[3][i];
  }
  return layout_blocked(cx, rank, per_thread, threads, warps, order, bits);
}

static const Layout *mma_layout(Ctx *cx, const Attr *e, int rank, const int *bits) {
  int64_t raw[LAYOUT_MAX_DIMS], instr[LAYOUT_MAX_DIMS];
  int warps[LAYOUT_MAX_DIMS];
  int n = gpu_param_ints(e, "warpsPerCTA", raw), ni = gpu_param_ints(e, "instrShape", instr);
  if (n != rank || (rank != 2 && rank != 3) || ni < 2) not_understood(cx, e);
  logs(raw, warps, n);
  int major = (int)gpu_param_int(e, "versionMajor", 0);
  if (major == 3 && rank == 2 && warps[0] >= 2) return layout_wgmma(cx, warps, log2_of(instr[1]), bits);
  if (major == 2) return layout_mma(cx, rank, warps, bits);
  not_understood(cx, e);
}

/* An operand of a dot computed by plain multiplications: the parent's rows (columns), and all of K in each thread. */
static const Layout *fma_operand(Ctx *cx, const Attr *parent, int index, int rank, const int *bits) {
  int shape[LAYOUT_MAX_DIMS], k = index == 0 ? rank - 1 : rank - 2;
  for (int i = 0; i < rank; i++) shape[i] = bits[i];
  shape[k] = 0; /* the parent over a tile of one column, K in registers above */
  const Layout *l = raw_layout(cx, parent, rank, shape);
  int order[LAYOUT_MAX_DIMS] = {k};
  for (int i = 0, at = 1; i < rank; i++)
    if (i != k) order[at++] = i;
  shape[k] = bits[k];
  return layout_fit(cx, l, shape, rank, order);
}

static const Layout *operand_layout(Ctx *cx, const Attr *e, int rank, const int *bits) {
  const Attr *parent = gpu_param(e, "parent");
  int index = (int)gpu_param_int(e, "opIdx", 0);
  if (gpu_is(parent, "ttg.blocked") || gpu_is(parent, "ttg.slice")) return fma_operand(cx, parent, index, rank, bits);
  int64_t raw[LAYOUT_MAX_DIMS];
  int warps[LAYOUT_MAX_DIMS], k_width = log2_of(gpu_param_int(e, "kWidth", 1));
  if (!gpu_is(parent, "ttg.nvidia_mma") || (rank != 2 && rank != 3) ||
      gpu_param_ints(parent, "warpsPerCTA", raw) != rank)
    not_understood(cx, e);
  logs(raw, warps, rank);
  return layout_mma_operand(cx, rank, index, k_width, warps, bits, gpu_is_mma(parent, 3));
}

static const char *const linear_axes[] = {"register", "lane", "warp", "block"};

bool gpu_linear_is_of(const Attr *e, const Type *t) {
  int64_t reached[LAYOUT_MAX_DIMS] = {0};
  if (!gpu_is(e, "ttg.linear")) return false;
  for (size_t axis = 0; axis < COUNT(linear_axes); axis++) {
    const Attr *rows = gpu_param(e, linear_axes[axis]);
    for (int k = 0; rows && k < rows->n; k++) {
      if (rows->items[k]->n != t->rank) return false;
      for (int d = 0; d < t->rank; d++) reached[d] |= rows->items[k]->items[d]->integer;
    }
  }
  for (int d = 0; d < t->rank; d++)
    if (reached[d] != t->shape[d] - 1) return false;
  return true;
}

static const Layout *linear_layout(Ctx *cx, const Attr *e, int rank, const int *bits) {
  AxisSize in[4], out[LAYOUT_MAX_DIMS];
  uint64_t columns[LAYOUT_MAX_BITS];
  int n = 0;
  for (int d = 0; d < rank; d++) out[d] = (AxisSize){(Axis)(AXIS_DIM0 + d), bits[d]};
  for (int axis = 0; axis < 4; axis++) {
    const Attr *rows = gpu_param(e, linear_axes[axis]);
    if (!rows || rows->kind != ATTR_ARRAY) not_understood(cx, e);
    in[axis] = (AxisSize){(Axis)axis, rows->n};
    if (axis == AXIS_BLOCK) in[AXIS_WARP].bits += rows->n, in[axis].bits = 0; /* passes/clusters.c */
    for (int k = 0; k < rows->n && n < LAYOUT_MAX_BITS; k++, n++) {
      if (rows->items[k]->kind != ATTR_ARRAY || rows->items[k]->n != rank) not_understood(cx, e);
      columns[n] = 0;
      for (int d = 0, shift = 0; d < rank; shift += bits[d], d++)
        columns[n] |= ((uint64_t)rows->items[k]->items[d]->integer & (((uint64_t)1 << bits[d]) - 1)) << shift;
    }
  }
  return layout_new(cx, in, 4, out, rank, columns);
}

/* ---- clusters: what the blocks that share a program have each, as further warps of one block (passes/clusters.c) ---- */

/* Where in the tensor the k-th bit of a block's number leads along dimension d, counted in parts of one block. An operand
 * of a dot has its parent's, but along K, which no block has a part of. */
static int64_t block_place(const Attr *e, int k, int d, int rank) {
  bool operand = gpu_is(e, "ttg.dot_op");
  const Attr *rows = gpu_param(operand ? gpu_param(e, "parent") : e, "CGALayout");
  int along_k = gpu_param_int(e, "opIdx", 0) == 0 ? rank - 1 : rank - 2;
  if (operand && d == along_k) return 0;
  const Attr *row = rows->items[k];
  return d < row->n ? row->items[d]->integer : 0;
}

/* The layout of one block's part, and after its warps those of the other blocks. */
static const Layout *with_blocks(Ctx *cx, const Attr *e, int rank, const int *bits, int nblock) {
  int part[LAYOUT_MAX_DIMS];
  AxisSize in[AXIS_WARP + 1], out[LAYOUT_MAX_DIMS];
  uint64_t columns[LAYOUT_MAX_BITS] = {0};
  for (int d = 0; d < rank; d++) {
    int64_t reached = 0;
    for (int k = 0; k < nblock; k++) reached |= block_place(e, k, d, rank);
    part[d] = bits[d] - log2_of(reached + 1) > 0 ? bits[d] - log2_of(reached + 1) : 0;
    out[d] = (AxisSize){(Axis)(AXIS_DIM0 + d), bits[d]};
  }
  const Layout *l = layout_of_block(cx, e, rank, part);
  int n = 0;
  for (int axis = AXIS_REGISTER; axis <= AXIS_WARP; axis++) {
    int from = layout_in_shift(l, (Axis)axis), own = layout_in_bits(l, (Axis)axis);
    in[axis] = (AxisSize){(Axis)axis, own + (axis == AXIS_WARP ? nblock : 0)};
    for (int k = 0; k < in[axis].bits; k++, n++)
      for (int d = 0, at = 0; d < rank; at += bits[d], d++) {
        Axis dim = (Axis)(AXIS_DIM0 + d);
        uint64_t place = k < own ? low_bits(l->column[from + k] >> layout_out_shift(l, dim), layout_out_bits(l, dim))
                                 : (uint64_t)block_place(e, k - own, d, rank) << part[d];
        columns[n] |= low_bits(place, bits[d]) << at;
      }
  }
  return layout_new(cx, in, AXIS_WARP + 1, out, rank, columns);
}

static const Layout *raw_layout(Ctx *cx, const Attr *e, int rank, const int *bits) {
  const Attr *parent = gpu_param(e, "parent"); /* that of an operand that is no matrix unit's is looked at by itself */
  bool operand = gpu_is(e, "ttg.dot_op") && gpu_is(parent, "ttg.nvidia_mma");
  const Attr *rows = gpu_param(operand ? parent : e, "CGALayout");
  return rows && rows->n ? with_blocks(cx, e, rank, bits, rows->n) : layout_of_block(cx, e, rank, bits);
}

static const Layout *layout_of_block(Ctx *cx, const Attr *e, int rank, const int *bits) {
  if (gpu_is(e, "ttg.blocked")) return blocked_layout(cx, e, rank, bits);
  if (gpu_is(e, "ttg.nvidia_mma")) return mma_layout(cx, e, rank, bits);
  if (gpu_is(e, "ttg.dot_op")) return operand_layout(cx, e, rank, bits);
  if (gpu_is(e, "ttg.linear")) return linear_layout(cx, e, rank, bits);
  if (!gpu_is(e, "ttg.slice") || rank >= LAYOUT_MAX_DIMS) not_understood(cx, e);
  int dim = (int)gpu_param_int(e, "dim", 0), shape[LAYOUT_MAX_DIMS];
  for (int i = 0, k = 0; i <= rank; i++) shape[i] = i == dim ? 0 : bits[k++];
  return layout_slice(cx, raw_layout(cx, gpu_param(e, "parent"), rank + 1, shape), dim);
}

/* The same with the dimensions side by side in their order: words of layouts of one shape can then be compared. */
static const Layout *in_order(Ctx *cx, const Layout *l, int rank) {
  AxisSize out[LAYOUT_MAX_DIMS];
  uint64_t columns[LAYOUT_MAX_BITS] = {0};
  for (int d = 0, at = 0; d < rank; at += out[d].bits, d++) {
    Axis dim = (Axis)(AXIS_DIM0 + d);
    out[d] = (AxisSize){dim, layout_out_bits(l, dim)};
    for (int k = 0; k < l->in_bits; k++)
      columns[k] |= (l->column[k] >> layout_out_shift(l, dim) & (((uint64_t)1 << out[d].bits) - 1)) << at;
  }
  return layout_new(cx, l->in, l->nin, out, rank, columns);
}

/* Registers that hold what others of the same thread hold already are left out. */
static const Layout *without_idle_registers(Ctx *cx, const Layout *l) {
  int bits = layout_in_bits(l, AXIS_REGISTER), at = layout_in_shift(l, AXIS_REGISTER);
  uint64_t registers = (((uint64_t)1 << bits) - 1) << at;
  return layout_drop_columns(cx, l, layout_free(l) & registers);
}

const Layout *gpu_layout(Ctx *cx, const Type *t) {
  Attr *e = t->encoding;
  int bits[LAYOUT_MAX_DIMS];
  if (!e || e->kind != ATTR_DIALECT || t->rank >= LAYOUT_MAX_DIMS) not_understood(cx, e);
  for (int i = 0; i < t->rank; i++) {
    if (!is_pow2(t->shape[i])) ctx_fail(cx, ERR_SOURCE, "%s: its sizes are no powers of two", ir_type_text(cx, t));
    bits[i] = log2_of(t->shape[i]);
  }
  for (CachedLayout *c = e->cached; c; c = c->next)
    if (c->rank == t->rank && !memcmp(c->bits, bits, (size_t)t->rank * sizeof *bits)) return c->layout;
  const Layout *l = without_idle_registers(cx, in_order(cx, raw_layout(cx, e, t->rank, bits), t->rank));
  if (!layout_surjective(l)) not_understood(cx, e); /* made for another shape */
  CachedLayout *c = NEW(cx, CachedLayout);
  *c = (CachedLayout){.rank = t->rank, .layout = l, .next = e->cached};
  memcpy(c->bits, bits, (size_t)t->rank * sizeof *bits);
  e->cached = c;
  return l;
}

static const Layout *raw_shared_layout(Ctx *cx, const Type *t) {
  const Attr *e = t->encoding;
  int bits[LAYOUT_MAX_DIMS];
  logs(t->shape, bits, t->rank);
  if (gpu_is(e, "ttg.swizzled_shared")) {
    int64_t raw[LAYOUT_MAX_DIMS];
    int order[LAYOUT_MAX_DIMS];
    if (gpu_param_ints(e, "order", raw) != t->rank) not_understood(cx, e);
    for (int i = 0; i < t->rank; i++) order[i] = (int)raw[i];
    return layout_swizzled(cx, t->rank, log2_of(gpu_param_int(e, "vec", 1)), log2_of(gpu_param_int(e, "perPhase", 1)),
                           log2_of(gpu_param_int(e, "maxPhase", 1)), order, bits);
  }
  bool transposed = t->rank > 1 && gpu_param_int(e, "transposed", 0) != 0; /* of a vector, it says nothing */
  if (gpu_is(e, "ttg.nvmma_shared") && (t->rank == 2 || !transposed)) {
    int swizzle = (int)gpu_param_int(e, "swizzlingByteWidth", 0), shape[2] = {0, bits[t->rank - 1]};
    for (int i = 0; i + 1 < t->rank; i++) shape[0] += bits[i]; /* all dimensions but the last count as rows */
    const Layout *l = !swizzle ? layout_swizzled(cx, 2, 0, 0, 0, (const int[]){!transposed, transposed}, shape)
                               : layout_nvmma(cx, log2_of(swizzle), log2_of(gpu_param_int(e, "elementBitWidth", 8) / 8),
                                              transposed, shape);
    return t->rank == 2 ? l : layout_reshape(cx, in_order(cx, l, 2), bits, t->rank);
  }
  not_understood(cx, e);
}

const Layout *gpu_shared_layout(Ctx *cx, const Type *t) { return in_order(cx, raw_shared_layout(cx, t), t->rank); }

int gpu_order(const Attr *e, int rank, int *order) {
  int64_t raw[LAYOUT_MAX_DIMS];
  if (gpu_is(e, "ttg.blocked") && gpu_param_ints(e, "order", raw) == rank) {
    for (int i = 0; i < rank; i++) order[i] = (int)raw[i];
    return rank;
  }
  for (int i = 0; i < rank; i++) order[i] = rank - 1 - i;
  return rank;
}

/* ---- from one encoding to another -------------------------------------------------------------------------------- */

/* The encoding of trans(x), or of x when `inverse`, blocked staying blocked. */
static Attr *permuted(Ctx *cx, Attr *e, const int64_t *order, int rank, bool inverse, const Type *type) {
  int64_t place[LAYOUT_MAX_DIMS]; /* place[i]: which dimension of `e` becomes dimension i */
  for (int i = 0; i < rank; i++) {
    if (inverse)
      place[order[i]] = i;
    else
      place[i] = order[i];
  }
  if (gpu_is(e, "ttg.blocked")) {
    static const char *const names[] = {"sizePerThread", "threadsPerWarp", "warpsPerCTA", "order"};
    Attr *items[4];
    int64_t raw[LAYOUT_MAX_DIMS], moved[LAYOUT_MAX_DIMS];
    for (int p = 0; p < 3; p++) {
      gpu_param_ints(e, names[p], raw);
      for (int i = 0; i < rank; i++) moved[i] = raw[place[i]];
      items[p] = gpu_ints(cx, moved, rank);
    }
    gpu_param_ints(e, "order", raw);
    for (int i = 0; i < rank; i++)
      for (int j = 0; j < rank; j++)
        if (place[j] == raw[i]) moved[i] = j;
    items[3] = gpu_ints(cx, moved, rank);
    return make(cx, "ttg.blocked", names, items, 4);
  }
  int p[LAYOUT_MAX_DIMS];
  for (int i = 0; i < rank; i++) p[i] = (int)place[i];
  return gpu_linear(cx, layout_permute(cx, gpu_layout(cx, type), p, rank));
}

static Attr *reshaped(Ctx *cx, const Type *from, Attr *e, const Type *to) {
  int bits[LAYOUT_MAX_DIMS];
  logs(to->shape, bits, to->rank);
  Type *t = gpu_with(cx, (Type *)from, e);
  return gpu_linear(cx, layout_reshape(cx, gpu_layout(cx, t), bits, to->rank));
}

/* x with a last dimension of two, both halves in each thread: the layout of a join's result, given its operands'. */
static Attr *joined(Ctx *cx, const Type *half, Attr *e) {
  const Layout *l = layout_expand(cx, gpu_layout(cx, gpu_with(cx, (Type *)half, e)), half->rank);
  const Layout *pair = layout_identity(cx, AXIS_REGISTER, (Axis)(AXIS_DIM0 + half->rank), 1);
  return gpu_linear(cx, layout_product(cx, pair, l));
}

/* The inverse: the last dimension of `whole` must be a register; NULL when it is not. */
static Attr *halved(Ctx *cx, const Type *whole, Attr *e) {
  const Layout *l = gpu_layout(cx, gpu_with(cx, (Type *)whole, e));
  Axis last = (Axis)(AXIS_DIM0 + whole->rank - 1);
  uint64_t bit = (uint64_t)1 << layout_out_shift(l, last), drop = 0;
  int at = layout_in_shift(l, AXIS_REGISTER), n = layout_in_bits(l, AXIS_REGISTER);
  for (int k = 0; k < l->in_bits; k++) {
    if (!(l->column[k] & bit)) continue;
    if (k < at || k >= at + n || l->column[k] != bit) return NULL;
    drop |= (uint64_t)1 << k;
  }
  return gpu_linear(cx, layout_slice(cx, layout_drop_columns(cx, l, drop), whole->rank - 1));
}

Attr *gpu_operand_encoding(Ctx *cx, const Op *op, Attr *to, int num_warps) {
  (void)num_warps;
  const Type *from = ir_operand(op, 0)->type, *type = op->results[0].type;
  switch (op->code) {
  case OP_EXPAND_DIMS: return gpu_slice(cx, (int)ir_attr_int_or(op, "axis", 0), to);
  case OP_TRANS: return permuted(cx, to, ir_attr(op, "order")->ints, type->rank, true, gpu_with(cx, (Type *)type, to));
  case OP_RESHAPE: return reshaped(cx, type, to, from);
  case OP_JOIN: return halved(cx, type, to);
  case OP_SPLIT: return joined(cx, type, to);
  default: return to;
  }
}

Attr *gpu_result_encoding(Ctx *cx, const Op *op, Attr *from) {
  const Type *operand = ir_operand(op, 0)->type, *type = op->results[0].type;
  switch (op->code) {
  case OP_REDUCE: return gpu_slice(cx, (int)ir_attr_int_or(op, "axis", 0), from);
  case OP_TRANS:
    return permuted(cx, from, ir_attr(op, "order")->ints, type->rank, false, gpu_with(cx, (Type *)operand, from));
  case OP_RESHAPE: return reshaped(cx, operand, from, type);
  case OP_JOIN: return joined(cx, operand, from);
  case OP_SPLIT: return halved(cx, operand, from);
  case OP_EXPAND_DIMS: {
    int axis = (int)ir_attr_int_or(op, "axis", 0);
    if (gpu_is(from, "ttg.slice") && gpu_param_int(from, "dim", -1) == axis) return (Attr *)gpu_param(from, "parent");
    return gpu_linear(cx, layout_expand(cx, gpu_layout(cx, gpu_with(cx, (Type *)operand, from)), axis));
  }
  default: return from;
  }
}
