# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    parts: tl.constexpr = "a,b".splitt(",")
