# RUN-ARGS: -s '*fp32,*fp32,*fp32,i32,256' --grid 4 -a x=1000 -a y=iota:1000 -a z=uninit:1000 -a n=1000 --print z[:4]
# Nothing wrong, nothing to waste: the counts and the elements asked for.
import triton
import triton.language as tl


@triton.jit
def add(x, y, z, n, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(z + at, tl.load(x + at, mask=at < n) + tl.load(y + at, mask=at < n), mask=at < n)
