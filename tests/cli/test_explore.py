"""`tritonc --emit html`: the page in a browser (Debian's chromium, headless)."""

import html.parser
import itertools
import json
import re
import subprocess
from pathlib import Path

import pytest
from test_facts import CALL, COPY, DOUBLE, KERNELS, PRODUCT, lines_of, stage

ROOT = Path(__file__).parents[2]
ATTENTION = ROOT / "examples" / "kernels" / "attention.py"


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


EVENTS = """
const press = (key) => document.activeElement.dispatchEvent(
  new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const click = (id) => document.getElementById(id).dispatchEvent(new MouseEvent("click", { bubbles: true }));
const keep = (name, value) => { document.documentElement.dataset[name] = value; };
"""


@pytest.fixture
def page(tmp_path):
    (tmp_path / "kernels.py").write_text(KERNELS)
    made = {}

    def open_page(args, where, script=""):
        if args not in made:
            for emit in ("facts", "html"):
                command = ["tritonc", "kernels.py", *map(str, args), "--emit", emit, "-o", f"{len(made)}.{emit}"]
                subprocess.run(command, cwd=tmp_path, check=True, timeout=120)
            made[args] = len(made)
        name = tmp_path / str(made[args])
        if script:  # what a person does, as events; the page knows of no difference
            text = Path(f"{name}.html").read_text().replace("</body>", f"<script>{EVENTS}{script}</script></body>")
            Path(f"{name}.{len(script)}.html").write_text(text)
            name = Path(f"{name}.{len(script)}")
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                   f"--user-data-dir={tmp_path}/browser", "--virtual-time-budget=20000", "--dump-dom",
                   f"file://{name}.html#{where}"]  # fmt: skip
        out = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert "CONSOLE" not in out.stderr, out.stderr
        dom = Dom(out.stdout)
        assert dict(dom.elements)["html"].get("data-ready") == "yes" or 'data-ready="yes"' in out.stdout
        return json.loads((tmp_path / f"{made[args]}.facts").read_text()), dom

    return open_page


@pytest.mark.parametrize("line", [CALL, DOUBLE])
def test_a_line_of_the_source_lights_what_was_made_of_it(page, line):
    facts, dom = page((*COPY, "--target", "cuda:90"), f"line={line}")
    for name in ("ttir", "ttgir", "llir", "ptx"):
        wanted = {i for i, (_, lines) in enumerate(stage(facts, name)) if line in lines}
        assert wanted and dom.lit(name) == wanted
    assert lines_of(facts, -1) == []


def row_of(line):
    """The number of a line among the rows of the source, where a function begins at its decorator."""
    pieces, at = ((5, 7), (10, 14)), 0
    for first, last in pieces:
        if first <= line <= last:
            return at + line - first
        at += last - first + 1
    raise AssertionError(line)


@pytest.mark.parametrize("line", [CALL, DOUBLE])
def test_a_click_on_a_line_of_the_source(page, line):
    facts, dom = page((*COPY, "--target", "cuda:90"), "", f'click("source-{row_of(line)}");')
    wanted = {i for i, (_, lines) in enumerate(stage(facts, "ptx")) if line in lines}
    assert wanted and dom.lit("ptx") == wanted and dom.lit("source") == {row_of(line)}


def test_the_keyboard_reaches_everything(page):
    keys = f"""
      for (let i = 0; i <= {row_of(CALL)}; i++) press("ArrowDown");
      press("Enter");
      keep("pinned", String(state.pinned));
      press("ArrowRight"); keep("column", document.activeElement.getAttribute("aria-label"));
      press("n"); keep("next", String(state.column.at));
      press("t"); keep("dark", document.documentElement.dataset.theme);
      press("4"); keep("low", getComputedStyle(document.getElementById("column-llir")).display);
      press("."); press("."); keep("pass", document.getElementById("pass-slider").value);
      press(","); keep("before", document.getElementById("pass-slider").value);
      document.getElementById("tab-passes").focus(); press("ArrowRight"); keep("tab", document.activeElement.id);
      press("Escape"); keep("free", String(state.pinned));
      press("?"); keep("help", String(document.getElementById("help").open));
    """
    facts, dom = page((*COPY, "--target", "cuda:90"), "theme=light", keys)
    (root,) = [attrs for tag, attrs in dom.elements if tag == "html"]
    have = {name.removeprefix("data-"): value for name, value in root.items()}
    wanted = {i for i, (_, lines) in enumerate(stage(facts, "ttir")) if CALL in lines}
    assert have["pinned"] == "true" and have["free"] == "false" and have["column"] == "Triton IR"
    assert int(have["next"]) in wanted and have["dark"] == "dark" and have["low"] != "none"
    assert (have["pass"], have["before"], have["tab"], have["help"]) == ("2", "1", "tab-layouts", "true")


def test_the_slider_shows_what_a_pass_changed(page):
    facts, _ = page((*PRODUCT, "--target", "cuda:80"), "")
    at = next(i for i, p in enumerate(facts["passes"]) if p["name"] == "gpu-pipeline")
    slide = f"""
      const slider = document.getElementById("pass-slider");
      slider.value = {at}; slider.dispatchEvent(new Event("input"));
      keep("added", [...document.querySelectorAll("#diff .add")].map((e) => e.textContent).join("|"));
    """
    _, dom = page((*PRODUCT, "--target", "cuda:80"), "tab=passes", slide)
    (root,) = [attrs for tag, attrs in dom.elements if tag == "html"]
    assert facts["passes"][at]["changed"] and "ttg.async_copy_global_to_local" in root["data-added"]


def test_where_an_element_goes_in_a_conversion(page):
    facts, _ = page((*PRODUCT, "--target", "cuda:80"), "")
    c = facts["gpu"]["conversions"][0]
    hover = f"""
      document.getElementById("layout-from").value = {c["from"]};
      document.getElementById("layout-to").value = {c["to"]};
      document.getElementById("layout-to").dispatchEvent(new Event("change"));
      document.querySelector("i[data-e='5']").dispatchEvent(new MouseEvent("mouseover", {{ bubbles: true }}));
      keep("hits", String(document.querySelectorAll("i.hit[data-e='5']").length));
      keep("readout", document.querySelector(".readout").textContent);
    """
    _, dom = page((*PRODUCT, "--target", "cuda:80"), "tab=layouts", hover)
    (root,) = [attrs for tag, attrs in dom.elements if tag == "html"]
    assert root["data-hits"] == "2" and root["data-readout"].startswith("element (0, 5)")
    assert "lane" in root["data-readout"] or "bank" in root["data-readout"]


def test_sizes(page, tmp_path):
    """Attention's page, for a block as large as fits: under 2 MB, with whatever stages there are."""
    text = ATTENTION.read_text().replace("from case import", "# from case import")
    (tmp_path / "attention.py").write_text(text)
    signature = "*fp16:16,*fp16:16,*fp16:16,*fp16:16,fp32,i32:16,i32:16,i32:16,i32,i32:16,128,128,64,True"
    for target in ("cuda:90", "cuda:80", "cpu"):
        command = ["tritonc", "attention.py", "-k", "attention_kernel", "-s", signature, "--target", target]
        more = [] if target == "cpu" else ["--num-warps", "8"]
        subprocess.run([*command, *more, "--emit", "html", "-o", "a.html"], cwd=tmp_path, check=True, timeout=300)
        assert 50_000 < (tmp_path / "a.html").stat().st_size < 2_000_000


# ---- colours -------------------------------------------------------------------------------------------------------

# Machado, Oliveira, Fernandes: A Physiologically-based Model for Simulation of Color Vision Deficiency (2009),
# severity 1.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}


def linear(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    return [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in parts]


def luminance(rgb):
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]


def lab(rgb):
    x, y, z = (sum(a * b for a, b in zip(row, rgb, strict=True)) for row in (
        (0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505)))  # fmt: skip
    f = [max(t, 0) ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x / 0.9505, y, z / 1.089)]
    return 116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])


def contrast(a, b):
    dark, light = sorted((luminance(linear(a)), luminance(linear(b))))
    return (light + 0.05) / (dark + 0.05)


@pytest.fixture(params=["light", "dark"])
def theme(request):
    text = (ROOT / "src" / "explore" / "page.css").read_text()
    blocks = re.findall(r"^:root[^{]*\{(.*?)^\}", text, re.M | re.S)
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[request.param == "dark"]))


def test_text_can_be_read(theme):
    for ink, papers in (("ink", "paper sheet lit pin"), ("soft", "paper sheet"), ("accent", "paper sheet"),
                        ("c-ink", "c0 c1 c2 c3 c4 c5 c6 c7"), ("add-ink", "add"), ("del-ink", "del")):  # fmt: skip
        for paper in papers.split():
            assert contrast(theme[ink], theme[paper]) >= 4.5, (ink, paper)


@pytest.mark.parametrize("eye", EYES)
def test_warps_that_are_neighbours_look_different(theme, eye):
    """Cells say their warp in words, too; this is so that one finds them."""
    seen = [
        lab([sum(a * b for a, b in zip(row, linear(theme[f"c{i}"]), strict=True)) for row in EYES[eye]])
        for i in range(8)
    ]
    for a, b in itertools.pairwise([*seen, seen[0]]):
        assert sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 > 10


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
            axes = {"w": "warp", "t": "lane", "r": "register"}
            if layout["memory"] == "shared":
                bank, offset = text[1:].split("\n")
                assert int(bank) == int(offset) * layout["element_bits"] // 32 % 32
                position = {"offset": int(offset)}
            else:
                position = {axes[part[0]]: int(part[1:]) for part in text.split()}
            held = [0] * len(layout["shape"])
            for axis, bases in layout["bases"].items():
                for bit, base in enumerate(bases):
                    if position.get(axis, 0) >> bit & 1:
                        held = [x ^ b for x, b in zip(held, base, strict=True)]
            assert flat == flatten(layout, held)


def flatten(layout, at):
    flat = 0
    for size, x in zip(layout["shape"], at, strict=True):
        flat = flat * size + x
    return flat
