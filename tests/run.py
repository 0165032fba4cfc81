"""Runs the test suites: builds what each needs, says what it does, counts, ends with `N passed, N failed`.

    ./dev test            all of them, as CI does
    ./dev test lit c      only these

A suite that runs nothing has failed, and so has a test that was skipped: what cannot be tested is said, not dropped.
"""

import concurrent.futures
import itertools
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
    full = {**os.environ, **(env or {})}
    process = subprocess.Popen(
        [str(c) for c in command],
        cwd=ROOT,
        env=full,
        text=True,
        errors="replace",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
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
        "TRITON_DEFAULT_BACKEND": "cpu",
        "TRITON_CACHE_DIR": str(BUILD / "test-cache" / preset),
    }


def c_tests(preset, names=None, env=None):
    """The executables of tests/c, or those named; what cmocka says of each test is counted."""
    folder = BUILD / preset / "tests"
    tests = [folder / name for name in names] if names else [t for t in sorted(folder.glob("test_*")) if not t.suffix]
    expected = {source.stem for source in (ROOT / "tests" / "c").glob("test_*.c")}
    for name in sorted((set(names) if names else expected) - {test.name for test in tests if test.exists()}):
        count(0, 1, f"{name} ({preset}) was not built: is a library that it needs missing?")
    for test in tests:
        if not test.exists():
            continue
        status, out = run(
            [test],
            {**package_env(preset), "CMOCKA_MESSAGE_OUTPUT": "stdout",
             "TRITONC_LIBDIR": str(BUILD / preset / "python/triton/_C"), **(env or {})},
            quiet=True,
        )  # fmt: skip
        ok = len(re.findall(r"^\[\s+OK \]", out, re.M))
        bad = len(set(re.findall(r"^\[\s+FAILED\s+\] (\w+)$", out, re.M)))
        wanted = sum(int(n) for n in re.findall(r"^\[=+\] \S*?:? ?Running (\d+) test", out, re.M))
        bad = max(bad, wanted - ok, int(status != 0 or ok == 0))
        if bad:
            print(out)
        count(ok, bad, f"{test.name} ({preset})")


def c():
    if build("release"):
        step(
            "includes fall, circles among files are those of tests/structure.py", [sys.executable, "tests/structure.py"]
        )
        say("unit tests in C")
        c_tests("release")


def clang():
    build("clang")


def lit_tests(preset, env=None):
    status, out = run([VENV / "lit", "-sv", "tests"], {**package_env(preset), **(env or {})})
    ok = re.search(r"Passed\s*:\s*(\d+)", out)
    ok = int(ok[1]) if ok else 0
    bad = sum(int(n) for n in re.findall(r"(?:Failed|Unresolved|Unsupported|Timed Out|Skipped)\s*:\s*(\d+)", out))
    count(ok, max(bad, int(status != 0 or ok == 0)), f"lit ({preset})")


def lit():
    if build("release"):
        say("text tests")
        lit_tests("release")


def pytest(preset, paths, env=None, label="pytest", options=()):
    say(label)
    status, out = run(
        [VENV / "python", "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", *options, *paths],
        {**package_env(preset), **(env or {})},
    )
    last = (out.strip().splitlines() or [""])[-1]  # 17 passed in 60 s
    if status not in (0, 1):
        print(f"    ended with status {status}")
    ok = sum(int(n) for n in re.findall(r"(\d+) passed", last))
    bad = sum(int(n) for n in re.findall(r"(\d+) (?:failed|error|skipped|xfailed|xpassed)", last))
    count(ok, max(bad, int(status != 0 or ok == 0)), label)


def side_by_side(work, items):
    """work(item) of each, as many at once as there are processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(work, items))


def python():
    if build("release"):
        pytest("release", ["tests/python", "tests/cli"])


def examples():
    if build("release"):
        pytest("release", ["tests/examples"], label="examples")


# What runs on the simulated GPU, and for which of its generations.
SIMULATED = {
    "cuda:90": ["tests/examples", "tests/python/test_language.py", "tests/python/test_arithmetic.py",
                "tests/python/test_conversions.py",
                "tests/python/test_reductions.py",
                "tests/python/test_dot_scaled.py", "tests/python/test_control_flow.py",
                "tests/python/test_random_kernels.py", "tests/python/test_random_shapes.py",
                "tests/python/test_zoo.py", "tests/python/test_descriptors.py",
                "tests/python/test_block_pointers.py"],
    "cuda:80": ["tests/examples", "tests/python/test_language.py", "tests/python/test_arithmetic.py",
                "tests/python/test_conversions.py",
                "tests/python/test_reductions.py",
                "tests/python/test_libdevice.py",
                "tests/python/test_dot_scaled.py", "tests/python/test_random_kernels.py",
                "tests/python/test_descriptors.py", "tests/python/test_block_pointers.py"],
    "cuda:75": ["tests/python/test_language.py", "tests/python/test_arithmetic.py",
                "tests/python/test_conversions.py",
                "tests/python/test_reductions.py",
                "tests/python/test_random_shapes.py"],
}  # fmt: skip

GPU_TESTS = [f"tests/gpu/test_{name}.py" for name in ("kernels", "fused", "codegen", "fuzz_ir")]
# What is tried with every number of stages and warps.
EVERY_OPTION = ["tests/gpu/test_kernels.py", "tests/examples",
                "tests/python/test_language.py::test_dot",
                "tests/python/test_language.py::test_dot_of_dot",
                *[f"tests/python/test_{name}.py" for name in (
                    "zoo", "descriptors", "block_pointers", "loops", "loop_reductions", "dots", "dot_scaled",
                    "control_flow", "found_programs", "corners", "reduce_order")]]  # fmt: skip
# What chooses its targets itself, or does not launch.
NO_OPTION = "not cuda:80 and not cuda:75 and not test_dot_of_int8 and not test_every_case_is_made"


def every_option(option):
    stages, warps = option
    env = {
        "TRITONC_SIMULATE": "cuda:90",
        "TRITONC_TEST_SMALL": "1",
        "TRITONC_TEST_OPTIONS": f"{stages},{warps}",
        "PYTHONPATH": f"{BUILD / 'release' / 'python'}:{ROOT / 'tests' / 'gpu'}",
    }
    options = ["-p", "every_option", "-k", NO_OPTION]
    pytest("release", EVERY_OPTION, env, f"simulated: {stages} stages, {warps} warps", options)


def every_generation(target):
    env = {"TRITONC_SIMULATE": target, "TRITONC_TEST_SMALL": "1"}
    pytest("release", SIMULATED[target], env, label=f"simulated: {target}")


def simulate():
    """The GPU's side of the compiler, on the simulated GPU."""
    if not build("release"):
        return
    pytest("release", GPU_TESTS, label="simulated: kernels of every kind")
    # All again for other stages and warps, as pipelining and barriers depend on them.
    side_by_side(every_option, itertools.product((1, 2, 3, 4), (4, 8)))
    side_by_side(every_generation, SIMULATED)


def torch():
    """PyTorch's compiler with this package under it; two processes, each with the files of about half the time."""
    if not build("release"):
        return
    files = sorted(str(f.relative_to(ROOT)) for f in (ROOT / "tests" / "torch").glob("test_*.py"))
    first = [f for f in files if "pointwise" in f or "reductions" in f or "indexing" in f]
    halves = [first, [f for f in files if f not in first]]
    side_by_side(lambda half: pytest("release", half, label="torch.compile", options=["-W", "ignore"]), halves)


def jax():
    """Kernels in JAX's programs."""
    if build("release"):
        pytest("release", ["tests/jax"], label="JAX")


def docs():
    """The documentation: its code runs, its lists are complete, its links lead somewhere."""
    if build("release"):
        pytest("release", ["tests/docs"], label="documentation")


def wheel():
    """The wheels: built as they are released, installed beside others and in their place, for every Python at hand."""
    if not step("./dev wheel", [ROOT / "dev", "wheel", "--out", BUILD / "wheels", "--compatible", "3.6.0",
                                "--compatible", "3.7.1", "--compatible", "3.9.0"]):  # fmt: skip
        return
    if not step("./dev wheel --no-cpu", [ROOT / "dev", "wheel", "--no-cpu", "--compatible", "3.7.1",
                                         "--out", BUILD / "wheels" / "nocpu"]):  # fmt: skip
        return
    env = {"TRITONC_WHEELS": str(BUILD / "wheels"), "PYTHONPATH": ""}
    pytest("release", ["tests/wheel"], env, label="wheels")


def cross_arm():
    """The wheel for 64-bit Arm, and what it does under qemu."""
    out, build_folder = BUILD / "wheels-cross", BUILD / "wheel" / "aarch64"
    if not step("./dev wheel --machine aarch64", [ROOT / "dev", "wheel", "--machine", "aarch64", "--name", "triton",
                                                  "--compatible", "3.6.0", "--out", out]):  # fmt: skip
        return
    if not step(
        "tests in C for aarch64", ["cmake", "--build", build_folder, "--target", "test_cpu_rt", "test_cpu_jit"]
    ):
        return
    env = {"TRITONC_WHEELS": str(out), "TRITONC_SYSROOT": str(BUILD / "sysroot" / "aarch64"),
           "TRITONC_CROSS_BUILD": str(build_folder), "PYTHONPATH": ""}  # fmt: skip
    pytest("release", ["tests/cross/test_aarch64.py"], env, label="64-bit Arm")


def cross_systems():
    """The command and the library for Windows and macOS."""
    if not (build("windows") and build("macos")):
        return
    env = {"PYTHONPATH": "", "TRITONC_WINDOWS": str(BUILD / "windows"), "TRITONC_MACOS": str(BUILD / "macos")}
    pytest("release", ["tests/cross/test_windows.py", "tests/cross/test_macos.py"], env, label="Windows and macOS")


def cross_levels():
    """Programs that choose among processors' codes, on processors that are emulated."""
    pytest("release", ["tests/cross/test_levels.py"], label="feature levels")


def cross():
    """Other machines and systems: cross-compiled, then run under emulators, each of which keeps one core busy."""
    if build("release"):
        side_by_side(lambda part: part(), (cross_arm, cross_systems, cross_levels))


def runtime_library(compiler, name):
    out = subprocess.run([compiler, f"-print-file-name={name}"], capture_output=True, text=True, check=True)
    return os.path.realpath(out.stdout.strip())


def asan():
    """One whole run under AddressSanitizer (with its leak detector in C) and UndefinedBehaviorSanitizer."""
    if not build("asan"):
        return
    say("under AddressSanitizer and UndefinedBehaviorSanitizer")
    options = "allocator_may_return_null=1:detect_stack_use_after_return=1"
    env = {"UBSAN_OPTIONS": "print_stacktrace=1", "TRITONC_TEST_SMALL": "1"}
    # What test_cpu_emulated runs is test_cpu_rt's code once more; emulated and checked as well it takes minutes.
    names = [f.stem for f in (ROOT / "tests" / "c").glob("test_*.c") if f.stem != "test_cpu_emulated"]
    c_tests("asan", sorted(names), {**env, "ASAN_OPTIONS": options + ":detect_leaks=1"})
    lit_tests("asan", {**env, "ASAN_OPTIONS": options + ":detect_leaks=0"})
    # Python itself is not instrumented (and leaks at exit), so the run-time library comes first, and C++'s before LLVM.
    preload = runtime_library("gcc", "libasan.so") + " " + runtime_library("gcc", "libstdc++.so")
    env |= {"ASAN_OPTIONS": options + ":detect_leaks=0", "LD_PRELOAD": preload}
    # What a sanitizer says goes to the file descriptor, and must not end in pytest's memory when it ends the process.
    visible = ["--capture=sys", "-p", "no:faulthandler"]
    # Shadow memory alone takes more addresses than this test's limits leave.
    visible += ["--deselect=tests/python/test_cpu.py::test_want_of_memory_inside_llvm_is_an_error"]
    # The run-time library would come first in the debugger as well, which then waits for itself.
    visible += ["--deselect=tests/python/test_lines.py::test_gdb_names_the_line"]
    # Time and memory are measured without sanitizers, whose own cost is not even.
    visible += ["-m", "not measured"]
    files = sorted((ROOT / "tests" / "python").glob("test_*.py"), key=lambda f: f.stat().st_size)
    damaged = {**env, "TRITONC_TEST_FUZZ": "120", "TRITONC_TEST_SEED": str(seed_of_tree())}
    pytest("asan", ["tests/gpu/test_fuzz_ir.py"], damaged, "damaged IR under the sanitizers", visible)
    side_by_side(
        lambda half: pytest("asan", half, env, "pytest under the sanitizers", visible), [files[::2], files[1::2]]
    )


def tsan():
    """What threads do: compiles at once, the pool, launches from many threads."""
    if build("tsan"):
        say("under ThreadSanitizer")
        c_tests("tsan", TSAN_TESTS, {"TSAN_OPTIONS": TSAN_OPTIONS, "TRITONC_TEST_SMALL": "1"})


def fuzz():
    if not build("fuzz"):
        return
    say("fuzz targets, a short run each")
    targets = [t for t in sorted((BUILD / "fuzz" / "fuzz").glob("fuzz_*")) if not t.suffix]
    if not targets:
        count(0, 1, "no fuzz target was built")
    for target in targets:
        work = BUILD / "fuzz-work" / target.name
        work.mkdir(parents=True, exist_ok=True)
        seeds = ROOT / ("tests/ir/roundtrip" if target.name == "fuzz_ir" else "examples/kernels")
        step(target.name, [target, "-max_total_time=30", "-timeout=20", "-print_final_stats=0",
                           f"-artifact_prefix={work}-", work, seeds])  # fmt: skip


def seed_of_tree():
    """A seed of its own for each state of the sources, so that a run can be repeated; a new one without git."""
    command = ["git", "-C", ROOT, "rev-parse", "HEAD^{tree}"]
    tree = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    return int(tree[:11], 16) if tree else time.time_ns() & ((1 << 44) - 1)


def generator():
    """Random kernels: what failed once, and 20,000 from a seed of these sources, or as many as there is time for."""
    if not build("release"):
        return
    seconds = os.environ.get("TRITONC_FUZZ_SECONDS", "360")
    command = [ROOT / "dev", "fuzz", "--corpus", "--count", "20000", "--seed", seed_of_tree(), "--seconds", seconds]
    command += ["--keep", BUILD / "fuzz-failures"]
    done = subprocess.run([str(x) for x in command], cwd=ROOT, text=True, stdout=subprocess.PIPE, check=False)
    print(done.stdout, flush=True)
    count(int(done.returncode == 0), int(done.returncode != 0), "random kernels")


def files(*patterns):
    """The tree's files of these names, also those that git does not know yet."""
    command = ["git", "ls-files", "-co", "--exclude-standard", *patterns]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [f for f in listed.stdout.split() if (ROOT / f).exists()]


def lint():
    say("lint")
    step("clang-format", ["clang-format-19", "--dry-run", "-Werror", *files("*.c", "*.h")])
    step("ruff check", [VENV / "ruff", "check", "-q", "python", "examples", "bench", "tests", "docs/site"])
    step("ruff format", [VENV / "ruff", "format", "-q", "--check", "python", "examples", "bench", "tests", "docs/site"])


def tidy():
    """clang-tidy over every source."""
    say("clang-tidy")
    if not step("configure clang", [ROOT / "dev", "configure", "clang"]):
        return
    sources = [f for f in files("*.c") if f.startswith(("src/", "python/"))]

    def check(file):
        command = ["clang-tidy-19", "--quiet", "-p", str(BUILD / "clang"), file]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, errors="replace")

    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for file, result in zip(sources, pool.map(check, sources), strict=True):
            if result.returncode:
                bad += 1
                print(f"{file}:\n{result.stdout}{result.stderr}", flush=True)
    count(len(sources) - bad, max(bad, int(not sources)), "clang-tidy, a file each")


# A child of fork() starts a pool of its own: that is tested, so the tool must not end the child for it.
TSAN_OPTIONS = "halt_on_error=1:exitcode=66:die_after_fork=0"
# The C tests in which threads meet.
TSAN_TESTS = ["test_corpus", "test_pool", "test_cpu_jit", "test_base", "test_races"]

SUITES = {
    "c": c,
    "clang": clang,
    "lit": lit,
    "python": python,
    "examples": examples,
    "docs": docs,
    "torch": torch,
    "jax": jax,
    "wheel": wheel,
    "cross": cross,
    "simulate": simulate,
    "asan": asan,
    "tsan": tsan,
    "fuzz": fuzz,
    "lint": lint,
    "tidy": tidy,
    "generator": generator,
}


def main():
    names = sys.argv[1:] or list(SUITES)
    for name in names:
        if name not in SUITES:
            sys.exit(f"there is no suite '{name}'; there are: {' '.join(SUITES)}")
    for name in names:
        start = time.time()
        before = passed + failed
        try:
            SUITES[name]()
        except Exception as error:
            count(0, 1, f"{name}: {error!r}")
        if passed + failed == before:
            count(0, 1, f"{name}: nothing ran")
        print(f"    ({name}: {time.time() - start:.0f} s)", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
