"""The long run of random programs (./dev fuzz --night): it goes on where its file says, and counts each program once."""

import json
import os
import subprocess
import sys
from pathlib import Path

GENERATOR = Path(__file__).parents[1] / "generator"


def night(path, *more):
    command = [sys.executable, str(GENERATOR), "--night", str(path), "--jobs", "1", *more]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(path.read_text())


def test_a_run_that_was_stopped_goes_on(tmp_path):
    path = tmp_path / "night.json"
    out, first = night(path, "--seed", "70000", "--count", "8", "--targets", "simt:90")
    assert "8 of 8 programs" in out
    assert (first["done"], first["failed"], first["seed"], first["targets"]) == (8, [], 70000, ["simt:90"])
    path.write_text(json.dumps(first | {"count": 12, "seconds": 100.0}))  # as if it had been stopped at 8 of 12
    out, second = night(path, "--count", "5", "--seed", "3")  # what it was begun with stays
    assert "4 programs from seed 70000, 0 wrong" in out
    assert second["done"] == 12
    assert second["seconds"] > 100
    out, third = night(path)
    assert "0 programs from seed 70000" in out
    assert third["done"] == 12
