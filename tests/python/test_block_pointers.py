"""Block pointers: tl.make_block_ptr, tl.advance, and accesses through one."""

import pytest
import torch
import triton
import triton.language as tl
from dtypes import FLOATS, SIGNED, UNSIGNED, values


@triton.jit
def copy_kernel(x, y, M, N, sm, sn, om, on, BM: tl.constexpr, BN: tl.constexpr, PAD: tl.constexpr):
    p = tl.make_block_ptr(x, (M, N), (sm, sn), (om, on), (BM, BN), (1, 0))
    block = tl.load(p, boundary_check=(0, 1), padding_option=PAD)
    q = tl.make_block_ptr(y, (BM, BN), (BN, 1), (0, 0), (BM, BN), (1, 0))
    tl.store(q, block)


def window(x, om, on, bm, bn, outside):
    """A block of x at an offset, with `outside` where there is no x."""
    out = torch.full((bm, bn), outside, dtype=x.dtype)
    for i in range(bm):
        for j in range(bn):
            if 0 <= om + i < x.shape[0] and 0 <= on + j < x.shape[1]:
                out[i, j] = x[om + i, on + j]
    return out


@pytest.mark.parametrize("at", [(0, 0), (5, 7), (-3, -9), (20, 30), (100, 0), (-16, 3)], ids=str)
@pytest.mark.parametrize("pad", ["", "zero", "nan"])
def test_bounds_and_padding(at, pad):
    x = torch.randn(21, 37)
    y = torch.zeros(16, 32)
    copy_kernel[(1,)](x, y, 21, 37, 37, 1, *at, BM=16, BN=32, PAD=pad)
    want = window(x, *at, 16, 32, float("nan") if pad == "nan" else 0)
    assert torch.equal(y.nan_to_num(7), want.nan_to_num(7))


@pytest.mark.parametrize("dtype", [torch.bool, *FLOATS, *SIGNED, *UNSIGNED], ids=str)
def test_dtypes(dtype):
    x = values(dtype, 21 * 37).reshape(21, 37)
    y = torch.zeros(16, 32, dtype=dtype)
    copy_kernel[(1,)](x, y, 21, 37, 37, 1, 8, 16, BM=16, BN=32, PAD="zero")
    want = torch.zeros(16, 32, dtype=dtype)
    want[:13, :21] = x[8:, 16:]
    assert torch.equal(y, want)


@triton.jit
def walk_kernel(x, y, M, N, sm, sn, BM: tl.constexpr, BN: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    order: tl.constexpr = (0, 1) if COLUMNS else (1, 0)
    p = tl.make_block_ptr(x, (M, N), (sm, sn), (tl.program_id(0) * BM, 0), (BM, BN), order)
    q = tl.make_block_ptr(y, (M, N), (N, 1), (tl.program_id(0) * BM, 0), (BM, BN), (1, 0))
    for _ in range(0, tl.cdiv(N, BN)):
        if ROWS:
            tl.store(q, tl.load(p, boundary_check=(0,)), boundary_check=(0,))
        else:
            tl.store(q, tl.load(p, boundary_check=(1, 0)) * 2, boundary_check=(0, 1))
        p = p.advance((0, BN))
        q = tl.advance(q, [0, BN])


@pytest.mark.parametrize("columns", [False, True])
def test_walk_in_a_loop(columns):
    x = torch.randn(45, 71)
    x = x.T.contiguous().T if columns else x
    y = torch.zeros(45, 71)
    walk_kernel[(3,)](x, y, 45, 71, *x.stride(), BM=16, BN=32, ROWS=False, COLUMNS=columns)
    assert torch.equal(y, x * 2)


def test_check_of_one_dimension():
    x = torch.randn(45, 64)
    y = torch.zeros(45, 64)
    walk_kernel[(3,)](x, y, 45, 64, *x.stride(), BM=16, BN=32, ROWS=True, COLUMNS=False)
    assert torch.equal(y, x)


@triton.jit
def moved(p, n):
    return tl.advance(p, (n,))


@triton.jit
def choose(p, q, which):
    if which:
        return p
    return q


@triton.jit
def control_kernel(x, y, out, n, which, B: tl.constexpr):
    p = tl.make_block_ptr(x, (n,), (1,), (0,), (B,), (0,))
    q = tl.make_block_ptr(y, (n,), (1,), (0,), (B,), (0,))
    r = choose(p, q, which > 0)
    if which > 1:
        r = moved(r, B)
    else:
        r = moved(r, 2)
    i = 0
    while i < which:
        r = moved(r, 1)
        i += 1
    s = p if which == 3 else r
    to = tl.make_block_ptr(out, (2 * B,), (1,), (0,), (B,), (0,))
    tl.store(to, tl.load(r, boundary_check=0))
    tl.store(tl.advance(to, (B,)), tl.load(s, boundary_check=[0]))


@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_through_functions_and_branches(which):
    x, y, out = torch.arange(40.0), -torch.arange(40.0), torch.zeros(32)
    control_kernel[(1,)](x, y, out, 40, which, B=16)
    source = x if which > 0 else y
    offset = (16 if which > 1 else 2) + which
    padded = torch.cat([source, torch.zeros(40)])
    assert torch.equal(out[:16], padded[offset : offset + 16])
    assert torch.equal(out[16:], x[:16] if which == 3 else padded[offset : offset + 16])


@triton.jit
def matmul_kernel(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    pm, pn = tl.program_id(0), tl.program_id(1)
    pa = tl.make_block_ptr(a, (M, K), (K, 1), (pm * BM, 0), (BM, BK), (1, 0))
    pb = tl.make_block_ptr(b, (K, N), (N, 1), (0, pn * BN), (BK, BN), (1, 0))
    acc = tl.zeros((BM, BN), tl.float32)
    for _ in range(0, K, BK):
        acc += tl.dot(tl.load(pa, boundary_check=(0, 1)), tl.load(pb, boundary_check=(0, 1)))
        pa = tl.advance(pa, (0, BK))
        pb = tl.advance(pb, (BK, 0))
    pc = tl.make_block_ptr(c, (M, N), (N, 1), (pm * BM, pn * BN), (BM, BN), (1, 0))
    tl.store(pc, acc.to(c.dtype.element_ty), boundary_check=(0, 1))


def test_matmul():
    a, b = torch.randn(70, 90).half(), torch.randn(90, 50).half()
    c = torch.zeros(70, 50).half()
    matmul_kernel[(3, 2)](a, b, c, 70, 50, 90, BM=32, BN=32, BK=32)
    torch.testing.assert_close(c.float(), a.float() @ b.float(), rtol=1e-2, atol=1e-1)


@triton.jit
def rank_kernel(x, y, N, B: tl.constexpr):
    p = tl.make_block_ptr(x, (N, N, N), (N * N, N, 1), (1, 2, 3), (2, 4, B), (2, 1, 0))
    q = tl.make_block_ptr(y, (2, 4, B), (4 * B, B, 1), (0, 0, 0), (2, 4, B), (2, 1, 0))
    tl.store(q, tl.load(p, boundary_check=(0, 2), padding_option="zero", cache_modifier=".cg"))


def test_three_dimensions():
    x, y = torch.randn(9, 9, 9), torch.zeros(2, 4, 8)
    rank_kernel[(1,)](x, y, 9, B=8)
    assert torch.equal(y[..., :6], x[1:3, 2:6, 3:]) and not y[..., 6:].any()
