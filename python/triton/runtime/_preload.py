"""`JITFunction.preload`: a specialization from text, as `_hooks.py` writes it, and arguments that lead to it."""

from __future__ import annotations

import json

from ._mock import MockTensor


class _Unaligned(MockTensor):
    """A tensor whose address only its elements' size divides."""

    @staticmethod
    def data_ptr() -> int:
        return 8


_NUMBERS = {"i1": True, "u1": True, "i32": 3, "i64": 2**40 + 1, "u64": 2**63 + 1}


def _decoded(value: object) -> object:
    from ..language import core as tl

    if not isinstance(value, dict):
        return value
    ((kind, inner),) = value.items()
    if kind == "constexpr":
        return tl.constexpr(_decoded(inner))
    if kind == "dtype":
        return tl.str_to_ty(inner, None)
    if kind == "tuple":
        return tuple(_decoded(item) for item in inner)
    raise RuntimeError(f"Specialization data with the constant {inner} cannot be preloaded: text does not hold it")


def _argument(param: object) -> object:
    """What a launch would be given for such a parameter."""
    from ..language import core as tl

    if isinstance(param, list):
        return tuple(_argument(item) for item in param)
    kind, divisible = param["type"], param["divisibility"] >= 16
    if kind == "constexpr":
        return _decoded(param["value"])
    if kind.startswith("*"):
        return (MockTensor if divisible else _Unaligned)(tl.str_to_ty(kind[1:].removeprefix("k"), None))
    if kind.startswith("tensordesc<"):
        from ..tools.tensor_descriptor import TensorDescriptor

        dtype, _, block = kind.removeprefix("tensordesc<").rstrip(">]").partition("[")
        block = [int(n) for n in block.split(",")]
        shape = [1024 + (0 if divisible else 1)] * len(block)
        strides = [1024 ** (len(block) - 1 - i) for i in range(len(block))]
        return TensorDescriptor(MockTensor(tl.str_to_ty(dtype, None)), shape, strides, block)
    if kind.startswith(("fp", "bf")):
        return 1.5
    number = _NUMBERS.get(kind, 3)
    return number - number % 16 + 16 * (number < 16) if divisible else number


def preload(function: object, text: str, target: dict) -> object:
    """Compile for the specialization that the text tells; `target` is that of launches now."""
    data = json.loads(text)
    name = f"{function.module}.{function.__qualname__}"
    if data["name"] != name:
        raise RuntimeError(f"Specialization data is for {data['name']} but trying to preload for {name}")
    if data["target"] != target:
        raise RuntimeError(f"Specialization data is for {data['target']} but trying to preload for {target}")
    return function.warmup(*(_argument(p) for p in data["params"]), grid=(1,), **data["given"])
