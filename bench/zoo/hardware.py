"""How many blocks of a kernel a multiprocessor of Hopper holds (compute capability 9.0, CUDA C Programming Guide, table of
technical specifications: 64 warps, 32 blocks, 65536 registers given out 256 to a warp at a time, 228 KB of shared memory of
which each block takes 1 KB for the system)."""

WARPS, BLOCKS, REGISTERS, SHARED = 64, 32, 65536, 228 << 10


def blocks_per_multiprocessor(registers: int, shared: int, warps: int) -> int:
    per_warp = -(-registers * 32 // 256) * 256
    by_registers = REGISTERS // (per_warp * warps) if registers else BLOCKS
    by_shared = SHARED // (-(-shared // 128) * 128 + 1024)
    return min(BLOCKS, WARPS // warps, by_registers, by_shared)
