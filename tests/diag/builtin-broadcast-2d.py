# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    a = tl.zeros((16, 32), tl.float32)
    b = tl.zeros((16, 64), tl.float32)
    tl.store(x_ptr + tl.arange(0, 16), tl.sum(a * b, 1))
