"""Scans along every axis of tiles of several shapes, and sums of what they gave, against PyTorch.

They run on the simulated GPU, where a race or a read of what nobody wrote fails; on a GPU if TRITONC_TEST_DEVICE=cuda.
"""

import os

import pytest
import torch
import triton
import triton.language as tl

DEVICE = "cuda" if os.environ.get("TRITONC_TEST_DEVICE") == "cuda" else "cpu"


@pytest.fixture(autouse=True)
def processor(monkeypatch):
    if DEVICE == "cpu":
        monkeypatch.setenv("TRITONC_SIMULATE", "cuda:90")
    torch.manual_seed(0)


def random(*shape, dtype=torch.int32, high=3):
    return torch.randint(-2, high, shape).to(dtype).to(DEVICE)


def memory(*shape, dtype=torch.int32):
    return torch.full(shape, 77, dtype=dtype, device=DEVICE)


@triton.jit
def after(a, b, c, d):
    """x -> a x + b, one such step after another: does not commute."""
    return a * c, b * c + d


@triton.jit
def steps_kernel(
    x, z, a_out, b_out, sums, AXIS: tl.constexpr, REVERSE: tl.constexpr, A: tl.constexpr, B: tl.constexpr,
    C: tl.constexpr,
):  # fmt: skip
    i, j, k = tl.arange(0, A)[:, None, None], tl.arange(0, B)[None, :, None], tl.arange(0, C)[None, None, :]
    at = i * (B * C) + j * C + k
    v, w = tl.load(x + at), tl.load(z + at)
    a, b = tl.associative_scan((v, w), AXIS, after, reverse=REVERSE)
    tl.store(a_out + at, a)
    tl.store(b_out + at, b)
    tl.store(sums + tl.arange(0, A)[:, None] * B + tl.arange(0, B)[None, :], tl.sum(b, 2))


def wanted(x, z, axis, reverse):
    order = range(x.shape[axis])[:: -1 if reverse else 1]
    a, b = torch.empty_like(x), torch.empty_like(z)
    left = torch.ones_like(x.select(axis, 0)), torch.zeros_like(x.select(axis, 0))
    for i in order:
        v, w = x.select(axis, i), z.select(axis, i)
        left = left[0] * v, left[1] * v + w
        a.select(axis, i).copy_(left[0])
        b.select(axis, i).copy_(left[1])
    return a, b


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(
    "shape, dtype, warps",
    [
        ((1, 64, 32), torch.int32, 4), ((1, 16, 128), torch.int16, 4), ((8, 16, 8), torch.int64, 2),
        ((64, 2, 4), torch.int32, 1), ((4, 8, 32), torch.int8, 8), ((32, 8, 16), torch.int32, 4),
    ],
    ids=str,
)  # fmt: skip
def test_steps(shape, dtype, warps, axis, reverse):
    x, z = random(*shape, dtype=dtype), random(*shape, dtype=dtype)
    a, b, sums = memory(*shape, dtype=dtype), memory(*shape, dtype=dtype), memory(*shape[:2], dtype=dtype)
    A, B, C = shape
    steps_kernel[(1,)](x, z, a, b, sums, AXIS=axis, REVERSE=reverse, A=A, B=B, C=C, num_warps=warps)
    want = wanted(x, z, axis, reverse)
    assert torch.equal(a, want[0]) and torch.equal(b, want[1])
    assert torch.equal(sums, want[1].sum(2).to(dtype))


@triton.jit
def recurrence_kernel(x, z, out, last, rows, cols, BR: tl.constexpr, BC: tl.constexpr):
    """A recurrence down the columns, tile by tile."""
    c, r = tl.program_id(0) * BC + tl.arange(0, BC), tl.arange(0, BR)
    h = tl.zeros([BC], tl.float32)
    for start in range(0, rows, BR):
        at, m = (start + r[:, None]) * cols + c[None, :], (start + r[:, None] < rows) & (c[None, :] < cols)
        v, w = tl.load(x + at, m, 1.0).to(tl.float32), tl.load(z + at, m, 0.0).to(tl.float32)
        a, b = tl.associative_scan((v, w), 0, after)
        y = a * h[None, :] + b
        tl.store(out + at, y.to(out.dtype.element_ty), m)
        h = tl.sum(tl.where(r[:, None] == BR - 1, y, 0.0), 0)
    tl.store(last + c, h, c < cols)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("tile, warps", [((64, 32), 4), ((32, 64), 4), ((16, 16), 2), ((128, 8), 8), ((8, 256), 1)])
def test_recurrence(dtype, tile, warps):
    rows, cols = 200, 40
    x, z = torch.rand(rows, cols).to(dtype).to(DEVICE), torch.randn(rows, cols).to(dtype).to(DEVICE)
    out, last = torch.empty_like(z), torch.empty(cols, device=DEVICE)
    grid = (triton.cdiv(cols, tile[1]),)
    recurrence_kernel[grid](x, z, out, last, rows, cols, BR=tile[0], BC=tile[1], num_warps=warps)
    _, want = wanted(x.double(), z.double(), 0, False)
    tolerance = dict(rtol=1e-2, atol=1e-2) if dtype != torch.float32 else dict(rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(out.double(), want, **tolerance)
    torch.testing.assert_close(last.double(), want[-1], rtol=1e-4, atol=1e-4)


@triton.jit
def rows_kernel(x, best, at, total, M: tl.constexpr, N: tl.constexpr):
    """Several rows in a thread, each of which lies in many lanes: sums, and the place of the largest."""
    r, c = tl.arange(0, M), tl.arange(0, N)
    v = tl.load(x + r[:, None] * N + c[None, :])
    m, i = tl.max(v, 1, return_indices=True)
    s = tl.sum(v, 1)
    tl.store(best + r, m)
    tl.store(at + r, i)
    tl.store(total + r, tl.cumsum(s, 0))


@pytest.mark.parametrize("m, n, warps", [(64, 32, 1), (64, 64, 2), (32, 256, 4), (128, 16, 4), (512, 4, 1), (8, 8, 1)])
@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.int16], ids=str)
def test_rows(m, n, warps, dtype):
    x = random(m, n, dtype=dtype, high=100)
    best, at, total = memory(m, dtype=dtype), memory(m), memory(m, dtype=torch.int64)
    rows_kernel[(1,)](x, best, at, total, M=m, N=n, num_warps=warps)
    first = (x == x.max(1, keepdim=True).values).int().argmax(1).int()
    assert torch.equal(best, x.max(1).values) and torch.equal(at, first)
    assert torch.equal(total, x.sum(1).cumsum(0))
