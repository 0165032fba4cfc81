"""tl.extra.cuda: on the simulated GPU, and on the CPU as far as it means something there."""

import pytest
import torch
import triton
import triton.language as tl
from triton.language.extra import cuda


@triton.jit
def facts_kernel(out):
    before = cuda.globaltimer()
    total = tl.sum(tl.arange(0, 1024), 0)
    tl.store(out, total.to(tl.int64))
    tl.debug_barrier()
    tl.store(out + 1, cuda.globaltimer() - before)
    tl.store(out + 2, cuda.smid().to(tl.int64))
    tl.store(out + 3, tl.full((), cuda.num_warps(), tl.int64))
    tl.store(out + 4, tl.full((), cuda.num_threads(), tl.int64))


@pytest.mark.parametrize("target", ["cuda:80", "cuda:90"])
def test_facts(monkeypatch, target):
    monkeypatch.setenv("TRITONC_SIMULATE", target)
    out = torch.full([5], -1, dtype=torch.int64)
    facts_kernel[(1,)](out, num_warps=2)
    total, elapsed, smid, warps, threads = out.tolist()
    assert total == 1023 * 512 and elapsed >= 0 and smid >= 0
    assert (warps, threads) == (2, 64)


def test_there_is_no_timer_on_the_cpu(monkeypatch):
    monkeypatch.delenv("TRITONC_SIMULATE", raising=False)
    with pytest.raises(triton.CompilationError, match="globaltimer is for CUDA devices"):
        facts_kernel[(1,)](torch.zeros(5, dtype=torch.int64))


@triton.jit
def dependent_kernel(x, y, n: tl.constexpr):
    i = tl.arange(0, n)
    cuda.gdc_wait()
    v = tl.load(x + i)
    cuda.gdc_launch_dependents()
    tl.store(y + i, v * 2)


@pytest.mark.parametrize("target", [None, "cuda:90"])
def test_dependent_launch(monkeypatch, target):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    else:
        monkeypatch.delenv("TRITONC_SIMULATE", raising=False)
    x = torch.arange(64, dtype=torch.float32)
    y = torch.zeros(64)
    kernel = dependent_kernel[(1,)](x, y, n=64, launch_pdl=True)
    assert torch.equal(y, x * 2)
    if target:
        text = kernel.asm["llir"]
        assert text.index("griddepcontrol.wait") < text.index("load") < text.index("griddepcontrol.launch_dependents")


@triton.jit
def custom_kernel(x, y, n: tl.constexpr):
    i = tl.arange(0, n)
    v = cuda.convert_custom_float8_sm80(tl.load(x + i), tl.float8e4b15)
    tl.store(y + i, cuda.convert_custom_float8_sm70(v, tl.float32))


@pytest.mark.parametrize("target", [None, "cuda:80"])
def test_custom_float8(monkeypatch, target):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    else:
        monkeypatch.delenv("TRITONC_SIMULATE", raising=False)
    x = torch.tensor([0.0, 0.5, 1.0, 1.75, 3.0, -1.25, 0.1875, -5.0])
    y = torch.zeros(8)
    custom_kernel[(1,)](x, y, n=8)
    assert y.tolist() == [0.0, 0.5, 1.0, 1.75, 1.75, -1.25, 0.1875, -1.75]
