/* libdevice.c: calls of CUDA's library of mathematical functions (tt.extern_elementwise) by functions of our own library.
 *
 * Our front end never makes such calls; files of Triton IR from elsewhere have them. `symbol` names a function of
 * libdevice by its types as well (__nv_rintf, __nv_rint; __nv_umulhi, __nv_mul64hi), where the language has one name for
 * all (libdevice.rint, libdevice.mulhi), and our library, which is compiled for the types of the operands, too. Most
 * names follow by rules; the rest are a table.
 *
 * On tensors the call becomes a tt.map_elementwise whose body calls the function on one element: its branches are then
 * the element's own, and layouts stay as they are.
 */
#include "opt/internal.h"

#include <string.h>

typedef struct Calls {
  Ctx *cx;
  Vec(Op *) at;
} Calls;

static void collect(Op *op, void *arg) {
  Calls *c = arg;
  if (op->code == OP_EXTERN_ELEMENTWISE) vec_push(c->cx, &c->at, op);
}

/* ---- names ------------------------------------------------------------------------------------------------------- */

static const struct {
  const char *symbol, *name;
} others[] = {{"clzll", "clz"},          {"popcll", "popc"},    {"brevll", "brev"},
              {"ffsll", "ffs"},          {"umulhi", "mulhi"},   {"mul64hi", "mulhi"},
              {"umul64hi", "mulhi"},     {"umul24", "mul24"},   {"usad", "sad"},
              {"uhadd", "hadd"},         {"urhadd", "rhadd"},   {"llabs", "abs"},
              {"fabs", "abs"},           {"fabsf", "abs"},      {"fast_fdividef", "fast_dividef"},
              {"frsqrt_rn", "rsqrt_rn"}, {"powif", "pow"},      {"powi", "pow"},
              {"fmaf_rn", "fma_rn"},     {"fmaf_rz", "fma_rz"}, {"fmaf_rd", "fma_rd"},
              {"fmaf_ru", "fma_ru"}};

/* fadd_rn, dsqrt_rz and so on: an operation, before it its type, after it how it rounds. */
static bool is_rounded(const char *s) {
  static const char *const operations[] = {"add_r", "sub_r", "mul_r", "div_r", "rcp_r", "sqrt_r"};
  for (size_t i = 0; i < COUNT(operations); i++) {
    size_t n = strlen(operations[i]);
    if ((s[0] == 'f' || s[0] == 'd') && !strncmp(s + 1, operations[i], n) && strlen(s) == n + 2) return true;
  }
  return false;
}

static const char *name_of(const char *s) {
  for (size_t i = 0; i < COUNT(others); i++)
    if (!strcmp(others[i].symbol, s)) return others[i].name;
  return is_rounded(s) ? s + 1 : s;
}

/* rintf and isnand as rint and isnan; NULL: it does not end in a type. */
static const char *without_type(Ctx *cx, const char *s) {
  size_t n = strlen(s);
  return n > 1 && (s[n - 1] == 'f' || s[n - 1] == 'd') ? ctx_printf(cx, "%.*s", (int)n - 1, s) : NULL;
}

/* Those that the language has ops for. */
static const struct {
  const char *name;
  Opcode of_floats;
} ops[] = {{"abs", OP_ABSF},
           {"ceil", OP_CEIL},
           {"floor", OP_FLOOR},
           {"trunc", OP_TRUNC},
           {"rint", OP_ROUNDEVEN},
           {"nearbyint", OP_ROUNDEVEN},
           {"cos", OP_COS},
           {"sin", OP_SIN},
           {"exp", OP_EXP},
           {"exp2", OP_EXP2},
           {"log", OP_LOG},
           {"log2", OP_LOG2},
           {"sqrt", OP_SQRT},
           {"rsqrt", OP_RSQRT},
           {"erf", OP_ERF},
           {"fma", OP_FMA},
           {"div_rn", OP_PRECISE_DIVF},
           {"sqrt_rn", OP_PRECISE_SQRT}};

static Value *as_op(Builder *b, const char *name, Type *type, Value **args, int n) {
  bool integer = ir_elem(type)->kind == TYPE_INT;
  for (size_t i = 0; i < COUNT(ops); i++) {
    if (strcmp(ops[i].name, name) != 0) continue;
    Opcode code = ops[i].of_floats;
    if (integer && code == OP_ABSF) code = OP_ABSI;
    Op *op = ir_op(b, code, &type, 1, args, n);
    if (code == OP_EXP || code == OP_EXP2) ir_set_attr(b->cx, op, "tt.precise", ir_attr_unit(b->cx));
    return &op->results[0];
  }
  return NULL;
}

/* ---- calls ------------------------------------------------------------------------------------------------------- */

static Value *call(Builder *b, const Op *func, Type *result, Value **args, int n) {
  Op *op = ir_op(b, OP_CALL, &result, 1, args, n);
  ir_set_attr(b->cx, op, "callee", ir_attr_symbol(b->cx, ir_func_name(func)));
  return &op->results[0];
}

static Value *call_each(Builder *b, const Op *func, const Op *op, Value **args) {
  Ctx *cx = b->cx;
  Type *type = op->results[0].type;
  if (!ir_is_tensor(type)) return call(b, func, type, args, op->noperands);
  Op *each = ir_op(b, OP_MAP_ELEMENTWISE, &type, 1, args, op->noperands);
  ir_set_attr(cx, each, "pack", ir_attr_int(cx, ir_int(cx, 32), 1));
  Block *body = ir_add_block(cx, ir_add_region(cx, each));
  Builder in = ir_at_end(cx, body);
  in.loc = b->loc;
  Value **elems = NEWN(cx, Value *, op->noperands);
  for (int i = 0; i < op->noperands; i++) elems[i] = ir_add_arg(cx, body, ir_elem(args[i]->type), b->loc);
  ir_effect(&in, OP_MAP_RETURN, call(&in, func, ir_elem(type), elems, op->noperands), NULL);
  return &each->results[0];
}

/* The function's value before the builder's place, or NULL. */
static Value *value_of(Builder *b, Module *m, const char *name, const Op *op, bool is_unsigned) {
  Type *type = op->results[0].type, **inputs = NEWN(b->cx, Type *, op->noperands + 1);
  Value **args = NEWN(b->cx, Value *, op->noperands + 1);
  for (int i = 0; i < op->noperands; i++) {
    args[i] = ir_operand(op, i);
    inputs[i] = ir_elem(args[i]->type);
  }
  Value *v = as_op(b, name, type, args, op->noperands);
  if (v) return v;
  Op *func = lang_libdevice_function(m, name, inputs, op->noperands, is_unsigned, &opt_library_options);
  const Type *signature = func ? ir_func_signature(func) : NULL;
  bool fits = func && signature->nresults == 1 && signature->results[0] == ir_elem(type);
  return fits ? call_each(b, func, op, args) : NULL;
}

static void replace(Ctx *cx, Module *m, Op *op) {
  const char *symbol = ir_attr_text_or(op, "symbol", "");
  bool known = !strncmp(symbol, "__nv_", 5);
  Builder b = ir_before(cx, op);
  Value *v = NULL;
  if (known) {
    const char *name = name_of(symbol + 5), *shorter = without_type(cx, name);
    bool is_unsigned = symbol[5] == 'u'; /* umulhi, uint2float_rn, ull2float_rn */
    v = value_of(&b, m, name, op, is_unsigned);
    if (!v && shorter) v = value_of(&b, m, shorter, op, is_unsigned);
  }
  if (!v) ir_fail(cx, op, NULL, "'tt.extern_elementwise': libdevice has no `%s` for these types", symbol);
  ir_replace_all(&op->results[0], v);
  ir_erase(op);
}

bool opt_libdevice(Ctx *cx, Module *m) {
  Calls calls = {.cx = cx};
  ir_walk(m->op, collect, &calls);
  for (uint32_t i = 0; i < calls.at.len; i++) replace(cx, m, calls.at.at[i]);
  return calls.at.len > 0;
}
