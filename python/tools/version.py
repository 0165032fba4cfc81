"""The version of the Python distributions, from what this tree is and what the build is asked for.

`TRITONC_COMPATIBLE` in the environment is the release of Triton that the build answers to, which has to be the one
that the PyTorch it serves pins; `TRITONC_CPU=OFF` builds without the CPU backend, and the version says so. CMake,
`pip install .` (as scikit-build-core's provider of the version) and `wheel.py` all ask here.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SERVED = ("3.6.0", "3.7.1", "3.9.0")  # pinned by PyTorch 2.11, 2.13 and 2.15


def ours() -> str:
    """The version of tritonc itself, which CMake's project has."""
    return re.search(r"project\(tritonc VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]


def with_cpu() -> bool:
    return os.environ.get("TRITONC_CPU", "ON").upper() not in ("OFF", "0", "FALSE", "NO")


def version(compatible: str | None = None, cpu: bool | None = None, name: str = "triton") -> str:
    """The version of the distribution `name`: `3.6.0+c0.2.0` for triton, `0.2.0` for tritonc."""
    compatible = compatible or os.environ.get("TRITONC_COMPATIBLE") or SERVED[0]
    if compatible not in SERVED:
        sys.exit(f"TRITONC_COMPATIBLE is `{compatible}`; it can be {', '.join(SERVED)}")
    cpu = with_cpu() if cpu is None else cpu
    if name == "triton":
        return f"{compatible}+c{ours()}" + ("" if cpu else ".nocpu")
    label = [] if cpu else ["nocpu"]
    if compatible != SERVED[0]:
        label.append("triton" + compatible)
    return ours() + ("+" + ".".join(label) if label else "")


def dynamic_metadata(field: str, settings: object = None, project: object = None) -> str:
    """scikit-build-core's hook."""
    if field != "version":
        raise RuntimeError(f"only the version is known here, not `{field}`")
    return version()


if __name__ == "__main__":
    print(version(), end="")
