/* source_cuda.c: kernels for NVIDIA GPUs as C: cubins of every processor and PTX within, loaded and launched through the
 * driver.
 *
 * Which image a GPU takes is asked of the driver: it refuses a cubin of another processor, so they are offered from the
 * newest to the oldest, then the PTX in the same order. An image has arguments of its own: where one GPU has a copy engine, a
 * tensor descriptor is a tensor map, which is made before each launch; elsewhere it is a base, a shape and strides. Maps of
 * what only a program knows are made by the programs, in memory that a launch takes from the stream's pool.
 */
#include "aot/internal.h"

#include <inttypes.h>
#include <string.h>

/* ---- what a source needs of these -------------------------------------------------------------------------------- */

static const char loader[] =
    "typedef struct Image_ {\n"
    "  const void *code; /* a cubin, or PTX */\n"
    "  const char *entry;\n"
    "  int shared, number;\n"
    "} Image_;\n\n"
    "typedef struct Kernel_ {\n"
    "  const Image_ *images, *image; /* in the order in which they are offered to the driver; the one it took */\n"
    "  CUmodule module;\n"
    "  CUfunction function;\n"
    "} Kernel_;\n\n"
    "static CUresult unload_(Kernel_ *k) {\n"
    "  CUresult result = k->module ? cuModuleUnload(k->module) : CUDA_SUCCESS;\n"
    "  k->module = NULL;\n"
    "  k->function = NULL;\n"
    "  return result;\n"
    "}\n\n"
    "static CUresult load_(Kernel_ *k) {\n"
    "  CUresult result = CUDA_ERROR_NO_BINARY_FOR_GPU;\n"
    "  const Image_ *i = k->images;\n"
    "  if (k->function) return CUDA_SUCCESS;\n"
    "  for (; i->code; i++) {\n"
    "    result = cuModuleLoadData(&k->module, i->code);\n"
    "    if (result != CUDA_ERROR_NO_BINARY_FOR_GPU && result != CUDA_ERROR_INVALID_IMAGE &&\n"
    "        result != CUDA_ERROR_INVALID_PTX && result != CUDA_ERROR_UNSUPPORTED_PTX_VERSION)\n"
    "      break;\n"
    "  }\n"
    "  if (result != CUDA_SUCCESS) {\n"
    "    k->module = NULL;\n"
    "    return result;\n"
    "  }\n"
    "  k->image = i;\n"
    "  result = cuModuleGetFunction(&k->function, k->module, i->entry);\n"
    "  if (result == CUDA_SUCCESS && i->shared > 48 * 1024)\n"
    "    result = cuFuncSetAttribute(k->function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, i->shared);\n"
    "  if (result != CUDA_SUCCESS) unload_(k);\n"
    "  return result;\n"
    "}\n\n";

static const char launcher[] = "static CUresult launch_(const Kernel_ *k, const int64_t grid[3], int threads, CUstream "
                               "stream, void **arguments) {\n"
                               "  return cuLaunchKernel(k->function, (unsigned)grid[0], (unsigned)grid[1], "
                               "(unsigned)grid[2], (unsigned)threads, 1, 1,\n"
                               "                        (unsigned)k->image->shared, stream, arguments, NULL);\n"
                               "}\n\n";

static const char launcher_ex[] =
    "static CUresult launch_ex_(const Kernel_ *k, const int64_t grid[3], int threads, CUstream stream, void "
    "**arguments,\n"
    "                           int cooperative, int dependent) {\n"
    "  CUlaunchAttribute attributes[2];\n"
    "  CUlaunchConfig config;\n"
    "  memset(attributes, 0, sizeof attributes);\n"
    "  memset(&config, 0, sizeof config);\n"
    "  config.gridDimX = (unsigned)grid[0];\n"
    "  config.gridDimY = (unsigned)grid[1];\n"
    "  config.gridDimZ = (unsigned)grid[2];\n"
    "  config.blockDimX = (unsigned)threads;\n"
    "  config.blockDimY = config.blockDimZ = 1;\n"
    "  config.sharedMemBytes = (unsigned)k->image->shared;\n"
    "  config.hStream = stream;\n"
    "  config.attrs = attributes;\n"
    "  if (cooperative) {\n"
    "    attributes[config.numAttrs].id = CU_LAUNCH_ATTRIBUTE_COOPERATIVE;\n"
    "    attributes[config.numAttrs++].value.cooperative = 1;\n"
    "  }\n"
    "  if (dependent) {\n"
    "    attributes[config.numAttrs].id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;\n"
    "    attributes[config.numAttrs++].value.programmaticStreamSerializationAllowed = 1;\n"
    "  }\n"
    "  return cuLaunchKernelEx(&config, k->function, arguments, NULL);\n"
    "}\n\n";

static const char memories[] =
    "/* Memory for what each program makes, from the stream's pool, for as long as the launch takes. */\n"
    "static CUresult reserve_(CUdeviceptr *memory, size_t each, const int64_t grid[3], CUstream stream) {\n"
    "  size_t programs = (size_t)grid[0] * (size_t)grid[1]; /* at most 47 bits */\n"
    "  if (programs > SIZE_MAX / each / (size_t)grid[2]) return CUDA_ERROR_OUT_OF_MEMORY;\n"
    "  return cuMemAllocAsync(memory, programs * (size_t)grid[2] * each, stream);\n"
    "}\n\n"
    "static CUresult release_(CUdeviceptr memory, CUstream stream, CUresult launched) {\n"
    "  CUresult result = cuMemFreeAsync(memory, stream);\n"
    "  return launched != CUDA_SUCCESS ? launched : result;\n"
    "}\n\n";

static const char descriptors[] =
    "/* A tensor map, or the values in place of a descriptor. */\n"
    "typedef struct Descriptor_ {\n"
    "  CUtensorMap map;\n"
    "  CUdeviceptr base;\n"
    "  uint8_t nan, tf32;\n"
    "  int32_t shape[5];\n"
    "  int64_t strides[5];\n"
    "} Descriptor_;\n\n"
    "static CUresult check_descriptor_(const ttc_cuda_descriptor *d, int rank, int bytes) {\n"
    "  int i;\n"
    "  if (d->rank != rank || d->base % 16 != 0 || d->strides[rank - 1] != 1) return CUDA_ERROR_INVALID_VALUE;\n"
    "  for (i = 0; i < rank; i++) {\n"
    "    if (d->shape[i] <= 0 || d->shape[i] > 0x7fffffff) return CUDA_ERROR_INVALID_VALUE;\n"
    "    if (i + 1 < rank && d->strides[i] * bytes % 16 != 0) return CUDA_ERROR_INVALID_VALUE;\n"
    "  }\n"
    "  return CUDA_SUCCESS;\n"
    "}\n\n"
    "static CUresult values_(const ttc_cuda_descriptor *d, int rank, int bytes, Descriptor_ *v) {\n"
    "  int i;\n"
    "  v->base = d->base;\n"
    "  v->nan = d->flags & 1;\n"
    "  v->tf32 = (d->flags & 2) != 0;\n"
    "  for (i = 0; i < rank && i < 5; i++) v->shape[i] = (int32_t)d->shape[i], v->strides[i] = d->strides[i];\n"
    "  return check_descriptor_(d, rank, bytes);\n"
    "}\n\n";

static const char maps[] =
    "/* `type` and `swizzle` are the driver's numbers; `as_tf32`: of fp32 whose loads round. */\n"
    "static CUresult map_(const ttc_cuda_descriptor *d, int rank, int bytes, int type, int as_tf32, int swizzle,\n"
    "                     const cuuint32_t *box, Descriptor_ *v) {\n"
    "  static const cuuint32_t steps[5] = {1, 1, 1, 1, 1};\n"
    "  cuuint64_t dims[5] = {0}, strides[5] = {0};\n"
    "  int i;\n"
    "  CUresult result = values_(d, rank, bytes, v);\n"
    "  if (result != CUDA_SUCCESS) return result;\n"
    "  for (i = 0; i < rank; i++) dims[i] = (cuuint64_t)d->shape[rank - 1 - i];\n"
    "  for (i = 0; i + 1 < rank; i++) strides[i] = (cuuint64_t)d->strides[rank - 2 - i] * (cuuint64_t)bytes;\n"
    "  return cuTensorMapEncodeTiled(&v->map, (CUtensorMapDataType)(as_tf32 && d->flags & 2 ? 11 : type),\n"
    "                                (cuuint32_t)rank, (void *)(uintptr_t)d->base, dims, strides, box, steps,\n"
    "                                CU_TENSOR_MAP_INTERLEAVE_NONE, (CUtensorMapSwizzle)swizzle,\n"
    "                                CU_TENSOR_MAP_L2_PROMOTION_L2_128B, (CUtensorMapFloatOOBfill)(d->flags & 1));\n"
    "}\n\n";

/* ---- images ------------------------------------------------------------------------------------------------------ */

typedef struct CudaSource {
  Buf *out;
  const AotBuild *b;
  Map seen; /* of code, interned by its hash: the table's name */
  int tables;
} CudaSource;

static const char *put_code(CudaSource *s, const Stage *code) {
  Ctx *cx = s->out->cx;
  Sha256 hash;
  char hex[65];
  sha256_init(&hash);
  sha256_add(&hash, code->bytes, code->len);
  sha256_hex(&hash, hex);
  const char *key = intern(cx, hex), *name = map_get(&s->seen, key);
  if (name) return name;
  name = ctx_printf(cx, "%s_%d_", code->name, s->tables++);
  map_put(cx, &s->seen, key, (void *)(uintptr_t)name);
  if (code->binary) {
    buf_printf(s->out, "static const unsigned char %s[%zu] = {\n", name, code->len);
    aot_bytes(s->out, code->bytes, code->len);
    buf_puts(s->out, "};\n\n");
  } else {
    buf_printf(s->out, "static const char %s[] =\n", name);
    aot_string(s->out, ctx_strndup(cx, code->bytes, code->len), "    ");
    buf_puts(s->out, ";\n\n");
  }
  return name;
}

static size_t count_images(const AotVariant *v) { return v->nimages + (v->fallback != NULL); }
static const Compiled *image(const AotVariant *v, size_t i) { return i < v->nimages ? v->images[i] : v->fallback; }

/* All cubins, then all PTX. */
static void put_kernel(CudaSource *s, const AotFunction *f, size_t variant) {
  const AotVariant *v = &f->variants[variant];
  Buf table = {.cx = s->out->cx};
  for (int pass = 0; pass < 2; pass++)
    for (size_t i = 0; i < count_images(v); i++) {
      const Compiled *c = image(v, i);
      const Stage *code = aot_stage(c, pass ? "ptx" : "cubin");
      if (!code) continue;
      buf_printf(&table, "    {%s, \"%s\", %lld, %zu}, /* %s */\n", put_code(s, code), c->info.name,
                 (long long)c->info.shared, i, c->info.target);
    }
  buf_printf(s->out, "static const Image_ %s_images_%zu_[] = {\n%s    {NULL, NULL, 0, 0}};\n", f->name, variant,
             buf_text(&table));
  buf_printf(s->out, "static Kernel_ %s_%zu_ = {%s_images_%zu_, NULL, NULL, NULL};\n\n", f->name, variant, f->name,
             variant);
}

/* ---- arguments --------------------------------------------------------------------------------------------------- */

static int driver_type(int ptx) {
  static const int types[] = {0, 1, 2, 3, 4, 5, 6, 7, 10, 8, 9, 11, 12};
  return types[ptx];
}
enum { PTX_F32 = 7 };

/* The parameter that the kernel's callers give as argument `index`. */
static const AotParam *given_param(const AotVariant *v, int64_t index) {
  for (size_t i = 0; i < v->nparams; i++)
    if (v->params[i].type && v->params[i].hint != 1 && index-- == 0) return &v->params[i];
  return NULL;
}

static void put_map(Buf *out, const DescriptorArg *d, const char *of, int number) {
  buf_printf(out, "      static const cuuint32_t box_%d_[] = {", number);
  for (int i = 0; i < d->rank; i++) buf_printf(out, "%s%d", i ? ", " : "", d->box[d->rank - 1 - i]);
  buf_puts(out, "};\n");
  buf_printf(out, "      result_ = map_(%s, %d, %d, %d, %d, %d, box_%d_, &values_%d_);\n", of, d->rank, d->elem_bytes,
             driver_type(d->elem_type), d->elem_type == PTX_F32, d->swizzle, number, number);
  buf_puts(out, "      if (result_ != CUDA_SUCCESS) return result_;\n");
}

/* What a map that the kernel asks for is of, computed as KernelInfo.map_code says: each step a variable. A tensor
 * without elements has no map, and a kernel that is right does not ask for a block of it. */
static void put_made_map(Buf *out, const AotVariant *v, const KernelInfo *k, const DescriptorArg *d, int number) {
  static const char *const operators[] = {[MAP_ADD] = "+", [MAP_SUB] = "-", [MAP_MUL] = "*"};
  int stack[MAP_MAX_STEPS], top = 0, steps = 0;
  buf_printf(out, "      ttc_cuda_descriptor made_%d_ = {0, %d, %d, {0}, {0}};\n      int bad_%d_ = 0;\n", number,
             d->rank, d->nan ? 1 : 0, number);
  for (int i = 0; i + 1 < d->ncode && steps < MAP_MAX_STEPS; i += 2) {
    MapOp op = (MapOp)k->map_code[d->code_at + i];
    int64_t x = k->map_code[d->code_at + i + 1];
    Buf e = {.cx = out->cx};
    if (op == MAP_CONST) {
      buf_printf(&e, "(int64_t)%" PRId64 "LL", x);
    } else if (op == MAP_ARG) {
      const AotParam *p = given_param(v, x >> 8);
      buf_printf(&e, "(int%d_t)%s", (int)(x & 255), p ? p->name : "0");
    } else if (op == MAP_WRAP) {
      buf_printf(&e, "(int%d_t)s_%d_%d_", (int)x, number, stack[top - 1]);
      top--;
    } else {
      int a = stack[top - 2], b = stack[top - 1];
      top -= 2;
      if (op == MAP_DIV) {
        buf_printf(out, "      bad_%d_ |= s_%d_%d_ == 0;\n", number, number, b);
        buf_printf(&e,
                   "(int%d_t)(bad_%d_ ? 0 : s_%d_%d_ == -1 ? 0 - (uint64_t)s_%d_%d_ : (uint64_t)(s_%d_%d_ / s_%d_%d_))",
                   (int)x, number, number, b, number, a, number, a, number, b);
      } else if (op == MAP_MIN || op == MAP_MAX) {
        buf_printf(&e, "s_%d_%d_ %s s_%d_%d_ ? s_%d_%d_ : s_%d_%d_", number, a, op == MAP_MIN ? "<" : ">", number, b,
                   number, a, number, b);
      } else {
        buf_printf(&e, "(int%d_t)((uint64_t)s_%d_%d_ %s (uint64_t)s_%d_%d_)", (int)x, number, a, operators[op], number,
                   b);
      }
    }
    buf_printf(out, "      const int64_t s_%d_%d_ = %s;\n", number, steps, buf_text(&e));
    stack[top++] = steps++;
  }
  if (top != 2 * d->rank) ctx_fail(out->cx, ERR_INTERNAL, "a tensor map of `%s` is not computed as expected", k->name);
  buf_printf(out, "      made_%d_.base = (CUdeviceptr)s_%d_%d_;\n", number, number, stack[0]);
  for (int i = 0; i < d->rank; i++) {
    buf_printf(out, "      made_%d_.shape[%d] = s_%d_%d_;\n", number, i, number, stack[1 + i]);
    buf_printf(out, "      bad_%d_ |= s_%d_%d_ <= 0;\n", number, number, stack[1 + i]);
    if (i + 1 < d->rank)
      buf_printf(out, "      made_%d_.strides[%d] = s_%d_%d_;\n", number, i, number, stack[1 + d->rank + i]);
    else
      buf_printf(out, "      made_%d_.strides[%d] = 1;\n", number, i);
  }
  buf_printf(out, "      memset(&values_%d_, 0, sizeof values_%d_);\n      if (!bad_%d_) {\n", number, number, number);
  put_map(out, d, ctx_printf(out->cx, "&made_%d_", number), number);
  buf_puts(out, "      }\n");
}

/* The launch of one image: `arguments` grows to what it is given. */
static void put_launch(Buf *out, const AotVariant *v, size_t index) {
  const Compiled *c = image(v, index);
  const KernelInfo *k = &c->info;
  Buf arguments = {.cx = out->cx};
  int d = 0;
  buf_printf(out, "    case %zu: {\n", index);
  for (int i = 0; i < k->ndescriptors; i++) buf_printf(out, "      Descriptor_ values_%d_;\n", i);
  for (size_t i = 0; i < v->nparams; i++) {
    const AotParam *p = &v->params[i];
    if (!p->type || p->hint == 1) continue;
    if (!aot_is_descriptor(p)) {
      buf_printf(&arguments, "&%s, ", p->name);
      continue;
    }
    const DescriptorArg *t = &k->descriptors[d];
    if (t->is_map) {
      put_map(out, t, p->name, d);
      buf_printf(&arguments, "&values_%d_.map, ", d);
    } else {
      buf_printf(out, "      result_ = values_(%s, %d, %d, &values_%d_);\n", p->name, t->rank, t->elem_bytes, d);
      buf_puts(out, "      if (result_ != CUDA_SUCCESS) return result_;\n");
      buf_printf(&arguments, "&values_%d_.base, &values_%d_.nan, &values_%d_.tf32, ", d, d, d);
    }
    for (int n = 0; n < t->rank; n++) buf_printf(&arguments, "&values_%d_.shape[%d], ", d, n);
    for (int n = 0; n < t->rank; n++) buf_printf(&arguments, "&values_%d_.strides[%d], ", d, n);
    d++;
  }
  for (; d < k->ndescriptors; d++) {
    put_made_map(out, v, k, &k->descriptors[d], d);
    buf_printf(&arguments, "&values_%d_.map, ", d);
  }
  const char *launch = ctx_printf(out->cx, "launch_(kernel_, grid_, %d, stream, arguments_)", 32 * k->num_warps);
  if (k->cooperative || k->dependent)
    launch = ctx_printf(out->cx, "launch_ex_(kernel_, grid_, %d, stream, arguments_, %d, %d)", 32 * k->num_warps,
                        k->cooperative, k->dependent);
  if (k->program_memory) {
    buf_printf(out, "      CUdeviceptr memory_ = 0;\n      result_ = reserve_(&memory_, %" PRId64 ", grid_, stream);\n",
               k->program_memory);
    buf_puts(out, "      if (result_ != CUDA_SUCCESS) return result_;\n");
    buf_puts(&arguments, "&memory_, ");
    launch = ctx_printf(out->cx, "release_(memory_, stream, %s)", launch);
  }
  buf_printf(out, "      void *arguments_[] = {%sNULL};\n", arguments.len ? buf_text(&arguments) : "");
  buf_printf(out, "      return %s;\n    }\n", launch);
}

static void put_function(Buf *out, const AotBuild *b, const AotFunction *f) {
  for (int unloads = 0; unloads < 2; unloads++) {
    const char *name = unloads ? "unload" : "load";
    buf_printf(out, "CUresult %s_%s(void) {\n  CUresult result_ = CUDA_SUCCESS, one_;\n", name, f->name);
    for (size_t i = 0; i < f->nvariants; i++)
      buf_printf(out, "  one_ = %s_(&%s_%zu_);\n  if (result_ == CUDA_SUCCESS) result_ = one_;\n", name, f->name, i);
    buf_puts(out, "  return result_;\n}\n\n");
  }
  buf_printf(out, "CUresult %s(", f->name);
  aot_params(out, b, &f->variants[0]);
  buf_puts(out, ") {\n");
  for (size_t i = 0; i < f->nvariants; i++) {
    const AotVariant *v = &f->variants[i];
    aot_open_variant(out, b, v);
    buf_printf(out, "    Kernel_ *const kernel_ = &%s_%zu_;\n    CUresult result_ = load_(kernel_);\n", f->name, i);
    aot_unused(out, v, "    ");
    buf_puts(out,
             "    if (result_ != CUDA_SUCCESS) return result_;\n"
             "    if (grid_[0] < 0 || grid_[1] < 0 || grid_[2] < 0) return CUDA_ERROR_INVALID_VALUE;\n"
             "    if (grid_[0] > 0x7fffffff || grid_[1] > 65535 || grid_[2] > 65535) return CUDA_ERROR_INVALID_VALUE;\n"
             "    if (grid_[0] == 0 || grid_[1] == 0 || grid_[2] == 0) return CUDA_SUCCESS;\n"
             "    switch (kernel_->image->number) {\n");
    for (size_t n = 0; n < count_images(v); n++) put_launch(out, v, n);
    buf_puts(out, "    }\n  }\n");
  }
  buf_puts(out, "  return CUDA_ERROR_INVALID_VALUE;\n}\n\n");
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

/* Which parts a source has: what is defined and not used is a warning. */
typedef struct Needs {
  bool plain, ex, values, maps, memory;
} Needs;

static Needs needs_of(const AotBuild *b) {
  Needs n = {0};
  for (size_t i = 0; i < b->nfunctions; i++)
    for (size_t v = 0; v < b->functions[i].nvariants; v++)
      for (size_t k = 0; k < count_images(&b->functions[i].variants[v]); k++) {
        const KernelInfo *info = &image(&b->functions[i].variants[v], k)->info;
        bool ex = info->cooperative || info->dependent;
        n.ex |= ex;
        n.plain |= !ex;
        n.values |= info->ndescriptors > 0;
        n.memory |= info->program_memory > 0;
        for (int d = 0; d < info->ndescriptors; d++) n.maps |= info->descriptors[d].is_map;
      }
  return n;
}

void aot_source_cuda(Buf *out, const AotBuild *b) {
  CudaSource s = {.out = out, .b = b};
  Needs needs = needs_of(b);
  buf_printf(out, "#include \"%s.h\"\n\n#include <stddef.h>\n#include <string.h>\n\n", b->name);
  buf_puts(out, "#ifdef __GNUC__\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n#endif\n\n");
  buf_puts(out, loader);
  if (needs.plain) buf_puts(out, launcher);
  if (needs.ex) buf_puts(out, launcher_ex);
  if (needs.memory) buf_puts(out, memories);
  if (needs.values && !aot_takes_descriptors(b)) buf_puts(out, aot_cuda_descriptor);
  if (needs.values) buf_puts(out, descriptors);
  if (needs.maps) buf_puts(out, maps);
  for (size_t i = 0; i < b->nfunctions; i++) {
    for (size_t k = 0; k < b->functions[i].nvariants; k++) put_kernel(&s, &b->functions[i], k);
    put_function(out, b, &b->functions[i]);
  }
}
