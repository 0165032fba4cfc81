"""Compiling without a launch: descriptions, IR as text, other targets, and what is told of the result."""

import os
import pickle

import numpy as np
import pytest
import torch
import triton
from kernels import add_kernel, pair_kernel, parameters, put_kernel, ttir
from triton._C import libtriton as _C


def test_compile_from_a_description():
    source = triton.compiler.ASTSource(
        add_kernel, {"x": "*fp32", "y": "*fp32", "z": "*fp32", "n": "i32", "BLOCK": "constexpr"}, {"BLOCK": 64},
        {(0,): [["tt.divisibility", 16]]},
    )  # fmt: skip
    kernel = triton.compile(source)
    text = parameters(kernel)
    assert "%x: !tt.ptr<f32> {tt.divisibility = 16 : i32}" in text and text.count("divisibility") == 1
    x, z = torch.randn(64), torch.empty(64)
    kernel[(1,)](x, x, z, 64)
    assert torch.equal(z, x + x)
    by_index = triton.compiler.ASTSource(add_kernel, {"x": "*fp32", "y": "*fp32", "z": "*fp32", "n": "i32"}, {(4,): 64},
                                         {(0,): [["tt.divisibility", 16]]})  # fmt: skip
    assert triton.compile(by_index).hash == kernel.hash


def test_compile_triton_ir(tmp_path):
    kernel = put_kernel[(1,)](torch.zeros(1), 2.5)
    path = tmp_path / "put.ttir"
    path.write_text(ttir(kernel))
    again = triton.compile(str(path))
    assert ttir(again) == ttir(kernel)
    out = torch.zeros(1)
    again[(1,)](out, 6.5)
    assert out.item() == 6.5
    path.write_text("module { tt.func }")
    with pytest.raises(triton.CompilationError, match="put.ttir"):
        triton.compile(str(path))


def has_gpu():
    try:
        return bool(_C.current_device("cuda"))
    except RuntimeError:
        return False


def test_compile_for_a_device_that_is_not_here():
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)
    source = triton.compiler.ASTSource(put_kernel, {"out": "*fp32", "value": "fp32"})
    kernel = triton.compile(source, target=target)
    assert list(kernel.asm) == ["ttir", "ttgir", "llir", "ptx", "cubin"] and kernel.metadata.target == target
    assert "ttg.num-warps" in kernel.asm["ttgir"] and ".target sm_90" in kernel.asm["ptx"]
    assert kernel.metadata.shared == 0 and kernel.metadata.n_max_threads == 128
    if not has_gpu():
        with pytest.raises(RuntimeError, match="the GPU's driver"):
            kernel[(1,)](torch.zeros(1), 1.0)


def test_triton_gpu_ir_can_be_compiled(tmp_path):
    target = triton.backends.compiler.GPUTarget("cuda", 80, 32)
    source = triton.compiler.ASTSource(put_kernel, {"out": "*fp32", "value": "fp32"})
    kernel = triton.compile(source, target=target, options={"num_warps": 2})
    path = tmp_path / "put.ttgir"
    path.write_text(kernel.asm["ttgir"])
    again = triton.compile(str(path), target=target)
    assert list(again.asm) == ["ttgir", "llir", "ptx", "cubin"] and again.metadata.n_max_threads == 64
    assert again.asm["ttgir"].partition("module")[2] == kernel.asm["ttgir"].partition("module")[2]
    with pytest.raises(triton.CompilationError, match="holds Triton GPU IR"):
        triton.compile(str(path), target=triton.backends.compiler.GPUTarget("cpu", "", 0))


class GPUTensor:
    """What a launch looks at of a tensor on a GPU."""

    is_cuda, dtype = True, torch.float32

    def data_ptr(self):
        return 4096


def test_tensors_in_two_places():
    with pytest.raises(ValueError, match=r"cannot be accessed from Triton \(cpu tensor\?\): `out` is in host memory"):
        pair_kernel[(1,)](torch.zeros(1), GPUTensor())


def test_a_gpu_tensor_without_a_gpu():
    if not has_gpu():
        with pytest.raises(RuntimeError, match="libcuda|no GPU|does not start"):
            put_kernel[(1,)](GPUTensor(), 1.0)


class GPUArray:
    """What a launch looks at of CuPy's arrays."""

    __cuda_array_interface__ = {"data": (4096, False), "typestr": "<f4", "shape": (1,), "version": 3, "stream": 7}


def test_cuda_array_interface_is_looked_at():
    with pytest.raises(ValueError, match=r"`out` is in host memory and `x` on a GPU"):
        pair_kernel[(1,)](np.zeros(1, np.float32), GPUArray())


@triton.jit
def empty_kernel(out):
    pass


def test_options_that_cannot_be(monkeypatch):
    """Programs catch ValueError or AssertionError, by the option; a CompilationError it is in any case."""
    out = torch.zeros(1)
    for options, words in (
        ({"num_warps": 3}, "num_warps must be a power of 2"), ({"num_warps": 0}, "num_warps must be a power of 2"),
        ({"num_stages": "many"}, "option num_stages: `many` is not a number"),
        ({"enable_fp_fusion": "maybe"}, "option enable_fp_fusion: `maybe` is neither"),
    ):  # fmt: skip
        for kind in (AssertionError, ValueError, triton.CompilationError):
            with pytest.raises(kind, match=words):
                empty_kernel.warmup(out, grid=(1,), **options)
    monkeypatch.setenv("TRITONC_SIMULATE", "80")
    with pytest.raises(ValueError, match=r"num_ctas > 1 requires NVIDIA SM90\+ \(Hopper\), and the target is sm_80"):
        empty_kernel.warmup(out, grid=(1,), num_ctas=2)
    error = pickle.loads(pickle.dumps(triton.compiler.errors.InvalidOption("words")))
    assert type(error) is triton.compiler.errors.InvalidOption and str(error) == "words"


def test_another_gpu_to_compile_for(monkeypatch):
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)
    source = triton.compiler.ASTSource(empty_kernel, {"out": "*fp32"})
    kernel = triton.compile(source, target=target, options={"arch": "sm80"})
    assert '"cuda:80"' in kernel.asm["ttgir"] and ".target sm_80" in kernel.asm["ptx"]
    assert triton.compile(source, target=target, options={"arch": None}).metadata.target.arch == 90
    monkeypatch.setenv("TRITON_OVERRIDE_ARCH", "sm75")
    assert triton.compile(source, target=target).metadata.target.arch == 75
    assert triton.compile(source, target=target, options={"arch": "sm90a"}).metadata.target.arch == 90
    assert empty_kernel.warmup(torch.zeros(1), grid=(1,)).metadata.target.backend == "cpu"
    monkeypatch.setenv("TRITONC_SIMULATE", "90")
    assert '"cuda:75"' in empty_kernel.warmup(torch.zeros(1), grid=(1,)).asm["ttgir"]
    assert '"cuda:80"' in empty_kernel.warmup(torch.zeros(1), grid=(1,), arch="sm80").asm["ttgir"]
    for wrong in ("80", "sm", "sm80b", "gfx942", "sm80a0"):
        with pytest.raises(ValueError, match=f"`{wrong}`.* of the form sm80"):
            empty_kernel.warmup(torch.zeros(1), grid=(1,), arch=wrong)


LISTING = """#!/bin/sh
[ $# = 2 ] && [ "$1" = -c ] && head -c 4 "$2" | grep -q ELF || exit 1
echo run >> "$0.runs"
echo "EXIT ;"
"""


def test_machine_code_as_text(tmp_path, monkeypatch):
    """kernel.asm["sass"], by a tool that a script stands for."""
    target = triton.backends.compiler.GPUTarget("cuda", 90, 32)
    kernel = triton.compile(triton.compiler.ASTSource(put_kernel, {"out": "*fp32", "value": "fp32"}), target=target)
    tool = tmp_path / "tool"
    tool.write_text(LISTING)
    tool.chmod(0o755)
    for name in ("NVDISASM", "CUOBJDUMP"):
        monkeypatch.delenv(f"TRITON_{name}_PATH", raising=False)
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        patch.setenv("CUDA_HOME", str(tmp_path))
        with pytest.raises(RuntimeError, match="neither nvdisasm nor cuobjdump is here; TRITON_NVDISASM_PATH"):
            kernel.asm["sass"]
    monkeypatch.setenv("TRITON_NVDISASM_PATH", str(tool))
    assert kernel.asm["sass"] == "EXIT ;\n" == kernel.asm["sass"] and "sass" not in list(kernel.asm)
    assert (tmp_path / "tool.runs").read_text() == "run\n"
    tool.write_text("#!/bin/sh\necho no such thing >&2\nexit 1\n")
    with pytest.raises(RuntimeError, match="tool cannot disassemble the kernel: no such thing"):
        triton.tools.disasm.get_sass(kernel.asm["cubin"])
    with pytest.raises(RuntimeError, match="left as PTX"):
        triton.tools.disasm.get_sass(kernel.asm["ptx"].encode())
    with pytest.raises(KeyError, match="sass"):
        put_kernel[(1,)](torch.zeros(1), 2.5).asm["sass"]


def test_edited_stages(tmp_path, monkeypatch):
    """TRITON_KERNEL_OVERRIDE takes a user's version of any stage; the last one counts, unless it is the older."""
    target = triton.backends.compiler.GPUTarget("cuda", 80, 32)
    source = triton.compiler.ASTSource(put_kernel, {"out": "*fp32", "value": "fp32"})
    kernel = triton.compile(source, target=target)
    folder = tmp_path / kernel.hash
    folder.mkdir()
    edited = kernel.asm["ptx"].replace("ret;", "bar.sync 0;\n\tret;")
    (folder / f"{kernel.name}.ptx").write_text(edited)
    monkeypatch.setenv("TRITON_KERNEL_OVERRIDE", "1")
    monkeypatch.setenv("TRITON_OVERRIDE_DIR", str(tmp_path))
    assert triton.compile(source, target=target).asm["ptx"] == edited
    earlier, later = folder / f"{kernel.name}.ttgir", folder / f"{kernel.name}.ptx"
    earlier.write_text(kernel.asm["ttgir"].replace('"ttg.num-warps" = 4', '"ttg.num-warps" = 8'))
    os.utime(earlier, (1000, 1000))
    os.utime(later, (2000, 2000))
    both = triton.compile(source, target=target)
    assert both.metadata.n_max_threads == 256 and both.asm["ptx"] == edited
    os.utime(later, (500, 500))
    with pytest.raises(triton.CompilationError, match="ttgir and .*ptx are both edited"):
        triton.compile(source, target=target)
    later.write_text(kernel.asm["ptx"])  # what is made of the source, so nobody's edit
    assert triton.compile(source, target=target).asm["ptx"] not in (edited, kernel.asm["ptx"])
    monkeypatch.setenv("TRITON_KERNEL_OVERRIDE", "0")
    plain = triton.compile(source, target=target)
    assert plain.asm["ptx"] == kernel.asm["ptx"] and plain.asm["ttgir"] == kernel.asm["ttgir"]
