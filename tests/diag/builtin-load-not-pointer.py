# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    offsets = tl.arange(0, 8)
    tl.store(x_ptr + offsets, tl.load(offsets))
