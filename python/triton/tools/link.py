"""One C function of several compiled kernels: `python -m triton.tools.link A.h B.h ... -o OUT` writes OUT.h and OUT.c.

Reads the headers that `triton.tools.compile` wrote. Kernels of one name that differ in what their arguments must be
become one function, which takes the one that may assume most of the arguments it is given; those that differ in
constants, warps or stages are algorithms, numbered in the order in which they are given.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import NamedTuple

LINE = re.compile(r"^// tt-linker: (\w+):(.*):(\w+)\nCUresult (\w+)\(CUstream stream(.*)\);", re.M)


class Variant(NamedTuple):
    """A compiled kernel.

    hints : parameter to 16 or 1
    """

    name: str
    symbol: str
    algorithm: str
    parameters: str
    names: tuple
    hints: dict
    header: str


def read(path: Path) -> Variant:
    found = LINE.search(path.read_text())
    if not found:
        raise SystemExit(f"{path} is not a header that triton.tools.compile wrote")
    name, signature, algorithm, symbol, parameters = found.groups()
    names, hints = [], {}
    for entry in filter(None, signature.split(",")):
        parameter, kind = entry.split(" ")
        names.append(parameter)
        if ":" in kind:
            hints[parameter] = int(kind.partition(":")[2])
    return Variant(name, symbol, algorithm, parameters, tuple(names), hints, path.name)


def condition(variant: Variant) -> str:
    tests = [f"{p} == 1" if hint == 1 else f"{p} % 16 == 0" for p, hint in variant.hints.items()]
    return " && ".join(tests) or "1"


def demands(variant: Variant) -> tuple:
    """What is 1 says more than what is a multiple of 16."""
    return sum(1 for h in variant.hints.values() if h == 1), len(variant.hints), variant.symbol


def group(variants: list[Variant]) -> dict[str, dict[str, list[Variant]]]:
    """By name, then by algorithm; the most demanding variant first."""
    kernels: dict[str, dict[str, list[Variant]]] = {}
    for v in variants:
        kernels.setdefault(v.name, {}).setdefault(v.algorithm, []).append(v)
    for name, algorithms in kernels.items():
        shapes = {v.parameters for found in algorithms.values() for v in found}
        if len(shapes) > 1:
            raise SystemExit(f"the kernels `{name}` differ in their parameters: {' and '.join(sorted(shapes))}")
        for found in algorithms.values():
            found.sort(key=demands, reverse=True)
    return kernels


def declarations(name: str, parameters: str) -> str:
    return f"""
/* Loads every kernel of {name} into the current context; unloads them. */
CUresult load_{name}(void);
CUresult unload_{name}(void);
int {name}_get_num_algos(void);
/* CUDA_ERROR_INVALID_VALUE: no kernel was compiled for such arguments, or there is no such algorithm. */
CUresult {name}_default(CUstream stream{parameters});
CUresult {name}(CUstream stream{parameters}, int algo_id);
"""


def definitions(name: str, algorithms: dict[str, list[Variant]]) -> str:
    first = next(iter(algorithms.values()))[0]
    passed = "".join(f", {n}" for n in first.names)
    out = []
    for i, found in enumerate(algorithms.values()):
        tests = "".join(f"  if ({condition(v)}) return {v.symbol}(stream{passed});\n" for v in found)
        end = "" if not found[-1].hints else "  return CUDA_ERROR_INVALID_VALUE;\n"
        out.append(f"static CUresult {name}_algorithm_{i}(CUstream stream{first.parameters}) {{\n{tests}{end}}}\n")
    table = ", ".join(f"{name}_algorithm_{i}" for i in range(len(algorithms)))
    out.append(f"static CUresult (*const {name}_algorithms[])(CUstream stream{first.parameters}) = {{{table}}};\n")
    everything = [v for found in algorithms.values() for v in found]
    loads = "".join(f"  if (r == CUDA_SUCCESS) r = load_{v.symbol}();\n" for v in everything)
    unloads = "".join(f"  one = unload_{v.symbol}();\n  if (r == CUDA_SUCCESS) r = one;\n" for v in everything)
    out.append(
        f"CUresult load_{name}(void) {{\n  CUresult r = CUDA_SUCCESS;\n{loads}"
        f"  if (r != CUDA_SUCCESS) unload_{name}();\n  return r;\n}}\n"
    )
    out.append(f"CUresult unload_{name}(void) {{\n  CUresult r = CUDA_SUCCESS, one;\n{unloads}  return r;\n}}\n")
    out.append(f"int {name}_get_num_algos(void) {{ return {len(algorithms)}; }}\n")
    out.append(
        f"CUresult {name}(CUstream stream{first.parameters}, int algo_id) {{\n"
        f"  if (algo_id < 0 || algo_id >= {len(algorithms)}) return CUDA_ERROR_INVALID_VALUE;\n"
        f"  return {name}_algorithms[algo_id](stream{passed});\n}}\n"
    )
    out.append(f"CUresult {name}_default(CUstream stream{first.parameters}) {{ return {name}(stream{passed}, 0); }}\n")
    return "\n".join(out)


def main() -> None:
    parser = argparse.ArgumentParser(prog="triton.tools.link", description="One C function of several kernels.")
    parser.add_argument("headers", nargs="+", type=Path, help="headers that triton.tools.compile wrote")
    parser.add_argument("--out", "-o", required=True, type=Path, help="the files are OUT.c and OUT.h")
    parser.add_argument("--prefix", default="", help="of the names of the functions")
    given = parser.parse_args()
    variants = [read(path) for path in given.headers]
    kernels = group([v._replace(name=given.prefix + v.name) for v in variants])
    guard = "TRITON_" + re.sub(r"\W", "_", given.out.name.upper())
    parts = [declarations(name, next(iter(algorithms.values()))[0].parameters) for name, algorithms in kernels.items()]
    given.out.with_name(given.out.name + ".h").write_text(
        f"#ifndef {guard}\n#define {guard}\n\n#include <cuda.h>\n#include <stdint.h>\n\n"
        '#ifdef __cplusplus\nextern "C" {\n#endif\n' + "".join(parts) + "\n#ifdef __cplusplus\n}\n#endif\n#endif\n"
    )
    includes = "".join(f'#include "{v.header}"\n' for v in variants)
    given.out.with_name(given.out.name + ".c").write_text(
        f'#include "{given.out.name}.h"\n{includes}\n'
        + "\n".join(definitions(name, algorithms) for name, algorithms in kernels.items())
    )


if __name__ == "__main__":
    main()
