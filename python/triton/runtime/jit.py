"""`@triton.jit`: functions that become kernels."""

from __future__ import annotations

import os
import sys

from .._C import libtriton as _C
from .._callable import JITCallable
from ..language import core as _core
from ..language.core import BoundConstexprFunction, ConstexprFunction, constexpr_function  # noqa: F401
from ._mock import MockTensor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any


class KernelInterface:
    """Anything that can be launched on a grid: `kernel[grid](*args, **kwargs)`."""

    def run(self, *args: object, grid: object, warmup: bool, **kwargs: object) -> object:
        raise NotImplementedError

    def warmup(self, *args: object, grid: object, **kwargs: object) -> object:
        """Compile for these arguments without launching. A dtype stands for a tensor of it. Under an
        `AsyncCompileMode` its executor compiles, and what is returned is a `FutureKernel`."""
        args = tuple(map(MockTensor.wrap_dtype, args))
        pending = sys.modules.get("triton.runtime._async_compile")
        mode = pending and pending.current_mode()
        if mode is None:
            return self.run(*args, grid=grid, warmup=True, **kwargs)
        return mode.submit(
            object(), lambda: self.run(*args, grid=grid, warmup=True, **kwargs), lambda kernel: None, lambda: None
        )

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

    class empty:
        """The default of a parameter that has none."""

    def __init__(
        self,
        num: int,
        param: object,
        do_not_specialize: bool = False,
        do_not_specialize_on_alignment: bool = False,
    ) -> None:
        """`param` is an `inspect.Parameter`."""
        default = KernelParam.empty if param.default is param.empty else param.default
        annotation = None if param.annotation is param.empty else param.annotation
        self._set(num, param.name, annotation, default, param.kind == param.KEYWORD_ONLY)
        self.do_not_specialize = do_not_specialize
        self.do_not_specialize_on_alignment = do_not_specialize_on_alignment

    @classmethod
    def _of(cls, num: int, name: str, annotation: object, default: object, keyword_only: bool) -> KernelParam:
        param = cls.__new__(cls)
        param._set(num, name, annotation, default, keyword_only)
        return param

    def _set(self, num: int, name: str, annotation: object, default: object, keyword_only: bool) -> None:
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
        """As the extension takes it."""
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
    if code.co_flags & 0x08:
        raise TypeError(f"{fn.__name__}: a kernel cannot have a ** parameter")
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
        params.append(KernelParam._of(i, name, annotations.get(name), default, i >= code.co_argcount))
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


class _KernelCache(dict):
    """The kernels that a function was compiled to, by hash, as they are now."""

    def __init__(self, function: JITFunction) -> None:
        super().__init__()
        self._function = function

    def _now(self) -> dict:
        return {kernel.hash: kernel for kernel in self._function._kernels()}

    def __getitem__(self, key: str) -> object:
        return self._now()[key]

    def get(self, key: str, default: object = None) -> object:
        return self._now().get(key, default)

    def __contains__(self, key: object) -> bool:
        return key in self._now()

    def __iter__(self) -> object:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._function._kernels())

    def keys(self) -> object:
        return self._now().keys()

    def values(self) -> object:
        return self._now().values()

    def items(self) -> object:
        return self._now().items()

    def clear(self) -> None:
        """Forget them: the next launch looks on the disk, or compiles."""
        self._function._forget()

    def __repr__(self) -> str:
        return repr(self._now())


class _DeviceCaches(dict):
    """`kernel.device_caches`: for every device a tuple that begins with its kernels."""

    def __init__(self, function: JITFunction) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, device: object) -> tuple:
        from ..backends._make import make_backend
        from .driver import driver

        target = driver.active.get_current_target()
        entry = self[device] = (_KernelCache(self._function), {}, target, make_backend(target), None)
        return entry

    def clear(self) -> None:
        """Forget the kernels of every device."""
        self._function._forget()


class JITFunction(JITCallable, KernelInterface):
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

    _hash_lock: object = None
    _file_lines: list[str] | None = None

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
        self.used_global_vals: dict = {}
        options = {"debug": True} if debug else None
        self._setup(fn, tuple([p._spec() for p in self.params]), bool(noinline), options, repr is not None)

    @property
    def __signature__(self) -> object:
        """Of the Python function, for `inspect.signature` and editors."""
        return self.signature

    # ---- copies: pickled by name where that leads to it, else as what is known of it -------------------------------

    def __getstate__(self) -> dict:
        state = dict(self.__dict__)
        for name in ("__globals__", "_device_caches", "_file_lines", "_hash_lock", "signature"):
            state.pop(name, None)
        state["fn"] = self.fn
        if self.fn is None or not _is_importable(self.fn):
            self._source_facts()  # the file may not be there where it is restored
            state.update({name: self.__dict__[name] for name in ("_src", "_whole", "raw_src", "starting_line_number")})
            state.update(hash=self.hash, _file=self._file_name(), fn=None)
        return state

    def __setstate__(self, state: dict) -> None:
        fn = state.pop("fn", None)
        self.__dict__.update(state)
        self.__globals__ = getattr(fn, "__globals__", None)
        options = {"debug": True} if self.debug else None
        specs = tuple([p._spec() for p in self.params])
        self._setup(fn, specs, bool(self.noinline), options, self._repr is not None)

    def __reduce_ex__(self, protocol: int) -> object:
        if _named(self.__module__, self.__qualname__) is self:
            return self.__qualname__
        return _new, (type(self),), self.__getstate__()

    def __copy__(self) -> JITFunction:
        return self.__deepcopy__(None)

    def __deepcopy__(self, memo: dict | None) -> JITFunction:
        import copy

        other = _new(type(self))
        state = {k: v for k, v in self.__dict__.items() if k not in ("_device_caches", "_hash_lock", "__globals__")}
        state["params"] = [copy.copy(p) for p in self.params]
        if "repr" in state and memo is not None:
            state["repr"] = copy.deepcopy(state["repr"], memo)
        other.__setstate__({**state, "fn": self.fn})
        return other

    def __call__(self, *args: object, **kwargs: object) -> object:
        if _core._interpreter is not None:
            return _core._interpreted(self)(*args, **kwargs)
        raise RuntimeError("Cannot call @triton.jit'd outside of the scope of a kernel")

    def __get__(self, instance: object, owner: type) -> object:
        if instance is None or _core._interpreter is None:
            return self
        return lambda *args, **kwargs: self(instance, *args, **kwargs)

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

            text = f"{self.module}{self.__qualname__}{self.starting_line_number}{self.src}{self._fingerprint()}"
            self.hash = hashlib.sha256(text.encode()).hexdigest()
        elif name == "_device_caches":
            self._device_caches = _DeviceCaches(self)
        else:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return self.__dict__[name]

    def _source_facts(self) -> tuple:
        """(name, qualified name, file, first line, source), for the extension."""
        if "_whole" not in self.__dict__:
            self._find_source()
        qualname = f"{self.module}.{self.__qualname__}"
        return self.__name__, qualname, self._file_name(), self.starting_line_number, self._whole

    def _keep_source(self) -> None:
        """Called when the Python function is about to be taken away."""
        self._source_facts()
        self._file = self._file_name()
        self.hash  # noqa: B018

    def _file_name(self) -> str:
        return self.fn.__code__.co_filename if self.fn is not None else self.__dict__.get("_file", "<unknown>")

    @property
    def src(self) -> str:
        """The source, from `def` on."""
        return self._src

    @src.setter
    def src(self, new_src: str) -> None:
        self._unsafe_update_src(new_src)

    def _unsafe_update_src(self, new_src: str) -> None:
        """Replace the source; kernels compiled so far are forgotten."""
        self.starting_line_number = self.starting_line_number
        self._src = self._whole = new_src
        self.__dict__.pop("hash", None)
        self._forget()

    @property
    def cache_key(self) -> str:
        """A hash of the function's source, of the functions it calls and of the constants it reads."""
        return self.hash

    @cache_key.setter
    def cache_key(self, key: str) -> None:
        self.hash = key

    @property
    def device_caches(self) -> dict:
        """The kernels compiled so far, by device; a device's entry begins with a dictionary of them."""
        caches = self._device_caches
        if self._kernels():
            caches[_current_device()]  # is made when it is missing
        return caches

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

    def advise(self, *args: object, grid: object, **kwargs: object) -> object:
        """What a launch must move and compute, what binds it on this machine, the share that it reaches, and what
        stands between. The launch is timed on copies of the tensors.

        Parameters
        ----------
        *args, **kwargs
            The launch's arguments and options.
        grid : int, tuple or callable
            Its grid.

        Returns
        -------
        Advice
            `print` shows it.
        """
        return _above["advise"]()(self, args, grid, kwargs)

    def preload(self, specialization_data: str) -> object:
        """Compile for a specialization that `knobs.runtime.jit_cache_hook` was told, and keep the kernel."""
        from ._preload import preload

        return preload(self, specialization_data, self._target())

    @staticmethod
    def _target() -> dict:
        """The target of launches in this thread, as what JSON can write."""
        from .driver import driver

        target = driver.active.get_current_target()
        return {"backend": target.backend, "arch": target.arch, "warp_size": target.warp_size}

    # ---- launching: __getitem__ and run() are the extension's -------------------------------------------------------

    def add_pre_run_hook(self, hook: Callable) -> None:
        """Call `hook` with a launch's arguments before every launch."""
        if not callable(hook):
            raise TypeError("a hook must be callable")
        self.pre_run_hooks.append(hook)


def _new(cls: type) -> object:
    """An object without contents, which `__setstate__` gives it."""
    return cls.__new__(cls)


def _named(module: str | None, qualname: str) -> object:
    """What a module calls by that name, or None."""
    found = sys.modules.get(module or "")
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _is_importable(fn: Callable) -> bool:
    """Whether pickle can write a function as its name."""
    return _named(fn.__module__, fn.__qualname__) is fn


def _current_device() -> int:
    from .driver import driver

    return driver.active.get_current_device()


_above: dict[str, Callable[[], Any]] = {}


def stands_above(**loaders: Callable[[], Any]) -> None:
    """Tell this module of what is built on it and yet reached from its kernels; loaded when it is first asked for."""
    _above.update(loaders)


def _is_interpreting() -> bool:
    """Whether kernels that are made now are run by Python."""
    knobs = sys.modules.get("triton.knobs")
    given = os.environ.get("TRITON_INTERPRET", "").lower()
    return bool(knobs.runtime.interpret) if knobs else given in ("1", "true", "on", "yes", "y")


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
) -> Any:
    """Make a function a kernel, or a function that kernels may call.

    Inside it are Python's own syntax, the names of `triton.language`, other `@triton.jit` functions, and values known
    at compile time. Launch it as `kernel[grid](*args)`; `grid` is a tuple of one to three integers, or a function of
    the arguments by name that gives one.
    """

    def decorate(function: Callable) -> JITFunction:
        kind = JITFunction
        if _is_interpreting():
            kind = _above["interpreted"]()
        return kind(
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
        return self.base.data_ptr() if hasattr(self.base, "data_ptr") else self.base.ctypes.data

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


# ---- what a launch knows of its arguments, for programs that ask ----------------------------------------------------

TRITON_MODULE = "triton.language"
GLUON_MODULE = "triton.experimental.gluon.language"


def native_specialize_impl(
    backend: object, arg: object, is_const: bool = False, specialize_value: bool = True, align: bool = True
) -> tuple:
    """The type of an argument as signatures spell it, and the letters of what its value says ("D": a multiple of 16);
    for what becomes a constant ("constexpr", value)."""
    if arg is None:
        return "constexpr", None
    if isinstance(arg, _core.constexpr):
        return "constexpr", arg.value
    if isinstance(arg, (tuple, list)):
        parts = [native_specialize_impl(backend, item) for item in arg]  # a parameter's settings are not its items'
        kinds, letters = tuple(p[0] for p in parts), tuple(p[1] for p in parts)
        return (type(arg)(*kinds), type(arg)(*letters)) if hasattr(arg, "_fields") else (kinds, letters)
    if isinstance(arg, bool):
        return "u1", None
    if isinstance(arg, int):
        if specialize_value and arg == 1:
            return "constexpr", 1
        kind = "i32" if -(2**31) <= arg < 2**31 else "i64" if arg < 2**63 else "u64"
        letters = backend.get_int_specialization(arg, align=align) if specialize_value else None
        return kind, letters
    if isinstance(arg, float):
        return "fp32", None
    if isinstance(arg, (JITCallable, _core.dtype, str)) or callable(arg):
        return "constexpr", arg
    if hasattr(arg, "data_ptr"):
        from .._utils import canonicalize_ptr_dtype

        letters = backend.get_tensor_specialization(arg, align=align) if specialize_value else None
        return canonicalize_ptr_dtype(arg.dtype, is_const), letters
    if hasattr(arg, "block_shape") and hasattr(arg, "base"):
        from .._utils import canonicalize_dtype

        if hasattr(arg, "layout"):
            return arg.__mangle__(), None

        return f"tensordesc<{canonicalize_dtype(arg.base.dtype)}{list(arg.block_shape)}>", None
    if hasattr(arg, "tma_desc_cpu_ptr"):
        return "nvTmaDesc", None
    raise TypeError(f"failed to specialize argument of type: {type(arg)}")


def mangle_type(arg: object, specialize: bool = False) -> str:
    """The type of an argument as signatures spell it."""
    from ..backends.compiler import BaseBackend

    return native_specialize_impl(BaseBackend, arg, False, specialize, specialize)[0]


def create_function_from_signature(sig: object, kparams: list, backend: object) -> Callable:
    """A function that binds the arguments of a launch: (values by name, what they are specialized to, options)."""
    import inspect

    if isinstance(sig, JITFunction):
        sig = sig.signature
    names = [p.name for p in kparams]

    def binder(*args: object, **kwargs: object) -> tuple:
        options = {k: v for k, v in kwargs.items() if k not in names}
        bound = sig.bind(*args, **{k: v for k, v in kwargs.items() if k in names})
        bound.apply_defaults()
        specialization = []
        for p in kparams:
            value = bound.arguments[p.name]
            if p.is_constexpr:
                specialization.append(("constexpr", value))
            elif p.annotation_type and not p.annotation_type.startswith("*"):
                specialization.append((p.annotation_type, None))
            else:
                specialization.append(
                    native_specialize_impl(
                        backend, value, p.is_const, not p.do_not_specialize, not p.do_not_specialize_on_alignment
                    )
                )
        return dict(bound.arguments), specialization, options

    if not isinstance(sig, inspect.Signature):
        raise TypeError(f"an inspect.Signature is needed, not {sig!r}")
    return binder


def compute_cache_key(kernel_key_cache: dict, specialization: list, options: dict) -> str:
    """The text that a launch's kernel is remembered by."""
    key = (tuple(map(str, specialization)), str(options))
    if key not in kernel_key_cache:
        kernel_key_cache[key] = str(specialization) + str(options)
    return kernel_key_cache[key]


def convert_to_tuple_if_list(item: object) -> object:
    """Nested lists as tuples."""
    return tuple(map(convert_to_tuple_if_list, item)) if isinstance(item, list) else item


def get_device_key() -> str:
    """The device that a launch without tensors runs on, as text: "cuda:0"."""
    from .driver import driver

    return f"{driver.active.get_current_target().backend}:{driver.active.get_current_device()}"


def get_full_name(fn: Callable) -> str:
    """A function's module and name."""
    return f"{fn.__module__}.{fn.__qualname__}"


def get_def_line_number(raw_src: list, starting_line_number: int) -> int:
    """The line that `def` is in, where a function's text begins with its decorators."""
    for i, line in enumerate(raw_src):
        if line.lstrip().startswith(("def ", "async def ")):
            return starting_line_number + i
    return starting_line_number


def get_def_col_number(raw_src_str: str) -> int:
    """The column that `def` is in."""
    for line in raw_src_str.splitlines():
        if line.lstrip().startswith(("def ", "async def ")):
            return len(line) - len(line.lstrip()) + 1
    return 1


def get_jit_fn_file_line(fn: JITFunction) -> tuple[str, int]:
    """The file of a function, and the line that its `def` is in."""
    fn._source_facts()
    return fn._file_name(), get_def_line_number(fn.raw_src, fn.starting_line_number)


def serialize_specialization_data(
    name: str, signature: dict, constants: dict, attrs: dict, options: object, key: object, target: object = None
) -> str:
    """What a kernel was compiled for, as JSON."""
    import json

    facts = {str(k): (str(v) if type(v).__name__ == "dtype" else v) for k, v in constants.items()}
    data = {
        "name": name,
        "signature": signature,
        "constant_keys": [list(k) if isinstance(k, tuple) else k for k in constants],
        "constant_vals": list(facts.values()),
        "attrs_keys": [list(k) for k in attrs],
        "attrs_vals": list(attrs.values()),
        "options": dict(vars(options)) if hasattr(options, "__dict__") else options,
        "key": key,
    }
    return json.dumps(data, default=str)


class DependenciesFinder:
    """What a function's source takes from outside, as a hash: `ret` after `visit`.

    Parameters
    ----------
    name : str
        The function's name.
    globals, nonlocals : dict
        Where its names lead.
    src : str
        Its source.
    """

    def __init__(self, name: str, globals: dict, nonlocals: dict, src: str) -> None:
        import hashlib

        self.name = name
        self.globals = globals
        self.nonlocals = nonlocals
        self.hasher = hashlib.sha256(src.encode())
        self.used_global_vals: dict = {}

    @property
    def ret(self) -> str:
        return self.hasher.hexdigest()

    def visit(self, node: object) -> None:
        """Add the names that a tree of `ast` reads."""
        import ast

        for name in sorted({n.id for n in ast.walk(node) if isinstance(n, ast.Name)}):
            for space in (self.nonlocals, self.globals):
                if name not in space:
                    continue
                value = space[name]
                if isinstance(value, JITCallable):
                    self.hasher.update(value.cache_key.encode())
                elif isinstance(value, _core.constexpr):
                    self.used_global_vals[(name, id(space))] = (value, space)
                    self.hasher.update(f"{name}={value.value!r}".encode())
                break


def __getattr__(name: str) -> object:
    """Names that live elsewhere, and those that need modules which take their time to import."""
    if name in ("find_paths_if", "get_iterable_path", "is_namedtuple", "type_canonicalisation_dict"):
        from .. import _utils

        return getattr(_utils, name)
    if name == "driver":
        from .driver import driver

        return driver
    if name == "BaseBackend":
        from ..backends.compiler import BaseBackend

        return BaseBackend
    if name == "get_cache_key":
        from .cache import get_cache_key

        return get_cache_key
    if name == "get_cache_invalidating_env_vars":
        return _C.get_cache_invalidating_env_vars
    if name == "JitFunctionInfo":
        from .._hooks import JitFunctionInfo

        return JitFunctionInfo
    if name == "INDENT_PATTERN":
        import re

        return re.compile(r"^(?P<indent>[ \t]*)def\s+\w+\s*\(", re.MULTILINE)
    if name in ("Concatenate", "ParamSpec", "TypeVar"):
        import typing

        return getattr(typing, name)
    if name in ("P", "R", "T", "U"):
        import typing

        globals()[name] = typing.ParamSpec("P") if name == "P" else typing.TypeVar(name)
        return globals()[name]
    raise AttributeError(f"module 'triton.runtime.jit' has no attribute {name!r}")
