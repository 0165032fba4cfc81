"""Cumulative sums along rows, and a running maximum with a function of one's own."""

import torch
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def larger(a, b):
    return tl.maximum(a, b)


@triton.jit
def cumsum_kernel(x_ptr, sum_ptr, max_ptr, stride, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * stride + cols, mask=cols < n, other=0.0)
    tl.store(sum_ptr + row * stride + cols, tl.cumsum(x, axis=0), mask=cols < n)
    tl.store(max_ptr + row * stride + cols, tl.associative_scan(x, 0, larger), mask=cols < n)


def cumsum(x):
    """Cumulative sum and cumulative maximum of each row."""
    total, top = torch.empty_like(x), torch.empty_like(x)
    cumsum_kernel[(x.shape[0],)](x, total, top, x.stride(0), x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return total, top


def cases():
    for m, n in ((256, 2048), (31, 1000)):
        x = torch.randn(m, n)
        yield Case(
            "cumulative sum and maximum",
            f"{m}x{n} f32",
            lambda x=x: cumsum(x),
            lambda x=x: (x.double().cumsum(1), x.double().cummax(1).values),
            lambda x=x: (x.cumsum(1), x.cummax(1).values),
        )


if __name__ == "__main__":
    show(cases())
