"""What stands for a tensor where only its type matters."""

from __future__ import annotations


class MockTensor:
    """Stands for a tensor where only its type matters, in `kernel.warmup`.

    Parameters
    ----------
    dtype : object
        A dtype of PyTorch, NumPy or the language.
    shape : list of int, optional
        Its shape.
    """

    __module__ = "triton.runtime.jit"

    def __init__(self, dtype: object, shape: list | None = None) -> None:
        self.dtype = dtype
        self.shape = [1] if shape is None else shape

    @staticmethod
    def wrap_dtype(arg: object) -> object:
        """A dtype of PyTorch as a tensor of it; anything else unchanged."""
        if type(arg).__name__ == "dtype" and type(arg).__module__ == "torch":
            return MockTensor(arg)
        return arg

    def stride(self) -> tuple:
        """Strides of a contiguous tensor of this shape."""
        strides = [1]
        for n in reversed(self.shape[1:]):
            strides.append(strides[-1] * n)
        return tuple(reversed(strides))

    @staticmethod
    def data_ptr() -> int:
        return 0

    @staticmethod
    def ptr_range() -> int:
        return 0
