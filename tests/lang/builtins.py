"""What the functions of tl become, grouped by kind. builtins.test compares with the expectations beside it."""
import triton
import triton.language as tl


@triton.jit
def comb(a, b):
    return a + b


@triton.jit
def comb2(a, ai, b, bi):
    t = a > b
    return tl.where(t, a, b), tl.where(t, ai, bi)


@triton.jit
def shapes(X, Y, BLOCK: tl.constexpr):
    o = tl.arange(0, BLOCK)
    x = tl.load(X + o[:, None] * BLOCK + o[None, :])
    r = tl.reshape(x, (BLOCK * BLOCK,))
    tl.store(Y + tl.arange(0, BLOCK * BLOCK), r)
    t = tl.trans(x, 1, 0) + x.T + tl.permute(x, (1, 0)) + tl.trans(x)
    rr = tl.reshape(t, BLOCK * 2, BLOCK // 2)
    v = tl.view(rr, [BLOCK, BLOCK])
    j = tl.join(x, v)
    a, b = tl.split(j)
    e = tl.expand_dims(a, [0, 2])
    f = tl.reshape(e, (BLOCK, BLOCK)) * b
    g, h = tl.broadcast(o[:, None], o[None, :])
    bt = tl.broadcast_to(o[:, None], BLOCK, BLOCK)
    tl.store(Y + g * BLOCK + h, f + bt)
    c = tl.cat(o, o, can_reorder=True)
    tl.store(Y + c, tl.interleave(o, o))
    tl.store(Y + c, tl.ravel(x, True).reshape(BLOCK // 2, 2 * BLOCK).sum(0))


@triton.jit
def memory(X, Y, B1, P8, I, n, f, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(X + o, mask=m, other=0)
    s = tl.load(X)
    tl.store(Y, s)
    tl.store(Y, 1.0)
    tl.store(Y + o, 1)
    tl.store(Y + o, x, m & (o > 3), cache_modifier=".cs", eviction_policy="evict_last")
    b = tl.load(B1 + o, mask=m, other=1)
    tl.store(B1 + o, b)
    tl.store(B1, True)
    x2 = tl.load(X + o[:, None], mask=(o < n)[None, :], other=-1.5, cache_modifier=".ca", eviction_policy="evict_first", volatile=True)
    tl.store(Y + o[:, None] + o[None, :], x2)
    tl.store(Y + n, f, n > 3)
    q = tl.load(X + n, mask=n > 3, other=2.0)
    tl.store(Y - 3 + n, q)
    p8 = tl.load(P8 + o, mask=m, other=0.0)
    tl.store(P8 + o, p8.to(tl.float32) + 1)
    i = tl.load(I + o.to(tl.uint32))
    tl.store(I + (o + 1), i, mask=True)


@triton.jit
def reduces(X, Y, H, I, BLOCK: tl.constexpr):
    o = tl.arange(0, BLOCK)
    x = tl.load(X + o[:, None] * 4 + tl.arange(0, 4)[None, :])
    h = tl.load(H + o)
    i = tl.load(I + o)
    tl.store(Y + o, tl.sum(x, axis=1))
    tl.store(Y, tl.sum(x))
    tl.store(Y + tl.arange(0, 4)[None, :], tl.sum(x, axis=0, keep_dims=True))
    tl.store(I, tl.sum(i.to(tl.int8), axis=0))
    tl.store(Y, tl.sum(h, 0))
    tl.store(I, tl.sum(o < 3, 0))
    tl.store(I, tl.sum(i.to(tl.uint8), 0))
    tl.store(Y + o, tl.max(x, 1))
    tl.store(Y, tl.max(h, 0))
    tl.store(I, tl.max(i.to(tl.int8), 0))
    v, k = tl.max(x, 1, return_indices=True)
    tl.store(Y + o, v)
    tl.store(I + o, k)
    tl.store(I + o, tl.argmax(x, 1))
    tl.store(I + tl.arange(0, 1), tl.argmin(h, 0, tie_break_left=False, keep_dims=True))
    tl.store(I, tl.xor_sum(i, 0))
    tl.store(I, tl.reduce_or(i, 0))
    tl.store(Y + o[:, None] + tl.arange(0, 4)[None, :], tl.cumsum(x, 1) + tl.cumprod(x, 0))
    tl.store(I + o, tl.cumsum(i.to(tl.int8), 0, reverse=True))
    tl.store(H + o, tl.cumsum(h, 0))
    tl.store(Y + tl.arange(0, 4), tl.reduce(x, 0, comb))
    r2, r3 = tl.reduce((x, x), 1, comb2, keep_dims=True)
    tl.store(Y + o[:, None], r2 + r3)
    tl.store(Y + o[:, None] + tl.arange(0, 4)[None, :], tl.associative_scan(x, 0, comb))
    tl.store(Y + o, x.sum(1) + x.max(1) + x.min(1))


@triton.jit
def sums_bf16(X, Y, BLOCK: tl.constexpr):
    x = tl.load(X + tl.arange(0, BLOCK))
    tl.store(Y, tl.sum(x, 0))
    tl.store(Y, tl.max(x, 0))
    tl.store(Y + tl.arange(0, BLOCK), tl.cumsum(x))
    tl.store(Y, tl.sum(x, 0, dtype=tl.float32))
    tl.store(Y + tl.argmin(x, 0), 1.0)


@triton.jit
def atomics(X, I, U, H, n, f, BLOCK: tl.constexpr):
    o = tl.arange(0, BLOCK)
    m = o < n
    tl.store(X + o, tl.atomic_add(X + o, tl.load(H + o).to(tl.float32), mask=m))
    tl.atomic_add(X, 1.0)
    tl.atomic_add(I + o, 1, sem="relaxed", scope="cta")
    tl.store(I + o, tl.atomic_max(I + o, o))
    tl.atomic_min(I, 2)
    tl.store(U + o, tl.atomic_max(U + o, 1))
    tl.atomic_min(U, 2)
    tl.atomic_and(I + o, o)
    tl.atomic_or(I + o, o, m)
    tl.atomic_xor(I, 1)
    tl.store(I, tl.atomic_cas(I, 0, 1))
    tl.store(I + o, tl.atomic_cas(I + o, o, o))
    tl.store(X + o, tl.atomic_xchg(X + o, f))
    tl.atomic_xchg(I, 1, sem="release")
    tl.atomic_add(H + o, 1.0)


@triton.jit
def dots(A, B, C, I8, BLOCK: tl.constexpr):
    o = tl.arange(0, 32)
    p = o[:, None] * 32 + o[None, :]
    a = tl.load(A + p)
    b = tl.load(B + p)
    i = tl.load(I8 + p)
    d = tl.dot(a, a)
    d = tl.dot(a, a.T, d)
    d = tl.dot(b, b, d, allow_tf32=False)
    d = tl.dot(b, b, acc=d, input_precision="tf32x3")
    d += tl.dot(i, i)
    d += tl.dot(a.to(tl.float8e5), a.to(tl.float8e5))
    d += tl.dot(a, a, out_dtype=tl.float16)
    d = tl.dot(a.to(tl.bfloat16), a.to(tl.bfloat16), d, max_num_imprecise_acc=32)
    tl.store(C + p, d)
    a3 = tl.reshape(a, (2, 16, 32))
    tl.store(C + tl.arange(0, 2)[:, None, None] * 256 + tl.arange(0, 16)[None, :, None] * 16 + tl.arange(0, 16)[None, None, :], tl.dot(a3, tl.permute(a3, (0, 2, 1))))


@triton.jit
def rands(X, I, seed, BLOCK: tl.constexpr):
    o = tl.arange(0, BLOCK)
    tl.store(X + o, tl.rand(seed, o, n_rounds=2))
    a, b, c, d = tl.randint4x(seed, o.to(tl.int64), n_rounds=1)
    tl.store(I + o, a + b + c + d)
    tl.store(X + o, tl.randn(42, o, n_rounds=1))


@triton.jit
def maths(X, Y, I, n, f, BLOCK: tl.constexpr):
    o = tl.arange(0, BLOCK)
    x = tl.load(X + o)
    i = tl.load(I + o)
    y = tl.exp(x) + tl.exp2(x) + tl.log(x) + tl.log2(x) + tl.sin(x) + tl.cos(x) + tl.erf(x) + tl.sqrt(x) + tl.rsqrt(x) + tl.floor(x) + tl.ceil(x)
    y += tl.sqrt_rn(x) + tl.div_rn(x, y) + tl.fdiv(x, y) + tl.fma(x, y, f) + tl.abs(x) + tl.math.exp2(x) + x.exp() + x.sigmoid() + tl.softmax(x)
    y = tl.clamp(y, 0.0, f)
    y = tl.clamp(y, -1.0, 1.0, tl.PropagateNan.ALL)
    y = tl.maximum(y, 0) + tl.minimum(y, x, propagate_nan=tl.PropagateNan.ALL) + tl.where(o < n, y, 0) + tl.where(n > 3, x, 1.0)
    tl.store(Y + o, y)
    k = tl.umulhi(i, i) + tl.abs(i) + tl.maximum(i, 3) + tl.cdiv(n, BLOCK) + tl.cdiv(i, 3) - (-i) + (~i)
    k += i % 3 + i // n + (i << 2) + (i >> 1) + (i & 7) + (i | n) + (i ^ n)
    u = i.to(tl.uint32)
    u = u % 3 + u // 5 + (u >> 3)
    tl.store(I + o, k + u.to(tl.int32))
    a, b = tl.swizzle2d(n, n, 16, 8, 4)
    tl.store(I + a, b)
    tl.store(Y + o, x % f + i / n + (x.to(tl.float16) / x.to(tl.float16)) + (x.to(tl.bfloat16) * 2 + 1.5))
    tl.store(I + o, (x > 1) & (x != f) | (x <= 3.0))
    tl.store(I, not (n > 3))
    tl.store(I, (n > 3) and (n < 7))


@triton.jit
def facts(X, I, n, BLOCK: tl.constexpr):
    o = tl.max_contiguous(tl.multiple_of(n * BLOCK + tl.arange(0, BLOCK), BLOCK), BLOCK)
    tl.assume(n > 0)
    tl.debug_barrier()
    tl.device_print("hi", o, n)
    tl.device_print("x: ", X, hex=True)
    tl.store(X + tl.max_constancy(o, [4]), o)
    tl.store(I, tl.program_id(1) + tl.num_programs(2))


@triton.jit
def others(X, I, BLOCK: tl.constexpr):
    o = tl.arange(0, BLOCK)
    x = tl.load(X + o)
    tl.store(X + o, tl.gather(x, o ^ 1, 0))
    tl.store(I + tl.arange(0, 16), tl.histogram(o, 16))
    tl.store(I + tl.arange(0, 16), tl.histogram(o, 16, o < 4))
    tl.store(X + o, tl.inline_asm_elementwise("add.f32 $0, $1, $2;", "=f,f,f", [x, x], dtype=tl.float32, is_pure=True, pack=1))


@triton.jit
def ranks(X, Y, BLOCK: tl.constexpr):
    o = tl.arange(0, 16)
    p = tl.arange(0, 4)[:, None] * 16 + o[None, :]
    tl.store(Y + p, tl.load(X + p, mask=o < 3, other=tl.load(X + o)))
    tl.store(Y + p, tl.load(X + o), mask=o > 2)
    tl.atomic_add(Y + p, tl.load(X + o))
