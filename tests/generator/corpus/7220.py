# {'seed': 7220, 'arguments': [('p1', 'float32', 48, 'any'), ('p3', 'float16', 48, 'any'), ('p37', 'uint8', 84, 'out'), ('p38', 'int32', 3, 'out'), ('p39', 'int8', 48, 'out'), ('p40', 'int32', 3, 'out'), ('p41', 'int32', 24, 'out'), ('p42', 'int16', 12, 'out'), ('p43', 'uint16', 3, 'out'), ('p44', 'int32', 3, 'out'), ('p45', 'uint32', 48, 'out'), ('p46', 'uint32', 24, 'out'), ('p47', 'int32', 12, 'out'), ('p48', 'float64', 3, 'out')], 'scalars': {'n': 8, 'm': 10, 'big': 2147483648}, 'grid': (1,), 'options': {'num_warps': 4, 'num_stages': 1}}
import triton
import triton.language as tl


@triton.jit(noinline=True)
def helper7(v5, v6):
    h8, h9 = tl.split(tl.reshape((v5).to(tl.float16), (4, 2, 2)))
    v10 = tl.reshape(tl.join(h9, h8), (4, 4))
    v6 = (tl.maximum(((((v6) * (v6)).to(tl.bfloat16)) * (tl.where((((tl.full((), 1, tl.uint8)).to(tl.int16)) >= (tl.full((), 0, tl.uint64))), (tl.full((), 30000.0, tl.float32)).to(tl.bfloat16), v6))).to(tl.bfloat16), ((((tl.full((), 7, tl.int16)).to(tl.uint64)) | ((tl.full((), 3, tl.int64)).to(tl.uint64))).to(tl.uint64)).to(tl.bfloat16))).to(tl.bfloat16)
    if ((((v6).to(tl.float16)) < ((v6).to(tl.float16))) | ((tl.full((), 7, tl.uint64)) < (tl.full((), 0, tl.uint64)))):
        for k11 in tl.range(0, ((tl.to_tensor(3)) & 3) + 0, num_stages=3):
            v10 = v10
    v10 = ((((tl.where((((v6 + tl.zeros((4, 4), tl.bfloat16))) == ((v6 + tl.zeros((4, 4), tl.bfloat16)))), v10, v10)) + 0.5).to(tl.float16)) - (((((v10) * ((v5).to(tl.float16))).to(tl.float16)) + 0.5).to(tl.float16))).to(tl.float16)
    if (((((v6).to(tl.float32)) * (v6.to(tl.float32))).to(tl.float32)) != ((((tl.full((), 30000.0, tl.float16)).to(tl.float32)) * ((v6).to(tl.float16))).to(tl.float32))):
        return tl.minimum(tl.maximum((v6 + tl.zeros((4, 4), tl.bfloat16)), 0.0), 100.0).to(tl.uint8), (((tl.full((), 1, tl.uint32)).to(tl.int32)) | (tl.to_tensor(2147483647))).to(tl.int32)
    return tl.where(((((tl.full((), 3, tl.uint8)) > (tl.full((), 2, tl.uint8))) | (((tl.full((), 0, tl.uint16)).to(tl.int16)) > (tl.full((), -1, tl.int16)))) & (((tl.full((), 32767, tl.int16)) >= ((tl.full((), 9223372036854775807, tl.int64)).to(tl.int16))) & ((tl.full((), 30000.0, tl.float64)) == (v6.to(tl.float64))))), (((tl.full((4, 4), 100, tl.int64)).to(tl.uint8)) ^ (tl.full((4, 4), -2147483648, tl.int32))).to(tl.uint8), tl.minimum(tl.maximum((tl.full((4, 4), 0, tl.uint8)).to(tl.bfloat16), 0.0), 100.0).to(tl.uint8)), tl.where((((tl.full((), -1, tl.int16)) == (tl.full((), 2, tl.int16))) | ((tl.full((), 1, tl.uint8)) > ((tl.full((), 0, tl.int8)).to(tl.uint8)))), tl.full((), -1, tl.int32), ((tl.full((), -2, tl.int32)) >> 8).to(tl.int32))


@triton.jit
def helper16(v14, v15):
    v14 = tl.where(((((v14) == (v14)) | ((v14) <= (v14))) ^ ((v14.to(tl.int64)) > ((v14).to(tl.int8)))), v14, (1 - (((tl.full((), 1, tl.int16)) & (v14.to(tl.int8))).to(tl.int16))).to(tl.int16))
    if ((((v14.to(tl.int64)) != ((v14).to(tl.int64))) ^ ((tl.full((), 3, tl.uint16)) > (v14.to(tl.uint16)))) | (((v14).to(tl.uint64)) != ((v14).to(tl.uint64)))):
        return ((((v15.to(tl.int8)) & ((v15).to(tl.int8))).to(tl.int8)) + (((v15.to(tl.int8)) * 3).to(tl.int8))).to(tl.int8), (((tl.full((), 9223372036854775807, tl.int64)).to(tl.int32)) >> ((v14.to(tl.int32)) & 31)).to(tl.int32)
    return (v15).to(tl.int8), (((tl.abs((v14).to(tl.int32))).to(tl.int32)) * (tl.minimum(tl.maximum(tl.full((), -7.0, tl.float16), -100.0), 100.0).to(tl.int32))).to(tl.int32)


@triton.jit
def helper23(v21, v22):
    v21 *= (v22).to(tl.int8)
    v24 = tl.max(((tl.maximum(((v22 + tl.zeros((4, 4), tl.int16))).to(tl.uint8), tl.full((4, 4), 3, tl.uint8))).to(tl.uint8)).to(tl.float64), 0).to(tl.float64)
    v21 *= ((tl.where(((tl.full((), -2147483648, tl.int32)) < ((tl.full((), 1, tl.int8)).to(tl.int32))), v21, v21)) - (tl.minimum(tl.maximum(tl.full((), 0.1, tl.bfloat16), -100.0), 100.0).to(tl.int8))).to(tl.int8)
    if ((tl.where((((v22).to(tl.uint8)) >= (v21.to(tl.uint8))), (tl.to_tensor(0.0)).to(tl.float64), tl.full((), 1e-05, tl.float64))) >= ((tl.floor((tl.full((), 30000.0, tl.bfloat16)).to(tl.float64))).to(tl.float64))) and not ((v22.to(tl.uint8)) > ((v21).to(tl.uint8))):
        return ((tl.full((), 7, tl.uint16)) // ((((~((v22).to(tl.uint16))).to(tl.uint16)) & 15) + 1)).to(tl.uint16), (1 - ((v21).to(tl.int32))).to(tl.int32)
    return ((((tl.minimum(tl.maximum((tl.full((), 30000.0, tl.bfloat16)).to(tl.float32), 0.0), 100.0).to(tl.uint16)) % ((((((v21).to(tl.uint16)) & ((tl.full((), -2, tl.int32)).to(tl.uint16))).to(tl.uint16)) & 15) + 1)).to(tl.uint16)) << 12).to(tl.uint16), ((v21.to(tl.int32)) >> 17).to(tl.int32)


@triton.jit
def best28(a, i, b, j):
    take = (b > a) | ((b == a) & (j < i))
    return tl.where(take, b, a), tl.where(take, j, i)


@triton.jit
def kernel(p1, p3, p37, p38, p39, p40, p41, p42, p43, p44, p45, p46, p47, p48, n, m, big):
    pid = tl.program_id(0)
    i = tl.arange(0, 4)
    j = tl.arange(0, 4)
    a_n = n
    a_m = m
    a_big = big
    v2 = tl.load(p1 + pid * 16 + tl.arange(0, 4)[:, None] * 4 + (3 - tl.arange(0, 4)[None, :]), mask=(((((j[None, :] + tl.zeros((4, 4), tl.int32))) + (tl.full((4, 4), 1, tl.int8))).to(tl.int32)) >= ((1 - ((a_n + tl.zeros((4, 4), tl.int32)))).to(tl.int32))), other=1)
    v4 = tl.load(p3 + pid * 16 + tl.arange(0, 4)[:, None] * 4 + (3 - tl.arange(0, 4)[None, :]))
    v12, v13 = helper7(tl.where((((tl.full((4, 4), 0.0, tl.float64)) >= ((v2).to(tl.float64))) | ((v2.to(tl.float64)) == ((v2).to(tl.bfloat16)))), (v2).to(tl.float64), v2.to(tl.float64)), (((tl.full((), 0.5, tl.float32).to(tl.float8e5)).to(tl.bfloat16)) + (tl.where((((a_n).to(tl.int16)) <= ((a_n).to(tl.int64))), (tl.full((), 0.0, tl.float64)).to(tl.bfloat16), tl.full((), 0.0, tl.bfloat16)))).to(tl.bfloat16))
    v13 = (tl.umulhi(tl.minimum(tl.maximum(tl.where(((v13) <= (tl.to_tensor(100))), (tl.full((), 0.0, tl.float16)).to(tl.float32), tl.full((), -7.0, tl.float32)), -100.0), 100.0).to(tl.int32), (((tl.minimum(a_m, a_m)).to(tl.int32)) % (0 - (((v13) & 7) + 2))).to(tl.int32))).to(tl.int32)
    v2 = v2
    v17, v18 = helper16((((tl.abs(pid.to(tl.int16))).to(tl.int16)) // (((tl.where(((tl.full((), 3, tl.int16)) != ((a_n).to(tl.int16))), a_n.to(tl.int16), tl.full((), 3, tl.int16))) & 15) + 1)).to(tl.int16), ((((v12) ^ (v12)).to(tl.uint8)) | ((tl.maximum(v12, v12)).to(tl.uint8))).to(tl.uint8))
    v19 = tl.randint(a_m, ((((j) + (j)).to(tl.int32)) // (((((j) & ((a_big + tl.zeros((4,), tl.int64)))).to(tl.int32)) & 15) + 1)).to(tl.int32)).to(tl.int32)
    v20 = ((tl.full((4,), 32767, tl.int16)) + (((((v19) << ((tl.full((4,), -1, tl.int32)) & 31)).to(tl.int32)) // ((((tl.minimum(v19, (v13 + tl.zeros((4,), tl.int32)))).to(tl.int32)) & 15) + 1)).to(tl.int32))).to(tl.int16)
    v25, v26 = helper23((1 - ((~(tl.full((), -128, tl.int8))).to(tl.int8))).to(tl.int8), (a_big).to(tl.int16))
    v27 = tl.trans(tl.reshape(tl.minimum(tl.maximum(v4, 0.0), 100.0).to(tl.uint32), (4, 4)))
    t29 = tl.reduce((tl.where((((v12).to(tl.int32)) != (v17)), tl.minimum(tl.maximum((v2).to(tl.bfloat16), 0.0), 100.0).to(tl.uint32), (1 - ((v17).to(tl.uint32))).to(tl.uint32)), (((1 - ((a_m + tl.zeros((4, 4), tl.int32)))).to(tl.int32)) + 1).to(tl.int32)), 1, best28)
    v30 = t29[0]
    v31 = t29[1]
    v32 = tl.sum((((((((v20).to(tl.int32)) % (0 - (((j) & 7) + 2))).to(tl.int32)) << ((((v19) + (v31)).to(tl.int32)) & 31)).to(tl.int32)) & 7).to(tl.float64), 0).to(tl.float64)
    for k33 in tl.range(((a_n) & 3)):
        v34 = (((tl.minimum((~((pid.to(tl.uint64) + tl.zeros((4, 4), tl.uint64)))).to(tl.uint64), ((v27.to(tl.uint64)) + (v17.to(tl.uint64))).to(tl.uint64))).to(tl.uint64)) >> (((((((v12).to(tl.uint64)) >> ((v12.to(tl.uint64)) & 63)).to(tl.uint64)) >> ((((v17.to(tl.uint64)) - ((v17).to(tl.int32))).to(tl.uint64)) & 63)).to(tl.uint64)) & 63)).to(tl.uint64)
        v35 = ((tl.minimum(tl.maximum((v2).to(tl.float64), 0.0), 100.0).to(tl.uint64)) << 51).to(tl.uint64)
        c36 = ((k33) & 3)
        while c36 < 3:
            c36 += 1
            v13, v26 = v26, (((tl.abs(v18)).to(tl.int32)) ^ 5).to(tl.int32)
    tl.store(p37 + pid * 28 + tl.arange(0, 4)[:, None] * 7 + tl.arange(0, 4)[None, :], v12, mask=(((tl.maximum(tl.broadcast_to(v20[None, :], (4, 4)), tl.broadcast_to(v20[None, :], (4, 4)))).to(tl.int16)) <= ((tl.abs((v17).to(tl.int16))).to(tl.int16))))
    tl.store(p38 + pid * 1 + 0, v13)
    tl.store(p39 + pid * 16 + tl.arange(0, 4)[:, None] * 4 + (3 - tl.arange(0, 4)[None, :]), v17, mask=((((v25 + tl.zeros((4, 4), tl.uint16))) <= ((v25 + tl.zeros((4, 4), tl.uint16)))) | ((((tl.full((4, 4), 18446744073709551615, tl.uint64)).to(tl.uint8)) > (((v13 + tl.zeros((4, 4), tl.int32))).to(tl.uint8))) | (((v32 + tl.zeros((4, 4), tl.float64))) <= ((v2).to(tl.bfloat16))))))
    tl.store(p40 + pid * 1 + 0, v18)
    tl.store(p41 + pid * 8 + (tl.arange(0, 4)) * 2, v19)
    tl.store(p42 + pid * 4 + (tl.arange(0, 4)) * 1, v20)
    tl.store(p43 + pid * 1 + 0, v25, mask=((((a_big) >= ((v18).to(tl.int8))) | (((v18).to(tl.int64)) == (v26.to(tl.int16)))) & ((((tl.full((), 100, tl.uint64)).to(tl.uint8)) <= (v25.to(tl.uint8))) ^ ((a_big) >= (a_big)))))
    tl.store(p44 + pid * 1 + 0, v26, mask=((((a_n).to(tl.uint16)) > ((v26).to(tl.uint16))) | (((v32) <= ((tl.full((), -2.5, tl.float32)).to(tl.float64))) | (((v13).to(tl.uint8)) >= (tl.full((), 255, tl.uint8))))))
    tl.store(p45 + pid * 16 + tl.arange(0, 4)[:, None] + tl.arange(0, 4)[None, :] * 4, v27)
    tl.store(p46 + pid * 8 + (tl.arange(0, 4)) * 2, v30, mask=((tl.where(((v13) <= (v26)), (v32 + tl.zeros((4,), tl.float64)), (v32 + tl.zeros((4,), tl.float64)))) <= ((v32 + tl.zeros((4,), tl.float64)))))
    tl.store(p47 + pid * 4 + ((3 - tl.arange(0, 4))) * 1, v31)
    tl.store(p48 + pid * 1 + 0, v32, mask=(((v26.to(tl.uint64)) <= (tl.full((), 3, tl.uint64))) | ((((v18).to(tl.int8)) > (a_big.to(tl.int8))) & (((tl.full((), -9223372036854775808, tl.int64)).to(tl.uint64)) >= (a_big.to(tl.uint64))))))
