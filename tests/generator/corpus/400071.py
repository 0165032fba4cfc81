# {'seed': 400071, 'arguments': [('p1', 'uint8', 384, 'any'), ('p3', 'int16', 3, 'any'), ('p5', 'int8', 3, 'any'), ('p13', 'uint8', 384, 'zero'), ('p27', 'int64', 64, 'sum'), ('p36', 'uint8', 384, 'out'), ('p37', 'int16', 3, 'out'), ('p38', 'int8', 3, 'out'), ('p39', 'int32', 384, 'out'), ('p40', 'int32', 384, 'out'), ('p41', 'int16', 3, 'out'), ('p42', 'int64', 3, 'out'), ('p43', 'uint16', 3, 'out'), ('p44', 'int32', 24, 'out'), ('p45', 'float8e4nv', 528, 'out')], 'scalars': {'n': 6, 'm': 2, 'big': -1099511627776}, 'grid': (3,), 'options': {'num_warps': 2, 'num_stages': 4}}
import triton
import triton.language as tl


@triton.jit
def combine11(a, b):
    return tl.minimum(b, a)


@triton.jit
def combine16(a, b):
    return a & b


@triton.jit
def best22(a, i, b, j):
    take = (b > a) | ((b == a) & (j < i))
    return tl.where(take, b, a), tl.where(take, j, i)


@triton.jit
def combine29(a, b):
    return a ^ b


@triton.jit
def best32(a, i, b, j):
    take = (b > a) | ((b == a) & (j < i))
    return tl.where(take, b, a), tl.where(take, j, i)


@triton.jit
def kernel(p1, p3, p5, p13, p27, p36, p37, p38, p39, p40, p41, p42, p43, p44, p45, n, m, big):
    pid = tl.program_id(0)
    i = tl.arange(0, 16)
    j = tl.arange(0, 8)
    a_n = n
    a_m = m
    a_big = big
    v2 = tl.load(p1 + pid * 128 + (15 - tl.arange(0, 16)[:, None]) * 8 + (tl.arange(0, 8)[None, :] ^ 4), mask=(((tl.umulhi((tl.full((16, 8), 2, tl.int32)).to(tl.int64), (a_big + tl.zeros((16, 8), tl.int64)))).to(tl.int64)) <= (((tl.broadcast_to(j.to(tl.uint32)[None, :], (16, 8))) - (((a_n + tl.zeros((16, 8), tl.int32))).to(tl.uint16))).to(tl.uint32))), other=1)
    v4 = tl.load(p3 + pid * 1 + 0, mask=((tl.where(((tl.full((), 30000.0, tl.bfloat16)) >= ((tl.full((), 1.0, tl.float64)).to(tl.bfloat16))), (tl.full((), -7.0, tl.float32)).to(tl.bfloat16), tl.full((), 0.1, tl.bfloat16))) < (((tl.full((), -2.5, tl.bfloat16)) * (tl.full((), 0.1, tl.float32))).to(tl.bfloat16))))
    v6 = tl.load(p5 + pid * 1 + 0)
    t7 = tl.topk(((tl.where((((tl.full((16, 8), 30000.0, tl.float64)).to(tl.float32)) == (tl.full((16, 8), -7.0, tl.float32))), (v2).to(tl.int32), tl.broadcast_to(j[None, :], (16, 8)))) >> ((tl.minimum(tl.maximum(tl.full((16, 8), 1.0, tl.float32), -100.0), 100.0).to(tl.int32)) & 31)).to(tl.int32), 2)
    v8 = (tl.max(t7, 1))[:, None] + tl.zeros((16, 8), tl.int32)
    v9 = (tl.min(t7, 1))[:, None] + tl.zeros((16, 8), tl.int32)
    for k10 in range(((pid) & 3), 0, -1):
        v12 = tl.reduce((tl.abs(tl.where(((tl.full((8,), 1.0, tl.float64)) == ((tl.full((8,), 0.0, tl.float32)).to(tl.float64))), tl.full((8,), 7, tl.int64), (j).to(tl.int64)))).to(tl.int64), 0, combine11)
        tl.store(p13 + pid * 128 + tl.arange(0, 16)[:, None] * 8 + (7 - tl.arange(0, 8)[None, :]), (((((((v8).to(tl.uint8)) - (tl.full((16, 8), 7, tl.uint8))).to(tl.uint8)) >> (((v9).to(tl.uint8)) & 7)).to(tl.uint8)) * (v2)).to(tl.uint8))
        tl.debug_barrier()
        v14 = tl.load(p13 + pid * 128 + tl.arange(0, 16)[:, None] * 8 + (7 - tl.arange(0, 8)[None, :]))
        tl.debug_barrier()
    v15 = (((tl.maximum(((v4) | (v4)).to(tl.int16), tl.minimum(tl.maximum(tl.full((), 1e-05, tl.float64), -100.0), 100.0).to(tl.int16))).to(tl.int16)) // ((((1 - ((((tl.full((), -2.5, tl.float32)) == ((tl.full((), 30000.0, tl.float16)).to(tl.float32)))).to(tl.int16))).to(tl.int16)) & 15) + 1)).to(tl.int16)
    v17 = tl.reduce((a_big + tl.zeros((8,), tl.int64)), 0, combine16)
    if (((((tl.full((), 1, tl.uint32)).to(tl.int32)) << ((a_n) & 31)).to(tl.int32)) <= (((a_m) // ((((v4).to(tl.int32)) & 15) + 1)).to(tl.int32))):
        h18, h19 = tl.split(tl.reshape((((tl.minimum(v9.to(tl.uint32), v8.to(tl.uint32))).to(tl.uint32)) // ((((((v2).to(tl.uint32)) % ((((v8).to(tl.uint32)) & 15) + 1)).to(tl.uint32)) & 15) + 1)).to(tl.uint32), (16, 4, 2)))
        v20 = tl.reshape(tl.permute(tl.join(h18, h19), (0, 2, 1)), (16, 8))
    else:
        for k21 in range(1, ((tl.full((), 2147483647, tl.int32)) & 3) + 2, 2):
            t23 = tl.reduce(((((tl.umulhi(v8, (v2).to(tl.int32))).to(tl.int32)) // (0 - (((((tl.full((16, 8), 2147483647, tl.int32)) ^ (v9)).to(tl.int32)) & 7) + 2))).to(tl.int32), (((((v2).to(tl.int32)) - (v9)).to(tl.int32)) + (((v8) | (v8)).to(tl.int32))).to(tl.int32)), 1, best22)
            v24 = (t23[0])[:, None] + tl.zeros((16, 8), tl.int32)
            v25 = (t23[1])[:, None] + tl.zeros((16, 8), tl.int32)
            v26 = (tl.min(((((tl.full((16, 8), 0.0, tl.float32)) * 2.0).to(tl.float32)) * ((((tl.full((16, 8), -2.5, tl.float64)).to(tl.bfloat16)) + ((tl.full((16, 8), -7.0, tl.float32)).to(tl.bfloat16))).to(tl.bfloat16))).to(tl.float32), 1).to(tl.float32))[:, None] + tl.zeros((16, 8), tl.float32)
            tl.atomic_or(p27 + ((j) & 15), ((tl.minimum(tl.maximum(tl.full((8,), 30000.0, tl.float16), -100.0), 100.0).to(tl.int64)) * ((((a_big + tl.zeros((8,), tl.int64))) | ((j).to(tl.int64))).to(tl.int64))).to(tl.int64))
    v15 = ((((v15) << 4).to(tl.int16)) // (0 - ((((((a_big).to(tl.int16)) ^ ((tl.maximum((a_m).to(tl.int16), v15)).to(tl.int16))).to(tl.int16)) & 7) + 2))).to(tl.int16)
    v28 = tl.sum(tl.ravel(tl.sum(tl.permute(tl.reshape((((((v9).to(tl.uint16)) | (v8.to(tl.uint16))).to(tl.uint16)) ^ (tl.full((16, 8), 3, tl.uint16))).to(tl.uint16), (16, 4, 2)), (2, 1, 0)), 2)), 0).to(tl.uint16)
    v30 = tl.reduce((((v2).to(tl.int32)) & ((((a_m + tl.zeros((16, 8), tl.int32))) | ((tl.full((16, 8), 3, tl.uint16)).to(tl.int32))).to(tl.int32))).to(tl.int32), 0, combine29)
    v31 = tl.full((16, 8), 1.75, tl.float32).to(tl.float8e4nv)
    if (((((tl.full((), 1.0, tl.bfloat16)).to(tl.float64)) == (tl.full((), 0.0, tl.float64))) | ((pid.to(tl.uint64)) < (tl.full((), 2, tl.uint64)))) & ((((v28).to(tl.int8)) < ((a_big).to(tl.uint32))) ^ ((v28) >= ((a_m).to(tl.uint8))))) and not ((((a_n).to(tl.int16)) == (v4)) | ((tl.full((), 30000.0, tl.float32)) <= (tl.full((), 0.1, tl.bfloat16)))):
        t33 = tl.reduce((((tl.where(((tl.full((16, 8), 3, tl.uint8)) >= (v2)), (v15 + tl.zeros((16, 8), tl.int16)), (v8).to(tl.int16))) << 8).to(tl.int16), (v2).to(tl.int32)), 0, best32)
        v34 = t33[0]
        v35 = t33[1]
    elif (((((pid).to(tl.uint8)) ^ ((v15).to(tl.uint8))).to(tl.uint8)) <= (tl.where(((v15) < ((pid).to(tl.int16))), tl.full((), 7, tl.uint8), v6.to(tl.uint8)))):
        v9 = (tl.minimum(tl.minimum(tl.maximum((((tl.full((16, 8), -2.5, tl.float32)).to(tl.float16)) * (tl.full((16, 8), 30000.0, tl.float16))).to(tl.float16), -100.0), 100.0).to(tl.int32), (((tl.abs(v8)).to(tl.int32)) % (0 - (((tl.minimum(tl.maximum(tl.full((16, 8), 30000.0, tl.float32), -100.0), 100.0).to(tl.int32)) & 7) + 2))).to(tl.int32))).to(tl.int32)
    tl.store(p36 + pid * 128 + tl.arange(0, 16)[:, None] + tl.arange(0, 8)[None, :] * 16, v2)
    tl.store(p37 + pid * 1 + 0, v4, mask=(((v28) >= (v28)) ^ ((((a_big).to(tl.int8)) == (v6.to(tl.uint64))) ^ (((pid).to(tl.int8)) <= ((tl.full((), 100, tl.uint16)).to(tl.int8))))))
    tl.store(p38 + pid * 1 + 0, v6, mask=(((tl.full((), 0.1, tl.float16)) > ((tl.full((), 1.0, tl.float64)).to(tl.float16))) | (((v6) == (v6)) & (((v4).to(tl.uint32)) > ((v6).to(tl.uint32))))))
    tl.store(p39 + pid * 128 + (15 - tl.arange(0, 16)[:, None]) * 8 + (tl.arange(0, 8)[None, :] ^ 4), v8)
    tl.store(p40 + pid * 128 + tl.arange(0, 16)[:, None] * 8 + tl.arange(0, 8)[None, :], v9)
    tl.store(p41 + pid * 1 + 0, v15, mask=((((v15) * (a_n)).to(tl.int16)) < (((v15) + ((a_m).to(tl.int16))).to(tl.int16))))
    tl.store(p42 + pid * 1 + 0, v17, mask=(((((a_n).to(tl.int64)) ^ ((v4).to(tl.int64))).to(tl.int64)) != ((-(tl.full((), -1, tl.int64))).to(tl.int64))))
    tl.store(p43 + pid * 1 + 0, v28)
    tl.store(p44 + pid * 8 + (tl.arange(0, 8)) * 1, v30, mask=(((1.0 - (tl.full((8,), 1e-05, tl.float16))).to(tl.float16)) > (((tl.full((8,), 1.0, tl.float16)) - ((tl.full((8,), 0.0, tl.float32)).to(tl.float16))).to(tl.float16))))
    tl.store(p45 + pid * 176 + tl.arange(0, 16)[:, None] * 11 + tl.arange(0, 8)[None, :], v31, mask=((tl.where(((tl.full((), 0.0, tl.float64)) >= (tl.full((), -2.5, tl.float32))), (v28 + tl.zeros((16, 8), tl.uint16)), (v2).to(tl.uint16))) < ((((v2).to(tl.uint16)) - ((v4 + tl.zeros((16, 8), tl.int16)))).to(tl.uint16))))
