import triton
import triton.language as tl


@triton.jit
def helper(a):
    return tl.inline_asm_elementwise("foo", "=r,r", [a], dtype=tl.int32, is_pure=True, pack=1)


@triton.jit
def kernel(x, o):
    i = tl.arange(0, 16)
    tl.store(o + i, helper(tl.load(x + i)))
