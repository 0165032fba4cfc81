# {'seed': 1001509, 'arguments': [('p1', 'float32', 768, 'any'), ('p5', 'float32', 768, 'out'), ('p6', 'int32', 768, 'out'), ('p7', 'int32', 768, 'out')], 'scalars': {'n': 4, 'm': 8, 'big': 1048576, 'end': -1, 's': 1, 't': 1}, 'grid': (3,), 'options': {'num_warps': 1, 'num_stages': 4}}
import triton
import triton.language as tl


@triton.jit
def kernel(p1, p5, p6, p7, n, m, big, end, s, t):
    pid = tl.program_id(0)
    i = tl.arange(0, 1)
    j = tl.arange(0, 256)
    a_n = n
    a_m = m
    a_big = big
    a_end = end
    a_s = s
    a_t = t
    v2 = tl.load(p1 + pid * 256 + tl.arange(0, 1)[:, None] + tl.arange(0, 256)[None, :] * 1, mask=((((a_m.to(tl.int16) + tl.zeros((1, 256), tl.int16))) <= ((a_big.to(tl.int16) + tl.zeros((1, 256), tl.int16)))) & ((tl.full((1, 256), 2, tl.uint32)) < ((a_big.to(tl.uint16) + tl.zeros((1, 256), tl.uint16))))), other=0)
    v3 = tl.cumprod((tl.abs((a_n + tl.zeros((1, 256), tl.int32)))).to(tl.int32), 1, reverse=True).to(tl.int32)
    v4 = tl.sort((((pid + tl.zeros((1, 256), tl.int32))) - ((v3).to(tl.uint32))).to(tl.int32))
    if (((a_m).to(tl.uint32)) <= (a_big.to(tl.int16))) and not (((a_n).to(tl.uint16)) >= ((a_end).to(tl.uint16))):
        v2 = (tl.div_rn(((v2) * (tl.full((1, 256), 1.0, tl.float64))).to(tl.float32), (tl.sqrt_rn(tl.abs(v2))).to(tl.float32))).to(tl.float32)
    tl.store(p5 + pid * 256 + 0 + tl.arange(0, 1)[:, None] * s + tl.arange(0, 256)[None, :] * t, v2, mask=(((v2) <= (v2)) ^ ((tl.full((), 2147483647, tl.int32) + (tl.arange(0, 256)[None, :] * 1).to(tl.int32) - tl.arange(0, 1)[:, None].to(tl.int32)).to(tl.int32) > a_m)))
    tl.store(p6 + pid * 256 + tl.arange(0, 1)[:, None] * 256 + tl.arange(0, 256)[None, :], v3, mask=(((tl.full((1, 256), 100, tl.int8)) > ((v4).to(tl.int8))) & (((v4).to(tl.int64)) < ((v3).to(tl.int64)))))
    tl.store(p7 + pid * 256 + tl.arange(0, 1)[:, None] + tl.arange(0, 256)[None, :] * 1, v4, mask=((v4.to(tl.int64)) <= ((tl.full((1, 256), 1, tl.int8)).to(tl.int64))))
