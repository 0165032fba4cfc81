"""What the cases share: the device, and a comparison of compiled code with eager mode."""

import copy
import os

import torch
import torch._inductor.config as config
import torch.nn.functional as F  # noqa: F401
from torch._inductor import metrics
from torch._inductor.utils import run_and_get_code
from torch.utils._pytree import tree_flatten

#: Where the cases run: TRITONC_TEST_DEVICE, "cpu" without it.
DEVICE = os.environ.get("TRITONC_TEST_DEVICE", "cpu")
ON_GPU = DEVICE == "cuda"


def tensor(*shape, dtype=torch.float32, low=None, high=None, grad=False):
    """Random numbers: normal ones, or between `low` and `high`."""
    if dtype == torch.bool:
        return torch.rand(shape, device=DEVICE) > 0.5
    if not dtype.is_floating_point:
        return torch.randint(-10 if low is None else low, 10 if high is None else high, shape, device=DEVICE).to(dtype)
    x = torch.randn(shape, device=DEVICE)
    if low is not None:
        x = torch.rand(shape, device=DEVICE) * (high - low) + low
    return x.to(dtype).requires_grad_(grad)


_TOLERANCES = {torch.float16: (2e-3, 2e-3), torch.bfloat16: (2e-2, 2e-2), torch.float64: (1e-9, 1e-9)}


def close(got, wanted, tol=None):
    """Whether two results, tensors or trees of them, are the same but for rounding."""
    got, wanted = tree_flatten(got)[0], tree_flatten(wanted)[0]
    assert len(got) == len(wanted)
    for a, b in zip(got, wanted, strict=True):
        if not isinstance(b, torch.Tensor):
            assert a == b
            continue
        atol, rtol = (tol, tol) if tol else _TOLERANCES.get(b.dtype, (2e-5, 2e-5))
        torch.testing.assert_close(a, b, atol=atol, rtol=rtol, equal_nan=True)


def _copies(args):
    """Arguments that a call may change, and that gradients of one call do not reach those of another."""
    return [a.detach().clone().requires_grad_(a.requires_grad) if isinstance(a, torch.Tensor) else a for a in args]


def _backward(out, args):
    outs = [o for o in tree_flatten(out)[0] if isinstance(o, torch.Tensor) and o.requires_grad]
    ins = [a for a in args if isinstance(a, torch.Tensor) and a.requires_grad]
    weights = [torch.linspace(-1, 1, o.numel(), device=o.device, dtype=o.dtype).view(o.shape) for o in outs]
    return torch.autograd.grad(sum((o * w).sum() for o, w in zip(outs, weights, strict=True)), ins)


def check(fn, *args, tol=None, kernels=1, dynamic=None, settings=None, kept=False):
    """Compiled, `fn` gives what it gives in eager mode, and so do its gradients where an argument wants one; `kernels`
    Triton kernels at least are in the code. Gives the code."""
    wants_grad = any(isinstance(a, torch.Tensor) and a.requires_grad for a in args)
    mine, others = _copies(args), _copies(args)
    with config.patch(settings or {}):
        metrics.reset()
        compiled = torch.compile(fn, fullgraph=True, dynamic=dynamic)
        wanted = fn(*others)
        got, code = run_and_get_code(compiled, *mine)
        close(got, wanted, tol)
        if wants_grad:
            close(_backward(got, mine), _backward(wanted, others), tol)
        if kept:  # what a call wrote into its arguments
            close(mine, others, tol)
    text = "\n".join(code)
    assert text.count("@triton.jit") >= kernels, text
    return text


class Model:
    """A module and a copy of it, one compiled, the other not; `train` runs both side by side."""

    def __init__(self, module, **compile_options):
        self.eager = module.to(DEVICE)
        self.module = copy.deepcopy(self.eager)
        self.compiled = torch.compile(self.module, **compile_options)

    def forward(self, *args, tol=1e-4):
        """The same output."""
        with torch.no_grad():
            close(self.compiled(*args), self.eager(*args), tol)

    def train(self, loss_of, steps=3, tol=1e-3, optimizer=torch.optim.AdamW, lr=1e-3, compiled_step=False):
        """The same losses over some steps; `loss_of(model)` computes one."""
        sides = [(self.compiled, self.module), (self.eager, self.eager)]
        optimizers = [optimizer(m.parameters(), lr=lr) for _, m in sides]
        step = [o.step for o in optimizers]
        if compiled_step:
            step[0] = torch.compile(optimizers[0].step)
        losses = [[], []]
        for _ in range(steps):
            for side, (call, _) in enumerate(sides):
                torch.manual_seed(1)
                loss = loss_of(call)
                loss.backward()
                step[side]()
                optimizers[side].zero_grad(set_to_none=True)
                losses[side].append(loss.item())
        assert losses[0][-1] < losses[0][0]
        torch.testing.assert_close(torch.tensor(losses[0]), torch.tensor(losses[1]), atol=tol, rtol=tol)
