"""Every file of kernels, read: importing this module fills the registry."""

import importlib

KINDS = (
    "norms",
    "losses",
    "elementwise",
    "attention",
    "linear_attention",
    "matmul",
    "quantized",
    "sparse",
    "moe",
    "scans",
    "indexing",
    "sorting",
    "reductions",
    "optimizers",
    "stencils",
    "serving",
    "training",
    "images",
    "bits",
)
for kind in KINDS:
    importlib.import_module(f".{kind}", __package__)

from .registry import CASES, SMALL  # noqa: E402

CASES_BY_LABEL = {one.label: one for one in CASES}
assert len(CASES_BY_LABEL) == len(CASES), "two cases with one label"
assert SMALL
