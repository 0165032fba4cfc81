"""Names of the language that only CUDA devices have."""

from ...core import builtin
from .. import libdevice

__triton_builtin__ = "tl.extra.cuda"

__all__ = ["globaltimer", "libdevice", "num_threads", "num_warps", "smid"]

globaltimer = builtin("tl.extra.cuda.globaltimer")
num_threads = builtin("tl.extra.cuda.num_threads")
num_warps = builtin("tl.extra.cuda.num_warps")
smid = builtin("tl.extra.cuda.smid")
