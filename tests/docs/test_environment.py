"""docs/environment.md names every environment variable that the sources read, and no other."""

import re

from blocks import ROOT

PAGE = (ROOT / "docs" / "environment.md").read_text()
LISTED = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", PAGE))


def read_by_c():
    """Names given to getenv, directly or through functions that take a variable's name."""
    found = set()
    for file in [*(ROOT / "src").rglob("*.c"), *(ROOT / "python" / "ext").glob("*.c")]:
        text = file.read_text()
        found |= set(re.findall(r'getenv\("(\w+)"\)', text))
        if "getenv" in text:  # names in a file that reads variables by a name it was given
            found |= set(re.findall(r'"(TRITON[A-Z0-9_]+)"', text))
        found |= set(re.findall(r'"(TRITONC?_[A-Z0-9_]+)"', text))
    return found - {"TRITON_MAX_TENSOR_NUMEL"}


def read_by_python():
    import triton.knobs as knobs

    found = set()
    for group in vars(knobs).values():
        if isinstance(group, knobs.base_knobs):
            for owner in type(group).__mro__:
                found |= {s.key for s in vars(owner).values() if isinstance(s, knobs.env_base)}
    for file in (ROOT / "python" / "triton").rglob("*.py"):
        text = file.read_text()
        found |= set(re.findall(r'(?:environ(?:\.get)?|getenv|_env_is_on)[(\[]\s*"(\w+)"', text))
    return found


def test_every_variable_is_listed():
    c, python = read_by_c(), read_by_python()
    assert len(c) > 20 and len(python) > 50  # the search itself finds something
    assert sorted((c | python) - LISTED) == []


def test_every_listed_variable_is_read():
    tests = {"TRITONC_TEST_SMALL", "TRITONC_TEST_DEVICE", "TRITONC_UPDATE"}
    for name in tests:
        assert any(name in file.read_text() for file in (ROOT / "tests").rglob("*.py"))
    assert sorted(LISTED - read_by_c() - read_by_python() - tests) == []


def test_what_is_known_by_name_only_is_not_read():
    section = PAGE.partition("## Known by name only")[2].partition("\n## ")[0]
    names = set(re.findall(r"`([A-Z][A-Z0-9_]+)`", section))
    assert names and not names & read_by_c()
