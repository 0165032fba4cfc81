"""What a target's driver is to the rest: `DriverBase`, `GPUDriver`."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


_C_TYPES = {"i1": "int8_t", "u1": "uint8_t", "fp16": "double", "bf16": "double", "fp32": "double", "f32": "double",
            "fp64": "double", "nvTmaDesc": "CUtensorMap"}  # fmt: skip
_C_TYPES.update({f"i{n}": f"int{n}_t" for n in (8, 16, 32, 64)})
_C_TYPES.update({f"u{n}": f"uint{n}_t" for n in (8, 16, 32, 64)})


def ty_to_cpp(ty: str) -> str:
    """A type of a signature in C."""
    if ty[0] == "*":
        return "CUdeviceptr"
    if ty.startswith("tensordesc"):
        return "CUtensorMap"
    return _C_TYPES[ty]


class DriverBase:
    """The device of a target that new tensors go to and kernels without tensors run on."""

    @classmethod
    def is_active(cls) -> bool:
        """Whether this is the driver to use here; true for one of them."""
        raise NotImplementedError

    def map_python_to_cpp_type(self, ty: str) -> str:
        """A type of a signature in C."""
        return ty_to_cpp(ty)

    def get_current_target(self) -> object:
        """What kernels are compiled for."""
        raise NotImplementedError

    def get_active_torch_device(self) -> object:
        """The device as PyTorch names it."""
        raise NotImplementedError

    def get_benchmarker(self) -> Callable:
        """What measures a function: `triton.testing.do_bench` on this driver's device."""
        from functools import partial

        from ._timing import measure

        return partial(measure, self)


class GPUDriver(DriverBase):
    """A driver of devices that PyTorch's `torch.cuda` stands for."""

    def __init__(self) -> None:
        import torch

        self.get_device_capability = torch.cuda.get_device_capability
        self.get_current_stream = lambda device: torch.cuda.current_stream(device).cuda_stream
        self.get_current_device = torch.cuda.current_device
        self.set_current_device = torch.cuda.set_device

    def assemble_tensormap_to_arg(self, tensormaps_info: object, args: object) -> object:
        return args


def decompose_descriptor(arg: object) -> list:
    """A tensor descriptor as a kernel takes it: pointer, shape, strides, what is outside, rounding; shape, strides."""
    return [
        arg.base,
        *arg.shape,
        *arg.strides,
        arg.padding == "nan",
        getattr(arg, "round_f32_to_tf32", False),
        *arg.shape,
        *arg.strides,
    ]


def expand_signature(signature: Sequence, tensordesc_meta: Sequence | None, descriptor_type: str) -> list:
    """A signature in which the descriptors of tensors stand as what is passed for them."""
    import re

    expanded: list = []
    seen = 0
    for kind in signature:
        if not isinstance(kind, str) or not kind.startswith("tensordesc"):
            expanded.append(kind)
            continue
        meta = tensordesc_meta[seen] if tensordesc_meta else None
        seen += 1
        element, block = re.match(r"tensordesc<([^\[>]*)\[([^\]]*)\]", kind).groups()
        rank = block.count(",") + 1
        if meta is None:
            expanded += ["*" + element, *["i64"] * (2 * rank), "i1", "i1"]
        else:
            expanded.append(descriptor_type)
        expanded += ["i32"] * rank + ["i64"] * rank
    if tensordesc_meta is not None and tensordesc_meta and seen != len(tensordesc_meta):
        raise ValueError(f"the signature has {seen} descriptors of tensors, and {len(tensordesc_meta)} are described")
    return expanded


def make_tensordesc_args(args: Sequence, kinds: Sequence, metas: Sequence, make: Callable) -> list:
    """The arguments of a launch with each descriptor of a tensor as what is passed for it."""
    given: list = []
    meta = iter(metas or ())
    for arg, kind in zip(args, kinds, strict=False):
        if isinstance(kind, str) and kind.startswith("tensordesc"):
            given += make(arg, next(meta, None), None)
        else:
            given.append(arg)
    return given


def wrap_handle_tensordesc_impl(
    launcher: Callable, signature: dict | Sequence, tensordesc_meta: Sequence | None, make_tensordesc_arg: Callable
) -> Callable:
    """A launcher that takes descriptors of tensors, from one that takes what is passed for them."""
    kinds = list(signature.values()) if isinstance(signature, dict) else list(signature)
    if not any(isinstance(kind, str) and kind.startswith("tensordesc") for kind in kinds):
        return launcher

    def inner(*args: object) -> object:
        ahead = len(args) - len(kinds)
        return launcher(*args[:ahead], *make_tensordesc_args(args[ahead:], kinds, tensordesc_meta, make_tensordesc_arg))

    return inner


def __getattr__(name: str) -> object:
    """What needs the module `typing`, which takes its time to import."""
    if name == "find_paths_if":
        from .._utils import find_paths_if

        return find_paths_if
    if name in ("Benchmarker", "Protocol"):
        from typing import Protocol

        class Benchmarker(Protocol):
            """What measures a function: called with it and `quantiles`."""

            def __call__(self, kernel_call: Callable, *, quantiles: Sequence, **kwargs: object) -> Sequence: ...

        globals().update(Benchmarker=Benchmarker, Protocol=Protocol)
        return globals()[name]
    raise AttributeError(f"module 'triton.backends.driver' has no attribute {name!r}")
