"""What the language's names compute, each against PyTorch or NumPy."""

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from dtypes import DEVICE, FLOATS, FP8, ON_GPU, SIGNED, UNSIGNED, values

# ---- loads, stores, pointers ---------------------------------------------------------------------------------------------


@triton.jit
def copy_kernel(x, y, n, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(y + at, tl.load(x + at, mask=at < n), mask=at < n)


@pytest.mark.parametrize("dtype", [torch.bool, *FLOATS, *SIGNED, *UNSIGNED, *FP8], ids=str)
def test_copy(dtype):
    x = values(dtype)
    for n in (1, 17, 64):
        y = torch.zeros_like(x)
        copy_kernel[(1,)](x, y, n, B=64)
        assert torch.equal(y[:n].view(torch.uint8), x[:n].view(torch.uint8))
        assert not y[n:].view(torch.uint8).any()


@triton.jit
def other_kernel(x, y, n, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(y + at, tl.load(x + at, mask=at % 3 == 0, other=n))


def test_load_other():
    x, y = torch.arange(64, dtype=torch.float32), torch.zeros(64)
    other_kernel[(1,)](x, y, 7, B=64)
    assert torch.equal(y, torch.where(torch.arange(64) % 3 == 0, x, 7.0))


@triton.jit
def varying_other_kernel(x, y, n, B: tl.constexpr):
    at = tl.arange(0, B)
    picked = tl.load(x + at // 4, mask=at < n, other=at % 2)  # only `other` differs from element to element
    tl.store(y + at, at, mask=picked == 0)


def test_load_other_that_varies():
    x, y = torch.ones(16, dtype=torch.int32), torch.full((64,), -1, dtype=torch.int32)
    varying_other_kernel[(1,)](x, y, 16, B=64)
    at = torch.arange(64, dtype=torch.int32)
    assert torch.equal(y, torch.where((at >= 16) & (at % 2 == 0), at, -1))


@triton.jit
def mask_again_kernel(x, y, n, B: tl.constexpr):
    r, c = tl.arange(0, B)[:, None], tl.arange(0, B)[None, :]
    inside = (c < n) & (r >= 0)
    v = tl.load(x + r * B + c, mask=inside, other=5.0)
    tl.store(y + r * B + c, tl.where(inside, v, 1.0) + tl.where(tl.trans(inside), 10.0, 20.0))


@pytest.mark.parametrize("n", [0, 1, 17, 32, 40])
def test_the_mask_of_a_load_is_used_again(n):
    """It is true of a whole vector within the bounds, but not of the transposed one."""
    x, y = torch.randn(32, 32), torch.zeros(32, 32)
    mask_again_kernel[(1,)](x, y, n, B=32)
    inside = (torch.arange(32) < n).expand(32, 32)
    assert torch.equal(y, torch.where(inside, x, 1.0) + torch.where(inside.T, 10.0, 20.0))


@triton.jit
def pointers_kernel(table, out, B: tl.constexpr):
    at = tl.arange(0, B)
    for i in range(3):
        p = tl.load(table + i).to(tl.pointer_type(tl.float32))
        tl.store(out + i * B + at, tl.load(p + at))


def test_pointers_of_pointers():
    xs = [torch.randn(32, device=DEVICE) for _ in range(3)]
    table, out = torch.tensor([x.data_ptr() for x in xs]), torch.zeros(3, 32)
    pointers_kernel[(1,)](table, out, B=32)
    assert torch.equal(out, torch.stack(xs).cpu())


@triton.jit
def gather_kernel(x, index, y, B: tl.constexpr):
    at = tl.arange(0, B)
    i = tl.load(index + at)
    tl.store(y + at, tl.load(x + i))
    tl.store(y + B + i, tl.load(x + at))


def test_indirect():
    x, index, y = torch.randn(128), torch.randperm(128), torch.zeros(256)
    gather_kernel[(1,)](x, index, y, B=128)
    want = torch.empty(128)
    want[index] = x
    assert torch.equal(y[:128], x[index]) and torch.equal(y[128:], want)


# ---- dot -----------------------------------------------------------------------------------------------------------------


@triton.jit
def dot_kernel(a, b, c, TA: tl.constexpr, TB: tl.constexpr, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, K)
    if TA:
        x = tl.trans(tl.load(a + k[:, None] * M + m[None, :]))
    else:
        x = tl.load(a + m[:, None] * K + k[None, :])
    if TB:
        y = tl.load(b + n[None, :] * K + k[:, None])
    else:
        y = tl.load(b + k[:, None] * N + n[None, :])
    acc = tl.full([M, N], 1, c.dtype.element_ty)
    tl.store(c + m[:, None] * N + n[None, :], tl.dot(x, y, acc, out_dtype=c.dtype.element_ty))


@pytest.mark.parametrize("shape", [(16, 16, 16), (32, 64, 16), (128, 32, 64), (16, 128, 256)], ids=str)
@pytest.mark.parametrize("transposed", [(False, False), (True, False), (False, True), (True, True)], ids=str)
@pytest.mark.parametrize(
    "dtype",
    [torch.float64, torch.float32, torch.float16, torch.bfloat16, torch.int8, torch.float8_e4m3fn, torch.float8_e5m2],
    ids=str,
)
def test_dot(dtype, transposed, shape):
    m, n, k = shape
    if ON_GPU and dtype.itemsize == 1:
        k = max(k, 32)
    a = values(dtype, m * k).reshape(m, k) if dtype not in FP8 else (torch.randn(m, k)).to(dtype)
    b = values(dtype, k * n, 1).reshape(k, n) if dtype not in FP8 else (torch.randn(k, n)).to(dtype)
    out = {torch.int8: torch.int32, torch.float64: torch.float64}.get(dtype, torch.float32)
    c = torch.zeros(m, n, dtype=out)
    dot_kernel[(1,)](
        a.T.contiguous() if transposed[0] else a,
        b.T.contiguous() if transposed[1] else b,
        c,
        TA=transposed[0],
        TB=transposed[1],
        M=m,
        N=n,
        K=k,
    )
    want = a.double() @ b.double() + 1
    error = float((c.double() - want).norm() / want.norm())
    # tf32; and Hopper's tensor cores keep 14 bits of a running sum of 8-bit products
    exact = {torch.int8: 0, torch.float64: 1e-14, torch.float32: 2e-3 if ON_GPU else 1e-6}
    exact |= dict.fromkeys(FP8, 2e-4 if ON_GPU else 1e-6)
    assert error <= exact.get(dtype, 1e-6), error


@triton.jit
def ragged_matmul_kernel(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, RELU: tl.constexpr):
    m, n, k = tl.program_id(0) * BM + tl.arange(0, BM), tl.program_id(1) * BN + tl.arange(0, BN), tl.arange(0, BK)
    pa, pb = a + (m % M)[:, None] * K + k[None, :], b + k[:, None] * N + (n % N)[None, :]
    acc = tl.zeros([BM, BN], tl.float32)
    for i in range(0, tl.cdiv(K, BK)):
        x = tl.load(pa, mask=k[None, :] < K - i * BK, other=0.0)
        y = tl.load(pb, mask=k[:, None] < K - i * BK, other=0.0)
        acc = tl.dot(x, y, acc)
        pa += BK
        pb += BK * N
    if RELU:
        acc = tl.maximum(acc, 0.0)
    tl.store(c + m[:, None] * N + n[None, :], acc.to(c.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("shape", [(5, 7, 9), (64, 64, 64), (65, 127, 40), (100, 33, 130)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_ragged_matmul(dtype, shape, relu):
    m, n, k = shape
    a, b = torch.randn(m, k).to(dtype), torch.randn(k, n).to(dtype)
    c = torch.full([m * n + 1000], 7.0)
    grid = (triton.cdiv(m, 64) + 1, triton.cdiv(n, 64) + 1)  # the last programs have nothing to do
    ragged_matmul_kernel[grid](a, b, c, m, n, k, BM=64, BN=64, BK=32, RELU=relu)
    want = a.double() @ b.double()
    want = want.clamp(min=0) if relu else want
    error = float((c[: m * n].view(m, n).double() - want).norm() / want.norm())
    assert error <= (2e-3 if ON_GPU else 1e-6), error
    assert torch.all(c[m * n :] == 7)


@triton.jit
def two_dots_kernel(a, b, c, out, B: tl.constexpr, ROUNDS: tl.constexpr):
    i, j = tl.arange(0, B)[:, None], tl.arange(0, B)[None, :]
    acc = tl.zeros([B, B], tl.float32)
    for r in range(ROUNDS):
        x = tl.dot(tl.load(a + i * B + j), tl.load(b + r * B * B + i * B + j))
        y = tl.load(c + r * B * B + i * B + j)
        acc = tl.dot((x * 0.125).to(y.dtype), y, acc)
    tl.store(out + i * B + j, acc)


@pytest.mark.parametrize("b", [16, 32, 128])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_dot_of_dot(dtype, b):
    x, y, z = torch.randn(b, b).to(dtype), torch.randn(3, b, b).to(dtype), torch.randn(3, b, b).to(dtype)
    out = torch.full((b, b), float("nan"))
    two_dots_kernel[(1,)](x, y, z, out, B=b, ROUNDS=3)
    inner = ((x.float() @ y.float()) * 0.125).to(dtype).double()
    want = (inner @ z.double()).sum(0)
    error = float((out.double() - want).norm() / want.norm())
    assert error <= {torch.float32: 4e-3 if ON_GPU else 2e-6, torch.float16: 1e-3}.get(dtype, 1e-3), error


# ---- atomics -------------------------------------------------------------------------------------------------------------


@triton.jit
def atomics_kernel(p, x, old, OP: tl.constexpr, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    v = tl.load(x + at)
    if OP == "add":
        tl.atomic_add(p + at % 8, v)
    elif OP == "max":
        tl.atomic_max(p + at % 8, v)
    elif OP == "min":
        tl.atomic_min(p + at % 8, v, sem="relaxed")
    elif OP == "and":
        tl.atomic_and(p + at % 8, v)
    elif OP == "or":
        tl.atomic_or(p + at % 8, v, mask=at % 2 == 0)
    elif OP == "xor":
        tl.atomic_xor(p + at % 8, v, scope="cta")


@pytest.mark.parametrize(
    "dtype",
    [torch.int32, torch.int64, torch.uint32, torch.float32, torch.float64, torch.float16, torch.bfloat16],
    ids=str,
)
@pytest.mark.parametrize("op", ["add", "max", "min", "and", "or", "xor"])
def test_atomics(op, dtype):
    if (
        dtype.is_floating_point
        and op in ("and", "or", "xor")
        or dtype in (torch.float16, torch.bfloat16)
        and op != "add"
    ):
        op = "add"
    x = torch.randint(0, 4 if dtype in (torch.float16, torch.bfloat16) and op == "add" else 100, (1024,))
    if dtype in (torch.float16, torch.bfloat16):
        x = (x % 2).to(dtype)
    else:
        x = x.to(dtype)
    p = torch.full([8], 50 if op in ("max", "min") else 0).to(dtype)
    columns = x.reshape(-1, 8).numpy() if dtype != torch.bfloat16 else x.float().reshape(-1, 8).numpy()
    if op == "or":
        columns = np.where((np.arange(1024) % 2 == 0).reshape(-1, 8), columns, 0).astype(columns.dtype)
    ufunc = {
        "add": np.add,
        "max": np.maximum,
        "min": np.minimum,
        "and": np.bitwise_and,
        "or": np.bitwise_or,
        "xor": np.bitwise_xor,
    }[op]
    start = p.float().numpy() if dtype == torch.bfloat16 else p.numpy().copy()
    want = ufunc(start, ufunc.reduce(columns, axis=0))
    atomics_kernel[(16,)](p, x, p, OP=op, B=64)
    np.testing.assert_array_equal(p.float().numpy() if dtype == torch.bfloat16 else p.numpy(), want)


@triton.jit
def exchange_kernel(lock, count, out):
    tl.store(out, tl.atomic_cas(lock, 0, 5))
    tl.store(out + 1, tl.atomic_cas(lock, 0, 6))
    tl.store(out + 2, tl.atomic_xchg(lock, 9))
    tl.store(out + 3, tl.atomic_add(count, 2))


def test_exchange():
    lock, count, out = (
        torch.zeros(1, dtype=torch.int32),
        torch.full([1], 40, dtype=torch.int32),
        torch.zeros(4, dtype=torch.int32),
    )
    exchange_kernel[(1,)](lock, count, out)
    assert out.tolist() == [0, 5, 5, 40] and lock.item() == 9 and count.item() == 42


# ---- control flow --------------------------------------------------------------------------------------------------------


@triton.jit
def flow_kernel(x, y, n, CASE: tl.constexpr):
    i = tl.program_id(0)
    v = tl.load(x + i)
    r = 0
    if CASE == "if":
        if v > 10:
            r = v
        elif v > 5:
            r = v * 2
        else:
            r = -1
    elif CASE == "return":
        if v < 3:
            return
        r = 7
    elif CASE == "for":
        for k in range(n):
            r += k * v
    elif CASE == "down":
        for k in range(n, 0, -2):
            r = r * 3 + k
    elif CASE == "while":
        k = v
        while k > 0:
            r += k
            k -= 3
    elif CASE == "nested":
        a = 0
        b = 1
        for k in range(v):
            for m in range(k):
                a, b = b, (a + b) % 1000
                r += m
        r = r * 1000 + a
    elif CASE == "break":
        for k in range(n):
            if k * k > v:
                break
            r = k
    elif CASE == "continue":
        for k in range(n):
            if k % 3 == 0:
                continue
            r += k
    elif CASE == "return_in_loop":
        for k in range(n):
            if k == v:
                tl.store(y + i, k * 100)
                return
        r = -5
    elif CASE == "ternary":
        r = v if v % 2 == 0 else -v
    elif CASE == "logic":
        if (v > 2 and v < 6) or not (v != 9):
            r = 1
    elif CASE == "static":
        for k in tl.static_range(5):
            if k % 2 == 0:
                r += k * v
    tl.store(y + i, r)


def flow(v, n, case):
    """The same in Python; None where nothing is stored."""
    r = 0
    if case == "if":
        return v if v > 10 else v * 2 if v > 5 else -1
    if case == "return":
        return None if v < 3 else 7
    if case == "for":
        return sum(k * v for k in range(n))
    if case == "down":
        for k in range(n, 0, -2):
            r = r * 3 + k
        return r
    if case == "while":
        return sum(range(v, 0, -3))
    if case == "nested":
        a, b = 0, 1
        for k in range(v):
            for m in range(k):
                a, b = b, (a + b) % 1000
                r += m
        return r * 1000 + a
    if case == "break":
        return max(k for k in range(n) if k * k <= v)
    if case == "continue":
        return sum(k for k in range(n) if k % 3)
    if case == "return_in_loop":
        return v * 100 if v < n else -5
    if case == "ternary":
        return v if v % 2 == 0 else -v
    if case == "logic":
        return int((2 < v < 6) or v == 9)
    return sum(k * v for k in range(0, 5, 2))


@pytest.mark.parametrize(
    "case",
    [
        "if",
        "return",
        "for",
        "down",
        "while",
        "nested",
        "break",
        "continue",
        "return_in_loop",
        "ternary",
        "logic",
        "static",
    ],
)
def test_control_flow(case):
    x = torch.arange(16, dtype=torch.int32)
    y = torch.full([16], -77, dtype=torch.int32)
    flow_kernel[(16,)](x, y, 9, CASE=case)
    want = [flow(v, 9, case) for v in range(16)]
    assert y.tolist() == [-77 if w is None else w for w in want]


@triton.jit
def carried_kernel(x, y, n, B: tl.constexpr):
    at = tl.arange(0, B)
    a = tl.load(x + at)
    b = tl.zeros([B], tl.float32)
    c = 1
    p = x + at
    for i in range(n):
        a, b = b, a + c
        for _ in range(2):
            c = c * 2 - i
        p += B
        b += tl.load(p)
    tl.store(y + at, a)
    tl.store(y + B + at, b + c)


def test_carried_values_swap():
    x, y = torch.randn(6, 32), torch.zeros(2, 32)
    carried_kernel[(1,)](x, y, 5, B=32)
    a, b, c = x[0], torch.zeros(32), 1
    for i in range(5):
        a, b = b, a + c
        for _ in range(2):
            c = c * 2 - i
        b = b + x[i + 1]
    torch.testing.assert_close(y[0], a)
    torch.testing.assert_close(y[1], b + c)


# ---- random numbers, debugging, the rest ---------------------------------------------------------------------------------


@triton.jit
def random_kernel(u, g, k, seed, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(u + at, tl.rand(seed, at))
    tl.store(g + at, tl.randn(seed, at))
    tl.store(k + at, tl.randint(seed, at))


def test_random_numbers():
    n = 1 << 14
    u, g, k = torch.zeros(n), torch.zeros(n), torch.zeros(n, dtype=torch.int32)
    random_kernel[(n // 1024,)](u, g, k, 42, B=1024)
    assert 0 <= u.min() and u.max() < 1 and abs(u.mean() - 0.5) < 0.01 and abs(u.var() - 1 / 12) < 0.005
    assert abs(g.mean()) < 0.03 and abs(g.var() - 1) < 0.05
    assert k.unique().numel() > 0.99 * n
    # Philox 4x32-10 with key 42 and counter 0, 1, 2: known from the algorithm's definition.
    from_words = [_philox(42, i) for i in range(64)]
    assert [int(x) & 0xFFFFFFFF for x in k[:64]] == from_words


def _philox(key, counter):
    c, k = [counter, 0, 0, 0], [key & 0xFFFFFFFF, key >> 32]
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k[0], p1 & 0xFFFFFFFF, (p0 >> 32) ^ c[3] ^ k[1], p0 & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c[0]


@triton.jit
def print_kernel(x, B: tl.constexpr):
    tl.static_print("block", B)
    tl.device_print("value ", tl.load(x + tl.arange(0, B)))


def test_prints(capfd, monkeypatch):
    monkeypatch.setenv("TRITON_ALWAYS_COMPILE", "1")  # a kernel from the disk was printed about when it was compiled
    print_kernel[(2,)](torch.arange(4, dtype=torch.int32), B=4)
    out = capfd.readouterr().out
    assert "block 4" in out
    lines = [line for line in out.splitlines() if "value" in line]
    assert len(lines) == 8
    assert "pid (1, 0, 0) idx (3) value: 3" in lines


@triton.jit
def print_more_kernel(x):
    i = tl.arange(0, 16)
    tl.device_print("no values")
    tl.device_print("100%", 7)
    tl.device_print("", i.to(tl.int8) + 1)
    tl.device_print("two:", i, 1.5)
    tl.device_print(" hex: ", -i.to(tl.int16), hex=True)
    tl.device_print("grid", (i[None, :] * tl.full((2, 1), 3, tl.int64)).to(tl.float32))


def test_prints_of_every_form(capfd):
    print_more_kernel[(1,)](torch.zeros(1))
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    want = ["pid (0, 0, 0) no values", "pid (0, 0, 0) idx () 100%: 7", "pid (0, 0, 0) idx () two: (operand 1) 1.500000"]
    for i in range(16):
        want.append(f"pid (0, 0, 0) idx ({i:2}): {i + 1}")
        want.append(f"pid (0, 0, 0) idx ({i:2}) two: (operand 0) {i}")
        want.append(f"pid (0, 0, 0) idx ({i:2}) hex: 0x{-i & 0xFFFF:04x}")
        want += [f"pid (0, 0, 0) idx ({j}, {i:2}) grid: {3 * i}.000000" for j in range(2)]
    printed = [line for line in capfd.readouterr().out.splitlines() if line.startswith("pid")]
    assert sorted(printed) == sorted(want)


@triton.jit
def assert_kernel(x):
    tl.device_assert(tl.load(x + tl.program_id(0)) >= 0, "negative")


def test_device_assert():
    assert_kernel[(3,)](torch.tensor([1, 2, 3]), debug=True)
    with pytest.raises(RuntimeError, match="negative"):
        assert_kernel[(3,)](torch.tensor([1, -2, 3]), debug=True)
    assert_kernel[(3,)](torch.tensor([1, -2, 3]))  # without debug it is not there


@triton.jit
def grid_kernel(out):
    x, y, z = tl.program_id(0), tl.program_id(1), tl.program_id(2)
    nx, ny, nz = tl.num_programs(0), tl.num_programs(1), tl.num_programs(2)
    tl.store(out + (z * ny + y) * nx + x, x + 10 * y + 100 * z + 1000 * nz)


@pytest.mark.parametrize("grid", [(4,), (4, 3), (4, 3, 2)], ids=str)
def test_grids(grid):
    x, y, z = (*grid, 1, 1)[:3]
    out = torch.zeros(z, y, x, dtype=torch.int32)
    grid_kernel[grid](out)
    want = torch.arange(x) + 10 * torch.arange(y)[:, None] + 100 * torch.arange(z)[:, None, None] + 1000 * z
    assert torch.equal(out, want.int())


# ---- small rules that kernels rely on ------------------------------------------------------------------------------------


@triton.jit
def shift_kernel(x, y, z, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(z + at, tl.load(x + at) >> tl.load(y + at))


@pytest.mark.parametrize("left", [torch.int8, torch.uint8], ids=str)
def test_a_shift_keeps_the_sign_of_what_is_shifted(left):
    """Whatever the type of the count makes of the result's type."""
    x, y = values(left, 64), torch.arange(64).remainder(8).to(torch.uint8)
    z = torch.zeros(64, dtype=torch.uint8)
    shift_kernel[(1,)](x, y, z, B=64)
    assert torch.equal(z, (x.int() >> y.int()).to(torch.uint8))


@triton.jit
def shapes_kernel(out, N: tl.constexpr):
    t = tl.full([N], 1, tl.int32)
    tl.static_assert(t.shape == [N])
    tl.static_assert(t[None, :].shape == [1, N] and t[None, :].shape != [N])
    tl.static_assert(tl.full([], 1, tl.int32).shape == [])
    tl.static_assert(tl.sum(t)[None, None].shape == (1, 1))
    tl.static_assert(tl.sum(t)[None, :].shape == [1])
    tl.store(out + tl.arange(0, 1), tl.sum(t)[None])


def test_shapes_compare_with_lists_and_scalars_grow_dimensions():
    out = torch.zeros(1, dtype=torch.int32)
    shapes_kernel[(1,)](out, N=8)
    assert out.item() == 8


@triton.jit
def many_dimensions_kernel(x, y):
    at = tl.arange(0, 1024)
    t = tl.reshape(tl.load(x + at), (2, 2, 2, 2, 2, 2, 2, 2, 2, 2))
    t = tl.permute(t, (9, 8, 7, 6, 5, 4, 3, 2, 1, 0))
    tl.store(y + at, tl.reshape(t, (1024,)))
    tl.store(y + 1024 + at, tl.sort(tl.load(x + at)))


def test_many_dimensions():
    """Sorting makes a dimension of two for every bit of an index."""
    x = torch.randn(1024)
    y = torch.zeros(2, 1024)
    many_dimensions_kernel[(1,)](x, y)
    assert torch.equal(y[0], x.reshape([2] * 10).permute(*range(9, -1, -1)).reshape(-1))
    assert torch.equal(y[1], x.sort().values)


@triton.jit
def ieee_division_kernel(x, y, out, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(out + i, tl.fdiv(tl.load(x + i), tl.load(y + i), ieee_rounding=True))


def test_division_rounded_as_asked():
    x, y, out = torch.randn(1024), torch.randn(1024), torch.empty(1024)
    compiled = ieee_division_kernel[(1,)](x, y, out, N=1024)
    assert torch.equal(out, x / y)
    assert "tt.precise_divf" in compiled.asm["ttir"]


@triton.jit
def in_order_kernel(x, y, counter, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(x + (N - 1 - i), tl.load(x + i))  # reversed in place
    tl.store(y + i, tl.load(x + (i + 1) % N))
    tl.store(y + N - 1, tl.load(y) + tl.load(counter))
    for k in range(3):
        tl.store(counter, tl.load(counter) + tl.load(x + tl.load(counter) % N) + k)


@pytest.mark.parametrize("n", [16, 64, 512, 4096])
def test_memory_is_accessed_in_program_order(n):
    before = torch.randint(0, 100, (n,), dtype=torch.int32)
    x, y, counter = before.clone(), torch.zeros_like(before), torch.ones(1, dtype=torch.int32)
    in_order_kernel[(1,)](x, y, counter, N=n)
    assert torch.equal(x, before.flip(0))
    want, count = x.roll(-1), 1
    want[-1] = want[0] + count
    assert torch.equal(y, want)
    for k in range(3):
        count += int(x[count % n]) + k
    assert int(counter) == count
