/* attribute.c: attributes of tensors and dtypes, and the members of the language's own modules. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lang/tl/tl.h"

/* ---- dtypes ------------------------------------------------------------------------------------------------------ */

static Val *ints(Lang *L, int n, const int64_t *x) {
  Val **items = NEWN(L->cx, Val *, n + 1);
  for (int i = 0; i < n; i++) items[i] = val_int(L, x[i]);
  return val_tuple(L, items, (size_t)n, NULL);
}

/* Predicates of a dtype; users call them: x.dtype.is_floating(). One row of the table below each. */
static bool is_floating(const LType *t) { return lt_is_float(t); }
static bool is_standard_floating(const LType *t) { return t->kind >= L_FP16 && t->kind <= L_FP64; }
static bool is_int(const LType *t) { return lt_is_int(t); }
static bool is_signed(const LType *t) { return lt_is_int(t) && !lt_is_unsigned(t); }
static bool is_unsigned(const LType *t) { return lt_is_int(t) && lt_is_unsigned(t); }
static bool is_bool(const LType *t) { return t->kind == L_INT1; }
static bool is_block(const LType *t) { return t->kind == L_BLOCK; }
static bool is_const(const LType *t) { return t->kind == L_POINTER && t->is_const; }

static const struct Predicate {
  const char *name;
  bool (*test)(const LType *); /* NULL: the type must be of `kind` */
  LKind kind;
} predicates[] = {
    {"is_floating", is_floating, 0},
    {"is_standard_floating", is_standard_floating, 0},
    {"is_int", is_int, 0},
    {"is_int_signed", is_signed, 0},
    {"is_int_unsigned", is_unsigned, 0},
    {"is_bool", is_bool, 0},
    {"is_ptr", lt_is_ptr, 0},
    {"is_block", is_block, 0},
    {"is_const", is_const, 0},
    {"is_fp8", lt_is_fp8, 0},
    {"is_fp8e4nv", NULL, L_FP8E4NV},
    {"is_fp8e5", NULL, L_FP8E5},
    {"is_fp8e4b8", NULL, L_FP8E4B8},
    {"is_fp8e5b16", NULL, L_FP8E5B16},
    {"is_fp8e4b15", NULL, L_FP8E4B15},
    {"is_fp16", NULL, L_FP16},
    {"is_bf16", NULL, L_BF16},
    {"is_fp32", NULL, L_FP32},
    {"is_fp64", NULL, L_FP64},
    {"is_int1", NULL, L_INT1},
    {"is_int8", NULL, L_INT8},
    {"is_int16", NULL, L_INT16},
    {"is_int32", NULL, L_INT32},
    {"is_int64", NULL, L_INT64},
    {"is_uint8", NULL, L_UINT8},
    {"is_uint16", NULL, L_UINT16},
    {"is_uint32", NULL, L_UINT32},
    {"is_uint64", NULL, L_UINT64},
    {"is_void", NULL, L_VOID},
};

static Val *call_predicate(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  const struct Predicate *p = &predicates[f->op];
  return val_bool(L, p->test ? p->test(args[0]->type) : args[0]->type->kind == p->kind);
}

static Val *block_shapes(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  return ints(L, lt_rank(args[0]->type), args[0]->type->shape);
}

static Val *with_element_ty(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs, (void)f;
  return val_dtype(L, lt_with_elem(L, args[0]->type, sem_arg_dtype(L, args[1], "with_element_ty")));
}

static Val *int_limit(Lang *L, Val **args, size_t nargs, const Builtin *f) {
  (void)nargs;
  BigInt range[2];
  if (!lt_is_int(args[0]->type))
    lang_fail(L, NULL, "%s has no %s: it is not an integer type", lt_text(L, args[0]->type), f->name);
  lt_int_range(args[0]->type, &range[0], &range[1]);
  return val_int(L, range[f->op]);
}

static Val *bound(Lang *L, const char *name, const char *params, BuiltinFn *fn, int op, Val *self) {
  Builtin *b = NEW(L->cx, Builtin);
  *b = (Builtin){name, params, fn, 0, op};
  Val *v = NEW(L->cx, Val);
  v->kind = V_BUILTIN;
  v->builtin = b;
  v->self = self;
  return v;
}

static Val *dtype_attribute(Lang *L, Val *of, const char *name) {
  const LType *t = of->type;
  for (size_t i = 0; i < COUNT(predicates); i++)
    if (strcmp(predicates[i].name, name) == 0) return bound(L, predicates[i].name, "self", call_predicate, (int)i, of);
  if (strcmp(name, "scalar") == 0) return val_dtype(L, lt_elem(t));
  if (strcmp(name, "element_ty") == 0 && (t->kind == L_BLOCK || t->kind == L_POINTER)) return val_dtype(L, t->elem);
  if (strcmp(name, "primitive_bitwidth") == 0) return val_int(L, lt_bits(lt_elem(t)));
  if (strcmp(name, "itemsize") == 0) return val_int(L, (lt_bits(lt_elem(t)) + 7) / 8);
  if (strcmp(name, "int_bitwidth") == 0 && lt_is_int(t)) return val_int(L, lt_bits(t));
  if (strcmp(name, "int_signedness") == 0 && lt_is_int(t)) return val_int(L, lt_is_unsigned(t) ? 0 : 1);
  if (strcmp(name, "fp_mantissa_width") == 0 && lt_is_float(t)) {
    static const int widths[] = {[L_FP8E4NV] = 3, [L_FP8E5] = 2, [L_FP8E4B8] = 3, [L_FP8E5B16] = 2, [L_FP8E4B15] = 3,
                                 [L_FP16] = 10,   [L_BF16] = 7,  [L_FP32] = 23,   [L_FP64] = 52};
    return val_int(L, widths[t->kind]);
  }
  if (strcmp(name, "exponent_bias") == 0 && lt_is_float(t)) {
    static const int biases[] = {[L_FP8E4NV] = 7, [L_FP8E5] = 15, [L_FP8E4B8] = 8, [L_FP8E5B16] = 16, [L_FP8E4B15] = 15,
                                 [L_FP16] = 15,   [L_BF16] = 127, [L_FP32] = 127,  [L_FP64] = 1023};
    return val_int(L, biases[t->kind]);
  }
  if (strcmp(name, "name") == 0) {
    const char *s = lt_text(L, t);
    return val_str(L, s, strlen(s));
  }
  if (strcmp(name, "block_type") == 0 && t->kind == L_DESCRIPTOR)
    return val_dtype(L, lt_block(L, t->elem, t->rank, t->shape));
  if (strcmp(name, "shape") == 0 && t->kind == L_BLOCK) return ints(L, t->rank, t->shape);
  if (strcmp(name, "numel") == 0) return val_int(L, lt_numel(t));
  if (strcmp(name, "address_space") == 0 && t->kind == L_POINTER) return val_int(L, t->address_space);
  if (strcmp(name, "const") == 0 && t->kind == L_POINTER) return val_bool(L, t->is_const);
  if (strcmp(name, "get_block_shapes") == 0) return bound(L, name, "self", block_shapes, 0, of);
  if (strcmp(name, "with_element_ty") == 0) return bound(L, name, "self, scalar_ty", with_element_ty, 0, of);
  if (strcmp(name, "get_int_min_value") == 0 || strcmp(name, "get_int_max_value") == 0)
    return bound(L, name, "self", int_limit, name[9] == 'a', of);
  return NULL;
}

/* ---- tensors ----------------------------------------------------------------------------------------------------- */

/* Functions of the library that are methods, too. */
static const char *const library_methods[] = {"argmax", "argmin", "cdiv",    "cumprod",   "cumsum",    "flip",
                                              "max",    "min",    "ravel",   "reduce_or", "sigmoid",   "softmax",
                                              "sort",   "sum",    "xor_sum", "squeeze",   "unsqueeze", "atomic_poll"};

bool sem_is_method(Lang *L, const char *name) {
  for (size_t i = 0; i < COUNT(library_methods); i++)
    if (strcmp(library_methods[i], name) == 0) return true;
  const Builtin *b = lang_find_builtin(L, ctx_printf(L->cx, "tl.%s", name));
  return b && (b->flags & BUILTIN_METHOD);
}

static Val *tensor_attribute(Lang *L, Val *of, const char *name) {
  if (strcmp(name, "dtype") == 0) return val_dtype(L, val_elem(of));
  if (strcmp(name, "type") == 0) return val_dtype(L, of->type);
  if (strcmp(name, "shape") == 0) return ints(L, lt_rank(of->type), of->type->shape);
  if (strcmp(name, "numel") == 0) return val_int(L, lt_numel(of->type));
  if (strcmp(name, "T") == 0) {
    if (lt_rank(of->type) != 2)
      lang_fail(L, "use tl.permute or tl.trans with dimensions", ".T is for tensors of rank 2, but this has shape %s",
                lt_shape_text(L, of->type));
    return sem_permute(L, of, 2, (int[]){1, 0});
  }
  const Builtin *b = lang_find_builtin(L, ctx_printf(L->cx, "tl.%s", name));
  if (b && (b->flags & BUILTIN_METHOD)) {
    Val *v = NEW(L->cx, Val);
    v->kind = V_BUILTIN;
    v->builtin = b;
    v->self = of;
    return v;
  }
  for (size_t i = 0; i < COUNT(library_methods); i++)
    if (strcmp(library_methods[i], name) == 0 && lang_library_has_public(L, name)) {
      Val *v = NEW(L->cx, Val);
      *v = *lang_library_value(L, name);
      v->self = of;
      return v;
    }
  return NULL;
}

Val *sem_attribute(Lang *L, Val *of, const char *name) {
  return of->kind == V_TENSOR    ? tensor_attribute(L, of, name)
         : of->kind == V_DTYPE   ? dtype_attribute(L, of, name)
         : val_is_descriptor(of) ? sem_descriptor_attribute(L, of, name)
                                 : NULL;
}

/* ---- modules ----------------------------------------------------------------------------------------------------- */

static Val *module_value(Lang *L, const char *name) {
  Val *v = NEW(L->cx, Val);
  v->kind = V_HOST;
  v->host.kind = TTC_MODULE;
  v->host.text = intern(L->cx, name);
  v->host.len = strlen(name);
  return v;
}

static Val *type_value(Lang *L, const char *name) {
  Val *v = NEW(L->cx, Val);
  v->kind = V_TYPE;
  v->text = intern(L->cx, name);
  v->len = strlen(name);
  return v;
}

static Val *constexpr_value(Val *v) {
  v->constexpr_ = true;
  return v;
}

/* Modules by the names that they go by in Python, with the one they have here. */
static const struct Module_ {
  const char *name, *canonical;
} modules[] = {
    {"triton", "triton"},
    {"triton.language", "tl"},
    {"tl", "tl"},
    {"triton.language.math", "tl.math"},
    {"tl.math", "tl.math"},
    {"triton.language.core", "tl"},
    {"tl.core", "tl"},
    {"triton.language.standard", "tl"},
    {"tl.standard", "tl"},
    {"triton.language.random", "tl.random"},
    {"tl.random", "tl.random"},
    {"triton.language.extra", "tl.extra"},
    {"tl.extra", "tl.extra"},
    {"tl.extra.cuda", "tl.extra.cuda"},
    {"triton.language.extra.cuda", "tl.extra.cuda"},
    {"triton.language.extra.libdevice", "libdevice"},
    {"triton.language.extra.cuda.libdevice", "libdevice"},
    {"tl.extra.libdevice", "libdevice"},
    {"tl.extra.cuda.libdevice", "libdevice"},
    {"libdevice", "libdevice"},
    {"tl.PropagateNan", "tl.PropagateNan"},
    {"math", "math"},
};

static const char *canonical_module(const char *name) {
  for (size_t i = 0; i < COUNT(modules); i++)
    if (strcmp(modules[i].name, name) == 0) return modules[i].canonical;
  return NULL;
}

static const char *const type_names[] = {
    "tensor",         "constexpr", "dtype", "const", "tuple", "tensor_descriptor", "tensor_descriptor_type",
    "constexpr_type", "tuple_type"};

static Val *language_member(Lang *L, const char *name) {
  const LType *t = strchr(name, '<') || name[0] == '*' ? NULL : lt_parse(L, name);
  if (t && strcmp(lt_name(L, t) + 3, name) == 0) /* the long names only: tl.float32, not tl.fp32 */
    return val_dtype(L, t);
  for (size_t i = 0; i < COUNT(type_names); i++)
    if (strcmp(type_names[i], name) == 0)
      return type_value(L, strcmp(name, "tuple") == 0 ? "builtins.tuple" : ctx_printf(L->cx, "tl.%s", name));
  if (strcmp(name, "pi32_t") == 0) return val_dtype(L, lt_pointer(L, lt_scalar(L, L_INT32), false));
  if (strcmp(name, "TRITON_MAX_TENSOR_NUMEL") == 0) return constexpr_value(val_int(L, 1048576));
  if (strcmp(name, "PropagateNan") == 0) return module_value(L, "tl.PropagateNan");
  return lang_library_has_public(L, name) ? lang_library_value(L, name) : NULL;
}

static Val *math_member(Lang *L, const char *name) {
  static const struct {
    const char *name;
    double x;
  } constants[] = {{"pi", 3.14159265358979323846},
                   {"e", 2.71828182845904523536},
                   {"tau", 6.28318530717958647692},
                   {"inf", INFINITY},
                   {"nan", NAN}};
  for (size_t i = 0; i < COUNT(constants); i++)
    if (strcmp(constants[i].name, name) == 0) return constexpr_value(val_float(L, constants[i].x));
  return NULL;
}

Val *lang_member(Lang *L, const char *module, const char *name) {
  const char *m = canonical_module(module);
  if (!m) return NULL;
  const char *sub = canonical_module(ctx_printf(L->cx, "%s.%s", m, name));
  if (sub) return module_value(L, sub);
  if (strcmp(m, "triton") == 0 && strcmp(name, "language") == 0) return module_value(L, "tl");
  if (strcmp(m, "tl.PropagateNan") == 0) {
    const char *full = ctx_printf(L->cx, "PropagateNan.%s", name);
    return strcmp(name, "NONE") == 0 || strcmp(name, "ALL") == 0 ? constexpr_value(val_str(L, full, strlen(full)))
                                                                 : NULL;
  }
  bool in_tl = strcmp(m, "tl") == 0 || strcmp(m, "tl.math") == 0 || strcmp(m, "tl.random") == 0;
  const Builtin *b =
      name[0] == '_' && !in_tl ? NULL : lang_find_builtin(L, ctx_printf(L->cx, "%s.%s", in_tl ? "tl" : m, name));
  if (b) {
    Val *v = NEW(L->cx, Val);
    v->kind = V_BUILTIN;
    v->builtin = b;
    return v;
  }
  if (strcmp(m, "math") == 0) return math_member(L, name);
  if (strcmp(m, "libdevice") == 0) return lang_library_libdevice(L, name);
  return in_tl ? language_member(L, name) : NULL;
}
