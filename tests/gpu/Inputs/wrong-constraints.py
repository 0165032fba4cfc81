import triton
import triton.language as tl


@triton.jit
def twice(x):
    a = tl.load(x + tl.arange(0, 64))
    r = tl.inline_asm_elementwise("add.f32 $0, $1, $1;", "=f,q", [a], tl.float32, True, 1)
    tl.store(x + tl.arange(0, 64), r)


@triton.jit
def kernel(x):
    twice(x)
