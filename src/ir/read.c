/* read.c: modules and ops from text: by the formats of ops.def.
 *
 * An op is collected in a PendingOp while its text is read, and made when all of it is known. Values are found by name;
 * the names of a region are forgotten at its end. A value may be used before its definition (in a block that comes
 * later in the text): a placeholder stands for it until then. Operand types in the text are checked against the values,
 * which know their types; result types come from the text or by the format's result(...) rule.
 */
#include "ir/reader.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

/* ---- values ------------------------------------------------------------------------------------------------------ */

uint32_t ir_open_scope(Reader *r) { return r->scope.len; }

void ir_close_scope(Reader *r, uint32_t mark) {
  while (r->scope.len > mark) map_remove(&r->bindings, r->scope.at[--r->scope.len]->name);
}

/* `name` is defined now: earlier uses get the value. */
static void resolve(Reader *r, const char *name, Value *v) {
  if (!r->forwards.live) return;
  Forward *f = map_get(&r->forwards, name);
  if (!f) return;
  if (f->value->type && f->value->type != v->type)
    ir_read_fail(r, f->begin, f->end, NULL, "'%%%s' is used as %s here but is of type %s", name,
                 ir_type_text(r->cx, f->value->type), ir_type_text(r->cx, v->type));
  ir_replace_all(f->value, v);
  map_remove(&r->forwards, name);
}

void ir_bind(Reader *r, const char *name, Value *first, int count, uint32_t begin, uint32_t end) {
  if (map_has(&r->bindings, name)) ir_read_fail(r, begin, end, NULL, "'%%%s' is defined twice", name);
  Binding *b = NEW(r->cx, Binding);
  *b = (Binding){.name = name, .first = first, .count = count};
  map_put(r->cx, &r->bindings, name, b);
  vec_push(r->cx, &r->scope, b);
  if (!r->forwards.live) return;
  if (count == 1) {
    resolve(r, name, first);
  } else {
    for (int i = 0; i < count; i++) resolve(r, intern(r->cx, ctx_printf(r->cx, "%s#%d", name, i)), &first[i]);
  }
}

const char *ir_read_value_name(Reader *r) {
  if (r->tok.kind != TOK_VALUE) ir_read_expected(r, "a value's name");
  const char *name = ir_token_text(r) + 1;
  if (strchr(name, '#')) ir_read_expected(r, "a name without '#'");
  name = intern(r->cx, name);
  ir_next(r);
  return name;
}

static Value *placeholder(Reader *r, const char *name) {
  Forward *f = map_get(&r->forwards, name);
  if (f) return f->value;
  f = NEW(r->cx, Forward);
  *f = (Forward){.name = name, .value = NEW(r->cx, Value), .begin = r->tok.begin, .end = r->tok.end};
  map_put(r->cx, &r->forwards, name, f);
  return f->value;
}

Value *ir_read_use(Reader *r) {
  if (r->tok.kind != TOK_VALUE) ir_read_expected(r, "a value (%name)");
  const char *s = r->text + r->tok.begin + 1, *hash = memchr(s, '#', r->tok.end - r->tok.begin - 1);
  size_t len = r->tok.end - r->tok.begin - 1;
  const Binding *b = map_get(&r->bindings, intern_n(r->cx, s, hash ? (size_t)(hash - s) : len));
  Value *v;
  if (!b) {
    v = placeholder(r, intern_n(r->cx, s, len));
  } else {
    long index = 0;
    for (const char *d = hash ? hash + 1 : s + len; d < s + len && index < 1 << 20; d++)
      index = index * 10 + (*d - '0');
    if (index >= b->count)
      ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "'%%%s' has %d result%s", b->name, b->count,
                   b->count == 1 ? "" : "s");
    v = &b->first[index];
  }
  ir_next(r);
  return v;
}

void ir_check_type(Reader *r, Value *v, Type *t, uint32_t begin, uint32_t end) {
  if (v->type == t) return;
  if (v->type)
    ir_read_fail(r, begin, end, NULL, "the operand is of type %s, not %s", ir_type_text(r->cx, v->type),
                 ir_type_text(r->cx, t));
  v->type = t;
}

static void check_undefined(Reader *r) {
  for (uint32_t i = 0; i < r->forwards.len; i++) {
    if (!r->forwards.entries[i].key) continue;
    const Forward *f = r->forwards.entries[i].value;
    ir_read_fail(r, f->begin, f->end, NULL, "'%%%s' is used but not defined", f->name);
  }
}

/* Is `name` what the printer would call a value whose own name is `base`? */
static bool follows_from(const char *name, const char *base) {
  size_t n = strlen(base);
  if (strncmp(name, base, n) != 0) return false;
  if (!name[n]) return true;
  if (name[n] != '_' || !name[n + 1]) return false;
  for (const char *s = name + n + 1; *s; s++)
    if (!isdigit((unsigned char)*s)) return false;
  return true;
}

/* A name that the printer would not generate by itself is kept. */
static void keep_name(Reader *r, Value *v, const char *name) {
  if (isdigit((unsigned char)*name)) return;
  const char *base = ir_base_name(r->cx, v);
  if (!base && v->op && v->op->code == OP_SPLIT) base = v->index ? "outRHS" : "outLHS";
  if (!base && v->block && !strncmp(name, "arg", 3) && isdigit((unsigned char)name[3])) return;
  if (!base || !follows_from(name, base)) v->hint = name;
}

Value *ir_define_arg(Reader *r, Block *b, const char *name, Type *type, Loc *loc, uint32_t begin, uint32_t end) {
  Value *v = ir_add_arg(r->cx, b, type, loc);
  keep_name(r, v, name);
  ir_bind(r, name, v, 1, begin, end);
  return v;
}

/* ---- attributes -------------------------------------------------------------------------------------------------- */

static void put_attr(Reader *r, void *arg, const char *name, Attr *a);

/* #tt.cache_policy<cache_modifier = ca, eviction_policy = evict_first>, of 3.9: two attributes here. */
static void put_cache_policy(Reader *r, PendingOp *op, const Attr *policy) {
  static const char *const names[][2] = {{"cache_modifier", "cache"}, {"eviction_policy", "evict"}};
  for (int i = 0; i < policy->n; i++)
    for (size_t k = 0; k < COUNT(names); k++)
      if (policy->names && !strcmp(policy->names[i], names[k][0]))
        put_attr(r, op, intern(r->cx, names[k][1]), policy->items[i]);
}

static void put_attr(Reader *r, void *arg, const char *name, Attr *a) {
  PendingOp *op = arg;
  if (!strcmp(name, "cachePolicy") && a->kind == ATTR_DIALECT && !strcmp(a->text, "tt.cache_policy")) {
    put_cache_policy(r, op, a);
    return;
  }
  const EnumTable *e = ir_format_enum(op->format, name);
  if (e && !e->is_number && a->kind == ATTR_INT) {
    const char *keyword = ir_enum_keyword(e, a->integer);
    if (!keyword) ir_read_fail(r, op->begin, op->end, NULL, "%lld is not a value of '%s'", (long long)a->integer, name);
    a = ir_attr_enum(r->cx, keyword);
  }
  if (!strcmp(name, "operandSegmentSizes") && !op->successors.len && !(ir_ops[op->code].traits & T_MULTI_SEGMENT))
    return;
  for (uint32_t i = 0; i < op->attrs.len; i++)
    if (op->attrs.at[i].name == name) ir_read_fail(r, op->begin, op->end, NULL, "'%s' is given twice", name);
  NamedAttr named = {name, a};
  if (!ir_is_default(r->cx, op->format, name, a)) vec_push(r->cx, &op->attrs, named);
}

void ir_put_pending_attr(Reader *r, const char *name, Attr *a) { put_attr(r, r->op, intern(r->cx, name), a); }

void ir_read_attr_dict(Reader *r) {
  if (ir_is_punct(r, '{')) ir_read_dict(r, put_attr, r->op);
}

/* ---- by format --------------------------------------------------------------------------------------------------- */

static bool at_literal(const Reader *r, const char *text) {
  if (!strcmp(text, "->")) return r->tok.kind == TOK_ARROW;
  if (isalpha((unsigned char)*text)) return ir_is_word(r, text);
  return ir_is_punct(r, *text);
}

static void read_operands(Reader *r, int group) {
  PendingOp *op = r->op;
  char kind = op->format->operands[group].kind;
  if (kind && r->tok.kind != TOK_VALUE) return;
  do {
    Value *v = ir_read_use(r);
    vec_push(r->cx, &op->operands[group], v);
  } while (kind == '*' && ir_accept(r, ','));
}

static void check_one(Reader *r, Value *v, Type *t, uint32_t begin) { ir_check_type(r, v, t, begin, r->last_end); }

/* Types of all operands of a group, with commas between. */
static void read_operand_types(Reader *r, int group, bool *first) {
  PendingOp *op = r->op;
  for (uint32_t i = 0; i < op->operands[group].len; i++) {
    if (!*first) ir_expect(r, ',');
    *first = false;
    uint32_t begin = r->tok.begin;
    Type *t = ir_read_type(r);
    check_one(r, op->operands[group].at[i], t, begin);
  }
}

static void read_result_types(Reader *r, int group) {
  PendingOp *op = r->op;
  do {
    Type *t = ir_read_type(r);
    vec_push(r->cx, &op->results[group], t);
  } while (op->format->results[group].kind == '*' && ir_accept(r, ','));
}

static void read_types(Reader *r, const Item *item) {
  bool first = true;
  if (item->of_results) {
    read_result_types(r, item->group < 0 ? 0 : item->group);
  } else if (item->group >= 0) {
    read_operand_types(r, item->group, &first);
  } else {
    for (int g = 0; g < r->op->format->noperands; g++) read_operand_types(r, g, &first);
  }
}

static void read_functional(Reader *r, const Item *item) {
  ir_expect(r, '(');
  read_types(r, &(Item){.group = item->group});
  ir_expect(r, ')');
  if (r->tok.kind != TOK_ARROW) ir_read_expected(r, "'->'");
  ir_next(r);
  bool parens = ir_accept(r, '(');
  if (parens && ir_accept(r, ')')) return;
  if (r->op->format->nresults == 0) ir_read_expected(r, "'()': the op has no results");
  read_result_types(r, item->second < 0 ? 0 : item->second); /* below 0: all */
  if (parens) ir_expect(r, ')');
}

static void read_bare_type(Reader *r, const Item *item) {
  PendingOp *op = r->op;
  uint32_t begin = r->tok.begin;
  if (!ir_is_punct(r, '<')) ir_read_expected(r, "'<'");
  Type *t = ir_read_type_body(r, item->text);
  if (item->of_results)
    vec_push(r->cx, &op->results[item->group], t);
  else
    check_one(r, op->operands[item->group].at[0], t, begin);
}

static Attr *read_enum(Reader *r, const EnumTable *e) {
  if (r->tok.kind != TOK_WORD) ir_read_expected(r, "a keyword");
  const char *word = ir_token_text(r);
  int value = ir_enum_value(e, word);
  if (value < 0) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "unknown keyword '%s' (%s)", word, e->name);
  ir_next(r);
  return e->is_number ? ir_attr_int(r->cx, ir_int(r->cx, e->bits), value) : ir_attr_enum(r->cx, word);
}

/* The value of an arith.constant says what its type is. */
static void result_from_attr(Reader *r, const Attr *a, uint32_t begin) {
  bool typed = a->kind == ATTR_INT || a->kind == ATTR_BOOL || a->kind == ATTR_FLOAT || a->kind == ATTR_SPLAT ||
               a->kind == ATTR_DENSE;
  if (!typed) ir_read_fail(r, begin, r->last_end, NULL, "a constant's value is a number or dense<...>");
  vec_push(r->cx, &r->op->results[0], a->type);
}

static void read_attr_item(Reader *r, const Item *item) {
  Attr *a = NULL;
  uint32_t begin = r->tok.begin;
  switch (item->syntax) {
  case AS_UNIT: a = ir_attr_unit(r->cx); break;
  case AS_INT: a = ir_attr_int(r->cx, ir_int(r->cx, 32), ir_read_integer(r, "a number")); break;
  case AS_ENUM: a = read_enum(r, item->keywords); break;
  case AS_PARAMS: a = ir_read_params(r, item->dialect); break;
  case AS_STRING:
    if (r->tok.kind != TOK_STRING) ir_read_expected(r, "a string");
    a = ir_read_attr(r);
    break;
  case AS_SYMBOL:
    if (r->tok.kind != TOK_SYMBOL) ir_read_expected(r, "a symbol (@name)");
    a = ir_read_attr(r);
    break;
  case AS_TYPED:
    a = ir_read_attr(r);
    result_from_attr(r, a, begin);
    break;
  case AS_PLAIN: a = ir_read_attr(r); break;
  }
  put_attr(r, r->op, item->text, a);
}

static Block *labeled(Reader *r, bool define);

static void read_successor(Reader *r) {
  PendingOp *op = r->op;
  if (r->tok.kind != TOK_BLOCK) ir_read_expected(r, "a block (^name)");
  Block *to = labeled(r, false);
  int n = 0;
  vec_push(r->cx, &op->successors, to);
  if (ir_accept(r, '(')) {
    uint32_t first = op->forwarded.len;
    do {
      Value *v = ir_read_use(r);
      vec_push(r->cx, &op->forwarded, v);
    } while (ir_accept(r, ','));
    ir_expect(r, ':');
    n = (int)(op->forwarded.len - first);
    for (int i = 0; i < n; i++) {
      if (i) ir_expect(r, ',');
      uint32_t begin = r->tok.begin;
      check_one(r, op->forwarded.at[first + (uint32_t)i], ir_read_type(r), begin);
    }
    ir_expect(r, ')');
  }
  vec_push(r->cx, &op->nforward, n);
}

/* Is the optional part there? Its first item tells: a literal, or the group or block that is its anchor. A part that
 * lists types is there if what it lists the types of is. */
static bool part_present(const Reader *r, const Item *items, int at) {
  const Item *first = &items[at + 1], *anchor = &items[items[at].anchor];
  if (anchor->kind == F_TYPES && !anchor->of_results) return r->op->operands[anchor->group].len > 0;
  switch (first->kind) {
  case F_LITERAL: return at_literal(r, first->text);
  case F_OPERANDS: return r->tok.kind == TOK_VALUE;
  case F_SUCCESSOR: return r->tok.kind == TOK_BLOCK;
  default: return r->tok.kind == TOK_WORD || r->tok.kind == TOK_STRING;
  }
}

static void read_item(Reader *r, const Item *item) {
  switch (item->kind) {
  case F_LITERAL:
    if (!at_literal(r, item->text)) ir_read_expected(r, ctx_printf(r->cx, "'%s'", item->text));
    ir_next(r);
    break;
  case F_OPERANDS: read_operands(r, item->group); break;
  case F_ATTR: read_attr_item(r, item); break;
  case F_TYPES: read_types(r, item); break;
  case F_BARE_TYPES: read_bare_type(r, item); break;
  case F_FUNCTIONAL: read_functional(r, item); break;
  case F_ATTR_DICT: ir_read_attr_dict(r); break;
  case F_SUCCESSOR: read_successor(r); break;
  case F_CUSTOM: ir_read_custom(r, item->text); break;
  case F_GLUE:
  case F_OPTIONAL: break;
  }
}

static void read_by_format(Reader *r) {
  const Format *f = r->op->format;
  for (int i = 0; i < f->nitems; i++) {
    if (f->items[i].kind == F_OPTIONAL && !part_present(r, f->items, i))
      i = f->items[i].end - 1;
    else
      read_item(r, &f->items[i]);
  }
}

/* ---- generic form ------------------------------------------------------------------------------------------------ */

/* Which of the operands go to the successors: the text does not say, the op's operandSegmentSizes may. */
static void split_forwarded(Reader *r) {
  PendingOp *op = r->op;
  if (!op->successors.len) return;
  uint32_t nfixed = 0;
  for (int g = 0; g < op->format->noperands; g++) nfixed += !op->format->operands[g].kind;
  Attr *sizes = NULL;
  for (uint32_t i = 0; i < op->attrs.len; i++) {
    if (strcmp(op->attrs.at[i].name, "operandSegmentSizes") != 0) continue;
    sizes = op->attrs.at[i].attr;
    op->attrs.at[i] = op->attrs.at[--op->attrs.len];
  }
  uint32_t total = op->operands[0].len, left = total - (nfixed < total ? nfixed : total);
  for (uint32_t i = 0; i < op->successors.len; i++) {
    bool last = i + 1 == op->successors.len;
    int64_t n = last ? left : 0;
    if (sizes && sizes->kind == ATTR_INTS && sizes->n == (int)(nfixed + op->successors.len))
      n = sizes->ints[nfixed + i];
    if (n < 0 || n > left || (last && n != left))
      ir_read_fail(r, op->begin, op->end, NULL, "the operands do not fit the successors");
    left -= (uint32_t)n;
    vec_push(r->cx, &op->nforward, (int)n);
  }
}

static void read_generic_types(Reader *r) {
  PendingOp *op = r->op;
  uint32_t begin = r->tok.begin;
  ir_expect(r, ':');
  Type *t = ir_read_type(r);
  if (t->kind != TYPE_FUNC) ir_read_fail(r, begin, r->last_end, NULL, "expected a function type after ':'");
  if (t->ninputs != (int)op->operands[0].len)
    ir_read_fail(r, begin, r->last_end, NULL, "%d operands, but types for %d", (int)op->operands[0].len, t->ninputs);
  for (int i = 0; i < t->ninputs; i++) check_one(r, op->operands[0].at[i], t->inputs[i], begin);
  for (int i = 0; i < t->nresults; i++) vec_push(r->cx, &op->results[0], t->results[i]);
}

static void read_generic(Reader *r) {
  PendingOp *op = r->op;
  ir_expect(r, '(');
  if (!ir_is_punct(r, ')')) {
    do {
      Value *v = ir_read_use(r);
      vec_push(r->cx, &op->operands[0], v);
    } while (ir_accept(r, ','));
  }
  ir_expect(r, ')');
  if (ir_accept(r, '[')) {
    do {
      if (r->tok.kind != TOK_BLOCK) ir_read_expected(r, "a block (^name)");
      Block *to = labeled(r, false);
      vec_push(r->cx, &op->successors, to);
    } while (ir_accept(r, ','));
    ir_expect(r, ']');
  }
  if (ir_accept(r, '<')) {
    ir_read_dict(r, put_attr, op);
    ir_expect(r, '>');
  }
  if (ir_accept(r, '(')) {
    do ir_read_region(r, NULL, OPCODES);
    while (ir_accept(r, ','));
    ir_expect(r, ')');
  }
  ir_read_attr_dict(r);
  read_generic_types(r);
  split_forwarded(r);
}

/* ---- making the op ----------------------------------------------------------------------------------------------- */

static Type *inferred(Reader *r, const char *rule) {
  PendingOp *op = r->op;
  if (rule && !strcmp(rule, "token")) return ir_token(r->cx);
  Value *v = op->operands[0].len ? op->operands[0].at[0] : NULL;
  Type *t = v ? v->type : NULL;
  if (!t) return NULL;
  if (!rule || !strcmp(rule, "same")) return t;
  if (!strcmp(rule, "elem")) return ir_elem(t);
  if (!strcmp(rule, "bool")) return ir_tensor_like(r->cx, t, ir_int(r->cx, 1));
  if (!strcmp(rule, "block")) return t->kind == TYPE_TENSORDESC ? t->elem : NULL;
  assert(!strcmp(rule, "pointee"));
  Type *elem = ir_elem(t);
  return elem->kind == TYPE_PTR ? ir_tensor_like(r->cx, t, elem->elem) : NULL;
}

/* Results whose types the text did not show. */
static void infer_results(Reader *r) {
  PendingOp *op = r->op;
  const Format *f = op->format;
  if (f->infer && !strcmp(f->infer, "all"))
    for (uint32_t i = 0; i < op->operands[0].len; i++) vec_push(r->cx, &op->results[0], op->operands[0].at[i]->type);
  for (int g = 0; g < f->nresults; g++) {
    if (f->results[g].kind || op->results[g].len) continue;
    Type *t = g > 0 && op->results[0].len ? op->results[0].at[0] : NULL;
    if (!t && (f->infer || (ir_ops[op->code].traits & T_SAME_TYPE))) t = inferred(r, f->infer);
    if (!t)
      ir_read_fail(r, op->begin, op->end, NULL, "the type of the result of '%s' does not follow from this text",
                   ir_ops[op->code].name);
    vec_push(r->cx, &op->results[g], t);
  }
}

typedef Vec(Value *) Values;
typedef Vec(Type *) Types;

/* Operands that were used before their definition and whose types follow from those of the others. */
static void infer_operands(const PendingOp *op) {
  bool compares = op->code == OP_CMPI || op->code == OP_CMPF;
  if (op->code == OP_ADDPTR || (!compares && !(ir_ops[op->code].traits & T_SAME_TYPE))) return;
  Type *t = compares || !op->results[0].len ? NULL : op->results[0].at[0];
  for (int g = 0; !t && g < MAX_GROUPS; g++)
    if (op->operands[g].len) t = op->operands[g].at[0]->type;
  for (int g = 0; g < MAX_GROUPS; g++)
    if (op->operands[g].len && !op->operands[g].at[0]->type) op->operands[g].at[0]->type = t;
}

static void check_known(Reader *r, const Values *operands) {
  for (uint32_t i = 0; i < operands->len; i++)
    if (!operands->at[i]->type)
      for (uint32_t k = 0; k < r->forwards.len; k++) {
        const Forward *f = r->forwards.entries[k].key ? r->forwards.entries[k].value : NULL;
        if (!f || f->value != operands->at[i]) continue;
        ir_read_fail(r, f->begin, f->end, NULL, "'%%%s' is not defined before this use", f->name);
      }
}

static void set_segments(Reader *r, Op *made, const PendingOp *op) {
  if (!ir_has(made, T_MULTI_SEGMENT) || ir_attr(made, "operandSegmentSizes")) return;
  int64_t sizes[MAX_GROUPS];
  int n = op->format->noperands;
  for (int g = 0; g < n; g++) sizes[g] = op->operands[g].len;
  ir_set_attr(r->cx, made, "operandSegmentSizes", ir_attr_ints(r->cx, ir_int(r->cx, 32), sizes, n));
}

static Op *make_op(Reader *r, Block *into, Loc *loc, bool generic) {
  PendingOp *op = r->op;
  if (!generic && r->forwards.live) infer_operands(op);
  if (!generic) infer_results(r);
  Values operands = {0};
  Types results = {0};
  for (int g = 0; g < MAX_GROUPS; g++)
    for (uint32_t i = 0; i < op->operands[g].len; i++) vec_push(r->cx, &operands, op->operands[g].at[i]);
  for (uint32_t i = 0; i < op->forwarded.len; i++) vec_push(r->cx, &operands, op->forwarded.at[i]);
  for (int g = 0; g < MAX_GROUPS; g++)
    for (uint32_t i = 0; i < op->results[g].len; i++) vec_push(r->cx, &results, op->results[g].at[i]);
  if (r->forwards.live) check_known(r, &operands);
  Builder b = ir_at_end(r->cx, into);
  b.loc = loc;
  Op *made = ir_op(&b, op->code, results.at, (int)results.len, operands.at, (int)operands.len);
  made->mark = op->begin;
  for (uint32_t i = 0; i < op->attrs.len; i++) ir_set_attr(r->cx, made, op->attrs.at[i].name, op->attrs.at[i].attr);
  if (!generic) set_segments(r, made, op);
  made->nregions = (int)op->regions.len;
  made->regions = op->regions.at;
  for (int i = 0; i < made->nregions; i++) {
    made->regions[i]->op = made;
    Block *last = made->regions[i]->last;
    if (last && last->last && last->last->mark == UINT32_MAX) last->last->loc = made->loc, last->last->mark = op->begin;
  }
  made->nsuccessors = (int)op->successors.len;
  made->successors = op->successors.at;
  made->nforward = op->nforward.at;
  return made;
}

/* ---- ops --------------------------------------------------------------------------------------------------------- */

/* %a, %b:2 = */
typedef struct ResultName {
  const char *name;
  int count;
  uint32_t begin, end;
} ResultName;
typedef Vec(ResultName) ResultNames;

static int read_result_names(Reader *r, ResultNames *names) {
  int total = 0;
  if (r->tok.kind != TOK_VALUE) return 0;
  do {
    ResultName n = {.count = 1, .begin = r->tok.begin, .end = r->tok.end};
    n.name = ir_read_value_name(r);
    if (ir_accept(r, ':')) {
      int64_t count = ir_read_integer(r, "how many results");
      if (count < 1 || count > 1 << 16) ir_read_fail(r, n.begin, r->last_end, NULL, "no op has that many results");
      n.count = (int)count;
    }
    total += n.count;
    vec_push(r->cx, names, n);
  } while (ir_accept(r, ','));
  ir_expect(r, '=');
  return total;
}

static void bind_results(Reader *r, Op *made, const ResultNames *names) {
  int at = 0;
  for (uint32_t i = 0; i < names->len; i++) {
    const ResultName *n = &names->at[i];
    if (n->count > 1 || made->nresults == 1 || made->code == OP_SPLIT) keep_name(r, ir_result(made, at), n->name);
    ir_bind(r, n->name, ir_result(made, at), n->count, n->begin, n->end);
    at += n->count;
  }
}

/* ttg.barrier all, ttg.barrier local|global_read, of 3.9: which memory it is for. Ours is for all. */
#define LATER_BARRIER "ttg.barrier"
static void skip_memories(Reader *r) {
  do {
    if (r->tok.kind != TOK_WORD) ir_read_expected(r, "the memory that the barrier is for");
    ir_next(r);
  } while (ir_accept(r, '|'));
}

static Opcode find_opcode(Reader *r, const char *name) {
  intptr_t code = (intptr_t)map_get(&ir_tables(r->cx)->opcodes, name);
  if (!strcmp(name, "module")) return OP_MODULE;
  if (!strcmp(name, "tt.approx_divf"))
    return OP_DIVF; /* of 3.9: a division that may be approximated is arith.divf here */
  if (!strcmp(name, LATER_BARRIER)) return OP_BARRIER;
  if (code) return (Opcode)(code - 1);
  const char *names[OPCODES];
  for (int i = 0; i < OPCODES; i++) names[i] = ir_ops[i].name;
  const char *near = nearest_name(name, names, OPCODES);
  ir_read_fail(r, r->tok.begin, r->tok.end, hint_near(r->cx, "", near), "unknown operation '%s'", name);
}

void ir_read_op(Reader *r, Block *into) {
  ir_enter(r);
  ResultNames names = {0};
  int total = read_result_names(r, &names);
  bool generic = r->tok.kind == TOK_STRING;
  if (!generic && r->tok.kind != TOK_WORD) ir_read_expected(r, "an operation");
  PendingOp *op = NEW(r->cx, PendingOp), *outer = r->op;
  op->begin = r->tok.begin, op->end = r->tok.end;
  size_t len;
  op->code = find_opcode(r, generic ? ir_unescape(r, &len) : ir_token_text(r));
  op->format = ir_format(r->cx, op->code);
  if (!generic && op->format->generic)
    ir_read_fail(r, op->begin, op->end, NULL, "'%s' is written in generic form: \"%s\"(...)", ir_ops[op->code].name,
                 ir_ops[op->code].name);
  r->op = op;
  bool later_barrier = !generic && !strcmp(ir_token_text(r), LATER_BARRIER);
  ir_next(r);
  if (later_barrier) skip_memories(r);
  if (generic)
    read_generic(r);
  else
    read_by_format(r);
  Loc *loc = ir_read_trailing_loc(r);
  Span span = {r->source, op->begin, op->end};
  Op *made = make_op(r, into, ir_loc_text(r->cx, span, loc ? loc : ir_loc_unknown(r->cx)), generic);
  r->op = outer;
  if (names.len && total != made->nresults)
    ir_read_fail(r, names.at[0].begin, op->end, NULL, "'%s' has %d result%s here, %d named", ir_info(made)->name,
                 made->nresults, made->nresults == 1 ? "" : "s", total);
  bind_results(r, made, &names);
  ir_leave(r);
}

/* ---- blocks and regions ------------------------------------------------------------------------------------------ */

static void append_block(Region *region, Block *b) {
  b->region = region;
  b->prev = region->last;
  if (region->last)
    region->last->next = b;
  else
    region->first = b;
  region->last = b;
}

/* The block that the current token names. */
static Block *labeled(Reader *r, bool define) {
  const char *name = ir_token_text(r);
  Labels *labels = r->labels;
  if (!labels) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "a block outside of any region");
  LabeledBlock *found = NULL;
  for (uint32_t i = 0; i < labels->at.len && !found; i++)
    if (labels->at.at[i]->name == name) found = labels->at.at[i];
  if (!found) {
    found = NEW(r->cx, LabeledBlock);
    *found = (LabeledBlock){.name = name, .block = NEW(r->cx, Block), .begin = r->tok.begin, .end = r->tok.end};
    vec_push(r->cx, &labels->at, found);
  }
  if (define && found->defined) ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "block '%s' is defined twice", name);
  found->defined |= define;
  ir_next(r);
  return found->block;
}

static void read_label(Reader *r, Region *region) {
  Block *b = labeled(r, true);
  append_block(region, b);
  if (ir_accept(r, '(') && !ir_accept(r, ')')) {
    do {
      uint32_t begin = r->tok.begin;
      const char *name = ir_read_value_name(r);
      uint32_t end = r->last_end;
      ir_expect(r, ':');
      Type *t = ir_read_type(r);
      ir_define_arg(r, b, name, t, ir_read_trailing_loc(r), begin, end);
    } while (ir_accept(r, ','));
    ir_expect(r, ')');
  }
  ir_expect(r, ':');
}

static void check_labels(Reader *r, const Labels *labels) {
  for (uint32_t i = 0; i < labels->at.len; i++) {
    const LabeledBlock *b = labels->at.at[i];
    if (!b->defined) ir_read_fail(r, b->begin, b->end, NULL, "block '%s' is not defined in this region", b->name);
  }
}

void ir_read_region(Reader *r, Block *entry, Opcode terminator) {
  ir_enter(r);
  Region *region = NEW(r->cx, Region);
  vec_push(r->cx, &r->op->regions, region);
  uint32_t mark = ir_open_scope(r);
  Labels labels = {.outer = r->labels};
  r->labels = &labels;
  if (entry) append_block(region, entry);
  ir_expect(r, '{');
  while (!ir_is_punct(r, '}')) {
    if (r->tok.kind == TOK_BLOCK) {
      read_label(r, region);
      continue;
    }
    if (!region->last) append_block(region, NEW(r->cx, Block));
    ir_read_op(r, region->last);
  }
  ir_next(r);
  if (terminator != OPCODES) {
    if (!region->last) append_block(region, NEW(r->cx, Block));
    if (!ir_terminator(region->last)) {
      Builder b = ir_at_end(r->cx, region->last);
      ir_op(&b, terminator, NULL, 0, NULL, 0)->mark = UINT32_MAX;
    }
  }
  check_labels(r, &labels);
  r->labels = labels.outer;
  ir_close_scope(r, mark);
  ir_leave(r);
}

/* ---- modules ----------------------------------------------------------------------------------------------------- */

static void skip_alias_definitions(Reader *r) {
  while (r->tok.kind == TOK_HASH || r->tok.kind == TOK_BANG) {
    const AliasText *a = map_get(&r->aliases, ir_token_text(r));
    if (!a || a->at < r->tok.end) ir_read_expected(r, "a module");
    r->pos = a->at;
    bool is_type = r->tok.kind == TOK_BANG;
    ir_next(r);
    if (is_type)
      ir_read_type(r);
    else if (ir_is_word(r, "loc"))
      ir_read_loc(r);
    else
      ir_read_attr(r);
  }
}

static Module *wrap(Reader *r, Region *top) {
  Module *m = ir_module_new(r->cx);
  Block *b = top->first;
  if (b && b->first && b->first == b->last && b->first->code == OP_MODULE) {
    m->op = b->first;
    ir_unlink(m->op);
    if (m->op->nregions != 1) ir_read_fail(r, m->op->mark, m->op->mark + 1, NULL, "a module has one region");
    m->body = m->op->regions[0];
    if (!m->body->first) append_block(m->body, NEW(r->cx, Block));
  } else if (b) {
    ir_move_ops(b, m->body->first, NULL); /* functions without a module around them */
  }
  return m;
}

Module *ir_read(Ctx *cx, const Source *source) {
  Reader r = {.cx = cx, .source = source, .text = source->text, .len = (uint32_t)source->len};
  if (source->len > UINT32_MAX / 2) ctx_fail(cx, ERR_SOURCE, "%s: this file is too large", source->file);
  ir_find_aliases(&r);
  ir_next(&r);
  Region top = {0};
  append_block(&top, NEW(cx, Block));
  for (skip_alias_definitions(&r); r.tok.kind != TOK_END; skip_alias_definitions(&r)) ir_read_op(&r, top.first);
  check_undefined(&r);
  Module *m = wrap(&r, &top);
  const Op *where = m->op;
  const char *wrong = ir_verify_at(cx, m, &where);
  if (wrong) {
    uint32_t begin = where->mark < r.len ? where->mark : 0, end = begin;
    while (end < r.len && !strchr(" (\n", r.text[end])) end++;
    ir_read_fail(&r, begin, end, NULL, "%s", wrong);
  }
  return m;
}
