"""Sessions: trees of scopes to which launches are added.

The library records launches (`ttc_profile_start`): the kernel, its begin and end, and a number, the *place*, that the
thread had been given when it launched. A place stands for one node in the tree of each session that was active then,
so a launch costs nothing here; records become counts and times when they are drained. A thread gets another place
whenever it enters or leaves a scope, and all threads when a session is started, stopped or ended.

A scope that was entered before from the same place leads to the same nodes and the same place: this is kept, so that a
scope in a loop costs two look-ups. It holds while the sessions stay as they are (`epoch`), and only outside of states,
launches and traces, which make more of a scope than its nodes.
"""

from __future__ import annotations

import itertools
import threading
import time

from .._C import libtriton as _C

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COUNT, TIME = "count", "time (ns)"
METADATA = "__proton_launch_metadata"
SAMPLES, STALLED = "num_samples", "num_stalled_samples"


def frames_of_state(name: str) -> list[str]:
    """A state is one frame; that of a kernel's metadata is one for all kernels, and the kernel's below."""
    state, colon, kernel = name.partition(":")
    return [state, kernel] if colon and state == METADATA else [name]


class Node:
    """A frame of a tree: a scope, a Python call or a kernel."""

    __slots__ = ("children", "is_op", "metrics", "name", "parent", "was_entered")

    def __init__(self, name: str, parent: Node | None = None) -> None:
        self.name = name
        self.parent = parent
        self.children: dict[str, Node] = {}
        self.metrics: dict[str, Any] = {}
        self.was_entered = False  # a scope: it is shown, whatever happened in it
        self.is_op = False  # a launch that was given a name: its kernels are no frames of their own

    def child(self, name: str) -> Node:
        node = self.children.get(name)
        if node is None:
            node = self.children[name] = Node(name, self)
        return node

    def below(self, names: list[str]) -> Node:
        node = self
        for name in names:
            node = node.child(name)
        return node

    def add(self, name: str, value: Any) -> None:
        """Add to a metric; numbers and lists of numbers are summed, but those called "NAME (pty)", a property."""
        known = self.metrics.get(name)
        if known is None or name.endswith("(pty)"):
            self.metrics[name] = list(value) if isinstance(value, (list, tuple)) else value
        elif isinstance(known, list) and isinstance(value, (list, tuple)) and len(known) == len(value):
            self.metrics[name] = [a + b for a, b in zip(known, value, strict=True)]
        else:
            self.metrics[name] = known + value

    def path(self) -> list[str]:
        names = []
        node: Node | None = self
        while node is not None:
            names.append(node.name)
            node = node.parent
        return names[::-1]


class Event:
    """A span of a trace: a kernel or a scope."""

    __slots__ = ("begin", "end", "kind", "metrics", "node", "scope", "where")

    def __init__(self, kind: str, node: Node, begin: int, where: tuple = ()) -> None:
        self.kind = kind
        self.node = node
        self.begin = begin
        self.end = begin
        self.where = where  # of a kernel: (device, stream); of a scope: (thread,)
        self.metrics: dict[str, Any] = {}
        self.scope = 0


class Session:
    """What `start` begins and `finalize` writes."""

    def __init__(self, number: int, name: str, context: str, data: str, periodic: str | None = None) -> None:
        self.number = number
        self.periodic = periodic  # the format in which each phase is written when it is over; None: all at the end
        self.name = name
        self.context = context
        self.data = data
        self.active = True
        self.phases = [Node("ROOT")]
        self.complete = 0  # phases to which nothing will be added
        self.events: list[Event] = []
        self.devices: set[tuple[str, int]] = set()

    @property
    def root(self) -> Node:
        return self.phases[-1]

    def add_launch(self, node: Node, record: tuple) -> None:
        _, kernel, target, begin, end, device, stream = record
        kind = "CUDA" if target == "cuda" else "CPU"
        leaf = node if node.is_op else node.child(kernel)
        leaf.add(COUNT, 1)
        leaf.add(TIME, end - begin)
        leaf.metrics["device_id"] = str(device)
        leaf.metrics["device_type"] = kind
        self.devices.add((kind, device))
        if self.data == "trace":
            event = Event("kernel", leaf, begin, (device, stream))
            event.end = end
            self.events.append(event)

    def add_sample(self, node: Node, sample: tuple) -> None:
        """Samples of one line and reason: a frame below the kernel's, or the kernel's where lines are not known."""
        _, kernel, file, line, reason, stalled, count = sample
        leaf = node if node.is_op else node.child(kernel)
        if file:
            leaf = leaf.child(f"{file}:{line}@{kernel}")
        if stalled:
            leaf.add(STALLED, count)
        else:
            leaf.add(SAMPLES, count)
            leaf.add(f"stalled_{reason}", count)


class _Thread(threading.local):
    """Where a thread is."""

    def __init__(self) -> None:
        self.stacks: dict[Session, list[Node]] = {}
        self.states: list[str] = []
        self.at = 0  # the place that the library was told last, …
        self.epoch = -1  # … when the sessions were these
        self.launching: dict[Session, Node] = {}  # during a launch: nodes in place of the stacks' ends


class Scope:
    """A scope that was entered."""

    __slots__ = ("before", "events", "name", "nodes", "number", "place")

    def __init__(self, number: int, name: str) -> None:
        self.number = number
        self.before = self.place = -1  # places, where entering it was a look-up
        self.name = name
        self.nodes: list[tuple[Session, Node]] = []
        self.events: list[Event] = []


class Profiler:
    """The sessions of the process."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.sessions: dict[int, Session] = {}
        self.started = 0
        self.way: str | None = None
        self.numbers = itertools.count(1)
        self.epoch = 0
        self.traces = False
        self.inner: dict[tuple[int, str], tuple[int, list]] = {}  # place and scope's name to place and nodes
        self.thread = _Thread()
        self.ids: dict[tuple, int] = {}
        self.places: list[tuple] = [()]

    # ---- places ----

    def active(self) -> list[Session]:
        return [s for s in self.sessions.values() if s.active]

    def place(self, nodes: tuple) -> int:
        number = self.ids.get(nodes)
        if number is None:
            with self.lock:
                number = self.ids.setdefault(nodes, len(self.places))
                if number == len(self.places):
                    self.places.append(nodes)
        return number

    def here(self, session: Session) -> Node:
        """The node at which this thread is."""
        thread = self.thread
        node = thread.launching.get(session)
        if node is not None:
            return node
        stack = thread.stacks.get(session)
        node = stack[-1] if stack else session.root
        return node.below(frames_of_state(thread.states[-1])) if thread.states else node

    def mark(self) -> None:
        """Tell the library where this thread is."""
        thread = self.thread
        thread.at = self.place(tuple([(s, self.here(s)) for s in self.active()]))
        thread.epoch = self.epoch
        _C.profile_mark(thread.at)

    def sessions_changed(self) -> None:
        self.epoch += 1
        self.inner.clear()
        self.traces = any(s.data == "trace" for s in self.active())
        _C.profile_mark(self.place(tuple((s, s.root) for s in self.active())), True)
        self.mark()

    # ---- sessions ----

    def start(self, name: str, context: str, data: str, way: str | None, periodic: str | None = None) -> int:
        with self.lock:
            if self.sessions and way != self.way and "pcsampling" in f"{way} {self.way}":
                raise RuntimeError(
                    "Cannot add a session with the same profiler but a different mode than existing sessions: "
                    "sessions at the same time either all sample instructions, at the same interval, or none does: "
                    "finalize those that run before one of another mode is started"
                )
            if not self.sessions:
                _C.profile_start(way)
                self.way = way
            number = self.started
            self.started += 1
            self.sessions[number] = Session(number, name, context, data, periodic)
            self.sessions_changed()
            return number

    def chosen(self, session: int | None) -> list[Session]:
        if session is None:
            return list(self.sessions.values())
        if session not in self.sessions:
            raise ValueError(
                f"Session has not been initialized: {session}: there is no profiling session of that number; it was "
                "finalized or not started"
            )
        return [self.sessions[session]]

    def set_active(self, session: int | None, active: bool, wait: bool = False) -> None:
        with self.lock:
            if wait:
                self.drain(True)
            for s in self.chosen(session):
                s.active = active
            self.sessions_changed()

    def end(self, session: int | None) -> list[Session]:
        """Take sessions out, with all that belongs to them."""
        with self.lock:
            ended = self.chosen(session)
            if not ended:
                return []
            self.drain(True)
            for s in ended:
                del self.sessions[s.number]
                self.thread.stacks.pop(s, None)
            if self.sessions:
                self.sessions_changed()
            else:
                _C.profile_stop()
                self.epoch += 1
                self.ids.clear()
                self.places[1:] = []
            return ended

    def drain(self, wait: bool) -> None:
        with self.lock:
            places = self.places
            if wait:
                for s in self.sessions.values():
                    s.complete = len(s.phases) - 1
            for record in _C.profile_read(wait):
                if record[0] < len(places):
                    for session, node in places[record[0]]:
                        session.add_launch(node, record)
            for sample in _C.profile_samples():
                if sample[0] < len(places):
                    for session, node in places[sample[0]]:
                        session.add_sample(node, sample)

    # ---- scopes ----

    def new_number(self) -> int:
        return next(self.numbers)

    def _is_plain(self, thread: _Thread) -> bool:
        """Whether a place of this thread is its scopes and nothing else."""
        return thread.epoch == self.epoch and not (thread.states or thread.launching or self.traces)

    def enter(self, scope: Scope, op: bool = False) -> None:
        thread = self.thread
        plain = not op and self._is_plain(thread)
        key = thread.at, scope.name
        known = self.inner.get(key) if plain else None
        if known is not None:
            scope.before = thread.at
            scope.place, scope.nodes = known
            for s, node in scope.nodes:
                thread.stacks.setdefault(s, []).append(node)
            thread.at = scope.place
            _C.profile_mark(scope.place)
            return
        self._enter_anew(scope, op)
        if plain:
            self.inner[key] = thread.at, scope.nodes

    def _enter_anew(self, scope: Scope, op: bool) -> None:
        thread = self.thread
        for s in self.active():
            node = self.here(s).child(scope.name) if op else self._scope_node(s, scope.name)
            scope.nodes.append((s, node))
            if op:
                node.is_op = True
                thread.launching[s] = node
            else:
                thread.stacks.setdefault(s, []).append(node)
            if s.data == "trace" and not op:
                event = Event("scope", self._measured(node), time.monotonic_ns(), (threading.get_native_id(),))
                event.scope = scope.number
                scope.events.append(event)
                s.events.append(event)
        self.mark()

    def _scope_node(self, s: Session, name: str) -> Node:
        stack = self.thread.stacks.get(s)
        node = (stack[-1] if stack else s.root).child(name)
        node.was_entered = True
        return node

    def _measured(self, node: Node) -> Node:
        """What metrics of a scope are added to: within a state they are the state's."""
        states = self.thread.states
        return node.below(frames_of_state(states[-1])) if states else node

    def leave(self, scope: Scope) -> None:
        thread = self.thread
        if scope.before >= 0 and thread.at == scope.place and self._is_plain(thread):
            for s, _ in scope.nodes:
                thread.stacks[s].pop()
            thread.at = scope.before
            _C.profile_mark(scope.before)
            return
        now = time.monotonic_ns()
        for event in scope.events:
            event.end = now
        for s, node in scope.nodes:
            if thread.launching.get(s) is node:
                del thread.launching[s]
            stack = thread.stacks.get(s)
            if stack and node in stack:
                del stack[len(stack) - 1 - stack[::-1].index(node) :]
        self.mark()

    def add_metrics(self, scope: Scope, metrics: dict) -> None:
        with self.lock:
            for _, node in scope.nodes:
                target = node if node.is_op else self._measured(node)
                for name, value in metrics.items():
                    target.add(name, value)
        for event in scope.events:
            event.metrics.update(metrics)

    def enter_state(self, name: str) -> None:
        self.thread.states.append(name)
        self.mark()

    def leave_state(self) -> None:
        if not self.thread.states:
            raise RuntimeError("exit_state without a state that was entered")
        self.thread.states.pop()
        self.mark()

    def only(self, session: int) -> Session:
        """A session; 0, which functions take by default, is the only one that there is, whatever its number."""
        if session == 0 and len(self.sessions) == 1:
            return next(iter(self.sessions.values()))
        return self.chosen(session)[0]

    def depth(self, session: int) -> int:
        s = self.only(session)
        return len(self.thread.stacks.get(s, ()))


profiler = Profiler()
