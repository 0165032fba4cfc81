# RUN-ARGS: -s '*i32,64' --debug -a x=iota:64
# What a kernel asserts.
import triton
import triton.language as tl


@triton.jit
def check(x, B: tl.constexpr):
    v = tl.load(x + tl.arange(0, B))
    tl.device_assert(v < 40, "too big")
    tl.store(x + tl.arange(0, B), -v)
