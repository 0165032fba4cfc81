"""What a launch must do: the bytes that it moves and the operations that it computes, counted in its Triton IR.

The IR is walked for some of the grid's programs with the launch's integers for its arguments, so that the bounds of
loops are known; where a bound is not (it was loaded, a `while`), the loop counts once, and the count is a lower limit.
Both sides of an `if` whose condition is not known count half.

Bytes: an argument's tensor is read at least once if any load reads it and written once if any store writes it, but no
more of it than the accesses touch. Operations: 2 m n k of a matmul; one for each element of other arithmetic on
floats.
"""

from __future__ import annotations

import math
import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

PROGRAMS = 32  # that are walked at most

_FLOAT_OPS = re.compile(
    r"arith\.(add|sub|mul|div|rem|neg|maximum|minimum|maxnum|minnum)f|math\.\w+|tt\.(precise_\w+|clampf)"
)
_READS = {"tt.load": 0, "tt.descriptor_load": 0, "tt.descriptor_gather": 0}
_WRITES = {"tt.store": 0, "tt.descriptor_store": 0, "tt.descriptor_reduce": 0, "tt.descriptor_scatter": 0}
_BITS = {"f8": 8, "bf16": 16, "f16": 16, "f32": 32, "f64": 64}


class Work:
    """What a launch must do.

    Attributes
    ----------
    read, written : dict
        Bytes by argument.
    matmuls : dict
        Operations of `tl.dot` by the operands' type.
    other : float
        Operations on floats beside them.
    whole : bool
        Every loop's length is known.
    """

    def __init__(self) -> None:
        self.read: dict[int, float] = {}
        self.written: dict[int, float] = {}
        self.matmuls: dict[str, float] = {}
        self.other = 0.0
        self.whole = True

    @property
    def bytes(self) -> float:
        return sum(self.read.values()) + sum(self.written.values())

    @property
    def operations(self) -> float:
        return sum(self.matmuls.values()) + self.other


def shape_of(type_text: str) -> tuple[list[int], str]:
    """`tensor<32x64xf32>`: its extents and what its elements are; a scalar has none."""
    inner = re.match(r"tensor<((?:\d+x)*)(.*?)(?:, .*)?>$", type_text)
    if not inner:
        return [], type_text
    return [int(n) for n in inner[1].split("x") if n], inner[2]


def _bytes_of(element: str) -> float:
    match = re.match(r"(?:!tt\.ptr<)?(bf16|f8|f16|f32|f64|i\d+)", element)
    if not match:
        return 0
    return _BITS.get(match[1]) / 8 if match[1] in _BITS else max(1, int(match[1][1:]) // 8)


def _divide(a: int, b: int) -> int | None:
    if b == 0:
        return None
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


_INTEGER_OPS = {
    "arith.addi": lambda a, b: a + b,
    "arith.subi": lambda a, b: a - b,
    "arith.muli": lambda a, b: a * b,
    "arith.divsi": _divide,
    "arith.divui": _divide,
    "arith.remsi": lambda a, b: math.fmod(a, b) if b else None,
    "arith.remui": lambda a, b: a % b if b else None,
    "arith.minsi": min,
    "arith.maxsi": max,
    "arith.minui": min,
    "arith.maxui": max,
    "arith.andi": lambda a, b: a & b,
    "arith.ori": lambda a, b: a | b,
    "arith.extsi": lambda a: a,
    "arith.extui": lambda a: a,
    "arith.trunci": lambda a: a,
    "arith.index_cast": lambda a: a,
    "arith.select": lambda c, a, b: a if c else b,
}


class _Walk:
    """One program of the grid."""

    def __init__(self, work: Work, pid: tuple, grid: tuple, weight: float, touched: dict) -> None:
        self.work = work
        self.pid = pid
        self.grid = grid
        self.weight = weight
        self.touched = touched  # (argument, is it written): bytes that accesses touch
        self.known: dict[int, int] = {}
        self.sources: dict[int, frozenset] = {}

    def operands(self, op: Any) -> list:
        return [op.get_operand(i) for i in range(op.get_num_operands())]

    def number(self, op: Any, ins: list) -> int | None:
        name = op.get_name()
        if name == "arith.constant":
            match = re.match(r"(-?\d+) : (?:i\d+|index)$", str(op.get_attr("value")))
            truth = {"true": 1, "false": 0}.get(str(op.get_attr("value")))
            return int(match[1]) if match else truth
        if name == "tt.get_program_id":
            return self.pid[op.get_int_attr("axis")]
        if name == "tt.get_num_programs":
            return self.grid[op.get_int_attr("axis")]
        function = _INTEGER_OPS.get(name)
        values = [self.known.get(v.id()) for v in ins]
        if function is None or None in values:
            return None
        result = function(*values)
        return None if result is None else int(result)

    def access(self, op: Any, ins: list, pointer: int, writes: bool, factor: float) -> None:
        value = op.get_result(0) if op.get_num_results() else ins[1 if len(ins) > 1 else 0]
        shape, element = shape_of(str(value.get_type()))
        amount = math.prod(shape) * _bytes_of(element) * factor * self.weight
        for argument in self.sources.get(ins[pointer].id(), ()):
            key = (argument, writes)
            self.touched[key] = self.touched.get(key, 0) + amount

    def arithmetic(self, op: Any, ins: list, factor: float) -> None:
        name = op.get_name()
        if name in ("tt.dot", "tt.dot_scaled", "tt.reduce", "tt.scan"):
            shape, element = shape_of(str(ins[0].get_type()))
            if name.startswith("tt.dot"):
                columns = shape_of(str(op.get_result(0).get_type()))[0][-1]
                amount = 2 * math.prod(shape) * columns * factor * self.weight
                self.work.matmuls[element] = self.work.matmuls.get(element, 0) + amount
            elif re.match(r"b?f\d", element):
                self.work.other += math.prod(shape) * factor * self.weight
        elif _FLOAT_OPS.fullmatch(name):
            self.work.other += math.prod(shape_of(str(op.get_result(0).get_type()))[0]) * factor * self.weight

    def run(self, block: Any, factor: float) -> None:
        """All ops of the block, and those within them; blocks of ops in turn, each once."""
        work = [(iter(block.ops()), factor, None)]
        while work:
            ops, factor, owner = work[-1]
            op = next(ops, None)
            if op is None:
                work.pop()
                continue
            name, ins = op.get_name(), self.operands(op)
            if name in ("scf.yield", "scf.condition") and owner is not None:
                self._flow(
                    ins[len(ins) - owner.get_num_results() :],
                    [owner.get_result(i) for i in range(owner.get_num_results())],
                )
                continue
            self._one(op, name, ins, factor)
            for region in reversed(range(op.get_num_regions() if name.startswith("scf.") else 0)):
                inner = op.get_region(region)
                if inner.empty():
                    continue
                times = self._times(op, name, ins, region)
                body = inner.get_block(0)
                if name == "scf.for":
                    arguments = [body.get_argument(i) for i in range(body.get_num_arguments())]
                    self._flow(ins[3:], arguments[1:])
                    first, last = (self.known.get(ins[i].id()) for i in (0, 1))
                    if first is not None and last is not None:
                        self.known[arguments[0].id()] = (first + last) // 2
                elif name == "scf.while":
                    self._flow(ins, [body.get_argument(i) for i in range(body.get_num_arguments())])
                work.append((iter(body.ops()), factor * times, op))

    def _flow(self, given: Iterable, to: Iterable) -> None:
        for a, b in zip(given, to, strict=False):
            more = self.sources.get(a.id())
            if more:
                self.sources[b.id()] = self.sources.get(b.id(), frozenset()) | more

    def _times(self, op: Any, name: str, ins: list, region: int) -> float:
        if name == "scf.if":
            condition = self.known.get(ins[0].id())
            return 0.5 if condition is None else float(bool(condition) == (region == 0))
        if name != "scf.for":
            self.work.whole = False
            return 1.0
        first, last, step = (self.known.get(v.id()) for v in ins[:3])
        if first is None or last is None or not step:
            self.work.whole = False
            return 1.0
        return max(0, -((first - last) // step))

    def _one(self, op: Any, name: str, ins: list, factor: float) -> None:
        if name in _READS:
            self.access(op, ins, _READS[name], False, factor)
        elif name in _WRITES:
            self.access(op, ins, _WRITES[name], True, factor)
        elif name.startswith("tt.atomic"):
            self.access(op, ins, 0, False, factor)
            self.access(op, ins, 0, True, factor)
        else:
            self.arithmetic(op, ins, factor)
        results = [op.get_result(i) for i in range(op.get_num_results())]
        if len(results) == 1:
            value = self.number(op, ins)
            if value is not None:
                self.known[results[0].id()] = value
        for r in results:
            if r.get_type().is_pointer() or "tensordesc" in str(r.get_type()):
                sources = frozenset().union(*(self.sources.get(v.id(), frozenset()) for v in ins))
                if sources:
                    self.sources[r.id()] = sources


def _some_programs(grid: tuple) -> list[tuple[int, int, int]]:
    n = grid[0] * grid[1] * grid[2]
    chosen = range(n) if n <= PROGRAMS else [i * (n - 1) // (PROGRAMS - 1) for i in range(PROGRAMS)]
    return [(i % grid[0], i // grid[0] % grid[1], i // grid[0] // grid[1]) for i in chosen]


def count(ttir: str, values: list, sizes: list[float | None], grid: tuple) -> Work:
    """The work of a launch.

    Parameters
    ----------
    ttir : str
        The kernel.
    values : list
        Of each run-time argument the integer, or None.
    sizes : list
        Of each the bytes of its tensor, or None.
    grid : tuple
        Three numbers.
    """
    from ._C import libtriton as _C

    module = _C.parse_ir(ttir, "kernel.ttir")
    body = module.get_function(module.get_entry_func_name()).get_region(0).get_block(0)
    work, touched = Work(), {}
    programs = _some_programs(grid)
    weight = grid[0] * grid[1] * grid[2] / max(1, len(programs))
    for pid in programs:
        walk = _Walk(work, pid, grid, weight, touched)
        for i in range(min(body.get_num_arguments(), len(values))):
            argument = body.get_argument(i)
            if values[i] is not None:
                walk.known[argument.id()] = values[i]
            if sizes[i] is not None:
                walk.sources[argument.id()] = frozenset([i])
        walk.run(body, 1.0)
    for (argument, writes), amount in touched.items():
        (work.written if writes else work.read)[argument] = min(amount, sizes[argument])
    return work
