# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


def helper(x):
    return x + 1


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, helper(n))
