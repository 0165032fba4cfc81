"""Choosing among configurations by measuring, and computing arguments from others."""

from __future__ import annotations

import sys
from _thread import RLock, get_ident

from ._config import Config, Heuristics
from ._copies import copies, copy_back, copy_of
from .errors import OutOfResources, PTXASError  # noqa: F401
from .jit import JITFunction, KernelInterface  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _is_traced() -> bool:
    """Whether PyTorch's compiler is at work in this thread."""
    torch = sys.modules.get("torch")
    return "torch._dynamo" in sys.modules and torch._guards.TracingContext.try_get() is not None


def _leave_graph(configs: list, named_args: dict, **kwargs: object) -> list:
    """What PyTorch's compiler traces in place of pruning: it ends its graph here, and the launch runs as written."""
    import torch

    torch._dynamo.graph_break()
    return configs


class Autotuner(KernelInterface):
    """A kernel that measures its configurations once for each key and then uses the best.

    Parameters are those of `triton.autotune`.

    Attributes
    ----------
    best_config : Config
        What the last launch used.
    configs_timings : dict
        Of the last choice: configuration to [milliseconds, least, high], infinite where it cannot run.
    cache : dict
        Key to the configuration that was chosen for it.
    nargs : dict or None
        The positional arguments by name of the launch that this thread is in.
    """

    def __init__(
        self,
        fn: object,
        arg_names: Sequence[str],
        configs: Sequence[Config] | str,
        key: Sequence[str],
        reset_to_zero: Sequence[str] | None,
        restore_value: Sequence[str] | None,
        pre_hook: Callable | None = None,
        post_hook: Callable | None = None,
        prune_configs_by: dict | None = None,
        warmup: int | None = None,
        rep: int | None = None,
        use_cuda_graph: bool = False,
        do_bench: Callable | None = None,
        cache_results: bool = False,
    ) -> None:
        self._auto = isinstance(configs, str)
        if not self._auto:
            self.configs = list(configs) or [Config({})]
        elif configs != "auto":
            raise ValueError(f'configs is a list of triton.Config, or "auto"; not {configs!r}')
        self.keys = list(key)
        self.arg_names = list(arg_names)
        self.cache: dict[tuple, Config] = {}
        self.configs_timings: dict[Config, object] = {}
        self.best_config: Config | None = None
        self.bench_time = 0.0
        self._nargs: dict[int, dict] = {}  # by thread
        self._locks: dict[int, object] = {}  # by process: a child of fork() has its own
        self.reset_to_zero = list(reset_to_zero or ())
        self.restore_value = list(restore_value or ())
        self._check_names()
        self.restore_copies: dict[str, object] = {}
        self.user_defined_pre_hook = pre_hook is not None
        self.user_defined_post_hook = post_hook is not None
        self.pre_hook = pre_hook or self._reset_and_keep
        self.post_hook = post_hook or self._restore
        prune = prune_configs_by or {}
        self.perf_model = prune.get("perf_model")
        self.configs_top_k = prune.get("top_k", 1.0)
        if not self._auto or "early_config_prune" in prune:
            self.early_config_prune = prune.get("early_config_prune")
        self.fn = fn
        self._do_bench = do_bench
        self.num_warmups = warmup
        self.num_reps = rep
        self.use_cuda_graph = use_cuda_graph
        if warmup is not None or rep is not None or use_cuda_graph:
            import warnings

            warnings.warn(
                "warmup, rep and use_cuda_graph are deprecated: leave them out, and the configurations race; or pass "
                "do_bench, which measures one as you like.",
                DeprecationWarning,
                stacklevel=3,
            )
        self.cache_results = cache_results
        self.__name__ = getattr(fn, "__name__", "autotuned")
        self._rows: dict[tuple, dict[str, dict]] = {}  # what is known, by key and configuration: see _tuning.py
        self._interrupted: set[tuple] = set()  # keys whose choice began and did not end
        self._untraced: Callable | None = None
        self._choices: dict[tuple, tuple] = {}  # for the report: (configurations, best one, seconds)

    def __getattr__(self, name: str) -> object:
        if name == "configs" and self.__dict__.get("_auto"):
            if _is_traced():
                return []
            from .errors import AutotunerError

            raise AutotunerError(
                f'configs="auto" of {self.__name__} proposes configurations for a launch\'s arguments, and there was '
                "none yet; triton_call takes a list"
            )
        if name == "early_config_prune":
            return _leave_graph if self.__dict__["_auto"] and "configs" not in self.__dict__ and _is_traced() else None
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __getitem__(self, grid: object) -> Callable:
        if not self._auto or "torch._dynamo" not in sys.modules:
            return super().__getitem__(grid)
        from functools import partial

        if self._untraced is None:  # PyTorch's compiler would go on with what tuning does
            self._untraced = sys.modules["torch"]._dynamo.disable(self.run)
        return partial(self._untraced, grid=grid, warmup=False)

    def _check_names(self) -> None:
        groups = (("key", self.keys), ("reset_to_zero", self.reset_to_zero), ("restore_value", self.restore_value))
        for parameter, names in groups:
            unknown = [name for name in names if name not in self.arg_names]
            if unknown:
                raise ValueError(
                    f"{parameter} contains names that are not kernel arguments: {', '.join(unknown)}. "
                    f"Valid argument names are: {', '.join(self.arg_names)}."
                )

    # ---- threads ----------------------------------------------------------------------------------------------------

    @property
    def nargs(self) -> dict | None:
        return self._nargs.get(get_ident())

    @nargs.setter
    def nargs(self, named: dict | None) -> None:
        if named is None:
            self._nargs.pop(get_ident(), None)
        else:
            self._nargs[get_ident()] = named

    def _choosing(self) -> object:
        """A lock: one thread measures at a time, for what it keeps of a choice in progress is the tuner's."""
        import os

        return self._locks.setdefault(os.getpid(), RLock())

    def __getstate__(self) -> dict:
        return {**self.__dict__, "_nargs": {}, "_locks": {}}

    @property
    def base_fn(self) -> object:
        """The Python function below all decorators."""
        function = self.fn
        while hasattr(function, "fn") and function.fn is not None:
            function = function.fn
        return function

    def _jit_function(self) -> object:
        function = self.fn
        while isinstance(function, (Autotuner, Heuristics)):
            function = function.fn
        return function

    # ---- hooks around each measured run -----------------------------------------------------------------------------

    def _reset_and_keep(self, kwargs: dict, reset_only: bool = False) -> None:
        # An argument that a caller leaves out is None: there is nothing to reset or to keep.
        for name in self.reset_to_zero:
            if kwargs[name] is not None:
                _zero(kwargs[name])
        if not reset_only:
            kept = {name: kwargs[name] for name in self.restore_value}
            self.restore_copies = {name: copy_of(array) for name, array in kept.items() if array is not None}

    def _restore(self, kwargs: dict, exception: BaseException | None = None) -> None:
        for name, copy in self.restore_copies.items():
            copy_back(kwargs[name], copy)
        self.restore_copies = {}

    # ---- measuring --------------------------------------------------------------------------------------------------

    @property
    def do_bench(self) -> Callable:
        """What measures a function, called with it and `quantiles`, where the configurations do not race."""
        if self._do_bench is not None:
            return self._do_bench
        from .driver import driver

        if self.use_cuda_graph and driver.active.get_current_target().backend == "cuda":
            from ..backends._timing import statistics, times_in_graph

            return lambda fn, quantiles: statistics(times_in_graph(fn, self.num_reps or 100, ()), quantiles, "mean")
        bench = driver.active.get_benchmarker()
        times = {k: v for k, v in (("warmup", self.num_warmups), ("rep", self.num_reps)) if v is not None}
        return lambda fn, quantiles: bench(fn, quantiles=quantiles, **times)

    def _races(self) -> bool:
        """Whether how to measure is left to us: neither the user nor a driver of their own says it."""
        told = (self.num_warmups, self.num_reps, self._do_bench)
        if self.use_cuda_graph or any(way is not None for way in told):
            return False
        from ..backends.driver import DriverBase
        from .driver import driver

        active = driver.active
        own = "get_benchmarker" in getattr(active, "__dict__", ())
        return not own and getattr(type(active), "get_benchmarker", None) is DriverBase.get_benchmarker

    @staticmethod
    def _clock() -> float:
        import time

        return time.perf_counter()

    @staticmethod
    def _time(before: Callable, run: Callable, after: Callable, runs: int) -> list:
        """Milliseconds of each of some runs, as a number or by parts."""
        from ..backends._timing import time_runs
        from .driver import driver

        return time_runs(driver.active, before, run, after, runs)

    def _announce(self, config: Config, meta: dict) -> None:
        """Before a configuration is measured: say so where that is wanted; refuse one that the caller contradicts."""
        from .. import knobs

        conflicts = meta.keys() & config.kwargs.keys()
        if conflicts:
            raise ValueError(
                f"Conflicting meta-parameters: {', '.join(sorted(conflicts))}. "
                "Make sure that you don't re-define auto-tuned symbols."
            )
        if knobs.autotuning.print:
            print(f"Autotuning kernel {self.base_fn.__name__} with config {config}")

    @staticmethod
    def _announce_failure(error: BaseException) -> None:
        from .. import knobs

        if knobs.autotuning.print:
            print(f"Autotuning failed with {error}")

    def _bench(self, *args: object, config: Config, **meta: object) -> list[float]:
        """The times of a configuration by `do_bench`."""
        from ._tuning import failures

        self._announce(config, meta)
        current = {**meta, **config.all_kwargs()}
        full = {**self.nargs, **current}

        def call() -> None:
            if config.pre_hook:
                config.pre_hook(full)
            self.pre_hook(full)
            try:
                self.fn.run(*args, **current)
            except BaseException as error:  # of Ctrl-C too: what was changed is restored
                try:
                    self.post_hook(full, exception=error)
                finally:
                    raise error  # whatever the hook makes of it
            self.post_hook(full, exception=None)

        try:
            return self.do_bench(call, quantiles=(0.5, 0.2, 0.8))
        except failures() as error:
            self._announce_failure(error)
            return [float("inf")] * 3

    def _key(self, bound: dict) -> tuple:
        values = [bound[name] for name in self.keys if name in bound]
        types = [str(value.dtype) for value in bound.values() if hasattr(value, "dtype")]
        return tuple([getattr(v, "value", v) for v in values] + types)

    # ---- choices on disk --------------------------------------------------------------------------------------------

    def _folder(self, key: tuple, configs: Sequence[Config]) -> object:
        """The cache's folder for a key; None if nothing is kept, as with hooks, which may do anything."""
        from .. import knobs

        source = getattr(self._jit_function(), "cache_key", None)
        wanted = (self.cache_results or knobs.autotuning.cache) and not knobs.runtime.interpret
        if not wanted or source is None or any(config.pre_hook for config in configs):
            return None
        import hashlib
        import os

        from .._C import libtriton as _C
        from .cache import get_cache_manager, triton_key
        from .driver import driver

        variables = sorted(_C.get_cache_invalidating_env_vars().items())
        facts = (triton_key(), str(driver.active.get_current_target()), os.cpu_count(),
                 os.environ.get("TRITONC_SIMULATE"), source, key, variables, self._races())  # fmt: skip
        try:
            return get_cache_manager(hashlib.sha256(repr(facts).encode()).hexdigest())
        except OSError:  # no place for it: nothing is kept
            return None

    def _file(self) -> str:
        return f"{self.base_fn.__name__[:150]}.autotune.json"

    def _read(self, folder: object) -> dict[str, dict]:
        """What is known, by configuration; a file that is damaged is as good as none."""
        import json

        from ._tuning import empty_row

        try:
            with open(folder.get_file(self._file()) or "", encoding="utf-8") as file:
                rows = json.load(file)["rows"]
            known = {name: {**empty_row(), **row} for name, row in rows.items()}
            for row in known.values():
                row["times"] = [float(t) for t in row["times"]]
                row["samples"] = [float(t) for t in row["samples"]]
                row["parts"] = row["parts"] and tuple([float(t) for t in times] for times in row["parts"])
            return known
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def _write(self, folder: object, key: tuple, rows: dict[str, dict]) -> None:
        """Keep what is known, whole or not at all; a disk that is full is no reason to fail."""
        import json

        rows = {**self._read(folder), **rows}
        try:
            text = json.dumps({"key": key, "rows": rows}, default=str, indent=1)
            folder.put(text, self._file(), binary=False)
        except OSError:
            pass

    # ---- choosing ---------------------------------------------------------------------------------------------------

    def _fastest(self, configs: Sequence[Config], rows: dict[str, dict]) -> Config:
        """The first of the configurations that are as good as the best; where they do not race, the best."""
        from ._racing import TIE
        from ._tuning import row_name

        times = {config: rows[row_name(config)]["times"][0] for config in configs}
        limit = min(times.values()) * (1 + (TIE if self._races() else 0))
        return next(config for config in configs if times[config] <= limit)

    def _choose(self, key: tuple, args: tuple, kwargs: dict) -> tuple[Config, bool]:
        """What is chosen for a key, and whether everything was known."""
        from ._tuning import row_name

        proposals = None
        if self._auto:
            from ._proposals import Proposals

            proposals = Proposals(self, args, kwargs)
            self.configs = proposals.first
        configs = self.prune_configs(kwargs)
        if len(configs) == 1:
            self.cache[key] = configs[0]
            return configs[0], True
        # A choice is made again where it is asked for again; one that was interrupted goes on.
        rows = self._rows[key] if key in self._interrupted else {}
        self._rows[key] = rows
        self._interrupted.add(key)
        folder = self._folder(key, configs)
        if folder is not None:
            rows.update(self._read(folder))
        self.bench_time = 0.0
        hit = self._measure(key, configs, args, kwargs, rows, folder)
        if proposals is not None and not self.early_config_prune and not self.perf_model:
            best = self._fastest(configs, rows)
            more = proposals.beside(best)
            hit = self._measure(key, [best, *more], args, kwargs, rows, folder) and hit
            self.configs = configs = [*configs, *more]
        self._interrupted.discard(key)
        self.configs_timings = {config: rows[row_name(config)]["times"] for config in configs}
        self.cache[key] = best = self._fastest(configs, rows)
        self._choices[key] = list(configs), best, self.bench_time
        if not hit:
            full = {**self.nargs, **kwargs, **best.all_kwargs()}
            self.pre_hook(full, reset_only=True)
        self._tell(key, best, hit)
        return best, hit

    def _measure(
        self, key: tuple, configs: Sequence[Config], args: tuple, kwargs: dict, rows: dict[str, dict], folder: object
    ) -> bool:
        """Make the rows of configurations; whether all were known."""
        from ._tuning import Trial, row_name

        if all(rows.get(row_name(config), {}).get("done") for config in configs):
            return True
        begin = self._clock()
        try:
            Trial(self, configs, args, kwargs, rows).measure()
        finally:
            if folder is not None:
                self._write(folder, key, rows)
        self.bench_time += self._clock() - begin
        return False

    def _tell(self, key: tuple, best: Config, hit: bool) -> None:
        """Tell `knobs.autotuning.listener` of a choice."""
        from .. import knobs

        if knobs.autotuning.listener is not None:
            knobs.autotuning.listener(
                fn=self._jit_function(), key=key, best_config=best, configs_timings=self.configs_timings,
                duration=None if hit else self.bench_time, cache_hit=hit,
            )  # fmt: skip

    def run(self, *args: object, **kwargs: object) -> object:
        """Launch with the best configuration for these arguments, measuring first where there is none yet."""
        outer = self.nargs  # of a launch that a hook of this one's makes
        self.nargs = named = dict(zip(self.arg_names, args, strict=False))
        try:
            config = self._config_for(named, args, kwargs)
            self.best_config = config
            if config.pre_hook is not None:
                config.pre_hook({**named, **kwargs, **config.all_kwargs()})
            return self.fn.run(*args, **kwargs, **config.all_kwargs())
        finally:
            self.nargs = outer

    def _config_for(self, named: dict, args: tuple, kwargs: dict) -> Config:
        if not self._auto and len(self.configs) == 1:
            return self.configs[0]
        key = self._key({**named, **{k: v for k, v in kwargs.items() if k in self.arg_names}})
        config = self.cache.get(key)
        if config is not None:
            return config
        with self._choosing():
            config = self.cache.get(key)  # another thread's choice serves this one, too
            if config is None:
                config, hit = self._choose(key, args, {**kwargs, "warmup": False})
                if not hit:
                    self._announce_choice(key, config)
        return config

    def _announce_choice(self, key: tuple, config: Config) -> None:
        from .. import knobs

        if knobs.autotuning.print:
            print(
                f"Triton autotuning for function {self.base_fn.__name__},\nwith key as {key},\n"
                f"finished after {self.bench_time:.2f}s,\nbest config selected: {config};"
            )

    def prune_configs(self, kwargs: dict) -> list[Config]:
        """The configurations worth measuring for these arguments."""
        pruned = self.configs
        if self.early_config_prune:
            pruned = self.early_config_prune(self.configs, self.nargs, **kwargs)
            if not pruned:
                from .errors import AutotunerError

                raise AutotunerError(
                    "No valid autotuner configs after pruning. `early_config_prune` should return at least one config."
                )
        if self.perf_model:
            top_k = self.configs_top_k
            if isinstance(top_k, float) and top_k <= 1.0:
                top_k = max(1, int(len(pruned) * top_k))
            elif not isinstance(top_k, int):
                raise TypeError("prune_configs_by['top_k'] is an integer, or a fraction of at most 1.0")
            if len(pruned) > top_k:
                costs = {c: self.perf_model(**self.nargs, **kwargs, **c.all_kwargs()) for c in pruned}
                pruned = sorted(costs, key=costs.__getitem__)[:top_k]
        return pruned

    def report(self, path: str) -> None:
        """Write an HTML page that shows what was tried for each key so far: time, registers, spills, shared memory.

        Parameters
        ----------
        path : str
            The file: "tune.html".
        """
        from ._tuning_report import page

        with open(path, "w", encoding="utf-8") as file:
            file.write(page(self))

    def advise(self, *args: object, grid: object, **kwargs: object) -> object:
        """`JITFunction.advise` of the configuration that is the best, which is found on copies of the tensors first."""
        same, named = copies(args, kwargs)
        self.run(*same, grid=grid, warmup=False, **named)
        return self.fn.advise(*args, grid=grid, **kwargs, **self.best_config.all_kwargs())

    def warmup(self, *args: object, **kwargs: object) -> list:
        """Compile every configuration for these arguments."""
        outer = self.nargs
        self.nargs = dict(zip(self.arg_names, args, strict=False))
        try:
            if self._auto:
                from ._proposals import Proposals

                self.configs = Proposals(self, args, kwargs).first
            configs = self.prune_configs(kwargs)
            return [self.fn.warmup(*args, **kwargs, **config.all_kwargs()) for config in configs]
        finally:
            self.nargs = outer


def _zero(array: object) -> None:
    if hasattr(array, "zero_"):
        array.zero_()
    else:
        array[...] = 0


def autotune(
    configs: Sequence[Config] | str,
    key: Sequence[str],
    prune_configs_by: dict | None = None,
    reset_to_zero: Sequence[str] | None = None,
    restore_value: Sequence[str] | None = None,
    pre_hook: Callable | None = None,
    post_hook: Callable | None = None,
    warmup: int | None = None,
    rep: int | None = None,
    use_cuda_graph: bool = False,
    do_bench: Callable | None = None,
    cache_results: bool = False,
) -> Callable:
    """Let a kernel choose among configurations by measuring them.

    Configurations that become the same code are measured once; the others race in short rounds, which those without a
    chance leave early. `docs/tuning.md` tells how.

    Parameters
    ----------
    configs : list of Config, or "auto"
        What to choose from. "auto" proposes eight for each key, and neighbours of the best of them: sizes for the
        `tl.constexpr` parameters that have no default and that the launch does not give, and on GPUs warps and stages.
    key : list of str
        Parameters whose values, when they change, ask for a new choice.
    prune_configs_by : dict, optional
        `perf_model` (cost from the arguments by name) with `top_k`, and
        `early_config_prune(configs, named_args, **kwargs)`.
    reset_to_zero, restore_value : list of str, optional
        Tensors to set to zero before, to restore after every measured run.
    pre_hook, post_hook : callable, optional
        `pre_hook(kwargs, reset_only)` before and `post_hook(kwargs, exception)` after every measured run.
    do_bench : callable, optional
        `do_bench(fn, quantiles)`, which measures a configuration; then they do not race.
    warmup, rep, use_cuda_graph : optional
        Deprecated: each configuration is measured for so many milliseconds.
    cache_results : bool
        Keep the times on disk, beside the compiled kernels: another process chooses by them and measures nothing.
        TRITON_CACHE_AUTOTUNING=1 does so for all kernels.
    """

    def decorate(fn: object) -> Autotuner:
        return Autotuner(
            fn,
            fn.arg_names,
            configs,
            key,
            reset_to_zero,
            restore_value,
            pre_hook=pre_hook,
            post_hook=post_hook,
            prune_configs_by=prune_configs_by,
            warmup=warmup,
            rep=rep,
            use_cuda_graph=use_cuda_graph,
            do_bench=do_bench,
            cache_results=cache_results,
        )

    return decorate


def heuristics(values: dict[str, Callable]) -> Callable:
    """Compute some of a kernel's arguments from the others.

    Parameters
    ----------
    values : dict
        Parameter name to a function of the arguments by name.
    """

    def decorate(fn: object) -> Heuristics:
        return Heuristics(fn, fn.arg_names, values)

    return decorate


def __getattr__(name: str) -> object:
    """Names that live elsewhere."""
    if name == "AutotunerError":
        from .errors import AutotunerError

        return AutotunerError
    if name in ("get_cache_manager", "triton_key"):
        from . import cache

        return getattr(cache, name)
    if name == "get_cache_invalidating_env_vars":
        from .._C import libtriton as _C

        return _C.get_cache_invalidating_env_vars
    if name == "driver":
        from .driver import driver

        return driver
    raise AttributeError(f"module 'triton.runtime.autotuner' has no attribute {name!r}")
