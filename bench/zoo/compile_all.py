"""One implementation of `triton`, in a process of its own, without a GPU: every case compiled for Hopper.

    python -m bench.zoo.compile_all FOLDER [LABEL...]

Writes LABEL.N.ptx per launch into the folder, and facts.json: shared memory, warps and milliseconds, or what went wrong.
"""

import json
import re
import sys
import time
from pathlib import Path

import torch
import triton
from triton.backends.compiler import GPUTarget

from .kinds import CASES_BY_LABEL

POINTERS = {
    torch.float16: "fp16", torch.bfloat16: "bf16", torch.float32: "fp32", torch.float64: "fp64",
    torch.float8_e4m3fn: "fp8e4nv", torch.float8_e5m2: "fp8e5", torch.int8: "i8", torch.uint8: "u8",
    torch.int16: "i16", torch.int32: "i32", torch.int64: "i64", torch.bool: "i1",
}  # fmt: skip


def describe(value):
    """An argument's type, its value if it is compiled in, and whether 16 divides it: what a launch would find."""
    if isinstance(value, torch.Tensor):
        return "*" + POINTERS[value.dtype], None, value.storage_offset() * value.element_size() % 16 == 0
    if hasattr(value, "block_shape"):
        return f"tensordesc<{POINTERS[value.base.dtype]}{list(value.block_shape)}>", None, False
    if value is None or value is True or value is False or value == 1 and isinstance(value, int):
        return "constexpr", value, False
    if isinstance(value, int):
        return "i32" if -(2**31) <= value < 2**31 else "i64", None, value % 16 == 0
    if isinstance(value, float):
        return "fp32", None, False
    raise TypeError(f"an argument of type {type(value).__name__}")


def compile_launch(launch):
    kernel, constants, signature, attrs = launch.kernel, {}, {}, {}
    for i, name in enumerate(kernel.arg_names):
        if i < len(launch.args):
            kind, constant, divisible = describe(launch.args[i])
        else:
            kind, constant, divisible = "constexpr", launch.keywords[name], False
        signature[name] = kind
        if kind == "constexpr":
            constants[(i,)] = constant
        elif divisible:
            attrs[(i,)] = [["tt.divisibility", 16]]
    options = {k: v for k, v in launch.keywords.items() if k not in kernel.arg_names}
    source = triton.compiler.ASTSource(kernel, signature, constants, attrs)
    return triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)


def file_name(label, i):
    return re.sub(r"[^\w.-]+", "-", label).strip("-") + f".{i}"


def main():
    folder, labels = Path(sys.argv[1]), sys.argv[2:] or list(CASES_BY_LABEL)
    folder.mkdir(parents=True, exist_ok=True)
    facts = {}
    for label in labels:
        facts[label] = []
        for i, launch in enumerate(CASES_BY_LABEL[label].make("meta").launches):
            begin = time.perf_counter()
            try:
                kernel = compile_launch(launch)
                ms = (time.perf_counter() - begin) * 1e3
                (folder / f"{file_name(label, i)}.ptx").write_text(kernel.asm["ptx"])
                (folder / f"{file_name(label, i)}.ttgir").write_text(kernel.asm["ttgir"])
                one = dict(
                    kernel=launch.kernel.__name__, shared=kernel.metadata.shared, warps=kernel.metadata.num_warps, ms=ms
                )
            except Exception as e:
                one = dict(kernel=launch.kernel.__name__, failure=f"{type(e).__name__}: {e}"[:600])
            facts[label].append(one)
        print(label, facts[label], file=sys.stderr, flush=True)
    (folder / "facts.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
