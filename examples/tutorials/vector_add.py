"""Vector addition.

The smallest useful kernel: read two vectors, write their sum. It shows what every kernel has: programs that each
take a block of the data, offsets, masks, and a launch over a grid. It also measures how close to the memory's
bandwidth this gets.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing

#: Kernels run where their tensors are, so the same program runs on a GPU and on the CPU.

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

#: ## The kernel
#:
#: A kernel is a function marked `@triton.jit`. It is not run by Python: its source is compiled when it is first
#: launched. Many *programs* of it run at once, each with its own `tl.program_id`. Program 0 takes elements 0 to
#: `BLOCK - 1`, program 1 the next `BLOCK`, and so on.
#:
#: `offsets` is a tensor of `BLOCK` integers; `x_ptr + offsets` is a tensor of pointers, and `tl.load` reads what
#: they point at. The last block may reach past the end, so the load and the store have a mask: where it is false,
#: memory is not touched. `BLOCK` is a `tl.constexpr`, known while compiling, since it is the shape of tensors.
#: `tl.arange` requires a power of two.


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    x = tl.load(x_ptr + offsets, mask=inside)
    y = tl.load(y_ptr + offsets, mask=inside)
    tl.store(out_ptr + offsets, x + y, mask=inside)


#: ## The launch
#:
#: `kernel[grid](arguments)` launches it. The grid says how many programs there are: here as many as it takes blocks
#: to cover `n` elements, `n / BLOCK` rounded up. A tensor as an argument becomes a pointer to its first element.


def add(x, y):
    out = torch.empty_like(x)
    n = out.numel()
    add_kernel[(triton.cdiv(n, 1024),)](x, y, out, n, BLOCK=1024)
    return out


#: ## Is it correct?
#:
#: A length that is not a multiple of the block exercises the mask. An addition is rounded in the same way
#: everywhere, so the results must be equal.


def check():
    torch.manual_seed(0)
    for n in (1, 1000, 98_432):
        x, y = torch.randn(n, device=DEVICE), torch.randn(n, device=DEVICE)
        assert torch.equal(add(x, y), x + y)


#: ## Is it fast?
#:
#: An addition moves twelve bytes per element and does next to nothing with them, so what counts is bytes per
#: second. `triton.testing.do_bench` gives the median time of a call in milliseconds; `perf_report` calls the
#: function for every size and every line of the plot. A large vector comes from memory, a small one from a cache,
#: and for a very small one the launch is all there is to measure.

SMALL = "TRITONC_TEST_SMALL" in os.environ


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[2**i for i in range(12, 15 if SMALL else 25)],
        x_log=True,
        line_arg="by",
        line_vals=["tritonc", "torch"],
        line_names=["tritonc", "PyTorch"],
        xlabel="elements",
        ylabel="GB/s",
        plot_name="vector_add",
        args={},
    )
)
def benchmark(n, by):
    x, y = torch.randn(n, device=DEVICE), torch.randn(n, device=DEVICE)
    run = (lambda: add(x, y)) if by == "tritonc" else (lambda: x + y)
    return 12 * n / triton.testing.do_bench(run, return_mode="median") * 1e-6


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
