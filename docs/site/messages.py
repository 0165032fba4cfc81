"""The page of messages: every wrong kernel of tests/diag with what the compiler says of it. The tests hold the compiler
to these messages, so the page is true."""

import re


def pages(root):
    folder = root / "tests" / "diag"
    entries = []
    for expected in sorted(folder.glob("*.expected")):
        text = expected.read_text().strip("\n")
        m = re.search(r"error: (.*)", text)
        if m:
            entries.append((m[1], text))
    out = [
        "# Messages\n",
        "What the compiler says of a wrong kernel, each with a line that causes it, as the tests have it. The caret is "
        "where the mistake is; `note` shows the calls that led there, `hint` what to do. "
        "[Troubleshooting](/troubleshooting.md) has the messages that come before and after compiling.\n",
    ]
    for title, group in grouped(entries):
        out.append(f"## {title}\n")
        out += [f"```text\n{text}\n```\n" for text in group]
    yield "messages.md", "\n".join(out)


def grouped(entries):
    """Messages of one function of the language together, then those of the language itself."""
    groups = {}
    for message, text in entries:
        m = re.match(r"(tl\.\w+|\w+\.\w+)(?=[: ])", message)
        groups.setdefault(m[1] if m else "", []).append(text)
    rest = groups.pop("", [])
    yield "Statements, expressions, types", rest
    yield from sorted(groups.items())
