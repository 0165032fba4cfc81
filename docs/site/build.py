"""Builds the documentation site: puts its pages together below build/, then runs Sphinx on them.

    python docs/site/build.py OUT        (./dev docs: OUT is build/docs)

Pages come from four places: the manuals in docs/, which are taken as they are but for their links; tables of the
compiler that pages are made of (reference.py), and docstrings (package.py); the opening comments of the sources
(opening.py); and the programs in examples/tutorials, text and code in one file (tutorial.py). A link that leads
nowhere, or a page that no other leads to, ends the build.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import messages
import opening
import package
import reference
import tutorial

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(__file__).resolve().parent


class Pages:
    """The pages made so far, and the files of the tree that they link to."""

    def __init__(self, folder):
        self.folder = folder
        self.written = set()
        self.sources = set()

    def put(self, name, text):
        """Write a page unless it is there already: Sphinx reads again only what has changed."""
        path = self.folder / name
        self.written.add(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = text.encode() if isinstance(text, str) else text
        if not path.exists() or path.read_bytes() != data:
            path.write_bytes(data)

    def remove_others(self):
        for path in sorted(self.folder.rglob("*"), reverse=True):
            if path.is_file() and path not in self.written:
                path.unlink()

    def link(self, page, target):
        """Where a link of a file of the tree leads to on the site."""
        if re.match(r"[a-z]+:|#|/", target):  # elsewhere, a place on the page, a page of the site
            return target
        path, hash_, anchor = target.partition("#")
        file = Path(os.path.normpath(page.parent / path))
        if file == Path("README.md"):
            name = "index.md"
        elif file == Path("CONTRIBUTING.md"):
            name = "contributing.md"
        elif file.parts[0] == "docs":
            name = str(Path(*file.parts[1:]))
        elif file.parts[:2] == ("examples", "tutorials") and file.suffix == ".py":
            name = f"tutorials/{file.stem}.md"
        else:
            if not (ROOT / file).is_file():
                sys.exit(f"{page}: the link to {target} leads nowhere")
            if opening.lines_of(ROOT / file):
                return "#" + opening.anchor(file)
            name = f"source/{file}.md"
            self.sources.add(file)
        return f"/{name}{hash_}{anchor}"

    def copy(self, page, name, more=""):
        """A Markdown file of the tree, with its links turned to the site's pages, and more behind it."""
        text = (ROOT / page).read_text()
        text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.S)  # code that only the tests need
        parts = re.split(r"(^```.*?^```$|`[^`\n]+`)", text, flags=re.M | re.S)
        for i in range(0, len(parts), 2):
            # A link that shows a file's name shows the page's title instead.
            parts[i] = re.sub(r"\[(?:docs/)?[\w-]+\.md\]\((?=[^)\s]+\.md\))", "[](", parts[i])
            parts[i] = re.sub(r"\]\(([^)\s]+)\)", lambda m: f"]({self.link(page, m[1])})", parts[i])
        self.put(name, "".join(parts) + more)


def unlisted():
    """A list of the manuals that index.md does not name, so that a new one is on the site at once."""
    listed = set((SITE / "index.md").read_text().split())
    names = [path.stem for path in sorted((ROOT / "docs").glob("*.md")) if path.stem not in listed]
    return "\n```{toctree}\n:hidden:\n:caption: More\n\n" + "\n".join(names) + "\n```\n" if names else ""


def source_page(file):
    language = {".c": "c", ".h": "c", ".def": "c", ".py": "python"}.get(file.suffix, "text")
    text = (ROOT / file).read_text()
    return f"---\norphan: true\n---\n# {file}\n\n``````{language}\n{text}``````\n"


def assemble(pages, measured):
    for file in sorted((ROOT / "docs").glob("*.md")):
        pages.copy(file.relative_to(ROOT), file.name)
    pages.copy(Path("CONTRIBUTING.md"), "contributing.md")
    pages.copy(Path("docs/site/index.md"), "index.md", unlisted())
    for file in sorted((SITE / "static").iterdir()):
        pages.put(f"static/{file.name}", file.read_bytes())
    for file in sorted((ROOT / "docs" / "pictures").iterdir()):
        pages.put(f"pictures/{file.name}", file.read_bytes())
    pages.put("conf.py", (SITE / "conf.py").read_bytes())
    for made in (
        reference.pages(ROOT),
        package.pages(ROOT),
        messages.pages(ROOT),
        opening.pages(ROOT),
        tutorial.pages(ROOT, measured),
    ):
        for name, text in made:
            pages.put(name, text)
    for file in sorted(pages.sources):
        pages.put(f"source/{file}.md", source_page(file))
    pages.remove_others()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=Path)
    parser.add_argument("--measured", type=Path, help="tables of tutorials; those that are missing are measured")
    args = parser.parse_args()
    out = args.out.resolve()
    work = out.parent / (out.name + "-pages")
    assemble(Pages(work), (args.measured or out.parent / (out.name + "-measured")).resolve())
    shutil.rmtree(out, ignore_errors=True)
    cache = out.parent / (out.name + "-cache")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", "-d", cache, work, out]
    if subprocess.run(command, check=False).returncode:
        sys.exit("the documentation has mistakes, see above")
    (out / ".buildinfo").unlink(missing_ok=True)
    shutil.rmtree(out / "_sources", ignore_errors=True)
    print(out / "index.html")


if __name__ == "__main__":
    main()
