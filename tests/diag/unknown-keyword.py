# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def helper(a, block_size):
    return a + block_size


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, helper(n, blocksize=2))
