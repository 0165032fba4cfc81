# RUN-ARGS: -k kernel -s "*i32,*u32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, y_ptr):
    tl.store(x_ptr, tl.load(x_ptr) // tl.load(y_ptr))
