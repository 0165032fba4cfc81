"""Tuples as run-time arguments: nested and named, with constants, None and pointers inside."""

from typing import NamedTuple

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource


@triton.jit
def store_all_kernel(outs, values, scale):
    for i in tl.static_range(len(values)):
        tl.store(outs[i], values[i] * scale)


@pytest.mark.parametrize("n", [0, 1, 2, 5, 40])
def test_tuple_of_pointers_and_numbers(n):
    outs = tuple(torch.zeros(1) for _ in range(n))
    store_all_kernel[(1,)](outs, tuple(range(n)), 3.0)
    assert [float(x) for x in outs] == [3.0 * i for i in range(n)]


@triton.jit
def nested_kernel(out, t, MORE: tl.constexpr):
    (a, b), c, rest = t
    tl.static_assert(c is None)
    tl.static_assert(t[2][0] == 1)  # a constant, like any integer that is 1
    tl.static_assert(rest[1] == "text")
    total = a + b + MORE[1]
    for i in range(rest[2][0]):
        total += i
    tl.store(out, total)


def test_nested_tuples():
    out = torch.zeros(1, dtype=torch.int32)
    for a in (20, 2**40):
        nested_kernel[(1,)](out, ((a, 3), None, (1, "text", (4,))), (7, 8))
        assert int(out) == np.int64(a + 3 + 8 + 6).astype(np.int32)


class Matrix(NamedTuple):
    ptr: object
    shape: object
    strides: object


@triton.jit
def add_one(m, rows, columns):
    at = m.ptr + rows[:, None] * m.strides[0] + columns[None, :] * m.strides[1]
    inside = (rows < m.shape[0])[:, None] & (columns < m.shape[1])[None, :]
    tl.store(at, tl.load(at, mask=inside) + 1, mask=inside)


@triton.jit
def named_kernel(m, R: tl.constexpr, C: tl.constexpr):
    for _ in range(2):
        add_one(m, tl.arange(0, R), tl.arange(0, C))


def test_named_tuples():
    x = torch.zeros(5, 7)[:, 1:6]
    named_kernel[(1,)](Matrix(x, tuple(x.shape), x.stride()), 8, 8)
    assert torch.equal(x, torch.full((5, 5), 2.0))
    assert len(named_kernel._kernels()) == 1


@triton.jit
def carried_kernel(out, pair):
    for i in range(3):
        pair = (pair[1], pair[0] + i)
    tl.store(out, pair[0])
    tl.store(out + 1, pair[1])


def test_tuple_carried_by_a_loop():
    out = torch.zeros(2, dtype=torch.int32)
    carried_kernel[(1,)](out, (5, 9))
    a, b = 5, 9
    for i in range(3):
        a, b = b, a + i
    assert out.tolist() == [a, b]


def test_specialization_of_items():
    out = tuple(torch.zeros(1) for _ in range(2))
    before = len(store_all_kernel._kernels())
    for values in ((16, 3), (32, 5), (3, 16), (1, 3)):
        store_all_kernel[(1,)](out, values, 0.0)
    assert len(store_all_kernel._kernels()) - before == 3


def test_compiled_kernel_takes_tuples():
    outs = tuple(torch.zeros(1) for _ in range(2))
    kernel = store_all_kernel[(1,)](outs, (2, 3), 1.0)
    kernel[(1, 1, 1)](outs, (4, 5), 1.0)
    assert [float(x) for x in outs] == [4.0, 5.0]
    kernel[(1, 1, 1)](*outs, 6, 7, 1.0)  # the run-time arguments alone
    assert [float(x) for x in outs] == [6.0, 7.0]
    with pytest.raises(TypeError, match="fewer items"):
        kernel[(1, 1, 1)](outs, (4,), 1.0)


def test_described_tuples():
    signature = {"outs": ("*fp32", "*fp32"), "values": ("i32", "constexpr"), "scale": "fp32"}
    src = ASTSource(store_all_kernel, signature, {(1, 1): 5}, {(0, 1): [["tt.divisibility", 16]]})
    ttir = triton.compile(src, target=GPUTarget("cuda", 90, 32)).asm["ttir"]
    assert "%outs: !tt.ptr<f32>" in ttir and ttir.count("!tt.ptr<f32> {tt.divisibility = 16 : i32}") == 1


# ---- memory that must not be written, and none at all ------------------------------------------------------------------------


@triton.jit
def copy_kernel(x, y, n, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(y + at, tl.load(x + at, mask=at < n), mask=at < n)


@triton.jit
def copy_pair_kernel(t, B: tl.constexpr):
    at = tl.arange(0, B)
    p = t[0]
    for _ in range(1):
        p = t[1]
    tl.store(p + at, tl.load(t[0] + at))


def test_read_only_memory():
    x, y = np.arange(16, dtype=np.uint8), np.zeros(16, np.uint8)
    copy_kernel[(1,)](x.tobytes(), y, 16, B=16)
    assert np.array_equal(x, y)
    for bad in (bytes(16), memoryview(bytes(16))):
        with pytest.raises(ValueError, match="`y` is read-only"):
            copy_kernel[(1,)](x, bad, 16, B=16)
    x.flags.writeable = False
    copy_pair_kernel[(1,)]((x, y), B=16)
    with pytest.raises(ValueError, match="`t` is read-only"):
        copy_pair_kernel[(1,)]((y, x), B=16)


def test_tensors_without_memory():
    good, released = torch.zeros(16), torch.zeros(16)
    released.untyped_storage().resize_(0)
    for bad in (torch.zeros(16, device="meta"), released):
        with pytest.raises((ValueError, RuntimeError), match="`x` has no memory"):
            copy_kernel[(1,)](bad, good, 16, B=16)
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        fake = torch.zeros(16)
    with pytest.raises((ValueError, RuntimeError)):
        copy_kernel[(1,)](fake, good, 16, B=16)
    copy_kernel[(1,)](torch.zeros(0), torch.zeros(0), 0, B=16)
