# RUN-ARGS: -s '*fp32,64' -a x=iota:257 --grid 4
# A row is shifted in place: the first element of a program's part is what the program before it reads.
import triton
import triton.language as tl


@triton.jit
def shift(x, B: tl.constexpr):
    at = x + tl.program_id(0) * B + tl.arange(0, B)
    tl.store(at, tl.load(at + 1))
