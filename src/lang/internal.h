/* internal.h: what the files of lang/ share.
 *
 * The front end is an evaluator. It walks the syntax tree once; every expression evaluates to a Val, which is either
 * known at compile time (a number, a string, a dtype, a tuple, a function, …) or a tensor: an IR value together with the language's
 * type for it, which knows what IR does not (signedness, const pointers). Arithmetic on compile-time values is Python's;
 * as soon as a tensor is involved it is the language's, in tl/promote.c.
 *
 * From the bottom to the top; what a file calls stands above it in this list, but for what goes through the table
 * `Evaluator`, by which the halves reach what stands below them:
 *   values           types.c (LType), numbers.c (their text), val.c, place.c (where the evaluation is, for messages and locations),
 *                    names.c, library.c and lib/
 *   language's half  tl/: make.c, cast.c, shape.c, promote.c (operators, promotion, broadcasting, casts), builtins.def + builtins.c +
 *                    builtins_*.c (tl.*), args.c (what their arguments must be)
 *   Python's half    python/: eval.c (how its files reach each other), eval_expr.c and attributes.c (expressions), stmt.c and assign.c (statements),
 *                    flow.c and loop.c (if, for, while, return, break), call.c, bind.c and function.c (calls, binding of arguments, functions
 *                    compiled and in place, recursion), classes.c (objects), scope.c, arithmetic.c and methods.c (compile-time arithmetic and
 *                    methods), host.c (values from the host and to it)
 *   both             evaluator.c, which puts the halves together; compile.c (lang_compile, signature), module.c (the host of a file),
 *                    library_function.c (the library for passes), fingerprint.c
 */
#ifndef TRITONC_LANG_INTERNAL_H
#define TRITONC_LANG_INTERNAL_H

#include "lang/lang.h"

typedef struct Lang Lang; /* one lang_compile */
typedef struct LType LType;
typedef struct Val Val;
typedef struct Scope Scope;
__extension__ typedef __int128
    BigInt; /* Python integers within a kernel; values beyond 127 bits are an error */

/* ---- the language's types ---------------------------------------------------------------------------------------- */

typedef enum LKind {
  L_VOID,
  L_INT1,
  L_INT8,
  L_INT16,
  L_INT32,
  L_INT64,
  L_UINT8,
  L_UINT16,
  L_UINT32,
  L_UINT64,
  L_FP8E4NV,
  L_FP8E5,
  L_FP8E4B8,
  L_FP8E5B16,
  L_FP8E4B15,
  L_FP16,
  L_BF16,
  L_FP32,
  L_FP64,
  L_POINTER, /* elem, is_const */
  L_BLOCK,   /* elem, shape */
  L_DESCRIPTOR, /* of a tensor whose blocks have this elem and shape */
} LKind;

struct LType { /* interned: equal types have equal pointers */
  LKind kind;
  const LType *elem;
  bool is_const;
  int address_space;
  int rank;
  const int64_t *shape;
};

const LType *lt_scalar(Lang *L, LKind kind);
const LType *lt_pointer(Lang *L, const LType *elem, bool is_const);
const LType *lt_block(Lang *L, const LType *elem, int rank, const int64_t *shape); /* rank 0: elem itself */
const LType *lt_descriptor(Lang *L, const LType *elem, int rank, const int64_t *shape);
const LType *lt_with_elem(Lang *L, const LType *shaped, const LType *elem);        /* same shape, other element */
const LType *lt_parse(Lang *L,
                      const char *text); /* "fp32", "*kbf16", "i1", also "float32", "pointer<fp32>"; NULL if none */
const char *lt_text(Lang *L,
                    const LType *t); /* as the reference prints: "fp32", "pointer<fp16>", "<['64', '32'], fp32>" */
const char *lt_shape_text(Lang *L, const LType *t); /* "[64, 32]"; "[]" for a scalar */
const char *lt_name(Lang *L, const LType *t); /* as users write: "tl.float32" */
Type *lt_ir(Lang *L, const LType *t);
/* A tensor descriptor as an object; see tl/descriptor.c. */
Val *sem_descriptor(Lang *L, const LType *type, Val *handle, Val *const *shape, Val *const *strides);
static inline const LType *lt_elem(const LType *t) { return t->kind == L_BLOCK ? t->elem : t; }
static inline bool lt_is_int(const LType *t) { return t->kind >= L_INT1 && t->kind <= L_UINT64; } /* scalars */
static inline bool lt_is_unsigned(const LType *t) {
  return t->kind == L_INT1 || (t->kind >= L_UINT8 && t->kind <= L_UINT64);
}
static inline bool lt_is_float(const LType *t) { return t->kind >= L_FP8E4NV && t->kind <= L_FP64; }
static inline bool lt_is_fp8(const LType *t) { return t->kind >= L_FP8E4NV && t->kind <= L_FP8E4B15; }
static inline int lt_rank(const LType *t) { return t->kind == L_BLOCK ? t->rank : 0; }
static inline bool lt_is_ptr(const LType *t) { return t->kind == L_POINTER; }
static inline bool lt_is_block_pointer(const LType *t) { return t->kind == L_POINTER && t->elem->kind == L_BLOCK; }
int lt_bits(const LType *t); /* of a scalar; pointers 64 */
enum { DESCRIPTOR_RANK = 5 }; /* of a tensor descriptor, at most */
int64_t lt_numel(const LType *t);
bool lt_same_shape(const LType *a, const LType *b);
LKind lt_kind_of_bits(int bits, bool is_unsigned); /* the integer kind of a width */
void lt_int_range(const LType *t, BigInt *min, BigInt *max);
bool lt_int_fits(const LType *t, BigInt x);

/* ---- values ------------------------------------------------------------------------------------------------------ */

typedef enum VKind {
  V_NONE,
  V_BOOL,
  V_INT,
  V_FLOAT,
  V_STR,
  V_DTYPE,
  V_TUPLE,
  V_LIST,
  V_DICT,
  V_ELLIPSIS,
  V_SLICE,
  V_RANGE,    /* range(a, b, c), tl.range(...), tl.static_range(...) awaiting its `for`: range */
  V_FUNCTION, /* a @triton.jit function: function */
  V_LAMBDA,   /* a lambda or nested def of this source: node, scope */
  V_BUILTIN,  /* a name that the language knows: builtin; `self` when bound as a method */
  V_TYPE,     /* a class as a value: "tl.tensor", "tl.constexpr", "tl.dtype", "builtins.int", … : text */
  V_HOST,     /* a module, callable or object of the host: host */
  V_TENSOR,   /* value, type */
} VKind;
enum { V_COUNT = V_TENSOR + 1 };


struct Val {
  VKind kind;
  bool constexpr_; /* declared `x: tl.constexpr`; for V_TENSOR never */
  BigInt integer;  /* V_BOOL, V_INT */
  double number;
  const char *text; /* V_STR (interned, may hold NULs: len), V_TYPE */
  size_t len;
  const LType *type;        /* V_DTYPE: the type meant; V_TENSOR: the value's; V_TUPLE: what it is an object of, or NULL */
  Value *value;             /* V_TENSOR */
  Val *const *items;        /* V_TUPLE, V_LIST; V_DICT: keys; V_SLICE: three, NULL for absent; V_TYPE: NULL, or what it is the type of */
  Val *const *items2;       /* V_DICT: values */
  const char *const *names; /* V_TUPLE: field names of a named tuple, or NULL */
  const struct RangeVal *range;
  const ttc_function *function;
  Node *node;
  Scope *scope;
  const struct Builtin *builtin;
  Val *self;
  ttc_value host;
};

typedef struct RangeVal {
  Val *start, *stop, *step;
  bool is_static;                       /* tl.static_range */
  bool is_python;                       /* plain range(...): attributes below do not apply */
  Val *num_stages, *loop_unroll_factor; /* NULL when not given */
  bool disallow_acc_multi_buffer, flatten, warp_specialize, disable_licm;
} RangeVal;

Val *val_none(Lang *L);
Val *val_bool(Lang *L, bool x);
Val *val_int(Lang *L, BigInt x);
bool val_is_number(const Val *v); /* V_BOOL, V_INT, V_FLOAT */
void val_int_text(Buf *out, BigInt x, int base); /* as Python writes numbers: numbers.c */
const char *val_big_text(Lang *L, BigInt x);
void val_float_text(Buf *out, double x);
void val_fix_point(char *s); /* a point, whatever the locale */
static inline bool val_is_integer(const Val *v) { return v->kind == V_INT || v->kind == V_BOOL; }
static inline bool val_is_sequence(const Val *v) { return v->kind == V_TUPLE || v->kind == V_LIST; }
Val *val_float(Lang *L, double x);
Val *val_str(Lang *L, const char *s, size_t n);
Val *val_dtype(Lang *L, const LType *t);
Val *val_tuple(Lang *L, Val *const *items, size_t n, const char *const *names);
Val *val_tensor(Lang *L, Value *v, const LType *t);
Val *val_constexpr(Lang *L, const Val *v); /* the same, as if declared `x: tl.constexpr` */
Val *val_type_with(Lang *L, const char *name, Val *of); /* tl.constexpr_type(of), tl.tuple_type(of) */
Val *val_type_of(Lang *L, const Val *v); /* `x.type`: a dtype, tl.constexpr_type(x), or tl.tuple_type of the items' types */
static inline bool val_is_const(const Val *v) { return v->kind != V_TENSOR; }
const char *
val_kind_text(Lang *L, const Val *v); /* for messages: "an int", "a tensor of fp32 with shape [64, 32]", "a module" */
const char *val_description(Lang *L, const Val *v);     /* as a Python literal; its tensors by their types alone */
const char *val_repr(Lang *L, const Val *v);    /* Python's repr, for static_print and messages */
bool val_truth(Lang *L, const Val *v, Span at); /* of a known value; a tensor is an error here */

/* ---- the compile in progress ------------------------------------------------------------------------------------- */

/* One bound argument list: positional and keyword arguments of a call, evaluated. */
typedef struct Args {
  Val **at;
  const char **names; /* NULL: positional; positional ones come first */
  Span *spans;
  size_t n;
  Span call;
} Args;

/* What the parts of the evaluator reach each other by; python/eval.c says why, python/nodes.def has its rows. */
typedef Val *EvalFn(Lang *L, Node *e);
typedef void ExecFn(Lang *L, Node *s);
typedef Val *CallFn(Lang *L, Val *callee, const Args *args);
typedef struct Evaluator {
  EvalFn *expressions[N_COUNT]; /* NULL, here and below: it has no meaning in a kernel */
  ExecFn *statements[N_COUNT];
  const char *hints[N_COUNT]; /* of a node without a meaning: what to do instead, or NULL */
  CallFn *callees[V_COUNT];
  const struct Builtin *(*find_builtin)(const char *name);
  /* Of Python's half, for the language's half. */
  size_t (*region_call)(Lang *L, Val *fn, Val **args, size_t n, Val ***results);
  Val *(*binary)(Lang *L, BinaryOp op, Val *a, Val *b);
} Evaluator;

struct Lang {
  Ctx *cx;
  const Evaluator *evaluator;
  const ttc_host *host;
  LangOptions options;
  Module *module;
  Builder b;                     /* where code goes now; b.loc is kept by lang_at() */
  Op *func;                      /* the tt.func being filled */
  Span here;                     /* the expression being evaluated, for messages and locations */
  bool condition_stays;          /* of the loop being built: tl.condition(disable_licm=True) was among it */
  const char *name_hint;         /* the variable being assigned; names IR values */
  struct FnState *fn;            /* Python's half: the function being evaluated (scope, returns, loops) */
  Map types, functions, sources; /* interning of LType; compiled functions by mangled name; parsed sources */
  Map symbols;                   /* names of the module's functions, interned */
  struct Library *library;
  const Args *args; /* of the builtin being called, so that a message can point at one of them */
  const ttc_function *called; /* whose call was evaluated last */
  Map objects;      /* the host's objects in order of first meeting */
  Map classes, class_objects, constructing; /* see python/classes.c */
  int depth;        /* of nested evaluation, so that no source overflows the C stack */
};

Lang *lang_new(Ctx *cx, Module *module, const LangOptions *options); /* evaluator.c; NULL: constants only, no ops */
/* Report the user's mistake at the current expression (L->here) and unwind. */
_Noreturn void lang_fail(Lang *L, const char *hint, const char *fmt, ...) PRINTF_LIKE(3, 4);
_Noreturn void lang_fail_at(Lang *L, Span at, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* Where `v` stands among the arguments of the builtin being called; L->here if it is none of them. */
Span lang_argument(const Lang *L, const Val *v);
/* Set L->here and the builder's location; returns the old one for restoring. */
Span lang_at(Lang *L, Span span);

/* ---- the language's half, as Python's half calls it -------------------------------------------------------------- */

/* Operators where at least one operand is a tensor. */
Val *sem_binary(Lang *L, BinaryOp op, Val *a, Val *b);
Val *sem_unary(Lang *L, UnaryOp op, Val *a);
Val *sem_compare(Lang *L, CompareOp op, Val *a, Val *b); /* `in`, `is` never come here */
Val *sem_logical(Lang *L, bool is_or, Val *a, Val *b);   /* `and`/`or` on tensors of one */
/* A compile-time number, bool or tensor as a tensor (scalars get the reference's types: int32/int64/uint64 by size,
 * fp32, int1). */
Val *sem_to_tensor(Lang *L, Val *v);
/* Numbers among the arguments of a function of libdevice become scalars: fp32 (fp64 beside such a tensor), and integers
 * where no argument is a float; beside one they take part in its arithmetic as they are. NULL: a parameter's default. */
void sem_number_arguments(Lang *L, Val **args, size_t n);
Val *sem_cast(Lang *L, Val *tensor, const LType *to); /* element type */
Val *sem_condition(Lang *L, Val *v);                  /* a tensor of one as int1, for if/while; else unwinds */
Val *sem_subscript(Lang *L, Val *tensor, Val *index); /* x[None, :], x[:, None], x[0] is refused by name */
/* Attribute of a tensor or dtype: .dtype .shape .T .type .element_ty .primitive_bitwidth … and bound methods; NULL if
 * none. */
Val *sem_attribute(Lang *L, Val *of, const char *name);
/* Two branches or iterations gave `a` and `b` to one variable: do their types agree? If a constant meets a tensor, it
 * is converted. Gives the common type or unwinds, naming `what`. */
const LType *sem_join_types(Lang *L, const char *name, const Val *a, const Val *b);

/* A builtin: a row of builtins.def. Its parameters are written as text, bound by one function for all of them. */
typedef struct Builtin {
  const char *name;   /* "tl.load" */
  const char *params; /* "pointer, mask=None, other=None, boundary_check=(), …, *rest" */
  Val *(*call)(Lang *L, Val **args, size_t nargs, const struct Builtin *self); /* one per parameter, *rest as a tuple */
  unsigned flags; /* BUILTIN_METHOD: also a method of tensors under its last name */
  int op;         /* free for table-driven families: an Opcode … */
} Builtin;
enum { BUILTIN_METHOD = 1, BUILTIN_PYTHON = 2 /* a Python built-in: len, min, … */ };
const Builtin *builtin_find(const char *name); /* "tl.load", NULL when unknown */
static inline const Builtin *lang_find_builtin(const Lang *L, const char *name) { /* also "builtins.len" */
  return L->evaluator->find_builtin(name);
}
const char *const *lang_builtin_names(size_t *n); /* all, for suggestions (names.c) */
Val *builtin_call(Lang *L, const Builtin *f, Val *self, const Args *args); /* binds, checks, calls */
/* Members of the language's own modules ("tl", "tl.math", "triton", …) by name, for hosts that know no Python: a
 * V_BUILTIN, V_DTYPE, V_TYPE, V_FUNCTION (of the library) or V_HOST module value, or NULL. A TTC_BUILTIN of the host
 * goes through this too. */
Val *lang_member(Lang *L, const char *module, const char *name);

/* ---- Python's half, as the language's half calls it -------------------------------------------------------------- */

/* Evaluate a call of any callable value. */
Val *py_eval_call(Lang *L, Val *callee, const Args *args);
/* Make a region body by calling `fn` (a jit function, lambda or builtin) on the block's arguments, for reduce, scan and
 * map_elementwise: `args` are n tensors; gives its results flattened. */
size_t py_eval_region_call(Lang *L, Val *fn, Val **args, size_t n, Val ***results);
static inline size_t lang_region_call(Lang *L, Val *fn, Val **args, size_t n, Val ***results) {
  return L->evaluator->region_call(L, fn, args, n, results);
}
Val *py_val_from_host(Lang *L, const ttc_value *v);
void py_val_to_host(Lang *L, const Val *v, ttc_value *out);
/* A function of the embedded library as a value: lang_library_value(L, "softmax"). The library's modules see only tl and
 * each other. */
Val *lang_library_value(Lang *L, const char *name);
/* Compile-time binary/unary/compare by Python's rules; both known. Division by zero and the like unwind. */
Val *py_binary(Lang *L, BinaryOp op, Val *a, Val *b);
static inline Val *lang_binary(Lang *L, BinaryOp op, Val *a, Val *b) { return L->evaluator->binary(L, op, a, b); }
Val *py_unary(Lang *L, UnaryOp op, Val *a);
Val *py_compare(Lang *L, CompareOp op, Val *a, Val *b);

/* ---- who writes what, where it is not plain ---------------------------------------------------------------------- */

/* Python's half: what Python's own names mean (python/builtins.def). Its functions are rows that builtin_call binds like
 * any other; its types ("builtins.int"), like "tl.constexpr", are V_TYPE values. */
const Builtin *py_builtin_find(const char *name);      /* "builtins.len"; NULL when unknown */
Val *lang_python_value(Lang *L, const char *name);      /* "len", "int"; NULL when unknown (names.c) */
const char *const *lang_python_names(size_t *n);        /* "len", "min", … for suggestions (names.c) */

/* Language's half (library.c). A library function's ttc_function has `object == L->library`; a free name inside it is
 * resolved by lang_library_lookup alone: "tl", "math", "jit", other functions and constants of its file; NULL when
 * unknown. lang_library_value(L, name) and lang_library_function are library.c's, too. */
Val *lang_library_lookup(Lang *L, const ttc_function *function, const char *name);
#define LANG_LIBRARY "<tritonc>/lib/" /* begins the file names of library sources */
bool lang_is_libdevice(const ttc_function *f); /* written in libdevice*.py? */
/* Is the current function one of the library's whose integers wrap on purpose: a mathematical one, or of random numbers? */
bool lang_library_wraps(const Lang *L);
/* Where to report an error found at `at`: for a place in the library, the user's call of it. Takes the library's
 * frames off the chain of calls, so only for a failure that is about to be reported. */
Span lang_library_blame(Lang *L, Span at);
/* Is `name` a method of tensors (x.sum, x.to)? For suggestions. */
bool sem_is_method(Lang *L, const char *name);
/* A module of the language as a value (lang_member gives "tl.math", say): V_HOST with host.kind TTC_MODULE, host.object
 * NULL and host.text its canonical name; its attributes are lang_member(L, host.text, name). A library function bound
 * as a method (x.sum(0)) is a V_FUNCTION with `self`: py_eval_call passes that first. */
typedef struct LibFile {
  const char *name, *text; /* "standard.py" */
  size_t len;
} LibFile;
extern const LibFile lang_lib_files[]; /* lib/, embedded at build time (cmake/embed.cmake) */
extern const size_t lang_lib_files_count;

/* Compile a @jit function for these arguments into a private tt.func of L->module, once per signature, and give it with
 * its results flattened; for lang_library_value users that hold no call expression. */
Op *lang_compile_callee(Lang *L, const ttc_function *function, Val *const *args, size_t nargs, Val **result_shape);

#endif
