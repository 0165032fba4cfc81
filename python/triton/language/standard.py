"""The part of the language that is written in the language itself, as `tl.standard`."""

from .core import builtin, constexpr_function

__triton_builtin__ = "tl.standard"

__all__ = """
argmax argmin bitonic_merge cdiv cumprod cumsum flip interleave max min ravel reduce_or sigmoid softmax sort sum
swizzle2d topk xor_sum zeros zeros_like
""".split()

for _name in __all__:
    globals()[_name] = builtin(f"tl.standard.{_name}")
del _name
squeeze, unsqueeze = builtin("tl.squeeze"), builtin("tl.unsqueeze")


@constexpr_function
def _log2(i: int) -> int:
    """The logarithm of a power of 2."""
    return i.bit_length() - 1


def _is_power_of_two_of(i: int) -> bool:
    return i > 0 and i & (i - 1) == 0


_is_power_of_two = constexpr_function(_is_power_of_two_of)
