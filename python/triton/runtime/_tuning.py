"""What the autotuner does when it has to choose: compile, tell equal code apart from different code, measure.

All candidates are compiled at once on several threads. Those that became the same code, launched the same way, are one
candidate from there on: on the CPU, which has no warps, a list that varies `num_warps` shrinks to a part. Then
either they race (`_racing.py`), or, where the user says how to measure, each is measured once.

What becomes known of a configuration is a row, a dictionary that JSON can hold:

    times    [time, least, high]: what it is chosen by, and the range (milliseconds); infinity where it cannot run
    samples  the samples of its races
    parts    the least and the second least time of each part of the launch, or None: see _racing.py
    runs     how many runs there were
    done     whether nothing more is to be measured
    why      in words, what became of it: "out of resource: ...", "left the race after round 3"
    same     the configuration, as text, that it has the code of; "" where it has its own
    facts    of the compiled kernel: registers, spills, shared, code (bytes)
"""

from __future__ import annotations

import os

from .errors import OutOfResources, PTXASError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ._racing import Race
    from .autotuner import Autotuner, Config

INFINITE = [float("inf")] * 3


def failures() -> tuple[type, ...]:
    """The errors that say that a configuration is not for this device or these arguments."""
    from ..compiler.errors import CompileTimeAssertionFailure

    return (OutOfResources, CompileTimeAssertionFailure, PTXASError)


def empty_row() -> dict:
    return {"times": [], "samples": [], "parts": None, "runs": 0, "done": False, "why": "", "same": "", "facts": {}}


def row_name(config: Config) -> str:
    """What a configuration's row goes by: the configuration as text, and the contents of a file that it names."""
    name = str(config)
    if config.ir_override is not None:
        import hashlib

        try:
            with open(config.ir_override, "rb") as file:
                name += " " + hashlib.sha256(file.read()).hexdigest()
        except OSError:  # the compile will tell
            pass
    return name if config.pre_hook is None else f"{name}, pre_hook: {id(config.pre_hook)}"


class Progress:
    """One line on a terminal that says how far tuning is; nothing where there is no terminal.

    Parameters
    ----------
    name : str
        The kernel.
    stream : file
        Where to.
    """

    def __init__(self, name: str, stream: object) -> None:
        from .. import knobs

        asked = os.environ.get("TRITON_PRINT_AUTOTUNING", "")
        terminal = bool(getattr(stream, "isatty", lambda: False)())
        self.stream = stream if terminal and not knobs.autotuning.print and asked in ("", None) else None
        self.name = name
        self._shown = False

    def say(self, text: str) -> None:
        """Show a text in place of the last one."""
        if self.stream is None:
            return
        import shutil

        line = f"tuning {self.name}: {text}"
        width = shutil.get_terminal_size().columns
        self.stream.write("\r\x1b[K" + line[: max(width - 1, 20)])
        self.stream.flush()
        self._shown = True

    def close(self) -> None:
        """Take the line away."""
        if self._shown:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
            self._shown = False


def shown_time(milliseconds: float) -> str:
    """A time for people."""
    if milliseconds == float("inf"):
        return "never"
    if milliseconds < 1:
        return f"{milliseconds * 1e3:.3g} us"
    return f"{milliseconds:.3g} ms" if milliseconds < 1e3 else f"{milliseconds / 1e3:.3g} s"


# ---- compiling ------------------------------------------------------------------------------------------------------


def compile_all(tuner: Autotuner, configs: Sequence[Config], args: tuple, kwargs: dict, progress: Progress) -> list:
    """The kernels of configurations, or the errors in their place; None where a hook could still change what is
    compiled."""
    from ._parallel import call_each

    if any(config.pre_hook for config in configs):
        return [None] * len(configs)
    kwargs = {name: value for name, value in kwargs.items() if name != "warmup"}

    def compile_one(config: Config) -> object:
        try:
            return tuner.fn.warmup(*args, **{**kwargs, **config.all_kwargs()})
        except Exception as error:
            return error

    return call_each(
        compile_one, configs, lambda done: progress.say(f"compiled {done} of {len(configs)} configurations")
    )


def facts_of(kernel: object) -> dict:
    """What a compiled kernel says of itself."""
    metadata = getattr(kernel, "metadata", None)
    if metadata is None:
        return {}
    facts = {"code": len(_code(kernel)), "target": f"{metadata.backend_name}:{metadata.arch}"}
    if metadata.warp_size:
        facts["shared"] = metadata.shared
        if metadata.n_regs:  # the simulated GPU has no limit of registers, so it does not count them
            facts.update(registers=metadata.n_regs, spills=metadata.n_spills)
    return facts


def _code(kernel: object) -> bytes:
    """The last stage of a compile: machine code, where the target has an assembler."""
    stage = kernel.asm[kernel.asm.keys()[-1]]
    return stage.encode() if isinstance(stage, str) else stage


def identity(tuner: Autotuner, config: Config, kernel: object, kwargs: dict) -> object:
    """Equal for configurations whose launches do the same: the same code on the same grid with the same arguments."""
    from ._config import Heuristics

    metadata = getattr(kernel, "metadata", None)
    if metadata is None:
        return config
    given = {**tuner.nargs, **kwargs, **config.all_kwargs()}
    named = dict(config.kwargs)
    inner = tuner.fn
    try:
        while isinstance(inner, Heuristics):
            for name, function in inner.values.items():
                given[name] = named[name] = function(given)
            inner = inner.fn
        grid = kwargs.get("grid")
        grid = grid(given) if callable(grid) else grid
        grid = tuple(grid) if isinstance(grid, (tuple, list)) else (grid,)
        grid = tuple([int(n) for n in grid])
        constants = {p.name for p in inner.params if p.is_constexpr}
    except Exception:  # the launch will tell
        return config
    import hashlib

    arguments = sorted((name, repr(value)) for name, value in named.items() if name not in constants)
    launch = (metadata.shared, tuple(metadata.cluster_dims), metadata.num_ctas, metadata.launch_cooperative_grid,
              metadata.num_warps if metadata.warp_size else 0, metadata.launch_pdl,
              metadata.num_cpu_threads)  # fmt: skip
    return hashlib.sha256(_code(kernel)).hexdigest(), grid, launch, tuple(arguments)


# ---- measuring ------------------------------------------------------------------------------------------------------


def total(time: float | list[float]) -> float:
    """A time that is given as a number or by parts."""
    return sum(time) if isinstance(time, list) else time


def least_parts(times: list) -> float | list[float]:
    """The least of several runs: of each part, where all have the same."""
    by_parts = all(isinstance(time, list) for time in times) and len({len(time) for time in times}) == 1
    return [min(part) for part in zip(*times, strict=True)] if by_parts else min(total(time) for time in times)


class Trial:
    """The choice among configurations for one key.

    Parameters
    ----------
    tuner : Autotuner
        Whose.
    configs : list of Config
        What to choose from.
    args, kwargs : tuple, dict
        The launch.
    rows : dict
        What is known already, by the configuration as text; what is found out is put there at once, so that it is there
        when the trial is interrupted.
    """

    def __init__(self, tuner: Autotuner, configs: Sequence[Config], args: tuple, kwargs: dict, rows: dict) -> None:
        import sys

        self.tuner = tuner
        self.configs = configs
        self.args = args
        self.kwargs = kwargs
        self.rows = rows
        self.progress = Progress(tuner.base_fn.__name__, sys.stderr)

    def measure(self) -> None:
        """Make all rows."""
        try:
            self._measure()
        finally:
            self.progress.close()

    def _measure(self) -> None:
        kernels = compile_all(self.tuner, self.configs, self.args, self.kwargs, self.progress)
        groups: dict[object, list[Config]] = {}
        for config, kernel in zip(self.configs, kernels, strict=True):
            self.rows.setdefault(row_name(config), empty_row())["facts"] = facts_of(kernel)
            groups.setdefault(identity(self.tuner, config, kernel, self.kwargs), []).append(config)
        members = list(groups.values())
        for group in members:  # one of them may be known from another list
            known = max(
                (self.rows[row_name(config)] for config in group), key=lambda row: (row["done"], len(row["samples"]))
            )
            self._share(group, known)
        if self.tuner._races():
            self._race(members)
        else:
            self._measure_each(members)

    def _share(self, group: list[Config], row: dict) -> None:
        """Let all configurations of a group have what is known of one."""
        for config in group:
            own = self.rows[row_name(config)]
            own.update({name: row[name] for name in ("times", "samples", "parts", "runs", "done", "why")})
            own["same"] = "" if config is group[0] else str(group[0])

    def _measure_each(self, groups: list[list[Config]]) -> None:
        """By the measuring function that the user or the driver gives."""
        best = float("inf")
        for at, group in enumerate(groups):
            row = self.rows[row_name(group[0])]
            if row["done"]:
                continue
            self.progress.say(f"measured {at} of {len(groups)}, best {shown_time(best)}")
            times = self.tuner._bench(*self.args, config=group[0], **self.kwargs)
            row["times"] = list(times) if isinstance(times, (list, tuple)) else [times]
            row["done"] = True
            best = min(best, row["times"][0])
            self._share(group, row)

    # ---- racing -----------------------------------------------------------------------------------------------------

    def _launcher(self, config: Config) -> tuple[Callable, Callable, Callable]:
        """What is done before a run of a configuration, the run, and what is done after it."""
        tuner, args = self.tuner, self.args
        current = {**self.kwargs, **config.all_kwargs()}
        full = {**tuner.nargs, **current}

        def before() -> None:
            if config.pre_hook:
                config.pre_hook(full)
            tuner.pre_hook(full)

        def run() -> None:
            try:
                tuner.fn.run(*args, **current)
            except BaseException as error:
                try:
                    tuner.post_hook(full, exception=error)
                finally:
                    raise error  # whatever the hook makes of it

        return before, run, lambda: tuner.post_hook(full, exception=None)

    def _first_run(self, config: Config) -> float | list[float]:
        """Run a configuration for the first time, which loads it; its time, infinite where it cannot run."""
        row = self.rows[row_name(config)]
        self.tuner._announce(config, self.kwargs)
        try:
            row["runs"] += 1
            return self.tuner._time(*self._launcher(config), 1)[0]
        except failures() as error:
            self.tuner._announce_failure(error)
            row.update(times=list(INFINITE), done=True, why=str(error).partition("\n")[0])
            return float("inf")

    def _race(self, groups: list[list[Config]]) -> None:
        from ._racing import Race

        first, begun = self._run_all_once(groups)
        racing = self._those_with_a_chance(groups, first)
        race = Race(len(racing))
        runners = _Runners(self, [groups[at] for at in racing], [first[at] for at in racing], len(groups))
        for candidate, at in enumerate(racing):
            if at in begun:
                race.add(candidate, begun[at])
            else:
                row = runners.row(candidate)
                race.samples[candidate], race.parts[candidate] = sorted(row["samples"]), row["parts"]
        begin, budget = self.tuner._clock(), max(0.1, 0.015 * len(racing))

        def go_on() -> bool:
            spent = self.tuner._clock() - begin
            return spent < (budget if race.noise() < 0.05 else 12 * budget)  # a machine that is busy gets more time

        if racing:
            race.run(runners.sample, go_on, runners.note)
            runners.finish()
        self._finish(groups)

    def _run_all_once(self, groups: list[list[Config]]) -> tuple[list[float], dict[int, list[float]]]:
        """Times of first runs, infinite where there is none; and those by parts, in which loading does not count."""
        first = [INFINITE[0]] * len(groups)
        begun: dict[int, list[float]] = {}
        for at, group in enumerate(groups):
            row = self.rows[row_name(group[0])]
            if row["times"] == INFINITE:  # it failed before
                continue
            self.progress.say(f"first run of {at + 1} of {len(groups)}")
            time = self._first_run(group[0])
            first[at] = total(time)
            if isinstance(time, list) and not row["samples"]:
                begun[at] = time
                row["samples"] = [first[at]]
            self._share(group, row)
        return first, begun

    def _those_with_a_chance(self, groups: list[list[Config]], first: list[float]) -> list[int]:
        """The numbers of the groups that race. Loading, and a moment in which other programs run, cost a tenth of a
        second at most: what is far beyond needs no second run."""
        hopeless = 4 * min(first, default=float("inf")) + 100
        for group, spent in zip(groups, first, strict=True):
            if hopeless < spent < float("inf"):
                row = self.rows[row_name(group[0])]
                row.update(times=[spent] * 3, why="far slower in its first run")
                self._share(group, row)
        return [at for at, spent in enumerate(first) if spent <= hopeless]

    def _finish(self, groups: list[list[Config]]) -> None:
        for group in groups:
            for config in group:
                self.rows[row_name(config)]["done"] = True


class _Runners:
    """The groups of configurations that race: what `Race` asks for samples, and what is noted of its rounds.

    Parameters
    ----------
    trial : Trial
        Whose.
    groups : list of lists of Config
        Those that race.
    first : list of float
        The times of their first runs.
    count : int
        How many groups there are, with those that do not race.
    """

    def __init__(self, trial: Trial, groups: list[list[Config]], first: list[float], count: int) -> None:
        self.trial = trial
        self.groups = groups
        self.first = first
        self.count = count
        self.least = list(first)
        self.high = [0.0] * len(groups)
        self.launchers = [trial._launcher(group[0]) for group in groups]

    def row(self, candidate: int) -> dict:
        return self.trial.rows[row_name(self.groups[candidate][0])]

    def sample(self, candidate: int) -> float | list[float]:
        """The least time of some runs, which take a millisecond or are one."""
        runs = max(1, min(int(1.0 / max(self.least[candidate], 1e-3)), 10))
        times = self.trial.tuner._time(*self.launchers[candidate], runs)
        totals = [total(time) for time in times]
        self.least[candidate] = min(self.least[candidate], *totals)
        row = self.row(candidate)
        row["runs"] += len(times)
        row["samples"] = [*row["samples"], min(totals)]
        self.high[candidate] = max(self.high[candidate], sorted(totals)[int(0.8 * (len(totals) - 1))])
        return least_parts(times)

    def note(self, race: Race) -> None:
        """After a round."""
        for candidate, group in enumerate(self.groups):
            row = self.row(candidate)
            estimate = race.estimate(candidate)
            row["times"] = [estimate, *race.samples[candidate][:1], max(self.high[candidate], estimate)]
            row["parts"] = race.parts[candidate]
            if candidate not in race.left and not row["why"]:
                row["why"] = f"left the race after round {race.rounds}"
            self.trial._share(group, row)
        winner = race.winner()
        self.trial.progress.say(
            f"round {race.rounds}, {len(race.left)} of {self.count} left, "
            f"best {shown_time(race.estimate(winner))}: {self.groups[winner][0]}"
        )

    def finish(self) -> None:
        for candidate, group in enumerate(self.groups):
            row = self.row(candidate)
            if not row["times"]:  # alone: it needs no race
                row["times"] = [self.first[candidate]] * 3
            self.trial._share(group, row)
