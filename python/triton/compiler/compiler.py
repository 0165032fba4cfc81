"""`triton.compile`, what it compiles, and what comes out."""

from __future__ import annotations

import sys
import time

from .._C import libtriton as _C
from ..backends.compiler import BaseBackend, GPUTarget

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class LazyDict:
    """A dictionary whose values may be supplied later, by functions.

    Parameters
    ----------
    data : dict
        What is known already.
    """

    def __init__(self, data: dict) -> None:
        self.data = data
        self.extras: list[tuple[Callable, tuple]] = []

    def get(self) -> dict:
        """Call what was added and give the whole dictionary."""
        for func, args in self.extras:
            self.data = self.data | func(*args)
        self.extras.clear()
        return self.data

    def add(self, func: Callable, args: tuple) -> None:
        """Let `func(*args)` supply more entries when they are wanted."""
        self.extras.append((func, args))


class AsmDict(dict):
    """The stages of a compiled kernel by name; each is fetched when it is first looked at.

    For a CUDA kernel there is "sass" too, its machine code as text, which is not among the keys.
    """

    def __init__(self, kernel: CompiledKernel) -> None:
        super().__init__()
        self._kernel = kernel
        self._names = kernel._stage_names()

    def __missing__(self, key: str) -> str | bytes:
        stage = self._kernel._stage(key)
        if stage is None and key == "sass" and "cubin" in self:
            from ..tools.disasm import get_sass

            stage = get_sass(self["cubin"])
        if stage is None:
            raise KeyError(key)
        self[key] = stage
        return stage

    def get(self, key: str, default: object = None) -> object:
        return self[key] if key in self else default

    def keys(self) -> list[str]:
        return list(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def values(self) -> list:
        return [self[name] for name in self._names]

    def items(self) -> list:
        return [(name, self[name]) for name in self._names]

    def __repr__(self) -> str:
        return f"AsmDict({', '.join(self._names)})"


class CompiledKernel(_C.Kernel):
    """A compiled kernel.

    Attributes
    ----------
    asm : AsmDict
        The stages by name: `ttir`, `llir`, `asm`, ...
    metadata : KernelMetadata
        A named tuple of options and facts.
    """

    def __init__(self) -> None:
        self.src: object = None

    def _attach(self, function: object) -> None:
        """Called by the extension with the function that the kernel was compiled from."""
        self.src = function

    def __getattr__(self, name: str) -> object:
        # Only what was not set yet comes here.
        if name in ("name", "hash", "_json"):
            self.name, self.hash, self._json = self._facts()
        elif name == "metadata":
            self.metadata = _metadata(self._json)
        elif name == "asm":
            self.asm = AsmDict(self)
        elif name in ("n_regs", "n_spills", "n_max_threads", "shared"):
            return getattr(self.metadata, name)
        elif name in ("kernel", "function", "module"):
            stages = self._stage_names()
            setattr(self, name, self.asm[stages[-1]] if name == "kernel" else self)
        elif name == "packed_metadata":
            self.packed_metadata = (self.metadata.num_warps, self.metadata.num_ctas, self.metadata.shared, 1, 1, 1)
        elif name == "metadata_group":
            self.metadata_group = {}
        else:
            raise AttributeError(f"a compiled kernel has no attribute {name!r}")
        return self.__dict__[name]

    def __repr__(self) -> str:
        return f"<CompiledKernel {self.name} for {self.metadata.target.backend}>"

    def _init_handles(self) -> None:
        """Put the kernel into executable form."""
        self._load()

    def launch_metadata(self, grid: tuple, stream: object, *args: object) -> LazyDict:
        """What launch hooks are given: the kernel's name, and what the decorator's `launch_metadata` says of it."""
        facts = LazyDict({"name": self.name, "function": self, "stream": stream})
        function = getattr(self.src, "fn", None) if isinstance(self.src, ASTSource) else self.src
        describe = getattr(function, "launch_metadata", None)
        if describe is not None:
            facts.add(describe, (grid, self.metadata, dict(zip(function.arg_names, args, strict=False))))
        return facts

    def run(
        self,
        grid_0: int,
        grid_1: int,
        grid_2: int,
        stream: object,
        function: object,
        packed_metadata: object,
        launch_metadata: object,
        launch_enter_hook: Callable | None,
        launch_exit_hook: Callable | None,
        *args: object,
    ) -> None:
        """Launch, between hooks that are given `launch_metadata`; the last arguments are the kernel's."""
        if launch_enter_hook is not None:
            launch_enter_hook(launch_metadata)
        self._launch((grid_0, grid_1, grid_2), args, stream)
        if launch_exit_hook is not None:
            launch_exit_hook(launch_metadata)

    def __getitem__(self, grid: int | tuple) -> Callable:
        """`kernel[grid](*args)`: all arguments, or all but the constants."""

        def runner(*args: object, stream: object = None) -> None:
            knobs = sys.modules.get("triton.knobs")
            enter = knobs and knobs.runtime.launch_enter_hook
            leave = knobs and knobs.runtime.launch_exit_hook
            if not enter and not leave:
                self._launch(grid, args, stream)
                return
            facts = self.launch_metadata(grid, stream, *args)
            if enter:
                enter(facts)
            self._launch(grid, args, stream)
            if leave:
                leave(facts)

        return runner


def _metadata(text: str) -> object:
    import json
    from collections import namedtuple

    facts = json.loads(text)
    backend, _, arch = facts["target"].partition(":")
    facts["target"] = GPUTarget(
        backend, int(arch) if arch.isdigit() else arch, 32 if backend in ("cuda", "simt") else 0
    )
    facts["arch"] = arch
    facts["backend_name"] = backend
    facts["warp_size"] = facts["target"].warp_size
    facts.setdefault("cluster_dims", (1, 1, 1))
    facts.setdefault("tmem_size", 0)
    facts.setdefault("global_scratch_size", 0)
    facts.setdefault("global_scratch_align", 1)
    facts.setdefault("profile_scratch_size", 0)
    facts.setdefault("profile_scratch_align", 1)
    return namedtuple("KernelMetadata", sorted(facts))(**facts)


class ASTSource:
    """A function together with the types and constants of its parameters.

    Parameters
    ----------
    fn : JITFunction
        The kernel.
    signature : dict
        Parameter name (or index) to type: "*fp32", "i32", "constexpr".
    constexprs : dict, optional
        Name, index or path (a tuple of indices) of a constant parameter to its value.
    attrs : dict, optional
        Path of a parameter to attributes: `{(0,): [["tt.divisibility", 16]]}`.
    """

    def __init__(self, fn: object, signature: dict, constexprs: dict | None = None, attrs: dict | None = None) -> None:
        self.fn = fn
        self.language = "triton"
        self.ext = "ttir"
        self.name = fn.__name__
        names = fn.arg_names
        self.signature = {(names[k] if isinstance(k, int) else k): v for k, v in signature.items()}
        self.constants: dict[tuple, object] = {}
        for key, value in (constexprs or {}).items():
            if isinstance(key, str):
                key = (names.index(key),)
            elif isinstance(key, int):
                key = (key,)
            self.constants[tuple(key)] = value
        self.attrs = attrs or {}

    def hash(self) -> str:
        """A hash of the source and its parameters."""
        import hashlib

        key = f"{self.fn.cache_key}-{sorted(self.signature.items())}-{self.constants!r}-{self.attrs!r}"
        return hashlib.sha256(key.encode()).hexdigest()

    def parse_options(self) -> dict:
        return {}

    def _params(self) -> tuple:
        """(name, type, constant, divisibility) of each parameter; a tuple's type is such a tuple of its items."""
        kinds = [self.signature.get(name, "constexpr") for name in self.fn.arg_names]
        return tuple(
            [self._param(name, kind, (i,)) for i, (name, kind) in enumerate(zip(self.fn.arg_names, kinds, strict=True))]
        )

    def _param(self, name: str | None, kind: object, path: tuple) -> tuple:
        if path in self.constants:
            return name, "constexpr", self.constants[path], 0
        if isinstance(kind, (tuple, list)):
            fields = getattr(kind, "_fields", None) or [None] * len(kind)
            items = [
                self._param(field, item, (*path, i)) for i, (field, item) in enumerate(zip(fields, kind, strict=True))
            ]
            return name, tuple(items), None, 0
        attrs = dict((a[0], a[1]) for a in self.attrs.get(path, ()))
        return name, str(kind), None, int(attrs.get("tt.divisibility", 0))


class IRSource:
    """Triton IR in a file.

    Parameters
    ----------
    path : str
        A `.ttir` or `.ttgir` file.
    """

    def __init__(self, path: object, context: object = None, backend: object = None) -> None:
        self.path = str(path)
        with open(self.path, encoding="utf-8") as file:
            self.src = file.read()
        self.name = self.path.rpartition("/")[2].partition(".")[0]
        self.language = "triton"
        self.ext = self.path.rpartition(".")[2]

    def hash(self) -> str:
        """A hash of the text."""
        import hashlib

        return hashlib.sha256(self.src.encode()).hexdigest()

    def parse_options(self) -> dict:
        return {}


def _target_text(target: object) -> str:
    if isinstance(target, str):
        return target
    from ..runtime.driver import CPUDriver, driver

    if target is None:
        target = driver.active.get_current_target()
    if target.backend == "cpu" and target == CPUDriver().get_current_target():
        return "cpu"  # with all the features that this processor has, not only its name's
    arch = getattr(target, "arch", None)
    return f"{target.backend}:{arch}" if arch not in (None, "", 0) else target.backend


def compile(
    src: object, target: object = None, options: object = None, _env_vars: dict | None = None
) -> CompiledKernel:
    """Compile a kernel.

    Parameters
    ----------
    src : ASTSource, IRSource or str
        What to compile; a string is the path of a `.ttir` or `.ttgir` file.
    target : GPUTarget, optional
        For which processor; the active driver's by default.
    options : dict, optional
        `num_warps`, `num_stages`, `debug`, ...

    Returns
    -------
    CompiledKernel
    """
    if isinstance(src, (str, bytes)) or hasattr(src, "__fspath__"):
        src = IRSource(src)
    if options is not None and not isinstance(options, dict):
        options = dict(vars(options))
    text = _target_text(target)
    begin = time.perf_counter_ns()
    if isinstance(src, IRSource):
        kernel = _C.compile(None, src.src, src.path, (), text, options or {}, None)
    else:
        kernel = _C.compile(src.fn, None, None, src._params(), text, options or {}, None)
    kernel.src = src
    knobs = sys.modules.get("triton.knobs")
    if knobs and knobs.compilation.listener:
        from ..runtime._hooks import listen

        listen(src, kernel, (time.perf_counter_ns() - begin) / 1000)
    return kernel


def get_cache_key(src: object, backend: BaseBackend, backend_options: object, env_vars: dict) -> str:
    """The text that a compile of `src` is remembered by."""
    return f"{_C.version}-{src.hash()}-{backend.hash()}-{backend_options}-{sorted((env_vars or {}).items())}"


def make_backend(target: GPUTarget) -> BaseBackend:
    """What knows the options of a target."""
    return BaseBackend(target)
