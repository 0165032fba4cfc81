"""How the autotuner chooses: the race, code that is the same, what is kept. No clock decides a test."""

import io
import itertools
import os
import random
import signal

import numpy as np
import pytest
import triton
import triton.language as tl
from triton import knobs
from triton.runtime._racing import TIE, Race
from triton.runtime._tuning import Progress, shown_time
from triton.runtime.errors import AutotunerError

# ---- the race ----------------------------------------------------------------------------------------------------------


class Machine:
    """Runs candidates of known times among other programs, which slow every run down a little and, half of the time, in
    spells of some runs, by up to `slow` times more."""

    def __init__(self, times, seed, jitter=0.0, slow=0.0, change=0.05, runs=5):
        self.times, self.random = times, random.Random(seed)
        self.jitter, self.slow, self.change, self.runs = jitter, slow, change, runs
        self.disturbed = False
        self.samples = [0] * len(times)

    def run(self):
        if self.random.random() < self.change:
            self.disturbed = self.random.random() < 0.5
        slower = self.random.random() * self.slow if self.disturbed else 0
        return 1 + abs(self.random.gauss(0, self.jitter)) + slower

    def sample(self, candidate):
        self.samples[candidate] += 1
        return self.times[candidate] * min(self.run() for _ in range(self.runs))


def winners(times, **machine):
    """Who wins in a hundred races of 24 rounds at most, and the samples that a race took."""
    won, samples = [], 0
    for seed in range(100):
        race, here = Race(len(times)), Machine(times, seed, **machine)
        won.append(race.run(here.sample, lambda race=race: race.rounds < 24))
        samples += sum(here.samples)
    return won, samples / 100


SPREAD = [1.0 + 0.05 * i for i in (7, 3, 12, 0, 9, 1, 14, 5, 19, 2, 16, 11, 4, 8, 17, 6, 13, 10, 18, 15)]


@pytest.mark.parametrize("machine", [
    {"jitter": 0.01}, {"jitter": 0.05, "slow": 1.5}, {"jitter": 0.1, "slow": 2.0, "change": 0.2, "runs": 3},
    {"jitter": 0.05, "slow": 1.0, "change": 0.3, "runs": 1},
], ids=["quiet", "busy", "very busy", "long runs"])  # fmt: skip
def test_the_same_wins_in_nine_of_ten_races(machine):
    won, samples = winners(SPREAD, **machine)
    assert won.count(3) >= 90
    assert samples < 24 * len(SPREAD) / 2  # those without a chance left early


def test_parts_tell_what_no_sample_shows():
    """Where every sample is disturbed, some part of it is not: the least of each part, added up, comes near the truth."""
    true, part_count, won = [1.0 + 0.04 * c for c in (4, 2, 5, 0, 3, 1)], 32, []
    for seed in range(60):
        chance = random.Random(seed)

        def run(candidate, chance=chance):
            each = true[candidate] / part_count
            return [each * (1 + chance.random() * chance.choice((0.1, 1.0))) for _ in range(part_count)]

        race = Race(len(true))
        won.append(race.run(run, lambda: True))
        assert race.estimate(won[-1]) < race.samples[won[-1]][0]  # which is a sum that no run had
    assert won.count(3) >= 54
    race = Race(1)
    race.add(0, [1.0, 4.0])
    race.add(0, [2.0, 3.0])
    assert race.parts[0] == ([1.0, 3.0], [2.0, 4.0]) and race.estimate(0) == 4.0 and race.samples[0] == [5.0, 5.0]
    race.add(0, [1.0])  # another number of parts: they are not the same work
    assert race.parts[0] is None and race.estimate(0) == pytest.approx(11 / 3)


def test_cuts_leave_time_to_those_that_may_win():
    here, race = Machine(SPREAD, 5, jitter=0.3), Race(len(SPREAD))
    race.run(here.sample, lambda: True)
    taken = sorted(map(len, race.samples))
    assert taken[-1] > 2 * taken[0] and sum(taken) < 10 * len(SPREAD)


def test_a_quiet_race_is_short():
    won, samples = winners(SPREAD, jitter=0.002)
    assert won.count(3) == 100 and samples < 3 * len(SPREAD)


def test_of_equals_the_first_wins():
    for times in ([1.003, 1.0, 1.2], [1.0, 1.003, 1.2]):
        won, _ = winners(times, jitter=0.02, slow=0.5)
        assert won.count(0) >= 95
    race = Race(2)
    assert race.run(lambda candidate: 5.0, lambda: True) == 0 and race.rounds == 2  # equal for certain
    race = Race(3)
    assert race.run([1 + 2 * TIE, 1.0, 3.0].__getitem__, lambda: True) == 1 and race.left == [1]


def test_a_race_that_was_cut_off_goes_on():
    times = [1.1, 1.0, 1.3, 1.0 + TIE / 2]
    here, race = Machine(times, 1, jitter=0.02), Race(4)
    counter = itertools.count()

    def interrupted(candidate):
        if next(counter) == 6:
            raise KeyboardInterrupt
        return here.sample(candidate)

    with pytest.raises(KeyboardInterrupt):
        race.run(interrupted, lambda: True)
    assert race.rounds == 1 and sum(map(len, race.samples)) == 6
    assert race.run(here.sample, lambda: race.rounds < 10) == 1
    assert all(len(race.samples[c]) == race.rounds for c in race.left)


def test_a_race_against_known_times():
    """Candidates whose samples are known from before are not sampled until the others have as many."""
    race, here = Race(3), Machine([1.0, 2.0, 0.9], 1)
    race.samples = [[1.0] * 5, [2.0] * 5, []]
    assert race.run(here.sample, lambda: race.rounds < 5) == 2
    assert here.samples[:2] == [0, 0] and here.samples[2] >= 2


# ---- code that is the same ---------------------------------------------------------------------------------------------


@triton.jit
def add(x, n, step, BLOCK: tl.constexpr, UNUSED: tl.constexpr = 0):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at, tl.load(x + at, mask=at < n) + step, mask=at < n)


def grid(meta):
    return (triton.cdiv(meta["n"], meta["BLOCK"]),)


class Bench:
    """Measures by a list of times, and notes how often."""

    def __init__(self, *times):
        self.times, self.calls = itertools.cycle(times), 0

    def __call__(self, fn, quantiles):
        fn()
        self.calls += 1
        return [next(self.times)] * 3


def tuned(configs, bench=None, fn=add, **options):
    options.setdefault("key", ["n"])
    return triton.autotune(configs, do_bench=bench, **options)(fn)


def test_configurations_of_the_same_code_are_measured_once():
    configs = [triton.Config({"BLOCK": b}, num_warps=w, num_stages=s) for b in (16, 64) for w in (1, 4) for s in (2, 3)]
    bench = Bench(2.0, 1.0)
    kernel = tuned(configs, bench)
    kernel[grid](np.zeros(100, np.float32), 100, 1.0)
    assert bench.calls == 2 and kernel.best_config is configs[4]
    assert [kernel.configs_timings[c][0] for c in configs] == [2.0] * 4 + [1.0] * 4


def test_what_the_launch_gets_tells_equal_code_apart():
    x = np.zeros(100, np.float32)
    bench = Bench(1.0)
    tuned([triton.Config({"step": s, "BLOCK": 64}) for s in (2.0, 3.0)], bench)[grid](x, 100)
    assert bench.calls == 2  # `step` is no constant: the code is the same, its argument is not
    bench = Bench(1.0)
    kernel = tuned([triton.Config({"BLOCK": 64, "UNUSED": u}) for u in (1, 2, 3)], bench)
    kernel[lambda meta: (meta["UNUSED"] // 2 + 1,)](x, 100, 1.0)
    assert bench.calls == 2  # grids of 1, 2 and 2 programs
    bench = Bench(1.0)
    computed = triton.heuristics({"step": lambda args: float(args["UNUSED"] > 1)})(add)
    tuned([triton.Config({"BLOCK": 64, "UNUSED": u}) for u in (1, 2, 3)], bench, computed)[(1,)](x, 100)
    assert bench.calls == 2


def test_warps_matter_on_a_gpu(monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", "1")
    bench = Bench(1.0)
    configs = [triton.Config({"BLOCK": 64}, num_warps=w, num_stages=s) for w in (1, 2) for s in (2, 3)]
    tuned(configs, bench)[grid](np.zeros(64, np.float32), 64, 1.0)
    assert bench.calls == 2  # stages make no difference without a loop


def test_hooks_keep_configurations_apart():
    seen = []
    configs = [triton.Config({"BLOCK": 64}, pre_hook=lambda args, i=i: seen.append(i)) for i in range(3)]
    bench = Bench(3.0, 1.0, 2.0)
    kernel = tuned(configs, bench)
    kernel[grid](np.zeros(64, np.float32), 64, 1.0)
    assert bench.calls == 3 and kernel.best_config is configs[1] and seen == [0, 1, 2, 1]


# ---- racing in the tuner -----------------------------------------------------------------------------------------------


def raced(configs, time_of, **options):
    """An autotuner whose clock is a function of BLOCK; `runs` counts the runs of each."""
    kernel = tuned(configs, **options)
    kernel.runs = {}
    current = {}

    def time(before, run, after, runs):
        for _ in range(runs):
            before()
            run()
            after()
        block = current["BLOCK"]
        kernel.runs[block] = kernel.runs.get(block, 0) + runs
        return [time_of(block)] * runs

    launch = kernel.fn.run

    class Watched(type(kernel.fn)):
        def run(self, *args, **kwargs):
            current.update(kwargs)
            return launch(*args, **kwargs)

    kernel.fn.__class__ = Watched
    kernel._time = time
    kernel._clock = lambda: 0.0
    return kernel


@pytest.fixture
def fresh_add():
    """A kernel of its own, whose class a test may change."""

    @triton.jit
    def add(x, n, step, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(x + at, tl.load(x + at, mask=at < n) + step, mask=at < n)

    return add


BLOCKS = [triton.Config({"BLOCK": b}, num_warps=w) for b in (16, 32, 64, 128, 256) for w in (1, 4)]
TIMES = {16: 0.5, 32: 0.2, 64: 0.1, 128: 0.11, 256: 1000.0}


def test_the_fastest_wins_and_the_hopeless_run_once(fresh_add):
    kernel = raced(BLOCKS, TIMES.__getitem__, fn=fresh_add, restore_value=["x"])
    x = np.zeros(300, np.float32)
    kernel[grid](x, 300, 1.0)
    assert kernel.best_config is BLOCKS[4] and (x == 1).all()
    assert kernel.runs[256] == 1 and kernel.runs[64] > 10
    assert kernel.configs_timings[BLOCKS[4]][0] == pytest.approx(0.1)
    assert kernel.configs_timings[BLOCKS[9]][0] == 1000.0
    before = dict(kernel.runs)
    kernel[grid](x, 300, 1.0)
    assert kernel.runs == before and (x == 2).all()


def test_a_configuration_that_cannot_run_loses_the_race(fresh_add):
    @triton.jit
    def picky(x, n, step, BLOCK: tl.constexpr):
        tl.static_assert(BLOCK == 64, "only 64")
        tl.store(x + tl.arange(0, BLOCK), step)

    kernel = tuned(BLOCKS, fn=picky)
    x = np.zeros(64, np.float32)
    kernel[(1,)](x, 64, 3.0)
    assert kernel.best_config is BLOCKS[4] and (x == 3).all()
    assert kernel.configs_timings[BLOCKS[0]] == [float("inf")] * 3
    with pytest.raises(triton.CompilationError):
        tuned(BLOCKS[:4], fn=picky)[(1,)](x, 64, 3.0)


def test_the_race_on_this_machine():
    kernel = tuned(BLOCKS)
    x = np.zeros(300, np.float32)
    kernel[grid](x, 300, 1.0)
    assert kernel.best_config in BLOCKS and (x == x[0]).all()
    assert all(0 < times[0] < float("inf") for times in kernel.configs_timings.values())


def test_a_driver_of_ones_own_measures_its_way(monkeypatch):
    from triton.runtime import driver

    bench = Bench(2.0, 1.0)
    monkeypatch.setattr(driver.active, "get_benchmarker", lambda: bench, raising=False)
    kernel = tuned(BLOCKS[:4])
    kernel[grid](np.zeros(64, np.float32), 64, 1.0)
    assert bench.calls == 2 and kernel.best_config is BLOCKS[2]


# ---- what is kept ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("disk", [False, True])
def test_an_interrupt_keeps_what_is_known(disk, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a background process begins with the signal ignored
    configs = [triton.Config({"BLOCK": b}) for b in (16, 32, 64, 128)]
    seen, broken = [], True

    def bench(fn, quantiles):
        if broken and len(seen) == 2:
            signal.raise_signal(signal.SIGINT)
        fn()
        seen.append(1)
        return [4.0 - len(seen)] * 3

    kernel = tuned(configs, bench, cache_results=disk, restore_value=["x"])
    x = np.zeros(100, np.float32)
    with pytest.raises(KeyboardInterrupt):
        kernel[grid](x, 100, 1.0)
    signal.signal(signal.SIGINT, before)
    assert len(seen) == 2 and (x == 0).all() and not kernel.cache
    broken = False
    if disk:  # as another process would
        kernel = tuned(configs, bench, cache_results=disk, restore_value=["x"])
    kernel[grid](x, 100, 1.0)
    assert len(seen) == 4 and (x == 1).all() and kernel.best_config is configs[3]


def test_an_interrupt_in_a_run_restores_the_arguments():
    def bench(fn, quantiles):
        fn()
        return [1.0] * 3

    kernel = tuned(BLOCKS[:4], bench, restore_value=["x"])
    inner, calls = kernel.fn.run, []

    class Stopped:
        arg_names, params, run_ = add.arg_names, add.params, inner
        __name__ = "add"

        def warmup(self, *args, **kwargs):
            return add.warmup(*args, **kwargs)

        def run(self, *args, **kwargs):
            inner(*args, **kwargs)
            calls.append(1)
            raise KeyboardInterrupt

    kernel.fn = Stopped()
    x = np.zeros(64, np.float32)
    with pytest.raises(KeyboardInterrupt):
        kernel[grid](x, 64, 1.0)
    assert calls == [1] and (x == 0).all()


def test_samples_of_a_race_are_kept(fresh_add, tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    x = np.zeros(300, np.float32)
    first = raced(BLOCKS[:6], TIMES.__getitem__, fn=fresh_add, cache_results=True)
    first[grid](x, 300, 1.0)
    again = raced(BLOCKS[:6], TIMES.__getitem__, fn=first.fn, cache_results=True)
    again[grid](x, 300, 1.0)
    assert again.runs == {} and again.best_config == first.best_config
    assert again.configs_timings == first.configs_timings
    more = raced(BLOCKS, TIMES.__getitem__, fn=first.fn, cache_results=True)
    more[grid](x, 300, 1.0)
    assert more.best_config is BLOCKS[4] and more.runs[128] > 1 and more.runs[64] < first.runs[64]


# ---- who is told -------------------------------------------------------------------------------------------------------


def test_the_listener(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    told = []
    monkeypatch.setattr(knobs.autotuning, "listener", lambda **kwargs: told.append(kwargs))
    x = np.zeros(100, np.float32)
    for _ in range(2):
        kernel = tuned(BLOCKS[:4], Bench(2.0, 1.0), cache_results=True)
        kernel[grid](x, 100, 1.0)
        kernel[grid](x, 100, 1.0)
    assert [sorted(t) for t in told] == [["best_config", "cache_hit", "configs_timings", "duration", "fn", "key"]] * 2
    assert [t["cache_hit"] for t in told] == [False, True] and told[0]["duration"] > 0 and told[1]["duration"] is None
    assert told[0]["fn"] is add and told[0]["key"] == (100, "float32") and told[0]["best_config"] is BLOCKS[2]
    assert told[0]["configs_timings"] == told[1]["configs_timings"] == kernel.configs_timings
    only = tuned(BLOCKS, Bench(1.0), prune_configs_by={"early_config_prune": lambda configs, args, **kw: configs[:1]})
    only[grid](x, 100, 1.0)
    assert len(told) == 2 and only.best_config is BLOCKS[0]  # nothing was measured


def test_what_is_printed(capsys):
    kernel = tuned(BLOCKS[:6], Bench(2.0, 1.0, 3.0))
    with knobs.autotuning.scope():
        knobs.autotuning.print = True
        kernel[grid](np.zeros(100, np.float32), 100, 1.0)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [f"Autotuning kernel add with config {c}" for c in BLOCKS[:6:2]]
    assert lines[3] == "Triton autotuning for function add," and lines[4] == "with key as (100, 'float32'),"
    assert lines[5].startswith("finished after ") and lines[6] == f"best config selected: {BLOCKS[2]};"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_on_a_terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("TRITON_PRINT_AUTOTUNING", raising=False)
    tuned(BLOCKS)[grid](np.zeros(300, np.float32), 300, 1.0)
    said = terminal.getvalue().split("\r\x1b[K")
    assert "tuning add: compiled 10 of 10 configurations" in said or os.cpu_count() == 1
    assert "tuning add: first run of 5 of 5" in said
    assert any(text.startswith("tuning add: round 2, ") and "best " in text and "BLOCK: " in text for text in said)
    assert terminal.getvalue().endswith("\r\x1b[K")  # nothing is left of it
    for stream, variable in ((Terminal(), "0"), (Terminal(), "1"), (io.StringIO(), "")):
        monkeypatch.setenv("TRITON_PRINT_AUTOTUNING", variable)
        progress = Progress("add", stream)
        progress.say("something")
        progress.close()
        assert stream.getvalue() == ""


def test_shown_times():
    assert [shown_time(t) for t in (0.001234, 1.5, 12345.0, float("inf"))] == ["1.23 us", "1.5 ms", "12.3 s", "never"]


# ---- arguments ---------------------------------------------------------------------------------------------------------


def test_names_that_are_no_arguments():
    for option in ("key", "reset_to_zero", "restore_value"):
        with pytest.raises(
            ValueError, match=f"{option} contains names that are not kernel arguments: y. Valid .* x, n"
        ):
            tuned(BLOCKS, **{"key": ["n"], option: ["y"]})


def test_top_k():
    def picked(top_k, configs=BLOCKS):
        kernel = tuned(configs, Bench(1.0), prune_configs_by={"perf_model": lambda BLOCK, **kw: -BLOCK, "top_k": top_k})
        kernel.nargs = {}
        return [c.kwargs["BLOCK"] for c in kernel.prune_configs({})]

    assert picked(3) == [256, 256, 128] and picked(0.5) == [256, 256, 128, 128, 64]
    assert picked(0.01) == [256] and picked(1.0) == [c.kwargs["BLOCK"] for c in BLOCKS]
    with pytest.raises(TypeError, match="top_k"):
        picked(1.5)


# ---- the report --------------------------------------------------------------------------------------------------------


def test_report(tmp_path):
    page = tmp_path / "tune.html"
    kernel = tuned(BLOCKS[:6], Bench(2.0, 0.001, float("inf")))
    kernel.report(str(page))
    assert "Nothing was chosen yet" in page.read_text()
    kernel[grid](np.zeros(100, np.float32), 100, 1.0)
    kernel[grid](np.zeros(100, np.float32), 99, 1.0)
    kernel.report(str(page))
    text = page.read_text()
    assert text.count("<h2>") == 2 and "n = 100, float32" in text and "n = 99, float32" in text
    assert "6 configurations, 3 different programs, 2 that cannot run here" in text
    assert "1 us</span> with <code>BLOCK: 32, num_warps: 1" in text and "2000.00x" in text
    assert text.count("same program as 1") == 2 and "registers" not in text  # a CPU has none to tell of
    assert "http" not in text and "src=" not in text and text.count("<table>") == text.count("</table>") == 2


def test_report_of_a_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", "1")

    @triton.jit
    def row(x, y, n, BLOCK: tl.constexpr):
        at = tl.arange(0, BLOCK)
        tl.store(y + at, tl.cumsum(tl.load(x + at, mask=at < n, other=0.0)), mask=at < n)

    kernel = tuned([triton.Config({"BLOCK": 64}, num_warps=w) for w in (1, 128)], Bench(1.0), row)
    x = np.zeros(64, np.float32)
    kernel[(1,)](x, x, 64)
    kernel.report(str(tmp_path / "tune.html"))
    text = (tmp_path / "tune.html").read_text()
    assert all(f"<th>{name}</th>" in text for name in ("shared", "code"))


def test_registers_in_the_report(tmp_path):
    """What is told of a kernel for a real GPU, which is assembled here but not run."""
    kernel = tuned([triton.Config({"BLOCK": b}) for b in (16, 32)], Bench(2.0, 1.0))
    kernel[grid](np.zeros(100, np.float32), 100, 1.0)
    for row in kernel._rows[100, "float32"].values():
        row["facts"].update(registers=40, spills=7, shared=2048)
    kernel.report(str(tmp_path / "tune.html"))
    text = (tmp_path / "tune.html").read_text()
    assert all(f"<th>{name}</th>" in text for name in ("registers", "spills", "shared", "code"))
    assert text.count("<td>40</td><td>7</td><td>2.0 KB</td>") == 2


# ---- configs="auto" ----------------------------------------------------------------------------------------------------


def automatic(fn, key=(), **options):
    """An autotuner that proposes configurations, of which the first wins."""
    return triton.autotune("auto", key=list(key), do_bench=Bench(*range(1, 20)), **options)(fn)


def test_the_model_knows_multiprocessors_as_the_compiler_does(fresh_add):
    from triton.runtime._proposals import _MULTIPROCESSORS, _machine

    types = dict.fromkeys(fresh_add.arg_names, "i32") | {"BLOCK": "constexpr"}
    for capability in _MULTIPROCESSORS:
        source = triton.compiler.ASTSource(fresh_add, types | {fresh_add.arg_names[0]: "*fp32"}, {"BLOCK": 128})
        kernel = triton.compile(source, target=triton.backends.compiler.GPUTarget("cuda", capability, 32))
        held, machine = kernel.facts()["resources"]["occupancy"], _machine(kernel.metadata)
        assert machine["threads"] == 32 * held["most_warps"], capability
        assert machine["shared"] == held["shared_per_multiprocessor"], capability


@triton.jit
def matmul(a, b, c, m, n, k, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr):
    p, q = tl.program_id(0), tl.program_id(1)
    p, q = tl.swizzle2d(p, q, tl.num_programs(0), tl.num_programs(1), GROUP)
    rm, rn, rk = p * BM + tl.arange(0, BM), q * BN + tl.arange(0, BN), tl.arange(0, BK)
    total = tl.zeros((BM, BN), tl.float32)
    for at in range(0, k, BK):
        x = tl.load(a + rm[:, None] * k + (at + rk)[None, :], mask=(rm < m)[:, None] & (at + rk < k)[None, :], other=0)
        y = tl.load(b + (at + rk)[:, None] * n + rn[None, :], mask=(at + rk < k)[:, None] & (rn < n)[None, :], other=0)
        total = tl.dot(x, y, total, input_precision="ieee")
    tl.store(c + rm[:, None] * n + rn[None, :], total, mask=(rm < m)[:, None] & (rn < n)[None, :])


def of_tiles(meta):
    return (triton.cdiv(meta["m"], meta["BM"]), triton.cdiv(meta["n"], meta["BN"]))


@pytest.mark.parametrize("target", ["cpu", "gpu"])
def test_auto_matmul(target, monkeypatch):
    from triton.runtime import _proposals

    if target == "gpu":
        monkeypatch.setenv("TRITONC_SIMULATE", "cuda:90")
    kinds = {}
    kind = _proposals._Probes.kind
    monkeypatch.setattr(_proposals._Probes, "kind", lambda self, name: kinds.setdefault(name, kind(self, name)))
    a, b = np.random.default_rng(1).standard_normal((2, 48, 48), np.float32)
    c = np.zeros((48, 48), np.float32)
    kernel = automatic(matmul, key=["m", "n", "k"])
    kernel[of_tiles](a, b, c, 48, 48, 48)
    assert np.allclose(c, a @ b, atol=1e-4)
    assert kinds == {"BM": "grid", "BN": "grid", "BK": "loop", "GROUP": "factor"}
    assert 2 <= len(kernel.configs) <= 8 + 6 and all(
        set(c.kwargs) == {"BM", "BN", "BK", "GROUP"} for c in kernel.configs
    )
    # A tile that is larger than the matrix only wastes work.
    assert all(16 <= c.kwargs[name] <= 64 for c in kernel.configs for name in ("BM", "BN"))
    if target == "gpu":
        assert len({(c.num_warps, c.num_stages) for c in kernel.configs}) > 1
    # What no model ranks, the group, races beside the best of the first ones.
    first, beside = kernel.configs[:8], kernel.configs[8:]
    assert {c.kwargs["GROUP"] for c in first} == {8} and {c.kwargs["GROUP"] for c in beside[:2]} == {1, 4}
    assert all(c.kwargs == {**first[0].kwargs, "GROUP": c.kwargs["GROUP"]} for c in beside[:2])
    assert len(set(map(str, kernel.configs))) == len(kernel.configs) == len(kernel.configs_timings)
    before = kernel.configs
    kernel[of_tiles](a, b, c, 48, 48, 48)
    assert kernel.configs is before  # once for a key


def test_auto_elementwise_and_rows():
    x = np.arange(1000, dtype=np.float32)
    kernel = automatic(add, key=["n"], restore_value=["x"])
    kernel[grid](x, 1000, 1.0)
    assert (x == np.arange(1000) + 1).all()
    sizes = [c.kwargs["BLOCK"] for c in kernel.configs]
    assert sorted(sizes) == [16, 32, 64, 128, 256, 512, 1024]  # beyond that the grid stays as it is

    @triton.jit
    def softmax(x, y, n, BLOCK: tl.constexpr):
        row, at = tl.program_id(0), tl.arange(0, BLOCK)
        values = tl.exp(tl.load(x + row * n + at, mask=at < n, other=-float("inf")))
        tl.store(y + row * n + at, values / tl.sum(values), mask=at < n)

    x = np.random.default_rng(1).standard_normal((5, 300), np.float32)
    y = np.zeros_like(x)
    kernel = automatic(softmax)
    kernel[(5,)](x, y, 300)
    assert [c.kwargs for c in kernel.configs] == [{"BLOCK": 512}]  # a program covers a row, which has 300
    assert np.allclose(y, np.exp(x) / np.exp(x).sum(1, keepdims=True), atol=1e-5)


def test_auto_without_masks():
    @triton.jit
    def double(x, n, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(x + at, tl.load(x + at) * 2)

    x = np.ones(192, np.float32)
    kernel = automatic(double, restore_value=["x"])
    kernel[grid](x, 192)
    assert sorted(c.kwargs["BLOCK"] for c in kernel.configs) == [16, 32, 64] and (x == 2).all()
    with pytest.raises(AutotunerError, match="an access of double has no mask, and no size of BLOCK"):
        automatic(double)[grid](x, 100)


def test_auto_takes_what_is_given_and_computed():
    @triton.heuristics({"EVEN": lambda args: args["n"] % args["BLOCK"] == 0})
    @triton.jit
    def fill(x, n, VALUE: tl.constexpr, BLOCK: tl.constexpr, EVEN: tl.constexpr, TIMES: tl.constexpr = 1):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(x + at, VALUE * TIMES + EVEN * 0, mask=at < n)

    x = np.zeros(100, np.float32)
    kernel = automatic(fill, prune_configs_by={"early_config_prune": lambda configs, args, **kw: configs[:2]})
    kernel[grid](x, 100, VALUE=7)
    assert (x == 7).all() and all(set(c.kwargs) == {"BLOCK"} for c in kernel.configs)
    assert set(kernel.configs_timings) == set(kernel.configs[:2])


def test_auto_that_cannot_know():
    @triton.jit
    def first(x, BLOCK: tl.constexpr):
        at = tl.arange(0, BLOCK)
        tl.store(x + at, 1.0, mask=tl.load(x + at) < 1)

    x = np.zeros(64, np.float32)
    with pytest.raises(AutotunerError, match="neither the grid nor a loop of first depends on BLOCK.*Pass BLOCK"):
        automatic(first)[(1,)](x)
    with pytest.raises(AutotunerError, match="proposes configurations for a launch's arguments"):
        _ = automatic(first).configs
    with pytest.raises(ValueError, match="a list of triton.Config, or \"auto\"; not 'best'"):
        triton.autotune("best", key=[])(first)

    @triton.jit
    def wrong(x, BLOCK: tl.constexpr):
        tl.store(x + tl.arange(0, BLOCK), tl.nothing(BLOCK))

    with pytest.raises(AutotunerError, match='configs="auto": wrong does not compile with BLOCK = 32: .*nothing'):
        automatic(wrong)[(1,)](x)


def test_a_launch_counts_as_if_it_was_alone(fresh_add):
    """What other programs take of the processors is no time of the kernel's: here, what a run waits."""
    import time

    from triton._C import libtriton
    from triton.backends._timing import time_runs
    from triton.runtime.driver import driver

    x = np.ones(1 << 16, np.float32)

    def launch():
        fresh_add[(64,)](x, x.size, 1.0, BLOCK=1024)

    def slow():
        launch()
        time.sleep(0.2)

    launch()
    nothing = lambda: None  # noqa: E731
    times = time_runs(driver.active, nothing, slow, nothing, 3)
    assert len(times) == 3 and all(0 < sum(parts) < 150 for parts in times), times
    assert time_runs(driver.active, nothing, lambda: time.sleep(0.05), nothing, 1)[0] >= 50  # nothing was launched
    launch()
    assert libtriton.count_launches(True) == 0
    launch()
    one = libtriton.count_launches(True)
    for _ in range(50):
        launch()
    assert libtriton.count_launches(False) > one > 0


def test_the_parts_of_launches_make_up_their_time(fresh_add):
    from triton._C import libtriton

    x = np.ones(1 << 16, np.float32)
    launch = lambda: fresh_add[(64,)](x, x.size, 1.0, BLOCK=1024)  # noqa: E731
    launch()
    found = []
    for _ in range(3):
        libtriton.count_launches(True)
        launch()
        launch()
        spent, parts = libtriton.count_launches(False), libtriton.counted_parts()
        assert abs(sum(parts) - spent) <= len(parts) and all(part > 0 for part in parts)  # each is rounded
        found.append(len(parts))
    assert found[0] % 2 == 0 and found[0] >= 32 and len(set(found)) == 1
    libtriton.count_launches(True)
    assert libtriton.counted_parts() == []
    assert libtriton.count_launches(False) == 0
