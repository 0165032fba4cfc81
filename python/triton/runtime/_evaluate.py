"""Triton IR evaluated over NumPy, an op at a time: what the interpreter of kernels runs its operations with.

A function of the IR becomes a list of steps, each a Python function of the operands' values (_memory.py says what those
are; block pointers and descriptors are objects); evaluation walks that list. Nothing here knows the compiler's passes
or back ends, so that what they compute can be compared with this.
"""

from __future__ import annotations

import re

import numpy as np

from .._C import libtriton as _C
from ._memory import (
    INTS,
    NATIVE,
    UINTS,
    DeviceAssertion,
    Type,
    from_codes,
    load,
    rounded,
    state,
    storage_of,
    store,
    to_codes,
    type_of,
)
from .errors import InterpreterError


class BlockPointer:
    """A block of a tensor in memory: a block pointer, or a descriptor (without offsets)."""

    def __init__(
        self, base: int, shape: list, strides: list, offsets: list, block: Type, padding: str = "", rounds: bool = False
    ) -> None:
        self.base, self.shape, self.strides, self.offsets = base, shape, strides, offsets
        self.block, self.padding, self.rounds = block, padding, rounds

    def at(self, offsets: list) -> BlockPointer:
        return BlockPointer(self.base, self.shape, self.strides, offsets, self.block, self.padding, self.rounds)

    def place(self, checked: object) -> tuple:
        """The addresses of the elements, and which of them are inside in the dimensions `checked`."""
        shape = self.block.shape
        first = len(self.shape) - len(shape)
        address, inside = np.full(shape, self.base, np.int64), np.ones(shape, bool)
        for i, n in enumerate(self.shape):
            if i < first:
                at = np.int64(self.offsets[i])
            else:
                line = [1] * len(shape)
                line[i - first] = shape[i - first]
                at = (np.int64(self.offsets[i]) + np.arange(shape[i - first])).reshape(line)
            address = address + at * np.int64(self.strides[i]) * self.block.size
            if i in checked:
                inside = inside & (at >= 0) & (at < n)
        return address, inside


def _ints(values: tuple) -> list:
    return [int(x) for x in values]


# ---- elementwise ops: from values of the operands' storage to values -------------------------------------------------


def _unsigned(x: np.ndarray) -> np.ndarray:
    return x if x.dtype == np.bool_ else x.view(UINTS[x.dtype.itemsize * 8])


def _signed(x: np.ndarray) -> np.ndarray:
    """Of i1: -1 and 0."""
    return -x.astype(np.int8) if x.dtype == np.bool_ else x


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Toward zero; division by zero gives anything."""
    b = np.where(b == 0, np.ones_like(b), b)
    q = a // b
    return q + ((a % b != 0) & ((a < 0) != (b < 0))).astype(q.dtype)


def _remainder(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    b = np.where(b == 0, np.ones_like(b), b)
    return a - _divide(a, b) * b


def _shift(function: object) -> object:
    """By the width or more, all bits are gone: nothing is left, or copies of the sign."""

    def apply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        bits = a.dtype.itemsize * 8
        by = b.view(UINTS[bits])
        some = function(a, np.minimum(by, bits - 1).astype(a.dtype))
        copies_sign = function is np.right_shift and a.dtype.kind == "i"
        return some if copies_sign else np.where(by < bits, some, np.zeros_like(some))

    return apply


def _on_unsigned(function: object) -> object:
    return lambda a, b: function(_unsigned(a), _unsigned(b)).view(a.dtype)


def _wrapping(function: object) -> object:
    """Of integers; for i1 in the field of two."""

    def apply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        if a.dtype == np.bool_:
            return (function(a.astype(np.int8), b.astype(np.int8)) & 1).astype(np.bool_)
        return function(a, b)

    return apply


def _high_product(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    x, y = _unsigned(a), _unsigned(b)
    bits = a.dtype.itemsize * 8
    if bits < 64:
        return ((x.astype(np.uint64) * y.astype(np.uint64)) >> np.uint64(bits)).astype(x.dtype).view(a.dtype)
    half, low = np.uint64(32), np.uint64(0xFFFFFFFF)
    xl, xh, yl, yh = x & low, x >> half, y & low, y >> half
    middle = xh * yl + ((xl * yl) >> half)
    other = xl * yh + (middle & low)
    return (xh * yh + (middle >> half) + (other >> half)).view(a.dtype)


def _sum_to_odd(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a + b in f64, rounded to odd: what rounds it to fewer bits afterwards has the sum rounded once."""
    s = np.asarray(a + b)
    part = s - a
    error = (a - (s - part)) + (b - part)
    bits = s.view(np.int64)
    inexact = np.isfinite(s) & (error != 0) & (bits & 1 == 0)
    step = np.where((error > 0) == (s > 0), 1, -1)
    return np.where(inexact, bits + step, bits).view(np.float64)


def _fma64(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    """After Boldo and Melquiond; where the parts of the product leave the range of f64 it is a*b + c."""
    factor = np.float64(2**27 + 1)
    plain = a * b + c
    ah = a * factor - (a * factor - a)
    bh = b * factor - (b * factor - b)
    high = a * b
    low = (a - ah) * (b - bh) - (((high - ah * bh) - (a - ah) * bh) - ah * (b - bh))
    uh = c + low
    t = uh - c
    ul = (c - (uh - t)) + (low - t)
    vh = high + uh
    t = vh - high
    vl = (high - (vh - t)) + (uh - t)
    exact = vh + _sum_to_odd(vl, ul)
    return np.where(np.isfinite(exact), exact, plain)


def fma(a: np.ndarray, b: np.ndarray, c: np.ndarray, elem: str) -> np.ndarray:
    """a*b + c, rounded once."""
    if elem == "f64":
        return _fma64(a, b, c)
    product = a.astype(np.float64) * b.astype(np.float64)
    return rounded(_sum_to_odd(product, c.astype(np.float64)), elem)


_INT2 = {
    "arith.addi": _wrapping(np.add), "arith.subi": _wrapping(np.subtract), "arith.muli": _wrapping(np.multiply),
    "arith.divsi": _divide, "arith.remsi": _remainder, "arith.divui": _on_unsigned(_divide),
    "arith.remui": _on_unsigned(_remainder), "arith.andi": np.bitwise_and, "arith.ori": np.bitwise_or,
    "arith.xori": np.bitwise_xor, "arith.shli": _shift(np.left_shift), "arith.shrsi": _shift(np.right_shift),
    "arith.shrui": _on_unsigned(_shift(np.right_shift)), "arith.maxui": _on_unsigned(np.maximum),
    "arith.minui": _on_unsigned(np.minimum), "tt.mulhiui": _high_product,
    "arith.maxsi": lambda a, b: np.where(_signed(a) > _signed(b), a, b),
    "arith.minsi": lambda a, b: np.where(_signed(a) < _signed(b), a, b),
}  # fmt: skip


def _zero_ordered(function: object, pick: object) -> object:
    """A minimum or maximum in which -0 is below 0."""

    def apply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        zeros = (a == 0) & (b == 0)
        return np.where(zeros, pick(a, b), function(a, b))

    return apply


def _low_zero(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(np.signbit(a), a, b)


def _high_zero(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.where(np.signbit(a), b, a)


_FLOAT2 = {
    "arith.addf": np.add, "arith.subf": np.subtract, "arith.mulf": np.multiply, "arith.divf": np.divide,
    "arith.remf": np.fmod, "tt.precise_divf": np.divide, "arith.maxnumf": _zero_ordered(np.fmax, _high_zero),
    "arith.minnumf": _zero_ordered(np.fmin, _low_zero), "arith.maximumf": _zero_ordered(np.maximum, _high_zero),
    "arith.minimumf": _zero_ordered(np.minimum, _low_zero),
}  # fmt: skip
_FLOAT1 = {
    "arith.negf": np.negative, "math.sqrt": np.sqrt, "tt.precise_sqrt": np.sqrt, "math.floor": np.floor,
    "math.ceil": np.ceil, "math.trunc": np.trunc, "math.roundeven": np.rint,
    "math.absf": np.abs, "math.rsqrt": lambda x: 1 / np.sqrt(x), "math.exp": np.exp, "math.exp2": np.exp2,
    "math.log": np.log, "math.log2": np.log2, "math.sin": np.sin, "math.cos": np.cos,
}  # fmt: skip
_CMPI = {
    "eq": np.equal, "ne": np.not_equal, "slt": np.less, "sle": np.less_equal, "sgt": np.greater,
    "sge": np.greater_equal, "ult": np.less, "ule": np.less_equal, "ugt": np.greater, "uge": np.greater_equal,
}  # fmt: skip
_CMPF = {"eq": np.equal, "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
         "ne": np.not_equal}  # fmt: skip


def _compare_floats(predicate: str) -> object:
    if predicate in ("true", "false"):
        return lambda a, b: np.full(np.broadcast(a, b).shape, predicate == "true")
    if predicate in ("ord", "uno"):
        return lambda a, b: (np.isnan(a) | np.isnan(b)) == (predicate == "uno")
    function, unordered = _CMPF[predicate[1:]], predicate[0] == "u"

    def apply(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        nan = np.isnan(a) | np.isnan(b)
        return np.where(nan, unordered, function(a, b))

    return apply


def _float_to_int(x: np.ndarray, kind: Type, signed: bool) -> np.ndarray:
    """Toward zero; what is too large is the largest, and NaN is 0."""
    low = -(2 ** (kind.bits - 1)) if signed else 0
    high = 2 ** (kind.bits - signed) - 1
    x = np.trunc(np.where(np.isnan(x), 0, x).astype(np.float64))
    target = (INTS if signed else UINTS)[kind.bits]
    inside = (x >= low) & (x <= high) & (x < float(high) if kind.bits == 64 else True)
    y = np.where(inside, x, 0).astype(target)
    y = np.where(inside, y, np.where(x < low, target(low), target(high)))
    return y.view(storage_of(kind.elem))


def _int_to_float(x: np.ndarray, elem: str, signed: bool) -> np.ndarray:
    x = _signed(x) if signed else _unsigned(x)
    if x.dtype == np.bool_:
        x = x.astype(np.uint8)
    if elem in ("f32", "f64"):
        return x.astype(NATIVE[elem])
    if elem == "bf16" or x.dtype.itemsize < 4:  # as the reference does; f16 is rounded to once
        return rounded(x.astype(np.float32), elem)
    return rounded(_odd_double(x), elem)


def _odd_double(x: np.ndarray) -> np.ndarray:
    """Integers as f64, rounded to odd."""
    if x.dtype.itemsize < 8:
        return x.astype(np.float64)
    high = (x >> x.dtype.type(32)).astype(np.float64) * 2.0**32
    return _sum_to_odd(high, (x & x.dtype.type(0xFFFFFFFF)).astype(np.float64))


def _cast(name: str, source: Type, target: Type) -> object:
    elem, storage = target.elem, storage_of(target.elem)
    if name == "arith.extsi":
        return lambda x: _signed(x).astype(storage)
    if name in ("arith.extui", "arith.index_cast"):
        return lambda x: _unsigned(x).astype(UINTS[target.bits]).view(storage)
    if name == "arith.trunci":
        return (lambda x: (x & 1).astype(np.bool_)) if elem == "i1" else lambda x: x.astype(storage)
    if name in ("arith.sitofp", "arith.uitofp"):
        return lambda x: _int_to_float(x, elem, name == "arith.sitofp")
    if name in ("arith.fptosi", "arith.fptoui"):
        return lambda x: _float_to_int(x, target, name == "arith.fptosi")
    if name in ("tt.bitcast", "arith.bitcast"):
        if source.elem == "ptr" or source.elem == elem:
            return lambda x: x
        return lambda x: from_codes(to_codes(np.asarray(x), source), target)
    return lambda x: rounded(x, elem)


# ---- whole tensors ---------------------------------------------------------------------------------------------------


def _split_last(x: np.ndarray) -> tuple:
    return x[..., 0], x[..., 1]


def _dot(a: np.ndarray, b: np.ndarray, c: np.ndarray, kind: Type, precision: str, left: Type) -> np.ndarray:
    if kind.is_int:
        return c + np.matmul(a.astype(np.int32), b.astype(np.int32))
    if precision == "tf32" and left.elem == "f32":
        a, b = _to_tf32(a), _to_tf32(b)
    return rounded(c.astype(np.float64) + np.matmul(a.astype(np.float64), b.astype(np.float64)), kind.elem)


def _to_tf32(x: np.ndarray, to_even: bool = False) -> np.ndarray:
    """Ties away from zero, as operands of products are rounded, or to even."""
    bits = np.ascontiguousarray(x).view(np.uint32)
    half = np.uint32(0xFFF) + ((bits >> np.uint32(13)) & np.uint32(1)) if to_even else np.uint32(0x1000)
    return np.where(np.isfinite(x), ((bits + half) & np.uint32(0xFFFFE000)).view(np.float32), x)


def reduce_values(sources: list, axis: int, combine: object) -> list:
    """`combine` of lists of accumulated and of new values, along an axis: neighbours, in their order."""
    parts = [np.moveaxis(x, axis, 0) for x in sources]
    n = parts[0].shape[0]
    while n > 1:
        n //= 2
        parts = [np.asarray(x) for x in combine([x[::2] for x in parts], [x[1::2] for x in parts])]
    return [x[0] for x in parts]


def scan_values(sources: list, axis: int, reverse: bool, combine: object) -> list:
    """The combinations of all elements up to each, along an axis."""
    parts = [np.moveaxis(x, axis, 0) for x in sources]
    n = parts[0].shape[0]
    results = [np.empty_like(x) for x in parts]
    order = range(n - 1, -1, -1) if reverse else range(n)
    carried = None
    for i in order:
        item = [x[i] for x in parts]
        carried = item if carried is None else [np.asarray(x) for x in combine(carried, item)]
        for result, x in zip(results, carried, strict=True):
            result[i] = x
    return [np.moveaxis(x, 0, axis) for x in results]


def _histogram(x: np.ndarray, mask: object, bins: int) -> np.ndarray:
    inside = (x >= 0) & (x < bins) if mask is None else (x >= 0) & (x < bins) & mask
    return np.bincount(x[inside].astype(np.int64).ravel(), minlength=bins)[:bins].astype(np.int32)


_ATOMICS = {
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "add": np.add,
    "max": np.maximum, "min": np.minimum, "exch": lambda old, new: new,
    "umax": _on_unsigned(np.maximum), "umin": _on_unsigned(np.minimum),
}  # fmt: skip


def _atomic(pointer: np.ndarray, mask: object, value: np.ndarray, kind: Type, combine: object) -> np.ndarray:
    """One element after the other, in order; what was there before."""
    before = np.zeros(pointer.shape, storage_of(kind.elem))
    mask = np.ones(pointer.shape, bool) if mask is None else np.broadcast_to(mask, pointer.shape)
    value = np.broadcast_to(value, pointer.shape)
    for at in zip(*np.nonzero(mask), strict=True) if pointer.shape else ([()] if mask else []):
        address = pointer[at].reshape(1)
        old = state.memory.read(address, kind)
        before[at] = old[0]
        state.memory.write(address, combine(old, value[at].reshape(1)), kind)
    return before


def _atomic_combine(how: str, elem: str) -> object:
    if how == "fadd":
        return lambda old, new: rounded(old + new, elem)
    return _ATOMICS[how]


# ---- from ops to steps -----------------------------------------------------------------------------------------------


def _attribute(op: object, name: str) -> str:
    attr = op.get_attr(name)
    return "" if attr is None else str(attr)


def array_of(op: object, name: str) -> list:
    """array<i32: 1, 0>"""
    return [int(x) for x in re.findall(r"-?\d+", _attribute(op, name).partition(":")[2])]


def _number(text: str, kind: Type) -> object:
    if text in ("true", "false"):
        return text == "true"
    if text.startswith("0x") and kind.is_float:
        code = np.array(int(text, 16), np.uint64).astype(UINTS[kind.bits])
        return from_codes(code.reshape(1), type_of(kind.elem))[0]
    if kind.is_int:
        return (
            np.array(int(text, 0) & (2**kind.bits - 1), np.uint64)
            .astype(UINTS[max(kind.bits, 8)])
            .astype(storage_of(kind.elem))
        )
    return float(text)


def _constant(op: object, kind: Type) -> np.ndarray:
    text = _attribute(op, "value")
    if text.startswith("dense<"):
        text = text[len("dense<") : text.rindex("> : ")]
    elif " : " in text:
        text = text[: text.rindex(" : ")]
    words = re.findall(r"[^\s,\[\]]+", text)
    values = np.array([_number(word, kind) for word in words], storage_of(kind.elem))
    if kind.is_float and kind.elem not in NATIVE:
        values = rounded(values, kind.elem)  # six digits of a bfloat16 are none
    return values.reshape(kind.shape) if len(words) > 1 else np.full(kind.shape, values[0], storage_of(kind.elem))


def boundary_of(op: object) -> tuple:
    return tuple(array_of(op, "boundaryCheck")), op.get_int_attr("padding") or 0


def _load_block(pointer: BlockPointer, checked: tuple, padding: int) -> np.ndarray:
    kind = pointer.block
    address, inside = pointer.place(checked)
    return load(address, inside, _outside(kind, padding == 2), kind)


def _outside(kind: Type, nan: bool) -> object:
    """What a read outside of a tensor gives, where it is not 0."""
    return np.float32(np.nan) if nan and kind.is_float else None


def _store_block(pointer: BlockPointer, value: np.ndarray, checked: tuple) -> None:
    address, inside = pointer.place(checked)
    store(address, value, inside, pointer.block)


class _Maker:
    """From an op to the function that evaluates it: methods named as ops."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.methods: dict = {}

    def make(self, op: object, name: str, operands: list, results: list) -> object:
        if name not in self.methods:
            self.methods[name] = getattr(self, name.replace(".", "_"), None)
        method = self.methods[name]
        if method is not None:
            return method(op, operands, results)
        if name in _INT2:
            return _INT2[name]
        if name in _FLOAT2:
            function, elem = _FLOAT2[name], results[0].elem
            return function if elem in NATIVE else lambda a, b: rounded(function(a, b), elem)
        if name in _FLOAT1:
            function, elem = _FLOAT1[name], results[0].elem
            return lambda x: rounded(function(x), elem)
        if name.rpartition(".")[2] in ("extsi", "extui", "trunci", "extf", "truncf", "sitofp", "uitofp", "fptosi",
                                        "fptoui", "bitcast", "index_cast"):  # fmt: skip
            return _cast(name, operands[0], results[0])
        raise InterpreterError(f"the interpreter does not know {name}")

    def tt_elementwise_inline_asm(self, op: object, operands: list, results: list) -> object:
        raise InterpreterError(
            "tl.inline_asm_elementwise runs instructions of a processor, and the interpreter has none; run the kernel "
            "without TRITON_INTERPRET=1 (instructions of a GPU: with TRITONC_SIMULATE=1), or compute the same with "
            "functions of tl while you look for the mistake"
        )

    # arith, math

    def arith_constant(self, op: object, operands: list, results: list) -> object:
        value = _constant(op, results[0])
        return lambda: value

    def ub_poison(self, op: object, operands: list, results: list) -> object:
        value = np.zeros(results[0].shape, storage_of(results[0].elem))
        return lambda: value

    def arith_cmpi(self, op: object, operands: list, results: list) -> object:
        predicate = op.get_str_attr("predicate")
        function = _CMPI[predicate]
        view = _unsigned if predicate[0] == "u" else _signed
        return lambda a, b: function(view(a), view(b))

    def arith_cmpf(self, op: object, operands: list, results: list) -> object:
        return _compare_floats(op.get_str_attr("predicate"))

    def arith_select(self, op: object, operands: list, results: list) -> object:
        if results[0].elem == "desc" or (results[0].elem == "ptr" and results[0].pointee.shape):
            return lambda c, a, b: a if c else b
        return lambda c, a, b: np.where(c, a, b)

    def math_absi(self, op: object, operands: list, results: list) -> object:
        return np.abs

    def math_erf(self, op: object, operands: list, results: list) -> object:
        from math import erf

        return lambda x: rounded(np.vectorize(erf, otypes=[np.float64])(x), results[0].elem)

    def math_fma(self, op: object, operands: list, results: list) -> object:
        elem = results[0].elem
        return lambda a, b, c: fma(np.asarray(a), np.asarray(b), np.asarray(c), elem)

    def tt_clampf(self, op: object, operands: list, results: list) -> object:
        every = op.get_str_attr("propagateNan") == "all"

        def apply(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
            y = _FLOAT2["arith.minnumf"](_FLOAT2["arith.maxnumf"](x, low), high)
            return np.where(np.isnan(x), x, y) if every else y

        return apply

    def tt_fp_to_fp(self, op: object, operands: list, results: list) -> object:
        toward_zero, elem = op.get_str_attr("rounding") == "rtz", results[0].elem
        return lambda x: rounded(x, elem, toward_zero)

    # programs, shapes

    def tt_get_program_id(self, op: object, operands: list, results: list) -> object:
        axis = op.get_int_attr("axis")
        return lambda: np.array(state.program[axis], np.int32)

    def tt_get_num_programs(self, op: object, operands: list, results: list) -> object:
        axis = op.get_int_attr("axis")
        return lambda: np.array(state.grid[axis], np.int32)

    def tt_make_range(self, op: object, operands: list, results: list) -> object:
        value = np.arange(op.get_int_attr("start"), op.get_int_attr("end"), dtype=np.int32)
        return lambda: value

    def tt_splat(self, op: object, operands: list, results: list) -> object:
        shape = results[0].shape
        return lambda x: np.full(shape, x)

    def tt_unsplat(self, op: object, operands: list, results: list) -> object:
        return lambda x: x.reshape(())

    def tt_broadcast(self, op: object, operands: list, results: list) -> object:
        shape = results[0].shape
        return lambda x: np.broadcast_to(x, shape)

    def tt_expand_dims(self, op: object, operands: list, results: list) -> object:
        shape = results[0].shape
        return lambda x: np.reshape(x, shape)

    tt_reshape = tt_expand_dims

    def tt_trans(self, op: object, operands: list, results: list) -> object:
        order = array_of(op, "order")
        return lambda x: np.transpose(x, order)

    def tt_join(self, op: object, operands: list, results: list) -> object:
        return lambda a, b: np.stack([a, b], -1)

    def tt_split(self, op: object, operands: list, results: list) -> object:
        return _split_last

    def tt_cat(self, op: object, operands: list, results: list) -> object:
        return lambda a, b: np.concatenate([a, b])

    # pointers and memory

    def tt_addptr(self, op: object, operands: list, results: list) -> object:
        size = results[0].pointee.size
        return lambda p, offset: p + offset.astype(np.int64) * size

    def tt_int_to_ptr(self, op: object, operands: list, results: list) -> object:
        def apply(x: np.ndarray) -> np.ndarray:
            state.memory.trusts_integers = True
            return x.astype(np.int64)

        return apply

    def tt_ptr_to_int(self, op: object, operands: list, results: list) -> object:
        return lambda x: x

    def tt_load(self, op: object, operands: list, results: list) -> object:
        kind = results[0]
        if operands[0].pointee.shape:
            checked, padding = boundary_of(op)
            return lambda p: _load_block(p, checked, padding)
        return lambda p, mask=None, other=None: load(p, mask, other, kind)

    def tt_store(self, op: object, operands: list, results: list) -> object:
        if operands[0].pointee.shape:
            checked, _ = boundary_of(op)
            return lambda p, value: _store_block(p, value, checked)
        kind = operands[0].pointee
        return lambda p, value, mask=None: store(p, value, mask, kind)

    def tt_atomic_rmw(self, op: object, operands: list, results: list) -> object:
        kind = operands[0].pointee
        combine = _atomic_combine(op.get_str_attr("atomic_rmw_op"), kind.elem)
        return lambda p, value, mask=None: _atomic(p, mask, value, kind, combine)

    def tt_atomic_cas(self, op: object, operands: list, results: list) -> object:
        kind = operands[0].pointee

        def apply(p: np.ndarray, expected: np.ndarray, value: np.ndarray) -> np.ndarray:
            wanted = iter(np.broadcast_to(expected, p.shape).reshape(-1, 1))

            def combine(old: np.ndarray, new: np.ndarray) -> np.ndarray:
                same = to_codes(old, kind) == to_codes(next(wanted), kind)
                return np.where(same, new, old)

            return _atomic(p, None, value, kind, combine)

        return apply

    def tt_make_tensor_ptr(self, op: object, operands: list, results: list) -> object:
        block = results[0].pointee
        rank = (len(operands) - 1) // 3

        def apply(base: np.ndarray, *rest: np.ndarray) -> BlockPointer:
            rest = _ints(rest)
            return BlockPointer(int(base), rest[:rank], rest[rank : 2 * rank], rest[2 * rank :], block)

        return apply

    def tt_advance(self, op: object, operands: list, results: list) -> object:
        def apply(p: BlockPointer, *offsets: np.ndarray) -> BlockPointer:
            return p.at([(x + y + 2**31) % 2**32 - 2**31 for x, y in zip(p.offsets, _ints(offsets), strict=True)])

        return apply

    def tt_make_tensor_descriptor(self, op: object, operands: list, results: list) -> object:
        block = results[0].pointee
        padding = "nan" if op.get_int_attr("padding") == 2 else "zero"
        rank = (len(operands) - 1) // 2

        def apply(base: np.ndarray, *rest: np.ndarray) -> BlockPointer:
            rest = _ints(rest)
            return BlockPointer(int(base), rest[:rank], rest[rank:], [], block, padding)

        return apply

    def tt_descriptor_load(self, op: object, operands: list, results: list) -> object:
        shape = results[0].shape

        def apply(p: BlockPointer, *offsets: np.ndarray) -> np.ndarray:
            p = p.at(_ints(offsets))
            value = _load_block(p, range(len(p.shape)), 2 if p.padding == "nan" else 1).reshape(shape)
            return _to_tf32(value, True) if p.rounds else value

        return apply

    def tt_descriptor_store(self, op: object, operands: list, results: list) -> object:
        def apply(p: BlockPointer, value: np.ndarray, *offsets: np.ndarray) -> None:
            _store_block(p.at(_ints(offsets)), value.reshape(p.block.shape), range(len(p.shape)))

        return apply

    def tt_descriptor_reduce(self, op: object, operands: list, results: list) -> object:
        how, kind = op.get_str_attr("kind"), operands[1]
        signed = operands[0].text.find("xsi") >= 0 or kind.is_float
        if how == "add" and kind.is_float:
            how = "fadd"
        elif how in ("min", "max") and not signed:
            how = "u" + how
        combine = _atomic_combine(how, kind.elem)

        def apply(p: BlockPointer, value: np.ndarray, *offsets: np.ndarray) -> None:
            address, inside = p.at(_ints(offsets)).place(range(len(p.shape)))
            _atomic(address, inside, value.reshape(address.shape), p.block, combine)

        return apply

    def _rows(self, p: BlockPointer, x: np.ndarray, y: np.ndarray, columns: int) -> tuple:
        column = int(y) + np.arange(columns)
        address = p.base + (x[:, None].astype(np.int64) * p.strides[0] + column * p.strides[1]) * p.block.size
        inside = (x[:, None] >= 0) & (x[:, None] < p.shape[0]) & (column >= 0) & (column < p.shape[1])
        return address, inside

    def tt_descriptor_gather(self, op: object, operands: list, results: list) -> object:
        columns, kind = results[0].shape[1], type_of(results[0].elem)

        def apply(p: BlockPointer, x: np.ndarray, y: np.ndarray) -> np.ndarray:
            return load(*self._rows(p, x, y, columns), _outside(kind, p.padding == "nan"), kind)

        return apply

    def tt_descriptor_scatter(self, op: object, operands: list, results: list) -> object:
        columns, kind = operands[3].shape[1], type_of(operands[3].elem)

        def apply(p: BlockPointer, x: np.ndarray, y: np.ndarray, value: np.ndarray) -> None:
            address, inside = self._rows(p, x, y, columns)
            store(address, value, inside, kind)

        return apply

    # whole tensors

    def tt_dot(self, op: object, operands: list, results: list) -> object:
        precision = op.get_str_attr("inputPrecision") or "ieee"
        return lambda a, b, c: _dot(a, b, c, results[0], precision, operands[0])

    def tt_reduce(self, op: object, operands: list, results: list) -> object:
        combine, axis = self.module.combination(op), op.get_int_attr("axis")
        return lambda *sources: tuple(reduce_values(list(sources), axis, combine))

    def tt_scan(self, op: object, operands: list, results: list) -> object:
        combine, axis, reverse = self.module.combination(op), op.get_int_attr("axis"), op.get_bool_attr("reverse")
        return lambda *sources: tuple(scan_values(list(sources), axis, bool(reverse), combine))

    def tt_map_elementwise(self, op: object, operands: list, results: list) -> object:
        block = self.module.block(op.get_region(0).get_block(0))
        pack = op.get_int_attr("pack") or 1

        def apply(*sources: np.ndarray) -> tuple:
            shape = sources[0].shape
            groups = [x.reshape(-1, pack) for x in sources]
            outputs = [np.empty(groups[0].shape, storage_of(t.elem)) for t in results]
            for i in range(len(groups[0])):
                items = block([x for group in groups for x in group[i]])
                for k, output in enumerate(outputs):
                    output[i] = items[k * pack : (k + 1) * pack]
            return tuple([x.reshape(shape) for x in outputs])

        return apply

    def tt_histogram(self, op: object, operands: list, results: list) -> object:
        bins = results[0].shape[0]
        return lambda x, mask=None: _histogram(x, mask, bins)

    def tt_gather(self, op: object, operands: list, results: list) -> object:
        axis, n = op.get_int_attr("axis"), operands[0].shape[op.get_int_attr("axis")]
        return lambda x, index: np.take_along_axis(x, index.astype(np.int64) % n, axis)

    # debugging

    def tt_print(self, op: object, operands: list, results: list) -> object:
        prefix = op.get_str_attr("prefix") or ""
        return lambda *values: print(f"pid {state.program}{prefix}", *values)

    def tt_assert(self, op: object, operands: list, results: list) -> object:
        message = op.get_str_attr("message") or ""

        def apply(condition: np.ndarray) -> None:
            if not np.all(condition):
                raise DeviceAssertion(message)

        return apply

    def gpu_barrier(self, op: object, operands: list, results: list) -> object:
        return lambda *operands: None

    llvm_intr_assume = gpu_barrier
    tt_grid_dependency_wait = gpu_barrier
    tt_grid_dependency_launch_dependents = gpu_barrier

    # calls and control flow

    def tt_call(self, op: object, operands: list, results: list) -> object:
        callee = self.module.function(op.get_flat_symbol_ref_attr("callee"))
        return lambda *values: tuple(callee(values))

    def scf_if(self, op: object, operands: list, results: list) -> object:
        then = self.module.block(op.get_region(0).get_block(0), True)
        other = op.get_region(1)
        other = self.module.block(other.get_block(0), True) if other.size() else None

        def apply(environment: dict, condition: np.ndarray) -> tuple:
            branch = then if condition else other
            return tuple(branch([], environment)) if branch else ()

        return apply

    def scf_for(self, op: object, operands: list, results: list) -> object:
        body = self.module.block(op.get_region(0).get_block(0), True)

        def apply(environment: dict, low: np.ndarray, high: np.ndarray, step: np.ndarray, *carried: object) -> tuple:
            for i in range(int(low), int(high), int(step)):
                carried = tuple(body([low.dtype.type(i).reshape(()), *carried], environment))
            return carried

        return apply

    def scf_while(self, op: object, operands: list, results: list) -> object:
        before = self.module.block(op.get_region(0).get_block(0), True)
        after = self.module.block(op.get_region(1).get_block(0), True)

        def apply(environment: dict, *carried: object) -> tuple:
            while True:
                goes_on, *carried = before(list(carried), environment)
                if not goes_on:
                    return tuple(carried)
                carried = after(carried, environment)

        return apply


_NESTED = ("scf.if", "scf.for", "scf.while")
_ENDS = ("tt.return", "scf.yield", "scf.condition", "tt.reduce.return", "tt.scan.return", "tt.map_elementwise.return")


class Module:
    """A module of the IR that can be evaluated.

    Parameters
    ----------
    text : str
        The IR.
    through : callable, optional
        What makes of (op, its name, types of operands and results, the function that evaluates it) another function to
        evaluate it: outside of what reductions and scans combine with.
    """

    def __init__(self, text: str, through: object = None) -> None:
        self.through = through
        self.ir = _C.parse_ir(text, "<interpreter>")
        self.maker = _Maker(self)
        self.functions: dict = {}
        self.types: dict = {}  # of values, by their ids

    def entry(self) -> object:
        return self.function(self.ir.get_entry_func_name())

    def function(self, name: str) -> object:
        found = self.functions.get(name)
        if found is None:
            op = self.ir.get_function(name)
            found = self.functions[name] = self.block(op.get_region(0).get_block(0), through=self.through)
        return found

    def block(self, block: object, is_nested: bool = False, through: object = None) -> object:
        """A function of the block's arguments (and of the values around it) that gives what its last op has."""
        arguments = [self._defined(block.get_argument(i)) for i in range(block.get_num_arguments())]
        types, steps, last = self.types, [], []
        for op in block.ops():
            name = op.get_name()
            ids = [op.get_operand(i).id() for i in range(op.get_num_operands())]
            if name in _ENDS:
                last = ids
                break
            results = [self._defined(op.get_result(i)) for i in range(op.get_num_results())]
            kinds = [types[i] for i in ids], [types[i] for i in results]
            function = self.maker.make(op, name, *kinds)
            if through is not None:
                function = through(op, name, *kinds, function)
            steps.append((function, ids, results, name in _NESTED))

        def evaluate(values: list, around: dict | None = None) -> list:
            environment = around if around is not None else {}
            environment.update(zip(arguments, values, strict=True))
            for function, ids, results, nested in steps:
                operands = [environment[i] for i in ids]
                value = function(environment, *operands) if nested else function(*operands)
                if not results:
                    continue
                if isinstance(value, tuple):
                    environment.update(zip(results, value, strict=True))
                else:
                    environment[results[0]] = (
                        value if isinstance(value, (np.ndarray, BlockPointer)) else np.asarray(value)
                    )
            return [environment[i] for i in last]

        return evaluate

    def _defined(self, value: object) -> int:
        """A value's id, its type noted."""
        found = value.id()
        self.types[found] = type_of(str(value.get_type()))
        return found

    def combination(self, op: object) -> object:
        """The region of a reduction or scan as a function of two lists of arrays."""
        block = op.get_region(0).get_block(0)
        evaluate = self.block(block)
        if not self._branches(block):
            return lambda a, b: evaluate([*a, *b])

        def one_by_one(a: list, b: list) -> list:
            results = [np.empty_like(x) for x in a]
            for at in np.ndindex(a[0].shape):
                for result, x in zip(results, evaluate([np.asarray(x[at]) for x in (*a, *b)]), strict=True):
                    result[at] = x
            return results

        return one_by_one

    def _branches(self, block: object) -> bool:
        for op in block.ops():
            if op.get_name() in _NESTED:
                return True
            if op.get_name() == "tt.call":
                callee = self.ir.get_function(op.get_flat_symbol_ref_attr("callee"))
                if self._branches(callee.get_region(0).get_block(0)):
                    return True
        return False
