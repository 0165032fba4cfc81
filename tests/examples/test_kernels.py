"""Every example kernel, every case, against PyTorch in float64."""

import importlib
import sys
from pathlib import Path

import pytest
import torch

KERNELS = Path(__file__).resolve().parents[2] / "examples" / "kernels"
sys.path.insert(0, str(KERNELS))


@pytest.mark.parametrize("name", sorted(p.stem for p in KERNELS.glob("*.py") if p.stem != "case"))
def test_example(name):
    torch.manual_seed(0)
    count = 0
    for case in importlib.import_module(name).cases():
        error = case.error()
        assert error <= case.rtol, f"{case.kernel} {case.size}: relative error {error:.2e}, allowed {case.rtol:.0e}"
        count += 1
    assert count
