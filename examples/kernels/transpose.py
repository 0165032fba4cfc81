"""Transposing a matrix tile by tile, and a batch of matrices on a grid of three dimensions."""

import torch
import triton
import triton.language as tl
from case import Case, short, show


@triton.jit
def transpose_kernel(x_ptr, y_ptr, m, n, BM: tl.constexpr, BN: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    base = tl.program_id(2).to(tl.int64) * m * n
    x = tl.load(x_ptr + base + rows[:, None] * n + cols[None, :], mask=(rows[:, None] < m) & (cols[None, :] < n))
    tl.store(
        y_ptr + base + cols[:, None] * m + rows[None, :], tl.trans(x), mask=(cols[:, None] < n) & (rows[None, :] < m)
    )


def transpose(x):
    """(batch, m, n) to (batch, n, m)."""
    batch, m, n = x.shape
    y = torch.empty(batch, n, m, dtype=x.dtype)
    grid = lambda meta: (triton.cdiv(m, meta["BM"]), triton.cdiv(n, meta["BN"]), batch)  # noqa: E731
    transpose_kernel[grid](x, y, m, n, BM=32, BN=64)
    return y


def cases():
    for shape in ((1, 512, 512), (3, 100, 77)):
        for dtype in (torch.float32, torch.float16, torch.int8, torch.float64):
            x = torch.randint(-100, 100, shape).to(dtype)
            yield Case(
                "transpose",
                f"{'x'.join(map(str, shape))} {short(dtype)}",
                lambda x=x: transpose(x),
                lambda x=x: x.transpose(1, 2),
                lambda x=x: x.transpose(1, 2).contiguous(),
                0,
            )


if __name__ == "__main__":
    show(cases())
