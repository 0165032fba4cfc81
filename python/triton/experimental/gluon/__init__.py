"""Gluon, the reference's lower language. Its kernels are refused; descriptions of layouts and of tensors are there, for
programs that make them beside kernels of this language."""

from __future__ import annotations

__all__ = ["constexpr_function", "jit", "must_use_result"]

from ... import constexpr_function, must_use_result


def jit(fn: object = None, **kwargs: object) -> object:
    """Refused: a kernel in Gluon fixes layouts and barriers of the reference's own compiler."""
    raise NotImplementedError("kernels in Gluon are not part of this package; write the kernel with @triton.jit")
