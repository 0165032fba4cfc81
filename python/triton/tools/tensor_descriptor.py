"""A tensor in memory, described for kernels that load tiles of it."""

from __future__ import annotations


def validate_block_shape(shape: list[int]) -> int:
    """The number of elements of a tile; its extents are powers of 2."""
    numel = 1
    for n in shape:
        if n < 1 or n & (n - 1):
            raise ValueError(f"Shape element {n} must be a power of 2")
        numel *= n
    return numel


class TensorDescriptor:
    """A tensor in memory and the shape of the tiles that kernels take from it.

    Parameters
    ----------
    base : tensor
        The memory.
    shape, strides, block_shape : list of int
        Extents and strides in elements, and a tile's extents.
    padding : str
        What reads outside the tensor give: "zero" or "nan".
    """

    def __init__(
        self, base: object, shape: list[int], strides: list[int], block_shape: list[int], padding: str = "zero"
    ) -> None:
        if not len(shape) == len(strides) == len(block_shape) > 0:
            raise ValueError(f"rank mismatch: shape {shape}, strides {strides}, block {block_shape}")
        if strides[-1] != 1:
            raise ValueError("Last dimension must be contiguous")
        if padding not in ("zero", "nan"):
            raise ValueError(f"padding is zero or nan, not {padding!r}")
        validate_block_shape(block_shape)
        self.base = base
        self.shape = shape
        self.strides = strides
        self.block_shape = block_shape
        self.padding = padding

    @staticmethod
    def from_tensor(tensor: object, block_shape: list[int], padding: str = "zero") -> TensorDescriptor:
        """The description of a whole tensor."""
        return TensorDescriptor(tensor, list(tensor.shape), list(tensor.stride()), block_shape, padding)
