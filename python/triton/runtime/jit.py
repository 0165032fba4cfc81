"""`@triton.jit`: functions that become kernels."""

from __future__ import annotations

from .._C import libtriton as _C
from ..language import core as _core

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class KernelInterface:
    """Anything that can be launched on a grid: `kernel[grid](*args, **kwargs)`."""

    def run(self, *args: object, grid: object, warmup: bool, **kwargs: object) -> object:
        raise NotImplementedError

    def warmup(self, *args: object, grid: object, **kwargs: object) -> object:
        """Compile for these arguments without launching. A dtype stands for a tensor of it."""
        return self.run(*map(MockTensor.wrap_dtype, args), grid=grid, warmup=True, **kwargs)

    def __getitem__(self, grid: object) -> Callable:
        return lambda *args, **kwargs: self.run(*args, grid=grid, warmup=False, **kwargs)


class KernelParam:
    """A parameter of a kernel.

    Attributes
    ----------
    name, num, default : str, int, object
        Its name, position and default.
    annotation, annotation_type : str
        Its annotation as text, and the type that this fixes ("" when it does not).
    is_constexpr, is_const : bool
        Annotated `tl.constexpr`, `tl.const`.
    """

    empty = type("empty", (), {})

    def __init__(self, num: int, name: str, annotation: object, default: object, keyword_only: bool) -> None:
        self.num = num
        self.name = name
        self.default = default
        self.has_default = default is not KernelParam.empty
        self.keyword_only = keyword_only
        self.annotation, self.annotation_type = _annotation(annotation)
        self.is_constexpr = "constexpr" in self.annotation
        self.is_const = "const" in self.annotation and not self.is_constexpr
        self.do_not_specialize = False
        self.do_not_specialize_on_alignment = False

    def __repr__(self) -> str:
        return f"<parameter {self.name}>"

    def _spec(self) -> tuple:
        """As the extension wants it."""
        flags = self.do_not_specialize * _C.NO_VALUE | self.do_not_specialize_on_alignment * _C.NO_ALIGNMENT
        kind = "" if self.annotation_type.startswith("*") else self.annotation_type
        default = self.default if self.has_default else None
        return (self.name, self.is_constexpr, self.is_const, self.keyword_only, flags, kind, self.has_default, default)


_PYTHON_TYPES = {"bool": "i1", "int": "i32", "float": "fp32", "u1": "i1"}


def _annotation(annotation: object) -> tuple[str, str]:
    """An annotation as text, and the type of argument it fixes."""
    if annotation is None:
        return "", ""
    if isinstance(annotation, _core.dtype):
        text = annotation._signature_text()
        return text, text
    text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
    text = text.strip().strip("\"'")
    short = text.rpartition(".")[2]
    if short in _PYTHON_TYPES:
        return text, _PYTHON_TYPES[short]
    known = getattr(_core, short, None)
    if isinstance(known, _core.dtype):
        return text, known._signature_text()
    if text.startswith("*") or short in _core._BY_TEXT:
        return text, short
    return text, ""


def _params_of(fn: Callable) -> list[KernelParam]:
    code = fn.__code__
    count = code.co_argcount + code.co_kwonlyargcount
    if code.co_flags & 0x0C:
        raise TypeError(f"{fn.__name__}: a kernel cannot have * or ** parameters")
    annotations = getattr(fn, "__annotations__", {})
    defaults = fn.__defaults__ or ()
    keyword_defaults = fn.__kwdefaults__ or {}
    params = []
    for i, name in enumerate(code.co_varnames[:count]):
        at = i - (code.co_argcount - len(defaults))
        default = KernelParam.empty
        if i >= code.co_argcount:
            default = keyword_defaults.get(name, default)
        elif at >= 0:
            default = defaults[at]
        params.append(KernelParam(i, name, annotations.get(name), default, i >= code.co_argcount))
    return params


def _lines_of(fn: Callable) -> list[str]:
    """The lines of the file that defines `fn`; functions of one file share them."""
    import linecache

    linecache.checkcache(fn.__code__.co_filename)
    return linecache.getlines(fn.__code__.co_filename, fn.__globals__)


class Specialization:
    """What a kernel is compiled for, as `repr` of `@triton.jit` is asked for its name.

    Attributes
    ----------
    constants : dict
        Parameter name to value, of the parameters that are constants in this kernel: `tl.constexpr`, None, and
        integers that are 1.
    signature : dict
        Parameter name to type: "*fp32", "i32", "constexpr".
    """

    __slots__ = ("constants", "signature")

    def __init__(self, constants: dict, signature: dict) -> None:
        self.constants = constants
        self.signature = signature


class JITFunction(_C.JITCore, KernelInterface):
    """A function decorated with `@triton.jit`.

    Parameters
    ----------
    fn : callable
        The Python function; its source is read now and compiled when it is first launched.
    do_not_specialize, do_not_specialize_on_alignment : iterable of int or str, optional
        Parameters whose value, or whose divisibility by 16, the compiled code must not depend on.
    debug : bool, optional
        Device assertions on.
    noinline : bool, optional
        Keep calls of this function as calls.
    repr : callable, optional
        `repr(specialization)` names the kernel that is compiled for it: `kernel.name`, which profilers show.
        Characters that no symbol can have become `_`.
    """

    def __init__(
        self,
        fn: Callable,
        version: object = None,
        do_not_specialize: Iterable[int | str] | None = None,
        do_not_specialize_on_alignment: Iterable[int | str] | None = None,
        debug: bool | None = None,
        noinline: bool | None = None,
        repr: Callable | None = None,
        launch_metadata: Callable | None = None,
    ) -> None:
        while not hasattr(fn, "__code__") and hasattr(fn, "__wrapped__"):
            fn = fn.__wrapped__
        if not hasattr(fn, "__code__"):
            raise TypeError(f"@triton.jit needs a Python function, not {fn!r}")
        self.version = version
        self.module = fn.__module__
        self.do_not_specialize = list(do_not_specialize or ())
        self.do_not_specialize_on_alignment = list(do_not_specialize_on_alignment or ())
        self.debug = debug
        self.noinline = noinline
        self.launch_metadata = launch_metadata
        self._repr = repr
        self.params = _params_of(fn)
        for p in self.params:
            p.do_not_specialize = p.num in self.do_not_specialize or p.name in self.do_not_specialize
            p.do_not_specialize_on_alignment = (
                p.num in self.do_not_specialize_on_alignment or p.name in self.do_not_specialize_on_alignment
            )
        self.arg_names = [p.name for p in self.params]
        self.constexprs = [p.num for p in self.params if p.is_constexpr]
        self.kernel = None
        self.is_gluon = False
        self.__name__ = fn.__name__
        self.__qualname__ = fn.__qualname__
        self.__module__ = fn.__module__
        self.__doc__ = fn.__doc__
        self.__globals__ = fn.__globals__
        self._file_lines = _lines_of(fn)
        options = {"debug": True} if debug else None
        self._setup(fn, tuple([p._spec() for p in self.params]), bool(noinline), options, repr is not None)

    def __call__(self, *args: object, **kwargs: object) -> object:
        raise RuntimeError("Cannot call @triton.jit'd outside of the scope of a kernel")

    def __repr__(self) -> str:
        return f"JITFunction({self.module}:{self.__qualname__})"

    # ---- the source: the file's lines as they are now; the function among them when somebody asks --------------------

    def _find_source(self) -> None:
        code = self.fn.__code__
        lines = self._file_lines or _lines_of(self.fn)
        if len(lines) < code.co_firstlineno:
            raise ValueError("@jit functions should be defined in a Python file")
        tail = lines[code.co_firstlineno - 1 :]
        self._file_lines = None
        self.raw_src = tail[: _C.function_lines("".join(tail))]
        self.starting_line_number = code.co_firstlineno
        first = self.raw_src[0]
        indent = first[: len(first) - len(first.lstrip())]
        text = "".join([line.removeprefix(indent) for line in self.raw_src])
        at = 0 if text.startswith(("def ", "async ")) else max(text.find("\ndef "), 0)
        self._src = text[at:].lstrip("\n")
        self._whole = text

    def __getattr__(self, name: str) -> object:
        # Only what was not set yet comes here.
        if name in ("_src", "_whole", "raw_src", "starting_line_number"):
            self._find_source()
        elif name == "signature":
            import inspect

            self.signature = inspect.signature(self.fn)
        elif name == "hash":
            import hashlib

            text = f"{self.module}{self.__qualname__}{self.starting_line_number}{self.src}"
            self.hash = hashlib.sha256(text.encode()).hexdigest()
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self.__dict__[name]

    def _source_facts(self) -> tuple:
        """(name, qualified name, file, first line, source), for the extension."""
        if "_whole" not in self.__dict__:
            self._find_source()
        qualname = f"{self.module}.{self.__qualname__}"
        return self.__name__, qualname, self.fn.__code__.co_filename, self.starting_line_number, self._whole

    @property
    def src(self) -> str:
        """The source, from `def` on."""
        return self._src

    def _unsafe_update_src(self, new_src: str) -> None:
        """Replace the source; kernels compiled so far are forgotten."""
        self.starting_line_number = self.starting_line_number
        self._src = self._whole = new_src
        self.__dict__.pop("hash", None)
        self._forget()

    @property
    def cache_key(self) -> str:
        """A hash of the function's own source."""
        return self.hash

    @property
    def device_caches(self) -> dict:
        """The kernels compiled so far, by device; a device's entry begins with the list of them."""
        return {0: (self._kernels(),)}

    def parse(self) -> object:
        """The source as a tree of Python's `ast` module."""
        import ast

        return ast.parse(self.src)

    def repr(self, specialization: object = None) -> str:
        """The name of the kernel for a specialization."""
        return self._repr(specialization) if self._repr else self.__name__

    def _kernel_name(self, params: Iterable[tuple]) -> str:
        """What `repr` calls the kernel for parameters (name, type, constant, divisibility)."""
        signature = {name: kind for name, kind, _, _ in params}
        constants = {name: value for name, kind, value, _ in params if kind == "constexpr"}
        name = self._repr(Specialization(constants, signature))
        if not isinstance(name, str):
            raise TypeError(f"@triton.jit(repr=...) of {self.__qualname__} must give a string, and gave {name!r}")
        return name

    # ---- launching: __getitem__ and run() are the extension's -------------------------------------------------------

    def add_pre_run_hook(self, hook: Callable) -> None:
        """Call `hook` with a launch's arguments before every launch."""
        if not callable(hook):
            raise TypeError("a hook must be callable")
        self.pre_run_hooks.append(hook)


def jit(
    fn: Callable | None = None,
    *,
    version: object = None,
    repr: Callable | None = None,
    launch_metadata: Callable | None = None,
    do_not_specialize: Iterable[int | str] | None = None,
    do_not_specialize_on_alignment: Iterable[int | str] | None = None,
    debug: bool | None = None,
    noinline: bool | None = None,
) -> JITFunction | Callable:
    """Make a function a kernel, or a function that kernels may call.

    Inside it are Python's own syntax, the names of `triton.language`, other `@triton.jit` functions, and values known
    at compile time. Launch it as `kernel[grid](*args)`; `grid` is a tuple of one to three integers, or a function of
    the arguments by name that gives one.
    """

    def decorate(function: Callable) -> JITFunction:
        return JITFunction(
            function,
            version=version,
            do_not_specialize=do_not_specialize,
            do_not_specialize_on_alignment=do_not_specialize_on_alignment,
            debug=debug,
            noinline=noinline,
            repr=repr,
            launch_metadata=launch_metadata,
        )

    return decorate(fn) if fn is not None else decorate


class MockTensor:
    """Stands for a tensor where only its type matters, in `kernel.warmup`.

    Parameters
    ----------
    dtype : object
        A dtype of PyTorch, NumPy or the language.
    shape : list of int, optional
        Its shape.
    """

    def __init__(self, dtype: object, shape: list | None = None) -> None:
        self.dtype = dtype
        self.shape = [1] if shape is None else shape

    @staticmethod
    def wrap_dtype(arg: object) -> object:
        """A dtype of PyTorch as a tensor of it; anything else unchanged."""
        if type(arg).__name__ == "dtype" and type(arg).__module__ == "torch":
            return MockTensor(arg)
        return arg

    def stride(self) -> tuple:
        """Strides of a contiguous tensor of this shape."""
        strides = [1]
        for n in reversed(self.shape[1:]):
            strides.append(strides[-1] * n)
        return tuple(reversed(strides))

    @staticmethod
    def data_ptr() -> int:
        return 0

    @staticmethod
    def ptr_range() -> int:
        return 0


class TensorWrapper:
    """A tensor seen as one of another element type.

    Parameters
    ----------
    base : tensor
        The tensor.
    dtype : dtype
        The type to see its memory as.
    """

    def __init__(self, base: object, dtype: object) -> None:
        self.dtype = dtype
        self.base = base
        self.data = getattr(base, "data", None)
        self.device = getattr(base, "device", None)
        self.shape = getattr(base, "shape", None)

    def data_ptr(self) -> int:
        return self.base.data_ptr()

    def stride(self, *args: int) -> object:
        return self.base.stride(*args)

    def element_size(self) -> int:
        return self.base.element_size()

    def cpu(self) -> TensorWrapper:
        return TensorWrapper(self.base.cpu(), self.dtype)

    def copy_(self, other: TensorWrapper) -> None:
        self.base.copy_(other.base)

    def clone(self) -> TensorWrapper:
        return TensorWrapper(self.base.clone(), self.dtype)

    def to(self, device: object) -> TensorWrapper:
        return TensorWrapper(self.base.to(device), self.dtype)

    def new_empty(self, sizes: object) -> TensorWrapper:
        return TensorWrapper(self.base.new_empty(sizes), self.dtype)

    def __str__(self) -> str:
        return f"TensorWrapper[{self.dtype}]({self.base})"


def reinterpret(tensor: object, dtype: object) -> object:
    """The same memory seen as elements of another type of the same size.

    Parameters
    ----------
    tensor : tensor or TensorWrapper
        The memory.
    dtype : dtype
        The type to see it as.
    """
    if isinstance(tensor, TensorWrapper):
        return tensor.base if dtype == tensor.base.dtype else TensorWrapper(tensor.base, dtype)
    if hasattr(tensor, "data_ptr"):
        return TensorWrapper(tensor, dtype)
    raise TypeError(f"Cannot reinterpret a {type(tensor)}.")
