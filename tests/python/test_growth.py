"""Compile time in the size of the input: programs that are grown along one axis at a time, up to thousands of ops.

Four times the program may take at most eight times the processor time (n log n, and noise): a pass that asks the same
question again for every op, or walks a chain by recursion, shows here and nowhere else. The command runs with a stack of
512 KB.
"""

import os
import resource
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.measured

TRITONC = shutil.which("tritonc")
HEAD = "import triton\nimport triton.language as tl\n@triton.jit\ndef k(x, y, n):\n    i = tl.arange(0, 128)\n"
LOAD = "    a = tl.load(x + i)\n"
STORE = "    tl.store(y + i, a)\n"


def lines(n, text):
    return "".join(f"    {text}\n".replace("@", str(j)) for j in range(n))


def nest(n, what, inside):
    return "".join("    " * (1 + j) + what.replace("@", str(j)) + "\n" for j in range(n)) + "    " * (n + 1) + inside


AXES = {
    "chain": (1000, lambda n: LOAD + lines(n, "a = a * a + @.5") + STORE),
    "chain of indices": (500, lambda n: "    a = i\n" + lines(n, "a = (a ^ @) + (a >> 1)") + STORE),
    "fan-out": (500, lambda n: LOAD + lines(n, "b@ = a * @.5") + lines(n, "a = tl.maximum(a, b@)") + STORE),
    "loads": (250, lambda n: LOAD + lines(n, "a += tl.load(x + i + @ * n)") + STORE),
    "stores": (250, lambda n: LOAD + lines(n, "tl.store(y + i + @ * n, a)")),
    "reductions": (125, lambda n: LOAD + lines(n, "a += tl.sum(a * @, 0)") + STORE),
    "masks": (250, lambda n: "    m = i < n\n" + lines(n, "m = m & (i != @ * n)") + "    tl.store(y + i, 1, mask=m)\n"),
    "branches": (100, lambda n: LOAD + lines(n, "if n > @:\n        a = a * a + @") + STORE),
    "loops": (60, lambda n: LOAD + lines(n, "for _ in range(n):\n        a = a * a + @") + STORE),
    "nested loops": (15, lambda n: LOAD + nest(n, "for i@ in range(n):", "a += tl.sum(a, 0)\n") + STORE),
    "nested branches": (15, lambda n: LOAD + nest(n, "if n > @:", "a += 1\n") + STORE),
    "carried values": (
        32,
        lambda n: (
            lines(n, "a@ = tl.load(x + i + @)")
            + "    for _ in range(n):\n"
            + "".join(f"        a{j} = a{j} * a{(j + 1) % n}\n" for j in range(n))
            + lines(n, "tl.store(y + i + @ * 128, a@)")
        ),
    ),
}


def seconds(path, target):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    stage = "ptx" if target.startswith("cuda") else "asm"
    command = [TRITONC, path, "-k", "k", "-s", "*fp32:16,*fp32:16,i32", "--target", target, "--emit", stage]
    done = subprocess.run(
        command + ["-o", os.devnull],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_STACK, (512 << 10, 512 << 10)),
        env={**os.environ, "TRITONC_VERIFY": "0"},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0, (done.returncode, done.stderr[-500:])
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("target", ["cuda:90"])
def test_growth(axis, target, tmp_path):
    n, program = AXES[axis]
    path = tmp_path / "k.py"
    least = [float("inf")] * 2
    for _ in range(6):  # neighbours on the machine slow one or the other; what grows too fast does so every time
        for k, size in enumerate((n, 4 * n)):
            path.write_text(HEAD + program(size))
            least[k] = min(least[k], seconds(path, target))
        if least[1] < 8 * max(least[0], 0.02):
            return
    pytest.fail(f"{n}: {least[0]:.3f} s, {4 * n}: {least[1]:.3f} s")
