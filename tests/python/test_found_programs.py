"""What random programs found (tests/generator), made small: each kernel compiled and interpreted writes the same."""

import pytest
import torch
import triton
import triton.language as tl
from triton.runtime.interpreter import InterpretedFunction

TARGETS = ["", "cuda:75", "cuda:90"]


def check(kernel, target, monkeypatch, *args):
    results = []
    for run in (InterpretedFunction(kernel), kernel):
        copies = [x.clone() if isinstance(x, torch.Tensor) else x for x in args]
        if run is kernel and target:
            monkeypatch.setenv("TRITONC_SIMULATE", target)
        run[(1,)](*copies)
        results.append([x for x in copies if isinstance(x, torch.Tensor)])
    for want, have in zip(*results, strict=True):
        assert torch.equal(want, have)


@triton.jit
def carried_constant_kernel(out, m):
    i = tl.arange(0, 8)
    v = tl.full((8,), 7, tl.int8)
    for _ in range(2, m):
        v = tl.full((8,), 3, tl.int8)
    tl.store(out + i, v)


@triton.jit
def carried_constants_kernel(out, m):
    i = tl.arange(0, 8)
    v, w = tl.full((8,), 7, tl.int8), tl.full((8,), 9, tl.int8)
    for k in range(m):
        v = tl.full((8,), 3, tl.int8)
        while k < m:
            k += 2
            w = v
    tl.store(out + i, w)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("m", [0, 5])
def test_constants_that_a_loop_carries(m, target, monkeypatch):
    """On a GPU they had no layout, when nothing in the loop wanted them."""
    for kernel in (carried_constant_kernel, carried_constants_kernel):
        check(kernel, target, monkeypatch, torch.zeros(8, dtype=torch.int8), m)


@triton.jit
def narrow_index_kernel(out, out16, start):
    j = tl.arange(0, 256)
    tl.store(out + j, (j.to(tl.uint64) < j.to(tl.int8)).to(tl.int32) + j.to(tl.int8))
    short = (j * 200 + start).to(tl.int16)
    tl.store(out16 + j, short.to(tl.int64) + (j.to(tl.uint8) + 250).to(tl.uint8).to(tl.int32))


@pytest.mark.parametrize("target", TARGETS)
def test_narrow_numbers_that_wrap_around_between_lanes(target, monkeypatch):
    """On the CPU they went on evenly when they were widened."""
    outputs = torch.zeros(256, dtype=torch.int32), torch.zeros(256, dtype=torch.int64)
    check(narrow_index_kernel, target, monkeypatch, *outputs, 9000)


@triton.jit
def bfloat_constant_kernel(out):
    tl.store(out + tl.arange(0, 4), tl.full((4,), 0.1, tl.bfloat16).to(tl.float32))


@pytest.mark.parametrize("target", TARGETS)
def test_bfloat16_constants(target, monkeypatch):
    """The interpreter read six digits of them."""
    check(bfloat_constant_kernel, target, monkeypatch, torch.zeros(4))


@triton.jit
def masked_uniform_kernel(x, out, m):
    rows, columns = tl.arange(0, 4)[:, None], tl.arange(0, 64)[None, :]
    v = tl.load(x + m + tl.zeros((4, 64), tl.int32), mask=m != tl.broadcast_to(columns, (4, 64)), other=3)
    half = v // 2
    tl.store(out + rows + columns * 4, v + half)
    tl.debug_barrier()
    tl.store(out + 256 + tl.arange(0, 4), tl.max(v, 1))
    tl.store(out + 260 + tl.arange(0, 4), tl.sum(half, 1))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", [torch.int64, torch.int8])
def test_masked_load_of_one_element(dtype, target, monkeypatch):
    """A loop with two bodies read in the second what it had yet to write: the same along a row, it was read at its start."""
    x = (torch.arange(64) + 11).to(dtype)
    check(masked_uniform_kernel, target, monkeypatch, x, torch.zeros(264, dtype=dtype), 33)


@triton.jit
def unsigned_below_zero_kernel(x, out, wide, m):
    rows, j = tl.arange(0, 2)[:, None] * 8, tl.arange(0, 8)[None, :]
    low = j.to(tl.uint32) - 6
    tl.store(wide + rows + j, tl.zeros((2, 8), tl.int64) + low)
    tl.store(wide + 16 + rows + j, tl.zeros((2, 8), tl.int64) + (j.to(tl.uint32) - m.to(tl.uint16)))
    tl.store(out + rows + j, tl.load(x + rows + (j ^ 4), mask=tl.full((2, 8), 1, tl.int64) <= low, other=1))


@pytest.mark.parametrize("target", TARGETS)
def test_unsigned_numbers_that_pass_zero(target, monkeypatch):
    """From one lane to the next they were taken to grow by one, in the wider type, too."""
    x = torch.arange(16, dtype=torch.int64) + 2
    check(
        unsigned_below_zero_kernel, target, monkeypatch, x, torch.zeros_like(x), torch.zeros(32, dtype=torch.int64), 3
    )


@triton.jit
def narrow_compare_kernel(x, out, out2, out3):
    j = tl.arange(0, 256)
    a = j.to(tl.int8)
    n = tl.load(x)
    tl.store(out + j, (a <= n).to(tl.int32) + ((a + 100).to(tl.int8) > a).to(tl.int32) * 2)
    tl.store(out2 + j, j, mask=a < n)
    tl.store(out3 + j, tl.load(out + j, mask=n < a, other=7))


@pytest.mark.parametrize("target", TARGETS)
def test_comparisons_of_narrow_numbers_that_wrap_around(target, monkeypatch):
    """On the CPU they were taken for a bound on the lane."""
    outputs = [torch.zeros(256, dtype=torch.int32) for _ in range(3)]
    check(narrow_compare_kernel, target, monkeypatch, torch.full((1,), 3, dtype=torch.int8), *outputs)


@triton.jit
def number_kernel(out, x):
    y = x.to(tl.float64)
    tl.store(out, y)
    tl.store(out + 1, (x >= tl.full((), -5, tl.int8)).to(tl.float64))
    tl.store(out + 2, (x * 2).to(tl.float64))
    tl.store(out + 3, (x * 0 - 1 < 0).to(tl.float64))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("x", [2**31 - 1, 2**31, 2**32 - 1, -(2**31), -(2**31) - 1, 2**63 - 1, 2**63, 0.1, 1e300])
def test_numbers_that_a_launch_is_given(x, target, monkeypatch):
    """The interpreter took 2**31 for a uint32, as a constant of that size is; a launch makes it an int64."""
    check(number_kernel, target, monkeypatch, torch.zeros(4, dtype=torch.float64), x)


@triton.jit
def folded_columns_kernel(out):
    j = tl.arange(0, 8)
    even, odd = tl.split(tl.reshape(j[None, :] + tl.zeros((16, 8), tl.int64), (16, 4, 2)))
    v = tl.reshape(tl.permute(tl.join(even, odd), (0, 2, 1)), (16, 8))
    tl.store(out + tl.arange(0, 16)[:, None] * 8 + (7 - tl.arange(0, 8)[None, :]), v)


@pytest.mark.parametrize("target", TARGETS)
def test_a_column_that_comes_of_a_folded_index(target, monkeypatch):
    """On the CPU the second vector of a row read its columns from before the row's beginning."""
    out = torch.zeros(16, 8, dtype=torch.int64)
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    folded_columns_kernel[(1,)](out)
    assert torch.equal(out, torch.tensor([7, 5, 3, 1, 6, 4, 2, 0]).expand(16, 8))
