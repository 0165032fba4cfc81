"""Where the elements of a tensor are, in registers ("distributed") or in shared memory, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = [
    "AutoLayout",
    "BlockedLayout",
    "DistributedLayout",
    "DotOperandLayout",
    "NVMMADistributedLayout",
    "NVMMASharedLayout",
    "SharedLayout",
    "SliceLayout",
    "SwizzledSharedLayout",
]


class DistributedLayout:
    """Elements in the registers of threads."""

    @property
    def rank(self) -> int:
        """Dimensions of the tensor."""
        raise NotImplementedError(f"{type(self).__name__} says nothing of a rank")


class SharedLayout:
    """Elements in shared memory."""


@dataclass(frozen=True)
class AutoLayout(DistributedLayout):
    """A layout of the compiler's choice."""


def _same_length(layout: object, *names: str) -> None:
    lengths = {name: len(getattr(layout, name)) for name in names}
    if len(set(lengths.values())) != 1:
        raise AssertionError(f"{type(layout).__name__}: unequal numbers of dimensions: {lengths}")


@dataclass(frozen=True)
class BlockedLayout(DistributedLayout):
    """Each thread has a small block, warps and their threads lie side by side.

    Parameters
    ----------
    size_per_thread, threads_per_warp, warps_per_cta : list of int
        Extents per dimension.
    order : list of int
        Dimensions, the fastest first.
    cga_layout : list, optional
        How the blocks of a cluster share the tensor.
    """

    size_per_thread: list[int]
    threads_per_warp: list[int]
    warps_per_cta: list[int]
    order: list[int]
    cga_layout: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        _same_length(self, "size_per_thread", "threads_per_warp", "warps_per_cta", "order")

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def rank(self) -> int:
        return len(self.order)


@dataclass(frozen=True)
class SliceLayout(DistributedLayout):
    """The parent's layout with a dimension left out."""

    dim: int
    parent: DistributedLayout

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def rank(self) -> int:
        return self.parent.rank - 1


@dataclass(frozen=True)
class DotOperandLayout(DistributedLayout):
    """An operand (0 or 1) of a matmul whose result has the parent's layout."""

    operand_index: int
    parent: DistributedLayout
    k_width: int

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def rank(self) -> int:
        return self.parent.rank


@dataclass(frozen=True)
class NVMMADistributedLayout(DistributedLayout):
    """The result of tensor cores."""

    version: list[int]
    warps_per_cta: list[int]
    instr_shape: list[int]
    cga_layout: list[list[int]] = field(default_factory=list)

    def __hash__(self) -> int:
        return hash(repr(self))

    @property
    def rank(self) -> int:
        return len(self.warps_per_cta)


@dataclass(frozen=True)
class NVMMASharedLayout(SharedLayout):
    """Tiles as TMA writes them and `wgmma` reads them.

    Parameters
    ----------
    swizzle_byte_width : int
        0, 32, 64 or 128.
    element_bitwidth : int
        8, 16, 32 or 64.
    rank : int
        Dimensions.
    transposed : bool
        The first dimension is the fastest.
    fp4_padded : bool
        Pairs of 4-bit numbers, with as many bytes unused.
    cga_layout : list, optional
        How the blocks of a cluster share the tensor.
    """

    swizzle_byte_width: int
    element_bitwidth: int
    rank: int = 2
    transposed: bool = False
    fp4_padded: bool = False
    cga_layout: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.swizzle_byte_width not in (0, 32, 64, 128):
            raise AssertionError(f"swizzle_byte_width is 0, 32, 64 or 128, not {self.swizzle_byte_width}")
        if self.element_bitwidth not in (8, 16, 32, 64):
            raise AssertionError(f"element_bitwidth is 8, 16, 32 or 64, not {self.element_bitwidth}")

    def __hash__(self) -> int:
        return hash(repr(self))


@dataclass(frozen=True)
class SwizzledSharedLayout(SharedLayout):
    """Rows of vectors, whose places are permuted by the number of the row."""

    vec: int
    per_phase: int
    max_phase: int
    order: list[int]
    cga_layout: list[list[int]] = field(default_factory=list)

    def __hash__(self) -> int:
        return hash(repr(self))
