"""The device that kernels run on, as other packages ask for it: `triton.runtime.driver.active`.

A kernel runs where its tensors are, whatever is active: this module says where new tensors should go, and how time is
measured there.
"""

from __future__ import annotations

import os

from .._C import libtriton as _C
from ..backends.cpu.driver import CPUDriver
from ..backends.driver import DriverBase
from ..backends.nvidia.driver import CudaDriver, stream_function

CUDADriver = CudaDriver


class DriverConfig:
    """Which driver is active."""

    def __init__(self) -> None:
        self._default: DriverBase | None = None
        self._active: DriverBase | None = None

    @property
    def default(self) -> DriverBase:
        """TRITON_DEFAULT_BACKEND's ("cpu", "cuda", the name of another target); without it a GPU where there is one."""
        if self._default is None:
            self._default = self._create()
        return self._default

    @staticmethod
    def _create() -> DriverBase:
        wanted = os.environ.get("TRITON_DEFAULT_BACKEND", "")
        if wanted in ("cuda", "nvidia"):
            _C.current_device("cuda")  # says why not
            return CudaDriver()
        if wanted == "cpu":
            return CPUDriver()
        if wanted:
            from ..backends import backends

            if wanted not in backends:
                known = ", ".join(sorted(backends))
                raise RuntimeError(f"TRITON_DEFAULT_BACKEND={wanted}: there is no such backend; there are {known}")
            return backends[wanted].driver()
        return CudaDriver() if CudaDriver.is_active() else CPUDriver()

    @property
    def active(self) -> DriverBase:
        return self._active if self._active is not None else self.default

    def set_active(self, driver: DriverBase) -> None:
        """Use another driver from now on."""
        self._active = driver

    def reset_active(self) -> None:
        """Back to the default."""
        self._active = None

    def set_active_to_cpu(self) -> None:
        """Use the CPU from now on."""
        self._active = CPUDriver()

    def set_active_to_gpu(self) -> str:
        """Use the GPU from now on.

        Returns
        -------
        str
            The backend's name.

        Raises
        ------
        RuntimeError
            Where there is none.
        """
        gpus = self.get_active_gpus()
        if len(gpus) != 1:
            raise RuntimeError(f"there is no single backend with a GPU: {', '.join(gpus) or 'none'} has one")
        from ..backends import backends

        self._active = backends[gpus[0]].driver()
        return gpus[0]

    def get_active_gpus(self) -> list[str]:
        """The names of backends that have a GPU in this process."""
        from ..backends import backends

        return [name for name, backend in backends.items() if name != "cpu" and backend.driver.is_active()]


driver = DriverConfig()

_C.register(
    default_target=lambda: driver.active.get_current_target().backend,
    find_stream=stream_function,
)


def __getattr__(name: str) -> object:
    if name == "backends":
        from ..backends import backends

        return backends
    raise AttributeError(f"module 'triton.runtime.driver' has no attribute {name!r}")
