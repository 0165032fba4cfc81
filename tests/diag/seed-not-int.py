# RUN-ARGS: -k kernel -s "*fp32,fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x, seed):
    i = tl.arange(0, 16)
    tl.store(x + i, tl.rand(seed, i))
