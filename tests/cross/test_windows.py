"""The command and the library for Windows, without the CPU backend, compiled by MinGW and run by Wine.

`./dev test cross` builds them and says where: TRITONC_WINDOWS. What they make has to be what the command makes here,
byte for byte.
"""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["TRITONC_WINDOWS"])
HERE = ROOT / "build" / "release" / "bin" / "tritonc"
WINE = "/usr/lib/wine/wine64"
ADD = ["examples/kernels/add.py", "-k", "add_kernel", "-s", "*fp32:16,*fp32:16,*fp32:16,i32:16,1024"]

PROGRAM = """
#include <stdio.h>
#include <string.h>
#include <tritonc.h>

static const char source[] =
    "import triton\\n"
    "import triton.language as tl\\n"
    "@triton.jit\\n"
    "def copy(x, y, BLOCK: tl.constexpr):\\n"
    "    i = tl.arange(0, BLOCK)\\n"
    "    tl.store(y + i, tl.load(x + i))\\n";

int main(void) {
  ttc_context *cx = ttc_context_new();
  ttc_request request = {.size = sizeof request, .text = source, .kernel = "copy", .signature = "*fp32,*fp32,64",
                         .target = "cuda:80"};
  ttc_kernel *kernel;
  if (ttc_compile(cx, &request, &kernel) != TTC_OK) return fprintf(stderr, "%s", ttc_message(cx)), 1;
  printf("%s\\n", ttc_version());
  ttc_context_free(cx);
  return 0;
}
"""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    """A Windows of its own. Without the parts that Wine would fetch for .NET and web pages."""
    folder = tmp_path_factory.mktemp("wine")
    env = {"WINEPREFIX": str(folder / "prefix"), "WINEDEBUG": "-all", "HOME": str(folder),
           "WINEDLLOVERRIDES": "mscoree=d;mshtml=d;winemenubuilder.exe=d",
           "TRITON_CACHE_DIR": str(folder / "cache")}  # fmt: skip
    yield folder, env
    subprocess.run(["/usr/lib/wine/wineserver64", "-k"], env={**os.environ, **env}, check=False)


def wine(prefix, program, *arguments, **kw):
    _, env = prefix
    return subprocess.run([WINE, str(program), *map(str, arguments)], capture_output=True, timeout=300, cwd=ROOT,
                          env={**os.environ, **env}, **kw)  # fmt: skip


def tritonc(prefix, *arguments, **kw):
    return wine(prefix, BUILD / "bin" / "tritonc.exe", *arguments, **kw)


def here(*arguments):
    return subprocess.run([HERE, *arguments], capture_output=True, check=True, cwd=ROOT).stdout


def test_version(prefix):
    done = tritonc(prefix, "--version")
    assert done.returncode == 0 and done.stdout == here("--version"), done


@pytest.mark.parametrize("stage", ["ttir", "ttgir", "llir", "ptx"])
def test_stages_are_those_made_here(prefix, stage):
    arguments = [*ADD, "--target", "cuda:90", "--emit", stage]
    done = tritonc(prefix, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout == here(*arguments)


def test_a_matmul_is_that_made_here(prefix):
    line = next(
        x for x in (ROOT / "tests/corpus.txt").read_text().splitlines() if x.startswith("examples/kernels/matmul.py")
    )
    file, kernel, signature = line.split(" | ")
    arguments = [file, "-k", kernel, "-s", signature, "--target", "cuda:90", "--emit", "ptx"]
    done = tritonc(prefix, *arguments)
    assert done.returncode == 0, done.stderr
    assert b"mma.sync" in done.stdout and done.stdout == here(*arguments)


def test_the_simulated_gpu_runs_there(prefix):
    """With threads, memory that is reserved, and a report."""
    arguments = [*ADD[:4], "*fp32,*fp32,*fp32,i32,1024", "--simulate", "--grid", "4",
                 "--arg", "x_ptr=random:4000", "--arg", "y_ptr=iota:4000", "--arg", "out_ptr=uninit:4000",
                 "--arg", "n=4000", "--print", "out_ptr[:8]"]  # fmt: skip
    done = tritonc(prefix, *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout == here(*arguments)


def test_an_error_is_told_as_here(prefix):
    done = tritonc(prefix, "-", "-k", "k", "-s", "*fp32", "--emit", "ttir",
                   input=b"import triton\r\n@triton.jit\r\ndef k(x):\r\n    return y\r\n")  # fmt: skip
    assert done.returncode == 1 and b"y" in done.stderr and b"<stdin>:4:" in done.stderr, done.stderr
    done = tritonc(prefix, "missing.py", "-k", "k", "-s", "*fp32")
    assert done.returncode == 3 and b"cannot read `missing.py`" in done.stderr, done
    done = tritonc(prefix, *ADD, "--emit", "asm")
    assert done.returncode == 3 and b"this build has no CPU backend" in done.stderr, done


def test_the_library_in_a_program_of_ones_own(prefix, tmp_path):
    """It compiles twice: the second time what the first left in the cache is there."""
    (tmp_path / "program.c").write_text(PROGRAM)
    subprocess.run(["x86_64-w64-mingw32-gcc-posix", "-std=c17", "-I", ROOT / "include", tmp_path / "program.c",
                    "-o", tmp_path / "program.exe", BUILD / "libtritonc.dll"], check=True)  # fmt: skip
    (tmp_path / "libtritonc.dll").symlink_to(BUILD / "libtritonc.dll")
    for _ in range(2):
        done = wine(prefix, tmp_path / "program.exe")
        assert done.returncode == 0 and done.stdout.strip(), done
        entries = list((prefix[0] / "cache").glob("*/*.kernel"))
        assert entries, list(prefix[0].rglob("*"))
    assert not list((prefix[0] / "cache").glob("*.kernel.*")), "a temporary file was left"
