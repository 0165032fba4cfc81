"""Functions from libdevice.

Mathematical functions beyond those of `tl`: CUDA's libdevice by its names. Here they are written in Triton itself,
so they work, with the same results, on every target. And what to do when the function that you need is in no
library.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing
from triton.language.extra import libdevice

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

#: ## Calling one
#:
#: A function of libdevice takes tensors and works on each element. The type chooses the version: of float32 it is
#: CUDA's `__nv_asinf`, of float64 `__nv_asin`. `tritonc --explain libdevice.asin` says what a function does; [the
#: page of errors](/math.md) how accurate it is.


@triton.jit
def asin_kernel(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    x = tl.load(x_ptr + offsets, mask=inside)
    tl.store(y_ptr + offsets, libdevice.asin(x), mask=inside)


def asin(x):
    y = torch.empty_like(x)
    asin_kernel[(triton.cdiv(x.numel(), 1024),)](x, y, x.numel(), BLOCK=1024)
    return y


#: ## Functions as parameters
#:
#: A kernel can take the function as a constant, and be compiled once for each that it is launched with.


@triton.jit
def map_kernel(x_ptr, y_ptr, n, FUNCTION: tl.constexpr, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    x = tl.load(x_ptr + offsets, mask=inside)
    tl.store(y_ptr + offsets, FUNCTION(x), mask=inside)


#: ## Your own
#:
#: Write a function that no library has as a `@triton.jit` function: it is compiled into the kernels that call it.
#: Lambert's W function solves `w * exp(w) = x`; from a good start, a few of Halley's steps find it to full
#: precision. `tl.static_range` unrolls them.


@triton.jit
def lambert_w(x):
    w = libdevice.log1p(x)
    w = w * (1 - libdevice.log1p(w) / (2 + w))
    for _ in tl.static_range(3):
        e = tl.exp(w)
        f = w * e - x
        w -= f / (e * (w + 1) - (w + 2) * f / (2 * w + 2))
    return w


def apply(function, x):
    y = torch.empty_like(x)
    map_kernel[(triton.cdiv(x.numel(), 1024),)](x, y, x.numel(), FUNCTION=function, BLOCK=1024)
    return y


def check():
    torch.manual_seed(0)
    for dtype, rtol in ((torch.float32, 1e-6), (torch.float64, 1e-14)):
        x = torch.rand(10_000, device=DEVICE, dtype=dtype) * 2 - 1
        torch.testing.assert_close(asin(x), torch.asin(x), rtol=rtol, atol=0)
        torch.testing.assert_close(apply(libdevice.expm1, x), torch.expm1(x), rtol=rtol, atol=0)
        w = apply(lambert_w, x.abs() * 100)
        torch.testing.assert_close(w * torch.exp(w), x.abs() * 100, rtol=100 * rtol, atol=0)


#: ## Measured
#:
#: Billions of arcsines per second.

SMALL = "TRITONC_TEST_SMALL" in os.environ


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[2**i for i in range(12, 14 if SMALL else 24, 2 - SMALL)],
        x_log=True,
        line_arg="by",
        line_vals=["tritonc", "torch"],
        line_names=["tritonc", "PyTorch"],
        xlabel="elements",
        ylabel="10⁹ values per second",
        plot_name="extern_functions",
        args={},
    )
)
def benchmark(n, by):
    x = torch.rand(n, device=DEVICE)
    run = (lambda: asin(x)) if by == "tritonc" else (lambda: torch.asin(x))
    return n / triton.testing.do_bench(run, return_mode="median") * 1e-6


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
