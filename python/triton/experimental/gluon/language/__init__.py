"""Gluon's descriptions of layouts."""

from ._layouts import (
    AutoLayout,
    BlockedLayout,
    DistributedLayout,
    DotOperandLayout,
    NVMMADistributedLayout,
    NVMMASharedLayout,
    SharedLayout,
    SliceLayout,
    SwizzledSharedLayout,
)

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
