"""Descriptors of tensors that are a concatenation of parts of unequal size.

A part is rows `offset` to `offset + size` of the tensor. A descriptor knows one shape, so its bounds cannot stop at
the end of every part. This one has two more dimensions, whose strides make the address come out right when 2**64 wraps
around: the rows of a part are counted backwards from `LAST`, the number of rows that the descriptor says it has, so
that the end of the part is the end of the tensor.
"""

from __future__ import annotations

import triton
import triton.language as tl

from .tensor_descriptor import TensorDescriptor

_LAST = 1 << 30
_MANY = 0x7FFF0000


def create_ragged_descriptor(T: object, block_shape: list[int], ragged_dim: int = 0) -> TensorDescriptor:
    """The descriptor of a tensor of rank 2 or 3 whose parts lie behind each other along a dimension.

    Parameters
    ----------
    T : tensor
        The parts, one after the other.
    block_shape : list of int
        A tile's extents.
    ragged_dim : int
        The dimension; not the last.
    """
    shape, strides, block = list(T.shape), list(T.stride()), list(block_shape)
    rank = len(shape)
    if ragged_dim < 0:
        ragged_dim += rank
    if not 0 <= ragged_dim < rank - 1:
        raise AssertionError("last dimension cannot be ragged")
    if rank > 3:
        raise AssertionError("read-write ragged descriptors must have at most 3 dimensions")
    if len(block) != rank:
        raise AssertionError("block shape must have same length as tensor shape")
    if shape[ragged_dim] > _LAST:
        raise AssertionError("number of rows may not exceed 2**30")
    row = strides[ragged_dim]
    shape[ragged_dim] = _LAST
    # LAST * (2**34 - row) is -LAST * row: 2**64 is nothing to an address.
    return TensorDescriptor(T, [_MANY, _MANY, *shape], [2**34 - row, row, *strides], [1, 1, *block])


@triton.jit
def to_ragged_indices(slice_off, slice_size, row):
    """Row `row` of a part in a ragged descriptor's three coordinates of it."""
    last = 1 << 30
    return last, slice_off + slice_size, last - slice_size + row


@triton.jit
def load_ragged(TMA, slice_off, slice_size, coords, ragged_dim: tl.constexpr = 0):
    """The tile at `coords` of a part; zeros where there is no more of it."""
    c0, c1, c2 = to_ragged_indices(slice_off, slice_size, coords[ragged_dim])
    data = TMA.load([c0, c1] + list(coords)[:ragged_dim] + [c2] + list(coords)[ragged_dim + 1 :])
    return tl.reshape(data, data.shape[2:])


@triton.jit
def store_ragged(TMA, slice_off, slice_size, coords, data, ragged_dim: tl.constexpr = 0):
    """Write the tile at `coords` of a part, what is in the part of it."""
    c0, c1, c2 = to_ragged_indices(slice_off, slice_size, coords[ragged_dim])
    data = tl.reshape(data, (1, 1) + data.shape)
    TMA.store([c0, c1] + list(coords)[:ragged_dim] + [c2] + list(coords)[ragged_dim + 1 :], data)


@triton.jit
def atomic_add_ragged(TMA, slice_off, slice_size, coords, data, ragged_dim: tl.constexpr = 0):
    """Add to the tile at `coords` of a part atomically, what is in the part of it."""
    c0, c1, c2 = to_ragged_indices(slice_off, slice_size, coords[ragged_dim])
    data = tl.reshape(data, (1, 1) + data.shape)
    TMA.atomic_add([c0, c1] + list(coords)[:ragged_dim] + [c2] + list(coords)[ragged_dim + 1 :], data)
