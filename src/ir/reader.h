/* reader.h: the state that the files of the reader share. */
#ifndef TRITONC_IR_READER_H
#define TRITONC_IR_READER_H

#include "ir/internal.h"

typedef enum IrTokenKind {
  TOK_END,
  TOK_WORD,   /* tensor, tt.load, i32 */
  TOK_NUMBER, /* 12, 0xFF, 1.5e+00; no sign */
  TOK_STRING, /* "text", escapes still in it */
  TOK_VALUE,  /* %x_3; `#1` after it is part of it */
  TOK_BLOCK,  /* ^bb1 */
  TOK_SYMBOL, /* @name, @"name" */
  TOK_HASH,   /* #loc3, #ttg.blocked */
  TOK_BANG,   /* !tt.ptr */
  TOK_ARROW,  /* -> */
  TOK_PUNCT,  /* one character */
} IrTokenKind;

typedef struct IrToken {
  IrTokenKind kind;
  uint32_t begin, end; /* in the source text */
} IrToken;

/* A name in scope: the results of one op (`count` of them) or an argument. */
typedef struct Binding {
  const char *name;
  Value *first;
  int count;
} Binding;

/* A value that was used before it was defined. */
typedef struct Forward {
  const char *name; /* "x", "4#1" */
  Value *value;
  uint32_t begin, end;
} Forward;

typedef struct AliasText {
  uint32_t at; /* where the definition's right-hand side begins */
  bool busy;   /* being read: it may not contain itself */
  Attr *attr;
  Type *type;
  Loc *loc;
} AliasText;

/* A block that a branch or a label named. */
typedef struct LabeledBlock {
  const char *name;
  Block *block;
  uint32_t begin, end; /* of the first mention */
  bool defined;
} LabeledBlock;

typedef struct Labels {
  struct Labels *outer;
  Vec(LabeledBlock *) at;
} Labels;

/* The op that is being read, before it is made. */
typedef struct PendingOp {
  Opcode code;
  uint32_t begin, end; /* its name in the text */
  const Format *format;
  Vec(Value *) operands[MAX_GROUPS];
  Vec(Value *) forwarded; /* to successors, after all others */
  Vec(Type *) results[MAX_GROUPS];
  Vec(NamedAttr) attrs;
  Vec(Region *) regions;
  Vec(Block *) successors;
  Vec(int) nforward;
} PendingOp;

struct Reader {
  Ctx *cx;
  const Source *source;
  const char *text;
  uint32_t len, pos; /* pos: after the current token */
  IrToken tok;
  uint32_t last_end; /* of the token before */
  int depth;
  Map bindings; /* interned name to Binding * */
  Vec(Binding *) scope;
  Map forwards; /* interned "x" or "4#1" to Forward * */
  Map aliases;  /* interned "#x" or "!x" to AliasText * */
  Labels *labels;
  PendingOp *op;
};

enum { MAX_DEPTH = 200 };

/* read_lex.c */
void ir_next(Reader *r);
_Noreturn void ir_read_fail(Reader *r, uint32_t begin, uint32_t end, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
_Noreturn void ir_read_expected(Reader *r, const char *what);
bool ir_is_punct(const Reader *r, char c);
bool ir_is_word(const Reader *r, const char *word);
bool ir_accept(Reader *r, char c);
bool ir_accept_word(Reader *r, const char *word);
void ir_expect(Reader *r, char c);
void ir_expect_word(Reader *r, const char *word);
const char *ir_token_text(const Reader *r);      /* interned, as it stands */
const char *ir_unescape(Reader *r, size_t *len); /* of the current TOK_STRING; interned */
int64_t ir_read_integer(Reader *r, const char *what);
void ir_enter(Reader *r); /* one level deeper; fails when too deep */
void ir_leave(Reader *r);

/* read_text.c */
Type *ir_read_type(Reader *r);
Type *ir_read_type_body(Reader *r, const char *name); /* <...> of the dialect type `name` */
Attr *ir_read_attr(Reader *r);
Attr *ir_read_params(Reader *r, const char *name); /* <...> */
void ir_read_dict(Reader *r, void (*put)(Reader *r, void *arg, const char *name, Attr *a), void *arg);
Loc *ir_read_loc(Reader *r);          /* loc(...) */
Loc *ir_read_trailing_loc(Reader *r); /* likewise if there is one, else NULL */
void ir_find_aliases(Reader *r);

/* read.c */
void ir_read_op(Reader *r, Block *into);
/* {...}. `entry` is the entry block when its arguments were written before, else NULL. `terminator` ends a last block
 * that has none (OPCODES: nothing does). The region joins those of the op that is being read. */
void ir_read_region(Reader *r, Block *entry, Opcode terminator);
Value *ir_read_use(Reader *r);             /* %x */
const char *ir_read_value_name(Reader *r); /* %x that is being defined: "x" */
/* An argument called `name`, in scope from here on. `begin`, `end`: where the name stands. */
Value *ir_define_arg(Reader *r, Block *b, const char *name, Type *type, Loc *loc, uint32_t begin, uint32_t end);
/* The text says that `v` is a `t`: an error if it is not; a placeholder takes that type. */
void ir_check_type(Reader *r, Value *v, Type *t, uint32_t begin, uint32_t end);
void ir_read_attr_dict(Reader *r); /* optional {...} of the op */
void ir_put_pending_attr(Reader *r, const char *name, Attr *a);
uint32_t ir_open_scope(Reader *r);
void ir_close_scope(Reader *r, uint32_t mark);

#endif
