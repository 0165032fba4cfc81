/* assign.c: every tensor gets a layout, with few conversions between them.
 *
 * Problem. Triton IR says nothing of where elements lie. Accesses want layouts that are wide and coalesced, dots want
 * those of the tensor cores, reductions like rows within a warp; where two wishes meet, a conversion through shared
 * memory is paid for.
 *
 * Idea. A value is rematerializable if it is computed from indices and scalars alone (ranges, splats, constants,
 * arithmetic on them): computing it again in another layout is cheaper than moving it, so it has no layout of its own
 * and is made on demand, once per layout. All other values have an assigned layout: that of the access, dot or
 * reduction they come from, passed on by the ops that keep elements in place; where several meet, that of the higher
 * rank (tensor cores, then blocks, then what came about by reshaping). A value is a broadcast one if it is a smaller
 * one broadcast, a vector of few elements loaded from rematerializable addresses, or elementwise arithmetic on nothing
 * but such and rematerializable ones (the addresses of a gather of rows): its assigned layout ranks below all others,
 * for it can be had in any layout by converting the smaller one, or by loading it in that layout.
 *
 * First (assign_infer.c): assigned layouts, to a fixed point over loops; a carried value has the layout of what flows
 * into it, and that only gives way to one of higher rank. An op's results follow anew from its operands in each round,
 * which may be no fixed point; any round's layouts are right, so rounds are counted. Then (here): each op in order
 * takes its layout and asks gpu_value_in_layout() for its operands in the layouts that follow from it.
 *
 * gpu_value_in_layout(v, L) (assign_versions.c): v itself if L is its assigned layout; a copy of v's op on operands
 * asked for in turn, if v is rematerializable or broadcast or the op makes its operand larger (broadcasts, extensions:
 * then the smaller operand is converted), or is arithmetic on nothing but one load's result, or on several that a loop
 * copies ahead, or such a load itself, in a layout that serves it as well; else a conversion placed right after v's definition, which is at the least loop depth
 * possible, and shared by all uses in that layout.
 *
 * A rematerializable value that a loop carries takes the layout of the first use in the loop; so does one into which
 * only broadcast and rematerializable ones flow (the addresses of gathered rows, moved on by a step).
 */
#include "gpu/passes/assign_shared.h"

static void place_block(Assign *a, Block *b);

static void operand_in_layout(Assign *a, Op *op, int i, Attr *to) {
  Value *v = ir_operand(op, i);
  if (ir_is_tensor(v->type)) ir_set_operand(op, i, gpu_value_in_layout(a, v, to));
}

static void operands_in_layout(Assign *a, Op *op, Attr *to) {
  for (int i = 0; i < op->noperands; i++) operand_in_layout(a, op, i, to);
}

static void set_results(Assign *a, Op *op) {
  for (int i = 0; i < op->nresults; i++) {
    Value *r = &op->results[i];
    Attr *e = ir_is_tensor(r->type) ? assigned(a, r) : NULL;
    if (e) r->type = gpu_with(a->cx, r->type, e);
  }
}

/* An op whose results lie as its operands do. A loop's result that was rematerializable got its assigned layout when
 * the loop was placed, which is later than assigned layouts were inferred: so the results' follow from what the
 * operands are by now. Who uses them asks for the layout that it inferred, and gets them converted. */
static void place_from(Assign *a, Op *op, Attr *e) {
  operands_in_layout(a, op, e);
  if (op->code == OP_CAT)
    gpu_assign_result(a, &op->results[0], gpu_assign_cat_layout(a, op));
  else
    gpu_assign_results(a, op, e);
  set_results(a, op);
}

static void place_for(Assign *a, Op *op) {
  Block *body = ir_entry(op, 0);
  for (int i = 0; i < op->nresults; i++) {
    Attr *e = assigned(a, ir_loop_arg(op, i));
    if (!e) continue;
    ir_loop_arg(op, i)->type = gpu_with(a->cx, ir_loop_arg(op, i)->type, e);
    operand_in_layout(a, op, IR_LOOP_INITS + i, e);
  }
  place_block(a, body);
  Op *yield = ir_terminator(body);
  for (int i = 0; i < op->nresults; i++) {
    Value *arg = ir_loop_arg(op, i);
    if (!ir_is_tensor(arg->type)) continue;
    if (!assigned(a, arg)) {
      Attr *e = block_of(a, arg->type);
      operand_in_layout(a, op, IR_LOOP_INITS + i, e);
      gpu_assign_carried(a, arg, e);
    }
    operand_in_layout(a, yield, i, assigned(a, arg));
  }
  set_results(a, op);
}

static void place_while(Assign *a, Op *op) {
  Block *before = ir_entry(op, 0), *after = ir_entry(op, 1);
  for (int i = 0; i < before->nargs; i++) {
    Attr *e = assigned(a, before->args[i]);
    if (!e) continue;
    before->args[i]->type = gpu_with(a->cx, before->args[i]->type, e);
    operand_in_layout(a, op, i, e);
  }
  for (int i = 0; i < after->nargs; i++)
    if (assigned(a, after->args[i]))
      after->args[i]->type = gpu_with(a->cx, after->args[i]->type, assigned(a, after->args[i]));
  place_block(a, before);
  Op *condition = ir_terminator(before);
  for (int i = 0; i < after->nargs; i++) operand_in_layout(a, condition, 1 + i, assigned(a, after->args[i]));
  place_block(a, after);
  Op *yield = ir_terminator(after);
  for (int i = 0; i < before->nargs; i++) operand_in_layout(a, yield, i, assigned(a, before->args[i]));
  set_results(a, op);
}

static void place_if(Assign *a, Op *op) {
  for (int r = 0; r < op->nregions; r++) {
    if (!op->regions[r]->first) continue;
    place_block(a, op->regions[r]->first);
    Op *yield = ir_terminator(op->regions[r]->first);
    for (int i = 0; i < op->nresults; i++) operand_in_layout(a, yield, i, assigned(a, &op->results[i]));
  }
  set_results(a, op);
}

/* Where a store takes place: in the coalesced layout, but a vector of few elements where it lies, unless that takes
 * many more instructions. */
static void place_store(Assign *a, Op *op) {
  Value *ptr = ir_operand(op, 0);
  if (!ir_is_tensor(ptr->type)) return;
  Attr *value = assigned(a, ir_operand(op, 1)), *e = gpu_coalesce_encoding(a->coalesce, op);
  enum { INSTRUCTIONS = 8 }; /* what a conversion costs */
  if (value && ptr->type->rank == 1 && ir_numel(ptr->type) <= 32 * a->num_warps &&
      !gpu_assign_is_repeated(a, op, value, INSTRUCTIONS))
    e = value;
  operands_in_layout(a, op, e);
}

static int64_t swizzle_bytes(int64_t row_bytes) { return row_bytes >= 128 ? 128 : row_bytes >= 64 ? 64 : 32; }

/* The operand of a wgmma in shared memory. What is fastest in the source's layout stays so if the instruction can read
 * that: 16-bit types either way, others along K only. */
static Value *in_shared(Assign *a, Builder *b, Value *v, int index) {
  int order[LAYOUT_MAX_DIMS], k_dim = index == 0 ? 1 : 0;
  const int64_t *trans = NULL;
  if (v->op && v->op->code == OP_TRANS && assigned(a, v)) {
    trans = ir_attr(v->op, "order")->ints;
    v = ir_operand(v->op, 0);
    k_dim = 1 - k_dim;
  }
  Attr *e = assigned_or_block(a, v);
  Value *src = gpu_value_in_layout(a, v, e);
  gpu_order(e, 2, order);
  int bits = ir_elem(v->type)->bits, fast = bits == 16 ? order[0] : k_dim;
  int64_t swizzle = swizzle_bytes(v->type->shape[fast] * bits / 8);
  Attr *shared = gpu_nvmma_shared(a->cx, (int)swizzle, fast == 0, bits);
  Type *t = ir_memdesc(a->cx, v->type->elem, 2, v->type->shape, shared, gpu_smem(a->cx), false);
  Value *buffer = gpu_assign_known(a, src, shared);
  if (!buffer) {
    Builder after = gpu_assign_after(a, src);
    buffer = gpu_assign_remember(a, src, shared, ir_make(&after, OP_LOCAL_ALLOC, t, src, NULL));
  }
  if (!trans) return buffer;
  int64_t shape[2] = {t->shape[1], t->shape[0]};
  Attr *turned = gpu_nvmma_shared(a->cx, (int)swizzle, fast == 1, bits);
  Type *to = ir_memdesc(a->cx, t->elem, 2, shape, turned, gpu_smem(a->cx), false);
  Value *view = ir_make(b, OP_MEMDESC_TRANS, to, buffer, NULL);
  ir_set_attr(a->cx, view->op, "order", ir_attr_ints(a->cx, ir_int(a->cx, 32), trans, 2));
  return view;
}

/* Is the left operand of a wgmma read from registers? What another dot left there is, f32 that lies across K, and what is computed for this dot
 * alone, if no two warps need the same of it: on its way through shared memory it is exchanged by the threads' own
 * accesses (ldmatrix), while tensor cores would have to be fenced off from all stores before, those to global memory too. */
static bool is_left_in_registers(Assign *a, const Op *dot, const DotEncoding *plan, Attr *to) {
  enum { REGISTERS = 32 };
  const Value *x = ir_operand(dot, 0);
  int bits = ir_elem(x->type)->bits;
  if (assigned(a, x) && gpu_assign_rank(assigned(a, x)) == GPU_ASSIGN_MMA) return bits >= 16;
  if (plan->reads_across) return true;
  if (bits != 16 || !x->op || x->op->block != dot->block || !ir_one_use(x)) return false;
  if (!ir_has(x->op, T_ELEMENTWISE) || !ir_has(x->op, T_PURE)) return false;
  int registers = gpu_registers(gpu_layout(a->cx, gpu_with(a->cx, x->type, to)));
  return registers * 32 * a->num_warps == ir_numel(x->type) && registers * bits / 32 <= REGISTERS;
}

static void place_wgmma(Assign *a, Op *op, DotEncoding plan) {
  Builder b = ir_before(a->cx, op);
  Value *x = ir_operand(op, 0), *operands[3];
  Attr *left = gpu_dot_op(a->cx, 0, plan.encoding, plan.k_width);
  operands[0] = is_left_in_registers(a, op, &plan, left) ? gpu_value_in_layout(a, x, left) : in_shared(a, &b, x, 0);
  operands[1] = in_shared(a, &b, ir_operand(op, 1), 1);
  operands[2] = gpu_value_in_layout(a, ir_operand(op, 2), plan.encoding);
  gpu_fence_stores(&b);
  Type *t = gpu_with(a->cx, op->results[0].type, plan.encoding);
  Op *dot = ir_op(&b, OP_WARP_GROUP_DOT, &t, 1, operands, 3);
  Type *i32 = ir_int(a->cx, 32);
  ir_set_attr(a->cx, dot, "inputPrecision",
              ir_attr_int(a->cx, i32, 0)); /* tf32: the only one a tensor core has for f32 */
  Attr *imprecise = ir_attr(op, "maxNumImpreciseAcc");
  if (imprecise && imprecise->integer) ir_set_attr(a->cx, dot, "maxNumImpreciseAcc", imprecise);
  map_put(a->cx, &a->assigned, &dot->results[0], plan.encoding);
  ir_replace_all(&op->results[0], &dot->results[0]);
  ir_erase(op);
}

/* sm_90 multiplies 8-bit floats by wgmma only; mma.sync of them would be taken apart by the assembler, every operand as
 * often as it is used. Halves hold all their values. */
static bool lacks_fp8(int sm) { return sm == 90; }

static void as_half(Assign *a, Op *dot, int index) {
  Value *v = ir_operand(dot, index);
  if (ir_elem(v->type)->kind != TYPE_FLOAT) return;
  Builder b = ir_before(a->cx, dot);
  Type *half = ir_tensor_like(a->cx, v->type, ir_float(a->cx, F16));
  ir_set_operand(dot, index, ir_make(&b, OP_FP_TO_FP, half, v, NULL));
}

static void place_dot(Assign *a, Op *op) {
  DotEncoding plan = gpu_assign_dot_plan(a, op);
  if (plan.kind == DOT_WGMMA) {
    place_wgmma(a, op, plan);
    return;
  }
  for (int i = 0; i < 2; i++) {
    operand_in_layout(a, op, i, gpu_dot_op(a->cx, i, plan.encoding, plan.k_width));
    if (plan.kind == DOT_MMA && lacks_fp8(a->sm) && ir_elem(ir_operand(op, i)->type)->bits == 8) as_half(a, op, i);
  }
  operand_in_layout(a, op, 2, plan.encoding);
  set_results(a, op);
}

static void refuse(Assign *a, const Op *op) {
  ir_fail(a->cx, op, NULL, "no layout is known for '%s' on a GPU", ir_info(op)->name);
}

static void place_op(Assign *a, Op *op) {
  switch (op->code) {
  case OP_FOR: place_for(a, op); return;
  case OP_WHILE: place_while(a, op); return;
  case OP_IF: place_if(a, op); return;
  case OP_YIELD:
  case OP_CONDITION: return; /* with the op they belong to */
  case OP_STORE: place_store(a, op); return;
  case OP_DOT: place_dot(a, op); return;
  case OP_REDUCE: place_from(a, op, gpu_assign_operand_layout(a, op)); return;
  case OP_SCAN: place_from(a, op, gpu_assign_scan_layout(a, op, gpu_assign_operand_layout(a, op))); return;
  case OP_HISTOGRAM: operands_in_layout(a, op, assigned_or_block(a, ir_operand(op, 0))); break;
  case OP_GATHER:
    operand_in_layout(a, op, 0, assigned_or_block(a, ir_operand(op, 0)));
    operand_in_layout(a, op, 1, assigned(a, &op->results[0]));
    break;
  case OP_CAT: place_from(a, op, assigned(a, ir_operand(op, 0))); return;
  case OP_UNSPLAT: operand_in_layout(a, op, 0, assigned_or_block(a, ir_operand(op, 0))); return;
  case OP_PRINT:
  case OP_ASSERT:
    for (int i = 0; i < op->noperands; i++)
      if (ir_is_tensor(ir_operand(op, i)->type)) operand_in_layout(a, op, i, assigned_or_block(a, ir_operand(op, i)));
    return;
  case OP_DESC_LOAD: break;
  case OP_DESC_STORE:
  case OP_DESC_REDUCE: operand_in_layout(a, op, 1, assigned_or_block(a, ir_operand(op, 1))); return;
  case OP_MAKE_TENSOR_PTR:
  case OP_ADVANCE:
  case OP_MAKE_TENSOR_DESC:
  case OP_DOT_SCALED:
  case OP_CHECK_ACCESS:
  case OP_CHECK_ACQUIRE:
  case OP_CALL: refuse(a, op); return;
  default: {
    bool any = false;
    for (int i = 0; i < op->nresults; i++) any |= assigned(a, &op->results[i]) != NULL;
    if (!any) return; /* rematerializable, or of scalars */
    if (op->code == OP_EXPAND_DIMS || op->code == OP_BROADCAST)
      operand_in_layout(a, op, 0, gpu_operand_encoding(a->cx, op, assigned(a, &op->results[0]), a->num_warps));
    else if (op->code == OP_SPLIT || is_shape_op(op->code) || op->code == OP_JOIN)
      place_from(a, op, op->code == OP_SPLIT ? gpu_assign_split_source(a, op) : gpu_assign_best_operand(a, op));
    else
      operands_in_layout(a, op, assigned(a, &op->results[0]));
  }
  }
  set_results(a, op);
}

static void place_block(Assign *a, Block *b) {
  for (Op *op = b->first, *next; op; op = next) {
    next = op->next;
    place_op(a, op);
  }
}

static void forget_piece(Op *op, void *cx) { ir_set_attr(cx, op, GPU_PIECE, NULL); }

bool gpu_assign(Ctx *cx, Module *m) {
  enum { MOST_ROUNDS = 32 }; /* a nest of loops takes as many as it is deep */
  Assign a = {.cx = cx, .num_warps = gpu_num_warps(m), .sm = gpu_sm(m), .num_stages = (int)gpu_num_stages(m)};
  a.coalesce = gpu_coalesce_analyze(cx, m);
  for (Op *op = m->body->first->first; op; op = op->next) {
    if (op->code != OP_FUNC || !op->regions[0]->first) continue;
    int rounds = 0;
    do {
      a.changed = false;
      gpu_assign_infer(&a, ir_entry(op, 0));
    } while (a.changed && ++rounds < MOST_ROUNDS);
    place_block(&a, ir_entry(op, 0));
  }
  ir_walk(m->op, forget_piece, cx);
  opt_dce(cx, m);
  opt_cse(cx, m);
  return true;
}
