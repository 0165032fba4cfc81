"""Choosing among configurations by measuring, and computing arguments from others."""

from __future__ import annotations

from .errors import OutOfResources, PTXASError
from .jit import JITFunction, KernelInterface  # noqa: F401

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Config:
    """Values for some parameters of a kernel, and options of its compile.

    Parameters
    ----------
    kwargs : dict
        Parameter name to value.
    num_warps, num_stages, num_ctas, maxnreg : int
        Options of the compile.
    pre_hook : callable, optional
        Called with the arguments by name before a launch with this configuration.
    ir_override : str, optional
        A file that is taken instead of a stage of the compile, which its ending names: `.ttir`; for a GPU also
        `.ttgir`, `.ptx` and `.cubin`. The kernel in it has the same run-time parameters.
    """

    def __init__(
        self,
        kwargs: dict,
        num_warps: int = 4,
        num_stages: int = 3,
        num_ctas: int = 1,
        maxnreg: int | None = None,
        pre_hook: Callable | None = None,
        ir_override: str | None = None,
    ) -> None:
        self.kwargs = kwargs
        self.num_warps = num_warps
        self.num_stages = num_stages
        self.num_ctas = num_ctas
        self.maxnreg = maxnreg
        self.pre_hook = pre_hook
        self.ir_override = ir_override

    def _options(self) -> dict:
        names = ("num_warps", "num_ctas", "num_stages", "maxnreg", "ir_override")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}

    def all_kwargs(self) -> dict:
        """What a launch is given: the parameters' values and the options."""
        return {**self.kwargs, **self._options()}

    def _key(self) -> tuple:
        return (*self.all_kwargs().items(), self.pre_hook)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __str__(self) -> str:
        options = {
            "num_warps": self.num_warps,
            "num_ctas": self.num_ctas,
            "num_stages": self.num_stages,
            "maxnreg": self.maxnreg,
        }
        return ", ".join(f"{k}: {v}" for k, v in {**self.kwargs, **options}.items())


def _env_is_on(name: str) -> bool:
    import os

    return os.environ.get(name, "").lower() in ("1", "true", "on", "yes", "y")


class Autotuner(KernelInterface):
    """A kernel that measures its configurations once for each key and then uses the best.

    Parameters are those of `triton.autotune`.
    """

    def __init__(
        self,
        fn: object,
        arg_names: Sequence[str],
        configs: Sequence[Config],
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
        self.configs = list(configs) or [Config({})]
        self.keys = list(key)
        self.arg_names = list(arg_names)
        self.cache: dict[tuple, Config] = {}
        self.configs_timings: dict[Config, object] = {}
        self.best_config: Config | None = None
        self.bench_time = 0.0
        self.nargs: dict | None = None
        self.reset_to_zero = list(reset_to_zero or ())
        self.restore_value = list(restore_value or ())
        self.restore_copies: dict[str, object] = {}
        self.user_defined_pre_hook = pre_hook is not None
        self.user_defined_post_hook = post_hook is not None
        self.pre_hook = pre_hook or self._reset_and_keep
        self.post_hook = post_hook or self._restore
        prune = prune_configs_by or {}
        self.perf_model = prune.get("perf_model")
        self.configs_top_k = prune.get("top_k", 1.0)
        self.early_config_prune = prune.get("early_config_prune")
        self.fn = fn
        self.base_fn = fn
        while (
            hasattr(self.base_fn, "fn")
            and isinstance(self.base_fn, KernelInterface)
            and isinstance(self.base_fn.fn, KernelInterface)
        ):
            self.base_fn = self.base_fn.fn
        self._do_bench = do_bench
        self.num_warmups = warmup
        self.num_reps = rep
        self.use_cuda_graph = use_cuda_graph
        self.cache_results = cache_results or _env_is_on("TRITON_CACHE_AUTOTUNING")
        self.__name__ = getattr(fn, "__name__", "autotuned")

    # ---- hooks around each measured run -----------------------------------------------------------------------------

    def _reset_and_keep(self, kwargs: dict, reset_only: bool = False) -> None:
        # An argument that a caller leaves out is None: there is nothing to reset or to keep.
        for name in self.reset_to_zero:
            if kwargs[name] is not None:
                _zero(kwargs[name])
        if not reset_only:
            kept = {name: kwargs[name] for name in self.restore_value}
            self.restore_copies = {name: _copy(array) for name, array in kept.items() if array is not None}

    def _restore(self, kwargs: dict, exception: BaseException | None = None) -> None:
        for name, copy in self.restore_copies.items():
            _copy_back(kwargs[name], copy)
        self.restore_copies = {}

    @property
    def do_bench(self) -> Callable:
        """What measures a function, called with it and `quantiles`."""
        if self._do_bench is not None:
            return self._do_bench
        from .driver import driver

        if self.use_cuda_graph and driver.active.get_current_target().backend == "cuda":
            from ..testing import do_bench_cudagraph

            return lambda fn, quantiles: do_bench_cudagraph(fn, rep=self.num_reps or 100, quantiles=quantiles)
        bench = driver.active.get_benchmarker()
        times = {k: v for k, v in (("warmup", self.num_warmups), ("rep", self.num_reps)) if v is not None}
        return lambda fn, quantiles: bench(fn, quantiles=quantiles, **times)

    # ---- measuring --------------------------------------------------------------------------------------------------

    def _bench(self, *args: object, config: Config, **meta: object) -> list[float]:
        from ..compiler.errors import CompileTimeAssertionFailure

        conflicts = meta.keys() & config.kwargs.keys()
        if conflicts:
            raise ValueError(
                f"Conflicting meta-parameters: {', '.join(sorted(conflicts))}. "
                "Make sure that you don't re-define auto-tuned symbols."
            )
        if _env_is_on("TRITON_PRINT_AUTOTUNING"):
            print(f"Autotuning kernel {self.base_fn.__name__} with config {config}")
        current = {**meta, **config.all_kwargs()}
        full = {**self.nargs, **current}

        def call() -> None:
            if config.pre_hook:
                config.pre_hook(full)
            self.pre_hook(full)
            try:
                self.fn.run(*args, **current)
            except Exception as error:
                try:
                    self.post_hook(full, exception=error)
                finally:
                    raise error  # whatever the hook makes of it
            self.post_hook(full, exception=None)

        try:
            return self.do_bench(call, quantiles=(0.5, 0.2, 0.8))
        except (OutOfResources, CompileTimeAssertionFailure, PTXASError) as error:
            if _env_is_on("TRITON_PRINT_AUTOTUNING"):
                print(f"Autotuning failed with {error}")
            return [float("inf")] * 3

    def _key(self, bound: dict) -> tuple:
        values = [bound[name] for name in self.keys if name in bound]
        types = [str(value.dtype) for value in bound.values() if hasattr(value, "dtype")]
        return tuple([getattr(v, "value", v) for v in values] + types)

    def _compile_all(self, configs: Sequence[Config], args: tuple, kwargs: dict) -> None:
        """Compile for all configurations at once; what fails here fails again, and is told, when it is measured."""
        import os
        from concurrent.futures import ThreadPoolExecutor

        def compile_one(config: Config) -> None:
            try:
                self.fn.warmup(*args, **{**kwargs, **config.all_kwargs()})
            except Exception:
                pass

        threads = min(len(configs), os.cpu_count() or 1)
        if threads > 1:
            kwargs = {name: value for name, value in kwargs.items() if name != "warmup"}
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(compile_one, configs))

    # ---- choices on disk --------------------------------------------------------------------------------------------

    def _file(self, key: tuple, configs: Sequence[Config]) -> str | None:
        """Where the timings for a key lie; None if they are not kept: a hook cannot be told from another one."""
        source = getattr(self.base_fn, "cache_key", None)
        if not self.cache_results or source is None or any(config.pre_hook for config in configs):
            return None
        import hashlib
        import os

        from .. import knobs
        from .._C import libtriton as _C
        from .driver import driver

        facts = (
            _C.version, str(driver.active.get_current_target()), os.environ.get("TRITONC_SIMULATE"),
            source, key,
            [str(config) for config in configs], [config.ir_override for config in configs],
        )  # fmt: skip
        name = hashlib.sha256(repr(facts).encode()).hexdigest()
        return os.path.join(knobs.cache.dir, f"{name}.autotune.json")

    def _read(self, path: str | None, configs: Sequence[Config]) -> dict[Config, object] | None:
        """The timings of an earlier process, or None; a file that is damaged is as good as none."""
        import json

        try:
            with open(path or "", encoding="utf-8") as file:
                timings = json.load(file)
            return dict(zip(configs, [[float(t) for t in times] for times in timings], strict=True)) or None
        except (OSError, ValueError, TypeError):
            return None

    def _write(self, path: str | None, timings: dict[Config, object]) -> None:
        """Keep the timings, whole or not at all; a disk that is full is no reason to fail."""
        if path is None:
            return
        import json
        import os

        rows = [list(times) if isinstance(times, (list, tuple)) else [times] for times in timings.values()]
        temporary = f"{path}.{os.getpid()}"
        try:
            os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
            with open(temporary, "w", encoding="utf-8") as file:
                json.dump(rows, file)
            os.replace(temporary, path)
        except OSError:
            pass

    def _choose(self, key: tuple, args: tuple, kwargs: dict) -> Config:
        import time

        configs = self.prune_configs(kwargs)
        path = self._file(key, configs)
        kept = self._read(path, configs)
        if kept:
            self.configs_timings, self.bench_time = kept, 0.0
            self.cache[key] = min(kept, key=lambda config: kept[config][0])
            return self.cache[key]
        begin = time.perf_counter()
        if not any(config.pre_hook for config in configs):  # which could change what is compiled
            self._compile_all(configs, args, kwargs)
        timings = {config: self._bench(*args, config=config, **kwargs) for config in configs}
        self.bench_time = time.perf_counter() - begin
        best = min(
            timings,
            key=lambda config: timings[config][0] if isinstance(timings[config], (list, tuple)) else timings[config],
        )
        self.cache[key] = best
        self.configs_timings = timings
        self._write(path, timings)
        full = {**self.nargs, **kwargs, **best.all_kwargs()}
        if self.user_defined_pre_hook:
            self.pre_hook(full, reset_only=True)
        else:
            self._reset_and_keep(full, reset_only=True)
        return best

    def run(self, *args: object, **kwargs: object) -> object:
        """Launch with the best configuration for these arguments, measuring first where there is none yet."""
        self.nargs = dict(zip(self.arg_names, args, strict=False))
        measured = False
        if len(self.configs) > 1:
            key = self._key({**self.nargs, **{k: v for k, v in kwargs.items() if k in self.arg_names}})
            config = self.cache.get(key)
            if config is None:
                measured = True
                config = self._choose(key, args, {k: v for k, v in kwargs.items() if k != "warmup"} | {"warmup": False})
        else:
            config = self.configs[0]
        self.best_config = config
        if measured and _env_is_on("TRITON_PRINT_AUTOTUNING"):
            print(
                f"Triton autotuning for function {self.base_fn.__name__},\nwith key as {key},\n"
                f"finished after {self.bench_time:.2f}s,\nbest config selected: {config};"
            )
        if config.pre_hook is not None:
            config.pre_hook({**self.nargs, **kwargs, **config.all_kwargs()})
        try:
            return self.fn.run(*args, **kwargs, **config.all_kwargs())
        finally:
            self.nargs = None

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
            if isinstance(top_k, float):
                if top_k > 1.0:
                    raise TypeError("prune_configs_by['top_k'] is an integer, or a fraction of at most 1.0")
                top_k = int(len(self.configs) * top_k)
            if len(pruned) > top_k:
                costs = {c: self.perf_model(**self.nargs, **kwargs, **c.all_kwargs()) for c in pruned}
                pruned = sorted(costs, key=costs.__getitem__)[:top_k]
        return pruned

    def warmup(self, *args: object, **kwargs: object) -> list:
        """Compile every configuration for these arguments."""
        self.nargs = dict(zip(self.arg_names, args, strict=False))
        try:
            configs = self.prune_configs(kwargs)
            return [self.fn.warmup(*args, **kwargs, **config.all_kwargs()) for config in configs]
        finally:
            self.nargs = None


def _zero(array: object) -> None:
    if hasattr(array, "zero_"):
        array.zero_()
    else:
        array[...] = 0


def _copy(array: object) -> object:
    return array.clone() if hasattr(array, "clone") else array.copy()


def _copy_back(array: object, kept: object) -> None:
    if hasattr(array, "copy_"):
        array.copy_(kept)
    else:
        array[...] = kept


def autotune(
    configs: Sequence[Config],
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

    Parameters
    ----------
    configs : list of Config
        What to choose from.
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
        `do_bench(fn, quantiles)`, which measures.
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


class Heuristics(KernelInterface):
    """A kernel some of whose arguments are computed from the others.

    Parameters
    ----------
    fn : KernelInterface
        The kernel.
    arg_names : list of str
        Its parameters.
    values : dict
        Parameter name to a function of the arguments by name.
    """

    def __init__(self, fn: object, arg_names: Sequence[str], values: dict[str, Callable]) -> None:
        self.fn = fn
        self.values = values
        self.arg_names = list(arg_names)
        self.__name__ = getattr(fn, "__name__", "heuristics")

    def run(self, *args: object, **kwargs: object) -> object:
        """Launch with the computed arguments."""
        for name, function in self.values.items():
            kwargs[name] = function({**dict(zip(self.arg_names, args, strict=False)), **kwargs})
        return self.fn.run(*args, **kwargs)


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
        from .._bindings import get_cache_invalidating_env_vars

        return get_cache_invalidating_env_vars
    if name == "driver":
        from .driver import driver

        return driver
    raise AttributeError(f"module 'triton.runtime.autotuner' has no attribute {name!r}")
