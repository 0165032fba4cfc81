"""`python -m triton.profiler.proton [options] script.py [arguments]`: profile a whole program, or `pytest ...`."""

from __future__ import annotations

import argparse
import os
import runpy
import sys

from .flags import flags
from .profile import finalize, start


def _run(target: list[str]) -> int:
    if os.path.basename(target[0]) == "pytest":
        import pytest

        return int(pytest.main(target[1:]))
    sys.argv = target
    sys.path.insert(0, os.path.dirname(os.path.abspath(target[0])))
    try:
        runpy.run_path(target[0], run_name="__main__")
    except SystemExit as e:
        return e.code if isinstance(e.code, int) else int(e.code is not None)
    except Exception:
        import traceback

        traceback.print_exc()
        return 1
    return 0


def main(argv: list[str] | None = None) -> int:
    """The command."""
    p = argparse.ArgumentParser(prog="proton", description="Profile a Python program.")
    p.add_argument("-n", "--name", help="of the file, without its ending")
    p.add_argument(
        "-b",
        "--backend",
        choices=["cupti", "events", "events:1", "cpu"],
        help="who measures; by default the best there is",
    )
    p.add_argument("-c", "--context", default="shadow", choices=["shadow", "python"], help="scopes or Python calls")
    p.add_argument("-m", "--mode", help="pcsampling or periodic_flushing")
    p.add_argument("-d", "--data", default="tree", choices=["tree", "trace"], help="sums or every launch")
    p.add_argument("-k", "--hook", choices=["triton"], help="launch_metadata gives names and metrics")
    p.add_argument("target", nargs=argparse.REMAINDER, help="script.py or pytest, and arguments")
    args = p.parse_args(argv)
    if not args.target:
        p.error("a script is needed")
    start(args.name, context=args.context, data=args.data, backend=args.backend, mode=args.mode, hook=args.hook)
    flags.command_line = True  # start() in the script does nothing
    try:
        return _run(args.target)
    finally:
        flags.command_line = False
        finalize()


if __name__ == "__main__":
    sys.exit(main())
