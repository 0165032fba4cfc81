# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    a = tl.zeros((32, 32), tl.float16)
    acc = tl.zeros((32, 32), tl.float16)
    acc = tl.dot(a, a, acc, out_dtype=tl.float32)
