"""Compiling ahead on other threads: `with triton.AsyncCompileMode(executor): kernel.warmup(...)`."""

from __future__ import annotations

import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

#: The mode that the calling thread is in.
active_mode = threading.local()


class FutureKernel:
    """A kernel that is being compiled.

    Parameters
    ----------
    finalize_compile : callable
        Called with the kernel, once, when it is there and somebody asks for it.
    cleanup_compile : callable
        Called once when the compile has failed.
    future : concurrent.futures.Future
        The compile.
    """

    def __init__(self, finalize_compile: Callable, cleanup_compile: Callable, future: Future | None = None) -> None:
        if future is None:  # 3.6: (finalize_compile, future)
            cleanup_compile, future = (lambda: None), cleanup_compile
        self.finalize_compile = finalize_compile
        self.cleanup_compile = cleanup_compile
        self.kernel: object = None
        self.future = future
        self._lock = threading.RLock()

    def result(self, ignore_errors: bool = False) -> object:
        """The kernel, when it is compiled; None where that failed and errors are ignored."""
        if self.kernel is not None:
            return self.kernel
        with self._lock:
            if self.kernel is not None:
                return self.kernel
            try:
                kernel = self.future.result()
            except Exception:
                self.cleanup_compile()
                if ignore_errors:
                    return None
                raise
            self.finalize_compile(kernel)
            self.kernel = kernel
        return kernel

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self.result(), name)


class AsyncCompileMode:
    """While it lasts, compiles of this thread are given to an executor.

    Parameters
    ----------
    executor : concurrent.futures.Executor
        Where compiles run; threads are enough, they do not hold Python's lock.
    ignore_errors : bool
        At the end, leave errors of compiles alone; whoever needs the kernel meets them.
    """

    def __init__(self, executor: Executor, *, ignore_errors: bool = False) -> None:
        self.executor = executor
        self.ignore_errors = ignore_errors
        self.raw_futures: list[Future] = []
        self.future_kernels: dict[object, FutureKernel] = {}

    def submit(
        self, key: object, compile_fn: Callable, finalize_fn: Callable, cleanup_fn: Callable | None = None
    ) -> FutureKernel:
        """Compile under a key, unless that is being done."""
        known = self.future_kernels.get(key)
        if known is not None:
            return known
        future = self.executor.submit(compile_fn)
        future._key = key
        self.raw_futures.append(future)
        kernel = FutureKernel(finalize_fn, cleanup_fn or (lambda: None), future)
        self.future_kernels[key] = kernel
        return kernel

    def __enter__(self) -> AsyncCompileMode:
        if getattr(active_mode, "mode", None) is not None:
            raise RuntimeError("Another AsyncCompileMode is already active")
        active_mode.mode = self
        return self

    def __exit__(self, *exception: object) -> None:
        active_mode.mode = None
        from concurrent.futures import as_completed

        for future in as_completed(self.raw_futures):
            self.future_kernels[future._key].result(self.ignore_errors)


def current_mode() -> AsyncCompileMode | None:
    """The mode that the calling thread is in, or None."""
    return getattr(active_mode, "mode", None)
