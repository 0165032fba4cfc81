"""Mixture of experts: routing, token rows sorted by expert, and the products in between."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32, i64


@triton.jit
def route_kernel(Logits, Weights, Experts, tokens, E: tl.constexpr, K: tl.constexpr, BT: tl.constexpr):
    """Softmax over the experts, and the K largest of it, one after the other, made to sum to one."""
    t = tl.program_id(0) * BT + tl.arange(0, BT)
    e = tl.arange(0, E)
    x = tl.load(Logits + t[:, None] * E + e[None, :], mask=t[:, None] < tokens, other=0.0).to(tl.float32)
    p = tl.exp(x - tl.max(x, axis=1)[:, None])
    p = p / tl.sum(p, axis=1)[:, None]
    k = tl.arange(0, K)
    total = tl.zeros([BT], tl.float32)
    weights = tl.zeros([BT, K], tl.float32)
    for i in tl.static_range(K):
        best, which = tl.max(p, axis=1, return_indices=True)
        tl.store(Experts + t * K + i, which, mask=t < tokens)
        weights = tl.where(k[None, :] == i, best[:, None], weights)
        total += best
        p = tl.where(e[None, :] == which[:, None], -1.0, p)
    tl.store(Weights + t[:, None] * K + k[None, :], weights / total[:, None], mask=t[:, None] < tokens)


@case(
    dict(tokens=16384, experts=64, k=8, dtype=bf16, block=16),
    dict(tokens=32768, experts=8, k=2, dtype=f32, block=32),
    dict(tokens=8192, experts=256, k=8, dtype=f32, block=4),
    small=dict(tokens=10, experts=16, k=2, dtype=f32, block=4),
)
def moe_route(data, tokens, experts, k, dtype, block):
    logits = data.randn(tokens, experts, dtype=f32).to(dtype)
    weights, chosen = data.empty(tokens, k), data.empty(tokens, k, dtype=i32)
    launch = Launch(
        route_kernel, (cdiv(tokens, block),), logits, weights, chosen, tokens, E=experts, K=k, BT=block, num_warps=4
    )

    def check():
        p = torch.softmax(logits.double(), 1)
        top = torch.topk(p, k, 1).values
        return [(weights, top / top.sum(1, keepdim=True)), (p.gather(1, chosen.long()), top)]

    return Work(launch, check)


@triton.jit
def moe_matmul_kernel(
    X, W, Y, Sorted, BlockExpert, Weights, valid, N, K,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, TOPK: tl.constexpr, WEIGHTED: tl.constexpr,
):  # fmt: skip
    """Rows of one block go to one expert; Sorted names them, with numbers of `valid` and above as filling."""
    cols = tl.cdiv(N, BN)
    block = tl.program_id(0) // cols
    n = tl.program_id(0) % cols * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    rows = tl.load(Sorted + block * BM + tl.arange(0, BM))
    real = rows < valid
    expert = tl.load(BlockExpert + block).to(tl.int64)
    x = X + (rows // TOPK)[:, None] * K + k[None, :]
    w = W + expert * N * K + (n % N)[None, :] * K + k[:, None]
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        a = tl.load(x, mask=real[:, None] & (k[None, :] < K - k0), other=0.0)
        b = tl.load(w, mask=k[:, None] < K - k0, other=0.0)
        acc = tl.dot(a, b, acc)
        x += BK
        w += BK
    if WEIGHTED:
        acc *= tl.load(Weights + rows, mask=real, other=0.0)[:, None]
    tl.store(Y + rows[:, None] * N + n[None, :], acc.to(Y.dtype.element_ty), mask=real[:, None] & (n[None, :] < N))


def sort_by_expert(data, tokens, experts, k, block):
    """Rows token * k + i by expert, each expert's padded to whole blocks; the experts of rows, and of blocks."""
    chosen = torch.argsort(data.rand(tokens, experts), 1)[:, :k].flatten()
    order = torch.argsort(chosen, stable=True)
    counts = torch.zeros(experts, dtype=i64, device=data.device).scatter_add_(0, chosen, torch.ones_like(chosen))
    padded = (counts + block - 1) // block * block
    first, first_padded = counts.cumsum(0) - counts, padded.cumsum(0) - padded
    blocks = cdiv(tokens * k, block) + experts
    by_expert = chosen[order]
    place = first_padded[by_expert] + data.arange(tokens * k) - first[by_expert]
    rows = data.full(blocks * block, value=tokens * k, dtype=i64).scatter_(0, place, order)
    of_block = torch.searchsorted(padded.cumsum(0), data.arange(blocks) * block, right=True).clamp_max(experts - 1)
    return rows.to(i32), chosen, of_block.to(i32)


@case(
    dict(tokens=4096, experts=8, k=2, n=4096, K=2048, dtype=bf16, tile=(64, 128, 64), warps=4, weighted=False),
    dict(tokens=2048, experts=64, k=6, n=2048, K=1408, dtype=f16, tile=(64, 64, 32), warps=4, weighted=True),
    dict(tokens=64, experts=16, k=4, n=4096, K=2048, dtype=bf16, tile=(16, 64, 128), warps=4, weighted=False),
    small=dict(tokens=20, experts=4, k=2, n=48, K=40, dtype=f16, tile=(16, 32, 16), warps=1, weighted=True),
)
def moe_matmul(data, tokens, experts, k, n, K, dtype, tile, warps, weighted):
    BM, BN, BK = tile
    x, w = data.randn(tokens, K, dtype=dtype), data.randn(experts, n, K, dtype=dtype, scale=K**-0.5)
    rows, chosen, of_block = sort_by_expert(data, tokens, experts, k, BM)
    y, weights = data.zeros(tokens * k, n, dtype=dtype), data.rand(tokens * k)
    grid = (of_block.shape[0] * cdiv(n, BN),)
    args = x, w, y, rows, of_block, weights, tokens * k, n, K
    launch = Launch(
        moe_matmul_kernel, grid, *args, BM=BM, BN=BN, BK=BK, TOPK=k, WEIGHTED=weighted, num_warps=warps, num_stages=3
    )

    def check():
        some = min(64, tokens * k)
        one = x.double()[torch.arange(some, device=x.device) // k][:, None, :]
        want = (one @ w.double()[chosen[:some]].transpose(1, 2))[:, 0]
        return y[:some], want * weights[:some, None].double() if weighted else want

    return Work(launch, check)


@triton.jit
def moe_count_kernel(Experts, Counts, n, E: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    e = tl.load(Experts + i, mask=i < n, other=0)
    tl.atomic_add(Counts + tl.arange(0, E), tl.histogram(e, E, mask=i < n), sem="relaxed")


@triton.jit
def moe_place_kernel(Experts, Free, Place, n, BLOCK: tl.constexpr):
    """A place for every row: the next free one of its expert, by an atomic addition that gives the old value."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    e = tl.load(Experts + i, mask=i < n, other=0)
    tl.store(Place + i, tl.atomic_add(Free + e, 1, mask=i < n), mask=i < n)


@case(
    dict(tokens=65536, experts=64, block=1024),
    dict(tokens=262144, experts=256, block=512),
    small=dict(tokens=100, experts=8, block=32),
)
def moe_count_place(data, tokens, experts, block):
    chosen, counts = data.randint(0, experts, tokens, dtype=i32), data.zeros(experts, dtype=i32)
    free, place, grid = data.zeros(experts, dtype=i32), data.empty(tokens, dtype=i32), (cdiv(tokens, block),)
    launches = [
        Launch(moe_count_kernel, grid, chosen, counts, tokens, E=experts, BLOCK=block, num_warps=4),
        Launch(moe_place_kernel, grid, chosen, free, place, tokens, BLOCK=block, num_warps=4),
    ]

    def reset():
        counts.zero_()
        free.zero_()

    def check():
        """Within an expert every place is taken once."""
        want = torch.bincount(chosen, minlength=experts)
        seen = torch.sort(chosen.long() * tokens + place).values
        starts = (want.cumsum(0) - want).repeat_interleave(want)
        return [(counts, want), (seen % tokens, torch.arange(tokens, device=seen.device) - starts)]

    return Work(launches, check, reset)


@triton.jit
def moe_permute_kernel(X, Order, Out, d, TOPK: tl.constexpr, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    source = tl.load(Order + row) // TOPK
    for start in range(0, d, BLOCK):
        c = start + tl.arange(0, BLOCK)
        tl.store(Out + row * d + c, tl.load(X + source * d + c, mask=c < d), mask=c < d)


@triton.jit
def moe_combine_kernel(Y, Place, Weights, Out, d, TOPK: tl.constexpr, BLOCK: tl.constexpr):
    """A token's rows, wherever they are, weighted and added."""
    token = tl.program_id(0)
    c = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    acc = tl.zeros([BLOCK], tl.float32)
    for i in tl.static_range(TOPK):
        row = tl.load(Place + token * TOPK + i)
        weight = tl.load(Weights + token * TOPK + i)
        acc += weight * tl.load(Y + row * d + c, mask=c < d, other=0.0).to(tl.float32)
    tl.store(Out + token * d + c, acc.to(Out.dtype.element_ty), mask=c < d)


@case(
    dict(tokens=8192, k=2, d=4096, dtype=bf16, block=1024),
    dict(tokens=4096, k=8, d=2048, dtype=f16, block=1024),
    small=dict(tokens=5, k=2, d=40, dtype=f32, block=32),
)
def moe_permute_combine(data, tokens, k, d, dtype, block):
    x, order = data.randn(tokens, d, dtype=dtype), data.permutation(tokens * k)
    place, weights = torch.argsort(order), data.rand(tokens, k)
    permuted, out = data.empty(tokens * k, d, dtype=dtype), data.empty(tokens, d, dtype=dtype)
    launches = [
        Launch(moe_permute_kernel, (tokens * k,), x, order, permuted, d, TOPK=k, BLOCK=block, num_warps=4),
        Launch(
            moe_combine_kernel,
            (tokens, cdiv(d, block)),
            permuted,
            place,
            weights,
            out,
            d,
            TOPK=k,
            BLOCK=block,
            num_warps=4,
        ),
    ]
    return Work(
        launches, lambda: [(permuted, x[order // k]), (out, x.double() * weights.double().sum(1, keepdim=True))]
    )
