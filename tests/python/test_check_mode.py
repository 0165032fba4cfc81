"""Check mode on the CPU (debug=True, TRITON_DEBUG=1): a wrong access ends the launch and is named, before it happens; so are
races between programs."""

import os
import re
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor


@pytest.fixture(autouse=True)
def on_the_cpu(monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", "")


def line_of(kernel, text):
    """The line number of the only line of the kernel's source that holds `text`."""
    source, first = kernel.fn.__code__, kernel.fn.__code__.co_firstlineno
    lines = open(source.co_filename).read().split("\n")[first - 1 :]
    return first + next(i for i, line in enumerate(lines) if text in line)


def mistake(run, *parts):
    with pytest.raises(RuntimeError) as caught:
        run()
    for part in parts:
        assert part in str(caught.value), str(caught.value)
    return str(caught.value)


@triton.jit
def copy_kernel(x_ptr, y_ptr, n, m, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(x_ptr + at, mask=at < n)
    tl.store(y_ptr + at, x, mask=at < m)


def copy(x, y, n, m, debug=True):
    copy_kernel[(triton.cdiv(max(n, m), 64),)](x, y, n, m, B=64, debug=debug)


def test_what_is_right_runs():
    x, y = torch.rand(1000), torch.zeros(1000)
    copy(x, y, 1000, 1000)
    assert torch.equal(x, y)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.float64, torch.int8, torch.bool, torch.int64])
def test_load_past_the_end(dtype):
    x, y = torch.zeros(1000).to(dtype), torch.zeros(1024).to(dtype)
    place = f"test_check_mode.py:{line_of(copy_kernel, 'x = tl.load')}: kernel `copy_kernel`, program (15, 0, 0): "
    mistake(
        lambda: copy(x, y, 1001, 1000),
        place + "out of bounds: load of ",
        " at x_ptr[1000], element (40) of the block; it has 1000 elements",
    )


def test_store_past_the_end_does_not_happen():
    whole = torch.zeros(1024)
    y = whole.numpy()[:1000].copy()
    x = torch.ones(1024)
    mistake(lambda: copy(x, y, 1024, 1024), f":{line_of(copy_kernel, 'tl.store')}: ", "store of f32 at y_ptr[1000]")
    copy(x, y, 1024, 1000)
    assert (y == 1).all()


def test_without_check_mode_nothing_is_asked():
    x, y = torch.ones(1024), torch.zeros(1024)
    copy(x[:1000], y[:1000], 1024, 1024, debug=False)
    assert y.sum() == 1024


def test_a_view_has_its_storage():
    x, y = torch.arange(1024.0), torch.zeros(1024)
    copy(x[24:], y, 1000, 1000)
    assert torch.equal(y[:1000], x[24:])
    mistake(lambda: copy(x[24:], y, 1001, 1000), "x_ptr[1000]", "its memory has indices -24 to 999")


def test_numpy():
    x, y = np.ones(100, np.float32), np.zeros(128, np.float32)
    mistake(lambda: copy(x, y, 128, 128), "x_ptr[100]", "it has 100 elements")


def test_another_argument_is_outside_too():
    whole = np.ones(256, np.float32)
    x, y = whole[:128].copy(), whole[128:].copy()

    @triton.jit
    def far_kernel(x_ptr, y_ptr, far):
        tl.store(x_ptr + far, tl.load(y_ptr))

    far = (y.ctypes.data - x.ctypes.data) // 4
    mistake(lambda: far_kernel[(1,)](x, y, far, debug=True), "far_kernel", f"store of f32 at x_ptr[{far}]")


@triton.jit
def atomic_kernel(x_ptr, i_ptr):
    at = tl.arange(0, 32)
    i = tl.load(i_ptr + at)
    tl.atomic_add(x_ptr + i, 1, mask=i != 7)


@pytest.mark.parametrize("bad", [-1, 16])
def test_atomic(bad):
    x, i = torch.zeros(16, dtype=torch.int32), torch.arange(32, dtype=torch.int32) % 16
    atomic_kernel[(1,)](x, i, debug=True)
    assert x.sum() == 30
    i[5] = bad
    mistake(lambda: atomic_kernel[(1,)](x, i, debug=True), f"atomic access of i32 at x_ptr[{bad}], element (5) ")


@triton.jit
def rows_kernel(x_ptr, i_ptr, y_ptr, stride, R: tl.constexpr, C: tl.constexpr):
    r, c = tl.arange(0, R)[:, None], tl.arange(0, C)[None, :]
    i = tl.load(i_ptr + r)
    tl.store(y_ptr + c * R + r, tl.load(x_ptr + i * stride + c))


def test_gather():
    x, y, i = torch.rand(8, 16), torch.zeros(16, 8), torch.randperm(8, dtype=torch.int32)
    rows_kernel[(1,)](x, i, y, 16, 8, 16, debug=True)
    assert torch.equal(y.T, x[i])
    i[6] = 8
    mistake(lambda: rows_kernel[(1,)](x, i, y, 16, 8, 16, debug=True), "load of f32 at x_ptr[128], element (6, 0) ")


@triton.jit
def scalar_kernel(x_ptr, y_ptr, n):
    total = 0.0
    for k in range(n):
        total += tl.load(x_ptr + k)
    tl.store(y_ptr, total)


def test_scalar_in_a_loop():
    x, y = torch.ones(10), torch.zeros(1)
    scalar_kernel[(1,)](x, y, 10, debug=True)
    assert y == 10
    mistake(lambda: scalar_kernel[(1,)](x, y, 12, debug=True), "load of f32 at x_ptr[10]; it has 10 elements")


@triton.jit
def block_kernel(x_ptr, y_ptr, rows, cols):
    x = tl.make_block_ptr(x_ptr, (rows, cols), (cols, 1), (0, 0), (8, 16), (1, 0))
    y = tl.make_block_ptr(y_ptr, (8, 16), (16, 1), (0, 0), (8, 16), (1, 0))
    tl.store(y, tl.load(x, boundary_check=(0, 1)))


def test_block_pointer():
    x, y = torch.rand(7, 11), torch.zeros(8, 16)
    block_kernel[(1,)](x, y, 7, 11, debug=True)
    assert torch.equal(y[:7, :11], x)
    mistake(
        lambda: block_kernel[(1,)](x, y, 8, 11, debug=True), "block_kernel", "load of f32 at x_ptr[77], element (7, 0) "
    )


@triton.jit
def descriptor_kernel(d, y_ptr):
    at = tl.arange(0, 8)[:, None] * 16 + tl.arange(0, 16)[None, :]
    tl.store(y_ptr + at, d.load([0, 0]))


def test_descriptor():
    x, y = torch.rand(8, 16), torch.zeros(8, 16)
    descriptor_kernel[(1,)](TensorDescriptor(x, [8, 16], [16, 1], [8, 16]), y, debug=True)
    assert torch.equal(x, y)
    larger = TensorDescriptor(x, [9, 16], [16, 1], [8, 16])
    larger.shape = [8, 32]
    larger.strides = [32, 1]
    mistake(lambda: descriptor_kernel[(1,)](larger, y, debug=True), "descriptor_kernel", "load of f32 at d")


@triton.jit
def matmul_kernel(a_ptr, b_ptr, c_ptr, M, N, K, B: tl.constexpr):
    m, n, k = tl.program_id(0) * B + tl.arange(0, B), tl.program_id(1) * B + tl.arange(0, B), tl.arange(0, B)
    a, b = a_ptr + (m % M)[:, None] * K + k[None, :], b_ptr + k[:, None] * N + (n % N)[None, :]
    acc = tl.zeros((B, B), tl.float32)
    for i in range(tl.cdiv(K, B)):
        x = tl.load(a, mask=k[None, :] < K - i * B, other=0.0)
        y = tl.load(b, mask=k[:, None] < K - i * B, other=0.0)
        acc = tl.dot(x, y, acc)
        a += B
        b += B * N
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc, mask=(m[:, None] < M) & (n[None, :] < N))


def test_matmul():
    M, N, K = 100, 72, 50
    a, b, c = torch.rand(M, K), torch.rand(K, N), torch.zeros(M, N)
    grid = (triton.cdiv(M, 32), triton.cdiv(N, 32))
    matmul_kernel[grid](a, b, c, M, N, K, 32, debug=True)
    torch.testing.assert_close(c, a @ b)
    text = mistake(lambda: matmul_kernel[grid](a, b[:49].clone(), c, M, N, K, 32, debug=True), "at b_ptr[35")
    assert f":{line_of(matmul_kernel, 'y = tl.load')}: " in text
    text = mistake(lambda: matmul_kernel[grid](a, b, c[:99].clone(), M, N, K, 32, debug=True), "program (3, ")
    assert re.search(r" at c_ptr\[(7128|7160|7192)\]", text), text  # row 99, of whichever column of programs is first


class Bare:
    """An address, and no word of how much is there."""

    def __init__(self, array):
        self.array, self.dtype = array, array.dtype

    def data_ptr(self):
        return self.array.ctypes.data


def test_a_bare_address_is_not_checked_and_the_others_are():
    @triton.jit
    def bare_kernel(x_ptr, y_ptr, n, m):
        at = tl.arange(0, 64)
        tl.store(y_ptr + at, tl.load(x_ptr + at, mask=at < n), mask=at < m)

    x, y = np.arange(64, dtype=np.float32), np.zeros(64, np.float32)
    unknown = Bare(x)
    with pytest.warns(
        RuntimeWarning, match="kernel `bare_kernel`: accesses through the argument `x_ptr` are not checked"
    ):
        bare_kernel[(1,)](unknown, y, 64, 64, debug=True)
    assert (x == y).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        mistake(lambda: bare_kernel[(1,)](unknown, y[:60].copy(), 64, 64, debug=True), "at y_ptr[60]")


def test_an_integer_as_an_address():
    x, y = np.ones(64, np.float32), np.zeros(64, np.float32)
    compiled = copy_kernel.warmup(x, y, 64, 64, B=64, grid=(1,), debug=True)
    with pytest.warns(RuntimeWarning, match="accesses through an argument are not checked"):
        compiled[(1,)](x.ctypes.data, y, 64, 64)
    assert (y == 1).all()
    mistake(lambda: compiled[(1,)](x.ctypes.data, y[:60].copy(), 64, 64), "at y_ptr[60]")


# ---- races between programs ----


@triton.jit
def histogram_kernel(x_ptr, h_ptr, B: tl.constexpr):
    for i in range(B):
        bin = h_ptr + tl.load(x_ptr + tl.program_id(0) * B + i)
        old = tl.load(bin)
        tl.store(bin, old + 1)


def test_histogram_without_atomics():
    x, h = torch.zeros(256, dtype=torch.int32), torch.zeros(4, dtype=torch.int32)
    histogram_kernel[(1,)](x, h, 256, debug=True)
    assert h[0] == 256
    text = mistake(
        lambda: histogram_kernel[(4,)](x, h, 64, debug=True),
        "kernel `histogram_kernel`",
        "race between programs",
        " at h_ptr[0]",
    )
    lines = [line_of(histogram_kernel, "old = tl.load"), line_of(histogram_kernel, "tl.store(bin")]
    assert {int(n) for n in re.findall(r"test_check_mode.py:(\d+)", text)} <= set(lines)
    assert len(re.findall(r"test_check_mode.py:(\d+)", text)) == 2
    # Of many readers one is remembered, and that may be the program itself.
    assert len(set(re.findall(r"program \((\d)", text))) == 2 or "; another program loads it" in text


@triton.jit
def same_place_kernel(x_ptr):
    tl.store(x_ptr + tl.arange(0, 16), tl.program_id(0))


def test_two_programs_write_one_place():
    x = torch.zeros(16, dtype=torch.int32)
    same_place_kernel[(1,)](x, debug=True)
    mistake(
        lambda: same_place_kernel[(2,)](x, debug=True),
        "race between programs: store of i32 at x_ptr[0]",
        "stores to it",
    )


@triton.jit
def shift_kernel(x_ptr, n, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    x = tl.load(x_ptr + at + 1, mask=at + 1 < n)
    tl.store(x_ptr + at, x, mask=at + 1 < n)


def test_in_place_across_programs():
    text = mistake(lambda: shift_kernel[(4,)](torch.zeros(256), 256, B=64, debug=True), "race between programs")
    # There are three such places; which one is met first is the threads' matter.
    assert re.search(r" at x_ptr\[(64|128|192)\]", text), text
    shift_kernel[(1,)](torch.zeros(256), 256, B=256, debug=True)


@triton.jit
def last_adds_up_kernel(x_ptr, part_ptr, count_ptr, out_ptr, B: tl.constexpr, SEM: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(part_ptr + tl.program_id(0), tl.sum(tl.load(x_ptr + tl.program_id(0) * B + at)))
    if tl.atomic_add(count_ptr, 1, sem=SEM) == tl.num_programs(0) - 1:
        parts = tl.load(part_ptr + at, mask=at < tl.num_programs(0), other=0.0)
        tl.store(out_ptr, tl.sum(parts))


def test_atomics_order():
    x, part, out = torch.rand(8, 64), torch.zeros(8), torch.zeros(1)
    run = lambda sem: last_adds_up_kernel[(8,)](  # noqa: E731
        x, part, torch.zeros(1, dtype=torch.int32), out, B=64, SEM=sem, debug=True
    )
    run("acq_rel")
    torch.testing.assert_close(out[0], x.sum())
    mistake(lambda: run("relaxed"), "race between programs: load of f32 at part_ptr[", "stores to it")


@triton.jit
def lock_kernel(lock_ptr, total_ptr, ROUNDS: tl.constexpr):
    for _ in range(ROUNDS):
        while tl.atomic_cas(lock_ptr, 0, 1) == 1:
            pass
        tl.store(total_ptr, tl.load(total_ptr) + 1)
        tl.atomic_xchg(lock_ptr, 0)


def test_a_lock_orders():
    lock, total = torch.zeros(1, dtype=torch.int32), torch.zeros(1, dtype=torch.int32)
    lock_kernel[(16,)](lock, total, ROUNDS=20, debug=True)
    assert total == 320


def test_reading_is_no_race():
    x, y = torch.rand(64), torch.zeros(64, 64)

    @triton.jit
    def spread_kernel(x_ptr, y_ptr):
        at = tl.arange(0, 64)
        tl.store(y_ptr + tl.program_id(0) * 64 + at, tl.load(x_ptr + at))

    spread_kernel[(64,)](x, y, debug=True)
    assert torch.equal(y, x.expand(64, 64))


# ---- without check mode: faults ----


@pytest.mark.parametrize("programs, threads", [(1, "1"), (2, "4"), (300, "4")])
def test_a_fault_is_an_exception(programs, threads, tmp_path):
    """The kernel is named, the process goes on, and a fault of somebody else's still ends it."""
    file = tmp_path / "program.py"
    file.write_text(
        "import ctypes, faulthandler, numpy as np, os, triton, triton.language as tl\n"
        "@triton.jit\n"
        "def wild_kernel(x_ptr, far):\n"
        "    tl.store(x_ptr + (tl.program_id(0) + 1) * far, 1.0)\n"
        "x = np.zeros(1000, np.float32)\n"
        "for _ in range(3):\n"
        f"    try: wild_kernel[({programs},)](x, 1 << 42)\n"
        "    except RuntimeError as e: print(e)\n"
        f"wild_kernel[({programs},)](x, 1)\n"
        f"print(x.sum() == {programs}, flush=True)\n"
        "ctypes.string_at(0)\n"
    )
    env = {**os.environ, "TRITONC_NUM_THREADS": threads}
    out = subprocess.run([sys.executable, file], env=env, capture_output=True, text=True, timeout=900)
    assert out.returncode == -11 or "AddressSanitizer: SEGV" in out.stderr, out.stderr
    lines = out.stdout.splitlines()
    assert lines[3:] == ["True"]
    assert all(line.startswith("kernel `wild_kernel`, ") and "unmapped memory" in line for line in lines[:3])


# ---- how it is asked for ----


def test_environment(tmp_path):
    file = tmp_path / "program.py"
    file.write_text(
        "import numpy as np, triton, triton.language as tl\n"
        "@triton.jit\n"
        "def kernel(x_ptr):\n"
        "    tl.store(x_ptr + tl.arange(0, 16), 1.0)\n"
        "kernel[(1,)](np.zeros(15, np.float32))\n"
    )
    env = {**os.environ, "TRITON_DEBUG": "1"}
    out = subprocess.run([sys.executable, file], env=env, capture_output=True, text=True, timeout=900)
    assert out.returncode == 1
    assert "program.py:4: kernel `kernel`, program (0, 0, 0): out of bounds: store of f32 at x_ptr[15]" in out.stderr


def test_sums_of_integers_in_check_mode():
    @triton.jit
    def sum_kernel(x_ptr, y_ptr):
        tl.store(y_ptr, tl.sum(tl.load(x_ptr + tl.arange(0, 64))))

    x, y = torch.arange(64, dtype=torch.int32), torch.zeros(1, dtype=torch.int32)
    sum_kernel[(1,)](x, y, debug=True)
    assert y == 2016
    x[:2] = 2**31 - 1
    mistake(lambda: sum_kernel[(1,)](x, y, debug=True), "assertion failed", "overflow")


@pytest.mark.parametrize("options, checked", [
    ({}, False), ({"debug": True}, False), ({"debug": False}, False), ({"debug": True, "check_memory": True}, True),
])  # fmt: skip
def test_what_a_compile_is_asked_for(options, checked, monkeypatch):
    """PyTorch's compiler has `debug` on in all that it generates: for assertions, not for checks of every access."""
    from triton.compiler import ASTSource

    signature = {"x_ptr": "*fp32", "y_ptr": "*fp32", "n": "i32", "m": "i32", "B": "constexpr"}
    source = ASTSource(copy_kernel, signature, {"B": 64})
    compiled = triton.compile(source, options=options)
    assert ("ttc_rt_check" in compiled.asm["llir"]) == checked
    monkeypatch.setenv("TRITON_DEBUG", "1")
    assert "ttc_rt_check" in triton.compile(source, options=options).asm["llir"]


@triton.jit
def workspace_kernel(x_ptr, work_ptr, out_ptr, n, m, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(work_ptr + at, tl.load(x_ptr + at, mask=at < n, other=0), mask=at < n)
    tl.debug_barrier()
    tl.store(out_ptr + at, tl.load(work_ptr + (B - 1 - at), mask=at >= B - m, other=0))


@pytest.mark.parametrize("array", [lambda x: x, torch.from_numpy])
@pytest.mark.parametrize("simulated", [False, True])
def test_a_workspace_is_read_where_nothing_was_written(simulated, array, monkeypatch):
    if simulated:
        monkeypatch.setenv("TRITONC_SIMULATE", "cuda:90")
    x, out = np.arange(64, dtype=np.float32), np.zeros(64, np.float32)

    def launch(n, m, wrap=triton.testing.unwritten):
        work = array(np.full(64, 9, np.float32))
        workspace_kernel[(1,)](array(x), wrap(work), array(out), n, m, B=64, debug=True)

    launch(40, 40)
    assert (out == np.where(np.arange(64) >= 24, 63 - np.arange(64), 0)).all()
    launch(40, 41, wrap=lambda work: work)  # something may be there
    assert out[23] == 9
    with pytest.raises(RuntimeError) as caught:
        launch(40, 41)
    text = str(caught.value)
    assert f":{line_of(workspace_kernel, 'tl.load(work_ptr')}:" in text
    assert simulated or "work_ptr[40]" in text
    assert "never written" in text or "uninitialized" in text
