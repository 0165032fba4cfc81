"""What tracers of kernels put in place of the interpreter's own: methods of the builder, the launch, the rewriting."""

import ast
import inspect

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
import triton.runtime.interpreter as interpreter
from triton.runtime.interpreter import (
    ASTTransformer,
    FunctionRewriter,
    GridExecutor,
    InterpretedFunction,
    InterpreterError,
    TensorHandle,
    _implicit_cvt,
    interpreter_builder,
    interpreter_semantic,
)

OPERATIONS = {name for name in dir(interpreter_builder) if name.startswith("create_")}
OPERATIONS |= {"unary_op", "binary_op", "ternary_op", "cast_impl"}


@pytest.fixture
def watched(monkeypatch):
    """What the operations were called with, each by way of a function in its place that calls it."""
    seen = []

    def watch(name, original):
        def replacement(*args):
            result = original(*args)
            seen.append((name, args, result))
            return result

        monkeypatch.setattr(interpreter_builder, name, replacement)

    for name in OPERATIONS:
        watch(name, getattr(interpreter_builder, name))
    return seen


@triton.jit
def everything_kernel(x, h, out, whole, n, B: tl.constexpr):
    pid = tl.program_id(0)
    i = tl.arange(0, B)
    at = pid * B + i
    a = tl.load(x + at, mask=at < n, other=2.0)
    b = tl.load(h + at).to(tl.float32)
    c = tl.where(a > b, tl.exp(a), tl.abs(b)) - tl.fma(a, b, a) * tl.sqrt(b * b)
    tl.store(out + at, c, mask=at < n)
    square = tl.reshape(b, (16, B // 16)).trans()
    p, q = tl.split(tl.join(a, b))
    total = tl.sum(tl.dot(square.trans(), square, input_precision="ieee"), 0) + (p + q).sum(0)
    tl.store(out + n + pid * 16 + tl.arange(0, 16), total.to(tl.float16).to(tl.float32))
    tl.atomic_add(whole + (i & 1), i // 3 + (i >> 1), mask=i < 20)
    tl.atomic_cas(whole + 2, 0, pid + 7)
    block = tl.advance(tl.make_block_ptr(out, (n,), (1,), (0,), (16,), (0,)), (4,))
    tl.store(block, tl.load(block, boundary_check=(0,)) + 1, boundary_check=(0,))
    bits = a.to(tl.int32, bitcast=True)
    wide = tl.broadcast_to(bits[None, :], (2, B))
    tl.store(whole + 3, tl.max(tl.umulhi(tl.max(wide, 0).to(tl.uint32), 3).to(tl.int32), 0))


def arguments():
    rng = np.random.default_rng(4)
    x = torch.from_numpy(rng.integers(-3, 4, 70).astype(np.float32))
    return x, torch.from_numpy(rng.integers(-2, 3, 128)).half(), torch.zeros(102), torch.zeros(4, dtype=torch.int32)


def test_operations_are_seen(watched):
    want, have = arguments(), arguments()
    everything_kernel[(2,)](*want, 70, B=64)
    assert not watched
    InterpretedFunction(everything_kernel)[(2,)](*have, 70, B=64)
    for a, b in zip(want, have, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=0)
    calls = {}
    for name, args, result in watched:
        calls.setdefault(name, []).append((args, result))
    assert OPERATIONS - calls.keys() <= {"create_get_num_programs", "create_rsqrt", "create_ptr_to_int",
                                         "create_int_to_ptr", "create_unsplat", "create_fp_to_fp"}  # fmt: skip
    (first, loaded), *_ = calls["create_masked_load"]
    pointers, mask, other = first[:3]
    assert (pointers.data == have[0].data_ptr() + 4 * np.arange(64)).all() and pointers.dtype.is_ptr()
    assert mask.data.all() and (other.data == 2).all() and (loaded.data == have[0][:64].numpy()).all()
    masks = [args[1].data for args, _ in calls["create_masked_load"]]
    assert masks[2].sum() == 6 and masks[3].all() and len(masks) == 4  # a load without a mask has one that is true
    assert len(calls["create_load"]) == 2 and len(calls["create_masked_store"]) == 6
    assert [int(result.data) for _, result in calls["create_get_program_id"]] == [0, 1]
    assert {args[2] for args, _ in calls["binary_op"]} >= {np.add, np.subtract, np.multiply, np.greater, np.less}
    assert calls["create_atomic_rmw"][0][0][3].data.sum() == 20


def test_an_operation_in_place_of_another(monkeypatch):
    def masked_off(ptrs, mask, other, *hints, original=interpreter_builder.create_masked_load):
        nothing = TensorHandle(np.zeros_like(mask.data), mask.dtype)
        made = original(ptrs, nothing, other, *hints)
        return TensorHandle(made.data + 5, made.dtype)

    @triton.jit
    def kernel(x, y):
        tl.store(y, tl.load(x) * 2)

    monkeypatch.setattr(interpreter_builder, "create_masked_load", masked_off)
    x, y = torch.ones(1), torch.zeros(1)
    InterpretedFunction(kernel)[(1,)](x, y)
    assert y[0] == 10  # the mask that is off gives 0
    monkeypatch.setattr(interpreter_builder, "create_masked_load", lambda *args: "a symbol")
    with pytest.raises(InterpreterError, match=r"create_load gave str, not a TensorHandle: .* use debug=True"):
        InterpretedFunction(kernel)[(1,)](x, y)
    monkeypatch.undo()
    InterpretedFunction(kernel)[(1,)](x, y)
    assert y[0] == 2


def test_an_operation_by_itself():
    with pytest.raises(RuntimeError, match="while a kernel runs it"):
        interpreter_builder.create_fabs(TensorHandle(np.zeros(3), tl.float32))


@triton.jit
def loops_kernel(out, n, B: tl.constexpr):
    total = 0
    for i in range(n):
        for j in tl.range(0, B, 2):
            total += i * j
    tl.store(out + tl.program_id(0), total + tl.program_id(0))


def test_loops_that_are_rewritten(monkeypatch):
    """A transformer's visit_For, and a value for the parameter that its visit_FunctionDef adds."""
    lengths = []

    def visit_for(self, node):
        self.generic_visit(node)
        node.iter = ast.copy_location(ast.Call(ast.Name("__watch", ast.Load()), [node.iter], []), node)
        return ast.fix_missing_locations(node)

    def visit_function(self, node):
        self.generic_visit(node)
        node.args.kwonlyargs.append(ast.arg("__watch"))
        node.args.kw_defaults.append(ast.Name("__watch", ast.Load()))
        return ast.fix_missing_locations(node)

    def watch(numbers):
        lengths.append(len(numbers))
        return numbers

    def compile_and_exec(self, tree, original=FunctionRewriter._compile_and_exec):
        self.kwargs = {**self.kwargs, "__watch": watch}
        return original(self, tree)

    monkeypatch.setattr(ASTTransformer, "visit_For", visit_for)
    monkeypatch.setattr(ASTTransformer, "visit_FunctionDef", visit_function, raising=False)
    monkeypatch.setattr(FunctionRewriter, "_compile_and_exec", compile_and_exec)
    out = torch.zeros(1, dtype=torch.int32)
    InterpretedFunction(loops_kernel)[(1,)](out, 3, B=8)
    assert out[0] == 3 * 12 and lengths == [3, 4, 4, 4]
    monkeypatch.undo()
    InterpretedFunction(loops_kernel)[(1,)](out, 3, B=8)
    assert out[0] == 3 * 12 and lengths == [3, 4, 4, 4]


def test_a_launch_of_ones_own(monkeypatch):
    """As triton-viz launches: its own loop over the grid, with the program's place kept by itself."""
    place, ran = [None], []

    def call(executor, *args, **kwargs):
        kwargs = {k: v for k, v in kwargs.items() if k in inspect.getfullargspec(executor.fn).args}
        host, named = executor._init_args_hst(args, kwargs)
        given = inspect.getcallargs(executor.fn, *host, **named)
        given = {name: x if name in executor.constexprs else _implicit_cvt(x) for name, x in given.items()}
        scope = interpreter._LangPatchScope()
        interpreter._patch_lang(executor.fn)
        interpreter._patch_builtin(tl.extra.cuda, interpreter_builder, scope)
        try:
            interpreter_builder.set_grid_dim(*executor.grid, 1, 1)
            for x in range(*executor.grid):
                interpreter_builder.set_grid_idx(x, 0, 0)
                ran.append(x)
                executor.fn(**given)
        finally:
            scope.restore()
        executor._restore_args_dev(args, host, kwargs, named)

    cls = type(interpreter_builder)
    monkeypatch.setattr(cls, "set_grid_idx", lambda self, *at: place.__setitem__(0, at))
    monkeypatch.setattr(cls, "grid_idx", property(lambda self: place[0]))
    monkeypatch.setattr(GridExecutor, "__call__", call)
    out = torch.zeros(4, dtype=torch.int32)
    InterpretedFunction(loops_kernel)[(4,)](out, n=3, B=8, num_warps=2)
    assert out.tolist() == [36, 37, 38, 39] and ran == [0, 1, 2, 3]
    with pytest.raises(ValueError, match="inside a kernel"):  # the language is as it was
        tl.arange(0, 8)
    assert GridExecutor(InterpretedFunction(loops_kernel).rewrite(), ["out", "n", "B"], (1,)).constexprs == ["B"]


def test_small_names():
    assert interpreter._get_np_dtype(tl.float16) == np.float16 and interpreter._get_np_dtype(tl.bfloat16) == np.float32
    assert interpreter._get_np_dtype(tl.pointer_type(tl.int8)) == np.int64
    assert interpreter._get_np_dtype(tl.uint16) in (np.int16, np.uint16)
    assert interpreter._get_signed_np_dtype(np.dtype(np.uint32)) == np.int32
    seven = interpreter_semantic.to_tensor(7)
    assert seven.dtype == tl.int32 and interpreter_semantic.to_tensor(seven) is seven
    assert interpreter_semantic.builder is interpreter_builder and interpreter_builder.options.num_warps == 4
    x = torch.zeros(3)
    wrapped = triton.reinterpret(x, tl.float32)
    assert interpreter._unwrap_tensor(wrapped) is x and interpreter._unwrap_tensor(x) is x
    assert type(interpreter._rewrap_tensor(x, wrapped)) is type(wrapped) and interpreter._rewrap_tensor(x, x) is x
    assert interpreter._tuple_create((1, 2), iter([3, 4])) == (3, 4)
