"""Each function of the language in a kernel: those that no other test of this folder runs, several in one kernel.

What a function gives is compared for each element with NumPy's number: by the last places it may be off, or exactly.
The last test holds every function of docs.def against what these tests run: tables and the examples of the manual.
"""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import test_documentation as documentation
import test_libdevice as others
import torch
import triton
import triton.language as tl
from targets import on_each
from triton.runtime.interpreter import InterpretedFunction

ROOT = Path(__file__).resolve().parents[2]
TARGETS = ["", "cuda:75", "cuda:90"]
N = 64


target = on_each(*TARGETS)


def ran(kernel, inputs, dtypes, grid=(1,)):
    """A kernel's outputs, one of N elements per dtype."""
    outs = [torch.zeros(N, dtype=dtype) for dtype in dtypes]
    kernel[grid](*inputs, *outs)
    return [out.numpy() for out in outs]


# ---- libdevice: a kernel for each kind of arguments ----------------------------------------------------------------------

SOURCE = """
import triton
import triton.language as tl
from triton.language.extra import libdevice


@triton.jit
def kernel({names}):
    i = tl.arange(0, {n})
{body}
"""


def of(*dtypes):
    return [torch.from_numpy(np.zeros(0, d)).dtype for d in dtypes]


def erf(x):
    from math import erf

    return np.vectorize(erf)(x)


def half_away(x):
    return np.sign(x) * np.floor(np.abs(x) + 0.5)


ROUND = {"rd": np.floor, "ru": np.ceil, "rn": np.rint, "rz": np.trunc}
TO = {"int": np.int32, "uint": np.uint32, "ll": np.int64, "ull": np.uint64}
EXACT, CORRECT = "exact", 0.5  # equal; rounded to nearest

# name: (arguments, type of the result, NumPy's number in f64, last places it may be off, or "exact")
FLOATS = {
    "abs": ("x", np.float32, np.abs, EXACT),
    "add_rn": ("x, y", np.float32, np.add, CORRECT),
    "div_rn": ("x, y", np.float32, np.divide, CORRECT),
    "rcp_rn": ("x", np.float32, lambda x: 1 / x, CORRECT),
    "sqrt_rn": ("p", np.float32, np.sqrt, CORRECT),
    "sqrt": ("p", np.float32, np.sqrt, 1),
    "rsqrt": ("p", np.float32, lambda x: 1 / np.sqrt(x), 2),
    "fma": ("x, y, p", np.float32, lambda x, y, z: x * y + z, CORRECT),
    "ceil": ("x", np.float32, np.ceil, EXACT),
    "floor": ("x", np.float32, np.floor, EXACT),
    "trunc": ("x", np.float32, np.trunc, EXACT),
    "rint": ("x", np.float32, np.rint, EXACT),
    "nearbyint": ("x", np.float32, np.rint, EXACT),
    "round": ("x", np.float32, half_away, EXACT),
    "llrint": ("x", np.int64, np.rint, EXACT),
    "llround": ("x", np.int64, half_away, EXACT),
    "copysign": ("x, y", np.float32, np.copysign, EXACT),
    "fdim": ("x, y", np.float32, lambda x, y: np.maximum(x - y, 0), CORRECT),
    "fmod": ("x, y", np.float32, np.fmod, EXACT),
    "saturatef": ("x", np.float32, lambda x: np.clip(x, 0, 1), EXACT),
    "signbit": ("x", np.int32, lambda x: np.signbit(x) != 0, EXACT),
    "sin": ("x", np.float32, np.sin, 2),
    "cos": ("x", np.float32, np.cos, 2),
    "tan": ("x", np.float32, np.tan, 4),
    "exp": ("x", np.float32, np.exp, 12),  # on GPUs 2^(x log2(e)), whose error grows with x
    "exp2": ("x", np.float32, np.exp2, 2),
    "log": ("p", np.float32, np.log, 2),
    "log2": ("p", np.float32, np.log2, 2),
    "erf": ("x", np.float32, erf, 2),
    "float_as_int": ("x", np.int32, lambda x: x.astype(np.float32).view(np.int32), EXACT),
    "float_as_uint": ("x", np.uint32, lambda x: x.astype(np.float32).view(np.uint32), EXACT),
}
# The fast forms are off by so much of the largest result.
FAST = {
    "fast_sinf": ("x", np.sin), "fast_cosf": ("x", np.cos), "fast_tanf": ("small", np.tan), "fast_expf": ("x", np.exp),
    "fast_logf": ("p", np.log), "fast_log2f": ("p", np.log2), "fast_powf": ("p, y", np.power),
    "fast_dividef": ("x, y", np.divide),
}  # fmt: skip
NOT_FINITE = {
    "isnan": ("a", np.isnan), "isinf": ("a", np.isinf), "finitef": ("a", np.isfinite), "isfinited": ("b", np.isfinite),
}  # fmt: skip
DOUBLES = {
    "double2float_rn": ("w", np.float32, lambda x: x, CORRECT),
    "double2float_rz": ("w", np.float32, lambda x: toward_zero(x), EXACT),
    "double2hiint": ("w", np.int32, lambda x: (x.view(np.int64) >> 32).astype(np.int32), EXACT),
    "double2loint": ("w", np.int32, lambda x: x.view(np.int64).astype(np.int32), EXACT),
    "double_as_longlong": ("w", np.int64, lambda x: x.view(np.int64), EXACT),
}
INTEGERS = {
    "clz": ("k", np.int32, lambda k: [32 - int(v & 0xFFFFFFFF).bit_length() for v in k], EXACT),
    "popc": ("k", np.int32, lambda k: [int(v & 0xFFFFFFFF).bit_count() for v in k], EXACT),
    "ffs": ("k", np.int32, lambda k: [(int(v) & -int(v)).bit_length() for v in k], EXACT),
    "hadd": ("k, m", np.int32, lambda k, m: (k + m) >> 1, EXACT),
    "rhadd": ("k, m", np.int32, lambda k, m: (k + m + 1) >> 1, EXACT),
    "int2float_rn": ("k", np.float32, lambda k: k, CORRECT),
    "int2double_rn": ("k", np.float64, lambda k: k, EXACT),
    "int_as_float": ("m", np.float32, lambda m: m.astype(np.int32).view(np.float32), EXACT),
    "uint2float_rn": ("u", np.float32, lambda u: u, CORRECT),
    "uint2double_rn": ("u", np.float64, lambda u: u, EXACT),
    "uint_as_float": ("u", np.float32, lambda u: u.astype(np.uint32).view(np.float32), EXACT),
    "ll2float_rn": ("q", np.float32, lambda q: q.astype(np.float32), EXACT),
    "ll2double_rn": ("q", np.float64, lambda q: q.astype(np.float64), EXACT),
    "ull2float_rn": ("r", np.float32, lambda r: r.astype(np.float32), EXACT),
    "ull2double_rn": ("r", np.float64, lambda r: r.astype(np.float64), EXACT),
    "longlong_as_double": ("r", np.float64, lambda r: r.view(np.float64), EXACT),
    "hiloint2double": (
        "m, k", np.float64, lambda m, k: ((m.astype(np.int64) << 32) | (k & 0xFFFFFFFF)).view(np.float64), EXACT
    ),
}  # fmt: skip
FLOATS |= {
    "fma_rn": ("x, y, p", np.float32, lambda x, y, z: x * y + z, CORRECT),
    "mul_rn": ("x, y", np.float32, np.multiply, CORRECT),
    "sub_rn": ("x, y", np.float32, np.subtract, CORRECT),
    "rsqrt_rn": ("p", np.float32, lambda x: 1 / np.sqrt(x), CORRECT),
    "nextafter": ("x, y", np.float32, lambda x, y: np.nextafter(np.float32(x), np.float32(y)), EXACT),
    "remainder": ("x, y", np.float32, lambda x, y: x - y * np.rint(x / y), EXACT),
    "ilogb": ("p", np.int32, lambda x: np.frexp(x)[1] - 1, EXACT),
}
INTEGERS |= {
    "brev": ("k", np.int32, lambda k: [reversed_bits(v) for v in k], EXACT),
    "byte_perm": ("k, m, u", np.int32, lambda k, m, u: [permuted(*v) for v in zip(k, m, u, strict=True)], EXACT),
    "mul24": ("k, m", np.int32, lambda k, m: low_word(signed(k, 24) * signed(m, 24)), EXACT),
    "mulhi": ("k, m", np.int32, lambda k, m: (k * m) >> 32, EXACT),
    "sad": ("m, k, u", np.uint32, lambda m, k, u: np.abs(m - k) + u, EXACT),
}
FAST |= {"fast_exp10f": ("small", lambda x: 10.0**x), "fast_log10f": ("p", np.log10)}
for kind, to in TO.items():
    for mode, function in ROUND.items():
        FLOATS[f"float2{kind}_{mode}"] = ("p" if kind[0] == "u" else "x", to, function, EXACT)
        DOUBLES[f"double2{kind}_{mode}"] = ("v" if kind[0] == "u" else "w", to, function, EXACT)


def reversed_bits(k):
    return int(f"{k & 0xFFFFFFFF:032b}"[::-1], 2) - ((k & 1) << 32)


def permuted(k, m, how):
    """The bytes of two words that the digits of a third choose."""
    chosen = (int(k) & 0xFFFFFFFF | (int(m) & 0xFFFFFFFF) << 32).to_bytes(8, "little")
    return int.from_bytes(bytes(chosen[how >> 4 * i & 7] for i in range(4)), "little", signed=True)


def signed(x, bits):
    """The low bits of a number, as a signed one."""
    return ((x & (1 << bits) - 1) ^ 1 << bits - 1) - (1 << bits - 1)


def low_word(x):
    return x & 0xFFFFFFFF


def toward_zero(x):
    y = x.astype(np.float32)
    return np.where(np.abs(y.astype(np.float64)) > np.abs(x), np.nextafter(y, np.float32(0)), y)


def numbers():
    rng = np.random.default_rng(3)
    x = rng.uniform(-9, 9, N).astype(np.float32)
    x[:12] = [0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 1.0, -1.0, 8.75, 2.0**-20, -(2.0**-30)]
    y = rng.uniform(0.25, 4, N).astype(np.float32) * rng.choice(np.float32([1, -1]), N)
    p = np.abs(rng.uniform(2.0**-6, 30, N)).astype(np.float32)
    a = x.copy()
    a[::5], a[1::7], a[2::9] = np.nan, np.inf, -np.inf
    w = rng.uniform(-1, 1, N) * 2.0 ** rng.integers(-3, 30, N)
    k = rng.integers(-(2**31), 2**31, N).astype(np.int32)
    k[:4] = [0, -1, 2**31 - 1, -(2**31)]
    return {
        "x": x, "y": y, "p": p, "small": np.clip(x, -1.25, 1.25), "a": a, "b": a.astype(np.float64), "w": w,
        "v": np.abs(w), "k": k, "m": rng.integers(2**20, 2**30, N).astype(np.int32),
        "u": rng.integers(0, 2**31 - 2**24, N).astype(np.uint32), "q": rng.integers(-(2**62), 2**62, N),
        "r": rng.integers(2**50, 2**62, N).astype(np.uint64),
    }  # fmt: skip


def run_table(tmp_path, table, positive=False):
    """{name: (arguments as NumPy's, result)} of a table's functions, all in one kernel."""
    given = numbers()
    if positive:  # what log and pow take, and what 1/x is finite of
        given["x"] = np.where(given["x"] == 0, np.float32(3.25), given["x"])
    used = sorted({name for row in table.values() for name in row[0].split(", ")})
    lines = [f"    {name} = tl.load({name}_pointer + i)" for name in used]
    lines += [f"    tl.store(out_{name} + i, libdevice.{name}({row[0]}))" for name, row in table.items()]
    names = ", ".join([*[f"{name}_pointer" for name in used], *[f"out_{name}" for name in table]])
    path = tmp_path / "every.py"
    path.write_text(SOURCE.format(names=names, n=N, body="\n".join(lines)))
    scope = {"__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    inputs = [torch.from_numpy(given[name]) for name in used]
    results = ran(scope["kernel"], inputs, of(*[row[1] for row in table.values()]))
    return {
        name: ([given[a] for a in table[name][0].split(", ")], result)
        for name, result in zip(table, results, strict=True)
    }


def wide(x):
    return x.astype(np.float64) if x.dtype == np.float32 else x.astype(np.int64) if x.dtype.itemsize < 8 else x


def check(name, row, args, got):
    _, kind, function, limit = row
    with np.errstate(all="ignore"):
        want = np.asarray(function(*map(wide, args)))
        if limit == EXACT:
            want = want.astype(kind)
            same = (got == want) & (np.signbit(got) == np.signbit(want)) if want.dtype.kind == "f" else got == want
            same |= (got != got) & (want != want)
        else:
            last = np.spacing(np.maximum(np.abs(want), 2.0**-126).astype(kind)).astype(np.float64)
            same = (np.abs(got.astype(np.float64) - want) <= (limit + 0.001) * last) | (got == want.astype(kind))
    at = np.flatnonzero(~same)[:3]
    assert same.all(), (name, [a[at] for a in args], got[at], want[at])


@pytest.mark.parametrize("table", [FLOATS, DOUBLES, INTEGERS], ids=["floats", "doubles", "integers"])
def test_libdevice(table, target, tmp_path):
    for name, (args, got) in run_table(tmp_path, table, True).items():
        check(name, table[name], args, got)


def test_fast_forms(target, tmp_path):
    table = {name: (args, np.float32) for name, (args, _) in FAST.items()}
    for name, (args, got) in run_table(tmp_path, table).items():
        want = FAST[name][1](*map(wide, args))
        error = np.abs(got - want) / np.maximum(np.abs(want), 0.05)
        assert error.max() < 2e-5, (name, [a[error.argmax()] for a in args], got[error.argmax()])


def test_what_is_finite(target, tmp_path):
    table = {name: (args, np.int32) for name, (args, _) in NOT_FINITE.items()}
    for name, (args, got) in run_table(tmp_path, table).items():
        assert ((got != 0) == NOT_FINITE[name][1](args[0])).all(), name


# ---- the language's own --------------------------------------------------------------------------------------------------


@triton.jit
def swizzle_kernel(rows, columns, n: tl.constexpr, size_i: tl.constexpr, size_j: tl.constexpr, size_g: tl.constexpr):
    t = tl.arange(0, n)
    i, j = tl.swizzle2d(t // size_j, t % size_j, size_i, size_j, size_g)
    tl.store(rows + t, i, mask=t < size_i * size_j)
    tl.store(columns + t, j, mask=t < size_i * size_j)


def test_swizzle2d(target):
    size_i, size_j, size_g = 5, 7, 2
    rows, columns = torch.zeros(64, dtype=torch.int32), torch.zeros(64, dtype=torch.int32)
    swizzle_kernel[(1,)](rows, columns, 64, size_i, size_j, size_g)
    want = []
    for first in range(0, size_i, size_g):
        group = range(first, min(first + size_g, size_i))
        want += [(i, j) for j in range(size_j) for i in group]
    assert list(zip(rows.tolist(), columns.tolist(), strict=True))[: size_i * size_j] == want


@triton.jit
def shapes_kernel(x, y, interleaved, ored, product, casted, bits, merged, down):
    i = tl.arange(0, 32)
    a, b = tl.load(x + i), tl.load(y + i)
    tl.store(interleaved + tl.arange(0, 64), tl.interleave(a, b))
    grid = tl.load(x + tl.arange(0, 4)[:, None] * 8 + tl.arange(0, 8)[None, :])
    tl.store(ored + tl.arange(0, 8), tl.reduce_or(grid, 0))
    tl.store(ored + 8 + tl.arange(0, 4), tl.reduce_or(grid, axis=1))
    row, column = tl.broadcast(tl.arange(0, 8)[None, :], tl.arange(0, 4)[:, None])
    at = tl.arange(0, 4)[:, None] * 8 + tl.arange(0, 8)[None, :]
    tl.store(product + at, tl.mul(row + 1, column - 2))
    quarter = a.to(tl.float32) / 3
    tl.store(casted + i, tl.cast(quarter, tl.float16, fp_downcast_rounding="rtz"))
    tl.store(casted + 32 + i, tl.cast(quarter, tl.float16))
    tl.store(bits + i, tl.cast(quarter, tl.int32, bitcast=True))
    hill = tl.where(i < 16, i * 3, 100 - i * 3)
    tl.store(merged + i, tl.bitonic_merge(hill, descending=False))
    tl.store(down + i, tl.bitonic_merge(hill, 0, True))


def test_shapes_and_types(target):
    rng = np.random.default_rng(5)
    x, y = rng.integers(-(2**20), 2**20, 32).astype(np.int32), rng.integers(0, 99, 32).astype(np.int32)
    made = of(np.int32, np.int32, np.int32, np.float16, np.int32, np.int32, np.int32)
    got = ran(shapes_kernel, [torch.from_numpy(x), torch.from_numpy(y)], made)
    interleaved, ored, product, casted, bits, merged, down = got
    assert (interleaved == np.stack([x, y], -1).ravel()).all()
    grid = x.reshape(4, 8)
    assert (ored[:8] == np.bitwise_or.reduce(grid, 0)).all() and (ored[8:12] == np.bitwise_or.reduce(grid, 1)).all()
    assert (product[:32].reshape(4, 8) == (np.arange(8) + 1) * (np.arange(4)[:, None] - 2)).all()
    third = (x.astype(np.float32) / np.float32(3)).astype(np.float32)
    near = third.astype(np.float64)
    with np.errstate(over="ignore"):
        rounded = near.astype(np.float16)
    half = np.clip(near, -65504, 65504).astype(np.float16)
    cut = np.where(np.abs(half.astype(np.float64)) > np.abs(near), np.nextafter(half, np.float16(0)), half)
    inside = np.abs(near) < 65504
    assert (casted[:32] == cut)[inside].all() and (casted[32:] == rounded).all()
    assert np.abs(bits[:32].astype(np.int64) - third.view(np.int32)).max() <= 1  # x / 3 is off by a place on GPUs
    hill = np.sort(np.where(np.arange(32) < 16, np.arange(32) * 3, 100 - np.arange(32) * 3))
    assert (merged[:32] == hill).all() and (down[:32] == hill[::-1]).all()


@triton.jit
def promises_kernel(x, y, n):
    tl.assume(n > 0)
    i = tl.max_contiguous(tl.multiple_of(n * 0 + tl.arange(0, 64), 16), 16)
    group = tl.max_constancy(i // 8, 8)
    tl.store(y + i, tl.load(x + group) + n)


def test_promises(target):
    x, y = torch.arange(64, dtype=torch.int32) * 5, torch.zeros(64, dtype=torch.int32)
    promises_kernel[(1,)](x, y, 7)
    assert y.tolist() == [(i // 8) * 5 + 7 for i in range(64)]


@triton.jit
def random_kernel(ints, uniforms, normals, raw, pair, seed):
    i = tl.arange(0, 16)
    a, b, c, d = tl.randint4x(seed, i)
    tl.store(ints + i, a)
    tl.store(ints + 16 + i, b)
    tl.store(ints + 32 + i, c)
    tl.store(ints + 48 + i, d)
    e, f, g, h = tl.rand4x(seed, i)
    tl.store(uniforms + i, e)
    tl.store(uniforms + 16 + i, f)
    tl.store(uniforms + 32 + i, g)
    tl.store(uniforms + 48 + i, h)
    p, q, r, s = tl.randn4x(seed, i)
    tl.store(normals + i, p)
    tl.store(normals + 16 + i, q)
    tl.store(normals + 32 + i, r)
    tl.store(normals + 48 + i, s)
    u, v, w, x = tl.philox(seed, i, i + 1, i * 2, i - i)
    tl.store(raw + i, u)
    tl.store(raw + 16 + i, v)
    zero = (i * 0).to(tl.uint32)
    u, v, w, x = tl.philox_impl(i.to(tl.uint32), zero, zero, zero, zero + 7, zero + 9)
    tl.store(raw + 32 + i, w)
    tl.store(raw + 48 + i, x)
    tl.store(pair + i, tl.uint_to_uniform_float(a))
    first, second = tl.pair_uniform_to_normal((i + 1) / 32.0, i / 16.0)
    tl.store(pair + 16 + i, first)
    tl.store(pair + 32 + i, second)


def philox(counter, key):
    """Philox-4x32-10 of lists of four and two words."""
    c, k = list(counter), list(key)
    for _ in range(10):
        x, y = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(y >> 32) ^ c[1] ^ k[0], y & 0xFFFFFFFF, (x >> 32) ^ c[3] ^ k[1], x & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


def test_random_numbers(target):
    seed = 0x1234567800000021
    key = [seed & 0xFFFFFFFF, seed >> 32]
    kinds = of(np.uint32, np.float32, np.float32, np.uint32, np.float32)
    ints, uniforms, normals, raw, pair = ran(lambda_launch(random_kernel, seed), [], kinds)
    want = np.array([philox([i, 0, 0, 0], key) for i in range(16)], np.uint64).T.ravel()
    assert (ints == want).all()
    signed = want.astype(np.uint32).view(np.int32).astype(np.int64)
    unit = np.where(signed < 0, -signed - 1, signed) * 4.6566127342e-10
    np.testing.assert_allclose(uniforms, unit, rtol=2e-7, atol=0)
    np.testing.assert_allclose(pair[:16], unit[:16], rtol=2e-7, atol=0)

    def normal(u1, u2):
        radius, angle = np.sqrt(-2 * np.log(np.maximum(u1, 1e-7))), 2 * np.pi * u2
        return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])

    pairs = unit.reshape(4, 16)
    # An angle near 2 pi has an error of 2^-22, which is that of the result where the sine or cosine vanishes.
    np.testing.assert_allclose(normals, np.concatenate([normal(*pairs[:2]), normal(*pairs[2:])]), rtol=1e-5, atol=2e-6)
    i = np.arange(16)
    np.testing.assert_allclose(pair[16:48], normal((i + 1) / 32, i / 16), rtol=1e-5, atol=2e-6)
    counted = np.array([philox([n, n + 1, n * 2, 0], key) for n in range(16)]).T
    assert (raw[:32] == counted[:2].ravel()).all()
    plain = np.array([philox([n, 0, 0, 0], [7, 9]) for n in range(16)]).T
    assert (raw[32:] == plain[2:].ravel()).all()


def lambda_launch(kernel, *last):
    """The kernel with more arguments behind its outputs."""

    class Launcher:
        def __getitem__(self, grid):
            return lambda *args: kernel[grid](*args, *last)

    return Launcher()


# ---- the examples of the manual ------------------------------------------------------------------------------------------

KEEP = """
@triton.jit
def kept_at(x, out):
    if isinstance(x, tl.tensor):
        if not x.dtype.is_ptr():
            if len(x.shape) == 0:
                tl.store(out, x.to(tl.float32))
            else:
                tl.store(out + tl.arange(0, x.numel), tl.ravel(x).to(tl.float32))
"""
# What is a processor's own (test_documentation.py runs it on one) has no second one to agree with.
ALONE = {"tl.inline_asm_elementwise", "tl.extra.cuda.globaltimer", "tl.extra.cuda.smid", "tl.extra.cuda.gdc_wait",
         "tl.extra.cuda.gdc_launch_dependents"}  # fmt: skip


def kept_example(name, folder):
    """The kernel of an example, which also writes what the example gives to the names that it assigns."""
    text = documentation.EXAMPLES[name]
    names = [
        node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    ]
    names = [n for n in dict.fromkeys(names) if not re.search(rf"^ +(for )?{n}\b|for {n} in", text, re.M)]
    lines = [text, *[f"kept_at({n}, y_ptr + {1024 * (1 + k)})" for k, n in enumerate(names)]]
    return documentation.kernel_of("\n".join(lines), documentation.OWN_NAMES.get(name, {}), folder, KEEP)


def memory_after(kernel, name):
    # of few bits, so that they are no NaN of f16 either
    x, y = (np.random.default_rng(4).integers(16, 256, 1 << 14).astype(np.float32) / 64 for _ in range(2))
    count, lock = np.arange(256, dtype=np.int32), np.full(1, "poll" in name, np.int32)
    kernel[(1,)](x, y, count, lock, 64, BLOCK=64, BLOCK_M=16, BLOCK_N=16, BLOCK_K=16)
    return x, y, count, lock


@pytest.mark.parametrize("name", [name for name in documentation.EXAMPLES if name not in ALONE])
def test_example_gives_the_same_everywhere(name, tmp_path, monkeypatch):
    """Each function of the manual, compiled for the CPU and two GPUs and interpreted: the same memory afterwards."""
    kernel = kept_example(name, tmp_path)
    gpu_only = name.startswith("tl.extra.cuda.")
    results = []
    for target in ["", "cuda:75", "cuda:90"][gpu_only:]:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
        results.append(memory_after(kernel, name))
    monkeypatch.setenv("TRITONC_SIMULATE", "")
    if not gpu_only:
        results.append(memory_after(InterpretedFunction(kernel), name))
    for other in results[1:]:
        for have, want in zip(other, results[0], strict=True):
            np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-6, equal_nan=True)


# ---- all are tested ------------------------------------------------------------------------------------------------------


def test_every_function_is_tested():
    """Each name of docs.def is in a table whose functions a test runs, or has an example, which the tests above run."""
    names = re.findall(r'^(?:DOC|LINE)\("([^"]+)"', (ROOT / "src/lang/tl/docs.def").read_text(), re.M)
    assert len(names) > 300
    tables = {*FLOATS, *FAST, *NOT_FINITE, *DOUBLES, *INTEGERS, *others.ONE, *others.ENDS, *others.SEVERAL}
    tables |= {f"{name}_{mode}" for name in others.DIRECTED for mode in ("rd", "ru", "rz")}
    tables |= {f"{name}_{mode}" for name in others.CONVERSIONS for mode in ("rd", "ru", "rz")}
    tables |= {f"double2float_{mode}" for mode in ("rd", "ru")} | {"ldexp", "scalbn", "jn", "yn"}
    run = {f"libdevice.{name}" for name in tables} | set(documentation.EXAMPLES)
    assert [name for name in names if name not in run] == []
    for name, text in documentation.EXAMPLES.items():
        called = {n.attr for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Attribute)}
        assert name.rpartition(".")[2] in called, name
