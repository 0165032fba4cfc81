"""Layer normalization, forward and backward.

The backward pass computes dx a row at a time and gathers the gradients of the weight and the bias, which every row adds
to, in a few partial sums, each guarded by a lock made of an atomic compare-and-swap.
"""

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from case import RTOL, Case, short, show


@triton.jit
def layer_norm_forward(x_ptr, y_ptr, w_ptr, b_ptr, mean_ptr, rstd_ptr, stride, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    x_ptr += row * stride
    y_ptr += row * stride
    total = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, n, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        total += tl.load(x_ptr + cols, mask=cols < n, other=0.0).to(tl.float32)
    mean = tl.sum(total, axis=0) / n
    squares = tl.zeros([BLOCK], dtype=tl.float32)
    for start in range(0, n, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + cols, mask=cols < n, other=0.0).to(tl.float32)
        x = tl.where(cols < n, x - mean, 0.0)
        squares += x * x
    rstd = 1 / tl.sqrt(tl.sum(squares, axis=0) / n + eps)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)
    for start in range(0, n, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        mask = cols < n
        w = tl.load(w_ptr + cols, mask=mask)
        b = tl.load(b_ptr + cols, mask=mask)
        x = tl.load(x_ptr + cols, mask=mask, other=0.0).to(tl.float32)
        tl.store(y_ptr + cols, (x - mean) * rstd * w + b, mask=mask)


@triton.jit
def layer_norm_backward(
    dx_ptr,
    dy_ptr,
    dw_ptr,
    db_ptr,
    x_ptr,
    w_ptr,
    mean_ptr,
    rstd_ptr,
    lock_ptr,
    stride,
    n,
    GROUPS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0)
    cols = tl.arange(0, BLOCK)
    mask = cols < n
    x = tl.load(x_ptr + row * stride + cols, mask=mask, other=0).to(tl.float32)
    dy = tl.load(dy_ptr + row * stride + cols, mask=mask, other=0).to(tl.float32)
    w = tl.load(w_ptr + cols, mask=mask).to(tl.float32)
    mean = tl.load(mean_ptr + row)
    rstd = tl.load(rstd_ptr + row)

    xhat = tl.where(mask, (x - mean) * rstd, 0.0)
    wdy = tl.where(mask, w * dy, 0.0)
    c1 = tl.sum(xhat * wdy, axis=0) / n
    c2 = tl.sum(wdy, axis=0) / n
    tl.store(dx_ptr + row * stride + cols, (wdy - (xhat * c1 + c2)) * rstd, mask=mask)

    group = row % GROUPS
    lock = lock_ptr + group
    count = lock_ptr + GROUPS + group
    dw_ptr += group * n + cols
    db_ptr += group * n + cols
    dw = (dy * xhat).to(w.dtype)
    db = dy.to(w.dtype)
    while tl.atomic_cas(lock, 0, 1) == 1:
        pass
    if tl.load(count) == 0:
        tl.atomic_xchg(count, 1)
    else:
        dw += tl.load(dw_ptr, mask=mask)
        db += tl.load(db_ptr, mask=mask)
    tl.store(dw_ptr, dw, mask=mask)
    tl.store(db_ptr, db, mask=mask)
    tl.debug_barrier()
    tl.atomic_xchg(lock, 0)


@triton.jit
def sum_groups(partial_ptr, out_ptr, m, n, BM: tl.constexpr, BN: tl.constexpr):
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    total = tl.zeros((BM, BN), dtype=tl.float32)
    for start in range(0, m, BM):
        rows = start + tl.arange(0, BM)
        mask = (rows[:, None] < m) & (cols[None, :] < n)
        total += tl.load(partial_ptr + rows[:, None] * n + cols[None, :], mask=mask, other=0.0)
    tl.store(out_ptr + cols, tl.sum(total, axis=0), mask=cols < n)


def forward(x, w, b, eps=1e-5):
    """Normalized rows of x, and the mean and reciprocal deviation of each."""
    m, n = x.shape
    y, mean, rstd = torch.empty_like(x), torch.empty(m), torch.empty(m)
    layer_norm_forward[(m,)](x, y, w, b, mean, rstd, x.stride(0), n, eps, BLOCK=min(4096, triton.next_power_of_2(n)))
    return y, mean, rstd


def backward(dy, x, w, mean, rstd, groups=8):
    """Gradients of the input, the weight and the bias."""
    m, n = x.shape
    dx = torch.empty_like(x)
    dw, db = torch.zeros(groups, n), torch.zeros(groups, n)
    locks = torch.zeros(2 * groups, dtype=torch.int32)
    layer_norm_backward[(m,)](
        dx, dy, dw, db, x, w, mean, rstd, locks, x.stride(0), n, GROUPS=groups, BLOCK=triton.next_power_of_2(n)
    )
    grad_w, grad_b = torch.empty(n), torch.empty(n)
    grid = lambda meta: (triton.cdiv(n, meta["BN"]),)  # noqa: E731
    sum_groups[grid](dw, grad_w, groups, n, BM=32, BN=128)
    sum_groups[grid](db, grad_b, groups, n, BM=32, BN=128)
    return dx, grad_w, grad_b


def reference_backward(dy, x, w, b):
    leaves = [t.double().requires_grad_() for t in (x, w, b)]
    F.layer_norm(leaves[0], w.shape, leaves[1], leaves[2]).backward(dy.double())
    return tuple(t.grad for t in leaves)


def cases():
    for m, n in ((256, 1024), (77, 1111), (16, 8192)):
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            x = torch.randn(m, n, dtype=dtype)
            w, b = torch.randn(n, dtype=dtype), torch.randn(n, dtype=dtype)
            yield Case(
                "layer norm",
                f"{m}x{n} {short(dtype)}",
                lambda x=x, w=w, b=b: forward(x, w, b)[0],
                lambda x=x, w=w, b=b, n=n: F.layer_norm(x.double(), (n,), w.double(), b.double()),
                lambda x=x, w=w, b=b, n=n: F.layer_norm(x, (n,), w, b),
                RTOL[dtype],
            )
    for m, n in ((256, 1024), (77, 1111)):
        x, dy, w, b = torch.randn(m, n), torch.randn(m, n), torch.randn(n), torch.randn(n)
        _, mean, rstd = forward(x, w, b)
        yield Case(
            "layer norm backward",
            f"{m}x{n} f32",
            lambda x=x, dy=dy, w=w, mean=mean, rstd=rstd: backward(dy, x, w, mean, rstd),
            lambda x=x, dy=dy, w=w, b=b: reference_backward(dy, x, w, b),
            None,
            1e-4,
        )


if __name__ == "__main__":
    show(cases())
