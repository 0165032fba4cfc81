# RUN-ARGS: -s '*fp32,*fp32,1024' -a x=iota:1024 -a y=uninit:1024 --print y[:4]
# All threads of a warp ask one bank.
import triton
import triton.language as tl


@triton.jit
def same_bank(x, y, B: tl.constexpr):
    at = tl.arange(0, B)
    v = tl.load(x + at)
    tl.store(y + at, tl.gather(v, at * 32 % B, 0))
