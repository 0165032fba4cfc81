"""Gravity among n bodies: every program takes a block of bodies and walks over all the others."""

import torch
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def pull(dx, dy, dz, mass, SOFTENING: tl.constexpr):
    """The acceleration that a mass at that distance gives, component by component."""
    r2 = dx * dx + dy * dy + dz * dz + SOFTENING
    f = mass * tl.rsqrt(r2) / r2
    return dx * f, dy * f, dz * f


@triton.jit
def nbody_kernel(x_ptr, y_ptr, z_ptr, mass_ptr, ax_ptr, ay_ptr, az_ptr, n, BI: tl.constexpr, BJ: tl.constexpr):
    i = tl.program_id(0) * BI + tl.arange(0, BI)
    xi = tl.load(x_ptr + i, mask=i < n)[:, None]
    yi = tl.load(y_ptr + i, mask=i < n)[:, None]
    zi = tl.load(z_ptr + i, mask=i < n)[:, None]
    ax = tl.zeros([BI], tl.float32)
    ay = tl.zeros([BI], tl.float32)
    az = tl.zeros([BI], tl.float32)
    for start in range(0, n, BJ):
        j = start + tl.arange(0, BJ)
        xj = tl.load(x_ptr + j, mask=j < n, other=0.0)[None, :]
        yj = tl.load(y_ptr + j, mask=j < n, other=0.0)[None, :]
        zj = tl.load(z_ptr + j, mask=j < n, other=0.0)[None, :]
        mj = tl.load(mass_ptr + j, mask=j < n, other=0.0)[None, :]
        fx, fy, fz = pull(xj - xi, yj - yi, zj - zi, mj, SOFTENING=0.01)
        ax += tl.sum(fx, 1)
        ay += tl.sum(fy, 1)
        az += tl.sum(fz, 1)
    tl.store(ax_ptr + i, ax, mask=i < n)
    tl.store(ay_ptr + i, ay, mask=i < n)
    tl.store(az_ptr + i, az, mask=i < n)


def accelerations(position, mass):
    """Accelerations (3, n) of bodies at `position` (3, n)."""
    out = torch.empty_like(position)
    n = mass.numel()
    nbody_kernel[(triton.cdiv(n, 32),)](*position, mass, *out, n, BI=32, BJ=64)
    return out


def reference(position, mass):
    d = position.double()[:, None, :] - position.double()[:, :, None]
    r2 = (d * d).sum(0) + 0.01
    return (d * mass.double() * r2**-1.5).sum(2)


def cases():
    for n in (1024, 333):
        position, mass = torch.randn(3, n), torch.rand(n)
        yield Case(
            "n-body",
            f"{n} bodies f32",
            lambda p=position, m=mass: accelerations(p, m),
            lambda p=position, m=mass: reference(p, m),
        )


if __name__ == "__main__":
    show(cases())
