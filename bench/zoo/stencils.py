"""Stencils, pooling and resampling: neighbours in a grid."""

import torch
import triton
import triton.language as tl

from .registry import Launch, Work, case, cdiv, f16, f32


@triton.jit
def heat_kernel(X, Y, H, W, rate, BH: tl.constexpr, BW: tl.constexpr):
    """Five points in two dimensions; the border stays."""
    y = tl.program_id(1) * BH + tl.arange(0, BH)[:, None]
    x = tl.program_id(0) * BW + tl.arange(0, BW)[None, :]
    at = y * W + x
    m = (y < H) & (x < W)
    inner = (y > 0) & (y < H - 1) & (x > 0) & (x < W - 1)
    c = tl.load(X + at, mask=m, other=0.0)
    around = tl.load(X + at - W, mask=inner, other=0.0) + tl.load(X + at + W, mask=inner, other=0.0)
    around += tl.load(X + at - 1, mask=inner, other=0.0) + tl.load(X + at + 1, mask=inner, other=0.0)
    tl.store(Y + at, tl.where(inner, c + rate * (around - 4.0 * c), c), mask=m)


@case(
    dict(h=8192, w=8192, tile=(8, 128)),
    dict(h=4096, w=4096, tile=(16, 64)),
    small=dict(h=20, w=30, tile=(4, 16)),
)
def heat(data, h, w, tile):
    x, y = data.randn(h, w), data.empty(h, w)
    launch = Launch(
        heat_kernel, (cdiv(w, tile[1]), cdiv(h, tile[0])), x, y, h, w, 0.1, BH=tile[0], BW=tile[1], num_warps=4
    )

    def check():
        d, want = x.double(), x.double()
        want[1:-1, 1:-1] += 0.1 * (d[:-2, 1:-1] + d[2:, 1:-1] + d[1:-1, :-2] + d[1:-1, 2:] - 4 * d[1:-1, 1:-1])
        return y, want

    return Work(launch, check)


@triton.jit
def laplace3_kernel(X, Y, D, H, W, BH: tl.constexpr, BW: tl.constexpr):
    """Seven points in three dimensions, a program marching along the first axis with three planes in registers."""
    y = tl.program_id(1) * BH + tl.arange(0, BH)[:, None]
    x = tl.program_id(0) * BW + tl.arange(0, BW)[None, :]
    m = (y < H) & (x < W)
    inner = (y > 0) & (y < H - 1) & (x > 0) & (x < W - 1)
    at = y * W + x
    below = tl.load(X + at, mask=m, other=0.0)
    here = tl.load(X + H * W + at, mask=m, other=0.0)
    for z in range(1, D - 1):
        plane = X + z * H * W
        above = tl.load(plane + H * W + at, mask=m, other=0.0)
        sides = tl.load(plane + at - 1, mask=inner, other=0.0) + tl.load(plane + at + 1, mask=inner, other=0.0)
        sides += tl.load(plane + at - W, mask=inner, other=0.0) + tl.load(plane + at + W, mask=inner, other=0.0)
        tl.store(Y + z * H * W + at, below + above + sides - 6.0 * here, mask=inner)
        below = here
        here = above


@case(
    dict(d=256, h=512, w=512, tile=(8, 64)),
    dict(d=128, h=256, w=1024, tile=(4, 128)),
    small=dict(d=5, h=10, w=12, tile=(4, 8)),
)
def laplace3(data, d, h, w, tile):
    x, y = data.randn(d, h, w), data.zeros(d, h, w)
    launch = Launch(
        laplace3_kernel, (cdiv(w, tile[1]), cdiv(h, tile[0])), x, y, d, h, w, BH=tile[0], BW=tile[1], num_warps=4
    )

    def check():
        i, c = slice(1, -1), x.double()
        around = c[:-2, i, i] + c[2:, i, i] + c[i, :-2, i] + c[i, 2:, i] + c[i, i, :-2] + c[i, i, 2:]
        return y[i, i, i], around - 6 * c[i, i, i]

    return Work(launch, check)


@triton.jit
def max_pool_kernel(X, Y, n, C: tl.constexpr, H: tl.constexpr, W: tl.constexpr, BLOCK: tl.constexpr):
    """3x3 with stride 2 and padding 1, channels last, as a compiler of pointwise chains emits it."""
    OH: tl.constexpr = (H + 1) // 2
    OW: tl.constexpr = (W + 1) // 2
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    c = i % C
    x = i // C % OW
    y = i // (C * OW) % OH
    b = i // (C * OW * OH)
    best = tl.full([BLOCK], float("-inf"), tl.float32)
    for dy in tl.static_range(3):
        for dx in tl.static_range(3):
            yy = 2 * y + dy - 1
            xx = 2 * x + dx - 1
            m = (i < n) & (yy >= 0) & (yy < H) & (xx >= 0) & (xx < W)
            v = tl.load(X + ((b * H + yy) * W + xx) * C + c, mask=m, other=float("-inf"))
            best = tl.maximum(best, v.to(tl.float32))
    tl.store(Y + i, best.to(Y.dtype.element_ty), mask=i < n)


@case(
    dict(batch=64, h=112, w=112, c=64, dtype=f16, block=512),
    dict(batch=16, h=56, w=56, c=192, dtype=f32, block=256),
    small=dict(batch=2, h=7, w=9, c=6, dtype=f32, block=64),
)
def max_pool(data, batch, h, w, c, dtype, block):
    x, y = data.randn(batch, h, w, c, dtype=dtype), data.empty(batch, (h + 1) // 2, (w + 1) // 2, c, dtype=dtype)
    launch = Launch(
        max_pool_kernel, (cdiv(y.numel(), block),), x, y, y.numel(), C=c, H=h, W=w, BLOCK=block, num_warps=4
    )
    want = lambda: torch.nn.functional.max_pool2d(x.double().permute(0, 3, 1, 2), 3, 2, 1).permute(0, 2, 3, 1)
    return Work(launch, lambda: (y, want()))


@triton.jit
def resize_kernel(X, Y, H, W, OH, OW, BLOCK: tl.constexpr):
    """Bilinear, a row of the result per program: four gathered neighbours."""
    plane = tl.program_id(1).to(tl.int64)
    oy = tl.program_id(0)
    sy = tl.maximum((oy + 0.5) * (H * 1.0 / OH) - 0.5, 0.0)
    y0 = sy.to(tl.int32)
    y1 = min(y0 + 1, H - 1)
    fy = sy - y0
    for start in range(0, OW, BLOCK):
        ox = start + tl.arange(0, BLOCK)
        sx = tl.maximum((ox + 0.5) * (W * 1.0 / OW) - 0.5, 0.0)
        x0 = sx.to(tl.int32)
        x1 = tl.minimum(x0 + 1, W - 1)
        fx = sx - x0
        m = ox < OW
        top, low = X + (plane * H + y0) * W, X + (plane * H + y1) * W
        a = tl.load(top + x0, mask=m).to(tl.float32) * (1 - fx) + tl.load(top + x1, mask=m).to(tl.float32) * fx
        b = tl.load(low + x0, mask=m).to(tl.float32) * (1 - fx) + tl.load(low + x1, mask=m).to(tl.float32) * fx
        tl.store(Y + (plane * OH + oy) * OW + ox, (a * (1 - fy) + b * fy).to(Y.dtype.element_ty), mask=m)


@case(
    dict(planes=192, h=256, w=256, oh=512, ow=512, dtype=f32, block=256),
    dict(planes=256, h=128, w=128, oh=224, ow=224, dtype=f16, block=256),
    small=dict(planes=2, h=7, w=9, oh=10, ow=20, dtype=f32, block=16),
)
def resize(data, planes, h, w, oh, ow, dtype, block):
    x, y = data.randn(planes, h, w, dtype=dtype), data.empty(planes, oh, ow, dtype=dtype)
    launch = Launch(resize_kernel, (oh, planes), x, y, h, w, oh, ow, BLOCK=block, num_warps=2)
    want = lambda: torch.nn.functional.interpolate(x.double()[None], (oh, ow), mode="bilinear", align_corners=False)[0]
    return Work(launch, lambda: (y, want()))


@triton.jit
def sobel_kernel(X, Y, H, W, BLOCK: tl.constexpr):
    """The size of the gradient by two 3x3 filters; a program takes a piece of a row."""
    y = tl.program_id(1)
    x = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    gx = tl.zeros([BLOCK], tl.float32)
    gy = tl.zeros([BLOCK], tl.float32)
    for dy in tl.static_range(-1, 2):
        for dx in tl.static_range(-1, 2):
            yy = y + dy
            m = (yy >= 0) & (yy < H) & (x + dx >= 0) & (x + dx < W)
            v = tl.load(X + yy * W + x + dx, mask=m, other=0).to(tl.float32)
            gx += v * (dx * (2 - dy * dy))
            gy += v * (dy * (2 - dx * dx))
    tl.store(Y + y * W + x, tl.sqrt(gx * gx + gy * gy).to(Y.dtype.element_ty), mask=x < W)


@case(
    dict(h=4096, w=8192, dtype=f32, block=512),
    dict(h=4320, w=7680, dtype=f16, block=1024),
    small=dict(h=9, w=40, dtype=f32, block=16),
)
def sobel(data, h, w, dtype, block):
    x, y = data.randn(h, w, dtype=dtype), data.empty(h, w, dtype=dtype)
    launch = Launch(sobel_kernel, (cdiv(w, block), h), x, y, h, w, BLOCK=block, num_warps=4)

    def check():
        f = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]], dtype=torch.float64, device=x.device)
        both = torch.nn.functional.conv2d(x.double()[None, None], torch.stack([f, f.T])[:, None], padding=1)
        return y, both.norm(dim=1)[0]

    return Work(launch, check)
