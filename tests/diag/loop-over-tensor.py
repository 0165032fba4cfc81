# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    for x in tl.load(x_ptr + tl.arange(0, 8)):
        tl.store(x_ptr, x)
