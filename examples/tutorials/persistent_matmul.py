"""Persistent matrix multiplication.

As many programs as the machine can run at once, each of which computes one tile after the other, with its operands
moved by tensor descriptors. On GPUs from Hopper on the tensor memory accelerator moves these blocks.
"""

import os
import sys

import torch
import triton
import triton.language as tl
import triton.testing
from triton.tools.tensor_descriptor import TensorDescriptor

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
DTYPE = torch.float16 if DEVICE == "cuda" else torch.float32
SMALL = "TRITONC_TEST_SMALL" in os.environ

#: ## Tensor descriptors
#:
#: A descriptor says where a tensor lies, how large it is, and in which blocks it will be read and written.
#: `desc.load([row, column])` is a block; its elements outside the tensor are zero, and a store drops them. So there
#: are no pointers and no masks in the kernel, and where the hardware has an engine for such copies, one thread
#: starts a whole block. In return the last stride is 1, and the others and the address are multiples of 16 bytes.
#:
#: ## Persistent programs
#:
#: One program per tile means that a multiprocessor starts each tile from scratch: the first loads of a tile wait
#: while nothing is computed. A program that goes on with its next tile pays that once. And the number of programs
#: does not grow with the problem: the last, half-empty wave costs each program a fraction of a tile's time.


@triton.jit
def persistent_kernel(
    a_desc, b_desc, c_desc, M, N, K,
    BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, GROUP: tl.constexpr,
):  # fmt: skip
    tiles_m, tiles_n = tl.cdiv(M, BM), tl.cdiv(N, BN)
    for tile in tl.range(tl.program_id(0), tiles_m * tiles_n, tl.num_programs(0), flatten=True):
        tile_m, tile_n = tl.swizzle2d(tile // tiles_n, tile % tiles_n, tiles_m, tiles_n, GROUP)
        row, column = tile_m * BM, tile_n * BN
        acc = tl.zeros((BM, BN), tl.float32)
        for k in range(0, K, BK):
            a = a_desc.load([row, k])
            b = b_desc.load([column, k])
            acc = tl.dot(a, b.T, acc)
        c_desc.store([row, column], acc.to(c_desc.dtype))


#: B is given transposed, N x K, so that both operands are read along K: the layout that a linear layer's weights
#: have anyway.


def matmul(a, b_t):
    (m, k), n = a.shape, b_t.shape[0]
    c = torch.empty(m, n, dtype=a.dtype, device=a.device)
    bm, bn, bk = (128, 128, 64) if DEVICE == "cuda" and not SMALL else (64, 64, 32)
    if DEVICE == "cuda":
        most = torch.cuda.get_device_properties(DEVICE).multi_processor_count
    else:
        most = torch.get_num_threads()
    programs = min(most, triton.cdiv(m, bm) * triton.cdiv(n, bn))
    descriptors = [
        TensorDescriptor.from_tensor(a, [bm, bk]),
        TensorDescriptor.from_tensor(b_t, [bn, bk]),
        TensorDescriptor.from_tensor(c, [bm, bn]),
    ]
    persistent_kernel[(programs,)](*descriptors, m, n, k, BM=bm, BN=bn, BK=bk, GROUP=8, num_warps=8, num_stages=3)
    return c


#: A descriptor can also be made inside a kernel, with `tl.make_tensor_descriptor`, of a pointer and sizes that only
#: the kernel knows.


def check():
    torch.manual_seed(0)
    for m, n, k in ((128, 128, 64), (104, 200, 72), (64, 8, 32)):
        a = torch.randn(m, k, device=DEVICE, dtype=DTYPE) * k**-0.5
        b_t = torch.randn(n, k, device=DEVICE, dtype=DTYPE)
        torch.testing.assert_close(matmul(a, b_t), a @ b_t.T, rtol=1e-2, atol=1e-2)


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[64, 128] if SMALL else [256, 512, 768, 1024, 1536] + [2048, 4096, 8192] * (DEVICE == "cuda"),
        line_arg="by",
        line_vals=["tritonc", "torch"],
        line_names=["tritonc", "PyTorch"],
        xlabel="size of the square matrices",
        ylabel="TFLOP/s",
        plot_name="persistent_matmul",
        args={},
    )
)
def benchmark(n, by):
    a = torch.randn(n, n, device=DEVICE, dtype=DTYPE)
    b_t = torch.randn(n, n, device=DEVICE, dtype=DTYPE)
    run = (lambda: matmul(a, b_t)) if by == "tritonc" else (lambda: a @ b_t.T)
    return 2 * n**3 / triton.testing.do_bench(run, return_mode="median") * 1e-9


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
