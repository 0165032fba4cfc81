"""From a target to what compiles for it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .compiler import BaseBackend, GPUTarget


def make_backend(target: GPUTarget) -> BaseBackend:
    """What knows the options of a target."""
    from . import backends

    found = [b.compiler for b in backends.values() if b.compiler.supports_target(target)]
    if len(found) != 1:
        raise RuntimeError(
            f"{len(found)} compatible backends for target ({target.backend}) ({found}). There should be one."
        )
    return found[0](target)
