"""Reductions that a loop adds up: the same results as one reduction of everything, on the CPU and on the simulated GPU."""

import numpy as np
import pytest
import triton
import triton.language as tl
from targets import on_each

target = on_each("cpu", "cuda:90", autouse=True)


@triton.jit
def rows_kernel(X, total, largest, smallest, bits, n, M: tl.constexpr, B: tl.constexpr):
    rows = tl.arange(0, M)
    t = tl.full([M], 1, tl.float32)
    hi = tl.full([M], -3, tl.float32)
    lo = tl.full([M], 3, tl.float32)
    b = tl.zeros([M], tl.int32)
    for i in range(n):
        x = tl.load(X + rows[:, None] * (n * B) + i * B + tl.arange(0, B)[None, :])
        t += tl.sum(x, 1)
        hi = tl.maximum(hi, tl.max(x, 1))
        lo = tl.minimum(tl.min(x, 1), lo)
        b = b ^ tl.xor_sum(x.to(tl.int32, bitcast=True), 1)
    tl.store(total + rows, t)
    tl.store(largest + rows, hi)
    tl.store(smallest + rows, lo)
    tl.store(bits + rows, b)


@pytest.mark.parametrize("M,B,n", [(16, 32, 3), (4, 256, 2), (32, 128, 1), (8, 64, 0), (2, 1024, 2)])
def test_rows(M, B, n):
    rng = np.random.default_rng(7)
    x = rng.standard_normal((M, n * B), dtype=np.float32)
    outs = [np.zeros(M, np.float32) for _ in range(3)] + [np.zeros(M, np.int32)]
    rows_kernel[(1,)](x if n else np.zeros(1, np.float32), *outs, n, M=M, B=B)
    np.testing.assert_allclose(outs[0], 1 + x.sum(1, dtype=np.float64), rtol=1e-5, atol=1e-5)
    assert np.array_equal(outs[1], np.max(x, 1, initial=-3)) and np.array_equal(outs[2], np.min(x, 1, initial=3))
    assert np.array_equal(outs[3], np.bitwise_xor.reduce(x.view(np.int32), 1))


@triton.jit
def columns_kernel(X, out, seen, n, M: tl.constexpr, B: tl.constexpr):
    columns = tl.arange(0, M)
    t = tl.zeros([M], tl.int32)
    every = 0
    watched = 0
    for i in range(n):
        x = tl.load(X + (i * B + tl.arange(0, B)[:, None]) * M + columns[None, :])
        t += tl.sum(x * 2, 0)
        y = tl.load(X + i * B * M + tl.arange(0, B * M))
        every += tl.sum(y)
        watched += tl.sum(y)
        tl.store(seen + i, watched)
    tl.store(out + columns, t + every)


def test_columns_and_all_elements():
    x = np.random.default_rng(3).integers(-99, 99, (3 * 64, 16), dtype=np.int32)
    out, seen = np.zeros(16, np.int32), np.zeros(3, np.int32)
    columns_kernel[(1,)](x, out, seen, 3, M=16, B=64)
    assert np.array_equal(out, 2 * x.sum(0) + x.sum())
    assert np.array_equal(seen, np.cumsum(x.reshape(3, -1).sum(1)))


@triton.jit
def shared_columns_kernel(X, total, largest, at, M: tl.constexpr, N: tl.constexpr):
    c = tl.arange(0, N)
    x = tl.load(X + tl.arange(0, M)[:, None] * N + c[None, :])
    tl.store(total + c, tl.sum(x, 0))
    most, where = tl.max(x, 0, return_indices=True)
    tl.store(largest + c, most)
    tl.store(at + c, where)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int8])
@pytest.mark.parametrize("shape", [(16, 128), (64, 64), (64, 8), (128, 2), (8, 512)])
@pytest.mark.parametrize("warps", [2, 8])
def test_columns_that_many_warps_share(dtype, shape, warps):
    """What warps leave for each other lies by part or by place, as banks ask: sums, and pairs of unlike size."""
    rows, columns = shape
    x = np.random.default_rng(3).integers(-7, 7, size=shape).astype(dtype)
    total, largest = np.zeros(columns, np.int32 if dtype == np.int8 else dtype), np.zeros(columns, dtype)
    at = np.zeros(columns, np.int32)
    shared_columns_kernel[(1,)](x, total, largest, at, M=rows, N=columns, num_warps=warps)
    assert (total == x.sum(0, dtype=total.dtype)).all() and (largest == x.max(0)).all() and (at == x.argmax(0)).all()
