"""A tensor in memory, described for kernels that load tiles of it."""

from __future__ import annotations

from dataclasses import dataclass

from .._C import libtriton as _C

__all__ = ["TensorDescriptor", "canonicalize_dtype", "validate_block_shape"]


def canonicalize_dtype(dtype: object) -> str:
    """The language's name of a dtype: "fp32"."""
    return _C.dtype_name(dtype)


def validate_block_shape(shape: list[int]) -> int:
    """The number of elements of a tile; its extents are powers of 2."""
    numel = 1
    for i, n in enumerate(shape):
        if n < 1 or n & (n - 1):
            raise ValueError(f"Shape element {i} must be a power of 2")
        numel *= n
    return numel


@dataclass
class TensorDescriptor:
    """A tensor in memory and the shape of the tiles that kernels take from it.

    Parameters
    ----------
    base : tensor
        The memory; its address is a multiple of 16 bytes.
    shape, strides, block_shape : list of int
        Extents and strides in elements, and a tile's extents. The last stride is 1, the others are multiples of 16
        bytes.
    padding : str
        What reads outside the tensor give: "zero", or "nan" for elements that are floats.
    round_f32_to_tf32 : bool
        Loads of float32 round to the precision of TF32.
    """

    base: object
    shape: list[int]
    strides: list[int]
    block_shape: list[int]
    padding: str = "zero"
    round_f32_to_tf32: bool = False

    def __post_init__(self) -> None:
        rank = len(self.shape)
        _check(len(self.strides) == rank and len(self.block_shape) == rank, f"rank mismatch: {self}")
        _check(rank > 0, "rank must not be zero")
        _check(rank <= 5, "rank cannot be more than 5")
        # Tensors that torch.compile traces with have no memory.
        if type(self.base).__name__ not in ("FakeTensor", "FunctionalTensor"):
            _check(self.base.data_ptr() % 16 == 0, "base must be 16-byte aligned")
        validate_block_shape(self.block_shape)
        dtype = self.base.dtype
        aligned = all(stride * dtype.itemsize % 16 == 0 for stride in self.strides[:-1])
        _check(aligned, "strides must be 16-byte aligned")
        _check(all(n > 0 for n in self.shape), "shape must be positive")
        _check(self.strides[-1] == 1, "Last dimension must be contiguous")
        _check(self.padding in ("zero", "nan"), "Illegal value for padding")
        if self.padding == "nan":
            floats = dtype.is_floating_point
            _check(floats, "Padding option `nan` is only supported for floating point tensors")
        if self.round_f32_to_tf32:
            single = canonicalize_dtype(dtype) == "fp32"
            _check(single, "round_f32_to_tf32 is only supported for float32 tensors")

    @staticmethod
    def from_tensor(
        tensor: object, block_shape: list[int], padding: str = "zero", round_f32_to_tf32: bool = False
    ) -> TensorDescriptor:
        """The description of a whole tensor."""
        return TensorDescriptor(tensor, tensor.shape, tensor.stride(), block_shape, padding, round_f32_to_tf32)


def _check(condition: bool, message: str) -> None:
    """The class of its errors is part of the interface, also where Python runs without assertions."""
    if not condition:
        raise AssertionError(message)
