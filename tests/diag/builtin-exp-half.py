# RUN-ARGS: -k kernel -s "*fp16"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    tl.store(x_ptr, tl.exp(tl.load(x_ptr)))
