"""High halves of products, quotients by constants, sums and products that are rounded by themselves, and what topk and cumprod widen to."""

import numpy as np
import pytest
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def mulhi_kernel(x, y, out, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out + at, libdevice.mulhi(tl.load(x + at), tl.load(y + at)))


@pytest.mark.parametrize("dtype", [np.int32, np.uint32, np.int64, np.uint64])
def test_mulhi(dtype):
    limits, rng = np.iinfo(dtype), np.random.default_rng(5)
    x, y = (rng.integers(limits.min, limits.max, 64, dtype=dtype) for _ in range(2))
    x[:4], y[:4] = [limits.min, limits.min, limits.max, limits.max], [limits.min, limits.max, limits.min, limits.max]
    out = np.zeros(64, dtype)
    mulhi_kernel[(1,)](x, y, out, B=64)
    bits = 8 * limits.dtype.itemsize
    assert out.tolist() == [(int(a) * int(b)) >> bits for a, b in zip(x, y, strict=True)]


@triton.jit
def wide_product_kernel(x, y, signed, unsigned, mixed, scaled, B: tl.constexpr):
    at = tl.arange(0, B)
    a, b = tl.load(x + at), tl.load(y + at)
    u, v = a.to(tl.uint32, bitcast=True), b.to(tl.uint32, bitcast=True)
    tl.store(signed + at, a.to(tl.int64) * b)
    tl.store(unsigned + at, u.to(tl.uint64) * v)
    tl.store(mixed + at, a.to(tl.int64) * v.to(tl.int64))
    tl.store(scaled + at, (a.to(tl.int64) << 30) + a.to(tl.int64) * -2147483648 + u.to(tl.int64) * 4294967295)


def test_products_of_extended_numbers():
    limits, rng = np.iinfo(np.int32), np.random.default_rng(7)
    x, y = (rng.integers(limits.min, limits.max, 64, dtype=np.int32) for _ in range(2))
    x[:5], y[:5] = [limits.min, limits.min, limits.max, -1, 0], [limits.min, limits.max, limits.max, -1, limits.min]
    outs = [np.zeros(64, np.int64), np.zeros(64, np.uint64), np.zeros(64, np.int64), np.zeros(64, np.int64)]
    wide_product_kernel[(1,)](x, y, *outs, B=64)
    a, b = (v.astype(object) for v in (x, y))
    u, v = (w.view(np.uint32).astype(object) for w in (x, y))
    for got, want in zip(outs, (a * b, u * v, a * v, (a << 30) - (a << 31) + u * 4294967295), strict=True):
        bits = 2**64
        assert [int(g) % bits for g in got] == [int(w) % bits for w in want]


@triton.jit
def divide_kernel(x, q, r, n, C: tl.constexpr, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    v = tl.load(x + at, mask=at < n, other=1)
    tl.store(q + at, v // C, mask=at < n)
    tl.store(r + at, v % C, mask=at < n)


# Powers of two; what needs a multiplier of one bit more than the type has (7, even: 28, 14); the ends of a type.
DIVISORS = (
    1,
    2,
    3,
    7,
    14,
    28,
    100,
    127,
    128,
    641,
    65535,
    65537,
    10**9,
    2**31 - 1,
    2**31,
    2**32 - 5,
    10**12,
    2**63,
    2**64 - 59,
)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64])
def test_division_by_constants(dtype):
    """Truncates toward zero, as C does; beside multiples of the divisor and at the ends of the type."""
    limits, rng = np.iinfo(dtype), np.random.default_rng(6)
    for c in (c for d in DIVISORS for c in {d, -d} if limits.min <= c <= limits.max):
        times = rng.integers(0, min(limits.max // abs(c), 2**62), 12, endpoint=True)
        near = [int(t) * c + d for t in times for d in (-1, 0, 1)] + [limits.min, limits.min + 1, limits.max, 0, 1]
        exact = [v for v in near if limits.min + (c == -1) * (limits.min < 0) <= v <= limits.max]
        x = np.array(exact, dtype)
        q, r = np.zeros_like(x), np.zeros_like(x)
        divide_kernel[(1,)](x, q, r, x.size, C=c, B=64)
        want = [abs(v) // abs(c) * (1 if (v < 0) == (c < 0) else -1) for v in exact]
        assert q.tolist() == want, c
        assert r.tolist() == [v - w * c for v, w in zip(exact, want, strict=True)], c


@triton.jit
def product_error_kernel(x, y, p, out, B: tl.constexpr, EXACT: tl.constexpr):
    at = tl.arange(0, B)
    a, b, c = tl.load(x + at), tl.load(y + at), tl.load(p + at)
    if EXACT:
        tl.store(out + at, libdevice.mul_rn(a, b) - c)
        tl.store(out + B + at, libdevice.sub_rn(a * b, c))
    else:
        tl.store(out + at, tl.fma(a, b, -c))


def test_rounded_products_are_not_fused():
    rng = np.random.default_rng(6)
    x, y = (rng.standard_normal(64).astype(np.float32) for _ in range(2))
    p, out = x * y, np.ones(128, np.float32)
    product_error_kernel[(1,)](x, y, p, out, B=64, EXACT=True)
    assert not out.any()
    product_error_kernel[(1,)](x, y, p, out, B=64, EXACT=False)
    assert out[:64].any()  # what a fused multiply-add would show


@triton.jit
def topk_kernel(x, out, B: tl.constexpr, K: tl.constexpr, DESCENDING: tl.constexpr, T: tl.constexpr):
    t = tl.topk(tl.load(x + tl.arange(0, B)), K, descending=DESCENDING)
    tl.static_assert(t.dtype == T)
    tl.store(out + tl.arange(0, K), t)


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("k, wide", [(4, tl.int32), (16, tl.int8)])
def test_topk_widens_like_a_maximum(k, wide, descending):
    x, out = np.random.default_rng(7).integers(-128, 127, 16, dtype=np.int8), np.zeros(k, np.int32)
    topk_kernel[(1,)](x, out, B=16, K=k, DESCENDING=descending, T=wide)
    assert out.tolist() == sorted(x.tolist(), reverse=descending)[:k]


@triton.jit
def cumprod_kernel(x, out, B: tl.constexpr, T: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out + at, tl.cumprod(tl.load(x + at), 0, dtype=T))


def test_cumprod_in_another_type():
    x, out = np.full(16, 3, np.int8), np.zeros(16, np.int64)
    cumprod_kernel[(1,)](x, out, B=16, T=tl.int64)
    assert out.tolist() == [3 ** (i + 1) for i in range(16)]


@triton.jit(do_not_specialize=["d"])
def divided_kernel(x, d, quotient, rest, again, n, WIDE: tl.constexpr, B: tl.constexpr):
    at = tl.arange(0, B)
    a = tl.load(x + at, at < n)
    if WIDE:
        a = a.to(tl.int64)
    q = a // d
    tl.store(quotient + at, q, at < n)
    tl.store(rest + at, a % d, at < n)
    tl.store(again + at, q % d + (a % d) // d, at < n)


def truncated(a, b, bits):
    """What the language has for a // b and a % b, which by 0 are -1 and a, in so many bits."""
    if b == 0:
        return -1, a
    q = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return (q + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1), a - q * b


@pytest.mark.parametrize("bits", [32, 64])
def test_division_by_a_number_known_when_the_kernel_runs(bits):
    """The dividend is within 32 bits, the divisor one for all and anything: both ends, and what lies beside multiples."""
    limits, rng = np.iinfo(np.int32), np.random.default_rng(11)
    divisors = [0, 1, -1, 2, -2, 3, 7, -10, 1000, 46341, limits.max, limits.min, limits.min + 1]
    if bits == 64:
        divisors += [2**31, -(2**31) - 1, 2**32, 2**52 + 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63)]
    for d in [*divisors, *(int(v) for v in rng.integers(1, 2 ** rng.integers(2, 31, 12)))]:
        step = d or 1
        near = [k * step + o for k in (-3, -1, 1, 2, limits.max // abs(step) or 1) for o in (-1, 0, 1)]
        x = [
            limits.min,
            limits.min + 1,
            -1,
            0,
            1,
            limits.max - 1,
            limits.max,
            *near,
            *rng.integers(limits.min, limits.max, 80),
        ]
        x = np.array([v for v in x if limits.min <= v <= limits.max], np.int32)
        n, kind = len(x), np.int32 if bits == 32 else np.int64
        q, r, both = (np.zeros(n, kind) for _ in range(3))
        divided_kernel[(1,)](x, d, q, r, both, n, WIDE=bits == 64, B=128)
        wanted = [truncated(int(a), d, bits) for a in x]
        assert list(zip(q.tolist(), r.tolist(), strict=True)) == wanted, d
        sums = [truncated(w[0], d, bits)[1] + truncated(w[1], d, bits)[0] for w in wanted]
        assert both.tolist() == [(s + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1) for s in sums], d


@triton.jit
def rows_kernel(x, out, n, width, height, stride, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    column, row = at.to(tl.int64) % width, at.to(tl.int64) // width
    here = row % height * stride + column + row // height * 3
    tl.store(out + at, tl.load(x + here, at < n), at < n)


@pytest.mark.parametrize("width, height", [(64, 8), (7, 5), (1000, 2), (129, 1), (2, 3)])
def test_rows_and_columns_by_division(width, height):
    n, stride = 4000, 1003
    x, out = np.arange(stride * height + 6000, dtype=np.float32), np.zeros(n, np.float32)
    rows_kernel[(triton.cdiv(n, 256),)](x, out, n, width, height, stride, B=256)
    at = np.arange(n)
    row = at // width
    assert np.array_equal(out, x[row % height * stride + at % width + row // height * 3])


@triton.jit
def row_numbers_kernel(out, n, width, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(out + at, (at - 100) // width * 1000 + (at - 100) % width, at < n)


@triton.jit
def column_sums_kernel(x, out, n, width, plane, rows, B: tl.constexpr, R: tl.constexpr):
    at, sums = (tl.program_id(0) * B + tl.arange(0, B)[:, None]).to(tl.int64), tl.zeros([B, R], tl.float32)
    for begin in range(0, rows, R):
        row = begin + tl.arange(0, R)[None, :]
        here = at % width + width * row + plane * (at // width)
        sums += tl.load(x + here, (at < n) & (row < rows), other=0.0)
    tl.store(out + at, tl.sum(sums, 1)[:, None], at < n)


@pytest.mark.parametrize("width", [1, 3, 7, 8, 9, 64, 130, 1000, -9])
def test_vectors_within_a_row_and_across(width):
    """What lies between two multiples of the divisor is computed once for a vector; what does not, a negative dividend or divisor, is not."""
    n = 700
    numbers = np.zeros(1024, np.int32)
    row_numbers_kernel[(4,)](numbers, n, width, B=256)
    wanted = [truncated(i - 100, width, 32) for i in range(n)]
    assert numbers[:n].tolist() == [q * 1000 + r for q, r in wanted]
    if width > 0:
        rows, at = 5, np.arange(n)
        plane = width * rows + 3
        x, sums = np.arange(plane * (n // width + 1) + 64, dtype=np.float32) % 509, np.zeros(n, np.float32)
        column_sums_kernel[(11,)](x, sums, n, width, plane, rows, B=64, R=4)
        assert np.array_equal(sums, sum(x[at % width + width * r + plane * (at // width)] for r in range(rows)))
