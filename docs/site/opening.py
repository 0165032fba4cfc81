"""Pages of "how it works": the comment that a source file opens with, for every file that has one of some length.

A comment is text as people write it in comments: paragraphs, lists with dashes, and indented lines, which are figures
or tables and keep their shape.
"""

import re
import textwrap

LEAST_LINES = 5  # a shorter comment says what a file is, and not how it works

# The folders in the order of docs/design.md.
FOLDERS = {
    "base": "Arena, hash maps, diagnostics, threads",
    "syntax": "Lexer and parser",
    "ir": "The intermediate representation",
    "index": "Integers, addresses and masks",
    "lang": "The meaning of the language",
    "opt": "Passes that know no target",
    "target": "What a backend is",
    "ll": "The low-level IR",
    "simt": "The simulated GPU",
    "gpu": "The GPU backend",
    "nvidia": "PTX, assembler, driver",
    "cpu": "The CPU backend",
    "run": "Pipeline, cache, launch",
    "aot": "Kernels as C source",
    "explore": "Facts and the page",
    "api": "The C interface",
    "cli": "The command",
    "ext": "The extension module of Python",
}


def opening(text):
    """The lines of the comment at the start of a file, without its stars, or None."""
    m = re.match(r"/\*(.*?)\*/", text, re.S)
    if m:
        return [re.sub(r"^ ?\* ?", "", line) if i else line.strip() for i, line in enumerate(m[1].rstrip().split("\n"))]
    m = re.match(r'"""(.*?)"""', text, re.S)
    return m[1].rstrip().split("\n") if m else None


def lines_of(path):
    """The opening comment of a file of the tree, where it is long enough for a place on these pages."""
    if path.suffix not in (".c", ".h", ".def", ".py") or not {"src", "ext"} & set(path.parts):
        return None
    lines = opening(path.read_text())
    return lines if lines and len(lines) >= LEAST_LINES else None


def inline(text):
    """A paragraph as Markdown: what looks like code is code, all else is plain."""
    out = []
    for i, part in enumerate(re.split(r"(`[^`]+`|(?<![\w*])\*[\w][\w \-]*\*(?![\w*]))", text)):
        if i % 2:
            out.append(part)
            continue
        words = re.split(
            r"((?<![\w/])[\w/.]+\.(?:c|h|def|py)\b|(?<![\w/.])(?:(?:\w+(?:\.|->))*\w+_\w*|tl\.\w+)(?:\(\))?)", part
        )
        for j, word in enumerate(words):
            out.append(f"`{word}`" if j % 2 else re.sub(r"([\\*_<>\[\]|#$~{}])", r"\\\1", word))
    return re.sub(r"^(Problem|Idea|Invariant|Invariants|Method|Cost|Source|Threads)([.:])", r"**\1\2**", "".join(out))


def markdown(lines):
    """The comment as Markdown."""
    out, i = [], 0
    while i < len(lines):
        if not lines[i].strip():
            i += 1
            continue
        end = i
        if lines[i].startswith(" ") and not re.match(r" +- ", lines[i]):
            while end < len(lines) and (not lines[end].strip() or lines[end].startswith(" ")):
                end += 1
            block = textwrap.dedent("\n".join(lines[i:end])).rstrip()
            out.append(f"```text\n{block}\n```\n")
        else:
            while end < len(lines) and lines[end].strip() and (end == i or not kind_changes(lines[i], lines[end])):
                end += 1
            out.append(paragraph(lines[i:end]))
        i = end
    return "\n".join(out)


def kind_changes(first, line):
    """Text ends where indented lines begin; a list goes on with what is indented."""
    dash = re.match(r" *- ", first)
    return not line.startswith(" ") and not re.match(r"- ", line) if dash else line.startswith(" ")


def paragraph(lines):
    if not re.match(r" *- ", lines[0]):
        return inline(" ".join(line.strip() for line in lines)) + "\n"
    items = []
    for line in lines:
        if re.match(r" *- ", line):
            items.append(line.strip()[2:])
        else:
            items[-1] += " " + line.strip()
    return "".join(f"- {inline(item)}\n" for item in items)


def anchor(file):
    return "how-" + re.sub(r"[^a-z0-9]+", "-", str(file).lower())


def folder_of(file):
    return file.parts[1] if file.parts[0] == "src" else "ext"


def pages(root):
    found = {}
    for file in sorted([*(root / "src").rglob("*.*"), *(root / "python" / "ext").glob("*.*")]):
        if lines := lines_of(file):
            found.setdefault(folder_of(file.relative_to(root)), []).append((file.relative_to(root), lines))
    missing = set(found) - set(FOLDERS)
    if missing:
        raise SystemExit(f"opening.py: which place in the order have the folders {sorted(missing)}?")
    listed = [folder for folder in FOLDERS if folder in found]
    index = "".join(f"{FOLDERS[folder]} <src/{folder}>\n" for folder in listed)
    yield (
        "how/index.md",
        "# How it works\n\nEvery source file that holds an algorithm opens with a page about it: the problem, the "
        "idea, what holds throughout, the cost, and where the idea comes from. These are those pages, in the order "
        "in which a kernel meets the folders. [The design](/design.md) is the map.\n\n"
        f"```{{toctree}}\n:maxdepth: 1\n\n{index}```\n",
    )
    for folder in listed:
        text = [f"# {FOLDERS[folder]}\n"]
        for file, lines in sorted(found[folder], key=lambda pair: (len(pair[0].parts), pair[0])):
            name, colon, summary = lines[0].partition(": ")
            is_name = bool(colon) and re.fullmatch(r"[\w/.*, ]+", name)
            text.append(f"({anchor(file)})=\n\n## {str(file).removeprefix('src/')}\n")
            text.append(markdown([summary[:1].upper() + summary[1:] if is_name else lines[0], *lines[1:]]))
        yield f"how/src/{folder}.md", "\n".join(text)
