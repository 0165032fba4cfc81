"""What the profiler is doing."""

from __future__ import annotations


class ProfilerFlags:
    """State of the process.

    Attributes
    ----------
    profiling_on : bool
        A session was started and not all are finalized.
    instrumentation_on : bool
        Always false: kernels are not instrumented.
    command_line : bool
        A script runs under `python -m triton.profiler.proton`, which holds the only session.
    """

    def __init__(self) -> None:
        self.profiling_on = False
        self.instrumentation_on = False
        self.command_line = False


flags = ProfilerFlags()
