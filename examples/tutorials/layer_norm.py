"""Layer normalization, with its gradient.

A layer in both directions: a forward pass of one program per row, and a backward pass whose two kinds of gradient
are summed along different axes. It shows reductions, sums over programs without atomics, and how a kernel becomes a
function that PyTorch differentiates.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"

#: ## Forward
#:
#: Every row is shifted and scaled to mean 0 and variance 1, then scaled by `w` and shifted by `b` per column: `y =
#: (x - mean) * rstd * w + b`, with `rstd = 1 / sqrt(var + eps)`. The two numbers per row are kept for the backward
#: pass. The mean is subtracted before squaring: `E[x²] - mean²` would lose all its digits where the mean is large.


@triton.jit
def forward_kernel(x_ptr, y_ptr, w_ptr, b_ptr, mean_ptr, rstd_ptr, n, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    x = tl.load(x_ptr + row * n + columns, mask=inside, other=0.0).to(tl.float32)
    mean = tl.sum(x, 0) / n
    centred = tl.where(inside, x - mean, 0.0)
    rstd = 1 / tl.sqrt(tl.sum(centred * centred, 0) / n + eps)
    w = tl.load(w_ptr + columns, mask=inside)
    b = tl.load(b_ptr + columns, mask=inside)
    tl.store(y_ptr + row * n + columns, centred * rstd * w + b, mask=inside)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)


#: ## Backward
#:
#: With `h = (x - mean) * rstd` and `g = dy * w`, a row's gradient is `dx = rstd * (g - mean(g) - h * mean(g * h))`:
#: sums along the row again. The gradients of `w` and `b` are sums over *all* rows: `dw = sum(dy * h)`, `db =
#: sum(dy)`.
#:
#: One atomic addition per row and column would make programs wait for each other, in a different order every time.
#: Instead a program takes a share of the rows, one after the other, adds up in registers, and writes one line of
#: partial sums; PyTorch adds the few lines up.


@triton.jit
def backward_kernel(
    x_ptr, dy_ptr, w_ptr, mean_ptr, rstd_ptr, dx_ptr, dw_ptr, db_ptr, rows, n, BLOCK: tl.constexpr
):  # fmt: skip
    share = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    inside = columns < n
    w = tl.load(w_ptr + columns, mask=inside, other=0.0)
    dw = tl.zeros((BLOCK,), tl.float32)
    db = tl.zeros((BLOCK,), tl.float32)
    for row in range(share, rows, tl.num_programs(0)):
        x = tl.load(x_ptr + row * n + columns, mask=inside, other=0.0).to(tl.float32)
        dy = tl.load(dy_ptr + row * n + columns, mask=inside, other=0.0).to(tl.float32)
        rstd = tl.load(rstd_ptr + row)
        h = tl.where(inside, (x - tl.load(mean_ptr + row)) * rstd, 0.0)
        g = dy * w
        dx = rstd * (g - tl.sum(g, 0) / n - h * (tl.sum(g * h, 0) / n))
        tl.store(dx_ptr + row * n + columns, dx, mask=inside)
        dw += dy * h
        db += dy
    tl.store(dw_ptr + share * n + columns, dw, mask=inside)
    tl.store(db_ptr + share * n + columns, db, mask=inside)


SHARES = 128 if DEVICE == "cuda" else 8


class LayerNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, w, b, eps):
        rows, n = x.shape
        y = torch.empty_like(x)
        mean = torch.empty(rows, device=x.device)
        rstd = torch.empty(rows, device=x.device)
        block = triton.next_power_of_2(n)
        forward_kernel[(rows,)](x, y, w, b, mean, rstd, n, eps, BLOCK=block, num_warps=8 if block >= 2048 else 4)
        ctx.save_for_backward(x, w, mean, rstd)
        return y

    @staticmethod
    def backward(ctx, *gradients):
        x, w, mean, rstd = ctx.saved_tensors
        rows, n = x.shape
        shares = min(SHARES, rows)
        dx = torch.empty_like(x)
        dw = torch.empty(shares, n, device=x.device)
        db = torch.empty(shares, n, device=x.device)
        block = triton.next_power_of_2(n)
        dy = gradients[0].contiguous()
        backward_kernel[(shares,)](
            x, dy, w, mean, rstd, dx, dw, db, rows, n, BLOCK=block, num_warps=8 if block >= 2048 else 4
        )
        return dx, dw.sum(0), db.sum(0), None


def layer_norm(x, w, b, eps=1e-5):
    return LayerNorm.apply(x, w, b, eps)


def gradients(function, x, w, b, dy):
    leaves = [t.clone().requires_grad_() for t in (x, w, b)]
    y = function(*leaves)
    y.backward(dy)
    return [y.detach(), *(leaf.grad for leaf in leaves)]


def torch_layer_norm(x, w, b):
    return torch.nn.functional.layer_norm(x, (x.shape[1],), w, b, 1e-5)


def check():
    torch.manual_seed(0)
    for rows, n in ((33, 100), (4, 1000)):
        x = torch.randn(rows, n, device=DEVICE) * 2 + 5
        w, b = torch.randn(n, device=DEVICE), torch.randn(n, device=DEVICE)
        dy = torch.randn(rows, n, device=DEVICE)
        got, expected = gradients(layer_norm, x, w, b, dy), gradients(torch_layer_norm, x, w, b, dy)
        for one, other in zip(got, expected, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


#: ## Measured
#:
#: Forward and backward together. The passes have to move x and y, then x, dy and dx: twenty bytes per element.

SMALL = "TRITONC_TEST_SMALL" in os.environ


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[128, 256] if SMALL else [512 * i for i in (1, 2, 4, 6, 8, 12, 16)],
        line_arg="by",
        line_vals=["tritonc", "torch"],
        line_names=["tritonc", "PyTorch"],
        xlabel="columns",
        ylabel="GB/s",
        plot_name="layer_norm",
        args={"rows": 32 if SMALL else 2048},
    )
)
def benchmark(rows, n, by):
    x = torch.randn(rows, n, device=DEVICE, requires_grad=True)
    w = torch.ones(n, device=DEVICE, requires_grad=True)
    b = torch.zeros(n, device=DEVICE, requires_grad=True)
    dy = torch.randn(rows, n, device=DEVICE)
    function = layer_norm if by == "tritonc" else torch_layer_norm

    def run():
        x.grad = w.grad = b.grad = None
        function(x, w, b).backward(dy)

    return 20 * x.numel() / triton.testing.do_bench(run, return_mode="median") * 1e-6


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
