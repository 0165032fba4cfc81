"""num_ctas above 1: a program is one program, whatever number of blocks may share it."""

import pytest
import torch
import triton
import triton.language as tl
from targets import on_each

target = on_each("cpu", "cuda:90", "cuda:100", autouse=True)


@triton.jit
def count_kernel(ids, counter, total, x, B: tl.constexpr):
    p = tl.program_id(0)
    tl.store(ids + p, tl.num_programs(0) * 100 + p)
    tl.atomic_add(counter, 1)
    at = tl.arange(0, B)
    v = tl.load(x + p * B + at)
    tl.store(total + p, tl.sum(v))
    tl.store(x + p * B + at, tl.cumsum(v))


@pytest.mark.parametrize("num_ctas", [2, 4, 16])
def test_programs_are_counted_and_whole(num_ctas):
    ids, counter = torch.zeros(3, dtype=torch.int32), torch.zeros(1, dtype=torch.int32)
    x = torch.randint(-99, 99, (3, 512), dtype=torch.int32)
    given, total = x.clone(), torch.zeros(3, dtype=torch.int32)
    count_kernel[(3,)](ids, counter, total, x, B=512, num_ctas=num_ctas, num_warps=2)
    assert ids.tolist() == [300, 301, 302] and counter.item() == 3
    assert torch.equal(total, given.sum(1, dtype=torch.int32)) and torch.equal(x, given.cumsum(1).int())


@triton.jit
def dot_kernel(a, b, c, B: tl.constexpr):
    at = tl.arange(0, B)[:, None] * B + tl.arange(0, B)[None, :]
    old = tl.atomic_cas(c + B * B, 7.0, 8.0)
    tl.store(c + at, tl.dot(tl.load(a + at), tl.load(b + at)) + old)


def test_dot_and_compare_and_swap():
    a, b = torch.randn(64, 64, dtype=torch.float16), torch.randn(64, 64, dtype=torch.float16)
    c = torch.full((64 * 64 + 1,), 7.0)
    dot_kernel[(1,)](a, b, c, B=64, num_ctas=2, num_warps=4)
    torch.testing.assert_close(c[:-1].view(64, 64), a.float() @ b.float() + 7, rtol=1e-3, atol=1e-2)
    assert c[-1] == 8


def test_the_block_has_the_warps_of_all(target):
    if target == "cpu":
        return
    x = torch.zeros(64 * 64 + 1)
    h = dot_kernel.warmup(x, x, x, B=64, grid=(1,), num_ctas=2, num_warps=4)
    assert '"ttg.num-warps" = 8' in h.asm["ttgir"] and h.metadata.num_warps == 8 and h.metadata.num_ctas == 1
    with pytest.raises(ValueError, match="power of 2, 16 at most"):
        dot_kernel.warmup(x, x, x, B=64, grid=(1,), num_ctas=32)
