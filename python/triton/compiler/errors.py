"""Errors of a compile."""

from __future__ import annotations

from ..errors import TritonError


class CompilationError(TritonError):
    """The kernel's source is wrong.

    Parameters
    ----------
    src : str, optional
        The whole message as the compiler rendered it: file, line, column, the source line with a caret under the
        expression, the chain of calls, a hint.
    node : object, optional
        Accepted for compatibility.
    error_message : str, optional
        A message to append.
    """

    def __init__(self, src: str | None = None, node: object = None, error_message: str | None = None) -> None:
        self.src = src
        self.node = node
        self.error_message = error_message
        self.message = "\n".join(part for part in (src, error_message) if part)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple:
        return type(self), (self.src, None, self.error_message)


class CompileTimeAssertionFailure(CompilationError):
    """A `tl.static_assert` failed."""


class UnsupportedLanguageConstruct(CompilationError):
    """A statement or expression of Python that kernels cannot have."""


class InvalidOption(CompilationError, ValueError, AssertionError):
    """An option of the compile cannot be what it is. (Programs expect one or the other of the bases.)"""


_OPTION = ("error: num_", "error: option ", "error: there is no option ", "error: ir_override: ")


def error_from_message(message: str) -> CompilationError:
    """The exception for a message of the compiler's."""
    if message.startswith(_OPTION):
        return InvalidOption(message)
    if "error: static assertion failed" in message:
        return CompileTimeAssertionFailure(message)
    error = CompilationError(message)
    _, found, words = message.partition(": error: ")
    if found:  # what Python would have raised for the mistake itself
        error.__cause__ = ValueError(words.split("\n", 1)[0])
    return error
