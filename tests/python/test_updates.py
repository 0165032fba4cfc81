"""Atomics on the CPU: on one thread they are plain loads and stores, with the same results; beside other launches they are not."""

import threading

import pytest
import torch
import triton
import triton.language as tl

THREADS = [1, 2]
WHAT = {
    "add": torch.add,
    "max": torch.maximum,
    "min": torch.minimum,
    "xchg": lambda a, v: v,
    "and": torch.bitwise_and,
    "or": torch.bitwise_or,
    "xor": torch.bitwise_xor,
}
INTEGERS = [(name, torch.int32, 1) for name in WHAT] + [("add", torch.int64, 1), ("max", torch.int64, 2)]
FLOATS = [(name, torch.float32, 1) for name in ("add", "max", "min", "xchg")] + [("add", torch.float64, 1)]
HALVES = [("add", torch.float16, 1), ("add", torch.bfloat16, 1), ("add", torch.float16, 2)]


@triton.jit
def update_kernel(P, V, M, OLD, n, WHAT: tl.constexpr, STRIDE: tl.constexpr, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    live = i < n
    v = tl.load(V + i, mask=live, other=0)
    if M is not None:
        live = live & (tl.load(M + i, mask=live, other=0) != 0)
    p = P + i * STRIDE
    if WHAT == "add":
        old = tl.atomic_add(p, v, mask=live)
    elif WHAT == "max":
        old = tl.atomic_max(p, v, mask=live)
    elif WHAT == "min":
        old = tl.atomic_min(p, v, mask=live)
    elif WHAT == "xchg":
        old = tl.atomic_xchg(p, v, mask=live)
    elif WHAT == "and":
        old = tl.atomic_and(p, v, mask=live)
    elif WHAT == "or":
        old = tl.atomic_or(p, v, mask=live)
    else:
        old = tl.atomic_xor(p, v, mask=live)
    if OLD is not None:
        tl.store(OLD + i, old, mask=live)


@pytest.mark.parametrize("what,dtype,threads", INTEGERS + FLOATS + HALVES)
@pytest.mark.parametrize("stride,masked", [(1, False), (1, True), (2, True)])
def test_same_as_one_after_the_other(what, dtype, threads, stride, masked):
    torch.manual_seed(0)
    n = 1000
    p, v = (torch.randint(-100, 100, (k,)).to(dtype) for k in (n * stride, n))
    on = torch.randint(0, 2, (n,)).bool() if masked else torch.ones(n).bool()
    for keeps in (True, False):
        got, old = p.clone(), torch.zeros(n, dtype=dtype) if keeps else None
        update_kernel[(triton.cdiv(n, 64),)](
            got, v, on if masked else None, old, n, what, stride, 64, num_cpu_threads=threads
        )
        expected, before = p.clone(), p[::stride]
        expected[::stride] = torch.where(on, WHAT[what](before, v), before)
        assert torch.equal(got, expected)
        assert old is None or torch.equal(old, torch.where(on, before, torch.zeros_like(before)))


@triton.jit
def scatter_kernel(P, I, V, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(P + tl.load(I + i, mask=i < n, other=0), tl.load(V + i, mask=i < n, other=0), mask=i < n)


@pytest.mark.parametrize("threads", THREADS)
def test_lanes_of_one_element(threads):
    torch.manual_seed(0)
    at, v, p = torch.randint(0, 7, (5000,)), torch.randint(-9, 9, (5000,)), torch.zeros(7, dtype=torch.int64)
    scatter_kernel[(20,)](p, at, v, 5000, BLOCK=256, num_cpu_threads=threads)
    assert torch.equal(p, torch.zeros(7, dtype=torch.int64).index_add_(0, at, v))


@triton.jit
def add_rows_kernel(P, n, far, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.atomic_add(P + far + i, 1, mask=i < n)


def test_beside_other_launches():
    p = torch.zeros(1000, dtype=torch.int32)
    add_rows_kernel[(1,)](p, 1000, 0, BLOCK=1024, num_cpu_threads=1)

    def launches(threads):
        for _ in range(200):
            add_rows_kernel[(20,)](p, 1000, 0, BLOCK=1024, num_cpu_threads=threads)

    workers = [threading.Thread(target=launches, args=(k % 2 + 1,)) for k in range(4)]
    for w in workers:
        w.start()
    for w in workers:
        w.join()
    assert (p == 1 + 4 * 200 * 20).all()


def test_after_a_fault():
    """The launch that ends in the middle of an update leaves nothing behind that others would wait for."""
    p = torch.zeros(1000, dtype=torch.int32)
    for _ in range(2):
        with pytest.raises(Exception, match="unmapped memory"):
            add_rows_kernel[(1,)](p, 1000, 1 << 42, BLOCK=1024, num_cpu_threads=1)
        add_rows_kernel[(4,)](p, 1000, 0, BLOCK=1024, num_cpu_threads=1)
    assert (p == 8).all()
