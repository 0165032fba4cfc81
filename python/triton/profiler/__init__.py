"""Where a program's time goes: kernels and scopes in a tree, with what they moved and computed.

`start`, run, `finalize`; `python -m triton.profiler.viewer -m time/ms proton.hatchet` shows the tree.
"""

from __future__ import annotations

from . import context, data, mode, specs
from .profile import DEFAULT_PROFILE_NAME, activate, configure_runtime, deactivate, finalize, profile, start
from .scope import cpu_timed_scope, enter_scope, exit_scope, scope
from .state import enter_state, exit_state, metadata_state, state

__all__ = [
    "DEFAULT_PROFILE_NAME",
    "activate",
    "configure_runtime",
    "context",
    "cpu_timed_scope",
    "data",
    "deactivate",
    "enter_scope",
    "enter_state",
    "exit_scope",
    "exit_state",
    "finalize",
    "metadata_state",
    "mode",
    "profile",
    "scope",
    "specs",
    "start",
    "state",
]
