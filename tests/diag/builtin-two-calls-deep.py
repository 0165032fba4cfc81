# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def inner(x):
    return x + tl.arange(0, 8)


@triton.jit
def outer(x):
    return inner(x) * 2


@triton.jit
def kernel(x_ptr):
    tl.store(x_ptr + tl.arange(0, 16), outer(tl.load(x_ptr + tl.arange(0, 16))))
