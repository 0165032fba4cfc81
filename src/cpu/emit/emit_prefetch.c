/* emit_prefetch.c: fetching what the next program reads while this one computes.
 *
 * The problem. A kernel that works on a row per program (softmax, a normalization) reads its row once from far away and
 * then computes on it while it lies in the nearest cache. Reading and computing alternate: the processor's own
 * prefetcher stops at a page's end, and the next row begins at another. On two cores of a Sapphire Rapids server a
 * softmax of rows of 4 KB runs 1.2 times as fast when the next row is fetched meanwhile.
 *
 * When. The second loop nest that reads from an argument is the one that finds its data in the cache: there each vector load
 * is accompanied by a prefetch of the address `stride` bytes further, where stride is how far the address moves from one
 * program of axis 0 to the next. A thread takes its programs in that order. One nest does it, the others find the work
 * done: plan_steps.c says which.
 *
 * The stride. Addresses are derived with respect to the program's number by the rules for sums and products; a product
 * of two things that both depend on it, or any other op on one, has no constant derivative, and then nothing is
 * prefetched. Where the answer is wrong (the next program is in another row of the grid) a line is fetched in vain, no
 * more. Strides beyond a quarter of the second-level cache are not worth it: what is fetched would be evicted before
 * it is used.
 */
#include "cpu/emit/emit.h"

typedef struct Derivative {
  LLVMValueRef v; /* i64; NULL: zero */
  bool known;
} Derivative;

static const Derivative unknown = {NULL, false}, zero = {NULL, true};

/* The number that a tensor or scalar is everywhere, as i64, if it is at hand. */
static LLVMValueRef factor_of(Emitter *e, Value *x) {
  int64_t c;
  if (ir_is_const_int(x, &c)) return emit_int(e->i64, c);
  while (x->op && (x->op->code == OP_SPLAT || x->op->code == OP_BROADCAST || x->op->code == OP_EXPAND_DIMS))
    x = ir_operand(x->op, 0);
  if (ir_is_tensor(x->type) || !code_of(x)->scalar) return NULL;
  return LLVMBuildSExtOrBitCast(e->b, code_of(x)->scalar, e->i64, "");
}

static Derivative times(Emitter *e, Derivative d, LLVMValueRef factor) {
  if (!d.v) return d;
  return factor ? (Derivative){LLVMBuildMul(e->b, d.v, factor, ""), true} : unknown;
}

/* Of an integer, or of a pointer in bytes. `budget`: values that may still be visited. */
static Derivative derive(Emitter *e, Value *x, int *budget) {
  if (--*budget < 0) return unknown;
  Op *op = x->op;
  if (!op) {
    const Op *owner = x->block->region->op;
    if (owner->code != OP_FOR) return owner->code == OP_FUNC ? zero : unknown;
    for (int i = 0; i < owner->nresults; i++) /* a carried value grows alike in all programs */
      if (ir_loop_arg(owner, i) == x) return derive(e, ir_loop_init(owner, i), budget);
    return zero;
  }
  if (op->code == OP_PROGRAM_ID)
    return ir_attr_int_or(op, "axis", 0) == 0 ? (Derivative){emit_int(e->i64, 1), true} : zero;
  if (op->nregions) return unknown;
  Derivative d[4] = {{0}};
  bool still = op->noperands <= 4;
  for (int i = 0; i < op->noperands && i < 4; i++) {
    d[i] = derive(e, ir_operand(op, i), budget);
    still = still && d[i].known && !d[i].v;
  }
  if (still) return zero;
  if (!d[0].known || (op->noperands > 1 && !d[1].known)) return unknown;
  switch (op->code) {
  case OP_SPLAT:
  case OP_BROADCAST:
  case OP_EXPAND_DIMS:
  case OP_TRANS:
  case OP_RESHAPE:
  case OP_EXTSI:
  case OP_EXTUI:
  case OP_TRUNCI:
  case OP_INDEX_CAST: return d[0];
  case OP_ADDPTR: d[1] = times(e, d[1], emit_int(e->i64, ir_elem_bytes(ir_elem(x->type)->elem))); break;
  case OP_ADDI: break;
  case OP_MULI:
    if (d[0].v && d[1].v) return unknown;
    return d[0].v ? times(e, d[0], factor_of(e, ir_operand(op, 1))) : times(e, d[1], factor_of(e, ir_operand(op, 0)));
  default: return unknown;
  }
  if (!d[0].v || !d[1].v) return d[0].v ? d[0] : d[1];
  return (Derivative){LLVMBuildAdd(e->b, d[0].v, d[1].v, ""), true};
}

LLVMValueRef emit_prefetch_stride(Emitter *e, const Op *load) {
  const Value *base = cpu_pointer_base(e->plan->index, ir_operand(load, 0));
  if (!e->nest || !base || !map_has(&e->nest->fetched, base)) return NULL;
  emit_at(e, 0);
  int budget = 100;
  Derivative d = derive(e, ir_operand(load, 0), &budget);
  if (!d.known || !d.v) return NULL;
  int64_t limit = e->isa->l2_bytes / 4;
  LLVMValueRef shifted = LLVMBuildAdd(e->b, d.v, emit_int(e->i64, limit), "");
  LLVMValueRef near = LLVMBuildICmp(e->b, LLVMIntULE, shifted, emit_int(e->i64, 2 * limit), "near");
  return LLVMBuildSelect(e->b, near, d.v, emit_int(e->i64, 0), "stride");
}

void emit_prefetch(Emitter *e, LLVMValueRef ptr, LLVMValueRef stride, int64_t bytes) {
  enum { READ = 0, KEEP = 3, DATA = 1, LINE = 64 };
  for (int64_t i = 0; i < bytes; i += LINE) {
    LLVMValueRef at = LLVMBuildAdd(e->b, stride, emit_int(e->i64, i), "");
    LLVMValueRef args[] = {LLVMBuildGEP2(e->b, e->i8, ptr, &at, 1, ""), emit_int(e->i32, READ), emit_int(e->i32, KEEP),
                           emit_int(e->i32, DATA)};
    emit_intrinsic(e, "llvm.prefetch", &e->ptr, 1, args, 4);
  }
}
