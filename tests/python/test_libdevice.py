"""tl.extra.libdevice: each function over its range, against mpmath; what must be exact, against fractions and integers."""

import math
import random
import struct
from fractions import Fraction

import mpmath
import pytest
import torch
import triton
import triton.language as tl
from dtypes import DEVICE, ON_GPU
from mpmath import mpf
from triton.language.extra import libdevice

SOURCE = """
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def kernel({names}, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = i < n
    tl.store(out + i, libdevice.{function}({loads}), mask=inside)
"""


@pytest.fixture(scope="module")
def kernel(tmp_path_factory):
    """kernel(name, arguments, dtype of the result): the function on tensors."""
    folder = tmp_path_factory.mktemp("kernels")
    made = {}

    def run(function, args, dtype):
        if function not in made:
            names = "xyzw"[: len(args)]
            text = SOURCE.format(
                names=", ".join(names),
                function=function,
                loads=", ".join(f"tl.load({c} + i, mask=inside, other=1)" for c in names),
            )
            path = folder / f"{function}.py"
            path.write_text(text)
            scope = {"__file__": str(path)}
            exec(compile(text, str(path), "exec"), scope)
            made[function] = scope["kernel"]
        n = args[0].numel()
        out = torch.zeros(n, dtype=dtype)
        made[function][((n + 127) // 128,)](*args, out, n, BLOCK=128)
        return out

    return run


# ---- functions of one floating-point argument ----------------------------------------------------------------------------


def spread(low, high, least=None):
    """Numbers of [low, high], evenly or by their exponents down to 2^least."""

    def one(rng):
        if least is None or rng.random() < 0.5:
            return rng.uniform(low, high)
        largest = max(abs(low), abs(high))
        x = 2.0 ** rng.uniform(least, math.log2(largest))
        return x if low >= 0 or (rng.random() < 0.5 and x <= high) else -x if -x >= low else x

    return one


def small(f):
    """f near zero, where mpmath needs more bits than the result has."""

    def g(x):
        with mpmath.workprec(160 + 2 * max(0, int(-mpmath.log(abs(x), 2))) if x else 160):
            return +f(x)

    return g


def erfcx(x):
    with mpmath.workprec(200 + int(4 * x * x) if abs(x) < 30 else 200):
        return +(mpmath.exp(x * x) * mpmath.erfc(x))


def inverse(f, derivative):
    """The exact inverse beside `y`, which is the inverse as computed: one of Newton's steps."""
    return lambda x, y: y - (f(y) - x) / derivative(y)


def cubed(f):
    return lambda x: mpmath.sign(x) * f(mpmath.cbrt(abs(x)))


def lgamma(x):
    with mpmath.workprec(300):
        return +mpmath.log(abs(mpmath.gamma(x))) if x < 1e4 else mpmath.loggamma(x)


# The exact function, arguments of fp64, arguments of fp32, largest error of fp64 in the last place.
ONE = {
    "acos": (mpmath.acos, spread(-1, 1, -40), None, 1.5),
    "acosh": (small(mpmath.acosh), spread(1, 1e9, 0), None, 1),
    "asin": (mpmath.asin, spread(-1, 1, -40), None, 1.5),
    "asinh": (small(mpmath.asinh), spread(-1e9, 1e9, -60), None, 1),
    "atan": (mpmath.atan, spread(-1e3, 1e3, -60), None, 1),
    "atanh": (small(mpmath.atanh), spread(-1, 1, -60), None, 1),
    "cbrt": (cubed(lambda x: x), spread(-100, 100, -1000), spread(-100, 100, -120), 1),
    "rcbrt": (cubed(lambda x: 1 / x), spread(-100, 100, -1000), spread(-100, 100, -120), 1),
    "cosh": (mpmath.cosh, spread(-700, 700, -20), spread(-88, 88, -20), 1),
    "sinh": (small(mpmath.sinh), spread(-700, 700, -30), spread(-88, 88, -30), 1),
    "tanh": (small(mpmath.tanh), spread(-30, 30, -30), None, 1),
    "fast_tanhf": (small(mpmath.tanh), None, spread(-20, 20, -30), 1),
    "cospi": (mpmath.cospi, spread(-10, 10, -20), None, 1),
    "sinpi": (mpmath.sinpi, spread(-10, 10, -20), None, 1),
    "exp10": (lambda x: mpf(10) ** x, spread(-300, 300, -20), spread(-37, 38, -20), 1),
    "expm1": (small(mpmath.expm1), spread(-700, 700, -60), spread(-88, 88, -60), 1),
    "log10": (small(mpmath.log10), spread(0.1, 10, -1000), spread(0.1, 10, -120), 1),
    "log1p": (small(lambda x: mpmath.log(1 + x)), spread(-1, 5, -60), None, 1),
    "erfc": (mpmath.erfc, spread(-5, 26), spread(-5, 9), 4),
    "erfcx": (erfcx, spread(-20, 28), spread(-8, 28), 4),
    "erfinv": (small(mpmath.erfinv), spread(-1, 1, -60), None, 5),
    "erfcinv": (
        inverse(mpmath.erfc, lambda y: -2 * mpmath.exp(-y * y) / mpmath.sqrt(mpmath.pi)),
        spread(0, 2, -1000), spread(0, 2, -120), 5,
    ),
    "normcdf": (lambda x: mpmath.erfc(-x / mpmath.sqrt(2)) / 2, spread(-37, 8), spread(-12, 5), 5),
    "normcdfinv": (
        inverse(lambda y: mpmath.erfc(-y / mpmath.sqrt(2)) / 2, lambda y: mpmath.npdf(y)),
        spread(0, 1, -1000), spread(0, 1, -120), 6,
    ),
    "tgamma": (mpmath.gamma, spread(-20, 170, -20), spread(-5, 34, -20), 6),
    "lgamma": (lgamma, spread(-2.2, 300, -60), None, 4),
    "j0": (lambda x: mpmath.besselj(0, x), spread(-8, 8), None, 7),
    "j1": (lambda x: mpmath.besselj(1, x), spread(-8, 8, -30), None, 7),
    "y0": (lambda x: mpmath.bessely(0, x), spread(0, 8, -30), None, 7),
    "y1": (lambda x: mpmath.bessely(1, x), spread(0, 8, -30), None, 7),
    "cyl_bessel_i0": (lambda x: mpmath.besseli(0, x), spread(-600, 600, -4), spread(-80, 80, -4), 6),
    "cyl_bessel_i1": (lambda x: mpmath.besseli(1, x), spread(-600, 600, -4), spread(-80, 80, -4), 6),
}  # fmt: skip


# Those of fp32 that are computed in fp32, with the largest error that CUDA documents; lgamma, which is computed in fp64 in
# a way of its own; the others are rounded once, from fp64.
SINGLE = {
    "acos": 2, "acosh": 4, "asin": 2, "asinh": 3, "atan": 2, "atanh": 3, "cbrt": 1, "rcbrt": 1, "cosh": 2, "sinh": 3, "tan": 4,
    "tanh": 2, "fast_tanhf": 2, "cospi": 1, "sinpi": 1, "exp10": 2, "expm1": 1, "log10": 2, "log1p": 1, "erfc": 4, "erfcx": 4,
    "erfinv": 2, "erfcinv": 4, "normcdf": 5, "normcdfinv": 5, "atan2": 3, "hypot": 3, "rhypot": 2, "norm3d": 3, "rnorm3d": 2,
    "norm4d": 3, "rnorm4d": 2, "pow": 4, "lgamma": 0.501,
}  # fmt: skip


def last_place(exact, dtype):
    digits, least = (24, -149) if dtype == torch.float32 else (53, -1074)
    return mpf(2) ** max(int(mpmath.floor(mpmath.log(abs(exact), 2))) - digits + 1, least)


@pytest.mark.parametrize(
    "name,dtype",
    [(n, t) for n in ONE for t in (torch.float64, torch.float32) if t == torch.float32 or ONE[n][1]],
    ids=str,
)
def test_one_argument(kernel, name, dtype):
    exact, wide, narrow, limit = ONE[name]
    draw = wide if dtype == torch.float64 else narrow or wide
    rng = random.Random(name)
    x = torch.tensor([draw(rng) for _ in range(64 if ON_GPU else 128)], dtype=torch.float64).to(dtype)
    y = kernel(name, [x], dtype)
    limit = SINGLE.get(name, 0.501) if dtype == torch.float32 else limit
    with mpmath.workprec(160):
        for a, got in zip(x.double().tolist(), y.double().tolist(), strict=True):
            newton = name in ("erfcinv", "normcdfinv")
            want = exact(mpf(a), mpf(got)) if newton else mpmath.re(exact(mpf(a)))
            error = abs(mpf(got) - want) / last_place(want, dtype) if want else abs(mpf(got))
            assert error <= limit, (a, got, float(want), float(error))


inf, nan = math.inf, math.nan
ENDS = {
    "acos": [(1, 0.0), (-1, math.pi), (1.5, nan), (nan, nan)],
    "acosh": [(1, 0.0), (0.5, nan), (inf, inf)],
    "asin": [(0.0, 0.0), (-0.0, -0.0), (1, math.pi / 2), (-2, nan)],
    "asinh": [(-0.0, -0.0), (inf, inf), (-inf, -inf)],
    "atan": [(-0.0, -0.0), (inf, math.pi / 2), (-inf, -math.pi / 2), (nan, nan)],
    "atanh": [(-0.0, -0.0), (1, inf), (-1, -inf), (2, nan)],
    "cbrt": [(-0.0, -0.0), (27, 3.0), (-8, -2.0), (inf, inf)],
    "rcbrt": [(0.0, inf), (8, 0.5), (-inf, -0.0)],
    "cosh": [(0, 1.0), (-inf, inf), (800, inf)],
    "sinh": [(-0.0, -0.0), (-inf, -inf), (800, inf)],
    "tanh": [(-0.0, -0.0), (inf, 1.0), (-400, -1.0), (nan, nan)],
    "cospi": [(0.5, 0.0), (1, -1.0), (2, 1.0), (inf, nan), (1e300, 1.0)],
    "sinpi": [(-0.0, -0.0), (0.5, 1.0), (1.5, -1.0), (-0.5, -1.0), (inf, nan)],
    "exp10": [(2, 100.0), (400, inf), (-400, 0.0), (-inf, 0.0), (inf, inf), (nan, nan)],
    "expm1": [(-0.0, -0.0), (-inf, -1.0), (inf, inf), (-800, -1.0)],
    "log10": [(1000, 3.0), (0, -inf), (-1, nan), (inf, inf)],
    "log1p": [(-0.0, -0.0), (-1, -inf), (-2, nan), (inf, inf), (1e-310, 1e-310)],
    "erfc": [(0, 1.0), (inf, 0.0), (-inf, 2.0), (nan, nan)],
    "erfcx": [(0, 1.0), (inf, 0.0), (-inf, inf)],
    "erfinv": [(-0.0, -0.0), (1, inf), (-1, -inf), (1.5, nan)],
    "erfcinv": [(1, 0.0), (0, inf), (2, -inf), (-1, nan), (3, nan)],
    "normcdf": [(0, 0.5), (-inf, 0.0), (inf, 1.0)],
    "normcdfinv": [(0, -inf), (1, inf), (0.5, 0.0), (2, nan)],
    "tgamma": [(5, 24.0), (0.0, inf), (-0.0, -inf), (-3, nan), (inf, inf), (180, inf), (-inf, nan)],
    "lgamma": [(1, 0.0), (2, 0.0), (0, inf), (-4, inf), (inf, inf), (-inf, inf)],
    "j0": [(0, 1.0), (inf, 0.0)],
    "j1": [(0, 0.0), (inf, 0.0)],
    "y0": [(0, -inf), (-1, nan), (inf, 0.0)],
    "y1": [(0, -inf), (-1, nan), (inf, 0.0)],
    "cyl_bessel_i0": [(0, 1.0), (inf, inf), (-inf, inf)],
    "cyl_bessel_i1": [(-0.0, -0.0), (inf, inf), (-inf, -inf)],
    "logb": [(0, -inf), (8.5, 3.0), (-0.3, -2.0), (inf, inf), (5e-324, -1074.0), (nan, nan)],
    "rcp64h": [(2, 0.5), (-0.25, -4.0), (inf, 0.0)],
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("name", ENDS)
def test_ends_of_the_range(kernel, name, dtype):
    if dtype == torch.float32 and name not in SINGLE:
        dtype = torch.float64
    ends = [(a, torch.tensor(b, dtype=dtype).item()) for a, b in ENDS[name]]
    if dtype == torch.float32:
        ends = [(a, b) for a, b in ends if a != a or abs(a) == inf or a == 0 or 1e-40 < abs(a) < 3e38]
    x = torch.tensor([a for a, _ in ends], dtype=dtype)
    got = kernel(name, [x], dtype).tolist()
    for (a, want), y in zip(ends, got, strict=True):
        same = math.isnan(y) if math.isnan(want) else y == want and math.copysign(1, y) == math.copysign(1, want)
        assert same, (a, want, y)


def numbers_of_every_exponent(count, seed):
    """fp32: evenly over all bit patterns, and as many in [-8, 8]."""
    bits = torch.arange(count, dtype=torch.int64) * (2**32 // count) + seed
    return torch.cat([bits.to(torch.int32).view(torch.float32), doubles(seed, count, -8, 8, torch.float32)])


def errors_in_last_place(got, want):
    """Of fp32 results beside those of fp64, which are as good as exact; what is no number or infinite has to be so in both."""
    rounded = want.float().double()
    assert torch.equal(got.isnan(), rounded.isnan())
    infinite = rounded.isinf() & (want.abs() > 3.4028236e38)
    assert torch.equal(got[infinite].double(), rounded[infinite])
    zero = want == 0
    assert torch.equal(got[zero].double(), want[zero]) and torch.equal(got[zero].signbit(), want[zero].signbit())
    exponent = torch.frexp(want)[1].to(torch.float64) - 24
    errors = (got.double() - want).abs() / torch.exp2(exponent.clamp(min=-149))
    return errors[rounded.isfinite()]


@pytest.mark.parametrize("name", [n for n in SINGLE if n in ONE and n != "fast_tanhf"])
def test_fp32_beside_fp64(kernel, name):
    x = numbers_of_every_exponent(1 << (8 if ON_GPU else 16), 12345)
    got, want = kernel(name, [x], torch.float32), kernel(name, [x.double()], torch.float64)
    assert errors_in_last_place(got, want).max() <= SINGLE[name]


@pytest.mark.parametrize("zero", [1, 2, -2.4570247, -2.7476826, -3.1435809, -3.955294, -4.039361])
def test_lgamma_around_its_zeros(kernel, zero):
    at = torch.tensor(zero, dtype=torch.float32).view(torch.int32)
    x = (torch.arange(-64, 64, dtype=torch.int32) + at).view(torch.float32)
    got, want = kernel("lgamma", [x], torch.float32), kernel("lgamma", [x.double()], torch.float64)
    assert errors_in_last_place(got, want).max() <= 0.501


@pytest.mark.parametrize("name", ["atan2", "hypot", "rhypot", "pow"])
def test_fp32_of_two_arguments_beside_fp64(kernel, name):
    count = 1 << (8 if ON_GPU else 16)
    x, y = numbers_of_every_exponent(count, 1), numbers_of_every_exponent(count, 7)
    y = y[torch.randperm(len(y), generator=torch.Generator().manual_seed(3))]
    ends = torch.tensor([0.0, -0.0, 1, -1, 2, -3, 0.5, inf, -inf, nan, 1e-45, 3.4e38, -1e30, 16777217, 8388609])
    near = 1 + doubles(5, count, -1e-3, 1e-3, torch.float32)
    x = torch.cat([x, ends.repeat(len(ends)), near])
    y = torch.cat([y, ends.repeat_interleave(len(ends)), doubles(6, count, -80000, 80000, torch.float32)])
    got, want = kernel(name, [x, y], torch.float32), kernel(name, [x.double(), y.double()], torch.float64)
    assert errors_in_last_place(got, want).max() <= SINGLE[name]


def test_pow_of_a_large_integer(kernel):
    x, n = torch.tensor([1.0000001, -1.0000001, -0.9999999]), torch.tensor([16777217, 33554433, 100000002])
    want = [math.pow(a, b) for a, b in zip(x.double().tolist(), n.tolist(), strict=True)]
    got = kernel("pow", [x, n.to(torch.int32)], torch.float32)
    assert errors_in_last_place(got, torch.tensor(want, dtype=torch.float64)).max() <= SINGLE["pow"]


def test_ilogb(kernel):
    x = torch.tensor([1.0, 0.75, -1000.0, 5e-324, 0.0, inf, nan], dtype=torch.float64)
    assert kernel("ilogb", [x], torch.int32).tolist() == [0, -1, 9, -1074, -(2**31), 2**31 - 1, -(2**31)]


# ---- two and more arguments ----------------------------------------------------------------------------------------------


def doubles(seed, n, low, high, dtype=torch.float64):
    rng = random.Random(seed)
    return torch.tensor([rng.uniform(low, high) for _ in range(n)], dtype=torch.float64).to(dtype)


def root(*terms):
    return mpmath.sqrt(sum(x * x for x in terms))


SEVERAL = {
    "atan2": (mpmath.atan2, 2, -3, 3, 1),
    "hypot": (root, 2, -9, 9, 1),
    "rhypot": (lambda *x: 1 / root(*x), 2, -9, 9, 1),
    "norm3d": (root, 3, -9, 9, 1),
    "rnorm3d": (lambda *x: 1 / root(*x), 3, -9, 9, 1),
    "norm4d": (root, 4, -9, 9, 1),
    "rnorm4d": (lambda *x: 1 / root(*x), 4, -9, 9, 1),
    "pow": (lambda x, y: x**y, 2, 0.01, 60, 1),
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("name", SEVERAL)
def test_several_arguments(kernel, name, dtype):
    exact, count, low, high, limit = SEVERAL[name]
    n = 64 if ON_GPU else 128
    args = [
        doubles(7 * i, n, low, high if name != "pow" or dtype == torch.float64 else 20, dtype) for i in range(count)
    ]
    got = kernel(name, args, dtype)
    with mpmath.workprec(160):
        for *x, y in zip(*(a.double().tolist() for a in args), got.double().tolist(), strict=True):
            want = exact(*map(mpf, x))
            error = abs(mpf(y) - want) / last_place(want, dtype)
            assert error <= (limit if dtype == torch.float64 else SINGLE[name]), (x, y, float(want), float(error))


def test_lengths_neither_overflow_nor_vanish(kernel):
    x = torch.tensor([3e300, 3e-300, 3e-320, inf, nan, 0.0], dtype=torch.float64)
    y = torch.tensor([4e300, 4e-300, 4e-320, nan, 1.0, 0.0], dtype=torch.float64)
    got = kernel("hypot", [x, y], torch.float64)
    torch.testing.assert_close(
        got,
        torch.tensor([5e300, 5e-300, 5e-320, inf, nan, 0.0], dtype=torch.float64),
        equal_nan=True,
        rtol=1e-4,
        atol=0,
    )
    got = kernel("rhypot", [x[3:], y[3:]], torch.float64).tolist()
    assert got[0] == 0 and math.isnan(got[1]) and got[2] == inf


def test_pow_where_there_is_no_logarithm(kernel):
    cases = [
        (0.0, 2.0), (-0.0, 3.0), (-0.0, -3.0), (0.0, -1.5), (-2.0, 3.0), (-2.0, 2.0), (-2.0, 0.5), (1.0, nan), (nan, 0.0),
        (inf, -1.0), (-inf, 3.0), (-inf, 2.0), (-inf, -3.0), (2.0, inf), (0.5, inf), (2.0, -inf), (-1.0, inf), (2.0, 5000.0),
        (2.0, -5000.0), (nan, 1.0), (2.0, nan), (-1.0, 1e300), (0.9999999999999999, 1e300), (2.0, -1074.0), (-inf, 0.5),
    ]  # fmt: skip
    x, y = (torch.tensor(list(c), dtype=torch.float64) for c in zip(*cases, strict=True))
    got = kernel("pow", [x, y], torch.float64)
    want = torch.pow(x, y)
    for a, g, w in zip(cases, got.tolist(), want.tolist(), strict=True):
        assert (math.isnan(g) and math.isnan(w)) or (g == w and math.copysign(1, g) == math.copysign(1, w)), (a, g, w)


def test_pow_of_an_integer(kernel):
    x, n = torch.tensor([2.0, -3.0, 0.5, -2.0]), torch.tensor([10, 3, -2, -1], dtype=torch.int32)
    assert kernel("pow", [x, n], torch.float32).tolist() == [1024.0, -27.0, 4.0, -0.5]


@triton.jit
def numbers_kernel(x, y, n: tl.constexpr):
    i = tl.arange(0, n)
    a = tl.load(x + i)
    tl.store(y + i, libdevice.pow(a, 2.0) + libdevice.pow(a, 3) + libdevice.atan2(a, 1.0))


def test_arguments_that_are_numbers():
    x = torch.linspace(0.5, 3, 32)
    y = torch.zeros(32)
    numbers_kernel[(1,)](x, y, n=32)
    torch.testing.assert_close(y, x**2 + x**3 + torch.atan2(x, torch.ones(32)))


def test_bessel_of_any_order(kernel):
    n = torch.tensor([0, 1, 2, 3, 5, 10, 20, -1, -2, 4, 7, 30], dtype=torch.int32)
    x = torch.tensor([0.5, 1.5, 2.5, 20.0, 3.0, 12.0, 11.0, 2.0, 2.0, -3.0, 60.0, 2.5], dtype=torch.float64)
    j = kernel("jn", [n, x], torch.float64)
    y = kernel("yn", [n, x.abs()], torch.float64)
    for k, a, p, q in zip(n.tolist(), x.tolist(), j.tolist(), y.tolist(), strict=True):
        assert abs(p - float(mpmath.besselj(k, a))) < 1e-13, (k, a, p)
        want = float(mpmath.bessely(k, abs(a)))
        assert abs(q - want) < 1e-12 * max(1, abs(want)), (k, a, q, want)
    j = kernel("jn", [n, x.float()], torch.float32)
    torch.testing.assert_close(j.double(), kernel("jn", [n, x], torch.float64), rtol=1e-5, atol=1e-6)


def test_far_bessel(kernel):
    x = doubles(3, 64, 8, 200)
    for name, exact in (("j0", mpmath.besselj), ("j1", mpmath.besselj), ("y0", mpmath.bessely), ("y1", mpmath.bessely)):
        for a, got in zip(x.tolist(), kernel(name, [x], torch.float64).tolist(), strict=True):
            assert abs(got - float(exact(int(name[1]), a))) < 1e-15


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_remainder(kernel, dtype):
    x = torch.cat(
        [doubles(1, 60, -50, 50, dtype), torch.tensor([5.0, 7.0, -5.0, -7.0, 4.0, -4.0, inf, 3.0], dtype=dtype)]
    )
    y = torch.cat([doubles(2, 60, -7, 7, dtype), torch.tensor([2.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0, inf], dtype=dtype)])
    for a, b, got in zip(x.tolist(), y.tolist(), kernel("remainder", [x, y], dtype).tolist(), strict=True):
        want = nan if math.isinf(a) else math.remainder(a, b)
        same = math.isnan(got) if math.isnan(want) else got == want and math.copysign(1, got) == math.copysign(1, want)
        assert same, (a, b, got, want)


@pytest.mark.parametrize("name", ["ldexp", "scalbn"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_ldexp(kernel, name, dtype):
    x = torch.tensor([1.5, -1.25, 1.7, 1e-40, 1.3, 0.0, inf, 1.0000001, 3.0], dtype=dtype)
    n = torch.tensor([4, -3, 2000, 60, -1060, 5, -3, -130, 100000], dtype=torch.int32)
    got = kernel(name, [x, n], dtype)
    want = [inf if k > 1000 else math.ldexp(a, k) for a, k in zip(x.tolist(), n.tolist(), strict=True)]
    assert torch.equal(got, torch.tensor(want, dtype=torch.float64).to(dtype))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_nextafter(kernel, dtype):
    x = torch.tensor([1.0, 1.0, -1.0, 0.0, 0.0, 2.0, inf, -0.0, nan, 1e-45], dtype=dtype)
    y = torch.tensor([2.0, 0.0, 0.0, 1.0, -1.0, 2.0, 0.0, 0.0, 1.0, -1.0], dtype=dtype)
    assert torch.equal(kernel("nextafter", [x, y], dtype).nan_to_num(7.0), torch.nextafter(x, y).nan_to_num(7.0))


def test_fast_forms(kernel):
    x = torch.linspace(0.5, 5, 64)
    torch.testing.assert_close(kernel("fast_exp10f", [x], torch.float32), 10**x, rtol=1e-5, atol=0)
    torch.testing.assert_close(kernel("fast_log10f", [x], torch.float32), torch.log10(x), rtol=1e-5, atol=1e-6)


# ---- integers ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [32, 64])
def test_bits(kernel, bits):
    dtype = torch.int32 if bits == 32 else torch.int64
    x = torch.tensor([0, 1, -1, 12345, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1], dtype=dtype)
    mask = (1 << bits) - 1

    def signed(u):
        return u - (1 << bits) if u >> (bits - 1) else u

    want = [signed(int(f"{a & mask:0{bits}b}"[::-1], 2)) for a in x.tolist()]
    assert kernel("brev", [x], dtype).tolist() == want
    y = x.flip(0).contiguous()
    want = [(a * b) >> bits for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert kernel("mulhi", [x, y], dtype).tolist() == want


def test_byte_perm(kernel):
    x = torch.full([4], 0x03020100, dtype=torch.int32)
    y = torch.full([4], 0x07060504, dtype=torch.int32)
    s = torch.tensor([0x3210, 0x7654, 0x0624, 0x5555], dtype=torch.int32)
    assert kernel("byte_perm", [x, y, s], torch.int32).tolist() == [0x03020100, 0x07060504, 0x00060204, 0x05050505]


def test_mul24_and_sad(kernel):
    x, y = torch.tensor([3, -5, 1 << 23], dtype=torch.int32), torch.tensor([7, 9, 1], dtype=torch.int32)
    assert kernel("mul24", [x, y], torch.int32).tolist() == [21, -45, -(1 << 23)]
    z = torch.tensor([1, 2, 3], dtype=torch.uint32)
    assert kernel("sad", [x, y, z], torch.int32).tolist() == [5, 16, (1 << 23) + 2]


# ---- directed rounding ---------------------------------------------------------------------------------------------------

FORMATS = {torch.float32: (24, -149, 128), torch.float64: (53, -1074, 1024)}


def rounded(x, mode, dtype):
    """A nonzero fraction as the next number in the given direction."""
    digits, least, most = FORMATS[dtype]
    a, negative = abs(x), x < 0
    e = a.numerator.bit_length() - a.denominator.bit_length()
    e -= Fraction(2) ** e > a
    last = max(e - digits + 1, least)
    k, rest = divmod(a / Fraction(2) ** last, 1)
    up = mode == ("rd" if negative else "ru")
    k += up and rest != 0
    if k * Fraction(2) ** last >= Fraction(2) ** most:
        r = inf if up else float(Fraction(2) ** most - Fraction(2) ** (most - digits))
    else:
        r = math.ldexp(int(k), last)
    return -r if negative else r


def root_of(x):
    """A fraction that rounds as the root does in any direction."""
    whole, rest = divmod(x.numerator << 2600, x.denominator)
    r = math.isqrt(whole)
    return Fraction(r, 1 << 1300) + (Fraction(1, 1 << 1310) if rest or r * r != whole else 0)


DIRECTED = {
    "add": (2, lambda x, y: x + y),
    "sub": (2, lambda x, y: x - y),
    "mul": (2, lambda x, y: x * y),
    "div": (2, lambda x, y: x / y),
    "fma": (3, lambda x, y, z: x * y + z),
    "sqrt": (1, root_of),
    "rcp": (1, lambda x: 1 / x),
}


def any_finite(rng, dtype):
    """A number of any exponent, the extremes more often, and of a significand that is often simple."""
    bits, exponents = (23, 255) if dtype == torch.float32 else (52, 2047)
    exponent = rng.choice([0, 1, 2, exponents - 1, exponents // 2, exponents // 2 + 1, rng.randrange(exponents)])
    fraction = rng.choice([0, 1, (1 << bits) - 1, 1 << (bits - 1), rng.getrandbits(bits)])
    word = rng.getrandbits(1) << (31 if bits == 23 else 63) | exponent << bits | fraction
    x = struct.unpack("<f" if bits == 23 else "<d", word.to_bytes(4 if bits == 23 else 8, "little"))[0]
    return x or 1.0


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
@pytest.mark.parametrize("mode", ["rd", "ru", "rz"])
@pytest.mark.parametrize("name", DIRECTED)
def test_directed_rounding(kernel, name, mode, dtype):
    count, exact = DIRECTED[name]
    rng = random.Random(f"{name} {mode}")
    rows = [[any_finite(rng, dtype) for _ in range(count)] for _ in range(128 if ON_GPU else 256)]
    for row in rows[::4]:
        if name in ("add", "sub"):
            row[1] = row[0] * rng.choice([0.5, -0.5, 0.25, 2.0**-24, 2.0**-53]) or 1.0
        if name == "sqrt":
            row[0] = abs(row[0])
    if name == "sqrt":
        rows = [[abs(x) for x in row] for row in rows]
    args = [torch.tensor(list(c), dtype=torch.float64).to(dtype) for c in zip(*rows, strict=True)]
    got = kernel(f"{name}_{mode}", args, dtype)
    for *x, y in zip(*(a.double().tolist() for a in args), got.double().tolist(), strict=True):
        if 0.0 in x:
            continue
        value = exact(*map(Fraction, x))
        if value:
            want = rounded(value, mode, dtype)
            assert y == want, (x, y.hex(), want.hex())
        else:
            assert y == 0 and (math.copysign(1, y) < 0) == (mode == "rd"), (x, y)


@pytest.mark.parametrize("mode", ["rd", "ru", "rz"])
def test_directed_rounding_of_what_is_not_finite(kernel, mode):
    x = torch.tensor([inf, -inf, nan, 1.0, 0.0, -0.0, inf], dtype=torch.float64)
    y = torch.tensor([1.0, 1.0, 1.0, inf, -0.0, -0.0, -inf], dtype=torch.float64)
    zero = -0.0 if mode == "rd" else 0.0
    for name, want in {
        "add": [inf, -inf, nan, inf, zero, -0.0, nan],
        "mul": [inf, -inf, nan, inf, -0.0, 0.0, -inf],
        "div": [inf, -inf, nan, 0.0, nan, nan, nan],
    }.items():
        for a, w in zip(kernel(f"{name}_{mode}", [x, y], torch.float64).tolist(), want, strict=True):
            assert (math.isnan(a) and math.isnan(w)) or (a == w and math.copysign(1, a) == math.copysign(1, w)), name


INTEGERS = {
    "int": (torch.int32, -(2**31), 2**31 - 1),
    "uint": (torch.uint32, 0, 2**32 - 1),
    "ll": (torch.int64, -(2**63), 2**63 - 1),
    "ull": (torch.uint64, 0, 2**64 - 1),
}


CONVERSIONS = ["int2float", "uint2float", "ll2float", "ull2float", "ll2double", "ull2double"]


@pytest.mark.parametrize("mode", ["rd", "ru", "rz"])
@pytest.mark.parametrize("name", CONVERSIONS)
def test_directed_conversions(kernel, name, mode):
    source, low, high = INTEGERS[name.split("2")[0]]
    dtype = torch.float32 if name.endswith("float") else torch.float64
    rng = random.Random(name)
    ints = [low, high, 1, high - 1, (high >> 8) + 1] + [rng.randint(low, high) >> rng.randrange(40) for _ in range(123)]
    got = kernel(f"{name}_{mode}", [torch.tensor(ints, dtype=source)], dtype).double().tolist()
    for x, y in zip(ints, got, strict=True):
        assert y == (rounded(Fraction(x), mode, dtype) if x else 0), (x, y)


@pytest.mark.parametrize("mode", ["rd", "ru"])
def test_double2float(kernel, mode):
    rng = random.Random(9)
    x = [rng.choice([-1, 1]) * rng.uniform(1, 2) * 2.0 ** rng.uniform(-160, 130) for _ in range(128)]
    got = kernel(f"double2float_{mode}", [torch.tensor(x, dtype=torch.float64)], torch.float32).double().tolist()
    assert got == [rounded(Fraction(a), mode, torch.float32) for a in x]


def test_nearest(kernel):
    rng = random.Random(11)
    rows = [[any_finite(rng, torch.float32) for _ in range(3)] for _ in range(256)]
    x, y, z = (torch.tensor(list(c), dtype=torch.float32) for c in zip(*rows, strict=True))
    got = kernel("rsqrt_rn", [x.abs()], torch.float32)
    assert torch.equal(got, (1 / x.abs().double().sqrt()).float())
    y, z = y.clamp(-1e3, 1e3), z.clamp(-1e3, 1e3)
    x = x.clamp(-1e3, 1e3)
    got = kernel("fma_rn", [x, y, z], torch.float32)
    for a, b, c, r in zip(x.tolist(), y.tolist(), z.tolist(), got.tolist(), strict=True):
        value = Fraction(a) * Fraction(b) + Fraction(c)
        low, high = (rounded(value, m, torch.float32) if value else 0.0 for m in ("rd", "ru"))
        assert abs(Fraction(r) - value) <= min(abs(Fraction(low) - value), abs(Fraction(high) - value)), (a, b, c, r)


@pytest.mark.parametrize("name, exact", [("exp", mpmath.exp), ("exp2", lambda x: mpf(2) ** x)])
def test_exponentials_are_close_on_every_target(kernel, name, exact):
    rng = random.Random(name)
    x = torch.tensor([rng.uniform(-86, 88) for _ in range(400)] + [8.996, -8.9, 20.5, 0.0, -0.0])
    with mpmath.workprec(100):
        for a, got in zip(x.tolist(), kernel(name, [x], torch.float32).tolist(), strict=True):
            want = exact(mpf(a))
            assert abs(mpf(got) - want) <= (2 if ON_GPU else 0.95) * last_place(want, torch.float32), (a, got)
    tiny = kernel(name, [torch.tensor([-100.0, -127.0])], torch.float32)
    assert tiny[0] > 0 and (tiny[1] > 0) == (name == "exp2")


@pytest.mark.parametrize("name, unit", [("exp", math.log(2)), ("exp2", 1.0)])
def test_exponentials_at_the_ends_of_the_range(kernel, name, unit):
    """Large results, subnormal ones, rounded once, and what lies beyond."""
    x = torch.tensor([127.99, 127.0, -125.9, -126.1, -126.9, -130.3, -140.7, -148.9, -149.4]) * unit
    got, want = kernel(name, [x], torch.float32).double(), torch.exp2(x.double() / unit)
    assert ((got - want).abs() <= torch.maximum(want * 2.5e-7, torch.tensor(2.0**-149))).all(), (got, want)
    beyond = torch.tensor([128.1, 150.0, 1e30, inf, -151.0, -1e30, -inf, nan]) * unit
    assert kernel(name, [beyond], torch.float32).tolist()[:7] == [inf, inf, inf, inf, 0, 0, 0]
    assert kernel(name, [beyond], torch.float32)[7].isnan()


@triton.jit
def circular_kernel(x, y, z, one, n: tl.constexpr):
    at = tl.arange(0, n)
    v = tl.load(x + at)
    tl.store(y + at, tl.sin(v))
    tl.store(z + at, tl.cos(v))
    tl.store(one, tl.sin(tl.load(x)) + tl.cos(tl.load(x + 1)))


def test_sin_and_cos_near_zero_and_far_away():
    """Both sides of where a GPU's threads take another way, neighbours on different sides, and one number alone."""
    near = [0.0, 1e-40, 1.5707964, -3.1415927, 922.822876, 22648.5273, 105614.99, -105615.0]
    far = [105615.01, -105616.3, 1e6, -7.41585675e26, 9.34810715e30, 3.4e38, 2.0**57, 1e20]
    x = torch.tensor([v for pair in zip(near, far, strict=True) for v in pair])
    for first in (near[:2], near[3:5], far[:2]):
        x[:2] = torch.tensor(first)
        y, z, one = torch.zeros(16), torch.zeros(16), torch.zeros(1)
        circular_kernel[(1,)](x, y, z, one, 16)
        with mpmath.workprec(200):
            for got, exact in ((y, mpmath.sin), (z, mpmath.cos)):
                for a, r in zip(x.tolist(), got.tolist(), strict=True):
                    want = exact(mpf(a))
                    assert abs(mpf(r) - want) <= (2 * last_place(want, torch.float32) if want else 0), (a, r)
            assert one.item() == pytest.approx(
                float(mpmath.sin(mpf(x[0].item())) + mpmath.cos(mpf(x[1].item()))), rel=1e-6
            )
    edges = torch.tensor([-0.0, inf, -inf, nan] * 4)
    circular_kernel[(1,)](edges, y, z, one, 16)
    assert y[0] == 0 and math.copysign(1, y[0].item()) == -1 and z[0] == 1
    assert y[1:4].isnan().all() and z[1:4].isnan().all()


@triton.jit
def exp2_kernel(out, x):
    tl.store(out, tl.exp2(x))


def test_results_below_the_normal_range():
    """On a GPU `tl.exp2` makes them 0, unless the option says not to."""
    kept, out = torch.zeros(1), torch.zeros(1)
    exp2_kernel[(1,)](kept, -127.0, enable_reflect_ftz=False)
    exp2_kernel[(1,)](out, -127.0)
    # ex2.approx of a GPU is right to some 22 bits, which a number this small has
    assert kept[0] == (pytest.approx(2.0**-127, rel=2.0**-21) if DEVICE == "cuda" else 2.0**-127)
    assert out[0] == (0 if ON_GPU else 2.0**-127)


@triton.jit
def given_numbers_kernel(x, k, wide, out, exact):
    i = tl.arange(0, 16)
    v, w, d = tl.load(x + i), tl.load(k + i), tl.load(wide + i)
    a, b, n = tl.full((16,), 1.7, tl.float32), tl.full((16,), -2.0, tl.float32), tl.full((16,), 6, tl.int32)
    same = libdevice.copysign(v, -2.0) == libdevice.copysign(v, b)
    same &= libdevice.copysign(1.7, v) == libdevice.copysign(a, v)
    same &= libdevice.fmod(v, 1.7) == libdevice.fmod(v, a)
    same &= libdevice.remainder(1.7, v) == libdevice.remainder(a, v)
    same &= libdevice.hypot(1.7, v) == libdevice.hypot(a, v)
    same &= libdevice.ldexp(1.7, w) == libdevice.ldexp(a, w)
    same &= libdevice.norm3d(1.7, v, v) == libdevice.norm3d(a, v, v)
    same &= libdevice.nextafter(-2.0, v) == libdevice.nextafter(b, v)
    same &= libdevice.jn(w, 1.7) == libdevice.jn(w, a)
    same &= libdevice.mulhi(w, 6) == libdevice.mulhi(w, n)
    same &= libdevice.byte_perm(6, w, 0x5140) == libdevice.byte_perm(n, w, tl.full((16,), 0x5140, tl.int32))
    same &= libdevice.popc(6) == libdevice.popc(n)
    same &= libdevice.rint(1.7) == libdevice.rint(a)
    tl.store(out + i, same.to(tl.int32))
    tl.store(exact + i, libdevice.copysign(0.1, d))


@pytest.mark.parametrize("target", [None] if ON_GPU else [None, "cuda:90"])
def test_numbers_in_any_place(target, monkeypatch):
    """A number is a scalar: fp32, or fp64 beside such a tensor."""
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    x, k = 4 * torch.rand(16, device=DEVICE) + 1, torch.arange(16, dtype=torch.int32, device=DEVICE) + 1
    out = torch.zeros(16, dtype=torch.int32, device=DEVICE)
    wide, exact = x.double(), torch.zeros(16, dtype=torch.float64, device=DEVICE)
    given_numbers_kernel[(1,)](x, k, wide, out, exact)
    assert out.tolist() == [1] * 16 and exact.tolist() == [0.1] * 16
