/* memory.c: loads, stores and atomics on global memory.
 *
 * Registers that hold neighbouring elements are accessed together, as many as the pointers' alignment and the mask's
 * blocks allow (axis information): 16 bytes at most, and of the atomics only additions of floats, where the machine has
 * them (gpu_atomic_bytes). What a thread would load several times from one address (a scale per block of columns) is
 * loaded once. A store is done by one of the threads that hold an element; a load by all of them.
 */
#include "gpu/lower/lower.h"

#include <string.h>

/* An instruction says one thing about the first level of the cache: that it is passed by (volatile), how it caches, or
 * how long it keeps. Where a program asks for several, the first of these. */
LLMods lower_mods(const Op *op) {
  static const struct {
    const char *name;
    LLCache cache;
  } caches[] = {{"ca", LLC_CA}, {"cg", LLC_CG}, {"cs", LLC_CS}, {"cv", LLC_CV}, {"wb", LLC_WB}, {"wt", LLC_WT}};
  LLMods mods = {0};
  const char *cache = ir_attr_text_or(op, "cache", "none"), *evict = ir_attr_text_or(op, "evict", "evict_normal");
  for (size_t i = 0; i < COUNT(caches); i++)
    if (!strcmp(cache, caches[i].name)) mods.cache = (uint8_t)caches[i].cache;
  if (!strcmp(evict, "evict_first")) mods.evict = LLV_FIRST;
  if (!strcmp(evict, "evict_last")) mods.evict = LLV_LAST;
  if (ir_attr_int_or(op, "isVolatile", 0)) return (LLMods){.flags = LLF_VOLATILE};
  if (mods.cache) mods.evict = LLV_NONE;
  return mods;
}

/* What says to the second level of the cache what the eviction policy says to the first. */
static LLInst *policy_of(Lower *w, LLMods mods) {
  enum { HAS_POLICIES = 80 };
  if (!mods.evict || w->o->sm < HAS_POLICIES) return NULL;
  return ll_call(&w->b, mods.evict == LLV_LAST ? LL_POLICY_EVICT_LAST : LL_POLICY_EVICT_FIRST, NULL, NULL);
}

LLInst *lower_pack(Lower *w, const LLType *elem, LLInst *const *x, int n) {
  (void)elem;
  return n == 1 ? x[0] : ll_build_vector(&w->b, x, n);
}

int gpu_access_width(IndexInfo *index, const Op *op, const Layout *l, const Value *ptr, const Value *mask) {
  int best = (int)ir_attr_int_or(op, "contiguity", 1); /* set by the pass that made the access: pipeline.c */
  for (int d = 0; d < ptr->type->rank; d++) {
    int n = layout_contiguous(l, AXIS_REGISTER, (Axis)(AXIS_DIM0 + d));
    n = (int)min64(n, index_width(index, ptr, mask, d));
    if (n > best) best = n;
  }
  while (!is_pow2(best)) best--;
  return best;
}

static Registers *group_val(Lower *w, const Op *op, const char *name, const Value **value) {
  int at;
  *value = NULL;
  if (!ir_operand_group(op, name, &at)) return NULL;
  *value = ir_operand(op, at);
  return lower_value(w, *value);
}

static uint8_t align_of(int bytes) { return (uint8_t)log2_of(bytes); }

void lower_load(Lower *w, const Op *op) {
  const Value *r = &op->results[0], *ptr = ir_operand(op, 0), *mask, *other;
  Registers *p = lower_value(w, ptr), *m = group_val(w, op, "mask", &mask), *o = group_val(w, op, "other", &other);
  Registers *out = lower_new(w, r, lower_count(w, r));
  const LLType *elem = lower_stored(w, r->type);
  int n = ir_is_tensor(r->type) ? gpu_access_width(w->index, op, gpu_layout(w->cx, r->type), ptr, mask) : 1;
  int bytes = ll_type_bytes(elem);
  const LLType *type = n == 1 ? elem : ll_vector(w->lm, elem, n);
  LLMods mods = lower_mods(op);
  mods.align = align_of(bytes * n);
  LLInst *policy = policy_of(w, mods);
  bool once = ir_is_tensor(r->type) && !(mods.flags & LLF_VOLATILE);
  const Value *const given[] = {ptr, mask, other};
  int equal = once ? lower_equal_bits(w, w->index, r->type, given, COUNT(given)) & ~(n - 1) : 0;
  for (int i = 0; i < out->n; i += n) {
    LLInst *x;
    if (i & equal) {
      for (int k = 0; k < n; k++) out->at[i + k] = out->at[(i & ~equal) + k];
      continue;
    }
    if (m) {
      LLInst *parts[16], *fallback;
      for (int k = 0; k < n; k++)
        parts[k] = o ? lower_to_stored(w, r->type, o->at[o->n == 1 ? 0 : i + k]) : ll_const(&w->b, elem, 0);
      fallback = lower_pack(w, elem, parts, n);
      x = ll_load_kept(&w->b, type, p->at[i], policy, m->at[m->n == 1 ? 0 : i], fallback, mods);
    } else {
      x = ll_load_kept(&w->b, type, p->at[i], policy, NULL, NULL, mods);
    }
    for (int k = 0; k < n; k++) out->at[i + k] = lower_from_stored(w, r->type, n == 1 ? x : ll_extract(&w->b, x, k));
  }
}

static LLInst *both(Lower *w, LLInst *a, LLInst *b) { return !a ? b : !b ? a : ll_op2(&w->b, LL_AND, a, b); }

void lower_store(Lower *w, const Op *op) {
  const Value *ptr = ir_operand(op, 0), *v = ir_operand(op, 1), *mask;
  Registers *p = lower_value(w, ptr), *x = lower_value(w, v), *m = group_val(w, op, "mask", &mask);
  const LLType *elem = lower_stored(w, v->type);
  bool is_tensor = ir_is_tensor(v->type);
  const Layout *l = is_tensor ? gpu_layout(w->cx, v->type) : NULL;
  int n = is_tensor ? gpu_access_width(w->index, op, l, ptr, mask) : 1;
  LLInst *first = is_tensor ? lower_is_first(w, l) : lower_is_thread0(w);
  LLMods mods = lower_mods(op);
  mods.align = align_of(ll_type_bytes(elem) * n);
  for (int i = 0; i < x->n; i += n) {
    LLInst *parts[16];
    for (int k = 0; k < n; k++) parts[k] = lower_to_stored(w, v->type, x->at[i + k]);
    LLInst *pred = both(w, first, m ? m->at[m->n == 1 ? 0 : i] : NULL);
    LLInst *value = lower_pack(w, elem, parts, n);
    if (pred)
      ll_store_if(&w->b, p->at[i], value, pred, mods);
    else
      ll_store(&w->b, p->at[i], value, mods);
  }
}

/* ---- atomics ----------------------------------------------------------------------------------------------------- */

static LLRmw rmw_kind(Lower *w, const Op *op, bool is_float) {
  static const struct {
    const char *name;
    LLRmw kind;
  } kinds[] = {{"and", LLR_AND}, {"or", LLR_OR},   {"xor", LLR_XOR},   {"add", LLR_ADD},   {"fadd", LLR_FADD},
               {"max", LLR_MAX}, {"min", LLR_MIN}, {"umax", LLR_UMAX}, {"umin", LLR_UMIN}, {"exch", LLR_XCHG}};
  const char *name = ir_attr_text_or(op, "atomic_rmw_op", "");
  for (size_t i = 0; i < COUNT(kinds); i++)
    if (!strcmp(kinds[i].name, name)) return kinds[i].kind == LLR_ADD && is_float ? LLR_FADD : kinds[i].kind;
  lower_fail(w, op, "this atomic operation is not supported");
}

static LLMods atomic_mods(Lower *w, const Op *op) {
  static const char *const sems[] = {"", "relaxed", "acquire", "release", "acq_rel"};
  static const char *const scopes[] = {"gpu", "cta", "sys"};
  static const LLScope scope_of[] = {LLSC_GPU, LLSC_CTA, LLSC_SYS};
  LLMods mods = {0};
  (void)w;
  for (size_t i = 0; i < COUNT(sems); i++)
    if (!strcmp(ir_attr_text_or(op, "sem", ""), sems[i])) mods.sem = (uint8_t)i;
  for (size_t i = 0; i < COUNT(scopes); i++)
    if (!strcmp(ir_attr_text_or(op, "scope", "gpu"), scopes[i])) mods.scope = (uint8_t)scope_of[i];
  return mods;
}

/* One element, or a vector of floats that are added: integers of a width that atomics have. */
static LLInst *atomic_element(Lower *w, const Op *op, LLInst *p, LLInst *const *args, LLInst *pred, LLMods mods) {
  if (op->code == OP_ATOMIC_CAS) {
    const LLType *t = args[0]->type, *as = ll_is_int(t) ? t : ll_int(t->bits);
    LLInst *expected = ll_is_int(t) ? args[0] : ll_bitcast(&w->b, as, args[0]);
    LLInst *value = ll_is_int(t) ? args[1] : ll_bitcast(&w->b, as, args[1]);
    LLInst *old = ll_cmpxchg(&w->b, p, expected, value, pred, mods);
    return ll_is_int(t) ? old : ll_bitcast(&w->b, t, old);
  }
  const LLType *t = args[0]->type;
  LLRmw kind = rmw_kind(w, op, ll_is_float(ll_scalar(t)));
  if (kind == LLR_XCHG && ll_is_float(t)) {
    LLInst *old = ll_atomic(&w->b, kind, p, ll_bitcast(&w->b, ll_int(t->bits), args[0]), pred, mods);
    return ll_bitcast(&w->b, t, old);
  }
  return ll_atomic(&w->b, kind, p, args[0], pred, mods);
}

/* Broadcasts what one thread received to all that hold the element, through the op's scratch in shared
 * memory. */
static void spread(Lower *w, const Op *op, Registers *out, LLInst *first) {
  const Value *r = &op->results[0];
  const LLType *elem = lower_stored(w, r->type);
  LLInst *base = lower_scratch(w, op);
  int bytes = ll_type_bytes(elem);
  Places p = {0};
  LLInst *thread = NULL;
  const Layout *l = ir_is_tensor(r->type) ? gpu_layout(w->cx, r->type) : NULL;
  if (l) {
    p = gpu_places_of(l, 0, l->out_bits);
    thread = lower_thread_part(w, p.columns, p.nthread);
  }
  for (int pass = 0; pass < 2; pass++) {
    for (int i = 0; i < out->n; i++) {
      LLInst *at = l ? lower_address(w, base, &p, thread, lower_register_image(l, i), bytes) : base;
      if (pass)
        out->at[i] = lower_from_stored(w, r->type, ll_load(&w->b, elem, at, (LLMods){0}));
      else
        ll_store_if(&w->b, at, lower_to_stored(w, r->type, out->at[i]), first, (LLMods){0});
    }
    if (!pass) lower_barrier(w);
  }
}

void lower_atomic(Lower *w, const Op *op) {
  const Value *r = &op->results[0], *ptr = ir_operand(op, 0), *mask = NULL;
  Registers *p = lower_value(w, ptr), *m = group_val(w, op, "mask", &mask);
  Registers *x = lower_value(w, ir_operand(op, 1)),
            *y = op->code == OP_ATOMIC_CAS ? lower_value(w, ir_operand(op, 2)) : NULL;
  Registers *out = lower_new(w, r, lower_count(w, r));
  const Layout *l = ir_is_tensor(r->type) ? gpu_layout(w->cx, r->type) : NULL;
  LLInst *first = l ? lower_is_first(w, l) : lower_is_thread0(w);
  LLMods mods = atomic_mods(w, op);
  const LLType *elem = x->at[0]->type;
  int n = l ? gpu_access_width(w->index, op, l, ptr, mask) : 1;
  n = (int)max64(1, min64(n, gpu_atomic_bytes(op, w->sm) / ll_type_bytes(elem)));
  /* One thread acts for all of the program: what the others wrote before is part of what it releases. */
  if (!l && (mods.sem == LLS_RELEASE || mods.sem == LLS_ACQ_REL)) lower_barrier(w);
  for (int i = 0; i < out->n; i += n) {
    LLInst *pred = both(w, first, m ? m->at[m->n == 1 ? 0 : i] : NULL);
    LLInst *args[2] = {lower_pack(w, elem, x->at + i, n), y ? y->at[i] : NULL};
    LLInst *old = atomic_element(w, op, p->at[i], args, pred, mods);
    for (int k = 0; k < n; k++) out->at[i + k] = n == 1 ? old : ll_extract(&w->b, old, k);
  }
  if (first && !ir_unused(r)) spread(w, op, out, first);
}
