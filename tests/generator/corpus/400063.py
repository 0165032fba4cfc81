# {'seed': 400063, 'arguments': [('p1', 'uint64', 1536, 'any'), ('p3', 'float32', 1536, 'any'), ('p11', 'uint16', 1608, 'any'), ('p33', 'uint64', 1536, 'out'), ('p34', 'float32', 1536, 'out'), ('p35', 'int32', 192, 'out'), ('p36', 'int32', 1536, 'out'), ('p37', 'int64', 1608, 'out')], 'scalars': {'n': 0, 'm': 6, 'big': 2147483648}, 'grid': (3,), 'options': {'num_warps': 1, 'num_stages': 4}}
import triton
import triton.language as tl


@triton.jit
def helper15(v13, v14):
    v16 = tl.max(((tl.where(((((v14 + tl.zeros((8, 64), tl.float16))).to(tl.float64)) > ((v14 + tl.zeros((8, 64), tl.float16)))), ((v14 + tl.zeros((8, 64), tl.float16))).to(tl.bfloat16), tl.full((8, 64), -7.0, tl.bfloat16))) * ((((v14.to(tl.bfloat16) + tl.zeros((8, 64), tl.bfloat16))) * ((v14.to(tl.bfloat16) + tl.zeros((8, 64), tl.bfloat16)))).to(tl.bfloat16))).to(tl.bfloat16), 0).to(tl.bfloat16)
    return tl.minimum(tl.maximum(((tl.full((8, 64), -7.0, tl.float64)) + ((((v14 + tl.zeros((8, 64), tl.float16))) + (tl.broadcast_to(v16[None, :], (8, 64)))).to(tl.float16))).to(tl.float64), 0.0), 100.0).to(tl.uint16), ((tl.where(((tl.to_tensor(2)) != ((v13).to(tl.int32))), (v13).to(tl.int32), v13.to(tl.int32))) + ((((v13).to(tl.int64)) % (0 - ((((v13).to(tl.int64)) & 7) + 2))).to(tl.int64))).to(tl.int32)


@triton.jit
def helper26(v24, v25):
    v24 = v24
    h27, h28 = tl.split(tl.reshape(((((tl.full((8, 64), 7, tl.uint32)) - ((v25.to(tl.uint32) + tl.zeros((8, 64), tl.uint32)))).to(tl.uint32)) - ((((v25.to(tl.uint32) + tl.zeros((8, 64), tl.uint32))) ^ 5).to(tl.uint32))).to(tl.uint32), (8, 32, 2)))
    v29 = tl.reshape(tl.join(h28, h27), (8, 64))
    for k30 in range(3):
        v24 = v24
    return ((tl.where((((v25 + tl.zeros((64,), tl.int8))) != ((v25 + tl.zeros((64,), tl.int8)))), tl.minimum(tl.maximum((v24.to(tl.bfloat16) + tl.zeros((64,), tl.bfloat16)), -100.0), 100.0).to(tl.int64), ((((v25 + tl.zeros((64,), tl.int8))).to(tl.int64)) * (tl.full((64,), -2, tl.int64))).to(tl.int64))) * ((((((v25.to(tl.uint16) + tl.zeros((64,), tl.uint16))) - (((v25 + tl.zeros((64,), tl.int8))).to(tl.uint16))).to(tl.uint16)) ^ (((((v25 + tl.zeros((64,), tl.int8))).to(tl.uint16)) >> 10).to(tl.uint16))).to(tl.uint16))).to(tl.int64), (tl.maximum((~((v25).to(tl.int32))).to(tl.int32), v25.to(tl.int32))).to(tl.int32)


@triton.jit
def kernel(p1, p3, p11, p33, p34, p35, p36, p37, n, m, big):
    pid = tl.program_id(0)
    i = tl.arange(0, 8)
    j = tl.arange(0, 64)
    a_n = n
    a_m = m
    a_big = big
    v2 = tl.load(p1 + ((tl.broadcast_to(j[None, :], (8, 64))) & 511), mask=((((a_big + tl.zeros((8, 64), tl.int64))) >= ((a_big + tl.zeros((8, 64), tl.int64)))) & (((tl.full((8, 64), 30000.0, tl.float32)) != (tl.full((8, 64), 1.0, tl.float32))) | ((tl.full((8, 64), 3, tl.int16)) <= ((a_big.to(tl.uint16) + tl.zeros((8, 64), tl.uint16)))))), other=3)
    v4 = tl.load(p3 + tl.arange(0, 8)[:, None] + tl.arange(0, 64)[None, :] * 8)
    v5 = tl.sort((tl.umulhi(tl.minimum(tl.maximum(tl.full((64,), 30000.0, tl.float32), -100.0), 100.0).to(tl.int32), ((j) // (0 - (((j) & 7) + 2))).to(tl.int32))).to(tl.int32))
    v6 = tl.cumprod(tl.minimum(tl.maximum((((v4).to(tl.float16)) * ((v4).to(tl.float16))).to(tl.float16), -100.0), 100.0).to(tl.int32), 0, reverse=True).to(tl.int32)
    if ((((tl.full((), 1.0, tl.float64)) - (tl.full((), -2.5, tl.float64))).to(tl.float64)) < ((((tl.full((), 1.0, tl.bfloat16)).to(tl.float16)) - (tl.full((), 1.0, tl.float16))).to(tl.float16))):
        v7 = tl.histogram((tl.where((((tl.full((64,), -2.5, tl.float16)).to(tl.bfloat16)) >= ((tl.full((64,), 0.1, tl.float64)).to(tl.bfloat16))), v5, ((j) * (v5)).to(tl.int32))) & 63, 64, mask=((tl.where((((v5).to(tl.uint64)) > (v5.to(tl.uint64))), (tl.full((64,), -2.5, tl.float16)).to(tl.float32), (tl.full((64,), 0.1, tl.bfloat16)).to(tl.float32))) <= ((tl.fma(tl.full((64,), 1.0, tl.float32), tl.full((64,), 1.0, tl.float32), tl.full((64,), 0.0, tl.float32))).to(tl.float32))))
    if (((tl.abs((a_m).to(tl.int16))).to(tl.int16)) >= ((((a_n).to(tl.uint8)) >> (((a_big).to(tl.uint8)) & 7)).to(tl.uint8))):
        v8 = (tl.sum((((((v2).to(tl.int32)) << 26).to(tl.int32)) & 7).to(tl.float16), 1).to(tl.float16))[:, None] + tl.zeros((8, 64), tl.float16)
        for k9 in range(0, ((pid) & 3) + 0):
            v10 = (tl.xor_sum((((((a_big + tl.zeros((8, 64), tl.int64))) >> (((a_big + tl.zeros((8, 64), tl.int64))) & 63)).to(tl.int64)) ^ 5).to(tl.int64), 1).to(tl.int64))[:, None] + tl.zeros((8, 64), tl.int64)
            v12 = tl.load(p11 + pid * 536 + tl.arange(0, 8)[:, None] * 67 + tl.arange(0, 64)[None, :])
            v17, v18 = helper15((((((a_n).to(tl.uint16)) << 11).to(tl.uint16)) << ((((tl.full((), 100, tl.uint16)) * (k9.to(tl.uint16))).to(tl.uint16)) & 15)).to(tl.uint16), ((((tl.full((), 1, tl.uint64)).to(tl.uint16)) >> (((k9).to(tl.uint16)) & 15)).to(tl.uint16)).to(tl.float16))
            v8 = ((v8) + ((((((v4).to(tl.float16)) * ((v4).to(tl.float16))).to(tl.float16)) + ((((v17.to(tl.int8)) != (v10.to(tl.int16)))).to(tl.float16))).to(tl.float16))).to(tl.float16)
        c19 = 0
        while c19 < 2:
            c19 += 2
            v5 = ((((((j) | (v5)).to(tl.int32)) << ((((v5) | (j)).to(tl.int32)) & 31)).to(tl.int32)) // (0 - (((tl.minimum(tl.maximum(((tl.full((64,), 0.1, tl.float64)) + (tl.full((64,), 0.0, tl.float64))).to(tl.float64), -100.0), 100.0).to(tl.int32)) & 7) + 2))).to(tl.int32)
            v20 = tl.argmax(j, 0)
    v2 = ((((tl.where(((a_big.to(tl.uint32)) == (a_big.to(tl.uint32))), tl.full((8, 64), 7, tl.uint64), v2)) % ((((((v6).to(tl.uint64)) + (v2)).to(tl.uint64)) & 15) + 1)).to(tl.uint64)) + ((tl.minimum((((v2).to(tl.uint16)) + 9).to(tl.uint16), (((v2).to(tl.uint16)) // (((tl.full((8, 64), 2, tl.uint16)) & 15) + 1)).to(tl.uint16))).to(tl.uint16))).to(tl.uint64)
    v6 = tl.full((8, 64), 7, tl.int32)
    v21 = tl.gather((((tl.abs((a_big + tl.zeros((8, 64), tl.int64)))).to(tl.int64)) | ((((a_big + tl.zeros((8, 64), tl.int64))) % (0 - ((((a_big + tl.zeros((8, 64), tl.int64))) & 7) + 2))).to(tl.int64))).to(tl.int64), (((tl.where(((((a_n + tl.zeros((8, 64), tl.int32))).to(tl.int64)) < (tl.full((8, 64), 9223372036854775807, tl.int64))), (a_m + tl.zeros((8, 64), tl.int32)), (v2).to(tl.int32))) + (tl.where((((v2).to(tl.int32)) < (((a_n + tl.zeros((8, 64), tl.int32))).to(tl.uint16))), (v2).to(tl.int32), (v2).to(tl.int32)))).to(tl.int32)) & 63, 1)
    for k22 in range(0, ((pid) & 3) + 2, 1):
        c23 = 0
        while c23 < 4:
            c23 += 2
            v31, v32 = helper26((((tl.fma(tl.full((), -2.5, tl.float64), (tl.full((), -2.5, tl.float16)).to(tl.float64), tl.full((), 0.0, tl.float64))).to(tl.float64)) + ((((tl.full((), 1e-05, tl.float16)).to(tl.float64)) * ((tl.full((), 1e-05, tl.float32)).to(tl.float64))).to(tl.float64))).to(tl.float64), (((((a_m).to(tl.int8)) >> ((c23.to(tl.int8)) & 7)).to(tl.int8)) << ((((a_big.to(tl.int8)) | (a_m.to(tl.int8))).to(tl.int8)) & 7)).to(tl.int8))
    tl.store(p33 + pid * 512 + tl.arange(0, 8)[:, None] + tl.arange(0, 64)[None, :] * 8, v2, mask=(((tl.maximum(v4.to(tl.float16), v4.to(tl.bfloat16))).to(tl.float16)) <= ((((v4).to(tl.bfloat16)) + (v4.to(tl.bfloat16))).to(tl.bfloat16))))
    tl.store(p34 + pid * 512 + tl.arange(0, 8)[:, None] * 64 + tl.arange(0, 64)[None, :], v4)
    tl.store(p35 + pid * 64 + ((63 - tl.arange(0, 64))) * 1, v5)
    tl.store(p36 + pid * 512 + (7 - tl.arange(0, 8)[:, None]) * 64 + (tl.arange(0, 64)[None, :] ^ 32), v6, mask=((((tl.full((8, 64), 0.0, tl.float16)) + (v4)).to(tl.float16)) > (((tl.full((8, 64), -7.0, tl.float16)) * ((tl.full((8, 64), 0.0, tl.float64)).to(tl.float16))).to(tl.float16))))
    tl.store(p37 + pid * 536 + tl.arange(0, 8)[:, None] * 67 + tl.arange(0, 64)[None, :], v21)
