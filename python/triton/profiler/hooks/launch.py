"""The hook "triton": a kernel's `launch_metadata` gives the launch its name and metrics."""

from __future__ import annotations

import threading
from contextvars import ContextVar

from .._session import Scope, profiler
from ..metric import is_metric, metric_value
from ..state import metadata_state
from .hook import Hook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_NO_METRICS = ("name", "function", "stream")

#: The number of the launch that this context made last.
id: ContextVar[int | None] = ContextVar("id", default=None)


class LaunchHook(Hook):
    """There is one of it; `configure` says of which kernels."""

    priority = 100
    _instance: LaunchHook | None = None

    def __new__(cls) -> LaunchHook:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance.configure()
            cls._instance._launch = threading.local()
        return cls._instance

    def configure(self, *, include: str | None = None, exclude: str | None = None) -> None:
        """Regular expressions for the names of kernels that it is for, and is not for."""
        import re

        self._include = re.compile(include) if include else None
        self._exclude = re.compile(exclude) if exclude else None

    def _matches(self, name: str | None) -> bool:
        if name is None:
            return True
        if self._include is not None and self._include.match(name) is None:
            return False
        return self._exclude is None or self._exclude.match(name) is None

    def init_handle(self, module: Any, function: Any, name: str, metadata_group: dict[str, str], hash: str) -> None:
        """Nothing to do."""

    def activate(self) -> None:
        """Nothing to do."""

    def deactivate(self) -> None:
        """Nothing to do."""

    def enter(self, metadata: Any) -> None:
        launch = self._launch
        if getattr(launch, "busy", False) or getattr(launch, "scope", None) is not None:
            return  # a launch that computes the metadata of another
        name = metadata.data.get("name")
        if not self._matches(name):
            return
        launch.busy = True
        try:
            with metadata_state(name):
                facts = metadata.get()
                wanted = {k: v for k, v in facts.items() if k not in _NO_METRICS and v is not None and is_metric(v)}
                metrics = {k: metric_value(k, v) for k, v in wanted.items()}
        finally:
            launch.busy = False
        if not self._matches(facts["name"]):
            return
        launch.scope = Scope(profiler.new_number(), facts["name"])
        id.set(launch.scope.number)
        profiler.enter(launch.scope, op=True)
        profiler.add_metrics(launch.scope, metrics)

    def exit(self, metadata: Any) -> None:
        launch = self._launch
        if getattr(launch, "busy", False) or getattr(launch, "scope", None) is None:
            return
        entered, launch.scope = launch.scope, None
        profiler.leave(entered)
