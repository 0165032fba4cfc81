"""Every kernel's LLVM assembly through LLVM's own NVPTX backend, and what comes out compared with what ours computes.

`gputest.py llvm` runs its suites twice. The first run saves every kernel's stages and, after each launch, the memory of
all its tensors; `convert` gives each `llir` to LLVM, and the second run takes the PTX that came out instead of ours;
`compare` holds the two runs' memory against each other.

LLVM is a program `llc-19` or later, or else what the reference implementation carries in its extension module, if it is
installed: that one runs in a process of its own (this file as a program), in which `triton` is the reference.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

# How far the results may lie apart, as relative error in the Frobenius norm: the two compilers choose which of two
# products of a sum is contracted, and a sum of atomics comes in any order.
ALLOWED = {"float64": 1e-13, "float32": 2e-6, "float16": 5e-4, "bfloat16": 4e-3}
PROGRAMS = ("llc-22", "llc-21", "llc-20", "llc-19")


def _processor(llir):
    """sm_90a, sm_80, ...: the module's second line has the number; from 90 on, code is for that processor alone."""
    number = int(re.search(r"^; for sm_(\d+)$", llir, re.MULTILINE).group(1))
    return f"sm_{number}{'a' if number >= 90 else ''}"


def _reference_compile(llir):
    from triton._C.libtriton import llvm

    llvm.init_targets()
    return llvm.translate_to_asm(
        llir, "nvptx64-nvidia-cuda", _processor(llir), "+ptx84", ["nvptx-short-ptr"], False, False
    )


def _llc_compile(program):
    def compile_text(llir):
        command = [program, f"-mcpu={_processor(llir)}", "-mattr=+ptx84", "-nvptx-short-ptr", "-", "-o", "-"]
        return subprocess.run(command, input=llir, text=True, capture_output=True, check=True).stdout

    return compile_text


def _reference_present():
    code = "from triton._C.libtriton import llvm; llvm.translate_to_asm"
    return subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def present():
    """Is there an LLVM with this backend?"""
    return any(map(shutil.which, PROGRAMS)) or _reference_present()


def convert(dump, override):
    """dump/HASH/NAME.llir -> override/HASH/NAME.ptx; how many."""
    done = subprocess.run([sys.executable, __file__, str(dump), str(override)], text=True, capture_output=True)
    if done.returncode:
        raise RuntimeError(f"LLVM refuses a kernel of {dump}:\n{done.stderr}")
    return sum(1 for _ in Path(override).glob("*/*.ptx"))


def _floats(raw, dtype):
    if dtype == "bfloat16":
        return (raw.view(np.uint16).astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return raw.view(dtype).astype(np.float64)


def _apart(a, b, dtype):
    """Relative error between two memories in which the same places must be infinite or NaN."""
    a, b = _floats(a, dtype), _floats(b, dtype)
    finite = np.isfinite(a)
    if not np.array_equal(finite, np.isfinite(b)):
        return np.inf
    return float(np.linalg.norm(a[finite] - b[finite]) / (np.linalg.norm(a[finite]) + 1e-300))


def compare(ours, llvms):
    """(launches, those equal bit for bit, differences as lines of text)."""
    names = sorted(p.name for p in Path(ours).glob("*.npz"))
    equal, bad = 0, []
    if names != sorted(p.name for p in Path(llvms).glob("*.npz")):
        bad.append("the two runs made different launches")
        return len(names), equal, bad
    for name in names:
        a, b = np.load(Path(ours) / name), np.load(Path(llvms) / name)
        same = True
        for key in a.files:
            if np.array_equal(a[key], b[key]):
                continue
            same = False
            dtype = key.partition("-")[2]
            apart = _apart(a[key], b[key], dtype) if dtype in ALLOWED else np.inf
            if not apart <= ALLOWED.get(dtype, 0):
                bad.append(f"{name}: tensor {key} differs: relative error {apart:.1e}")
        equal += same
    return len(names), equal, bad


def main():
    dump, override = map(Path, sys.argv[1:])
    program = next(filter(shutil.which, PROGRAMS), None)
    compile_text = _llc_compile(program) if program else _reference_compile
    for path in dump.glob("*/*.llir"):
        target = override / path.parent.name / f"{path.stem}.ptx"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(compile_text(path.read_text()))


if __name__ == "__main__":
    main()
