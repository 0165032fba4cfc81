# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    x = tl.zeros([16], tl.float32)
    x[0] = 1.0
