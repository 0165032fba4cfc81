"""Embedding, gather and scatter, histograms, compaction: addresses that come from memory or from wide divisions."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32, i64, next_power_of_2


@triton.jit
def embedding_kernel(Ids, Table, Out, tokens, D: tl.constexpr, BT: tl.constexpr, BD: tl.constexpr):
    t = tl.program_id(0) * BT + tl.arange(0, BT)
    d = tl.program_id(1) * BD + tl.arange(0, BD)
    ids = tl.load(Ids + t, mask=t < tokens, other=0)
    m = (t[:, None] < tokens) & (d[None, :] < D)
    rows = tl.load(Table + ids[:, None] * D + d[None, :], mask=m)
    tl.store(Out + t[:, None] * D + d[None, :], rows, mask=m)


@case(
    dict(tokens=16384, vocabulary=32000, d=4096, dtype=bf16, tile=(8, 512)),
    dict(tokens=65536, vocabulary=50257, d=768, dtype=f32, tile=(4, 256)),
    small=dict(tokens=10, vocabulary=50, d=40, dtype=f32, tile=(4, 32)),
)
def embedding(data, tokens, vocabulary, d, dtype, tile):
    ids, table = data.randint(0, vocabulary, tokens), data.randn(vocabulary, d, dtype=dtype)
    out, grid = data.empty(tokens, d, dtype=dtype), (cdiv(tokens, tile[0]), cdiv(d, tile[1]))
    launch = Launch(embedding_kernel, grid, ids, table, out, tokens, D=d, BT=tile[0], BD=tile[1], num_warps=4)
    return Work(launch, lambda: (out, table[ids]))


@triton.jit
def embedding_backward_kernel(Ids, DOut, DTable, tokens, D: tl.constexpr, BT: tl.constexpr, BD: tl.constexpr):
    """A tile of rows added into rows that memory names."""
    t = tl.program_id(0) * BT + tl.arange(0, BT)
    d = tl.program_id(1) * BD + tl.arange(0, BD)
    ids = tl.load(Ids + t, mask=t < tokens, other=0)
    m = (t[:, None] < tokens) & (d[None, :] < D)
    dout = tl.load(DOut + t[:, None] * D + d[None, :], mask=m, other=0.0)
    tl.atomic_add(DTable + ids[:, None] * D + d[None, :], dout.to(DTable.dtype.element_ty), mask=m, sem="relaxed")


@case(
    dict(tokens=16384, vocabulary=32000, d=2048, dtype=bf16, out=f32, tile=(8, 256)),
    dict(tokens=32768, vocabulary=50257, d=768, dtype=f16, out=f16, tile=(16, 128)),
    small=dict(tokens=10, vocabulary=20, d=40, dtype=f32, out=f32, tile=(4, 32)),
)
def embedding_backward(data, tokens, vocabulary, d, dtype, out, tile):
    ids, dout = data.randint(0, vocabulary, tokens), data.randn(tokens, d, dtype=dtype)
    dtable, grid = data.zeros(vocabulary, d, dtype=out), (cdiv(tokens, tile[0]), cdiv(d, tile[1]))
    launch = Launch(
        embedding_backward_kernel, grid, ids, dout, dtable, tokens, D=d, BT=tile[0], BD=tile[1], num_warps=4
    )
    want = lambda: torch.zeros_like(dtable, dtype=torch.float64).index_add_(0, ids, dout.double())
    return Work(launch, lambda: (dtable, want()), reset=dtable.zero_)


@triton.jit
def gather_flat_kernel(X, Rows, Out, n, D, BLOCK: tl.constexpr):
    """Rows named by an index, over flat 64-bit positions: o // D and o % D."""
    o = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    row = tl.load(Rows + o // D, mask=m, other=0)
    tl.store(Out + o, tl.load(X + row * D + o % D, mask=m), mask=m)


@case(
    dict(count=65536, rows=100_000, d=512, dtype=f16, block=1024),
    dict(count=100_000, rows=200_000, d=300, dtype=f32, block=1024),
    small=dict(count=20, rows=30, d=50, dtype=f32, block=128),
)
def gather_flat(data, count, rows, d, dtype, block):
    x, index, out = data.randn(rows, d, dtype=dtype), data.randint(0, rows, count), data.empty(count, d, dtype=dtype)
    n = count * d
    launch = Launch(gather_flat_kernel, (cdiv(n, block),), x, index, out, n, d, BLOCK=block, num_warps=4)
    return Work(launch, lambda: (out, x[index]))


@triton.jit
def scatter_flat_kernel(X, Rows, Out, n, D, BLOCK: tl.constexpr):
    o = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    row = tl.load(Rows + o // D, mask=m, other=0)
    tl.store(Out + row * D + o % D, tl.load(X + o, mask=m), mask=m)


@case(
    dict(count=65536, d=512, dtype=f16, block=1024),
    dict(count=100_000, d=300, dtype=f32, block=512),
    small=dict(count=20, d=50, dtype=f32, block=128),
)
def scatter_flat(data, count, d, dtype, block):
    x, index, out = data.randn(count, d, dtype=dtype), data.permutation(count), data.empty(count, d, dtype=dtype)
    n = count * d
    launch = Launch(scatter_flat_kernel, (cdiv(n, block),), x, index, out, n, d, BLOCK=block, num_warps=4)
    return Work(launch, lambda: (out[index], x))


@triton.jit
def scatter_add_flat_kernel(X, Rows, Out, n, D, BLOCK: tl.constexpr):
    o = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    row = tl.load(Rows + o // D, mask=m, other=0)
    tl.atomic_add(Out + row * D + o % D, tl.load(X + o, mask=m), mask=m, sem="relaxed")


@case(
    dict(count=131072, rows=8192, d=128, dtype=f32, block=1024),
    dict(count=65536, rows=16384, d=256, dtype=f32, block=512),
    small=dict(count=20, rows=5, d=50, dtype=f32, block=128),
)
def scatter_add_flat(data, count, rows, d, dtype, block):
    x, index, out = data.randn(count, d, dtype=dtype), data.randint(0, rows, count), data.zeros(rows, d, dtype=dtype)
    n = count * d
    launch = Launch(scatter_add_flat_kernel, (cdiv(n, block),), x, index, out, n, d, BLOCK=block, num_warps=4)
    want = lambda: torch.zeros_like(out, dtype=torch.float64).index_add_(0, index, x.double())
    return Work(launch, lambda: (out, want()), reset=out.zero_)


@triton.jit
def gather_columns_kernel(X, Index, Out, cols, picked, BLOCK: tl.constexpr):
    """Along the last axis: every row by indices of its own."""
    row = tl.program_id(0).to(tl.int64)
    p = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    index = tl.load(Index + row * picked + p, mask=p < picked, other=0)
    index = tl.where(index < 0, index + cols, index)
    tl.store(Out + row * picked + p, tl.load(X + row * cols + index, mask=p < picked), mask=p < picked)


@case(
    dict(rows=8192, cols=8192, picked=2048, dtype=f16, block=1024),
    dict(rows=32768, cols=1000, picked=1000, dtype=f32, block=1024),
    small=dict(rows=3, cols=50, picked=20, dtype=f32, block=32),
)
def gather_columns(data, rows, cols, picked, dtype, block):
    x, index = data.randn(rows, cols, dtype=dtype), data.randint(-cols, cols, rows, picked)
    out = data.empty(rows, picked, dtype=dtype)
    launch = Launch(
        gather_columns_kernel, (rows, cdiv(picked, block)), x, index, out, cols, picked, BLOCK=block, num_warps=4
    )
    return Work(launch, lambda: (out, x.gather(1, index % cols)))


@triton.jit
def histogram_kernel(X, Out, n, BINS: tl.constexpr, BLOCK: tl.constexpr):
    """A histogram in the block, then one addition per bin."""
    count = tl.zeros([BINS], tl.int32)
    for start in range(tl.program_id(0) * BLOCK, n, tl.num_programs(0) * BLOCK):
        i = start + tl.arange(0, BLOCK)
        count += tl.histogram(tl.load(X + i, mask=i < n, other=0), BINS, mask=i < n)
    tl.atomic_add(Out + tl.arange(0, BINS), count, sem="relaxed")


@case(
    dict(n=1 << 25, bins=256, block=2048, programs=528),
    dict(n=10_000_000, bins=1024, block=1024, programs=264),
    small=dict(n=1000, bins=32, block=128, programs=2),
)
def histogram(data, n, bins, block, programs):
    x, out = data.randint(0, bins, n, dtype=i32), data.zeros(bins, dtype=i32)
    launch = Launch(histogram_kernel, (programs,), x, out, n, BINS=bins, BLOCK=block, num_warps=4)
    return Work(launch, lambda: (out, torch.bincount(x, minlength=bins)), reset=out.zero_)


@triton.jit
def histogram_atomic_kernel(X, Out, n, scale, bins, BLOCK: tl.constexpr):
    """Values to bins, an atomic addition for each."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(X + i, mask=i < n, other=0.0)
    bin = tl.minimum((x * scale).to(tl.int32), bins - 1)
    tl.atomic_add(Out + bin, 1, mask=i < n, sem="relaxed")


@case(
    dict(n=1 << 24, bins=4096, block=1024),
    dict(n=1 << 24, bins=100_000, block=512),
    small=dict(n=1000, bins=32, block=128),
)
def histogram_atomic(data, n, bins, block):
    x, out = data.rand(n), data.zeros(bins, dtype=i32)
    launch = Launch(histogram_atomic_kernel, (cdiv(n, block),), x, out, n, float(bins), bins, BLOCK=block, num_warps=4)
    want = lambda: torch.bincount((x * bins).int().clamp_max(bins - 1), minlength=bins)
    return Work(launch, lambda: (out, want()), reset=out.zero_)


@triton.jit
def segment_mean_kernel(X, Starts, Out, D: tl.constexpr, BR: tl.constexpr):
    """Rows of a segment, of which each has its own number, averaged."""
    s = tl.program_id(0)
    begin = tl.load(Starts + s)
    end = tl.load(Starts + s + 1)
    d = tl.arange(0, D)
    acc = tl.zeros([BR, D], tl.float32)
    for start in range(begin, end, BR):
        r = start + tl.arange(0, BR)
        acc += tl.load(X + r[:, None] * D + d[None, :], mask=r[:, None] < end, other=0.0).to(tl.float32)
    mean = tl.sum(acc, axis=0) / tl.maximum(end - begin, 1)
    tl.store(Out + s * D + d, mean.to(Out.dtype.element_ty))


@case(
    dict(segments=20_000, rows=1 << 20, d=64, dtype=f16, block=16),
    dict(segments=50_000, rows=1 << 19, d=128, dtype=f32, block=4),
    small=dict(segments=5, rows=40, d=16, dtype=f32, block=4),
)
def segment_mean(data, segments, rows, d, dtype, block):
    x, out = data.randn(rows, d, dtype=dtype), data.empty(segments, d, dtype=dtype)
    cuts = torch.sort(data.randint(0, rows + 1, segments - 1)).values
    starts = torch.cat([data.zeros(1, dtype=i64), cuts, data.full(1, value=rows, dtype=i64)]).to(i32)
    launch = Launch(segment_mean_kernel, (segments,), x, starts, out, D=d, BR=block, num_warps=1)

    def check():
        lengths = starts.diff().long()
        of_row = torch.repeat_interleave(torch.arange(segments, device=x.device), lengths)
        total = torch.zeros(segments, d, dtype=torch.float64, device=x.device).index_add_(0, of_row, x.double())
        return out, total / lengths.clamp_min(1)[:, None]

    return Work(launch, check)


@triton.jit
def cache_write_kernel(K, V, KCache, VCache, Slots, heads_d, PAGE: tl.constexpr, BLOCK: tl.constexpr):
    """New keys and values to where their tokens' slots lie in the pages of a cache."""
    token = tl.program_id(0)
    slot = tl.load(Slots + token)
    if slot < 0:
        return
    i = tl.arange(0, BLOCK)
    to = (slot // PAGE) * PAGE * heads_d + (slot % PAGE) * heads_d + i
    tl.store(KCache + to, tl.load(K + token * heads_d + i, mask=i < heads_d), mask=i < heads_d)
    tl.store(VCache + to, tl.load(V + token * heads_d + i, mask=i < heads_d), mask=i < heads_d)


@case(
    dict(tokens=16384, heads_d=1024, pages=2048, page=16, dtype=bf16),
    dict(tokens=4096, heads_d=4096, pages=512, page=32, dtype=f16),
    small=dict(tokens=5, heads_d=40, pages=4, page=4, dtype=f32),
)
def cache_write(data, tokens, heads_d, pages, page, dtype):
    k, v = data.randn(tokens, heads_d, dtype=dtype), data.randn(tokens, heads_d, dtype=dtype)
    caches = [data.zeros(pages * page, heads_d, dtype=dtype) for _ in range(2)]
    slots = data.permutation(pages * page)[:tokens]
    launch = Launch(cache_write_kernel, (tokens,), k, v, *caches, slots, heads_d, PAGE=page,
                    BLOCK=next_power_of_2(heads_d), num_warps=4)  # fmt: skip
    return Work(launch, lambda: [(caches[0][slots], k), (caches[1][slots], v)])


@triton.jit
def transpose3_kernel(X, Y, B, M, N, BM: tl.constexpr, BN: tl.constexpr):
    """(b, m, n) to (n, b, m)."""
    b = tl.program_id(2)
    m = tl.program_id(1) * BM + tl.arange(0, BM)
    n = tl.program_id(0) * BN + tl.arange(0, BN)
    mask = (m[:, None] < M) & (n[None, :] < N)
    x = tl.load(X + (b * M + m[:, None]) * N + n[None, :], mask=mask)
    tl.store(Y + (n[None, :] * B + b) * M + m[:, None], x, mask=mask)


@case(
    dict(b=32, m=1024, n=1024, dtype=f16, tile=(64, 64)),
    dict(b=16, m=1000, n=2000, dtype=f32, tile=(32, 64)),
    small=dict(b=2, m=20, n=30, dtype=f32, tile=(16, 16)),
)
def transpose3(data, b, m, n, dtype, tile):
    x, y = data.randn(b, m, n, dtype=dtype), data.empty(n, b, m, dtype=dtype)
    grid = cdiv(n, tile[1]), cdiv(m, tile[0]), b
    launch = Launch(transpose3_kernel, grid, x, y, b, m, n, BM=tile[0], BN=tile[1], num_warps=4)
    return Work(launch, lambda: (y, x.permute(2, 0, 1)))
