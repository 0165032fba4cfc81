/* loop_shared.h: what `for` and `while` share; the page at the top of loop.c is the design.
 *
 *   loop_carried.c  the names that a loop carries, and how it may be left early
 *   loop_while.c    `while`
 *   loop.c          `for`
 */
#ifndef TRITONC_LANG_PYTHON_LOOP_SHARED_H
#define TRITONC_LANG_PYTHON_LOOP_SHARED_H

#include "lang/python/python.h"

/* ---- what is carried --------------------------------------------------------------------------------------------- */

typedef struct Carried {
  uint32_t slot;
  Slot init, arg, now;
  uint32_t first, n; /* its tensors among the carried ones */
} Carried;

typedef struct Loop {
  Node *stmt;
  Vec(Carried) carried;
  Values inits;
  Map forced;  /* slot + 1 of compile-time numbers that must be carried */
  bool again;  /* the body changed one that was not */
  Value *left; /* when done: whether it was left early; NULL: never */
} Loop;

void py_loop_find_carried(Lang *L, Loop *loop);
/* Block arguments for what is carried, bound to the names. */
void py_loop_bind_carried(Lang *L, Loop *loop, Block *block);
/* At the end of the body, which made these changes: what is yielded for what is carried. */
void py_loop_collect_yields(Lang *L, Loop *loop, const Changes *changes, Values *out);
/* After the loop: names whose values changed but were not loop-carried; loop->again: one of them has to be. */
void py_loop_check_others(Lang *L, Loop *loop, const Changes *changes);
void py_loop_bind_results(Lang *L, Loop *loop, Value *const *results);

/* ---- exits ------------------------------------------------------------------------------------------------------- */

/* What a loop that may be left carries besides its values. */
typedef struct Exit {
  bool may_leave, may_return;
  bool own_returned; /* `returned` differs from `left` */
  Val *result;       /* as it is at the end of the body */
  Span result_at;
  Values inits, yields; /* left, [returned], the return value's tensors */
} Exit;

/* At the end of the body (the builder is there): which flags and values are yielded. */
Exit py_loop_find_exit(Lang *L, const Flow *flow);
/* Before the loop (the builder is there): false and poison. */
void py_loop_exit_inits(Lang *L, Exit *x);
void py_loop_exit_flow(Lang *L, const Exit *x, Value *const *results); /* after it */
/* `else` after a loop: what runs where no `break` was taken. `left` is set where the loop was left early; NULL: it never
 * is. (Where it was left by `return`, what follows is guarded anyway.) */
void py_loop_else(Lang *L, Node *stmt, Value *left);
/* The same where the value of `name` says that none was. */
void py_loop_else_if(Lang *L, Node *stmt, const char *name);

/* ---- ops --------------------------------------------------------------------------------------------------------- */

void py_loop_keep_invariants(Ctx *cx, Op *op); /* the attribute that disable_licm=True sets */
Flow py_loop_run_body(Lang *L, Node *stmt);
Value **py_loop_results(Lang *L, Op *op, int from); /* the op's results from that one on */
Type **py_loop_types(Lang *L, const Values *v);
void py_loop_add_args(Lang *L, Block *block, Type *const *types, int n, const Block *like); /* `like`: with its places */
static inline Block *new_region(Lang *L, Op *op) { return ir_add_block(L->cx, ir_add_region(L->cx, op)); }

static inline void build_at(Lang *L, Block *block) {
  L->b.block = block;
  L->b.before = NULL;
}

static inline void add_all(Lang *L, Values *to, const Values *from) {
  for (uint32_t i = 0; i < from->len; i++) vec_push(L->cx, to, from->at[i]);
}

static inline Loc *named_loc(Lang *L, const char *name) { return ir_loc_name(L->cx, name, L->b.loc); }

#endif
