# RUN-ARGS: -k kernel -s "*fp32,*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, y_ptr):
    tl.store(x_ptr + y_ptr, 0.0)
