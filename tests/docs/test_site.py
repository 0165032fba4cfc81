"""The site is built without a warning, every link leads somewhere, and no page needs a network."""

import html.parser
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest
from conftest import SMALL

ROOT = Path(__file__).resolve().parents[2]
FETCHING = {"img": "src", "script": "src", "iframe": "src", "source": "src"}


class Page(html.parser.HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.links, self.fetched, self.names = [], [], set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.names |= {attrs[key] for key in ("id", "name") if attrs.get(key)}
        if tag == "a" and attrs.get("href"):
            self.links.append(attrs["href"])
        fetched = attrs.get("href") if tag == "link" else attrs.get(FETCHING.get(tag, ""))
        if fetched:
            self.fetched.append(fetched)


@pytest.fixture(scope="module")
def site(tmp_path_factory, measured):
    out = tmp_path_factory.mktemp("site") / "docs"
    command = [sys.executable, ROOT / "docs" / "site" / "build.py", out, "--measured", measured[0]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    return {path.relative_to(out): Page(path) for path in out.rglob("*.html")}, out


def test_every_link_leads_somewhere(site):
    pages, out = site
    assert len(pages) > 40
    broken = []
    for path, page in pages.items():
        for link in page.links + page.fetched:
            if link.startswith(("https://", "http://", "mailto:", "data:")):
                continue
            target, _, anchor = link.partition("#")
            file = (out / path.parent / unquote(target.partition("?")[0])).resolve() if target else out / path
            if not file.is_file():
                broken.append(f"{path}: {link}")
            elif anchor and file.suffix == ".html":
                names = pages[file.relative_to(out.resolve() if target else out)].names
                if unquote(anchor) not in names and path.name not in ("search.html", "genindex.html"):
                    broken.append(f"{path}: {link} (no such place)")
    assert not broken, "\n".join(broken)


def test_nothing_is_fetched(site):
    pages, out = site
    outside = [f"{path}: {link}" for path, page in pages.items() for link in page.fetched if "//" in link]
    assert not outside, "\n".join(outside)
    for sheet in out.rglob("*.css"):
        assert "url(http" not in sheet.read_text() and "@import" not in sheet.read_text()


def test_every_manual_has_a_page(site):
    pages, _ = site
    manuals = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert manuals <= {path.stem for path in pages}


def test_the_package_is_documented(site):
    """Every public function and class of triton and triton.testing."""
    import triton
    import triton.testing

    pages, _ = site
    for module, page in ((triton, "triton"), (triton.testing, "testing")):
        listed = getattr(module, "__all__", None) or ("do_bench", "perf_report", "Benchmark", "assert_close")
        names = [name for name in listed if callable(getattr(module, name))]
        anchors = pages[Path(f"api/python-{page}.html")].names
        assert len(names) > 3
        prefix = module.__name__.replace(".", "-")
        assert [n for n in names if f"python-{prefix}-{n.lower().replace('_', '-')}" not in anchors] == []
