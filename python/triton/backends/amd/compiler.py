"""What is known of arguments for an AMD GPU. There is no compiler for one here: `backends` does not have it."""

from __future__ import annotations

from ... import knobs
from ..compiler import BaseBackend, GPUTarget

__all__ = ["BaseBackend", "GPUTarget", "HIPBackend"]

_MAX_OFFSET = 2**31 - 1


class HIPBackend(BaseBackend):
    """Says how arguments are specialized; refuses to compile."""

    supports_native_tensor_specialization = False
    binary_ext = "hsaco"

    def __init__(self, target: GPUTarget) -> None:
        if not isinstance(target.arch, str):
            raise AssertionError(f"an AMD GPU's architecture is a name such as 'gfx942', not {target.arch!r}")
        super().__init__(target)

    @staticmethod
    def supports_target(target: GPUTarget) -> bool:
        return target.backend == "hip"

    def parse_options(self, options: dict) -> object:
        raise NotImplementedError(f"{self.target.arch}: this package does not compile for AMD GPUs")

    def add_stages(self, stages: dict, options: object, language: object = None) -> None:
        raise NotImplementedError(f"{self.target.arch}: this package does not compile for AMD GPUs")

    @staticmethod
    def is_within_2gb(arg: object) -> bool:
        """Whether 32-bit offsets reach all of a tensor."""
        if hasattr(arg, "ptr_range"):
            return arg.ptr_range() <= _MAX_OFFSET
        if hasattr(arg, "untyped_storage"):
            return arg.untyped_storage().size() <= _MAX_OFFSET
        return False

    @staticmethod
    def parse_attr(desc: str) -> list:
        """What a specialization's letters say: "S" that 32-bit offsets reach all of a tensor."""
        return BaseBackend.parse_attr(desc) + ([["tt.pointer_range", 32]] if "S" in desc else [])

    @staticmethod
    def get_tensor_specialization(arg: object, **kwargs: object) -> str:
        """The letters of a tensor."""
        small = knobs.amd.use_buffer_ops and HIPBackend.is_within_2gb(arg)
        return BaseBackend.get_tensor_specialization(arg, **kwargs) + ("S" if small else "")
