"""What a kernel may ask about the device it is compiled for."""

from .core import builtin

__triton_builtin__ = "tl.target_info"

__all__ = ["current_target", "is_cuda", "is_hip"]

current_target = builtin("tl.target_info.current_target")
is_cuda = builtin("tl.target_info.is_cuda")
is_hip = builtin("tl.target_info.is_hip")
