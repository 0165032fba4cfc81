"""Settings: environment variables by attribute, and hooks.

    with triton.knobs.cache.scope():
        triton.knobs.cache.dir = "/tmp/kernels"

A setting that has not been assigned is read from its environment variable each time. An assigned one keeps its value
until it is deleted (`del knobs.cache.dir`) or `knobs.env` is assigned, and is put into the environment, where the
compiler reads it; with `propagate_env = False` it is not, and then only Python sees it.
"""

from __future__ import annotations

import os
import sys
import types

from ._C import libtriton as _C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_TRUE = ("1", "true", "on", "yes", "y")


class Env:
    """The class of `env`, which is assigned to a setting to have it read from the environment again."""


env = Env()
propagate_env = True


def setenv(key: str, value: str | None) -> None:
    """Set an environment variable, or with None remove it, unless `propagate_env` is off."""
    if not propagate_env:
        return
    if value is None:
        os.environ.pop(key, None)
    else:
        os.environ[key] = value


class env_base:
    """An environment variable as an attribute of a group.

    Parameters
    ----------
    key : str
        The variable's name.
    default : object, optional
        The value when the variable is not set, or a function that gives it.
    """

    def __init__(self, key: str, default: object = None) -> None:
        self.key = key
        self.default = default

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, group: base_knobs | None, owner: type | None = None) -> object:
        if group is None:
            return self
        return self.transform(group.__dict__[self.name]) if self.name in group.__dict__ else self.get()

    def get(self) -> object:
        """The value that the environment gives."""
        text = os.environ.get(self.key)
        if not text and (text is None or self.default is not None):
            return self.default() if callable(self.default) else self.default
        return self.parse(text)

    def parse(self, text: str) -> object:
        """The value that a variable's text means."""
        return text

    def transform(self, value: object) -> object:
        """What a value that was assigned reads as."""
        return value

    def __set__(self, group: base_knobs, value: object) -> None:
        if isinstance(value, Env):
            self.__delete__(group)
            return
        group.__dict__[self.name] = value
        if value is None:
            setenv(self.key, None)
        elif isinstance(value, bool):
            setenv(self.key, "1" if value else "0")
        elif isinstance(value, (str, int)):
            setenv(self.key, str(value))

    def __delete__(self, group: base_knobs) -> None:
        group.__dict__.pop(self.name, None)


class env_str(env_base):
    """A text with a default."""


class env_str_callable_default(env_base):
    """A text whose default a function gives."""


class env_opt_str(env_base):
    """A text, or None."""


class env_bool(env_base):
    """On or off."""

    def __init__(self, key: str, default: bool | None = False) -> None:
        super().__init__(key, default)

    def parse(self, text: str) -> bool:
        return text.lower() in _TRUE


class env_opt_bool(env_bool):
    """On, off, or None."""

    def __init__(self, key: str) -> None:
        super().__init__(key, None)


class env_int(env_base):
    """A whole number."""

    def __init__(self, key: str, default: int = 0) -> None:
        super().__init__(key, default)

    def parse(self, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise RuntimeError(f"{self.key}={text}: a whole number is needed") from None


class env_class(env_base):
    """A class by its module and name, `package.module:Class`, or None.

    Parameters
    ----------
    key : str
        The variable's name.
    type : str
        What the class is below, for people.
    """

    def __init__(self, key: str, type: str) -> None:
        super().__init__(key, None)
        self.type = type

    def parse(self, text: str) -> type | None:
        import importlib

        if not text:
            return None
        module, _, name = text.partition(":")
        if not module or not name:
            raise RuntimeError(f"{self.key}={text}: a class is named as package.module:Class")
        return getattr(importlib.import_module(module), name)


def getenv(key: str, default: str | None = None) -> str | None:
    """An environment variable, or the default."""
    return os.environ.get(key, default)


def getenv_bool(key: str, default: bool) -> bool:
    """An environment variable that is on or off."""
    text = os.environ.get(key)
    return default if text is None else text.lower() in _TRUE


def toenv(val: object) -> tuple | None:
    """A setting's value as (text,) of its variable, (None,) for none; None where it cannot be one."""
    if val is None:
        return (None,)
    if isinstance(val, bool):
        return ("1" if val else "0",)
    return (str(val),) if isinstance(val, (str, int)) else (val.path,) if isinstance(val, NvidiaTool) else None


def warn_once(message: str) -> None:
    """Warn, the first time that a process has this to say."""
    from ._utils import warn_once as warn

    warn(message)


class base_knobs:
    """Settings that belong together."""

    @property
    def knob_descriptors(self) -> dict[str, env_base]:
        """The settings by name, as descriptors."""
        found = {}
        for owner in reversed(type(self).__mro__):
            found.update({name: value for name, value in vars(owner).items() if isinstance(value, env_base)})
        return found

    @property
    def knobs(self) -> dict[str, object]:
        """The settings by name, as values."""
        return {name: getattr(self, name) for name in self.knob_descriptors}

    def scope(self) -> Scope:
        """A context that puts everything back at its end."""
        return Scope(self)

    def copy(self) -> base_knobs:
        """A group with the same values."""
        other = type(self)()
        other.__dict__.update(self.__dict__)
        return other

    def reset(self) -> base_knobs:
        """Forget what was assigned; hooks stay, and so does the environment."""
        for name in self.knob_descriptors:
            delattr(self, name)
        return self


class Scope:
    """Puts a group's settings and attributes back at its end."""

    def __init__(self, group: base_knobs) -> None:
        self.group = group

    def __enter__(self) -> None:
        self.environment = {s.key: os.environ.get(s.key) for s in self.group.knob_descriptors.values()}
        self.attributes = dict(vars(self.group))

    def __exit__(self, *exception: object) -> None:
        settings = self.group.knob_descriptors.keys()
        for name in vars(self.group).keys() - self.attributes.keys():
            delattr(self.group, name)
        for name, value in self.attributes.items():
            if name in settings:
                vars(self.group)[name] = value
            else:
                setattr(self.group, name, value)
        for name, value in self.environment.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


class build_knobs(base_knobs):
    """For what others build: nothing is built by a C compiler here."""

    cc = env_opt_str("CC")
    cudacrt_path = env_opt_str("TRITON_CUDACRT_PATH")
    cudart_path = env_opt_str("TRITON_CUDART_PATH")
    impl = None

    @property
    def backend_dirs(self) -> set[str]:
        """The folders that the settings name."""
        return {path for path in (self.cudacrt_path, self.cudart_path) if path is not None}


class redis_knobs(base_knobs):
    """Where a cache that is shared through Redis would be."""

    key_format = env_str("TRITON_REDIS_KEY_FORMAT", "triton:{key}:{filename}")
    host = env_str("TRITON_REDIS_HOST", "localhost")
    port = env_int("TRITON_REDIS_PORT", 6379)


class cache_knobs(base_knobs):
    """Where compiled kernels lie."""

    home_dir = env_str("TRITON_HOME", lambda: os.path.expanduser("~/"))
    dir = env_str_callable_default("TRITON_CACHE_DIR", lambda: cache.get_triton_dir("cache"))
    manager_class = env_class("TRITON_CACHE_MANAGER", "CacheManager")
    remote_manager_class = env_class("TRITON_REMOTE_CACHE_BACKEND", "RemoteCacheBackend")
    dump_dir = env_str_callable_default("TRITON_DUMP_DIR", lambda: cache.get_triton_dir("dump"))
    override_dir = env_str_callable_default("TRITON_OVERRIDE_DIR", lambda: cache.get_triton_dir("override"))

    @property
    def redis(self) -> redis_knobs:
        """The settings of a cache in Redis."""
        return redis

    def get_triton_dir(self, dirname: str) -> str:
        """A folder of this package in the home folder."""
        return os.path.join(self.home_dir, ".triton", dirname)


class compilation_knobs(base_knobs):
    """How kernels are compiled."""

    override = env_bool("TRITON_KERNEL_OVERRIDE")
    dump_ir = env_bool("TRITON_KERNEL_DUMP")
    always_compile = env_bool("TRITON_ALWAYS_COMPILE")
    store_binary_only = env_bool("TRITON_STORE_BINARY_ONLY")
    use_ir_loc = env_opt_str("USE_IR_LOC")
    enable_asan = env_bool("TRITON_ENABLE_ASAN")
    disable_line_info = env_bool("TRITON_DISABLE_LINE_INFO")
    front_end_debugging = env_bool("TRITON_FRONT_END_DEBUGGING")
    allow_non_constexpr_globals = env_bool("TRITON_ALLOW_NON_CONSTEXPR_GLOBALS")
    instrumentation_mode = env_str("TRITON_INSTRUMENTATION_MODE", "")
    dump_ir_extract_di_local_variables = env_bool("LLVM_EXTRACT_DI_LOCAL_VARIABLES")
    fpsan_homomorphic_casts = env_bool("TRITON_FPSAN_HOMOMORPHIC_CASTS")

    def __init__(self) -> None:
        self.listener = None

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "listener":
            _hooks_changed()


class autotuning_knobs(base_knobs):
    """What the autotuner says and keeps."""

    cache = env_bool("TRITON_CACHE_AUTOTUNING")
    print = env_bool("TRITON_PRINT_AUTOTUNING")

    def __init__(self) -> None:
        self.listener = None


class HookChain:
    """Functions that are called one after another.

    Parameters
    ----------
    reversed : bool
        Call the one that was added last first.
    """

    def __init__(self, reversed: bool = False) -> None:
        self.calls: list[Callable] = []
        self.reversed = reversed

    def add(self, func: Callable) -> None:
        """Let `func` be called too, if it is not yet."""
        if func not in self.calls:
            self.calls.append(func)
            _hooks_changed()

    def remove(self, func: Callable) -> None:
        """Let `func` not be called any more."""
        if func in self.calls:
            self.calls.remove(func)
            _hooks_changed()

    def __iter__(self) -> Iterator[Callable]:
        return iter(self.calls[::-1] if self.reversed else self.calls)

    def __bool__(self) -> bool:
        return bool(self.calls)

    def __call__(self, *args: object, **kwargs: object) -> None:
        for function in list(self):
            function(*args, **kwargs)


class runtime_knobs(base_knobs):
    """How kernels are run, and hooks around compiles, loads and launches."""

    interpret = env_bool("TRITON_INTERPRET")
    debug = env_bool("TRITON_DEBUG")
    override_arch = env_opt_str("TRITON_OVERRIDE_ARCH")

    def __init__(self) -> None:
        self.jit_cache_hook = None
        self.jit_post_compile_hook = None
        self.add_stages_inspection_hook = None
        self.kernel_load_start_hook = HookChain()
        self.kernel_load_end_hook = HookChain(reversed=True)
        self.kernel_unload_hook = HookChain(reversed=True)
        self.launch_enter_hook = HookChain()
        self.launch_exit_hook = HookChain(reversed=True)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name.endswith("_hook"):
            _hooks_changed()


def _hooks_changed() -> None:
    """The extension calls hooks only while there are some: tell it of those there are."""
    module = globals()
    if "runtime" not in module or "compilation" not in module:
        return
    hooks, listener = vars(module["runtime"]), vars(module["compilation"]).get("listener")
    _C.set_hook_chains(hooks.get("launch_enter_hook"), hooks.get("launch_exit_hook"))
    _C.set_launch_hooks(hooks.get("launch_enter_hook") or None, hooks.get("launch_exit_hook") or None)
    _C.set_load_hooks(hooks.get("kernel_load_start_hook") or None, hooks.get("kernel_load_end_hook") or None)
    before, after = hooks.get("jit_cache_hook"), hooks.get("jit_post_compile_hook")
    if not before and not after and not listener:
        _C.set_compile_hooks(None, None)
        return
    from functools import partial

    from . import _hooks

    _C.set_compile_hooks(
        partial(_hooks.before, before) if before else None,
        partial(_hooks.after, listener, after) if after or listener else None,
    )


class language_knobs(base_knobs):
    """What kernels mean where they do not say."""

    fp32_default = env_opt_str("TRITON_F32_DEFAULT")
    default_fp_fusion = env_bool("TRITON_DEFAULT_FP_FUSION", True)
    force_disable_fp_fusion = env_bool("TRITON_FORCE_DISABLE_FP_FUSION")

    def fp_fusion_enabled(self) -> bool:
        """Whether multiplications and additions are contracted where a kernel does not say."""
        return self.default_fp_fusion and not self.force_disable_fp_fusion


class NvidiaTool:
    """A program of CUDA's toolkit.

    Attributes
    ----------
    path : str
        Where it is.
    """

    def __init__(self, path: str, version: str | None = None) -> None:
        self.path = path
        if version is not None:
            self.__dict__["version"] = version

    @staticmethod
    def from_path(path: str) -> NvidiaTool | None:
        """The program at a path, if it is one."""
        return NvidiaTool(path) if os.access(path, os.X_OK) else None

    def __getattr__(self, name: str) -> str:
        if name != "version":
            raise AttributeError(name)
        self.version = self._ask_version()
        return self.version

    def _ask_version(self) -> str:
        """What `--version` says after "release": "13.0"."""
        import re
        import subprocess

        text = subprocess.check_output([self.path, "--version"], text=True)
        found = re.search(r"release (\d+\.\d+)", text)
        return found.group(1) if found else ""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NvidiaTool) and self.path == other.path

    def __hash__(self) -> int:
        return hash(self.path)

    def __repr__(self) -> str:
        return f"NvidiaTool(path={self.path!r})"


class env_nvidia_tool(env_base):
    """A program by its path, which is assigned or in an environment variable, else as it is found on the PATH or in
    CUDA's folder.

    Parameters
    ----------
    binary : str
        Its name: "nvdisasm" has the variable TRITON_NVDISASM_PATH.
    """

    def __init__(self, binary: str) -> None:
        super().__init__(f"TRITON_{binary.upper().replace('-', '_')}_PATH")
        self.binary = binary

    def get(self) -> NvidiaTool:
        return self.transform(os.environ.get(self.key))

    def transform(self, value: str | NvidiaTool | None) -> NvidiaTool:
        import shutil

        if isinstance(value, NvidiaTool):
            return value
        toolkit = os.path.join(os.environ.get("CUDA_HOME") or "/usr/local/cuda", "bin")
        path = (value and shutil.which(value)) or shutil.which(self.binary) or shutil.which(self.binary, path=toolkit)
        if not path:
            named = f"{self.key}={value} is not a program, and " if value else ""
            raise RuntimeError(f"{named}{self.binary} of CUDA's toolkit was not found; {self.key} can name it")
        return NvidiaTool(path)


class nvidia_knobs(base_knobs):
    """CUDA's tools."""

    cuobjdump = env_nvidia_tool("cuobjdump")
    nvdisasm = env_nvidia_tool("nvdisasm")
    ptxas = env_nvidia_tool("ptxas")
    ptxas_blackwell = env_nvidia_tool("ptxas-blackwell")
    dump_nvptx = env_bool("NVPTX_ENABLE_DUMP")
    disable_ptxas_opt = env_bool("DISABLE_PTXAS_OPT")
    ptxas_options = env_opt_str("PTXAS_OPTIONS")
    mock_ptx_version = env_opt_str("TRITON_MOCK_PTX_VERSION")
    dump_ptxas_log = env_bool("TRITON_DUMP_PTXAS_LOG")
    libdevice_path = env_opt_str("TRITON_LIBDEVICE_PATH")
    libcuda_path = env_opt_str("TRITON_LIBCUDA_PATH")


class amd_knobs(base_knobs):
    """Settings of a target that is not here, for programs that assign them wherever they run."""

    use_buffer_ops = env_bool("AMDGCN_USE_BUFFER_OPS", True)
    use_buffer_atomics = env_bool("AMDGCN_USE_BUFFER_ATOMICS", True)
    buffer_ops_analyze_small_tensor_range = env_bool("AMDGCN_ANALYZE_SMALL_TENSOR_RANGE")
    dump_amdgcn = env_bool("AMDGCN_ENABLE_DUMP")
    libhip_path = env_opt_str("TRITON_LIBHIP_PATH")
    use_block_pingpong = env_opt_bool("TRITON_HIP_USE_BLOCK_PINGPONG")
    use_in_thread_transpose = env_opt_bool("TRITON_HIP_USE_IN_THREAD_TRANSPOSE")
    use_async_copy = env_bool("TRITON_HIP_USE_ASYNC_COPY")
    scalarize_packed_fops = env_bool("AMDGCN_SCALARIZE_PACKED_FOPS")


class proton_knobs(base_knobs):
    """Settings of the reference's profiler."""

    disable = env_bool("TRITON_PROTON_DISABLE")
    cupti_lib_dir = env_opt_str("TRITON_CUPTI_LIB_PATH")
    cupti_lib_blackwell_dir = env_opt_str("TRITON_CUPTI_LIB_BLACKWELL_PATH")
    enable_nvtx = env_bool("TRITON_ENABLE_NVTX", True)
    enable_hw_trace = env_bool("TRITON_ENABLE_HW_TRACE")
    profile_buffer_size = env_int("TRITON_PROFILE_BUFFER_SIZE", 64 << 20)
    profile_metric_buffer_size = env_int("TRITON_PROFILE_METRIC_BUFFER_SIZE", 64 << 20)
    hsa_runtime_library = env_opt_str("TRITON_HSA_RUNTIME_LIBRARY")
    hsa_runtime_path = env_opt_str("TRITON_HSA_RUNTIME_PATH")
    rocprofiler_sdk_include_path = env_opt_str("TRITON_ROCPROFILER_SDK_INCLUDE_PATH")
    rocprofiler_sdk_lib_path = env_opt_str("TRITON_ROCPROFILER_SDK_LIB_PATH")
    rocprofiler_sdk_library = env_opt_str("TRITON_ROCPROFILER_SDK_LIBRARY")
    roctracer_lib_path = env_opt_str("TRITON_ROCTRACER_LIB_PATH")
    roctracer_library = env_opt_str("TRITON_ROCTRACER_LIBRARY")
    roctx_lib_path = env_opt_str("TRITON_ROCTX_LIB_PATH")
    roctx_library = env_opt_str("TRITON_ROCTX_LIBRARY")


build = build_knobs()
redis = redis_knobs()
cache = cache_knobs()
compilation = compilation_knobs()
autotuning = autotuning_knobs()
runtime = runtime_knobs()
language = language_knobs()
nvidia = nvidia_knobs()
amd = amd_knobs()
proton = proton_knobs()


def refresh_knobs() -> None:
    """Read the environment again for what was assigned to the settings that it gives at the start of a program."""
    del runtime.debug
    del compilation.instrumentation_mode


class _Module(types.ModuleType):
    """Whole groups are replaced too, by a copy with other hooks, say."""

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name in ("runtime", "compilation"):
            _hooks_changed()

    def __getattr__(self, name: str) -> object:
        """What needs the module `typing`, which takes its time to import."""
        if name == "FP_FUSION_DEFAULT_WARNING":
            from ._utils import FP_FUSION_DEFAULT_WARNING

            return FP_FUSION_DEFAULT_WARNING
        if name == "CompileTimes":
            from ._hooks import CompileTimes

            return CompileTimes
        made = _typing_names() if name in _TYPING_NAMES else {}
        if name not in made:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        vars(self).update(made)
        return made[name]


_TYPING_NAMES = (
    "AutotuneListener", "BuildImpl", "ClassType", "CompilationListener", "F", "Generator", "GetType", "InitHandleHook",
    "JITHook", "JITHookCompileInfo", "KernelAttr", "LaunchHook", "PipelineStagesHook", "Protocol", "SetType",
    "TypedDict", "cast", "knobs_type",
)  # fmt: skip


def _typing_names() -> dict:
    """The types of hooks, for annotations."""
    from collections.abc import Callable, Generator
    from typing import Protocol, TypedDict, TypeVar, cast

    class JITHookCompileInfo(TypedDict):
        """What a hook around a compile receives."""

        key: str
        signature: dict
        device: int
        constants: dict
        num_warps: int
        num_ctas: int
        num_stages: int
        enable_fp_fusion: bool
        launch_cooperative_grid: bool
        extern_libs: tuple
        configs: list
        specialization_data: str
        is_warmup: bool

    def hook(name: str, doc: str) -> type:
        return type(name, (Protocol,), {"__doc__": doc, "__call__": lambda self, *args, **kwargs: None})

    return {
        "Protocol": Protocol, "TypedDict": TypedDict, "cast": cast, "Generator": Generator,
        "JITHookCompileInfo": JITHookCompileInfo,
        "BuildImpl": hook("BuildImpl", "Builds a C file."),
        "AutotuneListener": hook("AutotuneListener", "Called after an autotuner's choice."),
        "CompilationListener": hook("CompilationListener", "Called after a compile."),
        "InitHandleHook": hook("InitHandleHook", "Called when a kernel is loaded."),
        "JITHook": hook("JITHook", "Called around the compile of a launch."),
        "LaunchHook": hook("LaunchHook", "Called around a launch."),
        "PipelineStagesHook": hook("PipelineStagesHook", "Called with the stages of a compile."),
        "KernelAttr": dict, "knobs_type": TypeVar("knobs_type", bound=base_knobs),
        "ClassType": TypeVar("ClassType"), "SetType": TypeVar("SetType"), "GetType": TypeVar("GetType"),
        "F": TypeVar("F", bound=Callable),
    }  # fmt: skip


sys.modules[__name__].__class__ = _Module
_hooks_changed()
