"""The device that kernels run on, as other packages ask for it: `triton.runtime.driver.active`.

A kernel runs where its tensors are, whatever is active: this module says where new tensors should go, and how time is
measured there.
"""

from __future__ import annotations

import os
import sys

from .._C import libtriton as _C
from ..backends.compiler import GPUTarget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


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


class CPUDriver:
    """This machine's processor."""

    def __init__(self) -> None:
        self._target: GPUTarget | None = None
        self.utils = CPUUtils()

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


class CUDADriver:
    """The GPU that is current in the calling thread."""

    def __init__(self) -> None:
        self.utils = CUDAUtils()

    @staticmethod
    def is_active() -> bool:
        """Whether there is a GPU that PyTorch, where it is loaded, can use too."""
        torch = sys.modules.get("torch")
        if torch is not None and not torch.cuda.is_available():
            return False
        try:
            _C.current_device("cuda")
        except RuntimeError:
            return False
        return True

    def get_current_target(self) -> GPUTarget:
        return GPUTarget("cuda", _C.current_device("cuda")[1], 32)

    def get_current_device(self) -> int:
        return _C.current_device("cuda")[0]

    def set_current_device(self, device: int) -> None:
        import torch

        torch.cuda.set_device(device)

    def get_current_stream(self, device: int | None = None) -> int:
        stream = stream_function()
        return stream(self.get_current_device() if device is None else device) if stream else 0

    def get_device_interface(self) -> object:
        """`torch.cuda`: events, streams, synchronization."""
        import torch

        return torch.cuda

    def get_active_torch_device(self) -> object:
        import torch

        return torch.device("cuda", self.get_current_device())

    def get_device_capability(self, device: int | None = None) -> tuple[int, int]:
        return divmod(_C.current_device("cuda")[1], 10)

    def get_benchmarker(self) -> Callable:
        """What measures a function: `triton.testing.do_bench`."""
        from ..testing import do_bench

        return do_bench

    def get_empty_cache_for_benchmark(self) -> object:
        """Memory of 256 MB, more than any cache of the device holds."""
        import torch

        return torch.empty(256 << 20, dtype=torch.int8, device="cuda")

    def clear_cache(self, cache: object) -> None:
        """Write all of it, so that nothing else is left in the cache."""
        cache.zero_()

    def __repr__(self) -> str:
        return "<driver of CUDA devices>"


class CUDAUtils:
    """Facts about devices."""

    # CUdevice_attribute's numbers
    _ATTRIBUTES = {
        "max_shared_mem": 97,
        "max_num_regs": 12,
        "multiprocessor_count": 16,
        "warpSize": 10,
        "sm_clock_rate": 13,
        "mem_clock_rate": 36,
        "mem_bus_width": 37,
    }

    def get_device_properties(self, device: int) -> dict[str, int]:
        """Shared memory per block (bytes), registers, multiprocessors, warp size, clocks (kHz), bus width (bits)."""
        import ctypes

        _C.current_device("cuda")  # the driver is there and started
        cuda = ctypes.CDLL("libcuda.so.1")
        facts, value = {}, ctypes.c_int()
        for name, number in self._ATTRIBUTES.items():
            if cuda.cuDeviceGetAttribute(ctypes.byref(value), number, int(device)) != 0:
                raise ValueError(f"there is no CUDA device {device!r}")
            facts[name] = value.value
        return facts


def stream_function() -> Callable | None:
    """The function that gives the stream a library works in on a device: PyTorch's, else CuPy's, else None."""
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch._C, "_cuda_getCurrentRawStream"):
        return torch._C._cuda_getCurrentRawStream
    cupy = sys.modules.get("cupy")
    if cupy is not None:
        return lambda device: cupy.cuda.get_current_stream().ptr
    return None


class DriverConfig:
    """Which driver is active."""

    def __init__(self) -> None:
        self._default: CPUDriver | CUDADriver | None = None
        self._active: object = None

    @property
    def default(self) -> CPUDriver | CUDADriver:
        """TRITON_DEFAULT_BACKEND's ("cpu", "cuda"); without it a GPU where there is one."""
        if self._default is None:
            wanted = os.environ.get("TRITON_DEFAULT_BACKEND", "")
            if wanted not in ("", "cpu", "cuda"):
                raise RuntimeError(f"TRITON_DEFAULT_BACKEND={wanted}: there is no such backend; there are cpu and cuda")
            if wanted == "cuda" and not CUDADriver.is_active():
                _C.current_device("cuda")  # says why not
            gpu = wanted == "cuda" or (not wanted and CUDADriver.is_active())
            self._default = CUDADriver() if gpu else CPUDriver()
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

_C.register(
    default_target=lambda: driver.active.get_current_target().backend,
    find_stream=stream_function,
)
