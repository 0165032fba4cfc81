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

/* Operand and result groups: "ptr mask? other?" parsed. */
typedef struct OperandGroup {
  const char *name;
  int len;
  char kind; /* 0: one, '?': none or one, '*': any number */
} OperandGroup;
enum { MAX_GROUPS = 8 };
int ir_groups(const char *column, OperandGroup groups[MAX_GROUPS]);

/* ---- custom syntax, compiled (format.c) -------------------------------------------------------------------------- */

typedef struct EnumTable {
  const char *name;
  int bits;
  bool is_number; /* the attribute is an ATTR_INT in memory, else an ATTR_ENUM */
  int n;
  const char *const *keywords;
} EnumTable;
const char *ir_enum_keyword(const EnumTable *e, int64_t value); /* or NULL */
int ir_enum_value(const EnumTable *e, const char *keyword);     /* or -1 */

typedef enum ItemKind {
  F_LITERAL,    /* text */
  F_GLUE,       /* no space */
  F_OPERANDS,   /* group */
  F_ATTR,       /* text: its name; syntax */
  F_TYPES,      /* group (-1: all), of_results */
  F_BARE_TYPES, /* likewise */
  F_FUNCTIONAL, /* group of operands, second: group of results */
  F_ATTR_DICT,
  F_OPTIONAL,  /* up to item `end`; anchor */
  F_SUCCESSOR, /* group: which */
  F_CUSTOM,    /* text */
} ItemKind;

typedef enum AttrSyntax { AS_PLAIN, AS_STRING, AS_SYMBOL, AS_TYPED, AS_UNIT, AS_INT, AS_PARAMS, AS_ENUM } AttrSyntax;

typedef struct Item {
  ItemKind kind;
  AttrSyntax syntax;
  const char *text, *dialect;
  const EnumTable *keywords;
  int group, second, end, anchor;
  bool of_results;
} Item;

typedef struct Default {
  const char *name, *text;
} Default;

typedef struct Format {
  bool generic;
  const char *infer; /* result(...) or NULL */
  int nitems, ndefaults, nown, noperands, nresults;
  const Item *items;
  const Default *defaults;
  const char *const *own; /* attributes that are not in the attr-dict; of a generic op, the inherent ones */
  OperandGroup operands[MAX_GROUPS], results[MAX_GROUPS];
} Format;
const Format *ir_format(Ctx *cx, Opcode code);
bool ir_format_owns(const Format *f, const char *name);
const char *ir_format_default(const Format *f, const char *name); /* the default's text, or NULL */
bool ir_is_default(Ctx *cx, const Format *f, const char *name, const Attr *a);
const EnumTable *ir_format_enum(const Format *f, const char *name);

/* ---- tables of a context ----------------------------------------------------------------------------------------- */

/* The IR's per-context tables; made on first use. */
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

/* How many operands each group has; false if the operands do not fit the groups. */
bool ir_group_sizes(const Op *op, const OperandGroup *groups, int n, int sizes[MAX_GROUPS]);

void ir_use_link(Use *u);
void ir_use_unlink(Use *u);
void ir_use_moved(Use *u);
bool ir_block_dominates(const Block *a, const Block *b); /* two blocks of one region */
Op *ir_first_below(const Op *op);                        /* the first op in its regions, or NULL */
Op *ir_next_in_tree(const Op *op); /* the next op in its block, a later block, a later region of the same op; or NULL */

/* ---- printing ---------------------------------------------------------------------------------------------------- */

/* A name for an attribute or a location: `#blocked`, `#loc3`. `depth` is how many named things it is nested in itself.
 */
typedef struct Alias {
  const void *what; /* Attr * or Loc * */
  bool is_loc, deferred;
  const char *base; /* "loc" */
  int number, depth, order;
  Vec(struct Alias *) children;
} Alias;

/* The state of one printing. The module is printed twice, the first time (`collecting`) to find what gets an alias. */
typedef struct Printer {
  Ctx *cx;
  Buf *out;
  bool collecting, locations;
  PrintedLocs *locs; /* or NULL */
  int indent;
  Map names;   /* Value * to its text, "%x_3" */
  Map blocks;  /* Block * to number + 1 */
  Map aliases; /* const void * to Alias * */
  Vec(Alias *) order;
} Printer;

void ir_name_values(Printer *p, const Op *root);
void ir_put_type(Printer *p, const Type *t);
void ir_put_attr(Printer *p, const Attr *a, bool may_elide_type);
void ir_put_attr_bare(Printer *p, const Attr *a); /* without its type */
void ir_put_params(Printer *p, const Attr *a);    /* <...> of an ATTR_DIALECT */
void ir_put_string(Printer *p, const char *s, size_t n);
void ir_put_symbol(Printer *p, const char *name);
void ir_put_key(Printer *p, const char *name);
void ir_put_named(Printer *p, const char *name, const Attr *a); /* name = value, or the name of a unit attribute */
void ir_put_loc(Printer *p, const Loc *loc);
void ir_put_trailing_loc(Printer *p, const Loc *loc, bool alias);
void ir_put_types(Printer *p, Value *const *values, int n);
void ir_put_alias_definitions(Printer *p, bool deferred);
void ir_number_aliases(Printer *p);
void ir_visit_op_loc(Printer *p, const Loc *loc);

void ir_put_op(Printer *p, const Op *op);
void ir_put_region(Printer *p, const Region *r, bool entry_args, bool terminators);
void ir_put_value(Printer *p, const Value *v);
void ir_put_values(Printer *p, const Op *op, int first, int n);
void ir_put_arg(Printer *p, const Value *arg, const Attr *attrs);
void ir_put_attr_dict(Printer *p, const Op *op, const char *lead, const char *const *skip, int nskip);
void ir_put_newline(Printer *p);

const char *ir_constant_name(Ctx *cx, const Op *op); /* "c4_i32", "cst", "true" */
const char *ir_base_name(Ctx *cx, const Value *v);   /* what `v` is called before it is made unique, or NULL */

/* ---- verifying --------------------------------------------------------------------------------------------------- */

typedef struct Verifier {
  Ctx *cx;
  const Module *module;
  const Op *where;   /* the op that is wrong */
  const char *wrong; /* what is wrong with it; NULL: nothing so far */
  Map functions;     /* interned name to tt.func */
} Verifier;
/* Notes the first mistake; false, so that a rule may end with `return ir_wrong(...)`. */
bool ir_wrong(Verifier *v, const Op *op, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool ir_verify_types(Verifier *v, const Op *op);
/* As ir_verify, but says which op it is and leaves place and text to the caller. */
const char *ir_verify_at(Ctx *cx, const Module *m, const Op **where);

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct Reader Reader;

/* The hand-written parts of custom syntax, custom(name) in a format: custom.def. */
void ir_print_custom(Printer *p, const Op *op, const char *name);
void ir_read_custom(Reader *r, const char *name);
#define CUSTOM(name, function)                                                                                         \
  void ir_print_##function(Printer *p, const Op *op);                                                                  \
  void ir_read_##function(Reader *r);
#include "ir/custom.def"
#undef CUSTOM

#endif
