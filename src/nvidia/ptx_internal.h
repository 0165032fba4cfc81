/* ptx_internal.h: what the files of the PTX printer share. */
#ifndef TRITONC_PTX_INTERNAL_H
#define TRITONC_PTX_INTERNAL_H

#include "nvidia/nvidia.h"

/* One register of a value: the index-th of a root. A root is a value with registers of its own; others (bit casts,
 * structs built and taken apart) are made of roots' registers. */
typedef struct Comp {
  LLInst *root;
  int index;
} Comp;

typedef struct LiveUse {
  const LLBlock *block;
  int position;
} LiveUse;

/* What the printer knows of a value; LLInst.data. */
typedef struct PtxValue {
  LLInst *inst;
  int ncomps;
  Comp *comps;
  bool is_root;
  /* Roots: */
  int number;           /* dense, for bit sets */
  struct PtxValue *leader; /* union-find: the class that shares registers */
  struct PtxValue *next_member; /* of the class, from the leader */
  int *regs;            /* of a leader: number of each register within its width's class */
  int position;         /* of its definition in its block; -1: block parameter, or no block */
  Vec(LiveUse) uses;
} PtxValue;

typedef struct Ptx {
  Ctx *cx;
  Buf *out;             /* the body of the current function */
  LLModule *module;
  LLFunc *func;
  PtxOptions options;
  int nroots;
  PtxValue **roots;
  int nregs[4];         /* per width: 1, 16, 32, 64 */
  uint64_t **live_in, **live_out; /* per block id, bit sets over roots */
  int words;
  int need_sm, need_ptx;
  const LLLoc *loc;     /* of the last .loc */
  Map files, strings;   /* .file numbers, .debug_str labels */
  Vec(const char *) file_names, string_texts;
  bool uses_vprintf, uses_assertfail, uses_shared;
  int labels, depots;
  const char *guard; /* "@%p1 " before the moves that are being written; NULL: they are unconditional */
} Ptx;

static inline PtxValue *ptx_value(const LLInst *i) { return i->data; }
PtxValue *ptx_leader(PtxValue *v);
/* Does a move into this parameter of edge `s` leave alone what is read along the terminator's other edge? */
bool ptx_move_is_private(Ptx *p, const LLInst *t, int s, const LLInst *param);
void ptx_assign_registers(Ptx *p);                 /* fills in all PtxValues of the function */
bool ptx_is_alias(const LLInst *i);                /* has no registers of its own */
const char *ptx_reg(Ptx *p, Comp c);               /* "%r12" */
int ptx_new_reg(Ptx *p, int bits);                 /* a scratch register's number */
const char *ptx_reg_name(Ptx *p, int bits, int number);
void ptx_emit(Ptx *p, LLInst *i);                  /* one instruction, no terminator */

/* The moves of an edge: what its arguments are to what they become. They form a parallel copy. */
typedef struct PtxMove {
  const char *to, *from; /* registers, or a number */
  int bits;
  bool is_private; /* the branch's other edge does not need what `to` held */
  bool done;
} PtxMove;
typedef struct PtxMoves {
  PtxMove *at;
  int n;
} PtxMoves;
PtxMoves ptx_edge_moves(Ptx *p, const LLInst *t, int s);
void ptx_put_moves(Ptx *p, PtxMoves moves, const char *when); /* under this condition; private ones always */
/* Numbers that both edges of a branch put into the same register are written now, once, and leave both lists. */
void ptx_put_common_moves(Ptx *p, PtxMoves *a, PtxMoves *b);
const char *ptx_value_reg(Ptx *p, const LLInst *v, int index); /* a register that holds it; constants by a move before */
void ptx_line(Ptx *p, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
