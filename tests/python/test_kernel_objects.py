"""Kernels and functions as objects that other programs take apart: copied, pickled, saved, looked into."""

import copy
import ctypes
import gc
import importlib.metadata
import os
import pickle
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch
import triton
import triton.language as tl
from triton.compiler.compiler import ASTSource, CompiledKernel, make_backend

FACTOR = tl.constexpr(3)


@triton.jit
def helper(x):
    return x * FACTOR


@triton.jit
def scale(src, dst, n, BLOCK: tl.constexpr):
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(dst + at, helper(tl.load(src + at, at < n)), at < n)


@triton.jit
def accumulate(out, src, n, BLOCK: tl.constexpr):
    total = 0.0
    for i in range(n):
        total += tl.sum(tl.load(src + i * BLOCK + tl.arange(0, BLOCK)))
    if total > 0:
        tl.atomic_add(out, total)


def compiled():
    src = ASTSource(scale, {"src": "*fp32", "dst": "*fp32", "n": "i32"}, {"BLOCK": 64})
    return triton.compile(src, options={"num_warps": 2, "an_option_of_somebody_elses": 1})


def check(kernel, constants=(64,)):
    x, y = torch.randn(100), torch.empty(100)
    kernel[(2,)](x, y, 100)
    assert torch.equal(y, x * 3)
    y.zero_()
    kernel.run(2, 1, 1, 0, kernel.function, kernel.packed_metadata, None, None, None, x, y, 100, *constants)
    assert torch.equal(y, x * 3)


def test_a_compiled_kernel_survives_a_pickle():
    kernel = pickle.loads(pickle.dumps(compiled()))
    check(kernel)
    assert kernel.metadata.num_warps == 2 and kernel.src.fn is scale and "tt.func" in kernel.asm["ttir"]


def test_a_kernel_made_of_the_dict_of_another():
    """What PyTorch does with kernels that come from its compile workers."""
    kernel = compiled()
    kernel.metadata, kernel.asm, kernel.hash  # noqa: B018
    state = {**kernel.__dict__, "metadata": kernel.metadata._asdict(), "module": None, "function": None, "run": None}
    state = pickle.loads(pickle.dumps(state))
    del kernel
    copied = CompiledKernel.__new__(CompiledKernel)
    copied.__dict__.update(state, metadata=None)
    assert copied.run is None
    del copied.__dict__["metadata"]
    copied._init_handles()
    check(copied)
    with pytest.raises(RuntimeError, match="made by compiling"):
        CompiledKernel.__new__(CompiledKernel)._init_handles()


def test_saved_bytes_are_checked():
    kernel = compiled()
    data = kernel.save()
    check(CompiledKernel.restore(data), constants=())
    for damaged in (data[:-1], data[:40], b"", data[:100] + b"x" + data[101:], b"TTKERNL0" + data[8:]):
        with pytest.raises(ValueError, match="damaged"):
            CompiledKernel.restore(damaged)


def test_save_and_restore_in_c():
    """ttc_kernel_save() and ttc_kernel_restore() of the C library, on bytes that Python wrote."""
    library = ctypes.CDLL(os.path.join(os.path.dirname(triton._C.libtriton.__file__), "libtritonc.so"))
    library.ttc_context_new.restype = ctypes.c_void_p
    library.ttc_message.restype = library.ttc_kernel_name.restype = ctypes.c_char_p
    data, cx = compiled().save(), ctypes.c_void_p(library.ttc_context_new())
    kernel, out, size = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_size_t()
    assert library.ttc_kernel_restore(cx, data, ctypes.c_size_t(len(data)), ctypes.byref(kernel)) == 0
    assert library.ttc_kernel_name(kernel) == b"scale"
    assert library.ttc_kernel_save(cx, kernel, ctypes.byref(out), ctypes.byref(size)) == 0
    assert ctypes.string_at(out, size.value) == data
    x, y = np.arange(64, dtype=np.float32), np.zeros(64, np.float32)
    values = [ctypes.c_void_p(x.ctypes.data), ctypes.c_void_p(y.ctypes.data), ctypes.c_int32(64)]
    args = (ctypes.c_void_p * 3)(*[ctypes.addressof(v) for v in values])
    grid = (ctypes.c_uint32 * 3)(1, 1, 1)
    assert library.ttc_launch(cx, kernel, grid, None, args, ctypes.c_size_t(3)) == 0
    assert (y == x * 3).all()
    assert library.ttc_kernel_restore(cx, data, ctypes.c_size_t(9), ctypes.byref(kernel)) == 6
    assert b"damaged" in library.ttc_message(cx)
    library.ttc_context_free(cx)


def test_functions_are_pickled_by_name_and_copied():
    assert pickle.loads(pickle.dumps(scale)) is scale
    other = copy.deepcopy(scale)
    assert other is not scale and other.fn is scale.fn and other.params[3].is_constexpr
    x, y = torch.randn(50), torch.empty(50)
    other[(1,)](x, y, 50, BLOCK=64)
    assert torch.equal(y, x * 3)


def test_a_function_without_its_python_function():
    """PyTorch drops what does not pickle before it sends a kernel from a worker."""
    other = copy.deepcopy(scale)
    key, source = scale.cache_key, scale.src
    other.__dict__.pop("hash", None)
    other.fn = other.__globals__ = other.used_global_vals = other._hash_lock = None
    other.__qualname__ = "nobody"
    again = pickle.loads(pickle.dumps(other))
    assert again.fn is None and again.src == source and again.cache_key == key
    assert [p.name for p in again.params] == ["src", "dst", "n", "BLOCK"] and again.constexprs == [3]
    assert not again.params[0].has_default


def test_the_cache_key_follows_what_is_called():
    key = scale.cache_key
    source = helper.src
    assert len(key) == 64 and scale.cache_key == key
    other = copy.deepcopy(scale)
    helper.src = source.replace("* FACTOR", "+ FACTOR")
    try:
        other.__dict__.pop("hash", None)
        assert other.cache_key != key
    finally:
        helper.src = source


def test_device_caches_are_live():
    other = copy.deepcopy(scale)
    caches = other.device_caches
    x, y = torch.randn(50), torch.empty(50)
    kernel = other[(1,)](x, y, 50, BLOCK=64)
    kernels = other.device_caches[0][0]
    assert isinstance(kernels, dict) and list(kernels.values()) == [kernel] and kernels[kernel.hash] is kernel
    assert list(caches) == [0]
    caches.clear()
    assert len(kernels) == 0


def test_a_launched_kernel_knows_its_source_and_files():
    x, y = torch.randn(50), torch.empty(50)
    kernel = scale[(1,)](x, y, 50, BLOCK=64)
    assert isinstance(kernel.src, ASTSource)
    assert kernel.src.signature == {"src": "*fp32", "dst": "*fp32", "n": "i32", "BLOCK": "constexpr"}
    assert kernel.src.constants == {(3,): 64}
    assert {"scale.ttir", "scale.json"} <= set(kernel.metadata_group)
    assert all(os.path.exists(path) for path in kernel.metadata_group.values())


def test_triton_ir_is_read_from_python():
    """What PyTorch reads to find the arguments that a kernel writes to."""
    from triton._C.libtriton import ir

    target = triton.runtime.driver.active.get_current_target()
    backend = make_backend(target)
    options, context = backend.parse_options({}), ir.context()
    ir.load_dialects(context)
    backend.load_dialects(context)
    src = ASTSource(accumulate, {"out": "*fp32", "src": "*fp32", "n": "i32", "BLOCK": "constexpr"}, {"BLOCK": 16})
    codegen = backend.get_codegen_implementation(options)
    module = src.make_ir(target, options, codegen, backend.get_module_map(), context)
    assert module.verify() and "tt.func" in str(module) and module.get_entry_func_name() == "accumulate"
    names, loops, depth = [], [], {}
    written = set()

    def look(op):
        names.append(op.get_name())
        assert op == op and hash(op) == hash(op) and (op.get_block() is None) == (op.get_name() == "builtin.module")
        if op.get_name() == "tt.atomic_rmw":
            written.add(op.get_operand(0).id())
        if op.get_name() == "scf.for":
            loops.append(op)
            body = op.get_region(0)
            assert body.size() == 1 and body.get_parent_op() == op
        if op.get_name() == "tt.func":
            assert op.get_str_attr("sym_name") == "accumulate" and op.get_bool_attr("sym_name") is None
        block = op.get_block()
        if block is not None:
            depth[op.id()] = block.get_parent().id()

    module.walk(look)
    assert names[-1] == "builtin.module" and names[-2] == "tt.func" and names.count("scf.for") == 1
    function = module.get_function("accumulate")
    entry = [a for a in written]
    (loop,) = loops
    out = loop.get_block().get_argument(0)
    assert entry == [out.id()] and str(out.get_type()) == "!tt.ptr<f32>" and out.get_defining_op() is None
    assert loop.get_result(0).get_defining_op() == loop and str(loop.get_result(0).get_type()) == "f32"
    assert function.get_num_regions() == 1
    with pytest.raises(IndexError):
        loop.get_operand(100)
    with pytest.raises(ZeroDivisionError):
        module.walk(lambda op: 1 / 0)


def test_backends():
    from triton.backends import backends

    assert {"cpu", "nvidia"} <= set(backends)
    assert sum(b.driver.is_active() for b in backends.values()) == 1
    cpu = backends["cpu"]
    driver = triton.runtime.driver
    driver.set_active(cpu.driver())
    try:
        assert isinstance(driver.active, cpu.driver) and driver.active.get_current_target().backend == "cpu"
    finally:
        driver.reset_active()
    driver.set_active_to_cpu()
    try:
        assert isinstance(driver.active, cpu.driver)
        if not driver.get_active_gpus():
            with pytest.raises(RuntimeError, match="there is no single backend with a GPU: none has one"):
                driver.set_active_to_gpu()
    finally:
        driver.reset_active()
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)
    backend = make_backend(target)
    assert type(backend) is backends["nvidia"].compiler
    options = backend.parse_options({"num_warps": 8, "unknown": 1})
    assert options.__dict__["num_warps"] == 8 and "unknown" not in options.__dict__
    assert "fp8e4nv" in options.supported_fp8_dtypes and options.arch == "sm90" and len(options.hash()) == 64
    assert (
        backend.parse_attr("D") == [["tt.divisibility", 16]]
        and backend.hash() != make_backend(triton.backends.compiler.GPUTarget("cuda", 80, 32)).hash()
    )
    with pytest.raises(RuntimeError, match="compatible backends"):
        make_backend(triton.backends.compiler.GPUTarget("abacus", 1, 1))


def test_versions():
    version = torch.torch_version.TorchVersion(triton.__version__)
    assert version >= "3.6.0" and tuple(map(int, triton.__version__.split(".")[:2])) == (3, 6)
    assert importlib.metadata.version("triton") == triton.__version__
    from triton.compiler.compiler import triton_key as first
    from triton.runtime.cache import triton_key as second

    assert first() == second() and len(first()) > 64


THIRD_PARTY = """
from triton.backends.compiler import BaseBackend
from triton.backends.driver import DriverBase

class PrinterBackend(BaseBackend):
    @staticmethod
    def supports_target(target):
        return target.backend == "printer"

    def parse_options(self, options):
        class Options: pass
        o = Options()
        o.num_warps = options.get("num_warps", 1)
        return o

    def add_stages(self, stages, options, language):
        stages["ttir"] = lambda module, metadata: module
        stages["text"] = lambda module, metadata: f"{metadata['name']} {options.num_warps}: {module.str().count('tt.load')}"
"""
THIRD_PARTY_DRIVER = """
from triton.backends.driver import DriverBase

class PrinterDriver(DriverBase):
    @classmethod
    def is_active(cls):
        return False
"""


def test_a_backend_of_another_distribution(tmp_path):
    package = tmp_path / "printer_backend"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "compiler.py").write_text(THIRD_PARTY)
    (package / "driver.py").write_text(THIRD_PARTY_DRIVER)
    info = tmp_path / "printer_backend-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: printer-backend\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[triton.backends]\nprinter = printer_backend\n")
    script = tmp_path / "script.py"
    script.write_text("""
import triton, triton.language as tl
from triton.backends.compiler import GPUTarget

@triton.jit
def kernel(p, N: tl.constexpr):
    tl.store(p + tl.arange(0, N), tl.load(p + tl.arange(0, N)))

src = triton.compiler.ASTSource(kernel, {"p": "*fp32"}, {"N": 16})
print(triton.compile(src, target=GPUTarget("printer", 1, 1), options={"num_warps": 2}).asm["text"])
print(sorted(triton.backends.backends))
""")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    out = subprocess.run(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert out.stdout == "kernel 2: 1\n['cpu', 'nvidia', 'printer']\n", out.stderr


def test_compiling_ahead():
    from concurrent.futures import ThreadPoolExecutor

    other = copy.deepcopy(scale)
    with ThreadPoolExecutor(2) as pool, triton.AsyncCompileMode(pool):
        futures = [other.warmup(torch.float32, torch.float32, 100, BLOCK=b, grid=(1,)) for b in (32, 64, 128)]
        assert all(isinstance(f, triton.FutureKernel) for f in futures)
    assert len({f.result().hash for f in futures}) == 3 and len(other._kernels()) == 3


def test_binding_as_programs_ask_for_it():
    from triton._utils import canonicalize_dtype, find_paths_if, get_iterable_path
    from triton.backends import BaseBackend
    from triton.runtime.jit import create_function_from_signature, mangle_type, native_specialize_impl

    assert mangle_type(torch.empty(4, dtype=torch.bfloat16)) == "*bf16" and mangle_type(5) == "i32"
    assert mangle_type(2**40) == "i64" and mangle_type(1.5) == "fp32" and mangle_type(True) == "u1"
    assert native_specialize_impl(BaseBackend, 32, False, True, True) == ("i32", "D")
    assert native_specialize_impl(BaseBackend, 1, False, True, True) == ("constexpr", 1)
    assert find_paths_if(["D", None, ("D", 3)], lambda _, x: isinstance(x, str)) == [(0,), (2, 0)]
    assert get_iterable_path([1, (2, 3)], (1, 1)) == 3 and canonicalize_dtype(torch.float8_e4m3fn) == "fp8e4nv"
    binder = create_function_from_signature(scale.signature, scale.params, BaseBackend)
    bound, specialization, options = binder(torch.empty(16), torch.empty(16), 16, BLOCK=4, num_warps=2)
    assert bound["n"] == 16 and specialization[2:] == [("i32", "D"), ("constexpr", 4)] and options == {"num_warps": 2}


@triton.jit
def kernel_of_dtypes(x, o):
    v = tl.load(x + tl.arange(0, 16))
    signed = tl.core.get_int_dtype(bitwidth=v.dtype.primitive_bitwidth, signed=True)
    unsigned: tl.constexpr = tl.core.get_int_dtype(v.dtype.primitive_bitwidth, signed=False)
    plain = tl.core._unwrap_if_constexpr(unsigned)
    tl.store(o + tl.arange(0, 16), v.to(signed, bitcast=True).to(plain, bitcast=True).to(tl.int32))


def test_helpers_of_core_inside_kernels():
    x, o = torch.randn(16), torch.empty(16, dtype=torch.int32)
    kernel_of_dtypes[(1,)](x, o)
    assert torch.equal(o, x.view(torch.int32))


def choose(mask, value, *, _semantic=None):
    """What a program may mark as the language's own: a constant comes as a tl.constexpr, a tensor as a handle."""
    if isinstance(mask, tl.constexpr) and mask.value is None:
        return tl.constexpr(5.0)
    return value


choose.__triton_builtin__ = True


@triton.jit
def kernel_of_handles(x, o):
    at = tl.arange(0, 16)
    v = tl.load(x + at)
    tl.store(o + at, choose(at < 8, v) + choose(None, v))


def test_functions_that_a_program_marks_as_builtin():
    x, o = torch.randn(16), torch.empty(16)
    kernel_of_handles[(1,)](x, o)
    assert torch.equal(o, x + 5)


@triton.jit
def add_one(out, BLOCK: tl.constexpr):
    at = out + tl.arange(0, BLOCK)
    tl.store(at, tl.load(at) + 1)


def test_a_launcher_is_kept_and_goes_with_its_kernel():
    """kernel[grid] is the same object for the same tuple; it holds the kernel and the kernel holds it."""
    kernel = triton.jit(add_one.fn)
    grid, out = (1,), np.zeros(4, np.float32)
    assert kernel[grid] is kernel[grid] and kernel[(2, 1)] is not kernel[grid]
    for g in (grid, lambda meta: (1,), 1, grid):
        kernel[g](out, 4)
    assert out.tolist() == [4] * 4
    gone = weakref.ref(kernel)
    del kernel
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("target", [None, triton.backends.compiler.GPUTarget("cuda", 90, 32)])
def test_a_kernel_writes_a_page_of_itself(tmp_path, target):
    signature = {"src": "*fp32", "dst": "*fp32", "n": "i32", "BLOCK": "constexpr"}
    source = ASTSource(scale, signature, {"BLOCK": 256})
    kernel = triton.compile(source, target=target, options={"num_warps": 8})
    facts = kernel.facts()
    assert facts["kernel"] == "scale" and facts["metadata"]["num_warps"] == 8
    assert facts["target"] == f"{kernel.metadata.target.backend}:{kernel.metadata.target.arch}"
    texts = {stage["name"]: stage["text"] for stage in facts["stages"]}
    assert "tt.load" in texts["ttir"] and set(texts) == set(kernel.asm) - {"cubin", "obj", "sass"}
    kernel.explore(tmp_path / "scale.html")
    page = (tmp_path / "scale.html").read_text()
    assert page.startswith("<!doctype html>") and "tt.load" in page and len(page) < 1 << 20


def test_a_kernel_of_ir_writes_a_page_too(tmp_path):
    kernel = triton.compile(ASTSource(scale, {"src": "*fp32", "dst": "*fp32", "n": "i32"}, {"BLOCK": 64}))
    (tmp_path / "scale.ttir").write_text(kernel.asm["ttir"])
    facts = triton.compile(str(tmp_path / "scale.ttir")).facts()
    assert facts["kernel"] == "scale" and facts["remarks"]["nest"]


def test_a_kernel_that_was_restored_has_no_source_for_a_page(tmp_path):
    kernel = triton.compile(ASTSource(scale, {"src": "*fp32", "dst": "*fp32", "n": "i32"}, {"BLOCK": 64}))
    with pytest.raises(ValueError, match="has no source"):
        CompiledKernel.restore(kernel.save()).explore(tmp_path / "scale.html")
