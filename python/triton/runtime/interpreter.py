"""The names of the reference's interpreter. Here TRITON_INTERPRET=1 runs the same compiled kernels, one program after
another, with device assertions on: no function is of these classes."""

from __future__ import annotations

from .errors import InterpreterError
from .jit import JITFunction, KernelInterface

__all__ = ["GridExecutor", "InterpretedFunction", "InterpreterError"]


class InterpretedFunction(KernelInterface):
    """A kernel that Python runs; made from a function, it is the compiled one all the same.

    Parameters
    ----------
    fn : callable
        The function.
    """

    def __new__(cls, fn: object, **kwargs: object) -> JITFunction:
        return JITFunction(fn, **kwargs)


class GridExecutor:
    """A launch of a kernel on a grid.

    Parameters
    ----------
    fn : JITFunction
        The kernel.
    arg_names : list of str
        Its parameters.
    grid : tuple or callable
        The grid.
    """

    def __init__(self, fn: object, arg_names: list[str], grid: object, pre_run_hooks: list | None = None) -> None:
        self.fn = fn
        self.arg_names = arg_names
        self.grid = grid

    def __call__(self, *args: object, **kwargs: object) -> object:
        return self.fn[self.grid](*args, **kwargs)
