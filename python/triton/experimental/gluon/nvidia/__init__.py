"""What Gluon has for NVIDIA GPUs."""

from . import blackwell, hopper

__all__ = ["blackwell", "hopper"]
