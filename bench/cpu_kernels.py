"""The kernels of cpu_side_by_side.py that tests/kernels.py does not have.

Rows and columns, losses, optimizers, indexing, sorting, decoding.
"""

import triton
import triton.language as tl


@triton.jit
def product_kernel(
    A, B, C, M, N, K, sam, sak, sbk, sbn, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, ACC: tl.constexpr
):
    rows = tl.program_id(0) * BM + tl.arange(0, BM)
    cols = tl.program_id(1) * BN + tl.arange(0, BN)
    ks = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), dtype=ACC)
    for k in range(0, K, BK):
        live = k + ks < K
        a = tl.load(
            A + rows[:, None] * sam + (k + ks)[None, :] * sak, mask=(rows[:, None] < M) & live[None, :], other=0
        )
        b = tl.load(
            B + (k + ks)[:, None] * sbk + cols[None, :] * sbn, mask=live[:, None] & (cols[None, :] < N), other=0
        )
        acc = tl.dot(a, b, acc)
    at = C + rows[:, None] * N + cols[None, :]
    tl.store(at, acc.to(C.dtype.element_ty), mask=(rows[:, None] < M) & (cols[None, :] < N))


@triton.jit
def column_sum_kernel(X, Y, M, N, BM: tl.constexpr, BN: tl.constexpr):
    cols = tl.program_id(0) * BN + tl.arange(0, BN)
    acc = tl.zeros([BN], dtype=tl.float32)
    for m in range(0, M, BM):
        rows = m + tl.arange(0, BM)
        x = tl.load(X + rows[:, None] * N + cols[None, :], mask=(rows[:, None] < M) & (cols[None, :] < N), other=0.0)
        acc += tl.sum(x, axis=0)
    tl.store(Y + cols, acc, mask=cols < N)


@triton.jit
def rms_norm_kernel(X, W, Y, N, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    cols = tl.arange(0, BLOCK)
    live = cols < N
    x = tl.load(X + row * N + cols, mask=live, other=0.0)
    scale = tl.rsqrt(tl.sum(x * x, axis=0) / N + eps)
    tl.store(Y + row * N + cols, x * scale * tl.load(W + cols, mask=live), mask=live)


@triton.jit
def gelu_kernel(X, Y, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(X + i, mask=i < n)
    tl.store(Y + i, 0.5 * x * (1 + tl.erf(x * 0.7071067811865476)), mask=i < n)


@triton.jit
def adamw_kernel(P, G, M, V, lr, beta1, beta2, eps, decay, correction1, correction2, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = i < n
    p, g = tl.load(P + i, mask=live), tl.load(G + i, mask=live)
    m, v = tl.load(M + i, mask=live), tl.load(V + i, mask=live)
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    p = p * (1 - lr * decay) - lr * (m / correction1) / (tl.sqrt(v / correction2) + eps)
    tl.store(P + i, p, mask=live)
    tl.store(M + i, m, mask=live)
    tl.store(V + i, v, mask=live)


@triton.jit
def cross_entropy_kernel(X, T, L, N, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    cols = tl.arange(0, BLOCK)
    x = tl.load(X + row * N + cols, mask=cols < N, other=-float("inf"))
    top = tl.max(x, axis=0)
    total = tl.log(tl.sum(tl.exp(x - top), axis=0)) + top
    tl.store(L + row, total - tl.load(X + row * N + tl.load(T + row)))


@triton.jit
def gather_rows_kernel(X, I, Y, N, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    source = tl.load(I + row)
    cols = tl.arange(0, BLOCK)
    tl.store(Y + row * N + cols, tl.load(X + source * N + cols, mask=cols < N), mask=cols < N)


@triton.jit
def embedding_gradient_kernel(G, I, W, N, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    target = tl.load(I + row)
    cols = tl.arange(0, BLOCK)
    tl.atomic_add(W + target * N + cols, tl.load(G + row * N + cols, mask=cols < N), mask=cols < N, sem="relaxed")


@triton.jit
def argmax_kernel(X, Y, N, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    cols = tl.arange(0, BLOCK)
    tl.store(Y + row, tl.argmax(tl.load(X + row * N + cols, mask=cols < N, other=-float("inf")), axis=0))


@triton.jit
def sort_kernel(X, Y, N: tl.constexpr):
    at = tl.program_id(0) * N + tl.arange(0, N)
    tl.store(Y + at, tl.sort(tl.load(X + at)))


@triton.jit
def topk_kernel(X, Y, N: tl.constexpr, K: tl.constexpr):
    row = tl.program_id(0)
    best = tl.topk(tl.load(X + row * N + tl.arange(0, N)), K)
    tl.store(Y + row * K + tl.arange(0, K), best)


@triton.jit
def decode_kernel(Q, K, V, O, scale, S, D: tl.constexpr, BN: tl.constexpr):
    head = tl.program_id(0).to(tl.int64)
    d = tl.arange(0, D)
    q = tl.load(Q + head * D + d) * scale
    top = -float("inf")
    total = 0.0
    acc = tl.zeros([D], dtype=tl.float32)
    for start in range(0, S, BN):
        n = start + tl.arange(0, BN)
        at = (head * S + n)[:, None] * D + d[None, :]
        score = tl.sum(tl.load(K + at, mask=(n < S)[:, None], other=0.0) * q[None, :], axis=1)
        score = tl.where(n < S, score, -float("inf"))
        now = tl.maximum(top, tl.max(score, axis=0))
        p = tl.exp(score - now)
        shrink = tl.exp(top - now)
        total = total * shrink + tl.sum(p, axis=0)
        acc = acc * shrink + tl.sum(p[:, None] * tl.load(V + at, mask=(n < S)[:, None], other=0.0), axis=0)
        top = now
    tl.store(O + head * D + d, acc / total)
