/* source_cpu.c: kernels for the CPU as C: the machine code of every feature level as assembler text, a table of it for the
 * run-time library, and a function that takes the variant which the arguments fit.
 *
 * Levels or variants that came out the same share their code.
 */
#include "aot/internal.h"

#include <string.h>

typedef struct CpuSource {
  Buf *out;
  const AotBuild *b;
  Map seen; /* of an object's bytes, interned by their hash: the code's name */
} CpuSource;

/* "x86_64_v3" */
static const char *level_name(Ctx *cx, const Compiled *c) {
  char *name = ctx_printf(cx, "%s", c->target.arch);
  for (char *p = name; *p; p++)
    if (*p == '-' || *p == '.') *p = '_';
  return name;
}

static const char *hash_of(Ctx *cx, const Compiled *c, const Stage *object) {
  Sha256 hash;
  char hex[65];
  sha256_init(&hash);
  sha256_add(&hash, c->info.name, strlen(c->info.name));
  sha256_add(&hash, object->bytes, object->len);
  sha256_hex(&hash, hex);
  return intern(cx, hex);
}

/* The name of the function with this image's code, which is written where it is new. */
static const char *put_code(CpuSource *s, const AotFunction *f, size_t variant, const Compiled *c) {
  Ctx *cx = s->out->cx;
  const Stage *object = aot_stage(c, "obj");
  const char *hash = hash_of(cx, c, object), *name = map_get(&s->seen, hash);
  if (name) return name;
  name = ctx_printf(cx, "ttc_%s_%s_%zu_%s", s->b->name, f->name, variant, level_name(cx, c));
  aot_object(s->out, object->bytes, object->len, c->info.name, name, name);
  buf_printf(s->out, "extern __attribute__((visibility(\"hidden\"))) ttc_rt_entry %s;\n\n", name);
  map_put(cx, &s->seen, hash, (void *)(uintptr_t)name);
  return name;
}

static void put_kernel(CpuSource *s, const AotFunction *f, size_t variant) {
  const AotVariant *v = &f->variants[variant];
  Buf table = {.cx = s->out->cx};
  for (size_t i = 0; i < v->nimages; i++)
    buf_printf(&table, "  {\"%s\", %s, %lld},\n", v->images[i]->target.arch, put_code(s, f, variant, v->images[i]),
               (long long)v->images[i]->info.shared);
  buf_printf(s->out, "static const ttc_rt_code %s_codes_%zu_[] = {\n%s};\n", f->name, variant, buf_text(&table));
  buf_printf(s->out, "static ttc_rt_kernel %s_%zu_ = {TTC_RT_ABI, %zu, \"%s\", %s_codes_%zu_, {0}, %d};\n\n", f->name,
             variant, v->nimages, f->name, f->name, variant, v->images[0]->info.max_threads);
}

/* args_[...] = ...; in the kernel's order. */
static void put_arguments(Buf *out, const AotFunction *f, const AotVariant *v) {
  const KernelInfo *k = &v->images[0]->info;
  int at = 0, d = 0;
  buf_printf(out, "    const void *args_[%d];\n", k->nargs + 1);
  for (int i = 0; i < k->ndescriptors; i++) buf_printf(out, "    ttc_rt_descriptor_parts parts_%d_;\n", i);
  if (k->ndescriptors) buf_puts(out, "    const char *wrong_;\n");
  for (size_t i = 0; i < v->nparams; i++) {
    const AotParam *p = &v->params[i];
    if (!p->type || p->hint == 1) continue;
    if (aot_is_descriptor(p)) {
      const DescriptorArg *t = &k->descriptors[d];
      buf_printf(out, "    wrong_ = ttc_rt_place_descriptor(%s, %d, %d, &parts_%d_, args_ + %d);\n", p->name, t->rank,
                 t->elem_bytes, d, at);
      buf_printf(out, "    if (wrong_) return ttc_rt_fail(TTC_RT_ERROR_ARGUMENT, \"%s, `%s`\", wrong_);\n", f->name,
                 p->name);
      at += 3 + 2 * t->rank;
      d++;
    } else {
      buf_printf(out, "    args_[%d] = &%s;\n", at++, p->name);
    }
  }
  buf_printf(out, "    args_[%d] = 0;\n", at);
}

static void put_function(Buf *out, const AotBuild *b, const AotFunction *f) {
  buf_printf(out, "int %s(", f->name);
  aot_params(out, b, &f->variants[0]);
  buf_puts(out, ") {\n");
  for (size_t i = 0; i < f->nvariants; i++) {
    const AotVariant *v = &f->variants[i];
    aot_open_variant(out, b, v);
    put_arguments(out, f, v);
    aot_unused(out, v, "    ");
    buf_printf(out, "    return ttc_rt_launch(&%s_%zu_, grid_, args_);\n  }\n", f->name, i);
  }
  buf_printf(out,
             "  return ttc_rt_fail(TTC_RT_ERROR_ARGUMENT, \"%s\", \"it was compiled for other arguments: the header "
             "says which\");\n}\n\n",
             f->name);
}

void aot_source_cpu(Buf *out, const AotBuild *b) {
  CpuSource s = {.out = out, .b = b};
  buf_puts(out, "#ifdef __GNUC__\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n#endif\n");
  buf_puts(out, "#ifndef TRITONC_RT_H\n");
  buf_write(out, aot_texts[0].text, aot_texts[0].len);
  buf_printf(out, "#endif\n#include \"%s.h\"\n\n", b->name);
  for (size_t i = 0; i < b->nfunctions; i++) {
    const AotFunction *f = &b->functions[i];
    for (size_t k = 0; k < f->nvariants; k++) put_kernel(&s, f, k);
    put_function(out, b, f);
  }
  buf_printf(out, "const char *%s_message(void) { return ttc_rt_message(); }\n", b->name);
}
