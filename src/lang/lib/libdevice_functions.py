"""`tl.extra.libdevice`: functions of fp32 and fp64. Those of fp32 are computed in fp32 (single.py) where two words of it suffice, else
in fp64 (elementary.py, special.py) and rounded once."""
import triton.language as tl
from triton import jit


@jit
def _wide(x):
    tl.static_assert(x.dtype.is_fp32() or x.dtype.is_fp64(), "this function of libdevice is for fp32 and fp64")
    return x.to(tl.float64)


@jit
def _is_wide(x):
    tl.static_assert(x.dtype.is_fp32() or x.dtype.is_fp64(), "this function of libdevice is for fp32 and fp64")
    return tl.constexpr(x.dtype.is_fp64())


@jit
def _of_both(x, y):
    if x.dtype.is_fp64() or y.dtype.is_fp64():
        return tl.float64
    else:
        return tl.float32


@jit
def acos(x):
    if _is_wide(x):
        return acos_f64(x)
    else:
        return acos_f32(x)


@jit
def acosh(x):
    if _is_wide(x):
        return acosh_f64(x)
    else:
        return acosh_f32(x)


@jit
def asin(x):
    if _is_wide(x):
        return asin_f64(x)
    else:
        return asin_f32(x)


@jit
def asinh(x):
    if _is_wide(x):
        return asinh_f64(x)
    else:
        return asinh_f32(x)


@jit
def atan(x):
    if _is_wide(x):
        return atan_f64(x)
    else:
        return atan_f32(x)


@jit
def atanh(x):
    if _is_wide(x):
        return atanh_f64(x)
    else:
        return atanh_f32(x)


@jit
def cbrt(x):
    if _is_wide(x):
        return cbrt_f64(x)
    else:
        return cbrt_f32(x)


@jit
def cosh(x):
    if _is_wide(x):
        return cosh_f64(x)
    else:
        return cosh_f32(x)


@jit
def cospi(x):
    if _is_wide(x):
        return cospi_f64(x)
    else:
        return cospi_f32(x)


@jit
def erfc(x):
    if _is_wide(x):
        return erfc_f64(x)
    else:
        return erfc_f32(x)


@jit
def erfcinv(x):
    if _is_wide(x):
        return erfcinv_f64(x)
    else:
        return erfcinv_f32(x)


@jit
def erfcx(x):
    if _is_wide(x):
        return erfcx_f64(x)
    else:
        return erfcx_f32(x)


@jit
def erfinv(x):
    if _is_wide(x):
        return erfinv_f64(x)
    else:
        return erfinv_f32(x)


@jit
def exp10(x):
    if _is_wide(x):
        return exp10_f64(x)
    else:
        return exp10_f32(x)


@jit
def expm1(x):
    if _is_wide(x):
        return expm1_f64(x)
    else:
        return expm1_f32(x)


@jit
def j0(x):
    return j0_f64(_wide(x)).to(x.dtype)


@jit
def j1(x):
    return j1_f64(_wide(x)).to(x.dtype)


@jit
def lgamma(x):
    if _is_wide(x):
        return lgamma_f64(x)
    else:
        return lgamma_f32(x)


@jit
def log10(x):
    if _is_wide(x):
        return log10_f64(x)
    else:
        return log10_f32(x)


@jit
def log1p(x):
    if _is_wide(x):
        return log1p_f64(x)
    else:
        return log1p_f32(x)


@jit
def normcdf(x):
    if _is_wide(x):
        return normcdf_f64(x)
    else:
        return normcdf_f32(x)


@jit
def normcdfinv(x):
    if _is_wide(x):
        return normcdfinv_f64(x)
    else:
        return normcdfinv_f32(x)


@jit
def rcbrt(x):
    if _is_wide(x):
        return rcbrt_f64(x)
    else:
        return rcbrt_f32(x)


@jit
def sinh(x):
    if _is_wide(x):
        return sinh_f64(x)
    else:
        return sinh_f32(x)


@jit
def sinpi(x):
    if _is_wide(x):
        return sinpi_f64(x)
    else:
        return sinpi_f32(x)


@jit
def tan(x):
    if _is_wide(x):
        return tl.div_rn(tl.sin(x), tl.cos(x))
    else:
        return tan_f32(x)


@jit
def tanh(x):
    if _is_wide(x):
        return tanh_f64(x)
    else:
        return tanh_f32(x)


@jit
def tgamma(x):
    return tgamma_f64(_wide(x)).to(x.dtype)


@jit
def y0(x):
    return y0_f64(_wide(x)).to(x.dtype)


@jit
def y1(x):
    return y1_f64(_wide(x)).to(x.dtype)


@jit
def cyl_bessel_i0(x):
    return cyl_bessel_i0_f64(_wide(x)).to(x.dtype)


@jit
def cyl_bessel_i1(x):
    return cyl_bessel_i1_f64(_wide(x)).to(x.dtype)


@jit
def atan2(y, x):
    y = tl._to_tensor(y)
    x = tl._to_tensor(x)
    if _of_both(x, y) == tl.float64:
        return atan2_f64(*tl.broadcast(_wide(y), _wide(x)))
    else:
        return atan2_f32(*tl.broadcast(y, x))


@jit
def pow(x, y):
    """The exponent may be an integer."""
    x = tl._to_tensor(x)
    y = tl._to_tensor(y)
    if not y.dtype.is_floating() and _is_wide(x):
        return pow_f64(*tl.broadcast(x, y.to(tl.float64)))
    elif not y.dtype.is_floating():
        return pow_of_int_f32(*tl.broadcast(x, y))
    elif _of_both(x, y) == tl.float64:
        return pow_f64(*tl.broadcast(_wide(x), _wide(y)))
    else:
        return pow_f32(*tl.broadcast(x, y))


@jit
def jn(n, x):
    _, x = tl.broadcast(tl.to_tensor(n), x)
    return jn_f64(n, _wide(x)).to(x.dtype)


@jit
def yn(n, x):
    _, x = tl.broadcast(tl.to_tensor(n), x)
    return yn_f64(n, _wide(x)).to(x.dtype)


@jit
def _length(a, b, c, d):
    if _is_wide(a):
        return length_f64(a, b, c, d)
    else:
        return length_f32(a, b, c, d)


@jit
def _inverse_length(a, b, c, d):
    if _is_wide(a):
        return inverse_length_f64(a, b, c, d)
    else:
        return inverse_length_f32(a, b, c, d)


@jit
def hypot(x, y):
    zero = tl.zeros_like(x)
    return _length(x, y, zero, zero)


@jit
def rhypot(x, y):
    zero = tl.zeros_like(x)
    return _inverse_length(x, y, zero, zero)


@jit
def norm3d(x, y, z):
    return _length(x, y, z, tl.zeros_like(x))


@jit
def rnorm3d(x, y, z):
    return _inverse_length(x, y, z, tl.zeros_like(x))


@jit
def norm4d(x, y, z, w):
    return _length(x, y, z, w)


@jit
def rnorm4d(x, y, z, w):
    return _inverse_length(x, y, z, w)


@jit
def remainder(x, y):
    return remainder_f64(_wide(x), _wide(y)).to(x.dtype)


@jit
def fast_exp10f(x):
    return tl.exp2(x * 3.321928094887362)


@jit
def fast_log10f(x):
    return tl.log2(x) * 0.3010299956639812


@jit
def fast_tanhf(x):
    return tanh(x)


# ---- parts of numbers --------------------------------------------------------------------------------------------------


@jit
def ldexp(x, n):
    return ldexp_f64(_wide(x), n).to(x.dtype)


@jit
def scalbn(x, n):
    return ldexp_f64(_wide(x), n).to(x.dtype)


@jit
def ilogb(x):
    _, n = _split_f64(_wide(x))
    n = tl.where(tl.abs(x) < float("inf"), n, tl.where(x != x, -2147483648, 2147483647))
    return tl.where(x == 0.0, -2147483648, n).to(tl.int32)


@jit
def logb(x):
    _, n = _split_f64(_wide(x))
    y = tl.where(x == 0.0, float("-inf"), n.to(x.dtype))
    return tl.where(tl.abs(x) < float("inf"), y, tl.abs(x))


@jit
def nextafter(x, y):
    up = tl.where(x < y, _next_up(x), -_next_up(-x))
    return tl.where(x == y, y, tl.where((x != x) | (y != y), x + y, up))


@jit
def rcp64h(x):
    """1 / x for the upper half of x, of which the upper half is kept."""
    tl.static_assert(x.dtype.is_fp64(), "libdevice.rcp64h is for fp64")
    high = (x.to(tl.int64, bitcast=True) & -4294967296).to(tl.float64, bitcast=True)
    return ((1.0 / high).to(tl.int64, bitcast=True) & -4294967296).to(tl.float64, bitcast=True)


# ---- integers ----------------------------------------------------------------------------------------------------------


@jit
def brev(x):
    """The bits in reverse order: neighbours change places, then pairs, and so on."""
    u = _unsigned(x)
    if x.dtype.primitive_bitwidth == 64:
        u = ((u >> 1) & 0x5555555555555555) | ((u & 0x5555555555555555) << 1)
        u = ((u >> 2) & 0x3333333333333333) | ((u & 0x3333333333333333) << 2)
        u = ((u >> 4) & 0x0F0F0F0F0F0F0F0F) | ((u & 0x0F0F0F0F0F0F0F0F) << 4)
        u = ((u >> 8) & 0x00FF00FF00FF00FF) | ((u & 0x00FF00FF00FF00FF) << 8)
        u = ((u >> 16) & 0x0000FFFF0000FFFF) | ((u & 0x0000FFFF0000FFFF) << 16)
        return ((u >> 32) | (u << 32)).to(x.dtype, bitcast=True)
    else:
        u = ((u >> 1) & 0x55555555) | ((u & 0x55555555) << 1)
        u = ((u >> 2) & 0x33333333) | ((u & 0x33333333) << 2)
        u = ((u >> 4) & 0x0F0F0F0F) | ((u & 0x0F0F0F0F) << 4)
        u = ((u >> 8) & 0x00FF00FF) | ((u & 0x00FF00FF) << 8)
        return ((u >> 16) | (u << 16)).to(x.dtype, bitcast=True)


@jit
def byte_perm(x, y, s):
    """Four bytes of the eight of x and y, each by three bits of s."""
    both = _unsigned(x).to(tl.uint64) | (_unsigned(y).to(tl.uint64) << 32)
    r = tl.zeros_like(both)
    for i in tl.static_range(4):
        at = ((_unsigned(s) >> (4 * i)) & 7).to(tl.uint64) * 8
        r = r | (((both >> at) & 255) << (8 * i))
    return r.to(tl.uint32).to(tl.int32, bitcast=True)


@jit
def mul24(x, y):
    """The lower half of the product of the lower 24 bits."""
    return tl.mul((x << 8) >> 8, (y << 8) >> 8, sanitize_overflow=False)


@jit
def sad(x, y, z):
    """|x - y| + z"""
    d = tl.sub(tl.maximum(x, y), tl.minimum(x, y), sanitize_overflow=False)
    return tl.add(d, z.to(d.dtype), sanitize_overflow=False)
