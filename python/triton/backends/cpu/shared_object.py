"""Kernels for the CPU as shared objects, for programs that are compiled ahead of time.

PyTorch's AOTInductor takes two of them from a kernel: `asm["so"]`, in which the kernel's name is a symbol, and
`asm["launcher.so"]`, which exports

    void run_from_nativert(uint32_t x, uint32_t y, uint32_t z, int threads, void **args, void *kernel);

`kernel` being the address of that symbol; `args[i]` belongs to the i-th parameter: a pointer is itself there, of a
number its address, and of a constant nothing. PyTorch's programs hold a Python float as a `float`, also where the
kernel takes an fp64. Here the symbol is the kernel as `CompiledKernel.save` has it, behind what a launch has to
know of the parameters, and the launcher restores it once, with this package's C library, where it stays. The
number of threads is the library's to choose (TRITONC_NUM_THREADS). A C compiler is needed, as AOTInductor does.
"""

from __future__ import annotations

import functools
import os
import tempfile

_CONSTANT, _POINTER, _NUMBER, _DOUBLE = range(4)

_KERNEL = """
        .data
        .globl  {name}
        .balign 16
{name}: .quad   0, {length}, {count}
        .byte   {kinds}
        .balign 16
        .incbin "{file}"
        .section .note.GNU-stack, "", %progbits
"""

_LAUNCHER = r"""
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONSTANT, POINTER, NUMBER, DOUBLE };

typedef struct Kernel { /* then the kernel's bytes, at the next multiple of 16 */
  struct ttc_kernel *restored;
  uint64_t length, count;
  uint8_t kinds[];
} Kernel;

int ttc_kernel_restore(void *context, const void *bytes, size_t length, struct ttc_kernel **kernel);
int ttc_launch(void *context, struct ttc_kernel *kernel, const uint32_t grid[3], void *stream, const void *const *args,
               size_t count);
void *ttc_context_new(void);
void ttc_context_free(void *context);
const char *ttc_message(const void *context);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static _Noreturn void fail(void *context, const char *what) {
  fprintf(stderr, "a Triton kernel of this program could not be %s: %s\n", what, context ? ttc_message(context) : "");
  abort();
}

static struct ttc_kernel *restored(Kernel *k) {
  pthread_mutex_lock(&lock);
  if (!k->restored) {
    uintptr_t at = ((uintptr_t)(k->kinds + k->count) + 15) / 16 * 16;
    void *context = ttc_context_new();
    if (!context || ttc_kernel_restore(context, (const void *)at, k->length, &k->restored)) fail(context, "restored");
    ttc_context_free(context);
  }
  pthread_mutex_unlock(&lock);
  return k->restored;
}

void run_from_nativert(uint32_t x, uint32_t y, uint32_t z, int threads, void **args, void *kernel) {
  Kernel *k = kernel;
  const uint32_t grid[3] = {x, y, z};
  const void **values = malloc((k->count + 1) * sizeof *values);
  double *doubles = malloc((k->count + 1) * sizeof *doubles);
  void *context = ttc_context_new();
  size_t n = 0;
  (void)threads;
  if (!values || !doubles || !context) fail(NULL, "launched");
  for (uint64_t i = 0; i < k->count; i++) {
    if (k->kinds[i] == CONSTANT) continue;
    if (k->kinds[i] == DOUBLE) doubles[i] = *(const float *)args[i];
    values[n++] = k->kinds[i] == POINTER ? (const void *)&args[i] : k->kinds[i] == DOUBLE ? &doubles[i] : args[i];
  }
  if (ttc_launch(context, restored(k), grid, NULL, values, n)) fail(context, "launched");
  ttc_context_free(context);
  free(doubles);
  free(values);
}
"""


def _library() -> str:
    """The folder of the C library."""
    from ..._C import libtriton

    return os.path.dirname(os.path.abspath(libtriton.__file__))


def _link(source: str, suffix: str, flags: list[str]) -> bytes:
    from ...runtime.build import run_compiler

    with tempfile.TemporaryDirectory() as folder:
        path, out = os.path.join(folder, "source" + suffix), os.path.join(folder, "out.so")
        with open(path, "w") as file:
            file.write(source)
        run_compiler([path, "-O2", "-shared", "-fPIC", "-o", out, *flags])
        with open(out, "rb") as file:
            return file.read()


@functools.cache
def launcher() -> bytes:
    """The launcher, which is the same for all kernels."""
    folder = _library()
    return _link(_LAUNCHER, ".c", [f"-L{folder}", "-l:libtritonc.so", f"-Wl,-rpath,{folder}", "-pthread"])


def kernel(name: str, signature: dict, saved: bytes) -> bytes:
    """A saved kernel as a shared object with the symbol `name`; `signature`: the type of each parameter."""
    kinds = []
    for parameter, kind in signature.items():
        if not isinstance(kind, str) or kind.startswith("tensordesc"):
            raise TypeError(
                f"`{parameter}` of kernel `{name}` is a {kind}: shared objects take pointers, numbers and constants"
            )
        special = {"constexpr": _CONSTANT, "fp64": _DOUBLE}
        kinds.append(special.get(kind, _POINTER if kind.startswith("*") else _NUMBER))
    with tempfile.NamedTemporaryFile() as file:
        file.write(saved)
        file.flush()
        facts = {"name": name, "length": len(saved), "count": len(kinds), "file": file.name}
        return _link(_KERNEL.format(kinds=", ".join(map(str, kinds)) or "0", **facts), ".s", [])
