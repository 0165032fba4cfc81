# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n_elements):
    offsets = tl.arange(0, 128)
    x = tl.load(x_ptr + offsets, mask=offsets < n_elems)
    tl.store(x_ptr + offsets, x)
