"""Attention: forward and backward, decoding, pages, windows, grouped heads, sequences of different lengths."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32, next_power_of_2

LOG2E = tl.constexpr(1.4426950408889634)


@triton.jit
def attention_kernel(
    Q, K, V, Out, Lse, scale, sqb, sqh, sqn, skb, skh, skn, seq, heads,
    D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, GROUP: tl.constexpr, CAUSAL: tl.constexpr,
    WINDOW: tl.constexpr,
):  # fmt: skip
    """One block of queries of one head; GROUP query heads share a head of keys; WINDOW keys are seen, or all if 0."""
    block = tl.program_id(0)
    b, h = tl.program_id(1) // heads, tl.program_id(1) % heads
    q_base = Q + b.to(tl.int64) * sqb + h.to(tl.int64) * sqh
    k_base = K + b.to(tl.int64) * skb + (h // GROUP).to(tl.int64) * skh
    v_base = V + b.to(tl.int64) * skb + (h // GROUP).to(tl.int64) * skh
    m = block * BM + tl.arange(0, BM)
    n = tl.arange(0, BN)
    d = tl.arange(0, D)
    q = tl.load(q_base + m[:, None] * sqn + d[None, :], mask=m[:, None] < seq, other=0.0)
    top = tl.full([BM], float("-inf"), tl.float32)
    total = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    begin = 0
    end = seq
    if CAUSAL:
        end = min(seq, (block + 1) * BM)
    if WINDOW > 0:
        begin = max(0, block * BM - WINDOW + 1) // BN * BN
    for start in range(begin, end, BN):
        at = start + n
        k = tl.load(k_base + at[None, :] * skn + d[:, None], mask=at[None, :] < seq, other=0.0)
        s = tl.dot(q, k) * (scale * LOG2E)
        seen = at[None, :] < seq
        if CAUSAL:
            seen = seen & (at[None, :] <= m[:, None])
        if WINDOW > 0:
            seen = seen & (at[None, :] > m[:, None] - WINDOW)
        s = tl.where(seen, s, float("-inf"))
        new_top = tl.maximum(top, tl.max(s, axis=1))
        safe = tl.where(new_top == float("-inf"), 0.0, new_top)
        p = tl.exp2(s - safe[:, None])
        shrink = tl.exp2(top - safe)
        total = total * shrink + tl.sum(p, axis=1)
        acc = acc * shrink[:, None]
        v = tl.load(v_base + at[:, None] * skn + d[None, :], mask=at[:, None] < seq, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc)
        top = new_top
    acc = acc / total[:, None]
    out = Out + b.to(tl.int64) * sqb + h.to(tl.int64) * sqh + m[:, None] * sqn + d[None, :]
    tl.store(out, acc.to(Out.dtype.element_ty), mask=m[:, None] < seq)
    tl.store(Lse + tl.program_id(1) * seq + m, top + tl.log2(total), mask=m < seq)


def softmax_attention(q, k, v, causal, window=0, precise=torch.float64):
    """The result and log2 of the sums of exponentials, of (batch, heads, seq, d) and fewer heads of keys."""
    group = q.shape[1] // k.shape[1]
    k, v = (t.to(precise).repeat_interleave(group, 1) for t in (k, v))
    s = q.to(precise) @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
    i, j = (torch.arange(n, device=q.device) for n in s.shape[-2:])
    hidden = torch.zeros(s.shape[-2:], dtype=torch.bool, device=q.device)
    if causal:
        hidden |= j[None, :] > i[:, None]
    if window:
        hidden |= j[None, :] <= i[:, None] - window
    s = s.masked_fill(hidden, float("-inf"))
    return torch.softmax(s, -1) @ v, torch.logsumexp(s, -1) * 1.4426950408889634


def attention_case(data, batch, heads, kv_heads, seq, d, dtype, causal, tile, warps, stages, window=0):
    q = data.randn(batch, heads, seq, d, dtype=dtype)
    k, v = (data.randn(batch, kv_heads, seq, d, dtype=dtype) for _ in range(2))
    out, lse = data.empty(batch, heads, seq, d, dtype=dtype), data.empty(batch, heads, seq)
    grid = cdiv(seq, tile[0]), batch * heads
    launch = Launch(
        attention_kernel, grid, q, k, v, out, lse, d**-0.5, *q.stride()[:3], *k.stride()[:3], seq, heads,
        D=d, BM=tile[0], BN=tile[1], GROUP=heads // kv_heads, CAUSAL=causal, WINDOW=window,
        num_warps=warps, num_stages=stages,
    )  # fmt: skip

    def check():
        group = heads // kv_heads
        part = slice(0, 1), slice(0, 2 * group)
        kv = slice(0, 1), slice(0, 2)
        want, want_lse = softmax_attention(q[part], k[kv], v[kv], causal, window)
        return [(out[part], want), (lse[part], want_lse)]

    return Work(launch, check)


@case(
    dict(batch=4, heads=32, seq=2048, d=128, dtype=f16, causal=True, tile=(128, 64), warps=8, stages=3),
    dict(batch=4, heads=32, seq=2048, d=128, dtype=bf16, causal=False, tile=(128, 128), warps=8, stages=2),
    dict(batch=4, heads=32, seq=2048, d=64, dtype=f16, causal=True, tile=(128, 64), warps=4, stages=3),
    dict(batch=16, heads=12, seq=577, d=64, dtype=bf16, causal=False, tile=(64, 64), warps=4, stages=3),
    small=dict(batch=1, heads=2, seq=70, d=32, dtype=f16, causal=True, tile=(32, 32), warps=2, stages=2),
)
def attention(data, batch, heads, seq, d, dtype, causal, tile, warps, stages):
    return attention_case(data, batch, heads, heads, seq, d, dtype, causal, tile, warps, stages)


@case(
    dict(batch=1, heads=32, seq=8192, d=128, dtype=bf16, window=1024, tile=(128, 64), warps=8),
    dict(batch=2, heads=16, seq=4096, d=64, dtype=f16, window=512, tile=(64, 64), warps=4),
    small=dict(batch=1, heads=2, seq=100, d=16, dtype=f16, window=40, tile=(16, 32), warps=2),
)
def attention_window(data, batch, heads, seq, d, dtype, window, tile, warps):
    return attention_case(data, batch, heads, heads, seq, d, dtype, True, tile, warps, 3, window)


@case(
    dict(batch=2, heads=32, kv_heads=8, seq=4096, d=128, dtype=bf16, tile=(128, 64), warps=8),
    dict(batch=4, heads=64, kv_heads=8, seq=1024, d=64, dtype=f16, tile=(64, 64), warps=4),
    small=dict(batch=1, heads=4, kv_heads=2, seq=50, d=16, dtype=f16, tile=(32, 16), warps=2),
)
def attention_grouped(data, batch, heads, kv_heads, seq, d, dtype, tile, warps):
    return attention_case(data, batch, heads, kv_heads, seq, d, dtype, True, tile, warps, 2)


@case(
    dict(batch=2, heads=16, seq=1024, d=64, dtype=f32, causal=False, tile=(64, 32), warps=4),
    dict(batch=2, heads=8, seq=2048, d=32, dtype=f32, causal=True, tile=(64, 64), warps=4),
    small=dict(batch=1, heads=2, seq=50, d=16, dtype=f32, causal=True, tile=(16, 16), warps=1),
)
def attention_f32(data, batch, heads, seq, d, dtype, causal, tile, warps):
    return attention_case(data, batch, heads, heads, seq, d, dtype, causal, tile, warps, 2)


@triton.jit
def attention_delta_kernel(Out, DOut, Delta, rows, BR: tl.constexpr, D: tl.constexpr):
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    at = r[:, None] * D + tl.arange(0, D)[None, :]
    out = tl.load(Out + at, mask=r[:, None] < rows, other=0.0).to(tl.float32)
    dout = tl.load(DOut + at, mask=r[:, None] < rows, other=0.0).to(tl.float32)
    tl.store(Delta + r, tl.sum(out * dout, axis=1), mask=r < rows)


@triton.jit
def attention_dkdv_kernel(
    Q, K, V, DOut, DK, DV, Lse, Delta, scale, seq,
    D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    """Gradients of one block of keys and values: everything transposed, so that both sums are plain products."""
    head = tl.program_id(1).to(tl.int64) * seq
    n = tl.program_id(0) * BN + tl.arange(0, BN)
    m = tl.arange(0, BM)
    d = tl.arange(0, D)
    at = head * D + n[:, None] * D + d[None, :]
    k = tl.load(K + at)
    v = tl.load(V + at)
    dk = tl.zeros([BN, D], tl.float32)
    dv = tl.zeros([BN, D], tl.float32)
    begin = 0
    if CAUSAL:
        begin = tl.program_id(0) * BN // BM * BM
    for start in range(begin, seq, BM):
        rows = start + m
        q = tl.load(Q + head * D + rows[:, None] * D + d[None, :])
        dout = tl.load(DOut + head * D + rows[:, None] * D + d[None, :])
        lse = tl.load(Lse + head + rows)
        delta = tl.load(Delta + head + rows)
        p = tl.exp2(tl.dot(k, q.T) * (scale * LOG2E) - lse[None, :])
        if CAUSAL:
            p = tl.where(n[:, None] <= rows[None, :], p, 0.0)
        dv = tl.dot(p.to(dout.dtype), dout, dv)
        dp = tl.dot(v, dout.T)
        ds = p * (dp - delta[None, :])
        dk = tl.dot(ds.to(q.dtype), q, dk)
    tl.store(DK + at, (dk * scale).to(DK.dtype.element_ty))
    tl.store(DV + at, dv.to(DV.dtype.element_ty))


@triton.jit
def attention_dq_kernel(
    Q, K, V, DOut, DQ, Lse, Delta, scale, seq,
    D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    head = tl.program_id(1).to(tl.int64) * seq
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.arange(0, BN)
    d = tl.arange(0, D)
    at = head * D + m[:, None] * D + d[None, :]
    q = tl.load(Q + at)
    dout = tl.load(DOut + at)
    lse = tl.load(Lse + head + m)
    delta = tl.load(Delta + head + m)
    dq = tl.zeros([BM, D], tl.float32)
    end = seq
    if CAUSAL:
        end = (tl.program_id(0) + 1) * BM
    for start in range(0, end, BN):
        cols = start + n
        k = tl.load(K + head * D + cols[:, None] * D + d[None, :])
        v = tl.load(V + head * D + cols[:, None] * D + d[None, :])
        p = tl.exp2(tl.dot(q, k.T) * (scale * LOG2E) - lse[:, None])
        if CAUSAL:
            p = tl.where(cols[None, :] <= m[:, None], p, 0.0)
        ds = p * (tl.dot(dout, v.T) - delta[:, None])
        dq = tl.dot(ds.to(k.dtype), k, dq)
    tl.store(DQ + at, (dq * scale).to(DQ.dtype.element_ty))


@case(
    dict(batch=4, heads=16, seq=2048, d=64, dtype=f16, causal=True, tile=(64, 128), warps=4),
    dict(batch=2, heads=16, seq=2048, d=128, dtype=bf16, causal=True, tile=(64, 64), warps=8),
    dict(batch=2, heads=16, seq=2048, d=64, dtype=bf16, causal=False, tile=(128, 128), warps=8),
    small=dict(batch=1, heads=2, seq=64, d=16, dtype=f16, causal=True, tile=(16, 32), warps=2),
    tolerance=3e-2,
)
def attention_backward(data, batch, heads, seq, d, dtype, causal, tile, warps):
    q, k, v, dout = (data.randn(batch, heads, seq, d, dtype=dtype) for _ in range(4))
    dq, dk, dv = (data.empty(batch, heads, seq, d, dtype=dtype) for _ in range(3))
    delta = data.empty(batch, heads, seq)
    if data.device == "meta":
        out, lse = data.empty(batch, heads, seq, d, dtype=dtype), data.empty(batch, heads, seq)
    else:
        both = [softmax_attention(q[i : i + 1], k[i : i + 1], v[i : i + 1], causal, precise=f32) for i in range(batch)]
        out, lse = torch.cat([o for o, _ in both]).to(dtype), torch.cat([s for _, s in both])
    rows, (BM, BN) = batch * heads * seq, tile
    sizes = dict(D=d, CAUSAL=causal, num_warps=warps, num_stages=2)
    launches = [
        Launch(attention_delta_kernel, (cdiv(rows, 64),), out, dout, delta, rows, BR=64, D=d),
        Launch(attention_dkdv_kernel, (seq // BN, batch * heads), q, k, v, dout, dk, dv, lse, delta, d**-0.5, seq,
               BM=BM, BN=BN, **sizes),
        Launch(attention_dq_kernel, (seq // BN, batch * heads), q, k, v, dout, dq, lse, delta, d**-0.5, seq,
               BM=BN, BN=BM, **sizes),
    ]  # fmt: skip

    def check():
        one = [t[:1, :2].double().detach().requires_grad_() for t in (q, k, v)]
        want = torch.autograd.grad(softmax_attention(*one, causal)[0], one, dout[:1, :2].double())
        return list(zip((dq[:1, :2], dk[:1, :2], dv[:1, :2]), want, strict=True))

    return Work(launches, check)


@triton.jit
def decode_kernel(
    Q, K, V, Partial, Lse, Lengths, scale, max_seq, kv_heads,
    D: tl.constexpr, GROUP: tl.constexpr, BG: tl.constexpr, BN: tl.constexpr, SPLITS: tl.constexpr,
):  # fmt: skip
    """One new token: a program takes a piece of the keys for all the query heads that share them."""
    b, h, split = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    length = tl.load(Lengths + b)
    piece = tl.cdiv(tl.cdiv(length, SPLITS), BN) * BN
    begin = split * piece
    end = min(begin + piece, length)
    g = tl.arange(0, BG)
    d = tl.arange(0, D)
    n = tl.arange(0, BN)
    head = (b * kv_heads + h) * GROUP + g
    q = tl.load(Q + head[:, None] * D + d[None, :], mask=g[:, None] < GROUP, other=0.0)
    base = (b * kv_heads + h).to(tl.int64) * max_seq * D
    top = tl.full([BG], float("-inf"), tl.float32)
    total = tl.zeros([BG], tl.float32)
    acc = tl.zeros([BG, D], tl.float32)
    for start in range(begin, end, BN):
        at = start + n
        k = tl.load(K + base + at[None, :] * D + d[:, None], mask=at[None, :] < end, other=0.0)
        s = tl.where(at[None, :] < end, tl.dot(q, k) * (scale * LOG2E), float("-inf"))
        new_top = tl.maximum(top, tl.max(s, axis=1))
        p = tl.exp2(s - new_top[:, None])
        shrink = tl.exp2(top - new_top)
        total = total * shrink + tl.sum(p, axis=1)
        v = tl.load(V + base + at[:, None] * D + d[None, :], mask=at[:, None] < end, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new_top
    at = head * SPLITS + split
    tl.store(Partial + at[:, None] * D + d[None, :], acc / total[:, None], mask=g[:, None] < GROUP)
    tl.store(Lse + at, top + tl.log2(total), mask=g < GROUP)


@triton.jit
def decode_combine_kernel(Partial, Lse, Out, D: tl.constexpr, SPLITS: tl.constexpr):
    head = tl.program_id(0)
    s = tl.arange(0, SPLITS)
    d = tl.arange(0, D)
    lse = tl.load(Lse + head * SPLITS + s)
    lse = tl.where(lse == lse, lse, float("-inf"))
    weight = tl.exp2(lse - tl.max(lse, axis=0))
    weight = weight / tl.sum(weight, axis=0)
    part = tl.load(Partial + (head * SPLITS + s[:, None]) * D + d[None, :])
    part = tl.where(weight[:, None] > 0, part, 0.0)
    tl.store(Out + head * D + d, tl.sum(part * weight[:, None], axis=0).to(Out.dtype.element_ty))


def decoded(q, k, v, length):
    """One query of each head of one sequence against its first `length` keys: (heads, d), (kv_heads, seq, d)."""
    group = q.shape[0] // k.shape[0]
    k, v = (t[:, :length].double().repeat_interleave(group, 0) for t in (k, v))
    s = (k @ q.double()[:, :, None])[..., 0] * q.shape[-1] ** -0.5
    return (torch.softmax(s, -1)[:, None, :] @ v)[:, 0]


@case(
    dict(batch=16, kv_heads=8, group=4, seq=4096, d=128, dtype=bf16, splits=8, block=64, warps=4),
    dict(batch=4, kv_heads=8, group=8, seq=16384, d=64, dtype=f16, splits=16, block=128, warps=4),
    small=dict(batch=2, kv_heads=2, group=3, seq=100, d=16, dtype=f16, splits=2, block=16, warps=1),
)
def attention_decode(data, batch, kv_heads, group, seq, d, dtype, splits, block, warps):
    heads = kv_heads * group
    q, out = data.randn(batch, heads, d, dtype=dtype), data.empty(batch, heads, d, dtype=dtype)
    k, v = (data.randn(batch, kv_heads, seq, d, dtype=dtype) for _ in range(2))
    lengths = data.randint(seq * 3 // 4, seq + 1, batch, dtype=i32)
    partial, lse = data.empty(batch * heads, splits, d), data.empty(batch * heads, splits)
    launches = [
        Launch(decode_kernel, (batch, kv_heads, splits), q, k, v, partial, lse, lengths, d**-0.5, seq, kv_heads,
               D=d, GROUP=group, BG=max(16, next_power_of_2(group)), BN=block, SPLITS=splits, num_warps=warps,
               num_stages=3),
        Launch(decode_combine_kernel, (batch * heads,), partial, lse, out, D=d, SPLITS=splits, num_warps=4),
    ]  # fmt: skip
    return Work(launches, lambda: (out[0], decoded(q[0], k[0], v[0], int(lengths[0]))))


@triton.jit
def paged_kernel(
    Q, K, V, Pages, Lengths, Out, scale, max_pages, kv_heads,
    D: tl.constexpr, GROUP: tl.constexpr, BG: tl.constexpr, PAGE: tl.constexpr,
):  # fmt: skip
    """Keys lie in pages of PAGE tokens (page, token, head, d), whose numbers a table gives."""
    b, h = tl.program_id(0), tl.program_id(1)
    length = tl.load(Lengths + b)
    g = tl.arange(0, BG)
    d = tl.arange(0, D)
    t = tl.arange(0, PAGE)
    head = (b * kv_heads + h) * GROUP + g
    q = tl.load(Q + head[:, None] * D + d[None, :], mask=g[:, None] < GROUP, other=0.0)
    top = tl.full([BG], float("-inf"), tl.float32)
    total = tl.zeros([BG], tl.float32)
    acc = tl.zeros([BG, D], tl.float32)
    for i in range(tl.cdiv(length, PAGE)):
        page = tl.load(Pages + b * max_pages + i).to(tl.int64)
        at = (page * PAGE + t) * kv_heads * D + h * D
        valid = i * PAGE + t < length
        k = tl.load(K + at[None, :] + d[:, None])
        s = tl.where(valid[None, :], tl.dot(q, k) * (scale * LOG2E), float("-inf"))
        new_top = tl.maximum(top, tl.max(s, axis=1))
        p = tl.exp2(s - new_top[:, None])
        shrink = tl.exp2(top - new_top)
        total = total * shrink + tl.sum(p, axis=1)
        v = tl.load(V + at[:, None] + d[None, :])
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new_top
    out = acc / total[:, None]
    tl.store(Out + head[:, None] * D + d[None, :], out.to(Out.dtype.element_ty), mask=g[:, None] < GROUP)


@case(
    dict(batch=64, kv_heads=8, group=4, seq=2048, d=128, dtype=f16, page=16),
    dict(batch=32, kv_heads=8, group=8, seq=4096, d=128, dtype=bf16, page=64),
    small=dict(batch=2, kv_heads=2, group=2, seq=64, d=16, dtype=f16, page=16),
)
def attention_paged(data, batch, kv_heads, group, seq, d, dtype, page):
    heads, per_sequence = kv_heads * group, seq // page
    q, out = data.randn(batch, heads, d, dtype=dtype), data.empty(batch, heads, d, dtype=dtype)
    k, v = (data.randn(batch * per_sequence, page, kv_heads, d, dtype=dtype) for _ in range(2))
    pages = data.permutation(batch * per_sequence, dtype=i32).reshape(batch, per_sequence)
    lengths = data.randint(seq // 2, seq + 1, batch, dtype=i32)
    launch = Launch(
        paged_kernel, (batch, kv_heads), q, k, v, pages, lengths, out, d**-0.5, per_sequence, kv_heads,
        D=d, GROUP=group, BG=16, PAGE=page, num_warps=4, num_stages=3,
    )  # fmt: skip

    def check():
        rows = [t[pages[0].long()].reshape(seq, kv_heads, d).transpose(0, 1) for t in (k, v)]
        return out[0], decoded(q[0], *rows, int(lengths[0]))

    return Work(launch, check)


@triton.jit
def varlen_kernel(
    Q, K, V, Out, Starts, scale, heads, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """Sequences of different lengths, packed one after the other: (tokens, heads, d)."""
    b, h = tl.program_id(1) // heads, tl.program_id(1) % heads
    first = tl.load(Starts + b)
    seq = tl.load(Starts + b + 1) - first
    if tl.program_id(0) * BM >= seq:
        return
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.arange(0, BN)
    d = tl.arange(0, D)
    base = first.to(tl.int64) * heads * D + h * D
    q = tl.load(Q + base + m[:, None] * heads * D + d[None, :], mask=m[:, None] < seq, other=0.0)
    top = tl.full([BM], -1e30, tl.float32)
    total = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    for start in range(0, min(seq, (tl.program_id(0) + 1) * BM), BN):
        at = start + n
        k = tl.load(K + base + at[None, :] * heads * D + d[:, None], mask=at[None, :] < seq, other=0.0)
        s = tl.dot(q, k) * (scale * LOG2E)
        s = tl.where(at[None, :] <= m[:, None], s, -1e30)
        new_top = tl.maximum(top, tl.max(s, axis=1))
        p = tl.exp2(s - new_top[:, None])
        shrink = tl.exp2(top - new_top)
        total = total * shrink + tl.sum(p, axis=1)
        v = tl.load(V + base + at[:, None] * heads * D + d[None, :], mask=at[:, None] < seq, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new_top
    out = Out + base + m[:, None] * heads * D + d[None, :]
    tl.store(out, (acc / total[:, None]).to(Out.dtype.element_ty), mask=m[:, None] < seq)


@case(
    dict(batch=16, seq=1024, heads=16, d=128, dtype=bf16, tile=(128, 64), warps=8),
    dict(batch=32, seq=512, heads=12, d=64, dtype=f16, tile=(64, 64), warps=4),
    small=dict(batch=2, seq=40, heads=2, d=16, dtype=f16, tile=(16, 16), warps=1),
)
def attention_varlen(data, batch, seq, heads, d, dtype, tile, warps):
    """Every second sequence is half as long."""
    lengths = torch.tensor([seq // (1 + i % 2) for i in range(batch)])
    starts = torch.cat([torch.zeros(1, dtype=i32), lengths.cumsum(0).to(i32)])
    tokens = int(starts[-1])
    q, k, v = (data.randn(tokens, heads, d, dtype=dtype) for _ in range(3))
    out = data.empty(tokens, heads, d, dtype=dtype)
    grid = cdiv(seq, tile[0]), batch * heads
    args = q, k, v, out, starts.to(data.device), d**-0.5, heads
    launch = Launch(varlen_kernel, grid, *args, D=d, BM=tile[0], BN=tile[1], num_warps=warps, num_stages=2)

    def check():
        part = slice(int(starts[1]), int(starts[2]))
        one = [t[part].transpose(0, 1)[None] for t in (q, k, v)]
        return out[part], softmax_attention(*one, True)[0][0].transpose(0, 1)

    return Work(launch, check)


@triton.jit
def bias_attention_kernel(
    Q, K, V, Bias, Out, scale, seq, D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """A bias of its own for every pair of positions, as in pairwise and relative-position attention."""
    head = tl.program_id(1).to(tl.int64) * seq
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.arange(0, BN)
    d = tl.arange(0, D)
    q = tl.load(Q + head * D + m[:, None] * D + d[None, :])
    top = tl.full([BM], float("-inf"), tl.float32)
    total = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    for start in range(0, seq, BN):
        at = start + n
        k = tl.load(K + head * D + at[:, None] * D + d[None, :])
        bias = tl.load(Bias + (head + m[:, None]) * seq + at[None, :]).to(tl.float32)
        s = tl.dot(q, tl.trans(k)) * (scale * LOG2E) + bias * LOG2E
        new_top = tl.maximum(top, tl.max(s, axis=1))
        p = tl.exp2(s - new_top[:, None])
        shrink = tl.exp2(top - new_top)
        total = total * shrink + tl.sum(p, axis=1)
        v = tl.load(V + head * D + at[:, None] * D + d[None, :])
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new_top
    out = Out + head * D + m[:, None] * D + d[None, :]
    tl.store(out, (acc / total[:, None]).to(Out.dtype.element_ty))


@case(
    dict(batch=4, heads=8, seq=1024, d=64, dtype=f16, tile=(64, 64), warps=4),
    dict(batch=1, heads=16, seq=2048, d=32, dtype=bf16, tile=(128, 64), warps=4),
    small=dict(batch=1, heads=2, seq=64, d=16, dtype=f16, tile=(32, 16), warps=2),
)
def attention_bias(data, batch, heads, seq, d, dtype, tile, warps):
    q, k, v = (data.randn(batch, heads, seq, d, dtype=dtype) for _ in range(3))
    bias, out = data.randn(batch, heads, seq, seq, dtype=dtype), data.empty(batch, heads, seq, d, dtype=dtype)
    grid, (BM, BN) = (seq // tile[0], batch * heads), tile
    args = q, k, v, bias, out, d**-0.5, seq
    launch = Launch(bias_attention_kernel, grid, *args, D=d, BM=BM, BN=BN, num_warps=warps, num_stages=2)

    def check():
        s = q[0, :2].double() @ k[0, :2].double().transpose(-1, -2) * d**-0.5 + bias[0, :2].double()
        return out[0, :2], torch.softmax(s, -1) @ v[0, :2].double()

    return Work(launch, check)
