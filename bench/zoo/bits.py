"""Bits and complex numbers: distances by counting bits, compaction, tables of sixteen, Fourier transforms of rows."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32, i32


@triton.jit
def popcount(x):
    x = x - ((x >> 1) & 0x55555555)
    x = (x & 0x33333333) + ((x >> 2) & 0x33333333)
    x = (x + (x >> 4)) & 0x0F0F0F0F
    return (x * 0x01010101) >> 24


@triton.jit
def hamming_kernel(a_ptr, b_ptr, out_ptr, M, N, WORDS: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr):
    r = tl.program_id(0) * BM + tl.arange(0, BM)
    c = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros([BM, BN], tl.uint32)
    for w in range(WORDS):
        a = tl.load(a_ptr + r * WORDS + w, mask=r < M, other=0).to(tl.uint32, bitcast=True)
        b = tl.load(b_ptr + c * WORDS + w, mask=c < N, other=0).to(tl.uint32, bitcast=True)
        acc += popcount(a[:, None] ^ b[None, :])
    tl.store(out_ptr + r[:, None] * N + c[None, :], acc.to(tl.int32), mask=(r[:, None] < M) & (c[None, :] < N))


@case(
    dict(m=4096, n=4096, words=8, tile=(32, 64)),
    small=dict(m=9, n=10, words=2, tile=(4, 8)),
)
def hamming(data, m, n, words, tile):
    a, b = (data.randint(-(1 << 31), 1 << 31, k, words, dtype=i32) for k in (m, n))
    out = data.empty(m, n, dtype=i32)
    launch = Launch(
        hamming_kernel,
        (cdiv(m, tile[0]), cdiv(n, tile[1])),
        a,
        b,
        out,
        m,
        n,
        WORDS=words,
        BM=tile[0],
        BN=tile[1],
        num_warps=4,
    )

    def check():
        bits = lambda t: ((t[:, :, None] >> torch.arange(32, device=t.device)) & 1).flatten(1).double()
        x, y = bits(a), bits(b)
        return out, x @ (1 - y).T + (1 - x) @ y.T

    return Work(launch, check)


@triton.jit
def count_mask_kernel(mask_ptr, counts_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(counts_ptr + tl.program_id(0), tl.sum(tl.load(mask_ptr + i, mask=i < n, other=0).to(tl.int32)))


@triton.jit
def masked_select_kernel(x_ptr, mask_ptr, before_ptr, out_ptr, n, BLOCK: tl.constexpr):
    """Compaction: places within a block by a cumulative sum of the mask."""
    pid = tl.program_id(0)
    i = pid * BLOCK + tl.arange(0, BLOCK)
    k = tl.load(mask_ptr + i, mask=i < n, other=0).to(tl.int1)
    place = tl.cumsum(k.to(tl.int32), axis=0) - 1
    x = tl.load(x_ptr + i, mask=k & (i < n), other=0.0)
    tl.store(out_ptr + tl.load(before_ptr + pid) + place, x, mask=k)


@case(
    dict(n=1 << 25, dtype=f32, block=2048),
    dict(n=20000003, dtype=f16, block=1024),
    small=dict(n=100, dtype=f32, block=32),
)
def masked_select(data, n, dtype, block):
    x, mask, out = data.randn(n, dtype=dtype), data.rand(n) > 0.5, data.zeros(n, dtype=dtype)
    parts = cdiv(n, block)
    counts = data.empty(parts, dtype=i32)
    full = torch.nn.functional.pad(mask, (0, parts * block - n)).reshape(parts, block).sum(1)
    before = full.cumsum(0) - full
    launches = [
        Launch(count_mask_kernel, (parts,), mask, counts, n, BLOCK=block, num_warps=4),
        Launch(masked_select_kernel, (parts,), x, mask, before, out, n, BLOCK=block, num_warps=4),
    ]

    def check():
        kept = x[mask]
        return [(counts, full), (out, torch.nn.functional.pad(kept, (0, n - kept.numel())))]

    return Work(launches, check)


@triton.jit
def nf4_kernel(packed_ptr, absmax_ptr, code_ptr, out_ptr, n, BLOCKSIZE: tl.constexpr, SPLIT: tl.constexpr):
    """NF4: a table of sixteen looked up twice a byte, the scale of a block, interleaved."""
    i = tl.program_id(0) * SPLIT + tl.arange(0, SPLIT)
    m = i < n
    b = tl.load(packed_ptr + i, mask=m, other=0)
    a = tl.load(absmax_ptr + i // (BLOCKSIZE // 2), mask=m, other=0.0)
    hi = tl.load(code_ptr + (b >> 4).to(tl.int32)) * a
    lo = tl.load(code_ptr + (b & 15).to(tl.int32)) * a
    o = tl.program_id(0) * SPLIT * 2 + tl.arange(0, SPLIT * 2)
    tl.store(out_ptr + o, tl.interleave(hi, lo).to(out_ptr.dtype.element_ty), mask=o < 2 * n)


@case(
    dict(n=1 << 25, blocksize=64, dtype=bf16, split=1024),
    small=dict(n=64, blocksize=64, dtype=f32, split=32),
)
def nf4(data, n, blocksize, dtype, split):
    x, a, out = (
        data.randint(0, 256, n, dtype=torch.uint8),
        data.rand(2 * n // blocksize),
        data.empty(2 * n, dtype=dtype),
    )
    code = data.arange(16, dtype=f32) / 7.5 - 1
    launch = Launch(nf4_kernel, (cdiv(n, split),), x, a, code, out, n, BLOCKSIZE=blocksize, SPLIT=split, num_warps=4)

    def check():
        v = torch.stack([x >> 4, x & 15], 1).flatten().long()
        return out, code.double()[v] * a.double().repeat_interleave(blocksize)

    return Work(launch, check)


@triton.jit
def fft_step(re, im, tw_ptr, R: tl.constexpr, LEN: tl.constexpr, HALF: tl.constexpr, STEP: tl.constexpr):
    """Decimation in frequency (Stockham): the halves of a row joined as its next layout."""
    re = tl.reshape(re, (R, 2, HALF))
    im = tl.reshape(im, (R, 2, HALF))
    ar, br = tl.split(tl.permute(re, (0, 2, 1)))
    ai, bi = tl.split(tl.permute(im, (0, 2, 1)))
    k = tl.arange(0, HALF) // STEP * STEP
    c = tl.load(tw_ptr + k * 2)[None, :]
    s = tl.load(tw_ptr + k * 2 + 1)[None, :]
    dr = ar - br
    di = ai - bi
    er = dr * c - di * s
    ei = dr * s + di * c
    re = tl.join(tl.reshape(ar + br, (R, HALF // STEP, STEP)), tl.reshape(er, (R, HALF // STEP, STEP)))
    im = tl.join(tl.reshape(ai + bi, (R, HALF // STEP, STEP)), tl.reshape(ei, (R, HALF // STEP, STEP)))
    re = tl.reshape(tl.permute(re, (0, 1, 3, 2)), (R, LEN))
    im = tl.reshape(tl.permute(im, (0, 1, 3, 2)), (R, LEN))
    return re, im


@triton.jit
def fft_kernel(x_ptr, tw_ptr, out_ptr, rows, LEN: tl.constexpr, LOG: tl.constexpr, R: tl.constexpr):
    """A short Fourier transform of each row in registers, radix 2."""
    r = tl.program_id(0) * R + tl.arange(0, R)
    i = tl.arange(0, LEN)
    m = (r < rows)[:, None] & (i < LEN)[None, :]
    re = tl.load(x_ptr + (r[:, None] * LEN + i[None, :]) * 2, mask=m, other=0.0)
    im = tl.load(x_ptr + (r[:, None] * LEN + i[None, :]) * 2 + 1, mask=m, other=0.0)
    for s in tl.static_range(LOG):
        re, im = fft_step(re, im, tw_ptr, R, LEN, LEN // 2, 1 << s)
    tl.store(out_ptr + (r[:, None] * LEN + i[None, :]) * 2, re, mask=m)
    tl.store(out_ptr + (r[:, None] * LEN + i[None, :]) * 2 + 1, im, mask=m)


@case(
    dict(rows=65536, length=64, block=16),
    dict(rows=16384, length=256, block=4),
    small=dict(rows=3, length=8, block=2),
)
def fft(data, rows, length, block):
    x, out = data.randn(rows, length, 2), data.empty(rows, length, 2)
    a = -2 * torch.pi * data.arange(length // 2, dtype=f32) / length
    tw = torch.stack([a.cos(), a.sin()], 1).contiguous()
    launch = Launch(
        fft_kernel,
        (cdiv(rows, block),),
        x,
        tw,
        out,
        rows,
        LEN=length,
        LOG=length.bit_length() - 1,
        R=block,
        num_warps=4,
    )
    return Work(launch, lambda: (out, torch.view_as_real(torch.fft.fft(torch.view_as_complex(x.double())))))
