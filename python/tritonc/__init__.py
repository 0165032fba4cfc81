"""tritonc beside an installed `triton`: nothing is replaced, and a process that asks for it gets ours.

    import tritonc

    tritonc.activate()  # before anything imports triton
    import torch, triton  # this triton is tritonc's

or, for a program that is not to be changed, `python -m tritonc script.py`.
"""

from __future__ import annotations

import os
import sys

__all__ = ["activate", "is_active"]

_here = os.path.dirname(os.path.abspath(__file__))
# In the distribution `tritonc` the package triton lies inside, where no import finds it; else it is beside this one.
_packages = os.path.join(_here, "_packages")
if not os.path.isdir(_packages):
    _packages = os.path.dirname(_here)


def _is_ours(origin: str | None) -> bool:
    return bool(origin) and os.path.abspath(origin) == os.path.join(_packages, "triton", "__init__.py")


def is_active() -> bool:
    """Whether `triton` in this process is tritonc's."""
    return _is_ours(getattr(sys.modules.get("triton"), "__file__", None))


def activate() -> None:
    """Make tritonc the `triton` of this process, and of the Python processes that `multiprocessing` and PyTorch's
    compiler start from it. Does nothing where it is already; an ImportError where another triton was imported before,
    whose modules and kernels the program may hold."""
    if is_active():
        return
    loaded = sys.modules.get("triton")
    if loaded is not None:
        where = getattr(loaded, "__file__", None) or "an unknown place"
        raise ImportError(
            f"tritonc.activate(): another triton is imported already, from {where}. "
            "Call activate() before whatever imports triton (torch may), or run `python -m tritonc script.py`."
        )
    import importlib.util

    before = list(sys.path)
    sys.path[:] = [_packages] + [p for p in before if p != _packages]
    importlib.invalidate_caches()
    spec = importlib.util.find_spec("triton")
    if spec is None or not _is_ours(spec.origin):
        sys.path[:] = before
        where = "nothing" if spec is None else spec.origin
        raise ImportError(
            f"tritonc.activate(): `import triton` would give {where} in place of {_packages}/triton; "
            "is the installation whole, and does an import hook (sys.meta_path) answer for triton?"
        )


def __getattr__(name: str) -> object:
    """`__version__` is tritonc's own, whatever release of Triton it answers to."""
    if name == "__version__":
        with open(os.path.join(_packages, "triton", "_version.py"), encoding="utf-8") as file:
            values: dict[str, str] = {}
            exec(file.read(), values)
        return values["tritonc_version"]
    raise AttributeError(f"module 'tritonc' has no attribute {name!r}")
