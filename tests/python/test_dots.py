"""Dots: of 8-bit integers, and of more dimensions than three."""

import numpy as np
import pytest
import triton
import triton.language as tl
from dtypes import ON_GPU


@triton.jit
def dot_kernel(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, K)
    x, y = tl.load(a + m * K + k[None, :]), tl.load(b + k[:, None] * N + n)
    tl.store(c + m * N + n, tl.dot(x, y, tl.load(c + m * N + n), out_dtype=tl.int32))


@pytest.mark.parametrize("shape", [(16, 16, 32), (32, 8, 64)])
def test_dot_of_int8(shape, monkeypatch):
    M, N, K = shape
    rng = np.random.default_rng(1)
    a, b = rng.integers(-128, 128, (M, K), np.int8), rng.integers(-128, 128, (K, N), np.int8)
    exact = a.astype(np.int64) @ b
    for target in (None, "cuda:80", "cuda:90"):
        if target:
            monkeypatch.setenv("TRITONC_SIMULATE", target)
        c = rng.integers(-999, 999, (M, N), np.int32)
        expected = exact + c
        dot_kernel[(1,)](a, b, c, M=M, N=N, K=K)
        assert np.array_equal(c, expected)
        ones, most = np.ones((K, N), np.int8), np.full((M, N), 2**31 - 5, np.int32)
        h = dot_kernel[(1,)](np.ones((M, K), np.int8), ones, most, M=M, N=N, K=K)
        assert (most == (2**31 - 1 if target or ON_GPU else 2**31 - 5 + K - 2**32)).all()
        if target or ON_GPU:
            assert "satfinite" in h.asm["llir"]


@triton.jit
def batched_kernel(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    x = tl.load(a + tl.arange(0, 8 * M * K)).reshape([2, 2, 2, M, K])
    y = tl.load(b + tl.arange(0, 8 * K * N)).reshape([2, 2, 2, K, N])
    at = c + tl.arange(0, 8 * M * N)
    z = tl.dot(x, y, tl.load(at).reshape([2, 2, 2, M, N]))
    tl.static_assert(z.shape == [2, 2, 2, M, N])
    tl.store(at, z.reshape([8 * M * N]))


@pytest.mark.parametrize("target", [None, "cuda:90"])
def test_batches_of_several_dimensions(target, monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", target or "")
    if not target:
        monkeypatch.delenv("TRITONC_SIMULATE")
    rng = np.random.default_rng(2)
    a, b = rng.standard_normal((8, 16, 32)).astype(np.float16), rng.standard_normal((8, 32, 16)).astype(np.float16)
    c = rng.standard_normal((8, 16, 16)).astype(np.float32)
    expected = np.matmul(a.astype(np.float32), b.astype(np.float32)) + c
    batched_kernel[(1,)](a, b, c, M=16, N=16, K=32)
    np.testing.assert_allclose(c, expected, rtol=1e-4, atol=1e-4)
    with pytest.raises(triton.CompilationError, match="batch dimensions"):

        @triton.jit
        def unequal(a):
            x = tl.load(a + tl.arange(0, 4096))
            tl.dot(x.reshape([2, 2, 32, 32]), x.reshape([1, 4, 32, 32]))

        unequal[(1,)](a)
