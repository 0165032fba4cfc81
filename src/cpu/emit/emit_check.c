/* emit_check.c: check mode: the calls that check accesses (rt/check.c), from the ops that opt_check_accesses left.
 *
 * A check is a loop nest of its own in front of its access. Along the dimension with a constant stride, a row is one
 * call: the first address, the distance, and the bounds that the mask comes to, all known in front of the row. Where
 * addresses or mask are not of this form, they are evaluated a vector at a time, put into memory, and checked there.
 *
 * The sites, one for each check, are a constant array of CpuSite.
 */
#include "cpu/emit/emit.h"

#include <string.h>

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

static LLVMValueRef constant(Emitter *e, const char *name, LLVMValueRef value) {
  LLVMValueRef g = LLVMAddGlobal(e->module, LLVMTypeOf(value), name);
  LLVMSetInitializer(g, value);
  LLVMSetGlobalConstant(g, true);
  LLVMSetLinkage(g, LLVMPrivateLinkage);
  return g;
}

static LLVMValueRef text(Emitter *e, const char *s) {
  return s ? constant(e, "text", LLVMConstStringInContext2(e->llvm, s, strlen(s), false)) : LLVMConstNull(e->ptr);
}

static LLVMValueRef shape_of(Emitter *e, const Type *t) {
  if (!ir_is_tensor(t)) return LLVMConstNull(e->ptr);
  LLVMValueRef dims[MAX_RANK];
  for (int d = 0; d < t->rank; d++) dims[d] = emit_int(e->i64, t->shape[d]);
  return constant(e, "shape", LLVMConstArray2(e->i64, dims, (uint64_t)t->rank));
}

/* As struct CpuSite has them. */
static LLVMValueRef site_of(Emitter *e, uint32_t i) {
  const Op *check = e->plan->checks.at[i];
  const Type *type = ir_operand(check, 0)->type, *elem = element_of(check);
  const Value *base = cpu_pointer_base(e->plan->index, ir_operand(check, 0));
  const Loc *loc = check->loc;
  while (loc && loc->kind != LOC_FILE) loc = loc->child;
  int64_t arg = base ? base->index : e->plan->makes_pointers ? CPU_SITE_UNKNOWN : CPU_SITE_ANY;
  LLVMValueRef fields[] = {text(e, loc ? loc->file : NULL),
                           text(e, base ? base->hint : NULL),
                           text(e, ir_type_text(e->cx, elem)),
                           shape_of(e, type),
                           emit_int(e->i32, ir_is_tensor(type) ? type->rank : 0),
                           emit_int(e->i32, loc ? loc->line : 0),
                           emit_int(e->i32, i),
                           emit_int(e->i32, arg),
                           emit_int(e->i32, ir_elem_bytes(elem)),
                           emit_int(e->i32, access_of(check)),
                           emit_int(e->i32, releases(check))};
  return LLVMConstStructInContext(e->llvm, fields, COUNT(fields), false);
}

void emit_check_begin(Emitter *e) {
  uint32_t n = e->plan->checks.len;
  if (!n) return;
  LLVMValueRef *all = NEWN(e->cx, LLVMValueRef, n);
  int grain = 8;
  for (uint32_t i = 0; i < n; i++) {
    int bytes = ir_elem_bytes(element_of(e->plan->checks.at[i]));
    if (bytes < grain) grain = bytes;
    all[i] = site_of(e, i);
  }
  e->result->check_grain = grain;
  LLVMTypeRef t = LLVMTypeOf(all[0]);
  LLVMValueRef sites = constant(e, "sites", LLVMConstArray2(t, all, n));
  for (uint32_t i = 0; i < n; i++) {
    LLVMValueRef at = emit_int(e->i64, i);
    map_put(e->cx, &e->sites, e->plan->checks.at[i], LLVMConstGEP2(t, sites, &at, 1));
  }
}

/* ---- checks ------------------------------------------------------------------------------------------------------ */

typedef struct Check {
  Emitter *e;
  const Op *op;
  const CheckPlan *plan;
  Value *ptr, *mask;
  const Type *type;
  int dim;          /* plan->dim */
  int64_t distance; /* of two elements' positions along it */
  Lane at[MAX_RANK];
} Check;

/* Branches on the call at the end of the innermost level: the program ends if the check failed. */
static void obey(Emitter *e, LLVMValueRef answer) {
  LLVMBasicBlockRef good = emit_new_block(e, "checked");
  LLVMValueRef yes = LLVMBuildICmp(e->b, LLVMIntNE, answer, LLVMConstInt(e->i32, 0, false), "");
  LLVMBuildCondBr(e->b, yes, good, e->end);
  LLVMPositionBuilderAtEnd(e->b, good);
}

static LLVMValueRef wide(Emitter *e, LLVMValueRef x, bool is_signed) {
  return LLVMBuildIntCast2(e->b, x, e->i64, is_signed, "");
}

static void call_row(const Check *c, Lane p, Lane m, int64_t n, LLVMValueRef position) {
  Emitter *e = c->e;
  LLVMValueRef none = emit_int(e->i64, 0), all = emit_int(e->i64, n), begin = none, end = all, step = none;
  if (m.kind == LANE_RANGE) {
    begin = emit_intrinsic(e, "llvm.smax", &e->i64, 1, (LLVMValueRef[]){wide(e, m.v, true), none}, 2);
    end = emit_intrinsic(e, "llvm.smin", &e->i64, 1, (LLVMValueRef[]){wide(e, m.step, true), all}, 2);
  } else {
    end = LLVMBuildSelect(e->b, m.v, all, none, "");
  }
  if (p.kind == LANE_AFFINE) step = LLVMBuildMul(e->b, p.step, emit_int(e->i64, ir_elem_bytes(element_of(c->op))), "");
  LLVMValueRef args[] = {map_get(&e->sites, c->op),    e->program, p.v, step, begin, end, position,
                         emit_int(e->i64, c->distance)};
  obey(e, emit_call(e, "ttc_rt_check_row", e->i32, args, COUNT(args)));
}

/* The number of the first element of the row, or of the vector, in the tensor. */
static LLVMValueRef position(const Check *c) {
  Emitter *e = c->e;
  LLVMValueRef n = emit_int(e->i64, 0);
  int64_t below = 1;
  for (int d = c->type->rank; d-- > 0; below *= c->type->shape[d])
    if (d != c->dim)
      n = LLVMBuildAdd(e->b, n, LLVMBuildMul(e->b, wide(e, c->at[d].v, true), emit_int(e->i64, below), ""), "");
  return n;
}

static Lane mask_lane(const Check *c) {
  return c->mask ? emit_lane_eval(c->e, c->mask, c->at) : emit_lane_uniform(LLVMConstInt(c->e->i1, 1, false), 0);
}

static void row_at_once(Check *c) {
  Emitter *e = c->e;
  int64_t n = c->type->shape[c->dim];
  const IndexSum *stride = c->plan->stride;
  Lane m = c->mask ? emit_mask_range(e, NULL, c->mask, c->at, n, NULL) : mask_lane(c);
  c->at[c->dim] = emit_lane_zero(e);
  Lane p = emit_lane_eval(e, c->ptr, c->at);
  if (!index_is_const(stride, 0)) {
    p.kind = LANE_AFFINE;
    p.step = emit_sum(e, stride, ir_elem_bytes(element_of(c->op)));
  }
  emit_at(e, e->depth);
  call_row(c, p, m, n, position(c));
  e->levels[e->depth].block = LLVMGetInsertBlock(e->b);
}

static void row_by_vectors(Check *c) {
  Emitter *e = c->e;
  LLVMValueRef ptrs = emit_alloca(e, LLVMVectorType(e->ptr, (unsigned)e->lanes)),
               bits = c->mask ? emit_alloca(e, LLVMVectorType(e->i8, (unsigned)e->lanes)) : LLVMConstNull(e->ptr);
  int outer = e->depth;
  CountedLoop loop = emit_loop_begin(e, emit_int(e->i64, 0), emit_int(e->i64, c->type->shape[c->dim]), e->lanes);
  emit_push_level(e, LLVMGetInsertBlock(e->b));
  e->index64 = loop.index;
  e->index32 = LLVMBuildTrunc(e->b, loop.index, e->i32, "");
  if (e->lanes == 1) c->at[c->dim] = emit_lane_uniform(e->index32, e->depth);
  static const Type bit = {.kind = TYPE_INT, .bits = 1};
  LLVMValueRef p = emit_lane_vector(e, emit_lane_eval(e, c->ptr, c->at), c->type->elem);
  LLVMValueRef m = c->mask ? emit_lane_vector(e, mask_lane(c), (Type *)&bit) : NULL;
  emit_at(e, e->depth);
  LLVMBuildStore(e->b, p, ptrs);
  if (m) LLVMBuildStore(e->b, LLVMBuildZExt(e->b, m, emit_wide(e->i8, e->lanes), ""), bits);
  LLVMValueRef along = LLVMBuildMul(e->b, loop.index, emit_int(e->i64, c->distance), "");
  LLVMValueRef args[] = {map_get(&e->sites, c->op),
                         e->program,
                         ptrs,
                         bits,
                         emit_int(e->i64, e->lanes),
                         LLVMBuildAdd(e->b, position(c), along, ""),
                         emit_int(e->i64, c->distance)};
  obey(e, emit_call(e, "ttc_rt_check_many", e->i32, args, COUNT(args)));
  emit_pop_level(e);
  emit_loop_end(e, &loop);
  e->levels[outer].block = LLVMGetInsertBlock(e->b);
  e->index32 = e->index64 = NULL;
}

static void rows(Check *c, int d) {
  Emitter *e = c->e;
  if (d == c->type->rank) {
    e->inner = e->depth + 1;
    c->at[c->dim] =
        e->lanes == 1
            ? emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0)
            : (Lane){.kind = LANE_AFFINE, .v = LLVMConstInt(e->i32, 0, false), .step = LLVMConstInt(e->i32, 1, false)};
    if (c->plan->is_even)
      row_at_once(c);
    else
      row_by_vectors(c);
    return;
  }
  if (d == c->dim || c->type->shape[d] == 1) {
    c->at[d] = emit_lane_uniform(LLVMConstInt(e->i32, 0, false), 0);
    rows(c, d + 1);
    return;
  }
  emit_at(e, e->depth);
  int outer = e->depth;
  CountedLoop loop = emit_loop_begin(e, emit_int(e->i64, 0), emit_int(e->i64, c->type->shape[d]), 1);
  emit_push_level(e, loop.body);
  c->at[d] = emit_lane_uniform(LLVMBuildTrunc(e->b, loop.index, e->i32, ""), e->depth);
  rows(c, d + 1);
  LLVMPositionBuilderAtEnd(e->b, e->levels[e->depth].block);
  emit_pop_level(e);
  emit_loop_end(e, &loop);
  e->levels[outer].block = LLVMGetInsertBlock(e->b);
}

void emit_check(Emitter *e, const Op *op, const CheckPlan *plan) {
  Check c = {.e = e, .op = op, .plan = plan, .ptr = ir_operand(op, 0), .dim = plan->dim, .distance = 1};
  c.mask = op->noperands > 1 ? ir_operand(op, 1) : NULL;
  c.type = c.ptr->type;
  if (!ir_is_tensor(c.type)) {
    Lane p = emit_lane_uniform(code_of(c.ptr)->scalar, 0),
         m = emit_lane_uniform(c.mask ? code_of(c.mask)->scalar : LLVMConstInt(e->i1, 1, false), 0);
    call_row(&c, p, m, 1, emit_int(e->i64, 0));
    return;
  }
  for (int d = c.dim + 1; d < c.type->rank; d++) c.distance *= c.type->shape[d];
  e->extent = c.type->shape[c.dim];
  e->lanes = plan->lanes;
  emit_base_level(e);
  rows(&c, 0);
  LLVMPositionBuilderAtEnd(e->b, e->levels[0].block);
  emit_base_level(e);
}

void emit_check_acquire(Emitter *e) { emit_call(e, "ttc_rt_check_acquire", e->voidty, &e->program, 1); }
