"""Arguments that say where their memory is by DLPack alone."""

import numpy as np
import pytest
import torch
import triton
import triton.language as tl


class Exporter:
    """A tensor of some library; `versions`: whether it knows of DLPack 1.0."""

    def __init__(self, tensor, versions):
        self.tensor = tensor
        self.versions = versions

    def __dlpack__(self, **asked):
        if not self.versions and "max_version" in asked:
            raise TypeError("__dlpack__() got an unexpected keyword argument 'max_version'")
        return self.tensor.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.tensor.__dlpack_device__()


@triton.jit
def add_one_kernel(x, out, n, BLOCK: tl.constexpr):
    i = tl.arange(0, BLOCK)
    tl.store(out + i, (tl.load(x + i, i < n) + 1).to(out.dtype.element_ty), i < n)


@pytest.mark.parametrize("versions", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int8, torch.uint8,
                                   torch.int16, torch.int64])  # fmt: skip
def test_elements(dtype, versions):
    x = torch.arange(20).to(dtype)
    out = torch.zeros(22, dtype=dtype)
    add_one_kernel[(1,)](Exporter(x, versions), Exporter(out[2:], versions), 20, 32)
    assert torch.equal(out, torch.cat([torch.zeros(2, dtype=dtype), x + 1]))


def test_the_kernel_is_that_of_other_tensors():
    x, out = torch.arange(16.0), torch.zeros(16)
    kernel = triton.jit(add_one_kernel.fn)
    first = kernel[(1,)](x, out, 16, 16)
    assert kernel[(1,)](Exporter(x, True), Exporter(out, False), 16, 16) is first
    assert torch.equal(out, x + 1)


def test_memory_that_must_not_be_written():
    x = np.arange(16, dtype=np.float32)
    x.flags.writeable = False
    out = np.zeros_like(x)
    add_one_kernel[(1,)](Exporter(x, True), out, 16, 16)
    assert np.array_equal(out, x + 1)
    with pytest.raises(ValueError, match="`out` is read-only, and the kernel writes to it"):
        add_one_kernel[(1,)](out, Exporter(x, True), 16, 16)


def test_what_cannot_be_passed():
    out = torch.zeros(16)
    with pytest.raises(
        TypeError, match="argument `x`: kernels do not support the element type of DLPack's code 5 with 64 bits"
    ):
        add_one_kernel[(1,)](Exporter(torch.zeros(16, dtype=torch.complex64), True), out, 16, 16)

    class Broken:
        def __dlpack__(self, **asked):
            return 5

    with pytest.raises(TypeError, match=r"argument `x`: its __dlpack__\(\) gave no tensor"):
        add_one_kernel[(1,)](Broken(), out, 16, 16)


class Asked(torch.Tensor):
    """A tensor whose class is asked in Python, and counts how often for what."""

    questions: list[str] = []

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        cls.questions.append(getattr(function, "__name__", ""))
        return super().__torch_function__(function, types, args, kwargs or {})


def test_tensors_that_describe_themselves_in_c():
    x = torch.arange(40.0)
    for tensor in (x[4:20], torch.nn.Parameter(x[4:20]), x[4:20].requires_grad_(), x[4:36:2]):
        out = torch.zeros(16)
        add_one_kernel[(1,)](tensor.detach() if tensor.requires_grad else tensor, out, 16, 16)
        kernel = add_one_kernel[(1,)](tensor, out, 16, 16)
        assert torch.equal(out, x[4:20] + 1)  # addresses are what they are, strides are the kernel's business
        out.zero_()
        kernel[(1,)](tensor, out, 16, 16)
        assert torch.equal(out, x[4:20] + 1)


def test_a_class_that_answers_by_itself_is_asked():
    x, out = torch.arange(16.0).as_subclass(Asked), torch.zeros(16)
    Asked.questions.clear()
    add_one_kernel[(1,)](x, out, 16, 16)
    assert "data_ptr" in Asked.questions
    assert torch.equal(out, torch.arange(16.0) + 1)


def test_errors_are_those_of_the_questions():
    out = torch.zeros(16)
    for _ in range(2):
        with pytest.raises(TypeError, match="do not support the element type `torch.complex64`"):
            add_one_kernel[(1,)](torch.zeros(16, dtype=torch.complex64), out, 16, 16)
    with pytest.raises(ValueError, match="argument `x` has no memory"):
        add_one_kernel[(1,)](torch.zeros(16, device="meta"), out, 16, 16)
