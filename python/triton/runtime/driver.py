"""The device that kernels run on, as other packages ask for it: `triton.runtime.driver.active`."""

from __future__ import annotations

from .._C import libtriton as _C
from ..backends.compiler import GPUTarget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class CPUDriver:
    """This machine's processor."""

    def __init__(self) -> None:
        self._target: GPUTarget | None = None

    @staticmethod
    def is_active() -> bool:
        return True

    def get_current_target(self) -> GPUTarget:
        """The exact processor that kernels are compiled for."""
        if self._target is None:
            backend, _, arch = _C.resolve_target("cpu").partition(":")
            # What follows the name are the exact features, which a target does not show.
            self._target = GPUTarget(backend, arch.partition("+")[0], 0)
        return self._target

    def get_current_device(self) -> int:
        return 0

    def set_current_device(self, device: int) -> None:
        if device not in (0, "cpu"):
            raise ValueError(f"there is no device {device!r}")

    def get_current_stream(self, device: int = 0) -> int:
        return 0

    def get_active_torch_device(self) -> object:
        import torch

        return torch.device("cpu")

    def get_benchmarker(self) -> Callable:
        """What measures a function: `triton.testing.do_bench`."""
        from ..testing import do_bench

        return do_bench

    def __repr__(self) -> str:
        return "<driver of the CPU>"


class DriverConfig:
    """Which driver is active."""

    def __init__(self) -> None:
        self._default: CPUDriver | None = None
        self._active: object = None

    @property
    def default(self) -> CPUDriver:
        if self._default is None:
            import os

            wanted = os.environ.get("TRITON_DEFAULT_BACKEND", "cpu")
            if wanted != "cpu":
                raise RuntimeError(f"TRITON_DEFAULT_BACKEND={wanted}: this build of triton runs kernels on the CPU")
            self._default = CPUDriver()
        return self._default

    @property
    def active(self) -> object:
        return self._active if self._active is not None else self.default

    def set_active(self, driver: object) -> None:
        """Use another driver from now on."""
        self._active = driver

    def reset_active(self) -> None:
        """Back to the default."""
        self._active = None


driver = DriverConfig()
