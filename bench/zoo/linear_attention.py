"""Linear attention in chunks: within a chunk by products, between chunks by a state that is a matrix."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, f16, f32


@triton.jit
def chunk_state_kernel(
    K, V, G, States, seq, D: tl.constexpr, DV: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr, BV: tl.constexpr,
):  # fmt: skip
    """The state before each chunk: S = decay S + (k decayed)^T v. G holds the log of the decay, summed within chunks."""
    head = tl.program_id(2).to(tl.int64)
    dk = tl.program_id(0) * BK + tl.arange(0, BK)
    dv = tl.program_id(1) * BV + tl.arange(0, BV)
    t = tl.arange(0, BT)
    state = tl.zeros([BK, BV], tl.float32)
    for chunk in range(tl.cdiv(seq, BT)):
        at = (head * (seq // BT) + chunk) * D * DV + dk[:, None] * DV + dv[None, :]
        tl.store(States + at, state.to(States.dtype.element_ty))
        row = head * seq + chunk * BT + t
        g = tl.load(G + row)
        last = tl.load(G + head * seq + chunk * BT + BT - 1)
        k = tl.load(K + row[None, :] * D + dk[:, None])
        v = tl.load(V + row[:, None] * DV + dv[None, :])
        k = (k.to(tl.float32) * tl.exp(last - g)[None, :]).to(v.dtype)
        state = tl.dot(k, v, state * tl.exp(last))


@triton.jit
def chunk_output_kernel(
    Q, K, V, G, States, Out, scale, seq,
    D: tl.constexpr, DV: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr, BV: tl.constexpr,
):  # fmt: skip
    """o = q S decayed + (q k^T masked and decayed) v."""
    chunk = tl.program_id(0)
    head = tl.program_id(2).to(tl.int64)
    dv = tl.program_id(1) * BV + tl.arange(0, BV)
    t = tl.arange(0, BT)
    row = head * seq + chunk * BT + t
    out = tl.zeros([BT, BV], tl.float32)
    s = tl.zeros([BT, BT], tl.float32)
    for d0 in range(0, D, BK):
        dk = d0 + tl.arange(0, BK)
        q = tl.load(Q + row[:, None] * D + dk[None, :])
        k = tl.load(K + row[None, :] * D + dk[:, None])
        state = tl.load(States + (head * (seq // BT) + chunk) * D * DV + dk[:, None] * DV + dv[None, :])
        out = tl.dot(q, state.to(q.dtype), out)
        s = tl.dot(q, k, s)
    g = tl.load(G + row)
    out = out * tl.exp(g)[:, None]
    s = tl.where(t[:, None] >= t[None, :], s * tl.exp(g[:, None] - g[None, :]), 0.0)
    v = tl.load(V + row[:, None] * DV + dv[None, :])
    out = (out + tl.dot(s.to(v.dtype), v)) * scale
    tl.store(Out + row[:, None] * DV + dv[None, :], out.to(Out.dtype.element_ty))


def chunk_data(data, heads, seq, d, dv, dtype, chunk):
    q, k = data.randn(heads, seq, d, dtype=dtype), data.randn(heads, seq, d, dtype=dtype, scale=d**-0.5)
    v = data.randn(heads, seq, dv, dtype=dtype)
    g = torch.nn.functional.logsigmoid(data.randn(heads, seq) + 4)
    return q, k, v, g, g.reshape(heads, -1, chunk).cumsum(-1).reshape(heads, seq)


def recurrent(q, k, v, g, upto):
    """One head, step by step in double precision: outputs before `upto`, and the state then."""
    q, k, v, decay = q.double(), k.double(), v.double(), g.double().exp()
    state, out = torch.zeros(q.shape[1], v.shape[1], dtype=torch.float64, device=q.device), []
    for t in range(upto):
        state = decay[t] * state + k[t, :, None] * v[t, None, :]
        out.append(q[t] @ state)
    return torch.stack(out), state


@case(
    dict(heads=64, seq=4096, d=128, dv=128, dtype=bf16, chunk=64, tile=(64, 64), warps=4),
    dict(heads=128, seq=2048, d=64, dv=64, dtype=f16, chunk=64, tile=(64, 64), warps=4),
    small=dict(heads=2, seq=48, d=32, dv=32, dtype=f16, chunk=16, tile=(16, 16), warps=1),
)
def chunk_state(data, heads, seq, d, dv, dtype, chunk, tile, warps):
    _, k, v, g, summed = chunk_data(data, heads, seq, d, dv, dtype, chunk)
    states, (BK, BV) = data.empty(heads, seq // chunk, d, dv), tile
    grid = d // BK, dv // BV, heads
    launch = Launch(
        chunk_state_kernel, grid, k, v, summed, states, seq, D=d, DV=dv, BT=chunk, BK=BK, BV=BV, num_warps=warps
    )
    return Work(launch, lambda: (states[0, 2], recurrent(k[0], k[0], v[0], g[0], 2 * chunk)[1]))


@case(
    dict(heads=64, seq=4096, d=128, dv=128, dtype=bf16, chunk=64, tile=(64, 64), warps=4),
    dict(heads=128, seq=2048, d=64, dv=64, dtype=f16, chunk=64, tile=(32, 64), warps=4),
    small=dict(heads=2, seq=48, d=32, dv=32, dtype=f16, chunk=16, tile=(16, 16), warps=1),
)
def chunk_output(data, heads, seq, d, dv, dtype, chunk, tile, warps):
    """The states come from the first kernel of the pair; here only the second is measured."""
    q, k, v, g, summed = chunk_data(data, heads, seq, d, dv, dtype, chunk)
    states, out, (BK, BV) = (
        data.zeros(heads, seq // chunk, d, dv, dtype=dtype),
        data.empty(heads, seq, dv, dtype=dtype),
        tile,
    )
    if data.device != "meta":
        states[0, 1] = recurrent(k[0], k[0], v[0], g[0], chunk)[1]
    grid = seq // chunk, dv // BV, heads
    args = q, k, v, summed, states, out, d**-0.5, seq
    launch = Launch(chunk_output_kernel, grid, *args, D=d, DV=dv, BT=chunk, BK=BK, BV=BV, num_warps=warps)
    return Work(launch, lambda: (out[0, : 2 * chunk], recurrent(q[0], k[0], v[0], g[0], 2 * chunk)[0] * d**-0.5))


@triton.jit
def delta_rule_kernel(Q, K, V, Beta, Out, scale, seq, D: tl.constexpr, DV: tl.constexpr, BV: tl.constexpr):
    """Step by step with the state in registers: what the key held is replaced, S += beta k (v - S^T k)^T."""
    head = tl.program_id(1).to(tl.int64)
    dk = tl.arange(0, D)
    dv = tl.program_id(0) * BV + tl.arange(0, BV)
    state = tl.zeros([BV, D], tl.float32)
    for t in range(seq):
        row = head * seq + t
        q = tl.load(Q + row * D + dk).to(tl.float32)
        k = tl.load(K + row * D + dk).to(tl.float32)
        v = tl.load(V + row * DV + dv).to(tl.float32)
        beta = tl.load(Beta + row).to(tl.float32)
        change = beta * (v - tl.sum(state * k[None, :], axis=1))
        state += change[:, None] * k[None, :]
        tl.store(Out + row * DV + dv, (tl.sum(state * q[None, :], axis=1) * scale).to(Out.dtype.element_ty))


@case(
    dict(heads=64, seq=512, d=128, dv=128, dtype=bf16, block=8, warps=1),
    dict(heads=128, seq=512, d=64, dv=64, dtype=f32, block=16, warps=2),
    small=dict(heads=2, seq=20, d=16, dv=16, dtype=f32, block=8, warps=1),
)
def delta_rule(data, heads, seq, d, dv, dtype, block, warps):
    q, k = (
        data.randn(heads, seq, d, dtype=dtype),
        torch.nn.functional.normalize(data.randn(heads, seq, d), dim=-1).to(dtype),
    )
    v, beta, out = (
        data.randn(heads, seq, dv, dtype=dtype),
        data.rand(heads, seq, dtype=dtype),
        data.empty(heads, seq, dv, dtype=dtype),
    )
    args = q, k, v, beta, out, d**-0.5, seq
    launch = Launch(delta_rule_kernel, (dv // block, heads), *args, D=d, DV=dv, BV=block, num_warps=warps)

    def check():
        state, want = torch.zeros(dv, d, dtype=torch.float64, device=q.device), []
        for t in range(seq):
            kt = k[0, t].double()
            state = state + beta[0, t].double() * (v[0, t].double() - state @ kt)[:, None] * kt[None]
            want.append(state @ q[0, t].double() * d**-0.5)
        return out[0], torch.stack(want)

    return Work(launch, check)


@triton.jit
def chunk_scores_kernel(
    C, B, G, Out, seq, D: tl.constexpr, BT: tl.constexpr, BK: tl.constexpr,
):  # fmt: skip
    """Scores within a chunk for a state-space model: (c b^T) times a lower triangle of decays."""
    chunk = tl.program_id(0)
    head = tl.program_id(1).to(tl.int64)
    t = tl.arange(0, BT)
    row = head * seq + chunk * BT + t
    s = tl.zeros([BT, BT], tl.float32)
    for d0 in range(0, D, BK):
        d = d0 + tl.arange(0, BK)
        c = tl.load(C + row[:, None] * D + d[None, :])
        b = tl.load(B + row[:, None] * D + d[None, :])
        s = tl.dot(c, tl.trans(b), s)
    g = tl.load(G + row)
    s = tl.where(t[:, None] >= t[None, :], s * tl.exp(g[:, None] - g[None, :]), 0.0)
    tl.store(Out + row[:, None] * BT + t[None, :], s.to(Out.dtype.element_ty))


@case(
    dict(heads=64, seq=4096, d=128, dtype=bf16, chunk=64, block=64, warps=4),
    dict(heads=32, seq=8192, d=64, dtype=f16, chunk=128, block=32, warps=4),
    small=dict(heads=2, seq=48, d=32, dtype=f16, chunk=16, block=16, warps=1),
)
def chunk_scores(data, heads, seq, d, dtype, chunk, block, warps):
    c, b, _, _, summed = chunk_data(data, heads, seq, d, d, dtype, chunk)
    out = data.empty(heads, seq, chunk, dtype=dtype)
    launch = Launch(
        chunk_scores_kernel, (seq // chunk, heads), c, b, summed, out, seq, D=d, BT=chunk, BK=block, num_warps=warps
    )

    def check():
        part, g = slice(chunk, 2 * chunk), summed[0, chunk : 2 * chunk].double()
        s = c[0, part].double() @ b[0, part].double().T * (g[:, None] - g[None]).exp()
        return out[0, part], s.tril()

    return Work(launch, check)
