# RUN-ARGS: -k kernel -s "*fp32,i32"
import numpy as np
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    tl.store(x_ptr, n * np.pi)
