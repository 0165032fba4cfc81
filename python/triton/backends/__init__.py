"""The devices that kernels can run on."""

from .compiler import BaseBackend, GPUTarget

__all__ = ["BaseBackend", "GPUTarget", "backends"]

backends: dict[str, type[BaseBackend]] = {"cpu": BaseBackend}
