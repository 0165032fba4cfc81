"""The C programs of examples/c, built as their first comment says and run with no Python in the process."""

import os
import subprocess
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
