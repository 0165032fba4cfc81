"""Random kernels agree with NumPy: bit for bit, float sums within the bound of any order of summation."""

import linecache
import os

import pytest
import triton
import triton.language as tl
from random_kernels import Kernel

COUNT = 200 if os.environ.get("TRITONC_TEST_SMALL") else 2000
BATCH = 100


def compile_source(source, name):
    """The kernel of a piece of source text; its lines are known to linecache, as an editor's or a notebook's are."""
    file = f"<{name}>"
    linecache.cache[file] = (len(source), None, source.splitlines(True), file)
    scope = {"triton": triton, "tl": tl, "__name__": name}
    exec(compile(source, file, "exec"), scope)
    return scope["kernel"]


@pytest.mark.parametrize("batch", range(COUNT // BATCH))
def test_random_kernels(batch, monkeypatch):
    monkeypatch.setenv("TRITON_ALWAYS_COMPILE", "1")
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        kernel = Kernel(seed)
        difference = kernel.check(compile_source(kernel.source, f"random_kernel_{seed}"))
        assert difference is None, f"seed {seed}: {difference}\n{kernel.source}"
