"""`triton.autotune(configs="auto")`: which configurations are worth measuring, from what compiles say.

Problem. A kernel's block sizes, warps and stages span hundreds of configurations. Which parameters are block sizes,
what sizes are right at all, and which are worth a measurement, is to be found without knowing the kernel.

Idea. The unknowns are the `tl.constexpr` parameters that have no default and that neither the launch nor a heuristic
gives. The kernel is compiled to Triton IR with all of them at one size, and for each once more with that one doubled.
What differs tells what it is:

- a *tile*, if shapes of tensors change. If the grid changes with it, programs share the work along it; if a loop's
  bounds or step do, iterations share it. Any size is right then. If neither does, one program covers everything at
  once, and only a size that does is right: the power of two at or above the number that its range is compared with in
  a mask;
- a *count*, if the grid changes and no shape does;
- a *factor* otherwise: an order of programs, a number that is unrolled.

How the elements of each access and product, and the trips of each loop, grow with each unknown follows from the same
compiles, as powers of two. So traffic and arithmetic of every combination are known without compiling it. A model
(`cpu_time`, `gpu_time`) ranks the combinations; on a GPU the best are compiled, and ranked again by the registers,
spills and shared memory that they need, which fix how many blocks fit on a multiprocessor. The best eight are
measured. What no model sees is left to the measurement, too: factors have one value at first, and when the best of the
eight is known, its neighbours race against it: other factors, one size larger or smaller, twice or half the warps, one
stage more or less; of these, again, the model takes the most promising.

Where an access has no mask, sizes along it are kept to those that divide the arguments.

Cost. One compile for each unknown and one more, and on a GPU up to 24; then those of the neighbours; the ranking is
linear in the number of combinations.
"""

from __future__ import annotations

import itertools
import os
import re
from math import ceil, log2, prod

from .errors import AutotunerError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .autotuner import Autotuner, Config

#: How many configurations are proposed, how many are compiled on a GPU to find them, and how many neighbours the best
#: of them has.
PROPOSED, COMPILED, BESIDE = 8, 24, 6
#: Multiplications in a nanosecond that a multiprocessor reaches with operands of 16 bits: two thirds of the peak.
_PRODUCTS = {75: 300, 80: 950, 90: 2400, 100: 4500, 103: 4500}
#: Threads that a multiprocessor holds and its KB of shared memory, by compute capability; a test compares them with the
#: compiler's (src/gpu/passes/occupancy.c).
_MULTIPROCESSORS = {
    75: (1024, 64), 80: (2048, 164), 86: (1536, 100), 87: (1536, 164), 89: (1536, 100), 90: (2048, 228),
    100: (2048, 228), 103: (2048, 228), 120: (1536, 100),
}  # fmt: skip
#: The sizes that probes try for all unknowns until one compiles.
_PROBES = (32, 64, 16, 128, 1)
_TENSOR = re.compile(r"tensor<((?:\d+x)+)([^>]*)>")
_NAME = re.compile(r"%[\w.#$-]+")
_FOR = re.compile(r"scf\.for (%[\w.#$-]+) = (%[\w.#$-]+) to (%[\w.#$-]+) step (%[\w.#$-]+)")
_ACCESS = re.compile(r"tt\.(load|store|atomic_rmw|atomic_cas|descriptor_load|descriptor_store)\b")
_ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "arith.addi": lambda a, b: a + b,
    "arith.subi": lambda a, b: a - b,
    "arith.muli": lambda a, b: a * b,
    "arith.divsi": lambda a, b: a // b,
    "arith.divui": lambda a, b: a // b,
    "arith.remsi": lambda a, b: a % b,
    "arith.minsi": min,
    "arith.maxsi": max,
}


# ---- what a kernel's Triton IR says ---------------------------------------------------------------------------------


class _Op:
    """An access to memory or a product of tiles."""

    __slots__ = ("bits", "dims", "kind", "loops", "masked")

    def __init__(self, kind: str, dims: tuple, bits: int, loops: tuple, masked: bool) -> None:
        self.kind = kind
        self.dims = dims
        self.bits = bits
        self.loops = loops
        self.masked = masked


class _Facts:
    """Shapes, accesses, products and loops of a kernel, read from its text in one pass.

    Every scalar has a description that is equal in two compiles if it is computed alike, and a value where arguments
    fix it.
    """

    def __init__(self, text: str, arguments: dict[str, int]) -> None:
        self.shapes: list[tuple] = []
        self.ops: list[_Op] = []
        self.loops: list[tuple] = []  # (description of bounds and step, trips or None)
        self.covered: list[tuple] = []  # (size of a range, number it is compared with)
        self._described: dict[str, object] = {}
        self._values = {f"%{name}": value for name, value in arguments.items()}
        self._ranges: dict[str, int] = {}
        open_loops: list[int | None] = []
        for line in text.splitlines():
            line = line.partition(" loc(")[0].strip()
            if line.startswith("#") or not line:
                continue
            if line.startswith("}") and open_loops:
                open_loops.pop()
            self._read(line, tuple([n for n in open_loops if n is not None]))
            if line.endswith("{") or line.endswith("({"):
                loop = _FOR.search(line)
                open_loops.append(self._loop(loop) if loop else None)

    def _loop(self, found: re.Match) -> int:
        bounds = found.groups()[1:]
        low, high, step = (self._values.get(name) for name in bounds)
        known = None not in (low, high, step) and step
        trips = max(ceil((high - low) / step), 0) if known else None
        self.loops.append((tuple([self._described.get(b, b) for b in bounds]), trips))
        return len(self.loops) - 1

    def _read(self, line: str, loops: tuple) -> None:
        types = [(tuple(map(int, dims[:-1].split("x"))), element) for dims, element in _TENSOR.findall(line)]
        self.shapes += [dims for dims, _ in types]
        result, _, rest = line.partition(" = ")
        if rest and result.startswith("%"):
            self._define(result, rest)
        access = _ACCESS.search(line)
        operands = len(_NAME.findall((rest or line).partition(" : ")[0]))
        if access and types:
            dims, element = max(types, key=lambda t: prod(t[0]))
            bits = int((re.findall(r"(\d+)", element.replace("tt.ptr", "")) or ["8"])[0])
            kind = access.group(1)
            masked = "descriptor" in kind or "boundary" in line or operands > (2 if kind == "store" else 1)
            self.ops.append(_Op("store" if "store" in kind else "load", dims, bits, loops, masked))
        elif " tt.dot" in f" {rest}" and len(types) >= 3:
            (m, k), (_, n) = types[0][0][-2:], types[1][0][-2:]
            self.ops.append(_Op("dot", (m, n, k), self._dot_bits(types[0][1], rest), loops, True))

    @staticmethod
    def _dot_bits(element: str, rest: str) -> int:
        """Of an operand, as far as tensor cores' speed goes; 0: they have none of its type."""
        bits = int((re.findall(r"\d+", element) or ["8"])[0])
        return bits if bits < 32 else 32 if bits == 32 and "tf32" in rest else 0

    def _define(self, name: str, rest: str) -> None:
        body = rest.partition(" : ")[0]
        operands = _NAME.findall(body)
        self._described[name] = hash(_NAME.sub(lambda found: str(self._described.get(found[0], found[0])), body))
        op = body.split(" ", 1)[0]
        constant = re.match(r"arith\.constant (-?\d+)$", body)
        if constant:
            self._values[name] = int(constant[1])
        elif op in _ARITHMETIC and len(operands) == 2 and all(o in self._values for o in operands):
            a, b = (self._values[o] for o in operands)
            if b or op not in ("arith.divsi", "arith.divui", "arith.remsi"):
                self._values[name] = _ARITHMETIC[op](a, b)
        elif op == "tt.splat" and operands[0] in self._values:
            self._values[name] = self._values[operands[0]]
        range_ = re.search(r"tt\.make_range \{end = (\d+)", body)
        if range_:
            self._ranges[name] = int(range_[1])
        elif op in ("arith.addi", "tt.expand_dims", "tt.broadcast", "arith.extsi"):
            found = [self._ranges[o] for o in operands if o in self._ranges]
            if found:
                self._ranges[name] = found[0]
        elif op == "arith.cmpi" and len(operands) == 2:
            size, limit = self._ranges.get(operands[0]), self._values.get(operands[1])
            if size and limit:
                self.covered.append((size, limit))


# ---- probing --------------------------------------------------------------------------------------------------------


class _Probes:
    """A launch compiled with all unknowns at one size, and with each of them doubled."""

    def __init__(self, tuner: Autotuner, args: tuple, kwargs: dict) -> None:
        self.tuner = tuner
        self.args = args
        self.nargs = tuner.nargs  # here: threads that compile for it are in no launch
        self.kwargs = {name: value for name, value in kwargs.items() if name != "warmup"}
        self.function = tuner._jit_function()
        self.name = tuner.base_fn.__name__
        self.unknowns = self._unknowns()
        self.base, self.kernel, self.facts = self._first()
        self.doubled = {name: self._facts_of({**self.base, name: 2 * self.base[name]}) for name in self.unknowns}
        self.grid = self._grid(self.base)

    def _unknowns(self) -> list[str]:
        from ._config import Heuristics

        given = {*self.nargs, *self.kwargs}
        inner = self.tuner.fn
        while isinstance(inner, Heuristics):
            given.update(inner.values)
            inner = inner.fn
        return [p.name for p in self.function.params if p.is_constexpr and not p.has_default and p.name not in given]

    def values(self, sizes: dict) -> dict:
        """All arguments by name."""
        from ._config import Heuristics

        given = {p.name: p.default for p in self.function.params if p.has_default}
        given.update(self.nargs, **self.kwargs, **sizes)
        inner = self.tuner.fn
        while isinstance(inner, Heuristics):
            given.update({name: function(given) for name, function in inner.values.items()})
            inner = inner.fn
        return given

    def _grid(self, sizes: dict) -> tuple:
        grid = self.kwargs["grid"]
        grid = grid(self.values(sizes)) if callable(grid) else grid
        return tuple(map(int, grid)) if isinstance(grid, (tuple, list)) else (int(grid),)

    def programs(self, sizes: dict) -> int:
        return max(prod(self._grid(sizes)), 1)

    def compile(self, sizes: dict, **options: object) -> object:
        return self.tuner.fn.warmup(*self.args, **{**self.kwargs, **sizes, **options})

    def _facts_of(self, sizes: dict, kernel: object = None) -> _Facts | None:
        try:
            kernel = kernel or self.compile(sizes)
        except Exception:  # it cannot be doubled: nothing is known of it
            return None
        numbers = {n: v for n, v in self.values(sizes).items() if isinstance(v, int) and not isinstance(v, bool)}
        return _Facts(kernel.asm["ttir"], numbers)

    def _first(self) -> tuple[dict, object, _Facts]:
        failed: Exception | None = None
        for size in _PROBES:
            sizes = dict.fromkeys(self.unknowns, size)
            try:
                kernel = self.compile(sizes)
            except Exception as error:
                failed = failed or error
                continue
            if kernel is None:
                raise AutotunerError('configs="auto" needs a compiler; TRITON_INTERPRET=1 has none: give a list')
            return sizes, kernel, self._facts_of(sizes, kernel)
        raise AutotunerError(
            f'configs="auto": {self.name} does not compile with {", ".join(self.unknowns)} = {_PROBES[0]}: {failed}'
        )

    # ---- what an unknown is

    def kind(self, name: str) -> str:
        """ "grid", "loop" or "whole" for a tile; "count" or "factor"."""
        doubled = self.doubled[name]
        if doubled is None:
            return "fixed"
        moves_grid = self._grid({**self.base, name: 2 * self.base[name]}) != self.grid
        if sorted(doubled.shapes) == sorted(self.facts.shapes):
            return "count" if moves_grid else "factor"
        if moves_grid:
            return "grid"
        loops = [key for key, _ in self.facts.loops] != [key for key, _ in doubled.loops]
        return "loop" if loops else "whole"

    def _cover(self, name: str) -> int:
        """The size with which one program covers everything."""
        before = {limit for size, limit in self.facts.covered if size == self.base[name]}
        after = {limit for size, limit in self.doubled[name].covered if size == 2 * self.base[name]}
        limits = before & after
        if not limits:
            raise AutotunerError(
                f'configs="auto": neither the grid nor a loop of {self.name} depends on {name}, so one program covers '
                f"all of it, and no mask says how much that is. Pass {name} at the launch."
            )
        return 1 << (max(limits) - 1).bit_length()

    def sizes(self, name: str, kind: str) -> list[int]:
        """The sizes worth thinking of."""
        if kind == "fixed":
            return [self.base[name]]
        if kind == "whole":
            return [self._cover(name)]
        if kind == "factor":
            return [8]  # others race later
        if kind == "count":
            return [1, 2, 4, 8]
        rank = max(map(len, self.facts.shapes), default=1)
        largest = 256 if rank > 1 else 8192
        step = self._divisor(name)
        sizes, before = [], None
        for size in [1 << n for n in range(4, 14) if 1 << n <= min(largest, step)]:
            now = self._grid({**self.base, name: size}) if kind == "grid" else size
            if now == before:  # larger than all there is
                break
            sizes.append(size)
            before = now
        if not sizes:
            raise AutotunerError(
                f'configs="auto": an access of {self.name} has no mask, and no size of {name} from 16 on divides the '
                "arguments"
            )
        return sizes

    def _divisor(self, name: str) -> int:
        """The largest size that is safe along a tile: where an access of it has no mask, what divides all arguments."""
        growth = self.growth(name)
        pairs = zip(self.facts.ops, growth, strict=True)
        if not any(op.kind != "dot" and not op.masked and grows for op, grows in pairs):
            return 1 << 30
        given = {n: v for n, v in self.values(self.base).items() if n not in self.unknowns and type(v) is int}
        return min([v & -v for v in given.values() if v >= 16], default=1 << 30)

    # ---- how things grow

    def growth(self, name: str) -> list[float]:
        """The power of two by which each access and product grows when an unknown is doubled."""
        doubled = self.doubled[name]
        if doubled is None or len(doubled.ops) != len(self.facts.ops):
            return [1.0] * len(self.facts.ops)
        pairs = zip(self.facts.ops, doubled.ops, strict=True)
        return [log2(prod(after.dims) / prod(before.dims)) for before, after in pairs]

    def loop_growth(self, name: str) -> list[float]:
        """The same for the trips of loops."""
        doubled = self.doubled[name]
        if doubled is None or len(doubled.loops) != len(self.facts.loops):
            return [0.0] * len(self.facts.loops)
        powers = []
        for (key, trips), (key2, trips2) in zip(self.facts.loops, doubled.loops, strict=True):
            powers.append(log2(trips2 / trips) if trips and trips2 else -1.0 if key != key2 else 0.0)
        return powers


class _Model:
    """Traffic and arithmetic of every combination of sizes."""

    def __init__(self, probes: _Probes) -> None:
        self.probes = probes
        self.growth = {name: probes.growth(name) for name in probes.unknowns}
        self.loop_growth = {name: probes.loop_growth(name) for name in probes.unknowns}
        self.has_loop = any(op.loops and op.kind != "dot" for op in probes.facts.ops)
        self.has_dot = any(op.kind == "dot" for op in probes.facts.ops)

    def work(self, sizes: dict) -> tuple[float, float, float, float, float, float]:
        """Of one program: bytes, multiplications (as many of 16 bits), bytes of one iteration, those of them that are
        loaded in loops, the elements that threads share (those of the largest access, or, where tiles are multiplied,
        of what is stored), iterations."""
        base, facts = self.probes.base, self.probes.facts
        steps = {name: log2(size / base[name]) for name, size in sizes.items()}
        trips = []
        for at, (_, known) in enumerate(facts.loops):
            grown = sum(step * self.loop_growth[name][at] for name, step in steps.items())
            trips.append(max((known or 16) * 2**grown, 1.0))
        traffic = products = footprint = staged = largest = iterations = 0.0
        for at, op in enumerate(facts.ops):
            amount = prod(op.dims) * 2 ** sum(step * self.growth[name][at] for name, step in steps.items())
            times = prod([trips[loop] for loop in op.loops])
            iterations = max(iterations, times)
            if op.kind == "dot":
                products += amount * times * (op.bits / 16 or 10)  # without tensor cores about a tenth of their speed
            else:
                traffic += amount * op.bits / 8 * times
                footprint += amount * op.bits / 8
                staged += amount * op.bits / 8 if op.loops and op.kind == "load" else 0
                if op.kind == "store" or not self.has_dot:
                    largest = max(largest, amount)
        return traffic, products, footprint, staged, largest, iterations

    def cpu_time(self, sizes: dict) -> float:
        """Nanoseconds, as far as a model of caches and cores goes: only the order counts."""
        traffic, products, footprint, _, _, iterations = self.work(sizes)
        programs, cores = self.probes.programs(sizes), os.cpu_count() or 1
        bandwidth = 30.0 if footprint <= 32 << 10 else 20.0 if footprint <= 512 << 10 else 8.0
        return ceil(programs / cores) * (traffic / bandwidth + products / 32 + 30 * iterations + 150)

    def gpu_time(self, sizes: dict, warps: int, stages: int, machine: dict, metadata: object = None) -> float:
        """Nanoseconds of a GPU, likewise; `metadata` is the compiled kernel's, with registers and shared memory."""
        traffic, products, _, staged, largest, iterations = self.work(sizes)
        shared = metadata.shared if metadata else staged * (stages if self.has_loop and self.has_dot else 0)
        registers = metadata.n_regs if metadata and metadata.n_regs else min(32 + largest / (32 * warps) * 1.5, 255)
        blocks = min(
            machine["threads"] // (32 * warps),
            int(65536 // max(registers * 32 * warps, 1)),
            int(machine["shared"] // max(shared, 1)) if shared else 32,
            32,
        )
        if blocks < 1:
            return float("inf")
        programs = self.probes.programs(sizes)
        rounds = ceil(programs / (machine["processors"] * blocks))
        busy = min(programs, machine["processors"] * blocks) / machine["processors"]  # blocks on a multiprocessor
        enough = 4 if self.has_dot else 8  # warps that keep tensor cores or memory busy
        hidden = min(1.0, busy * warps / enough) * (0.75 + 0.25 * min(stages, 3) / 3 if self.has_loop else 1.0)
        # 64 bytes in a nanosecond for each multiprocessor; an iteration waits for a barrier and memory
        one = max(traffic / 64, products / machine["products"]) * max(busy, 1.0) / max(hidden, 0.05) + 60 * iterations
        spilled = metadata.n_spills if metadata else max(largest / (32 * warps) - 160, 0)
        return rounds * one * (1 + spilled / 64) + 500 * rounds


def _machine(metadata: object) -> dict:
    """Multiprocessors, and what each of them has, of the GPU that a kernel was compiled for."""
    arch = int(metadata.arch) if str(metadata.arch).isdigit() else 80
    threads, shared = _MULTIPROCESSORS.get(arch, _MULTIPROCESSORS[80])
    facts = {"processors": 108 if arch < 90 else 132, "threads": threads, "shared": shared << 10}
    facts["products"] = _PRODUCTS.get(arch, 500)
    from .driver import driver

    if driver.active.get_current_target().backend == "cuda":
        active = driver.active
        facts["processors"] = active.utils.get_device_properties(active.get_current_device())["multiprocessor_count"]
    return facts


class Proposals:
    """The configurations to measure for a launch.

    Attributes
    ----------
    first : list of Config
        What is most promising first.
    """

    def __init__(self, tuner: Autotuner, args: tuple, kwargs: dict) -> None:
        self._probes = probes = _Probes(tuner, args, kwargs)
        self._model = _Model(probes)
        self._kinds = {name: probes.kind(name) for name in probes.unknowns}
        self._sizes = {name: probes.sizes(name, kind) for name, kind in self._kinds.items()}
        combinations = [
            dict(zip(self._sizes, sizes, strict=True)) for sizes in itertools.product(*self._sizes.values())
        ]
        self._metadata = metadata = probes.kernel.metadata
        if metadata.warp_size:
            ranked = _on_gpu(probes, self._model, combinations, metadata)
        else:
            ranked = [(sizes, None, None) for sizes in sorted(combinations, key=self._model.cpu_time)[:PROPOSED]]
        self.first = [self._config(*item) for item in ranked]

    @staticmethod
    def _config(sizes: dict, warps: int | None, stages: int | None) -> Config:
        from ._config import Config

        return Config(sizes) if warps is None else Config(sizes, num_warps=warps, num_stages=stages)

    def beside(self, best: Config) -> list[Config]:
        """The neighbours of the best one that were not proposed yet."""
        sizes, ways, others = dict(best.kwargs), (None, None), []
        factors = []
        for name, known in self._sizes.items():
            if self._kinds[name] == "factor":
                factors += [{**sizes, name: value} for value in (4, 1, 2, 16) if value != sizes[name]][:2]
            elif sizes[name] in known:
                at = known.index(sizes[name])
                others += [
                    ({**sizes, name: value}, *ways) for value in (*known[max(at - 1, 0) : at], *known[at + 1 : at + 2])
                ]
        if self._metadata.warp_size:
            warps, stages = best.num_warps, best.num_stages
            others = [(changed, warps, stages) for changed, _, _ in others]
            others += [(sizes, w, stages) for w in (2 * warps, warps // 2) if 1 <= w <= 16]
            if self._model.has_loop and self._model.has_dot:
                others += [(sizes, warps, s) for s in (stages + 1, stages - 1) if 1 < s <= 5]
            machine = _machine(self._metadata)
            others.sort(key=lambda item: self._model.gpu_time(*item, machine))
            ways = warps, stages
        else:
            others.sort(key=lambda item: self._model.cpu_time(item[0]))
        known = {str(config) for config in self.first}
        found = [self._config(*item) for item in [(changed, *ways) for changed in factors] + others]
        return [config for config in found if str(config) not in known][:BESIDE]


def _on_gpu(probes: _Probes, model: _Model, combinations: list[dict], metadata: object) -> Sequence[tuple]:
    from ._parallel import call_each

    machine = _machine(metadata)
    stages = (2, 3, 4) if model.has_loop and model.has_dot else (3,)
    ranked = []
    for sizes in combinations:
        largest = model.work(sizes)[4]
        for warps in (1, 2, 4, 8, 16):
            if warps == 4 or 4 <= largest / (32 * warps) <= 128:
                ranked += [(model.gpu_time(sizes, warps, s, machine), sizes, warps, s) for s in stages]
    ranked = _varied(sorted(ranked, key=lambda item: item[0]), COMPILED)

    def compiled(item: tuple) -> tuple:
        _, sizes, warps, stage = item
        try:
            kernel = probes.compile(sizes, num_warps=warps, num_stages=stage)
        except Exception:  # it does not fit
            return float("inf"), sizes, warps, stage
        return model.gpu_time(sizes, warps, stage, machine, kernel.metadata), sizes, warps, stage

    ranked = sorted(call_each(compiled, ranked), key=lambda item: item[0])
    fit = [item for item in ranked if item[0] < float("inf")]
    return [item[1:] for item in _varied(fit or ranked, PROPOSED)]


def _varied(ranked: list[tuple], count: int) -> list[tuple]:
    """The first ones, with three ways at most to run the same sizes, unless there are too few sizes."""
    ways: dict[str, int] = {}
    first, later = [], []
    for item in ranked:
        sizes = str(item[1])
        ways[sizes] = ways.get(sizes, 0) + 1
        (first if ways[sizes] <= 3 else later).append(item)
    return (first + later)[:count]
