"""Language models served: rotary embedding by strides, normalization with quantization, pages, and what is done to logits."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f8, f16, f32, i32, next_power_of_2


@triton.jit
def rope_interleaved_kernel(
    OUT,
    X,
    COS,
    SIN,
    CU,
    seqlen,
    stride_b,
    stride_s,
    stride_h,
    nheads,
    ROT: tl.constexpr,
    BLOCK_M: tl.constexpr,
    CONJ: tl.constexpr,
):
    """Pairs by strided accesses: x and its neighbour loaded whole, halves of tables repeated."""
    pid_m = tl.program_id(0)
    pid_h = tl.program_id(1)
    pid_b = tl.program_id(2)
    rm = pid_m * BLOCK_M + tl.arange(0, BLOCK_M)
    rk = tl.arange(0, ROT)
    rk_swap = rk + ((rk + 1) % 2) * 2 - 1
    rk_repeat = tl.arange(0, ROT) // 2
    base = X + pid_b * stride_b + pid_h * stride_h
    x0 = tl.load(base + rm[:, None] * stride_s + rk[None, :], mask=(rm[:, None] < seqlen), other=0.0).to(tl.float32)
    x1 = tl.load(
        base + rm[:, None] * stride_s + rk_swap[None, :],
        mask=(rm[:, None] < seqlen) & (rk_swap[None, :] < ROT),
        other=0.0,
    ).to(tl.float32)
    cos = tl.load(COS + rm[:, None] * (ROT // 2) + rk_repeat[None, :], mask=(rm[:, None] < seqlen), other=1.0).to(
        tl.float32
    )
    sin = tl.load(SIN + rm[:, None] * (ROT // 2) + rk_repeat[None, :], mask=(rm[:, None] < seqlen), other=0.0).to(
        tl.float32
    )
    if CONJ:
        sin = -sin
    out = tl.where(rk[None, :] % 2 == 0, x0 * cos - x1 * sin, x0 * cos + x1 * sin)
    tl.store(
        OUT + pid_b * stride_b + pid_h * stride_h + rm[:, None] * stride_s + rk[None, :], out, mask=rm[:, None] < seqlen
    )


@case(
    dict(batch=4, seq=4096, heads=16, d=128, dtype=bf16, block=8, conj=False),
    dict(batch=8, seq=1500, heads=12, d=64, dtype=f32, block=16, conj=True),
    small=dict(batch=2, seq=11, heads=2, d=16, dtype=f32, block=4, conj=True),
)
def rope_interleaved(data, batch, seq, heads, d, dtype, block, conj):
    x, out = data.randn(batch, seq, heads, d, dtype=dtype), data.empty(batch, seq, heads, d, dtype=dtype)
    cos, sin = data.randn(seq, d // 2, dtype=dtype), data.randn(seq, d // 2, dtype=dtype)
    launch = Launch(
        rope_interleaved_kernel,
        (cdiv(seq, block), heads, batch),
        out,
        x,
        cos,
        sin,
        None,
        seq,
        seq * heads * d,
        heads * d,
        d,
        heads,
        ROT=d,
        BLOCK_M=block,
        CONJ=conj,
        num_warps=2 if d <= 64 else 4,
    )

    def check():
        z = torch.complex(x[..., ::2].double(), x[..., 1::2].double())
        s = -sin.double() if conj else sin.double()
        return out, torch.view_as_real(z * torch.complex(cos.double(), s)[None, :, None]).flatten(-2)

    return Work(launch, check)


@triton.jit
def add_rms_quant_kernel(
    x_ptr,
    res_ptr,
    w_ptr,
    q_ptr,
    s_ptr,
    stride,
    eps,
    N: tl.constexpr,
    GROUP: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Residual added, normalized, quantized to fp8 with a scale for each group of a token's elements."""
    row = tl.program_id(0).to(tl.int64)
    g = tl.arange(0, BLOCK // GROUP)
    e = tl.arange(0, GROUP)
    off = g[:, None] * GROUP + e[None, :]
    m = off < N
    x = tl.load(x_ptr + row * stride + off, mask=m, other=0.0).to(tl.float32)
    x += tl.load(res_ptr + row * stride + off, mask=m, other=0.0).to(tl.float32)
    tl.store(res_ptr + row * stride + off, x.to(res_ptr.dtype.element_ty), mask=m)
    var = tl.sum(tl.sum(x * x, axis=1), axis=0) / N
    y = x * tl.rsqrt(var + eps) * tl.load(w_ptr + off, mask=m, other=0.0).to(tl.float32)
    amax = tl.maximum(tl.max(tl.abs(y), axis=1), 1e-10)
    scale = amax / 448.0
    q = tl.clamp(y / scale[:, None], -448.0, 448.0)
    tl.store(q_ptr + row * N + off, q.to(q_ptr.dtype.element_ty), mask=m)
    tl.store(s_ptr + row * (N // GROUP) + g, scale, mask=g < N // GROUP)


@case(
    dict(rows=8192, cols=4096, group=128, dtype=bf16, warps=8),
    dict(rows=4096, cols=7168, group=128, dtype=bf16, warps=8),
    dict(rows=16384, cols=1536, group=64, dtype=f16, warps=4),
    small=dict(rows=3, cols=96, group=32, dtype=f32, warps=1),
    tolerance=0.05,
)
def add_rms_quant(data, rows, cols, group, dtype, warps):
    x, before, w = (
        data.randn(rows, cols, dtype=dtype),
        data.randn(rows, cols, dtype=dtype),
        data.randn(cols, dtype=dtype),
    )
    res, q, s = data.empty(rows, cols, dtype=dtype), data.empty(rows, cols, dtype=f8), data.empty(rows, cols // group)
    launch = Launch(
        add_rms_quant_kernel,
        (rows,),
        x,
        res,
        w,
        q,
        s,
        cols,
        1e-6,
        N=cols,
        GROUP=group,
        BLOCK=next_power_of_2(cols),
        num_warps=warps,
    )

    def check():
        t = x.double() + before.double()
        y = t * (t.square().mean(1, keepdim=True) + 1e-6).rsqrt() * w.double()
        amax = y.reshape(rows, -1, group).abs().amax(-1)
        return [(q.double() * s.double().repeat_interleave(group, 1), y), (s, amax / 448)]

    return Work(launch, check, reset=lambda: res.copy_(before))


@triton.jit
def paged_gather_kernel(
    cache_ptr,
    out_ptr,
    table_ptr,
    lens_ptr,
    cu_ptr,
    table_stride,
    page_stride,
    row_elems,
    PAGE: tl.constexpr,
    BE: tl.constexpr,
):
    """Pages of a sequence copied to where its tokens lie together: table of pages, run-time row size."""
    seq = tl.program_id(0)
    page_i = tl.program_id(1)
    e = tl.program_id(2) * BE + tl.arange(0, BE)
    length = tl.load(lens_ptr + seq)
    first = page_i * PAGE
    if first >= length:
        return
    start = tl.load(cu_ptr + seq)
    page = tl.load(table_ptr + seq * table_stride + page_i).to(tl.int64)
    t = tl.arange(0, PAGE)
    m = ((first + t) < length)[:, None] & (e < row_elems)[None, :]
    x = tl.load(cache_ptr + page * page_stride + t[:, None] * row_elems + e[None, :], mask=m)
    tl.store(out_ptr + (start + first + t).to(tl.int64)[:, None] * row_elems + e[None, :], x, mask=m)


@case(
    dict(seqs=64, longest=1024, page=16, elems=1024, dtype=bf16, block=256),
    dict(seqs=32, longest=2000, page=64, elems=576, dtype=f16, block=128),
    small=dict(seqs=3, longest=20, page=8, elems=40, dtype=f32, block=32),
)
def paged_gather(data, seqs, longest, page, elems, dtype, block):
    per = cdiv(longest, page)
    cache = data.randn(seqs * per, page, elems, dtype=dtype)
    table = data.permutation(seqs * per, dtype=i32).reshape(seqs, per)
    lens = data.randint(longest // 2, longest, seqs, dtype=i32)
    cu = (lens.cumsum(0) - lens).to(i32)
    out = data.zeros(seqs * longest, elems, dtype=dtype)
    grid = seqs, per, cdiv(elems, block)
    launch = Launch(
        paged_gather_kernel,
        grid,
        cache,
        out,
        table,
        lens,
        cu,
        per,
        page * elems,
        elems,
        PAGE=page,
        BE=block,
        num_warps=4,
    )

    def check():
        want = torch.zeros_like(out)
        for s, c in enumerate(cu.tolist()):
            n = int(lens[s])
            want[c : c + n] = cache[table[s].long()].flatten(0, 1)[:n]
        return out, want

    return Work(launch, check)


@triton.jit
def penalties_kernel(
    logits_ptr,
    counts_ptr,
    prompt_ptr,
    rep_ptr,
    freq_ptr,
    pres_ptr,
    temp_ptr,
    stride,
    vocab,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0)
    blk = tl.program_id(1)
    off = blk * BLOCK + tl.arange(0, BLOCK)
    m = off < vocab
    rep = tl.load(rep_ptr + row)
    freq = tl.load(freq_ptr + row)
    pres = tl.load(pres_ptr + row)
    temp = tl.load(temp_ptr + row)
    x = tl.load(logits_ptr + row * stride + off, mask=m).to(tl.float32)
    n = tl.load(counts_ptr + row * stride + off, mask=m, other=0)
    word = tl.load(prompt_ptr + row * tl.cdiv(vocab, 32) + off // 32, mask=m, other=0)
    in_prompt = ((word >> (off % 32)) & 1) != 0
    out = n > 0
    s = tl.where(in_prompt | out, rep, 1.0)
    x *= tl.where(x > 0, 1.0 / s, s)
    x -= freq * n
    x -= pres * out
    x = x / temp
    tl.store(logits_ptr + row * stride + off, x.to(logits_ptr.dtype.element_ty), mask=m)


@case(
    dict(rows=256, vocab=128256, dtype=f32, block=8192, warps=4),
    dict(rows=512, vocab=32003, dtype=f16, block=1024, warps=4),
    small=dict(rows=3, vocab=100, dtype=f32, block=64, warps=1),
)
def penalties(data, rows, vocab, dtype, block, warps):
    before = data.randn(rows, vocab, dtype=dtype)
    logits = before.clone()
    counts = (data.randint(0, 8, rows, vocab) - 5).clamp_min(0).to(i32)
    prompt = data.randint(0, 1 << 31, rows, cdiv(vocab, 32), dtype=i32)
    rep, freq, pres, temp = (data.rand(rows, low=0.5, high=1.5) for _ in range(4))
    args = logits, counts, prompt, rep, freq, pres, temp, vocab, vocab
    launch = Launch(penalties_kernel, (rows, cdiv(vocab, block)), *args, BLOCK=block, num_warps=warps)

    def check():
        bits = ((prompt[:, :, None] >> torch.arange(32, device=prompt.device)) & 1).flatten(1)[:, :vocab] != 0
        x, out = before.double(), counts > 0
        s = torch.where(bits | out, rep.double()[:, None], 1.0)
        x = torch.where(x > 0, x / s, x * s)
        x = x - freq.double()[:, None] * counts - pres.double()[:, None] * out
        return logits, x / temp.double()[:, None]

    return Work(launch, check, reset=lambda: logits.copy_(before))


@triton.jit
def min_p_kernel(logits_ptr, out_ptr, min_p_ptr, stride, vocab, BLOCK: tl.constexpr):
    """Three walks along a row: the largest, the sum of what is kept, the renormalized probabilities."""
    row = tl.program_id(0)
    p = tl.load(min_p_ptr + row).to(tl.float32)
    best = tl.full([BLOCK], float("-inf"), tl.float32)
    for i in range(0, vocab, BLOCK):
        off = i + tl.arange(0, BLOCK)
        best = tl.maximum(best, tl.load(logits_ptr + row * stride + off, mask=off < vocab, other=float("-inf")))
    top = tl.max(best)
    limit = top + tl.log(p)
    total = tl.zeros([BLOCK], tl.float32)
    for i in range(0, vocab, BLOCK):
        off = i + tl.arange(0, BLOCK)
        x = tl.load(logits_ptr + row * stride + off, mask=off < vocab, other=float("-inf"))
        total += tl.where(x >= limit, tl.exp(x - top), 0.0)
    inv = 1.0 / tl.sum(total)
    for i in range(0, vocab, BLOCK):
        off = i + tl.arange(0, BLOCK)
        x = tl.load(logits_ptr + row * stride + off, mask=off < vocab, other=float("-inf"))
        tl.store(out_ptr + row * stride + off, tl.where(x >= limit, tl.exp(x - top) * inv, 0.0), mask=off < vocab)


@case(
    dict(rows=512, vocab=128256, block=4096, warps=8),
    dict(rows=1024, vocab=32000, block=1024, warps=4),
    small=dict(rows=3, vocab=100, block=64, warps=1),
)
def min_p(data, rows, vocab, block, warps):
    logits, out, p = data.randn(rows, vocab, scale=2.0), data.empty(rows, vocab), data.rand(rows, low=0.01, high=0.3)
    launch = Launch(min_p_kernel, (rows,), logits, out, p, vocab, vocab, BLOCK=block, num_warps=warps)

    def check():
        probs = logits.double().softmax(1)
        kept = torch.where(probs >= p.double()[:, None] * probs.amax(1, keepdim=True), probs, 0.0)
        return out, kept / kept.sum(1, keepdim=True)

    return Work(launch, check)
