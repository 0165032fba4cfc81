# RUN-ARGS: -s '*fp16,*fp16,*fp32,64,64,32' -t cuda:90 -a a=ones:2048 -a b=iota:2048 -a c=uninit:4096 --print c[:4]
# Tensor cores read shared memory; nothing is wrong.
import triton
import triton.language as tl


@triton.jit
def product(a, b, c, M: tl.constexpr, N: tl.constexpr, K: tl.constexpr):
    m, n, k = tl.arange(0, M)[:, None], tl.arange(0, N)[None, :], tl.arange(0, K)
    tl.store(c + m * N + n, tl.dot(tl.load(a + m * K + k[None, :]), tl.load(b + k[:, None] * N + n)))
