"""Grouped GEMM.

Many matmuls of different shapes in one launch. The programs find their work themselves: a fixed number
of them walks over the tiles of all problems. Pointers and shapes come from arrays in memory.
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

#: ## Why one launch
#:
#: Experts of a mixture, or layers of different widths, give matmuls each of which alone is too small to fill a
#: GPU. One launch for each leaves most multiprocessors without work. In one launch the tiles of all problems are
#: one list, and every program takes every `num_programs`-th of it.
#:
#: ## Pointers from memory
#:
#: The kernel gets one array of addresses per operand, as int64, and an array of shapes. A number that was loaded
#: becomes a pointer with `.to(tl.pointer_type(...))`. Nothing can check such a pointer: neither the compiler nor
#: check mode.
#:
#: Tiles of problem `g` have the numbers `start` to `start + tiles - 1`. A program's next tile is either in this
#: problem, or the loop over problems goes on.


@triton.jit
def grouped_kernel(
    a_ptrs, b_ptrs, c_ptrs, sizes_ptr, groups,
    ELEMENT: tl.constexpr, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    tile = tl.program_id(0)
    start = 0
    for g in range(groups):
        M = tl.load(sizes_ptr + g * 3)
        N = tl.load(sizes_ptr + g * 3 + 1)
        K = tl.load(sizes_ptr + g * 3 + 2)
        tiles_n = tl.cdiv(N, BN)
        tiles = tl.cdiv(M, BM) * tiles_n
        while tile < start + tiles:
            a_ptr = tl.load(a_ptrs + g).to(tl.pointer_type(ELEMENT))
            b_ptr = tl.load(b_ptrs + g).to(tl.pointer_type(ELEMENT))
            c_ptr = tl.load(c_ptrs + g).to(tl.pointer_type(ELEMENT))
            m = (tile - start) // tiles_n * BM + tl.arange(0, BM)
            n = (tile - start) % tiles_n * BN + tl.arange(0, BN)
            k = tl.arange(0, BK)
            acc = tl.zeros((BM, BN), tl.float32)
            for first in range(0, K, BK):
                a_mask = (m[:, None] < M) & (k[None, :] < K - first)
                b_mask = (k[:, None] < K - first) & (n[None, :] < N)
                a = tl.load(a_ptr + m[:, None] * K + (first + k)[None, :], mask=a_mask, other=0.0)
                b = tl.load(b_ptr + (first + k)[:, None] * N + n[None, :], mask=b_mask, other=0.0)
                acc = tl.dot(a, b, acc)
            tl.store(c_ptr + m[:, None] * N + n[None, :], acc.to(ELEMENT), mask=(m[:, None] < M) & (n[None, :] < N))
            tile += tl.num_programs(0)
        start += tiles


#: ## The host's part
#:
#: The arrays of addresses do not keep the tensors alive: hold on to those yourself. There are as many programs as
#: multiprocessors (here: as threads), whatever the problems are.


def programs():
    if DEVICE == "cuda":
        return torch.cuda.get_device_properties(DEVICE).multi_processor_count
    return torch.get_num_threads()


def grouped_matmul(pairs):
    results = [torch.empty(a.shape[0], b.shape[1], dtype=a.dtype, device=a.device) for a, b in pairs]

    def addresses(tensors):
        return torch.tensor([t.data_ptr() for t in tensors], dtype=torch.int64, device=DEVICE)

    sizes = torch.tensor([(*a.shape, b.shape[1]) for a, b in pairs], dtype=torch.int32)[:, [0, 2, 1]]
    sizes = sizes.contiguous().to(DEVICE)
    block = 128 if DEVICE == "cuda" and not SMALL else 64
    grouped_kernel[(programs(),)](
        addresses([a for a, _ in pairs]), addresses([b for _, b in pairs]), addresses(results), sizes, len(pairs),
        ELEMENT=tl.float16 if DTYPE == torch.float16 else tl.float32, BM=block, BN=block, BK=32,
    )  # fmt: skip
    return results


def problems(shapes):
    def random(*shape):
        return torch.randn(shape, device=DEVICE, dtype=DTYPE)

    return [(random(m, k) * k**-0.5, random(k, n)) for m, n, k in shapes]


def check():
    torch.manual_seed(0)
    pairs = problems([(64, 64, 64), (100, 30, 70), (1, 200, 33), (130, 65, 40)])
    for result, (a, b) in zip(grouped_matmul(pairs), pairs, strict=True):
        torch.testing.assert_close(result, a @ b, rtol=1e-2, atol=1e-2)


#: ## Measured
#:
#: Sixteen square matmuls in one launch, beside one call of PyTorch after the other.


@triton.testing.perf_report(
    triton.testing.Benchmark(
        x_names=["n"],
        x_vals=[64] if SMALL else [64, 96, 128, 192, 256, 384, 512] + [1024] * (DEVICE == "cuda"),
        line_arg="by",
        line_vals=["tritonc", "torch"],
        line_names=["tritonc, one launch", "PyTorch, 16 calls"],
        xlabel="size of the square matrices",
        ylabel="TFLOP/s",
        plot_name="grouped_gemm",
        args={"groups": 2 if SMALL else 16},
    )
)
def benchmark(groups, n, by):
    pairs = problems([(n, n, n)] * groups)
    run = (lambda: grouped_matmul(pairs)) if by == "tritonc" else (lambda: [a @ b for a, b in pairs])
    return 2 * groups * n**3 / triton.testing.do_bench(run, return_mode="median") * 1e-9


if __name__ == "__main__":
    check()
    benchmark.run(print_data=True, save_path=sys.argv[1] if len(sys.argv) > 1 else "")
