"""The Triton language and its compiler, in C.

A drop-in for the Triton Python API: kernels are Python functions decorated with `triton.jit`, launched as
`kernel[grid](...)`. What must be fast (binding of arguments, specialization, look-up, launch) and what compiles is C,
in `triton._C.libtriton`; this package holds what must be Python.
"""

from __future__ import annotations

from . import _bindings  # noqa: E402
from ._C import libtriton as _libtriton  # noqa: E402
from ._version import __version__  # noqa: E402, F401

__triton_builtin__ = "triton"

from . import language  # noqa: E402
from .compiler import CompilationError, compile  # noqa: E402
from .errors import TritonError  # noqa: E402
from .language._aggregate import aggregate, class_facts, methods_become  # noqa: E402
from .language.core import cdiv, constexpr_function, next_power_of_2  # noqa: E402
from .runtime import (  # noqa: E402
    Config,
    InterpreterError,
    JITFunction,
    KernelInterface,
    MockTensor,
    OutOfResources,
    TensorWrapper,
    autotune,
    heuristics,
    reinterpret,
    set_allocator,
)
from .runtime.driver import driver as _driver  # noqa: E402
from .runtime.jit import jit, stands_above  # noqa: E402

__all__ = [
    "AsyncCompileMode",
    "CompilationError",
    "Config",
    "FutureKernel",
    "InterpreterError",
    "JITFunction",
    "KernelInterface",
    "MockTensor",
    "OutOfResources",
    "TensorWrapper",
    "TritonError",
    "aggregate",
    "autotune",
    "cdiv",
    "compile",
    "compiler",
    "constexpr_function",
    "heuristics",
    "jit",
    "knobs",
    "language",
    "next_power_of_2",
    "reinterpret",
    "runtime",
    "set_allocator",
    "testing",
    "tools",
]


def _interpreted() -> type:
    from .runtime.interpreter import InterpretedFunction

    return InterpretedFunction


def _advise() -> object:
    from ._advise import advise

    return advise


# What is built on the language and yet has a name in it.
language.standard.jit = jit
language.target_info.driver = _driver
methods_become(JITFunction)
stands_above(interpreted=_interpreted, advise=_advise)
_bindings.fill()
_libtriton.register(
    constexpr=language.constexpr,
    dtype=language.dtype,
    constexpr_function=language.core.ConstexprFunction,
    make_dtype=language.core.dtype_from_text,
    kernel_class=compiler.CompiledKernel,  # noqa: F821
    compilation_error=compiler.errors.error_from_message,  # noqa: F821
    out_of_resources=OutOfResources,
    class_facts=class_facts,
)


def __getattr__(name: str) -> object:
    """`triton.testing`, `triton.tools`, `triton.profiler`, `triton.knobs`: imported when they are first asked for."""
    if name in ("testing", "tools", "knobs", "backends", "profiler", "_utils"):
        import importlib

        return importlib.import_module(f"triton.{name}")
    if name in ("AsyncCompileMode", "FutureKernel"):
        from .runtime import _async_compile

        return getattr(_async_compile, name)
    if name in ("must_use_result", "aggregate"):
        return getattr(language.core, name)
    raise AttributeError(f"module 'triton' has no attribute {name!r}")
