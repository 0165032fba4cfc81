"""Every tutorial checks itself on the CPU and on the simulated GPU, and measures."""

import os
import subprocess
import sys

import pytest
from conftest import SMALL, TUTORIALS

EACH = pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)


@EACH
def test_on_the_cpu(path, measured):
    folder, results = measured
    assert results[path].returncode == 0, results[path].stdout + results[path].stderr
    assert (folder / f"{path.stem}.csv").stat().st_size > 0
    assert (folder / f"{path.stem}.png").stat().st_size > 0


CHECK_ALL = """
import runpy, sys
for path in sys.argv[1:]:
    try:
        runpy.run_path(path)["check"]()
        print("right", path)
    except Exception as error:
        print("wrong", path, repr(error))
"""


@pytest.fixture(scope="module")
def simulated():
    command = [sys.executable, "-c", CHECK_ALL, *TUTORIALS]
    env = {**SMALL, "TRITONC_SIMULATE": os.environ.get("TRITONC_SIMULATE") or "cuda:90"}
    return subprocess.run(command, capture_output=True, text=True, timeout=600, env=env).stdout


@EACH
def test_on_the_simulated_gpu(path, simulated):
    assert f"right {path}\n" in simulated, simulated
