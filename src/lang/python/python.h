/* python.h: what the files of lang/python/ share.
 *
 * One FnState is one function being evaluated: a jit function that becomes a tt.func, or one that is evaluated in place
 * (a reduction's combining function, a lambda). Its names live in a Scope; control flow that the program may or may not
 * have taken is kept in Flow (flow.c tells how).
 */
#ifndef TRITONC_LANG_PYTHON_H
#define TRITONC_LANG_PYTHON_H

#include "lang/internal.h"

/* ---- functions and their free names (scope.c) -------------------------------------------------------------------- */

/* A function of the host or the library: parsed once, its free names asked once. */
typedef struct FnInfo {
  const ttc_function *function;
  const Source *source;
  Node *def;    /* N_FUNCTION */
  Map globals;  /* interned name -> Val */
  Map assigned; /* loop Node -> the names it assigns (assigned.c) */
  Map tests_in_bodies; /* `while` statements whose condition binds names, by the statement: the same, tested in the body */
  int serial;   /* order of first meeting; makes symbol names unique */
} FnInfo;
FnInfo *py_fn_info(Lang *L, const ttc_function *function);
/* The function's source, parsed, without a Lang: for signatures and fingerprints. Unwinds when there is no `def`. */
Node *py_fn_parse(Ctx *cx, const ttc_function *function, const Source **source);

/* ---- names ------------------------------------------------------------------------------------------------------- */

typedef enum Unbound { BOUND, NEVER_BOUND, BOUND_IN_BRANCH, BOUND_IN_LOOP, DELETED, DIFFERS } Unbound;
typedef struct Slot {
  const char *name;
  Val *val; /* NULL when unbound, and then `why` says why */
  Unbound why;
  Span at;           /* the binding; for an unbound name what made it so */
  bool is_constexpr; /* annotated tl.constexpr: may not be rebound */
  bool partial;      /* no value where `break` or `continue` left; see flow.c */
} Slot;
typedef struct Undo {
  uint32_t slot;
  Slot old;
} Undo;
struct Scope {
  FnInfo *info;
  Scope *outer; /* of a lambda or a nested function */
  Map index;    /* interned name -> slot + 1 */
  Vec(Slot) slots;
  Vec(uint32_t) stamps;
  uint32_t stamp;
  Vec(Undo) trail; /* what to undo, while a branch is being evaluated */
  int marks;
  const Node *body; /* the body evaluated in place, to detect recursion */
};
typedef struct Change {
  uint32_t slot;
  Slot now, before;
} Change;
typedef struct Changes {
  Change *at; /* in order of slots */
  uint32_t n;
} Changes;

Scope *py_scope_new(Lang *L, FnInfo *info, Scope *outer);
uint32_t py_scope_slot(Lang *L, Scope *s, const char *name); /* makes one, unbound, if there is none */
void py_scope_set(Lang *L, Scope *s, uint32_t slot, Slot value);
void py_scope_bind(Lang *L, Scope *s, const char *name, Val *v, Span at);
uint32_t py_scope_mark(Scope *s);                             /* from here on changes can be undone … */
Changes py_scope_take_back(Lang *L, Scope *s, uint32_t mark); /* … which gives the changes */
void py_scope_keep(Scope *s, uint32_t mark);                  /* … or are kept */
/* As nearest_name, but a known name that begins like the wrong one is near, too. */
const char *lang_near_name(const char *wrong, const char *const *names, size_t n);
Val *py_scope_lookup(Lang *L, const char *name, Span at); /* L->fn's names, then free names; unwinds if unknown */

/* ---- control flow (flow.c) --------------------------------------------------------------------------------------- */

/* Did the program take a certain exit? NO and YES are known now; MAYBE is an i1 at run time. */
typedef struct Flag {
  enum { NO, YES, MAYBE } state;
  Value *value;
} Flag;
typedef struct Flow {
  bool dead; /* nothing that follows here can be reached */
  Flag returned, broken, continued;
  Val *result; /* of `return`, where returned is not NO; NULL for a bare return */
  Span result_at;
} Flow;

typedef struct FnState {
  struct FnState *caller;
  FnInfo *info;
  Scope *scope;
  const char *name;
  Flow flow;
  int loops; /* loops around the statement, unrolled ones too */
  int expression_depth;
  Loc *call_site; /* evaluated in place: where from */
  bool in_place;
  Op *func;
} FnState;

void py_exec_block(Lang *L, Nodes body); /* in L->fn; leaves L->fn->flow */
Val *lang_condition(Lang *L, Val *cond, Span at); /* a tensor of one as an i1 */
/* May an exit have been taken? Then the rest of the block has to be guarded. */
bool py_flow_may_have_left(const Flow *f);
void py_flow_guarded(Lang *L, void (*body)(Lang *L, void *arg), void *arg);
Value *py_flow_flag_value(Lang *L, Flag f);
Value *py_value_i1(Lang *L, bool x); /* a constant */
Value *py_value_poison(Lang *L, Type *t);
Value *py_const_as(Lang *L, const Val *number, const LType *type); /* a compile-time number as a constant of a type */

/* Names that a loop may bind, in source order, each once (assigned.c). */
typedef struct NameList {
  const char **at;
  uint32_t len, cap;
} NameList;
const NameList *py_assigned_names(Lang *L, const Node *loop);
/* Does a statement of `body` bind `name`? Then *where is the first one that does. */
bool py_binds_name(Lang *L, Nodes body, const char *name, Span *where);
bool val_same(Lang *L, const Val *a, const Val *b); /* equal compile-time values, or the very same tensor */

/* ---- expressions, calls ------------------------------------------------------------------------------------------ */

enum { PY_MAX_DEPTH = 1000 }; /* of nested evaluation, so that no source overflows the C stack */
Val *py_eval(Lang *L, Node *e); /* eval.c, as py_eval_call */
void py_exec_stmt(Lang *L, Node *stmt);
_Noreturn void py_refuse(Lang *L, const Node *n, const char *hint); /* what cannot be used in a kernel */
Val *py_attribute_of(Lang *L, Val *of, const char *name, Span at);  /* of any value; unwinds where there is none */
Val *py_attribute_or_null(Lang *L, Val *of, const char *name, Span at);
void py_assign_target(Lang *L, Node *target, Val *v, Node *stmt);
Val *py_assign_value(Lang *L, Val *v, const char *name); /* what `name = v` binds: numbers become tensors */
/* The items of anything that can be unrolled or unpacked now: tuples, lists, strings, ranges of known bounds, dict
 * keys; false: not iterable. */
bool val_iterate(Lang *L, Val *v, Val ***items, size_t *n);
Val *py_inline_call(Lang *L, const ttc_function *f, const Args *args);
Args py_with_self(Lang *L, Val *self, const Args *args); /* `self`, if not NULL, and the arguments */

/* The handlers (nodes.def). */
#define EXPRESSION(node, function) EvalFn function;
#define STATEMENT(node, function) ExecFn function;
#define CALLEE(value, function) CallFn function;
#include "lang/python/nodes.def"

/* ---- the host, its classes and objects of these (host.c, classes.c) ----------------------------------------------- */

Val *py_host_attribute(Lang *L, const ttc_value *of, const char *name); /* NULL: it has none */

typedef struct HostClass {
  Val *value; /* the class itself */
  const char *const *names;
  size_t n;
  Val **defaults;       /* NULL where a field has none */
  Val *init;            /* the class's own constructor, or NULL */
  bool keeps_constants; /* an aggregate: numbers in its fields stay compile-time values where objects are assigned */
} HostClass;

HostClass *py_class_info(Lang *L, Val *class);
HostClass *py_class_of(Lang *L, const Val *v); /* NULL: an object of none */
Val *py_class_ask(Lang *L, const Val *class, const char *prefix, const char *name);
Val *py_class_call(Lang *L, Val *class, const Args *args);
Val *py_class_object(Lang *L, Val *class, Val *const *items, size_t n); /* of values for all fields */
Val *py_class_of_object(Lang *L, const Val *v);                         /* NULL: of none */
bool py_class_keeps_constants(Lang *L, const Val *v); /* numbers in its fields do not become tensors */
void py_class_set_field(Lang *L, const Val *object, const char *name, Val *v, Span at);
Val *py_class_replace(Lang *L, const Args *args); /* tl.aggregate_replace */
Val *py_class_attribute(Lang *L, Val *of, const char *name); /* of an object or a class; NULL: none */
Val *py_class_method_call(Lang *L, Val *self, const char *method, Val *other); /* NULL: no such method */
Val *py_class_binary(Lang *L, BinaryOp op, Val *a, Val *b);
Val *py_class_unary(Lang *L, UnaryOp op, Val *a);
Val *py_class_compare(Lang *L, CompareOp op, Val *a, Val *b); /* neither `is` nor `in` */

/* Binding of a call's arguments to parameters; fills bound[i] (NULL: take the fallback) for every parameter. */
void py_bind_arguments(Lang *L, const char *callee, const Params *params, const Args *args, Val **bound);
/* Bind all, evaluate defaults in the callee's scope, apply annotations. `fn` is the callee's state, already L->fn. */
void py_bind_scope(Lang *L, const Params *params, Val **bound);
bool py_annotation_is_constexpr(const Node *annotation);

#define BIG_MAX (((((BigInt)1 << 126) - 1) << 1) + 1)
#define BIG_MIN (-BIG_MAX - 1)

/* ---- values (val.c, arithmetic.c, format.c) ----------------------------------------------------------------------- */

typedef Vec(Value *) Values;
void val_flatten(Lang *L, const Val *v, Values *out);                            /* its tensors, in order */
Val *val_rebuild(Lang *L, const Val *shape, Value *const *values, size_t *next); /* the same with other tensors */
bool val_has_tensor(const Val *v);
Val *val_list(Lang *L, Val *const *items, size_t n);
Val *val_like(Lang *L, const Val *like, Val *const *items); /* a tuple, list or object of as many items as `like` */
Val *val_type(Lang *L, const char *name);
Val *val_builtin(Lang *L, const Builtin *b, Val *self);
Val *val_function(Lang *L, const ttc_function *f);
int64_t val_index(Lang *L, const Val *v, const char *what); /* an integer that fits, or unwinds */
Val *py_subscript(Lang *L, Val *of, Val *index);
Val *py_attribute(Lang *L, Val *of, const char *name); /* methods and fields of known values; NULL if none */
bool py_contains(Lang *L, Val *in, Val *x);
bool py_equal(Lang *L, const Val *a, const Val *b);
Val *py_logical_not(Lang *L, Val *v);
void py_format(Lang *L, Buf *out, Val *v, char conversion, const char *spec, size_t len);
Val *py_percent(Lang *L, Val *format, Val *args);
void val_python_str(Lang *L, Buf *out, const Val *v);
bool py_isinstance(Lang *L, Val *v, Val *type);
Val *py_method_call(Lang *L, Val *self, const char *name, const Args *args);

#endif
