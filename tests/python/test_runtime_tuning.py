"""Autotuning, heuristics, measuring and comparing."""

import copy
import os
import pickle
import struct
import sys
import threading

import matplotlib.pyplot
import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton import knobs, testing
from triton.runtime.errors import AutotunerError


def make(configs, bench=None, key=("n",), **options):
    """A kernel that adds 1 with the configurations' block sizes."""

    @triton.autotune(configs=configs, key=list(key), do_bench=bench, **options)
    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(x + at, tl.load(x + at, mask=at < n) + 1, mask=at < n)

    return kernel


def grid(meta):
    return (triton.cdiv(meta["n"], meta["BLOCK"]),)


CONFIGS = [triton.Config({"BLOCK": b}, num_warps=w) for b, w in ((16, 1), (64, 2), (256, 4))]


class FakeBench:
    """Runs once and answers from a list: no clock decides a test."""

    def __init__(self, *times):
        self.times = list(times)
        self.calls = 0

    def __call__(self, fn, quantiles):
        fn()
        self.calls += 1
        time = self.times[(self.calls - 1) % len(self.times)]
        return [time] * len(quantiles)


def test_the_fastest_is_chosen_once_per_key():
    bench = FakeBench(3.0, 1.0, 2.0)
    kernel = make(CONFIGS, bench)
    x = torch.zeros(1000)
    kernel[grid](x, 1000)
    assert bench.calls == 3 and kernel.best_config is CONFIGS[1]
    assert (x == 4).all()  # three measured runs and the launch
    kernel[grid](x, 1000)
    assert bench.calls == 3
    kernel[grid](x, 999)
    assert bench.calls == 6
    kernel[grid](x.double(), 999)
    assert bench.calls == 9  # element types are part of the key
    assert set(kernel.configs_timings) == set(CONFIGS)


def test_a_real_clock():
    with pytest.warns(DeprecationWarning, match="the configurations race"):
        kernel = make(CONFIGS, warmup=1, rep=2)
    x = torch.zeros(1000)
    kernel[grid](x, 1000)
    assert kernel.best_config in CONFIGS and x[0] > 3 and (x == x[0]).all()


def test_restore_and_reset():
    kernel = make(CONFIGS, FakeBench(1.0), restore_value=["x"])
    x = torch.zeros(100)
    kernel[grid](x, 100)
    assert (x == 1).all()
    kernel = make(CONFIGS, FakeBench(1.0), reset_to_zero=["x"])
    x = torch.full((100,), 5.0)
    kernel[grid](x, 100)
    assert (x == 1).all()
    kernel = make(CONFIGS, FakeBench(1.0), restore_value=["x"])
    x = np.zeros(100, np.float32)
    kernel[grid](x, 100)
    assert (x == 1).all()


@pytest.mark.parametrize("by", ["argument", "variable"])
def test_choices_are_kept_on_disk(by, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    if by == "variable":
        monkeypatch.setenv("TRITON_CACHE_AUTOTUNING", "1")
    bench = FakeBench(3.0, 1.0, float("inf"))

    def again(configs=CONFIGS):
        """As another process would, of the same source."""
        return make(configs, bench, **({"cache_results": True} if by == "argument" else {}))

    x = torch.zeros(1000)
    again()[grid](x, 1000)
    assert bench.calls == 3 and (x == 4).all()
    kernel = again()
    kernel[grid](x, 1000)
    assert bench.calls == 3 and (x == 5).all() and kernel.best_config is CONFIGS[1]
    assert kernel.configs_timings == {c: [t] * 3 for c, t in zip(CONFIGS, (3.0, 1.0, float("inf")), strict=True)}
    kernel[grid](x, 999)
    assert bench.calls == 6  # another key
    again(CONFIGS[:2])[grid](x, 1000)
    assert bench.calls == 6  # of these everything is known
    again([*CONFIGS, triton.Config({"BLOCK": 128})])[grid](x, 1000)
    assert bench.calls == 7  # and of these all but one
    again([*CONFIGS, triton.Config({"BLOCK": 128})])[grid](x, 1000)
    assert bench.calls == 7
    files = list(tmp_path.rglob("kernel.autotune.json"))
    assert len(files) == 2  # for each key one
    for file in files:
        file.write_text(file.read_text()[:-5])
    bench.calls = 8
    again()[grid](x, 1000)
    assert bench.calls == 11  # a damaged file is none
    again([triton.Config({"BLOCK": b}, pre_hook=lambda kwargs: None) for b in (16, 32)])[grid](x, 1000)
    again([triton.Config({"BLOCK": b}, pre_hook=lambda kwargs: None) for b in (16, 32)])[grid](x, 1000)
    assert bench.calls == 15  # hooks may do anything
    monkeypatch.delenv("TRITON_CACHE_AUTOTUNING", raising=False)
    make(CONFIGS, bench)[grid](x, 1000)
    assert bench.calls == 18


def test_arguments_that_are_none_are_neither_reset_nor_restored():
    @triton.autotune(CONFIGS, key=[], reset_to_zero=["sum"], restore_value=["x"], do_bench=FakeBench(1.0))
    @triton.jit
    def kernel(x, sum, n, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        if x is not None:
            tl.store(x + at, tl.load(x + at, mask=at < n) + 1, mask=at < n)
        if sum is not None:
            tl.store(sum + at, tl.load(sum + at, mask=at < n) + 1, mask=at < n)

    for wants_x, wants_sum in ((0, 1), (1, 0), (0, 0), (1, 1)):
        x, sum = torch.zeros(100) if wants_x else None, torch.full((100,), 7.0) if wants_sum else None
        kernel.cache.clear()
        kernel[grid](x, sum, 100)
        assert (x is None or (x == 1).all()) and (sum is None or (sum == 1).all())
        kernel.cache.clear()
        kernel[grid](x=x, sum=sum, n=100)
        assert (x is None or (x == 2).all()) and (sum is None or (sum == 1).all())


def test_hooks_hear_of_failures():
    """The post hook is called as often as the pre hook, and what it raises does not hide the failure."""
    open_calls, failures = [], []

    def post(kwargs, exception):
        open_calls.pop()
        failures.append(exception)
        if exception is not None:
            raise ValueError("from the hook")

    @triton.autotune(
        CONFIGS, key=[], do_bench=FakeBench(1.0), post_hook=post,
        pre_hook=lambda kwargs, reset_only=False: None if reset_only else open_calls.append(1),
    )  # fmt: skip
    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr):
        tl.static_assert(BLOCK == 64, "only 64")
        tl.store(x + tl.arange(0, BLOCK), 1.0)

    kernel[(1,)](torch.zeros(64), 64)
    assert not open_calls and kernel.best_config is CONFIGS[1]
    assert [type(error).__name__ for error in failures] == [
        "CompileTimeAssertionFailure", "NoneType", "CompileTimeAssertionFailure",
    ]  # fmt: skip


def test_more_threads_than_a_gpu_has(monkeypatch, capsys):
    monkeypatch.setenv("TRITONC_SIMULATE", "1")
    monkeypatch.setenv("TRITON_PRINT_AUTOTUNING", "1")
    configs = [triton.Config({"BLOCK": 64}, num_warps=w) for w in (128, 4, 64)]
    kernel = make(configs, FakeBench(3.0, 1.0, 2.0))
    x = np.zeros(64, np.float32)
    kernel[grid](x, 64)
    assert kernel.best_config is configs[1] and kernel.configs_timings[configs[0]] == [float("inf")] * 3
    assert "Autotuning failed with out of resource: threads, Required: 4096" in capsys.readouterr().out
    with pytest.raises(triton.OutOfResources, match="out of resource: threads, Required: 2048, Hardware limit: 1024"):
        make([configs[2]])[grid](x, 64)


@pytest.mark.parametrize("stage, one, two", [
    ("ttir", "1.500000e+00", "2.500000e+00"), ("ttgir", "1.500000e+00", "2.500000e+00"),
    ("ptx", "0x3fc00000", "0x40200000"),
])  # fmt: skip
def test_ir_override(stage, one, two, tmp_path):
    """A file takes its stage's place, and what is in it is part of what the cache goes by."""
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)

    @triton.jit
    def kernel(x):
        tl.store(x, 1.5)

    source = triton.compiler.ASTSource(kernel, {"x": "*fp32"})
    file = tmp_path / f"mine.{stage}"
    plain = triton.compile(source, target=target)
    file.write_text(plain.asm[stage].replace(one, two))
    edited = triton.compile(source, target=target, options={"ir_override": str(file)})
    assert one in plain.asm[stage] and two in edited.asm[stage] and edited.name == "kernel"
    assert "0x40200000" in edited.asm["ptx"] and "0x3fc00000" not in edited.asm["ptx"]
    file.write_text(plain.asm[stage])
    again = triton.compile(source, target=target, options={"ir_override": str(file)})
    assert "0x3fc00000" in again.asm["ptx"] and len({plain.hash, edited.hash, again.hash}) == 3


def test_ir_override_of_llir_on_the_cpu(tmp_path):
    x = np.zeros(64, np.float32)
    plain = make([triton.Config({"BLOCK": 64})])[grid](x, 64)
    file = tmp_path / "mine.llir"
    assert plain.asm["llir"].count("float 1.000000e+00") > 0
    file.write_text(plain.asm["llir"].replace("float 1.000000e+00", "float 1.000000e+01"))
    edited = make([triton.Config({"BLOCK": 64}, ir_override=str(file))])[grid](x, 64)
    assert (x == 11).all() and "float 1.000000e+01" in edited.asm["llir"]
    for text, wrong in [
        ("nonsense", "the edited llir: .*expected top-level entity"),
        ("define void @other() { ret void }", "has no function `"),
        (f"define void @{edited.name}() {{ ret void }}", "does not have the kernel's parameters"),
    ]:
        file.write_text(text)
        with pytest.raises(triton.CompilationError, match=wrong):
            make([triton.Config({"BLOCK": 64}, ir_override=str(file))])[grid](x, 64)


@pytest.mark.parametrize("backend, later", [("cpu", "llir"), ("cuda", "ptx")])
def test_an_edited_stage_among_stale_ones(backend, later, tmp_path, monkeypatch):
    """In a folder with all stages, what differs from what is made is an edit; a later stage that does not hides nothing."""
    target = triton.backends.compiler.GPUTarget(backend, *(("", 0) if backend == "cpu" else (90, 32)))

    @triton.jit
    def kernel(x):
        tl.store(x, 1.5)

    source = triton.compiler.ASTSource(kernel, {"x": "*fp32"})
    numbers = {"ttir": ("1.500000e+00", "2.500000e+00")}
    numbers["llir"], numbers["ptx"] = (("float 1.500000e+00", "float 3.500000e+00"), ("0x3fc00000", "0x40600000"))
    monkeypatch.setenv("TRITON_KERNEL_DUMP", "1")
    monkeypatch.setenv("TRITON_DUMP_DIR", str(tmp_path))
    plain = triton.compile(source, target=target)
    monkeypatch.delenv("TRITON_KERNEL_DUMP")
    monkeypatch.setenv("TRITON_KERNEL_OVERRIDE", "1")
    monkeypatch.setenv("TRITON_OVERRIDE_DIR", str(tmp_path))

    def edit(stage, when):
        path = tmp_path / plain.hash / f"kernel.{stage}"
        one, two = numbers[stage]
        assert one in plain.asm[stage]
        path.write_text(plain.asm[stage].replace(one, two))
        os.utime(path, ns=(when, when))

    def code():
        return triton.compile(source, target=target).asm[later]

    def holds(text, value):
        return {"llir": f"float {value:e}", "ptx": f"0x{struct.unpack('I', struct.pack('f', value))[0]:08x}"}[
            later
        ] in text

    assert holds(code(), 1.5)  # nothing is edited
    for name in (tmp_path / plain.hash).iterdir():  # however old the files look
        os.utime(name, ns=(2 * 10**18, 2 * 10**18))
    edit("ttir", 10**18)
    assert holds(code(), 2.5)
    edit(later, 10**18 + 5)
    assert holds(code(), 3.5)  # both are edited: the later stage was edited later
    edit("ttir", 10**18 + 7)
    with pytest.raises(
        triton.CompilationError, match=rf"kernel.ttir and kernel.{later} are both edited, and the second"
    ):
        code()
    (tmp_path / plain.hash / "kernel.ttir").write_text(plain.asm["ttir"])
    assert holds(code(), 3.5)


def test_ir_override_that_cannot_be_taken(tmp_path):
    kernel = make([triton.Config({"BLOCK": 64}, ir_override=str(tmp_path / "nowhere.ttir"))])
    with pytest.raises(RuntimeError, match=r"cannot read `.*nowhere.ttir`"):
        kernel[grid](np.zeros(64, np.float32), 64)
    for name in ("mine.ptx", "mine"):  # no stage of the CPU's
        (tmp_path / name).write_text("")
        kernel = make([triton.Config({"BLOCK": 64}, ir_override=str(tmp_path / name))])
        with pytest.raises(triton.CompilationError, match="target `cpu` takes no edited stage"):
            kernel[grid](np.zeros(64, np.float32), 64)


def test_ir_override_of_a_configuration(tmp_path, monkeypatch):
    x = np.zeros(64, np.float32)
    plain = make([triton.Config({"BLOCK": 64})])[grid](x, 64)
    assert (x == 1).all()
    file = tmp_path / "mine.ttir"
    text = plain.asm["ttir"]
    assert "1.000000e+00" in text
    file.write_text(text.replace("1.000000e+00", "1.000000e+01"))
    make([triton.Config({"BLOCK": 64}, ir_override=str(file))])[grid](x, 64)
    assert (x == 11).all()
    make([triton.Config({"BLOCK": 64, "ir_override": str(file)})])[grid](x, 64)
    assert (x == 21).all()
    monkeypatch.setenv("TRITONC_SIMULATE", "1")
    make([triton.Config({"BLOCK": 64}, ir_override=str(file))])[grid](x, 64)
    assert (x == 31).all()


def test_hooks():
    calls = []
    kernel = make(
        CONFIGS[:2], FakeBench(2.0, 1.0),
        pre_hook=lambda kwargs, reset_only=False: calls.append(("pre", kwargs["BLOCK"], reset_only)),
        post_hook=lambda kwargs, exception: calls.append(("post", kwargs["BLOCK"], exception)),
    )  # fmt: skip
    kernel[grid](torch.zeros(8), 8)
    assert calls == [("pre", 16, False), ("post", 16, None), ("pre", 64, False), ("post", 64, None), ("pre", 64, True)]
    seen = []
    config = triton.Config({"BLOCK": 16}, pre_hook=lambda kwargs: seen.append(kwargs["n"]))
    make([config])[grid](torch.zeros(8), 8)
    assert seen == [8]


def test_threads_tune_one_kernel():
    """Each launch's arguments are its own, one thread measures at a time, and the cache may be emptied meanwhile."""

    @triton.autotune([triton.Config({"C": c}) for c in (1, 2)], key=["n"])
    @triton.jit
    def kernel(p, n, C: tl.constexpr):
        tl.store(p + tl.arange(0, 16), tl.arange(0, 16) + n)

    failed = []

    def launches(thread):
        x = torch.zeros(16)
        try:
            for i in range(6):
                kernel[(1,)](x, thread % 2 + i)
                assert torch.equal(x, torch.arange(16.0) + (thread % 2 + i))
                if i == 3:
                    kernel.cache.clear()
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=launches, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failed
    assert kernel.nargs is None and not kernel._nargs
    assert copy.copy(kernel)._locks == {}  # which nothing could copy


def test_a_hook_launches_the_kernel_that_is_tuned():
    x, y = torch.zeros(16), torch.zeros(16)
    depth = []

    def hook(named):
        assert kernel.nargs["p"] is named["p"]
        if not depth:
            depth.append(1)
            kernel[(1,)](y, 5)
            assert kernel.nargs["p"] is named["p"]

    @triton.autotune([triton.Config({"C": c}, pre_hook=hook) for c in (1, 2)], key=["n"])
    @triton.jit
    def kernel(p, n, C: tl.constexpr):
        tl.store(p + tl.arange(0, 16), tl.arange(0, 16) + n)

    kernel[(1,)](x, 3)
    assert torch.equal(x, torch.arange(16.0) + 3) and torch.equal(y, torch.arange(16.0) + 5)


def test_pruning():
    bench = FakeBench(1.0)
    kernel = make(
        CONFIGS,
        bench,
        prune_configs_by={"early_config_prune": lambda configs, args, **kw: [c for c in configs if c.num_warps > 1]},
    )
    kernel[grid](torch.zeros(8), 8)
    assert bench.calls == 2 and kernel.best_config is CONFIGS[1]
    bench = FakeBench(1.0)
    kernel = make(CONFIGS, bench, prune_configs_by={"perf_model": lambda BLOCK, **kw: -BLOCK, "top_k": 1})
    kernel[grid](torch.zeros(8), 8)
    assert bench.calls == 0 and kernel.best_config is CONFIGS[2]  # there is nothing to choose from
    kernel = make(CONFIGS, bench, prune_configs_by={"early_config_prune": lambda *args, **kw: []})
    with pytest.raises(triton.TritonError, match="Autotuner error: No valid autotuner configs") as caught:
        kernel[grid](torch.zeros(8), 8)
    assert type(caught.value) is AutotunerError


def test_a_configuration_that_does_not_compile_loses():
    @triton.autotune(configs=CONFIGS, key=[], do_bench=FakeBench(1.0))
    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr):
        tl.static_assert(BLOCK == 64, "only 64")
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(x + at, 1, mask=at < n)

    x = torch.zeros(100)
    kernel[grid](x, 100)
    assert kernel.best_config is CONFIGS[1] and (x == 1).all()


def test_conflicting_arguments():
    with pytest.raises(ValueError, match="Conflicting meta-parameters: BLOCK"):
        make(CONFIGS)[grid](torch.zeros(8), 8, BLOCK=16)


def test_printing(capsys, monkeypatch):
    monkeypatch.setenv("TRITON_PRINT_AUTOTUNING", "1")
    make(CONFIGS, FakeBench(3.0, 1.0, 2.0))[grid](torch.zeros(8), 8)
    out = capsys.readouterr().out
    assert "Triton autotuning for function kernel" in out
    assert "best config selected: BLOCK: 64, num_warps: 2" in out


def test_warmup_compiles_every_configuration():
    kernels = make(CONFIGS).warmup(torch.float32, 100, grid=(1,))
    assert len({k.hash for k in kernels}) == 3


def test_config():
    config = triton.Config({"BLOCK": 16}, num_warps=8, num_stages=2, maxnreg=64)
    assert config.all_kwargs() == {"BLOCK": 16, "num_warps": 8, "num_stages": 2, "num_ctas": 1, "maxnreg": 64}
    assert str(config) == "BLOCK: 16, num_warps: 8, num_ctas: 1, num_stages: 2, maxnreg: 64, ir_override: None"
    assert pickle.loads(pickle.dumps(config)) == config and copy.deepcopy(config) == config
    assert config == triton.Config({"BLOCK": 16}, num_warps=8, num_stages=2, maxnreg=64)
    assert config != triton.Config({"BLOCK": 16}) and len({config, triton.Config({"BLOCK": 16})}) == 2


def test_heuristics():
    @triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0, "TWICE": lambda args: args["BLOCK"] * 2})
    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr, EVEN: tl.constexpr, TWICE: tl.constexpr):
        tl.store(x, EVEN)
        tl.store(x + 1, TWICE)

    x = torch.zeros(2)
    kernel[(1,)](x, 32, BLOCK=16)
    assert x.tolist() == [1, 32]
    kernel[(1,)](x, 33, 16)
    assert x.tolist() == [0, 32]


def test_heuristics_under_autotuning():
    @triton.autotune(configs=CONFIGS, key=["n"], do_bench=FakeBench(3.0, 1.0, 2.0))
    @triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):
        tl.store(x, EVEN)
        tl.store(x + 1, BLOCK)

    x = torch.zeros(2)
    kernel[(1,)](x, 64)
    assert x.tolist() == [1, 64]
    kernel[(1,)](x, 65)
    assert x.tolist() == [0, 64]


# ---- measuring -------------------------------------------------------------------------------------------------------


def test_do_bench():
    calls = []
    assert testing.do_bench(lambda: calls.append(1), warmup=1, rep=2) > 0
    assert len(calls) > 5
    times = testing.do_bench(lambda: None, warmup=1, rep=1, return_mode="all")
    assert isinstance(times, list) and all(t >= 0 for t in times)
    low, middle, high = testing.do_bench(lambda: sum(range(100)), warmup=1, rep=2, quantiles=[0.2, 0.5, 0.8])
    assert low <= middle <= high
    assert isinstance(testing.do_bench(lambda: None, warmup=1, rep=1, quantiles=[0.5]), float)
    with pytest.raises(ValueError, match="return_mode"):
        testing.do_bench(lambda: None, return_mode="mode")
    x = torch.ones(1, requires_grad=True)
    testing.do_bench(lambda: x.sum().backward(), warmup=1, rep=1, grad_to_none=[x])
    assert x.grad.item() == 1


def test_quantiles_and_modes():
    times = [4.0, 1.0, 3.0, 2.0]
    assert testing.statistics(times, [0, 0.5, 1], "mean") == [1.0, 2.5, 4.0]
    assert [testing.statistics(times, None, m) for m in ("min", "max", "mean", "median")] == [1, 4, 2.5, 2.5]


def test_assert_close():
    testing.assert_close(torch.ones(3), np.ones(3))
    testing.assert_close(torch.ones(3, dtype=torch.bfloat16), torch.ones(3) + 0.005)
    testing.assert_close(1.0, 1.001, atol=lambda dtype: 0.01)
    testing.assert_close(torch.tensor([float("nan"), 1.0]), torch.tensor([float("nan"), 1.0]))
    for x, y in ((torch.ones(3), torch.ones(3) + 0.1), (1.0, 2.0)):
        with pytest.raises(AssertionError, match="my message"):
            testing.assert_close(x, y, err_msg="my message")


def test_names_of_gpu_functions_say_what_is_missing():
    for call in (
        lambda: testing.do_bench_cudagraph(lambda: None), testing.get_dram_gbps,
        lambda: testing.get_max_simd_tflops(torch.float32, 1), lambda: testing.get_max_tensorcore_tflops(torch.int8, 1),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match="CUDA device"):
            call()


def test_perf_report(tmp_path, capsys):
    @testing.perf_report(
        testing.Benchmark(
            x_names=["n"], x_vals=[1, 2, 4], line_arg="who", line_vals=["a", "b"], line_names=["A", "B"],
            plot_name="plot",
            args={"scale": 10}, xlabel="n", ylabel="ms", x_log=True,
        )
    )  # fmt: skip
    def bench(n, who, scale):
        value = n * scale + (who == "b")
        return value, value - 1, value + 1

    table = bench.run(print_data=True, save_path=str(tmp_path), return_df=True, diff_col=True)
    assert (
        table["A"].tolist() == [10, 20, 40]
        and table["B"].tolist() == [11, 21, 41]
        and table["Diff"].tolist() == [1, 1, 1]
    )
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "plot.csv").read_text().startswith("n,A,B,Diff\n")
    assert '<img src="plot.png" alt="plot">' in (tmp_path / "results.html").read_text()
    assert capsys.readouterr().out.startswith("plot:\n")


def test_perf_report_shows_every_plot_and_needs_no_pandas(tmp_path, capsys, monkeypatch):
    def benchmark(name):
        return testing.Benchmark(
            x_names=["n"], x_vals=[64, 128], line_arg="who", line_vals=["a"], line_names=["A"], plot_name=name,
            args={}, xlabel="rows", ylabel="ms", x_log=True,
        )  # fmt: skip

    report = testing.perf_report([benchmark("first"), benchmark("a<b")])(lambda n, who: n / 4)
    monkeypatch.setitem(sys.modules, "pandas", None)  # importing it fails
    axes = []
    monkeypatch.setattr("matplotlib.pyplot.close", lambda: axes.append(matplotlib.pyplot.gca()))
    report.run(print_data=True, save_path=str(tmp_path))
    page = (tmp_path / "results.html").read_text()
    assert page.count("<img ") == 2 and 'src="first.png"' in page and 'src="a%3Cb.png" alt="a&lt;b"' in page
    assert (tmp_path / "a<b.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "first.csv").read_text() == "n,A\n64,16.0000\n128,32.0000\n"
    assert capsys.readouterr().out.splitlines()[:3] == ["first:", "     n          A", "0   64  16.000000"]
    assert axes[0].get_title() == "first" and axes[0].get_xlabel() == "rows"
    assert [label.get_text() for label in axes[0].get_xticklabels()] == ["64", "128"]
    with pytest.raises(ImportError, match="pandas is not installed"):
        report.run(return_df=True)


# ---- settings --------------------------------------------------------------------------------------------------------


def test_knobs(monkeypatch):
    monkeypatch.delenv("TRITON_ALWAYS_COMPILE", raising=False)
    assert knobs.compilation.always_compile is False
    with knobs.compilation.scope():
        knobs.compilation.always_compile = True
        assert os.environ["TRITON_ALWAYS_COMPILE"] == "1" and knobs.compilation.always_compile is True
    assert "TRITON_ALWAYS_COMPILE" not in os.environ
    monkeypatch.setenv("TRITON_CACHE_DIR", "/somewhere")
    assert knobs.cache.dir == "/somewhere"
    monkeypatch.delenv("TRITON_CACHE_DIR")
    assert knobs.cache.dir.endswith(".triton/cache")
    assert knobs.runtime.debug is False


class Settings(knobs.base_knobs):
    name = knobs.env_str("TEST_NAME", "nobody")
    maybe = knobs.env_opt_str("TEST_MAYBE")
    flag = knobs.env_bool("TEST_FLAG", True)
    perhaps = knobs.env_opt_bool("TEST_PERHAPS")
    count = knobs.env_int("TEST_COUNT", 3)


def test_groups_of_settings(monkeypatch):
    for key in ("TEST_NAME", "TEST_MAYBE", "TEST_FLAG", "TEST_PERHAPS", "TEST_COUNT"):
        monkeypatch.delenv(key, raising=False)
    defaults = {"name": "nobody", "maybe": None, "flag": True, "perhaps": None, "count": 3}
    one = Settings()
    assert one.knobs == defaults and one.knob_descriptors["count"].key == "TEST_COUNT"
    for text, value in (("1", True), ("YES", True), ("on", True), ("0", False), ("off", False), ("n", False)):
        monkeypatch.setenv("TEST_FLAG", text)
        monkeypatch.setenv("TEST_PERHAPS", text)
        assert one.flag is value and one.perhaps is value
    monkeypatch.setenv("TEST_COUNT", "many")
    with pytest.raises(RuntimeError, match="TEST_COUNT=many"):
        _ = one.count
    monkeypatch.setenv("TEST_COUNT", "4")
    with one.scope():
        one.count = 5
        one.name = None
        assert one.count == 5 and os.environ["TEST_COUNT"] == "5" and one.name is None
        monkeypatch.setenv("TEST_COUNT", "6")
        assert one.count == 5  # what is assigned stays
        other = one.copy()
        other.count = 7
        assert one.count == 5
        assert other.reset().count == 7  # assigned to `other`, read from the environment now
        del one.count
        assert one.count == 7
        one.count = 8
        one.count = knobs.env
        assert one.count == 8
    assert one.count == 4 and os.environ["TEST_COUNT"] == "4" and one.name == "nobody"
    monkeypatch.setattr(knobs, "propagate_env", False)
    one.count = 9
    assert one.count == 9 and os.environ["TEST_COUNT"] == "4" and one.reset().count == 4


def test_every_group_can_be_copied_and_reset(monkeypatch):
    for name in ("build redis cache compilation autotuning runtime language nvidia amd proton").split():
        group = getattr(knobs, name)
        assert isinstance(group, knobs.base_knobs) and type(group.copy().reset()) is type(group)
        with group.scope():
            pass
    monkeypatch.setenv("TRITON_HOME", "/home/of/triton")
    monkeypatch.delenv("TRITON_DUMP_DIR", raising=False)
    assert knobs.cache.dump_dir == "/home/of/triton/.triton/dump"
    monkeypatch.setenv("TRITON_CUDART_PATH", "/cudart")
    assert knobs.build.backend_dirs == {"/cudart"} and knobs.redis.port == 6379
    with knobs.runtime.scope():
        monkeypatch.setattr(knobs, "propagate_env", False)
        knobs.runtime.debug = True
        knobs.refresh_knobs()
        assert knobs.runtime.debug is False


def test_tools(tmp_path, monkeypatch):
    for name in ("first", "second"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'Cuda compilation tools, release 12.9, V12.9.86'\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("TRITON_NVDISASM_PATH", str(tmp_path / "first"))
    assert knobs.nvidia.nvdisasm.path == str(tmp_path / "first") and knobs.nvidia.nvdisasm.version == "12.9"
    with knobs.nvidia.scope():
        knobs.nvidia.nvdisasm = str(tmp_path / "second")
        assert knobs.nvidia.nvdisasm.path == str(tmp_path / "second")
        assert os.environ["TRITON_NVDISASM_PATH"] == str(tmp_path / "second")
    assert knobs.nvidia.nvdisasm == knobs.NvidiaTool(str(tmp_path / "first"))
    monkeypatch.setenv("TRITON_NVDISASM_PATH", str(tmp_path / "third"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    with pytest.raises(
        RuntimeError, match="TRITON_NVDISASM_PATH=.*third is not a program, and nvdisasm .* was not found"
    ):
        _ = knobs.nvidia.nvdisasm


# ---- the language's objects ------------------------------------------------------------------------------------------


def test_dtypes():
    assert (
        str(tl.float32) == "fp32" and repr(tl.float32) == "triton.language.float32" and tl.float32 == tl.dtype("fp32")
    )
    assert tl.int8.primitive_bitwidth == 8 and tl.int8.is_int_signed() and not tl.uint8.is_int_signed()
    assert (
        tl.int16.get_int_max_value() == 32767
        and tl.int16.get_int_min_value() == -32768
        and tl.uint8.get_int_max_value() == 255
    )
    assert tl.bfloat16.is_floating() and tl.float8e5.is_fp8() and tl.int1.is_bool() and tl.float64.itemsize == 8
    pointer = tl.pointer_type(tl.float16)
    assert str(pointer) == "pointer<fp16>" and pointer.is_ptr() and pointer.element_ty == tl.float16
    assert pointer == tl.pointer_type(tl.float16) and pointer != tl.pointer_type(tl.float16, const=True)
    assert len({tl.float32, tl.dtype("fp32"), tl.int32}) == 2
    assert tl.core.dtype_from_text("*ki8") == tl.pointer_type(tl.int8, const=True)
    block = tl.block_type(tl.float32, [4, 8])
    assert block.is_block() and block.numel == 32 and block.scalar == tl.float32 and str(block) == "<['4', '8'], fp32>"
    assert tl.core.dtype_from_text(str(block)) == block


def test_constexpr():
    a = tl.constexpr(7)
    assert (
        (a + 1).value == 8 and (1 + a).value == 8 and (a // 2).value == 3 and (2**a).value == 128 and (-a).value == -7
    )
    assert (
        (a == 7).value is True
        and (a < 3).value is False
        and bool(a)
        and int(a) == 7
        and [1] * 8
        and list(range(9))[a] == 7
    )
    assert tl.constexpr(a).value == 7 and repr(a) == "constexpr[7]" and hash(a) == hash(tl.constexpr(7))
    assert (a & 3).value == 3 and (a << 1).value == 14 and (~a).value == -8 and (a % 4).value == 3


def test_host_functions():
    assert [triton.cdiv(n, 4) for n in (0, 1, 4, 5)] == [0, 1, 1, 2]
    assert [triton.next_power_of_2(n) for n in (0, 1, 2, 3, 5, 1024, 1025)] == [0, 1, 2, 4, 8, 1024, 2048]

    @triton.constexpr_function
    def double(x):
        """Twice."""
        return x * 2

    assert double(tl.constexpr(4)) == 8 and double.__name__ == "double" and double.__doc__ == "Twice."


def test_threads_of_a_launch():
    configs = [triton.Config({"BLOCK": 64}, num_cpu_threads=n) for n in (1, 0)]
    assert "num_cpu_threads: 1" in str(configs[0]) and configs[0] != configs[1]
    bench = FakeBench(2.0, 1.0)
    kernel = make(configs, bench)
    x = torch.zeros(1000)
    kernel[grid](x, 1000)
    assert bench.calls == 2  # the same code, and yet two launches to choose from
    plain = kernel.fn
    assert plain[(16,)](x, 1000, BLOCK=64, num_cpu_threads=1).metadata.num_cpu_threads == 1
    with pytest.raises(Exception, match="num_cpu_threads: `-1` is not a number"):
        plain[(16,)](x, 1000, BLOCK=64, num_cpu_threads=-1)
