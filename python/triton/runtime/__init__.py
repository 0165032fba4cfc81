"""Launching kernels: functions, autotuning, the driver."""

from ._allocation import set_allocator
from .autotuner import Autotuner, Config, Heuristics, autotune, heuristics
from .driver import driver
from .errors import InterpreterError, OutOfResources
from .jit import JITFunction, KernelInterface, MockTensor, TensorWrapper, reinterpret  # and jit stays the module

__all__ = [
    "Autotuner",
    "Config",
    "Heuristics",
    "InterpreterError",
    "JITFunction",
    "KernelInterface",
    "MockTensor",
    "OutOfResources",
    "TensorWrapper",
    "autotune",
    "driver",
    "heuristics",
    "reinterpret",
    "set_allocator",
]


def __getattr__(name: str) -> object:
    """The cache's names are imported when they are first asked for."""
    if name in ("cache", "interpreter", "build"):
        import importlib

        return importlib.import_module(f"triton.runtime.{name}")
    if name in ("RedisRemoteCacheBackend", "RemoteCacheBackend"):
        from . import cache

        return getattr(cache, name)
    if name == "JITCallable":
        from .jit import JITCallable

        return JITCallable
    raise AttributeError(f"module 'triton.runtime' has no attribute {name!r}")
