/* names.c: operators and kinds of nodes as text. */
#include "syntax/internal.h"

const char *syn_binary_text(BinaryOp op) {
  static const char *const texts[] = {
      [B_ADD] = "+", [B_SUB] = "-",  [B_MUL] = "*",    [B_DIV] = "/", [B_FLOORDIV] = "//",
      [B_MOD] = "%", [B_POW] = "**", [B_MATMUL] = "@", [B_AND] = "&", [B_OR] = "|",
      [B_XOR] = "^", [B_SHL] = "<<", [B_SHR] = ">>",
  };
  return texts[op];
}

const char *syn_compare_text(CompareOp op) {
  static const char *const texts[] = {
      [C_EQ] = "==", [C_NE] = "!=", [C_LT] = "<",          [C_LE] = "<=", [C_GT] = ">",
      [C_GE] = ">=", [C_IS] = "is", [C_IS_NOT] = "is not", [C_IN] = "in", [C_NOT_IN] = "not in",
  };
  return texts[op];
}

const char *syn_unary_text(UnaryOp op) {
  static const char *const texts[] = {[U_POS] = "+", [U_NEG] = "-", [U_NOT] = "not", [U_INVERT] = "~"};
  return texts[op];
}

const char *syn_kind_text(NodeKind kind) {
  static const char *const texts[] = {
#define KIND(kind, name, fields, text) [kind] = text,
#include "syntax/kinds.def"
  };
  return texts[kind];
}
