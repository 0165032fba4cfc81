"""Fused attention.

Attention without the N x N matrix in memory: a block of queries meets one block of keys after the other and keeps a
running softmax. Two matmuls and a softmax become one kernel whose memory grows with N, not with its square.
"""

import math
import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPE = torch.float16 if DEVICE == "cuda" else torch.float32
SMALL = "TRITONC_TEST_SMALL" in os.environ

#: ## The idea
#:
#: `softmax(q kᵀ / sqrt(d)) v`, row by row, is a weighted mean of the rows of `v`. A weighted mean can be taken in
#: pieces, if three things are kept for each query: the largest score so far `m`, the sum of the weights `total`, and
#: the sum of weighted rows `acc`. When a block of keys raises the maximum, what was summed before shrinks by `2^(m -
#: new)`. The division by `total` comes last, once.
#:
#: The exponential is `exp2`, for which GPUs have an instruction; the scale absorbs the factor `log2(e)`. (Algorithm:
#: Dao et al., "FlashAttention", 2022, on the running softmax of Milakov and Gimelshein, 2018.)
#:
#: ## Causal attention in two loops
#:
#: Where a query sees only keys that do not come after it, blocks of keys fall into three classes: entirely before
#: the block of queries (no mask), across the diagonal (mask), entirely after (skipped). So there is one loop without
#: a mask and one with, over the same body: a helper function that is compiled for either, `MASKED` being a constant.


@triton.jit
def attend(
    acc, total, m, q, k_ptr, v_ptr, queries, start, end, n, scale,
    D: tl.constexpr, BN: tl.constexpr, MASKED: tl.constexpr,
):  # fmt: skip
    d = tl.arange(0, D)
    for first in range(start, end, BN):
        keys = first + tl.arange(0, BN)
        k = tl.load(k_ptr + keys[None, :] * D + d[:, None], mask=keys[None, :] < n, other=0.0)
        scores = tl.dot(q, k) * scale
        if MASKED:
            scores = tl.where((queries[:, None] >= keys[None, :]) & (keys[None, :] < n), scores, float("-inf"))
        new = tl.maximum(m, tl.max(scores, 1))
        weights = tl.exp2(scores - new[:, None])
        shrink = tl.exp2(m - new)
        total = total * shrink + tl.sum(weights, 1)
        v = tl.load(v_ptr + keys[:, None] * D + d[None, :], mask=keys[:, None] < n, other=0.0)
        acc = tl.dot(weights.to(v.dtype), v, acc * shrink[:, None])
        m = new
    return acc, total, m


@triton.jit
def attention_kernel(
    q_ptr, k_ptr, v_ptr, out_ptr, n, scale,
    D: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, CAUSAL: tl.constexpr,
):  # fmt: skip
    head = tl.program_id(1).to(tl.int64) * n * D
    first = tl.program_id(0) * BM
    queries = first + tl.arange(0, BM)
    at = head + queries[:, None] * D + tl.arange(0, D)[None, :]
    q = tl.load(q_ptr + at, mask=queries[:, None] < n, other=0.0)
    acc = tl.zeros((BM, D), tl.float32)
    total = tl.zeros((BM,), tl.float32)
    m = tl.full((BM,), float("-inf"), tl.float32)
    k_ptr += head
    v_ptr += head
    if CAUSAL:
        acc, total, m = attend(acc, total, m, q, k_ptr, v_ptr, queries, 0, first, n, scale, D, BN, False)
        acc, total, m = attend(acc, total, m, q, k_ptr, v_ptr, queries, first, first + BM, n, scale, D, BN, True)
    else:
        whole = n // BN * BN
        last = tl.full((BM,), n, tl.int32)
        acc, total, m = attend(acc, total, m, q, k_ptr, v_ptr, last, 0, whole, n, scale, D, BN, False)
        acc, total, m = attend(acc, total, m, q, k_ptr, v_ptr, last, whole, n, n, scale, D, BN, True)
    tl.store(out_ptr + at, (acc / total[:, None]).to(out_ptr.dtype.element_ty), mask=queries[:, None] < n)


#: `BN` divides `BM`, so that the diagonal begins at a block's edge. Batch and heads are one dimension of the grid.


def attention(q, k, v, causal):
    batch, heads, n, d = q.shape
    out = torch.empty_like(q)
    block = 128 if n >= 128 and not SMALL else 32
    scale = math.log2(math.e) / math.sqrt(d)
    grid = (triton.cdiv(n, block), batch * heads)
    attention_kernel[grid](
        q, k, v, out, n, scale, D=d, BM=block, BN=min(block, 64), CAUSAL=causal, num_warps=8 if block == 128 else 4
    )
    return out


def check():
    torch.manual_seed(0)
    for n, d, causal in ((128, 32, True), (70, 16, True), (70, 16, False), (96, 32, False)):
        q, k, v = (torch.randn(1, 2, n, d, device=DEVICE, dtype=DTYPE) for _ in range(3))
        expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
        torch.testing.assert_close(attention(q, k, v, causal), expected, rtol=1e-2, atol=1e-2)


#: ## Measured
#:
#: Causal attention of 8 heads of 64; the operations that the mask leaves are half of `4 N² d`.


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[64, 128] if SMALL else [256, 512, 1024, 2048] + [4096, 8192] * (DEVICE == "cuda"),
        x_log=True,
        line_arg="by",
        line_vals=["tritonc", "torch"],
        line_names=["tritonc", "PyTorch"],
        xlabel="length of the sequence",
        ylabel="TFLOP/s",
        plot_name="fused_attention",
        args={"batch": 1 if DEVICE == "cpu" else 4, "heads": 1 if SMALL else 8, "d": 64},
    )
)
def benchmark(batch, heads, n, d, by):
    q, k, v = (torch.randn(batch, heads, n, d, device=DEVICE, dtype=DTYPE) for _ in range(3))
    sdpa = torch.nn.functional.scaled_dot_product_attention
    run = (lambda: attention(q, k, v, True)) if by == "tritonc" else (lambda: sdpa(q, k, v, is_causal=True))
    return 2 * batch * heads * n * n * d / triton.testing.do_bench(run, return_mode="median") * 1e-9


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
