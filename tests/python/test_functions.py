"""Kernels as objects of Python: what they tell of themselves, and the names that they take from outside."""

import inspect
import textwrap

import pytest
import torch
import triton
import triton.language as tl
from kernels import add_kernel, plain_kernel, put_kernel, thrice, ttir, twice

# ---- the function as an object ---------------------------------------------------------------------------------------


def test_attributes():
    assert add_kernel.__name__ == "add_kernel" and add_kernel.arg_names == ["x", "y", "z", "n", "BLOCK"]
    assert add_kernel.fn.__name__ == "add_kernel" and add_kernel.constexprs == [4]
    assert add_kernel.src.startswith("def add_kernel(x, y, z, n, BLOCK: tl.constexpr):\n")
    assert add_kernel.src.rstrip().endswith("mask=at < n)")
    assert plain_kernel.src.startswith("def plain_kernel") and "@triton.jit(do_not" in "".join(plain_kernel.raw_src)
    assert list(add_kernel.signature.parameters) == add_kernel.arg_names
    assert [p.is_constexpr for p in add_kernel.params] == [False] * 4 + [True]
    assert len(add_kernel.cache_key) == 64 and add_kernel.cache_key != put_kernel.cache_key
    assert repr(add_kernel) == f"JITFunction({add_kernel.__module__}:add_kernel)"
    assert isinstance(add_kernel, triton.JITFunction) and isinstance(add_kernel, triton.KernelInterface)
    assert inspect.signature(triton.jit).parameters.keys() >= {"do_not_specialize", "noinline", "debug"}


def test_compiled_kernel_attributes():
    kernel = put_kernel[(1,)](torch.zeros(1), 2.5)
    assert kernel.name == "put_kernel" and len(kernel.hash) == 64
    assert kernel.metadata.name == "put_kernel" and kernel.metadata.num_warps == 4
    assert kernel.metadata.target.backend == "cpu" and kernel.metadata.hash == kernel.hash
    assert "define" in kernel.asm["llir"] and "tt.store" in kernel.asm["ttir"] and kernel.asm["asm"]
    assert "cubin" not in kernel.asm
    with pytest.raises(KeyError):
        kernel.asm["cubin"]
    assert kernel.n_regs == 0 and kernel.n_spills == 0
    assert triton.runtime.driver.active.get_current_target() == kernel.metadata.target


def test_pre_run_hooks():
    calls = []

    @triton.jit
    def hooked(out, value):
        tl.store(out, value)

    hooked.add_pre_run_hook(lambda *args, **kwargs: calls.append((args[1:], kwargs)))
    out = torch.zeros(1)
    hooked[(1,)](out, value=2.5)
    hooked[(1,)](out, 3.5)
    assert calls == [((), {"value": 2.5}), ((3.5,), {})] and out.item() == 3.5


def named_kernel(name):
    """A kernel whose `repr` is `name`, and what that was asked."""
    asked = []

    def answer(specialization):
        asked.append(specialization)
        return name(specialization) if callable(name) else name

    @triton.jit(repr=answer)
    def kernel(out, stride, none, value, K: tl.constexpr):
        tl.store(out + stride, value + K)

    return kernel, asked


def test_kernels_by_the_decorators_names(tmp_path, monkeypatch):
    monkeypatch.setenv("TRITON_CACHE_DIR", str(tmp_path))
    out = torch.zeros(16)
    for cached in (False, True):
        kernel, asked = named_kernel(lambda s: f"kernel_{s.signature['value']}_{'_'.join(s.constants)}")
        compiled = kernel[(1,)](out, 1, None, 3.0, K=5)
        assert compiled.name == "kernel_fp32_stride_none_K" and compiled._from_cache() is cached and out[1] == 8
        assert f"@{compiled.name}(" in ttir(compiled) and compiled.name in compiled.asm["asm"]
        (specialization,) = asked
        assert specialization.constants == {"stride": 1, "none": None, "K": 5}
        types = {"out": "*fp32", "stride": "constexpr", "none": "constexpr", "value": "fp32", "K": "constexpr"}
        assert specialization.signature == types
        kernel[(1,)](out, 1, None, 4.0, K=5)
        assert len(asked) == 1  # launches of a kernel that is there do not ask
        assert kernel[(1,)](out, 3, None, 2, K=5).name == "kernel_i32_none_K" and out[3] == 7


def test_the_decorators_name_is_the_symbol():
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)
    types = {"out": "*fp32", "stride": "i32", "none": "constexpr", "value": "fp32", "K": "constexpr"}
    names = {
        "plain": "plain", "with space<3>.x": "with_space_3__x", "größe": "gr__e", "3d": "_3d", "_": "__", "": "kernel",
    }  # fmt: skip
    for name, symbol in names.items():
        kernel, _ = named_kernel(name)
        compiled = triton.compile(triton.compiler.ASTSource(kernel, types, {"none": None, "K": 1}), target=target)
        assert compiled.name == symbol and f".entry {symbol}(" in compiled.asm["ptx"]
        assert compiled.metadata.name == symbol
    for name in (None, 3):
        kernel, _ = named_kernel(name)
        with pytest.raises(TypeError, match="must give a string"):
            kernel[(1,)](torch.zeros(16), 1, None, 3.0, K=5)
    kernel, _ = named_kernel(lambda s: s.constants["nowhere"])
    with pytest.raises(KeyError, match="nowhere"):
        kernel[(1,)](torch.zeros(16), 1, None, 3.0, K=5)


def test_launch_hooks():
    calls = []
    out = torch.zeros(1)
    with triton.knobs.runtime.scope():
        triton.knobs.runtime.launch_enter_hook.add(lambda m: calls.append(("enter", m.get()["name"])))
        triton.knobs.runtime.launch_exit_hook.add(lambda m: calls.append(("exit", m.get()["name"])))
        put_kernel[(1,)](out, 2.5)
        for hook in (triton.knobs.runtime.launch_enter_hook, triton.knobs.runtime.launch_exit_hook):
            for call in list(hook):
                hook.remove(call)
    put_kernel[(1,)](out, 2.5)
    assert calls == [("enter", "put_kernel"), ("exit", "put_kernel")]


def test_functions_made_at_run_time(tmp_path):
    """Source is found for functions of modules that were written a moment ago, and for methods."""
    module = tmp_path / "fresh_module.py"
    outs = []
    for factor in (2, 3):
        module.write_text(
            textwrap.dedent(f"""
                import triton
                import triton.language as tl

                class Holder:
                    @staticmethod
                    @triton.jit
                    def kernel(out, value):
                        '''A docstring
                with a line that is not indented.'''
                        tl.store(out,
                value * {factor})  # a bracket ends the indentation
                        # a comment at the end

                other = 1
                """)
        )
        code = compile(module.read_text(), str(module), "exec")
        names = {"__name__": f"fresh{factor}"}
        exec(code, names)
        out = torch.zeros(1)
        names["Holder"].kernel[(1,)](out, 2.5)
        outs.append(out.item())
    assert outs == [5.0, 7.5]


def test_function_without_source():
    names = {"triton": triton, "tl": tl}
    exec("@triton.jit\ndef lost(out):\n    tl.store(out, 1)\n", names)
    with pytest.raises(ValueError, match="should be defined in a Python file"):
        names["lost"][(1,)](torch.zeros(1))


def test_only_functions_are_decorated():
    with pytest.raises(TypeError, match="needs a Python function"):
        triton.jit(3)
    with pytest.raises(TypeError, match=r"a \*\* parameter"):
        triton.jit(lambda **args: None)


# ---- names from outside ----------------------------------------------------------------------------------------------

SCALE = tl.constexpr(3)
PLAIN = 4


@triton.constexpr_function
def host_function(n, plus=1):
    assert isinstance(n, int)
    return sum(range(n)) + plus


@triton.jit
def outside_kernel(out):
    value: tl.constexpr = host_function(5, plus=2)
    tl.store(out, value * SCALE)
    tl.store(out + 1, triton.next_power_of_2(100) + triton.cdiv(7, 2))


def test_globals_and_host_functions():
    out = torch.zeros(2)
    outside_kernel[(1,)](out)
    assert out.tolist() == [36, 132]


def test_closures():
    def make(factor, helper):
        @triton.jit
        def kernel(out):
            tl.store(out, helper(tl.load(out)) * factor)

        return kernel

    out = torch.full((1,), 5.0)
    make(tl.constexpr(10), twice)[(1,)](out)
    assert out.item() == 100
    make(tl.constexpr(2), thrice)[(1,)](out)
    assert out.item() == 600


@triton.jit
def plain_global_kernel(out):
    tl.store(out, PLAIN)


def test_plain_global():
    with pytest.raises(triton.CompilationError, match="PLAIN"):
        plain_global_kernel[(1,)](torch.zeros(1))
    with triton.knobs.compilation.scope():
        triton.knobs.compilation.allow_non_constexpr_globals = True
        out = torch.zeros(1)
        plain_global_kernel[(1,)](out)
        assert out.item() == 4


@triton.constexpr_function
def failing_function():
    raise LookupError("from the host")


@triton.jit
def failing_kernel(out):
    tl.store(out, failing_function())


def test_exception_in_a_host_function():
    with pytest.raises(LookupError, match="from the host"):
        failing_kernel[(1,)](torch.zeros(1))


BIG = tl.constexpr(0x9E37_79B9_7F4A_7C15)


@triton.jit
def big_kernel(out, K: tl.constexpr):
    tl.store(out, BIG ^ K)


def test_integers_beyond_63_bits():
    out = torch.zeros(1, dtype=torch.uint64)
    for k in (0, 2**63, 2**64 - 1):
        big_kernel[(1,)](out, k)
        assert out.item() == 0x9E3779B97F4A7C15 ^ k
    with pytest.raises(triton.CompilationError, match="more than 127 bits"):
        big_kernel[(1,)](out, 2**200)


# ---- names of the function's own --------------------------------------------------------------------------------------

k = "a global that the kernels below never look at"
total = tl.constexpr(1)


@triton.jit
def own_names_kernel(out, n, C: tl.constexpr):
    total = 0
    for k in range(n):
        total += k
    if C:
        s = total
    else:
        s = -total
    tl.store(out, s)


def test_globals_that_a_function_hides_are_not_watched():
    global k, total
    out = torch.zeros(1, dtype=torch.int32)
    own_names_kernel[(1,)](out, 5, True)
    k, total = "another value", tl.constexpr(2)
    try:
        own_names_kernel[(1,)](out, 5, False)
        assert out.item() == -10
    finally:
        k, total = "a global", tl.constexpr(1)
