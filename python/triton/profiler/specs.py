"""What devices can do at most, from their facts."""

from __future__ import annotations

# Operations with 8 bits in a cycle of a multiprocessor's tensor cores, by compute capability; wider ones are fewer in
# proportion. https://docs.nvidia.com/cuda/cuda-c-programming-guide, data sheets of A100, L40, H100 and B200.
_PER_CYCLE = {"80": 4096, "86": 2048, "89": 2048, "90": 8192, "100": 16384, "103": 16384, "120": 4096}


def max_flops(device_type: str, arch: str, width: int, num_sms: int, clock_rate: float) -> float:
    """Operations with `width` bits in a second.

    Parameters
    ----------
    device_type : str
        "CUDA".
    arch : str
        The compute capability, "90".
    width : int
        8, 16, 32 or 64.
    num_sms : int
        Multiprocessors.
    clock_rate : float
        Of the multiprocessors, in kHz.
    """
    if device_type != "CUDA":
        raise ValueError(f"the greatest speed of {device_type} devices is not known")
    if arch not in _PER_CYCLE:
        raise ValueError(f"the greatest speed of compute capability {arch} is not known")
    return _PER_CYCLE[arch] * num_sms * clock_rate * 1e3 / (width / 8)


def max_bps(device_type: str, arch: str, bus_width: int, memory_clock_rate: float) -> float:
    """Bytes of a device's memory in a second: two transfers in a cycle.

    Parameters
    ----------
    device_type, arch
        As of `max_flops`.
    bus_width : int
        Bits.
    memory_clock_rate : float
        In kHz.
    """
    if device_type != "CUDA":
        raise ValueError(f"the bandwidth of {device_type} devices is not known")
    return 2 * bus_width * memory_clock_rate * 1e3 / 8
