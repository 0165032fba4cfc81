# {'seed': 400001, 'arguments': [('p1', 'float8e5', 192, 'any'), ('p40', 'float8e5', 192, 'out'), ('p41', 'int32', 192, 'out'), ('p42', 'uint32', 3, 'out'), ('p43', 'int32', 3, 'out')], 'scalars': {'n': 6, 'm': 30, 'big': 7}, 'grid': (1,), 'options': {'num_warps': 2, 'num_stages': 4}}
import triton
import triton.language as tl


@triton.jit
def helper6(v4, v5):
    if ((((v4.to(tl.uint64)) * (v4.to(tl.uint64))).to(tl.uint64)) >= ((~(tl.full((), 7, tl.uint64))).to(tl.uint64))):
        return (((tl.fma((tl.full((), 1e-05, tl.bfloat16)).to(tl.float64), tl.full((), 1e-05, tl.float64), (tl.full((), 0.0, tl.float32)).to(tl.float64))).to(tl.float64)) + (tl.where(((tl.to_tensor(3)) == ((v4).to(tl.int32))), tl.full((), 0.0, tl.float64), (tl.full((), 0.0, tl.bfloat16)).to(tl.float64)))).to(tl.float64), (tl.abs((v5).to(tl.int32))).to(tl.int32)
    return (((((tl.maximum(tl.full((), -7.0, tl.float64), tl.full((), 30000.0, tl.float64))).to(tl.float64)) - (((tl.full((), -7.0, tl.float64)) - ((tl.full((), 0.0, tl.float32)).to(tl.float64))).to(tl.float64))).to(tl.float64)) - ((tl.floor(tl.full((), 0.0, tl.float64))).to(tl.float64))).to(tl.float64), ((((tl.to_tensor(7)) // (0 - ((((v4).to(tl.int32)) & 7) + 2))).to(tl.int32)) % (((((tl.to_tensor(2147483647)) | (v4)).to(tl.int32)) & 15) + 1)).to(tl.int32)


@triton.jit
def best9(a, i, b, j):
    take = (b > a) | ((b == a) & (j < i))
    return tl.where(take, b, a), tl.where(take, j, i)


@triton.jit
def best14(a, i, b, j):
    take = (b > a) | ((b == a) & (j < i))
    return tl.where(take, b, a), tl.where(take, j, i)


@triton.jit
def helper22(v20, v21):
    v23 = tl.cumsum(((((tl.full((1, 64), 3, tl.uint8)) + ((v21 + tl.zeros((1, 64), tl.uint8)))).to(tl.uint8)) + 1).to(tl.uint8), 0).to(tl.uint8)
    return tl.where((((((v21).to(tl.int16)) + ((v21).to(tl.int16))).to(tl.int16)) == ((tl.maximum(v21.to(tl.int16), v21.to(tl.int16))).to(tl.int16))), (((((v21).to(tl.uint64)) % ((((v21).to(tl.uint64)) & 15) + 1)).to(tl.uint64)) << ((((v21.to(tl.uint64)) % (((tl.full((), 2, tl.uint64)) & 15) + 1)).to(tl.uint64)) & 63)).to(tl.uint64), v21.to(tl.uint64)), ((tl.where(((v20.to(tl.float16)) == ((v20).to(tl.float16))), (v21).to(tl.int32), v21.to(tl.int32))) << 3).to(tl.int32)


@triton.jit(noinline=True)
def helper33(v31, v32):
    v34 = (v31.to(tl.int32) + tl.zeros((64,), tl.int32))
    h35, h36 = tl.split(tl.reshape(((((((v31 + tl.zeros((1, 64), tl.int8))).to(tl.uint64)) ^ ((v31 + tl.zeros((1, 64), tl.int8)))).to(tl.uint64)) & (tl.full((1, 64), 18446744073709551615, tl.uint64))).to(tl.uint64), (1, 32, 2)))
    v37 = tl.reshape(tl.permute(tl.join(h35, h36 + h35), (2, 1, 0)), (1, 64))
    if ((tl.minimum(tl.maximum(tl.full((), 1.0, tl.float32), 0.0), 100.0).to(tl.uint16)) < (tl.where((((tl.full((), 0, tl.uint16)).to(tl.int64)) > (tl.full((), 2, tl.int64))), (v32).to(tl.uint16), v31.to(tl.uint16)))) and not ((((v31).to(tl.uint32)) != (v32.to(tl.uint32))) ^ ((v32.to(tl.uint8)) > (v31.to(tl.uint8)))):
        return ((((v32.to(tl.uint32)) * (v32.to(tl.int16))).to(tl.uint32)) & (((v31) // (((v32) & 15) + 1)).to(tl.int8))).to(tl.uint32), (((tl.full((), 0, tl.uint64)).to(tl.int32)) << 8).to(tl.int32)
    return (1 - (((((v32.to(tl.uint32)) - (v31.to(tl.uint8))).to(tl.uint32)) & (v31.to(tl.uint32))).to(tl.uint32))).to(tl.uint32), (tl.maximum((((v32).to(tl.int32)) + (v31.to(tl.int32))).to(tl.int32), (((v31).to(tl.int32)) | ((v32).to(tl.int32))).to(tl.int32))).to(tl.int32)


@triton.jit
def kernel(p1, p40, p41, p42, p43, n, m, big):
    pid = tl.program_id(0)
    i = tl.arange(0, 1)
    j = tl.arange(0, 64)
    a_n = n
    a_m = m
    a_big = big
    v2 = tl.load(p1 + tl.arange(0, 1)[:, None] * 64 + (63 - tl.arange(0, 64)[None, :]))
    for k3 in range(((tl.to_tensor(2147483647)) & 3), -1, -2):
        v7, v8 = helper6(((((((k3).to(tl.int64)) != ((a_n).to(tl.int64)))).to(tl.int64)) << (((((a_n.to(tl.uint8)) >= ((k3).to(tl.uint8)))).to(tl.int64)) & 63)).to(tl.int64), tl.minimum(tl.maximum((tl.fma((tl.full((), 1.0, tl.bfloat16)).to(tl.float32), tl.full((), 30000.0, tl.float32), tl.to_tensor(1e-05))).to(tl.float32), 0.0), 100.0).to(tl.uint32))
        t10 = tl.reduce(((((((((v7 + tl.zeros((1, 64), tl.float64))).to(tl.float32)) >= ((tl.full((1, 64), 0.0, tl.float64)).to(tl.float16)))).to(tl.int16)) & ((tl.minimum(tl.broadcast_to(j.to(tl.int16)[None, :], (1, 64)), (a_n.to(tl.int16) + tl.zeros((1, 64), tl.int16)))).to(tl.int16))).to(tl.int16), (a_m + tl.zeros((1, 64), tl.int32))), 0, best9)
        v11 = t10[0]
        v12 = t10[1]
    v13 = tl.sort(tl.where(((a_big.to(tl.uint16)) != (pid.to(tl.uint16))), ((tl.full((64,), 100, tl.int32)) - (j)).to(tl.int32), tl.where((((j).to(tl.int64)) > ((j).to(tl.int64))), j, j)), descending=True)
    t15 = tl.reduce(((((tl.minimum(v13.to(tl.uint32), j.to(tl.uint32))).to(tl.uint32)) & (tl.minimum(tl.maximum(tl.full((64,), 1.0, tl.float64), 0.0), 100.0).to(tl.uint32))).to(tl.uint32), ((((j) - ((a_m + tl.zeros((64,), tl.int32)))).to(tl.int32)) ^ (((v13) + ((j).to(tl.uint16))).to(tl.int32))).to(tl.int32)), 0, best14)
    v16 = t15[0]
    v17 = t15[1]
    if (((a_n).to(tl.uint32)) != (tl.minimum(tl.maximum(tl.to_tensor(1.0), 0.0), 100.0).to(tl.uint32))):
        for k18 in tl.range(2, ((tl.full((), -2, tl.int32)) & 3) + 0, num_stages=2):
            for u19 in tl.static_range(2):
                v24, v25 = helper22((((tl.full((), 30000.0, tl.float32)).to(tl.bfloat16)) - ((tl.full((), 0.0, tl.float16)).to(tl.bfloat16))).to(tl.bfloat16), (tl.minimum(((v17.to(tl.uint8)) * (tl.full((), 7, tl.uint8))).to(tl.uint8), tl.full((), 0, tl.uint8))).to(tl.uint8))
                v26 = tl.min(((((tl.full((64,), 1e-05, tl.float16)) + (tl.full((64,), -7.0, tl.float16))).to(tl.float16)) * ((((tl.full((64,), 1.0, tl.float64)).to(tl.float16)) + ((tl.full((64,), 0.0, tl.float64)).to(tl.float16))).to(tl.float16))).to(tl.float16), 0).to(tl.float16)
            s27 = ((((tl.full((1, 64), 0.1, tl.float32)) * 2.0).to(tl.float32)) * ((tl.div_rn(tl.full((1, 64), -7.0, tl.float32), tl.full((1, 64), 30000.0, tl.float32))).to(tl.float32))).to(tl.float32)
            v28 = tl.sort((tl.where(s27 == s27, s27, 1.0) + 0.0).to(tl.float32))
            v29 = tl.gather(((((tl.full((1, 64), -2.5, tl.float16)) + (v28.to(tl.float16))).to(tl.float16)) * ((((v28).to(tl.float16)) - (tl.full((1, 64), 1.0, tl.float16))).to(tl.float16))).to(tl.float16), ((((((((a_n + tl.zeros((1, 64), tl.int32))).to(tl.uint8)) <= (tl.full((1, 64), 0, tl.uint8)))).to(tl.int32)) | ((~((pid + tl.zeros((1, 64), tl.int32)))).to(tl.int32))).to(tl.int32)) & 63, 1)
            v30 = tl.sum(tl.ravel(tl.sum(tl.permute(tl.reshape((((tl.full((1, 64), 1, tl.int16)).to(tl.uint16)) << 7).to(tl.uint16), (1, 32, 2)), (2, 1, 0)), 2)), 0).to(tl.uint16)
    else:
        v38, v39 = helper33((tl.minimum(((a_big.to(tl.int8)) << (((a_big).to(tl.int8)) & 7)).to(tl.int8), tl.full((), -128, tl.int8))).to(tl.int8), tl.where(((tl.to_tensor(0.1)) > (tl.full((), 1.0, tl.float64))), (tl.maximum((v17).to(tl.int8), a_m.to(tl.int8))).to(tl.int8), tl.where(((tl.full((), -2, tl.int64)) != (tl.full((), -1, tl.int64))), (v16).to(tl.int8), (pid).to(tl.int8))))
    tl.store(p40 + pid * 64 + tl.arange(0, 1)[:, None] + tl.arange(0, 64)[None, :] * 1, v2, mask=((((a_n + tl.zeros((1, 64), tl.int32))).to(tl.float32)) > ((tl.maximum(tl.full((1, 64), 30000.0, tl.float32), (tl.full((1, 64), 30000.0, tl.float64)).to(tl.float32))).to(tl.float32))))
    tl.store(p41 + pid * 64 + (tl.arange(0, 64)) * 1, v13, mask=(((tl.abs(tl.full((64,), 1, tl.int16))).to(tl.int16)) == ((((a_big.to(tl.int16) + tl.zeros((64,), tl.int16))) | ((v16.to(tl.int16) + tl.zeros((64,), tl.int16)))).to(tl.int16))))
    tl.store(p42 + pid * 1 + 0, v16, mask=(((((v17).to(tl.int8)) % ((((a_m).to(tl.int8)) & 15) + 1)).to(tl.int8)) > (tl.where(((tl.full((), 0.1, tl.float16)) > (tl.to_tensor(0.1))), (a_m).to(tl.int8), tl.full((), -2, tl.int8)))))
    tl.store(p43 + pid * 1 + 0, v17)
