"""Launching on a GPU: devices, streams, graphs, other libraries' arrays, what is refused, what is known of a kernel.

Needs a GPU and PyTorch with CUDA. CuPy and a second GPU are used where they are there.
"""

import gc
import subprocess
import sys
import textwrap
import threading

import pytest
import torch
import triton
import triton.language as tl
from triton._C import libtriton
from triton.runtime.errors import OutOfResources


@triton.jit
def add_kernel(x, y, z, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(z + at, tl.load(x + at, mask=at < n) + tl.load(y + at, mask=at < n), mask=at < n)


@triton.jit
def spin_kernel(x, rounds, out, BLOCK: tl.constexpr):
    at = tl.arange(0, BLOCK)
    v = tl.load(x + at)
    for _ in range(rounds):
        v = v * 1.0000001 + 1e-9
    tl.store(out + at, v)


@triton.jit
def dot_kernel(a, b, c, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    m, n, k = tl.arange(0, BM)[:, None], tl.arange(0, BN)[None, :], tl.arange(0, BK)
    acc = tl.dot(tl.load(a + m * BK + k[None, :]), tl.load(b + k[:, None] * BN + n))
    tl.store(c + m * BN + n, acc)


def add(device="cuda", n=1000, offset=0):
    x, y = (torch.randn(n + offset, device=device)[offset:] for _ in range(2))
    z = torch.full_like(x, float("nan"))
    kernel = add_kernel[(triton.cdiv(n, 128),)](x, y, z, n, BLOCK=128)
    assert torch.equal(z, x + y)
    return kernel


def in_a_process(body):
    """What a program prints, and how it ends: a failed assertion of a kernel ends a process's use of the GPU."""
    import tempfile

    head = "import torch, triton\nimport triton.language as tl\n"
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write(head + textwrap.dedent(body))
        file.flush()
        return subprocess.run([sys.executable, file.name], capture_output=True, text=True, timeout=120)


# ---- devices and streams ----


def test_the_target_is_the_gpu():
    major, minor = torch.cuda.get_device_capability()
    kernel = add()
    assert kernel.metadata.target == triton.runtime.driver.active.get_current_target()
    assert kernel.metadata.target == triton.backends.compiler.GPUTarget("cuda", 10 * major + minor, 32)
    assert triton.runtime.driver.active.get_active_torch_device() == torch.device("cuda", 0)


def test_unaligned():
    for offset in (1, 2, 4):
        add(offset=offset)


def test_host_tensors_run_here_beside_gpu_tensors_there():
    add("cuda")
    if _has_cpu_backend():
        assert add("cpu").metadata.target.backend == "cpu"


def _has_cpu_backend():
    try:
        libtriton.resolve_target("cpu")
        return True
    except RuntimeError:
        return False


def test_pinned_memory_is_reached():
    x, y = torch.randn(256).pin_memory(), torch.randn(256, device="cuda")
    z = torch.empty(256, device="cuda")
    add_kernel[(2,)](x, y, z, 256, BLOCK=128)
    assert torch.equal(z.cpu(), x + y.cpu())


def test_host_memory_is_refused():
    x = torch.randn(256)
    with pytest.raises(ValueError, match=r"cannot be accessed from Triton \(cpu tensor\?\): `x` is in host memory"):
        add_kernel[(2,)](x, x.cuda(), x.cuda(), 256, BLOCK=128)


def test_the_current_stream():
    """A kernel in a stream waits for what is before it there, and for nothing else."""
    x, out = torch.ones(128, device="cuda"), torch.zeros(128, device="cuda")
    other = torch.zeros(128, device="cuda")
    spin_kernel[(1,)](x, 1, out, BLOCK=128)
    torch.cuda.synchronize()
    side = torch.cuda.Stream()
    with torch.cuda.stream(side):
        spin_kernel[(1,)](x, 20_000_000, out, BLOCK=128)
        busy = side.record_event()
    spin_kernel[(1,)](x, 1, other, BLOCK=128)
    torch.cuda.current_stream().synchronize()
    assert not busy.query(), "the side stream's kernel should still run when the main stream's is done"
    side.synchronize()
    assert other[0] > 0 and out[0] > 1


def test_threads():
    """Threads that never used the GPU before launch on it."""
    problems = []

    def work():
        try:
            for n in (10, 100, 1000):
                add(n=n)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not problems, problems


def test_every_device():
    for device in range(torch.cuda.device_count()):
        with torch.cuda.device(device):
            add(f"cuda:{device}")
            assert triton.runtime.driver.active.get_current_device() == device


def test_graphs():
    x, y = torch.randn(1024, device="cuda"), torch.randn(1024, device="cuda")
    z = torch.zeros_like(x)
    add_kernel[(8,)](x, y, z, 1024, BLOCK=128)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        add_kernel[(8,)](x, y, z, 1024, BLOCK=128)
    x.copy_(torch.randn_like(x))
    graph.replay()
    assert torch.equal(z, x + y)


def test_a_graph_outlives_the_kernel_that_it_captured():
    kernel = triton.jit(add_kernel.fn)
    x, y = torch.randn(1024, device="cuda"), torch.randn(1024, device="cuda")
    z = torch.zeros_like(x)
    kernel[(8,)](x, y, z, 1024, BLOCK=128)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        kernel[(8,)](x, y, z, 1024, BLOCK=128)
    del kernel
    gc.collect()
    x.copy_(torch.randn_like(x))
    graph.replay()
    assert torch.equal(z, x + y)


def test_cupy():
    import cupy

    x, y = cupy.random.randn(500, dtype=cupy.float32), cupy.random.randn(500, dtype=cupy.float32)
    z = cupy.zeros_like(x)
    with cupy.cuda.Stream(non_blocking=True) as stream:
        add_kernel[(4,)](x, y, z, 500, BLOCK=128)
        stream.synchronize()
    assert bool((z == x + y).all())


# ---- what is known, what is refused ----


def test_resources_are_known():
    a, b = torch.randn(64, 64, device="cuda").half(), torch.randn(64, 64, device="cuda").half()
    c = torch.empty(64, 64, device="cuda")
    kernel = dot_kernel[(1,)](a, b, c, 64, 64, 64)
    assert (c - a.float() @ b.float()).abs().max() < 1e-2
    assert kernel.n_regs > 16 and kernel.n_spills == 0 and kernel.n_max_threads == 128
    assert kernel.metadata.shared >= 2 * 64 * 64 * 2
    assert set(kernel.asm) == {"ttir", "ttgir", "llir", "ptx", "cubin"}


def test_too_much_shared_memory():
    a, b = torch.randn(256, 512, device="cuda").half(), torch.randn(512, 256, device="cuda").half()
    c = torch.empty(256, 256, device="cuda")
    words = "out of resource: shared memory, Required: [0-9]+, Hardware limit: [0-9]+"
    with pytest.raises(OutOfResources, match=words) as e:
        dot_kernel[(1,)](a, b, c, 256, 256, 512, num_warps=8)
    assert e.value.required > e.value.limit > 48 << 10
    add()  # and the next one works


def test_a_grid_that_is_too_large():
    x = torch.zeros(128, device="cuda")
    with pytest.raises(RuntimeError, match="put the long dimension first"):
        add_kernel[(1, 70000)](x, x, x, 0, BLOCK=128)
    add()


def test_an_empty_grid():
    x = torch.zeros(128, device="cuda")
    add_kernel[(0,)](x, x, x, 128, BLOCK=128)


def test_cooperative():
    x = torch.randn(1024, device="cuda")
    z = torch.empty_like(x)
    add_kernel[(8,)](x, x, z, 1024, BLOCK=128, launch_cooperative_grid=True)
    assert torch.equal(z, x + x)


def test_a_kernel_goes_with_its_module():
    for i in range(20):
        scope = {"tl": tl}
        source = f"def k(x):\n    tl.store(x, {i}.0)\n"
        import linecache

        linecache.cache[f"<k{i}>"] = (len(source), None, source.splitlines(True), f"<k{i}>")
        exec(compile(source, f"<k{i}>", "exec"), scope)
        x = torch.zeros(1, device="cuda")
        triton.jit(scope["k"])[(1,)](x)
        assert x.item() == i


def test_device_assert():
    done = in_a_process(
        """
        @triton.jit
        def kernel(x):
            tl.device_assert(tl.load(x) == 0, "it must be zero")

        kernel[(1,)](torch.zeros(1, device="cuda"), debug=True)
        torch.cuda.synchronize()
        print("the first is fine", flush=True)
        kernel[(1,)](torch.ones(1, device="cuda"), debug=True)
        torch.cuda.synchronize()
        """
    )
    assert done.returncode != 0 and "the first is fine" in done.stdout
    assert "it must be zero" in done.stderr + done.stdout
    assert "AcceleratorError" in done.stderr or "CUDA error" in done.stderr


def test_device_print():
    done = in_a_process(
        """
        @triton.jit
        def kernel(x, B: tl.constexpr):
            tl.device_print("value ", tl.load(x + tl.arange(0, B)))

        kernel[(2,)](torch.arange(4, dtype=torch.int32, device="cuda"), B=4)
        torch.cuda.synchronize()
        """
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if "value" in line]
    assert sorted(lines) == sorted(f"pid ({p}, 0, 0) idx ({i}) value: {i}" for p in range(2) for i in range(4)), lines


@triton.jit
def double_kernel(x, n, B: tl.constexpr):
    i = tl.arange(0, B)
    tl.store(x + i, tl.load(x + i, mask=i < n) * 2, mask=i < n)


def test_parameters_of_an_edited_kernel(tmp_path):
    x = torch.arange(64, device="cuda")
    text = double_kernel.warmup(x, 50, B=64, grid=(1,)).asm["ptx"]
    head, body = text.split("\n)", 1)
    for more, ok in ((0, True), (1, True), (2, True), (3, False)):  # one or two: scratch memory, as in the reference
        path = tmp_path / f"{more}.ptx"
        path.write_text(head + "".join(f",\n\t.param .u64 more_{i}" for i in range(more)) + "\n)" + body)
        x = torch.arange(64, device="cuda")
        if ok:
            double_kernel[(1,)](x, 50, B=64, ir_override=str(path))
            assert torch.equal(x.cpu(), torch.arange(64) * torch.where(torch.arange(64) < 50, 2, 1))
        else:
            with pytest.raises(RuntimeError, match=f"has {2 + more} parameters, but its launches give 2"):
                double_kernel[(1,)](x, 50, B=64, ir_override=str(path))


def test_an_illegal_address_is_reported():
    done = in_a_process(
        """
        @triton.jit
        def kernel(x):
            tl.store(x + (1 << 45), 1.0)

        kernel[(1,)](torch.zeros(1, device="cuda"))
        try:
            torch.cuda.synchronize()
        except RuntimeError:
            pass
        kernel[(2,)](torch.zeros(1, device="cuda"))
        """
    )
    assert done.returncode != 0 and "CUDA error" in done.stderr, done.stderr


# ---- measuring and tuning ----


def test_benchmarks():
    x = torch.randn(1 << 20, device="cuda")
    z = torch.empty_like(x)

    def run():
        add_kernel[(1024,)](x, x, z, x.numel(), BLOCK=1024)

    low, middle, high = triton.testing.do_bench(run, quantiles=[0.2, 0.5, 0.8])
    assert 1e-3 < low <= middle <= high < 10
    assert 5e-4 < triton.testing.do_bench_cudagraph(run) < 10
    assert triton.testing.get_dram_gbps() > 100
    properties = triton.runtime.driver.active.utils.get_device_properties(0)
    assert properties["multiprocessor_count"] == torch.cuda.get_device_properties(0).multi_processor_count


def test_autotune():
    @triton.autotune([triton.Config({"BLOCK": b}, num_warps=w) for b in (128, 1024) for w in (1, 4)], key=["n"])
    @triton.jit
    def tuned_kernel(x, z, n, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(z + at, tl.load(x + at, mask=at < n) * 2, mask=at < n)

    x = torch.randn(10000, device="cuda")
    z = torch.empty_like(x)
    tuned_kernel[lambda meta: (triton.cdiv(10000, meta["BLOCK"]),)](x, z, 10000)
    assert torch.equal(z, 2 * x)
    assert tuned_kernel.best_config.kwargs["BLOCK"] in (128, 1024)


def test_configurations_that_do_not_fit_lose():
    @triton.autotune([triton.Config({"BK": k}) for k in (32, 2048)], key=[])
    @triton.jit
    def kernel(a, b, c, K, BK: tl.constexpr):
        m, n = tl.arange(0, 64)[:, None], tl.arange(0, 64)[None, :]
        acc = tl.zeros((64, 64), tl.float32)
        for k in range(0, K, BK):
            at = k + tl.arange(0, BK)
            x = tl.load(a + m * K + at[None, :], mask=at[None, :] < K, other=0.0)
            acc = tl.dot(x, tl.load(b + at[:, None] * 64 + n, mask=at[:, None] < K, other=0.0), acc)
        tl.store(c + m * 64 + n, acc)

    a, b = torch.randn(64, 128, device="cuda").half(), torch.randn(128, 64, device="cuda").half()
    c = torch.empty(64, 64, device="cuda")
    kernel[(1,)](a, b, c, 128)
    assert kernel.best_config.kwargs["BK"] == 32
    assert (c - a.float() @ b.float()).abs().max() < 1e-2


# ---- the user's own PTX, which the simulated GPU does not run ----


@triton.jit
def assembly_kernel(bytes, halves, floats, out8, out16, out32, N: tl.constexpr):
    at = tl.arange(0, N)
    b, h, f = tl.load(bytes + at), tl.load(halves + at), tl.load(floats + at)
    x = tl.inline_asm_elementwise("shl.b32 $0, $1, 3;", "=r,r", [b], dtype=tl.int8, is_pure=True, pack=1)
    tl.inline_asm_elementwise(
        "st.global.b8 [$1], $2; mov.b32 $0, 0;", "=r,l,r", [out8 + at, x], dtype=tl.int32, is_pure=False, pack=1
    )
    y = tl.inline_asm_elementwise("add.f16 $0, $1, $1;", "=h,h", [h], dtype=tl.float16, is_pure=True, pack=1)
    tl.store(out16 + at, y)
    text = "selp.f32 $0, $1, 0f00000000, $2; // where"
    tl.store(out32 + at, tl.inline_asm_elementwise(text, "=f,f,b", [f, f > 0], dtype=tl.float32, is_pure=True, pack=1))


@triton.jit
def packed_kernel(bytes, halves, out8, out16, out32, N: tl.constexpr):
    at = tl.arange(0, N)
    b, h = tl.load(bytes + at), tl.load(halves + at)
    text = """
        and.b32 $0, $6, 0x1F1F1F1F; shl.b32 $0, $0, 3;
        bfe.u32 $1, $6, 0, 8; bfe.u32 $2, $6, 8, 8; bfe.u32 $3, $6, 16, 8; bfe.u32 $4, $6, 24, 8;
        mov.b32 $5, 0; // bytes shifted, bytes one by one"""
    x, n, _ = tl.inline_asm_elementwise(
        text, "=r,=r,=r,=r,=r,=r,r", [b], dtype=(tl.int8, tl.int32, tl.int8), is_pure=True, pack=4
    )
    tl.store(out8 + at, x)
    tl.store(out32 + at, n.to(tl.float32))
    y = tl.inline_asm_elementwise("add.f16x2 $0, $1, $1;", "=r,r", [h], dtype=tl.float16, is_pure=True, pack=2)
    tl.store(out16 + at, y)


@pytest.mark.parametrize("n", [32, 64, 512])
def test_inline_assembly(n):
    bytes = torch.randint(0, 256, (n,), dtype=torch.uint8, device="cuda")
    halves, floats = torch.randn(n, device="cuda").half(), torch.randn(n, device="cuda")
    shifted = (bytes.int() * 8 % 256).to(torch.uint8)

    def results():
        return torch.zeros_like(bytes), torch.zeros_like(halves), torch.zeros_like(floats)

    out8, out16, out32 = results()
    assembly_kernel[(1,)](bytes, halves, floats, out8, out16, out32, N=n)
    assert torch.equal(out8, shifted)
    assert torch.equal(out16, halves * 2)
    assert torch.equal(out32, floats.relu())
    out8, out16, out32 = results()
    packed_kernel[(1,)](bytes, halves, out8, out16, out32, N=n)
    assert torch.equal(out8, shifted)
    assert torch.equal(out16, halves * 2)
    assert torch.equal(out32, bytes.float())
