"""What the code generator does in more than one way, each way with the values that tell them apart."""

import pytest
import torch
import triton
import triton.language as tl
from test_kernels import DEVICE, close, empty, processor, random  # noqa: F401


@triton.jit
def divide_kernel(x, y, q, r, N: tl.constexpr, FIRST: tl.constexpr):
    n = tl.arange(0, N)
    a, b = tl.load(x + n), tl.load(y + n)
    if FIRST:
        rest = a % b
        tl.store(q + n, a // b)
    else:
        tl.store(q + n, a // b)
        rest = a % b
    tl.store(r + n, rest)


@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("largest", [100, 2**31 - 1, 2**32 - 1, 2**40, 2**62])
@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint32, torch.uint64, torch.int8], ids=str)
def test_quotient_and_remainder(dtype, largest, first):
    torch.manual_seed(largest % 997)
    low, high = torch.iinfo(dtype).min, torch.iinfo(dtype).max
    largest = min(largest, high)
    x = torch.randint(max(-largest, low), largest, (256,), dtype=torch.int64)
    y = torch.randint(1, min(largest, 1 << 40), (256,), dtype=torch.int64)
    y[::3] = torch.randint(1, 100, (86,))
    if low < 0:
        y[::2] *= -1
    x[0], y[0], x[1], y[1] = largest - 1, 1, 0, 5
    q, r = torch.div(x, y, rounding_mode="trunc"), torch.fmod(x, y)
    gq, gr = (torch.zeros(256, dtype=dtype).to(DEVICE) for _ in range(2))
    divide_kernel[(1,)](x.to(dtype).to(DEVICE), y.to(dtype).to(DEVICE), gq, gr, 256, first)
    assert torch.equal(gq.cpu().to(torch.int64), q) and torch.equal(gr.cpu().to(torch.int64), r)


@triton.jit
def uniform_kernel(x, q, d, N: tl.constexpr):
    i = tl.program_id(0).to(tl.int64) * N + tl.arange(0, N)
    tl.store(q + i, tl.load(x + i % d) + (i // d))


def test_index_arithmetic_in_64_bits():
    x, q = torch.arange(60), torch.zeros(1024, dtype=torch.int64)
    uniform_kernel[(4,)](x.to(DEVICE), q := q.to(DEVICE), 60, 256)
    i = torch.arange(1024)
    assert torch.equal(q.cpu(), i % 60 + i // 60)


@triton.jit
def scatter_rows_kernel(x, rows, y, old, n, R: tl.constexpr, N: tl.constexpr, OLD: tl.constexpr):
    i, j = tl.arange(0, R)[:, None], tl.arange(0, N)[None, :]
    v = tl.load(x + i * N + j)
    before = tl.atomic_add(y + tl.load(rows + i) * N + j, v, mask=j < n)
    if OLD:
        tl.store(old + i * N + j, before, mask=j < n)


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("n", [64, 48, 37])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int32], ids=str)
def test_atomic_add_to_rows(dtype, n, old, processor):  # noqa: F811
    if dtype == torch.bfloat16 and processor in ("cuda:80", "cuda:75"):
        dtype = torch.float16  # bf16 begins with sm_90
    rows = torch.tensor([3, 0, 3, 7, 1, 1, 3, 5]) if not old else torch.randperm(8)
    x = torch.randint(-8, 8, (8, 64)).to(dtype)
    y = torch.randint(-8, 8, (8, 64)).to(dtype)
    want, before = y.clone(), torch.zeros(8, 64, dtype=dtype)
    before[:, :n] = y[rows][:, :n]
    for i, r in enumerate(rows):
        want[r, :n] += x[i, :n]
    got, previous = y.to(DEVICE), torch.zeros(8, 64, dtype=dtype).to(DEVICE)
    scatter_rows_kernel[(1,)](x.to(DEVICE), rows.to(DEVICE), got, previous, n, 8, 64, old)
    assert torch.equal(got.cpu(), want)
    assert not old or torch.equal(previous.cpu(), before)
