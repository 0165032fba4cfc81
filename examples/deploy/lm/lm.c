/* A language model's forward pass as one C program: the logits after each of the tokens.
 *
 *     tritonc lm_kernels.toml --emit c -o lm_kernels
 *     cc -O2 lm.c lm_kernels.c $(pkg-config --cflags --libs tritonc_rt) -o lm
 *     ./lm weights < tokens > logits
 *
 * and on a GPU, which the driver's library and its header are needed for:
 *
 *     tritonc lm_kernels.toml -t cuda:80,cuda:90 --emit c -o lm_kernels
 *     cc -O2 -DLM_CUDA lm.c lm_kernels.c -lcuda -o lm
 *
 * `weights` begins with six int32: the number of words, the longest text, width, heads (of 32 columns each), layers, and the
 * width of the hidden layer. Then come, as float32: the words' and the places' vectors; for each layer two scales and
 * shifts, and weight and bias of the four linear maps, in the order of their use; the last scale and shift, and the last map.
 * Tokens are int32, logits float32.
 */
#include "lm_kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check(int status, const char *what) {
  if (!status) return;
#ifdef LM_CUDA
  fprintf(stderr, "%s: CUDA error %d\n", what, status);
#else
  fprintf(stderr, "%s: %s\n", what, lm_kernels_message());
#endif
  exit(1);
}

/* Memory that kernels access: on the GPU or here. */
#ifdef LM_CUDA
typedef CUdeviceptr Floats;
#define CALL(kernel, ...) check((int)kernel(NULL, __VA_ARGS__), #kernel)
#define AT(p, n) ((p) + 4 * (CUdeviceptr)(n))
static Floats reserve(size_t n) {
  CUdeviceptr p;
  check((int)cuMemAlloc(&p, 4 * n), "memory");
  return p;
}
static void put(Floats to, const void *from, size_t n) { check((int)cuMemcpyHtoD(to, from, 4 * n), "copying"); }
static void get(void *to, Floats from, size_t n) { check((int)cuMemcpyDtoH(to, from, 4 * n), "copying"); }
static void start(void) {
  CUdevice device;
  CUcontext context;
  check((int)cuInit(0), "the driver");
  check((int)cuDeviceGet(&device, 0), "the GPU");
  check((int)cuDevicePrimaryCtxRetain(&context, device), "the GPU");
  check((int)cuCtxSetCurrent(context), "the GPU");
}
typedef CUdeviceptr Tokens;
#else
#include <string.h>
typedef float *Floats;
typedef const int32_t *Tokens;
#define CALL(kernel, ...) check(kernel(__VA_ARGS__), #kernel)
#define AT(p, n) ((p) + (n))
static Floats reserve(size_t n) {
  void *p = aligned_alloc(64, (4 * n + 63) / 64 * 64);
  if (!p) exit(1);
  return p;
}
static void put(Floats to, const void *from, size_t n) { memcpy(to, from, 4 * n); }
static void get(void *to, Floats from, size_t n) { memcpy(to, from, 4 * n); }
static void start(void) {}
#endif

static size_t read_words(void *to, size_t n, FILE *f) { return fread(to, 4, n, f); }

int main(int argc, char **argv) {
  int32_t size[6];
  FILE *f = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!f || read_words(size, 6, f) != 6) return fprintf(stderr, "usage: lm WEIGHTS < tokens > logits\n"), 2;
  int32_t words = size[0], longest = size[1], width = size[2], heads = size[3], layers = size[4], hidden = size[5];
  size_t w = (size_t)width, h = (size_t)hidden;
  size_t of_layer = 4 * w + 3 * w * w + 3 * w + w * w + w + h * w + h + w * h + w;
  size_t all =
      ((size_t)words + (size_t)longest) * w + (size_t)layers * of_layer + 2 * w + (size_t)words * w + (size_t)words;
  float *read = malloc(4 * all);
  int32_t *tokens = calloc((size_t)longest, 4);
  if (!read || !tokens || read_words(read, all, f) != all) return fprintf(stderr, "the weights are not whole\n"), 1;
  int32_t length = (int32_t)read_words(tokens, (size_t)longest, stdin);
  for (int32_t i = 0; i < length; i++)
    if (tokens[i] < 0 || tokens[i] >= words) return fprintf(stderr, "token %d is no word\n", (int)i), 1;
  size_t n = (size_t)length;

  start();
  Floats p = reserve(all), x = reserve(n * w), y = reserve(n * w), wide = reserve(n * (3 * w > h ? 3 * w : h)),
         logits = reserve(n * (size_t)words), numbers = reserve(n);
  put(p, read, all);
  put(numbers, tokens, n);
  CALL(embed, x, (Tokens)numbers, p, AT(p, (size_t)words * w), length, width);
  p = AT(p, ((size_t)words + (size_t)longest) * w);
  for (int32_t i = 0; i < layers; i++) {
    CALL(layer_norm, y, x, p, AT(p, w), length, width);
    p = AT(p, 2 * w);
    CALL(linear, wide, y, p, AT(p, 3 * w * w), length, 3 * width, width);
    p = AT(p, 3 * w * w + 3 * w);
    CALL(attention, y, wide, length, width, heads, 1 / sqrtf((float)width / (float)heads));
    CALL(linear_add, x, y, p, AT(p, w * w), length, width, width);
    p = AT(p, w * w + w);
    CALL(layer_norm, y, x, p, AT(p, w), length, width);
    p = AT(p, 2 * w);
    CALL(linear_gelu, wide, y, p, AT(p, h * w), length, hidden, width);
    p = AT(p, h * w + h);
    CALL(linear_add, x, wide, p, AT(p, w * h), length, width, hidden);
    p = AT(p, w * h + w);
  }
  CALL(layer_norm, y, x, p, AT(p, w), length, width);
  p = AT(p, 2 * w);
  CALL(linear, logits, y, p, AT(p, (size_t)words * w), length, words, width);
  float *out = malloc(4 * n * (size_t)words + 1);
  if (!out) return 1;
  get(out, logits, n * (size_t)words);
  return fwrite(out, 4, n * (size_t)words, stdout) == n * (size_t)words ? 0 : 1;
}
