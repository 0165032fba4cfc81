"""Builds the wheels: `./dev wheel [--machine x86_64] [--name triton] [--compatible 3.6.0] [--no-cpu] [--out dist]`.

One build per machine, with or without the CPU backend, gives every wheel of it: they differ in their Python files and
their metadata alone. A wheel is linked against glibc 2.28 (cmake/manylinux/) and serves Python 3.10 and later, so it is
tagged `cp310-abi3-manylinux_2_28`. Of the two distributions

    triton    takes the place of the reference's: its version is that of the release it answers to, `3.6.0+c...`
    tritonc   stands beside it: the package triton lies inside of tritonc/_packages, where no import finds it

and both carry the licence of everything that is linked in. The same tree gives the same bytes.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import sysroot
import version

ROOT = Path(__file__).resolve().parents[2]
DATE = (2020, 1, 1, 0, 0, 0)
GLIBC = "2_28"
LICENSE = "MIT"
LICENSE_CPU = (
    "MIT AND Apache-2.0 WITH LLVM-exception AND BSD-3-Clause AND Zlib AND (GPL-3.0-or-later WITH GCC-exception-3.1)"
)
# Where Debian says what each linked library may be used for, by the name it gets in the wheel.
COPYRIGHTS = {
    "LLVM.txt": "llvm-19-dev",
    "libstdc++-and-libgcc.txt": "gcc-12-base",
    "zlib.txt": "zlib1g-dev",
    "zstd.txt": "libzstd-dev",
}


def run(*command: object, **env: str) -> None:
    words = [str(c) for c in command]
    done = subprocess.run(
        words, cwd=ROOT, env={**os.environ, **env}, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}")


def build(machine: str, cpu: bool, zig: str, sysroot: str | None) -> Path:
    """The files of a wheel, in a folder: triton/, and the command in scripts/."""
    folder = ROOT / "build" / "wheel" / (machine + ("" if cpu else "-nocpu"))
    stage = folder / "stage"
    env = {"TRITONC_CPU": "ON" if cpu else "OFF", "CCACHE_NOHASHDIR": "1"}
    options = ["-DTRITONC_WHEEL=ON", f"-DTRITONC_TESTS={'ON' if sysroot else 'OFF'}", "-DCMAKE_BUILD_TYPE=Release",
               f"-DCMAKE_TOOLCHAIN_FILE={ROOT / 'cmake/manylinux/toolchain.cmake'}", f"-DTRITONC_ZIG={zig}",
               f"-DTRITONC_MACHINE={machine}", f"-DPython3_EXECUTABLE={sys.executable}"]  # fmt: skip
    if sysroot:
        options.append(f"-DTRITONC_SYSROOT={sysroot}")
    if shutil.which("ccache"):
        options.append("-DCMAKE_C_COMPILER_LAUNCHER=ccache")
    run("cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", *options, **env)
    targets = ["triton_ext", "libtritonc", "tritonc", *(["libtritonc_cpu", "tritonc_rt"] if cpu else [])]
    run("cmake", "--build", folder, "--target", *targets, **env)
    shutil.rmtree(stage, ignore_errors=True)
    run("cmake", "--install", folder, "--prefix", stage, **env)
    return stage


def licenses(cpu: bool, sysroot: str | None) -> dict[str, bytes]:
    found = {"LICENSE": (ROOT / "LICENSE").read_bytes()}
    found["zig.txt"] = (Path(find_zig()).parent / "LICENSE").read_bytes()  # its part of the start-up code is linked in
    for name, package in COPYRIGHTS.items() if cpu else ():
        path = Path(sysroot or "/") / "usr/share/doc" / package / "copyright"
        if not path.exists():
            sys.exit(f"the licence of what is linked in is not there: {path}")
        found[name] = path.read_bytes()
    return found


def metadata(name: str, full: str, cpu: bool, license_files: list[str]) -> str:
    project = (ROOT / "pyproject.toml").read_text()
    summary = re.search(r'^description = "(.*)"$', project, re.M)[1]
    requires = re.search(r'^requires-python = "(.*)"$', project, re.M)[1]
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {full}", f"Summary: {summary}",
             f"License-Expression: {LICENSE_CPU if cpu else LICENSE}",
             *(f"License-File: {f}" for f in license_files), f"Requires-Python: {requires}",
             "Description-Content-Type: text/markdown"]  # fmt: skip
    return "\n".join(lines) + "\n\n" + (ROOT / "README.md").read_text()


def pack(stage: Path, out: Path, name: str, compatible: str, cpu: bool, machine: str, texts: dict[str, bytes]) -> Path:
    full = version.version(compatible, cpu, name)
    inner = version.version(compatible, cpu)
    tag = f"cp310-abi3-manylinux_{GLIBC}_{machine}"
    info, scripts = f"{name}-{full}.dist-info", f"{name}-{full}.data/scripts"
    inside = "" if name == "triton" else "tritonc/_packages/"
    files: dict[str, tuple[bytes, int]] = {}

    def add(path: str, data: bytes | str, mode: int = 0o644) -> None:
        files[path] = (data.encode() if isinstance(data, str) else data, mode)

    for file in sorted(stage.rglob("*")):
        if not file.is_file():
            continue
        path = file.relative_to(stage).as_posix()
        mode = 0o755 if os.access(file, os.X_OK) else 0o644
        add(
            path.replace("scripts", scripts, 1) if path.startswith("scripts/") else inside + path,
            file.read_bytes(),
            mode,
        )
    add(f"{inside}triton/_version.py", f'__version__ = "{inner}"\ntritonc_version = "{version.ours()}"\n')
    if inside:
        for file in (ROOT / "python" / "tritonc").glob("*.py"):
            add(f"tritonc/{file.name}", file.read_bytes())
        # What importlib.metadata says of triton once this one is active.
        add(f"{inside}triton-{inner}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: triton\nVersion: {inner}\n")
    add(f"{info}/METADATA", metadata(name, full, cpu, sorted(texts)))
    add(f"{info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: tritonc\nRoot-Is-Purelib: false\nTag: {tag}\n")
    for license_name, text in texts.items():
        add(f"{info}/licenses/{license_name}", text)
    record = []
    for path, (data, _) in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record.append(f"{path},sha256={digest},{len(data)}\n")
    add(f"{info}/RECORD", "".join(record) + f"{info}/RECORD,,\n")
    out.mkdir(parents=True, exist_ok=True)
    wheel = out / f"{name}-{full}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for path, (data, mode) in files.items():
            entry = zipfile.ZipInfo(path, DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100000 | mode) << 16
            archive.writestr(entry, data)
    return wheel


def find_zig() -> str:
    try:
        import ziglang
    except ImportError:
        sys.exit("zig links the wheels against glibc 2.28: `pip install ziglang` (`./dev wheel` does)")
    return str(Path(ziglang.__file__).parent / "zig")


def main() -> None:
    parser = argparse.ArgumentParser(prog="./dev wheel", description="Builds wheels for manylinux_2_28.")
    parser.add_argument("--machine", default=platform.machine(), choices=["x86_64", "aarch64"])
    parser.add_argument("--name", action="append", choices=["triton", "tritonc"], help="default: both")
    parser.add_argument("--compatible", action="append", choices=version.SERVED,
                        help="the release that it answers to; default: TRITONC_COMPATIBLE, else 3.6.0")  # fmt: skip
    parser.add_argument("--no-cpu", action="store_true", help="without the CPU backend; the version says so")
    parser.add_argument(
        "--sysroot",
        help="for another machine: where Debian's packages for it are unpacked; default: build/sysroot, fetched by apt",
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    args = parser.parse_args()
    cpu = not args.no_cpu and version.with_cpu()
    if cpu and args.machine != platform.machine() and not args.sysroot:
        args.sysroot = str(sysroot.make(args.machine, ROOT / "build" / "sysroot" / args.machine))
    stage = build(args.machine, cpu, find_zig(), args.sysroot)
    texts = licenses(cpu, args.sysroot)
    for name in args.name or ["triton", "tritonc"]:
        for compatible in args.compatible or [os.environ.get("TRITONC_COMPATIBLE") or version.SERVED[0]]:
            print(pack(stage, args.out, name, compatible, cpu, args.machine, texts))


if __name__ == "__main__":
    main()
