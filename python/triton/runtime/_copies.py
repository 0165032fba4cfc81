"""Tensors and arrays as a launch's arguments: how large they are, and copies that a trial may write to."""

from __future__ import annotations

import copy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def bytes_of(value: Any) -> float | None:
    """The distinct bytes of a tensor or array; None: it is none."""
    base = getattr(value, "base", None)
    if hasattr(value, "strides") and hasattr(value, "block_shape") and base is not None:
        value = base  # a descriptor
    size = getattr(value, "element_size", None)
    size = size() if callable(size) else getattr(value, "itemsize", None)
    shape = getattr(value, "shape", None)
    if size is None or shape is None:
        return None
    strides = value.stride() if callable(getattr(value, "stride", None)) else getattr(value, "strides", None)
    n = 1
    for i, extent in enumerate(shape):
        n *= 1 if strides is not None and strides[i] == 0 else extent
    return float(n * size)


def copy_of(value: Any) -> Any:
    """A tensor that a run may write to; what is no tensor as it is."""
    if hasattr(value, "block_shape") and hasattr(value, "base"):
        other = copy.copy(value)  # a descriptor
        other.base = copy_of(value.base)
        return other
    if hasattr(value, "clone"):
        return value.clone()
    return value.copy() if hasattr(value, "copy") and bytes_of(value) is not None else value


def copies(args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """Arguments of a launch that may write to its tensors."""
    return tuple(map(copy_of, args)), {k: copy_of(v) for k, v in kwargs.items()}


def copy_back(array: Any, kept: Any) -> None:
    """Put a copy's elements where they are from."""
    if hasattr(array, "copy_"):
        array.copy_(kept)
    else:
        array[...] = kept
