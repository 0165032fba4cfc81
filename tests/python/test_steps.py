"""Elements a known step apart, on the CPU: what is read and written, and that nothing beyond the first and the last is."""

import ctypes
import mmap

import numpy as np
import pytest
import torch
import triton
import triton.language as tl

PAGE, NO_ACCESS = mmap.PAGESIZE, 0
LIBC = ctypes.CDLL(None, use_errno=True)
STEPS = [-7, -3, -2, -1, 2, 3, 4, 16]
DTYPES = [torch.int8, torch.bfloat16, torch.float32, torch.float64]


@triton.jit
def read_kernel(X, Y, STEP: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(Y + i, tl.load(X + i * STEP))


@triton.jit
def write_kernel(X, Y, STEP: tl.constexpr, N: tl.constexpr):
    i = tl.arange(0, N)
    tl.store(Y + i * STEP, tl.load(X + i) + 1)


@triton.jit
def pairs_kernel(X, Y, n, N: tl.constexpr):
    i = tl.program_id(0) * N + tl.arange(0, N)
    a, b = tl.load(X + 2 * i, mask=i < n, other=0), tl.load(X + 2 * i + 1, mask=i < n, other=0)
    tl.store(Y + 2 * i, b, mask=i < n)
    tl.store(Y + 2 * i + 1, a, mask=i < n)


class Fenced:
    """Bytes at the beginning or the end of pages between two that cannot be touched."""

    def __init__(self, size, at_end):
        pages = -(-size // PAGE)
        self.map = mmap.mmap(-1, (pages + 2) * PAGE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        for page in (0, pages + 1):
            assert LIBC.mprotect(ctypes.c_void_p(base + page * PAGE), ctypes.c_size_t(PAGE), NO_ACCESS) == 0
        self.begin = PAGE * (pages + 1) - size if at_end else PAGE
        self.size = size

    def tensor(self, dtype):
        return torch.frombuffer(self.map, dtype=dtype, count=self.size // dtype.itemsize, offset=self.begin)


def span(step, n, dtype, at_end):
    """A tensor that begins with the lowest and ends with the highest of n elements, and where the first one is."""
    length = abs(step) * (n - 1) + 1
    fence = Fenced(length * dtype.itemsize, at_end)
    x = fence.tensor(dtype)
    x.copy_(torch.from_numpy(np.random.default_rng(0).integers(-100, 100, length)).to(dtype))
    return x, length - 1 if step < 0 else 0


class Shifted:
    """A tensor's address, some elements further: PyTorch has no negative steps, so that a kernel gets the address."""

    def __init__(self, x, first):
        self.x, self.dtype, self.first = x, x.dtype, first

    def data_ptr(self):
        return self.x.data_ptr() + self.first * self.x.dtype.itemsize


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("step", STEPS)
def test_read(step, dtype, at_end):
    n = 64
    x, first = span(step, n, dtype, at_end)
    y = torch.empty(n, dtype=dtype)
    compiled = read_kernel[(1,)](Shifted(x, first), y, step, n)
    assert torch.equal(y, x[first + step * torch.arange(n)])
    if step in (-2, -1, 2):
        assert "shufflevector" in compiled.asm["llir"] and "masked.gather" not in compiled.asm["llir"]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("step", STEPS)
def test_write(step, dtype):
    n = 64
    y, first = span(step, n, dtype, True)
    x = torch.arange(n).to(dtype)
    wanted = y.clone()
    wanted[first + step * torch.arange(n)] = x + 1
    write_kernel[(1,)](x, Shifted(y, first), step, n)
    assert torch.equal(y, wanted)


@pytest.mark.parametrize("n", [1, 63, 64, 200, 256])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_pairs_with_a_mask(dtype, n):
    """Lanes that are masked off are neither read nor written; a whole block is, without a mask."""
    x = Fenced(2 * n * dtype.itemsize, True).tensor(dtype)
    x.copy_(torch.from_numpy(np.random.default_rng(n).integers(-100, 100, 2 * n)).to(dtype))
    y = Fenced(2 * n * dtype.itemsize, True).tensor(dtype)
    pairs_kernel[(triton.cdiv(n, 64),)](x, y, n, 64)
    assert torch.equal(y.view(n, 2), x.view(n, 2).flip(1))
