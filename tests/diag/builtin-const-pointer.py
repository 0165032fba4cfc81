# RUN-ARGS: -k kernel -s "*kfp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr: tl.const):
    tl.store(x_ptr, 0.0)
