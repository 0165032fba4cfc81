"""Loops whose ends are unusual: names assigned to themselves, steps of either sign, counters at the ends of their type."""

import numpy as np
import pytest
import triton
import triton.language as tl

BIG = 2**31 - 1


@triton.jit
def assigned_to_itself_kernel(x, out, n):
    a = tl.load(x)
    b = a
    for _ in range(n):
        a = a.to(tl.int32)  # it is one already
        b = a
    tl.store(out, b)


@triton.jit
def itself_and_more_kernel(x, out, n):
    a = tl.load(x)
    b = a * 7
    c = b
    for _ in range(n):
        a = a
        c = b
        b = a + 1
    tl.store(out, b)
    tl.store(out + 1, c)


@triton.jit
def swapped_kernel(x, out, n):
    a = tl.load(x)
    b = a + 5
    for _ in range(n):
        a = a.to(tl.int32)
        a, b = b, a
    tl.store(out, a)
    tl.store(out + 1, b)


@triton.jit
def while_itself_kernel(x, out, n):
    a = tl.load(x)
    b = a * 7
    while n > 0:
        n -= 1
        a = a
        b = a
    tl.store(out, b)


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_assignment_that_does_nothing(n):
    def run(kernel):
        x, out = np.full(1, 5, np.int32), np.zeros(2, np.int32)
        kernel[(1,)](x, out, n)
        return out.tolist()

    assert run(assigned_to_itself_kernel)[0] == 5
    assert run(itself_and_more_kernel) == [[35, 35], [6, 35], [6, 6], [6, 6]][n]
    assert run(swapped_kernel) == ([5, 10] if n % 2 == 0 else [10, 5])
    assert run(while_itself_kernel)[0] == (5 if n else 35)


@triton.jit
def count_kernel(out, start, stop, step):
    count = 0
    last = start
    for i in range(start, stop, step):
        count += 1
        last = i
    tl.store(out, count)
    tl.store(out + 1, last)


@triton.jit
def count_and_break_kernel(out, start, stop, step, most):
    count = 0
    last = start
    for i in range(start, stop, step):
        count += 1
        last = i
        if count >= most:
            break
    tl.store(out, count)
    tl.store(out + 1, last)


RANGES = [(0, 10, 3), (10, 0, -3), (0, 10, -1), (5, 5, 2), (5, 6, 100), (-4, 20, 7), (20, -4, -7), (1, -100, -50)]
AT_THE_ENDS = [
    (BIG - 3, BIG, 2),
    (BIG - 3, BIG, 1),
    (BIG - 3, BIG, BIG),
    (-BIG - 1, -BIG + 3, BIG),
    (-BIG + 2, -BIG - 1, -2),
    (BIG, BIG - 3, -BIG - 1),
]


@pytest.mark.parametrize("start, stop, step", RANGES)
def test_step_of_either_sign(start, stop, step):
    out = np.zeros(2, np.int64)
    count_kernel[(1,)](out, start, stop, step)
    r = range(start, stop, step)
    assert out.tolist() == [len(r), r[-1] if r else start]


@pytest.mark.parametrize("start, stop, step", RANGES + AT_THE_ENDS)
def test_break_and_the_counters_type(start, stop, step):
    r = range(start, stop, step)
    for most in (2, 100):
        out = np.zeros(2, np.int64)
        count_and_break_kernel[(1,)](out, start, stop, step, most)
        taken = r[:most]
        assert out.tolist() == [len(taken), taken[-1] if taken else start]


@triton.jit
def summed_kernel(x, out, start, stop, step: tl.constexpr, UNROLL: tl.constexpr):
    total = 0
    for i in tl.range(start, stop, step, loop_unroll_factor=UNROLL):
        total += tl.load(x + (i - start))
    tl.store(out, total)


@triton.jit
def product_kernel(x, y, out, start, stop, step: tl.constexpr, STAGES: tl.constexpr):
    at = tl.arange(0, 16)
    sums = tl.zeros([16, 16], tl.float32)
    for i in tl.range(start, stop, step, num_stages=STAGES):
        rows = at[:, None] * 128 + at[None, :] + (i - start)
        sums += tl.dot(tl.load(x + rows), tl.load(y + rows))
    tl.store(out + at[:, None] * 16 + at[None, :], sums)


@pytest.mark.parametrize("start, stop, step", [(BIG - 40, BIG, 16), (BIG - 20, BIG, 1), (-BIG - 1, -BIG + 40, 16)])
@pytest.mark.parametrize("unroll", [1, 4])
def test_unrolled_up_to_the_last_integer(start, stop, step, unroll):
    x, out = np.arange(64, dtype=np.int32) ** 2, np.zeros(1, np.int32)
    summed_kernel[(1,)](x, out, start, stop, step, unroll)
    assert out[0] == sum(x[i - start] for i in range(start, stop, step))


@pytest.mark.parametrize("start, stop, step", [(BIG - 40, BIG, 16), (BIG - 1, BIG, 16), (-BIG - 1, -BIG - 1, 2**30)])
def test_copies_ahead_up_to_the_last_integer(start, stop, step):
    rng = np.random.default_rng(0)
    x, y = (rng.integers(-3, 4, (16, 128)).astype(np.float16) for _ in range(2))
    out = np.zeros((16, 16), np.float32)
    product_kernel[(1,)](x, y, out, start, stop, step, 3, num_stages=3)
    parts = [slice(i - start, i - start + 16) for i in range(start, stop, step)]
    assert np.array_equal(out, sum((x[:, p].astype(np.float32) @ y[:, p] for p in parts), np.zeros((16, 16))))


@triton.jit
def strided_loads_kernel(x, out, n, step, B: tl.constexpr):
    at = tl.arange(0, B)
    total = tl.zeros([B], tl.float32)
    for i in range(0, n, step):
        total += tl.load(x + i + at)
    tl.store(out + at, total)


def test_unknown_sign_keeps_vectors():
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    signature = {"x": "*fp32", "out": "*fp32", "n": "i32", "step": "i32", "B": "constexpr"}
    attrs = {(i,): [["tt.divisibility", 16]] for i in range(4)}
    src = ASTSource(strided_loads_kernel, signature, {"B": 512}, attrs)
    ptx = triton.compile(src, target=GPUTarget("cuda", 90, 32), options={"num_warps": 4}).asm["ptx"]
    assert "ld.global.v4" in ptx and "ld.global.b32" not in ptx


@triton.jit
def promised_kernel(table, out, n, step, HOW: tl.constexpr):
    p = tl.load(table).to(tl.pointer_type(tl.float32)) + tl.arange(0, 512)
    total = tl.zeros((512,), tl.float32)
    if HOW == "while":
        left = n
        while left > 0:
            tl.multiple_of(p, 16)
            total += tl.load(p)
            p += step
            left -= 1
    else:
        for k in range(n):
            if HOW == "statement":
                tl.multiple_of(p, 16)
            if HOW == "expression":
                p = tl.multiple_of(p, 16)
            if HOW == "break":
                tl.multiple_of(p, 16)
                if k > 5:
                    break
            total += tl.load(p)
            p += step
    tl.store(out + tl.arange(0, 512), total)


@pytest.mark.parametrize("how", ["nothing", "statement", "expression", "break", "while"])
def test_hints_about_carried_pointers_count(how):
    types = {"table": "*i64", "out": "*fp32", "n": "i32", "step": "i32", "HOW": "constexpr"}
    source = triton.compiler.ASTSource(promised_kernel, types, {"HOW": how})
    ptx = triton.compile(source, target=triton.backends.compiler.GPUTarget("cuda", 90, 32)).asm["ptx"]
    assert ("ld.global.v4" in ptx) == (how != "nothing")


@triton.jit
def find_kernel(x, out, n, wanted):
    where = -1
    rounds = 0
    for i in range(n):
        rounds += 1
        if tl.load(x + i) == wanted:
            where = i
            break
    else:
        where = -2
        rounds += 100
    tl.store(out, where)
    tl.store(out + 1, rounds)


@triton.jit
def nested_find_kernel(x, out, n, wanted):
    row = -1
    for i in range(n):
        for k in range(n):
            if tl.load(x + i * n + k) == wanted:
                break
        else:
            continue
        row = i
        break
    tl.store(out, row)


@triton.jit
def while_else_kernel(x, out, n, wanted):
    i = 0
    found = 0
    while i < n:
        if tl.load(x + i) == wanted:
            found = 1
            break
        i += 1
    else:
        found = 2
    for k in tl.static_range(3):
        if k == wanted:
            found += 10
            break
    else:
        found += 20
    for _ in range(n):
        found += 100
    else:
        found += 1000
    tl.store(out, found)


@triton.jit
def returns_from_loop(x, n, wanted):
    for i in range(n):
        if tl.load(x + i) == wanted:
            return i
    else:
        n = n + 50
    return n


@triton.jit
def return_and_else_kernel(x, out, n, wanted):
    tl.store(out, returns_from_loop(x, n, wanted))


def test_else_after_loops():
    x, out = np.array([4, 8, 1, 8], np.int32), np.zeros(2, np.int32)
    for wanted, expected in ((8, [1, 2]), (4, [0, 1]), (7, [-2, 104])):
        find_kernel[(1,)](x, out, 4, wanted)
        assert out.tolist() == expected
    for wanted, row in ((1, 1), (4, 0), (9, -1)):
        nested_find_kernel[(1,)](x, out, 2, wanted)
        assert out[0] == row
    for wanted, expected in ((8, 1 + 20), (1, 1 + 10), (7, 2 + 20)):
        while_else_kernel[(1,)](x, out, 4, wanted)
        assert out[0] == expected + 400 + 1000
    for wanted, expected in ((8, 1), (7, 54)):
        return_and_else_kernel[(1,)](x, out, 4, wanted)
        assert out[0] == expected


@triton.jit
def constants_only_kernel(x, n):
    """Tensors that loops make of constants alone: nothing that is loaded says how they lie in registers."""
    a = tl.zeros([16], tl.float32)
    for _ in range(4):
        a = a + 1.0
    b = tl.zeros([16], tl.float32)
    for _ in range(n):
        b = b + 1.0
        for _ in range(n):
            b = b * 2.0
    i = 0
    c = tl.zeros([16], tl.float32)
    d = tl.zeros([16], tl.float32)
    while i < n:
        c = c + 1.0
        d, c = c, d
        i += 1
    tl.store(x + tl.arange(0, 16), a + b + c + 8 * d)


def test_tensors_of_constants_alone():
    n, x = 3, np.zeros(16, np.float32)
    constants_only_kernel[(1,)](x, n)
    b = c = d = 0
    for _ in range(n):
        b = (b + 1) * 2**n
        c, d = d, c + 1
    np.testing.assert_array_equal(x, np.full(16, 4 + b + c + 8 * d, np.float32))


@triton.jit
def bits_of(v):
    n = 0
    while (v := v & (v - 1)) != 0 and (w := v) != 8:
        n += w % 7
    return n, v


@triton.jit
def named_condition_kernel(x, out, n, N: tl.constexpr):
    i = tl.arange(0, N)
    k = 0
    acc = tl.load(x + i)
    while (k := k + 3) < n:
        if k % 2 == 0:
            continue
        if k == 21:
            break
        while (v := tl.load(x + k % N)) > 3 and tl.max(acc, 0) < 500:
            acc += v
        acc += k
    left = n
    while left := left // 2:
        acc = tl.where(i == left, -acc, acc)
    a, b = bits_of(n * 27)
    tl.store(out + i, acc)
    tl.store(out + N + i, k + 100 * a + 10000 * b + left + i * 0)


@pytest.mark.parametrize("n", [0, 2, 10, 16, 40])
def test_names_bound_in_the_condition_of_while(n):
    x = np.array([3, 9, -4, 2, 0, 5, 7, 1], np.int32)
    out = np.zeros(16, np.int32)
    named_condition_kernel[(1,)](x, out, n, N=8)
    k, acc = 0, x.copy()
    while (k := k + 3) < n:
        if k % 2 == 0:
            continue
        if k == 21:
            break
        while (v := int(x[k % 8])) > 3 and int(acc.max()) < 500:
            acc += v
        acc += k
    left = n
    while left := left // 2:
        if left < 8:
            acc[left] = -acc[left]
    b, a = n * 27, 0
    while (b := b & (b - 1)) != 0 and (w := b) != 8:
        a += w % 7
    assert out[:8].tolist() == acc.tolist()
    assert out[8:].tolist() == [k + 100 * a + 10000 * b + left] * 8


@triton.jit
def first_multiple(x, k, d):
    """A `return` inside, and an `else` that returns."""
    while (v := tl.load(x + k)) != 0:
        if v % d == 0:
            return v
        k += 1
    else:
        return -k


@triton.jit
def named_condition_else_kernel(x, out, n, stop):
    k = 0
    ended = 0
    while (k := k + 3) < n:
        while (m := k % 7) > 3:
            ended += m
            k += 1
            if ended == 13:
                break
        else:
            ended += 100
        if k > stop:
            break
        if k % 5 == 0:
            continue
    else:
        ended += 1000
        while w := k // 2:
            k = w
        else:
            ended += 10000 * w + 5000
    while (z := 0) > 1:
        ended += 1
    else:
        ended += 20000 + z
    tl.store(out, ended)
    tl.store(out + 1, k)
    tl.store(out + 2, first_multiple(x, 0, 4))
    tl.store(out + 3, first_multiple(x, 1, 9))


@pytest.mark.parametrize("n, stop", [(0, 0), (3, 9), (30, 99), (30, 12), (60, 17)])
def test_a_condition_that_binds_names_and_an_else(n, stop):
    x = np.array([3, 8, 5, 4, 0, 9], np.int32)
    out = np.zeros(4, np.int32)
    named_condition_else_kernel[(1,)](x, out, n, stop)
    k, ended = 0, 0
    while (k := k + 3) < n:
        while (m := k % 7) > 3:
            ended += m
            k += 1
            if ended == 13:
                break
        else:
            ended += 100
        if k > stop:
            break
    else:
        ended += 1000
        while w := k // 2:
            k = w
        else:
            ended += 10000 * w + 5000
    assert out.tolist() == [ended + 20000, k, 8, -4]


@triton.jit
def flat_rows(x, o, log, rows, cols, width, P: tl.constexpr, B: tl.constexpr, STAGES: tl.constexpr):
    """A load, a tensor and a scalar before the inner loop; a reduction, a store and carried values behind it."""
    count, last = 0, x
    for r in tl.range(tl.program_id(0), rows, P, flatten=True, num_stages=STAGES):
        acc = tl.full([B], 1, tl.int32) * tl.load(x + r * width)
        base = x + r * width
        for c in tl.range(0, cols, B):
            i = c + tl.arange(0, B)
            acc += tl.load(base + i, i < cols, 0)
            count += 1
        tl.store(o + r, tl.sum(acc) + count)
        last = base
    tl.store(log + tl.program_id(0) * 2, count)
    tl.store(log + tl.program_id(0) * 2 + 1, tl.load(last))


@pytest.mark.parametrize("target", [None, "cuda:80", "cuda:90"])
@pytest.mark.parametrize("stages", [1, 3])
@pytest.mark.parametrize("rows, cols", [(9, 100), (9, 64), (9, 0), (2, 100), (0, 100)])
def test_a_nest_as_one_loop(rows, cols, stages, target, monkeypatch):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    P, B, width = 3, 32, 100
    x = np.random.default_rng(3).integers(-9, 9, (9, width), np.int32)
    o, log = np.zeros(9, np.int32), np.zeros((P, 2), np.int32)
    h = flat_rows[(P,)](x, o, log, rows, cols, width, P, B, stages)
    steps = -(-cols // B)
    for p in range(P):
        mine = range(p, rows, P)
        assert log[p].tolist() == [steps * len(mine), x[mine[-1] if mine else 0, 0]]
        for k, r in enumerate(mine):
            assert o[r] == x[r, :cols].sum() + B * x[r, 0] + steps * (k + 1)
    assert not o[rows:].any()
    if target and cols:
        assert "tt.flatten" in h.asm["ttir"] and "tt.flatten" not in h.asm["ttgir"]


@triton.jit
def flat_triangle(o, n, begin, end, step):
    k = 0
    for i in tl.range(0, n, flatten=True):
        for j in tl.range(i * 3 - 4, i * 2 + 1, 2):
            tl.store(o + k, i * 100 + j)
            k += 1
        for j in tl.static_range(2):
            tl.store(o + k + j, -j - 1)
        k += 2
    for _ in tl.range(0, 3, flatten=True):
        for j in tl.range(begin, end, step):
            tl.store(o + k, j)
            k += 1
    tl.store(o + k, 12345)


@pytest.mark.parametrize("target", [None, "cuda:90"])
@pytest.mark.parametrize("ends", [(BIG - 5, BIG, 2), (BIG - 5, BIG, BIG), (-BIG - 1, BIG, BIG), (BIG, -BIG - 1, 7)])
def test_a_nest_with_bounds_of_its_own(ends, target, monkeypatch):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    o, n, want = np.zeros(200, np.int32), 9, []
    flat_triangle[(1,)](o, n, *ends)
    for i in range(n):
        want += [i * 100 + j for j in range(i * 3 - 4, i * 2 + 1, 2)] + [-1, -2]
    want += [j for _ in range(3) for j in range(*ends)] + [12345]
    assert o[: len(want)].tolist() == want
    assert not o[len(want) :].any()
