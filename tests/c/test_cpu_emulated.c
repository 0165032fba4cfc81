/* test_cpu_emulated.c: the run-time library's tests with AVX-512's intrinsics in portable C, so that the kernels of
 * processors with AVX-512 (bf16, VNNI) and AVX-VNNI are tested on any machine. See cmake/tests.cmake. */
#include "test_cpu_rt.c"
