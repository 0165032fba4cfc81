"""The C programs of examples/c, built as their first comment says and run with no Python in the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import triton

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = Path(triton.__file__).parent / "_C"
PROGRAMS = sorted(p.name for p in (ROOT / "examples" / "c").glob("*.c"))
EXPECTED = {
    "add.c": ["add: 100000 sums, 0 wrong"],
    "softmax.c": ["softmax of 64 rows"],
    "stages.c": ["---- ttir", "@scale", "---- llir", "define ", "---- obj: ", '"num_warps": 4', "the same text"],
    "dlpack.c": [
        "axpy: 150000 elements, 0 wrong, kernels compiled: 1",
        "refused: a tensor is not in the memory of the CPU",
    ],
    "errors.c": ["status 1:\nkernel.py:6:17: error:", "did you mean", "kernel.py:6:", "status 0"],
}


def build(source, program, compiler="cc", flags=()):
    subprocess.run(
        [compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror", *flags, "-o", str(program), str(source),
         f"-I{ROOT / 'include'}", f"-L{LIBRARIES}", "-ltritonc", "-lm", f"-Wl,-rpath,{LIBRARIES}"],
        check=True, timeout=120,
    )  # fmt: skip


def test_every_program_is_expected():
    assert set(PROGRAMS) == set(EXPECTED)


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, tmp_path):
    program = tmp_path / name.removesuffix(".c")
    build(ROOT / "examples" / "c" / name, program, flags=["-std=c17"])
    out = subprocess.run([str(program)], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert out.returncode == 0, out.stdout + out.stderr
    at = 0
    for text in EXPECTED[name]:
        at = out.stdout.find(text, at)
        assert at >= 0, f"{text!r} is missing in {out.stdout}"
    assert "libpython" not in subprocess.run(["ldd", str(program)], capture_output=True, text=True).stdout


PRODUCERS = """
import numpy as np, torch
from dlpack import Library

library = Library(sys.argv[1])
def right(x, y, out, a=2.0):
    library.axpy(a, x, y, out)
    return np.array_equal(np.asarray(out), a * np.asarray(x) + np.asarray(y))

x, y = np.arange(3000, dtype=np.float32), np.ones(3000, dtype=np.float64)
assert right(x, y, np.zeros(3000)) and right(x[::-1], y, np.zeros(3000)) and right(x[:0], y[:0], np.zeros(0))
assert right(x.reshape(60, 50).T, y.reshape(50, 60), torch.zeros(60, 50).T)
assert right(np.arange(-9, 9, dtype=np.int16), np.arange(18, dtype=np.uint8), torch.zeros(18, dtype=torch.int64))
b, out = torch.arange(64.0).bfloat16(), torch.zeros(70, dtype=torch.bfloat16)
before = library.c.axpy_kernels()
for _ in range(3):
    library.axpy(1.0, b, b, out[3:67])
assert torch.equal(out[3:67], 2 * b) and not out[:3].any() and not out[67:].any()
assert library.c.axpy_kernels() == before + 1
x.flags.writeable = False
for x, y, out, wrong in [
    (y, y, x, "read-only"), (y, y[1:], y, "shapes differ"), (y[:8], y[:8].reshape(2, 4), y, "shapes differ"),
    (torch.zeros(4, dtype=torch.complex64), y, y, "elements are of a type"), (torch.zeros(2, 2, 2), y, y, "dimensions"),
]:
    try:
        library.axpy(1.0, x, y, out)
        raise SystemExit(f"not refused: {wrong}")
    except ValueError as e:
        assert wrong in str(e), e
assert "triton" not in sys.modules
"""


def test_arrays_of_other_libraries(tmp_path):
    build(ROOT / "examples" / "c" / "dlpack.c", tmp_path / "libaxpy.so", flags=["-std=c17", "-shared", "-fPIC"])
    folder = str(ROOT / "examples" / "c")
    for program in ([f"{folder}/dlpack.py"], ["-c", f"import sys\nsys.path.insert(0, {folder!r})\n{PRODUCERS}"]):
        out = subprocess.run([sys.executable, *program, str(tmp_path / "libaxpy.so")], capture_output=True, text=True,
                             timeout=120)  # fmt: skip
        assert out.returncode == 0, out.stdout + out.stderr
        assert "wrong" not in out.stdout


def test_the_interface(tmp_path):
    """Allocations that fail, arguments that make no sense, and what remains of a kernel's context."""
    build(Path(__file__).with_name("interface.c"), tmp_path / "caller")
    env = {**os.environ, "TRITON_ALWAYS_COMPILE": "1", "TRITON_CACHE_DIR": str(tmp_path / "cache")}
    out = subprocess.run([str(tmp_path / "caller")], env=env, capture_output=True, text=True, timeout=300)
    assert out.returncode == 0, out.stdout + out.stderr


def test_the_header_is_cplusplus_too(tmp_path):
    (tmp_path / "header.cc").write_text("#include <tritonc.h>\nint main() { return ttc_version()[0] != '0'; }\n")
    build(tmp_path / "header.cc", tmp_path / "header", compiler="c++")
    assert subprocess.run([str(tmp_path / "header")]).returncode == 0
