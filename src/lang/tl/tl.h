/* tl.h: what the files of the language's half share.
 *
 * Everything here works on Val: sem_* functions take values of the language (tensors, or numbers known at compile time)
 * and give tensors. A mistake of the user's is reported at L->here and unwinds, so no function here returns an error.
 */
#ifndef TRITONC_LANG_TL_H
#define TRITONC_LANG_TL_H

#include "lang/internal.h"

/* ---- looking at values and types --------------------------------------------------------------------------------- */

static inline bool sem_is_tensor(const Val *v) { return v->kind == V_TENSOR; }
static inline bool sem_is_none(const Val *v) { return v == NULL || v->kind == V_NONE; }
static inline const LType *val_elem(const Val *t) { return lt_elem(t->type); }

/* ---- making ops -------------------------------------------------------------------------------------------------- */

Val *sem_op1(Lang *L, Opcode code, const LType *result, const Val *a);
Val *sem_op2(Lang *L, Opcode code, const LType *result, const Val *a, const Val *b);
Val *sem_op3(Lang *L, Opcode code, const LType *result, const Val *a, const Val *b, const Val *c);
/* Of two of one type, by a predicate of the IR: "slt", "oeq". */
Val *sem_test(Lang *L, const char *predicate, const Val *a, const Val *b);
/* A constant of `type` (scalar or block: every element) from a number known at compile time. Range-checked. */
Val *sem_constant(Lang *L, const Val *number, const LType *type);
Val *sem_constant_int(Lang *L, int64_t x, const LType *type);
/* The type that a number has on its own: int1; int32, uint32, int64, uint64 by size; fp32 or fp64. */
const LType *sem_number_type(Lang *L, const Val *number);

/* ---- shapes ------------------------------------------------------------------------------------------------------ */

Val *sem_splat(Lang *L, Val *scalar, int rank, const int64_t *shape);
/* Broadcast to exactly this shape: splat a scalar, broadcast dimensions of one (same rank). `what` is for the message. */
Val *sem_broadcast_to(Lang *L, Val *t, int rank, const int64_t *shape);
/* To the shape of `like`, with new leading dimensions where it has fewer. */
Val *sem_broadcast_like(Lang *L, Val *t, const LType *like);
bool lt_can_broadcast_to(const LType *from, const LType *to);
/* Give both the same shape, by the rules of broadcasting. */
void sem_broadcast(Lang *L, Val **a, Val **b);
Val *sem_expand_dims(Lang *L, Val *t, int axis); /* 0 <= axis <= rank */
Val *sem_reshape(Lang *L, Val *t, int rank, const int64_t *shape, bool can_reorder);
Val *sem_permute(Lang *L, Val *t, int n, const int *order);
/* A shape argument: a tuple or list of known ints, or several ints (`rest` of a call). Gives the rank. */
int sem_shape_arg(Lang *L, const Val *v, const int64_t **shape, const char *what);
void sem_check_shape(Lang *L, int rank, const int64_t *shape, const char *what); /* powers of two, not too many */
int sem_axis(Lang *L, const Val *axis, int rank,
             const char *what); /* known int, negative from the end; range-checked */

/* ---- operands ---------------------------------------------------------------------------------------------------- */

enum {
  OPERANDS_PTR_LEFT = 1, /* a pointer is allowed there */
  OPERANDS_PTR_RIGHT = 2,
  OPERANDS_NO_PROMOTION = 4,
  OPERANDS_DIVISION = 8,    /* / // %: halves compute in fp32, signedness must agree */
  OPERANDS_AS_TENSORS = 16, /* a number counts as a tensor of its own type: comparisons, tl.maximum and the like */
};
/* Promote both operands of `op` (a text for messages) to one element type and broadcast them. Numbers become
 * constants. */
void sem_operands(Lang *L, const char *op, Val **a, Val **b, unsigned flags);
/* The element type that a binary operator computes in. */
const LType *sem_computation_type(Lang *L, const char *op, const LType *a, bool a_scalar, const LType *b, bool b_scalar,
                                  bool division);
_Noreturn void sem_bad_operands(Lang *L, const char *op, const Val *a, const Val *b);

Val *sem_add(Lang *L, Val *a, Val *b, bool sanitize);
Val *sem_sub(Lang *L, Val *a, Val *b, bool sanitize);
Val *sem_mul(Lang *L, Val *a, Val *b, bool sanitize);
Val *sem_where(Lang *L, Val *condition, Val *x, Val *y);
Val *sem_not(Lang *L, Val *v);

/* ---- memory ------------------------------------------------------------------------------------------------------ */

/* A value that goes to or comes in place of memory of `elem`: a constant where it fits, else converted as a tensor
 * is. */
Val *sem_as_element(Lang *L, Val *v, const LType *elem, const Builtin *f, const char *param);
void sem_set_keyword(Lang *L, Op *op, const char *name, const char *word); /* of a modifier that was given, or NULL */
/* Scalars of `bits` bits for an op: of a tuple or list of numbers and integer scalars. Gives how many there are. */
int sem_integers(Lang *L, const Val *v, int bits, Value ***out, const char *what);
/* tl.load and tl.store of a block pointer. */
Val *sem_load_block(Lang *L, Val **args, const char *cache, const char *evict, const Builtin *f);
Val *sem_store_block(Lang *L, Val **args, const char *cache, const char *evict, const Builtin *f);
/* A tensor descriptor: its handle with the shape and strides that it was made with; the object's `type` is of kind
 * L_DESCRIPTOR. */
static inline bool val_is_descriptor(const Val *v) {
  return v->kind == V_TUPLE && v->type && v->type->kind == L_DESCRIPTOR;
}
Val *sem_descriptor_attribute(Lang *L, Val *of, const char *name);

/* ---- casts ------------------------------------------------------------------------------------------------------- */

typedef enum Rounding { ROUND_DEFAULT, ROUND_RTNE, ROUND_RTZ } Rounding;
Val *sem_cast_rounding(Lang *L, Val *tensor, const LType *to, Rounding rounding);
Val *sem_bitcast(Lang *L, Val *tensor, const LType *to);
/* A number or a scalar or tensor as a value of element type `elem`. */
Val *sem_convert(Lang *L, Val *v, const LType *elem);

/* ---- arguments of builtins --------------------------------------------------------------------------------------- */

typedef Val *BuiltinFn(Lang *L, Val **args, size_t nargs, const Builtin *self);
Val *sem_arg_tensor(Lang *L, Val *v, const Builtin *f, const char *param); /* numbers become tensors; else unwinds */
int64_t sem_arg_int(Lang *L, const Val *v, const char *what);              /* a known integer */
bool sem_arg_bool(Lang *L, const Val *v, const char *what);
const char *sem_arg_text(Lang *L, const Val *v, const char *what);
const LType *sem_arg_dtype(Lang *L, const Val *v, const char *what); /* a known dtype */
/* One of the listed words; "" and None give NULL. */
const char *sem_arg_choice(Lang *L, const Val *v, const char *what, const char *const *choices, size_t n);

/* The functions of the table, by file. */
#define BUILTIN(name, params, fn, flags, op) BuiltinFn fn;
#include "lang/tl/builtins.def"
#undef BUILTIN

/* ---- the library ------------------------------------------------------------------------------------------------- */

/* Does the library have a function `name` that is the language's `tl.name`? */
bool lang_library_has_public(Lang *L, const char *name);
Val *lang_library_libdevice(Lang *L, const char *name); /* of tl.extra.libdevice; NULL if there is none */

#endif
