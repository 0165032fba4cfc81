"""The tutorials are run once, for their own tests and for the figures of the site."""

import concurrent.futures
import os
import subprocess
import sys

import pytest
from blocks import ROOT

TUTORIALS = sorted((ROOT / "examples" / "tutorials").glob("*.py"))
SMALL = {**os.environ, "TRITONC_TEST_SMALL": "1"}


@pytest.fixture(scope="session")
def measured(tmp_path_factory):
    """The folder of the tutorials' tables, and what each process gave."""
    folder = tmp_path_factory.mktemp("measured")

    def run(path):
        command = [sys.executable, path, folder]
        return subprocess.run(command, capture_output=True, text=True, timeout=600, env=SMALL)

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return folder, dict(zip(TUTORIALS, pool.map(run, TUTORIALS), strict=True))
