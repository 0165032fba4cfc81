# {'seed': 7035, 'arguments': [('p1', 'float8e5', 3, 'any'), ('p3', 'uint64', 192, 'any'), ('p5', 'uint32', 3072, 'any'), ('p22', 'float8e5', 3, 'out'), ('p23', 'uint64', 576, 'out'), ('p24', 'uint32', 3072, 'out'), ('p25', 'float16', 3, 'out'), ('p26', 'int16', 576, 'out'), ('p27', 'float32', 3072, 'out'), ('p28', 'float16', 3072, 'out'), ('p29', 'int32', 192, 'out'), ('p30', 'int32', 192, 'out'), ('p31', 'int64', 3072, 'out'), ('p32', 'float64', 3072, 'out')], 'scalars': {'n': 5, 'm': 21, 'big': 7}, 'grid': (1,), 'options': {'num_warps': 4, 'num_stages': 3}}
import triton
import triton.language as tl


@triton.jit
def combine8(a, b):
    return b


@triton.jit
def combine17(a, b):
    return tl.maximum(a, b)


@triton.jit
def kernel(p1, p3, p5, p22, p23, p24, p25, p26, p27, p28, p29, p30, p31, p32, n, m, big):
    pid = tl.program_id(0)
    i = tl.arange(0, 16)
    j = tl.arange(0, 64)
    a_n = n
    a_m = m
    a_big = big
    v2 = tl.load(p1 + 0, mask=((tl.minimum(tl.maximum(tl.full((), 1e-05, tl.float64), 0.0), 100.0).to(tl.uint32)) >= ((((a_big).to(tl.uint32)) ^ ((a_n).to(tl.uint16))).to(tl.uint32))))
    v4 = tl.load(p3 + ((63 - tl.arange(0, 64))) * 1)
    v6 = tl.load(p5 + (((a_big + tl.zeros((16, 64), tl.int32))) & 1023))
    v7 = tl.sum(((((tl.minimum(tl.maximum(tl.full((64,), -7.0, tl.float32), -100.0), 100.0).to(tl.int32)) + (tl.where(((tl.full((64,), 1.0, tl.float16)) == ((tl.full((64,), 0.0, tl.float32)).to(tl.float64))), (v4).to(tl.int32), j))).to(tl.int32)) & 7).to(tl.float16), 0).to(tl.float16)
    v9 = tl.associative_scan(((tl.where(((j) == (j)), j.to(tl.int16), v4.to(tl.int16))) << 10).to(tl.int16), 0, combine8)
    for u10 in tl.static_range(3):
        v11 = tl.reshape(tl.trans(tl.where(((((pid + tl.zeros((16, 64), tl.int32))).to(tl.int8)) >= ((a_m + tl.zeros((16, 64), tl.int32)))), ((((v7 + tl.zeros((16, 64), tl.float16))).to(tl.float32)) + (((v7 + tl.zeros((16, 64), tl.float16))).to(tl.float32))).to(tl.float32), (tl.floor(((v7 + tl.zeros((16, 64), tl.float16))).to(tl.float32))).to(tl.float32))), (16, 64))
        v12 = tl.cumsum(((((((a_n + tl.zeros((16, 64), tl.int32))).to(tl.uint32)) // (((((a_big + tl.zeros((16, 64), tl.int32))).to(tl.uint32)) & 15) + 1)).to(tl.uint32)) - (tl.minimum(tl.maximum(v11, -100.0), 100.0).to(tl.int16))).to(tl.uint32), 1).to(tl.uint32)
    s13 = tl.where(((((a_n + tl.zeros((16, 64), tl.int32))).to(tl.uint32)) == (v6)), tl.where(((v6.to(tl.int8)) <= (v6.to(tl.int8))), ((v7 + tl.zeros((16, 64), tl.float16))).to(tl.float32), ((v7 + tl.zeros((16, 64), tl.float16))).to(tl.float32)), tl.where(((a_big.to(tl.int8)) == ((tl.full((), 100, tl.int8)).to(tl.uint16))), (v7.to(tl.float32) + tl.zeros((16, 64), tl.float32)), ((v7 + tl.zeros((16, 64), tl.float16))).to(tl.float32)))
    v14 = tl.sort((tl.where(s13 == s13, s13, 1.0) + 0.0).to(tl.float32), descending=True)
    s15 = (((((v7 + tl.zeros((16, 64), tl.float16))) - (v14.to(tl.bfloat16))).to(tl.float16)) * ((((v14).to(tl.float16)) - ((v7 + tl.zeros((16, 64), tl.float16)))).to(tl.float16))).to(tl.float16)
    v16 = tl.sort((tl.where(s15 == s15, s15, 1.0) + 0.0).to(tl.float16), descending=True)
    v18 = tl.reduce((tl.umulhi((((v6).to(tl.int32)) << (((v6).to(tl.int32)) & 31)).to(tl.int32), (((a_n + tl.zeros((16, 64), tl.int32))) + ((a_m + tl.zeros((16, 64), tl.int32)))).to(tl.int32))).to(tl.int32), 0, combine17)
    v19 = tl.sort(j, descending=True)
    v20 = (1 - ((((1 - ((v6).to(tl.int64))).to(tl.int64)) - (((v6) ^ (v6)).to(tl.uint32))).to(tl.int64))).to(tl.int64)
    v21 = tl.reshape(tl.trans((((((v16).to(tl.float64)) - (v14.to(tl.float64))).to(tl.float64)) + (((v16.to(tl.float64)) + (v14.to(tl.float64))).to(tl.float64))).to(tl.float64)), (16, 64))
    tl.store(p22 + pid * 1 + 0, v2)
    tl.store(p23 + pid * 192 + (tl.arange(0, 64)) * 3, v4)
    tl.store(p24 + pid * 1024 + tl.arange(0, 16)[:, None] * 64 + tl.arange(0, 64)[None, :], v6, mask=(((tl.minimum(v20, tl.full((16, 64), 7, tl.int64))).to(tl.int64)) > (tl.where(((v21) != (v21)), tl.full((16, 64), 255, tl.uint8), (v18.to(tl.uint8)[None, :] + tl.zeros((16, 64), tl.uint8))))))
    tl.store(p25 + pid * 1 + 0, v7, mask=((tl.where(((tl.full((), -2, tl.int64)) >= ((a_n).to(tl.int16))), v7, v7)) != (tl.full((), 0.0, tl.float16))))
    tl.store(p26 + pid * 192 + (tl.arange(0, 64)) * 3, v9)
    tl.store(p27 + pid * 1024 + tl.arange(0, 16)[:, None] * 64 + tl.arange(0, 64)[None, :], v14)
    tl.store(p28 + pid * 1024 + tl.arange(0, 16)[:, None] * 64 + (63 - tl.arange(0, 64)[None, :]), v16)
    tl.store(p29 + pid * 64 + ((63 - tl.arange(0, 64))) * 1, v18)
    tl.store(p30 + pid * 64 + ((63 - tl.arange(0, 64))) * 1, v19, mask=((((((v7 + tl.zeros((64,), tl.float16))) <= ((v7 + tl.zeros((64,), tl.float16))))).to(tl.int64)) >= (tl.where(((v9.to(tl.uint16)) != (v18.to(tl.uint16))), (tl.full((64,), 1, tl.int32)).to(tl.int64), ((pid + tl.zeros((64,), tl.int32))).to(tl.int64)))))
    tl.store(p31 + pid * 1024 + tl.arange(0, 16)[:, None] * 64 + tl.arange(0, 64)[None, :], v20)
    tl.store(p32 + pid * 1024 + (15 - tl.arange(0, 16)[:, None]) * 64 + (tl.arange(0, 64)[None, :] ^ 32), v21)
