"""Pages of the tutorials. A tutorial is a program in examples/tutorials: comments that begin with `#:` are the text,
all else is code. Each measures something, and its table (`measured/NAME.csv`) is drawn below it."""

import os
import re
import subprocess
import sys

import figures

ORDER = [
    "vector_add",
    "fused_softmax",
    "matmul",
    "low_memory_dropout",
    "layer_norm",
    "fused_attention",
    "extern_functions",
    "grouped_gemm",
    "persistent_matmul",
    "block_scaled_matmul",
    "dependent_launch",
]


def measure(path, folder):
    """Run a tutorial, which checks itself and leaves its table in the folder, unless this very program has done so."""
    table, program = folder / f"{path.stem}.csv", folder / f"{path.stem}.py"
    if table.exists() and (not program.exists() or program.read_bytes() == path.read_bytes()):
        return
    print(f"measuring {path.name}", file=sys.stderr, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, path, folder], capture_output=True, text=True, env=os.environ, check=False)
    if done.returncode:
        raise SystemExit(f"{path}:\n{done.stdout}{done.stderr}")
    program.write_bytes(path.read_bytes())


def title_of(text):
    return re.match(r'"""(.*?)\.\n', text)[1]


def page(path):
    """The program as a page: its title, text and code by turns, and the figure."""
    text = path.read_text()
    docstring = re.match(r'""".*?\n\n(.*?)"""\n', text, re.S)
    title = title_of(text)
    out = [f"# {title}\n", docstring[1].strip() + "\n"]
    block = []

    def flush(is_text):
        body = "\n".join(block).strip("\n")
        if body:
            out.append(body + "\n" if is_text else f"```python\n{body}\n```\n")
        block.clear()

    was_text = False
    for line in text[docstring.end() :].splitlines():
        is_text = line.startswith("#:")
        if is_text != was_text:
            flush(was_text)
            was_text = is_text
        block.append(line[2:].removeprefix(" ") if is_text else line)
    flush(was_text)
    for mode in figures.MODES:
        out.append(f"```{{image}} {path.stem}-{mode}.svg\n:class: only-{mode}\n:alt: {title}, measured\n```\n")
    out.append(
        f"Measured when this page was made: {figures.machine()}.\n\n"
        f"The whole program is `examples/tutorials/{path.name}`; `python3 {path.name}` checks and measures, and "
        f"`python3 {path.name} FOLDER` saves the plot and its table there.\n"
    )
    return "\n".join(out)


def pages(root, measured):
    folder = root / "examples" / "tutorials"
    there = {path.stem for path in folder.glob("*.py")}
    if there != set(ORDER):
        raise SystemExit(f"tutorial.py: which place in the order have {sorted(there ^ set(ORDER))}?")
    rows = []
    for name in ORDER:
        path = folder / f"{name}.py"
        text = path.read_text()
        measure(path, measured)
        for mode in figures.MODES:
            yield f"tutorials/{name}-{mode}.svg", figures.draw(measured / f"{name}.csv", text, mode)
        yield f"tutorials/{name}.md", page(path)
        first = re.match(r'""".*?\n\n(.*?[.:])(?:\s|$)', text, re.S)[1]
        rows.append(f"| [{title_of(text)}](/tutorials/{name}.md) | {' '.join(first.split())} |\n")
    yield (
        "tutorials/index.md",
        "# Tutorials\n\nEach is a program that runs on a GPU where there is one and on the CPU otherwise, checks its "
        "result against PyTorch, and measures. They build on each other; the first three are enough to begin with. "
        "With `TRITONC_SIMULATE=1` in the environment the kernels run on [the simulated GPU](/simulate.md), which "
        "finds wrong accesses and races.\n\n"
        f"| tutorial | |\n| --- | --- |\n{''.join(rows)}\n"
        "```{toctree}\n:hidden:\n\n" + "\n".join(ORDER) + "\n```\n",
    )
