"""Code that PyTorch's compiler generates, with its kernels made by this package and by another, in one call.

    ./dev gputest cuda && python3 bench/torch_compile.py     on a GPU, beside whatever `triton` Python finds by itself
    ./dev python bench/torch_compile.py --device cpu         on the CPU, beside Inductor's own C++ backend

Processes for each side compile the cases at the same time, each with empty caches; then every case is measured in
turns, ours, theirs, ours, theirs, with nothing else at work: the least of a side's medians counts. On a GPU the
second-level cache is overwritten before each call, as often as gives the host time to be ahead of the device. The
table: milliseconds of a call, the ratio (above 1: ours is faster), seconds to the first result (tracing and all; one
thread compiles), and the largest difference from eager mode over its largest number. At the end the geometric means.
"""

import argparse
import functools
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CASES = {}  # name: function of a size's divisor that gives (callable, arguments, whether to compare with eager mode)


def case(f):
    CASES[f.__name__] = f
    return f


# ---- functions -----------------------------------------------------------------------------------------------------


def randn(*shape, dtype="bfloat16", grad=False):
    return torch.randn(shape, device=DEVICE, dtype=torch.float32).to(getattr(torch, dtype)).requires_grad_(grad)


def sized(rows):
    return max(rows // SMALLER, 1)


def forward(f, *args):
    """A case without gradients."""
    return f, args, True


def with_grad(f, *args):
    """A case whose call is the function and its gradients."""

    def both(*xs):
        out = f(*xs)
        return out, *torch.autograd.grad(out, [x for x in xs if x.requires_grad], WEIGHTS.expand_as(out))

    both.part = f
    return both, args, True


@case
def gelu():
    return forward(lambda x: F.gelu(x), randn(sized(8192), 8192))


@case
def sin_chain():
    return forward(lambda x: (x.sin() + x.cos()).exp().sin() * x, randn(sized(8192), 4096, dtype="float32"))


@case
def swiglu():
    return forward(lambda x, y: F.silu(x) * y, randn(sized(8192), 8192), randn(sized(8192), 8192))


@case
def swiglu_backward():
    rows = sized(8192)
    return with_grad(lambda x, y: F.silu(x) * y, randn(rows, 4096, grad=True), randn(rows, 4096, grad=True))


@case
def softmax():
    return forward(lambda x: torch.softmax(x, -1), randn(sized(16384), 4096))


@case
def softmax_f32():
    return forward(lambda x: torch.softmax(x, -1), randn(sized(16384), 1024, dtype="float32"))


@case
def log_softmax_long():
    return forward(lambda x: torch.log_softmax(x.float(), -1), randn(sized(1024), 50304))


@case
def layer_norm():
    w, b = randn(4096), randn(4096)
    return forward(lambda x, w, b: F.layer_norm(x, (4096,), w, b), randn(sized(16384), 4096), w, b)


@case
def layer_norm_backward():
    x = randn(sized(8192), 2048, grad=True)
    return with_grad(lambda x, w, b: F.layer_norm(x, (2048,), w, b), x, randn(2048, grad=True), randn(2048, grad=True))


@case
def rms_norm_residual():
    def f(x, r, w):
        h = x + r
        return F.rms_norm(h, (4096,), w), h

    return forward(f, randn(sized(16384), 4096), randn(sized(16384), 4096), randn(4096))


@case
def rms_norm_backward():
    return with_grad(
        lambda x, w: F.rms_norm(x, (4096,), w), randn(sized(8192), 4096, grad=True), randn(4096, grad=True)
    )


@case
def sum_rows():
    return forward(lambda x: x.sum(-1), randn(sized(16384), 8192, dtype="float32"))


@case
def sum_columns():
    return forward(lambda x: x.sum(0), randn(sized(16384), 4096, dtype="float32"))


@case
def mean_and_variance():
    return forward(lambda x: torch.var_mean(x.float(), -1), randn(sized(16384), 4096))


@case
def amax_middle():
    return forward(lambda x: x.amax(1), randn(sized(64), 512, 2048))


@case
def argmax():
    return forward(lambda x: x.argmax(-1), randn(sized(8192), 8192))


@case
def total():
    return forward(lambda x: (x * x).sum(), randn(sized(8192), 8192, dtype="float32"))


@case
def cross_entropy():
    rows = sized(4096)
    at = torch.randint(0, 32000, (rows,), device=DEVICE)
    return forward(lambda x, at: F.cross_entropy(x.float(), at), randn(rows, 32000), at)


@case
def cross_entropy_backward():
    rows = sized(2048)
    at = torch.randint(0, 32000, (rows,), device=DEVICE)
    return with_grad(lambda x, at: F.cross_entropy(x.float(), at), randn(rows, 32000, grad=True), at)


@case
def transpose_add():
    n = sized(8192)
    return forward(lambda x, y: x.t() + y, randn(4096, n, dtype="float32"), randn(n, 4096, dtype="float32"))


@case
def permute_contiguous():
    return forward(lambda x: (x.permute(0, 2, 1, 3) * 2).contiguous(), randn(sized(32), 2048, 32, 64))


@case
def cumsum():
    return forward(lambda x: x.cumsum(-1), randn(sized(16384), 2048, dtype="float32"))


@case
def dropout():
    return (lambda x: F.dropout(F.gelu(x), 0.1)), (randn(sized(8192), 8192),), False


@case
def embedding():
    at = torch.randint(0, 32000, (sized(16384),), device=DEVICE)
    return forward(lambda at, w: F.embedding(at, w) * 2, at, randn(32000, 2048))


@case
def embedding_backward():
    at = torch.randint(0, 32000, (sized(16384),), device=DEVICE)
    return with_grad(lambda at, w: F.embedding(at, w), at, randn(32000, 1024, dtype="float32", grad=True))


@case
def rope():
    def f(x, cos, sin):
        a, b = x.chunk(2, -1)
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

    return forward(f, randn(sized(16), 32, 2048, 128), randn(2048, 64), randn(2048, 64))


@case
def batch_norm():
    def f(x, w, b):
        return F.relu(F.batch_norm(x, None, None, w, b, training=True))

    return forward(f, randn(sized(64), 256, 56, 56), randn(256), randn(256))


@case
def group_norm():
    return forward(
        lambda x, w, b: F.silu(F.group_norm(x, 32, w, b)), randn(sized(32), 512, 64, 64), randn(512), randn(512)
    )


@case
def max_pool():
    return forward(lambda x: F.max_pool2d(x, 3, 2, 1), randn(sized(64), 128, 112, 112))


@case
def interpolate():
    return forward(lambda x: F.interpolate(x, scale_factor=2.0, mode="bilinear"), randn(sized(32), 64, 64, 64))


@case
def quantize_rows():
    def f(x):
        x = x.float()
        scale = x.abs().amax(-1, keepdim=True).clamp(min=1e-6) / 127
        return (x / scale).round().clamp(-127, 127).to(torch.int8), scale

    return forward(f, randn(sized(16384), 4096))


@case
def dequantize():
    q = torch.randint(-127, 127, (sized(16384), 4096), device=DEVICE, dtype=torch.int8)
    return forward(lambda q, s: (q.float() * s).to(torch.bfloat16), q, randn(q.shape[0], 1, dtype="float32"))


@case
def masked_mean():
    def f(x):
        kept = x > 0
        return torch.where(kept, x, 0).sum(-1) / kept.sum(-1)

    return forward(f, randn(sized(16384), 4096, dtype="float32"))


@case
def sort_rows():
    return forward(lambda x: x.sort(-1).values, randn(sized(32768), 128, dtype="float32"))


@case
def adamw_step():
    def f(p, g, m, v):
        m = torch._foreach_lerp(m, g, 0.1)
        v = torch._foreach_mul(v, 0.999)
        v = torch._foreach_addcmul(v, g, g, 0.001)
        scale = torch._foreach_add(torch._foreach_sqrt(v), 1e-8)
        return torch._foreach_addcdiv(torch._foreach_mul(p, 0.99), m, scale, -1e-3), m, v

    shapes = [(1024, 1024), (4096, 1024), (1024,), (1024, 4096)] * 4
    p, g, m, v = ([randn(*s, dtype="float32").abs() for s in shapes] for _ in range(4))
    return forward(f, p, g, m, v)


@case
def flex_attention():
    if DEVICE == "cpu":
        return None
    from torch.nn.attention.flex_attention import flex_attention as flex

    def biased(score, b, h, q, k):
        return torch.where(q >= k, score + (k - q) * 0.01, -float("inf"))

    q, k, v = (randn(4, 16, 2048, 64) for _ in range(3))
    return forward(lambda q, k, v: flex(q, k, v, score_mod=biased), q, k, v)


@case
def flex_attention_backward():
    if DEVICE == "cpu":
        return None
    from torch.nn.attention.flex_attention import flex_attention as flex

    q, k, v = (randn(2, 16, 2048, 64, grad=True) for _ in range(3))
    return with_grad(lambda q, k, v: flex(q, k, v, score_mod=lambda s, b, h, q, k: s + (k - q) * 0.01), q, k, v)


# ---- models: a step of training ------------------------------------------------------------------------------------


def model_of(build, *shape, dtype="bfloat16"):
    model = build().to(DEVICE, getattr(torch, dtype))
    x = randn(*shape, dtype=dtype)

    def step(x):
        loss = model(x).float().square().mean()
        return loss, *torch.autograd.grad(loss, list(model.parameters()))

    step.part = model
    return step, (x,), True


def blocks():
    """The modules' classes, made when torch is there."""
    nn = torch.nn

    class Transformer(nn.Module):
        def __init__(self, width, heads, llama):
            super().__init__()
            self.heads, self.llama = heads, llama
            norm = nn.RMSNorm if llama else nn.LayerNorm
            self.norm1, self.norm2 = norm(width), norm(width)
            self.qkv, self.out = nn.Linear(width, 3 * width, bias=not llama), nn.Linear(width, width, bias=not llama)
            self.up, self.down = nn.Linear(width, 4 * width), nn.Linear((2 if llama else 4) * width, width)

        def rotate(self, x):
            n, d = x.shape[-2:]
            angle = torch.arange(n, device=x.device)[:, None] * 10000 ** (
                -torch.arange(d // 2, device=x.device) / (d / 2)
            )
            a, b = x.chunk(2, -1)
            cos, sin = angle.cos().to(x.dtype), angle.sin().to(x.dtype)
            return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

        def forward(self, x):
            b, n, w = x.shape
            q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
            if self.llama:
                q, k = self.rotate(q), self.rotate(k)
            a = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + self.out(a.transpose(1, 2).reshape(b, n, w))
            h = self.up(self.norm2(x))
            if self.llama:
                gate, h = h.chunk(2, -1)
                return x + self.down(F.silu(gate) * h)
            return x + self.down(F.gelu(h))

    class Residual(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.conv1, self.conv2 = (nn.Conv2d(width, width, 3, padding=1, bias=False) for _ in range(2))
            self.norm1, self.norm2 = nn.BatchNorm2d(width), nn.BatchNorm2d(width)

        def forward(self, x):
            return F.relu(x + self.norm2(self.conv2(F.relu(self.norm1(self.conv1(x))))))

    return Transformer, Residual


def transformer(llama):
    width = 1024 if DEVICE != "cpu" else 256
    layers = [blocks()[0](width, 16, llama) for _ in range(4 if DEVICE != "cpu" else 2)]
    return torch.nn.Sequential(*layers)


@case
def model_gpt():
    return model_of(lambda: transformer(False), *((8, 1024, 1024) if DEVICE != "cpu" else (4, 128, 256)), dtype=MODEL)


@case
def model_llama():
    return model_of(lambda: transformer(True), *((8, 1024, 1024) if DEVICE != "cpu" else (4, 128, 256)), dtype=MODEL)


@case
def model_convolutions():
    width = 128 if DEVICE != "cpu" else 32
    return model_of(
        lambda: torch.nn.Sequential(*[blocks()[1](width) for _ in range(4)]), sized(64), width, 56, 56, dtype=MODEL
    )


# ---- a process of one side -----------------------------------------------------------------------------------------


def tensors(tree):
    from torch.utils._pytree import tree_flatten

    return [t.float() for t in tree_flatten(tree)[0] if isinstance(t, torch.Tensor)]


def difference(got, wanted):
    worst = 0.0
    for a, b in zip(tensors(got), tensors(wanted), strict=True):
        worst = max(worst, ((a - b).abs().max() / b.abs().max().clamp(min=1e-20)).item() if b.numel() else 0.0)
    return worst


class Timer:
    def __init__(self):
        self.flush = torch.empty(1 << 27, device=DEVICE, dtype=torch.int32) if DEVICE != "cpu" else None
        self.flushes = 1

    def once(self, call):
        if DEVICE == "cpu":
            begin = time.perf_counter()
            call()
            return (time.perf_counter() - begin) * 1e3
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        for _ in range(self.flushes):
            self.flush.zero_()
        begin.record()
        call()
        end.record()
        torch.cuda.synchronize()
        return begin.elapsed_time(end)

    def keep_ahead(self, call):
        """As many flushes before a call as last longer than the host needs for it: autograd takes its time."""
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        self.flush.zero_()
        end.record()
        torch.cuda.synchronize()
        start = time.perf_counter()
        call()
        host = (time.perf_counter() - start) * 1e3
        torch.cuda.synchronize()
        self.flushes = min(1 + int(1.5 * host / max(begin.elapsed_time(end), 1e-3)), 100)

    def median(self, call, budget=0.12):
        if DEVICE != "cpu":
            call()
            self.keep_ahead(call)
        one = statistics.median(self.once(call) for _ in range(3))
        count = min(max(int(budget * 1e3 / (one + 0.25)), 5), 200)
        return statistics.median(self.once(call) for _ in range(count))


def worker(names):
    """Compile the cases, say so, then measure those that are asked for."""
    import torch._inductor.config as config

    config.cpu_backend = os.environ.get("BENCH_CPU_BACKEND", "triton")
    config.fx_graph_cache = False
    calls, timer = {}, Timer()
    for name in names:
        torch.manual_seed(0)
        torch._dynamo.reset()
        made = CASES[name]()
        if made is None:
            print(json.dumps({"name": name, "none": True}), flush=True)
            continue
        f, args, compared = made
        try:
            compiled = compile_case(f)
            begin = time.perf_counter()
            got = compiled(*args)
            sync()
            seconds = time.perf_counter() - begin
            error = difference(got, f(*args)) if compared else None
            del got
            calls[name] = compiled, args
            print(json.dumps({"name": name, "seconds": seconds, "error": error}), flush=True)
        except Exception as problem:
            print(json.dumps({"name": name, "failed": str(problem)[-600:]}), flush=True)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        compiled, args = calls[line.strip()]
        print(json.dumps({"ms": timer.median(functools.partial(compiled, *args))}), flush=True)


def compile_case(f):
    """The function compiled; where gradients are taken, the part that is differentiated, and the rest as it is."""
    part = getattr(f, "part", None)
    if part is None:
        return torch.compile(f, fullgraph=True)
    compiled = torch.compile(part, fullgraph=True)
    if isinstance(part, torch.nn.Module):

        def step(x):
            loss = compiled(x).float().square().mean()
            return loss, *torch.autograd.grad(loss, list(part.parameters()))

        return step
    return with_grad(compiled)[0]


def sync():
    if DEVICE != "cpu":
        torch.cuda.synchronize()


# ---- the two sides -------------------------------------------------------------------------------------------------


class Side:
    """The processes of one side, each with caches of its own."""

    def __init__(self, env, shards, device, folder):
        self.of, self.processes, self.facts = {}, [], {}
        for k, names in enumerate(shards):
            place = os.path.join(folder, str(k))
            own = {"TORCHINDUCTOR_CACHE_DIR": place + "/inductor", "TRITON_CACHE_DIR": place + "/triton"}
            command = [sys.executable, __file__, "--device", device, "--worker", ",".join(names)]
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**env, **own}
            )
            self.processes.append(process)
            for name in names:
                self.of[name] = process

    def read(self, process):
        line = process.stdout.readline()
        while line and not line.startswith("{"):
            line = process.stdout.readline()
        return json.loads(line) if line else {"ready": True, "failed": "the process ended"}

    def wait(self):
        for process in self.processes:
            while not (fact := self.read(process)).get("ready"):
                self.facts[fact["name"]] = fact

    def measure(self, name):
        process = self.of[name]
        process.stdin.write(name + "\n")
        process.stdin.flush()
        return self.read(process).get("ms", math.nan)

    def end(self):
        for process in self.processes:
            process.stdin.close()
        for process in self.processes:
            process.wait()


def shards_of(names, count):
    """Models in processes of their own, the functions distributed over the others."""
    models = [[n] for n in names if n.startswith("model_")]
    rest = [n for n in names if not n.startswith("model_")]
    count = max(min(count - len(models), len(rest)), 1)
    return models + [s for s in (rest[i::count] for i in range(count)) if s]


def geometric(values):
    values = [v for v in values if v and math.isfinite(v)]
    return math.exp(sum(map(math.log, values)) / len(values)) if values else math.nan


def table(names, sides, device):
    theirs = "C++" if device == "cpu" else "theirs"
    yield f"| case | ours (ms) | {theirs} | ratio | first, ours (s) | {theirs} | ratio | error, ours | {theirs} |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    ratios, shorter = {}, {}
    for name in names:
        a, b = (side.facts.get(name, {"failed": "no answer"}) for side in sides)
        if a.get("none"):
            continue
        if "failed" in a or "failed" in b:
            yield f"| {name} | {a.get('failed', 'well')!r} | {b.get('failed', 'well')!r} |"
            continue
        times = [[], []]
        for _ in range(2):
            for k, side in enumerate(sides):
                times[k].append(side.measure(name))
        x, y = min(times[0]), min(times[1])
        ratios[name], shorter[name] = y / x, b["seconds"] / a["seconds"]
        errors = [("" if f["error"] is None else f"{f['error']:.1e}") for f in (a, b)]
        yield (
            f"| {name} | {x:.3f} | {y:.3f} | {y / x:.2f} | {a['seconds']:.1f} | {b['seconds']:.1f} "
            f"| {shorter[name]:.1f} | {errors[0]} | {errors[1]} |"
        )
    for kind, chosen in (("functions", [n for n in ratios if not n.startswith("model_")]),
                         ("models", [n for n in ratios if n.startswith("model_")]), ("all", list(ratios))):  # fmt: skip
        yield f"\n{kind}: {len(chosen)} cases, geometric mean {geometric([ratios[n] for n in chosen]):.3f}, " + (
            f"first result {geometric([shorter[n] for n in chosen]):.2f} times sooner"
        )
    slow = sorted((r, n) for n, r in ratios.items() if r < 0.95)
    yield "\nbelow 0.95: " + (", ".join(f"{n} {r:.2f}" for r, n in slow) or "none")


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", default="", help="cases whose names have this in them")
    parser.add_argument("--ours", default=str(ROOT / "build" / "gpu" / "python"), help="where our package is")
    parser.add_argument("--processes", type=int, default=8, help="of each side")
    parser.add_argument("--out", help="a file for the table")
    args = parser.parse_args()
    names = [n for n in CASES if args.only in n]
    env = {**os.environ, "TORCHINDUCTOR_COMPILE_THREADS": "1"}
    others = {k: v for k, v in env.items() if k != "PYTHONPATH"}
    if args.device == "cpu":
        both = [env, {**env, "BENCH_CPU_BACKEND": "cpp"}]
    else:
        both = [{**others, "PYTHONPATH": args.ours}, others]
    folder = tempfile.mkdtemp(prefix="torch-compile-")
    try:
        shards = shards_of(names, args.processes)
        sides = [Side(e, shards, args.device, os.path.join(folder, str(k))) for k, e in enumerate(both)]
        for side in sides:
            side.wait()
        lines = []
        for line in table(names, sides, args.device):
            print(line, flush=True)
            lines.append(line)
        for side in sides:
            side.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if args.out:
        Path(args.out).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if "--worker" in sys.argv:
        import torch
        import torch.nn.functional as F

        DEVICE = sys.argv[sys.argv.index("--device") + 1]
        SMALLER = 64 if DEVICE == "cpu" else 1
        MODEL = "float32" if DEVICE == "cpu" else "bfloat16"
        WEIGHTS = torch.ones((), device=DEVICE)
        worker(sys.argv[sys.argv.index("--worker") + 1].split(","))
    else:
        main()
