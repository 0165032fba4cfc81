# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def inner(p, offsets):
    return tl.load(p + offsets, mask=offset < 4)


@triton.jit
def outer(p):
    return inner(p, tl.arange(0, 8)) * 2


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, tl.sum(outer(x_ptr)))
