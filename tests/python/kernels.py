"""Small kernels that tests of the runtime share, and views of what they are compiled to."""

import triton
import triton.language as tl


@triton.jit
def add_kernel(x, y, z, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(z + at, tl.load(x + at, mask=at < n) + tl.load(y + at, mask=at < n), mask=at < n)


@triton.jit
def where_kernel(out):
    x, y, z = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    at = (z * tl.num_programs(1) + y) * tl.num_programs(0) + x
    tl.store(out + at, x + 10 * y + 100 * z)


@triton.jit
def pair_kernel(out, x):
    tl.store(out, tl.load(x))


@triton.jit
def put_kernel(out, value):
    tl.store(out, value)


@triton.jit
def count_kernel(out, n, step, flag: tl.constexpr = True, BLOCK: tl.constexpr = 16):
    at = tl.arange(0, BLOCK)
    if flag:
        tl.store(out + at, at * step + n)
    else:
        tl.store(out + at, -at)


@triton.jit
def twice(x):
    return x * 2


@triton.jit
def thrice(x):
    return x * 3


@triton.jit(do_not_specialize=["n"], do_not_specialize_on_alignment=[2])
def plain_kernel(out, n, m):
    tl.store(out, n * 100 + m)


def ttir(kernel):
    return kernel.asm["ttir"]


def parameters(kernel):
    """The parameter list of the kernel's Triton IR."""
    text = ttir(kernel)
    begin = text.index("tt.func public @")
    return text[begin : text.index("\n", begin)]
