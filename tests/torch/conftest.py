"""Every case begins as if nothing had been compiled before; files go where the run's end removes them."""

import os
import random
import shutil
import tempfile

import pytest

_folder = tempfile.mkdtemp(prefix="tritonc-torch-")
os.environ["TORCHINDUCTOR_CACHE_DIR"] = os.path.join(_folder, "inductor")
os.environ["TRITON_CACHE_DIR"] = os.path.join(_folder, "triton")
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

import torch  # noqa: E402
import torch._dynamo  # noqa: E402
import torch._inductor.config as config  # noqa: E402


def pytest_sessionfinish():
    shutil.rmtree(_folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def fresh():
    """Nothing of the case before is known any more."""
    torch._dynamo.reset()
    random.seed(0)
    torch.manual_seed(0)
    with config.patch(cpu_backend="triton", fx_graph_cache=False, force_disable_caches=True):
        yield
