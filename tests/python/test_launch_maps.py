"""Operands of products that loops load through pointers, by way of tensor maps that the launch makes (launch_maps=True): which loads,
and what comes out, on a simulated GPU, which reports what is read too early and what lies outside of a tensor."""

import pickle
import random

import pytest
import torch
import triton
import triton.language as tl
from targets import on_each

COPY = "async_tma_copy_global_to_local"


simulated = on_each("cuda:90", autouse=True)


def randn(*shape, dtype=torch.float16, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed + sum(shape))).to(dtype)


def matrix(rows, columns, turned, dtype=torch.float16, seed=0):
    return randn(columns, rows, dtype=dtype, seed=seed).T if turned else randn(rows, columns, dtype=dtype, seed=seed)


def close(x, y):
    torch.testing.assert_close(x.float(), y.float(), rtol=2e-2, atol=2e-2)


def copies(kernel):
    return kernel.asm["ttgir"].count(COPY)


@triton.jit
def wrapped(
    A, B, C, M, N, K, sam, sak, sbk, sbn, scm, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, MASK: tl.constexpr
):
    pid, columns = tl.program_id(0), tl.cdiv(N, BN)
    if MASK == "groups":
        first = pid // (4 * columns) * 4
        height = min(tl.cdiv(M, BM) - first, 4)
        pm, pn = first + pid % (4 * columns) % height, pid % (4 * columns) // height
    else:
        pm, pn = pid // columns, pid % columns
    m, n, k = pm * BM + tl.arange(0, BM), pn * BN + tl.arange(0, BN), tl.arange(0, BK)
    a = A + (m % M)[:, None] * sam + k[None, :] * sak
    b = B + k[:, None] * sbk + (n % N)[None, :] * sbn
    acc = tl.zeros([BM, BN], tl.float32)
    for i in range(tl.cdiv(K, BK)):
        x = tl.load(a, mask=k[None, :] < K - i * BK, other=0.0)
        y = tl.load(b, mask=k[:, None] < K - i * BK, other=0.0)
        acc = tl.dot(x, y, acc)
        a += BK * sak
        b += BK * sbk
    acc = tl.maximum(acc * 2, -1e9)
    inside = (m[:, None] < M) & (n[None, :] < N)
    if MASK == "rows":
        inside = m[:, None] < M
    tl.store(C + m[:, None] * scm + n[None, :], acc, mask=inside)


@pytest.mark.parametrize("layout", ["nn", "nt", "tn", "tt"])
@pytest.mark.parametrize(
    "M, N, K, BM, BN, BK, warps, stages",
    [(160, 176, 208, 64, 64, 64, 4, 3), (96, 80, 144, 128, 128, 32, 8, 4), (64, 128, 48, 64, 64, 32, 4, 2)],
)
def test_axes_that_wrap(layout, M, N, K, BM, BN, BK, warps, stages):
    a, b = matrix(M, K, layout[0] == "t"), matrix(K, N, layout[1] == "t", seed=1)
    c = torch.full((M, N), float("nan"))
    grid = (triton.cdiv(M, BM) * triton.cdiv(N, BN),)
    kernel = wrapped[grid](
        a, b, c, M, N, K, *a.stride(), *b.stride(), N, BM=BM, BN=BN, BK=BK, MASK="both",
        num_warps=warps, num_stages=stages, launch_maps=True,
    )  # fmt: skip
    assert copies(kernel) >= 2 * stages
    close(c, 2 * a.float() @ b.float())


def test_what_is_behind_the_end_may_be_looked_at():
    a, b, c = randn(80, 64), randn(64, 80), torch.zeros(80, 128)
    options = dict(BM=64, BN=128, BK=32, num_warps=4, num_stages=2, launch_maps=True)
    kernel = wrapped[(2,)](a, b, c, 80, 80, 64, 64, 1, 80, 1, 128, MASK="rows", **options)
    assert copies(kernel) == 0
    want = 2 * a.float() @ b.float()
    close(c, torch.cat([want, want[:, :48]], 1))


@pytest.mark.parametrize("M, N", [(128, 128), (640, 128), (400, 80), (64, 64)])
def test_tiles_in_groups_of_rows(M, N):
    """The height of the last group divides: that it is positive follows from the grid, at the launch."""
    a, b, c = randn(M, 64), randn(64, N), torch.zeros(M, N)
    options = dict(BM=64, BN=64, BK=32, MASK="groups", num_warps=4, num_stages=2, launch_maps=True)
    kernel = wrapped[(triton.cdiv(M, 64) * triton.cdiv(N, 64),)](a, b, c, M, N, 64, 64, 1, N, 1, N, **options)
    assert copies(kernel) > 0
    close(c, 2 * a.float() @ b.float())


@triton.jit
def before(A, B, C, rows, K, BM: tl.constexpr, BK: tl.constexpr):
    """Behind rows / 2 programs tiles lie before A."""
    pid = tl.program_id(0)
    m, n = (rows - 2 * pid) // 2 * BM + tl.arange(0, BM), tl.arange(0, BM)
    acc = tl.zeros([BM, BM], tl.float32)
    for at in range(0, K, BK):
        k = at + tl.arange(0, BK)
        acc = tl.dot(tl.load(A + m[:, None] * K + k[None, :]), tl.load(B + k[:, None] * BM + n[None, :]), acc)
    tl.store(C + (pid * BM + n)[:, None] * BM + n[None, :], acc)


@pytest.mark.parametrize("programs", [2, 3])
def test_a_difference_below_zero(programs):
    """With three programs the last one reads before its argument, where there is something: the launch takes code without maps."""
    a, b, c = randn(192, 96), randn(96, 64), torch.zeros(64 * programs, 64)
    kernel = before[(programs,)](a[64:], b, c, 2, 96, BM=64, BK=32, num_stages=2, launch_maps=True)
    assert copies(kernel) > 0
    want = a.float() @ b.float()
    close(c, torch.cat([want[128:], want[64:128], want[:64]])[: 64 * programs])


@triton.jit
def power(A, B, C, BM: tl.constexpr, BK: tl.constexpr, K: tl.constexpr, TIMES: tl.constexpr):
    m, n = tl.arange(0, BM), tl.arange(0, K)
    for _ in range(TIMES):
        acc = tl.zeros([BM, K], tl.float32)
        for at in range(0, K, BK):
            k = at + tl.arange(0, BK)
            acc = tl.dot(tl.load(A + m[:, None] * K + k[None, :]), tl.load(B + k[:, None] * K + n[None, :]), acc)
        tl.debug_barrier()
        tl.store(C + m[:, None] * K + n[None, :], acc.to(tl.float16))
        tl.debug_barrier()


@triton.jit
def turn(A, B, C, BM: tl.constexpr, BK: tl.constexpr, K: tl.constexpr):
    m, n = tl.arange(0, BM), tl.arange(0, K)
    acc = tl.zeros([BM, K], tl.float32)
    for at in range(0, K, BK):
        k = at + tl.arange(0, BK)
        acc = tl.dot(tl.load(A + m[:, None] * K + k[None, :]), tl.load(B + k[:, None] * K + n[None, :]), acc)
    tl.store(C + m[:, None] * K + n[None, :], acc.to(tl.float16))


def test_one_tensor_as_two_arguments():
    """Read through one and written through another: without maps. A barrier of the source's own stands in the way as well."""
    a, b = randn(64, 128), randn(128, 128)
    want = a.float() @ b.float()
    kernel = turn[(1,)](a, b, a, BM=64, BK=32, K=128, num_stages=2, launch_maps=True)
    assert copies(kernel) > 0
    close(a, want)
    a = randn(64, 128) / 16
    want = a.float() @ b.float()
    want = want.half().float() @ b.float()
    kernel = power[(1,)](a, b, a, BM=64, BK=32, K=128, TIMES=2, num_stages=2, launch_maps=True)
    assert copies(kernel) == 0
    close(a, want)


@triton.jit
def bounded(
    A, B, C, M, N, K, sam, sbk, row, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, MASK: tl.constexpr,
    OTHER: tl.constexpr,
):  # fmt: skip
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    n = tl.program_id(1) * BN + tl.arange(0, BN)
    acc = tl.zeros([BM, BN], tl.float32)
    for at in range(0, K, BK):
        k = at + tl.arange(0, BK)
        a = A + (m + row)[:, None] * sam + k[None, :]
        b = B + k[:, None] * sbk + n[None, :]
        if MASK:
            x = tl.load(a, mask=(m[:, None] < M) & (k[None, :] < K), other=OTHER)
            y = tl.load(b, mask=(k[:, None] < K) & (n[None, :] < N), other=0.0)
        else:
            x, y = tl.load(a), tl.load(b)
        acc = tl.dot(x, y, acc)
    tl.store(C + m[:, None] * N + n[None, :], acc, mask=(m[:, None] < M) & (n[None, :] < N))


def bounded_run(a, b, M, N, K, row=0, mask=True, other=0.0, out=None, rows=None, **more):
    c = torch.full((rows or M, N), 7.0) if out is None else out
    options = dict(num_warps=4, num_stages=3, launch_maps=True) | more
    grid = (max(1, triton.cdiv(M, 64)), triton.cdiv(N, 64))
    sizes = dict(BM=64, BN=64, BK=32, MASK=mask, OTHER=other)
    return c, bounded[grid](a, b, c, M, N, K, a.stride(0), b.stride(0), row, **sizes, **options)


@pytest.mark.parametrize("M, N, K", [(100, 72, 88), (64, 64, 16), (1, 8, 200), (130, 66, 31)])
def test_bounds_of_every_axis(M, N, K):
    a, b = randn(M, 208)[:, :K], randn(K, 80)[:, :N]
    c, kernel = bounded_run(a, b, M, N, K)
    assert copies(kernel) > 0
    close(c, a.float() @ b.float())


def test_no_bounds():
    a, b = randn(128, 96), randn(96, 64)
    c, kernel = bounded_run(a, b, 128, 64, 96, mask=False)
    assert copies(kernel) > 0
    close(c, a.float() @ b.float())


@pytest.mark.parametrize("row", [-16, 0, 16])
def test_an_argument_moves_the_tensor(row):
    a, b = randn(160, 96), randn(96, 64)
    c, kernel = bounded_run(a[16:], b, 128, 64, 96, row=row, mask=False)
    assert copies(kernel) > 0
    close(c, a[16 + row : 144 + row].float() @ b.float())


def test_no_elements():
    a, b = randn(64, 96), randn(96, 64)
    for M, K in [(0, 96), (-5, 96), (64, 0)]:
        c, kernel = bounded_run(a, b, M, 64, K, rows=64)
        assert copies(kernel) > 0
        close(c, torch.full((64, 64), 7.0) if M < 1 else torch.zeros(64, 64))


def test_what_stays():
    a, b = randn(100, 96), randn(96, 64)
    assert copies(bounded_run(a, b, 100, 64, 96, other=1.0)[1]) == 0
    assert copies(bounded_run(a, b, 100, 64, 96, num_stages=1)[1]) == 0
    assert copies(bounded_run(a, b, 100, 64, 96, num_warps=2)[1]) == 0
    assert copies(bounded_run(a, b, 100, 64, 96, launch_maps=False)[1]) == 0
    assert copies(bounded_run(randn(100, 100)[:, :96], b, 100, 64, 96)[1]) == 0  # rows that begin within 16 bytes


def test_a_target_without_maps_has_one_key(monkeypatch):
    """The CPU's launches make no maps, whatever is asked for: a called kernel is the one that triton.compile gives."""
    monkeypatch.delenv("TRITONC_SIMULATE")
    keys = set()
    for more in ({}, {"launch_maps": True}, {"launch_maps": False}):
        kernel = bounded_run(randn(64, 64), randn(64, 64), 64, 64, 64, **more)[1]
        assert kernel.metadata.launch_maps is False
        keys.add(kernel.hash)
    assert len(keys) == 1


@triton.jit
def written(A, B, K, BM: tl.constexpr, BK: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    acc = tl.zeros([BM, BM], tl.float32)
    for at in range(0, K, BK):
        k = at + tl.arange(0, BK)
        acc = tl.dot(tl.load(A + m[:, None] * K + k[None, :]), tl.load(B + k[:, None] * BM + m[None, :]), acc)
    tl.store(A + m[:, None] * K + tl.arange(0, BM)[None, :], acc.to(tl.float16))


def test_what_is_written_stays():
    a, b = randn(64, 64), randn(64, 64)
    want = a.float() @ b.float()
    kernel = written[(1,)](a, b, 64, BM=64, BK=32, num_stages=2, launch_maps=True)
    assert copies(kernel) == 0
    close(a, want)


@triton.jit
def written_by_a_descriptor(A, B, rows, K, BM: tl.constexpr, BK: tl.constexpr):
    m = tl.program_id(0) * BM + tl.arange(0, BM)
    to = tl.make_tensor_descriptor(A, [rows, K], [K, 1], [BM, BM])
    acc = tl.zeros([BM, BM], tl.float32)
    for at in range(0, K, BK):
        k = at + tl.arange(0, BK)
        acc = tl.dot(tl.load(A + m[:, None] * K + k[None, :]), tl.load(B + k[:, None] * BM + m[None, :]), acc)
    to.store([0, 0], acc.to(tl.float16))


def test_what_a_descriptor_writes_stays():
    a, b = randn(64, 128), randn(128, 64)
    want = a.float() @ b.float()
    kernel = written_by_a_descriptor[(1,)](a, b, 64, 128, BM=64, BK=32, num_stages=2, launch_maps=True)
    assert copies(kernel) == 0
    close(a[:, :64], want)


@triton.jit
def waiting(A, B, C, flag, tiles, BM: tl.constexpr, BK: tl.constexpr, K: tl.constexpr, WAIT: tl.constexpr):
    m, n = tl.arange(0, BM), tl.arange(0, BM)
    if WAIT == "cas":
        while tl.atomic_cas(flag, 1, 1) != 1:
            pass
    elif WAIT == "load":
        while tl.load(flag, volatile=True) != 1:
            pass
    elif WAIT == "relaxed":
        while tl.atomic_add(flag, 0, sem="relaxed") != 1:
            pass
    acc = tl.zeros([BM, BM], tl.float32)
    for _ in range(tiles):
        acc = tl.zeros([BM, BM], tl.float32)
        for at in range(0, K, BK):
            k = at + tl.arange(0, BK)
            acc = tl.dot(tl.load(A + m[:, None] * K + k[None, :]), tl.load(B + k[:, None] * BM + n[None, :]), acc)
        if WAIT == "inside":
            acc += tl.atomic_add(flag, 1) * 1e-9
    if WAIT == "after":
        acc += tl.atomic_add(flag, 1) * 1e-9
    tl.store(C + m[:, None] * BM + n[None, :], acc)
    tl.atomic_add(flag, 1)


@pytest.mark.parametrize("wait", ["cas", "load", "relaxed", "inside", "after", "no"])
def test_what_a_program_waits_for(wait):
    """Memory that others wrote meanwhile: not by the engine, whose reads no acquire orders."""
    a, b, c = randn(64, 128), randn(128, 64), torch.zeros(64, 64)
    flag = torch.ones(1, dtype=torch.int32)
    kernel = waiting[(1,)](a, b, c, flag, 2, BM=64, BK=32, K=128, WAIT=wait, num_stages=2, launch_maps=True)
    assert (copies(kernel) > 0) == (wait in ("relaxed", "after", "no"))
    close(c, a.float() @ b.float())


@triton.jit
def attention(
    Q,
    K,
    V,
    O,
    sb,
    sh,
    sn,
    skb,
    skh,
    seq,
    heads,
    D: tl.constexpr,
    BM: tl.constexpr,
    BN: tl.constexpr,
    CAUSAL: tl.constexpr,
):
    block, b, h = tl.program_id(0), tl.program_id(1) // heads, tl.program_id(1) % heads
    m, d = block * BM + tl.arange(0, BM), tl.arange(0, D)
    at = b.to(tl.int64) * sb + h.to(tl.int64) * sh
    keys, values = K + b.to(tl.int64) * skb + h * skh, V + b.to(tl.int64) * skb + h * skh
    q = tl.load(Q + at + m[:, None] * sn + d[None, :], mask=m[:, None] < seq, other=0.0)
    top, total = tl.full([BM], float("-inf"), tl.float32), tl.zeros([BM], tl.float32)
    acc = tl.zeros([BM, D], tl.float32)
    end = seq
    if CAUSAL:
        end = min(seq, (block + 1) * BM)
    for start in range(0, end, BN):
        n = start + tl.arange(0, BN)
        k = tl.load(keys + n[None, :] * sn + d[:, None], mask=n[None, :] < seq, other=0.0)
        s = tl.dot(q, k) * 0.18
        seen = n[None, :] < seq
        if CAUSAL:
            seen = seen & (n[None, :] <= m[:, None])
        s = tl.where(seen, s, -1e30)
        new = tl.maximum(top, tl.max(s, 1))
        p = tl.exp2(s - new[:, None])
        shrink = tl.exp2(top - new)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(values + n[:, None] * sn + d[None, :], mask=n[:, None] < seq, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new
    tl.store(O + at + m[:, None] * sn + d[None, :], (acc / total[:, None]).to(tl.float16), mask=m[:, None] < seq)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("seq, D, BM, BN, warps, stages", [(160, 64, 64, 64, 4, 3), (112, 64, 128, 32, 8, 2)])
@pytest.mark.parametrize("shared", [False, True], ids=["", "one head of keys"])
def test_attention(causal, seq, D, BM, BN, warps, stages, shared):
    q, k, v = (randn(2, 2, seq, D, seed=i) for i in range(3))
    if shared:
        k, v = k[:, :1].contiguous().expand(2, 2, seq, D), v[:, :1].contiguous().expand(2, 2, seq, D)
    o = torch.empty_like(q)
    kernel = attention[(triton.cdiv(seq, BM), 4)](
        q, k, v, o, *q.stride()[:3], *k.stride()[:2], seq, 2, D=D, BM=BM, BN=BN, CAUSAL=causal,
        num_warps=warps, num_stages=stages, launch_maps=True,
    )  # fmt: skip
    assert copies(kernel) >= 2 * stages
    s = q.float() @ k.float().transpose(-1, -2) * (0.18 / 1.4426950408889634)
    if causal:
        s = s.masked_fill(torch.ones(seq, seq, dtype=torch.bool).triu(1), -1e30)
    close(o, torch.softmax(s, -1) @ v.float())


@triton.jit
def split(A, B, C, N, K, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr, SPLIT: tl.constexpr):
    part, m, n = tl.program_id(0), tl.arange(0, BM), tl.arange(0, BN)
    acc = tl.zeros([BM, BN], tl.float32)
    for at in range(part * BK, K, SPLIT * BK):
        k = at + tl.arange(0, BK)
        x = tl.load(A + m[:, None] * K + k[None, :], mask=k[None, :] < K, other=0.0)
        y = tl.load(B + k[:, None] * N + n[None, :], mask=k[:, None] < K, other=0.0)
        acc = tl.dot(x, y, acc)
    tl.store(C + (part * BM + m)[:, None] * BN + n[None, :], acc)


def test_loops_that_begin_anywhere():
    a, b, c = randn(64, 208), randn(208, 64), torch.zeros(3, 64, 64)
    kernel = split[(3,)](a, b, c, 64, 208, BM=64, BN=64, BK=32, SPLIT=3, num_stages=3, launch_maps=True)
    assert copies(kernel) > 0
    close(c.sum(0), a.float() @ b.float())


def test_floats_of_8_bits():
    a, b = (randn(128, 96).to(torch.float8_e4m3fn) for _ in range(2))
    c = torch.zeros(128, 128)
    sizes = dict(BM=128, BN=128, BK=64, MASK="both", num_warps=8, num_stages=3, launch_maps=True)
    kernel = wrapped[(1,)](a, b, c, 128, 128, 96, 96, 1, 1, 96, 128, **sizes)
    assert copies(kernel) > 0
    close(c, 2 * a.float() @ b.float().T)


@triton.jit
def anything(
    A, B, C, M, N, K, sam, sbk, plane, first, count, BM: tl.constexpr, BN: tl.constexpr, BK: tl.constexpr,
    LOOP: tl.constexpr, ROWS: tl.constexpr, COLUMNS: tl.constexpr, BOUND: tl.constexpr, PLANE: tl.constexpr,
    TURN: tl.constexpr, WIDE: tl.constexpr,
):  # fmt: skip
    """Addresses and masks of many kinds; what is outside of a mask's bounds is not there."""
    pid, z = tl.program_id(0), tl.program_id(1)
    pm, pn = pid // tl.cdiv(N, BN), pid % tl.cdiv(N, BN)
    if ROWS == "first":
        pm += first // BM
    m, n = pm * BM + tl.arange(0, BM), pn * BN + tl.arange(0, BN)
    am, bn = m, n
    if ROWS == "wrap":
        am = m % M
    if COLUMNS == "wrap":
        bn = n % N
    if COLUMNS == "far":
        bn = n + 8 * count
    if WIDE:
        am, bn = am.to(tl.int64), bn.to(tl.int64)
    a, b = A, B
    if PLANE == "program":
        a += z.to(tl.int64) * plane
        b += z * (M + K)
    elif PLANE == "argument":
        a += count * plane
    elif PLANE == "both":
        a += (z * 2 + count) * plane
    k = tl.arange(0, BK)
    x_at, y_at = a + am[:, None] * sam + k[None, :], b + k[:, None] * sbk + bn[None, :]
    acc = tl.zeros([BM, BN], tl.float32)
    if LOOP == "down":
        for left in range(K, 0, -BK):
            x = tl.load(x_at, mask=k[None, :] < left, other=0.0)
            y = tl.load(y_at, mask=k[:, None] < left, other=0.0)
            acc = tl.dot(x, y, acc)
            x_at += BK
            y_at += BK * sbk
    elif LOOP == "counted":
        for i in range(count, tl.cdiv(K, BK)):
            at = i * BK + k
            inside = at[None, :] < K
            if BOUND:
                inside = inside & (m[:, None] < M)
            x = tl.load(a + am[:, None] * sam + at[None, :], mask=inside, other=0.0)
            y = tl.load(b + at[:, None] * sbk + bn[None, :], mask=at[:, None] < K, other=0.0)
            acc = tl.dot(x, y, acc)
    elif LOOP == "whole":
        for i in range(0, K // BK * BK, BK):
            acc = tl.dot(tl.load(x_at + i), tl.load(y_at + i * sbk), acc)
    else:
        offset = 0
        for i in range(0, K, BK):
            x = tl.load(x_at + offset, mask=(k + i)[None, :] < K, other=0.0)
            y = tl.load(y_at + offset * sbk, mask=k[:, None] + offset < K, other=0.0)
            acc = tl.dot(x, y, acc)
            offset += BK
    c = C + z * BM * BN * 8 + pid * BM * BN + tl.arange(0, BM)[:, None] * BN + tl.arange(0, BN)[None, :]
    tl.store(c, acc, mask=(m[:, None] < M) & (n[None, :] < N))


CHOICES = dict(
    LOOP=["down", "counted", "whole", "carried"],
    ROWS=["plain", "wrap", "first"],
    COLUMNS=["plain", "wrap", "far"],
    BOUND=[False, True],
    PLANE=["none", "program", "argument", "both"],
    TURN=[False, True],
    WIDE=[False, True],
)


@pytest.mark.parametrize("seed", range(24))
def test_the_same_with_maps_and_without(seed):
    r = random.Random(seed)
    chosen = {name: r.choice(values) for name, values in CHOICES.items()}
    M, N, K = r.choice([64, 80, 112]), r.choice([64, 72, 128]), r.choice([32, 48, 160, 200])
    BM, BN, BK = 64, 64, r.choice([32, 64])
    if chosen["LOOP"] == "whole":  # without masks: all of a tile is there, of whatever value
        chosen["BOUND"] = False
    a, b = randn(1024, 256, seed=seed), randn(1024, 256, seed=seed + 99)
    got = []
    for maps in (False, True):
        c = torch.zeros(2, 8, BM, BN)
        kernel = anything[(triton.cdiv(M, BM) * triton.cdiv(N, BN), 2)](
            a, b, c, M, N, K, 256, 256, 256 * 16, 64, 1, **chosen, BM=BM, BN=BN, BK=BK,
            num_warps=4, num_stages=r.choice([2, 3]), launch_maps=maps,
        )  # fmt: skip
        got.append(c)
    print(chosen, copies(kernel))
    assert torch.equal(*got)


def flipped(kernel, a, b, **sizes):
    """Rows of `a` from the last to the first: a negative stride."""
    c = torch.full((64, 64), 7.0)
    kernel = kernel[(1, 1)](a[63:], b, c, 64, 64, 96, -96, 64, 0, **sizes)
    close(c, a.float().flip(0) @ b.float())
    return kernel


SIZES = dict(BM=64, BN=64, BK=32, MASK=False, OTHER=0.0, num_warps=4, num_stages=2)


def test_strides_that_no_map_has():
    a, b = randn(64, 96), randn(96, 64)
    for _ in range(2):  # the second launch finds the code of the first
        assert copies(flipped(bounded, a, b, **SIZES)) > 0


def test_a_compiled_kernel_has_code_without_maps():
    """Also one that was pickled. (It is launched as it is: not by way of tests/gpu/mirror.py.)"""
    a, b = randn(64, 96), randn(96, 64)
    kernel = bounded.warmup(a, b, torch.zeros(1), 64, 64, 96, 96, 64, 0, **SIZES, grid=(1, 1))
    assert copies(kernel) > 0
    flipped(pickle.loads(pickle.dumps(kernel)), a, b)


def test_what_is_compiled_and_not_called_takes_no_maps(monkeypatch):
    names = dict.fromkeys(("A", "B", "C"), "*fp16") | dict.fromkeys(("M", "N", "K", "sam", "sbk", "row"), "i32")
    attributes = {(i,): [["tt.divisibility", 16]] for i in range(9)}
    constants = dict(BM=64, BN=64, BK=32, MASK=True, OTHER=0.0)
    source = triton.compiler.ASTSource(bounded, names | dict.fromkeys(constants, "constexpr"), constants, attributes)
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)
    assert COPY not in triton.compile(source, target=target, options={"num_stages": 2}).asm["ttgir"]
    assert COPY in triton.compile(source, target=target, options={"num_stages": 2, "launch_maps": True}).asm["ttgir"]
