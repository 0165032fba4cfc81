# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


SCALE: tl.constexpr = 4


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, n * SCALE)
