"""Products of matrices, convolutions and attention: templates of Inductor's, and what surrounds them."""

import pytest
import torch
import torch.nn.functional as F
from common import DEVICE, ON_GPU, check, tensor

TEMPLATES = {
    "max_autotune_gemm": True,
    "max_autotune_gemm_backends": "TRITON",
    **({"max_autotune_conv_backends": "TRITON"} if ON_GPU else {}),
    "benchmark_epilogue_fusion": False,  # measuring it is broken on the CPU: the code that PyTorch writes is indented
    "autotune_in_subproc": False,
}
TOLERANCE = {torch.float32: 2e-2 if ON_GPU else 1e-3, torch.float16: 2e-2, torch.bfloat16: 6e-2}


MATRICES = {
    "mm": lambda a, b: a @ b,
    "transposed": lambda a, b: a @ b.t().contiguous().t(),
    "epilogue": lambda a, b: F.relu(a @ b + 1) * 2,
    "prologue": lambda a, b: (a * 2).sin() @ b,
    "addmm": lambda a, b: torch.addmm(b[:1, :].expand(a.shape[0], -1), a, b),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", MATRICES)
def test_matrix_template(name, dtype):
    function = MATRICES[name]
    a, b = tensor(64, 96, dtype=dtype), tensor(96, 80, dtype=dtype)
    check(lambda a, b: function(a, b), a, b, tol=TOLERANCE[dtype] * 8, settings=TEMPLATES)


def test_batched_template():
    check(lambda a, b: torch.bmm(a, b).relu(), tensor(3, 40, 32), tensor(3, 32, 48), tol=2e-2, settings=TEMPLATES)


def test_ragged_template():
    check(lambda a, b: a @ b + a.sum(), tensor(33, 65), tensor(65, 17), tol=5e-2, settings=TEMPLATES)


def test_gradient_through_templates():
    check(lambda a, b: F.gelu(a @ b), tensor(32, 48, grad=True), tensor(48, 32, grad=True), tol=3e-2,
          settings=TEMPLATES)  # fmt: skip


@pytest.mark.parametrize("name", ["plain", "stride", "groups", "pointwise", "relu"])
def test_convolution(name):
    x, w = tensor(2, 8, 12, 12), tensor(16, 8, 3, 3)
    function, w = {
        "plain": (lambda x, w: F.conv2d(x, w, padding=1), w),
        "stride": (lambda x, w: F.conv2d(x, w, stride=2, padding=1), w),
        "groups": (lambda x, w: F.conv2d(x, w[:8, :4], groups=2) * 2, w),
        "pointwise": (lambda x, w: F.conv2d(x, w).sin(), tensor(16, 8, 1, 1)),
        "relu": (lambda x, w: F.relu(F.conv2d(x, w, padding=1)), w),
    }[name]
    check(lambda x, w: function(x, w) + 1, x, w, tol=2e-2, settings=TEMPLATES)


def test_convolution_and_its_gradient():
    check(lambda x, w: F.silu(F.conv2d(x, w, padding=1)), tensor(1, 4, 8, 8, grad=True),
          tensor(6, 4, 3, 3, grad=True), tol=1e-2)  # fmt: skip


def test_convolution_in_one_dimension():
    check(lambda x, w: F.conv1d(x, w, padding=2).tanh(), tensor(2, 4, 30), tensor(6, 4, 5), tol=1e-2)


def test_transposed_convolution():
    check(lambda x, w: F.conv_transpose2d(x, w, stride=2).relu(), tensor(1, 4, 6, 6), tensor(4, 3, 3, 3), tol=1e-2)


def test_linear_of_halves():
    x, w, b = tensor(20, 32, dtype=torch.bfloat16), tensor(24, 32, dtype=torch.bfloat16), tensor(24)
    check(lambda x, w, b: F.linear(x, w).float() + b, x, w, b, tol=6e-2)


def test_einsum():
    check(lambda x, y: torch.einsum("bij,bkj->bik", x, y).softmax(-1), tensor(2, 9, 8), tensor(2, 7, 8), tol=1e-2)


def test_integers():
    check(lambda a, b: (a.float() @ b.float()).int() + 1, tensor(10, 12, dtype=torch.int8),
          tensor(12, 9, dtype=torch.int8))  # fmt: skip


@pytest.mark.parametrize("causal", [False, True])
def test_attention(causal):
    q, k, v = (tensor(2, 3, 24, 16, grad=True) for _ in range(3))
    check(lambda q, k, v: F.scaled_dot_product_attention(q * 2, k, v, is_causal=causal) + 1, q, k, v, tol=1e-2)


def attention(q, k, v):
    weights = (q @ k.transpose(-1, -2)) * q.shape[-1] ** -0.5
    return weights.softmax(-1) @ v


def test_attention_spelled_out():
    check(attention, tensor(2, 2, 20, 16), tensor(2, 2, 20, 16), tensor(2, 2, 20, 16), tol=1e-2,
          kernels=0)  # fmt: skip
    # it may be found to be PyTorch's own attention


FLEX = {
    "plain": (None, None),
    "causal": (None, lambda b, h, q, k: q >= k),
    "relative": (lambda s, b, h, q, k: s + (q - k) * 0.01, None),
    "alibi": (lambda s, b, h, q, k: s - (q - k).abs() * (h + 1) * 0.1, None),
    "window": (None, lambda b, h, q, k: (q - k).abs() < 40),
    "soft_cap": (lambda s, b, h, q, k: torch.tanh(s / 5) * 5, lambda b, h, q, k: q >= k),
}


def flex(name, queries, keys, grad):
    from torch.nn.attention.flex_attention import create_block_mask, flex_attention

    score, mask = FLEX[name]
    block = create_block_mask(mask, None, None, queries, keys, device=DEVICE) if mask else None
    q, k, v = (tensor(1, 2, n, 32, grad=grad) for n in (queries, keys, keys))
    check(lambda q, k, v: flex_attention(q, k, v, score_mod=score, block_mask=block), q, k, v, tol=2e-2)


if ON_GPU:  # on the CPU PyTorch has it in C++ alone, whatever cpu_backend says

    @pytest.mark.parametrize("name", FLEX)
    @pytest.mark.parametrize("grad", [False, True])
    def test_flex_attention(name, grad):
        flex(name, 256, 256, grad)

    @pytest.mark.parametrize("name", ["plain", "relative"])
    def test_flex_decoding(name):
        flex(name, 1, 512, False)
