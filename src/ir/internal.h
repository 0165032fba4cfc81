/* internal.h: what the files of ir/ know and others do not: the per-context tables of interned things, and the custom
 * syntax of each op in the form that printer and reader follow.
 */
#ifndef TRITONC_IR_INTERNAL_H
#define TRITONC_IR_INTERNAL_H

#include "ir/ir.h"

/* A set of interned things: open addressing, linear probing, at most half full. */
typedef struct InternSet {
  struct InternSlot {
    uint64_t hash;
    void *item; /* NULL: free */
  } *slots;
  uint32_t len, cap;
} InternSet;

/* The item in `set` that `same(item, key)` holds for, or NULL; `*at` is where ir_intern_add puts a new one. */
void *ir_intern_find(Ctx *cx, InternSet *set, uint64_t hash, bool (*same)(const void *item, const void *key),
                     const void *key, uint32_t *at);
void ir_intern_add(InternSet *set, uint64_t hash, void *item, uint32_t at);

typedef struct Format Format;

/* Everything of the IR that a context keeps; made on first use. */
typedef struct IrTables {
  InternSet types, attrs, locs;
  Type *ints[65], *floats[FLOAT_KINDS], *index, *token;
  Attr *unit, *bools[2];
  Loc *unknown;
  Map opcodes;              /* interned name to opcode + 1 */
  Format *formats[OPCODES]; /* compiled custom syntax; see format.c */
  const char *value_name;   /* "value" and "operandSegmentSizes", interned */
  const char *segments_name;
} IrTables;
IrTables *ir_tables(Ctx *cx);

/* Operand and result groups: "ptr mask? other?" taken apart. */
typedef struct Group {
  const char *name;
  int len;
  char kind; /* 0: one, '?': none or one, '*': any number */
} Group;
enum { MAX_GROUPS = 8 };
int ir_groups(const char *column, Group groups[MAX_GROUPS]);

/* How many operands each group has; false if the operands do not fit the groups. */
bool ir_group_sizes(const Op *op, const Group *groups, int n, int sizes[MAX_GROUPS]);

void ir_use_link(Use *u);
void ir_use_unlink(Use *u);
void ir_use_moved(Use *u);
Op *ir_first_below(const Op *op);   /* the first op in its regions, or NULL */
Op *ir_next_in_tree(const Op *op);  /* the next op in its block, a later block, a later region of the same op; or NULL */

#endif
