"""Reference pages, made from the tables that the compiler itself is made from: the language from docs.def (through the
library, which adds the signatures), the C interface from its header, the command from its own help text, which is
args.def and options.def, and the ops of the IR from ops.def."""

import re
import subprocess


def slug(title):
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def prose(text):
    """Words of a table as Markdown: only what is between backquotes is code."""
    parts = re.split(r"(`[^`]+`)", text)
    for i in range(0, len(parts), 2):
        parts[i] = re.sub(r"([\\*_<>\[\]|#$~])", r"\\\1", parts[i])
    return "".join(parts)


def cell(text):
    return prose(text).replace("\n", " ")


def code(text):
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"`{text}`" if text else ""


# ---- the language ----------------------------------------------------------------------------------------------------


def sections(text):
    """The parts of one function's manual: the summary, and "Parameters", "Returns", "Errors", "Example" by name."""
    parts = {}
    for part in text.split("\n\n")[1:]:
        head, _, rest = part.partition("\n")
        if head in ("Parameters", "Returns", "Errors", "Example"):
            parts[head] = rest
        else:
            parts.setdefault("", part.replace("\n", " "))
    return parts


def parameters(text):
    items = []
    for line in text.splitlines():
        if line[4:5] == " ":
            items[-1][1] += " " + line.strip()
        else:
            name, _, rest = line.strip().partition(": ")
            items.append([name, rest])
    return "".join(f"`{name}`\n: {prose(rest)}\n\n" for name, rest in items)


def errors(text):
    """Wrong calls with what the compiler says of them."""
    items = []
    for line in text.splitlines():
        if line[4:5] == " ":
            items[-1] += " " + line.strip()
        else:
            items.append(line.strip())
    return "".join(f"- {code(call)}: {prose(said)}\n" for call, _, said in (item.partition(" -> ") for item in items))


def dedent(text):
    return "\n".join(line[4:] for line in text.splitlines())


def signature(doc, width=84):
    """The call as Python writes it, in lines that fit a page."""
    line, lines = f"{doc.name}(", []
    depth, parts = 0, [""]
    for c in doc.parameters + ")":  # pieces end with a comma that no bracket encloses
        depth += (c in "([") - (c in ")]")
        if c == " " and depth == 0 and parts[-1].endswith(","):
            parts.append("")
        else:
            parts[-1] += c
    for part in parts:
        if len(line) + len(part) > width:
            lines.append(line.rstrip())
            line = " " * (len(doc.name) + 1)
        line += part + " "
    return "\n".join([*lines, line.rstrip()])


def function(doc):
    parts = sections(doc.text)
    out = [f"({anchor(doc.name)})=", f"## {doc.name}\n"]
    if doc.parameters is not None:
        out.append(f"```python\n{signature(doc)}\n```\n")
    out.append(prose(parts[""]) + "\n")
    if "Parameters" in parts:
        out.append(parameters(parts["Parameters"]))
    if "Returns" in parts:
        out.append(f"**Returns** {prose(' '.join(parts['Returns'].split()))}\n")
    if "Errors" in parts:
        out.append(f"**Errors**\n\n{errors(parts['Errors'])}")
    if "Example" in parts:
        out.append(f"```python\n{dedent(parts['Example'])}\n```\n")
    return "\n".join(out)


def anchor(name):
    return "api-" + slug(name)


def language():
    from triton.language import _docs

    groups = {}
    for doc in _docs.entries():
        groups.setdefault(doc.group, []).append(doc)
    index = "".join(f"{slug(group)}\n" for group in groups)
    text = [
        "# triton.language\n",
        "Every function and type of the language, as `help(tl.load)` and `tritonc --explain load` tell it too. In the "
        "examples `tl` is `triton.language`. [The language](/language.md) says which statements and types there are.\n",
        f"```{{toctree}}\n:maxdepth: 1\n:hidden:\n\n{index}```\n",
    ]
    for group, docs in groups.items():
        text.append(f"## [{group}]({slug(group)}.md)\n")
        names = docs if group != "libdevice" else []
        text.append(", ".join(f"[`{doc.name.removeprefix('tl.')}`](#{anchor(doc.name)})" for doc in names) + "\n")
        if not names:
            text.append(f"{len(docs)} functions of floating-point and integer numbers, by CUDA's names.\n")
    yield "api/index.md", "\n".join(text)
    for group, docs in groups.items():
        if group == "libdevice":
            yield f"api/{slug(group)}.md", libdevice(docs)
        else:
            yield f"api/{slug(group)}.md", "\n".join([f"# {group}\n", *map(function, docs)])


def libdevice(docs):
    rows = "".join(
        f"| {code(doc.name.partition('.')[2] + '(' + doc.parameters + ')')} | {cell(sections(doc.text)[''])} |\n"
        for doc in docs
    )
    return (
        "# libdevice\n\n`from triton.language.extra import libdevice`: CUDA's mathematical functions, written in "
        "Triton, with the same results on every target. [Mathematical functions](/math.md) has their errors.\n\n"
        f"| function | value |\n| --- | --- |\n{rows}"
    )


# ---- the C header ----------------------------------------------------------------------------------------------------


def comment_text(comment):
    text = re.sub(r"^/\*|\*/$", "", comment.strip())
    return " ".join(re.sub(r"^ ?\* ?", "", line.strip()) for line in text.splitlines()).strip()


def header(root):
    text = (root / "include" / "tritonc.h").read_text()
    version = re.search(r'TTC_VERSION "([^"]+)"', text)[1]
    body = text[text.index("TTC_API const char *ttc_version") : text.rindex("#ifdef __cplusplus")]
    out = [
        "# tritonc.h\n",
        f"The whole header, in its order, version {version}. [The C interface](/c-api.md) is the manual.\n",
        "## Version and status\n",
    ]
    lines, block = body.splitlines(), []

    def flush():
        if any(line.strip() for line in block):
            out.append("```c\n" + "\n".join(block).strip("\n") + "\n```\n")
        block.clear()

    i = 0
    while i < len(lines):
        title = re.match(r"/\* -+ (.*?) -+ \*/", lines[i])
        if title:
            flush()
            out.append(f"## {title[1][0].upper()}{title[1][1:]}\n")
        elif lines[i].startswith("/*"):  # a comment of its own at the margin: what follows it belongs to it
            flush()
            end = i
            while "*/" not in lines[end]:
                end += 1
            out.append(prose(comment_text("\n".join(lines[i : end + 1]))) + "\n")
            i = end
        elif not lines[i].strip() and block and not block[-1].startswith(" ") and block[-1].endswith((";", "*/")):
            flush()
        else:
            block.append(lines[i].removeprefix("TTC_API "))
        i += 1
    flush()
    return "\n".join(out)


# ---- the command -----------------------------------------------------------------------------------------------------


def command(tritonc):
    text = subprocess.run([tritonc, "--help"], capture_output=True, text=True, check=True).stdout
    usage, *rest = re.split(r"\n\n", text.rstrip())
    out = ["# The command `tritonc`\n", f"```text\n{usage.removeprefix('usage: ')}\n```\n"]
    for part in rest:
        if re.match(r"options[^\n]*:\n", part):
            title, _, lines = part.partition("\n")
            rows = re.findall(r"^ {2,6}(-.*?)(?: {2,}|\s*\n {20,})(\S.*)$", lines, re.M)
            heading = title.rstrip(":").capitalize()
            out.append(f"## {heading}\n\n| option | meaning |\n| --- | --- |")
            out.append("".join(f"| {code(flag.strip())} | {cell(help_)} |\n" for flag, help_ in rows))
        elif part.startswith("exit status: "):
            pairs = re.findall(r"(\d) ([^,]+(?:\([^)]*\))?[^,\d]*)(?:, |$)", part)
            out.append("## Exit status\n\n| status | meaning |\n| --- | --- |")
            out.append("".join(f"| {n} | {cell(what)} |\n" for n, what in pairs))
        else:
            lines = part.splitlines()
            figure = next((i for i, line in enumerate(lines) if line.startswith("    ")), len(lines))
            if lines[0].startswith("A signature"):
                out.append("## Signatures\n")
            elif lines[0].startswith("--simulate"):
                out.append("## Simulated runs\n")
            out.append(prose(" ".join(lines[:figure])) + "\n")
            if lines[figure:]:
                out.append("```sh\n" + "\n".join(line[4:] for line in lines[figure:]) + "\n```\n")
    out.append(
        "`tritonc --explain NAME` prints the manual of a function or type of the language. "
        "[The simulated GPU](/simulate.md) tells what a simulated run reports; [Triton IR](/ir.md) is what the command "
        "reads besides Python.\n"
    )
    return "\n".join(out)


# ---- ops -------------------------------------------------------------------------------------------------------------

TRAITS = {
    "T_PURE": "pure",
    "T_READ": "reads memory",
    "T_WRITE": "has effects",
    "T_ELEMENTWISE": "elementwise",
    "T_SAME_TYPE": "one type",
    "T_COMMUTATIVE": "commutative",
    "T_TERMINATOR": "terminator",
    "T_ISOLATED": "isolated",
    "T_CONSTANT": "constant",
    "T_MULTI_SEGMENT": "",
}


class Table:
    """ops.def, read line by line: macros, comments, and the rows of ops."""

    def __init__(self, text):
        self.macros = {}
        lines = iter(text[text.index("*/") + 2 :].splitlines())
        self.items = []  # ("blank", ""), ("comment", words), ("op", fields and the remark behind it)
        for line in lines:
            if m := re.match(r"#define (\w+) (.*)", line):
                self.macros[m[1]] = m[2]
            elif line.startswith("OP("):
                while not re.search(r"\)\s*(/\*.*\*/)?$", line):
                    line += " " + next(lines).strip()
                m = re.match(r'OP\(\w+, "(.*?)", "(.*?)", "(.*?)", (.*?), ([A-Z]\w+|".*")\)\s*(?:/\*(.*)\*/)?$', line)
                self.items.append(("op", m.groups()))
            elif line.startswith("/*"):
                while not line.endswith("*/"):
                    line += " " + next(lines).strip()
                self.items.append(("comment", line[2:-2].strip()))
            elif not line:
                self.items.append(("blank", ""))

    def syntax(self, expression):
        expression = self.macros.get(expression, expression)
        return "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', expression))

    def traits(self, expression):
        names = []
        for name in re.split(r"\s*\|\s*", expression):
            names += self.traits(self.macros[name]) if name in self.macros else [TRAITS.get(name, "")]
        return [name for name in names if name]


def ops(root):
    table = Table((root / "src" / "ir" / "ops.def").read_text())
    out = [
        "# Ops: the table\n",
        "Every op of Triton IR and Triton GPU IR: the rows of `src/ir/ops.def`, from which the builder, the verifier, "
        "the printer and the reader are made. `?` marks what may be absent, `*` any number. The syntax is written "
        "in the notation that [`format.c`](#how-src-ir-format-c) explains. [The manual](/ir.md) says what "
        "they mean.\n",
    ]
    head = "| op | operands | results | traits | attributes, remarks | syntax |\n| --- | --- | --- | --- | --- | --- |"
    remark, new_section = "", True
    for i, (kind, value) in enumerate(table.items):
        if kind == "blank":
            remark, new_section = "", True
        elif kind == "comment":
            if new_section and i + 2 < len(table.items) and "op" in (table.items[i + 1][0], table.items[i + 2][0]):
                title, *more = re.split(r"[.;] ", value.rstrip("."), maxsplit=1)
                out.append(f"\n## {prose(title)}\n")
                out += [f"{prose(text[0].upper() + text[1:])}.\n" for text in more]
                out.append(head)
                new_section = False
            else:
                remark = value
        else:
            name, operands, results, traits, syntax, behind = value
            cells = [
                code(name),
                " ".join(map(code, operands.split())),
                " ".join(map(code, results.split())),
                ", ".join(table.traits(traits)),
                cell((behind or remark).strip()),
            ]
            cells.append(code(table.syntax(syntax)) if table.syntax(syntax) else "generic")
            out.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
            remark = ""
    return "\n".join(out) + "\n"


def pages(root):
    yield from language()
    yield "header.md", header(root)
    yield "command.md", command(root / "build" / "release" / "bin" / "tritonc")
    yield "ops.md", ops(root)
