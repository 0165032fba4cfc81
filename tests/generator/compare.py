"""Runs a program in several ways and compares what it writes: all must have what the reference has.

The reference is "numpy": the kernel's IR as the front end makes it, evaluated whole over NumPy. "interpreter" is the
kernel run by Python, an operation at a time (TRITON_INTERPRET=1), which takes ten times as long.
"""

from __future__ import annotations

import linecache
import os
import traceback

import numpy as np
import torch
import triton
from program import Program
from triton._C import libtriton
from triton.runtime import _evaluate, _memory
from triton.runtime.interpreter import InterpretedFunction, _Arguments
from triton.tools.tensor_descriptor import TensorDescriptor

DTYPES = {
    "float16": torch.float16, "bfloat16": torch.bfloat16, "float32": torch.float32, "float64": torch.float64,
    "float8e4nv": torch.float8_e4m3fn, "float8e5": torch.float8_e5m2, "int8": torch.int8, "int16": torch.int16,
    "int32": torch.int32, "int64": torch.int64, "uint8": torch.uint8, "uint16": torch.uint16, "uint32": torch.uint32,
    "uint64": torch.uint64,
}  # fmt: skip


def scratch(size: int, _align: int, _stream: object) -> torch.Tensor:
    """Memory for tensor descriptors; not asked for a device before a launch, for a fork after that cannot use it."""
    return torch.empty(size, dtype=torch.int8, device="cuda" if torch.cuda.is_available() else "cpu")


triton.set_allocator(scratch)
# Ways to run a program: this processor, plain x86-64, AVX2, check mode (which finds nothing, and begins with scratch
# full of NaN), and simulated GPUs; "cuda" is a real one.
TARGETS = ["cpu", "cpu:x86-64", "cpu:x86-64-v3", "cpu:checked", "simt:75", "simt:80", "simt:90", "simt:120"]
# How often each has its turn: LLVM takes several times as long as the simulated GPU.
TURNS = {"cpu": 3, "cpu:x86-64": 2, "cpu:x86-64-v3": 2, "cpu:checked": 2, "interpreter": 1}


def turns(targets: list) -> list:
    """Targets as often as they have their turn."""
    return [target for target in targets for _ in range(TURNS.get(target, 6))]


def arrays(program: Program) -> dict:
    """The arguments as tensors, the same for every run."""
    generator = torch.Generator().manual_seed(program.seed)
    made = {}
    for name, dtype, count, what in program.arguments:
        kind = DTYPES[dtype]
        what, _, first = what.partition(" behind ")
        if what.startswith("same "):
            made[name] = made[what[5:]]
        elif what.startswith("below "):
            made[name] = torch.randint(0, int(what[6:]), (count,), generator=generator).to(kind)
        elif what in ("zero", "sum", "scratch"):
            made[name] = torch.zeros(count, dtype=kind)
        elif what == "out":
            made[name] = torch.full((count,), 77, dtype=torch.int8).to(kind)
        elif what == "small":
            made[name] = torch.randint(-2, 3, (count,), generator=generator).to(torch.float32).to(kind)
        elif kind.is_floating_point:
            values = torch.randn(count, generator=generator) * 3
            values[:: torch.randint(3, 17, (1,), generator=generator).item()] = 1.0
            made[name] = values.to(kind)
        else:
            raw = torch.randint(-(2**62), 2**62, (count,), generator=generator)
            small = torch.randint(0, 2, (1,), generator=generator).item()
            made[name] = (raw % 50 if small else raw).to(kind)
        if first:  # an address that is a multiple of nothing more than an element's size
            made[name] = torch.cat([made[name].new_zeros(int(first)), made[name]])[int(first) :]
    return made


def passed(program: Program, made: dict) -> dict:
    """What a launch is given: the arrays, or tensor descriptors of them."""
    given = dict(made)
    for name, (shape, strides, block, padding) in program.descriptors.items():
        given[name] = TensorDescriptor(made[name], list(shape), list(strides), list(block), padding)
    return given


def whole_grid(program: Program) -> tuple:
    """Along three axes."""
    return (*program.grid, 1, 1)[:3]


def load(source: str, name: str) -> object:
    """The kernel of a module's text."""
    filename = f"<{name}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    scope: dict = {"__name__": name}
    exec(compile(source, filename, "exec"), scope)
    return scope["kernel"]


def evaluated(program: Program, kernel: object, made: dict) -> None:
    """The kernel's IR as the front end makes it, run over NumPy."""
    given, described, values = _Arguments(), [], []
    for name, value in [*passed(program, made).items(), *program.scalars.items()]:
        x = given.convert(value, name)
        described.append((name, "constexpr", x, 0) if isinstance(x, int) else (name, x.text, None, 0))
        if not isinstance(x, int):
            values += (
                [x.handle.data] if "block" not in vars(x) else [x.block, *(y.handle.data for y in sum(x.parts, []))]
            )
    options = {"no_locations": True, "sanitize_overflow": False}
    compiled = libtriton.compile(kernel, None, None, tuple(described), "cpu", options, "front")
    run = _evaluate.Module(compiled._image._stage("front")).entry()
    _memory.state.memory, _memory.state.grid = given.memory, whole_grid(program)
    with np.errstate(all="ignore"):
        for at in np.ndindex(whole_grid(program)):
            _memory.state.program = at
            run(values)


def launch(program: Program, kernel: object, target: str) -> dict:
    """The memory after a run on a target."""
    made = arrays(program)
    options = {**program.options, "enable_fp_fusion": False}
    if target in ("simt:75", "simt:80"):
        options.pop("num_ctas", None)  # a cluster's, which those do not have
    os.environ.pop("TRITONC_SIMULATE", None)
    if target == "numpy":
        evaluated(program, kernel, made)
    elif target == "interpreter":
        InterpretedFunction(kernel)[program.grid](*passed(program, made).values(), **program.scalars)
    elif target.startswith("simt"):
        os.environ["TRITONC_SIMULATE"] = target.replace("simt", "cuda")
        try:
            kernel[program.grid](*passed(program, made).values(), **program.scalars, **options)
        finally:
            del os.environ["TRITONC_SIMULATE"]
    elif target == "cuda":
        there = {id(x): x.cuda() for x in made.values()}
        made = {name: there[id(x)] for name, x in made.items()}
        kernel[program.grid](*passed(program, made).values(), **program.scalars, **options)
        made = {name: x.cpu() for name, x in made.items()}
    elif target == "cpu:checked":
        kernel[program.grid](
            *passed(program, made).values(), **program.scalars, **options, debug=True, sanitize_overflow=False
        )
    elif target == "cpu":
        kernel[program.grid](*passed(program, made).values(), **program.scalars, **options)
    else:
        signature = {
            a[0]: "*" + SHORT.get(a[1], a[1].replace("uint", "u").replace("int", "i")) for a in program.arguments
        }
        for name, (_, _, block, _) in program.descriptors.items():
            signature[name] = f"tensordesc<{signature[name][1:]}{list(block)}>"
        for name, value in program.scalars.items():
            signature[name] = "i32" if -(2**31) <= value < 2**31 else "i64"
        ones = {name: 1 for name, value in program.scalars.items() if value == 1}
        signature |= {name: "constexpr" for name in ones}
        source = triton.compiler.ASTSource(kernel, signature, ones)
        compiled = triton.compile(source, target=target, options=options)
        numbers = [value for name, value in program.scalars.items() if name not in ones]
        compiled[whole_grid(program)](*passed(program, made).values(), *numbers)
    return made


SHORT = {"float16": "fp16", "bfloat16": "bf16", "float32": "fp32", "float64": "fp64", "float8e4nv": "fp8e4nv",
         "float8e5": "fp8e5"}  # fmt: skip


def difference(program: Program, want: dict, have: dict) -> str | None:
    """The first place where two memories differ; NaNs are equal, and so are zeros."""
    for name, _, _, what in program.arguments:
        if what.startswith("scratch"):  # the order of what is in it is not defined
            continue
        x = want[name]
        y = have[name]
        if x.dtype.is_floating_point:
            x, y = x.double(), y.double()
            same = (x == y) | (x.isnan() & y.isnan())
        else:
            x, y = x.to(torch.int64), y.to(torch.int64)
            same = x == y
        if not same.all():
            at = int((~same).nonzero()[0])
            return f"{name}[{at}]: {y[at].item()}, and NumPy has {x[at].item()} ({int((~same).sum())} differ)"
    return None


def check(program: Program, targets: list, source: str | None = None) -> list:
    """(target, what is wrong) for every target on which something is."""
    try:
        kernel = load(source or program.source, f"program_{program.seed}")
        want = launch(program, kernel, "numpy")
    except Exception:
        return [("numpy", last_lines(traceback.format_exc()))]
    wrong = []
    for target in targets:
        try:
            found = difference(program, want, launch(program, kernel, target))
        except Exception:
            found = last_lines(traceback.format_exc())
        if found:
            wrong.append((target, found))
    return wrong


def last_lines(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-8:])
