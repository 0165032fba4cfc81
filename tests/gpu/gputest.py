"""Builds everything from source and runs the whole test suite on this machine's GPU: `./dev gputest`.

Needs CMake, Ninja, a C compiler, Python 3.11 or later with its headers, PyTorch with CUDA and pytest, all as the system
has them; nothing is fetched, and LLVM is not needed.

    ./dev gputest                 build, and every suite
    ./dev gputest --sanitize      also under compute-sanitizer: memcheck and racecheck
    ./dev gputest cuda language   only these suites
    ./dev gputest llvm            our LLVM assembly through LLVM's backend, where there is one; results compared
"""

import argparse
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import through_llvm as llvm

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "gputest"
MIRROR = ["-p", "mirror"]
LANGUAGE = (
    "language arithmetic conversions control_flow descriptors dot_scaled block_pointers num_ctas wide_and_exact loops "
    "map_elementwise extra_cuda tensor_maps launch_maps dots libdevice found_programs reductions corners"
).split()
SUITES = {
    "cuda": ["tests/gpu/test_cuda.py"],
    "deploy": ["tests/gpu/test_deploy.py"],
    "kernels": ["tests/gpu/test_kernels.py"],
    "examples": [*MIRROR, "tests/examples"],
    "language": [*MIRROR, *(f"tests/python/test_{name}.py" for name in LANGUAGE)],
    "random": [*MIRROR, "tests/python/test_random_kernels.py"],
    "torch": ["tests/torch"],
}
# The sanitizers slow a kernel down by 10 to 100 times: what they watch holds a kernel of every kind, not every dtype.
WATCHED = [*MIRROR, "--import-mode=importlib", "tests/examples", "tests/gpu/test_kernels.py"]
SANITIZED = {"memcheck": WATCHED, "racecheck": WATCHED}


def say(text):
    print(f"\033[1m==> {text}\033[0m", flush=True)


def build():
    say(f"building in {BUILD.relative_to(ROOT)}")
    options = [f"-DPython3_EXECUTABLE={sys.executable}", "-DTRITONC_TESTS=OFF", "-DTRITONC_CPU=OFF"]
    for command in (["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", *options], ["ninja", "-C", BUILD, "--quiet"]):
        done = subprocess.run([str(c) for c in command], capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stdout + done.stderr)


def environment(sanitized, extra):
    paths = [str(BUILD / "python"), str(ROOT / "tests" / "gpu"), str(ROOT / "tests" / "python")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PATH": f"{BUILD / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "TRITON_CACHE_DIR": tempfile.mkdtemp(prefix="tritonc-gputest-"),
        "TRITONC_VERIFY": "1",
        "TRITONC_TEST_DEVICE": "cuda",
        "TRITONC_TEST_SMALL": "1",
        **{name: str(value) for name, value in extra.items()},
        **({"PYTORCH_NO_CUDA_MEMORY_CACHING": "1"} if sanitized else {}),  # every tensor a block of its own
    }


def run(name, arguments, under=(), **variables):
    """One suite: (passed, failed). A skipped test counts as failed, and so does a suite in which nothing ran."""
    begin = time.monotonic()
    workers = ["-n", "8"] if importlib.util.find_spec("xdist") and not under and name != "cuda" else []
    command = [
        *under,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        *workers,
        "-W",
        "ignore",
        *arguments,
    ]
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=environment(bool(under), variables),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    last = process.stdout.rstrip().rpartition("\n")[2] if not under else process.stdout
    count = {
        word: sum(int(n) for n in re.findall(rf"(\d+) {word}", last))
        for word in ("passed", "failed", "error", "skipped")
    }
    bad = count["failed"] + count["error"] + count["skipped"]
    if process.returncode or not count["passed"]:
        print(process.stdout)
        bad = max(bad, 1)
    print(f"    {name}: {count['passed']} passed, {bad} failed ({time.monotonic() - begin:.0f} s)", flush=True)
    return count["passed"], bad


def through_llvm():
    """The examples and the kernels with our PTX and with LLVM's, and what they compute compared."""
    if not llvm.present():
        print("    llvm: there is no LLVM here; its code is left out")
        return 0, 0
    with tempfile.TemporaryDirectory(prefix="tritonc-llvm-") as folder:
        dump, override, ours, llvms = (Path(folder) / name for name in ("dump", "override", "ours", "llvms"))
        ours.mkdir()
        llvms.mkdir()
        common = {"TRITON_DISABLE_LINE_INFO": "1"}  # LLVM marks code with lines as for a debugger
        run("llvm, ours", WATCHED, TRITON_KERNEL_DUMP="1", TRITON_DUMP_DIR=dump, TRITONC_TEST_RESULTS=ours, **common)
        made = llvm.convert(dump, override)
        passed, failed = run(
            f"llvm, {made} kernels through LLVM",
            WATCHED,
            TRITON_KERNEL_OVERRIDE="1",
            TRITON_OVERRIDE_DIR=override,
            TRITONC_TEST_RESULTS=llvms,
            **common,
        )
        launches, equal, differences = llvm.compare(ours, llvms)
    print(f"    llvm: {launches} launches compared, {equal} of them equal bit for bit", *differences, sep="\n    ")
    return passed + launches - len(differences), failed + len(differences) + (not launches)


def sanitize(tool, arguments):
    """A suite under compute-sanitizer: an error in any kernel makes it fail."""
    under = [
        shutil.which("compute-sanitizer"),
        "--tool",
        tool,
        "--error-exitcode",
        "9",
        "--kernel-name-exclude",
        "kernel_substring=at::",
    ]
    return run(tool, arguments, under)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=", ".join([*SUITES, "llvm"]))
    parser.add_argument("--sanitize", action="store_true", help="memcheck and racecheck too")
    options = parser.parse_args()
    unknown = [s for s in options.suites if s not in {*SUITES, *SANITIZED, "llvm"}]
    if unknown:
        parser.error(f"there is no suite {unknown[0]}; there are {', '.join(SUITES)}")
    build()
    import torch

    say(f"tests on {torch.cuda.get_device_name()}, driver API {torch.version.cuda}")
    passed = failed = 0
    for name, arguments in SUITES.items():
        if options.suites and name not in options.suites:
            continue
        ok, bad = run(name, arguments)
        passed, failed = passed + ok, failed + bad
    if not options.suites or "llvm" in options.suites:
        ok, bad = through_llvm()
        passed, failed = passed + ok, failed + bad
    for tool, arguments in SANITIZED.items():
        if tool not in options.suites and not options.sanitize:
            continue
        ok, bad = sanitize(tool, arguments)
        passed, failed = passed + ok, failed + bad
    print(f"{passed} passed, {failed} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
