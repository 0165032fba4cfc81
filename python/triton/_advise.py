"""`kernel.advise(*args, grid=...)`: how far a launch is from what this machine can do, and what stands between.

The work is counted (`_roofline.py`), the machine's limits are measured once (`_limits.py`), the launch is timed on
copies of the tensors, and the sentences are said from facts of the compile (docs/facts.md).
"""

from __future__ import annotations

from ._roofline import Work, count
from .runtime._copies import bytes_of, copies

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ._limits import Limits


class Advice:
    """What is known of a launch.

    Attributes
    ----------
    kernel, target : str
        What was compiled, and for what.
    bytes, operations : float
        What must be moved and computed.
    whole : bool
        Both are known; else they are lower limits.
    seconds : float or None
        What the launch took, where it ran.
    least_seconds : float or None
        What the limit that binds takes.
    limit : str
        "memory" or "arithmetic".
    sentences : list of str
        What stands between.
    """

    def __init__(self, kernel: str, target: str, work: Work, sentences: list[str]) -> None:
        self.kernel = kernel
        self.target = target
        self.work = work
        self.bytes = work.bytes
        self.operations = work.operations
        self.whole = work.whole
        self.seconds: float | None = None
        self.least_seconds: float | None = None
        self.limit = ""
        self.sentences = sentences

    @property
    def share(self) -> float | None:
        """Of the limit that binds: 1 is all of it."""
        return self.least_seconds / self.seconds if self.seconds and self.least_seconds else None

    def __str__(self) -> str:
        least = "" if self.whole else "at least "
        moved, computed = _amount(self.bytes, "B"), _amount(self.operations, "op")
        lines = [f"{self.kernel} on {self.target}: {least}{moved}, {least}{computed}"]
        if self.least_seconds is not None:
            lines[0] += f"; bound by {self.limit}: {_time(self.least_seconds)}"
        if self.seconds is not None:
            lines[0] += f"; took {_time(self.seconds)}"
        if self.share is not None:
            lines[0] += f", {100 * self.share:.0f}% of the limit"
            if self.share > 1 and self.limit == "memory":
                lines[0] += " (of memory; caches hold what it moves)"
        return "\n".join(lines + [f"- {s}" for s in self.sentences])


def _amount(x: float, unit: str) -> str:
    for scale, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if x >= scale:
            return f"{x / scale:.3g} {prefix}{unit}"
    return f"{x:.3g} {unit}"


def _time(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.3g} us"


# ---- what stands between -------------------------------------------------------------------------------------------


def _lines_of(facts: dict, remark: dict) -> str:
    """`line 12`: the kernel's own, not that of a function which it calls."""
    place = remark["place"]
    if place < 0:
        return "a line that is not known"
    while facts["places"][place][3] >= 0:
        place = facts["places"][place][3]
    return f"line {facts['places'][place][1]}"


def _few_programs(programs: int, processors: int | None, what: str) -> Iterator[str]:
    if processors and programs < processors:
        yield (
            f"the grid has {programs} program{'s' if programs != 1 else ''} for {processors} {what}: "
            "smaller blocks, or a split along a reduction, would give all of them work"
        )


def _cpu_sentences(facts: dict, programs: int, threads: int | None) -> Iterator[str]:
    for access in facts["remarks"].get("access", ()):
        if access["how"] == "element by element":
            yield (
                f"{_lines_of(facts, access)} {access['kind']}s element by element: neighbours in its tensor are not "
                "known to be neighbours in memory; let the last dimension run along the memory's"
            )
    yield from _few_programs(programs, threads, "threads")


def _uncoalesced(facts: dict) -> Iterator[str]:
    for access in facts["gpu"]["accesses"]:
        sectors, ideal = access.get("sectors_per_request"), access.get("ideal_sectors")
        if sectors is not None and sectors > ideal:
            yield (
                f"{_lines_of(facts, access)}: this {access['kind']} is not coalesced: a warp's request takes {sectors} "
                f"sectors of 32 bytes where {ideal} would do; let neighbouring elements be neighbours in memory, by "
                "strides that are known to be 1"
            )


def _slow_dots(facts: dict) -> Iterator[str]:
    for dot in facts["remarks"].get("dot", ()):
        if dot["unit"] == "fma":
            yield f"{_lines_of(facts, dot)}: the dot does not run on tensor cores: {dot['not_mma_sync']}"


def _not_pipelined(facts: dict) -> Iterator[str]:
    for load in facts["remarks"].get("pipeline", ()):
        if load["how"] is None:
            yield f"{_lines_of(facts, load)}: the load is not pipelined: {load['why_not']}"


def _few_warps(facts: dict) -> Iterator[str]:
    loads = facts["remarks"].get("pipeline", ())
    if loads and all(load["how"] for load in loads):
        return  # copies that are iterations ahead hide memory's latency, not other warps
    occupancy = facts["resources"].get("occupancy")
    if occupancy and occupancy["warps"] * 4 < occupancy["most_warps"]:
        yield (
            f"a multiprocessor holds {occupancy['warps']} warps of {occupancy['most_warps']}, limited by "
            f"{occupancy['limit']}: little else runs while a warp waits for memory"
        )


def _gpu_sentences(facts: dict, programs: int, multiprocessors: int | None) -> Iterator[str]:
    spilled = facts["resources"].get("spilled_words")
    if spilled:
        yield (
            f"{spilled} registers of each thread are spilled to memory: smaller blocks, more warps or fewer stages "
            "need fewer"
        )
    yield from _uncoalesced(facts)
    yield from _slow_dots(facts)
    yield from _not_pipelined(facts)
    yield from _few_programs(programs, multiprocessors, "multiprocessors")
    yield from _few_warps(facts)


def sentences(facts: dict, programs: int, processors: int | None) -> list[str]:
    """What stands between a launch and its limit.

    Parameters
    ----------
    facts : dict
        Of the kernel: `CompiledKernel.facts`.
    programs : int
        Of the grid.
    processors : int or None
        Threads of the CPU, or multiprocessors of the GPU.
    """
    of_target = _gpu_sentences if "gpu" in facts else _cpu_sentences
    return list(dict.fromkeys(of_target(facts, programs, processors)))


# ---- the whole -----------------------------------------------------------------------------------------------------


def _grid_of(grid: Any, function: Any, args: tuple, kwargs: dict) -> tuple[int, int, int]:
    if callable(grid):
        grid = grid(dict(zip(function.arg_names, args, strict=False)) | kwargs)
    grid = (grid,) if isinstance(grid, int) else tuple(grid)
    return (*grid, 1, 1)[:3]


def advise(function: Any, args: tuple, grid: Any, kwargs: dict) -> Advice:
    """`JITFunction.advise`."""
    kernel = function.warmup(*args, grid=grid, **kwargs)
    values = dict(zip(function.arg_names, args, strict=False)) | {
        k: v for k, v in kwargs.items() if k in function.arg_names
    }
    for p in function.params:
        if p.name not in values and p.has_default:
            values[p.name] = p.default
    names = [name for name, kind in kernel.src.signature.items() if kind != "constexpr"]
    given = [values[name] for name in names]
    size = _grid_of(grid, function, args, kwargs)
    integers = [int(v) if isinstance(v, int) else None for v in given]
    work = count(kernel.asm["ttir"], integers, [bytes_of(v) for v in given], size)
    target = kernel.metadata.target
    advice = Advice(kernel.name, f"{target.backend}:{target.arch}", work, [])
    programs, processors = size[0] * size[1] * size[2], None
    if target.backend != "simt":  # whose time is no machine's
        from ._limits import limits, limits_again

        found = limits(advice.target)
        processors = found.processors
        _bound(advice, found)
        advice.seconds = _time_of(function, args, grid, kwargs)
        if advice.share is not None and advice.share > 1:
            _bound(advice, limits_again(advice.target, found))
    advice.sentences = sentences(kernel.facts(), programs, processors)
    return advice


def _bound(advice: Advice, limits: Limits) -> None:
    memory = advice.bytes / limits.bandwidth
    arithmetic = advice.work.other / limits.other
    arithmetic += sum(n / limits.matmul(element) for element, n in advice.work.matmuls.items())
    advice.limit = "memory" if memory >= arithmetic else "arithmetic"
    advice.least_seconds = max(memory, arithmetic)


def _time_of(function: Any, args: tuple, grid: Any, kwargs: dict) -> float:
    """The median of a few runs on copies of the tensors."""
    from ._limits import seconds_of

    same, named = copies(args, kwargs)
    times = sorted(seconds_of(lambda: function[grid](*same, **named)))
    return times[len(times) // 2]
