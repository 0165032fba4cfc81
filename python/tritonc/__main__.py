"""`python -m tritonc script.py ...`: a Python program with tritonc as its `triton`."""

from __future__ import annotations

import os
import runpy
import sys

import tritonc

USAGE = """usage: python -m tritonc [-h] (SCRIPT | -m MODULE | -c CODE) [ARGUMENT ...]

Runs a Python program in which `import triton` gives tritonc, whatever else is installed.
The compiler's command is `tritonc`."""


def main(args: list[str]) -> int:
    if not args or args[0] in ("-h", "--help"):
        print(USAGE, file=sys.stdout if args else sys.stderr)
        return 0 if args else 2
    option = args[0] if args[0] in ("-m", "-c") else ""
    if args[0].startswith("-") and not option or option and len(args) < 2:
        what = f"there is no option `{args[0]}`" if not option else f"`{option}` needs an argument"
        print(f"python -m tritonc: {what}\n{USAGE}", file=sys.stderr)
        return 2
    what, rest = (args[1], args[2:]) if option else (args[0], args[1:])
    # Python put the working directory in front for -m: right for -m and -c, but a script has its own folder there.
    if not option and not getattr(sys.flags, "safe_path", False):
        sys.path[0] = os.path.dirname(os.path.realpath(what))
    tritonc.activate()
    sys.argv = [{"-m": "-m", "-c": "-c", "": what}[option], *rest]
    if option == "-m":
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    elif option == "-c":
        exec(compile(what, "<string>", "exec"), {"__name__": "__main__", "__builtins__": __builtins__})
    else:
        if not os.path.exists(what):
            print(f"python -m tritonc: cannot read `{what}`: there is no such file", file=sys.stderr)
            return 2
        runpy.run_path(what, run_name="__main__")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
