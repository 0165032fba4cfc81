# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    best = None
    for i in range(n):
        best = tl.load(x_ptr + i)
    tl.store(x_ptr, 0.0)
