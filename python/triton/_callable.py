"""What kernels and the functions they call have in common."""

from ._C import libtriton as _C


class JITCallable(_C.JITCore):
    """A function whose source is compiled: what kernels and the functions they call have in common."""

    __module__ = "triton.runtime.jit"
