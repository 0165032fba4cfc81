# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def odd(n):
    return even(n - 1)


@triton.jit
def even(n):
    return odd(n - 1)


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, even(n))
