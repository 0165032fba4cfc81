# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def sign(n):
    if n > 0:
        return 1
    return


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, sign(n))
