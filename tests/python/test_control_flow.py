"""Control flow: compiled programs against Python running the same source."""

import importlib.util

import numpy as np
import pytest
import random_control_flow
import triton
import triton.language as tl

SEEDS = 40


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_programs(seed, tmp_path):
    program = random_control_flow.Program(seed, "program")
    body = "\n".join(program.lines)
    path = tmp_path / "program.py"
    path.write_text(f"import triton\nimport triton.language as tl\n\n\n{body}")
    spec = importlib.util.spec_from_file_location(f"program_{seed}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for n in range(-2, 12, 3):
        for m in (-1, 3, 7):
            wanted = [i * 7 % 13 - 3 for i in range(64)]
            memory = np.array(wanted, dtype=np.int32)
            try:
                random_control_flow.run_in_python(body, "program", wanted, n, m)
            except random_control_flow.OutOfFuel:
                continue
            module.program[(1,)](memory, n, m)
            assert memory.tolist() == wanted, f"n={n}, m={m}\n{body}"


@triton.jit
def find(x_ptr, n, wanted):
    for i in range(n):
        if tl.load(x_ptr + i) == wanted:
            return i, True
    return -1, False


@triton.jit
def find_kernel(x_ptr, out_ptr, n, wanted):
    at, found = find(x_ptr, n, wanted)
    tl.store(out_ptr, at)
    tl.store(out_ptr + 1, found.to(tl.int32))


def test_return_from_a_loop():
    x = np.array([5, 3, 8, 3], dtype=np.int32)
    for wanted, answer in ((3, [1, 1]), (5, [0, 1]), (9, [-1, 0])):
        out = np.zeros(2, dtype=np.int32)
        find_kernel[(1,)](x, out, 4, wanted)
        assert out.tolist() == answer


@triton.jit
def tensors_kernel(x_ptr, out_ptr, n, limit, BLOCK: tl.constexpr):
    offsets = tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float32)
    steps = 0
    for i in range(n):
        row = tl.load(x_ptr + i * BLOCK + offsets)
        if tl.sum(row) < 0:
            continue
        total += row
        steps += 1
        if tl.max(total) > limit:
            break
    tl.store(out_ptr + offsets, total)
    tl.store(out_ptr + BLOCK, steps)


def test_break_with_tensors():
    x = np.random.default_rng(0).normal(size=(32, 16)).astype(np.float32)
    for limit in (0.0, 3.0, 1e9):
        out = np.zeros(17, dtype=np.float32)
        tensors_kernel[(1,)](x, out, 32, limit, BLOCK=16)
        total, steps = np.zeros(16, dtype=np.float32), 0
        for row in x:
            if row.sum() < 0:
                continue
            total += row
            steps += 1
            if total.max() > limit:
                break
        np.testing.assert_allclose(out[:16], total, rtol=1e-6)
        assert out[16] == steps


@triton.jit
def atomic_condition_kernel(counter_ptr, out_ptr):
    taken = 0
    while tl.atomic_add(counter_ptr, 1) < 100:
        taken += 1
        if taken == 5:
            break
    tl.store(out_ptr, taken)


def test_condition_is_not_evaluated_after_break():
    counter, out = np.zeros(1, dtype=np.int32), np.zeros(1, dtype=np.int32)
    atomic_condition_kernel[(1,)](counter, out)
    assert (counter[0], out[0]) == (5, 5)


@triton.jit
def kinds_kernel(x, n, out):
    if isinstance(x.dtype, tl.pointer_type) and x.dtype.element_ty == tl.float32:
        tl.store(out, 1)
    if isinstance(n.dtype, tl.pointer_type):
        tl.store(out + 1, 1)
    if isinstance((tl.arange(0, 4)).type, tl.block_type):
        tl.store(out + 2, 1)


def test_isinstance_of_the_languages_types():
    out = np.zeros(3, np.int32)
    kinds_kernel[(1,)](np.zeros(1, np.float32), 7, out)
    assert out.tolist() == [1, 0, 1]


@triton.jit
def rows_kernel(x, y, first, n, stride, B: tl.constexpr):
    """Two passes over a row of any length, in tiles; the bounds of the loops are arguments."""
    at = tl.arange(0, B)
    base = x + tl.program_id(0) * stride
    acc = tl.zeros([B], tl.float32)
    for i in range(first, n, B):
        acc += tl.load(base + i + at, mask=i + at < n, other=0.0)
    total = tl.sum(acc, 0)
    most = tl.full([B], -1e9, tl.float32)
    for i in range(first, n, B):
        v = tl.load(base + i + at, mask=i + at < n, other=-1e9)
        most = tl.maximum(most, v)
        tl.store(y + tl.program_id(0) * stride + i + at, v - total, mask=i + at < n)
    tl.store(y + tl.program_id(0) * stride + stride - 1, tl.max(most, 0))


@pytest.mark.parametrize(
    "first, n", [(0, 0), (0, 1), (0, 15), (0, 16), (0, 17), (3, 16), (3, 19), (3, 20), (5, 70), (9, 4)]
)
def test_loops_that_run_never_once_and_often(first, n):
    x = np.random.default_rng(n).standard_normal((3, 80)).astype(np.float32)
    y = np.zeros_like(x)
    rows_kernel[(3,)](x, y, first, n, 80, B=16)
    want = np.zeros_like(x)
    part = x[:, first:n]
    want[:, first:n] = part - part.sum(1, keepdims=True)
    want[:, 79] = part.max(1) if part.size else -1e9
    np.testing.assert_allclose(y, want, rtol=1e-5, atol=1e-5)


@triton.jit
def few_elements_kernel(x, out, stride, m, n, M: tl.constexpr, N: tl.constexpr, HOW: tl.constexpr):
    i, j = tl.program_id(0) * M + tl.arange(0, M), tl.arange(0, N)
    acc = tl.full([M, N], 0, tl.float32)
    for k in range(0, n, N):
        mask = (i[:, None] < m) & (k + j < n)[None, :]
        acc += tl.load(x + i[:, None] + stride * (k + j)[None, :], mask, other=0.0)
    at = out + i[:, None] * N + j[None, :]
    if HOW == "sum":
        tl.store(out + i, tl.sum(acc, 1), i < m)
    elif HOW == "sum, as it was":
        tl.store(out + i[:, None], tl.sum(acc, 1)[:, None], i[:, None] < m)
    elif HOW == "cumsum":
        tl.store(at, tl.cumsum(acc, 1), i[:, None] < m)
    elif HOW == "join":
        a, b = tl.split(tl.join(acc, tl.load(at, i[:, None] < m)))
        tl.store(at, a + b, i[:, None] < m)
    elif HOW == "trans":
        tl.store(out + tl.trans(i[:, None] * N + j[None, :]), tl.trans(acc), tl.trans(i[:, None] < m))
    elif HOW == "reshape of sums":
        row = tl.reshape(tl.sum(acc, 1), [1, M])
        tl.store(out + i[None, :], row, i[None, :] < m)


@pytest.mark.parametrize("how", ["sum", "sum, as it was", "cumsum", "join", "trans", "reshape of sums"])
@pytest.mark.parametrize("shape", [(2, 8), (4, 4), (8, 8), (32, 4)])
@pytest.mark.parametrize("warps", [1, 4])
def test_few_elements_added_up_over_a_loop(how, shape, warps):
    """Loads of few elements have no layout of their own: the loop decides, and what comes after it follows."""
    (M, N), m, n = shape, 30, 11
    x = np.random.default_rng(0).normal(size=(n, m)).astype(np.float32)
    tile = np.zeros((m, N), np.float32)
    for k in range(n):
        tile[:, k % N] += x[k]
    out = np.ones((m, N), np.float32) if how == "join" else np.zeros((m, N), np.float32)
    few_elements_kernel[(-(-m // M),)](x, out, m, m, n, M, N, how, num_warps=warps)
    wanted = {"cumsum": tile.cumsum(1), "join": tile + 1, "trans": tile}.get(how)
    got = out if wanted is not None else out.ravel()[:m]
    np.testing.assert_allclose(got, tile.sum(1) if wanted is None else wanted, rtol=1e-5, atol=1e-5)
