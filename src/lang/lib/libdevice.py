"""`tl.extra.libdevice`: what is short enough to be written here. The functions that tl has, too, are rows of builtins.def.

Every function is elementwise and takes tensors or scalars.
"""
import triton.language as tl
from triton import jit

# ---- bits --------------------------------------------------------------------------------------------------------------


@jit
def _bits(x):
    if x.dtype.primitive_bitwidth == 64:
        return x.to(tl.int64, bitcast=True)
    else:
        return x.to(tl.int32, bitcast=True)


@jit
def float_as_int(x):
    return x.to(tl.int32, bitcast=True)


@jit
def float_as_uint(x):
    return x.to(tl.uint32, bitcast=True)


@jit
def int_as_float(x):
    return x.to(tl.float32, bitcast=True)


@jit
def uint_as_float(x):
    return x.to(tl.float32, bitcast=True)


@jit
def double_as_longlong(x):
    return x.to(tl.int64, bitcast=True)


@jit
def longlong_as_double(x):
    return x.to(tl.float64, bitcast=True)


@jit
def double2hiint(x):
    return (x.to(tl.int64, bitcast=True) >> 32).to(tl.int32)


@jit
def double2loint(x):
    return x.to(tl.int64, bitcast=True).to(tl.int32)


@jit
def hiloint2double(hi, lo):
    low = lo.to(tl.uint32, bitcast=True).to(tl.int64)
    return ((hi.to(tl.int64) << 32) | low).to(tl.float64, bitcast=True)


@jit
def signbit(x):
    return (_bits(x) < 0).to(tl.int32)


# By bits: a negated zero (0 - x) would be a positive one.
@jit
def copysign(x, y):
    a, b = _bits(x), _bits(y)
    if x.dtype.primitive_bitwidth == 64:
        return (b ^ ((a ^ b) & 0x7FFFFFFFFFFFFFFF)).to(x.dtype, bitcast=True)
    else:
        return (b ^ ((a ^ b) & 0x7FFFFFFF)).to(x.dtype, bitcast=True)


@jit
def isnan(x):
    return (x != x).to(tl.int32)


@jit
def isinf(x):
    return (tl.abs(x) == float("inf")).to(tl.int32)


@jit
def finitef(x):
    return (tl.abs(x) < float("inf")).to(tl.int32)


@jit
def isfinited(x):
    return (tl.abs(x) < float("inf")).to(tl.int32)


# ---- rounding ----------------------------------------------------------------------------------------------------------


# Halves go away from zero. What is added is the largest number below 1/2: with 1/2 itself the sum of the number below 1/2
# would be 1, and odd numbers from 2^23 (2^52) on would be halves.
@jit
def round(x):
    if x.dtype.is_fp64():
        half = (_bits(x) & -0x8000000000000000 | 0x3FDFFFFFFFFFFFFF).to(tl.float64, bitcast=True)
    else:
        half = (_bits(x) & -0x80000000 | 0x3EFFFFFF).to(tl.float32, bitcast=True)
    return tl.extra.libdevice.trunc(x + half)


@jit
def llrint(x):
    return tl.extra.libdevice.rint(x).to(tl.int64)


@jit
def llround(x):
    return round(x).to(tl.int64)


# ---- arithmetic --------------------------------------------------------------------------------------------------------


@jit
def fdim(x, y):
    return tl.where(x != x, x, tl.where(y != y, y, tl.where(x > y, x - y, 0.0)))


@jit
def fmod(x, y):
    return x % y


@jit
def saturatef(x):
    return tl.where(x > 0.0, tl.minimum(x, 1.0), 0.0)


@jit
def add_rn(x, y):
    return tl._add_rn(x, y)


@jit
def sub_rn(x, y):
    return tl._sub_rn(x, y)


@jit
def mul_rn(x, y):
    return tl._mul_rn(x, y)


@jit
def rcp_rn(x):
    return tl.div_rn(tl.full((), 1, x.dtype), x)


@jit
def fast_expf(x):
    return tl.exp(x)


@jit
def fast_logf(x):
    return tl.log(x)


@jit
def fast_log2f(x):
    return tl.log2(x)


@jit
def fast_sinf(x):
    return tl.sin(x)


@jit
def fast_cosf(x):
    return tl.cos(x)


@jit
def fast_tanf(x):
    return tan(x)


@jit
def fast_dividef(x, y):
    return x / y


@jit
def fast_powf(x, y):
    return tl.exp2(y * tl.log2(x))


# ---- integers ----------------------------------------------------------------------------------------------------------


@jit
def _popc(u):
    if u.dtype.primitive_bitwidth == 64:
        u = u - ((u >> 1) & 0x5555555555555555)
        u = (u & 0x3333333333333333) + ((u >> 2) & 0x3333333333333333)
        u = (u + (u >> 4)) & 0x0F0F0F0F0F0F0F0F
        return (tl.mul(u, 0x0101010101010101, sanitize_overflow=False) >> 56).to(tl.int32)
    else:
        u = u - ((u >> 1) & 0x55555555)
        u = (u & 0x33333333) + ((u >> 2) & 0x33333333)
        u = (u + (u >> 4)) & 0x0F0F0F0F
        return (tl.mul(u, 0x01010101, sanitize_overflow=False) >> 24).to(tl.int32)


@jit
def _unsigned(x):
    if x.dtype.primitive_bitwidth == 64:
        return x.to(tl.uint64, bitcast=True)
    else:
        return x.to(tl.uint32)


@jit
def popc(x):
    return _popc(_unsigned(x))


# Smear the highest bit downwards; what is left over are the leading zeros.
@jit
def clz(x):
    u = _unsigned(x)
    bits: tl.constexpr = u.dtype.primitive_bitwidth
    for shift in tl.static_range(6 if bits == 64 else 5):
        u = u | (u >> (1 << shift))
    return bits - _popc(u)


# x ^ (x - 1) has ones up to the lowest one of x and none above.
@jit
def ffs(x):
    u = _unsigned(x)
    return tl.where(u == 0, 0, _popc(u ^ tl.sub(u, 1, sanitize_overflow=False)))


@jit
def hadd(x, y):
    return (x & y) + ((x ^ y) >> 1)


@jit
def rhadd(x, y):
    return (x | y) - ((x ^ y) >> 1)


@jit
def mulhi(x, y):
    if x.dtype.primitive_bitwidth == 64:
        # The op takes both as unsigned: a negative number is 2^64 too large.
        h = tl.umulhi(x, y)
        if x.dtype.is_int_signed():
            h = tl.sub(h, tl.where(x < 0, y, 0), sanitize_overflow=False)
            h = tl.sub(h, tl.where(y < 0, x, 0), sanitize_overflow=False)
        return h
    else:
        return ((x.to(tl.int64) * y.to(tl.int64)) >> 32).to(x.dtype) if x.dtype.is_int_signed() else tl.umulhi(x, y)


# ---- conversions: one cast, after rounding as the name says -------------------------------------------------------------


@jit
def double2float_rn(x):
    return x.to(tl.float32)


@jit
def double2float_rz(x):
    return x.to(tl.float32, fp_downcast_rounding="rtz")


@jit
def double2int_rd(x):
    return tl.floor(x).to(tl.int32)


@jit
def double2int_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.int32)


@jit
def double2int_ru(x):
    return tl.ceil(x).to(tl.int32)


@jit
def double2int_rz(x):
    return x.to(tl.int32)


@jit
def double2ll_rd(x):
    return tl.floor(x).to(tl.int64)


@jit
def double2ll_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.int64)


@jit
def double2ll_ru(x):
    return tl.ceil(x).to(tl.int64)


@jit
def double2ll_rz(x):
    return x.to(tl.int64)


@jit
def double2uint_rd(x):
    return tl.floor(x).to(tl.uint32)


@jit
def double2uint_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.uint32)


@jit
def double2uint_ru(x):
    return tl.ceil(x).to(tl.uint32)


@jit
def double2uint_rz(x):
    return x.to(tl.uint32)


@jit
def double2ull_rd(x):
    return tl.floor(x).to(tl.uint64)


@jit
def double2ull_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.uint64)


@jit
def double2ull_ru(x):
    return tl.ceil(x).to(tl.uint64)


@jit
def double2ull_rz(x):
    return x.to(tl.uint64)


@jit
def float2int_rd(x):
    return tl.floor(x).to(tl.int32)


@jit
def float2int_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.int32)


@jit
def float2int_ru(x):
    return tl.ceil(x).to(tl.int32)


@jit
def float2int_rz(x):
    return x.to(tl.int32)


@jit
def float2ll_rd(x):
    return tl.floor(x).to(tl.int64)


@jit
def float2ll_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.int64)


@jit
def float2ll_ru(x):
    return tl.ceil(x).to(tl.int64)


@jit
def float2ll_rz(x):
    return x.to(tl.int64)


@jit
def float2uint_rd(x):
    return tl.floor(x).to(tl.uint32)


@jit
def float2uint_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.uint32)


@jit
def float2uint_ru(x):
    return tl.ceil(x).to(tl.uint32)


@jit
def float2uint_rz(x):
    return x.to(tl.uint32)


@jit
def float2ull_rd(x):
    return tl.floor(x).to(tl.uint64)


@jit
def float2ull_rn(x):
    return tl.extra.libdevice.rint(x).to(tl.uint64)


@jit
def float2ull_ru(x):
    return tl.ceil(x).to(tl.uint64)


@jit
def float2ull_rz(x):
    return x.to(tl.uint64)


@jit
def int2double_rn(x):
    return x.to(tl.float64)


@jit
def int2float_rn(x):
    return x.to(tl.float32)


@jit
def ll2double_rn(x):
    return x.to(tl.float64)


@jit
def ll2float_rn(x):
    return x.to(tl.float32)


@jit
def uint2double_rn(x):
    return x.to(tl.float64)


@jit
def uint2float_rn(x):
    return x.to(tl.float32)


@jit
def ull2double_rn(x):
    return x.to(tl.float64)


@jit
def ull2float_rn(x):
    return x.to(tl.float32)
