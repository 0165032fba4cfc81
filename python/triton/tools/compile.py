"""A kernel as C: `python -m triton.tools.compile kernel.py -n NAME -s SIGNATURE -g GRID` writes a source and a header.

The source holds the kernel's machine code (a cubin, and PTX for GPUs that came later) and functions that load, launch
and unload it through the CUDA driver; a program that is built with it needs libcuda, no Python and no compiler. The
header says which function of which parameters launches it, and what the arguments must be; `triton.tools.link` makes
one function of several such kernels. docs/aot.md describes both.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import importlib.util
import re
import sys
from pathlib import Path
from typing import NamedTuple

#: Types of numbers.
NUMBERS = "i1 i8 i16 i32 i64 u1 u8 u16 u32 u64 fp16 bf16 fp32 fp64".split()


class Parameter(NamedTuple):
    """An entry of a signature and the parameter of the kernel that it is of.

    type : "*fp32", "i32"; "constexpr"
    hint : 16, 1, or None
    value : of a constant
    """

    name: str
    type: str
    hint: int | None
    value: object


def parse_parameter(name: str, text: str) -> Parameter:
    """`*fp32:16`, `i32:1`, `i32`, or a constant: `64`, `1.5`, `True`, `"relu"`."""
    kind, _, hint = text.strip().partition(":")
    if kind.startswith("*") or kind in NUMBERS:
        if hint not in ("", "1", "16") or (hint == "1" and kind.startswith("*")):
            raise SystemExit(f"`{text.strip()}`, given for `{name}`: a hint is 16, or 1 of a number")
        return Parameter(name, kind, int(hint) if hint else None, None)
    try:
        return Parameter(name, "constexpr", None, ast.literal_eval(text.strip()))
    except (SyntaxError, ValueError):
        known = ", ".join(NUMBERS)
        raise SystemExit(
            f"`{text.strip()}`, given for `{name}`, is neither a constant nor a type; types are {known}"
        ) from None


def load_kernel(path: Path, name: str) -> object:
    """The kernel of a file, whose own imports may be of files beside it."""
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    kernel = getattr(module, name, None)
    if not hasattr(kernel, "arg_names"):
        raise SystemExit(f"{path} has no kernel `{name}`")
    return kernel


def compile_for(kernel: object, parameters: list[Parameter], target: str | None, options: dict) -> object:
    """The compiled kernel: what is 1 by its hint is a constant, like the constants."""
    import triton
    from triton.backends.compiler import GPUTarget

    if target:
        backend, arch, warp = (target.split(":") + ["", ""])[:3]
        if backend != "cuda" or not arch.isdigit():
            raise SystemExit(f"there are no C sources for the target `{target}`; name a GPU by cuda:90:32")
        chosen = GPUTarget(backend, int(arch), int(warp or 32))
    else:
        chosen = triton.runtime.driver.active.get_current_target()
        if chosen.backend != "cuda":
            raise SystemExit("there is no GPU on this machine to compile for; name one with -t cuda:90:32")
    constants = {p.name: 1 if p.hint == 1 else p.value for p in parameters if p.type == "constexpr" or p.hint == 1}
    signature = {p.name: "constexpr" if p.name in constants else p.type for p in parameters}
    multiples = {(i,): [["tt.divisibility", 16]] for i, p in enumerate(parameters) if p.hint == 16}
    source = triton.compiler.ASTSource(kernel, signature, constants, multiples)
    return triton.compile(source, target=chosen, options=options)


def suffix_of(parameters: list[Parameter]) -> str:
    """The place of every run-time parameter, with `d` where it is a multiple of 16 and `c` where it is 1."""
    marks = {None: "", 16: "d", 1: "c"}
    return "".join(f"{i}{marks[p.hint]}" for i, p in enumerate(parameters) if p.type != "constexpr")


def portable(compiled: object) -> bool:
    """Whether later GPUs take the PTX: `.target sm_90a` is for 9.0 alone."""
    return bool(re.search(r"^\.target sm_\d+\b", compiled.asm["ptx"], re.M))


def fallback_for(kernel: object, parameters: list[Parameter], compiled: object, options: dict) -> object:
    """The kernel for the oldest GPUs with asynchronous copies, whose PTX later ones take; None if it needs others."""
    from triton.errors import TritonError

    if portable(compiled):
        return None
    try:
        return compile_for(kernel, parameters, "cuda:80:32", options)
    except TritonError:
        return None


def sources(compiled: object, fallback: object, kernel: object, parameters: list[Parameter], grid: list[str], given):
    """(what follows the file's name, header, source)"""
    from triton._C import libtriton

    metadata = compiled.metadata
    out_name = given.out_name or given.kernel_name
    constants = "x".join(str(p.value) for p in parameters if p.type == "constexpr")
    algorithm = f"{constants}_warps{metadata.num_warps}xstages{metadata.num_stages}"
    run_time = [p for p in parameters if p.type != "constexpr"]
    signature = ",".join(f"{p.name} {p.type}{f':{p.hint}' if p.hint else ''}" for p in run_time)
    key = hashlib.sha256(f"{signature} {algorithm}".encode()).hexdigest()[:8]
    place = f"{key}_{suffix_of(parameters)}"
    path = given.out_path or Path(out_name)
    tag = f"// tt-linker: {out_name}:{signature}:{re.sub(r'[^0-9A-Za-z_]', '_', algorithm)}\n"
    names = (f"{path.name}.{place}", f"{out_name}_{place}", kernel.__name__, given.path.name, tag)
    described = tuple((p.name, p.type, p.hint or 0, p.value) for p in parameters)
    try:
        return (
            path,
            libtriton.kernel_source(compiled._image, fallback and fallback._image, names, described, tuple(grid)),
            names[0],
        )
    except ValueError as wrong:
        raise SystemExit(str(wrong)) from None


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="triton.tools.compile", description="A kernel as C source and header.")
    parser.add_argument("path", type=Path, help="the Python file that has the kernel")
    parser.add_argument("--kernel-name", "-n", required=True, help="the kernel's name")
    parser.add_argument(
        "--signature", "-s", required=True, help='"*fp32:16, i32:16, i32:1, 64": types, hints, constants'
    )
    parser.add_argument("--grid", "-g", required=True, help='"M/64, 1, 1": C expressions over the parameters')
    parser.add_argument("--target", "-t", help="cuda:90:32; the GPU of this machine where it is left out")
    parser.add_argument("--num-warps", "-w", type=int, default=1)
    parser.add_argument("--num-stages", "-ns", type=int, default=3)
    parser.add_argument("--out-name", "-on", help="what the C functions are called; the kernel's name")
    parser.add_argument("--out-path", "-o", type=Path, help="the files are PATH.HASH_SUFFIX.c and .h; the out name")
    return parser


def main() -> None:
    given = arguments().parse_args()
    kernel = load_kernel(given.path.resolve(), given.kernel_name)
    texts = given.signature.split(",")
    if len(texts) != len(kernel.arg_names):
        raise SystemExit(f"`{given.kernel_name}` has {len(kernel.arg_names)} parameters, the signature {len(texts)}")
    grid = given.grid.split(",")
    if len(grid) != 3:
        raise SystemExit(f"a grid has three expressions, not {len(grid)}: {given.grid}")
    parameters = [parse_parameter(name, text) for name, text in zip(kernel.arg_names, texts, strict=True)]
    options = {"num_warps": given.num_warps, "num_stages": given.num_stages}
    compiled = compile_for(kernel, parameters, given.target, options)
    fallback = fallback_for(kernel, parameters, compiled, options)
    path, (header, source), stem = sources(compiled, fallback, kernel, parameters, [g.strip() for g in grid], given)
    path.with_name(f"{stem}.h").write_text(header)
    path.with_name(f"{stem}.c").write_text(source)


if __name__ == "__main__":
    main()
