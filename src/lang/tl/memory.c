/* memory.c: tl.load and tl.store.
 *
 * Pointers, masks and values are broadcast together to one shape; all scalars make a scalar access. Booleans live in
 * memory as bytes, so a pointer to int1 is accessed as one to int8 and the value converted on the way.
 */
#include <string.h>

#include "lang/tl/tl.h"

static const char *const padding_options[] = {"zero", "nan"};
static const char *const load_cache[] = {".ca", ".cg", ".cs", ".cv"};
static const char *const store_cache[] = {".wb", ".cg", ".cs", ".wt"};
static const char *const evictions[] = {"evict_last", "evict_first", "evict_normal"};

/* A cache modifier: "none", or one of these with its dot or without. */
static const char *cache_modifier(Lang *L, Val *v, const Builtin *f, const char *const *choices, size_t n) {
  const char *what = ctx_printf(L->cx, "%s: `cache_modifier`", f->name);
  if (v->kind != V_STR || v->len == 0 || v->text[0] == '.') return sem_arg_choice(L, v, what, choices, n);
  if (strcmp(v->text, "none") == 0) return NULL;
  for (size_t i = 0; i < n; i++)
    if (strcmp(choices[i] + 1, v->text) == 0) return choices[i];
  return sem_arg_choice(L, v, what, choices, n);
}

static Val *pointer_operand(Lang *L, Val *p, const Builtin *f) {
  if (!sem_is_tensor(p) || !lt_is_ptr(val_elem(p)) || lt_is_block_pointer(p->type))
    lang_fail(L, sem_is_tensor(p) ? "the first argument is a pointer: a parameter of the kernel, plus offsets" : NULL,
              "%s: `pointer` must be a pointer or a tensor of pointers, but is %s", f->name, val_kind_text(L, p));
  if (val_elem(p)->elem->kind == L_VOID)
    lang_fail(L, "cast it with .to(tl.pointer_type(tl.float32)) or the like",
              "%s: the pointer's element type is not known (pointer<void>)", f->name);
  return p;
}

/* The mask as int1, shaped like the pointer. NULL when there is none. A larger mask enlarges the pointer. */
static Val *mask_operand(Lang *L, Val **pointer, Val *mask, const Builtin *f) {
  if (sem_is_none(mask)) return NULL;
  mask = sem_arg_tensor(L, mask, f, "mask");
  if (val_elem(mask)->kind != L_INT1) {
    if (!lt_is_int(val_elem(mask)))
      lang_fail(L, "a mask comes from a comparison", "%s: `mask` must be boolean (int1), but is %s", f->name,
                val_kind_text(L, mask));
    mask = sem_cast(L, mask, lt_scalar(L, L_INT1));
  }
  if ((*pointer)->type->kind != L_BLOCK && mask->type->kind == L_BLOCK)
    lang_fail(L, "make the pointer a tensor too, by adding tl.arange(...) offsets",
              "%s: `mask` has shape %s, but the pointer is a scalar", f->name, lt_shape_text(L, mask->type));
  if ((*pointer)->type->kind == L_BLOCK) {
    const LType *tp = (*pointer)->type, *tm = mask->type;
    if (!lt_can_broadcast_to(tp, tm) && !lt_can_broadcast_to(tm, tp) && (lt_rank(tp) != lt_rank(tm) || lt_rank(tp) < 2))
      lang_fail(L, NULL, "%s: `mask` has shape %s, which does not fit the pointer's shape %s", f->name,
                lt_shape_text(L, tm), lt_shape_text(L, tp));
    sem_broadcast(L, pointer, &mask);
  }
  return mask;
}

static void no_block_options(Lang *L, Val *boundary_check, const Builtin *f) {
  bool given = val_is_sequence(boundary_check) ? boundary_check->len > 0 : !sem_is_none(boundary_check);
  if (given)
    lang_fail(L, "mask the access instead",
              "%s: `boundary_check` is for block pointers, and this is a tensor of pointers", f->name);
}

/* Pointers to int1 as pointers to int8. */
static Val *bytes_of_bools(Lang *L, Val *p) {
  const LType *ptr = val_elem(p);
  return sem_bitcast(L, p, lt_pointer(L, lt_scalar(L, L_INT8), ptr->is_const));
}

Val *builtin_load(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const char *cache = cache_modifier(L, args[5], f, load_cache, COUNT(load_cache));
  const char *evict = sem_arg_choice(L, args[6], "tl.load: `eviction_policy`", evictions, COUNT(evictions));
  bool is_volatile = sem_arg_bool(L, args[7], "tl.load: `volatile`");
  if (sem_is_tensor(args[0]) && lt_is_block_pointer(args[0]->type)) {
    Val *block = sem_load_block(L, args, cache, evict, f);
    if (is_volatile) ir_set_attr(L->cx, block->value->op, "isVolatile", ir_attr_bool(L->cx, true));
    return block;
  }
  Val *p = pointer_operand(L, args[0], f), *other = args[2];
  no_block_options(L, args[3], f);
  if (sem_arg_choice(L, args[4], "tl.load: `padding_option`", padding_options, COUNT(padding_options)))
    lang_fail(L, "use `other`", "tl.load: `padding_option` is for block pointers, and this is a tensor of pointers");
  if (sem_is_none(args[1]) && !sem_is_none(other))
    lang_fail(L, "`other` is what masked-off elements get, so it needs a `mask`",
              "tl.load: `other` is given without `mask`");
  Val *mask = mask_operand(L, &p, args[1], f);
  bool is_bool = val_elem(p)->elem->kind == L_INT1;
  if (is_bool) p = bytes_of_bools(L, p);
  const LType *elem = val_elem(p)->elem;
  if (sem_is_none(other)) {
    other = NULL;
  } else {
    other = sem_as_element(L, other, elem, f, "other");
    if (other->type->kind == L_BLOCK && p->type->kind != L_BLOCK)
      lang_fail(L, NULL, "tl.load: `other` has shape %s, but the pointer is a scalar", lt_shape_text(L, other->type));
    if (!lt_can_broadcast_to(other->type, p->type))
      lang_fail(L, NULL, "tl.load: `other` has shape %s, which does not fit the pointer's shape %s",
                lt_shape_text(L, other->type), lt_shape_text(L, p->type));
    if (p->type->kind == L_BLOCK) other = sem_broadcast_like(L, other, p->type);
  }
  const LType *result = lt_with_elem(L, p->type, elem);
  Value *v =
      ir_make(&L->b, OP_LOAD, lt_ir(L, result), p->value, mask ? mask->value : NULL, other ? other->value : NULL, NULL);
  sem_set_keyword(L, v->op, "cache", cache);
  sem_set_keyword(L, v->op, "evict", evict);
  if (is_volatile) ir_set_attr(L->cx, v->op, "isVolatile", ir_attr_bool(L->cx, true));
  Val *r = val_tensor(L, v, result);
  return is_bool ? sem_cast(L, r, lt_scalar(L, L_INT1)) : r;
}

Val *builtin_store(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const char *cache = cache_modifier(L, args[4], f, store_cache, COUNT(store_cache));
  const char *evict = sem_arg_choice(L, args[5], "tl.store: `eviction_policy`", evictions, COUNT(evictions));
  if (sem_is_tensor(args[0]) && lt_is_block_pointer(args[0]->type)) return sem_store_block(L, args, cache, evict, f);
  Val *p = pointer_operand(L, args[0], f), *v = args[1];
  if (val_elem(p)->is_const) lang_fail(L, NULL, "Cannot store to a constant pointer (%s)", lt_text(L, val_elem(p)));
  no_block_options(L, args[3], f);
  const LType *elem = val_elem(p)->elem;
  bool is_bool = elem->kind == L_INT1;
  v = sem_as_element(L, v, elem, f, "value");
  if (v->type->kind == L_BLOCK && p->type->kind != L_BLOCK)
    lang_fail(L, "make the pointer a tensor too, by adding tl.arange(...) offsets",
              "tl.store: `value` has shape %s, but the pointer is a scalar", lt_shape_text(L, v->type));
  if (!lt_can_broadcast_to(v->type, p->type))
    lang_fail(L, NULL, "tl.store: `value` has shape %s, which does not fit the pointer's shape %s",
              lt_shape_text(L, v->type), lt_shape_text(L, p->type));
  if (p->type->kind == L_BLOCK) v = sem_broadcast_like(L, v, p->type);
  Val *mask = mask_operand(L, &p, args[2], f);
  if (p->type->kind == L_BLOCK && !lt_same_shape(p->type, v->type)) v = sem_broadcast_like(L, v, p->type);
  if (is_bool) {
    p = bytes_of_bools(L, p);
    v = sem_cast(L, v, lt_scalar(L, L_INT8));
  }
  Op *op = ir_effect(&L->b, OP_STORE, p->value, v->value, mask ? mask->value : NULL, NULL);
  sem_set_keyword(L, op, "cache", cache);
  sem_set_keyword(L, op, "evict", evict);
  return val_none(L);
}
