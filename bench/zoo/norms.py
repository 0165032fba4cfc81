"""Normalizations and their gradients."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, next_power_of_2


@triton.jit
def layer_norm_kernel(X, Y, W, B, Mean, Rstd, cols, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < cols
    x = tl.load(X + row * cols + c, mask=m, other=0.0).to(tl.float32)
    mean = tl.sum(x, axis=0) / cols
    d = tl.where(m, x - mean, 0.0)
    rstd = 1.0 / tl.sqrt(tl.sum(d * d, axis=0) / cols + eps)
    w = tl.load(W + c, mask=m).to(tl.float32)
    b = tl.load(B + c, mask=m).to(tl.float32)
    tl.store(Y + row * cols + c, (d * rstd * w + b).to(Y.dtype.element_ty), mask=m)
    tl.store(Mean + row, mean)
    tl.store(Rstd + row, rstd)


@case(
    dict(rows=8192, cols=4096, dtype=f16),
    dict(rows=32768, cols=768, dtype=bf16),
    dict(rows=4096, cols=12288, dtype=bf16),
    small=dict(rows=3, cols=100, dtype=f32),
)
def layer_norm(data, rows, cols, dtype):
    x, y = data.randn(rows, cols, dtype=dtype), data.empty(rows, cols, dtype=dtype)
    w, b = data.randn(cols, dtype=dtype), data.randn(cols, dtype=dtype)
    mean, rstd = data.empty(rows), data.empty(rows)
    block = next_power_of_2(cols)
    warps = min(max(block // 256, 1), 16)
    launch = Launch(layer_norm_kernel, (rows,), x, y, w, b, mean, rstd, cols, 1e-5, BLOCK=block, num_warps=warps)

    def check():
        want = torch.nn.functional.layer_norm(x.double(), (cols,), w.double(), b.double(), 1e-5)
        return [(y, want), (mean, x.double().mean(1))]

    return Work(launch, check)


@triton.jit
def layer_norm_dx_kernel(DY, X, W, Mean, Rstd, DX, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    m = c < cols
    x = tl.load(X + row * cols + c, mask=m, other=0.0).to(tl.float32)
    dy = tl.load(DY + row * cols + c, mask=m, other=0.0).to(tl.float32)
    w = tl.load(W + c, mask=m, other=0.0).to(tl.float32)
    mean, rstd = tl.load(Mean + row), tl.load(Rstd + row)
    xhat = tl.where(m, (x - mean) * rstd, 0.0)
    wdy = w * dy
    c1 = tl.sum(xhat * wdy, axis=0) / cols
    c2 = tl.sum(wdy, axis=0) / cols
    tl.store(DX + row * cols + c, ((wdy - (xhat * c1 + c2)) * rstd).to(DX.dtype.element_ty), mask=m)


@triton.jit
def layer_norm_dwdb_kernel(DY, X, Mean, Rstd, DW, DB, rows, cols, BR: tl.constexpr, BC: tl.constexpr):
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    dw = tl.zeros([BR, BC], tl.float32)
    db = tl.zeros([BR, BC], tl.float32)
    for start in range(0, rows, BR):
        r = start + tl.arange(0, BR)
        m = (r[:, None] < rows) & (c[None, :] < cols)
        at = r[:, None] * cols + c[None, :]
        dy = tl.load(DY + at, mask=m, other=0.0).to(tl.float32)
        x = tl.load(X + at, mask=m, other=0.0).to(tl.float32)
        mean = tl.load(Mean + r, mask=r < rows, other=0.0)
        rstd = tl.load(Rstd + r, mask=r < rows, other=0.0)
        dw += dy * (x - mean[:, None]) * rstd[:, None]
        db += dy
    tl.store(DW + c, tl.sum(dw, axis=0), mask=c < cols)
    tl.store(DB + c, tl.sum(db, axis=0), mask=c < cols)


def layer_norm_gradients(x, dy, w, eps):
    """dx, dw, db, mean and rstd, in double precision."""
    x, dy, w = x.double(), dy.double(), w.double()
    mean = x.mean(1, keepdim=True)
    rstd = 1 / (x.var(1, unbiased=False, keepdim=True) + eps).sqrt()
    xhat, wdy = (x - mean) * rstd, w * dy
    dx = (wdy - xhat * (xhat * wdy).mean(1, keepdim=True) - wdy.mean(1, keepdim=True)) * rstd
    return dx, (dy * xhat).sum(0), dy.sum(0), mean, rstd


@case(
    dict(rows=8192, cols=4096, dtype=f16),
    dict(rows=16384, cols=2048, dtype=bf16),
    small=dict(rows=3, cols=100, dtype=f32),
)
def layer_norm_dx(data, rows, cols, dtype):
    x, dy, w = data.randn(rows, cols, dtype=dtype), data.randn(rows, cols, dtype=dtype), data.randn(cols, dtype=dtype)
    dx = data.empty(rows, cols, dtype=dtype)
    mean = x.float().mean(1)
    rstd = 1 / (x.float().var(1, unbiased=False) + 1e-5).sqrt()
    block = next_power_of_2(cols)
    warps = min(max(block // 256, 1), 16)
    launch = Launch(layer_norm_dx_kernel, (rows,), dy, x, w, mean, rstd, dx, cols, BLOCK=block, num_warps=warps)
    return Work(launch, lambda: (dx, layer_norm_gradients(x, dy, w, 1e-5)[0]))


@case(
    dict(rows=8192, cols=4096, dtype=f16, tile=(32, 128)),
    dict(rows=4096, cols=8192, dtype=bf16, tile=(64, 64)),
    small=dict(rows=40, cols=100, dtype=f32, tile=(16, 32)),
)
def layer_norm_dwdb(data, rows, cols, dtype, tile):
    x, dy, w = data.randn(rows, cols, dtype=dtype), data.randn(rows, cols, dtype=dtype), data.randn(cols)
    dw, db = data.empty(cols), data.empty(cols)
    mean = x.float().mean(1)
    rstd = 1 / (x.float().var(1, unbiased=False) + 1e-5).sqrt()
    grid = (cdiv(cols, tile[1]),)
    launch = Launch(layer_norm_dwdb_kernel, grid, dy, x, mean, rstd, dw, db, rows, cols, BR=tile[0], BC=tile[1])
    return Work(launch, lambda: list(zip((dw, db), layer_norm_gradients(x, dy, w, 1e-5)[1:3], strict=True)))


@triton.jit
def add_rms_norm_kernel(X, Residual, Y, W, cols, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < cols
    x = tl.load(X + row * cols + c, mask=m, other=0.0).to(tl.float32)
    x += tl.load(Residual + row * cols + c, mask=m, other=0.0).to(tl.float32)
    tl.store(Residual + row * cols + c, x.to(Residual.dtype.element_ty), mask=m)
    scale = tl.rsqrt(tl.sum(x * x, axis=0) / cols + eps)
    w = tl.load(W + c, mask=m).to(tl.float32)
    tl.store(Y + row * cols + c, (x * scale * w).to(Y.dtype.element_ty), mask=m)


@case(
    dict(rows=8192, cols=4096, dtype=bf16),
    dict(rows=256, cols=8192, dtype=f16),
    small=dict(rows=3, cols=100, dtype=f32),
)
def add_rms_norm(data, rows, cols, dtype):
    x, w, before = (
        data.randn(rows, cols, dtype=dtype),
        data.randn(cols, dtype=dtype),
        data.randn(rows, cols, dtype=dtype),
    )
    residual, y = data.empty(rows, cols, dtype=dtype), data.empty(rows, cols, dtype=dtype)
    block = next_power_of_2(cols)
    warps = min(max(block // 512, 1), 16)
    launch = Launch(add_rms_norm_kernel, (rows,), x, residual, y, w, cols, 1e-6, BLOCK=block, num_warps=warps)

    def check():
        s = x.double() + before.double()
        return [(y, s * (s.square().mean(1, keepdim=True) + 1e-6).rsqrt() * w.double()), (residual, s)]

    return Work(launch, check, reset=lambda: residual.copy_(before))


@triton.jit
def rms_norm_backward_kernel(DY, X, W, Rstd, DX, DW, rows, cols, per_program, BLOCK: tl.constexpr):
    """A program takes a range of rows, and keeps its part of the weight's gradient in registers."""
    pid = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < cols
    w = tl.load(W + c, mask=m, other=0.0).to(tl.float32)
    dw = tl.zeros([BLOCK], tl.float32)
    for row in range(pid * per_program, min((pid + 1) * per_program, rows)):
        x = tl.load(X + row * cols + c, mask=m, other=0.0).to(tl.float32)
        dy = tl.load(DY + row * cols + c, mask=m, other=0.0).to(tl.float32)
        rstd = tl.load(Rstd + row)
        wdy = dy * w
        dot = tl.sum(wdy * x, axis=0)
        dx = rstd * wdy - (rstd * rstd * rstd * dot / cols) * x
        tl.store(DX + row * cols + c, dx.to(DX.dtype.element_ty), mask=m)
        dw += dy * x * rstd
    tl.store(DW + pid * cols + c, dw, mask=m)


@case(
    dict(rows=8192, cols=4096, dtype=bf16, programs=132),
    dict(rows=16384, cols=2048, dtype=f16, programs=264),
    small=dict(rows=7, cols=100, dtype=f32, programs=2),
)
def rms_norm_backward(data, rows, cols, dtype, programs):
    x, dy, w = data.randn(rows, cols, dtype=dtype), data.randn(rows, cols, dtype=dtype), data.randn(cols, dtype=dtype)
    dx, dw = data.empty(rows, cols, dtype=dtype), data.empty(programs, cols)
    rstd = (x.float().square().mean(1) + 1e-6).rsqrt()
    args = dy, x, w, rstd, dx, dw, rows, cols, cdiv(rows, programs)
    launch = Launch(rms_norm_backward_kernel, (programs,), *args, BLOCK=next_power_of_2(cols), num_warps=8)

    def check():
        r, wdy, xd = rstd.double()[:, None], dy.double() * w.double(), x.double()
        want = r * wdy - r**3 * xd * (wdy * xd).mean(1, keepdim=True)
        return [(dx, want), (dw.double().sum(0), (dy.double() * xd * r).sum(0))]

    return Work(launch, check)


@triton.jit
def group_norm_kernel(X, Y, W, B, channels, size, eps, GROUPS: tl.constexpr, BLOCK: tl.constexpr):
    """x is (batch, channels, size): a program per batch and group, two passes over what is contiguous."""
    n, g = tl.program_id(0), tl.program_id(1)
    per_group = channels // GROUPS
    count = per_group * size
    base = (n * channels + g * per_group).to(tl.int64) * size
    total = tl.zeros([BLOCK], tl.float32)
    squares = tl.zeros([BLOCK], tl.float32)
    for start in range(0, count, BLOCK):
        i = start + tl.arange(0, BLOCK)
        x = tl.load(X + base + i, mask=i < count, other=0.0).to(tl.float32)
        total += x
        squares += x * x
    mean = tl.sum(total, axis=0) / count
    rstd = tl.rsqrt(tl.sum(squares, axis=0) / count - mean * mean + eps)
    for start in range(0, count, BLOCK):
        i = start + tl.arange(0, BLOCK)
        m = i < count
        channel = g * per_group + i // size
        x = tl.load(X + base + i, mask=m, other=0.0).to(tl.float32)
        w = tl.load(W + channel, mask=m).to(tl.float32)
        b = tl.load(B + channel, mask=m).to(tl.float32)
        tl.store(Y + base + i, ((x - mean) * rstd * w + b).to(Y.dtype.element_ty), mask=m)


@case(
    dict(batch=32, channels=256, size=4096, groups=32, dtype=f16),
    dict(batch=16, channels=512, size=1024, groups=32, dtype=f32),
    small=dict(batch=2, channels=8, size=50, groups=4, dtype=f32),
)
def group_norm(data, batch, channels, size, groups, dtype):
    x, y = data.randn(batch, channels, size, dtype=dtype), data.empty(batch, channels, size, dtype=dtype)
    w, b = data.randn(channels, dtype=dtype), data.randn(channels, dtype=dtype)
    grid, block = (batch, groups), min(4096, next_power_of_2(channels // groups * size))
    launch = Launch(group_norm_kernel, grid, x, y, w, b, channels, size, 1e-5, GROUPS=groups, BLOCK=block, num_warps=8)
    return Work(launch, lambda: (y, torch.nn.functional.group_norm(x.double(), groups, w.double(), b.double(), 1e-5)))


@triton.jit
def head_norm_kernel(X, Y, W, rows, eps, ROWS: tl.constexpr, D: tl.constexpr):
    """Normalization of short rows, many per program: a head's queries or keys."""
    r = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    d = tl.arange(0, D)
    m = r[:, None] < rows
    x = tl.load(X + r[:, None] * D + d[None, :], mask=m, other=0.0).to(tl.float32)
    scale = tl.rsqrt(tl.sum(x * x, axis=1) / D + eps)
    w = tl.load(W + d).to(tl.float32)
    y = x * scale[:, None] * w[None, :]
    tl.store(Y + r[:, None] * D + d[None, :], y.to(Y.dtype.element_ty), mask=m)


@case(
    dict(rows=1 << 18, d=128, dtype=bf16, block=32),
    dict(rows=1 << 19, d=64, dtype=f16, block=16),
    small=dict(rows=37, d=32, dtype=f32, block=16),
)
def head_norm(data, rows, d, dtype, block):
    x, y, w = data.randn(rows, d, dtype=dtype), data.empty(rows, d, dtype=dtype), data.randn(d, dtype=dtype)
    launch = Launch(head_norm_kernel, (cdiv(rows, block),), x, y, w, rows, 1e-6, ROWS=block, D=d)
    x64 = x.double
    return Work(launch, lambda: (y, x64() * (x64().square().mean(1, keepdim=True) + 1e-6).rsqrt() * w.double()))


@triton.jit
def welford(mean_a, m2_a, n_a, mean_b, m2_b, n_b):
    n = n_a + n_b
    delta = mean_b - mean_a
    share = tl.where(n == 0.0, 0.0, n_b / n)
    return mean_a + delta * share, m2_a + m2_b + delta * delta * n_a * share, n


@triton.jit
def batch_norm_stats_kernel(X, Mean, Var, batch, channels, size, BN: tl.constexpr, BS: tl.constexpr):
    """Mean and variance of each channel of (batch, channels, size), by combining means and squared distances."""
    channel = tl.program_id(0)
    mean = tl.zeros([BN, BS], tl.float32)
    m2 = tl.zeros([BN, BS], tl.float32)
    count = tl.zeros([BN, BS], tl.float32)
    for n0 in range(0, batch, BN):
        n = n0 + tl.arange(0, BN)
        for s0 in range(0, size, BS):
            s = s0 + tl.arange(0, BS)
            m = (n[:, None] < batch) & (s[None, :] < size)
            x = tl.load(X + (n[:, None] * channels + channel) * size + s[None, :], mask=m, other=0.0).to(tl.float32)
            one = m.to(tl.float32)
            after = count + one
            delta = x - mean
            mean += tl.where(m, delta / after, 0.0)
            m2 += tl.where(m, delta * (x - mean), 0.0)
            count = after
    mean, m2, count = tl.reduce((mean, m2, count), 1, welford)
    mean, m2, count = tl.reduce((mean, m2, count), 0, welford)
    tl.store(Mean + channel, mean)
    tl.store(Var + channel, m2 / count)


@case(
    dict(batch=64, channels=256, size=3136, dtype=f16, tile=(4, 512)),
    dict(batch=32, channels=512, size=784, dtype=f32, tile=(8, 128)),
    small=dict(batch=3, channels=4, size=50, dtype=f32, tile=(2, 32)),
)
def batch_norm_stats(data, batch, channels, size, dtype, tile):
    x = data.randn(batch, channels, size, dtype=dtype)
    mean, var = data.empty(channels), data.empty(channels)
    launch = Launch(batch_norm_stats_kernel, (channels,), x, mean, var, batch, channels, size, BN=tile[0], BS=tile[1])
    return Work(launch, lambda: [(mean, x.double().mean((0, 2))), (var, x.double().var((0, 2), unbiased=False))])
