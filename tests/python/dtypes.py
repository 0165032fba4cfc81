"""The types of elements, and data of them, for tests of what kernels compute."""

import os

import torch

FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
SIGNED = [torch.int8, torch.int16, torch.int32, torch.int64]
UNSIGNED = [torch.uint8, torch.uint16, torch.uint32, torch.uint64]
FP8 = [torch.float8_e4m3fn, torch.float8_e5m2]
# Kernels run on a GPU, real or simulated: exp is a quick one there, float32 dots go through tf32, 8-bit dots need 32 columns.
ON_GPU = bool(os.environ.get("TRITONC_SIMULATE")) or os.environ.get("TRITONC_TEST_DEVICE") == "cuda"
# Where a tensor must be whose address is data of a kernel: nobody can tell an address from a number and carry it over.
DEVICE = "cuda" if os.environ.get("TRITONC_TEST_DEVICE") == "cuda" else "cpu"


def values(dtype, n=64, seed=0):
    """Test data of a dtype: everything ordinary about it and its edges."""
    g = torch.Generator().manual_seed(seed)
    if dtype == torch.bool:
        return torch.randint(0, 2, (n,), generator=g).bool()
    if dtype.is_floating_point:
        x = torch.randn(n, generator=g, dtype=torch.float64) * 10
        x[:4] = torch.tensor([0.0, -0.0, 1.0, -2.5], dtype=torch.float64)[:n]
        return x.to(dtype)
    info = torch.iinfo(dtype)
    x = torch.randint(max(info.min, -(2**62)), min(info.max, 2**62), (n,), generator=g)
    x[:4] = torch.tensor([0, 1, max(info.min, -(2**62)), min(info.max, 2**62)])[:n]
    return x.to(dtype)
