"""What every example offers to the demo and the tests: how to run it, what must come out, and who else can do it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch


@dataclass
class Case:
    """One run of one kernel.

    Attributes
    ----------
    kernel, size
        What the demo's table calls it.
    run
        Launches the kernel; gives the tensors (one or a tuple) that it made.
    expected
        The same in float64 (or exact integers) with PyTorch.
    rival
        PyTorch's own way to the same result in the same dtype, for timing; None where it has none.
    rtol
        Allowed relative error in the Frobenius norm; 0 for bit equality.
    """

    kernel: str
    size: str
    run: Callable
    expected: Callable
    rival: Callable | None = None
    rtol: float = 1e-5

    def error(self) -> float:
        """The largest relative error over the outputs of a fresh run."""
        got, want = self.run(), self.expected()
        got = got if isinstance(got, tuple) else (got,)
        want = want if isinstance(want, tuple) else (want,)
        assert len(got) == len(want), f"{len(got)} outputs, {len(want)} expected"
        worst = 0.0
        for g, w in zip(got, want, strict=True):
            assert g.shape == w.shape, f"shape {tuple(g.shape)}, expected {tuple(w.shape)}"
            g, w = g.double(), w.double()
            if not torch.equal(torch.isfinite(g), torch.isfinite(w)):
                return float("inf")
            finite = torch.isfinite(w)
            g, w = g[finite], w[finite]
            worst = max(worst, float((g - w).norm() / (w.norm() + 1e-30)))
        return worst


RTOL = {torch.float64: 1e-12, torch.float32: 1e-5, torch.float16: 2e-3, torch.bfloat16: 1e-2}


def short(dtype: torch.dtype) -> str:
    """float32 -> f32."""
    return {torch.float64: "f64", torch.float32: "f32", torch.float16: "f16", torch.bfloat16: "bf16"}.get(
        dtype, str(dtype).removeprefix("torch.")
    )


def show(cases) -> None:
    """Run every case and print a line for each; exit with 1 if one is wrong. Each example does so when it is run."""
    wrong = 0
    for case in cases:
        error = case.error()
        wrong += not error <= case.rtol
        print(f"{case.kernel:34} {case.size:34} {'right' if error <= case.rtol else 'WRONG'}  error {error:.1e}")
    raise SystemExit(bool(wrong))
