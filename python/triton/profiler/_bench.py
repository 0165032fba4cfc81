"""How long a function's kernels take, by the profiler: `triton.testing.do_bench_proton`."""

from __future__ import annotations

from . import data
from .profile import deactivate, finalize, start
from .scope import scope

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def kernel_times(
    runs: int, run: Callable[[], None], before: Callable[[], None], after: Callable[[], None]
) -> list[float]:
    """Milliseconds that the kernels of each run took together. `before` and its kernels do not count."""
    import os
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        session = start(os.path.join(folder, "bench"))
        if session is None:
            raise RuntimeError("no profile can be taken here: profiling is switched off, or another one runs")
        try:
            names = [f"run {i}" for i in range(runs)]
            for name in names:
                before()
                with scope(name):
                    run()
            after()
            deactivate(session, flushing=True)
            children = {child["frame"]["name"]: child for child in data.get(session)[0]["children"]}
            times = [_nanoseconds(children.get(name)) / 1e6 for name in names]
        finally:
            finalize(session)
    if not any(times):
        raise RuntimeError("the function launched no kernel that the profiler saw")
    return times


def _nanoseconds(frame: dict | None) -> int:
    total, work = 0, [frame] if frame else []
    while work:
        f = work.pop()
        total += f["metrics"].get("time (ns)", 0)
        work.extend(f["children"])
    return total
