"""tl.dot_scaled: every pair of formats, scales and their absence, packed along either dimension, against float64."""

import pytest
import torch
import triton
import triton.language as tl

FOURS = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]
FOURS = torch.tensor(FOURS + [-x for x in FOURS], dtype=torch.float64)
FORMATS = ["e2m1", "e4m3", "e5m2", "bf16", "fp16"]
DTYPES = {"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2, "bf16": torch.bfloat16, "fp16": torch.float16}


@triton.jit
def dot_scaled_kernel(
    a, sa, b, sb, acc, c,
    M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, FA: tl.constexpr, FB: tl.constexpr,
    GROUP: tl.constexpr, A_ALONG_K: tl.constexpr, B_ALONG_K: tl.constexpr, FAST: tl.constexpr,
):  # fmt: skip
    PA: tl.constexpr = 2 if FA == "e2m1" else 1
    PB: tl.constexpr = 2 if FB == "e2m1" else 1
    AM: tl.constexpr = M if A_ALONG_K else M // PA
    AK: tl.constexpr = K // PA if A_ALONG_K else K
    BN: tl.constexpr = N if B_ALONG_K else N // PB
    BK: tl.constexpr = K // PB if B_ALONG_K else K
    G: tl.constexpr = K // GROUP
    m, n, g = tl.arange(0, M), tl.arange(0, N), tl.arange(0, G)
    x = tl.load(a + tl.arange(0, AM)[:, None] * AK + tl.arange(0, AK)[None, :])
    y = tl.load(b + tl.arange(0, BK)[:, None] * BN + tl.arange(0, BN)[None, :])
    p = None if sa is None else tl.load(sa + m[:, None] * G + g[None, :])
    q = None if sb is None else tl.load(sb + n[:, None] * G + g[None, :])
    at = m[:, None] * N + n[None, :]
    if acc is None:
        r = tl.dot_scaled(x, p, FA, y, q, FB, fast_math=FAST, lhs_k_pack=A_ALONG_K, rhs_k_pack=B_ALONG_K)
    else:
        r = tl.dot_scaled(x, p, FA, y, q, FB, tl.load(acc + at), lhs_k_pack=A_ALONG_K, rhs_k_pack=B_ALONG_K)
    tl.store(c + at, r)


def elements(fmt, rows, k, along_k, seed):
    """An operand of rows x k: what the kernel gets, and its numbers."""
    g = torch.Generator().manual_seed(seed)
    if fmt != "e2m1":
        x = torch.randn(rows, k, generator=g).to(DTYPES[fmt])
        return x, x.double()
    codes = torch.randint(0, 16, (rows, k), generator=g, dtype=torch.uint8)
    packed = codes[:, ::2] | codes[:, 1::2] << 4 if along_k else codes[::2] | codes[1::2] << 4
    return packed, FOURS[codes.long()]


def scales(kind, rows, groups, seed):
    g = torch.Generator().manual_seed(seed)
    if kind is None:
        return None, torch.ones(rows, groups, dtype=torch.float64)
    if kind == "e8m0":
        x = torch.randint(120, 134, (rows, groups), generator=g, dtype=torch.uint8)
        return x, 2.0 ** (x.double() - 127)
    x = (torch.rand(rows, groups, generator=g) * 4).to(torch.float8_e4m3fn)
    return x, x.double()


def check(fa, fb, ka="e8m0", kb="e8m0", shape=(32, 32, 64), group=32, along_k=(True, True), with_acc=False, fast=False):
    m, n, k = shape
    a, va = elements(fa, m, k, along_k[0], 1)
    b, vb = elements(fb, n, k, along_k[1], 2)
    sa, wa = scales(ka, m, k // group, 3)
    sb, wb = scales(kb, n, k // group, 4)
    acc = torch.randn(m, n) if with_acc else None
    c = torch.zeros(m, n)
    dot_scaled_kernel[(1,)](
        a, sa, b.T.contiguous(), sb, acc, c, M=m, N=n, K=k, FA=fa, FB=fb,
        GROUP=group, A_ALONG_K=along_k[0], B_ALONG_K=along_k[1], FAST=fast,
    )  # fmt: skip
    fp16 = "fp16" in (fa, fb)

    def narrowed(x):  # an e4m3 scale, or a number of another 16-bit format, is rounded to what is multiplied
        return x.to(torch.float16 if fp16 else torch.bfloat16).double()

    va, vb = narrowed(va) * wa.repeat_interleave(group, 1), narrowed(vb) * wb.repeat_interleave(group, 1)
    want = narrowed(va) @ narrowed(vb).T
    if acc is not None:
        want += acc
    error = float((c.double() - want).norm() / want.norm())
    assert error < 1e-6, error


@pytest.mark.parametrize("fb", FORMATS)
@pytest.mark.parametrize("fa", FORMATS)
def test_formats(fa, fb):
    check(fa, fb)


@pytest.mark.parametrize("kinds", [("e8m0", None), (None, "e8m0"), (None, None)], ids=str)
@pytest.mark.parametrize("pair", [("e2m1", "bf16"), ("fp16", "e2m1"), ("e4m3", "e5m2"), ("bf16", "fp16")], ids=str)
def test_without_scales(pair, kinds):
    check(*pair, *kinds, with_acc=True)


@pytest.mark.parametrize("along_k", [(False, True), (True, False), (False, False)], ids=str)
def test_packed_along_the_other_dimension(along_k):
    check("e2m1", "e2m1", along_k=along_k)


@pytest.mark.parametrize("kind", ["e8m0", "e4m3"])
def test_a_scale_for_sixteen(kind):
    check("e2m1", "e2m1", kind, kind, group=16)


@pytest.mark.parametrize("shape", [(16, 16, 32), (128, 16, 64), (64, 128, 128)], ids=str)
def test_shapes(shape):
    check("e2m1", "e4m3", shape=shape, fast=True)


@triton.jit
def extreme_scales_kernel(a, sa, b, c, FB: tl.constexpr, FAST: tl.constexpr):
    m, k = tl.arange(0, 16), tl.arange(0, 32)
    x = tl.load(a + m[:, None] * 32 + k[None, :])
    y = tl.load(b + k[:, None] * 16 + m[None, :])
    r = tl.dot_scaled(x, tl.load(sa + m)[:, None], "e4m3", y, None, FB, fast_math=FAST)
    tl.store(c + m[:, None] * 16 + m[None, :], r)


def test_extreme_scales():
    a = torch.zeros(16, 32).to(torch.float8_e4m3fn)
    a[:, 0] = torch.full([16], 2.0).to(a.dtype)
    b = torch.zeros(32, 16, dtype=torch.bfloat16)
    b[0] = 1.0
    sa = torch.tensor([0, 1, 2, 126, 127, 128, 253, 254, 255] + [127] * 7, dtype=torch.uint8)
    c = torch.zeros(16, 16)
    extreme_scales_kernel[(1,)](a, sa, b, c, FB="bf16", FAST=False)
    want = 2.0 ** (sa.double() - 126)
    want[7] = float("inf")  # 2^128 is no bf16
    assert torch.equal(c[:8], want[:8].float()[:, None].expand(8, 16)), c[:8, 0]
    assert torch.isnan(c[8]).all()
    assert torch.equal(c[9:], torch.full([7, 16], 2.0))


@triton.jit
def batched_kernel(a, sa, b, sb, c, GROUPS: tl.constexpr):
    i, m, k = tl.arange(0, 2)[:, None, None], tl.arange(0, 16), tl.arange(0, 32)
    g = tl.arange(0, GROUPS)
    x = tl.load(a + i * 512 + m[None, :, None] * 32 + k[None, None, :])
    y = tl.load(b + i * 512 + k[None, :, None] * 16 + m[None, None, :])
    p = tl.load(sa + i * 16 * GROUPS + m[None, :, None] * GROUPS + g[None, None, :])
    q = tl.load(sb + i * 16 * GROUPS + m[None, :, None] * GROUPS + g[None, None, :])
    r = tl.dot_scaled(x, p, "e5m2", y, q, "e5m2")
    tl.store(c + i * 256 + m[None, :, None] * 16 + m[None, None, :], r)


def test_batches():
    a, b = torch.randn(2, 16, 32).to(torch.float8_e5m2), torch.randn(2, 32, 16).to(torch.float8_e5m2)
    sa, wa = scales("e8m0", 32, 1, 5)
    sb, wb = scales("e8m0", 32, 1, 6)
    c = torch.zeros(2, 16, 16)
    batched_kernel[(1,)](a.view(torch.uint8), sa, b, sb, c, GROUPS=1)
    want = (a.double() * wa.view(2, 16, 1)) @ (b.double() * wb.view(2, 1, 16))
    assert float((c.double() - want).norm() / want.norm()) < 1e-6


@triton.jit
def loop_kernel(a, sa, b, sb, c, K, M: tl.constexpr, N: tl.constexpr, BK: tl.constexpr):
    m, n = tl.arange(0, M), tl.arange(0, N)
    k, h, g = tl.arange(0, BK), tl.arange(0, BK // 2), tl.arange(0, BK // 32)
    acc = tl.zeros([M, N], tl.float32)
    for i in range(0, K, BK):
        x = tl.load(a + m[:, None] * K + i + k[None, :])
        p = tl.load(sa + m[:, None] * (K // 32) + i // 32 + g[None, :])
        y = tl.load(b + n[None, :] * (K // 2) + i // 2 + h[:, None])
        q = tl.load(sb + n[:, None] * (K // 32) + i // 32 + g[None, :])
        acc = tl.dot_scaled(x, p, "e4m3", y, q, "e2m1", acc)
    tl.store(c + m[:, None] * N + n[None, :], acc)


def test_loop():
    m, n, k = 64, 64, 256
    a, va = elements("e4m3", m, k, True, 7)
    b, vb = elements("e2m1", n, k, True, 8)
    sa, wa = scales("e8m0", m, k // 32, 9)
    sb, wb = scales("e8m0", n, k // 32, 10)
    c = torch.zeros(m, n)
    loop_kernel[(1,)](a, sa, b, sb, c, k, M=m, N=n, BK=64)
    want = (va * wa.repeat_interleave(32, 1)) @ (vb * wb.repeat_interleave(32, 1)).T
    assert float((c.double() - want).norm() / want.norm()) < 1e-6


# ---- tl.dot: what its arguments may be -------------------------------------------------------------------------------------


@triton.jit
def small_dot_kernel(a, b, c, out, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    x = tl.load(a + m[:, None] * K + k[None, :])
    y = tl.load(b + k[:, None] * N + n[None, :])
    at = m[:, None] * N + n[None, :]
    tl.store(out + at, tl.dot(x, y, tl.load(c + at), input_precision="IEEE"))


@pytest.mark.parametrize("m,n", [(1, 1), (2, 1), (1, 8), (4, 16)])
@pytest.mark.parametrize(
    "dtype,acc",
    [(torch.float64, torch.float64), (torch.float32, torch.float32), (torch.float16, torch.float16)],
    ids=str,
)
def test_smallest_dots(dtype, acc, m, n):
    """K is 256 bits; the accumulator's type is the result's."""
    k = 256 // (8 * dtype.itemsize)
    a, b, c = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype), torch.randn(m, n).to(acc)
    out = torch.zeros(m, n, dtype=acc)
    small_dot_kernel[(1,)](a, b, c, out, M=m, N=n, K=k)
    want = a.double() @ b.double() + c.double()
    torch.testing.assert_close(out.double(), want, rtol=0, atol={2: 2e-2, 4: 1e-5, 8: 1e-13}[dtype.itemsize])
