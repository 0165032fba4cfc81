"""Tensor descriptors; they are Hopper's."""

from .hopper import TensorDescriptor

__all__ = ["TensorDescriptor"]
