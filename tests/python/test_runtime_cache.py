"""The disk cache: what is found again, what is not, damage, and many processes at once."""

import base64
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time

import pytest

SCRIPT = """
import array, sys
import triton
import triton.language as tl

FACTOR = tl.constexpr(int(sys.argv[1]))

@triton.jit
def helper(x):
    return x * FACTOR

@triton.jit
def kernel(out, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    tl.store(out + at, helper(at) + n + K)

for k in range(int(sys.argv[2])):
    out = array.array("i", [0] * 64)
    compiled = kernel[(1,)](out, 7, K=k)
    assert out.tolist() == [i * int(sys.argv[1]) + 7 + k for i in range(64)], out
    print(compiled.hash)
"""


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A script, and an empty cache."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def start(place, factor=3, count=1, **env):
    return subprocess.Popen(
        [sys.executable, str(place / "script.py"), str(factor), str(count)],
        env={**os.environ, **env}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def run(place, *args, **env):
    process = start(place, *args, **env)
    out, err = process.communicate(timeout=900)
    assert process.returncode == 0, err
    return out.split()


def entries(place):
    return sorted((place / "cache").glob("*/*.kernel"))


def test_an_entry_is_written_and_used(place):
    hashes = run(place)
    (entry,) = entries(place)
    assert entry.name == hashes[0] + ".kernel"
    before = entry.stat()
    assert run(place) == hashes
    after = entry.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_it_is_private(place):
    run(place)
    assert stat.S_IMODE((place / "cache").stat().st_mode) == 0o700
    assert stat.S_IMODE(entries(place)[0].stat().st_mode) == 0o600


def test_the_key_holds_what_matters(place):
    first = run(place, 3, 2)
    assert len(set(first)) == 2
    assert run(place, 4)[0] not in first  # a global that a helper uses
    script = (place / "script.py").read_text()
    (place / "script.py").write_text(script.replace("return x * FACTOR", "return FACTOR * x"))
    assert run(place)[0] not in first  # a helper's source
    (place / "script.py").write_text(script)
    assert run(place)[0] == first[0]
    assert run(place, TRITON_DEBUG="1")[0] not in first
    assert run(place, TRITON_DEFAULT_FP_FUSION="0")[0] not in first


HOST_VALUES = """
import array, sys
import triton
import triton.language as tl

def plus(n):
    return n + int(sys.argv[1])

@triton.constexpr_function
def computed(n):
    return plus(n) * 10

class Settings:
    def __init__(self, size):
        self.size = size

    def __repr__(self):
        return f"Settings({self.size})"

@triton.jit
def kernel(out, settings: tl.constexpr):
    tl.store(out, computed(1))
    tl.store(out + 1, settings.size)

out = array.array("i", [0] * 2)
print(kernel[(1,)](out, Settings(int(sys.argv[2]))).hash)
assert out.tolist() == [(1 + OFFSET) * 10, int(sys.argv[2])], out
"""


def test_the_key_holds_host_functions_and_objects(place):
    """What a constexpr_function computes, and what is in an object given as a constant."""
    script = place / "script.py"
    hashes = []
    for offset, size in ((1, 5), (2, 5), (1, 6), (1, 5)):
        script.write_text(HOST_VALUES.replace("int(sys.argv[1])", str(offset), 1).replace("OFFSET", str(offset)))
        hashes += run(place, 0, size)
    assert len(set(hashes)) == 3 and hashes[0] == hashes[3]


def test_always_compile(place):
    run(place)
    before = entries(place)[0].stat()
    run(place, TRITON_ALWAYS_COMPILE="1")
    assert entries(place)[0].stat().st_ino != before.st_ino


def damaged(data, how, rng):
    if how == "empty":
        return b""
    if how == "truncated":
        return data[: rng.randrange(1, len(data))]
    if how == "extended":
        return data + b"\0" * rng.randrange(1, 100)
    if how == "zeros":
        return b"\0" * len(data)
    if how == "swapped":
        at = len(data) // 2
        return data[at:] + data[:at]
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]


def test_damaged_entries_are_rebuilt(place):
    """Entries, and stages beside them, truncated, flipped, emptied and mixed up; each run must still compute the right
    thing."""
    rng = random.Random(0)
    hashes = run(place, 3, 12)
    good = {e: e.read_bytes() for e in entries(place)}
    good |= {e.parent / "kernel.obj": (e.parent / "kernel.obj").read_bytes() for e in list(good)}
    for ending in (".kernel", ".obj", ".kernel"):
        for i, file in enumerate(sorted(f for f in good if f.suffix == ending)):
            how = ("empty", "truncated", "extended", "zeros", "swapped", "flipped")[i % 6]
            file.write_bytes(damaged(good[file], how, rng))
        assert run(place, 3, 12) == hashes
        assert {f: f.read_bytes() for f in good} == good


def test_the_files_of_an_entry(place):
    """A folder per kernel, called as the reference calls it, with a file per stage and the metadata."""
    (digest,) = run(place)
    (entry,) = entries(place)
    assert entry.parent.name == base64.b32encode(bytes.fromhex(digest)).decode().rstrip("=")
    names = {p.name for p in entry.parent.iterdir()}
    assert {"kernel.ttir", "kernel.llir", "kernel.asm", "kernel.json", f"{digest}.kernel"} <= names
    metadata = json.loads((entry.parent / "kernel.json").read_text())
    assert metadata["hash"] == digest and metadata["name"] == "kernel"
    assert "tt.func" in (entry.parent / "kernel.ttir").read_text()


def test_every_flipped_byte_of_the_header_is_noticed(place):
    run(place)
    (entry,) = entries(place)
    good = entry.read_bytes()
    for at in range(0, 40, 5):
        entry.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        run(place)
        assert entry.read_bytes() == good


EDITED = """
import array, os, sys, textwrap
import triton
import triton.language as tl

@triton.jit
def helper(x):
    return x * 3

@triton.constexpr_function
def doubled(n):
    return n * 2

@triton.jit
def kernel(out, n, K: tl.constexpr):
    at = tl.arange(0, 64)
    tl.store(out + at, helper(at) + n + doubled(K))

def launched(K):
    out = array.array("i", [0] * 64)
    kernel[(1,)](out, 7, K=K)
    return [out[0], out[1] - out[0]]

first = sys.argv[1:] and launched(1)
text = open(__file__).read()
edits = {"": None, "lines": "# one more\\n\\n" + text, "removed": "", "broken": text.replace("def ", "fed "),
         "numbers": text.replace("x * 3", "x * 5").replace("n * 2", "n * 4").replace("+ n +", "+ 100 * n +")}
edit = os.environ["EDIT"]
if edit:
    os.replace(__file__, __file__ + ".old")
    if edit != "removed":
        with open(__file__, "w") as file:
            file.write(edits[edit])
print(first, launched(2))
"""


@pytest.mark.parametrize("launched", [False, True], ids=["before", "between"])
@pytest.mark.parametrize("edit", ["lines", "numbers", "removed", "broken"])
def test_a_source_that_is_edited_after_its_import(tmp_path, monkeypatch, edit, launched):
    """A kernel is what its file said when it was imported; the next process has what the file says then."""
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path / "cache"))
    script = tmp_path / "edited.py"
    script.write_text(EDITED)

    def run(edit):
        command = [sys.executable, str(script), *["once"] * launched]
        done = subprocess.run(command, env={**os.environ, "EDIT": edit}, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    old = f"{[9, 3] if launched else []} [11, 3]\n"
    assert run(edit) == old
    if edit in ("lines", "numbers"):
        assert run("") == (old if edit == "lines" else f"{[704, 5] if launched else []} [708, 5]\n")


def test_many_processes_at_once_some_killed(place):
    """16 processes fill one cache; every third is killed on the way; what they leave behind serves the next."""
    rng = random.Random(1)
    for _ in range(2):
        processes = [start(place, 3, 8) for _ in range(16)]
        for process in processes[::3]:
            time.sleep(rng.random() * 0.2)
            process.send_signal(signal.SIGKILL)
        for i, process in enumerate(processes):
            out, err = process.communicate(timeout=900)
            assert i % 3 == 0 or process.returncode == 0, err
    hashes = run(place, 3, 8)
    assert {e.name for e in entries(place)} == {h + ".kernel" for h in hashes}


@pytest.mark.parametrize("how", ["a file", "nowhere"])
def test_a_cache_that_cannot_be_written(place, how):
    (place / "occupied").write_text("")
    directory = str(place / "occupied") if how == "a file" else "/proc/no/such/place"
    run(place, TRITON_CACHE_DIR=directory)


def test_without_a_home(place):
    env = {"TRITON_CACHE_DIR": "", "HOME": "", "TRITON_HOME": ""}
    run(place, **env)
    run(place, **{**env, "TRITON_HOME": str(place / "home")})
    assert list((place / "home" / ".triton" / "cache").glob("*/*.kernel"))


def test_dump(place):
    (digest,) = run(place, TRITON_KERNEL_DUMP="1", TRITON_DUMP_DIR=str(place / "dump"))
    names = {p.name for p in (place / "dump" / digest).iterdir()}
    assert {"kernel.ttir", "kernel.llir", "kernel.asm"} <= names
    assert "tt.func" in (place / "dump" / digest / "kernel.ttir").read_text()


def test_override(place):
    """An edited Triton IR is taken instead of what the source says."""
    (digest,) = run(place, TRITON_KERNEL_DUMP="1", TRITON_DUMP_DIR=str(place / "edited"))
    path = place / "edited" / digest / "kernel.ttir"
    text = path.read_text()
    assert "dense<7>" in text or "7 : i32" in text or "%n" in text
    script = (place / "script.py").read_text()
    (place / "script.py").write_text(script)
    env = {"TRITON_KERNEL_OVERRIDE": "1", "TRITON_OVERRIDE_DIR": str(place / "edited")}
    assert run(place, **env) == [digest]  # the same text does the same
    path.write_text(text.replace("tt.store", "tt.no_such_op", 1))
    process = start(place, **env)
    _, err = process.communicate(timeout=900)
    assert process.returncode == 1 and "tt.no_such_op" in err
    assert run(place) == [digest]  # and nothing of it went into the cache


def test_override_of_later_stages(place):
    """An edited LLVM IR is taken; an edited stage that cannot be is an error."""
    (digest,) = run(place, TRITON_KERNEL_DUMP="1", TRITON_DUMP_DIR=str(place / "edited"))
    env = {"TRITON_KERNEL_OVERRIDE": "1", "TRITON_OVERRIDE_DIR": str(place / "edited")}
    llir, assembly = place / "edited" / digest / "kernel.llir", place / "edited" / digest / "kernel.asm"
    text = llir.read_text()
    for path, other, wrong in [
        (llir, text.replace("@kernel(", "@kernel2(", 1), "has no function `kernel`"),
        (assembly, assembly.read_text() + "\n", "target `cpu` takes no edited `asm`; remove kernel.asm"),
    ]:
        before = path.read_text()
        path.write_text(other)
        process = start(place, **env)
        _, err = process.communicate(timeout=900)
        assert process.returncode == 1 and wrong in err
        path.write_text(before)
    assert run(place, **env) == [digest]


def test_an_entry_of_somebody_else_is_not_believed(place):
    hashes = run(place)
    (entry,) = entries(place)
    good = entry.read_bytes()
    if os.geteuid() == 0:
        os.chown(entry, 12345, 12345)
    else:  # only root can give files away; what is no file at all is not believed either
        entry.unlink()
        os.mkfifo(entry)
    assert run(place) == hashes
    (entry,) = entries(place)
    assert entry.stat().st_uid == os.geteuid() and entry.read_bytes() == good


def test_what_killed_writers_left_is_swept(place):
    cache = place / "cache"
    cache.mkdir(mode=0o700)
    old, young, other = (cache / name for name in ("ab12.kernel.xYz123", "cd34.kernel.aBc456", "notes.kernel.text.old"))
    for file in (old, young, other):
        file.write_bytes(b"half")
    an_hour_ago = time.time() - 3700
    for file in (old, other):
        os.utime(file, (an_hour_ago, an_hour_ago))
    run(place)
    assert not old.exists() and young.exists() and other.exists()
    os.utime(young, (an_hour_ago, an_hour_ago))
    run(place, 4)
    assert young.exists()  # swept less than an hour ago
    os.utime(cache / ".swept", (an_hour_ago, an_hour_ago))
    run(place, 5)
    assert not young.exists()


MANAGED = """
import array, json, os, sys
import triton
import triton.language as tl
from triton import knobs
from triton.runtime.cache import FileCacheManager, RemoteCacheBackend, RemoteCacheManager

SHARED, MINE, CALLS = sys.argv[1], sys.argv[2], []


class Noting(FileCacheManager):
    def __init__(self, key, override=False, dump=False):
        super().__init__(key, override, dump)
        self.cache_dir = os.path.join(SHARED, key)
        os.makedirs(self.cache_dir, exist_ok=True)

    def get_group(self, filename):
        group = super().get_group(filename)
        CALLS.append(("get_group", filename, bool(group)))
        return group

    def put(self, data, filename, binary=True):
        CALLS.append(("put", filename, type(data).__name__))
        return super().put(data, filename, binary)


class Folder(RemoteCacheBackend):
    def __init__(self, key):
        self.folder = os.path.join(SHARED, "remote", key)

    def get(self, filenames):
        paths = {name: os.path.join(self.folder, name) for name in filenames}
        return {name: open(path, "rb").read() for name, path in paths.items() if os.path.exists(path)}

    def put(self, filename, data):
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, filename), "wb") as file:
            file.write(data)


class Failing(FileCacheManager):
    def put(self, data, filename, binary=True):
        raise KeyError("no room for " + filename)


@triton.jit
def kernel(out, n):
    tl.store(out + tl.arange(0, 8), tl.arange(0, 8) + n)


knobs.cache.remote_manager_class = Folder
if sys.argv[3] != "None":
    knobs.cache.manager_class = {"Noting": Noting, "Remote": RemoteCacheManager, "Failing": Failing}[sys.argv[3]]
out = array.array("i", [0] * 8)
compiled = kernel[(1,)](out, 30)
assert out.tolist() == [30 + i for i in range(8)]
print(json.dumps({"hash": compiled.hash, "cached": compiled._from_cache(), "calls": CALLS,
                  "group": sorted(compiled.metadata_group)}))
"""


def managed(place, name, cache="cache", fails=False, **env):
    (place / "managed.py").write_text(MANAGED)
    done = subprocess.run(
        [sys.executable, str(place / "managed.py"), str(place / "shared"), str(place), name], capture_output=True,
        text=True, timeout=900, env={**os.environ, "TRITON_CACHE_DIR": str(place / cache), **env},
    )  # fmt: skip
    assert (done.returncode != 0) == fails, done.stderr
    return done.stderr if fails else json.loads(done.stdout)


def test_a_cache_manager_of_the_users(place):
    first = managed(place, "Noting")
    kinds = {name: kind for what, name, kind in first["calls"] if what == "put"}
    assert not first["cached"] and kinds["kernel.ttir"] == "str" and kinds[first["hash"] + ".kernel"] == "bytes"
    assert {"kernel.json", "__grp__kernel.json"} <= set(kinds)
    assert not entries(place)  # the folder of its own is not used beside it
    second = managed(place, "Noting")
    assert second["cached"] and second["hash"] == first["hash"]
    assert second["calls"] == [["get_group", "kernel.json", True]] * len(second["calls"])
    assert second["group"] == first["group"] and "kernel.json" in first["group"]
    assert not managed(place, "Noting", TRITON_ALWAYS_COMPILE="1")["cached"]


def test_a_cache_manager_by_its_variable(place):
    first = managed(place, "None", TRITON_CACHE_MANAGER="triton.runtime.cache:FileCacheManager")
    second = managed(place, "None")
    assert not first["cached"] and second["cached"]  # the same folder, found by either


def test_machines_that_share_a_cache(place):
    first = managed(place, "Remote", cache="one")
    second = managed(place, "Remote", cache="two")
    assert not first["cached"] and second["cached"] and second["hash"] == first["hash"]
    assert (place / "two").exists()


def test_what_a_cache_manager_raises(place):
    error = managed(place, "Failing", fails=True)
    assert "no room for" in error and "KeyError" in error


def test_a_cache_manager_with_damaged_files(place):
    managed(place, "Noting")
    (folder,) = (place / "shared").glob("*")
    for path in folder.glob("kernel.ttir"):
        path.write_text("not what it was")
    assert not managed(place, "Noting")["cached"]
