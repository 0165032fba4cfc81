/* check.c: validates the layout attributes of IR that was read from a file.
 *
 * The passes make encodings that are right by construction and take their parameters as they are. Those of a file can
 * hold anything: counts of zero, no powers of two, orders that are no permutation, more warps than there are. Each
 * encoding of a module is looked at once, right after it was read, by a table of its parameters; one that passes is
 * safe for everything after it. Whether it fits the tensor that carries it (its rank here, its sizes in encode.c) is
 * looked at for every value.
 */
#include "gpu/layout/encoding.h"

#include <string.h>

typedef enum AttrRule {
  POWERS,      /* an array of powers of two */
  PERMUTATION, /* an array of 0, 1, … in some order */
  POWER,       /* a power of two */
  NUMBER,
  ONES,   /* an array of ones */
  PARENT, /* another encoding */
  BASES,  /* an array of arrays of numbers */
} AttrRule;
enum { MAX_SIZE = 1 << 20 }; /* elements of a tensor */

typedef struct AttrParam {
  const char *encoding, *name;
  AttrRule rule;
  int64_t least, most;
  bool optional;
} AttrParam;
static const AttrParam params[] = {
    {"ttg.blocked", "sizePerThread", POWERS, 1, MAX_SIZE, false},
    {"ttg.blocked", "threadsPerWarp", POWERS, 1, 32, false},
    {"ttg.blocked", "warpsPerCTA", POWERS, 1, 32, false},
    {"ttg.blocked", "order", PERMUTATION, 0, 0, false},
    {"ttg.blocked", "CTAsPerCGA", ONES, 1, 1, true},
    {"ttg.blocked", "CGALayout", BASES, 0, MAX_SIZE, true},
    {"ttg.slice", "dim", NUMBER, 0, LAYOUT_MAX_DIMS - 1, false},
    {"ttg.slice", "parent", PARENT, 0, 0, false},
    {"ttg.nvidia_mma", "versionMajor", NUMBER, 2, 3, false},
    {"ttg.nvidia_mma", "warpsPerCTA", POWERS, 1, 32, false},
    {"ttg.nvidia_mma", "instrShape", POWERS, 1, 256, false},
    {"ttg.nvidia_mma", "CTAsPerCGA", ONES, 1, 1, true},
    {"ttg.nvidia_mma", "CGALayout", BASES, 0, MAX_SIZE, true},
    {"ttg.dot_op", "opIdx", NUMBER, 0, 1, false},
    {"ttg.dot_op", "parent", PARENT, 0, 0, false},
    {"ttg.dot_op", "kWidth", POWER, 1, 16, true},
    {"ttg.linear", "register", BASES, 0, MAX_SIZE, false},
    {"ttg.linear", "lane", BASES, 0, MAX_SIZE, false},
    {"ttg.linear", "warp", BASES, 0, MAX_SIZE, false},
    {"ttg.linear", "block", BASES, 0, MAX_SIZE, false},
    {"ttg.swizzled_shared", "vec", POWER, 1, MAX_SIZE, false},
    {"ttg.swizzled_shared", "perPhase", POWER, 1, MAX_SIZE, false},
    {"ttg.swizzled_shared", "maxPhase", POWER, 1, MAX_SIZE, false},
    {"ttg.swizzled_shared", "order", PERMUTATION, 0, 0, false},
    {"ttg.swizzled_shared", "CTAsPerCGA", ONES, 1, 1, true},
    {"ttg.swizzled_shared", "CGALayout", BASES, 0, MAX_SIZE, true},
    {"ttg.nvmma_shared", "swizzlingByteWidth", NUMBER, 0, 128, false},
    {"ttg.nvmma_shared", "transposed", NUMBER, 0, 1, true},
    {"ttg.nvmma_shared", "elementBitWidth", POWER, 8, 64, false},
    {"ttg.nvmma_shared", "CTAsPerCGA", ONES, 1, 1, true},
    {"ttg.nvmma_shared", "CGALayout", BASES, 0, MAX_SIZE, true},
};

typedef struct Check {
  Ctx *cx;
  const Op *op;            /* whose type is checked */
  int num_warps, num_ctas; /* of a block, of a cluster */
  Map good;                /* encodings, to their rank plus one */
} Check;

static _Noreturn void fail(Check *c, const Attr *e, const char *why) {
  Buf b = {.cx = c->cx};
  if (e) ir_print_attr(&b, e);
  ir_fail(c->cx, c->op, NULL, "'%s': the layout %s: %s", ir_info(c->op)->name, e ? buf_text(&b) : "(none)", why);
}

static bool is_number(const Attr *a) { return a->kind == ATTR_INT || a->kind == ATTR_BOOL; }

static bool fits_number(const AttrParam *p, const Attr *a) {
  if (!is_number(a)) return false;
  return a->integer >= p->least && a->integer <= p->most && (p->rule == NUMBER || is_pow2(a->integer));
}

static bool fits_array(const AttrParam *p, const Attr *a) {
  uint64_t seen = 0;
  if (a->kind != ATTR_ARRAY || a->n < 1 || a->n >= LAYOUT_MAX_DIMS) return false;
  for (int i = 0; i < a->n; i++) {
    int64_t x = a->items[i]->integer;
    if (!is_number(a->items[i])) return false;
    if (p->rule == PERMUTATION ? x < 0 || x >= a->n || seen >> x & 1 : x < p->least || x > p->most || !is_pow2(x))
      return false;
    if (p->rule == PERMUTATION) seen |= (uint64_t)1 << x;
  }
  return true;
}

static bool fits_bases(const AttrParam *p, const Attr *a) {
  if (a->kind != ATTR_ARRAY || a->n > 20) return false;
  for (int i = 0; i < a->n; i++) {
    const Attr *row = a->items[i];
    if (row->kind != ATTR_ARRAY || row->n < 1 || row->n >= LAYOUT_MAX_DIMS) return false;
    for (int k = 0; k < row->n; k++)
      if (!is_number(row->items[k]) || row->items[k]->integer < 0 || row->items[k]->integer > p->most) return false;
  }
  return true;
}

static bool fits(const AttrParam *p, const Attr *a) {
  switch (p->rule) {
  case POWER:
  case NUMBER: return fits_number(p, a);
  case PARENT: return a->kind == ATTR_DIALECT;
  case BASES: return fits_bases(p, a);
  default: return fits_array(p, a);
  }
}

static const char *expected(Check *c, const AttrParam *p) {
  long long least = (long long)p->least, most = (long long)p->most;
  switch (p->rule) {
  case POWERS: return ctx_printf(c->cx, "`%s` must be powers of two from %lld to %lld", p->name, least, most);
  case PERMUTATION: return ctx_printf(c->cx, "`%s` must name each dimension once", p->name);
  case POWER: return ctx_printf(c->cx, "`%s` must be a power of two from %lld to %lld", p->name, least, most);
  case NUMBER: return ctx_printf(c->cx, "`%s` must be from %lld to %lld", p->name, least, most);
  case ONES: return ctx_printf(c->cx, "`%s`: clusters of programs are not supported", p->name);
  case PARENT: return ctx_printf(c->cx, "`%s` must be another layout", p->name);
  default: return ctx_printf(c->cx, "`%s` must be arrays of positions, 20 of them at most", p->name);
  }
}

static int64_t product(const Attr *e, const char *name) {
  int64_t x[LAYOUT_MAX_DIMS], all = 1;
  int n = gpu_param_ints(e, name, x);
  for (int i = 0; i < n && all <= MAX_SIZE; i++) all *= x[i];
  return all;
}

static int length(const Attr *e, const char *name) {
  const Attr *a = gpu_param(e, name);
  return a ? a->n : 0;
}

/* Each bit of a block's number has a place in the tensor. */
static void check_blocks(Check *c, const Attr *e, int rank) {
  const Attr *rows = gpu_param(e, "CGALayout");
  if ((rows ? rows->n : 0) != log2_of(c->num_ctas))
    fail(c, e, ctx_printf(c->cx, "`CGALayout` must have %d positions here", log2_of(c->num_ctas)));
  for (int k = 0; rows && k < rows->n; k++)
    if (rows->items[k]->n != rank) fail(c, e, "its positions are not all of its rank");
}

static int rank_of(Check *c, const Attr *e);

static int blocked_rank(Check *c, const Attr *e) {
  int n = length(e, "order");
  if (length(e, "sizePerThread") != n || length(e, "threadsPerWarp") != n || length(e, "warpsPerCTA") != n)
    fail(c, e, "its arrays are not of one length");
  if (product(e, "sizePerThread") > MAX_SIZE) fail(c, e, "a thread holds more elements than a tensor can have");
  if (product(e, "threadsPerWarp") != 32) fail(c, e, "the product of `threadsPerWarp` must be 32");
  if (product(e, "warpsPerCTA") != c->num_warps)
    fail(c, e,
         ctx_printf(c->cx, "the product of `warpsPerCTA` must be the module's number of warps, %d", c->num_warps));
  check_blocks(c, e, n);
  return n;
}

static int mma_rank(Check *c, const Attr *e) {
  int n = length(e, "warpsPerCTA"), ni = length(e, "instrShape");
  int64_t warps[LAYOUT_MAX_DIMS], instr[LAYOUT_MAX_DIMS];
  gpu_param_ints(e, "warpsPerCTA", warps), gpu_param_ints(e, "instrShape", instr);
  if (n != 2 && n != 3) fail(c, e, "`warpsPerCTA` must have two or three dimensions");
  if (product(e, "warpsPerCTA") != c->num_warps)
    fail(c, e,
         ctx_printf(c->cx, "the product of `warpsPerCTA` must be the module's number of warps, %d", c->num_warps));
  check_blocks(c, e, n);
  if (!gpu_is_mma(e, 3)) {
    if (ni < 2) fail(c, e, "`instrShape` must have the dimensions of the result");
    return n;
  }
  if (n != 2 || warps[0] < 4) fail(c, e, "four warps must stand below each other in `warpsPerCTA`");
  if (ni != 3 || instr[0] != 16 || instr[1] < 8) fail(c, e, "`instrShape` must be [16, N, K] with N of 8 to 256");
  return n;
}

static int linear_rank(Check *c, const Attr *e) {
  static const char *const names[] = {"register", "lane", "warp", "block"};
  const int needed[] = {-1, LANE_BITS, log2_of(c->num_warps), log2_of(c->num_ctas)};
  int rank = 0;
  for (int i = 0; i < 4; i++) {
    const Attr *rows = gpu_param(e, names[i]);
    if (needed[i] >= 0 && rows->n != needed[i])
      fail(c, e, ctx_printf(c->cx, "`%s` must have %d positions here", names[i], needed[i]));
    for (int k = 0; k < rows->n; k++) {
      if (rank && rows->items[k]->n != rank) fail(c, e, "its positions are not all of one rank");
      rank = rows->items[k]->n;
    }
  }
  return rank;
}

static int dot_op_rank(Check *c, const Attr *e) {
  const Attr *parent = gpu_param(e, "parent");
  int rank = rank_of(c, parent);
  if (rank < 2) fail(c, e, "a matrix has two dimensions");
  if (gpu_is(parent, "ttg.nvidia_mma") && !gpu_param(e, "kWidth")) fail(c, e, "`kWidth` is missing");
  return rank;
}

static int slice_rank(Check *c, const Attr *e) {
  int rank = rank_of(c, gpu_param(e, "parent"));
  if (gpu_param_int(e, "dim", 0) >= rank) fail(c, e, "`dim` is not one of the parent's dimensions");
  return rank - 1;
}

static int shared_rank(Check *c, const Attr *e) {
  if (gpu_is(e, "ttg.swizzled_shared")) return length(e, "order");
  int64_t swizzle = gpu_param_int(e, "swizzlingByteWidth", 0);
  if (swizzle != 0 && swizzle != 32 && swizzle != 64 && swizzle != 128)
    fail(c, e, "`swizzlingByteWidth` must be 0, 32, 64 or 128");
  return 2;
}

/* Checks an encoding and the encodings in it; gives its rank. */
static int rank_of(Check *c, const Attr *e) {
  intptr_t known = (intptr_t)map_get(&c->good, e);
  if (known) return (int)known - 1;
  bool any = false;
  for (size_t i = 0; i < COUNT(params); i++) {
    const AttrParam *p = &params[i];
    if (!gpu_is(e, p->encoding)) continue;
    const Attr *a = gpu_param(e, p->name);
    any = true;
    if (!a && !p->optional) fail(c, e, ctx_printf(c->cx, "`%s` is missing", p->name));
    if (a && !fits(p, a)) fail(c, e, expected(c, p));
  }
  if (!any) fail(c, e, "there is no such layout on this target");
  int rank = gpu_is(e, "ttg.blocked")      ? blocked_rank(c, e)
             : gpu_is(e, "ttg.nvidia_mma") ? mma_rank(c, e)
             : gpu_is(e, "ttg.linear")     ? linear_rank(c, e)
             : gpu_is(e, "ttg.dot_op")     ? dot_op_rank(c, e)
             : gpu_is(e, "ttg.slice")      ? slice_rank(c, e)
                                           : shared_rank(c, e);
  map_put(c->cx, &c->good, e, (void *)(intptr_t)(rank + 1));
  return rank;
}

static bool is_shared(const Attr *e) { return gpu_is(e, "ttg.swizzled_shared") || gpu_is(e, "ttg.nvmma_shared"); }

/* A tensor map's block lies in shared memory. */
static void check_block(Check *c, const Type *t) {
  const Attr *e = t->encoding;
  int rank = rank_of(c, e);
  if (!is_shared(e) || (t->rank > 1 && gpu_param_int(e, "transposed", 0)) || t->rank < 1 || t->rank > TMA_MAX_RANK ||
      (gpu_is(e, "ttg.swizzled_shared") && rank != t->rank))
    fail(c, e, ctx_printf(c->cx, "no tensor map lays out %s so", ir_type_text(c->cx, (Type *)t)));
  for (int i = 0; i < t->rank; i++)
    if (!is_pow2(t->shape[i]) || t->shape[i] > MAX_SIZE)
      fail(c, e, ctx_printf(c->cx, "the sizes of %s must be powers of two", ir_type_text(c->cx, (Type *)t)));
}

static void check_type(Check *c, const Type *t) {
  if (t->kind == TYPE_TENSORDESC && t->elem->encoding) check_block(c, t->elem);
  if (t->kind != TYPE_TENSOR && t->kind != TYPE_MEMDESC) return;
  const Attr *e = t->encoding;
  if (!e || e->kind != ATTR_DIALECT) fail(c, e, "a value of Triton GPU IR must have one");
  int rank = rank_of(c, e);
  if (is_shared(e) != (t->kind == TYPE_MEMDESC)) fail(c, e, "tensors lie in registers, buffers in shared memory");
  /* A row of buffers has a dimension more than the layout of each. */
  bool any_rank = gpu_is(e, "ttg.nvmma_shared") && (t->rank == 1 || !gpu_param_int(e, "transposed", 0));
  if (any_rank)
    rank = t->rank < rank ? t->rank : rank; /* the last dimension against all others */
  else if (t->rank != rank && !(t->kind == TYPE_MEMDESC && t->rank == rank + 1))
    fail(c, e, ctx_printf(c->cx, "it has %d dimensions, and %s has %d", rank, ir_type_text(c->cx, t), t->rank));
  for (int i = t->rank - rank; i < t->rank; i++)
    if (!is_pow2(t->shape[i]) || t->shape[i] > MAX_SIZE)
      fail(c, e, ctx_printf(c->cx, "the sizes of %s must be powers of two", ir_type_text(c->cx, t)));
  if (t->kind == TYPE_TENSOR) gpu_layout(c->cx, t); /* unwinds if it does not cover the tensor */
}

static void check_op(Op *op, void *arg) {
  Check *c = arg;
  c->op = op;
  for (int i = 0; i < op->nresults; i++) check_type(c, op->results[i].type);
  for (int r = 0; r < op->nregions; r++)
    for (const Block *b = op->regions[r]->first; b; b = b->next)
      for (int i = 0; i < b->nargs; i++) check_type(c, b->args[i]->type);
}

static void check_number(Ctx *cx, const Module *m, const char *name, int64_t otherwise, int64_t least, int64_t most) {
  int64_t x = ir_attr_int_or(m->op, name, otherwise);
  if (x < least || x > most || !is_pow2(x))
    ctx_fail(cx, ERR_SOURCE, "the module says `%s = %lld`: it must be a power of two from %lld to %lld", name,
             (long long)x, (long long)least, (long long)most);
}

void gpu_check_layouts(Ctx *cx, Module *m) {
  check_number(cx, m, "ttg.num-warps", 4, 1, 32);
  check_number(cx, m, "ttg.num-ctas", 1, 1, 16);
  if (gpu_num_warps(m) > 32)
    ctx_fail(cx, ERR_RESOURCES,
             "out of resource: threads, Required: %d, Hardware limit: 1024. The %d blocks that share a program are run "
             "by one. Reducing `num_warps` or `num_ctas` may help.",
             32 * gpu_num_warps(m), gpu_num_ctas(m));
  check_number(cx, m, "ttg.threads-per-warp", 32, 32, 32);
  int ctas = gpu_num_ctas(m);
  Check c = {.cx = cx, .op = m->op, .num_warps = gpu_num_warps(m) / ctas, .num_ctas = ctas};
  ir_walk(m->op, check_op, &c);
}
