"""Launching: the forms of a call, what a kernel is specialized for, what may be an argument, and what is refused."""

import array
import ctypes
import gc
import pickle
import subprocess
import sys
import threading
from collections import namedtuple

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from kernels import add_kernel, count_kernel, parameters, plain_kernel, put_kernel, thrice, twice, where_kernel

# ---- the forms of a launch -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [1, 16, 1000, 1024, 1025, 5000])
def test_add(n):
    x, y, z = torch.randn(n), torch.randn(n), torch.full((n + 7,), 3.0)
    add_kernel[(triton.cdiv(n, 256),)](x, y, z, n, BLOCK=256)
    assert torch.equal(z[:n], x + y)
    assert (z[n:] == 3.0).all()


@pytest.mark.parametrize("grid", [4, (4,), (4, 3), (4, 3, 2), [4, 3], (np.int64(4), 3), (tl.constexpr(4),)], ids=str)
def test_grids(grid):
    shape = [int(n) for n in (grid if isinstance(grid, (tuple, list)) else [grid])]
    shape += [1] * (3 - len(shape))
    out = torch.full((shape[2], shape[1], shape[0]), -1, dtype=torch.int32)
    where_kernel[grid](out)
    z, y, x = torch.meshgrid(*[torch.arange(n) for n in reversed(shape)], indexing="ij")
    assert torch.equal(out, (x + 10 * y + 100 * z).int())


def test_grid_of_no_programs():
    out = torch.full((1,), 7)
    where_kernel[(0,)](out)
    where_kernel[(4, 0)](out)
    assert out.item() == 7


def test_grid_function_sees_the_arguments():
    n = 1000
    x, y, z = torch.randn(n), torch.randn(n), torch.empty(n)
    seen = {}

    def grid(meta):
        seen.update(meta)
        return (triton.cdiv(meta["n"], meta["BLOCK"]),)

    add_kernel[grid](x, y, z, n, BLOCK=128, num_warps=2)
    assert torch.equal(z, x + y)
    assert seen["n"] == n and seen["BLOCK"] == 128 and seen["x"] is x and seen["num_warps"] == 2


@pytest.mark.parametrize(
    "grid, error",
    [
        ((), ValueError),
        ((1, 1, 1, 1), ValueError),
        ((-1,), ValueError),
        ((2**31,), ValueError),
        ("4", TypeError),
        ((1.5,), TypeError),
    ],
    ids=str,
)
def test_impossible_grids(grid, error):
    with pytest.raises(error):
        where_kernel[grid](torch.empty(1))


def test_error_in_the_grid_function():
    def grid(meta):
        raise KeyError("of my own")

    with pytest.raises(KeyError, match="of my own"):
        where_kernel[grid](torch.empty(1))


def test_keywords_and_defaults():
    out = torch.empty(16, dtype=torch.int64)
    at = torch.arange(16)
    count_kernel[(1,)](out, 5, 3)
    assert torch.equal(out, at * 3 + 5)
    count_kernel[(1,)](n=7, out=out, step=2)
    assert torch.equal(out, at * 2 + 7)
    count_kernel[(1,)](out, 7, flag=False, step=2)
    assert torch.equal(out, -at)
    count_kernel[(1,)](out, 1, 1, True, 8)
    assert torch.equal(out[:8], at[:8] + 1) and torch.equal(out[8:], -at[8:])


def test_run_and_a_kept_launcher():
    n = 64
    x, y, z = torch.randn(n), torch.randn(n), torch.empty(n)
    kernel = add_kernel.run(x, y, z, n, BLOCK=64, grid=(1,), warmup=False)
    assert torch.equal(z, x + y)
    launch = add_kernel[(1,)]
    for factor in (2, 3):
        assert launch(x, y * factor, z, n, BLOCK=64) is kernel
        assert torch.equal(z, x + y * factor)


def test_compiled_kernel_launches():
    x, y, z = torch.randn(64), torch.randn(64), torch.empty(64)
    kernel = add_kernel[(1,)](x, y, z, 64, BLOCK=64)
    z.zero_()
    kernel[(1, 1, 1)](x, y, z, 64, 64)
    assert torch.equal(z, x + y)
    z.zero_()
    kernel[1](x, y, z, 64)
    assert torch.equal(z, x + y)
    with pytest.raises(TypeError, match="arguments"):
        kernel[(1,)](x, y)


@pytest.mark.parametrize(
    "arguments, keywords, message",
    [
        ((1,), {}, "missing a required argument: 'value'"),
        ((1, 2, 3), {}, "takes 2 positional arguments but 3 were given"),
        ((1,), {"out": 2}, "multiple values for argument 'out'"),
    ],
)
def test_wrong_arguments(arguments, keywords, message):
    with pytest.raises(TypeError, match=message):
        put_kernel[(1,)](*arguments, **keywords)


def test_unknown_keyword():
    with pytest.raises(KeyError, match="num_wraps was specified but unrecognised"):
        put_kernel[(1,)](torch.empty(1), 2, num_wraps=4)


def test_options_of_every_device_are_accepted():
    out = torch.zeros(1)
    kernel = put_kernel[(1,)](out, 2.5, num_warps=8, num_stages=1, num_ctas=1, maxnreg=None, waves_per_eu=2)
    assert out.item() == 2.5
    assert kernel.metadata.num_warps == 8 and kernel.metadata.num_stages == 1
    with pytest.raises(triton.CompilationError, match="power of 2"):
        put_kernel[(1,)](out, 2.5, num_warps=3)


def test_calling_without_a_grid():
    with pytest.raises(RuntimeError, match="outside of the scope of a kernel"):
        put_kernel(torch.empty(1), 2)


def test_language_outside_a_kernel():
    for name in ("load", "sum", "zeros", "exp"):
        with pytest.raises(ValueError, match="Did you forget to add @triton.jit"):
            getattr(tl, name)(1)
    with pytest.raises(ValueError, match="inside a kernel"):
        tl.tensor(1)


# ---- arguments -------------------------------------------------------------------------------------------------------


def test_numpy():
    x, y = np.random.default_rng(0).standard_normal((2, 1000), dtype=np.float32)
    z = np.empty_like(x)
    add_kernel[(8,)](x, y, z, 1000, BLOCK=128)
    assert (z == x + y).all()


@pytest.mark.parametrize(
    "dtype", ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
)
def test_numpy_dtypes(dtype):
    out = np.zeros(4, dtype)
    kernel = put_kernel[(1,)](out, 42)
    assert out.tolist() == [42, 0, 0, 0]
    short = {"float": "f"}.get(dtype.rstrip("0123456789"), "i") + dtype.lstrip("abcdefghijklmnopqrstuvwxyz")
    assert f"!tt.ptr<{short}>" in parameters(kernel)


def test_numpy_bool():
    out = np.zeros(2, bool)
    put_kernel[(1,)](out, True)
    assert out.tolist() == [True, False]


def test_buffers():
    out = array.array("f", [0, 0])
    put_kernel[(1,)](out, 2.5)
    assert out.tolist() == [2.5, 0]
    out = bytearray(4)
    put_kernel[(1,)](out, 7)
    assert out == b"\7\0\0\0"
    out = (ctypes.c_int64 * 2)()
    put_kernel[(1,)](out, -3)
    assert list(out) == [-3, 0]


def test_objects_with_data_ptr():
    class Wrapped:
        def __init__(self, tensor):
            self.tensor = tensor
            self.dtype = tensor.dtype

        def data_ptr(self):
            return self.tensor.data_ptr()

    out = torch.zeros(2)
    put_kernel[(1,)](Wrapped(out), 2.5)
    assert out.tolist() == [2.5, 0]


def test_views_and_parameters():
    out = torch.zeros(8)
    put_kernel[(1,)](out[3:], 2.5)
    assert out[3] == 2.5
    parameter = torch.nn.Parameter(torch.zeros(1))
    put_kernel[(1,)](parameter, 1.5)
    assert parameter.item() == 1.5


def test_reinterpret():
    out = torch.zeros(4, dtype=torch.int8)
    kernel = put_kernel[(1,)](triton.reinterpret(out, tl.float8e5), 1.0)
    assert "f8E5M2" in parameters(kernel)
    assert out[0].item() == 0x3C
    assert triton.reinterpret(triton.reinterpret(out, tl.float8e5), torch.int8) is out


@pytest.mark.parametrize(
    "value, kind",
    [
        (5, "i32"), (-5, "i32"), (2**31 - 1, "i32"), (2**31, "i64"), (-(2**31), "i32"),
        (-(2**31) - 1, "i64"), (2**63 - 1, "i64"),
        (np.int8(5), "i32"), (np.uint64(2**40 + 1), "i64"), (np.int64(-3), "i32"), (True, "i1"),
        (False, "i1"), (0.5, "f32"),
        (np.float32(0.5), "f32"), (np.float64(0.25), "f32"), (np.True_, "i1"), (np.False_, "i1"),
    ],
    ids=repr,
)  # fmt: skip
def test_scalars(value, kind):
    out = torch.zeros(1, dtype=torch.float64 if "f" in kind else torch.int64)
    kernel = put_kernel[(1,)](out, value)
    assert out.item() == value
    assert f"%value: {kind}" in parameters(kernel)


def test_unsigned_64():
    out = torch.zeros(1, dtype=torch.uint64)
    put_kernel[(1,)](out, 2**64 - 1)
    assert out.item() == 2**64 - 1
    for value in (2**64, -(2**63) - 1):
        with pytest.raises(OverflowError, match="at most 64 bits"):
            put_kernel[(1,)](out, value)


@pytest.mark.parametrize(
    "value, message", [(object(), "type object"), (1j, "type complex"), ({}, "type dict")], ids=str
)
def test_impossible_arguments(value, message):
    with pytest.raises(TypeError, match=f"argument `value`: .*{message}"):
        put_kernel[(1,)](torch.zeros(1), value)


def test_dtype_that_kernels_do_not_know():
    with pytest.raises(TypeError, match="do not support the element type `torch.complex64`"):
        put_kernel[(1,)](torch.zeros(1, dtype=torch.complex64), 1)


def test_error_in_data_ptr():
    class Broken:
        dtype = torch.float32

        def data_ptr(self):
            raise ZeroDivisionError("broken")

    # What has a data_ptr that fails when looked at for the first time is still a tensor.
    with pytest.raises(ZeroDivisionError, match="broken"):
        put_kernel[(1,)](Broken(), 1)


@triton.jit
def none_kernel(out, bias):
    if bias is None:
        tl.store(out, 1)
    else:
        tl.store(out, tl.load(bias))


def test_none():
    out, bias = torch.zeros(1), torch.full((1,), 5.0)
    assert "%bias" not in parameters(none_kernel[(1,)](out, None))
    assert out.item() == 1
    none_kernel[(1,)](out, bias)
    assert out.item() == 5


Point = namedtuple("Point", ["x", "y"])


@triton.jit
def constant_kernel(out, kind: tl.constexpr, text: tl.constexpr, pair: tl.constexpr, function: tl.constexpr):
    value = tl.full((1,), 3, kind)
    if text == "twice":
        value = twice(value)
    value = function(value) + pair[0]
    tl.store(out + tl.arange(0, 1), value + pair[1])


@pytest.mark.parametrize("kind", [tl.int32, tl.float32, tl.int64])
@pytest.mark.parametrize("pair", [(1, 2), (3, 4), Point(5, 6)], ids=str)
def test_constants_of_every_kind(kind, pair):
    out = torch.zeros(1)
    constant_kernel[(1,)](out, kind, "twice", pair, thrice)
    assert out.item() == 18 + pair[0] + pair[1]
    constant_kernel[(1,)](out, kind, "once", pair, twice)
    assert out.item() == 6 + pair[0] + pair[1]


# ---- specialization --------------------------------------------------------------------------------------------------


def test_integers_are_specialized():
    out = torch.zeros(1, dtype=torch.int64)
    kernels = {n: put_kernel[(1,)](out, n) for n in (1, 2, 3, 16, 32, 0)}
    assert kernels[2] is kernels[3] and kernels[16] is kernels[32] is kernels[0]
    assert kernels[2] is not kernels[16]
    assert "%value" not in parameters(kernels[1])
    assert "%value: i32 loc" in parameters(kernels[2]) or "%value: i32)" in parameters(kernels[2])
    assert "%value: i32 {tt.divisibility = 16 : i32}" in parameters(kernels[16])


def test_addresses_are_specialized():
    memory = torch.zeros(64, dtype=torch.int32)
    aligned = memory[(-memory.data_ptr() // 4) % 4 :]
    kernels = [put_kernel[(1,)](aligned[i:], 2) for i in (0, 1, 4, 5)]
    assert kernels[0] is kernels[2] and kernels[1] is kernels[3] and kernels[0] is not kernels[1]
    assert "%out: !tt.ptr<i32> {tt.divisibility = 16 : i32}" in parameters(kernels[0])
    assert "divisibility" not in parameters(kernels[1])


def test_do_not_specialize():
    out = torch.zeros(1, dtype=torch.int64)
    kernels = [plain_kernel[(1,)](out, n, 3) for n in (1, 2, 16)]
    assert kernels[0] is kernels[1] is kernels[2]
    assert "%n: i32" in parameters(kernels[0])
    assert plain_kernel[(1,)](out, 2, 16) is kernels[0]
    assert out.item() == 216
    assert plain_kernel[(1,)](out, 2, 1) is not kernels[0]
    assert out.item() == 201


@triton.jit
def annotated_kernel(out, a: tl.int64, b: tl.float64, c: bool, d: tl.const):
    tl.store(out, a + c)
    tl.store(out + 1, b)
    tl.store(out + 2, tl.load(d))


def test_annotations_fix_types():
    out, source = torch.zeros(3, dtype=torch.float64), torch.full((1,), 9.0)
    kernel = annotated_kernel[(1,)](out, 1, 0.1, 1, source)
    assert out.tolist() == [2, 0.1, 9]
    text = parameters(kernel)
    assert "%a: i64" in text and "%b: f64" in text and "%c: i1" in text
    assert annotated_kernel[(1,)](out, 5, 0.2, 0, source) is kernel


def test_equal_constants_share_a_kernel():
    out = torch.empty(16, dtype=torch.int64)
    first = count_kernel[(1,)](out, 5, 3, flag=True)
    assert count_kernel[(1,)](out, 7, 5, flag=tl.constexpr(True)) is first
    assert count_kernel[(1,)](out, 7, 5) is first
    assert count_kernel[(1,)](out, 7, 5, flag=False) is not first
    assert count_kernel[(1,)](out, 7, 5, num_warps=8) is not first
    # True and 1 are equal in Python and not the same constant
    assert count_kernel[(1,)](out, 7, 5, flag=1) is not first


def test_warmup():
    kernel = add_kernel.warmup(
        torch.float32, torch.float32, triton.MockTensor(torch.float32), 1000, BLOCK=32, grid=(1,)
    )
    assert parameters(kernel).count("!tt.ptr<f32>") == 3
    x = torch.randn(32)
    z = torch.empty(32)
    assert add_kernel[(1,)](x, x, z, 40, BLOCK=32) is kernel  # 40 and 1000: no multiples of 16
    assert torch.equal(z, x + x)
    assert set(kernel.asm) >= {"ttir", "llir", "asm"}


# ---- errors ----------------------------------------------------------------------------------------------------------


@triton.jit
def inner_wrong(x):
    return tl.laod(x)


@triton.jit
def outer_wrong(out):
    tl.store(out, inner_wrong(out))


def test_compilation_error():
    with pytest.raises(triton.CompilationError) as caught:
        outer_wrong[(1,)](torch.zeros(1))
    text = str(caught.value)
    for part in (
        "test_runtime.py:",
        "return tl.laod(x)",
        "^",
        "did you mean `tl.load`?",
        "called from here",
        "inner_wrong(out)",
    ):
        assert part in text
    assert isinstance(caught.value, triton.TritonError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == text
    # … and again, and then something that works
    with pytest.raises(triton.CompilationError):
        outer_wrong[(1,)](torch.zeros(1))
    put_kernel[(1,)](torch.zeros(1), 2.5)


@triton.jit
def asserting(out, N: tl.constexpr, DEBUG: tl.constexpr = False):
    tl.static_assert(N < 10, "N is too large")
    value = tl.load(out)
    tl.device_assert(value < 10, "the value is too large")
    tl.store(out, value + N)


def test_assertions():
    out = torch.full((1,), 5.0)
    asserting[(1,)](out, 8)
    asserting[(1,)](out, 8)  # without debug nothing is checked when the kernel runs
    assert out.item() == 21
    with pytest.raises(RuntimeError, match="test_runtime.py:.*assertion failed: the value is too large"):
        asserting[(1,)](out, 8, debug=True)
    with pytest.raises(triton.compiler.CompileTimeAssertionFailure, match="N is too large"):
        asserting[(1,)](out, 10)


def test_printing(capfd, monkeypatch):
    monkeypatch.setenv("TRITON_ALWAYS_COMPILE", "1")  # a kernel from the disk was printed about when it was compiled

    @triton.jit
    def kernel(x, N: tl.constexpr):
        tl.static_print("compiled for", N)
        tl.device_print("the value", tl.load(x))

    kernel[(1,)](torch.full((1,), 2.5), 7)
    out = capfd.readouterr().out
    assert "compiled for 7" in out and "the value: 2.5" in out


def test_errors_have_messages():
    error = triton.OutOfResources(200, 100, "shared memory")
    assert "out of resource: shared memory, Required: 200, Hardware limit: 100" in str(error)
    assert str(triton.InterpreterError("why")) == "why"


# ---- the process -----------------------------------------------------------------------------------------------------


def test_threads():
    """Many threads launch, and compile, at once."""

    @triton.jit
    def kernel(out, value, K: tl.constexpr):
        tl.store(out, value + K)

    wrong = []

    def work(seed):
        out = torch.zeros(1)
        for i in range(40):
            kernel[(1,)](out, float(i), K=(i + seed) % 5)
            if out.item() != i + (i + seed) % 5:
                wrong.append((seed, i, out.item()))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong and len(kernel.device_caches[0][0]) == 5


def test_nothing_is_kept():
    """Kernels go with their functions, arguments with their launch."""

    def references(obj):
        return sys.getrefcount(obj)

    x = torch.randn(64)
    add_kernel[(1,)](x, x, x, 64, BLOCK=64)
    before = references(x)
    for _ in range(10):
        add_kernel[(1,)](x, x, x, 64, BLOCK=64)
        with pytest.raises(TypeError):
            add_kernel[(1,)](x, x, x, object(), BLOCK=64)
    gc.collect()
    assert references(x) == before

    collected = []

    class Witness:
        def __del__(self):
            collected.append(1)

    def scope():
        witness = Witness()

        @triton.jit
        def kernel(out, value):
            tl.store(out, value)

        kernel.witness = witness
        kernel[(1,)](torch.zeros(1), 2.5)

    scope()
    gc.collect()
    assert collected


def test_import_is_light():
    """Importing triton imports neither torch nor numpy nor the slow parts of the standard library."""
    heavy = ["torch", "numpy", "inspect", "ast", "typing", "dataclasses", "re", "linecache", "collections"]
    code = f"import sys, triton; print(*[m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == []


def test_version():
    assert triton.__version__ == "3.6.0+c0.2.0"


@pytest.mark.parametrize("variable", ["TRITON_INTERPRET", "TRITON_DEBUG"])
def test_debugging_modes(variable, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import torch, triton\nimport triton.language as tl\n@triton.jit\ndef k(x, n):\n    tl.store(x, n * 2)\n"
        "x = torch.zeros(1, dtype=torch.int32)\nk[(1,)](x, 21)\nprint(x.item())\n"
    )
    import os

    env = {**os.environ, variable: "1"}
    out = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True)
    assert out.stdout.strip() == "42", out.stderr


@pytest.mark.parametrize("says", ["", "debug=False", "debug=True"])
def test_the_environment_asks_for_assertions_whatever_a_kernel_says(says, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import torch, triton\nimport triton.language as tl\n@triton.jit\ndef k(x):\n    tl.device_assert(x == None)\n"
        f"k[(1,)](torch.zeros(1), {says})\nprint('fine')\n"
    )
    import os

    for debug in "01":
        env = {**os.environ, "TRITON_DEBUG": debug}
        out = subprocess.run([sys.executable, str(script)], env=env, capture_output=True, text=True)
        checked = debug == "1" or says == "debug=True"
        assert ("assertion" in out.stderr.lower(), "fine" in out.stdout) == (checked, not checked), (debug, out)


F = 0


@triton.jit
def shadowing_kernel(x, F: tl.constexpr):
    tl.store(x, F)


def test_a_parameter_hides_a_global_of_its_name():
    global F
    x = torch.zeros(1, dtype=torch.int32)
    for F in range(3):
        shadowing_kernel[(1,)](x, F=F + 10)
        assert x.item() == F + 10


# ---- help at the launch ----------------------------------------------------------------------------------------------


def test_a_grid_that_asks_for_a_wrong_name():
    x = np.zeros(16, np.float32)
    with pytest.raises(
        KeyError,
        match=r"`BLOK`, which is not an argument of `add_kernel`; did you mean `BLOCK`\? It has .*n=16, BLOCK=16",
    ):
        add_kernel[lambda meta: (meta["BLOK"],)](x, x, x, 16, BLOCK=16)
    with pytest.raises(KeyError, match="^'mine'$"):
        add_kernel[lambda meta: ({}["mine"] if meta.update(mine=1) is None else 1,)](x, x, x, 16, BLOCK=16)


def test_a_grid_of_floats():
    x = np.zeros(16, np.float32)
    with pytest.raises(TypeError, match="triton.cdiv"):
        add_kernel[(16 / 16,)](x, x, x, 16, BLOCK=16)


def test_an_element_type_that_is_refused_names_its_argument():
    x = np.zeros(16, np.float32)
    with pytest.raises(TypeError, match=r"argument `\w+`: kernels do not support the element type `datetime64"):
        add_kernel[(1,)](x, x.astype("datetime64[s]"), x, 16, BLOCK=16)


def test_a_kernel_lists_what_it_has():
    x = np.zeros(16, np.float32)
    assert {"asm", "metadata", "n_regs"} <= set(dir(add_kernel[(1,)](x, x, x, 16, BLOCK=16)))


def test_a_list_that_grows():
    @triton.jit
    def grow(x, n):
        items = []
        for i in range(n):
            items = items + [i]
        tl.store(x, len(items))

    with pytest.raises(triton.CompilationError, match=r"0 items before the loop, but 1 after[\s\S]*static_range"):
        grow[(1,)](np.zeros(1, np.int32), 3)


# ---- what comes again ------------------------------------------------------------------------------------------------


@triton.jit
def what_kernel(out, n, s, WHAT: tl.constexpr, TWO: tl.constexpr = 2):
    tl.store(out, n)
    tl.store(out + 1, s)
    tl.store(out + 2, WHAT if isinstance(WHAT, int) else 100)
    tl.store(out + 3, TWO)


def test_values_that_change_from_launch_to_launch():
    """Numbers equal to the last one's, of another type, beyond 32 bits, 1, and the same object again."""
    values = [5, 5, 5.0, True, 1, 1.0, 16, 2**40, np.int32(5), 5, None, 7]
    what = [3, 3, tl.float32, "text", None, True, 1, 3, tl.constexpr(9), [1], 3, 3]
    for n, w in zip(values, what, strict=True):
        for two in (2, 2, 4):
            out = torch.full((4,), -1, dtype=torch.int64)
            number = 5 if n is None else n
            what_kernel[(1,)](out, 9, number, w, TWO=two, num_warps=two)
            w_seen = w.value if isinstance(w, tl.constexpr) else w
            assert out.tolist() == [9, int(number), int(w_seen) if isinstance(w_seen, int) else 100, two]


def test_options_are_looked_at_each_time():
    x = torch.zeros(4)
    for warps in [4, 8, 8, 4, 2]:
        assert add_kernel[(1,)](x, x, x, 4, BLOCK=4, num_warps=warps).metadata.num_warps == warps
    assert add_kernel[(1,)](x, x, x, 4, num_stages=1, num_warps=8, BLOCK=4).metadata.num_warps == 8
    with pytest.raises(KeyError, match="nmu_warps"):
        add_kernel[(1,)](x, x, x, 4, BLOCK=4, num_warps=4, nmu_warps=4)


def test_a_constexpr_that_was_given_another_value():
    constant = tl.constexpr(3)
    for value in (3, 3, 4):
        constant.value = value
        out = torch.zeros(4, dtype=torch.int64)
        what_kernel[(1,)](out, 1, 2, constant)
        assert out[2] == value


def test_grids_of_equal_numbers():
    for grid in [(3,), (len("abc"),), (3, 1), (3.0, 1), (True, 2), (1, 2), (1, 2)]:
        shape = [1, *[int(n) for n in reversed((*grid, 1)[:2])]]
        out = torch.full(shape, -1, dtype=torch.int32)
        if isinstance(grid[0], float):
            with pytest.raises(TypeError, match="int, not a float"):
                where_kernel[grid](out)
            continue
        where_kernel[grid](out)
        assert (out >= 0).all()


def test_no_more_than_numbers_and_constants_are_kept():
    class Word(str):
        pass

    x, word, pair = torch.zeros(4, dtype=torch.int64), Word("w"), (2, tl.float16)
    what_kernel[(1,)](x, 1, 2, word)
    counts = [sys.getrefcount(v) for v in (x, word)]
    for _ in range(5):
        what_kernel[(1,)](x, 1, 2, word)
    assert [sys.getrefcount(v) for v in (x, word)] == counts

    @triton.jit
    def of_pair(out, pair):
        tl.store(out, pair[0])

    counts = []
    for _ in range(5):
        of_pair[(1,)](x, pair)
        counts.append(sys.getrefcount(pair[1]))
    assert counts == [counts[0]] * 5
