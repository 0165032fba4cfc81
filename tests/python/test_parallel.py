"""Calls in several threads: `triton.runtime._parallel`."""

import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from triton.runtime._parallel import call_each

PROGRAM = """
import random, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from triton.runtime._parallel import call_each
interrupted = 0
print("begun", flush=True)
end = time.monotonic() + 3
def rounds():
    global interrupted
    while time.monotonic() < end:
        try:
            while time.monotonic() < end:
                assert call_each(lambda x: x * x, range(20)) == [x * x for x in range(20)]
        except KeyboardInterrupt:
            interrupted += 1
while time.monotonic() < end:
    try:
        rounds()
    except KeyboardInterrupt:
        interrupted += 1
print("ended", interrupted > 0)
"""


def test_results_are_in_order():
    told = []
    items = list(range(50))
    assert call_each(lambda x: (time.sleep(random.random() / 1e3), x * x)[1], items, told.append) == [
        x * x for x in items
    ]
    assert told == sorted(told) and told[-1] == 50
    assert call_each(str, []) == [] and call_each(str, [1]) == ["1"]


def test_several_threads_work():
    threads = set()
    call_each(lambda _: (threads.add(threading.get_ident()), time.sleep(0.05)), [0] * 8)
    assert len(threads) == min(8, os.cpu_count() or 1)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_ends_it(error):
    called = []

    def fails(x):
        called.append(x)
        if x == 3:
            raise error("three")
        time.sleep(0.001)

    with pytest.raises(error, match="three"):
        call_each(fails, list(range(1000)))
    assert len(called) < 500


def test_without_threads(monkeypatch):
    def none(*_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("triton.runtime._parallel.start_new_thread", none)
    assert call_each(str, [1, 2, 3]) == ["1", "2", "3"]


def test_interrupted_at_any_time():
    """Nobody is left waiting: the process ends."""
    p = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    p.stdout.readline()
    until = time.monotonic() + 2.5
    while time.monotonic() < until:
        time.sleep(random.uniform(0, 0.02))
        p.send_signal(signal.SIGINT)
    assert p.communicate(timeout=120)[0] == "ended True\n"
