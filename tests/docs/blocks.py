"""The code blocks of the manuals.

A block is what stands between fences, with the language behind the opening fence. A block inside an HTML comment is
not shown to readers, but runs too: it provides what the blocks after it take for granted.
"""

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


class Block(NamedTuple):
    page: Path
    line: int  # of the first line of code
    language: str
    text: str
    hidden: bool

    @property
    def place(self):
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page):
    found, hidden, start = [], False, None
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if start is None:
            hidden = (hidden or line.startswith("<!--")) and not line.endswith("-->")
        if m := re.match(r"```(\w*)$", line):
            if start is None:
                start, language, code = number + 1, m[1], []
            else:
                found.append(Block(page, start, language, "\n".join(code) + "\n", hidden))
                start = None
        elif start is not None:
            code.append(line)
    assert start is None, f"{page}:{start}: the block does not end"
    return found


def every(*languages):
    return [block for page in PAGES for block in blocks(page) if block.language in languages]
