"""Building extension modules from C source, for programs that do. Nothing here needs it."""

from __future__ import annotations

import hashlib
import os

from .. import knobs
from .cache import get_cache_manager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def _build(
    name: str,
    src: str,
    srcdir: str,
    library_dirs: list[str],
    include_dirs: list[str],
    libraries: list[str],
    ccflags: list[str],
) -> str:
    """Compile the C file `src` into a shared object in `srcdir`; its path."""
    import sysconfig

    if knobs.build.impl is not None:
        return knobs.build.impl(name, src, srcdir, library_dirs, include_dirs, libraries)
    out = os.path.join(srcdir, f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}")
    folders = [srcdir, sysconfig.get_paths()["include"], *include_dirs]
    command = [src, "-O3", "-shared", "-fPIC", "-Wno-psabi", "-o", out]
    command += [f"-l{library}" if ".so" not in library else f"-l:{library}" for library in libraries]
    command += [f"-L{folder}" for folder in library_dirs]
    command += [f"-I{folder}" for folder in folders if folder is not None]
    run_compiler([*command, *ccflags])
    return out


def run_compiler(arguments: list[str]) -> None:
    """Run the C compiler: `CC`, else cc, gcc or clang of the PATH."""
    import shutil
    import subprocess

    compiler = knobs.build.cc or shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise RuntimeError("Failed to find C compiler. Please specify via CC environment variable")
    subprocess.check_call([compiler, *arguments], stdout=subprocess.DEVNULL)


def platform_key() -> str:
    """A key that differs for machines whose shared objects are incompatible."""
    import platform

    return ",".join([platform.machine(), platform.system(), *platform.architecture()])


def _load_module_from_path(name: str, path: str) -> ModuleType:
    import importlib.util

    spec = importlib.util.spec_from_file_location(name, path)
    if not spec or not spec.loader:
        raise RuntimeError(f"Failed to load newly compiled {name} from {path}")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_module_from_src(
    src: str,
    name: str,
    library_dirs: list[str] | None = None,
    include_dirs: list[str] | None = None,
    libraries: list[str] | None = None,
    ccflags: list[str] | None = None,
) -> ModuleType:
    """Build C source as an extension module, or take it from the cache, and import it."""
    import sysconfig
    import tempfile

    lists = [library_dirs or [], include_dirs or [], libraries or [], ccflags or []]
    key = hashlib.sha256(repr((src, platform_key(), lists)).encode()).hexdigest()
    cache = get_cache_manager(key)
    filename = f"{name}{sysconfig.get_config_var('EXT_SUFFIX')}"
    path = cache.get_file(filename)
    if path is None:
        with tempfile.TemporaryDirectory() as folder:
            source = os.path.join(folder, name + ".c")
            with open(source, "w", encoding="utf-8") as file:
                file.write(src)
            with open(_build(name, source, folder, *lists), "rb") as file:
                path = cache.put(file.read(), filename, binary=True)
    return _load_module_from_path(name, path)
