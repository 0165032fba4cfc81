"""Losses over large vocabularies, and softmax with its gradient."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, next_power_of_2


@triton.jit
def cross_entropy_kernel(Logits, Targets, Loss, Lse, vocabulary, stride, BLOCK: tl.constexpr):
    """The vocabulary does not fit a tile: maximum and sum are kept while it passes by."""
    row = tl.program_id(0).to(tl.int64)
    target = tl.load(Targets + row)
    top = float("-inf")
    total = 0.0
    for start in range(0, vocabulary, BLOCK):
        c = start + tl.arange(0, BLOCK)
        x = tl.load(Logits + row * stride + c, mask=c < vocabulary, other=float("-inf")).to(tl.float32)
        new_top = tl.maximum(top, tl.max(x, axis=0))
        total = total * tl.exp(top - new_top) + tl.sum(tl.exp(x - new_top), axis=0)
        top = new_top
    lse = top + tl.log(total)
    tl.store(Loss + row, lse - tl.load(Logits + row * stride + target).to(tl.float32))
    tl.store(Lse + row, lse)


@triton.jit
def cross_entropy_backward_kernel(Logits, Targets, Lse, scale, vocabulary, stride, BLOCK: tl.constexpr):
    """The gradient takes the place of the logits."""
    row = tl.program_id(0).to(tl.int64)
    c = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(Logits + row * stride + c, mask=c < vocabulary, other=float("-inf")).to(tl.float32)
    p = tl.exp(x - tl.load(Lse + row))
    p = tl.where(c == tl.load(Targets + row), p - 1.0, p) * scale
    tl.store(Logits + row * stride + c, p.to(Logits.dtype.element_ty), mask=c < vocabulary)


@case(
    dict(rows=4096, vocabulary=32000, dtype=bf16, block=4096, warps=8),
    dict(rows=2048, vocabulary=128256, dtype=bf16, block=16384, warps=16),
    dict(rows=4096, vocabulary=50257, dtype=f32, block=8192, warps=16),
    small=dict(rows=3, vocabulary=1000, dtype=f32, block=256, warps=4),
)
def cross_entropy(data, rows, vocabulary, dtype, block, warps):
    x, targets = data.randn(rows, vocabulary, dtype=dtype), data.randint(0, vocabulary, rows)
    loss, lse = data.empty(rows), data.empty(rows)
    args = x, targets, loss, lse, vocabulary, vocabulary
    launch = Launch(cross_entropy_kernel, (rows,), *args, BLOCK=block, num_warps=warps)
    return Work(
        launch,
        lambda: (loss[:256], torch.nn.functional.cross_entropy(x[:256].double(), targets[:256], reduction="none")),
    )


@case(
    dict(rows=4096, vocabulary=32000, dtype=bf16, block=4096, warps=8),
    dict(rows=2048, vocabulary=50257, dtype=f32, block=2048, warps=4),
    small=dict(rows=3, vocabulary=1000, dtype=f32, block=256, warps=4),
)
def cross_entropy_backward(data, rows, vocabulary, dtype, block, warps):
    before, targets = data.randn(rows, vocabulary, dtype=dtype), data.randint(0, vocabulary, rows)
    x = before.clone()
    lse = torch.logsumexp(before.float(), 1)
    grid = rows, cdiv(vocabulary, block)
    launch = Launch(
        cross_entropy_backward_kernel, grid, x, targets, lse, 0.5, vocabulary, vocabulary, BLOCK=block, num_warps=warps
    )

    def check():
        p = torch.softmax(before[:256].double(), 1)
        return x[:256], (p - torch.nn.functional.one_hot(targets[:256], vocabulary)) * 0.5

    return Work(launch, check, reset=lambda: x.copy_(before))


@triton.jit
def kl_divergence_kernel(X, Y, Loss, DX, vocabulary, scale, BLOCK: tl.constexpr):
    """KL divergence between a student's log probabilities and a teacher's, summed along a row, with its gradient."""
    row = tl.program_id(0).to(tl.int64)
    acc = tl.zeros([BLOCK], tl.float32)
    for start in range(0, vocabulary, BLOCK):
        c = start + tl.arange(0, BLOCK)
        m = c < vocabulary
        x = tl.load(X + row * vocabulary + c, mask=m, other=0.0).to(tl.float32)
        y = tl.load(Y + row * vocabulary + c, mask=m, other=float("-inf")).to(tl.float32)
        p = tl.exp(y)
        acc += tl.where(m, p * (y - x), 0.0)
        tl.store(DX + row * vocabulary + c, (-p * scale).to(DX.dtype.element_ty), mask=m)
    tl.store(Loss + row, tl.sum(acc, axis=0))


@case(
    dict(rows=2048, vocabulary=32000, dtype=bf16, block=4096, warps=8),
    dict(rows=1024, vocabulary=50264, dtype=f32, block=2048, warps=8),
    small=dict(rows=3, vocabulary=300, dtype=f32, block=128, warps=4),
)
def kl_divergence(data, rows, vocabulary, dtype, block, warps):
    x, y = (torch.log_softmax(data.randn(rows, vocabulary), 1).to(dtype) for _ in range(2))
    loss, dx = data.empty(rows), data.empty(rows, vocabulary, dtype=dtype)
    launch = Launch(kl_divergence_kernel, (rows,), x, y, loss, dx, vocabulary, 0.5, BLOCK=block, num_warps=warps)

    def check():
        p = y[:256].double().exp()
        return [(loss[:256], (p * (y[:256].double() - x[:256].double())).sum(1)), (dx[:256], -0.5 * p)]

    return Work(launch, check)


@triton.jit
def log_softmax_kernel(X, Y, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(X + row * cols + c, mask=c < cols, other=float("-inf")).to(tl.float32)
    x -= tl.max(x, axis=0)
    tl.store(Y + row * cols + c, (x - tl.log(tl.sum(tl.exp(x), axis=0))).to(Y.dtype.element_ty), mask=c < cols)


@triton.jit
def softmax_backward_kernel(Y, DY, DX, rows, cols, BR: tl.constexpr, BC: tl.constexpr):
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    c = tl.arange(0, BC)
    m = (r[:, None] < rows) & (c[None, :] < cols)
    y = tl.load(Y + r[:, None] * cols + c[None, :], mask=m, other=0.0).to(tl.float32)
    dy = tl.load(DY + r[:, None] * cols + c[None, :], mask=m, other=0.0).to(tl.float32)
    dot = tl.sum(y * dy, axis=1)
    tl.store(DX + r[:, None] * cols + c[None, :], (y * (dy - dot[:, None])).to(DX.dtype.element_ty), mask=m)


@case(
    dict(rows=16384, cols=2048, dtype=f16),
    dict(rows=65536, cols=197, dtype=f32),
    dict(rows=4096, cols=16384, dtype=bf16),
    small=dict(rows=3, cols=100, dtype=f32),
)
def log_softmax(data, rows, cols, dtype):
    x, y = data.randn(rows, cols, dtype=dtype), data.empty(rows, cols, dtype=dtype)
    block = next_power_of_2(cols)
    warps = min(max(block // 512, 1), 16)
    launch = Launch(log_softmax_kernel, (rows,), x, y, cols, BLOCK=block, num_warps=warps)
    return Work(launch, lambda: (y, torch.log_softmax(x.double(), 1)))


@case(
    dict(rows=65536, cols=512, dtype=f16, block=4),
    dict(rows=32768, cols=1000, dtype=f32, block=2),
    small=dict(rows=7, cols=100, dtype=f32, block=4),
)
def softmax_backward(data, rows, cols, dtype, block):
    y, dy = torch.softmax(data.randn(rows, cols), 1).to(dtype), data.randn(rows, cols, dtype=dtype)
    dx = data.empty(rows, cols, dtype=dtype)
    grid, width = (cdiv(rows, block),), next_power_of_2(cols)
    launch = Launch(softmax_backward_kernel, grid, y, dy, dx, rows, cols, BR=block, BC=width, num_warps=4)
    yd, dyd = y.double, dy.double
    return Work(launch, lambda: (dx, yd() * (dyd() - (yd() * dyd()).sum(1, keepdim=True))))


@triton.jit
def linear_cross_entropy_kernel(
    X, W, Targets, Top, Total, Chosen, rows, vocabulary, K,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Logits are computed tile by tile and never stored: per row and tile only their maximum and sum of exponentials."""
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        x = tl.load(X + m[:, None] * K + (k0 + k)[None, :], mask=m[:, None] < rows, other=0.0)
        w = tl.load(W + n[None, :] * K + (k0 + k)[:, None], mask=n[None, :] < vocabulary, other=0.0)
        acc = tl.dot(x, w, acc)
    acc = tl.where(n[None, :] < vocabulary, acc, float("-inf"))
    top = tl.max(acc, axis=1)
    at = tl.program_id(1) * rows + m
    tl.store(Top + at, top, mask=m < rows)
    tl.store(Total + at, tl.sum(tl.exp(acc - top[:, None]), axis=1), mask=m < rows)
    target = tl.load(Targets + m, mask=m < rows, other=-1)
    chosen = tl.sum(tl.where(n[None, :] == target[:, None], acc, 0.0), axis=1)
    tl.store(Chosen + m, chosen, mask=(m < rows) & (target // BN == tl.program_id(1)))


@case(
    dict(rows=2048, vocabulary=32000, K=1024, dtype=bf16, tile=(128, 128, 64), warps=8),
    dict(rows=4096, vocabulary=16384, K=768, dtype=f16, tile=(128, 128, 32), warps=4),
    small=dict(rows=20, vocabulary=100, K=64, dtype=f16, tile=(16, 32, 32), warps=2),
)
def linear_cross_entropy(data, rows, vocabulary, K, dtype, tile, warps):
    x, w = data.randn(rows, K, dtype=dtype), data.randn(vocabulary, K, dtype=dtype, scale=K**-0.5)
    targets, (BM, BN, BK) = data.randint(0, vocabulary, rows), tile
    parts = cdiv(vocabulary, BN)
    top, total, chosen = data.empty(parts, rows), data.empty(parts, rows), data.empty(rows)
    args = x, w, targets, top, total, chosen, rows, vocabulary, K
    launch = Launch(linear_cross_entropy_kernel, (cdiv(rows, BM), parts), *args, BM=BM, BN=BN, BK=BK, num_warps=warps)

    def check():
        lse = torch.logsumexp(top.double() + total.double().log(), 0)
        logits = x[:256].double() @ w.double().T
        return (lse - chosen)[:256], torch.nn.functional.cross_entropy(logits, targets[:256], reduction="none")

    return Work(launch, check)
