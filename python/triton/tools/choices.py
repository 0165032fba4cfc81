"""What tuning has found, as the choices of a list of kernels (docs/aot.md), so that a program has them baked in."""

from __future__ import annotations

from collections import Counter


def choices(kernel: object) -> list[dict]:
    """The configurations that were chosen so far, each for the argument values that it was chosen for.

    Parameters
    ----------
    kernel : Autotuner
        A kernel with `@triton.autotune` that has run for the values of interest.

    Returns
    -------
    list of dict
        The list `choice` of a kernel's entry: tables of `when`, `constants` and `options`. Last comes the configuration
        that was chosen most often, for all other values.

    Raises
    ------
    ValueError
        The kernel has not run yet.
    """
    if not kernel.cache:
        raise ValueError(f"`{kernel.__name__}` has not been tuned: run it for the values that matter first")
    found: dict[tuple, dict] = {}
    for key, config in kernel.cache.items():
        values = dict(zip(kernel.keys, key, strict=False))
        when = {name: value for name, value in values.items() if type(value) is int}
        found.setdefault(tuple(when.items()), {"when": when, **_entry(config)})
    most = Counter(kernel.cache.values()).most_common(1)[0][0]
    return [c for c in found.values() if c["when"]] + [_entry(most)]


def _entry(config: object) -> dict:
    # A text of a list is an expression, as after -D.
    constants = {k: v if isinstance(v, (bool, int, float)) else repr(v) for k, v in config.kwargs.items()}
    return {"constants": constants, "options": config._options()}
