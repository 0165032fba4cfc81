# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def helper(x_ptr, BLOCK: tl.constexpr):
    return tl.load(x_ptr + tl.arange(0, BLOCK))


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, tl.sum(helper(x_ptr, n)))
