"""How long a function takes on a driver's device: what `triton.testing` and the autotuner measure with."""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    class Driver(Protocol):
        """What of a driver is used here."""

        def get_current_target(self) -> Any: ...
        def get_device_interface(self) -> Any: ...
        def get_empty_cache_for_benchmark(self) -> Any: ...
        def clear_cache(self, cache: Any) -> None: ...


def statistics(times: list[float], quantiles: Sequence[float] | None, return_mode: str) -> float | list[float]:
    if quantiles is not None:
        result = [_quantile(times, q) for q in quantiles]
        return result[0] if len(result) == 1 else result
    if return_mode == "all":
        return times
    functions = {"min": min, "max": max, "mean": lambda t: sum(t) / len(t), "median": lambda t: _quantile(t, 0.5)}
    return functions[return_mode](times)


def _quantile(times: list[float], q: float) -> float:
    """The `q`-quantile, interpolated between neighbours."""
    if not 0 <= q <= 1:
        raise ValueError("Quantiles must be in the range [0, 1]")
    ordered = sorted(times)
    at = q * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def measure(
    driver: Driver,
    fn: Callable,
    warmup: float = 25,
    rep: float = 100,
    grad_to_none: Sequence | None = None,
    quantiles: Sequence[float] | None = None,
    return_mode: str = "mean",
) -> Any:
    """`triton.testing.do_bench` on the device of a driver."""
    if return_mode not in ("min", "max", "mean", "median", "all"):
        raise ValueError(f"return_mode is one of min, max, mean, median, all, not {return_mode!r}")
    if driver.get_current_target().backend == "cuda":
        times = _time_on_gpu(driver, fn, warmup, rep, grad_to_none or ())
    else:
        times = _time_here(fn, warmup, rep, grad_to_none or ())
    return statistics(times, quantiles, return_mode)


def counts(estimate: float, warmup: float, rep: float) -> tuple[int, int]:
    """How many runs fill the two spans of time; `estimate` is one's, all in milliseconds."""
    estimate = max(estimate, 1e-6)
    return max(1, min(int(warmup / estimate), 100_000)), max(1, min(int(rep / estimate), 100_000))


def time_runs(driver: Driver, before: Callable, fn: Callable, after: Callable, runs: int) -> list:
    """Milliseconds of each of some runs of `fn`, with what surrounds it left out: `before` and `after` each of them.

    On the CPU what `fn` launches counts as if no other program had run, and a run is the list of what its parts took;
    the wall's clock is for what launches nothing.
    """
    if driver.get_current_target().backend == "cuda":
        return _runs_on_gpu(driver, before, fn, after, runs)
    from .._C import libtriton as _C

    times = []
    for _ in range(runs):
        before()
        begin = time.perf_counter()
        _C.count_launches(True)
        try:
            fn()
        finally:
            counted = _C.count_launches(False)
        spent = (time.perf_counter() - begin) * 1e3
        times.append([ns / 1e6 for ns in _C.counted_parts()] if counted else spent)
        after()
    return times


def _runs_on_gpu(driver: Driver, before: Callable, fn: Callable, after: Callable, runs: int) -> list[float]:
    device = driver.get_device_interface()
    cache = driver.get_empty_cache_for_benchmark()
    pairs = [(device.Event(enable_timing=True), device.Event(enable_timing=True)) for _ in range(runs)]
    for begin, end in pairs:
        before()
        driver.clear_cache(cache)
        begin.record()
        fn()
        end.record()
        after()
    device.synchronize()
    return [begin.elapsed_time(end) for begin, end in pairs]


def _time_here(fn: Callable, warmup: float, rep: float, grad_to_none: Sequence) -> list[float]:
    """Milliseconds of each run by this machine's clock."""
    clock = time.perf_counter
    fn()
    begin = clock()
    runs = 0
    while runs < 5 and (runs == 0 or clock() - begin < 0.2):
        fn()
        runs += 1
    first, measured = counts((clock() - begin) / runs * 1e3, warmup, rep)
    for _ in range(first):
        fn()
    times = []
    for _ in range(measured):
        for x in grad_to_none:
            x.grad = None
        begin = clock()
        fn()
        times.append((clock() - begin) * 1e3)
    return times


def times_in_graph(fn: Callable, rep: float, grad_to_none: Sequence) -> list[float]:
    """Milliseconds of a run inside a CUDA graph, where launches cost nothing: of each of ten launches of the graph."""
    import torch

    def run(n: int) -> None:
        for _ in range(n):
            for x in grad_to_none:
                x.grad = None
            fn()

    def elapsed(work: Callable) -> float:
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        work()
        end.record()
        torch.cuda.synchronize()
        return begin.elapsed_time(end)

    with torch.cuda.stream(torch.cuda.Stream()):
        run(1)  # compiles
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run(1)
        graph.replay()
        torch.cuda.synchronize()
        estimate = elapsed(lambda: [graph.replay() for _ in range(5)]) / 5
        n = min(1000, counts(estimate, 0, rep)[1])
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            run(n)
        graph.replay()
        torch.cuda.synchronize()
        return [elapsed(graph.replay) / n for _ in range(10)]


def _time_on_gpu(driver: Driver, fn: Callable, warmup: float, rep: float, grad_to_none: Sequence) -> list[float]:
    """Milliseconds of each run between two events in the current stream, each run with a cold second-level cache."""
    device = driver.get_device_interface()
    cache = driver.get_empty_cache_for_benchmark()

    def events(n: int) -> list:
        return [device.Event(enable_timing=True) for _ in range(n)]

    fn()
    device.synchronize()
    begin, end = events(2)
    begin.record()
    for _ in range(5):
        driver.clear_cache(cache)
        fn()
    end.record()
    device.synchronize()
    first, measured = counts(begin.elapsed_time(end) / 5, warmup, rep)
    for _ in range(first):
        fn()
    begins, ends = events(measured), events(measured)
    for i in range(measured):
        for x in grad_to_none:
            x.grad = None
        driver.clear_cache(cache)
        begins[i].record()
        fn()
        ends[i].record()
    device.synchronize()
    return [b.elapsed_time(e) for b, e in zip(begins, ends, strict=True)]
