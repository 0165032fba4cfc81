"""What the language says of itself: every function is documented, with its true parameters, and editors can read it."""

import ast
import inspect
import json
import os
import pydoc
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest
import triton
import triton.language as tl
from triton.language import _docs
from triton.language.extra import cuda, libdevice

PACKAGE = Path(triton.__file__).parent
MODULES = {"tl": tl, "tl.math": tl.math, "tl.standard": tl.standard, "tl.random": tl.random, "libdevice": libdevice,
           "tl.extra.cuda": cuda}  # fmt: skip
FUNCTIONS = {
    function.__triton_builtin__: function
    for module in MODULES.values()
    for name in sorted({*dir(module), *getattr(module, "__all__", ())})
    if not name.startswith("_") and isinstance(function := getattr(module, name), tl.core.builtin)
}
DOCS = _docs.docs()


def section(doc, title):
    _, _, rest = doc.text.partition(f"\n{title}\n")
    return rest.partition("\n\n")[0]


def test_every_function_is_documented():
    assert len(FUNCTIONS) > 300
    assert [name for name in FUNCTIONS if _docs.find(name) is None] == []
    for function in FUNCTIONS.values():
        assert function.__doc__.count("\n") >= 2
    assert "values that `pointer` points at" in pydoc.render_doc(tl.load, renderer=pydoc.plaintext)
    assert tl.core.builtin.__doc__.startswith("A function of the language.")


def test_every_entry_is_a_function():
    found = {_docs.find(name).name for name in FUNCTIONS}
    methods = {"tl.to", "tl.item", "tl.logical_and", "tl.logical_or", "tl.range", "tl.static_range", "tl.condition",
               "tl.pointer_type", "tl.block_type", "tl.str_to_ty", "tl.aggregate_replace"}  # fmt: skip
    assert {name for name in DOCS if not name.startswith("tensor_descriptor.")} - found <= methods


@pytest.mark.parametrize("doc", DOCS.values(), ids=DOCS)
def test_entry(doc):
    """The documented parameters are the function's, in its order; the example is Python."""
    names = [p.name for p in doc.signature().parameters.values()]
    lines = [line for line in section(doc, "Parameters").splitlines() if line[4] != " "]
    documented = [line.partition(":")[0].strip() for line in lines]
    if documented:
        assert documented == [name for name in names if name != "self"]
    ast.parse(textwrap.dedent(section(doc, "Example")))
    assert max(map(len, doc.text.splitlines()[1:])) <= 100


# What the names of examples and of wrong calls stand for; an entry's own come first.
NAMES = {
    "M": "n", "N": "n", "K": "n", "m": "n // 16", "pid": "tl.program_id(0)", "row": "0", "column": "0", "k": "0",
    "seed": "7", "stride": "n", "offsets": "tl.arange(0, BLOCK)", "index": "31 - tl.arange(0, 32)",
    "bins": "tl.arange(0, BLOCK) % 8", "i": "tl.arange(0, 32)",
    "x": "tl.load(x_ptr + tl.arange(0, 32))", "y": "tl.load(y_ptr + tl.arange(0, 32))",
    "h": "tl.load(x_ptr + tl.arange(0, 32)).to(tl.float16)", "t": "tl.load(x_ptr + tl.arange(0, 4)[:, None] * 8 + tl.arange(0, 8))",
    "re": "tl.load(x_ptr + tl.arange(0, 32))", "im": "tl.load(y_ptr + tl.arange(0, 32))",
    "pairs": "tl.reshape(tl.load(x_ptr + tl.arange(0, 32)), (16, 2))", "p": "0.5",
    "a": "tl.full((16, 16), 1, tl.float16)", "b": "tl.full((16, 16), 1, tl.float16)", "acc": "tl.zeros((16, 16), tl.float32)",
    "desc": "tl.make_tensor_descriptor(x_ptr.to(tl.pointer_type(tl.float16)), [n, n], [n, 1], [16, 64])",
    "c": "tl.arange(0, BLOCK).to(tl.uint32)", "key": "tl.to_tensor(7).to(tl.uint32)", "u1": "tl.rand(7, tl.arange(0, BLOCK))", "u2": "tl.rand(8, tl.arange(0, BLOCK))",
    "rows": "tl.arange(0, 16)", "point": "Point(tl.load(x_ptr), tl.load(y_ptr))",
}  # fmt: skip
BLOCK_OF_DESC, INTEGERS = (
    "tl.full((16, 64), 1, tl.{})",
    "tl.make_tensor_descriptor(count_ptr, [4, 64], [64, 1], [16, 64])",
)
ONE_ROW = "tl.make_tensor_descriptor(x_ptr, [n, n], [n, 1], [1, 64])"
OWN_NAMES = {
    "tl.advance": {"p": "tl.make_block_ptr(x_ptr, (n, n), (n, 1), (0, 0), (16, 16), (1, 0))"},
    "tl.multiple_of": {"p": "n * 16"},
    "tl.permute": {"x": "tl.reshape(tl.load(x_ptr + tl.arange(0, 32)), (2, 4, 4))"},
    "tl.squeeze": {"column": "tl.load(x_ptr + tl.arange(0, 32))[:, None]"},
    "tl.store": {"y": "tl.load(y_ptr + tl.arange(0, BLOCK))"},
    "tl.store_tensor_descriptor": {"a": BLOCK_OF_DESC.format("float16")},
    "tensor_descriptor.store": {"acc": "tl.zeros((16, 64), tl.float32)"},
    **{f"tensor_descriptor.atomic_{op}": {"a": BLOCK_OF_DESC.format("float16")} for op in ("add", "min", "max")},
    **{f"tensor_descriptor.atomic_{op}": {"a": BLOCK_OF_DESC.format("int32"), "desc": INTEGERS} for op in ("and", "or", "xor")},
    "tensor_descriptor.gather": {"desc": ONE_ROW},
    "tensor_descriptor.scatter": {"desc": ONE_ROW, "a": "tl.zeros((16, 64), tl.float32)"},
    "tl.dot_scaled": {"a": "tl.full((32, 64), 56, tl.uint8)", "a_scale": "tl.full((32, 2), 127, tl.uint8)",
                      "b": "tl.full((32, 32), 34, tl.uint8)", "b_scale": "tl.full((32, 2), 127, tl.uint8)",
                      "acc": "tl.zeros((32, 32), tl.float32)"},
}  # fmt: skip
ARGUMENTS = ("x_ptr", "y_ptr", "count_ptr", "lock_ptr", "n", "BLOCK", "BLOCK_M", "BLOCK_N", "BLOCK_K")
FUNCTIONS_OF_EXAMPLES = """
@triton.jit
def combine(a, b):
    return tl.maximum(a, b)

@triton.jit
def square(v):
    return v * v

@triton.aggregate
class Point:
    x: tl.tensor
    y: tl.tensor

    @triton.jit
    def __init__(self, x, y):
        self.x = x
        self.y = y
"""


def kernel_of(statement, own, folder, functions=""):
    """A kernel that gives the statement's names their meaning."""
    used = [node.id for node in ast.walk(ast.parse(statement)) if isinstance(node, ast.Name)]
    meaning = {**NAMES, **own}
    known = {"tl", "range", "float", "combine", "square", *ARGUMENTS}
    given = [f"{word} = {meaning[word]}" for word in dict.fromkeys(used) if word not in known and word in meaning]
    parameters = [f"{a}: tl.constexpr" if a.startswith("BLOCK") else a for a in ARGUMENTS]
    body = textwrap.indent("\n".join([*given, statement]), "    ")
    source = f"import triton\nimport triton.language as tl\n{FUNCTIONS_OF_EXAMPLES}{functions}\n@triton.jit\n"
    source += f"def kernel({', '.join(parameters)}):\n{body}\n"
    path = folder / "example.py"
    path.write_text(source)
    namespace = {"__name__": "example", "__file__": str(path)}
    exec(compile(source, str(path), "exec"), namespace)
    return namespace["kernel"]


def launch(kernel, lock=0):
    x, y = (np.ones(4096, np.float32) for _ in range(2))
    count, lock = np.zeros(256, np.int32), np.full(1, lock, np.int32)
    kernel[(1,)](x, y, count, lock, 64, BLOCK=64, BLOCK_M=16, BLOCK_N=16, BLOCK_K=16)
    return count, lock


EXAMPLES = {doc.name: textwrap.dedent(section(doc, "Example")) for doc in _docs.entries() if section(doc, "Example")}


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_runs(name, tmp_path, monkeypatch):
    """Each in a kernel that gives its names a meaning; what is a GPU's own runs on the simulated one."""
    if "ex2" in EXAMPLES[name] or "cuda" in EXAMPLES[name]:
        monkeypatch.setenv("TRITONC_SIMULATE", "cuda:90")
    count, lock = launch(kernel_of(EXAMPLES[name], OWN_NAMES.get(name, {}), tmp_path), lock=int("poll" in name))
    if name == "tl.atomic_add":
        assert count[:8].tolist() == [8] * 8
    if name in ("tl.atomic_cas", "tl.atomic_store"):
        assert lock.tolist() == [1]


def wrong_calls():
    for doc in _docs.entries():
        for line in re.sub(r"\n {8}", " ", section(doc, "Errors")).splitlines():
            call, _, message = line.strip().partition(" -> ")
            yield pytest.param(doc.name, call, message, id=call)


@pytest.mark.parametrize("name,call,message", [*wrong_calls()])
def test_wrong_call(name, call, message, tmp_path):
    """The message that the manual quotes is the compiler's, whole."""
    with pytest.raises(triton.CompilationError) as error:
        launch(kernel_of(call, {}, tmp_path))
    assert re.search(r"error: (.*)", str(error.value))[1] == message


def test_every_function_has_an_example_and_errors():
    """All but libdevice's functions, which stand in tables. Two take anything; CUDA's are refused for other targets."""
    functions = [doc for doc in DOCS.values() if not doc.name.startswith("libdevice.")]
    assert len(functions) > 130
    assert [doc.name for doc in functions if not section(doc, "Example")] == []
    cannot_fail = {"tl.debug_barrier", "tl.static_print"}
    without = {
        doc.name for doc in functions if not section(doc, "Errors") and not doc.name.startswith("tl.extra.cuda.")
    }
    assert without == cannot_fail


def test_every_name_is_explained():
    """Functions, types and constants: all that docs/language.md lists, and each element type; and it lists all of them."""
    page = (Path(__file__).resolve().parents[2] / "docs" / "language.md").read_text()
    table = page.partition("## Names of `triton.language`")[2].partition("\n\nWhat each one does")[0]
    listed = {name for name in re.findall(r"`(\w+)`", table.replace("and of a descriptor", "\n"))}
    listed |= {name for name in dir(tl) if isinstance(getattr(tl, name), tl.dtype)}
    listed -= {"timeout_ns", "dim", "pack", "x", "to"} | {"shape", "strides", "block_shape"}  # parameters, attributes
    explained = {doc.name.rpartition(".")[2] for doc in _docs.entries()}
    assert len(listed) > 130 and sorted(listed - explained) == []
    section = page.partition("## Names of `triton.language`")[2].partition("\n## Statements")[0]
    of_tl = {doc.name.rpartition(".")[2] for doc in _docs.entries() if doc.name.startswith("tl.")}
    assert sorted(of_tl - set(re.findall(r"`\.?(\w+)`", section))) == []
    types = [doc for doc in _docs.entries() if doc.parameters is None]
    assert len(types) > 25 and all(hasattr(tl, doc.name.removeprefix("tl.")) for doc in types)
    assert all(doc.text.startswith(f"{doc.name}\n\n") for doc in types)


def test_signatures():
    assert str(inspect.signature(tl.store)).startswith("(pointer, value, mask=None, ")
    assert inspect.signature(tl.dot_scaled).parameters["out_dtype"].default == tl.float32
    assert inspect.signature(tl.static_print).parameters["end"].default == "\n"

    @triton.jit
    def kernel(x, n, BLOCK: tl.constexpr = 4):
        pass

    assert list(inspect.signature(kernel).parameters) == ["x", "n", "BLOCK"]


def test_stubs_are_true():
    """The committed stubs are what the manual gives."""
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(
        [sys.executable, root / "python" / "tools" / "stubs.py", "--check"], capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (PACKAGE / "py.typed").exists() and (PACKAGE / "language" / "__init__.pyi").exists()


def test_an_editor_completes_names():
    import jedi

    script = jedi.Script("import triton.language as tl\ntl.lo")
    names = {c.name for c in script.complete(2, 5)}
    assert {"load", "load_tensor_descriptor", "log", "log2"} <= names
    script = jedi.Script("import triton.language as tl\ntl.load(")
    assert [p.name for p in script.get_signatures(2, 8)[0].params][:3] == ["pointer", "mask", "other"]


def test_a_type_checker_takes_the_examples(tmp_path):
    root = Path(__file__).resolve().parents[2]
    config = {
        "typeCheckingMode": "standard",
        "include": [str(root / "examples")],
        "extraPaths": [str(PACKAGE.parent), str(root / "examples" / "kernels"), str(root)],
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(config))
    command = [sys.executable, "-m", "basedpyright", "-p", tmp_path, "--pythonpath", sys.executable]
    env = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}  # a sanitizer's: not for others
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
