"""mode="pcsampling": instructions by source line, on a GPU that is pretended (pretended_gpu.c) to see what it is asked."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
import types
import numpy as np
import triton
import triton.language as tl
import triton.profiler as proton


@triton.jit
def twice(v):
    return v + v  # twice


@triton.jit
def copy(x, y, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    v = tl.load(x + i, mask=i < n)  # the load
    tl.store(y + i, twice(v), mask=i < n)  # the store


class Array:
    def __init__(self):
        self.memory = np.ones(1000, np.float32)
        address = (self.memory.ctypes.data, False)
        self.__cuda_array_interface__ = {"data": address, "typestr": "<f4", "shape": (1000,), "version": 3}


def launch():
    copy[(8,)](Array(), Array(), 1000, BLOCK=128)


if len(sys.argv) > 1:
    launch()  # its code was loaded before the session
    mode = proton.mode.PCSampling(int(sys.argv[1])) if sys.argv[1] != "0" else "pcsampling"
    other = proton.start("second", backend="cupti", mode=mode) if sys.argv[1] == "7" else None
    session = proton.start("samples", mode=mode)
    with proton.scope("once"):
        launch()
    with proton.scope("thrice"):
        for _ in range(3):
            launch()
    try:
        proton.start("timed", backend="cupti")
    except RuntimeError as e:
        print(e)
    proton.finalize(session)
    proton.finalize()
"""


@pytest.fixture(scope="module")
def gpu(tmp_path_factory):
    folder = tmp_path_factory.mktemp("gpu")
    source = Path(__file__).with_name("pretended_gpu.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-w", "-o", folder / "libcuda.so.1", source], check=True)
    (folder / "libcupti.so").symlink_to("libcuda.so.1")  # the same library, so that one half knows what the other did
    (folder / "program.py").write_text(PROGRAM)
    return folder


def run(gpu, *args, **variables):
    found = {"LD_LIBRARY_PATH": str(gpu), "TRITON_CUPTI_LIB_PATH": str(gpu), "TRITON_CACHE_DIR": str(gpu / "cache")}
    command = [sys.executable, "program.py", *args]
    return subprocess.run(command, cwd=gpu, env={**os.environ, **found, **variables}, capture_output=True, text=True)


def line_of(text):
    return next(n for n, line in enumerate(PROGRAM.splitlines(), 1) if text in line)


def frame(node, name):
    (one,) = [child for child in node["children"] if child["frame"]["name"] == name]
    return one


@pytest.mark.parametrize("interval", ["0", "7", "2048"])
def test_lines_are_frames_below_their_kernel(gpu, interval):
    done = run(gpu, interval)
    assert done.returncode == 0, done.stderr
    assert "sessions at the same time" in done.stdout
    root = json.loads((gpu / "samples.hatchet").read_text())[0]
    once, thrice = (frame(frame(root, name), "copy") for name in ("once", "thrice"))
    places = [re.fullmatch(r"(.*):(\d+)@copy", child["frame"]["name"]) for child in once["children"]]
    assert all(places) and {os.path.basename(m[1]) for m in places} == {"program.py"}
    lines = {int(m[2]) for m in places}
    assert {line_of("# the load"), line_of("# the store"), line_of("# twice")} <= lines
    assert lines <= set(range(line_of("def twice"), line_of("# the store") + 1))
    for one, three in zip(once["children"], thrice["children"], strict=True):
        a, b = one["metrics"], three["metrics"]
        assert a["num_samples"] == a["stalled_long_scoreboard"] > 0 and b["num_samples"] == 3 * a["num_samples"]
        assert a.get("num_stalled_samples", 0) <= a["num_samples"]
    total = sum(child["metrics"]["num_samples"] for child in once["children"])
    stalled = sum(child["metrics"].get("num_stalled_samples", 0) for child in once["children"])
    assert stalled == (total + 1) // 2
    if interval == "7":
        assert json.loads((gpu / "second.hatchet").read_text())[0]["children"]


def test_the_viewer_shows_lines(gpu):
    assert run(gpu, "1000").returncode == 0
    view = [
        sys.executable,
        "-m",
        "triton.profiler.viewer",
        "-m",
        "num_samples,num_samples/%",
        "-f",
        "file_function_line",
    ]
    done = subprocess.run([*view, "samples.hatchet"], cwd=gpu, capture_output=True, text=True, check=True)
    assert re.search(rf"─ \d+\.000 \d+\.\d+ program.py:{line_of('# the load')}@copy$", done.stdout, re.M), done.stdout


@pytest.mark.parametrize("result, more", [("35", "NVreg_RestrictProfilingToAdminUsers=0"), ("27", "")])
def test_what_is_not_permitted_is_said(gpu, result, more):
    done = run(gpu, "0", PRETENDED_RESULT=result)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("RuntimeError: instructions cannot be sampled here (opening it): CUPTI_ERROR_PRETENDED")
    assert f"error {result})" in last and more in last and ("NVreg" in last) == bool(more)


def test_no_driver():
    import triton.profiler as proton

    with pytest.raises(ValueError, match="of the backend 'cupti'"):
        proton.start("never", backend="events", mode="pcsampling")
    with pytest.raises(ValueError, match="a number of cycles"):
        proton.start("never", mode="pcsampling:interval=often")


EVENTS = """
import sys
backend = sys.argv.pop()
from program import *

session = proton.start("events", backend=backend)
with proton.scope("equal"):
    for _ in range(1000):
        launch()
with proton.scope("once"):
    copy[(3,)](Array(), Array(), 384, BLOCK=128)
with proton.scope("two grids"):
    for i in range(2000):
        copy[(1 + 8 * (i % 2),)](Array(), Array(), 1000, BLOCK=128)
proton.finalize(session)
"""


@pytest.mark.parametrize("backend, timed", [("events:1", 3001), ("events", 300), ("events:100", 100)])
def test_events_around_some_launches_stand_for_all(gpu, backend, timed):
    """Counts are those of all launches, times too where those of a class are alike; events are used again."""
    (gpu / "events.py").write_text(EVENTS)
    env = {**os.environ, "LD_LIBRARY_PATH": str(gpu), "TRITON_CACHE_DIR": str(gpu / "cache")}
    command = [sys.executable, "events.py", backend]
    done = subprocess.run(command, cwd=gpu, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    root = json.loads((gpu / "events.hatchet").read_text())[0]
    found = {name: frame(frame(root, name), "copy")["metrics"] for name in ("equal", "once", "two grids")}
    assert {name: (m["count"], round(m["time (ns)"])) for name, m in found.items()} == {
        "equal": (1000, 8_000_000),
        "once": (1, 3000),
        "two grids": (2000, 10_000_000),
    }
    made, destroyed, recorded = map(int, re.search(r"events: (\d+) made, (\d+) destroyed, (\d+)", done.stdout).groups())
    assert made == destroyed < 200  # 64 and those of the launches that wait for theirs
    assert recorded % 2 == 0 and (recorded == 2 * timed if timed > 3000 else timed / 2 < recorded / 2 < 2 * timed)


def test_the_word_for_events():
    import triton.profiler as proton

    for backend in ("events:", "events:0", "events:some", "cupti:2"):
        with pytest.raises(ValueError, match="the profiler's backend is"):
            proton.start("never", backend=backend)
