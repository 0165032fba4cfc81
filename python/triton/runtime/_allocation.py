"""Memory that kernels ask their host for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class NullAllocator:
    """What there is until an allocator is set."""

    def __call__(self, size: int, alignment: int, stream: int | None) -> object:
        raise RuntimeError(
            f"the kernel needs {size} bytes of scratch memory on the device; triton.set_allocator says where from"
        )


_allocator: Callable = NullAllocator()


def allocate(size: int, stream: int) -> object:
    """Memory from the user's allocator; None: there is none, and the launch finds the memory itself."""
    if isinstance(_allocator, NullAllocator):
        return None
    memory = _allocator(size, 128, stream)
    if getattr(getattr(memory, "device", None), "type", None) == "cpu" and not memory.is_pinned():
        raise ValueError(
            f"the allocator of triton.set_allocator gave {size} bytes in host memory, which a GPU cannot reach: "
            "let it make a tensor on the GPU (device='cuda')"
        )
    return memory


def set_allocator(allocator: Callable) -> None:
    """Name the function `(size, alignment, stream)` that gives kernels their scratch memory on a device.

    Kernels on the CPU have scratch memory of their own and never ask.
    """
    global _allocator
    _allocator = allocator
