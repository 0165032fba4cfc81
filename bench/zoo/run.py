"""The zoo: our implementation beside another on the same kernels, shapes, options and data.

    python -m bench.zoo                        on a GPU: build/gputest's package beside the installed Triton
    python -m bench.zoo --only attention       only cases whose label or kind holds this
    python -m bench.zoo --static --theirs-python venv/bin/python      without a GPU: code and registers compared

On a GPU each implementation is a process of its own (server.py). Both compile every case from an empty cache, many at a
time; then they take turns, case by case, in short rounds: medians of CUDA-event times after a flush of the L2 cache.

The table: milliseconds of each, speed (theirs over ours: above 1, ours is faster), error of each relative to PyTorch in higher
precision, registers, spills, shared memory and blocks per multiprocessor (ours/theirs, of a case's hungriest kernel), and
the first call: compiling, assembling and loading with a warm process, an empty cache and other workers beside it.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import static
from .hardware import blocks_per_multiprocessor
from .kinds import CASES

ROOT = Path(__file__).resolve().parents[2]


class Child:
    """A server process of one implementation."""

    def __init__(self, package, log):
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TRITON_CACHE_DIR")}
        env["TRITON_CACHE_DIR"] = tempfile.mkdtemp(prefix="zoo-")
        if package:
            env["PYTHONPATH"] = str(package)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.zoo.server"], cwd=ROOT, env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=open(log, "w"),
        )  # fmt: skip
        self.triton = self.answer()["triton"]

    def send(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"a server ended with status {self.process.wait()}: see its log")
        return json.loads(line)

    def ask(self, **request):
        self.send(**request)
        return self.answer()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


def hungriest(facts):
    """Of a case's kernels, the one of which a multiprocessor holds the fewest blocks."""
    for k in facts["kernels"]:
        k["blocks"] = blocks_per_multiprocessor(k["registers"], k["shared"], k["warps"])
    return min(facts["kernels"], key=lambda k: k["blocks"])


def measure(children, label, compiled, rounds, ms):
    """One case: a dictionary per implementation."""
    results = [dict(c.get(label, {"failure": "not compiled"})) for c in compiled]
    for child in children:
        child.send(do="make", label=label)
    for child, result in zip(children, results, strict=True):
        result.update(child.answer())
    times = [[], []]
    for _ in range(rounds):
        for child, result, mine in zip(children, results, times, strict=True):
            if "failure" not in result:
                answer = child.ask(do="time", ms=ms)
                mine += answer.get("ms", [])
                result.update({k: v for k, v in answer.items() if k == "failure"})
    for child, result, mine in zip(children, results, times, strict=True):
        if mine:
            result["ms"] = statistics.median(mine)
        child.ask(do="drop")
    return results


def geometric_mean(values):
    values = list(values)
    return math.exp(statistics.fmean(map(math.log, values))) if values else math.nan


def cells(label, a, b):
    if "failure" in a or "failure" in b:
        yield from (label, a.get("failure", "fine"), b.get("failure", "fine"))
        return
    ka, kb = hungriest(a), hungriest(b)
    yield from (
        label,
        f"{a['ms']:.4f}",
        f"{b['ms']:.4f}",
        f"{b['ms'] / a['ms']:.2f}",
        f"{a['error']:.1e}",
        f"{b['error']:.1e}",
    )
    for field in ("registers", "spills", "shared", "blocks"):
        yield f"{ka[field]}/{kb[field]}"
    yield f"{a['first_call_ms']:.0f}/{b['first_call_ms']:.0f}"


def report(results):
    """The table and what follows from it, in Markdown."""
    good = {k: (a, b) for k, (a, b) in results.items() if "ms" in a and "ms" in b}
    speed = {k: b["ms"] / a["ms"] for k, (a, b) in good.items()}
    first = {k: b["first_call_ms"] / a["first_call_ms"] for k, (a, b) in good.items()}
    yield "| case | ours, ms | theirs | speed | error | theirs | registers | spills | shared | blocks | first call, ms |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for label, (a, b) in results.items():
        row = list(cells(label, a, b))
        yield "| " + " | ".join(row + [""] * (11 - len(row))) + " |"
    yield ""
    yield f"{len(good)} of {len(results)} cases measured with both; speed, geometric mean: {geometric_mean(speed.values()):.3f}"
    yield f"slower than 0.97: {sum(s < 0.97 for s in speed.values())}; first call {geometric_mean(first.values()):.1f} times shorter, "
    yield f"ours at most {max((a['first_call_ms'] for a, _ in good.values()), default=0):.0f} ms"
    kinds = {one.label: one.kind for one in CASES}
    yield "by kind: " + ", ".join(
        f"{kind} {geometric_mean(s for k, s in speed.items() if kinds[k] == kind):.2f}"
        for kind in dict.fromkeys(kinds[k] for k in speed)
    )
    yield "worst: " + ", ".join(f"{k} {s:.2f}" for k, s in sorted(speed.items(), key=lambda item: item[1])[:10])
    wrong = [k for k, (a, _) in good.items() if a["error"] > a["tolerance"]]
    yield "wrong: " + (", ".join(wrong) or "none")
    larger = [k for k, (a, b) in good.items() if a["error"] > 1.1 * b["error"] + 1e-12]
    yield "error above the other's by more than a tenth: " + (", ".join(larger) or "none")
    spills = [k for k, (a, b) in good.items() if hungriest(a)["spills"] > hungriest(b)["spills"]]
    yield "more spills: " + (", ".join(spills) or "none")


def draw(results, path):
    """Speeds as a bar chart, slowest at the top."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    speed = sorted((b["ms"] / a["ms"], k) for k, (a, b) in results.items() if "ms" in a and "ms" in b)
    figure, axes = plt.subplots(figsize=(9, 1 + 0.16 * len(speed)))
    colors = ["#b5403a" if s < 0.97 else "#8a8f98" if s < 1.03 else "#2f7d4f" for s, _ in speed]
    axes.barh([k for _, k in speed], [s for s, _ in speed], color=colors)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log", base=2)
    axes.set_xticks([0.25, 0.5, 0.75, 1, 1.5, 2, 4], ["0.25", "0.5", "0.75", "1", "1.5", "2", "4"])
    axes.tick_params(axis="y", labelsize=6)
    axes.set_ylim(len(speed), -1)
    axes.set_xlabel("speed beside the other implementation (right of 1: ours is faster)")
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def on_gpu(labels, options):
    import torch

    begin = time.monotonic()
    say = lambda text: print(f"[{time.monotonic() - begin:5.0f} s] {text}", file=sys.stderr, flush=True)
    folder = Path(options.folder)
    folder.mkdir(parents=True, exist_ok=True)
    children = [Child(options.ours, folder / "ours.log"), Child(options.theirs, folder / "theirs.log")]
    compiled = []
    for child in children:
        say(f"{len(labels)} cases, compiled with triton {child.triton}")
        compiled.append(child.ask(do="compile", labels=labels, workers=options.workers))
    say("measuring")
    results = {}
    for label in labels:
        results[label] = measure(children, label, compiled, options.rounds, options.ms)
        (folder / "zoo.json").write_text(json.dumps(results, indent=1))
    for child in children:
        child.end()
    say("done")
    title = f"{torch.cuda.get_device_name()}; triton {children[0].triton} beside {children[1].triton}."
    text = "\n".join([title, "", *report(results)]) + "\n"
    print(text, end="")
    (folder / "zoo.md").write_text(text)
    try:
        draw(results, folder / "zoo.png")
    except ImportError:
        say("no picture: matplotlib is not installed")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--ours", help="the folder of our package (build/gputest/python; with --static build/release/python)"
    )
    parser.add_argument("--theirs", default="", help="the folder of the other package; Python's own by default")
    parser.add_argument(
        "--only", default="", help="only cases whose kind or label holds one of these words, split at commas"
    )
    parser.add_argument("--folder", default=str(ROOT / "build" / "zoo"), help="where results and logs are written")
    parser.add_argument("--workers", type=int, default=min(16, os.cpu_count()), help="processes that compile at a time")
    parser.add_argument("--rounds", type=int, default=3, help="times that the two take turns")
    parser.add_argument("--ms", type=float, default=6, help="of kernel time per round")
    parser.add_argument("--static", action="store_true", help="without a GPU: compile with both and compare the code")
    parser.add_argument(
        "--theirs-python", default=sys.executable, help="with --static: a Python that has the other package"
    )
    parser.add_argument("--out", help="with --static: write the table to this file too")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    options = parser.parse_args()
    words = options.only.split(",")
    labels = [one.label for one in CASES if any(word in f"{one.kind}/{one.label}" for word in words)]
    if not labels:
        parser.error(f"no case's name holds '{options.only}'")
    if options.list:
        print("\n".join(labels))
    elif options.static:
        ours = options.ours or ROOT / "build" / "release" / "python"
        static.main(labels, ours, options.theirs_python, Path(options.folder), options.out)
    else:
        options.ours = options.ours or ROOT / "build" / "gputest" / "python"
        on_gpu(labels, options)


if __name__ == "__main__":
    main()
