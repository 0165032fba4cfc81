# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    try:
        x = tl.load(x_ptr)
    except ValueError:
        x = 0.0
    tl.store(x_ptr, x)
