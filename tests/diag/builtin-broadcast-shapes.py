# RUN-ARGS: -k kernel -s "*fp32,*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, y_ptr):
    rows = tl.arange(0, 64)
    cols = tl.arange(0, 32)
    tl.store(y_ptr + rows, tl.load(x_ptr + rows) + tl.load(x_ptr + cols))
