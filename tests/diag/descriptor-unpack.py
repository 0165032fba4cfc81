# RUN-ARGS: -k kernel -s "tensordesc<fp32[16,16]>"
import triton
import triton.language as tl


@triton.jit
def kernel(desc):
    handle, shape, strides = desc
