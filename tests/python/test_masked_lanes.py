"""Masks that are no bounds, on the CPU: lanes masked off touch nothing, whatever instruction the others are read and written by."""

import pytest
import torch
import triton
import triton.language as tl

TYPES = [torch.bool, torch.int8, torch.float16, torch.bfloat16, torch.int32, torch.float32, torch.int64]


@triton.jit
def masked(X, M, A, R, S, n, far, STEP: tl.constexpr, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    m = tl.load(M + i, i < n, other=0) != 0
    at = tl.load(A + i, i < n, other=0) * STEP
    away = tl.where(m, 0, far)
    tl.store(R + i, tl.load(X + i * STEP + away, m & (i < n), other=1), i < n)
    tl.store(S + i + away, tl.load(X + at + away, m), m & (i < n))


@pytest.mark.parametrize("dtype", TYPES, ids=str)
@pytest.mark.parametrize("step", [1, 2, 3, -1])
@pytest.mark.parametrize("density", [0.0, 0.5, 0.97, 1.0])
def test_masked(density, step, dtype):
    n, size = 333, 333 * 3
    whole = torch.randint(0, 2, (size,)).to(dtype) if dtype == torch.bool else torch.randint(-9, 9, (size,)).to(dtype)
    x = whole if step > 0 else whole[n:]
    mask = (torch.rand(n) < density).to(torch.int8)
    # backwards from the first element, x begins at n: indices down to 1 - n
    at = torch.randint(0, n, (n,), dtype=torch.int32)
    r, s = torch.zeros(n + 64, dtype=dtype), torch.zeros(n + 64, dtype=dtype)
    masked[(triton.cdiv(n, 128),)](x, mask, at, r, s, n, 1 << 50, STEP=step, B=128)
    first = 0 if step > 0 else n
    on, i = mask.bool(), torch.arange(n)
    one = torch.ones((), dtype=dtype)
    assert torch.equal(r[:n], torch.where(on, whole[first + i * step], one))
    assert torch.equal(s[:n], torch.where(on, whole[first + at.long() * step], torch.zeros((), dtype=dtype)))
    assert not r[n:].any() and not s[n:].any()


@triton.jit
def side_by_side(X, M, R, S, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    m = tl.load(M + i, i < n, other=0) != 0
    tl.store(R + i, tl.load(X + i, m & (i < n), other=3), i < n)
    tl.store(S + i, tl.load(X + i, i < n), m & (i < n))


@pytest.mark.parametrize("dtype", TYPES[1:], ids=str)
@pytest.mark.parametrize("density", [0.0, 0.5, 0.97, 1.0])
def test_side_by_side(density, dtype):
    n = 1011
    x = torch.randint(-9, 9, (n,)).to(dtype)
    on = torch.rand(n) < density
    r, s = torch.zeros(n + 64, dtype=dtype), torch.full((n + 64,), 7).to(dtype)
    side_by_side[(triton.cdiv(n, 256),)](x, on.to(torch.int8), r, s, n, B=256)
    assert torch.equal(r[:n], torch.where(on, x, torch.full((), 3).to(dtype))) and not r[n:].any()
    assert torch.equal(s[:n], torch.where(on, x, torch.full((), 7).to(dtype))) and (s[n:] == 7).all()
