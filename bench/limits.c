/* limits.c: what this machine can do at most, on all threads at once: multiply-adds a second by each unit that multiplies
 * matrices, and bytes a second read, written and copied, in memory and in the last cache. Prints JSON. Each figure is the
 * best of many short rounds, so that other work on the machine hurts it little.
 */
#include "cpu/rt/rt.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 60, CHAINS = 12 };

typedef struct Probe {
  const char *name;
  double (*run)(struct Probe *p, int thread); /* what it did: operations or bytes */
  bool here;
  size_t bytes; /* of each thread's array */
} Probe;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* ---- units ------------------------------------------------------------------------------------------------------- */

#if defined(__x86_64__)
#include <immintrin.h>
enum { STEPS = 100000 };

/* CHAINS sums in registers, of which each step adds a product to all. */
#define UNIT(name, features, V, zero, instruction, operations)                                                         \
  __attribute__((target(features))) static double name(Probe *p, int thread) {                                         \
    (void)p, (void)thread;                                                                                             \
    V s[CHAINS], x = zero();                                                                                           \
    _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS; i++) s[i] = zero();                                           \
    for (int n = 0; n < STEPS; n++) {                                                                                  \
      _Pragma("GCC unroll 12") for (int i = 0; i < CHAINS;                                                             \
                                    i++) __asm__ volatile(instruction : "+v"(s[i]) : "v"(x) : "xmm15");                \
    }                                                                                                                  \
    return (double)STEPS * CHAINS * (operations);                                                                      \
  }
UNIT(fma_avx2, "avx2,fma", __m256, _mm256_setzero_ps, "vfmadd231ps %1, %1, %0", 16)
UNIT(i16_avx2, "avx2,fma", __m256i, _mm256_setzero_si256, "vpmaddwd %1, %1, %%ymm15\n\tvpaddd %%ymm15, %0, %0", 32)
UNIT(fma_avx512, "avx512f", __m512, _mm512_setzero_ps, "vfmadd231ps %1, %1, %0", 32)
UNIT(bf16_avx512, "avx512f,avx512bf16", __m512, _mm512_setzero_ps, "vdpbf16ps %1, %1, %0", 64)
UNIT(i8_avx512, "avx512f,avx512vnni", __m512i, _mm512_setzero_si512, "vpdpbusd %1, %1, %0", 128)
#if RT_HAS_AMX
UNIT(i8_avx, "avx2,avxvnni", __m256i, _mm256_setzero_si256, "%{vex%} vpdpbusd %1, %1, %0", 64)
/* Four tiles of sums, two of a and two of b, as the kernel has them. */
#define TILES(name, feature, product, operations)                                                                      \
  __attribute__((target("amx-tile," feature))) static double name(Probe *p, int thread) {                              \
    (void)p, (void)thread;                                                                                             \
    struct {                                                                                                           \
      uint8_t palette, start, zero[14];                                                                                \
      uint16_t bytes[16];                                                                                              \
      uint8_t rows[16];                                                                                                \
    } config = {.palette = 1};                                                                                         \
    for (int i = 0; i < 8; i++) config.bytes[i] = 64, config.rows[i] = 16;                                             \
    _tile_loadconfig(&config);                                                                                         \
    _tile_zero(0);                                                                                                     \
    _tile_zero(1);                                                                                                     \
    _tile_zero(2);                                                                                                     \
    _tile_zero(3);                                                                                                     \
    _tile_zero(4);                                                                                                     \
    _tile_zero(5);                                                                                                     \
    _tile_zero(6);                                                                                                     \
    _tile_zero(7);                                                                                                     \
    for (int n = 0; n < STEPS / 10; n++) {                                                                             \
      product(0, 4, 6);                                                                                                \
      product(1, 4, 7);                                                                                                \
      product(2, 5, 6);                                                                                                \
      product(3, 5, 7);                                                                                                \
    }                                                                                                                  \
    _tile_release();                                                                                                   \
    return (double)STEPS / 10 * 4 * (operations);                                                                      \
  }
TILES(bf16_amx, "amx-bf16", _tile_dpbf16ps, 2 * 16 * 16 * 32)
TILES(i8_amx, "amx-int8", _tile_dpbssd, 2 * 16 * 16 * 64)
#endif
#elif defined(__aarch64__)
#include <arm_neon.h>
enum { STEPS = 100000 };
static double fma_neon(Probe *p, int thread) {
  (void)p, (void)thread;
  float32x4_t s[16], x = vdupq_n_f32(0);
  for (int i = 0; i < 16; i++) s[i] = x;
  for (int n = 0; n < STEPS; n++) {
    _Pragma("GCC unroll 16") for (int i = 0; i < 16;
                                  i++) __asm__ volatile("fmla %0.4s, %1.4s, %1.4s" : "+w"(s[i]) : "w"(x));
  }
  return (double)STEPS * 16 * 8;
}
#endif

/* ---- memory ------------------------------------------------------------------------------------------------------ */

enum { MAX_THREADS = 512, CACHED_BYTES = 16 << 20 };
static char *arrays[MAX_THREADS];
static _Atomic uint64_t sink;

/* At least CACHED_BYTES move in a round, however small the array is. */
static int64_t passes(const Probe *p) { return p->bytes >= CACHED_BYTES ? 1 : (int64_t)(CACHED_BYTES / p->bytes); }

static double read_all(Probe *p, int thread) {
  typedef uint64_t Words __attribute__((vector_size(64), aligned(64)));
  const Words *at = (const Words *)(const void *)arrays[thread];
  Words sum[4] = {0};
  for (int64_t r = 0; r < passes(p); r++)
    for (size_t i = 0; i < p->bytes / sizeof *at; i += 4)
      for (int j = 0; j < 4; j++) sum[j] += at[i + (size_t)j];
  sum[0] += sum[1] + sum[2] + sum[3];
  atomic_fetch_add(&sink, sum[0][0]);
  return (double)passes(p) * (double)p->bytes;
}

static double write_all(Probe *p, int thread) {
  for (int64_t r = 0; r < passes(p); r++) memset(arrays[thread], (int)r, p->bytes);
  return (double)passes(p) * (double)p->bytes;
}

static double copy_all(Probe *p, int thread) {
  for (int64_t r = 0; r < passes(p); r++) {
    memcpy(arrays[thread] + p->bytes / 2, arrays[thread], p->bytes / 2);
    __asm__ volatile("" ::: "memory");
  }
  return (double)passes(p) * (double)p->bytes;
}

/* ---- rounds ------------------------------------------------------------------------------------------------------ */

static int nthreads;
static pthread_barrier_t barrier;
static Probe *current;
static double did[MAX_THREADS];

static void *work(void *arg) {
  int thread = (int)(intptr_t)arg;
  for (;;) {
    pthread_barrier_wait(&barrier);
    if (!current) return NULL;
    did[thread] = current->run(current, thread);
    pthread_barrier_wait(&barrier);
  }
}

/* The best rate of all threads together. */
static double best_rate(Probe *p) {
  double best = 0;
  current = p;
  for (int r = 0; r < ROUNDS; r++) {
    double start = now(), sum = 0;
    pthread_barrier_wait(&barrier);
    did[0] = p->run(p, 0);
    pthread_barrier_wait(&barrier);
    for (int i = 0; i < nthreads; i++) sum += did[i];
    double rate = sum / (now() - start);
    if (rate > best) best = rate;
  }
  return best;
}

int main(void) {
  const RtCpu *cpu = rt_cpu();
  long last = sysconf(_SC_LEVEL3_CACHE_SIZE);
  if (last <= 0) last = (long)cpu->l2_bytes;
  nthreads = cpu_pool_threads();
  size_t large = (size_t)256 << 20, cached = (size_t)last / 4 / (size_t)nthreads / 4096 * 4096;
  if (cached > CACHED_BYTES) cached = CACHED_BYTES;
  if (cached < 65536) cached = 65536;
  large = large / (size_t)nthreads / 4096 * 4096;
  Probe probes[] = {
#if defined(__x86_64__)
      {"f32", fma_avx2, cpu->avx2, 0},
      {"f32", fma_avx512, cpu->avx512, 0},
      {"bf16", bf16_avx512, cpu->avx512_bf16, 0},
      {"int8", i16_avx2, cpu->avx2, 0},
      {"int8", i8_avx512, cpu->avx512_vnni, 0},
#if RT_HAS_AMX
      {"int8", i8_avx, cpu->avx_vnni, 0},
      {"bf16", bf16_amx, cpu->amx_bf16, 0},
      {"int8", i8_amx, cpu->amx_int8, 0},
#endif
#elif defined(__aarch64__)
      {"f32", fma_neon, true, 0},
#endif
      {"read", read_all, true, large},
      {"write", write_all, true, large},
      {"copy", copy_all, true, large},
      {"read_cached", read_all, true, cached},
      {"write_cached", write_all, true, cached},
      {"copy_cached", copy_all, true, cached},
  };
  pthread_t threads[MAX_THREADS];
  pthread_barrier_init(&barrier, NULL, (unsigned)nthreads);
  for (int i = 0; i < nthreads; i++) {
    arrays[i] = aligned_alloc(4096, large);
    if (!arrays[i]) return 1;
    memset(arrays[i], 1, large);
    if (i && pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i)) return 1;
  }
  printf("{\"threads\": %d, \"last_cache\": %ld, \"rates\": [", nthreads, last);
  const char *comma = "";
  for (size_t i = 0; i < COUNT(probes); i++) {
    if (!probes[i].here) continue;
    printf("%s[\"%s\", %.4g]", comma, probes[i].name, best_rate(&probes[i]));
    comma = ", ";
  }
  printf("]}\n");
  current = NULL;
  pthread_barrier_wait(&barrier);
  for (int i = 1; i < nthreads; i++) pthread_join(threads[i], NULL);
  return 0;
}
