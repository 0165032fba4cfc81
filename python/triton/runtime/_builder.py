"""The interpreter's builder: an operation of a running kernel, as a method that programs may replace.

Tracers of kernels (triton-viz) put functions of their own in place of the builder's methods: a load then goes through
`interpreter_builder.create_masked_load`, if somebody replaced it. What an operation computes is known where the IR is
evaluated (_evaluate.py); a method takes that from there, so that a replacement may look at the operands, change them,
call the original or give a result of its own. Without a replacement nothing goes this way.

A method has the parameters of the reference's. Values of bf16 and the 8-bit formats are float32 in `TensorHandle.data`.
"""

from __future__ import annotations

import types

import numpy as np

from ..language import core as _core
from . import _evaluate, _memory
from .errors import InterpreterError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

IR_NAMES = {"fp8e4nv": "f8E4M3FN", "fp8e5": "f8E5M2", "fp8e4b8": "f8E4M3FNUZ", "fp8e5b16": "f8E5M2FNUZ",
            "fp16": "f16", "bf16": "bf16", "fp32": "f32", "fp64": "f64"}  # fmt: skip
_NAMES = {ir: name for name, ir in IR_NAMES.items()}


class TensorHandle:
    """The values of a tensor.

    Parameters
    ----------
    data : numpy.ndarray
        The values: bf16 and 8-bit formats as float32, pointers as int64 addresses.
    dtype : dtype
        The type of an element.
    attr : dict, optional
        What `tl.multiple_of` and its like said.
    """

    __slots__ = ("attr", "data", "dtype")

    def __init__(self, data: np.ndarray, dtype: object, attr: dict | None = None) -> None:
        self.data = data
        self.dtype = dtype
        self.attr: dict = {} if attr is None else attr

    def __bool__(self) -> bool:
        return bool(self.data.all())

    def get_element_ty(self) -> object:
        return self.dtype.element_ty if self.dtype.is_ptr() else self.dtype

    def clone(self) -> TensorHandle:
        return TensorHandle(self.data.copy(), self.dtype, dict(self.attr))

    def set_attr(self, key: str, value: object) -> None:
        self.attr[key] = value


def _dtype(kind: _memory.Type) -> object:
    """The language's name of an element's type; the IR has integers without a sign."""
    if kind.elem in ("ptr", "desc"):
        return _core.pointer_type(_dtype(kind.pointee))
    return _core.dtype_from_text(_NAMES.get(kind.elem, kind.elem))


def _full_type(kind: _memory.Type) -> object:
    return _core.block_type(_dtype(kind), list(kind.shape)) if kind.shape else _dtype(kind)


def _handles(values: object) -> Iterator:
    for value in values:
        if isinstance(value, TensorHandle):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _handles(value)


# ---- which method an op is -------------------------------------------------------------------------------------------

_BINARY = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "rem": np.fmod, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "shl": np.left_shift, "shr": np.right_shift, "max": np.maximum,
    "min": np.minimum, "precise_div": np.divide,
}  # fmt: skip
_UNARY = {
    "sqrt": np.sqrt, "precise_sqrt": np.sqrt, "floor": np.floor, "ceil": np.ceil, "exp": np.exp, "exp2": np.exp2,
    "log": np.log, "log2": np.log2, "sin": np.sin, "cos": np.cos, "neg": np.negative,
}  # fmt: skip
_COMPARE = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater,
            "ge": np.greater_equal}  # fmt: skip
_CASTS = ("extsi", "extui", "trunci", "extf", "truncf", "sitofp", "uitofp", "fptosi", "fptoui")


def _access(op: object, operands: list, handles: list) -> tuple:
    is_load, is_block = op.get_name() == "tt.load", bool(operands[0].pointee.shape)
    hints = ["", ""]  # a cache modifier, an eviction policy
    what = "load" if is_load else "store"
    values = handles[: 1 if is_load else 2]
    rest = handles[len(values) :]
    volatile = [bool(op.get_bool_attr("isVolatile"))] if is_load else []
    if is_block:
        checked, padding = _evaluate.boundary_of(op)
        return f"create_tensor_pointer_{what}", [*values, checked, *[padding][: len(volatile)], *hints, *volatile]
    if not rest:
        return f"create_{what}", [*values, *hints, *volatile]
    other = [rest[1] if len(rest) > 1 else None] if is_load else []
    return f"create_masked_{what}", [*values, rest[0], *other, *hints, *volatile]


def _parts(handles: list, n: int) -> list:
    return [handles[i : i + len(handles) // n] for i in range(0, len(handles), len(handles) // n)] if n else []


_ROWS = {  # the method, and its arguments from: op, types of operands and of the result, handles
    "tt.get_program_id": lambda op, i, r, h: ("create_get_program_id", [op.get_int_attr("axis")]),
    "tt.get_num_programs": lambda op, i, r, h: ("create_get_num_programs", [op.get_int_attr("axis")]),
    "tt.load": lambda op, i, r, h: _access(op, i, h),
    "tt.store": lambda op, i, r, h: _access(op, i, h),
    "tt.dot": lambda op, i, r, h: ("create_dot", [*h, op.get_str_attr("inputPrecision"), 0]),
    "tt.make_range": lambda op, i, r, h: (
        "create_make_range", [_full_type(r), op.get_int_attr("start"), op.get_int_attr("end")]),
    "tt.addptr": lambda op, i, r, h: ("create_addptr", h),
    "tt.expand_dims": lambda op, i, r, h: ("create_expand_dims", [*h, op.get_int_attr("axis")]),
    "tt.broadcast": lambda op, i, r, h: ("create_broadcast", [*h, list(r.shape)]),
    "tt.splat": lambda op, i, r, h: ("create_splat", [_full_type(r), *h]),
    "tt.unsplat": lambda op, i, r, h: ("create_unsplat", h),
    "tt.reshape": lambda op, i, r, h: ("create_reshape", [*h, list(r.shape), bool(op.get_bool_attr("allow_reorder"))]),
    "tt.trans": lambda op, i, r, h: ("create_trans", [*h, _evaluate.array_of(op, "order")]),
    "tt.join": lambda op, i, r, h: ("create_join", h),
    "tt.split": lambda op, i, r, h: ("create_split", h),
    "tt.atomic_cas": lambda op, i, r, h: ("create_atomic_cas", [*h, "acq_rel", "gpu"]),
    "tt.atomic_rmw": lambda op, i, r, h: (
        "create_atomic_rmw",
        [op.get_str_attr("atomic_rmw_op"), *h, *[_always(h[0])][len(h) - 2 :], "acq_rel", "gpu"]),
    "tt.make_tensor_ptr": lambda op, i, r, h: (
        "create_make_block_ptr", [h[0], *_parts(h[1:], 3), list(r.pointee.shape), []]),
    "tt.advance": lambda op, i, r, h: ("create_advance", [h[0], h[1:]]),
    "tt.mulhiui": lambda op, i, r, h: ("create_umulhi", h),
    "tt.fp_to_fp": lambda op, i, r, h: ("create_fp_to_fp", [*h, _full_type(r), op.get_str_attr("rounding")]),
    "tt.bitcast": lambda op, i, r, h: ("create_bitcast", [*h, _full_type(r)]),
    "arith.bitcast": lambda op, i, r, h: ("create_bitcast", [*h, _full_type(r)]),
    "tt.ptr_to_int": lambda op, i, r, h: ("create_ptr_to_int", [*h, _full_type(r)]),
    "tt.int_to_ptr": lambda op, i, r, h: ("create_int_to_ptr", [*h, _full_type(r)]),
    "arith.divsi": lambda op, i, r, h: ("create_idiv", h),
    "arith.divui": lambda op, i, r, h: ("create_idiv", h),
    "arith.shrsi": lambda op, i, r, h: ("create_ashr", h),
    "arith.select": lambda op, i, r, h: ("ternary_op", [*h, np.where]),
    "math.fma": lambda op, i, r, h: ("create_fma", h),
    "math.absf": lambda op, i, r, h: ("create_fabs", h),
    "math.rsqrt": lambda op, i, r, h: ("create_rsqrt", h),
}  # fmt: skip


def _always(like: TensorHandle) -> TensorHandle:
    return TensorHandle(np.ones(np.shape(like.data), np.bool_), _core.int1)


def _row(op: object, name: str) -> Callable | None:
    """How the op is called by its method, or None: it has none."""
    if name in _ROWS:
        return _ROWS[name]
    word = name.rpartition(".")[2]
    if word in _CASTS:
        return lambda op, i, r, h: ("cast_impl", [*h, _full_type(r)])
    if word in ("cmpi", "cmpf"):
        predicate = op.get_str_attr("predicate")
        function = _COMPARE.get(predicate if predicate in _COMPARE else predicate[1:])
        return function and (lambda op, i, r, h: ("binary_op", [*h, function]))
    if word in _UNARY:
        return lambda op, i, r, h: ("unary_op", [*h, _UNARY[word]])
    base = next((b for b in sorted(_BINARY, key=len, reverse=True) if word.startswith(b)), None)
    if base is None or name.partition(".")[0] not in ("arith", "tt") or op.get_num_operands() != 2:
        return None
    return lambda op, i, r, h: ("binary_op", [*h, _BINARY[base]])


def through(op: object, name: str, operands: list, results: list, function: Callable) -> Callable:
    """The function that evaluates an op, by way of the builder's method for it where that is replaced."""
    row = _row(op, name)
    if row is None:
        return function
    if name == "tt.get_program_id":  # where a launch is may be kept by others, too
        axis = op.get_int_attr("axis")
        function = lambda: np.array(interpreter_builder.grid_idx[axis], np.int32)  # noqa: E731
    dtypes, result = [_dtype(kind) for kind in operands], results[0] if results else None

    def apply(*values: object) -> object:
        if not interpreter_builder.is_replaced():
            return function(*values)
        handles = [TensorHandle(value, dtype) for value, dtype in zip(values, dtypes, strict=True)]
        method, args = row(op, operands, result, handles)
        found = getattr(interpreter_builder, method)
        before, interpreter_builder._now = interpreter_builder._now, (function, result and _dtype(result))
        try:
            made = found(*args)
        finally:
            interpreter_builder._now = before
        if isinstance(made, tuple):
            return tuple(_values(x, method) for x in made)
        return None if not results else _values(made, method)

    return apply


def _values(made: object, method: str) -> object:
    if isinstance(made, TensorHandle):
        return made.data
    raise InterpreterError(
        f"the function in place of interpreter_builder.{method} gave {type(made).__name__}, not a TensorHandle: values "
        "that are computed later (symbolic ones, as triton-viz's sanitizer has) cannot go through operations here, "
        "which are the compiler's own over NumPy; for accesses out of bounds and races use debug=True"
    )


# ---- the builder -----------------------------------------------------------------------------------------------------


class InterpreterOptions:
    """Options of a launch, as attributes."""

    def __init__(self) -> None:
        self.num_warps, self.num_stages, self.num_ctas = 4, 1, 1
        self.debug, self.sanitize_overflow, self.backend_name = False, False, "interpreter"
        self.extern_libs: dict | None = None


class InterpreterBuilder:
    """Where a launch is, and the operations of a running kernel, each a method that may be replaced on the object."""

    def __init__(self) -> None:
        self.options = InterpreterOptions()
        self.arch = None
        self.codegen_fns: dict = {}
        self._now: tuple | None = None

    def is_replaced(self) -> bool:
        """Is one of the operations not the class's own?"""
        return any(
            name in _METHODS and not (isinstance(value, types.MethodType) and value.__func__ is _METHODS[name])
            for name, value in vars(self).items()
        )

    def set_grid_idx(self, x: int, y: int, z: int) -> None:
        _memory.state.program = (x, y, z)

    def set_grid_dim(self, nx: int, ny: int, nz: int) -> None:
        _memory.state.grid = (nx, ny, nz)

    @property
    def grid_idx(self) -> tuple:
        return _memory.state.program

    @property
    def grid_dim(self) -> tuple:
        return _memory.state.grid

    def _evaluated(self, args: tuple) -> object:
        """The operation at hand, of these operands."""
        if self._now is None:
            raise RuntimeError(
                "an operation of the interpreter's builder is called while a kernel runs it, not by itself"
            )
        function, dtype = self._now
        made = function(*[handle.data for handle in _handles(args)])
        if isinstance(made, tuple):
            return tuple(TensorHandle(x, dtype) for x in made)
        return None if dtype is None else TensorHandle(made, dtype)

    def create_load(self, ptr: TensorHandle, *hints: object) -> object:
        """A load without a mask is one whose mask is true."""
        return self.create_masked_load(ptr, _always(ptr), None, *hints)

    def create_store(self, ptr: TensorHandle, val: TensorHandle, *hints: object) -> object:
        return self.create_masked_store(ptr, val, _always(ptr), *hints)


def _method(name: str) -> Callable:
    def method(self: InterpreterBuilder, *args: object) -> object:
        return self._evaluated(args)

    method.__name__ = name
    return method


for _name in ("create_get_program_id", "create_get_num_programs", "create_masked_load", "create_masked_store",
              "create_tensor_pointer_load", "create_tensor_pointer_store", "create_dot", "create_make_range",
              "create_addptr", "create_expand_dims", "create_broadcast", "create_splat", "create_unsplat",
              "create_reshape", "create_trans", "create_join", "create_split", "create_atomic_cas",
              "create_atomic_rmw", "create_make_block_ptr", "create_advance", "create_umulhi", "create_fp_to_fp",
              "create_bitcast", "create_ptr_to_int", "create_int_to_ptr", "create_idiv", "create_ashr", "ternary_op",
              "binary_op", "unary_op", "cast_impl", "create_fma", "create_fabs", "create_rsqrt"):  # fmt: skip
    setattr(InterpreterBuilder, _name, _method(_name))
_METHODS = {name: value for name, value in vars(InterpreterBuilder).items() if name.startswith("create_") or
            name in ("binary_op", "unary_op", "ternary_op", "cast_impl")}  # fmt: skip
interpreter_builder = InterpreterBuilder()


# ---- what patching and launching need --------------------------------------------------------------------------------


_NOTHING = object()


class _LangPatchScope:
    """Attributes that were changed, and what they were."""

    def __init__(self) -> None:
        self._changes: list = []

    def set_attr(self, obj: object, name: str, value: object) -> None:
        self._changes.append((obj, name, getattr(obj, name, _NOTHING)))
        setattr(obj, name, value)

    def restore(self) -> None:
        while self._changes:
            obj, name, value = self._changes.pop()
            if value is _NOTHING:
                delattr(obj, name)
            else:
                setattr(obj, name, value)


def _tuple_create(like: tuple, contents: object) -> tuple:
    """A tuple of these items, named as `like` is."""
    return type(like)(*contents) if hasattr(like, "_fields") else tuple(contents)


def _unwrap_tensor(value: object) -> object:
    """The tensor behind one of another type (triton.reinterpret)."""
    return value.base if type(value).__name__ == "TensorWrapper" else value


def _rewrap_tensor(value: object, original_tensor: object) -> object:
    """The contrary: a tensor in the type that `original_tensor` gives its own."""
    wrapped = type(original_tensor).__name__ == "TensorWrapper"
    return type(original_tensor)(value, original_tensor.dtype) if wrapped else value


def _get_np_dtype(tt_dtype: object) -> np.dtype:
    """The type of NumPy's that elements have in `TensorHandle.data`."""
    kind = tt_dtype.scalar
    if kind.is_ptr():
        return np.dtype(np.int64)
    text = IR_NAMES.get(kind.name, "i" + str(kind.primitive_bitwidth))
    return np.dtype(_memory.storage_of(text))


def _get_signed_np_dtype(dtype: np.dtype) -> np.dtype:
    """An integer type with a sign."""
    return np.dtype(f"i{dtype.itemsize}") if np.dtype(dtype).kind == "u" else np.dtype(dtype)
