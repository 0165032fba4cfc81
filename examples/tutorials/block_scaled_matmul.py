"""Block-scaled matrix multiplication.

Numbers of four or eight bits with one scale for every 32 of them: the MX formats of the Open Compute Project.
`tl.dot_scaled` multiplies them as they lie in memory. This tutorial quantizes two matrices, multiplies them, and
looks at what was lost.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SMALL = "TRITONC_TEST_SMALL" in os.environ
GROUP = 32

#: ## The formats
#:
#: | name | an element | values |
#: | --- | --- | --- |
#: | `e4m3` | 8 bits | up to 448, three bits of mantissa |
#: | `e5m2` | 8 bits | up to 57,344, two bits of mantissa |
#: | `e2m1` | 4 bits, two in a byte, the first in the lower half | 0, 0.5, 1, 1.5, 2, 3, 4, 6, and their negatives |
#:
#: A scale is a byte: the power of two `2^(byte - 127)`. It is chosen so that the largest of its 32 numbers just
#: fits.


def scales_of(x, largest):
    """The scale of every 32 numbers along the last axis, as a byte, and the numbers divided by it."""
    groups = x.reshape(x.shape[0], -1, GROUP)
    exponent = torch.ceil(torch.log2(groups.abs().amax(2, keepdim=True) / largest)).clamp(-127, 127)
    return (exponent + 127).to(torch.uint8).squeeze(2), (groups / 2**exponent).reshape(x.shape)


def quantize_e4m3(x):
    scale, scaled = scales_of(x, 448)
    return scaled.to(torch.float8_e4m3fn), scale


FOURS = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6], device=DEVICE)


def quantize_e2m1(x):
    scale, scaled = scales_of(x, 6)
    code = (scaled.abs()[..., None] - FOURS).abs().argmin(-1).to(torch.uint8) | (scaled < 0).to(torch.uint8) << 3
    return code[:, ::2] | code[:, 1::2] << 4, scale


#: ## The kernel
#:
#: It differs from that of a plain matmul in that each operand comes with a tile of scales: for `BM` rows of `BK`
#: elements, `BM` x `BK / 32`. Elements of four bits are packed along K, so a row of `BK` is `BK / 2` bytes. Scales
#: of B have a row per *column* of B. B is given as N x K.


@triton.jit
def scaled_kernel(
    a_ptr, a_scale_ptr, b_ptr, b_scale_ptr, c_ptr, M, N, K,
    FORMAT: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    PACK: tl.constexpr = 2 if FORMAT == "e2m1" else 1
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    k = tl.arange(0, BK // PACK)
    s = tl.arange(0, BK // 32)
    acc = tl.zeros((BM, BN), tl.float32)
    for first in range(0, K, BK):
        a = tl.load(a_ptr + m[:, None] * (K // PACK) + (first // PACK + k)[None, :], mask=m[:, None] < M)
        b = tl.load(b_ptr + n[None, :] * (K // PACK) + (first // PACK + k)[:, None], mask=n[None, :] < N)
        a_scale = tl.load(a_scale_ptr + m[:, None] * (K // 32) + (first // 32 + s)[None, :], mask=m[:, None] < M)
        b_scale = tl.load(b_scale_ptr + n[:, None] * (K // 32) + (first // 32 + s)[None, :], mask=n[:, None] < N)
        acc = tl.dot_scaled(a, a_scale, FORMAT, b, b_scale, FORMAT, acc)
    tl.store(c_ptr + m[:, None] * N + n[None, :], acc, mask=(m[:, None] < M) & (n[None, :] < N))


def scaled_matmul(a, b, form):
    """c = a bᵀ of two quantized matrices, each a pair of elements and scales; K is a multiple of 64."""
    (a, a_scale), (b, b_scale) = a, b
    m, n, k = a.shape[0], b.shape[0], a_scale.shape[1] * GROUP
    c = torch.empty(m, n, device=a.device)
    block = 128 if DEVICE == "cuda" and not SMALL else 64
    scaled_kernel[(triton.cdiv(m, block), triton.cdiv(n, block))](
        a, a_scale, b, b_scale, c, m, n, k, FORMAT=form, BM=block, BN=block, BK=64
    )
    return c


#: ## Is it correct?
#:
#: Two questions. Does the kernel compute the matmul of the numbers that it was given? And how far is that from the
#: matmul of the numbers before they were quantized? The first is answered by unpacking them again: the products of
#: such short numbers are exact in float32, and only sums are rounded.


def unpack(x, scale, form):
    if form == "e2m1":
        code = torch.stack((x & 15, x >> 4), 2).flatten(1).long()
        value = torch.where(code >= 8, -FOURS[code & 7], FOURS[code & 7])
    else:
        value = x.float()
    return value * 2.0 ** (scale.float() - 127).repeat_interleave(GROUP, 1)


def check():
    torch.manual_seed(0)
    for m, n, k in ((64, 64, 64), (50, 70, 128)):
        a, b = torch.randn(m, k, device=DEVICE), torch.randn(n, k, device=DEVICE)
        for form, quantize, loss in (("e4m3", quantize_e4m3, 0.05), ("e2m1", quantize_e2m1, 0.25)):
            qa, qb = quantize(a), quantize(b)
            c = scaled_matmul(qa, qb, form)
            expected = unpack(*qa, form).double() @ unpack(*qb, form).double().T
            torch.testing.assert_close(c.double(), expected, rtol=1e-3, atol=1e-3)
            error = (c - a @ b.T).norm() / (a @ b.T).norm()
            assert error < loss, f"{form}: {error:.3f}"


#: ## Measured
#:
#: Operations per second. GPUs and CPUs without instructions for these formats widen them to bfloat16 first, exactly;
#: the gain is then in the memory: a quarter or an eighth of float32's.


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[64] if SMALL else [256, 512, 768, 1024] + [2048, 4096, 8192] * (DEVICE == "cuda"),
        line_arg="by",
        line_vals=["e4m3", "e2m1", "torch"],
        line_names=["e4m3", "e2m1", "PyTorch, bfloat16"],
        xlabel="size of the square matrices",
        ylabel="TFLOP/s",
        plot_name="block_scaled_matmul",
        args={},
    )
)
def benchmark(n, by):
    a, b = torch.randn(n, n, device=DEVICE), torch.randn(n, n, device=DEVICE)
    if by == "torch":
        a, b = a.bfloat16(), b.bfloat16()
        ms = triton.testing.do_bench(lambda: a @ b.T, return_mode="median")
    else:
        quantize = quantize_e4m3 if by == "e4m3" else quantize_e2m1
        qa, qb = quantize(a), quantize(b)
        ms = triton.testing.do_bench(lambda: scaled_matmul(qa, qb, by), return_mode="median")
    return 2 * n**3 / ms * 1e-9


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
