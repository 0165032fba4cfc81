"""Every public name of the reference's package is there (`names.txt`)."""

import importlib
from pathlib import Path

import pytest


def groups():
    found = {}
    for line in (Path(__file__).parent / "names.txt").read_text().splitlines():
        if line.startswith("#"):
            continue
        if not line.startswith(" "):
            owner, _, line = line.partition(":")
        found.setdefault(owner, []).extend(line.split())
    return found


def resolve(path):
    """What a dotted path leads to, of which the first parts are modules."""
    parts = path.split(".")
    for count in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:count]))
        except ImportError:
            continue
        for name in parts[count:]:
            found = getattr(found, name)
        return found
    raise ImportError(path)


@pytest.mark.parametrize("owner", groups())
def test_names(owner):
    missing = []
    for name in groups()[owner]:
        try:
            resolve(f"{owner}.{name}")
        except RuntimeError as error:
            assert "of CUDA's toolkit was not found" in str(error)  # a program of CUDA's toolkit that is not installed
        except (AttributeError, ImportError):
            missing.append(name)
    assert not missing
