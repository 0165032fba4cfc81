# RUN-ARGS: -s '*i64,*fp32,32' -a index=iota:32 -a out=zeros:1
# An index that is a pointer by mistake.
import triton
import triton.language as tl


@triton.jit
def wild(index, out, B: tl.constexpr):
    at = tl.load(index + tl.arange(0, B))
    tl.store(out + at * 1000000000000, 1.0)
