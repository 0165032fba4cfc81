# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    i = tl.arange(0, 16)
    tl.store(x_ptr + tl.arange(0, 32), tl.interleave(i, i.to(tl.float16)))
