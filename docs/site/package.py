"""Reference pages of the Python package, from its docstrings: what programs call from outside of kernels.

A docstring has a summary, paragraphs, and sections ("Parameters", "Returns", "Attributes", ...) whose items are a line
`name : type` with indented text below it.
"""

import importlib
import inspect
import re

from reference import code, prose, slug

# A page: its file, title, first words, and modules with the names that are shown of them (None: all that the module
# lists or defines).
PAGES = [
    ("triton", "triton", "Kernels: declaring, compiling, launching and tuning them.", [
        ("triton", None),
        ("triton.compiler", ["ASTSource", "IRSource", "CompiledKernel"]),
        ("triton.backends.compiler", ["GPUTarget"]),
    ]),
    ("testing", "triton.testing", "Measuring kernels, comparing results, plots.", [("triton.testing", None)]),
    ("profiler", "triton.profiler", "Recording launches; [Profiling](/profile.md) is the manual.", [
        ("triton.profiler", None),
    ]),
    ("jax", "triton.jax", "Kernels in JAX's programs; [JAX](/jax.md) is the manual.", [("triton.jax", None)]),
    ("tools", "triton.tools", "Tensor descriptors made on the host; tuned configurations as a list for artefacts.", [
        ("triton.tools.tensor_descriptor", ["TensorDescriptor"]),
        ("triton.tools.choices", ["choices"]),
    ]),
]  # fmt: skip
SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}$", re.M)


def names_of(module):
    names = getattr(module, "__all__", None) or [
        name for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module.__name__ and callable(value)
    ]  # fmt: skip
    return [name for name in names if callable(getattr(module, name)) and documented(getattr(module, name))]


def documented(value):
    """Its own docstring, not one that a class inherits from a built-in one."""
    doc = inspect.getdoc(value)
    return doc if doc and not (inspect.isclass(value) and "__doc__" not in vars(value)) else None


def signature(value):
    try:
        found = inspect.signature(value)
    except (TypeError, ValueError):
        return ""
    bare = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values() if p.name != "self"]
    return str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def call(name, value):
    """The call as Python writes it, broken between parameters."""
    text = signature(value)
    if len(name) + len(text) <= 88:
        return name + text
    parts = re.split(r", (?=\*{0,2}\w+(?:=|,|\)|$))", text[1:-1])
    return f"{name}(\n" + "".join(f"    {part},\n" for part in parts) + ")"


def paragraphs(text):
    out = []
    for part in re.split(r"\n\s*\n", text.strip("\n")):
        indented = all(line.startswith("    ") for line in part.splitlines())
        listed = re.match(r"\s*- ", part)
        if indented:
            out.append("```text\n" + inspect.cleandoc(part) + "\n```")
        else:
            out.append("\n".join(map(prose, part.splitlines())) if listed else prose(" ".join(part.split())))
    return "\n\n".join(out)


def items(text):
    """Lines `name : type`, with indented text, as a list of definitions."""
    found = []
    for line in text.strip("\n").splitlines():
        if line and not line.startswith(" "):
            name, _, kind = line.partition(" : ")
            found.append([name, kind, []])
        elif found:
            found[-1][2].append(line.strip())
    out = []
    for name, kind, words in found:
        head = ", ".join(map(code, name.split(", "))) if kind or re.fullmatch(r"[\w*, ]+", name) else prose(name)
        said = prose(" ".join(words)) or prose(kind)
        out.append(
            f"{head}{' : ' + prose(kind) if kind and words else ''}\n: {said}\n" if said else f"- {prose(name)}\n"
        )
    return "\n".join(out)


def entry(name, value):
    parts = SECTION.split(documented(value))
    out = [f"(python-{slug(name)})=", f"## {name}\n"]
    if inspect.isclass(value) or inspect.isroutine(value):
        out.append(f"```python\n{call(name, value)}\n```\n")
    out.append(paragraphs(parts[0]) + "\n")
    for title, text in zip(parts[1::2], parts[2::2], strict=True):
        out.append(
            f"**{title}**\n\n{items(text) if title not in ('Notes', 'Example', 'Examples') else paragraphs(text)}\n"
        )
    return "\n".join(out)


def shown():
    """Each page with the names that it shows: (page, title, first words, [(name, value)])."""
    for page, title, first, modules in PAGES:
        found = []
        for path, names in modules:
            module = importlib.import_module(path)
            found += [(f"{path}.{name}", getattr(module, name)) for name in names or names_of(module)]
        yield page, title, first, found


def pages(root):
    listed = []
    for page, title, first, found in shown():
        links = ", ".join(f"[`{name.rpartition('.')[2]}`](#python-{slug(name)})" for name, _ in found)
        listed.append((page, title, first, links))
        yield f"api/python-{page}.md", f"# {title}\n\n{first}\n\n" + "\n".join(entry(*one) for one in found)
    tree = "".join(f"python-{page}\n" for page, *_ in listed)
    text = "# The Python package\n\nWhat programs call from outside of kernels, from the package's docstrings.\n\n"
    text += f"```{{toctree}}\n:maxdepth: 1\n:hidden:\n\n{tree}```\n\n"
    text += "\n".join(f"## [{title}](python-{page}.md)\n\n{first}\n\n{links}\n" for page, title, first, links in listed)
    yield "api/python.md", text
