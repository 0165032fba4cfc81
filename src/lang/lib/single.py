"""Functions of libdevice in f32 arithmetic: elementary ones, those of error, and lengths.

On most GPUs f64 runs at a 32nd or 64th of the rate of f32, and a vector of f64 has half the lanes, so what f32 can
compute to a unit or two in its last place is computed in f32. Every function stays within the largest error that CUDA
documents for its own (docs/math.md). As in math.py all is elementwise and free of branches, polynomials are minimax
fits of what is said beside them, with coefficients rounded one after the other, and double words stand where one is
not enough: s = a + b with |a| >= |b| lost b - (s - a) exactly, and a fused multiply-add gives what a product lost.
"""
import triton.language as tl
from triton import jit


@jit
def _bits_f32(i):
    return i.to(tl.float32, bitcast=True)


# ---- exponentials ------------------------------------------------------------------------------------------------------


@jit
def _half_exp_f32(x):
    """e^x / 2 for -80 <= x <= 89.5, infinite where it overflows."""
    t = tl.fma(x, 1.4426950216293335, 12583037.0)
    n = t - 12583037.0
    r = tl.fma(n, -0.6931471824645996, x)
    r = tl.fma(n, 1.9046542121259336e-09, r)
    return _exp_poly_f32(r) * _bits_f32(t.to(tl.int32, bitcast=True) << 23)


@jit
def exp10_f32(x):
    x = tl.where(x > 38.6, 38.6, x)
    x = tl.where(x < -45.5, -45.5, x)
    t = tl.fma(x, 3.321928024291992, 12583038.0)
    n = t - 12583038.0
    r = tl.fma(n, -0.3010300099849701, x)
    r = tl.fma(n, 1.432098699888314e-08, r)
    p = tl.fma(r, 0.4152367413043976, 1.0836529731750488)  # 2 * 10^r, to 2^-27
    p = tl.fma(p, r, 2.3425068855285645)
    p = tl.fma(p, r, 4.06931209564209)
    p = tl.fma(p, r, 5.301898002624512)
    p = tl.fma(p, r, 4.605170249938965)
    p = tl.fma(p, r, 2.0)
    return _scale_f32(p, t, x < -37.5)


@jit
def expm1_f32(x):
    """With s = 2^n and e^r = 1 + r + c it is (s - 1) + s r + s c, of which the first sum is made in two words, all halved."""
    y = tl.where(x > 89.0, 89.0, x)
    y = tl.where(y < -30.0, -30.0, y)
    t = tl.fma(y, 1.4426950216293335, 12583038.0)
    n = t - 12583038.0
    s = _bits_f32(t.to(tl.int32, bitcast=True) << 23)
    r = tl.fma(n, -0.6931471824645996, y)
    q = tl.fma(r, 0.00019944255473092198, 0.001393268583342433)  # (e^r - 1 - r) / r^2, to 2^-31
    q = tl.fma(q, r, 0.008333208039402962)
    q = tl.fma(q, r, 0.04166648909449577)
    q = tl.fma(q, r, 0.1666666716337204)
    q = tl.fma(q, r, 0.5)
    l = n * 1.9046542121259336e-09
    c = tl.fma(q, r * r, tl.fma(r, l, l))
    a = s - 0.5
    h = tl.fma(s, r, a)
    y = h + tl.fma(s, c, tl.fma(s, r, a - h))
    return tl.where(tl.abs(x) < 1e-8, x, y + y)


@jit
def sinh_f32(x):
    a = tl.abs(x)
    z = a * a
    p = tl.fma(z, 2.7839255380968098e-06, 0.00019842635083477944)  # (sinh(x) - x) / x^3 on [0, 1], to 2^-31
    p = tl.fma(p, z, 0.008333311416208744)
    p = tl.fma(p, z, 0.1666666716337204)
    near = tl.fma(p * z, a, a)
    e = _half_exp_f32(tl.where(a > 89.5, 89.5, a))
    return _signed(tl.where(a < 1.0, near, e - 0.25 / e), x)


@jit
def cosh_f32(x):
    a = tl.abs(x)
    e = _half_exp_f32(tl.where(a > 89.5, 89.5, a))
    return e + 0.25 / e


@jit
def tanh_f32(x):
    """1 - 2 / (e^(2x) + 1) beyond 0.55."""
    a = tl.abs(x)
    z = a * a
    p = tl.fma(z, -0.005900179035961628, 0.020800316706299782)  # (tanh(x) - x) / x^3 on [0, 0.6], to 2^-28
    p = tl.fma(p, z, -0.05378512293100357)
    p = tl.fma(p, z, 0.13331939280033112)
    p = tl.fma(p, z, -0.33333298563957214)
    near = tl.fma(p * z, a, a)
    a = tl.where(a > 10.0, 10.0, a)
    far = 1.0 - 1.0 / (_half_exp_f32(a + a) + 0.5)
    return _signed(tl.where(a < 0.55, near, far), x)


# ---- logarithms --------------------------------------------------------------------------------------------------------


@jit
def log10_f32(x):
    n, f, u = _log_parts_f32(x)
    h = f * 0.4342944920063019
    low = tl.fma(f, -1.010305503888378e-08, tl.fma(f, 0.4342944920063019, -h))
    low = tl.fma(n, -1.0642107116524131e-07, tl.fma(u, 0.4342944920063019, low))
    t = n * 0.3010301003456116  # 16 bits: exact
    s = t + h
    return _log_special(x, s + (low + (h - (s - t))))


@jit
def _log1p_f32(x, more):
    """ln(1 + x) + more ln(2): 1 + x = 2^n (1 + f), where f is made of x itself, so that 1 + x need not be exact."""
    u = 1.0 + x
    e = (u.to(tl.int32, bitcast=True) - 0x3F3504F3) >> 23
    s = _bits_f32((129 - e) << 23)  # 2^(2 - e)
    c = tl.fma(s, 0.25, -1.0)
    f = tl.fma(x * 0.25, s, c)
    low = tl.fma(x * 0.25, s, c - f)  # what f lacks: where it is not exact, |c| is the greater of the two
    n = e.to(tl.float32) + more
    t = n * 0.693145751953125
    s = t + f
    low = tl.fma(n, 1.428606765330187e-06, tl.fma(-low, f, low) + (f - (s - t)))
    return _log_special(u, s + (_log1p_poly_f32(f) + low))


@jit
def log1p_f32(x):
    return tl.where(tl.abs(x) < 1e-8, x, _log1p_f32(x, 0.0))


@jit
def asinh_f32(x):
    a = tl.abs(x)
    big = a > 1073741824.0
    z = tl.fma(a, a, 1.0)
    t = tl.where(big, a, a + a * a / (1.0 + tl.sqrt(z)))
    y = tl.where(a < 1e-8, a, _log1p_f32(t, tl.where(big, 1.0, 0.0)))
    return _signed(y, x)


@jit
def acosh_f32(x):
    t = x - 1.0
    big = x > 1073741824.0
    t = tl.where(big, x, t + tl.sqrt(tl.fma(t, t, t + t)))
    y = tl.where(t < 1e-8, t, _log1p_f32(t, tl.where(big, 1.0, 0.0)))
    return tl.where(x < 1.0, float("nan"), y)


@jit
def atanh_f32(x):
    a = tl.abs(x)
    y = _log1p_f32((a + a) / (1.0 - a), 0.0)
    return _signed(tl.where(a < 1e-8, a, 0.5 * y), x)


@jit
def _pow_f32(x, y, more, odd):
    """x^(y + more), as 2^(y log2 |x|) with the logarithm and the product in two words: log2(m) = L (s + s^3/3 + ...), s = (m - 1) / (m + 1), L = 2 / ln(2)."""
    a = tl.abs(x)
    tiny = a < 1.1754943508222875e-38
    i = tl.where(tiny, a * 8388608.0, a).to(tl.int32, bitcast=True)
    e = (i - 0x3F3504F3) >> 23
    m = _bits_f32(i - (e << 23))
    n = tl.where(tiny, e - 23, e).to(tl.float32)
    f = m - 1.0
    d = m + 1.0
    q = 1.0 / d
    s = f * q
    r = tl.fma(-s, d, f)
    r = tl.fma(-s, tl._sub_rn(f, tl._sub_rn(d, 2.0)), r) * q  # what s lacks
    z = s * s
    p = tl.fma(z, 0.33661437034606934, 0.4119217097759247)  # (log2(m) - L s) / s^3, to 2^-35 in the logarithm
    p = tl.fma(p, z, 0.5770788788795471)
    p = tl.fma(p, z, 0.9617967009544373)
    h = tl._mul_rn(s, 2.885390043258667)
    l = tl.fma(s, 2.885390043258667, -h)
    l = tl.fma(s, 3.851927067002316e-08, tl.fma(r, 2.885390043258667, l))
    l = tl.fma(p * z, s, l)
    t, w = _quick_two_sum(n, h)
    h, l = _quick_two_sum(t, l + w)
    c = tl.where(y > 1e30, 1e30, tl.where(y < -1e30, -1e30, y))
    t = tl._mul_rn(h, c)
    l = tl.fma(h, more, tl.fma(l, c, tl.fma(h, c, -t)))
    within = tl.abs(t) < 200.0
    l = tl.where(within, l, 0.0)
    t = tl.where(within, t, tl.where(t > 0.0, 200.0, -200.0))
    k = t + 12583038.0
    r = (t - (k - 12583038.0)) + l
    p = _exp2_poly_f32(r)
    i = k.to(tl.int32, bitcast=True) - 0x4B400000  # n + 126, of which 2^(n - 1) is made in two factors
    i = tl.where(i < -126, -126, tl.where(i > 381, 381, i)) + 126
    j = i >> 1
    return _pow_ends(tl._mul_rn(tl._mul_rn(p, _bits_f32(j << 23)), _bits_f32((i - j + 1) << 23)), a, x, y, odd)


@jit
def pow_f32(x, y):
    return _pow_f32(x, y, 0.0, _is_odd(y))


@jit
def pow_of_int_f32(x, n):
    """x^n, n an integer that may have more bits than an f32 holds."""
    y = n.to(tl.float32)
    low = (n.to(tl.float64) - y.to(tl.float64)).to(tl.float32) if n.dtype.primitive_bitwidth > 16 else 0.0
    return _pow_f32(x, y, low, (n & 1) != 0)


# ---- arcs and angles ---------------------------------------------------------------------------------------------------


@jit
def _atan_poly_f32(t):
    """atan(t), 0 <= t <= 1."""
    z = t * t
    p = tl.fma(z, 0.0029197228141129017, -0.01636413298547268)  # (atan(t) - t) / t^3, to 2^-26 in atan
    p = tl.fma(p, z, 0.043205857276916504)
    p = tl.fma(p, z, -0.07551723718643188)
    p = tl.fma(p, z, 0.10665785521268845)
    p = tl.fma(p, z, -0.14211003482341766)
    p = tl.fma(p, z, 0.19993767142295837)
    p = tl.fma(p, z, -0.33333152532577515)
    return tl.fma(p * z, t, t)


@jit
def atan_f32(x):
    a = tl.abs(x)
    far = a > 1.0
    p = _atan_poly_f32(tl.where(far, 1.0 / a, a))
    return _signed(tl.where(far, (1.5707963705062866 - p) - 4.371138828673793e-08, p), x)


@jit
def atan2_f32(y, x):
    v = tl.abs(y)
    u = tl.abs(x)
    steep = v > u
    low = tl.where(steep, u, v)
    high = tl.where(steep, v, u)
    t = tl.where(low == high, 1.0, low / high)
    p = _atan_poly_f32(tl.where(high == 0.0, 0.0, t))
    p = tl.where(steep, (1.5707963705062866 - p) - 4.371138828673793e-08, p)
    p = tl.where(x.to(tl.int32, bitcast=True) < 0, (3.1415927410125732 - p) - 8.742277657347586e-08, p)
    return tl.where((x != x) | (y != y), x + y, _signed(p, y))


@jit
def _asin_half_f32(a):
    """asin(a) for 0 <= a <= 1/2; beyond, asin(sqrt((1 - a) / 2)), which is a quarter turn less half of what is wanted."""
    near = a <= 0.5
    z = tl.where(near, a * a, tl.fma(a, -0.5, 0.5))
    s = tl.where(near, a, tl.sqrt_rn(z))
    p = tl.fma(z, 0.04221179708838463, 0.02415209263563156)  # (asin(s) - s) / s^3, to 2^-27
    p = tl.fma(p, z, 0.0454760417342186)
    p = tl.fma(p, z, 0.07495252043008804)
    p = tl.fma(p, z, 0.16666753590106964)
    return near, tl.fma(p * z, s, s)


@jit
def asin_f32(x):
    near, p = _asin_half_f32(tl.abs(x))
    return _signed(tl.where(near, p, tl.fma(p, -2.0, 1.5707963705062866) - 4.371138828673793e-08), x)


@jit
def acos_f32(x):
    near, p = _asin_half_f32(tl.abs(x))
    s = tl.where(x < 0.0, -p, p)
    far = tl.where(x < 0.0, tl.fma(p, -2.0, 3.1415927410125732) - 8.742277657347586e-08, p + p)
    return tl.where(near, (1.5707963705062866 - s) - 4.371138828673793e-08, far)


@jit
def tan_f32(x):
    i, r = _quadrant_f32(x)
    z = r * r
    p = tl.fma(z, 0.009476936422288418, 0.0029550683684647083)  # (tan(r) - r) / r^3 on [0, pi/4], to 2^-25
    p = tl.fma(p, z, 0.024540578946471214)
    p = tl.fma(p, z, 0.05337769165635109)
    p = tl.fma(p, z, 0.13339245319366455)
    p = tl.fma(p, z, 0.3333313763141632)
    p = tl.fma(p * z, r, r)
    return tl.where(x == 0.0, x, tl.where((i & 1) != 0, -1.0 / p, p))


@jit
def _half_turns_f32(x, turn):
    """sin(pi x + turn pi/2): x = k/2 + r, |r| <= 1/4; what is too large for fractions is even."""
    x = tl.where(tl.abs(x) < 16777216.0, x, x - x)
    k = tl.floor(tl.fma(x, 2.0, 0.49999997))  # not 1/2, which would round integers
    r = tl.fma(k, -0.5, x)
    k = tl.fma(tl.floor(k * 0.25), -4.0, k)
    i = (k + 12582912.0).to(tl.int32, bitcast=True) + turn
    z = r * r
    s = tl.fma(z, -0.5895761251449585, 2.5498197078704834)  # (sin(pi r) - pi r) / r^3, to 2^-28
    s = tl.fma(s, z, -5.1677093505859375)
    s = tl.fma(r, 3.1415927410125732, tl.fma(s * z, r, r * -8.742277657347586e-08))
    c = tl.fma(z, 0.22873026132583618, -1.33473539352417)  # (cos(pi r) - 1) / r^2, to 2^-31
    c = tl.fma(c, z, 4.058696269989014)
    c = tl.fma(c, z, -4.934802055358887)
    y = tl.where((i & 1) != 0, tl.fma(c, z, 1.0), s)
    return tl.where((i & 2) != 0, -y, y)


@jit
def sinpi_f32(x):
    y = _half_turns_f32(x, 0)
    return tl.where(y == 0.0, x * 0.0, y)


@jit
def cospi_f32(x):
    y = _half_turns_f32(x, 1)
    return tl.where(y == 0.0, 0.0, y)


# ---- roots and lengths -------------------------------------------------------------------------------------------------


@jit
def _rcbrt_parts_f32(a):
    """About a^(-1/3) = y for normal a > 0, and h = 1 - a y^3: two steps of third order from a division of the exponent by three."""
    y = _bits_f32(0x54A2FA8C - a.to(tl.int32, bitcast=True) // 3)
    for _ in tl.static_range(2):
        h = tl.fma(-a * y, y * y, 1.0)
        y = tl.fma(y * h, tl.fma(h, 0.2222222222222222, 0.3333333333333333), y)
    t = tl._mul_rn(y, y)
    w = tl._mul_rn(a, y)
    h = tl.fma(-w, t, 1.0) - tl.fma(w, tl.fma(y, y, -t), tl.fma(a, y, -w) * t)
    return y, h


@jit
def _cbrt_range_f32(x):
    """|x|, times 2^24 where it is subnormal."""
    a = tl.abs(x)
    tiny = a < 1.1754943508222875e-38
    return tiny, tl.where(tiny, a * 16777216.0, a)


@jit
def cbrt_f32(x):
    tiny, a = _cbrt_range_f32(x)
    y, h = _rcbrt_parts_f32(a)
    w = tl._mul_rn(a, y)
    c = tl._mul_rn(w, y)
    l = tl.fma(tl.fma(a, y, -w), y, tl.fma(w, y, -c))
    c = c + tl.fma(c * h, 0.6666666666666666, l)
    c = _signed(tl.where(tiny, c * 0.00390625, c), x)
    return tl.where((x == 0.0) | ~(a < float("inf")), x, c)


@jit
def rcbrt_f32(x):
    tiny, a = _cbrt_range_f32(x)
    y, h = _rcbrt_parts_f32(a)
    y = tl.fma(y * h, 0.3333333333333333, y)
    y = tl.where(tiny, y * 256.0, y)
    y = tl.where(a == 0.0, float("inf"), tl.where(a == float("inf"), 0.0, y))
    return tl.where(x != x, x, _signed(y, x))


@jit
def _squares_f32(a, b, c, d):
    """The sum of squares of (a, b, c, d) s, s being the power of two that brings the largest near 1; 1/s and s."""
    a = tl.abs(a)
    b = tl.abs(b)
    c = tl.abs(c)
    d = tl.abs(d)
    m = tl.maximum(tl.maximum(a, b), tl.maximum(c, d))
    e = m.to(tl.int32, bitcast=True) & 0x7F800000
    e = tl.where(e > 0x7E800000, 0x7E800000, tl.where(e < 0x00800000, 0x00800000, e))
    s = _bits_f32(0x7F000000 - e)
    a = a * s
    b = b * s
    c = c * s
    d = d * s
    return m == float("inf"), tl.fma(a, a, tl.fma(b, b, tl.fma(c, c, d * d))), _bits_f32(e), s


@jit
def length_f32(a, b, c, d):
    infinite, z, e, _ = _squares_f32(a, b, c, d)
    return tl.where(infinite, float("inf"), tl.sqrt(z) * e)


@jit
def inverse_length_f32(a, b, c, d):
    infinite, z, _, s = _squares_f32(a, b, c, d)
    y = tl.rsqrt(z)
    t = tl._mul_rn(z, y)
    t = tl.fma(-t, y, 1.0) - tl.fma(z, y, -t) * y
    y = tl.where(z == 0.0, float("inf"), tl.fma(0.5 * y, t, y))
    return tl.where(infinite, 0.0, y * s)


# ---- error functions ---------------------------------------------------------------------------------------------------


@jit
def _erfcx_f32(t):
    """e^(t^2) erfc(t), t >= 0: with t + 1/2 one polynomial in (t - k) / (t + k) (Shepherd and Laframboise,
    1981), k chosen so that the value at t = k is all but a number of f32."""
    v = tl.where(t < 1e10, tl.fma(t + t, 1.0 / (t + 3.859375), -1.0), 1.0)
    p = tl.fma(v, 3.002870289492421e-05, -0.0001328227372141555)  # to 2^-28
    p = tl.fma(p, v, -2.89073273052054e-06)
    p = tl.fma(p, v, 0.0015054121613502502)
    p = tl.fma(p, v, -0.006264699622988701)
    p = tl.fma(p, v, 0.01616537943482399)
    p = tl.fma(p, v, -0.03114917501807213)
    p = tl.fma(p, v, 0.04662034660577774)
    p = tl.fma(p, v, -0.05277314782142639)
    p = tl.fma(p, v, 0.03796591982245445)
    p = tl.fma(p, v, 0.004505760036408901)
    p = tl.fma(p, v, -0.07002944499254227)
    h = tl.fma(p, v, 0.6177489161491394)
    d = t + 0.5
    q = 1.0 / d
    y = h * q
    r = tl.fma(-y, d, h) + tl.fma(p, v, tl._sub_rn(0.6177489161491394, h))  # what y d lacks of the polynomial
    r = tl.fma(-y, tl._sub_rn(t, tl._sub_rn(d, 0.5)), r)
    return tl.where(t < 1e10, tl.fma(r, q, y), y)


@jit
def _exp_words_f32(h, l):
    """e^(h + l), l small beside 1."""
    y = exp_f32(h)
    return tl.where(y < float("inf"), tl.fma(y, l, y), y)


@jit
def _erfc_f32(t, l):
    """erfc(t + l), t >= 0."""
    t = tl.where(t > 11.0, 11.0, t)
    h = tl._mul_rn(t, t)
    return _exp_words_f32(-h, -tl.fma(t + t, l, tl.fma(t, t, -h))) * _erfcx_f32(t)


@jit
def erfc_f32(x):
    y = _erfc_f32(tl.abs(x), 0.0)
    return tl.where(x < 0.0, 2.0 - y, y)


@jit
def erfcx_f32(x):
    a = tl.abs(x)
    t = tl.where(a > 11.0, 11.0, a)
    h = tl._mul_rn(t, t)
    e = _exp_words_f32(h, tl.fma(t, t, -h))
    y = _erfcx_f32(a)
    return tl.where(x < 0.0, tl.fma(2.0, e, -y), y)


@jit
def normcdf_f32(x):
    t = tl.where(tl.abs(x) > 15.0, 15.0, tl.abs(x))
    h = tl._mul_rn(t, 0.7071067690849304)
    l = tl.fma(t, 1.2101617485882343e-08, tl.fma(t, 0.7071067690849304, -h))
    y = 0.5 * _erfc_f32(h, l)
    return tl.where(x > 0.0, 1.0 - y, y)


@jit
def _erfinv_f32(z, u):
    """|x| with erf(x) = z, u being 1 - z^2: polynomials of w = -ln(u) (Giles, 2010), near as x / z, far in 1 / sqrt(w) as x / sqrt(w)."""
    w = -log_f32(u)
    v = w - 2.753125
    p = tl.fma(v, -8.870306267283468e-09, 2.856405334483725e-09)  # w <= 5, to 2^-27
    p = tl.fma(p, v, 4.936602522320754e-07)
    p = tl.fma(p, v, -2.602962240416673e-06)
    p = tl.fma(p, v, -9.580479854776058e-06)
    p = tl.fma(p, v, 0.0002089894114760682)
    p = tl.fma(p, v, -0.0010359013685956597)
    p = tl.fma(p, v, -0.005045735742896795)
    p = tl.fma(p, v, 0.24429872632026672)
    h = tl.fma(p, v, 1.5635530948638916)
    l = tl.fma(p, v, tl._sub_rn(1.5635530948638916, h))
    z = tl.abs(z)
    s = tl.sqrt(w)
    v = 1.0 / s
    q = tl.fma(v, 50.86243438720703, -119.8413314819336)  # 4.84 <= w <= 105, to 2^-25
    q = tl.fma(q, v, 127.7606430053711)
    q = tl.fma(q, v, -84.11632537841797)
    q = tl.fma(q, v, 39.106388092041016)
    q = tl.fma(q, v, -14.253870010375977)
    q = tl.fma(q, v, 4.696502208709717)
    q = tl.fma(q, v, -1.1912610530853271)
    q = tl.fma(q, v, -0.030031215399503708)
    q = tl.fma(q, v, 1.0003869533538818)
    return tl.where(w < 5.0, tl.fma(h, z, l * z), q * s)


@jit
def erfinv_f32(z):
    return _signed(_erfinv_f32(z, tl.fma(-z, z, 1.0)), z)


@jit
def erfcinv_f32(y):
    z = 1.0 - y
    return _signed(_erfinv_f32(z, y * (2.0 - y)), z)


@jit
def normcdfinv_f32(p):
    z = tl.fma(p, 2.0, -1.0)
    return _signed(1.4142135381698608 * _erfinv_f32(z, 4.0 * p * (1.0 - p)), z)
