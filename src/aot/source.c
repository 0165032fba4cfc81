/* source.c: what the C sources for the CPU and for GPUs have in common: parameters, which variant takes a call's arguments,
 * the grid, tables of bytes.
 */
#include "aot/internal.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

const Stage *aot_stage(const Compiled *c, const char *name) {
  for (uint32_t i = 0; i < c->stages.len; i++)
    if (strcmp(c->stages.at[i].name, name) == 0) return &c->stages.at[i];
  return NULL;
}

/* ---- names and types --------------------------------------------------------------------------------------------- */

bool aot_is_c_name(const char *name) {
  static const char *const taken[] = {
      "stream",   "algo_id",  "grid_x",  "grid_y", "grid_z", "auto",    "break",    "case",     "char",
      "const",    "continue", "default", "do",     "double", "else",    "enum",     "extern",   "float",
      "for",      "goto",     "if",      "inline", "int",    "long",    "register", "restrict", "return",
      "short",    "signed",   "sizeof",  "static", "struct", "switch",  "typedef",  "union",    "unsigned",
      "void",     "volatile", "while",   "bool",   "class",  "delete",  "new",      "private",  "public",
      "template", "this",     "throw",   "try",    "using",  "virtual", "operator", "namespace"};
  for (size_t i = 0; i < COUNT(taken); i++)
    if (strcmp(taken[i], name) == 0) return false;
  size_t n = strlen(name);
  for (size_t i = 0; i < n; i++)
    if (!isalnum((unsigned char)name[i]) && name[i] != '_') return false;
  return n && !isdigit((unsigned char)name[0]) && name[n - 1] != '_';
}

bool aot_is_descriptor(const AotParam *p) { return p->type && strncmp(p->type, "tensordesc<", 11) == 0; }

bool aot_takes_descriptors(const AotBuild *b) {
  for (size_t i = 0; i < b->nfunctions; i++)
    for (size_t k = 0; k < b->functions[i].variants[0].nparams; k++)
      if (aot_is_descriptor(&b->functions[i].variants[0].params[k])) return true;
  return false;
}

static const struct {
  const char *type, *c;
} c_types[] = {{"i1", "uint8_t"},   {"i8", "int8_t"},    {"i16", "int16_t"},   {"i32", "int32_t"},
               {"i64", "int64_t"},  {"u1", "uint8_t"},   {"u8", "uint8_t"},    {"u16", "uint16_t"},
               {"u32", "uint32_t"}, {"u64", "uint64_t"}, {"fp16", "uint16_t"}, {"bf16", "uint16_t"},
               {"fp32", "float"},   {"fp64", "double"}};

/* NULL: C has none of that name. */
static const char *c_type(const char *type) {
  for (size_t i = 0; i < COUNT(c_types); i++)
    if (strcmp(c_types[i].type, type) == 0) return c_types[i].c;
  return NULL;
}

/* Of what a pointer points at: 8-bit floats are bytes. */
static const char *pointee(const char *type) {
  const char *c = c_type(type);
  return c ? c : strncmp(type, "fp8", 3) == 0 ? "uint8_t" : "void";
}

void aot_check_param(Ctx *cx, const AotParam *p) {
  if (!p->type) return;
  if (!aot_is_c_name(p->name))
    ctx_fail(cx, ERR_SOURCE, "`%s` cannot be a parameter's name in C; call it otherwise in the kernel", p->name);
  if (p->type[0] != '*' && !aot_is_descriptor(p) && !c_type(p->type))
    ctx_fail(cx, ERR_SOURCE, "parameter `%s`: a C function takes pointers, numbers and tensor descriptors, no `%s`",
             p->name, p->type);
}

const char aot_cuda_descriptor[] =
    "/* A tensor descriptor. Shape and strides are in elements; the last stride is 1, the others and the base are "
    "multiples of\n"
    " * 16 bytes. Flags: 1: elements outside read as NaN; 2: loads of fp32 round to tf32. */\n"
    "#ifndef TRITONC_CUDA_DESCRIPTOR\n#define TRITONC_CUDA_DESCRIPTOR\n"
    "typedef struct ttc_cuda_descriptor {\n"
    "  CUdeviceptr base;\n  int rank;\n  uint32_t flags;\n  int64_t shape[5], strides[5];\n"
    "} ttc_cuda_descriptor;\n#endif\n\n";

static void put_type(Buf *out, const AotBuild *b, const AotParam *p) {
  if (aot_is_descriptor(p))
    buf_printf(out, "const %s *", b->is_cuda ? "ttc_cuda_descriptor" : "ttc_rt_descriptor");
  else if (p->type[0] == '*' && b->is_cuda)
    buf_puts(out, "CUdeviceptr ");
  else if (p->type[0] == '*')
    buf_printf(out, "%s%s *", p->written ? "" : "const ", pointee(p->type + 1));
  else
    buf_printf(out, "%s ", c_type(p->type));
}

void aot_params(Buf *out, const AotBuild *b, const AotVariant *v) {
  const char *comma = "";
  if (b->is_cuda) buf_puts(out, "CUstream stream"), comma = ", ";
  if (!v->grid[0]) {
    buf_printf(out, "%sint64_t grid_x, int64_t grid_y, int64_t grid_z", comma);
    comma = ", ";
  }
  for (size_t i = 0; i < v->nparams; i++) {
    if (!v->params[i].type) continue;
    buf_puts(out, comma);
    comma = ", ";
    put_type(out, b, &v->params[i]);
    buf_puts(out, v->params[i].name);
  }
  if (!*comma) buf_puts(out, "void");
}

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static int descriptor_bytes(const AotVariant *v, size_t param, int *rank) {
  size_t at = 0;
  const KernelInfo *k = &v->images[0]->info;
  for (size_t i = 0; i < param; i++) at += v->params[i].type && v->params[i].hint != 1;
  for (int d = 0; d < k->ndescriptors; d++)
    if ((size_t)k->descriptors[d].at == at) return *rank = k->descriptors[d].rank, k->descriptors[d].elem_bytes;
  return *rank = 1, 1;
}

static void put_hint(Buf *out, const AotBuild *b, const AotVariant *v, size_t i) {
  const AotParam *p = &v->params[i];
  int rank;
  if (p->hint == 1) {
    buf_printf(out, "%s == 1", p->name);
  } else if (aot_is_descriptor(p)) {
    int bytes = descriptor_bytes(v, i, &rank);
    buf_printf(out, "%s->shape[%d] * %d %% 16 == 0", p->name, rank - 1, bytes);
  } else if (p->type[0] == '*' && !b->is_cuda) {
    buf_printf(out, "(uintptr_t)%s %% 16 == 0", p->name);
  } else {
    buf_printf(out, "%s %% 16 == 0", p->name);
  }
}

static void put_condition(Buf *out, const AotBuild *b, const AotVariant *v) {
  const char *and = "";
  for (size_t i = 0; i < v->nwhen; i++, and = " && ") {
    const AotRange *r = &v->when[i];
    buf_puts(out, and);
    if (r->low == r->high)
      buf_printf(out, "%s == %" PRId64, r->name, r->low);
    else if (r->low == INT64_MIN)
      buf_printf(out, "%s <= %" PRId64, r->name, r->high);
    else if (r->high == INT64_MAX)
      buf_printf(out, "%s >= %" PRId64, r->name, r->low);
    else
      buf_printf(out, "%s >= %" PRId64 " && %s <= %" PRId64, r->name, r->low, r->name, r->high);
  }
  for (size_t i = 0; i < v->nparams && !b->trusts_hints; i++) {
    if (!v->params[i].type || !v->params[i].hint) continue;
    buf_puts(out, and);
    put_hint(out, b, v, i);
    and = " && ";
  }
  if (!*and) buf_puts(out, "1");
}

/* ---- grids ------------------------------------------------------------------------------------------------------- */

static void put_grid(Buf *out, const AotVariant *v, const char *indent) {
  for (size_t i = 0; i < v->nparams && v->grid[0]; i++) {
    const AotParam *p = &v->params[i];
    if (p->type || !aot_is_c_name(p->name)) continue;
    if (p->constant->kind == TTC_BOOL)
      buf_printf(out, "%sconst int64_t %s = %d;\n", indent, p->name, p->constant->integer != 0);
    else if (p->constant->kind == TTC_INT && !p->constant->text)
      buf_printf(out, "%sconst int64_t %s = %" PRId64 ";\n", indent, p->name, p->constant->integer);
    else
      continue;
    buf_printf(out, "%s(void)%s;\n", indent, p->name);
  }
  buf_printf(out, "%sconst int64_t grid_[3] = {", indent);
  if (v->grid[0])
    buf_printf(out, "%s, %s, %s};\n", v->grid[0], v->grid[1], v->grid[2]);
  else
    buf_puts(out, "grid_x, grid_y, grid_z};\n");
}

void aot_open_variant(Buf *out, const AotBuild *b, const AotVariant *v) {
  buf_puts(out, "  if (");
  put_condition(out, b, v);
  buf_puts(out, ") {\n");
  put_grid(out, v, "    ");
}

void aot_unused(Buf *out, const AotVariant *v, const char *indent) {
  for (size_t i = 0; i < v->nparams; i++)
    if (v->params[i].type && v->params[i].hint == 1) buf_printf(out, "%s(void)%s;\n", indent, v->params[i].name);
}

/* ---- for people -------------------------------------------------------------------------------------------------- */

void aot_describe(Buf *out, const AotBuild *b, const AotFunction *f) {
  buf_printf(out, "/* The kernel `%s` of %s", f->kernel, f->file);
  for (size_t i = 0; i < f->nvariants; i++) {
    const AotVariant *v = &f->variants[i];
    Buf condition = {.cx = out->cx};
    AotBuild tested = *b;
    tested.trusts_hints = false;
    put_condition(&condition, &tested, v);
    buf_printf(out, "%s%s", i ? ";\n * else " : ", ",
               strcmp(buf_text(&condition), "1") == 0 ? "for any arguments" : "where ");
    if (strcmp(buf_text(&condition), "1") != 0) buf_puts(out, buf_text(&condition));
    bool any = false;
    for (size_t k = 0; k < v->nparams; k++) {
      const AotParam *p = &v->params[k];
      if (p->type || (p->constant->kind != TTC_INT && p->constant->kind != TTC_BOOL)) continue;
      buf_printf(out, "%s%s %" PRId64, any ? ", " : " (", p->name, p->constant->integer);
      any = true;
    }
    buf_puts(out, any ? ")" : "");
  }
  buf_puts(out, ". */\n");
}

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

void aot_bytes(Buf *out, const char *bytes, size_t len) {
  enum { ROW = 24 };
  for (size_t i = 0; i < len; i += ROW) {
    buf_puts(out, " ");
    for (size_t k = i; k < len && k < i + ROW; k++) buf_printf(out, " %u,", (unsigned)(uint8_t)bytes[k]);
    buf_puts(out, "\n");
  }
}

void aot_string(Buf *out, const char *text, const char *indent) {
  do {
    size_t n = strcspn(text, "\n");
    buf_printf(out, "%s\"", indent);
    for (size_t i = 0; i < n; i++) {
      if (text[i] == '\t')
        buf_puts(out, "\\t");
      else if (text[i] == '"' || text[i] == '\\')
        buf_printf(out, "\\%c", text[i]);
      else
        buf_putc(out, text[i]);
    }
    buf_printf(out, "\\n\"%s", text[n] && text[n + 1] ? "\n" : "");
    text += n + (text[n] != 0);
  } while (*text);
}
