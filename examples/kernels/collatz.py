"""Loops that end by the data: how many steps the Collatz sequence takes to reach 1."""

import torch
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def collatz_kernel(start_ptr, steps_ptr, n):
    i = tl.program_id(0)
    if i >= n:
        return
    x = tl.load(start_ptr + i)
    steps = 0
    while x != 1:
        if x % 2 == 0:
            x = x // 2
        else:
            x = 3 * x + 1
        steps += 1
    tl.store(steps_ptr + i, steps)


@triton.jit
def collatz_block_kernel(start_ptr, steps_ptr, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(start_ptr + at, mask=at < n, other=1)
    steps = tl.zeros([BLOCK], tl.int32)
    while tl.max((x != 1).to(tl.int32), 0) > 0:
        going = x != 1
        x = tl.where(going, tl.where(x % 2 == 0, x // 2, 3 * x + 1), x)
        steps += going.to(tl.int32)
    tl.store(steps_ptr + at, steps, mask=at < n)


def collatz(start, block=0):
    """Steps to 1 from each start; a program an element, or a block of them in lockstep."""
    steps = torch.empty(start.shape, dtype=torch.int32)
    n = start.numel()
    if block:
        collatz_block_kernel[(triton.cdiv(n, block),)](start, steps, n, BLOCK=block)
    else:
        collatz_kernel[(n + 3,)](start, steps, n)
    return steps


def reference(start):
    x, steps = start.clone(), torch.zeros_like(start)
    while (going := x != 1).any():
        x = torch.where(going, torch.where(x % 2 == 0, x // 2, 3 * x + 1), x)
        steps += going
    return steps


def cases():
    start = torch.randint(1, 100000, (1000,))
    yield Case("Collatz", "1000 i64", lambda: collatz(start), lambda: reference(start), None, 0)
    yield Case("Collatz in blocks", "1000 i64", lambda: collatz(start, 128), lambda: reference(start), None, 0)


if __name__ == "__main__":
    show(cases())
