# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    mask = tl.arange(0, 32) < 7
    x = tl.load(x_ptr, mask=mask)
