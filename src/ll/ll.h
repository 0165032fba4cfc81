/* ll.h: the low-level IR: what one thread of a GPU does, in SSA form with LLVM's types and op meanings.
 *
 * A module holds kernels and constant byte strings. A kernel is a list of basic blocks; a block has parameters (LLVM's
 * phis, printed as such), instructions, and a terminator that names its successors and the arguments it gives them.
 * An instruction is its own value; constants, kernel parameters and symbols are instructions that belong to no block.
 *
 *   Opcodes      ll_ops.def (LLVM's instructions) and ll_intrinsics.def (the machine's: shuffles, barriers, tensor
 *                cores, asynchronous copies, …) share one enum, LLOp. Everything about an instruction is in its opcode,
 *                type, operands, `mods` and `imm`; an interpreter never reads text.
 *   Building     ll_build() and the helpers below fold constants, apply identities, and give back the value that is
 *                already there when an equal one dominates the place of insertion; what is built is clean. For that,
 *                a block is told its immediate dominator when it is made. The bits known to be zero of every integer are
 *                kept as it is built (`zeros`): they decide when an `or` is an addition, when a mask is superfluous,
 *                and which constants may be moved through extensions into an address's offset.
 *   Registers    A vector of 8- or 16-bit elements is packed into 32-bit registers; every other element is a register
 *                of its own; a struct is its fields' registers one after another. EXTRACT and BUILD of structs and of
 *                wide vectors are therefore free. Keep the accumulator of a wgmma as one struct value, also as a
 *                block parameter: its registers then never move.
 *   Predicates   An instruction with LLF_PRED has an i1 as its last operand and does nothing when that is false; one
 *                that has a result has the operand `other` before it, which is the result then.
 *                LLF_POLICY: an i64 (createpolicy) comes before those.
 *   i8           There are no 8-bit registers: the printer keeps an i8 in 16 bits of which the upper 8 mean nothing.
 *   i1           has predicate registers; it is never loaded, stored or shuffled.
 *   Pointers     ptr addrspace(0) generic, (1) global: 64 bits; (3) shared, (4) constant, (5) local: 32 bits.
 *
 * Passes change functions in place; their order is up to the target. Everything lives in the
 * arena.
 */
#ifndef TRITONC_LL_H
#define TRITONC_LL_H

#include "base/base.h"

/* ---- types ------------------------------------------------------------------------------------------------------- */

typedef enum LLKind {
  LLK_VOID, LLK_I1, LLK_I8, LLK_I16, LLK_I32, LLK_I64, LLK_HALF, LLK_BFLOAT, LLK_FLOAT, LLK_DOUBLE, LLK_PTR,
  LLK_VECTOR, LLK_STRUCT
} LLKind;

typedef struct LLType {
  LLKind kind;
  int bits;  /* of a scalar: 1 to 64; of a vector: of all of it; of a struct: 0 */
  int space; /* LLK_PTR: 0, 1, 3, 4, 5 */
  int n;     /* elements of a vector, fields of a struct; 1 for a scalar */
  const struct LLType *elem;          /* of a vector; of a struct whose fields are alike; else NULL */
  const struct LLType *const *fields; /* of a struct */
} LLType;

extern const LLType ll_void, ll_i1, ll_i8, ll_i16, ll_i32, ll_i64, ll_half, ll_bfloat, ll_float, ll_double;
extern const LLType ll_half2, ll_bfloat2; /* <2 x half>, <2 x bfloat> */
extern const LLType ll_ptr, ll_ptr_global, ll_ptr_shared, ll_ptr_const, ll_ptr_local;
const LLType *ll_int(int bits);
const LLType *ll_ptr_in(int space);

static inline bool ll_is_int(const LLType *t) { return t->kind >= LLK_I1 && t->kind <= LLK_I64; }
static inline bool ll_is_float(const LLType *t) { return t->kind >= LLK_HALF && t->kind <= LLK_DOUBLE; }
static inline bool ll_is_ptr(const LLType *t) { return t->kind == LLK_PTR; }
static inline bool ll_is_scalar(const LLType *t) { return t->kind < LLK_VECTOR; }
static inline const LLType *ll_scalar(const LLType *t) { return t->kind == LLK_VECTOR ? t->elem : t; }
const LLType *ll_field(const LLType *t, int i); /* of a struct or a vector */
int ll_type_bytes(const LLType *t);             /* in memory */
int ll_nregs(const LLType *t);                  /* how many machine registers a value takes */
int ll_reg_bits(const LLType *t, int i);        /* 1, 16, 32 or 64 */
const char *ll_type_text(Ctx *cx, const LLType *t);

/* ---- instructions ------------------------------------------------------------------------------------------------ */

typedef enum LLOp {
#define O(id, name, effects) LL_##id,
#include "ll/ll_ops.def"
#undef O
  LL_FIRST_INTRINSIC,
  LL_BEFORE_INTRINSICS = LL_FIRST_INTRINSIC - 1, /* so that the first intrinsic has that number */
#define I(id, signature, effects, sm, ptx, nvvm, text) LL_##id,
#include "ll/ll_intrinsics.def"
#undef I
  LL_OPS
} LLOp;

enum {
  LLE_PURE = 1,       /* the result depends on the operands alone; never traps: may be moved, merged, dropped */
  LLE_READ = 2,       /* reads memory or other state: stays in order with writes, may be dropped */
  LLE_WRITE = 4,      /* has an effect: stays */
  LLE_CONVERGENT = 8, /* all threads of the warp take part: stays in its block */
  LLE_COMMUTES = 16,  /* operands 0 and 1 may be exchanged */
  LLE_TERMINATOR = 32,
  LLE_TIED = 64,      /* operand 0 is overwritten by the result (wgmma's accumulator) */
};

typedef struct LLOpInfo {
  const char *id;        /* "SHFL_BFLY" */
  const char *name;      /* LLVM's instruction, or NULL */
  unsigned effects;
  /* Of intrinsics only; the columns of ll_intrinsics.def. */
  const char *signature;
  int sm, ptx;           /* least of both: 80, and 70 for PTX 7.0; sm 1090: the target must be sm_90a; 2090: sm_90a, sm_100a … */
  const char *nvvm;      /* LLVM's intrinsic, or NULL: printed as inline assembly */
  const char *text;      /* PTX */
} LLOpInfo;
extern const LLOpInfo ll_ops[LL_OPS];

enum {
  LLF_NSW = 1,       /* ADD, SUB, MUL, SHL: the signed result does not wrap */
  LLF_NUW = 2,       /* likewise unsigned */
  LLF_CONTRACT = 4,  /* FADD, FSUB, FMUL */
  LLF_PRED = 8,
  LLF_POLICY = 16,
  LLF_VOLATILE = 32,
  LLF_TRANS = 64,    /* ldmatrix, stmatrix: transposed; wgmma: B is transposed ("MN-major") */
  LLF_TRANS_A = 128, /* wgmma: A in shared memory is transposed */
  LLF_INVARIANT = 64, /* LOAD: the memory is not written while the kernel runs (ld.global.nc); then pure */
};
typedef enum LLCache { LLC_NONE, LLC_CA, LLC_CG, LLC_CS, LLC_LU, LLC_CV, LLC_WB, LLC_WT } LLCache;
typedef enum LLEvict { LLV_NONE, LLV_NORMAL, LLV_UNCHANGED, LLV_FIRST, LLV_LAST, LLV_NO_ALLOCATE } LLEvict;
typedef enum LLSem { LLS_NONE, LLS_RELAXED, LLS_ACQUIRE, LLS_RELEASE, LLS_ACQ_REL, LLS_SC } LLSem;
typedef enum LLScope { LLSC_GPU, LLSC_CTA, LLSC_SYS, LLSC_CLUSTER } LLScope;
typedef enum LLRmw {
  LLR_XCHG, LLR_ADD, LLR_AND, LLR_OR, LLR_XOR, LLR_MAX, LLR_MIN, LLR_UMAX, LLR_UMIN, LLR_FADD, LLR_RMWS
} LLRmw;
typedef enum LLPred {
  LLP_EQ, LLP_NE, LLP_UGT, LLP_UGE, LLP_ULT, LLP_ULE, LLP_SGT, LLP_SGE, LLP_SLT, LLP_SLE, /* ICMP */
  LLP_OEQ, LLP_OGT, LLP_OGE, LLP_OLT, LLP_OLE, LLP_ONE, LLP_ORD,                          /* FCMP */
  LLP_UEQ, LLP_FUGT, LLP_FUGE, LLP_FULT, LLP_FULE, LLP_UNE, LLP_UNO,
} LLPred;

/* What an instruction does beside its operands. All of it takes part in value numbering. */
typedef struct LLMods {
  uint8_t flags;
  uint8_t cache, evict; /* LLCache, LLEvict */
  uint8_t sem, scope;   /* LLSem, LLScope */
  uint8_t rmw;          /* LLRmw */
  uint8_t align;        /* LOAD, STORE: log2 of the alignment in bytes; 0: the type's size */
  uint8_t variant;      /* MMA, WGMMA: LLMma; ldmatrix: 1, 2, 4; cp.async: bytes; others as ll_intrinsics.def says */
} LLMods;

typedef enum LLMma {
#define MMA(id, text, a, b, c, ctype, sm, ptx) LLM_##id,
#define WGMMA(id, text, k, ctype, tail) LLM_##id,
#include "ll/ll_mma.def"
#undef MMA
#undef WGMMA
  LLM_COUNT
} LLMma;
typedef struct LLMmaInfo {
  const char *text;    /* "m16n8k16.row.col.f32.f16.f16.f32"; of wgmma: "k16.f32.f16.f16" */
  int a, b, c;         /* registers of each operand; of wgmma: a is 4 when it is in registers, c follows from n */
  const LLType *ctype; /* of one accumulator register: float, i32, double, or <2 x half> */
  int sm, ptx;
  int k;               /* wgmma only */
  char tail;           /* wgmma: 't' scales and transposes, 's' scales, 'i' neither */
} LLMmaInfo;
extern const LLMmaInfo ll_mma[LLM_COUNT];

typedef struct LLModule LLModule;
typedef struct LLFunc LLFunc;
typedef struct LLBlock LLBlock;
typedef struct LLInst LLInst;

/* A place in a source; `function` is whose body it is in; `inlined_at` is where that was called, or NULL. */
typedef struct LLLoc {
  const char *file, *function;
  int line, col;
  const struct LLLoc *inlined_at;
} LLLoc;

/* Inline assembly: $0… are the results' registers, then the operands in order; constraints in LLVM's syntax
 * "=r,r,l". */
typedef struct LLAsm {
  const char *text, *constraints;
  bool pure;
} LLAsm;

typedef struct LLGlobal {
  const char *name;
  const void *bytes;
  size_t len;
  struct LLGlobal *next;
} LLGlobal;

struct LLInst {
  LLOp op;
  LLMods mods;
  const LLType *type;
  LLBlock *block;      /* NULL: a constant, parameter or symbol */
  LLInst *prev, *next;
  LLInst **args;
  int nargs, nfirst;   /* nfirst: CONDBR: how many arguments go to the first successor */
  int64_t imm;         /* constant's bits, zero-extended; address offset; predicate; element; WGMMA: n */
  const void *ref;     /* LLAsm of ASM, LLGlobal of GLOBAL */
  LLBlock *succ[2];
  const LLLoc *loc;
  uint64_t zeros;      /* integers of at most 64 bits: bits known to be 0 (those beyond the width are set, too) */
  uint32_t id;         /* unique in the function; dense after ll_renumber() */
  uint32_t uses;       /* after ll_count_uses() */
  LLInst *replaced;    /* by what, until ll_apply_replacements() */
  LLInst *same_hash;   /* chain of the value table */
  uint64_t hash;
  void *data;          /* scratch of the current pass */
};

struct LLBlock {
  LLFunc *func;
  LLBlock *prev, *next;
  LLInst *first, *last;
  LLInst **params;
  int nparams, param_cap;
  LLBlock *idom;       /* immediate dominator; NULL for the entry */
  LLBlock *skip;       /* a dominator farther up (func.c) */
  int depth;           /* in the dominator tree */
  uint32_t id;
  bool nounroll;       /* a loop's header: ask the assembler to leave the loop alone */
  bool keeps;          /* a loop's header: invariant code stays in the loop */
  LLBlock **preds;     /* after ll_analyze() */
  int npreds;
  LLBlock *loop;       /* after ll_analyze(): header of the innermost loop around it, or NULL */
  int loop_depth;
  void *data;
};

typedef struct LLParam {
  const char *name;
  const LLType *type;
  int align;           /* pointers: known alignment of what it points to, in bytes; integers: known divisor; 0 or 1: none */
  int byval;           /* bytes of a structure passed by value (a TMA descriptor): the value is its generic address */
  LLInst *value;
} LLParam;

struct LLFunc {
  LLModule *module;
  LLFunc *next;
  const char *name;
  LLParam *params;
  int nparams;
  LLBlock *first, *last;
  LLInst *consts;      /* values without a block, linked by `next` */
  int threads;         /* .reqntid; 0: not said */
  int maxnreg, min_ctas;
  int data_registers;  /* that accumulators and other data take beside wgmma; once it was printed as PTX */
  int cluster[3];      /* .reqnctapercluster; 0: none */
  const LLLoc *loc;    /* where it is defined */
  uint32_t next_id, next_block;
  LLInst **table;      /* value numbering */
  uint32_t table_cap, table_len;
};

struct LLModule {
  Ctx *cx;
  const char *name;
  LLFunc *first, *last;
  LLGlobal *globals;
  int shared_align;    /* of the shared-memory symbol; 16 unless said */
  const LLType **types;
  uint32_t ntypes, types_cap;
};

LLModule *ll_module_new(Ctx *cx, const char *name);
LLFunc *ll_func_new(LLModule *m, const char *name, const LLParam *params, int nparams); /* with its entry block */
LLGlobal *ll_global_bytes(LLModule *m, const void *bytes, size_t len); /* equal bytes are one constant */
const LLType *ll_vector(LLModule *m, const LLType *elem, int n);
const LLType *ll_struct(LLModule *m, const LLType *elem, int n);
const LLType *ll_struct_of(LLModule *m, const LLType *const *fields, int n);

static inline LLBlock *ll_entry(const LLFunc *f) { return f->first; }
LLBlock *ll_block_new(LLFunc *f, LLBlock *idom); /* placed last */
void ll_block_move_last(LLBlock *block);
LLInst *ll_block_param(LLBlock *block, const LLType *type);
/* The arguments that terminator `t` gives its i-th successor. */
LLInst **ll_edge_args(const LLInst *t, int i, int *n);
static inline int ll_nsucc(const LLInst *t) { return t->op == LL_BR ? 1 : t->op == LL_CONDBR ? 2 : 0; }
static inline const LLOpInfo *ll_info(const LLInst *i) { return &ll_ops[i->op]; }
static inline bool ll_is(const LLInst *i, unsigned effects) { return (ll_ops[i->op].effects & effects) != 0; }
bool ll_is_pure(const LLInst *i); /* the op is, or this load or asm is */
bool ll_dominates(const LLBlock *a, const LLBlock *b); /* a block dominates itself */

/* ---- building ---------------------------------------------------------------------------------------------------- */

/* Inserts at the end of `block`, or before `before` when that is set. */
typedef struct LLBuilder {
  LLFunc *func;
  LLBlock *block;
  LLInst *before;
  const LLLoc *loc;
} LLBuilder;
static inline LLBuilder ll_at_end(LLBlock *b) { return (LLBuilder){b->func, b, NULL, NULL}; }
static inline LLBuilder ll_before(LLInst *i) { return (LLBuilder){i->block->func, i->block, i, i->loc}; }

/* The general maker. Folds and numbers pure instructions; gives back a value that may not be a new instruction. */
LLInst *ll_build(LLBuilder *b, LLOp op, const LLType *type, LLMods mods, int64_t imm, LLInst *const *args, int nargs);

LLInst *ll_const(LLBuilder *b, const LLType *t, uint64_t bits); /* vectors and structs: the element's bits */
LLInst *ll_const_float(LLBuilder *b, const LLType *t, double x); /* rounded to the type */
static inline LLInst *ll_const_i32(LLBuilder *b, int32_t x) { return ll_const(b, &ll_i32, (uint32_t)x); }
static inline LLInst *ll_const_i64(LLBuilder *b, int64_t x) { return ll_const(b, &ll_i64, (uint64_t)x); }
static inline LLInst *ll_true(LLBuilder *b) { return ll_const(b, &ll_i1, 1); }
static inline LLInst *ll_false(LLBuilder *b) { return ll_const(b, &ll_i1, 0); }
LLInst *ll_undef(LLBuilder *b, const LLType *t);
LLInst *ll_shared(LLBuilder *b);
LLInst *ll_global(LLBuilder *b, const LLGlobal *g);
static inline LLInst *ll_param(const LLFunc *f, int i) { return f->params[i].value; }

LLInst *ll_op1(LLBuilder *b, LLOp op, const LLType *type, LLInst *x);           /* conversions, FNEG */
LLInst *ll_op2(LLBuilder *b, LLOp op, LLInst *x, LLInst *y);                    /* arithmetic */
LLInst *ll_op2f(LLBuilder *b, LLOp op, LLInst *x, LLInst *y, unsigned flags);   /* with LLF_NSW, LLF_CONTRACT, … */
LLInst *ll_icmp(LLBuilder *b, LLPred p, LLInst *x, LLInst *y);
LLInst *ll_fcmp(LLBuilder *b, LLPred p, LLInst *x, LLInst *y);
LLInst *ll_select(LLBuilder *b, LLInst *c, LLInst *x, LLInst *y);
LLInst *ll_not(LLBuilder *b, LLInst *x); /* all bits */
LLInst *ll_bitcast(LLBuilder *b, const LLType *t, LLInst *x);
LLInst *ll_int_cast(LLBuilder *b, const LLType *t, LLInst *x, bool is_signed); /* trunc, sext, zext, or x itself */
LLInst *ll_ptradd(LLBuilder *b, LLInst *ptr, LLInst *index, int64_t bytes); /* index: bytes, NULL, or narrower (sign-extended) */
LLInst *ll_extract(LLBuilder *b, LLInst *aggregate, int i);
LLInst *ll_build_vector(LLBuilder *b, LLInst *const *elems, int n);
LLInst *ll_build_struct(LLBuilder *b, LLInst *const *elems, int n);

LLInst *ll_load(LLBuilder *b, const LLType *t, LLInst *ptr, LLMods mods);
LLInst *ll_load_if(LLBuilder *b, const LLType *t, LLInst *ptr, LLInst *pred, LLInst *other, LLMods mods);
/* The same, `policy` (NULL: none) being what a POLICY intrinsic gives, and `pred` NULL where there is none. */
LLInst *ll_load_kept(LLBuilder *b, const LLType *t, LLInst *ptr, LLInst *policy, LLInst *pred, LLInst *other, LLMods mods);
void ll_store(LLBuilder *b, LLInst *ptr, LLInst *value, LLMods mods);
void ll_store_if(LLBuilder *b, LLInst *ptr, LLInst *value, LLInst *pred, LLMods mods);
LLInst *ll_atomic(LLBuilder *b, LLRmw op, LLInst *ptr, LLInst *value, LLInst *pred, LLMods mods); /* pred may be NULL */
LLInst *ll_cmpxchg(LLBuilder *b, LLInst *ptr, LLInst *expected, LLInst *value, LLInst *pred, LLMods mods);

/* Intrinsics: operands in the order of ll_intrinsics.def, ended by NULL. The type may be NULL where the table says
 * it. */
LLInst *ll_call(LLBuilder *b, LLOp op, const LLType *type, ...);
LLInst *ll_call_n(LLBuilder *b, LLOp op, const LLType *type, LLMods mods, int64_t imm, LLInst *const *args, int nargs);
LLInst *ll_mma_sync(LLBuilder *b, LLMma variant, LLInst *a, LLInst *bb, LLInst *c);
/* m64 n k; acc: struct of n/2 float (or n/4 <2 x half>); a: i64 descriptor or struct of 4 i32; accumulate: i1. */
LLInst *ll_wgmma(LLBuilder *b, LLMma variant, int n, unsigned flags, LLInst *acc, LLInst *a, LLInst *bdesc, LLInst *accumulate);
LLInst *ll_asm(LLBuilder *b, const LLType *type, const LLAsm *text, LLInst *const *args, int nargs);

void ll_br(LLBuilder *b, LLBlock *to, LLInst *const *args, int nargs);
void ll_cond_br(LLBuilder *b, LLInst *c, LLBlock *yes, LLInst *const *yargs, int ny, LLBlock *no, LLInst *const *nargs, int nn);
void ll_ret(LLBuilder *b);
void ll_unreachable(LLBuilder *b);

bool ll_is_const(const LLInst *v, uint64_t *bits);
bool ll_is_const_int(const LLInst *v, int64_t *x); /* sign-extended */
uint64_t ll_ones(const LLType *t);                 /* all bits of an integer or pointer type */

/* ---- changing ---------------------------------------------------------------------------------------------------- */

void ll_insert(LLInst *i, LLBlock *block, LLInst *before);
void ll_remove(LLInst *i); /* from its block */
void ll_move(LLInst *i, LLBlock *block, LLInst *before);
void ll_replace(LLInst *i, LLInst *by);   /* recorded; uses change at ll_apply_replacements() */
void ll_apply_replacements(LLFunc *f);    /* and removes what was replaced */
void ll_count_uses(LLFunc *f);
void ll_renumber(LLFunc *f);
void ll_forget_values(LLFunc *f);         /* values built so far no longer take part in value numbering */

/* ---- analysis and passes: each says whether it changed anything -------------------------------------------------- */

void ll_analyze(LLFunc *f); /* predecessors, dominators, loops; removes blocks that cannot be reached */
bool ll_dce(LLFunc *f);     /* instructions and block parameters without use */
bool ll_simplify_cfg(LLFunc *f); /* merges straight lines, folds branches on constants, drops trivial block parameters */
bool ll_licm(LLFunc *f);
bool ll_addressing(LLFunc *f);  /* loop-invariant parts of addresses apart from varying ones, constants into offsets */
bool ll_sink(LLFunc *f);        /* integer arithmetic to behind the loop that does not need it */
bool ll_order(LLFunc *f);       /* element after element where operation after operation takes many more registers */
bool ll_widen(LLFunc *f);       /* products of extended 32-bit numbers become one instruction */
bool ll_strength(LLFunc *f);    /* addresses linear in an induction variable become pointers that are stepped */
bool ll_count(LLFunc *f);       /* comparisons that are added up, under predicates and in their order */
bool ll_fuse(LLFunc *f);        /* sums multiply again what they are the last use of: no register keeps the product */
bool ll_pack16(LLFunc *f, int sm); /* pairs of 16-bit operations into one */
bool ll_predicate(LLFunc *f);   /* small ifs into predicated instructions */
bool ll_legalize(LLFunc *f, int sm); /* rewrites what the GPU has no instruction for; before printing PTX */
void ll_optimize(LLFunc *f, int sm); /* the usual order of all of the above but ll_legalize */

/* ---- verifying and printing -------------------------------------------------------------------------------------- */

const char *ll_verify(Ctx *cx, LLFunc *f); /* NULL when the function is valid, else what is wrong */
/* LLVM assembly; what has no LLVM intrinsic is inline assembly. `sm` is named in a comment only: give llc its -mcpu,
 * and -nvptx-short-ptr, for pointers to shared memory have 32 bits. */
void ll_print(Buf *out, LLModule *m, int sm, bool locations);
bool ll_uses_shared(const LLModule *m); /* does anything in it name shared memory? */
void ll_print_inst(Buf *out, const LLInst *i); /* for messages */

/* The PTX text of instruction `i` from a template of ll_intrinsics.def's language (told there): `operand` writes the
 * registers of operand `index` (-1: the result), separated by commas. Used by the PTX printer and for inline
 * assembly. */
typedef struct LLExpand {
  Buf *out;
  const LLInst *inst;
  void (*operand)(struct LLExpand *e, int index);
  void *self;
  int braces;       /* how deep in { } the text is: there only registers will do */
} LLExpand;
void ll_expand(LLExpand *e, const char *text);
const char *ll_memory_text(const LLInst *i); /* template of LOAD, STORE, ATOMIC, CMPXCHG, FENCE */
/* Least sm (1090: sm_90a) and PTX version (74 for 7.4) for this instruction, from its opcode and mods. */
void ll_requirements(const LLInst *i, int *sm, int *ptx);
int ll_normal_args(const LLInst *i); /* operands without policy, other and predicate */
LLInst *ll_predicate_of(const LLInst *i); /* or NULL */

#endif
