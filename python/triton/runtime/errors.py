"""Errors of a launch."""

from __future__ import annotations

from ..errors import TritonError


class InterpreterError(TritonError):
    """A kernel failed in the debugging mode."""

    def __init__(self, error_message: str | None = None) -> None:
        self.error_message = error_message
        super().__init__(error_message or "")


class OutOfResources(TritonError):
    """A kernel asks for more of something than the device has.

    Parameters
    ----------
    required, limit : int
        How much is asked for, and how much there is.
    name : str
        Of what.
    """

    def __init__(self, required: int, limit: int, name: str) -> None:
        self.required = required
        self.limit = limit
        self.name = name
        super().__init__(required, limit, name)

    def __str__(self) -> str:
        return (
            f"out of resource: {self.name}, Required: {self.required}, Hardware limit: {self.limit}. "
            "Reducing block sizes or `num_stages` may help."
        )


class PTXASError(TritonError):
    """The assembler refused a kernel."""

    def __init__(self, error_message: str | None = None) -> None:
        self.error_message = error_message
        super().__init__(error_message or "")

    def __str__(self) -> str:
        return f"PTXAS error: {self.error_message or ''}"


class AutotunerError(TritonError):
    """There is nothing that the autotuner could choose."""

    def __init__(self, error_message: str | None = None) -> None:
        self.error_message = error_message
        super().__init__(error_message or "")

    def __str__(self) -> str:
        return f"Autotuner error: {self.error_message or ''}"
