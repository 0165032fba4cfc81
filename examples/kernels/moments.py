"""Helper functions: tuples returned, defaults, keywords, compile-time flags, unrolled loops, early return."""

import torch
import triton
import triton.language as tl
from case import Case, show

POWERS = tl.constexpr(4)


@triton.jit
def mean_and_variance(x, n, mask, UNBIASED: tl.constexpr = False):
    mean = tl.sum(x, axis=0) / n
    centred = tl.where(mask, x - mean, 0.0)
    variance = tl.sum(centred * centred, axis=0) / (n - 1 if UNBIASED else n)
    return mean, variance, centred


@triton.jit
def moments_kernel(x_ptr, out_ptr, stride, n, skip, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    if row == skip:
        return
    cols = tl.arange(0, BLOCK)
    mask = cols < n
    x = tl.load(x_ptr + row * stride + cols, mask=mask, other=0.0)
    mean, variance, centred = mean_and_variance(x, n, mask=mask, UNBIASED=True)
    out_ptr += row * (POWERS + 1)
    tl.store(out_ptr, mean)
    tl.store(out_ptr + 1, variance)
    power = centred * centred
    for i in tl.static_range(2, POWERS + 1):
        tl.static_assert(i >= 2)
        if i > 2:
            power *= centred
        tl.store(out_ptr + i, tl.sum(power, axis=0) / n)


def moments(x, skip=-1):
    """Mean, unbiased variance, and the second to fourth central moments of each row; row `skip` is left zero."""
    out = torch.zeros(x.shape[0], 5)
    moments_kernel[(x.shape[0],)](x, out, x.stride(0), x.shape[1], skip, BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


def reference(x, skip):
    x = x.double()
    c = x - x.mean(1, keepdim=True)
    out = torch.stack([x.mean(1), x.var(1), *((c**i).mean(1) for i in (2, 3, 4))], 1)
    if skip >= 0:
        out[skip] = 0
    return out


def cases():
    for m, n, skip in ((64, 1000, -1), (7, 64, 3)):
        x = torch.rand(m, n)
        yield Case(
            "moments",
            f"{m}x{n} f32",
            lambda x=x, s=skip: moments(x, s),
            lambda x=x, s=skip: reference(x, s),
            None,
            1e-4,
        )


if __name__ == "__main__":
    show(cases())
