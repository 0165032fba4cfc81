"""Random numbers from a counter, as `tl.random`."""

from .core import builtin, constexpr

__triton_builtin__ = "tl.random"

N_ROUNDS_DEFAULT = constexpr(10)

_FUNCTIONS = """
pair_uniform_to_normal philox philox_impl rand rand4x randint randint4x randn randn4x uint_to_uniform_float
""".split()
__all__ = ["N_ROUNDS_DEFAULT", *_FUNCTIONS]

for _name in _FUNCTIONS:
    globals()[_name] = builtin(f"tl.random.{_name}")
del _name
