"""Prints the element type of `a op b` for every pair of element types, tensors both and a tensor with a constant."""
import triton
import triton.language as tl

INTS = tl.constexpr((tl.int1, tl.int8, tl.int16, tl.int32, tl.int64, tl.uint8, tl.uint16, tl.uint32, tl.uint64))
FLOATS = tl.constexpr((tl.float16, tl.bfloat16, tl.float32, tl.float64))
NARROW = tl.constexpr((tl.float8e5, tl.float8e4nv, tl.float16, tl.bfloat16, tl.float32, tl.float64))


@triton.jit
def kernel():
    for ta in INTS + FLOATS:
        a = tl.full((8,), 1, ta)
        for tb in INTS + FLOATS:
            b = tl.full((8,), 1, tb)
            tl.static_print(ta, tb, "+", (a + b).dtype, "<", (a < b).dtype, "max", tl.maximum(a, b).dtype)
            if ta.is_floating() or tb.is_floating() or ta.is_int_signed() == tb.is_int_signed():
                tl.static_print(ta, tb, "/", (a / b).dtype, "%", (a % b).dtype)
        for tb in INTS:
            b = tl.full((8,), 1, tb)
            if ta.is_int():
                tl.static_print(ta, tb, "&", (a & b).dtype, "<<", (a << b).dtype)
        tl.static_print(ta, "+ 1", (a + 1).dtype, "+ 1.5", (a + 1.5).dtype, "* True", (a * True).dtype, "+ 1e300", (a + 1e300).dtype)
        tl.static_print(ta, "sum", tl.sum(a).dtype, "max", tl.max(a).dtype, "cumsum", tl.cumsum(a).dtype, "cumprod", tl.cumprod(a).dtype)
    for ta in NARROW:
        for tb in NARROW:
            tl.static_print(ta, tb, "+", (tl.full((8,), 1, ta) + tl.full((8,), 1, tb)).dtype)
