# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    a, b = tl.load(x_ptr + tl.arange(0, 2))
    tl.store(x_ptr, a)
