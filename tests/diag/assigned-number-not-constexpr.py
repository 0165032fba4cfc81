# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    BLOCK = 64
    tl.store(x_ptr + tl.arange(0, BLOCK), 0.0)
