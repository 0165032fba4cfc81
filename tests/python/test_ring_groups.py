"""Rings of the copy engine's buffers that several groups of warps read without waiting for each other."""

import numpy as np
import pytest
import triton
import triton.language as tl


@triton.jit
def product(A, B, C, M, N, K, sa, sb, sc, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        k = k0 + tl.arange(0, BK)
        a = tl.load(A + m[:, None] * sa + k[None, :], mask=(m[:, None] < M) & (k[None, :] < K), other=0.0)
        b = tl.load(B + k[:, None] * sb + n[None, :], mask=(k[:, None] < K) & (n[None, :] < N), other=0.0)
        acc = tl.dot(a, b, acc)
    tl.store(C + m[:, None] * sc + n[None, :], acc, mask=(m[:, None] < M) & (n[None, :] < N))


@triton.jit
def chained(Q, K, V, O, n, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    m = tl.arange(0, BM)
    d = tl.arange(0, D)
    q = tl.load(Q + m[:, None] * D + d[None, :])
    acc = tl.zeros([BM, D], tl.float32)
    for start in range(0, n, BN):
        r = start + tl.arange(0, BN)
        k = tl.load(K + r[None, :] * D + d[:, None], mask=r[None, :] < n, other=0.0)
        v = tl.load(V + r[:, None] * D + d[None, :], mask=r[:, None] < n, other=0.0)
        p = tl.dot(q, k)
        acc += tl.dot(tl.maximum(p, 0.0).to(tl.float16), v)
    tl.store(O + m[:, None] * D + d[None, :], acc)


def whole(*shape):
    return np.random.default_rng(0).integers(-2, 3, shape).astype(np.float16)


@pytest.mark.parametrize("warps", [4, 8])
@pytest.mark.parametrize("stages", [2, 3, 4])
@pytest.mark.parametrize("steps", [0, 1, 2, 5, 9])
def test_products(monkeypatch, warps, stages, steps):
    monkeypatch.setenv("TRITONC_SIMULATE", "90")
    M, N, K = 100, 144, 64 * steps
    a, b, c = whole(M, max(K, 64)), whole(max(K, 64), N), np.full((M, N), 7, np.float32)
    tile = dict(BM=128, BN=128, BK=64, num_warps=warps, num_stages=stages)
    kernel = product[1, 2](a, b, c, M, N, K, max(K, 64), N, N, **tile)
    if steps:
        assert ("ttng.arrive_barrier" in kernel.asm["ttgir"]) == (warps == 8)
    np.testing.assert_array_equal(c, a[:, :K].astype(np.float32) @ b[:K].astype(np.float32))


@pytest.mark.parametrize("warps", [4, 8])
@pytest.mark.parametrize("stages", [2, 3])
@pytest.mark.parametrize("n", [64, 200, 512])
def test_chained_products(monkeypatch, warps, stages, n):
    monkeypatch.setenv("TRITONC_SIMULATE", "90")
    q, k, v, o = whole(128, 64), whole(n, 64), whole(n, 64), np.zeros((128, 64), np.float32)
    kernel = chained[1,](q, k, v, o, n, D=64, BM=128, BN=64, num_warps=warps, num_stages=stages)
    assert ("ttng.arrive_barrier" in kernel.asm["ttgir"]) == (warps == 8)
    q, k, v = (x.astype(np.float32) for x in (q, k, v))
    np.testing.assert_array_equal(o, np.maximum(q @ k.T, 0) @ v)
