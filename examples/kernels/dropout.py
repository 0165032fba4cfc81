"""Dropout whose mask is a function of a seed (Philox), so that nothing needs to be stored for the backward pass."""

import torch
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def dropout_kernel(x_ptr, y_ptr, n, p, seed, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    keep = tl.rand(seed, offsets) > p
    tl.store(y_ptr + offsets, tl.where(keep, x / (1 - p), 0.0), mask=mask)


def dropout(x, p, seed):
    """x with a fraction p of its elements zeroed and the rest scaled by 1/(1-p); the same for the same seed."""
    y = torch.empty_like(x)
    n = x.numel()
    dropout_kernel[(triton.cdiv(n, 1024),)](x, y, n, p, seed, BLOCK=1024)
    return y


def philox(seed, offsets, rounds=10):
    """The first word of Philox 4x32 (Salmon et al., SC 2011) in PyTorch's integers, counter (offset, 0, 0, 0)."""
    mask = 0xFFFFFFFF
    c = [offsets.long() & mask, *(torch.zeros_like(offsets, dtype=torch.long) for _ in range(3))]
    key = [seed & mask, (seed >> 32) & mask]

    def product(a, b):  # 32 x 32 bits in two halves, int64 has no room for the whole
        low = (b & 0xFFFF) * a
        high = (b >> 16) * a + (low >> 16)
        return high >> 16, ((high & 0xFFFF) << 16) | (low & 0xFFFF)

    for _ in range(rounds):
        hi0, lo0 = product(0xD2511F53, c[0])
        hi1, lo1 = product(0xCD9E8D57, c[2])
        c = [hi1 ^ c[1] ^ key[0], lo1, hi0 ^ c[3] ^ key[1], lo0]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return c[0]


def reference(x, p, seed):
    bits = philox(seed, torch.arange(x.numel()))
    signed = torch.where(bits >= 1 << 31, bits - (1 << 32), bits)
    folded = torch.where(signed < 0, -signed - 1, signed)
    uniform = folded.float() * 4.6566127342e-10
    return torch.where(uniform > p, x.double() / (1 - p), 0.0)


def cases():
    for n, p, seed in ((100000, 0.5, 123), (4097, 0.1, 7)):
        x = torch.randn(n)
        yield Case(
            "dropout",
            f"{n} f32, p {p}",
            lambda x=x, p=p, s=seed: dropout(x, p, s),
            lambda x=x, p=p, s=seed: reference(x, p, s),
            lambda x=x, p=p: torch.nn.functional.dropout(x, p),
        )


if __name__ == "__main__":
    show(cases())
