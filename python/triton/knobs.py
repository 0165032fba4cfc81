"""Settings: environment variables by attribute, and hooks.

    with triton.knobs.cache.scope():
        triton.knobs.cache.dir = "/tmp/kernels"

A setting that has not been assigned is read from its environment variable each time; an assigned one is put into the
environment, where the compiler reads it.
"""

from __future__ import annotations

import os

from ._C import libtriton as _C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRUE = ("1", "true", "on", "yes", "y")


class Setting:
    """An environment variable as an attribute.

    Parameters
    ----------
    variable : str
        Its name.
    kind : type
        bool, int or str.
    default : object
        The value when the variable is not set.
    """

    def __init__(self, variable: str, kind: type = str, default: object = None) -> None:
        self.variable = variable
        self.kind = kind
        self.default = default

    def __get__(self, group: Group | None, owner: type) -> object:
        if group is None:
            return self
        text = os.environ.get(self.variable)
        if text is None or (text == "" and self.kind is not str):
            return self.default() if callable(self.default) else self.default
        return text.lower() in _TRUE if self.kind is bool else self.kind(text)

    def __set__(self, group: Group, value: object) -> None:
        if value is None:
            os.environ.pop(self.variable, None)
        else:
            os.environ[self.variable] = ("1" if value else "0") if self.kind is bool else str(value)


class Group:
    """Settings that belong together."""

    def _settings(self) -> list[Setting]:
        return [value for owner in type(self).__mro__ for value in vars(owner).values() if isinstance(value, Setting)]

    def scope(self) -> Scope:
        """A context that puts everything back at its end."""
        return Scope(self)

    def copy(self) -> Group:
        """A group with the same values."""
        other = type(self)()
        other.__dict__.update(self.__dict__)
        return other

    def reset(self) -> Group:
        """Forget what was assigned."""
        for setting in self._settings():
            os.environ.pop(setting.variable, None)
        self.__dict__.clear()
        self.__init__()
        return self


class Scope:
    """Puts a group's settings and attributes back at its end."""

    def __init__(self, group: Group) -> None:
        self.group = group

    def __enter__(self) -> None:
        self.environment = {s.variable: os.environ.get(s.variable) for s in self.group._settings()}
        self.attributes = dict(vars(self.group))

    def __exit__(self, *exception: object) -> None:
        for name, value in self.environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for name in vars(self.group).keys() - self.attributes.keys():
            delattr(self.group, name)
        for name, value in self.attributes.items():
            setattr(self.group, name, value)


def _home() -> str:
    return os.environ.get("TRITON_HOME") or os.path.expanduser("~")


class BuildSettings(Group):
    """Nothing is built by a C compiler here."""


class CacheSettings(Group):
    """Where compiled kernels lie."""

    home_dir = Setting("TRITON_HOME", str, _home)
    dir = Setting("TRITON_CACHE_DIR", str, lambda: os.path.join(_home(), ".triton", "cache"))
    dump_dir = Setting("TRITON_DUMP_DIR", str, lambda: os.path.join(_home(), ".triton", "dump"))
    override_dir = Setting("TRITON_OVERRIDE_DIR", str, lambda: os.path.join(_home(), ".triton", "override"))


class CompilationSettings(Group):
    """How kernels are compiled."""

    override = Setting("TRITON_KERNEL_OVERRIDE", bool, False)
    dump_ir = Setting("TRITON_KERNEL_DUMP", bool, False)
    always_compile = Setting("TRITON_ALWAYS_COMPILE", bool, False)
    store_binary_only = Setting("TRITON_STORE_BINARY_ONLY", bool, False)
    disable_line_info = Setting("TRITON_DISABLE_LINE_INFO", bool, False)
    front_end_debugging = Setting("TRITON_FRONT_END_DEBUGGING", bool, False)
    allow_non_constexpr_globals = Setting("TRITON_ALLOW_NON_CONSTEXPR_GLOBALS", bool, False)

    def __init__(self) -> None:
        self.listener = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "listener":
            _compile_hooks_changed()


class AutotuningSettings(Group):
    """What the autotuner says and keeps."""

    cache = Setting("TRITON_CACHE_AUTOTUNING", bool, False)
    print = Setting("TRITON_PRINT_AUTOTUNING", bool, False)


class HookChain:
    """Functions that are called one after another."""

    def __init__(self, changed: Callable | None = None) -> None:
        self.calls: list[Callable] = []
        self._changed = changed

    def add(self, function: Callable) -> None:
        if function not in self.calls:
            self.calls.append(function)
            self._tell()

    def remove(self, function: Callable) -> None:
        if function in self.calls:
            self.calls.remove(function)
            self._tell()

    def _tell(self) -> None:
        if self._changed:
            self._changed()

    def __iter__(self) -> Iterator[Callable]:
        return iter(self.calls)

    def __bool__(self) -> bool:
        return bool(self.calls)

    def __call__(self, *args: object, **kwargs: object) -> None:
        for function in self.calls:
            function(*args, **kwargs)


class RuntimeSettings(Group):
    """How kernels are run, and hooks around launches."""

    interpret = Setting("TRITON_INTERPRET", bool, False)
    debug = Setting("TRITON_DEBUG", bool, False)
    override_arch = Setting("TRITON_OVERRIDE_ARCH", str, None)

    def __init__(self) -> None:
        self.jit_cache_hook = None
        self.jit_post_compile_hook = None
        self.add_stages_inspection_hook = None
        self.kernel_load_start_hook = HookChain()
        self.kernel_load_end_hook = HookChain()
        self.launch_enter_hook = HookChain(self._hooks_changed)
        self.launch_exit_hook = HookChain(self._hooks_changed)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in ("launch_enter_hook", "launch_exit_hook"):
            self._hooks_changed()
        elif name in ("jit_cache_hook", "jit_post_compile_hook"):
            _compile_hooks_changed()

    def _hooks_changed(self) -> None:
        """Launches call hooks only while there are some."""
        if globals().get("runtime", self) is self:
            hooks = [self.__dict__.get(name) or None for name in ("launch_enter_hook", "launch_exit_hook")]
            _C.set_launch_hooks(*hooks)


def _compile_hooks_changed() -> None:
    """Compiles call hooks only while there are some."""
    settings = globals()
    if "runtime" not in settings or "compilation" not in settings:
        return
    given = vars(settings["runtime"])
    after = given.get("jit_post_compile_hook") or vars(settings["compilation"]).get("listener")
    if not after and not given.get("jit_cache_hook"):
        _C.set_compile_hooks(None, None)
        return
    from .runtime import _hooks

    _C.set_compile_hooks(_hooks.before if given.get("jit_cache_hook") else None, _hooks.after if after else None)


class LanguageSettings(Group):
    """What kernels mean where they do not say."""

    fp32_default = Setting("TRITON_F32_DEFAULT", str, None)
    default_fp_fusion = Setting("TRITON_DEFAULT_FP_FUSION", bool, True)


class Tool:
    """A program of CUDA's toolkit.

    Attributes
    ----------
    path : str
        Where it is.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    @property
    def version(self) -> str:
        """What `--version` says after "release": "13.0"."""
        import re
        import subprocess

        text = subprocess.check_output([self.path, "--version"], text=True)
        found = re.search(r"release (\d+\.\d+)", text)
        return found.group(1) if found else ""


class ToolSetting(Setting):
    """A program by its path in an environment variable, else as it is found on the PATH or in CUDA's folder."""

    def __init__(self, variable: str, name: str) -> None:
        super().__init__(variable)
        self.name = name

    def __get__(self, group: Group | None, owner: type) -> object:
        if group is None:
            return self
        import shutil

        path = os.environ.get(self.variable) or shutil.which(self.name) or shutil.which(self.name, path=self._toolkit())
        if not path:
            raise RuntimeError(f"{self.name} of CUDA's toolkit is not here; {self.variable} can name it")
        return Tool(path)

    @staticmethod
    def _toolkit() -> str:
        return os.path.join(os.environ.get("CUDA_HOME", "/usr/local/cuda"), "bin")


class NVIDIASettings(Group):
    """CUDA's tools."""

    ptxas = ToolSetting("TRITON_PTXAS_PATH", "ptxas")
    nvdisasm = ToolSetting("TRITON_NVDISASM_PATH", "nvdisasm")
    cuobjdump = ToolSetting("TRITON_CUOBJDUMP_PATH", "cuobjdump")
    libcuda_path = Setting("TRITON_LIBCUDA_PATH", str, None)


build = BuildSettings()
cache = CacheSettings()
compilation = CompilationSettings()
autotuning = AutotuningSettings()
runtime = RuntimeSettings()
language = LanguageSettings()
nvidia = NVIDIASettings()
