"""Programmatic dependent launch.

Two kernels in a row: the second needs what the first computes, but not from its first instruction on. On GPUs from
Hopper on it may start while the first still runs, and wait only where it needs the results.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing
from triton.language.extra.cuda import gdc_launch_dependents, gdc_wait

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

#: ## What is lost between two kernels
#:
#: A kernel starts when the one before it has ended: its last program is done, its writes are visible. Then the next
#: one's blocks are set up, its first instructions load what has nothing to do with the first kernel (weights,
#: tables), and all this time the memory is idle. For small kernels in long chains, as in the decoding of a language
#: model, that is a good part of the time.
#:
#: ## Two instructions
#:
#: `gdc_launch_dependents()` in the first kernel says: from here on the next kernel may start, as soon as there is
#: room. `gdc_wait()` in the second says: wait here until the preceding kernels are complete and what they wrote can
#: be read. Both are hints of order only, and do nothing where no launch depends on another: on the CPU, on older
#: GPUs, or without `launch_pdl=True`.
#:
#: Here the second kernel loads its own weights before it waits. What the first one writes may be read only after
#: `gdc_wait`; where a kernel forgets it, the result is a race. It also has to wait before it *writes* to what the
#: first one reads.


@triton.jit
def scale_kernel(x_ptr, y_ptr, n, factor, BLOCK: tl.constexpr):
    gdc_wait()  # x may come from a kernel before this one
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    x = tl.load(x_ptr + offsets, mask=inside)
    gdc_launch_dependents()
    tl.store(y_ptr + offsets, x * factor, mask=inside)


@triton.jit
def weigh_kernel(y_ptr, w_ptr, z_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    w = tl.load(w_ptr + offsets, mask=inside)  # nobody before us writes this
    gdc_wait()
    y = tl.load(y_ptr + offsets, mask=inside)
    gdc_launch_dependents()
    tl.store(z_ptr + offsets, y * w, mask=inside)


#: ## The launch
#:
#: `launch_pdl=True` is an option of the launch like `num_warps`. It concerns the kernel that may start early, and
#: the one before it in the same stream.


def chain(x, w, steps, pdl):
    n = x.numel()
    y, z = torch.empty_like(x), x
    grid = (triton.cdiv(n, 1024),)
    for _ in range(steps):
        out = torch.empty_like(x)
        scale_kernel[grid](z, y, n, 0.5, BLOCK=1024, launch_pdl=pdl)
        weigh_kernel[grid](y, w, out, n, BLOCK=1024, launch_pdl=pdl)
        z = out
    return z


def check():
    torch.manual_seed(0)
    x, w = torch.randn(5000, device=DEVICE), torch.rand(5000, device=DEVICE) + 1
    for pdl in (False, True):
        torch.testing.assert_close(chain(x, w, 3, pdl), x * (0.5 * w) ** 3)


#: ## Measured
#:
#: Microseconds per kernel of a chain of twenty. Only a GPU from Hopper on shows a difference between the lines: on
#: the CPU a launch is over when the call returns.

SMALL = "TRITONC_TEST_SMALL" in os.environ


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[2**i for i in range(12, 14 if SMALL else 22, 2 - SMALL)],
        x_log=True,
        line_arg="pdl",
        line_vals=[True, False],
        line_names=["dependent launches", "plain launches"],
        xlabel="elements",
        ylabel="µs per kernel",
        plot_name="dependent_launch",
        args={},
    )
)
def benchmark(n, pdl):
    x, w = torch.randn(n, device=DEVICE), torch.rand(n, device=DEVICE)
    return triton.testing.do_bench(lambda: chain(x, w, 10, pdl), return_mode="median") / 20 * 1e3


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
