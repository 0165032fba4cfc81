"""States: a frame under whichever scope a launch is made in."""

from __future__ import annotations

from ._session import METADATA, profiler
from .flags import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

COMPUTE_METADATA_SCOPE_NAME = METADATA
COMPUTE_METADATA_SCOPE_PREFIX = f"{COMPUTE_METADATA_SCOPE_NAME}:"


class state:
    """`with state(name): ...` or `@state(name)`: what is launched within lies in a frame so called, below the scopes.

    Parameters
    ----------
    name : str
        The frame's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._entered: list[bool] = []

    def __enter__(self) -> state:
        self._entered.append(flags.profiling_on)
        if flags.profiling_on:
            profiler.enter_state(self.name)
        return self

    def __exit__(self, *error: object) -> None:
        if self._entered.pop() and flags.profiling_on:
            profiler.leave_state()

    def __call__(self, func: Callable) -> Callable:
        from functools import wraps

        @wraps(func)
        def wrapper(*args: object, **kwargs: object) -> object:
            with state(self.name):
                return func(*args, **kwargs)

        return wrapper


class metadata_state(state):
    """The state in which a kernel's `launch_metadata` is computed; viewers leave it out."""

    def __init__(self, kernel_name: str | None = None) -> None:
        super().__init__(get_metadata_state_name(kernel_name))


def enter_state(name: str) -> None:
    """Enter a state until `exit_state`."""
    if flags.profiling_on:
        profiler.enter_state(name)


def exit_state() -> None:
    """Leave the state that was entered last."""
    if flags.profiling_on:
        profiler.leave_state()


def get_metadata_state_name(kernel_name: str | None = None) -> str:
    """The name of the state in which a kernel's metadata is computed."""
    return f"{COMPUTE_METADATA_SCOPE_PREFIX}{kernel_name}" if kernel_name else COMPUTE_METADATA_SCOPE_NAME
