"""Matrix multiplication.

A matmul in tiles: tensor cores (or the CPU's vector units) through `tl.dot`, an order of tiles that
the cache likes, parameters found by measuring, and an activation function fused after the matmul.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPE = torch.float16 if DEVICE == "cuda" else torch.float32
SMALL = "TRITONC_TEST_SMALL" in os.environ

#: ## Tiles
#:
#: Each program computes one tile of C, `BM` x `BN`. It walks along K: a tile of A (`BM` x `BK`) times a tile of B
#: (`BK` x `BN`), added to an accumulator in float32. Every element that is loaded is used `BN` or `BM` times, so
#: that arithmetic, not memory, is the limit.
#:
#: ## The order of tiles
#:
#: Programs that run at the same time should share rows of A and columns of B, which then come from the cache. Row by
#: row, a wave of programs needs a few rows of A and all of B. `tl.swizzle2d` renumbers the tiles so that `GROUP`
#: rows of them are visited together, column by column: a wave then covers a roughly square patch of C, and needs
#: fewer distinct tiles.
#:
#: ## Which tile sizes?
#:
#: That depends on the machine and the matrices. `@triton.autotune` compiles every configuration, measures each with
#: the actual arguments, and remembers the fastest for every value of the `key`.

CONFIGS = [
    triton.Config({"BM": bm, "BN": bn, "BK": bk, "GROUP": 8}, num_warps=warps, num_stages=stages)
    for bm, bn, bk, warps, stages in (
        [(128, 256, 64, 8, 3), (128, 128, 64, 8, 3), (128, 128, 32, 4, 4), (64, 64, 32, 4, 4)]
        if DEVICE == "cuda"
        else [(64, 64, 64, 4, 1), (128, 128, 64, 4, 1), (128, 128, 256, 4, 1)]
    )
]


@triton.autotune(configs=CONFIGS[-1:] if SMALL else CONFIGS, key=["M", "N", "K"])
@triton.jit
def matmul_kernel(
    a_ptr, b_ptr, c_ptr, M, N, K,
    stride_am, stride_ak, stride_bk, stride_bn, stride_cm, stride_cn,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr, ACTIVATION: tl.constexpr,
):  # fmt: skip
    tiles_m, tiles_n = tl.cdiv(M, BM), tl.cdiv(N, BN)
    tile = tl.program_id(0)
    tile_m, tile_n = tl.swizzle2d(tile // tiles_n, tile % tiles_n, tiles_m, tiles_n, GROUP)
    m = tile_m * BM + tl.arange(0, BM)
    n = tile_n * BN + tl.arange(0, BN)
    k = tl.arange(0, BK)
    a_ptrs = a_ptr + m[:, None] * stride_am + k[None, :] * stride_ak
    b_ptrs = b_ptr + k[:, None] * stride_bk + n[None, :] * stride_bn
    acc = tl.zeros((BM, BN), tl.float32)
    for start in range(0, K, BK):
        a = tl.load(a_ptrs, mask=(m[:, None] < M) & (k[None, :] < K - start), other=0.0)
        b = tl.load(b_ptrs, mask=(k[:, None] < K - start) & (n[None, :] < N), other=0.0)
        acc = tl.dot(a, b, acc)
        a_ptrs += BK * stride_ak
        b_ptrs += BK * stride_bk
    if ACTIVATION is not None:
        acc = ACTIVATION(acc)
    c_ptrs = c_ptr + m[:, None] * stride_cm + n[None, :] * stride_cn
    tl.store(c_ptrs, acc.to(c_ptr.dtype.element_ty), mask=(m[:, None] < M) & (n[None, :] < N))


#: ## Fusing what comes after
#:
#: Functions are compile-time values: the activation is a parameter, and the kernel is compiled once for each. It
#: works on the accumulator, in float32 and before anything has gone to memory, so it costs next to nothing.


@triton.jit
def leaky_relu(x):
    return tl.where(x >= 0, x, 0.01 * x)


def matmul(a, b, activation=None):
    (m, k), n = a.shape, b.shape[1]
    c = torch.empty(m, n, dtype=a.dtype, device=a.device)

    def grid(meta):
        return (triton.cdiv(m, meta["BM"]) * triton.cdiv(n, meta["BN"]),)

    strides = (*a.stride(), *b.stride(), *c.stride())
    matmul_kernel[grid](a, b, c, m, n, k, *strides, ACTIVATION=activation)
    return c


#: The grid is a function here: how many tiles there are depends on the configuration.


def check():
    torch.manual_seed(0)
    rtol = atol = 1e-2  # float32 matmuls go through tf32 on a GPU
    for m, n, k in ((64, 64, 64), (100, 130, 70)):
        a = torch.randn(m, k, device=DEVICE, dtype=DTYPE) * k**-0.5
        b = torch.randn(k, n, device=DEVICE, dtype=DTYPE)
        torch.testing.assert_close(matmul(a, b), a @ b, rtol=rtol, atol=atol)
        expected = torch.nn.functional.leaky_relu(a @ b, 0.01)
        torch.testing.assert_close(matmul(a, b, leaky_relu), expected, rtol=rtol, atol=atol)
        torch.testing.assert_close(matmul(b.T, a.T), b.T @ a.T, rtol=rtol, atol=atol)  # strides the other way


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[64, 128] if SMALL else [256, 512, 768, 1024, 1536, 2048] + [3072, 4096, 8192] * (DEVICE == "cuda"),
        line_arg="by",
        line_vals=["tritonc", "torch"],
        line_names=["tritonc", "PyTorch"],
        xlabel="size of the square matrices",
        ylabel="TFLOP/s",
        plot_name="matmul",
        args={},
    )
)
def benchmark(n, by):
    a = torch.randn(n, n, device=DEVICE, dtype=DTYPE)
    b = torch.randn(n, n, device=DEVICE, dtype=DTYPE)
    run = (lambda: matmul(a, b)) if by == "tritonc" else (lambda: a @ b)
    return 2 * n**3 / triton.testing.do_bench(run, return_mode="median") * 1e-9


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
