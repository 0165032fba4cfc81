/* ir.h: the intermediate representation: Triton IR, Triton GPU IR and the parts of MLIR's arith, math, scf and cf that
 * they use.
 *
 * A Module holds functions; a function is an op with one region; a region is a list of blocks; a block has arguments
 * and ops; an op has operands, results, attributes, regions and (terminators only) successor blocks. Values know their
 * uses. Types and attributes are interned: equal ones have equal pointers within one context. What an op is (name,
 * operands, traits, how it prints) is a line in ops.def and nowhere else. The textual form is the MLIR syntax of the
 * reference; docs/ir.md is its manual.
 */
#ifndef TRITONC_IR_H
#define TRITONC_IR_H

#include "base/base.h"

typedef struct Type Type;
typedef struct Attr Attr;
typedef struct Loc Loc;
typedef struct Value Value;
typedef struct Use Use;
typedef struct Op Op;
typedef struct Block Block;
typedef struct Region Region;
typedef struct Module Module;

/* ---- types ------------------------------------------------------------------------------------------------------- */

typedef enum TypeKind {
  TYPE_INT,        /* bits: 1, 8, 16, 32, 64; signless */
  TYPE_FLOAT,      /* fkind */
  TYPE_INDEX,      /* MLIR's `index`; read, never made */
  TYPE_PTR,        /* elem, address_space: !tt.ptr<f32>, !tt.ptr<tensor<..>> */
  TYPE_TENSOR,     /* shape, elem, encoding or NULL */
  TYPE_MEMDESC,    /* shape, elem, encoding, memory space, mutable: !ttg.memdesc<..> */
  TYPE_TENSORDESC, /* elem: the block's tensor type; sign: what its integers are */
  TYPE_TOKEN,      /* !ttg.async.token */
  TYPE_FUNC,       /* inputs, results */
} TypeKind;

typedef enum FloatKind {
  F8E4M3FN,     /* tl.float8e4nv */
  F8E5M2,       /* tl.float8e5 */
  F8E4M3FNUZ,   /* tl.float8e4b8 */
  F8E5M2FNUZ,   /* tl.float8e5b16 */
  F8E4M3B11FNUZ,
  F16, BF16, F32, F64,
  FLOAT_KINDS
} FloatKind;

struct Type {
  TypeKind kind;
  FloatKind fkind;
  int bits;            /* of TYPE_INT and TYPE_FLOAT */
  int address_space;   /* TYPE_PTR: 1 is global */
  Type *elem;
  int rank;
  const int64_t *shape;
  Attr *encoding;      /* layout, or NULL */
  Attr *memory_space;  /* TYPE_MEMDESC */
  const int64_t *whole; /* TYPE_MEMDESC: the shape of the buffer that this is a part of, or NULL */
  bool is_mutable;     /* TYPE_MEMDESC */
  char sign;           /* TYPE_TENSORDESC of integers: 's' or 'u', as si32 and ui32 say; 0: i32 */
  Type *const *inputs; /* TYPE_FUNC */
  Type *const *results;
  int ninputs, nresults;
};

Type *ir_int(Ctx *cx, int bits);
Type *ir_float(Ctx *cx, FloatKind kind);
Type *ir_index(Ctx *cx);
Type *ir_ptr(Ctx *cx, Type *pointee, int address_space);
enum { IR_MAX_RANK = 32 }; /* dimensions that the reader and the verifier know: a tensor of 2^20 elements may have 20 of two */
Type *ir_tensor(Ctx *cx, Type *elem, int rank, const int64_t *shape, Attr *encoding);
Type *ir_tensor_like(Ctx *cx, Type *shaped, Type *elem); /* same shape and encoding; a scalar `shaped` gives `elem` itself */
Type *ir_memdesc(Ctx *cx, Type *elem, int rank, const int64_t *shape, Attr *encoding, Attr *space, bool is_mutable);
Type *ir_memdesc_part(Ctx *cx, const Type *t, const int64_t *whole); /* NULL: `t` as a buffer of its own */
Type *ir_tensordesc(Ctx *cx, Type *block, char sign);
Type *ir_token(Ctx *cx);
Type *ir_func_type(Ctx *cx, Type *const *inputs, int ninputs, Type *const *results, int nresults);

static inline Type *ir_elem(Type *t) { return t->kind == TYPE_TENSOR || t->kind == TYPE_MEMDESC ? t->elem : t; }
static inline bool ir_is_tensor(const Type *t) { return t->kind == TYPE_TENSOR; }
static inline bool ir_is_int(const Type *t) { return t->kind == TYPE_INT; }
static inline bool ir_is_float(const Type *t) { return t->kind == TYPE_FLOAT; }
static inline bool ir_is_ptr(const Type *t) { return t->kind == TYPE_PTR; }
int64_t ir_numel(const Type *t);      /* 1 for a scalar */
bool ir_same_shape(const Type *a, const Type *b); /* false for what is not a tensor */
int ir_elem_bytes(const Type *t);     /* storage of one element: i1 takes 1, a pointer 8 */
void ir_print_type(Buf *out, const Type *t);
const char *ir_type_text(Ctx *cx, const Type *t);

/* Conversions between a float kind's bits and double; rounding to nearest even, the only place where formats are known.
 * Overflow: to infinity where the format has one, else to NaN (saturation is up to the caller). */
uint64_t ir_float_encode(FloatKind kind, double x);
double ir_float_decode(FloatKind kind, uint64_t bits);
int ir_float_bits(FloatKind kind);
const char *ir_float_name(FloatKind kind); /* "f8E4M3FN" */

/* ---- attributes -------------------------------------------------------------------------------------------------- */

typedef enum AttrKind {
  ATTR_UNIT,
  ATTR_BOOL,    /* integer */
  ATTR_INT,     /* integer, type */
  ATTR_FLOAT,   /* number (exactly representable in its type), type */
  ATTR_STRING,  /* text, len */
  ATTR_SYMBOL,  /* text: @name */
  ATTR_TYPE,    /* type */
  ATTR_ENUM,    /* text: a bare keyword in an op's custom syntax: `rtne`, `acq_rel`, `slt` */
  ATTR_ARRAY,   /* items */
  ATTR_INTS,    /* array<i32: 1, 0>: ints, type (element type) */
  ATTR_DICT,    /* names, items */
  ATTR_SPLAT,   /* dense<x>: items[0] (ATTR_INT/FLOAT/BOOL), type (the tensor type) */
  ATTR_DENSE,   /* dense<[..]>: nested list flattened, row-major, in items; type */
  ATTR_DIALECT, /* #ttg.blocked<{..}> and the like: text up to `<` in `text`, its dictionary or parameter list in `items`/`names` */
} AttrKind;

struct Attr {
  AttrKind kind;
  int64_t integer;
  double number;
  const char *text;
  size_t len;
  Type *type;
  int n;
  Attr *const *items;
  const char *const *names;
  const int64_t *ints;
  void *cached; /* for passes: the parsed form of a layout */
};

Attr *ir_attr_unit(Ctx *cx);
Attr *ir_attr_bool(Ctx *cx, bool x);
Attr *ir_attr_int(Ctx *cx, Type *type, int64_t x); /* sign-extended from the type's width; of i1: an ATTR_BOOL, 0 or 1 */
Attr *ir_attr_float(Ctx *cx, Type *type, double x); /* rounded to the type */
Attr *ir_attr_string(Ctx *cx, const char *s, size_t n);
Attr *ir_attr_symbol(Ctx *cx, const char *name);
Attr *ir_attr_type(Ctx *cx, Type *type);
Attr *ir_attr_enum(Ctx *cx, const char *keyword);
Attr *ir_attr_array(Ctx *cx, Attr *const *items, int n);
Attr *ir_attr_ints(Ctx *cx, Type *elem, const int64_t *ints, int n);
Attr *ir_attr_dict(Ctx *cx, const char *const *names, Attr *const *items, int n);
Attr *ir_attr_splat(Ctx *cx, Type *tensor, Attr *item);
Attr *ir_attr_dense(Ctx *cx, Type *tensor, Attr *const *items);
/* #ttg.blocked<{sizePerThread = [1]}>: name "ttg.blocked"; `names` is NULL for a parameter list without names. Those of
 * "llvm." have names but no braces: #llvm.loop_licm<disable = true>. */
Attr *ir_attr_dialect(Ctx *cx, const char *name, const char *const *names, Attr *const *items, int n);
void ir_print_attr(Buf *out, const Attr *a);

/* ---- locations --------------------------------------------------------------------------------------------------- */

typedef enum LocKind { LOC_UNKNOWN, LOC_FILE, LOC_NAME, LOC_CALL, LOC_FUSED, LOC_TEXT } LocKind;
struct Loc {
  LocKind kind;
  const char *file;   /* LOC_FILE */
  int line, col;
  const char *name;   /* LOC_NAME: the variable that names the value */
  Loc *child;         /* LOC_NAME: may be NULL; LOC_CALL: the callee's place; LOC_FUSED: first; LOC_TEXT: what loc(..) said */
  Loc *caller;        /* LOC_CALL; LOC_FUSED: second */
  Span span;          /* LOC_FILE: where that is, if its source is at hand; LOC_TEXT: where the op is in the IR that was read */
};
Loc *ir_loc_unknown(Ctx *cx);
Loc *ir_loc_file(Ctx *cx, const char *file, int line, int col);
Loc *ir_loc_span(Ctx *cx, Span span); /* LOC_FILE of a source at hand */
Loc *ir_loc_text(Ctx *cx, Span span, Loc *child); /* for diagnostics; never printed */
const Loc *ir_loc_printed(Ctx *cx, const Loc *loc); /* without LOC_TEXT */
Loc *ir_loc_name(Ctx *cx, const char *name, Loc *child);
Loc *ir_loc_call(Ctx *cx, Loc *callee, Loc *caller);
Loc *ir_loc_fused(Ctx *cx, Loc *a, Loc *b);

/* The user's mistake, or something that a target cannot do, at an op: a diagnostic with the source line where the source
 * is at hand (else with the line of the IR that was read), and the calls that led there. Unwinds with ERR_SOURCE. */
_Noreturn void ir_fail(Ctx *cx, const Op *op, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
_Noreturn void ir_vfail(Ctx *cx, const Op *op, const char *hint, const char *fmt, va_list args);

/* ---- ops --------------------------------------------------------------------------------------------------------- */

typedef enum Opcode {
#define OP(id, name, operands, results, traits, format) OP_##id,
#include "ir/ops.def"
#undef OP
  OPCODES
} Opcode;

/* Traits: what passes may rely on without knowing the op. */
enum {
  T_PURE = 1 << 0,        /* no side effects, no trap that must be preserved: may be moved, merged, dropped */
  T_READ = 1 << 1,        /* reads memory */
  T_WRITE = 1 << 2,       /* writes memory or has another effect: stays, in order */
  T_TERMINATOR = 1 << 3,
  T_COMMUTATIVE = 1 << 4,
  T_ELEMENTWISE = 1 << 5, /* operands and results have one shape; element i depends on elements i alone */
  T_SAME_TYPE = 1 << 6,   /* the result has the type of the first operand */
  T_CONSTANT = 1 << 7,
  T_ISOLATED = 1 << 8,    /* regions use no values from outside (functions) */
  T_MULTI_SEGMENT = 1 << 9, /* several variadic operand groups; sizes in attribute operandSegmentSizes */
};

typedef struct OpInfo {
  const char *name;     /* "tt.load" */
  const char *operands; /* "ptr mask? other?": names in order, ? optional, * variadic */
  const char *results;
  unsigned traits;
  const char *format;   /* custom syntax, see ir/format.c; NULL or "" for the generic one */
} OpInfo;
extern const OpInfo ir_ops[OPCODES];

typedef struct NamedAttr {
  const char *name; /* interned */
  Attr *attr;
} NamedAttr;

struct Use {
  Op *op;
  int index;        /* operand number */
  Value *value;
  Use *next, **link; /* list of the value's uses, most recent first */
};

struct Value {
  Type *type;
  Op *op;        /* the op whose result this is, or NULL */
  Block *block;  /* the block whose argument this is, or NULL */
  int index;     /* result or argument number */
  Use *uses;
  Loc *loc;      /* of an argument; results take their op's */
  const char *hint; /* name to print by, or NULL */
  void *data;    /* scratch of the current pass */
};

struct Op {
  Opcode code;
  Block *block;
  Op *prev, *next;
  Loc *loc;
  int noperands, operand_cap, nresults, nregions, nsuccessors, nattrs;
  Use *operands;        /* noperands of them; operands[i].value may be read directly, written with ir_set_operand only */
  Value *results;       /* array of nresults */
  Region **regions;
  Block **successors;   /* cf.br, cf.cond_br; their block arguments are the trailing operands, see nforward */
  int *nforward;        /* per successor: how many of the trailing operands are its arguments */
  NamedAttr *attrs;     /* sorted by name */
  void *data;           /* scratch of the current pass */
  unsigned mark;
};

struct Block {
  Region *region;
  Block *prev, *next;
  Op *first, *last;
  Value **args;
  int nargs, arg_cap;
  void *data;
  Block *queue_next; /* query.c's own */
  bool queued;
};

struct Region {
  Op *op; /* the op it belongs to */
  Block *first, *last;
};

struct Module {
  Ctx *cx;
  Op *op;       /* builtin.module: one region, one block */
  Region *body;
};

static inline Block *ir_defining_block(const Value *v) { return v->op ? v->op->block : v->block; }
static inline const OpInfo *ir_info(const Op *op) { return &ir_ops[op->code]; }
static inline bool ir_has(const Op *op, unsigned traits) { return (ir_ops[op->code].traits & traits) == traits; }
static inline Value *ir_operand(const Op *op, int i) { return op->operands[i].value; }
static inline Value *ir_result(const Op *op, int i) { return &op->results[i]; }
static inline Block *ir_entry(const Op *op, int region) { return op->regions[region]->first; }
Opcode ir_opcode(const char *name); /* OPCODES when unknown */

/* The parts of a scf.for: bounds and step, the induction variable, and for each loop-carried value its initial value, the
 * argument of the body, what the body yields for the next iteration, and the loop's result. */
enum { IR_LOOP_INITS = 3, IR_LOOP_ARGS = 1 }; /* the first initial value among the operands, the first carried argument */
static inline Value *ir_loop_lower(const Op *loop) { return ir_operand(loop, 0); }
static inline Value *ir_loop_upper(const Op *loop) { return ir_operand(loop, 1); }
static inline Value *ir_loop_step(const Op *loop) { return ir_operand(loop, 2); }
static inline Value *ir_loop_index(const Op *loop) { return ir_entry(loop, 0)->args[0]; }
static inline Value *ir_loop_init(const Op *loop, int i) { return ir_operand(loop, IR_LOOP_INITS + i); }
static inline Value *ir_loop_arg(const Op *loop, int i) { return ir_entry(loop, 0)->args[IR_LOOP_ARGS + i]; }
static inline Value *ir_loop_result(const Op *loop, int i) { return ir_result(loop, i); }
static inline Value *ir_loop_yield(const Op *loop, int i) { return ir_operand(ir_entry(loop, 0)->last, i); }
/* scf.while: the first region's terminator has the test, then what is passed on to the second region and the results. */
enum { IR_CONDITION_PASSED = 1 };
static inline Value *ir_while_test(const Op *loop) { return ir_operand(ir_entry(loop, 0)->last, 0); }
static inline Value *ir_while_passed(const Op *loop, int i) { return ir_operand(ir_entry(loop, 0)->last, IR_CONDITION_PASSED + i); }
/* Where a terminator's operands begin that are passed on, one for each slot. */
static inline int ir_first_passed(const Op *terminator) { return terminator->code == OP_CONDITION ? IR_CONDITION_PASSED : 0; }
/* tt.make_tensor_descriptor: the extent and the stride of dimension d, in elements. */
static inline Value *ir_desc_extent(const Op *make, int d) { return ir_operand(make, 1 + d); }
static inline Value *ir_desc_stride(const Op *make, int d) { return ir_operand(make, 1 + make->results[0].type->elem->rank + d); }

/* Building. A Builder inserts before `before`, or at the end of `block` when `before` is NULL. */
typedef struct Builder {
  Ctx *cx;
  Block *block;
  Op *before;
  Loc *loc;
} Builder;
static inline Builder ir_at_end(Ctx *cx, Block *b) { return (Builder){cx, b, NULL, NULL}; }
static inline Builder ir_before(Ctx *cx, Op *op) { return (Builder){cx, op->block, op, op->loc}; }

Module *ir_module_new(Ctx *cx);
Op *ir_func_new(Module *m, const char *name, Type *func_type, bool is_public, Loc *loc); /* with its entry block */
Op *ir_module_func(const Module *m, const char *name); /* or NULL */
const char *ir_func_name(const Op *func);
Type *ir_func_signature(const Op *func);

/* The general maker: results' types given; attributes, regions and successors are added after. */
Op *ir_op(Builder *b, Opcode code, Type *const *results, int nresults, Value *const *operands, int noperands);
/* One result. The variadic part ends with NULL. `result` may be NULL for a T_SAME_TYPE op. */
Value *ir_make(Builder *b, Opcode code, Type *result, ... /* Value *, NULL */);
Op *ir_effect(Builder *b, Opcode code, ... /* Value *, NULL */); /* no result */
Value *ir_const_int(Builder *b, Type *type, int64_t x);   /* `type` may be a tensor: a splat constant */
Value *ir_compare(Builder *b, const char *predicate, Value *x, Value *y); /* arith.cmpi, of floats arith.cmpf: "slt", "oeq" ...; scalars or tensors */
Value *ir_const_float(Builder *b, Type *type, double x);
Value *ir_const_attr(Builder *b, Type *type, Attr *value);
void ir_set_attr(Ctx *cx, Op *op, const char *name, Attr *value); /* NULL removes */
void ir_set_int(Ctx *cx, Op *op, const char *name, int64_t x);    /* an attribute of type i32 */
Attr *ir_attr(const Op *op, const char *name);                    /* or NULL; `name` need not be interned */
int64_t ir_attr_int_or(const Op *op, const char *name, int64_t otherwise);
const char *ir_attr_text_or(const Op *op, const char *name, const char *otherwise); /* enums and strings */
/* What arith.cmpi's and arith.cmpf's predicates become: a p b = b swapped a = !(a negated b). NULL: there is no such one. */
typedef struct ComparePredicate {
  const char *name, *swapped, *negated;
} ComparePredicate;
const ComparePredicate *ir_predicate(Opcode code, const char *name);
Region *ir_add_region(Ctx *cx, Op *op);
Block *ir_add_block(Ctx *cx, Region *r);
Value *ir_add_arg(Ctx *cx, Block *b, Type *type, Loc *loc);
void ir_remove_arg(Ctx *cx, Block *b, int index); /* it has no uses */
/* What the programmer asserts of a value, "tt.divisibility", "tt.contiguity", "tt.constancy": an attribute of its op, or,
 * of an argument of a loop's body, of the loop ("tt.divisibility_arg2"). Other values have no hints. */
void ir_set_hint(Ctx *cx, Value *v, const char *name, Attr *hint); /* NULL removes */
Attr *ir_hint(const Value *v, const char *name);                   /* or NULL */
void ir_move_hints(Ctx *cx, Value *from, Value *to);
void ir_add_successor(Ctx *cx, Op *op, Block *to, Value *const *args, int nargs);
void ir_add_result_types(Ctx *cx, Op *op, Type *const *types, int n); /* append results (an op being rebuilt); moves uses */

/* Changing. */
void ir_set_operand(Op *op, int index, Value *v);
static inline void ir_loop_set_init(Op *loop, int i, Value *v) { ir_set_operand(loop, IR_LOOP_INITS + i, v); }
static inline void ir_loop_set_yield(Op *loop, int i, Value *v) { ir_set_operand(ir_entry(loop, 0)->last, i, v); }
void ir_add_operand(Ctx *cx, Op *op, Value *v);
void ir_remove_operand(Op *op, int index);
void ir_replace_all(Value *from, Value *to); /* uses of `from` become uses of `to` */
void ir_erase(Op *op);                       /* its results have no uses; its regions are erased, too */
void ir_unlink(Op *op);                      /* removed from its block, not erased */
void ir_insert_before(Op *op, Op *where);
void ir_append(Block *b, Op *op);
void ir_move_ops(Block *from, Block *to, Op *before); /* all ops of `from`; before == NULL: to the end */
void ir_erase_block(Block *b);
/* What a value became: its entry in a map of values, or the value itself. */
static inline Value *ir_mapped(const Map *map, Value *v) {
  Value *to = map_get(map, v);
  return to ? to : v;
}
/* A deep copy at the builder's place. `map` maps values to their copies (Value* to Value*) and is extended. */
Op *ir_clone(Builder *b, const Op *op, Map *map);
void ir_clone_region(Ctx *cx, Region *to, const Region *from, Map *map);

/* Looking. */
static inline bool ir_unused(const Value *v) { return v->uses == NULL; }
bool ir_one_use(const Value *v);
Op *ir_parent(const Op *op);                    /* the op whose region contains it; NULL for the module */
Op *ir_enclosing(const Op *op, Opcode code);    /* nearest ancestor of that kind, or NULL */
/* How many operands the op has in the group of that name ("mask", "shape": see ops.def), and where the first one is. */
int ir_operand_group(const Op *op, const char *name, int *first);
bool ir_defined_outside(const Value *v, const Op *op); /* not inside any of op's regions */
bool ir_dominates(const Op *a, const Op *b);    /* structured dominance within one function */
Op *ir_terminator(const Block *b);
bool ir_has_effects(const Op *op);              /* of its own or inside its regions: T_WRITE */
bool ir_reads_memory(const Op *op);             /* likewise T_READ */
/* Is each element of the result one of the operand's, as it is? */
bool ir_rearranges(const Op *op);
/* The pointer (or tensor of them) that the op's result differs from by an offset, its shape or its layout, or NULL. */
Value *ir_moved_pointer(const Op *op);
/* Does a reshape only insert or drop dimensions of size 1? */
bool ir_reshape_trivial(const Op *op);
/* Which dimension of the results is dimension `dim` of operand 0, for ops that rearrange, reduce or scan; -1: none, as of one
 * element in a reshape, or it is the one along which elements are combined. And the other way round, from the results. */
int ir_dim_to_result(const Op *op, int dim);
int ir_dim_to_operand(const Op *op, int dim);
/* Constants: true and the value if `v` is a constant integer (or a splat of one, however made). */
bool ir_is_const_int(const Value *v, int64_t *x);
bool ir_is_const_float(const Value *v, double *x);
bool ir_is_zero(const Value *v);                /* 0, 0.0 or -0.0 */
Attr *ir_const_value(const Value *v);           /* the attribute of the arith.constant, or NULL */
/* The op after `op` in program order, its regions first, below `root`; NULL: none. */
Op *ir_op_after(const Op *op, const Op *root);
/* Every op below `root`, in order, parents before children (post: children first). fn may erase the op it is given. */
void ir_walk(Op *root, void (*fn)(Op *op, void *arg), void *arg);
void ir_walk_post(Op *root, void (*fn)(Op *op, void *arg), void *arg);

/* ---- verifier, printer, reader ----------------------------------------------------------------------------------- */

/* NULL when the module is valid, else what is wrong and where (text in the arena). */
const char *ir_verify(Ctx *cx, const Module *m);
/* Unwinds with an internal error that shows the function in question when something is wrong. `when`: "after ...". */
void ir_check(Ctx *cx, const Module *m, const char *when);

/* Where an op begins in a printed text, and its location. */
typedef struct PrintedLoc {
  size_t at;
  const Op *op;
  const Loc *loc;
} PrintedLoc;
typedef Vec(PrintedLoc) PrintedLocs;

typedef struct PrintOptions {
  bool no_locations;   /* leave out loc(...) */
  PrintedLocs *locs;   /* ir_print(): every op, in the order of the text; or NULL */
} PrintOptions;
void ir_print(Buf *out, const Module *m, PrintOptions options);
void ir_print_op(Buf *out, const Op *op, PrintOptions options); /* for messages and dumps */

/* Reads a module; unwinds with a diagnostic that points into `source`. The result is verified. */
Module *ir_read(Ctx *cx, const Source *source);

#endif
