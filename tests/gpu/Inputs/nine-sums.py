import triton
import triton.language as tl


@triton.jit
def first(a0, a1, a2, a3, a4, a5, a6, a7, a8, b0, b1, b2, b3, b4, b5, b6, b7, b8):
    return a0 + b0, a1, a2, a3, a4, a5, a6, a7, a8


@triton.jit
def sums(x):
    a = tl.load(x + tl.arange(0, 64))
    r = tl.reduce((a, a, a, a, a, a, a, a, a), 0, first)
    tl.store(x, r[0])


@triton.jit
def kernel(x):
    sums(x)
