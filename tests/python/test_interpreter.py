"""Kernels run by Python (TRITON_INTERPRET=1) beside the same kernels compiled: equal results, and what debuggers need."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton.runtime.interpreter import (
    GridExecutor,
    InterpretedFunction,
    InterpreterError,
    TensorHandle,
    interpreter_builder,
)
from triton.tools.tensor_descriptor import TensorDescriptor


def both(kernel, grid, *args, outputs, **constants):
    """The outputs of the compiled kernel and of the interpreted one, which must be equal."""
    results = []
    for run in (kernel, InterpretedFunction(kernel)):
        copies = [x.clone() if i in outputs else x for i, x in enumerate(args)]
        run[grid](*copies, **constants)
        results.append([copies[i] for i in outputs])
    for compiled, interpreted in zip(*results, strict=True):
        assert torch.equal(compiled.view(torch.uint8), interpreted.view(torch.uint8)), (compiled, interpreted)
    return results[1]


@triton.jit
def scaled(x, by):
    return x * by + 1


@triton.jit
def control_kernel(x, out, n, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    a = tl.load(x + at, mask=at < n, other=3)
    count = 2147483640
    total = tl.zeros([B], tl.int32)
    for i in range(n):
        count += 1
        if i % 3 == 0 and i > 4:
            continue
        if i == 20:
            break
        total += scaled(a, i) if i < 9 else scaled(a, -i)
    while count < 0:
        count //= 3
        count += 1
        if not count < -5:
            break
    tl.store(out + at, total // 7 % 5 + count, mask=at < n)


def test_control_flow():
    """A number that is assigned is an int32, and wraps; division is toward zero; helpers, break, continue."""
    x = torch.randint(-100, 100, (100,), dtype=torch.int32)
    both(control_kernel, (4,), x, torch.zeros(100, dtype=torch.int32), 100, outputs=[1], B=32)


@triton.jit
def dot_kernel(a, b, out, N: tl.constexpr):
    i = tl.arange(0, N)
    at = i[:, None] * N + i[None, :]
    product = tl.dot(tl.load(a + at), tl.load(b + at).T, out_dtype=tl.float32)
    tl.store(out + at, product.to(out.dtype.element_ty))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.int8])
def test_dot(dtype):
    """Small integers, whose sums are exact in every order."""
    a, b = (torch.randint(-3, 4, (32, 32)).to(torch.float32).to(dtype) for _ in range(2))
    if dtype == torch.int8:
        both(int_dot_kernel, (1,), a, b, torch.zeros(32, 32, dtype=torch.int32), outputs=[2], N=32)
    else:
        both(dot_kernel, (1,), a, b, torch.zeros(32, 32, dtype=torch.bfloat16), outputs=[2], N=32)


@triton.jit
def int_dot_kernel(a, b, out, N: tl.constexpr):
    i = tl.arange(0, N)
    at = i[:, None] * N + i[None, :]
    tl.store(out + at, tl.dot(tl.load(a + at), tl.load(b + at)))


@triton.jit
def wider(value, index, other, other_index):
    take = (other > value) | ((other == value) & (other_index < index))
    return tl.where(take, other, value), tl.where(take, other_index, index)


@triton.jit
def whole_kernel(x, out, seed, R: tl.constexpr, C: tl.constexpr):
    r, c = tl.arange(0, R), tl.arange(0, C)
    at = r[:, None] * C + c[None, :]
    a = tl.load(x + at)
    a = tl.sort(a, dim=1)
    value, index = tl.reduce((a, at), 1, wider)
    a += tl.cumsum(a, 0, reverse=True) * value[:, None] + index[:, None]
    low, high = tl.split(tl.reshape(a, (R, C // 2, 2)))
    a = tl.reshape(tl.permute(tl.join(high, low), (2, 0, 1)), (R, C))
    a = tl.gather(a, (at * 7) % C, 1)
    a += tl.histogram(tl.ravel(a & 15), C)[None, :] + tl.randint(seed, at)
    tl.store(out + at, a)


def test_whole_tensors():
    x = torch.randint(-1000, 1000, (8, 16), dtype=torch.int32)
    both(whole_kernel, (1,), x, torch.zeros_like(x), 7, outputs=[1], R=8, C=16)


@triton.jit
def memory_kernel(x, counts, desc, out, n, B: tl.constexpr):
    pointer = tl.make_block_ptr(x, (n, n), (n, 1), (4, 4), (B, B), (1, 0))
    total = tl.load(pointer, boundary_check=(0, 1), padding_option="zero")
    total += tl.load(tl.advance(pointer, (0, B)), boundary_check=(0, 1))
    total += desc.load([0, 8]) + desc.load([tl.program_id(0), -2])
    i = tl.arange(0, B)
    tl.atomic_add(counts + (i % 3), i)
    old = tl.atomic_max(counts + 4 + i, i - 8)
    made = tl.make_tensor_descriptor(out, (B, B), (B, 1), (B, B))
    made.store([0, 0], total + old[None, :])


def test_memory():
    x = torch.randn(24, 24).to(torch.bfloat16).float()
    counts = torch.zeros(20, dtype=torch.int32)
    desc = TensorDescriptor.from_tensor(x, [16, 16])
    both(memory_kernel, (1,), x, counts, desc, torch.zeros(16, 16), 24, outputs=[1, 3], B=16)


def test_numpy_arrays():
    x, out = np.arange(8, dtype=np.int32), np.zeros(8, np.int32)
    InterpretedFunction(copy_kernel)[(1,)](x[::-1], out, 3, B=4)  # begins at x[7]
    assert out.tolist() == [7, 6, 5, 0, 0, 0, 0, 0]


@triton.jit
def copy_kernel(x, out, n, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out + at, tl.load(x - at), mask=at < n)


def test_an_access_outside_is_named():
    x, out = torch.arange(8), torch.zeros(8, dtype=torch.int64)
    with pytest.raises(
        triton.InterpreterError, match="a load outside of every argument: element 9 of `x`, which has 8"
    ):
        InterpretedFunction(far_kernel)[(1,)](x, out)


@triton.jit
def far_kernel(x, out):
    tl.store(out, tl.load(x + 9))


@triton.jit
def wrong_kernel(x):
    tl.store(x + tl.arange(0, 4), tl.arange(0, 8))


def test_refusals_are_the_compilers():
    with pytest.raises(triton.InterpreterError, match="shape"):
        InterpretedFunction(wrong_kernel)[(1,)](torch.zeros(8))


SCRIPT = """
import sys
import numpy as np, triton, triton.language as tl
from triton.runtime.interpreter import InterpretedFunction

@triton.jit
def helper(a):
    found.append(a.handle.data.copy())
    return a + 1

found = []

@triton.jit
def kernel(x, B: tl.constexpr):
    at = tl.arange(0, B)
    a = tl.load(x + at)
    breakpoint()
    tl.store(x + at, helper(a))

assert isinstance(kernel, InterpretedFunction)
x = np.arange(4, dtype=np.float32)
kernel[(1,)](x, B=4)
assert x.tolist() == [1, 2, 3, 4] and found[0].tolist() == [0, 1, 2, 3]
"""


def test_breakpoints(tmp_path):
    """The debugger stops in the kernel's own source, and sees its tensors."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")],
        input="p a\nu\nd\nw\nc\n", capture_output=True, text=True, env={**os.environ, "TRITON_INTERPRET": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "<['4'], fp32>([0. 1. 2. 3.])" in done.stdout
    assert "tl.store(x + at, helper(a))" in done.stdout and "script.py(18)kernel()" in done.stdout


COMBINE = """
import numpy as np
import triton
import triton.language as tl

@triton.jit
def larger(a, b):
    breakpoint()
    c = tl.maximum(a, b)
    return c

@triton.jit
def kernel(x, out, B: tl.constexpr):
    tl.store(out, tl.reduce(tl.load(x + tl.arange(0, B)), 0, larger))

x, out = np.array([3, 9, 4, 1], np.float32), np.zeros(1, np.float32)
kernel[(1,)](x, out, B=4)
assert out[0] == 9
"""


def test_breakpoints_in_what_combines(tmp_path):
    """The debugger stops in a reduction's function; all that is combined at once is one tensor."""
    (tmp_path / "script.py").write_text(COMBINE)
    done = subprocess.run(
        [sys.executable, str(tmp_path / "script.py")],
        input="p b\nn\nc\nc\n", capture_output=True, text=True, env={**os.environ, "TRITON_INTERPRET": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "fp32>([9. 1.])" in done.stdout and "script.py(9)larger()" in done.stdout


@triton.jit
def larger_by_if(a, b):
    c = a
    if b > a:
        c = b
    return c


@triton.jit
def first_wins(a, i, b, j):
    take = (a > b) | ((a == b) & (i < j))
    return tl.where(take, a, b), tl.where(take, i, j)


@triton.jit
def combine_kernel(x, out, B: tl.constexpr):
    at = tl.arange(0, B)
    a = tl.load(x + at[:, None] * B + at[None, :])
    tl.store(out + at, tl.reduce(a, 1, larger_by_if))
    value, index = tl.reduce((a, at[:, None] + tl.zeros([B, B], tl.int32)), 0, first_wins)
    tl.store(out + B + at, value + index)
    tl.store(out + 2 * B + at[:, None] * B + at[None, :], tl.associative_scan(a, 0, larger_by_if))


def test_what_combines_elements():
    x = torch.randint(-9, 9, (8, 8), generator=torch.Generator().manual_seed(3)).float()
    (out,) = both(combine_kernel, (1,), x, torch.zeros(80), outputs=[1], B=8)
    assert torch.equal(out[:8], x.amax(1))


@triton.jit
def names_in_conditions(x, out, n):
    k, w, calls = 0, 0, 0
    while (v := tl.load(x + k)) != 0 and (w := v + calls) < n:
        k += 1
        if v > 3 or (calls := calls + 1) > 2:
            k += 0 < v < (far := v + 1)
            calls += far - v
    tl.store(out, k + 100 * w + 10000 * calls)


@pytest.mark.parametrize("n", [0, 3, 8, 100])
def test_names_bound_on_the_right_of_and(n):
    x = torch.tensor([1, 2, 5, 3, 1, 7, 2, 4, 1, 9, 0, 0], dtype=torch.int32)
    both(names_in_conditions, (1,), x, torch.zeros(1, dtype=torch.int32), n, outputs=[1])


def test_inline_assembly_says_what_to_do():
    @triton.jit
    def kernel(x):
        a = tl.load(x)
        tl.store(x, tl.inline_asm_elementwise("mov $0, $1", "=r,r", [a], dtype=tl.int32, is_pure=True, pack=1))

    with pytest.raises(InterpreterError, match="the interpreter has none; run the kernel without TRITON_INTERPRET=1"):
        InterpretedFunction(kernel)[(1,)](torch.zeros(1, dtype=torch.int32))


def test_names_that_tools_use():
    executor = GridExecutor(InterpretedFunction(place_kernel), ["x"], (2, 3))
    x = torch.zeros(6, dtype=torch.int32)
    executor(x)
    assert x.tolist() == [0, 1, 10, 11, 20, 21]
    interpreter_builder.set_grid_idx(1, 2, 3)
    assert interpreter_builder.grid_idx == (1, 2, 3)
    assert TensorHandle(np.zeros(3), tl.float32).clone().data.shape == (3,)


@triton.jit
def place_kernel(x):
    tl.store(x + tl.program_id(1) * tl.num_programs(0) + tl.program_id(0), tl.program_id(1) * 10 + tl.program_id(0))


@triton.jit
def shapes_of(a, B: tl.constexpr):
    d = tl.make_tensor_descriptor(a, shape=[64, 64], strides=[64, 1], block_shape=[B, B])
    if d.block_shape == [B, B]:
        tl.store(a, 1.0)
    if d.block_shape == (B, B):
        tl.store(a + 1, 1.0)


def test_a_descriptor_has_a_shape_that_equals_a_list():
    (a,) = both(shapes_of, (1,), torch.zeros(64, 64), outputs=[0], B=16)
    assert a[0, 0] == a[0, 1] == 1
