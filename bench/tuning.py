"""How long `triton.autotune` takes to choose, for any implementation of `triton`: whichever `import triton` finds.

A matmul with 30 configurations on a GPU, 20 on the CPU: the first launch with nothing compiled before, then, with
everything compiled, choices made again: how long they take, and how often the same one wins.
    python bench/tuning.py [--device cuda] [--again 10] [--load N] [--out result.json]

`--load N` keeps N processes busy beside it.
"""

import argparse
import collections
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TRITON_CACHE_DIR", tempfile.mkdtemp())
import torch
import triton

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from kernels import matmul_kernel


def configurations(device):
    """Tiles, warps and stages as people write them down."""
    if device == "cpu":
        tiles = [(m, n, k) for m in (32, 64, 128) for n in (64, 128, 256) for k in (32, 64)]
        tiles += [(16, 256, 64), (256, 64, 64)]
        return [triton.Config({"BM": m, "BN": n, "BK": k, "GM": 8}, num_warps=4) for m, n, k in tiles]
    tiles = [(128, 256, 64), (256, 128, 64), (128, 128, 64), (128, 64, 64), (64, 128, 64), (64, 256, 64), (64, 64, 64),
             (128, 32, 64), (64, 32, 64), (128, 128, 128)]  # fmt: skip
    return [
        triton.Config({"BM": m, "BN": n, "BK": k, "GM": 8}, num_warps=w, num_stages=s)
        for m, n, k in tiles
        for w, s in (((4, 3), (4, 4), (8, 3)) if k < 128 else ((4, 2), (8, 2), (8, 3)))
    ]


def busy():
    while True:
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--size", type=int)
    parser.add_argument("--again", type=int, default=10)
    parser.add_argument("--load", type=int, default=0)
    parser.add_argument("--out")
    given = parser.parse_args()
    n = given.size or (4096 if given.device == "cuda" else 512)
    half = torch.float16 if given.device == "cuda" else torch.float32
    a, b = (torch.randn(n, n, device=given.device, dtype=half) for _ in range(2))
    c = torch.empty_like(a)
    configs = configurations(given.device)
    tuned = triton.autotune(configs, key=["M", "N", "K"])(matmul_kernel)
    others = [multiprocessing.get_context("spawn").Process(target=busy, daemon=True) for _ in range(given.load)]
    for process in others:
        process.start()

    def launch():
        begin = time.perf_counter()
        tuned[lambda meta: (triton.cdiv(n, meta["BM"]) * triton.cdiv(n, meta["BN"]),)](
            a, b, c, n, n, n, n, 1, n, 1, n, 1
        )
        if given.device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - begin

    first = launch()
    winners, times = [str(tuned.best_config)], []
    for _ in range(given.again):
        tuned.cache.clear()
        times.append(launch())
        winners.append(str(tuned.best_config))
    for process in others:
        process.kill()
    run = launch if given.device == "cpu" else lambda: triton.testing.do_bench(launch, rep=200) / 1e3
    chosen = min(run() for _ in range(5))
    counts = collections.Counter(winners)
    result = {
        "triton": triton.__version__, "configurations": len(configs), "first": first,
        "again": statistics.median(times) if times else None, "winners": counts.most_common(), "chosen": chosen,
        "error": float((c.double() - a.double() @ b.double()).norm() / (a.double() @ b.double()).norm()),
    }  # fmt: skip
    print(f"{triton.__version__}: {len(configs)} configurations: {first:.2f} s with nothing compiled", end="")
    print(f", then {statistics.median(times):.2f} s ({max(times):.2f} at most)" if times else "")
    for winner, count in counts.most_common():
        print(f"  {count} of {len(winners)}: {winner}")
    rate = 2e-12 * n**3 / chosen
    print(f"  the last one takes {chosen * 1e6:.0f} us, {rate:.2f} TFLOP/s, relative error {result['error']:.1e}")
    if given.out:
        Path(given.out).write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
