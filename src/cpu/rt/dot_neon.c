/* dot_neon.c: dot on 64-bit Arm: f32 (and what is exact in f32) and f64, with rt/dot_rows.h's loops. */
#include "cpu/rt/dot_rows.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define INLINE_NEON static inline __attribute__((always_inline))
#define TARGET_NEON

static void read_f32(float *out, CpuElem type, const char *p, int64_t step, int64_t n) {
  int64_t i = 0;
  if (step == 1 && type == CPU_F32) {
    memcpy(out, p, (size_t)n * 4);
    return;
  }
  if (step == 1 && type == CPU_F16)
    for (; i + 4 <= n; i += 4)
      vst1q_f32(out + i, vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16((const uint16_t *)(const void *)p + i))));
  if (step == 1 && type == CPU_BF16)
    for (; i + 4 <= n; i += 4)
      vst1q_f32(out + i, vreinterpretq_f32_u32(vshll_n_u16(vld1_u16((const uint16_t *)(const void *)p + i), 16)));
  for (; i < n; i++) out[i] = (float)rt_elem_value(type, p, i * step);
}

static void read_f64(double *out, CpuElem type, const char *p, int64_t step, int64_t n) {
  for (int64_t i = 0; i < n; i++) out[i] = rt_elem_value(type, p, i * step);
}

static inline float32x4_t zero_f32(void) { return vdupq_n_f32(0); }
static inline float64x2_t zero_f64(void) { return vdupq_n_f64(0); }
#define FMADD_F32(x, y, z) vfmaq_f32(z, x, y)
#define FMADD_F64(x, y, z) vfmaq_f64(z, x, y)
DEFINE_DOT(INLINE_NEON, TARGET_NEON, float, float32x4_t, 4, zero_f32, vld1q_f32, vdupq_n_f32, FMADD_F32, vaddq_f32,
           vst1q_f32, vst1q_f32, vld1q_f32, f32)
DEFINE_DOT(INLINE_NEON, TARGET_NEON, double, float64x2_t, 2, zero_f64, vld1q_f64, vdupq_n_f64, FMADD_F64, vaddq_f64,
           vst1q_f64, vst1q_f64, vld1q_f64, f64)

const RtDotSet rt_dot_neon = {.name = "neon", .f32 = f32_dot, .f64 = f64_dot};

#endif
