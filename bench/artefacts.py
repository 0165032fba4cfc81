"""Compiled kernels as shared objects (docs/aot.md) beside the same kernels launched from Python, in one process.

Per kernel: whether the results are equal, the time of each, their ratio, and on a GPU the host time of a launch from C.
Each way's time is the mean of its three least samples of a race in turns (as tuning takes it: other programs only add).
    python bench/artefacts.py [--device cuda] [--threads 1] [--rounds 30]        (needs a C compiler, and PyTorch)
"""

import argparse
import ctypes
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TRITON_CACHE_DIR", tempfile.mkdtemp())
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
KERNELS = ROOT / "tests" / "kernels.py"
TRITONC = shutil.which("tritonc") or ROOT / "build" / "release" / "bin" / "tritonc"


class Case:
    """A kernel's launch: `signature` has the hints that launching from Python finds."""

    def __init__(self, kernel, signature, grid, arguments, constants, options, out):
        self.kernel, self.signature, self.grid, self.arguments = kernel, signature, grid, arguments
        self.constants, self.options, self.out = constants, options, out


def cases(device):
    import torch
    from kernels import attn_fwd_kernel, matmul_kernel, softmax_kernel

    torch.manual_seed(0)
    gpu = device == "cuda"
    half, name = (torch.float16, "fp16") if gpu else (torch.float32, "fp32")
    n, tile = (4096, (128, 256, 64, 8)) if gpu else (512, (64, 64, 64, 8))
    a, b = (torch.randn(n, n, device=device, dtype=half) for _ in range(2))
    c = torch.empty_like(a)
    (bm, bn, bk, gm), wide = tile, "i32:16, i32:1, " * 3
    constants = dict(zip(("BM", "BN", "BK", "GM"), tile, strict=True))
    yield Case(
        matmul_kernel, f"{f'*{name}:16, ' * 3}{'i32:16, ' * 3}{wide}{bm}, {bn}, {bk}, {gm}",
        (-(-n // bm) * -(-n // bn), 1, 1), (a, b, c, n, n, n, n, 1, n, 1, n, 1), constants,
        {"num_warps": 8, "num_stages": 3} if gpu else {}, c,
    )  # fmt: skip
    rows, columns = (8192, 4096) if gpu else (1000, 4000)
    x = torch.randn(rows, columns, device=device)
    y = torch.empty_like(x)
    yield Case(
        softmax_kernel, "*fp32:16, *fp32:16, i32:16, i32:16, 4096", (rows, 1, 1), (x, y, columns, columns),
        {"BLOCK": 4096}, {}, y,
    )  # fmt: skip
    heads, length, d = (64, 4096, 128) if gpu else (4, 512, 64)
    q, k, v = (torch.randn(1, heads, length, d, device=device, dtype=half) for _ in range(3))
    o = torch.empty_like(q)
    block = (128, 128) if gpu else (64, 64)
    yield Case(
        attn_fwd_kernel, f"{f'*{name}:16, ' * 4}fp32, {'i32:16, ' * 4}{d}, {block[0]}, {block[1]}, True, {heads}",
        (length // block[0], heads, 1), (q, k, v, o, 0.125, heads * length * d, length * d, d, length),
        {"D": d, "BM": block[0], "BN": block[1], "CAUSAL": True, "H": heads}, {"num_warps": 8} if gpu else {}, o,
    )  # fmt: skip


def environment(place):
    if not os.environ.get("TRITON_LIBCUDA_PATH") and not shutil.which("nvidia-smi"):
        return os.environ
    import triton.backends.nvidia.driver as driver

    files = [Path(folder) / "libcuda.so.1" for folder in driver.library_dirs()]
    (place / "libcuda.so").symlink_to(next(file for file in files if file.exists()))
    return {**os.environ, "CPATH": os.pathsep.join(driver.include_dirs), "LIBRARY_PATH": str(place)}


def build(case, device, place):
    name = case.kernel.__name__
    options = [f"--{key.replace('_', '-')}={value}" for key, value in case.options.items()]
    command = [TRITONC, KERNELS, "-k", name, "-s", case.signature, "-t", target(device), *options]
    command += ["--grid", ", ".join(map(str, case.grid)), "--emit", "so", "-o", place / name]
    done = subprocess.run([str(c) for c in command], env=environment(place), capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr)
    return getattr(ctypes.CDLL(str(place / f"{name}.so")), name)


def target(device):
    import torch

    return "cuda:{}{}".format(*torch.cuda.get_device_capability()) if device == "cuda" else "cpu"


def converted(values):
    for value in values:
        if isinstance(value, int):
            yield ctypes.c_int32(value)
        elif isinstance(value, float):
            yield ctypes.c_float(value)
        else:
            yield ctypes.c_void_p(value.data_ptr())


def timer(device):
    """Seconds of some runs of a function."""
    import torch

    if device == "cpu":

        def timed(run, n):
            times = []
            for _ in range(n):
                begin = time.perf_counter()
                run()
                times.append(time.perf_counter() - begin)
            return min(times)

        return timed
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))

    def timed_events(run, n):
        torch.cuda.synchronize()
        start.record()
        for _ in range(n):
            run()
        end.record()
        torch.cuda.synchronize()
        return start.elapsed_time(end) / 1e3 / n

    return timed_events


def least(samples):
    return statistics.mean(sorted(samples)[:3])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, help="of the kernels, on the CPU")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--runs", type=int, default=5, help="of a kernel in a sample")
    given = parser.parse_args()
    if given.threads:
        os.environ["TRITONC_NUM_THREADS"] = str(given.threads)
    import torch

    measure = timer(given.device)
    print("| kernel | equal | artefact | from Python | ratio |")
    print("| --- | --- | --- | --- | --- |")
    for case in cases(given.device):
        with tempfile.TemporaryDirectory() as folder:
            function = build(case, given.device, Path(folder))
        arguments = list(converted(case.arguments))
        if given.device == "cuda":
            arguments.insert(0, ctypes.c_void_p(torch.cuda.current_stream().cuda_stream))

        def artefact(function=function, arguments=arguments):
            if function(*arguments):
                sys.exit("the launch failed")

        launch = case.kernel[case.grid]

        def python(launch=launch, case=case):
            launch(*case.arguments, **case.constants, **case.options)

        results = []
        for run in (artefact, python):
            case.out.fill_(float("nan"))
            run()
            results.append(case.out.clone())
        samples = {artefact: [], python: []}
        for turn in range(given.rounds):
            for run in (artefact, python) if turn % 2 else (python, artefact):
                measure(run, 1)  # the other one's threads and caches
                samples[run].append(measure(run, given.runs))
        ours, theirs = (least(samples[run]) for run in (artefact, python))
        equal = "yes" if torch.equal(*results) else f"within {float((results[0] - results[1]).abs().max()):.2g}"
        print(
            f"| {case.kernel.__name__} | {equal} | {ours * 1e6:.1f} us | {theirs * 1e6:.1f} us | {ours / theirs:.3f} |"
        )


if __name__ == "__main__":
    main()
