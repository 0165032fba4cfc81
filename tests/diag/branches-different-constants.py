# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    if n > 3:
        block: tl.constexpr = 16
    else:
        block: tl.constexpr = 32
    tl.store(x_ptr + tl.arange(0, block), 0.0)
