"""What is easily forgotten: numbers at their limits, shifts by the width, loops that end at the largest integer, bool
arithmetic, tensors of one element or none, NaN's code. On every target the same, and what is written down here."""

import math

import pytest
import torch
import triton
import triton.language as tl
from targets import run_on_each

TARGETS = ["", "interpreter", "cuda:75", "cuda:80", "cuda:90"]
SIGNED = [torch.int8, torch.int16, torch.int32, torch.int64]
LEAST, MOST = -(2**31), 2**31 - 1


run = run_on_each(*TARGETS)


def corners(dtype):
    info = torch.iinfo(dtype)
    return torch.tensor([info.min, -1, 0, 1, info.max, info.min + 1, 7, -7], dtype=dtype)


def wrapped(value, dtype):
    bits = torch.iinfo(dtype).bits
    return (value + 2 ** (bits - 1)) % 2**bits - 2 ** (bits - 1)


def toward_zero(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


@triton.jit
def divide_kernel(x, y, out, d):
    i = tl.arange(0, 8)
    v, w = tl.load(x + i), tl.load(y + i)
    tl.store(out + i, v // d)
    tl.store(out + 8 + i, v % d)
    tl.store(out + 16 + i, v // -1)
    tl.store(out + 24 + i, v % -1)
    tl.store(out + 32 + i, v // w)
    tl.store(out + 40 + i, v % w)
    tl.store(out + 48 + i, -v)
    tl.store(out + 56 + i, tl.abs(v))
    tl.store(out + 64, tl.load(x) // tl.load(x + 1))
    tl.store(out + 65, tl.load(x) % tl.load(x + 1))


@pytest.mark.parametrize("dtype", SIGNED)
@pytest.mark.parametrize("d", [-1, 3])
def test_division_of_the_least_integer(d, dtype, run):
    x, out = corners(dtype), torch.zeros(66, dtype=dtype)
    y = torch.tensor([-1, 1, -1, 2, -1, 3, -2, 5], dtype=dtype)
    run(divide_kernel, x, y, out, d)
    want = []
    for divisors in ([d] * 8, [-1] * 8, y.tolist()):
        pairs = list(zip(x.tolist(), divisors, strict=True))
        want += [wrapped(toward_zero(a, b), dtype) for a, b in pairs]
        want += [a - toward_zero(a, b) * b for a, b in pairs]
    want += [wrapped(-a, dtype) for a in x.tolist()] + [wrapped(abs(a), dtype) for a in x.tolist()]
    assert out.tolist() == [*want, x[0].item(), 0]


@triton.jit
def shift_kernel(x, s, out, W: tl.constexpr):
    i = tl.arange(0, 8)
    v = tl.load(x + i)
    tl.store(out + i, v << s)
    tl.store(out + 8 + i, v >> s)
    tl.store(out + 16 + i, v << W)
    tl.store(out + 24 + i, v >> W)
    w = tl.load(x + (i + 3) % 8)
    tl.store(out + 32 + i, v << w)
    tl.store(out + 40 + i, v >> w)


@pytest.mark.parametrize("dtype", SIGNED)
@pytest.mark.parametrize("more", [0, 1, 1000])
def test_shifts_by_the_width_and_more(more, dtype, run):
    bits = torch.iinfo(dtype).bits
    x, out = corners(dtype), torch.zeros(48, dtype=dtype)
    run(shift_kernel, x, bits + min(more, 60), out, bits)
    values = x.tolist()
    by = [n if 0 <= n < bits else bits for n in values[3:] + values[:3]]
    want = ([0] * 8 + [-1 if a < 0 else 0 for a in values]) * 2
    want += [wrapped(a << n, dtype) for a, n in zip(values, by, strict=True)]
    want += [a >> n for a, n in zip(values, by, strict=True)]
    assert out.tolist() == want


@triton.jit
def range_kernel(out, start, stop, step):
    count, last = 0, start
    for k in range(start, stop, step):
        count += 1
        last = k
    tl.store(out, count)
    tl.store(out + 1, last)


@pytest.mark.parametrize(("start", "stop", "step"), [
    (MOST - 5, MOST, 3), (-7, MOST, 2**29), (0, MOST, 2**30), (LEAST, MOST, MOST), (LEAST, MOST, 2**30),
    (LEAST + 3, LEAST, -2), (MOST, LEAST, LEAST), (3, 3, -1), (5, 3, 2), (LEAST, LEAST + 1, MOST), (-5, 7, 3),
    (2**63 - 20, 2**63 - 1, 7), (2**40, 2**63 - 1, 2**62), (-(2**63) + 9, -(2**63), -4),
])  # fmt: skip
def test_ranges_that_end_at_the_largest_integer(start, stop, step, run):
    """The index passes the largest integer after the last iteration: that one must be the last even so."""
    out = torch.zeros(2, dtype=torch.int64)
    run(range_kernel, out, start, stop, step)
    whole = range(start, stop, step)
    assert out.tolist() == [len(whole), whole[-1] if len(whole) else start]


@triton.jit
def constant_range_kernel(out, n):
    count = 0
    for _ in range(0, n, 1 << 30):
        count += 1
    for _ in range(2147483600, 2147483647, 5):
        count += 10
    for _ in range(-2147483600, -2147483648, -5):
        count += 1000
    for _ in range(-2147483648, n, 1 << 30):
        count += 100000
    for _ in range(tl.cast(0, tl.uint32), n.to(tl.uint32), 1 << 30):
        count += 10000000
    tl.store(out, count)


@pytest.mark.parametrize("n", [MOST - 20, 5, LEAST, LEAST + 30, -1, 0])
def test_ranges_of_constant_steps(n, run):
    out = torch.zeros(1, dtype=torch.int32)
    run(constant_range_kernel, out, n)
    rounds = [len(range(0, n, 2**30)), 10, 10, len(range(LEAST, n, 2**30)), len(range(0, n % 2**32, 2**30))]
    assert out.item() == sum(n * 10 ** (0, 1, 3, 5, 7)[i] for i, n in enumerate(rounds))


@triton.jit
def bool_kernel(x, out, floats, n):
    i = tl.arange(0, 8)
    v, w = tl.load(x + i) != 0, i > 3
    tl.store(out + i, (v + w).to(tl.int32))
    tl.store(out + 8 + i, (v * w).to(tl.int32))
    tl.store(out + 16 + i, (v - w).to(tl.int32))
    tl.store(out + 24 + i, (~v).to(tl.int32))
    tl.store(out + 32 + i, v.to(tl.int8).to(tl.int32))
    tl.store(out + 40 + i, (v < w).to(tl.int32))
    tl.store(out + 48 + i, tl.sum(v, 0))
    tl.store(out + 56 + i, tl.where(v, w, ~w).to(tl.int32))
    tl.store(out + 64 + i, tl.cumsum(v.to(tl.int32), 0))
    tl.store(floats + i, v * 2.5 + w)


def test_bool_arithmetic(run):
    x = corners(torch.int32)
    out, floats = torch.zeros(72, dtype=torch.int32), torch.zeros(8)
    run(bool_kernel, x, out, floats, 0)
    v, w = (x != 0).int(), (torch.arange(8) > 3).int()
    want = [v ^ w, v & w, v ^ w, 1 - v, v, (v < w).int(), v.sum().repeat(8), torch.where(v > 0, w, 1 - w), v.cumsum(0)]
    assert out.tolist() == torch.cat(want).tolist()
    assert floats.tolist() == (v * 2.5 + w).tolist()


@triton.jit
def bool_memory_kernel(x, y, out):
    i = tl.arange(0, 8)
    v = tl.load(x + i)
    w = tl.load(x + i, mask=i < 4, other=1)
    tl.store(out + i, v.to(tl.int32) + 2 * w.to(tl.int32))
    tl.store(y + i, v & (i > 2))
    tl.store(y + 8 + i, i.to(tl.int8) * 64)
    if tl.load(x):
        tl.store(out + 8, 1)
    else:
        tl.store(out + 8, 2)


@pytest.mark.parametrize("bytes", [[1, 0, 1, 1, 0, 0, 1, 0], [2, 0, 255, 128, 0, 0, 3, 0]])
def test_bools_in_memory(bytes, run):
    """Any byte but 0 is true, and true is written as 1."""
    x = torch.tensor(bytes, dtype=torch.uint8).view(torch.bool)
    y, out = torch.zeros(16, dtype=torch.bool), torch.zeros(9, dtype=torch.int32)
    run(bool_memory_kernel, x, y, out)
    v = [int(b != 0) for b in bytes]
    w = v[:4] + [1] * 4
    assert out.tolist() == [a + 2 * b for a, b in zip(v, w, strict=True)] + [1]
    assert y.view(torch.uint8).tolist() == [v[i] if i > 2 else 0 for i in range(8)] + [0, 1, 1, 1] * 2


@triton.jit
def one_element_kernel(x, out):
    i = tl.arange(0, 1)
    v = tl.load(x + i)
    tl.store(out + i, tl.sum(v, 0) + tl.cumsum(v, 0) + tl.max(v, 0) + tl.argmax(v, 0))
    m = v[:, None] + v[None, :]
    tl.store(out + 1 + i[:, None] + i[None, :], tl.trans(m))
    tl.store(out + 2 + i, tl.sort(v) + tl.flip(v, 0) + tl.gather(v, i, 0))
    tl.store(out + 3 + i, tl.reshape(m, (1,)))
    a, b = tl.split(tl.join(v, v * 2))
    tl.store(out + 4 + i, a + b * 10)
    scalar = tl.load(x)
    t = tl.full((), 3, tl.int32) + scalar
    f = tl.where(scalar > 100, t, -t)
    tl.store(out + 5, tl.broadcast_to(f, (4,)).sum(0))
    tl.store(out + 6 + i, tl.reshape(tl.broadcast_to(f, (1, 1)), (1,)))
    tl.store(out + 7, tl.sum(tl.expand_dims(f, 0), 0))


def test_one_element(run):
    x, out = torch.tensor([5], dtype=torch.int32), torch.zeros(8, dtype=torch.int32)
    run(one_element_kernel, x, out)
    assert out.tolist() == [15, 10, 15, 10, 105, -32, -8, -8]


@triton.jit
def pair(a, b, c):
    if c > 0:
        return a + b, (a - b, a * b), a > 0
    return a, (b, a + b), b > 0


@triton.jit
def tuples_kernel(x, out, n):
    i = tl.arange(0, 8)
    p, (q, r), m = pair(tl.load(x + i), tl.load(x + 7 - i), n)
    s = (p, q, r)
    for k in range(n):
        s = (s[1], s[2], s[0] + k)
        p, (q, r), m = pair(s[0], s[1], k - 2)
        s = (p, q, r)
    tl.store(out + i, s[0])
    tl.store(out + 8 + i, s[1])
    tl.store(out + 16 + i, s[2], mask=m)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_tuples_of_tensors_through_calls_and_loops(n, run):
    x, out = torch.arange(-3, 5, dtype=torch.int32), torch.zeros(24, dtype=torch.int32)
    run(tuples_kernel, x, out, n)

    def pair(a, b, c):
        return (a + b, a - b, a * b, a > 0) if c > 0 else (a, b, a + b, b > 0)

    *s, m = pair(x, x.flip(0), n)
    for k in range(n):
        *s, m = pair(s[1], s[2], k - 2)
    assert out.tolist() == torch.cat([s[0], s[1], torch.where(m, s[2], 0)]).tolist()


@triton.jit
def pointers_kernel(x, steps, out, n):
    i = tl.arange(0, 8)
    p = x + i
    acc = tl.zeros((8,), tl.int32)
    for k in range(n):
        q = p + k
        j = tl.load(steps + k)
        while j > 0:
            acc += tl.load(q, mask=tl.load(steps + i) > k, other=-1)
            q += j
            j -= 1
            if j == 2:
                q = p
        p = q
    tl.store(out + i, acc)
    tl.store(out + 8 + i, tl.load(p))


@pytest.mark.parametrize("n", [0, 1, 6])
def test_pointers_carried_by_a_while_in_a_for(n, run):
    steps = [3, 0, 5, 1, 2, 4, 6, 7]
    out = torch.zeros(16, dtype=torch.int32)
    run(pointers_kernel, torch.arange(256, dtype=torch.int32), torch.tensor(steps, dtype=torch.int32), out, n)
    p, acc = 0, [0] * 8
    for k in range(n):
        q, j = p + k, steps[k]
        while j > 0:
            acc = [a + (q + i if steps[i] > k else -1) for i, a in enumerate(acc)]
            q += j
            j -= 1
            if j == 2:
                q = p
        p = q
    assert out.tolist() == acc + [p + i for i in range(8)]


@triton.jit
def nan_kernel(x, out):
    i = tl.arange(0, 8)
    v = tl.load(x + i)
    tl.store(out + i, v.to(tl.float8e5).to(tl.uint8, bitcast=True))
    tl.store(out + 8 + i, v.to(tl.float16).to(tl.float8e5).to(tl.uint8, bitcast=True))
    tl.store(out + 16 + i, v.to(tl.bfloat16).to(tl.float8e5).to(tl.uint8, bitcast=True))
    tl.store(out + 24 + i, v.to(tl.float8e5, fp_downcast_rounding="rtz").to(tl.uint8, bitcast=True))
    tl.store(out + 32 + i, tl.full((8,), float("nan"), tl.float32).to(tl.float8e5).to(tl.uint8, bitcast=True))
    tl.store(out + 40 + i, v.to(tl.float8e4nv).to(tl.uint8, bitcast=True))


def test_the_code_of_a_nan(run):
    """In 8 bits a NaN is 0x7F whatever its sign was, converted by an instruction, in software or by the compiler."""
    x = torch.tensor([float("nan"), -float("nan"), 1e9, -1e9, 0.0, -0.0, float("inf"), 3.0])
    out = torch.zeros(48, dtype=torch.uint8)
    run(nan_kernel, x, out)
    codes = [0x7F, 0x7F, 0x7B, 0xFB, 0, 0x80, 0x7B, 0x42]
    assert out.tolist() == codes * 4 + [0x7F] * 8 + [0x7F, 0x7F, 0x7E, 0xFE, 0, 0x80, 0x7E, 0x44]


@triton.jit
def to_float_kernel(x, halves, brains, known, X: tl.constexpr):
    i = tl.arange(0, 8)
    v = tl.load(x + i)
    tl.store(halves + i, v.to(tl.float16))
    tl.store(brains + i, v.to(tl.bfloat16))
    tl.store(known, tl.full((), X, v.dtype).to(tl.bfloat16))


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.uint32, torch.uint64])
def test_integers_to_narrow_floats(dtype, run):
    """To bfloat16 by way of float32, as PyTorch; to float16 once."""
    one = 2**30 + 2**22 + 1  # above half of bfloat16's last place by what float32 has no place for
    values = [one, one + 254, one - 2, 2049, 4099, 65519, 65520, 2**24 + 2**16 + 1]
    x, halves, brains = torch.tensor(values).to(dtype), torch.zeros(8).half(), torch.zeros(8).bfloat16()
    known = torch.zeros(1).bfloat16()
    run(to_float_kernel, x, halves, brains, known, one)
    wide = torch.tensor(values, dtype=torch.int64)
    assert torch.equal(brains, wide.float().bfloat16()) and torch.equal(halves, wide.double().half())
    assert brains[0] == 2**30 and known[0] == 2**30


@triton.jit
def below_zero_kernel(out, start, size: tl.constexpr, wide: tl.constexpr):
    """Aligned blocks of neighbours below zero: rounded toward zero, a block's quotients are not equal."""
    at = tl.arange(0, size)
    i = start * size + at - size // 2
    if wide:
        i = i.to(tl.int64)
    tl.store(out + at, i // 8)
    tl.store(out + size + at, i % 8)
    tl.store(out + 2 * size + at, i >> 3)
    tl.store(out + 3 * size + at, i % 24)
    tl.store(out + 4 * size + at, (start * size + at) // 8)
    tl.store(out + 5 * size + at, (start * size + at) % 8)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("start", [0, 1, -1])
def test_quotients_of_neighbours_below_zero(start, wide, run):
    size = 1024
    out = torch.zeros(6 * size, dtype=torch.int32)
    run(below_zero_kernel, out, start, size, wide)
    at = [start * size + k for k in range(size)]
    i = [k - size // 2 for k in at]
    wanted = [toward_zero(k, 8) for k in i] + [k - 8 * toward_zero(k, 8) for k in i] + [k >> 3 for k in i]
    wanted += [k - 24 * toward_zero(k, 24) for k in i]
    wanted += [toward_zero(k, 8) for k in at] + [k - 8 * toward_zero(k, 8) for k in at]
    assert out.tolist() == wanted


@triton.jit
def first_iteration_kernel(x, out, n: tl.constexpr, step: tl.constexpr):
    at = tl.arange(0, step)
    mean = tl.zeros([step], tl.float32)
    count = tl.zeros([step], tl.float32)
    for start in range(0, n, step):
        v = tl.load(x + start + at)
        if start == 0:
            mean = v
            count = tl.full([step], 1.0, tl.float32)
        else:
            count += 1
            mean += (v - mean) / count
    tl.store(out + at, mean)
    tl.store(out + step + at, count)


@pytest.mark.parametrize("n", [64, 128, 512])
def test_the_first_iteration_differs(n, run):
    x, out = torch.randn(n), torch.zeros(128)
    run(first_iteration_kernel, x, out, n, 64)
    torch.testing.assert_close(out[:64], x.view(-1, 64).mean(0))
    assert (out[64:] == n // 64).all()


@triton.jit
def chosen_kernel(x, out, bits, n: tl.constexpr):
    at = tl.arange(0, n)
    v = tl.load(x + at)
    tl.store(out + at, tl.where((v > 0.0) | (v != v), v, 0.0))
    tl.store(out + n + at, tl.where((v < 1.0) | (v != v), v, 1.0))
    tl.store(out + 2 * n + at, tl.where((v > -0.0) | (v != v), v, -0.0))
    tl.store(out + 3 * n + at, tl.where((v < 0.0) | (v != v), v, 0.0))
    b = tl.load(bits + at)
    near = b.to(tl.int64) + 1
    tl.store(bits + n + at, tl.where(near < 63, near, 63).to(tl.int32))
    tl.store(bits + 2 * n + at, tl.where(near > 2**31 - 1, 2**31 - 1, near).to(tl.int32))


def test_choices_that_are_minima(run):
    x = torch.tensor([0.0, -0.0, 1.0, -1.0, 0.5, float("nan"), float("inf"), -float("inf")])
    b = torch.tensor([LEAST, -1, 0, 61, 62, 63, MOST - 1, MOST], dtype=torch.int32)
    out, bits = torch.zeros(32), torch.cat([b, torch.zeros(16, dtype=torch.int32)])
    run(chosen_kernel, x, out, bits, 8)
    wanted = [v if v > 0 or v != v else 0.0 for v in x.tolist()] + [v if v < 1 or v != v else 1.0 for v in x.tolist()]
    wanted += [v if v > 0 or v != v else -0.0 for v in x.tolist()] + [v if v < 0 or v != v else 0.0 for v in x.tolist()]
    for got, want in zip(out.tolist(), wanted, strict=True):
        assert (got != got) if want != want else (got == want and math.copysign(1, got) == math.copysign(1, want))
    assert bits[8:16].tolist() == [min(int(v) + 1, 63) for v in b]
    assert bits[16:].tolist() == [min(int(v) + 1, MOST) for v in b]


@triton.jit
def booleans_kernel(x, out, n: tl.constexpr):
    at = tl.arange(0, n)
    p = tl.load(x + at) > 0
    tl.store(out + at, (p.to(tl.int32) ^ (at % 2)) != 0)
    tl.store(out + n + at, (p.to(tl.int32) ^ (at % 3)) == 0)
    tl.store(out + 2 * n + at, p.to(tl.int32) == at % 2)
    tl.store(out + 3 * n + at, p.to(tl.int32) != at % 3)


def test_booleans_among_numbers(run):
    n = 64
    x, out = torch.randn(n), torch.zeros(4 * n, dtype=torch.bool)
    run(booleans_kernel, x, out, n)
    p, at = (x > 0).int(), torch.arange(n, dtype=torch.int32)
    assert out.tolist() == torch.cat([(p ^ at % 2) != 0, (p ^ at % 3) == 0, p == at % 2, p != at % 3]).tolist()


@triton.jit
def sums_past_the_end_kernel(x, out, a, n, wide, N: tl.constexpr):
    """Integers that begin at a number of the launch, widened, compared, as masks and as bounds of rows."""
    i = tl.arange(0, N)
    j = tl.arange(0, 4)[:, None]
    v = a + i
    tl.store(out + i, v.to(tl.int64))
    tl.store(out + N + i, (v < n).to(tl.int64) + 2 * (a - i > n) + 4 * (v <= n + i))
    tl.store(out + 2 * N + i, i.to(tl.int64), mask=v < n)
    w = tl.load(x + i, mask=v.to(tl.int64) + 5 >= n, other=7)
    tl.store(out + 3 * N + i, tl.where(v < n, w, tl.sum(v.to(tl.int64), 0)))
    rows = (a + j * N + i[None, :]).to(tl.int64)
    tl.store(out + 4 * N + j * N + i[None, :], rows, mask=(rows < n) & (j < 3))
    s = tl.zeros((N,), tl.int64)
    for k in range(0, 4 * N, N):
        s += tl.load(x + k + i, mask=a + k + i < n, other=1)
    tl.store(out + 8 * N + i, s)
    tl.store(out + 9 * N + i, i.to(tl.int64), mask=wide + i >= wide)


@pytest.mark.parametrize(
    ("a", "n"),
    [
        (MOST - 29, MOST - 2),
        (MOST - 19, 5),
        (LEAST + 10, LEAST + 20),
        (5, 30),
        (MOST - 63, 77),
        (MOST - 199, MOST - 99),
    ],
)
def test_sums_past_the_end(run, a, n):
    N, wide = 64, 2**63 - 20
    i, j = torch.arange(N), torch.arange(4)[:, None]
    x = torch.arange(4 * N) * 3
    out = torch.full((10 * N,), -9)
    run(sums_past_the_end_kernel, x, out, a, n, wide, N)
    v = wrapped(a + i, torch.int32)
    rows = wrapped(a + j * N + i, torch.int32)
    below = (v < n).long() + 2 * (wrapped(a - i, torch.int32) > n) + 4 * (v <= wrapped(n + i, torch.int32))
    where = torch.where(v < n, torch.where(v + 5 >= n, x[:N], 7), v.sum())
    loop = torch.where(rows < n, x.reshape(4, N), 1).sum(0)
    want = [v, below, torch.where(v < n, i, -9), where, *torch.where((rows < n) & (j < 3), rows, -9)]
    want += [loop, torch.where(i < 20, i, -9)]
    assert torch.equal(out, torch.cat(want))


@triton.jit
def ends_of_rows_kernel(out, n, N: tl.constexpr):
    """Bounds of a row, either way round, and of the steps of a loop."""
    i = tl.arange(0, N)
    tl.store(out + i, 1, mask=i < n)
    tl.store(out + N + i, 1, mask=i >= n)
    tl.store(out + 2 * N + i, (n > i).to(tl.int32) + 2 * (n <= i).to(tl.int32))
    for k in range(0, 3 * N, N):
        tl.store(out + 3 * N + k + i, 1, mask=k + i < n)


@pytest.mark.parametrize("n", [LEAST, LEAST + 700, -1, 0, 1, 77, 1000, 1024, 1025, 2500, MOST - 3, MOST])
def test_ends_of_rows(run, n):
    N = 1024
    out = torch.zeros(6 * N, dtype=torch.int32)
    run(ends_of_rows_kernel, out, n, N)
    i = torch.arange(N)
    want = [i < n, i >= n, torch.where(i < n, 1, 2), torch.arange(3 * N) < n]
    assert torch.equal(out, torch.cat(want).int())


@triton.jit
def signs_and_limits_kernel(x, k, d, out, whole, wide):
    """-x of a zero, limits of integers, quotients of an integer and a float, a limit of 64 bits, what is read once."""
    i = tl.arange(0, 8)
    v, w = tl.load(x + i, cache_modifier=".cs"), tl.load(k + i, cache_modifier="cs", eviction_policy="evict_normal")
    tl.store(out + i, 1.0 / -v, cache_modifier="none")
    tl.store(out + 8 + i, tl.fdiv(w, v))
    tl.store(out + 16 + i, tl.fdiv(v, 3))
    tl.store(out + 24 + i, 1.0 / (-v.to(tl.float16)).to(tl.float32))
    tl.store(whole + i, tl.clamp(w, -3, 5))
    tl.store(wide, tl.clamp(tl.load(d), 0.7, 0.9))


def test_signs_and_limits(run):
    x, k = torch.tensor([0.0, -0.0, 1, -2, 0.5, math.inf, 3, -4]), torch.arange(-4, 4, dtype=torch.int32)
    out, whole, wide = torch.zeros(32), torch.zeros(8, dtype=torch.int32), torch.zeros(1, dtype=torch.float64)
    run(signs_and_limits_kernel, x, k, torch.zeros(1, dtype=torch.float64), out, whole, wide)
    torch.testing.assert_close(out, torch.cat([1 / -x, k / x, x / 3, 1 / -x]), rtol=1e-6, atol=0)
    assert torch.equal(whole, k.clamp(-3, 5))
    assert wide.item() == 0.7


@triton.jit
def weighed_sum(first, *rest, weight: tl.constexpr = 3):
    s = first
    for k in tl.static_range(len(rest)):
        s += rest[k] * weight
    return s


@triton.jit
def any_number_of_arguments_kernel(out, n):
    more = (n, 4)
    tl.store(out, weighed_sum(n, 1, n, weight=2))
    tl.store(out + 1, weighed_sum(n))
    tl.store(out + 2, weighed_sum(1, *more))


def test_any_number_of_arguments(run):
    out = torch.zeros(3, dtype=torch.int32)
    run(any_number_of_arguments_kernel, out, 5)
    assert out.tolist() == [17, 5, 28]
