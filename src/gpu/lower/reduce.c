/* reduce.c: tt.reduce.
 *
 * Along the axis an element's number has bits that are registers, lanes or warps. First each thread combines its
 * registers, in a tree; then lanes exchange by butterfly shuffles, so that all of them know the result, or, where a
 * thread has several results, divide them among them (layout/halves.c); then, if warps
 * share the axis, each leaves its part in shared memory and everyone reads and combines all parts: each thread all of
 * them, or, where a function is long and lanes have no places of their own, each lane reads one part, and another
 * butterfly combines them. Functions are associative and commutative here: others have become scans
 * (opt/reduce_order.c).
 */
#include "gpu/lower/lower.h"

typedef struct LaneReduction {
  const Op *op;
  int n;                /* operands */
  const Layout *layout; /* of what is in registers by now */
  int axis;
  AxisHalves halves;
  bool few_predicates; /* see predicates_are_few */
  Registers **src;
} LaneReduction;

typedef struct Group {
  uint64_t place; /* without the axis */
  int reg;        /* one of those there */
  LLInst **at;    /* one per operand */
} Group;
typedef Vec(Group) Groups;

/* Registers with one place apart from the axis: pairs until one is left. */
static void reduce_registers(Lower *w, const LaneReduction *r, Groups *out) {
  int count = r->src[0]->n;
  uint64_t axis = gpu_axis_mask(r->layout, r->axis);
  bool *done = NEWN(w->cx, bool, count);
  for (int i = 0; i < count; i++) {
    if (done[i]) continue;
    Vec(Group) parts = {0};
    uint64_t place = lower_register_image(r->layout, i) & ~axis;
    for (int j = i; j < count; j++) {
      if (done[j] || (lower_register_image(r->layout, j) & ~axis) != place) continue;
      done[j] = true;
      Group g = {place, j, NEWN(w->cx, LLInst *, r->n)};
      for (int k = 0; k < r->n; k++) g.at[k] = r->src[k]->at[j];
      vec_push(w->cx, &parts, g);
    }
    uint32_t kept = 0; /* one for every bit of how many are done, the largest first: few are live at a time */
    for (uint32_t j = 0; j < parts.len; j++) {
      parts.at[kept++] = parts.at[j];
      for (uint32_t done = j + 1; !(done & 1) || (j + 1 == parts.len && kept > 1); done /= 2, kept--)
        lower_combine(w, r->op, parts.at[kept - 2].at, parts.at[kept - 1].at, parts.at[kept - 2].at, r->n);
    }
    vec_push(w->cx, out, parts.at[0]);
  }
}

static Group *group_at(const Groups *groups, uint64_t place) {
  for (uint32_t g = 0; g < groups->len; g++)
    if (groups->at[g].place == place) return &groups->at[g];
  return NULL;
}

static uint64_t place_of_bit(const LaneReduction *r, int reg) {
  const Layout *l = r->halves.layout; /* where that bit is a lane's now */
  for (int i = 0; i < r->halves.n; i++)
    if (r->halves.reg[i] == reg) return layout_basis(l, AXIS_LANE, r->halves.lane[i]);
  return 0;
}

enum { PREDICATES = 7 }; /* that a thread has */

/* How many predicates the loads of a block need at a time, as far as they are lowered; counted to PREDICATES. */
static int masks_of_loads(Lower *w, const Block *block) {
  const LLInst *seen[PREDICATES];
  int n = 0;
  for (const Op *o = block->first; o && o != w->op; o = o->next) {
    if (o->code != OP_LOAD || o->noperands < 2) continue;
    const Registers *mask = lower_value(w, ir_operand(o, 1));
    for (int i = 0; i < mask->n && n < PREDICATES; i++) {
      int at = 0;
      while (at < n && seen[at] != mask->at[i]) at++;
      if (at == n && mask->at[i]->op != LL_CONST) seen[n++] = mask->at[i];
    }
  }
  return n;
}

/* In a loop the bits of a lane's number are predicates that stay, one for each bit by which groups are divided and one
 * for who writes. If too few are left for the masks of the loop's loads, the assembler issues the loads of a tile a few at a
 * time, each group after what the one before has loaded. */
static bool predicates_are_few(Lower *w, const LaneReduction *r) {
  return r->halves.n && gpu_in_loop(r->op) && r->halves.n + 1 + masks_of_loads(w, r->op->block) > PREDICATES;
}

/* x or y, by a predicate or, where these are few, by a register: 0x3210 selects the bytes of x, 0x7654 those of y. */
static LLInst *select_either(Lower *w, const LaneReduction *r, LLInst *is_second, LLInst *x, LLInst *y) {
  LLBuilder *b = &w->b;
  const LLType *t = x->type;
  if (!r->few_predicates || (t != &ll_i32 && t != &ll_float)) return ll_select(b, is_second, y, x);
  LLInst *bytes = ll_select(b, is_second, ll_const_i32(b, 0x7654), ll_const_i32(b, 0x3210));
  x = ll_call(b, LL_PRMT, NULL, ll_bitcast(b, &ll_i32, x), ll_bitcast(b, &ll_i32, y), bytes, NULL);
  return ll_bitcast(b, t, x);
}

/* Lanes that differ in bit `lane` keep half of the groups each: those whose register's bit `reg` is that of the lane. */
static void keep_half(Lower *w, const LaneReduction *r, int lane, int reg, Groups *groups) {
  LLBuilder *b = &w->b;
  LLInst *other = NULL, *bit = ll_op2(b, LL_AND, w->tid, ll_const_i32(b, 1 << lane)),
         **came = NEWN(w->cx, LLInst *, r->n);
  LLInst *is_upper = ll_icmp(b, LLP_NE, bit, ll_const_i32(b, 0));
  Groups kept = {0};
  for (uint32_t g = 0; g < groups->len; g++) {
    Group *lower = &groups->at[g], half = {lower->place, lower->reg, NEWN(w->cx, LLInst *, r->n)};
    if (lower->reg >> reg & 1) continue;
    const Group *upper = group_at(groups, lower->place ^ place_of_bit(r, reg));
    for (int i = 0; i < r->n; i++) {
      half.at[i] = select_either(w, r, is_upper, lower->at[i], upper->at[i]);
      other = select_either(w, r, is_upper, upper->at[i], lower->at[i]);
      came[i] = lower_shuffle(w, LL_SHFL_BFLY, other, ll_const_i32(b, 1 << lane));
    }
    lower_combine(w, r->op, half.at, came, half.at, r->n);
    vec_push(w->cx, &kept, half);
  }
  *groups = kept;
}

/* Each lane gets all groups that were there before they were divided: from the lane that kept it. */
static void send_to_all(Lower *w, const LaneReduction *r, const Groups *kept, Groups *all) {
  int lanes = 0;
  for (int i = 0; i < r->halves.n; i++) lanes |= 1 << r->halves.lane[i];
  LLInst *own = ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, 31 & ~lanes));
  for (uint32_t g = 0; g < all->len; g++) {
    Group *to = &all->at[g];
    uint64_t place = to->place;
    int from = 0;
    for (int i = 0; i < r->halves.n; i++) {
      if (!(to->reg >> r->halves.reg[i] & 1)) continue;
      from |= 1 << r->halves.lane[i];
      place ^= place_of_bit(r, r->halves.reg[i]);
    }
    LLInst *lane = ll_op2(&w->b, LL_OR, own, ll_const_i32(&w->b, from));
    for (int i = 0; i < r->n; i++) to->at[i] = lower_shuffle(w, LL_SHFL_IDX, group_at(kept, place)->at[i], lane);
  }
}

/* The same groups, with room for other values. */
static Groups like(Lower *w, const LaneReduction *r, const Groups *groups) {
  Groups out = {0};
  for (uint32_t g = 0; g < groups->len; g++) {
    Group one = {groups->at[g].place, groups->at[g].reg, NEWN(w->cx, LLInst *, r->n)};
    vec_push(w->cx, &out, one);
  }
  return out;
}

/* Lanes that differ in one of these bits combine what they have. */
static void reduce_lanes(Lower *w, const LaneReduction *r, int bits, Groups *groups) {
  LLInst **other = NEWN(w->cx, LLInst *, r->n);
  for (int k = LANE_BITS - 1; k >= 0; k--) {
    if (!(bits >> k & 1)) continue;
    for (uint32_t g = 0; g < groups->len; g++) {
      for (int i = 0; i < r->n; i++)
        other[i] = lower_shuffle(w, LL_SHFL_BFLY, groups->at[g].at[i], ll_const_i32(&w->b, 1 << k));
      lower_combine(w, r->op, groups->at[g].at, other, groups->at[g].at, r->n);
    }
  }
}

static int lanes_of_axis(const LaneReduction *r) {
  int bits = 0;
  for (int k = 0; k < LANE_BITS; k++)
    if (layout_basis(r->layout, AXIS_LANE, k) & gpu_axis_mask(r->layout, r->axis)) bits |= 1 << k;
  return bits;
}

/* Instructions of the function, roughly. */
static int combine_cost(const Op *op) {
  int cost = 0;
  for (const Op *o = ir_entry(op, 0)->first; o; o = o->next)
    cost += o->code == OP_DIVF || o->nregions ? 8 : !ir_has(o, T_CONSTANT) && !ir_has(o, T_TERMINATOR);
  return cost;
}

typedef struct Parts {
  Lower *w;
  const LaneReduction *r;
  const AxisParts *p;
  const Groups *groups;
  Places read;      /* of a thread that reads */
  uint64_t *offset; /* of a group's first part */
  Map at;           /* the group of such an offset */
  LLInst **base;    /* by operand */
  int vector;       /* elements that are read together */
  int lanes;        /* lane bits that tell apart the parts that a warp's lanes read; 0: each reads all */
} Parts;

static const void *key_of_offset(uint64_t offset) { return (const void *)(uintptr_t)(offset + 1); }

/* The group whose parts lie `step` after those of group g. */
static int neighbour(const Parts *s, uint32_t g, int step) {
  return (int)(intptr_t)map_get(&s->at, key_of_offset(s->offset[g] + (uint64_t)step)) - 1;
}

static bool is_first_of_vector(const Parts *s, uint32_t g) {
  return !(s->offset[g] & (((uint64_t)1 << s->p->vector_bits) - 1));
}

static void leave_parts(const Parts *s, int operand) {
  Lower *w = s->w;
  Type *t = ir_elem(ir_operand(s->r->op, operand)->type);
  const LLType *elem = lower_stored(w, t);
  int bytes = ll_type_bytes(elem), n = 1 << s->p->vector_bits;
  /* Of the lanes that share the axis one writes, and of threads that hold the same one. */
  uint64_t idle = layout_thread_free(s->r->layout) | (uint64_t)lanes_of_axis(s->r);
  LLInst *writes = NULL, *zero = ll_const_i32(&w->b, 0);
  if (idle) writes = ll_icmp(&w->b, LLP_EQ, ll_op2(&w->b, LL_AND, w->tid, ll_const_i32(&w->b, (int32_t)idle)), zero);
  LLInst *thread = lower_thread_part(w, s->p->places.columns, s->p->places.nthread);
  for (uint32_t g = 0; g < s->groups->len; g++) {
    if (!is_first_of_vector(s, g)) continue;
    LLInst *x[16], *to = lower_address(w, s->base[operand], &s->p->places, thread, s->offset[g], bytes);
    for (int k = 0; k < n; k++) x[k] = lower_to_stored(w, t, s->groups->at[neighbour(s, g, k)].at[operand]);
    if (writes)
      ll_store_if(&w->b, to, lower_pack(w, elem, x, n), writes, (LLMods){0});
    else
      ll_store(&w->b, to, lower_pack(w, elem, x, n), (LLMods){0});
  }
}

/* What one vector holds of each operand, as out[place][operand]: a part of several places, or several parts of one,
 * which are combined. */
static void take_vector(const Parts *s, uint32_t g, int part, LLInst ***out) {
  Lower *w = s->w;
  LLInst *reader = lower_thread_part(w, s->read.columns, s->read.nthread);
  LLInst ***x = NEWN(w->cx, LLInst **, s->vector);
  for (int k = 0; k < s->vector; k++) x[k] = NEWN(w->cx, LLInst *, s->r->n);
  for (int i = 0; i < s->r->n; i++) {
    Type *t = ir_elem(ir_operand(s->r->op, i)->type);
    const LLType *elem = lower_stored(w, t);
    uint64_t offset = s->offset[g] + ((uint64_t)part << s->p->part_at);
    for (int k = 0; k < s->vector;) {
      int n = (int)min64(s->vector, 16 / ll_type_bytes(elem));
      LLInst *from = lower_address(w, s->base[i], &s->read, reader, offset + (uint64_t)k, ll_type_bytes(elem));
      LLInst *all = ll_load(&w->b, n == 1 ? elem : ll_vector(w->lm, elem, n), from, (LLMods){0});
      for (int j = 0; j < n; j++) x[k++][i] = lower_from_stored(w, t, n == 1 ? all : ll_extract(&w->b, all, j));
    }
  }
  for (int half = s->p->part_at ? 0 : s->vector / 2; half; half /= 2)
    for (int k = 0; k < half; k++) lower_combine(w, s->r->op, x[k], x[k + half], x[k], s->r->n);
  for (int k = 0; k < 1 << s->p->vector_bits; k++) out[k] = x[k];
}

/* Parts [part, part + n) of the places of a vector: halves, so that few values are live at a time. */
static void take_parts(const Parts *s, uint32_t g, int part, int n, LLInst ***out) {
  int places = 1 << s->p->vector_bits;
  if (n == (s->p->part_at ? 1 : s->vector)) {
    take_vector(s, g, part, out);
    return;
  }
  LLInst ***other = NEWN(s->w->cx, LLInst **, places);
  take_parts(s, g, part, n / 2, out);
  take_parts(s, g, part + n / 2, n / 2, other);
  for (int k = 0; k < places; k++) lower_combine(s->w, s->r->op, out[k], other[k], out[k], s->r->n);
}

/* Lane bits without a place of their own, one for each bit of a part's number, are given that column, if it pays.
 *
 * That each thread combines all parts takes instructions, which the warps of a quarter of the processor issue in turns;
 * shuffles take time one after the other (about 30 cycles, and twice as many as the function has instructions, of which
 * some depend on each other). */
static void spread_over_lanes(Parts *s) {
  enum { QUARTERS = 4, SHUFFLE = 30 };
  int bits = s->p->part_bits, cost = combine_cost(s->r->op), warps = 1 << (s->read.nthread - LANE_BITS), lanes = 0,
      n = 0;
  if (((1 << bits) - 1) * cost * max64(1, warps / QUARTERS) <= bits * (SHUFFLE + 2 * cost)) return;
  for (int k = 0; k < LANE_BITS && n < bits; k++)
    if (!s->read.columns[k]) lanes |= 1 << k, n++;
  if (n < bits) return;
  s->lanes = lanes;
  for (int k = 0, at = s->p->part_at; k < LANE_BITS; k++)
    if (lanes >> k & 1) s->read.used |= s->read.columns[k] = (uint64_t)1 << at++;
}

static void set_groups(Parts *s, const Groups *groups) {
  s->groups = groups;
  s->offset = NEWN(s->w->cx, uint64_t, groups->len);
  s->at = (Map){0};
  for (uint32_t g = 0; g < groups->len; g++) {
    s->offset[g] = gpu_axis_offset(s->p, groups->at[g].place);
    map_put(s->w->cx, &s->at, key_of_offset(s->offset[g]), (void *)(intptr_t)(g + 1));
  }
}

/* Of all warps that share the axis; `all` gets the groups of a thread that holds what `held` says. */
static void reduce_warps(Lower *w, const LaneReduction *r, const Groups *groups, Groups *all, const Layout *held) {
  int widest = 1, narrowest = 8;
  for (int i = 0; i < r->n; i++) {
    int bytes = ll_type_bytes(lower_stored(w, ir_elem(ir_operand(r->op, i)->type)));
    widest = (int)max64(widest, bytes), narrowest = (int)min64(narrowest, bytes);
  }
  AxisParts p = gpu_axis_parts(r->layout, r->axis, widest);
  Parts s = {.w = w, .r = r, .p = &p, .base = NEWN(w->cx, LLInst *, r->n)};
  set_groups(&s, groups);
  int64_t at = 0;
  for (int i = 0; i < r->n; i++) {
    s.base[i] = ll_ptradd(&w->b, lower_scratch(w, r->op), NULL, at);
    at += max64(4, ir_elem_bytes(ir_elem(ir_operand(r->op, i)->type))) << p.bits;
    leave_parts(&s, i);
  }
  lower_barrier(w);
  int parts = 1 << p.part_bits, places = 1 << p.vector_bits;
  set_groups(&s, all);
  s.read = gpu_places_of(held, 0, held->out_bits);
  s.read.used = 0;
  for (int k = 0; k < s.read.nthread; k++) s.read.used |= s.read.columns[k] = gpu_axis_offset(&p, s.read.columns[k]);
  spread_over_lanes(&s);
  if (s.lanes) parts = 1;
  s.vector = p.part_at ? places : (int)min64(parts, 16 / narrowest);
  for (uint32_t g = 0; g < all->len; g++) {
    if (!is_first_of_vector(&s, g)) continue;
    LLInst ***out = NEWN(w->cx, LLInst **, places);
    take_parts(&s, g, 0, parts, out);
    for (int k = 0; k < places; k++) all->at[neighbour(&s, g, k)].at = out[k];
  }
  reduce_lanes(w, r, s.lanes, all);
}

static bool has_warps(const LaneReduction *r) {
  for (int k = 0; k < layout_in_bits(r->layout, AXIS_WARP); k++)
    if (layout_basis(r->layout, AXIS_WARP, k) & gpu_axis_mask(r->layout, r->axis)) return true;
  return false;
}

static _Noreturn void fail_layouts(Lower *w, const Op *op) {
  lower_fail(w, op, "the layouts of operand and result do not go together");
}

/* Where a result's elements lie: as the operand's, which have one dimension more. */
static const Layout *slice_of_operand(Lower *w, const Op *op, const Value *result) {
  Attr *slice = gpu_slice(w->cx, (int)ir_attr_int_or(op, "axis", 0), ir_operand(op, 0)->type->encoding);
  return gpu_layout(w->cx, gpu_with(w->cx, result->type, slice));
}

/* All of a thread's groups, as they are held in the end. */
static Groups reduce(Lower *w, LaneReduction *r) {
  Groups groups = {0}, all;
  const Layout *before = r->layout;
  reduce_registers(w, r, &groups);
  all = like(w, r, &groups);
  for (int i = 0; i < r->halves.n; i++) keep_half(w, r, r->halves.lane[i], r->halves.reg[i], &groups);
  r->layout = r->halves.layout;
  reduce_lanes(w, r, lanes_of_axis(r), &groups);
  bool is_whole = r->halves.n && !r->halves.is_spread;
  if (has_warps(r))
    reduce_warps(w, r, &groups, is_whole ? &all : &groups, is_whole ? before : r->layout);
  else if (is_whole)
    send_to_all(w, r, &groups, &all);
  return is_whole ? all : groups;
}

void lower_reduce(Lower *w, const Op *op) {
  LaneReduction r = {.op = op, .n = op->noperands, .axis = (int)ir_attr_int_or(op, "axis", 0)};
  r.src = NEWN(w->cx, Registers *, r.n);
  r.layout = gpu_layout(w->cx, ir_operand(op, 0)->type);
  r.halves = gpu_axis_halves(w->cx, op);
  r.few_predicates = predicates_are_few(w, &r);
  for (int i = 0; i < r.n; i++) r.src[i] = lower_value(w, ir_operand(op, i));
  Groups groups = reduce(w, &r);
  for (int i = 0; i < r.n; i++) {
    const Value *result = &op->results[i];
    bool is_tensor = ir_is_tensor(result->type);
    if (is_tensor && !layout_equal(gpu_layout(w->cx, result->type), slice_of_operand(w, op, result)))
      fail_layouts(w, op);
    const Layout *l = is_tensor ? gpu_held_layout(w->cx, result) : NULL;
    Registers *out = lower_new(w, result, l ? gpu_registers(l) : lower_count(w, result));
    for (int k = 0; k < out->n; k++) {
      uint64_t place = l ? lower_register_image(l, k) : 0;
      for (uint32_t g = 0; g < groups.len && !out->at[k]; g++)
        if (gpu_axis_squeezed(groups.at[g].place, gpu_axis_mask(r.layout, r.axis), r.layout->out_bits) == place)
          out->at[k] = groups.at[g].at[i];
      if (!out->at[k]) fail_layouts(w, op);
    }
  }
}
