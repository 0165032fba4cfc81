"""Softmax over rows, one program a row, in one pass over memory."""

import torch
import triton
import triton.language as tl
from case import RTOL, Case, short, show


@triton.jit
def softmax_kernel(x_ptr, y_ptr, x_stride, y_stride, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    mask = cols < n_cols
    x = tl.load(x_ptr + row * x_stride + cols, mask=mask, other=-float("inf")).to(tl.float32)
    numerator = tl.exp(x - tl.max(x, axis=0))
    y = numerator / tl.sum(numerator, axis=0)
    tl.store(y_ptr + row * y_stride + cols, y.to(y_ptr.dtype.element_ty), mask=mask)


def softmax(x):
    """Softmax of a matrix along its rows."""
    y = torch.empty_like(x)
    rows, cols = x.shape
    softmax_kernel[(rows,)](x, y, x.stride(0), y.stride(0), cols, BLOCK=triton.next_power_of_2(cols))
    return y


def cases():
    for rows, cols in ((512, 1024), (100, 781), (64, 16384), (3, 1)):
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            x = torch.randn(rows, cols, dtype=dtype)
            yield Case(
                "softmax",
                f"{rows}x{cols} {short(dtype)}",
                lambda x=x: softmax(x),
                lambda x=x: torch.softmax(x.double(), 1),
                lambda x=x: torch.softmax(x, 1),
                RTOL[dtype],
            )


if __name__ == "__main__":
    show(cases())
