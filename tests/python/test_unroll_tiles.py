"""Loops over narrow tiles, which the CPU back end takes several iterations of at a time (opt/unroll_tiles.c): what they add up
is what they add up one by one, wherever the row ends.
"""

import pytest
import torch
import triton
import triton.language as tl

LENGTHS = [0, 1, 15, 16, 17, 63, 64, 65, 127, 128, 129, 250, 256, 1000]


@triton.jit
def row_sums(X, Y, N, B: tl.constexpr, FROM: tl.constexpr):
    row = tl.program_id(0)
    acc = tl.zeros([B], tl.float32)
    for k in range(FROM, N, B):
        cols = k + tl.arange(0, B)
        acc += tl.load(X + row * N + cols, mask=cols < N, other=0.0)
    tl.store(Y + row, tl.sum(acc, 0))


@pytest.mark.parametrize("first", [0, 16, -32])
@pytest.mark.parametrize("B", [8, 16, 32, 64, 256])
def test_row_sums(B, first):
    for n in LENGTHS:
        flat = torch.randint(-9, 9, (3 * n + 65,)).float()
        x = flat[64:]
        y = torch.full((3,), 7.0)
        row_sums[(3,)](x, y, n, B=B, FROM=first)
        expected = [flat[64 + r * n + min(first, n) : 64 + (r + 1) * n].sum() for r in range(3)]
        assert y.tolist() == expected, n


@triton.jit
def counted_down(X, Y, N, B: tl.constexpr):
    offs = tl.arange(0, B)
    acc = tl.zeros([B], tl.int32)
    most = -100
    for k in range(0, tl.cdiv(N, B)):
        x = tl.load(X + k * B + offs, mask=offs < N - k * B, other=-100)
        acc += tl.where(offs < N - k * B, x, 0)
        most = max(most, tl.max(x, 0))
    tl.store(Y, tl.sum(acc, 0))
    tl.store(Y + 1, most)


@pytest.mark.parametrize("B", [8, 32])
def test_counted_down(B):
    for n in LENGTHS:
        x = torch.randint(-9, 9, (n + 1,), dtype=torch.int32)
        y = torch.zeros(2, dtype=torch.int32)
        counted_down[(1,)](x, y, n, B=B)
        assert y.tolist() == [x[:n].sum(), x[:n].max() if n else -100], n


@triton.jit
def extremes(X, Y, N, B: tl.constexpr):
    row = tl.program_id(0)
    most = -float("inf")
    least = float("inf")
    bits = 0
    for k in range(0, N, B):
        cols = k + tl.arange(0, B)
        most = tl.maximum(most, tl.max(tl.load(X + row * N + cols, mask=cols < N, other=-float("inf")), 0))
        x = tl.load(X + row * N + cols, mask=cols < N, other=float("inf"))
        least = tl.minimum(tl.min(x, 0), least)
        bits = bits | tl.reduce(tl.where(cols < N, x.to(tl.int32, bitcast=True), 0), 0, combine_or)
    tl.store(Y + row * 3, most)
    tl.store(Y + row * 3 + 1, least)
    tl.store(Y + row * 3 + 2, bits.to(tl.float32))


@triton.jit
def combine_or(a, b):
    return a | b


@pytest.mark.parametrize("B", [16, 64])
def test_extremes(B):
    for n in LENGTHS[1:]:
        x = torch.randn(2, n)
        if n > 40:
            x[0, 37] = float("nan")
        y = torch.zeros(2, 3)
        extremes[(2,)](x, y, n, B=B)
        numbers = torch.nan_to_num(x, nan=float(x[1, 0]))
        for r in range(2):
            known = x[r][~x[r].isnan()]
            bits = 0
            for word in x[r].view(torch.int32).tolist():
                bits |= word
            assert y[r].tolist() == [known.max(), known.min(), float(torch.tensor(bits).float())], n
        assert numbers.isfinite().all()


@triton.jit
def weighted_rows(X, W, Y, M, N, BM: tl.constexpr, BN: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    acc = tl.zeros([BM, BN], tl.float32)
    for k in range(0, N, BN):
        cols = k + tl.arange(0, BN)
        mask = (rows[:, None] < M) & (cols[None, :] < N)
        x = tl.load(X + rows[:, None] * N + cols[None, :], mask=mask, other=0.0)
        acc += x * tl.load(W + cols, mask=cols < N, other=0.0)[None, :]
    tl.store(Y + rows, tl.sum(acc, 1), mask=rows < M)


@pytest.mark.parametrize("tile", [(1, 16), (4, 16), (16, 16), (8, 64), (4, 128)])
def test_weighted_rows(tile):
    for n in LENGTHS[1:]:
        x = torch.randint(-9, 9, (21, n)).float()
        w = torch.randint(-9, 9, (n,)).float()
        y = torch.full((30,), 7.0)
        weighted_rows[(triton.cdiv(21, tile[0]),)](x, w, y, 21, n, BM=tile[0], BN=tile[1])
        assert torch.equal(y[:21], x @ w), n
        assert (y[21:] == 7).all()


@triton.jit
def column_moments(X, S, Q, M, N, BM: tl.constexpr, BN: tl.constexpr):
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    s = tl.zeros([BM, BN], tl.float32)
    q = tl.zeros([BM, BN], tl.float32)
    for m in range(0, M, BM):
        rows = m + tl.arange(0, BM)
        mask = (rows[:, None] < M) & (cols[None, :] < N)
        x = tl.load(X + rows[:, None] * N + cols[None, :], mask=mask, other=0.0)
        s += x
        q += x * x
    tl.store(S + cols, tl.sum(s, 0), mask=cols < N)
    tl.store(Q + cols, tl.sum(q, 0), mask=cols < N)


@pytest.mark.parametrize("tile", [(16, 2), (4, 16), (1, 64), (8, 128)])
@pytest.mark.parametrize("M", [1, 5, 16, 64, 71, 130])
def test_column_moments(M, tile):
    x = torch.randint(-9, 9, (M, 150)).float()
    s, q = torch.full((200,), 7.0), torch.full((200,), 7.0)
    column_moments[(triton.cdiv(150, tile[1]),)](x, s, q, M, 150, BM=tile[0], BN=tile[1])
    assert torch.equal(s[:150], x.sum(0)) and torch.equal(q[:150], (x * x).sum(0))
    assert (s[150:] == 7).all() and (q[150:] == 7).all()


@triton.jit
def order(X, Y, N, B: tl.constexpr):
    acc = tl.zeros([B], tl.float32)
    for k in range(0, N, B):
        cols = k + tl.arange(0, B)
        acc = acc * 0.5 + tl.load(X + cols, mask=cols < N, other=0.0)
    tl.store(Y + tl.arange(0, B), acc)


def test_order():
    """Each element is computed with in the order of the iterations."""
    n, B = 16 * 11 + 5, 16
    x = torch.randn(n)
    y = torch.zeros(B)
    order[(1,)](x, y, n, B=B)
    acc = torch.zeros(B)
    for row in torch.nn.functional.pad(x, (0, 11)).view(-1, B):
        acc = acc * 0.5 + row
    assert torch.equal(y, acc)


@triton.jit
def near_the_end(Y, LOWER, UPPER, N, STEP: tl.constexpr):
    acc = tl.zeros([8], tl.int32)
    for k in range(LOWER, UPPER, STEP):
        x = k + tl.arange(0, 8)
        acc += tl.where(x < N, tl.load(Y + 8 + tl.arange(0, 8)), 0)
    tl.store(Y + tl.arange(0, 8), acc)


@pytest.mark.parametrize("step", [1, 7, 64, 1 << 29])
def test_near_the_end_of_the_type(step):
    top = 2**31 - 1
    bounds = [(0, 100), (top - 90, top), (top - 3, top), (-(2**31), -(2**31) + 90), (-20, 25), (50, 10), (0, top)]
    for lower, upper in bounds:
        trips = len(range(lower, upper, step))
        if trips > 1000:
            continue
        for n in (-5, 0, 3, 20, 97, top - 50, top):
            y = torch.ones(16, dtype=torch.int32)
            near_the_end[(1,)](y, lower, upper, n, STEP=step)
            expected = [0] * 8
            for k in range(lower, upper, step):
                for i in range(8):
                    wrapped = (k + i + 2**31) % 2**32 - 2**31
                    expected[i] += wrapped < n
            assert y[:8].tolist() == expected, (lower, upper, n)


@triton.jit
def matrix_sums(X, W, Y, K, N, BK: tl.constexpr, BN: tl.constexpr):
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    acc = tl.zeros([BN], tl.float32)
    for k in range(0, K, BK):
        rows = k + tl.arange(0, BK)
        x = tl.load(X + rows[:, None] * N + cols[None, :], mask=(rows[:, None] < K) & (cols[None, :] < N), other=0.0)
        acc += tl.sum(x * tl.load(W + rows, mask=rows < K, other=0.0)[:, None], 0)
    tl.store(Y + cols, acc, mask=cols < N)


@pytest.mark.parametrize("tile", [(4, 16), (8, 64), (16, 256), (64, 32)])
@pytest.mark.parametrize("K", [1, 30, 64, 133])
def test_rows_at_a_time(K, tile):
    """A reduction along rows takes several of them at a time."""
    x = torch.randint(-9, 9, (K, 300)).float()
    w = torch.randint(-9, 9, (K,)).float()
    y = torch.full((400,), 7.0)
    matrix_sums[(triton.cdiv(300, tile[1]),)](x, w, y, K, 300, BK=tile[0], BN=tile[1])
    assert torch.equal(y[:300], w @ x)
    assert (y[300:] == 7).all()


@triton.jit
def middle_reduced(X, Y, Z, A: tl.constexpr, B: tl.constexpr, C: tl.constexpr, AXIS: tl.constexpr):
    a = tl.arange(0, A)[:, None, None]
    b = tl.arange(0, B)[None, :, None]
    c = tl.arange(0, C)[None, None, :]
    x = tl.load(X + (a * B + b) * C + c)
    best, at = tl.max(x, AXIS, return_indices=True)
    if AXIS == 0:
        out = tl.arange(0, B)[:, None] * C + tl.arange(0, C)[None, :]
    else:
        out = tl.arange(0, A)[:, None] * C + tl.arange(0, C)[None, :]
    tl.store(Y + out, best)
    tl.store(Z + out, at)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("shape", [(4, 8, 16), (8, 4, 32), (16, 2, 8)])
def test_rows_of_three_dimensions(shape, axis):
    x = torch.randint(0, 5, shape).float()
    y = torch.zeros([s for d, s in enumerate(shape) if d != axis])
    z = torch.zeros_like(y, dtype=torch.int32)
    middle_reduced[(1,)](x, y, z, *shape, AXIS=axis)
    assert torch.equal(y, x.amax(axis))
    first = (x == x.amax(axis, keepdim=True)).int().argmax(axis)
    assert torch.equal(z.long(), first)
