"""What the language says of itself: every function is documented, with its true parameters, and editors can read it."""

import ast
import inspect
import json
import os
import pydoc
import subprocess
import sys
import textwrap
from pathlib import Path

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
