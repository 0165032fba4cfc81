"""A small language model, trained through torch.compile with the kernels made by this package, beside eager mode.

    ./dev python examples/torch_compile.py            on the CPU
    python examples/torch_compile.py --device cuda    on a GPU

The text is this file. Both columns begin with the same weights and see the same batches, so the losses agree but for
rounding.
"""

import argparse
import copy
import time

import torch
import torch._inductor.config as config
import torch.nn as nn
import torch.nn.functional as F


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        b, n, w = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(b, n, 3, self.heads, w // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(b, n, w))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Model(nn.Module):
    """Characters in, the next character's logits out."""

    def __init__(self, vocabulary, length, width=64, heads=4, depth=2):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*[Block(width, heads) for _ in range(depth)])
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary)

    def forward(self, x):
        places = torch.arange(x.shape[1], device=x.device)
        return self.head(self.norm(self.blocks(self.tokens(x) + self.places(places))))


def train(model, call, batches):
    """The losses, and the time of a step (the first ones, which compile, left out)."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    losses, times = [], []
    for x in batches:
        begin = time.perf_counter()
        loss = F.cross_entropy(call(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        times.append(time.perf_counter() - begin)
    return losses, min(times[1:])


def main():
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--steps", type=int, default=100)
    args = parser.parse_args()
    config.cpu_backend = "triton"

    with open(__file__, encoding="utf-8") as file:
        text = file.read()
    letters = sorted(set(text))
    data = torch.tensor([letters.index(c) for c in text])
    torch.manual_seed(0)
    length, batch = 64, 16
    starts = torch.randint(0, len(data) - length - 1, (args.steps, batch))
    batches = [torch.stack([data[s : s + length + 1] for s in row]).to(args.device) for row in starts]

    model = Model(len(letters), length).to(args.device)
    other = copy.deepcopy(model)
    eager, eager_time = train(other, other, batches)
    losses, step_time = train(model, torch.compile(model), batches)
    print(f"{'step':>6} {'compiled':>9} {'eager':>9}")
    for step in [*range(0, args.steps, max(args.steps // 10, 1)), args.steps - 1]:
        print(f"{step:6} {losses[step]:9.4f} {eager[step]:9.4f}")
    print(f"a step takes {step_time * 1e3:.1f} ms compiled, {eager_time * 1e3:.1f} ms in eager mode")
    worst = max(abs(a - b) for a, b in zip(losses, eager, strict=True))
    assert losses[-1] < 0.7 * losses[0] and worst < 0.2, (losses[0], losses[-1], worst)


if __name__ == "__main__":
    main()
