"""Kernels of the usual kinds, which tests run in every way and benchmarks measure."""

import triton
import triton.language as tl


@triton.jit
def add_kernel(X, Y, Z, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = offsets < n
    tl.store(Z + offsets, tl.load(X + offsets, mask=m) + tl.load(Y + offsets, mask=m), mask=m)


@triton.jit
def softmax_kernel(X, Y, stride, n_cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    offsets = tl.arange(0, BLOCK)
    m = offsets < n_cols
    x = tl.load(X + row * stride + offsets, mask=m, other=-float("inf")).to(tl.float32)
    x = x - tl.max(x, axis=0)
    e = tl.exp(x)
    y = e / tl.sum(e, axis=0)
    tl.store(Y + row * stride + offsets, y.to(Y.dtype.element_ty), mask=m)


@triton.jit
def layernorm_kernel(X, Y, W, B, stride, N, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    X += row * stride
    Y += row * stride
    acc = tl.zeros([BLOCK], dtype=tl.float32)
    for off in range(0, N, BLOCK):
        c = off + tl.arange(0, BLOCK)
        acc += tl.load(X + c, mask=c < N, other=0.0).to(tl.float32)
    mean = tl.sum(acc, axis=0) / N
    acc = tl.zeros([BLOCK], dtype=tl.float32)
    for off in range(0, N, BLOCK):
        c = off + tl.arange(0, BLOCK)
        x = tl.load(X + c, mask=c < N, other=0.0).to(tl.float32)
        x = tl.where(c < N, x - mean, 0.0)
        acc += x * x
    rstd = 1 / tl.sqrt(tl.sum(acc, axis=0) / N + eps)
    for off in range(0, N, BLOCK):
        c = off + tl.arange(0, BLOCK)
        m = c < N
        w = tl.load(W + c, mask=m).to(tl.float32)
        b = tl.load(B + c, mask=m).to(tl.float32)
        x = tl.load(X + c, mask=m, other=0.0).to(tl.float32)
        tl.store(Y + c, ((x - mean) * rstd * w + b).to(Y.dtype.element_ty), mask=m)


@triton.jit
def matmul_kernel(
    A,
    B,
    C,
    M,
    N,
    K,
    stride_am,
    stride_ak,
    stride_bk,
    stride_bn,
    stride_cm,
    stride_cn,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
    GM: tl.constexpr,
):
    pid = tl.program_id(0)
    tiles_m = tl.cdiv(M, BM)
    tiles_n = tl.cdiv(N, BN)
    width = GM * tiles_n
    group = pid // width
    first = group * GM
    rows = min(tiles_m - first, GM)
    tile_m = first + (pid % width) % rows
    tile_n = (pid % width) // rows
    offs_m = (tile_m * BM + tl.arange(0, BM)) % M
    offs_n = (tile_n * BN + tl.arange(0, BN)) % N
    offs_k = tl.arange(0, BK)
    a = A + offs_m[:, None] * stride_am + offs_k[None, :] * stride_ak
    b = B + offs_k[:, None] * stride_bk + offs_n[None, :] * stride_bn
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for k in range(0, tl.cdiv(K, BK)):
        x = tl.load(a, mask=offs_k[None, :] < K - k * BK, other=0.0)
        y = tl.load(b, mask=offs_k[:, None] < K - k * BK, other=0.0)
        acc = tl.dot(x, y, acc)
        a += BK * stride_ak
        b += BK * stride_bk
    offs_cm = tile_m * BM + tl.arange(0, BM)
    offs_cn = tile_n * BN + tl.arange(0, BN)
    tl.store(
        C + offs_cm[:, None] * stride_cm + offs_cn[None, :] * stride_cn,
        acc.to(C.dtype.element_ty),
        mask=(offs_cm[:, None] < M) & (offs_cn[None, :] < N),
    )


@triton.jit
def matmul_tma_kernel(
    a_desc,
    b_desc,
    c_desc,
    M,
    N,
    K,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
    GM: tl.constexpr,
    SMS: tl.constexpr,
):
    start = tl.program_id(0)
    tiles_m = tl.cdiv(M, BM)
    tiles_n = tl.cdiv(N, BN)
    steps = tl.cdiv(K, BK)
    width = GM * tiles_n
    for tile in tl.range(start, tiles_m * tiles_n, SMS, flatten=True):
        group = tile // width
        first = group * GM
        rows = min(tiles_m - first, GM)
        tile_m = first + (tile % width) % rows
        tile_n = (tile % width) // rows
        acc = tl.zeros((BM, BN), dtype=tl.float32)
        for k in range(steps):
            x = a_desc.load([tile_m * BM, k * BK])
            y = b_desc.load([tile_n * BN, k * BK])
            acc = tl.dot(x, y.T, acc)
        c_desc.store([tile_m * BM, tile_n * BN], acc.to(c_desc.dtype))


@triton.jit
def attn_fwd_kernel(
    Q,
    K,
    V,
    O,
    sm_scale,
    stride_z,
    stride_h,
    stride_m,
    N_CTX,
    D: tl.constexpr,
    BM: tl.constexpr,
    BN: tl.constexpr,
    CAUSAL: tl.constexpr,
    H: tl.constexpr,
):
    start_m = tl.program_id(0)
    head = tl.program_id(1)
    base = (head // H).to(tl.int64) * stride_z + (head % H).to(tl.int64) * stride_h
    offs_m = start_m * BM + tl.arange(0, BM)
    offs_d = tl.arange(0, D)
    offs_n = tl.arange(0, BN)
    q = tl.load(Q + base + offs_m[:, None] * stride_m + offs_d[None, :])
    m_i = tl.full([BM], -float("inf"), tl.float32)
    l_i = tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    qk_scale = sm_scale * 1.44269504
    end = N_CTX
    if CAUSAL:
        end = (start_m + 1) * BM
    for n in range(0, end, BN):
        k = tl.load(K + base + (n + offs_n)[None, :] * stride_m + offs_d[:, None])
        qk = tl.dot(q, k) * qk_scale
        if CAUSAL:
            qk = tl.where(offs_m[:, None] >= (n + offs_n)[None, :], qk, -1.0e6)
        m_new = tl.maximum(m_i, tl.max(qk, 1))
        p = tl.math.exp2(qk - m_new[:, None])
        alpha = tl.math.exp2(m_i - m_new)
        l_i = l_i * alpha + tl.sum(p, 1)
        acc = acc * alpha[:, None]
        v = tl.load(V + base + (n + offs_n)[:, None] * stride_m + offs_d[None, :])
        acc = tl.dot(p.to(v.dtype), v, acc)
        m_i = m_new
    acc = acc / l_i[:, None]
    tl.store(O + base + offs_m[:, None] * stride_m + offs_d[None, :], acc.to(O.dtype.element_ty))


@triton.jit
def nop_kernel(
    t1,
    t2,
    t3,
    t4,
    t5,
    n1,
    n2,
    n3,
    n4,
    n5,
    n6,
    n7,
    n8,
    n9,
    c1: tl.constexpr,
    c2: tl.constexpr,
    c3: tl.constexpr,
    c4: tl.constexpr,
    c5: tl.constexpr,
):
    pass


@triton.jit
def reduce_rows_kernel(X, Y, N, BM: tl.constexpr, BN: tl.constexpr):
    offs_m = tl.program_id(0) * BM + tl.arange(0, BM)
    acc = tl.zeros([BM], tl.float32)
    for n in range(0, N, BN):
        offs_n = n + tl.arange(0, BN)
        acc += tl.sum(tl.load(X + offs_m[:, None] * N + offs_n[None, :]), axis=1)
    tl.store(Y + offs_m, acc)


@triton.jit
def transpose_kernel(X, Y, M, N, BM: tl.constexpr, BN: tl.constexpr):
    offs_m = tl.program_id(0) * BM + tl.arange(0, BM)
    offs_n = tl.program_id(1) * BN + tl.arange(0, BN)
    x = tl.load(X + offs_m[:, None] * N + offs_n[None, :])
    tl.store(Y + offs_n[:, None] * M + offs_m[None, :], tl.trans(x))


@triton.jit
def cumsum_kernel(X, Y, N: tl.constexpr):
    o = tl.program_id(0) * N + tl.arange(0, N)
    tl.store(Y + o, tl.cumsum(tl.load(X + o), axis=0))
