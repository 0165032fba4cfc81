"""Compiling kernels and looking at the result."""

from .compiler import ASTSource, CompiledKernel, IRSource, LazyDict, compile, make_backend, max_shared_mem
from .errors import CompilationError, CompileTimeAssertionFailure, UnsupportedLanguageConstruct

__all__ = [
    "ASTSource",
    "CompilationError",
    "CompileTimeAssertionFailure",
    "CompiledKernel",
    "IRSource",
    "LazyDict",
    "UnsupportedLanguageConstruct",
    "compile",
    "make_backend",
    "max_shared_mem",
]


def __getattr__(name: str) -> object:
    if name == "get_cache_key":
        from ..runtime.cache import get_cache_key

        return get_cache_key
    raise AttributeError(f"module 'triton.compiler' has no attribute {name!r}")
