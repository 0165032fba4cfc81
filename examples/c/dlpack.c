/* dlpack.c: a kernel for the arrays of any library: out = a * x + y on memory that DLPack describes, with strides and
 * element types as they come. A program, which makes tensors of its own, and a library, which dlpack.py hands arrays to.
 *
 *     cc dlpack.c $(pkg-config --cflags --libs tritonc) -o dlpack && ./dlpack
 *     cc -shared -fPIC dlpack.c $(pkg-config --cflags --libs tritonc) -o libaxpy.so && python3 dlpack.py ./libaxpy.so
 *
 * A kernel is compiled for what its arguments are: element types, whether addresses and sizes are multiples of 16,
 * whether a stride is 1. Arguments for which all that is the same share a kernel.
 */
#include <tritonc.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As DLPack's header has it (dlpack.h, which a program that has it includes instead). */
typedef struct {
  void *data;
  struct {
    int32_t device_type, device_id;
  } device;
  int32_t ndim;
  struct {
    uint8_t code, bits;
    uint16_t lanes;
  } dtype;
  int64_t *shape, *strides; /* in elements; no strides: row after row */
  uint64_t byte_offset;
} DLTensor;

enum { kDLCPU = 1, kDLInt = 0, kDLUInt = 1, kDLFloat = 2, kDLBfloat = 4 };

static const char source[] =
    "import triton\n"
    "import triton.language as tl\n"
    "\n"
    "@triton.jit\n"
    "def axpy(x, y, out, rows, columns, x0, x1, y0, y1, out0, out1, a, BLOCK: tl.constexpr):\n"
    "    row = tl.program_id(0).to(tl.int64)\n"
    "    i = tl.program_id(1).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)\n"
    "    inside = i < columns\n"
    "    total = a * tl.load(x + row * x0 + i * x1, inside) + tl.load(y + row * y0 + i * y1, inside)\n"
    "    tl.store(out + row * out0 + i * out1, total.to(out.dtype.element_ty), inside)\n";

enum { TENSORS = 3, INTEGERS = 8, BLOCK = 1024, NPARAMS = TENSORS + INTEGERS + 2 };

/* A kernel and what it was compiled for. */
typedef struct Compiled {
  struct Compiled *next;
  const char *types[TENSORS];
  uint32_t specs[TENSORS + INTEGERS];
  ttc_kernel *kernel;
} Compiled;

static ttc_context *context; /* one thread at a time */
static Compiled *all;

/* Triton's type of a pointer to a tensor's elements; NULL: kernels have none. */
static const char *pointer_type(const DLTensor *t) {
  static const struct {
    uint8_t code, bits;
    const char *type;
  } types[] = {
      {kDLFloat, 16, "*fp16"}, {kDLFloat, 32, "*fp32"}, {kDLFloat, 64, "*fp64"}, {kDLBfloat, 16, "*bf16"},
      {kDLInt, 8, "*i8"},      {kDLInt, 16, "*i16"},    {kDLInt, 32, "*i32"},    {kDLInt, 64, "*i64"},
      {kDLUInt, 8, "*u8"},     {kDLUInt, 16, "*u16"},   {kDLUInt, 32, "*u32"},   {kDLUInt, 64, "*u64"},
  };
  for (size_t i = 0; t->dtype.lanes == 1 && i < sizeof types / sizeof *types; i++)
    if (types[i].code == t->dtype.code && types[i].bits == t->dtype.bits) return types[i].type;
  return NULL;
}

/* A tensor's extent (or stride) along rows, 0, and columns, 1; what has one dimension is a single row. */
static int64_t extent(const DLTensor *t, int which) {
  int d = which - 2 + t->ndim;
  return d < 0 ? 1 : t->shape[d];
}

static int64_t stride(const DLTensor *t, int which) {
  int d = which - 2 + t->ndim;
  if (d < 0) return 0;
  return t->strides ? t->strides[d] : which ? 1 : t->shape[d + 1];
}

static const char *refusal(const DLTensor *const tensors[TENSORS]) {
  for (int i = 0; i < TENSORS; i++) {
    const DLTensor *t = tensors[i];
    if (t->device.device_type != kDLCPU) return "a tensor is not in the memory of the CPU";
    if (t->ndim < 1 || t->ndim > 2) return "a tensor has neither one nor two dimensions";
    if (!pointer_type(t)) return "a tensor's elements are of a type that kernels do not have";
    if (t->ndim != tensors[0]->ndim || extent(t, 0) != extent(tensors[0], 0) || extent(t, 1) != extent(tensors[0], 1))
      return "the tensors' shapes differ";
  }
  if (extent(tensors[0], 0) > UINT32_MAX || extent(tensors[0], 1) / BLOCK >= UINT32_MAX) return "a tensor is too large";
  return NULL;
}

static Compiled *compile(const Compiled *wanted) {
  static const char *const names[NPARAMS] = {"x",  "y",  "out",  "rows", "columns", "x0",   "x1",
                                             "y0", "y1", "out0", "out1", "a",       "BLOCK"};
  ttc_param params[NPARAMS] = {[NPARAMS - 2] = {.name = names[NPARAMS - 2], .type = "fp32"},
                               [NPARAMS - 1] = {.name = names[NPARAMS - 1],
                                                .type = "constexpr",
                                                .constant = {.kind = TTC_INT, .integer = BLOCK}}};
  for (int i = 0; i < TENSORS + INTEGERS; i++)
    params[i] = ttc_spec_param(wanted->specs[i], names[i], i < TENSORS ? wanted->types[i] : NULL);
  Compiled *c = malloc(sizeof *c);
  if (!c) return NULL;
  *c = *wanted;
  ttc_request request = {
      .size = sizeof request, .text = source, .file = "axpy.py", .params = params, .nparams = NPARAMS};
  if (ttc_compile(context, &request, &c->kernel) != TTC_OK) {
    free(c);
    return NULL;
  }
  c->next = all;
  return all = c;
}

static Compiled *find(const Compiled *wanted) {
  for (Compiled *c = all; c; c = c->next) /* the types are texts of pointer_type()'s table */
    if (!memcmp(c->types, wanted->types, sizeof c->types) && !memcmp(c->specs, wanted->specs, sizeof c->specs))
      return c;
  return compile(wanted);
}

/* out = a * x + y. NULL, or what is wrong: a text that lives until the next call. */
const char *axpy(float a, const DLTensor *x, const DLTensor *y, const DLTensor *out) {
  const DLTensor *const tensors[TENSORS] = {x, y, out};
  const char *wrong = refusal(tensors);
  if (wrong) return wrong;
  if (!context && !(context = ttc_context_new())) return "out of memory";

  char *pointers[TENSORS];
  int64_t integers[INTEGERS] = {extent(x, 0), extent(x, 1), stride(x, 0),   stride(x, 1),
                                stride(y, 0), stride(y, 1), stride(out, 0), stride(out, 1)};
  Compiled wanted = {0};
  const void *args[NPARAMS];
  size_t nargs = 0;
  for (int i = 0; i < TENSORS; i++) {
    pointers[i] = (char *)tensors[i]->data + tensors[i]->byte_offset;
    wanted.types[i] = pointer_type(tensors[i]);
    wanted.specs[i] = ttc_spec_pointer((uintptr_t)pointers[i], 0);
    args[nargs++] = &pointers[i];
  }
  int32_t narrow[INTEGERS];
  for (int i = 0; i < INTEGERS; i++) {
    uint32_t spec = wanted.specs[TENSORS + i] = ttc_spec_int(integers[i], 0);
    narrow[i] = (int32_t)integers[i];
    if (!(spec & TTC_SPEC_ONE)) args[nargs++] = spec & TTC_SPEC_I32 ? (void *)&narrow[i] : (void *)&integers[i];
  }
  args[nargs++] = &a;

  const uint32_t grid[3] = {(uint32_t)integers[0], (uint32_t)((integers[1] + BLOCK - 1) / BLOCK), 1};
  if (!grid[0] || !grid[1]) return NULL;
  const Compiled *c = find(&wanted);
  if (!c || ttc_launch(context, c->kernel, grid, NULL, args, nargs) != TTC_OK) return ttc_message(context);
  return NULL;
}

/* How many kernels axpy() has compiled. */
int axpy_kernels(void) {
  int n = 0;
  for (const Compiled *c = all; c; c = c->next) n++;
  return n;
}

void axpy_free(void) {
  for (Compiled *c = all, *next; c; c = next) {
    next = c->next;
    ttc_kernel_free(c->kernel);
    free(c);
  }
  all = NULL;
  ttc_context_free(context);
  context = NULL;
}

enum { ROWS = 50, COLUMNS = 3000 };

static DLTensor matrix(void *data, uint8_t code, uint8_t bits, int64_t *shape, int64_t *strides) {
  return (DLTensor){
      .data = data,
      .device = {kDLCPU, 0},
      .ndim = 2,
      .dtype = {code, bits, 1},
      .shape = shape,
      .strides = strides,
  };
}

/* x is a matrix of floats that lies column after column, y one of bytes, out takes doubles. */
int main(void) {
  static float x[COLUMNS][ROWS];
  static int8_t y[ROWS][COLUMNS];
  static double out[ROWS][COLUMNS];
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < COLUMNS; j++) {
      x[j][i] = (float)(i - j);
      y[i][j] = (int8_t)(i * j % 100);
    }
  int64_t shape[2] = {ROWS, COLUMNS}, by_columns[2] = {1, ROWS};
  DLTensor tx = matrix(x, kDLFloat, 32, shape, by_columns), ty = matrix(y, kDLInt, 8, shape, NULL);
  DLTensor tout = matrix(out, kDLFloat, 64, shape, NULL);

  const char *wrong = axpy(0.5f, &tx, &ty, &tout);
  if (!wrong) wrong = axpy(2.0f, &tx, &ty, &tout);
  if (wrong) {
    fprintf(stderr, "%s\n", wrong);
    return 1;
  }
  int differ = 0;
  for (int i = 0; i < ROWS; i++)
    for (int j = 0; j < COLUMNS; j++) differ += out[i][j] != 2.0 * x[j][i] + y[i][j];
  printf("axpy: %d elements, %d wrong, kernels compiled: %d\n", ROWS * COLUMNS, differ, axpy_kernels());

  tx.device.device_type = 2;
  printf("refused: %s\n", axpy(1.0f, &tx, &ty, &tout));
  axpy_free();
  return differ != 0;
}
