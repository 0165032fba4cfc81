# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def helper(x_ptr):
    tl.store(x_ptr, 0.0)


@triton.jit
def kernel(x_ptr, n):
    helper[(1,)](x_ptr)
