"""What a device is asked beyond the times of kernels."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BaseMode:
    """A mode.

    Attributes
    ----------
    name : str
        What it is called.
    """

    name: str


@dataclass(frozen=True)
class PCSampling(BaseMode):
    """Samples of the instructions that a GPU's multiprocessors are at.

    Attributes
    ----------
    interval : int
        Cycles between samples.
    """

    name: str = field(default="pcsampling", init=False)
    interval: int = 1000

    def __post_init__(self) -> None:
        if self.interval <= 0:
            raise ValueError("the interval of samples is a positive number of cycles")

    def __str__(self) -> str:
        return f"{self.name}:interval={self.interval}"
