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

enum { PARTS = 3 }; /* base, NaN outside, rounding to tf32; the shape and strides come behind */

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

int run_nargs(const KernelInfo *k) {
  int n = k->nargs;
  for (int i = 0; i < k->ndescriptors; i++) n -= arguments_of(&k->descriptors[i]) - 1;
  return n;
}

/* The kernel's argument that is the caller's `i`, or the first of those; *d: which descriptor, or NULL. */
static size_t place_of(const KernelInfo *k, size_t i, const DescriptorArg **d) {
  size_t skipped = 0;
  *d = NULL;
  for (int n = 0; n < k->ndescriptors && (size_t)k->descriptors[n].at <= i; n++) {
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
  return at >= (size_t)k->nargs ? NULL : d ? "tensordesc" : run_arg_kind_text(k->args[at]);
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

bool run_place_args(const Target *target, const KernelInfo *k, const void *const *args, const void **out,
                    DescriptorValues *values, char *error, size_t size) {
  int next = 0, given = run_nargs(k), d = 0;
  for (int i = 0; i < given; i++) {
    if (d == k->ndescriptors || k->descriptors[d].at != i) {
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
  return true;
}
