"""The lit format of golden diagnostics.

NAME.py is compiled with the arguments of its first line and must fail with exactly the text of NAME.expected.
TRITONC_UPDATE=1 writes the expectation instead; read what it wrote.
"""

import os
import shlex
import subprocess
from pathlib import Path

import lit.formats
import lit.Test


class Golden(lit.formats.FileBasedTest):
    def execute(self, test, lit_config):
        path = Path(test.getSourcePath())
        first = path.read_text().partition("\n")[0]
        if not first.startswith("# RUN-ARGS:"):
            return lit.Test.UNRESOLVED, "the first line must be `# RUN-ARGS: ...`"
        command = ["tritonc", path.name, *shlex.split(first.removeprefix("# RUN-ARGS:")), "--emit", "ttir"]
        done = subprocess.run(
            command, cwd=path.parent, env=dict(test.config.environment), capture_output=True, text=True, timeout=60
        )
        expected = path.with_suffix(".expected")
        if os.environ.get("TRITONC_UPDATE"):
            expected.write_text(done.stderr)
        wanted = expected.read_text() if expected.exists() else ""
        if done.returncode == 1 and done.stderr == wanted:
            return lit.Test.PASS, ""
        return (
            lit.Test.FAIL,
            f"{shlex.join(command)} ended with {done.returncode}\n-- wanted:\n{wanted}\n-- got:\n{done.stderr}",
        )
