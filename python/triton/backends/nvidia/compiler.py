"""What is known of a compile for an NVIDIA GPU before it begins."""

from __future__ import annotations

import functools

from ... import knobs
from ...runtime.errors import PTXASError
from ..compiler import BaseBackend, GPUTarget, Language, _Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = ["BaseBackend", "CUDABackend", "CUDAOptions", "GPUTarget", "Language", "PTXASError", "get_ptxas"]


def min_dot_size(target: GPUTarget) -> Callable:
    """The smallest (m, n, k) of a matmul, as a function of its operands' types."""

    def size(lhs: object, rhs: object) -> tuple[int, int, int]:
        left, right = lhs.scalar.primitive_bitwidth, rhs.scalar.primitive_bitwidth
        if left != right:
            raise AssertionError("lhs and rhs bitwidth must match")
        return (1, 1, 32) if left == 8 else (1, 1, 16)

    return size


def get_ptxas(arch: int = 80) -> knobs.NvidiaTool:
    """The assembler of CUDA's toolkit. (Compiles here use the one that is linked in, where there is one.)"""
    return knobs.nvidia.ptxas_blackwell if arch >= 100 else knobs.nvidia.ptxas


@functools.lru_cache
def get_ptxas_version(arch: int = 80) -> str:
    """What the assembler says of itself."""
    import subprocess

    if knobs.nvidia.mock_ptx_version is not None:
        return knobs.nvidia.mock_ptx_version
    return subprocess.check_output([get_ptxas(arch).path, "--version"], text=True)


@functools.lru_cache
def ptx_get_version(cuda_version: str) -> int:
    """The newest version of PTX that a version of CUDA knows: 12.8 has 8.7, which is 87."""
    if not isinstance(cuda_version, str):
        raise AssertionError("the version of CUDA is text, such as '12.8'")
    major, minor = map(int, cuda_version.split(".")[:2])
    if major >= 13:
        return 90 + 10 * (major - 13) + minor
    if major == 12:
        return 80 + minor if minor < 6 else 80 + minor - 1
    if major == 11:
        return 70 + minor
    if major == 10:
        return 63 + minor
    raise RuntimeError(f"CUDA {cuda_version}: versions from 10.0 are known")


def get_ptx_version_from_options(options: object, arch: int) -> int:
    """The version of PTX that options ask for, else that the assembler knows."""
    return options.ptx_version or ptx_get_version(get_ptxas(arch).version)


def get_features(options: object, arch: int) -> str:
    """The version of PTX as LLVM spells a feature."""
    return f"+ptx{min(get_ptx_version_from_options(options, arch), 86)}"


def get_llvm_flags() -> list[str]:
    """None: no LLVM is on the way to a GPU."""
    return []


@functools.cache
def file_hash(path: str) -> str:
    """A hash of a file."""
    import hashlib

    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def sm_arch_from_capability(capability: int) -> str:
    """The architecture's name: "sm_90a"."""
    return f"sm_{capability}{'a' if capability >= 90 else ''}"


def instrument(*args: object, point: str, backend: str = "nvidia", context: object = None) -> bool:
    """Whether something was put into a kernel at that point: nothing is."""
    return False


def is_enabled(options: object, name: str) -> bool:
    """Whether an instrumentation is among those that options name."""
    return name in str(getattr(options, "instrumentation_mode", "") or "").split(",")


class CUDAOptions(_Options):
    """Options of a compile for a GPU."""

    _defaults = {
        "num_warps": 4,
        "num_ctas": 1,
        "num_stages": 3,
        "warp_size": 32,
        "maxnreg": None,
        "cluster_dims": (1, 1, 1),
        "ptx_version": None,
        "ptx_options": None,
        "ir_override": None,
        "enable_fp_fusion": True,
        "sched4reg": False,
        "enable_reflect_ftz": True,
        "launch_cooperative_grid": False,
        "launch_pdl": False,
        "num_cpu_threads": 0,
        "clc": False,
        "supported_fp8_dtypes": ("fp8e5", "fp8e4b15"),
        "deprecated_fp8_dot_operand_dtypes": (),
        "default_dot_input_precision": "tf32",
        "allowed_dot_input_precisions": ("tf32", "tf32x3", "ieee", "bf16x3", "bf16x6"),
        "max_num_imprecise_acc_default": None,
        "extern_libs": (),
        "debug": False,
        "backend_name": "cuda",
        "sanitize_overflow": True,
        "arch": None,
        "instrumentation_mode": "",
        "fpsan_homomorphic_casts": False,
        "min_shared_mem": None,
    }

    def __init__(self, given: dict | None = None, **more: object) -> None:
        super().__init__({**(given or {}), **more})


class CUDABackend(BaseBackend):
    """Compiles for NVIDIA GPUs."""

    instrumentation = None
    binary_ext = "cubin"

    @staticmethod
    def supports_target(target: GPUTarget) -> bool:
        return target.backend == "cuda"

    def parse_options(self, opts: dict) -> CUDAOptions:
        given = {name: value for name, value in opts.items() if value is not None}
        capability = int(self.target.arch)
        given.setdefault("arch", knobs.runtime.override_arch or f"sm{capability}")
        kinds = set(CUDAOptions._defaults["supported_fp8_dtypes"])
        if capability >= 89:
            kinds.add("fp8e4nv")
        given.setdefault("supported_fp8_dtypes", tuple(sorted(kinds)))
        if capability >= 90:
            given.setdefault("deprecated_fp8_dot_operand_dtypes", ("fp8e4b15",))
        given.setdefault("max_num_imprecise_acc_default", 2**30 if capability == 90 else 0)
        given.setdefault("enable_fp_fusion", knobs.language.fp_fusion_enabled())
        if knobs.language.fp32_default:
            given.setdefault("default_dot_input_precision", knobs.language.fp32_default)
        return CUDAOptions(given)

    def get_codegen_implementation(self, options: object = None) -> dict:
        return {"min_dot_size": min_dot_size(self.target)}

    def get_module_map(self) -> dict[str, ModuleType]:
        from ...language.extra.cuda import libdevice

        return {"triton.language.extra.libdevice": libdevice}

    def pack_metadata(self, metadata: object) -> tuple:
        return (metadata.num_warps, metadata.num_ctas, metadata.shared, *metadata.cluster_dims)
