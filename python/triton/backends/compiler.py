"""Targets by name."""

from __future__ import annotations


class GPUTarget:
    """A device to compile for.

    Parameters
    ----------
    backend : str
        "cpu", "cuda".
    arch : int or str
        Its generation: 90; the processor's name on a CPU.
    warp_size : int
        Threads that run in step; 0 on a CPU.
    """

    __slots__ = ("arch", "backend", "warp_size")

    def __init__(self, backend: str, arch: int | str, warp_size: int) -> None:
        object.__setattr__(self, "backend", backend)
        object.__setattr__(self, "arch", arch)
        object.__setattr__(self, "warp_size", warp_size)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a GPUTarget is not changed: cannot set {name!r}")

    def _key(self) -> tuple:
        return self.backend, self.arch, self.warp_size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GPUTarget) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple:
        return GPUTarget, self._key()

    def __repr__(self) -> str:
        return f"GPUTarget(backend={self.backend!r}, arch={self.arch!r}, warp_size={self.warp_size!r})"


class BaseBackend:
    """What is known of a target before compiling for it."""

    def __init__(self, target: GPUTarget) -> None:
        self.target = target

    @staticmethod
    def supports_target(target: GPUTarget) -> bool:
        return target.backend in ("cpu", "cuda")

    def hash(self) -> str:
        """What the compiler's own code contributes to a key."""
        from .._C import libtriton as _C

        return f"{_C.version}-{self.target}"

    def parse_options(self, options: dict) -> dict:
        """The options that the compiler understands, of those given."""
        from .._C import libtriton as _C

        return {k: v for k, v in options.items() if _C.knows_option(k)}
