# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def helper(a, /, b):
    return a + b


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, helper(b=1, a=n))
