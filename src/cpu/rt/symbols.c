/* symbols.c: the names by which kernels call the run-time library. */
#include "cpu/rt/rt.h"

#define SYMBOL(f) {#f, (void *)(uintptr_t)f}
const CpuRtSymbol rt_symbols[] = {
    {"ttc_rt_dot_f32", (void *)(uintptr_t)ttc_rt_dot},
    {"ttc_rt_dot_f16", (void *)(uintptr_t)ttc_rt_dot},
    {"ttc_rt_dot_bf16", (void *)(uintptr_t)ttc_rt_dot},
    {"ttc_rt_dot_f8", (void *)(uintptr_t)ttc_rt_dot},
    {"ttc_rt_dot_i8", (void *)(uintptr_t)ttc_rt_dot},
    {"ttc_rt_dot_f64", (void *)(uintptr_t)ttc_rt_dot},
    SYMBOL(ttc_rt_transpose),
    SYMBOL(ttc_rt_print),
    SYMBOL(ttc_rt_assert_fail),
    SYMBOL(ttc_rt_assert_holds),
    SYMBOL(ttc_rt_poll),
    SYMBOL(ttc_rt_alone_begin),
    SYMBOL(ttc_rt_alone_end),
    SYMBOL(ttc_rt_check_row),
    SYMBOL(ttc_rt_check_many),
    SYMBOL(ttc_rt_check_acquire),
    {"__extendhfsf2", (void *)(uintptr_t)rt_extend_half},
    {"__truncsfhf2", (void *)(uintptr_t)rt_half_of_float},
    {"__truncdfhf2", (void *)(uintptr_t)rt_half_of_double},
};
#undef SYMBOL
const int rt_nsymbols = (int)COUNT(rt_symbols);
