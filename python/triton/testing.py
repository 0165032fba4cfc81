"""Measuring and comparing: benchmarks, their tables and plots, and what tests need."""

from __future__ import annotations

import os

from .backends._timing import counts, measure, statistics, times_in_graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any


def do_bench(
    fn: Callable,
    warmup: float = 25,
    rep: float = 100,
    grad_to_none: Sequence | None = None,
    quantiles: Sequence[float] | None = None,
    return_mode: str = "mean",
) -> Any:
    """Measure how long a function takes.

    Parameters
    ----------
    fn : callable
        The function.
    warmup, rep : float
        Milliseconds to spend warming up and measuring.
    grad_to_none : list of tensors, optional
        Their `.grad` is set to None before each run.
    quantiles : list of float, optional
        Which quantiles to give; one gives a number.
    return_mode : str
        "min", "max", "mean", "median" or "all", when no quantiles are asked for.

    Returns
    -------
    float or list of float
        Milliseconds.
    """
    from .runtime.driver import driver

    return measure(driver.active, fn, warmup, rep, grad_to_none, quantiles, return_mode)


def unwritten(tensor: Any) -> Any:
    """Say that nothing is in a tensor's memory when a kernel starts: a workspace that `torch.empty` made.

    Check mode (`debug=True`) and the simulated GPU then find reads of elements that the launch has not written.

    Parameters
    ----------
    tensor : tensor or array
        The workspace.

    Returns
    -------
    TensorWrapper
        What to give a kernel in its place.
    """
    from .runtime.jit import TensorWrapper

    wrapper = TensorWrapper(tensor, tensor.dtype)
    wrapper._unwritten = True
    return wrapper


def _on_gpu() -> bool:
    from .runtime.driver import driver

    return driver.active.get_current_target().backend == "cuda"


def do_bench_cudagraph(
    fn: Callable,
    rep: float = 20,
    grad_to_none: Sequence | None = None,
    quantiles: Sequence[float] | None = None,
    return_mode: str = "mean",
) -> Any:
    """Measure a function inside a CUDA graph, where launches cost nothing.

    Parameters
    ----------
    fn : callable
        The function; it may only launch work.
    rep : float
        Milliseconds to spend measuring.
    grad_to_none : list of tensors, optional
        Their `.grad` is set to None before each run.
    quantiles, return_mode
        As for `do_bench`.

    Returns
    -------
    float or list of float
        Milliseconds.
    """
    _check_return_mode(return_mode)
    if not _on_gpu():
        raise RuntimeError("triton.testing.do_bench_cudagraph needs a CUDA device; do_bench measures on the CPU too")
    return statistics(times_in_graph(fn, rep, grad_to_none or ()), quantiles, return_mode)


def do_bench_proton(
    fn: Callable,
    warmup: float = 25,
    rep: float = 100,
    grad_to_none: Sequence | None = None,
    quantiles: Sequence[float] | None = None,
    return_mode: str = "mean",
) -> Any:
    """Measure the kernels that a function launches, by the profiler: without what it does between them.

    The parameters and the result are those of `do_bench`. On a GPU with CUPTI all kernels count, else those of this
    package.
    """
    from .profiler._bench import kernel_times
    from .runtime.driver import driver

    _check_return_mode(return_mode)
    active, on_gpu = driver.active, _on_gpu()
    estimate = measure(active, fn, 0, 1)
    first, runs = counts(estimate, warmup, rep)
    for _ in range(first):
        fn()
    cache = active.get_empty_cache_for_benchmark() if on_gpu else None

    def before() -> None:
        for x in grad_to_none or ():
            x.grad = None
        if on_gpu:
            active.clear_cache(cache)

    def after() -> None:
        if on_gpu:
            active.get_device_interface().synchronize()

    return statistics(kernel_times(runs, fn, before, after), quantiles, return_mode)


def do_bench_cudagraph_proton(
    fn: Callable,
    rep: float = 20,
    grad_to_none: Sequence | None = None,
    quantiles: Sequence[float] | None = None,
    return_mode: str = "mean",
) -> Any:
    """Measure the kernels of a function inside a CUDA graph, by the profiler (CUPTI).

    The parameters and the result are those of `do_bench_cudagraph`.
    """
    from .profiler._bench import kernel_times

    _check_return_mode(return_mode)
    if not _on_gpu():
        raise RuntimeError(
            "triton.testing.do_bench_cudagraph_proton needs a CUDA device; do_bench_proton measures on the CPU"
        )
    import torch

    for x in grad_to_none or ():
        x.grad = None
    with torch.cuda.stream(torch.cuda.Stream()):
        fn()  # compiles
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            fn()
        estimate = do_bench(graph.replay, 1, 5)
        runs = counts(estimate, 0, rep)[1]
        times = kernel_times(runs, graph.replay, lambda: None, torch.cuda.synchronize)
    return statistics(times, quantiles, return_mode)


def _check_return_mode(return_mode: str) -> None:
    if return_mode not in ("min", "max", "mean", "median", "all"):
        raise ValueError(f"return_mode is one of min, max, mean, median, all, not {return_mode!r}")


class cuda_graph_without_gc:
    """`with cuda_graph_without_gc(graph): ...`: `torch.cuda.graph` without the garbage collection before it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        import torch

        self._graph = torch.cuda.graph(*args, **kwargs)

    def __enter__(self) -> object:
        import gc

        collect, gc.collect = gc.collect, lambda *_: 0
        try:
            return self._graph.__enter__()
        finally:
            gc.collect = collect

    def __exit__(self, *error: object) -> object:
        return self._graph.__exit__(*error)


_handles: dict = {}


def cublas() -> object:
    """NVIDIA's library for matrix multiplication on the current device: `cublas().matmul(a, b, c)`."""
    import torch

    from ._C.libtriton.nvidia.cublas import CublasLt

    device = torch.cuda.current_device()
    if device not in _handles:
        _handles[device] = CublasLt(torch.empty(32 << 20, dtype=torch.uint8, device="cuda"))
    return _handles[device]


def _properties(device: int | None) -> dict[str, int]:
    from .runtime.driver import driver

    if not _on_gpu():
        raise RuntimeError("this machine has no CUDA device to ask about")
    active = driver.active
    return active.utils.get_device_properties(active.get_current_device() if device is None else device)


def get_dram_gbps(device: int | None = None) -> float:
    """The bandwidth of a device's memory in GB/s, from its clock and the width of its bus (two transfers a cycle)."""
    facts = _properties(device)
    return 2 * facts["mem_clock_rate"] * 1e3 * facts["mem_bus_width"] / 8 / 1e9


def _capability() -> int:
    from ._C import libtriton as _C

    return _C.current_device("cuda")[1]


def _operations_per_cycle(dtype: object, table: dict[str, int], what: str) -> int:
    name = str(dtype).rpartition(".")[2]
    short = {
        "float32": "fp32",
        "float16": "fp16",
        "bfloat16": "bf16",
        "float8_e4m3fn": "fp8e4nv",
        "float8_e5m2": "fp8e5",
    }
    name = short.get(name, name)
    if name not in table:
        raise ValueError(f"{what} do not compute in {dtype}; known are {', '.join(table)}")
    return table[name]


def get_max_simd_tflops(dtype: object, clock_rate: float, device: int | None = None) -> float:
    """The rate of a device's plain arithmetic in TFLOP/s.

    Parameters
    ----------
    dtype : dtype
        float32, float16 or bfloat16.
    clock_rate : float
        Of the multiprocessors, kHz.
    """
    units = _properties(device)["multiprocessor_count"] * 4
    # operations of a quarter of a multiprocessor in a cycle: with 32 bits, with 16, by generation
    full, half = {70: (32, 64), 75: (32, 64), 80: (32, 128), 86: (64, 64), 89: (64, 64)}.get(_capability(), (64, 128))
    per_cycle = _operations_per_cycle(dtype, {"fp32": full, "fp16": half, "bf16": half}, "plain units")
    return per_cycle * units * clock_rate * 1e-9


def get_max_tensorcore_tflops(dtype: object, clock_rate: float, device: int | None = None) -> float:
    """The rate of a device's tensor cores in TFLOP/s.

    Parameters
    ----------
    dtype : dtype
        float32 (as tf32), float16, bfloat16, int8 or an 8-bit float.
    clock_rate : float
        Of the multiprocessors, kHz.
    """
    units = _properties(device)["multiprocessor_count"] * 4
    # operations of one unit in a cycle with 16-bit operands, by generation
    half = {70: 256, 75: 256, 80: 512, 86: 256, 87: 512, 89: 512, 90: 1024, 100: 2048, 103: 2048, 120: 512}.get(
        _capability(), 512
    )
    table = {"fp32": half // 2, "fp16": half, "bf16": half, "int8": 2 * half, "fp8e4nv": 2 * half, "fp8e5": 2 * half}
    return _operations_per_cycle(dtype, table, "tensor cores") * units * clock_rate * 1e-9


def nvsmi(attrs: list[str]) -> list[int]:
    """Facts of GPU 0 by nvidia-smi's names: `nvsmi(["clocks.sm"])`."""
    answer = _nvidia_smi(f"--query-gpu={','.join(attrs)}", "--format=csv,noheader,nounits")
    return [int(x) for x in answer.strip().split(",")]


def _nvidia_smi(*args: str) -> str:
    import subprocess

    try:
        return subprocess.check_output(["nvidia-smi", "-i", "0", *args], text=True)
    except FileNotFoundError:
        raise RuntimeError("nvidia-smi, which comes with the GPU's driver, is not installed") from None


class set_gpu_clock:
    """A context in which the GPU runs at fixed clocks (MHz); needs root. Gives (sm clock, memory clock)."""

    def __init__(self, ref_sm_clock: int = 1350, ref_mem_clock: int = 1215) -> None:
        self.clocks = ref_sm_clock, ref_mem_clock

    def __enter__(self) -> tuple[int, int]:
        sm, memory = self.clocks
        _nvidia_smi("-pm", "1")
        _nvidia_smi(f"--lock-gpu-clocks={sm},{sm}")
        _nvidia_smi(f"--lock-memory-clocks={memory},{memory}")
        return self.clocks

    def __exit__(self, *error: object) -> None:
        _nvidia_smi("-pm", "0")
        _nvidia_smi("-rgc")
        _nvidia_smi("-rmc")


def cuda_memcheck(**target_kwargs: object) -> Callable:
    """A decorator that runs a pytest test under CUDA's memory checker when its arguments are these."""

    def decorate(test: Callable) -> Callable:
        import functools

        @functools.wraps(test)
        def run(*args: object, **kwargs: object) -> object:
            import subprocess
            import sys

            wanted = all(kwargs.get(name) == value for name, value in target_kwargs.items())
            if not wanted or os.environ.get("PYTORCH_NO_CUDA_MEMORY_CACHING") == "1":
                return test(*args, **kwargs)
            node = kwargs["request"].node
            done = subprocess.run(
                ["compute-sanitizer", sys.executable, "-m", "pytest", "-vsx", node.nodeid],
                env={**os.environ, "PYTORCH_NO_CUDA_MEMORY_CACHING": "1"},
                text=True,
                capture_output=True,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            assert "ERROR SUMMARY: 0 errors" in done.stdout, done.stdout
            return None

        return run

    return decorate


def assert_close(x: object, y: object, atol: float | None = None, rtol: float | None = None, err_msg: str = "") -> None:
    """Fail unless two arrays, tensors or numbers are close.

    Parameters
    ----------
    x, y : array_like
        What to compare.
    atol, rtol : float or callable, optional
        Absolute and relative tolerance (a function of the dtype is called with it); 1e-2 and 0 by default.
    err_msg : str
        What to say.
    """
    import numpy as np

    def as_array(value: object) -> np.ndarray:
        if hasattr(value, "detach"):
            value = value.detach().cpu()
            value = (value.float() if value.is_floating_point() and value.itemsize < 4 else value).numpy()
        return np.asarray(value)

    def tolerance(value: object, default: float) -> float:
        if callable(value):
            value = value(getattr(x, "dtype", None))
        return default if value is None else value

    a, b = as_array(x), as_array(y)
    atol, rtol = tolerance(atol, 1e-2), tolerance(rtol, 0.0)
    if a.size > 1 or b.size > 1:
        np.testing.assert_allclose(a, b, atol=atol, rtol=rtol, equal_nan=True, err_msg=err_msg)
    elif not np.allclose(a, b, atol=atol, rtol=rtol):
        raise AssertionError(f"{err_msg} {a} is not close to {b} (atol={atol}, rtol={rtol})")


class Benchmark:
    """What a benchmark varies and how it is plotted.

    Parameters
    ----------
    x_names : list of str
        Parameters of the measured function that go along the x axis.
    x_vals : list
        Their values: one for all, or a tuple of one each.
    line_arg : str
        The parameter that differs between lines.
    line_vals, line_names : list
        Its values, and their names in the legend.
    plot_name : str
        Title, and name of the files.
    args : dict
        The other parameters' values.
    xlabel, ylabel : str
        The axes.
    x_log, y_log : bool
        Logarithmic axes.
    styles : list of (colour, style), optional
        How lines look.
    """

    def __init__(
        self,
        x_names: list[str],
        x_vals: list,
        line_arg: str,
        line_vals: list,
        line_names: list[str],
        plot_name: str,
        args: dict,
        xlabel: str = "",
        ylabel: str = "",
        x_log: bool = False,
        y_log: bool = False,
        styles: list | None = None,
    ) -> None:
        self.x_names = x_names
        self.x_vals = x_vals
        self.x_log = x_log
        self.line_arg = line_arg
        self.line_vals = line_vals
        self.line_names = line_names
        self.y_log = y_log
        self.styles = styles
        self.xlabel = xlabel
        self.ylabel = ylabel
        self.plot_name = plot_name
        self.args = args


def _pandas() -> object:
    """The module pandas; None where it is not installed."""
    try:
        import pandas
    except ImportError:
        return None
    return pandas


def _table_text(table: dict[str, list]) -> str:
    """A table for people, with the row's number in front; pandas' own where it is installed."""
    pandas = _pandas()
    if pandas:
        return pandas.DataFrame(table).to_string()
    text = [["", *map(str, range(len(next(iter(table.values())))))]]
    for name, values in table.items():
        text.append([name, *(f"{v:.6f}" if isinstance(v, float) else str(v) for v in values)])
    widths = [max(map(len, column)) for column in text]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in zip(*text, strict=True)
    )


def _page(names: list[str]) -> str:
    """An HTML page that shows the pictures NAME.png beside it."""
    import html
    import urllib.parse

    figures = "".join(
        f"<figure><figcaption>{html.escape(name)}</figcaption>"
        f'<img src="{html.escape(urllib.parse.quote(name))}.png" alt="{html.escape(name)}"></figure>\n'
        for name in names
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Benchmarks</title></head>\n'
        f"<body>\n{figures}</body>\n</html>\n"
    )


class Mark:
    """A measured function with its benchmarks.

    Parameters
    ----------
    fn : callable
        Gives a number, or (value, lowest, highest).
    benchmarks : Benchmark or list of Benchmark
        What to vary.
    """

    def __init__(self, fn: Callable, benchmarks: Benchmark | list[Benchmark]) -> None:
        self.fn = fn
        self.benchmarks = benchmarks

    def _measure(self, bench: Benchmark, kwargs: dict) -> dict[str, list]:
        """The columns of the table: the sizes, a value per line, and its bounds as NAME-min and NAME-max."""
        names = bench.line_names
        columns = [*bench.x_names, *names, *[f"{n}-min" for n in names], *[f"{n}-max" for n in names]]
        table = {name: [] for name in columns}
        for x in bench.x_vals:
            xs = list(x) if isinstance(x, (list, tuple)) else [x] * len(bench.x_names)
            if len(xs) != len(bench.x_names):
                raise ValueError(f"Expected {len(bench.x_names)} values, got {x}")
            at = dict(zip(bench.x_names, xs, strict=True))
            for name, size in at.items():
                table[name].append(size)
            for name, line in zip(names, bench.line_vals, strict=True):
                result = self.fn(**at, **{bench.line_arg: line}, **bench.args, **kwargs)
                value, lowest, highest = result if isinstance(result, (list, tuple)) else (result, None, None)
                table[name].append(value)
                table[f"{name}-min"].append(lowest)
                table[f"{name}-max"].append(highest)
        return table

    def _plot(self, bench: Benchmark, table: dict[str, list], save_path: str, show_plots: bool) -> None:
        import matplotlib

        if not show_plots:
            matplotlib.use("Agg")
        import matplotlib.pyplot as plt

        plt.figure()
        axes = plt.subplot()
        first = bench.x_names[0]
        xs = table[first]
        for i, name in enumerate(bench.line_names):
            low, high = (
                [float("nan") if v is None else float(v) for v in table[f"{name}-{end}"]] for end in ("min", "max")
            )
            colour, style = bench.styles[i] if bench.styles else (None, None)
            axes.plot(xs, table[name], label=name, color=colour, ls=style)
            if any(v == v for v in low) and any(v == v for v in high):
                axes.fill_between(xs, low, high, alpha=0.15, color=colour)
        axes.legend()
        axes.set_title(bench.plot_name)
        axes.set_xlabel(bench.xlabel or first)
        axes.set_ylabel(bench.ylabel)
        axes.set_xscale("log" if bench.x_log else "linear")
        axes.set_yscale("log" if bench.y_log else "linear")
        if bench.x_log and len(xs) <= 16:  # the sizes that were measured, not powers of ten between them
            axes.set_xticks(xs, [str(x) for x in xs], rotation=45 if len(str(xs[-1])) * len(xs) > 40 else 0)
            axes.set_xticks([], minor=True)
        if save_path:
            plt.savefig(os.path.join(save_path, f"{bench.plot_name}.png"), bbox_inches="tight")
        if show_plots:
            plt.show()
        plt.close()

    def _run(
        self, bench: Benchmark, save_path: str, show_plots: bool, print_data: bool, diff_col: bool, kwargs: dict
    ) -> dict[str, list]:
        import csv

        names = bench.line_names
        table = self._measure(bench, kwargs)
        if bench.plot_name and (show_plots or save_path):
            self._plot(bench, table, save_path, show_plots)
        table = {name: table[name] for name in (*bench.x_names, *names)}
        if diff_col and len(names) == 2:
            table["Diff"] = [b - a for a, b in zip(table[names[0]], table[names[1]], strict=True)]
        if print_data:
            print(bench.plot_name + ":")
            print(_table_text(table))
        if save_path:
            with open(os.path.join(save_path, f"{bench.plot_name}.csv"), "w", encoding="utf-8", newline="") as file:
                rows = csv.writer(file, lineterminator="\n")
                rows.writerow(table)
                for row in zip(*table.values(), strict=True):
                    rows.writerow([f"{v:.4f}" if isinstance(v, float) else v for v in row])
        return table

    def run(
        self,
        show_plots: bool = False,
        print_data: bool = False,
        save_path: str = "",
        return_df: bool = False,
        diff_col: bool = False,
        **kwargs: object,
    ) -> object:
        """Measure everything; print, plot, save (PNG, CSV, an HTML page) as asked.

        Returns
        -------
        pandas.DataFrame or list of pandas.DataFrame or None
            The tables, with `return_df`.
        """
        pandas = _pandas()
        if return_df and not pandas:
            raise ImportError("return_df gives a pandas.DataFrame, and pandas is not installed (pip install pandas)")
        single = isinstance(self.benchmarks, Benchmark)
        benchmarks = [self.benchmarks] if single else self.benchmarks
        if save_path:
            os.makedirs(save_path, exist_ok=True)
        tables = [self._run(bench, save_path, show_plots, print_data, diff_col, kwargs) for bench in benchmarks]
        if save_path:
            with open(os.path.join(save_path, "results.html"), "w", encoding="utf-8") as page:
                page.write(_page([bench.plot_name for bench in benchmarks if bench.plot_name]))
        if not return_df:
            return None
        frames = [pandas.DataFrame(table) for table in tables]
        return frames[0] if single else frames


def perf_report(benchmarks: Benchmark | list[Benchmark]) -> Callable[[Callable], Mark]:
    """Mark a function as a benchmark.

    Parameters
    ----------
    benchmarks : Benchmark or list of Benchmark
        What to vary and how to plot it.
    """
    return lambda fn: Mark(fn, benchmarks)
