/* descriptor.c: tensor descriptors among a kernel's arguments.
 *
 * Callers give one as a struct ttc_tensor_descriptor, whatever the target. What the compiled kernel takes in its place
 * is: the parts that opt_descriptors leaves (the base and two flags), or a tensor map, which the target makes; then the
 * shape and strides, which are arguments of their own in Triton IR already. KernelInfo.args counts these; KernelInfo.descriptors says which of the caller's
 * arguments stand for several of them.
 */
#include "run/run.h"

#include <stdio.h>
#include <string.h>

#define LONGEST_STRIDE (INT64_C(1) << 40) /* of a tensor map, in bytes */
enum { PARTS = 3 };                       /* base, NaN outside, rounding to tf32; the shape and strides come after */

static int arguments_of(const DescriptorArg *d) { return (d->is_map ? 1 : PARTS) + 2 * d->rank; }

void run_describe_descriptors(Ctx *cx, const Module *m, KernelInfo *info) {
  const Op *func = ir_module_func(m, info->name);
  const Type *t = func ? ir_func_signature(func) : NULL;
  Vec(DescriptorArg) found = {0};
  for (int i = 0, at = 0; t && i < t->ninputs; i++, at++) {
    int rank = opt_kernel_descriptor(t, i);
    if (!rank) continue;
    const Type *block = t->inputs[i]->elem;
    DescriptorArg d = {.at = at, .rank = rank, .elem_bytes = ir_elem_bytes(block)};
    if (rank > TTC_MAX_RANK)
      ctx_fail(cx, ERR_SOURCE, "argument %d of `%s`: a tensor descriptor has %d dimensions at most, not %d", at,
               info->name, TTC_MAX_RANK, rank);
    for (int k = 0; k < rank; k++) d.block[k] = (int)block->shape[k];
    vec_push(cx, &found, d);
    i += 2 * rank;
  }
  info->descriptors = found.at;
  info->ndescriptors = (int)found.len;
}

static bool is_given(const DescriptorArg *d) { return d->ncode == 0; }

int run_nargs(const KernelInfo *k) {
  int n = k->nargs - (k->program_memory > 0);
  for (int i = 0; i < k->ndescriptors; i++)
    n -= is_given(&k->descriptors[i]) ? arguments_of(&k->descriptors[i]) - 1 : 1;
  return n;
}

/* The kernel's argument that is the caller's `i`, or the first of those; *d: which descriptor, or NULL. */
static size_t place_of(const KernelInfo *k, size_t i, const DescriptorArg **d) {
  size_t skipped = 0;
  *d = NULL;
  for (int n = 0; n < k->ndescriptors && is_given(&k->descriptors[n]) && (size_t)k->descriptors[n].at <= i; n++) {
    if ((size_t)k->descriptors[n].at == i)
      *d = &k->descriptors[n];
    else
      skipped += (size_t)arguments_of(&k->descriptors[n]) - 1;
  }
  return i + skipped;
}

const char *run_arg_type(const KernelInfo *k, size_t i) {
  const DescriptorArg *d;
  size_t at = place_of(k, i, &d);
  return i >= (size_t)run_nargs(k) ? NULL : d ? "tensordesc" : run_arg_kind_text(k->args[at]);
}

bool run_arg_written(const KernelInfo *k, size_t i) {
  const DescriptorArg *d;
  size_t at = place_of(k, i, &d);
  return at < (size_t)k->nargs && k->written[at];
}

const bool *run_place_written(Ctx *cx, const KernelInfo *k, const bool *written) {
  bool *out = NEWN(cx, bool, k->nargs + 1);
  int given = run_nargs(k);
  for (int i = 0, from = 0; i < given; i++) {
    const DescriptorArg *d;
    out[place_of(k, (size_t)i, &d)] = written[from];
    from += d ? 1 + 2 * d->rank : 1;
  }
  return out;
}

/* What is wrong with a descriptor; NULL: nothing. */
static const char *mistake(const DescriptorArg *d, const ttc_tensor_descriptor *t) {
  if (t->rank != d->rank) return "its rank is not that of the block";
  if ((uintptr_t)t->base % 16 != 0) return "its base is not a multiple of 16 bytes";
  for (int i = 0; i < d->rank; i++) {
    if (t->shape[i] <= 0 || t->shape[i] > INT32_MAX) return "its shape is not positive, or has more than 31 bits";
    if (i + 1 < d->rank && t->strides[i] * d->elem_bytes % 16 != 0) return "a stride is not a multiple of 16 bytes";
  }
  return t->strides[d->rank - 1] == 1 ? NULL : "its last stride is not 1";
}

/* ---- maps that no caller gives ----------------------------------------------------------------------------------- */

static int64_t wrapped(int64_t x, int64_t bits) {
  return bits == 8 ? (int8_t)x : bits == 16 ? (int16_t)x : bits == 32 ? (int32_t)x : x;
}

static int64_t read_arg(const void *arg, int64_t bits) {
  int8_t x8;
  int16_t x16;
  int32_t x32;
  int64_t x64;
  switch (bits) {
  case 8: return memcpy(&x8, arg, sizeof x8), x8;
  case 16: return memcpy(&x16, arg, sizeof x16), x16;
  case 32: return memcpy(&x32, arg, sizeof x32), x32;
  default: return memcpy(&x64, arg, sizeof x64), x64;
  }
}

/* Where a value lies in all programs of a launch: a number, if it is the same in all. */
typedef struct Interval {
  int64_t lo, hi;
} Interval;

/* What a launch computes with. */
typedef struct MapInput {
  const KernelInfo *kernel;
  const void *const *args;
  const uint32_t *grid;
  int given; /* how many of the arguments callers give */
} MapInput;

static int64_t combined(MapOp op, int64_t a, int64_t b, bool *bad) {
  switch (op) {
  case MAP_ADD: return (int64_t)((uint64_t)a + (uint64_t)b);
  case MAP_SUB: return (int64_t)((uint64_t)a - (uint64_t)b);
  case MAP_MUL: return (int64_t)((uint64_t)a * (uint64_t)b);
  case MAP_MIN: return a < b ? a : b;
  case MAP_MAX: return a > b ? a : b;
  case MAP_REM: *bad |= b == 0; return b == 0 || b == -1 ? 0 : a % b;
  default: *bad |= b == 0; return b == 0 ? 0 : b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
  }
}

/* Of numbers, as programs compute. Of intervals, the least and the largest of what their ends give, which bound all between:
 * each op is monotone in either operand, a quotient by what is positive. A remainder of what is not negative lies below
 * its divisor. What may leave the type is not known. */
static Interval combined_intervals(MapOp op, Interval a, Interval b, int64_t bits, bool *bad) {
  if (a.lo == a.hi && b.lo == b.hi) {
    int64_t x = wrapped(combined(op, a.lo, b.lo, bad), bits);
    return (Interval){x, x};
  }
  const int64_t limit = INT64_C(1) << 31;
  *bad |= a.lo < -limit || a.hi >= limit || b.lo < -limit || b.hi >= limit;
  *bad |= (op == MAP_DIV || op == MAP_REM) && b.lo <= 0;
  *bad |= op == MAP_REM && a.lo < 0;
  if (*bad) return a;
  if (op == MAP_REM) return (Interval){0, a.hi < b.hi - 1 ? a.hi : b.hi - 1};
  const int64_t x[] = {combined(op, a.lo, b.lo, bad), combined(op, a.lo, b.hi, bad), combined(op, a.hi, b.lo, bad),
                       combined(op, a.hi, b.hi, bad)};
  Interval r = {x[0], x[0]};
  for (size_t i = 1; i < COUNT(x); i++) {
    if (x[i] < r.lo) r.lo = x[i];
    if (x[i] > r.hi) r.hi = x[i];
  }
  *bad |= wrapped(r.lo, bits) != r.lo || wrapped(r.hi, bits) != r.hi;
  return r;
}

static bool reads_input(int64_t op) { return op == MAP_ARG || op == MAP_PROGRAM || op == MAP_PROGRAMS; }

/* What such a step reads: an argument, or how many programs there are along an axis. */
static bool read_input(const MapInput *in, MapOp op, int64_t x, int64_t *out) {
  if (x < 0 || (op == MAP_ARG ? x >> 8 >= in->given : x > 2)) return false;
  *out = op == MAP_ARG ? read_arg(in->args[x >> 8], x & 255) : in->grid[x];
  return true;
}

/* Runs the steps; how many values they leave, -1: none can be told. */
static int run_code(const MapInput *in, const DescriptorArg *d, Interval *stack) {
  const int64_t *code = in->kernel->map_code + d->code_at;
  int top = 0;
  bool bad = d->ncode > 2 * MAP_MAX_STEPS;
  for (int i = 0; i + 1 < d->ncode && !bad; i += 2) {
    MapOp op = (MapOp)code[i];
    int64_t x = code[i + 1], value = x;
    if (op == MAP_CONST || reads_input(op)) {
      if (op != MAP_CONST) bad |= !read_input(in, op, x, &value);
      stack[top++] = op == MAP_PROGRAM ? (Interval){0, value - 1} : (Interval){value, value};
    } else if (op == MAP_WRAP) {
      bad |=
          top < 1 || (stack[top - 1].lo != stack[top - 1].hi && (wrapped(stack[top - 1].lo, x) != stack[top - 1].lo ||
                                                                 wrapped(stack[top - 1].hi, x) != stack[top - 1].hi));
      if (!bad) stack[top - 1] = (Interval){wrapped(stack[top - 1].lo, x), wrapped(stack[top - 1].hi, x)};
    } else {
      bad |= top < 2 || op > MAP_PROGRAMS;
      if (!bad) top--, stack[top - 1] = combined_intervals(op, stack[top - 1], stack[top], x, &bad);
    }
  }
  return bad ? -1 : top;
}

/* The base, the shape and the strides; false: they cannot be told, or what follows them may be negative. */
static bool run_parts(const MapInput *in, const DescriptorArg *d, int64_t *out, int n) {
  Interval stack[MAP_MAX_STEPS];
  int left = run_code(in, d, stack);
  if (left < n) return false;
  for (int i = 0; i < left; i++) {
    if (i < n ? stack[i].lo != stack[i].hi : stack[i].lo < 0) return false;
    if (i < n) out[i] = stack[i].lo;
  }
  return true;
}

/* Maps that this thread's last launches made, by the arguments and sizes of the grid that they are made of: a launch with
 * the same, which most are, takes its maps from here. */
enum { MADE_MAPS = 64, MADE_ARGS = 12 };
typedef struct MadeMap {
  uint64_t kernel; /* its number */
  int which, nargs;
  int64_t args[MADE_ARGS];
  unsigned char map[TENSOR_MAP_BYTES];
} MadeMap;

/* The values that the steps read, in order; -1: too many. */
static int inputs_of_code(const MapInput *in, const DescriptorArg *d, int64_t *out) {
  const int64_t *code = in->kernel->map_code + d->code_at;
  int n = 0;
  for (int i = 0; i + 1 < d->ncode; i += 2) {
    if (!reads_input(code[i])) continue;
    if (n == MADE_ARGS || !read_input(in, (MapOp)code[i], code[i + 1], &out[n])) return -1;
    n++;
  }
  return n;
}

static bool make_map(const Target *target, const MapInput *in, const DescriptorArg *d, DescriptorValues *v, char *error,
                     size_t size);

static bool made_map(const Target *target, const MapInput *in, int which, DescriptorValues *v, char *error,
                     size_t size) {
  const KernelInfo *k = in->kernel;
  static _Thread_local MadeMap all[MADE_MAPS];
  int64_t now[MADE_ARGS];
  const DescriptorArg *d = &k->descriptors[which];
  int n = k->number ? inputs_of_code(in, d, now) : -1;
  MadeMap *m = &all[(k->number * 7 + (uint64_t)which) % MADE_MAPS];
  if (n > 0 && m->kernel == k->number && m->which == which && m->nargs == n &&
      !memcmp(m->args, now, (size_t)n * sizeof *now)) {
    memcpy(v->map, m->map, sizeof v->map);
    return true;
  }
  if (!make_map(target, in, d, v, error, size)) return false;
  if (n <= 0) return true;
  *m = (MadeMap){.kernel = k->number, .which = which, .nargs = n};
  memcpy(m->args, now, (size_t)n * sizeof *now);
  memcpy(m->map, v->map, sizeof m->map);
  return true;
}

/* A tensor without elements has no map, and a kernel that is right does not ask for a block of it: zeros, which the copy
 * engine refuses. */
static bool make_map(const Target *target, const MapInput *in, const DescriptorArg *d, DescriptorValues *v, char *error,
                     size_t size) {
  int64_t parts[2 * TTC_MAX_RANK];
  ttc_tensor_descriptor t = {.rank = d->rank, .flags = d->nan ? TTC_DESCRIPTOR_NAN : 0};
  memset(v->map, 0, sizeof v->map);
  if (!run_parts(in, d, parts, 2 * d->rank)) {
    snprintf(error, size, "kernel `%s`: a tensor map cannot be made of these arguments", in->kernel->name);
    return !d->is_optional;
  }
  bool fits = true;
  t.base = (void *)(uintptr_t)parts[0];
  for (int i = 0; i < d->rank; i++) {
    t.shape[i] = parts[1 + i];
    t.strides[i] = i + 1 < d->rank ? parts[1 + d->rank + i] : 1;
    fits = fits && t.strides[i] >= 0 && t.strides[i] < LONGEST_STRIDE / d->elem_bytes;
    if (t.shape[i] <= 0) return true;
  }
  char text[200] = "";
  const char *wrong = fits ? mistake(d, &t) : "a stride is negative, or has more than 40 bits";
  if (!wrong && target->tensor_map(d, &t, v->map, text, sizeof text)) return true;
  snprintf(error, size, "kernel `%s`: a tensor descriptor that it makes: %s", in->kernel->name, wrong ? wrong : text);
  return false;
}

/* Is an integer argument negative? Coordinates of optional maps were found not to be where none is (index/box.c). */
static bool has_negative(const KernelInfo *k, const void *const *args) {
  const DescriptorArg *d;
  for (int i = 0, n = run_nargs(k); i < n; i++) {
    ArgKind kind = k->args[place_of(k, (size_t)i, &d)];
    if (d) continue;
    if (kind == ARG_I32 && read_arg(args[i], 32) < 0) return true;
    if (kind == ARG_I64 && read_arg(args[i], 64) < 0) return true;
  }
  return false;
}

/* Is the base of an optional map an argument that the kernel writes through under another name? (gpu/passes/tma_pointers.c) */
static bool reads_what_it_writes(const MapInput *in) {
  const KernelInfo *k = in->kernel;
  const DescriptorArg *d;
  for (int i = 0; i < in->given; i++) {
    size_t at = place_of(k, (size_t)i, &d);
    if (d || !k->written[at]) continue;
    for (int n = 0; n < k->ndescriptors; n++) {
      const int64_t *code = k->map_code + k->descriptors[n].code_at;
      int64_t base; /* steps begin with it */
      if (!k->descriptors[n].is_optional || code[0] != MAP_ARG || code[1] >> 8 == i) continue;
      if (!read_input(in, MAP_ARG, code[1], &base) || base == read_arg(in->args[i], 64)) return true;
    }
  }
  return false;
}

/* ---- the arguments of a launch ----------------------------------------------------------------------------------- */

bool run_place_args(const Target *target, const KernelInfo *k, const uint32_t *grid, const void *const *args,
                    const void **out, DescriptorValues *values, void *const *program_memory, char *error, size_t size) {
  int next = 0, given = run_nargs(k), d = 0;
  const MapInput in = {k, args, grid, given};
  for (int i = 0; i < given; i++) {
    if (d == k->ndescriptors || !is_given(&k->descriptors[d]) || k->descriptors[d].at != i) {
      out[next++] = args[i];
      continue;
    }
    const ttc_tensor_descriptor *t = args[i];
    const DescriptorArg *kind = &k->descriptors[d];
    DescriptorValues *v = &values[d++];
    const char *wrong = mistake(kind, t);
    if (wrong) {
      snprintf(error, size, "kernel `%s`: argument %d, a tensor descriptor: %s", k->name, i, wrong);
      return false;
    }
    *v = (DescriptorValues){
        .base = t->base, .nan = (t->flags & TTC_DESCRIPTOR_NAN) != 0, .tf32 = (t->flags & TTC_DESCRIPTOR_TF32) != 0};
    if (kind->is_map) {
      char why[200] = "";
      if (!target->tensor_map(kind, t, v->map, why, sizeof why)) {
        snprintf(error, size, "kernel `%s`: argument %d, a tensor descriptor: %s", k->name, i, why);
        return false;
      }
      out[next++] = v->map;
    } else {
      out[next++] = &v->base;
      out[next++] = &v->nan;
      out[next++] = &v->tf32;
    }
    for (int n = 0; n < kind->rank; n++) {
      v->shape[n] = (int32_t)t->shape[n];
      v->strides[n] = t->strides[n];
      out[next + n] = &v->shape[n];
      out[next + kind->rank + n] = &v->strides[n];
    }
    next += 2 * kind->rank;
  }
  if (k->without_maps && has_negative(k, args)) {
    snprintf(error, size, "kernel `%s`: an integer argument is negative", k->name);
    return false;
  }
  if (k->without_maps && reads_what_it_writes(&in)) {
    snprintf(error, size, "kernel `%s`: an argument that it reads by a tensor map is written through another", k->name);
    return false;
  }
  for (; d < k->ndescriptors; d++) {
    if (!made_map(target, &in, d, &values[d], error, size)) return false;
    out[next++] = values[d].map;
  }
  static void *const none;
  if (k->program_memory) out[next++] = program_memory ? (const void *)program_memory : &none;
  return true;
}
