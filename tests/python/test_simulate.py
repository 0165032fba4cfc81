"""TRITONC_SIMULATE: kernels on tensors in host memory run on the simulated GPU, which says what they do wrong."""

import array
import concurrent.futures
import os
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton.runtime.errors import OutOfResources
from triton.tools.tensor_descriptor import TensorDescriptor


@pytest.fixture(autouse=True)
def simulated(monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", "1")
    monkeypatch.delenv("TRITONC_SIMULATE_REPORT", raising=False)


@triton.jit
def copy_kernel(x, y, n, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(y + at, tl.load(x + at, mask=at < n), mask=at < n)


def copy(x, y, n):
    return copy_kernel[(triton.cdiv(n, 64),)](x, y, n, B=64)


def mistakes(run, *args):
    with pytest.raises(RuntimeError, match="the simulated GPU found mistakes in kernel") as caught:
        run(*args)
    return str(caught.value)


# ---- which processor ----


@pytest.mark.parametrize("text, arch", [("1", 90), ("cuda:80", 80), ("75", 75), ("simt:120", 120)])
def test_processor(monkeypatch, text, arch):
    monkeypatch.setenv("TRITONC_SIMULATE", text)
    target = copy(torch.ones(64), torch.zeros(64), 64).metadata.target
    assert (target.backend, target.arch, target.warp_size) == ("simt", arch, 32)


def test_the_variable_may_change(monkeypatch):
    x, y = torch.ones(64), torch.zeros(64)
    assert copy(x, y, 64).metadata.target.backend == "simt"
    monkeypatch.setenv("TRITONC_SIMULATE", "0")
    assert copy(x, y, 64).metadata.target.backend == "cpu"


def test_no_such_processor(monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", "cuda:77")
    with pytest.raises(triton.CompilationError, match="unknown compute capability `cuda:77`"):
        copy(torch.ones(64), torch.zeros(64), 64)


# ---- what is behind an argument ----


class Wrapped:
    """A tensor of somebody's own that says nothing of its memory."""

    def __init__(self, tensor):
        self.tensor, self.dtype = tensor, tensor.dtype

    def data_ptr(self):
        return self.tensor.data_ptr()


OWNERS = {
    "tensor": lambda: torch.arange(100.0),
    "tensor's view": lambda: torch.arange(100.0).view(10, 10)[5:, 5:],
    "array": lambda: np.arange(100, dtype=np.float32),
    "array's view": lambda: np.arange(100, dtype=np.float32).reshape(10, 10)[2:, 3:],
    "backward": lambda: np.arange(100, dtype=np.float32)[::-1],
    "buffer": lambda: array.array("f", range(100)),
    "reinterpreted": lambda: triton.reinterpret(torch.arange(100.0), tl.float32),
}


@pytest.mark.parametrize("owner", OWNERS)
def test_bounds_are_those_of_the_memory(owner):
    x = OWNERS[owner]()
    first = {"tensor's view": 55, "array's view": 23, "backward": 99}.get(owner, 0)
    y = torch.zeros(200)
    copy(x, y, 100 - first)
    assert y[0] == first and y[100 - first - 1] == 99
    text = mistakes(copy, x, y, 100 - first + 1)
    assert "error: out-of-bounds read: 4 bytes at offset 400 of `x`, which has 400 bytes" in text


def test_where_it_is(monkeypatch):
    """The message, to the letter."""
    text = mistakes(copy, torch.ones(10), torch.ones(8), 10)
    line = copy_kernel.fn.__code__.co_firstlineno + 3  # of the store
    wanted = f"""\
the simulated GPU found mistakes in kernel `copy_kernel`:
{__file__}:{line}:5: error: out-of-bounds write: 4 bytes at offset 32 of `y`, which has 32 bytes (program 0,0,0, thread 8; 2 times)
{line:5} |     tl.store(y + at, tl.load(x + at, mask=at < n), mask=at < n)
      |     ^
"""
    assert text == wanted


def test_it_runs_to_the_end():
    """What is right of it is done, and what is out of bounds is not."""
    memory = torch.zeros(20)
    y = torch.from_numpy(memory.numpy()[:10])
    x = torch.arange(1.0, 13.0)
    assert "out-of-bounds write" in mistakes(copy, x.clone(), np.zeros(3, np.float32), 12)  # which may lie ahead of x
    mistakes(copy, x, y, 12)
    assert memory.tolist() == [*range(1, 11), *[0] * 10]


def test_unknown_memory_is_not_checked():
    x, y = Wrapped(torch.arange(100.0)), torch.zeros(50)
    copy(x, torch.zeros(100)[:50], 100)
    copy(x, y, 50)
    assert y.tolist() == list(range(50))


def test_arguments_that_share_memory():
    x = torch.arange(100.0)
    copy(x, x[50:], 50)
    assert x[50:].tolist() == list(range(50))
    assert "of `x`, which has 400 bytes" in mistakes(copy, x, x[50:], 51)


def test_read_only():
    x, y = np.zeros(64, np.float32), np.zeros(64, np.float32)
    x.flags.writeable = False
    copy(x, y, 64)
    with pytest.raises(ValueError, match="argument `y` is read-only, and the kernel writes to it"):
        copy(y, x, 64)
    with pytest.raises(ValueError, match="argument `y` is read-only"):
        copy(np.zeros(64, np.uint8), bytes(64), 64)


def test_nothing_to_do():
    copy(torch.zeros(0), torch.zeros(0), 0)
    copy_kernel[(1,)](torch.zeros(0), torch.zeros(0), 0, B=64)


@triton.jit
def follow_kernel(pointers, out):
    p = tl.load(pointers + tl.program_id(0)).to(tl.pointer_type(tl.float32))
    tl.store(out + tl.program_id(0), tl.load(p + 1))


def test_pointers_of_pointers():
    parts = [torch.tensor([0.0, float(i)]) for i in range(4)]
    out = torch.zeros(4)
    follow_kernel[(4,)](torch.tensor([p.data_ptr() for p in parts]), out)
    assert out.tolist() == [0, 1, 2, 3]


def test_null():
    text = mistakes(follow_kernel[(1,)], torch.zeros(1, dtype=torch.int64), torch.zeros(1))
    assert "error: out-of-bounds read: 4 bytes at address 4, a null pointer?" in text


def test_a_kernel_that_was_compiled_before():
    x, y = torch.arange(64.0), torch.zeros(64)
    kernel = copy(x, y, 63)
    kernel[(1, 1, 1)](x, torch.zeros(63), 63, 64)
    assert "out-of-bounds write: 4 bytes at offset 248 of a buffer, which has 248 bytes" in mistakes(
        kernel[(1, 1, 1)], x, torch.zeros(62), 63, 64
    )


# ---- what a kernel asks of the machine ----


@triton.jit
def product_kernel(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr, STEPS: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, K)
    acc = tl.zeros((M, N), tl.float32)
    for i in range(STEPS):
        x, y = tl.load(a + m * (K * STEPS) + i * K + k[None, :]), tl.load(b + (i * K + k[:, None]) * N + n)
        acc = tl.dot(x, y, acc)
    tl.store(c + tl.program_id(0) * M * N + m * N + n, acc)


def test_out_of_resources():
    a, b, c = torch.zeros(128, 1024).half(), torch.zeros(1024, 128).half(), torch.zeros(128, 128)
    with pytest.raises(OutOfResources, match="shared memory, Required: .*, Hardware limit: 232448"):
        product_kernel[(1,)](a, b, c, M=128, N=128, K=1024, STEPS=1)


def test_assertion():
    @triton.jit
    def check(x, B: tl.constexpr):
        tl.device_assert(tl.load(x + tl.arange(0, B)) < 40, "too big")

    assert "error: assertion failed: too big" in mistakes(
        lambda: check[(1,)](torch.arange(64, dtype=torch.int32), B=64, debug=True)
    )


def test_threads():
    """Launches of one kernel at once."""

    def one(i):
        x, y = torch.full((1000,), float(i)), torch.zeros(1000)
        copy(x, y, 1000)
        return bool((y == i).all())

    copy(torch.zeros(1000), torch.zeros(1000), 1000)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(one, range(40)))


def in_a_process(tmp_path, body, **env):
    file = tmp_path / "program.py"
    file.write_text("import torch, triton\nimport triton.language as tl\n" + textwrap.dedent(body))
    return subprocess.run(
        [sys.executable, str(file)], capture_output=True, text=True, env={**os.environ, **env}, timeout=900
    )


def test_the_report(tmp_path):
    """What an access costs, with the line of the kernel."""
    body = """
        @triton.jit
        def column(x, y, B: tl.constexpr):
            at = tl.arange(0, B)
            tl.store(y + at, tl.gather(tl.load(x + at * 8), at * 32 % B, 0))

        x, y = torch.arange(8192.0), torch.zeros(1024)
        column[(1,)](x, y, B=1024)
        assert y[1] == 256
    """
    done = in_a_process(tmp_path, body, TRITONC_SIMULATE_REPORT="1")
    assert done.returncode == 0 and done.stdout == "", done
    lines = done.stderr.splitlines()
    place = f"{tmp_path}/program.py:7"
    assert lines[0] == "simulated column, grid 1,1,1:"
    assert lines[1] == f"{place}:32: note: read of global memory, 32 requests, 32.0 sectors per request (4.0 would do)"
    assert lines[2] == "    7 |     tl.store(y + at, tl.gather(tl.load(x + at * 8), at * 32 % B, 0))"
    conflicts = [line for line in lines if line.startswith(f"{place}:22: note: read of shared memory")]
    assert len(conflicts) == 1 and conflicts[0].endswith("at worst 32-way")
    assert lines[-1].endswith(" barriers")
    assert in_a_process(tmp_path, body).stderr == ""


def test_from_the_disk_cache(tmp_path):
    """A kernel that another process compiled."""
    body = """
        @triton.jit
        def scale(x, y, B: tl.constexpr):
            at = tl.arange(0, B)
            tl.store(y + at, 2 * tl.load(x + at) + 1)

        x, y = torch.arange(64.0), torch.zeros(64)
        kernel = scale[(1,)](x, y, B=64)
        assert (y == 2 * x + 1).all()
        print(list(kernel.asm), kernel.metadata.target.backend)
    """
    runs = [in_a_process(tmp_path, body, TRITON_CACHE_DIR=str(tmp_path / "cache")) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout == "['ttir', 'ttgir', 'llir'] simt\n", runs


def test_the_same_on_every_run():
    a, b = torch.randn(64, 64).half(), torch.randn(64, 64).half()
    results = []
    for _ in range(2):
        c = torch.zeros(64, 64)
        product_kernel[(1,)](a, b, c, M=64, N=64, K=32, STEPS=2)
        results.append(c)
    assert torch.equal(*results)
    assert torch.allclose(results[0], a.float() @ b.float(), rtol=1e-3, atol=1e-3)


def test_it_is_fast_enough_to_be_used():
    a, b, c = torch.randn(256, 256).half(), torch.randn(256, 256).half(), torch.zeros(16, 64, 64)
    product_kernel[(1,)](a, b, c, M=64, N=64, K=32, STEPS=8)  # compiled and loaded
    begin = time.process_time()  # the process's own, whatever else the machine does
    product_kernel[(16,)](a, b, c, M=64, N=64, K=32, STEPS=8)  # as much work as a 256x256x256 product
    assert time.process_time() - begin < 4


# ---- races between programs ----


@triton.jit
def histogram_kernel(x_ptr, h_ptr, B: tl.constexpr, ATOMIC: tl.constexpr):
    for i in range(B):
        bin = h_ptr + tl.load(x_ptr + tl.program_id(0) * B + i)
        if ATOMIC:
            tl.atomic_add(bin, 1, sem="relaxed")
        else:
            tl.store(bin, tl.load(bin) + 1)


def test_histogram_without_atomics():
    x, h = torch.zeros(64, dtype=torch.int32), torch.zeros(4, dtype=torch.int32)
    histogram_kernel[(1,)](x, h, 64, False)
    histogram_kernel[(4,)](x, h, 16, True)
    assert h[0] == 128
    text = mistakes(lambda: histogram_kernel[(4,)](x, h, 16, False))
    assert "race between programs on global memory: 4 bytes at offset 0 of `h_ptr`" in text
    assert "the other access is here, by program 0,0,0" in text


@triton.jit
def last_adds_up_kernel(x_ptr, part_ptr, count_ptr, out_ptr, B: tl.constexpr, SEM: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(part_ptr + tl.program_id(0), tl.sum(tl.load(x_ptr + tl.program_id(0) * B + at)))
    if tl.atomic_add(count_ptr, 1, sem=SEM) == tl.num_programs(0) - 1:
        parts = tl.load(part_ptr + at, mask=at < tl.num_programs(0), other=0.0)
        tl.store(out_ptr, tl.sum(parts))


@pytest.mark.parametrize("sem", ["acq_rel", "relaxed", "release", "acquire"])
def test_atomics_order_programs(sem):
    x, part, out = torch.rand(8, 64), torch.zeros(8), torch.zeros(1)

    def run():
        last_adds_up_kernel[(8,)](x, part, torch.zeros(1, dtype=torch.int32), out, B=64, SEM=sem)

    if sem == "acq_rel":
        run()
        torch.testing.assert_close(out[0], x.sum())
    else:
        assert "race between programs" in mistakes(run)


@triton.jit
def descriptor_kernel(d, STEP: tl.constexpr):
    d.store([tl.program_id(0) * STEP, 0], tl.full((8, 16), 1.0, tl.float32))


def test_blocks_of_descriptors_that_overlap():
    d = TensorDescriptor(torch.zeros(32, 16), [32, 16], [16, 1], [8, 16])
    descriptor_kernel[(4,)](d, 8)
    assert "race between programs" in mistakes(lambda: descriptor_kernel[(4,)](d, 7))


@triton.jit
def add_bf16(x, y, old, n, B: tl.constexpr, SHARED: tl.constexpr):
    i = tl.arange(0, B)
    m = i < n
    before = tl.atomic_add(x + i // SHARED, tl.load(y + i, m), mask=m)
    tl.store(old + tl.program_id(0) * B + i, before, m)


@pytest.mark.parametrize("target", ["cuda:75", "cuda:80", "cuda:89", "cuda:90"])
@pytest.mark.parametrize("shared", [1, 8, 64])
def test_bf16_sums(monkeypatch, target, shared):
    """Before sm_90 there is no such atomic; elements of one address, and programs, come in turns."""
    monkeypatch.setenv("TRITONC_SIMULATE", target)
    y = torch.arange(-120, 136).remainder(9).sub(4).to(torch.bfloat16)
    x, old = torch.zeros_like(y), torch.ones(512, dtype=torch.bfloat16)
    add_bf16[(2,)](x, y, old, 200, B=256, SHARED=shared)
    y[200:] = 0
    assert torch.equal(x[: 256 // shared], 2 * y.reshape(-1, shared).sum(1))
    assert not x[256 // shared :].any() and (old[200:256] == 1).all()
