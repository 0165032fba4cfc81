"""triton.tools.mxfp: the microscaling formats, value by value."""

import pytest
import torch
from triton.tools.mxfp import MXFP4Tensor, MXScaleTensor, fp8e8m0_to_float32

VALUES = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0]


def test_fp4_rounds_to_nearest_even():
    every = torch.tensor(VALUES + [-x for x in VALUES])
    assert torch.equal(MXFP4Tensor(every).data, torch.arange(16, dtype=torch.uint8))
    x = torch.tensor([0.2, 0.25, 0.26, 0.75, 1.25, 1.75, 2.5, 3.5, 5.0, 5.1, 7.0, float("inf"), -0.25, -0.3])
    want = torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0, 2.0, 2.0, 4.0, 4.0, 6.0, 6.0, 6.0, -0.0, -0.5])
    assert torch.equal(MXFP4Tensor(x).to(torch.float32), want)
    with pytest.raises(AssertionError, match="float32"):
        MXFP4Tensor(x).to(torch.float16)


@pytest.mark.parametrize("dim", [0, 1])
def test_fp4_packs_two_in_a_byte(dim):
    t = MXFP4Tensor(size=(7, 5)).random()
    packed = t.to_packed_tensor(dim)
    assert packed.shape == ((4, 5) if dim == 0 else (7, 3))
    assert torch.equal(packed & 15, t.data[::2] if dim == 0 else t.data[:, ::2])
    assert torch.equal(t.unpack_packed_tensor(packed, dim, (7, 5)), t.data)
    with pytest.raises(AssertionError):
        t.to_packed_tensor(2)


def test_scales():
    x = torch.tensor([1.0, 1.5, 3.0, 0.75, 2.0**-126, 0.0, -1.0, float("nan"), float("inf"), 1e-40])
    s = MXScaleTensor(x)
    assert s.data.tolist() == [127, 127, 128, 126, 1, 255, 255, 255, 255, 0]
    assert torch.equal(fp8e8m0_to_float32(s.data)[:5], torch.tensor([1.0, 1.0, 2.0, 0.5, 2.0**-126]))
    assert s.to(torch.float32)[5:9].isnan().all() and s.to(torch.float32)[9] == 2.0**-127
    drawn = MXScaleTensor(size=(500,)).random(low=0.5, high=8).data
    assert set(drawn.tolist()) == {126, 127, 128, 129, 130}
    assert MXScaleTensor(size=(500,)).random().data.max() < 255
