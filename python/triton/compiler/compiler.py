"""`triton.compile`, what it compiles, and what comes out."""

from __future__ import annotations

import os
import sys
import time

from .._C import libtriton as _C
from ..backends._make import make_backend  # noqa: F401
from ..backends.compiler import BaseBackend, GPUTarget  # noqa: F401

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
        """Let `func(*args)` supply more entries when they are needed."""
        self.extras.append((func, args))


class AsmDict(dict):
    """The stages of a compiled kernel by name; each is fetched when it is first looked at.

    For a CUDA kernel there is "sass" too, its machine code as text; for the CPU "so" and "launcher.so", shared objects
    (backends/cpu/shared_object.py). These are not among the keys.
    """

    def __init__(self, image: object, source: object = None) -> None:
        super().__init__()
        self._image = image
        self._source = source
        self._names = image._stage_names()

    def __reduce__(self) -> tuple:
        return AsmDict, (self._image, self._source)

    def _shared_object(self, key: str) -> bytes | None:
        from ..backends.cpu import shared_object

        if key == "launcher.so":
            return shared_object.launcher()
        signature = getattr(self._source, "signature", None)
        if signature is None:
            return None
        return shared_object.kernel(self._image._facts()[0], signature, self._image.save())

    def __missing__(self, key: str) -> str | bytes:
        stage = self._image._stage(key)
        if stage is None and key == "sass" and "cubin" in self:
            from ..backends.nvidia.disasm import get_sass

            stage = get_sass(self["cubin"])
        if stage is None and key in ("so", "launcher.so") and "obj" in self:
            stage = self._shared_object(key)
        if stage is None:
            raise KeyError(key)
        self[key] = stage
        return stage

    def get(self, key: str, default: object = None) -> object:
        try:
            return self[key]
        except KeyError:
            return default

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


# Of a kernel's metadata: its target's, and what the target alone decides.
_NOT_GIVEN = ("arch", "backend_name", "cluster_dims")


class CompiledKernel(_C.Kernel):
    """A compiled kernel.

    Parameters
    ----------
    src : ASTSource or IRSource, optional
        What it was compiled from.
    metadata_group : dict, optional
        The files of a kernel by name, as `metadata_group` of another one gives them; the kernel is made of them.
    hash : str, optional
        Its hash.

    Attributes
    ----------
    asm : AsmDict
        The stages by name: `ttir`, `llir`, `asm`, ...
    metadata : KernelMetadata
        A named tuple of options and facts.
    """

    def __init__(self, src: object = None, metadata_group: dict | None = None, hash: str | None = None) -> None:
        if src is not None:
            self.src = src
        if metadata_group is None:
            return
        kept = [path for name, path in metadata_group.items() if name.endswith(".image")]
        if not kept:
            raise ValueError("among a kernel's files is one that ends in .image, of `CompiledKernel.save`")
        with open(kept[0], "rb") as file:
            self._image = _C.restore(file.read(), None)
        if hash is not None and hash != self.hash:
            raise ValueError(f"{kept[0]} is the kernel {self.hash}, not {hash}")

    def _attach(self, function: object, params: list) -> None:
        """Called by the extension with the function that the kernel was compiled from, and its parameters."""
        self._compiled = function, params

    def __getattr__(self, name: str) -> object:
        # Only what was not set yet comes here.
        own = self.__dict__
        if "_image" not in own:
            raise AttributeError(f"a compiled kernel has no attribute {name!r}")
        if name in ("name", "hash", "_json"):
            self.name, self.hash, self._json = self._image._facts()
        elif name == "src":
            self.src = _source_of(*own.pop("_compiled")) if "_compiled" in own else None
        elif name == "metadata":
            self.metadata = _metadata(self._json)
        elif name == "asm":
            self.asm = AsmDict(self._image, self.src)
        elif name in ("n_regs", "n_spills", "n_max_threads", "shared"):
            return getattr(self.metadata, name)
        elif name in ("kernel", "function", "module"):
            stages = self._image._stage_names()
            return self.asm[stages[-1]] if name == "kernel" else self
        elif name == "packed_metadata":
            self.packed_metadata = (self.metadata.num_warps, self.metadata.num_ctas, self.metadata.shared, 1, 1, 1)
        elif name == "metadata_group":
            self.metadata_group = _files_of(self.hash, self.src)
        else:
            raise AttributeError(f"a compiled kernel has no attribute {name!r}")
        return self.__dict__[name]

    def __dir__(self) -> list[str]:
        """With what `__getattr__` makes when it is asked for."""
        made = "name hash src metadata asm n_regs n_spills n_max_threads shared kernel packed_metadata metadata_group"
        return sorted({*super().__dir__(), *made.split()})

    def __repr__(self) -> str:
        return f"<CompiledKernel {self.name} for {self.metadata.target.backend}>"

    def __getstate__(self) -> dict:
        self._json, self.src  # noqa: B018
        state = {name: value for name, value in self.__dict__.items() if name not in ("metadata", "_compiled")}
        return state

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)

    def __reduce__(self) -> tuple:
        return _new_kernel, (), self.__getstate__()

    def _stage_names(self) -> list[str]:
        return self._image._stage_names()

    def _from_cache(self) -> bool:
        return self._image._from_cache()

    def save(self, path: str | None = None) -> bytes:
        """The kernel as bytes, which `CompiledKernel.restore` takes; with `path`, written to a file too."""
        data = self._image.save()
        if path is not None:
            with open(path, "wb") as file:
                file.write(data)
        return data

    def _made(self, stage: str) -> str:
        """Compiled again for what the compiler tells of it: `facts` or `html`."""
        src = self.src
        if src is None:
            raise ValueError("a kernel that was restored from bytes has no source, so it cannot be compiled again")
        given = {k: v for k, v in _known_options(self.metadata._asdict()).items() if k not in _NOT_GIVEN}
        what = (None, src.src, src.path, ()) if isinstance(src, IRSource) else (src.fn, None, None, src._params())
        kernel = _C.compile(*what, _exact_target(self.metadata.target), given, stage)
        return kernel._image._stage(stage)

    def facts(self) -> dict:
        """What the compiler made of the kernel, and why: docs/facts.md describes it. Compiles it again."""
        import json

        return json.loads(self._made("facts"))

    def explore(self, path: str) -> None:
        """Write a page that shows the source and every stage side by side, with passes, layouts and decisions.

        Parameters
        ----------
        path : str
            The file, `kernel.html`. It needs no other file, and no network.
        """
        page = self._made("html")
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)

    @staticmethod
    def restore(data: bytes) -> CompiledKernel:
        """The kernel that was saved as bytes, which contain code: restore them from trusted sources only."""
        kernel = CompiledKernel()
        kernel._image = _C.restore(data, None)
        kernel._load()
        return kernel

    def _init_handles(self) -> None:
        """Load the kernel; a copy of another one's `__dict__` becomes a kernel by that."""
        for name in ("run", "module", "function"):
            if self.__dict__.get(name, self) is None:
                del self.__dict__[name]
        self._load()

    def close(self) -> None:
        """Does nothing: a kernel's code is freed with its last reference."""

    def launch_metadata(self, grid: tuple, stream: object, *args: object) -> LazyDict:
        """What launch hooks are given: the kernel's name, and what the decorator's `launch_metadata` says of it."""
        facts = LazyDict({"name": self.name, "function": self, "stream": stream})
        function = getattr(self.src, "fn", None)
        describe = getattr(function, "launch_metadata", None)
        if describe is not None:
            facts.add(describe, (grid, self.metadata, dict(zip(function.arg_names, args, strict=False))))
        return facts

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


def _new_kernel() -> CompiledKernel:
    return CompiledKernel.__new__(CompiledKernel)


def _source_of(function: object, params: list) -> ASTSource:
    """What a launch has compiled, from (name, type, constant, divisibility) of each parameter."""
    signature = {name: kind for name, kind, _, _ in params}
    constants = {(i,): value for i, (_, kind, value, _) in enumerate(params) if kind == "constexpr"}
    attrs = {(i,): [["tt.divisibility", d]] for i, (_, _, _, d) in enumerate(params) if d > 1}
    return ASTSource(function, signature, constants, attrs)


def _files_of(hash: str, src: object) -> dict[str, str]:
    """The files of a kernel in the cache by name; none where it is not there."""
    from .. import knobs
    from ..runtime.cache import _base32, _group_name

    if knobs.cache.manager_class:
        return knobs.cache.manager_class(hash).get_group(_group_name(getattr(src, "name", ""))) or {}
    folder = os.path.join(knobs.cache.dir, _base32(hash))
    try:
        return {name: os.path.join(folder, name) for name in sorted(os.listdir(folder))}
    except OSError:
        return {}


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

    def make_ir(
        self, target: object, options: object, codegen_fns: object = None, module_map: object = None,
        context: object = None,
    ) -> object:  # fmt: skip
        """The kernel in Triton IR, to be looked at: a module of `triton._C.libtriton.ir`."""
        given = _known_options(options)
        kernel = _C.compile(self.fn, None, None, self._params(), _target_text(target), given, "ttir")
        return _C.parse_ir(kernel._image._stage("ttir"), f"{self.name}.ttir")

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
        self.language = "triton"
        self.ext = self.path.rpartition(".")[2]

    def __getattr__(self, name: str) -> object:
        # What the text says, read when it is asked for.
        if name == "name":
            self.name = f"@{self._module().get_entry_func_name()}"
        elif name == "signature":
            self.signature = _signature_of(self._module().str(), self.name)
        else:
            raise AttributeError(f"an IRSource has no attribute {name!r}")
        return self.__dict__[name]

    def _module(self) -> object:
        return _C.parse_ir(self.src, self.path)

    def hash(self) -> str:
        """A hash of the text."""
        import hashlib

        return hashlib.sha256(self.src.encode()).hexdigest()

    def parse_options(self) -> dict:
        """The options that the text fixes: of Triton GPU IR the number of warps."""
        import re

        warps = re.search(r'"ttg.num-warps" = (\d+) : i32', self.src) if self.ext == "ttgir" else None
        return {"num_warps": int(warps[1])} if warps else {}

    def make_ir(
        self, target: object, options: object, codegen_fns: object = None, module_map: object = None,
        context: object = None,
    ) -> object:  # fmt: skip
        """The file as a module of `triton._C.libtriton.ir`."""
        return self._module()


def _signature_of(text: str, name: str) -> dict:
    """The types of the parameters of a function in printed IR, by position: "*f32", "i32", "nvTmaDesc"."""
    import re

    head = re.search(rf"tt\.func public {re.escape(name)}\((.*)\)", text)[1]
    types = {}
    for i, (kind, rest) in enumerate(re.findall(r"%[\w.$-]+: (!tt\.ptr<[^{}%]*>|[^ ,{}%]+)([^%]*)", head)):
        pointee = re.match(r"!tt\.ptr<(.*?)(, \d+)?>$", kind)
        types[i] = "nvTmaDesc" if "tt.nv_tma_desc" in rest else f"*{pointee[1]}" if pointee else kind
    return types


def _known_options(options: object) -> dict:
    """The options among those given that a compile has."""
    if options is not None and not isinstance(options, dict):
        options = vars(options)
    return {name: value for name, value in (options or {}).items() if _C.knows_option(name)}


def _exact_target(target: object) -> str:
    from ..runtime.driver import CPUDriver

    if target.backend == "cpu" and target == CPUDriver().get_current_target():
        return "cpu"  # with all the features that this processor has, not only its name's
    arch = getattr(target, "arch", None)
    return f"{target.backend}:{arch}" if arch not in (None, "", 0) else target.backend


def _target_text(target: object) -> str:
    if isinstance(target, str):
        return target
    from ..runtime.driver import driver

    if target is None:
        target = driver.active.get_current_target()
    if target.backend == "cpu" and "TRITONC_SIMULATE" in os.environ:
        simulated = os.environ["TRITONC_SIMULATE"].rpartition(":")[2]
        if simulated.isdigit():
            return f"simt:{simulated}"
    return _exact_target(target)


def compile(
    src: object, target: object = None, options: object = None, _env_vars: dict | None = None
) -> CompiledKernel:
    """Compile a kernel.

    Parameters
    ----------
    src : ASTSource, IRSource or str
        What to compile; a string is the path of a `.ttir` or `.ttgir` file.
    target : GPUTarget, optional
        For which processor; the active driver's by default. Where no GPU is active, Triton GPU IR is compiled for the
        target that it names (`ttg.target`).
    options : dict, optional
        `num_warps`, `num_stages`, `debug`, ... Those that no compile has are left alone. With `debug` the accesses to
        memory are not checked, as PyTorch asks for it in all that it generates; `check_memory` asks for that.

    Returns
    -------
    CompiledKernel
    """
    if isinstance(src, (str, bytes)) or hasattr(src, "__fspath__"):
        src = IRSource(src)
    text = _target_text(target)
    if text.partition(":")[0] not in ("cpu", "cuda", "simt") and isinstance(target, GPUTarget):
        from ._third_party import compile_for

        return compile_for(src, target, options)
    if isinstance(src, IRSource) and target is None and text == "cpu":
        text = None  # the target that Triton GPU IR names, else this processor
    given = _known_options(options)
    if given.get("debug"):
        given.setdefault("check_memory", False)
    begin = time.perf_counter_ns()
    if isinstance(src, IRSource):
        kernel = _C.compile(None, src.src, src.path, (), text, given, None)
    else:
        kernel = _C.compile(src.fn, None, None, src._params(), text, given, None)
    kernel.src = src
    knobs = sys.modules.get("triton.knobs")
    if knobs and knobs.compilation.listener:
        from .._hooks import listen

        listen(knobs.compilation.listener, src, kernel, (time.perf_counter_ns() - begin) / 1000)
    return kernel


def max_shared_mem(device: int) -> int:
    """The bytes of shared memory that a block of threads can have on a device."""
    from ..runtime.driver import driver

    return driver.active.utils.get_device_properties(device)["max_shared_mem"]


def __getattr__(name: str) -> object:
    if name in ("triton_key", "get_cache_key"):
        from ..runtime import cache

        return getattr(cache, name)
    raise AttributeError(f"module 'triton.compiler.compiler' has no attribute {name!r}")
