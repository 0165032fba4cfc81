"""The wheel for 64-bit Arm, cross-compiled, with that machine's Python on an emulated processor (qemu-user).

`./dev test cross` builds it and says where things are: TRITONC_WHEELS, TRITONC_SYSROOT (Debian's packages for the
machine, unpacked) and TRITONC_CROSS_BUILD (the build folder, with the tests in C).
"""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

WHEELS = Path(os.environ["TRITONC_WHEELS"])
SYSROOT = Path(os.environ["TRITONC_SYSROOT"])
BUILD = Path(os.environ["TRITONC_CROSS_BUILD"])

# Two processors: what every 64-bit Arm has, and one with the instructions for dot products of 8-bit integers and bf16.
PLAIN, NEWER = "cortex-a72", "max"

PRELUDE = """
import array, random, triton, triton.language as tl
random.seed(0)
"""

ADD = """
@triton.jit
def add(x, y, out, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n) + tl.load(y + i, mask=i < n), mask=i < n)

x, y, out = array.array("f", range(1000)), array.array("f", range(1000)), array.array("f", bytes(4000))
kernel = add[(4,)](x, y, out, 1000, BLOCK=256)
assert list(out) == [2.0 * i for i in range(1000)], out
assert "add" in kernel.asm["asm"] and "ldr" in kernel.asm["asm"], kernel.asm["asm"]
"""

# Small integers, so that every way to multiply gives the same, exactly.
MATMUL = """
@triton.jit
def matmul(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, TYPE: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.int32 if TYPE == tl.int8 else tl.float32)
    for at in range(0, K, BK):
        x = tl.load(a + m[:, None] * K + (at + k)[None, :], mask=(m[:, None] < M) & ((at + k)[None, :] < K), other=0)
        y = tl.load(b + (at + k)[:, None] * N + n[None, :], mask=((at + k)[:, None] < K) & (n[None, :] < N), other=0)
        acc = tl.dot(x.to(TYPE), y.to(TYPE), acc, input_precision="ieee")
    tl.store(c + m[:, None] * N + n[None, :], acc.to(tl.float32), mask=(m[:, None] < M) & (n[None, :] < N))

M, N, K = 70, 45, 33
for type in TYPES:
    a = array.array("f", [random.randint(-5, 5) for _ in range(M * K)])
    b = array.array("f", [random.randint(-5, 5) for _ in range(K * N)])
    c = array.array("f", bytes(4 * M * N))
    kernel = matmul[(2, 1)](a, b, c, M, N, K, BM=64, BN=64, BK=32, TYPE=type)
    rows, columns = [a[i * K : i * K + K] for i in range(M)], [b[j::N] for j in range(N)]
    assert list(c) == [sum(p * q for p, q in zip(row, column)) for row in rows for column in columns], type
assert "ttc_rt_dot" in kernel.asm["asm"], kernel.asm["asm"]
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    wheels = list(WHEELS.glob("triton-*_aarch64.whl"))
    assert len(wheels) == 1, wheels
    with zipfile.ZipFile(wheels[0]) as archive:
        archive.extractall(folder)
    return folder


def emulate(processor, *command, **env):
    done = subprocess.run(
        ["qemu-aarch64-static", "-cpu", processor, "-L", str(SYSROOT), *(str(c) for c in command)],
        capture_output=True, text=True, timeout=400, env={**os.environ, **{k: str(v) for k, v in env.items()}},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def python(processor, package, folder, code, **env):
    path = folder / "script.py"
    path.write_text(PRELUDE + code)
    done = emulate(processor, SYSROOT / "usr/bin/python3.11", path, PYTHONPATH=package,
                   TRITON_CACHE_DIR=folder / "cache", **env)  # fmt: skip
    assert done.stderr == "", done.stderr
    return done.stdout


def test_the_wheel_runs_where_its_name_says():
    shown = subprocess.run([sys.executable, "-m", "auditwheel", "show", next(WHEELS.glob("triton-*_aarch64.whl"))],
                           capture_output=True, text=True, check=True).stdout  # fmt: skip
    tag = re.search(r'platform tag:\s"manylinux_2_(\d+)_aarch64"', " ".join(shown.split()))
    assert tag and int(tag[1]) <= 28, shown


@pytest.mark.parametrize(
    "processor,dot,types,code",
    [
        (PLAIN, "neon", "float32 float16 bfloat16 int8", ADD + MATMUL),
        (NEWER, "neon_bf16", "float32 float16 bfloat16 int8", ADD + MATMUL),
        (NEWER, "neon_dotprod", "int8", MATMUL),
        (NEWER, "generic", "float32 int8", MATMUL),
    ],
    ids=("neon", "neon_bf16", "neon_dotprod", "generic"),
)
def test_kernels(package, tmp_path, processor, dot, types, code):
    """Matmuls with each set of micro-kernels, of the types that it differs in: an emulated compile takes seconds. An
    unknown set would be named on standard error, which stays empty."""
    given = "TYPES = " + "".join(f"tl.{name}, " for name in types.split()) + "\n"
    python(processor, package, tmp_path, given + code, TRITONC_CPU_DOT=dot)


@pytest.mark.parametrize("test", ["test_cpu_rt", "test_cpu_jit"])
def test_in_c(test):
    done = emulate(NEWER, BUILD / "tests" / test, TRITONC_TEST_SMALL=1, CMOCKA_MESSAGE_OUTPUT="stdout")
    assert "FAILED" not in done.stdout and " OK ]" in done.stdout, done.stdout
