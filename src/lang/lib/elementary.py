"""Elementary functions of f64 that the language's own do not include: logarithms and exponentials in two words, and what
follows from them. Those of f32 are these, rounded once.

log(x) = n ln 2 + 2 atanh(s), s = f / (2 + f), of which s and its cube are summed in two words (2^-66); e^(h + l) by the
polynomial of exp. atan(y / x) turns by the nearest multiple of a quarter's arctangent, which leaves |t| <= 1/8. The
series are Taylor's.
"""
import triton.language as tl
from triton import jit

# ---- logarithms --------------------------------------------------------------------------------------------------------


@jit
def _log_dd(x):
    """log(x) of a positive finite x in two words."""
    tiny = x < 2.2250738585072014e-308
    i = tl.where(tiny, x * 18014398509481984.0, x).to(tl.int64, bitcast=True)
    e = (i - 0x3FE6A09E667F3BCD) >> 52
    f = (i - (e << 52)).to(tl.float64, bitcast=True) - 1.0
    n = tl.where(tiny, e - 54, e).to(tl.int32).to(tl.float64)
    dh, dl = _two_sum(2.0, f)
    sh, sl = _div_dd(f, 0.0, dh, dl)
    zh, zl = _mul_dd(sh, sl, sh, sl)
    z = zh
    p = tl.fma(z, 0.07407407407407407, 0.08)
    p = tl.fma(p, z, 0.08695652173913043)
    p = tl.fma(p, z, 0.09523809523809523)
    p = tl.fma(p, z, 0.10526315789473684)
    p = tl.fma(p, z, 0.11764705882352941)
    p = tl.fma(p, z, 0.13333333333333333)
    p = tl.fma(p, z, 0.15384615384615385)
    p = tl.fma(p, z, 0.18181818181818182)
    p = tl.fma(p, z, 0.2222222222222222)
    p = tl.fma(p, z, 0.2857142857142857)
    p = tl.fma(p, z, 0.4)
    ch, cl = _two_prod(zh, 0.6666666666666666)
    cl = tl.fma(zh, 3.700743415417188e-17, tl.fma(zl, 0.6666666666666666, tl.fma(z * z, p, cl)))
    ch, cl = _mul_dd(ch, cl, sh, sl)
    ch, cl = _add_dd(sh + sh, sl + sl, ch, cl)
    th, tl_ = _quick_two_sum(n * 0.6931471805598903, n * 5.497923018708371e-14)
    return _add_dd(th, tl.fma(n, 1.94704509238075e-31, tl_), ch, cl)


@jit
def _log_ends(x, y):
    """y, but for the arguments that have no logarithm of their own."""
    y = tl.where(x == float("inf"), x, y)
    y = tl.where(x == 0.0, float("-inf"), y)
    return tl.where(x < 0.0, float("nan"), tl.where(x != x, x, y))


@jit
def log10_f64(x):
    h, l = _log_dd(x)
    h, l = _mul_dd(h, l, 0.4342944819032518, 1.098319650216765e-17)
    return _log_ends(x, h + l)


@jit
def _log1p_dd(h, l):
    """log(1 + h + l), 1 + h > 0."""
    u, c = _two_sum(1.0, h)
    a, b = _log_dd(u)
    return _add_dd(a, b, (c + l) / u, 0.0)


@jit
def log1p_f64(x):
    h, l = _log1p_dd(x, 0.0)
    y = tl.where(tl.abs(x) < 1e-300, x, h + l)
    return tl.where(x == 0.0, x, _log_ends(x + 1.0, y))


# ---- exponentials ------------------------------------------------------------------------------------------------------


@jit
def _exp_reduced(h, l):
    """h + l = n ln 2 + r + q: n, r, q; for |h| < 2000."""
    n = tl.floor(tl.fma(h, 1.4426950408889634, 0.5))
    r = tl.fma(n, -0.6931471805598903, h)
    r, q = _two_sum(r, -(n * 5.497923018708371e-14))
    return n, r, q + (l - n * 1.94704509238075e-31)


@jit
def _exp_slope(r):
    """2 (e^r - 1) / r on [-ln(2)/2, ln(2)/2]."""
    p = tl.fma(r, 1.5294327463639633e-12, 2.294149119545945e-11)
    p = tl.fma(p, r, 3.2118087673643227e-10)
    p = tl.fma(p, r, 4.17535139757362e-09)
    p = tl.fma(p, r, 5.010421677088344e-08)
    p = tl.fma(p, r, 5.511463844797178e-07)
    p = tl.fma(p, r, 5.5114638447971785e-06)
    p = tl.fma(p, r, 4.96031746031746e-05)
    p = tl.fma(p, r, 0.0003968253968253968)
    p = tl.fma(p, r, 0.002777777777777778)
    p = tl.fma(p, r, 0.016666666666666666)
    p = tl.fma(p, r, 0.08333333333333333)
    p = tl.fma(p, r, 0.3333333333333333)
    p = tl.fma(p, r, 1.0)
    p = tl.fma(p, r, 2.0)
    return p


@jit
def exp_dd(h, l, n):
    """2^n e^(h + l)."""
    h = tl.where(h > 2000.0, 2000.0, tl.where(h < -2000.0, -2000.0, h))
    l = tl.where(tl.abs(h) < 1999.0, l, 0.0)
    k, r, q = _exp_reduced(h, l)
    p = _exp_slope(r)
    return _scale_f64_once(2.0 + tl.fma(p, r, q * tl.fma(p, r, 2.0)), k.to(tl.int32) + n - 1)


@jit
def exp10_f64(x):
    h = tl._mul_rn(x, 2.302585092994046)
    l = tl.fma(x, -2.1707562233822494e-16, tl.fma(x, 2.302585092994046, -h))
    return tl.where(x != x, x, exp_dd(h, tl.where(tl.abs(x) < 400.0, l, 0.0), 0))


@jit
def _expm1_dd(x, l):
    """e^(x + l) - 1 in two words, |x| < 709."""
    k, r, c = _exp_reduced(x, l)
    p = tl.fma(r, 2.8114572543455206e-15, 4.779477332387385e-14)
    p = tl.fma(p, r, 7.647163731819816e-13)
    p = tl.fma(p, r, 1.1470745597729725e-11)
    p = tl.fma(p, r, 1.6059043836821613e-10)
    p = tl.fma(p, r, 2.08767569878681e-09)
    p = tl.fma(p, r, 2.505210838544172e-08)
    p = tl.fma(p, r, 2.755731922398589e-07)
    p = tl.fma(p, r, 2.7557319223985893e-06)
    p = tl.fma(p, r, 2.48015873015873e-05)
    p = tl.fma(p, r, 0.0001984126984126984)
    p = tl.fma(p, r, 0.001388888888888889)
    p = tl.fma(p, r, 0.008333333333333333)
    p = tl.fma(p, r, 0.041666666666666664)
    p = tl.fma(p, r, 0.16666666666666666)
    p = tl.fma(p, r, 0.5)
    q = tl.fma(r * r, p, tl.fma(r, c, c))
    s = _power_of_two_f64(k.to(tl.int32))
    big = tl.where(k > 52.0, s, tl.where(k < -52.0, -1.0, s - 1.0))
    h, t = _two_sum(big, s * r)
    t = tl.where(k > 52.0, t - 1.0, tl.where(k < -52.0, t + s, t))
    return _quick_two_sum(h, tl.fma(s, q, t))


@jit
def expm1_f64(x):
    a = tl.where(tl.abs(x) < 709.0, x, 0.0)
    h, l = _expm1_dd(a, 0.0)
    y = tl.where(x >= 709.0, exp_dd(x, 0.0, 0), tl.where(x <= -709.0, -1.0, h + l))
    return tl.where((x == 0.0) | (x != x), x, y)


@jit
def sinh_f64(x):
    a = tl.abs(x)
    h, l = _expm1_dd(tl.where(a < 40.0, a, 0.0), 0.0)
    u, v = _add_dd(1.0, 0.0, h, l)
    u, v = _div_dd(h, l, u, v)
    h, l = _add_dd(h, l, u, v)
    y = tl.where(a < 40.0, 0.5 * (h + l), exp_dd(a, 0.0, -1))
    return tl.where((x == 0.0) | (x != x), x, tl.where(x < 0.0, -y, y))


@jit
def cosh_f64(x):
    a = tl.abs(x)
    h, l = _expm1_dd(tl.where(a < 40.0, a, 0.0), 0.0)
    h, l = _add_dd(1.0, 0.0, h, l)
    u, v = _div_dd(1.0, 0.0, h, l)
    h, l = _add_dd(h, l, u, v)
    return tl.where(x != x, x, tl.where(a < 40.0, 0.5 * (h + l), exp_dd(a, 0.0, -1)))


@jit
def tanh_f64(x):
    a = tl.abs(x)
    h, l = _expm1_dd(tl.where(a < 20.0, a + a, 40.0), 0.0)
    u, v = _add_dd(2.0, 0.0, h, l)
    h, l = _div_dd(h, l, u, v)
    y = tl.where(a < 20.0, h + l, 1.0)
    return tl.where((x == 0.0) | (x != x), x, tl.where(x < 0.0, -y, y))


@jit
def asinh_f64(x):
    a = tl.abs(x)
    b = tl.where(a < 134217728.0, a, 1.0)
    h, l = _two_prod(b, b)
    u, v = _add_dd(1.0, 0.0, h, l)
    u, v = _sqrt_dd(u, v)
    u, v = _add_dd(1.0, 0.0, u, v)
    h, l = _div_dd(h, l, u, v)
    h, l = _add_dd(b, 0.0, h, l)
    h, l = _log1p_dd(h, l)
    u, v = _log_dd(a)
    u, v = _add_dd(u, v, 0.6931471805599453, 2.3190468138462996e-17)
    y = tl.where(a < 134217728.0, h + l, u + v)
    y = tl.where(a < 1e-10, a, y)
    return tl.where((x == 0.0) | ~_is_finite_f64(x), x, tl.where(x < 0.0, -y, y))


@jit
def acosh_f64(x):
    t = tl.where(x < 134217728.0, x, 2.0) - 1.0
    h, l = _two_prod(t, t)
    h, l = _add_dd(t + t, 0.0, h, l)
    h, l = _sqrt_dd(h, l)
    h, l = _add_dd(h, l, t, 0.0)
    h, l = _log1p_dd(h, l)
    u, v = _log_dd(x)
    u, v = _add_dd(u, v, 0.6931471805599453, 2.3190468138462996e-17)
    y = tl.where(x < 134217728.0, h + l, u + v)
    y = tl.where(x == float("inf"), x, y)
    return tl.where(x < 1.0, float("nan"), tl.where(x != x, x, y))


@jit
def atanh_f64(x):
    a = tl.abs(x)
    u, v = _two_sum(1.0, -a)
    h, l = _div_dd(a + a, 0.0, u, v)
    h, l = _log1p_dd(h, l)
    y = tl.where(a < 1e-10, a, 0.5 * (h + l))
    y = tl.where(a == 1.0, float("inf"), tl.where(a > 1.0, float("nan"), y))
    return tl.where((x == 0.0) | (x != x), x, tl.where(x < 0.0, -y, y))


@jit
def _is_odd(y):
    return (tl.floor(y) == y) & (tl.floor(y * 0.5) != y * 0.5)


@jit
def _pow_ends(r, a, x, y, odd):
    """x^y where r is |x|^y, a being |x|, and right but where there is no logarithm: zeros, infinities, negative x; odd: y is an odd integer."""
    inf = float("inf")
    zero = (a == 0.0) == (y > 0.0)
    r = tl.where((a == 0.0) | (a == inf), tl.where(zero, 0.0, inf), r)
    away = (a > 1.0) == (y > 0.0)
    r = tl.where((tl.abs(y) == inf) & (a == a), tl.where(a == 1.0, 1.0, tl.where(away, inf, 0.0)), r)
    r = tl.where(odd, _signed(r, x), r)
    r = tl.where((x < 0.0) & (tl.floor(y) != y) & (a != inf), float("nan"), r)
    r = tl.where((x != x) | (y != y), x + y, r)
    return tl.where((y == 0.0) | (x == 1.0), 1.0, r)


@jit
def pow_f64(x, y):
    a = tl.abs(x)
    h, l = _log_dd(a)
    t = tl.where(y > 1e40, 1e40, tl.where(y < -1e40, -1e40, y))
    p, q = _two_prod(h, t)
    q = tl.fma(l, t, q)
    p, q = _quick_two_sum(p, q)
    return _pow_ends(exp_dd(p, q, 0), a, x, y, _is_odd(y))


# ---- arcs --------------------------------------------------------------------------------------------------------------


@jit
def _atan_dd(b, a):
    """atan(b / a) in two words, 0 <= b <= a, both near 1 as far as they matter."""
    k = tl.floor(tl.fma(b / a, 4.0, 0.5))
    c = k * 0.25
    num = tl.fma(-c, a, b)
    den, dl = _two_sum(a, c * b)
    dl = dl + tl.fma(c, b, -(c * b))
    h, l = _div_dd(num, tl.fma(-c, a, b - num), den, dl)
    z = h * h
    p = tl.fma(z, 0.047619047619047616, -0.05263157894736842)
    p = tl.fma(p, z, 0.058823529411764705)
    p = tl.fma(p, z, -0.06666666666666667)
    p = tl.fma(p, z, 0.07692307692307693)
    p = tl.fma(p, z, -0.09090909090909091)
    p = tl.fma(p, z, 0.1111111111111111)
    p = tl.fma(p, z, -0.14285714285714285)
    p = tl.fma(p, z, 0.2)
    p = tl.fma(p, z, -0.3333333333333333)
    l = tl.fma(h * z, p, l)
    ah = tl.zeros_like(k)
    al = tl.zeros_like(k)
    ah = tl.where(k == 1.0, 0.24497866312686414, ah)
    al = tl.where(k == 1.0, 1.0698755618734451e-17, al)
    ah = tl.where(k == 2.0, 0.4636476090008061, ah)
    al = tl.where(k == 2.0, 2.2698777452961687e-17, al)
    ah = tl.where(k == 3.0, 0.6435011087932844, ah)
    al = tl.where(k == 3.0, 1.5834785051444286e-17, al)
    ah = tl.where(k == 4.0, 0.7853981633974483, ah)
    al = tl.where(k == 4.0, 3.061616997868383e-17, al)
    s, t = _two_sum(ah, h)
    return _quick_two_sum(s, t + (al + l))


@jit
def atan2_f64(y, x):
    v = tl.abs(y)
    u = tl.abs(x)
    swap = v > u
    a = tl.where(swap, v, u)
    b = tl.where(swap, u, v)
    both = (a == b) & (a == float("inf"))
    one = tl.zeros_like(a) + 1.0
    s = tl.where(a > 1e200, 1.3064201766302604e-200, tl.where(a < 1e-200, 7.654505172902098e+199, one))
    a = tl.where(both, 1.0, a * s)
    b = tl.where(both, 1.0, b * s)
    # A quotient this small is its own arc, and is rounded once.
    small = b < a * 1e-20
    h, l = _atan_dd(tl.where(small, 0.0, b), tl.where(a > 0.0, a, 1.0))
    h = tl.where(small, b / tl.where(a > 0.0, a, 1.0), h)
    h = tl.where(a == float("inf"), 0.0, h)
    l = tl.where(small, 0.0, l)
    ph, pl = _add_dd(1.5707963267948966, 6.123233995736766e-17, -h, -l)
    h = tl.where(swap, ph, h)
    l = tl.where(swap, pl, l)
    ph, pl = _add_dd(3.141592653589793, 1.2246467991473532e-16, -h, -l)
    negative = x.to(tl.int64, bitcast=True) < 0
    r = tl.where(negative, ph + pl, h + l)
    r = _signed(r, y)
    return tl.where((x != x) | (y != y), x + y, r)


@jit
def atan_f64(x):
    return atan2_f64(x, tl.full((), 1.0, tl.float64))


@jit
def asin_f64(x):
    r = atan2_f64(x, tl.sqrt(tl.fma(-x, x, 1.0)))
    return tl.where(x == 0.0, x, r)


@jit
def acos_f64(x):
    return atan2_f64(tl.sqrt(tl.fma(-x, x, 1.0)), x)


@jit
def _turns_f64(x):
    """x pi = (i + t) pi / 2 with t pi / 2 in two words, |t| <= 1/2."""
    a = x - 2.0 * tl.floor(x * 0.5)
    n = tl.floor(tl.fma(a, 2.0, 0.5))
    t = tl.fma(n, -0.5, a)
    h = tl._mul_rn(t, 3.141592653589793)
    return n.to(tl.int32), h, tl.fma(t, 1.2246467991473532e-16, tl.fma(t, 3.141592653589793, -h))


@jit
def sinpi_f64(x):
    a = tl.abs(x)
    i, h, l = _turns_f64(a)
    y = _sin_or_cos_f64(i, h, l)
    y = tl.where(tl.floor(a) == a, x * 0.0, tl.where(x < 0.0, -y, y))
    return tl.where(a < float("inf"), y, float("nan"))


@jit
def cospi_f64(x):
    a = tl.abs(x)
    i, h, l = _turns_f64(a)
    y = _sin_or_cos_f64(i + 1, h, l)
    y = tl.where((i & 1 == 1) & (h == 0.0), 0.0, y)
    return tl.where(a < float("inf"), y, float("nan"))


# ---- roots and lengths -------------------------------------------------------------------------------------------------


@jit
def _cbrt_parts(x):
    """|x| = m 2^(3k), m in [1, 8): the root of m in two words, and k."""
    m, n = _split_f64(tl.abs(x))
    k = tl.floor(n.to(tl.float64) * 0.3333333333333333 + 0.1).to(tl.int32)
    m = m * _power_of_two_f64(n - 3 * k)
    y = tl.fma(tl.fma(m, -0.014, 0.2464), m, 0.7676)
    for _ in tl.static_range(4):
        c = y * y * y
        y = y * ((c + (m + m)) / ((c + c) + m))
    h, l = _two_prod(y, y)
    h, l = _mul_dd(h, l, y, 0.0)
    r = tl._add_rn(tl._sub_rn(m, h), -l)
    return y, r / (3.0 * y * y), k


@jit
def cbrt_f64(x):
    h, l, k = _cbrt_parts(x)
    y = (h + l) * _power_of_two_f64(k)
    y = tl.where(x < 0.0, -y, y)
    return tl.where((x == 0.0) | ~_is_finite_f64(x), x, y)


@jit
def rcbrt_f64(x):
    h, l, k = _cbrt_parts(x)
    h, l = _div_dd(1.0, 0.0, h, l)
    y = (h + l) * _power_of_two_f64(-k)
    y = tl.where(x < 0.0, -y, y)
    return tl.where((x == 0.0) | ~_is_finite_f64(x), 1.0 / x, y)


@jit
def _length_dd(a, b, c, d):
    """sqrt(a^2 + b^2 + c^2 + d^2) in two words, beside a power of two."""
    a = tl.abs(a)
    b = tl.abs(b)
    c = tl.abs(c)
    d = tl.abs(d)
    m = tl.where(a > b, a, b)
    m = tl.where(m > c, m, c)
    m = tl.where(m > d, m, d)
    _, n = _split_f64(tl.where((m > 0.0) & (m < float("inf")), m, 1.0))
    a = _near_f64(a, n)
    b = _near_f64(b, n)
    c = _near_f64(c, n)
    d = _near_f64(d, n)
    h, l = _two_prod(a, a)
    u, v = _two_prod(b, b)
    h, l = _add_dd(h, l, u, v)
    u, v = _two_prod(c, c)
    h, l = _add_dd(h, l, u, v)
    u, v = _two_prod(d, d)
    h, l = _add_dd(h, l, u, v)
    h, l = _sqrt_dd(h, l)
    return h, l, n


@jit
def _near_f64(x, n):
    a = -n >> 1
    return x * _power_of_two_f64(a) * _power_of_two_f64(-n - a)


@jit
def length_f64(a, b, c, d):
    h, l, n = _length_dd(a, b, c, d)
    y = _scale_f64_once(h + l, n)
    s = tl.abs(a) + tl.abs(b) + tl.abs(c) + tl.abs(d)
    far = (tl.abs(a) == float("inf")) | (tl.abs(b) == float("inf")) | (tl.abs(c) == float("inf"))
    y = tl.where(s == 0.0, 0.0, tl.where(s != s, s, y))
    return tl.where(far | (tl.abs(d) == float("inf")), float("inf"), y)


@jit
def inverse_length_f64(a, b, c, d):
    h, l, n = _length_dd(a, b, c, d)
    h, l = _div_dd(1.0, 0.0, h, l)
    y = _scale_f64_once(h + l, -n)
    s = tl.abs(a) + tl.abs(b) + tl.abs(c) + tl.abs(d)
    far = (tl.abs(a) == float("inf")) | (tl.abs(b) == float("inf")) | (tl.abs(c) == float("inf"))
    y = tl.where(s == 0.0, float("inf"), tl.where(s != s, s, y))
    return tl.where(far | (tl.abs(d) == float("inf")), 0.0, y)


# ---- numbers -----------------------------------------------------------------------------------------------------------


@jit
def remainder_f64(x, y):
    """x - n y, n the integer nearest to x / y, halves to even: exact. With the remainder by 2 y, which shows whether n is odd."""
    a = tl.abs(x)
    b = tl.abs(y)
    twice = tl.where(b < 8e307, b + b, b)
    r = tl.where(b < 8e307, a % twice, a)
    half = b * 0.5
    odd = r >= b
    t = tl.where(odd, r - b, r)
    up = tl.where(b < 1e-300, t + t > b, t > half)
    tie = tl.where(b < 1e-300, t + t == b, t == half)
    t = tl.where(up | (tie & odd), t - b, t)
    t = tl.where(t == 0.0, _signed(tl.abs(t), x), tl.where(x < 0.0, -t, t))
    t = tl.where((b == float("inf")) & (a < float("inf")), x, t)
    return tl.where((x != x) | (y != y), x + y, tl.where((a == float("inf")) | (b == 0.0), float("nan"), t))
