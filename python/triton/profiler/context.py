"""Where a thread is in a session."""

from __future__ import annotations

from ._session import profiler
from .flags import flags


def depth(session: int | None = 0) -> int | None:
    """How many scopes this thread is in; None where nothing is profiled."""
    if not flags.profiling_on or session is None:
        return None
    return profiler.depth(session)
