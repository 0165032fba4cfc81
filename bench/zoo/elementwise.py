"""Gated activations and their gradients, rotary embedding, dropout, and what a compiler of pointwise chains emits."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, next_power_of_2


@triton.jit
def swiglu_kernel(Gate, Up, Out, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    m = c < cols
    gate = tl.load(Gate + row * cols + c, mask=m).to(tl.float32)
    up = tl.load(Up + row * cols + c, mask=m).to(tl.float32)
    tl.store(Out + row * cols + c, (gate * tl.sigmoid(gate) * up).to(Out.dtype.element_ty), mask=m)


@case(
    dict(rows=8192, cols=11008, dtype=bf16),
    dict(rows=4096, cols=14336, dtype=f16),
    small=dict(rows=3, cols=100, dtype=f32),
)
def swiglu(data, rows, cols, dtype):
    gate, up = data.randn(rows, cols, dtype=dtype), data.randn(rows, cols, dtype=dtype)
    out = data.empty(rows, cols, dtype=dtype)
    launch = Launch(swiglu_kernel, (rows,), gate, up, out, cols, BLOCK=next_power_of_2(cols), num_warps=16)
    return Work(launch, lambda: (out, torch.nn.functional.silu(gate.double()) * up.double()))


@triton.jit
def swiglu_backward_kernel(DOut, Gate, Up, DGate, DUp, n, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    dout = tl.load(DOut + i, mask=m).to(tl.float32)
    gate = tl.load(Gate + i, mask=m).to(tl.float32)
    up = tl.load(Up + i, mask=m).to(tl.float32)
    s = tl.sigmoid(gate)
    silu = gate * s
    tl.store(DUp + i, (dout * silu).to(DUp.dtype.element_ty), mask=m)
    tl.store(DGate + i, (dout * up * (s + silu * (1.0 - s))).to(DGate.dtype.element_ty), mask=m)


@case(
    dict(n=8192 * 5504, dtype=bf16, block=1024),
    dict(n=4096 * 4096 + 8, dtype=f32, block=2048),
    small=dict(n=1000, dtype=f32, block=256),
)
def swiglu_backward(data, n, dtype, block):
    dout, gate, up = (data.randn(n, dtype=dtype) for _ in range(3))
    dgate, dup = data.empty(n, dtype=dtype), data.empty(n, dtype=dtype)
    launch = Launch(swiglu_backward_kernel, (cdiv(n, block),), dout, gate, up, dgate, dup, n, BLOCK=block, num_warps=4)

    def check():
        g, s = gate.double(), gate.double().sigmoid()
        silu = g * s
        return [(dup, dout.double() * silu), (dgate, dout.double() * up.double() * (s + silu * (1 - s)))]

    return Work(launch, check)


@triton.jit
def gelu_tanh_kernel(X, Bias, Out, n, cols, BLOCK: tl.constexpr):
    """A bias along rows and the approximation of GELU by tanh; the column is the remainder of a flat index."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    x = tl.load(X + i, mask=m).to(tl.float32) + tl.load(Bias + i % cols, mask=m).to(tl.float32)
    inner = 0.7978845608028654 * (x + 0.044715 * x * x * x)
    tanh = 1.0 - 2.0 / (tl.exp(2.0 * inner) + 1.0)
    tl.store(Out + i, (0.5 * x * (1.0 + tanh)).to(Out.dtype.element_ty), mask=m)


@case(
    dict(rows=8192, cols=4096, dtype=f16, block=1024),
    dict(rows=16384, cols=3072, dtype=bf16, block=512),
    small=dict(rows=7, cols=100, dtype=f32, block=256),
)
def gelu_tanh(data, rows, cols, dtype, block):
    x, bias, out = (
        data.randn(rows, cols, dtype=dtype),
        data.randn(cols, dtype=dtype),
        data.empty(rows, cols, dtype=dtype),
    )
    n = rows * cols
    launch = Launch(gelu_tanh_kernel, (cdiv(n, block),), x, bias, out, n, cols, BLOCK=block, num_warps=4)
    return Work(launch, lambda: (out, torch.nn.functional.gelu(x.double() + bias.double(), approximate="tanh")))


@triton.jit
def rotary_kernel(Q, K, Cos, Sin, seq, HEADS: tl.constexpr, KV: tl.constexpr, D: tl.constexpr):
    """Halves of each head's vector turned in place, all heads of a token at once."""
    token = tl.program_id(0).to(tl.int64)
    d = tl.arange(0, D // 2)
    h = tl.arange(0, HEADS)
    cos = tl.load(Cos + (token % seq) * (D // 2) + d)[None, :].to(tl.float32)
    sin = tl.load(Sin + (token % seq) * (D // 2) + d)[None, :].to(tl.float32)
    at = Q + token * HEADS * D + h[:, None] * D + d[None, :]
    a = tl.load(at).to(tl.float32)
    b = tl.load(at + D // 2).to(tl.float32)
    tl.store(at, (a * cos - b * sin).to(Q.dtype.element_ty))
    tl.store(at + D // 2, (b * cos + a * sin).to(Q.dtype.element_ty))
    g = tl.arange(0, KV)
    at = K + token * KV * D + g[:, None] * D + d[None, :]
    a = tl.load(at).to(tl.float32)
    b = tl.load(at + D // 2).to(tl.float32)
    tl.store(at, (a * cos - b * sin).to(K.dtype.element_ty))
    tl.store(at + D // 2, (b * cos + a * sin).to(K.dtype.element_ty))


def angles(data, seq, d):
    position = data.arange(seq, dtype=f32)[:, None] * 10000 ** (-data.arange(0, d, 2, dtype=f32) / d)[None, :]
    return position.cos(), position.sin()


@case(
    dict(batch=4, seq=4096, heads=32, kv=8, d=128, dtype=bf16, warps=4),
    dict(batch=8, seq=2048, heads=16, kv=16, d=64, dtype=f16, warps=4),
    small=dict(batch=1, seq=5, heads=4, kv=2, d=16, dtype=f32, warps=1),
)
def rotary(data, batch, seq, heads, kv, d, dtype, warps):
    before = [data.randn(batch, seq, n, d, dtype=dtype) for n in (heads, kv)]
    q, k = (t.clone() for t in before)
    cos, sin = angles(data, seq, d)
    launch = Launch(rotary_kernel, (batch * seq,), q, k, cos, sin, seq, HEADS=heads, KV=kv, D=d, num_warps=warps)

    def turned(x):
        a, b = x.double().chunk(2, -1)
        c, s = cos.double()[:, None], sin.double()[:, None]
        return torch.cat([a * c - b * s, b * c + a * s], -1)

    def reset():
        q.copy_(before[0])
        k.copy_(before[1])

    return Work(launch, lambda: [(q, turned(before[0])), (k, turned(before[1]))], reset)


@triton.jit
def rotary_pairs_kernel(X, Y, Cos, Sin, tokens, seq, heads, D: tl.constexpr, BT: tl.constexpr):
    """Neighbouring elements turned as pairs: taken apart and put together in registers."""
    t = tl.program_id(0) * BT + tl.arange(0, BT)
    h = tl.program_id(1)
    d = tl.arange(0, D)
    p = tl.arange(0, D // 2)
    at = (t[:, None] * heads + h) * D + d[None, :]
    x = tl.load(X + at, mask=t[:, None] < tokens, other=0.0)
    a, b = tl.split(tl.reshape(x, (BT, D // 2, 2)))
    a, b = a.to(tl.float32), b.to(tl.float32)
    angle = (t % seq)[:, None] * (D // 2) + p[None, :]
    cos = tl.load(Cos + angle)
    sin = tl.load(Sin + angle)
    y = tl.interleave(a * cos - b * sin, b * cos + a * sin)
    tl.store(Y + at, y.to(Y.dtype.element_ty), mask=t[:, None] < tokens)


@case(
    dict(tokens=16384, seq=4096, heads=32, d=128, dtype=bf16, block=16),
    dict(tokens=16384, seq=2048, heads=16, d=64, dtype=f16, block=32),
    small=dict(tokens=10, seq=5, heads=2, d=16, dtype=f32, block=4),
)
def rotary_pairs(data, tokens, seq, heads, d, dtype, block):
    x, y = data.randn(tokens, heads, d, dtype=dtype), data.empty(tokens, heads, d, dtype=dtype)
    cos, sin = angles(data, seq, d)
    grid = cdiv(tokens, block), heads
    launch = Launch(rotary_pairs_kernel, grid, x, y, cos, sin, tokens, seq, heads, D=d, BT=block, num_warps=4)

    def check():
        z = torch.complex(x[..., ::2].double(), x[..., 1::2].double())
        turn = torch.complex(cos.double(), sin.double()).repeat(tokens // seq, 1)[:, None]
        return y, torch.view_as_real(z * turn).flatten(-2)

    return Work(launch, check)


@triton.jit
def dropout_add_kernel(X, Residual, Out, n, p, seed, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    keep = tl.rand(seed, i) > p
    x = tl.load(X + i, mask=m).to(tl.float32)
    r = tl.load(Residual + i, mask=m).to(tl.float32)
    tl.store(Out + i, (r + tl.where(keep, x / (1.0 - p), 0.0)).to(Out.dtype.element_ty), mask=m)


@case(
    dict(n=1 << 26, dtype=bf16, block=1024),
    dict(n=1 << 24, dtype=f32, block=512),
    small=dict(n=5000, dtype=f32, block=256),
    tolerance=0.05,
)
def dropout_add(data, n, dtype, block):
    x, r, out = data.randn(n, dtype=dtype), data.randn(n, dtype=dtype), data.empty(n, dtype=dtype)
    launch = Launch(dropout_add_kernel, (cdiv(n, block),), x, r, out, n, 0.25, 17, BLOCK=block, num_warps=4)

    def check():
        """Each element is dropped or scaled, and a quarter of them is dropped."""
        kept, dropped = r.double() + x.double() / 0.75, r.double()
        is_kept = (out.double() - kept).abs() < (out.double() - dropped).abs()
        share = is_kept.double().mean()[None]
        return [(out, torch.where(is_kept, kept, dropped)), (share, torch.full_like(share, 0.75))]

    return Work(launch, check)


@triton.jit
def layout_change_kernel(X, Scale, Out, n, C: tl.constexpr, HW: tl.constexpr, BLOCK: tl.constexpr):
    """(batch, C, HW) to (batch, HW, C) with a scale per channel: indices by quotient and remainder of constants."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    c = i % C
    at = i // C
    x = tl.load(X + (at // HW * C + c) * HW + at % HW, mask=m, eviction_policy="evict_last")
    tl.store(Out + i, (x.to(tl.float32) * tl.load(Scale + c)).to(Out.dtype.element_ty), mask=m)


@case(
    dict(batch=64, channels=64, size=56 * 56, dtype=f16, block=512),
    dict(batch=32, channels=384, size=14 * 14, dtype=f32, block=1024),
    small=dict(batch=2, channels=6, size=35, dtype=f32, block=64),
)
def layout_change(data, batch, channels, size, dtype, block):
    x, scale = data.randn(batch, channels, size, dtype=dtype), data.randn(channels)
    out = data.empty(batch, size, channels, dtype=dtype)
    n = out.numel()
    launch = Launch(
        layout_change_kernel, (cdiv(n, block),), x, scale, out, n, C=channels, HW=size, BLOCK=block, num_warps=4
    )
    return Work(launch, lambda: (out, x.double().transpose(1, 2) * scale.double()))


@triton.jit
def tiled_pointwise_kernel(X, Y, Bias, Out, ynumel, xnumel, XBLOCK: tl.constexpr, YBLOCK: tl.constexpr):
    """Two tensors that lie differently, in tiles of both axes: out[y, x] = relu(x[x, y] + y[y, x] + bias[x])."""
    y = tl.program_id(1) * YBLOCK + tl.arange(0, YBLOCK)[None, :]
    x = tl.program_id(0) * XBLOCK + tl.arange(0, XBLOCK)[:, None]
    m = (y < ynumel) & (x < xnumel)
    a = tl.load(X + y + x * ynumel, mask=m, eviction_policy="evict_last").to(tl.float32)
    b = tl.load(Y + x + y * xnumel, mask=m).to(tl.float32)
    c = tl.load(Bias + x, mask=x < xnumel, eviction_policy="evict_last").to(tl.float32)
    tl.store(Out + x + y * xnumel, tl.maximum(a + b + c, 0.0).to(Out.dtype.element_ty), mask=m)


@case(
    dict(rows=8192, cols=4096, dtype=f32, tile=(64, 64), warps=4),
    dict(rows=4096, cols=8192, dtype=bf16, tile=(32, 32), warps=4),
    dict(rows=50176, cols=96, dtype=f16, tile=(128, 16), warps=4),
    small=dict(rows=50, cols=40, dtype=f32, tile=(16, 32), warps=2),
)
def tiled_pointwise(data, rows, cols, dtype, tile, warps):
    x, y, bias = data.randn(cols, rows, dtype=dtype), data.randn(rows, cols, dtype=dtype), data.randn(cols, dtype=dtype)
    out, grid = data.empty(rows, cols, dtype=dtype), (cdiv(cols, tile[0]), cdiv(rows, tile[1]))
    args = x, y, bias, out, rows, cols
    launch = Launch(tiled_pointwise_kernel, grid, *args, XBLOCK=tile[0], YBLOCK=tile[1], num_warps=warps)
    return Work(launch, lambda: (out, (x.double().T + y.double() + bias.double()).relu()))
