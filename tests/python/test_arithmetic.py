"""Elementwise mathematics and arithmetic, each against PyTorch or NumPy."""

import math

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from dtypes import FLOATS, ON_GPU, values


@triton.jit
def unary_kernel(x, y, F: tl.constexpr, B: tl.constexpr):
    at = tl.arange(0, B)
    v = tl.load(x + at)
    if F == "exp":
        r = tl.exp(v)
    elif F == "exp2":
        r = tl.exp2(v)
    elif F == "log":
        r = tl.log(v)
    elif F == "log2":
        r = tl.log2(v)
    elif F == "sqrt":
        r = tl.sqrt(v)
    elif F == "rsqrt":
        r = tl.rsqrt(v)
    elif F == "sin":
        r = tl.sin(v)
    elif F == "cos":
        r = tl.cos(v)
    elif F == "erf":
        r = tl.erf(v)
    elif F == "floor":
        r = tl.floor(v)
    elif F == "ceil":
        r = tl.ceil(v)
    elif F == "abs":
        r = tl.abs(v)
    elif F == "sigmoid":
        r = tl.sigmoid(v)
    tl.store(y + at, r)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    "name", ["exp", "exp2", "log", "log2", "sqrt", "rsqrt", "sin", "cos", "erf", "floor", "ceil", "abs", "sigmoid"]
)
def test_math(name, dtype):
    x = values(dtype, 256)
    x[4:8] = torch.tensor([math.inf, -math.inf, math.nan, 1e-30], dtype=dtype)
    if name in ("log", "log2", "sqrt", "rsqrt"):
        x = torch.where(x < 0, -x, x)
        x[5] = -1.0
    y = torch.zeros_like(x)
    unary_kernel[(1,)](x, y, F=name, B=256)
    want = getattr(torch, name)(x.double()).to(dtype)
    rtol = 1e-15 if dtype == torch.float64 else 4e-6 if ON_GPU and name in ("exp", "sigmoid") else 3e-7
    torch.testing.assert_close(y, want, equal_nan=True, rtol=rtol, atol=1e-38)


@triton.jit
def ternary_kernel(a, b, c, out, B: tl.constexpr):
    at = tl.arange(0, B)
    x, y, z = tl.load(a + at), tl.load(b + at), tl.load(c + at)
    tl.store(out + at, tl.fma(x, y, z))
    tl.store(out + B + at, tl.clamp(x, tl.minimum(y, z), tl.maximum(y, z)))
    tl.store(out + 2 * B + at, tl.div_rn(x, y))
    tl.store(out + 3 * B + at, tl.fdiv(x, y))
    tl.store(out + 4 * B + at, tl.where(x > y, y, z))
    tl.store(out + 5 * B + at, tl.math.sqrt_rn(tl.abs(x)))


def test_fma_clamp_division():
    a, b, c = (values(torch.float32, 64, s) + 0.5 for s in range(3))
    out = torch.zeros(6, 64)
    ternary_kernel[(1,)](a, b, c, out, B=64)
    assert torch.equal(out[0], (a.double() * b.double() + c.double()).float())
    assert torch.equal(out[1], torch.minimum(torch.maximum(a, torch.minimum(b, c)), torch.maximum(b, c)))
    assert torch.equal(out[2], a / b)
    torch.testing.assert_close(out[3], a / b)
    assert torch.equal(out[4], torch.where(a > b, b, c))
    assert torch.equal(out[5], torch.from_numpy(np.sqrt(a.abs().numpy())))


@triton.jit
def quotient_kernel(x, divisor, out, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out + at, tl.div_rn(tl.load(x + at), tl.load(divisor)))


@pytest.mark.parametrize(
    "divisor",
    [1.0, 3.0, 0.7, 1023.9, 1e-3, 1e17, 1e-17, 2.0**-59, 2.0**59, 1e30, 1e-30, 1e-42, 0.0, math.inf, math.nan, -3.0],
)
def test_division_by_a_scalar_is_exact(divisor):
    """Whatever makes it quick: every exponent, the edges of the range, and what is no number."""
    g = torch.Generator().manual_seed(1)
    bits = torch.randint(-(2**31), 2**31, (4096,), generator=g).to(torch.int32)
    bits[:512] &= 0x807FFFFF - (1 << 32)  # subnormal
    bits[512:1024] = (bits[512:1024] & 0x80FFFFFF - (1 << 32)) | 0x7E000000
    x = bits.view(torch.float32)
    x[1024:1032] = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, 2.0**-126, 2.0**-149])
    x[2048:] = torch.exp(-10 * torch.rand(2048, generator=g))
    d, out = torch.tensor([divisor]), torch.zeros(4096)
    with np.errstate(all="ignore"):
        want = x.numpy() / d.numpy()
    quotient_kernel[(1,)](x, d, out, B=4096)
    np.testing.assert_array_equal(out.numpy(), want)
    same_sign = np.signbit(out.numpy()) == np.signbit(want)
    assert np.all(same_sign | np.isnan(want))
    # In vectors whose elements are all ordinary, none of which takes the slow way.
    quotient_kernel[(1,)](x[2048:], d, out, B=2048)
    np.testing.assert_array_equal(out.numpy()[:2048], want[2048:])


@triton.jit
def nan_row_kernel(x, out, B: tl.constexpr):
    row = tl.load(x + tl.arange(0, B))
    tl.store(out, tl.max(row, 0))
    tl.store(out + 1, tl.min(row, 0))


def test_maximum_of_a_row_with_nans():
    x = values(torch.float32, 256, 5)
    x[::3] = math.nan
    out = torch.zeros(2)
    nan_row_kernel[(1,)](x, out, B=256)
    assert out.tolist() == [np.nanmax(x.numpy()), np.nanmin(x.numpy())]
    x[:] = math.nan
    nan_row_kernel[(1,)](x, out, B=256)
    assert out.isnan().all()


@triton.jit
def nan_kernel(a, b, out, B: tl.constexpr):
    at = tl.arange(0, B)
    x, y = tl.load(a + at), tl.load(b + at)
    tl.store(out + at, tl.minimum(x, y))
    tl.store(out + B + at, tl.maximum(x, y))
    tl.store(out + 2 * B + at, tl.minimum(x, y, propagate_nan=tl.PropagateNan.ALL))
    tl.store(out + 3 * B + at, tl.maximum(x, y, propagate_nan=tl.PropagateNan.ALL))


@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_nan_of_minimum_and_maximum(dtype):
    nan = math.nan
    a = torch.tensor([nan, 1, nan, 3], dtype=dtype)
    b = torch.tensor([2, nan, nan, 1], dtype=dtype)
    out = torch.zeros(4, 4, dtype=dtype)
    nan_kernel[(1,)](a, b, out, B=4)
    want = torch.tensor([[2, 1, nan, 1], [2, 1, nan, 3], [nan, nan, nan, 1], [nan, nan, nan, 3]], dtype=dtype)
    torch.testing.assert_close(out, want, equal_nan=True, rtol=0, atol=0)


@triton.jit
def integers_kernel(a, b, out, B: tl.constexpr):
    at = tl.arange(0, B)
    x, y = tl.load(a + at), tl.load(b + at)
    tl.store(out + at, x // y)
    tl.store(out + B + at, x % y)
    tl.store(out + 2 * B + at, x >> 2)
    tl.store(out + 3 * B + at, x << 2)
    tl.store(out + 4 * B + at, tl.minimum(x, y))
    tl.store(out + 5 * B + at, tl.maximum(x, y))


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_integer_division_truncates(dtype):
    info = np.iinfo(dtype)
    rng = np.random.default_rng(0)
    x = rng.integers(info.min, info.max, 128, dtype=dtype, endpoint=True)
    y = rng.integers(1, 100, 128, dtype=dtype) * (np.where(np.arange(128) % 2, -1, 1).astype(dtype) if info.min else 1)
    y = y.astype(dtype)
    x[x == info.min] = info.max
    out = np.zeros((6, 128), dtype)
    integers_kernel[(1,)](x, y, out, B=128)
    xs, ys = [int(v) for v in x], [int(v) for v in y]
    quotient = np.array(
        [abs(p) // abs(q) * (1 if (p < 0) == (q < 0) else -1) for p, q in zip(xs, ys, strict=True)], object
    )
    remainder = np.array([p - q * r for p, q, r in zip(xs, ys, quotient, strict=True)], object)
    np.testing.assert_array_equal(out[0], quotient.astype(dtype))
    np.testing.assert_array_equal(out[1], remainder.astype(dtype))
    np.testing.assert_array_equal(out[2], x >> 2)
    np.testing.assert_array_equal(out[3], x << 2)
    np.testing.assert_array_equal(out[4], np.minimum(x, y))
    np.testing.assert_array_equal(out[5], np.maximum(x, y))


@triton.jit
def umulhi_kernel(a, b, out, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out + at, tl.umulhi(tl.load(a + at), tl.load(b + at)))


@pytest.mark.parametrize("dtype,bits", [("uint32", 32), ("uint64", 64)])
def test_umulhi(dtype, bits):
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 2**bits - 1, 64, dtype=dtype, endpoint=True) for _ in range(2))
    out = np.zeros_like(a)
    umulhi_kernel[(1,)](a, b, out, B=64)
    assert [int(x) for x in out] == [int(x) * int(y) >> bits for x, y in zip(a, b, strict=True)]
