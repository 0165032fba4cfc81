"""RMS normalization: rows divided by the root of their mean square."""

import torch
import triton
import triton.language as tl
from case import RTOL, Case, short, show


@triton.jit
def rms_norm_kernel(x_ptr, w_ptr, y_ptr, stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    cols = tl.arange(0, BLOCK)
    mask = cols < n
    x = tl.load(x_ptr + row * stride + cols, mask=mask, other=0.0).to(tl.float32)
    scale = tl.rsqrt(tl.sum(x * x) / n + eps)
    w = tl.load(w_ptr + cols, mask=mask).to(tl.float32)
    tl.store(y_ptr + row * stride + cols, (x * scale * w).to(y_ptr.dtype.element_ty), mask=mask)


def rms_norm(x, w, eps=1e-6):
    """x / sqrt(mean(x²) + eps) · w, rows of a matrix."""
    y = torch.empty_like(x)
    rms_norm_kernel[(x.shape[0],)](x, w, y, x.stride(0), x.shape[1], eps, BLOCK=triton.next_power_of_2(x.shape[1]))
    return y


def reference(x, w, eps=1e-6):
    x = x.double()
    return x / torch.sqrt((x * x).mean(1, keepdim=True) + eps) * w.double()


def cases():
    for m, n in ((512, 2048), (33, 1000)):
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            x, w = torch.randn(m, n, dtype=dtype), torch.randn(n, dtype=dtype)
            yield Case(
                "rms norm",
                f"{m}x{n} {short(dtype)}",
                lambda x=x, w=w: rms_norm(x, w),
                lambda x=x, w=w: reference(x, w),
                lambda x=x, w=w, n=n: torch.nn.functional.rms_norm(x, (n,), w, 1e-6),
                RTOL[dtype],
            )


if __name__ == "__main__":
    show(cases())
