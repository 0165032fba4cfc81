"""What this machine can do at most, measured once by kernels of our own and kept beside the compiled kernels."""

from __future__ import annotations

import json
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

VERSION = 3
COPIED = 1 << 26  # bytes, more than caches hold
_TYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
_TILE = 128  # rows and columns of a matmul's result
_ROW = 256  # bytes of its operands' rows: three iterations of both are in a multiprocessor's shared memory


class Limits:
    """A machine's limits.

    Attributes
    ----------
    bandwidth : float
        Bytes of memory in a second.
    matmuls : dict
        Operations of `tl.dot` in a second by the operands' type.
    other : float
        Other operations on f32 in a second.
    processors : int
        Threads of the CPU, multiprocessors of the GPU.
    """

    def __init__(self, bandwidth: float, matmuls: dict[str, float], other: float, processors: int) -> None:
        self.bandwidth = bandwidth
        self.matmuls = matmuls
        self.other = other
        self.processors = processors

    def matmul(self, element: str) -> float:
        """The speed of matmuls of a type, or of the nearest that was measured."""
        return self.matmuls.get(element) or self.matmuls.get("f16" if "8" in element else "f32") or self.other


def _kernels() -> tuple:
    from . import language as tl
    from .runtime.jit import jit

    @jit
    def copy(x, y, BLOCK: tl.constexpr):
        i = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        tl.store(y + i, tl.load(x + i))

    @jit
    def matmul(a, b, c, n, M: tl.constexpr, K: tl.constexpr, ROW: tl.constexpr, COLUMN: tl.constexpr):
        i, k = tl.arange(0, M), tl.arange(0, K)
        acc = tl.zeros((M, M), tl.float32)
        for j in range(n):
            x = tl.load(a + i[:, None] * K + k[None, :] + j * 0)
            y = tl.load(b + k[:, None] * ROW + i[None, :] * COLUMN + j * 0)
            acc = tl.dot(x, y, acc)
        tl.store(c + tl.program_id(0) * M * M + i[:, None] * M + i[None, :], acc)

    @jit
    def chain(x, n, BLOCK: tl.constexpr):
        i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        v = tl.load(x + i)
        for _ in range(n):
            v = v * 0.999 + 0.5
            v = v * 0.998 + 0.25
            v = v * 0.997 + 0.125
            v = v * 0.996 + 0.0625
        tl.store(x + i, v)

    return copy, matmul, chain


def _by_events(run: Any) -> float:
    """Seconds on PyTorch's GPU, or by the clock where there is none."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        start = time.perf_counter()
        run()
        return time.perf_counter() - start
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    run()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end) / 1e3


def seconds_of(run: Any, runs: int = 5) -> list[float]:
    """How long runs take: by the profiler, or by events where that sees no kernel, or another one is running."""
    from .profiler._bench import kernel_times

    run()
    try:
        return [t / 1e3 for t in kernel_times(runs, run, lambda: None, lambda: None)]
    except RuntimeError:
        return [_by_events(run) for _ in range(runs)]


def _best(run: Any) -> float:
    return min(seconds_of(run))


class _Memory:
    """An array of NumPy's, which has no bf16, as memory whose type something else says."""

    def __init__(self, array: Any) -> None:
        self.array = array
        self.dtype = array.dtype

    def data_ptr(self) -> int:
        return self.array.ctypes.data


def _ones(n: int, dtype: str, device: str) -> Any:
    if device != "cpu":
        import torch

        return torch.ones(n, dtype=getattr(torch, dtype), device=device)
    import numpy as np

    from .language import bfloat16
    from .runtime.jit import reinterpret

    if dtype == "bfloat16":
        return reinterpret(_Memory(np.full(n, 0x3F80, np.uint16)), bfloat16)
    return np.ones(n, dtype)


def _matmuls(matmul: Any, name: str, programs: int, device: str) -> float:
    """Operations of `tl.dot` in a second."""
    inner = _ROW // (4 if name == "f32" else 2)
    times = 64 * _TILE // inner
    a, c = _ones(_TILE * inner, _TYPES[name], device), _ones(programs * _TILE * _TILE, "float32", device)

    def run(row: int, column: int) -> None:
        matmul[(programs,)](a, a, c, times, M=_TILE, K=inner, ROW=row, COLUMN=column)

    # The second operand by rows and by columns: tensor cores like one or the other, by type.
    seconds = min(_best(lambda: run(_TILE, 1)), _best(lambda: run(1, inner)))
    return 2 * _TILE**2 * inner * times * programs / seconds


def measure(processors: int, device: str) -> Limits:
    """Measure the CPU ("cpu"), or the GPU of a PyTorch device."""
    copy, matmul, chain = _kernels()
    x, y = (_ones(COPIED // 4, "float32", device) for _ in range(2))
    bandwidth = 2 * COPIED / _best(lambda: copy[(COPIED // 4 // 4096,)](x, y, BLOCK=4096))
    programs = 4 * processors
    matmuls = {name: _matmuls(matmul, name, programs, device) for name in _TYPES}
    z = _ones(programs * 1024, "float32", device)
    long = 256 if device == "cpu" else 2048  # so that beginning and end of the launch are little of it
    other = 8 * 1024 * long * programs / _best(lambda: chain[(programs,)](z, long, BLOCK=1024))
    return Limits(bandwidth, matmuls, max(other, matmuls["f32"]) if device == "cpu" else other, processors)


def _processors(on_gpu: bool) -> int:
    if on_gpu:
        from .runtime.driver import driver

        active = driver.active
        return active.utils.get_device_properties(active.get_current_device())["multiprocessor_count"]
    given = os.environ.get("TRITONC_NUM_THREADS", "")
    return int(given) if given.isdigit() and int(given) else len(os.sched_getaffinity(0))


def _path(target: str, processors: int) -> str:
    from . import knobs

    return os.path.join(knobs.cache.dir, f"limits-{VERSION}-{target.replace(':', '-')}-{processors}.json")


def _read(path: str) -> Limits | None:
    try:
        with open(path) as f:
            return Limits(**json.load(f))
    except (OSError, ValueError, TypeError):
        return None


def _keep(path: str, found: Limits) -> None:
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{path}.{os.getpid()}", "w") as f:
            json.dump(vars(found), f)
        os.replace(f"{path}.{os.getpid()}", path)
    except OSError:
        pass


def limits(target: str) -> Limits:
    """Those of this machine for a kernel of a target ("cpu:znver3"), from the cache or measured now."""
    on_gpu = target.startswith("cuda")
    processors = _processors(on_gpu)
    path = _path(target, processors)
    found = _read(path)
    if found is None:
        found = measure(processors, "cuda" if on_gpu else "cpu")
        _keep(path, found)
    return found


def _greater(a: Limits, b: Limits) -> Limits:
    matmuls = {name: max(a.matmuls.get(name, 0), b.matmuls.get(name, 0)) for name in {**a.matmuls, **b.matmuls}}
    return Limits(max(a.bandwidth, b.bandwidth), matmuls, max(a.other, b.other), a.processors)


_again: set[str] = set()  # targets that were measured again


def limits_again(target: str, known: Limits) -> Limits:
    """Measure once more, once in a process: a launch was faster than what is known allows.

    The machine may have been busy with something else when its limits were measured; the greater of what was seen each
    time is kept. Where a launch's tensors stay in caches it may be faster than memory all the same.
    """
    if target in _again:
        return known
    _again.add(target)
    found = _greater(known, measure(known.processors, "cuda" if target.startswith("cuda") else "cpu"))
    _keep(_path(target, known.processors), found)
    return found
