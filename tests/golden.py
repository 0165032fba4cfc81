"""The lit formats of golden texts.

Golden: NAME.py (or .mlir) is compiled with the arguments of its first line and must fail with exactly the text of
NAME.expected.
Simulated: it is run on the simulated GPU with these arguments, and NAME.expected is all that the command prints, with
its status.
TRITONC_UPDATE=1 writes the expectation instead; read what it wrote.
"""

import os
import re
import shlex
import subprocess
from pathlib import Path

import lit.formats
import lit.Test


class Golden(lit.formats.FileBasedTest):
    mode = ("--emit", "ttir")

    def result(self, done):
        """What is compared, and whether the command ended as it should."""
        return done.stderr, done.returncode == 1

    def execute(self, test, lit_config):
        path = Path(test.getSourcePath())
        first = path.read_text().partition("\n")[0]
        comment, _, arguments = first.partition(" RUN-ARGS:")
        if comment not in ("#", "//"):
            return lit.Test.UNRESOLVED, "the first line must be `# RUN-ARGS: ...`"
        command = ["tritonc", path.name, *shlex.split(arguments), *self.mode]
        done = subprocess.run(
            command, cwd=path.parent, env=dict(test.config.environment), capture_output=True, text=True, timeout=300
        )
        expected = path.with_suffix(".expected")
        text, ended_well = self.result(done)
        if os.environ.get("TRITONC_UPDATE"):
            expected.write_text(text)
        wanted = expected.read_text() if expected.exists() else ""
        if ended_well and text == wanted:
            return lit.Test.PASS, ""
        return (
            lit.Test.FAIL,
            f"{shlex.join(command)} ended with {done.returncode}\n-- wanted:\n{wanted}\n-- got:\n{text}",
        )


class Simulated(Golden):
    mode = ("--simulate",)

    def result(self, done):
        # how many instructions it took is nobody's promise
        out = re.sub(r"^\d+ instructions of warps, .*\n", "", done.stdout, flags=re.M)
        return f"{out}{done.stderr}exit {done.returncode}\n", True
