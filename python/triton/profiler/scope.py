"""Scopes: named parts of a program, which nest."""

from __future__ import annotations

import sys
import threading
import time

from ._session import Scope, profiler
from .flags import flags
from .metric import metric_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_named = threading.local()


def _torch_range(name: str) -> Any:
    """A range of PyTorch's profiler where that runs, entered; else None."""
    module = sys.modules.get("torch.autograd.profiler")
    if module is None or not getattr(module, "_is_profiler_enabled", False):
        return None
    made = module.record_function(name)
    made.__enter__()
    return made


def _enter(name: str, metrics: dict[str, Any] | None) -> Scope:
    entered = Scope(profiler.new_number(), name)
    profiler.enter(entered)
    if metrics:
        profiler.add_metrics(entered, metric_values(metrics))
    return entered


class scope:
    """`with scope(name, metrics): ...` or `@scope(name, metrics)`: what is launched within is counted there.

    Parameters
    ----------
    name : str
        The scope's name.
    metrics : dict, optional
        Numbers, tensors or lists of numbers to add to the scope: `{"flops": 2 * n ** 3, "bytes": 12 * n * n}`.
    """

    def __init__(self, name: str, metrics: dict[str, Any] | None = None) -> None:
        self.name = name
        self.metrics = metrics
        self.id: int | None = None
        self._entered: list[tuple] = []

    def _begin(self) -> Scope | None:
        if not flags.profiling_on:
            return None
        entered = _enter(self.name, self.metrics)
        self.id = entered.number
        return entered

    def _end(self, entered: Scope) -> None:
        profiler.leave(entered)

    def __enter__(self) -> scope:
        shown = _torch_range(self.name)
        self._entered.append((self._begin(), shown))
        return self

    def __exit__(self, *error: object) -> None:
        entered, shown = self._entered.pop()
        if entered is not None:
            self._end(entered)
        if shown is not None:
            shown.__exit__(None, None, None)

    def __call__(self, func: Callable) -> Callable:
        from functools import wraps

        @wraps(func)
        def wrapper(*args: object, **kwargs: object) -> object:
            with type(self)(self.name, self.metrics):
                return func(*args, **kwargs)

        return wrapper


class cpu_timed_scope(scope):
    """A scope that has one metric more, `cpu_time (ns)`: how long it took this thread.

    Parameters
    ----------
    name : str
        The scope's name.
    metrics : dict, optional
        As of `scope`; "cpu_time" is taken.
    """

    def __init__(self, name: str, metrics: dict[str, Any] | None = None) -> None:
        if metrics and "cpu_time" in metrics:
            raise ValueError("the metric cpu_time is the scope's own")
        super().__init__(name, metrics)
        self._begins: list[int] = []

    def _begin(self) -> Scope | None:
        entered = super()._begin()
        if entered is not None:
            self._begins.append(time.perf_counter_ns())
        return entered

    def _end(self, entered: Scope) -> None:
        profiler.add_metrics(entered, {"cpu_time (ns)(exc)": time.perf_counter_ns() - self._begins.pop()})
        super()._end(entered)


def enter_scope(name: str, *, metrics: dict[str, Any] | None = None) -> int | None:
    """Enter a scope until `exit_scope`; gives its number, or None where nothing is profiled."""
    if not flags.profiling_on:
        return None
    entered = _enter(name, metrics)
    if not hasattr(_named, "scopes"):
        _named.scopes = []
    _named.scopes.append((entered, _torch_range(name)))
    return entered.number


def exit_scope(name: str | None = None, *, metrics: dict[str, Any] | None = None) -> int | None:
    """Leave the scope that this thread entered last by `enter_scope`.

    Parameters
    ----------
    name : str, optional
        What it is called; another name is an error.
    metrics : dict, optional
        To add to it.
    """
    if not flags.profiling_on:
        return None
    scopes = getattr(_named, "scopes", None)
    if not scopes:
        raise RuntimeError("exit_scope without a scope that this thread entered")
    entered, shown = scopes[-1]
    if name and name != entered.name:
        raise ValueError(f"the scope that was entered last is {entered.name!r}, not {name!r}")
    scopes.pop()
    if metrics:
        profiler.add_metrics(entered, metric_values(metrics))
    profiler.leave(entered)
    if shown is not None:
        shown.__exit__(None, None, None)
    return entered.number
