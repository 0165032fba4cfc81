# RUN-ARGS: -k kernel -s "*fp32,fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, f):
    tl.store(x_ptr + f, 0.0)
