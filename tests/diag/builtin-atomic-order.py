# RUN-ARGS: -k kernel -s "*i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    tl.atomic_add(x_ptr, 1, sem="seq_cst")
