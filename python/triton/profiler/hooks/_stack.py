"""Sessions with `context="python"`: a launch is shown below the Python calls that led to it."""

from __future__ import annotations

import os
import sys

from .._session import frames_of_state, profiler
from .hook import Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep


def frames() -> list[str]:
    """`file:line@function` of the calls that led here, the outermost first, without this package's."""
    names = []
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if not code.co_filename.startswith(_OURS):
            names.append(f"{code.co_filename}:{frame.f_lineno}@{code.co_name}")
        frame = frame.f_back
    return names[::-1]


class StackHook(Hook):
    """Puts the thread at the node of its Python calls while it launches."""

    priority = 200  # a launch's own name comes below

    def init_handle(self, module: Any, function: Any, name: str, metadata_group: dict[str, str], hash: str) -> None:
        """Nothing to do."""

    def activate(self) -> None:
        """Nothing to do."""

    def deactivate(self) -> None:
        """Nothing to do."""

    def enter(self, metadata: Any) -> None:
        thread = profiler.thread
        path = frames() + (frames_of_state(thread.states[-1]) if thread.states else [])
        for session in profiler.active():
            if session.context == "python":
                thread.launching[session] = session.root.below(path)
        profiler.mark()

    def exit(self, metadata: Any) -> None:
        launching = profiler.thread.launching
        for session in [s for s in launching if s.context == "python"]:
            del launching[session]
        profiler.mark()


stack_hook = StackHook()
