"""The machine code of compiled CUDA kernels as text."""

from ..backends.nvidia.disasm import extract, get_sass

__all__ = ["extract", "get_sass"]
