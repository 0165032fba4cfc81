"""Pages of the tutorials. A tutorial is a program in examples/tutorials: comments that begin with `#:` are the text,
all else is code. The figures beside it are drawn by figures.py from what the program measured."""

import re


def page(path, figures):
    text = path.read_text()
    m = re.match(r'"""(.*?)\n\n(.*?)"""\n', text, re.S)
    title, introduction = m[1].rstrip("."), m[2]
    out = [f"# {title}\n", introduction.strip() + "\n"]
    number, block = 0, []

    def flush(language):
        body = "\n".join(block).strip("\n")
        if body:
            out.append(f"```python\n{body}\n```\n" if language else body + "\n")
        block.clear()

    in_text = False
    for line in text[m.end() :].splitlines():
        is_text = line.startswith("#:")
        if is_text != in_text:
            flush(not in_text)
            in_text = is_text
        block.append(line[2:].removeprefix(" ") if is_text else line)
    flush(not in_text)
    for figure in figures:
        number += 1
        for mode in ("light", "dark"):
            out.append(f"```{{image}} {figure}-{mode}.svg\n:class: only-{mode}\n:alt: {title}: measured\n```\n")
    out.append(f"The whole program is `examples/tutorials/{path.name}`; run it with `python3 {path.name}`.\n")
    return "\n".join(out)


def pages(root):
    return []
