# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    @triton.jit
    def add(a, b):
        return a + b
    tl.store(x_ptr, add(n, 1))
