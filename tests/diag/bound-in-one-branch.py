# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    if n > 2:
        scale = 1.0
    tl.store(x_ptr, scale)
