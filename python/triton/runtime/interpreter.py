"""Kernels run by Python itself: what `@triton.jit` makes under TRITON_INTERPRET=1.

A kernel's body is ordinary Python, so breakpoint(), print and pdb work in it. What its operations mean is not written
down here a second time: an operation on tensors (`a + b`, `tl.load(p, mask)`, `x.sum(0)`) is given to the compiler's
front end as a function of one expression, for the types and constants at hand; the Triton IR that comes back is kept,
and evaluated over NumPy (_evaluate.py). So promotion, broadcasting, the library written in Triton and every refusal
are the compiler's own, while statements, calls and control flow are Python's, and no pass or back end has a part.

The body is Python's own but for what the language means differently, which _rewrite.py changes in its syntax tree
(lines stay what they are): a number that is assigned becomes a tensor, `and`, `or` and `not` are tensors' own, and a
few built-in functions know tensors. Programs of the grid run one after the other, the first dimension fastest.
"""

from __future__ import annotations

import ast
import builtins
import ctypes
import threading
import types

import numpy as np

from .._C import libtriton as _C
from ..errors import unknown_keyword
from ..language import core as _core
from . import _evaluate, _memory
from ._builder import (
    IR_NAMES,
    InterpreterBuilder,
    InterpreterOptions,
    TensorHandle,
    _get_np_dtype,
    _get_signed_np_dtype,
    _LangPatchScope,
    _rewrap_tensor,
    _tuple_create,
    _unwrap_tensor,
    interpreter_builder,
    through,
)
from ._rewrite import ASTTransformer, FunctionRewriter
from .errors import InterpreterError
from .jit import JITFunction, KernelInterface

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["ASTTransformer", "FunctionRewriter", "GridExecutor", "InterpretedFunction", "InterpreterBuilder",
           "InterpreterError", "InterpreterOptions", "TensorHandle", "_LangPatchScope", "_get_np_dtype",
           "_get_signed_np_dtype", "_implicit_cvt", "_patch_builtin", "_patch_lang", "_rewrap_tensor",
           "_tuple_create", "_unwrap_tensor", "interpreter_builder", "interpreter_semantic"]  # fmt: skip

RESERVED_KWS = ["num_warps", "num_stages", "num_ctas", "enable_fp_fusion", "grid", "maxnreg"]


# ---- values ----------------------------------------------------------------------------------------------------------


class _Sequence(builtins.tuple):
    """A tuple (a shape, what an operation gives) that equals a list of the same values, as in compiled kernels."""

    def __eq__(self, other: object) -> bool:
        return builtins.tuple(self) == (builtins.tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = builtins.tuple.__hash__


class Tensor(_core.tensor):
    """A tensor while a kernel is interpreted.

    Attributes
    ----------
    handle : TensorHandle
        Its values.
    type, dtype : dtype
        What it is, and what an element is.
    """

    def __repr__(self) -> str:
        data = self.handle.data
        if self.dtype.is_ptr() and not isinstance(data, _evaluate.BlockPointer):
            data = np.vectorize(hex, otypes=[object])(data)
        return f"{self.type}({data})"

    __str__ = __repr__

    @property
    def shape(self) -> _Sequence:
        return _Sequence(self.type.shape if self.type.is_block() else ())

    @property
    def numel(self) -> int:
        return self.type.numel if self.type.is_block() else 1

    @property
    def data(self) -> np.ndarray:
        return self.handle.data

    @property
    def T(self) -> Tensor:
        return _run("a0.T", [self])

    def _one(self) -> object:
        data = np.asarray(self.handle.data)
        if data.size != 1:
            raise InterpreterError(f"one value is needed here, not a tensor of {self.type}")
        return data.reshape(-1)[0]

    def __bool__(self) -> bool:
        return bool(self._one())

    def __index__(self) -> int:
        value = int(self._one())
        return value % 2**self.dtype.int_bitwidth if self.dtype.is_int_unsigned() else value

    __int__ = __index__

    def __float__(self) -> float:
        return float(self._one()) if self.dtype.is_floating() else float(self.__index__())

    def __hash__(self) -> int:
        return id(self)

    def __getitem__(self, index: object) -> object:
        items = index if isinstance(index, builtins.tuple) else (index,)
        texts = []
        for item in items:
            if isinstance(item, builtins.slice) and item == builtins.slice(None):
                texts.append(":")
            elif item is None or item is Ellipsis:
                texts.append("None" if item is None else "...")
            else:
                return _run("a0[a1]", [self, index])
        return _run(f"a0[{', '.join(texts)}{',' if isinstance(index, builtins.tuple) else ''}]", [self])

    def __getattr__(self, name: str) -> Callable:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: _call(f"a0.{name}", [self, *args], kwargs, {})


def _add_operators() -> None:
    binary = {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "**", "and": "&",
              "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>", "matmul": "@"}  # fmt: skip
    for name, sign in binary.items():
        setattr(Tensor, f"__{name}__", _operator(f"a0 {sign} a1", False))
        setattr(Tensor, f"__r{name}__", _operator(f"a0 {sign} a1", True))
    for name, sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}.items():
        setattr(Tensor, f"__{name}__", _operator(f"a0 {sign} a1", False))
    for name, text in {"neg": "-a0", "pos": "+a0", "invert": "~a0", "abs": "abs(a0)"}.items():
        setattr(Tensor, f"__{name}__", lambda self, text=text: _run(text, [self]))


def _operator(text: str, swapped: bool) -> Callable:
    def apply(self: Tensor, other: object) -> object:
        if isinstance(other, (Tensor, _core.constexpr, int, float)) or other is None:
            return _run(text, [other, self] if swapped else [self, other])
        return NotImplemented

    return apply


_add_operators()


class Descriptor(_core.tensor_descriptor):
    """A tensor descriptor while a kernel is interpreted."""

    def __getattr__(self, name: str) -> object:
        if name in ("load", "store", "gather", "scatter") or name.startswith("atomic_"):
            return lambda *args, **kwargs: _call(f"a0.{name}", [self, *args], kwargs, {})
        if name.startswith("__"):
            raise AttributeError(name)
        return _run(f"a0.{name}", [self])

    def __repr__(self) -> str:
        return f"{self.text}(shape={list(self.parts[0])}, strides={list(self.parts[1])})"


def _bind_methods(cls: type) -> None:
    """What the language's class shows of its methods is for readers; here they are called."""
    for name in vars(cls.__base__):
        if not name.startswith("__") and name not in vars(cls):
            setattr(cls, name, property(lambda self, name=name: type(self).__getattr__(self, name)))


_bind_methods(Tensor)
_bind_methods(Descriptor)


def _new(cls: type, **facts: object) -> object:
    """An object of one of the language's classes, which cannot be called outside of kernels."""
    made = cls.__new__(cls)
    made.__dict__.update(facts)
    return made


def _tensor(data: object, kind: object) -> Tensor:
    scalar = kind.scalar if kind.is_block() else kind
    is_block_pointer = scalar.is_ptr() and scalar.element_ty.is_block()
    text = kind.name if kind.is_block() or is_block_pointer else scalar._signature_text()
    return _new(Tensor, handle=TensorHandle(data, scalar), type=kind, dtype=scalar, text=text)


def _descriptor(text: str, handle: object, shape: builtins.tuple, strides: builtins.tuple) -> Descriptor:
    shape = [n if isinstance(n, Tensor) else _tensor(np.array(n, np.int32), _core.int32) for n in shape]
    strides = [n if isinstance(n, Tensor) else _tensor(np.array(n, np.int64), _core.int64) for n in strides]
    return _new(Descriptor, text=text, block=handle, parts=(shape, strides))


# ---- one operation ---------------------------------------------------------------------------------------------------


def _named_fields(value: object) -> list:
    return list(getattr(value, "_fields", None) or [None] * len(value))


def _holds_tensor(value: object) -> bool:
    if isinstance(value, (Tensor, Descriptor)):
        return True
    return isinstance(value, (builtins.tuple, list)) and any(map(_holds_tensor, value))


def _plain(value: object) -> object:
    """A compile-time value as the front end takes it."""
    if isinstance(value, _core.constexpr):
        return value.value
    if isinstance(value, InterpretedFunction):
        return value.jit
    if isinstance(value, (builtins.tuple, list)) and not hasattr(value, "_fields"):
        return type(value)(map(_plain, value))
    if isinstance(value, np.generic):
        return value.item()
    return value


def _describe(name: object, value: object, data: list) -> builtins.tuple:
    """(name, type, constant, divisibility) of an argument, and into `data` what is evaluated."""
    if isinstance(value, Tensor):
        data.append(value.handle.data)
        return name, value.text, None, 0
    if isinstance(value, Descriptor):
        data += [value.block, *[x.handle.data for x in (*value.parts[0], *value.parts[1])]]
        return name, value.text, None, 0
    if _holds_tensor(value):
        fields = zip(_named_fields(value), value, strict=True)
        return name, builtins.tuple([_describe(field, item, data) for field, item in fields]), None, 0
    return name, "constexpr", _plain(value), 0


def _key(described: object) -> object:
    """What of a description tells one compile from another."""
    _, kind, constant, _ = described
    if isinstance(kind, builtins.tuple):
        return builtins.tuple([(item[0], _key(item)) for item in kind])
    if kind != "constexpr":
        return kind
    return (type(constant), repr(constant) if isinstance(constant, (float, list, builtins.tuple)) else constant)


_known: dict = {}


class _Operation:
    """An expression compiled for types of arguments: `evaluate` and the shape of what it gives."""

    def __init__(self, expression: str, described: builtins.tuple, names: dict) -> None:
        parameters = ", ".join([item[0] for item in described])
        source = f"def operation({parameters}):\n    return {expression}\n"
        scope = {"tl": _language(), **names}
        exec(source, scope)  # the text is this module's own; its names are those of parameters
        function = JITFunction(scope["operation"])
        function._src = function._whole = source
        function.raw_src, function.starting_line_number = source.splitlines(True), 1
        options = {"no_locations": True, "sanitize_overflow": False}
        kernel = _C.compile(function, None, None, described, "cpu", options, "front")
        module = _evaluate.Module(kernel._image._stage("front"), through)
        entry = module.ir.get_function(module.ir.get_entry_func_name())
        self.result = ast.literal_eval(entry.get_str_attr("tl.result"))
        self.evaluate = module.entry()


def _language() -> types.ModuleType:
    from .. import language

    return language


def _result(shape: builtins.tuple, values: Iterator, constants: object = None) -> object:
    """What an operation gave, as Python's or this module's objects."""
    kind = shape[0]
    if kind == "tensor":
        data = next(values)
        return _tensor(data, _core.dtype_from_text(shape[1]))
    if kind == "dtype":
        return _core.dtype_from_text(shape[1])
    if kind == "const":
        return shape[1]
    if kind == "float":
        return float(shape[1])
    if kind in ("tuple", "list"):
        items = [_result(item, values) for item in shape[1]]
        return _Sequence(items) if kind == "tuple" else items
    if kind == "descriptor":
        block = next(values)
        return _descriptor(shape[1], block, *[_result(item, values) for item in shape[2][1:]])
    raise InterpreterError(f"the interpreter has no object for {shape[1]}")


def _message(error: Exception) -> str:
    """What a compile error says, without the place in the expression, which is not the user's text."""
    lines = str(error).splitlines()
    first = lines[0].partition("error: ")[2] or lines[0]
    return "\n".join([first, *[line for line in lines[1:] if line.startswith("hint")]])


def _run(expression: str, args: list, names: dict | None = None, key: object = None) -> object:
    """Evaluate an expression of a0, a1, ...; `names` are other names in it, identified by `key`."""
    data: list = []
    described = builtins.tuple([_describe(f"a{i}", value, data) for i, value in enumerate(args)])
    known_as = (expression, key, *map(_key, described))
    try:
        operation = _known.get(known_as)
    except TypeError:  # a constant that has no hash
        known_as, operation = None, None
    if operation is None:
        from ..compiler.errors import CompilationError

        try:
            operation = _Operation(expression, described, names or {})
        except CompilationError as error:
            raise InterpreterError(_message(error)) from None
        if known_as is not None:
            _known[known_as] = operation
    with np.errstate(all="ignore"):
        values = operation.evaluate(data)
    return _result(operation.result, iter(values))


def _call(callee: str, args: list, kwargs: dict, names: dict, key: object = None) -> object:
    """Call by name with arguments; a callee of the form a0.name takes the first as itself."""
    first = 1 if callee.startswith("a0.") else 0
    texts = [f"a{i}" for i in range(first, len(args))]
    texts += [f"{name}=a{len(args) + i}" for i, name in enumerate(kwargs)]
    return _run(f"{callee}({', '.join(texts)})", [*args, *kwargs.values()], names, key)


# ---- the language's functions that are not operations ----------------------------------------------------------------


def _shown(value: object, kind: object, hex: bool) -> str:
    if kind.is_ptr():
        return f"{int(value):#x}"
    if kind.is_floating() and not hex:
        return f"{float(value):f}"
    value = int(value)
    if hex:
        return f"0x{value % 2**kind.primitive_bitwidth:0{kind.primitive_bitwidth // 4}x}"
    return str(value % 2**kind.int_bitwidth if kind.is_int_unsigned() else value)


def _print_device(prefix: object, *values: object, hex: bool = False) -> None:
    """A line per element, as compiled kernels print."""
    where, text = f"pid {_memory.state.program}", _plain(prefix).strip().removesuffix(":")
    if not values:
        print(where, text)
    for k, value in enumerate(values):
        value = value if isinstance(value, Tensor) else _run("tl.to_tensor(a0)", [value])
        operand = f"(operand {k}) " if len(values) > 1 else ""
        data = np.asarray(value.handle.data)
        for at in np.ndindex(data.shape):
            index = ", ".join([f"{i:{len(str(n - 1))}}" for i, n in zip(at, data.shape, strict=True)])
            print(f"{where} idx ({index}){' ' * bool(text)}{text}: {operand}{_shown(data[at], value.dtype, hex)}")


def _print_static(*values: object, sep: str = " ", end: str = "\n", file: object = None, flush: bool = False) -> None:
    print(*map(_plain, values), sep=_plain(sep), end=_plain(end), file=file, flush=flush)


def _assert_device(cond: object, msg: object = "", mask: object = None) -> None:
    good = np.asarray(cond.handle.data if isinstance(cond, Tensor) else bool(_plain(cond))).astype(bool)
    if mask is not None:
        good = good | ~np.asarray(mask.handle.data if isinstance(mask, Tensor) else bool(_plain(mask)))
    if not good.all():
        raise _memory.DeviceAssertion(_plain(msg))


def _combination(fn: Callable) -> Callable:
    """A function of Python's as one on lists of arrays."""

    def combine(kinds: list, a: list, b: list) -> list:
        tensors = [_of_shape(x, kind) for x, kind in zip([*a, *b], [*kinds, *kinds], strict=True)]
        given = fn(*tensors)
        given = given if isinstance(given, builtins.tuple) else (given,)
        if [x.dtype if isinstance(x, Tensor) else None for x in given] != kinds:
            raise InterpreterError("what is combined and what that gives are of different types")
        return [x.handle.data for x in given]

    return combine


def _of_shape(data: np.ndarray, kind: object) -> Tensor:
    data = np.asarray(data)
    return _tensor(data, _core.block_type(kind, list(data.shape)) if data.ndim else kind)


def _along(name: str, fn: Callable, args: list, kwargs: dict) -> object:
    """A reduction or a scan whose function Python runs: a lambda, or one defined within the kernel."""
    names = ["input", "axis", "combine_fn", "keep_dims" if name == "tl.reduce" else "reverse"]
    bound = {**dict(zip(names, args, strict=False)), **kwargs}
    inputs, axis, last = bound["input"], _plain(bound["axis"]), bool(_plain(bound.get(names[3], False)))
    several = isinstance(inputs, (builtins.tuple, list))
    inputs = list(inputs) if several else [inputs]
    kinds = [x.dtype for x in inputs]
    combine = _combination(fn)
    if axis is None:
        inputs, axis = [_run("tl.ravel(a0)", [x]) for x in inputs], 0
    data = [x.handle.data for x in inputs]
    axis %= data[0].ndim
    if name == "tl.reduce":
        results = _evaluate.reduce_values(data, axis, lambda a, b: combine(kinds, a, b))
        results = [np.expand_dims(x, axis) if last else x for x in results]
    else:
        results = _evaluate.scan_values(data, axis, last, lambda a, b: combine(kinds, a, b))
    made = [_of_shape(x, kind) for x, kind in zip(results, kinds, strict=True)]
    return builtins.tuple(made) if several else made[0]


_SPECIAL = {
    "tl.device_print": _print_device,
    "tl.static_print": _print_static,
    "tl.device_assert": _assert_device,
}


def _interpret(function: object, args: builtins.tuple, kwargs: dict) -> object:
    """A call of one of the language's functions."""
    name = function.__triton_builtin__
    special = _SPECIAL.get(name) or _CLASSES.get(name)
    if special is not None:
        return special(*args, **kwargs)
    if name in ("tl.reduce", "tl.associative_scan"):
        fn = kwargs.get("combine_fn", args[2] if len(args) > 2 else None)
        if isinstance(fn, types.FunctionType):
            return _along(name, fn, list(args), kwargs)
        if isinstance(fn, JITFunction):
            fn = interpreted(fn)
        if isinstance(fn, InterpretedFunction):
            try:
                return _along(name, fn, list(args), kwargs)
            except InterpreterError:  # what it says needs scalars (an `if`), or is wrong: then the compiler says how
                pass
    return _call("f", list(args), kwargs, {"f": function}, name)


# ---- loops -----------------------------------------------------------------------------------------------------------


def _integer(value: object) -> Tensor:
    value = value if isinstance(value, Tensor) else _run("tl.to_tensor(a0)", [value])
    if not value.dtype.is_int():
        raise InterpreterError(f"a range needs integers, not {value.type}")
    return value


class _Range:
    """A loop at run time: its variable is a tensor."""

    def __init__(self, arg1: object, arg2: object = None, step: object = None, **hints: object) -> None:
        low, high = (0, arg1) if arg2 is None else (arg1, arg2)
        bounds = [_integer(x) for x in (low, high, 1 if step is None else step)]
        given = [x for x in (arg1, arg2, step) if isinstance(x, Tensor)] or bounds
        self.bits = max(32, *[x.dtype.int_bitwidth for x in bounds])
        unsigned = all(x.dtype.is_int_unsigned() for x in given)
        self.kind = _core.dtype(f"{'u' if unsigned else ''}int{self.bits}")
        if int(bounds[2]) == 0:
            raise InterpreterError("the step of a range is zero")
        self.numbers = builtins.range(*map(int, bounds))

    def __len__(self) -> int:
        return len(self.numbers)

    def __iter__(self) -> Iterator:
        bits, storage = self.bits, _memory.storage_of(f"i{self.bits}")
        for i in self.numbers:
            yield _tensor(np.array(i & (2**bits - 1), np.uint64).astype(f"u{bits // 8}").view(storage), self.kind)


def _static_range(arg1: object, arg2: object = None, step: object = None) -> object:
    return builtins.range(*[int(_plain(x)) for x in (arg1, arg2, step) if x is not None])


def _condition(arg1: object, disable_licm: bool = False) -> object:
    return arg1


_CLASSES = {"tl.range": _Range, "tl.static_range": _static_range, "tl.condition": _condition,
            "tl.tuple": lambda items=(): builtins.tuple(items)}  # fmt: skip


# ---- what the language means differently from Python -----------------------------------------------------------------


def _assign(value: object) -> object:
    """What a name stands for after an assignment: numbers become tensors."""
    if isinstance(value, (bool, int, float)):
        return _run("tl.to_tensor(a0)", [value])
    if isinstance(value, (builtins.tuple, list)) and type(value) in (builtins.tuple, list):
        return type(value)(map(_assign, value))
    return value


def _both(text: str, left: object, right: Callable) -> object:
    """`and` and `or`."""
    if not isinstance(left, Tensor):
        left = _plain(left)
        goes_on = bool(left) if text == "and" else not left
        if not goes_on:
            return left
        return right()
    return _run(f"a0 {text} a1", [left, right()])


def _negate(value: object) -> object:
    return _run("not a0", [value]) if isinstance(value, Tensor) else not _plain(value)


def _choose(condition: object, yes: Callable, no: Callable) -> object:
    """`yes() if condition else no()`: where the condition is a tensor, both have the common type."""
    if not isinstance(condition, Tensor):
        return yes() if _plain(condition) else no()
    chosen = yes() if condition else no()
    try:
        other = no() if condition else yes()
    except Exception:  # what is not chosen need not make sense
        return _assign(chosen)
    if not (_holds_tensor(chosen) or isinstance(chosen, (bool, int, float))):
        return chosen
    return _run("a0 if a2 else a1", [chosen, other, _run("a0 == a0", [_integer(1)])])


def _value_of(x: object) -> object:
    return x if isinstance(x, (Tensor, bool, int, float, str, builtins.tuple, list)) else x.value


def _assert(condition: object, message: Callable) -> None:
    _assert_device(condition, message())


def _is_instance(x: object, kinds: object) -> bool:
    kinds = kinds if isinstance(kinds, builtins.tuple) else (kinds,)
    is_constant = _core.constexpr in kinds and isinstance(x, (bool, int, float, str))
    return is_constant or isinstance(x, builtins.tuple([k for k in kinds if isinstance(k, type)]))


def _on_tensors(name: str) -> Callable:
    original = getattr(builtins, name)

    def apply(*args: object, **kwargs: object) -> object:
        if any(map(_holds_tensor, args)):
            return _call(name, list(args), kwargs, {})
        return original(*map(_plain, args), **kwargs)

    return apply


_BUILTINS = {
    builtins.range: _Range,
    builtins.isinstance: _is_instance,
    **{getattr(builtins, name): _on_tensors(name) for name in ("min", "max", "float", "int", "bool", "sum")},
}


def _called(function: object) -> object:
    try:
        return _BUILTINS.get(function, function)
    except TypeError:
        return function


_HELPERS = {
    "__tl_assign": _assign,
    "__tl_and": lambda a, b: _both("and", a, b),
    "__tl_or": lambda a, b: _both("or", a, b),
    "__tl_skips_and": lambda a: not isinstance(a, Tensor) and not _plain(a),
    "__tl_skips_or": lambda a: not isinstance(a, Tensor) and bool(_plain(a)),
    "__tl_not": _negate,
    "__tl_choose": _choose,
    "__tl_value": _value_of,
    "__tl_assert": _assert,
    "__tl_called": _called,
}


# ---- launches --------------------------------------------------------------------------------------------------------

_lock = threading.RLock()


def _launched(value: object) -> str:
    """The type of a number that a launch is given, which is not always that of the same constant in a kernel."""
    if isinstance(value, bool):
        return "i1"
    if isinstance(value, float):
        return "fp32"
    if -(2**31) <= value < 2**31:
        return "i32"
    return "i64" if value < 2**63 else "u64"


class _Arguments:
    """A launch's arguments as the kernel sees them, and the memory behind them."""

    def __init__(self) -> None:
        self.memory = _memory.Memory()
        self.copies: list = []

    def convert(self, value: object, name: str, param: object = None) -> object:
        kind = getattr(param, "annotation_type", "") if param is not None else ""
        if isinstance(value, _core.constexpr) or (param is not None and param.is_constexpr):
            return _plain(value) if not isinstance(value, InterpretedFunction) else value
        if isinstance(value, (builtins.tuple, list)):
            items = [self.convert(item, f"{name}[{i}]") for i, item in enumerate(value)]
            return type(value)(*items) if hasattr(value, "_fields") else builtins.tuple(items)
        if isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating)):
            return self._number(value.item() if isinstance(value, np.generic) else value, kind, param)
        if hasattr(value, "block_shape") and hasattr(value, "base"):
            return self._host_descriptor(value, name)
        if hasattr(value, "data_ptr") or hasattr(value, "__array_interface__"):
            const = param is not None and param.is_const
            return self._pointer(value, name, const)
        return value

    def _number(self, value: object, kind: str, param: object) -> object:
        specialized = param is None or not param.do_not_specialize
        if not kind or kind.startswith("*"):
            if value == 1 and type(value) is int and specialized:
                return value  # a constant of the compiled kernel, too
            kind = _launched(value)
        return _run("tl.to_tensor(a0).to(a1)", [value, _core.dtype_from_text(kind)])

    def _register(self, value: object, name: str) -> builtins.tuple:
        """(address, name of the element type)"""
        value = getattr(value, "base", value) if type(value).__name__ == "TensorWrapper" else value
        if hasattr(value, "data_ptr"):
            if str(getattr(value, "device", "cpu")) not in ("cpu", "None"):
                copy = value.cpu()
                self.copies.append((value, copy))
                value = copy
            storage = value.untyped_storage() if hasattr(value, "untyped_storage") else None
            start = storage.data_ptr() if storage is not None else value.data_ptr()
            size = storage.nbytes() if storage is not None else value.nbytes
            address, writable = value.data_ptr(), True
        else:
            low, high = np.lib.array_utils.byte_bounds(value)
            start, size, writable = low, high - low, value.flags.writeable
            address = value.__array_interface__["data"][0]
        if size and self.memory._piece(start, start + size, 0) is None:
            data = np.frombuffer((ctypes.c_ubyte * size).from_address(start), np.uint8)
            data.flags.writeable = writable
            self.memory.add(start, data, name)
        return address

    def _pointer(self, value: object, name: str, const: bool) -> Tensor:
        element = _core.dtype_from_text(_C.dtype_name(value.dtype))
        return _tensor(np.array(self._register(value, name), np.int64), _core.pointer_type(element, const=const))

    def _host_descriptor(self, value: object, name: str) -> Descriptor:
        element = _C.dtype_name(value.base.dtype)
        text = f"tensordesc<{element}{str(list(value.block_shape)).replace(' ', '')}>"
        shape = [_tensor(np.array(n, np.int32), _core.int32) for n in value.shape]
        strides = [_tensor(np.array(n, np.int64), _core.int64) for n in value.strides]
        pointer = self._pointer(value.base, name, False)
        block = _core.block_type(pointer.dtype.element_ty, list(value.block_shape))
        ir = "x".join(map(str, [*block.shape, IR_NAMES.get(block.scalar.name, f"i{block.scalar.primitive_bitwidth}")]))
        handle = _evaluate.BlockPointer(
            int(pointer.handle.data), list(map(int, value.shape)), list(map(int, value.strides)), [],
            _memory.type_of(f"tensor<{ir}>"), getattr(value, "padding", "zero"),
            bool(getattr(value, "round_f32_to_tf32", False)),
        )  # fmt: skip
        return _descriptor(text, handle, shape, strides)

    def give_back(self) -> None:
        for original, copy in self.copies:
            original.copy_(copy)


def _implicit_cvt(value: object) -> object:
    """An argument as a kernel sees it; its memory is that of the launch at hand."""
    if type(value) in (bool, int, float):
        return _run("tl.to_tensor(a0).to(a1)", [value, _core.dtype_from_text(_launched(value))])
    given = _Arguments()
    given.memory = _memory.state.memory
    return given.convert(value, "argument")


class GridExecutor:
    """A launch of a kernel on a grid.

    Parameters
    ----------
    fn : InterpretedFunction
        The kernel.
    arg_names : list of str
        Its parameters.
    grid : tuple or callable
        The grid.
    """

    def __init__(self, fn: object, arg_names: list[str], grid: object, pre_run_hooks: list | None = None) -> None:
        if isinstance(fn, types.FunctionType):
            fn = getattr(fn, "kernel", fn)  # of a rewritten one
        self.kernel = fn if isinstance(fn, InterpretedFunction) else InterpretedFunction(fn)
        self.arg_names = arg_names
        self.grid = grid
        self.pre_run_hooks = pre_run_hooks or []
        self.constexprs = [p.name for p in self.kernel.params if p.is_constexpr]

    @property
    def fn(self) -> Callable:
        """What Python runs for a program."""
        return self.kernel.rewritten

    def _init_args_hst(self, args_dev: builtins.tuple, kwargs: dict) -> builtins.tuple:
        """Arguments whose memory is the host's, and the keyword arguments."""
        _memory.state.memory = _memory.Memory()  # of the launch that begins

        def to_host(arg: object) -> object:
            if isinstance(arg, builtins.tuple):
                return _tuple_create(arg, map(to_host, arg))
            if not hasattr(arg, "cpu"):
                return arg
            return _rewrap_tensor(_unwrap_tensor(arg).cpu(), arg)

        return [to_host(arg) for arg in args_dev], {name: to_host(arg) for name, arg in kwargs.items()}

    def _restore_args_dev(self, args_dev: builtins.tuple, args_hst: list, kwargs: dict, kwargs_hst: dict) -> None:
        """What a launch wrote, given back to where the arguments are."""

        def give_back(device: object, host: object) -> None:
            if isinstance(device, builtins.tuple):
                for pair in zip(device, host, strict=True):
                    give_back(*pair)
            elif hasattr(device, "cpu") and _unwrap_tensor(device).data_ptr() != _unwrap_tensor(host).data_ptr():
                _unwrap_tensor(device).copy_(_unwrap_tensor(host))

        give_back(builtins.tuple(args_dev), args_hst)
        for name, value in kwargs.items():
            give_back(value, kwargs_hst.get(name, value))

    def _bound(self, args: builtins.tuple, kwargs: dict) -> dict:
        names = self.kernel.arg_names
        options = [name for name in kwargs if name not in names]
        for name in options:
            if not _C.knows_option(name):
                raise unknown_keyword(self.kernel, name)
        bound = self.kernel.jit.signature.bind(*args, **{k: v for k, v in kwargs.items() if k in names})
        bound.apply_defaults()
        return dict(bound.arguments)

    def __call__(self, *args: object, **kwargs: object) -> None:
        for hook in self.pre_run_hooks:
            hook(*args, **kwargs)
        bound = self._bound(args, kwargs)
        grid = self.grid(bound) if callable(self.grid) else self.grid
        grid = [int(n) for n in (grid if isinstance(grid, (builtins.tuple, list)) else (grid,))]
        grid = builtins.tuple(grid + [1] * (3 - len(grid)))
        with _lock, _Active():
            given = _Arguments()
            params = {p.name: p for p in self.kernel.params}
            values = {name: given.convert(value, name, params[name]) for name, value in bound.items()}
            _memory.state.memory = given.memory
            interpreter_builder.set_grid_dim(*grid)
            run = self.fn
            for z in builtins.range(grid[2]):
                for y in builtins.range(grid[1]):
                    for x in builtins.range(grid[0]):
                        interpreter_builder.set_grid_idx(x, y, z)
                        run(**values)
            given.give_back()


class _Active:
    """While it is entered the language's functions can be called, and so can @triton.jit functions."""

    def __enter__(self) -> None:
        self.before = _core._interpreter, _core._interpreted
        self.state = vars(_memory.state).copy()
        _core._interpreter, _core._interpreted = _interpret, interpreted

    def __exit__(self, *error: object) -> None:
        _core._interpreter, _core._interpreted = self.before
        vars(_memory.state).update(self.state)


class InterpretedFunction(KernelInterface):
    """A kernel that Python runs, or a function that such kernels call.

    Parameters
    ----------
    fn : callable
        The Python function.
    """

    def __init__(self, fn: object, **kwargs: object) -> None:
        self.jit = fn if isinstance(fn, JITFunction) else JITFunction(fn, **kwargs)
        self.fn = self.jit.fn
        self.pre_run_hooks: list = []
        for name in ("__name__", "__qualname__", "__module__", "__doc__"):
            setattr(self, name, getattr(self.jit, name, None))
        self._rewritten = None

    def __getattr__(self, name: str) -> object:
        if name == "jit":
            raise AttributeError(name)
        return getattr(self.jit, name)

    @property
    def rewritten(self) -> Callable:
        """What Python runs."""
        if self._rewritten is None:
            self._rewritten = FunctionRewriter(self.jit, _HELPERS).rewrite_ast()
            self._rewritten.kernel = self
        return self._rewritten

    def rewrite(self) -> Callable:
        return self.rewritten

    def add_pre_run_hook(self, hook: Callable) -> None:
        """Call `hook` with a launch's arguments before every launch."""
        self.pre_run_hooks.append(hook)

    def run(self, *args: object, grid: object, warmup: bool, **kwargs: object) -> None:
        """Run the kernel for every program of the grid."""
        if not warmup:
            GridExecutor(self, self.arg_names, grid, self.pre_run_hooks)(*args, **kwargs)

    def __call__(self, *args: object, **kwargs: object) -> object:
        if _core._interpreter is None:
            with _lock, _Active():
                return self.rewritten(*args, **kwargs)
        return self.rewritten(*map(_core._value, args), **{name: _core._value(x) for name, x in kwargs.items()})

    def __get__(self, instance: object, owner: type) -> object:
        if instance is None or _core._interpreter is None:
            return self
        return lambda *args, **kwargs: self(instance, *args, **kwargs)

    def __repr__(self) -> str:
        return f"InterpretedFunction({self.module}:{self.__qualname__})"


def interpreted(function: JITFunction) -> InterpretedFunction:
    """A compiled function's interpreted twin: what an interpreted kernel calls."""
    twin = function.__dict__.get("_interpreted")
    if twin is None:
        twin = function.__dict__["_interpreted"] = InterpretedFunction(function)
    return twin


# ---- what other programs patch ---------------------------------------------------------------------------------------


class _Semantic:
    """Where the reference has the rules of the language; here they are the compiler's front end."""

    def __init__(self, builder: InterpreterBuilder) -> None:
        self.builder = builder

    def to_tensor(self, x: object, check_type: bool = True) -> object:
        """A number as a tensor; what is one already, as it is."""
        x = x.value if isinstance(x, _core.constexpr) else x
        return x if isinstance(x, _core.tensor) else _run("tl.to_tensor(a0)", [x])


interpreter_semantic = _Semantic(interpreter_builder)


_INTERPRETED = {"_interpreter": _interpret, "_interpreted": interpreted}
_before_patching: dict = {}


def _patch_lang(fn: Callable) -> _LangPatchScope:
    """Let the language's functions be called by Python until the scope is restored."""
    scope = _LangPatchScope()
    for name, value in _INTERPRETED.items():
        _before_patching[name] = getattr(_core, name)
        scope.set_attr(_core, name, value)
    return scope


def _patch_builtin(pkg: types.ModuleType, builder: object, scope: _LangPatchScope) -> None:
    """The same for a module, whichever it is. Restoring `scope` undoes _patch_lang, too."""
    for name, value in _INTERPRETED.items():
        setattr(_core, name, _before_patching.get(name))
        scope.set_attr(_core, name, value)
