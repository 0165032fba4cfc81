# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    block = tl.make_block_ptr(x_ptr, (n,), (1,), (0,), (16,), (0,))
    x = tl.load(block, boundary_check=(1,))
