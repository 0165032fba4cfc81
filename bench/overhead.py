"""What a session of `triton.profiler` costs on the CPU, a launch of a kernel of 20 us.

Series of 25 launches of one thread, in processor time, so that what other programs take does not count; the ways take
turns in blocks, and of a block's series the least counts, which a disturbance seldom meets. What remains of noise is
seen from the way "off", which has two places in each block.
    python bench/overhead.py [--blocks 40] [--series 25]
"""

import argparse
import gc
import os
import statistics
import tempfile
import time
from pathlib import Path

os.environ["TRITONC_NUM_THREADS"] = "1"
import numpy as np
import triton
import triton.language as tl
import triton.profiler as proton

WAYS = ("off", "tree", "trace", "off again")
LAUNCHES = 25


@triton.jit
def spin(x, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + i)
    for _ in range(n):
        v = v * 0.999 + 0.5
    tl.store(x + i, v)


X = np.ones(1024, np.float32)


def launches(count, n):
    for _ in range(count):
        spin[(1,)](X, n, BLOCK=1024)


def series(n):
    """Microseconds of a launch."""
    begin = time.process_time_ns()
    launches(LAUNCHES, n)
    return (time.process_time_ns() - begin) / LAUNCHES / 1e3


def length():
    """Iterations that take 20 us."""
    n = 100
    launches(10, n)
    while min(series(n) for _ in range(20)) < 20:
        n = int(n * 1.15)
    return n


def measure(blocks, count):
    """For each way the least series of each block."""
    n = length()
    found = {way: [] for way in WAYS}
    gc.disable()
    with tempfile.TemporaryDirectory() as folder:
        for block in range(blocks):
            at = block % len(WAYS)
            for way in WAYS[at:] + WAYS[:at]:
                session = None
                if not way.startswith("off"):
                    session = proton.start(str(Path(folder) / "profile"), data=way, backend="cpu")
                launches(LAUNCHES, n)
                found[way].append(min(series(n) for _ in range(count)))
                if session is not None:
                    proton.finalize(session)
    gc.enable()
    return found


def overheads(found):
    """What each way takes more than "off", as the median of the blocks."""
    off = [min(pair) for pair in zip(found["off"], found["off again"], strict=True)]
    return {way: statistics.median(a / b for a, b in zip(times, off, strict=True)) - 1 for way, times in found.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blocks", type=int, default=40)
    parser.add_argument("--series", type=int, default=25)
    given = parser.parse_args()
    found = measure(given.blocks, given.series)
    for way, more in overheads(found).items():
        times = sorted(found[way])
        middle = statistics.median(times)
        print(f"{way:10} least {times[0]:.3f} us, median of blocks {middle:.3f} us, over off {more:+.2%}")


if __name__ == "__main__":
    main()
