"""`triton.tools.LinearLayout`."""

import itertools
import random

import pytest
from triton._C.libtriton import linear_layout
from triton.tools import LinearLayout as L


def some(seed, ins=(("a", 2), ("b", 3)), outs=(("x", 3), ("y", 2))):
    pick = random.Random(seed)
    bases = [(name, [[pick.randrange(1 << width) for _, width in outs] for _ in range(n)]) for name, n in ins]
    return L.from_bases(bases, [name for name, _ in outs], [1 << width for _, width in outs], False)


def inputs(layout):
    sizes = [(name, 1 << len(rows)) for name, rows in layout.bases]
    for values in itertools.product(*[range(size) for _, size in sizes]):
        yield dict(zip([name for name, _ in sizes], values, strict=True))


def key(coordinates):
    return tuple(sorted(coordinates.items()))


@pytest.mark.parametrize("seed", range(20))
def test_facts_are_those_of_all_coordinates(seed):
    layout = some(seed)
    reached = {key(layout.apply(i)) for i in inputs(layout)}
    assert layout.is_injective() == (len(reached) == 32)
    assert layout.is_surjective() == (len(reached) == 32)
    matrix = layout.get_matrix_view()
    assert len(matrix) == 5 and all(len(row) == 5 for row in matrix)
    for i in inputs(layout):
        bits = [i["a"] & 1, i["a"] >> 1, *[i["b"] >> k & 1 for k in range(3)]]
        got = [sum(m & b for m, b in zip(row, bits, strict=True)) % 2 for row in matrix]
        out = layout.apply(i)
        assert got == [out["x"] >> k & 1 for k in range(3)] + [out["y"] >> k & 1 for k in range(2)]


@pytest.mark.parametrize("seed", range(20))
def test_layouts_of_layouts(seed):
    first, second = some(seed), some(seed + 100, ins=(("y", 2), ("x", 3)), outs=(("p", 1), ("q", 4)))
    both = first.compose(second)
    for i in inputs(first):
        assert both.apply(i) == second.apply(first.apply(i))
    beside = first * some(seed + 200, ins=(("b", 1), ("c", 1)), outs=(("y", 2), ("z", 1)))
    assert [len(rows) for _, rows in beside.bases] == [2, 4, 1] and beside.out_dims == [("x", 8), ("y", 16), ("z", 2)]
    other = some(seed + 200, ins=(("b", 1), ("c", 1)), outs=(("y", 2), ("z", 1)))
    for i in inputs(beside):
        low, high = first.apply({"a": i["a"], "b": i["b"] & 7}), other.apply({"b": i["b"] >> 3, "c": i["c"]})
        assert beside.apply(i) == {"x": low["x"], "y": low["y"] | high["y"] << 2, "z": high["z"]}


@pytest.mark.parametrize("seed", range(40))
def test_inverses(seed):
    layout, wide = some(seed), some(seed, ins=(("a", 4), ("b", 4)))
    if layout.is_invertible():
        inverse = layout.invert()
        assert all(inverse.apply(layout.apply(i)) == i for i in inputs(layout)) and inverse.invert() == layout
    else:
        with pytest.raises(ValueError, match="cannot be inverted"):
            layout.invert()
    if wide.is_surjective():
        back, through = wide.pseudoinvert(), layout.invert_and_compose(wide)
        assert all(wide.apply(back.apply(o)) == o for o in inputs(back))
        assert all(wide.apply(through.apply(i)) == layout.apply(i) for i in inputs(layout))


def test_small_ones():
    assert L.identity_1d(8, "i", "o").apply({"i": 5}) == {"o": 5}
    assert L.strided_1d(4, 2, "i", "o").get_matrix_view() == [[0, 0], [1, 0], [0, 1]]
    assert L.zeros_1d(4, "i", "o", outDimSize=2).out_dims == [("o", 2)]
    assert L.identity_1d(1, "i", "o").bases == [("i", [])]
    a = L.identity_1d(4, "i", "o")
    assert a == L.identity_1d(4, "i", "o") and a != L.identity_1d(8, "i", "o") and a * a == L.identity_1d(16, "i", "o")
    assert str(a) == "\n - i=1 -> (1)\n   i=2 -> (2)\nwhere out dims are: [o (size 4)]"
    assert linear_layout.LinearLayout is L and a.num_in_dims == a.num_out_dims == 1


def test_mistakes():
    with pytest.raises(ValueError, match="the size of `i` is a power of 2, not 3"):
        L.identity_1d(3, "i", "o")
    with pytest.raises(ValueError, match="not every output can be reached"):
        L.from_bases([("i", [[1]])], ["o"], [4])
    with pytest.raises(ValueError, match="leads out of `o`: 4"):
        L.from_bases([("i", [[4]])], ["o"], [4], False)
    with pytest.raises(ValueError, match="the inputs are i, not j"):
        L.identity_1d(4, "i", "o").apply({"j": 1})
    with pytest.raises(ValueError, match="`i` goes from 0 to 3, and 4 was given"):
        L.identity_1d(4, "i", "o").apply({"i": 4})
