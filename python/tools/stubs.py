"""Writes the stubs by which type checkers and editors know the language: `python python/tools/stubs.py [--check]`.

Names, parameters and texts come from the library's manual (src/lang/tl/docs.def); the classes are below. Needs the
built package on the path (`./dev python python/tools/stubs.py`).
"""

from __future__ import annotations

import sys
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "triton"
HEAD = '"""{}"""\n\n# Written by python/tools/stubs.py from the manual: do not edit.\n'

# What a function gives, where it is not a tensor.
RESULTS = {
    "tl.store": "None", "tl.atomic_store": "None", "tl.debug_barrier": "None", "tl.device_print": "None",
    "tl.device_assert": "None", "tl.static_print": "None", "tl.static_assert": "None", "tl.assume": "None",
    "tl.store_tensor_descriptor": "None", "tensor_descriptor.store": "None", "tensor_descriptor.scatter": "None",
    "tl.make_tensor_descriptor": "tensor_descriptor", "tl.extra.cuda.gdc_wait": "None",
    "tl.extra.cuda.gdc_launch_dependents": "None", "tl.cdiv": "Any", "tl.max": "Any", "tl.min": "Any",
    "tl.reduce": "Any", "tl.associative_scan": "Any", "tl.map_elementwise": "Any", "tl.inline_asm_elementwise": "Any",
    "tl.aggregate_replace": "Any", "tl.split": "tuple[tensor, tensor]", "tl.broadcast": "tuple[tensor, tensor]",
    "tl.swizzle2d": "tuple[tensor, tensor]", "tl.pair_uniform_to_normal": "tuple[tensor, tensor]",
    **{f"tl.{name}": "tuple[tensor, tensor, tensor, tensor]"
       for name in ("rand4x", "randn4x", "randint4x", "philox", "philox_impl")},
}  # fmt: skip
CLASSES = {"tl.range", "tl.static_range", "tl.condition", "tl.pointer_type", "tl.block_type", "tl.str_to_ty"}
# The functions that a tensor has as methods under another rule than "takes a tensor first".
METHODS = """
to item logical_and logical_or trans permute reshape view ravel expand_dims broadcast_to split gather flip abs exp exp2
log log2 sin cos erf sqrt sqrt_rn rsqrt floor ceil sigmoid softmax sum max min argmax argmin xor_sum reduce_or reduce
cumsum cumprod associative_scan histogram sort store advance atomic_add atomic_max atomic_min atomic_and atomic_or
atomic_xor atomic_xchg atomic_cas cast
""".split()
BINARY = "add sub mul truediv floordiv mod and or xor lshift rshift".split()
COMPARISONS = "lt le gt ge eq ne".split()


def indent(text: str, by: str) -> str:
    return "\n".join(by + line if line else "" for line in text.split("\n"))


def function(doc: object, name: str, method: bool = False) -> str:
    """A function or method with its documentation."""
    parameters = []
    for p in doc.signature().parameters.values():
        default = "" if p.default is p.empty else "=..."
        parameters.append({p.VAR_POSITIONAL: "*", p.VAR_KEYWORD: "**"}.get(p.kind, "") + p.name + ": Any" + default)
    if method:
        parameters[:1] = ["self"]
    by = "    " if method else ""
    body = indent('"""' + doc.text.partition("\n\n")[2].rstrip().replace("\\", "\\\\") + '\n"""', by + "    ")
    head = f"def {name}({', '.join(parameters)}) -> {RESULTS.get(doc.name, 'tensor')}:"
    if len(by + head) > 120:
        head = head.replace("(", "(\n" + by + "    ", 1).replace(") ->", "\n" + by + ") ->", 1)
    return f"{by}{head}\n{body}\n"


def tensor_class(docs: dict) -> str:
    head = ["class tensor:", '    """A tensor, or a scalar, of a kernel while it runs."""\n']
    lines = [*head, *[f"    {name}" for name in ("dtype: dtype", "shape: Any", "type: Any", "numel: Any", "T: tensor")]]
    for name in BINARY:
        lines += [f"    def __{side}{name}__(self, other: Any) -> tensor: ..." for side in ("", "r")]
    lines += [f"    def __{name}__(self, other: Any) -> tensor: ...  # type: ignore[override]" for name in COMPARISONS]
    lines += [f"    def __{name}__(self) -> tensor: ..." for name in ("neg", "invert", "pos")]
    lines += ["    def __getitem__(self, key: Any) -> tensor: ...", "    def __bool__(self) -> bool: ...",
              "    def __index__(self) -> int: ..."]  # fmt: skip
    return "\n".join(lines) + "\n" + "".join(function(docs[f"tl.{name}"], name, True) for name in METHODS)


def descriptor_class(docs: dict) -> str:
    head = ["class tensor_descriptor:", '    """A tensor in memory, of which kernels load and store blocks."""\n']
    lines = [*head, *[f"    {name}" for name in ("dtype: dtype", "shape: Any", "strides: Any", "block_shape: Any")]]
    methods = [doc for name, doc in docs.items() if name.startswith("tensor_descriptor.")]
    return "\n".join(lines) + "\n" + "".join(function(doc, doc.name.rpartition(".")[2], True) for doc in methods)


def language(docs: dict) -> str:
    from triton.language import core

    plain = [f"tl.{name}" for name in METHODS[1:4]]  # methods only
    functions = [
        function(doc, name.rpartition(".")[2])
        for name, doc in docs.items()
        if name.startswith("tl.") and name.count(".") == 1 and name not in CLASSES and name not in plain
    ]
    dtypes = [name for name in dir(core) if type(getattr(core, name)) is core.dtype]
    reexported = ["block_type", "const", "constexpr_type", "dtype", "pointer_type", "str_to_ty", "constexpr_function",
                  "PropagateNan", "tuple_type", "base_value", "base_type", "slice"]  # fmt: skip
    return "\n".join(
        [
            HEAD.format("The language: `import triton.language as tl`."),
            "from collections.abc import Iterator\nfrom typing import Any\n",
            "from . import core as core, extra as extra, math as math, random as random, standard as standard",
            "from . import target_info as target_info",
            *[f"from .core import {name} as {name}" for name in reexported],
            "# A module that is not there: checkers know nothing of `constexpr` and allow `B: tl.constexpr = 16`.",
            "from ._any import constexpr as constexpr  # type: ignore\n",
            "TRITON_MAX_TENSOR_NUMEL: int",
            *[f"{name}: dtype" for name in dtypes],
            "pi32_t: pointer_type\n",
            tensor_class(docs),
            descriptor_class(docs),
            *[
                f"class {name}:\n"
                + indent('"""' + docs[f"tl.{name}"].text.partition("\n\n")[2].rstrip() + '\n"""', "    ")
                + "\n    def __init__(self, *args: Any, **options: Any) -> None: ..."
                + "\n    def __iter__(self) -> Iterator[Any]: ...\n"
                for name in ("range", "static_range")
            ],
            "def condition(arg1: Any, disable_licm: bool = ...) -> bool:\n"
            + indent('"""' + docs["tl.condition"].text.partition("\n\n")[2].rstrip() + '\n"""', "    ") + "\n",
            *functions,
        ]
    )  # fmt: skip


def libdevice(docs: dict) -> str:
    head = (
        HEAD.format("The device library's functions by their usual names.")
        + "\nfrom typing import Any\n\nfrom .. import tensor\n\n"
    )
    return head + "\n".join(
        function(doc, name.rpartition(".")[2]) for name, doc in docs.items() if name.startswith("libdevice.")
    )


def names_again(module: object, known: dict) -> str:
    """A module that has some of the language's functions under their own names."""
    text = HEAD.format(module.__doc__.partition("\n")[0])
    names = [name for name in module.__all__ if f"tl.{name}" in known]
    return text + "\nfrom . import " + "\nfrom . import ".join(f"{name} as {name}" for name in names) + "\n"


def main() -> int:
    import triton.language as tl
    from triton.language import _docs

    docs = _docs.docs()
    stale = []
    for path, text in (
        (PACKAGE / "language" / "__init__.pyi", language(docs)),
        (PACKAGE / "language" / "math.pyi", names_again(tl.math, docs)),
        (PACKAGE / "language" / "extra" / "libdevice.pyi", libdevice(docs)),
    ):
        if "--check" not in sys.argv:
            path.write_text(text)
        elif not path.exists() or path.read_text() != text:
            stale.append(str(path))
    if stale:
        print("not what the manual gives (./dev python python/tools/stubs.py writes them):", *stale)
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
