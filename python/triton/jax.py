"""Kernels in JAX: `triton_call`, under `jit`, `vmap`, on the CPU and on GPUs, with the signature of jax-triton.

The kernel is compiled when JAX lowers the program that calls it, for the platform that it is lowered for. Its bytes are
part of the program: JAX's persistent compilation cache keeps them, and `jax.export` takes them along. What runs them is
a foreign function in this package's extension module, under XLA's typed interface; a process that runs such a program
from a file imports this module first, which makes it known to XLA.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import struct
import threading
import time

import jax
import numpy as np
from jax.extend.core import Primitive
from jax.interpreters import batching, mlir, xla

from ._C import libtriton as _C
from .backends.compiler import BaseBackend, GPUTarget
from .compiler.compiler import ASTSource
from .compiler.compiler import compile as _compile
from .runtime.autotuner import Autotuner, Heuristics
from .runtime.errors import OutOfResources
from .runtime.jit import JITFunction, native_specialize_impl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["triton_call"]

_TARGET = "tritonc_launch"
_PLATFORMS = {"cpu": "cpu", "cuda": "CUDA"}


# ---- what a call is -------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class _Plan:
    """All of a call but its arrays; equal ones are the same program. `args` says what each positional argument is: None
    for an array, else the number. `outs` are (shape, dtype), `aliases` pairs of an array's and an output's number."""

    kernel: object
    args: tuple
    outs: tuple
    grid: object
    meta: tuple  # of (name, value): parameters by keyword, and options
    options: tuple
    aliases: tuple
    shared: bool  # an output that shares an array's memory is no parameter of its own
    capability: int | None
    side_effect: bool
    zeroed: tuple = ()  # pairs as in `aliases`, of arrays that are no arguments

    def with_values(self, kernel: object, values: dict) -> _Plan:
        return dataclasses.replace(self, kernel=kernel, meta=tuple({**dict(self.meta), **values}.items()))


_OPTIONS = ("num_warps", "num_stages", "num_ctas", "maxnreg", "ir_override")


def _function(kernel: object) -> JITFunction:
    while not isinstance(kernel, JITFunction):
        if not isinstance(kernel, (Autotuner, Heuristics)):
            raise TypeError(f"triton_call: `kernel` is a function decorated with @triton.jit, not {kernel!r}")
        kernel = kernel.fn
    return kernel


def _named_elsewhere(kernel: object, meta: dict) -> set:
    """Parameters whose values do not come by position: by keyword, from a configuration or a heuristic."""
    names = set(meta)
    while not isinstance(kernel, JITFunction):
        if isinstance(kernel, Heuristics):
            names.update(kernel.values)
        else:
            names.update(name for config in kernel.configs for name in config.kwargs)
        kernel = kernel.fn
    return names


def _positional(plan: _Plan) -> list[str]:
    """The names of the parameters that positional arguments and then the outputs go to."""
    function = _function(plan.kernel)
    elsewhere = _named_elsewhere(plan.kernel, dict(plan.meta))
    return [p.name for p in function.params if p.name not in elsewhere and not p.is_constexpr]


def _own_outputs(plan: _Plan) -> list[int]:
    """The outputs that are parameters."""
    taken = {out for _, out in plan.aliases} if plan.shared else set()
    return [i for i in range(len(plan.outs)) if i not in taken]


def _check_arity(plan: _Plan) -> None:
    function = _function(plan.kernel)
    names = _positional(plan)
    count = len(plan.args) + len(_own_outputs(plan))
    required = sum(not p.has_default for p in function.params if p.name in names)
    if not required <= count <= len(names):
        wanted = str(required) if required == len(names) else f"{required} to {len(names)}"
        raise TypeError(
            f"triton_call: {function.__name__} takes {wanted} arguments by position ({', '.join(names)}), and there "
            f"are {len(plan.args)} inputs and {len(_own_outputs(plan))} outputs"
        )


def _bound(plan: _Plan, avals: Sequence) -> dict:
    """Parameter name to (array's or output's number, its dtype and shape), or to a number's value."""
    own = _own_outputs(plan)
    arrays = iter(enumerate(avals))
    bound: dict = {}
    names = iter(_positional(plan))
    for value in plan.args:
        if value is not None:
            bound[next(names)] = value
            continue
        at, aval = next(arrays)
        bound[next(names)] = (at, jax.ShapeDtypeStruct(aval.shape, aval.dtype))
    for out in own:
        bound[next(names)] = (len(avals) + out, jax.ShapeDtypeStruct(*plan.outs[out]))
    return bound


def _by_name(plan: _Plan, bound: dict) -> dict:
    """What heuristics, the grid and the choice among configurations look at."""
    return {**{name: v[1] if isinstance(v, tuple) else v for name, v in bound.items()}, **dict(plan.meta)}


# ---- compiling ------------------------------------------------------------------------------------------------------

_POINTERS = {
    "bool": "*i1", "bfloat16": "*bf16", "float16": "*fp16", "float32": "*fp32", "float64": "*fp64",
    "float8_e4m3fn": "*fp8e4nv", "float8_e5m2": "*fp8e5", "float8_e4m3b11fnuz": "*fp8e4b15",
    "float8_e4m3fnuz": "*fp8e4b8", "float8_e5m2fnuz": "*fp8e5b16",
}  # fmt: skip
_POINTERS.update({f"int{n}": f"*i{n}" for n in (8, 16, 32, 64)})
_POINTERS.update({f"uint{n}": f"*u{n}" for n in (8, 16, 32, 64)})


def _pointer(dtype: object, name: str) -> str:
    kind = _POINTERS.get(np.dtype(dtype).name)
    if kind is None:
        raise TypeError(f"triton_call: argument `{name}`: kernels have no pointers to {np.dtype(dtype).name}")
    return kind


_PACKED = {"fp16": "<e6x", "fp32": "<f4x", "fp64": "<d", "i1": "<?7x", "u1": "<?7x"}


def _slot(kind: str, value: object) -> int:
    """A number as the kernel's parameter of this type has it, in 64 bits."""
    if kind == "bf16":
        return int(np.asarray(value, jax.numpy.bfloat16).view(np.uint16))
    if kind in _PACKED:
        number = bool(value) if kind in ("i1", "u1") else float(value)
        return struct.unpack("<q", struct.pack(_PACKED[kind], number))[0]
    number = int(value) & (2**64 - 1)
    return number - 2**64 if number >= 2**63 else number


@dataclasses.dataclass
class _Call:
    """What the foreign function is told."""

    hash: str
    kernel: bytes
    grid: tuple
    args: list
    scalars: list


def _grid(grid: object, meta: dict) -> tuple:
    if callable(grid):
        grid = grid(meta)
    sizes = tuple(grid) if isinstance(grid, (tuple, list)) else (grid,)
    sizes = tuple(int(n) for n in sizes)
    if not 1 <= len(sizes) <= 3 or any(not 0 <= n < 2**31 for n in sizes):
        raise ValueError(f"triton_call: a grid has one to three sizes from 0 to 2147483647, not {sizes}")
    return sizes + (1,) * (3 - len(sizes))


def _target(plan: _Plan, platform: str) -> object:
    if platform == "cpu":
        from .backends.cpu.driver import CPUDriver

        return CPUDriver().get_current_target()
    capability = plan.capability
    if capability is None:
        capability = round(float(jax.local_devices(backend="gpu")[0].compute_capability) * 10)
    return GPUTarget("cuda", capability, 32)


def _describe(plan: _Plan, avals: Sequence) -> tuple[ASTSource, list, list]:
    """The kernel and its parameters' types, which buffer or number each run-time argument is, and the numbers."""
    function, bound, meta = plan.kernel, _bound(plan, avals), dict(plan.meta)
    signature, constants, attrs, args, scalars = {}, {}, {}, [], []
    for p in function.params:
        value = bound[p.name] if p.name in bound else meta.get(p.name, p.default)
        if p.name not in bound and p.name not in meta and not p.has_default:
            raise TypeError(f"triton_call: {function.__name__} misses a value for its parameter `{p.name}`")
        if isinstance(value, tuple) and p.name in bound:
            signature[p.name] = _pointer(value[1].dtype, p.name)
            attrs[(p.num,)] = [["tt.divisibility", 16]]  # XLA's buffers are; the foreign function looks
            args.append(value[0])
            continue
        if p.is_constexpr or not isinstance(value, (bool, int, float, np.generic)):
            signature[p.name], constants[(p.num,)] = "constexpr", value
            continue
        value = value.item() if isinstance(value, np.generic) else value
        kind, key = p.annotation_type, None
        if not kind:
            aligned = not p.do_not_specialize_on_alignment
            kind, key = native_specialize_impl(BaseBackend, value, False, not p.do_not_specialize, aligned)
        signature[p.name] = kind
        if kind == "constexpr":
            constants[(p.num,)] = value
            continue
        if key == "D":
            attrs[(p.num,)] = [["tt.divisibility", 16]]
        scalars.append(_slot(kind, value))
        args.append(-len(scalars))
    return ASTSource(function, signature, constants, attrs), args, scalars


def _decided(plan: _Plan, avals: Sequence, platform: str) -> _Plan:
    """The call of a @triton.jit function, heuristics evaluated and configurations chosen among."""
    while not isinstance(plan.kernel, JITFunction):
        bound = _bound(plan, avals)
        if isinstance(plan.kernel, Heuristics):
            named, computed = _by_name(plan, bound), {}
            for name, function in plan.kernel.values.items():
                computed[name] = function({**named, **computed})
            plan = plan.with_values(plan.kernel.fn, computed)
        else:
            config = _choose(plan, avals, bound, platform)
            plan = plan.with_values(plan.kernel.fn, config.all_kwargs())
    return plan


def _make(plan: _Plan, avals: Sequence, platform: str) -> _Call:
    plan = _decided(plan, avals, platform)
    source, args, scalars = _describe(plan, avals)
    meta = dict(plan.meta)
    names = set(plan.kernel.arg_names)
    options = {k: v for k, v in meta.items() if k not in names} | dict(plan.options)
    for name in options:
        if not _C.knows_option(name):
            raise TypeError(f"triton_call: {plan.kernel.__name__} has no parameter `{name}`, nor is it an option")
    compiled = _compile(source, _target(plan, platform), options)
    grid = _grid(plan.grid, {**_by_name(plan, _bound(plan, avals)), **dict(plan.options)})
    return _Call(compiled.hash, compiled.save(), grid, args, scalars)


# ---- choosing among configurations ----------------------------------------------------------------------------------


def _sample(aval: object) -> np.ndarray:
    """An array to measure with: small integers, which may be indices, and random floats."""
    dtype = np.dtype(aval.dtype)
    if dtype.kind in "iub":
        return np.zeros(aval.shape, dtype)
    return np.random.default_rng(0).standard_normal(aval.shape, np.float32).astype(dtype)


def _measure(plan: _Plan, arrays: Sequence) -> float:
    """Seconds of one call, the least of some; infinite where the device has not what the configuration asks for."""
    call = jax.jit(lambda *xs: _primitive.bind(*xs, plan=plan))
    try:
        jax.block_until_ready(call(*arrays))
    except OutOfResources:
        return float("inf")
    except jax.errors.JaxRuntimeError as error:
        if "out of resource" in str(error):
            return float("inf")
        raise
    best = float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        jax.block_until_ready([call(*arrays) for _ in range(10)])
        best = min(best, time.perf_counter() - begin)
    return best / 10


def _in_thread(function: Callable) -> object:
    """What `function` gives, called where nothing is being traced or lowered."""
    result: list = []

    def work() -> None:
        try:
            result.append((function(), None))
        except BaseException as error:
            result.append((None, error))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    value, error = result[0]
    if error is not None:
        raise error
    return value


def _choose(plan: _Plan, avals: Sequence, bound: dict, platform: str) -> object:
    tuner = plan.kernel
    if any(config.pre_hook for config in tuner.configs):
        raise TypeError(
            "triton_call: a configuration's pre_hook would change arrays, which JAX does not: zeroed_outputs?"
        )
    named = _by_name(plan, bound)
    values = [named[name] for name in tuner.keys if name in named]
    shapes = [(v[1].shape, str(v[1].dtype)) if isinstance(v, tuple) else type(v) for v in bound.values()]
    key = (platform, *[str(v) for v in values], *shapes)
    if len(tuner.configs) == 1:
        return tuner.configs[0]
    if key not in tuner.cache:
        tuner.nargs = {name: named[name] for name in bound}
        try:
            configs = tuner.prune_configs({k: v for k, v in named.items() if k not in bound})
        finally:
            tuner.nargs = None
        device = jax.local_devices(backend={"cuda": "gpu"}.get(platform, platform))[0]

        def measure_all() -> dict:
            with jax.default_device(device):
                arrays = [jax.device_put(_sample(aval), device) for aval in avals]
                variants = {c: plan.with_values(tuner.fn, c.all_kwargs()) for c in configs}
                return {c: _measure(variant, arrays) for c, variant in variants.items()}

        tuner.configs_timings = timings = _in_thread(measure_all)
        tuner.cache[key] = min(timings, key=timings.__getitem__)
        if timings[tuner.cache[key]] == float("inf"):
            raise OutOfResources(0, 0, "no configuration fits the device")
    tuner.best_config = tuner.cache[key]
    return tuner.best_config


# ---- the primitive --------------------------------------------------------------------------------------------------

_primitive = Primitive("triton_call")
_primitive.multiple_results = True
_primitive.def_impl(functools.partial(xla.apply_primitive, _primitive))


@_primitive.def_abstract_eval
def _abstract(*avals: object, plan: _Plan) -> list:
    return [jax.core.ShapedArray(shape, dtype) for shape, dtype in plan.outs]


def _lower(platform: str, ctx: object, *operands: object, plan: _Plan) -> Sequence:
    call = _make(plan, ctx.avals_in, platform)
    rule = jax.ffi.ffi_lowering(
        _TARGET, operand_output_aliases=dict(plan.aliases + plan.zeroed), has_side_effect=plan.side_effect
    )
    return rule(
        ctx, *operands, hash=call.hash, kernel=np.frombuffer(call.kernel, np.int8),
        grid=np.array(call.grid, np.int32), args=np.array(call.args, np.int32),
        scalars=np.array(call.scalars, np.int64),
    )  # fmt: skip


def _batch(arrays: Sequence, axes: Sequence, *, plan: _Plan) -> tuple[Sequence, Sequence]:
    """One call after the other, along the axis that is mapped over."""
    mapped = [i for i, axis in enumerate(axes) if axis is not None]
    moved = [jax.numpy.moveaxis(arrays[i], axes[i], 0) for i in mapped]

    def one(items: Sequence) -> tuple:
        full = list(arrays)
        for i, item in zip(mapped, items, strict=True):
            full[i] = item
        return tuple(_primitive.bind(*full, plan=plan))

    outs = jax.lax.map(one, tuple(moved))
    return outs, [0] * len(outs)


def _interface_version() -> tuple[int, int]:
    """The version of the foreign functions' interface that the loaded XLA has, from the header that comes with it."""
    path = os.path.join(jax.ffi.include_dir(), "xla", "ffi", "api", "c_api.h")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    numbers = [re.search(rf"#define XLA_FFI_API_{name} (\d+)", text) for name in ("MAJOR", "MINOR")]
    return int(numbers[0][1]), int(numbers[1][1])


def _register() -> None:
    batching.primitive_batchers[_primitive] = _batch
    handler = _C.xla_handler(*_interface_version())
    for platform, name in _PLATFORMS.items():
        jax.ffi.register_ffi_target(_TARGET, handler, platform=name)
        mlir.register_lowering(_primitive, functools.partial(_lower, platform), platform=platform)


_register()


# ---- the call -------------------------------------------------------------------------------------------------------


def _is_array(x: object) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, np.generic)


def _zeros(plan: _Plan, zeroed: Sequence[int], arrays: list) -> _Plan:
    """Zeros as further operands, in whose memory those outputs lie."""
    for out in zeroed:
        if not 0 <= out < len(plan.outs):
            raise ValueError(f"triton_call: zeroed_outputs names output {out}, and there are {len(plan.outs)}")
        if out in [o for _, o in plan.aliases + plan.zeroed]:
            raise ValueError(f"triton_call: output {out} has its memory from elsewhere and cannot be zeroed")
        plan = dataclasses.replace(plan, zeroed=(*plan.zeroed, (len(arrays), out)))
        arrays.append(jax.numpy.zeros(*plan.outs[out]))
    return plan


def triton_call(
    *args: object,
    kernel: object,
    grid: int | tuple | Callable,
    out_shape: object = None,
    out_type: object = None,
    name: str = "",
    num_warps: int | None = None,
    num_stages: int | None = None,
    num_ctas: int | None = None,
    compute_capability: int | None = None,
    debug: bool = False,
    input_output_aliases: dict[int, int] | None = None,
    zeroed_outputs: Sequence[int] | Callable = (),
    has_side_effect: bool = False,
    backend_options: dict | None = None,
    serialized_metadata: bytes = b"",
    **metaparams: object,
) -> object:
    """Call a kernel on JAX arrays.

    Parameters
    ----------
    args : arrays, numbers, trees of them
        What the kernel's parameters get in order, but for `tl.constexpr` ones and those in `metaparams`.
    kernel : JITFunction, Autotuner or Heuristics
        The kernel. Configurations are measured when the program is lowered, on arrays of the same shapes.
    grid : int, tuple or callable
        The number of programs, up to three; a callable gets all values by name.
    out_shape, out_type : tree of jax.ShapeDtypeStruct
        The outputs; the kernel's parameters after those of `args` point at them.
    input_output_aliases : dict, optional
        The number of an argument to that of the output which shares its memory. Such an output is no parameter of its
        own, unless the kernel has one for every output.
    zeroed_outputs : sequence of int, optional
        Outputs that are zero before the kernel runs; or a function of the values by name that gives them.
    compute_capability : int, optional
        The GPU to compile for: 90.
    backend_options : dict, optional
        More options of the compile.
    metaparams : optional
        Parameters by name.

    Returns
    -------
    tree of jax.Array
        Like `out_shape`.
    """
    out_shape = out_type if out_shape is None else out_shape
    if out_shape is None:
        raise TypeError("triton_call: out_shape is required: the shapes and types of the outputs")
    is_out = lambda x: hasattr(x, "shape") and hasattr(x, "dtype")  # noqa: E731
    flat_outs, out_tree = jax.tree.flatten(out_shape, is_leaf=is_out)
    outs = [(tuple(o.shape), np.dtype(o.dtype)) for o in flat_outs]
    leaves = jax.tree.leaves(args)
    arrays = [jax.numpy.asarray(x) for x in leaves if _is_array(x)]
    operand, at = {}, 0
    for i, x in enumerate(leaves):
        if _is_array(x):
            operand[i], at = at, at + 1
    aliases = {}
    for i, out in (input_output_aliases or {}).items():
        if i not in operand or not 0 <= out < len(outs):
            raise ValueError(
                f"triton_call: input_output_aliases: argument {i} is not an array, or there is no output {out}"
            )
        if (arrays[operand[i]].shape, arrays[operand[i]].dtype) != outs[out]:
            raise ValueError(f"triton_call: argument {i} and output {out} share memory and differ in shape or type")
        aliases[operand[i]] = out
    fixed = dict(num_warps=num_warps, num_stages=num_stages, num_ctas=num_ctas, debug=debug or None)
    options = {k: v for k, v in {**fixed, **(backend_options or {})}.items() if v is not None}
    numbers = tuple(None if _is_array(x) else x.item() if isinstance(x, np.generic) else x for x in leaves)
    plan = _Plan(
        kernel, numbers, tuple(outs), grid, tuple(metaparams.items()), tuple(options.items()), tuple(aliases.items()),
        True, compute_capability, has_side_effect,
    )  # fmt: skip
    if aliases and len(_positional(plan)) >= len(leaves) + len(outs):
        plan = dataclasses.replace(plan, shared=False)
    _check_arity(plan)
    if callable(grid) and not _needs_choice(kernel):
        decided = _decided(plan, arrays, "cpu")
        values = {**_by_name(decided, _bound(decided, arrays)), **options}
        plan = dataclasses.replace(plan, grid=_grid(grid, values))
    if zeroed_outputs:
        zeroed = zeroed_outputs(dict(metaparams)) if callable(zeroed_outputs) else zeroed_outputs
        plan = _zeros(plan, zeroed, arrays)
    return jax.tree.unflatten(out_tree, _primitive.bind(*arrays, plan=plan))


def _needs_choice(kernel: object) -> bool:
    while not isinstance(kernel, JITFunction):
        if isinstance(kernel, Autotuner):
            return True
        kernel = kernel.fn
    return False
