"""Modules inside `triton._C.libtriton` by the reference's names: `ir`, `nvidia`, `linear_layout`, `passes`, `llvm`.

What can be looked at is there: modules of Triton IR with their ops, blocks and values, and linear layouts. What changes
IR is not: passes are the compiler's own.
"""

from __future__ import annotations

import sys
import types

from ._C import libtriton as _C

_PREFIX = _C.__name__


def _module(name: str, doc: str) -> types.ModuleType:
    module = types.ModuleType(f"{_PREFIX}.{name}", doc)
    sys.modules[module.__name__] = module
    parent, _, last = module.__name__.rpartition(".")
    setattr(sys.modules[parent], last, module)
    return module


class context:
    """Where IR is made; every module has its own here."""

    def disable_multithreading(self) -> None:
        """Nothing: a compile is one thread's."""

    def printOpOnDiagnostic(self, value: bool) -> None:
        """Nothing: messages show the source."""

    def printStackTraceOnDiagnostic(self, value: bool) -> None:
        """Nothing: messages show the source."""


def load_dialects(context: object) -> None:
    """Nothing: every op of the IR is known."""


def parse_mlir_module(path: str, context: object = None) -> object:
    """A file of Triton IR as a module."""
    with open(path, encoding="utf-8") as file:
        return _C.parse_ir(file.read(), str(path))


#: Environment variables that change what a compile gives.
_INVALIDATING = (
    "DISABLE_PTXAS_OPT", "NVPTX_ENABLE_DUMP", "PTXAS_OPTIONS", "TRITON_DEBUG", "TRITON_DEFAULT_FP_FUSION",
    "TRITON_DISABLE_LINE_INFO", "TRITON_F32_DEFAULT", "TRITON_FORCE_DISABLE_FP_FUSION", "TRITON_KERNEL_OVERRIDE",
    "TRITON_OVERRIDE_ARCH", "TRITON_PTXAS_PATH", "USE_IR_LOC",
)  # fmt: skip


def get_cache_invalidating_env_vars() -> dict[str, str]:
    """The environment variables that change what a compile gives, with their values, of those that are set."""
    import os

    return {name: os.environ[name] for name in _INVALIDATING if os.environ.get(name)}


class CublasLt:
    """Matmuls by NVIDIA's library, through PyTorch, which calls it.

    Parameters
    ----------
    workspace : tensor
        Memory for the library on the GPU; PyTorch gives it its own.
    """

    def __init__(self, workspace: object) -> None:
        self.workspace = workspace

    def matmul(self, a: object, b: object, c: object) -> None:
        """c = a b^T, added up in float32 (of 8-bit numbers, as tensor cores add) and rounded once."""
        if a.dtype.itemsize == 1:
            import torch

            one = torch.ones((), device=a.device)
            product = torch._scaled_mm(a, b.T, scale_a=one, scale_b=one, out_dtype=c.dtype, use_fast_accum=True)
            c.copy_(product)
        else:
            c.copy_(a @ b.T)


def native_specialize_impl(*args: object, **kwargs: object) -> tuple:
    """The type of an argument and the letters of its value: see `triton.runtime.jit`."""
    from .runtime.jit import native_specialize_impl as specialize

    return specialize(*args, **kwargs)


def _of_linear_layout(name: str) -> object:
    from . import _linear_layout

    return getattr(_linear_layout, name)


def fill() -> None:
    """Make the modules."""
    ir = _module("ir", "Triton IR, to be looked at.")
    for name in ("module", "operation", "value", "block", "region", "type", "attribute"):
        setattr(ir, name, getattr(_C, f"_ir_{name}"))
    ir.context = context
    ir.load_dialects = load_dialects
    ir.parse_mlir_module = parse_mlir_module
    ir.OpState = ir.operation
    ir.block_argument = ir.value
    nvidia = _module("nvidia", "NVIDIA GPUs.")
    nvidia.load_dialects = load_dialects
    _module("nvidia.cublas", "NVIDIA's library of matmuls.").CublasLt = CublasLt
    _module("linear_layout", "Layouts as linear maps.").__getattr__ = _of_linear_layout
    _C.get_cache_invalidating_env_vars = get_cache_invalidating_env_vars
    _C.native_specialize_impl = native_specialize_impl
    _C.getenv = lambda name, default="": __import__("os").environ.get(name, default)
    _C.getenv_bool = lambda name, default: bool(_C.getenv(name)) if _C.getenv(name) else default
