"""Objects in kernels: named tuples and aggregates, their constructors, methods, operators and copies."""

from typing import NamedTuple

import numpy as np
import pytest
import triton
import triton.language as tl
from triton.runtime.interpreter import InterpretedFunction


class Pair(NamedTuple):
    first: object
    second: object = 7


@triton.jit
def swap(p):
    return Pair(p.second, p.first)


@triton.jit
def named_tuple_kernel(out, n):
    p = Pair(n, second=n + 1)
    for _i in range(3):
        p = swap(p)
    if n > 3:
        p = Pair(p.first * 10, p.second)
    q = Pair(n)
    tl.static_assert(isinstance(p, Pair))
    tl.store(out, p.first)
    tl.store(out + 1, p.second)
    tl.store(out + 2, q.first + q.second)


@pytest.mark.parametrize("n", [2, 5])
def test_named_tuples_made_in_kernels(n):
    out = np.zeros(3, np.int32)
    named_tuple_kernel[(1,)](out, n)
    assert out.tolist() == [(n + 1) * (10 if n > 3 else 1), n, n + 7]


@triton.aggregate
class Range:
    low: tl.tensor
    high: tl.tensor
    step: tl.constexpr = 2

    SCALE = tl.constexpr(3)

    @triton.jit
    def size(self):
        return (self.high - self.low) // self.step

    @triton.jit
    def grown(self, by):
        return Range(self.low - by, self.high + by, self.step)

    @staticmethod
    @triton.jit
    def upto(high):
        return Range(high * 0, high)

    @property
    @triton.jit
    def middle(self):
        return (self.low + self.high) // 2

    @triton.jit
    def __add__(self, other):
        return Range(self.low + other, self.high + other, self.step)

    @triton.jit
    def __getitem__(self, i):
        return self.low + i * self.step


@tl.core._aggregate
class Counter:
    count: tl.tensor
    name: tl.constexpr

    def __init__(self, start, name):
        doubled = start * 2
        self.count = doubled
        self.name = name

    def next(self):
        return tl.aggregate_replace(self, count=self.count + 1)


@triton.jit
def aggregate_kernel(out, n):
    r = Range.upto(n).grown(by=4) + 100
    for i in range(2):
        r = r + i
    c = Counter(n, "c")
    while c.count < 40:
        c = c.next()
    tl.static_assert(c.name == "c")
    tl.static_assert(r.step == 2)
    tl.static_assert(isinstance(r, Range) and not isinstance(r, Counter))
    tl.store(out, r.size())
    tl.store(out + 1, r.middle)
    tl.store(out + 2, r[3])
    tl.store(out + 3, c.count)
    tl.store(out + 4, r.step * Range.SCALE)


@pytest.fixture(params=["compiled", "interpreted"])
def how(request):
    return InterpretedFunction if request.param == "interpreted" else lambda kernel: kernel


def test_aggregates(how):
    out = np.zeros(5, np.int32)
    how(aggregate_kernel)[(1,)](out, 10)
    low, high = -4 + 101, 14 + 101
    assert out.tolist() == [(high - low) // 2, (low + high) // 2, low + 6, 40, 6]


@triton.aggregate
class Point:
    x: tl.tensor
    y: tl.tensor

    @triton.jit
    def __neg__(self):
        return Point(-self.x, -self.y)

    @triton.jit
    def __invert__(self):
        return Point(self.y, self.x)

    @triton.jit
    def __rmul__(self, by):
        return Point(self.x * by, self.y * by)

    @triton.jit
    def __lt__(self, other):
        return self.x < other.x

    @triton.jit
    def __eq__(self, other):
        return self.x == other.x


@triton.jit
def point_operators_kernel(out, n):
    p, q = Point(n, n * 2), Point(n + 1, n)
    r = ~(-(3 * p))
    tl.store(out, r.x)
    tl.store(out + 1, r.y)
    tl.store(out + 2, (p < q).to(tl.int32) + (p > q).to(tl.int32) * 2)
    tl.store(out + 3, (p == q).to(tl.int32) + (p == p).to(tl.int32) * 2)


def test_operators_of_aggregates(how):
    out = np.zeros(4, np.int32)
    how(point_operators_kernel)[(1,)](out, 5)
    assert out.tolist() == [-30, -15, 1, 2]


@triton.aggregate
class Wide(Range):
    extra: tl.tensor

    @triton.jit
    def size(self):
        return self.high - self.low + self.extra


@triton.jit
def inherited_kernel(out, n):
    w = Wide(n, n * 2, 1, extra=n)
    tl.store(out, w.size() + w.middle)


def test_inheritance(how):
    out = np.zeros(1, np.int32)
    how(inherited_kernel)[(1,)](out, 10)
    assert out[0] == 20 + 15
    with pytest.raises(TypeError, match="only inherit from other aggregates"):

        @triton.aggregate
        class Wrong(dict):
            x: tl.tensor


CONFIG = tl.constexpr(Counter(4, "outside"))


@triton.jit
def constant_object_kernel(out, CONSTANT: tl.constexpr):
    tl.store(out, CONSTANT.step + CONFIG.count)


def test_objects_as_constants():
    out = np.zeros(1, np.int32)
    constant_object_kernel[(1,)](out, Range(1, 2, step=5))
    assert out[0] == 5 + 8


@triton.constexpr_function
def passed_through(x):
    return x


@triton.jit
def round_trip_kernel(out):
    tl.static_assert(passed_through(Pair(0, 3)).second == 3)
    tl.static_assert(passed_through(Pair(0)).second == 7)
    tl.store(out, passed_through(Pair(5)).first)


def test_objects_through_host_functions():
    out = np.zeros(1, np.int32)
    round_trip_kernel[(1,)](out)
    assert out[0] == 5


def test_objects_made_by_python():
    r = Range(3, high=8)
    assert (r.low.value, r.high.value, r.step.value) == (3, 8, 2)
    assert tl.aggregate_replace(r, low=9).low == 9
    with pytest.raises(AttributeError, match="immutable aggregate Range"):
        r.low = 3
    with pytest.raises(TypeError, match="missing required argument: 'high'"):
        Range(3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        Range(3, other=4)


@triton.jit
def assigns_kernel(out, n):
    r = Range(n, n)
    r.low = n


@triton.jit
def misses_kernel(out, n):
    Range(n)


@triton.jit
def unknown_field_kernel(out, n):
    Range(n, n, steps=3)


@triton.aggregate
class Unfinished:
    a: tl.tensor
    b: tl.tensor

    def __init__(self, a):
        self.a = a


@triton.jit
def unfinished_kernel(out, n):
    Unfinished(n)


@pytest.mark.parametrize(
    "kernel, message",
    [
        (assigns_kernel, "objects of `Range` do not change"),
        (misses_kernel, "misses a value for its field `high`"),
        (unknown_field_kernel, "`Range` has no field `steps`"),
        (unfinished_kernel, "did not initialize its field `b`"),
    ],
    ids=lambda x: getattr(x, "__name__", None),
)
def test_misuse(kernel, message):
    with pytest.raises(triton.CompilationError, match=message):
        kernel[(1,)](np.zeros(1, np.int32), 3)


@triton.aggregate
class Sized:
    value: tl.tensor
    size: tl.constexpr

    @triton.constexpr_function
    def __init__(self, value, size):
        self.value = value
        self.size = tl.constexpr(size)

    @triton.constexpr_function
    def times(self, k=2):
        return self.size * k

    @triton.jit
    def grown(self, x):
        return Sized(self.value * self.times() + x, self.size)


@triton.jit
def sized_kernel(x, out, n):
    s = Sized(tl.load(x + tl.arange(0, 16)), 8)
    at = tl.arange(0, s.times())
    for k in range(n):
        s = s.grown(k) if k != 1 else Sized(s.value - 1, s.size)
    t = Sized(s.value, s.times(k=3))
    tl.store(out + at, t.value + t.size)


def test_methods_that_the_host_evaluates():
    """A constructor and methods marked @triton.constexpr_function: numbers in fields stay compile-time values."""
    x, out = np.arange(16, dtype=np.int32), np.zeros(16, np.int32)
    sized_kernel[(1,)](x, out, 3)
    assert np.array_equal(out, (x * 16 - 1) * 16 + 2 + 24)


@triton.jit
def asking_kernel(out, n, METHOD: tl.constexpr, PROPERTY: tl.constexpr):
    r = Range(n, n + 10)
    tl.static_assert(hasattr(r, "size") and hasattr(r, "middle") and hasattr(r, "low"))
    tl.static_assert(not hasattr(r, "width"))
    tl.store(out, getattr(r, PROPERTY))
    tl.store(out + 1, getattr(r, "width", 4))
    tl.store(out + 2, getattr(r, METHOD)())


def test_hasattr_and_getattr_see_what_the_class_has():
    out = np.zeros(3, np.int32)
    asking_kernel[(1,)](out, 3, "size", "middle")
    assert out.tolist() == [8, 4, 5]
