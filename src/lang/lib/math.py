"""The mathematical functions, in Triton.

The compiler puts these in place of `tl.exp`, `tl.sin` and so on where a target has no instruction for them. Each is
written on one element; the compiler applies it to whole tensors, so everything here is elementwise and without
branches: what differs from element to element is chosen with `tl.where`. Where a thread has branches of its own, sin and
cos of f32 are `sin_near_f32` and `cos_near_f32`, and a branch to `sin_f32` and `cos_f32` for what `is_far_f32`.

Polynomials are minimax fits (Remez) of what is said beside them, with coefficients rounded one after the other to the
type. The largest errors found are in docs/math.md. Common devices:

- Rounding to an integer n by adding 1.5 * 2^23 (2^52 for f64): the sum's last bits are n. With 126 (1022) added to
  that number the last bits are the exponent field of 2^(n - 1), and shifted into place they *are* 2^(n - 1): the
  polynomials of exp are for 2 e^r to make up for it, so that neither end of the range overflows too early.
- Results below the smallest normal number: scaled by 2^(n + 64) first and by 2^-64 last, which rounds once.
- Double words: a sum a + b with |a| >= |b| has the rounding error b - ((a + b) - a), exactly (Dekker 1971); a
  product's error comes from one fused multiply-add.
"""

import triton
import triton.language as tl

# ---- 32 bits --------------------------------------------------------------------------------------------------------


@triton.jit
def _scale_f32(p, t, small):
    """p * 2^(n - 1), t being the sum that has n + 126 in its last bits; small: n + 64 is to be used first."""
    t = tl.where(small, t + 64.0, t)
    y = p * (t.to(tl.int32, bitcast=True) << 23).to(tl.float32, bitcast=True)
    return tl.where(small, y * 5.421010862427522e-20, y)


@triton.jit
def _exp_poly_f32(r):
    """2 e^r on [-ln(2)/2, ln(2)/2], to 2^-28."""
    p = tl.fma(r, 0.0027676061726570129, 0.016738332808017731)
    p = tl.fma(p, r, 0.08333620429039001)
    p = tl.fma(p, r, 0.33333033323287964)
    p = tl.fma(p, r, 0.9999998807907104)
    p = tl.fma(p, r, 2.0)
    return tl.fma(p, r, 2.0)


@triton.jit
def exp_f32(x):
    x = tl.where(x > 89.0, 89.0, x)
    x = tl.where(x < -104.5, -104.5, x)
    t = tl.fma(x, 1.4426950216293335, 12583038.0)
    n = t - 12583038.0
    r = tl.fma(n, -0.6931471824645996, x)
    r = tl.fma(n, 1.9046542121259336e-09, r)
    return _scale_f32(_exp_poly_f32(r), t, x < -86.5)


@triton.jit
def _exp2_poly_f32(r):
    """2 * 2^r on [-1/2, 1/2], to 2^-26."""
    p = tl.fma(r, 0.00026669321232475340, 0.002677581273019314)
    p = tl.fma(p, r, 0.019250880926847458)
    p = tl.fma(p, r, 0.11100732535123825)
    p = tl.fma(p, r, 0.48045188188552856)
    p = tl.fma(p, r, 1.3862943649291992)
    return tl.fma(p, r, 2.0)


@triton.jit
def exp2_f32(x):
    x = tl.where(x > 128.0, 128.0, x)
    x = tl.where(x < -151.0, -151.0, x)
    t = x + 12583038.0
    r = x - (t - 12583038.0)
    return _scale_f32(_exp2_poly_f32(r), t, x < -125.0)


@triton.jit
def exp_by_exp2_f32(x):
    """For targets with an approximate 2^x, which is good to two units where its argument is within [-1, 1].

    The argument there is what is left of x in units of ln 2 after the integer n, by two multiply-adds. n alone is kept
    within the exponents of normal numbers: what lies beyond stays with the argument, and the last product overflows or
    rounds to a subnormal number once.
    """
    t = tl.fma(tl.minimum(tl.maximum(x, -87.0), 88.0), 1.4426950216293335, 12583039.0)
    r = tl.fma(x, 1.4426950216293335, 12583039.0 - t)
    r = tl.fma(x, 1.925963033500011e-08, r)
    return tl.exp2(r) * (t.to(tl.int32, bitcast=True) << 23).to(tl.float32, bitcast=True)


@triton.jit
def exp2_by_exp2_f32(x):
    """The same for 2^x: the instruction's subnormal results may be zero, so that these are scaled."""
    small = x < -126.0
    y = tl.exp2(tl.where(small, x + 64.0, x))
    return tl.where(small, y * 5.421010862427522e-20, y)


@triton.jit
def _log1p_half_poly_f32(f):
    """(ln(1 + f) - f) / f^2 for sqrt(1/2) <= 1 + f < sqrt(2)."""
    p = tl.fma(f, 0.05343526229262352, -0.1091606542468071)  # (ln(1 + f) - f + f^2/2) / f^3, to 2^-27
    p = tl.fma(p, f, 0.12108122557401657)
    p = tl.fma(p, f, -0.12549564242362976)
    p = tl.fma(p, f, 0.1420963704586029)
    p = tl.fma(p, f, -0.1665937304496765)
    p = tl.fma(p, f, 0.20002222061157227)
    p = tl.fma(p, f, -0.2500016689300537)
    p = tl.fma(p, f, 0.3333331346511841)
    return tl.fma(p, f, -0.5)


@triton.jit
def _log1p_poly_f32(f):
    """ln(1 + f) - f for sqrt(1/2) <= 1 + f < sqrt(2)."""
    return _log1p_half_poly_f32(f) * (f * f)


@triton.jit
def _log_parts_f32(x):
    """x = 2^n (1 + f), sqrt(1/2) <= 1 + f < sqrt(2): n, f and ln(1 + f) - f."""
    tiny = x < 1.1754943508222875e-38
    i = tl.where(tiny, x * 8388608.0, x).to(tl.int32, bitcast=True)
    e = (i - 0x3F3504F3) >> 23
    f = (i - (e << 23)).to(tl.float32, bitcast=True) - 1.0
    n = tl.where(tiny, e - 23, e).to(tl.float32)
    return n, f, _log1p_poly_f32(f)


@triton.jit
def _log_special(x, y):
    """y, but infinity of infinity, minus infinity of zero, NaN of anything else that is not positive."""
    y = tl.where(x < float("inf"), y, x)
    return tl.where(x > 0.0, y, tl.where(x == 0.0, float("-inf"), float("nan")))


@triton.jit
def log_f32(x):
    """One word all through: 27 instructions of PTX a number, 8 fewer than with the leading terms in two."""
    tiny = x < 1.1754943508222875e-38
    i = tl.where(tiny, x * 8388608.0, x).to(tl.int32, bitcast=True)
    e = (i - 0x3F3504F3) & -8388608  # the exponent where it stands
    f = (i - e).to(tl.float32, bitcast=True) - 1.0
    n = tl.fma(e.to(tl.float32), 1.1920928955078125e-07, tl.where(tiny, -23.0, 0.0))
    y = tl.fma(n, 0.6931471824645996, tl.fma(_log1p_half_poly_f32(f) * f, f, f))
    y = tl.where(i.to(tl.uint32, bitcast=True) < 0x7F800000, y, tl.fma(x, float("inf"), float("inf")))
    return tl.where(x == 0.0, float("-inf"), y)


@triton.jit
def log2_f32(x):
    n, f, u = _log_parts_f32(x)
    h = f * 1.4426950216293335
    low = tl.fma(f, 1.925963033500011e-08, tl.fma(f, 1.4426950216293335, -h))
    low = tl.fma(u, 1.4426950216293335, low)
    s = n + h
    return _log_special(x, s + (low + (h - (s - n))))


@triton.jit
def _quadrant_f32(x):
    """x = (q + r) * pi/2 with |r| <= 1/2: q modulo 4, and r * pi/2.

    2/pi in three pieces, of which the first two have 29 bits, so that their products with x are exact in 64 bits.
    Where x is large, the pieces begin further down: bits of 2/pi that make multiples of four are left out.
    """
    d = x.to(tl.float64)
    a = tl.abs(x)
    b1 = a >= 72057594037927936.0
    b2 = a >= 309485009821345068724781056.0
    b3 = a >= 1329227995784915872903807060280344576.0
    hi = tl.where(b1, tl.full((), 7.118246443671428e-11, tl.float64), tl.full((), 0.636619770899415, tl.float64))
    hi = tl.where(b2, tl.full((), 1.076057280826761e-19, tl.float64), hi)
    hi = tl.where(b3, tl.full((), 2.4711388756602014e-29, tl.float64), hi)
    mid = tl.where(b1, tl.full((), 5.412865960671359e-19, tl.float64), tl.full((), 1.4681663246252086e-09, tl.float64))
    mid = tl.where(b2, tl.full((), 2.4711388568522918e-29, tl.float64), mid)
    mid = tl.where(b3, tl.full((), 2.518417366074184e-39, tl.float64), mid)
    lo = tl.where(b1, tl.full((), 1.0344533474420156e-27, tl.float64), tl.full((), 2.276010073078396e-18, tl.float64))
    lo = tl.where(b2, tl.full((), 1.9059751351490696e-37, tl.float64), lo)
    lo = tl.where(b3, tl.full((), 1.7266765423121933e-47, tl.float64), lo)
    p = d * hi
    k = tl.floor(p + 0.5)
    r = p - k
    q = tl.fma(tl.floor(k * 0.25), -4.0, k)
    p = d * mid
    k = tl.floor(p + 0.5)
    r = tl.fma(d, lo, r + (p - k))
    last = tl.floor(r + 0.5)
    q = (q + k) + last
    # The last bits of the sum with 1.5 * 2^52 are the integer; unlike a conversion this is defined for NaN too.
    i = (q + 6755399441055744.0).to(tl.int64, bitcast=True).to(tl.int32)
    return i, ((r - last) * 1.5707963267948966).to(tl.float32)


@triton.jit
def _sin_or_cos_f32(i, r):
    """sin(i * pi/2 + r), |r| <= pi/4."""
    z = r * r
    s = tl.fma(z, -0.00019517897453624755, 0.008332187309861183)  # sin, to 2^-27
    s = tl.fma(s, z, -0.16666655242443085)
    s = tl.fma(s * z, r, r)
    c = tl.fma(z, 2.4432327336398885e-05, -0.0013887309469282627)  # cos, to 2^-32
    c = tl.fma(c, z, 0.04166664555668831)
    c = tl.fma(z * z, c, tl.fma(z, -0.5, 1.0))
    y = tl.where((i & 1) != 0, c, s)
    return tl.where((i & 2) != 0, -y, y)


@triton.jit
def _near_quadrant_f32(x):
    """The same where |x| is at most 105615, in f32: pi/2 in three pieces (Cody and Waite), of which the first product's
    difference is exact. q is in the last bits."""
    t = tl.fma(x, 0.636619746685028, 12582912.0)
    n = t - 12582912.0
    r = tl.fma(n, -1.5707963705062866, x)
    r = tl.fma(n, 4.371138828673793e-08, r)
    r = tl.fma(n, 1.7150994166548195e-15, r)
    return t.to(tl.int32, bitcast=True), r


@triton.jit
def is_far_f32(x):
    return tl.abs(x) > 105615.0


@triton.jit
def sin_near_f32(x):
    i, r = _near_quadrant_f32(x)
    return tl.where(x == 0.0, x, _sin_or_cos_f32(i, r))


@triton.jit
def cos_near_f32(x):
    i, r = _near_quadrant_f32(x)
    return _sin_or_cos_f32(i + 1, r)


@triton.jit
def sin_f32(x):
    i, r = _quadrant_f32(x)
    return tl.where(x == 0.0, x, _sin_or_cos_f32(i, r))


@triton.jit
def cos_f32(x):
    i, r = _quadrant_f32(x)
    return _sin_or_cos_f32(i + 1, r)


@triton.jit
def erf_f32(x):
    a = tl.abs(x)
    z = x * x
    p = tl.fma(z, 7.806903886375949e-05, -0.0007997853099368513)  # erf(x) / x - 1 on [0, 1], to 2^-29
    p = tl.fma(p, z, 0.005187162198126316)
    p = tl.fma(p, z, -0.026853347197175026)
    p = tl.fma(p, z, 0.11283578723669052)
    p = tl.fma(p, z, -0.3761262595653534)
    p = tl.fma(p, z, 0.12837916612625122)
    near = tl.fma(p, x, x)
    t = tl.where(a > 4.0, 4.0, a)
    g = tl.fma(t, 0.000186507313628681, -0.002948951907455921)  # ln(erfc(t)) on [1, 4], to 2^-29 in erf
    g = tl.fma(g, t, 0.02184338867664337)
    g = tl.fma(g, t, -0.10311820358037949)
    g = tl.fma(g, t, -0.6381312608718872)
    g = tl.fma(g, t, -1.1270976066589355)
    g = tl.fma(g, t, -0.0003393879160284996)
    n = tl.fma(g, 1.4426950216293335, 12583038.0)
    r = tl.fma(n - 12583038.0, -0.6931471824645996, g)
    far = 1.0 - _exp_poly_f32(r) * (n.to(tl.int32, bitcast=True) << 23).to(tl.float32, bitcast=True)
    return tl.where(a < 1.0, near, tl.where(x < 0.0, -far, far))


@triton.jit
def rsqrt_f32(x):
    return 1.0 / tl.sqrt(x)


# ---- 64 bits --------------------------------------------------------------------------------------------------------


@triton.jit
def _scale_f64(p, t, small):
    t = tl.where(small, t + 128.0, t)
    y = p * (t.to(tl.int64, bitcast=True) << 52).to(tl.float64, bitcast=True)
    return tl.where(small, y * 2.938735877055719e-39, y)


@triton.jit
def _exp_poly_f64(r):
    """2 e^r on [-ln(2)/2, ln(2)/2], to 2^-60."""
    p = tl.fma(r, 4.1653141420926495e-09, 5.0224170262079777e-08)
    p = tl.fma(p, r, 5.51151646499178e-07)
    p = tl.fma(p, r, 5.511446945173148e-06)
    p = tl.fma(p, r, 4.9603173851323412e-05)
    p = tl.fma(p, r, 0.00039682539793034575)
    p = tl.fma(p, r, 0.0027777777778232788)
    p = tl.fma(p, r, 0.016666666666633965)
    p = tl.fma(p, r, 0.08333333333333219)
    p = tl.fma(p, r, 0.33333333333333365)
    p = tl.fma(p, r, 1.0)
    p = tl.fma(p, r, 2.0)
    return tl.fma(p, r, 2.0)


@triton.jit
def exp_f64(x):
    x = tl.where(x > 710.0, 710.0, x)
    x = tl.where(x < -746.0, -746.0, x)
    t = tl.fma(x, 1.4426950408889634, 6755399441056766.0)
    n = t - 6755399441056766.0
    r = tl.fma(n, -0.6931471805599453, x)
    r = tl.fma(n, -2.3190468138462996e-17, r)
    return _scale_f64(_exp_poly_f64(r), t, x < -707.0)


@triton.jit
def exp2_f64(x):
    x = tl.where(x > 1024.0, 1024.0, x)
    x = tl.where(x < -1076.0, -1076.0, x)
    t = x + 6755399441056766.0
    r = x - (t - 6755399441056766.0)
    h = r * 0.6931471805599453  # r ln(2) in two words, then e^(h + l)
    l = tl.fma(r, 2.3190468138462996e-17, tl.fma(r, 0.6931471805599453, -h))
    p = _exp_poly_f64(h)
    return _scale_f64(tl.fma(p, l, p), t, x < -1021.0)


@triton.jit
def _log_parts_f64(x):
    """x = 2^n (1 + f), sqrt(1/2) <= 1 + f < sqrt(2): n, f and ln(1 + f) - f, the latter by s = f / (2 + f)."""
    tiny = x < 2.2250738585072014e-308
    i = tl.where(tiny, x * 18014398509481984.0, x).to(tl.int64, bitcast=True)
    e = (i - 0x3FE6A09E667F3BCD) >> 52
    f = (i - (e << 52)).to(tl.float64, bitcast=True) - 1.0
    n = tl.where(tiny, e - 54, e).to(tl.int32).to(tl.float64)
    s = f / (f + 2.0)
    z = s * s
    p = tl.fma(z, 0.13253912147891603, 0.13249838504549027)  # (2 atanh(s) - 2 s) / s^3, to 2^-61
    p = tl.fma(p, z, 0.15387102943059078)
    p = tl.fma(p, z, 0.18181775392286034)
    p = tl.fma(p, z, 0.2222222265013474)
    p = tl.fma(p, z, 0.285714285690643)
    p = tl.fma(p, z, 0.40000000000006314)
    p = tl.fma(p, z, 0.6666666666666666)
    half = 0.5 * (f * f)
    return n, f, tl.fma(s, tl.fma(p, z, half), -half)


@triton.jit
def log_f64(x):
    n, f, u = _log_parts_f64(x)
    t = n * 0.6931471805598903  # 42 bits: exact
    s = t + f
    low = tl.fma(n, 5.497923018708371e-14, f - (s - t))
    return _log_special(x, s + (u + low))


@triton.jit
def log2_f64(x):
    n, f, u = _log_parts_f64(x)
    h = f * 1.4426950408889634
    low = tl.fma(f, 2.0355273740931033e-17, tl.fma(f, 1.4426950408889634, -h))
    low = tl.fma(u, 1.4426950408889634, low)
    s = n + h
    return _log_special(x, s + (low + (h - (s - n))))


@triton.jit
def _words_of_2_over_pi(b1, b2, b4, b8, b16, b32):
    """Nine 24-bit words of 2/pi, beginning at the one that the bits say: three zeros, then 2/pi from its first bit.

    Stage by stage the table is moved down by 32, 16, 8, 4, 2 and 1 where the bit is set, and only what can still be
    needed is kept.
    """
    a0 = tl.where(b32, 3874808, 0)
    a1 = tl.where(b32, 9961438, 0)
    a2 = tl.where(b32, 366607, 0)
    a3 = tl.where(b32, 15675153, 10680707)
    a4 = tl.where(b32, 9132554, 7228996)
    a5 = tl.where(b32, 7151469, 1387004)
    a6 = tl.where(b32, 3571407, 2578385)
    a7 = tl.where(b32, 2607881, 16069853)
    a8 = tl.where(b32, 12013382, 12639074)
    a9 = tl.where(b32, 4155038, 9804092)
    a10 = tl.where(b32, 6285869, 4427841)
    a11 = tl.where(b32, 7677882, 16666979)
    a12 = tl.where(b32, 13102053, 11263675)
    a13 = tl.where(b32, 15825725, 12935607)
    a14 = tl.where(b32, 473591, 2387514)
    a15 = tl.where(b32, 9065106, 4345298)
    a16 = tl.where(b32, 15363067, 14681673)
    a17 = tl.where(b32, 6271263, 3074569)
    a18 = tl.where(b32, 9264392, 13734428)
    a19 = tl.where(b32, 5636912, 16653803)
    c0 = tl.where(b16, a16, a0)
    c1 = tl.where(b16, a17, a1)
    c2 = tl.where(b16, a18, a2)
    c3 = tl.where(b16, a19, a3)
    c4 = tl.where(b16, 1880361, a4)
    c5 = tl.where(b16, 10960616, a5)
    c6 = tl.where(b16, 8533493, a6)
    c7 = tl.where(b16, 3062596, a7)
    c8 = tl.where(b16, 8710556, a8)
    c9 = tl.where(b16, 7349940, a9)
    c10 = tl.where(b16, 6258241, a10)
    c11 = tl.where(b16, 3772886, a11)
    c12 = tl.where(b16, 3769171, a12)
    c13 = tl.where(b16, 3798172, a13)
    c14 = tl.where(b16, 8675211, a14)
    c15 = tl.where(b16, 12450088, a15)
    c16 = tl.where(b16, 3874808, a16)
    c17 = tl.where(b16, 9961438, a17)
    c18 = tl.where(b16, 366607, a18)
    c19 = tl.where(b16, 15675153, a19)
    c20 = tl.where(b16, 9132554, 1880361)
    c21 = tl.where(b16, 7151469, 10960616)
    c22 = tl.where(b16, 3571407, 8533493)
    c23 = tl.where(b16, 2607881, 3062596)
    d0 = tl.where(b8, c8, c0)
    d1 = tl.where(b8, c9, c1)
    d2 = tl.where(b8, c10, c2)
    d3 = tl.where(b8, c11, c3)
    d4 = tl.where(b8, c12, c4)
    d5 = tl.where(b8, c13, c5)
    d6 = tl.where(b8, c14, c6)
    d7 = tl.where(b8, c15, c7)
    d8 = tl.where(b8, c16, c8)
    d9 = tl.where(b8, c17, c9)
    d10 = tl.where(b8, c18, c10)
    d11 = tl.where(b8, c19, c11)
    d12 = tl.where(b8, c20, c12)
    d13 = tl.where(b8, c21, c13)
    d14 = tl.where(b8, c22, c14)
    d15 = tl.where(b8, c23, c15)
    e0 = tl.where(b4, d4, d0)
    e1 = tl.where(b4, d5, d1)
    e2 = tl.where(b4, d6, d2)
    e3 = tl.where(b4, d7, d3)
    e4 = tl.where(b4, d8, d4)
    e5 = tl.where(b4, d9, d5)
    e6 = tl.where(b4, d10, d6)
    e7 = tl.where(b4, d11, d7)
    e8 = tl.where(b4, d12, d8)
    e9 = tl.where(b4, d13, d9)
    e10 = tl.where(b4, d14, d10)
    e11 = tl.where(b4, d15, d11)
    f0 = tl.where(b2, e2, e0)
    f1 = tl.where(b2, e3, e1)
    f2 = tl.where(b2, e4, e2)
    f3 = tl.where(b2, e5, e3)
    f4 = tl.where(b2, e6, e4)
    f5 = tl.where(b2, e7, e5)
    f6 = tl.where(b2, e8, e6)
    f7 = tl.where(b2, e9, e7)
    f8 = tl.where(b2, e10, e8)
    f9 = tl.where(b2, e11, e9)
    w0 = tl.where(b1, f1, f0)
    w1 = tl.where(b1, f2, f1)
    w2 = tl.where(b1, f3, f2)
    w3 = tl.where(b1, f4, f3)
    w4 = tl.where(b1, f5, f4)
    w5 = tl.where(b1, f6, f5)
    w6 = tl.where(b1, f7, f6)
    w7 = tl.where(b1, f8, f7)
    w8 = tl.where(b1, f9, f8)
    return w0, w1, w2, w3, w4, w5, w6, w7, w8


@triton.jit
def _quadrant_f64(x):
    """x = (q + h + l) * pi/2, |h + l| <= 1/2: q modulo 4, and (h + l) * pi/2 in two words.

    Payne and Hanek's method (1983) in digits of 24 bits, whose products and sums of a few products are exact in
    64-bit floating point. x is scaled so that its digits x3 x2 x1 x0 are integers below a point that lies the same
    distance from the words of 2/pi for all x; words that give multiples of 2^24 are left out at the upper end, those
    beyond 2^-144 at the lower.
    """
    bits = x.to(tl.int64, bitcast=True)
    e = ((bits >> 52) & 0x7FF).to(tl.int32)
    j = ((e + 3) * 2731 >> 16) - 45  # (e - 1077) / 24, rounded down: x / 2^(24 j) is in [2^54, 2^79)
    j = tl.where(j < -3, -3, j)
    scale = ((1023 - 24 * j).to(tl.int64) << 52).to(tl.float64, bitcast=True)
    d = tl.abs(x) * scale
    x3 = tl.floor(d * 2.117582368135751e-22)
    d = tl.fma(x3, -4722366482869645213696.0, d)
    x2 = tl.floor(d * 3.552713678800501e-15)
    d = tl.fma(x2, -281474976710656.0, d)
    x1 = tl.floor(d * 5.960464477539063e-08)
    x0 = tl.fma(x1, -16777216.0, d)
    j = j + 3
    v0, v1, v2, v3, v4, v5, v6, v7, v8 = _words_of_2_over_pi(
        (j & 1) != 0, (j & 2) != 0, (j & 4) != 0, (j & 8) != 0, (j & 16) != 0, (j & 32) != 0)
    w0 = v0.to(tl.float64)
    w1 = v1.to(tl.float64)
    w2 = v2.to(tl.float64)
    w3 = v3.to(tl.float64)
    w4 = v4.to(tl.float64)
    w5 = v5.to(tl.float64)
    w6 = v6.to(tl.float64)
    w7 = v7.to(tl.float64)
    w8 = v8.to(tl.float64)
    # Columns of the product by weight: 2^-144, 2^-120, …, 1; each column's carry goes into the next.
    c = tl.floor(tl.fma(x0, w5, tl.fma(x1, w6, tl.fma(x2, w7, x3 * w8))) * 5.960464477539063e-08)
    d5 = tl.fma(x0, w4, tl.fma(x1, w5, tl.fma(x2, w6, tl.fma(x3, w7, c))))
    c = tl.floor(d5 * 5.960464477539063e-08)
    d5 = tl.fma(c, -16777216.0, d5)
    d4 = tl.fma(x0, w3, tl.fma(x1, w4, tl.fma(x2, w5, tl.fma(x3, w6, c))))
    c = tl.floor(d4 * 5.960464477539063e-08)
    d4 = tl.fma(c, -16777216.0, d4)
    d3 = tl.fma(x0, w2, tl.fma(x1, w3, tl.fma(x2, w4, tl.fma(x3, w5, c))))
    c = tl.floor(d3 * 5.960464477539063e-08)
    d3 = tl.fma(c, -16777216.0, d3)
    d2 = tl.fma(x0, w1, tl.fma(x1, w2, tl.fma(x2, w3, tl.fma(x3, w4, c))))
    c = tl.floor(d2 * 5.960464477539063e-08)
    d2 = tl.fma(c, -16777216.0, d2)
    d1 = tl.fma(x0, w0, tl.fma(x1, w1, tl.fma(x2, w2, tl.fma(x3, w3, c))))
    c = tl.floor(d1 * 5.960464477539063e-08)
    d1 = tl.fma(c, -16777216.0, d1)
    d0 = tl.fma(x1, w0, tl.fma(x2, w1, tl.fma(x3, w2, c)))
    # The fraction: 48 bits, 48 bits, 24 bits. What remains of the first after rounding to an integer is exact.
    a = tl.fma(d1, 5.960464477539063e-08, d2 * 3.552713678800501e-15)
    b = tl.fma(d3, 2.117582368135751e-22, d4 * 1.262177448353619e-29)
    up = a >= 0.5
    a = tl.where(up, a - 1.0, a)
    d0 = tl.where(up, d0 + 1.0, d0)
    h = a + b
    l = tl.fma(d5, 7.523163845262640e-37, b - (h - a))
    # A small x is its own remainder.
    small = tl.abs(x) < 0.7853981633974483
    p = h * 1.5707963267948966
    q = tl.fma(h, 1.5707963267948966, -p)
    q = tl.fma(h, 6.123233995736766e-17, tl.fma(l, 1.5707963267948966, q))
    negative = x < 0.0
    p = tl.where(small, x, tl.where(negative, -p, p))
    q = tl.where(small, 0.0, tl.where(negative, -q, q))
    d0 = tl.fma(tl.floor(d0 * 0.25), -4.0, d0)
    d0 = tl.where(small, 0.0, tl.where(negative, -d0, d0))
    i = (d0 + 6755399441055744.0).to(tl.int64, bitcast=True).to(tl.int32)
    finite = tl.abs(x) < float("inf")
    return i, tl.where(finite, p, float("nan")), q


@triton.jit
def _sin_or_cos_f64(i, r, l):
    """sin(i * pi/2 + r + l), |r| <= pi/4, l a correction."""
    z = r * r
    s = tl.fma(z, -7.578403302390327e-13, 1.6058360440343208e-10)  # sin, to 2^-57
    s = tl.fma(s, z, -2.505210486077556e-08)
    s = tl.fma(s, z, 2.755731921398514e-06)
    s = tl.fma(s, z, -0.0001984126984125465)
    s = tl.fma(s, z, 0.008333333333333323)
    s = tl.fma(s, z, -0.16666666666666666)
    s = r + tl.fma(s * z, r, l * tl.fma(z, -0.5, 1.0))
    c = tl.fma(z, -1.1358310975503753e-11, 2.087569658216694e-09)  # cos, to 2^-59
    c = tl.fma(c, z, -2.755731414869547e-07)
    c = tl.fma(c, z, 2.480158728874844e-05)
    c = tl.fma(c, z, -0.0013888888888872895)
    c = tl.fma(c, z, 0.041666666666666595)
    half = 0.5 * z
    t = 1.0 - half
    c = t + tl.fma(z * z, c, tl.fma(-r, l, (1.0 - t) - half))
    y = tl.where((i & 1) != 0, c, s)
    return tl.where((i & 2) != 0, -y, y)


@triton.jit
def sin_f64(x):
    i, r, l = _quadrant_f64(x)
    return tl.where(x == 0.0, x, _sin_or_cos_f64(i, r, l))


@triton.jit
def cos_f64(x):
    i, r, l = _quadrant_f64(x)
    return _sin_or_cos_f64(i + 1, r, l)


@triton.jit
def erf_f64(x):
    a = tl.abs(x)
    z = x * x
    p = tl.fma(z, -4.222907768228209e-12, 8.703797836002157e-11)  # erf(x) / x - 1 on [0, 1], to 2^-56
    p = tl.fma(p, z, -1.2163044355657972e-09)
    p = tl.fma(p, z, 1.4792146185569134e-08)
    p = tl.fma(p, z, -1.6364614471021915e-07)
    p = tl.fma(p, z, 1.6462043411619493e-06)
    p = tl.fma(p, z, -1.4925647465320458e-05)
    p = tl.fma(p, z, 0.00012055332899365279)
    p = tl.fma(p, z, -0.0008548327021853378)
    p = tl.fma(p, z, 0.0052239776254220886)
    p = tl.fma(p, z, -0.026866170645129733)
    p = tl.fma(p, z, 0.11283791670955119)
    p = tl.fma(p, z, -0.37612638903183754)
    p = tl.fma(p, z, 0.1283791670955126)
    near = tl.fma(p, x, x)
    t = tl.where(a > 6.0, 6.0, a)
    u = (t - 2.0) / (t + 2.0)
    g = tl.fma(u, 1.1906477703392803e-06, 3.607560804031277e-06)  # erfc(t) e^(t^2) on [1, 6], to 2^-60 in erf
    g = tl.fma(g, u, 1.3429567787415447e-06)
    g = tl.fma(g, u, -1.395427040754997e-05)
    g = tl.fma(g, u, -2.7573457440247585e-05)
    g = tl.fma(g, u, 2.7525545797450026e-05)
    g = tl.fma(g, u, 0.0001743609376351991)
    g = tl.fma(g, u, 4.3555572702199804e-05)
    g = tl.fma(g, u, -0.0009819770275111292)
    g = tl.fma(g, u, -0.0008471432504074866)
    g = tl.fma(g, u, 0.006997461739353902)
    g = tl.fma(g, u, 0.0037328924043321496)
    g = tl.fma(g, u, -0.07897858101573398)
    g = tl.fma(g, u, 0.24165819424246637)
    g = tl.fma(g, u, -0.4271858474139584)
    g = tl.fma(g, u, 0.25539567631050575)
    far = 1.0 - exp_f64(-(t * t)) * g
    return tl.where(a < 1.0, near, tl.where(x < 0.0, -far, far))


@triton.jit
def rsqrt_f64(x):
    return 1.0 / tl.sqrt(x)
