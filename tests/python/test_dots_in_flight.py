"""Products of warp groups that run while copies of later steps are issued, and while the next step begins: on the simulated GPU, which
reports a buffer that is filled too early or read too late."""

import pytest
import torch
import triton
import triton.language as tl
from targets import on_each

simulated = on_each("cuda:90", autouse=True)


def close(x, y):
    torch.testing.assert_close(x, y, rtol=1e-2, atol=1e-2)


def randn(*shape, dtype=torch.float16):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape))).to(dtype)


@triton.jit
def two_products(A, B, C, P, Q, K, N: tl.constexpr, M: tl.constexpr, T: tl.constexpr, STAGES: tl.constexpr):
    rows, columns, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, T)
    p, q = tl.zeros([M, N], tl.float32), tl.zeros([M, N], tl.float32)
    for at in tl.range(0, K, T, num_stages=STAGES):
        a = tl.load(A + rows[:, None] * K + (at + k)[None, :])
        p = tl.dot(a, tl.load(B + (at + k)[:, None] * N + columns[None, :]), p)
        q = tl.dot(a, tl.load(C + (at + k)[:, None] * N + columns[None, :]), q)
    to = rows[:, None] * N + columns[None, :]
    tl.store(P + to, p)
    tl.store(Q + to, q)


@pytest.mark.parametrize("stages", [2, 3, 4])
@pytest.mark.parametrize("m, warps", [(64, 4), (128, 8)])
def test_two_products_stay_in_flight(stages, m, warps):
    a, b, c = randn(m, 192), randn(192, 64), randn(192, 64)
    p, q = torch.empty(m, 64), torch.empty(m, 64)
    kernel = two_products[(1,)](a, b, c, p, q, 192, N=64, M=m, T=32, STAGES=stages, num_warps=warps)
    assert kernel.asm["ttgir"].count("isAsync = true") == 2 and "pendings = 2 : i32" in kernel.asm["ttgir"]
    close(p, a.float() @ b.float())
    close(q, a.float() @ c.float())


@triton.jit
def decayed(X, Y, G, States, steps, T: tl.constexpr, N: tl.constexpr, M: tl.constexpr, STAGES: tl.constexpr):
    rows, columns, t = tl.arange(0, M), tl.arange(0, N), tl.arange(0, T)
    state = tl.zeros([M, N], tl.float32)
    for step in tl.range(steps, num_stages=STAGES):
        tl.store(States + step * M * N + rows[:, None] * N + columns[None, :], state)
        at = step * T + t
        g = tl.load(G + at)
        x = tl.load(X + at[None, :] * M + rows[:, None])
        y = tl.load(Y + at[:, None] * N + columns[None, :])
        x = (x.to(tl.float32) * tl.exp(-g)[None, :]).to(y.dtype)
        state = tl.dot(x, y, state * 0.5)


@pytest.mark.parametrize("stages", [2, 3, 4])
@pytest.mark.parametrize("m, n, warps", [(64, 32, 4), (128, 64, 8), (64, 64, 8)])
def test_left_operands_that_are_computed(stages, m, n, warps):
    """In registers, unless two warp groups need the same."""
    steps, t = 5, 32
    x, y, g = randn(steps * t, m), randn(steps * t, n), randn(steps * t, dtype=torch.float32).abs()
    states, state = torch.empty(steps, m, n), torch.zeros(m, n)
    kernel = decayed[(1,)](x, y, g, states, steps, T=t, N=n, M=m, STAGES=stages, num_warps=warps)
    assert ("ttng.fence_async_shared" in kernel.asm["ttgir"]) == (m < 16 * warps)
    for step in range(steps):
        close(states[step], state)
        at = slice(step * t, step * t + t)
        state = state * 0.5 + (x[at] * torch.exp(-g[at])[:, None]).half().float().T @ y[at].float()


def order(kernel, *words):
    """In which order words occur in the loop."""
    lines = kernel.asm["ttgir"].split("scf.for")[1].split("scf.yield")[0].splitlines()
    found = [word for line in lines for word in words if word in line]
    return [word for i, word in enumerate(found) if i == 0 or word != found[i - 1]]


@pytest.mark.parametrize("stages", [2, 3, 4])
def test_copies_are_waited_for_after_stores(stages):
    x, y, g = randn(96, 64), randn(96, 32), randn(96, dtype=torch.float32).abs()
    kernel = decayed[(1,)](x, y, g, torch.empty(3, 64, 32), 3, T=32, N=32, M=64, STAGES=stages, num_warps=4)
    assert order(kernel, "tt.store", "ttg.async_wait", "group_dot ") == ["tt.store", "ttg.async_wait", "group_dot "]


@triton.jit
def scaled_rows(A, B, Scales, C, K, T: tl.constexpr, M: tl.constexpr, N: tl.constexpr, STAGES: tl.constexpr):
    rows, columns, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, T)
    sum = tl.zeros([M, N], tl.float32)
    for at in tl.range(0, K, T, num_stages=STAGES):
        a = tl.load(A + rows[:, None] * K + (at + k)[None, :])
        b = tl.load(B + columns[None, :] * K + (at + k)[:, None])
        sum += tl.dot(a, b) * tl.load(Scales + at // T * N + columns)[None, :]
    tl.store(C + rows[:, None] * N + columns[None, :], sum)


@pytest.mark.parametrize("stages", [2, 3, 4])
def test_scales_are_read_while_a_product_runs(stages):
    a, b, scales, c = randn(64, 192), randn(64, 192), randn(6, 64, dtype=torch.float32), torch.empty(64, 64)
    kernel = scaled_rows[(1,)](a, b, scales, c, 192, T=32, M=64, N=64, STAGES=stages, num_warps=4)
    assert order(kernel, "group_dot ", "local_load", "dot_wait") == ["group_dot ", "local_load", "dot_wait"]
    close(c, sum(a[:, i : i + 32].float() @ b[:, i : i + 32].float().T * scales[i // 32] for i in range(0, 192, 32)))


@triton.jit
def widened(A, B, C, K, N: tl.constexpr, M: tl.constexpr, T: tl.constexpr, STAGES: tl.constexpr):
    rows, columns, k = tl.arange(0, M), tl.arange(0, N), tl.arange(0, T)
    sum = tl.zeros([M, N], tl.float32)
    for at in tl.range(0, K, T, num_stages=STAGES):
        a = tl.load(A + rows[:, None] * K + (at + k)[None, :])
        b = tl.load(B + columns[None, :] * K + (at + k)[:, None])
        sum = tl.dot(a, b.to(a.dtype), sum)
    tl.store(C + rows[:, None] * N + columns[None, :], sum)


@pytest.mark.parametrize("stages", [2, 3, 4])
def test_fences_do_not_wait_for_copies(stages):
    """An operand that is stored in every step takes a fence, which comes before the copies of later steps."""
    a, b, c = randn(64, 192), (randn(64, 192) * 3).to(torch.int8), torch.empty(64, 64)
    kernel = widened[(1,)](a, b, c, 192, N=64, M=64, T=32, STAGES=stages, num_warps=4)
    words = ["ttng.fence_async_shared", "group_dot ", "ttg.async_copy", "dot_wait"]
    assert order(kernel, *words) == words
    close(c, a.float() @ b.float().T)


@triton.jit
def attend(Q, K, V, Bias, Out, n, M: tl.constexpr, T: tl.constexpr, D: tl.constexpr, STAGES: tl.constexpr):
    rows, d = tl.arange(0, M), tl.arange(0, D)
    q = tl.load(Q + rows[:, None] * D + d[None, :])
    out, total = tl.zeros([M, D], tl.float32), tl.zeros([M], tl.float32)
    for at in tl.range(0, n, T, num_stages=STAGES):
        t = at + tl.arange(0, T)
        k = tl.load(K + t[None, :] * D + d[:, None])
        v = tl.load(V + t[:, None] * D + d[None, :])
        p = tl.exp(tl.dot(q, k) * 0.1 + tl.load(Bias + rows[:, None] * n + t[None, :]))
        total += tl.sum(p, 1)
        out = tl.dot(p.to(v.dtype), v, out)
    tl.store(Out + rows[:, None] * D + d[None, :], out / total[:, None])


@pytest.mark.parametrize("stages", [2, 3, 4])
@pytest.mark.parametrize("d", [32, 128])
def test_two_products_one_after_the_other(stages, d):
    q, k, v, bias, out = randn(64, d), randn(160, d), randn(160, d), randn(64, 160), torch.empty(64, d)
    attend[(1,)](q, k, v, bias, out, 160, M=64, T=32, D=d, STAGES=stages, num_warps=4)
    close(out, torch.softmax(q.float() @ k.float().T * 0.1 + bias.float(), -1) @ v.float())
