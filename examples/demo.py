"""Runs every example kernel on tensors in host memory, checks it against PyTorch in float64, times it, draws plots.

./dev demo [NAME…]     only the examples whose file name contains one of NAME
"""

import importlib
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "kernels"))

import torch  # noqa: E402
import triton  # noqa: E402
import triton.testing  # noqa: E402


def milliseconds(fn):
    return triton.testing.do_bench(fn, warmup=5, rep=30, return_mode="median")


def progress(text=""):
    """A line that the next one replaces, where somebody may be looking."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def run_cases(names):
    rows = []
    for path in sorted((HERE / "kernels").glob("*.py")):
        if path.stem == "case" or (names and not any(n in path.stem for n in names)):
            continue
        for case in importlib.import_module(path.stem).cases():
            progress(f"  {case.kernel}, {case.size} …")
            error = case.error()
            ours = milliseconds(case.run)
            theirs = milliseconds(case.rival) if case.rival else None
            rows.append((case.kernel, case.size, error <= case.rtol, error, ours, theirs))
    progress()
    return rows


def print_table(rows):
    print(f"{'kernel':34} {'size':36} {'correct':>8} {'error':>9} {'ms':>9} {'PyTorch ms':>11} {'ratio':>6}")
    for kernel, size, correct, error, ours, theirs in rows:
        rival = f"{theirs:11.3f} {theirs / ours:6.2f}" if theirs else f"{'':11} {'':6}"
        print(f"{kernel:34} {size:36} {'yes' if correct else 'NO':>8} {error:9.1e} {ours:9.3f} {rival}")


def plots(folder):
    """One plot per benchmark, throughput over size, ours and PyTorch's; and a page that shows them all."""
    import add
    import matmul
    import softmax

    def add_rate(n, ours):
        x, y = torch.randn(n), torch.randn(n)
        return 12 * n / milliseconds((lambda: add.add(x, y)) if ours else (lambda: x + y)) * 1e-6

    def softmax_rate(n, ours):
        x = torch.randn(max(1, (1 << 21) // n), n)
        ms = milliseconds((lambda: softmax.softmax(x)) if ours else (lambda: torch.softmax(x, 1)))
        return 8 * x.numel() / ms * 1e-6

    def matmul_rate(n, ours):
        a, b = torch.randn(n, n), torch.randn(n, n)
        return 2 * n**3 / milliseconds((lambda: matmul.matmul(a, b)) if ours else (lambda: a @ b)) * 1e-6

    def benchmark(name, rate, xlabel, xs, ylabel):
        return triton.testing.Benchmark(
            x_names=["n"],
            x_vals=xs,
            x_log=True,
            line_arg="ours",
            line_vals=[True, False],
            line_names=["tritonc", "PyTorch"],
            styles=[("tab:blue", "-"), ("tab:orange", "--")],
            xlabel=xlabel,
            ylabel=ylabel,
            plot_name=name,
            args={"rate": rate},
        )

    benchmarks = [
        benchmark("vector-add", add_rate, "elements", [1 << i for i in range(12, 25, 2)], "GB/s"),
        benchmark(
            "softmax", softmax_rate, "columns (2097152 elements in all)", [1 << i for i in range(6, 15, 2)], "GB/s"
        ),
        benchmark("matmul-f32", matmul_rate, "rows and columns", [64, 128, 256, 512, 1024], "GFLOP/s"),
    ]
    progress("  measuring for the plots …")
    report = triton.testing.perf_report(benchmarks)(lambda n, ours, rate: rate(n, ours))
    report.run(save_path=str(folder), show_plots=False, print_data=False)
    progress()
    print(f"plots: {folder / 'results.html'}")


def main():
    torch.manual_seed(0)
    names = sys.argv[1:]
    start = time.time()
    print(
        f"triton {triton.__version__}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads", file=sys.stderr
    )
    rows = run_cases(names)
    print_table(rows)
    if not names:
        plots(HERE.parent / "build" / "demo")
    wrong = sum(not row[2] for row in rows)
    print(f"{len(rows) - wrong} of {len(rows)} correct, {time.time() - start:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
