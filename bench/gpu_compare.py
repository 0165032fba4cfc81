"""This implementation against another on the same GPU: bench/side_by_side.py once with each, and a table of both.

    ./dev gputest cuda && python3 bench/gpu_compare.py     (with whatever `triton` Python finds by itself)
    python3 bench/gpu_compare.py --only matmul --out result.md

The table: rate of each (GB/s or TFLOP/s) and ours over theirs, relative error of each, the cold first call of each in
milliseconds (each case in a process of its own with an empty cache; the driver's module load is part of it), and the
host time of a launch.
"""

import argparse
import concurrent.futures
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def measure(path, only):
    """The results of one run: a dictionary by case."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TRITON_CACHE_DIR")}
    if path:
        env["PYTHONPATH"] = str(path)
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [sys.executable, str(ROOT / "bench" / "side_by_side.py"), "--out", out.name, "--only", only]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(done.stderr)
        return json.loads(Path(out.name).read_text())


def first_calls(path, names):
    """Milliseconds of each case's cold first call: a process for each, four at a time."""

    def first_call(name):
        return measure(path, name)["results"][name].get("first_call_ms")

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return dict(zip(names, pool.map(first_call, names), strict=True))


def number(value, digits=0):
    return "" if value is None else f"{value:,.{digits}f}"


def error(value):
    return "" if value is None else f"{value:.1e}"


def table(ours, theirs, cold_ours, cold_theirs):
    yield "| case | ours | theirs | ratio | error, ours | theirs | cold first call, ours (ms) | theirs | ratio |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    shorter = []
    for name, a in ours["results"].items():
        b = theirs["results"].get(name, {})
        if name in ("launch_overhead", "warm_nop"):
            continue
        if "error" in a or "error" in b or not b:
            cells = [x.get("error", number(x.get("rate"))) for x in (a, b)]
            yield f"| {name} | {cells[0]} | {cells[1]} | | | | | | |"
            continue
        speed, first = a["rate"] / b["rate"], cold_theirs[name] / cold_ours[name]
        shorter.append(first)
        cells = [name, number(a["rate"]), number(b["rate"]), number(speed, 2), error(a["err"]), error(b["err"])]
        cells += [number(cold_ours[name]), number(cold_theirs[name]), number(first, 1)]
        yield "| " + " | ".join(cells) + " |"
    if shorter:
        yield ""
        yield f"Cold first call, geometric mean: {math.exp(statistics.mean(map(math.log, shorter))):.1f} times shorter."
    for kind, a in ours["results"].get("launch_overhead", {}).items():
        b = theirs["results"]["launch_overhead"][kind]
        yield f"One launch, host time ({kind} constants): {a['us_median']:.2f} us, theirs {b['us_median']:.2f} us."


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours", default=ROOT / "build" / "gputest" / "python", help="the folder of our package")
    parser.add_argument("--theirs", default="", help="the folder of the other package; Python's own by default")
    parser.add_argument("--only", default="", help="only cases whose name holds this")
    parser.add_argument("--out", help="write the table to this file too")
    options = parser.parse_args()
    import torch

    ours, theirs = measure(options.ours, options.only), measure(options.theirs, options.only)
    names = [name for name, a in ours["results"].items() if "first_call_ms" in a and name != "warm_nop"]
    cold = first_calls(options.ours, names), first_calls(options.theirs, names)
    title = f"{torch.cuda.get_device_name()}; triton {ours['triton']} and {theirs['triton']}."
    text = "\n".join([title, "", *table(ours, theirs, *cold)])
    print(text)
    if options.out:
        Path(options.out).write_text(text + "\n")


if __name__ == "__main__":
    main()
