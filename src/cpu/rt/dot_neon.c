/* dot_neon.c: dot on 64-bit Arm with rt/dot_rows.h's loops: f32 (and what is exact in f32) and f64 by fused
 * multiply-add; bf16 in pairs by BFDOT; 8-bit integers in quads by SDOT. */
#include "cpu/rt/dot_rows.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define INLINE_NEON static inline __attribute__((always_inline))
#define TARGET_NEON

static void read_f32(float *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step, int64_t group,
                     bool is_b) {
  (void)k_step, (void)group, (void)is_b;
  int64_t i = 0;
  if (type == CPU_F32) {
    rt_read_same(out, 4, p, step, n);
    return;
  }
  if (step == 2 && type == CPU_F16)
    for (; i + 4 <= n; i += 4)
      vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *)(const void *)p + i))));
  if (step == 2 && type == CPU_BF16)
    for (; i + 4 <= n; i += 4)
      vst1q_f32(out + i, vreinterpretq_f32_u32(vshll_n_u16(vld1_u16((const uint16_t *)(const void *)p + i), 16)));
  for (; i < n; i++) out[i] = (float)rt_elem_value(type, p + i * step, 0);
}

static void read_f64(double *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step, int64_t group,
                     bool is_b) {
  (void)type, (void)k_step, (void)group, (void)is_b;
  rt_read_same(out, 8, p, step, n);
}

static inline float32x4_t zero_f32(void) { return vdupq_n_f32(0); }
static inline float64x2_t zero_f64(void) { return vdupq_n_f64(0); }
#define FMADD_F32(x, y, z) vfmaq_f32(z, x, y)
#define FMADD_F64(x, y, z) vfmaq_f64(z, x, y)
DEFINE_TURN(INLINE_NEON, float, 4, f32)
INLINE_NEON bool loads_b_f32(CpuElem type) { return type == CPU_F32; }
INLINE_NEON float32x4_t load_b_f32(CpuElem type, const char *p) {
  return (void)type, vld1q_f32((const float *)(const void *)p);
}
DEFINE_DOT(INLINE_NEON, TARGET_NEON, float, float32x4_t, 4, 1, 8, zero_f32, vld1q_f32, vdupq_n_f32, FMADD_F32,
           vaddq_f32, vst1q_f32, vst1q_f32, vld1q_f32, f32)
DEFINE_TURN(INLINE_NEON, double, 2, f64)
INLINE_NEON bool loads_b_f64(CpuElem type) { return type == CPU_F64; }
INLINE_NEON float64x2_t load_b_f64(CpuElem type, const char *p) {
  return (void)type, vld1q_f64((const double *)(const void *)p);
}
DEFINE_DOT(INLINE_NEON, TARGET_NEON, double, float64x2_t, 2, 1, 8, zero_f64, vld1q_f64, vdupq_n_f64, FMADD_F64,
           vaddq_f64, vst1q_f64, vst1q_f64, vld1q_f64, f64)

const RtDotSet rt_dot_neon = {.name = "neon", .f32 = RT_FOR(RT_ANY_F32, f32_dot), .f64 = RT_FOR(RT_KIND_f64, f64_dot)};

/* ---- words ------------------------------------------------------------------------------------------------------- */

#define TARGET_DOTPROD __attribute__((target("arch=armv8.2-a+dotprod")))
#define INLINE_DOTPROD static inline __attribute__((always_inline, target("arch=armv8.2-a+dotprod")))
#define TARGET_BF16 __attribute__((target("arch=armv8.2-a+bf16")))
#define INLINE_BF16 static inline __attribute__((always_inline, target("arch=armv8.2-a+bf16")))

/* x = a + za and y = b - zb, both signed (rt_dot_correct). */
INLINE_DOTPROD void read_i8(uint32_t *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step,
                            int64_t group, bool is_b) {
  (void)is_b;
  rt_read_quads(out, p, step, n, k_step, group, type == CPU_U8 ? 128 : 0);
}
INLINE_DOTPROD uint32x4_t multiply_i8(uint32x4_t x, uint32x4_t y, uint32x4_t sum) {
  return vreinterpretq_u32_s32(vdotq_s32(vreinterpretq_s32_u32(sum), vreinterpretq_s8_u32(x), vreinterpretq_s8_u32(y)));
}
static inline uint32x4_t zero_u32(void) { return vdupq_n_u32(0); }
DEFINE_TURN(INLINE_DOTPROD, uint32_t, 4, i8)
DEFINE_NO_LOAD_B(INLINE_DOTPROD, uint32x4_t, zero_u32, i8)
DEFINE_DOT(INLINE_DOTPROD, TARGET_DOTPROD, uint32_t, uint32x4_t, 4, 4, 8, zero_u32, vld1q_u32, vdupq_n_u32, multiply_i8,
           vaddq_u32, vst1q_u32, vst1q_u32, vld1q_u32, i8)

static void dot_i8(const CpuDot *d) {
  i8_dot(d);
  rt_dot_correct(d, d->a_type == CPU_U8 ? -128 : 0, d->b_type == CPU_U8 ? 128 : 0);
}

const RtDotSet rt_dot_neon_i8 = {.name = "neon_dotprod", .i8 = RT_FOR(RT_KIND_i8, dot_i8)};

INLINE_BF16 void read_bf16(uint32_t *out, CpuElem type, const char *p, int64_t step, int64_t n, int64_t k_step,
                           int64_t group, bool is_b) {
  (void)is_b;
  const uint16_t *table = type == CPU_BF16 ? NULL : rt_f8_bf16_table(type);
  for (int64_t i = 0; i < n; i++) {
    uint16_t x[2] = {0, 0};
    for (int64_t g = 0; g < group; g++)
      if (table)
        x[g] = table[(uint8_t)p[i * step + g * k_step]];
      else
        memcpy(&x[g], p + i * step + g * k_step, 2);
    out[i] = x[0] | (uint32_t)x[1] << 16;
  }
}
INLINE_BF16 uint32x4_t multiply_bf16(uint32x4_t x, uint32x4_t y, uint32x4_t sum) {
  return vreinterpretq_u32_f32(
      vbfdotq_f32(vreinterpretq_f32_u32(sum), vreinterpretq_bf16_u32(x), vreinterpretq_bf16_u32(y)));
}
INLINE_BF16 uint32x4_t add_f32(uint32x4_t x, uint32x4_t y) {
  return vreinterpretq_u32_f32(vaddq_f32(vreinterpretq_f32_u32(x), vreinterpretq_f32_u32(y)));
}
DEFINE_TURN(INLINE_BF16, uint32_t, 4, bf16)
DEFINE_NO_LOAD_B(INLINE_BF16, uint32x4_t, zero_u32, bf16)
DEFINE_DOT(INLINE_BF16, TARGET_BF16, uint32_t, uint32x4_t, 4, 2, 8, zero_u32, vld1q_u32, vdupq_n_u32, multiply_bf16,
           add_f32, vst1q_u32, vst1q_u32, vld1q_u32, bf16)

const RtDotSet rt_dot_neon_bf16 = {
    .name = "neon_bf16", .bf16 = RT_FOR(RT_KIND_bf16, bf16_dot), .f8 = RT_FOR(RT_KIND_f8, bf16_dot)};

#endif
