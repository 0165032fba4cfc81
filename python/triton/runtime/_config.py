"""What tuning chooses among, and values that are computed from arguments."""

from __future__ import annotations

from .jit import KernelInterface

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
    num_cpu_threads : int
        The most threads of a launch on the CPU; 0: all there are (an option of the reference's CPU branch).
    pre_hook : callable, optional
        Called with the arguments by name before a launch with this configuration.
    ir_override : str, optional
        A file that is taken instead of a stage of the compile, which its ending names: `.ttir`; for a GPU also
        `.ttgir`, `.ptx` and `.cubin`. The kernel in it has the same run-time parameters.
    """

    __module__ = "triton.runtime.autotuner"

    def __init__(
        self,
        kwargs: dict,
        num_warps: int = 4,
        num_stages: int = 3,
        num_ctas: int = 1,
        maxnreg: int | None = None,
        pre_hook: Callable | None = None,
        ir_override: str | None = None,
        num_cpu_threads: int = 0,
    ) -> None:
        self.kwargs = kwargs
        self.num_warps = num_warps
        self.num_stages = num_stages
        self.num_ctas = num_ctas
        self.maxnreg = maxnreg
        self.pre_hook = pre_hook
        self.ir_override = ir_override
        self.num_cpu_threads = num_cpu_threads

    def __setstate__(self, state: dict) -> None:
        # A state of another version may have less in it, and one that PyTorch wrote into, more.
        self.__init__({})
        self.__dict__.update(state)

    def _options(self) -> dict:
        names = ("num_warps", "num_ctas", "num_stages", "maxnreg", "ir_override")
        options = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return {**options, "num_cpu_threads": self.num_cpu_threads} if self.num_cpu_threads else options

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
            "ir_override": self.ir_override,
            **({"num_cpu_threads": self.num_cpu_threads} if self.num_cpu_threads else {}),
        }
        return ", ".join(f"{k}: {v}" for k, v in {**self.kwargs, **options}.items())


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

    __module__ = "triton.runtime.autotuner"

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
