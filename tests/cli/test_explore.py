"""`tritonc --emit html`: the page in a browser (Debian's chromium, headless)."""

import html.parser
import json
import subprocess

import pytest
from test_facts import CALL, COPY, DOUBLE, KERNELS, PRODUCT, lines_of, stage


class Dom(html.parser.HTMLParser):
    """Attributes of all elements, and the text of grid cells."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.cell = [], None
        self.headings, self.in_heading = [], False
        self.cells = {}
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.elements.append((tag, attrs))
        self.in_heading = tag == "h2"
        self.cell = int(attrs["data-e"]) if tag == "i" and "data-e" in attrs else None

    def handle_data(self, data):
        if self.in_heading:
            self.headings.append(data)
        if self.cell is not None:
            self.cells[self.cell] = data

    def handle_endtag(self, tag):
        self.cell, self.in_heading = None, False

    def lit(self, column):
        """Numbers of the lit lines of a column, from 0."""
        ids = [a["id"] for _, a in self.elements if "lit" in a.get("class", "").split() and "id" in a]
        return {int(i.rsplit("-", 1)[1]) for i in ids if i.rsplit("-", 1)[0] == column}


@pytest.fixture
def page(tmp_path):
    (tmp_path / "kernels.py").write_text(KERNELS)
    made = {}

    def open_page(args, where):
        if args not in made:
            for emit in ("facts", "html"):
                command = ["tritonc", "kernels.py", *map(str, args), "--emit", emit, "-o", f"{len(made)}.{emit}"]
                subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
            made[args] = len(made)
        name = tmp_path / str(made[args])
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                   f"--user-data-dir={tmp_path}/browser", "--virtual-time-budget=20000", "--dump-dom",
                   f"file://{name}.html#{where}"]  # fmt: skip
        out = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert "CONSOLE" not in out.stderr, out.stderr
        dom = Dom(out.stdout)
        assert dict(dom.elements)["html"].get("data-ready") == "yes" or 'data-ready="yes"' in out.stdout
        return json.loads((tmp_path / f"{name}.facts").read_text()), dom

    return open_page


@pytest.mark.parametrize("line", [CALL, DOUBLE])
def test_a_line_of_the_source_lights_what_was_made_of_it(page, line):
    facts, dom = page((*COPY, "--target", "cuda:90"), f"line={line}")
    for name in ("ttir", "ttgir", "llir", "ptx"):
        wanted = {i for i, (_, lines) in enumerate(stage(facts, name)) if line in lines}
        assert wanted and dom.lit(name) == wanted
    assert lines_of(facts, -1) == []


@pytest.mark.parametrize("tab", ["passes", "layouts", "pipeline", "memory", "why", "resources", "run"])
def test_every_panel_opens_without_an_error(page, tab):
    run = ("--simulate", "-a", "a=random:4096", "-a", "b=random:4096", "-a", "c=uninit:4096", "-a", "k=64")
    _, dom = page((*PRODUCT, "--target", "cuda:80", *run), f"tab={tab}&theme=dark")
    assert any(a.get("id") == f"tab-{tab}" and a.get("aria-selected") == "true" for _, a in dom.elements)


def test_the_page_asks_for_nothing(page):
    _, dom = page((*COPY, "--target", "cpu"), "")
    assert not [a for tag, a in dom.elements if tag in ("link", "img", "iframe") or "src" in a]


def test_the_page_of_a_kernel_for_the_cpu_has_its_nests_and_micro_kernels(page):
    facts, dom = page((*PRODUCT, "--target", "cpu"), "tab=why")
    assert any(a.get("id") == "tab-why" and a.get("aria-selected") == "true" for _, a in dom.elements)
    for title in ("Loop nests", "Stored in scratch", "Dots: micro-kernels", "Accesses"):
        assert title in dom.headings, dom.headings
    assert facts["remarks"]["nest"] and facts["remarks"]["micro_kernel"]


def test_a_drawn_layout_is_the_layout(page):
    facts, _ = page((*PRODUCT, "--target", "cuda:80"), "tab=layouts")
    assert len(facts["gpu"]["layouts"]) >= 10
    for n, layout in enumerate(facts["gpu"]["layouts"]):
        _, dom = page((*PRODUCT, "--target", "cuda:80"), f"tab=layouts&layout={n}")
        assert dom.cells
        for flat, text in dom.cells.items():
            axes = {"t": "lane", "r": "register"}
            if layout["memory"] == "shared":
                bank, offset = text[1:].split("\n")
                assert int(bank) == int(offset) * layout["element_bits"] // 32 % 32
                position = {"offset": int(offset)}
            else:
                position = {axes[part[0]]: int(part[1:]) for part in text.split("\n")}
            held = [0] * len(layout["shape"])
            reached = {0}
            for axis, bases in layout["bases"].items():
                for bit, base in enumerate(bases):
                    if axis == "warp":
                        reached |= {x ^ flatten(layout, base) for x in reached}
                    elif position.get(axis, 0) >> bit & 1:
                        held = [x ^ b for x, b in zip(held, base, strict=True)]
            assert flat ^ flatten(layout, held) in reached


def flatten(layout, at):
    flat = 0
    for size, x in zip(layout["shape"], at, strict=True):
        flat = flat * size + x
    return flat
