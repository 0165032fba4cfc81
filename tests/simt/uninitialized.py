# RUN-ARGS: -s '*fp32,*fp32,64' -a x=uninit:64 -a y=uninit:64 --print y[:1]
# Half of x is written, all of it is read.
import triton
import triton.language as tl


@triton.jit
def read_back(x, y, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(x + at, 1.0, mask=at < 32)
    tl.debug_barrier()
    tl.store(y + at, tl.load(x + at))
