/* emit_check.c: check mode: the calls that check accesses (rt/check.c), from the ops that opt_check_accesses left.
 *
 * A check is a loop nest of its own in front of its access. Along the dimension with a constant stride, a row is one
 * call: the first address, the distance, and the bounds that the mask comes to, all known in front of the row. Where
 * addresses or mask are not of this form, they are evaluated a vector at a time, put into memory, and checked there.
 *
 * The sites, one for each check, are a constant array of CpuSite.
 */
#include "cpu/emit.h"

#include <string.h>

enum { LANES = 16 };

/* ---- sites ------------------------------------------------------------------------------------------------------- */

static const Type *element_of(const Op *check) { return ir_elem(ir_operand(check, 0)->type)->elem; }

static CpuAccess access_of(const Op *check) {
  const char *access = ir_attr_text_or(check, "access", "");
  return !strcmp(access, "store")      ? CPU_STORE
         : !strcmp(access, "atomic")   ? CPU_ATOMIC
         : !strcmp(access, "volatile") ? CPU_VOLATILE
                                       : CPU_LOAD;
}

static bool releases(const Op *check) {
  const char *sem = ir_attr_text_or(check, "sem", "");
  return !strcmp(sem, "release") || !strcmp(sem, "acq_rel");
}

static LLVMValueRef constant(Lower *l, const char *name, LLVMValueRef value) {
  LLVMValueRef g = LLVMAddGlobal(l->module, LLVMTypeOf(value), name);
  LLVMSetInitializer(g, value);
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

static LLVMValueRef text(Lower *l, const char *s) {
  return s ? constant(l, "text", LLVMConstStringInContext2(l->llvm, s, strlen(s), false)) : LLVMConstNull(l->ptr);
}

static LLVMValueRef shape_of(Lower *l, const Type *t) {
  if (!ir_is_tensor(t)) return LLVMConstNull(l->ptr);
  LLVMValueRef dims[MAX_RANK];
  for (int d = 0; d < t->rank; d++) dims[d] = emit_int(l->i64, t->shape[d]);
  return constant(l, "shape", LLVMConstArray2(l->i64, dims, (uint64_t)t->rank));
}

/* As struct CpuSite has them. */
static LLVMValueRef site_of(Lower *l, uint32_t i) {
  const Op *check = l->plan->checks.at[i];
  const Type *type = ir_operand(check, 0)->type, *elem = element_of(check);
  const Value *base = cpu_pointer_base(l->plan->index, ir_operand(check, 0));
  const Loc *loc = check->loc;
  while (loc && loc->kind != LOC_FILE) loc = loc->child;
  int64_t arg = base ? base->index : l->plan->makes_pointers ? CPU_SITE_UNKNOWN : CPU_SITE_ANY;
  LLVMValueRef fields[] = {text(l, loc ? loc->file : NULL),
                           text(l, base ? base->hint : NULL),
                           text(l, ir_type_text(l->cx, elem)),
                           shape_of(l, type),
                           emit_int(l->i32, ir_is_tensor(type) ? type->rank : 0),
                           emit_int(l->i32, loc ? loc->line : 0),
                           emit_int(l->i32, i),
                           emit_int(l->i32, arg),
                           emit_int(l->i32, ir_elem_bytes(elem)),
                           emit_int(l->i32, access_of(check)),
                           emit_int(l->i32, releases(check))};
  return LLVMConstStructInContext(l->llvm, fields, COUNT(fields), false);
}

void emit_check_begin(Lower *l) {
  uint32_t n = l->plan->checks.len;
  if (!n) return;
  LLVMValueRef *all = NEWN(l->cx, LLVMValueRef, n);
  int grain = 8;
  for (uint32_t i = 0; i < n; i++) {
    int bytes = ir_elem_bytes(element_of(l->plan->checks.at[i]));
    if (bytes < grain) grain = bytes;
    all[i] = site_of(l, i);
  }
  l->result->check_grain = grain;
  LLVMTypeRef t = LLVMTypeOf(all[0]);
  LLVMValueRef sites = constant(l, "sites", LLVMConstArray2(t, all, n));
  for (uint32_t i = 0; i < n; i++) {
    LLVMValueRef at = emit_int(l->i64, i);
    map_put(l->cx, &l->sites, l->plan->checks.at[i], LLVMConstGEP2(t, sites, &at, 1));
  }
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

typedef struct Check {
  Lower *l;
  const Op *op;
  const CheckPlan *plan;
  Value *ptr, *mask;
  const Type *type;
  int dim;          /* plan->dim */
  int64_t distance; /* of two elements' positions along it */
  Lane at[MAX_RANK];
} Check;

/* Branches on the call at the end of the innermost level: the program ends if the check failed. */
static void obey(Lower *l, LLVMValueRef answer) {
  LLVMBasicBlockRef good = emit_new_block(l, "checked");
  LLVMValueRef yes = LLVMBuildICmp(l->b, LLVMIntNE, answer, LLVMConstInt(l->i32, 0, false), "");
  LLVMBuildCondBr(l->b, yes, good, l->end);
  LLVMPositionBuilderAtEnd(l->b, good);
}

static LLVMValueRef wide(Lower *l, LLVMValueRef x, bool is_signed) {
  return LLVMBuildIntCast2(l->b, x, l->i64, is_signed, "");
}

static void call_row(const Check *c, Lane p, Lane m, int64_t n, LLVMValueRef position) {
  Lower *l = c->l;
  LLVMValueRef none = emit_int(l->i64, 0), all = emit_int(l->i64, n), begin = none, end = all, step = none;
  if (m.kind == LANE_RANGE) {
    begin = emit_intrinsic(l, "llvm.smax", &l->i64, 1, (LLVMValueRef[]){wide(l, m.v, true), none}, 2);
    end = emit_intrinsic(l, "llvm.smin", &l->i64, 1, (LLVMValueRef[]){wide(l, m.step, true), all}, 2);
  } else {
    end = LLVMBuildSelect(l->b, m.v, all, none, "");
  }
  if (p.kind == LANE_AFFINE) step = LLVMBuildMul(l->b, p.step, emit_int(l->i64, ir_elem_bytes(element_of(c->op))), "");
  LLVMValueRef args[] = {map_get(&l->sites, c->op),    l->program, p.v, step, begin, end, position,
                         emit_int(l->i64, c->distance)};
  obey(l, emit_call(l, "ttc_rt_check_row", l->i32, args, COUNT(args)));
}

/* The number of the first element of the row, or of the vector, in the tensor. */
static LLVMValueRef position(const Check *c) {
  Lower *l = c->l;
  LLVMValueRef n = emit_int(l->i64, 0);
  int64_t below = 1;
  for (int d = c->type->rank; d-- > 0; below *= c->type->shape[d])
    if (d != c->dim)
      n = LLVMBuildAdd(l->b, n, LLVMBuildMul(l->b, wide(l, c->at[d].v, true), emit_int(l->i64, below), ""), "");
  return n;
}

static Lane mask_lane(const Check *c) {
  return c->mask ? emit_lane_eval(c->l, c->mask, c->at) : emit_lane_uniform(LLVMConstInt(c->l->i1, 1, false), 0);
}

static void row_at_once(Check *c) {
  Lower *l = c->l;
  int64_t n = c->type->shape[c->dim];
  const IndexSum *stride = c->plan->stride;
  Lane m = c->mask ? emit_mask_range(l, NULL, c->mask, c->at, n) : mask_lane(c);
  c->at[c->dim] = emit_lane_zero(l);
  Lane p = emit_lane_eval(l, c->ptr, c->at);
  if (!index_is_const(stride, 0)) {
    p.kind = LANE_AFFINE;
    p.step = emit_sum(l, stride, ir_elem_bytes(element_of(c->op)));
  }
  emit_at(l, l->depth);
  call_row(c, p, m, n, position(c));
  l->levels[l->depth].block = LLVMGetInsertBlock(l->b);
}

static void row_by_vectors(Check *c) {
  Lower *l = c->l;
  LLVMValueRef ptrs = emit_alloca(l, LLVMVectorType(l->ptr, (unsigned)l->lanes)),
               bits = c->mask ? emit_alloca(l, LLVMVectorType(l->i8, (unsigned)l->lanes)) : LLVMConstNull(l->ptr);
  int outer = l->depth;
  Loop loop = emit_loop_begin(l, emit_int(l->i64, 0), emit_int(l->i64, c->type->shape[c->dim]), l->lanes);
  emit_push_level(l, LLVMGetInsertBlock(l->b));
  l->index64 = loop.index;
  l->index32 = LLVMBuildTrunc(l->b, loop.index, l->i32, "");
  if (l->lanes == 1) c->at[c->dim] = emit_lane_uniform(l->index32, l->depth);
  static const Type bit = {.kind = TYPE_INT, .bits = 1};
  LLVMValueRef p = emit_lane_vector(l, emit_lane_eval(l, c->ptr, c->at), c->type->elem);
  LLVMValueRef m = c->mask ? emit_lane_vector(l, mask_lane(c), (Type *)&bit) : NULL;
  emit_at(l, l->depth);
  LLVMBuildStore(l->b, p, ptrs);
  if (m) LLVMBuildStore(l->b, LLVMBuildZExt(l->b, m, emit_wide(l->i8, l->lanes), ""), bits);
  LLVMValueRef along = LLVMBuildMul(l->b, loop.index, emit_int(l->i64, c->distance), "");
  LLVMValueRef args[] = {map_get(&l->sites, c->op),
                         l->program,
                         ptrs,
                         bits,
                         emit_int(l->i64, l->lanes),
                         LLVMBuildAdd(l->b, position(c), along, ""),
                         emit_int(l->i64, c->distance)};
  obey(l, emit_call(l, "ttc_rt_check_many", l->i32, args, COUNT(args)));
  emit_pop_level(l);
  emit_loop_end(l, &loop);
  l->levels[outer].block = LLVMGetInsertBlock(l->b);
  l->index32 = l->index64 = NULL;
}

static void rows(Check *c, int d) {
  Lower *l = c->l;
  if (d == c->type->rank) {
    l->inner = l->depth + 1;
    c->at[c->dim] =
        l->lanes == 1
            ? emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0)
            : (Lane){.kind = LANE_AFFINE, .v = LLVMConstInt(l->i32, 0, false), .step = LLVMConstInt(l->i32, 1, false)};
    if (c->plan->is_even)
      row_at_once(c);
    else
      row_by_vectors(c);
    return;
  }
  if (d == c->dim || c->type->shape[d] == 1) {
    c->at[d] = emit_lane_uniform(LLVMConstInt(l->i32, 0, false), 0);
    rows(c, d + 1);
    return;
  }
  emit_at(l, l->depth);
  int outer = l->depth;
  Loop loop = emit_loop_begin(l, emit_int(l->i64, 0), emit_int(l->i64, c->type->shape[d]), 1);
  emit_push_level(l, loop.body);
  c->at[d] = emit_lane_uniform(LLVMBuildTrunc(l->b, loop.index, l->i32, ""), l->depth);
  rows(c, d + 1);
  LLVMPositionBuilderAtEnd(l->b, l->levels[l->depth].block);
  emit_pop_level(l);
  emit_loop_end(l, &loop);
  l->levels[outer].block = LLVMGetInsertBlock(l->b);
}

void emit_check(Lower *l, const Op *op, const CheckPlan *plan) {
  Check c = {.l = l, .op = op, .plan = plan, .ptr = ir_operand(op, 0), .dim = plan->dim, .distance = 1};
  c.mask = op->noperands > 1 ? ir_operand(op, 1) : NULL;
  c.type = c.ptr->type;
  if (!ir_is_tensor(c.type)) {
    Lane p = emit_lane_uniform(code_of(c.ptr)->scalar, 0),
         m = emit_lane_uniform(c.mask ? code_of(c.mask)->scalar : LLVMConstInt(l->i1, 1, false), 0);
    call_row(&c, p, m, 1, emit_int(l->i64, 0));
    return;
  }
  for (int d = c.dim + 1; d < c.type->rank; d++) c.distance *= c.type->shape[d];
  l->extent = c.type->shape[c.dim];
  l->lanes = l->extent < LANES ? (int)l->extent : LANES;
  emit_base_level(l);
  rows(&c, 0);
  LLVMPositionBuilderAtEnd(l->b, l->levels[0].block);
  emit_base_level(l);
}

void emit_check_acquire(Lower *l) { emit_call(l, "ttc_rt_check_acquire", l->voidty, &l->program, 1); }
