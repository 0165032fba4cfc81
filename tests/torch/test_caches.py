"""What a compile leaves for the next process, and other processes that compile."""

import json
import os
import subprocess
import sys

import pytest
import torch
from common import DEVICE, ON_GPU, close, tensor

SCRIPT = """
import json, sys, torch
import torch._inductor.config as config
from torch._dynamo.utils import counters
config.cpu_backend = "triton"
device, settings = sys.argv[1], json.loads(sys.argv[2])
if __name__ == "__main__":
    for name, value in settings.items():
        setattr(config, name, value)
    torch.manual_seed(0)
    f = torch.compile(lambda x, w: torch.softmax(x * w, -1).sum(0) + x.sin().mean())
    x, w = torch.randn(40, 70, device=device), torch.randn(70, device=device, requires_grad=True)
    out = f(x, w)
    out.sum().backward()
    wanted = torch.softmax(x * w, -1).sum(0) + x.sin().mean()
    torch.testing.assert_close(out, wanted, atol=1e-4, rtol=1e-4)
    print(json.dumps({k: v for k, v in counters["inductor"].items() if "cache" in k or "bundler" in k or "async" in k}))
"""


def run(tmp_path, settings, **env):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    out = subprocess.run(
        [sys.executable, str(script), DEVICE, json.dumps(settings)], capture_output=True, text=True, timeout=500,
        env={**os.environ, "TORCHINDUCTOR_CACHE_DIR": str(tmp_path / "inductor"),
             "TRITON_CACHE_DIR": str(tmp_path / "triton"), **env},
    )  # fmt: skip
    assert out.returncode == 0, out.stderr[-3000:]
    return json.loads(out.stdout.strip().splitlines()[-1])


def test_the_cache_of_graphs_serves_another_process(tmp_path):
    """Kernels go with the graph: the second process has no folder of Triton's any more."""
    settings = {"fx_graph_cache": True, "bundle_triton_into_fx_graph_cache": True}
    first = run(tmp_path, settings)
    assert first["fxgraph_cache_miss"] >= 1 and first.get("triton_bundler_save_kernel", 0) >= 1
    for name in os.listdir(tmp_path / "triton"):
        subprocess.run(["rm", "-rf", str(tmp_path / "triton" / name)], check=True)
    second = run(tmp_path, settings)
    assert second["fxgraph_cache_hit"] >= 1 and "fxgraph_cache_miss" not in second
    assert second.get("triton_bundler_read_and_emit_kernel", 0) >= 1
    assert len(os.listdir(tmp_path / "triton")) >= 1


@pytest.mark.parametrize("start", ["subprocess", "fork"])
def test_compile_workers(tmp_path, start):
    """Kernels are compiled in other processes and come back pickled."""
    settings = {"fx_graph_cache": False, "compile_threads": 2, "worker_start_method": start,
                "quiesce_async_compile_pool": False}  # fmt: skip
    run(tmp_path, settings, TORCHINDUCTOR_COMPILE_THREADS="2", TORCHINDUCTOR_WORKER_START=start)


def test_kernels_that_are_measured(tmp_path):
    """max_autotune_pointwise and coordinate descent: many configurations of a kernel."""
    from torch._inductor import config

    with config.patch(max_autotune_pointwise=True, coordinate_descent_tuning=not ON_GPU, autotune_local_cache=False):
        x = tensor(64, 64)
        close(torch.compile(lambda x: (x.t() + x).sin())(x), (x.t() + x).sin())


AHEAD_OF_TIME = """
import sys, torch, torch._inductor
device, dynamic, path = sys.argv[1], sys.argv[2] == "True", sys.argv[3]

class Module(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.randn(24, 16))

    def forward(self, x):
        return torch.softmax(x @ self.w, -1) + x.sum()

module = Module().to(device)
shapes = {"x": {0: torch.export.Dim("n", min=2, max=100)}} if dynamic else None
with torch.no_grad():
    exported = torch.export.export(module, (torch.randn(10, 24, device=device),), dynamic_shapes=shapes)
    path = torch._inductor.aoti_compile_and_package(exported, package_path=path)
    loaded = torch._inductor.aoti_load_package(path)
    for n in (10, 33) if dynamic else (10,):
        x = torch.randn(n, 24, device=device)
        torch.testing.assert_close(loaded(x), module(x), atol=1e-4, rtol=1e-4)
"""


AHEAD_OF_TIME_ON_THE_CPU = """
import sys, torch, torch._inductor
import triton, triton.language as tl

@triton.jit
def scaled_add(x, y, out, n, scale, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + i, tl.load(x + i, mask=i < n) + scale * tl.load(y + i, mask=i < n), mask=i < n)

class Module(torch.nn.Module):
    def forward(self, x, y):
        out = torch.empty_like(x)
        n = x.numel()
        scaled_add[(triton.cdiv(n, 128),)](x, y, out, n, 0.5, BLOCK=128)
        return torch.relu(out) + 1

n = torch.export.Dim("n", min=2, max=1000)
x, y = torch.randn(2, 300, 4)
with torch.no_grad():
    exported = torch.export.export(Module(), (x, y), dynamic_shapes={"x": {0: n}, "y": {0: n}}, strict=True)
    path = torch._inductor.aoti_compile_and_package(exported, package_path=sys.argv[1])
    loaded = torch._inductor.aoti_load_package(path)
    for n in (300, 33):
        x, y = torch.randn(2, n, 4)
        torch.testing.assert_close(loaded(x, y), torch.relu(x + 0.5 * y) + 1)
"""

if (
    not ON_GPU
):  # of kernels that it generates PyTorch 2.13 itself asserts what is not so: blocks are not among the arguments

    def test_ahead_of_time_on_the_cpu(tmp_path):
        """AOTInductor: a user's kernel as a shared object, with a launcher."""
        if tuple(map(int, torch.__version__.split(".")[:2])) < (2, 13):
            return  # earlier ones have no such launchers
        program = tmp_path / "program.py"
        program.write_text(AHEAD_OF_TIME_ON_THE_CPU)
        command = [sys.executable, str(program), str(tmp_path / "model.pt2")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr[-3000:]


if ON_GPU:

    @pytest.mark.parametrize("dynamic", [False, True])
    def test_ahead_of_time(tmp_path, dynamic):
        """AOTInductor: a shared object that runs without Python's compiler. PyTorch's own code in it ends the process
        where its C++ library is not the compiler's (std::regex), whoever made the kernels: it has one of its own."""
        command = [sys.executable, "-c", AHEAD_OF_TIME, DEVICE, str(dynamic), str(tmp_path / "model.pt2")]
        done = subprocess.run(command, capture_output=True, text=True, timeout=500)
        assert done.returncode == 0, done.stderr[-3000:]


def test_a_profile_names_the_kernels():
    from torch.profiler import ProfilerActivity, profile

    compiled = torch.compile(lambda x: torch.softmax(x, -1))
    x = tensor(30, 40)
    compiled(x)
    kinds = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if ON_GPU else [])
    with profile(activities=kinds) as report:
        compiled(x)
    assert any(e.key.startswith("triton_") for e in report.key_averages())


def test_generated_code_is_not_in_check_mode(monkeypatch):
    """Inductor compiles with `debug` for its assertions; on the CPU that must not bring a check of every access."""
    import triton

    seen, compile_source = [], triton.compile

    def noting(*args, **kwargs):
        seen.append(compile_source(*args, **kwargs))
        return seen[-1]

    monkeypatch.setattr(triton, "compile", noting)
    i = tensor(5, dtype=torch.int64, low=0, high=30)
    torch.compile(lambda x, i: torch.softmax(x[i], -1))(tensor(30, 40), i)
    assert seen and not any("ttc_rt_check" in str(kernel.asm.get("llir", "")) for kernel in seen)
