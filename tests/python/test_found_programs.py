"""What random programs found (tests/generator), made small: each kernel compiled and interpreted writes the same."""

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from targets import on_each
from triton.runtime.interpreter import InterpretedFunction

TARGETS = ["", "cuda:75", "cuda:90"]


def check(kernel, target, monkeypatch, *args):
    results = []
    for run in (InterpretedFunction(kernel), kernel):
        copies = [x.clone() if isinstance(x, torch.Tensor) else x for x in args]
        if run is kernel and target:
            monkeypatch.setenv("TRITONC_SIMULATE", target)
        run[(1,)](*copies)
        results.append([x for x in copies if isinstance(x, torch.Tensor)])
    for want, have in zip(*results, strict=True):
        assert torch.equal(want, have)


@triton.jit
def carried_constant_kernel(out, m):
    i = tl.arange(0, 8)
    v = tl.full((8,), 7, tl.int8)
    for _ in range(2, m):
        v = tl.full((8,), 3, tl.int8)
    tl.store(out + i, v)


@triton.jit
def carried_constants_kernel(out, m):
    i = tl.arange(0, 8)
    v, w = tl.full((8,), 7, tl.int8), tl.full((8,), 9, tl.int8)
    for k in range(m):
        v = tl.full((8,), 3, tl.int8)
        while k < m:
            k += 2
            w = v
    tl.store(out + i, w)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("m", [0, 5])
def test_constants_that_a_loop_carries(m, target, monkeypatch):
    """On a GPU they had no layout, when nothing in the loop wanted them."""
    for kernel in (carried_constant_kernel, carried_constants_kernel):
        check(kernel, target, monkeypatch, torch.zeros(8, dtype=torch.int8), m)


@triton.jit
def narrow_index_kernel(out, out16, start):
    j = tl.arange(0, 256)
    tl.store(out + j, (j.to(tl.uint64) < j.to(tl.int8)).to(tl.int32) + j.to(tl.int8))
    short = (j * 200 + start).to(tl.int16)
    tl.store(out16 + j, short.to(tl.int64) + (j.to(tl.uint8) + 250).to(tl.uint8).to(tl.int32))


@pytest.mark.parametrize("target", TARGETS)
def test_narrow_numbers_that_wrap_around_between_lanes(target, monkeypatch):
    """On the CPU they went on evenly when they were widened."""
    outputs = torch.zeros(256, dtype=torch.int32), torch.zeros(256, dtype=torch.int64)
    check(narrow_index_kernel, target, monkeypatch, *outputs, 9000)


@triton.jit
def bfloat_constant_kernel(out):
    tl.store(out + tl.arange(0, 4), tl.full((4,), 0.1, tl.bfloat16).to(tl.float32))


@pytest.mark.parametrize("target", TARGETS)
def test_bfloat16_constants(target, monkeypatch):
    """The interpreter read six digits of them."""
    check(bfloat_constant_kernel, target, monkeypatch, torch.zeros(4))


@triton.jit
def masked_uniform_kernel(x, out, m):
    rows, columns = tl.arange(0, 4)[:, None], tl.arange(0, 64)[None, :]
    v = tl.load(x + m + tl.zeros((4, 64), tl.int32), mask=m != tl.broadcast_to(columns, (4, 64)), other=3)
    half = v // 2
    tl.store(out + rows + columns * 4, v + half)
    tl.debug_barrier()
    tl.store(out + 256 + tl.arange(0, 4), tl.max(v, 1))
    tl.store(out + 260 + tl.arange(0, 4), tl.sum(half, 1))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [torch.int64, torch.int8])
def test_masked_load_of_one_element(dtype, target, monkeypatch):
    """A loop with two bodies read in the second what it had yet to write: the same along a row, it was read at its start."""
    x = (torch.arange(64) + 11).to(dtype)
    check(masked_uniform_kernel, target, monkeypatch, x, torch.zeros(264, dtype=dtype), 33)


@triton.jit
def unsigned_below_zero_kernel(x, out, wide, m):
    rows, j = tl.arange(0, 2)[:, None] * 8, tl.arange(0, 8)[None, :]
    low = j.to(tl.uint32) - 6
    tl.store(wide + rows + j, tl.zeros((2, 8), tl.int64) + low)
    tl.store(wide + 16 + rows + j, tl.zeros((2, 8), tl.int64) + (j.to(tl.uint32) - m.to(tl.uint16)))
    tl.store(out + rows + j, tl.load(x + rows + (j ^ 4), mask=tl.full((2, 8), 1, tl.int64) <= low, other=1))


@pytest.mark.parametrize("target", TARGETS)
def test_unsigned_numbers_that_pass_zero(target, monkeypatch):
    """From one lane to the next they were taken to grow by one, in the wider type, too."""
    x = torch.arange(16, dtype=torch.int64) + 2
    check(
        unsigned_below_zero_kernel, target, monkeypatch, x, torch.zeros_like(x), torch.zeros(32, dtype=torch.int64), 3
    )


@triton.jit
def narrow_compare_kernel(x, out, out2, out3):
    j = tl.arange(0, 256)
    a = j.to(tl.int8)
    n = tl.load(x)
    tl.store(out + j, (a <= n).to(tl.int32) + ((a + 100).to(tl.int8) > a).to(tl.int32) * 2)
    tl.store(out2 + j, j, mask=a < n)
    tl.store(out3 + j, tl.load(out + j, mask=n < a, other=7))


@pytest.mark.parametrize("target", TARGETS)
def test_comparisons_of_narrow_numbers_that_wrap_around(target, monkeypatch):
    """On the CPU they were taken for a bound on the lane."""
    outputs = [torch.zeros(256, dtype=torch.int32) for _ in range(3)]
    check(narrow_compare_kernel, target, monkeypatch, torch.full((1,), 3, dtype=torch.int8), *outputs)


@triton.jit
def number_kernel(out, x):
    y = x.to(tl.float64)
    tl.store(out, y)
    tl.store(out + 1, (x >= tl.full((), -5, tl.int8)).to(tl.float64))
    tl.store(out + 2, (x * 2).to(tl.float64))
    tl.store(out + 3, (x * 0 - 1 < 0).to(tl.float64))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("x", [2**31 - 1, 2**31, 2**32 - 1, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, 0.1, 1e300])
def test_numbers_that_a_launch_is_given(x, target, monkeypatch):
    """The interpreter took 2**31 for a uint32, as a constant of that size is; a launch makes it an int64."""
    check(number_kernel, target, monkeypatch, torch.zeros(4, dtype=torch.float64), x)


@triton.jit
def folded_columns_kernel(out):
    j = tl.arange(0, 8)
    even, odd = tl.split(tl.reshape(j[None, :] + tl.zeros((16, 8), tl.int64), (16, 4, 2)))
    v = tl.reshape(tl.permute(tl.join(even, odd), (0, 2, 1)), (16, 8))
    tl.store(out + tl.arange(0, 16)[:, None] * 8 + (7 - tl.arange(0, 8)[None, :]), v)


@pytest.mark.parametrize("target", TARGETS)
def test_a_column_that_comes_of_a_folded_index(target, monkeypatch):
    """On the CPU the second vector of a row read its columns from before the row's beginning."""
    out = torch.zeros(16, 8, dtype=torch.int64)
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    folded_columns_kernel[(1,)](out)
    assert torch.equal(out, torch.tensor([7, 5, 3, 1, 6, 4, 2, 0]).expand(16, 8))


# ---- kernels that once went wrong, with the values that they must have -------------------------------------------------

target = on_each("", "cuda:75", "cuda:80", "cuda:90", "cuda:120")


@triton.jit
def narrow_branch_kernel(x, o, n):
    at = tl.arange(0, 1024)
    v = tl.load(x + at)
    if n > 0:
        v = v - 1.0
    tl.store(o + at, v * 2)


@triton.jit
def narrow_loop_kernel(x, o, n):
    at = tl.arange(0, 1024)
    v = tl.load(x + at)
    w = v
    for k in range(n):
        if k % 2 == 1:
            w = v
        v, w = (w + 1.0).to(v.dtype), v
    tl.store(o + at, v + w)


@pytest.mark.parametrize("n", [0, 1, 4])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_narrow_floats_through_branches_and_loops(dtype, n, target):
    """Pairs of them in one register, which came out of a block's argument, ended the compiler."""
    x = (torch.arange(1024) % 64).to(dtype)
    out = torch.zeros_like(x)
    narrow_branch_kernel[(1,)](x, out, n)
    assert torch.equal(out, (x - 1 if n > 0 else x) * 2)
    narrow_loop_kernel[(1,)](x, out, n)
    v = w = x
    for k in range(n):
        if k % 2 == 1:
            w = v
        v, w = w + 1, v
    assert torch.equal(out, v + w)


@triton.jit
def scaled_product_kernel(x, w, o, HOW: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    a = tl.load(x + m[:, None] * K + k[None, :])
    b = tl.load(w + k[:, None] * N + n[None, :])
    if HOW == "rows":
        r = tl.sum(a.to(tl.float32), 1)[:, None]
    elif HOW == "norm":
        f = a.to(tl.float32)
        r = 1.0 / tl.sqrt(tl.sum(f * f, 1) / K + 1e-6)[:, None]
    else:
        s = tl.max(tl.abs(b.to(tl.float32)))
        b = (b.to(tl.float32) / s).to(tl.float16)
        r = s
    tl.store(o + m[:, None] * N + n[None, :], tl.dot(a, b) * r)


@triton.jit
def gated_kernel(x, u, w, o, k_end, ADD: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    g, h = tl.zeros([M, N], tl.float32), tl.zeros([M, N], tl.float32)
    for i in range(0, k_end, K):
        a = tl.load(x + m[:, None] * k_end + i + k[None, :])
        b = tl.load(u + (i + k)[:, None] * N + n[None, :])
        c = tl.load(w + (i + k)[:, None] * N + n[None, :])
        if ADD:
            a = a + i.to(tl.float16)
        g = tl.dot(a, b, g)
        h = tl.dot(a, c, h)
    tl.store(o + m[:, None] * N + n[None, :], g * tl.sigmoid(g) * h)


def whole(*shape):
    """Small whole numbers, whose sums f16 and f32 hold."""
    return torch.randint(-2, 3, shape, generator=torch.Generator().manual_seed(len(shape))).half()


@pytest.mark.parametrize("warps", [4, 8])
@pytest.mark.parametrize("how", ["rows", "norm", "scale"])
def test_operands_of_a_product_that_are_used_before(how, warps, target):
    """A barrier was missing before the product that reads what threads wrote."""
    x, w, out = whole(64, 64), whole(64, 64), torch.zeros(64, 64)
    scaled_product_kernel[(1,)](x, w, out, how, 64, 64, 64, num_warps=warps)
    f = x.double()
    scale = {"rows": f.sum(1, True), "norm": 1 / (f.square().mean(1, True) + 1e-6).sqrt(), "scale": 1.0}[how]
    torch.testing.assert_close(out, (f @ w.double() * scale).float(), rtol=1e-5 if how != "scale" else 1e-3, atol=1e-4)


@pytest.mark.parametrize("stages", [1, 2, 3, 4])
@pytest.mark.parametrize("add", [False, True])
def test_two_products_with_one_operand(add, stages, target):
    x, u, w, out = whole(64, 128), whole(128, 64), whole(128, 64), torch.zeros(64, 64)
    gated_kernel[(1,)](x, u, w, out, 128, add, 64, 64, 32, num_stages=stages)
    a = x.double() + (torch.arange(128) // 32 * 32 if add else 0)
    g, h = a @ u.double(), a @ w.double()
    torch.testing.assert_close(out, (g * torch.sigmoid(g) * h).float(), rtol=1e-5, atol=1e-3)


@triton.jit
def unchanged_in_a_loop_kernel(x, out, n, HOW: tl.constexpr):
    b = tl.load(x)
    c = b * 7
    if HOW == "cast":
        for _ in range(n):
            b = b.to(tl.int32)
            c = b
    elif HOW == "itself":
        for _ in range(n):
            b = b
            c = b + 1
    elif HOW == "swap":
        c = b + 5
        for _ in range(n):
            b = b.to(tl.int32)
            b, c = c, b
    else:
        while n > 0:
            n -= 1
            b = b
            c = b
    tl.store(out, c)


@pytest.mark.parametrize("n", [0, 3])
@pytest.mark.parametrize(("how", "want"), [("cast", 5), ("itself", 6), ("swap", 5), ("while", 5)])
def test_names_that_a_loop_leaves_as_they_are(how, want, n, target):
    """The loop yielded a value that nothing defined."""
    x, out = torch.full((4,), 5, dtype=torch.int32), torch.zeros(1, dtype=torch.int32)
    unchanged_in_a_loop_kernel[(1,)](x, out, n, how)
    assert out.item() == (want if n else 10 if how == "swap" else 35)


@triton.jit
def scan_says_where_kernel(x, out, n, HOW: tl.constexpr):
    at = tl.arange(0, 16)
    v = tl.load(x + at)
    if HOW == "compact":
        keep = v > 3
        tl.store(out + (tl.cumsum(keep.to(tl.int32), 0) - 1), v, mask=keep)
    elif HOW == "scan":
        tl.store(out + at, v, mask=(tl.cumsum(v, 0) < n) & (at < n))
    elif HOW == "sort":
        tl.store(out + at, v, mask=tl.sort(v) < n // 4)
    elif HOW == "stored":
        m = tl.cumsum(v, 0)
        tl.store(out + at, m, mask=m < n)
    elif HOW == "reduction":
        tl.store(out + (at + tl.max(v, 0)) % 16, v, mask=at < tl.min(v + 9, 0))
    else:
        m = tl.cumsum(v, 0)
        tl.store(out + at, tl.load(x + at, mask=m < n, other=1) + m)


@pytest.mark.parametrize("how", ["compact", "scan", "sort", "stored", "reduction", "loaded"])
def test_addresses_and_masks_out_of_scans(how, target):
    """The CPU had no code for them."""
    x, out, n = (torch.arange(16, dtype=torch.int32) * 7) % 11, torch.zeros(16, dtype=torch.int32), 20
    scan_says_where_kernel[(1,)](x, out, n, how)
    at, m = torch.arange(16), x.cumsum(0)
    want = torch.zeros_like(x)
    if how == "compact":
        want[: (x > 3).sum()] = x[x > 3]
    elif how == "reduction":
        kept = at < (x + 9).min()
        want[((at + x.max()) % 16)[kept]] = x[kept]
    else:
        values = {"scan": x, "sort": x, "stored": m, "loaded": torch.where(m < n, x, 1) + m}[how]
        masks = {"scan": (m < n) & (at < n), "sort": x.sort().values < n // 4, "stored": m < n, "loaded": at >= 0}[how]
        want = torch.where(masks, values, 0).int()
    assert torch.equal(out, want)


@triton.jit
def long_index_kernel(out, n, HOW: tl.constexpr, ROUNDS: tl.constexpr):
    at = tl.arange(0, 128)
    x = at + (n if HOW != "address" and HOW != "chosen" else 0)
    for i in tl.static_range(ROUNDS):
        if HOW == "address":
            x = (x >> 1) ^ (x & 7)
        elif HOW == "chosen":
            x = tl.where(x > i, x - i, x + 1)
        elif HOW == "xorshift":
            x = x ^ (x << 13)
            x = x ^ (x >> 17)
            x = x ^ (x << 5)
        else:
            x = x * x + x
    if HOW == "address":
        tl.store(out + x, n)
    else:
        tl.store(out + at, x)


@pytest.mark.parametrize("how", ["address", "chosen", "xorshift", "squares"])
def test_long_chains_of_index_arithmetic(how, target):
    """Every step that uses the one before twice doubled the CPU's compile time: 2**40 here."""
    out, n, rounds = torch.zeros(128, dtype=torch.int32), 3, 40
    long_index_kernel[(1,)](out, n, how, rounds)
    x = np.arange(128, dtype=np.int32) + np.int32(n if how in ("xorshift", "squares") else 0)
    with np.errstate(over="ignore"):
        for i in range(rounds):
            if how == "address":
                x = (x >> 1) ^ (x & 7)
            elif how == "chosen":
                x = np.where(x > i, x - i, x + 1)
            elif how == "xorshift":
                x = x ^ (x << 13)
                x = x ^ (x >> 17)
                x = x ^ (x << 5)
            else:
                x = x * x + x
    want = np.zeros(128, np.int32)
    if how == "address":
        want[x] = n
    else:
        want = x
    assert np.array_equal(out.numpy(), want)


@triton.jit
def known_sort_kernel(x, out, seed, HOW: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, N)
    if HOW == "zeros":
        v = tl.load(x + at)
        v = tl.sort(v - v)
    elif HOW == "one":
        v = tl.sort(tl.load(x + at * 0))
    elif HOW == "flip":
        v = tl.flip(tl.load(x + at * 0))
    elif HOW == "random":
        v = tl.sort((tl.rand(seed, at) * 1000).to(tl.int32))
    else:
        v = tl.sort(tl.load(x + at))
    tl.store(out + at, v)


@pytest.mark.parametrize("how", ["zeros", "one", "flip", "random", "plain"])
def test_sorts_of_what_is_hardly_loaded(how, target):
    x, out = (torch.arange(64, dtype=torch.int32) * 37) % 64, torch.full((64,), -1, dtype=torch.int32)
    x[0] = 9
    known_sort_kernel[(1,)](x, out, 5, how, 64)
    if how == "random":
        assert torch.equal(out, out.sort().values)
        assert out.unique().numel() > 50
        assert 0 <= out.min() <= out.max() < 1000
    else:
        want = {"zeros": x - x, "one": torch.full_like(x, 9), "flip": torch.full_like(x, 9), "plain": x.sort().values}
        assert torch.equal(out, want[how])


@triton.jit
def from_an_end_kernel(out, wide, n, FIRST: tl.constexpr, N: tl.constexpr):
    j = tl.arange(0, N)
    up, down = FIRST + j, FIRST - j
    tl.store(out + j, 1, mask=up < n)
    tl.store(out + N + j, 1, mask=n <= down)
    tl.store(out + 2 * N + j, 1, mask=up < n + j)
    tl.store(out + 3 * N + j, 1, mask=n - j >= down)
    tl.store(out + 4 * N + j, (up > n).to(tl.int8))
    tl.store(wide + j, up.to(tl.int64))
    tl.store(wide + N + j, down.to(tl.int64) - 1)
    tl.store(wide + 2 * N + j, (up - 1).to(tl.uint32).to(tl.int64))


@pytest.mark.parametrize("n", [5, -5, 2**31 - 16, -(2**31) + 15])
@pytest.mark.parametrize("first", [2**31 - 4, -(2**31) + 3, 2**31 - 1, 7])
def test_index_arithmetic_that_begins_at_an_end(first, n, target):
    """The CPU took it not to pass the end: comparisons became bounds, and what was widened went on evenly."""
    count = 16
    out, wide = torch.zeros(5 * count, dtype=torch.int8), torch.zeros(3 * count, dtype=torch.int64)
    from_an_end_kernel[(1,)](out, wide, n, first, count)
    j = np.arange(count)
    up, down, above, below = ((x + 2**31) % 2**32 - 2**31 for x in (first + j, first - j, n + j, n - j))
    want = [up < n, n <= down, up < above, below >= down, up > n]
    assert np.array_equal(out.reshape(5, count).numpy() != 0, want)
    assert np.array_equal(wide.numpy(), np.concatenate([up, down - 1, (up - 1) % 2**32]))


@triton.jit
def unsigned_distance_kernel(out, n, HOW: tl.constexpr):
    j = tl.arange(0, 32)
    u = j.to(tl.uint32)
    keep = u - 3 <= u if HOW == "constant" else u - n.to(tl.uint32) < u
    tl.store(out + ((j * 5) & 31), j, mask=keep)
    tl.store(out + 32 + j, j, mask=keep)
    tl.atomic_add(out + 64 + (j ^ 9), j + 1, mask=keep)


@pytest.mark.parametrize("how", ["constant", "known when it runs"])
def test_unsigned_numbers_that_keep_their_distance(how, target):
    """One of them passes zero before the other: the CPU took the comparison of the first two for that of all."""
    out, n = torch.full((96,), -1, dtype=torch.int32), 3
    unsigned_distance_kernel[(1,)](out, n, how)
    want, j = torch.full((96,), -1, dtype=torch.int32), torch.arange(3, 32)
    want[(j * 5) % 32] = j.int()
    want[32 + j] = j.int()
    want[64 + (j ^ 9)] += j.int() + 1
    assert torch.equal(out, want)


@triton.jit
def far_bounds_kernel(x, out, m: tl.int64, c: tl.constexpr):
    """Masks whose two sides are further apart than a number of their type tells."""
    r, j = tl.arange(0, 2)[:, None], tl.arange(0, 64)[None, :]
    up, down = c - 63 + j.to(m.dtype), c - j.to(m.dtype)
    n: tl.constexpr = 128
    tl.store(out + r * 64 + j, tl.load(x + r, mask=m >= down, other=0))
    tl.store(out + n + r * 64 + j, tl.load(x + r, mask=m > down, other=0))
    tl.store(out + 2 * n + r * 64 + j, tl.load(x + r, mask=m <= down, other=0))
    tl.store(out + 3 * n + r * 64 + j, tl.load(x + r, mask=m < down, other=0))
    tl.store(out + 4 * n + r * 64 + j, tl.load(x + r, mask=m >= up, other=0))
    tl.store(out + 5 * n + r * 64 + j, tl.load(x + r, mask=m > up, other=0))
    tl.store(out + 6 * n + r * 64 + j, tl.load(x + r, mask=m <= up, other=0))
    tl.store(out + 7 * n + r * 64 + j, tl.load(x + r, mask=m < up, other=0))


LEAST, MOST = -(2**63), 2**63 - 1


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("c", [MOST, 2**31 - 1, 0, LEAST + 63])
def test_bounds_further_apart_than_a_type_holds(c, target, monkeypatch):
    """The CPU took the difference of both sides, which had wrapped around, for the number of elements."""
    for m in (LEAST, LEAST + 5, -(2**40), -5, 31, 2**40, MOST - 31, MOST):
        x = torch.full((2,), 7, dtype=torch.int16)
        check(far_bounds_kernel, target, monkeypatch, x, torch.ones(8 * 128, dtype=torch.int16), m, c)


@triton.jit
def overlapping_stores_kernel(x, out, n):
    j = tl.arange(0, 1024)
    v = tl.load(x + j)
    for k in range(n):
        tl.store(out + j + k, v)


@triton.jit
def overlapping_updates_kernel(x, out, n):
    q = out + tl.arange(0, 1024)
    for _ in range(n):
        tl.store(q, tl.load(q) + 1)
        q += 1


@triton.jit
def one_element_kernel(x, out, n):
    q = out + tl.arange(0, 1024) // 512 * n
    tl.store(q, tl.load(q) + 1)


@triton.jit
def windows_kernel(x, out, n):
    """Rows that overlap: each element is updated once, from what it was."""
    q = out + tl.arange(0, 32)[:, None] + tl.arange(0, 64)[None, :]
    tl.store(q, tl.load(q) + n)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "kernel", [overlapping_stores_kernel, overlapping_updates_kernel, one_element_kernel, windows_kernel]
)
def test_elements_accessed_twice(kernel, target, monkeypatch):
    """Nothing kept one op's accesses in order that different threads, or vectors, make of one element."""
    check(kernel, target, monkeypatch, torch.arange(1024), torch.zeros(1100, dtype=torch.int64), 5)


@triton.jit
def two_formats_kernel(a, b, c, N: tl.constexpr):
    i = tl.arange(0, N)
    at = i[:, None] * N + i
    tl.store(c + at, tl.dot(tl.load(a + at), tl.load(b + at)))
    tl.store(c + N * N + at, tl.dot(tl.load(b + at), tl.load(a + at)))


@pytest.mark.parametrize("target", ["", "cuda:75", "cuda:80", "cuda:90", "cuda:120"])
def test_dot_of_two_8_bit_formats(target, monkeypatch):
    """Where products are plain multiplications, too, each operand is of its own format."""
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    a = torch.randint(-2, 3, (64, 64)).to(torch.float32)
    b = torch.randint(-2, 3, (64, 64)).to(torch.float32)
    c = torch.zeros(2, 64, 64)
    two_formats_kernel[(1,)](a.to(torch.float8_e4m3fn), b.to(torch.float8_e5m2), c, N=64)
    assert torch.equal(c[0], a @ b) and torch.equal(c[1], b @ a)
