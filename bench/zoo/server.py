"""One implementation of `triton` on the GPU, in a process of its own, told over its standard input what to do.

run.py starts one of these per implementation and lets them take turns. A request is a line of JSON, and so is the answer:

    {"do": "compile", "labels": [...], "workers": 16}   all compiled from an empty cache, several at a time
    {"do": "make", "label": L}     data made, launched once from the cache, checked: {"error": relative error}
    {"do": "time", "ms": 10}       {"ms": [...]}, times of that case's launches, the L2 cache flushed before each
    {"do": "drop"}                 its memory given back
"""

import concurrent.futures
import json
import math
import multiprocessing
import os
import sys
import time
import traceback

FLUSH = 256 << 20  # bytes: several times the L2 cache


def launch_facts(label: str) -> tuple[str, dict]:
    """In a worker: compiles a case's kernels, loads them, and says how long that took and what they need."""
    import torch

    from .kinds import CASES_BY_LABEL

    try:
        work = CASES_BY_LABEL[label].make("meta")
        begin = time.perf_counter()
        kernels = []
        for launch in work.launches:
            args = [a.dtype if isinstance(a, torch.Tensor) else a for a in launch.args]
            kernel = launch.kernel.warmup(*args, grid=launch.grid, **launch.keywords)
            kernel._init_handles()  # the driver loads the module
            kernel.run  # noqa: B018  (the launcher, where there is one to build)
            kernels.append(kernel)
        facts = {"first_call_ms": (time.perf_counter() - begin) * 1e3}
        facts["kernels"] = [
            dict(registers=k.n_regs, spills=k.n_spills, shared=k.metadata.shared, warps=k.metadata.num_warps)
            for k in kernels
        ]
    except Exception as e:
        facts = {"failure": f"{type(e).__name__}: {e}"[-300:]}
        traceback.print_exc()
    return label, facts


def start_worker():
    """A worker's driver, PyTorch and launch path are up before its first case is timed."""
    import torch

    from .warm import nothing_kernel

    torch.zeros(1, device="cuda")
    nothing_kernel.warmup(torch.float32, grid=(1,))._init_handles()


class Server:
    def __init__(self):
        self.work = self.case = None

    def compile(self, labels, workers):
        context = multiprocessing.get_context("spawn")
        with concurrent.futures.ProcessPoolExecutor(workers, context, start_worker) as pool:
            return dict(pool.map(launch_facts, labels))

    def make(self, label):
        import torch

        from .kinds import CASES_BY_LABEL

        self.case = CASES_BY_LABEL[label]
        self.work = self.case.make("cuda")
        error = self.work.error()
        torch.cuda.synchronize()
        return {"error": error, "tolerance": self.case.tolerance}

    def time(self, ms):
        import torch

        if not hasattr(self, "flush"):
            self.flush = torch.empty(FLUSH, dtype=torch.int8, device="cuda")
        event = lambda: torch.cuda.Event(enable_timing=True)
        run = self.work.run
        run()
        begin, end = event(), event()
        begin.record()
        run()
        run()
        end.record()
        torch.cuda.synchronize()
        count = min(60, max(4, math.ceil(ms / max(1e-3, begin.elapsed_time(end) / 2))))
        pairs = [(event(), event()) for _ in range(count)]
        for begin, end in pairs:
            self.flush.zero_()
            begin.record()
            run()
            end.record()
        torch.cuda.synchronize()
        return {"ms": [begin.elapsed_time(end) for begin, end in pairs]}

    def drop(self):
        import torch

        self.work = None
        torch.cuda.empty_cache()
        return {}


def main():
    """Answers until the input ends. Only answers go to standard output: everything else that prints goes to the log."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    import triton

    print(json.dumps({"triton": triton.__version__}), file=answers)
    server = Server()
    for line in sys.stdin:
        request = json.loads(line)
        try:
            answer = getattr(server, request.pop("do"))(**request)
        except Exception as e:
            traceback.print_exc()
            answer = {"failure": f"{type(e).__name__}: {e}"[-300:]}
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main()
