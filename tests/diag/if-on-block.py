# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    offsets = tl.arange(0, 16)
    if offsets < n:
        tl.store(x_ptr, 0.0)
