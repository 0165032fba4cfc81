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


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("dtype", ["int32", "int64"])
@pytest.mark.parametrize("kernel", [gather_rows_kernel, scatter_rows_kernel], ids=lambda k: k.__name__)
def test_rows_at_loaded_indices(kernel, dtype, target, monkeypatch):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    order = np.random.default_rng(0)
    index = order.permutation(OF)[:ROWS].astype(dtype)
    src, wanted = order.standard_normal((OF, COLUMNS)).astype(np.float16), np.zeros((OF, COLUMNS), np.float16)
    dst = torch.zeros(OF, COLUMNS, dtype=torch.float16)
    compiled = kernel[(1,)](torch.tensor(index), torch.tensor(src), dst, COLUMNS, 40, ROWS, COLUMNS)
    expected(kernel, index, src, wanted, 40)
    np.testing.assert_array_equal(dst.numpy(), wanted)
    if not target:
        text = compiled.asm["llir"]
        assert "masked.gather" not in text and "masked.scatter" not in text
        assert re.search(r"load <\d+ x half>", text) and re.search(r"store <\d+ x half>", text)


@pytest.mark.parametrize("capability", [80, 90])
@pytest.mark.parametrize("index", ["*i32", "*i64"])
@pytest.mark.parametrize("kernel", [gather_rows_kernel, scatter_rows_kernel], ids=lambda k: k.__name__)
def test_a_thread_moves_16_bytes_of_a_row(kernel, index, capability):
    signature = {"index": index, "src": "*fp16", "dst": "*fp16", "stride": "i32", "n": "i32"}
    aligned = {(i,): [["tt.divisibility", 16]] for i in range(4)}
    source = triton.compiler.ASTSource(kernel, signature, {"R": ROWS, "C": COLUMNS}, aligned)
    target = triton.backends.compiler.GPUTarget("cuda", capability, 32)
    accesses = set(re.findall(r"(ld|st)\.global\.(\S+)", triton.compile(source, target=target).asm["ptx"]))
    assert accesses == {("ld", "b32" if index == "*i32" else "b64"), ("ld", "v4.b32"), ("st", "v4.b32")}
