"""The README's first kernel: with NumPy alone, on the CPU."""

import numpy as np
import triton
import triton.language as tl


@triton.jit
def add_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, x + y, mask=mask)


x, y = (np.random.rand(100_000).astype(np.float32) for _ in range(2))
out = np.empty_like(x)
kernel = add_kernel[(triton.cdiv(x.size, 1024),)](x, y, out, x.size, BLOCK=1024)
print("right" if np.array_equal(out, x + y) else "wrong", "in", kernel)
