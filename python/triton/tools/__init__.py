"""Things around kernels."""


def __getattr__(name: str) -> object:
    if name == "LinearLayout":
        from .._linear_layout import LinearLayout

        return LinearLayout
    if name == "disasm":
        import importlib

        return importlib.import_module("triton.tools.disasm")
    raise AttributeError(f"module 'triton.tools' has no attribute {name!r}")
