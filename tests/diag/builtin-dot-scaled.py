# RUN-ARGS: -k kernel -s "*u8"
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr):
    a = tl.load(x_ptr + tl.arange(0, 32)[:, None] * 32 + tl.arange(0, 32)[None, :])
    scale = tl.load(x_ptr + tl.arange(0, 32)[:, None] * 4 + tl.arange(0, 4)[None, :])
    b = tl.zeros((64, 32), tl.bfloat16)
    c = tl.dot_scaled(a, scale, "e2m1", b, None, "bf16")
    d = tl.dot_scaled(a, tl.trans(scale), "e2m1", b, None, "bf16")
