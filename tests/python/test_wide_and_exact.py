"""High halves of products, sums and products that are rounded by themselves, and what topk and cumprod widen to."""

import numpy as np
import pytest
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def mulhi_kernel(x, y, out, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out + at, libdevice.mulhi(tl.load(x + at), tl.load(y + at)))


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64])
def test_mulhi(dtype):
    limits, rng = np.iinfo(dtype), np.random.default_rng(5)
    x, y = (rng.integers(limits.min, limits.max, 64, dtype=dtype) for _ in range(2))
    x[:4], y[:4] = [limits.min, limits.min, limits.max, limits.max], [limits.min, limits.max, limits.min, limits.max]
    out = np.zeros(64, dtype)
    mulhi_kernel[(1,)](x, y, out, B=64)
    bits = 8 * limits.dtype.itemsize
    assert out.tolist() == [(int(a) * int(b)) >> bits for a, b in zip(x, y, strict=True)]


@triton.jit
def product_error_kernel(x, y, p, out, B: tl.constexpr, EXACT: tl.constexpr):
    at = tl.arange(0, B)
    a, b, c = tl.load(x + at), tl.load(y + at), tl.load(p + at)
    if EXACT:
        tl.store(out + at, libdevice.mul_rn(a, b) - c)
        tl.store(out + B + at, libdevice.sub_rn(a * b, c))
    else:
        tl.store(out + at, tl.fma(a, b, -c))


def test_rounded_products_are_not_fused():
    rng = np.random.default_rng(6)
    x, y = (rng.standard_normal(64).astype(np.float32) for _ in range(2))
    p, out = x * y, np.ones(128, np.float32)
    product_error_kernel[(1,)](x, y, p, out, B=64, EXACT=True)
    assert not out.any()
    product_error_kernel[(1,)](x, y, p, out, B=64, EXACT=False)
    assert out[:64].any()  # what a fused multiply-add would show


@triton.jit
def topk_kernel(x, out, B: tl.constexpr, K: tl.constexpr, DESCENDING: tl.constexpr, T: tl.constexpr):
    t = tl.topk(tl.load(x + tl.arange(0, B)), K, descending=DESCENDING)
    tl.static_assert(t.dtype == T)
    tl.store(out + tl.arange(0, K), t)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("k, wide", [(4, tl.int32), (16, tl.int8)])
def test_topk_widens_like_a_maximum(k, wide, descending):
    x, out = np.random.default_rng(7).integers(-128, 127, 16, dtype=np.int8), np.zeros(k, np.int32)
    topk_kernel[(1,)](x, out, B=16, K=k, DESCENDING=descending, T=wide)
    assert out.tolist() == sorted(x.tolist(), reverse=descending)[:k]


@triton.jit
def cumprod_kernel(x, out, B: tl.constexpr, T: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out + at, tl.cumprod(tl.load(x + at), 0, dtype=T))


def test_cumprod_in_another_type():
    x, out = np.full(16, 3, np.int8), np.zeros(16, np.int64)
    cumprod_kernel[(1,)](x, out, B=16, T=tl.int64)
    assert out.tolist() == [3 ** (i + 1) for i in range(16)]
