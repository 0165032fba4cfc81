"""Memory that kernels ask their host for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_allocator: Callable | None = None


def set_allocator(allocator: Callable) -> None:
    """Name the function `(size, alignment, stream)` that gives kernels their scratch memory on a device.

    Kernels on the CPU have scratch memory of their own and never ask.
    """
    global _allocator
    _allocator = allocator
