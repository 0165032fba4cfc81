"""The kernels of a small language model: a transformer's forward pass, as lm.c calls it."""

import triton
import triton.language as tl


@triton.jit
def embed(Out, Tokens, Words, Places, length, width, BLOCK: tl.constexpr):
    """Out[t] = Words[Tokens[t]] + Places[t]"""
    t = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    word = tl.load(Tokens + t)
    x = tl.load(Words + word * width + i, i < width, other=0.0) + tl.load(Places + t * width + i, i < width, other=0.0)
    tl.store(Out + t * width + i, x, i < width)


@triton.jit
def layer_norm(Out, In, Scale, Shift, length, width, BLOCK: tl.constexpr):
    t = tl.program_id(0)
    i = tl.arange(0, BLOCK)
    x = tl.load(In + t * width + i, i < width, other=0.0)
    x = tl.where(i < width, x - tl.sum(x, 0) / width, 0.0)
    y = x * tl.rsqrt(tl.sum(x * x, 0) / width + 1e-5)
    tl.store(Out + t * width + i, y * tl.load(Scale + i, i < width) + tl.load(Shift + i, i < width), i < width)


@triton.jit
def linear(
    Out, In, Weight, Bias, rows, outs, ins,
    GELU: tl.constexpr, ADD: tl.constexpr, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr,
):  # fmt: skip
    """Out = In Weight^T + Bias; of that the GELU, or added to what Out had."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for k0 in range(0, ins, BLOCK_K):
        k = k0 + tl.arange(0, BLOCK_K)
        a = tl.load(In + m[:, None] * ins + k[None, :], (m[:, None] < rows) & (k[None, :] < ins), other=0.0)
        b = tl.load(Weight + n[None, :] * ins + k[:, None], (n[None, :] < outs) & (k[:, None] < ins), other=0.0)
        acc += tl.dot(a, b, input_precision="ieee")
    acc += tl.load(Bias + n, n < outs, other=0.0)[None, :]
    if GELU:
        acc = 0.5 * acc * (1 + tl.erf(acc * 0.7071067811865476))
    at = Out + m[:, None] * outs + n[None, :]
    inside = (m[:, None] < rows) & (n[None, :] < outs)
    if ADD:
        acc += tl.load(at, inside, other=0.0)
    tl.store(at, acc, inside)


@triton.jit
def attention(Out, QKV, length, width, heads, scale, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, D: tl.constexpr):
    """Causal attention; a row of QKV is the queries of all heads, then the keys, then the values."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    d = tl.program_id(1) * D + tl.arange(0, D)
    q = tl.load(QKV + m[:, None] * (3 * width) + d[None, :], m[:, None] < length, other=0.0)
    acc = tl.zeros((BLOCK_M, D), tl.float32)
    highest = tl.full((BLOCK_M,), -float("inf"), tl.float32)
    total = tl.zeros((BLOCK_M,), tl.float32)
    for n0 in range(0, tl.minimum(length, (tl.program_id(0) + 1) * BLOCK_M), BLOCK_N):
        n = n0 + tl.arange(0, BLOCK_N)
        k = tl.load(QKV + n[None, :] * (3 * width) + width + d[:, None], n[None, :] < length, other=0.0)
        s = tl.dot(q, k, input_precision="ieee") * scale
        s = tl.where(n[None, :] <= m[:, None], s, -float("inf"))
        new = tl.maximum(highest, tl.max(s, 1))
        p = tl.exp(s - new[:, None])
        shrink = tl.exp(highest - new)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(QKV + n[:, None] * (3 * width) + 2 * width + d[None, :], n[:, None] < length, other=0.0)
        acc = acc * shrink[:, None] + tl.dot(p, v, input_precision="ieee")
        highest = new
    tl.store(Out + m[:, None] * width + d[None, :], acc / total[:, None], m[:, None] < length)
