"""The machine code of compiled CUDA kernels as text, by the disassemblers of CUDA's toolkit."""

from __future__ import annotations


def get_sass(cubin: bytes, fun: str | None = None) -> str:
    """Disassemble: by nvdisasm, which shows labels, else by cuobjdump.

    Parameters
    ----------
    cubin : bytes
        The last stage of a compiled kernel, `kernel.asm["cubin"]`.
    fun : str, optional
        Show this function only.
    """
    import os
    import subprocess
    import tempfile

    if not cubin.startswith(b"\x7fELF"):
        raise RuntimeError("the kernel was left as PTX, which the driver assembles: there is no machine code to show")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "kernel.cubin")
        with open(path, "wb") as file:
            file.write(cubin)
        done = subprocess.run([*_command(fun), path], capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        raise RuntimeError(f"{done.args[0]} cannot disassemble the kernel: {(done.stderr or done.stdout).strip()}")
    return done.stdout


def extract(file_path: str, fun: str | None) -> str:
    """Disassemble a cubin file, or one function of it."""
    with open(file_path, "rb") as file:
        return get_sass(file.read(), fun)


def _command(fun: str | None) -> list[str]:
    from ... import knobs

    if fun:
        return [knobs.nvidia.cuobjdump.path, "-sass", "-fun", fun]
    for name, option in (("nvdisasm", "-c"), ("cuobjdump", "-sass")):
        try:
            return [getattr(knobs.nvidia, name).path, option]
        except RuntimeError:
            pass
    raise RuntimeError(
        "machine code is shown by a tool of CUDA's toolkit, and neither nvdisasm nor cuobjdump is here; "
        "TRITON_NVDISASM_PATH or TRITON_CUOBJDUMP_PATH can name one"
    )
