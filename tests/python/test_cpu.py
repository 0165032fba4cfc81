"""What is particular to the CPU back end: addresses from scans, long expressions, wide loops."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
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
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, timeout=300)
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


def test_passes_of_the_cpu_are_dumped_by_their_names(tmp_path):
    path = tmp_path / "dump.ttir"
    path.write_text(carrying(1))
    tool = Path(_C.__file__).parents[3] / "bin" / "tritonc"
    env = {**os.environ, "TRITONC_DUMP": "split-pointers"}
    done = subprocess.run([tool, path, "--target", "cpu", "--emit", "llir"], capture_output=True, text=True, env=env)
    assert done.returncode == 0 and "after split-pointers" in done.stderr
