"""Compiling for a target that another distribution has brought: its backend goes on from our Triton IR."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..backends.compiler import GPUTarget


class ThirdPartyKernel:
    """A kernel that another distribution's backend compiled.

    Parameters
    ----------
    src : ASTSource or IRSource
        What was compiled.
    asm, metadata : dict
        What the backend's stages gave, and what they noted.
    """

    def __init__(self, src: object, asm: dict, metadata: dict) -> None:
        from collections import namedtuple

        self.src = src
        self.asm = asm
        self.metadata = namedtuple("KernelMetadata", sorted(metadata))(**metadata)
        self.name = metadata["name"]
        self.hash = metadata["hash"]
        self.kernel = list(asm.values())[-1]
        self.module = self.function = None

    def _init_handles(self) -> None:
        """Have the driver load the last stage."""
        from ..runtime.driver import driver

        if self.module is not None:
            return
        device = driver.active.get_current_device()
        shared = getattr(self.metadata, "shared", 0)
        self.module, self.function, self.n_regs, self.n_spills, *_ = driver.active.utils.load_binary(
            self.name, self.kernel, shared, device
        )
        self.run = driver.active.launcher_cls(self.src, self.metadata)

    def __getitem__(self, grid: tuple) -> object:
        """`kernel[grid](*args)` through the driver's launcher."""
        from ..runtime.driver import driver

        self._init_handles()
        size = (*grid, 1, 1)[:3]

        def runner(*args: object, stream: object = None) -> None:
            if stream is None:
                stream = driver.active.get_current_stream(driver.active.get_current_device())
            self.run(*size, stream, self.function, None, None, None, None, *args)

        return runner


def compile_for(src: object, target: GPUTarget, options: object) -> ThirdPartyKernel:
    """Triton IR, then the stages that the target's backend has."""
    import hashlib

    from ..backends._make import make_backend
    from ..backends.compiler import Language
    from ..runtime.cache import get_cache_key

    backend = make_backend(target)
    given = backend.parse_options(dict(vars(options) if hasattr(options, "__dict__") else options or {}))
    key = get_cache_key(src, backend, given, {})
    metadata = {"hash": hashlib.sha256(key.encode()).hexdigest(), "target": target, **vars(given)}
    stages: dict = {}
    backend.add_stages(stages, given, Language.TRITON)
    module = src.make_ir("cpu", {}, backend.get_codegen_implementation(given), backend.get_module_map())
    metadata.setdefault("name", module.get_entry_func_name())
    asm = {}
    at = module
    names = list(stages)
    for name in names[names.index(src.ext) if src.ext in names else 0 :]:
        at = stages[name](at, metadata)
        asm[name] = at if isinstance(at, bytes) else str(at)
    return ThirdPartyKernel(src, asm, metadata)
