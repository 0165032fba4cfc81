# RUN-ARGS: -k kernel -s "*fp32,64"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, BLOCK: tl.constexpr):
    a = tl.zeros((BLOCK / 2,), tl.float32)
