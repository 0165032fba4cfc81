# {'seed': 400034, 'arguments': [('p1', 'float32', 3, 'any'), ('p13', 'float32', 3, 'out'), ('p14', 'float32', 393, 'out'), ('p15', 'float32', 384, 'out'), ('p16', 'uint32', 393, 'out'), ('p17', 'int16', 384, 'out')], 'scalars': {'n': 2, 'm': 24, 'big': 2147483648}, 'grid': (3,), 'options': {'num_warps': 1, 'num_stages': 3}}
import triton
import triton.language as tl


@triton.jit
def combine10(a, b):
    return tl.maximum(a, b)


@triton.jit
def kernel(p1, p13, p14, p15, p16, p17, n, m, big):
    pid = tl.program_id(0)
    i = tl.arange(0, 1)
    j = tl.arange(0, 128)
    a_n = n
    a_m = m
    a_big = big
    v2 = tl.load(p1 + pid * 1 + 0, mask=(((a_big).to(tl.uint8)) >= ((((a_n).to(tl.uint8)) * ((a_big).to(tl.int32))).to(tl.uint8))))
    s4 = (((tl.sqrt_rn(tl.abs((v2 + tl.zeros((1, 128), tl.float32))))).to(tl.float32)) * 2.0).to(tl.float32)
    t3 = tl.topk((tl.where(s4 == s4, s4, 1.0) + 0.0).to(tl.float32), 2)
    v5 = (tl.max(t3, 1))[:, None] + tl.zeros((1, 128), tl.float32)
    v6 = (tl.min(t3, 1))[:, None] + tl.zeros((1, 128), tl.float32)
    v2 = ((((((v2) + ((v2).to(tl.float16))).to(tl.float32)) + (v2)).to(tl.float32)) + (((((v2) + (v2)).to(tl.float32)) * (((v2.to(tl.float64)) - (tl.to_tensor(1e-05))).to(tl.float64))).to(tl.float32))).to(tl.float32)
    if ((((v2) * (v2.to(tl.bfloat16))).to(tl.float32)) == ((tl.floor(v2)).to(tl.float32))):
        v7 = tl.rand(tl.full((), 2, tl.int32), j)
    elif ((((a_n) <= (a_n)) & (((a_m).to(tl.uint8)) <= ((a_big).to(tl.uint8)))) | ((a_m.to(tl.uint16)) == ((a_m).to(tl.uint16)))):
        v6 = v6
        v8 = tl.gather(((((((a_m + tl.zeros((1, 128), tl.int32))).to(tl.uint8)) - ((pid.to(tl.uint8) + tl.zeros((1, 128), tl.uint8)))).to(tl.uint8)) - (((tl.broadcast_to(j.to(tl.uint8)[None, :], (1, 128))) & (((a_n + tl.zeros((1, 128), tl.int32))).to(tl.uint8))).to(tl.uint8))).to(tl.uint8), ((a_n + tl.zeros((1, 128), tl.int32))) & 0, 0)
    else:
        v9 = (tl.sum(((((((a_m + tl.zeros((1, 128), tl.int32))).to(tl.uint16)) % (((tl.full((1, 128), 65535, tl.uint16)) & 15) + 1)).to(tl.uint16)) >> (((((a_n.to(tl.uint16) + tl.zeros((1, 128), tl.uint16))) - ((pid.to(tl.uint16) + tl.zeros((1, 128), tl.uint16)))).to(tl.uint16)) & 15)).to(tl.uint16), 1).to(tl.uint16))[:, None] + tl.zeros((1, 128), tl.uint16)
    v11 = (tl.reduce((((((tl.broadcast_to(j[None, :], (1, 128))).to(tl.uint32)) + ((a_n.to(tl.uint32) + tl.zeros((1, 128), tl.uint32)))).to(tl.uint32)) >> 26).to(tl.uint32), 1, combine10))[:, None] + tl.zeros((1, 128), tl.uint32)
    v5 = v5
    v12 = tl.sort((tl.maximum(tl.where(((j.to(tl.uint64)) > ((j).to(tl.int8))), ((a_big + tl.zeros((128,), tl.int64))).to(tl.int16), (j).to(tl.int16)), j.to(tl.int16))).to(tl.int16), descending=True)
    tl.store(p13 + pid * 1 + 0, v2)
    tl.store(p14 + pid * 131 + tl.arange(0, 1)[:, None] * 131 + tl.arange(0, 128)[None, :], v5, mask=(((v11.to(tl.uint16)) > (v11)) & (((tl.broadcast_to(v12[None, :], (1, 128))) <= ((v11).to(tl.uint64))) & (((a_n + tl.zeros((1, 128), tl.int32))) != ((v11).to(tl.uint64))))))
    tl.store(p15 + pid * 128 + tl.arange(0, 1)[:, None] * 128 + tl.arange(0, 128)[None, :], v6, mask=(((tl.fma(v5.to(tl.float64), (v6).to(tl.float64), (v6).to(tl.float64))).to(tl.float64)) == (tl.where(((v2.to(tl.float64)) == (v2.to(tl.float64))), tl.full((1, 128), 1.0, tl.float64), (tl.full((1, 128), -7.0, tl.float16)).to(tl.float64)))))
    tl.store(p16 + pid * 131 + tl.arange(0, 1)[:, None] * 131 + tl.arange(0, 128)[None, :], v11, mask=(((v11.to(tl.int8)) > ((v11).to(tl.int8))) & ((v6.to(tl.float64)) < ((v6).to(tl.float64)))))
    tl.store(p17 + pid * 128 + ((127 - tl.arange(0, 128))) * 1, v12)
