"""The command and the library for macOS on 64-bit Arm, cross-compiled by zig: what they are and what they ask for.

`./dev test cross` builds them and says where: TRITONC_MACOS. Nothing runs such programs here. Of the CPU backend, for
which there is no LLVM of that system here, the objects are compiled.
"""

import concurrent.futures
import os
import re
import shutil
import struct
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ["TRITONC_MACOS"])
COMMAND, LIBRARY = BUILD / "bin" / "tritonc", BUILD / "libtritonc.dylib"


def llvm(tool, *arguments):
    return subprocess.run([f"llvm-{tool}-19", *arguments], capture_output=True, text=True, check=True).stdout


def test_they_are_for_that_machine():
    for path, kind in ((COMMAND, 2), (LIBRARY, 6)):  # MH_EXECUTE, MH_DYLIB
        magic, machine, _, filetype = struct.unpack("<4I", path.read_bytes()[:16])
        assert (magic, machine, filetype) == (0xFEEDFACF, 0x0100000C, kind), path  # 64 bits, arm64


def test_they_need_the_system_library_only():
    for path in (COMMAND, LIBRARY):
        needed = re.findall(r"^\t(\S+)", llvm("otool", "-L", path), re.M)
        assert [name for name in needed if "libtritonc" not in name] == ["/usr/lib/libSystem.B.dylib"]


def test_the_library_exports_the_header():
    declared = set(re.findall(r"^TTC_API [^;]*?\b(ttc_\w+)\(", (ROOT / "include" / "tritonc.h").read_text(), re.M))
    exported = set(re.findall(r" T _(ttc_\w+)$", llvm("nm", "-gU", LIBRARY), re.M))
    assert len(declared) > 30 and declared == exported


def test_the_cpu_back_end_compiles(tmp_path):
    compiler = [*filter(None, [shutil.which("ccache")]), str(ROOT / "build" / "zig" / "macos" / "cc")]
    llvm_headers = subprocess.run(["llvm-config-19", "--includedir"], capture_output=True, text=True, check=True).stdout
    options = ["-std=c17", "-D_GNU_SOURCE", "-O0", "-fno-sanitize=undefined", "-Wall", "-Wextra", "-Werror",
               f"-I{ROOT / 'src'}", f"-I{ROOT / 'include'}", f"-I{llvm_headers.strip()}"]  # fmt: skip

    def compile_one(source):
        command = [*compiler, *options, "-c", source, "-o", tmp_path / f"{source.stem}.o"]
        return subprocess.run(command, capture_output=True, text=True)

    sources = [*(ROOT / "src" / "cpu").rglob("*.c")]
    assert len(sources) > 30
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for source, done in zip(sources, pool.map(compile_one, sources), strict=True):
            assert done.returncode == 0, f"{source}\n{done.stderr}"
