"""Counter-based random numbers: Philox (Salmon et al., SC 2011), and uniform and normal variates from it.

The state is nothing but the seed and the offset, so any element of any stream can be computed at any time.
"""
import triton.language as tl
from triton import jit

N_ROUNDS_DEFAULT = 10

# The multipliers and the Weyl increments of Philox 4x32 and 4x64 (table 2 of the paper and its reference code).
_MUL_A_32 = 0xD2511F53
_MUL_B_32 = 0xCD9E8D57
_KEY_A_32 = 0x9E3779B9
_KEY_B_32 = 0xBB67AE85
_MUL_A_64 = 0xD2E7470EE14C6C93
_MUL_B_64 = 0xCA5A826395121157
_KEY_A_64 = 0x9E3779B97F4A7C15
_KEY_B_64 = 0xBB67AE8584CAA73B


@jit
def _rounds(c0, c1, c2, c3, k0, k1, mul_a: tl.constexpr, mul_b: tl.constexpr, key_a: tl.constexpr, key_b: tl.constexpr,
            n_rounds: tl.constexpr, word: tl.constexpr):
    a = tl.full((), mul_a, word)
    b = tl.full((), mul_b, word)
    for _ in tl.static_range(n_rounds):
        d0, d2 = c0, c2
        c0 = tl.umulhi(b, d2) ^ c1 ^ k0
        c2 = tl.umulhi(a, d0) ^ c3 ^ k1
        c1 = tl.mul(b, d2, sanitize_overflow=False)
        c3 = tl.mul(a, d0, sanitize_overflow=False)
        k0 = tl.add(k0, key_a, sanitize_overflow=False)
        k1 = tl.add(k1, key_b, sanitize_overflow=False)
    return c0, c1, c2, c3


@jit
def philox_impl(c0, c1, c2, c3, k0, k1, n_rounds: tl.constexpr = 10):
    if c0.dtype == tl.uint32:
        return _rounds(c0, c1, c2, c3, k0, k1, _MUL_A_32, _MUL_B_32, _KEY_A_32, _KEY_B_32, n_rounds, tl.uint32)
    else:
        tl.static_assert(c0.dtype == tl.uint64, "philox_impl takes uint32 or uint64 counters")
        return _rounds(c0, c1, c2, c3, k0, k1, _MUL_A_64, _MUL_B_64, _KEY_A_64, _KEY_B_64, n_rounds, tl.uint64)


@jit
def philox(seed, c0, c1, c2, c3, n_rounds: tl.constexpr = 10):
    seed = tl._to_tensor(seed)
    tl.static_assert(seed.dtype.is_int(), "the seed of random numbers must be an integer")
    seed = seed.to(tl.uint64)
    c0, c1, c2, c3 = tl._to_tensor(c0), tl._to_tensor(c1), tl._to_tensor(c2), tl._to_tensor(c3)
    if c0.dtype.primitive_bitwidth == 32:
        low = (seed & 0xffffffff).to(tl.uint32)
        high = ((seed >> 32) & 0xffffffff).to(tl.uint32)
        return philox_impl(c0.to(tl.uint32, bitcast=True), c1.to(tl.uint32, bitcast=True), c2.to(tl.uint32, bitcast=True),
                           c3.to(tl.uint32, bitcast=True), low, high, n_rounds)
    else:
        return philox_impl(c0.to(tl.uint64, bitcast=True), c1.to(tl.uint64, bitcast=True), c2.to(tl.uint64, bitcast=True),
                           c3.to(tl.uint64, bitcast=True), seed, tl.full((), 0, tl.uint64), n_rounds)


@jit
def randint4x(seed, offset, n_rounds: tl.constexpr = 10):
    offset = tl._to_tensor(offset)
    low = offset.to(tl.uint32)
    zero = tl.zeros_like(low)
    if offset.dtype.primitive_bitwidth > 32:
        return philox(seed, low, (offset >> 32).to(tl.uint32), zero, zero, n_rounds)
    else:
        return philox(seed, low, zero, zero, zero, n_rounds)


@jit
def randint(seed, offset, n_rounds: tl.constexpr = 10):
    a, b, c, d = randint4x(seed, offset, n_rounds)
    return a


# To [0, 1): the bits read as a signed number, its magnitude scaled by the largest factor that keeps the result below 1.
@jit
def uint_to_uniform_float(x):
    if x.dtype == tl.uint32 or x.dtype == tl.int32:
        s = x.to(tl.int32, bitcast=True)
        return tl.where(s < 0, -s - 1, s) * 4.6566127342e-10
    else:
        tl.static_assert(x.dtype == tl.uint64 or x.dtype == tl.int64, "uint_to_uniform_float takes 32- or 64-bit integers")
        s = x.to(tl.int64, bitcast=True)
        return tl.where(s < 0, -s - 1, s) * 1.0842020432385337e-19


@jit
def rand(seed, offset, n_rounds: tl.constexpr = 10):
    return uint_to_uniform_float(randint(seed, offset, n_rounds))


@jit
def rand4x(seed, offsets, n_rounds: tl.constexpr = 10):
    a, b, c, d = randint4x(seed, offsets, n_rounds)
    return uint_to_uniform_float(a), uint_to_uniform_float(b), uint_to_uniform_float(c), uint_to_uniform_float(d)


# Box and Muller's transform of two uniform numbers to two normal ones.
@jit
def pair_uniform_to_normal(u1, u2):
    u1 = tl.maximum(1.0e-7, u1)
    angle = 6.283185307179586 * u2
    radius = tl.sqrt(-2.0 * tl.log(u1))
    return radius * tl.cos(angle), radius * tl.sin(angle)


@jit
def randn(seed, offset, n_rounds: tl.constexpr = 10):
    a, b, c, d = randint4x(seed, offset, n_rounds)
    n1, n2 = pair_uniform_to_normal(uint_to_uniform_float(a), uint_to_uniform_float(b))
    return n1


@jit
def randn4x(seed, offset, n_rounds: tl.constexpr = 10):
    u1, u2, u3, u4 = rand4x(seed, offset, n_rounds)
    n1, n2 = pair_uniform_to_normal(u1, u2)
    n3, n4 = pair_uniform_to_normal(u3, u4)
    return n1, n2, n3, n4
