"""tl.map_elementwise: branches of an element's own, several results, several elements at once."""

import numpy as np
import pytest
import triton
import triton.language as tl
from dtypes import ON_GPU
from targets import on_each

target = on_each("cpu", "cuda:90", autouse=True)


@triton.jit
def compare(x, y):
    if x < y:
        return -1
    elif x == y:
        return 0
    else:
        return 1


@triton.jit
def divide(x, y):
    return x // y, (x % y).to(tl.float32)


@triton.jit
def sums_and_differences(a0, a1, b0, b1):
    return a0 + a1, a0 - a1, b0 * 2, b1


@triton.jit
def kernel(X, Y, out, M: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    x, y = tl.load(X + at), tl.load(Y + at)
    size = M * N
    tl.store(out + at, tl.map_elementwise(compare, x, y))
    q, r = tl.map_elementwise(divide, x, y)
    tl.store(out + size + at, q)
    tl.store(out + 2 * size + at, r.to(tl.int32))
    a, b = tl.map_elementwise(sums_and_differences, x, y, pack=2)
    tl.store(out + 3 * size + at, a)
    tl.store(out + 4 * size + at, b)


@pytest.mark.parametrize("M,N", [(1, 128), (4, 8), (16, 64), (2, 2)])
def test_map_elementwise(M, N):
    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 50, (M, N), dtype=np.int32), rng.integers(1, 50, (M, N), dtype=np.int32)
    out = np.zeros((5, M, N), np.int32)
    kernel[(1,)](x, y, out, M=M, N=N)
    assert np.array_equal(out[0], np.sign(x - y))
    assert np.array_equal(out[1], x // y) and np.array_equal(out[2], x % y)
    a = np.stack([x[:, ::2] + x[:, 1::2], x[:, ::2] - x[:, 1::2]], -1).reshape(M, N)
    b = y.copy()
    b[:, ::2] *= 2
    assert np.array_equal(out[3], a) and np.array_equal(out[4], b)


@triton.jit
def four(a, b, c, d):
    return d, c, b, a


def test_four_at_once():
    @triton.jit
    def reverse(X, B: tl.constexpr):
        at = tl.arange(0, B)
        tl.store(X + at, tl.map_elementwise(four, tl.load(X + at), pack=4))

    x = np.arange(256, dtype=np.float32)
    reverse[(1,)](x, B=256)
    assert np.array_equal(x.reshape(-1, 4), np.arange(256, dtype=np.float32).reshape(-1, 4)[:, ::-1])
    with pytest.raises(triton.CompilationError, match="divides the last dimension"):
        reverse[(1,)](x, B=2)


def test_what_a_thread_cannot_do_for_an_element(target):
    @triton.jit
    def put(x, X):
        tl.store(X, x)
        return x

    @triton.jit
    def wrong(X, B: tl.constexpr):
        tl.map_elementwise(put, tl.arange(0, B), tl.full((B,), 0, tl.int64).to(tl.pointer_type(tl.int32)))

    with pytest.raises(Exception, match="cannot do this on a GPU" if target != "cpu" or ON_GPU else "with effects"):
        wrong[(1,)](np.zeros(1, np.int32), B=32)


@triton.jit
def rounds(a, b):
    s = a
    for k in range(b & 7):
        if k == a:
            break
        for j in range(k, 5, 2):
            s = s * 3 + j // (k + 1)
    while s > 1000:
        s //= 7
        if s % 5 == 0:
            return s, a
    return s + 1, b


@triton.jit
def halved(a, n):
    for _ in tl.range(n):
        a = a * 0.5 + 1
    return a.to(tl.float16)


@triton.jit
def divisor(a, b):
    while b != 0:
        a, b = b, a % b
    return a


@triton.jit
def stepped(a, n):
    if n > 0:
        for k in range(0, a, n):
            a += k % 3
    return a


@triton.jit
def loops_kernel(X, Y, H, out, halves):
    at = tl.arange(0, 128)
    x, y = tl.load(X + at), tl.load(Y + at)
    s, t = tl.map_elementwise(rounds, x, y)
    tl.store(out + at, s)
    tl.store(out + 128 + at, t)
    tl.store(halves + at, tl.map_elementwise(halved, tl.load(H + at), y & 7))
    tl.store(out + 256 + at, tl.associative_scan(tl.abs(x) * 6, 0, divisor))
    tl.store(out + 384, tl.reduce(tl.abs(y) * 6, 0, divisor))
    tl.store(out + 512 + at, tl.map_elementwise(stepped, x, y & 3))


def python_rounds(a, b):
    s = a
    for k in range(b & 7):
        if k == a:
            break
        for j in range(k, 5, 2):
            s = (s * 3 + j // (k + 1) + 2**31) % 2**32 - 2**31
    while s > 1000:
        s //= 7
        if s % 5 == 0:
            return s, a
    return s + 1, b


def test_loops_of_an_elements_own():
    """Every element goes round as often as it says, in a reduction's and a scan's function too."""
    rng = np.random.default_rng(11)
    x, y = rng.integers(-100, 100, 128, np.int32), rng.integers(-100, 100, 128, np.int32)
    h, out, halves = rng.normal(size=128).astype(np.float16), np.zeros(640, np.int32), np.zeros(128, np.float16)
    loops_kernel[(1,)](x, y, h, out, halves)
    want = np.array([python_rounds(int(a), int(b)) for a, b in zip(x, y, strict=True)], np.int32)
    assert np.array_equal(out[:128], want[:, 0]) and np.array_equal(out[128:256], want[:, 1])
    expected = h.copy()
    for k in range(7):
        more = np.float16(expected * np.float16(0.5)) + np.float16(1)
        expected = np.where((y & 7) > k, more, expected)
    assert np.allclose(halves.astype(np.float32), expected.astype(np.float32), rtol=2e-3, atol=0)
    assert np.array_equal(out[256:384], np.gcd.accumulate(np.abs(x) * 6))
    assert out[384] == np.gcd.reduce(np.abs(y) * 6)
    steps = [sum(k % 3 for k in range(0, a, n)) if n else 0 for a, n in zip(x.tolist(), (y & 3).tolist(), strict=True)]
    assert np.array_equal(out[512:], x + np.array(steps, np.int32))
