"""One explicit step of the heat equation on a square grid with fixed borders."""

import torch
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def heat_kernel(u_ptr, out_ptr, height, width, k, BH: tl.constexpr, BW: tl.constexpr):
    i = tl.program_id(1) * BH + tl.arange(0, BH)[:, None]
    j = tl.program_id(0) * BW + tl.arange(0, BW)[None, :]
    here = u_ptr + i * width + j
    inside = (i > 0) & (i < height - 1) & (j > 0) & (j < width - 1)
    u = tl.load(here, mask=(i < height) & (j < width), other=0.0)
    around = (
        tl.load(here - width, mask=inside, other=0.0)
        + tl.load(here + width, mask=inside, other=0.0)
        + tl.load(here - 1, mask=inside, other=0.0)
        + tl.load(here + 1, mask=inside, other=0.0)
    )
    tl.store(out_ptr + i * width + j, tl.where(inside, u + k * (around - 4 * u), u), mask=(i < height) & (j < width))


def heat(u, k, steps):
    """`steps` steps of u += k · laplacian(u)."""
    height, width = u.shape
    a, b = u.clone(), torch.empty_like(u)
    grid = (triton.cdiv(width, 64), triton.cdiv(height, 16))
    for _ in range(steps):
        heat_kernel[grid](a, b, height, width, k, BH=16, BW=64)
        a, b = b, a
    return a


def reference(u, k, steps):
    u = u.double().clone()
    for _ in range(steps):
        lap = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1]
        u[1:-1, 1:-1] += k * lap
    return u


def cases():
    for h, w in ((256, 512), (101, 77)):
        u = torch.rand(h, w)
        yield Case(
            "heat equation, 10 steps", f"{h}x{w} f32", lambda u=u: heat(u, 0.2, 10), lambda u=u: reference(u, 0.2, 10)
        )


if __name__ == "__main__":
    show(cases())
