"""A combine function of tl.reduce that is associative only: the order of the elements is kept on every target."""

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from targets import run_on_each

TARGETS = ["", "interpreter", "cuda:75", "cuda:80", "cuda:90", "cuda:120"]


run = run_on_each(*TARGETS)


@triton.jit
def affine(a, b, c, d):
    """x -> a x + b, then x -> c x + d."""
    return a * c, b * c + d


@triton.jit
def first(a, b):
    return a


@triton.jit
def last_set(a, b):
    if b != 0:
        r = b
    else:
        r = a
    return r


@triton.jit
def reduce_kernel(x, y, out, M: tl.constexpr, N: tl.constexpr, AXIS: tl.constexpr):
    i, j = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :]
    a, b = tl.load(x + i * N + j), tl.load(y + i * N + j)
    p, q = tl.reduce((a, b), AXIS, affine)
    k = tl.arange(0, M + N - (N if AXIS == 1 else M))
    tl.store(out + k, p)
    tl.store(out + 256 + k, q)
    tl.store(out + 512 + k, tl.reduce(a, AXIS, first))
    tl.store(out + 768 + k, tl.reduce(b, AXIS, last_set))


@pytest.mark.parametrize("shape", [(1, 256), (4, 64), (64, 4), (16, 16), (256, 1), (1, 2)])
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("warps", [1, 4])
def test_associative_functions(warps, axis, shape, run):
    generator = torch.Generator().manual_seed(3)
    x = torch.randint(-5, 6, shape, generator=generator, dtype=torch.int32)
    y = torch.randint(-2, 3, shape, generator=generator, dtype=torch.int32)
    out = torch.zeros(1024, dtype=torch.int32)
    run(reduce_kernel, x, y, out, *shape, axis, num_warps=warps)
    a, b = (np.moveaxis(t.numpy(), axis, 0) for t in (x, y))
    p, q, last = a[0], b[0], b[0]
    with np.errstate(over="ignore"):
        for k in range(1, len(a)):
            p, q, last = p * a[k], q * a[k] + b[k], np.where(b[k] != 0, b[k], last)
    n = len(p)
    for part, want in zip(out.view(4, 256)[:, :n], (p, q, a[0], last), strict=True):
        assert part.tolist() == want.tolist()


@triton.jit
def join_halves(a, b):
    """Of what the fields hold, the latest."""
    return tl.where(b == b, b, a)


@triton.jit
def types_kernel(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i % 1, tl.reduce(tl.load(x + i), 0, join_halves))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_floats(dtype, run):
    x = torch.linspace(1, 2, 128).to(dtype)
    x[100:] = float("nan")
    out = torch.zeros(1, dtype=dtype)
    run(types_kernel, x, out, 128)
    assert out[0] == x[99]


@triton.jit
def welford(mean, m2, n, mean_b, m2_b, n_b):
    delta, total = mean_b - mean, n + n_b
    part = tl.where(total == 0.0, 0.0, n_b / total)
    return mean + delta * part, m2 + m2_b + delta * delta * n * part, total


@triton.jit
def greatest(a, i, b, j):
    take = (a > b) | ((a == b) & (i < j))
    return tl.where(take, a, b), tl.where(take, i, j)


@triton.jit
def product(a, b):
    return (a.to(tl.float32) * b.to(tl.float32)).to(a.dtype)


@triton.jit
def log_sum(a, b):
    top = tl.maximum(a, b)
    return top + tl.log(tl.exp(a - top) + tl.exp(b - top))


@triton.jit
def commutative_kernel(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    v = tl.load(x + i)
    mean, m2, n = tl.reduce((v, tl.zeros_like(v), tl.full((N,), 1.0, tl.float32)), 0, welford)
    top, at = tl.reduce((v, i), 0, greatest)
    tl.store(out, mean + m2 + n + top + at)
    tl.store(out + 1, tl.reduce(v, 0, product))
    tl.store(out + 2, tl.reduce(v, 0, log_sum))


def test_what_is_commutative_is_no_scan():
    source = triton.compiler.ASTSource(commutative_kernel, {"x": "*fp32", "out": "*fp32", "N": "constexpr"}, {"N": 128})
    compiled = triton.compile(source, target=triton.backends.compiler.GPUTarget("cuda", 90, 32))
    assert "tt.scan" not in compiled.asm["ttgir"]


@triton.jit
def earlier(a, i, b, j):
    """Of equal numbers either may come first: the order decides."""
    take = a >= b
    return tl.where(take, a, b), tl.where(take, i, j)


@triton.jit
def ties_kernel(x, out, N: tl.constexpr):
    i = tl.arange(0, N)
    _, at = tl.reduce((tl.load(x + i), i), 0, earlier)
    tl.store(out, at)


def test_ties(run):
    x, out = torch.ones(512, dtype=torch.int32), torch.zeros(1, dtype=torch.int32)
    x[:37] = 0
    run(ties_kernel, x, out, 512)
    assert out.item() == 37


@triton.jit
def greatest_but_first_beyond(a, b):
    return tl.where(a > 100, a, tl.where(b > 100, b, tl.maximum(a, b)))


@triton.jit
def reduces_beyond(x, o, N: tl.constexpr):
    tl.store(o, tl.reduce(tl.load(x + tl.arange(0, N)), 0, greatest_but_first_beyond))


@pytest.mark.parametrize("dtype", [torch.int32, torch.float32])
def test_a_function_that_has_an_order_beyond_a_limit_only(run, dtype):
    for seed in range(3):
        x = torch.randint(0, 110, (128,), generator=torch.Generator().manual_seed(seed)).to(dtype)
        beyond = x[x > 100]
        o = torch.zeros(1, dtype=dtype)
        run(reduces_beyond, x, o, 128)
        assert o.item() == (beyond[0] if len(beyond) else x.max()).item()
