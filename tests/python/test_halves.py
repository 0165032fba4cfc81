"""Sorting networks in every distribution of the elements over registers, lanes and warps."""

import pytest
import torch
import triton
import triton.language as tl
from targets import on_each

target = on_each("", "cuda:90", autouse=True)


@triton.jit
def sort_kernel(x, y, ROWS: tl.constexpr, COLS: tl.constexpr, K: tl.constexpr, DESCENDING: tl.constexpr):
    r, c = tl.arange(0, ROWS)[:, None], tl.arange(0, COLS)[None, :]
    v = tl.load(x + r * COLS + c)
    if K == 0:
        tl.store(y + r * COLS + c, tl.sort(v, dim=1, descending=DESCENDING))
    else:
        tl.store(y + r * K + tl.arange(0, K)[None, :], tl.topk(v, K, dim=1))


@pytest.mark.parametrize(
    "rows, cols, k, dtype, warps",
    [
        (4, 128, 0, torch.float32, 4),  # a warp per row
        (1, 256, 0, torch.float16, 4),  # a row in all warps
        (2, 64, 0, torch.int32, 4),  # more threads than pairs
        (1, 512, 0, torch.int64, 2),
        (8, 4, 0, torch.float32, 1),  # a row per thread
        (16, 16, 4, torch.float32, 4),
        (2, 64, 8, torch.float16, 1),
    ],
)
def test_sorts_in_every_distribution(rows, cols, k, dtype, warps):
    torch.manual_seed(cols)
    x = torch.randn(rows, cols).mul(100).to(dtype)
    for descending in (False, True):
        y = torch.zeros(rows, k or cols, dtype=dtype)
        sort_kernel[(1,)](x, y, rows, cols, k, descending, num_warps=warps)
        assert torch.equal(y, x.sort(1, descending=descending or k > 0).values[:, : k or cols])
