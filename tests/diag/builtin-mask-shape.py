# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    rows = tl.arange(0, 16)
    mask = tl.arange(0, 32) < 7
    tl.store(x_ptr + rows, 1.0, mask=mask)
