# {'seed': 17008680790631, 'arguments': [('p1', 'int32', 3072, 'any'), ('p3', 'float32', 3, 'any behind 4'), ('p8', 'int32', 9216, 'any behind 6'), ('p12', 'float16', 3, 'any'), ('p13', 'float16', 3, 'same p12'), ('p17', 'uint16', 12288, 'any'), ('p29', 'uint32', 3, 'any behind 4'), ('p32', 'int32', 6144, 'any'), ('p36', 'bfloat16', 3072, 'any'), ('p39', 'bfloat16', 3072, 'out behind 5'), ('p40', 'float32', 3, 'out behind 8'), ('p41', 'float16', 3, 'out'), ('p42', 'uint16', 6144, 'out'), ('p43', 'int16', 3072, 'out'), ('p44', 'int32', 3, 'out'), ('p45', 'bfloat16', 3072, 'out behind 6')], 'scalars': {'n': 5, 'm': 32, 'big': 1048576, 'end': -9223372036853727195, 's': 16384, 't': 16}, 'grid': (3,), 'options': {'num_warps': 8, 'num_stages': 4}}
import triton
import triton.language as tl


@triton.jit
def helper23(v21, v22):
    h24, h25 = tl.split(tl.reshape((((((v22 + tl.zeros((1, 1024), tl.float64))) - ((v22 + tl.zeros((1, 1024), tl.float64)))).to(tl.float64)) + 0.5).to(tl.float64), (1, 512, 2)))
    v26 = tl.reshape(tl.permute(tl.join(h24, h25), (0, 2, 1)), (1, 1024))
    if ((tl.full((), 0, tl.uint8)) < ((tl.abs((tl.full((), 3, tl.uint64)).to(tl.int32))).to(tl.int32))):
        return tl.minimum(tl.maximum(((tl.full((1, 1024), -7.0, tl.bfloat16)) - ((v26).to(tl.float16))).to(tl.bfloat16), -100.0), 100.0).to(tl.int16), tl.where(((tl.full((), 7, tl.uint64)) < (tl.full((), 18446744073709551615, tl.uint64))), tl.full((), 0, tl.int32), (tl.full((), 2, tl.int8)).to(tl.int32))
    return ((tl.where(((tl.full((1, 1024), 1, tl.int16)) != (tl.full((1, 1024), 2, tl.int16))), (tl.abs(tl.full((1, 1024), -1, tl.int16))).to(tl.int16), tl.broadcast_to(((tl.to_tensor(7)).to(tl.int16) - tl.full((), -32768, tl.int16) + tl.arange(0, 1)[:, None].to(tl.int16)).to(tl.int16), (1, 1024)))) >> 0).to(tl.int16), tl.minimum(tl.maximum((((v22).to(tl.float32)) * (v22)).to(tl.float32), -100.0), 100.0).to(tl.int32)


@triton.jit
def kernel(p1, p3, p8, p12, p13, p17, p29, p32, p36, p39, p40, p41, p42, p43, p44, p45, n, m, big, end, s, t):
    pid = tl.program_id(0)
    i = tl.arange(0, 1)
    j = tl.arange(0, 1024)
    a_n = n
    a_m = m
    a_big = big
    a_end = end
    a_s = s
    a_t = t
    v2 = tl.load(p1 + pid * 1024 + (tl.arange(0, 1024)) * 1, mask=(((j) == ((j).to(tl.uint16))) ^ (((j) <= (j)) & ((j) < (tl.full((1024,), 0, tl.int32))))), other=0)
    q5 = p3 + pid * 1 + 0
    for k6 in tl.range(3, num_stages=2):
        x4 = tl.load(q5, mask=(((pid).to(tl.uint16) + 1).to(tl.uint16) <= a_m.to(tl.uint16)), other=2)
        tl.store(q5, (x4 - tl.to_tensor(0.1)).to(tl.float32), mask=(((pid).to(tl.uint16) + 1).to(tl.uint16) <= a_m.to(tl.uint16)))
    v7 = tl.load(p3 + pid * 1 + 0)
    q11 = p8 + pid * 3072 + j
    for k9 in tl.range(3, num_stages=2):
        x10 = tl.load(q11)
        tl.store(q11, (x10 - tl.max(x10, 0)).to(tl.int32))
        q11 += 1024
    q15 = p12 + pid * 1 + 0
    x14 = tl.load(q15, mask=(((tl.minimum((v7).to(tl.float64), (v7).to(tl.bfloat16))).to(tl.float64)) != (((v7) - (v7)).to(tl.float32))), other=2)
    tl.debug_barrier()
    tl.store(p13 + pid * 1 + 0, (x14 + (((-(tl.full((), -2.5, tl.float16))).to(tl.float16)) - ((((v7).to(tl.float16)) * ((v7).to(tl.float16))).to(tl.float16))).to(tl.float16)).to(tl.float16), mask=(((tl.minimum((v7).to(tl.float64), (v7).to(tl.bfloat16))).to(tl.float64)) != (((v7) - (v7)).to(tl.float32))))
    v16 = tl.load(p13 + pid * 1 + 0)
    for k18 in tl.range(2, num_stages=3):
        x19 = tl.load(p17 + pid * 4096 + j + k18 * 1)
        tl.store(p17 + pid * 4096 + j + (k18 + 1) * 1, tl.where((((j).to(tl.int8)) < (j.to(tl.int8))), x19, ((((tl.full((1024,), 1, tl.uint16)) ^ (v2)).to(tl.uint16)) ^ ((((v2) == (j))).to(tl.uint16))).to(tl.uint16)).to(tl.uint16))
    v20 = tl.load(p17 + pid * 4096 + j + 1)
    v27, v28 = helper23((tl.floor((((v16).to(tl.float32)) - (v7)).to(tl.float32))).to(tl.float32), tl.full((), -7.0, tl.float64))
    keep30 = (((((v16).to(tl.float32)) < ((v7).to(tl.float16))) & (((v7).to(tl.bfloat16)) != (v7.to(tl.bfloat16)))) | (((pid).to(tl.int64)) < ((a_big).to(tl.uint64))))
    x31 = tl.load(p29 + pid * 1 + tl.where(keep30, 0, tl.full((), 1 << 30, tl.int64)), mask=keep30, other=0)
    q35 = p32 + pid * 2048 + j
    for k33 in tl.range(2, num_stages=1):
        x34 = tl.load(q35, mask=j < a_m - k33, other=0)
        tl.store(q35, (x34 - tl.min(x34, 0)).to(tl.int32), mask=j < a_m - k33)
        q35 += 1024
    x37 = tl.load(p36 + pid * 1024 + i[:, None] * 1024 + j[None, :], mask=((((v27).to(tl.int8)) == (tl.full((1, 1024), 2, tl.int8))) & (((tl.arange(0, 1)[:, None].to(tl.uint8) + tl.full((), 0, tl.uint8) + tl.arange(0, 1024)[None, :].to(tl.uint8) * tl.full((), 5, tl.uint8)).to(tl.uint8) != 1) & (((v27).to(tl.uint64)) > ((tl.full((1, 1024), 255, tl.uint8)).to(tl.uint64))))), other=1, cache_modifier='.ca')
    v38 = (x37 - tl.min(x37, 0, keep_dims=True)).to(tl.bfloat16)
    tl.store(p39 + pid * 1024 + i[:, None] * 1024 + j[None, :], v38, cache_modifier='.wb')
    tl.store(p40 + pid * 1 + 0, v7)
    tl.store(p41 + pid * 1 + 0, v16)
    tl.store(p42 + pid * 2048 + (tl.arange(0, 1024)) * 2, v20)
    tl.store(p43 + pid * 1024 + tl.arange(0, 1)[:, None] * 1024 + tl.arange(0, 1024)[None, :], v27, mask=(((tl.maximum(v27.to(tl.uint64), tl.full((1, 1024), 18446744073709551615, tl.uint64))).to(tl.uint64)) == ((((v27).to(tl.uint64)) + ((v27).to(tl.uint64))).to(tl.uint64))))
    tl.store(p44 + pid * 1 + 0, v28, mask=(((((a_big).to(tl.uint64) + 1).to(tl.uint64) >= a_m.to(tl.uint64)) & ((a_big) >= (a_m))) & (((a_end) > (tl.full((), 1, tl.int32))) & ((v28) != (a_n.to(tl.uint64))))))
    tl.store(p45 + pid * 1024 + (0 - tl.arange(0, 1)[:, None]) * 1024 + (tl.arange(0, 1024)[None, :] ^ 512), v38)
