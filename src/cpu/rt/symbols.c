/* symbols.c: the names by which kernels call the run-time library. */
#include "cpu/rt/rt.h"

#include <string.h>

/* What LLVM calls to convert f16 on a processor without the instructions. A half travels in the low bits of a vector
 * register, as a float does, so it is declared as one here. */
static float from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static float extend_half(float half) {
  uint32_t bits;
  memcpy(&bits, &half, sizeof bits);
  return (float)ir_float_decode(F16, bits & 0xFFFF);
}

static float half_of_float(float x) { return from_bits((uint32_t)ir_float_encode(F16, (double)x)); }

static float half_of_double(double x) { return from_bits((uint32_t)ir_float_encode(F16, x)); }

#define SYMBOL(f) {#f, (void *)(uintptr_t)f}
const CpuRtSymbol rt_symbols[] = {
    SYMBOL(ttc_rt_dot),
    SYMBOL(ttc_rt_transpose),
    SYMBOL(ttc_rt_print),
    SYMBOL(ttc_rt_assert_fail),
    SYMBOL(ttc_rt_assert_holds),
    SYMBOL(ttc_rt_poll),
    SYMBOL(ttc_rt_check_row),
    SYMBOL(ttc_rt_check_many),
    SYMBOL(ttc_rt_check_acquire),
    {"__extendhfsf2", (void *)(uintptr_t)extend_half},
    {"__truncsfhf2", (void *)(uintptr_t)half_of_float},
    {"__truncdfhf2", (void *)(uintptr_t)half_of_double},
};
#undef SYMBOL
const int rt_nsymbols = (int)COUNT(rt_symbols);
