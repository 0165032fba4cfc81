"""What both implementations make of every case, without a GPU: both PTX through the same assembler, and what is in them.

Registers, spilled bytes and shared memory are what ptxas says; blocks per multiprocessor follow (hardware.py). Of the PTX,
instructions are counted by what they do, whatever loop they are in, and a memory access by its width: 128-bit accesses of
a thread are the fewest and best, and many 16-bit ones point at lost contiguity.
"""

import collections
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from .compile_all import file_name
from .hardware import blocks_per_multiprocessor

ROOT = Path(__file__).resolve().parents[2]
# What is counted: a column's name and the instructions that it takes together.
COLUMNS = {
    "ld": r"ld\.global", "st": r"st\.global", "async": r"cp\.async\.c[ag]|cp\.async\.bulk\.tensor", "atom": r"(atom|red)\.",
    "lds": r"ld\.shared|ldmatrix", "sts": r"st\.shared|stmatrix", "bar": r"bar(rier)?\.(cta\.)?sync",
    "shfl": r"shfl\.", "mma": r"mma\.sync", "wgmma": r"wgmma\.mma_async", "div": r"(div|rem)\.[su]",
    "all": r"",
}  # fmt: skip


def instructions(ptx):
    """The instructions of a module's text, one string each; those inside braces of inline assembly too."""
    for statement in re.split(r"[;{}\n]", ptx):
        statement = re.sub(r"^\s*(//.*|@!?%\w+\s+)", "", statement).strip()
        if re.match(r"[a-z]", statement):
            yield statement.split()[0]


def width(op):
    """Bits that one thread moves with a memory instruction."""
    vector = re.search(r"\.v(\d)", op)
    bits = re.search(r"\.[bsuf]f?(\d+)(x2)?$", op.removesuffix(".noftz"))
    return int(vector[1] if vector else 1) * int(bits[1] if bits else 0)


def count(ptx):
    counts = collections.Counter()
    widths = {"ld": collections.Counter(), "st": collections.Counter(), "lds": collections.Counter()}
    for op in instructions(ptx):
        for column, pattern in COLUMNS.items():
            if re.match(pattern, op):
                counts[column] += 1
                if column in widths and "matrix" not in op:
                    widths[column][width(op)] += 1
    return {**counts, "widths": {k: dict(sorted(v.items())) for k, v in widths.items() if v}}


def assemble(path):
    """What ptxas says of a file: registers, spilled bytes (stores and loads), static shared memory."""
    target = re.search(r"\.target\s+(sm_\w+)", path.read_text())[1]
    with tempfile.NamedTemporaryFile(suffix=".cubin") as out:
        command = ["ptxas", "-v", f"-arch={target}", str(path), "-o", out.name]
        done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        return {"failure": done.stderr[-300:]}
    number = lambda pattern: sum(int(n) for n in re.findall(pattern, done.stderr))
    return dict(
        registers=number(r"Used (\d+) registers"),
        spills=number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads"),
        static=number(r"(\d+) bytes smem"),
        serialized=done.stderr.count("wgmma.mma_async instructions are serialized"),
    )


def examine(folder, label, i, facts):
    if "failure" in facts:
        return facts
    path = folder / f"{file_name(label, i)}.ptx"
    out = {**facts, **assemble(path), **count(path.read_text())}
    if "registers" in out:
        out["smem"] = max(out["shared"], out["static"])
        out["blocks"] = blocks_per_multiprocessor(out["registers"], out["smem"], out["warps"])
    return out


def compile_with(python, package, folder, labels):
    """Compiles with one implementation, whose cache stays from run to run where its source does not change."""
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TRITON_CACHE_DIR")}
    env["TRITON_CACHE_DIR"] = str(folder / "cache")
    if package:
        env["PYTHONPATH"] = str(package)
        env["TRITON_ALWAYS_COMPILE"] = "1"
    return subprocess.Popen(
        [python, "-m", "bench.zoo.compile_all", str(folder), *labels],
        cwd=ROOT, env=env, stderr=open(folder / "log", "w"),
    )  # fmt: skip


def gather(folder, labels):
    facts = json.loads((folder / "facts.json").read_text())
    jobs = [(folder, label, i, one) for label in labels for i, one in enumerate(facts[label])]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return {(job[1], job[2]): r for job, r in zip(jobs, pool.map(lambda job: examine(*job), jobs), strict=True)}


def show(widths):
    return " ".join(f"{n}x{bits}" for bits, n in widths.items())


def rows(ours, theirs):
    """Lines of the table, two per launch; a mark where ours needs more."""
    head = (
        f"{'':36}{'regs':>5}{'spill':>6}{'smem':>8}{'blk':>4}"
        + "".join(f"{c:>6}" for c in COLUMNS)
        + "  ms   ld / st / lds widths"
    )
    yield head
    for key, a in ours.items():
        b = theirs.get(key, {"failure": "not compiled"})
        worse = []
        if "failure" not in a and "failure" not in b:
            worse += ["BLOCKS"] if a["blocks"] < b["blocks"] else []
            worse += ["SPILLS"] if a["spills"] > b["spills"] else []
            worse += ["REGS"] if a["registers"] > 1.2 * b["registers"] + 8 else []
            worse += ["SMEM"] if a["smem"] > 1.2 * b["smem"] + 512 else []
            worse += ["CODE"] if a["all"] > 1.3 * b["all"] + 50 else []
        yield f"{key[0]} {a['kernel']}  {' '.join(worse)}"
        for who, r in (("ours", a), ("theirs", b)):
            if "failure" in r:
                yield f"    {who}: {r['failure']}"
                continue
            numbers = f"{r['registers']:>5}{r['spills']:>6}{r['smem']:>8}{r['blocks']:>4}"
            numbers += "".join(f"{r.get(c, 0):>6}" for c in COLUMNS)
            widths = " / ".join(show(r["widths"].get(c, {})) for c in ("ld", "st", "lds"))
            note = "  serialized wgmma" if r["serialized"] else ""
            yield f"    {who:32}{numbers}{r['ms']:>6.0f}  {widths}{note}"


def main(labels, ours, theirs_python, folder, out):
    children = []
    for who, python, package in (("ours", sys.executable, ours), ("theirs", theirs_python, None)):
        (folder / who).mkdir(parents=True, exist_ok=True)
        children.append(compile_with(python, package, folder / who, labels))
    if any([child.wait() for child in children]):
        sys.exit(f"compiling failed: see {folder}/*/log")
    a, b = gather(folder / "ours", labels), gather(folder / "theirs", labels)
    text = "\n".join(rows(a, b)) + "\n"
    print(text, end="")
    if out:
        Path(out).write_text(text)
    merged = [dict(label=k[0], launch=k[1], ours=a[k], theirs=b.get(k)) for k in a]
    (folder / "static.json").write_text(json.dumps(merged, indent=1))
