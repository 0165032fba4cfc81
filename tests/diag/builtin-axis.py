# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    a = tl.zeros((32, 16), tl.float32)
    tl.store(x_ptr, tl.sum(tl.sum(a, axis=2), axis=0))
