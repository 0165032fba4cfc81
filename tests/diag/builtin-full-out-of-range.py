# RUN-ARGS: -k kernel -s "*i8"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    tl.store(x_ptr + tl.arange(0, 16), tl.full((16,), 128, tl.int8))
