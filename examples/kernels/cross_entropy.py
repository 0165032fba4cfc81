"""Cross-entropy over a large vocabulary: loss and gradient, the row read in blocks with a running maximum."""

import torch
import torch.nn.functional as F
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def cross_entropy_kernel(logits_ptr, target_ptr, loss_ptr, grad_ptr, stride, n, BLOCK: tl.constexpr):
    row = tl.program_id(0).to(tl.int64)
    logits_ptr += row * stride
    grad_ptr += row * stride
    target = tl.load(target_ptr + row)
    top = -float("inf")
    total = 0.0
    for start in range(0, n, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(logits_ptr + cols, mask=cols < n, other=-float("inf")).to(tl.float32)
        new_top = tl.maximum(top, tl.max(x, axis=0))
        total = total * tl.exp(top - new_top) + tl.sum(tl.exp(x - new_top), axis=0)
        top = new_top
    log_sum = top + tl.log(total)
    tl.store(loss_ptr + row, log_sum - tl.load(logits_ptr + target).to(tl.float32))
    for start in range(0, n, BLOCK):
        cols = start + tl.arange(0, BLOCK)
        x = tl.load(logits_ptr + cols, mask=cols < n, other=-float("inf")).to(tl.float32)
        p = tl.exp(x - log_sum)
        tl.store(grad_ptr + cols, tl.where(cols == target, p - 1.0, p), mask=cols < n)


def cross_entropy(logits, target):
    """Loss of each row and its gradient in the logits."""
    rows, n = logits.shape
    loss, grad = torch.empty(rows), torch.empty_like(logits)
    cross_entropy_kernel[(rows,)](logits, target, loss, grad, logits.stride(0), n, BLOCK=4096)
    return loss, grad


def reference(logits, target):
    x = logits.double().requires_grad_()
    loss = F.cross_entropy(x, target, reduction="none")
    loss.sum().backward()
    return loss.detach(), x.grad


def cases():
    for rows, n in ((64, 32000), (7, 50257)):
        x, t = torch.randn(rows, n) * 3, torch.randint(0, n, (rows,))
        yield Case(
            "cross-entropy", f"{rows}x{n} f32", lambda x=x, t=t: cross_entropy(x, t), lambda x=x, t=t: reference(x, t)
        )


if __name__ == "__main__":
    show(cases())
