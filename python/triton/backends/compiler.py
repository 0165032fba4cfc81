"""What a target's compiler is to the rest: `BaseBackend`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


class GPUTarget:
    """A device to compile for.

    Parameters
    ----------
    backend : str
        "cpu", "cuda".
    arch : int or str
        Its compute capability: 90; the processor's name on a CPU.
    warp_size : int
        Threads that run in step; 0 on a CPU.
    """

    __slots__ = ("arch", "backend", "warp_size")

    def __init__(self, backend: str, arch: int | str, warp_size: int) -> None:
        object.__setattr__(self, "backend", backend)
        object.__setattr__(self, "arch", arch)
        object.__setattr__(self, "warp_size", warp_size)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a GPUTarget is not changed: cannot set {name!r}")

    def _key(self) -> tuple:
        return self.backend, self.arch, self.warp_size

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GPUTarget) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple:
        return GPUTarget, self._key()

    def __repr__(self) -> str:
        return f"GPUTarget(backend={self.backend!r}, arch={self.arch!r}, warp_size={self.warp_size!r})"


def __getattr__(name: str) -> object:
    """`Language` needs the module `enum`, which takes its time to import."""
    if name not in ("Enum", "Language"):
        raise AttributeError(f"module 'triton.backends.compiler' has no attribute {name!r}")
    from enum import Enum

    class Language(Enum):
        """The language that a kernel's source is in."""

        TRITON = 0
        GLUON = 1

    globals().update(Enum=Enum, Language=Language)
    return globals()[name]


class BaseBackend:
    """What is known of a target before compiling for it.

    A subclass of another distribution's (see `triton.backends`) says which targets it is for (`supports_target`), what
    its options are (`parse_options`) and how it goes on from Triton IR (`add_stages`).
    """

    supports_native_tensor_specialization = True

    def __init__(self, target: GPUTarget) -> None:
        self.target = target

    @staticmethod
    def supports_target(target: GPUTarget) -> bool:
        """Whether it compiles for a target."""
        raise NotImplementedError

    def hash(self) -> str:
        """What the compiler's own code contributes to a key."""
        from ..runtime.cache import triton_key

        return f"{triton_key()}-{self.target.backend}-{self.target.arch}"

    def parse_options(self, options: dict) -> object:
        """The options of a compile, with defaults, as an object with an attribute for each."""
        raise NotImplementedError

    def add_stages(self, stages: dict, options: object, language: object = None) -> None:
        """Put a function of (what the stage before gave, metadata) under the name of each stage, in order."""
        raise NotImplementedError

    def load_dialects(self, context: object) -> None:
        """Nothing: every op of the IR is known."""

    def get_codegen_implementation(self, options: object = None) -> dict:
        """Functions that the front end asks for by name: `min_dot_size`."""
        return {}

    def get_module_map(self) -> dict[str, ModuleType]:
        """Modules of the language that stand for others on this target."""
        return {}

    @staticmethod
    def parse_attr(desc: str) -> list:
        """What a specialization's letters say: "D" that a value is a multiple of 16."""
        return [["tt.divisibility", 16]] if "D" in desc else []

    @staticmethod
    def get_int_specialization(arg: int, **kwargs: object) -> str:
        """The letters of an integer."""
        return "D" if arg % 16 == 0 and kwargs.get("align") else ""

    @staticmethod
    def get_tensor_specialization(arg: object, **kwargs: object) -> str:
        """The letters of a tensor."""
        return "D" if arg.data_ptr() % 16 == 0 and kwargs.get("align") else ""

    # The name before 3.4.
    get_arg_specialization = get_tensor_specialization

    def pack_metadata(self, metadata: object) -> tuple:
        """What a launch needs to know of a kernel."""
        return (metadata.num_warps, metadata.num_ctas, metadata.shared)


class _Options:
    """Options of a compile: an attribute for each, with its value or the default."""

    _defaults: dict[str, object] = {}

    def __init__(self, given: dict) -> None:
        self.__dict__.update(self._defaults)
        self.__dict__.update({name: value for name, value in given.items() if name in self.__dict__})

    def hash(self) -> str:
        """A hash of them all."""
        import hashlib

        text = "_".join(f"{name}-{value}" for name, value in sorted(vars(self).items()))
        return hashlib.sha256(text.encode()).hexdigest()

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(self.hash())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"
