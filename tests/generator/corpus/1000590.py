# {'seed': 1000590, 'arguments': [('p1', 'int64', 192, 'any'), ('p4', 'int16', 24, 'out'), ('p11', 'int64', 192, 'out'), ('p12', 'int32', 573, 'out'), ('p13', 'int64', 3, 'out'), ('p14', 'int64', 48, 'out')], 'scalars': {'n': 0, 'm': 35, 'big': 2147483648, 'end': 0, 's': 3, 't': 24}, 'grid': (1,), 'options': {'num_warps': 4, 'num_stages': 2}}
import triton
import triton.language as tl


@triton.jit
def affine8(a, b, c, d):
    return a * c, b * c + d


@triton.jit
def kernel(p1, p4, p11, p12, p13, p14, n, m, big, end, s, t):
    pid = tl.program_id(0)
    i = tl.arange(0, 8)
    j = tl.arange(0, 8)
    a_n = n
    a_m = m
    a_big = big
    a_end = end
    a_s = s
    a_t = t
    v2 = tl.load(p1 + (7 - tl.arange(0, 8)[:, None]) * 8 + (tl.arange(0, 8)[None, :] ^ 4))
    v3 = ((tl.arange(0, 8)[None, :] * 8).to(tl.int32) - tl.arange(0, 8)[:, None].to(tl.int32) - (a_n).to(tl.int32) + tl.full((), -2147483648, tl.int32)).to(tl.int32)
    keep5 = (((tl.arange(0, 8).to(tl.uint64) * tl.full((), 3, tl.uint64) + 18446744073709551615).to(tl.uint64) != a_m) | (((a_end.to(tl.uint16) + tl.zeros((8,), tl.uint16))) == ((a_end.to(tl.uint16) + tl.zeros((8,), tl.uint16)))))
    at6 = tl.cumsum(keep5.to(tl.int32), 0) - 1
    tl.store(p4 + pid * 8 + (at6), (((j).to(tl.int16)) - (j.to(tl.int16))).to(tl.int16), mask=keep5)
    v7 = tl.sum(tl.ravel(tl.sum(tl.permute(tl.reshape((((pid).to(tl.int64) - tl.arange(0, 8)[:, None].to(tl.int64) * tl.full((), 3, tl.int64)).to(tl.int64) + tl.zeros((8, 8), tl.int64)), (8, 4, 2)), (1, 0, 2)), 0)), 0).to(tl.int64)
    t9 = tl.reduce(((tl.maximum((v3).to(tl.int64), tl.full((8, 8), -1, tl.int64))).to(tl.int64), ((v2) << 51).to(tl.int64)), 1, affine8)
    v10 = t9[0]
    tl.store(p11 + pid * 64 + tl.arange(0, 8)[:, None] * 8 + tl.arange(0, 8)[None, :], v2)
    tl.store(p12 + pid * 191 + 1 + tl.arange(0, 8)[:, None] * s + tl.arange(0, 8)[None, :] * t, v3)
    tl.store(p13 + pid * 1 + 0, v7, mask=(((tl.full((), 30000.0, tl.float16)) > ((tl.to_tensor(1.0)).to(tl.float16))) ^ (((pid).to(tl.uint64)) != (a_big.to(tl.uint64)))))
    tl.store(p14 + pid * 16 + (tl.arange(0, 8)) * 2, v10, mask=((((tl.full((8,), 1e-05, tl.float64)).to(tl.float16)) <= (tl.full((8,), 0.0, tl.float16))) ^ ((j) == ((tl.full((8,), 1, tl.int16)).to(tl.int32)))))
