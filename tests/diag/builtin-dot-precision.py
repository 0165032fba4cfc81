# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    a = tl.zeros((32, 32), tl.float32)
    c = tl.dot(a, a, input_precision="tf64")
