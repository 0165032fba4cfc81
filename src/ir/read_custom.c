/* read_custom.c: the syntax of modules, functions, loops and branches, from text. */
#include "ir/reader.h"

#include <string.h>

/* A name that is being defined, and where it stands. */
typedef struct NewName {
  const char *name;
  uint32_t begin, end;
} NewName;

static NewName read_new_name(Reader *r) {
  NewName n = {.begin = r->tok.begin, .end = r->tok.end};
  n.name = ir_read_value_name(r);
  return n;
}

static void read_symbol_into(Reader *r, const char *attr) {
  if (r->tok.kind != TOK_SYMBOL) ir_read_expected(r, "a symbol (@name)");
  Attr *a = ir_read_attr(r);
  ir_put_pending_attr(r, attr, ir_attr_string(r->cx, a->text, a->len));
}

void ir_read_module_syntax(Reader *r) {
  if (r->tok.kind == TOK_SYMBOL) read_symbol_into(r, "sym_name");
  if (ir_accept_word(r, "attributes")) ir_read_attr_dict(r);
  ir_read_region(r, NULL, OPCODES);
}

/* ---- functions --------------------------------------------------------------------------------------------------- */

typedef struct Attrs {
  Vec(const char *) names;
  Vec(Attr *) items;
} Attrs;

static void put_attr(Reader *r, void *arg, const char *name, Attr *a) {
  Attrs *d = arg;
  vec_push(r->cx, &d->names, name);
  vec_push(r->cx, &d->items, a);
}

/* {...} after an argument or a result; an empty dictionary if there is none. */
static Attr *read_own_attrs(Reader *r) {
  Attrs d = {0};
  if (ir_is_punct(r, '{')) ir_read_dict(r, put_attr, &d);
  return ir_attr_dict(r->cx, d.names.at, d.items.at, (int)d.items.len);
}

typedef struct Signature {
  Vec(Type *) inputs;
  Vec(Type *) results;
  Vec(Attr *) arg_attrs;
  Vec(Attr *) res_attrs;
  bool any_arg_attrs, any_res_attrs, named;
} Signature;

static void read_func_args(Reader *r, Signature *s, Block *entry) {
  ir_expect(r, '(');
  if (ir_accept(r, ')')) return;
  do {
    NewName n = {0};
    bool named = r->tok.kind == TOK_VALUE;
    if (s->inputs.len && named != s->named) ir_read_expected(r, named ? "a type" : "an argument's name");
    s->named = named;
    if (named) {
      n = read_new_name(r);
      ir_expect(r, ':');
    }
    Type *t = ir_read_type(r);
    Attr *attrs = read_own_attrs(r);
    Loc *loc = ir_read_trailing_loc(r);
    vec_push(r->cx, &s->inputs, t);
    vec_push(r->cx, &s->arg_attrs, attrs);
    s->any_arg_attrs |= attrs->n > 0;
    if (named) ir_define_arg(r, entry, n.name, t, loc, n.begin, n.end);
  } while (ir_accept(r, ','));
  ir_expect(r, ')');
}

static void read_func_result(Reader *r, Signature *s) {
  Type *t = ir_read_type(r);
  Attr *attrs = read_own_attrs(r);
  vec_push(r->cx, &s->results, t);
  vec_push(r->cx, &s->res_attrs, attrs);
  s->any_res_attrs |= attrs->n > 0;
}

static void read_func_results(Reader *r, Signature *s) {
  if (r->tok.kind != TOK_ARROW) return;
  ir_next(r);
  if (!ir_accept(r, '(')) {
    Type *t = ir_read_type(r);
    vec_push(r->cx, &s->results, t);
    vec_push(r->cx, &s->res_attrs, ir_attr_dict(r->cx, NULL, NULL, 0));
    return;
  }
  if (ir_accept(r, ')')) return;
  do read_func_result(r, s);
  while (ir_accept(r, ','));
  ir_expect(r, ')');
}

void ir_read_func_syntax(Reader *r) {
  static const char *const visibilities[] = {"public", "private", "nested"};
  for (size_t i = 0; i < COUNT(visibilities); i++)
    if (ir_accept_word(r, visibilities[i]))
      ir_put_pending_attr(r, "sym_visibility", ir_attr_string(r->cx, visibilities[i], strlen(visibilities[i])));
  read_symbol_into(r, "sym_name");
  uint32_t mark = ir_open_scope(r);
  Block *entry = NEW(r->cx, Block);
  Signature s = {0};
  read_func_args(r, &s, entry);
  read_func_results(r, &s);
  Type *t = ir_func_type(r->cx, s.inputs.at, (int)s.inputs.len, s.results.at, (int)s.results.len);
  ir_put_pending_attr(r, "function_type", ir_attr_type(r->cx, t));
  if (s.any_arg_attrs) ir_put_pending_attr(r, "arg_attrs", ir_attr_array(r->cx, s.arg_attrs.at, (int)s.arg_attrs.len));
  if (s.any_res_attrs) ir_put_pending_attr(r, "res_attrs", ir_attr_array(r->cx, s.res_attrs.at, (int)s.res_attrs.len));
  if (ir_accept_word(r, "attributes")) ir_read_attr_dict(r);
  if (ir_is_punct(r, '{')) {
    if (s.inputs.len && !s.named)
      ir_read_fail(r, r->tok.begin, r->tok.end, NULL, "a function with a body names its arguments");
    ir_read_region(r, entry, OPCODES);
  } else {
    vec_push(r->cx, &r->op->regions, NEW(r->cx, Region)); /* a declaration */
  }
  ir_close_scope(r, mark);
}

/* ---- structured control flow ------------------------------------------------------------------------------------- */

typedef struct CarriedBindings {
  Vec(NewName) names;
  Vec(Value *) inits;
} CarriedBindings;

/* (%a = %init, ...) */
static void read_bindings(Reader *r, CarriedBindings *c) {
  ir_expect(r, '(');
  if (ir_accept(r, ')')) return;
  do {
    NewName n = read_new_name(r);
    ir_expect(r, '=');
    Value *init = ir_read_use(r);
    vec_push(r->cx, &c->names, n);
    vec_push(r->cx, &c->inits, init);
  } while (ir_accept(r, ','));
  ir_expect(r, ')');
}

static void read_result_list(Reader *r) {
  if (r->tok.kind != TOK_ARROW) ir_read_expected(r, "'->'");
  ir_next(r);
  if (!ir_accept(r, '(')) {
    Type *t = ir_read_type(r);
    vec_push(r->cx, &r->op->results[0], t);
    return;
  }
  if (ir_accept(r, ')')) return;
  do {
    Type *t = ir_read_type(r);
    vec_push(r->cx, &r->op->results[0], t);
  } while (ir_accept(r, ','));
  ir_expect(r, ')');
}

/* The carried values become arguments of `b`, of the types `types`; `at` is where to point if they do not fit. */
static void define_carried(Reader *r, Block *b, const CarriedBindings *c, Type *const *types, uint32_t n, uint32_t at) {
  if (c->names.len != n) ir_read_fail(r, at, r->last_end, NULL, "%u carried values, but %u types", c->names.len, n);
  for (uint32_t i = 0; i < n; i++) {
    const NewName *name = &c->names.at[i];
    ir_check_type(r, c->inits.at[i], types[i], name->begin, name->end);
    ir_define_arg(r, b, name->name, types[i], NULL, name->begin, name->end);
  }
}

void ir_read_for_syntax(Reader *r) {
  PendingOp *op = r->op;
  if (ir_accept_word(r, "unsigned")) ir_put_pending_attr(r, "unsignedCmp", ir_attr_unit(r->cx));
  NewName iv = read_new_name(r);
  static const char before[] = {'=', 't', 's'};
  for (int i = 0; i < 3; i++) {
    if (before[i] == '=')
      ir_expect(r, '=');
    else
      ir_expect_word(r, before[i] == 't' ? "to" : "step");
    Value *v = ir_read_use(r);
    vec_push(r->cx, &op->operands[i], v);
  }
  CarriedBindings c = {0};
  uint32_t at = r->tok.begin;
  if (ir_accept_word(r, "iter_args")) {
    read_bindings(r, &c);
    read_result_list(r);
  }
  uint32_t type_at = r->tok.begin;
  Type *t = ir_accept(r, ':') ? ir_read_type(r) : ir_index(r->cx);
  for (int i = 0; i < 3; i++) ir_check_type(r, op->operands[i].at[0], t, type_at, r->last_end);
  for (uint32_t i = 0; i < c.inits.len; i++) vec_push(r->cx, &op->operands[3], c.inits.at[i]);
  uint32_t mark = ir_open_scope(r);
  Block *body = NEW(r->cx, Block);
  ir_define_arg(r, body, iv.name, t, NULL, iv.begin, iv.end);
  define_carried(r, body, &c, op->results[0].at, op->results[0].len, at);
  ir_read_region(r, body, op->results[0].len ? OPCODES : OP_YIELD);
  ir_close_scope(r, mark);
  ir_read_attr_dict(r);
}

void ir_read_if_syntax(Reader *r) {
  PendingOp *op = r->op;
  uint32_t begin = r->tok.begin;
  Value *condition = ir_read_use(r);
  ir_check_type(r, condition, ir_int(r->cx, 1), begin, r->last_end);
  vec_push(r->cx, &op->operands[0], condition);
  if (r->tok.kind == TOK_ARROW) read_result_list(r);
  Opcode terminator = op->results[0].len ? OPCODES : OP_YIELD;
  ir_read_region(r, NULL, terminator);
  if (ir_accept_word(r, "else"))
    ir_read_region(r, NULL, terminator);
  else
    vec_push(r->cx, &op->regions, NEW(r->cx, Region));
  ir_read_attr_dict(r);
}

void ir_read_while_syntax(Reader *r) {
  PendingOp *op = r->op;
  CarriedBindings c = {0};
  uint32_t at = r->tok.begin;
  if (ir_is_punct(r, '(')) read_bindings(r, &c);
  ir_expect(r, ':');
  uint32_t type_at = r->tok.begin;
  Type *t = ir_read_type(r);
  if (t->kind != TYPE_FUNC) ir_read_fail(r, type_at, r->last_end, NULL, "expected (types) -> types");
  for (int i = 0; i < t->nresults; i++) vec_push(r->cx, &op->results[0], t->results[i]);
  for (uint32_t i = 0; i < c.inits.len; i++) vec_push(r->cx, &op->operands[0], c.inits.at[i]);
  uint32_t mark = ir_open_scope(r);
  Block *before = NEW(r->cx, Block);
  define_carried(r, before, &c, t->inputs, (uint32_t)t->ninputs, at);
  ir_read_region(r, before, OPCODES);
  ir_close_scope(r, mark);
  ir_expect_word(r, "do");
  ir_read_region(r, NULL, OPCODES);
  if (ir_accept_word(r, "attributes")) ir_read_attr_dict(r);
}

void ir_read_select_types(Reader *r) {
  PendingOp *op = r->op;
  uint32_t begin = r->tok.begin;
  Type *first = ir_read_type(r);
  if (ir_is_punct(r, ',')) {
    ir_check_type(r, op->operands[0].at[0], first, begin, r->last_end);
    ir_next(r);
    begin = r->tok.begin;
    first = ir_read_type(r);
  } else {
    ir_check_type(r, op->operands[0].at[0], ir_int(r->cx, 1), begin, r->last_end);
  }
  for (int i = 1; i < 3; i++) ir_check_type(r, op->operands[i].at[0], first, begin, r->last_end);
  vec_push(r->cx, &op->results[0], first);
}

void ir_read_custom(Reader *r, const char *name) {
#define CUSTOM(custom, function)                                                                                       \
  if (!strcmp(name, custom)) ir_read_##function(r);
#include "ir/custom.def"
#undef CUSTOM
}
