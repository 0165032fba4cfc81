"""A session's data while it runs. Phases are parts of it in time: each has a tree of its own."""

from __future__ import annotations

from ._session import Node, profiler
from ._write import msgpack, tree, write
from .flags import flags

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._session import Session


def _session(session: int) -> Session:
    if flags.command_line and session != 0:
        raise ValueError("a script that runs under the command has one session, 0")
    return profiler.only(session)


def _phase(s: Session, phase: int) -> int:
    if not 0 <= phase < len(s.phases):
        raise ValueError(f"there is no phase {phase}; the session is in phase {len(s.phases) - 1}")
    return phase


def get(session: int | None = 0, phase: int = 0) -> Any:
    """What `finalize` would write of a phase: `[tree, devices]`; None where there is no session."""
    if session is None:
        return None
    s = _session(session)
    profiler.drain(True)
    return tree(s, _phase(s, phase))


def get_msgpack(session: int | None = 0, phase: int = 0) -> bytes | None:
    """The same as MessagePack."""
    data = get(session, phase)
    return None if data is None else msgpack(data)


def advance_phase(session: int | None = 0) -> int | None:
    """Begin the next phase and give its number. With `mode="periodic_flushing"` the one that is over is written, when
    its launches have ended, and forgotten."""
    if session is None:
        return None
    s = _session(session)
    with profiler.lock:
        if s.periodic is not None:
            profiler.drain(True)
            write(s, None)
            s.phases[-1] = Node("ROOT")
            s.events.clear()
        s.phases.append(Node("ROOT"))
        for stack in profiler.thread.stacks, profiler.thread.launching:
            stack.pop(s, None)
        profiler.sessions_changed()
    return len(s.phases) - 1


def is_phase_complete(session: int | None = 0, phase: int = 0) -> bool:
    """Whether nothing will be added to a phase any more: it is over, and its launches were waited for."""
    if session is None:
        return False
    s = _session(session)
    return _phase(s, phase) < s.complete


def clear(session: int | None = 0, phase: int = 0, clear_up_to_phase: bool = False) -> None:
    """Forget a phase's data, or also that of all phases before it."""
    if session is None:
        return
    s = _session(session)
    last = _phase(s, phase)
    with profiler.lock:
        profiler.drain(True)
        for i in range(0 if clear_up_to_phase else last, last + 1):
            s.phases[i] = Node("ROOT")
        profiler.thread.stacks.pop(s, None)
        profiler.sessions_changed()
