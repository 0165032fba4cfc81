"""Rows whose numbers come from memory are read and written at the width of their elements' neighbours, on both targets."""

import re

import numpy as np
import pytest
import torch
import triton
import triton.language as tl

TARGETS = ["", "cuda:80", "cuda:90"]
ROWS, COLUMNS, OF = 32, 64, 50


@triton.jit
def gather_rows_kernel(index, src, dst, stride, n, R: tl.constexpr, C: tl.constexpr):
    r, c = tl.arange(0, R), tl.arange(0, C)
    i = tl.load(index + r, mask=r < n, other=0)
    x = tl.load(src + i[:, None] * stride + c[None, :], mask=(i < n)[:, None] & (i >= 0)[:, None], other=0)
    tl.store(dst + r[:, None] * stride + c[None, :], x)


@triton.jit
def scatter_rows_kernel(index, src, dst, stride, n, R: tl.constexpr, C: tl.constexpr):
    r, c = tl.arange(0, R), tl.arange(0, C)
    i = tl.load(index + r)
    x = tl.load(src + r[:, None] * stride + c[None, :])
    tl.store(dst + i[:, None] * stride + c[None, :], x, mask=(i < n)[:, None])


def expected(kernel, index, src, dst, n):
    rows = np.arange(ROWS)
    if kernel is gather_rows_kernel:
        i = np.where(rows < n, index, 0)
        dst[:ROWS] = np.where(((i < n) & (i >= 0))[:, None], src[i], 0)
    else:
        kept = index < n
        dst[index[kept]] = src[:ROWS][kept]


def check_widths(code):
    """Of f16: 16 bytes of a GPU's thread; vectors on the CPU, and no element by itself."""
    if "ptx" in code:
        accesses = set(re.findall(r"(ld|st)\.global\.(\S+)", code["ptx"]))
        numbers = {("ld", "b32"), ("ld", "b64")}  # of rows
        assert accesses - numbers == {("ld", "v4.b32"), ("st", "v4.b32")}
    else:
        assert "masked.gather" not in code["llir"] and "masked.scatter" not in code["llir"]
        assert re.search(r"load <\d+ x half>", code["llir"]) and re.search(r"store <\d+ x half>", code["llir"])


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("kernel", [gather_rows_kernel, scatter_rows_kernel], ids=lambda k: k.__name__)
def test_rows_at_loaded_indices(kernel, dtype, target, monkeypatch):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    order = np.random.default_rng(0)
    index = order.permutation(OF)[:ROWS].astype(dtype)
    src, wanted = order.standard_normal((OF, COLUMNS)).astype(np.float16), np.zeros((OF, COLUMNS), np.float16)
    dst = torch.zeros(OF, COLUMNS, dtype=torch.float16)  # PyTorch's memory is aligned
    compiled = kernel[(1,)](torch.tensor(index), torch.tensor(src), dst, COLUMNS, 40, ROWS, COLUMNS)
    expected(kernel, index, src, wanted, 40)
    np.testing.assert_array_equal(dst.numpy(), wanted)
    check_widths(compiled.asm)
