"""Arithmetic with directed rounding.

Every function finds the nearest number and the sign of what was lost on the way to it; a step to the neighbour, by
the bits, then gives the number below (rd), above (ru) or on zero's side (rz). The sign is exact: sums and products of
doubles are a number and an exact rest (double.py); the rest of a quotient or a root is what a fused multiply-add leaves
of it. Operands are scaled to be near 1, so that rests are never too small to be numbers; the result goes back by one
multiplication by a power of two that may round, whose own rest counts for more than the first.
"""
import triton.language as tl
from triton import jit


@jit
def _bits_of(x):
    if x.dtype.is_fp64():
        return x.to(tl.int64, bitcast=True)
    else:
        return x.to(tl.int32, bitcast=True)


@jit
def _next_up(x):
    b = _bits_of(x)
    y = tl.where(b < 0, b - 1, b + 1)
    return tl.where(x == 0.0, tl.full((), 1, b.dtype), y).to(x.dtype, bitcast=True)


@jit
def _toward(r, lost, mode: tl.constexpr):
    """r, where the exact result is r + lost, as far as the sign of `lost` goes."""
    up = lost > 0.0
    down = lost < 0.0
    if mode == "ru":
        return tl.where(up, _next_up(r), r)
    elif mode == "rd":
        return tl.where(down, -_next_up(-r), r)
    else:
        inward = tl.where(r > 0.0, down, up) & (r != 0.0)
        b = _bits_of(r)
        return tl.where(inward, (b - 1).to(r.dtype, bitcast=True), r)


@jit
def _narrow(h, l, mode: tl.constexpr):
    """h + l to f32."""
    r = h.to(tl.float32)
    d = tl._sub_rn(h, r.to(tl.float64))
    d = tl.where(d == 0.0, l, d)
    return _toward(r, _sign_of(d, tl.float32), mode)


@jit
def _rescale(h, l, n, mode: tl.constexpr):
    """(h + l) 2^n for h near 1."""
    r = _scale_f64_once(h, n)
    back = _scale_f64_once(tl.where(_is_finite_f64(r), r, 0.0), -n)
    d = tl.where(_is_finite_f64(r), tl._sub_rn(h, back), -r)
    return _toward(r, tl.where(d == 0.0, l, d), mode)


@jit
def _zero_of_sum(s, x, y, is_zero, mode: tl.constexpr):
    """A sum that is exactly zero is negative toward -infinity, unless both are +0."""
    if mode == "rd":
        b = _bits_of(s)
        sign: tl.constexpr = -9223372036854775808 if s.dtype.is_fp64() else -2147483648
        positive = (_bits_of(x) == 0) & (_bits_of(y) == 0)
        return tl.where(is_zero & ~positive, (b | sign).to(s.dtype, bitcast=True), s)
    else:
        return s


@jit
def add_directed(x, y, mode: tl.constexpr):
    if x.dtype.is_fp32():
        s, t = _two_sum(x.to(tl.float64), y.to(tl.float64))
        return _zero_of_sum(_narrow(s, t, mode), x, y, s == 0.0, mode)
    else:
        s, t = _two_sum(x, y)
        over = ~_is_finite_f64(s) & _is_finite_f64(x) & _is_finite_f64(y)
        t = tl.where(over, -s, t)
        return _zero_of_sum(_toward(s, t, mode), x, y, s == 0.0, mode)


@jit
def mul_directed(x, y, mode: tl.constexpr):
    if x.dtype.is_fp32():
        p = tl._mul_rn(x.to(tl.float64), y.to(tl.float64))
        return _narrow(p, tl.zeros_like(p), mode)
    else:
        a, m = _split_f64(x)
        b, n = _split_f64(y)
        h, l = _two_prod(a, b)
        r = _rescale(h, l, m + n, mode)
        p = tl._mul_rn(x, y)
        plain = (x == 0.0) | (y == 0.0) | ~_is_finite_f64(x) | ~_is_finite_f64(y)
        return tl.where(plain, p, r)


@jit
def div_directed(x, y, mode: tl.constexpr):
    if x.dtype.is_fp32():
        a = x.to(tl.float64)
        b = y.to(tl.float64)
        q = a / b
        r = tl.fma(-q, b, a)
        finite = _is_finite_f64(q) & _is_finite_f64(b)
        return _narrow(q, tl.where(finite, tl.where(b < 0.0, -r, r), 0.0), mode)
    else:
        a, m = _split_f64(x)
        b, n = _split_f64(y)
        q = a / b
        r = tl.fma(-q, b, a)
        z = _rescale(q, tl.where(b < 0.0, -r, r), m - n, mode)
        plain = (x == 0.0) | (y == 0.0) | ~_is_finite_f64(x) | ~_is_finite_f64(y)
        return tl.where(plain, x / y, z)


@jit
def sqrt_directed(x, mode: tl.constexpr):
    if x.dtype.is_fp32():
        a = x.to(tl.float64)
        s = tl.sqrt(a)
        r = tl.fma(-s, s, a)
        return _narrow(s, tl.where((a > 0.0) & _is_finite_f64(a), r, 0.0), mode)
    else:
        a, m = _split_f64(x)
        a = tl.where((m & 1) != 0, a + a, a)
        s = tl.sqrt(a)
        z = _rescale(s, tl.fma(-s, s, a), m >> 1, mode)
        return tl.where((x > 0.0) & _is_finite_f64(x), z, tl.sqrt(x))


@jit
def _fma_rest(a, b, c):
    """The sign of a b + c - fma(a, b, c), where nothing over- or underflows (Boldo and Muller, 2011)."""
    r = tl.fma(a, b, c)
    p, q = _two_prod(a, b)
    s, t = _two_sum(c, q)
    u, v = _two_sum(p, s)
    return r, tl._add_rn(tl._add_rn(tl._sub_rn(u, r), v), t)


@jit
def fma_directed(x, y, z, mode: tl.constexpr):
    if x.dtype.is_fp32():
        p = tl._mul_rn(x.to(tl.float64), y.to(tl.float64))
        c = z.to(tl.float64)
        s, t = _two_sum(p, c)
        t = tl.where(_is_finite_f64(s), t, 0.0)
        return _zero_of_sum(_narrow(s, t, mode), p, c, s == 0.0, mode)
    else:
        a, m = _split_f64(x)
        b, n = _split_f64(y)
        c, k = _split_f64(z)
        e = m + n
        # The larger of both is brought near 1, the other one to where it stands beside it; what is more than 200 places
        # away is only a sign.
        no_c = z == 0.0
        k = tl.where(no_c, e - 1000, k)
        top = tl.where(e > k, e, k)
        ab = tl.where(e - top < -200, -200, e - top)
        cc = tl.where(k - top < -200, -200, k - top)
        c = tl.where(no_c, 0.0, c)
        h, l = _fma_rest(a * _power_of_two_f64(ab), b, c * _power_of_two_f64(cc))
        # After cancellation h may be as small as 2^-106: back near 1 before the last step.
        hs, he = _split_f64(h)
        ls = tl._mul_rn(l, 1.0)
        zero = h == 0.0
        r = _rescale(tl.where(zero, 0.0, hs), ls, tl.where(zero, 0, he) + top, mode)
        r = tl.where(zero, tl._mul_rn(h, 1.0), r)
        f = tl.fma(x, y, z)
        plain = (x == 0.0) | (y == 0.0) | ~_is_finite_f64(x) | ~_is_finite_f64(y) | ~_is_finite_f64(z)
        return _zero_of_sum(tl.where(plain, f, r), tl._mul_rn(x, y), z, tl.where(plain, f == 0.0, zero), mode)


@jit
def rsqrt_nearest(x):
    """1 / sqrt(x) of f32, rounded to nearest: in f64 it is never as near to the middle of two floats as it is wrong."""
    return (1.0 / tl.sqrt(x.to(tl.float64))).to(tl.float32)


@jit
def int_to_float_directed(x, to: tl.constexpr, mode: tl.constexpr):
    r = x.to(to)
    if x.dtype.primitive_bitwidth == 32:
        return _toward(r, _sign_of(tl._sub_rn(x.to(tl.float64), r.to(tl.float64)), to), mode)
    else:
        if x.dtype.is_int_signed():
            over = r >= 9223372036854775808.0
            back = tl.where(over, 0.0, r).to(tl.int64)
        else:
            over = r >= 18446744073709551616.0
            back = tl.where(over, 0.0, r).to(tl.uint64)
        lost = tl.where((x < back) | over, -1.0, tl.where(x > back, 1.0, 0.0))
        return _toward(r, lost.to(to), mode)


@jit
def _sign_of(d, to: tl.constexpr):
    return tl.where(d > 0.0, 1.0, tl.where(d < 0.0, -1.0, 0.0)).to(to)


@jit
def double_to_float_directed(x, mode: tl.constexpr):
    return _narrow(x, tl.zeros_like(x), mode)
