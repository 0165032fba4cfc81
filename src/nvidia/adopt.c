/* adopt.c: the arguments of Triton GPU IR from elsewhere.
 *
 * A descriptor of rank r is, to a launch, base, NaN flag, TF32 flag, r of shape (i32) and r strides (i64): see run/descriptor.c.
 * The reference prints base, r of shape and r strides (i64), a NaN flag, from 3.7 on a TF32 flag, and then shape and
 * strides once more, as a launch has them. The parts that are there twice become those of the second kind. */
#include "nvidia/adopt.h"

typedef struct Parts {
  Ctx *cx;
  Op *func;
  Attr *none; /* attributes of an argument without any */
  Vec(Value *) args;
  Vec(Attr *) attrs;
} Parts;

static Attr *attrs_of(const Parts *p, int i) {
  const Attr *all = ir_attr(p->func, "arg_attrs");
  return all && i < all->n ? all->items[i] : p->none;
}

static void keep(Parts *p, int i) {
  const Block *entry = ir_entry(p->func, 0);
  vec_push(p->cx, &p->args, entry->args[i]);
  Attr *attrs = attrs_of(p, i);
  vec_push(p->cx, &p->attrs, attrs);
}

static bool are_ints(const Type *t, int at, int n, int bits) {
  for (int i = at; i < at + n; i++)
    if (i >= t->ninputs || t->inputs[i]->kind != TYPE_INT || t->inputs[i]->bits != bits) return false;
  return true;
}

/* How many flags follow shape and strides, if the arguments from `at` on are such parts; else 0. */
static int flags_of(const Type *t, int at, int rank) {
  if (at >= t->ninputs || t->inputs[at]->kind != TYPE_PTR || !are_ints(t, at + 1, 2 * rank, 64)) return 0;
  int flags = at + 1 + 2 * rank;
  for (int n = 1; n <= 2; n++)
    if (are_ints(t, flags, n, 1) && are_ints(t, flags + n, rank, 32) && are_ints(t, flags + n + rank, rank, 64))
      return n;
  return 0;
}

/* The parts from `at` on; gives where they end. */
static int adopt_one(Parts *p, int at, int rank, int nflags) {
  Block *entry = ir_entry(p->func, 0);
  int flags = at + 1 + 2 * rank, shape = flags + nflags, strides = shape + rank;
  Builder b = ir_before(p->cx, entry->first);
  keep(p, at);
  for (int i = 0; i < nflags; i++) keep(p, flags + i);
  if (nflags == 1) {
    Value *v = NEW(p->cx, Value);
    *v = (Value){.type = ir_int(p->cx, 1), .block = entry, .loc = entry->args[at]->loc};
    vec_push(p->cx, &p->args, v);
    vec_push(p->cx, &p->attrs, p->none);
  }
  for (int i = 0; i < rank; i++) {
    Value *size = entry->args[shape + i], *stride = entry->args[strides + i];
    keep(p, shape + i);
    ir_replace_all(entry->args[at + 1 + i], ir_make(&b, OP_EXTSI, ir_int(p->cx, 64), size, NULL));
    ir_replace_all(entry->args[at + 1 + rank + i], stride);
  }
  for (int i = 0; i < rank; i++) keep(p, strides + i);
  return strides + rank;
}

void nvidia_adopt_parts(Ctx *cx, Op *func, const KernelInfo *info) {
  const Type *t = ir_func_signature(func);
  Block *entry = ir_entry(func, 0);
  Parts p = {.cx = cx, .func = func, .none = ir_attr_dict(cx, NULL, NULL, 0)};
  int at = 0;
  bool any = false;
  for (int i = 0, given = 0; i < info->ndescriptors; i++, given++) {
    const DescriptorArg *d = &info->descriptors[i];
    for (; given < d->at && at < t->ninputs; given++) keep(&p, at++);
    int flags = flags_of(t, at, d->rank);
    any |= flags != 0;
    int end = at < t->ninputs && t->inputs[at]->kind == TYPE_PTR ? at + 3 + 2 * d->rank : at + 1 + 2 * d->rank;
    if (flags)
      at = adopt_one(&p, at, d->rank, flags);
    else
      while (at < end && at < t->ninputs) keep(&p, at++);
  }
  if (!any) return;
  while (at < t->ninputs) keep(&p, at++);
  Type **inputs = NEWN(cx, Type *, (int64_t)p.args.len + 1);
  for (uint32_t i = 0; i < p.args.len; i++) p.args.at[i]->index = (int)i, inputs[i] = p.args.at[i]->type;
  entry->args = p.args.at;
  entry->nargs = entry->arg_cap = (int)p.args.len;
  Type *now = ir_func_type(cx, inputs, entry->nargs, t->results, t->nresults);
  ir_set_attr(cx, func, "function_type", ir_attr_type(cx, now));
  ir_set_attr(cx, func, "arg_attrs", ir_attr_array(cx, p.attrs.at, (int)p.attrs.len));
}
