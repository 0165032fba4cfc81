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

C_TYPES = {
    "i1": "uint8_t", "i8": "int8_t", "i16": "int16_t", "i32": "int32_t", "i64": "int64_t",
    "u1": "uint8_t", "u8": "uint8_t", "u16": "uint16_t", "u32": "uint32_t", "u64": "uint64_t",
    "fp16": "uint16_t", "bf16": "uint16_t", "fp32": "float", "fp64": "double",
}  # fmt: skip

HEADER = """\
/* {out_name}: the kernel `{kernel}` of {file}, compiled for {target} ({warps} warps, {stages} stages). */
#ifndef TRITON_{guard}
#define TRITON_{guard}

#include <cuda.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif

/* Into the current context; a launch does it where it was not done. */
CUresult load_{symbol}(void);
CUresult unload_{symbol}(void);
/* {requirements}Half floats are their bits. */
// tt-linker: {out_name}:{signature}:{algorithm}
CUresult {symbol}(CUstream stream{parameters});

#ifdef __cplusplus
}}
#endif
#endif
"""

SOURCE = """\
#include "{header}"

#include <stddef.h>

static const unsigned char cubin_[{cubin_bytes}] = {{
{cubin}}};

/* For a GPU that does not run the cubin. */
static const char ptx_[] =
{ptx};

static CUmodule module_;
static CUfunction function_;

CUresult load_{symbol}(void) {{
  CUresult result_;
  if (function_) return CUDA_SUCCESS;
  result_ = cuModuleLoadData(&module_, cubin_);
  if (result_ == CUDA_ERROR_NO_BINARY_FOR_GPU) result_ = cuModuleLoadData(&module_, ptx_);
  if (result_ != CUDA_SUCCESS) return result_;
  result_ = cuModuleGetFunction(&function_, module_, "{entry}");
  if (result_ == CUDA_SUCCESS && {shared} > 48 * 1024)
    result_ = cuFuncSetAttribute(function_, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, {shared});
  if (result_ != CUDA_SUCCESS) unload_{symbol}();
  return result_;
}}

CUresult unload_{symbol}(void) {{
  CUresult result_ = module_ ? cuModuleUnload(module_) : CUDA_SUCCESS;
  module_ = NULL;
  function_ = NULL;
  return result_;
}}

CUresult {symbol}(CUstream stream{parameters}) {{
  void *arguments_[] = {{{arguments}NULL}};
  CUresult result_ = load_{symbol}();
  int64_t grid_[3] = {{{grid}}};
{unused}  if (result_ != CUDA_SUCCESS) return result_;
  if (grid_[0] < 0 || grid_[1] < 0 || grid_[2] < 0) return CUDA_ERROR_INVALID_VALUE;
  if (grid_[0] == 0 || grid_[1] == 0 || grid_[2] == 0) return CUDA_SUCCESS;
  return cuLaunchKernel(function_, (unsigned)grid_[0], (unsigned)grid_[1], (unsigned)grid_[2], {threads}, 1, 1,
                        {shared}, stream, arguments_, NULL);
}}
"""


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

    @property
    def c_type(self) -> str:
        return "CUdeviceptr" if self.type.startswith("*") else C_TYPES[self.type]


#: What a parameter of a C function cannot be called.
TAKEN = set(
    "stream algo_id auto break case char const continue default do double else enum extern float for goto if inline "
    "int long register restrict return short signed sizeof static struct switch typedef union unsigned void volatile "
    "while bool class delete new private public template this throw try using virtual".split()
)


def parse_parameter(name: str, text: str) -> Parameter:
    """`*fp32:16`, `i32:1`, `i32`, or a constant: `64`, `1.5`, `True`, `"relu"`."""
    kind, _, hint = text.strip().partition(":")
    if kind.startswith("*") or kind in C_TYPES:
        if name in TAKEN or name.endswith("_") or not name.isascii():
            raise SystemExit(f"`{name}` cannot be a parameter's name in C; call it otherwise in the kernel")
        if hint not in ("", "1", "16") or (hint == "1" and kind.startswith("*")):
            raise SystemExit(f"`{text.strip()}`, given for `{name}`: a hint is 16, or 1 of a number")
        return Parameter(name, kind, int(hint) if hint else None, None)
    try:
        return Parameter(name, "constexpr", None, ast.literal_eval(text.strip()))
    except (SyntaxError, ValueError):
        known = ", ".join(C_TYPES)
        raise SystemExit(
            f"`{text.strip()}`, given for `{name}`, is no constant and no type; types are {known}"
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
            raise SystemExit("there is no GPU here to compile for; name one by -t cuda:90:32")
    constants = {p.name: 1 if p.hint == 1 else p.value for p in parameters if p.type == "constexpr" or p.hint == 1}
    signature = {p.name: "constexpr" if p.name in constants else p.type for p in parameters}
    multiples = {(i,): [["tt.divisibility", 16]] for i, p in enumerate(parameters) if p.hint == 16}
    source = triton.compiler.ASTSource(kernel, signature, constants, multiples)
    return triton.compile(source, target=chosen, options=options)


def taken(parameters: list[Parameter]) -> list[Parameter]:
    """Those that the compiled kernel takes."""
    return [p for p in parameters if p.type != "constexpr" and p.hint != 1]


def check_entry(compiled: object, parameters: list[Parameter]) -> None:
    """The machine code must take what a launch gives, and nothing else."""
    entry = re.search(r"\.entry\s+[\w$]+\s*\((.*?)\)", compiled.asm["ptx"], re.S)
    if entry and entry[1].count(".param") != len(taken(parameters)):
        raise SystemExit("the kernel uses tensor descriptors, whose tensor maps no C source makes yet")
    if compiled.metadata.num_ctas != 1 or compiled.metadata.launch_cooperative_grid or compiled.metadata.launch_pdl:
        raise SystemExit("no C source is made for clusters, cooperative and programmatic dependent launches yet")


def rows(data: bytes) -> str:
    return "".join("  " + " ".join(f"{b}," for b in data[i : i + 24]) + "\n" for i in range(0, len(data), 24))


def c_string(text: str) -> str:
    escaped = (line.replace("\\", "\\\\").replace('"', '\\"').replace("\t", "\\t") for line in text.split("\n"))
    return "\n".join(f'    "{line}\\n"' for line in escaped)


def suffix_of(parameters: list[Parameter]) -> str:
    """The place of every run-time parameter, with `d` where it is a multiple of 16 and `c` where it is 1."""
    marks = {None: "", 16: "d", 1: "c"}
    return "".join(f"{i}{marks[p.hint]}" for i, p in enumerate(parameters) if p.type != "constexpr")


def requirements_of(parameters: list[Parameter]) -> str:
    texts = [f"{p.name} is {'1' if p.hint == 1 else 'a multiple of 16'}" for p in parameters if p.hint]
    return "; ".join(texts) + ". " if texts else ""


def sources(compiled: object, kernel: object, parameters: list[Parameter], grid: list[str], out_name: str, file: str):
    """(what follows the file's name, header, source), the source without its header's name."""
    metadata = compiled.metadata
    constants = "x".join(str(p.value) for p in parameters if p.type == "constexpr")
    algorithm = f"{constants}_warps{metadata.num_warps}xstages{metadata.num_stages}"
    run_time = [p for p in parameters if p.type != "constexpr"]
    signature = ",".join(f"{p.name} {p.type}{f':{p.hint}' if p.hint else ''}" for p in run_time)
    key = hashlib.sha256(f"{signature} {algorithm}".encode()).hexdigest()[:8]
    suffix = suffix_of(parameters)
    symbol = f"{out_name}_{key}_{suffix}"
    common = {
        "symbol": symbol,
        "parameters": "".join(f", {p.c_type} {p.name}" for p in run_time),
    }
    header = HEADER.format(
        out_name=out_name, kernel=kernel.__name__, file=file, target=f"cuda:{metadata.target.arch}",
        warps=metadata.num_warps, stages=metadata.num_stages, guard=symbol.upper(), signature=signature,
        algorithm=re.sub(r"\W", "_", algorithm), requirements=requirements_of(parameters), **common,
    )  # fmt: skip
    cubin = compiled.asm["cubin"]
    source = SOURCE.format(
        header="@HEADER@", cubin_bytes=len(cubin), cubin=rows(cubin), ptx=c_string(compiled.asm["ptx"]),
        entry=metadata.name, shared=metadata.shared, threads=32 * metadata.num_warps, grid=", ".join(grid),
        arguments="".join(f"&{p.name}, " for p in taken(parameters)),
        unused="".join(f"  (void){p.name};\n" for p in run_time if p.hint == 1), **common,
    )  # fmt: skip
    return f"{key}_{suffix}", header, source


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
    check_entry(compiled, parameters)
    out_name = given.out_name or given.kernel_name
    path = given.out_path or Path(out_name)
    key, header, source = sources(compiled, kernel, parameters, [g.strip() for g in grid], out_name, given.path.name)
    stem = f"{path.name}.{key}"
    path.with_name(f"{stem}.h").write_text(header)
    path.with_name(f"{stem}.c").write_text(source.replace("@HEADER@", f"{stem}.h"))


if __name__ == "__main__":
    main()
