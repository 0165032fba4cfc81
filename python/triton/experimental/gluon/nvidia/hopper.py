"""A tensor in memory, described together with the layout that its tiles have in shared memory."""

from __future__ import annotations

from dataclasses import dataclass

from ....tools.tensor_descriptor import TensorDescriptor as _TensorDescriptor
from ....tools.tensor_descriptor import _check, canonicalize_dtype, validate_block_shape
from ..language._layouts import NVMMASharedLayout

__all__ = ["TensorDescriptor", "TensorDescriptorIm2Col"]


def _check_layout(desc: object) -> None:
    layout = desc.layout
    _check(isinstance(layout, NVMMASharedLayout), "Layout must be NVMMASharedLayout")
    bits = desc.base.dtype.itemsize * 8
    _check(bits == layout.element_bitwidth, f"elements have {bits} bits, the layout's {layout.element_bitwidth}")
    _check(bits in (8, 16, 32), f"tensor descriptor dtype must be 8, 16, or 32 bits, but got {bits}")
    least = layout.swizzle_byte_width * 8 // bits // (2 if layout.fp4_padded else 1)
    last = desc.block_shape[-1]
    _check(last >= least, f"Expected block_shape[-1] to be at least {least} but got {last}")
    if layout.fp4_padded:
        width = layout.swizzle_byte_width
        _check(width == 128, f"FP4 padded operands must be swizzled with 128-byte width, but got {width}")
        _check(desc.base.data_ptr() % 32 == 0, "For fp4_padded, base must 32-byte aligned")
        aligned = all(stride * bits // 8 % 32 == 0 for stride in desc.strides[:-1])
        _check(aligned, "For fp4_padded, tensor strides must be 32-byte aligned")


@dataclass
class TensorDescriptor:
    """A tensor in memory, the shape of the tiles taken from it, and their layout in shared memory.

    Parameters
    ----------
    base, shape, strides, block_shape, padding, round_f32_to_tf32
        As of `triton.tools.tensor_descriptor.TensorDescriptor`.
    layout : NVMMASharedLayout
        The layout of a tile.
    """

    base: object
    shape: list[int]
    strides: list[int]
    block_shape: list[int]
    layout: NVMMASharedLayout
    padding: str = "zero"
    round_f32_to_tf32: bool = False

    def __post_init__(self) -> None:
        _TensorDescriptor(
            self.base, self.shape, self.strides, self.block_shape, self.padding, self.round_f32_to_tf32
        )  # its checks
        _check_layout(self)

    @property
    def mode(self) -> str:
        """How tiles are cut out."""
        return "tiled"

    def __mangle__(self) -> str:
        """Its type in a signature."""
        return f"tensordesc<{canonicalize_dtype(self.base.dtype)}{list(self.block_shape)},{self.layout!r}>"

    @staticmethod
    def from_tensor(
        tensor: object, block_shape: list[int], layout: NVMMASharedLayout, padding: str = "zero",
        round_f32_to_tf32: bool = False,
    ) -> TensorDescriptor:  # fmt: skip
        """The description of a whole tensor."""
        return TensorDescriptor(tensor, tensor.shape, tensor.stride(), block_shape, layout, padding, round_f32_to_tf32)


@dataclass
class TensorDescriptorIm2Col:
    """A tensor (batch, space, channels), of which tiles of (pixels, channels) are taken as a convolution needs them.

    Parameters
    ----------
    base, shape, strides, layout, padding, round_f32_to_tf32
        As of `TensorDescriptor`.
    block_shape : list of int
        Pixels and channels of a tile.
    element_strides : list of int, optional
        Steps in each dimension; 1 each.
    pixel_box_lower_corner, pixel_box_upper_corner : list of int
        Where the box of pixels begins and ends, per dimension of space.
    """

    base: object
    shape: list[int]
    strides: list[int]
    block_shape: list[int]
    layout: NVMMASharedLayout
    padding: str = "zero"
    round_f32_to_tf32: bool = False
    element_strides: list[int] | None = None
    pixel_box_lower_corner: list[int] | None = None
    pixel_box_upper_corner: list[int] | None = None

    def __post_init__(self) -> None:
        rank = len(self.shape)
        _check(len(self.block_shape) == 2, "im2col: block_shape must be 2D")
        _check(3 <= rank <= 5, "im2col: a tensor has 3 to 5 dimensions")
        tile = [1] * (rank - 1) + [self.block_shape[1]]
        _TensorDescriptor(self.base, self.shape, self.strides, tile, self.padding, self.round_f32_to_tf32)
        validate_block_shape(self.block_shape)
        _check_layout(self)
        if self.element_strides is None:
            self.element_strides = [1] * rank
        _check(len(self.element_strides) == rank, "im2col: one element stride per dimension")
        for corner in (self.pixel_box_lower_corner, self.pixel_box_upper_corner):
            _check(corner is not None and len(corner) == rank - 2, f"im2col: corners have {rank - 2} numbers")

    @property
    def mode(self) -> str:
        """How tiles are cut out."""
        return "im2col"

    def __mangle__(self) -> str:
        """Its type in a signature."""
        tile = f"{canonicalize_dtype(self.base.dtype)}{list(self.block_shape)}"
        return f"tensordesc_im2col<{tile},input_rank={len(self.shape)},{self.layout!r}>"
