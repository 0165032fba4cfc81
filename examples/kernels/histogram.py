"""A histogram with one atomic addition per element."""

import torch
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def histogram_kernel(x_ptr, counts_ptr, n, bins, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = at < n
    x = tl.load(x_ptr + at, mask=mask, other=0.0)
    bin_ids = tl.minimum((x * bins).to(tl.int32), bins - 1)
    tl.atomic_add(counts_ptr + bin_ids, 1, mask=mask)


def histogram(x, bins):
    """Counts of values in [0, 1) in `bins` equal bins."""
    counts = torch.zeros(bins, dtype=torch.int32)
    histogram_kernel[(triton.cdiv(x.numel(), 1024),)](x, counts, x.numel(), bins, BLOCK=1024)
    return counts


def cases():
    for n, bins in ((100000, 64), (5000, 1000)):
        x = torch.rand(n)
        yield Case(
            "histogram",
            f"{n} into {bins}",
            lambda x=x, b=bins: histogram(x, b),
            lambda x=x, b=bins: torch.bincount(torch.clamp((x * b).int(), max=b - 1), minlength=b),
            lambda x=x, b=bins: torch.histc(x, b, 0, 1),
            0,
        )


if __name__ == "__main__":
    show(cases())
