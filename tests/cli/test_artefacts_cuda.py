"""Kernels for GPUs as C: which image a GPU takes, the memory of programs, errors.

The programs are built with a driver of this file's, which says what it is asked for. $GPU is its compute capability.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TRITONC = Path(shutil.which("tritonc"))
STRICT = ["-std=c11", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]

KERNELS = """
import triton
import triton.language as tl


@triton.jit
def twice(Out, In, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(Out + i, tl.load(In + i, i < n) * 2, i < n)


@triton.jit
def shifted(Out, pair, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(Out + i, tl.load(pair[0] + i) + pair[1])


@triton.jit
def product(Out, A, B, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    at = i[:, None] * BLOCK + i[None, :]
    tl.store(Out + at, tl.dot(tl.load(A + at), tl.load(B + at)))


@triton.jit
def blocks(Out, In, At, n):
    d = tl.make_tensor_descriptor(In + tl.load(At + tl.program_id(0)) * 64, [n, 64], [64, 1], [16, 64])
    tl.store(Out + tl.program_id(0) * 64 + tl.arange(0, 64), tl.sum(d.load([0, 0]), 0))
"""

CUDA_H = """
#ifndef CUDA_H
#define CUDA_H
#include <stddef.h>
typedef unsigned long long CUdeviceptr;
typedef struct Stream *CUstream;
typedef struct Module *CUmodule;
typedef struct Function *CUfunction;
typedef enum { CUDA_SUCCESS = 0, CUDA_ERROR_INVALID_VALUE = 1, CUDA_ERROR_OUT_OF_MEMORY = 2,
               CUDA_ERROR_INVALID_IMAGE = 200, CUDA_ERROR_NO_BINARY_FOR_GPU = 209, CUDA_ERROR_INVALID_PTX = 218,
               CUDA_ERROR_UNSUPPORTED_PTX_VERSION = 222, CUDA_ERROR_LAUNCH_FAILED = 719 } CUresult;
typedef enum { CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES = 8 } CUfunction_attribute;
CUresult cuModuleLoadData(CUmodule *module, const void *image);
CUresult cuModuleUnload(CUmodule module);
CUresult cuModuleGetFunction(CUfunction *f, CUmodule module, const char *name);
CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int value);
CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream);
CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream);
CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream stream, void **arguments, void **extra);
#endif
"""

# A cubin is for the compute capability in its header, and later ones of the same generation; PTX is for its target and
# all later ones, but ".target sm_90a" for that one alone.
DRIVER = r"""
#include <cuda.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int number(const char *name) { return getenv(name) ? atoi(getenv(name)) : 0; }
CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  const unsigned char *b = image;
  int gpu = number("GPU"), is_cubin = !memcmp(image, "\177ELF", 4), arch = is_cubin ? b[b[8] >= 8 ? 49 : 48] : 0, fits;
  const char *target = is_cubin ? NULL : strstr(image, ".target sm_");
  if (target) arch = atoi(target + 11);
  fits = is_cubin ? arch / 10 == gpu / 10 && arch <= gpu : arch <= gpu;
  if (target && target[11 + (arch > 99 ? 3 : 2)] == 'a') fits = arch == gpu;
  printf("%s %d %s\n", is_cubin ? "cubin" : "ptx", arch, fits ? "taken" : "refused");
  *module = (CUmodule)1;
  if (fits) return number("LOADING") ? (CUresult)number("LOADING") : CUDA_SUCCESS;
  return !is_cubin ? CUDA_ERROR_INVALID_PTX : arch > gpu ? CUDA_ERROR_INVALID_IMAGE : CUDA_ERROR_NO_BINARY_FOR_GPU;
}
CUresult cuModuleUnload(CUmodule module) { return (void)module, puts("unload"), CUDA_SUCCESS; }
CUresult cuModuleGetFunction(CUfunction *f, CUmodule module, const char *name) {
  return (void)module, (void)name, *f = (CUfunction)1, CUDA_SUCCESS;
}
CUresult cuFuncSetAttribute(CUfunction f, CUfunction_attribute a, int v) {
  return (void)f, (void)a, (void)v, CUDA_SUCCESS;
}
CUresult cuMemAllocAsync(CUdeviceptr *at, size_t bytes, CUstream stream) {
  printf("reserve %zu on %llu\n", bytes, (unsigned long long)(size_t)stream);
  return *at = 0x7000, (CUresult)number("RESERVING");
}
CUresult cuMemFreeAsync(CUdeviceptr at, CUstream stream) {
  return (void)stream, printf("release %llx\n", at), CUDA_SUCCESS;
}
CUresult cuLaunchKernel(CUfunction f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                        unsigned shared, CUstream stream, void **arguments, void **extra) {
  int n = 0;
  (void)f, (void)bx, (void)by, (void)bz, (void)shared, (void)stream, (void)extra;
  while (arguments[n]) n++;
  printf("launch %u %u %u of %d arguments, the last %x\n", gx, gy, gz, n, *(unsigned *)arguments[n - 1]);
  return (CUresult)number("LAUNCHING");
}
"""


@pytest.fixture
def place(tmp_path):
    (tmp_path / "kernels.py").write_text(KERNELS)
    (tmp_path / "driver.c").write_text(DRIVER)
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "cuda.h").write_text(CUDA_H)
    return tmp_path


def program(place, call, *arguments):
    """A program that prints what the call of a kernel results in."""
    subprocess.run([TRITONC, "kernels.py", *arguments, "--emit", "c", "-o", "out"], cwd=place, check=True)
    main = (
        f'#include "out.h"\n#include <stdio.h>\nint main(void) {{ printf("result %d\\n", (int){call}); return 0; }}\n'
    )
    (place / "main.c").write_text(main)
    subprocess.run(["cc", *STRICT, "-Iinclude", "main.c", "out.c", "driver.c", "-o", "program"], cwd=place, check=True)

    def run(**env):
        texts = {name: str(value) for name, value in env.items()}
        done = subprocess.run([place / "program"], capture_output=True, text=True, check=True, env=os.environ | texts)
        return done.stdout.splitlines()

    return run


LAUNCHED = ["launch 1 1 1 of 3 arguments, the last 30", "result 0"]


def ended(lines, launched=LAUNCHED):
    """What the driver said of the images."""
    assert lines[-len(launched) :] == launched, lines
    return lines[: -len(launched)]


def test_the_image_is_chosen_at_load(place):
    run = program(
        place, "twice(NULL, 4096, 8192, 48)", "-k", "twice", "-s", "*fp32:16, *fp32:16, i32, 64", "--grid",
        "(n + 63) / 64", "-t", "cuda:75,cuda:90,cuda:80,cuda:100",
    )  # fmt: skip
    assert ended(run(GPU=100)) == ["cubin 100 taken"]
    assert ended(run(GPU=90)) == ["cubin 100 refused", "cubin 90 taken"]
    assert ended(run(GPU=86))[-1] == "cubin 80 taken"
    assert ended(run(GPU=75))[-1] == "cubin 75 taken"
    cubins = [f"cubin {n} refused" for n in (100, 90, 80, 75)]
    assert ended(run(GPU=120)) == [*cubins, "ptx 100 taken"]  # later than all cubins: the newest PTX
    assert run(GPU=70) == [*cubins, *(f"ptx {n} refused" for n in (100, 90, 80, 75)), "result 218"]
    # what does not mean that another image might do ends loading
    assert run(GPU=90, LOADING=2) == ["cubin 100 refused", "cubin 90 taken", "result 2"]


def test_ptx_for_later_gpus(place):
    """What uses an instruction of sm_90 alone has PTX of an older generation beside it."""
    run = program(
        place, "product(NULL, 4096, 8192, 12288)", "-k", "product", "-s", "*fp32:16, *fp16:16, *fp16:16, 64",
        "--grid", "1", "-t", "cuda:90",
    )  # fmt: skip
    launched = ["launch 1 1 1 of 3 arguments, the last 3000", "result 0"]
    assert ended(run(GPU=90), launched) == ["cubin 90 taken"]
    assert ended(run(GPU=100), launched) == ["cubin 90 refused", "ptx 90 refused", "ptx 80 taken"]


def test_items_of_a_tuple_are_arguments(place):
    signature = "*fp32:16, (*fp32:16, fp32), 64"
    run = program(
        place, "shifted(NULL, 4096, 8192, 1.0f)", "-k", "shifted", "-s", signature, "--grid", "1", "-t", "cuda:90"
    )
    assert ended(run(GPU=90), ["launch 1 1 1 of 3 arguments, the last 3f800000", "result 0"]) == ["cubin 90 taken"]


def test_memory_of_programs(place):
    """A tensor map of what only a program knows is made in memory that the launch takes from the stream's pool."""
    kernel = ["-k", "blocks", "-s", "*fp32:16, *fp32:16, *i32, i32:16", "-t", "cuda:80,cuda:90"]
    run = program(place, "blocks((CUstream)7, 5, 2, 3, 4096, 8192, 12288, 48)", *kernel)
    reserved = ["cubin 90 taken", f"reserve {30 * 128} on 7"]
    launched = "launch 5 2 3 of 5 arguments, the last 7000"
    assert run(GPU=90) == [*reserved, launched, "release 7000", "result 0"]
    assert run(GPU=90, LAUNCHING=719) == [*reserved, launched, "release 7000", "result 719"]
    assert run(GPU=90, RESERVING=2) == [*reserved, "result 2"]
    assert run(GPU=80) == ["cubin 90 refused", "cubin 80 taken", "launch 5 2 3 of 4 arguments, the last 30", "result 0"]
    run = program(place, "blocks(NULL, 0x7fffffff, 65535, 65535, 4096, 8192, 12288, 48)", *kernel)
    assert run(GPU=90) == ["cubin 90 taken", "result 2"]  # more than a pointer counts
    run = program(place, "blocks(NULL, 4, 0, 1, 4096, 8192, 12288, 48)", *kernel)
    assert run(GPU=90) == ["cubin 90 taken", "result 0"]


def test_a_shared_object(place):
    """The driver's library is linked by name."""
    (place / "lib").mkdir()
    build = ["cc", "-shared", "-fPIC", "-Iinclude", "driver.c", "-o", "lib/libcuda.so"]
    subprocess.run(build, cwd=place, check=True)
    env = {**os.environ, "CPATH": str(place / "include"), "LIBRARY_PATH": str(place / "lib")}
    command = [TRITONC, "kernels.py", "-k", "twice", "-s", "*fp32, *fp32, i32, 64", "-t", "cuda:80", "--emit", "so"]
    subprocess.run([*command, "-o", "twice"], cwd=place, check=True, env=env)
    code = (
        "import ctypes; x = ctypes.c_uint64; f = ctypes.CDLL('./twice.so').twice; "
        "print(f(None, *(ctypes.c_int64(n) for n in (4, 1, 1)), x(4096), x(8192), 100))"
    )
    env["LD_LIBRARY_PATH"], env["GPU"] = str(place / "lib"), "86"
    out = subprocess.run([sys.executable, "-c", code], cwd=place, env=env, capture_output=True, text=True, check=True)
    assert sorted(out.stdout.splitlines()) == ["0", "cubin 80 taken", "launch 4 1 1 of 3 arguments, the last 64"]


def test_the_same_bytes_again(place):
    command = [TRITONC, "kernels.py", "-k", "blocks", "-s", "*fp32:16, *fp32:16, *i32, i32:16", "-t", "cuda:80,cuda:90"]
    texts = []
    for folder in ("a", "b"):
        (place / folder).mkdir()
        subprocess.run([*command, "--emit", "c", "-o", f"{folder}/out"], cwd=place, check=True)
        texts.append((place / folder / "out.c").read_bytes() + (place / folder / "out.h").read_bytes())
    assert texts[0] == texts[1]
