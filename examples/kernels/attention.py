"""Flash attention, forward: softmax(q kᵀ · scale) v without ever storing the square matrix."""

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from case import RTOL, Case, short, show


@triton.jit
def attention_kernel(
    q_ptr,
    k_ptr,
    v_ptr,
    o_ptr,
    scale,
    stride_z,
    stride_h,
    stride_m,
    heads,
    n_ctx,
    D: tl.constexpr,
    BM: tl.constexpr,
    BN: tl.constexpr,
    CAUSAL: tl.constexpr,
):
    start_m = tl.program_id(0)
    z = tl.program_id(1) // heads
    h = tl.program_id(1) % heads
    base = z.to(tl.int64) * stride_z + h.to(tl.int64) * stride_h
    rows = start_m * BM + tl.arange(0, BM)
    dims = tl.arange(0, D)
    cols = tl.arange(0, BN)
    q = tl.load(q_ptr + base + rows[:, None] * stride_m + dims[None, :], mask=rows[:, None] < n_ctx, other=0.0)
    top = tl.full([BM], -float("inf"), dtype=tl.float32)
    total = tl.zeros([BM], dtype=tl.float32)
    acc = tl.zeros([BM, D], dtype=tl.float32)
    end = n_ctx
    if CAUSAL:
        end = tl.minimum((start_m + 1) * BM, n_ctx)
    for start in tl.range(0, end, BN):
        at = start + cols
        k = tl.load(k_ptr + base + at[:, None] * stride_m + dims[None, :], mask=at[:, None] < n_ctx, other=0.0)
        s = tl.dot(q, tl.trans(k)) * (scale * 1.4426950408889634)
        keep = at[None, :] < n_ctx
        if CAUSAL:
            keep = keep & (rows[:, None] >= at[None, :])
        s = tl.where(keep, s, -float("inf"))
        new_top = tl.maximum(top, tl.max(s, 1))
        p = tl.math.exp2(s - new_top[:, None])
        shrink = tl.math.exp2(top - new_top)
        total = total * shrink + tl.sum(p, 1)
        v = tl.load(v_ptr + base + at[:, None] * stride_m + dims[None, :], mask=at[:, None] < n_ctx, other=0.0)
        acc = tl.dot(p.to(v.dtype), v, acc * shrink[:, None])
        top = new_top
    acc = acc / total[:, None]
    tl.store(
        o_ptr + base + rows[:, None] * stride_m + dims[None, :],
        acc.to(o_ptr.dtype.element_ty),
        mask=rows[:, None] < n_ctx,
    )


def attention(q, k, v, causal):
    """Attention of (batch, heads, length, dim) tensors of one shape."""
    o = torch.empty_like(q)
    z, h, n, d = q.shape
    attention_kernel[(triton.cdiv(n, 64), z * h)](
        q, k, v, o, d**-0.5, q.stride(0), q.stride(1), q.stride(2), h, n, D=d, BM=64, BN=64, CAUSAL=causal
    )
    return o


def cases():
    for shape in ((1, 4, 512, 64), (2, 3, 200, 32)):
        for causal in (False, True):
            for dtype in (torch.float32, torch.float16, torch.bfloat16):
                q, k, v = (torch.randn(shape, dtype=dtype) for _ in range(3))
                yield Case(
                    "attention" + (", causal" if causal else ""),
                    f"{'x'.join(map(str, shape))} {short(dtype)}",
                    lambda q=q, k=k, v=v, c=causal: attention(q, k, v, c),
                    lambda q=q, k=k, v=v, c=causal: F.scaled_dot_product_attention(
                        q.double(), k.double(), v.double(), is_causal=c
                    ),
                    lambda q=q, k=k, v=v, c=causal: F.scaled_dot_product_attention(q, k, v, is_causal=c),
                    RTOL[dtype],
                )


if __name__ == "__main__":
    show(cases())
