"""Dots of 8-bit integers: exact; sums that leave 32 bits stop at the ends where mma.sync adds them."""

import os

import numpy as np
import pytest
import triton
import triton.language as tl


@triton.jit
def dot_kernel(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, K)
    x, y = tl.load(a + m * K + k[None, :]), tl.load(b + k[:, None] * N + n)
    tl.store(c + m * N + n, tl.dot(x, y, tl.load(c + m * N + n), out_dtype=tl.int32))


@pytest.mark.parametrize("shape", [(16, 16, 32), (32, 8, 64)])
def test_dot_of_int8(shape, monkeypatch):
    if os.environ.get("TRITONC_TEST_DEVICE") == "cuda":
        pytest.skip("host memory")
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
        assert (most == (2**31 - 1 if target else 2**31 - 5 + K - 2**32)).all()
        if target:
            assert "satfinite" in h.asm["llir"]
