"""Reductions, scans and changes of shape, each against PyTorch or NumPy."""

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from dtypes import values

# ---- reductions and scans ------------------------------------------------------------------------------------------------


@triton.jit
def reduce_kernel(x, y, where, F: tl.constexpr, AXIS: tl.constexpr, M: tl.constexpr, N: tl.constexpr):
    v = tl.load(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
    at = tl.arange(0, N if AXIS == 0 else M)
    if F == "sum":
        r = tl.sum(v, AXIS)
    elif F == "max":
        r = tl.max(v, AXIS)
    elif F == "min":
        r = tl.min(v, AXIS)
    elif F == "xor":
        r = tl.xor_sum(v, AXIS)
    elif F == "argmax":
        r, i = tl.max(v, AXIS, return_indices=True)
        tl.store(where + at, i)
    elif F == "argmin":
        r = tl.min(v, AXIS)
        tl.store(where + at, tl.argmin(v, AXIS))
    tl.store(y + at, r)


@pytest.mark.parametrize("shape", [(1, 1), (4, 64), (64, 4), (32, 32), (1, 256), (128, 1)], ids=str)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(
    "dtype", [torch.int8, torch.int32, torch.int64, torch.float32, torch.float64, torch.float16], ids=str
)
@pytest.mark.parametrize("name", ["sum", "max", "min", "xor", "argmax", "argmin"])
def test_reduce(name, dtype, axis, shape):
    if name == "xor" and dtype.is_floating_point:
        name = "sum"
    m, n = shape
    x = (values(dtype, m * n) % 7).reshape(shape).contiguous()  # many ties
    wide = torch.int32 if dtype == torch.int8 and name == "sum" else dtype
    y, where = torch.zeros(shape[1 - axis], dtype=wide), torch.zeros(shape[1 - axis], dtype=torch.int32)
    reduce_kernel[(1,)](x, y, where, F=name, AXIS=axis, M=m, N=n)
    if name == "sum":
        want = x.to(torch.float64 if dtype.is_floating_point else torch.int64).sum(axis).to(wide)
        # Narrow floats are summed in their own type, as the language says.
        torch.testing.assert_close(y, want, **({"rtol": 1e-2, "atol": 0.5} if dtype == torch.float16 else {}))
    elif name == "xor":
        assert np.array_equal(y.numpy(), np.bitwise_xor.reduce(x.numpy(), axis=axis))
    else:
        a = x.numpy()
        pick = np.argmax if name in ("max", "argmax") else np.argmin
        assert np.array_equal(y.numpy(), (a.max if name in ("max", "argmax") else a.min)(axis=axis))
        if name.startswith("arg"):
            assert np.array_equal(where.numpy(), pick(a, axis=axis))  # the first of equals, as tie_break_left says


@triton.jit
def mul(a, b):
    return a * b


@triton.jit
def first_and_total(a, na, b, nb):
    return a, na + nb


@triton.jit
def custom_reduce_kernel(x, y, M: tl.constexpr, N: tl.constexpr):
    v = tl.load(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
    tl.store(y + tl.arange(0, M), tl.reduce(v, 1, mul))
    first, total = tl.reduce((v, tl.full([M, N], 2, tl.int32)), 1, first_and_total)
    tl.store(y + M + tl.arange(0, M), first)
    tl.store(y + 2 * M + tl.arange(0, M), total.to(tl.float32))
    tl.store(y + 3 * M + tl.arange(0, M), tl.reshape(tl.sum(v, 1, keep_dims=True), [M]))
    tl.store(y + 4 * M, tl.sum(v))


def test_custom_reductions():
    x, y = torch.rand(8, 32) + 0.5, torch.zeros(5, 8)
    custom_reduce_kernel[(1,)](x, y, M=8, N=32)
    torch.testing.assert_close(y[0], x.prod(1))
    torch.testing.assert_close(y[1], x[:, 0])
    assert torch.equal(y[2], torch.full([8], 64.0))
    torch.testing.assert_close(y[3], x.sum(1))
    torch.testing.assert_close(y[4, 0], x.sum())


@triton.jit
def nine_at_once(a0, a1, a2, a3, a4, a5, a6, a7, a8, b0, b1, b2, b3, b4, b5, b6, b7, b8):
    return a0 + b0, tl.maximum(a1, b1), a2, tl.minimum(a3, b3), a4 + b4, a5 + b5, a6 + b6, a7 + b7, a8 + b8


@triton.jit
def nine_kernel(x, y, z, N: tl.constexpr):
    i = tl.arange(0, N)
    v = tl.load(x + i)
    all = (v, v, v, v, v, v, v, v, v * 2)
    r = tl.reduce(all, 0, nine_at_once)
    s = tl.associative_scan(all, 0, nine_at_once)
    for k in tl.static_range(9):
        tl.store(y + k, r[k])
        tl.store(z + k * N + i, s[k])


@pytest.mark.parametrize("n", [64, 2048])
def test_many_tensors_reduced_and_scanned(n):
    x = torch.randint(-50, 50, (n,), dtype=torch.int32)
    y, z = torch.zeros(9, dtype=torch.int32), torch.zeros(9, n, dtype=torch.int32)
    nine_kernel[(1,)](x, y, z, N=n)
    total = x.sum()
    assert y.tolist() == [total, x.max(), x[0], x.min(), total, total, total, total, 2 * total]
    sums = x.cumsum(0)
    assert torch.equal(z[1], x.cummax(0).values) and torch.equal(z[3], x.cummin(0).values)
    assert (z[2] == x[0]).all() and (z[8] == 2 * sums).all()
    assert (z[[0, 4, 5, 6, 7]] == sums).all()


@triton.jit
def linear_step(a1, b1, a2, b2):
    return a1 * a2, b1 * a2 + b2


@triton.jit
def scan_kernel(x, z, y, AXIS: tl.constexpr, REVERSE: tl.constexpr, M: tl.constexpr, N: tl.constexpr):
    at = tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :]
    v, w = tl.load(x + at), tl.load(z + at)
    tl.store(y + at, tl.cumsum(v, AXIS, reverse=REVERSE))
    tl.store(y + M * N + at, tl.cumprod(v, AXIS, reverse=REVERSE))
    a, b = tl.associative_scan((v, w), AXIS, linear_step, reverse=REVERSE)
    tl.store(y + 2 * M * N + at, b)


@pytest.mark.parametrize("shape", [(1, 1), (4, 64), (64, 4), (2, 512)], ids=str)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("reverse", [False, True])
def test_scan(shape, axis, reverse):
    m, n = shape
    x, z, y = torch.rand(shape) * 0.4 + 0.8, torch.randn(shape), torch.zeros(3, *shape)
    scan_kernel[(1,)](x, z, y, AXIS=axis, REVERSE=reverse, M=m, N=n)
    flip = (lambda t: t.flip(axis)) if reverse else (lambda t: t)
    torch.testing.assert_close(y[0], flip(flip(x).double().cumsum(axis)).float())
    torch.testing.assert_close(y[1], flip(flip(x).double().cumprod(axis)).float(), rtol=1e-4, atol=1e-5)
    a, b = flip(x).double(), flip(z).double()
    h, steps = torch.zeros_like(b.select(axis, 0)), []
    for i in range(shape[axis]):
        h = h * a.select(axis, i) + b.select(axis, i)
        steps.append(h)
    torch.testing.assert_close(y[2], flip(torch.stack(steps, axis)).float(), rtol=1e-4, atol=1e-4)


# ---- shape ---------------------------------------------------------------------------------------------------------------


@triton.jit
def shape_kernel(x, y, OP: tl.constexpr, M: tl.constexpr, N: tl.constexpr):
    v = tl.load(x + tl.arange(0, M)[:, None] * N + tl.arange(0, N)[None, :])
    flat = tl.arange(0, M * N)
    if OP == "trans":
        tl.store(y + flat, v.trans().reshape(M * N))
    elif OP == "T":
        tl.store(y + flat, tl.ravel(v.T))
    elif OP == "permute":
        tl.store(y + flat, tl.permute(v.reshape(M, 2, N // 2), 2, 0, 1).ravel())
    elif OP == "view":
        tl.store(y + flat, tl.view(v, [M * N]))
    elif OP == "join_split":
        a, b = tl.split(v.reshape(M, N // 2, 2))
        tl.store(y + flat, tl.join(b, a).reshape(M * N))
    elif OP == "broadcast":
        row = tl.sum(v, 0)
        tl.store(y + flat, tl.broadcast_to(tl.expand_dims(row, 0), M, N).reshape(M * N))
    elif OP == "cat":
        half = tl.load(x + tl.arange(0, M * N // 2))
        tl.store(y + flat, tl.cat(half, half + 1, can_reorder=True))
    elif OP == "zeros":
        z = tl.zeros_like(v) + tl.full((M, N), 3, v.dtype) + tl.zeros([M, 1], tl.float32)
        tl.store(y + flat, tl.reshape(z, (M * N,)))


@pytest.mark.parametrize("op", ["trans", "T", "permute", "view", "join_split", "broadcast", "cat", "zeros"])
def test_shapes(op):
    m, n = 8, 32
    x, y = torch.randn(m, n), torch.zeros(m * n)
    shape_kernel[(1,)](x, y, OP=op, M=m, N=n)
    half = x.reshape(-1)[: m * n // 2]
    want = {
        "trans": x.T.reshape(-1),
        "T": x.T.reshape(-1),
        "permute": x.reshape(m, 2, n // 2).permute(2, 0, 1).reshape(-1),
        "view": x.reshape(-1),
        "join_split": x.reshape(-1, 2).flip(1).reshape(-1),
        "broadcast": x.sum(0).expand(m, n).reshape(-1),
        "cat": torch.cat([half, half + 1]),
        "zeros": torch.full([m * n], 3.0),
    }[op]
    if op == "cat":  # in any order
        y, want = y.sort().values, want.sort().values
    torch.testing.assert_close(y, want)
