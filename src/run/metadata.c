/* metadata.c: facts about a compiled kernel, as JSON. */
#include "run/run.h"

#include <string.h>

static void put_json(Buf *b, const char *s) { buf_json(b, s, strlen(s)); }

const char *run_arg_kind_text(ArgKind kind) {
  static const char *const kinds[] = {"ptr",  "i1",   "i8",   "i16",  "i32",      "i64",
                                      "fp16", "bf16", "fp32", "fp64", "tensormap"};
  return (size_t)kind < COUNT(kinds) ? kinds[kind] : "?";
}

/* The tensor maps among the arguments, with the reference's keys; null: a descriptor that is base, shape and strides.
 * Maps that the launch makes are arguments that other launchers know nothing of: scratch memory, which they refuse. */
static void put_maps(Buf *b, const KernelInfo *k) {
  int made = 0;
  bool any = false;
  for (int i = 0; i < k->ndescriptors; i++) {
    const DescriptorArg *d = &k->descriptors[i];
    made += d->ncode != 0;
    if (d->ncode) continue;
    buf_puts(b, any ? ", " : ", \"tensordesc_meta\": [");
    any = true;
    if (!d->is_map) {
      buf_puts(b, "null");
      continue;
    }
    buf_printf(b, "{\"swizzle\": %d, \"elem_size\": %d, \"elem_type\": %d, \"block_size\": [", d->swizzle,
               d->elem_bytes, d->elem_type);
    for (int n = 0; n < d->rank; n++) buf_printf(b, "%s%d", n ? ", " : "", d->box[n]);
    buf_puts(b, "], \"fp4_padded\": false}");
  }
  if (any) buf_putc(b, ']');
  int64_t scratch = made * TENSOR_MAP_BYTES + k->program_memory;
  if (scratch) buf_printf(b, ", \"global_scratch_size\": %lld, \"global_scratch_align\": 128", (long long)scratch);
}

const char *run_metadata(Ctx *cx, const Compiled *c) {
  const KernelInfo *k = &c->info;
  Options options = c->options;
  options.num_warps = k->num_warps; /* as the backend made it */
  options.num_ctas = k->num_ctas;
  Buf b = {.cx = cx};
  buf_puts(&b, "{\"hash\": ");
  put_json(&b, c->hash);
  buf_puts(&b, ", \"name\": ");
  put_json(&b, k->name);
  buf_puts(&b, ", \"target\": ");
  put_json(&b, k->target);
  buf_puts(&b, ", \"args\": [");
  for (int i = 0; i < k->nargs; i++) {
    if (i) buf_puts(&b, ", ");
    put_json(&b, run_arg_kind_text(k->args[i]));
  }
  buf_printf(&b, "], \"shared\": %lld, \"n_regs\": %d, \"n_spills\": %d, \"n_max_threads\": %d", (long long)k->shared,
             k->n_regs, k->n_spills, k->n_max_threads);
  put_maps(&b, k);
  for (size_t i = 0; i < run_noptions; i++) {
    const OptionInfo *o = &run_option_table[i];
    const void *field = (const char *)&options + o->offset;
    buf_printf(&b, ", \"%s\": ", o->name);
    if (o->kind == OPTION_INT)
      buf_printf(&b, "%d", *(const int *)field);
    else if (o->kind == OPTION_BOOL)
      buf_puts(&b, *(const bool *)field ? "true" : "false");
    else if (*(const char *const *)field)
      put_json(&b, *(const char *const *)field);
    else
      buf_puts(&b, "null");
  }
  buf_putc(&b, '}');
  return buf_text(&b);
}
