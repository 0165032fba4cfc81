"""A pytest plugin (`-p every_option`): every launch of every test with one num_stages and one num_warps.

TRITONC_TEST_OPTIONS="3,8" has each kernel compiled for three stages and eight warps, whatever the test says. With the
simulated GPU, whose reports of races fail a test, that is how pipelining and barriers are tried on kernels that were
not written for it.
"""

import os

import triton

STAGES, WARPS = map(int, os.environ["TRITONC_TEST_OPTIONS"].split(","))


class Launch(triton.runtime.jit.JITFunction):
    """What replaces the launching of a kernel."""

    original = triton.runtime.jit.JITFunction.run

    def run(self, *args: object, grid: object, warmup: bool, **kwargs: object) -> object:
        """Launch with our options."""
        if not warmup:
            kwargs |= {"num_stages": STAGES, "num_warps": WARPS}
        return Launch.original(self, *args, grid=grid, warmup=warmup, **kwargs)

    def __getitem__(self, grid: object) -> object:
        """`kernel[grid]` by way of `run`."""
        return lambda *args, **kwargs: self.run(*args, grid=grid, warmup=False, **kwargs)


triton.runtime.jit.JITFunction.run = Launch.run
triton.runtime.jit.JITFunction.__getitem__ = Launch.__getitem__
