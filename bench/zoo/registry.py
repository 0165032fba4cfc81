"""What a zoo case is: a function that makes data and says which launches are timed and how their result is checked.

    @case(dict(rows=4096, cols=8192, dtype=f16), dict(...), small=dict(rows=3, cols=100, dtype=f32))
    def rms_norm(data, rows, cols, dtype):
        x = data.randn(rows, cols, dtype=dtype)
        y = data.empty(rows, cols, dtype=dtype)
        launch = Launch(rms_norm_kernel, (rows,), x, y, cols, BLOCK=next_power_of_2(cols), num_warps=8)
        return Work(launch, check=lambda: (y, x.double() * ...))

The same function serves every use: on a GPU at real sizes (timed), on the CPU and the simulated GPU at the small one
(checked), and on PyTorch's `meta` device, which has shapes and no memory (compiled only). So it may not look at values:
a grid follows from sizes alone. Names of kernels' compile-time parameters are given by keyword.
"""

import dataclasses
import math
import zlib
from collections.abc import Callable

import torch

f16, bf16, f32, f8 = torch.float16, torch.bfloat16, torch.float32, torch.float8_e4m3fn
i8, i32, i64 = torch.int8, torch.int32, torch.int64
SHORT = {f16: "f16", bf16: "bf16", f32: "f32", f8: "f8", i8: "i8", i32: "i32", i64: "i64", torch.uint8: "u8"}
# How far a result may be from the reference in higher precision: the norm of the difference over the norm.
TOLERANCE = {f16: 5e-3, bf16: 3e-2, f32: 5e-3, f8: 2e-1}


class Data:
    """Random data on a device, the same in every process: each case starts from a seed of its own."""

    def __init__(self, device: str, seed: str):
        self.device = device
        self.generator = None
        if device != "meta":
            self.generator = torch.Generator(device).manual_seed(zlib.crc32(seed.encode()))

    def randn(self, *shape, dtype=f32, scale=1.0):
        x = torch.randn(shape, device=self.device, generator=self.generator, dtype=f16 if dtype == f8 else dtype)
        return (x * scale).to(dtype) if scale != 1.0 or dtype == f8 else x

    def rand(self, *shape, dtype=f32, low=0.0, high=1.0):
        x = torch.rand(shape, device=self.device, generator=self.generator)
        return (x * (high - low) + low).to(dtype)

    def randint(self, low, high, *shape, dtype=i64):
        return torch.randint(low, high, shape, device=self.device, generator=self.generator).to(dtype)

    def permutation(self, n, dtype=i64):
        return torch.argsort(self.rand(n)).to(dtype)

    def empty(self, *shape, dtype=f32):
        return torch.empty(shape, device=self.device, dtype=dtype)

    def zeros(self, *shape, dtype=f32):
        return torch.zeros(shape, device=self.device, dtype=dtype)

    def full(self, *shape, value, dtype=f32):
        return torch.full(shape, value, device=self.device, dtype=dtype)

    def arange(self, *bounds, dtype=i64):
        return torch.arange(*bounds, device=self.device, dtype=dtype)

    def pointers(self, tensors):
        """The addresses of tensors, as a tensor of 64-bit integers."""
        if self.device == "meta":
            return self.empty(len(tensors), dtype=i64)
        return torch.tensor([t.data_ptr() for t in tensors], device=self.device, dtype=i64)


class Launch:
    """One launch, ready to be repeated."""

    def __init__(self, kernel, grid: tuple, *args, **keywords):
        self.kernel, self.grid, self.args, self.keywords = kernel, grid, args, keywords

    def __call__(self):
        self.kernel[self.grid](*self.args, **self.keywords)


@dataclasses.dataclass
class Work:
    """What is timed, and what must come out: pairs of a result and what it should be (or one pair)."""

    launches: Launch | list[Launch]
    check: Callable[[], tuple | list[tuple]]
    reset: Callable[[], None] | None = None  # before a check: what the launches add to or change in place

    def __post_init__(self):
        if isinstance(self.launches, Launch):
            self.launches = [self.launches]

    def run(self):
        for launch in self.launches:
            launch()

    def error(self) -> float:
        """Runs once and gives the worst relative error."""
        if self.reset:
            self.reset()
        self.run()
        pairs = self.check()
        return max(relative_error(*pair) for pair in (pairs if isinstance(pairs, list) else [pairs]))


def relative_error(got, want) -> float:
    if got.shape != want.shape:
        raise ValueError(f"a result of shape {tuple(got.shape)} where {tuple(want.shape)} was wanted")
    got, want = got.double(), want.double()
    if not torch.equal(torch.isfinite(got), torch.isfinite(want)):
        return math.inf
    got, want = got.nan_to_num(posinf=0, neginf=0), want.nan_to_num(posinf=0, neginf=0)
    return float((got - want).norm() / want.norm().clamp_min(1e-300))


@dataclasses.dataclass(frozen=True)
class Case:
    """One kernel (or a few that belong together) at one size."""

    kind: str  # the file's name
    name: str
    params: tuple
    build: Callable
    tolerance: float

    @property
    def label(self):
        parts = [SHORT[v] if isinstance(v, torch.dtype) else str(v) for _, v in self.params if not isinstance(v, tuple)]
        parts += ["x".join(map(str, v)) for _, v in self.params if isinstance(v, tuple)]
        return f"{self.name}[{','.join(parts)}]"

    def make(self, device) -> Work:
        return self.build(Data(device, self.label), **dict(self.params))


CASES: list[Case] = []  # at real sizes
SMALL: list[Case] = []  # one per function


def case(*sizes: dict, small: dict, tolerance: float | None = None):
    """Registers a function as a case at each of the sizes; `small` is where the CPU and the simulated GPU check it."""

    def decorate(build):
        for params in (*sizes, small):
            tol = tolerance or max(
                (TOLERANCE.get(v, 0) for v in params.values() if isinstance(v, torch.dtype)), default=0
            )
            one = Case(build.__module__.rpartition(".")[2], build.__name__, tuple(params.items()), build, tol or 5e-3)
            (SMALL if params is small else CASES).append(one)
        return build

    return decorate


def cdiv(a, b):
    return -(-a // b)


def next_power_of_2(n):
    return 1 << (n - 1).bit_length()
