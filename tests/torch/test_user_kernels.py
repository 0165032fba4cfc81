"""Kernels of a user's own inside compiled functions: what they write to is found, they are configured and launched."""

import pytest
import torch
import triton
import triton.language as tl
from common import DEVICE, check, close, tensor
from torch.library import triton_op, wrap_triton


@triton.jit
def add_kernel(x, y, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + at, tl.load(x + at, at < n) + tl.load(y + at, at < n), at < n)


@triton.jit
def scale_in_place(x, factor, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(x + at, tl.load(x + at, at < n) * factor, at < n)


@triton.autotune(configs=[triton.Config({"BLOCK": b}, num_warps=w) for b, w in ((64, 2), (256, 4))], key=["n"])
@triton.jit
def tuned_kernel(x, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out + at, tl.sin(tl.load(x + at, at < n)), at < n)


@triton.jit
def row_sum_kernel(x, out, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    total = tl.zeros((BLOCK,), tl.float32)
    for i in range(0, columns, BLOCK):
        at = i + tl.arange(0, BLOCK)
        total += tl.load(x + row * columns + at, at < columns, 0.0)
    tl.store(out + row, tl.sum(total, 0))


@triton.jit
def helper(x, factor):
    return x * factor + 1


@triton.jit
def calling_kernel(x, out, n, OUT: tl.constexpr, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = helper(tl.load(x + at, at < n), 3.0)
    if OUT:
        tl.store(out + at, value, at < n)
    else:
        tl.store(x + at, value, at < n)


@triton.jit
def count_kernel(x, count, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.atomic_add(count, tl.sum((tl.load(x + at, at < n, 0.0) > 0).to(tl.int32)))


@triton.jit
def optional_kernel(x, bias, out, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    value = tl.load(x + at, at < n)
    if bias is not None:
        value += tl.load(bias + at, at < n)
    tl.store(out + at, value, at < n)


def grid(n):
    return lambda meta: (triton.cdiv(n, meta["BLOCK"]),)


def add(x, y):
    out = torch.empty_like(x)
    add_kernel[grid(x.numel())](x, y, out, x.numel(), BLOCK=64)
    return out


def test_a_kernel_between_other_code():
    check(lambda x, y: add(x.sin(), y * 2) + 1, tensor(300), tensor(300))


def test_a_kernel_in_place():
    def function(x):
        x = x + 1
        scale_in_place[grid(x.numel())](x, 3.0, x.numel(), BLOCK=128)
        return x * 2

    check(function, tensor(200))


def test_an_argument_that_is_written_to():
    def function(x):
        scale_in_place[grid(x.numel())](x, 2.0, x.numel(), BLOCK=128)
        return x.sum()

    check(function, tensor(200), kept=True, tol=1e-3)


def test_an_autotuned_kernel():
    def function(x):
        out = torch.empty_like(x)
        tuned_kernel[grid(x.numel())](x, out, x.numel())
        return out + 1

    check(function, tensor(500))


def test_a_kernel_that_proposes_its_configurations():
    """The first launch, whose arguments they are for, is outside of the graph; then they are a list."""

    @triton.autotune(configs="auto", key=["n"])
    @triton.jit
    def proposing_kernel(x, out, n, BLOCK: tl.constexpr):
        at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
        tl.store(out + at, tl.load(x + at, at < n) + 1, at < n)

    def function(x):
        doubled = x * 2
        out = torch.empty_like(doubled)
        n = doubled.numel()
        proposing_kernel[lambda meta: (triton.cdiv(n, meta["BLOCK"]),)](doubled, out, n)
        return out.cos()

    x = tensor(3000)
    wanted = torch.cos(x * 2 + 1)
    with pytest.raises(torch._dynamo.exc.Unsupported):
        torch.compile(function, fullgraph=True)(x)
    close(torch.compile(function)(x), wanted)
    assert proposing_kernel.best_config in proposing_kernel.configs
    torch._dynamo.reset()
    close(torch.compile(function, fullgraph=True)(x), wanted)


def test_a_kernel_with_a_loop():
    def function(x):
        out = torch.empty(x.shape[0], device=x.device)
        row_sum_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=32)
        return out / 2

    check(function, tensor(7, 100), tol=1e-3)


@pytest.mark.parametrize("out", [True, False])
def test_a_kernel_that_calls_another(out):
    def function(x):
        x, y = x + 0, torch.zeros_like(x)
        calling_kernel[grid(x.numel())](x, y, x.numel(), out, BLOCK=64)
        return x, y

    check(function, tensor(150))


def test_atomics():
    def function(x):
        count = torch.zeros((), dtype=torch.int32, device=x.device)
        count_kernel[grid(x.numel())](x, count, x.numel(), BLOCK=64)
        return count + 1

    check(function, tensor(333))


@pytest.mark.parametrize("with_bias", [True, False])
def test_an_argument_that_may_be_none(with_bias):
    def function(x, bias):
        out = torch.empty_like(x)
        optional_kernel[grid(x.numel())](x, bias if with_bias else None, out, x.numel(), BLOCK=64)
        return out

    check(function, tensor(100), tensor(100))


def test_options_of_a_launch():
    def function(x, y):
        out = torch.empty_like(x)
        add_kernel[(5,)](x, y, out, x.numel(), BLOCK=64, num_warps=2, num_stages=1)
        return out

    check(function, tensor(300), tensor(300))


@pytest.mark.parametrize("dynamic", [False, True])
def test_sizes_that_vary(dynamic):
    compiled = torch.compile(add, fullgraph=True, dynamic=dynamic)
    for n in (100, 200, 333):
        x, y = tensor(n), tensor(n)
        close(compiled(x, y), x + y)


def test_a_kernel_twice():
    check(lambda x, y: add(add(x, y), add(y, y)), tensor(90), tensor(90))


def test_aliases_and_views():
    def function(x):
        y = x[10:].clone()
        scale_in_place[grid(50)](y, 2.0, 50, BLOCK=32)
        return y + x[:-10]

    check(function, tensor(200))


@triton_op("tritonc_tests::add", mutates_args={})
def add_op(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    out = torch.empty_like(x)
    wrap_triton(add_kernel)[grid(x.numel())](x, y, out, x.numel(), BLOCK=64)
    return out


add_op.register_autograd(lambda ctx, grad: (grad, grad), setup_context=lambda ctx, inputs, output: None)


@triton_op("tritonc_tests::scale_", mutates_args={"x"})
def scale_op(x: torch.Tensor, factor: float) -> None:
    wrap_triton(scale_in_place)[grid(x.numel())](x, factor, x.numel(), BLOCK=128)


def test_an_operator():
    check(lambda x, y: torch.ops.tritonc_tests.add(x, y) * 2, tensor(100), tensor(100))


def test_the_gradient_of_an_operator():
    check(lambda x, y: add_op(x.sin(), y).cos(), tensor(64, grad=True), tensor(64, grad=True))


def test_an_operator_that_writes():
    def function(x):
        y = x.clone()
        scale_op(y, 4.0)
        return y + 1

    check(function, tensor(100))


def test_opcheck():
    torch.library.opcheck(add_op, (tensor(64), tensor(64)))
    torch.library.opcheck(add_op, (tensor(64, grad=True), tensor(64, grad=True)))
    torch.library.opcheck(scale_op, (tensor(64), 2.0))


def test_an_operator_in_eager_mode():
    x, y = tensor(77), tensor(77)
    close(add_op(x, y), x + y)


def test_export():
    class Module(torch.nn.Module):
        def forward(self, x, y):
            return add_op(x, y).sin()

    x, y = tensor(40), tensor(40)
    exported = torch.export.export(Module(), (x, y))
    close(exported.module()(x, y), (x + y).sin())


def test_what_a_kernel_writes_to_is_found():
    from torch._higher_order_ops import triton_kernel_wrap

    def written(kernel, **arguments):
        arguments = {k: torch.empty(4, device=DEVICE) if v is torch else v for k, v in arguments.items()}
        if hasattr(triton_kernel_wrap, "identify_mutated_tensors"):
            return list(triton_kernel_wrap.identify_mutated_tensors(kernel, arguments, {}))
        accesses = triton_kernel_wrap.identify_accessed_tensors(kernel, arguments, {})
        return [dep.name for dep in accesses.read_writes.writes]

    assert written(add_kernel, x=torch, y=torch, out=torch, n=4, BLOCK=64) == ["out"]
    assert written(scale_in_place, x=torch, factor=1.0, n=4, BLOCK=64) == ["x"]
    assert written(row_sum_kernel, x=torch, out=torch, columns=4, BLOCK=64) == ["out"]
    assert written(calling_kernel, x=torch, out=torch, n=4, OUT=False, BLOCK=64) == ["x"]
    assert written(count_kernel, x=torch, count=torch, n=4, BLOCK=64) == ["count"]
