/* half.c: what LLVM calls to convert f16 on a processor without the instructions. A half travels in the low bits of a vector
 * register, as a float does, so it is declared as one here. Programs of their own (libtritonc_rt.a) call these by the
 * names that LLVM knows, which not every compiler's library has.
 */
#include "cpu/rt/rt.h"

#include <string.h>

static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

float rt_extend_half(float half) {
  uint32_t bits;
  memcpy(&bits, &half, sizeof bits);
  return (float)ir_float_decode(F16, bits & 0xFFFF);
}

float rt_half_of_float(float x) { return from_bits((uint32_t)ir_float_encode(F16, (double)x)); }

float rt_half_of_double(double x) { return from_bits((uint32_t)ir_float_encode(F16, x)); }
