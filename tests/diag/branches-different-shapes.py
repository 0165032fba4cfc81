# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    if n > 3:
        x = tl.zeros([16], tl.float32)
    else:
        x = tl.zeros([32], tl.float32)
    tl.store(x_ptr, tl.sum(x))
