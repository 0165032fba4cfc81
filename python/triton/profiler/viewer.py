"""`python -m triton.profiler.viewer -m time/ms file.hatchet`: a session's tree as text.

A metric is inclusive (summed over all frames below) or, where a file does not name it at its root, exclusive. Metrics
are named without their unit and case; derived ones are computed from them: times in other units, per launch, rates,
shares.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys

from . import specs
from .metric import FLOPS_WIDTHS
from .state import COMPUTE_METADATA_SCOPE_NAME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_SCALES = {"": 1.0, "g": 1e9, "t": 1e12}
_TEXT = ("device_id", "device_type")
NAN = math.nan


class Frame:
    """A frame of the tree.

    Attributes
    ----------
    name : str
        What it is called.
    own : dict
        Its metrics.
    sums : dict
        The inclusive ones, summed over the frames below.
    """

    def __init__(self, name: str, own: dict[str, Any], children: list[Frame]) -> None:
        self.name = name
        self.own = own
        self.children = children
        self.sums: dict[str, float] = {}
        self.shown: dict[str, float] = {}

    def walk(self) -> Iterator[tuple[Frame, int]]:
        """This frame and all below it, with their depths."""
        work = [(self, 0)]
        while work:
            frame, depth = work.pop()
            yield frame, depth
            work.extend((child, depth + 1) for child in reversed(frame.children))


class Profile:
    """A file that was read.

    Attributes
    ----------
    root : Frame
        The tree.
    inclusive, exclusive : list of str
        Metrics.
    devices : dict
        Facts of devices by type and number.
    """

    def __init__(self, root: Frame, inclusive: list[str], exclusive: list[str], devices: dict) -> None:
        self.root = root
        self.inclusive = inclusive
        self.exclusive = exclusive
        self.devices = devices


def _is_metadata(name: str) -> bool:
    return name == COMPUTE_METADATA_SCOPE_NAME or name.startswith(f"{COMPUTE_METADATA_SCOPE_NAME}:")


def _build(data: dict) -> Frame | None:
    """The frame of a node, without metadata's frames and frames that hold nothing."""
    order, work = [], [(data, None)]
    while work:
        node, parent = work.pop()
        if _is_metadata(node["frame"]["name"]):
            continue
        made = (node, parent, [])
        order.append(made)
        work.extend((child, made) for child in reversed(node.get("children", [])))
    top = None
    for node, parent, children in reversed(order):
        if not children and not node["metrics"] and parent is not None:
            continue
        frame = Frame(node["frame"]["name"], node["metrics"], children[::-1])
        if parent is None:
            top = frame
        else:
            parent[2].append(frame)
    return top


def read(filename: str) -> Profile:
    """Read a file of `finalize`."""
    with open(filename) as f:
        data = json.load(f)
    if not isinstance(data, list) or not data or "frame" not in data[0]:
        raise ValueError(f"{filename} is no tree of a profile (a .hatchet file)")
    root = _build(data[0])
    frames = list(root.walk())
    names = {k for frame, _ in frames for k, v in frame.own.items() if isinstance(v, (int, float)) and k not in _TEXT}
    inclusive = sorted(k for k in root.own if k in names)
    for frame, _ in reversed(frames):
        for k in inclusive:
            parts = [frame.own[k]] if k in frame.own else []
            parts += [child.sums[k] for child in frame.children if k in child.sums]
            if parts:
                frame.sums[k] = sum(parts)
    return Profile(root, inclusive, sorted(names - set(inclusive)), data[1] if len(data) > 1 else {})


def _short(metric: str) -> str:
    return metric.partition("(")[0].strip().lower()


def _find(profile: Profile, metric: str) -> tuple[str, bool]:
    """A metric's whole name and whether it is inclusive."""
    wanted = metric.lower()
    for names, is_sum in ((profile.inclusive, True), (profile.exclusive, False)):
        for name in names:
            if wanted in (name.lower(), _short(name)):
                return name, is_sum
    raise ValueError(f"there is no metric `{metric}`; --list shows those there are")


def _value(profile: Profile, metric: str) -> Callable[[Frame], float]:
    name, is_sum = _find(profile, metric)
    return lambda frame: (frame.sums if is_sum else frame.own).get(name, NAN)


def _seconds(profile: Profile, metric: str) -> Callable[[Frame], float]:
    value, unit = _value(profile, metric), 1e-9
    name, _ = _find(profile, metric)
    if "(" in name:
        unit = _UNITS[name.partition("(")[2].partition(")")[0]]
    return lambda frame: value(frame) * unit


def _least_time(profile: Profile, frame: Frame) -> float:
    """Seconds that a frame's operations and bytes take its device at best."""
    kind, number = frame.own.get("device_type"), frame.own.get("device_id")
    facts = profile.devices.get(kind, {}).get(number)
    if facts is None:
        return NAN
    compute = 0.0
    for width in FLOPS_WIDTHS:
        n = frame.own.get(f"flops{width}")
        if n:
            compute += n / specs.max_flops(kind, facts["arch"], width, facts["num_sms"], facts["clock_rate"])
    moved = frame.own.get("bytes", 0)
    memory = (
        moved / specs.max_bps(kind, facts["arch"], facts["bus_width"], facts["memory_clock_rate"]) if moved else 0.0
    )
    return max(compute, memory)


def derive(profile: Profile, metric: str) -> Callable[[Frame], float]:
    """The function of a frame that a metric, given or derived, is.

    Parameters
    ----------
    profile : Profile
        What was read.
    metric : str
        "time/ms", "avg_time/us", "gflop16/s", "gbyte/s", "util", "time/%" or a metric's name.
    """
    text = metric.lower()
    if text == "util":
        time = _seconds(profile, "time")
        return lambda frame: _least_time(profile, frame) / time(frame) if time(frame) else NAN
    match = re.fullmatch(r"(avg_)?(cpu_time|time)/(s|ms|us|ns)", text)
    if match:
        seconds, unit = _seconds(profile, match[2]), _UNITS[match[3]]
        if not match[1]:
            return lambda frame: seconds(frame) / unit
        count = _value(profile, "count")
        return lambda frame: seconds(frame) / unit / count(frame) if count(frame) else NAN
    match = re.fullmatch(r"([gt]?)(flop|byte)(8|16|32|64)?/s", text)
    if match and not (match[2] == "byte" and match[3]):
        amount, time, scale = (
            _value(profile, f"{match[2]}s{match[3] or ''}"),
            _seconds(profile, "time"),
            _SCALES[match[1]],
        )
        return lambda frame: amount(frame) / time(frame) / scale if time(frame) else NAN
    name, _, unit = text.partition("/")
    if unit not in ("", "%"):
        raise ValueError(f"`{metric}`: the unit {unit!r} is not known")
    value = _value(profile, name)
    if not unit:
        return value
    _, is_sum = _find(profile, name)
    frames = [profile.root] if is_sum else [frame for frame, _ in profile.root.walk()]
    total = sum(v for v in map(value, frames) if not math.isnan(v))
    return lambda frame: 100 * value(frame) / total if total else NAN


def _format(name: str, how: str) -> str:
    """`/a/b.py:1@f` in one of the forms of --format."""
    if how == "file_function_line":
        return name.rpartition("/")[2]
    if how == "function_line":
        return name.rpartition(":")[2]
    if how == "file_function":
        return f"{name.rpartition('/')[2].partition(':')[0]}@{name.rpartition('@')[2].partition(':')[0]}"
    return name


def _keep(root: Frame, wanted: Callable[[Frame, list[Frame]], bool]) -> None:
    """Drop the frames that are not wanted and have none below that are; the root stays."""
    paths: list[Frame] = []
    order = []
    for frame, depth in root.walk():
        del paths[depth:]
        order.append((frame, list(paths)))
        paths.append(frame)
    kept = {id(root)}
    for frame, above in order:
        if wanted(frame, above):
            kept.update(map(id, [*above, frame]))
    for frame, _ in order:
        frame.children = [child for child in frame.children if id(child) in kept]


def select(profile: Profile, include: str | None, exclude: str | None, threshold: float | None, metric: str) -> None:
    """Drop frames: all but the paths through names that match, those that match and what is below, small ones."""
    if include:
        _keep(profile.root, lambda frame, above: any(re.fullmatch(include, f.name) for f in [*above, frame]))
    if exclude:
        _keep(profile.root, lambda frame, above: not any(re.fullmatch(exclude, f.name) for f in [*above, frame]))
    if threshold is not None:
        value = derive(profile, metric)
        _keep(profile.root, lambda frame, _: value(frame) >= threshold)


def _number(x: float) -> str:
    return "-" if math.isnan(x) else f"{x:.3f}"


def tree_text(profile: Profile, metrics: list[str], depth: int = 100, how: str = "full") -> str:
    """The tree, a frame in each line behind its metrics."""
    values = [derive(profile, metric) for metric in metrics]
    lines = []
    last: list[bool] = []
    work = [(profile.root, 0, True)]
    while work:
        frame, at, is_last = work.pop()
        del last[at:]
        last.append(is_last)
        branch = "".join("   " if done else "│  " for done in last[1:at]) + (
            ("└─ " if is_last else "├─ ") if at else ""
        )
        lines.append(f"{branch}{' '.join(_number(v(frame)) for v in values)} {_format(frame.name, how)}")
        if at < depth:
            n = len(frame.children)
            work.extend((child, at + 1, i == n - 1) for i, child in reversed(list(enumerate(frame.children))))
    return "\n".join(lines)


def sorted_text(profile: Profile, metric: str, how: str = "full") -> str:
    """Frames by a metric, the greatest first, without the root."""
    value = derive(profile, metric)
    frames = [frame for frame, depth in profile.root.walk() if depth and not math.isnan(value(frame))]
    frames.sort(key=value, reverse=True)
    return "\n".join(f"{_format(frame.name, how)[:100]:104} {_number(value(frame))}" for frame in frames)


def _subtract(profile: Profile, other: Profile) -> None:
    """Take from each frame what the frame of the same names has in another profile."""
    work = [(profile.root, other.root)]
    while work:
        mine, theirs = work.pop()
        for values, taken in ((mine.own, theirs.own), (mine.sums, theirs.sums)):
            for name, x in taken.items():
                if name in values and isinstance(x, (int, float)):
                    values[name] -= x
        by_name = {child.name: child for child in theirs.children}
        work.extend((child, by_name[child.name]) for child in mine.children if child.name in by_name)


def list_text(profile: Profile) -> str:
    """The metrics that there are."""
    lines = ["inclusive metrics:", *(f"- {_short(name)}" for name in profile.inclusive)]
    return "\n".join([*lines, "exclusive metrics:", *(f"- {_short(name)}" for name in profile.exclusive)])


def _arguments() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(prog="proton-viewer", description="Show the tree of a profile.")
    p.add_argument("file", help="a .hatchet file")
    p.add_argument("-l", "--list", action="store_true", help="list the metrics")
    p.add_argument(
        "-m",
        "--metrics",
        help="one or two, separated by a comma: a name, time/ms, avg_time/us, cpu_time/ms, [g|t]flop[8|16|32|64]/s, "
        "[g|t]byte/s, util (of what the device can do), NAME/%% (the share)",
    )
    p.add_argument("-i", "--include", metavar="REGEX", help="only paths through frames that match")
    p.add_argument("-e", "--exclude", metavar="REGEX", help="without the frames that match and those below")
    p.add_argument("-t", "--threshold", type=float, help="only frames whose first metric is at least this")
    p.add_argument("-d", "--depth", type=int, default=100, help="how deep")
    p.add_argument(
        "-f",
        "--format",
        default="full",
        choices=["full", "file_function_line", "function_line", "file_function"],
        help="how frames of Python calls are written",
    )
    p.add_argument("--print-sorted", action="store_true", help="then all frames by the first metric")
    p.add_argument("-diff", "--diff-profile", metavar="FILE", help="less the metrics of another profile")
    return p


def main(argv: list[str] | None = None) -> int:
    """The command."""
    parser = _arguments()
    args = parser.parse_args(argv)
    if args.include and args.exclude:
        parser.error("--include and --exclude cannot be used together")
    try:
        profile = read(args.file)
        if args.list or not args.metrics:
            print(list_text(profile))
            return 0
        metrics = [m.strip() for m in args.metrics.split(",")]
        if len(metrics) > 2:
            parser.error("at most two metrics can be shown")
        if args.diff_profile:
            _subtract(profile, read(args.diff_profile))
        select(profile, args.include, args.exclude, args.threshold, metrics[0])
        print(tree_text(profile, metrics, args.depth, args.format))
        if args.print_sorted:
            print(f"\nby {metrics[0]}:")
            print(sorted_text(profile, metrics[0], args.format))
    except (OSError, ValueError) as e:
        print(f"proton-viewer: {e}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
