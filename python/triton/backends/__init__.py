"""The targets that there are: `triton.backends.backends`, by name.

"cpu" and "nvidia" are part of this package. Another distribution adds one through an entry point of the group
`triton.backends`: its name is the target's, its value a package with the modules `compiler` and `driver`, in which a
subclass of `BaseBackend` and one of `DriverBase` are defined.
"""

from __future__ import annotations

from .compiler import BaseBackend, GPUTarget
from .driver import DriverBase

__all__ = ["Backend", "BaseBackend", "DriverBase", "GPUTarget", "backends"]


class Backend:
    """What knows a target: the class of its compiler and the class of its driver."""

    __slots__ = ("compiler", "driver")

    def __init__(self, compiler: type[BaseBackend], driver: type[DriverBase]) -> None:
        object.__setattr__(self, "compiler", compiler)
        object.__setattr__(self, "driver", driver)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a Backend is not changed: cannot set {name!r}")

    def __repr__(self) -> str:
        return f"Backend(compiler={self.compiler!r}, driver={self.driver!r})"


def _class_in(module: object, base: type) -> type:
    """The one class that a module defines below `base`."""
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, base) and item.__module__ == module.__name__
    ]
    found = [item for item in found if not any(other is not item and issubclass(other, item) for other in found)]
    if len(found) != 1:
        raise RuntimeError(f"{module.__name__} must define one subclass of {base.__name__}; it has {len(found)}")
    return found[0]


def _discover() -> dict[str, Backend]:
    import importlib
    from importlib.metadata import entry_points

    from .cpu.compiler import CPUBackend
    from .cpu.driver import CPUDriver
    from .nvidia.compiler import CUDABackend
    from .nvidia.driver import CudaDriver

    found = {"nvidia": Backend(CUDABackend, CudaDriver), "cpu": Backend(CPUBackend, CPUDriver)}
    for entry in entry_points(group="triton.backends"):
        if entry.name in found:  # the reference's own distribution names those that are here
            continue
        package = entry.value
        compiler = _class_in(importlib.import_module(f"{package}.compiler"), BaseBackend)
        found[entry.name] = Backend(compiler, _class_in(importlib.import_module(f"{package}.driver"), DriverBase))
    return found


def __getattr__(name: str) -> object:
    """`backends` is made when it is first asked for: looking for entry points takes longer than importing the rest."""
    if name == "backends":
        found = globals()["backends"] = _discover()
        return found
    if name == "entry_points":
        from importlib.metadata import entry_points

        return entry_points
    raise AttributeError(f"module 'triton.backends' has no attribute {name!r}")
