"""Elementwise functions of every kind, on every type of element."""

import pytest
import torch
import torch.nn.functional as F
from common import check, tensor

UNARY = """
sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh exp exp2 expm1 log log2 log10 log1p sqrt rsqrt abs neg
sign floor ceil round trunc frac erf erfc erfinv lgamma sigmoid reciprocal square isnan isinf isfinite
logit sinc i0 nan_to_num logical_not signbit
""".split()
DOMAINS = {
    **dict.fromkeys(["asin", "acos", "atanh", "erfinv"], (-0.95, 0.95)), "acosh": (1.1, 5.0),
    **dict.fromkeys(["log", "log2", "log10", "sqrt", "rsqrt", "lgamma"], (0.1, 8.0)),
    "log1p": (-0.9, 5.0), "logit": (0.05, 0.95), "tan": (-1.3, 1.3),
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_unary(name):
    low, high = DOMAINS.get(name, (-4.0, 4.0))
    function = getattr(torch, name)
    check(lambda x: function(x), tensor(777, low=low, high=high), tol=2e-5)


BINARY = {
    "arithmetic": lambda x, y: (x + y) * (x - y) / (y * y + 1),
    "minimum": torch.minimum,
    "maximum": torch.maximum,
    "fmin": torch.fmin,
    "fmax": torch.fmax,
    "atan2": torch.atan2,
    "hypot": torch.hypot,
    "copysign": torch.copysign,
    "fmod": torch.fmod,
    "remainder": torch.remainder,
    "floor_divide": torch.floor_divide,
    "pow": lambda x, y: torch.pow(x.abs() + 0.1, y),
    "comparisons": lambda x, y: (x < y, x <= y, x == y, x != y, x > y, x >= y),
    "where": lambda x, y: torch.where(x > y, x, y * 2),
    "lerp": lambda x, y: torch.lerp(x, y, 0.3),
    "xlogy": lambda x, y: torch.xlogy(x, y.abs() + 1),
    "logaddexp": torch.logaddexp,
    "heaviside": torch.heaviside,
    "nextafter": torch.nextafter,
    "clamp": lambda x, y: torch.clamp(x, min=y, max=y + 1),
    "addcmul": lambda x, y: torch.addcmul(x, y, x, value=0.5),
    "addcdiv": lambda x, y: torch.addcdiv(x, y, x * x + 1, value=0.5),
}


@pytest.mark.parametrize("name", BINARY)
def test_binary(name):
    function = BINARY[name]
    check(lambda x, y: function(x, y), tensor(33, 65), tensor(33, 65))


@pytest.mark.parametrize("name", ["gelu", "silu", "mish", "softplus", "elu", "selu", "leaky_relu", "hardswish",
                                  "hardsigmoid", "softsign", "logsigmoid", "relu6", "celu", "tanhshrink"])  # fmt: skip
def test_activation_and_its_gradient(name):
    function = getattr(F, name)
    check(lambda x: function(x), tensor(500, grad=True), tol=2e-5)


@pytest.mark.parametrize("dtype", [torch.int8, torch.int16, torch.int32, torch.int64, torch.uint8, torch.bool])
def test_integers(dtype):
    x, y = tensor(300, dtype=dtype, low=0), tensor(300, dtype=dtype, low=1)

    def function(x, y):
        if dtype == torch.bool:
            return x & y, x | y, x ^ y, ~x
        return x + y, x * y, x - y, x // y, x % y, x & y, x | y, x ^ y, ~x, x << 1, x >> 1, torch.maximum(x, y)

    check(function, x, y)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_floats(dtype):
    x, y = tensor(400, dtype=dtype), tensor(400, dtype=dtype)
    check(lambda x, y: (torch.sin(x) * y + x, torch.exp(x) / (y * y + 1), (x > y).to(dtype)), x, y)


@pytest.mark.parametrize("source", [torch.float32, torch.float16, torch.int32, torch.int64, torch.bool, torch.uint8])
def test_conversions(source):
    targets = (torch.float32, torch.float16, torch.bfloat16, torch.int32, torch.int64, torch.int8, torch.bool)
    check(lambda x: [x.to(t) for t in targets], tensor(200, dtype=source, low=0, high=9))


@pytest.mark.parametrize("dtype", [torch.float8_e4m3fn, torch.float8_e5m2])
def test_float8(dtype):
    check(lambda x: x.to(dtype).to(torch.float32) * 2, tensor(300))


SHAPES = {
    "broadcast": lambda x: x[:, None, :] + x[None, :, :],
    "transposed": lambda x: x.t() * 2 + 1,
    "expanded": lambda x: x.sum(0, keepdim=True).expand(8, -1) * x[:8],
    "strided": lambda x: x[::2, 1::3] * 2,
    "permuted": lambda x: x.view(4, 5, 3, 7).permute(2, 0, 3, 1).contiguous() + 1,
    "cat": lambda x: torch.cat([x, x * 2, x[:3]], 0),
    "stack": lambda x: torch.stack([x, x.sin()], 1),
    "padded": lambda x: F.pad(x, (1, 2, 3, 4), value=7.0) + 1,
    "reflected": lambda x: F.pad(x[None], (2, 1, 2, 3), mode="reflect") * 2,
    "rolled": lambda x: torch.roll(x, (2, -3), (0, 1)) + 1,
    "flipped": lambda x: x.flip(0) + x.flip(1),
    "tril": lambda x: torch.tril(x) + torch.triu(x, 2),
    "arange": lambda x: torch.arange(x.shape[1], device=x.device) + x,
    "full": lambda x: torch.full_like(x, 3) * x + torch.eye(20, 21, device=x.device),
    "scalar": lambda x: x.mean() * x + x[0, 0],
    "unfold": lambda x: x.unfold(1, 5, 2) * 2,
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    function = SHAPES[name]
    check(lambda x: function(x), tensor(20, 21))


def test_in_place():
    check(lambda x, y: x.add_(y).mul_(2).clamp_(max=1.0), tensor(300), tensor(300), kept=True)


def test_foreach():
    xs = [tensor(n) for n in (5, 100, 33)]
    check(lambda *xs: torch._foreach_add(torch._foreach_mul(xs, 2.0), 1.0), *xs)


def test_combo_kernels():
    settings = {"combo_kernels": True, "benchmark_combo_kernel": False}
    check(lambda x, y, z: (x.sin(), y.cos() + 1, z.sum(1)), tensor(100), tensor(33, 5), tensor(20, 30),
          settings=settings)  # fmt: skip


def test_a_long_chain():
    def function(x):
        for i in range(40):
            x = torch.sin(x) * 0.5 + torch.cos(x + i) * 0.3
        return x

    check(function, tensor(128), tol=1e-3)
