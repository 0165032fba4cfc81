"""The language: `import triton.language as tl`."""

from . import core, extra, math, random, standard, target_info
from .core import *  # noqa: F403
from .core import _FUNCTIONS, builtin

__triton_builtin__ = "tl"

globals().update({name: getattr(core, name) for name in _FUNCTIONS})
cdiv = builtin("tl.cdiv")

__all__ = [
    name
    for name in dir(core)
    if not name.startswith("_") and name not in ("annotations", "operator", "builtin", "TYPE_CHECKING")
]
__all__ += ["core", "extra", "math", "random", "standard", "target_info"]
