"""Metrics: numbers that a scope or a launch is given, summed over it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

FLOPS_WIDTHS = (8, 16, 32, 64)
_TYPES: dict[str, type] = {"bytes": int, "flops": float, **{f"flops{width}": float for width in FLOPS_WIDTHS}}


def is_metric(value: Any) -> bool:
    """Whether a launch's metadata has it as a metric: numbers and tensors."""
    from numbers import Number

    return isinstance(value, Number) or hasattr(value, "data_ptr")


def metric_value(name: str, value: Any) -> Any:
    """A metric as it is kept: tensors become numbers (which waits for their device), lists stay lists."""
    if hasattr(value, "data_ptr"):
        value = value.tolist() if value.numel() > 1 else value.item()
    convert = _TYPES.get(name)
    if isinstance(value, (list, tuple)):
        return [convert(v) if convert else v for v in _flat(value)]
    if isinstance(value, str) or not hasattr(value, "__add__"):
        raise TypeError(f"the metric {name!r} is a number, a tensor or a list of numbers, not {value!r}")
    if hasattr(value, "item"):
        value = value.item()
    return convert(value) if convert else value


def _flat(values: Any) -> list:
    out: list = []
    work = [values]
    while work:
        v = work.pop()
        if isinstance(v, (list, tuple)):
            work.extend(reversed(v))
        else:
            out.append(v)
    return out


def transform_tensor_metrics(metrics: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Metrics as they are kept, and those that stay on their device, of which there are none here."""
    return {name: metric_value(name, value) for name, value in metrics.items()}, {}


def metric_values(metrics: dict[str, Any]) -> dict[str, Any]:
    """All of a scope's metrics as they are kept."""
    from .state import metadata_state

    with metadata_state():  # what is computed for them is no work of the scope's
        return {name: metric_value(name, value) for name, value in metrics.items()}
