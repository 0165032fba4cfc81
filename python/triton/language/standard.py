"""The part of the language that is written in the language itself, as `tl.standard`."""

from .core import builtin

__triton_builtin__ = "tl.standard"

__all__ = """
argmax argmin bitonic_merge cdiv cumprod cumsum flip interleave max min ravel reduce_or sigmoid softmax sort sum
swizzle2d topk xor_sum zeros zeros_like
""".split()

for _name in __all__:
    globals()[_name] = builtin(f"tl.standard.{_name}")
del _name
