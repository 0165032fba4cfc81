# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    limit = tl.load(x_ptr)
    for i in range(0, limit):
        tl.store(x_ptr + i, 0.0)
