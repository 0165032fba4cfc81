"""What is known of a compile for this machine's processor before it begins."""

from __future__ import annotations

from ..compiler import BaseBackend, GPUTarget, _Options

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


class CPUOptions(_Options):
    """Options of a compile for a processor."""

    _defaults = {
        "backend_name": "cpu",
        "num_warps": 4,
        "num_stages": 3,
        "num_ctas": 1,
        "cluster_dims": (1, 1, 1),
        "enable_fp_fusion": True,
        "launch_cooperative_grid": False,
        "launch_pdl": False,
        "num_cpu_threads": 0,
        "maxnreg": None,
        "debug": False,
        "sanitize_overflow": True,
        "supported_fp8_dtypes": ("fp8e5", "fp8e5b16", "fp8e4nv", "fp8e4b8", "fp8e4b15"),
        "deprecated_fp8_dot_operand_dtypes": (),
        "default_dot_input_precision": "ieee",
        "allowed_dot_input_precisions": ("ieee", "tf32", "tf32x3", "bf16x3", "bf16x6"),
        "max_num_imprecise_acc_default": 0,
        "extern_libs": (),
        "arch": None,
        "ir_override": None,
        "instrumentation_mode": "",
    }


class CPUBackend(BaseBackend):
    """Compiles for processors, through LLVM."""

    binary_ext = "obj"

    @staticmethod
    def supports_target(target: GPUTarget) -> bool:
        return target.backend == "cpu"

    def parse_options(self, options: dict) -> CPUOptions:
        return CPUOptions({name: value for name, value in options.items() if value is not None})

    def get_codegen_implementation(self, options: object = None) -> dict:
        return {"min_dot_size": lambda lhs, rhs: (1, 1, 1)}

    def get_module_map(self) -> dict[str, ModuleType]:
        from ...language.extra import libdevice

        return {"triton.language.extra.libdevice": libdevice}
