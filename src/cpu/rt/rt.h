/* rt.h: what the files of the run-time library (rt/) share among themselves, and show to isa.c and to tests.
 *
 * ttc_rt_dot chooses a micro-kernel by the element types and the CPU, once; each instruction set has its
 * file, compiled with that instruction set's target attribute, so that one library serves every processor.
 */
#ifndef TRITONC_CPU_RT_H
#define TRITONC_CPU_RT_H

#include "cpu/internal.h"

/* The processor this process runs on. Asked once; AMX is claimed from the kernel then, and not listed when refused. */
typedef struct RtCpu {
  bool avx2;   /* with FMA and F16C */
  bool avx_vnni;
  bool avx512; /* F, BW, DQ, VL */
  bool avx512_bf16, avx512_fp16, avx512_vnni;
  bool amx_bf16, amx_int8;
  bool neon, neon_bf16, neon_dotprod;
  int64_t l1_bytes, l2_bytes;
} RtCpu;
const RtCpu *rt_cpu(void);
/* Has it everything of a level of levels.def? TRITONC_CPU_LEVEL=NAME leaves out what is stronger. */
bool rt_has_level(const char *level);

/* ---- dot --------------------------------------------------------------------------------------------------------- */

/* libtritonc_rt.a has dot.c and the micro-kernels once for each kind of dot that a kernel calls (ttc_rt_dot_f32, ...), with
 * RT_DOT_KIND set to it: a program is linked with what its kernels use. Elsewhere there is one ttc_rt_dot for all. */
#define RT_KIND_f32 1
#define RT_KIND_f16 2
#define RT_KIND_bf16 4
#define RT_KIND_f8 8
#define RT_KIND_i8 16
#define RT_KIND_f64 32
#define RT_JOIN2(a, b) a##b
#define RT_JOIN(a, b) RT_JOIN2(a, b)
#ifdef RT_DOT_KIND
#define RT_KINDS RT_JOIN(RT_KIND_, RT_DOT_KIND)
#define RT_NAMED(name) RT_JOIN(name, RT_DOT_KIND)
#define ttc_rt_dot RT_NAMED(ttc_rt_dot_)
#define rt_dot_force RT_NAMED(rt_dot_force_for_)
#define rt_dot_choices RT_NAMED(rt_dot_choices_for_)
#define rt_dot_generic RT_NAMED(rt_dot_generic_for_)
#define rt_dot_avx2 RT_NAMED(rt_dot_avx2_for_)
#define rt_dot_avx_vnni RT_NAMED(rt_dot_avx_vnni_for_)
#define rt_dot_avx512 RT_NAMED(rt_dot_avx512_for_)
#define rt_dot_avx512_bf16 RT_NAMED(rt_dot_avx512_bf16_for_)
#define rt_dot_avx512_i16 RT_NAMED(rt_dot_avx512_i16_for_)
#define rt_dot_avx512_vnni RT_NAMED(rt_dot_avx512_vnni_for_)
#define rt_dot_amx RT_NAMED(rt_dot_amx_for_)
#define rt_dot_neon RT_NAMED(rt_dot_neon_for_)
#define rt_dot_neon_bf16 RT_NAMED(rt_dot_neon_bf16_for_)
#define rt_dot_neon_i8 RT_NAMED(rt_dot_neon_i8_for_)
#else
#define RT_KINDS 63
#endif
/* A function of a set, for dots of these kinds. */
#define RT_FOR(kinds, function) ((RT_KINDS) & (kinds) ? (function) : NULL)
#define RT_ANY_F32 (RT_KIND_f32 | RT_KIND_f16 | RT_KIND_bf16 | RT_KIND_f8)

/* The micro-kernels of one instruction set, by what they multiply. Each takes any sizes and strides. NULL: has none;
 * the next weaker set is asked. `dot_f32` takes all types that are exact in f32 (f8, f16, bf16, f32). */
typedef struct RtDotSet {
  const char *name;
  void (*f32)(const CpuDot *d);       /* any of f8 f16 bf16 f32 through f32 FMA */
  void (*bf16)(const CpuDot *d);      /* bf16 x bf16, native products */
  void (*f16)(const CpuDot *d);       /* f16 x f16 */
  void (*f32_split)(const CpuDot *d); /* f32 through exact splits into bf16 */
  void (*f8)(const CpuDot *d);        /* f8 x f8 through bf16 */
  void (*i8)(const CpuDot *d);        /* i8, u8, mixed, to i32 */
  void (*f64)(const CpuDot *d);
  void (*few)(const CpuDot *d); /* at most RT_FEW rows, b of f16, bf16 or f32 with a stride of 1: rt/dot_few.h */
} RtDotSet;
enum { RT_FEW = 8 };
extern const RtDotSet rt_dot_generic;
/* Compilers that know the tile instructions. */
#if defined(__x86_64__) && !defined(RT_EMULATED) && (defined(__clang__) ? __clang_major__ >= 12 : __GNUC__ >= 11)
#define RT_HAS_AMX 1
#else
#define RT_HAS_AMX 0
#endif
#if defined(__x86_64__)
extern const RtDotSet rt_dot_avx2, rt_dot_avx_vnni, rt_dot_avx512, rt_dot_avx512_bf16, rt_dot_avx512_i16,
    rt_dot_avx512_vnni, rt_dot_amx;
#elif defined(__aarch64__)
extern const RtDotSet rt_dot_neon, rt_dot_neon_bf16, rt_dot_neon_i8;
#endif
/* Use `set` before any other until called with NULL. For tests and benchmarks only. */
void rt_dot_force(const RtDotSet *set);

/* All sets, from strong to weak, and whether this processor has them. */
typedef struct RtDotChoice {
  const RtDotSet *set;
  bool here;
} RtDotChoice;
const RtDotChoice *rt_dot_choices(size_t *n);

/* All 256 values of an f8 type as f32, and as the upper halves of f32 (bf16; exact, for no f8 has more than 4 bits). */
const float *rt_f8_table(CpuElem e);
const uint16_t *rt_f8_bf16_table(CpuElem e);
static inline bool rt_is_f8(CpuElem e) { return e >= CPU_F8E4M3FN && e <= CPU_F8E4M3B11FNUZ; }

/* Rows of f16 to rows of f32 and back, rounding to nearest even. */
void rt_widen_f16(float *to, int64_t to_row, const uint16_t *from, int64_t from_row, int64_t rows, int64_t cols);
void rt_narrow_f16(uint16_t *to, int64_t to_row, const float *from, int64_t from_row, int64_t rows, int64_t cols);

/* Of a half in the low bits of a float, and back. */
#ifdef RT_STATIC
float rt_extend_half(float half) __asm__("__extendhfsf2");
float rt_half_of_float(float x) __asm__("__truncsfhf2");
float rt_half_of_double(double x) __asm__("__truncdfhf2");
#else
float rt_extend_half(float half);
float rt_half_of_float(float x);
float rt_half_of_double(double x);
#endif

/* Storage of an element type. */
int rt_elem_bytes(CpuElem e);
/* One element of any type as a double (exact but for 64-bit integers). */
double rt_elem_value(CpuElem e, const void *p, int64_t index);

#endif
