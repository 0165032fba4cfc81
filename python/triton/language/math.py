"""Mathematical functions of the language, as `tl.math`."""

from .core import builtin

__triton_builtin__ = "tl.math"

__all__ = """
abs ceil cos div_rn erf exp exp2 fdiv floor fma log log2 rsqrt sin sqrt sqrt_rn umulhi
""".split()

for _name in __all__:
    globals()[_name] = builtin(f"tl.math.{_name}")
del _name
