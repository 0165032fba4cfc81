"""Every example kernel, every case, against PyTorch in float64."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

KERNELS = Path(__file__).resolve().parents[2] / "examples" / "kernels"
sys.path.insert(0, str(KERNELS))
# On a GPU, real or simulated, float32 products go through tf32.
ON_GPU = bool(os.environ.get("TRITONC_SIMULATE")) or os.environ.get("TRITONC_TEST_DEVICE") == "cuda"
TF32 = {"attention", "conv2d", "matmul"}


@pytest.mark.parametrize("name", sorted(p.stem for p in KERNELS.glob("*.py") if p.stem != "case"))
def test_example(name):
    torch.manual_seed(0)
    count = 0
    for case in importlib.import_module(name).cases():
        error, rtol = case.error(), case.rtol
        if ON_GPU and name in TF32:
            rtol = max(rtol, 2e-3)
        assert error <= rtol, f"{case.kernel} {case.size}: relative error {error:.2e}, allowed {rtol:.0e}"
        count += 1
    assert count


def test_the_first_example_needs_numpy_alone():
    """Other packages are there, and may not be imported."""
    code = "import runpy, sys; sys.modules['torch'] = sys.modules['pandas'] = None; runpy.run_path(sys.argv[1])"
    first = KERNELS.parent / "first.py"
    done = subprocess.run([sys.executable, "-c", code, first], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.startswith("right"), done.stdout + done.stderr
