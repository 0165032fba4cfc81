"""Numbers of the microscaling formats, for tests and their data: e2m1 values, e8m0 scales."""

from __future__ import annotations

import math

import torch

_POSITIVE = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
_SCALE_BIAS, _SCALE_NAN = 127, 255


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


class MXFP4Tensor:
    """Values of e2m1: a sign, two bits of exponent and one of mantissa, each in a byte of its own.

    Parameters
    ----------
    data : tensor, optional
        Floats, rounded to the nearest (ties to even), the largest magnitude being 6.
    size : tuple of int, optional
        A shape, where there is no data yet.
    device : optional
        Where the data will be.

    Attributes
    ----------
    data : tensor of uint8
        The codes, 0 to 15.
    """

    def __init__(self, data: torch.Tensor | None = None, size: object = None, device: object = None) -> None:
        self.device = device if data is None else data.device
        if data is not None:
            self.data = self._from_float(data)
        elif size is not None:
            self.size = size if isinstance(size, tuple) else (size,)
        else:
            raise ValueError("Either parameter data or size must be provided")

    def random(self) -> MXFP4Tensor:
        """Fill it with any of the sixteen codes."""
        self.data = torch.randint(0, 16, self.size, dtype=torch.uint8, device=self.device)
        return self

    def to(self, dtype: torch.dtype) -> torch.Tensor:
        """The values as float32."""
        _require(dtype == torch.float32, "Currently only float32 is supported for fp4e2m1 to float conversion")
        table = torch.tensor([*_POSITIVE, *(-x for x in _POSITIVE)], device=self.data.device)
        return table[self.data.long()]

    @staticmethod
    def _from_float(values: torch.Tensor) -> torch.Tensor:
        magnitude = values.float().abs().nan_to_num(nan=6.0).clamp(max=6.0)
        middles = [(a + b) / 2 for a, b in zip(_POSITIVE, _POSITIVE[1:], strict=False)]
        code = torch.zeros_like(magnitude, dtype=torch.uint8)
        for i, middle in enumerate(middles):  # from code i to i + 1; a tie goes to the even one
            code += (magnitude >= middle) if i % 2 else (magnitude > middle)
        return code | (torch.signbit(values).to(torch.uint8) << 3)

    def to_packed_tensor(self, dim: int) -> torch.Tensor:
        """Two codes a byte along a dimension, the first in the lower half; an odd length is filled up with zero."""
        data = self.data
        _require(0 <= dim < data.ndim, "The dimension to pack along is not within the range of tensor dimensions")
        if data.shape[dim] % 2:
            pad = list(data.shape)
            pad[dim] = 1
            data = torch.cat([data, data.new_zeros(pad)], dim)
        low, high = data.unflatten(dim, (-1, 2)).unbind(dim + 1)
        return low | high << 4

    def unpack_packed_tensor(self, packed_tensor: torch.Tensor, dim: int, original_shape: tuple) -> torch.Tensor:
        """The codes that `to_packed_tensor` made this of."""
        both = torch.stack([packed_tensor & 15, packed_tensor >> 4], dim + 1).flatten(dim, dim + 1)
        return both.narrow(dim, 0, original_shape[dim])


def fp8e8m0_to_float32(scale: torch.Tensor) -> torch.Tensor:
    """Scales of e8m0 (their codes) as float32; 255 is NaN."""
    exponent = scale.view(torch.uint8).int() - _SCALE_BIAS
    values = torch.ldexp(torch.ones_like(exponent, dtype=torch.float64), exponent).float()
    return torch.where(exponent == _SCALE_NAN - _SCALE_BIAS, float("nan"), values)


class MXScaleTensor:
    """Scales of e8m0: powers of two, an exponent and nothing else.

    Parameters
    ----------
    data : tensor, optional
        Floats, of which the exponent is kept; what is not positive and finite becomes NaN.
    size : tuple of int, optional
        A shape, where there is no data yet.
    device : optional
        Where the data will be.

    Attributes
    ----------
    data : tensor of uint8
        The exponents, with a bias of 127; 255 is NaN.
    """

    def __init__(self, data: torch.Tensor | None = None, size: object = None, device: object = None) -> None:
        self.device = device if data is None else data.device
        if data is not None:
            self.data = self._from_float(data)
        elif size is not None:
            self.size = size if isinstance(size, tuple) else (size,)
        else:
            raise ValueError("Either parameter data or size must be provided")

    def random(self, low: float | None = None, high: float | None = None) -> MXScaleTensor:
        """Fill it with powers of two from `low` to `high`, or with any."""
        first = 0 if low is None else max(0, math.floor(math.log2(low)) + _SCALE_BIAS)
        last = _SCALE_NAN - 1 if high is None else min(_SCALE_NAN - 1, math.floor(math.log2(high)) + _SCALE_BIAS)
        self.data = torch.randint(first, last + 1, self.size, dtype=torch.uint8, device=self.device)
        return self

    def to(self, dtype: torch.dtype) -> torch.Tensor:
        """The scales as float32."""
        _require(dtype == torch.float32, "Currently only float32 is supported for f8e8m0 to float conversion")
        return fp8e8m0_to_float32(self.data)

    @staticmethod
    def _from_float(values: torch.Tensor) -> torch.Tensor:
        _, exponent = torch.frexp(values.double())
        code = (exponent - 1 + _SCALE_BIAS).clamp(0, _SCALE_NAN - 1)
        good = torch.isfinite(values) & (values > 0)
        return torch.where(good, code, _SCALE_NAN).to(torch.uint8)
