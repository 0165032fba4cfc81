"""Kernels as artefacts on a GPU: shared objects called from this process on PyTorch's memory, and a language model's
forward pass as one C program. Needs a GPU, PyTorch with CUDA, a C compiler, and the driver's header.
"""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import torch
import triton.backends.nvidia.driver as driver

ROOT = Path(__file__).resolve().parents[2]
TRITONC = Path(shutil.which("tritonc"))
CAPABILITY = "{}{}".format(*torch.cuda.get_device_capability())

KERNELS = """
import triton
import triton.language as tl


@triton.jit
def softmax(Out, In, n, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64) * n
    i = tl.arange(0, BLOCK)
    x = tl.load(In + row + i, i < n, other=-float("inf"))
    e = tl.exp(x - tl.max(x, 0))
    tl.store(Out + row + i, e / tl.sum(e, 0), i < n)


@triton.jit
def matmul(A, B, C, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    acc = tl.zeros((BM, BN), tl.float32)
    for k0 in range(0, K, BK):
        kk = k0 + k
        a = tl.load(A + m[:, None] * K + kk[None, :], (m[:, None] < M) & (kk[None, :] < K), other=0.0)
        b = tl.load(B + kk[:, None] * N + n[None, :], (kk[:, None] < K) & (n[None, :] < N), other=0.0)
        acc += tl.dot(a, b)
    tl.store(C + m[:, None] * N + n[None, :], acc, (m[:, None] < M) & (n[None, :] < N))


@triton.jit
def blocks(Out, In, At, n):
    d = tl.make_tensor_descriptor(In + tl.load(At + tl.program_id(0)) * 64, [n, 64], [64, 1], [16, 64])
    tl.store(Out + tl.program_id(0) * 64 + tl.arange(0, 64), tl.sum(d.load([0, 0]), 0))


@triton.jit
def copied(Out, desc, at):
    i = tl.arange(0, 16)
    tl.store(Out + i[:, None] * 64 + tl.arange(0, 64)[None, :], desc.load([at, 0]))
"""

MATMUL = ["-k", "matmul", "-s", "*fp16:16, *fp16:16, *fp32:16, i32:16, i32:16, i32:16, 64, 128, 64",
          "--grid", "(M + BM - 1) / BM, (N + BN - 1) / BN"]  # fmt: skip


def environment(place):
    """For a C compiler: where the driver's header and library are. The library has no name for linking everywhere."""
    stubs = place / "lib"
    if not stubs.exists():
        stubs.mkdir()
        folder = next(f for f in driver.library_dirs() if (Path(f) / "libcuda.so.1").exists())
        (stubs / "libcuda.so").symlink_to(Path(folder) / "libcuda.so.1")
    return {**os.environ, "CPATH": os.pathsep.join(driver.include_dirs), "LIBRARY_PATH": str(stubs)}


def compiled(place, *arguments, name="out", targets=f"cuda:{CAPABILITY}"):
    (place / "kernels.py").write_text(KERNELS)
    command = [TRITONC, "kernels.py", *arguments, "-t", targets, "--emit", "so", "-o", name]
    done = subprocess.run(command, cwd=place, env=environment(place), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(place / f"{name}.so"))


def jit(place):
    spec = importlib.util.spec_from_file_location("deployed_kernels", place / "kernels.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def call(function, *arguments):
    """On PyTorch's stream. Tensors are addresses, integers 32 bits."""
    given = [ctypes.c_uint64(a.data_ptr()) if isinstance(a, torch.Tensor) else a for a in arguments]
    status = function(ctypes.c_void_p(torch.cuda.current_stream().cuda_stream), *given)
    torch.cuda.synchronize()
    return status


def matrices(m=300, n=272, k=336):
    torch.manual_seed(0)
    a, b = torch.randn(m, k, device="cuda", dtype=torch.float16), torch.randn(k, n, device="cuda", dtype=torch.float16)
    return a, b, torch.zeros(m, n, device="cuda")


def test_it_gives_what_python_gives(tmp_path):
    library = compiled(tmp_path, *MATMUL)
    a, b, c = matrices(304)
    assert call(library.matmul, a, b, c, 304, 272, 336) == 0
    other = torch.zeros_like(c)
    jit(tmp_path).matmul[(5, 3)](a, b, other, 304, 272, 336, BM=64, BN=128, BK=64)
    assert torch.equal(c, other) and torch.allclose(c, a.float() @ b.float(), atol=2e-2)
    assert call(library.matmul, a, b, c, 304, 272, 335) == 1  # the hints do not hold
    assert call(library.unload_matmul) == 0


def test_softmax(tmp_path):
    library = compiled(tmp_path, "-k", "softmax", "-s", "*fp32, *fp32, i32, 1024")
    x = torch.randn(40, 1000, device="cuda")
    y, z = torch.zeros_like(x), torch.zeros_like(x)
    assert call(library.softmax, *(ctypes.c_int64(n) for n in (40, 1, 1)), y, x, 1000) == 0
    jit(tmp_path).softmax[(40,)](z, x, 1000, BLOCK=1024)
    assert torch.equal(y, z) and torch.allclose(y, torch.softmax(x, 1))


def test_memory_of_programs(tmp_path):
    library = compiled(tmp_path, "-k", "blocks", "-s", "*fp32:16, *fp32:16, *i32, i32:16")
    x, at = torch.randn(500, 64, device="cuda"), torch.arange(200, device="cuda", dtype=torch.int32).flip(0)
    y = torch.zeros(200, 64, device="cuda")
    assert call(library.blocks, *(ctypes.c_int64(n) for n in (200, 1, 1)), y, x, at, 16) == 0
    assert torch.allclose(y, torch.stack([x[i : i + 16].sum(0) for i in at.tolist()]), atol=1e-4)


class Descriptor(ctypes.Structure):
    _fields_ = [("base", ctypes.c_uint64), ("rank", ctypes.c_int), ("flags", ctypes.c_uint32),
                ("shape", ctypes.c_int64 * 5), ("strides", ctypes.c_int64 * 5)]  # fmt: skip


def test_a_descriptor(tmp_path):
    library = compiled(tmp_path, "-k", "copied", "-s", "*fp32, tensordesc<fp32[16, 64]>, i32", "--grid", "1")
    x, y = torch.randn(40, 64, device="cuda"), torch.ones(16, 64, device="cuda")
    d = Descriptor(x.data_ptr(), 2, 0, (40, 64), (64, 1))
    assert call(library.copied, y, ctypes.byref(d), 30) == 0
    assert torch.equal(y[:10], x[30:]) and not y[10:].any()
    d.strides[0] = 65
    assert call(library.copied, y, ctypes.byref(d), 30) == 1


# In a process of its own, where the driver may not compile PTX: then what runs was a cubin.
IMAGES = """
import ctypes, sys
import torch
a, b = (torch.randn(64, 64, device="cuda", dtype=torch.float16) for _ in range(2))
c = torch.zeros(64, 64, device="cuda")
call = ctypes.CDLL(sys.argv[1]).matmul
status = call(None, *(ctypes.c_uint64(x.data_ptr()) for x in (a, b, c)), 64, 64, 64)
torch.cuda.synchronize()
print(status, bool(torch.allclose(c, a.float() @ b.float(), atol=2e-2)))
"""


@pytest.mark.parametrize(
    ("targets", "cubin"),
    [(f"cuda:75,cuda:80,cuda:{CAPABILITY},cuda:120", True), ("cuda:75", False), ("cuda:75,cuda:120", False)],
)
def test_images(tmp_path, targets, cubin):
    """The driver takes this GPU's cubin of several, and PTX where there is none."""
    compiled(tmp_path, *MATMUL, targets=targets)

    def run(**env):
        command = [sys.executable, "-c", textwrap.dedent(IMAGES), tmp_path / "out.so"]
        return subprocess.run(
            command, capture_output=True, text=True, env=os.environ | {"CUDA_CACHE_DISABLE": "1"} | env
        ).stdout.split()

    assert run() == ["0", "True"]
    assert (run(CUDA_DISABLE_PTX_JIT="1")[0] == "0") == cubin


@pytest.mark.parametrize("length", [1, 37, 64])
def test_language_model(tmp_path, length):
    spec = importlib.util.spec_from_file_location("deploy_examples", ROOT / "tests/cli/test_deploy_examples.py")
    examples = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(examples)
    here, env = examples.EXAMPLES / "lm", environment(tmp_path)
    targets = f"cuda:80,cuda:{CAPABILITY}"
    for command in (
        [TRITONC, here / "lm_kernels.toml", "-t", targets, "--emit", "c", "-o", "lm_kernels"],
        ["cc", *examples.STRICT, "-DLM_CUDA", "-I.", here / "lm.c", "lm_kernels.c", "-lcuda", "-lm", "-o", "lm"],
    ):
        subprocess.run(command, cwd=tmp_path, env=env, check=True)
    model = examples.make_model()
    examples.write_weights(model, tmp_path / "weights")
    tokens = torch.randint(0, examples.WORDS, (length,), generator=torch.Generator().manual_seed(length))
    given = tokens.numpy().astype(np.int32).tobytes()
    done = subprocess.run([tmp_path / "lm", "weights"], cwd=tmp_path, input=given, capture_output=True)
    assert done.returncode == 0, done.stderr
    logits = torch.from_numpy(np.frombuffer(done.stdout, np.float32).copy()).reshape(length, examples.WORDS)
    with torch.no_grad():
        expected = model.double()(tokens)
    assert torch.allclose(logits.double(), expected, atol=2e-5, rtol=1e-4), (logits - expected).abs().max()
