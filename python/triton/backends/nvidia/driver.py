"""NVIDIA GPUs as devices."""

from __future__ import annotations

import os
import sys

from ..._C import libtriton as _C
from ..compiler import GPUTarget
from ..driver import GPUDriver, ty_to_cpp  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: Element types of a descriptor of a tensor in device code to CUtensorMapDataType.
TMA_DTYPE_DEVICE_TO_HOST = {i: i for i in range(16)}
TMA_DTYPE_DEVICE_TO_HOST.update({8: 10, 9: 8, 10: 9})
TMA_TF32 = 11
GSAN_PER_DEVICE_STATE_STRIDE = 1 << 40


def _toolkit_include() -> list[str]:
    """The folders that have the driver's header: of a CUDA toolkit, or of NVIDIA's Python packages. `include_dirs`, for
    what triton.tools.compile writes."""
    import glob

    roots = [os.environ.get("CUDA_HOME"), "/usr/local/cuda", *sorted(glob.glob("/usr/local/cuda-*"), reverse=True)]
    for folder in sys.path:
        roots += sorted(glob.glob(os.path.join(folder, "nvidia", "cu*")), reverse=True)
    found = [os.path.join(root, "include") for root in roots if root]
    return [folder for folder in dict.fromkeys(found) if os.path.exists(os.path.join(folder, "cuda.h"))]


#: Where the device library of a toolkit would be.
dirname = os.path.dirname(os.path.realpath(__file__))
libdevice_dir = os.path.join(dirname, "lib")
libraries = ["libcuda.so.1"]

# Kinds of arguments of the reference's launcher, which are no classes here.
ARG_CONSTEXPR = ARG_KERNEL = ARG_TUPLE = PyKernelArg = PyCUtensorMap = None


def libcuda_dirs() -> list[str]:
    """The folders that CUDA's driver library lies in."""
    path = os.environ.get("TRITON_LIBCUDA_PATH")
    if path:
        return [path]
    folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib/aarch64-linux-gnu", "/usr/lib/wsl/lib"]
    folders += [f for f in os.environ.get("LD_LIBRARY_PATH", "").split(":") if f]
    found = [folder for folder in folders if os.path.exists(os.path.join(folder, "libcuda.so.1"))]
    if not found:
        raise AssertionError("libcuda.so.1 of NVIDIA's driver was not found; TRITON_LIBCUDA_PATH can name its folder")
    return found


def library_dirs() -> list[str]:
    """The folders that a launcher would be linked from."""
    return [libdevice_dir, *libcuda_dirs()]


_gpu_is_there: list[bool] = []


def gpu_is_there() -> bool:
    """Whether the driver counts a device, asked once."""
    if not _gpu_is_there:
        _gpu_is_there.append(_count_gpus())
    return _gpu_is_there[0]


def _count_gpus() -> bool:
    """Counting starts the driver, and a process in which it runs cannot be forked: another process counts."""
    import ctypes
    import subprocess

    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        return False
    if os.environ.get("CUDA_VISIBLE_DEVICES", None) in ("", "-1"):
        return False
    code = (
        "import ctypes; c = ctypes.CDLL('libcuda.so.1'); n = ctypes.c_int(); "
        "raise SystemExit(c.cuInit(0) != 0 or c.cuDeviceGetCount(ctypes.byref(n)) != 0 or n.value == 0)"
    )
    return subprocess.run([sys.executable, "-S", "-c", code], capture_output=True).returncode == 0


def annotate_arguments(signature: object) -> list:
    """The types of a signature, constants left in, tuples as tuples."""
    return [kind if isinstance(kind, (str, tuple)) else str(kind) for kind in signature]


def make_kernel_signature(signature: object) -> list[str]:
    """The run-time arguments of a signature, tuples laid out flat."""
    flat: list[str] = []
    pending = list(reversed(list(signature)))
    while pending:
        kind = pending.pop()
        if isinstance(kind, tuple):
            pending.extend(reversed(kind))
        elif kind != "constexpr":
            flat.append(kind)
    return flat


def is_enabled(options: object, name: str) -> bool:
    """Whether an instrumentation is among those that options name."""
    from .compiler import is_enabled as enabled

    return enabled(options, name)


def compile_module_from_file(src_path: str, name: str, **ignored: object) -> object:
    """Build a C file as an extension module, with the C compiler that CC names, and import it."""
    from ...runtime.build import compile_module_from_src

    with open(src_path, encoding="utf-8") as file:
        return compile_module_from_src(file.read(), name, **ignored)


def compile_module_from_src(src: str, name: str, **options: object) -> object:
    """Build C source as an extension module, with the C compiler that CC names, and import it."""
    from ...runtime.build import compile_module_from_src as build

    return build(src, name, **options)


def make_tensordesc_arg(arg: object, metadata: dict | None, _: object = None) -> list:
    """What is passed for a descriptor of a tensor."""
    if metadata is None:
        rank = len(arg.shape)
        return [arg.base, *arg.shape, *arg.strides, arg.padding == "nan", False, *arg.shape[:rank], *arg.strides[:rank]]
    return [arg, *arg.shape, *arg.strides]


def wrap_handle_tensordesc(launcher: Callable, signature: object, tensordesc_meta: object) -> Callable:
    """A launcher that takes descriptors of tensors."""
    from ..driver import wrap_handle_tensordesc_impl

    return wrap_handle_tensordesc_impl(launcher, signature, tensordesc_meta, make_tensordesc_arg)


def __getattr__(name: str) -> object:
    from .. import driver

    if name in ("decompose_descriptor", "expand_signature", "wrap_handle_tensordesc_impl"):
        return getattr(driver, name)
    if name == "include_dirs":  # looked for when somebody asks
        return _toolkit_include()
    raise AttributeError(f"module 'triton.backends.nvidia.driver' has no attribute {name!r}")


class CudaLauncher:
    """A launch of compiled kernels with its arguments one by one, as the reference's launchers are called.

    Parameters
    ----------
    src : ASTSource
        What was compiled.
    metadata : KernelMetadata
        Facts about the kernel.
    """

    def __init__(self, src: object, metadata: object) -> None:
        self.num_ctas = getattr(metadata, "num_ctas", 1)
        self.global_scratch_size = getattr(metadata, "global_scratch_size", 0)
        self.global_scratch_align = getattr(metadata, "global_scratch_align", 1)
        self.launch_cooperative_grid = getattr(metadata, "launch_cooperative_grid", False)
        self.launch_pdl = getattr(metadata, "launch_pdl", False)

    def __call__(self, grid_x: int, grid_y: int, grid_z: int, stream: int, function: object, *args: object) -> None:
        """Launch `function`, a compiled kernel."""
        function.run(grid_x, grid_y, grid_z, stream, function, *args)


class CudaDriver(GPUDriver):
    """The GPU that is current in the calling thread."""

    def __init__(self) -> None:
        self.utils = CudaUtils()
        self.launcher_cls = CudaLauncher

    @classmethod
    def is_active(cls) -> bool:
        """Whether there is a GPU that PyTorch, where it is loaded, can use too. The driver is not started for it, so
        that a process can still be forked."""
        wanted = os.environ.get("TRITON_DEFAULT_BACKEND", "")
        if wanted == "cpu":
            return False
        torch = sys.modules.get("torch")
        if torch is not None and hasattr(torch, "cuda"):
            return torch.cuda.is_available() and torch.version.hip is None
        return gpu_is_there()

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

    def get_empty_cache_for_benchmark(self) -> object:
        """Memory of 256 MB, more than any cache of the device holds."""
        import torch

        return torch.empty(256 << 20, dtype=torch.int8, device="cuda")

    def clear_cache(self, cache: object) -> None:
        """Write all of it, so that nothing else is left in the cache."""
        cache.zero_()

    def __repr__(self) -> str:
        return "<driver of CUDA devices>"


class CudaUtils:
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
