# {'seed': 7065, 'arguments': [('p1', 'uint64', 384, 'any'), ('p3', 'int16', 384, 'any'), ('p5', 'uint64', 768, 'any'), ('p7', 'int8', 768, 'zero'), ('p44', 'uint64', 192, 'out'), ('p45', 'int16', 192, 'out'), ('p46', 'uint64', 768, 'out'), ('p47', 'int8', 768, 'out'), ('p48', 'float16', 768, 'out'), ('p49', 'uint32', 384, 'out'), ('p50', 'int32', 3, 'out'), ('p51', 'float32', 768, 'out'), ('p52', 'int32', 384, 'out'), ('p53', 'float64', 384, 'out'), ('p54', 'float32', 384, 'out')], 'scalars': {'n': 9, 'm': 33, 'big': -1099511627776}, 'grid': (2,), 'options': {'num_warps': 2, 'num_stages': 3}}
import triton
import triton.language as tl


@triton.jit
def helper20(v18, v19):
    v21 = tl.trans(tl.reshape(((tl.where(((tl.full((4, 64), -7.0, tl.float64)) > ((v19.to(tl.bfloat16) + tl.zeros((4, 64), tl.bfloat16)))), tl.full((4, 64), 255, tl.uint8), (v18).to(tl.uint8))) ^ ((v18).to(tl.uint8))).to(tl.uint8), (64, 4)))
    v22 = tl.cumprod(v21.to(tl.int64), 0, reverse=True).to(tl.int64)
    for k23 in tl.range(((tl.full((), 7, tl.int32)) & 3)):
        v18 = tl.where((((tl.fma(((v19 + tl.zeros((4, 64), tl.float32))).to(tl.float64), (v19.to(tl.float64) + tl.zeros((4, 64), tl.float64)), ((v19 + tl.zeros((4, 64), tl.float32))).to(tl.float64))).to(tl.float64)) < ((((v19.to(tl.float64) + tl.zeros((4, 64), tl.float64))) * ((v19.to(tl.float64) + tl.zeros((4, 64), tl.float64)))).to(tl.float64))), tl.minimum(tl.maximum((v19.to(tl.float64) + tl.zeros((4, 64), tl.float64)), 0.0), 100.0).to(tl.uint16), (tl.minimum(tl.where((((k23).to(tl.uint64)) <= (k23.to(tl.uint64))), v18, v18), v18)).to(tl.uint16))
    if ((tl.minimum(tl.maximum(v19, 0.0), 100.0).to(tl.uint16)) > (tl.minimum(tl.maximum(v19.to(tl.float64), 0.0), 100.0).to(tl.uint16))):
        return v22.to(tl.uint32), (tl.abs((tl.full((), 18446744073709551615, tl.uint64)).to(tl.int32))).to(tl.int32)
    return (((((((v21).to(tl.uint32)) // ((((v22).to(tl.uint32)) & 15) + 1)).to(tl.uint32)) >> 14).to(tl.uint32)) + 9).to(tl.uint32), ((tl.where(((tl.full((), 255, tl.uint8)) <= (tl.full((), 0, tl.uint8))), (tl.full((), -1, tl.int8)).to(tl.int32), (tl.full((), 100, tl.int16)).to(tl.int32))) >> ((tl.minimum(tl.maximum((v19).to(tl.float16), -100.0), 100.0).to(tl.int32)) & 31)).to(tl.int32)


@triton.jit
def best27(a, i, b, j):
    take = (b > a) | ((b == a) & (j < i))
    return tl.where(take, b, a), tl.where(take, j, i)


@triton.jit
def helper35(v33, v34):
    h36, h37 = tl.split(tl.reshape(((((((v33 + tl.zeros((4, 64), tl.int16))).to(tl.int8)) + (tl.full((4, 64), 2, tl.int8))).to(tl.int8)) | (tl.where((((v34.to(tl.uint8) + tl.zeros((4, 64), tl.uint8))) >= ((v34.to(tl.uint8) + tl.zeros((4, 64), tl.uint8)))), ((v34 + tl.zeros((4, 64), tl.uint32))).to(tl.int16), (tl.full((4, 64), 100, tl.int8)).to(tl.int16)))).to(tl.int8), (4, 32, 2)))
    v38 = tl.reshape(tl.permute(tl.join(h36, h37 + h36), (2, 1, 0)), (4, 64))
    v39 = tl.cumsum(v38.to(tl.uint8), 0).to(tl.uint8)
    return (tl.sqrt_rn(tl.abs((-(((v39).to(tl.int8)).to(tl.float32))).to(tl.float32)))).to(tl.float32), tl.where(((tl.full((), 0.1, tl.float16)) <= ((tl.to_tensor(30000.0)).to(tl.float16))), ((((v33).to(tl.uint32)) != ((v33).to(tl.uint32)))).to(tl.int32), ((v34.to(tl.int32)) + (v33.to(tl.int32))).to(tl.int32))


@triton.jit
def kernel(p1, p3, p5, p7, p44, p45, p46, p47, p48, p49, p50, p51, p52, p53, p54, n, m, big):
    pid = tl.program_id(0)
    i = tl.arange(0, 4)
    j = tl.arange(0, 64)
    a_n = n
    a_m = m
    a_big = big
    v2 = tl.load(p1 + (tl.arange(0, 64)) * 2)
    v4 = tl.load(p3 + ((63 - tl.arange(0, 64))) * 2, mask=(((tl.div_rn(tl.full((64,), -7.0, tl.float32), (tl.full((64,), 30000.0, tl.float16)).to(tl.float32))).to(tl.float32)) >= (((tl.full((64,), 1e-05, tl.float32)) - (tl.full((64,), -7.0, tl.float32))).to(tl.float32))))
    v6 = tl.load(p5 + pid * 256 + (((a_m + tl.zeros((4, 64), tl.int32))) & 255), mask=((tl.where((((pid + tl.zeros((4, 64), tl.int32))) >= (((a_big + tl.zeros((4, 64), tl.int64))).to(tl.int32))), ((a_m + tl.zeros((4, 64), tl.int32))).to(tl.uint16), ((pid + tl.zeros((4, 64), tl.int32))).to(tl.uint16))) != ((tl.broadcast_to(j[None, :], (4, 64))).to(tl.int16))), other=3)
    tl.store(p7 + pid * 256 + tl.arange(0, 4)[:, None] + tl.arange(0, 64)[None, :] * 4, ((v6.to(tl.int8)) - (tl.where((((((a_m + tl.zeros((4, 64), tl.int32))).to(tl.int8)) < ((v6).to(tl.int64))) | (((v6).to(tl.int64)) >= ((v6).to(tl.int64)))), ((a_m + tl.zeros((4, 64), tl.int32))).to(tl.int8), ((tl.full((4, 64), 0, tl.int8)) & (v6.to(tl.int8))).to(tl.int8)))).to(tl.int8))
    tl.debug_barrier()
    v8 = tl.load(p7 + pid * 256 + tl.arange(0, 4)[:, None] + tl.arange(0, 64)[None, :] * 4)
    tl.debug_barrier()
    h9, h10 = tl.split(tl.reshape((tl.maximum(tl.where(((v6.to(tl.uint8)) <= ((v8).to(tl.uint8))), tl.full((4, 64), -2.5, tl.float16), tl.full((4, 64), 0.1, tl.float16)), ((tl.full((4, 64), 0.1, tl.float16)) * ((tl.full((4, 64), -2.5, tl.bfloat16)).to(tl.float16))).to(tl.float16))).to(tl.float16), (4, 32, 2)))
    v11 = tl.interleave(h10, h9)
    v12 = (((((((v4).to(tl.uint32)) | ((v2).to(tl.uint32))).to(tl.uint32)) * ((tl.umulhi((v4).to(tl.uint32), tl.full((64,), 7, tl.uint32))).to(tl.uint32))).to(tl.uint32)) << (((v2).to(tl.uint32)) & 31)).to(tl.uint32)
    for k13 in range(1, ((tl.to_tensor(0)) & 3) + 2):
        v11 = ((((((v11) + ((tl.full((4, 64), 1e-05, tl.float16)).to(tl.float32))).to(tl.float16)) * ((((v11).to(tl.bfloat16)) + (v11.to(tl.bfloat16))).to(tl.bfloat16))).to(tl.float16)) + (v11)).to(tl.float16)
    v14 = tl.sum(tl.ravel(tl.sum(tl.permute(tl.reshape((((tl.full((4, 64), -1, tl.int8)).to(tl.int32)) % ((((((pid + tl.zeros((4, 64), tl.int32))) - ((v6).to(tl.int32))).to(tl.int32)) & 15) + 1)).to(tl.int32), (4, 32, 2)), (2, 1, 0)), 2)), 0).to(tl.int32)
    v15 = tl.trans(tl.reshape((((((v6.to(tl.uint8)) >= (v8.to(tl.uint8)))).to(tl.float32)) - ((((a_n + tl.zeros((4, 64), tl.int32))).to(tl.uint16)).to(tl.float64))).to(tl.float32), (64, 4)))
    v16 = tl.histogram(((tl.umulhi((tl.minimum((v4).to(tl.int32), tl.full((64,), 1, tl.int32))).to(tl.int32), ((tl.full((64,), 2, tl.int32)) + 1).to(tl.int32))).to(tl.int32)) & 63, 64, mask=(((tl.full((64,), 0.1, tl.bfloat16)) < (tl.full((64,), -2.5, tl.bfloat16))) & (((tl.full((64,), 0.0, tl.float64)) <= (tl.full((64,), 1.0, tl.float64))) ^ ((v12) != (v12)))))
    for k17 in tl.range(4, num_stages=1):
        v4 = tl.where(((tl.where((((v2).to(tl.int8)) < ((v4).to(tl.int8))), v2, v2)) == (v2)), ((((v4) << 12).to(tl.int16)) + ((tl.maximum((v16).to(tl.int16), v4)).to(tl.int16))).to(tl.int16), (((((v2).to(tl.int16)) | (v4)).to(tl.int16)) - (((tl.full((64,), 2147483647, tl.int32)) - ((v2).to(tl.uint8))).to(tl.int32))).to(tl.int16))
        v24, v25 = helper20(tl.full((4, 64), 1, tl.uint16), (tl.div_rn((tl.full((), 1.75, tl.float32).to(tl.float8e4nv)).to(tl.float32), (tl.sqrt_rn(tl.abs(tl.full((), 1e-05, tl.float32)))).to(tl.float32))).to(tl.float32))
        v26 = ((v11.to(tl.bfloat16)) - (tl.where((((v25.to(tl.uint8) + tl.zeros((4, 64), tl.uint8))) <= (v6.to(tl.uint8))), ((v12[None, :] + tl.zeros((4, 64), tl.uint32))).to(tl.float16), (((v15).to(tl.float16)) - (tl.full((4, 64), 0.0, tl.float16))).to(tl.float16)))).to(tl.bfloat16)
        t28 = tl.reduce(((v6).to(tl.int16), (((((v6).to(tl.int32)) << 4).to(tl.int32)) // (0 - ((((tl.maximum((pid + tl.zeros((4, 64), tl.int32)), (v8).to(tl.int32))).to(tl.int32)) & 7) + 2))).to(tl.int32)), 1, best27)
        v29 = (t28[0])[:, None] + tl.zeros((4, 64), tl.int16)
        v30 = (t28[1])[:, None] + tl.zeros((4, 64), tl.int32)
    v31 = tl.sum(((((((tl.broadcast_to(v16[None, :], (4, 64))) * ((v6).to(tl.int32))).to(tl.int32)) + ((((tl.broadcast_to(v4[None, :], (4, 64))).to(tl.int8)) % (((v8) & 15) + 1)).to(tl.int8))).to(tl.int32)) & 7).to(tl.float64), 0).to(tl.float64)
    v32 = tl.rand(a_m, ((((v16) * 3).to(tl.int32)) + (((tl.full((64,), 0, tl.uint16)) & (v2.to(tl.uint16))).to(tl.uint16))).to(tl.int32))
    if (((((tl.full((), -2.5, tl.float64)).to(tl.bfloat16)) + (tl.full((), 1e-05, tl.bfloat16))).to(tl.bfloat16)) != ((tl.minimum(tl.full((), 1e-05, tl.bfloat16), tl.full((), 0.1, tl.float16))).to(tl.bfloat16))):
        v40, v41 = helper35(((((tl.full((), 7, tl.int16)) + 1).to(tl.int16)) >> 4).to(tl.int16), ((v14.to(tl.uint32)) & (((((a_big).to(tl.uint16)) > ((a_m).to(tl.uint16)))).to(tl.uint64))).to(tl.uint32))
    else:
        v42 = tl.randint(a_m, (tl.minimum((((pid + tl.zeros((64,), tl.int32))) * ((a_big + tl.zeros((64,), tl.int64)))).to(tl.int32), ((j) // (((v16) & 15) + 1)).to(tl.int32))).to(tl.int32)).to(tl.int32)
        v12 += tl.minimum(tl.maximum(((v31) + (v31)).to(tl.float64), 0.0), 100.0).to(tl.uint32)
        for k43 in range(((v14) & 3), -2, -2):
            v11 = ((((tl.where(((pid.to(tl.uint16)) <= (tl.full((), 255, tl.uint8))), (v15).to(tl.float16), v11)) - (((v11) + (v15)).to(tl.float16))).to(tl.float16)) - (((((tl.full((4, 64), -2.5, tl.float16)) - ((v15).to(tl.float16))).to(tl.float16)) + ((((v15).to(tl.float16)) - (v11)).to(tl.float16))).to(tl.float16))).to(tl.float16)
    tl.store(p44 + pid * 64 + (tl.arange(0, 64)) * 1, v2, mask=(((((v16).to(tl.uint8)) - (v16.to(tl.uint8))).to(tl.uint8)) <= (tl.minimum(tl.maximum(v31, 0.0), 100.0).to(tl.uint8))))
    tl.store(p45 + pid * 64 + ((63 - tl.arange(0, 64))) * 1, v4)
    tl.store(p46 + pid * 256 + tl.arange(0, 4)[:, None] * 64 + (63 - tl.arange(0, 64)[None, :]), v6, mask=(((((v11).to(tl.bfloat16)) + ((v15).to(tl.bfloat16))).to(tl.bfloat16)) < (v11.to(tl.bfloat16))))
    tl.store(p47 + pid * 256 + tl.arange(0, 4)[:, None] + tl.arange(0, 64)[None, :] * 4, v8)
    tl.store(p48 + pid * 256 + tl.arange(0, 4)[:, None] * 64 + tl.arange(0, 64)[None, :], v11)
    tl.store(p49 + pid * 128 + (tl.arange(0, 64)) * 2, v12, mask=(((tl.full((64,), 0, tl.uint16)) < ((j).to(tl.uint16))) ^ ((v2) < (v2))))
    tl.store(p50 + pid * 1 + 0, v14)
    tl.store(p51 + pid * 256 + tl.arange(0, 4)[:, None] * 64 + (63 - tl.arange(0, 64)[None, :]), v15)
    tl.store(p52 + pid * 128 + ((63 - tl.arange(0, 64))) * 2, v16, mask=(((((v32) < (v32))).to(tl.uint64)) < (((((v32).to(tl.float64)) == (v32))).to(tl.uint64))))
    tl.store(p53 + pid * 128 + (tl.arange(0, 64)) * 2, v31)
    tl.store(p54 + pid * 128 + (tl.arange(0, 64)) * 2, v32, mask=((((a_big + tl.zeros((64,), tl.int64))) == ((v2).to(tl.int64))) | (((v16).to(tl.uint32)) > (v12))))
