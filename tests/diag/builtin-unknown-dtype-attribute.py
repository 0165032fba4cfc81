# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    tl.static_assert(x_ptr.dtype.is_pointer())
