# {'seed': 179582864613827, 'arguments': [('p1', 'float64', 3, 'any'), ('p6', 'float64', 3, 'out'), ('p7', 'uint64', 24, 'out')], 'scalars': {'n': 2, 'm': 57, 'big': -1099511627776, 's': 3, 't': 6}, 'grid': (1,), 'options': {'num_warps': 8, 'num_stages': 1}}
import triton
import triton.language as tl


@triton.jit
def kernel(p1, p6, p7, n, m, big, s, t):
    pid = tl.program_id(0)
    i = tl.arange(0, 2)
    j = tl.arange(0, 4)
    a_n = n
    a_m = m
    a_big = big
    a_s = s
    a_t = t
    v2 = tl.load(p1 + pid * 1 + 0, mask=((a_big.to(tl.uint8)) < ((pid).to(tl.uint32))), other=0)
    v2 = (tl.abs((tl.fma(v2, v2, v2)).to(tl.float64))).to(tl.float64)
    v2 = ((((v2) + (v2)).to(tl.float64)) * (((v2) + 0.5).to(tl.float64))).to(tl.float64)
    h3, h4 = tl.split(tl.reshape(((j[None, :] + tl.zeros((2, 4), tl.int32))).to(tl.uint64), (2, 2, 2)))
    v5 = tl.reshape(tl.join(h4, h3), (2, 4))
    tl.store(p6 + pid * 1 + 0, v2)
    tl.store(p7 + pid * 8 + (1 - tl.arange(0, 2)[:, None]) * 4 + (tl.arange(0, 4)[None, :] ^ 2), v5)
