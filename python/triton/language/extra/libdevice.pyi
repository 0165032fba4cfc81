"""The device library's functions by their usual names."""

# Written by python/tools/stubs.py from the manual: do not edit.

from typing import Any

from .. import tensor

def abs(x: Any) -> tensor:
    """The absolute value of x.
    """

def acos(x: Any) -> tensor:
    """The angle in [0, pi] whose cosine is x.
    """

def acosh(x: Any) -> tensor:
    """The inverse of cosh, for x >= 1.
    """

def add_rd(x: Any, y: Any) -> tensor:
    """x + y, rounded down.
    """

def add_rn(x: Any, y: Any) -> tensor:
    """x + y, rounded to the nearest.
    """

def add_ru(x: Any, y: Any) -> tensor:
    """x + y, rounded up.
    """

def add_rz(x: Any, y: Any) -> tensor:
    """x + y, rounded toward zero.
    """

def asin(x: Any) -> tensor:
    """The angle in [-pi/2, pi/2] whose sine is x.
    """

def asinh(x: Any) -> tensor:
    """The inverse of sinh.
    """

def atan(x: Any) -> tensor:
    """The angle in [-pi/2, pi/2] whose tangent is x.
    """

def atan2(y: Any, x: Any) -> tensor:
    """The angle in [-pi, pi] of the point (x, y).
    """

def atanh(x: Any) -> tensor:
    """The inverse of tanh, for x in (-1, 1).
    """

def brev(x: Any) -> tensor:
    """The bits of x in reverse order.
    """

def byte_perm(x: Any, y: Any, s: Any) -> tensor:
    """Four of the eight bytes of x and y, selected by the four nibbles of s.
    """

def cbrt(x: Any) -> tensor:
    """The cube root of x.
    """

def ceil(x: Any) -> tensor:
    """The smallest integer that is at least x.
    """

def clz(x: Any) -> tensor:
    """How many bits of the integer x are zero above the highest that is set.
    """

def copysign(x: Any, y: Any) -> tensor:
    """The size of x with the sign of y.
    """

def cos(x: Any) -> tensor:
    """The cosine of x in radians.
    """

def cosh(x: Any) -> tensor:
    """The hyperbolic cosine of x.
    """

def cospi(x: Any) -> tensor:
    """cos(pi * x).
    """

def cyl_bessel_i0(x: Any) -> tensor:
    """The modified Bessel function of the first kind of order 0.
    """

def cyl_bessel_i1(x: Any) -> tensor:
    """The modified Bessel function of the first kind of order 1.
    """

def div_rd(x: Any, y: Any) -> tensor:
    """x / y, rounded down.
    """

def div_rn(x: Any, y: Any) -> tensor:
    """x / y, rounded to the nearest.
    """

def div_ru(x: Any, y: Any) -> tensor:
    """x / y, rounded up.
    """

def div_rz(x: Any, y: Any) -> tensor:
    """x / y, rounded toward zero.
    """

def double2float_rd(x: Any) -> tensor:
    """The float64 x as a float32, rounded down.
    """

def double2float_rn(x: Any) -> tensor:
    """The float64 x as a float32, rounded to the nearest.
    """

def double2float_ru(x: Any) -> tensor:
    """The float64 x as a float32, rounded up.
    """

def double2float_rz(x: Any) -> tensor:
    """The float64 x as a float32, rounded toward zero.
    """

def double2hiint(x: Any) -> tensor:
    """The upper half of the bits of a float64.
    """

def double2int_rd(x: Any) -> tensor:
    """The float64 x as an int32, rounded down.
    """

def double2int_rn(x: Any) -> tensor:
    """The float64 x as an int32, rounded to the nearest.
    """

def double2int_ru(x: Any) -> tensor:
    """The float64 x as an int32, rounded up.
    """

def double2int_rz(x: Any) -> tensor:
    """The float64 x as an int32, rounded toward zero.
    """

def double2ll_rd(x: Any) -> tensor:
    """The float64 x as an int64, rounded down.
    """

def double2ll_rn(x: Any) -> tensor:
    """The float64 x as an int64, rounded to the nearest.
    """

def double2ll_ru(x: Any) -> tensor:
    """The float64 x as an int64, rounded up.
    """

def double2ll_rz(x: Any) -> tensor:
    """The float64 x as an int64, rounded toward zero.
    """

def double2loint(x: Any) -> tensor:
    """The lower half of the bits of a float64.
    """

def double2uint_rd(x: Any) -> tensor:
    """The float64 x as a uint32, rounded down.
    """

def double2uint_rn(x: Any) -> tensor:
    """The float64 x as a uint32, rounded to the nearest.
    """

def double2uint_ru(x: Any) -> tensor:
    """The float64 x as a uint32, rounded up.
    """

def double2uint_rz(x: Any) -> tensor:
    """The float64 x as a uint32, rounded toward zero.
    """

def double2ull_rd(x: Any) -> tensor:
    """The float64 x as a uint64, rounded down.
    """

def double2ull_rn(x: Any) -> tensor:
    """The float64 x as a uint64, rounded to the nearest.
    """

def double2ull_ru(x: Any) -> tensor:
    """The float64 x as a uint64, rounded up.
    """

def double2ull_rz(x: Any) -> tensor:
    """The float64 x as a uint64, rounded toward zero.
    """

def double_as_longlong(x: Any) -> tensor:
    """The bits of a float64 as an int64.
    """

def erf(x: Any) -> tensor:
    """The error function.
    """

def erfc(x: Any) -> tensor:
    """1 - erf(x), exact where erf(x) is near 1.
    """

def erfcinv(x: Any) -> tensor:
    """The inverse of erfc, for x in (0, 2).
    """

def erfcx(x: Any) -> tensor:
    """exp(x * x) * erfc(x).
    """

def erfinv(x: Any) -> tensor:
    """The inverse of erf, for x in (-1, 1).
    """

def exp(x: Any) -> tensor:
    """e to the power x.
    """

def exp10(x: Any) -> tensor:
    """10 to the power x.
    """

def exp2(x: Any) -> tensor:
    """2 to the power x.
    """

def expm1(x: Any) -> tensor:
    """e to the power x, minus 1, exact near 0.
    """

def fast_cosf(x: Any) -> tensor:
    """The cosine by the fast approximation.
    """

def fast_dividef(x: Any, y: Any) -> tensor:
    """x / y by the fast approximation.
    """

def fast_exp10f(x: Any) -> tensor:
    """10 to the power x by the fast approximation.
    """

def fast_expf(x: Any) -> tensor:
    """e to the power x by the fast approximation.
    """

def fast_log10f(x: Any) -> tensor:
    """The logarithm to base 10 by the fast approximation.
    """

def fast_log2f(x: Any) -> tensor:
    """The logarithm to base 2 by the fast approximation.
    """

def fast_logf(x: Any) -> tensor:
    """The natural logarithm by the fast approximation.
    """

def fast_powf(x: Any, y: Any) -> tensor:
    """x to the power y by the fast approximation.
    """

def fast_sinf(x: Any) -> tensor:
    """The sine by the fast approximation.
    """

def fast_tanf(x: Any) -> tensor:
    """The tangent by the fast approximation.
    """

def fast_tanhf(x: Any) -> tensor:
    """The hyperbolic tangent by the fast approximation.
    """

def fdim(x: Any, y: Any) -> tensor:
    """x - y, or 0 where that is negative.
    """

def ffs(x: Any) -> tensor:
    """The position of the lowest bit of x that is set, from 1; 0 if there is none.
    """

def finitef(x: Any) -> tensor:
    """Whether the float32 x is finite: 1 or 0.
    """

def float2int_rd(x: Any) -> tensor:
    """The float32 x as an int32, rounded down.
    """

def float2int_rn(x: Any) -> tensor:
    """The float32 x as an int32, rounded to the nearest.
    """

def float2int_ru(x: Any) -> tensor:
    """The float32 x as an int32, rounded up.
    """

def float2int_rz(x: Any) -> tensor:
    """The float32 x as an int32, rounded toward zero.
    """

def float2ll_rd(x: Any) -> tensor:
    """The float32 x as an int64, rounded down.
    """

def float2ll_rn(x: Any) -> tensor:
    """The float32 x as an int64, rounded to the nearest.
    """

def float2ll_ru(x: Any) -> tensor:
    """The float32 x as an int64, rounded up.
    """

def float2ll_rz(x: Any) -> tensor:
    """The float32 x as an int64, rounded toward zero.
    """

def float2uint_rd(x: Any) -> tensor:
    """The float32 x as a uint32, rounded down.
    """

def float2uint_rn(x: Any) -> tensor:
    """The float32 x as a uint32, rounded to the nearest.
    """

def float2uint_ru(x: Any) -> tensor:
    """The float32 x as a uint32, rounded up.
    """

def float2uint_rz(x: Any) -> tensor:
    """The float32 x as a uint32, rounded toward zero.
    """

def float2ull_rd(x: Any) -> tensor:
    """The float32 x as a uint64, rounded down.
    """

def float2ull_rn(x: Any) -> tensor:
    """The float32 x as a uint64, rounded to the nearest.
    """

def float2ull_ru(x: Any) -> tensor:
    """The float32 x as a uint64, rounded up.
    """

def float2ull_rz(x: Any) -> tensor:
    """The float32 x as a uint64, rounded toward zero.
    """

def float_as_int(x: Any) -> tensor:
    """The bits of a float32 as an int32.
    """

def float_as_uint(x: Any) -> tensor:
    """The bits of a float32 as a uint32.
    """

def floor(x: Any) -> tensor:
    """The largest integer that is at most x.
    """

def fma(x: Any, y: Any, z: Any) -> tensor:
    """x * y + z, rounded once.
    """

def fma_rd(x: Any, y: Any, z: Any) -> tensor:
    """x * y + z, rounded down.
    """

def fma_rn(x: Any, y: Any, z: Any) -> tensor:
    """x * y + z, rounded to the nearest.
    """

def fma_ru(x: Any, y: Any, z: Any) -> tensor:
    """x * y + z, rounded up.
    """

def fma_rz(x: Any, y: Any, z: Any) -> tensor:
    """x * y + z, rounded toward zero.
    """

def fmod(x: Any, y: Any) -> tensor:
    """The remainder of x / y with the sign of x.
    """

def hadd(x: Any, y: Any) -> tensor:
    """(x + y) >> 1 without overflow.
    """

def hiloint2double(hi: Any, lo: Any) -> tensor:
    """The float64 with the given halves of its bits.
    """

def hypot(x: Any, y: Any) -> tensor:
    """sqrt(x * x + y * y) without overflow.
    """

def ilogb(x: Any) -> tensor:
    """The exponent of x as an int32.
    """

def int2double_rn(x: Any) -> tensor:
    """The int32 x as a float64, rounded to the nearest.
    """

def int2float_rd(x: Any) -> tensor:
    """The int32 x as a float32, rounded down.
    """

def int2float_rn(x: Any) -> tensor:
    """The int32 x as a float32, rounded to the nearest.
    """

def int2float_ru(x: Any) -> tensor:
    """The int32 x as a float32, rounded up.
    """

def int2float_rz(x: Any) -> tensor:
    """The int32 x as a float32, rounded toward zero.
    """

def int_as_float(x: Any) -> tensor:
    """The float32 with the bits of an int32.
    """

def isfinited(x: Any) -> tensor:
    """Whether the float64 x is finite: 1 or 0.
    """

def isinf(x: Any) -> tensor:
    """Whether x is infinite: 1 or 0.
    """

def isnan(x: Any) -> tensor:
    """Whether x is NaN: 1 or 0.
    """

def j0(x: Any) -> tensor:
    """The Bessel function of the first kind of order 0.
    """

def j1(x: Any) -> tensor:
    """The Bessel function of the first kind of order 1.
    """

def jn(n: Any, x: Any) -> tensor:
    """The Bessel function of the first kind of order n.
    """

def ldexp(x: Any, n: Any) -> tensor:
    """x * 2**n.
    """

def lgamma(x: Any) -> tensor:
    """The logarithm of the absolute value of the gamma function.
    """

def ll2double_rd(x: Any) -> tensor:
    """The int64 x as a float64, rounded down.
    """

def ll2double_rn(x: Any) -> tensor:
    """The int64 x as a float64, rounded to the nearest.
    """

def ll2double_ru(x: Any) -> tensor:
    """The int64 x as a float64, rounded up.
    """

def ll2double_rz(x: Any) -> tensor:
    """The int64 x as a float64, rounded toward zero.
    """

def ll2float_rd(x: Any) -> tensor:
    """The int64 x as a float32, rounded down.
    """

def ll2float_rn(x: Any) -> tensor:
    """The int64 x as a float32, rounded to the nearest.
    """

def ll2float_ru(x: Any) -> tensor:
    """The int64 x as a float32, rounded up.
    """

def ll2float_rz(x: Any) -> tensor:
    """The int64 x as a float32, rounded toward zero.
    """

def llrint(x: Any) -> tensor:
    """x rounded to the nearest int64, halves to even.
    """

def llround(x: Any) -> tensor:
    """x rounded to the nearest int64, halves away from zero.
    """

def log(x: Any) -> tensor:
    """The natural logarithm of x.
    """

def log10(x: Any) -> tensor:
    """The logarithm of x to base 10.
    """

def log1p(x: Any) -> tensor:
    """The natural logarithm of 1 + x, exact near 0.
    """

def log2(x: Any) -> tensor:
    """The logarithm of x to base 2.
    """

def logb(x: Any) -> tensor:
    """The exponent of x as a floating-point number.
    """

def longlong_as_double(x: Any) -> tensor:
    """The float64 with the bits of an int64.
    """

def mul24(x: Any, y: Any) -> tensor:
    """The product of the lower 24 bits of two integers.
    """

def mul_rd(x: Any, y: Any) -> tensor:
    """x * y, rounded down.
    """

def mul_rn(x: Any, y: Any) -> tensor:
    """x * y, rounded to the nearest.
    """

def mul_ru(x: Any, y: Any) -> tensor:
    """x * y, rounded up.
    """

def mul_rz(x: Any, y: Any) -> tensor:
    """x * y, rounded toward zero.
    """

def mulhi(x: Any, y: Any) -> tensor:
    """The upper half of the product of two integers.
    """

def nearbyint(x: Any) -> tensor:
    """x rounded to the nearest integer, halves to even.
    """

def nextafter(x: Any, y: Any) -> tensor:
    """The number next to x in the direction of y.
    """

def norm3d(x: Any, y: Any, z: Any) -> tensor:
    """sqrt(x * x + y * y + z * z) without overflow.
    """

def norm4d(x: Any, y: Any, z: Any, w: Any) -> tensor:
    """sqrt(x * x + y * y + z * z + w * w) without overflow.
    """

def normcdf(x: Any) -> tensor:
    """The distribution function of the normal distribution.
    """

def normcdfinv(x: Any) -> tensor:
    """The inverse of normcdf, for x in (0, 1).
    """

def popc(x: Any) -> tensor:
    """How many bits of the integer x are set.
    """

def pow(x: Any, y: Any) -> tensor:
    """x to the power y; y may be int32.
    """

def rcbrt(x: Any) -> tensor:
    """1 / cbrt(x).
    """

def rcp64h(x: Any) -> tensor:
    """An approximation of 1 / x from the upper half of a float64.
    """

def rcp_rd(x: Any) -> tensor:
    """1 / x, rounded down.
    """

def rcp_rn(x: Any) -> tensor:
    """1 / x, rounded to the nearest.
    """

def rcp_ru(x: Any) -> tensor:
    """1 / x, rounded up.
    """

def rcp_rz(x: Any) -> tensor:
    """1 / x, rounded toward zero.
    """

def remainder(x: Any, y: Any) -> tensor:
    """x - n * y, n the integer nearest to x / y, even in a tie.
    """

def rhadd(x: Any, y: Any) -> tensor:
    """(x + y + 1) >> 1 without overflow.
    """

def rhypot(x: Any, y: Any) -> tensor:
    """1 / hypot(x, y).
    """

def rint(x: Any) -> tensor:
    """x rounded to the nearest integer, halves to even.
    """

def rnorm3d(x: Any, y: Any, z: Any) -> tensor:
    """1 / norm3d(x, y, z).
    """

def rnorm4d(x: Any, y: Any, z: Any, w: Any) -> tensor:
    """1 / norm4d(x, y, z, w).
    """

def round(x: Any) -> tensor:
    """x rounded to the nearest integer, halves away from zero.
    """

def rsqrt(x: Any) -> tensor:
    """1 / sqrt(x).
    """

def rsqrt_rn(x: Any) -> tensor:
    """1 / sqrt(x), rounded to the nearest.
    """

def sad(x: Any, y: Any, z: Any) -> tensor:
    """abs(x - y) + z.
    """

def saturatef(x: Any) -> tensor:
    """x limited to [0, 1]; NaN gives 0.
    """

def scalbn(x: Any, n: Any) -> tensor:
    """x * 2**n.
    """

def signbit(x: Any) -> tensor:
    """Whether the sign of x is set: 1 or 0.
    """

def sin(x: Any) -> tensor:
    """The sine of x in radians.
    """

def sinh(x: Any) -> tensor:
    """The hyperbolic sine of x.
    """

def sinpi(x: Any) -> tensor:
    """sin(pi * x).
    """

def sqrt(x: Any) -> tensor:
    """The square root of x.
    """

def sqrt_rd(x: Any) -> tensor:
    """The square root of x, rounded down.
    """

def sqrt_rn(x: Any) -> tensor:
    """The square root of x, rounded to the nearest.
    """

def sqrt_ru(x: Any) -> tensor:
    """The square root of x, rounded up.
    """

def sqrt_rz(x: Any) -> tensor:
    """The square root of x, rounded toward zero.
    """

def sub_rd(x: Any, y: Any) -> tensor:
    """x - y, rounded down.
    """

def sub_rn(x: Any, y: Any) -> tensor:
    """x - y, rounded to the nearest.
    """

def sub_ru(x: Any, y: Any) -> tensor:
    """x - y, rounded up.
    """

def sub_rz(x: Any, y: Any) -> tensor:
    """x - y, rounded toward zero.
    """

def tan(x: Any) -> tensor:
    """The tangent of x in radians.
    """

def tanh(x: Any) -> tensor:
    """The hyperbolic tangent of x.
    """

def tgamma(x: Any) -> tensor:
    """The gamma function.
    """

def trunc(x: Any) -> tensor:
    """x rounded toward zero to an integer.
    """

def uint2double_rn(x: Any) -> tensor:
    """The uint32 x as a float64, rounded to the nearest.
    """

def uint2float_rd(x: Any) -> tensor:
    """The uint32 x as a float32, rounded down.
    """

def uint2float_rn(x: Any) -> tensor:
    """The uint32 x as a float32, rounded to the nearest.
    """

def uint2float_ru(x: Any) -> tensor:
    """The uint32 x as a float32, rounded up.
    """

def uint2float_rz(x: Any) -> tensor:
    """The uint32 x as a float32, rounded toward zero.
    """

def uint_as_float(x: Any) -> tensor:
    """The float32 with the bits of a uint32.
    """

def ull2double_rd(x: Any) -> tensor:
    """The uint64 x as a float64, rounded down.
    """

def ull2double_rn(x: Any) -> tensor:
    """The uint64 x as a float64, rounded to the nearest.
    """

def ull2double_ru(x: Any) -> tensor:
    """The uint64 x as a float64, rounded up.
    """

def ull2double_rz(x: Any) -> tensor:
    """The uint64 x as a float64, rounded toward zero.
    """

def ull2float_rd(x: Any) -> tensor:
    """The uint64 x as a float32, rounded down.
    """

def ull2float_rn(x: Any) -> tensor:
    """The uint64 x as a float32, rounded to the nearest.
    """

def ull2float_ru(x: Any) -> tensor:
    """The uint64 x as a float32, rounded up.
    """

def ull2float_rz(x: Any) -> tensor:
    """The uint64 x as a float32, rounded toward zero.
    """

def y0(x: Any) -> tensor:
    """The Bessel function of the second kind of order 0.
    """

def y1(x: Any) -> tensor:
    """The Bessel function of the second kind of order 1.
    """

def yn(n: Any, x: Any) -> tensor:
    """The Bessel function of the second kind of order n.
    """
