"""This machine's processor as a device."""

from __future__ import annotations

import os

from ..._C import libtriton as _C
from ..compiler import GPUTarget
from ..driver import DriverBase


class CPUUtils:
    """Facts about the processor, by the names that GPUs have for them."""

    def get_device_properties(self, device: int = 0) -> dict[str, int]:
        """Cores as multiprocessors; a core's scratch memory has no limit of its own that a kernel could meet."""
        return {
            "max_shared_mem": 2**31 - 1,
            "max_num_regs": 2**31 - 1,
            "multiprocessor_count": os.cpu_count() or 1,
            "warpSize": 1,
            "sm_clock_rate": 0,
            "mem_clock_rate": 0,
            "mem_bus_width": 0,
        }


class CPUDriver(DriverBase):
    """This machine's processor."""

    def __init__(self) -> None:
        self._target: GPUTarget | None = None
        self.utils = CPUUtils()

    @classmethod
    def is_active(cls) -> bool:
        """Whether no GPU is there to be used instead, or TRITON_DEFAULT_BACKEND=cpu says so."""
        from ..nvidia.driver import CudaDriver

        return not CudaDriver.is_active()

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

    def get_device_interface(self) -> object:
        """`torch.cpu`: streams and synchronization that have nothing to do."""
        import torch

        return torch.cpu

    def get_empty_cache_for_benchmark(self) -> object:
        """Memory of 64 MB, more than most caches hold."""
        import torch

        return torch.empty(64 << 20, dtype=torch.int8)

    def clear_cache(self, cache: object) -> None:
        """Write all of it, so that nothing else is left in the cache."""
        cache.zero_()

    def get_active_torch_device(self) -> object:
        import torch

        return torch.device("cpu")

    def __repr__(self) -> str:
        return "<driver of the CPU>"
