"""Ctrl-C ends launches, simulated runs and compiles within a second, and what was there before is intact."""

import os
import subprocess
import sys
import time

import pytest

JOBS = ["launch", "compile", "endless", "endless2", "counted", "counted2", "tiles", "constant", "elements"]
PROGRAM = """
import os, signal, sys, threading, time
import numpy as np, triton, triton.language as tl

@triton.jit
def slow_kernel(x, n):
    total = 0.0
    for i in range(n):
        total = total * 0.5 + i
    tl.store(x + tl.program_id(0), total)

@triton.jit
def long_kernel(x, N: tl.constexpr):
    at = tl.arange(0, 16)
    v = tl.load(x + at)
    for i in tl.static_range(N):
        v = v * 1.5 + i
    tl.store(x + at, v)

@triton.jit
def endless_kernel(x, start):
    n = start
    while n != 0:
        n = n * 3
    tl.store(x + tl.program_id(0), n.to(tl.float32))

@triton.jit
def nested_kernel(x, n, m):
    total = 0.0
    for i in range(n):
        for j in range(m):
            total = total * 0.5 + j
    tl.store(x + tl.program_id(0), total)

@triton.jit
def tiles_kernel(x, n):
    at = tl.arange(0, 128)
    v = tl.load(x + at[:, None] * 128 + at[None, :])
    for i in range(n):
        v = tl.dot(v, v) * 0.5 + tl.sort(v)
    tl.store(x + at[:, None] * 128 + at[None, :], v)

@triton.jit
def constant_kernel(x):
    total = 0
    for i in range(30000):
        for j in range(30000):
            for k in range(30000):
                total = total * 3 + k
    tl.store(x, total.to(tl.float32))

@triton.jit
def rounds(a):
    while a != 0.5:
        a = a * 0.5 + 1.0
    return a

@triton.jit
def elements_kernel(x):
    at = tl.arange(0, 64)
    tl.store(x + at, tl.map_elementwise(rounds, tl.load(x + at)))

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what runs in the background without it
x = np.zeros(100000, np.float32)
slow_kernel[(10,)](x, 3)
expected = x[:10].copy()
jobs = {"launch": lambda: slow_kernel[(100000,)](x, 2000000), "compile": lambda: long_kernel[(1,)](x, 60000),
        "endless": lambda: endless_kernel[(1,)](x, 3), "endless2": lambda: endless_kernel[(5,)](x, 5),
        "counted": lambda: slow_kernel[(1,)](x, 1 << 50), "counted2": lambda: nested_kernel[(3,)](x, 1 << 50, 3),
        "tiles": lambda: tiles_kernel[(1,)](x, 1 << 50), "constant": lambda: constant_kernel[(1,)](x),
        "elements": lambda: elements_kernel[(1,)](x)}
endless_kernel[(2,)](x, 0)
for name in sys.argv[1:]:
    sent = []
    def send():
        sent.append(time.process_time())
        os.kill(os.getpid(), signal.SIGINT)
    timer = threading.Timer(0.7, send)
    timer.start()
    try:
        jobs[name]()
        print(name, "ran to its end")
    except KeyboardInterrupt:
        print(name, "interrupted", time.process_time() - sent[0])
    x[:] = 0
    slow_kernel[(10,)](x, 3)
    assert np.array_equal(x[:10], expected)
"""


@pytest.mark.parametrize("simulated", [False, True], ids=["cpu", "simulated"])
def test_interrupt(tmp_path, simulated):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)
    env = {
        **os.environ,
        "TRITON_CACHE_DIR": str(tmp_path / "cache"),
        "TRITONC_SIMULATE": "cuda:90" if simulated else "",
    }
    out = subprocess.run([sys.executable, file, *JOBS], env=env, capture_output=True, text=True, timeout=900)
    assert out.returncode == 0, out.stderr
    lines = [line.split() for line in out.stdout.splitlines()]
    assert [line[:2] for line in lines] == [[job, "interrupted"] for job in JOBS]
    # What the process computed after the signal, whatever else the machine does: a second of its time, with two threads.
    late = [line for line in lines if float(line[2]) >= 3]
    assert not late, late


def test_interrupt_that_is_ignored(tmp_path):
    """A handler that raises nothing lets the launch go on."""
    file = tmp_path / "program.py"
    file.write_text(
        PROGRAM.replace("x = np.zeros", "signal.signal(signal.SIGINT, lambda *_: None)\nx = np.zeros", 1).replace(
            "2000000", "300"
        )
    )
    begin = time.time()
    out = subprocess.run([sys.executable, file, "launch"], capture_output=True, text=True, timeout=900)
    assert out.stdout.split()[1:3] == ["ran", "to"], (out.stderr, time.time() - begin)
