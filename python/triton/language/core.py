"""The language's own objects as Python sees them: types, constants, names.

Nothing here computes: a kernel's source is compiled, not run, and these objects stand for what the compiler knows.
Called outside a kernel they say so.
"""

from __future__ import annotations

import operator

from .._utils import _BITS, TRITON_MAX_TENSOR_NUMEL  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__triton_builtin__ = "tl"
_interpreter = None  # while a kernel is interpreted: what the functions of the language call
_interpreted = None  # and what makes a compiled function one that it can call


class _FromManual:
    """An attribute of the language's functions that the library's manual gives when it is asked for.

    Parameters
    ----------
    of_class : object
        What the class itself has under that name; None: nothing.
    of_function : callable
        Gives it for a builtin and its entry in the manual, which may be None.
    """

    def __init__(self, of_class: object, of_function: Callable) -> None:
        self.of_class, self.of_function = of_class, of_function

    def __get__(self, function: builtin | None, owner: type) -> object:
        if function is None:
            if self.of_class is None:
                raise AttributeError("the class has none")
            return self.of_class
        from ._docs import find

        return self.of_function(function, find(function.__triton_builtin__))


class builtin:
    """A function of the language.

    Parameters
    ----------
    name : str
        What the compiler knows it by: "tl.load".
    """

    def __init__(self, name: str, doc: str | None = None) -> None:
        self.__triton_builtin__ = name
        self.__name__ = self.__qualname__ = name.rpartition(".")[2]
        self.__module__ = "triton.language" + (
            "" if name.startswith("tl.") and name.count(".") == 1 else ".extra.libdevice"
        )
        self._doc = doc

    def __call__(self, *args: object, **kwargs: object) -> object:
        if _interpreter is not None:
            return _interpreter(self, args, kwargs)
        raise ValueError(
            f"Did you forget to add @triton.jit ? (`{self.__triton_builtin__}` can only be called inside a kernel)"
        )

    __doc__ = _FromManual(__doc__, lambda self, doc: self._doc or (doc and doc.text))
    __signature__ = _FromManual(None, lambda self, doc: doc and doc.signature())

    def __repr__(self) -> str:
        return f"<function {self.__triton_builtin__}>"

    def __reduce__(self) -> tuple:
        return builtin, (self.__triton_builtin__,)


# ---- types -----------------------------------------------------------------------------------------------------------

_MANTISSA = {
    "fp8e4nv": 3, "fp8e5": 2, "fp8e4b8": 3, "fp8e5b16": 2, "fp8e4b15": 3, "fp16": 10, "bf16": 7, "fp32": 23, "fp64": 52,
}  # fmt: skip
_BIAS = {
    "fp8e4nv": 7, "fp8e5": 15, "fp8e4b8": 8, "fp8e5b16": 16, "fp8e4b15": 15, "fp16": 15, "bf16": 127, "fp32": 127,
    "fp64": 1023,
}  # fmt: skip
_LONG = {
    "fp8e4nv": "float8e4nv", "fp8e5": "float8e5", "fp8e4b8": "float8e4b8", "fp8e5b16": "float8e5b16",
    "fp8e4b15": "float8e4b15", "fp16": "float16", "bf16": "bfloat16", "fp32": "float32", "fp64": "float64",
}  # fmt: skip


class _Signedness:
    SIGNED, UNSIGNED = 0, 1


class _Kind:
    BOOLEAN, INTEGRAL, FLOATING = 0, 1, 2


class dtype:
    """An element type.

    Parameters
    ----------
    name : str
        "int32", "fp16", "void", ...
    """

    SINT_TYPES = ["int8", "int16", "int32", "int64"]
    UINT_TYPES = ["int1", "uint8", "uint16", "uint32", "uint64"]
    FP_TYPES = ["fp8e4b15", "fp8e4nv", "fp8e4b8", "fp8e5", "fp8e5b16", "fp16", "bf16", "fp32", "fp64"]
    STANDARD_FP_TYPES = ["fp16", "bf16", "fp32", "fp64"]
    OTHER_TYPES = ["void"]
    SIGNEDNESS = _Signedness
    KIND = _Kind

    def __init__(self, name: object) -> None:
        name = getattr(name, "value", name)
        if name not in _BITS:
            raise AssertionError(name)
        self.name = name
        self.primitive_bitwidth = _BITS[name]
        self.itemsize = self.primitive_bitwidth // 8
        self.int_bitwidth = self.primitive_bitwidth if self.is_int() else 0
        self.int_signedness = _Signedness.SIGNED if name in self.SINT_TYPES else _Signedness.UNSIGNED
        self.fp_mantissa_width = _MANTISSA.get(name, 0)
        self.exponent_bias = _BIAS.get(name, 0)

    def is_fp8(self) -> bool:
        return "fp8" in self.name

    def is_floating(self) -> bool:
        return self.name in self.FP_TYPES

    def is_standard_floating(self) -> bool:
        return self.name in self.STANDARD_FP_TYPES

    def is_int_signed(self) -> bool:
        return self.name in self.SINT_TYPES

    def is_int_unsigned(self) -> bool:
        return self.name in self.UINT_TYPES

    def is_int(self) -> bool:
        return self.name in self.SINT_TYPES or self.name in self.UINT_TYPES

    def is_bool(self) -> bool:
        return self.name == "int1"

    def is_void(self) -> bool:
        return self.name == "void"

    @staticmethod
    def is_dtype(type_str: str) -> bool:
        return type_str in _BITS

    @staticmethod
    def is_block() -> bool:
        return False

    @staticmethod
    def is_ptr() -> bool:
        return False

    @staticmethod
    def is_const() -> bool:
        return False

    @staticmethod
    def is_tuple() -> bool:
        return False

    def kind(self) -> int:
        """Whether it is a truth value, an integer or a floating-point number."""
        if self.is_bool():
            return _Kind.BOOLEAN
        return _Kind.INTEGRAL if self.is_int() else _Kind.FLOATING

    def get_int_max_value(self) -> int:
        """The largest integer of this type."""
        return 2 ** (self.int_bitwidth - (self.int_signedness == _Signedness.SIGNED)) - 1

    def get_int_min_value(self) -> int:
        """The smallest integer of this type."""
        return -(2 ** (self.int_bitwidth - 1)) if self.int_signedness == _Signedness.SIGNED else 0

    @property
    def scalar(self) -> dtype:
        return self

    @property
    def element_ty(self) -> dtype:
        raise AttributeError(f"{self!r} has no element type")

    @property
    def cache_key_part(self) -> str:
        return self.name

    def mangle(self) -> str:
        """The name that signatures and symbols use: "i32", "fp16"."""
        text = self._signature_text()
        return "V" if text == "void" else text

    def codegen_name(self) -> str:
        return self.name.replace("fp", "float").replace("bf", "bfloat") if self.name[:2] in ("fp", "bf") else self.name

    def with_element_ty(self, element_ty: dtype) -> dtype:
        return element_ty

    def _signature_text(self) -> str:
        if self.name == "int1":
            return "i1"
        if self.is_int():
            return self.name.replace("uint", "u").replace("int", "i")
        return self.name

    def __eq__(self, other: object) -> bool:
        other = getattr(other, "value", other) if isinstance(other, constexpr) else other
        return type(other) is dtype and self.name == other.name

    def __hash__(self) -> int:
        return hash((self.name,))

    def __str__(self) -> str:
        return self.name

    def __repr__(self) -> str:
        return f"triton.language.{_LONG.get(self.name, self.name)}"

    def __reduce__(self) -> tuple:
        return dtype, (self.name,)


class pointer_type(dtype):
    """A pointer.

    Parameters
    ----------
    element_ty : dtype
        What it points to.
    """

    __triton_builtin__ = "tl.pointer_type"

    def __init__(self, element_ty: dtype, address_space: int = 1, const: bool = False) -> None:
        element_ty = getattr(element_ty, "value", element_ty)
        if not isinstance(element_ty, dtype):
            raise TypeError(f"element_ty has type `{type(element_ty).__name__}`; expected `dtype`.")
        self._element_ty = element_ty
        self.address_space = address_space
        self.const = const
        self.name = f"pointer<{element_ty}>" if not const else f"const_pointer<{element_ty}>"
        self.primitive_bitwidth = 64
        self.itemsize = 8
        self.int_bitwidth = 0

    @property
    def element_ty(self) -> dtype:
        return self._element_ty

    def is_ptr(self) -> bool:
        return True

    def is_const(self) -> bool:
        return self.const

    def _signature_text(self) -> str:
        return f"*{'k' if self.const else ''}{self._element_ty._signature_text()}"

    def mangle(self) -> str:
        return f"P{self._element_ty.mangle()}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, pointer_type) and self._signature_text() == other._signature_text()

    def __hash__(self) -> int:
        return hash(self._signature_text())

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple:
        return pointer_type, (self._element_ty, self.address_space, self.const)


class block_type(dtype):
    """A tile: a shape and an element type.

    Parameters
    ----------
    element_ty : dtype
        The type of an element.
    shape : list of int
        Its extents.
    """

    __triton_builtin__ = "tl.block_type"

    def __init__(self, element_ty: dtype, shape: list) -> None:
        self._element_ty = element_ty
        self.shape = [getattr(n, "value", n) for n in shape]
        self.numel = 1
        for n in self.shape:
            self.numel *= n
        self.name = f"<{[str(n) for n in self.shape]}, {element_ty}>"
        self.primitive_bitwidth = element_ty.primitive_bitwidth
        self.itemsize = element_ty.itemsize

    @property
    def element_ty(self) -> dtype:
        return self._element_ty

    @property
    def scalar(self) -> dtype:
        return self._element_ty

    @staticmethod
    def is_block() -> bool:
        return True

    def is_int(self) -> bool:
        return False

    def is_floating(self) -> bool:
        return False

    def get_block_shapes(self) -> list[int]:
        return self.shape

    def with_element_ty(self, element_ty: dtype) -> dtype:
        return block_type(element_ty, self.shape)

    def _signature_text(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, block_type) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple:
        return block_type, (self._element_ty, self.shape)


void = dtype("void")
int1 = dtype("int1")
int8 = dtype("int8")
int16 = dtype("int16")
int32 = dtype("int32")
int64 = dtype("int64")
uint8 = dtype("uint8")
uint16 = dtype("uint16")
uint32 = dtype("uint32")
uint64 = dtype("uint64")
float8e5 = dtype("fp8e5")
float8e5b16 = dtype("fp8e5b16")
float8e4nv = dtype("fp8e4nv")
float8e4b8 = dtype("fp8e4b8")
float8e4b15 = dtype("fp8e4b15")
float16 = dtype("fp16")
bfloat16 = dtype("bf16")
float32 = dtype("fp32")
float64 = dtype("fp64")
pi32_t = pointer_type(int32)

_SCALARS = [int1, int8, int16, int32, int64, uint8, uint16, uint32, uint64, float8e5, float8e5b16, float8e4nv,
            float8e4b8, float8e4b15, float16, bfloat16, float32, float64, void]  # fmt: skip
_BY_TEXT = {t.name: t for t in _SCALARS} | {t._signature_text(): t for t in _SCALARS} | {"u1": int1}


def dtype_from_text(text: str) -> dtype:
    """The type that a signature calls `text`: "fp32", "*fp16", "*ki8", and the names that types print."""
    if text.startswith("*"):
        const = text.startswith("*k")
        return pointer_type(dtype_from_text(text[2 if const else 1 :]), const=const)
    for prefix, const in (("pointer<", False), ("const_pointer<", True)):
        if text.startswith(prefix):
            return pointer_type(dtype_from_text(text[len(prefix) : -1]), const=const)
    if text.startswith("<"):
        shape, _, element = text[1:-1].rpartition("], ")
        return block_type(dtype_from_text(element), [int(n.strip(" '")) for n in shape[1:].split(",")])
    return _BY_TEXT[text]


def str_to_ty(name: str, c: object = None) -> dtype:
    """The type that a signature calls `name`."""
    return dtype_from_text(name)


class const:
    """Annotation of a pointer parameter that the kernel only reads through."""

    __triton_builtin__ = "tl.const"


# ---- constants -------------------------------------------------------------------------------------------------------


class base_value:
    """Anything that a name in a kernel can stand for."""


class base_type:
    """The type of a `base_value`."""


def _value(x: object) -> object:
    return x.value if isinstance(x, constexpr) else x


class constexpr(base_value):
    """A value known when a kernel is compiled; as an annotation, a parameter whose value is.

    Parameters
    ----------
    value : object
        A number, string, type, tuple, function, ...
    """

    __triton_builtin__ = "tl.constexpr"

    def __init__(self, value: object) -> None:
        while isinstance(value, constexpr):
            value = value.value
        self.value = value
        self.type = constexpr_type(value)

    def __repr__(self) -> str:
        return f"constexpr[{self.value}]"

    def __hash__(self) -> int:
        return hash((self.value, self.type))

    def __index__(self) -> int:
        return operator.index(self.value)

    def __int__(self) -> int:
        return int(self.value)

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __iter__(self) -> Iterator:
        return iter(self.value)

    def __getitem__(self, index: object) -> object:
        return self.value[_value(index)]

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self.value(*args, **kwargs)

    def __not__(self) -> constexpr:
        return constexpr(not self.value)

    def logical_and(self, other: object) -> constexpr:
        return constexpr(self.value and _value(other))

    def logical_or(self, other: object) -> constexpr:
        return constexpr(self.value or _value(other))


def _add_operators() -> None:
    """Python's operators on `constexpr`: on the values, giving a `constexpr`."""

    def binary(function: Callable, swapped: bool) -> Callable:
        if swapped:
            return lambda self, other: constexpr(function(_value(other), self.value))
        return lambda self, other: constexpr(function(self.value, _value(other)))

    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor", "lshift", "rshift"):
        function = getattr(operator, name + "_" if name in ("and", "or") else name)
        setattr(constexpr, f"__{name}__", binary(function, False))
        setattr(constexpr, f"__r{name}__", binary(function, True))
    for name in ("lt", "le", "gt", "ge", "eq", "ne"):
        setattr(constexpr, f"__{name}__", binary(getattr(operator, name), False))

    def unary(function: Callable) -> Callable:
        return lambda self: constexpr(function(self.value))

    for name in ("neg", "pos", "invert"):
        setattr(constexpr, f"__{name}__", unary(getattr(operator, name)))


_add_operators()


class constexpr_type(base_type):
    """The type of a `constexpr`: its value.

    Parameters
    ----------
    value : object
        The value.
    """

    __triton_builtin__ = "tl.constexpr_type"

    def __init__(self, value: object) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, constexpr_type) and self.value == other.value

    def __hash__(self) -> int:
        return hash(self.value)

    def __repr__(self) -> str:
        return f"constexpr_type[{self.value}]"


def _hash_of_text(text: str) -> int:
    """64 bits that are the same in every process."""
    import hashlib

    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")


def _describe_code(code: object, names: dict, seen: set) -> str:
    """Text that changes when what the code computes may: its instructions, constants, and the values of its names."""
    parts = [code.co_code.hex(), repr(code.co_names), repr(code.co_varnames)]
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            parts.append(_describe_code(constant, names, seen))
        elif isinstance(constant, frozenset):
            parts.append(repr(sorted(map(repr, constant))))
        else:
            parts.append(repr(constant))
    parts += [f"{name}={_describe_value(names[name], seen)}" for name in code.co_names if name in names]
    return ";".join(parts)


def _describe_value(value: object, seen: set) -> str:
    if isinstance(value, ConstexprFunction):
        value = value.fn
    if hasattr(value, "__code__"):
        if id(value) in seen:
            return value.__qualname__
        seen.add(id(value))
        text = _describe_code(value.__code__, value.__globals__, seen)
        cells = [cell.cell_contents for cell in value.__closure__ or ()]
        others = [*(value.__defaults__ or ()), *(value.__kwdefaults__ or {}).values(), *cells]
        return f"{value.__qualname__}({text};{[_describe_value(other, seen) for other in others]})"
    if type(value).__name__ == "module":
        return f"module {value.__name__}"
    return repr(value)


class ConstexprFunction:
    """A Python function that kernels may call on values known when they are compiled.

    Parameters
    ----------
    fn : callable
        The function.
    """

    def __init__(self, fn: Callable) -> None:
        self.fn = fn
        self.__name__ = getattr(fn, "__name__", "constexpr_function")
        self.__qualname__ = getattr(fn, "__qualname__", self.__name__)
        self.__module__ = getattr(fn, "__module__", None)
        self.__doc__ = getattr(fn, "__doc__", None)

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return self.fn(*[_value(x) for x in args], **{k: _value(v) for k, v in kwargs.items()})

    def __get__(self, instance: object, owner: type) -> object:
        if instance is None:
            return self
        return BoundConstexprFunction(instance, self.fn)

    @property
    def src(self) -> str:
        """The function's source, from `def` on."""
        import inspect
        import textwrap

        text = textwrap.dedent(inspect.getsource(self.fn))
        at = 0 if text.startswith("def ") else text.find("\ndef ") + 1
        return text[max(at, 0) :]

    @property
    def cache_key(self) -> str:
        """A hash of what the function computes."""
        return f"{self._fingerprint():016x}"

    def _fingerprint(self) -> int:
        """A hash of what the function computes, for the cache's key."""
        return _hash_of_text(_describe_value(self.fn, set()))

    def __repr__(self) -> str:
        return f"<constexpr_function {self.__qualname__}>"


class BoundConstexprFunction(ConstexprFunction):
    """A `ConstexprFunction` that is a method, with its object.

    Parameters
    ----------
    instance : object
        The object.
    fn : callable
        The function in its class.
    """

    def __init__(self, instance: object, fn: Callable) -> None:
        super().__init__(fn.__get__(instance, type(instance)))
        self.instance = instance
        self.__func__ = fn


def constexpr_function(fn: Callable) -> ConstexprFunction:
    """Let kernels call a Python function on values known when they are compiled."""
    return ConstexprFunction(fn)


class _ForeignBuiltin(ConstexprFunction):
    """A function that a program has marked with `__triton_builtin__ = True`: it is called with constants as `constexpr`
    and with run-time values as handles, about which it can know that they are none, and which it can give back."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        def wrap(x: object) -> object:
            return x if type(x).__name__ == "PyCapsule" or isinstance(x, constexpr) else constexpr(x)

        code = getattr(self.fn, "__code__", None)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()
        given = {name: None for name in ("_semantic", "_builder", "_generator") if name in names}
        return self.fn(*map(wrap, args), **{k: wrap(v) for k, v in kwargs.items()}, **given)


def _foreign_builtin(fn: Callable) -> _ForeignBuiltin:
    return _ForeignBuiltin(fn)


class _HostFunction(ConstexprFunction):
    """A function that host code and kernels both call, each its own way."""

    def __init__(self, fn: Callable, name: str) -> None:
        super().__init__(fn)
        self.__triton_builtin__ = name


def _cdiv(x: int, y: int) -> int:
    """`x / y` rounded up."""
    return (x + y - 1) // y


def _next_power_of_2(n: int) -> int:
    """The smallest power of 2 that is not below `n`."""
    return 1 << (operator.index(n) - 1).bit_length() if n > 1 else int(n > 0)


cdiv = _HostFunction(_cdiv, "triton.cdiv")
next_power_of_2 = _HostFunction(_next_power_of_2, "triton.next_power_of_2")
cdiv.__name__ = cdiv.__qualname__ = "cdiv"
next_power_of_2.__name__ = next_power_of_2.__qualname__ = "next_power_of_2"


@constexpr_function
def get_int_dtype(bitwidth: int, signed: bool) -> dtype:
    """The integer type of that many bits."""
    if bitwidth == 1:
        return int1
    name = f"{'' if signed else 'u'}int{bitwidth}"
    if name not in _BITS:
        raise ValueError(f"Unsupported bitwidth {bitwidth} and signedness {signed}")
    return _BY_TEXT[name]


@constexpr_function
def _unwrap_if_constexpr(x: object) -> object:
    """What a constant is."""
    if isinstance(x, list):
        return [_value(item) for item in x]
    return x


def is_builtin(fn: object) -> bool:
    """Whether a function is the language's own."""
    return bool(getattr(fn, "__triton_builtin__", False))


def extern(fn: Callable) -> Callable:
    """Mark a function as the language's own: it calls `extern_elementwise`."""
    fn.__triton_builtin__ = True
    return fn


TRITON_BUILTIN = "__triton_builtin__"
CONSTEXPR_0 = constexpr(0)


def must_use_result(x: object, s: object = True) -> object:
    """Mark a function whose result a kernel must use: a call that drops it is an error. `s` may say why."""
    if isinstance(x, str):
        return lambda fn: must_use_result(fn, x)
    x._must_use_result = s
    return x


def is_enabled(options: object, name: str) -> bool:
    """Whether an instrumentation is among those that options name."""
    return name in str(getattr(options, "instrumentation_mode", "") or "").split(",")


# ---- classes that stand for the compiler's own -----------------------------------------------------------------------


class _KernelOnly(type):
    """A class whose instances exist only inside kernels."""

    def __call__(cls, *args: object, **kwargs: object) -> object:
        if _interpreter is not None:
            return _interpreter(cls, args, kwargs)
        raise ValueError(
            f"Did you forget to add @triton.jit ? (`{cls.__triton_builtin__}` can only be used inside a kernel)"
        )


class tensor(base_value, metaclass=_KernelOnly):
    """A tile of values, or one value, inside a kernel."""

    __triton_builtin__ = "tl.tensor"


class range(metaclass=_KernelOnly):
    """`for i in tl.range(...)`: a loop with hints for the compiler."""

    __triton_builtin__ = "tl.range"


class static_range(metaclass=_KernelOnly):
    """`for i in tl.static_range(...)`: a loop that is unrolled."""

    __triton_builtin__ = "tl.static_range"


class condition(metaclass=_KernelOnly):
    """`while tl.condition(...)`: a loop with hints for the compiler."""

    __triton_builtin__ = "tl.condition"


class tuple(base_value, metaclass=_KernelOnly):
    """A tuple inside a kernel."""

    __triton_builtin__ = "tl.tuple"


class tuple_type(base_type, metaclass=_KernelOnly):
    """The type of a tuple inside a kernel."""

    __triton_builtin__ = "tl.tuple_type"


class slice(metaclass=_KernelOnly):
    """`start:stop:step` inside a kernel."""

    __triton_builtin__ = "tl.slice"


class tensor_descriptor_base(base_value, metaclass=_KernelOnly):
    """A description of a tensor in memory, from which tiles are loaded."""

    __triton_builtin__ = "tl.tensor_descriptor_base"


class tensor_descriptor(tensor_descriptor_base):
    """A description of a tensor in memory that the kernel made itself."""

    __triton_builtin__ = "tl.tensor_descriptor"


class tensor_descriptor_type(base_type, metaclass=_KernelOnly):
    """The type of a description of a tensor."""

    __triton_builtin__ = "tl.tensor_descriptor_type"


class tensor_descriptor_base_type(base_type, metaclass=_KernelOnly):
    """The type of a description of a tensor, whoever made it."""

    __triton_builtin__ = "tl.tensor_descriptor_base_type"


class slice_type(base_type, metaclass=_KernelOnly):
    """The type of `start:stop:step`."""

    __triton_builtin__ = "tl.slice_type"


class PropagateNan:
    """What minimum, maximum and clamp do with NaN: `NONE` prefers the number, `ALL` the NaN."""

    __triton_builtin__ = "tl.PropagateNan"
    NONE = builtin("tl.PropagateNan.NONE")
    ALL = builtin("tl.PropagateNan.ALL")


#: A line or two for each letter.
_FUNCTIONS = """
abs add advance arange argmax argmin associative_scan assume atomic_add atomic_and atomic_cas
atomic_load atomic_max atomic_min atomic_or atomic_poll atomic_store atomic_xchg atomic_xor
bitonic_merge broadcast broadcast_to
cast cat ceil clamp cos cumprod cumsum
debug_barrier device_assert device_print div_rn dot dot_scaled
erf exp exp2 expand_dims expect_zero
fdiv flip floor fma full
gather
histogram
inline_asm_elementwise interleave item
join
load load_tensor_descriptor log log2
make_block_ptr make_tensor_descriptor map_elementwise max max_constancy max_contiguous maximum min
minimum mul multiple_of
num_programs
pair_uniform_to_normal permute philox philox_impl program_id
rand rand4x randint randint4x randn randn4x ravel reduce reduce_or reshape rsqrt
sigmoid sin softmax sort split sqrt sqrt_rn squeeze static_assert static_print store
store_tensor_descriptor sub sum swizzle2d
to to_tensor topk trans
uint_to_uniform_float umulhi unsqueeze
view
where
xor_sum
zeros zeros_like
""".split()

for _name in _FUNCTIONS:
    globals()[_name] = builtin(f"tl.{_name}")

#: Functions that are methods of tensors, too: `tl.tensor.sum(x, 0)`.
_METHODS = """
abs advance argmax argmin associative_scan atomic_add atomic_and atomic_cas atomic_load atomic_max
atomic_min atomic_or atomic_poll atomic_store atomic_xchg atomic_xor
broadcast_to
cast cdiv ceil cos cumprod cumsum
erf exp exp2 expand_dims
flip floor
gather
histogram
item
log log2
max min
permute
ravel reduce_or reshape rsqrt
sigmoid sin softmax sort split sqrt sqrt_rn store sum
to trans
view
xor_sum
""".split()

for _name in _METHODS:
    setattr(tensor, _name, globals().get(_name) or builtin(f"tl.{_name}"))
del _name
builtin_max, builtin_min = builtin("tl.max"), builtin("tl.min")


def is_negative_zero(x: object) -> bool:
    """Whether a number is -0.0."""
    return isinstance(x, float) and x == 0 and str(x).startswith("-")


def __getattr__(name: str) -> object:
    """Names that live elsewhere."""
    if name in ("get_primitive_bitwidth", "validate_block_shape", "warn_once", "CAT_CAN_REORDER_WARNING",
                "RESHAPE_CAN_REORDER_WARNING"):  # fmt: skip
        from .. import _utils

        return getattr(_utils, name)
    if name == "JITCallable":
        from .._callable import JITCallable

        return JITCallable
    if name == "warn":
        from warnings import warn

        return warn
    if name == "Enum":
        from enum import Enum

        return Enum
    raise AttributeError(f"module 'triton.language.core' has no attribute {name!r}")
