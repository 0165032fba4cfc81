"""Names under which programs of the reference reach into it: checks of IR by patterns, and what arguments specialize to."""

import collections

import pytest
import torch
import triton
import triton.language as tl
from triton._C.libtriton import native_specialize_impl
from triton._filecheck import filecheck_test, run_filecheck, run_filecheck_test, run_parser
from triton.backends.amd.compiler import HIPBackend
from triton.backends.compiler import GPUTarget
from triton.backends.nvidia.compiler import CUDABackend
from triton.experimental import gluon
from triton.experimental.gluon.language._layouts import NVMMASharedLayout
from triton.experimental.gluon.nvidia.hopper import TensorDescriptor, TensorDescriptorIm2Col

TEXT = """func @first {
  %a = add %x, %y
  %b = mul %a, %a
  return %b
}
func @second {
  %a = sub %x, %y
  return %a
}
"""


@pytest.mark.parametrize(
    "template",
    [
        "CHECK: add\nCHECK-NEXT: mul\nCHECK: @second\n",
        "CHECK: [[A:%.*]] = add\nCHECK-NEXT: = mul [[A]], [[A]]\n",
        "CHECK: [[A:%[a-z]+]] = {{(add|sub)}} %x,   %y\n",
        "CHECK-DAG: sub\nCHECK-DAG: mul\nCHECK-DAG: add\n",
        "CHECK-LABEL: @first\nCHECK-NOT: sub\nCHECK-LABEL: @second\nCHECK-NOT: mul\nCHECK: sub\n",
        "CHECK-COUNT-2: return\nCHECK-NOT: return\n",
        "CHECK: add\nCHECK-SAME: %y\n",
        "CHECK: mul [[A:%.]], [[A]]\n",
    ],
)
def test_filecheck(template):
    run_filecheck("test", TEXT, template)


@pytest.mark.parametrize(
    "template",
    [
        "CHECK: add\nCHECK-NEXT: return\n",
        "CHECK: mul\nCHECK: add\n",
        "CHECK-NOT: sub\n",
        "CHECK-LABEL: @first\nCHECK: sub\nCHECK-LABEL: @second\n",
        "CHECK-COUNT-3: return\n",
        "CHECK: add\nCHECK-SAME: mul\n",
        "CHECK: [[A:%.*]] = add\nCHECK-NEXT: = mul [[A]], %y\n",
        "CHECK: [[UNKNOWN]]\n",
        "nothing is checked here\n",
    ],
)
def test_filecheck_refuses(template):
    with pytest.raises(ValueError):
        run_filecheck("test", TEXT, template)


@triton.jit
def second_of(*items):
    return items[1]


@filecheck_test
@triton.jit
def test_kernel_with_checks():
    # CHECK-LABEL: test_kernel_with_checks
    # CHECK: [[RANGE:%.*]] = tt.make_range {end = 8 : i32, start = 4 : i32}
    # CHECK-NOT: tt.load
    # CHECK: tt.print
    # CHECK-SAME: [[RANGE]]
    both: tl.constexpr = (0, 1)
    tl.static_assert(second_of(*both) == 1)
    tl.device_print("x", second_of(1, tl.arange(4, 8), 3))


def test_kernel_that_fails_its_check():
    @triton.jit
    def kernel():
        # CHECK: tt.load
        tl.device_print("x", tl.arange(0, 4))

    with pytest.raises(ValueError, match="not found"):
        run_filecheck_test(kernel)


def test_run_parser_with_arguments():
    @triton.jit
    def kernel(x, n, B: tl.constexpr):
        tl.store(x + tl.arange(0, B), n)

    text = str(run_parser(kernel, args=(torch.zeros(16), 16, 8), target=GPUTarget("cuda", 90, 32)))
    assert "!tt.ptr<f32> {tt.divisibility = 16 : i32}" in text and "end = 8 : i32" in text


def test_varargs_of_functions():
    @triton.jit
    def total(first, *rest):
        for item in rest:
            first += item
        return first

    @triton.jit
    def kernel(out):
        tl.store(out, total(1, 2, tl.program_id(0), 4))

    out = torch.zeros(1, dtype=torch.int32)
    kernel[(1,)](out)
    assert out.item() == 7
    with pytest.raises(TypeError, match=r"\*\*"):
        triton.jit(lambda **names: None)


Pair = collections.namedtuple("Pair", ["x", "y"])


@pytest.mark.parametrize("backend", [CUDABackend, HIPBackend])
def test_specialization(backend):
    small = "S" if backend is HIPBackend else ""
    t = torch.zeros(16)
    specialize = native_specialize_impl
    assert specialize(backend, 16, False, True, True) == ("i32", "D")
    assert specialize(backend, 16, False, True, False) == ("i32", "")
    assert specialize(backend, 1, False, False, False) == ("i32", None)
    assert specialize(backend, 2**63, False, True, True) == ("u64", "D")
    assert specialize(backend, Pair(1, 3), False, False, False) == (Pair("constexpr", "i32"), Pair(1, ""))
    assert specialize(backend, t, True, True, True) == ("*kfp32", "D" + small)
    assert specialize(backend, t, False, False, True) == ("*fp32", None)
    layout = NVMMASharedLayout(32, 32)
    d = TensorDescriptor.from_tensor(torch.zeros(16, 16), [8, 16], layout)
    assert specialize(backend, d, False, True, True) == (f"tensordesc<fp32[8, 16],{layout!r}>", None)


def test_other_backends_and_languages_are_refused():
    target = GPUTarget("hip", "gfx942", 64)
    assert HIPBackend.supports_target(target)
    with pytest.raises(NotImplementedError, match="AMD"):
        HIPBackend(target).parse_options({})
    with pytest.raises(NotImplementedError, match="triton.jit"):
        gluon.jit(lambda: None)


def test_gluon_descriptors_are_checked():
    x = torch.zeros(16, 16)
    with pytest.raises(AssertionError, match="at least 16"):
        TensorDescriptor.from_tensor(x, [8, 8], NVMMASharedLayout(64, 32))
    with pytest.raises(AssertionError, match="bits"):
        TensorDescriptor.from_tensor(x, [8, 16], NVMMASharedLayout(32, 16))
    with pytest.raises(AssertionError, match="swizzle"):
        NVMMASharedLayout(48, 16)
    image = torch.zeros(2, 8, 8, 16)
    corners = {"pixel_box_lower_corner": [0, 0], "pixel_box_upper_corner": [0, 0]}
    d = TensorDescriptorIm2Col(
        image, list(image.shape), list(image.stride()), [16, 16], NVMMASharedLayout(32, 32), **corners
    )
    assert d.element_strides == [1, 1, 1, 1] and "input_rank=4" in native_specialize_impl(CUDABackend, d)[0]
    with pytest.raises(AssertionError, match="corners"):
        TensorDescriptorIm2Col(image, list(image.shape), list(image.stride()), [16, 16], NVMMASharedLayout(32, 32))
