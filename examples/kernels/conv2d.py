"""2-D convolution as an implicit matmul: the patches are never laid out, only addressed."""

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def conv2d_kernel(
    x_ptr,
    w_ptr,
    y_ptr,
    batch,
    channels,
    height,
    width,
    filters,
    out_h,
    out_w,
    R: tl.constexpr,
    S: tl.constexpr,
    STRIDE: tl.constexpr,
    PAD: tl.constexpr,
    BM: tl.constexpr,
    BN: tl.constexpr,
    BK: tl.constexpr,
):
    # One row of the matmul is an output pixel, one column a filter, the inner dimension channel x R x S.
    pixels = tl.program_id(0) * BM + tl.arange(0, BM)
    filter_ids = tl.program_id(1) * BN + tl.arange(0, BN)
    n = pixels // (out_h * out_w)
    p = pixels // out_w % out_h
    q = pixels % out_w
    inner = channels * R * S
    acc = tl.zeros((BM, BN), dtype=tl.float32)
    for start in range(0, inner, BK):
        i = start + tl.arange(0, BK)
        c = i // (R * S)
        r = i // S % R
        s = i % S
        row = p[:, None] * STRIDE + r[None, :] - PAD
        col = q[:, None] * STRIDE + s[None, :] - PAD
        inside = (row >= 0) & (row < height) & (col >= 0) & (col < width)
        x_at = ((n[:, None] * channels + c[None, :]) * height + row) * width + col
        x = tl.load(x_ptr + x_at, mask=inside & (n[:, None] < batch) & (i[None, :] < inner), other=0.0)
        w = tl.load(
            w_ptr + filter_ids[None, :] * inner + i[:, None],
            mask=(filter_ids[None, :] < filters) & (i[:, None] < inner),
            other=0.0,
        )
        acc = tl.dot(x, w, acc)
    y_at = ((n[:, None] * filters + filter_ids[None, :]) * out_h + p[:, None]) * out_w + q[:, None]
    tl.store(y_ptr + y_at, acc, mask=(n[:, None] < batch) & (filter_ids[None, :] < filters))


def conv2d(x, w, stride=1, padding=0):
    """Convolution of (batch, channels, height, width) with (filters, channels, R, S)."""
    batch, channels, height, width = x.shape
    filters, _, r, s = w.shape
    out_h = (height + 2 * padding - r) // stride + 1
    out_w = (width + 2 * padding - s) // stride + 1
    y = torch.empty(batch, filters, out_h, out_w)
    grid = (triton.cdiv(batch * out_h * out_w, 64), triton.cdiv(filters, 32))
    conv2d_kernel[grid](
        x,
        w,
        y,
        batch,
        channels,
        height,
        width,
        filters,
        out_h,
        out_w,
        R=r,
        S=s,
        STRIDE=stride,
        PAD=padding,
        BM=64,
        BN=32,
        BK=32,
    )
    return y


def cases():
    for shape, filters, k, stride, pad in (((2, 16, 28, 28), 32, 3, 1, 1), ((1, 3, 33, 21), 10, 5, 2, 2)):
        x, w = torch.randn(shape), torch.randn(filters, shape[1], k, k)
        yield Case(
            "conv2d",
            f"{'x'.join(map(str, shape))} * {filters}x{k}x{k}, stride {stride}",
            lambda x=x, w=w, s=stride, p=pad: conv2d(x, w, s, p),
            lambda x=x, w=w, s=stride, p=pad: F.conv2d(x.double(), w.double(), stride=s, padding=p),
            lambda x=x, w=w, s=stride, p=pad: F.conv2d(x, w, stride=s, padding=p),
        )


if __name__ == "__main__":
    show(cases())
