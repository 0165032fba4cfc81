"""x.type of constants and tuples, tl.constexpr_type, tl.tuple_type, tl.slice; a path without a return."""

import numpy as np
import pytest
import triton
import triton.language as tl
from triton.language.core import constexpr_type


@triton.jit
def both(x):
    if x < 0:
        return 1, x
    else:
        return 0, x


@triton.jit
def types_kernel(out, t, n: tl.constexpr, f: tl.constexpr):
    tl.static_assert(n.type == tl.constexpr_type(7))
    tl.static_assert(n.type != constexpr_type(8))
    tl.static_assert(isinstance(f.type, tl.constexpr_type))
    tl.static_assert(f.type.value == 2.5)
    shape: tl.constexpr = (n, (1, 2))
    tl.static_assert(shape.type == constexpr_type((7, (1, 2))))
    m = n
    tl.static_assert(m.type == tl.int32)
    tl.static_assert(not isinstance(m.type, tl.constexpr_type))
    tl.static_assert(isinstance(t[1].type, tl.constexpr_type))
    pair = both(tl.program_id(0))
    tl.static_assert(pair.type == tl.tuple_type([tl.int32, tl.int32]))
    tl.static_assert(isinstance(pair.type, tl.tuple_type))
    items: tl.constexpr = (1, 2, 3, 4)
    middle: tl.constexpr = tl.slice(1, 3)
    tl.static_assert(items[middle] == (2, 3))
    tl.static_assert(items[tl.slice(None, None, -1)] == (4, 3, 2, 1))
    tl.static_assert(middle.stop == 3 and middle.step is None)
    tl.store(out, pair[0] + t[0])


def test_types():
    out = np.zeros(1, np.int32)
    types_kernel[(1,)](out, (5, 1), 7, 2.5)
    assert out[0] == 5
    assert constexpr_type(3) == tl.constexpr(3).type


@triton.jit
def sometimes(x, n):
    if n > 3:
        return x + 1


@triton.jit
def sometimes_kernel(out, n):
    tl.store(out, sometimes(5, n))


def test_a_path_without_a_return_gives_anything():
    out = np.zeros(1, np.int32)
    sometimes_kernel[(1,)](out, 4)
    assert out[0] == 6
    with pytest.raises(triton.CompilationError, match="constexpr_type"):

        @triton.jit
        def wrong(out):
            tl.constexpr_type(tl.program_id(0))

        wrong[(1,)](out)


@triton.jit
def shifted(x, BY: tl.constexpr, TIMES: tl.constexpr = 2):
    return (x + BY) * TIMES


@triton.jit
def run_time_values_kernel(out, n):
    i = tl.arange(0, 8)
    Y: tl.constexpr = n + 1
    tl.store(out + i, shifted(i, n) + shifted(i, 1, n) + shifted(i, 1) + Y)
    for k in range(n):
        Y: tl.constexpr = k
        tl.store(out + 8 + k, Y)


def test_a_run_time_value_where_a_constant_is_declared():
    out = np.zeros(16, np.int32)
    run_time_values_kernel[(1,)](out, 6)
    i = np.arange(8)
    assert (out[:8] == (i + 6) * 2 + (i + 1) * 6 + (i + 1) * 2 + 7).all()
    assert out[8:].tolist() == [0, 1, 2, 3, 4, 5, 0, 0]
