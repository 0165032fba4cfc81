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
def tiny_kernel(a, b, c, B: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    x = tl.load(a + tl.arange(0, B * M * K)).reshape([B, M, K])
    y = tl.load(b + tl.arange(0, B * K * N)).reshape([B, K, N])
    at = c + tl.arange(0, B * M * N)
    z = tl.load(at).reshape([B, M, N])
    for _ in range(2):
        if B == 1:
            z = tl.dot(x.reshape([M, K]), y.reshape([K, N]), z.reshape([M, N]), out_dtype=z.dtype).reshape([B, M, N])
        else:
            z = tl.dot(x, y, z, out_dtype=z.dtype)
    z += tl.sum(z, 1)[:, None, :] - tl.max(z, 2)[:, :, None]
    tl.store(at, z.reshape([B * M * N]))


@pytest.mark.parametrize("dtype", ["int8", "float16", "float32", "float64"])
@pytest.mark.parametrize(
    "shape", [(1, 1, 32), (1, 16, 32), (2, 4, 64), (4, 2, 32), (8, 8, 32), (16, 4, 32), (32, 1, 32)]
)
def test_smaller_than_the_instruction(shape, dtype, monkeypatch):
    """Results of fewer than 16 rows or 8 columns are computed on tensor cores, too."""
    M, N, K = shape
    rng = np.random.default_rng(2)
    for target, B, warps in (("cuda:80", 1, 1), ("cuda:90", 1, 4), ("cuda:90", 4, 2)):
        a, b = (rng.integers(-4, 5, (B, *s)).astype(dtype) for s in ((M, K), (K, N)))
        c = rng.integers(-9, 9, (B, M, N)).astype(
            np.int32 if dtype == "int8" else a.dtype if a.itemsize > 4 else np.float32
        )
        expected = c + 2 * (a.astype(c.dtype) @ b.astype(c.dtype))
        expected += expected.sum(1)[:, None, :] - expected.max(2)[:, :, None]
        monkeypatch.setenv("TRITONC_SIMULATE", target)
        h = tiny_kernel[(1,)](a, b, c, B=B, M=M, N=N, K=K, num_warps=warps)
        assert np.array_equal(c, expected)
        assert "nvidia_mma" in h.asm["ttgir"]


@triton.jit
def batched_kernel(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    x = tl.load(a + tl.arange(0, 8 * M * K)).reshape([2, 2, 2, M, K])
    y = tl.load(b + tl.arange(0, 8 * K * N)).reshape([2, 2, 2, K, N])
    at = c + tl.arange(0, 8 * M * N)
    z = tl.dot(x, y, tl.load(at).reshape([2, 2, 2, M, N]))
    tl.static_assert(z.shape == [2, 2, 2, M, N])
    tl.store(at, z.reshape([8 * M * N]))


@triton.jit
def batched_loop_kernel(
    A, B, C, K, TURNED: tl.constexpr, BATCH: tl.constexpr, M: tl.constexpr, N: tl.constexpr, STEP: tl.constexpr
):  # fmt: skip
    """Products of batches, K elements in steps that do not divide it; B lies along K if TURNED."""
    b, m, n = tl.arange(0, BATCH), tl.arange(0, M), tl.arange(0, N)
    acc = tl.zeros((BATCH, M, N), C.dtype.element_ty)
    for k0 in range(0, K, STEP):
        k = k0 + tl.arange(0, STEP)
        x = tl.load(A + (b[:, None, None] * M + m[None, :, None]) * K + k[None, None, :], k[None, None, :] < K, 0)
        row, column, step, width = (n, k, K, 1) if TURNED else (n, k, 1, N)
        at = b[:, None, None] * K * N + column[None, :, None] * width + row[None, None, :] * step
        acc = tl.dot(x, tl.load(B + at, k[None, :, None] < K, 0), acc)
    tl.store(C + (b[:, None, None] * M + m[None, :, None]) * N + n[None, None, :], acc)


@pytest.mark.parametrize("warps", [1, 4])
@pytest.mark.parametrize("batch", [1, 2, 8])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("target", ["cuda:80", "cuda:90"])
def test_batches_on_tensor_cores(target, turned, batch, warps, monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", target)
    rng = np.random.default_rng(batch)
    M, N, K = 32, 16, 72
    for dtype, result in (np.float16, np.float32), (np.int8, np.int32), (np.float32, np.float32):
        a, b = (rng.integers(-8, 8, shape).astype(dtype) for shape in ((batch, M, K), (batch, K, N)))
        c = np.zeros((batch, M, N), result)
        given = np.ascontiguousarray(b.swapaxes(1, 2)) if turned else b
        h = batched_loop_kernel[(1,)](
            a, given, c, K, TURNED=turned, BATCH=batch, M=M, N=N, STEP=32, num_warps=warps, num_stages=3
        )
        np.testing.assert_array_equal(c, np.matmul(a.astype(result), b.astype(result)))
        assert "mma.sync" in h.asm["llir"]


@triton.jit
def gated_kernel(G, U, W, C, K, M: tl.constexpr, N: tl.constexpr, STEP: tl.constexpr):
    m, n = tl.arange(0, M), tl.arange(0, N)
    acc = tl.zeros((M, N), C.dtype.element_ty)
    for k0 in range(0, K, STEP):
        k = k0 + tl.arange(0, STEP)
        at = m[:, None] * K + k[None, :]
        g = tl.load(G + at, k[None, :] < K, 0)
        x = g * tl.load(U + at, k[None, :] < K, 0) + g
        acc = tl.dot(x.to(W.dtype.element_ty), tl.load(W + k[:, None] * N + n[None, :], k[:, None] < K, 0), acc)
    tl.store(C + m[:, None] * N + n[None, :], acc)


@pytest.mark.parametrize("warps", [4, 8])
@pytest.mark.parametrize("stages", [1, 2, 3, 4])
@pytest.mark.parametrize("target", ["cuda:80", "cuda:90"])
def test_operands_computed_of_several_tensors(target, stages, warps, monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", target)
    rng = np.random.default_rng(stages)
    N, K = 32, 104
    for dtype, M in (np.float16, 64), (np.float32, 128):
        g, u = (rng.integers(-4, 4, (M, K)).astype(dtype) for _ in range(2))
        w, c = rng.integers(-4, 4, (K, N)).astype(np.float16), np.zeros((M, N), np.float32)
        gated_kernel[(1,)](g, u, w, c, K, M=M, N=N, STEP=32, num_warps=warps, num_stages=stages)
        np.testing.assert_array_equal(c, (g * u + g).astype(np.float32) @ w.astype(np.float32))


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


@triton.jit
def constant_bytes_kernel(out, N: tl.constexpr):
    x, y = tl.full([16, 32], 0.5, tl.float8e5), tl.full([32, 16], 2, tl.float8e4nv)
    i = tl.arange(0, 16)
    tl.store(out + i[:, None] * 16 + i[None, :], tl.dot(x, y))


@pytest.mark.parametrize("target", [None, "cuda:89", "cuda:90"])
def test_constants_of_eight_bits(target, monkeypatch):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    out = np.zeros((16, 16), np.float32)
    constant_bytes_kernel[(1,)](out, 16)
    assert (out == 32).all()
