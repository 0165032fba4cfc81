# RUN-ARGS: -k kernel -s "*fp32,i32"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, n):
    acc = tl.zeros([16], dtype=tl.float32)
    for i in range(n):
        acc = acc[:, None] + tl.zeros([16, 16], dtype=tl.float32)
    tl.store(x_ptr, tl.sum(acc))
