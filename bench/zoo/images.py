"""Images: convolution of each plane, interpolation, sampling at places from memory, a blur of bytes."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, case, cdiv, f16, f32


@triton.jit
def depthwise_kernel(
    in_ptr, w_ptr, b_ptr, out_ptr, C, H, W, KH: tl.constexpr, KW: tl.constexpr, BH: tl.constexpr, BW: tl.constexpr
):
    """Depthwise 2-D convolution of planes, same size, weights one scalar at a time."""
    plane = tl.program_id(0)
    c = plane % C
    wb = tl.cdiv(W, BW)
    h = tl.program_id(1) // wb * BH + tl.arange(0, BH)[:, None]
    w = tl.program_id(1) % wb * BW + tl.arange(0, BW)[None, :]
    acc = tl.zeros([BH, BW], tl.float32)
    for i in tl.static_range(KH):
        for j in tl.static_range(KW):
            y = h + i - KH // 2
            x = w + j - KW // 2
            m = (y >= 0) & (y < H) & (x >= 0) & (x < W)
            v = tl.load(in_ptr + plane * H * W + y * W + x, mask=m, other=0.0).to(tl.float32)
            acc += v * tl.load(w_ptr + (c * KH + i) * KW + j).to(tl.float32)
    acc += tl.load(b_ptr + c).to(tl.float32)
    tl.store(out_ptr + plane * H * W + h * W + w, acc.to(out_ptr.dtype.element_ty), mask=(h < H) & (w < W))


@case(
    dict(batch=16, c=192, h=56, w=56, k=3, dtype=f16, tile=(8, 64)),
    dict(batch=8, c=96, h=56, w=57, k=5, dtype=f32, tile=(16, 32)),
    small=dict(batch=1, c=2, h=5, w=6, k=3, dtype=f32, tile=(4, 8)),
)
def depthwise(data, batch, c, h, w, k, dtype, tile):
    x, out = data.randn(batch, c, h, w, dtype=dtype), data.empty(batch, c, h, w, dtype=dtype)
    wt, b = data.randn(c, 1, k, k, dtype=dtype), data.randn(c, dtype=dtype)
    grid = batch * c, cdiv(h, tile[0]) * cdiv(w, tile[1])
    launch = Launch(depthwise_kernel, grid, x, wt, b, out, c, h, w, KH=k, KW=k, BH=tile[0], BW=tile[1], num_warps=4)
    return Work(
        launch, lambda: (out, torch.nn.functional.conv2d(x.double(), wt.double(), b.double(), padding=k // 2, groups=c))
    )


@triton.jit
def cubic(x0, x1, x2, x3, t):
    A: tl.constexpr = -0.75
    a = t + 1.0
    w0 = ((A * a - 5.0 * A) * a + 8.0 * A) * a - 4.0 * A
    w1 = ((A + 2.0) * t - (A + 3.0)) * t * t + 1.0
    b = 1.0 - t
    w2 = ((A + 2.0) * b - (A + 3.0)) * b * b + 1.0
    d = b + 1.0
    w3 = ((A * d - 5.0 * A) * d + 8.0 * A) * d - 4.0 * A
    return x0 * w0 + x1 * w1 + x2 * w2 + x3 * w3


@triton.jit
def bicubic_row(ptr, y, x, W, H, m):
    y = tl.minimum(tl.maximum(y, 0), H - 1)
    a = tl.load(ptr + y * W + tl.minimum(tl.maximum(x - 1, 0), W - 1), mask=m, other=0.0).to(tl.float32)
    b = tl.load(ptr + y * W + tl.minimum(tl.maximum(x, 0), W - 1), mask=m, other=0.0).to(tl.float32)
    c = tl.load(ptr + y * W + tl.minimum(tl.maximum(x + 1, 0), W - 1), mask=m, other=0.0).to(tl.float32)
    d = tl.load(ptr + y * W + tl.minimum(tl.maximum(x + 2, 0), W - 1), mask=m, other=0.0).to(tl.float32)
    return a, b, c, d


@triton.jit
def bicubic_kernel(in_ptr, out_ptr, H, W, OH, OW, sy, sx, BX: tl.constexpr, BY: tl.constexpr):
    ox = tl.program_id(0) * BX + tl.arange(0, BX)[None, :]
    oy = tl.program_id(1) * BY + tl.arange(0, BY)[:, None]
    plane = tl.program_id(2)
    m = (ox < OW) & (oy < OH)
    fx = (ox.to(tl.float32) + 0.5) * sx - 0.5
    fy = (oy.to(tl.float32) + 0.5) * sy - 0.5
    x = tl.floor(fx).to(tl.int32)
    y = tl.floor(fy).to(tl.int32)
    tx = fx - x
    ty = fy - y
    ptr = in_ptr + plane.to(tl.int64) * H * W
    a0, a1, a2, a3 = bicubic_row(ptr, y - 1, x, W, H, m)
    b0, b1, b2, b3 = bicubic_row(ptr, y, x, W, H, m)
    c0, c1, c2, c3 = bicubic_row(ptr, y + 1, x, W, H, m)
    d0, d1, d2, d3 = bicubic_row(ptr, y + 2, x, W, H, m)
    v = cubic(
        cubic(a0, a1, a2, a3, tx), cubic(b0, b1, b2, b3, tx), cubic(c0, c1, c2, c3, tx), cubic(d0, d1, d2, d3, tx), ty
    )
    tl.store(out_ptr + plane.to(tl.int64) * OH * OW + oy * OW + ox, v.to(out_ptr.dtype.element_ty), mask=m)


@case(
    dict(planes=48, h=256, w=256, oh=512, ow=512, dtype=f16, tile=(64, 4)),
    dict(planes=96, h=64, w=65, oh=224, ow=223, dtype=f32, tile=(32, 8)),
    small=dict(planes=2, h=5, w=6, oh=9, ow=11, dtype=f32, tile=(8, 4)),
)
def bicubic(data, planes, h, w, oh, ow, dtype, tile):
    x, out = data.randn(1, planes, h, w, dtype=dtype), data.empty(1, planes, oh, ow, dtype=dtype)
    grid = cdiv(ow, tile[0]), cdiv(oh, tile[1]), planes
    launch = Launch(bicubic_kernel, grid, x, out, h, w, oh, ow, h / oh, w / ow, BX=tile[0], BY=tile[1], num_warps=4)
    return Work(
        launch,
        lambda: (out, torch.nn.functional.interpolate(x.double(), (oh, ow), mode="bicubic", align_corners=False)),
    )


@triton.jit
def grid_sample_kernel(in_ptr, grid_ptr, out_ptr, C, H, W, OHW, BLOCK: tl.constexpr):
    """Bilinear, zeros outside: four masked gathers per channel at a place from memory."""
    b = tl.program_id(1)
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < OHW
    gx = tl.load(grid_ptr + (b * OHW + i) * 2, mask=m, other=0.0)
    gy = tl.load(grid_ptr + (b * OHW + i) * 2 + 1, mask=m, other=0.0)
    x = ((gx + 1) * W - 1) * 0.5
    y = ((gy + 1) * H - 1) * 0.5
    x0 = tl.floor(x)
    y0 = tl.floor(y)
    wx = x - x0
    wy = y - y0
    xi = x0.to(tl.int32)
    yi = y0.to(tl.int32)
    x0ok = (xi >= 0) & (xi < W)
    x1ok = (xi + 1 >= 0) & (xi + 1 < W)
    y0ok = (yi >= 0) & (yi < H)
    y1ok = (yi + 1 >= 0) & (yi + 1 < H)
    for c in range(C):
        base = in_ptr + (b * C + c) * H * W
        a = tl.load(base + yi * W + xi, mask=m & x0ok & y0ok, other=0.0).to(tl.float32)
        d = tl.load(base + yi * W + xi + 1, mask=m & x1ok & y0ok, other=0.0).to(tl.float32)
        e = tl.load(base + (yi + 1) * W + xi, mask=m & x0ok & y1ok, other=0.0).to(tl.float32)
        f = tl.load(base + (yi + 1) * W + xi + 1, mask=m & x1ok & y1ok, other=0.0).to(tl.float32)
        v = (a * (1 - wx) + d * wx) * (1 - wy) + (e * (1 - wx) + f * wx) * wy
        tl.store(out_ptr + (b * C + c) * OHW + i, v.to(out_ptr.dtype.element_ty), mask=m)


@case(
    dict(batch=16, c=32, h=128, w=128, dtype=f32, block=256),
    dict(batch=8, c=64, h=100, w=152, dtype=f16, block=128),
    small=dict(batch=2, c=3, h=5, w=6, dtype=f32, block=16),
)
def grid_sample(data, batch, c, h, w, dtype, block):
    x, out, g = (
        data.randn(batch, c, h, w, dtype=dtype),
        data.empty(batch, c, h, w, dtype=dtype),
        data.rand(batch, h, w, 2, low=-1.1, high=1.1),
    )
    launch = Launch(
        grid_sample_kernel, (cdiv(h * w, block), batch), x, g, out, c, h, w, h * w, BLOCK=block, num_warps=4
    )
    return Work(launch, lambda: (out, torch.nn.functional.grid_sample(x.double(), g.double(), align_corners=False)))


@triton.jit
def blur_kernel(in_ptr, out_ptr, w_ptr, H, W, sp, R: tl.constexpr, BY: tl.constexpr, BX: tl.constexpr):
    """The vertical half of a separable blur on interleaved RGB bytes."""
    y = tl.program_id(1) * BY + tl.arange(0, BY)
    x = tl.program_id(0) * BX + tl.arange(0, BX)
    acc = tl.zeros([BY, BX], tl.float32)
    for k in range(-R, R + 1):
        yy = tl.minimum(tl.maximum(y + k, 0), H - 1)
        v = tl.load(in_ptr + yy[:, None] * sp + x[None, :], mask=(x < 3 * W)[None, :], other=0)
        acc += v.to(tl.float32) * tl.load(w_ptr + k + R)
    tl.store(
        out_ptr + y[:, None] * sp + x[None, :], (acc + 0.5).to(tl.uint8), mask=(y < H)[:, None] & (x < 3 * W)[None, :]
    )


@case(
    dict(h=2160, w=3840, r=4, tile=(8, 256)),
    small=dict(h=9, w=7, r=2, tile=(4, 16)),
    tolerance=0.01,
)
def blur(data, h, w, r, tile):
    x, out, wt = (
        data.randint(0, 256, h, 3 * w, dtype=torch.uint8),
        data.zeros(h, 3 * w, dtype=torch.uint8),
        data.rand(2 * r + 1).softmax(0),
    )
    launch = Launch(
        blur_kernel,
        (cdiv(3 * w, tile[1]), cdiv(h, tile[0])),
        x,
        out,
        wt,
        h,
        w,
        3 * w,
        R=r,
        BY=tile[0],
        BX=tile[1],
        num_warps=4,
    )

    def check():
        y = torch.arange(h, device=x.device)
        want = sum(x.double()[(y + k).clamp(0, h - 1)] * wt[k + r].double() for k in range(-r, r + 1))
        return out, (want + 0.5).floor()

    return Work(launch, check)
