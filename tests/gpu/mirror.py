"""A pytest plugin (`-p mirror`) that lets tests written for tensors in host memory run on a GPU.

Around each launch the memory behind every tensor and array among the arguments goes to the GPU, the kernel runs there
on tensors of the same types and alignment, and the memory comes back. Arguments that share memory share it there too.

A test that asks for a simulated GPU by TRITONC_SIMULATE gets the real one if that has the same compute capability; else
its launches stay in host memory, on the simulated GPU.

An error of the GPU ends its context, and nothing runs there afterwards. So the process ends with the test that had it:
pytest-xdist puts another in its place, and no later test fails for the same cause.

With TRITONC_TEST_RESULTS=FOLDER the memory of all tensors is also kept after every launch, in FOLDER/TEST-LAUNCH.npz.
"""

import copy
import hashlib
import itertools
import os
import sys

import numpy as np
import pytest
import torch
import triton
from triton._C import libtriton
from triton.tools.tensor_descriptor import TensorDescriptor

# What has its own test in test_cuda.py, in a process of its own: a failed assertion of a kernel ends the GPU's context.
# And what the CPU's compiler refuses or is asked for, and what launches a compiled kernel itself.
ELSEWHERE = (
    "test_device_assert",
    "test_there_is_no_timer_on_the_cpu",
    "test_a_compiled_kernel_has_code_without_maps",
    "test_a_target_without_maps_has_one_key",
)


class Mirrored:
    """A tensor on the GPU, as much of it as a launch looks at."""

    is_cuda = True

    def __init__(self, address, dtype):
        self.address, self.dtype = address, dtype

    def data_ptr(self):
        return self.address


def _memory(x):
    """(address of the memory behind x, its bytes as a tensor, offset of x in it), or None for what is no tensor."""
    if isinstance(x, torch.Tensor) and not x.is_cuda:
        storage = x.untyped_storage()
        return storage.data_ptr(), torch.tensor([], dtype=torch.uint8).set_(storage), x.data_ptr() - storage.data_ptr()
    if isinstance(x, np.ndarray):
        owner = x
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        first, end = np.lib.array_utils.byte_bounds(owner)
        flat = np.lib.stride_tricks.as_strided(owner, (1,), (owner.itemsize,)).view(np.uint8)
        all_bytes = np.lib.stride_tricks.as_strided(flat[:1], (end - first,), (1,))
        return first, torch.from_numpy(all_bytes), x.__array_interface__["data"][0] - first
    if isinstance(x, triton.TensorWrapper):
        return _memory(x.base)
    return None


class Copies:
    """The memory of one launch."""

    def __init__(self):
        self.buffers = {}
        self.results = {}  # address of the memory: (its bytes as a tensor, the dtype of the first argument in it)

    def take(self, x):
        if isinstance(x, TensorDescriptor):
            there = copy.copy(x)
            there.base = self.take(x.base)
            return there
        if type(x) is tuple:
            return tuple(self.take(e) for e in x)
        memory = _memory(x)
        if memory is None:
            if isinstance(x, torch.Tensor):
                storage = x.untyped_storage()
                data = torch.tensor([], dtype=torch.uint8, device=x.device).set_(storage)
                self.results.setdefault(storage.data_ptr(), (data, x.dtype))
            return x
        address, data, offset = memory
        if address not in self.buffers:
            # as far from a multiple of 16 as it is in host memory
            shift = address % 16
            there = torch.empty(data.numel() + shift, dtype=torch.uint8, device="cuda")[shift:]
            there.copy_(data)
            self.buffers[address] = (data, there)
            self.results[address] = (data, x.dtype)
        return Mirrored(self.buffers[address][1].data_ptr() + offset, x.dtype)

    def give_back(self):
        torch.cuda.synchronize()
        for data, there in self.buffers.values():
            data.copy_(there)

    def keep(self, path):
        arrays = {
            f"{i}-{str(dtype).removeprefix('torch.')}": data.cpu().numpy()
            for i, (data, dtype) in enumerate(self.results.values())
        }
        np.savez(path, **arrays)


RESULTS = os.environ.get("TRITONC_TEST_RESULTS")
_launches = {}  # of each test, as numbers


def _result_path():
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0]
    number = next(_launches.setdefault(test, itertools.count()))
    name = "".join(c if c.isalnum() else "-" for c in test.rpartition("::")[2])[:60]
    return os.path.join(RESULTS, f"{name}-{hashlib.sha256(test.encode()).hexdigest()[:8]}-{number}.npz")


def _runs_here():
    """Whether a launch runs on this GPU: no other one is asked for."""
    asked = os.environ.get("TRITONC_SIMULATE", "").rpartition(":")[2]
    asked = "90" if asked == "1" else asked
    major, minor = torch.cuda.get_device_capability()
    return asked in ("", "0", f"{major}{minor}")


def _mirrored(function, args, kwargs):
    if not _runs_here():
        return function(*args, **kwargs)
    copies = Copies()
    result = function(*(copies.take(a) for a in args), **{k: copies.take(v) for k, v in kwargs.items()})
    copies.give_back()
    if RESULTS:
        copies.keep(_result_path())
    return result


def pytest_configure(config):
    subscript, run = libtriton.JITCore.__getitem__, libtriton.JITCore.run

    def getitem(self, grid):
        launch = subscript(self, grid)
        return lambda *args, **kwargs: _mirrored(launch, args, kwargs)

    triton.JITFunction.__getitem__ = getitem
    triton.JITFunction.run = lambda self, *args, **kwargs: _mirrored(lambda *a, **k: run(self, *a, **k), args, kwargs)


def pytest_collection_modifyitems(config, items):
    kept = [item for item in items if not item.name.startswith(ELSEWHERE)]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = kept


@pytest.fixture(autouse=True)
def gpu_is_alive():
    yield
    try:
        torch.cuda.synchronize()
    except RuntimeError as error:
        print(error, file=sys.__stderr__, flush=True)
        if "PYTEST_XDIST_WORKER" in os.environ:
            os._exit(1)
        pytest.exit(f"the GPU's context ended: {error}", returncode=1)
