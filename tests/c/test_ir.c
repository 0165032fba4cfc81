/* test_ir.c: interning, use lists, copying, the verifier, number formats, and the textual form both ways. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "failing.h"
#include "ir/ir.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- types and attributes ---------------------------------------------------------------------------------------- */

static void equal_types_are_one(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Type *f32 = ir_float(cx, F32);
  assert_ptr_equal(f32, ir_float(cx, F32));
  assert_ptr_not_equal(ir_int(cx, 32), ir_int(cx, 64));
  Type *t = ir_tensor(cx, f32, 2, (int64_t[]){4, 8}, NULL);
  assert_ptr_equal(t, ir_tensor(cx, f32, 2, (int64_t[]){4, 8}, NULL));
  assert_ptr_not_equal(t, ir_tensor(cx, f32, 2, (int64_t[]){8, 4}, NULL));
  assert_ptr_not_equal(ir_ptr(cx, f32, 1), ir_ptr(cx, f32, 3));
  assert_ptr_equal(ir_tensor_like(cx, t, ir_int(cx, 1))->elem, ir_int(cx, 1));
  assert_ptr_equal(ir_tensor_like(cx, f32, ir_int(cx, 1)), ir_int(cx, 1));
  Type *sig = ir_func_type(cx, &t, 1, &f32, 1);
  assert_ptr_equal(sig, ir_func_type(cx, &t, 1, &f32, 1));
  assert_ptr_not_equal(sig, ir_func_type(cx, &f32, 1, &f32, 1));
  assert_string_equal(ir_type_text(cx, sig), "(tensor<4x8xf32>) -> f32");
  assert_int_equal(ir_numel(t), 32);
  assert_int_equal(ir_elem_bytes(ir_tensor_like(cx, t, ir_int(cx, 1))), 1);
  assert_int_equal(ir_elem_bytes(ir_ptr(cx, f32, 1)), 8);
  /* Many, so that the table grows. */
  Type *many[2000];
  for (int64_t i = 0; i < 2000; i++) many[i] = ir_tensor(cx, f32, 1, &i, NULL);
  for (int64_t i = 0; i < 2000; i++) assert_ptr_equal(many[i], ir_tensor(cx, f32, 1, &i, NULL));
  ctx_free(cx);
}

static void equal_attributes_are_one(void **state) {
  (void)state;
  Ctx *cx = ctx_new(NULL);
  Type *i8 = ir_int(cx, 8), *f16 = ir_float(cx, F16);
  assert_ptr_equal(ir_attr_int(cx, i8, 255), ir_attr_int(cx, i8, -1));
  assert_int_equal(ir_attr_int(cx, i8, 128)->integer, -128);
  assert_ptr_equal(ir_attr_int(cx, ir_int(cx, 1), 1), ir_attr_bool(cx, true));
  assert_ptr_not_equal(ir_attr_int(cx, i8, 1), ir_attr_int(cx, ir_int(cx, 16), 1));
  assert_ptr_equal(ir_attr_float(cx, f16, 0.1), ir_attr_float(cx, f16, 0.09998));
  assert_ptr_not_equal(ir_attr_float(cx, f16, 0.0), ir_attr_float(cx, f16, -0.0));
  assert_ptr_equal(ir_attr_float(cx, f16, NAN), ir_attr_float(cx, f16, NAN));
  Attr *one = ir_attr_int(cx, i8, 1), *two = ir_attr_int(cx, i8, 2);
  const char *ab[] = {"a", "b"}, *ba[] = {"b", "a"};
  assert_ptr_equal(ir_attr_dict(cx, ab, (Attr *[]){one, two}, 2), ir_attr_dict(cx, ba, (Attr *[]){two, one}, 2));
  Type *t = ir_tensor(cx, i8, 1, (int64_t[]){2}, NULL);
  assert_ptr_equal(ir_attr_dense(cx, t, (Attr *[]){one, one}), ir_attr_splat(cx, t, one));
  assert_ptr_not_equal(ir_attr_dense(cx, t, (Attr *[]){one, two}), ir_attr_splat(cx, t, one));
  assert_ptr_not_equal(ir_attr_string(cx, "a\0b", 3), ir_attr_string(cx, "a\0c", 3));
  assert_ptr_equal(ir_loc_name(cx, "x", ir_loc_unknown(cx)), ir_loc_name(cx, "x", NULL));
  assert_ptr_equal(ir_loc_file(cx, "f", 1, 2), ir_loc_file(cx, "f", 1, 2));
  ctx_free(cx);
}

/* ---- number formats ---------------------------------------------------------------------------------------------- */

/* The value of a code by the definition of its format; special codes as the formats' papers list them. */
static double by_definition(FloatKind kind, uint64_t code) {
  static const struct {
    int exponent, mantissa, bias;
  } shape[FLOAT_KINDS] = {
      [F8E4M3FN] = {4, 3, 7},       [F8E5M2] = {5, 2, 15}, [F8E4M3FNUZ] = {4, 3, 8}, [F8E5M2FNUZ] = {5, 2, 16},
      [F8E4M3B11FNUZ] = {4, 3, 11}, [F16] = {5, 10, 15},   [BF16] = {8, 7, 127}};
  int m = shape[kind].mantissa, e = shape[kind].exponent;
  uint64_t mantissa = code & ((1u << m) - 1), exponent = code >> m & ((1u << e) - 1), sign = code >> (m + e);
  bool ieee = kind == F8E5M2 || kind == F16 || kind == BF16, top = exponent == (1u << e) - 1;
  if (ieee && top) return mantissa ? NAN : sign ? -INFINITY : INFINITY;
  if (kind == F8E4M3FN && top && mantissa == 7) return NAN;
  if (!ieee && kind != F8E4M3FN && code == 0x80) return NAN;
  double fraction = (double)mantissa / (double)(1u << m) + (exponent ? 1 : 0);
  double x = fraction * exp2((double)(exponent ? exponent : 1) - shape[kind].bias);
  return sign ? -x : x;
}

static const FloatKind small_kinds[] = {F8E4M3FN, F8E5M2, F8E4M3FNUZ, F8E5M2FNUZ, F8E4M3B11FNUZ, F16, BF16};

static void every_code_decodes_and_encodes(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(small_kinds); k++) {
    FloatKind kind = small_kinds[k];
    uint64_t n = UINT64_C(1) << ir_float_bits(kind);
    for (uint64_t code = 0; code < n; code++) {
      double want = by_definition(kind, code), got = ir_float_decode(kind, code);
      if (isnan(want)) {
        assert_true(isnan(got));
        assert_true(isnan(ir_float_decode(kind, ir_float_encode(kind, got))));
        continue;
      }
      assert_memory_equal(&want, &got, sizeof want);
      assert_int_equal(ir_float_encode(kind, got), code);
    }
  }
}

/* Between two neighbours: the middle goes to the even code, a bit beside it to the nearer one. */
static void rounding_is_to_nearest_even(void **state) {
  (void)state;
  for (size_t k = 0; k < COUNT(small_kinds); k++) {
    FloatKind kind = small_kinds[k];
    uint64_t half = UINT64_C(1) << (ir_float_bits(kind) - 1);
    for (uint64_t code = 0; code + 1 < half; code++) {
      double low = by_definition(kind, code), high = by_definition(kind, code + 1);
      if (!isfinite(low) || !isfinite(high)) continue;
      double middle = low / 2 + high / 2;
      assert_int_equal(ir_float_encode(kind, middle), code & 1 ? code + 1 : code);
      assert_int_equal(ir_float_encode(kind, nextafter(middle, 0)), code);
      assert_int_equal(ir_float_encode(kind, nextafter(middle, INFINITY)), code + 1);
      if (code || (kind == F16 || kind == BF16 || kind == F8E4M3FN || kind == F8E5M2))
        assert_int_equal(ir_float_encode(kind, -low), code | half);
    }
  }
}

static void overflow_and_specials(void **state) {
  (void)state;
  assert_int_equal(ir_float_encode(F16, 65519.99), 0x7BFF);
  assert_int_equal(ir_float_encode(F16, 65520.0), 0x7C00);
  assert_int_equal(ir_float_encode(BF16, -1e39), 0xFF80);
  assert_int_equal(ir_float_encode(F8E5M2, 61440.0), 0x7C);
  assert_int_equal(ir_float_encode(F8E4M3FN, 464.0), 0x7E);     /* a tie between 448 and the code of NaN, to even */
  assert_int_equal(ir_float_encode(F8E4M3FN, 465.0), 0x7F);     /* no infinity there */
  assert_int_equal(ir_float_encode(F8E4M3FN, -INFINITY), 0x7F); /* one code of NaN, without sign */
  assert_int_equal(ir_float_encode(F8E4M3FNUZ, -0.0), 0);
  assert_int_equal(ir_float_encode(F8E4M3FNUZ, -1e-30), 0);
  assert_int_equal(ir_float_encode(F8E5M2FNUZ, INFINITY), 0x80);
  assert_int_equal(ir_float_encode(F64, -0.0), UINT64_C(1) << 63);
  assert_int_equal(ir_float_encode(F32, 5e-324), 0);
  /* Single precision against the processor's own conversion. */
  uint64_t random = 88172645463325252u;
  for (int i = 0; i < 200000; i++) {
    random ^= random << 13, random ^= random >> 7, random ^= random << 17;
    double x = ldexp((double)(int64_t)random, (int)(random % 340) - 230);
    float f = (float)x;
    uint32_t want;
    memcpy(&want, &f, sizeof want);
    assert_int_equal(ir_float_encode(F32, x), want);
    if (isfinite(f)) assert_true(ir_float_decode(F32, want) == (double)f);
  }
}

/* ---- building and changing --------------------------------------------------------------------------------------- */

typedef struct Made {
  Ctx *cx;
  Module *m;
  Op *func;
  Builder b;
  Type *i32;
} Made;

static Made function_of(int nargs) {
  Made f = {.cx = ctx_new(NULL)};
  f.m = ir_module_new(f.cx);
  f.i32 = ir_int(f.cx, 32);
  Type *inputs[8];
  for (int i = 0; i < nargs; i++) inputs[i] = f.i32;
  f.func = ir_func_new(f.m, "f", ir_func_type(f.cx, inputs, nargs, NULL, 0), true, ir_loc_file(f.cx, "k.py", 1, 0));
  f.b = ir_at_end(f.cx, ir_entry(f.func, 0));
  return f;
}

static Value *arg(const Made *f, int i) { return ir_entry(f->func, 0)->args[i]; }

static int uses_of(const Value *v) {
  int n = 0;
  for (const Use *u = v->uses; u; u = u->next) {
    assert_ptr_equal(u->value, v);
    assert_ptr_equal(*u->link, u);
    assert_ptr_equal(ir_operand(u->op, u->index), v);
    n++;
  }
  return n;
}

static void use_lists_follow(void **state) {
  (void)state;
  Made f = function_of(3);
  Value *x = arg(&f, 0), *y = arg(&f, 1), *z = arg(&f, 2);
  Value *sum = ir_make(&f.b, OP_ADDI, NULL, x, x, NULL);
  Value *more = ir_make(&f.b, OP_ADDI, NULL, sum, y, NULL);
  assert_ptr_equal(sum->type, f.i32);
  assert_int_equal(uses_of(x), 2);
  assert_true(ir_one_use(sum));
  ir_set_operand(sum->op, 1, y);
  assert_int_equal(uses_of(x), 1);
  assert_int_equal(uses_of(y), 2);
  ir_replace_all(y, z);
  assert_int_equal(uses_of(y), 0);
  assert_int_equal(uses_of(z), 2);
  Op *call = ir_op(&f.b, OP_CALL, NULL, 0, NULL, 0);
  for (int i = 0; i < 20; i++) ir_add_operand(f.cx, call, i % 2 ? x : z);
  assert_int_equal(uses_of(z), 12);
  assert_int_equal(uses_of(x), 11);
  for (int i = 0; i < 10; i++) ir_remove_operand(call, i);
  assert_int_equal(call->noperands, 10);
  for (int i = 0; i < 10; i++) assert_int_equal(call->operands[i].index, i);
  assert_int_equal(uses_of(z), 2);
  ir_erase(call);
  assert_int_equal(uses_of(x), 1);
  Type *more_types[] = {f.i32, f.i32};
  ir_add_result_types(f.cx, sum->op, more_types, 2);
  assert_int_equal(sum->op->nresults, 3);
  assert_ptr_equal(ir_operand(more->op, 0), ir_result(sum->op, 0));
  assert_int_equal(uses_of(ir_result(sum->op, 0)), 1);
  ctx_free(f.cx);
}

static void attributes_are_sorted_by_name(void **state) {
  (void)state;
  Made f = function_of(0);
  Op *op = ir_effect(&f.b, OP_BARRIER, NULL);
  const char *names[] = {"m", "a", "z", "b", "y", "c", "x", "d", "w"};
  for (int i = 0; i < 9; i++) ir_set_attr(f.cx, op, names[i], ir_attr_int(f.cx, f.i32, i));
  assert_int_equal(op->nattrs, 9);
  for (int i = 1; i < 9; i++) assert_true(strcmp(op->attrs[i - 1].name, op->attrs[i].name) < 0);
  ir_set_attr(f.cx, op, "c", NULL);
  ir_set_attr(f.cx, op, "a", ir_attr_enum(f.cx, "word"));
  assert_int_equal(op->nattrs, 8);
  assert_null(ir_attr(op, "c"));
  assert_int_equal(ir_attr_int_or(op, "w", -1), 8);
  assert_int_equal(ir_attr_int_or(op, "c", -1), -1);
  assert_string_equal(ir_attr_text_or(op, "a", ""), "word");
  ctx_free(f.cx);
}

static Op *loop_of(Made *f) {
  Value *zero = ir_const_int(&f->b, f->i32, 0), *one = ir_const_int(&f->b, f->i32, 1);
  Op *loop = ir_op(&f->b, OP_FOR, &f->i32, 1, (Value *[]){zero, arg(f, 0), one, arg(f, 1)}, 4);
  Block *body = ir_add_block(f->cx, ir_add_region(f->cx, loop));
  Value *i = ir_add_arg(f->cx, body, f->i32, NULL), *acc = ir_add_arg(f->cx, body, f->i32, NULL);
  Builder in = ir_at_end(f->cx, body);
  Value *next = ir_make(&in, OP_ADDI, NULL, acc, i, NULL);
  Value *twice = ir_make(&in, OP_MULI, NULL, next, arg(f, 2), NULL);
  ir_op(&in, OP_YIELD, NULL, 0, &twice, 1);
  return loop;
}

static void copies_are_whole_and_apart(void **state) {
  (void)state;
  Made f = function_of(3);
  Op *loop = loop_of(&f);
  Map map = {0};
  map_put(f.cx, &map, arg(&f, 2), arg(&f, 0));
  Op *copy = ir_clone(&f.b, loop, &map);
  ir_op(&f.b, OP_RETURN, NULL, 0, NULL, 0);
  assert_ptr_equal(map_get(&map, ir_result(loop, 0)), ir_result(copy, 0));
  Op *add = ir_entry(copy, 0)->first, *mul = add->next;
  assert_ptr_equal(ir_operand(add, 0), ir_entry(copy, 0)->args[1]);
  assert_ptr_equal(ir_operand(mul, 0), ir_result(add, 0));
  assert_ptr_equal(ir_operand(mul, 1), arg(&f, 0));
  assert_null(ir_verify(f.cx, f.m));
  ir_erase(loop);
  assert_null(ir_verify(f.cx, f.m));
  assert_true(ir_defined_outside(arg(&f, 0), copy));
  assert_false(ir_defined_outside(ir_result(add, 0), copy));
  assert_true(ir_dominates(add, mul));
  assert_false(ir_dominates(mul, add));
  assert_false(ir_dominates(copy, mul));
  assert_ptr_equal(ir_enclosing(mul, OP_FUNC), f.func);
  ctx_free(f.cx);
}

static void count(Op *op, void *n) {
  (void)op;
  ++*(int *)n;
}

static void erase_multiplications(Op *op, void *n) {
  ++*(int *)n;
  if (op->code != OP_MULI) return;
  ir_replace_all(ir_result(op, 0), ir_operand(op, 0));
  ir_erase(op);
}

static void walks_may_erase(void **state) {
  (void)state;
  Made f = function_of(3);
  loop_of(&f);
  ir_op(&f.b, OP_RETURN, NULL, 0, NULL, 0);
  int all = 0, post = 0, erasing = 0, left = 0;
  ir_walk(f.m->op, count, &all);
  ir_walk_post(f.m->op, count, &post);
  assert_int_equal(all, 8); /* func, two constants, for, add, mul, yield, return */
  assert_int_equal(post, all);
  ir_walk(f.m->op, erase_multiplications, &erasing);
  assert_int_equal(erasing, all);
  ir_walk(f.m->op, count, &left);
  assert_int_equal(left, all - 1);
  assert_null(ir_verify(f.cx, f.m));
  ctx_free(f.cx);
}

static void constants_are_seen_through_shapes(void **state) {
  (void)state;
  Made f = function_of(0);
  Type *t = ir_tensor(f.cx, f.i32, 2, (int64_t[]){4, 4}, NULL);
  Value *seven = ir_const_int(&f.b, f.i32, 7), *splat = ir_make(&f.b, OP_SPLAT, t, seven, NULL);
  int64_t x = 0;
  double d = 0;
  assert_true(ir_is_const_int(splat, &x) && x == 7);
  assert_true(ir_is_const_int(ir_const_int(&f.b, t, -1), &x) && x == -1);
  assert_false(ir_is_const_float(splat, &d));
  assert_true(ir_is_const_float(ir_const_float(&f.b, ir_float(f.cx, F16), 0.1), &d) && d == 0.0999755859375);
  ctx_free(f.cx);
}

static void effects_are_seen_inside(void **state) {
  (void)state;
  Made f = function_of(3);
  Op *loop = loop_of(&f);
  assert_false(ir_has_effects(loop));
  Builder in = ir_before(f.cx, ir_terminator(ir_entry(loop, 0)));
  ir_effect(&in, OP_BARRIER, NULL);
  assert_true(ir_has_effects(loop));
  assert_true(ir_reads_memory(loop));
  ctx_free(f.cx);
}

/* ---- the textual form -------------------------------------------------------------------------------------------- */

typedef struct Reading {
  const char *text;
  size_t len;
  bool no_locations;
  char *printed; /* malloc'ed */
} Reading;

static void read_and_print(Ctx *cx, void *arg) {
  Reading *r = arg;
  Module *m = ir_read(cx, source_new(cx, "test.mlir", r->text, r->len, 1));
  Buf b = {.cx = cx};
  ir_print(&b, m, (PrintOptions){.no_locations = r->no_locations});
  r->printed = strdup(buf_text(&b));
}

/* What the first diagnostic says, or "" ; to be freed. */
static char *message_of(const char *text, size_t len) {
  Ctx *cx = ctx_new(NULL);
  Reading r = {.text = text, .len = len, .no_locations = true};
  Err err = ctx_protect(cx, read_and_print, &r);
  char *message = strdup(err && ctx_diags(cx) ? ctx_diags(cx)->message : "");
  free(r.printed);
  ctx_free(cx);
  return message;
}

static char *printed(const char *text, size_t len, bool no_locations) {
  Ctx *cx = ctx_new(NULL);
  Reading r = {.text = text, .len = len, .no_locations = no_locations};
  if (ctx_protect(cx, read_and_print, &r)) {
    Buf b = {.cx = cx};
    diag_render(&b, ctx_diags(cx), false);
    print_error("%s", buf_text(&b));
    fail();
  }
  ctx_free(cx);
  return r.printed;
}

static void dimensions_are_followed(void **state) {
  (void)state;
  static const char text[] = "tt.func public @f(%x: tensor<1x32x1x8xi32>) {\n"
                             "  %a = tt.reshape %x : tensor<1x32x1x8xi32> -> tensor<32x8xi32>\n"
                             "  %b = tt.reshape %a : tensor<32x8xi32> -> tensor<256xi32>\n"
                             "  %c = tt.trans %a {order = array<i32: 1, 0>} : tensor<32x8xi32> -> tensor<8x32xi32>\n"
                             "  tt.return\n}\n";
  Ctx *cx = ctx_new(NULL);
  Module *m = ir_read(cx, source_new(cx, "test.mlir", text, sizeof text - 1, 1));
  const Op *drop = ir_entry(m->body->first->first, 0)->first, *merge = drop->next, *trans = merge->next;
  const int to[] = {-1, 0, -1, 1}, from[] = {1, 3};
  for (int d = 0; d < 4; d++) assert_int_equal(ir_dim_to_result(drop, d), to[d]);
  for (int d = 0; d < 2; d++) {
    assert_int_equal(ir_dim_to_operand(drop, d), from[d]);
    assert_int_equal(ir_dim_to_result(merge, d), -1);
    assert_int_equal(ir_dim_to_result(trans, d), 1 - d);
    assert_int_equal(ir_dim_to_operand(trans, d), 1 - d);
  }
  ctx_free(cx);
}

static void what_was_built_reads_back(void **state) {
  (void)state;
  Made f = function_of(3);
  f.b.loc =
      ir_loc_name(f.cx, "acc", ir_loc_call(f.cx, ir_loc_file(f.cx, "lib.py", 7, 1), ir_loc_file(f.cx, "k.py", 2, 4)));
  loop_of(&f);
  ir_op(&f.b, OP_RETURN, NULL, 0, NULL, 0);
  ir_set_attr(f.cx, f.func, "noinline", ir_attr_bool(f.cx, false));
  assert_null(ir_verify(f.cx, f.m));
  for (int without = 0; without < 2; without++) {
    Buf b = {.cx = f.cx};
    ir_print(&b, f.m, (PrintOptions){.no_locations = without});
    char *again = printed(b.s, b.len, without);
    assert_string_equal(b.s, again);
    free(again);
  }
  ctx_free(f.cx);
}

static char *slurp(const char *path, size_t *len) {
  FILE *file = fopen(path, "rb");
  assert_non_null(file);
  char *s = malloc(1 << 20);
  *len = fread(s, 1, (1 << 20) - 1, file);
  s[*len] = 0;
  fclose(file);
  return s;
}

typedef void WithFile(const char *name, const char *text, size_t len);

static int for_each_file(WithFile *fn) {
  const char *dir = SOURCE_DIR "/tests/ir/roundtrip";
  DIR *d = opendir(dir);
  assert_non_null(d);
  int n = 0;
  for (struct dirent *e; (e = readdir(d));) {
    size_t len, name_len = strlen(e->d_name);
    if (name_len < 5 || strcmp(e->d_name + name_len - 5, ".mlir") != 0) continue;
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
    char *text = slurp(path, &len), *body = strchr(text, '\n') + 1; /* after the RUN line */
    fn(e->d_name, body, len - (size_t)(body - text));
    free(text);
    n++;
  }
  closedir(d);
  return n;
}

static char seen_ops[OPCODES];

static void note_op(Op *op, void *arg) {
  (void)arg;
  seen_ops[op->code] = 1;
}

static void note_ops(Ctx *cx, void *arg) {
  Reading *r = arg;
  Module *m = ir_read(cx, source_new(cx, "test.mlir", r->text, r->len, 1));
  note_op(m->op, NULL);
  ir_walk(m->op, note_op, NULL);
}

static void round_trip(const char *name, const char *text, size_t len) {
  char *again = printed(text, len, !strstr(text, "loc("));
  if (strcmp(again, text) != 0) print_error("%s is not printed as it was written:\n%s", name, again);
  assert_string_equal(again, text);
  free(again);
  Ctx *cx = ctx_new(NULL);
  Reading r = {.text = text, .len = len};
  assert_int_equal(ctx_protect(cx, note_ops, &r), ERR_NONE);
  ctx_free(cx);
}

static void files_print_as_they_are_and_cover_every_op(void **state) {
  (void)state;
  assert_true(for_each_file(round_trip) >= 11);
  for (int i = 0; i < OPCODES; i++)
    if (!seen_ops[i]) fail_msg("no file has a '%s'", ir_ops[i].name);
}

static void generic_form_reads(void **state) {
  (void)state;
  const char *text =
      "\"builtin.module\"() ({\n"
      "  \"tt.func\"() <{function_type = (!tt.ptr<f32>, i32) -> (), sym_name = \"f\", sym_visibility = \"public\"}> "
      "({\n"
      "  ^bb0(%p: !tt.ptr<f32>, %n: i32):\n"
      "    %c = \"arith.cmpi\"(%n, %n) <{predicate = 2 : i64}> : (i32, i32) -> i1\n"
      "    %i = \"tt.get_program_id\"() <{axis = 1 : i32}> : () -> i32\n"
      "    %x = \"tt.load\"(%p, %c) <{cache = 3 : i32, evict = 1 : i32, isVolatile = false, operandSegmentSizes = "
      "array<i32: 1, 1, 0>}> : (!tt.ptr<f32>, i1) -> f32\n"
      "    %y = \"arith.addf\"(%x, %x) <{fastmath = #arith.fastmath<none>}> : (f32, f32) -> f32\n"
      "    \"cf.cond_br\"(%c, %n)[^bb1, ^bb2] <{operandSegmentSizes = array<i32: 1, 1, 0>}> : (i1, i32) -> ()\n"
      "  ^bb1(%k: i32):\n"
      "    \"tt.return\"() : () -> ()\n"
      "  ^bb2:\n"
      "    \"tt.return\"() : () -> ()\n"
      "  }) : () -> ()\n"
      "}) : () -> ()\n";
  char *out = printed(text, strlen(text), true);
  assert_string_equal(out, "module {\n"
                           "  tt.func public @f(%p: !tt.ptr<f32>, %n: i32) {\n"
                           "    %c = arith.cmpi slt, %n, %n : i32\n"
                           "    %i = tt.get_program_id y : i32\n"
                           "    %x = tt.load %p, %c cacheModifier = cg : !tt.ptr<f32>\n"
                           "    %y = arith.addf %x, %x : f32\n"
                           "    cf.cond_br %c, ^bb1(%n : i32), ^bb2\n"
                           "  ^bb1(%k: i32):  // pred: ^bb0\n"
                           "    tt.return\n"
                           "  ^bb2:  // pred: ^bb0\n"
                           "    tt.return\n"
                           "  }\n"
                           "}\n");
  free(out);
}

static void uses_may_come_before(void **state) {
  (void)state;
  const char *text = "module {\n"
                     "  tt.func public @f(%arg0: i1) -> i32 {\n"
                     "    cf.br ^bb2\n"
                     "  ^bb1:  // pred: ^bb2\n"
                     "    %c = arith.addi %b, %b : i32\n"
                     "    tt.return %c : i32\n"
                     "  ^bb2:  // pred: ^bb0\n"
                     "    %b = ub.poison : i32\n"
                     "    cf.br ^bb1\n"
                     "  }\n"
                     "}\n";
  char *out = printed(text, strlen(text), true);
  assert_string_equal(out, text);
  free(out);
}

/* ---- mistakes ---------------------------------------------------------------------------------------------------- */

/* The body of a function of these arguments, and what is to be said of it. */
#define HEAD                                                                                                           \
  "module {\n  tt.func private @callee(i32, f32) -> i32\n"                                                             \
  "  tt.func public @f(%i: i32, %l: i64, %x: f32, %p: !tt.ptr<f32>, %b: i1, %t: tensor<8xf32>, %ti: tensor<8xi32>, "   \
  "%q: tensor<8x!tt.ptr<f32>>, %m: tensor<8xi1>, %mm: tensor<4x8xf32>) {\n"
#define TAIL "\n    tt.return\n  }\n}\n"

static const struct Mistake {
  const char *body, *message;
} mistakes[] = {
#define MISTAKE(message, body) {body, message},
#include "ir_mistakes.def"
#undef MISTAKE
};

static void mistakes_are_named(void **state) {
  (void)state;
  bool all = true;
  for (size_t i = 0; i < COUNT(mistakes); i++) {
    char text[4096];
    int n = snprintf(text, sizeof text, "%s    %s%s", HEAD, mistakes[i].body, TAIL);
    char *message = message_of(text, (size_t)n);
    if (!strstr(message, mistakes[i].message)) {
      print_error("%s\n  gives: %s\n  not: %s\n", mistakes[i].body, message, mistakes[i].message);
      all = false;
    }
    free(message);
  }
  assert_true(all);
}

static void mistakes_point_into_the_text(void **state) {
  (void)state;
  const char *text =
      "module {\n  tt.func public @f(%x: i32) {\n    %y = arith.addj %x, %x : i32\n    tt.return\n  }\n}\n";
  Ctx *cx = ctx_new(NULL);
  Reading r = {.text = text, .len = strlen(text)};
  assert_int_equal(ctx_protect(cx, read_and_print, &r), ERR_SOURCE);
  int line, col;
  span_line_col(ctx_diags(cx)->span, &line, &col);
  assert_int_equal(line, 3);
  assert_int_equal(col, 10);
  assert_string_equal(ctx_diags(cx)->message, "unknown operation 'arith.addj'");
  assert_string_equal(ctx_diags(cx)->hint, "did you mean `arith.addi`?");
  ctx_free(cx);
}

static void structure_is_verified(void **state) {
  (void)state;
  Made f = function_of(3);
  Op *loop = loop_of(&f);
  assert_non_null(strstr(ir_verify(f.cx, f.m), "no terminator"));
  Op *ret = ir_op(&f.b, OP_RETURN, NULL, 0, NULL, 0);
  assert_null(ir_verify(f.cx, f.m));
  Op *body_add = ir_entry(loop, 0)->first;
  ir_insert_before(body_add->next, body_add); /* the product before the sum that it uses */
  assert_non_null(strstr(ir_verify(f.cx, f.m), "used before it is defined"));
  ir_insert_before(body_add, body_add->prev);
  assert_null(ir_verify(f.cx, f.m));
  Value *inside = ir_result(body_add, 0);
  Builder end = ir_before(f.cx, ret);
  Value *leak = ir_make(&end, OP_ADDI, NULL, inside, inside, NULL);
  assert_non_null(strstr(ir_verify(f.cx, f.m), "not visible here"));
  ir_erase(leak->op);
  body_add->operands[0].value = arg(&f, 0); /* behind the back of the use lists */
  assert_non_null(strstr(ir_verify(f.cx, f.m), "use list"));
  ctx_free(f.cx);
}

/* Deep nesting is refused, not overflowed by. */
static void depth_is_bounded(void **state) {
  (void)state;
  size_t cap = 1 << 22;
  char *text = malloc(cap);
  static const char *const opening[] = {"scf.if %b {\n", "%v = arith.constant {a = [", "(", "!tt.ptr<",
                                        "loc(callsite("};
  for (size_t k = 0; k < COUNT(opening); k++) {
    size_t n = (size_t)snprintf(text, cap, "module {\n tt.func @f(%%b: i1) {\n");
    for (int i = 0; i < 50000; i++) n += (size_t)snprintf(text + n, cap - n, "%s", k == 1 && i ? "[" : opening[k]);
    char *message = message_of(text, n);
    assert_true(*message);
    free(message);
  }
  char *end = text + sprintf(text, "#loc = loc(#loc1)\n#loc1 = loc(#loc)\nmodule {\n} loc(#loc)\n");
  char *message = message_of(text, (size_t)(end - text));
  assert_non_null(strstr(message, "defined by itself"));
  free(message);
  free(text);
}

static uint64_t random_state = 0x9E3779B97F4A7C15u;
static uint64_t next_random(void) {
  random_state ^= random_state << 13, random_state ^= random_state >> 7, random_state ^= random_state << 17;
  return random_state;
}

/* Whatever is done to a file, reading it ends in a module or a message. */
static void mangle(const char *name, const char *text, size_t len) {
  (void)name;
  char *copy = malloc(len + 1);
  for (int round = 0; round < 150; round++) {
    memcpy(copy, text, len);
    size_t n = round % 3 ? len : next_random() % len;
    for (int flips = round % 3 ? 1 + (int)(next_random() % 4) : 0; flips > 0; flips--) {
      size_t at = next_random() % n;
      switch (next_random() % 4) {
      case 0: copy[at] = (char)next_random(); break;
      case 1: copy[at] = "<>(){}[]%#!^:,=-\"x0"[next_random() % 19]; break;
      case 2: copy[at] = text[next_random() % len]; break;
      default: memmove(copy + at, copy + at + 1, n - at - 1), n--;
      }
    }
    char *message = message_of(copy, n);
    free(message);
  }
  free(copy);
}

static void damaged_files_do_no_harm(void **state) {
  (void)state;
  assert_true(for_each_file(mangle) > 0);
}

static void run_out_of_memory(const char *name, const char *text, size_t len) {
  (void)name;
  Err err = ERR_MEMORY;
  for (long n = 2; err; n++) {
    Failing f = {.fail_at = n};
    Ctx *cx = ctx_new(&(Allocator){failing_alloc, failing_release, &f});
    assert_non_null(cx);
    Reading r = {.text = text, .len = len};
    err = ctx_protect(cx, read_and_print, &r);
    assert_true(err == ERR_NONE || err == ERR_MEMORY);
    free(r.printed);
    ctx_free(cx);
    assert_int_equal(f.alive, 0);
  }
}

static void memory_may_run_out_anywhere(void **state) {
  (void)state;
  assert_true(for_each_file(run_out_of_memory) > 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_types_are_one),
      cmocka_unit_test(equal_attributes_are_one),
      cmocka_unit_test(every_code_decodes_and_encodes),
      cmocka_unit_test(rounding_is_to_nearest_even),
      cmocka_unit_test(overflow_and_specials),
      cmocka_unit_test(use_lists_follow),
      cmocka_unit_test(attributes_are_sorted_by_name),
      cmocka_unit_test(copies_are_whole_and_apart),
      cmocka_unit_test(walks_may_erase),
      cmocka_unit_test(constants_are_seen_through_shapes),
      cmocka_unit_test(effects_are_seen_inside),
      cmocka_unit_test(dimensions_are_followed),
      cmocka_unit_test(what_was_built_reads_back),
      cmocka_unit_test(files_print_as_they_are_and_cover_every_op),
      cmocka_unit_test(generic_form_reads),
      cmocka_unit_test(uses_may_come_before),
      cmocka_unit_test(mistakes_are_named),
      cmocka_unit_test(mistakes_point_into_the_text),
      cmocka_unit_test(structure_is_verified),
      cmocka_unit_test(depth_is_bounded),
      cmocka_unit_test(damaged_files_do_no_harm),
      cmocka_unit_test(memory_may_run_out_anywhere),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
