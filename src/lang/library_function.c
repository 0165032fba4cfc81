/* library_function.c: functions of the library for passes, which compile them into their module. */
#include "lang/python/python.h"
#include "lang/tl/tl.h"

/* One Lang per module that asked, so that a function is compiled once per signature. Kept in the context. */
typedef struct LibrarySession {
  Module *module;
  Lang *lang;
  Vec(Op *) made;
  struct LibrarySession *next;
} LibrarySession;

/* Is every function that was returned to a caller still in the module? Inlining drops them, and what they call with them. */
static bool still_whole(const LibrarySession *s) {
  for (uint32_t i = 0; i < s->made.len; i++)
    if (ir_module_func(s->module, ir_func_name(s->made.at[i])) != s->made.at[i]) return false;
  return true;
}

static LibrarySession *session(Module *m, const LangOptions *options) {
  LibrarySession **slot = (LibrarySession **)ctx_slot(m->cx, CTX_SLOT_LANG);
  for (LibrarySession *s = *slot; s; s = s->next)
    if (s->module == m && still_whole(s)) return s;
  LibrarySession *s = NEW(m->cx, LibrarySession);
  Lang *L = lang_new(m->cx, m, options);
  L->options.common.debug =
      false; /* passes lift its functions to tensors, op by op: there is no place for assertions */
  L->b = (Builder){m->cx, NULL, NULL, ir_loc_unknown(m->cx)};
  L->fn = NEW(m->cx, FnState); /* stands for the caller: a function without one is a kernel and may return nothing */
  *s = (LibrarySession){.module = m, .lang = L, .next = *slot};
  *slot = s;
  return s;
}

/* IR knows no signedness: the caller does. */
static const LType *ltype_of_ir(Lang *L, const Type *t, bool is_unsigned) {
  static const struct {
    FloatKind f;
    LKind l;
  } floats[] = {{F8E4M3FN, L_FP8E4NV}, {F8E5M2, L_FP8E5}, {F8E4M3FNUZ, L_FP8E4B8}, {F8E5M2FNUZ, L_FP8E5B16},
                {F16, L_FP16},         {BF16, L_BF16},    {F32, L_FP32},           {F64, L_FP64}};
  if (t->kind == TYPE_TENSOR) return lt_block(L, ltype_of_ir(L, t->elem, is_unsigned), t->rank, t->shape);
  if (t->kind == TYPE_PTR) return lt_pointer(L, ltype_of_ir(L, t->elem, is_unsigned), false);
  if (t->kind == TYPE_INT) return lt_scalar(L, lt_kind_of_bits(t->bits, is_unsigned));
  for (size_t i = 0; t->kind == TYPE_FLOAT && i < COUNT(floats); i++)
    if (floats[i].f == t->fkind) return lt_scalar(L, floats[i].l);
  ctx_fail(L->cx, ERR_INTERNAL, "the library has no value of type %s", ir_type_text(L->cx, t));
}

static Op *compile(LibrarySession *s, const Val *fn, Type *const *inputs, int ninputs, bool is_unsigned) {
  Lang *L = s->lang;
  Val **args = NEWN(L->cx, Val *, ninputs + 1), *shape;
  for (int i = 0; i < ninputs; i++) {
    Value *placeholder = NEW(L->cx, Value); /* only its type is looked at */
    placeholder->type = inputs[i];
    args[i] = val_tensor(L, placeholder, ltype_of_ir(L, inputs[i], is_unsigned));
  }
  Op *func = lang_compile_callee(L, fn->function, args, (size_t)ninputs, &shape);
  vec_push(L->cx, &s->made, func);
  return func;
}

Op *lang_library_function(Module *m, const char *name, Type *const *inputs, int ninputs, const LangOptions *options) {
  LibrarySession *s = session(m, options);
  const Val *fn = lang_library_value(s->lang, name);
  if (!fn || fn->kind != V_FUNCTION) ctx_fail(m->cx, ERR_INTERNAL, "the library has no function %s", name);
  return compile(s, fn, inputs, ninputs, false);
}

Op *lang_libdevice_function(Module *m, const char *name, Type *const *inputs, int ninputs, bool is_unsigned,
                            const LangOptions *options) {
  LibrarySession *s = session(m, options);
  const Val *fn = lang_library_libdevice(s->lang, name);
  return fn && fn->kind == V_FUNCTION ? compile(s, fn, inputs, ninputs, is_unsigned) : NULL;
}
