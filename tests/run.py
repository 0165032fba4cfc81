"""Runs the test suites: builds what each needs, says what it does, counts, and ends with `N passed, N failed`.

    ./dev test            all of them, as CI does
    ./dev test lit c      only these
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
VENV = BUILD / "venv" / "bin"
passed = failed = 0


def say(text):
    print(f"\033[1m==> {text}\033[0m", flush=True)


def run(command, env=None, quiet=False):
    """Run a command; gives its exit status and output (shown as it comes unless quiet)."""
    full = dict(os.environ, **(env or {}))
    process = subprocess.Popen(
        [str(c) for c in command], cwd=ROOT, env=full, text=True, errors="replace",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if not quiet:
            print(line, end="", flush=True)
    return process.wait(), "".join(lines)


def count(ok, bad, what):
    global passed, failed
    passed += ok
    failed += bad
    print(f"    {what}: {ok} passed, {bad} failed", flush=True)


def step(what, command, env=None):
    """A step that passes or fails as a whole."""
    status, out = run(command, env, quiet=True)
    if status:
        print(out)
    count(int(status == 0), int(status != 0), what)
    return status == 0


def build(preset):
    say(f"build: {preset}")
    return step(f"build {preset}", [ROOT / "dev", "build", preset])


def package_env(preset):
    return {
        "PYTHONPATH": str(BUILD / preset / "python"),
        "PATH": f"{BUILD / preset / 'bin'}:{VENV}:/usr/lib/llvm-19/bin:{os.environ['PATH']}",
        "TRITONC_VERIFY": "1",
        "TRITON_CACHE_DIR": str(BUILD / "test-cache" / preset),
    }


def c_tests(preset, env=None):
    """Every executable of tests/c; cmocka's closing lines are counted."""
    for test in sorted((BUILD / preset / "tests").glob("test_*")):
        if test.suffix:
            continue
        status, out = run([test], dict(package_env(preset), CMOCKA_MESSAGE_OUTPUT="stdout",
                                       TRITONC_LIBDIR=str(BUILD / preset / "python/triton/_C"), **(env or {})), quiet=True)
        ok = len(re.findall(r"^\[\s+OK \]", out, re.M))
        bad = len(set(re.findall(r"^\[\s+FAILED\s+\] (\w+)$", out, re.M)))
        if status and not bad:
            bad = 1
        if bad or not ok:
            print(out)
        count(ok, max(bad, int(ok == 0)), f"{test.name} ({preset})")


def c():
    if build("release"):
        say("unit tests in C")
        c_tests("release")


def clang():
    build("clang")


def lit():
    if build("release"):
        say("text tests")
        status, out = run([VENV / "lit", "-sv", "tests"], package_env("release"))
        ok = re.search(r"Passed\s*:\s*(\d+)", out)
        bad = re.search(r"Failed\s*:\s*(\d+)", out)
        bad = int(bad[1]) if bad else int(status != 0)
        count(int(ok[1]) if ok else 0, bad, "lit")


def pytest(preset, paths, env=None, label="pytest"):
    say(label)
    status, out = run([VENV / "python", "-m", "pytest", "-q", "-x" if os.environ.get("FAIL_FAST") else "-q",
                       "-p", "no:cacheprovider", *paths], {**package_env(preset), **(env or {})})
    ok = re.search(r"(\d+) passed", out)
    bad = sum(int(n) for n in re.findall(r"(\d+) (?:failed|error)", out))
    count(int(ok[1]) if ok else 0, bad or int(status != 0), label)


def python():
    if build("release"):
        pytest("release", ["tests/python", "tests/cli"])


def examples():
    if build("release"):
        pytest("release", ["tests/examples"], label="examples")


def runtime_library(compiler, name):
    out = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return os.path.realpath(out.stdout.strip())


def asan():
    """One whole run of the C tests and the Python tests under AddressSanitizer and UndefinedBehaviorSanitizer."""
    if not build("asan"):
        return
    say("under AddressSanitizer and UndefinedBehaviorSanitizer")
    options = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:allocator_may_return_null=1",
               "UBSAN_OPTIONS": "print_stacktrace=1"}
    c_tests("asan", options)
    preload = {"LD_PRELOAD": runtime_library("gcc", "libasan.so") + " " + runtime_library("gcc", "libstdc++.so"),
               "TRITONC_TEST_SMALL": "1"}
    pytest("asan", ["tests/python"], {**options, **preload}, label="pytest under the sanitizers")


def tsan():
    if build("tsan"):
        say("under ThreadSanitizer")
        c_tests("tsan", {"TSAN_OPTIONS": "halt_on_error=1", "TRITONC_TEST_SMALL": "1"})


def fuzz():
    if not build("fuzz"):
        return
    say("fuzz targets, a short run each")
    for target in sorted((BUILD / "fuzz" / "fuzz").glob("fuzz_*")):
        if target.suffix:
            continue
        work = BUILD / "fuzz-work" / target.name
        work.mkdir(parents=True, exist_ok=True)
        step(target.name, [target, "-max_total_time=30", "-timeout=20", "-print_final_stats=0", work,
                           ROOT / "examples" / "kernels"])


def lint():
    say("lint")
    files = subprocess.run(["git", "ls-files", "*.c", "*.h"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    step("clang-format", ["clang-format-19", "--dry-run", "-Werror", *files])
    step("ruff", [VENV / "ruff", "check", "-q", "python", "examples", "bench", "tests"])
    if build("release"):
        sources = [f for f in files if f.endswith(".c") and f.startswith("src/")]
        step("clang-tidy", ["clang-tidy-19", "--quiet", "-p", BUILD / "clang", *sources])


SUITES = {"c": c, "clang": clang, "lit": lit, "python": python, "examples": examples,
          "asan": asan, "tsan": tsan, "fuzz": fuzz, "lint": lint}


def main():
    names = sys.argv[1:] or list(SUITES)
    for name in names:
        if name not in SUITES:
            sys.exit(f"there is no suite '{name}'; there are: {' '.join(SUITES)}")
    for name in names:
        start = time.time()
        SUITES[name]()
        print(f"    ({name}: {time.time() - start:.0f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
