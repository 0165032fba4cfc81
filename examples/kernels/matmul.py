"""Matrix multiplication in tiles, programs grouped for cache reuse, an activation fused into the end."""

import torch
import triton
import triton.language as tl
from case import RTOL, Case, short, show


@triton.jit
def leaky_relu(x, slope=0.01):
    return tl.where(x >= 0, x, slope * x)


@triton.jit
def matmul_kernel(
    a_ptr,
    b_ptr,
    c_ptr,
    m,
    n,
    k,
    stride_am,
    stride_ak,
    stride_bk,
    stride_bn,
    stride_cm,
    stride_cn,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
    GROUP: tl.constexpr,
    ACTIVATION: tl.constexpr,
):
    pid = tl.program_id(axis=0)
    tiles_m = tl.cdiv(m, BM)
    tiles_n = tl.cdiv(n, BN)
    per_group = GROUP * tiles_n
    first_m = (pid // per_group) * GROUP
    group_m = min(tiles_m - first_m, GROUP)
    pid_m = first_m + (pid % per_group) % group_m
    pid_n = (pid % per_group) // group_m

    rows = (pid_m * BM + tl.arange(0, BM)) % m
    cols = (pid_n * BN + tl.arange(0, BN)) % n
    ks = tl.arange(0, BK)
    a_ptrs = a_ptr + rows[:, None] * stride_am + ks[None, :] * stride_ak
    b_ptrs = b_ptr + ks[:, None] * stride_bk + cols[None, :] * stride_bn
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for i in range(0, tl.cdiv(k, BK)):
        a = tl.load(a_ptrs, mask=ks[None, :] < k - i * BK, other=0.0)
        b = tl.load(b_ptrs, mask=ks[:, None] < k - i * BK, other=0.0)
        acc = tl.dot(a, b, acc)
        a_ptrs += BK * stride_ak
        b_ptrs += BK * stride_bk
    if ACTIVATION == "leaky_relu":
        acc = leaky_relu(acc)
    c = acc.to(c_ptr.dtype.element_ty)

    rows = pid_m * BM + tl.arange(0, BM)
    cols = pid_n * BN + tl.arange(0, BN)
    c_ptrs = c_ptr + stride_cm * rows[:, None] + stride_cn * cols[None, :]
    tl.store(c_ptrs, c, mask=(rows[:, None] < m) & (cols[None, :] < n))


def matmul(a, b, activation=""):
    """a @ b, then the activation ("" or "leaky_relu")."""
    m, k = a.shape
    n = b.shape[1]
    c = torch.empty((m, n), dtype=a.dtype)
    grid = lambda meta: (triton.cdiv(m, meta["BM"]) * triton.cdiv(n, meta["BN"]),)  # noqa: E731
    matmul_kernel[grid](
        a,
        b,
        c,
        m,
        n,
        k,
        a.stride(0),
        a.stride(1),
        b.stride(0),
        b.stride(1),
        c.stride(0),
        c.stride(1),
        BM=128,
        BN=128,
        BK=64,
        GROUP=8,
        ACTIVATION=activation,
    )
    return c


def cases():
    for m, n, k in ((512, 512, 512), (300, 257, 119), (1, 64, 64)):
        for dtype in (torch.float32, torch.float16, torch.bfloat16):
            a, b = torch.randn(m, k, dtype=dtype), torch.randn(k, n, dtype=dtype)
            yield Case(
                "matmul",
                f"{m}x{n}x{k} {short(dtype)}",
                lambda a=a, b=b: matmul(a, b),
                lambda a=a, b=b: a.double() @ b.double(),
                lambda a=a, b=b: a @ b,
                RTOL[dtype],
            )
    a, b = torch.randn(256, 384), torch.randn(192, 384).T
    yield Case(
        "matmul, B transposed, leaky relu",
        "256x192x384 f32",
        lambda: matmul(a, b, "leaky_relu"),
        lambda: torch.nn.functional.leaky_relu(a.double() @ b.double()),
        lambda: torch.nn.functional.leaky_relu(a @ b),
    )


if __name__ == "__main__":
    show(cases())
