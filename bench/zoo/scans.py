"""Scans and recurrences: along a row, selective, gated, and step by step."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, bf16, case, cdiv, f16, f32


@triton.jit
def cumsum_kernel(X, Y, cols, BLOCK: tl.constexpr):
    """A row longer than a tile: the sum so far is carried."""
    row = tl.program_id(0).to(tl.int64)
    carry = 0.0
    for start in range(0, cols, BLOCK):
        c = start + tl.arange(0, BLOCK)
        x = tl.load(X + row * cols + c, mask=c < cols, other=0.0).to(tl.float32)
        tl.store(Y + row * cols + c, (tl.cumsum(x, axis=0) + carry).to(Y.dtype.element_ty), mask=c < cols)
        carry += tl.sum(x, axis=0)


@case(
    dict(rows=4096, cols=16384, dtype=f32, block=2048, warps=4),
    dict(rows=8192, cols=10000, dtype=bf16, block=1024, warps=4),
    small=dict(rows=3, cols=300, dtype=f32, block=128, warps=2),
)
def cumsum(data, rows, cols, dtype, block, warps):
    x, y = data.randn(rows, cols, dtype=dtype), data.empty(rows, cols, dtype=dtype)
    launch = Launch(cumsum_kernel, (rows,), x, y, cols, BLOCK=block, num_warps=warps)
    return Work(launch, lambda: (y, x.double().cumsum(1)))


@triton.jit
def cumsum_columns_kernel(X, Y, rows, cols, BR: tl.constexpr, BC: tl.constexpr):
    """Along the first axis, many columns at once."""
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    carry = tl.zeros([BC], tl.float32)
    for start in range(0, rows, BR):
        r = start + tl.arange(0, BR)
        m = (r[:, None] < rows) & (c[None, :] < cols)
        x = tl.load(X + r[:, None] * cols + c[None, :], mask=m, other=0.0).to(tl.float32)
        tl.store(Y + r[:, None] * cols + c[None, :], tl.cumsum(x, axis=0) + carry[None, :], mask=m)
        carry += tl.sum(x, axis=0)


@case(
    dict(rows=2048, cols=32768, dtype=f32, tile=(32, 64), warps=4),
    dict(rows=1024, cols=65536, dtype=f16, tile=(16, 128), warps=4),
    small=dict(rows=40, cols=50, dtype=f32, tile=(16, 16), warps=2),
)
def cumsum_columns(data, rows, cols, dtype, tile, warps):
    x, y = data.randn(rows, cols, dtype=dtype), data.empty(rows, cols)
    launch = Launch(
        cumsum_columns_kernel, (cdiv(cols, tile[1]),), x, y, rows, cols, BR=tile[0], BC=tile[1], num_warps=warps
    )
    return Work(launch, lambda: (y, x.double().cumsum(0)))


@triton.jit
def after(a_left, b_left, a_right, b_right):
    """h -> a h + b, one such step after another."""
    return a_left * a_right, b_left * a_right + b_right


@triton.jit
def recurrence_kernel(A, B, H, seq, channels, BT: tl.constexpr, BC: tl.constexpr):
    """h[t] = a[t] h[t-1] + b[t] for many channels: (batch, seq, channels), a scan of pairs per block of time."""
    base = tl.program_id(1).to(tl.int64) * seq * channels
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    t = tl.arange(0, BT)
    h = tl.zeros([BC], tl.float32)
    for start in range(0, seq, BT):
        at = base + (start + t[:, None]) * channels + c[None, :]
        m = (start + t[:, None] < seq) & (c[None, :] < channels)
        a = tl.load(A + at, mask=m, other=1.0).to(tl.float32)
        b = tl.load(B + at, mask=m, other=0.0).to(tl.float32)
        a_all, b_all = tl.associative_scan((a, b), 0, after)
        out = a_all * h[None, :] + b_all
        tl.store(H + at, out.to(H.dtype.element_ty), mask=m)
        h = tl.sum(tl.where(t[:, None] == BT - 1, out, 0.0), axis=0)


def recur(a, b):
    """(batch, seq, channels) in double precision."""
    a, b, h, out = a.double(), b.double(), 0, []
    for t in range(a.shape[1]):
        h = a[:, t] * h + b[:, t]
        out.append(h)
    return torch.stack(out, 1)


@case(
    dict(batch=8, seq=2048, channels=2048, dtype=f32, tile=(32, 64), warps=4),
    dict(batch=16, seq=1024, channels=2560, dtype=bf16, tile=(64, 32), warps=4),
    small=dict(batch=2, seq=40, channels=20, dtype=f32, tile=(16, 16), warps=2),
)
def linear_recurrence(data, batch, seq, channels, dtype, tile, warps):
    a, b = data.rand(batch, seq, channels, dtype=dtype, low=0.5), data.randn(batch, seq, channels, dtype=dtype)
    h, grid = data.empty(batch, seq, channels, dtype=dtype), (cdiv(channels, tile[1]), batch)
    launch = Launch(recurrence_kernel, grid, a, b, h, seq, channels, BT=tile[0], BC=tile[1], num_warps=warps)
    return Work(launch, lambda: (h[:1], recur(a[:1], b[:1])))


@triton.jit
def gated_step_kernel(X, Gate, H0, Out, seq, channels, BLOCK: tl.constexpr):
    """The same step by step: h = g h + (1 - g) x."""
    base = tl.program_id(1).to(tl.int64) * seq * channels
    c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = c < channels
    h = tl.load(H0 + tl.program_id(1) * channels + c, mask=m, other=0.0).to(tl.float32)
    for t in range(seq):
        at = base + t * channels + c
        g = tl.sigmoid(tl.load(Gate + at, mask=m, other=0.0).to(tl.float32))
        x = tl.load(X + at, mask=m, other=0.0).to(tl.float32)
        h = g * h + (1.0 - g) * x
        tl.store(Out + at, h.to(Out.dtype.element_ty), mask=m)


@case(
    dict(batch=32, seq=512, channels=4096, dtype=f32, block=128, warps=1),
    dict(batch=16, seq=1024, channels=2048, dtype=bf16, block=64, warps=1),
    small=dict(batch=2, seq=20, channels=20, dtype=f32, block=32, warps=1),
)
def gated_step(data, batch, seq, channels, dtype, block, warps):
    x, gate = data.randn(batch, seq, channels, dtype=dtype), data.randn(batch, seq, channels, dtype=dtype)
    h0, out = data.randn(batch, channels, dtype=dtype), data.empty(batch, seq, channels, dtype=dtype)
    launch = Launch(
        gated_step_kernel, (cdiv(channels, block), batch), x, gate, h0, out, seq, channels, BLOCK=block, num_warps=warps
    )

    def check():
        g, b = gate[:1].double().sigmoid(), (1 - gate[:1].double().sigmoid()) * x[:1].double()
        b[:, 0] += g[:, 0] * h0[:1].double()
        return out[:1], recur(g, b)

    return Work(launch, check)


@triton.jit
def selective_scan_kernel(
    U, Delta, A, B, C, D, Z, Y, seq, channels, STATE: tl.constexpr, BC: tl.constexpr, BT: tl.constexpr,
):  # fmt: skip
    """A state of STATE numbers per channel whose decay follows the input; time in blocks, a scan within each."""
    b = tl.program_id(1).to(tl.int64)
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    s = tl.arange(0, STATE)
    t = tl.arange(0, BT)
    a = -tl.exp(tl.load(A + c[:, None] * STATE + s[None, :]))
    skip = tl.load(D + c)
    h = tl.zeros([BC, STATE], tl.float32)
    for start in range(0, seq, BT):
        at = (b * seq + start + t[:, None]) * channels + c[None, :]
        u = tl.load(U + at).to(tl.float32)
        delta = tl.load(Delta + at).to(tl.float32)
        delta = tl.where(delta > 20.0, delta, tl.log(1.0 + tl.exp(delta)))
        row = (b * seq + start + t[:, None]) * STATE + s[None, :]
        bt = tl.load(B + row).to(tl.float32)
        ct = tl.load(C + row).to(tl.float32)
        decay = tl.exp(delta[:, :, None] * a[None, :, :])
        add = (delta * u)[:, :, None] * bt[:, None, :]
        decays, adds = tl.associative_scan((decay, add), 0, after)
        states = decays * h[None, :, :] + adds
        y = tl.sum(states * ct[:, None, :], axis=2) + u * skip[None, :]
        z = tl.load(Z + at).to(tl.float32)
        tl.store(Y + at, (y * z * tl.sigmoid(z)).to(Y.dtype.element_ty))
        h = tl.sum(tl.where(t[:, None, None] == BT - 1, states, 0.0), axis=0)


def selective_data(data, batch, seq, channels, state, dtype):
    u, delta, z = (data.randn(batch, seq, channels, dtype=dtype) for _ in range(3))
    b, c = data.randn(batch, seq, state, dtype=dtype), data.randn(batch, seq, state, dtype=dtype)
    a, d, y = (
        data.randn(channels, state, scale=0.5),
        data.randn(channels),
        data.empty(batch, seq, channels, dtype=dtype),
    )

    def check():
        some = slice(0, min(channels, 64))
        dt = torch.nn.functional.softplus(delta[:1, :, some].double())
        decay = torch.exp(dt[..., None] * -torch.exp(a[some].double()))
        add = (dt * u[:1, :, some].double())[..., None] * b[:1, :, None].double()
        h = recur(decay.flatten(2), add.flatten(2)).unflatten(2, (-1, state))
        want = (h * c[:1, :, None].double()).sum(-1) + u[:1, :, some].double() * d[some].double()
        return y[:1, :, some], want * torch.nn.functional.silu(z[:1, :, some].double())

    return (u, delta, a, b, c, d, z, y), check


@case(
    dict(batch=4, seq=1024, channels=2048, state=16, dtype=f32, tile=(8, 32), warps=4),
    dict(batch=8, seq=1024, channels=1536, state=16, dtype=bf16, tile=(4, 64), warps=4),
    small=dict(batch=1, seq=32, channels=8, state=8, dtype=f32, tile=(4, 16), warps=2),
)
def selective_scan(data, batch, seq, channels, state, dtype, tile, warps):
    args, check = selective_data(data, batch, seq, channels, state, dtype)
    grid = channels // tile[0], batch
    launch = Launch(
        selective_scan_kernel, grid, *args, seq, channels, STATE=state, BC=tile[0], BT=tile[1], num_warps=warps
    )
    return Work(launch, check)


@triton.jit
def selective_step_kernel(U, Delta, A, B, C, D, Z, Y, seq, channels, STATE: tl.constexpr, BC: tl.constexpr):
    """The same with the state in registers, one time step after another."""
    b = tl.program_id(1).to(tl.int64)
    c = tl.program_id(0) * BC + tl.arange(0, BC)
    s = tl.arange(0, STATE)
    a = -tl.exp(tl.load(A + c[:, None] * STATE + s[None, :]))
    skip = tl.load(D + c)
    h = tl.zeros([BC, STATE], tl.float32)
    for t in range(seq):
        at = (b * seq + t) * channels + c
        u = tl.load(U + at).to(tl.float32)
        delta = tl.load(Delta + at).to(tl.float32)
        delta = tl.where(delta > 20.0, delta, tl.log(1.0 + tl.exp(delta)))
        bt = tl.load(B + (b * seq + t) * STATE + s).to(tl.float32)
        ct = tl.load(C + (b * seq + t) * STATE + s).to(tl.float32)
        h = tl.exp(delta[:, None] * a) * h + (delta * u)[:, None] * bt[None, :]
        y = tl.sum(h * ct[None, :], axis=1) + u * skip
        z = tl.load(Z + at).to(tl.float32)
        tl.store(Y + at, (y * z * tl.sigmoid(z)).to(Y.dtype.element_ty))


@case(
    dict(batch=8, seq=512, channels=2048, state=16, dtype=f32, block=32, warps=1),
    dict(batch=8, seq=512, channels=4096, state=16, dtype=bf16, block=64, warps=2),
    small=dict(batch=1, seq=20, channels=8, state=8, dtype=f32, block=8, warps=1),
)
def selective_step(data, batch, seq, channels, state, dtype, block, warps):
    args, check = selective_data(data, batch, seq, channels, state, dtype)
    grid = channels // block, batch
    launch = Launch(selective_step_kernel, grid, *args, seq, channels, STATE=state, BC=block, num_warps=warps)
    return Work(launch, check)


@triton.jit
def time_mix_kernel(K, V, W, U, Out, seq, channels, BLOCK: tl.constexpr):
    """A weighted mean of all values so far with a decay per channel, its exponents kept in range."""
    b = tl.program_id(1).to(tl.int64)
    c = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = c < channels
    w = -tl.exp(tl.load(W + c, mask=m, other=0.0))
    bonus = tl.load(U + c, mask=m, other=0.0)
    top = tl.full([BLOCK], -1e38, tl.float32)
    num = tl.zeros([BLOCK], tl.float32)
    den = tl.zeros([BLOCK], tl.float32)
    for t in range(seq):
        at = (b * seq + t) * channels + c
        k = tl.load(K + at, mask=m, other=0.0).to(tl.float32)
        v = tl.load(V + at, mask=m, other=0.0).to(tl.float32)
        new_top = tl.maximum(top, bonus + k)
        e1 = tl.exp(top - new_top)
        e2 = tl.exp(bonus + k - new_top)
        tl.store(Out + at, ((e1 * num + e2 * v) / (e1 * den + e2)).to(Out.dtype.element_ty), mask=m)
        new_top = tl.maximum(top + w, k)
        e1 = tl.exp(top + w - new_top)
        e2 = tl.exp(k - new_top)
        num = e1 * num + e2 * v
        den = e1 * den + e2
        top = new_top


@case(
    dict(batch=16, seq=512, channels=4096, dtype=f32, block=64, warps=1),
    dict(batch=32, seq=512, channels=2048, dtype=bf16, block=128, warps=2),
    small=dict(batch=2, seq=20, channels=20, dtype=f32, block=32, warps=1),
)
def time_mix(data, batch, seq, channels, dtype, block, warps):
    k, v = data.randn(batch, seq, channels, dtype=dtype), data.randn(batch, seq, channels, dtype=dtype)
    w, u, out = data.randn(channels), data.randn(channels), data.empty(batch, seq, channels, dtype=dtype)
    launch = Launch(
        time_mix_kernel, (cdiv(channels, block), batch), k, v, w, u, out, seq, channels, BLOCK=block, num_warps=warps
    )

    def check():
        decay, num, den, want = torch.exp(-torch.exp(w.double())), 0, 0, []
        for t in range(seq):
            ek, vt = k[0, t].double().exp(), v[0, t].double()
            eb = ek * u.double().exp()
            want.append((num + eb * vt) / (den + eb))
            num, den = decay * num + ek * vt, decay * den + ek
        return out[0], torch.stack(want)

    return Work(launch, check)
