# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    offsets = tl.arange(0, n)
    tl.store(x_ptr + offsets, 0.0)
