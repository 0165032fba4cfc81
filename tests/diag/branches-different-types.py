# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    x = tl.load(x_ptr)
    if n > 3:
        x = n
    tl.store(x_ptr, x)
