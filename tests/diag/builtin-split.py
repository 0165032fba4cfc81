# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    a, b = tl.split(tl.zeros((16, 4), tl.float32))
