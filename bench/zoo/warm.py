"""A kernel of nothing: what a process pays once is paid with it."""

import triton


@triton.jit
def nothing_kernel(x):
    pass
