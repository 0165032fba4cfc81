"""Conversions between the types of elements, against PyTorch and NumPy."""

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from dtypes import FLOATS, FP8, SIGNED, UNSIGNED, values


@triton.jit
def cast_kernel(x, y, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(y + at, tl.load(x + at).to(y.dtype.element_ty))


@pytest.mark.parametrize("to", [*FLOATS, *SIGNED, *UNSIGNED], ids=str)
@pytest.mark.parametrize("dtype", [torch.bool, *FLOATS, *SIGNED, *UNSIGNED], ids=str)
def test_cast(dtype, to):
    x = values(dtype)
    if dtype.is_floating_point and not to.is_floating_point:  # out of range is not specified
        x = x.abs() if to in UNSIGNED else x
    y = torch.zeros(64, dtype=to)
    cast_kernel[(1,)](x, y, B=64)
    wide = x.to(torch.float64) if x.is_floating_point() else x
    want = torch.from_numpy(wide.numpy().astype(str(to).removeprefix("torch."))) if to in UNSIGNED else wide.to(to)
    if not dtype.is_floating_point and to in (torch.float16, torch.bfloat16):
        want = x.double().to(to)
    assert torch.equal(y, want), (x, y, want)


@pytest.mark.parametrize("fp8", [*FP8, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_fp8_conversions(fp8, dtype):
    every = torch.arange(256, dtype=torch.int32).to(torch.uint8).view(fp8)
    y = torch.zeros(256, dtype=dtype)
    cast_kernel[(1,)](every, y, B=256)
    want = every.to(dtype)
    assert torch.equal(torch.isnan(y), torch.isnan(want)) and torch.equal(y[~torch.isnan(y)], want[~torch.isnan(want)])
    # Narrowing rounds to nearest even: every representable number, its neighbours, and the points half-way between.
    finite = torch.sort(every[torch.isfinite(every.float())].double()).values
    middle = (finite[1:] + finite[:-1]) / 2
    x = torch.cat([finite, middle, middle * (1 + 2**-7), middle * (1 - 2**-7)]).to(dtype)
    x = torch.cat([x, torch.zeros(1024 - x.numel(), dtype=dtype)])
    y = torch.zeros(1024, dtype=torch.uint8).view(fp8)
    cast_kernel[(1,)](x, y, B=1024)
    assert torch.equal(y.float(), x.to(fp8).float())


def _codes_toward_zero(x, man, bias, top, nan):
    """The 8-bit codes of x, rounded toward zero, by search among all that there are."""
    codes = np.arange(top + 1)
    exponent, fraction = codes >> man, (codes & ((1 << man) - 1)) / 2.0**man
    values = np.where(exponent > 0, (1 + fraction) * 2.0 ** (exponent - bias), fraction * 2.0 ** (1 - bias))
    code = np.searchsorted(values, np.abs(x.astype(np.float64)), side="right") - 1
    return np.where(np.isnan(x), nan, code) | np.where(np.signbit(x), 0x80, 0)


@triton.jit
def toward_zero_kernel(x, e5m2, e4m3, N: tl.constexpr):
    i = tl.program_id(0) * N + tl.arange(0, N)
    a = tl.load(x + i)
    tl.store(e5m2 + i, a.to(tl.float8e5, fp_downcast_rounding="rtz").to(tl.uint8, bitcast=True))
    tl.store(e4m3 + i, a.to(tl.float8e4nv, fp_downcast_rounding="rtz").to(tl.uint8, bitcast=True))


def test_fp8_toward_zero():
    bits = np.arange(0, 2**32, 2**18 + 3, dtype=np.int64).astype(np.uint32)[:16384]
    x = bits.view(np.float32)
    x = np.where(np.isnan(x), np.float32("nan"), x)
    e5m2, e4m3 = torch.empty(x.size, dtype=torch.uint8), torch.empty(x.size, dtype=torch.uint8)
    toward_zero_kernel[(16,)](torch.from_numpy(x), e5m2, e4m3, N=1024)
    number = ~np.isnan(x)
    assert np.array_equal(e5m2.numpy()[number], _codes_toward_zero(x, 2, 15, 0x7B, 0x7F)[number])
    assert ((e5m2.numpy()[~number] & 0x7F) > 0x7C).all()  # each of three codes is a NaN
    assert np.array_equal(e4m3.numpy()[number], _codes_toward_zero(x, 3, 7, 0x7E, 0x7F)[number])
    assert ((e4m3.numpy()[~number] & 0x7F) == 0x7F).all()


@triton.jit
def e4b15_kernel(codes, value, back, three, mixed):
    i = tl.arange(0, 256)
    x = tl.load(codes + i).to(tl.float8e4b15, bitcast=True)
    tl.store(value + i, x.to(tl.float32))
    tl.store(back + i, x.to(tl.float32).to(tl.float8e4b15).to(tl.uint8, bitcast=True))
    tl.store(three + i, (x * 2.0 + x).to(tl.float32))
    tl.store(mixed + i, tl.where(i < 128, -x, tl.full((256,), 0.7, tl.float8e4b15)).to(tl.float32))


def test_fp8_of_bias_15():
    codes = torch.arange(256, dtype=torch.int32).to(torch.uint8)
    value, three, mixed = torch.empty(256), torch.empty(256), torch.empty(256)
    back = torch.empty(256, dtype=torch.uint8)
    e4b15_kernel[(1,)](codes, value, back, three, mixed)
    code = np.arange(256)
    exponent, fraction = code >> 3 & 15, (code & 7) / 8
    want = np.where(exponent > 0, (1 + fraction) * 2.0 ** (exponent - 15), fraction * 2.0**-14)
    want = np.where(code > 127, -want, want).astype(np.float32)
    assert np.array_equal(value.numpy(), want)
    assert np.array_equal(back.numpy(), np.where(code & 0x7F == 0x7F, code - 1, code))  # nothing becomes 1.875
    assert np.array_equal(three.numpy(), 3 * want)
    assert np.array_equal(mixed.numpy(), np.where(code < 128, -want, np.float32(0.6875)))


# The largest finite number, the step below it, its code, which all that is larger gets, infinities too, and NaN's codes.
ENDS = {
    torch.float8_e4m3fn: (448, 32, 0x7E, {0x7F, 0xFF}),
    torch.float8_e5m2: (57344, 8192, 0x7B, {0x7D, 0x7E, 0x7F, 0xFD, 0xFE, 0xFF}),
    torch.float8_e4m3fnuz: (240, 16, 0x7F, {0x80}), torch.float8_e5m2fnuz: (57344, 8192, 0x7F, {0x80}),
}  # fmt: skip


@pytest.mark.parametrize("fp8", [*FP8, torch.float8_e4m3fnuz, torch.float8_e5m2fnuz], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_fp8_beyond_the_largest(fp8, dtype):
    largest, step, code, nan = ENDS[fp8]
    inf = float("inf")
    x = [largest, largest + step / 4, largest + step / 2, largest + step, 65280.0, inf, torch.finfo(dtype).max]
    x = torch.tensor([*x, *[-a for a in x], float("nan"), -float("nan")], dtype=torch.float64).to(dtype)
    y = torch.zeros(16, dtype=torch.uint8)
    cast_kernel[(1,)](x, y.view(fp8), B=16)
    got = y.tolist()
    assert got[:7] == [code] * 7 and got[7:14] == [code | 0x80] * 7, [hex(c) for c in got]
    assert set(got[14:]) <= nan, [hex(c) for c in got]
