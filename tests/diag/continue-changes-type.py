# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    x = 0
    for i in range(n):
        if i == 3:
            x = 1.5
            continue
        x = i
    tl.store(x_ptr, x)
