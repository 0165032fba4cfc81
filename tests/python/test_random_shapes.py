"""Random kernels that move elements about agree with NumPy, element for element."""

import os

import pytest
from random_shapes import Kernel
from test_random_kernels import compile_source

COUNT = 100 if os.environ.get("TRITONC_TEST_SMALL") else 500
BATCH = 50


@pytest.mark.parametrize("batch", range(COUNT // BATCH))
def test_random_shapes(batch, monkeypatch):
    monkeypatch.setenv("TRITON_ALWAYS_COMPILE", "1")
    for seed in range(batch * BATCH, (batch + 1) * BATCH):
        kernel = Kernel(seed)
        difference = kernel.check(compile_source(kernel.source, f"random_shapes_{seed}"))
        assert difference is None, f"seed {seed}: {difference}\n{kernel.source}"
