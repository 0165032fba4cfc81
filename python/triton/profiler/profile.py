"""Sessions: begun, stopped, written."""

from __future__ import annotations

from ._session import profiler
from ._write import FORMATS, write
from .flags import flags
from .hooks import Hook, HookManager, LaunchHook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .mode import BaseMode

DEFAULT_PROFILE_NAME = "proton"
_WAYS = {"cupti": "cupti", "events": "events", "cpu": "clock"}


def configure_runtime() -> None:
    """Choose the libraries of an AMD GPU: there is nothing to choose here."""


def _way(backend: str | None, mode: str | BaseMode | None) -> str | None:
    name, _, options = str(mode or "").partition(":")
    if name == "pcsampling":
        if backend not in (None, "cupti"):
            raise ValueError(f"the mode 'pcsampling' is of the backend 'cupti', not {backend!r}")
        return _sampling(options)
    if backend is None:
        return None
    name, colon, every = backend.partition(":")
    if name == "events" and colon and every.isdigit() and int(every):
        return backend
    if backend not in _WAYS:
        raise ValueError(
            f"the profiler's backend is None (the best there is), {', '.join(map(repr, _WAYS))}, not {backend!r}"
            + ("; kernels are not instrumented here" if backend == "instrumentation" else "")
        )
    return _WAYS[backend]


def _sampling(options: str) -> str:
    interval = options.removeprefix("interval=")
    if options and not (options.startswith("interval=") and interval.isdigit() and int(interval)):
        raise ValueError(f"the mode 'pcsampling' has an interval, a number of cycles, not {options!r}")
    return f"pcsampling:{interval}" if options else "pcsampling"


def _check(context: str | None, data: str | None, mode: str | BaseMode | None) -> None:
    if context not in ("shadow", "python"):
        raise ValueError(f"context is 'shadow' (the scopes) or 'python' (the calls), not {context!r}")
    if data not in FORMATS:
        raise ValueError(f"data is 'tree' or 'trace', not {data!r}")
    name = str(mode).partition(":")[0] if mode else ""
    if name not in ("", "periodic_flushing", "pcsampling"):
        raise ValueError(f"the mode {str(mode)!r} is not known; there are 'pcsampling' and 'periodic_flushing'")


def _periodic(data: str | None, mode: str | BaseMode | None) -> str | None:
    """The format in which each phase is written; None: not one by one."""
    name, _, options = str(mode or "").partition(":")
    if name != "periodic_flushing":
        return None
    chosen = options.removeprefix("format=") or FORMATS[data][0]
    if chosen not in FORMATS[data] or options not in ("", f"format={chosen}"):
        raise ValueError(
            f"the mode 'periodic_flushing' of data={data!r} has a format, {' or '.join(FORMATS[data])}, not {options!r}"
        )
    return chosen


def start(
    name: str | None = None,
    *,
    context: str | None = "shadow",
    data: str | None = "tree",
    backend: str | None = None,
    mode: str | BaseMode | None = None,
    hook: str | Hook | None = None,
) -> int | None:
    """Begin a session.

    Parameters
    ----------
    name : str, optional
        Of the file that is written, without its ending (".hatchet", ".chrome_trace"); "proton" by default.
    context : str
        Below what launches are shown: "shadow", the scopes, or "python", the calls that led to them.
    data : str
        "tree": counts and times summed; "trace": every launch and scope in time.
    backend : str, optional
        "cupti" (every kernel of the process), "events" (those of this package; of many launches of a kernel on a
        grid in a scope one of sixteen is timed, for the others; "events:1": every launch is), "cpu" (no device is
        asked). By default the best that there is.
    mode : str or BaseMode, optional
        "pcsampling" (or `mode.PCSampling(interval)`): instructions are sampled, and a kernel's lines are frames below
        it. Or "periodic_flushing" ("periodic_flushing:format=hatchet_msgpack"): a file "name.part_N.format" for each
        phase, written when the next one begins (`data.advance_phase`).
    hook : str or Hook, optional
        "triton": a kernel's `launch_metadata` gives its launches a name and metrics. Or one of your own.

    Returns
    -------
    int or None
        The session's number; None where profiling is switched off (TRITON_PROTON_DISABLE) or the script runs under
        `python -m triton.profiler.proton`.
    """
    from .. import knobs

    if flags.command_line or knobs.proton.disable:
        return None
    _check(context, data, mode)
    if hook is not None and hook != "triton" and not isinstance(hook, Hook):
        raise ValueError(f"hook is 'triton' or a Hook, not {hook!r}")
    session = profiler.start(name or DEFAULT_PROFILE_NAME, context, data, _way(backend, mode), _periodic(data, mode))
    flags.profiling_on = True
    if hook is not None:
        HookManager.register(LaunchHook() if hook == "triton" else hook, session)
    if context == "python":
        from .hooks._stack import stack_hook

        HookManager.register(stack_hook, session)
    return session


def _only_session(session: int | None, what: str) -> None:
    if flags.command_line and session != 0:
        raise ValueError(f"a script that runs under the command has one session, 0, that may be {what}")


def activate(session: int | None = None) -> None:
    """Go on recording in a session; None: in all."""
    _only_session(session, "activated")
    profiler.set_active(session, True)
    HookManager.activate(session)


def deactivate(session: int | None = None, flushing: bool = False) -> None:
    """Record nothing more in a session (None: in all) until it is activated.

    Parameters
    ----------
    session : int, optional
        The session.
    flushing : bool
        Wait for what was launched.
    """
    _only_session(session, "deactivated")
    HookManager.deactivate(session)
    profiler.set_active(session, False, flushing)


def finalize(session: int | None = None, output_format: str | None = "") -> None:
    """End a session (None: all) and write its file.

    Parameters
    ----------
    session : int, optional
        The session.
    output_format : str, optional
        Of a tree "hatchet" or "hatchet_msgpack", of a trace "chrome_trace".
    """
    if session is not None:
        _only_session(session, "finalized")
        _check_format(session, output_format)
    HookManager.unregister(session)
    ended = profiler.end(session)
    flags.profiling_on = bool(profiler.sessions)
    for s in ended:
        write(s, output_format)


def _check_format(session: int, output_format: str | None) -> None:
    known = FORMATS[profiler.chosen(session)[0].data]
    if output_format and output_format not in known:
        raise ValueError(f"this profile is written as {' or '.join(known)}, not {output_format!r}")


def profile(
    func: Callable | None = None,
    *,
    name: str | None = None,
    context: str | None = "shadow",
    data: str | None = "tree",
    backend: str | None = None,
    mode: str | None = None,
    hook: str | Hook | None = None,
) -> Callable:
    """`@profile` or `@profile(name=...)`: a session for each call of a function, which is deactivated after it.

    `finalize` writes it. The parameters are those of `start`.
    """
    from functools import wraps

    def decorate(f: Callable) -> Callable:
        @wraps(f)
        def wrapper(*args: object, **kwargs: object) -> object:
            session = start(name, context=context, data=data, backend=backend, mode=mode, hook=hook)
            try:
                return f(*args, **kwargs)
            finally:
                if session is not None:
                    deactivate(session)

        return wrapper

    return decorate if func is None else decorate(func)
