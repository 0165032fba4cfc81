"""More of the language: `tl.extra.libdevice`, `tl.extra.cuda`."""

__triton_builtin__ = "tl.extra"


def __getattr__(name: str) -> object:
    if name in ("libdevice", "cuda"):
        import importlib

        return importlib.import_module(f"triton.language.extra.{name}")
    raise AttributeError(f"module 'triton.language.extra' has no attribute {name!r}")
