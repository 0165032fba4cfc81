/* internal.h: what the files of syntax/ share: tokens, the lexer, the parser's state, its functions by level of the
 * grammar. */
#ifndef TRITONC_SYNTAX_INTERNAL_H
#define TRITONC_SYNTAX_INTERNAL_H

#include "syntax/syntax.h"

/* ---- tokens and the lexer ---------------------------------------------------------------------------------------- */

typedef enum TokenKind {
#define TOKEN(kind, text) kind,
#define OPERATOR(kind, text) kind,
#define KEYWORD(kind, text) kind,
#include "syntax/tokens.def"
  TOKEN_KINDS
} TokenKind;

typedef struct Token {
  TokenKind kind;
  uint32_t begin, end;
} Token;

/* Python's own limits of open brackets and of blocks in blocks; and what the parser's recursion may need of the C stack. */
enum { MAX_BRACKETS = 200, MAX_INDENTS = 100, MAX_NESTING = 200 };

typedef struct Bracket {
  uint32_t at;  /* where it was opened */
  char open;
  bool fstring; /* the `{` of an f-string's replacement field: a `:` or `!` directly in it ends the expression */
} Bracket;

/* Columns of an indentation, counted twice: with tabs to the next multiple of 8, and with tabs as one. Two lines whose
 * order depends on the size of a tab are refused. */
typedef struct Indent {
  uint32_t wide, narrow;
} Indent;

typedef struct Lexer {
  Ctx *cx;
  const Source *source;
  const char *text;
  uint32_t pos, len;
  uint32_t dedents;  /* T_DEDENT still to be handed out */
  bool line_start;   /* the indentation of a line comes next */
  bool line_open;    /* a token since the last T_NEWLINE */
  bool indent_known; /* the first line has been seen: its indentation is level 0 */
  Vec(Bracket) brackets; /* open ones */
  Vec(Indent) indents;   /* of the open blocks; the first is that of the first line */
} Lexer;

void lex_init(Lexer *lx, Ctx *cx, const Source *source);
Token lex_next(Lexer *lx);
void lex_open_bracket(Lexer *lx, char open, uint32_t at, bool fstring);
const char *lex_token_text(TokenKind kind); /* "`:`", "a name" */
TokenKind lex_keyword_of(const char *s, uint32_t len); /* T_NAME if it is none */

/* What stands before the opening quote. */
enum { STR_RAW = 1, STR_BYTES = 2, STR_FORMAT = 4, STR_TEMPLATE = 8, STR_BAD = 16 };
int lex_string_prefix(const char *s, uint32_t len);

/* Append what the literal text [begin, end) means. Returns true if it holds a \N{...}. */
bool lex_decode_string(Lexer *lx, Buf *out, uint32_t begin, uint32_t end, int prefix);

_Noreturn void lex_fail(const Lexer *lx, uint32_t begin, uint32_t end, const char *hint, const char *fmt, ...)
    PRINTF_LIKE(5, 6);

/* ---- the parser's state ------------------------------------------------------------------------------------------ */

typedef struct Parser {
  Ctx *cx;
  const Source *source;
  Lexer lx;
  Token tok;         /* not consumed yet. Nothing after it has been lexed. */
  uint32_t prev_end; /* where the last token of substance ended */
  uint32_t nesting;  /* of recursive parser functions; see parse_enter() */
  struct {
    Node **at;
    uint32_t len, cap;
  } stack; /* lists under construction, one above the other; see parse_list_begin() */
} Parser;

/* A position to backtrack to within the same logical line. */
typedef struct Mark {
  Token tok;
  uint32_t prev_end, pos, depth;
  bool line_start, line_open;
  Bracket innermost;
} Mark;
Mark parse_mark(const Parser *p);
void parse_rewind_to(Parser *p, Mark m);

void parse_advance(Parser *p);
static inline bool parse_at(const Parser *p, TokenKind kind) { return p->tok.kind == kind; }
bool parse_accept(Parser *p, TokenKind kind);
/* The next token must be `kind`; `where` completes the message: "after the condition". */
void parse_expect(Parser *p, TokenKind kind, const char *where);
/* The innermost open bracket must close here. */
void parse_expect_close(Parser *p, TokenKind kind);
const char *parse_expect_name(Parser *p, Span *span, const char *what);
bool parse_at_word(const Parser *p, const char *word); /* a soft keyword */

_Noreturn void parse_fail_at(Parser *p, Span span, const char *hint, const char *fmt, ...) PRINTF_LIKE(4, 5);
/* The next token cannot stand here; `wanted` says what could, or is NULL. */
_Noreturn void parse_fail_unexpected(Parser *p, const char *wanted);
Span parse_token_span(const Parser *p);
Span parse_span_from(const Parser *p, uint32_t begin); /* up to the last consumed token */

/* Every function that can recurse without bound brackets itself in these. */
void parse_enter(Parser *p);
static inline void parse_leave(Parser *p) { p->nesting--; }

/* A node that starts at `begin`; parse_finish() ends it at the last consumed token, and measures it. */
Node *parse_node(Parser *p, NodeKind kind, uint32_t begin);
Node *parse_finish(Parser *p, Node *n);

/* Lists: uint32_t l = parse_list_begin(p); parse_list_push(p, x); ... n->items = parse_list_end(p, l). They nest. */
static inline uint32_t parse_list_begin(const Parser *p) { return p->stack.len; }
void parse_list_push(Parser *p, Node *n);
Nodes parse_list_end(Parser *p, uint32_t begin);

/* ---- the grammar, by level --------------------------------------------------------------------------------------- */

/* expressions (parse_expr.c) */
bool parse_starts_expression(TokenKind kind);
Node *parse_expression(Parser *p);
Node *parse_named_expression(Parser *p);
Node *parse_star_named_expression(Parser *p);
Node *parse_disjunction(Parser *p);
Node *parse_star_expressions(Parser *p);
Node *parse_yield_or_star_expressions(Parser *p);
Node *parse_bitwise_or(Parser *p);
Node *parse_attribute_chain(Parser *p); /* NAME ('.' NAME)* */
/* atoms, calls, comprehensions (parse_atom.c) */
Node *parse_primary(Parser *p);
/* `open` is where the parenthesis is, which has been consumed. */
void parse_arguments(Parser *p, uint32_t open, Nodes *positional, Nodes *keywords);
/* literals (literal.c, fstring.c) */
Node *parse_number(Parser *p);
Node *parse_strings(Parser *p);
void parse_fstring_into(Parser *p, Buf *literal, bool *named_escape); /* pushes the finished parts on the list */
void parse_push_string_part(Parser *p, Buf *literal, uint32_t begin, bool named_escape);
/* parameters (parse_params.c) */
Params parse_parameters(Parser *p, bool lambda, TokenKind close); /* `close` is not consumed */
Nodes parse_type_parameters(Parser *p);
/* assignment targets (parse_target.c) */
void parse_check_target(Parser *p, const Node *target, const char *doing); /* "assign to" */
Node *parse_target_list(Parser *p, const char *doing);
Node *parse_target(Parser *p, const char *doing);
/* statements (parse_stmt.c, parse_compound.c, parse_match.c) */
void parse_statement(Parser *p);         /* pushes one or more nodes */
bool parse_compound_statement(Parser *p); /* false: not at one */
Nodes parse_block(Parser *p, const char *what, uint32_t header);
Node *parse_match(Parser *p); /* NULL: not at one */

#endif
