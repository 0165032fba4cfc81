"""Names that came with later versions: squeeze, unsqueeze, cat in order, atomic loads and stores, results that must be used."""

import numpy as np
import pytest
import triton
import triton.language as tl


@triton.jit
def squeeze_kernel(x, out, B: tl.constexpr):
    at = tl.arange(0, B)
    v = tl.load(x + at)
    w = tl.unsqueeze(tl.unsqueeze(v, 0), -1)
    tl.static_assert(w.shape == (1, B, 1))
    w = tl.squeeze(w.squeeze(0), -1)
    tl.static_assert(w.shape == v.shape)
    tl.store(out + at, w + tl.to_tensor(1))


def test_squeeze():
    x, out = np.arange(16, dtype=np.int32), np.zeros(16, np.int32)
    squeeze_kernel[(1,)](x, out, B=16)
    assert np.array_equal(out, x + 1)


@triton.jit
def cat_kernel(x, y, out, R: tl.constexpr, C: tl.constexpr, DIM: tl.constexpr):
    at = tl.arange(0, R)[:, None] * C + tl.arange(0, C)[None, :]
    z = tl.cat(tl.load(x + at), tl.load(y + at), dim=DIM)
    ROWS: tl.constexpr = z.shape[0]
    COLUMNS: tl.constexpr = z.shape[1]
    tl.store(out + tl.arange(0, ROWS)[:, None] * COLUMNS + tl.arange(0, COLUMNS)[None, :], z)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_cat_keeps_order(dim):
    x, y = np.arange(32, dtype=np.float32).reshape(4, 8), 100 + np.arange(32, dtype=np.float32).reshape(4, 8)
    expected = np.concatenate([x, y], dim)
    out = np.zeros_like(expected)
    cat_kernel[(1,)](x, y, out, R=4, C=8, DIM=dim)
    assert np.array_equal(out, expected)


@triton.jit
def atomic_copy_kernel(x, out, n, B: tl.constexpr):
    at = tl.arange(0, B)
    tl.atomic_store(out + at, tl.atomic_load(x + at, mask=at < n, sem="acquire"), mask=at < n, sem="release")
    tl.store(out + B, tl.atomic_load(x + 1))


@pytest.mark.parametrize("dtype", [np.int32, np.uint64, np.float32, np.float64])
def test_atomic_load_and_store(dtype):
    x, out = np.arange(16).astype(dtype) * 3, np.zeros(17, dtype)
    atomic_copy_kernel[(1,)](x, out, 11, B=16)
    assert np.array_equal(out[:11], x[:11]) and not out[11:16].any() and out[16] == x[1]
    assert np.array_equal(x, np.arange(16).astype(dtype) * 3)


@triton.jit
def poll_kernel(flags, out):
    p = tl.program_id(0)
    if p == 0:
        tl.atomic_store(out, 7)
        tl.atomic_xchg(flags, 1, sem="release")
    else:
        seen = tl.atomic_poll(flags, 1)
        tl.store(out + p, tl.load(out) + seen.to(tl.int32))


def test_atomic_poll():
    flags, out = np.zeros(1, np.int32), np.zeros(2, np.int32)
    poll_kernel[(2,)](flags, out)
    assert out.tolist() == [7, 8]


@triton.jit
def condition_kernel(out, n):
    i = 0
    while tl.condition(i * i < n, disable_licm=True):
        i += 1
    tl.store(out, i)


def test_condition():
    out = np.zeros(1, np.int32)
    condition_kernel[(1,)](out, 50)
    assert out[0] == 8


@triton.jit
def not_moved_kernel(out, n, m):
    s = 0
    for k in tl.range(0, n, disable_licm=True):
        s += k + m * m
    tl.store(out, s)


@triton.jit
def kept_kernel(x, out, n, m, ALL: tl.constexpr):
    i, s = 0, 0
    while tl.condition(i < n, disable_licm=ALL):
        s += m * m
        i += 1
    while tl.condition((i := i - 1) > 0, disable_licm=ALL):
        s += (m + 7) * (m + 7)
    for _ in tl.range(0, n, disable_licm=ALL):
        s += (m - 3) * (m - 3)
        tl.store(out, s)


@pytest.mark.parametrize("target", [None, "cuda:90"])
def test_disable_licm(target, monkeypatch):
    if target:
        monkeypatch.setenv("TRITONC_SIMULATE", target)
    out = np.zeros(1, np.int32)
    h = not_moved_kernel[(1,)](out, 5, 3)
    assert out[0] == 55
    lines = [line for line in h.asm["ttir"].splitlines() if "scf.for" in line or "muli" in line]
    assert "scf.for" in lines[0] and "muli" in lines[1]
    for stay in (True, False):
        h = kept_kernel[(1,)](out, out, 5, 2, stay)
        assert out[0] == 5 * 4 + 4 * 81 + 5
        ttir, llir = h.asm["ttir"], h.asm["llir"]
        assert ttir.count("llvm.loop_annotation = ") == 3 * stay
        if target:  # LLVM may have done away with such loops
            assert ("llvm.licm.disable" in llir) == stay
        first = min(ttir.index("scf.for"), ttir.index("scf.while"))
        assert (ttir.index("arith.muli") > first) == stay


@tl.core.must_use_result
@triton.jit
def doubled(x):
    return x * 2


@triton.jit
def uses_kernel(out, n):
    tl.store(out, doubled(n))


@triton.jit
def drops_kernel(out, n):
    doubled(n)


def test_must_use_result():
    out = np.zeros(1, np.int32)
    uses_kernel[(1,)](out, 4)
    assert out[0] == 8
    with pytest.raises(triton.CompilationError, match="the result of `doubled` is not used") as caught:
        drops_kernel[(1,)](out, 4)
    assert str(caught.value.__cause__) == "the result of `doubled` is not used"


@triton.jit
def methods_by_class_kernel(x, out, B: tl.constexpr):
    i = tl.arange(0, B)
    v = tl.tensor.exp(tl.load(x + i))
    tl.store(out + i, tl.tensor.to(v / tl.tensor.sum(v, 0), tl.float32))


def test_methods_by_their_class():
    x, out = np.linspace(-1, 1, 16, dtype=np.float32), np.zeros(16, np.float32)
    methods_by_class_kernel[(1,)](x, out, 16)
    np.testing.assert_allclose(out, np.exp(x) / np.exp(x).sum(), rtol=1e-6)


@triton.jit
def expect_zero_kernel(x, out, B: tl.constexpr):
    i = tl.arange(0, B)
    tl.store(out + i, tl.expect_zero(tl.load(x + i), i >= B // 2))


def test_expect_zero():
    x, out = np.arange(16, dtype=np.float32), np.zeros(16, np.float32)
    expect_zero_kernel[(1,)](x, out, 16)
    assert np.array_equal(out, x)
    with pytest.raises(RuntimeError, match="expect_zero: a value that was to be zero is not"):
        expect_zero_kernel[(1,)](x, out, 16, debug=True)
    x[8:] = 0
    expect_zero_kernel[(1,)](x, out, 16, debug=True)
    assert np.array_equal(out, x)
