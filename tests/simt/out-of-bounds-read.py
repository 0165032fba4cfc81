# RUN-ARGS: -s '*fp32,*fp32,i32,256' --grid 4 -a x=random:1000 -a y=zeros:1024 -a n=1000
# The mask lets one element too many through.
import triton
import triton.language as tl


@triton.jit
def scale(x, y, n, B: tl.constexpr):
    at = tl.program_id(0) * B + tl.arange(0, B)
    tl.store(y + at, 2 * tl.load(x + at, mask=at <= n))
