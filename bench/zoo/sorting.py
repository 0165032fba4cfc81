"""Sort, top-k and sampling along rows."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32, i64, next_power_of_2


@triton.jit
def sort_kernel(X, Y, rows, COLS: tl.constexpr, BR: tl.constexpr):
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    at = r[:, None] * COLS + tl.arange(0, COLS)[None, :]
    x = tl.load(X + at, mask=r[:, None] < rows, other=0.0)
    tl.store(Y + at, tl.sort(x, dim=1), mask=r[:, None] < rows)


@case(
    dict(rows=65536, cols=128, dtype=f32, block=4, warps=4),
    dict(rows=16384, cols=512, dtype=f16, block=1, warps=4),
    small=dict(rows=5, cols=32, dtype=f32, block=2, warps=1),
)
def sort_rows(data, rows, cols, dtype, block, warps):
    x, y = data.randn(rows, cols, dtype=dtype), data.empty(rows, cols, dtype=dtype)
    launch = Launch(sort_kernel, (cdiv(rows, block),), x, y, rows, COLS=cols, BR=block, num_warps=warps)
    return Work(launch, lambda: (y, x.sort(1).values))


@triton.jit
def topk_kernel(X, Y, rows, COLS: tl.constexpr, K: tl.constexpr, BR: tl.constexpr):
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    x = tl.load(X + r[:, None] * COLS + tl.arange(0, COLS)[None, :], mask=r[:, None] < rows, other=0.0)
    y = tl.topk(x, K, dim=1)
    tl.store(Y + r[:, None] * K + tl.arange(0, K)[None, :], y, mask=r[:, None] < rows)


@case(
    dict(rows=65536, cols=64, k=8, dtype=f32, block=16, warps=4),
    dict(rows=16384, cols=256, k=8, dtype=f16, block=4, warps=4),
    small=dict(rows=5, cols=32, k=4, dtype=f32, block=2, warps=1),
)
def topk_rows(data, rows, cols, k, dtype, block, warps):
    x, y = data.randn(rows, cols, dtype=dtype), data.empty(rows, k, dtype=dtype)
    launch = Launch(topk_kernel, (cdiv(rows, block),), x, y, rows, COLS=cols, K=k, BR=block, num_warps=warps)
    return Work(launch, lambda: (y, x.topk(k, 1).values))


@triton.jit
def topk_packed_kernel(X, Value, Index, rows, COLS: tl.constexpr, K: tl.constexpr, BR: tl.constexpr):
    """Values and indices sorted as one 64-bit integer: an order-preserving image of the value above, the index below."""
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    c = tl.arange(0, COLS)
    x = tl.load(X + r[:, None] * COLS + c[None, :], mask=r[:, None] < rows, other=0.0)
    bits = x.to(tl.int32, bitcast=True)
    image = tl.where(bits < 0, bits ^ 0x7FFFFFFF, bits).to(tl.int64)
    both = (image << 32) | (COLS - 1 - c)[None, :].to(tl.int64)
    top = tl.topk(both, K, dim=1)
    bits = (top >> 32).to(tl.int32)
    at = r[:, None] * K + tl.arange(0, K)[None, :]
    tl.store(
        Value + at, tl.where(bits < 0, bits ^ 0x7FFFFFFF, bits).to(tl.float32, bitcast=True), mask=r[:, None] < rows
    )
    tl.store(Index + at, COLS - 1 - (top & 0xFFFFFFFF).to(tl.int32), mask=r[:, None] < rows)


@case(
    dict(rows=32768, cols=128, k=8, block=4, warps=4),
    dict(rows=65536, cols=32, k=4, block=32, warps=4),
    small=dict(rows=5, cols=32, k=4, block=2, warps=1),
)
def topk_packed(data, rows, cols, k, block, warps):
    x, value, index = data.randn(rows, cols), data.empty(rows, k), data.empty(rows, k, dtype=i32)
    launch = Launch(
        topk_packed_kernel, (cdiv(rows, block),), x, value, index, rows, COLS=cols, K=k, BR=block, num_warps=warps
    )
    return Work(launch, lambda: [(value, x.topk(k, 1).values), (index, x.topk(k, 1).indices)])


@triton.jit
def gumbel_kernel(Logits, Best, Token, seed, vocabulary, parts, BLOCK: tl.constexpr):
    """A token drawn by the largest of logit plus noise: each program takes a part of the vocabulary."""
    row, part = tl.program_id(0), tl.program_id(1)
    c = part * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(Logits + row * vocabulary + c, mask=c < vocabulary, other=float("-inf")).to(tl.float32)
    u = tl.rand(seed, row * vocabulary + c)
    x += -tl.log(-tl.log(u + 1e-20) + 1e-20)
    best, which = tl.max(x, axis=0, return_indices=True)
    tl.store(Best + row * parts + part, best)
    tl.store(Token + row * parts + part, (part * BLOCK + which).to(tl.int64))


@case(
    dict(rows=512, vocabulary=128256, dtype=bf16, block=4096, warps=8),
    dict(rows=1024, vocabulary=32000, dtype=f32, block=1024, warps=4),
    small=dict(rows=400, vocabulary=8, dtype=f32, block=8, warps=1),
    tolerance=0.2,
)
def sample_gumbel(data, rows, vocabulary, dtype, block, warps):
    """One token is likely, the others hardly: how often it is drawn tells whether the noise is what it should be."""
    likely = torch.where(
        torch.arange(vocabulary, device=data.device) == 5, float(torch.tensor(vocabulary - 1.0).log()), 0.0
    )
    logits, parts = likely.expand(rows, vocabulary).to(dtype).contiguous(), cdiv(vocabulary, block)
    best, token = data.empty(rows, parts), data.empty(rows, parts, dtype=i64)
    launch = Launch(
        gumbel_kernel, (rows, parts), logits, best, token, 11, vocabulary, parts, BLOCK=block, num_warps=warps
    )

    def check():
        drawn = token.gather(1, best.argmax(1, keepdim=True))
        return (drawn == 5).double().mean()[None], torch.full([1], 0.5, device=best.device)

    return Work(launch, check)


@triton.jit
def top_p_kernel(Probs, Keep, Bound, cols, p, BLOCK: tl.constexpr):
    """How many of the largest probabilities make up p, and the smallest of them: sort, then scan."""
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(Probs + row * cols + c, mask=c < cols, other=0.0)
    x = tl.sort(x, descending=True)
    before = tl.cumsum(x, axis=0) - x
    inside = before < p
    tl.store(Keep + row, tl.sum(inside.to(tl.int32), axis=0))
    tl.store(Bound + row, tl.min(tl.where(inside, x, 2.0), axis=0))


@case(
    dict(rows=8192, cols=1000, warps=4),
    dict(rows=16384, cols=256, warps=2),
    small=dict(rows=3, cols=30, warps=1),
)
def sample_top_p(data, rows, cols, warps):
    probs = torch.softmax(data.randn(rows, cols) * 2, 1)
    keep, bound = data.empty(rows, dtype=i32), data.empty(rows)
    launch = Launch(top_p_kernel, (rows,), probs, keep, bound, cols, 0.9, BLOCK=next_power_of_2(cols), num_warps=warps)

    def check():
        x = probs.double().sort(1, descending=True).values
        inside = x.cumsum(1) - x < 0.9
        return [(keep, inside.sum(1)), (bound, x.gather(1, inside.sum(1, keepdim=True) - 1)[:, 0])]

    return Work(launch, check)


@triton.jit
def argmax_tiles_kernel(X, Out, rows, COLS: tl.constexpr, BR: tl.constexpr):
    """The column of the largest element, many short rows per program."""
    r = tl.program_id(0) * BR + tl.arange(0, BR)
    x = tl.load(X + r[:, None] * COLS + tl.arange(0, COLS)[None, :], mask=r[:, None] < rows, other=float("-inf"))
    tl.store(Out + r, tl.argmax(x, axis=1), mask=r < rows)


@case(
    dict(rows=1 << 18, cols=64, dtype=f32, block=32),
    dict(rows=1 << 18, cols=128, dtype=f16, block=16),
    small=dict(rows=9, cols=16, dtype=f32, block=4),
)
def argmax_tiles(data, rows, cols, dtype, block):
    x, out = data.randn(rows, cols, dtype=dtype), data.empty(rows, dtype=i32)
    launch = Launch(argmax_tiles_kernel, (cdiv(rows, block),), x, out, rows, COLS=cols, BR=block, num_warps=4)
    return Work(launch, lambda: (x.gather(1, out[:, None].long())[:, 0], x.max(1).values))
