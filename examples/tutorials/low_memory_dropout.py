"""Low-memory dropout.

Dropout zeroes each element with probability p and scales the rest. The backward pass needs the same pattern again,
and a framework usually stores it. Random numbers that are a function of a seed and a position make that
unnecessary: the pattern is computed again, from four bytes of state.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

#: ## Counter-based random numbers
#:
#: `tl.rand(seed, offsets)` is a tensor of numbers in [0, 1). It is no generator with a state: it is a function
#: (Philox) of the seed and of each element's offset, so it does not matter which program asks, in which order, or
#: how often. Whoever has the seed has the numbers.


@triton.jit
def dropout_kernel(x_ptr, y_ptr, n, p, seed, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = offsets < n
    x = tl.load(x_ptr + offsets, mask=inside)
    keep = tl.rand(seed, offsets) >= p
    tl.store(y_ptr + offsets, tl.where(keep, x / (1 - p), 0.0), mask=inside)


def apply(x, p, seed):
    y = torch.empty_like(x)
    n = x.numel()
    dropout_kernel[(triton.cdiv(n, 1024),)](x, y, n, p, seed, BLOCK=1024)
    return y


#: ## A layer with a gradient
#:
#: Dropout is linear in `x`: its gradient keeps and scales the same elements. So the backward pass is the same
#: kernel, on the gradient, with the same seed, and what is saved between the passes is the seed.


class Dropout(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, p, seed):
        ctx.p, ctx.seed = p, seed
        return apply(x, p, seed)

    @staticmethod
    def backward(ctx, *gradients):
        return apply(gradients[0].contiguous(), ctx.p, ctx.seed), None, None


def check():
    torch.manual_seed(0)
    p, n = 0.25, 10_000
    x = torch.randn(n, device=DEVICE, requires_grad=True)
    y = Dropout.apply(x, p, 7)
    kept = y != 0
    torch.testing.assert_close(y, torch.where(kept, x / (1 - p), 0.0))
    assert abs(kept.float().mean().item() - (1 - p)) < 0.02
    assert torch.equal(y, Dropout.apply(x, p, 7)) and not torch.equal(y, Dropout.apply(x, p, 8))
    y.sum().backward()
    torch.testing.assert_close(x.grad, torch.where(kept, 1 / (1 - p), 0.0))


#: ## Measured
#:
#: Gigabytes per second of what must move. PyTorch's dropout also writes the mask, a byte per element, and draws
#: from a generator that runs in order.

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
        ylabel="GB/s",
        plot_name="low_memory_dropout",
        args={},
    )
)
def benchmark(n, by):
    x = torch.randn(n, device=DEVICE)
    run = (lambda: apply(x, 0.5, 3)) if by == "tritonc" else (lambda: torch.dropout(x, 0.5, True))
    return 8 * n / triton.testing.do_bench(run, return_mode="median") * 1e-6


#: ## To try
#:
#: Give every row of a matrix its own seed, from a vector of seeds. Then drop whole rows with `tl.rand(seed, row)`:
#: all elements of a row ask for the same number, and nothing else changes.

if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
