"""Quantization, and matrix products of quantized operands: int8, int4 weights, scaled fp8."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f8, f16, f32, i8, i32, next_power_of_2


@triton.jit
def int8_matmul_kernel(
    A, B, C, ScaleA, ScaleB, M, N, K, sam, sbk, sbn, scm,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """A scale per row of A and per column of B."""
    cols = tl.cdiv(N, BN)
    m = tl.program_id(0) // cols * BM + tl.arange(0, BM)
    n = tl.program_id(0) % cols * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    a = A + (m % M)[:, None] * sam + k[None, :]
    b = B + k[:, None] * sbk + (n % N)[None, :] * sbn
    acc = tl.zeros([BM, BN], tl.int32)
    for k0 in range(0, K, BK):
        x = tl.load(a, mask=k[None, :] < K - k0, other=0)
        y = tl.load(b, mask=k[:, None] < K - k0, other=0)
        acc = tl.dot(x, y, acc, out_dtype=tl.int32)
        a += BK
        b += BK * sbk
    sa = tl.load(ScaleA + m, mask=m < M, other=0.0)
    sb = tl.load(ScaleB + n, mask=n < N, other=0.0)
    c = acc.to(tl.float32) * sa[:, None] * sb[None, :]
    tl.store(C + m[:, None] * scm + n[None, :], c.to(C.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


@case(
    dict(M=4096, N=4096, K=4096, layout="nt", tile=(128, 128, 128), warps=8, stages=3),
    dict(M=4096, N=4096, K=4096, layout="nn", tile=(128, 128, 64), warps=4, stages=3),
    dict(M=32, N=8192, K=4096, layout="nt", tile=(32, 64, 128), warps=4, stages=4),
    small=dict(M=40, N=48, K=70, layout="nt", tile=(32, 32, 32), warps=2, stages=2),
)
def matmul_int8(data, M, N, K, layout, tile, warps, stages):
    a = data.randint(-127, 128, M, K, dtype=i8)
    b = data.randint(-127, 128, N, K, dtype=i8).T if layout == "nt" else data.randint(-127, 128, K, N, dtype=i8)
    sa, sb, c = data.rand(M), data.rand(N), data.empty(M, N, dtype=bf16)
    (BM, BN, BK), grid = tile, (cdiv(M, tile[0]) * cdiv(N, tile[1]),)
    args = a, b, c, sa, sb, M, N, K, K, *b.stride(), N
    launch = Launch(int8_matmul_kernel, grid, *args, BM=BM, BN=BN, BK=BK, num_warps=warps, num_stages=stages)
    want = lambda: (a[:256].double() @ b.double()) * sa[:256, None].double() * sb.double()
    return Work(launch, lambda: (c[:256], want()))


@triton.jit
def int4_matmul_kernel(
    A, B, C, Scales, Zeros, M, N, K,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr,
):  # fmt: skip
    """Eight 4-bit weights in each 32-bit word along K; a scale and a zero point for every GROUP rows of B."""
    cols = tl.cdiv(N, BN)
    m = tl.program_id(0) // cols * BM + tl.arange(0, BM)
    n = tl.program_id(0) % cols * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    a = A + m[:, None] * K + k[None, :]
    b = B + (k[:, None] // 8) * N + n[None, :]
    shift = (k % 8) * 4
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        x = tl.load(a, mask=m[:, None] < M, other=0.0)
        packed = tl.load(b)
        group = k0 // GROUP
        scale = tl.load(Scales + group * N + n)
        zero = tl.load(Zeros + group * N + n)
        w = ((packed >> shift[:, None]) & 15).to(tl.float32) - zero.to(tl.float32)[None, :]
        acc = tl.dot(x, (w * scale.to(tl.float32)[None, :]).to(x.dtype), acc)
        a += BK
        b += BK // 8 * N
    tl.store(C + m[:, None] * N + n[None, :], acc.to(C.dtype.element_ty), mask=m[:, None] < M)


@case(
    dict(M=16, N=8192, K=8192, dtype=f16, group=128, tile=(16, 64, 128), warps=4),
    dict(M=1024, N=4096, K=4096, dtype=f16, group=128, tile=(64, 128, 64), warps=4),
    dict(M=2048, N=4096, K=4096, dtype=bf16, group=64, tile=(128, 128, 64), warps=8),
    small=dict(M=20, N=64, K=64, dtype=f16, group=32, tile=(16, 32, 32), warps=2),
    tolerance=3e-2,
)
def matmul_int4(data, M, N, K, dtype, group, tile, warps):
    a, c = data.randn(M, K, dtype=dtype), data.empty(M, N, dtype=dtype)
    b = data.randint(-(1 << 31), 1 << 31, K // 8, N, dtype=i32)
    scales, zeros = data.rand(K // group, N, dtype=dtype), data.randint(0, 16, K // group, N, dtype=i8)
    (BM, BN, BK), grid = tile, (cdiv(M, tile[0]) * cdiv(N, tile[1]),)
    args = a, b, c, scales, zeros, M, N, K
    launch = Launch(int4_matmul_kernel, grid, *args, BM=BM, BN=BN, BK=BK, GROUP=group, num_warps=warps, num_stages=3)

    def check():
        nibbles = torch.stack([(b >> (4 * i)) & 15 for i in range(8)], 1).reshape(K, N).double()
        w = (nibbles - zeros.double().repeat_interleave(group, 0)) * scales.double().repeat_interleave(group, 0)
        return c[:256], a[:256].double() @ w

    return Work(launch, check)


@triton.jit
def int8_weight_matmul_kernel(
    A, B, C, Scale, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """16-bit activations, 8-bit weights that are widened before the product, a scale per column after it."""
    cols = tl.cdiv(N, BN)
    m = tl.program_id(0) // cols * BM + tl.arange(0, BM)
    n = tl.program_id(0) % cols * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        x = tl.load(A + m[:, None] * K + (k0 + k)[None, :], mask=m[:, None] < M, other=0.0)
        w = tl.load(B + n[None, :] * K + (k0 + k)[:, None])
        acc = tl.dot(x, w.to(x.dtype), acc)
    acc *= tl.load(Scale + n)[None, :]
    tl.store(C + m[:, None] * N + n[None, :], acc.to(C.dtype.element_ty), mask=m[:, None] < M)


@case(
    dict(M=32, N=8192, K=8192, dtype=bf16, tile=(32, 64, 128), warps=4),
    dict(M=2048, N=4096, K=4096, dtype=f16, tile=(128, 128, 64), warps=8),
    small=dict(M=20, N=64, K=64, dtype=f16, tile=(16, 32, 32), warps=2),
)
def matmul_int8_weights(data, M, N, K, dtype, tile, warps):
    a, b = data.randn(M, K, dtype=dtype), data.randint(-127, 128, N, K, dtype=i8)
    scale, c = data.rand(N, high=0.01), data.empty(M, N, dtype=dtype)
    (BM, BN, BK), grid = tile, (cdiv(M, tile[0]) * cdiv(N, tile[1]),)
    launch = Launch(int8_weight_matmul_kernel, grid, a, b, c, scale, M, N, K, BM=BM, BN=BN, BK=BK, num_warps=warps)
    return Work(launch, lambda: (c[:256], a[:256].double() @ b.double().T * scale.double()))


@triton.jit
def fp8_block_matmul_kernel(
    A, B, C, ScaleA, ScaleB, M, N, K,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr,
):  # fmt: skip
    """A scale for 1xGROUP pieces of A and GROUPxGROUP blocks of B, applied to each step's product."""
    cols = tl.cdiv(N, BN)
    m = tl.program_id(0) // cols * BM + tl.arange(0, BM)
    n = tl.program_id(0) % cols * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    a = A + (m % M)[:, None] * K + k[None, :]
    b = B + (n % N)[None, :] * K + k[:, None]
    sa = ScaleA + (m % M) * (K // GROUP)
    sb = ScaleB + (n // GROUP) * (K // GROUP)
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        part = tl.dot(tl.load(a), tl.load(b))
        acc += part * tl.load(sa + k0 // GROUP)[:, None] * tl.load(sb + k0 // GROUP)[None, :]
        a += BK
        b += BK
    tl.store(C + m[:, None] * N + n[None, :], acc.to(C.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


@case(
    dict(M=4096, N=4096, K=4096, group=128, tile=(128, 128, 128), warps=8, stages=3),
    dict(M=1024, N=7168, K=2048, group=128, tile=(64, 128, 128), warps=4, stages=3),
    small=dict(M=20, N=64, K=64, group=32, tile=(16, 32, 32), warps=2, stages=2),
    tolerance=1e-2,
)
def matmul_fp8_blocks(data, M, N, K, group, tile, warps, stages):
    a, b, c = data.randn(M, K, dtype=f8), data.randn(N, K, dtype=f8), data.empty(M, N, dtype=bf16)
    sa, sb = data.rand(M, K // group), data.rand(N // group, K // group)
    (BM, BN, BK), grid = tile, (cdiv(M, tile[0]) * cdiv(N, tile[1]),)
    args = a, b, c, sa, sb, M, N, K
    launch = Launch(
        fp8_block_matmul_kernel, grid, *args, BM=BM, BN=BN, BK=BK, GROUP=group, num_warps=warps, num_stages=stages
    )

    def check():
        wide = lambda s, *axes: s.double().repeat_interleave(group, axes[0]) if len(axes) == 1 else wide(wide(s, 0), 1)
        x = a[:256].float().double() * wide(sa[:256], 1)
        return c[:256], x @ (b.float().double() * wide(sb, 0, 1)).T

    return Work(launch, check)


@triton.jit
def fp8_row_matmul_kernel(
    A, B, C, ScaleA, ScaleB, Bias, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    cols = tl.cdiv(N, BN)
    m = tl.program_id(0) // cols * BM + tl.arange(0, BM)
    n = tl.program_id(0) % cols * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros([BM, BN], tl.float32)
    for k0 in range(0, K, BK):
        x = tl.load(A + m[:, None] * K + (k0 + k)[None, :], mask=m[:, None] < M, other=0.0)
        y = tl.load(B + n[None, :] * K + (k0 + k)[:, None], mask=n[None, :] < N, other=0.0)
        acc = tl.dot(x, y, acc)
    acc *= tl.load(ScaleA + m, mask=m < M, other=0.0)[:, None] * tl.load(ScaleB + n, mask=n < N, other=0.0)[None, :]
    acc += tl.load(Bias + n, mask=n < N, other=0.0).to(tl.float32)[None, :]
    tl.store(C + m[:, None] * N + n[None, :], acc.to(C.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


@case(
    dict(M=4096, N=4096, K=4096, tile=(128, 256, 128), warps=8),
    dict(M=2048, N=8192, K=2048, tile=(64, 128, 128), warps=4),
    dict(M=16, N=8192, K=8192, tile=(16, 128, 128), warps=4),
    small=dict(M=20, N=48, K=64, tile=(16, 32, 32), warps=2),
    tolerance=1e-2,
)
def matmul_fp8_rows(data, M, N, K, tile, warps):
    a, b, c = data.randn(M, K, dtype=f8), data.randn(N, K, dtype=f8), data.empty(M, N, dtype=bf16)
    sa, sb, bias = data.rand(M), data.rand(N), data.randn(N, dtype=bf16)
    (BM, BN, BK), grid = tile, (cdiv(M, tile[0]) * cdiv(N, tile[1]),)
    args = a, b, c, sa, sb, bias, M, N, K
    launch = Launch(fp8_row_matmul_kernel, grid, *args, BM=BM, BN=BN, BK=BK, num_warps=warps, num_stages=3)

    def check():
        product = a[:256].float().double() @ b.float().double().T
        return c[:256], product * sa[:256, None].double() * sb.double() + bias.double()

    return Work(launch, check)


@triton.jit
def quantize_rows_kernel(X, Q, Scale, cols, BLOCK: tl.constexpr):
    """Each row to int8 by its largest element."""
    row = tl.program_id(0).to(tl.int64)
    c = tl.arange(0, BLOCK)
    x = tl.load(X + row * cols + c, mask=c < cols, other=0.0).to(tl.float32)
    scale = tl.maximum(tl.max(tl.abs(x), axis=0), 1e-8) / 127.0
    q = x / scale
    q = tl.where(q >= 0, q + 0.5, q - 0.5)
    tl.store(Q + row * cols + c, q.to(tl.int8), mask=c < cols)
    tl.store(Scale + row, scale)


@case(
    dict(rows=16384, cols=4096, dtype=bf16, warps=8),
    dict(rows=8192, cols=11008, dtype=f16, warps=16),
    small=dict(rows=3, cols=100, dtype=f32, warps=2),
)
def quantize_rows(data, rows, cols, dtype, warps):
    x, q, scale = data.randn(rows, cols, dtype=dtype), data.empty(rows, cols, dtype=i8), data.empty(rows)
    launch = Launch(quantize_rows_kernel, (rows,), x, q, scale, cols, BLOCK=next_power_of_2(cols), num_warps=warps)

    def check():
        want = x.double().abs().amax(1) / 127
        return [(scale, want), (q, (x.double() / want[:, None]).round())]

    return Work(launch, check)


@triton.jit
def quantize_blocks_kernel(X, Q, Scale, n, GROUP: tl.constexpr, BR: tl.constexpr):
    """Pieces of GROUP elements to fp8, each with a scale."""
    r = tl.program_id(0).to(tl.int64) * BR + tl.arange(0, BR)
    at = r[:, None] * GROUP + tl.arange(0, GROUP)[None, :]
    x = tl.load(X + at, mask=at < n, other=0.0).to(tl.float32)
    scale = tl.maximum(tl.max(tl.abs(x), axis=1), 1e-6) / 448.0
    tl.store(Q + at, (x / scale[:, None]).to(Q.dtype.element_ty), mask=at < n)
    tl.store(Scale + r, scale, mask=r * GROUP < n)


@case(
    dict(n=16384 * 7168, group=128, dtype=bf16, block=16),
    dict(n=8192 * 4096, group=64, dtype=f16, block=32),
    small=dict(n=640, group=32, dtype=f32, block=8),
    tolerance=5e-2,
)
def quantize_blocks(data, n, group, dtype, block):
    x, q, scale = data.randn(n, dtype=dtype), data.empty(n, dtype=f8), data.empty(n // group)
    launch = Launch(
        quantize_blocks_kernel, (cdiv(n, group * block),), x, q, scale, n, GROUP=group, BR=block, num_warps=4
    )

    def check():
        want = x.double().reshape(-1, group).abs().amax(1) / 448
        return [(scale, want), (q.float() * scale.repeat_interleave(group), x)]

    return Work(launch, check)


@triton.jit
def dequantize_int4_kernel(Packed, Scale, Out, n, GROUP: tl.constexpr, BLOCK: tl.constexpr):
    """Two signed 4-bit values of a byte, put next to each other."""
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    b = tl.load(Packed + i, mask=i * 2 < n, other=0)
    low = ((b << 4).to(tl.int8) >> 4).to(tl.float32)
    high = (b >> 4).to(tl.float32)
    scale = tl.load(Scale + (i * 2) // GROUP, mask=i * 2 < n, other=0.0).to(tl.float32)
    both = tl.interleave(low * scale, high * scale)
    o = tl.program_id(0) * BLOCK * 2 + tl.arange(0, BLOCK * 2)
    tl.store(Out + o, both.to(Out.dtype.element_ty), mask=o < n)


@case(
    dict(n=8192 * 8192, group=128, dtype=f16, block=1024),
    dict(n=4096 * 4096, group=32, dtype=bf16, block=512),
    small=dict(n=640, group=32, dtype=f32, block=64),
    tolerance=1e-2,
)
def dequantize_int4(data, n, group, dtype, block):
    packed, scale = data.randint(-128, 128, n // 2, dtype=i8), data.rand(n // group, dtype=dtype)
    out = data.empty(n, dtype=dtype)
    launch = Launch(
        dequantize_int4_kernel, (cdiv(n, 2 * block),), packed, scale, out, n, GROUP=group, BLOCK=block, num_warps=4
    )

    def check():
        low = ((packed & 15) ^ 8) - 8
        both = torch.stack([low, packed >> 4], 1).flatten().double()
        return out, both * scale.double().repeat_interleave(group)

    return Work(launch, check)
