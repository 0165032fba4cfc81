# RUN-ARGS: -s '*fp16:16,*fp16:16,*fp32:16,i32:16' -a a=ones:8192 -a b=ones:8192 -a c=uninit:4096 -a K=128 --print c[:4]
# Descriptors that the kernel makes of its arguments: a launch, this one too, makes the tensor maps.
import triton
import triton.language as tl


@triton.jit
def product(a, b, c, K, B: tl.constexpr = 64):
    da = tl.make_tensor_descriptor(a, [B, K], [K, 1], [B, B])
    db = tl.make_tensor_descriptor(b, [K, B], [B, 1], [B, B])
    acc = tl.zeros([B, B], tl.float32)
    for k in range(0, K, B):
        acc = tl.dot(da.load([0, k]), db.load([k, 0]), acc)
    tl.store(c + tl.arange(0, B)[:, None] * B + tl.arange(0, B)[None, :], acc)
