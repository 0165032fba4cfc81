# RUN-ARGS: -k kernel -s "*i8"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    tl.atomic_add(x_ptr, 1)
