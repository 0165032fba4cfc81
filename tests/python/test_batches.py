"""Programs that the CPU back end runs together (opt/batch_programs.c): each does what it does alone.

The kernels walk along narrow strips of memory. Every grid is launched whole, along either axis, with an end within a tile, and
by one thread and by several, which take ranges that begin and end within a batch.
"""

import pytest
import torch
import triton
import triton.language as tl


def is_batched(kernel):
    return "%batch" in kernel.asm["llir"]


@triton.jit
def column_sums(X, Y, M, N, BM: tl.constexpr, BN: tl.constexpr, AXIS: tl.constexpr):
    cols = tl.program_id(AXIS) * BN + tl.arange(0, BN)
    acc = tl.zeros([BN], dtype=tl.float32)
    for m in range(0, M, BM):
        rows = m + tl.arange(0, BM)
        x = tl.load(X + rows[:, None] * N + cols[None, :], mask=(rows[:, None] < M) & (cols[None, :] < N), other=0.0)
        acc += tl.sum(x.to(tl.float32), axis=0)
    tl.store(Y + cols, acc, mask=cols < N)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("tile", [(16, 2), (4, 8), (1, 32), (8, 64), (16, 256)])
@pytest.mark.parametrize("M, N", [(37, 1), (64, 130), (40, 1000), (16, 5003)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_column_sums(M, N, tile, axis, dtype):
    x = torch.randint(-4, 5, (M, N)).to(dtype)
    y = torch.full((N + 300,), 7.0)
    n = triton.cdiv(N, tile[1])
    column_sums[(n,) if axis == 0 else (1, n)](x, y, M, N, BM=tile[0], BN=tile[1], AXIS=axis)
    assert torch.equal(y[:N], x.float().sum(0))
    assert torch.equal(y[N:], torch.full((300,), 7.0))


@triton.jit
def scale_tiles(X, Y, M, N, BM: tl.constexpr, BN: tl.constexpr, MASKED: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    at = rows[:, None] * N + cols[None, :]
    if MASKED:
        inside = (rows[:, None] < M) & (cols[None, :] < N)
        tl.store(Y + at, tl.load(X + at, mask=inside) * 2 + rows[:, None], mask=inside)
    else:
        tl.store(Y + at, tl.load(X + at) * 2 + rows[:, None])


@pytest.mark.parametrize("tile", [(2, 2), (4, 8), (1, 16), (8, 32)])
@pytest.mark.parametrize("shape", [(8, 32), (24, 32), (40, 96), (33, 100), (7, 1030)])
def test_tiles_of_either_axis(shape, tile):
    M, N = shape
    masked = M % tile[0] != 0 or N % tile[1] != 0
    x = torch.randn(M, N)
    y = torch.zeros(M * N + 64)
    scale_tiles[(triton.cdiv(M, tile[0]), triton.cdiv(N, tile[1]))](x, y, M, N, BM=tile[0], BN=tile[1], MASKED=masked)
    assert torch.equal(y[: M * N].view(M, N), x * 2 + torch.arange(M)[:, None])
    assert torch.equal(y[M * N :], torch.zeros(64))


@triton.jit
def in_place(X, M, N, BN: tl.constexpr):
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    before = tl.zeros([BN], dtype=tl.float32)
    for m in range(M):
        x = tl.load(X + m * N + cols, mask=cols < N)
        before += x
        tl.store(X + m * N + cols, before, mask=cols < N)


def test_running_sums_in_place():
    x = torch.randint(-9, 9, (50, 333)).float()
    expected = x.cumsum(0)
    in_place[(triton.cdiv(333, 16),)](x, 50, 333, BN=16)
    assert torch.equal(x, expected)


@triton.jit
def product(A, B, C, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, K, BK):
        ks = k + tl.arange(0, BK)
        a = tl.load(A + rows[:, None] * K + ks[None, :], mask=(rows[:, None] < M) & (ks[None, :] < K), other=0)
        b = tl.load(B + ks[:, None] * N + cols[None, :], mask=(ks[:, None] < K) & (cols[None, :] < N), other=0)
        acc = tl.dot(a, b, acc)
    tl.store(C + rows[:, None] * N + cols[None, :], acc, mask=(rows[:, None] < M) & (cols[None, :] < N))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("M, N, K", [(16, 16, 16), (40, 100, 33), (96, 260, 64)])
def test_products(M, N, K, dtype):
    a, b = torch.randint(-4, 5, (M, K)).to(dtype), torch.randint(-4, 5, (K, N)).to(dtype)
    c = torch.zeros(M * N + 300)
    product[(triton.cdiv(M, 16), triton.cdiv(N, 16))](a, b, c, M, N, K, BM=16, BN=16, BK=32)
    assert torch.equal(c[: M * N].view(M, N), a.float() @ b.float())
    assert torch.equal(c[M * N :], torch.zeros(300))


@triton.jit
def mean_over_batch(X, Y, M, N, BN: tl.constexpr, FLAG):
    """Values of conditionals, a scan along the other dimension, the program's number in 64 bits, the number of programs."""
    cols = tl.program_id(0).to(tl.int64) * BN + tl.arange(0, BN)
    rows = tl.arange(0, 8)
    acc = tl.zeros([8, BN], dtype=tl.float32)
    for m in range(0, M, 8):
        x = tl.load(
            X + (m + rows)[:, None] * N + cols[None, :], mask=((m + rows)[:, None] < M) & (cols[None, :] < N), other=0
        )
        if FLAG > m:
            acc += tl.cumsum(x, axis=0)
        else:
            acc -= x
    tl.store(Y + cols, tl.sum(acc, axis=0) + tl.num_programs(0), mask=cols < N)


def test_conditions_and_scans():
    M, N, flag = 43, 517, 20
    x = torch.randint(-9, 9, (M, N)).float()
    y = torch.empty(N)
    mean_over_batch[(triton.cdiv(N, 4),)](x, y, M, N, 4, flag)
    padded = torch.zeros(48, N)
    padded[:M] = x
    expected = torch.full((N,), float(triton.cdiv(N, 4)))
    for m in range(0, 48, 8):
        part = padded[m : m + 8]
        expected += (part.cumsum(0) if flag > m else -part).sum(0)
    assert torch.equal(y, expected)


@triton.jit
def largest(X, Y, AT, LEAST, M, N, BM: tl.constexpr, BN: tl.constexpr):
    """A reduction with two results, of which one is used along the strip; the other tensor is the same all along it."""
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    best = tl.zeros([BM, BN], dtype=tl.float32) - 100
    for m in range(0, M, BM):
        rows = m + tl.arange(0, BM)
        x = tl.load(X + rows[:, None] * N + cols[None, :], mask=(rows[:, None] < M) & (cols[None, :] < N), other=-100)
        best = tl.maximum(best, x)
    most, at = tl.max(best, axis=0, return_indices=True)
    tl.store(Y + cols, most, mask=cols < N)
    tl.store(AT + cols, at, mask=cols < N)
    same = tl.zeros([BM, BN], dtype=tl.int32) + M
    tl.store(LEAST + cols, tl.argmin(same, axis=0) + tl.max(same, axis=0), mask=cols < N)


@pytest.mark.parametrize("M, N", [(5, 3), (40, 1000)])
def test_reductions_with_two_results(M, N):
    x = torch.randperm(M * N).float().view(M, N) % 97
    y, at, least = torch.empty(N), torch.zeros(N, dtype=torch.int32), torch.zeros(N, dtype=torch.int32)
    largest[(triton.cdiv(N, 4),)](x, y, at, least, M, N, BM=8, BN=4)
    folded = torch.full((triton.cdiv(M, 8) * 8, N), -100.0)
    folded[:M] = x
    folded = folded.view(-1, 8, N).amax(0)
    assert torch.equal(y, folded.amax(0))
    assert torch.equal(folded.gather(0, at.long()[None])[0], y)
    assert torch.equal(least, torch.full((N,), M, dtype=torch.int32))


@triton.jit
def one_address(X, NOWHERE, Y, M, N, first, BN: tl.constexpr):
    """What no program of the grid reads is read by none that is not in it."""
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    acc = tl.zeros([BN], dtype=tl.float32)
    for m in range(M):
        acc += tl.load(X + m * N + cols)
    acc += tl.load(NOWHERE + tl.zeros([BN], dtype=tl.int32), mask=cols >= first, other=3.0)
    tl.store(Y + cols, acc)


class Nowhere:
    dtype = torch.float32

    def data_ptr(self):
        return 16


@pytest.mark.parametrize("grid, tile", [(1, 2), (3, 2), (7, 4), (4, 16)])
def test_an_address_for_programs_that_are_not_there(grid, tile):
    n = grid * tile
    x, y = torch.randint(-9, 9, (5, n)).float(), torch.empty(n)
    one_address[(grid,)](x, Nowhere(), y, 5, n, n, tile)
    assert torch.equal(y, x.sum(0) + 3)


@triton.jit
def stored_mask(Y, N, BM: tl.constexpr, BN: tl.constexpr):
    """A mask that is computed once for all rows, of wide numbers, for an access of narrow ones."""
    cols = tl.program_id(1).to(tl.int64) * BN + tl.arange(0, BN)
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    odd = (cols.to(tl.uint8) == cols) ^ (cols.to(tl.int32) >= cols.to(tl.uint8))
    tl.store(Y + rows[:, None] * N + cols[None, :], (rows[:, None] + 5).to(tl.int8), mask=odd[None, :])


@pytest.mark.parametrize("tiles", [1, 3, 8, 9])
def test_masks_of_wide_numbers(tiles):
    stored_mask[(2, tiles)](torch.ones(20000, dtype=torch.int8), 4 * tiles, 8, 4)  # scratch is not zero any more
    y = torch.zeros(70000, dtype=torch.int8)
    stored_mask[(2, tiles)](y, 4 * tiles, 8, 4)
    assert not y.any()


@triton.jit
def counted(X, Y, COUNT, M, N, BN: tl.constexpr):
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    acc = tl.zeros([BN], dtype=tl.float32)
    for m in range(M):
        acc += tl.load(X + m * N + cols, mask=cols < N, other=0)
    tl.store(Y + cols, acc, mask=cols < N)
    tl.atomic_add(COUNT, 1)


@triton.jit
def totals(X, Y, M, N, BN: tl.constexpr):
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    acc = tl.zeros([BN], dtype=tl.float32)
    for m in range(M):
        acc += tl.load(X + m * N + cols, mask=cols < N, other=0)
    tl.store(Y + tl.program_id(0), tl.sum(acc, axis=0))


def test_which_are():
    M, N = 20, 100
    x, y = torch.randint(-9, 9, (M, N)).float(), torch.zeros(N)
    assert is_batched(column_sums[(7,)](x, y, M, N, BM=4, BN=16, AXIS=0))
    assert is_batched(scale_tiles[(5, 7)](x, torch.empty_like(x), M, N, BM=4, BN=16, MASKED=True))
    count = torch.zeros(1, dtype=torch.int32)
    assert not is_batched(counted[(7,)](x, y, count, M, N, BN=16))  # an effect for each program
    assert count.item() == 7 and torch.equal(y, x.sum(0))
    assert not is_batched(totals[(7,)](x, y, M, N, BN=16))  # a program adds up what is in its own tile
    assert y[:7].sum() == x.sum()


@triton.jit
def blocks_kernel(x, y, B: tl.constexpr, M: tl.constexpr, N: tl.constexpr, W, D: tl.constexpr):
    """A strip along dimension D of three."""
    strip = tl.program_id(0) * N + tl.arange(0, N)
    i, j = tl.arange(0, B), tl.arange(0, M)
    if D == 0:
        at = strip[:, None, None] + i[None, :, None] * W + j[None, None, :] * W * B
    elif D == 1:
        at = i[:, None, None] * W + strip[None, :, None] + j[None, None, :] * W * B
    else:
        at = i[:, None, None] * W + j[None, :, None] * W * B + strip[None, None, :]
    tl.store(y + at, tl.load(x + at) * 2)


@pytest.mark.parametrize("d", [0, 1, 2])
@pytest.mark.parametrize("programs", [1, 3, 13])
def test_three_dimensions(d, programs):
    x = torch.arange(4 * 8 * 4 * programs, dtype=torch.float32)
    y = torch.zeros_like(x)
    kernel = blocks_kernel[(programs,)](x, y, B=4, M=8, N=4, W=4 * programs, D=d)
    assert is_batched(kernel) and torch.equal(y, x * 2)


@triton.jit
def combined_kernel(x, y, M: tl.constexpr, N: tl.constexpr):
    """The strip's numbers, repeated, are added up along it."""
    strip = tl.program_id(0) * N + tl.arange(0, N)
    v = tl.broadcast_to(tl.load(x + strip)[:, None], (N, M))
    tl.store(y + tl.program_id(0) * M + tl.arange(0, M), tl.sum(v, 0))


def test_combined_along_the_strip():
    x, y = torch.arange(5 * 4, dtype=torch.float32), torch.zeros(5 * 8)
    kernel = combined_kernel[(5,)](x, y, M=8, N=4)
    assert not is_batched(kernel)
    assert torch.equal(y.view(5, 8), x.view(5, 4).sum(1, keepdim=True).expand(5, 8))
