"""Triton IR and Triton GPU IR of the examples, damaged at random, through both back ends to the end.

Every damaged text is compiled or refused with an error: never a crash, never an internal error, never without end. What
still compiles and has small operands runs on the simulated GPU, too. Each run has a seed of its own (under sanitizers,
one of the sources' state), which a failure prints: TRITONC_TEST_SEED=... repeats it.
"""

import os
import random
import re
import shutil
import subprocess
from pathlib import Path

import pytest

TRITONC = shutil.which("tritonc")
ROOT = Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("TRITONC_TEST_SEED", random.SystemRandom().randrange(1 << 30)))
COUNT = int(os.environ.get("TRITONC_TEST_FUZZ", "250"))
# file | kernel | signature | operands for a simulated run
FLOATS = "*fp32:16,*fp32:16,*fp32:16"
HALVES = "*fp16:16,*fp16:16,*fp16:16"
KERNELS = [
    ("matmul.py", "matmul_kernel", f"{HALVES},i32:16,i32:16,i32:16,i32:16,1,1,i32:16,i32:16,1,64,64,32,8,", ()),
    ("attention.py", "attention_kernel", f"{HALVES},*fp16:16,fp32,i32:16,i32:16,i32:16,i32,i32:16,64,64,64,True", ()),
    ("layer_norm.py", "layer_norm_backward", f"{FLOATS},{FLOATS},*fp32,*fp32,*i32,i32,i32,8,256", ()),
    ("histogram.py", "histogram_kernel", "*fp32,*i32,i32,i32,1024", ()),
    ("add.py", "add_kernel", f"{FLOATS},i32:16,1024", ("x_ptr=1024", "y_ptr=1024", "out_ptr=zeros:1024", "n=1000")),
    ("cumsum.py", "cumsum_kernel", f"{FLOATS},i32,i32,1024", ()),
    ("softmax.py", "softmax_kernel", "*fp32:16,*fp32:16,i32:16,i32:16,i32:16,256", ()),
    ("conv2d.py", "conv2d_kernel", "*fp32,*fp32,*fp32,i32,i32,i32,i32,i32,i32,i32,3,3,1,1,64,32,32", ()),
    ("heat.py", "heat_kernel", "*fp32,*fp32,i32,i32,fp32,16,64", ()),
    ("cross_entropy.py", "cross_entropy_kernel", "*fp32,*i64,*fp32,*fp32,i32,i32,1024", ()),
]
TARGETS = {"ttir": ["cuda:90", "cuda:80", "cuda:120", "cuda:75", "cpu", "cpu:x86-64"],
           "ttgir": ["cuda:90", "cuda:80", "cuda:120", "cuda:75"]}  # fmt: skip
NUMBERS = ["0", "1", "-1", "2", "3", "4", "8", "16", "32", "64", "256", "1024", "4294967296", "1152921504606846976",
           "-9223372036854775808"]  # fmt: skip
TYPES = ["f16", "bf16", "f32", "f64", "i1", "i8", "i16", "i32", "i64"]


def run(*args):
    done = subprocess.run([TRITONC, *args], capture_output=True, text=True, timeout=300)
    found = re.search(r"^.*(ERROR: \w+Sanitizer|runtime error: ).*$", done.stderr, re.M)
    assert not found, f"{found[0]}\n{args}"  # where that is built in
    return done


@pytest.fixture(scope="module")
def texts():
    out = []
    for file, kernel, signature, operands in KERNELS:
        for stage in ("ttir", "ttgir"):
            path = str(ROOT / "examples" / "kernels" / file)
            signature = signature + '""' if signature.endswith(",") else signature
            done = run(path, "-k", kernel, "-s", signature, "--target", "cuda:90", "--emit", stage, "-o", "-")
            assert done.returncode == 0, done.stderr
            text = re.sub(r" loc\([^()]*(\([^()]*\))*[^()]*\)", "", done.stdout)
            out.append((stage, operands, [line for line in text.split("\n") if not line.startswith("#loc")]))
    return out


def replace_one(rng, line, pattern, choices):
    found = list(re.finditer(pattern, line))
    if not found or not choices:
        return line
    m = rng.choice(found)
    return line[: m.start()] + rng.choice(choices) + line[m.end() :]


def damaged(rng, lines):
    lines = list(lines)
    text = "\n".join(lines)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        i, kind = rng.randrange(len(lines)), rng.random()
        if kind < 0.4:
            lines[i] = replace_one(rng, lines[i], r"(?<![%\w#])-?\d+", NUMBERS)
        elif kind < 0.5 and len(lines) > 1:
            del lines[i]
        elif kind < 0.6:
            lines.insert(i, rng.choice(lines))
        elif kind < 0.75:
            lines[i] = replace_one(rng, lines[i], r"%[\w#]+", re.findall(r"%[\w#]+", text))
        elif kind < 0.9:
            lines[i] = replace_one(rng, lines[i], r"\b(f16|bf16|f32|f64|i1|i8|i16|i32|i64)\b", TYPES)
        else:
            lines[i] = replace_one(rng, lines[i], r"#\w+", re.findall(r"#\w+", text))
    return "\n".join(lines)


def test_damaged_ir(texts, tmp_path):
    print(f"TRITONC_TEST_SEED={SEED}")
    rng = random.Random(SEED)
    compiled = refused = 0
    for n in range(COUNT):
        stage, operands, lines = rng.choice(texts)
        path = tmp_path / f"k.{stage}"
        path.write_text(damaged(rng, lines))
        target = rng.choice(TARGETS[stage])
        last = "ptx" if target.startswith("cuda") else "asm"
        done = run(str(path), "--target", target, "--emit", last, "-o", os.devnull)
        where = f"TRITONC_TEST_SEED={SEED}, program {n}, {target}:\n{path.read_text()}"
        assert done.returncode in (0, 1), f"ended with {done.returncode}: {done.stderr[-300:]}\n{where}"
        compiled += done.returncode == 0
        if done.returncode == 0 and operands:
            args = [word for operand in operands for word in ("--arg", operand)]
            done = run(str(path), "--target", "cuda:90", "--simulate", *args)
            assert done.returncode in (0, 1), f"simulated: {done.returncode}: {done.stderr[-300:]}\n{where}"
            continue
        refused += done.returncode == 1
    assert compiled and refused, (compiled, refused, SEED)
