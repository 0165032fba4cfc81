"""Training: losses with their gradients, gradients of normalizations, an optimizer with states of eight bits."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32, next_power_of_2


@triton.jit
def focal_kernel(x_ptr, t_ptr, loss_ptr, grad_ptr, alpha, n, gamma: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    x = tl.load(x_ptr + i, mask=m, other=0.0).to(tl.float32)
    t = tl.load(t_ptr + i, mask=m, other=0).to(tl.float32)
    p = tl.sigmoid(x)
    ce = tl.maximum(x, 0.0) - x * t + tl.log(1.0 + tl.exp(-tl.abs(x)))
    pt = p * t + (1 - p) * (1 - t)
    at = alpha * t + (1 - alpha) * (1 - t)
    if gamma == 2.0:
        w = (1 - pt) * (1 - pt)
        dw = 2 * (1 - pt)
    else:
        w = tl.exp2(gamma * tl.log2(1 - pt + 1e-12))
        dw = gamma * w / (1 - pt + 1e-12)
    tl.store(loss_ptr + tl.program_id(0), tl.sum(tl.where(m, at * w * ce, 0.0)))
    dpt = p * (1 - p) * (2 * t - 1)
    tl.store(grad_ptr + i, (at * (w * (p - t) - dw * dpt * ce)).to(grad_ptr.dtype.element_ty), mask=m)


@case(
    dict(n=64 * 100 * 91 * 40, dtype=f32, block=1024, gamma=2.0),
    dict(n=10000019, dtype=bf16, block=2048, gamma=1.5),
    small=dict(n=100, dtype=f32, block=64, gamma=1.5),
)
def focal(data, n, dtype, block, gamma):
    x, t = data.randn(n, dtype=dtype), (data.rand(n) > 0.9).to(torch.uint8)
    loss, grad = data.empty(cdiv(n, block)), data.empty(n, dtype=dtype)
    launch = Launch(focal_kernel, (cdiv(n, block),), x, t, loss, grad, 0.25, n, gamma=gamma, BLOCK=block, num_warps=4)

    def check():
        z = x.detach().double().requires_grad_()
        p, u = z.sigmoid(), t.double()
        ce = torch.nn.functional.binary_cross_entropy_with_logits(z, u, reduction="none")
        pt, at = p * u + (1 - p) * (1 - u), 0.25 * u + 0.75 * (1 - u)
        total = (at * (1 - pt) ** gamma * ce).sum()
        total.backward()
        return [(grad, z.grad), (loss.double().sum()[None], total.detach()[None])]

    return Work(launch, check)


@triton.jit
def grpo_kernel(
    LOGITS,
    OLD,
    REF,
    IDS,
    ADV,
    MASK,
    LOSS,
    LSE,
    KL,
    TEMP,
    BETA: tl.constexpr,
    LOW,
    HIGH,
    L: tl.constexpr,
    N: tl.constexpr,
    BLOCK: tl.constexpr,
):
    b = tl.program_id(0).cast(tl.int64)
    t = tl.program_id(1).cast(tl.int64)
    if tl.load(MASK + b * L + t) == 0:
        return
    LOGITS += b * (L + 1) * N + t * N
    m_i = float("-inf")
    l_i = 0.0
    for start in range(0, N, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(LOGITS + cols, mask=cols < N, other=float("-inf")).to(tl.float32) / TEMP
        new_m = tl.maximum(m_i, tl.max(x))
        l_i = l_i * tl.exp(m_i - new_m) + tl.sum(tl.exp(x - new_m))
        m_i = new_m
    lse = m_i + tl.log(l_i)
    idx = tl.load(IDS + b * L + t)
    logp = tl.load(LOGITS + idx).to(tl.float32) / TEMP - lse
    ratio = tl.exp(logp - tl.load(OLD + b * L + t).to(tl.float32))
    clipped = tl.clamp(ratio, 1 - LOW, 1 + HIGH)
    adv = tl.load(ADV + b).to(tl.float32)
    loss = -tl.minimum(ratio * adv, clipped * adv)
    if BETA != 0.0:
        ref = tl.load(REF + b * L + t).to(tl.float32)
        kl = tl.exp(ref - logp) - (ref - logp) - 1
        loss += BETA * kl
        tl.store(KL + b * L + t, kl)
    tl.store(LOSS + b * L + t, loss)
    tl.store(LSE + b * L + t, lse)


@case(
    dict(batch=8, length=256, vocab=32000, dtype=bf16, block=2048, warps=4),
    dict(batch=4, length=128, vocab=151936, dtype=f16, block=4096, warps=8),
    small=dict(batch=2, length=3, vocab=100, dtype=f32, block=64, warps=1),
    tolerance=0.02,
)
def grpo(data, batch, length, vocab, dtype, block, warps):
    logits = data.randn(batch, length + 1, vocab, dtype=dtype)
    ids, adv = data.randint(0, vocab, batch, length), data.randn(batch)
    mask = (data.rand(batch, length) > 0.2).to(i32)
    old, ref = (data.randn(batch, length, scale=0.1) - 10.5 for _ in range(2))
    loss, lse, kl = (data.zeros(batch, length) for _ in range(3))
    launch = Launch(
        grpo_kernel,
        (batch, length),
        logits,
        old,
        ref,
        ids,
        adv,
        mask,
        loss,
        lse,
        kl,
        0.9,
        LOW=0.2,
        HIGH=0.28,
        BETA=0.04,
        L=length,
        N=vocab,
        BLOCK=block,
        num_warps=warps,
    )

    def check():
        x = logits[:, :-1].double() / 0.9
        s = x.logsumexp(-1)
        logp = x.gather(2, ids[..., None])[..., 0] - s
        ratio, a, k = (logp - old.double()).exp(), adv.double()[:, None], mask != 0
        div = (ref.double() - logp).exp() - (ref.double() - logp) - 1
        per = -torch.minimum(ratio * a, ratio.clamp(0.8, 1.28) * a) + 0.04 * div
        return [(loss, torch.where(k, per, 0.0)), (lse, torch.where(k, s, 0.0)), (kl, torch.where(k, div, 0.0))]

    return Work(launch, check)


@triton.jit
def group_norm_silu_kernel(
    dy_ptr,
    x_ptr,
    w_ptr,
    b_ptr,
    mean_ptr,
    rstd_ptr,
    dx_ptr,
    size,
    GROUP: tl.constexpr,
    CHANNELS: tl.constexpr,
    BS: tl.constexpr,
    BG: tl.constexpr,
):
    """The gradient of silu(group_norm(x)): channels of a group as rows, two walks over the plane."""
    pid = tl.program_id(0)
    group = pid % (CHANNELS // GROUP)
    ch = tl.arange(0, BG)
    w = tl.load(w_ptr + group * GROUP + ch, mask=ch < GROUP, other=0.0).to(tl.float32)[:, None]
    b = tl.load(b_ptr + group * GROUP + ch, mask=ch < GROUP, other=0.0).to(tl.float32)[:, None]
    mean = tl.load(mean_ptr + pid)
    rstd = tl.load(rstd_ptr + pid)
    s1 = tl.zeros([BG, BS], tl.float32)
    s2 = tl.zeros([BG, BS], tl.float32)
    for start in range(0, size, BS):
        off = start + tl.arange(0, BS)
        at = pid * GROUP * size + ch[:, None] * size + off[None, :]
        m = (ch[:, None] < GROUP) & (off[None, :] < size)
        xhat = (tl.load(x_ptr + at, mask=m, other=0.0).to(tl.float32) - mean) * rstd
        z = xhat * w + b
        sig = tl.sigmoid(z)
        dz = tl.load(dy_ptr + at, mask=m, other=0.0).to(tl.float32) * sig * (1 + z * (1 - sig)) * w
        dz = tl.where(m, dz, 0.0)
        s1 += dz
        s2 += dz * xhat
    n = GROUP * size
    c1 = tl.sum(s1) / n
    c2 = tl.sum(s2) / n
    for start in range(0, size, BS):
        off = start + tl.arange(0, BS)
        at = pid * GROUP * size + ch[:, None] * size + off[None, :]
        m = (ch[:, None] < GROUP) & (off[None, :] < size)
        xhat = (tl.load(x_ptr + at, mask=m, other=0.0).to(tl.float32) - mean) * rstd
        z = xhat * w + b
        sig = tl.sigmoid(z)
        dz = tl.load(dy_ptr + at, mask=m, other=0.0).to(tl.float32) * sig * (1 + z * (1 - sig)) * w
        tl.store(dx_ptr + at, ((dz - c1 - xhat * c2) * rstd).to(dx_ptr.dtype.element_ty), mask=m)


@case(
    dict(batch=16, channels=320, groups=32, size=64 * 64, dtype=f16, bs=256, warps=4),
    dict(batch=32, channels=256, groups=32, size=32 * 32, dtype=bf16, bs=128, warps=4),
    small=dict(batch=2, channels=6, groups=2, size=40, dtype=f32, bs=32, warps=1),
)
def group_norm_silu(data, batch, channels, groups, size, dtype, bs, warps):
    x, dy = data.randn(batch, channels, size, dtype=dtype), data.randn(batch, channels, size, dtype=dtype)
    w, b, dx = data.randn(channels), data.randn(channels), data.empty(batch, channels, size, dtype=dtype)
    g = x.float().reshape(batch * groups, -1)
    mean, rstd = g.mean(1), (g.var(1, unbiased=False) + 1e-5).rsqrt()
    per = channels // groups
    launch = Launch(
        group_norm_silu_kernel,
        (batch * groups,),
        dy,
        x,
        w,
        b,
        mean,
        rstd,
        dx,
        size,
        GROUP=per,
        CHANNELS=channels,
        BS=bs,
        BG=next_power_of_2(per),
        num_warps=warps,
    )

    def check():
        t = x.detach().double().requires_grad_()
        y = torch.nn.functional.silu(torch.nn.functional.group_norm(t, groups, w.double(), b.double(), 1e-5))
        y.backward(dy.double())
        return dx, t.grad

    return Work(launch, check)


@triton.jit
def dyt_backward_kernel(dy_ptr, x_ptr, dx_ptr, da_ptr, dg_ptr, db_ptr, gamma_ptr, alpha_ptr, M, N, BN: tl.constexpr):
    """Dynamic tanh: y = gamma * tanh(alpha * x) + beta; columns of a block, rows strided over programs."""
    n = tl.program_id(0) * BN + tl.arange(0, BN)
    m = n < N
    alpha = tl.load(alpha_ptr)
    gamma = tl.load(gamma_ptr + n, mask=m, other=0.0).to(tl.float32)
    da = 0.0
    dg = tl.zeros((BN,), dtype=tl.float32)
    db = tl.zeros((BN,), dtype=tl.float32)
    for r in range(tl.program_id(1), M, tl.num_programs(1)):
        x = tl.load(x_ptr + r * N + n, mask=m, other=0.0).to(tl.float32)
        dy = tl.load(dy_ptr + r * N + n, mask=m, other=0.0).to(tl.float32)
        t = 1.0 - 2.0 / (tl.exp(2.0 * alpha * x) + 1.0)
        db += dy
        dg += dy * t
        tmp = (1 - t * t) * dy * gamma
        da += tl.sum(x * tmp, 0)
        tl.store(dx_ptr + r * N + n, alpha * tmp, mask=m)
    tl.store(dg_ptr + tl.program_id(1) * N + n, dg, mask=m)
    tl.store(db_ptr + tl.program_id(1) * N + n, db, mask=m)
    tl.store(da_ptr + tl.program_id(1) * tl.cdiv(N, BN) + tl.program_id(0), da)


@case(
    dict(rows=16384, cols=4096, dtype=bf16, block=1024, split=66),
    dict(rows=8192, cols=1000, dtype=f32, block=512, split=132),
    small=dict(rows=5, cols=40, dtype=f32, block=32, split=2),
)
def dyt_backward(data, rows, cols, dtype, block, split):
    x, dy, gamma, alpha = (
        data.randn(rows, cols, dtype=dtype),
        data.randn(rows, cols, dtype=dtype),
        data.randn(cols, dtype=dtype),
        data.full(1, value=0.5),
    )
    dx, dg, db, da = (
        data.empty(rows, cols, dtype=dtype),
        data.empty(split, cols),
        data.empty(split, cols),
        data.empty(split, cdiv(cols, block)),
    )
    launch = Launch(
        dyt_backward_kernel,
        (cdiv(cols, block), split),
        dy,
        x,
        dx,
        da,
        dg,
        db,
        gamma,
        alpha,
        rows,
        cols,
        BN=block,
        num_warps=4,
    )

    def check():
        t = (0.5 * x.double()).tanh()
        inner = (1 - t * t) * dy.double() * gamma.double()
        return [
            (dx, 0.5 * inner),
            (dg.sum(0), (dy.double() * t).sum(0)),
            (da.double().sum()[None], (x.double() * inner).sum()[None]),
        ]

    return Work(launch, check)


@triton.jit
def adam_8bit_kernel(
    p_ptr,
    g_ptr,
    s1_ptr,
    s2_ptr,
    a1_ptr,
    a2_ptr,
    q1_ptr,
    q2_ptr,
    beta1,
    beta2,
    eps,
    step,
    lr,
    wd,
    n,
    BS: tl.constexpr,
    NB: tl.constexpr,
):
    """Blockwise 8-bit Adam: codes looked up in a table, quantized again by a search in it."""
    b = tl.program_id(0) * NB + tl.arange(0, NB)
    off = b[:, None] * BS + tl.arange(0, BS)[None, :]
    m = off < n
    g = tl.load(g_ptr + off, mask=m, other=0.0).to(tl.float32)
    p = tl.load(p_ptr + off, mask=m, other=0.0).to(tl.float32)
    c1 = tl.load(s1_ptr + off, mask=m, other=128).to(tl.int32)
    c2 = tl.load(s2_ptr + off, mask=m, other=0).to(tl.int32)
    s1 = tl.load(q1_ptr + c1) * tl.load(a1_ptr + b)[:, None]
    s2 = tl.load(q2_ptr + c2) * tl.load(a2_ptr + b)[:, None]
    s1 = s1 * beta1 + (1.0 - beta1) * g
    s2 = s2 * beta2 + (1.0 - beta2) * g * g
    corr1 = 1.0 - beta1
    corr2 = tl.sqrt(1.0 - beta2)
    p = p * (1.0 - lr * wd)
    p += -lr * corr2 / corr1 * (s1 / (tl.sqrt(s2) + eps * corr2))
    a1 = tl.max(tl.abs(s1), axis=1)
    a2 = tl.max(s2, axis=1)
    tl.store(a1_ptr + b, a1)
    tl.store(a2_ptr + b, a2)
    for which in tl.static_range(2):
        v = s1 / a1[:, None] if which == 0 else s2 / a2[:, None]
        table = q1_ptr if which == 0 else q2_ptr
        lower = tl.zeros((NB, BS), dtype=tl.int32)
        upper = tl.full((NB, BS), 255, dtype=tl.int32)
        for _ in range(8):
            pivot = (lower + upper) // 2
            val = tl.load(table + pivot)
            above = v > val
            lower = tl.where(above, pivot, lower)
            upper = tl.where(above, upper, pivot)
        lo = tl.load(table + lower)
        up = tl.load(table + upper)
        code = tl.where(tl.abs(v - lo) < tl.abs(v - up), lower, upper).to(tl.uint8)
        if which == 0:
            tl.store(s1_ptr + off, code, mask=m)
        else:
            tl.store(s2_ptr + off, code, mask=m)
    tl.store(p_ptr + off, p.to(p_ptr.dtype.element_ty), mask=m)


@case(
    dict(n=1 << 24, bs=256, nb=4, dtype=bf16, warps=4),
    small=dict(n=256, bs=64, nb=2, dtype=f32, warps=1),
    tolerance=0.02,
)
def adam_8bit(data, n, bs, nb, dtype, warps):
    p0, g = data.randn(n, dtype=dtype), data.randn(n, dtype=dtype)
    c1, c2 = data.randint(0, 256, n, dtype=torch.uint8), data.randint(0, 256, n, dtype=torch.uint8)
    x1, x2 = data.rand(n // bs), data.rand(n // bs)
    p, s1, s2, a1, a2 = p0.clone(), c1.clone(), c2.clone(), x1.clone(), x2.clone()
    q1 = data.arange(-128, 128, dtype=f32) / 128
    q2 = (data.arange(256, dtype=f32) / 255) ** 2
    args = p, g, s1, s2, a1, a2, q1, q2, 0.9, 0.999, 1e-8, 1, 1e-2, 0.01, n
    launch = Launch(adam_8bit_kernel, (n // bs // nb,), *args, BS=bs, NB=nb, num_warps=warps)

    def state():
        m = q1.double()[c1.long()].reshape(-1, bs) * x1.double()[:, None] * 0.9 + 0.1 * g.double().reshape(-1, bs)
        v = q2.double()[c2.long()].reshape(-1, bs) * x2.double()[:, None] * 0.999 + 0.001 * g.double().square().reshape(
            -1, bs
        )
        return m, v

    def check():
        m, v = state()
        k = (1 - 0.999) ** 0.5
        want = p0.double().reshape(-1, bs) * (1 - 1e-4) - 1e-2 * k / 0.1 * m / (v.sqrt() + 1e-8 * k)
        back = q1.double()[s1.long()].reshape(-1, bs) * a1.double()[:, None]
        back2 = q2.double()[s2.long()].reshape(-1, bs) * a2.double()[:, None]
        return [(p.reshape(-1, bs), want), (back, m), (back2, v)]

    def reset():
        for t, b in ((p, p0), (s1, c1), (s2, c2), (a1, x1), (a2, x2)):
            t.copy_(b)

    return Work(launch, check, reset)
