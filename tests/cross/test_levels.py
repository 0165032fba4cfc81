"""An artefact's code for several processors, run by emulated ones (qemu-user): each takes the strongest that it has."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

TRITONC = Path(shutil.which("tritonc")).resolve()
RUNTIME = TRITONC.parents[1] / "libtritonc_rt.a"

KERNEL = """
import triton
import triton.language as tl


@triton.jit
def product(A, B, C, n, BLOCK: tl.constexpr):
    i, j = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    k = tl.arange(0, BLOCK)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for at in range(0, n, BLOCK):
        a = tl.load(A + i[:, None] * n + at + k[None, :])
        acc += tl.dot(a, tl.load(B + (at + k[:, None]) * n + j[None, :]))
    tl.store(C + i[:, None] * n + j[None, :], tl.exp(acc - tl.max(acc, 1)[:, None]))
"""

MAIN = r"""
#include "product.h"
#include <stdio.h>
enum { N = 64 };
static float a[N * N], b[N * N], c[N * N];
int main(void) {
  for (int i = 0; i < N * N; i++) a[i] = (float)(i % 7) / 8, b[i] = (float)(i % 5) / 4;
  if (product(a, b, c, N)) return fprintf(stderr, "%s\\n", product_message()), 1;
  return fwrite(c, sizeof c, 1, stdout) != 1;
}
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    place = tmp_path_factory.mktemp("levels")
    (place / "product.py").write_text(KERNEL)
    (place / "main.c").write_text(MAIN)
    signature = ["-s", "*fp32:16, *fp32:16, *fp32:16, i32:16, 32", "--grid", "n / BLOCK, n / BLOCK"]
    for command in (
        [TRITONC, "product.py", "-k", "product", *signature, "--emit", "c", "-o", "product"],
        ["cc", "-O1", "-static", "-I.", "main.c", "product.c", RUNTIME, "-lm", "-lpthread", "-o", "program"],
    ):
        subprocess.run(command, cwd=place, check=True)
    return place / "program"


def emulate(processor, program, level):
    env = {**os.environ, "TRITONC_NUM_THREADS": "1", "TRITONC_CPU_LEVEL": level}
    command = ["qemu-x86_64-static", "-cpu", processor, program]
    done = subprocess.run(command, env=env, capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(64, 64), done.stderr.decode()


@pytest.mark.parametrize(
    ("processor", "has", "has_not"),
    [("Nehalem", "x86-64-v2", "x86-64-v3"), ("Haswell", "x86-64-v3", "x86-64-v4")],
)
def test_an_emulated_processor_takes_what_it_has(program, processor, has, has_not):
    i = np.arange(64 * 64, dtype=np.float64).reshape(64, 64)
    product = (i % 7 / 8) @ (i % 5 / 4)
    blocks = product.reshape(64, 2, 32)
    wanted = np.exp(blocks - blocks.max(2, keepdims=True)).reshape(64, 64)
    for level, told in (
        ("", ""),
        (has, ""),
        ("x86-64-v2", ""),
        (has_not, f'"{has_not}", which this processor has not'),
    ):
        got, messages = emulate(processor, program, level)
        assert np.allclose(got, wanted, atol=1e-5) and told in messages
        assert told or "TRITONC_CPU_LEVEL" not in messages
