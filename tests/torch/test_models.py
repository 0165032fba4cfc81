"""Whole models: forward, backward, some steps of an optimizer, each beside its copy in eager mode."""

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F
from common import DEVICE, Model, check, close, tensor


class Block(nn.Module):
    """A block of a transformer."""

    def __init__(self, width=32, heads=4):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        b, n, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, n, w))
        return x + self.mlp(self.norm2(x))


class LlamaBlock(nn.Module):
    """A block as Llama has it: RMS norms, rotary positions, grouped keys, a gated MLP."""

    def __init__(self, width=32, heads=4, groups=2):
        super().__init__()
        self.heads, self.groups, self.size = heads, groups, width // heads
        self.norm1, self.norm2 = nn.Parameter(torch.ones(width)), nn.Parameter(torch.ones(width))
        self.q = nn.Linear(width, width, bias=False)
        self.kv = nn.Linear(width, 2 * groups * self.size, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate, self.up = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, 3 * width, bias=False)
        self.down = nn.Linear(3 * width, width, bias=False)

    @staticmethod
    def norm(x, w):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * w

    def rotate(self, x):
        n, half = x.shape[2], self.size // 2
        angle = torch.arange(n, device=x.device)[:, None] / 10000 ** (torch.arange(half, device=x.device) / half)
        a, b = x[..., :half], x[..., half:]
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)

    def forward(self, x):
        b, n, w = x.shape
        y = self.norm(x, self.norm1)
        q = self.rotate(self.q(y).view(b, n, self.heads, self.size).transpose(1, 2))
        k, v = self.kv(y).view(b, n, 2, self.groups, self.size).permute(2, 0, 3, 1, 4)
        k, v = (t.repeat_interleave(self.heads // self.groups, 1) for t in (self.rotate(k), v))
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, n, w))
        y = self.norm(x, self.norm2)
        return x + self.down(F.silu(self.gate(y)) * self.up(y))


class Convolutions(nn.Module):
    """A small residual network for images."""

    def __init__(self):
        super().__init__()
        self.stem, self.norm0 = nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.conv1, self.norm1 = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.conv2, self.norm2 = nn.Conv2d(8, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        x = F.relu(self.norm0(self.stem(x)))
        y = F.relu(self.norm1(self.conv1(x)))
        x = F.relu(self.norm2(self.conv2(y)) + x)
        return self.head(F.max_pool2d(x, 2).mean((2, 3)))


@pytest.mark.parametrize("block", [Block, LlamaBlock])
def test_a_block_forward(block):
    Model(block()).forward(tensor(2, 16, 32), tol=1e-3)


@pytest.mark.parametrize("block", [Block, LlamaBlock])
def test_a_block_is_trained(block):
    x, y = tensor(2, 16, 32), tensor(2, 16, 32)
    Model(block()).train(lambda m: F.mse_loss(m(x), y))


def test_a_convolutional_network_forward():
    Model(Convolutions()).forward(tensor(2, 3, 12, 12), tol=1e-2)


def test_a_convolutional_network_is_trained():
    x, y = tensor(4, 3, 12, 12), torch.tensor([1, 5, 7, 0], device=DEVICE)
    Model(Convolutions()).train(lambda m: F.cross_entropy(m(x), y), tol=1e-2)


def test_a_compiled_step_of_adamw():
    x, y = tensor(8, 16), tensor(8, 16)
    model = Model(nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 16)))
    model.train(lambda m: F.mse_loss(m(x), y), compiled_step=True)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_compiled_steps_of_optimizers(name):
    x, y = tensor(8, 16), tensor(8, 16)
    model = Model(nn.Linear(16, 16))
    model.train(lambda m: F.mse_loss(m(x), y), optimizer=getattr(torch.optim, name), compiled_step=True)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast(dtype):
    w1, w2 = tensor(32, 64), tensor(64, 32)

    def function(x, w1, w2):
        with torch.autocast(DEVICE, dtype=dtype):
            return F.layer_norm(F.gelu(x @ w1) @ w2, (32,))

    check(function, tensor(10, 32), w1, w2, tol=8e-2)


def test_autocast_backward():
    def function(x, w):
        with torch.autocast(DEVICE, dtype=torch.bfloat16):
            return (x @ w).softmax(-1).float()

    check(function, tensor(10, 32), tensor(32, 16, grad=True), tol=8e-2)


def test_an_lstm_cell():
    def function(x, h, c, wi, wh):
        i, f, g, o = (x @ wi + h @ wh).chunk(4, 1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        return o.sigmoid() * c.tanh(), c

    check(function, tensor(5, 8), tensor(5, 16), tensor(5, 16), tensor(8, 64, grad=True), tensor(16, 64), tol=1e-3)


def test_embedding_to_loss():
    tokens = torch.randint(0, 20, (3, 12), device=DEVICE)
    model = nn.Sequential(nn.Embedding(20, 16), nn.LayerNorm(16), nn.Linear(16, 20))
    Model(model).train(lambda m: F.cross_entropy(m(tokens).flatten(0, 1), tokens.roll(-1, 1).flatten()))


def test_dynamic_batch_of_a_model():
    model = Model(Block(), dynamic=True)
    for batch in (2, 3, 5):
        model.forward(tensor(batch, 8, 32), tol=1e-3)


def test_checkpointed_activations():
    from torch.utils.checkpoint import checkpoint

    w = tensor(16, 16, grad=True)
    check(lambda x, w: checkpoint(lambda x: (x @ w).sin().cos(), x, use_reentrant=False), tensor(4, 16, grad=True), w,
          tol=1e-3)  # fmt: skip


def test_a_custom_gradient():
    class Square(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * 2 * x

    check(lambda x: Square.apply(x.sin()) + 1, tensor(50, grad=True))


def test_vmap_and_grad():
    check(lambda x: torch.func.vmap(torch.func.grad(lambda v: (v.sin() * v).sum()))(x), tensor(6, 10))


def test_control_flow_of_tensors():
    def function(x):
        return torch.cond(x.sum() > 0, lambda x: x.sin(), lambda x: x.cos(), (x,))

    for sign in (1, -1):
        check(function, tensor(20).abs() * sign, kernels=0)


def test_modes_of_compile():
    x = tensor(64, 32)
    for mode in ("default", "reduce-overhead", "max-autotune-no-cudagraphs"):
        torch._dynamo.reset()
        compiled = torch.compile(lambda x: F.softmax(x * 2, -1), mode=mode)
        for _ in range(3):
            close(compiled(x).clone(), F.softmax(x * 2, -1))
