"""Optimizer steps: one tensor, a list of tensors by their addresses, states in 8 bits."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i8, i32


@triton.jit
def adamw_kernel(P, G, M, V, lr, beta1, beta2, eps, decay, correction1, correction2, n, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    p = tl.load(P + i, mask=mask).to(tl.float32)
    g = tl.load(G + i, mask=mask).to(tl.float32)
    m = beta1 * tl.load(M + i, mask=mask) + (1.0 - beta1) * g
    v = beta2 * tl.load(V + i, mask=mask) + (1.0 - beta2) * g * g
    step = (m / correction1) / (tl.sqrt(v / correction2) + eps)
    tl.store(P + i, (p * (1.0 - lr * decay) - lr * step).to(P.dtype.element_ty), mask=mask)
    tl.store(M + i, m, mask=mask)
    tl.store(V + i, v, mask=mask)


def adam_step(p, g, m, v, lr=1e-2, beta1=0.9, beta2=0.99, eps=1e-8, decay=0.1, step=3):
    """A step in double precision: the new p, m, v."""
    p, g, m, v = (t.double() for t in (p, g, m, v))
    m, v = beta1 * m + (1 - beta1) * g, beta2 * v + (1 - beta2) * g * g
    change = (m / (1 - beta1**step)) / ((v / (1 - beta2**step)).sqrt() + eps)
    return p * (1 - lr * decay) - lr * change, m, v


RATES = 1e-2, 0.9, 0.99, 1e-8, 0.1, 1 - 0.9**3, 1 - 0.99**3


def optimizer_work(launch, start, state, want):
    """Work on tensors that change in place: they are what they were at the start before a check."""

    def reset():
        for now, before in zip(state, start, strict=True):
            now.copy_(before)

    return Work(launch, lambda: list(zip(state, want(), strict=True)), reset)


@case(
    dict(n=1 << 26, dtype=f32, block=1024),
    dict(n=(1 << 25) + 8, dtype=bf16, block=2048),
    small=dict(n=1000, dtype=f32, block=256),
)
def adamw(data, n, dtype, block):
    g, start = data.randn(n, dtype=dtype), [data.randn(n, dtype=dtype), data.randn(n), data.rand(n)]
    state = [t.clone() for t in start]
    args = state[0], g, state[1], state[2], *RATES, n
    launch = Launch(adamw_kernel, (cdiv(n, block),), *args, BLOCK=block, num_warps=4)
    return optimizer_work(launch, start, state, lambda: adam_step(start[0], g, start[1], start[2]))


@triton.jit
def multi_tensor_adamw_kernel(
    Pointers, Sizes, TensorOf, OffsetOf, lr, beta1, beta2, eps, decay, correction1, correction2,
    count, TYPE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """A list of tensors in one launch: a program looks up its tensor, and its addresses come from memory."""
    t = tl.load(TensorOf + tl.program_id(0))
    n = tl.load(Sizes + t)
    i = tl.load(OffsetOf + tl.program_id(0)) + tl.arange(0, BLOCK)
    mask = i < n
    P = tl.load(Pointers + t).to(tl.pointer_type(TYPE))
    G = tl.load(Pointers + count + t).to(tl.pointer_type(TYPE))
    M = tl.load(Pointers + 2 * count + t).to(tl.pointer_type(tl.float32))
    V = tl.load(Pointers + 3 * count + t).to(tl.pointer_type(tl.float32))
    p = tl.load(P + i, mask=mask).to(tl.float32)
    g = tl.load(G + i, mask=mask).to(tl.float32)
    m = beta1 * tl.load(M + i, mask=mask) + (1.0 - beta1) * g
    v = beta2 * tl.load(V + i, mask=mask) + (1.0 - beta2) * g * g
    step = (m / correction1) / (tl.sqrt(v / correction2) + eps)
    tl.store(P + i, (p * (1.0 - lr * decay) - lr * step).to(TYPE), mask=mask)
    tl.store(M + i, m, mask=mask)
    tl.store(V + i, v, mask=mask)


@case(
    dict(count=48, size=1 << 20, dtype=f32, block=1024),
    dict(count=200, size=100_000, dtype=bf16, block=2048),
    small=dict(count=3, size=300, dtype=f32, block=128),
)
def multi_tensor_adamw(data, count, size, dtype, block):
    sizes = [size * (1 + i % 3) // 2 for i in range(count)]
    g = [data.randn(n, dtype=dtype) for n in sizes]
    start = [data.randn(n, dtype=dtype) for n in sizes] + [data.randn(n) for n in sizes] + [data.rand(n) for n in sizes]
    state = [t.clone() for t in start]
    pointers = data.pointers(state[:count] + g + state[count:])
    blocks = [(t, b * block) for t, n in enumerate(sizes) for b in range(cdiv(n, block))]
    table = torch.tensor(blocks, dtype=i32).T.contiguous().to(data.device)
    lengths = torch.tensor(sizes, dtype=i32).to(data.device)
    element = {f32: tl.float32, bf16: tl.bfloat16, f16: tl.float16}[dtype]
    args = pointers, lengths, table[0], table[1], *RATES, count
    launch = Launch(multi_tensor_adamw_kernel, (len(blocks),), *args, TYPE=element, BLOCK=block, num_warps=4)

    def want():
        each = [adam_step(start[i], g[i], start[count + i], start[2 * count + i]) for i in range(count)]
        return [t for three in zip(*each, strict=True) for t in three]

    return optimizer_work(launch, start, state, want)


@triton.jit
def momentum_kernel(P, G, M, lr, momentum, decay, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    p = tl.load(P + i, mask=mask)
    g = tl.load(G + i, mask=mask) + decay * p
    m = momentum * tl.load(M + i, mask=mask) + g
    tl.store(M + i, m, mask=mask)
    tl.store(P + i, p - lr * (g + momentum * m), mask=mask)


@case(dict(n=1 << 26, block=1024), dict(n=10_000_001, block=512), small=dict(n=1000, block=128))
def sgd_momentum(data, n, block):
    g, start = data.randn(n), [data.randn(n), data.randn(n)]
    state = [t.clone() for t in start]
    launch = Launch(
        momentum_kernel, (cdiv(n, block),), state[0], g, state[1], 0.1, 0.9, 0.01, n, BLOCK=block, num_warps=4
    )

    def want():
        gd = g.double() + 0.01 * start[0].double()
        m = 0.9 * start[1].double() + gd
        return start[0].double() - 0.1 * (gd + 0.9 * m), m

    return optimizer_work(launch, start, state, want)


@triton.jit
def lion_8bit_kernel(P, G, Q, Scale, lr, beta1, beta2, GROUP: tl.constexpr, BR: tl.constexpr):
    """The momentum in int8 with a scale per group: widened, changed, and made narrow again."""
    r = tl.program_id(0).to(tl.int64) * BR + tl.arange(0, BR)
    at = r[:, None] * GROUP + tl.arange(0, GROUP)[None, :]
    g = tl.load(G + at).to(tl.float32)
    m = tl.load(Q + at).to(tl.float32) * tl.load(Scale + r)[:, None]
    u = beta1 * m + (1.0 - beta1) * g
    sign = tl.where(u > 0, 1.0, tl.where(u < 0, -1.0, 0.0))
    tl.store(P + at, (tl.load(P + at).to(tl.float32) - lr * sign).to(P.dtype.element_ty))
    m = beta2 * m + (1.0 - beta2) * g
    scale = tl.maximum(tl.max(tl.abs(m), axis=1), 1e-12) / 127.0
    q = m / scale[:, None]
    tl.store(Q + at, tl.where(q >= 0, q + 0.5, q - 0.5).to(tl.int8))
    tl.store(Scale + r, scale)


@case(
    dict(n=1 << 26, group=256, dtype=bf16, block=8),
    dict(n=1 << 24, group=64, dtype=f32, block=16),
    small=dict(n=512, group=32, dtype=f32, block=4),
)
def lion_8bit(data, n, group, dtype, block):
    g = data.randn(n, dtype=dtype)
    start = [
        data.randn(n, dtype=dtype),
        data.randint(-127, 128, n, dtype=i8),
        data.rand(n // group, low=0.001, high=0.02),
    ]
    state = [t.clone() for t in start]
    args = state[0], g, state[1], state[2], 0.01, 0.9, 0.99
    launch = Launch(lion_8bit_kernel, (n // group // block,), *args, GROUP=group, BR=block, num_warps=4)

    def want():
        m = start[1].double() * start[2].double().repeat_interleave(group)
        p = start[0].double() - 0.01 * torch.sign(0.9 * m + 0.1 * g.double())
        m = (0.99 * m + 0.01 * g.double()).reshape(-1, group)
        scale = m.abs().amax(1) / 127
        return p, (m / scale[:, None]).round().flatten(), scale

    return optimizer_work(launch, start, state, want)


@triton.jit
def clip_kernel(X, Norm, limit, n, BLOCK: tl.constexpr):
    """Gradients scaled by what a norm in memory says."""
    factor = limit / (tl.sqrt(tl.load(Norm)) + 1e-6)
    factor = tl.minimum(factor, 1.0)
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(X + i, mask=i < n).to(tl.float32)
    tl.store(X + i, (x * factor).to(X.dtype.element_ty), mask=i < n)


@case(
    dict(n=1 << 26, dtype=bf16, block=1024),
    dict(n=1 << 24, dtype=f32, block=512),
    small=dict(n=500, dtype=f32, block=64),
)
def clip_gradient(data, n, dtype, block):
    start = [data.randn(n, dtype=dtype)]
    state, norm = [start[0].clone()], data.full(1, value=4.0)
    launch = Launch(clip_kernel, (cdiv(n, block),), state[0], norm, 1.0, n, BLOCK=block, num_warps=4)
    return optimizer_work(launch, start, state, lambda: [start[0].double() / (2 + 1e-6)])
