# RUN-ARGS: -s '*fp32,*fp32,64' -a out=uninit:64
# An argument that the kernel does not have.
import triton
import triton.language as tl


@triton.jit
def copy(x, out_ptr, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.store(out_ptr + at, tl.load(x + at))
