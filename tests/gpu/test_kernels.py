"""Kernels of every kind, in every dtype and several tilings, against PyTorch in float64.

They run on a GPU with TRITONC_TEST_DEVICE=cuda, else on the simulated one, once for each generation of tensor cores;
there a kernel that touches what is not its own, reads what nobody wrote or races fails, too.
"""

import os
import sys
from pathlib import Path

import pytest
import torch
import triton
import triton.language as tl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from kernels import (  # noqa: E402
    add_kernel,
    attn_fwd_kernel,
    cumsum_kernel,
    layernorm_kernel,
    matmul_kernel,
    reduce_rows_kernel,
    softmax_kernel,
    transpose_kernel,
)

DEVICE = "cuda" if os.environ.get("TRITONC_TEST_DEVICE") == "cuda" else "cpu"
PROCESSORS = ["cuda"] if DEVICE == "cuda" else ["cuda:90", "cuda:80", "cuda:75"]
F64, F32, F16, BF16 = torch.float64, torch.float32, torch.float16, torch.bfloat16
I8, I32, E4M3, E5M2 = torch.int8, torch.int32, torch.float8_e4m3fn, torch.float8_e5m2
# Relative error in the Frobenius norm: of one rounding to the dtype of the result, and a little.
ROUNDING = {F64: 1e-14, F32: 1e-6, F16: 4e-4, BF16: 3e-3, I32: 0}
TF32 = 1.5e-3


@pytest.fixture(params=PROCESSORS, autouse=True)
def processor(request, monkeypatch):
    if DEVICE == "cpu":
        monkeypatch.setenv("TRITONC_SIMULATE", request.param)
    torch.manual_seed(0)
    return request.param


def random(*shape, dtype=F32):
    if dtype in (I8, I32):
        return torch.randint(-100, 100, shape, dtype=dtype).to(DEVICE)
    return torch.randn(*shape, dtype=F64).to(dtype).to(DEVICE)


def empty(*shape, dtype=F32):
    """Memory full of what no kernel should leave there."""
    x = torch.empty(*shape, dtype=dtype, device=DEVICE)
    x.view(torch.uint8).fill_(0x7F)
    return x


def exact(x):
    return x.double() if x.dtype not in (E4M3, E5M2) else x.float().double()


def close(got, want, rtol):
    """By norm, and no element for itself is off by more than some spreads of such errors: one wrong one shows."""
    got, want = exact(got), exact(want)
    assert got.shape == want.shape
    error = float((got - want).norm() / (want.norm() + 1e-30))
    assert error <= rtol, f"relative error {error:.2e}, allowed {rtol:.0e}"
    usual = float(want.norm()) / max(want.numel(), 1) ** 0.5
    worst = ((got - want).abs() / want.abs().clamp(min=usual + 1e-30)).max() if want.numel() else 0
    assert worst <= 6 * rtol, f"an element's error is {float(worst):.2e} of it, allowed {6 * rtol:.0e}"


# ---- the kernels of the yardstick, at sizes that a simulated machine can do ----


@pytest.mark.parametrize("n", [1, 1000, 4096, 5003])
def test_add(n):
    x, y, z = random(n), random(n), empty(n)
    add_kernel[(triton.cdiv(n, 1024),)](x, y, z, n, BLOCK=1024)
    close(z, x + y, 0)


@pytest.mark.parametrize("rows, columns, dtype, warps", [(5, 4096, F32, 8), (9, 1000, F16, 4), (2, 32768, F16, 16)])
def test_softmax(rows, columns, dtype, warps):
    x, y = random(rows, columns, dtype=dtype), empty(rows, columns, dtype=dtype)
    softmax_kernel[(rows,)](x, y, columns, columns, BLOCK=triton.next_power_of_2(columns), num_warps=warps)
    close(y, torch.softmax(exact(x), 1), ROUNDING[dtype])


@pytest.mark.parametrize("rows, columns", [(3, 8192), (4, 1111)])
def test_layernorm(rows, columns):
    x, w, b = random(rows, columns, dtype=F16), random(columns, dtype=F16), random(columns, dtype=F16)
    y = empty(rows, columns, dtype=F16)
    block = min(4096, triton.next_power_of_2(columns))
    layernorm_kernel[(rows,)](x, y, w, b, columns, columns, 1e-5, BLOCK=block, num_warps=8)
    close(y, torch.nn.functional.layer_norm(exact(x), (columns,), exact(w), exact(b)), ROUNDING[F16])


def test_row_sums():
    x, y = random(32, 1024), empty(32)
    reduce_rows_kernel[(2,)](x, y, 1024, BM=16, BN=256)
    close(y, exact(x).sum(1), ROUNDING[F32])


@pytest.mark.parametrize("dtype", [I8, F16, F32, F64], ids=str)
def test_transpose(dtype):
    x, y = random(128, 192, dtype=dtype), empty(192, 128, dtype=dtype)
    transpose_kernel[(2, 3)](x, y, 128, 192, BM=64, BN=64)
    close(y, x.T, 0)


def test_cumulative_sum():
    x, y = random(3, 2048), empty(3, 2048)
    cumsum_kernel[(3,)](x, y, N=2048)
    close(y, exact(x).cumsum(1), ROUNDING[F32])


ATTENTION = [(128, False, 128, 128, 8, 2), (128, True, 128, 128, 8, 2), (64, True, 128, 64, 4, 3)]


@pytest.mark.parametrize("d, causal, bm, bn, warps, stages", ATTENTION)
def test_attention(d, causal, bm, bn, warps, stages):
    q, k, v = (random(1, 2, 256, d, dtype=F16) for _ in range(3))
    o = empty(1, 2, 256, d, dtype=F16)
    attn_fwd_kernel[(256 // bm, 2)](q, k, v, o, d**-0.5, q.stride(0), q.stride(1), q.stride(2), 256, D=d, BM=bm, BN=bn,
                                    CAUSAL=causal, H=2, num_warps=warps, num_stages=stages)  # fmt: skip
    want = torch.nn.functional.scaled_dot_product_attention(exact(q), exact(k), exact(v), is_causal=causal)
    close(o, want, 1e-3)


# ---- matrix products: (M, N, K), dtype, transposed operands, (BM, BN, BK, warps, stages) ----


def product(m, n, k, dtype, layout, config, out=None, rtol=None):
    bm, bn, bk, warps, stages = config
    a = random(k, m, dtype=dtype).T if layout[0] == "t" else random(m, k, dtype=dtype)
    b = random(n, k, dtype=dtype).T if layout[1] == "t" else random(k, n, dtype=dtype)
    out = out or dtype
    c = empty(m, n, dtype=out)
    matmul_kernel[(triton.cdiv(m, bm) * triton.cdiv(n, bn),)](
        a, b, c, m, n, k, *a.stride(), *b.stride(), *c.stride(),
        BM=bm, BN=bn, BK=bk, GM=8, num_warps=warps, num_stages=stages)  # fmt: skip
    close(c, exact(a) @ exact(b), rtol or ROUNDING[out])


@pytest.mark.parametrize("layout", ["nn", "nt", "tn", "tt"])
@pytest.mark.parametrize("dtype", [F16, BF16], ids=str)
def test_product_layouts(dtype, layout):
    product(128, 128, 96, dtype, layout, (64, 64, 32, 4, 3))


YARDSTICK = [
    (256, 512, 192, BF16, "nn", (128, 256, 64, 8, 3)),
    (256, 512, 192, BF16, "nt", (128, 256, 64, 8, 3)),
    (256, 256, 256, F16, "nn", (128, 128, 64, 4, 4)),
    (136, 152, 104, F16, "nn", (64, 64, 32, 4, 4)),
]


@pytest.mark.parametrize("m, n, k, dtype, layout, config", YARDSTICK, ids=str)
def test_product_yardstick(m, n, k, dtype, layout, config):
    product(m, n, k, dtype, layout, config)


@pytest.mark.parametrize("layout", ["nn", "nt", "tn", "tt"])
def test_product_tf32(layout):
    product(128, 256, 96, F32, layout, (128, 128, 32, 8, 3), rtol=TF32)


ACROSS = [
    (64, 64, 32, 4, 3),
    (64, 64, 8, 4, 1),
    (128, 64, 16, 4, 2),
    (16, 128, 32, 4, 3),
    (64, 256, 64, 8, 2),
    (128, 256, 32, 8, 3),
    (256, 128, 32, 16, 3),
]


@pytest.mark.parametrize("config", ACROSS, ids=str)
@pytest.mark.parametrize("layout", ["nn", "tt"])
def test_product_tf32_across(layout, config):
    product(144, 272, 80, F32, layout, config, rtol=TF32)


@triton.jit
def distances_kernel(x, y, out, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m, n, k = tl.program_id(0) * BM + tl.arange(0, BM), tl.program_id(1) * BN + tl.arange(0, BN), tl.arange(0, BK)
    acc, squares = tl.zeros((BM, BN), tl.float32), tl.zeros((BM,), tl.float32)
    for j in range(0, K, BK):
        a = tl.load(x + m[:, None] * K + j + k[None, :])
        b = tl.load(y + n[:, None] * K + j + k[None, :])
        squares += tl.sum((a * a).to(tl.float32), 1)
        acc = tl.dot(a, tl.trans(b), acc)
    tl.store(out + m[:, None] * N + n[None, :], squares[:, None] - acc)


@pytest.mark.parametrize("stages", [1, 2, 4])
@pytest.mark.parametrize("config", [(64, 64, 32, 4), (32, 16, 32, 2), (128, 64, 64, 8)], ids=str)
@pytest.mark.parametrize("dtype", [F16, F32], ids=str)
def test_operand_computed_with(dtype, config, stages):
    """A tile is read by a dot, and by threads, from the same buffer."""
    bm, bn, bk, warps = config
    x, y, out = random(2 * bm, 4 * bk, dtype=dtype), random(2 * bn, 4 * bk, dtype=dtype), empty(2 * bm, 2 * bn)
    distances_kernel[(2, 2)](x, y, out, 2 * bn, 4 * bk, BM=bm, BN=bn, BK=bk, num_warps=warps, num_stages=stages)
    squares = (x * x).double().sum(1)
    close(out, squares[:, None] - exact(x) @ exact(y).T, 1e-3)


@triton.jit
def restarted_kernel(x, y, out, seen, N, K, EVERY, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m, n, k = tl.arange(0, BM), tl.arange(0, BN), tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for j in range(0, K, BK):
        a = tl.load(x + m[:, None] * K + j + k[None, :])
        b = tl.load(y + (j + k[:, None]) * N + n[None, :])
        acc = tl.dot(a, b, acc, input_precision="tf32")
        if j % EVERY == 0:
            tl.store(seen + j // BK, 1)
            acc = tl.full((BM, BN), 1.0, tl.float32)
    tl.store(out + m[:, None] * N + n[None, :], acc)


@pytest.mark.parametrize("stages", [1, 3])
@pytest.mark.parametrize("config", [(64, 128, 32, 4), (64, 64, 32, 4), (128, 64, 64, 8)], ids=str)
@pytest.mark.parametrize("dtype", [F16, F32], ids=str)
def test_product_restarted(dtype, config, stages):
    """A branch gives the product, or what the sum begins anew with: its yield is not the loop's."""
    bm, bn, bk, warps = config
    x, y = random(bm, 8 * bk, dtype=dtype), random(8 * bk, bn, dtype=dtype)
    out, seen = empty(bm, bn), empty(8, dtype=I32)
    restarted_kernel[(1,)](x, y, out, seen, bn, 8 * bk, 3 * bk, BM=bm, BN=bn, BK=bk, num_warps=warps, num_stages=stages)
    close(out, 1 + exact(x[:, 7 * bk :]) @ exact(y[7 * bk :]), TF32)


def test_product_fp8(processor):
    if processor in ("cuda:80", "cuda:75"):  # f8e4m3 begins with sm_89; e5m2 is everywhere
        product(128, 256, 256, E5M2, "nt", (64, 128, 64, 8, 2), out=F32)
    else:
        product(256, 256, 256, E4M3, "nt", (128, 256, 128, 8, 3), out=F16, rtol=2e-3)


TILES = [
    (16, 16, 16, 1, 1),
    (16, 64, 32, 2, 2),
    (32, 32, 64, 1, 3),
    (64, 16, 32, 4, 2),
    (128, 64, 16, 8, 2),
    (64, 256, 32, 4, 3),
]


@pytest.mark.parametrize("config", TILES, ids=str)
@pytest.mark.parametrize("dtype", [F16, F32], ids=str)
def test_product_tiles(dtype, config):
    product(130, 131, 67, dtype, "nn", config, rtol=TF32 if dtype == F32 else None)


@triton.jit
def dot_kernel(a, b, c, out, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, PRECISION: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, K)
    x, y = tl.load(a + m * K + k[None, :]), tl.load(b + k[:, None] * N + n)
    acc = tl.dot(x, y, tl.load(c + m * N + n), input_precision=PRECISION, out_dtype=out.dtype.element_ty)
    tl.store(out + m * N + n, acc)


DOTS = [
    (I8, I32, "ieee", 0),
    (F16, F32, "ieee", 1e-6),
    (F16, F16, "ieee", 2e-3),
    (BF16, F32, "ieee", 1e-6),
    (F32, F32, "ieee", 1e-6),
    (F32, F32, "tf32", TF32),
    (F32, F32, "tf32x3", 2e-6),
    (F32, F32, "bf16x3", 1e-5),
    (F32, F32, "bf16x6", 2e-6),
    (F64, F64, "ieee", 1e-14),
    (E5M2, F32, "ieee", 2e-4),  # Hopper's tensor cores keep 14 bits of a running sum of 8-bit products
]


@pytest.mark.parametrize("dtype, out, precision, rtol", DOTS, ids=str)
@pytest.mark.parametrize("shape", [(16, 16, 32), (64, 32, 64), (128, 64, 32)], ids=str)
def test_dot(shape, dtype, out, precision, rtol):
    m, n, k = shape
    a, b, c = random(m, k, dtype=dtype), random(k, n, dtype=dtype), random(m, n, dtype=out)
    d = empty(m, n, dtype=out)
    dot_kernel[(1,)](a, b, c, d, M=m, N=n, K=k, PRECISION=precision)
    close(d, exact(a) @ exact(b) + exact(c), rtol)


@triton.jit
def half_sums_kernel(a, b, out, K, M: tl.constexpr, N: tl.constexpr, BK: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, BK)
    acc = tl.zeros([M, N], tl.float16)
    for k0 in range(0, K, BK):
        x = tl.load(a + m * K + (k0 + k)[None, :])
        y = tl.load(b + (k0 + k)[:, None] * N + n)
        acc = tl.dot(x, y, acc, out_dtype=tl.float16)
    tl.store(out + m * N + n, acc)


@pytest.mark.parametrize("warps", [2, 4, 8])
@pytest.mark.parametrize("shape", [(64, 32, 32), (128, 64, 32)], ids=str)
def test_half_sums(shape, warps):
    """A sum in halves that a loop carries, two of them in a register of a wgmma."""
    m, n, step = shape
    a, b, out = random(m, 4 * step, dtype=F16), random(4 * step, n, dtype=F16), empty(m, n, dtype=F16)
    half_sums_kernel[(1,)](a, b, out, 4 * step, M=m, N=n, BK=step, num_warps=warps)
    close(out, exact(a) @ exact(b), 3e-3)


@triton.jit
def latent_kernel(q, kv, out, n, D: tl.constexpr, BN: tl.constexpr):
    h, d, r = tl.arange(0, 16)[:, None], tl.arange(0, D), tl.arange(0, BN)
    x = tl.load(q + h * D + d[None, :])
    acc = tl.zeros([16, D], tl.float32)
    for i in range(n):
        k = tl.load(kv + (i * BN + r)[None, :] * D + d[:, None])
        acc = tl.dot(tl.dot(x, k).to(k.dtype), tl.trans(k), acc)
    tl.store(out + h * D + d[None, :], acc)


@pytest.mark.parametrize("stages", [1, 2, 3])
@pytest.mark.parametrize("columns", [64, 512])
def test_latent(columns, stages):
    """A tile that two dots read, one of them transposed; with 512 columns the left operand waits in shared memory."""
    q, kv, out = random(16, columns, dtype=F16), random(48, columns, dtype=F16) / 16, empty(16, columns)
    latent_kernel[(1,)](q, kv, out, 3, D=columns, BN=16, num_stages=stages)
    scores = (exact(q) @ exact(kv).T).to(F16)
    close(out, exact(scores) @ exact(kv), 1e-3)


@pytest.mark.parametrize("precision", ["ieee", "tf32x3", "bf16x3", "bf16x6"])
@pytest.mark.parametrize("m, n, k", [(64, 32, 32), (16, 16, 16)])
def test_dot_not_finite(m, n, k, precision):
    """Products in several pieces: what is left of an infinity is NaN, and must not be seen."""
    a, b, c = torch.ones(m, k), torch.full((k, n), 0.37), torch.zeros(m, n)
    a[0, 3], a[1, 1], a[2, 2], a[4, 0], a[4, 1] = torch.inf, -torch.inf, torch.nan, torch.inf, -torch.inf
    a[3, 3] = torch.tensor(0x7FFFFFFF, dtype=torch.int32).view(F32)  # a GPU's NaN
    a[5, 5], a[6] = 3.3e38, 1e-30
    c[7, 7], c[8, 8] = torch.inf, torch.nan
    for swap in (False, True):
        x, y, z = (b.T, a.T, c.T) if swap else (a, b, c)
        x, y, z = (t.contiguous().to(DEVICE) for t in (x, y, z))
        out = empty(len(x), y.shape[1])
        dot_kernel[(1,)](x, y, z, out, M=len(x), N=y.shape[1], K=k, PRECISION=precision)
        torch.testing.assert_close(out.cpu(), x.cpu() @ y.cpu() + z.cpu(), rtol=2e-5, atol=0, equal_nan=True)


@triton.jit
def fp8_kernel(a, b, out, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, BK: tl.constexpr, IMPRECISE: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, BK)
    acc = tl.zeros((M, N), tl.float32)
    for i in range(0, K, BK):
        x, y = tl.load(a + m * K + (i + k)[None, :]), tl.load(b + (i + k)[:, None] * N + n)
        acc = tl.dot(x, y, acc, max_num_imprecise_acc=IMPRECISE)
    tl.store(out + m * N + n, acc)


@pytest.mark.parametrize("imprecise, rtol", [(0, 6e-5), (64, 4e-4), (128, 1.5e-3), (None, 4e-2)])
def test_fp8_sums(imprecise, rtol):
    """A long sum of 8-bit products, of which tensor cores may keep few bits: added up in pieces as wished."""
    m, n, k = 64, 32, 1024
    a, b = (random(m, k).abs().to(E4M3), random(k, n).abs().to(E4M3))
    c = empty(m, n)
    fp8_kernel[(1,)](a, b, c, M=m, N=n, K=k, BK=128, IMPRECISE=imprecise)
    close(c, exact(a) @ exact(b), rtol)


@triton.jit
def integers_kernel(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, BK: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, BK)
    acc = tl.zeros((M, N), tl.int32)
    for i in range(0, K, BK):
        acc = tl.dot(tl.load(a + m * K + (i + k)[None, :]), tl.load(b + (i + k)[:, None] * N + n), acc)
    tl.store(c + m * N + n, acc)


@pytest.mark.parametrize("m, n, bk, warps, stages", [(64, 32, 64, 4, 3), (128, 32, 32, 8, 4), (16, 128, 64, 1, 2)])
def test_dot_integers_in_a_loop(m, n, bk, warps, stages):
    """Tensor cores want K side by side in 8-bit operands: every iteration turns B round, and not too early."""
    a, b, c = random(m, 5 * bk, dtype=I8), random(5 * bk, n, dtype=I8), empty(m, n, dtype=I32)
    integers_kernel[(1,)](a, b, c, M=m, N=n, K=5 * bk, BK=bk, num_warps=warps, num_stages=stages)
    close(c, exact(a) @ exact(b), 0)


@triton.jit
def chain_kernel(a, b, c, out, S: tl.constexpr, D: tl.constexpr):
    """Two products in a row: the first one's result is an operand of the second."""
    s, t, d = tl.arange(0, S)[:, None], tl.arange(0, S)[None, :], tl.arange(0, D)
    x = tl.dot(tl.load(a + s * D + d[None, :]), tl.load(b + d[:, None] * S + t)).to(tl.float16)
    y = tl.load(c + tl.arange(0, S)[:, None] * D + d[None, :])
    tl.store(out + s * D + d[None, :], tl.dot(x, y))


@pytest.mark.parametrize("s, d, warps", [(64, 32, 4), (64, 64, 1), (64, 64, 8), (128, 64, 8)])
def test_dot_chain(s, d, warps):
    a, b, c = random(s, d, dtype=F16), random(d, s, dtype=F16), random(s, d, dtype=F16)
    out = empty(s, d)
    chain_kernel[(1,)](a, b, c, out, S=s, D=d, num_warps=warps)
    close(out, (exact(a) @ exact(b)).half().double() @ exact(c), 1e-3)


@triton.jit
def tiles_kernel(
    a, b, c, M, N, K, sa, sb, sc, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, PROGRAMS: tl.constexpr
):
    """All steps of all tiles in one loop: a tile begins and ends in the midst of it."""
    steps, columns = tl.cdiv(K, BK), tl.cdiv(N, BN)
    tiles = tl.cdiv(M, BM) * columns
    mine = (tiles - tl.program_id(0) + PROGRAMS - 1) // PROGRAMS
    tile, step = tl.program_id(0) - PROGRAMS, -1
    m, n = tl.arange(0, BM), tl.arange(0, BN)
    acc = tl.zeros((BM, BN), tl.float32)
    for _ in range(steps * mine):
        step = tl.where(step == steps - 1, 0, step + 1)
        if step == 0:
            tile += PROGRAMS
            m = tile // columns * BM + tl.arange(0, BM)
            n = tile % columns * BN + tl.arange(0, BN)
            m, n = tl.where(m < M, m, 0), tl.where(n < N, n, 0)
        k = step * BK + tl.arange(0, BK)
        x = tl.load(a + (m[:, None] * sa + k[None, :]), mask=k[None, :] < K, other=0.0)
        y = tl.load(b + (k[:, None] * sb + n[None, :]), mask=k[:, None] < K, other=0.0)
        acc = tl.dot(x, y, acc)
        if step == steps - 1:
            rows = tile // columns * BM + tl.arange(0, BM)[:, None]
            cols = tile % columns * BN + tl.arange(0, BN)[None, :]
            tl.store(c + rows * sc + cols, acc.to(tl.float16), mask=(rows < M) & (cols < N))
            acc = tl.zeros((BM, BN), tl.float32)


@pytest.mark.parametrize("bm, bn, bk, warps", [(64, 16, 16, 4), (64, 16, 16, 8), (32, 32, 32, 4)])
def test_product_one_loop_of_tiles(bm, bn, bk, warps):
    """Few registers: the assembler is asked for yet fewer, and may refuse."""
    m, n, k = 112, 48, 48
    a, b, c = random(m, k, dtype=F16), random(k, n, dtype=F16), empty(m, n, dtype=F16)
    tiles_kernel[(2,)](a, b, c, m, n, k, k, n, n, BM=bm, BN=bn, BK=bk, PROGRAMS=2, num_warps=warps, num_stages=3)
    close(c, exact(a) @ exact(b), ROUNDING[F16])


@triton.jit
def scores_kernel(a, b, out, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, AXIS: tl.constexpr, PREC: tl.constexpr):
    """A product that goes straight into a reduction."""
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, K)
    x = tl.dot(tl.load(a + m * K + k[None, :]), tl.load(b + k[:, None] * N + n), input_precision=PREC)
    e = tl.exp(x - tl.max(x, AXIS, keep_dims=True))
    tl.store(out + m * N + n, e / tl.sum(e, AXIS, keep_dims=True))


@pytest.mark.parametrize("m, n, k, warps", [(16, 32, 16, 1), (64, 64, 64, 4), (128, 32, 32, 8)])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    "dtype, precision, rtol", [(F16, "ieee", 1e-5), (F32, "ieee", 1e-5), (F32, "tf32", 4e-3)], ids=str
)
def test_dot_softmax(dtype, precision, rtol, axis, m, n, k, warps):
    a, b, out = random(m, k, dtype=dtype) / 8, random(k, n, dtype=dtype), empty(m, n)
    scores_kernel[(1,)](a, b, out, M=m, N=n, K=k, AXIS=axis, PREC=precision, num_warps=warps)
    close(out, torch.softmax(exact(a) @ exact(b), axis), rtol)


# ---- rearrangement, reductions, atomics ----


@triton.jit
def axes_kernel(x, rows, columns, best, M: tl.constexpr, N: tl.constexpr):
    m, n = tl.arange(0, M), tl.arange(0, N)
    v = tl.load(x + m[:, None] * N + n[None, :])
    tl.store(rows + m, tl.sum(v, 1))
    tl.store(columns + n, tl.max(v, 0))
    tl.store(best + m, tl.argmax(v, 1))


@pytest.mark.parametrize("m, n, warps", [(8, 8, 1), (64, 32, 4), (16, 256, 8), (128, 2, 4), (1, 512, 4)])
def test_reductions(m, n, warps):
    x = random(m, n)
    rows, columns, best = empty(m), empty(n), empty(m, dtype=I32)
    axes_kernel[(1,)](x, rows, columns, best, M=m, N=n, num_warps=warps)
    close(rows, exact(x).sum(1), 1e-5)
    close(columns, x.max(0).values, 0)
    close(best, x.argmax(1), 0)


@triton.jit
def scans_kernel(x, y, z, M: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    v = tl.load(x + at)
    tl.store(y + at, tl.cumsum(v, 0))
    tl.store(z + at, tl.cumsum(v, 1, reverse=True))


@pytest.mark.parametrize("m, n, warps", [(8, 8, 1), (64, 32, 4), (16, 256, 8), (128, 4, 4)])
def test_scans(m, n, warps):
    x, y, z = random(m, n, dtype=I32), empty(m, n, dtype=I32), empty(m, n, dtype=I32)
    scans_kernel[(1,)](x, y, z, M=m, N=n, num_warps=warps)
    close(y, x.cumsum(0), 0)
    close(z, x.flip(1).cumsum(1).flip(1), 0)


@triton.jit
def shapes_kernel(x, y, z, M: tl.constexpr, N: tl.constexpr):
    v = tl.load(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
    flat = tl.reshape(tl.trans(v), [M * N])
    tl.store(y + tl.arange(0, M * N), flat)
    even, odd = tl.split(tl.reshape(v, [M, N // 2, 2]))
    swapped = tl.reshape(tl.join(odd, even), [M, N])
    tl.store(z + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :], swapped)


@pytest.mark.parametrize("m, n, warps", [(4, 8, 1), (64, 32, 4), (16, 256, 8)])
@pytest.mark.parametrize("dtype", [I8, BF16, F64], ids=str)
def test_shapes(m, n, warps, dtype):
    x, y, z = random(m, n, dtype=dtype), empty(m * n, dtype=dtype), empty(m, n, dtype=dtype)
    shapes_kernel[(1,)](x, y, z, M=m, N=n, num_warps=warps)
    close(y, x.T.reshape(-1), 0)
    close(z, x.reshape(m, n // 2, 2).flip(2).reshape(m, n), 0)


@triton.jit
def sort_kernel(x, y, z, counts, N: tl.constexpr):
    at = tl.arange(0, N)
    v = tl.load(x + at)
    tl.store(y + at, tl.sort(v))
    tl.store(z + at, tl.gather(v, N - 1 - at, 0))
    tl.store(counts + tl.arange(0, 16), tl.histogram(v % 16, 16))


@pytest.mark.parametrize("n, warps", [(32, 1), (256, 4), (1024, 8)])
def test_sort_gather_histogram(n, warps):
    x = torch.randint(0, 1000, (n,), dtype=I32).to(DEVICE)
    y, z, counts = empty(n, dtype=I32), empty(n, dtype=I32), empty(16, dtype=I32)
    sort_kernel[(1,)](x, y, z, counts, N=n, num_warps=warps)
    close(y, x.sort().values, 0)
    close(z, x.flip(0), 0)
    close(counts, (x % 16).bincount(minlength=16), 0)


@triton.jit
def atomics_kernel(x, total, most, tickets, N: tl.constexpr):
    v = tl.load(x + tl.program_id(0) * N + tl.arange(0, N))
    tl.atomic_add(total + tl.arange(0, N) % 4, v)
    tl.atomic_max(most, tl.max(v, 0))
    ticket = tl.atomic_add(tickets, 1)
    tl.store(tickets + 1 + ticket, 1)


def test_atomics():
    x = random(7, 128, dtype=I32)
    total, most = torch.zeros(4, dtype=I32, device=DEVICE), torch.full((1,), -1000, dtype=I32, device=DEVICE)
    tickets = torch.zeros(8, dtype=I32, device=DEVICE)
    atomics_kernel[(7,)](x, total, most, tickets, N=128)
    close(total, x.reshape(7, 32, 4).sum((0, 1)), 0)
    close(most, x.max().reshape(1), 0)
    assert tickets.tolist() == [7] + [1] * 7
