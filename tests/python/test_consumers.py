"""What well-known programs import of a Triton package, and the questions they ask before they use it."""

import subprocess
import sys

import pytest
import triton

IMPORTS = {
    "PyTorch": """
        from triton.compiler import CompiledKernel
        from triton.compiler.compiler import ASTSource, make_backend, triton_key
        from triton.compiler.errors import CompilationError
        from triton.backends.compiler import GPUTarget
        from triton.runtime.autotuner import Autotuner, Heuristics, OutOfResources, PTXASError
        from triton.runtime.cache import triton_key, knobs, _base32
        from triton.runtime.driver import driver
        from triton.runtime.interpreter import InterpretedFunction
        from triton.runtime.jit import JITFunction, KernelInterface, mangle_type, native_specialize_impl
        from triton.language.core import dtype, extern, get_int_dtype
        from triton.language.extra import libdevice
        from triton.language.standard import _log2
        from triton.testing import do_bench, get_dram_gbps, get_max_simd_tflops, get_max_tensorcore_tflops, nvsmi
        from triton.tools.tensor_descriptor import TensorDescriptor
        from triton._C.libtriton.ir import module, operation
        from triton._utils import find_paths_if, get_iterable_path
    """,
    "vLLM": """
        from triton.backends import backends
        from triton.runtime.cache import FileCacheManager, get_cache_manager, get_dump_manager, get_override_manager
        from triton.runtime.jit import KernelInterface
        from triton.language.extra import libdevice
    """,
    "SGLang": """
        from triton.runtime.cache import FileCacheManager, RemoteCacheManager, RedisRemoteCacheBackend
        from triton.runtime.autotuner import Config, autotune
        from triton.language.extra import libdevice
        from triton.testing import do_bench
    """,
    "Helion": """
        from triton.testing import do_bench
        from triton.runtime.jit import JITFunction, native_specialize_impl, create_function_from_signature
        from triton.compiler import CompilationError
        from triton.runtime.errors import OutOfResources
        from triton._utils import type_canonicalisation_dict
        from triton.backends.nvidia.driver import CudaLauncher
        import triton.language.extra.libdevice
    """,
    "TransformerEngine": """
        from triton import jit, cdiv, next_power_of_2
        from triton.language.core import _unwrap_if_constexpr
        from triton.language.standard import _log2
    """,
    "flash-linear-attention": """
        from triton.runtime.autotuner import Autotuner
        from triton.language.extra import libdevice
        from triton.runtime.driver import driver
        from triton.testing import perf_report, Benchmark
        from triton import Config, autotune, heuristics
    """,
    "Liger": """
        from triton.language.extra.libdevice import rsqrt, tanh
        from triton.language.extra.cuda.libdevice import rsqrt, tanh
        from triton.runtime import driver
    """,
    "xformers": """
        from triton.runtime.autotuner import Autotuner, Config, Heuristics, heuristics
        from triton.runtime.jit import JITFunction
    """,
    "torchao": """
        from triton import Config
        from triton.runtime.autotuner import autotune
        from triton.testing import do_bench
    """,
    "Unsloth": """
        from triton import __version__
        from triton.language.extra import libdevice
        from triton import next_power_of_2
    """,
    "quack": """
        from triton.tools.disasm import extract, get_sass
        from triton.testing import Benchmark
    """,
}


@pytest.mark.parametrize("who", IMPORTS)
def test_imports(who):
    lines = [line.strip() for line in IMPORTS[who].splitlines()]
    out = subprocess.run([sys.executable, "-c", "\n".join(lines)], capture_output=True, text=True)
    assert out.returncode == 0, out.stderr


def test_one_driver_is_active():
    active = [backend.driver for backend in triton.backends.backends.values() if backend.driver.is_active()]
    assert len(active) == 1
    assert isinstance(triton.runtime.driver.active, active[0])


def test_asking_whether_a_gpu_is_there_leaves_a_process_that_can_be_forked():
    """Inductor's compile workers are forked after the parent has asked."""
    code = (
        "import os, triton; triton.backends.backends['nvidia'].driver.is_active(); pid = os.fork()\n"
        "if pid == 0:\n    os._exit(0 if 'cpu' in triton.backends.backends else 1)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
