"""Layouts as linear maps over F2, to be computed with in Python: `triton.tools.LinearLayout`.

A layout takes coordinates (register 3, lane 5) to coordinates (row 2, column 8). Each bit of the input contributes a
fixed set of output bits, and contributions are added without carry. So a layout is a matrix of bits: one column for
each input bit, dimension after dimension, the lowest bit first; its rows are the output bits in the same order.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def _bits_of(size: int, what: str) -> int:
    if size < 1 or size & (size - 1):
        raise ValueError(f"LinearLayout: the size of {what} is a power of 2, not {size}")
    return size.bit_length() - 1


class LinearLayout:
    """A linear map from named input dimensions to named output dimensions.

    Made by `from_bases`, `identity_1d`, `strided_1d`, `zeros_1d`, and of others: `a * b` stands side by side,
    `a.compose(b)` one after the other.

    Attributes
    ----------
    bases : list of (str, list of list of int)
        For each input dimension the outputs of its coordinates 1, 2, 4, ...
    out_dims : list of (str, int)
        Output dimensions and their sizes.
    """

    def __init__(self, ins: list, outs: list, columns: list) -> None:
        self._ins = ins  # (name, bits)
        self._outs = outs  # (name, bits)
        self._columns = columns  # one number per input bit: the output bits that it flips

    # ---- making ------------------------------------------------------------------------------------------------------

    @staticmethod
    def from_bases(
        bases: Sequence[tuple[str, Sequence[Sequence[int]]]],
        out_dim_names: Sequence[str],
        out_dim_sizes: Sequence[int] | None = None,
        require_surjective: bool = True,
    ) -> LinearLayout:
        """The layout of these bases; output dimensions are as large as they must be where no sizes are given."""
        for name, rows in bases:
            for row in rows:
                if len(row) != len(out_dim_names) or any(x < 0 for x in row):
                    raise ValueError(f"LinearLayout: a basis of `{name}` has a number from 0 on for each output: {row}")
        if out_dim_sizes is None:
            widths = [
                max([row[i].bit_length() for _, rows in bases for row in rows], default=0)
                for i in range(len(out_dim_names))
            ]
        else:
            widths = [_bits_of(size, f"`{n}`") for n, size in zip(out_dim_names, out_dim_sizes, strict=True)]
        for name, rows in bases:
            for row in rows:
                for x, width, out in zip(row, widths, out_dim_names, strict=True):
                    if x >> width:
                        raise ValueError(f"LinearLayout: a basis of `{name}` leads out of `{out}`: {x}")
        layout = LinearLayout([(name, len(rows)) for name, rows in bases],
                              list(zip(out_dim_names, widths, strict=True)), [])  # fmt: skip
        layout._columns = [layout._join(row) for _, rows in bases for row in rows]
        if require_surjective and not layout.is_surjective():
            raise ValueError(f"LinearLayout: not every output can be reached:{layout}")
        return layout

    @staticmethod
    def strided_1d(size: int, stride: int, inDim: str, outDim: str) -> LinearLayout:  # noqa: N803
        """i to stride * i."""
        if size == 1:
            return LinearLayout([(inDim, 0)], [(outDim, 0)], [])
        n, shift = _bits_of(size, f"`{inDim}`"), _bits_of(stride, "a stride")
        return LinearLayout([(inDim, n)], [(outDim, n + shift)], [1 << (i + shift) for i in range(n)])

    @staticmethod
    def identity_1d(size: int, inDim: str, outDim: str) -> LinearLayout:  # noqa: N803
        """i to i."""
        return LinearLayout.strided_1d(size, 1, inDim, outDim)

    @staticmethod
    def zeros_1d(size: int, inDim: str, outDim: str, outDimSize: int = 1) -> LinearLayout:  # noqa: N803
        """Everything to 0."""
        n, m = _bits_of(size, f"`{inDim}`"), _bits_of(outDimSize, f"`{outDim}`")
        return LinearLayout([(inDim, n)], [(outDim, m)], [0] * n)

    # ---- parts -------------------------------------------------------------------------------------------------------

    def _join(self, row: Sequence[int]) -> int:
        word, at = 0, 0
        for x, (_, width) in zip(row, self._outs, strict=True):
            word |= x << at
            at += width
        return word

    def _split(self, word: int) -> list[int]:
        row = []
        for _, width in self._outs:
            row.append(word & ((1 << width) - 1))
            word >>= width
        return row

    def _pieces(self) -> list[tuple[str, list[int]]]:
        """The columns of each input dimension."""
        pieces, at = [], 0
        for name, n in self._ins:
            pieces.append((name, self._columns[at : at + n]))
            at += n
        return pieces

    @property
    def bases(self) -> list:
        return [(name, [self._split(word) for word in words]) for name, words in self._pieces()]

    @property
    def out_dims(self) -> list:
        return [(name, 1 << width) for name, width in self._outs]

    @property
    def num_in_dims(self) -> int:
        return len(self._ins)

    @property
    def num_out_dims(self) -> int:
        return len(self._outs)

    def get_in_dim_names(self) -> list[str]:
        """The names of the input dimensions."""
        return [name for name, _ in self._ins]

    def get_out_dim_names(self) -> list[str]:
        """The names of the output dimensions."""
        return [name for name, _ in self._outs]

    def get_matrix_view(self) -> list[list[int]]:
        """The matrix: a row for each output bit."""
        return [[word >> i & 1 for word in self._columns] for i in range(sum(width for _, width in self._outs))]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LinearLayout):
            return NotImplemented
        return self.bases == other.bases and self._outs == other._outs

    def __hash__(self) -> int:
        return hash((tuple(self._ins), tuple(self._outs), tuple(self._columns)))

    def __str__(self) -> str:
        lines = [""]
        for name, rows in self.bases:
            for i, row in enumerate(rows):
                lines.append(f"{'   ' if i else ' - '}{name}={1 << i} -> ({', '.join(map(str, row))})")
            if not rows:
                lines.append(f" - {name} is a size 1 dimension")
        sizes = ", ".join(f"{name} (size {size})" for name, size in self.out_dims)
        return "\n".join(lines) + f"\nwhere out dims are: [{sizes}]"

    __repr__ = __str__

    # ---- facts -------------------------------------------------------------------------------------------------------

    def _rank(self) -> int:
        return len(_echelon(self._columns))

    def is_surjective(self) -> bool:
        """Whether every output is reached."""
        return self._rank() == sum(width for _, width in self._outs)

    def is_injective(self) -> bool:
        """Whether different inputs have different outputs."""
        return self._rank() == len(self._columns)

    def is_invertible(self) -> bool:
        """Whether it is both."""
        return self.is_surjective() and self.is_injective()

    # ---- computing ---------------------------------------------------------------------------------------------------

    def _check_names(self, given: Sequence[str], wanted: Sequence[str], what: str) -> None:
        if sorted(given) != sorted(wanted):
            raise ValueError(f"LinearLayout: {what} are {', '.join(wanted)}, not {', '.join(given)}")

    def _apply(self, word: int) -> int:
        out = 0
        for i, column in enumerate(self._columns):
            if word >> i & 1:
                out ^= column
        return out

    def apply(self, inputs: dict[str, int]) -> dict[str, int]:
        """The output of coordinates by name."""
        self._check_names(list(inputs), self.get_in_dim_names(), "the inputs")
        word, at = 0, 0
        for name, n in self._ins:
            if inputs[name] >> n:
                raise ValueError(f"LinearLayout: `{name}` goes from 0 to {(1 << n) - 1}, and {inputs[name]} was given")
            word |= inputs[name] << at
            at += n
        return dict(zip(self.get_out_dim_names(), self._split(self._apply(word)), strict=True))

    def __mul__(self, other: LinearLayout) -> LinearLayout:
        """Both side by side; dimensions that they share are lengthened, this layout's bits are the low ones."""
        outs = dict(self._outs)
        shift = {name: outs.get(name, 0) for name, _ in other._outs}
        for name, width in other._outs:
            outs[name] = outs.get(name, 0) + width
        rows = {name: [dict(zip(self.get_out_dim_names(), row, strict=True)) for row in rows]
                for name, rows in self.bases}  # fmt: skip
        for name, more in other.bases:
            rows.setdefault(name, []).extend(
                {out: x << shift[out] for out, x in zip(other.get_out_dim_names(), row, strict=True)} for row in more
            )
        bases = [(name, [[row.get(out, 0) for out in outs] for row in given]) for name, given in rows.items()]
        return LinearLayout.from_bases(bases, list(outs), [1 << width for width in outs.values()], False)

    __imul__ = __mul__

    def compose(self, outer: LinearLayout) -> LinearLayout:
        """This layout and then `outer`, whose inputs are the outputs of this one."""
        self._check_names(self.get_out_dim_names(), outer.get_in_dim_names(), "the outer layout's inputs")
        bases = []
        for name, rows in self.bases:
            outs = [outer.apply(dict(zip(self.get_out_dim_names(), row, strict=True))) for row in rows]
            bases.append((name, [[out[n] for n in outer.get_out_dim_names()] for out in outs]))
        return LinearLayout.from_bases(bases, outer.get_out_dim_names(), [s for _, s in outer.out_dims], False)

    def invert_and_compose(self, outer: LinearLayout) -> LinearLayout:
        """The layout that takes this one's inputs to inputs of `outer` that have the same output there."""
        self._check_names(self.get_out_dim_names(), outer.get_out_dim_names(), "the outputs of both")
        order = [outer.get_out_dim_names().index(name) for name in self.get_out_dim_names()]
        pivots = _echelon([self._join([row[i] for i in order]) for _, rows in outer.bases for row in rows])
        solved = []
        for word in self._columns:
            rest, chosen = word, 0
            for pivot, (vector, combination) in pivots.items():
                if rest >> pivot & 1:
                    rest ^= vector
                    chosen ^= combination
            if rest:
                raise ValueError("LinearLayout: the outer layout does not reach all outputs of this one")
            solved.append(chosen)
        return LinearLayout(list(self._ins), list(outer._ins), solved)

    def pseudoinvert(self) -> LinearLayout:
        """A layout from outputs to one of the inputs that have them."""
        if not self.is_surjective():
            raise ValueError(f"LinearLayout: not every output can be reached:{self}")
        outs = list(self._outs)
        identity = LinearLayout(outs, outs, [1 << i for i in range(sum(width for _, width in outs))])
        return identity.invert_and_compose(self)

    def invert(self) -> LinearLayout:
        """The layout from outputs to inputs."""
        if not self.is_invertible():
            raise ValueError(f"LinearLayout: this one cannot be inverted:{self}")
        return self.pseudoinvert()


def _echelon(columns: Sequence[int]) -> dict[int, tuple[int, int]]:
    """By highest bit, falling: independent vectors, and which columns (as bits) each is the sum of. Early columns are
    preferred."""
    pivots: dict[int, tuple[int, int]] = {}
    for i, word in enumerate(columns):
        combination = 1 << i
        while word:
            pivot = word.bit_length() - 1
            if pivot not in pivots:
                pivots[pivot] = (word, combination)
                break
            word ^= pivots[pivot][0]
            combination ^= pivots[pivot][1]
    return dict(sorted(pivots.items(), reverse=True))
