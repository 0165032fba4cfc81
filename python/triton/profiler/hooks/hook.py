"""Hooks of sessions, and who calls them."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Hook:
    """What a session may have called around every launch. Those of higher priority are entered first and left last."""

    priority: int = 0

    def init_handle(self, module: Any, function: Any, name: str, metadata_group: dict[str, str], hash: str) -> None:
        """A kernel was loaded."""
        raise NotImplementedError

    def destroy_handle(self, module: Any, function: Any, name: str, metadata_group: dict[str, str], hash: str) -> None:
        """A kernel is unloaded."""

    def enter(self, metadata: Any) -> None:
        """Before a launch."""
        raise NotImplementedError

    def exit(self, metadata: Any) -> None:
        """After a launch."""
        raise NotImplementedError

    def activate(self) -> None:
        """The first session that has this hook is active."""
        raise NotImplementedError

    def deactivate(self) -> None:
        """No session that has this hook is active any more."""
        raise NotImplementedError


class HookManager:
    """Which hooks are called: those of active sessions, each once."""

    active_hooks: list[Hook] = []
    session_hooks: dict[int, dict[Hook, bool]] = {}

    @staticmethod
    def init_handle(module: Any, function: Any, name: str, metadata_group: dict[str, str], hash: str) -> None:
        for hook in list(HookManager.active_hooks):
            hook.init_handle(module, function, name, metadata_group, hash)

    @staticmethod
    def destroy_handle(module: Any, function: Any, name: str, metadata_group: dict[str, str], hash: str) -> None:
        for hook in HookManager.active_hooks[::-1]:
            hook.destroy_handle(module, function, name, metadata_group, hash)

    @staticmethod
    def enter(metadata: Any) -> None:
        for hook in list(HookManager.active_hooks):
            hook.enter(metadata)

    @staticmethod
    def exit(metadata: Any) -> None:
        for hook in HookManager.active_hooks[::-1]:
            hook.exit(metadata)

    @staticmethod
    def register(hook: Hook, session: int) -> None:
        """Give a session a hook."""
        HookManager.session_hooks.setdefault(session, {})[hook] = True
        HookManager._update()

    @staticmethod
    def _set(session: int | None, active: bool) -> None:
        for number, hooks in HookManager.session_hooks.items():
            if session is None or number == session:
                hooks.update(dict.fromkeys(hooks, active))
        HookManager._update()

    @staticmethod
    def activate(session: int | None = None) -> None:
        HookManager._set(session, True)

    @staticmethod
    def deactivate(session: int | None = None) -> None:
        HookManager._set(session, False)

    @staticmethod
    def unregister(session: int | None = None) -> None:
        """A session, or all of them, is over."""
        if session is None:
            HookManager.session_hooks.clear()
        else:
            HookManager.session_hooks.pop(session, None)
        HookManager._update()

    @staticmethod
    def _update() -> None:
        wanted = {hook for hooks in HookManager.session_hooks.values() for hook, active in hooks.items() if active}
        before = HookManager.active_hooks
        for hook in before:
            if hook not in wanted:
                hook.deactivate()
        for hook in wanted:
            if hook not in before:
                hook.activate()
        HookManager.active_hooks = sorted(wanted, key=lambda hook: -hook.priority)
        HookManager._install(bool(wanted))

    @staticmethod
    def _install(wanted: bool) -> None:
        from ... import knobs

        chains = {
            "kernel_load_end_hook": HookManager.init_handle,
            "kernel_unload_hook": HookManager.destroy_handle,
            "launch_enter_hook": HookManager.enter,
            "launch_exit_hook": HookManager.exit,
        }
        for name, call in chains.items():
            chain = getattr(knobs.runtime, name)
            if wanted:
                chain.add(call)
            else:
                chain.remove(call)
