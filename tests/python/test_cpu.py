"""What is particular to the CPU back end: addresses from scans, long expressions, wide loops."""

import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton._C import libtriton as _C


@triton.jit
def scan_kernel(x, out, n, HOW: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    total = tl.cumsum(v, 0)
    if HOW == "compaction":
        keep = v > 3
        tl.store(out + tl.cumsum(keep.to(tl.int32), 0) - 1, v, mask=keep)
    elif HOW == "mask of a store":
        tl.store(out + at, v, mask=(total < n) & (at < 60))
    elif HOW == "mask of a load":
        tl.store(out + at, tl.load(x + at, mask=total < n, other=-1) + total)
    elif HOW == "sorted":
        tl.store(out + at, v, mask=tl.sort(v) < 5)
    elif HOW == "sum":
        tl.store(out + at, v, mask=at * n < tl.sum(v, 0))
    elif HOW == "rows":
        rows = tl.cumsum(tl.reshape(v, (8, 8)), 0) % 8
        i = tl.arange(0, 8)
        tl.store(out + i[:, None] * 8 + rows, i[:, None] + 0 * rows)


def expected(how, x, n):
    out, at, total = np.zeros(64, np.int32), np.arange(64), np.cumsum(x)
    if how == "compaction":
        out[: (x > 3).sum()] = x[x > 3]
    elif how == "mask of a store":
        on = (total < n) & (at < 60)
        out[on] = x[on]
    elif how == "mask of a load":
        out[:] = np.where(total < n, x, -1) + total
    elif how == "sorted":
        out[np.sort(x) < 5] = x[np.sort(x) < 5]
    elif how == "sum":
        out[at * n < total[-1]] = x[at * n < total[-1]]
    elif how == "rows":
        rows = np.cumsum(x.reshape(8, 8), 0) % 8
        for i in range(8):
            out[i * 8 + rows[i]] = i
    return out


@pytest.mark.parametrize("how", ["compaction", "mask of a store", "mask of a load", "sorted", "sum", "rows"])
def test_addresses_from_scans(how):
    x, out = ((np.arange(64) * 7) % 11).astype(np.int32), np.zeros(64, np.int32)
    scan_kernel[(1,)](x, out, 40, how)
    assert np.array_equal(out, expected(how, x, 40))


# ---- long expressions ------------------------------------------------------------------------------------------------


@triton.jit
def chain_kernel(x, out, STEPS: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.load(x + at)
    for i in tl.static_range(STEPS):
        v = v * 3 + i
    tl.store(out + at, v)


@triton.jit
def xorshift_kernel(out, seed, STEPS: tl.constexpr):
    v = tl.arange(0, 128) + seed
    for _ in tl.static_range(STEPS):
        v = v ^ (v << 13)
        v = v ^ (v >> 17)
        v = v ^ (v << 5)
    tl.store(out + (v & 127), v)


@triton.jit
def sorted_noise_kernel(out, seed):
    tl.store(out + tl.arange(0, 8), tl.sort(tl.rand(seed, tl.arange(0, 8))))


LONG = """
import resource, sys, threading
sys.path.insert(0, {here!r})
import numpy as np
from test_cpu import chain_kernel, sorted_noise_kernel, xorshift_kernel
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
x, out = np.arange(64, dtype=np.int32), np.zeros(128, np.int32)
def work():
    chain_kernel[(1,)](x, out, 1100)
    want = x.copy()
    for i in range(1100):
        want = want * np.int32(3) + np.int32(i)
    assert np.array_equal(out[:64], want)
    xorshift_kernel[(1,)](out, 1, 10)
    noise = np.zeros(8, np.float32)
    sorted_noise_kernel[(1,)](noise, 3)
    assert (np.diff(noise) >= 0).all() and noise[7] > 0
    print("done")
threading.stack_size(1 << 20)
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""


def test_long_expressions_on_a_small_stack():
    """Thousands of unrolled steps, values used several times each: neither the C stack nor the compile time explodes."""
    code = LONG.format(here=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, timeout=900)
    assert done.stdout == "done\n", done.stderr


# ---- loops -----------------------------------------------------------------------------------------------------------


def carrying(n):
    """Triton IR whose loop carries n tensors, all increased in each round and stored at the end."""
    names = [f"%c{i}" for i in range(n)]
    types = ", ".join(["tensor<16xi32>"] * n)
    lines = [
        "module {",
        "  tt.func public @kernel(%out: !tt.ptr<i32>, %n: i32) {",
        "    %zero = arith.constant 0 : i32",
        "    %one = arith.constant 1 : i32",
        "    %ones = arith.constant dense<1> : tensor<16xi32>",
        "    %at = tt.make_range {end = 16 : i32, start = 0 : i32} : tensor<16xi32>",
        f"    %r:{n} = scf.for %i = %zero to %n step %one iter_args("
        + ", ".join(f"{name} = %at" for name in names)
        + f") -> ({types}) : i32 {{",
    ]
    lines += [f"      %d{i} = arith.addi {name}, %ones : tensor<16xi32>" for i, name in enumerate(names)]
    lines += ["      scf.yield " + ", ".join(f"%d{i}" for i in range(n)) + f" : {types}", "    }"]
    for i in range(n):
        lines += [
            f"    %o{i} = arith.constant {16 * i} : i32",
            f"    %b{i} = tt.addptr %out, %o{i} : !tt.ptr<i32>, i32",
            f"    %s{i} = tt.splat %b{i} : !tt.ptr<i32> -> tensor<16x!tt.ptr<i32>>",
            f"    %p{i} = tt.addptr %s{i}, %at : tensor<16x!tt.ptr<i32>>, tensor<16xi32>",
            f"    tt.store %p{i}, %r#{i} : tensor<16x!tt.ptr<i32>>",
        ]
    return "\n".join([*lines, "    tt.return", "  }", "}", ""])


def test_a_loop_that_carries_many_tensors(tmp_path):
    path = tmp_path / "many.ttir"
    path.write_text(carrying(258))
    out = np.zeros((258, 16), np.int32)
    triton.compile(str(path), target=triton.backends.compiler.GPUTarget("cpu", 0, 1))[(1,)](out, 5)
    assert (out == np.arange(16) + 5).all()


@triton.jit
def many_dimensions_kernel(x, out, AXIS: tl.constexpr, shape: tl.constexpr):
    at = tl.arange(0, 64)
    v = tl.reshape(tl.load(x + at), shape)
    tl.store(out + at, tl.reshape(tl.cumsum(v + 1, AXIS, reverse=AXIS == 30), (64,)))


@pytest.mark.parametrize("axis", [0, 30])
def test_thirty_one_dimensions(axis):
    shape = (8, *[1] * 29, 8)
    x, out = np.arange(64, dtype=np.int32), np.zeros(64, np.int32)
    many_dimensions_kernel[(1,)](x, out, axis, shape)
    rows = x.reshape(8, 8) + 1
    want = rows.cumsum(0) if axis == 0 else rows[:, ::-1].cumsum(1)[:, ::-1]
    assert np.array_equal(out, want.ravel())


def test_passes_of_the_cpu_are_dumped_by_their_names(tmp_path):
    path = tmp_path / "dump.ttir"
    path.write_text(carrying(1))
    tool = Path(_C.__file__).parents[3] / "bin" / "tritonc"
    env = {**os.environ, "TRITONC_DUMP": "split-pointers"}
    done = subprocess.run([tool, path, "--target", "cpu", "--emit", "llir"], capture_output=True, text=True, env=env)
    assert done.returncode == 0 and "after split-pointers" in done.stderr


# ---- processors, failures --------------------------------------------------------------------------------------------


def compiled_for(kernel, signature, constants, arch):
    source = triton.compiler.ASTSource(kernel, signature, constants)
    return triton.compile(source, target=triton.backends.compiler.GPUTarget("cpu", arch, 1))


@triton.jit
def half_kernel(x, y, wide, out, N: tl.constexpr):
    at = tl.arange(0, N)
    a, b = tl.load(x + at), tl.load(y + at)
    tl.store(out + at, a * b + tl.load(wide + at).to(tl.float16))
    tl.store(wide + at, tl.exp(a.to(tl.float32)))


def test_f16_without_instructions_for_it():
    """Plain x86-64 converts by calls; every rounding is the same."""
    arch = "x86-64" if platform.machine() == "x86_64" else ""
    types = {"x": "*fp16", "y": "*fp16", "wide": "*fp64", "out": "*fp16", "N": "constexpr"}
    kernel = compiled_for(half_kernel, types, {"N": 64}, arch)
    rng = np.random.default_rng(3)
    x, y = rng.standard_normal((2, 64)).astype(np.float16)
    x[:4] = [np.inf, -0.0, 6e-8, 65504]
    wide = rng.standard_normal(64) * 10.0 ** rng.integers(-9, 5, 64)
    with np.errstate(over="ignore"):
        out, want = np.zeros(64, np.float16), x * y + wide.astype(np.float16)
    kernel[(1,)](x, y, wide, out)
    assert np.array_equal(out, want, equal_nan=True)


@triton.jit
def asserting_kernel(out, limit):
    at = tl.arange(0, 8)
    tl.store(out + at, 1)
    tl.device_assert(tl.program_id(0) < limit, "scalar")
    tl.store(out + 8 + at, 2)
    tl.device_assert(at < limit * 8, "tensor")
    tl.store(out + 16 + at, 3)


@pytest.mark.parametrize("limit", [0, 2])
def test_a_failed_assertion_ends_the_program(limit):
    """Nothing after it is stored; what came before is."""
    out = np.zeros(24, np.int32)
    kernel = triton.jit(asserting_kernel.fn, debug=True)
    if limit == 2:
        kernel[(1,)](out, limit)
    else:
        with pytest.raises(Exception, match="scalar"):
            kernel[(limit + 1,)](out, limit)
    assert (out == np.repeat([1, 2, 3], 8) if limit else out == np.repeat([1, 0, 0], 8)).all()


@triton.jit
def half_checked_kernel(out, n):
    at = tl.arange(0, 8)
    tl.store(out + at, 1)
    tl.device_assert(at < n, "too far")
    tl.store(out + at, 2)


def test_a_failed_assertion_on_a_tensor_ends_the_program():
    out = np.zeros(8, np.int32)
    with pytest.raises(Exception, match="too far"):
        triton.jit(half_checked_kernel.fn, debug=True)[(1,)](out, 5)
    assert (out == 1).all()


@triton.jit
def asserting_rows_kernel(x, out, n, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    at = (tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]) * n + tl.arange(0, COLUMNS)[None, :]
    live = (tl.arange(0, COLUMNS) < n)[None, :]
    v = tl.load(x + at, mask=live, other=0)
    tl.device_assert(v < 50, "too large")
    tl.store(out + at, v + 1, mask=live)


@pytest.mark.parametrize("n", [1, 5, 63, 100, 128])
def test_an_assertion_takes_one_branch_for_a_vector(n):
    """And none of its elements is overlooked, in whole vectors and in the last."""
    x, out = np.zeros((8, n), np.float32), np.zeros((8, n), np.float32)
    kernel = triton.jit(asserting_rows_kernel.fn, debug=True)
    compiled = kernel[(4,)](x, out, n, ROWS=2, COLUMNS=128)
    assert (out == 1).all() and "llvm.vector.reduce.and" in compiled.asm["llir"]
    for column in {0, n // 2, n - 1}:
        x[5, column] = 99
        with pytest.raises(Exception, match="program .2, 0, 0.: assertion failed: too large"):
            kernel[(4,)](x, out, n, ROWS=2, COLUMNS=128)
        x[5, column] = 0


NO_MEMORY = """
import resource, subprocess, sys
def run(kilobytes):
    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (kilobytes << 10, kilobytes << 10))
    command = [sys.argv[1], sys.argv[2], *"-k chain_kernel -s *fp32,*fp32,300 --target cpu --emit asm".split()]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)
kilobytes, good = 16 << 10, 0
while "cannot compile" in run(kilobytes).stderr or run(kilobytes).returncode == 127:
    kilobytes += 1 << 10  # the back end itself does not fit
while good < 4:
    done = run(kilobytes)
    good += done.returncode == 0
    print(done.returncode, done.stderr.strip())
    kilobytes += 300
"""


def test_want_of_memory_inside_llvm_is_an_error():
    """Whatever the limit: the compile works, or says that there is no memory; it never dies."""
    tool = Path(_C.__file__).parents[3] / "bin" / "tritonc"
    command = [sys.executable, "-c", NO_MEMORY, tool, __file__]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    lines = done.stdout.splitlines()
    assert len(lines) > 8 and "0 " in lines and not done.stderr, done.stderr
    for line in lines:
        assert line == "0 " or "memory" in line, lines


# ---- addresses that move evenly --------------------------------------------------------------------------------------


@triton.jit
def even_kernel(x, out, n, HOW: tl.constexpr):
    i = tl.program_id(0) * 64 + tl.arange(0, 64)
    if HOW == "rows and columns":
        row, col = i // 256, i % 256
        tl.store(out + i, tl.load(x + row * 1000 + col))
    elif HOW == "shifted and masked":
        tl.store(out + i, tl.load(x + (i >> 6) * 100 + (i & 63)))
    elif HOW == "bits set":
        j = (tl.program_id(0) << 6) | tl.arange(0, 64)
        tl.store(out + j, tl.load(x + j) + 1)
    elif HOW == "another shape":
        j = tl.reshape(i, (4, 16))
        tl.store(out + j, tl.load(x + j + 5))
    elif HOW == "chosen by a scalar":
        p = tl.where(n > 3, x + i, x + 7 + i)
        tl.store(out + i, tl.load(p))
    elif HOW == "rows at loaded indices":
        row = tl.load(x + tl.program_id(0) * 4 + tl.arange(0, 4)).to(tl.int32)
        j = row[:, None] * 16 + tl.arange(0, 16)[None, :]
        tl.store(out + tl.reshape(i, (4, 16)), tl.load(x + j, mask=row[:, None] >= 0, other=0))


def even_expected(how, x, n):
    i = np.arange(512)
    if how == "rows and columns":
        return x[i // 256 * 1000 + i % 256]
    if how == "shifted and masked":
        return x[(i >> 6) * 100 + (i & 63)]
    if how == "bits set":
        return x[i] + 1
    if how == "another shape":
        return x[i + 5]
    if how == "chosen by a scalar":
        return x[i + (0 if n > 3 else 7)]
    return x[x[i // 16].astype(int) * 16 + i % 16]


EVEN = [
    "rows and columns", "shifted and masked", "bits set", "another shape", "chosen by a scalar",
    "rows at loaded indices",
]  # fmt: skip


@pytest.mark.parametrize("how", EVEN)
@pytest.mark.parametrize("n", [2, 9])
def test_even_addresses_are_accessed_as_vectors(how, n):
    x, out = ((np.arange(2000) * 5) % 61).astype(np.float32), np.zeros(512, np.float32)
    kernel = even_kernel[(8,)](x, out, n, how)
    np.testing.assert_array_equal(out, even_expected(how, x, n))
    assert "gather" not in kernel.asm["llir"] and "scatter" not in kernel.asm["llir"]


@triton.jit
def unsigned_offsets_kernel(x, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0).to(tl.uint32) * BLOCK + tl.arange(0, BLOCK).to(tl.uint32)
    tl.store(out + i, tl.load(x + i, mask=i < n, other=0) + 1, mask=i < n)


def test_unsigned_offsets_are_contiguous():
    """A block that begins at a multiple of its size does not pass 0, wherever it begins: no gathers."""
    x, out = np.arange(1000, dtype=np.int32), np.zeros(1000, np.int32)
    kernel = unsigned_offsets_kernel[(8,)](x, out, 1000, BLOCK=128)
    assert np.array_equal(out, x + 1)
    assert "gather" not in kernel.asm["llir"] and "scatter" not in kernel.asm["llir"]


def test_weaker_dot(tmp_path):
    """TRITONC_CPU_DOT names the strongest kernels that tl.dot may use; an unknown name is said, with those there are."""
    program = tmp_path / "program.py"
    program.write_text(
        "import numpy as np, triton, triton.language as tl\n"
        "@triton.jit\n"
        "def product(a, b, c):\n"
        "    i, j = tl.arange(0, 16)[:, None], tl.arange(0, 16)[None, :]\n"
        "    tl.store(c + i * 16 + j, tl.dot(tl.load(a + i * 16 + j), tl.load(b + i * 16 + j)))\n"
        "a, b, c = (np.arange(256).reshape(16, 16).astype(np.int8) for _ in 'abc')\n"
        "c = np.zeros((16, 16), np.int32)\n"
        "product[(1,)](a, b, c)\n"
        "assert (c == a.astype(int) @ b.astype(int)).all()\n"
    )
    for name in "generic", "best":
        env = {**os.environ, "TRITONC_CPU_DOT": name}
        done = subprocess.run([sys.executable, program], capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        told = 'TRITONC_CPU_DOT is "best", but this processor has' in done.stderr and " generic" in done.stderr
        assert told == (name == "best"), done.stderr


@triton.jit
def permuted_kernel(x, y, scales, SIZE: tl.constexpr):
    """Rows of 64 are permuted, and each is scaled: what Inductor makes of (x.permute(1, 0, 2) * s).contiguous()."""
    i = tl.program_id(0) * SIZE + tl.arange(0, SIZE)
    column, row, block = i % 64, (i // 64) % 32, i // 2048
    tl.store(y + i, tl.load(x + column + 64 * block + 256 * row) * tl.load(scales + (i >> 6) % 32))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int8])
@pytest.mark.parametrize("size", [1024, 128, 32])
def test_rows_are_read_whole(dtype, size):
    """Where a tile consists of runs, each vector is one load, and what is the same throughout a run is a scalar."""
    x, s = (torch.randint(-5, 5, shape).to(dtype) for shape in ((32, 4, 64), (32,)))
    y = torch.empty(4, 32, 64, dtype=dtype)
    kernel = permuted_kernel[(4 * 32 * 64 // size,)](x, y, s, size)
    assert torch.equal(y, x.permute(1, 0, 2) * s[None, :, None])
    ir = kernel.asm["llir"]
    of_one = re.findall(r"= load (?:float|half|i8), ptr", ir)
    assert "gather" not in ir and len(of_one) <= 2, ir  # of the scales, in each version of the loop


@triton.jit
def unevenly_kernel(x, out, first, SIZE: tl.constexpr):
    i = first + tl.arange(0, SIZE)
    n: tl.constexpr = SIZE
    tl.store(out + tl.arange(0, SIZE), i // 16)
    tl.store(out + n + tl.arange(0, SIZE), i % 16)
    tl.store(out + 2 * n + tl.arange(0, SIZE), i & 15)
    tl.store(out + 3 * n + tl.arange(0, SIZE), i >> 4)
    tl.store(out + 4 * n + tl.arange(0, SIZE), tl.load(x + 64 + i % 16 + i // 16))
    promised = tl.max_contiguous(tl.multiple_of(i * 3 % SIZE, SIZE), SIZE)
    tl.store(out + 5 * n + tl.arange(0, SIZE), tl.load(x + 64 + tl.maximum(promised, 0)))
    promised = tl.max_constancy(i & 3, SIZE)
    tl.store(out + 6 * n + tl.arange(0, SIZE), tl.load(x + promised))


@pytest.mark.parametrize("first", [-64, -48, -7, 0, 16, 5])
def test_runs_that_are_none(first):
    """Rounded toward zero, runs of negative numbers break at zero; and a hint on a whole tile is not taken at its word."""
    x = torch.arange(512, dtype=torch.int32)
    out = torch.zeros(7, 64, dtype=torch.int32)
    unevenly_kernel[(1,)](x, out, first, 64)
    i = torch.arange(first, first + 64)
    quotient, rest = torch.div(i, 16, rounding_mode="trunc"), torch.fmod(i, 16)
    tripled = torch.fmod(i * 3, 64).clamp(min=0)
    want = [quotient, rest, i & 15, i >> 4, 64 + rest + quotient, 64 + tripled, i & 3]
    assert torch.equal(out, torch.stack(want).int())
