"""Branches of functions of elements, on the CPU: a long one is passed by where no lane of a vector takes it."""

import math

import pytest
import torch
import triton
import triton.language as tl


@triton.jit
def circular(X, S, C, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(X + i, i < n)
    tl.store(S + i, tl.sin(x), i < n)
    tl.store(C + i, tl.cos(x), i < n)


@pytest.mark.parametrize("far", [[], [3], [0, 1, 2, 40, 41, 99], range(100)])
@pytest.mark.parametrize("B", [1, 4, 16, 64])
def test_far_arguments(B, far):
    """What takes the long way, in some lanes, all or none."""
    x = torch.linspace(-300, 300, 100)
    numbers = [105616.0, -1e6, 3e20, -2e30, 3.4e38, float("inf"), float("nan"), 7e8]
    for k, at in enumerate(far):
        x[at] = numbers[k % len(numbers)]
    s, c = torch.zeros(100), torch.zeros(100)
    circular[(triton.cdiv(100, B),)](x, s, c, 100, B=B)
    for at in range(100):
        v = float(x[at])
        if math.isfinite(v):
            assert abs(float(s[at]) - math.sin(v)) < 1e-7 and abs(float(c[at]) - math.cos(v)) < 1e-7, v
        else:
            assert s[at].isnan() and c[at].isnan()


@triton.jit
def stretched(x, y):
    if x > 0.5:
        z = x
        for _ in tl.static_range(24):
            z = z * y + x
    else:
        z = y
        for _ in tl.static_range(24):
            z = z * x - y
            if z > 3.0:
                z = z - 3.0
    return z


@triton.jit
def mapped(X, Y, Z, n, B: tl.constexpr):
    i = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(X + i, i < n)
    y = tl.load(Y + i, i < n)
    tl.store(Z + i, tl.map_elementwise(stretched, x, y), i < n)


@pytest.mark.parametrize("low, high", [(0.6, 0.9), (0.0, 0.4), (0.0, 1.0)])
def test_both_branches(low, high):
    x, y = torch.empty(333).uniform_(low, high), torch.empty(333).uniform_(0.1, 0.8)
    z = torch.zeros(333)
    mapped[(triton.cdiv(333, 64),)](x, y, z, 333, B=64)
    expected = []
    for a, b in zip(x.double().tolist(), y.double().tolist(), strict=True):
        v = a if a > 0.5 else b
        for _ in range(24):
            v = v * b + a if a > 0.5 else v * a - b
            if a <= 0.5 and v > 3.0:
                v = v - 3.0
        expected.append(v)
    assert torch.allclose(z.double(), torch.tensor(expected, dtype=torch.float64), atol=1e-4)


@triton.jit
def longest(a, b):
    if a > b:
        r = a
        for _ in tl.static_range(20):
            r = r * 1.0 + 0.0
    else:
        r = b
    return r


@triton.jit
def folded(X, Y, Z, M: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    x = tl.load(X + i)
    tl.store(Y + tl.arange(0, M), tl.reduce(x, 1, longest))
    tl.store(Z + tl.arange(0, N), tl.reduce(x, 0, longest))


def test_in_reductions():
    x = torch.randn(16, 64)
    y, z = torch.zeros(16), torch.zeros(64)
    folded[(1,)](x, y, z, M=16, N=64)
    assert torch.equal(y, x.amax(1)) and torch.equal(z, x.amax(0))
