"""Kernels as C source, triton.tools.compile and triton.tools.link: the programs are built and run with a driver that says
what it is asked for.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import triton.tools

TOOLS = Path(triton.tools.__path__[0])

KERNEL = """
import triton
import triton.language as tl
from factor import twice


@triton.jit
def spread(Out, In, n, step, scale, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(Out + i * step, twice(tl.load(In + i, i < n)) * scale, i < n)


@triton.jit
def in_c(Out, register):
    tl.store(Out, register)


@triton.jit
def by_descriptor(In, Out, n):
    d = tl.make_tensor_descriptor(In, [n, 64], [64, 1], [16, 64])
    tl.store(Out + tl.arange(0, 64), tl.sum(d.load([0, 0]), 0))
"""

FACTOR = """
import triton


@triton.jit
def twice(x):
    return x + x
"""

CUDA_H = """
#ifndef CUDA_H
#define CUDA_H
#include <stddef.h>
typedef unsigned long long CUdeviceptr;
typedef struct Stream *CUstream;
typedef struct Module *CUmodule;
typedef struct Function *CUfunction;
typedef enum { CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_INVALID_IMAGE = 200, CUDA_ERROR_NO_BINARY_FOR_GPU = 209,
               CUDA_ERROR_INVALID_PTX = 218, CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222 } CUresult;
typedef unsigned cuuint32_t;
typedef unsigned long long cuuint64_t;
typedef struct { _Alignas(64) unsigned long long opaque[16]; } CUtensorMap;
typedef int CUtensorMapDataType, CUtensorMapSwizzle, CUtensorMapFloatOOBfill;
enum { CU_TENSOR_MAP_INTERLEAVE_NONE = 0, CU_TENSOR_MAP_L2_PROMOTION_L2_128B = 2 };
CUresult cuTensorMapEncodeTiled(CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank, void *base,
                                const cuuint64_t *dims, const cuuint64_t *strides, const cuuint32_t *box,
                                const cuuint32_t *steps, int interleave, CUtensorMapSwizzle swizzle, int promotion,
                                CUtensorMapFloatOOBfill fill);
typedef enum { CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 } CUfunction_attribute;
CUresult cuModuleLoadData(CUmodule *module, const void *image);
CUresult cuModuleUnload(CUmodule module);
CUresult cuModuleGetFunction(CUfunction *f, CUmodule module, const char *name);
CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int value);
CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream stream, void **arguments, void **extra);
#endif
"""

# The arguments of `spread` are printed: two pointers, an int, then an int and a float, or the float alone.
DRIVER = r"""
#include <cuda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  int is_cubin = !memcmp(image, "\177ELF", 4);
  if (is_cubin && getenv("NEWER_GPU")) return CUDA_ERROR_NO_BINARY_FOR_GPU;
  printf("load %s\n", is_cubin ? "cubin" : strstr(image, ".entry spread") ? "ptx" : "?");
  *module = malloc(1);
  return CUDA_SUCCESS;
}
CUresult cuModuleUnload(CUmodule module) {
  free(module);
  puts("unload");
  return CUDA_SUCCESS;
}
CUresult cuModuleGetFunction(CUfunction *f, CUmodule module, const char *name) {
  (void)module;
  *f = (CUfunction)name;
  return CUDA_SUCCESS;
}
CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int value) {
  (void)f, (void)a, (void)value;
  return CUDA_SUCCESS;
}
CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream stream, void **arguments, void **extra) {
  (void)shared, (void)stream, (void)extra;
  int n = 0;
  while (arguments[n]) n++;
  printf("%s grid %u %u %u block %u %u %u: %llu %llu %d", (const char *)f, gx, gy, gz, bx, by, bz,
         *(CUdeviceptr *)arguments[0], *(CUdeviceptr *)arguments[1], *(int *)arguments[2]);
  if (n == 5) printf(" %d", *(int *)arguments[3]);
  printf(" %g\n", *(float *)arguments[n - 1]);
  return CUDA_SUCCESS;
}
"""

MAIN = """
#include "all.h"
#include <stdio.h>
int main(void) {
  printf("algorithms %d\\n", spread_get_num_algos());
  printf("%d\\n", load_spread());
  printf("%d\\n", spread_default(NULL, 256, 512, 100, 1, 2.5f));
  printf("%d\\n", spread_default(NULL, 256, 512, 100, 3, 2.5f));
  printf("%d\\n", spread_default(NULL, 260, 512, 100, 1, 2.5f));
  printf("%d\\n", spread(NULL, 256, 512, 100, 1, 2.5f, 1));
  printf("%d\\n", spread(NULL, 256, 512, 100, 1, 2.5f, 2));
  printf("%d\\n", spread(NULL, 256, 512, 0, 1, 2.5f, 1));
  printf("%d\\n", unload_spread());
  return 0;
}
"""


@pytest.fixture
def place(tmp_path):
    for name, text in (("kernels.py", KERNEL), ("factor.py", FACTOR), ("main.c", MAIN), ("driver.c", DRIVER)):
        (tmp_path / name).write_text(text)
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "cuda.h").write_text(CUDA_H)
    return tmp_path


def tool(place, name, *arguments, fails=False):
    done = subprocess.run([sys.executable, TOOLS / name, *arguments], cwd=place, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr


def compiled(place, signature, *more, name="spread", grid="(n + 63) / 64, 1, 1", fails=False):
    return tool(
        place, "compile.py", "-n", name, "-s", signature, "-g", grid, "-t", "cuda:90:32", *more, "kernels.py",
        fails=fails,
    )  # fmt: skip


def built(place, *sources):
    cc = shutil.which("cc") or "gcc"
    flags = ["-std=c11", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-I."]
    subprocess.run([cc, *flags, *sources, "-o", "program"], cwd=place, check=True)
    return place / "program"


def test_compile_and_link(place):
    compiled(place, "*fp32:16, *fp32:16, i32, i32:1, fp32, 64", "-w", "2")
    compiled(place, "*fp32:16, *fp32:16, i32, i32, fp32, 64", "-w", "2")
    compiled(place, "*fp32:16, *fp32:16, i32, i32:1, fp32, 128", "-w", "4", grid="(n + 127) / 128, 1, 1")
    headers = sorted(h.name for h in place.glob("spread.*.h"))
    assert [h.split("_")[-1] for h in headers].count("0d1d23c4.h") == 2
    # the algorithms are in the order of the headers: 64 first
    headers.sort(key=lambda h: "64_warps" not in (place / h).read_text())
    tool(place, "link.py", *headers, "-o", "all")
    program = built(place, "main.c", "all.c", "driver.c", *(h[:-1] + "c" for h in headers))
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.split("\n")
    assert lines == [
        "algorithms 2",
        "load cubin",
        "load cubin",
        "load cubin",
        "0",
        "spread grid 2 1 1 block 64 1 1: 256 512 100 2.5",
        "0",
        "spread grid 2 1 1 block 64 1 1: 256 512 100 3 2.5",
        "0",
        "1",  # no kernel for pointers that are not aligned
        "spread grid 1 1 1 block 128 1 1: 256 512 100 2.5",
        "0",
        "1",  # no third algorithm
        "0",  # an empty grid is no launch
        "unload",
        "unload",
        "unload",
        "0",
        "",
    ]
    newer = subprocess.run([program], capture_output=True, text=True, check=True, env={"NEWER_GPU": "1"}).stdout
    assert "cubin" not in newer and newer.count("load ptx\n") == 3


def test_the_same_bytes_again(place):
    for out in ("a", "b"):
        compiled(place, "*fp32, *fp32, i32, i32, fp32, 64", "--out-name", "spread", "-o", out)
    a, b = (next(place.glob(f"{out}.*.c")).read_text().split("\n", 1)[1] for out in ("a", "b"))
    assert a == b


@pytest.mark.parametrize(
    ("signature", "more", "message"),
    [
        ("*fp32, i32", {}, "`spread` has 6 parameters, the signature 2"),
        ("*fp32, *fp32, i32:8, i32, fp32, 64", {}, "`i32:8`, given for `n`: a hint is 16, or 1 of a number"),
        ("*fp32, *fp32, int, i32, fp32, 64", {}, "`int`, given for `n`, is neither a constant nor a type"),
        ("*fp32, *fp32, i32, i32, fp32, 64", {"grid": "n"}, "a grid has three expressions, not 1"),
        ("*fp32, *fp32, i32", {"name": "nothing"}, "has no kernel `nothing`"),
        ("*fp32, i32", {"name": "in_c", "grid": "1, 1, 1"}, "`register` cannot be a parameter's name in C"),
    ],
)
def test_refused(place, signature, more, message):
    assert message in compiled(place, signature, fails=True, **more)
    assert not list(place.glob("*.h"))


MAP_MAIN = r"""
#include <cuda.h>
#include <stdio.h>
#include <string.h>
CUresult cuTensorMapEncodeTiled(CUtensorMap *map, CUtensorMapDataType type, cuuint32_t rank, void *base,
                                const cuuint64_t *dims, const cuuint64_t *strides, const cuuint32_t *box,
                                const cuuint32_t *steps, int interleave, CUtensorMapSwizzle swizzle, int promotion,
                                CUtensorMapFloatOOBfill fill) {
  (void)map, (void)steps, (void)interleave, (void)swizzle, (void)promotion;
  printf("map type %d of %llu: %llu x %llu, stride %llu, box %u x %u, fill %d\n", type, (unsigned long long)base, dims[0],
         dims[1], strides[0], box[0], box[1], fill);
  return rank == 2 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  return *module = (CUmodule)1, memcmp(image, "\177ELF", 4) ? CUDA_ERROR_INVALID_PTX : CUDA_SUCCESS;
}
CUresult cuModuleUnload(CUmodule module) { return (void)module, CUDA_SUCCESS; }
CUresult cuModuleGetFunction(CUfunction *f, CUmodule module, const char *name) {
  return (void)module, (void)name, *f = (CUfunction)1, CUDA_SUCCESS;
}
CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int v) { return (void)f, (void)a, (void)v, CUDA_SUCCESS; }
CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream stream, void **arguments, void **extra) {
  int n = 0;
  (void)f, (void)gx, (void)gy, (void)gz, (void)bx, (void)by, (void)bz, (void)shared, (void)stream, (void)extra;
  while (arguments[n]) n++;
  printf("launch of %d arguments, %d\n", n, *(int *)arguments[2]);
  return CUDA_SUCCESS;
}
#include "SOURCE"
int main(void) { return (int)NAME(NULL, 4096, 8192, 48); }
"""


def test_maps_that_a_kernel_makes(place):
    """On sm_90 the descriptor's blocks are copied by the copy engine, by a map that the launch makes."""
    compiled(place, "*fp32:16, *fp32:16, i32:16", name="by_descriptor", grid="1, 1, 1")
    source = next(place.glob("by_descriptor.*.c"))
    name = "by_descriptor_" + source.name.split(".")[1]
    (place / "map.c").write_text(MAP_MAIN.replace("SOURCE", source.name).replace("NAME", name))
    out = subprocess.run([built(place, "map.c")], capture_output=True, text=True, check=True).stdout.splitlines()
    assert out == [
        "map type 7 of 4096: 64 x 48, stride 256, box 32 x 16, fill 0",
        "launch of 4 arguments, 48",
    ]


def test_only_its_own_headers_are_linked(place):
    (place / "other.h").write_text("int x;\n")
    assert "other.h is not a header that triton.tools.compile wrote" in tool(
        place, "link.py", "other.h", "-o", "all", fails=True
    )
