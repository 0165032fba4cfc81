# {'seed': 179582864616837, 'arguments': [('p1', 'int32', 3, 'any'), ('p9', 'int64', 384, 'out'), ('p10', 'int32', 24, 'out'), ('p11', 'int32', 24, 'out'), ('p12', 'int32', 3, 'out')], 'scalars': {'n': 3, 'm': 53, 'big': 1048576, 's': 1, 't': 16}, 'grid': (1,), 'options': {'num_warps': 1, 'num_stages': 2}}
import triton
import triton.language as tl


@triton.jit
def kernel(p1, p9, p10, p11, p12, n, m, big, s, t):
    pid = tl.program_id(0)
    i = tl.arange(0, 16)
    j = tl.arange(0, 8)
    a_n = n
    a_m = m
    a_big = big
    a_s = s
    a_t = t
    v2 = tl.load(p1 + pid * 1 + 0)
    h3, h4 = tl.split(tl.reshape((((j.to(tl.int64)[None, :] + tl.zeros((16, 8), tl.int64))) * 3).to(tl.int64), (16, 4, 2)))
    v5 = tl.reshape(tl.permute(tl.join(h3, h4), (0, 2, 1)), (16, 8))
    v6 = tl.randint(a_big, ((j) // ((((tl.full((8,), 7, tl.int16)).to(tl.int32)) & -2) | 2)).to(tl.int32)).to(tl.int32)
    v7 = tl.randint(v2, ((j) * (j)).to(tl.int32)).to(tl.int32)
    v8 = tl.argmin(((v6.to(tl.int64)) * 3).to(tl.int64), 0)
    tl.store(p9 + pid * 128 + tl.arange(0, 16)[:, None] * 8 + (7 - tl.arange(0, 8)[None, :]), v5, mask=(((v5).to(tl.uint32)) >= (tl.full((16, 8), 7, tl.uint16))))
    tl.store(p10 + pid * 8 + (tl.arange(0, 8)) * 1, v6)
    tl.store(p11 + pid * 8 + (tl.arange(0, 8)) * 1, v7, mask=(((tl.full((8,), -7.0, tl.float64)) < (tl.full((8,), 0.0, tl.float64))) ^ ((tl.full((8,), 0.0, tl.bfloat16)) > (tl.full((8,), 0.1, tl.bfloat16)))))
    tl.store(p12 + pid * 1 + 0, v8, mask=((tl.full((), 1.0, tl.float16)) > (tl.to_tensor(1.0))))
