"""Sparse matrices and convolutions."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32


@triton.jit
def block_sparse_kernel(
    Values, Starts, Columns, B, C, N, BM: tl.constexpr, BK: tl.constexpr, BN: tl.constexpr,
):  # fmt: skip
    """A's blocks of BMxBK lie one after the other; Columns says where each stands in its row of blocks."""
    row = tl.program_id(0)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    m = tl.arange(0, BM)
    k = tl.arange(0, BK)
    acc = tl.zeros([BM, BN], tl.float32)
    for block in range(tl.load(Starts + row), tl.load(Starts + row + 1)):
        column = tl.load(Columns + block)
        a = tl.load(Values + block * BM * BK + m[:, None] * BK + k[None, :])
        b = tl.load(B + (column * BK + k)[:, None] * N + n[None, :])
        acc = tl.dot(a, b, acc)
    tl.store(C + (row * BM + m)[:, None] * N + n[None, :], acc.to(C.dtype.element_ty))


def sparse_pattern(data, rows, columns, per_row):
    """`per_row` columns of each row, in order: starts, columns, and the same as a (rows, per_row) tensor."""
    picked = torch.sort(torch.argsort(data.rand(rows, columns), 1)[:, :per_row], 1).values
    return data.arange(0, rows * per_row + 1, per_row, dtype=i32), picked.flatten().to(i32), picked


@case(
    dict(rows=64, columns=128, per_row=32, N=4096, dtype=f16, tile=(64, 32, 128), warps=4),
    dict(rows=32, columns=64, per_row=16, N=4096, dtype=bf16, tile=(128, 64, 128), warps=8),
    small=dict(rows=3, columns=4, per_row=2, N=64, dtype=f16, tile=(16, 16, 32), warps=1),
)
def block_sparse_matmul(data, rows, columns, per_row, N, dtype, tile, warps):
    BM, BK, BN = tile
    starts, flat, picked = sparse_pattern(data, rows, columns, per_row)
    values, b = data.randn(rows * per_row, BM, BK, dtype=dtype), data.randn(columns * BK, N, dtype=dtype)
    c, grid = data.empty(rows * BM, N, dtype=dtype), (rows, N // BN)
    launch = Launch(block_sparse_kernel, grid, values, starts, flat, b, c, N, BM=BM, BK=BK, BN=BN, num_warps=warps)

    def check():
        blocks = b.reshape(columns, BK, N)[picked[0]].double()
        return c[:BM], (values[:per_row].double() @ blocks).sum(0)

    return Work(launch, check)


@triton.jit
def csr_matmul_kernel(Values, Starts, Columns, B, C, N, BE: tl.constexpr, BN: tl.constexpr):
    """A row of a sparse matrix of single elements: rows of B are gathered, scaled and added."""
    row = tl.program_id(0)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    begin = tl.load(Starts + row)
    end = tl.load(Starts + row + 1)
    acc = tl.zeros([BN], tl.float32)
    for start in range(begin, end, BE):
        e = start + tl.arange(0, BE)
        column = tl.load(Columns + e, mask=e < end, other=0)
        value = tl.load(Values + e, mask=e < end, other=0.0).to(tl.float32)
        b = tl.load(B + column[:, None] * N + n[None, :], mask=(e < end)[:, None], other=0.0).to(tl.float32)
        acc += tl.sum(value[:, None] * b, axis=0)
    tl.store(C + row * N + n, acc.to(C.dtype.element_ty))


@case(
    dict(rows=32768, columns=32768, per_row=32, N=128, dtype=f32, tile=(8, 128), warps=2),
    dict(rows=16384, columns=16384, per_row=48, N=256, dtype=f16, tile=(16, 256), warps=4),
    small=dict(rows=5, columns=20, per_row=6, N=32, dtype=f32, tile=(4, 32), warps=1),
)
def csr_matmul(data, rows, columns, per_row, N, dtype, tile, warps):
    starts = data.arange(0, rows * per_row + 1, per_row, dtype=i32)
    flat = data.randint(0, columns, rows * per_row, dtype=i32)
    values, b = data.randn(rows * per_row, dtype=dtype), data.randn(columns, N, dtype=dtype)
    c, grid = data.empty(rows, N, dtype=dtype), (rows, N // tile[1])
    launch = Launch(csr_matmul_kernel, grid, values, starts, flat, b, c, N, BE=tile[0], BN=tile[1], num_warps=warps)

    def check():
        part = slice(0, min(rows, 256) * per_row)
        terms = values[part].double()[:, None] * b[flat[part].long()].double()
        return c[:256], terms.reshape(-1, per_row, N).sum(1)

    return Work(launch, check)


@triton.jit
def sampled_matmul_kernel(A, B, Rows, Columns, Out, count, K, BE: tl.constexpr, BK: tl.constexpr):
    """Only some elements of a product, named by row and column."""
    e = tl.program_id(0) * BE + tl.arange(0, BE)
    m = e < count
    row = tl.load(Rows + e, mask=m, other=0)
    column = tl.load(Columns + e, mask=m, other=0)
    acc = tl.zeros([BE], tl.float32)
    for k0 in range(0, K, BK):
        k = k0 + tl.arange(0, BK)
        a = tl.load(A + row[:, None] * K + k[None, :])
        b = tl.load(B + column[:, None] * K + k[None, :])
        acc += tl.sum(a.to(tl.float32) * b.to(tl.float32), axis=1)
    tl.store(Out + e, acc, mask=m)


@case(
    dict(rows=16384, count=1 << 20, K=128, dtype=f16, tile=(32, 64), warps=4),
    dict(rows=8192, count=1 << 19, K=256, dtype=f32, tile=(16, 64), warps=4),
    small=dict(rows=9, count=50, K=32, dtype=f32, tile=(8, 16), warps=1),
)
def sampled_matmul(data, rows, count, K, dtype, tile, warps):
    a, b, out = data.randn(rows, K, dtype=dtype), data.randn(rows, K, dtype=dtype), data.empty(count)
    r, c = data.randint(0, rows, count, dtype=i32), data.randint(0, rows, count, dtype=i32)
    grid = (cdiv(count, tile[0]),)
    launch = Launch(sampled_matmul_kernel, grid, a, b, r, c, out, count, K, BE=tile[0], BK=tile[1], num_warps=warps)
    return Work(launch, lambda: (out[:4096], (a[r[:4096].long()].double() * b[c[:4096].long()].double()).sum(1)))


@triton.jit
def conv3x3_kernel(
    X, W, Y, batch, H, WIDTH, CIN: tl.constexpr, COUT, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """3x3 with padding, channels last, as a product: rows are positions, the sum goes over taps and channels."""
    p = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    x = p % WIDTH
    y = p // WIDTH % H
    b = p // (WIDTH * H)
    k = tl.arange(0, BK)
    acc = tl.zeros([BM, BN], tl.float32)
    for step in range(9 * (CIN // BK)):
        tap = step // (CIN // BK)
        c = step % (CIN // BK) * BK + k
        yy = y + tap // 3 - 1
        xx = x + tap % 3 - 1
        inside = (b < batch) & (yy >= 0) & (yy < H) & (xx >= 0) & (xx < WIDTH)
        a = tl.load(X + ((b * H + yy) * WIDTH + xx)[:, None] * CIN + c[None, :], mask=inside[:, None], other=0.0)
        w = tl.load(W + (tap * CIN + c)[:, None] * COUT + n[None, :], mask=n[None, :] < COUT, other=0.0)
        acc = tl.dot(a, w, acc)
    m = (p[:, None] < batch * H * WIDTH) & (n[None, :] < COUT)
    tl.store(Y + p[:, None] * COUT + n[None, :], acc.to(Y.dtype.element_ty), mask=m)


@case(
    dict(batch=16, h=56, w=56, cin=64, cout=64, dtype=f16, tile=(128, 64, 32), warps=4),
    dict(batch=16, h=28, w=28, cin=128, cout=256, dtype=bf16, tile=(64, 128, 64), warps=4),
    dict(batch=8, h=32, w=32, cin=256, cout=256, dtype=f16, tile=(128, 128, 32), warps=8),
    small=dict(batch=1, h=5, w=7, cin=32, cout=40, dtype=f16, tile=(16, 32, 16), warps=2),
)
def conv3x3(data, batch, h, w, cin, cout, dtype, tile, warps):
    x, weight = (
        data.randn(batch, h, w, cin, dtype=dtype),
        data.randn(3, 3, cin, cout, dtype=dtype, scale=(9 * cin) ** -0.5),
    )
    y, (BM, BN, BK) = data.empty(batch, h, w, cout, dtype=dtype), tile
    grid = cdiv(batch * h * w, BM), cdiv(cout, BN)
    args = x, weight, y, batch, h, w
    launch = Launch(conv3x3_kernel, grid, *args, CIN=cin, COUT=cout, BM=BM, BN=BN, BK=BK, num_warps=warps, num_stages=3)

    def check():
        want = torch.nn.functional.conv2d(
            x[:2].double().permute(0, 3, 1, 2), weight.double().permute(3, 2, 0, 1), padding=1
        )
        return y[:2], want.permute(0, 2, 3, 1)

    return Work(launch, check)


@triton.jit
def conv1d_kernel(X, W, Bias, Y, seq, channels, TAPS: tl.constexpr, BT: tl.constexpr, BC: tl.constexpr):
    """Causal, a filter per channel, followed by SiLU: (batch, seq, channels)."""
    b = tl.program_id(2).to(tl.int64)
    t = tl.program_id(0) * BT + tl.arange(0, BT)
    c = tl.program_id(1) * BC + tl.arange(0, BC)
    acc = tl.zeros([BT, BC], tl.float32) + tl.load(Bias + c, mask=c < channels, other=0.0).to(tl.float32)[None, :]
    for tap in tl.static_range(TAPS):
        tt = t - (TAPS - 1) + tap
        m = (tt[:, None] >= 0) & (tt[:, None] < seq) & (c[None, :] < channels)
        x = tl.load(X + (b * seq + tt[:, None]) * channels + c[None, :], mask=m, other=0.0).to(tl.float32)
        acc += x * tl.load(W + tap * channels + c, mask=c < channels, other=0.0).to(tl.float32)[None, :]
    m = (t[:, None] < seq) & (c[None, :] < channels)
    tl.store(Y + (b * seq + t[:, None]) * channels + c[None, :], (acc * tl.sigmoid(acc)).to(Y.dtype.element_ty), mask=m)


@case(
    dict(batch=8, seq=4096, channels=2048, taps=4, dtype=bf16, tile=(32, 128)),
    dict(batch=4, seq=2048, channels=1536, taps=4, dtype=f32, tile=(16, 128)),
    small=dict(batch=2, seq=20, channels=24, taps=4, dtype=f32, tile=(8, 16)),
)
def conv1d_causal(data, batch, seq, channels, taps, dtype, tile):
    x, w, bias = (
        data.randn(batch, seq, channels, dtype=dtype),
        data.randn(taps, channels, dtype=dtype),
        data.randn(channels, dtype=dtype),
    )
    y, grid = data.empty(batch, seq, channels, dtype=dtype), (cdiv(seq, tile[0]), cdiv(channels, tile[1]), batch)
    launch = Launch(conv1d_kernel, grid, x, w, bias, y, seq, channels, TAPS=taps, BT=tile[0], BC=tile[1], num_warps=4)

    def check():
        padded = torch.nn.functional.pad(x[:1].double().transpose(1, 2), (taps - 1, 0))
        want = torch.nn.functional.conv1d(padded, w.double().T[:, None], bias.double(), groups=channels)
        return y[:1], torch.nn.functional.silu(want).transpose(1, 2)

    return Work(launch, check)
