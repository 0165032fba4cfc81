"""Tensor descriptors, made by kernels and by their host."""

import pytest
import torch
import triton
import triton.language as tl
from dtypes import DEVICE, FLOATS, FP8, SIGNED, UNSIGNED, values
from triton.runtime._allocation import NullAllocator, allocate
from triton.tools.ragged_tma import atomic_add_ragged, create_ragged_descriptor, load_ragged, store_ragged
from triton.tools.tensor_descriptor import TensorDescriptor

DTYPES = [*FLOATS, *SIGNED, *UNSIGNED, *FP8]


@pytest.fixture(autouse=True)
def scratch():
    """A kernel on a GPU keeps the descriptors that it makes in memory of its host's."""
    triton.set_allocator(lambda size, alignment, stream: torch.empty(size, dtype=torch.int8, device=DEVICE))
    yield
    triton.set_allocator(NullAllocator())


def test_an_allocator_that_gives_host_memory():
    """A GPU would end with an illegal access."""
    triton.set_allocator(lambda size, alignment, stream: torch.empty(size, dtype=torch.int8))
    with pytest.raises(ValueError, match="gave 128 bytes in host memory, which a GPU cannot reach"):
        allocate(128, 0)


def window(x, at, block, outside=0):
    """A block of x at an offset, with `outside` where there is no x."""
    out = torch.full(block, outside, dtype=x.dtype) if outside else torch.zeros(block, dtype=x.dtype)
    source = [slice(max(a, 0), min(a + b, n)) for a, b, n in zip(at, block, x.shape, strict=True)]
    target = [slice(s.start - a, s.stop - a) for s, a in zip(source, at, strict=True)]
    if all(s.start < s.stop for s in source):
        out[tuple(target)] = x[tuple(source)]
    return out


@triton.jit
def made_kernel(x, y, M, N, sm, om, on, BM: tl.constexpr, BN: tl.constexpr):
    d = tl.make_tensor_descriptor(x, shape=[M, N], strides=[sm, 1], block_shape=[BM, BN])
    e = tl.make_tensor_descriptor(y, shape=[BM, BN], strides=[BN, 1], block_shape=[BM, BN])
    tl.static_assert(d.block_shape == (BM, BN) and d.dtype == x.dtype.element_ty)
    e.store([0, 0], d.load([om, on]))


@triton.jit
def given_kernel(d, e, om, on):
    e.store([0, 0], d.load([om, on]))


@pytest.mark.parametrize("host", [False, True], ids=["made", "given"])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes(dtype, host):
    x = values(dtype, 24 * 48).reshape(24, 48)
    y = torch.zeros(16, 32, dtype=dtype)
    if host:
        given = TensorDescriptor(x, [24, 48], [48, 1], [16, 32]), TensorDescriptor(y, [16, 32], [32, 1], [16, 32])
        given_kernel[(1,)](*given, 8, 32)
    else:
        made_kernel[(1,)](x, y, 24, 48, 48, 8, 32, BM=16, BN=32)
    want = torch.zeros(16, 32, dtype=dtype)
    want[:, :16] = x[8:, 32:]
    assert torch.equal(y.view(torch.uint8), want.view(torch.uint8))


@pytest.mark.parametrize("at", [(0, 0), (8, 16), (-4, -8), (30, 40), (-20, 0), (1 << 30, 0)], ids=str)
def test_bounds(at):
    x, y = torch.randn(37, 52), torch.ones(16, 32)
    made_kernel[(1,)](x, y, 37, 50, 52, *at, BM=16, BN=32)
    assert torch.equal(y, window(x[:, :50], at, (16, 32)))
    y.fill_(1)
    given_kernel[(1,)](TensorDescriptor(x, [37, 50], [52, 1], [16, 32]), TensorDescriptor.from_tensor(y, [16, 32]), *at)
    assert torch.equal(y, window(x[:, :50], at, (16, 32)))


@pytest.mark.parametrize("at", [(0, 0), (30, 32), (-4, -8)], ids=str)
def test_stores_stay_inside(at):
    x, y = torch.randn(16, 32), torch.zeros(37, 52)
    given_kernel_to[(1,)](
        TensorDescriptor.from_tensor(x, [16, 32]), TensorDescriptor(y, [33, 50], [52, 1], [16, 32]), *at
    )
    want = torch.zeros(37, 52)
    source = [slice(max(-a, 0), min(n - a, b)) for a, b, n in zip(at, (16, 32), (33, 50), strict=True)]
    target = [slice(max(a, 0), min(a + b, n)) for a, b, n in zip(at, (16, 32), (33, 50), strict=True)]
    want[tuple(target)] = x[tuple(source)]
    assert torch.equal(y, want)


@triton.jit
def given_kernel_to(d, e, om, on):
    tl.store_tensor_descriptor(e, [om, on], tl.load_tensor_descriptor(d, [0, 0]))


@triton.jit
def nan_kernel(x, y, N, B: tl.constexpr):
    d = tl.make_tensor_descriptor(x, [N], [1], [B], padding_option="nan")
    tl.store(y + tl.arange(0, B), d.load([8]))


@triton.jit
def vector_kernel(d, y, B: tl.constexpr):
    tl.store(y + tl.arange(0, B), d.load([8]))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_padding(dtype):
    x = torch.arange(20, dtype=dtype)
    for launch in (
        lambda y: nan_kernel[(1,)](x, y, 20, B=32),
        lambda y: vector_kernel[(1,)](TensorDescriptor(x, [20], [1], [32], padding="nan"), y, B=32),
    ):
        y = torch.zeros(32, dtype=dtype)
        launch(y)
        assert torch.equal(y[:12], x[8:]) and y[12:].isnan().all()


def test_rounding_to_tf32():
    x = torch.randn(32)
    x[:4] = torch.tensor([float("inf"), float("-inf"), float("nan"), 1 + 2**-11])
    bits = x.view(torch.int32)
    rounded = (bits + 0xFFF + (bits >> 13 & 1)) & ~0x1FFF
    want = torch.where(x.isfinite(), rounded.view(torch.float32), x)
    for flag, expected in ((True, want), (False, x)):
        y = torch.zeros(32)
        vector_kernel[(1,)](TensorDescriptor(torch.cat([torch.zeros(8), x]), [40], [1], [32], "zero", flag), y, B=32)
        assert torch.equal(y.nan_to_num(5, 6, 7), expected.nan_to_num(5, 6, 7))


@triton.jit
def any_rank_kernel(d, e, a, b, c, RANK: tl.constexpr):
    if RANK == 1:
        e.store([0], d.load([a]))
    elif RANK == 2:
        e.store([0, 0], d.load([a, b]))
    elif RANK == 3:
        e.store([0, 0, 0], d.load([a, b, c]))
    elif RANK == 4:
        e.store([0, 0, 0, 0], d.load([1, a, b, c]))
    else:
        e.store([0, 0, 0, 0, 0], d.load([2, 1, a, b, c]))


@pytest.mark.parametrize("rank", [1, 2, 3, 4, 5])
def test_ranks(rank):
    x = torch.randn((3, 3, 6, 7, 24)[-rank:])
    block = (2, 1, 4, 4, 16)[-rank:]
    y = torch.zeros(block)
    at = [1, 2, 12][:rank]
    any_rank_kernel[(1,)](
        TensorDescriptor.from_tensor(x, block), TensorDescriptor.from_tensor(y, block), 1, 2, 12, RANK=rank
    )
    assert torch.equal(y, window(x, [2, 1, *at][-rank:] if rank > 3 else at, block))


@triton.jit
def made_ranks_kernel(x, y, A, B, C, R0: tl.constexpr, R1: tl.constexpr, R2: tl.constexpr):
    d = tl.make_tensor_descriptor(x, [A, B, C], [B * C, C, 1], [R0, R1, R2])
    e = tl.make_tensor_descriptor(y, [R0, R1, R2], [R1 * R2, R2, 1], [R0, R1, R2])
    total = tl.zeros((R0, R1, R2), tl.float32)
    for i in range(0, A, R0):
        for j in range(0, B, R1):
            for k in range(0, d.shape[2], R2):
                total += d.load([i, j, k])
    e.store([0, 0, 0], total)


def test_made_of_rank_3_in_nested_loops():
    x = torch.randn(5, 6, 20)
    y = torch.zeros(2, 4, 16)
    made_ranks_kernel[(1,)](x, y, 5, 6, 20, R0=2, R1=4, R2=16)
    padded = torch.zeros(6, 8, 32)
    padded[:5, :6, :20] = x
    want = padded.reshape(3, 2, 2, 4, 2, 16).sum((0, 2, 4))
    torch.testing.assert_close(y, want)


# ---- where descriptors go ----------------------------------------------------------------------------------------------


@triton.jit
def load_at(d, i):
    tl.static_assert(isinstance(d, tl.tensor_descriptor) and not isinstance(d, tuple))
    tl.static_assert(not isinstance(i, tl.tensor_descriptor))
    return d.load([i, 0])


@triton.jit
def make(x, M, N, BM: tl.constexpr, BN: tl.constexpr):
    return tl.make_tensor_descriptor(x, [M, N], [N, 1], [BM, BN])


@triton.jit
def pair_of(d, e):
    return e, d


@triton.jit
def control_kernel(x, y, given, out, M, N, which, BM: tl.constexpr, BN: tl.constexpr):
    d = make(x, M, N, BM, BN)
    e = make(y, M, N, BM, BN)
    to = make(out, M, N, BM, BN)
    if which == 1:
        d = e
    for i in range(0, M, BM):
        to.store([i, 0], load_at(d, i))
        if which == 2:
            d, e = pair_of(d, e)
        else:
            if which == 3:
                d = make(y, M, N, BM, BN)
    n = 0
    f = e
    while n < which:
        f = d
        n += 2
    if which == 4:
        f = given
    to.store([0, BN], load_at(f, 0) + f.shape[0].to(tl.float32) + f.strides[0].to(tl.float32))


@pytest.mark.parametrize("which", [0, 1, 2, 3, 4])
def test_through_functions_loops_and_branches(which):
    x, y, z, out = torch.randn(32, 40), torch.randn(32, 40), torch.randn(32, 40), torch.zeros(32, 40)
    given = TensorDescriptor.from_tensor(z, [8, 16])
    control_kernel[(1,)](x, y, given, out, 32, 40, which, BM=8, BN=16)
    want = torch.zeros(32, 40)
    d, e = (y, y) if which == 1 else (x, y)
    for i in range(0, 32, 8):
        want[i : i + 8, :16] = d[i : i + 8, :16]
        if which == 2:
            d, e = e, d
        elif which == 3:
            d = y
    f = d if which > 0 else e
    want[:8, 16:32] = (z if which == 4 else f)[:8, :16] + 32 + 40
    assert torch.equal(out, want)


@triton.jit
def matmul_kernel(a, b, c, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr):
    pm, pn = tl.program_id(0), tl.program_id(1)
    acc = tl.zeros((BM, BN), tl.float32)
    for k in range(0, K, BK):
        acc = tl.dot(a.load([pm * BM, k]), b.load([pn * BN, k]).T, acc)
    c.store([pm * BM, pn * BN], acc.to(c.dtype))


@pytest.mark.parametrize("size", [(128, 128, 128), (90, 70, 104)], ids=str)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=str)
def test_matmul(size, dtype):
    m, n, k = size
    n = n // 8 * 8
    a, b, c = torch.randn(m, k).to(dtype), torch.randn(n, k).to(dtype), torch.zeros(m, n, dtype=dtype)
    given = [TensorDescriptor.from_tensor(t, s) for t, s in ((a, [64, 32]), (b, [64, 32]), (c, [64, 64]))]
    matmul_kernel[(triton.cdiv(m, 64), triton.cdiv(n, 64))](*given, k, BM=64, BN=64, BK=32, num_stages=3)
    torch.testing.assert_close(c.float(), a.float() @ b.float().T, rtol=2e-2, atol=2e-1)


# ---- rows --------------------------------------------------------------------------------------------------------------


@triton.jit
def rows_kernel(x, y, rows, M, N, column, to, K: tl.constexpr, B: tl.constexpr):
    d = tl.make_tensor_descriptor(x, [M, N], [N, 1], [1, B])
    e = tl.make_tensor_descriptor(y, [M, N], [N, 1], [1, B])
    i = tl.load(rows + tl.arange(0, K))
    t = d.gather(i, column)
    e.scatter(t, i, to)


@pytest.mark.parametrize("index", [torch.int32, torch.int16], ids=str)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.int8], ids=str)
def test_gather_and_scatter(dtype, index):
    x = values(dtype, 20 * 80).reshape(20, 80)
    y = torch.zeros(20, 80, dtype=dtype)
    rows = torch.tensor([3, 19, 0, 7, 25, -1, 11, 12], dtype=index)
    rows_kernel[(1,)](x, y, rows, 20, 80, 64, 16, K=8, B=32)
    want = torch.zeros(20, 80, dtype=dtype)
    for r in rows.tolist():
        if 0 <= r < 20:
            want[r, 16:32] = x[r, 64:]
    assert torch.equal(y, want)


# ---- atomics -----------------------------------------------------------------------------------------------------------


@triton.jit
def reduce_kernel(d, e, KIND: tl.constexpr):
    v = d.load([0, 0])
    if KIND == "add":
        e.atomic_add([4, 8], v)
    elif KIND == "min":
        e.atomic_min([4, 8], v)
    elif KIND == "max":
        e.atomic_max([4, 8], v)
    elif KIND == "and":
        e.atomic_and([4, 8], v)
    elif KIND == "or":
        e.atomic_or([4, 8], v)
    else:
        e.atomic_xor([4, 8], v)


ADDED = [torch.int32, torch.uint32, torch.uint64, torch.float32, torch.float16, torch.bfloat16]
ORDERED = [torch.int32, torch.uint32, torch.uint64, torch.int64, torch.float16, torch.bfloat16]
BITS = [torch.int32, torch.uint32, torch.uint64, torch.int64]
KINDS = (
    [("add", t) for t in ADDED]
    + [(k, t) for k in ("min", "max") for t in ORDERED]
    + [(k, t) for k in ("and", "or", "xor") for t in BITS]
)


@pytest.mark.parametrize("kind,dtype", KINDS, ids=str)
def test_atomics(kind, dtype):
    x = values(dtype, 8 * 16, seed=1).reshape(8, 16)
    y = values(dtype, 11 * 24, seed=2).reshape(11, 24)
    wide = y[:, :24].to(torch.float64) if dtype.is_floating_point else y.to(torch.int64)
    other = x.to(torch.float64) if dtype.is_floating_point else x.to(torch.int64)
    part, with_ = wide[4:11, 8:24], other[:7]
    if dtype in (torch.uint64,) and kind in ("min", "max"):  # compare as unsigned numbers
        low = torch.tensor(-(2**63))
        pick = torch.minimum if kind == "min" else torch.maximum
        result = pick(part ^ low, with_ ^ low) ^ low
    else:
        result = {
            "add": lambda a, b: a + b,
            "min": torch.minimum,
            "max": torch.maximum,
            "and": lambda a, b: a & b,
            "or": lambda a, b: a | b,
            "xor": lambda a, b: a ^ b,
        }[kind](part, with_)
    want = y.clone()
    want[4:11, 8:24] = result.to(dtype)
    reduce_kernel[(1,)](TensorDescriptor.from_tensor(x, [8, 16]), TensorDescriptor.from_tensor(y, [8, 16]), KIND=kind)
    assert torch.equal(y, want)


# ---- the host's checks -------------------------------------------------------------------------------------------------


def test_checks_of_the_host():
    x = torch.zeros(16, 32)
    for wrong, words in [
        (lambda: TensorDescriptor(x, [16, 32], [32], [8, 8]), "rank mismatch"),
        (lambda: TensorDescriptor(x, [], [], []), "rank must not be zero"),
        (lambda: TensorDescriptor(x, [1] * 6, [4] * 5 + [1], [1] * 6), "rank cannot be more than 5"),
        (lambda: TensorDescriptor(x.flatten()[1:], [16], [1], [16]), "16-byte aligned"),
        (lambda: TensorDescriptor(x, [16, 30], [30, 1], [8, 8]), "strides must be 16-byte aligned"),
        (lambda: TensorDescriptor(x, [0, 32], [32, 1], [8, 8]), "shape must be positive"),
        (lambda: TensorDescriptor(x, [16, 16], [32, 2], [8, 8]), "Last dimension must be contiguous"),
        (lambda: TensorDescriptor(x, [16, 32], [32, 1], [8, 8], "one"), "Illegal value for padding"),
        (lambda: TensorDescriptor(x.int(), [16, 32], [32, 1], [8, 8], "nan"), "only supported for floating point"),
        (lambda: TensorDescriptor(x.half(), [16, 32], [32, 1], [8, 8], "zero", True), "only supported for float32"),
    ]:
        with pytest.raises(AssertionError, match=words):
            wrong()
    with pytest.raises(ValueError, match="must be a power of 2"):
        TensorDescriptor(x, [16, 32], [32, 1], [8, 12])


def test_a_descriptor_that_was_changed_is_checked_again():
    x, y = torch.zeros(40), torch.zeros(32)
    d = TensorDescriptor(x, [40], [1], [32])
    d.strides = [2]
    with pytest.raises(TypeError, match="last stride is not 1"):
        vector_kernel[(1,)](d, y, B=32)
    d.block_shape = [24]
    with pytest.raises(ValueError, match="power of 2"):
        vector_kernel[(1,)](d, y, B=32)


def test_one_kernel_for_all_shapes():
    y = torch.zeros(32)
    kernels = {id(vector_kernel[(1,)](TensorDescriptor(torch.zeros(n), [n], [1], [32]), y, B=32)) for n in (40, 44, 48)}
    assert len(kernels) == 1
    other = vector_kernel[(1,)](TensorDescriptor(torch.zeros(40), [40], [1], [16]), torch.zeros(16), B=16)
    assert id(other) not in kernels


@triton.jit
def tuple_kernel(pair, n):
    d, e = pair[0], pair[1][0]
    e.store([0, 0], d.load([n, n]))


def test_in_tuples():
    x, y = torch.randn(32, 32), torch.zeros(16, 16)
    tuple_kernel[(1,)]((TensorDescriptor.from_tensor(x, [16, 16]), (TensorDescriptor.from_tensor(y, [16, 16]), 7)), 16)
    assert torch.equal(y, x[16:, 16:])


# ---- ragged ------------------------------------------------------------------------------------------------------------


@triton.jit
def ragged_kernel(d, e, offset, size, row, column, DIM: tl.constexpr, RANK: tl.constexpr, ADD: tl.constexpr):
    at = [row, column] if RANK == 2 else [1, row, column]
    v = load_ragged(d, offset, size, at, DIM)
    if ADD:
        atomic_add_ragged(e, offset, size, at, v, DIM)
    else:
        store_ragged(e, offset, size, at, v + 1, DIM)


@pytest.mark.parametrize("add", [False, True], ids=["store", "add"])
@pytest.mark.parametrize("rank", [2, 3])
def test_ragged(rank, add):
    x = torch.randn((2, 60, 40)[-rank:])
    y = torch.zeros_like(x)
    dim, block = rank - 2, (1, 16, 32)[-rank:]
    given = create_ragged_descriptor(x, block, dim), create_ragged_descriptor(y, block, dim)
    ragged_kernel[(1,)](*given, 20, 25, 16, 8, DIM=dim, RANK=rank, ADD=add)
    want = torch.zeros_like(x)
    part = (1, slice(36, 45), slice(8, 40))[-rank:]
    want[part] = x[part] if add else x[part] + 1
    assert torch.equal(y, want)
