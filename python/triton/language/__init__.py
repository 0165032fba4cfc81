"""The language: `import triton.language as tl`."""

from . import core, extra, math, random, standard, target_info
from .core import *  # noqa: F403
from .core import _FUNCTIONS, builtin

__triton_builtin__ = "tl"

from ._aggregate import aggregate as _aggregate  # noqa: E402
from ._aggregate import aggregate_replace as _aggregate_replace  # noqa: E402

globals().update({name: getattr(core, name) for name in _FUNCTIONS})
cdiv = builtin("tl.cdiv")
aggregate_replace = core.aggregate_replace = core._HostFunction(_aggregate_replace, "tl.aggregate_replace")
core._aggregate = _aggregate

__all__ = [
    name
    for name in dir(core)
    if not name.startswith("_") and name not in ("annotations", "operator", "builtin", "TYPE_CHECKING")
]
__all__ += ["core", "extra", "math", "random", "standard", "target_info"]
