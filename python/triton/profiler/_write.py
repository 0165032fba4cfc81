"""What sessions are written as: the tree that hatchet reads, the same as MessagePack, and Chrome's trace events."""

from __future__ import annotations

import json
import os
import platform

from ._session import COUNT, TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ._session import Event, Node, Session

FORMATS = {"tree": ("hatchet", "hatchet_msgpack"), "trace": ("chrome_trace",)}
_NOT_SUMMED = ("device_id", "device_type")


def _plain(name: str) -> tuple[str, bool]:
    """A metric's name without the mark of an exclusive one or of a property, and whether it had none."""
    marked = name.endswith(("(exc)", "(pty)"))
    return (name[: -len("(exc)")].rstrip() if marked else name), not marked


def _holds_nothing(node: Node) -> bool:
    """A state or a call within which nothing was launched: threads are marked before one knows."""
    work = [node]
    while work:
        n = work.pop()
        if n.was_entered or n.metrics:
            return False
        work.extend(n.children.values())
    return True


def _frame(node: Node, inclusive: set[str]) -> dict:
    """The node and all below it, without recursion and without what holds nothing."""

    def one(n: Node) -> dict:
        metrics = {}
        for name, value in sorted(n.metrics.items()):
            short, sums = _plain(name)
            metrics[short] = value
            if sums and short not in _NOT_SUMMED and not isinstance(value, (list, str)):
                inclusive.add(short)
        return {"children": [], "frame": {"name": n.name, "type": "function"}, "metrics": metrics}

    top = one(node)
    work = [(node, top)]
    while work:
        n, made = work.pop()
        for child in n.children.values():
            if _holds_nothing(child):
                continue
            below = one(child)
            made["children"].append(below)
            work.append((child, below))
    return top


def _cpu_facts() -> dict:
    from .._C import libtriton as _C

    clock = 0
    try:
        with open("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq") as f:
            clock = int(f.read())
    except (OSError, ValueError):
        pass
    try:
        arch = _C.resolve_target("cpu").partition(":")[2]
    except Exception:
        arch = platform.machine()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return {"arch": arch, "bus_width": 0, "clock_rate": clock, "memory_clock_rate": 0, "num_sms": cores}


def _gpu_facts(device: int) -> dict:
    from ..runtime.driver import driver

    facts = driver.active.utils.get_device_properties(device)
    return {
        "arch": str(driver.active.get_current_target().arch),
        "bus_width": facts["mem_bus_width"],
        "clock_rate": facts["sm_clock_rate"],
        "memory_clock_rate": facts["mem_clock_rate"],
        "num_sms": facts["multiprocessor_count"],
    }


def _devices(session: Session) -> dict:
    devices: dict[str, dict] = {}
    for kind, number in sorted(session.devices):
        devices.setdefault(kind, {})[str(number)] = _gpu_facts(number) if kind == "CUDA" else _cpu_facts()
    return devices


def tree(session: Session, phase: int = -1) -> list:
    """`[the tree, {device type: {number: facts}}]`."""
    inclusive: set[str] = set()
    top = _frame(session.phases[phase], inclusive)
    if session.devices:
        inclusive |= {COUNT, TIME}
    top["metrics"] = {name: 0 for name in sorted(inclusive)}
    return [top, _devices(session)]


def _as_text(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(f"{v:g}" for v in value) + "]"
    return f"{value:f}" if isinstance(value, float) else str(value)


def _event(e: Event, base: int) -> dict:
    name, args, kind = e.node.name, {"call_stack": e.node.path()}, e.kind
    if e.kind == "scope":
        args["scope_id"] = e.scope
    metrics = e.metrics if e.kind == "scope" else {k: v for k, v in e.node.metrics.items() if _is_given(k)}
    if metrics:
        args["metrics"] = {k: _as_text(v) for k, v in metrics.items()}
    if metrics and e.kind == "scope":
        kind = "metric"
        name += ": " + ", ".join(f"<{k}, {v}>" for k, v in args["metrics"].items())
    pid, tid = (e.where[0], e.where[1]) if e.kind == "kernel" else (_HOST, e.where[0])
    return {
        "name": name,
        "cat": kind,
        "ph": "X",
        "ts": (e.begin - base) / 1e3,
        "dur": (e.end - e.begin) / 1e3,
        "pid": pid,
        "tid": tid,
        "args": args,
    }


_HOST = "host"


def _is_given(name: str) -> bool:
    return name not in (COUNT, TIME, *_NOT_SUMMED)


def trace(session: Session) -> dict:
    """Chrome's trace events; kernels by device and stream, scopes by thread of the host."""
    import time

    events = sorted(session.events, key=lambda e: (e.kind == "kernel", e.begin))
    base = min((e.begin for e in events), default=0)
    wall = time.time_ns() - time.monotonic_ns() + base
    return {
        "displayTimeUnit": "us",
        "baseTimeNanoseconds": wall,
        "traceEvents": [_event(e, base) for e in events],
    }


def msgpack(value: Any) -> bytes:
    """A value of dictionaries, lists, text and numbers as MessagePack."""
    import struct

    out = bytearray()

    def sized(n: int, small: int, limit: int, wide: int) -> None:
        if n < limit:
            out.append(small | n)
        else:
            out.append(wide + 1)  # 32 bits
            out.extend(struct.pack(">I", n))

    work = [value]
    while work:
        v = work.pop()
        if v is None or isinstance(v, bool):
            out.append({None: 0xC0, False: 0xC2, True: 0xC3}[v])
        elif isinstance(v, int):
            out.extend(struct.pack(">Bq", 0xD3, v) if v < 1 << 63 else struct.pack(">BQ", 0xCF, v))
        elif isinstance(v, float):
            out.extend(struct.pack(">Bd", 0xCB, v))
        elif isinstance(v, str):
            data = v.encode()
            sized(len(data), 0xA0, 32, 0xDA)
            out.extend(data)
        elif isinstance(v, dict):
            sized(len(v), 0x80, 16, 0xDE)
            work.extend(x for pair in reversed(v.items()) for x in reversed(pair))
        else:
            sized(len(v), 0x90, 16, 0xDC)
            work.extend(reversed(v))
    return bytes(out)


def write(session: Session, output_format: str | None) -> str:
    """Write the session's file, or, where each phase has one of its own, that of the last; give its name."""
    known = FORMATS[session.data]
    chosen = output_format or session.periodic or known[0]
    if chosen not in known:
        raise ValueError(f"a session with data={session.data!r} is written as {' or '.join(known)}, not {chosen!r}")
    part = "" if session.periodic is None else f".part_{len(session.phases) - 1}"
    path = f"{session.name}{part}.{chosen}"
    if chosen == "hatchet_msgpack":
        with open(path, "wb") as f:
            f.write(msgpack(tree(session)))
        return path
    with open(path, "w") as f:
        json.dump(
            tree(session) if chosen == "hatchet" else trace(session), f, indent=4 if chosen == "hatchet" else None
        )
    return path
