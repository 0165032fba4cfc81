"""Tiles that are loaded along one dimension and stored along the other, on the CPU."""

import pytest
import torch
import triton
import triton.language as tl


@triton.jit
def across_kernel(X, Y, R, A, B, scale, BA: tl.constexpr, BB: tl.constexpr, ALONG: tl.constexpr, OTHER: tl.constexpr):
    """y[b, a] = scale * x[a, b] + r[a] + (y's own element before), by tiles that are stored along dimension ALONG."""
    a = tl.program_id(0) * BA + tl.arange(0, BA)
    b = tl.program_id(1) * BB + tl.arange(0, BB)
    if ALONG == 1:
        a, b = a[None, :], b[:, None]
    else:
        a, b = a[:, None], b[None, :]
    live = (a < A) & (b < B)
    if OTHER:
        x = tl.load(X + a * B + b, mask=live & (b != 3), other=7)
    else:
        x = tl.load(X + a * B + b, mask=live)
    y = tl.load(Y + b * A + a, mask=live)
    if ALONG == 1:
        y += tl.load(R + a, mask=a < A)
    tl.store(Y + b * A + a, x * scale + y, mask=live)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int32, torch.int16, torch.int8])
@pytest.mark.parametrize("along", [0, 1])
@pytest.mark.parametrize("tile", [(16, 16), (8, 32), (64, 16)])
@pytest.mark.parametrize("other", [False, True])
def test_transposing_copy(dtype, along, tile, other):
    torch.manual_seed(0)
    A, B = 77, 100
    x, y, r = (torch.randint(-8, 8, s).to(dtype) for s in ((A, B), (B, A), (A,)))
    seen = x.clone()
    if other:
        seen[:, 3] = 7
    expected = seen.T * 2 + y + (r if along == 1 else 0)
    across_kernel[(triton.cdiv(A, tile[0]), triton.cdiv(B, tile[1]))](x, y, r, A, B, 2, *tile, along, other)
    assert torch.equal(y, expected.to(dtype))


@triton.jit
def in_place_kernel(X, N: tl.constexpr):
    i, j = tl.arange(0, N)[:, None], tl.arange(0, N)[None, :]
    tl.store(X + j * N + i, tl.load(X + i * N + j) + 1)


def test_in_place():
    x = torch.randn(32, 32)
    expected = x.T + 1
    in_place_kernel[(1,)](x, 32)
    assert torch.equal(x, expected)


@triton.jit
def two_stores_kernel(X, Y, Z, A, B, STEPS, BA: tl.constexpr, BB: tl.constexpr):
    for k in range(STEPS):
        a = tl.program_id(0) * BA + tl.arange(0, BA)[:, None]
        b = k * BB + tl.arange(0, BB)[None, :]
        x = tl.load(X + a * B + b)
        tl.store(Y + b * A + a, x)
        tl.store(Z + b * A + a, tl.where(x > 0, x * 3 + b, k))


def test_two_stores_in_a_loop():
    x = torch.randn(64, 96)
    y, z = torch.empty(96, 64), torch.empty(96, 64)
    two_stores_kernel[(2,)](x, y, z, 64, 96, 6, 32, 16)
    b = torch.arange(96)[:, None]
    assert torch.equal(y, x.T)
    torch.testing.assert_close(z, torch.where(x.T > 0, x.T * 3 + b, (b // 16).float()))


@triton.jit
def written_between_kernel(X, Y, N: tl.constexpr):
    i, j = tl.arange(0, N)[:, None], tl.arange(0, N)[None, :]
    x = tl.load(X + i * N + j)
    tl.store(X + i * N + j, 0.0)
    tl.store(Y + j * N + i, x)


def test_what_is_overwritten_before_it_is_stored():
    x, y = torch.randn(16, 16), torch.empty(16, 16)
    expected = x.T.clone()
    written_between_kernel[(1,)](x, y, 16)
    assert torch.equal(y, expected) and not x.any()


@triton.jit
def masked_trans_kernel(X, Y, M, N, BM: tl.constexpr, BN: tl.constexpr):
    i, j = tl.program_id(0) * BM + tl.arange(0, BM), tl.program_id(1) * BN + tl.arange(0, BN)
    x = tl.load(X + i[:, None] * N + j[None, :], mask=(i[:, None] < M) & (j[None, :] < N), other=0)
    tl.store(Y + j[:, None] * tl.num_programs(0) * BM + i[None, :], tl.trans(x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.int8])
@pytest.mark.parametrize("M,N", [(64, 64), (33, 50), (1, 64), (17, 3)])
def test_what_a_mask_leaves_out_of_a_transposition(dtype, M, N):
    x = torch.randint(-9, 9, (M, N)).to(dtype)
    y = torch.full((64, 64), 5).to(dtype)
    masked_trans_kernel[(4, 2)](x, y, M, N, 16, 32)
    expected = torch.zeros(64, 64).to(dtype)
    expected[:N, :M] = x.T
    assert torch.equal(y, expected)
