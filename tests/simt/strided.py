# RUN-ARGS: -s '*fp32,*fp32,256' -a x=iota:4096 -a y=uninit:256 --print y[:4]
# Every element comes with a sector of its own.
import triton
import triton.language as tl


@triton.jit
def column(x, y, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(y + at, tl.load(x + at * 16))
