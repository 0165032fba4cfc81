"""Which line of the source the CPU's code is of: for debuggers, profilers and whoever reads LLVM IR; and TRITONC_TIME."""

import os
import re
import struct
import subprocess
import sys

import numpy as np
import pytest
import triton
import triton.language as tl

KERNEL = """
import numpy as np
import triton
import triton.language as tl


@triton.jit
def faulty(x, address, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i)
    total = tl.sum(v * 2)
    tl.store(address.to(tl.pointer_type(tl.float32)) + i, v + total)  # the fault


def run(address):
    faulty[(1,)](np.ones(64, np.float32), address, 64, BLOCK=64)


if __name__ == "__main__":
    import sys

    target = np.zeros(64, np.float32)
    run(target.ctypes.data if len(sys.argv) < 2 else int(sys.argv[1]))
    print("sum", target.sum())
"""


@triton.jit
def summed(x, y, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    v = tl.load(x + i)
    tl.store(y, tl.sum(v, 0))


@pytest.fixture
def script(tmp_path):
    (tmp_path / "faulty_kernel.py").write_text(KERNEL)
    return tmp_path / "faulty_kernel.py"


def run(script, *args, wrapper=(), **variables):
    environment = {
        **os.environ,
        "TRITONC_NUM_THREADS": "1",
        "TRITON_CACHE_DIR": str(script.parent / "cache"),
        **variables,
    }
    command = [*wrapper, sys.executable, script, *args]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=script.parent)


def line_of(script, text):
    return next(n for n, line in enumerate(script.read_text().splitlines(), 1) if text in line)


def test_llvm_ir_has_the_kernels_lines():
    kernel = summed.warmup(np.ones(64, np.float32), np.ones(1, np.float32), BLOCK=64, grid=(1,))
    text = kernel.asm["llir"]
    first = summed.starting_line_number if hasattr(summed, "starting_line_number") else 0
    places = {int(n): int(line) for n, line in re.findall(r"^!(\d+) = !DILocation\(line: (\d+)", text, re.M)}
    loads = {places[int(n)] for n in re.findall(r"= load <.*!dbg !(\d+)", text)}
    assert loads and all(first <= line < first + 5 for line in places.values() if line)
    assert 'DISubprogram(name: "summed"' in text


def test_no_lines_where_none_are_wanted(monkeypatch):
    monkeypatch.setenv("TRITON_DISABLE_LINE_INFO", "1")
    kernel = summed.warmup(np.ones(32, np.float32), np.ones(1, np.float32), BLOCK=32, grid=(1,))
    assert "!dbg" not in kernel.asm["llir"]


def test_gdb_names_the_line(script):
    gdb = ("gdb", "-nx", "-batch", "-ex", "run", "-ex", "bt", "--args")
    done = run(script, "8", wrapper=gdb)
    frames = [line for line in done.stdout.splitlines() if "faulty" in line and line.startswith("#")]
    assert any(f"faulty_kernel.py:{line_of(script, '# the fault')}" in line for line in frames), done.stdout[-3000:]


def records(data):
    """Of a jitdump: its head, then each record's kind and body."""
    yield struct.unpack_from("<IIIIIIQQ", data)
    at = 40
    while at < len(data):
        kind, size, _ = struct.unpack_from("<IIQ", data, at)
        yield kind, data[at + 16 : at + size]
        at += size


def text_at(body, at):
    return body[at : body.index(b"\0", at)].decode()


def test_what_perf_reads(script):
    folder = script.parent / "dump"
    done = run(script, TRITONC_PERF="1", JITDUMPDIR=str(folder), HOME=str(script.parent))
    assert done.returncode == 0 and done.stdout == "sum 8256.0\n", done.stderr
    (dump,) = folder.rglob("jit-*.dump")
    pid = int(re.search(r"jit-(\d+)", dump.name)[1])
    symbols = f"/tmp/perf-{pid}.map"
    with open(symbols) as f:
        address, size, name = f.read().split()
    os.unlink(symbols)
    address, size = int(address, 16), int(size, 16)
    assert name == "faulty" and address and size

    (magic, version, *_, of, _, _), (lines, table), (load, code) = records(dump.read_bytes())
    assert (magic, version, of, lines, load) == (0x4A695444, 1, pid, 2, 0)
    where, count = struct.unpack_from("<QQ", table)
    rows, at = [], 16
    for _ in range(count):
        row, line = struct.unpack_from("<QI", table, at)
        rows.append((row, line, text_at(table, at + 16)))
        at += 17 + len(rows[-1][2])
    assert where == address == rows[0][0] and rows == sorted(rows, key=lambda r: r[0])
    assert rows[-1][0] < address + size  # as they lie in memory: perf itself knows where it puts the code in a file
    assert {file for _, _, file in rows} == {str(script)}
    assert line_of(script, "# the fault") in {line for _, line, _ in rows}
    assert struct.unpack_from("<QQ", code, 8) == (address, address) and text_at(code, 40) == "faulty"
    assert struct.unpack_from("<Q", code, 24)[0] == size == len(code) - 47


def test_nothing_is_written_unasked(script):
    done = run(script, JITDUMPDIR=str(script.parent / "dump"), HOME=str(script.parent))
    assert done.returncode == 0 and not (script.parent / "dump").exists()


def test_times_are_a_tree(script):
    done = run(script, TRITONC_TIME="1")
    lines = done.stderr.splitlines()
    assert re.match(r"---- faulty, cpu:\S+$", lines[0])
    spans = [re.fullmatch(r"( *)(\S.*?) +(\d+\.\d{3}) ms +(\d+\.\d)%", line) for line in lines[1:-1]]
    assert all(spans), done.stderr
    found = {(len(m[1]) // 2, m[2]): float(m[3]) for m in spans}
    assert {(0, "compile"), (1, "front end"), (1, "passes on Triton IR"), (2, "inline"), (1, "cpu")} <= set(found)
    assert {(2, "LLVM's passes"), (2, "LLVM's code generator")} <= set(found)
    assert spans[0][4] == "100.0"
    assert sum(t for (depth, _), t in found.items() if depth == 1) <= found[0, "compile"] + 0.01
    assert re.match(r"---- faulty, cpu\S*: load \d+\.\d{3} ms; with its compile \d+\.\d{3} ms in total", lines[-1])
    again = run(script, TRITONC_TIME="1").stderr
    assert "from the cache" in again and "front end" not in again
    assert run(script).stderr == ""
