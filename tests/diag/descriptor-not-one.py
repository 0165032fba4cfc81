# RUN-ARGS: -k kernel -s "*fp32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    x = tl.load_tensor_descriptor(x_ptr, [0, 0])
