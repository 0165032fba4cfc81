"""What hooks around compiles are told: `knobs.runtime.jit_cache_hook` and `jit_post_compile_hook`,
`knobs.compilation.listener`. Imported when the first of them is set.

A specialization is told as text, too (`specialization_data`); `JITFunction.preload` reads it (`runtime/_preload.py`).
"""

from __future__ import annotations

from collections import namedtuple

JitFunctionInfo = namedtuple("JitFunctionInfo", "module name jit_function")

_DEFAULTS = {
    "num_warps": 4,
    "num_ctas": 1,
    "num_stages": 3,
    "enable_fp_fusion": True,
    "launch_cooperative_grid": False,
}


class CompileTimes(namedtuple("CompileTimes", "ir_initialization lowering_stages store_results")):
    """How long a compile took, in microseconds; all of it stands as one stage, called by the last one's name."""

    __slots__ = ()

    @property
    def total_lowering(self) -> int:
        return sum(time for _, time in self.lowering_stages)

    @property
    def total(self) -> int:
        return self.ir_initialization + self.total_lowering + self.store_results


def _facts(params: list, given: dict) -> tuple[dict, dict, dict, dict]:
    """(signature, constants, attributes, options) as the reference spells them."""
    signature = {name: kind for name, kind, _, _ in params}
    constants = {(i,): value for i, (_, kind, value, _) in enumerate(params) if kind == "constexpr"}
    attrs = {(i,): [["tt.divisibility", d]] for i, (_, _, _, d) in enumerate(params) if d > 1}
    return signature, constants, attrs, {**_DEFAULTS, **given}


def _written(kind: object, value: object, divisibility: int) -> object:
    """A parameter's type, value and divisibility as what JSON can write."""
    if isinstance(kind, tuple):
        return [_written(*item) for item in value]
    return {"type": kind, "divisibility": divisibility, **({"value": _encoded(value)} if kind == "constexpr" else {})}


def _encoded(value: object) -> object:
    from .language import core as tl

    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, tl.constexpr):
        return {"constexpr": _encoded(value.value)}
    if isinstance(value, tl.dtype):
        return {"dtype": value.name}
    if isinstance(value, (tuple, list)):
        return {"tuple": [_encoded(item) for item in value]}
    return {"unknown": repr(value)}


def _tell(hook: object, function: object, params: list, given: dict, warmup: bool) -> object:
    import json

    signature, constants, attrs, options = _facts(params, given)
    libraries = given.get("extern_libs") or ()
    types = ", ".join(f"{name}: {kind}" for name, kind in signature.items())
    shown = ", ".join(f"{name}={options[name]}" for name in _DEFAULTS)
    key = f"{[(n, k, v, d) for n, k, v, d in params]}{sorted(options.items(), key=lambda item: item[0])}"
    name = f"{function.module}.{function.__qualname__}"
    data = {
        "name": name,
        "signature": signature,
        "options": options,
        "key": key,
        "target": function._target(),
        "params": [_written(kind, value, d) for _, kind, value, d in params],
        "given": given,
    }
    compiled = {
        "key": key,
        "signature": signature,
        "device": 0,
        "constants": constants,
        **{name: options[name] for name in _DEFAULTS},
        "extern_libs": tuple(dict(libraries).items()),
        "configs": [attrs],
        "specialization_data": json.dumps(data, default=str),
        "is_warmup": warmup,
    }
    return hook(
        key=key,
        repr=f"{function.__qualname__}[{shown}]({types})",
        fn=JitFunctionInfo(function.__module__, function.__qualname__, function),
        compile=compiled,
        is_manual_warmup=warmup,
        already_compiled=False,
    )


def before(hook: object, function: object, call: tuple, warmup: int) -> bool:
    """Whether `jit_cache_hook` says not to compile."""
    return bool(_tell(hook, function, *call, bool(warmup)))


def after(
    listener: object, hook: object, function: object, kernel: object, call: tuple, warmup: int, microseconds: float
) -> None:
    """Tell the listener and `jit_post_compile_hook`, where there are such, of a new kernel."""
    if listener:
        listen(listener, kernel.src, kernel, microseconds)
    if hook:
        _tell(hook, function, *call, bool(warmup))


def listen(listener: object, src: object, kernel: object, microseconds: float) -> None:
    """Tell `knobs.compilation.listener` of a compile."""
    listener(
        src=src,
        metadata=kernel.metadata._asdict(),
        metadata_group=kernel.metadata_group,
        times=CompileTimes(0, [(kernel._stage_names()[-1], round(microseconds))], 0),
        cache_hit=kernel._from_cache(),
    )
