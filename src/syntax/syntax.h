/* syntax.h: Python source text to a syntax tree.
 *
 * The grammar is Python 3.14's for everything that may stand in a module of kernels: all expressions and statements,
 * decorators, annotations, f-strings, starred arguments, pattern matching included. What the language does not allow
 * (`yield`, `try`, …) is parsed like anything else and refused by name later, in lang/, so that the message can say
 * what it is.
 *
 * Nodes live in the context's arena. Names and string contents are interned. Every node has the span of its source
 * text.
 */
#ifndef TRITONC_SYNTAX_H
#define TRITONC_SYNTAX_H

#include "base/base.h"

typedef struct Node Node;
typedef struct Nodes { /* a list; NULL entries only where said */
  Node **at;
  uint32_t len;
} Nodes;

typedef enum NodeKind {
  /* expressions */
  N_NAME,       /* name */
  N_INT,        /* integer: digits without prefix and underscores (`name`), base in `op` (2, 8, 10, 16); value in
                   `integer` if it fits, see `big` */
  N_FLOAT,      /* number */
  N_IMAG,       /* number (1j): no meaning in a kernel */
  N_STR,        /* name: the contents as UTF-8, adjacent literals joined; len in `integer` (may hold NULs).
                   op: 1 if it holds a \N{...} escape, which is kept as written */
  N_BYTES,      /* likewise */
  N_FSTRING,    /* items: N_STR and N_FORMAT; op: 1 for a t-string */
  N_FORMAT,     /* a: expression; name: conversion "r" "s" "a" or NULL ("r" for a bare {x=});
                   b: format spec (N_FSTRING or N_STR) or NULL;
                   op: 1 if self-documenting ({x=}), whose text is `name2` */
  N_TRUE, N_FALSE, N_NONE, N_ELLIPSIS,
  N_TUPLE,      /* items */
  N_LIST,       /* items */
  N_SET,        /* items */
  N_DICT,       /* items: keys (NULL entry: ** unpacking), items2: values */
  N_UNARY,      /* op: UnaryOp; a */
  N_BINARY,     /* op: BinaryOp; a, b */
  N_BOOL,       /* op: 0 `and`, 1 `or`; items, two or more */
  N_COMPARE,    /* items: the operands, n+1 of them; ops: n CompareOp */
  N_CALL,       /* a: callee; items: positional (N_STARRED allowed); keywords: N_KEYWORD */
  N_KEYWORD,    /* name (NULL: ** unpacking); a: value */
  N_STARRED,    /* a */
  N_ATTRIBUTE,  /* a; name; name_span */
  N_SUBSCRIPT,  /* a; b: index (N_TUPLE for several, N_SLICE) */
  N_SLICE,      /* a: lower, b: upper, c: step; each may be NULL */
  N_IFEXP,      /* a: then, b: condition, c: else   (source order) */
  N_LAMBDA,     /* params; a: body */
  N_NAMED,      /* a: N_NAME; b: value    (walrus) */
  N_COMPREHENSION, /* op: ComprehensionKind; a: element (or key), b: dict value; items: N_FOR_CLAUSE */
  N_FOR_CLAUSE, /* a: target, b: iterable, items: conditions; op: 1 if async */
  N_AWAIT, N_YIELD, N_YIELD_FROM, /* a (may be NULL for yield) */

  /* statements */
  N_EXPR,       /* a */
  N_ASSIGN,     /* items: targets, one or more; b: value */
  N_AUGASSIGN,  /* a: target; op: BinaryOp; b: value */
  N_ANNASSIGN,  /* a: target; c: annotation; b: value or NULL */
  N_IF,         /* a: condition; body; orelse (elif is an N_IF alone in orelse) */
  N_WHILE,      /* a: condition; body; orelse */
  N_FOR,        /* a: target; b: iterable; body; orelse; op: 1 if async */
  N_RETURN,     /* a or NULL */
  N_PASS, N_BREAK, N_CONTINUE,
  N_ASSERT,     /* a: condition; b: message or NULL */
  N_DELETE,     /* items */
  N_GLOBAL, N_NONLOCAL, /* items: N_NAME */
  N_RAISE,      /* a, b: cause; may be NULL */
  N_TRY,        /* body; items: N_HANDLER; orelse; final; op: 1 for except* */
  N_HANDLER,    /* a: type or NULL; name or NULL; body */
  N_WITH,       /* items: N_WITH_ITEM; body; op: 1 if async */
  N_WITH_ITEM,  /* a: expression; b: target or NULL */
  N_IMPORT,     /* items: N_ALIAS */
  N_IMPORT_FROM,/* name: module ("" possible); op: number of leading dots; items: N_ALIAS */
  N_ALIAS,      /* name: dotted; name2: as-name or NULL */
  N_FUNCTION,   /* name; params; c: return annotation or NULL; body; items: decorators (expressions); op: 1 if async;
                   name_span; span starts at `def` */
  N_CLASS,      /* name; items2: bases; keywords; body; items: decorators */
  N_MATCH,      /* a: subject; items: N_CASE */
  N_CASE,       /* a: pattern, as an expression tree (refused later; `p as x` is an N_NAMED); b: guard or NULL; body */
  N_TYPE_ALIAS, /* type X = ... : name; type_params; a */
  N_MODULE,     /* body */
  N_TYPE_PARAM, /* of a function, class or type alias. name; a: bound or NULL; b: default or NULL;
                   op: 0 T, 1 *T, 2 **T */
} NodeKind;
enum { N_COUNT = N_TYPE_PARAM + 1 };

typedef enum UnaryOp { U_POS, U_NEG, U_NOT, U_INVERT } UnaryOp;
typedef enum BinaryOp {
  B_ADD, B_SUB, B_MUL, B_DIV, B_FLOORDIV, B_MOD, B_POW, B_MATMUL, B_AND, B_OR, B_XOR, B_SHL, B_SHR
} BinaryOp;
typedef enum ComprehensionKind { OF_LIST, OF_SET, OF_DICT, OF_GENERATOR } ComprehensionKind;
typedef enum CompareOp { C_EQ, C_NE, C_LT, C_LE, C_GT, C_GE, C_IS, C_IS_NOT, C_IN, C_NOT_IN } CompareOp;
const char *syn_binary_text(BinaryOp op);   /* "+" */
const char *syn_compare_text(CompareOp op); /* "<" "not in" */
const char *syn_unary_text(UnaryOp op);
const char *syn_kind_text(NodeKind kind);   /* as a user would call it: "a `try` statement", "a list comprehension" */

typedef enum ParamKind { P_NORMAL, P_POSITIONAL_ONLY, P_KEYWORD_ONLY, P_STAR, P_STARSTAR } ParamKind;
typedef struct Param {
  const char *name;
  Span span;        /* of the whole parameter */
  ParamKind kind;
  Node *annotation; /* or NULL */
  Node *fallback;   /* default value, or NULL */
} Param;
typedef struct Params {
  Param *at;
  uint32_t len;
} Params;

struct Node {
  NodeKind kind;
  uint32_t op;
  Span span;
  Span name_span;
  const char *name, *name2;
  Node *a, *b, *c;
  Nodes items, items2, keywords, body, orelse, final, type_params;
  Params params;
  const uint8_t *ops; /* N_COMPARE */
  uint64_t integer;
  bool big; /* the integer does not fit in 64 bits unsigned */
  uint16_t height; /* of the tree from here down, at most SYN_MAX_HEIGHT: recursing over it is safe */
  double number;
};

enum { SYN_MAX_HEIGHT = 1000 };

/* Parse a module (or the source of one decorated function, which is a module too). Unwinds with a diagnostic. */
Node *syn_parse_module(Ctx *cx, const Source *source);
/* Parse one expression (a signature's default, an annotation kept as text). */
Node *syn_parse_expression(Ctx *cx, const Source *source);
/* The function named `name` among the module's statements (looks into top-level `if` and classes too), or NULL. */
Node *syn_find_function(const Node *module, const char *name);

/* The tree as an s-expression, for tests; with the positions of the nodes (@line:col-line:col) if `spans`. */
void syn_dump(Buf *out, const Node *n, bool spans);

#endif
