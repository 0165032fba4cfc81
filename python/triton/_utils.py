"""Small functions that other packages import by name: types as text, paths into nested arguments, shapes of blocks."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "BITWIDTH_DICT",
    "TRITON_MAX_TENSOR_NUMEL",
    "apply_with_path",
    "canonicalize_dtype",
    "canonicalize_ptr_dtype",
    "find_paths_if",
    "get_iterable_path",
    "get_primitive_bitwidth",
    "is_iterable",
    "is_namedtuple",
    "is_power_of_two",
    "set_iterable_path",
    "type_canonicalisation_dict",
    "validate_block_shape",
    "warn_once",
]

#: The most elements of a block.
TRITON_MAX_TENSOR_NUMEL = 1048576

CAT_CAN_REORDER_WARNING = (
    "tl.cat with can_reorder=True may put elements in any order; pass can_reorder=False to keep theirs"
)
RESHAPE_CAN_REORDER_WARNING = (
    "tl.reshape with can_reorder=True may put elements in any order; pass can_reorder=False to keep theirs"
)
FP_FUSION_DEFAULT_WARNING = (
    "TRITON_DEFAULT_FP_FUSION: contraction of multiplications and additions is an option of the compile, "
    "enable_fp_fusion; TRITON_FORCE_DISABLE_FP_FUSION=1 switches it off everywhere"
)

#: Name of an element type, as PyTorch and the language spell it, to the name in signatures.
type_canonicalisation_dict = {
    "bool": "i1",
    "int1": "i1",
    "uint1": "u1",
    "i1": "i1",
    "u1": "u1",
    "float8e4nv": "fp8e4nv",
    "float8e5": "fp8e5",
    "float8e4b15": "fp8e4b15",
    "float8_e4m3fn": "fp8e4nv",
    "float8e4b8": "fp8e4b8",
    "float8_e4m3fnuz": "fp8e4b8",
    "float8_e5m2": "fp8e5",
    "float8e5b16": "fp8e5b16",
    "float8_e5m2fnuz": "fp8e5b16",
    "half": "fp16",
    "float16": "fp16",
    "bfloat16": "bf16",
    "float": "fp32",
    "float32": "fp32",
    "double": "fp64",
    "float64": "fp64",
    "void": "void",
}
for _bits in (8, 16, 32, 64):
    type_canonicalisation_dict.update(
        {f"int{_bits}": f"i{_bits}", f"uint{_bits}": f"u{_bits}", f"i{_bits}": f"i{_bits}", f"u{_bits}": f"u{_bits}"}
    )
for _name in ("fp8e4nv", "fp8e4b15", "fp8e4b8", "fp8e5", "fp8e5b16", "fp16", "bf16", "fp32", "fp64"):
    type_canonicalisation_dict[_name] = _name

#: Bits of an element type by its name in the language.
_BITS = {
    "void": 0, "int1": 1, "int8": 8, "int16": 16, "int32": 32, "int64": 64, "uint8": 8, "uint16": 16, "uint32": 32,
    "uint64": 64, "fp8e4nv": 8, "fp8e5": 8, "fp8e4b8": 8, "fp8e5b16": 8, "fp8e4b15": 8, "fp16": 16, "bf16": 16,
    "fp32": 32, "fp64": 64,
}  # fmt: skip

#: Bits of an element type by its name in signatures.
BITWIDTH_DICT = {
    **{f"{sign}{bits}": bits for sign in "iu" for bits in (1, 8, 16, 32, 64)},
    **{name: bits for name, bits in _BITS.items() if name.startswith(("fp", "bf"))},
    "void": 0,
}


def canonicalize_dtype(dtype: object) -> str:
    """`torch.float32`, `"float32"`, `tl.float32` as signatures spell it: "fp32"."""
    name = str(dtype).split(".")[-1]
    return type_canonicalisation_dict[name]


def canonicalize_ptr_dtype(dtype: object, is_const: bool) -> str:
    """The type of a pointer to such elements: "*fp32", "*kfp32"."""
    return f"{'*k' if is_const else '*'}{canonicalize_dtype(dtype)}"


def get_primitive_bitwidth(dtype: str) -> int:
    """Bits of an element type by its name in signatures."""
    return BITWIDTH_DICT[dtype]


def is_iterable(x: object) -> bool:
    """Whether paths go on into it: tuples and lists."""
    return isinstance(x, (tuple, list)) or (hasattr(x, "values") and type(x).__module__ == "triton.language.core")


def is_namedtuple(val: object) -> bool:
    """Whether a value, or a class, is a named tuple."""
    kind = val if isinstance(val, type) else type(val)
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def apply_with_path(value: object, fn: Callable, _path: tuple | None = None) -> None:
    """Call `fn(path, leaf)` for every leaf of nested tuples and lists, in order."""
    pending = [(_path or (), value)]
    while pending:
        path, at = pending.pop()
        if isinstance(at, (tuple, list)):
            pending.extend(((*path, i), item) for i, item in reversed(list(enumerate(at))))
        else:
            fn(path, at)


def find_paths_if(iterable: Iterable, pred: Callable) -> list[tuple]:
    """The paths of the leaves of nested tuples and lists for which `pred(path, leaf)` holds."""
    found = []
    apply_with_path(
        iterable if isinstance(iterable, (tuple, list)) else list(iterable),
        lambda path, leaf: found.append(path) if pred(path, leaf) else None,
    )
    return found


def get_iterable_path(iterable: object, path: tuple) -> object:
    """What a path leads to."""
    for i in path:
        iterable = iterable[i]
    return iterable


def set_iterable_path(iterable: object, path: tuple, val: object) -> None:
    """Put a value where a path leads."""
    if not path:
        raise ValueError("an empty path leads to the whole, which cannot be set")
    get_iterable_path(iterable, path[:-1])[path[-1]] = val


def is_power_of_two(x: int) -> bool:
    """Whether `x` is 1, 2, 4, ..."""
    return x > 0 and x & (x - 1) == 0


def validate_block_shape(shape: list[int]) -> int:
    """The number of elements of a block; raises where there can be no block of that shape."""
    numel = 1
    for i, extent in enumerate(shape):
        if not isinstance(extent, int):
            raise TypeError(f"Shape element {i} must have type `constexpr[int]`, got `constexpr[{type(extent)}]")
        if not is_power_of_two(extent):
            raise ValueError(f"Shape element {i} must be a power of 2")
        numel *= extent
    if numel > TRITON_MAX_TENSOR_NUMEL:
        raise ValueError(f"numel ({numel}) exceeds triton maximum tensor numel ({TRITON_MAX_TENSOR_NUMEL})")
    return numel


_warned: set[str] = set()


def warn_once(message: str) -> None:
    """Warn, the first time that a process has this to say."""
    if message in _warned:
        return
    _warned.add(message)
    import warnings

    warnings.warn(message, UserWarning, stacklevel=3)


def prewarm_deprecation_warnings() -> None:
    """Count the warnings about what will go as said."""
    _warned.update((CAT_CAN_REORDER_WARNING, RESHAPE_CAN_REORDER_WARNING, FP_FUSION_DEFAULT_WARNING))
