"""Matrix products in plain 16- and 32-bit types: of every shape, and every way of sharing out the work."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32


@triton.jit
def tile_order(pid, rows, cols, GROUP: tl.constexpr):
    """Tiles in groups of GROUP rows, so that neighbours in time share operands in the cache."""
    per_group = GROUP * cols
    first = pid // per_group * GROUP
    height = min(rows - first, GROUP)
    return first + pid % per_group % height, pid % per_group // height


@triton.jit
def matmul_kernel(
    A, B, C, Bias, M, N, K, sam, sak, sbk, sbn, scm,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr, EPILOGUE: tl.constexpr,
    PRECISION: tl.constexpr,
):  # fmt: skip
    pm, pn = tile_order(tl.program_id(0), tl.cdiv(M, BM), tl.cdiv(N, BN), GROUP)
    m = pm * BM + tl.arange(0, BM)
    n = pn * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    a = A + (m % M)[:, None] * sam + k[None, :] * sak
    b = B + k[:, None] * sbk + (n % N)[None, :] * sbn
    acc = tl.zeros([BM, BN], tl.float32)
    for left in range(K, 0, -BK):
        x = tl.load(a, mask=k[None, :] < left, other=0.0)
        y = tl.load(b, mask=k[:, None] < left, other=0.0)
        acc = tl.dot(x, y, acc, input_precision=PRECISION)
        a += BK * sak
        b += BK * sbk
    if EPILOGUE == "bias_gelu":
        acc += tl.load(Bias + n, mask=n < N, other=0.0).to(tl.float32)[None, :]
        acc = 0.5 * acc * (1.0 + tl.erf(acc * 0.7071067811865476))
    elif EPILOGUE == "bias_relu":
        acc = tl.maximum(acc + tl.load(Bias + n, mask=n < N, other=0.0).to(tl.float32)[None, :], 0.0)
    tl.store(C + m[:, None] * scm + n[None, :], acc.to(C.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


def product(data, M, N, K, dtype, tile, warps, stages, layout="nn", epilogue="", precision="tf32"):
    """One of matmul_kernel's cases; layout says how A and B lie, `t` for transposed."""
    a = data.randn(K, M, dtype=dtype).T if layout[0] == "t" else data.randn(M, K, dtype=dtype)
    b = data.randn(N, K, dtype=dtype).T if layout[1] == "t" else data.randn(K, N, dtype=dtype)
    c, bias = data.empty(M, N, dtype=dtype), data.randn(N, dtype=dtype)
    (BM, BN, BK) = tile
    launch = Launch(
        matmul_kernel, (cdiv(M, BM) * cdiv(N, BN),), a, b, c, bias, M, N, K, *a.stride(), *b.stride(), N,
        BM=BM, BN=BN, BK=BK, GROUP=8, EPILOGUE=epilogue, PRECISION=precision, num_warps=warps, num_stages=stages,
    )  # fmt: skip

    def check():
        rows = min(M, 512)
        want = a[:rows].double() @ b.double()
        if epilogue:
            want += bias.double()
            want = torch.nn.functional.gelu(want) if "gelu" in epilogue else want.relu()
        return c[:rows], want

    return Work(launch, check)


TINY = dict(M=40, N=48, K=70, dtype=f16, tile=(32, 32, 32), warps=2, stages=2)


@case(
    dict(M=4096, N=4096, K=4096, dtype=bf16, tile=(128, 256, 64), warps=8, stages=3),
    dict(M=4096, N=4096, K=4096, dtype=f16, tile=(128, 128, 32), warps=4, stages=4),
    dict(M=2048, N=2048, K=2048, dtype=f16, tile=(64, 64, 32), warps=4, stages=3),
    dict(M=2048, N=5120, K=1280, dtype=bf16, tile=(128, 128, 32), warps=8, stages=3),
    small=TINY,
)
def matmul(data, **shape):
    return product(data, **shape)


@case(
    dict(M=4096, N=4096, K=4096, dtype=bf16, tile=(128, 128, 64), warps=8, stages=3, layout="nt"),
    dict(M=4096, N=4096, K=4096, dtype=f16, tile=(128, 128, 64), warps=4, stages=4, layout="tn"),
    dict(M=4096, N=4096, K=8192, dtype=bf16, tile=(128, 128, 32), warps=4, stages=4, layout="tt"),
    small=dict(**TINY, layout="tn"),
)
def matmul_transposed(data, **shape):
    return product(data, **shape)


@case(
    dict(M=512, N=512, K=512, dtype=f16, tile=(64, 64, 32), warps=4, stages=4),
    dict(M=197, N=768, K=768, dtype=bf16, tile=(64, 64, 64), warps=4, stages=3),
    dict(M=1024, N=64, K=1024, dtype=f32, tile=(64, 64, 32), warps=4, stages=3),
    small=dict(M=33, N=17, K=50, dtype=f16, tile=(16, 16, 16), warps=1, stages=1),
)
def matmul_small(data, **shape):
    return product(data, **shape)


@case(
    dict(M=16, N=8192, K=8192, dtype=bf16, tile=(16, 64, 128), warps=4, stages=4),
    dict(M=16, N=12288, K=4096, dtype=f16, tile=(16, 128, 64), warps=4, stages=5, layout="nt"),
    dict(M=32, N=4096, K=14336, dtype=bf16, tile=(32, 64, 128), warps=4, stages=4, layout="nt"),
    small=dict(M=16, N=48, K=70, dtype=bf16, tile=(16, 32, 32), warps=2, stages=2),
)
def matmul_skinny(data, **shape):
    return product(data, **shape)


@case(
    dict(M=4096, N=4096, K=1024, dtype=f16, tile=(128, 128, 64), warps=8, stages=3, epilogue="bias_gelu"),
    dict(M=8192, N=3072, K=768, dtype=bf16, tile=(128, 64, 32), warps=4, stages=4, epilogue="bias_relu", layout="nt"),
    small=dict(**TINY, epilogue="bias_gelu"),
)
def matmul_epilogue(data, **shape):
    return product(data, **shape)


@case(
    dict(M=2048, N=2048, K=2048, dtype=f32, tile=(64, 64, 16), warps=4, stages=3, precision="ieee"),
    dict(M=1024, N=1024, K=4096, dtype=f32, tile=(128, 64, 16), warps=8, stages=2, precision="ieee"),
    small=dict(M=40, N=48, K=70, dtype=f32, tile=(32, 32, 16), warps=2, stages=2, precision="ieee"),
    tolerance=1e-5,
)
def matmul_ieee(data, **shape):
    return product(data, **shape)


@case(
    dict(M=4096, N=4096, K=4096, dtype=f32, tile=(128, 128, 32), warps=8, stages=3, precision="tf32"),
    dict(M=2048, N=2048, K=2048, dtype=f32, tile=(64, 64, 32), warps=4, stages=3, precision="tf32", layout="nt"),
    small=dict(M=40, N=48, K=70, dtype=f32, tile=(32, 32, 32), warps=2, stages=2, precision="tf32"),
)
def matmul_tf32(data, **shape):
    return product(data, **shape)


@case(
    dict(M=2048, N=2048, K=2048, dtype=f32, tile=(64, 64, 32), warps=4, stages=3, precision="tf32x3"),
    dict(M=4096, N=4096, K=1024, dtype=f32, tile=(128, 128, 32), warps=8, stages=2, precision="tf32x3"),
    small=dict(M=40, N=48, K=70, dtype=f32, tile=(32, 32, 32), warps=2, stages=2, precision="tf32x3"),
    tolerance=1e-4,
)
def matmul_tf32x3(data, **shape):
    return product(data, **shape)


@triton.jit
def batched_matmul_kernel(
    A, B, C, M, N, K, sab, sam, sak, sbb, sbk, sbn, scb, scm,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    batch = tl.program_id(1).to(tl.int64)
    cols = tl.cdiv(N, BN)
    m = tl.program_id(0) // cols * BM + tl.arange(0, BM)
    n = tl.program_id(0) % cols * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    a = A + batch * sab + m[:, None] * sam + k[None, :] * sak
    b = B + batch * sbb + k[:, None] * sbk + n[None, :] * sbn
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        x = tl.load(a, mask=(m[:, None] < M) & (k[None, :] < K - k0), other=0.0)
        y = tl.load(b, mask=(k[:, None] < K - k0) & (n[None, :] < N), other=0.0)
        acc += tl.dot(x, y)
        a += BK * sak
        b += BK * sbk
    c = C + batch * scb + m[:, None] * scm + n[None, :]
    tl.store(c, acc.to(C.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


@case(
    dict(batch=128, M=512, N=512, K=64, dtype=f16, tile=(128, 128, 32), warps=4),
    dict(batch=64, M=1024, N=128, K=1024, dtype=bf16, tile=(64, 64, 32), warps=4),
    dict(batch=512, M=64, N=64, K=256, dtype=f16, tile=(64, 64, 64), warps=4),
    small=dict(batch=2, M=40, N=48, K=70, dtype=f16, tile=(32, 32, 32), warps=2),
)
def matmul_batched(data, batch, M, N, K, dtype, tile, warps):
    a, b = data.randn(batch, M, K, dtype=dtype), data.randn(batch, K, N, dtype=dtype)
    c = data.empty(batch, M, N, dtype=dtype)
    BM, BN, BK = tile
    grid = cdiv(M, BM) * cdiv(N, BN), batch
    args = a, b, c, M, N, K, *a.stride(), *b.stride(), *c.stride()[:2]
    launch = Launch(batched_matmul_kernel, grid, *args, BM=BM, BN=BN, BK=BK, num_warps=warps, num_stages=3)
    return Work(launch, lambda: (c[:16], a[:16].double() @ b[:16].double()))


@triton.jit
def grouped_matmul_kernel(
    Pointers, Sizes, groups, PROGRAMS: tl.constexpr, TYPE: tl.constexpr,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Products of different sizes in one launch: three addresses and three sizes each come from memory."""
    tile = tl.program_id(0)
    before = 0
    for g in range(groups):
        M = tl.load(Sizes + g * 3)
        N = tl.load(Sizes + g * 3 + 1)
        K = tl.load(Sizes + g * 3 + 2)
        cols = tl.cdiv(N, BN)
        tiles = tl.cdiv(M, BM) * cols
        while tile >= before and tile < before + tiles:
            A = tl.load(Pointers + g * 3).to(tl.pointer_type(TYPE))
            B = tl.load(Pointers + g * 3 + 1).to(tl.pointer_type(TYPE))
            C = tl.load(Pointers + g * 3 + 2).to(tl.pointer_type(TYPE))
            m = (tile - before) // cols * BM + tl.arange(0, BM)
            n = (tile - before) % cols * BN + tl.arange(0, BN)
            k = tl.arange(0, BK)
            a = A + m[:, None] * K + k[None, :]
            b = B + k[:, None] * N + n[None, :]
            acc = tl.zeros([BM, BN], tl.float32)
            for _ in range(0, tl.cdiv(K, BK)):
                tl.multiple_of(a, [16, 16])
                tl.multiple_of(b, [16, 16])
                acc = tl.dot(tl.load(a), tl.load(b), acc)
                a += BK
                b += BK * N
            tl.store(C + m[:, None] * N + n[None, :], acc.to(TYPE))
            tile += PROGRAMS
        before += tiles


@case(
    dict(groups=8, size=1024, dtype=f16, tile=(128, 128, 64), warps=4, programs=132),
    dict(groups=16, size=512, dtype=bf16, tile=(64, 128, 32), warps=4, programs=264),
    small=dict(groups=3, size=32, dtype=f16, tile=(16, 16, 16), warps=1, programs=4),
)
def matmul_grouped(data, groups, size, dtype, tile, warps, programs):
    shapes = [(size, size * (1 + g % 3), size * (1 + g % 2)) for g in range(groups)]
    a = [data.randn(M, K, dtype=dtype) for M, N, K in shapes]
    b = [data.randn(K, N, dtype=dtype) for M, N, K in shapes]
    c = [data.empty(M, N, dtype=dtype) for M, N, K in shapes]
    pointers = data.pointers([t for three in zip(a, b, c, strict=True) for t in three])
    sizes = torch.tensor(shapes, dtype=i32, device=data.device)
    BM, BN, BK = tile
    launch = Launch(
        grouped_matmul_kernel, (programs,), pointers, sizes, groups,
        PROGRAMS=programs, TYPE=tl.float16 if dtype == f16 else tl.bfloat16, BM=BM, BN=BN, BK=BK, num_warps=warps,
    )  # fmt: skip
    return Work(launch, lambda: [(z, x.double() @ y.double()) for x, y, z in zip(a, b, c, strict=True)])


@triton.jit
def split_k_kernel(
    A, B, C, M, N, K, sam, sbk, scm,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, SPLIT: tl.constexpr,
):  # fmt: skip
    """SPLIT programs share the sum of one tile, and add their parts into it."""
    pm, pn = tile_order(tl.program_id(0), tl.cdiv(M, BM), tl.cdiv(N, BN), 8)
    part = tl.program_id(1)
    m = pm * BM + tl.arange(0, BM)
    n = pn * BN + tl.arange(0, BN)
    k = part * BK + tl.arange(0, BK)
    a = A + m[:, None] * sam + k[None, :]
    b = B + k[:, None] * sbk + n[None, :]
    acc = tl.zeros([BM, BN], tl.float32)
    for step in range(0, tl.cdiv(K, BK * SPLIT)):
        left = K - step * BK * SPLIT
        x = tl.load(a, mask=(m[:, None] < M) & (k[None, :] < left), other=0.0)
        y = tl.load(b, mask=(k[:, None] < left) & (n[None, :] < N), other=0.0)
        acc = tl.dot(x, y, acc)
        a += BK * SPLIT
        b += BK * SPLIT * sbk
    c = C + m[:, None] * scm + n[None, :]
    tl.atomic_add(c, acc.to(C.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N), sem="relaxed")


@case(
    dict(M=256, N=512, K=16384, dtype=f16, out=f32, tile=(64, 128, 64), split=16, warps=4),
    dict(M=512, N=512, K=8192, dtype=bf16, out=f32, tile=(128, 128, 32), split=8, warps=8),
    dict(M=128, N=1024, K=8192, dtype=f16, out=f16, tile=(64, 64, 32), split=8, warps=4),
    small=dict(M=40, N=48, K=150, dtype=f16, out=f32, tile=(32, 32, 16), split=3, warps=2),
)
def matmul_split_k(data, M, N, K, dtype, out, tile, split, warps):
    a, b, c = data.randn(M, K, dtype=dtype), data.randn(K, N, dtype=dtype), data.zeros(M, N, dtype=out)
    BM, BN, BK = tile
    grid = cdiv(M, BM) * cdiv(N, BN), split
    launch = Launch(split_k_kernel, grid, a, b, c, M, N, K, K, N, N, BM=BM, BN=BN, BK=BK, SPLIT=split, num_warps=warps)
    return Work(launch, lambda: (c, a.double() @ b.double()), reset=c.zero_)


@triton.jit
def stream_k_kernel(
    A, B, C, M, N, K, steps_per_program, extra,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """All steps of all tiles are one line, cut into equal pieces: a program may finish one tile and begin another."""
    pid = tl.program_id(0)
    begin = pid * steps_per_program + min(pid, extra)
    end = begin + steps_per_program + (pid < extra).to(tl.int32)
    per_tile = tl.cdiv(K, BK)
    cols = tl.cdiv(N, BN)
    while begin < end:
        tile = begin // per_tile
        stop = min(end, (tile + 1) * per_tile)
        m = tile // cols * BM + tl.arange(0, BM)
        n = tile % cols * BN + tl.arange(0, BN)
        k = (begin % per_tile) * BK + tl.arange(0, BK)
        a = A + m[:, None] * K + k[None, :]
        b = B + k[:, None] * N + n[None, :]
        acc = tl.zeros([BM, BN], tl.float32)
        for _ in range(begin, stop):
            acc = tl.dot(tl.load(a), tl.load(b), acc)
            a += BK
            b += BK * N
        c = C + m[:, None] * N + n[None, :]
        if begin % per_tile == 0 and stop % per_tile == 0:
            tl.store(c, acc)
        else:
            tl.atomic_add(c, acc, sem="relaxed")
        begin = stop


@case(
    dict(M=1536, N=1792, K=4096, dtype=f16, tile=(128, 128, 32), warps=8, programs=132),
    dict(M=1024, N=1280, K=8192, dtype=bf16, tile=(128, 128, 64), warps=4, programs=132),
    small=dict(M=32, N=48, K=64, dtype=f16, tile=(16, 16, 16), warps=1, programs=5),
)
def matmul_stream_k(data, M, N, K, dtype, tile, warps, programs):
    a, b, c = data.randn(M, K, dtype=dtype), data.randn(K, N, dtype=dtype), data.zeros(M, N)
    BM, BN, BK = tile
    steps = M // BM * (N // BN) * (K // BK)
    args = a, b, c, M, N, K, steps // programs, steps % programs
    launch = Launch(stream_k_kernel, (programs,), *args, BM=BM, BN=BN, BK=BK, num_warps=warps, num_stages=3)
    return Work(launch, lambda: (c, a.double() @ b.double()), reset=c.zero_)


@triton.jit
def persistent_matmul_kernel(
    A, B, C, M, N, K, sam, sbn,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, PROGRAMS: tl.constexpr,
):  # fmt: skip
    rows, cols, steps = tl.cdiv(M, BM), tl.cdiv(N, BN), tl.cdiv(K, BK)
    for tile in tl.range(tl.program_id(0), rows * cols, PROGRAMS, flatten=True):
        pm, pn = tile_order(tile, rows, cols, 8)
        m = pm * BM + tl.arange(0, BM)
        n = pn * BN + tl.arange(0, BN)
        am = tl.max_contiguous(tl.multiple_of(tl.where(m < M, m, 0), BM), BM)
        bn = tl.max_contiguous(tl.multiple_of(tl.where(n < N, n, 0), BN), BN)
        acc = tl.zeros([BM, BN], tl.float32)
        for step in range(steps):
            k = step * BK + tl.arange(0, BK)
            x = tl.load(A + am[:, None] * sam + k[None, :], mask=k[None, :] < K, other=0.0)
            y = tl.load(B + bn[None, :] * sbn + k[:, None], mask=k[:, None] < K, other=0.0)
            acc = tl.dot(x, y, acc)
        tl.store(C + m[:, None] * N + n[None, :], acc.to(C.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


@case(
    dict(M=4096, N=4096, K=2048, dtype=bf16, tile=(128, 256, 64), warps=8, programs=132),
    dict(M=8192, N=2048, K=1024, dtype=f16, tile=(128, 128, 64), warps=4, programs=264),
    small=dict(M=40, N=48, K=72, dtype=f16, tile=(16, 32, 32), warps=2, programs=3),
)
def matmul_persistent(data, M, N, K, dtype, tile, warps, programs):
    a, b, c = data.randn(M, K, dtype=dtype), data.randn(N, K, dtype=dtype), data.empty(M, N, dtype=dtype)
    BM, BN, BK = tile
    launch = Launch(
        persistent_matmul_kernel, (programs,), a, b, c, M, N, K, K, K,
        BM=BM, BN=BN, BK=BK, PROGRAMS=programs, num_warps=warps, num_stages=3,
    )  # fmt: skip
    return Work(launch, lambda: (c[:512], a[:512].double() @ b.double().T))


@triton.jit
def swiglu_matmul_kernel(
    X, Gate, Up, Y, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Two products with the same left operand, and a gated activation of both."""
    pm, pn = tile_order(tl.program_id(0), tl.cdiv(M, BM), tl.cdiv(N, BN), 8)
    m = pm * BM + tl.arange(0, BM)
    n = pn * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    x = X + m[:, None] * K + k[None, :]
    w = k[:, None] + n[None, :] * K
    gate = tl.zeros([BM, BN], tl.float32)
    up = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        t = tl.load(x, mask=m[:, None] < M, other=0.0)
        gate = tl.dot(t, tl.load(Gate + w + k0), gate)
        up = tl.dot(t, tl.load(Up + w + k0), up)
        x += BK
    y = gate * tl.sigmoid(gate) * up
    tl.store(Y + m[:, None] * N + n[None, :], y.to(Y.dtype.element_ty), mask=m[:, None] < M)


@case(
    dict(M=4096, N=4096, K=2048, dtype=bf16, tile=(128, 128, 64), warps=8),
    dict(M=2048, N=5632, K=2048, dtype=f16, tile=(64, 64, 32), warps=4),
    small=dict(M=40, N=64, K=64, dtype=f16, tile=(32, 32, 32), warps=2),
)
def matmul_swiglu(data, M, N, K, dtype, tile, warps):
    x, y = data.randn(M, K, dtype=dtype), data.empty(M, N, dtype=dtype)
    gate, up = (data.randn(N, K, dtype=dtype, scale=K**-0.5) for _ in range(2))
    BM, BN, BK = tile
    grid = (cdiv(M, BM) * cdiv(N, BN),)
    launch = Launch(swiglu_matmul_kernel, grid, x, gate, up, y, M, N, K, BM=BM, BN=BN, BK=BK, num_warps=warps)

    def check():
        t = x[:512].double()
        return y[:512], torch.nn.functional.silu(t @ gate.double().T) * (t @ up.double().T)

    return Work(launch, check)


@triton.jit
def gemv_kernel(W, X, Y, N, K, BN: tl.constexpr, BK: tl.constexpr):
    n = tl.program_id(0) * BN + tl.arange(0, BN)
    acc = tl.zeros([BN, BK], tl.float32)
    for k0 in range(0, K, BK):
        k = k0 + tl.arange(0, BK)
        w = tl.load(W + n[:, None] * K + k[None, :], mask=(n[:, None] < N) & (k[None, :] < K), other=0.0)
        x = tl.load(X + k, mask=k < K, other=0.0)
        acc += w.to(tl.float32) * x.to(tl.float32)[None, :]
    tl.store(Y + n, tl.sum(acc, axis=1).to(Y.dtype.element_ty), mask=n < N)


@case(
    dict(N=8192, K=8192, dtype=bf16, tile=(8, 512), warps=4),
    dict(N=32000, K=4096, dtype=f16, tile=(16, 256), warps=4),
    small=dict(N=19, K=70, dtype=f16, tile=(8, 32), warps=2),
)
def gemv(data, N, K, dtype, tile, warps):
    w, x, y = data.randn(N, K, dtype=dtype), data.randn(K, dtype=dtype), data.empty(N, dtype=dtype)
    launch = Launch(gemv_kernel, (cdiv(N, tile[0]),), w, x, y, N, K, BN=tile[0], BK=tile[1], num_warps=warps)
    return Work(launch, lambda: (y, w.double() @ x.double()))


@triton.jit
def low_rank_kernel(
    X, A, B, Y, M, N, K, scale, RANK: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr
):
    """y += scale * (x a) b, with a rank so small that x a stays in registers."""
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    r = tl.arange(0, RANK)
    k = tl.arange(0, BK)
    inner = tl.zeros([BM, RANK], tl.float32)
    for k0 in range(0, K, BK):
        x = tl.load(X + m[:, None] * K + (k0 + k)[None, :], mask=m[:, None] < M, other=0.0)
        inner = tl.dot(x, tl.load(A + (k0 + k)[:, None] * RANK + r[None, :]), inner)
    inner = (inner * scale).to(X.dtype.element_ty)
    for n0 in range(0, N, BN):
        n = n0 + tl.arange(0, BN)
        y = Y + m[:, None] * N + n[None, :]
        change = tl.dot(inner, tl.load(B + r[:, None] * N + n[None, :]))
        old = tl.load(y, mask=m[:, None] < M, other=0.0)
        tl.store(y, (old + change).to(Y.dtype.element_ty), mask=m[:, None] < M)


@case(
    dict(M=8192, N=4096, K=4096, rank=16, dtype=bf16, tile=(64, 128, 64)),
    dict(M=16384, N=2048, K=2048, rank=64, dtype=f16, tile=(64, 64, 64)),
    small=dict(M=40, N=64, K=64, rank=16, dtype=f16, tile=(16, 32, 32)),
)
def low_rank(data, M, N, K, rank, dtype, tile):
    x, a = data.randn(M, K, dtype=dtype), data.randn(K, rank, dtype=dtype, scale=K**-0.5)
    b, before = data.randn(rank, N, dtype=dtype, scale=1 / 256), data.randn(M, N, dtype=dtype)
    y = before.clone()
    grid, (BM, BN, BK) = (cdiv(M, tile[0]),), tile
    launch = Launch(low_rank_kernel, grid, x, a, b, y, M, N, K, 0.5, RANK=rank, BM=BM, BN=BN, BK=BK, num_warps=4)
    want = lambda: before.double() + 0.5 * (x.double() @ a.double()) @ b.double()
    return Work(launch, lambda: (y, want()), reset=lambda: y.copy_(before))


@triton.jit
def gram_kernel(X, Y, N, K, BN: tl.constexpr, BK: tl.constexpr):
    """x x^T: only tiles on and below the diagonal are computed, each stored on both sides."""
    i, j = tl.program_id(0), tl.program_id(1)
    if j > i:
        return
    r = i * BN + tl.arange(0, BN)
    c = j * BN + tl.arange(0, BN)
    acc = tl.zeros([BN, BN], tl.float32)
    for k0 in range(0, K, BK):
        k = k0 + tl.arange(0, BK)
        x = tl.load(X + r[:, None] * K + k[None, :])
        y = tl.load(X + c[:, None] * K + k[None, :])
        acc = tl.dot(x, y.T, acc)
    out = acc.to(Y.dtype.element_ty)
    tl.store(Y + r[:, None] * N + c[None, :], out)
    if i != j:
        tl.store(Y + c[:, None] * N + r[None, :], out.T)


@case(
    dict(N=4096, K=4096, dtype=bf16, tile=(128, 64), warps=8),
    dict(N=2048, K=8192, dtype=f16, tile=(128, 64), warps=4),
    small=dict(N=64, K=64, dtype=f16, tile=(32, 32), warps=2),
)
def gram(data, N, K, dtype, tile, warps):
    x, y = data.randn(N, K, dtype=dtype), data.empty(N, N, dtype=dtype)
    grid = N // tile[0], N // tile[0]
    launch = Launch(gram_kernel, grid, x, y, N, K, BN=tile[0], BK=tile[1], num_warps=warps)
    return Work(launch, lambda: (y, x.double() @ x.double().T))
