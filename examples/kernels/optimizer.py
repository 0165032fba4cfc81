"""One step of AdamW, in place: five streams in, three out, one kernel."""

import torch
import triton
import triton.language as tl
from case import Case, show


@triton.jit
def adamw_kernel(
    p_ptr, g_ptr, m_ptr, v_ptr, n, lr, beta1, beta2, eps, decay, correction1, correction2, BLOCK: tl.constexpr
):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = at < n
    p = tl.load(p_ptr + at, mask=mask)
    g = tl.load(g_ptr + at, mask=mask)
    m = tl.load(m_ptr + at, mask=mask)
    v = tl.load(v_ptr + at, mask=mask)
    p *= 1 - lr * decay
    m = beta1 * m + (1 - beta1) * g
    v = beta2 * v + (1 - beta2) * g * g
    p -= lr * (m / correction1) / (tl.sqrt(v / correction2) + eps)
    tl.store(p_ptr + at, p, mask=mask)
    tl.store(m_ptr + at, m, mask=mask)
    tl.store(v_ptr + at, v, mask=mask)


def adamw(p, g, m, v, step, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, decay=0.01):
    """Update p, m and v in place for step number `step` (from 1)."""
    n = p.numel()
    adamw_kernel[(triton.cdiv(n, 4096),)](
        p, g, m, v, n, lr, betas[0], betas[1], eps, decay, 1 - betas[0] ** step, 1 - betas[1] ** step, BLOCK=4096
    )


def three_steps(p, grads):
    p, m, v = p.clone(), torch.zeros_like(p), torch.zeros_like(p)
    for step, g in enumerate(grads, 1):
        adamw(p, g, m, v, step)
    return p


def reference(p, grads):
    p = torch.nn.Parameter(p.double())
    optimizer = torch.optim.AdamW([p], lr=1e-3)
    for g in grads:
        p.grad = g.double()
        optimizer.step()
    return p.detach()


def cases():
    for n in (1 << 18, 12345):
        p, grads = torch.randn(n), [torch.randn(n) for _ in range(3)]
        yield Case(
            "AdamW, three steps",
            f"{n} f32",
            lambda p=p, g=grads: three_steps(p, g),
            lambda p=p, g=grads: reference(p, g),
        )


if __name__ == "__main__":
    show(cases())
