"""Fused softmax.

Softmax of the rows of a matrix, step by step, reads and writes the matrix several times. One kernel that keeps a
row in registers reads it once and writes it once. This is what fusing is for: the arithmetic was never the problem.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

#: ## What there is to gain
#:
#: In plain PyTorch, softmax of an M x N matrix is a maximum (reads MN elements), a difference (reads and writes
#: MN), an exponential (the same), a sum (reads MN) and a quotient (reads and writes MN): eight times the matrix.
#: Fused, it is two.


def softmax_in_steps(x):
    x = x - x.max(dim=1, keepdim=True).values
    e = torch.exp(x)
    return e / e.sum(dim=1, keepdim=True)


#: ## One row, one program
#:
#: A block has to be a power of two, and rows need not be: the block is the next power of two, and what is beyond
#: the row is minus infinity, which changes neither the maximum nor the sum. Strides are passed, so that the matrix
#: may be a view of a larger one.


@triton.jit
def softmax_kernel(x_ptr, y_ptr, x_stride, y_stride, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * x_stride + columns, mask=columns < n, other=float("-inf"))
    e = tl.exp(x - tl.max(x, 0))
    tl.store(y_ptr + row * y_stride + columns, e / tl.sum(e, 0), mask=columns < n)


#: ## Rows that do not fit
#:
#: A row of a million elements does not fit in the registers. Then the maximum and the sum are taken block by block:
#: when a later block has a larger maximum `new`, the sum so far is too large by the factor `exp(m - new)` and is
#: corrected. A second pass writes the quotients: three times the matrix.


@triton.jit
def long_softmax_kernel(x_ptr, y_ptr, x_stride, y_stride, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    x_ptr += row * x_stride
    y_ptr += row * y_stride
    m = float("-inf")
    total = 0.0
    for start in range(0, n, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + columns, mask=columns < n, other=float("-inf"))
        new = tl.maximum(m, tl.max(x, 0))
        total = total * tl.exp(m - new) + tl.sum(tl.exp(x - new), 0)
        m = new
    for start in range(0, n, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + columns, mask=columns < n, other=float("-inf"))
        tl.store(y_ptr + columns, tl.exp(x - m) / total, mask=columns < n)


#: `num_warps` is how many warps of 32 threads share a row on a GPU: more for longer rows. The CPU ignores it.

LONGEST = 16_384


def softmax(x):
    y = torch.empty_like(x)
    rows, n = x.shape
    block = triton.next_power_of_2(n)
    if block <= LONGEST:
        warps = 4 if block <= 2048 else 8 if block <= 8192 else 16
        softmax_kernel[(rows,)](x, y, x.stride(0), y.stride(0), n, BLOCK=block, num_warps=warps)
    else:
        long_softmax_kernel[(rows,)](x, y, x.stride(0), y.stride(0), n, BLOCK=4096, num_warps=8)
    return y


def check():
    torch.manual_seed(0)
    for rows, n in ((5, 781), (3, 1), (2, 20_000)):
        x = torch.randn(rows, n, device=DEVICE)
        torch.testing.assert_close(softmax(x), torch.softmax(x, 1))
        torch.testing.assert_close(softmax_in_steps(x), torch.softmax(x, 1))


#: ## Measured
#:
#: Bytes that have to move (the matrix in and out) per second, for 4096 rows. The step-by-step version cannot come
#: close; PyTorch's own softmax is fused, too.

SMALL = "TRITONC_TEST_SMALL" in os.environ


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[128, 200] if SMALL else [128 * i for i in (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)],
        line_arg="by",
        line_vals=["tritonc", "torch", "steps"],
        line_names=["tritonc", "PyTorch", "in steps"],
        xlabel="columns",
        ylabel="GB/s",
        plot_name="fused_softmax",
        args={"rows": 32 if SMALL else 4096},
    )
)
def benchmark(rows, n, by):
    x = torch.randn(rows, n, device=DEVICE)
    runs = {"tritonc": softmax, "torch": lambda x: torch.softmax(x, 1), "steps": softmax_in_steps}
    return 8 * x.numel() / triton.testing.do_bench(lambda: runs[by](x), return_mode="median") * 1e-6


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
