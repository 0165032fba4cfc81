# RUN-ARGS: -k kernel -s "*fp16,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    desc = tl.make_tensor_descriptor(x_ptr, [n, n], [n, 1], [16])
