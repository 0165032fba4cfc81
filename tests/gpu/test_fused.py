"""Products with something beside them: operands also reduced, shared, computed; narrow types in control flow.

What they have in common is that shared memory is used for several things within one kernel, and that a value goes ways
that a plain product does not have. Every report of the simulated GPU (a race above all) fails a test.
"""

import pytest
import torch
import triton
import triton.language as tl
from test_kernels import BF16, F16, F32, ROUNDING, close, empty, exact, processor, random  # noqa: F401

OPTIONS = [(stages, warps) for stages in (1, 2, 3, 4) for warps in (4, 8)]


@triton.jit
def rows(x, m, n, stride):
    return x + m[:, None] * stride + n[None, :]


@triton.jit
def normalized_product_kernel(x, w, o, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    a = tl.load(rows(x, m, k, K))
    scale = tl.rsqrt(tl.sum(a.to(tl.float32) * a, 1) / K)
    b = tl.load(rows(w, k, n, N))
    tl.store(rows(o, m, n, N), tl.dot(a, b) * scale[:, None])


@pytest.mark.parametrize("stages, warps", OPTIONS)
def test_operand_is_reduced(stages, warps):
    x, w, o = random(64, 64, dtype=F16), random(64, 128, dtype=F16), empty(64, 128)
    normalized_product_kernel[(1,)](x, w, o, 64, 128, 64, num_stages=stages, num_warps=warps)
    close(o, exact(x) @ exact(w) * (exact(x) ** 2).mean(1, keepdim=True).rsqrt(), 1e-5)


@triton.jit
def gated_kernel(x, w, v, o, KK, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    g, u = tl.zeros([M, N], tl.float32), tl.zeros([M, N], tl.float32)
    for i in range(0, KK, K):
        a = tl.load(rows(x, m, i + k, KK))
        g = tl.dot(a, tl.load(rows(w, i + k, n, N)), g)
        u = tl.dot(a, tl.load(rows(v, i + k, n, N)), u)
    tl.store(rows(o, m, n, N), (g * tl.sigmoid(g) * u).to(o.dtype.element_ty))


@pytest.mark.parametrize("stages, warps", OPTIONS)
def test_two_products_of_one_operand(stages, warps):
    x, w, v = random(64, 256, dtype=BF16), random(256, 64, dtype=BF16), random(256, 64, dtype=BF16)
    o = empty(64, 64, dtype=BF16)
    gated_kernel[(1,)](x, w, v, o, 256, 64, 64, 64, num_stages=stages, num_warps=warps)
    g = exact(x) @ exact(w)
    close(o, g * torch.sigmoid(g) * (exact(x) @ exact(v)), ROUNDING[BF16])


@triton.jit
def quantized_kernel(x, w, o, KK, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    acc = tl.zeros([M, N], tl.float32)
    for i in range(0, KK, K):
        b = tl.load(rows(w, i + k, n, N))
        s = tl.max(tl.abs(b))
        acc += tl.dot(tl.load(rows(x, m, i + k, KK)), (b / s).to(tl.float16)) * s
        s2 = tl.sum(acc, 1)
        acc -= (s2 / N)[:, None]
    tl.store(rows(o, m, n, N), acc)


@pytest.mark.parametrize("stages, warps", OPTIONS)
def test_operand_is_computed(stages, warps):
    x, w, o = random(64, 128, dtype=F16), random(128, 64), empty(64, 64)
    quantized_kernel[(1,)](x, w, o, 128, 64, 64, 64, num_stages=stages, num_warps=warps)
    want = exact(x) @ exact(w)
    close(o, want - want.mean(1, keepdim=True), 2e-3)


@triton.jit
def chain_kernel(x, y, o, N: tl.constexpr, TIMES: tl.constexpr):
    n = tl.arange(0, N)
    a, b = tl.load(rows(x, n, n, N)), tl.load(rows(y, n, n, N))
    for _ in tl.static_range(TIMES):
        c = tl.dot(a, b).to(tl.float16)
        a, b = b, tl.trans(c)
    tl.store(rows(o, n, n, N), a + b)


@pytest.mark.parametrize("warps", [4, 8])
def test_products_of_products(warps):
    x, y, o = random(64, 64, dtype=F16) / 8, random(64, 64, dtype=F16) / 8, empty(64, 64, dtype=F16)
    chain_kernel[(1,)](x, y, o, 64, 3, num_warps=warps)
    a, b = exact(x), exact(y)
    for _ in range(3):
        a, b = b, (a @ b).T
    close(o, a + b, 2e-3)


# ---- 8- and 16-bit values through branches and loops ----


@triton.jit
def branch_kernel(x, o, flag, N: tl.constexpr):
    n = tl.arange(0, N)
    a = tl.load(x + n)
    b = a
    if flag > 0:
        b = a + a
    c = a
    for _ in range(flag):
        c = c + b
        if flag > 2:
            b = b - a
    tl.store(o + n, b)
    tl.store(o + N + n, c)
    tl.store(o + 2 * N + n, b * c + a)


@pytest.mark.parametrize("flag", [0, 1, 3])
@pytest.mark.parametrize("n", [32, 256, 2048])
@pytest.mark.parametrize("dtype", [F16, BF16, F32, torch.int8, torch.int16], ids=str)
def test_through_control_flow(dtype, n, flag):
    x = torch.randint(-3, 4, (n,), dtype=torch.int8).to(dtype)
    o = empty(3 * n, dtype=dtype)
    branch_kernel[(1,)](x.to(o.device), o, flag, n)
    b, c = (x + x if flag > 0 else x), x
    for _ in range(flag):
        c = c + b
        b = b - x if flag > 2 else b
    close(o, torch.cat([b, c, b * c + x]), 0)


# ---- addresses that are loaded in the loop ----


@triton.jit
def paged_kernel(q, kk, vv, table, o, count, P: tl.constexpr, D: tl.constexpr, M: tl.constexpr):
    m, d, p = tl.arange(0, M), tl.arange(0, D), tl.arange(0, P)
    x = tl.load(rows(q, m, d, D))
    acc = tl.zeros([M, D], tl.float32)
    n = tl.load(count)
    for i in range(n):
        page = tl.load(table + i).to(tl.int64) * P * D
        k = tl.load(rows(kk + page, p, d, D))
        v = tl.load(rows(vv + page, p, d, D))
        acc += tl.dot(tl.dot(x, tl.trans(k)).to(tl.float16), v)
    tl.store(rows(o, m, d, D), acc)


@triton.jit
def sparse_kernel(x, y, columns, o, n, stride, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, MASK: tl.constexpr):
    m, j, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    acc = tl.zeros([M, N], tl.float32)
    at = columns
    for i in range(0, n):
        c = tl.load(at + k, mask=k < K - MASK, other=0)
        a = tl.load(x + m[:, None] * stride + c[None, :], mask=(k < K - MASK)[None, :], other=0.0)
        acc = tl.dot(a, tl.load(rows(y + i * K * N, k, j, N)), acc)
        at += K
    tl.store(rows(o, m, j, N), acc)


@pytest.mark.parametrize("count", [0, 1, 2, 5])
@pytest.mark.parametrize("stages, warps", OPTIONS)
def test_pages_of_a_table(stages, warps, count):
    q, k, v, o = random(16, 64, dtype=F16), random(8, 32, 64, dtype=F16), random(8, 32, 64, dtype=F16), empty(16, 64)
    table = (
        torch.tensor([5, 0, 7, 2, 5], dtype=torch.int32)[:count].clone() if count else torch.zeros(1, dtype=torch.int32)
    )
    n = torch.tensor([count], dtype=torch.int32).to(o.device)
    paged_kernel[(1,)](q, k, v, table.to(o.device), o, n, 32, 64, 16, num_stages=stages, num_warps=warps)
    want = torch.zeros(16, 64, dtype=torch.float64)
    for page in table[:count].tolist():
        s = (exact(q) @ exact(k[page]).T).to(o.device)
        want += (s.to(torch.float32).to(F16).double() @ exact(v[page])).cpu()
    close(o.cpu(), want, 2e-3)


@pytest.mark.parametrize("mask", [0, 5])
@pytest.mark.parametrize("n", [1, 4])
@pytest.mark.parametrize("stages, warps", OPTIONS)
def test_gathered_columns(stages, warps, n, mask):
    x, y, o = random(64, 128, dtype=F16), random(n * 32, 64, dtype=F16), empty(64, 64)
    columns = torch.randint(0, 128, (n, 32), dtype=torch.int32)
    sparse_kernel[(1,)](x, y, columns.to(o.device), o, n, 128, 64, 64, 32, mask, num_stages=stages, num_warps=warps)
    keep = (torch.arange(32) < 32 - mask).double()
    want = sum((exact(x).cpu()[:, columns[i].long()] * keep) @ exact(y).cpu()[i * 32 : i * 32 + 32] for i in range(n))
    close(o.cpu(), want, 1e-5)
