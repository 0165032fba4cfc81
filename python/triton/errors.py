"""The base of this package's exceptions."""


class TritonError(Exception):
    """Anything that went wrong in Triton."""
