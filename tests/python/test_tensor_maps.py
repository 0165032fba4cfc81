"""Tensor descriptors as tensor maps: what a simulated GPU with a copy engine does, and what it makes of the kernels."""

import itertools

import pytest
import torch
import triton
import triton.language as tl
from dtypes import DEVICE
from targets import on_each
from triton.tools.tensor_descriptor import TensorDescriptor

TARGET = "simt:90"


def given(x, block, **more):
    return TensorDescriptor.from_tensor(x, list(block), **more)


def code(kernel, *args, stage="ttgir", **options):
    """Runs the kernel on the simulated GPU and gives back a stage of it."""
    return kernel.run(*args, grid=(1,), warmup=False, **options).asm[stage]


simulated = on_each("cuda:90", autouse=True)


@triton.jit
def copy1(x, y, at):
    y.store([0], x.load([at]))


@triton.jit
def copy2(x, y, at):
    y.store([0, 0], x.load([at, 16]))


@triton.jit
def copy3(x, y, at):
    y.store([0, 0, 0], x.load([1, at, 16]))


@triton.jit
def copy4(x, y, at):
    y.store([0, 0, 0, 0], x.load([0, 1, at, 16]))


@triton.jit
def copy5(x, y, at):
    y.store([0, 0, 0, 0, 0], x.load([0, 0, 1, at, 16]))


@pytest.mark.parametrize(
    "kernel, shape, block",
    [
        (copy1, [80], [64]),
        (copy1, [1500], [1024]),
        (copy2, [37, 48], [16, 32]),
        (copy2, [37, 272], [4, 256]),
        (copy2, [37, 528], [2, 512]),
        (copy2, [300, 32], [512, 16]),
        (copy2, [100, 400], [64, 256]),
        (copy3, [3, 20, 48], [2, 16, 32]),
        (copy4, [2, 3, 12, 48], [2, 2, 8, 32]),
        (copy5, [2, 1, 3, 12, 48], [2, 1, 2, 8, 32]),
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.int8, torch.int64], ids=str)
def test_ranks_and_shapes(kernel, shape, block, dtype):
    n = torch.tensor(shape).prod().item()
    x = (torch.arange(n) % 113).to(dtype).reshape(shape)
    y = torch.full(block, 7, dtype=dtype)
    at = 48 if len(shape) == 1 else 8
    text = code(kernel, given(x, block), given(y, block), at)
    offset = [*([[], [], [1], [0, 1], [0, 0, 1]][len(shape) - 1]), *([at] if len(shape) == 1 else [at, 16])]
    want = torch.zeros(block, dtype=dtype)
    inside = x[tuple(slice(a, a + b) for a, b in zip(offset, block, strict=True))]
    want[tuple(slice(0, k) for k in inside.shape)] = inside
    assert torch.equal(y, want)
    whole = want.numel() * want.element_size() <= 128 << 10
    assert ("ttng.async_tma_copy_global_to_local" in text) == whole
    assert ("ttng.async_tma_copy_local_to_global" in text) == whole


@pytest.mark.parametrize("at", [1, 7, -3, 60])
def test_last_coordinates_between_steps(at):
    """The engine takes last coordinates on steps of 16 bytes only: others are accessed by pointers."""
    x, y = torch.arange(1.0, 81), torch.full((64,), 7.0)
    text = code(copy1, given(x, [64]), given(y, [64]), at)
    inside = x[max(at, 0) : at + 64]
    want = torch.zeros(64)
    want[max(-at, 0) :][: len(inside)] = inside
    assert torch.equal(y, want)
    assert "ttng.async_tma_copy_global_to_local" not in text
    assert "ttng.async_tma_copy_local_to_global" in text


@triton.jit
def matmul(a, b, c, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, TRANSPOSED: tl.constexpr):
    m, n = tl.program_id(0) * BM, tl.program_id(1) * BN
    acc = tl.zeros((BM, BN), tl.float32)
    for k in range(0, K, BK):
        x = a.load([m, k])
        y = b.load([n, k]).T if TRANSPOSED else b.load([k, n])
        acc = tl.dot(x, y, acc)
    c.store([m, n], acc.to(c.dtype))


@triton.jit
def beginning_kernel(p, x, how: tl.constexpr):
    d = tl.make_tensor_descriptor(p, [38, 128], [128, 1], [16, 64])
    v = tl.arange(0, 16)[:, None] * 64 + tl.arange(0, 64)[None, :] + 1.0
    if how == "store":
        d.store([(x & 63) - 16, 64], v)
    elif how == "add":
        d.atomic_add([-3, 0], v)
    elif how == "load":
        tl.store(p + tl.arange(0, 16)[:, None] * 128 + tl.arange(0, 64)[None, :], d.load([x, 0]) + 1)
    else:
        d.store([x, 64], v)


@pytest.mark.parametrize(("how", "x", "row", "column", "bulk"), [
    ("store", 3, -13, 64, False), ("store", 20, 4, 64, False), ("add", 1, -3, 0, False), ("unknown", 30, 30, 64, True),
])  # fmt: skip
def test_what_is_stored_begins_inside(how, x, row, column, bulk):
    """For the copy engine it has to: a negative coordinate of a store is an illegal instruction."""
    p, want = torch.zeros(38, 128, device=DEVICE), torch.zeros(38, 128)
    text = code(beginning_kernel, p, x, how)
    assert ("async_tma_copy" in text or "async_tma_reduce" in text) == bulk
    first, last = max(row, 0), min(row + 16, 38)
    v = torch.arange(16)[:, None] * 64 + torch.arange(64) + 1.0
    want[first:last, column : column + 64] = v[first - row : last - row]
    assert torch.equal(p.cpu(), want)


def test_loads_begin_anywhere_and_stores_are_reported():
    p = torch.ones(38, 128, device=DEVICE)
    code(beginning_kernel, p, -3, "load")
    assert torch.equal(p[:16, :64].cpu(), 1 + (torch.arange(16) >= 3)[:, None] * torch.ones(64))
    if DEVICE == "cpu":  # a GPU's context would be lost
        with pytest.raises(RuntimeError, match="begins at a negative coordinate"):
            code(beginning_kernel, p, -3, "unknown")


@pytest.mark.parametrize("stages", [1, 2, 3, 4])
@pytest.mark.parametrize("transposed", [False, True], ids=["kn", "nk"])
@pytest.mark.parametrize("blocks", [(64, 64, 32), (32, 32, 32), (128, 64, 64)], ids=str)
def test_loops_into_products(stages, transposed, blocks):
    bm, bn, bk = blocks
    m, n, k = 104, 72, 168
    a, c = torch.randn(m, k).half(), torch.empty(m, n).half()
    b = torch.randn((n, k) if transposed else (k, n)).half()
    compiled = matmul[(triton.cdiv(m, bm), triton.cdiv(n, bn))](
        given(a, (bm, bk)),
        given(b, (bn, bk) if transposed else (bk, bn)),
        given(c, (bm, bn)),
        k,
        *blocks,
        transposed,
        num_stages=stages,
    )
    torch.testing.assert_close(c.float(), a.float() @ (b.float().T if transposed else b.float()), atol=2e-2, rtol=2e-2)
    text = compiled.asm["ttgir"]
    loop = text[text.index("scf.for") :]
    assert "ttng.wait_barrier" in loop and "tt.load" not in text and "cp.async" not in text
    if stages > 1 and bm >= 64:
        assert f"memdesc<{stages}x{bm}x{bk}xf16" in text
        assert (
            "isAsync = true" in loop
            and "local_load" not in loop
            and "fence_async_shared" not in loop.split("scf.yield")[0]
        )


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32, torch.int8, torch.float8_e4m3fn], ids=str)
def test_products_of_every_type(dtype):
    m, n, k = 64, 64, 96
    a, b = (torch.randint(-4, 5, s).to(dtype) for s in ((m, k), (n, k)))
    c = torch.empty(m, n)
    matmul_any[(1,)](given(a, (64, 32)), given(b, (64, 32)), given(c, (64, 64)), k, 64, 64, 32, dtype == torch.int8)
    assert torch.equal(c, a.float() @ b.float().T)


@triton.jit
def matmul_any(a, b, c, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, INT: tl.constexpr):
    acc = tl.zeros((BM, BN), tl.int32 if INT else tl.float32)
    for k in range(0, K, BK):
        acc = tl.dot(a.load([0, k]), b.load([0, k]).T, acc)
    c.store([0, 0], acc.to(tl.float32))


@triton.jit
def persistent(a, b, c, M, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, PROGRAMS: tl.constexpr):
    ad = tl.make_tensor_descriptor(a, [M, K], [K, 1], [BM, BK])
    bd = tl.make_tensor_descriptor(b, [N, K], [K, 1], [BN, BK])
    cd = tl.make_tensor_descriptor(c, [M, N], [N, 1], [BM, BN])
    columns = tl.cdiv(N, BN)
    for tile in tl.range(tl.program_id(0), tl.cdiv(M, BM) * columns, PROGRAMS, flatten=True):
        m, n = tile // columns * BM, tile % columns * BN
        acc = tl.zeros((BM, BN), tl.float32)
        for k in range(tl.cdiv(K, BK)):
            acc = tl.dot(ad.load([m, k * BK]), bd.load([n, k * BK]).T, acc)
        cd.store([m, n], acc.to(tl.float16))


@pytest.mark.parametrize("stages", [1, 3])
def test_persistent(stages):
    """The rings are made, used and given up once for each tile; the descriptors are made at launch."""
    m, n, k = 136, 208, 136
    a, b, c = torch.randn(m, k).half(), torch.randn(n, k).half(), torch.empty(m, n).half()
    compiled = persistent[(2,)](a, b, c, m, n, k, 64, 64, 64, 2, num_stages=stages)
    torch.testing.assert_close(c.float(), a.float() @ b.float().T, atol=2e-2, rtol=2e-2)
    text = compiled.asm["ttgir"]
    assert text.count("tt.tensor_map = ") == 3 and "tt.make_tensor_descriptor" not in text


@pytest.mark.parametrize("columns", [52, 50, 49])
def test_what_lies_behind_a_row_is_kept(columns):
    """The engine's stores go on to the end of 16 bytes: they are used where rows end there, as 52 float32 do."""
    x, y = torch.randn(16, 32), torch.zeros(37, 52)
    compiled = copy2[(1,)](
        TensorDescriptor.from_tensor(torch.nn.functional.pad(x, (16, 0)), [16, 32]),
        TensorDescriptor(y, [33, columns], [52, 1], [16, 32]),
        0,
    )
    assert torch.equal(y[:16, :32], x) and not y[16:].any() and not y[:, 32:].any()
    assert ("ttng.async_tma_copy_local_to_global" in compiled.asm["ttgir"]) == (columns == 52)
    assert "ttng.async_tma_copy_global_to_local" in compiled.asm["ttgir"]


@pytest.mark.parametrize("n", [64, 50])
def test_rows_of_a_size_that_the_kernel_is_given(n):
    m, k = 64, 64
    a, b, c = torch.randn(m, k).half(), torch.randn(n, k).half(), torch.full((m, 64), 7.0).half()
    compiled = ragged[(1,)](a, b, c, n, 64, 64, 64)
    torch.testing.assert_close(c[:, :n].float(), a.float() @ b.float().T, atol=2e-2, rtol=2e-2)
    assert (c[:, n:] == 7).all()
    assert ("ttng.async_tma_copy_local_to_global" in compiled.asm["ttgir"]) == (n == 64)


@triton.jit
def ragged(a, b, c, n, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    x = tl.make_tensor_descriptor(a, [M, K], [K, 1], [M, K])
    y = tl.make_tensor_descriptor(b, [n, K], [K, 1], [N, K])
    z = tl.make_tensor_descriptor(c, [M, n], [N, 1], [M, N])
    z.store([0, 0], tl.dot(x.load([0, 0]), y.load([0, 0]).T).to(tl.float16))


@triton.jit
def attention(q, k, v, o, S, BM: tl.constexpr, BN: tl.constexpr, D: tl.constexpr):
    x = q.load([tl.program_id(0) * BM, 0])
    most, total = tl.full([BM], float("-inf"), tl.float32), tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    for n in range(0, S, BN):
        s = tl.dot(x, k.load([n, 0]).T)
        now = tl.maximum(most, tl.max(s, 1))
        p, f = tl.exp(s - now[:, None]), tl.exp(most - now)
        total = total * f + tl.sum(p, 1)
        acc = tl.dot(p.to(tl.float16), v.load([n, 0]), acc * f[:, None])
        most = now
    o.store([tl.program_id(0) * BM, 0], acc / total[:, None])


@pytest.mark.parametrize("stages", [1, 2, 3])
def test_attention(stages):
    """Two rings in one loop: each is waited for where its block is used."""
    q, k, v = (torch.randn(128, 64).half() for _ in range(3))
    o = torch.empty(128, 64)
    compiled = attention[(2,)](
        given(q, (64, 64)),
        given(k, (32, 64)),
        given(v, (32, 64)),
        given(o, (64, 64)),
        128,
        64,
        32,
        64,
        num_stages=stages,
    )
    want = torch.softmax(q.float() @ k.float().T, 1) @ v.float()
    torch.testing.assert_close(o, want, atol=2e-2, rtol=2e-2)
    text = compiled.asm["ttgir"]
    loop = text[text.index("scf.for") :]
    assert loop.count("ttng.wait_barrier") >= 2
    assert stages == 1 or "fence_async_shared" not in loop[: loop.index("scf.yield")]


@triton.jit
def running_sum(x, y, N, BM: tl.constexpr, BN: tl.constexpr):
    """Loads that feed no product, in a loop that stores what it loads later: no copy may run ahead of that."""
    for i in range(N):
        v = x.load([i * BM, 0])
        y.store([i * BM, 0], v + y.load([(i - 1) * BM, 0]))


@pytest.mark.parametrize("stages", [1, 3])
def test_what_a_loop_stores_it_may_load(stages):
    x = torch.randn(64, 32)
    y = torch.zeros(64, 32)
    running_sum[(1,)](given(x, (8, 32)), given(y, (8, 32)), 8, 8, 32, num_stages=stages)
    torch.testing.assert_close(y, x.reshape(8, 8, 32).cumsum(0).reshape(64, 32))


@triton.jit
def chosen(a, b, y, which):
    d = a if which > 0 else b
    i = 0
    while i < 2:
        y.store([i * 8, 0], helper(d, i))
        i += 1


@triton.jit
def helper(d, i):
    return d.load([i * 8, 0]) * 2


@pytest.mark.parametrize("which", [0, 1])
def test_branches_loops_and_calls(which):
    a, b, y = torch.randn(16, 32), torch.randn(16, 32), torch.empty(16, 32)
    text = code(chosen, given(a, (8, 32)), given(b, (8, 32)), given(y, (8, 32)), which)
    assert torch.equal(y, 2 * (a if which else b))
    assert "ttng.async_tma_copy_global_to_local" in text


@triton.jit
def padded(x, y):
    y.store([0, 0], x.load([0, 48]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_nan_outside(dtype):
    x, y = torch.randn(16, 64, dtype=dtype), torch.zeros(16, 32, dtype=dtype)
    padded[(1,)](given(x, (16, 32), padding="nan"), given(y, (16, 32)))
    assert torch.equal(y[:, :16], x[:, 48:]) and y[:, 16:].isnan().all()


@triton.jit
def reduced(x, y, OP: tl.constexpr):
    v = x.load([0, 0])
    if OP == "add":
        y.atomic_add([4, 8], v)
    elif OP == "min":
        y.atomic_min([4, 8], v)
    elif OP == "max":
        y.atomic_max([4, 8], v)
    elif OP == "and":
        y.atomic_and([4, 8], v)
    elif OP == "or":
        y.atomic_or([4, 8], v)
    else:
        y.atomic_xor([4, 8], v)


OPS = {
    "add": torch.add,
    "min": torch.minimum,
    "max": torch.maximum,
    "and": torch.bitwise_and,
    "or": torch.bitwise_or,
    "xor": torch.bitwise_xor,
}


@pytest.mark.parametrize(
    "dtype, op",
    [
        *itertools.product([torch.int32], OPS),
        *itertools.product([torch.int64], ["min", "max"]),
        *itertools.product([torch.float16, torch.bfloat16], ["add", "min", "max"]),
        (torch.float32, "add"),
    ],
    ids=str,
)
def test_reductions(dtype, op):
    x, y = (torch.randint(-50, 50, s).to(dtype) for s in ((8, 16), (9, 20 if dtype.itemsize >= 4 else 24)))
    want = y.clone()
    part = (slice(4, 9), slice(8, min(24, y.shape[1])))
    want[part] = OPS[op](want[part], x[: want[part].shape[0], : want[part].shape[1]])
    text = code(reduced, given(x, (8, 16)), given(y, (8, 16)), op)
    assert torch.equal(y, want)
    assert f"ttng.async_tma_reduce {op}" in text


@pytest.mark.parametrize("op", ["and", "or", "xor"])
def test_reductions_that_the_engine_does_not_have(op):
    x, y = torch.randint(-50, 50, (8, 16)), torch.randint(-50, 50, (16, 32))
    want = y.clone()
    want[4:12, 8:24] = OPS[op](want[4:12, 8:24], x)
    text = code(reduced, given(x, (8, 16)), given(y, (8, 16)), op)
    assert torch.equal(y, want) and "async_tma_reduce" not in text


@triton.jit
def mixed(x, y, N: tl.constexpr):
    """The same memory by ordinary stores and by a descriptor: no tensor map."""
    d = tl.make_tensor_descriptor(x, [N, N], [N, 1], [N, N])
    e = tl.make_tensor_descriptor(y, [N, N], [N, 1], [N, N])
    at = tl.arange(0, N)[:, None] * N + tl.arange(0, N)[None, :]
    tl.store(x + at, at.to(tl.float32))
    e.store([0, 0], d.load([0, 0]) + 1)


def test_ordinary_stores_to_the_same_memory():
    x, y = torch.zeros(16, 16), torch.zeros(16, 16)
    text = code(mixed, x, y, 16)
    assert torch.equal(y, torch.arange(256.0).reshape(16, 16) + 1)
    assert text.count("async_tma_copy_global_to_local") == 0 and text.count("async_tma_copy_local_to_global") == 1


@triton.jit
def by_program(x, y, N: tl.constexpr):
    """A descriptor of what is the program's own cannot be made at launch."""
    d = tl.make_tensor_descriptor(x + tl.program_id(0) * N * N, [N, N], [N, 1], [N, N])
    y.store([tl.program_id(0) * N, 0], d.load([0, 0]))


def test_descriptors_of_a_program():
    x, y = torch.randn(3 * 16, 16), torch.zeros(3 * 16, 16)
    by_program[(3,)](x, given(y, (16, 16)), 16)
    assert torch.equal(x, y)


@triton.jit
def computed(x, y, A, B, C, BLOCK: tl.constexpr):
    d = tl.make_tensor_descriptor(x + C, [A * B, C - 8], [C, 1], [16, BLOCK])
    y.store([0, 0], d.load([A * 2, 0]))


def test_arithmetic_done_at_launch():
    """Base, shape and strides of a map are computed as the kernel would."""
    x, y = torch.randn(33, 48), torch.zeros(16, 64)
    text = code(computed, x, given(y, (16, 64)), 4, 8, 48, 64)
    want = torch.zeros(16, 64)
    want[:, :40] = x[9:25, :40]
    assert torch.equal(y, want) and "tt.tensor_map = " in text


def test_no_elements():
    """A map of nothing is not made; a kernel that never asks for a block of it runs."""
    x, y = torch.randn(8, 32), torch.zeros(8, 32)

    @triton.jit
    def kernel(x, y, N):
        d = tl.make_tensor_descriptor(x, [N, 32], [32, 1], [8, 32])
        if N > 0:
            y.store([0, 0], d.load([0, 0]))

    kernel[(1,)](x, given(y, (8, 32)), 0)
    assert not y.any()
    kernel[(1,)](x, given(y, (8, 32)), 8)
    assert torch.equal(x, y)


def test_misaligned_at_launch():
    x, y = torch.randn(8, 33), torch.zeros(8, 32)

    @triton.jit
    def kernel(x, y, S):
        d = tl.make_tensor_descriptor(x, [8, 32], [S, 1], [8, 32])
        y.store([0, 0], d.load([0, 0]))

    with pytest.raises(Exception, match="a stride is not a multiple of 16 bytes"):
        kernel[(1,)](x, given(y, (8, 32)), 33)


def test_without_copy_engine(monkeypatch):
    monkeypatch.setenv("TRITONC_SIMULATE", "cuda:80")
    x, y = torch.randn(40, 32), torch.zeros(16, 32)
    text = code(copy2, given(x, (16, 32)), given(y, (16, 32)), 8)
    want = torch.zeros(16, 32)
    want[:, :16] = x[8:24, 16:]
    assert torch.equal(y, want) and "ttng" not in text


@triton.jit
def hungry(x, y, z, N, BM: tl.constexpr, BN: tl.constexpr):
    a = x.load([0, 0])
    for i in range(N):
        a += y.load([i * BM, 0])
    z.store([0, 0], a)


@pytest.mark.parametrize("stages, maps", [(2, True), (4, True), (9, True)])
def test_more_shared_memory_than_there_is(stages, maps):
    """With fewer stages, or without tensor maps, a kernel that asks for too much runs too."""
    x, y, z = torch.randn(64, 128), torch.randn(64 * 5, 128), torch.empty(64, 128)
    block = (64, 128)
    compiled = hungry[(1,)](given(x, block), given(y, block), given(z, block), 5, *block, num_stages=stages)
    torch.testing.assert_close(z, x + y.reshape(5, 64, 128).sum(0), atol=1e-5, rtol=1e-5)
    assert compiled.metadata.shared <= 227 << 10
    assert ("async_tma" in compiled.asm["ttgir"]) == maps


@triton.jit
def product_of_halves(x, y, z, N, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, STAGES: tl.constexpr):
    acc = tl.zeros((BM, BN), tl.float32)
    for i in tl.range(N, num_stages=STAGES):
        b = y.load([0, i * BK])
        a = tl.load(x + tl.arange(0, BM)[:, None] * (N * BK) + i * BK + tl.arange(0, BK)[None, :])
        acc = tl.dot(a.to(tl.float16), (b.to(tl.float16) * 0.5).T, acc)
    tl.store(z + tl.arange(0, BM)[:, None] * BN + tl.arange(0, BN)[None, :], acc)


def test_operands_beside_the_rings():
    """What leaves no room for the stages that a loop asks for is converted operands: fewer stages do."""
    x, y = torch.randint(-3, 3, (128, 512)).to(torch.int8), torch.randint(-3, 3, (256, 512)).to(torch.int8)
    z = torch.empty(128, 256)
    compiled = product_of_halves[(1,)](x, given(y, (256, 256)), z, 2, 128, 256, 256, 3, num_warps=8)
    assert compiled.metadata.shared <= 227 << 10 and "async_tma" in compiled.asm["ttgir"]
    torch.testing.assert_close(z, x.float() @ (y.float() / 2).T)


@triton.jit
def many(a, b, c, d, o):
    s = a.load([0, 0]) + b.load([0, 0])
    t = c.load([0, 0]) + d.load([0, 0])
    o.store([0, 0], s * t)


def test_one_after_another():
    x = [torch.randn(128, 128) for _ in range(4)]
    o = torch.empty(128, 128)
    compiled = many[(1,)](*(given(t, (128, 128)) for t in x), given(o, (128, 128)), num_warps=8)
    torch.testing.assert_close(o, (x[0] + x[1]) * (x[2] + x[3]))
    assert compiled.metadata.shared <= 227 << 10


@triton.jit
def product(x, y, out, TRANSPOSED: tl.constexpr, K: tl.constexpr):
    z = tl.dot(x.load([0, 0]), y.load([0, 0]))
    z = z.to(out.dtype)
    out.store([0, 0], z.T if TRANSPOSED else z)


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("m, n", [(64, 64), (128, 32), (128, 16), (32, 128)])
def test_results_of_dots_go_to_shared_memory_as_matrices(m, n, dtype, transposed):
    x, y = (torch.randint(-3, 4, s).to(dtype) for s in ((m, 32), (32, n)))
    out = torch.zeros(n if transposed else m, m if transposed else n, dtype=dtype)
    text = code(product, given(x, x.shape), given(y, y.shape), given(out, out.shape), transposed, 32, stage="llir")
    want = x.float() @ y.float()
    assert torch.equal(out.float(), want.T if transposed else want)
    assert "stmatrix" in text
    assert ("trans" in text.split("stmatrix", 1)[1].split("shared", 1)[0]) == transposed


# ---- maps that a program makes ----------------------------------------------------------------------------------------


@triton.jit
def rows_of_a_program(x, y, M, N, s, BM: tl.constexpr, BN: tl.constexpr):
    first = tl.program_id(0) * BM
    rows = tl.minimum(M - first, BM)
    d = tl.make_tensor_descriptor(x + first * s, shape=[rows, N], strides=[s, 1], block_shape=[BM, BN])
    e = tl.make_tensor_descriptor(y + first * s, shape=[rows, N], strides=[s, 1], block_shape=[BM, BN])
    for k in range(0, N, BN):
        e.store([0, k], d.load([0, k]) * 2)


def test_a_program_makes_maps_of_its_own_rows():
    x, y = torch.randn(60, 128), torch.zeros(64, 128)
    k = rows_of_a_program.run(x, y, 60, 128, 128, BM=16, BN=32, grid=(4,), warmup=False)
    assert torch.equal(y[:60], 2 * x) and not y[60:].any()
    assert k.asm["ttgir"].count("ttng.tensormap_create") == 2
    assert k.metadata.global_scratch_size == 256


@triton.jit
def sum_of_tensors(pointers, sizes, y, n, s, BM: tl.constexpr, BN: tl.constexpr):
    first = tl.program_id(0) * BM
    sum = tl.zeros((BM, BN), tl.float32)
    for i in range(n):
        x = tl.multiple_of(tl.load(pointers + i).to(tl.pointer_type(tl.float32)), 16)
        d = tl.make_tensor_descriptor(x, shape=[tl.load(sizes + i), BN], strides=[s, 1], block_shape=[BM, BN])
        sum += d.load([first, 0])
    tl.store(y + (first + tl.arange(0, BM)[:, None]) * BN + tl.arange(0, BN), sum)


def test_a_loop_makes_a_map_of_each_tensor():
    tensors = [torch.randn(32, 32, device=DEVICE) for _ in range(5)]
    sizes = torch.tensor([32, 17, 5, 32, 20], dtype=torch.int32)
    y = torch.zeros(32, 32)
    pointers = torch.tensor([t.data_ptr() for t in tensors])
    k = sum_of_tensors.run(pointers, sizes, y, 5, 32, BM=16, BN=32, grid=(2,), warmup=False)
    want = sum(torch.where(torch.arange(32)[:, None] < n, t.cpu(), 0) for t, n in zip(tensors, sizes, strict=True))
    assert torch.equal(y, want)
    assert k.asm["ttgir"].count("ttng.tensormap_create") == 1


@triton.jit
def next_tile(x, y, tiles, per_tile, s, BM: tl.constexpr, BN: tl.constexpr):
    """The descriptor is carried, and replaced by a new one when a tile begins."""
    d = tl.make_tensor_descriptor(x, shape=[BM, s], strides=[s, 1], block_shape=[BM, BN])
    sum = tl.zeros((BM, BN), tl.float32)
    for i in range(tiles * per_tile):
        k = i % per_tile
        if k == 0:
            tile = x + i // per_tile * BM * s
            d = tl.make_tensor_descriptor(tile, shape=[BM, s], strides=[s, 1], block_shape=[BM, BN])
            sum = tl.zeros((BM, BN), tl.float32)
        sum += d.load([0, k * BN])
        if k == per_tile - 1:
            at = y + (i // per_tile * BM + tl.arange(0, BM)[:, None]) * BN + tl.arange(0, BN)
            tl.store(at, sum)


def test_a_carried_map_is_made_again():
    x, y = torch.randn(48, 96), torch.zeros(48, 32)
    k = next_tile.run(x, y, 3, 3, 96, BM=16, BN=32, grid=(1,), warmup=False)
    assert torch.equal(y, x.view(48, 3, 32)[:, 0] + x.view(48, 3, 32)[:, 1] + x.view(48, 3, 32)[:, 2])
    assert "ttng.tensormap_create" in k.asm["ttgir"]


@triton.jit
def one_behind(x, y, n, s, BM: tl.constexpr, BN: tl.constexpr):
    d = tl.make_tensor_descriptor(x, shape=[BM, s], strides=[s, 1], block_shape=[BM, BN])
    for i in range(n):
        new = tl.make_tensor_descriptor(x + i * BM * s, shape=[BM, s], strides=[s, 1], block_shape=[BM, BN])
        tl.store(y + (i * BM + tl.arange(0, BM)[:, None]) * BN + tl.arange(0, BN), d.load([0, 0]))
        d = new


def test_a_descriptor_that_outlives_the_next_one_is_no_map():
    x, y = torch.randn(64, 32), torch.zeros(64, 32)
    k = one_behind.run(x, y, 4, 32, BM=16, BN=32, grid=(1,), warmup=False)
    assert torch.equal(y, torch.cat([x[:16], x[:48]]))
    assert "tensormap_create" not in k.asm["ttgir"]


def test_every_processor_with_a_copy_engine_has_the_instructions():
    signature = {"x": "*fp32", "y": "*fp32", "M": "i32", "N": "i32", "s": "i32"}
    attrs = {(i,): [["tt.divisibility", 16]] for i in range(5)}
    source = triton.compiler.ASTSource(rows_of_a_program, signature, {"BM": 16, "BN": 32}, attrs)
    for sm in (90, 100, 120):
        ptx = triton.compile(source, target=triton.backends.compiler.GPUTarget("cuda", sm, 32)).asm["ptx"]
        assert ptx.count("tensormap.cp_fenceproxy") == 2 and f".target sm_{sm}a" in ptx


@triton.jit
def stored_twice(x, y, z, n, BM: tl.constexpr, BN: tl.constexpr):
    for i in range(n):
        v = x.load([i * BM, 0])
        y.store([i * BM, 0], v + 1)
        z.store([i * BM, 0], v * 2)


@pytest.mark.parametrize("stages", [1, 3])
def test_stores_of_a_loop_are_waited_for_an_iteration_later(stages):
    x, y, z = torch.randn(64, 32), torch.zeros(64, 32), torch.zeros(64, 32)
    blocks = [given(t, (16, 32)) for t in (x, y, z)]
    text = code(stored_twice, *blocks, 4, BM=16, BN=32, num_stages=stages)
    assert torch.equal(y, x + 1) and torch.equal(z, x * 2)
    assert text.count("async_tma_store_wait {pendings = 1 : i32}") == 2
