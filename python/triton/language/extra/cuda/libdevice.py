"""The device library under its CUDA name."""

from __future__ import annotations

from .. import libdevice as _libdevice

__triton_builtin__ = "tl.extra.libdevice"


def __getattr__(name: str) -> object:
    return getattr(_libdevice, name)
