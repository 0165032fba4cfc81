# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def choose(x_ptr, n):
    if n > 0:
        return tl.load(x_ptr)
    return n


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, choose(x_ptr, n))
