# RUN-ARGS: -k outer -s '*fp32,*fp32,64' -a x=100 -a z=uninit:64 --print z[:2]
# The mistake is in a function that the kernel calls.
import triton
import triton.language as tl


@triton.jit
def fetch(p, at):
    return tl.load(p + at)


@triton.jit
def outer(x, z, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(z + at, fetch(x, at) + fetch(x, 2 * at))
