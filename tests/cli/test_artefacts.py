"""Kernels as artefacts: sources, objects and shared objects that programs without the compiler are linked with.

On the CPU. Results are those of the same kernels launched from Python.
"""

import ctypes
import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import triton
from triton.tools.choices import choices

ROOT = Path(__file__).resolve().parents[2]
TRITONC = Path(shutil.which("tritonc"))
RUNTIME = TRITONC.resolve().parents[1] / "libtritonc_rt.a"
STRICT = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

KERNELS = """
import triton
import triton.language as tl


@triton.jit
def matmul(A, B, C, M, N, K, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, BLOCK_K: tl.constexpr):
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    k = tl.arange(0, BLOCK_K)
    acc = tl.zeros((BLOCK_M, BLOCK_N), tl.float32)
    for k0 in range(0, K, BLOCK_K):
        kk = k0 + k
        a = tl.load(A + m[:, None] * K + kk[None, :], (m[:, None] < M) & (kk[None, :] < K), other=0.0)
        b = tl.load(B + kk[:, None] * N + n[None, :], (kk[:, None] < K) & (n[None, :] < N), other=0.0)
        acc += tl.dot(a, b)
    tl.store(C + m[:, None] * N + n[None, :], acc, (m[:, None] < M) & (n[None, :] < N))


@triton.jit
def softmax(Out, In, n, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * n
    i = tl.arange(0, BLOCK)
    x = tl.load(In + row + i, i < n, other=-float("inf"))
    e = tl.exp(x - tl.max(x, 0))
    tl.store(Out + row + i, e / tl.sum(e, 0), i < n)


@triton.jit
def attention(Q, K, V, Out, length, scale, BLOCK_M: tl.constexpr, BLOCK_N: tl.constexpr, D: tl.constexpr):
    base = tl.program_id(1).to(tl.int64) * length * D
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    d = tl.arange(0, D)
    q = tl.load(Q + base + m[:, None] * D + d[None, :], m[:, None] < length, other=0.0)
    acc = tl.zeros((BLOCK_M, D), tl.float32)
    highest = tl.full((BLOCK_M,), -float("inf"), tl.float32)
    total = tl.zeros((BLOCK_M,), tl.float32)
    for n0 in range(0, length, BLOCK_N):
        n = n0 + tl.arange(0, BLOCK_N)
        k = tl.load(K + base + n[None, :] * D + d[:, None], n[None, :] < length, other=0.0)
        s = tl.where(n[None, :] < length, tl.dot(q, k) * scale, -float("inf"))
        new = tl.maximum(highest, tl.max(s, 1))
        p = tl.exp(s - new[:, None])
        shrink = tl.exp(highest - new)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(V + base + n[:, None] * D + d[None, :], n[:, None] < length, other=0.0)
        acc = acc * shrink[:, None] + tl.dot(p, v)
        highest = new
    tl.store(Out + base + m[:, None] * D + d[None, :], acc / total[:, None], m[:, None] < length)


@triton.jit
def which(Out, n, step, TAG: tl.constexpr):
    tl.store(Out + tl.program_id(0), TAG * 1000 + n * step)


@triton.jit
def halves(Out, A, B, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    a = tl.load(A + i[:, None] * BLOCK + i[None, :])
    b = tl.load(B + i[:, None] * BLOCK + i[None, :])
    tl.store(Out + i[:, None] * BLOCK + i[None, :], tl.dot(a, b).to(tl.float16))


@triton.jit
def picked(Out, desc, at):
    tl.store(Out + tl.arange(0, 8), tl.sum(desc.load([at, 0]), 0))


@triton.jit
def checked(Out, n):
    tl.device_assert(n > 0, "n must be positive")
    tl.store(Out, n)


@triton.jit
def tuples(outs, matrix, matrix_n):
    for i in tl.static_range(len(outs)):
        tl.store(outs[i], matrix.at[0] * 100 + matrix.at[1] * matrix_n + i + matrix.n[1])
        tl.store(outs[i] + 1, tl.load(matrix.data))


@triton.jit
def reserved(Out, register):
    tl.store(Out, register)
"""

LIST = """
file = "kernels.py"   # beside this

[[kernel]]
kernel = "matmul"
grid = "(M + BLOCK_M - 1) / BLOCK_M, (N + BLOCK_N - 1) / BLOCK_N"
signature = "*fp32:16, *fp32:16, *fp32:16, i32, i32, i32"
[[kernel.choice]]
when = {M = [1, 16]}
constants = {BLOCK_M = 16, BLOCK_N = 64, BLOCK_K = 64}
[[kernel.choice]]
constants = {BLOCK_M = 64, BLOCK_N = 64, BLOCK_K = 64}

[[kernel]]
kernel = "softmax"
signature = "*fp32, *fp32, i32, 1024"

[[kernel]]
kernel = "attention"
grid = "(length + BLOCK_M - 1) / BLOCK_M, 4"
signature = [
  "*fp32, *fp32, *fp32, *fp32, i32, fp32, 32, 32, 64",
  "*fp32:16, *fp32:16, *fp32:16, *fp32:16, i32:16, fp32, 32, 32, 64",
]
"""

MAIN = r"""
#include "three.h"
#include <stdio.h>
#include <stdlib.h>
static float *fill(size_t n, unsigned seed) {
  float *x = aligned_alloc(64, (n * 4 + 63) / 64 * 64);
  for (size_t i = 0; i < n; i++) seed = seed * 1664525u + 1013904223u, x[i] = (float)(seed >> 8) / (1 << 24) - 0.5f;
  return x;
}
int main(void) {
  enum { M = 100, N = 90, K = 200, L = 96, H = 4, D = 64 };
  float *a = fill(M * K, 1), *b = fill(K * N, 2), *c = fill(M * N, 3), *d = fill(M * N, 3);
  float *q = fill(L * H * D, 4), *k = fill(L * H * D, 5), *v = fill(L * H * D, 6), *o = fill(L * H * D, 7);
  if (matmul(a, b, c, M, N, K) || softmax(M, 1, 1, d, c, N) || attention(q, k, v, o, L, 0.125f)) {
    fprintf(stderr, "%s\n", three_message());
    return 1;
  }
  fwrite(c, 4, M * N, stdout);
  fwrite(d, 4, M * N, stdout);
  fwrite(o, 4, L * H * D, stdout);
  return 0;
}
"""


def run(*command, cwd, env=None, fails=False, text=True):
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        capture_output=True,
        text=text,
        env={**os.environ, **(env or {})},
        timeout=300,
    )
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else done.stdout


def compiled(place, *arguments, emit="c", name="out", **more):
    return run(TRITONC, *arguments, "--emit", emit, "-o", place / name, cwd=place, **more)


def linked(place, *sources, program="program", flags=()):
    run("cc", *STRICT, *flags, "-I", ".", *sources, RUNTIME, "-lm", "-lpthread", "-o", program, cwd=place)
    return place / program


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("artefacts")
    (place / "kernels.py").write_text(KERNELS)
    (place / "three.toml").write_text(LIST)
    (place / "main.c").write_text(MAIN)
    compiled(place, "three.toml", name="three")
    return place


@pytest.fixture(scope="module")
def kernels(place):
    spec = importlib.util.spec_from_file_location("artefact_kernels", place / "kernels.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fill(n, seed):
    x = np.empty(n, np.uint32)
    for i in range(n):
        seed = (seed * 1664525 + 1013904223) % 2**32
        x[i] = seed
    return (x >> 8).astype(np.float32) / np.float32(1 << 24) - np.float32(0.5)


@pytest.fixture(scope="module")
def expected(kernels):
    """What the three kernels give when Python launches them."""
    m, n, k, length = 100, 90, 200, 96
    c, d, o = np.zeros(m * n, np.float32), np.zeros(m * n, np.float32), np.zeros(length * 256, np.float32)
    kernels.matmul[(2, 2)](fill(m * k, 1), fill(k * n, 2), c, m, n, k, BLOCK_M=64, BLOCK_N=64, BLOCK_K=64)
    kernels.softmax[(m,)](d, c, n, BLOCK=1024)
    q, kk, v = (fill(length * 256, seed) for seed in (4, 5, 6))
    kernels.attention[(3, 4)](q, kk, v, o, length, 0.125, BLOCK_M=32, BLOCK_N=32, D=64)
    reference = fill(m * k, 1).reshape(m, k).astype(np.float64) @ fill(k * n, 2).reshape(k, n).astype(np.float64)
    assert abs(c.reshape(m, n) - reference).max() < 1e-4
    return np.concatenate([c, d, o])


def test_a_program_gives_what_python_gives(place, expected):
    program = linked(place, "main.c", "three.c")
    out = np.frombuffer(run(program, cwd=place, text=False), np.float32)
    assert np.array_equal(out, expected)
    libraries = run("ldd", program, cwd=place)
    assert not any(name in libraries for name in ("tritonc", "LLVM", "python", "stdc++"))


def test_a_program_is_small(place):
    program = linked(place, "main.c", "three.c", program="small", flags=["-s"])
    assert program.stat().st_size < 300_000


def test_weaker_levels_are_chosen(place, expected):
    program = linked(place, "main.c", "three.c", program="weaker")
    for level in ("x86-64-v2", "x86-64-v3"):
        env = {"TRITONC_CPU_LEVEL": level, "TRITONC_NUM_THREADS": "1"}
        out = np.frombuffer(run(program, cwd=place, env=env, text=False), np.float32)
        assert np.allclose(out, expected, atol=1e-4)
    assert (
        "x86-64-v9"
        in subprocess.run([program], env={"TRITONC_CPU_LEVEL": "x86-64-v9"}, capture_output=True).stderr.decode()
    )


def test_a_small_static_program_in_an_empty_root(place, expected, tmp_path):
    """With musl's C library all of it, that library included, is small."""
    cc = shutil.which("musl-gcc") or "cc"
    run(cc, *STRICT, "-static", "-s", "main.c", "three.c", RUNTIME, "-lm", "-lpthread", "-o", "static", cwd=place)
    assert (place / "static").stat().st_size < (300_000 if cc != "cc" else 1_500_000)
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(place / "static", root / "program")
    command = ["chroot", root, "/program"] if os.getuid() == 0 else ["unshare", "-r", "chroot", root, "/program"]
    out = np.frombuffer(run(*command, cwd=place, text=False), np.float32)
    assert np.array_equal(out, expected)


@pytest.mark.parametrize("emit", ["c", "obj"])
def test_the_same_bytes_again(place, tmp_path, emit):
    suffix = "c" if emit == "c" else "o"
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        compiled(place, "three.toml", "-t", "cpu:x86-64-v3", name=tmp_path / folder / "three", emit=emit)
    for name in (f"three.{suffix}", "three.h"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_shared_object(place, kernels, tmp_path):
    compiled(
        place,
        "kernels.py",
        "-k",
        "softmax",
        "-s",
        "*fp32, *fp32, i32, 128",
        "--grid",
        "1",
        name=tmp_path / "rows",
        emit="so",
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.h", "rows.so"]
    library = ctypes.CDLL(str(tmp_path / "rows.so"))
    library.rows_message.restype = ctypes.c_char_p
    x, y, z = fill(100, 9), np.zeros(100, np.float32), np.zeros(100, np.float32)
    assert library.softmax(y.ctypes.data_as(ctypes.c_void_p), x.ctypes.data_as(ctypes.c_void_p), 100) == 0
    kernels.softmax[(1,)](z, x, 100, BLOCK=128)
    assert np.array_equal(y, z) and library.rows_message() == b""
    exported = run("nm", "-D", "--defined-only", tmp_path / "rows.so", cwd=place)
    assert sorted(line.split()[-1] for line in exported.splitlines()) == ["rows_message", "softmax"]


def test_an_object(place, tmp_path):
    compiled(place, "three.toml", name=tmp_path / "three", emit="obj")
    shutil.copy(place / "main.c", tmp_path)
    assert len(run(linked(tmp_path, "main.c", "three.o"), cwd=tmp_path, text=False)) == 4 * (18000 + 96 * 256)


WHICH = r"""
#include "out.h"
#include <stdio.h>
static int call(int32_t n, int32_t step, int64_t grid) {
  static int32_t x[4];
  x[0] = -1;
  int status = which(grid, 1, 1, x, n, step);
  printf("%d %d %s\n", status, x[0], status ? out_message() : "");
  return status;
}
int main(void) {
  call(32, 1, 1);
  call(32, 5, 1);
  call(7, 1, 1);
  call(7, 5, 1);
  call(70, 5, 1);
  call(32, 1, 0);
  call(32, 1, -1);
  return 0;
}
"""


def test_variants_are_chosen_by_hints_and_values(place):
    kernel = {"kernel": "which", "file": "kernels.py"}
    first = {"when": {"n": [0, 64]}}
    listed = {
        "targets": "cpu:x86-64-v3,cpu:x86-64-v2",
        "kernel": [
            {
                **kernel,
                "choice": [
                    {**first, "signature": "*i32, i32:16, i32:1", "constants": {"TAG": 1}},
                    {**first, "signature": "*i32, i32:16, i32", "constants": {"TAG": 2}},
                    {**first, "signature": "*i32, i32, i32", "constants": {"TAG": 3}},
                    {"signature": "*i32, i32, i32:16", "constants": {"TAG": 4}},
                ],
            }
        ],
    }
    (place / "which.json").write_text(json.dumps(listed))
    (place / "which.c").write_text(WHICH)
    compiled(place, "which.json")
    out = run(linked(place, "which.c", "out.c"), cwd=place).splitlines()
    refused = "it was compiled for other arguments: the header says which"
    assert out == [
        "0 1032 ",
        "0 2160 ",
        "0 3007 ",
        "0 3035 ",
        f"1 -1 which: {refused}",
        "0 -1 ",
        "1 -1 which: a side of the grid is negative, or has more than 32 bits",
    ]
    # the same as signatures of the command line: the most demanding first
    signatures = ("*i32, i32, i32, 3", "*i32, i32:16, i32, 2", "*i32, i32:16, i32:1, 1")
    compiled(place, "kernels.py", "-k", "which", *(x for s in signatures for x in ("-s", s)), "-t", "cpu:x86-64-v2")
    out = run(linked(place, "which.c", "out.c"), cwd=place).splitlines()
    assert out[:5] == ["0 1032 ", "0 2160 ", "0 3007 ", "0 3035 ", "0 3350 "]


def test_what_tuning_found(place, kernels):
    configs = [triton.Config({"TAG": tag}, num_warps=1) for tag in (5, 6)]
    bench = lambda call, quantiles=None: [0.0, 0.0, 0.0]  # noqa: E731
    tuner = triton.autotune(configs, key=["n"], do_bench=bench)(kernels.which)
    with pytest.raises(ValueError, match="has not been tuned"):
        choices(tuner)
    for n, tag in ((32, 5), (7, 6), (70, 5)):
        tuner[(1,)](np.zeros(4, np.int32), n, 1)
        key = next(k for k in tuner.cache if k[0] == n)
        tuner.cache[key] = configs[tag - 5]  # whatever was measured
    kernel = {"kernel": "which", "file": "kernels.py", "signature": "*i32, i32, i32", "choice": choices(tuner)}
    (place / "tuned.json").write_text(json.dumps({"targets": "cpu:x86-64-v2", "kernel": [kernel]}))
    (place / "which.c").write_text(WHICH)
    compiled(place, "tuned.json")
    text = (place / "out.c").read_text()
    assert "n == 7" in text and "n == 70" in text
    out = run(linked(place, "which.c", "out.c"), cwd=place).splitlines()
    assert out[:5] == ["0 5032 ", "0 5160 ", "0 6007 ", "0 6035 ", "0 5350 "]


VALUES = r"""
#include "out.h"
#include "tritonc_rt.h"
#include <stdio.h>
int main(void) {
  static _Alignas(64) float in[16 * 8], out[8];
  int32_t one = 0;
  ttc_rt_descriptor d = {in, 2, 0, {16, 8}, {8, 1}};
  for (int i = 0; i < 128; i++) in[i] = (float)i;
  printf("%d", picked(out, &d, 14));
  printf(" %g %g\n", out[0], out[7]);
  d.strides[0] = 9;
  printf("%d", picked(out, &d, 14));
  printf(" %s\n", out_message());
  printf("%d", checked(&one, 5));
  printf(" %d\n", one);
  printf("%d", checked(&one, -5));
  printf(" %s\n", out_message());
  printf("%d", checked((int32_t *)16, 5));
  printf(" %.80s\n", out_message());
  return 0;
}
"""


TUPLES = r"""
#include "out.h"
#include <stdio.h>
int main(void) {
  int32_t a[2] = {0}, b[2] = {0}, data[4] = {11, 12, 13, 14};
  if (tuples(a, b, data, 3, 4, 5, 16)) return 1;
  printf("%d %d %d %d\n", a[0], a[1], b[0], b[1]);
  if (tuples(a, b, data + 1, 3, 4, 5, 16)) return 1;
  printf("%d %d %d %d\n", a[0], a[1], b[0], b[1]);
  return tuples(a, b, data, 3, 1, 5, 7) != 1;
}
"""


def test_items_of_tuples_are_parameters(place):
    (place / "tuples.c").write_text(TUPLES)
    shape = "(data=*i32{}, at=(i32, i32), n=(2, 7, i32))"
    signatures = [f"(*i32, *i32), {shape.format(hint)}, i32:16" for hint in ("", ":16")]
    more = [x for s in signatures for x in ("-s", s)]
    compiled(place, "kernels.py", "-k", "tuples", *more, "--grid", "matrix_n_0 - 1", "-t", "cpu:x86-64-v2")
    header = (place / "out.h").read_text()
    assert (
        "int tuples(int32_t *outs_0, int32_t *outs_1, const int32_t *matrix_data, int32_t matrix_at_0, "
        "int32_t matrix_at_1, int32_t matrix_n_2, int32_t matrix_n);" in header
    )
    assert "where (uintptr_t)matrix_data % 16 == 0 && matrix_n % 16 == 0" in header
    out = run(linked(place, "tuples.c", "out.c"), cwd=place).splitlines()
    assert out == ["371 11 372 11", "371 12 372 12"]


def test_descriptors_assertions_and_bad_pointers(place):
    listed = {
        "file": "kernels.py",
        "targets": "cpu:x86-64-v3,cpu:x86-64-v2",
        "kernel": [
            {"kernel": "picked", "signature": "*fp32, tensordesc<fp32[4, 8]>, i32", "grid": "1"},
            {
                "kernel": "checked",
                "signature": "*i32, i32",
                "grid": "1",
                "options": {"debug": True, "check_memory": False},
            },
        ],
    }
    (place / "values.json").write_text(json.dumps(listed))
    (place / "values.c").write_text(VALUES)
    compiled(place, "values.json")
    out = run(linked(place, "values.c", "out.c", flags=["-I", ROOT / "include"]), cwd=place).splitlines()
    assert out[0] == "0 232 246"  # rows 14 and 15, and zeros
    assert out[1] == "1 picked, `desc`: a stride of a tensor descriptor is not a multiple of 16 bytes"
    assert out[2] == "0 5"
    assert out[3].startswith("4 checked: ") and out[3].endswith("assertion failed: n must be positive")
    assert out[4].startswith("4 checked: kernel `checked`, program (0, 0, 0): access to unmapped memory")


def test_half_floats_without_the_instructions(place, kernels):
    (place / "halves.c").write_text(
        r"""
#include "out.h"
#include <stdio.h>
int main(void) {
  static _Alignas(64) uint16_t a[1024], b[1024], c[1024];
  for (int i = 0; i < 1024; i++) a[i] = (uint16_t)(0x3000 + i), b[i] = (uint16_t)(0x3400 + (i * 7 & 1023));
  if (halves(c, a, b)) return 1;
  fwrite(c, 2, 1024, stdout);
  return 0;
}
"""
    )
    compiled(place, "kernels.py", "-k", "halves", "-s", "*fp16, *fp16, *fp16, 32", "--grid", "1")
    program = linked(place, "halves.c", "out.c")
    i = np.arange(1024, dtype=np.uint16)
    a, b = (0x3000 + i).view(np.float16), (0x3400 + (i * 7 & 1023)).astype(np.uint16).view(np.float16)
    c = np.zeros(1024, np.float16)
    kernels.halves[(1,)](c, a, b, BLOCK=32)
    for level in ("", "x86-64-v2"):
        out = np.frombuffer(run(program, cwd=place, env={"TRITONC_CPU_LEVEL": level}, text=False), np.float16)
        assert np.array_equal(out, c)


def test_cplusplus_takes_the_header(place):
    (place / "three.cc").write_text('#include "three.h"\nint main() { return three_message()[0]; }\n')
    run("cc", *STRICT, "-c", "three.c", "-o", "three_c.o", cwd=place)
    run("c++", "-Wall", "-Werror", "three.cc", "three_c.o", RUNTIME, "-lpthread", "-lm", "-o", "cc", cwd=place)
    run(place / "cc", cwd=place)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["kernels.py", "-k", "reserved", "-s", "*i32, i32"], "`register` cannot be a parameter's name in C"),
        (["kernels.py", "-k", "which", "-s", "*i32, i32, i32, 1", "-t", "cpu:znver3"], "feature levels"),
        (["kernels.py", "-k", "which", "-s", "*i32, i32, i32, 1", "-t", "cpu,cuda:80"], "for the CPU or for GPUs"),
        (["kernels.py", "-k", "which", "-s", "*i32, i32, i32, 1", "--grid", "1,2,3,4"], "one to three C expressions"),
        (
            ["kernels.py", "-k", "which", "-s", "*i32, i32, i32, 1", "-s", "*i32, i64, i32, 1"],
            "differ in what they take",
        ),
        (["kernels.py", "-k", "which", "-s", "*i32, i32, i32, 1", "--debug"], "check_memory=false"),
        (["kernels.py", "-k", "which", "-s", "*i32:1, i32, i32, 1"], "the hint 1 is for integers"),
        (["kernels.py", "-k", "which", "-s", "*i32, (i32, i33), i32, 1"], "`i33` is neither a type nor a constant"),
        (["kernels.py", "-k", "tuples", "-s", "(*i32,), (n=i32:3,), i32"], "`matrix`: divisibility is 16 or 1"),
        (
            ["kernels.py", "-k", "tuples", "-s", "(*i32,), (data=*i32, at=(i32, i32), n=i32), i32"],
            "two parameters of the C function would be called `matrix_n`",
        ),
        (["three.toml", "-k", "which"], "says everything of its kernels"),
        (["bad.toml"], "bad.toml:3:1: error: `,` or `]` is expected here"),
        (["unknown.toml"], "there is no key `kernal` here; did you mean `kernel`?"),
    ],
)
def test_refused(place, arguments, message):
    (place / "bad.toml").write_text('file = "kernels.py"\nkernel = [1, 2\n')
    (place / "unknown.toml").write_text('[[kernal]]\nfile = "kernels.py"\n')
    more = [] if any("-t" == a for a in arguments) else ["-t", "cpu:x86-64-v2"]
    assert message in compiled(place, *arguments, *more, name="refused", fails=True)
    assert not list(place.glob("refused*"))
