"""kernel.advise: what a launch must move and compute, what binds it, and what stands between; each sentence with a
kernel that deserves it and one that does not."""

import inspect
import json
import re

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton._advise import sentences
from triton._roofline import count
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def copy(x, y, n, STEP: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + i * STEP, mask=i < n)  # the load
    tl.store(y + i, v, mask=i < n)


@triton.jit
def gathered(x, index, y, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(y + i, tl.load(x + tl.load(index + i)))  # the gather


@triton.jit
def matmul(a, b, c, M, N, K, BLOCK: tl.constexpr, INNER: tl.constexpr, PRECISION: tl.constexpr):
    m = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    n = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    k = tl.arange(0, INNER)
    acc = tl.zeros((BLOCK, BLOCK), tl.float32)
    for at in range(0, K, INNER):
        x = tl.load(a + m[:, None] * K + at + k[None, :])  # the first load
        y = tl.load(b + (at + k[:, None]) * N + n[None, :])
        acc = tl.dot(x, y, acc, input_precision=PRECISION)  # the dot
    tl.store(c + m[:, None] * N + n[None, :], acc)


@triton.jit
def sorted_sums(x, y, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    total = tl.load(x + i)
    for k in range(1, n):
        total = tl.sort(total + tl.load(x + i + k))
    tl.store(y + i, total)


def line_of(function, text):
    lines, first = inspect.getsourcelines(function.fn)
    return f"line {first + next(i for i, line in enumerate(lines) if text in line)}"


def tensors(*shapes):
    return [torch.ones(shape) for shape in shapes]


# ---- the work ------------------------------------------------------------------------------------------------------


def test_the_work_of_a_matmul():
    a, b, c = tensors((128, 96), (96, 64), (128, 64))
    kernel = matmul.warmup(a, b, c, 128, 64, 96, BLOCK=32, INNER=32, PRECISION="ieee", grid=(4, 2))
    sizes = [4.0 * t.numel() for t in (a, b, c)] + [None] * 3
    work = count(kernel.asm["ttir"], [None] * 3 + [128, 64, 96], sizes, (4, 2, 1))
    assert work.read == {0: sizes[0], 1: sizes[1]} and work.written == {2: sizes[2]}
    assert work.matmuls == {"f32": 2.0 * 128 * 64 * 96} and work.whole


def test_the_work_of_part_of_a_tensor():
    x, y = tensors(10000, 10000)
    kernel = copy.warmup(x, y, 256, STEP=1, BLOCK=128, grid=(2,))
    work = count(kernel.asm["ttir"], [None, None, 256], [40000.0, 40000.0, None], (2, 1, 1))
    assert work.bytes == 2 * 256 * 4 and work.operations == 0


def test_a_loop_of_unknown_length_is_a_lower_limit():
    x, y = tensors(4096, 128)
    kernel = sorted_sums.warmup(x, y, 3, BLOCK=128, grid=(1,))
    assert count(kernel.asm["ttir"], [None, None, 3], [16384.0, 512.0, None], (1, 1, 1)).whole
    assert not count(kernel.asm["ttir"], [None, None, None], [16384.0, 512.0, None], (1, 1, 1)).whole


# ---- a launch ------------------------------------------------------------------------------------------------------


def this_machine():
    kernel = copy.warmup(np.ones(64, np.float32), np.ones(64, np.float32), 64, STEP=1, BLOCK=64, grid=(1,))
    return f"cpu:{kernel.metadata.target.arch}"


@pytest.fixture
def limits(monkeypatch, tmp_path):
    """Those of this machine, measured into a folder of the test's."""
    from triton import _limits

    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(_limits, "COPIED", 1 << 20)
    monkeypatch.setattr(_limits, "_again", {this_machine()})
    return tmp_path


def test_a_launch_on_the_cpu(limits):
    x, y = np.ones(1 << 16, np.float32), np.zeros(1 << 16, np.float32)
    advice = copy.advise(x, y, 1 << 16, STEP=1, BLOCK=1024, grid=(64,))
    assert advice.bytes == 2 * 4 * (1 << 16) and advice.limit == "memory" and advice.share > 0
    assert advice.sentences == [] and y.sum() == 0  # the launch ran on copies
    assert re.match(
        r"copy on cpu:\w+: 524 kB, 0 op; bound by memory: .*; took .*, \d+% of the limit( \(of memory; caches hold what it moves\))?$",
        str(advice),
    )
    (file,) = limits.glob("limits-*.json")
    before = file.read_bytes()
    copy.advise(x, y, 1 << 16, STEP=1, BLOCK=1024, grid=(64,))
    assert file.read_bytes() == before
    b = tensors((256, 256))[0]
    options = {"BLOCK": 64, "INNER": 64, "PRECISION": "ieee"}
    advice = matmul.advise(b, b, b.clone(), 256, 256, 256, grid=lambda meta: (256 // meta["BLOCK"],) * 2, **options)
    assert advice.operations == 2 * 256**3 and advice.least_seconds > 0 and advice.sentences == []


def test_limits_that_were_measured_low_are_measured_again(limits, monkeypatch):
    """A launch that is faster than the limit says that the machine was busy then."""
    from triton import _limits

    x, y = np.ones(1 << 16, np.float32), np.zeros(1 << 16, np.float32)
    arguments = {"STEP": 1, "BLOCK": 1024, "grid": (64,)}
    copy.advise(x, y, 1 << 16, **arguments)
    (file,) = limits.glob("limits-*.json")
    known = json.loads(file.read_text())
    file.write_text(json.dumps({**known, "bandwidth": 1e6, "other": 9e18}))
    assert copy.advise(x, y, 1 << 16, **arguments).share > 100  # but once in a process is enough
    monkeypatch.setattr(_limits, "_again", set())
    assert copy.advise(x, y, 1 << 16, **arguments).share < 100
    after = json.loads(file.read_text())
    assert after["bandwidth"] > 1e8 and after["other"] == 9e18 and after["matmuls"].keys() == known["matmuls"].keys()


def test_a_launch_is_timed_while_a_profile_is_taken(limits):
    import triton.profiler as proton

    x, y = np.ones(4096, np.float32), np.zeros(4096, np.float32)
    session = proton.start(str(limits / "profile"))
    try:
        assert copy.advise(x, y, 4096, STEP=1, BLOCK=1024, grid=(4,)).seconds > 0
    finally:
        proton.finalize(session)


def test_an_autotuned_kernel_is_advised_on_its_best_configuration(limits):
    tuned = triton.autotune([triton.Config({"BLOCK": 256}), triton.Config({"BLOCK": 512})], key=["n"])(copy)
    x, y = np.ones(4096, np.float32), np.zeros(4096, np.float32)
    advice = tuned.advise(x, y, 4096, STEP=1, grid=lambda meta: (4096 // meta["BLOCK"],))
    assert advice.bytes == 2 * 4 * 4096 and y.sum() == 0


def test_a_launch_on_the_simulated_gpu(monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", "cuda:90")
    a = np.ones((64, 64), np.float32)
    options = {"BLOCK": 64, "INNER": 64, "PRECISION": "ieee"}
    advice = matmul.advise(a, a, a.copy(), 64, 64, 64, grid=(1, 1), **options)
    assert advice.seconds is None and advice.share is None and advice.operations == 2 * 64**3
    assert [s for s in advice.sentences if "tensor cores" in s and s in str(advice)]


# ---- sentences: on the CPU -----------------------------------------------------------------------------------------


def of_cpu(function, signature, constants, programs=8, threads=2):
    signature = {name: signature.get(name, "constexpr") for name in function.arg_names}
    return sentences(triton.compile(ASTSource(function, signature, constants)).facts(), programs, threads)


def test_elements_one_by_one_on_the_cpu():
    pointers = {"x": "*fp32", "index": "*i32", "y": "*fp32", "n": "i32"}
    (said,) = of_cpu(gathered, pointers, {"BLOCK": 512})
    assert said.startswith(f"{line_of(gathered, '# the gather')} loads element by element")
    assert of_cpu(copy, pointers, {"STEP": 1, "BLOCK": 512}) == []
    (said,) = of_cpu(copy, pointers, {"STEP": 3, "BLOCK": 512})
    assert said.startswith(f"{line_of(copy, '# the load')} loads element by element")


@pytest.mark.parametrize("programs, threads", [(1, 2), (2, 2)])
def test_few_programs_for_threads(programs, threads):
    said = of_cpu(copy, {"x": "*fp32", "y": "*fp32", "n": "i32"}, {"STEP": 1, "BLOCK": 512}, programs, threads)
    assert ["the grid has 1 program for 2 threads" in s for s in said] == [True] * (programs < threads)


# ---- sentences: on a GPU -------------------------------------------------------------------------------------------


def of_gpu(function, signature, constants, programs=1000, multiprocessors=132, divisible=(), **options):
    signature = {name: signature.get(name, "constexpr") for name in function.arg_names}
    attrs = {(function.arg_names.index(name),): [["tt.divisibility", 16]] for name in divisible}
    source = ASTSource(function, signature, constants, attrs)
    kernel = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    return sentences(kernel.facts(), programs, multiprocessors)


def copied(step, **more):
    types = {"x": "*fp32", "y": "*fp32", "n": "i32"}
    return of_gpu(copy, types, {"STEP": step, "BLOCK": 1024}, divisible=("x", "y", "n"), **more)


def multiplied(element="*fp16", block=64, inner=64, precision="ieee", **options):
    types = {"a": element, "b": element, "c": "*fp32", "M": "i32", "N": "i32", "K": "i32"}
    constants = {"BLOCK": block, "INNER": inner, "PRECISION": precision}
    return of_gpu(matmul, types, constants, divisible=types, **options)


def test_an_access_that_is_not_coalesced():
    (said,) = copied(32)
    assert said.startswith(f"{line_of(copy, '# the load')}: this load is not coalesced") and "takes 32 sectors" in said
    assert copied(1) == []


def test_few_programs_for_multiprocessors():
    (said,) = copied(1, programs=100)
    assert said.startswith("the grid has 100 programs for 132 multiprocessors")
    assert copied(1, programs=132) == []


@pytest.mark.parametrize("precision, why", [("ieee", "full precision"), ("tf32", None)])
def test_a_dot_without_tensor_cores(precision, why):
    said = [s for s in multiplied("*fp32", precision=precision) if "tensor cores" in s]
    assert len(said) == (why is not None)
    assert not why or (said[0].startswith(f"{line_of(matmul, '# the dot')}: ") and why in said[0])


@pytest.mark.parametrize("stages", [1, 3])
def test_a_load_that_is_not_pipelined(stages):
    said = [s for s in multiplied(num_stages=stages) if "not pipelined" in s]
    assert len(said) == (2 if stages == 1 else 0)
    assert not said or (said[0].startswith(line_of(matmul, "# the first load")) and "num_stages" in said[0])


@pytest.mark.parametrize("registers, block", [(24, 1024), (None, 128)])
def test_spills(registers, block):
    types = {"x": "*fp32", "y": "*fp32", "n": "i32"}
    options = {"num_warps": 1, **({"maxnreg": registers} if registers else {})}
    said = of_gpu(sorted_sums, types, {"BLOCK": block}, **options)
    assert any("are spilled to memory" in s for s in said) == (registers is not None)


@pytest.mark.parametrize("stages, block", [(1, 128), (3, 128), (1, 32)])
def test_few_warps_on_a_multiprocessor(stages, block):
    """Large blocks leave room for few of them, which matters where their loads are waited for."""
    said = [s for s in multiplied(block=block, inner=64, num_stages=stages) if "a multiprocessor holds" in s]
    assert len(said) == ((stages, block) == (1, 128))
    assert not said or "limited by registers" in said[0]
