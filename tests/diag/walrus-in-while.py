# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    while (x := tl.load(x_ptr)) > 0:
        tl.store(x_ptr, x - 1)
    else:
        tl.store(x_ptr, 0.0)
