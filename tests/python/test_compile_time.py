"""Compile time: programs grown along many axes, for the CPU and for a GPU, must not cost more than their size and a little.

Each axis is compiled at a size and at twice that size; the second may take 3.2 times as long as the first (n log n is 2.2,
the rest is caches; a square is 4). Measured is processor time of the compile alone, by turns at both sizes, the least of
all turns: other work on the machine only adds to it, so where the ratio is too high both are measured again.
"""

import resource
import tempfile

import pytest
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget

pytestmark = pytest.mark.measured


@triton.jit
def chain(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at, mask=at < n)
    for i in tl.static_range(K):
        v = v * 3 + i
    tl.store(o + at, v)


@triton.jit
def fan_out(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    for i in tl.static_range(K):
        v = (v + i) * (v - i)
    tl.store(o + at, v)


@triton.jit
def index_fan_out(x, o, n, K: tl.constexpr):
    v = tl.arange(0, 64) + n
    for _ in tl.static_range(K):
        v = v ^ (v << 13)
        v = v ^ (v >> 17)
    tl.store(o + (v & 63), v)


@triton.jit
def scalars(x, o, n, K: tl.constexpr):
    s = n
    for _ in tl.static_range(K):
        s = s * 3 + (s >> 2)
    tl.store(o, s)


@triton.jit
def stores(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    for i in tl.static_range(K):
        tl.store(o + at + i * 64, v * i)


@triton.jit
def masks(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    m = at < n
    for i in tl.static_range(K):
        m = m & ((at + i) < n * i)
    tl.store(o + at, at, mask=m)


@triton.jit
def conditions(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    s = v
    for i in tl.static_range(K):
        s = tl.where((at < n) & (v > i), s + v, s)
    tl.store(o + at, s)


@triton.jit
def shapes(x, o, n, K: tl.constexpr):
    v = tl.arange(0, 64)
    for i in tl.static_range(K):
        v = tl.reshape(tl.trans(tl.reshape(v, (8, 8)) + i * n), (64,))
    tl.store(o + tl.arange(0, 64), v)


@triton.jit
def joins(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    for _ in tl.static_range(K):
        a, b = tl.split(tl.reshape(v, (32, 2)))
        v = tl.reshape(tl.join(a + b, a - b), (64,))
    tl.store(o + at, v)


@triton.jit
def index_joins(x, o, n, K: tl.constexpr):
    v = tl.arange(0, 64) + n
    for _ in tl.static_range(K):
        a, b = tl.split(tl.trans(tl.reshape(v, (2, 32))))
        v = tl.reshape(tl.join(a + b, a ^ b), (64,))
    tl.store(o + tl.arange(0, 64), v)


@triton.jit
def carried(x, o, n, K: tl.constexpr):
    t = (n,)
    for i in tl.static_range(K):
        t = t + (n + i,)
    for _ in range(n):
        u = ()
        for i in tl.static_range(K):
            u = u + (t[i] * 3 + t[i + 1],)
        t = u + (t[K],)
    for i in tl.static_range(K):
        tl.store(o + i, t[i])


@triton.jit
def helper(v, i):
    return tl.where(v > i, v - i, v * 2)


@triton.jit
def calls(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    for i in tl.static_range(K):
        v = helper(v, i)
    tl.store(o + at, v)


@triton.jit
def reductions(x, o, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    for _ in tl.static_range(K):
        v = v - tl.max(v, 0)
    tl.store(o + at, v)


@triton.jit
def branches(x, o, n, K: tl.constexpr):
    s = n
    for i in tl.static_range(K):
        if s > i:
            s = s * 2 + i
        else:
            s = s - 1
    tl.store(o, s)


@triton.jit
def loops(x, o, n, K: tl.constexpr):
    s = n
    for _ in tl.static_range(K):
        for j in range(n):
            s = s * 2 + j
    tl.store(o, s)


SIZES = {chain: 1000, fan_out: 600, index_fan_out: 300, scalars: 1500, stores: 400, masks: 800, conditions: 500, shapes: 400, joins: 400,
         index_joins: 300, carried: 150, calls: 1500, reductions: 150, branches: 300, loops: 200}  # fmt: skip
TARGETS = {"cpu": GPUTarget("cpu", "", 0), "cuda": GPUTarget("cuda", 90, 32)}


TURNS = 8


def cost(kernel, target, size, monkeypatch, tmp_path):
    signature = {"x": "*i32", "o": "*i32", "n": "i32", "K": "constexpr"}
    monkeypatch.setenv("TRITON_CACHE_DIR", tempfile.mkdtemp(dir=tmp_path))
    source = triton.compiler.ASTSource(kernel, signature, {"K": size})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    triton.compile(source, target=target)
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime - before


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kernel", SIZES, ids=lambda kernel: kernel.fn.__name__)
def test_growth(kernel, target, monkeypatch, tmp_path):
    size = SIZES[kernel]
    pairs = []
    # A neighbour on the machine slows one measurement or several in a row, so the two of a pair are taken together:
    # what grows with the square of its size takes four times as long in every pair.
    for _ in range(TURNS):
        small, large = (cost(kernel, TARGETS[target], n, monkeypatch, tmp_path) for n in (size, 2 * size))
        pairs.append((small, large))
        least = [min(times) for times in zip(*pairs, strict=True)]
        if any(large < 3.2 * small + 0.03 for small, large in (pairs[-1], least)):
            return
    pytest.fail(f"{size} and {2 * size} steps take {pairs} s")


@pytest.mark.parametrize("target", TARGETS)
def test_four_thousand_steps(target, monkeypatch, tmp_path):
    assert cost(chain, TARGETS[target], 4000, monkeypatch, tmp_path) < 20


@triton.jit
def nested(x, o, n, K: tl.constexpr):
    if K == 0:
        tl.store(o, n)
    else:
        for i in range(n):
            nested(x, o, n + i, K - 1)


@pytest.mark.parametrize("target", TARGETS)
def test_sixty_nested_loops(target, monkeypatch, tmp_path):
    assert cost(nested, TARGETS[target], 60, monkeypatch, tmp_path) < 10
