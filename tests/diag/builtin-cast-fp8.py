# RUN-ARGS: -k kernel -s "*i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    tl.store(x_ptr, tl.load(x_ptr).to(tl.float8e5).to(tl.float32).to(tl.int32))
