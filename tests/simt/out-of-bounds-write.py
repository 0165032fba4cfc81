# RUN-ARGS: -s '*i16,*i16,i32,256' -t cuda:80 -a x=iota:256 -a y=zeros:200 -a n=200
# The store forgot its mask.
import triton
import triton.language as tl


@triton.jit
def copy(x, y, n, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(y + at, tl.load(x + at, mask=at < n))
