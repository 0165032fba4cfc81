"""Adding two vectors: the smallest kernel, without and with a mask."""

import torch
import triton
import triton.language as tl
from case import RTOL, Case, short, show


@triton.jit
def my_kernel(X, Y, Z, N: tl.constexpr):
    # Define an index for each element in the grid
    idx = tl.program_id(0) * N + tl.arange(0, N)
    # Load X and Y from memory
    x = tl.load(X + idx)
    y = tl.load(Y + idx)
    # Perform some computation
    z = x + y
    # Store the result in Z
    tl.store(Z + idx, z)


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(axis=0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, x + y, mask=mask)


def add(x, y, block=8192):
    """x + y, elementwise, for two tensors of one shape and dtype."""
    out = torch.empty_like(x)
    n = out.numel()
    add_kernel[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](x, y, out, n, BLOCK=block)
    return out


def seed(x, y):
    """The first kernel: sizes must be a multiple of 1024."""
    out = torch.empty_like(x)
    my_kernel[(x.numel() // 1024,)](x, y, out, 1024)
    return out


def cases():
    x, y = torch.randn(1 << 16), torch.randn(1 << 16)
    yield Case("seed", "65536 f32", lambda: seed(x, y), lambda: x.double() + y.double(), lambda: x + y)
    for n in (1, 1000, 1 << 20, 98432):
        for dtype in (torch.float32, torch.float16, torch.bfloat16, torch.float64):
            a, b = torch.randn(n, dtype=dtype), torch.randn(n, dtype=dtype)
            yield Case(
                "add",
                f"{n} {short(dtype)}",
                lambda a=a, b=b: add(a, b),
                lambda a=a, b=b: a.double() + b.double(),
                lambda a=a, b=b: a + b,
                RTOL[dtype],
            )


if __name__ == "__main__":
    show(cases())
