"""Fixtures that run a module's tests on several targets: "cpu"; a simulated GPU, "cuda:90", whose reports of races and
uninitialized reads end a launch; "", which is where the whole run of tests takes place (tests/run.py)."""

import pytest
from triton.runtime.interpreter import InterpretedFunction


def choose(target, monkeypatch):
    if target == "cpu":
        monkeypatch.delenv("TRITONC_SIMULATE", raising=False)
    elif target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)


def on_each(*targets, autouse=False):
    @pytest.fixture(params=targets, autouse=autouse)
    def target(request, monkeypatch):
        choose(request.param, monkeypatch)
        return request.param

    return target


def run_on_each(*targets):
    """The fixture launches one program of a kernel; "interpreter" is one of the targets."""

    @pytest.fixture(params=targets)
    def run(request, monkeypatch):
        def launch(kernel, *args, **options):
            if request.param == "interpreter":
                return InterpretedFunction(kernel)[(1,)](*args)
            choose(request.param, monkeypatch)
            return kernel[(1,)](*args, **options)

        return launch

    return run
