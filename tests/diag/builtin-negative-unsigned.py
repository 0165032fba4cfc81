# RUN-ARGS: -k kernel -s "*u8"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    x = tl.load(x_ptr)
    tl.store(x_ptr, x + -1)
