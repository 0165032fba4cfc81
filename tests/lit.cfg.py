"""Text tests: IR files and diagnostics, each with its expectation inside or beside it."""

import os
import sys

import lit.formats

sys.path.insert(0, os.path.dirname(__file__))  # golden.py

config.name = "tritonc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["lit.cfg.py", "python", "examples", "c", "fuzz"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.test_source_root, "..", "build", "lit")
config.environment["TRITONC_VERIFY"] = "1"
for name in ("PATH", "TRITON_CACHE_DIR", "HOME"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
