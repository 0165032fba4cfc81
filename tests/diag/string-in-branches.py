# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    if n > 1:
        mode = "a"
    else:
        mode = "b"
    if mode == "a":
        tl.store(x_ptr, 0.0)
