"""What a kernel may ask about the device it is compiled for."""

from .core import builtin, constexpr_function

#: `triton.runtime.driver.driver`: the package puts it here.
driver = None

__triton_builtin__ = "tl.target_info"

__all__ = ["current_target", "is_cuda", "is_hip"]

current_target = builtin("tl.target_info.current_target")
is_cuda = builtin("tl.target_info.is_cuda")
is_hip = builtin("tl.target_info.is_hip")


@constexpr_function
def cuda_capability_geq(major: int, minor: int = 0) -> bool:
    """Whether kernels are compiled for an NVIDIA GPU of at least that capability: (9, 0) of a Hopper."""
    target = driver.active.get_current_target()
    return target.backend == "cuda" and int(target.arch) >= 10 * major + minor


def _is_not(name: str) -> object:
    def never() -> bool:
        return False

    never.__name__ = never.__qualname__ = name
    never.__doc__ = "False: there is no such target here."
    return constexpr_function(never)


is_hip_cdna3, is_hip_cdna4, is_hip_gfx1250 = map(_is_not, ("is_hip_cdna3", "is_hip_cdna4", "is_hip_gfx1250"))
