# RUN-ARGS: -k kernel -s "*fp32,i32,0"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n, BLOCK: tl.constexpr):
    tl.store(x_ptr + n // 8 * (64 // BLOCK), 0.0)
