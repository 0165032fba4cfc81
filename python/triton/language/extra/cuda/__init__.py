"""Names of the language that only CUDA devices have."""

from ...core import builtin
from .. import libdevice

__triton_builtin__ = "tl.extra.cuda"

__all__ = [
    "convert_custom_float8_sm70",
    "convert_custom_float8_sm80",
    "gdc_launch_dependents",
    "gdc_wait",
    "globaltimer",
    "libdevice",
    "num_threads",
    "num_warps",
    "smid",
]

convert_custom_float8_sm70 = builtin("tl.extra.cuda.convert_custom_float8_sm70")
convert_custom_float8_sm80 = builtin("tl.extra.cuda.convert_custom_float8_sm80")
gdc_launch_dependents = builtin("tl.extra.cuda.gdc_launch_dependents")
gdc_wait = builtin("tl.extra.cuda.gdc_wait")
globaltimer = builtin("tl.extra.cuda.globaltimer")
num_threads = builtin("tl.extra.cuda.num_threads")
num_warps = builtin("tl.extra.cuda.num_warps")
smid = builtin("tl.extra.cuda.smid")
