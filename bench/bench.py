"""The figures of docs/performance.md, measured now: compile times, then every case against PyTorch on the same threads.

./dev bench [--only NAME] [--seconds S] [--out FILE] [--busy]

Beside the ratio stands the share of what the machine can do: a case must move so many bytes and multiply so many
numbers, which takes at least the longer of the two at the rates that bench/limits.c measures in the same run; the share
is that time over the case's.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

# What each ratio against PyTorch (above 1: faster) should at least be; lower is better where marked.
GOALS = {
    "add_f32_2^24": 1.0,
    "softmax_4096x1024_f32": 1.0,
    "softmax_512x16384_f32": 1.0,
    "softmax_4096x1000_bf16": 1.0,
    "layernorm_4096x1024_f32": 1.0,
    "layernorm_4096x1024_bf16": 1.0,
    "rmsnorm_4096x1024_f32": 1.0,
    "rowsum_8192x4096_f32": 1.0,
    "colsum_8192x4096_f32": 1.0,
    "transpose_4096_f16": 2.0,
    "cumsum_8192x2048_f32": 1.0,
    "gelu_f32_2^22": 1.0,
    "adamw_f32_2^22": 1.0,
    "cross_entropy_512x32000": 1.0,
    "gather_8192_rows_of_1024": 1.0,
    "embedding_grad_8192x1024": 1.5,
    "argmax_4096x4096_f32": 1.0,
    "sort_4096x1024_f32": 1.5,
    "top8_of_256_f32": 1.5,
    "matmul_1024_f32": 1.0,
    "matmul_1024_f32_nt": 1.0,
    "matmul_1000x1111x1033_f32": 1.0,
    "matmul_1024_bf16": 0.9,
    "matmul_512x4096x4096_bf16": 0.9,
    "matmul_1024_f16": 0.9,
    "attn_1x8x1024x64_causal_f32": 1.4,
    "attn_1x8x1024x64_f32": 1.2,
    "attn_1x8x1024x64_causal_bf16": 1.4,
    "decode_32x4096x64_f32": 1.2,
}
LIMITS = {"launch_us": 5.0, "import_ms_above_python": 25.0}


FEATURES = (
    "avx2",
    "avx_vnni",
    "avx512f",
    "avx512_bf16",
    "avx512_vnni",
    "avx512_fp16",
    "amx_bf16",
    "amx_int8",
    "asimddp",
    "bf16",
)


def processor():
    """Its name and those of its features that choose a kernel."""
    name, flags = "unknown processor", []
    for line in open("/proc/cpuinfo"):
        key, _, value = (part.strip() for part in line.partition(":"))
        if key == "model name":
            name = value
        if key in ("flags", "Features"):
            flags = value.split()
    return name + ", " + " ".join(f for f in FEATURES if f in flags)


def measured_limits():
    found = json.loads(
        subprocess.run([ROOT / "build/release/bench/bench_limits"], check=True, capture_output=True).stdout
    )
    rates = {}
    for name, rate in found["rates"]:
        rates[name] = max(rate, rates.get(name, 0))
    rates.setdefault("bf16", rates.get("f32", 0))
    return rates, found["last_cache"]


def limit(work, rates, last_cache):
    """The shortest time in which a case can be done, and what sets it."""
    moved = work["read"] + work["write"]
    kind = ("copy" if work["write"] > work["read"] / 8 else "read") + ("_cached" if moved <= last_cache else "")
    times = [(moved / rates[kind], kind)]
    if work["flops"] and rates.get(work["unit"]):
        times.append((work["flops"] / rates[work["unit"]], work["unit"]))
    return max(times)


def main():
    p = argparse.ArgumentParser(prog="./dev bench", description="The CPU's figures, measured now.")
    p.add_argument("--only", default="", help="the cases whose name contains this")
    p.add_argument("--small", action="store_true", help="small sizes: does it run")
    p.add_argument("--busy", action="store_true", help="the least time of all rounds: beside other work")
    p.add_argument("-v", action="store_true", help="what is measured, as it goes on")
    given = p.parse_args()
    passed = [*(["--only", given.only] if given.only else []), *["--small"] * given.small, *["--busy"] * given.busy]
    print(f"on {processor()}, {len(os.sched_getaffinity(0))} cores")
    rates, last_cache = measured_limits()
    print(", ".join(f"{name} {rate / 1e9:.0f}" for name, rate in rates.items()), "(10^9 operations or bytes a second)")
    if not given.only:
        print("\ncompile, in process, no cache; first in its process and median of the following")
        subprocess.run([ROOT / "build/release/bench/bench_compile"], cwd=ROOT, check=True)
        print()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cpu.json"
        subprocess.run(
            [sys.executable, HERE / "cpu_side_by_side.py", "--out", out, *passed],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=None if given.v else subprocess.DEVNULL,
        )
        results = json.loads(out.read_text())["results"]
    print(
        f"{'case':32} {'variant':>12} {'ms':>9} {'PyTorch ms':>11} {'ratio':>7} {'goal':>6} {'share':>6} {'of':12} "
        f"{'error':>8} {'1st ms':>9}"
    )
    for name, r in results.items():
        if not isinstance(r, dict):
            most = LIMITS.get(name)
            print(f"{name:32} {'':12} {r:9.2f} {'':11} {'':7} {most or '':>6}  {'' if r <= most else '  over'}")
        elif "error" in r:
            print(f"{name:32} {r['error']}")
        else:
            goal = GOALS.get(name, 0)
            least, by = limit(r["work"], rates, last_cache)
            mark = "" if r["ratio"] >= goal else "  below"
            print(
                f"{name:32} {r['variant']:>12} {r['ms']:9.3f} {r['torch_ms']:11.3f} {r['ratio']:7.2f} {goal:6.2f} "
                f"{least * 1e3 / r['ms']:6.2f} {by:12} "
                f"{r['err']:8.1e} {r['first_call_ms']:9.1f}{mark}"
            )


if __name__ == "__main__":
    main()
