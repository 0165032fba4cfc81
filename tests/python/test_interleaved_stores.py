"""Stores of every second element on the CPU: two that lie beside each other are one."""

import pytest
import torch
import triton
import triton.language as tl


@triton.jit
def in_turn(A, B, Y, n, FIRST: tl.constexpr, SECOND: tl.constexpr, STEP: tl.constexpr, SIZE: tl.constexpr):
    i = tl.program_id(0) * SIZE + tl.arange(0, SIZE)
    a = tl.load(A + i, i < n)
    b = tl.load(B + i, i < n)
    tl.store(Y + STEP * i + FIRST, a, i < n)
    tl.store(Y + STEP * i + SECOND, b, i < n)


@pytest.mark.parametrize("dtype", [torch.int8, torch.bfloat16, torch.float32, torch.int64, torch.bool], ids=str)
@pytest.mark.parametrize("first, second", [(0, 1), (1, 0), (1, 2), (0, 3), (2, 1), (0, 0), (0, 2), (3, 4)])
@pytest.mark.parametrize("step", [2, 3, 1])
def test_in_turn(step, first, second, dtype):
    n = 301
    a, b = torch.randint(0, 2, (n,)).to(dtype), torch.randint(0, 2, (n,)).to(dtype)
    y = torch.zeros(step * n + 10, dtype=dtype)
    expected = y.clone()
    in_turn[(triton.cdiv(n, 512),)](a, b, y, n, FIRST=first, SECOND=second, STEP=step, SIZE=512)
    i = torch.arange(n)
    expected[step * i + first] = a
    expected[step * i + second] = b
    assert torch.equal(y, expected)


@triton.jit
def turned(X, C, S, H: tl.constexpr):
    row = tl.program_id(0)
    i = tl.arange(0, H)
    at = X + row * 2 * H + 2 * i
    a, b = tl.load(at), tl.load(at + 1)
    c, s = tl.load(C + i), tl.load(S + i)
    tl.store(at, a * c - b * s)
    tl.store(at + 1, a * s + b * c)


@pytest.mark.parametrize("H", [1, 2, 8, 64])
def test_in_place(H):
    """What is read is what was there before either store."""
    x = torch.randint(-9, 9, (5, 2 * H)).float()
    c, s = torch.randint(-3, 3, (H,)).float(), torch.randint(-3, 3, (H,)).float()
    a, b = x[:, ::2].clone(), x[:, 1::2].clone()
    turned[(5,)](x, c, s, H=H)
    assert torch.equal(x[:, ::2], a * c - b * s) and torch.equal(x[:, 1::2], a * s + b * c)


@triton.jit
def tiles(X, Y, M: tl.constexpr, N: tl.constexpr):
    i, j = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :]
    x = tl.load(X + i * N + j)
    tl.store(Y + (i * N + j) * 2, x)
    tl.store(Y + (i * N + j) * 2 + 1, -x)


def test_tiles():
    x, y = torch.randn(8, 32), torch.zeros(8, 32, 2)
    tiles[(1,)](x, y, M=8, N=32)
    assert torch.equal(y[..., 0], x) and torch.equal(y[..., 1], -x)


@triton.jit
def moved_on(X, Y, N: tl.constexpr):
    """The second store's last element is the first store's next."""
    i = tl.arange(0, N)
    x = tl.load(X + i)
    tl.store(Y + i, x)
    tl.store(Y + i + 1, x * 2)


def test_overlapping():
    x, y = torch.randn(64), torch.zeros(66)
    moved_on[(1,)](x, y, N=64)
    assert y[0] == x[0] and torch.equal(y[1:65], x * 2)
