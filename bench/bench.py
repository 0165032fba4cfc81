"""The figures of docs/performance.md, measured now: compile times, then every case against PyTorch on the same threads.

./dev bench [--only NAME] [--seconds S] [--out FILE]
"""

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
    "softmax_4096x1024_f32": 1.2,
    "softmax_512x16384_f32": 1.2,
    "softmax_4096x1000_bf16": 1.0,
    "layernorm_4096x1024_f32": 1.0,
    "layernorm_4096x1024_bf16": 1.0,
    "rowsum_8192x4096_f32": 0.95,
    "transpose_4096_f16": 2.0,
    "cumsum_8192x2048_f32": 1.3,
    "matmul_1024_f32": 1.2,
    "matmul_1024_f32_nt": 1.0,
    "matmul_1000x1111x1033_f32": 1.0,
    "matmul_1024_bf16": 0.5,
    "attn_1x8x1024x64_causal_f32": 1.2,
    "attn_1x8x1024x64_f32": 1.0,
    "attn_1x8x1024x64_causal_bf16": 1.2,
}
LIMITS = {"launch_us": 5.0, "import_ms_above_python": 25.0}


def processor():
    for line in open("/proc/cpuinfo"):
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return "unknown processor"


def main():
    print(f"on {processor()}, {len(os.sched_getaffinity(0))} cores")
    if "--only" not in sys.argv:
        print("\ncompile, in process, no cache; first in its process and median of the following")
        subprocess.run([ROOT / "build/release/bench/bench_compile"], cwd=ROOT, check=True)
        print()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "cpu.json"
        subprocess.run(
            [sys.executable, HERE / "cpu_side_by_side.py", "--out", out, *sys.argv[1:]],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=None if "-v" in sys.argv else subprocess.DEVNULL,
        )
        results = json.loads(out.read_text())["results"]
    print(
        f"{'case':32} {'variant':>12} {'ms':>9} {'PyTorch ms':>11} {'ratio':>7} {'goal':>6} {'error':>8} {'1st ms':>9}"
    )
    for name, r in results.items():
        if not isinstance(r, dict):
            limit = LIMITS.get(name)
            print(f"{name:32} {'':12} {r:9.2f} {'':11} {'':7} {limit or '':>6}  {'' if r <= limit else '  over'}")
        elif "error" in r:
            print(f"{name:32} {r['error']}")
        else:
            goal = GOALS.get(name, 0)
            mark = "" if r["ratio"] >= goal else "  below"
            print(
                f"{name:32} {r['variant']:>12} {r['ms']:9.3f} {r['torch_ms']:11.3f} {r['ratio']:7.2f} {goal:6.2f}  "
                f"{r['err']:8.1e} {r['first_call_ms']:9.1f}{mark}"
            )


if __name__ == "__main__":
    main()
