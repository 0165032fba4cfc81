"""Calls in several threads, which Ctrl-C may interrupt anywhere.

A `ThreadPoolExecutor` takes locks in Python code of the main thread. A KeyboardInterrupt that is raised between taking
one and entering its block leaves it taken, and the workers, and with them the end of the process, wait for it forever.
Here nobody needs a lock that somebody else could have kept: work is taken from a list, whose `pop` is one step, and the
only lock is a bell that workers ring.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class _Calls:
    def __init__(self, function: Callable, items: Sequence) -> None:
        self.function = function
        self.items = items
        self.left = list(range(len(items)))[::-1]
        self.results: list = [None] * len(items)
        self.errors: list[BaseException] = []
        self.done: list[int] = []
        self.ended: list[int] = []
        self.bell = allocate_lock()

    def work(self) -> None:
        """What a thread does."""
        try:
            while self.left and not self.errors:
                try:
                    at = self.left.pop()
                except IndexError:  # another thread was faster
                    break
                self.results[at] = self.function(self.items[at])
                self.done.append(at)
                self._ring()
        except BaseException as error:  # noqa: BLE001: raised where the calls were asked for
            self.errors.append(error)
        finally:
            self.ended.append(1)
            self._ring()

    def _ring(self) -> None:
        try:
            self.bell.release()
        except RuntimeError:  # it rings already
            pass

    def wait(self, threads: int, told: Callable) -> None:
        """Until so many threads have ended."""
        shown = -1
        while len(self.ended) < threads:
            self.bell.acquire(timeout=1)
            if len(self.done) != shown:
                shown = len(self.done)
                told(shown)


def call_each(function: Callable, items: Sequence, told: Callable = lambda done: None) -> list:
    """`[function(item) for item in items]` by as many threads as there are processors.

    Parameters
    ----------
    function : callable
        Called with one item. What it raises is raised here, and no further calls begin.
    items : list
        The items.
    told : callable
        Called now and then, in this thread, with the number of calls that are done.
    """
    threads = min(len(items), os.cpu_count() or 1)
    if threads < 2:
        return [function(item) for item in items]
    calls, started = _Calls(function, items), []
    try:
        for _ in range(threads):
            try:
                started.append(start_new_thread(calls.work, ()))
            except RuntimeError:  # no more threads: those that there are do it
                break
        if not started:
            calls.work()
        calls.wait(len(started), told)
    except BaseException:
        calls.left.clear()
        calls.wait(len(started), lambda done: None)
        raise
    if calls.errors:
        raise calls.errors[0]
    return calls.results
