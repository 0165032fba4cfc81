"""Numbers as the sum of two doubles, h + l with |l| <= ulp(h) / 2, for functions that need more than 53 bits on their way.

Dekker (1971) and Knuth (TAOCP 2, 4.2.2) give the sums, fused multiply-adds the products. Sums that must be rounded by
themselves are so written: contracted with a product before them they would lose what they are for.
"""
import triton.language as tl
from triton import jit


@jit
def _two_sum(a, b):
    s = tl._add_rn(a, b)
    t = tl._sub_rn(s, a)
    return s, tl._add_rn(tl._sub_rn(a, tl._sub_rn(s, t)), tl._sub_rn(b, t))


@jit
def _quick_two_sum(a, b):
    """|a| >= |b|, or a = 0."""
    s = tl._add_rn(a, b)
    return s, tl._sub_rn(b, tl._sub_rn(s, a))


@jit
def _two_prod(a, b):
    p = tl._mul_rn(a, b)
    return p, tl.fma(a, b, -p)


@jit
def _add_dd(ah, al, bh, bl):
    s, t = _two_sum(ah, bh)
    return _quick_two_sum(s, tl._add_rn(t, tl._add_rn(al, bl)))


@jit
def _mul_dd(ah, al, bh, bl):
    p, t = _two_prod(ah, bh)
    return _quick_two_sum(p, tl.fma(ah, bl, tl.fma(al, bh, t)))


@jit
def _div_dd(ah, al, bh, bl):
    q = ah / bh
    r = tl.fma(-q, bh, ah)
    return _quick_two_sum(q, tl._add_rn(r, tl.fma(-q, bl, al)) / bh)


@jit
def _sqrt_dd(ah, al):
    s = tl.sqrt(ah)
    r = tl._add_rn(tl.fma(-s, s, ah), al)
    return _quick_two_sum(s, tl.where(s > 0.0, r / (s + s), 0.0))


@jit
def _double(bits):
    return bits.to(tl.float64, bitcast=True)


@jit
def _power_of_two_f64(n):
    """2^n for -1022 <= n <= 1023."""
    return _double((n.to(tl.int64) + 1023) << 52)


@jit
def _exponent_f64(x):
    """floor(log2 |x|) of a normal number."""
    return (((x.to(tl.int64, bitcast=True) >> 52) & 0x7FF) - 1023).to(tl.int32)


@jit
def _split_f64(x):
    """x = m 2^n, 1 <= |m| < 2, for finite x other than 0."""
    tiny = tl.abs(x) < 2.2250738585072014e-308
    y = tl.where(tiny, x * 18014398509481984.0, x)
    n = _exponent_f64(y)
    m = _double((y.to(tl.int64, bitcast=True) & -9218868437227405313) | 4607182418800017408)
    return m, tl.where(tiny, n - 54, n)


@jit
def _scale_f64_once(x, n):
    """x 2^n, rounded once, for x that is 0, not finite or near 1 (2^-60 to 2^60)."""
    n = tl.where(n > 1200, 1200, tl.where(n < -1200, -1200, n))
    a = n >> 1
    return tl._mul_rn(tl._mul_rn(x, _power_of_two_f64(a)), _power_of_two_f64(n - a))


@jit
def _signed(y, x):
    """y >= 0 with the sign of x; a negated zero (0 - y) would be a positive one."""
    i = y.to(tl.int32 if y.dtype.is_fp32() else tl.int64, bitcast=True)
    sign: tl.constexpr = -2147483648 if y.dtype.is_fp32() else -9223372036854775808
    return (i | (x.to(i.dtype, bitcast=True) & sign)).to(y.dtype, bitcast=True)


@jit
def _is_finite_f64(x):
    return tl.abs(x) < float("inf")


@jit
def ldexp_f64(x, n):
    m, e = _split_f64(x)
    n = tl.where(n > 10000, 10000, tl.where(n < -10000, -10000, n))
    y = _scale_f64_once(m, n + e)
    return tl.where((x == 0.0) | ~_is_finite_f64(x), x, y)
