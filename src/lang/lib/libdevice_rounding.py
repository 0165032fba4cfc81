"""`tl.extra.libdevice`: arithmetic and conversions that round as their names say: rd down, ru up, rz toward zero, rn to nearest."""
import triton.language as tl
from triton import jit


@jit
def add_rd(x, y):
    return add_directed(x, y, "rd")


@jit
def sub_rd(x, y):
    return add_directed(x, tl._mul_rn(y, -1.0), "rd")


@jit
def mul_rd(x, y):
    return mul_directed(x, y, "rd")


@jit
def div_rd(x, y):
    return div_directed(x, y, "rd")


@jit
def fma_rd(x, y, z):
    return fma_directed(x, y, z, "rd")


@jit
def sqrt_rd(x):
    return sqrt_directed(x, "rd")


@jit
def rcp_rd(x):
    return div_directed(tl.full((), 1, x.dtype), x, "rd")


@jit
def add_ru(x, y):
    return add_directed(x, y, "ru")


@jit
def sub_ru(x, y):
    return add_directed(x, tl._mul_rn(y, -1.0), "ru")


@jit
def mul_ru(x, y):
    return mul_directed(x, y, "ru")


@jit
def div_ru(x, y):
    return div_directed(x, y, "ru")


@jit
def fma_ru(x, y, z):
    return fma_directed(x, y, z, "ru")


@jit
def sqrt_ru(x):
    return sqrt_directed(x, "ru")


@jit
def rcp_ru(x):
    return div_directed(tl.full((), 1, x.dtype), x, "ru")


@jit
def add_rz(x, y):
    return add_directed(x, y, "rz")


@jit
def sub_rz(x, y):
    return add_directed(x, tl._mul_rn(y, -1.0), "rz")


@jit
def mul_rz(x, y):
    return mul_directed(x, y, "rz")


@jit
def div_rz(x, y):
    return div_directed(x, y, "rz")


@jit
def fma_rz(x, y, z):
    return fma_directed(x, y, z, "rz")


@jit
def sqrt_rz(x):
    return sqrt_directed(x, "rz")


@jit
def rcp_rz(x):
    return div_directed(tl.full((), 1, x.dtype), x, "rz")


@jit
def fma_rn(x, y, z):
    return tl.fma(x, y, z)


@jit
def rsqrt_rn(x):
    tl.static_assert(x.dtype.is_fp32(), "libdevice.rsqrt_rn is for fp32")
    return rsqrt_nearest(x)


@jit
def double2float_rd(x):
    return double_to_float_directed(x, "rd")


@jit
def double2float_ru(x):
    return double_to_float_directed(x, "ru")


@jit
def int2float_rd(x):
    return int_to_float_directed(x, tl.float32, "rd")


@jit
def int2float_ru(x):
    return int_to_float_directed(x, tl.float32, "ru")


@jit
def int2float_rz(x):
    return int_to_float_directed(x, tl.float32, "rz")


@jit
def uint2float_rd(x):
    return int_to_float_directed(x, tl.float32, "rd")


@jit
def uint2float_ru(x):
    return int_to_float_directed(x, tl.float32, "ru")


@jit
def uint2float_rz(x):
    return int_to_float_directed(x, tl.float32, "rz")


@jit
def ll2float_rd(x):
    return int_to_float_directed(x, tl.float32, "rd")


@jit
def ll2float_ru(x):
    return int_to_float_directed(x, tl.float32, "ru")


@jit
def ll2float_rz(x):
    return int_to_float_directed(x, tl.float32, "rz")


@jit
def ull2float_rd(x):
    return int_to_float_directed(x, tl.float32, "rd")


@jit
def ull2float_ru(x):
    return int_to_float_directed(x, tl.float32, "ru")


@jit
def ull2float_rz(x):
    return int_to_float_directed(x, tl.float32, "rz")


@jit
def ll2double_rd(x):
    return int_to_float_directed(x, tl.float64, "rd")


@jit
def ll2double_ru(x):
    return int_to_float_directed(x, tl.float64, "ru")


@jit
def ll2double_rz(x):
    return int_to_float_directed(x, tl.float64, "rz")


@jit
def ull2double_rd(x):
    return int_to_float_directed(x, tl.float64, "rd")


@jit
def ull2double_ru(x):
    return int_to_float_directed(x, tl.float64, "ru")


@jit
def ull2double_rz(x):
    return int_to_float_directed(x, tl.float64, "rz")
