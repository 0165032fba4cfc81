/* format.c: the custom syntax of ops, as ops.def writes it down, compiled for the printer and the reader to follow.
 *
 * A format is a line of directives. Printer and reader follow the same compiled line, so what one writes the other
 * reads.
 *
 *     `word`  `,`           literal text
 *     ``                    no space here
 *     $name                 an operand group of that name (see the op's `operands` column); else the attribute `name`
 *     $name:kind            the attribute, in the syntax `kind`:
 *                             string   "text"
 *                             symbol   @name
 *                             typed    value with its type, as in arith.constant
 *                             unit     nothing: its presence is all (anchor of an optional part)
 *                             int      a bare number; an i32
 *                             params/D the parameters of #D<...>, whose default is #D<none>
 *                             E        a keyword of the enumeration E, a line of enums.def
 *     $name:kind=default    likewise; an attribute equal to the default counts as absent
 *     type($name)           the types of an operand or result group, with commas; operands, results: all of them
 *     bare-type($name:tt.ptr) one type without its name: <tensor<8xf32>>
 *     functional-type($a, $r)   (types) -> types
 *     attr-dict             every attribute not written elsewhere, in braces
 *     attr-dict[a=x; b=y]   likewise, where `a = x` and `b = y` are defaults and not written
 *     ( ... ^ ... )?        an optional part, written if what stands before ^ (its anchor) is present. It begins with a
 *                           literal, or with the anchor itself
 *     successor(i)          ^block(%args : types)
 *     custom(name)          written and read by C functions; see custom.def
 *     result(rule)          writes nothing: how the reader finds result types that the text does not show:
 *                             same: all that of the first operand; elem: the element type of the first operand;
 *                             pointee: what the first operand points to; bool: the first operand's shape of i1;
 *                             block: the block type of a tensor descriptor; token: an asynchronous one;
 *                             all: those of the operands of the first group, one by one
 *     generic(a; b)         the whole op has MLIR's generic form; a and b are its inherent attributes, in <{...}>
 *
 * Spaces are as MLIR's declarative formats put them: one before each element, none before , ) ] > ( [ < and after ( [
 * <.
 */
#include "ir/internal.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* ---- enumerations ------------------------------------------------------------------------------------------------ */

#define NO_KEYWORD NULL
enum { KEYWORD, NUMBER };
#define ENUM(name, bits, stored, ...) static const char *const keywords_##name[] = {__VA_ARGS__};
#include "ir/enums.def"
#undef ENUM

static const EnumTable enums[] = {
#define ENUM(name, bits, stored, ...) {#name, bits, stored == NUMBER, COUNT(keywords_##name), keywords_##name},
#include "ir/enums.def"
#undef ENUM
};

static const EnumTable *find_enum(const char *name, size_t n) {
  for (size_t i = 0; i < COUNT(enums); i++)
    if (strlen(enums[i].name) == n && !memcmp(enums[i].name, name, n)) return &enums[i];
  return NULL;
}

const char *ir_enum_keyword(const EnumTable *e, int64_t value) {
  return value >= 0 && value < e->n ? e->keywords[value] : NULL;
}

int ir_enum_value(const EnumTable *e, const char *keyword) {
  for (int i = 0; i < e->n; i++)
    if (e->keywords[i] && !strcmp(e->keywords[i], keyword)) return i;
  return -1;
}

/* ---- compiling --------------------------------------------------------------------------------------------------- */

typedef struct Compiler {
  Ctx *cx;
  Format *f;
  const char *s; /* what is left of the line */
  OperandGroup operands[MAX_GROUPS], results[MAX_GROUPS];
  Vec(Item) items;
  Vec(Default) defaults;
  Vec(const char *) own;
} Compiler;

static void skip_spaces(Compiler *c) {
  while (*c->s == ' ') c->s++;
}

static bool take(Compiler *c, const char *word) {
  size_t n = strlen(word);
  if (strncmp(c->s, word, n) != 0) return false;
  c->s += n;
  return true;
}

static const char *take_name(Compiler *c) {
  const char *start = c->s;
  while (isalnum((unsigned char)*c->s) || *c->s == '_' || *c->s == '.') c->s++;
  return intern_n(c->cx, start, (size_t)(c->s - start));
}

/* Up to one of the characters in `stop`, without the spaces at either end. */
static const char *take_until(Compiler *c, const char *stop) {
  skip_spaces(c);
  size_t n = strcspn(c->s, stop), trimmed = n;
  while (trimmed && c->s[trimmed - 1] == ' ') trimmed--;
  const char *text = intern_n(c->cx, c->s, trimmed);
  c->s += n;
  return text;
}

static int find_group(const OperandGroup *groups, int n, const char *name) {
  for (int i = 0; i < n; i++)
    if (strlen(name) == (size_t)groups[i].len && !strncmp(name, groups[i].name, (size_t)groups[i].len)) return i;
  return -1;
}

static void add(Compiler *c, Item item) { vec_push(c->cx, &c->items, item); }

/* `$x`, `operands` or `results` as the argument of a type directive. */
static Item group_argument(Compiler *c, ItemKind kind) {
  skip_spaces(c);
  if (take(c, "operands")) return (Item){.kind = kind, .group = -1};
  if (take(c, "results")) return (Item){.kind = kind, .group = -1, .of_results = true};
  bool dollar = take(c, "$");
  assert(dollar), (void)dollar;
  const char *name = take_name(c);
  int group = find_group(c->operands, c->f->noperands, name);
  if (group >= 0) return (Item){.kind = kind, .group = group};
  group = find_group(c->results, c->f->nresults, name);
  assert(group >= 0);
  return (Item){.kind = kind, .group = group, .of_results = true};
}

static void close_paren(Compiler *c) {
  skip_spaces(c);
  bool closed = take(c, ")");
  assert(closed), (void)closed;
}

static void compile_attr(Compiler *c, const char *name) {
  Item item = {.kind = F_ATTR, .text = name};
  vec_push(c->cx, &c->own, name);
  if (take(c, ":")) {
    const char *kind = take_name(c);
    if (!strcmp(kind, "string"))
      item.syntax = AS_STRING;
    else if (!strcmp(kind, "symbol"))
      item.syntax = AS_SYMBOL;
    else if (!strcmp(kind, "typed"))
      item.syntax = AS_TYPED;
    else if (!strcmp(kind, "unit"))
      item.syntax = AS_UNIT;
    else if (!strcmp(kind, "int"))
      item.syntax = AS_INT;
    else if (!strcmp(kind, "params")) {
      bool slash = take(c, "/");
      assert(slash), (void)slash;
      item.syntax = AS_PARAMS;
      item.dialect = take_name(c);
      vec_push(c->cx, &c->defaults, ((Default){name, ctx_printf(c->cx, "#%s<none>", item.dialect)}));
    } else {
      item.syntax = AS_ENUM;
      item.keywords = find_enum(kind, strlen(kind));
      assert(item.keywords);
    }
    if (take(c, "=")) vec_push(c->cx, &c->defaults, ((Default){name, take_name(c)}));
  }
  add(c, item);
}

static void compile_variable(Compiler *c) {
  const char *name = take_name(c);
  int group = find_group(c->operands, c->f->noperands, name);
  if (group >= 0)
    add(c, (Item){.kind = F_OPERANDS, .group = group});
  else
    compile_attr(c, name);
}

static void compile_dict(Compiler *c) {
  add(c, (Item){.kind = F_ATTR_DICT});
  if (!take(c, "[")) return;
  do {
    skip_spaces(c);
    const char *name = take_name(c);
    bool equals = take(c, "=");
    assert(equals), (void)equals;
    vec_push(c->cx, &c->defaults, ((Default){name, take_until(c, ";]")}));
  } while (take(c, ";"));
  bool closed = take(c, "]");
  assert(closed), (void)closed;
}

static void compile_generic(Compiler *c) {
  c->f->generic = true;
  do {
    const char *name = take_until(c, ";)");
    if (*name) vec_push(c->cx, &c->own, name);
  } while (take(c, ";"));
  close_paren(c);
}

static void compile_functional(Compiler *c) {
  Item from = group_argument(c, F_FUNCTIONAL);
  skip_spaces(c);
  bool comma = take(c, ",");
  assert(comma), (void)comma;
  Item to = group_argument(c, F_FUNCTIONAL);
  assert(!from.of_results && to.of_results);
  from.second = to.group;
  add(c, from);
  close_paren(c);
}

static void compile_bare_type(Compiler *c) {
  Item item = group_argument(c, F_BARE_TYPES);
  bool colon = take(c, ":");
  assert(colon), (void)colon;
  item.text = take_name(c);
  add(c, item);
  close_paren(c);
}

static void compile_element(Compiler *c) {
  if (take(c, "``"))
    add(c, (Item){.kind = F_GLUE});
  else if (take(c, "`")) {
    add(c, (Item){.kind = F_LITERAL, .text = take_until(c, "`")});
    c->s++;
  } else if (take(c, "$"))
    compile_variable(c);
  else if (take(c, "type("))
    add(c, group_argument(c, F_TYPES)), close_paren(c);
  else if (take(c, "bare-type("))
    compile_bare_type(c);
  else if (take(c, "functional-type("))
    compile_functional(c);
  else if (take(c, "attr-dict"))
    compile_dict(c);
  else if (take(c, "generic("))
    compile_generic(c);
  else if (take(c, "custom("))
    add(c, (Item){.kind = F_CUSTOM, .text = take_name(c)}), close_paren(c);
  else if (take(c, "result("))
    c->f->infer = take_name(c), close_paren(c);
  else if (take(c, "successor(")) {
    add(c, (Item){.kind = F_SUCCESSOR, .group = *c->s - '0'});
    c->s++;
    close_paren(c);
  } else
    assert(!"unknown directive in a format");
}

static void compile_line(Compiler *c) {
  int open = -1;
  for (skip_spaces(c); *c->s; skip_spaces(c)) {
    if (open < 0 && take(c, "(")) {
      open = (int)c->items.len;
      add(c, (Item){.kind = F_OPTIONAL, .anchor = -1});
    } else if (open >= 0 && take(c, ")?")) {
      assert(c->items.at[open].anchor >= 0);
      c->items.at[open].end = (int)c->items.len;
      open = -1;
    } else {
      compile_element(c);
      if (open >= 0 && take(c, "^")) c->items.at[open].anchor = (int)c->items.len - 1;
    }
  }
  assert(open < 0);
}

const Format *ir_format(Ctx *cx, Opcode code) {
  IrTables *t = ir_tables(cx);
  if (t->formats[code]) return t->formats[code];
  const OpInfo *info = &ir_ops[code];
  Format *f = NEW(cx, Format);
  Compiler c = {.cx = cx, .f = f, .s = info->format ? info->format : ""};
  f->noperands = ir_groups(info->operands, c.operands);
  f->nresults = ir_groups(info->results, c.results);
  memcpy(f->operands, c.operands, sizeof f->operands);
  memcpy(f->results, c.results, sizeof f->results);
  if (!*c.s) f->generic = true;
  compile_line(&c);
  f->items = c.items.at, f->nitems = (int)c.items.len;
  f->defaults = c.defaults.at, f->ndefaults = (int)c.defaults.len;
  f->own = c.own.at, f->nown = (int)c.own.len;
  return t->formats[code] = f;
}

bool ir_format_owns(const Format *f, const char *name) {
  for (int i = 0; i < f->nown; i++)
    if (!strcmp(f->own[i], name)) return true;
  return false;
}

const char *ir_format_default(const Format *f, const char *name) {
  for (int i = 0; i < f->ndefaults; i++)
    if (!strcmp(f->defaults[i].name, name)) return f->defaults[i].text;
  return NULL;
}

const EnumTable *ir_format_enum(const Format *f, const char *name) {
  for (int i = 0; i < f->nitems; i++)
    if (f->items[i].kind == F_ATTR && f->items[i].keywords && !strcmp(f->items[i].text, name))
      return f->items[i].keywords;
  return NULL;
}

bool ir_is_default(Ctx *cx, const Format *f, const char *name, const Attr *a) {
  const char *text = ir_format_default(f, name);
  if (!text) return false;
  if (a->kind == ATTR_ENUM) return !strcmp(a->text, text);
  Buf b = {.cx = cx};
  ir_print_attr(&b, a);
  return !strcmp(buf_text(&b), text);
}
